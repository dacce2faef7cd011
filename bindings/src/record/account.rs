//! Accounts and their codes, mirrored.

use countersign_core::app;
use countersign_core::error::{InputError, Named, Rule};
use countersign_core::protocol::Secret;
use countersign_core::protocol::otp;
use countersign_core::vault;

use super::list::{AccountDetails, IconChange};

mirror! {
    /// The hash under a code.
    Algorithm = otp::Algorithm {
        /// SHA-1, which nearly every service uses.
        Sha1,
        /// SHA-256.
        Sha256,
        /// SHA-512.
        Sha512,
        /// SHA-224.
        Sha224,
        /// SHA-384.
        Sha384,
        /// MD5.
        Md5,
    }
}

mirror! {
    /// What a shell runs on, as far as a passphrase's cost goes.
    DeviceClass = vault::DeviceClass {
        /// A phone with less than 2 GB of memory.
        SmallPhone,
        /// A phone or a tablet.
        Phone,
        /// A desktop or a laptop.
        Desktop,
    }
}

mirror! {
    /// Whether accounts can be read.
    LockState = app::LockState {
        /// There is no vault yet.
        NoVault,
        /// Locked: no account is in memory.
        Locked,
        /// Unlocked.
        Open,
    }
}

/// How an account's codes move on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum AccountKind {
    /// With time (RFC 6238).
    Totp {
        /// Seconds that a code lives: 1 to 86400.
        period: u64,
        /// The moment from which periods are counted, in seconds since 1970; 0 with nearly every service.
        start: u64,
    },
    /// With each code shown (RFC 4226).
    Hotp {
        /// The counter of the next code.
        counter: u64,
    },
    /// With time: Steam Guard, five letters. Hash and length are no settings.
    Steam,
    /// With time: Yandex Key, eight letters, by seed and PIN.
    Yandex,
    /// With time: Mobile-OTP, six hexadecimal digits, by seed and PIN.
    MOtp,
}

impl From<vault::Kind> for AccountKind {
    fn from(core: vault::Kind) -> Self {
        match core {
            vault::Kind::Totp(period) => Self::Totp { period: period.seconds().into(), start: period.start() },
            vault::Kind::Hotp(counter) => Self::Hotp { counter: counter.get() },
            vault::Kind::Steam => Self::Steam,
            vault::Kind::Yandex => Self::Yandex,
            vault::Kind::MOtp => Self::MOtp,
        }
    }
}

/// An account to be added.
#[derive(Clone, uniffi::Record)]
pub struct NewAccount {
    /// Who issued it; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// The person's own words; may be empty.
    pub note: String,
    /// How its codes move on.
    pub kind: AccountKind,
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How long a code is: 5 to 10.
    pub digits: u8,
    /// The seed.
    pub secret: Vec<u8>,
    /// The PIN as it was typed, of a kind that has one.
    pub pin: Option<Vec<u8>>,
    /// How the person keeps it; none for nothing special.
    #[uniffi(default = None)]
    pub details: Option<AccountDetails>,
}

impl TryFrom<NewAccount> for vault::NewAccount {
    type Error = InputError;

    fn try_from(account: NewAccount) -> Result<Self, InputError> {
        let NewAccount { issuer, name, note, kind, algorithm, digits, secret, pin, details } = account;
        // Taken before anything can be refused, so that seed and PIN are wiped whatever comes.
        let (secret, pin) = (Secret::new(secret), pin.map(Secret::new));
        let field = |field| move |_| InputError::Field { field, rule: Rule::Range };
        let kind = match kind {
            AccountKind::Totp { period, start } => {
                let period: otp::Period = period.try_into().map_err(field(Named::Period))?;
                vault::Kind::Totp(period.counted_from(start).map_err(field(Named::Start))?)
            }
            AccountKind::Hotp { counter } => vault::Kind::Hotp(counter.try_into().map_err(field(Named::Counter))?),
            AccountKind::Steam => vault::Kind::Steam,
            AccountKind::Yandex => vault::Kind::Yandex,
            AccountKind::MOtp => vault::Kind::MOtp,
        };
        let pin = pin.map(|pin| pin_of(kind, &pin)).transpose()?;
        let digits = u64::from(digits).try_into().map_err(field(Named::Digits))?;
        let details = details.map(vault::Details::from).unwrap_or_default();
        let (algorithm, origin) = (algorithm.into(), None);
        Ok(Self { issuer, name, note, kind, algorithm, digits, secret, pin, origin, details })
    }
}

/// The PIN of this kind, which leaves the bytes of the shell to be read as text.
fn pin_of(kind: vault::Kind, typed: &Secret) -> Result<otp::Pin, InputError> {
    let timed = kind.timed(otp::Algorithm::default(), otp::Digits::default());
    let text = std::str::from_utf8(typed.expose()).ok();
    let pin = timed.zip(text).and_then(|(timed, text)| otp::Pin::of(timed, text).ok());
    pin.ok_or(InputError::Field { field: Named::Pin, rule: Rule::Pin })
}

/// What to change of an account; none leaves it as it is.
#[derive(Clone, uniffi::Record)]
pub struct AccountEdit {
    /// Who issued it.
    pub issuer: Option<String>,
    /// For whom.
    pub name: Option<String>,
    /// The person's own words.
    pub note: Option<String>,
    /// Whether it is among the favourites.
    #[uniffi(default = None)]
    pub favourite: Option<bool>,
    /// Whether it stands at the head of every list.
    #[uniffi(default = None)]
    pub pinned: Option<bool>,
    /// Whether its code is hidden until it is tapped.
    #[uniffi(default = None)]
    pub hidden: Option<bool>,
    /// What is drawn beside it.
    #[uniffi(default = None)]
    pub icon: Option<IconChange>,
    /// Groups to put it into.
    #[uniffi(default = [])]
    pub join: Vec<u64>,
    /// Groups to take it out of.
    #[uniffi(default = [])]
    pub leave: Vec<u64>,
    /// Tags to give it.
    #[uniffi(default = [])]
    pub tag: Vec<String>,
    /// Tags to take from it.
    #[uniffi(default = [])]
    pub untag: Vec<String>,
}

impl From<AccountEdit> for vault::Edit {
    fn from(edit: AccountEdit) -> Self {
        let AccountEdit { issuer, name, note, favourite, pinned, hidden, icon, join, leave, tag, untag } = edit;
        let icon = icon.map(Option::from);
        let groups = |ids: Vec<u64>| ids.into_iter().map(vault::GroupId).collect();
        let (join, leave) = (groups(join), groups(leave));
        Self { issuer, name, note, favourite, pinned, hidden, icon, join, leave, tag, untag, counter: None }
    }
}

/// An account without its seed and note.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct AccountRow {
    /// Which account.
    pub id: u64,
    /// Who issued it; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// How its codes move on.
    pub kind: AccountKind,
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How long a code is.
    pub digits: u8,
    /// The enrolment that brought it, if one did.
    pub origin: Option<String>,
    /// When it was added, by the phone's clock.
    pub created: u64,
    /// When it was last changed.
    pub changed: u64,
    /// Its place in the list: ascending, then by id.
    pub order: u64,
    /// How the person keeps it.
    pub details: AccountDetails,
    /// How often its code was used.
    pub uses: u64,
    /// When it was used last; 0 for never.
    pub used: u64,
    /// Since when it lies in the bin, if it does.
    pub deleted: Option<u64>,
    /// Its initials, where it has no icon.
    pub initials: String,
    /// What they stand on: red, green and blue, 0xRRGGBB.
    pub colour: u32,
}

impl From<&vault::Account> for AccountRow {
    fn from(core: &vault::Account) -> Self {
        let vault::Account { id, issuer, name, kind, algorithm, digits, origin, .. } = core;
        let vault::Account { created, changed, order, details, uses, used, deleted, .. } = core;
        let vault::Tile { initials, colour: [red, green, blue] } = core.tile();
        Self {
            id: id.0,
            issuer: issuer.clone(),
            name: name.clone(),
            kind: (*kind).into(),
            algorithm: (*algorithm).into(),
            digits: digits.get(),
            origin: origin.map(|enrolment| enrolment.to_string()),
            created: *created,
            changed: *changed,
            order: *order,
            details: details.into(),
            uses: *uses,
            used: *used,
            deleted: deleted.map(|deleted| deleted.at),
            initials,
            colour: u32::from_be_bytes([0, red, green, blue]),
        }
    }
}

/// The list at one moment.
#[derive(Clone, uniffi::Record)]
pub struct Codes {
    /// The accounts in order, with their codes.
    pub rows: Vec<CodeRow>,
    /// Accounts that cannot be read.
    pub damaged: Vec<DamagedRow>,
    /// When the first code changes; none while none follows the clock.
    pub next_change: Option<u64>,
    /// By how many seconds the phone's clock is ahead of the gateways', where one told its time. Codes are those of the
    /// phone's clock all the same.
    pub clock_ahead: Option<i64>,
}

/// One account and what it shows.
#[derive(Clone, uniffi::Record)]
pub struct CodeRow {
    /// The account.
    pub account: AccountRow,
    /// Its code; none for HOTP, whose code is asked for.
    pub live: Option<LiveCode>,
}

/// A code that follows the clock.
#[derive(Clone, uniffi::Record)]
pub struct LiveCode {
    /// The code of now.
    pub code: String,
    /// The code after it.
    pub next: String,
    /// Since when it is the code of now.
    pub since: u64,
    /// Until when, that second not included.
    pub until: u64,
}

/// An account that cannot be read; the others can.
#[derive(Clone, uniffi::Record)]
pub struct DamagedRow {
    /// Which account.
    pub id: u64,
    /// Its place among the accounts as they were added, from 1.
    pub position: u64,
    /// Its names, where they could still be read.
    pub label: Option<AccountRow>,
}

impl From<vault::Codes> for Codes {
    fn from(core: vault::Codes) -> Self {
        let vault::Codes { rows, damaged, next_change, clock_ahead } = core;
        Self {
            rows: rows.iter().map(CodeRow::from).collect(),
            damaged: damaged.iter().map(DamagedRow::from).collect(),
            next_change,
            clock_ahead,
        }
    }
}

impl From<&vault::CodeRow> for CodeRow {
    fn from(core: &vault::CodeRow) -> Self {
        let vault::CodeRow { account, live } = core;
        let live = live.as_ref().map(|live| LiveCode {
            code: live.code.to_string(),
            next: live.next.to_string(),
            since: live.valid.start,
            until: live.valid.end,
        });
        Self { account: AccountRow::from(&**account), live }
    }
}

impl From<&vault::DamagedAccount> for DamagedRow {
    fn from(core: &vault::DamagedAccount) -> Self {
        let vault::DamagedAccount { id, position, label } = core;
        Self { id: id.0, position: *position, label: label.as_ref().map(AccountRow::from) }
    }
}
