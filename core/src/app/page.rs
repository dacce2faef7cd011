//! Approving by the camera: the QR of the login page in place of its digits (push-v1 section 6).

use countersign_protocol::jose::Id;

use super::poll::Stop;
use super::{App, ApprovalId, PageCode, Verdict};
use crate::cancel::Cancel;
use crate::error::{Error, InputError, PortError};
use crate::push::answer::Choice;

impl App {
    /// Finds the approval of a page that the camera saw: polls each enrolment at its host, until one holds it. The shell
    /// then shows it, and approves by [`App::approve_by_qr`] once the person agrees.
    ///
    /// # Errors
    /// [`InputError::OtherPhone`] when this phone is not enrolled at the host; [`InputError::NotFound`] when no enrolment
    /// holds it: it is over, or another person's. Else why a gateway could not be asked.
    pub fn page_approval(&self, page: &PageCode, cancel: &Cancel) -> Result<ApprovalId, Error> {
        let here: Vec<Id> = self.shown().records.iter().filter(|r| page.is_at(r)).map(|r| r.id).collect();
        if here.is_empty() {
            return Err(InputError::OtherPhone.into());
        }
        let mut fault = Error::from(InputError::NotFound);
        for gateway in here {
            match self.poll_now(gateway, cancel) {
                Ok(()) => {}
                Err(cancelled @ Error::Port(PortError::Cancelled)) => return Err(cancelled),
                Err(other) => fault = other,
            }
            let record = self.record(gateway)?;
            if let Some(approval) = record.approvals.iter().find(|approval| page.is_of(approval)) {
                return Ok(ApprovalId { gateway, challenge: approval.jti() });
            }
        }
        Err(fault)
    }

    /// Approves a login by the QR that the camera saw on its page, in place of the digits. It polls first, and the
    /// keystore asks for the person.
    ///
    /// # Errors
    /// [`InputError::NotFound`] when the page is not this approval's, or the approval is over; as [`App::approve`].
    pub fn approve_by_qr(&self, id: ApprovalId, page: &PageCode, cancel: &Cancel) -> Result<Verdict, Error> {
        self.refresh_expired(id.gateway, cancel)?;
        self.poll_now(id.gateway, cancel)?;
        let record = self.record(id.gateway)?;
        let is_its = |approval: &&_| page.is_at(&record) && page.is_of(approval);
        record.approval(id.challenge).filter(is_its).ok_or(InputError::NotFound)?;
        self.decide(id, &Choice::Scanned(page.qs()), cancel)
    }

    /// A poll that waits for nothing, also while another one waits: the gateway ends that one then.
    pub(super) fn poll_now(&self, gateway: Id, cancel: &Cancel) -> Result<(), Error> {
        match self.poll_once(gateway, &self.link(gateway), 0, cancel) {
            Ok(_) => Ok(()),
            Err(Stop::Gone) => Err(crate::error::GatewayError::Gone.into()),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }
}
