//! One entry of Token2's OTP applet.

use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;

use crate::code;

/// What one entry holds.
#[derive(Debug, Clone)]
pub struct Otp {
    /// Whether a counter moves it, and not the time.
    pub is_hotp: bool,
    /// The hash.
    pub algorithm: Algorithm,
    /// In seconds.
    pub step: u16,
    /// 4 to 10.
    pub digits: u8,
    /// Whether each code wants the button.
    pub button: bool,
    /// Up to 64 characters.
    pub app: Vec<u8>,
    /// Up to 64 characters.
    pub account: Vec<u8>,
    /// 1 to 64 bytes; none is how an entry is deleted.
    pub seed: Secret,
    /// The next counter.
    pub counter: u64,
}

impl Otp {
    /// What a write says, once it was opened.
    pub(super) fn parse(plain: &[u8]) -> Option<Self> {
        let ([kind, algorithm, high, low, digits, button], mut rest) = plain.split_first_chunk()?;
        let app = text(&mut rest)?.to_vec();
        let account = text(&mut rest).filter(|account| !account.is_empty())?.to_vec();
        let seed = Secret::from_slice(counted(&mut rest).filter(|seed| seed.len() <= 64)?);
        let is_delete = seed.is_empty() && plain.starts_with(&[0; 6]);
        let step = u16::from_be_bytes([*high, *low]);
        let hash = match algorithm {
            0xc1 => Some(Algorithm::Sha1),
            0xc2 => Some(Algorithm::Sha256),
            _ if is_delete => Some(Algorithm::Sha1),
            _ => None,
        };
        let fits =
            !seed.is_empty() && *kind <= 1 && (4..=10).contains(digits) && *button <= 1 && (*kind == 0 || step > 0);
        (rest.is_empty() && (is_delete || fits)).then_some(Self {
            is_hotp: *kind == 0,
            algorithm: hash?,
            step,
            digits: *digits,
            button: *button == 1,
            app,
            account,
            seed,
            counter: 0,
        })
    }

    pub(super) fn is_called(&self, app: &[u8], account: &[u8]) -> bool {
        (&*self.app, &*self.account) == (app, account)
    }

    /// Its code at a time, or the next of its counter, which is counted.
    pub(super) fn code(&mut self, time: u64) -> Option<String> {
        if self.is_hotp {
            let counter = self.counter;
            self.counter += 1;
            return code::of_counter(&self.seed, self.algorithm, self.digits, counter);
        }
        code::of_time(&self.seed, self.algorithm, self.digits, self.step.into(), time)
    }

    /// As it is told, with a code or without.
    pub(super) fn told(&self, code: Option<&str>) -> Vec<u8> {
        let [high, low] = self.step.to_be_bytes();
        let kind = u8::from(!self.is_hotp);
        let mut told = vec![kind, 0xc0 | code::number(self.algorithm), high, low, self.digits, u8::from(self.button)];
        for text in [Some(&*self.app), Some(&*self.account), code.map(str::as_bytes)].into_iter().flatten() {
            told.push(text.len() as u8);
            told.extend(text);
        }
        told
    }
}

/// A length in one byte, and what it counts.
fn counted<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_first()?;
    let (value, rest) = rest.split_at_checked((*length).into())?;
    *from = rest;
    Some(value)
}

/// At most 64 characters of ASCII.
pub(super) fn text<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    counted(from).filter(|text| text.len() <= 64 && text.is_ascii())
}
