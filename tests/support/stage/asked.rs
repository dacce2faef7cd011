//! An approval that was begun on a stage.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_gateway::approval::{Shown, State};
use countersign_protocol::jose::Id;

use super::{Stage, caller, hash};
use crate::raw_phone::b64u;

/// An approval that was begun, as its page sees it.
pub struct Asked<'a> {
    pub(super) stage: &'a Stage,
    /// The approval.
    pub id: Id,
    /// What the page shows.
    pub shown: Shown,
    pub(super) browser: String,
}

impl Asked<'_> {
    /// The digits on the page.
    pub fn digits(&self) -> String {
        self.shown.digits().to_owned()
    }

    /// As many digits, none of them right.
    pub fn wrong_digits(&self) -> String {
        let other = |c: char| if c == '9' { '0' } else { char::from(c as u8 + 1) };
        self.digits().chars().map(other).collect()
    }

    /// The other secret of the page, in its QR.
    pub fn qs(&self) -> String {
        let text = self.shown.qr("gate.example.com", self.id);
        let bytes = URL_SAFE_NO_PAD.decode(text.rsplit('.').next().expect("a dot")).expect("base64url");
        b64u(&bytes[16..])
    }

    /// Where the approval stands now.
    pub fn state(&self) -> State {
        let row = self.stage.house().approvals.of_browser(hash(&self.browser)).expect("the store");
        match row {
            Some((row, state)) if row.id == self.id => state,
            _ => self.stage.house().approvals.store().get(self.id).expect("the store").expect("a row").stored,
        }
    }

    /// Takes the approval where it began; whether it could be taken.
    pub fn consume(&self) -> bool {
        self.consume_as("sample", &self.browser)
    }

    /// Takes the approval as another client or in another browser.
    pub fn consume_as(&self, client: &str, browser: &str) -> bool {
        let taken = self.stage.house().approvals.consume(self.id, client, hash(browser), &caller());
        taken.expect("the store").is_some()
    }
}
