//! Emulated tokens for the tests of shells: a shell's own link leads to one of these.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_bindings::LinkError;
use countersign_emulator::{Fault, Key, Link, Lost, Screen, Single, Still, Token};

/// A hardware token in memory.
#[derive(uniffi::Object)]
pub struct EmulatedToken(Mutex<Link<Box<dyn Token>>>);

impl EmulatedToken {
    fn of(token: impl Token + 'static) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Link::new(Box::new(token)))))
    }

    fn link(&self) -> MutexGuard<'_, Link<Box<dyn Token>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[uniffi::export]
impl EmulatedToken {
    /// A `YubiKey`, at this moment of Unix time.
    #[uniffi::constructor]
    pub fn security_key(serial: u32, now: u64) -> Arc<Self> {
        let world = Still::at(now);
        // What it tells in place of its number is drawn: another for each.
        world.load(&u64::from(serial).to_be_bytes());
        Self::of(Key::yubikey([5, 7, 1], serial, world))
    }

    /// A single-profile token with a display.
    #[uniffi::constructor]
    pub fn display(serial: String, now: u64) -> Arc<Self> {
        Self::of(Single::new(&serial, Still::at(now)))
    }

    /// One command and its answer.
    pub fn transmit(&self, command: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        self.link().transmit(&command).map_err(|lost| match lost {
            Lost::Gone => LinkError::Lost,
            Lost::Late => LinkError::Late,
        })
    }

    /// Has the link lost at the command that comes after `more` others, before or after the token did what it was told.
    pub fn lose(&self, more: u32, after: bool) {
        let mut link = self.link();
        let number = link.exchanges().len() + more as usize + 1;
        link.fault(number, if after { Fault::DropAfter } else { Fault::DropBefore });
    }

    /// It lies on the reader again.
    pub fn come_back(&self) {
        self.link().come_back();
    }

    /// How many commands it was sent so far.
    pub fn commands(&self) -> u32 {
        u32::try_from(self.link().exchanges().len()).unwrap_or(u32::MAX)
    }

    /// What its display shows, switched off and on; none without a display.
    pub fn shows(&self) -> Option<String> {
        let mut link = self.link();
        let token = link.token_mut();
        token.power_cycle();
        match token.screen() {
            Screen::Code { code, .. } => Some(code),
            _ => None,
        }
    }
}
