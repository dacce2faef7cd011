//! The two slots of Yubico's OTP applet, as far as they answer challenges with HMAC-SHA1.

use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;

use crate::apdu::{Answer, Command, Sw};
use crate::crypt;
use crate::key::{Applet, Around};

/// One applet.
pub struct Slots {
    version: [u8; 3],
    serial: u32,
    slots: [Option<Slot>; 2],
}

/// What one slot holds.
struct Slot {
    key: Secret,
    touch: bool,
    /// Whether a challenge may be shorter than the 64 bytes that are sent.
    short: bool,
}

impl Slots {
    pub(crate) fn new(version: [u8; 3], serial: u32) -> Self {
        Self { version, serial, slots: [None, None] }
    }

    /// Puts a key into the first slot, or into the second; with `touch`, each answer wants one. As ykman sets it up: what
    /// pads a challenge to 64 bytes does not count.
    pub fn set(&mut self, second: bool, key: [u8; 20], touch: bool) {
        self.put(second, key, touch, true);
    }

    /// The same, for challenges of 64 bytes each.
    pub fn set_for_whole_challenges(&mut self, second: bool, key: [u8; 20], touch: bool) {
        self.put(second, key, touch, false);
    }

    fn put(&mut self, second: bool, key: [u8; 20], touch: bool, short: bool) {
        self.slots[usize::from(second)] = Some(Slot { key: Secret::new(key.to_vec()), touch, short });
    }

    /// Three bytes of version, how often slots were written, and in bits which are in use and which want touches.
    fn status(&self) -> Vec<u8> {
        let [first, second] = self.slots.each_ref().map(|slot| u8::from(slot.is_some()));
        let touches = self.slots.each_ref().map(|slot| u8::from(slot.as_ref().is_some_and(|slot| slot.touch)));
        let [a, b, c] = self.version;
        vec![a, b, c, first + second, first | second << 1 | touches[0] << 2 | touches[1] << 3, 0]
    }

    fn respond(&self, slot: usize, challenge: &[u8], around: &mut Around<'_>) -> Answer {
        let slot = self.slots[slot].as_ref().ok_or(Sw::FILE)?;
        if challenge.len() > 64 {
            return Err(Sw::LENGTH);
        }
        if slot.touch && !around.touch.given() {
            return Err(Sw::CONDITIONS);
        }
        let mut whole = [0; 64];
        whole[..challenge.len()].copy_from_slice(challenge);
        let padding = if slot.short { whole.iter().rev().take_while(|byte| **byte == whole[63]).count() } else { 0 };
        Ok(crypt::hmac(Algorithm::Sha1, slot.key.expose(), &whole[..64 - padding]))
    }
}

impl Applet for Slots {
    fn aids(&self) -> &[&[u8]] {
        &[&[0xa0, 0x00, 0x00, 0x05, 0x27, 0x20, 0x01, 0x01]]
    }

    fn select(&mut self, _: &mut Around<'_>) -> Answer {
        Ok(self.status())
    }

    fn command(&mut self, command: &Command<'_>, around: &mut Around<'_>) -> Answer {
        match (command.cla, command.ins, command.p()) {
            (0, 0x03, [0, 0]) => Ok(self.status()),
            (0, 0x01, [0x10, 0]) => Ok(self.serial.to_be_bytes().to_vec()),
            (0, 0x01, [0x30, 0]) => self.respond(0, command.data, around),
            (0, 0x01, [0x38, 0]) => self.respond(1, command.data, around),
            (0, 0x01, _) => Err(Sw::PARAMETERS),
            (0, ..) => Err(Sw::INSTRUCTION),
            _ => Err(Sw::CLASS),
        }
    }

    fn leave(&mut self) {}
}

#[cfg(test)]
mod tests {
    use crate::tests::sent;
    use crate::{Key, Still, Token};

    /// RFC 2202, test case 1: the key, and the answer to «Hi There».
    const KEY: [u8; 20] = [0x0b; 20];
    const ANSWER: &str = "B617318655057264E28BC0B6FB378C8EF146BE009000";
    const HI_THERE: &str = "4869205468657265";

    fn key() -> Key {
        let mut key = Key::yubikey([5, 4, 3], 0x00bc_614e, Still::at(0)).plugged_in();
        assert_eq!(sent(&mut key, "00A4040007A0000005272001"), "0504030000009000");
        key
    }

    fn ask(key: &mut Key, slot: &str, challenge: &str, padding: &str) -> String {
        let padded = format!("{challenge}{}", padding.repeat(64 - challenge.len() / 2));
        sent(key, &format!("0001{slot}0040{padded}"))
    }

    #[test]
    fn a_challenge_counts_without_its_padding() {
        let mut key = key();
        assert_eq!(ask(&mut key, "38", HI_THERE, "00"), "6A82");
        key.slots().unwrap().set(true, KEY, false);
        for padding in ["00", "01", "FF"] {
            assert_eq!(ask(&mut key, "38", HI_THERE, padding), ANSWER);
        }
        assert_eq!(ask(&mut key, "30", HI_THERE, "00"), "6A82");
        key.slots().unwrap().set_for_whole_challenges(false, KEY, false);
        assert_ne!(ask(&mut key, "30", HI_THERE, "00"), ANSWER);
        assert_eq!(sent(&mut key, "0003000000"), "0504030203009000");
        assert_eq!(sent(&mut key, "0001100000"), "00BC614E9000");
        assert_eq!(sent(&mut key, "0001200000"), "6A86");
    }

    #[test]
    fn a_slot_may_want_a_touch() {
        let mut key = key();
        key.slots().unwrap().set(false, KEY, true);
        assert_eq!(sent(&mut key, "0003000000"), "0504030105009000");
        assert_eq!(ask(&mut key, "30", HI_THERE, "00"), "6985");
        key.press();
        assert_eq!(ask(&mut key, "30", HI_THERE, "00"), ANSWER);
        assert_eq!(ask(&mut key, "30", HI_THERE, "00"), "6985");
    }
}
