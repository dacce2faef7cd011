//! The OTP applet on Token2's FIDO keys and cards: what is written comes sealed under a key that both sides agree on, and
//! codes can be read back for any time.

mod entry;

use countersign_protocol::Secret;
use p256::ecdh::diffie_hellman;
use p256::{PublicKey, SecretKey};
use sha2::{Digest as _, Sha256};

use crate::World;
use crate::apdu::{Answer, Command, Sw};
use crate::crypt::{self, Block};
use crate::key::{Applet, Around};

pub use entry::Otp;

/// The same for every write of every key.
const IV: Block = [0x9d, 0xd8, 0x91, 0x8e, 0x34, 0xf3, 0xcc, 0xab, 0x08, 0xcb, 0x75, 0x18, 0xf7, 0x19, 0x38, 0xf1];
/// How many entries a device holds.
const CAPACITY: usize = 50;
/// The longest page.
const PAGE: usize = 254;

/// One applet.
pub struct Token2Otp {
    key: SecretKey,
    entries: Vec<Otp>,
    capacity: usize,
    enabled: bool,
    /// Length of the OTP PIN, from firmware R3.4 on; zero for none.
    pin: Option<u8>,
    /// The entry that the next page begins with.
    next: Option<usize>,
    disabled_for_good: bool,
}

impl Token2Otp {
    pub(crate) fn new(world: &mut dyn World) -> Self {
        let key = std::iter::repeat_with(|| {
            let mut scalar = [0; 32];
            world.dice(&mut scalar);
            SecretKey::from_slice(&scalar).ok()
        });
        Self {
            // Of 2^32 draws all but one are a key.
            key: key.flatten().next().unwrap_or_else(|| unreachable!("the draws do not end")),
            entries: Vec::new(),
            capacity: CAPACITY,
            enabled: true,
            pin: None,
            next: None,
            disabled_for_good: false,
        }
    }

    /// Gives it this private key. Gives false, and changes nothing, when it is none.
    pub fn set_key(&mut self, scalar: &[u8; 32]) -> bool {
        let key = SecretKey::from_slice(scalar);
        key.map(|key| self.key = key).is_ok()
    }

    /// Gives it room for so many entries; the published applet has it for 32.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
    }

    /// Turns it off, as some models come; a command turns it on.
    pub fn disable(&mut self) {
        self.enabled = false;
    }

    /// Whether it is on.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Gives it the firmware that has an OTP PIN, and a PIN of this length; zero for none. Unlocking it is not played.
    pub fn set_pin(&mut self, length: u8) {
        self.pin = Some(length);
    }

    /// What it holds, in the order in which it tells it.
    pub fn entries(&self) -> &[Otp] {
        &self.entries
    }

    /// Whether «set device type» was sent, which no host should: the key answers nothing any more.
    pub fn is_disabled_for_good(&self) -> bool {
        self.disabled_for_good
    }

    fn has_pin(&self) -> bool {
        self.pin.is_some_and(|length| length > 0)
    }

    fn public_key(&self) -> Answer {
        if self.has_pin() {
            return Err(Sw::FUNCTION);
        }
        let point = self.key.public_key().to_sec1_bytes();
        point.strip_prefix(&[4]).map(<[u8]>::to_vec).ok_or(Sw::FUNCTION)
    }

    /// One entry less, one more, or other contents of one; all of them gone when there are no data.
    fn write(&mut self, data: &[u8], around: &mut Around<'_>) -> Answer {
        if self.has_pin() {
            return Err(Sw::CONDITIONS);
        }
        let plain = if data.is_empty() { None } else { Some(self.opened(data).ok_or(Sw::DATA)?) };
        if !around.touch.given() {
            return Err(Sw::BUTTON);
        }
        let Some(plain) = plain else {
            self.entries.clear();
            return Ok(Vec::new());
        };
        let written = Otp::parse(plain.expose()).ok_or(Sw::DATA)?;
        let place = self.entries.iter().position(|entry| entry.is_called(&written.app, &written.account));
        match (place, written.seed.is_empty()) {
            (Some(place), true) => drop(self.entries.remove(place)),
            (None, true) => return Err(Sw::RECORD),
            (Some(place), false) => self.entries[place] = written,
            (None, false) if self.entries.len() >= self.capacity => return Err(Sw::SPACE),
            (None, false) => self.entries.push(written),
        }
        Ok(Vec::new())
    }

    fn opened(&self, data: &[u8]) -> Option<Secret> {
        let (point, sealed) = data.split_at_checked(64)?;
        let host = PublicKey::from_sec1_bytes(&[&[4], point].concat()).ok()?;
        let shared = diffie_hellman(self.key.to_nonzero_scalar(), host.as_affine());
        crypt::aes_open(&Sha256::digest(shared.raw_secret_bytes()).into(), &IV, sealed)
    }

    fn read(&mut self, data: &[u8], around: &mut Around<'_>) -> Answer {
        match data {
            [1, rest @ ..] => self.read_one(rest, around),
            [3, time @ ..] => {
                let time = u64::from_be_bytes(time.try_into().map_err(|_| Sw::DATA)?);
                self.page(0, time)
            }
            _ => Err(Sw::DATA),
        }
    }

    fn read_one(&mut self, data: &[u8], around: &mut Around<'_>) -> Answer {
        let (time, mut name) = data.split_first_chunk().ok_or(Sw::DATA)?;
        let app = entry::text(&mut name).ok_or(Sw::DATA)?;
        let account = entry::text(&mut name).filter(|_| name.is_empty()).ok_or(Sw::DATA)?;
        let found = self.entries.iter_mut().find(|entry| entry.is_called(app, account)).ok_or(Sw::RECORD)?;
        if found.button && !around.touch.given() {
            return Err(Sw::BUTTON);
        }
        let code = found.code(u64::from_be_bytes(*time)).ok_or(Sw::DATA)?;
        Ok(found.told(Some(&code)))
    }

    /// As many entries as fit, from this one on. The first bit of a page says that there are more.
    fn page(&mut self, first: usize, time: u64) -> Answer {
        let mut page = Vec::new();
        let mut next = first;
        for entry in self.entries.iter_mut().skip(first) {
            let code = if entry.is_hotp || entry.button { None } else { entry.code(time) };
            let told = entry.told(code.as_deref());
            if page.len() + told.len() > PAGE {
                break;
            }
            page.extend(told);
            next += 1;
        }
        let more = next < self.entries.len();
        self.next = more.then_some(next);
        let mark = page.first_mut().ok_or(Sw::RECORD)?;
        *mark |= u8::from(more) << 7;
        Ok(page)
    }
}

impl Applet for Token2Otp {
    fn aids(&self) -> &[&[u8]] {
        &[&[0xf0, 0x00, 0x00, 0x01, 0x4f, 0x74, 0x70, 0x01]]
    }

    fn select(&mut self, _: &mut Around<'_>) -> Answer {
        Ok(Vec::new())
    }

    fn command(&mut self, command: &Command<'_>, around: &mut Around<'_>) -> Answer {
        if command.cla != 0x80 {
            return Err(Sw::CLASS);
        }
        if command.ins != 0xc5 {
            return Err(Sw::INSTRUCTION);
        }
        match command.p() {
            [2, 0] => {
                let config = [0, 0, 0, 0, 0, 0, 2, 1, 0, 0];
                Ok(config[..command.le.unwrap_or_default().min(config.len())].to_vec())
            }
            [2, 1] => {
                self.disabled_for_good = true;
                Ok(Vec::new())
            }
            [2, 5] => {
                self.enabled = command.data == [1];
                Ok(Vec::new())
            }
            [5, 4] => {
                let flags = [u8::from(self.has_pin()), 8, self.pin.ok_or(Sw::PARAMETERS)?, 63];
                Ok(flags[..command.data.len().min(flags.len())].to_vec())
            }
            _ if !self.enabled => Err(Sw::FUNCTION),
            // Without Le there is no key.
            [1, 0] => command.le.map_or(Ok(Vec::new()), |_| self.public_key()),
            [5, 2] => self.write(command.data, around),
            [5, 0 | 1] if self.has_pin() => Err(Sw::CONDITIONS),
            [5, 0] => self.read(command.data, around),
            [5, 1] => {
                let time = u64::from_be_bytes(command.data.try_into().map_err(|_| Sw::DATA)?);
                let next = self.next.take().ok_or(Sw::FUNCTION)?;
                self.page(next, time)
            }
            _ => Err(Sw::PARAMETERS),
        }
    }

    fn leave(&mut self) {
        self.next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{hex, sent};
    use crate::{Key, Still, Token};

    const SELECT: &str = "00A4040008F00000014F747001";
    const GET_KEY: &str = "80C5010000";
    const READ_ALL: &str = "80C50500090300000000 6553F100";
    const PLAIN: &str = "01C1001E0600 0441434D45 03626F62 14 3132333435363738393031323334353637383930";
    const HOST: &str = "D65A93977CAA3D1B081852FF57A79E465F1660577304BAEAD505DD3A48589CF3\
                        50185E895372DF6221EA3A137557E473FDDB6755F05BD507C3C533FCE9C91285";
    const K: &str = "98F5BF15DBC72627ACD9A8AB61CE21349EA3496D79136ADF08AD381CC9C0FA25";

    fn key() -> Key {
        let mut key = Key::token2("86590000000001", Still::at(0));
        assert!(key.token2_otp().unwrap().set_key(&[0x11; 32]));
        assert_eq!(sent(&mut key, SELECT), "9000");
        key
    }

    fn write(plain: &[u8]) -> String {
        let sealed = crypt::aes_seal(&hex(K).try_into().unwrap(), &IV, plain);
        let sealed: String = sealed.iter().map(|byte| format!("{byte:02X}")).collect();
        format!("80C50502{:02X}{HOST}{sealed}", 64 + sealed.len() / 2)
    }

    fn entry(head: &str, account: &str, seed: usize) -> String {
        let account: String = account.bytes().map(|byte| format!("{byte:02X}")).collect();
        let length = account.len() / 2;
        write(&hex(&format!("{head} 0141 {length:02X}{account} {seed:02X}{}", "31".repeat(seed))))
    }

    #[test]
    fn the_worked_example() {
        let mut key = key();
        let device = "0217E617F0B6443928278F96999E69A23A4F2C152BDF6D6CDF66E5B80282D4ED\
                      194A7DEBCB97712D2DDA3CA85AA8765A56F45FC758599652F2897C65306E57949000";
        assert_eq!(sent(&mut key, GET_KEY), device);
        assert_eq!(sent(&mut key, "80C50100"), "9000");
        let sealed = "FC557DC560D98BA644B101E158CE0D45389F319A4F138CA507AB4137479D99E0\
                      CAF3C4995FAB9AA27141C9746BFA9601";
        let frame = format!("80C5050270{HOST}{sealed}");
        assert_eq!(write(&hex(PLAIN)), frame);
        assert_eq!(sent(&mut key, READ_ALL), "6A83");
        assert_eq!(sent(&mut key, &frame), "9000");
        assert_eq!(sent(&mut key, READ_ALL), "01C1001E06000441434D4503626F62063932313330309000");
        let one = "80C505001201000000006553F100 0441434D45 03626F62";
        assert_eq!(sent(&mut key, one), "01C1001E06000441434D4503626F62063932313330309000");
        assert_eq!(sent(&mut key, &one.replace("626F62", "626F63")), "6A83");
        assert_eq!(sent(&mut key, &frame.replace("9601", "9602")), "6A80");
        assert_eq!(sent(&mut key, &frame.replace("D65A", "D65B")), "6A80");
        let extended = frame.replacen("80C5050270", "80C50502000070", 1);
        assert_eq!(sent(&mut key, &extended), "9000");
        let delete = write(&hex("000000000000 0441434D45 03626F62 00"));
        assert_eq!((sent(&mut key, &delete), sent(&mut key, &delete)), ("9000".into(), "6A83".into()));
        assert!(key.token2_otp().unwrap().entries().is_empty());
    }

    #[test]
    fn counters_buttons_and_their_codes() {
        let mut key = key().plugged_in();
        assert_eq!(sent(&mut key, &entry("00C100000600", "h", 20)), "6FF9");
        for (head, account) in [("00C100000600", "h"), ("01C2003C0A01", "b")] {
            key.press();
            assert_eq!(sent(&mut key, &entry(head, account, 20)), "9000");
        }
        assert_eq!(sent(&mut key, READ_ALL), "00C100000600014101 68 01C2003C0A0101410162 9000".replace(' ', ""));
        let one = |account: &str| format!("80C505000D0100000000 6553F100 0141 01{account}");
        let first = sent(&mut key, &one("68"));
        let second = sent(&mut key, &one("68"));
        assert!(first != second && first.len() == second.len() && first.ends_with("9000"));
        assert_eq!(key.token2_otp().unwrap().entries()[0].counter, 2);
        assert_eq!(sent(&mut key, &one("62")), "6FF9");
        key.press();
        assert!(sent(&mut key, &one("62")).starts_with("01C2003C0A01014101620A"));
        key.press();
        assert_eq!(sent(&mut key, &entry("00C100000600", "h", 20)), "9000");
        assert_eq!(key.token2_otp().unwrap().entries()[0].counter, 0);
        assert_eq!(sent(&mut key, "80C50502"), "6FF9");
        key.press();
        assert_eq!(sent(&mut key, "80C50502"), "9000");
        assert_eq!(sent(&mut key, READ_ALL), "6A83");
    }

    #[test]
    fn pages_follow_each_other_until_it_is_full() {
        let mut key = key();
        key.token2_otp().unwrap().set_capacity(32);
        for number in 0..33 {
            let frame = entry("01C1001E0600", &format!("someone-{number:02}"), 20);
            assert_eq!(sent(&mut key, &frame), if number < 32 { "9000" } else { "6A84" });
        }
        assert_eq!(sent(&mut key, &entry("01C2003C0800", "someone-00", 20)), "9000");
        assert_eq!(sent(&mut key, "80C5050108000000006553F100"), "6A81");
        let mut page = hex(&sent(&mut key, READ_ALL));
        let mut names = 0;
        loop {
            assert!(page.len() <= 258 && page.ends_with(&[0x90, 0]));
            names += page.windows(8).filter(|window| window == b"someone-").count();
            if page[0] & 0x80 == 0 {
                break;
            }
            page = hex(&sent(&mut key, "80C5050108000000006553F100"));
        }
        assert_eq!(names, 32);
    }

    #[test]
    fn what_it_cannot_hold_is_refused() {
        let mut key = key();
        let long = "x".repeat(64);
        assert_eq!(sent(&mut key, &entry("01C1001E0A00", &long, 64)), "9000");
        assert_eq!(sent(&mut key, &entry("01C1001E0600", "x", 65)), "6A80");
        assert_eq!(sent(&mut key, &entry("01C1001E0600", &(long + "x"), 20)), "6A80");
        for head in ["02C1001E0600", "01C3001E0600", "01C100000600", "01C1001E0300", "01C1001E0B00", "01C1001E0602"] {
            assert_eq!(sent(&mut key, &entry(head, "x", 20)), "6A80", "{head}");
        }
        assert_eq!(sent(&mut key, &entry("01C1001E0600", "", 20)), "6A80");
    }

    #[test]
    fn states_in_which_it_does_nothing() {
        let mut key = key();
        assert_eq!(sent(&mut key, "80C502000A"), "000000000000020100009000");
        assert_eq!(sent(&mut key, "80C505040400000000"), "6A86");
        key.token2_otp().unwrap().set_pin(6);
        assert_eq!(sent(&mut key, "80C505040400000000"), "0108063F9000");
        assert_eq!((sent(&mut key, GET_KEY), sent(&mut key, READ_ALL)), ("6A81".into(), "6985".into()));
        assert_eq!(sent(&mut key, &write(&hex(PLAIN))), "6985");
        key.token2_otp().unwrap().set_pin(0);
        key.token2_otp().unwrap().disable();
        assert_eq!((sent(&mut key, GET_KEY), sent(&mut key, READ_ALL)), ("6A81".into(), "6A81".into()));
        assert_eq!(sent(&mut key, "80C502050101"), "9000");
        assert_eq!(sent(&mut key, READ_ALL), "6A83");
        assert_eq!(sent(&mut key, "00C5010000"), "6E00");
        sent(&mut key, "80C502010107");
        assert_eq!(key.transmit(&hex(SELECT)), None);
    }
}
