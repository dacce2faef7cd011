//! Who may: the access code of YKOATH, the PIN of Nitrokey.

use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;

use super::{CHALLENGE, KEY, NAME, Oath, RESPONSE, entry};
use crate::apdu::{Answer, Command, Sw};
use crate::key::Around;
use crate::{crypt, tlv};

const PIN: u8 = 0x80;
const NEW_PIN: u8 = 0x81;
const PIN_TRIES: u8 = 8;

/// The key that a password was made into.
pub(super) struct AccessCode {
    key: Secret,
    /// Type and algorithm, as it was given.
    pub(super) algorithm: u8,
}

/// A PIN, and how many wrong ones are still taken.
pub(super) struct Pin {
    pin: Secret,
    pub(super) tries: u8,
}

impl Oath {
    pub(super) fn set_code(&mut self, mut data: &[u8]) -> Answer {
        let dialect = self.dialect;
        let code = match dialect.take(&mut data, KEY)? {
            [] => None,
            [algorithm @ (0x01 | 0x21), key @ ..] if key.len() == 16 => {
                let challenge = dialect.take(&mut data, CHALLENGE)?;
                let response = dialect.take(&mut data, RESPONSE)?;
                if !crypt::same(&crypt::hmac(Algorithm::Sha1, key, challenge), response) {
                    return Err(dialect.wrong_code());
                }
                Some(AccessCode { key: Secret::from_slice(key), algorithm: *algorithm })
            }
            _ => return Err(Sw::DATA),
        };
        self.validated = !dialect.forgets_after_set_code();
        self.code = code;
        Ok(Vec::new())
    }

    pub(super) fn validate(&mut self, mut data: &[u8]) -> Answer {
        let response = self.dialect.take(&mut data, RESPONSE)?;
        let challenge = self.dialect.take(&mut data, CHALLENGE)?;
        let code = self.code.as_ref().ok_or(Sw::DATA)?;
        if !crypt::same(&crypt::hmac(Algorithm::Sha1, code.key.expose(), &self.challenge), response) {
            return Err(self.dialect.wrong_code());
        }
        self.validated = true;
        let mut answer = Vec::new();
        tlv::put(&mut answer, RESPONSE, &crypt::hmac(Algorithm::Sha1, code.key.expose(), challenge));
        Ok(answer)
    }

    /// What Nitrokey alone has: VERIFY PIN, CHANGE PIN, SET PIN, UPDATE. Each wants a touch before it looks at anything, so
    /// that no try is lost unseen.
    pub(super) fn own(&mut self, command: &Command<'_>, around: &mut Around<'_>) -> Answer {
        let mut data = command.data;
        if command.ins == 0xb2 {
            self.validated = false;
        }
        let must_have_pin = match command.ins {
            0xb4 => Some(false),
            0xb7 => None,
            _ => Some(true),
        };
        if must_have_pin.is_some_and(|must| must != self.pin.is_some()) {
            return Err(Sw::SECURITY);
        }
        self.touched(around)?;
        match command.ins {
            0xb7 => self.update(data),
            0xb4 => {
                let pin = Secret::from_slice(tlv::take(&mut data, PIN)?);
                self.pin = Some(Pin { pin, tries: PIN_TRIES });
                Ok(Vec::new())
            }
            ins => {
                let given = tlv::take(&mut data, PIN)?;
                let next = if ins == 0xb3 { Some(tlv::take(&mut data, NEW_PIN)?) } else { None };
                let pin = self.pin.as_mut().ok_or(Sw::SECURITY)?;
                if pin.tries == 0 || !pin.pin.ct_eq(given) {
                    pin.tries = pin.tries.saturating_sub(1);
                    return Err(Sw::VERIFICATION);
                }
                pin.tries = PIN_TRIES;
                match next {
                    Some(next) => pin.pin = Secret::from_slice(next),
                    None => self.validated = true,
                }
                Ok(Vec::new())
            }
        }
    }

    /// Gives an entry another name. What else UPDATE can change is not played.
    fn update(&mut self, mut data: &[u8]) -> Answer {
        let (old, new) = (tlv::take(&mut data, NAME)?, tlv::take(&mut data, NAME)?);
        if !data.is_empty() || !entry::fits(new) {
            return Err(Sw::DATA);
        }
        if self.entries.iter().any(|entry| entry.name == new) {
            return Err(Sw::BLOCKED);
        }
        let place = self.place(old)?;
        self.entries[place].name = new.to_vec();
        Ok(Vec::new())
    }
}
