//! Hardware tokens: which one lies there, and what it can hold, mirrored.

use countersign_core::burn;
use countersign_core::error::InputError;

use super::Algorithm;

/// A family of tokens, and whose applet it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum TokenFamily {
    /// Token2's single-profile tokens.
    Single,
    /// Token2's Molto-2.
    Molto2,
    /// A `YubiKey`.
    YubiKey,
    /// ykneo-oath on another card.
    NeoOath,
    /// apex-totp on another card.
    Apex,
    /// A Nitrokey 3.
    Nitrokey,
    /// The OTP applet of Token2's security keys.
    Token2Otp,
    /// The OTP applet of Feitian's security keys.
    Feitian,
}

impl From<burn::Family> for TokenFamily {
    fn from(core: burn::Family) -> Self {
        match core {
            burn::Family::Single => Self::Single,
            burn::Family::Molto2 => Self::Molto2,
            burn::Family::Oath(burn::Dialect::YubiKey) => Self::YubiKey,
            burn::Family::Oath(burn::Dialect::NeoOath) => Self::NeoOath,
            burn::Family::Oath(burn::Dialect::Apex) => Self::Apex,
            burn::Family::Oath(burn::Dialect::Nitrokey) => Self::Nitrokey,
            burn::Family::Token2Otp => Self::Token2Otp,
            burn::Family::Feitian => Self::Feitian,
        }
    }
}

impl From<TokenFamily> for burn::Family {
    fn from(family: TokenFamily) -> Self {
        match family {
            TokenFamily::Single => Self::Single,
            TokenFamily::Molto2 => Self::Molto2,
            TokenFamily::YubiKey => Self::Oath(burn::Dialect::YubiKey),
            TokenFamily::NeoOath => Self::Oath(burn::Dialect::NeoOath),
            TokenFamily::Apex => Self::Oath(burn::Dialect::Apex),
            TokenFamily::Nitrokey => Self::Oath(burn::Dialect::Nitrokey),
            TokenFamily::Token2Otp => Self::Token2Otp,
            TokenFamily::Feitian => Self::Feitian,
        }
    }
}

/// What a token is called in journal and ledger.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TokenName {
    /// Its family.
    pub family: TokenFamily,
    /// Its serial number; none of one that tells none.
    pub serial: Option<String>,
}

impl From<burn::TokenName> for TokenName {
    fn from(core: burn::TokenName) -> Self {
        let burn::TokenName { family, serial } = core;
        Self { family: family.into(), serial: serial.map(|serial| serial.to_string()) }
    }
}

impl TryFrom<TokenName> for burn::TokenName {
    type Error = InputError;

    fn try_from(name: TokenName) -> Result<Self, InputError> {
        let TokenName { family, serial } = name;
        let serial = serial.map(|text| burn::Serial::try_from(text.as_str())).transpose();
        Ok(Self { family: family.into(), serial: serial.map_err(|_| InputError::NotFound)? })
    }
}

/// What a token tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TokenIdentity {
    /// What it is called.
    pub token: TokenName,
    /// Who makes tokens of its family, where that is one.
    pub maker: Option<String>,
    /// The model's name, where it is known.
    pub model: Option<String>,
    /// How many seconds its clock is ahead of ours, where it tells the time.
    pub ahead: Option<i64>,
    /// The version of its applet, where it tells one.
    pub version: Option<String>,
    /// Whether setting the clock takes the seed away.
    pub clock_takes_seed: bool,
    /// Whether what is known of its family comes from one source.
    pub is_experimental: bool,
}

impl From<&burn::Identity> for TokenIdentity {
    fn from(core: &burn::Identity) -> Self {
        let burn::Identity { family, model, serial: _, ahead, version, clock_takes_seed } = core;
        Self {
            token: burn::TokenName::from(core).into(),
            maker: family.maker().map(str::to_owned),
            model: model.map(str::to_owned),
            ahead: *ahead,
            version: version.map(|[major, minor, patch]| format!("{major}.{minor}.{patch}")),
            clock_takes_seed: *clock_takes_seed,
            is_experimental: family.is_experimental(),
        }
    }
}

/// What lies there.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[expect(clippy::large_enum_variant, reason = "one is made at a touch, and crosses by value")]
pub enum TokenSeen {
    /// A token that can be written.
    Writable {
        /// What it told.
        identity: TokenIdentity,
        /// What it can hold.
        capabilities: TokenCapabilities,
    },
    /// One that cannot.
    Declined {
        /// Why.
        why: DeclinedToken,
    },
}

impl From<burn::Met<'_>> for TokenSeen {
    fn from(core: burn::Met<'_>) -> Self {
        match core {
            burn::Met::Token(found) => {
                Self::Writable { identity: found.identity().into(), capabilities: found.capabilities().into() }
            }
            burn::Met::Declined(why) => Self::Declined { why: why.into() },
        }
    }
}

mirror! {
    /// Tokens that are recognised, and declined by name.
    DeclinedToken = burn::Declined {
        /// It answers nothing: it is off, or of a family whose language is not public.
        Silent,
        /// It answers, and to nothing that is known.
        Unknown,
        /// A security key without an OTP function that can be written.
        SecurityKey,
        /// Token2's C2xx: seeded by the factory.
        FactorySeeded,
        /// Protectimus SLIM.
        ProtectimusSlim,
        /// Token2's Molto-1 and Molto-1-i.
        Molto1,
        /// Token2's first generation.
        Token2First,
        /// Feitian I34 and c200 with NFC.
        FeitianDisplay,
        /// `DeepNet` `SafeID`.
        SafeId,
        /// Excelsecu's tokens under other brands.
        Excelsecu,
        /// SafeNet, Thales, RSA, OneSpan: seeded by the factory.
        FactoryVendor,
    }
}

mirror! {
    /// What was done, or tried, at a token.
    TokenStep = burn::Step {
        /// Asking what it is.
        Info,
        /// Choosing an applet.
        Select,
        /// Reading what it holds.
        List,
        /// Proving an access code to it.
        Validate,
        /// Asking for a challenge.
        Challenge,
        /// Proving the key to it.
        Authenticate,
        /// Writing settings and clock.
        Config,
        /// Writing the clock alone.
        Clock,
        /// Writing the seed.
        Seed,
        /// Writing the title.
        Title,
        /// Deleting what it held.
        Delete,
        /// Writing an entry: name, seed and settings at once.
        Put,
        /// Asking for the key that the next write is sealed for.
        Agree,
        /// Reading back what was written.
        ReadBack,
        /// Writing another key, or another access code.
        ChangeKey,
        /// Forgetting everything.
        Reset,
        /// Locking or unlocking its screen.
        Screen,
        /// Answering a challenge.
        Respond,
    }
}

/// What a token can hold.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TokenCapabilities {
    /// The last counter that codes may begin at; none where no counter moves them.
    pub last_counter: Option<u64>,
    /// Hashes.
    pub algorithms: Vec<Algorithm>,
    /// Digits of a code.
    pub digits: Vec<u8>,
    /// Periods.
    pub periods: TokenPeriods,
    /// The fewest bytes of a seed.
    pub shortest_seed: u64,
    /// The most bytes of a seed.
    pub longest_seed: u64,
    /// Whether an entry can be told to want a touch for each code.
    pub touch: bool,
    /// Whether codes can be read back over the link: else a person compares them.
    pub reads_codes: bool,
    /// What it stores of whose account it is.
    pub label: TokenLabel,
    /// Whether its clock can be set without writing the seed again.
    pub clock_alone: bool,
    /// Whether it has profiles that are called by numbers.
    pub profiles: bool,
    /// Whether it has a display that stays on for a while.
    pub display: bool,
}

impl From<burn::Capabilities> for TokenCapabilities {
    fn from(core: burn::Capabilities) -> Self {
        let burn::Capabilities {
            counter,
            algorithms,
            digits,
            periods,
            seed,
            touch,
            reads_codes,
            label,
            clock_alone,
            profiles,
            display,
        } = core;
        Self {
            last_counter: counter.map(|starts| *starts.end()),
            algorithms: algorithms.iter().copied().map(Algorithm::from).collect(),
            digits: digits.to_vec(),
            periods: periods.into(),
            shortest_seed: *seed.start() as u64,
            longest_seed: *seed.end() as u64,
            touch,
            reads_codes,
            label: label.into(),
            clock_alone,
            profiles,
            display,
        }
    }
}

/// Which periods a token knows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TokenPeriods {
    /// These.
    Only {
        /// In seconds.
        seconds: Vec<u32>,
    },
    /// All up to so many seconds.
    UpTo {
        /// The longest.
        seconds: u32,
    },
}

impl From<burn::Periods> for TokenPeriods {
    fn from(core: burn::Periods) -> Self {
        match core {
            burn::Periods::Only(seconds) => Self::Only { seconds: seconds.to_vec() },
            burn::Periods::UpTo(seconds) => Self::UpTo { seconds },
        }
    }
}

/// What a token stores of whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TokenLabel {
    /// Nothing.
    Nothing,
    /// A title of at most twelve bytes, which anyone may read.
    Title,
    /// One name.
    Name,
    /// Two names in ASCII.
    TwoNames,
}

impl From<burn::Label> for TokenLabel {
    fn from(core: burn::Label) -> Self {
        match core {
            burn::Label::None => Self::Nothing,
            burn::Label::Title => Self::Title,
            burn::Label::Name => Self::Name,
            burn::Label::TwoNames => Self::TwoNames,
        }
    }
}

/// How full a token is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TokenRoom {
    /// How many places hold a seed.
    pub taken: u64,
    /// How many there are, where that is known.
    pub all: Option<u64>,
    /// Of a token with profiles those that hold a seed.
    pub profiles: Vec<UsedProfile>,
    /// Whether it holds no more than it came with, of a token with profiles.
    pub is_as_made: bool,
}

impl From<burn::Room> for TokenRoom {
    fn from(core: burn::Room) -> Self {
        let is_as_made = core.is_as_made();
        let burn::Room { taken, all, profiles } = core;
        let profiles = profiles.into_iter().map(|(number, title)| UsedProfile { number, title }).collect();
        Self { taken: taken as u64, all: all.map(|all| all as u64), profiles, is_as_made }
    }
}

/// A profile that holds a seed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct UsedProfile {
    /// Its number; 0 is the first.
    pub number: u8,
    /// Its title, which anyone may read.
    pub title: String,
}
