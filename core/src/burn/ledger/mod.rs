//! The ledger of a batch: what became of each token, in the forms that servers and people read.
//!
//! A form says what it cannot express before anything is written: such a token is left out by name, never written wrongly.
//! Whatever is written is read back by the readers of sources ([`read_back`]); rights on the file, and the choice to write
//! seeds in the clear, are the shell's.

mod back;
mod oath;
mod own;
#[cfg(test)]
mod tests;

pub use back::{BackError, read_back};
pub use own::{Inventory, inventory};

use std::collections::HashMap;
use std::hash::Hash;

use countersign_protocol::otp::Algorithm;
use countersign_protocol::otp::base32;
use zeroize::Zeroizing;

use super::credential::{Credential, Moving, Serial};
use super::pskc::{self, Item, Protection};
use super::source::{Column, Quoted, is_formula};
use crate::error::PortError;
use crate::limits;
use crate::port::Random;

/// One token of the ledger.
#[derive(Debug, Clone)]
pub struct Entry {
    /// As the token itself says.
    pub serial: Serial,
    /// Which profile, of a token that has many; 0 is the first.
    pub profile: Option<u8>,
    /// Who made it; may be empty.
    pub manufacturer: String,
    /// Its model; may be empty.
    pub model: String,
    /// What was written.
    pub credential: Credential,
    /// When, in seconds since 1970.
    pub written_at: u64,
    /// What shows that the token holds it.
    pub proof: Proof,
    /// How many seconds its clock is ahead, or behind if negative, where a person saw a code of another time.
    pub ahead: Option<i64>,
}

/// What shows that a token holds its seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// A code was read back over the wire, and is right.
    ByWire,
    /// A person compared codes of its display, and they are right.
    ByCodes,
    /// The token took it; nobody compared a code.
    Written,
    /// Writing failed: the token may hold anything.
    Failed,
}

impl Proof {
    /// All, in the order of what they show.
    pub const ALL: [Self; 4] = [Self::ByWire, Self::ByCodes, Self::Written, Self::Failed];

    /// As our own files call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByWire => "proven_by_link",
            Self::ByCodes => "proven_by_codes",
            Self::Written => "written_not_proven",
            Self::Failed => "failed",
        }
    }

    /// By the name that our own files have for it; they said `proven_by_wire` once.
    pub fn named(name: &str) -> Option<Self> {
        let name = if name == "proven_by_wire" { "proven_by_link" } else { name };
        Self::ALL.into_iter().find(|proof| proof.as_str() == name)
    }

    /// Whether a code was compared.
    pub const fn is_proven(self) -> bool {
        matches!(self, Self::ByWire | Self::ByCodes)
    }
}

/// A form of the ledger.
#[derive(Debug, Clone)]
pub enum Form {
    /// Microsoft Entra's table of hardware tokens: SHA-1, six digits, 30 or 60 seconds.
    Entra,
    /// privacyIDEA's OATH table.
    Oath,
    /// RFC 6030.
    Pskc(Protection),
    /// Our own table; without seeds it is an inventory.
    Table {
        /// Whether seeds are in it.
        seeds: bool,
    },
    /// The same as JSON.
    Json {
        /// Whether seeds are in it.
        seeds: bool,
    },
}

impl Form {
    /// Whether seeds stand in it for everyone to read: then a person chooses so, by name.
    pub const fn is_clear(&self) -> bool {
        match self {
            Self::Entra | Self::Oath | Self::Pskc(Protection::Plain) => true,
            Self::Pskc(_) => false,
            Self::Table { seeds } | Self::Json { seeds } => *seeds,
        }
    }

    /// Whether it is read by servers, which take what stands in it for proven: they know a token by its serial number alone.
    pub const fn is_for_servers(&self) -> bool {
        matches!(self, Self::Entra | Self::Oath | Self::Pskc(_))
    }

    const fn has_seeds(&self) -> bool {
        !matches!(self, Self::Table { seeds: false } | Self::Json { seeds: false })
    }
}

/// A ledger that was written.
#[derive(Debug)]
pub struct Written {
    /// The file.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Tokens that are not in it.
    pub left_out: Vec<LeftOut>,
    /// What the form does not say of those that are.
    pub told: Vec<Told>,
}

/// A token that is not in a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its serial number.
    pub serial: Serial,
    /// Its profile, where it has many.
    pub profile: Option<u8>,
    /// Why.
    pub why: Why,
}

/// Why a form cannot express a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Writing it failed.
    Failed,
    /// Nobody proved that the token holds its seed, and the form cannot say so.
    Unproven,
    /// Its seed is right and its clock is ahead by so many seconds, or behind if negative, and the form cannot say so. To prove it
    /// helps only when its clock was set.
    ClockOff(i64),
    /// Several seeds of one token would stand under one serial number, of which a server keeps one.
    SameSerial,
    /// A server would take its serial number for that of another token, which differs in its case, or in characters that are
    /// written otherwise for servers.
    AlikeSerial,
    /// A counter moves its codes on.
    Counter,
    /// The hash.
    Algorithm(Algorithm),
    /// Its number of digits.
    Digits(u8),
    /// Its period, in seconds.
    Period(u32),
    /// Its periods are not counted from 1970.
    Start,
    /// Its key is too long, or as long as it is for another hash.
    Key(usize),
    /// This holds a character that the form or a spreadsheet would take for something else.
    Character(Column),
}

/// What a form does not say, of how many tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Who issued the account.
    IssuerNotWritten(usize),
    /// For whom it is.
    NameNotWritten(usize),
    /// The name is none by which Entra knows a person: it is to be filled in.
    NoPrincipalName(usize),
    /// The key was lengthened by zeros, so that privacyIDEA takes the right hash.
    KeyExtended(usize),
    /// Nobody proved that the token holds its seed.
    NotProven(usize),
    /// A person saw the token's clock to be off: its seed is right, and its codes may be refused.
    ClockOff(usize),
    /// The profile stands behind the serial number.
    ProfileInSerial(usize),
    /// The serial number has `-` for `+` and `_` for `/`.
    SerialForServers(usize),
}

/// Why no ledger was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// No token is left that the form can express.
    #[error("no token is left to be written")]
    Nothing,
    /// More tokens than a file has rows.
    #[error("{0} tokens in one file")]
    TooMany(usize),
    /// A time that no calendar has.
    #[error("a time past the year 9999")]
    Time,
    /// The key of an encrypted container has another length than 16 bytes.
    #[error("a key of {0} bytes, not 16")]
    KeyLength(usize),
    /// Rounds of PBKDF2 that no reader takes.
    #[error("{0} rounds of PBKDF2")]
    Rounds(u32),
    /// The machine gave no random bytes.
    #[error("{0}")]
    Port(#[from] PortError),
}

/// Writes a ledger.
///
/// # Errors
/// See [`LedgerError`].
pub fn write(entries: &[Entry], form: &Form, random: &dyn Random) -> Result<Written, LedgerError> {
    if entries.len() > limits::BURN_ROWS {
        return Err(LedgerError::TooMany(entries.len()));
    }
    let (kept, left_out) = parted(entries, form);
    if kept.is_empty() {
        return Err(LedgerError::Nothing);
    }
    let text = match form {
        Form::Entra => entra(&kept),
        Form::Oath => oath::write(&kept),
        Form::Pskc(protection) => {
            allowed(protection)?;
            let items: Vec<Item<'_>> = kept.iter().map(|entry| entry.item()).collect();
            pskc::write(&items, protection, random)?
        }
        Form::Table { seeds } => own::table(&kept, *seeds)?,
        Form::Json { seeds } => own::json(&kept, *seeds)?,
    };
    let bytes = Zeroizing::new(std::mem::take(&mut *{ text }).into_bytes());
    Ok(Written { bytes, left_out, told: told(&kept, form) })
}

/// What of these the form cannot express, each with the reason.
pub fn left_out(entries: &[Entry], form: &Form) -> Vec<LeftOut> {
    parted(entries, form).1
}

fn allowed(protection: &Protection) -> Result<(), LedgerError> {
    match protection {
        Protection::Key(key) if key.len() != 16 => Err(LedgerError::KeyLength(key.len())),
        Protection::Password { rounds, .. } if *rounds == 0 || u64::from(*rounds) > limits::PSKC_ROUNDS => {
            Err(LedgerError::Rounds(*rounds))
        }
        _ => Ok(()),
    }
}

/// Parts off the tokens that nobody proved, where the form cannot say so: whoever wants them in a server all the same writes
/// all of them. Our own forms say what is proven, and have all.
pub fn proven(entries: Vec<Entry>, form: &Form) -> (Vec<Entry>, Vec<LeftOut>) {
    let is_kept = |entry: &Entry| entry.proof != Proof::Written || !form.is_for_servers();
    let (kept, others): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_kept);
    (kept, others.iter().map(|entry| entry.left_out(entry.ahead.map_or(Why::Unproven, Why::ClockOff))).collect())
}

impl Entry {
    fn item(&self) -> Item<'_> {
        let Self { serial, manufacturer, model, credential, .. } = self;
        Item { serial: self.serial_in_servers().unwrap_or_else(|| serial.clone()), manufacturer, model, credential }
    }

    fn left_out(&self, why: Why) -> LeftOut {
        LeftOut { serial: self.serial.clone(), profile: self.profile, why }
    }

    /// By what a server knows it: a server keeps one seed a serial number, so that a profile has its number behind it, with
    /// nothing but what privacyIDEA takes in one (letters, digits, `-` and `_`). `None` where that is too long.
    fn serial_in_servers(&self) -> Option<Serial> {
        if self.profile.is_none() && !self.is_renamed() {
            return Some(self.serial.clone());
        }
        let serial = self.serial.as_str().replace('+', "-").replace('/', "_");
        let profile = self.profile.map(|profile| format!("-{profile}")).unwrap_or_default();
        Serial::try_from(format!("{serial}{profile}").as_str()).ok()
    }

    /// Whether its number is written otherwise for servers, as the device id of a YubiKey may be: base64 by its other alphabet.
    fn is_renamed(&self) -> bool {
        self.serial.as_str().contains(['+', '/'])
    }

    /// By what this form calls it.
    fn serial_in(&self, form: &Form) -> Option<Serial> {
        if form.is_for_servers() { self.serial_in_servers() } else { Some(self.serial.clone()) }
    }
}

/// Those that the form can express, and the others with the reason.
fn parted<'a>(entries: &'a [Entry], form: &Form) -> (Vec<&'a Entry>, Vec<LeftOut>) {
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    let fit: Vec<&Entry> = entries.iter().filter(|entry| hindrance(entry, form).is_none()).collect();
    let own = counted(&fit, |entry| Some((entry.serial.clone(), entry.profile)));
    // Servers compare without regard to case, or their databases do.
    let alike = |entry: &Entry| Some(entry.serial_in_servers()?.as_str().to_ascii_lowercase());
    let servers = counted(&fit, alike);
    let shared = |entry: &Entry| {
        if own.get(&(entry.serial.clone(), entry.profile)).is_some_and(|count| *count > 1) {
            return Some(Why::SameSerial);
        }
        alike(entry).and_then(|serial| servers.get(&serial)).filter(|count| **count > 1).map(|_| Why::AlikeSerial)
    };
    for entry in entries {
        match hindrance(entry, form).or_else(|| shared(entry).filter(|_| form.is_for_servers())) {
            None => kept.push(entry),
            Some(why) => left_out.push(entry.left_out(why)),
        }
    }
    (kept, left_out)
}

/// How many entries have each such name.
fn counted<N: Eq + Hash>(entries: &[&Entry], name: impl Fn(&Entry) -> Option<N>) -> HashMap<N, usize> {
    let mut counts = HashMap::new();
    entries.iter().filter_map(|entry| name(entry)).for_each(|name| *counts.entry(name).or_default() += 1);
    counts
}

fn hindrance(entry: &Entry, form: &Form) -> Option<Why> {
    if form.has_seeds() && entry.proof == Proof::Failed {
        return Some(Why::Failed);
    }
    if matches!(entry.credential.moving, Moving::Time(period) if period.start() != 0) {
        return Some(Why::Start);
    }
    if entry.serial_in(form).is_none() {
        return Some(Why::Character(Column::Serial));
    }
    match form {
        Form::Entra => entra_hindrance(entry),
        Form::Oath => oath::hindrance(entry),
        Form::Pskc(_) | Form::Table { .. } | Form::Json { .. } => None,
    }
}

fn entra_hindrance(entry: &Entry) -> Option<Why> {
    let Credential { name, seed, moving, algorithm, digits, .. } = &entry.credential;
    let texts = [
        (Column::Serial, entry.serial.as_str()),
        (Column::Name, name),
        (Column::Manufacturer, &entry.manufacturer),
        (Column::Model, &entry.model),
    ];
    let Moving::Time(period) = moving else { return Some(Why::Counter) };
    if *algorithm != Algorithm::Sha1 {
        return Some(Why::Algorithm(*algorithm));
    }
    if digits.get() != 6 {
        return Some(Why::Digits(digits.get()));
    }
    if ![30, 60].contains(&period.seconds()) {
        return Some(Why::Period(period.seconds()));
    }
    if seed.len() * 8 > ENTRA_KEY * 5 {
        return Some(Why::Key(seed.len()));
    }
    texts.into_iter().find(|(_, text)| is_formula(text)).map(|(column, _)| Why::Character(column))
}

/// Letters of base32 that Entra takes.
const ENTRA_KEY: usize = 128;

const ENTRA_HEADER: &str = "upn,serial number,secret key,time interval,manufacturer,model\r\n";

fn entra(entries: &[&Entry]) -> Zeroizing<String> {
    let long = |entry: &&Entry| {
        let texts = 4
            + entry.serial.as_str().len()
            + entry.manufacturer.len()
            + entry.model.len()
            + entry.credential.name.len();
        2 * texts + 2 * entry.credential.seed.len() + 64
    };
    let room = ENTRA_HEADER.len() + entries.iter().map(long).sum::<usize>();
    let mut out = Zeroizing::new(String::with_capacity(room));
    out.push_str(ENTRA_HEADER);
    for entry in entries {
        let seconds = match entry.credential.moving {
            Moving::Time(period) => period.seconds(),
            Moving::Counter(_) => 0,
        };
        Quoted(&entry.credential.name).write(&mut out, ",");
        Quoted(entry.item().serial.as_str()).write(&mut out, ",");
        out.push_str(&base32::encode(entry.credential.seed.expose()));
        out.push_str(&format!(",{seconds},"));
        Quoted(&entry.manufacturer).write(&mut out, ",");
        Quoted(&entry.model).write(&mut out, "\r\n");
    }
    out
}

fn told(kept: &[&Entry], form: &Form) -> Vec<Told> {
    let count = |is: &dyn Fn(&Entry) -> bool| kept.iter().filter(|entry| is(entry)).count();
    let issuers = Told::IssuerNotWritten(count(&|entry| !entry.credential.issuer.is_empty()));
    let unproven = Told::NotProven(count(&|entry| entry.proof == Proof::Written && entry.ahead.is_none()));
    let off = Told::ClockOff(count(&|entry| entry.ahead.is_some()));
    let profiles = Told::ProfileInSerial(count(&|entry| entry.profile.is_some()));
    let all = match form {
        Form::Entra => vec![issuers, Told::NoPrincipalName(count(&|entry| !entry.credential.name.contains('@')))],
        Form::Oath => {
            let names = Told::NameNotWritten(count(&|entry| !entry.credential.name.is_empty()));
            vec![issuers, names, Told::KeyExtended(count(&oath::is_extended))]
        }
        Form::Pskc(_) | Form::Table { .. } | Form::Json { .. } => Vec::new(),
    };
    let renamed = Told::SerialForServers(count(&Entry::is_renamed));
    let of_servers = form.is_for_servers().then_some([unproven, off, profiles, renamed]);
    let all = all.into_iter().chain(of_servers.into_iter().flatten());
    all.filter(|told| told.count() > 0).collect()
}

impl Told {
    const fn count(self) -> usize {
        match self {
            Self::IssuerNotWritten(n)
            | Self::NameNotWritten(n)
            | Self::NoPrincipalName(n)
            | Self::KeyExtended(n)
            | Self::NotProven(n)
            | Self::ClockOff(n)
            | Self::ProfileInSerial(n)
            | Self::SerialForServers(n) => n,
        }
    }
}
