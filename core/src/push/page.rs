//! The QR of a login page (push-v1 section 6), which the app's own camera alone may bring.

use countersign_protocol::uri::{LoginLink, QrSecret};

use super::offline::of_link;
use crate::error::InputError;
use crate::record::{Approval, Record};

/// What the camera saw on a login page. Only [`App::scan_frame`](crate::app::App::scan_frame) makes one: a link, a
/// picture or the clipboard could carry a stranger's login.
#[derive(Debug, Clone)]
pub struct PageCode(LoginLink);

impl PageCode {
    /// Reads what stood in a frame of the camera.
    pub(crate) fn of_frame(text: &str) -> Result<Self, InputError> {
        LoginLink::parse(text.trim()).map(Self).map_err(of_link)
    }

    /// Host and port of the gateway that it names.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    pub(crate) fn qs(&self) -> QrSecret {
        self.0.qs
    }

    /// Whether an enrolment is at this host.
    pub(crate) fn is_at(&self, record: &Record) -> bool {
        record.enrolled().is_some() && record.u.host() == self.0.host
    }

    /// Whether this approval is the page's.
    pub(crate) fn is_of(&self, approval: &Approval) -> bool {
        approval.challenge.claims().aid == self.0.aid
    }
}
