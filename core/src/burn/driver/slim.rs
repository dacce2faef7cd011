//! Protectimus SLIM NFC, as far as it is public: frames that are no APDUs, what it tells of itself, its code, its clock. How a
//! seed is written nobody has told, so this is a codec and no driver. Readers of smart cards do not carry such frames.
//!
//! Its clock can be set by anyone, which is the published attack: the frame is known here, and nothing sends it.

use zeroize::Zeroizing;

/// A frame: a mark, a length, data, and the exclusive or of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlimFrame(pub Vec<u8>);

impl SlimFrame {
    const REQUEST: u8 = 0x86;
    const ANSWER: u8 = 0xaa;

    /// Asks what it is.
    pub fn info() -> Self {
        Self(vec![0x10])
    }

    /// Asks for its code.
    pub fn read_code() -> Self {
        Self(vec![0x42, 0x00])
    }

    /// Sets its clock, and how long a code lives: 30 or 60 seconds. Nothing for another, and from the year 2106 on.
    pub fn set_clock(unix: u64, interval: u32) -> Option<Self> {
        let interval = u8::try_from(interval).ok().filter(|seconds| matches!(seconds, 30 | 60))?;
        let _fits = u32::try_from(unix).ok()?;
        let steps = u32::try_from(unix / u64::from(interval)).ok()?;
        let rest = u8::try_from(unix % u64::from(interval)).ok()?;
        Some(Self([&[0x12, 0x00, 0x00, interval], &steps.to_be_bytes()[..], &[rest]].concat()))
    }

    /// Whether an answer says that the clock was set.
    pub fn is_set(answer: &[u8]) -> bool {
        Self::from_answer(answer).is_some_and(|Self(data)| data == [0x12])
    }

    /// As it is sent.
    pub fn request(&self) -> Vec<u8> {
        let length = u8::try_from(self.0.len() + 1).unwrap_or(u8::MAX);
        [&[Self::REQUEST, length], &*self.0, &[sum(&self.0)]].concat()
    }

    /// What a token answered; nothing when that is no such frame.
    pub fn from_answer(bytes: &[u8]) -> Option<Self> {
        let [Self::ANSWER, length, data @ .., check] = bytes else { return None };
        (usize::from(*length) == data.len() + 1 && sum(data) == *check).then(|| Self(data.to_vec()))
    }
}

fn sum(data: &[u8]) -> u8 {
    data.iter().fold(0, |sum, byte| sum ^ byte)
}

/// What it tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlimInfo {
    /// The hardware's schema.
    pub hardware: u8,
    /// The firmware's major version.
    pub firmware: u8,
    /// Whether it has a clock.
    pub has_clock: bool,
    /// How long a code lives, in seconds.
    pub interval: u32,
}

impl SlimInfo {
    /// From the answer to [`SlimFrame::info`].
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let SlimFrame(data) = SlimFrame::from_answer(answer)?;
        // Counted from the mark on, the hardware is byte 4.
        let [0x10, _, hardware, firmware, _, _, clock, _, interval, ..] = *data else { return None };
        let interval = match interval {
            0x00 => 30,
            0x10 => 60,
            _ => return None,
        };
        Some(Self { hardware, firmware, has_clock: clock == 1, interval })
    }
}

/// The six digits in the answer to [`SlimFrame::read_code`].
pub fn slim_code(answer: &[u8]) -> Option<Zeroizing<String>> {
    let SlimFrame(data) = SlimFrame::from_answer(answer)?;
    let [0x42, digits @ ..] = &*data else { return None };
    let text: String = digits.iter().map(|digit| char::from(b'0' + (digit & 0xf))).collect();
    (digits.len() == 6 && digits.iter().all(|digit| digit & 0xf <= 9)).then(|| Zeroizing::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::testing::hex;

    #[test]
    fn the_worked_examples() {
        assert_eq!(SlimFrame::info().request(), hex("86 02 10 10"));
        assert_eq!(SlimFrame::read_code().request(), hex("86 03 42 00 42"));
        let set = SlimFrame::set_clock(1_700_000_000, 30).unwrap();
        assert_eq!(set.request(), hex("86 0A 12 00 00 1E 03 60 AA 2A 14 FB"));
        assert_eq!(*slim_code(&hex("AA 08 42 02 08 07 00 08 02 45")).unwrap(), "287082");
        let info = hex("AA 0B 10 00 02 01 03 00 01 00 10 00");
        let info = [&*info, &[sum(&info[2..])]].concat();
        let told = SlimInfo { hardware: 2, firmware: 1, has_clock: true, interval: 60 };
        assert_eq!(SlimInfo::parse(&info), Some(told));
    }

    #[test]
    fn a_clock_has_two_intervals_and_an_end() {
        let set = |unix, interval| SlimFrame::set_clock(unix, interval).map(|frame| frame.request());
        assert_eq!(set(1_700_000_000, 60), Some(hex("86 0A 12 00 00 3C 01 B0 55 15 14 CB")));
        assert_eq!(set(u32::MAX.into(), 30).unwrap().len(), 12);
        for (unix, interval) in [(1 << 32, 30), (0, 0), (0, 29), (0, 31), (0, 61), (0, 286)] {
            assert_eq!(set(unix, interval), None, "{unix} {interval}");
        }
        assert!(SlimFrame::is_set(&hex("AA 02 12 12")));
        assert!(!SlimFrame::is_set(&hex("AA 02 10 10")) && !SlimFrame::is_set(&hex("86 02 12 12")));
    }

    #[test]
    fn what_is_no_such_frame_is_nothing() {
        for wrong in
            ["", "AA", "AA02", "AA031010", "AA021011", "86021010", "AA 08 42 0A 08 07 00 08 02 4D", "AA03420042"]
        {
            assert!(slim_code(&hex(wrong)).is_none() && SlimInfo::parse(&hex(wrong)).is_none(), "{wrong}");
        }
    }
}
