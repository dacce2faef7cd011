//! What was scanned or pasted: classified first, then read by what it is. Nothing is stored or sent here.

use countersign_protocol::uri::migration::{self, MigrationError, Part};
use countersign_protocol::uri::otpauth::{self, Repair, UriError};

use super::{App, EnrolOffer, OfflineCode, PageCode};
use crate::error::InputError;
use crate::qr::{Class, Luma, ScanError, classify};

/// What a scanned text is.
#[derive(Debug)]
pub enum Scanned {
    /// An account, and what was mended of it; for [`App::add_account`] once the person agreed.
    Account {
        /// The account.
        account: Box<otpauth::Account>,
        /// Every fault that was mended.
        repairs: Vec<Repair>,
    },
    /// An account that cannot be read, and why.
    Unreadable(UriError),
    /// One part of Google's transfer, for [`Transfer::add`](migration::Transfer::add).
    Part(Box<Part>),
    /// A part of such a transfer that cannot be read, and why.
    UnreadablePart(MigrationError),
    /// An enrolment; for [`App::enrol`] once the person saw its host and agreed.
    Enrolment(Box<EnrolOffer>),
    /// A link of ours that cannot be taken: damaged, of another host, or of a later version.
    Refused(InputError),
    /// A login QR by link, picture or clipboard. Only a camera may bring what it holds, so nothing of it is read here: it
    /// could be a stranger's login.
    Login,
    /// A login QR that the camera saw, for [`App::page_approval`] and [`App::approve_by_qr`].
    Page(PageCode),
    /// A sign-in that waits for an answer code, for [`App::offline_row`] and [`App::answer_code`].
    Offline(Box<OfflineCode>),
    /// Anything else, named as what it is.
    Other(Class),
}

impl App {
    /// Says what a text is.
    pub fn scan_text(&self, text: &str) -> Scanned {
        match classify(text) {
            Class::Account => match otpauth::parse(text.trim()) {
                Ok((account, repairs)) => Scanned::Account { account: Box::new(account), repairs },
                Err(fault) => Scanned::Unreadable(fault),
            },
            Class::Migration => match migration::parse(text) {
                Ok(part) => Scanned::Part(Box::new(part)),
                Err(fault) => Scanned::UnreadablePart(fault),
            },
            Class::Enrolment => match EnrolOffer::read(text) {
                Ok(offer) => Scanned::Enrolment(Box::new(offer)),
                Err(fault) => Scanned::Refused(fault),
            },
            Class::Login => Scanned::Login,
            Class::Offline => match OfflineCode::read(text) {
                Ok(code) => Scanned::Offline(Box::new(code)),
                Err(fault) => Scanned::Refused(fault),
            },
            other => Scanned::Other(other),
        }
    }

    /// Looks for codes in a frame of the camera and says what each is. Empty when there is none.
    ///
    /// # Errors
    /// [`ScanError::Busy`] is usual: the frame is dropped.
    pub fn scan_frame(&self, frame: Luma) -> Result<Vec<Scanned>, ScanError> {
        Ok(self.decoder.frame(frame)?.iter().map(|code| self.scan_seen(&code.text)).collect())
    }

    /// Says what a text is that the camera saw just now.
    fn scan_seen(&self, text: &str) -> Scanned {
        match self.scan_text(text) {
            Scanned::Login => PageCode::of_frame(text).map_or_else(Scanned::Refused, Scanned::Page),
            other => other,
        }
    }

    /// Looks for codes in a picture file (PNG or JPEG) and says what each is. Empty when there is none.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn scan_picture(&self, file: Vec<u8>) -> Result<Vec<Scanned>, ScanError> {
        Ok(self.decoder.file(file)?.iter().map(|code| self.scan_text(&code.text)).collect())
    }
}
