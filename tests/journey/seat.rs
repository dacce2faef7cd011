//! A person at a real browser, with scripts or without.

use std::time::Duration;

use countersign_tests::browser::{Browser, Find, Look, Page};
use countersign_tests::patience::sought;
use countersign_tests::window::{Window, rest};

/// A browser with cookies of its own.
pub struct Seat {
    /// Its page.
    pub page: Page<'static>,
    /// Whether scripts run.
    pub scripts: bool,
}

impl Seat {
    /// A fresh browser.
    pub fn new(scripts: bool) -> Self {
        Self { page: Browser::shared().open(&Look { scripts, ..Look::default() }), scripts }
    }

    /// Waits until the page has this heading: with scripts it comes by itself, without them the person looks again.
    pub fn see(&mut self, heading: &str) {
        let seen = sought(|| (self.page.heading() == heading).then_some(()).or_else(|| self.waits()));
        assert!(seen.is_some(), "scripts {}: «{heading}» did not come, but «{}»", self.scripts, self.page.heading());
    }

    /// Waits until the line of state says this.
    pub fn see_line(&mut self, line: &str) {
        let shown = Find::Css("[data-line]");
        let says = || self.page.texts(shown).iter().any(|text| text == line);
        let seen = sought(|| says().then_some(()).or_else(|| self.waits()));
        assert!(seen.is_some(), "scripts {}: «{line}» did not come, but {:?}", self.scripts, self.page.texts(shown));
    }

    /// Without scripts the person looks again: by the page's own link, where it has one for them.
    fn waits(&self) -> Option<()> {
        if !self.scripts {
            let link = Find::Css("noscript a");
            rest(Duration::from_millis(100));
            if self.page.count(link) > 0 { self.page.click(link) } else { self.page.reload() }
        }
        None
    }

    /// Whether the page has no way to go on with what it tells: no form, no link to the sign-in.
    pub fn offers_no_way_on(&self) -> bool {
        self.page.count(Find::Css("form")) == 0 && self.page.count(Find::Css("a[href^='/login']")) == 0
    }
}
