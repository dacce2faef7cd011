//! What a bell brings (push-v1 section 9), and the challenges that a notification extension left in the inbox.

use countersign_protocol::jose::Id;
use countersign_protocol::push::{Challenge, Message, Via};

use super::{App, ApprovalId};
use crate::error::Error;
use crate::port::Topic;
use crate::push::bell::{self, Opened};
use crate::push::poll;

/// What a bell means for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bell {
    /// This approval asks. It is on the list, verified; the shell also polls, so that the gateway learns of it.
    Asks(ApprovalId),
    /// This gateway has something: poll it.
    Poll(Id),
    /// A sign-in may be waiting, and nothing else is known: poll every gateway.
    Waiting,
}

impl App {
    /// Takes the body of a bell, as the platform or a distributor handed it over. Nothing of it is shown that is not
    /// signed by a gateway for this phone; whatever is wrong with it is [`Bell::Waiting`]. Nothing is sent.
    pub fn bell(&self, body: &[u8]) -> Bell {
        let (now, shown) = (self.ports.clock.now(), self.shown());
        let records = shown.records.iter().map(|record| &**record);
        match bell::open(records, &*self.ports.keystore, body, now) {
            Some((gateway, Opened::Wake)) => Bell::Poll(gateway),
            Some((gateway, Opened::Challenge(challenge))) => {
                let id = ApprovalId { gateway, challenge: challenge.claims().jti };
                // What cannot be kept now comes with the next poll.
                if self.take_pushed(gateway, *challenge).unwrap_or_default() { Bell::Asks(id) } else { Bell::Waiting }
            }
            None => Bell::Waiting,
        }
    }

    /// Takes a challenge that was pushed. Says whether it is on the list now.
    fn take_pushed(&self, gateway: Id, challenge: Message<Challenge>) -> Result<bool, Error> {
        let (jti, h) = (challenge.claims().jti, challenge.h());
        let taken = self.update(gateway, |record, now| {
            let is_new = poll::take_challenge(record, challenge, Via::Push, now).is_ok();
            let open = |approval: &crate::record::Approval| approval.left.is_none() && approval.challenge.h() == h;
            Ok((is_new, record.approval(jti).is_some_and(open)))
        });
        let (is_new, is_there) = taken?;
        if is_new {
            self.notify(Topic::Approvals);
        }
        Ok(is_there)
    }

    /// Takes what the notification extension left: verified again, as if it had just come. Says whether it brought
    /// something. The shell need not call it: opening the app and each poll do.
    ///
    /// # Errors
    /// [`Error::Internal`]; [`Error::Port`] when a file cannot be read or removed, or what it says cannot be kept: it waits
    /// on.
    pub fn take_inbox(&self) -> Result<bool, Error> {
        let waiting = self.state()?.devices.waiting()?;
        let mut news = false;
        for (id, entry) in waiting {
            if let Some((gateway, challenge)) = entry {
                news |= match self.take_pushed(gateway, challenge) {
                    // Its enrolment was forgotten.
                    Err(Error::Input(_)) => false,
                    taken => taken?,
                };
            }
            self.state()?.devices.remove_waiting(id)?;
        }
        Ok(news)
    }
}
