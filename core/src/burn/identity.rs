//! Which token it is: family, model, serial number.

use super::credential::Serial;

/// A family of tokens that can be written. Each has a driver of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Token2's single-profile tokens of the second generation, over NFC.
    Single,
    /// Token2's Molto-2, over USB.
    Molto2,
    /// The YKOATH applet and its relatives.
    Oath(Dialect),
    /// The OTP applet on Token2's FIDO keys and cards.
    Token2Otp,
    /// The OTP applet on Feitian's FIDO keys. Known from one open client alone: experimental.
    Feitian,
}

impl Family {
    /// The applets and tokens that are asked for, in the order that is safe.
    pub(super) const ASKED: [Self; 4] = [Self::Single, Self::Oath(Dialect::YubiKey), Self::Token2Otp, Self::Feitian];

    /// Whether both are asked for in the same way.
    pub(super) fn is_asked_as(self, other: Self) -> bool {
        matches!((self, other), (Self::Oath(_), Self::Oath(_))) || self == other
    }

    /// Whether it has profiles that are called by numbers.
    pub const fn has_profiles(self) -> bool {
        matches!(self, Self::Molto2)
    }

    /// Whether what is known of it comes from one source, and was proven by none of ours.
    pub fn is_experimental(self) -> bool {
        matches!(self, Self::Feitian | Self::Oath(Dialect::Nitrokey))
    }
}

/// Whose YKOATH applet it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A YubiKey's.
    YubiKey,
    /// ykneo-oath, on a NEO or another Java Card.
    NeoOath,
    /// apex-totp, on a VivoKey Apex or another Java Card.
    Apex,
    /// The secrets app of a Nitrokey 3.
    Nitrokey,
}

/// What a token tells of itself before anything is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its family.
    pub family: Family,
    /// The model's name, where it is known.
    pub model: Option<&'static str>,
    /// Its serial number, or what its maker's programs call it by. One family tells none.
    pub serial: Option<Serial>,
    /// How many seconds its clock is ahead of ours, where it tells the time.
    pub ahead: Option<i64>,
    /// The version of its applet, where it tells one.
    pub version: Option<[u8; 3]>,
    /// Whether setting the clock takes the seed away; of families with a clock.
    pub clock_takes_seed: bool,
}

impl Identity {
    pub(super) fn new(family: Family) -> Self {
        Self { family, model: None, serial: None, ahead: None, version: None, clock_takes_seed: false }
    }

    /// Whether both are the same token. One that tells no serial number cannot be told from another of its family.
    pub fn is_same_token(&self, other: &Self) -> bool {
        self.family == other.family && self.serial == other.serial
    }
}

/// Tokens that are recognised, and declined by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Declined {
    /// It answers nothing: it is off, or of a family whose language is not public.
    Silent,
    /// It answers, and to nothing that is known.
    Unknown,
    /// A security key without an OTP function that can be written.
    SecurityKey,
    /// Token2's C2xx: seeded by the factory.
    FactorySeeded,
    /// Protectimus SLIM: how its seed is written is not public.
    ProtectimusSlim,
    /// Token2's Molto-1 and Molto-1-i: not public. The program for single-profile tokens may damage it.
    Molto1,
    /// Token2's first generation: miniOTP-1, C300, OTPC without «-i».
    Token2First,
    /// Feitian I34 and c200 with NFC.
    FeitianDisplay,
    /// DeepNet SafeID.
    SafeId,
    /// Excelsecu's tokens under other brands: likely the single-profile protocol, with a key that nobody told.
    Excelsecu,
    /// SafeNet, Thales, RSA, OneSpan: seeded by the factory.
    FactoryVendor,
}

/// What is printed on tokens that are declined.
const NAMES: [(Declined, &[&str]); 7] = [
    (Declined::Molto1, &["molto-1", "molto1"]),
    (Declined::Token2First, &["miniotp-1", "miniotp1", "c300", "otpc-p1", "otpc-p2"]),
    (Declined::FeitianDisplay, &["i34", "c200"]),
    (Declined::SafeId, &["safeid", "deepnet"]),
    (Declined::Excelsecu, &["excelsecu", "esecuotp"]),
    (Declined::ProtectimusSlim, &["protectimus"]),
    (Declined::FactoryVendor, &["safenet", "thales", "etoken", "securid", "rsa ", "onespan", "vasco", "digipass"]),
];

impl Declined {
    /// The family that a product's name belongs to, when it is one of those that are declined.
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        // The second generation has the same names with «-i» at the end.
        let second = name.ends_with("-i") || name.contains("-i-");
        let found = NAMES.iter().find(|(_, words)| words.iter().any(|word| name.contains(word)))?;
        match found.0 {
            Self::Token2First if second => None,
            declined => Some(declined),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_that_are_not_public_are_known_by_what_is_printed_on_them() {
        let cases = [
            ("Token2 Molto-1-i", Some(Declined::Molto1)),
            ("miniOTP-1", Some(Declined::Token2First)),
            ("OTPC-P2", Some(Declined::Token2First)),
            ("OTPC-P2-i", None),
            ("OTPC-P2-i-NB", None),
            ("C301-i", None),
            ("Feitian OTP c200", Some(Declined::FeitianDisplay)),
            ("SafeID/Diamond", Some(Declined::SafeId)),
            ("eSecuOTP-1A", Some(Declined::Excelsecu)),
            ("Protectimus SLIM NFC", Some(Declined::ProtectimusSlim)),
            ("RSA SecurID 700", Some(Declined::FactoryVendor)),
            ("YubiKey 5", None),
        ];
        for (name, declined) in cases {
            assert_eq!(Declined::by_name(name), declined, "{name}");
        }
    }

    #[test]
    fn the_same_token_has_family_and_number() {
        let one = Identity { serial: Serial::try_from("1").ok(), ..Identity::new(Family::Single) };
        let later = Identity { ahead: Some(3), ..one.clone() };
        assert!(one.is_same_token(&later) && !one.is_same_token(&Identity::new(Family::Single)));
        assert!(!one.is_same_token(&Identity { family: Family::Molto2, ..one.clone() }));
    }
}
