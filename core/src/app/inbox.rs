//! The phone as a notification extension has it: no vault, no network, no answers.
//!
//! It opens a sealed body, verifies what is in it, says which application asks from where, and leaves the challenge for
//! the app. It only reads enrolments, takes no lock and keeps nothing open.

use std::path::Path;
use std::sync::Arc;

use countersign_protocol::jose::Id;
use countersign_protocol::push::{Challenge, Message, Op, Via};

use crate::device::Store;
use crate::error::Error;
use crate::port::{Clock, Keystore, Random};
use crate::push::bell::{self, Opened};
use crate::push::poll;
use crate::record::Record;

/// What opens bells while the app is not there.
pub struct Inbox {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    keystore: Arc<dyn Keystore>,
    devices: Store,
}

/// What a notification may say: verified, and neither digits nor anything to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// An application asks whether somebody signs in.
    Asks {
        /// The application, as the gateway registered it.
        app: String,
        /// The gateway's host and port, to be shown beside it.
        host: String,
        /// City, where the gateway knows it.
        city: Option<String>,
        /// Country, two letters.
        cc: Option<String>,
    },
    /// A gateway tells something; nothing is asked.
    Tells {
        /// The gateway's host and port.
        host: String,
    },
    /// A sign-in is waiting, and that is all.
    Waiting,
}

impl Inbox {
    /// Opens the enrolments in the shared folder that the app was given, to read.
    ///
    /// # Errors
    /// [`Error::Port`] when there are none yet, or the keystore does not give their key now. Then a sign-in is waiting.
    pub fn open(
        shared: &Path,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        keystore: Arc<dyn Keystore>,
    ) -> Result<Self, Error> {
        let devices = Store::look(&shared.join("device"), &*keystore)?;
        Ok(Self { clock, random, keystore, devices })
    }

    /// Takes the body of a bell and says what its notification may say. A challenge that verifies is left for the app.
    pub fn bell(&self, body: &[u8]) -> Note {
        let now = self.clock.now();
        let records = self.devices.records().map(|record| &**record);
        let Some((id, Opened::Challenge(challenge))) = bell::open(records, &*self.keystore, body, now) else {
            return Note::Waiting;
        };
        let Some(record) = self.devices.get(id) else { return Note::Waiting };
        let mut taken = Record::clone(&record);
        if poll::take_challenge(&mut taken, Message::clone(&challenge), Via::Push, now).is_err() {
            return Note::Waiting;
        }
        self.leave(id, &challenge);
        note(&record, challenge.claims())
    }

    /// A file that cannot be written is no loss: the app polls.
    fn leave(&self, gateway: Id, challenge: &Message<Challenge>) {
        if let (Ok(name), Ok(once)) = (self.random.id(), self.random.array()) {
            let _ = self.devices.leave_waiting(name, once, gateway, challenge);
        }
    }
}

fn note(record: &Record, claims: &Challenge) -> Note {
    let host = record.u.host().to_owned();
    if claims.op == Op::Info {
        return Note::Tells { host };
    }
    Note::Asks {
        app: claims.app.as_str().to_owned(),
        host,
        city: claims.ctx.city.as_ref().map(ToString::to_string),
        cc: claims.ctx.cc.as_ref().map(ToString::to_string),
    }
}
