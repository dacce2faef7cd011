//! What the makers of YKOATH applets do each in their own way.

use countersign_protocol::otp::Algorithm;

use crate::apdu::Sw;
use crate::tlv;

/// Whose applet it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A YubiKey of this firmware.
    YubiKey([u8; 3]),
    /// ykneo-oath 1.0.2.
    NeoOath,
    /// apex-totp 0.1.2 of VivoKey.
    Apex,
    /// The secrets app of Nitrokey 3.
    Nitrokey,
}

impl Dialect {
    pub(super) fn aids(self) -> &'static [&'static [u8]] {
        const YUBICO: &[u8] = &[0xa0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01, 0x01];
        const VIVOKEY: &[u8] = &[0xa0, 0x00, 0x00, 0x07, 0x47, 0x00, 0x61, 0xfc, 0x54, 0xd5, 0x01, 0x01];
        if self == Self::Apex { &[YUBICO, VIVOKEY] } else { &[YUBICO] }
    }

    /// As SELECT tells it. A Nitrokey tells its software's, which says nothing about a YubiKey's functions.
    pub(super) fn version(self) -> [u8; 3] {
        match self {
            Self::YubiKey(version) => version,
            Self::NeoOath => [1, 0, 2],
            Self::Apex => [0, 1, 2],
            Self::Nitrokey => [4, 13, 0],
        }
    }

    fn is_yubikey_from(self, first: [u8; 3]) -> bool {
        matches!(self, Self::YubiKey(version) if version >= first)
    }

    pub(super) fn knows(self, algorithm: Algorithm) -> bool {
        algorithm != Algorithm::Sha512 || self.is_yubikey_from([4, 3, 1])
    }

    /// The bits of the byte of properties: 1 only increasing, 2 touch, 4 sealed by the PIN.
    pub(super) fn properties(self) -> u8 {
        match self {
            Self::Nitrokey => 0b110,
            _ if self.is_yubikey_from([4, 2, 4]) => 0b011,
            _ => 0b001,
        }
    }

    pub(super) fn can_rename(self) -> bool {
        self == Self::Apex || self.is_yubikey_from([5, 3, 1])
    }

    pub(super) fn resets_for_anyone(self) -> bool {
        self != Self::Apex
    }

    /// Whether a new access code must be proven in a new session at once.
    pub(super) fn forgets_after_set_code(self) -> bool {
        self == Self::NeoOath || matches!(self, Self::YubiKey(version) if version < [3, 0, 0])
    }

    /// How SELECT tells the algorithm of the access code.
    pub(super) fn told_algorithm(self, key: u8) -> u8 {
        if self == Self::NeoOath { key } else { key & 0x0f }
    }

    pub(super) fn capacity(self) -> usize {
        match self {
            Self::YubiKey(_) if !self.is_yubikey_from([5, 7, 0]) => 32,
            Self::YubiKey(_) => 64,
            Self::Nitrokey => 50,
            // Their memory is the limit; what they cannot list is in the way sooner.
            Self::NeoOath | Self::Apex => 128,
        }
    }

    /// The longest answer in all of its parts.
    pub(super) fn buffer(self) -> usize {
        if matches!(self, Self::NeoOath | Self::Apex) { 2_048 } else { usize::MAX }
    }

    /// The shortest key that is taken.
    pub(super) fn shortest_key(self) -> usize {
        if self == Self::Nitrokey { 1 } else { 14 }
    }

    pub(super) fn absent(self) -> Sw {
        if self == Self::Nitrokey { Sw::FILE } else { Sw::REFERENCE }
    }

    pub(super) fn wrong_code(self) -> Sw {
        if self == Self::Apex { Sw::REFERENCE } else { Sw::DATA }
    }

    pub(super) fn not_touched(self) -> Sw {
        if self == Self::Nitrokey { Sw::SECURITY } else { Sw::CONDITIONS }
    }

    /// Takes an object off the front. ykneo-oath reads lengths above 7F as negative ones.
    pub(super) fn take<'a>(self, from: &mut &'a [u8], tag: u8) -> Result<&'a [u8], Sw> {
        if self == Self::NeoOath && from.get(1).is_some_and(|length| *length > 0x7f) {
            return Err(Sw::DATA);
        }
        tlv::take(from, tag)
    }

    /// How much of an answer is sent at once; a Nitrokey sends whole objects.
    pub(super) fn part(self, left: &[u8]) -> usize {
        if self != Self::Nitrokey {
            return left.len().min(256);
        }
        let mut sent = 0;
        while let Some([_, length]) = left.get(sent..).and_then(|left| left.first_chunk()) {
            let next = sent + 2 + usize::from(*length);
            if next > 256 {
                break;
            }
            sent = next;
        }
        // An object that fits into no part goes in pieces.
        if sent == 0 { left.len().min(256) } else { sent.min(left.len()) }
    }
}
