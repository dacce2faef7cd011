//! One entry of a YKOATH applet.

use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;

use super::{COUNTER, Dialect, KEY, NAME, PROPERTY, RESPONSE, TRUNCATED};
use crate::apdu::Sw;
use crate::{code, crypt, tlv};

/// What moves an entry's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A counter, kept by the token.
    Hotp,
    /// What the host says the time is.
    Totp,
}

/// What one entry holds.
#[derive(Debug, Clone)]
pub struct Entry {
    /// As it was given: `60/ACME:bob`.
    pub name: Vec<u8>,
    /// Counter or time.
    pub kind: Kind,
    /// The hash.
    pub algorithm: Algorithm,
    /// 6 to 8.
    pub digits: u8,
    /// The key, as the host prepared it.
    pub seed: Secret,
    /// Whether each code wants a touch.
    pub touch: bool,
    /// The next counter.
    pub counter: u32,
    /// Whether it is sealed by a Nitrokey's PIN.
    pub pin: bool,
    /// Whether a challenge must be above the one before.
    increasing: bool,
    last: Vec<u8>,
}

impl Entry {
    /// What follows PUT.
    pub(super) fn parse(mut data: &[u8], dialect: Dialect) -> Result<Self, Sw> {
        let name = dialect.take(&mut data, NAME)?;
        let [kind_and_algorithm, digits, seed @ ..] = dialect.take(&mut data, KEY)? else { return Err(Sw::DATA) };
        let kind = match kind_and_algorithm >> 4 {
            1 => Kind::Hotp,
            2 => Kind::Totp,
            _ => return Err(Sw::DATA),
        };
        let algorithm =
            code::algorithm(kind_and_algorithm & 0xf).filter(|hash| dialect.knows(*hash)).ok_or(Sw::DATA)?;
        // This one has no length byte.
        let properties = match data {
            [PROPERTY, properties, rest @ ..] => {
                data = rest;
                *properties
            }
            _ => 0,
        };
        let counter = match data {
            [] => 0,
            _ => u32::from_be_bytes(dialect.take(&mut data, COUNTER)?.try_into().map_err(|_| Sw::DATA)?),
        };
        let longest = if algorithm == Algorithm::Sha512 { 128 } else { 64 };
        let all_fits = data.is_empty()
            && fits(name)
            && (6..=8).contains(digits)
            && (dialect.shortest_key()..=longest).contains(&seed.len())
            && properties & !dialect.properties() == 0
            && (counter == 0 || kind == Kind::Hotp);
        if !all_fits {
            return Err(Sw::DATA);
        }
        Ok(Self {
            name: name.to_vec(),
            kind,
            algorithm,
            digits: *digits,
            seed: Secret::from_slice(seed),
            touch: properties & 2 != 0,
            counter,
            pin: properties & 4 != 0,
            increasing: properties & 1 != 0,
            last: Vec::new(),
        })
    }

    /// As LIST tells it.
    pub(super) fn type_and_algorithm(&self) -> u8 {
        let kind = if self.kind == Kind::Hotp { 0x10 } else { 0x20 };
        kind | code::number(self.algorithm)
    }

    /// As a Nitrokey's longer list tells them.
    pub(super) fn properties(&self) -> u8 {
        u8::from(self.touch) << 1 | u8::from(self.pin) << 2
    }

    /// The response to a challenge, or to the next counter, which it counts.
    pub(super) fn calculate(&mut self, challenge: &[u8]) -> Result<Response, Sw> {
        let response = |message: &[u8]| Response(crypt::hmac(self.algorithm, self.seed.expose(), message));
        match self.kind {
            Kind::Hotp => {
                let counted = response(&u64::from(self.counter).to_be_bytes());
                self.counter = self.counter.checked_add(1).ok_or(Sw::CONDITIONS)?;
                Ok(counted)
            }
            Kind::Totp if !(1..=8).contains(&challenge.len()) => Err(Sw::DATA),
            Kind::Totp if self.increasing && challenge <= &self.last[..] => Err(Sw::DATA),
            Kind::Totp => {
                let made = response(challenge);
                self.last = challenge.to_vec();
                Ok(made)
            }
        }
    }
}

/// Whether a name has a length that is taken.
pub(super) fn fits(name: &[u8]) -> bool {
    (1..=64).contains(&name.len())
}

/// An HMAC.
pub(super) struct Response(Vec<u8>);

impl Response {
    /// Appends it, whole or cut to four bytes as RFC 4226 says (5.3).
    pub(super) fn put(self, to: &mut Vec<u8>, digits: u8, truncated: bool, masks: bool) {
        let Self(hash) = self;
        let mut value = vec![digits];
        if truncated {
            let offset = usize::from(hash.last().copied().unwrap_or_default() & 0xf);
            let mut cut: [u8; 4] = hash.get(offset..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
            cut[0] &= if masks { 0x7f } else { 0xff };
            value.extend(cut);
        } else {
            value.extend(hash);
        }
        tlv::put(to, if truncated { TRUNCATED } else { RESPONSE }, &value);
    }
}
