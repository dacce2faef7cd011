//! The OTP applet of Feitian's ePass FIDO keys: much like YKOATH, with other numbers, known from one open client alone.

use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;

use crate::apdu::{Answer, Command, Sw};
use crate::key::{Applet, Around};
use crate::{code, crypt, tlv};

/// How many entries it takes; a guess, nobody has told.
const CAPACITY: usize = 50;
/// The slot that is meant when nobody says otherwise.
const SLOT: u8 = 0xf0;

/// One applet.
#[derive(Default)]
pub struct Feitian {
    entries: Vec<Stored>,
    old: bool,
    guarded: bool,
}

/// One entry.
struct Stored {
    name: Vec<u8>,
    is_hotp: bool,
    algorithm: Algorithm,
    digits: u8,
    seed: Secret,
    touch: bool,
    counter: u64,
}

impl Feitian {
    /// Gives it older firmware: its list wants no Le.
    pub fn set_old_firmware(&mut self) {
        self.old = true;
    }

    /// Gives it an access code, which nobody knows how to give.
    pub fn guard(&mut self) {
        self.guarded = true;
    }

    /// The names it holds.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.iter().map(|entry| &*entry.name)
    }

    /// The seed under a name.
    pub fn seed(&self, name: &[u8]) -> Option<&Secret> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| &entry.seed)
    }

    fn list(&self, command: &Command<'_>) -> Answer {
        if self.old && command.le.is_some() {
            return Err(Sw::LENGTH);
        }
        let mut answer = Vec::new();
        for entry in &self.entries {
            let kind = if entry.is_hotp { 0x10 } else { 0x20 };
            tlv::put(&mut answer, 0x52, &[&[kind | code::number(entry.algorithm)], &*entry.name].concat());
        }
        Ok(answer)
    }

    fn store(&mut self, data: &[u8]) -> Answer {
        let [0x53, rest @ ..] = data else { return Err(Sw::DATA) };
        let (length, rest) = tlv::length(rest)?;
        // The length counts algorithm and type as one byte, though they are two.
        let (value, mut rest) = rest.split_at_checked(length + 1).ok_or(Sw::DATA)?;
        let [algorithm @ 1..=2, kind @ (0x10 | 0x20), digits @ (6 | 8), seed @ ..] = value else {
            return Err(Sw::DATA);
        };
        let name = tlv::take(&mut rest, 0x51)?;
        let touch = match rest {
            [] => false,
            [0x5c, 1, 1] => true,
            _ => return Err(Sw::DATA),
        };
        if !(1..=64).contains(&name.len()) || !(1..=64).contains(&seed.len()) {
            return Err(Sw::DATA);
        }
        let stored = Stored {
            name: name.to_vec(),
            is_hotp: *kind == 0x10,
            algorithm: code::algorithm(*algorithm).ok_or(Sw::DATA)?,
            digits: *digits,
            seed: Secret::from_slice(seed),
            touch,
            counter: 0,
        };
        match self.entries.iter().position(|entry| entry.name == name) {
            Some(place) => self.entries[place] = stored,
            None if self.entries.len() >= CAPACITY => return Err(Sw::SPACE),
            None => self.entries.push(stored),
        }
        Ok(Vec::new())
    }

    fn delete(&mut self, mut data: &[u8]) -> Answer {
        let name = tlv::take(&mut data, 0x51)?;
        let place = self.entries.iter().position(|entry| entry.name == name).ok_or(Sw::DATA)?;
        self.entries.remove(place);
        Ok(Vec::new())
    }

    fn calculate(&mut self, p1: u8, mut data: &[u8], around: &mut Around<'_>) -> Answer {
        let counter = tlv::take(&mut data, 0x54)?;
        let name = tlv::take(&mut data, 0x51)?;
        let entry = self.entries.iter_mut().find(|entry| entry.name == name).ok_or(Sw::DATA)?;
        if entry.touch && !around.touch.given() {
            return Err(Sw::REFERENCE);
        }
        let factor = if entry.is_hotp {
            entry.counter += 1;
            entry.counter - 1
        } else {
            let step = u64::from_be_bytes(counter.try_into().map_err(|_| Sw::DATA)?);
            // What older clients sent gives the code of another step with newer keys.
            step.wrapping_add(u64::from(p1 != 1))
        };
        let hash = crypt::hmac(entry.algorithm, entry.seed.expose(), &factor.to_be_bytes());
        let offset = usize::from(hash.last().copied().unwrap_or_default() & 0xf);
        let mut cut: [u8; 4] = hash.get(offset..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
        cut[0] &= 0x7f;
        let mut answer = Vec::new();
        tlv::put(&mut answer, 0x76, &[&[entry.digits], &cut[..]].concat());
        Ok(answer)
    }
}

impl Applet for Feitian {
    fn aids(&self) -> &[&[u8]] {
        &[&[0xd1, 0x56, 0x00, 0x01, 0x32, 0x83, 0x26, 0x01, 0x01]]
    }

    fn select(&mut self, _: &mut Around<'_>) -> Answer {
        Ok(Vec::new())
    }

    fn command(&mut self, command: &Command<'_>, around: &mut Around<'_>) -> Answer {
        if command.cla != 0 {
            return Err(Sw::CLASS);
        }
        if ![0x08, 0x09, 0x17, 0xa2].contains(&command.ins) {
            return Err(Sw::INSTRUCTION);
        }
        let slot =
            if self.old && command.ins == 0x17 { command.p2 == 0 || command.p2 == SLOT } else { command.p2 == SLOT };
        if !slot {
            return Err(Sw::PARAMETERS);
        }
        if self.guarded {
            return Err(Sw::SECURITY);
        }
        match command.ins {
            0x08 => self.delete(command.data),
            0x09 => self.store(command.data),
            0x17 => self.list(command),
            _ => self.calculate(command.p1, command.data, around),
        }
    }

    fn leave(&mut self) {}
}

#[cfg(test)]
mod tests {
    use crate::tests::{RFC_SEED, sent};
    use crate::{Key, Still, Token};

    const PUT: &str = "000900F028 5316012006 3132333435363738393031323334353637383930 510D33303A41434D455F235F626F62";
    const AT_59: &str = "00A201F019 54080000000000000001 510D33303A41434D455F235F626F62";

    fn key() -> Key {
        let mut key = Key::feitian(Still::at(0));
        assert_eq!(sent(&mut key, "00A4040009D15600013283260101"), "9000");
        key
    }

    #[test]
    fn the_worked_example() {
        let mut key = key();
        assert_eq!(sent(&mut key, PUT), "9000");
        assert_eq!(sent(&mut key, "001700F000"), "520E2133303A41434D455F235F626F629000");
        assert_eq!(sent(&mut key, AT_59), "76050641397EEA9000");
        assert_eq!(0x4139_7eea % 1_000_000, 287_082);
        assert_ne!(sent(&mut key, &AT_59.replace("A201", "A200")), "76050641397EEA9000");
        assert_eq!(key.feitian_otp().unwrap().seed(b"30:ACME_#_bob").unwrap().expose(), RFC_SEED);
        let delete = "000800F00F 510D33303A41434D455F235F626F62";
        assert_eq!((sent(&mut key, delete), sent(&mut key, delete)), ("9000".into(), "6A80".into()));
        assert_eq!(key.feitian_otp().unwrap().names().count(), 0);
    }

    #[test]
    fn the_length_is_one_too_small_and_must_be() {
        let mut key = key();
        assert_eq!(sent(&mut key, &PUT.replace("5316", "5317")), "6A80");
        for (from, to) in [("012006", "032006"), ("012006", "013006"), ("012006", "012007")] {
            assert_eq!(sent(&mut key, &PUT.replace(from, to)), "6A80");
        }
    }

    #[test]
    fn touch_counter_old_firmware_and_access_code() {
        let mut key = key().plugged_in();
        let touched = PUT.replace("F028", "F02B") + "5C0101";
        assert_eq!(sent(&mut key, &touched), "9000");
        assert_eq!(sent(&mut key, AT_59), "6984");
        key.press();
        assert_eq!(sent(&mut key, AT_59), "76050641397EEA9000");
        assert_eq!(sent(&mut key, &PUT.replace("012006", "011006")), "9000");
        let next = "00A201F011 5400 510D33303A41434D455F235F626F62";
        let (first, second) = (sent(&mut key, next), sent(&mut key, next));
        assert_eq!((first.as_str(), second.as_str()), ("7605064C93CF189000", "76050641397EEA9000"));
        key.feitian_otp().unwrap().set_old_firmware();
        assert_eq!(sent(&mut key, "001700F000"), "6700");
        assert_eq!(sent(&mut key, "00170000"), "520E1133303A41434D455F235F626F629000");
        assert_eq!(sent(&mut key, &AT_59.replace("F019", "0119")), "6A86");
        key.feitian_otp().unwrap().guard();
        assert_eq!(sent(&mut key, AT_59), "6982");
    }
}
