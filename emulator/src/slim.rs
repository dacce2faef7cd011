//! Protectimus SLIM NFC, as far as it is public: frames that are no APDUs, its description, its code, its clock. How a seed
//! is written nobody has told.

use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;

use crate::quartz::Quartz;
use crate::token::{Screen, Token};
use crate::{World, code};

/// One frame: a mark, a length, data, and the exclusive or of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(pub Vec<u8>);

impl Frame {
    const REQUEST: u8 = 0x86;
    const ANSWER: u8 = 0xaa;

    /// As a host sends it.
    pub fn request(&self) -> Vec<u8> {
        self.wrapped(Self::REQUEST)
    }

    /// As a token answers.
    pub fn answer(&self) -> Vec<u8> {
        self.wrapped(Self::ANSWER)
    }

    /// What a host sent; nothing when it is no such frame.
    pub fn from_request(bytes: &[u8]) -> Option<Self> {
        Self::unwrapped(bytes, Self::REQUEST)
    }

    /// What a token answered; nothing when it is no such frame.
    pub fn from_answer(bytes: &[u8]) -> Option<Self> {
        Self::unwrapped(bytes, Self::ANSWER)
    }

    fn wrapped(&self, mark: u8) -> Vec<u8> {
        let mut bytes = vec![mark, self.0.len() as u8 + 1];
        bytes.extend(&self.0);
        bytes.push(sum(&self.0));
        bytes
    }

    fn unwrapped(bytes: &[u8], mark: u8) -> Option<Self> {
        let [first, length, data @ .., check] = bytes else { return None };
        let whole = *first == mark && usize::from(*length) == data.len() + 1 && sum(data) == *check;
        whole.then(|| Self(data.to_vec()))
    }
}

fn sum(data: &[u8]) -> u8 {
    data.iter().fold(0, |sum, byte| sum ^ byte)
}

/// One token.
pub struct Slim {
    world: Box<dyn World>,
    seed: Secret,
    /// 30 or 60, in seconds.
    interval: u8,
    clock: Quartz,
}

impl Slim {
    /// A token that holds this seed since it was made, and shows six digits every 30 or 60 seconds.
    pub fn new(seed: &[u8], interval: u8, world: impl World + 'static) -> Self {
        let clock = Quartz::right(world.now());
        Self { world: Box::new(world), seed: Secret::from_slice(seed), interval, clock }
    }

    fn code(&self) -> Option<String> {
        let time = self.clock.read(self.world.now());
        code::of_time(&self.seed, Algorithm::Sha1, 6, self.interval.into(), time)
    }

    fn respond(&mut self, data: &[u8]) -> Option<Vec<u8>> {
        match *data {
            [0x10] => {
                let interval = if self.interval == 60 { 0x10 } else { 0 };
                Some(vec![0x10, 0, 2, 1, 3, 0, 1, 0, interval, 0])
            }
            [0x42, 0] => {
                let digits = self.code()?.bytes().map(|digit| digit & 0xf).collect::<Vec<_>>();
                Some([&[0x42], &*digits].concat())
            }
            // Anyone may: this is the published attack.
            [0x12, 0, 0, interval @ (30 | 60), a, b, c, d, rest] if rest < interval => {
                let steps = u64::from(u32::from_be_bytes([a, b, c, d]));
                self.clock.set(self.world.now(), steps * u64::from(interval) + u64::from(rest));
                self.interval = interval;
                Some(vec![0x12])
            }
            _ => None,
        }
    }
}

impl Token for Slim {
    fn transmit(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let Frame(data) = Frame::from_request(frame)?;
        self.respond(&data).map(|answer| Frame(answer).answer())
    }

    fn leave(&mut self) {}

    fn power_cycle(&mut self) {}

    fn press(&mut self) {}

    fn screen(&self) -> Screen {
        self.code().map_or(Screen::Dashes, |code| Screen::Code { title: None, code })
    }

    /// It tells none.
    fn serial(&self) -> String {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Still;
    use crate::tests::{RFC_SEED, hex, sent};

    #[test]
    fn the_worked_examples() {
        let mut token = Slim::new(RFC_SEED, 30, Still::at(59));
        assert_eq!(Frame(vec![0x10]).request(), hex("86021010"));
        assert_eq!(sent(&mut token, "8603420042"), "AA084202080700080245");
        let info = hex(&sent(&mut token, "86021010"));
        assert_eq!((info[..3].to_vec(), info.len()), (hex("AA0B10"), 13));
        assert_eq!((info[8], info[10]), (1, 0));
        assert_eq!(Frame::from_answer(&info).unwrap().0[0], 0x10);
        assert!(sent(&mut token, "860A1200001E0360AA2A14FB").starts_with("AA0212"));
        assert_eq!(token.screen(), Screen::Code { title: None, code: "921300".into() });
    }

    #[test]
    fn what_is_no_frame_of_its_own_is_met_with_silence() {
        let mut token = Slim::new(RFC_SEED, 60, Still::at(59));
        for wrong in ["", "86", "8602", "86021011", "86031010", "AA021010", "00A4040007A0000005272101", "8602FFFF"] {
            assert_eq!(token.transmit(&hex(wrong)), None, "{wrong}");
        }
        assert_eq!(hex(&sent(&mut token, "86021010"))[10], 0x10);
    }
}
