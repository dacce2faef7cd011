//! History and notices.

use super::{App, ApprovalId, NoticeRow, PastRow};
use crate::error::{Error, InputError};
use crate::port::Topic;
use crate::push::{history, row};
use countersign_protocol::push::{ClosedStatus, Op};

impl App {
    /// What was decided and told on this phone in the last 90 days, newest first. What of it does not open is left out.
    ///
    /// # Errors
    /// [`Error::Internal`]; [`Error::Port`] when the disk cannot be read now.
    pub fn history(&self) -> Result<Vec<PastRow>, Error> {
        let now = self.ports.clock.now();
        let state = self.state()?;
        let mut rows: Vec<PastRow> = Vec::new();
        for record in state.devices.records() {
            rows.extend(history::ended(record, now));
            let old = state.devices.history(record.id, now)?;
            let is_shown = |jti| record.approval(jti).is_some();
            rows.extend(old.iter().filter(|past| !is_shown(past.jti())).map(|past| history::row(record, past)));
        }
        rows.sort_by_key(|row| (u64::MAX - row.at, row.id));
        Ok(rows)
    }

    /// What gateways tell, newest first: nothing is asked, and it can be put away. A notice about a device that the
    /// person does not know is reported by [`App::report`].
    pub fn notices(&self) -> Vec<NoticeRow> {
        let now = self.ports.clock.now();
        let mut rows: Vec<NoticeRow> = self.shown().records.iter().flat_map(|r| row::notices(r, now)).collect();
        rows.sort_by_key(|row| (u64::MAX - row.told, row.id));
        rows
    }

    /// Puts a notice away. It is not shown again, and stands in the history.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::WrongKind`] for what asks and is to be answered; [`Error::Port`] when the
    /// disk fails.
    pub fn dismiss(&self, id: ApprovalId) -> Result<(), Error> {
        self.update(id.gateway, |record, now| {
            let approval = record.approval(id.challenge).ok_or(InputError::NotFound)?;
            if approval.challenge.claims().op != Op::Info {
                return Err(InputError::WrongKind("approval").into());
            }
            record.close(id.challenge, ClosedStatus::Closed, now);
            record.approvals.retain(|approval| approval.jti() != id.challenge);
            Ok(())
        })?;
        self.notify(Topic::Approvals);
        Ok(())
    }

    /// At start: what is older than it may be kept goes, also where nothing new comes.
    pub(super) fn trim_history(&self) -> Result<(), Error> {
        let now = self.ports.clock.now();
        for record in &self.shown().records {
            let once = self.ports.random.array()?;
            let state = self.state()?;
            if state.devices.has_old_history(record.id, now) {
                let alone = state.devices.alone()?;
                state.devices.remember(record.id, Vec::new(), once, now, &alone)?;
            }
        }
        Ok(())
    }
}
