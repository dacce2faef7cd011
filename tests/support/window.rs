//! A window on the gateway's pages, in a real browser or in a plain HTTP client: the same story is told through both.

use crate::browser::{Find, Page};
use crate::patience::until;
use crate::plain::Plain;
use countersign_gateway::page::tries_left;
use countersign_strings::fill;
use std::time::Duration;

/// The sentence of `key`, with how many tries are left.
pub fn with_tries(key: &str, left: u8) -> String {
    fill(key, &[("tries", &tries_left(left))])
}

/// What one can do with a page without knowing what draws it.
pub trait Window {
    /// Goes to an address; the status of the answer after redirects.
    fn goto(&mut self, url: &str) -> u16;
    /// Fills the fields of the form that posts to `action`, by their names, and sends it.
    fn submit(&mut self, action: &str, fields: &[(&str, &str)]);
    /// Whether the page has a form that posts to `action`.
    fn has_form(&mut self, action: &str) -> bool;
    /// The text of the element with this id or class (`#link`, `.figure`), when it is there.
    fn words(&mut self, which: &str) -> Option<String>;
    /// The first heading.
    fn heading(&mut self) -> String;
    /// The path of the address.
    fn path(&mut self) -> String;
    /// Lets `pause` pass and looks again, as a person does who waits; a page with scripts looks by itself.
    fn look_again(&mut self, pause: Duration);
}

impl Window for Page<'_> {
    fn goto(&mut self, url: &str) -> u16 {
        Page::goto(self, url)
    }

    fn submit(&mut self, action: &str, fields: &[(&str, &str)]) {
        let form = format!("form[action='{action}']");
        for (name, value) in fields {
            self.fill(Find::Css(&format!("{form} [name='{name}']")), value);
        }
        let before = self.url();
        let mark = "document.documentElement.dataset.left = '1'";
        self.evaluate(mark);
        self.click(Find::Css(&format!("{form} button")));
        // The next page has no such mark; a page that stays says so by keeping it.
        let gone = "document.documentElement.dataset.left === undefined";
        until(&format!("what the form {action} of {before} leads to"), || {
            self.try_evaluate(gone).filter(|value| *value == true)
        });
    }

    fn has_form(&mut self, action: &str) -> bool {
        self.count(Find::Css(&format!("form[action='{action}']:not([hidden])"))) > 0
    }

    fn words(&mut self, which: &str) -> Option<String> {
        (self.count(Find::Css(which)) > 0).then(|| Page::text(self, Find::Css(which)))
    }

    fn heading(&mut self) -> String {
        Page::text(self, Find::Css("h1"))
    }

    fn path(&mut self) -> String {
        path_of(&self.url())
    }

    fn look_again(&mut self, pause: Duration) {
        rest(pause);
    }
}

impl Window for Plain {
    fn goto(&mut self, url: &str) -> u16 {
        self.get(url)
    }

    fn submit(&mut self, action: &str, fields: &[(&str, &str)]) {
        self.post_form(action, fields);
    }

    fn has_form(&mut self, action: &str) -> bool {
        self.page().has_form(action)
    }

    fn words(&mut self, which: &str) -> Option<String> {
        self.page().words(which)
    }

    fn heading(&mut self) -> String {
        self.page().words("h1").unwrap_or_default()
    }

    fn path(&mut self) -> String {
        path_of(self.url())
    }

    fn look_again(&mut self, pause: Duration) {
        rest(pause);
        let here = self.url().to_owned();
        self.get(&here);
    }
}

/// `/login` of `https://localhost:8443/login?next=%2Fdemo`.
fn path_of(url: &str) -> String {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let path = after.find('/').map_or("/", |at| &after[at..]);
    path.split(['?', '#']).next().unwrap_or("/").to_owned()
}

/// Waits, as a person does.
#[expect(clippy::disallowed_methods, reason = "a person before a page waits too")]
pub fn rest(pause: Duration) {
    std::thread::sleep(pause);
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_is_taken_out_of_an_address() {
        assert_eq!(super::path_of("https://localhost:8443/login?next=%2Fdemo"), "/login");
        assert_eq!(super::path_of("https://localhost:8443"), "/");
    }
}
