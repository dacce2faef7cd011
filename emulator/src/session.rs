//! What both kinds of display token do alike: they tell of themselves, and take a challenge's answer once.

use crate::World;
use crate::apdu::Sw;
use crate::crypt::{self, Block};

/// What a token tells of itself: its serial number, and its clock in seconds.
pub(crate) fn info(serial: &str, clock: u32) -> Vec<u8> {
    let mut info = vec![0, 0, 0, serial.len() as u8];
    info.extend(serial.as_bytes());
    info.extend([0, 0]);
    info.extend(clock.to_be_bytes());
    info
}

/// Who talks to it, as far as that is proven; it ends with the power.
#[derive(Default)]
pub(crate) struct Session {
    challenge: Option<[u8; 8]>,
    proven: bool,
}

impl Session {
    /// A challenge, in place of the one before it and of what that has proven.
    pub fn draw(&mut self, world: &mut dyn World) -> Vec<u8> {
        let mut challenge = [0; 8];
        world.dice(&mut challenge);
        *self = Self { challenge: Some(challenge), proven: false };
        challenge.to_vec()
    }

    /// Whether `response` is what `key` makes of the challenge, which is gone with that.
    pub fn prove(&mut self, key: &Block, response: &[u8]) -> Result<bool, Sw> {
        let challenge = self.challenge.filter(|_| response.len() == 16).ok_or(Sw::DATA)?;
        self.challenge = None;
        let mut block = [0; 16];
        block[..8].copy_from_slice(&challenge);
        self.proven = crypt::same(&crypt::sm4(key, &block), response);
        Ok(self.proven)
    }

    /// Whether it was proven.
    pub fn is_proven(&self) -> bool {
        self.proven
    }
}
