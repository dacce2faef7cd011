//! The phone as a notification extension has it, mirrored: no vault, no network, no threads of its own.

use std::path::Path;
use std::sync::Arc;

use countersign_core::app;
use countersign_core::port::Clock as CoreClock;
use countersign_core::system::SystemRandom;

use crate::port::{Keystore, clock_of};
use crate::record::Note;
use crate::{ClockPort, CountersignError, KeystorePort, caught};

/// What opens bells while the app is not there. It only reads enrolments, takes no lock and answers nothing; a challenge
/// that verifies is left for the app, which takes it when it is opened.
#[derive(uniffi::Object)]
pub struct Inbox(app::Inbox);

#[uniffi::export]
impl Inbox {
    /// Opens the enrolments in the folder that the app was given as `shared_folder`, to read. It throws when there are none
    /// yet, or the keystore does not give their key now: then a sign-in is waiting. Without a `clock` the machine's is taken.
    #[uniffi::constructor]
    pub fn open(
        shared_folder: String,
        keystore: Arc<dyn KeystorePort>,
        clock: Option<Arc<dyn ClockPort>>,
    ) -> Result<Arc<Self>, CountersignError> {
        let (clock, random): (Arc<dyn CoreClock>, _) = (clock_of(clock), Arc::new(SystemRandom::new()));
        let keystore = Arc::new(Keystore::new(keystore)?);
        Ok(Arc::new(Self(app::Inbox::open(Path::new(&shared_folder), clock, random, keystore)?)))
    }

    /// Takes the body of a bell, as the platform handed it over, and says what its notification may say. It blocks on the
    /// disk and the keystore for some milliseconds: an extension has a thread for it, and little memory for more.
    pub fn bell(&self, body: Vec<u8>) -> Note {
        // Of a bell that brings us to a panic there is nothing else to say.
        caught(|| Ok(self.0.bell(&body).into())).unwrap_or(Note::Waiting)
    }
}
