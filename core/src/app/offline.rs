//! Answer codes: approving where this phone has no network (push-v1 section 12).

use std::sync::Arc;

use countersign_protocol::otp::Code;
use countersign_protocol::push::answer_code;

use super::{App, ApprovalRow, OfflineCode};
use crate::cancel::Cancel;
use crate::error::{Error, InputError};
use crate::port::{Guard, Topic};
use crate::push::{history, offline, row};
use crate::record::Record;

impl App {
    /// Reads the text of a page's QR for an answer code. Nothing is sent.
    ///
    /// # Errors
    /// [`InputError::NewerLink`], [`InputError::Form`], [`InputError::Field`].
    pub fn offline_code(&self, text: &str) -> Result<OfflineCode, Error> {
        Ok(OfflineCode::read(text)?)
    }

    /// What a scanned challenge asks, verified, to be shown before its code is.
    ///
    /// # Errors
    /// [`InputError::OtherPhone`] when no enrolment of this phone is meant;
    /// [`GatewayError::NoAnswerCodes`](crate::error::GatewayError::NoAnswerCodes) where the gateway takes none;
    /// [`InputError::Ended`] when it is too old or closed; as [`App::approve`] when the gateway's metadata is past its
    /// time.
    pub fn offline_row(&self, code: &OfflineCode) -> Result<ApprovalRow, Error> {
        let record = self.meant(code)?;
        Ok(row::offline(&record, code.challenge(), self.ports.clock.now()))
    }

    /// The eight digits that answer it, after the keystore asked for the person. They are typed where the sign-in began.
    ///
    /// # Errors
    /// As [`App::offline_row`]; [`Error::Port`] from keystore and prompt.
    pub fn answer_code(&self, code: &OfflineCode, cancel: &Cancel) -> Result<Code, Error> {
        let record = self.meant(code)?;
        let enrolled = record.enrolled().ok_or(InputError::OtherPhone)?;
        let ok = self.ports.keystore.unwrap(Guard::User, &enrolled.ok.0, cancel)?;
        // The prompt may have stood for a while: what held when it came up must hold now.
        let record = self.meant(code)?;
        let now = self.ports.clock.now();
        let shown = history::code_shown(&record, code.challenge(), now);
        let once = self.ports.random.array()?;
        {
            let state = self.state()?;
            let alone = state.devices.alone()?;
            state.devices.remember(record.id, vec![shown], once, now, &alone)?;
        }
        self.notify(Topic::Approvals);
        Ok(answer_code(&ok, &code.challenge().h()))
    }

    /// The enrolment that a scanned challenge is for, after the challenge was verified.
    fn meant(&self, code: &OfflineCode) -> Result<Arc<Record>, Error> {
        let shown = self.shown();
        let record = shown.records.iter().find(|record| code.is_for(record)).ok_or(InputError::OtherPhone)?;
        offline::verify(record, code.challenge(), self.ports.clock.now())?;
        Ok(Arc::clone(record))
    }
}
