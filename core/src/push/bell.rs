//! Sealed bodies on the phone (push-v1 section 9): which enrolment they are for, and what they say.
//!
//! Sealing proves no sender. What is opened here is shown only after [`super::poll::take_challenge`] took it.

use countersign_protocol::jose::Id;
use countersign_protocol::limits::{SEALED_LARGE, SEALED_SMALL};
use countersign_protocol::push::{Challenge, Message, Pushed};
use countersign_protocol::seal;

use super::enrol;
use crate::cancel::Cancel;
use crate::port::{Guard, Keystore};
use crate::record::Record;

/// What a body said.
#[derive(Debug)]
pub enum Opened {
    /// A challenge, by nobody yet.
    Challenge(Box<Message<Challenge>>),
    /// There is something.
    Wake,
}

/// Opens a body with the receiving keys of every enrolment, the present one and the one of the day before. None when it
/// is for none of them, or says nothing that is ours.
pub fn open<'a>(
    records: impl Iterator<Item = &'a Record>,
    keystore: &dyn Keystore,
    body: &[u8],
    now: u64,
) -> Option<(Id, Opened)> {
    // Nothing of the keystore is asked for a body that cannot be ours.
    if ![SEALED_SMALL, SEALED_LARGE].map(seal::body_len).contains(&body.len()) {
        return None;
    }
    let keys = records.filter_map(|record| Some((record.id, record.enrolled()?)));
    let mut keys = keys.flat_map(|(id, enrolled)| enrolled.seals(now).map(move |seal| (id, seal)));
    keys.find_map(|(id, wrapped)| {
        let secret = keystore.unwrap(Guard::Device, &wrapped.0, &Cancel::default()).ok()?;
        let opened = match Pushed::open(&enrol::receiver(&secret).ok()?, body).ok()? {
            Pushed::Challenge(challenge) => Opened::Challenge(challenge),
            Pushed::Wake => Opened::Wake,
        };
        Some((id, opened))
    })
}
