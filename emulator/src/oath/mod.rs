//! The YKOATH applet: entries by name, codes for challenges, an access code; and what its relatives do otherwise.

mod access;
mod dialect;
mod entry;

use crate::World;
use crate::apdu::{Answer, Command, Sw};
use crate::key::{Applet, Around};
use crate::tlv;

use access::{AccessCode, Pin};
pub use dialect::Dialect;
pub use entry::{Entry, Kind};

const NAME: u8 = 0x71;
const LIST: u8 = 0x72;
const KEY: u8 = 0x73;
const CHALLENGE: u8 = 0x74;
const RESPONSE: u8 = 0x75;
const TRUNCATED: u8 = 0x76;
const NO_CODE: u8 = 0x77;
const PROPERTY: u8 = 0x78;
const VERSION: u8 = 0x79;
const COUNTER: u8 = 0x7a;
const ALGORITHM: u8 = 0x7b;
const TOUCH: u8 = 0x7c;
const PIN_TRIES: u8 = 0x82;
const SERIAL: u8 = 0x8f;

/// One applet.
pub struct Oath {
    dialect: Dialect,
    serial: u32,
    salt: [u8; 8],
    entries: Vec<Entry>,
    code: Option<AccessCode>,
    pin: Option<Pin>,
    /// What a host that knows the access code answers to.
    challenge: [u8; 8],
    /// Whether this session proved that it knows access code or PIN.
    validated: bool,
    /// Whether the top bit of a truncated response is cleared.
    masks: bool,
}

impl Oath {
    pub(crate) fn new(dialect: Dialect, serial: u32, world: &mut dyn World) -> Self {
        let mut salt = [0; 8];
        world.dice(&mut salt);
        let (code, pin, entries) = (None, None, Vec::new());
        Self { dialect, serial, salt, entries, code, pin, challenge: [0; 8], validated: false, masks: true }
    }

    /// What it holds, in the order of its list.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Puts another salt, as if it had been drawn.
    pub fn set_salt(&mut self, salt: [u8; 8]) {
        self.salt = salt;
    }

    /// From now on leaves the top bit of truncated responses as it is, as some applets do.
    pub fn stop_masking(&mut self) {
        self.masks = false;
    }

    /// Whether it opens to nobody without its access code or PIN.
    pub fn is_guarded(&self) -> bool {
        self.code.is_some() || self.pin.is_some()
    }

    fn select_answer(&mut self, world: &mut dyn World) -> Vec<u8> {
        let mut answer = Vec::new();
        tlv::put(&mut answer, VERSION, &self.dialect.version());
        match &self.pin {
            Some(pin) => tlv::put(&mut answer, PIN_TRIES, &[pin.tries]),
            None => tlv::put(&mut answer, NAME, &self.salt),
        }
        if self.dialect == Dialect::Nitrokey {
            tlv::put(&mut answer, SERIAL, &self.serial.to_be_bytes());
        }
        if let Some(code) = &self.code {
            world.dice(&mut self.challenge);
            tlv::put(&mut answer, CHALLENGE, &self.challenge);
            tlv::put(&mut answer, ALGORITHM, &[self.dialect.told_algorithm(code.algorithm)]);
        }
        answer
    }

    fn instruction(&mut self, command: &Command<'_>, around: &mut Around<'_>) -> Answer {
        match (command.ins, command.p()) {
            (0x03 | 0xa3 | 0xa4, _) if self.dialect == Dialect::Nitrokey => Err(Sw::INSTRUCTION),
            (0x01, [0, 0]) => self.store(command.data, around),
            (0x02, [0, 0]) => self.delete(command.data, around),
            (0x03, [0, 0]) => self.set_code(command.data),
            (0x04, [0xde, 0xad]) => self.reset(around),
            (0x05, [0, 0]) if self.dialect.can_rename() => self.rename(command.data),
            (0xa1, [0, 0]) => self.list(command.data),
            (0xa2, [0, truncated @ 0..=1]) => self.calculate(command.data, truncated == 1, around),
            (0xa3, [0, 0]) => self.validate(command.data),
            (0xa4, [0, truncated @ 0..=1]) => self.calculate_all(command.data, truncated == 1),
            (0xb2..=0xb4 | 0xb7, [0, 0]) if self.dialect == Dialect::Nitrokey => self.own(command, around),
            (0x01..=0x04 | 0xa1..=0xa4, _) => Err(Sw::PARAMETERS),
            _ => Err(Sw::INSTRUCTION),
        }
    }

    fn store(&mut self, data: &[u8], around: &mut Around<'_>) -> Answer {
        let entry = Entry::parse(data, self.dialect)?;
        if entry.pin && !self.validated {
            return Err(Sw::SECURITY);
        }
        self.touched(around)?;
        let place = self.entries.iter().position(|other| other.name == entry.name);
        match place {
            Some(_) if self.dialect == Dialect::Nitrokey => return Err(Sw::BLOCKED),
            Some(place) => self.entries[place] = entry,
            None if self.entries.len() >= self.dialect.capacity() => return Err(Sw::SPACE),
            None => self.entries.push(entry),
        }
        Ok(Vec::new())
    }

    /// What asks for a touch on a Nitrokey, and on no other.
    fn touched(&self, around: &mut Around<'_>) -> Result<(), Sw> {
        if self.dialect == Dialect::Nitrokey && !around.touch.given() { Err(Sw::SECURITY) } else { Ok(()) }
    }

    /// Where an entry is. One that is sealed by a PIN is not there until the PIN was given.
    fn place(&self, name: &[u8]) -> Result<usize, Sw> {
        let seen = |entry: &Entry| entry.name == name && (!entry.pin || self.validated);
        self.entries.iter().position(seen).ok_or(self.dialect.absent())
    }

    fn delete(&mut self, mut data: &[u8], around: &mut Around<'_>) -> Answer {
        let name = self.dialect.take(&mut data, NAME)?;
        self.touched(around)?;
        let place = self.place(name)?;
        self.entries.remove(place);
        Ok(Vec::new())
    }

    fn rename(&mut self, mut data: &[u8]) -> Answer {
        let (old, new) = (self.dialect.take(&mut data, NAME)?, self.dialect.take(&mut data, NAME)?);
        if !data.is_empty() || !entry::fits(new) || self.entries.iter().any(|entry| entry.name == new) {
            return Err(Sw::DATA);
        }
        let place = self.place(old)?;
        self.entries[place].name = new.to_vec();
        Ok(Vec::new())
    }

    fn reset(&mut self, around: &mut Around<'_>) -> Answer {
        self.touched(around)?;
        *self = Self { masks: self.masks, ..Self::new(self.dialect, self.serial, around.world) };
        Ok(Vec::new())
    }

    /// A Nitrokey adds a byte of properties to each where version 1 of the list is asked for.
    fn list(&self, version: &[u8]) -> Answer {
        let properties = self.dialect == Dialect::Nitrokey && version == [1];
        let mut answer = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.pin || self.validated) {
            let mut item = vec![entry.type_and_algorithm()];
            item.extend(&entry.name);
            item.extend(properties.then(|| entry.properties()));
            tlv::put(&mut answer, LIST, &item);
        }
        self.within_buffer(answer)
    }

    fn within_buffer(&self, answer: Vec<u8>) -> Answer {
        if answer.len() > self.dialect.buffer() { Err(Sw::SPACE) } else { Ok(answer) }
    }

    fn calculate(&mut self, mut data: &[u8], truncated: bool, around: &mut Around<'_>) -> Answer {
        if self.dialect == Dialect::Nitrokey && !truncated {
            return Err(Sw::INSTRUCTION);
        }
        let name = self.dialect.take(&mut data, NAME)?;
        let challenge = self.dialect.take(&mut data, CHALLENGE)?;
        let place = self.place(name)?;
        let (masks, late) = (self.masks, self.dialect.not_touched());
        let entry = &mut self.entries[place];
        if entry.touch && !around.touch.given() {
            return Err(late);
        }
        let mut answer = Vec::new();
        entry.calculate(challenge)?.put(&mut answer, entry.digits, truncated, masks);
        Ok(answer)
    }

    fn calculate_all(&mut self, mut data: &[u8], truncated: bool) -> Answer {
        let challenge = self.dialect.take(&mut data, CHALLENGE)?;
        let mut answer = Vec::new();
        for entry in &mut self.entries {
            tlv::put(&mut answer, NAME, &entry.name);
            match (entry.kind, entry.touch) {
                (Kind::Hotp, _) => tlv::put(&mut answer, NO_CODE, &[entry.digits]),
                (Kind::Totp, true) => tlv::put(&mut answer, TOUCH, &[entry.digits]),
                (Kind::Totp, false) => {
                    entry.calculate(challenge)?.put(&mut answer, entry.digits, truncated, self.masks);
                }
            }
        }
        self.within_buffer(answer)
    }
}

impl Applet for Oath {
    fn aids(&self) -> &[&[u8]] {
        self.dialect.aids()
    }

    fn select(&mut self, around: &mut Around<'_>) -> Answer {
        Ok(self.select_answer(around.world))
    }

    fn command(&mut self, command: &Command<'_>, around: &mut Around<'_>) -> Answer {
        if command.cla != 0 {
            return Err(Sw::CLASS);
        }
        let open = [0xa3].contains(&command.ins) || command.ins == 0x04 && self.dialect.resets_for_anyone();
        if self.code.is_some() && !self.validated && !open {
            return Err(Sw::SECURITY);
        }
        let answer = self.instruction(command, around);
        if self.dialect == Dialect::Nitrokey && command.ins != 0xb2 {
            // A PIN counts for the command after it, and no longer.
            self.validated = false;
        }
        answer
    }

    fn leave(&mut self) {
        self.validated = false;
    }

    fn continues(&self) -> u8 {
        0xa5
    }

    fn part(&self, left: &[u8]) -> usize {
        self.dialect.part(left)
    }
}

#[cfg(test)]
mod tests;
