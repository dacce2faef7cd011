//! What is kept of burns, as bytes: the vault seals them and does not know what they say.
//!
//! Numbers are big-endian, a text is its length (4) and UTF-8, what may be missing is 0, or 1 and itself.
//!
//! ```text
//! token:      family 1 | serial number, empty where it tells none
//! credential: serial? | issuer | name | seed with its length | 1, period 4, start 8; or 2, counter 8 | algorithm 1 | digits 1
//! burn:       1 | token | model? | began 8 | ahead 8? | how far | profile 1 | title? | display 1 | touch, replace, expert 1
//!             | credential | maker and model of its source | batch 8 and line 8? | row of the ledger 8?
//! how far:    0, count 1 and steps; or 1 and the end
//! ledger:     1 | token | profile 1 | maker | model | written 8 | proof 1 | credential | batch 8?
//!             or 2, and behind all that how far its clock is ahead 8
//! key:        1 | family 1 | key
//! batch:      1 | name | made 8
//! row:        1 | profile 1? | maker | model | credential | serial number of its token?
//! ```

mod bytes;
#[cfg(test)]
mod tests;

use countersign_protocol::Secret;
use zeroize::Zeroizing;

use super::credential::{Credential, Moving, Serial};
use super::identity::{Dialect, Family};
use super::journal::{Ending, Progress, Record, TokenName};
use super::ledger;
use super::name::Stored;
use super::request::Request;
use super::source::Row;
use bytes::{DISPLAYS, FAMILIES, FORM, In, Out, WITH_CLOCK};

/// Which batch that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

/// A row of a batch that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchLine {
    /// The batch.
    pub batch: BatchId,
    /// The line on which the row stood in its source.
    pub line: usize,
}

impl BatchLine {
    /// What its row is called by.
    pub(crate) fn bytes(self) -> Vec<u8> {
        [self.batch.0.to_be_bytes(), (self.line as u64).to_be_bytes()].concat()
    }

    pub(crate) fn read(name: &[u8]) -> Option<Self> {
        let (batch, line) = name.split_first_chunk()?;
        let line = u64::from_be_bytes(line.try_into().ok()?);
        Some(Self { batch: BatchId(u64::from_be_bytes(*batch)), line: usize::try_from(line).ok()? })
    }
}

/// A burn as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct KeptBurn {
    pub record: Record,
    /// Who made the token and its model, as the source says; both may be empty.
    pub source: (String, String),
    /// The row of a batch that it was begun for.
    pub from: Option<BatchLine>,
    /// Its row of the ledger, once there is one.
    pub row: Option<u64>,
}

/// A row of the ledger: what is in one place of one token.
#[derive(Debug, Clone)]
pub struct LedgerRow {
    /// The token.
    pub token: TokenName,
    /// The profile, of a token that has many.
    pub profile: u8,
    /// Who made it; may be empty.
    pub manufacturer: String,
    /// Its model; may be empty.
    pub model: String,
    /// What was written.
    pub credential: Credential,
    /// When, in seconds since 1970.
    pub written_at: u64,
    /// What shows that the token holds it.
    pub proof: ledger::Proof,
    /// How many seconds its clock is ahead, or behind if negative, where a person saw a code of another time.
    pub ahead: Option<i64>,
    /// The batch that it belongs to.
    pub batch: Option<BatchId>,
}

impl LedgerRow {
    /// The token as ledgers take it; `None` for a token that has no serial number, nor one in its source.
    pub fn entry(&self) -> Option<ledger::Entry> {
        let serial = self.token.serial.clone().or_else(|| self.credential.serial.clone())?;
        let Self { manufacturer, model, credential, written_at, proof, ahead, .. } = self;
        Some(ledger::Entry {
            serial,
            profile: self.token.family.has_profiles().then_some(self.profile),
            manufacturer: manufacturer.clone(),
            model: model.clone(),
            credential: credential.clone(),
            written_at: *written_at,
            proof: *proof,
            ahead: *ahead,
        })
    }

    /// Whether it is of the place of its token that this request would write: the whole, a profile, or the entry of a name.
    pub fn is_in_place_of(&self, request: &Request) -> bool {
        let stored = |request: &Request| Stored::of(self.token.family, request).ok();
        match self.token.family {
            Family::Single => true,
            Family::Molto2 => self.profile == request.profile,
            _ => stored(&Request::new(self.credential.clone())) == stored(request),
        }
    }

    /// What it says after its token was read back; as it was where that says nothing new.
    pub(crate) fn after(self, ending: Ending) -> Self {
        let Some(proof) = Progress::Ended(ending).proof() else { return self };
        Self { credential: ending.leaves(&self.credential), proof, ahead: ending.ahead(), ..self }
    }

    /// The place in the token: one row of the ledger a place.
    pub(crate) fn place(&self) -> Zeroizing<Vec<u8>> {
        place(&self.token, self.profile, &self.credential)
    }
}

/// Tokens with names for what they hold have a place a name; the others a place a profile.
fn place(token: &TokenName, profile: u8, credential: &Credential) -> Zeroizing<Vec<u8>> {
    let mut out = Out::of(&[&credential.issuer, &credential.name], 0);
    out.token(token);
    out.byte(profile);
    if !matches!(token.family, Family::Single | Family::Molto2) {
        out.text(&credential.issuer);
        out.text(&credential.name);
    }
    // There the period is a part of the name, unless it is the usual one.
    if let (Family::Oath(_), Moving::Time(period)) = (token.family, credential.moving)
        && period.seconds() != 30
    {
        out.number(period.seconds().into());
    }
    out.0
}

impl Family {
    /// Whether a key of `other` may be proven to a token of this family: one that is not its own counts as a wrong try.
    pub fn takes_keys_of(self, other: Self) -> bool {
        self.is_asked_as(other)
    }

    /// Who makes tokens of this family, where that is one.
    pub const fn maker(self) -> Option<&'static str> {
        match self {
            Self::Single | Self::Molto2 | Self::Token2Otp => Some("Token2"),
            Self::Oath(Dialect::YubiKey) => Some("Yubico"),
            Self::Oath(Dialect::Nitrokey) => Some("Nitrokey"),
            Self::Feitian => Some("Feitian"),
            Self::Oath(Dialect::NeoOath | Dialect::Apex) => None,
        }
    }
}

impl Progress {
    /// How many seconds its token's clock is ahead, where a person saw that it is off.
    pub const fn ahead(&self) -> Option<i64> {
        if let Self::Ended(ending) = self { ending.ahead() } else { None }
    }

    /// What the ledger says of it: a burn that did not come to its end may have left anything. Nothing where nothing was
    /// written.
    pub const fn proof(&self) -> Option<ledger::Proof> {
        match self {
            Self::Begun(_) | Self::Ended(Ending::Failed) => Some(ledger::Proof::Failed),
            Self::Ended(Ending::ProvenByLink | Ending::CountedByLink(_)) => Some(ledger::Proof::ByWire),
            Self::Ended(Ending::ProvenByPerson | Ending::CountedByPerson(_)) => Some(ledger::Proof::ByCodes),
            // Its seed is right and its codes are not yet: it is not handed out as proven.
            Self::Ended(Ending::Written(_) | Ending::ClockOff(_)) => Some(ledger::Proof::Written),
            Self::Ended(Ending::NotWritten) => None,
        }
    }
}

impl KeptBurn {
    /// The place in the token that it writes.
    pub fn place(&self) -> Zeroizing<Vec<u8>> {
        place(&self.record.token, self.record.request.profile, &self.record.request.credential)
    }

    /// Whether `record` is of this very burn, begun once more: the same seed into the same place.
    pub fn is_of(&self, record: &Record) -> bool {
        let (own, other) = (&self.record.request.credential, &record.request.credential);
        let place = place(&record.token, record.request.profile, other);
        self.place() == place && own.seed.is_same_key(&other.seed)
    }

    /// What the ledger says of it; nothing where nothing was written.
    pub fn ledger_row(&self) -> Option<LedgerRow> {
        let Record { token, request, model, began, progress, .. } = &self.record;
        let (maker, source) = &self.source;
        Some(LedgerRow {
            token: token.clone(),
            profile: request.profile,
            manufacturer: token.family.maker().unwrap_or(maker).to_owned(),
            model: model.as_ref().unwrap_or(source).clone(),
            credential: self.record.left(),
            written_at: *began,
            proof: progress.proof()?,
            ahead: progress.ahead(),
            batch: self.from.map(|from| from.batch),
        })
    }

    /// As the vault keeps it; its seed is among the bytes.
    pub fn write(&self) -> Secret {
        let Self { record: Record { token, request, model, began, ahead, progress }, source, from, row } = self;
        let credential = &request.credential;
        let title = request.title.as_deref().unwrap_or_default();
        let texts: [&str; 5] = [&credential.issuer, &credential.name, title, &source.0, &source.1];
        let mut out = Out::of(&texts, credential.seed.len());
        out.byte(FORM);
        out.token(token);
        out.maybe(model.as_ref(), |out, model| out.text(model));
        out.number(*began);
        out.maybe(ahead.as_ref(), |out, ahead| out.signed(*ahead));
        out.progress(progress);
        out.byte(request.profile);
        out.maybe(request.title.as_ref(), |out, title| out.text(title));
        out.byte(request.display.byte());
        out.byte(u8::from(request.touch) | u8::from(request.replace) << 1 | u8::from(request.expert) << 2);
        out.credential(credential);
        out.text(&source.0);
        out.text(&source.1);
        out.maybe(from.as_ref(), |out, from| out.bytes(&from.bytes()));
        out.maybe(row.as_ref(), |out, row| out.number(*row));
        out.done()
    }

    /// Reads what [`write`](Self::write) wrote; `None` for anything else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = In::of(bytes)?;
        let token = bytes.token()?;
        let model = bytes.maybe(In::text)?;
        let (began, ahead, progress) = (bytes.number()?, bytes.maybe(In::signed)?, bytes.progress()?);
        let (profile, title, display, flags) = (bytes.byte()?, bytes.maybe(In::text)?, bytes.byte()?, bytes.byte()?);
        let display = DISPLAYS.into_iter().find(|known| known.byte() == display)?;
        let (touch, replace, expert) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0);
        let credential = bytes.credential()?;
        let source = (bytes.text()?, bytes.text()?);
        let from = bytes.maybe(|bytes| BatchLine::read(bytes.take::<16>()?))?;
        let row = bytes.maybe(In::number)?;
        let request = Request { credential, profile, title, display, touch, replace, expert };
        let record = Record { token, request, model, began, ahead, progress };
        (flags < 8 && bytes.is_empty()).then_some(Self { record, source, from, row })
    }
}

impl TokenName {
    /// What its burn is called by.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Out::of(&[], 0);
        out.token(self);
        out.0.to_vec()
    }
}

impl LedgerRow {
    pub(crate) fn write(&self) -> Secret {
        let Self { token, profile, manufacturer, model, credential, written_at, proof, ahead, batch } = self;
        let mut out = Out::of(&[manufacturer, model, &credential.issuer, &credential.name], credential.seed.len());
        out.byte(if ahead.is_some() { WITH_CLOCK } else { FORM });
        out.token(token);
        out.byte(*profile);
        out.text(manufacturer);
        out.text(model);
        out.number(*written_at);
        out.place_in(&ledger::Proof::ALL, proof);
        out.credential(credential);
        out.maybe(batch.as_ref(), |out, batch| out.number(batch.0));
        ahead.iter().for_each(|ahead| out.signed(*ahead));
        out.done()
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (form, rest) = bytes.split_first()?;
        let mut bytes = In(rest);
        let (token, profile) = (bytes.token()?, bytes.byte()?);
        let (manufacturer, model, written_at) = (bytes.text()?, bytes.text()?, bytes.number()?);
        let (proof, credential) = (bytes.one_of(&ledger::Proof::ALL)?, bytes.credential()?);
        let batch = bytes.maybe(In::number)?.map(BatchId);
        let ahead = match *form {
            FORM => None,
            WITH_CLOCK => Some(bytes.signed()?),
            _ => return None,
        };
        let row = Self { token, profile, manufacturer, model, credential, written_at, proof, ahead, batch };
        bytes.is_empty().then_some(row)
    }
}

/// The owner's own key of tokens, as it is kept.
pub(crate) fn write_key(family: Family, key: &Secret) -> Secret {
    let mut out = Out::of(&[], key.len());
    out.byte(FORM);
    out.place_in(&FAMILIES, &family);
    // The key leaves its type to be sealed.
    out.bytes(key.expose());
    out.done()
}

/// Reads what [`write_key`] wrote.
pub(crate) fn read_key(bytes: &[u8]) -> Option<(Family, Secret)> {
    let mut bytes = In::of(bytes)?;
    Some((bytes.one_of(&FAMILIES)?, Secret::from_slice(bytes.0)))
}

/// A batch without its rows, as it is kept.
pub(crate) fn write_batch(name: &str, made: u64) -> Secret {
    let mut out = Out::of(&[name], 0);
    out.byte(FORM);
    out.text(name);
    out.number(made);
    out.done()
}

/// Reads what [`write_batch`] wrote.
pub(crate) fn read_batch(bytes: &[u8]) -> Option<(String, u64)> {
    let mut bytes = In::of(bytes)?;
    let both = (bytes.text()?, bytes.number()?);
    bytes.is_empty().then_some(both)
}

/// A row of a batch, as it is kept: what was repaired in it was told when it was read.
#[derive(Debug, Clone)]
pub(crate) struct KeptRow {
    pub row: Row,
    /// The token that it is, or is being, written into.
    pub token: Option<Serial>,
}

impl KeptRow {
    /// As the vault keeps it; its seed is among the bytes, and its line is not: it is kept under that.
    pub fn write(&self) -> Secret {
        let Row { profile, manufacturer, model, credential, .. } = &self.row;
        let mut out = Out::of(&[manufacturer, model, &credential.issuer, &credential.name], credential.seed.len());
        out.byte(FORM);
        out.maybe(profile.as_ref(), |out, profile| out.byte(*profile));
        out.text(manufacturer);
        out.text(model);
        out.credential(credential);
        out.maybe(self.token.as_ref(), |out, serial| out.text(serial.as_str()));
        out.done()
    }

    /// Reads what [`write`](Self::write) wrote of the row of this line; `None` for anything else.
    pub fn read(line: usize, bytes: &[u8]) -> Option<Self> {
        let mut bytes = In::of(bytes)?;
        let (profile, manufacturer, model) = (bytes.maybe(In::byte)?, bytes.text()?, bytes.text()?);
        let (credential, token) = (bytes.credential()?, bytes.maybe(In::serial)?);
        let row = Row { line, profile, manufacturer, model, credential, notes: vec![] };
        bytes.is_empty().then_some(Self { row, token })
    }
}
