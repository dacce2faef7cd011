//! The transfer of Google Authenticator, `otpauth-migration://offline?data=…`: some ten accounts a QR code, and as many
//! codes as it takes. No document says what is in it; these are the fields that its readers agree on.
//!
//! [`parse`] reads one part. What is wrong with one account of it is told of that account, and the others are taken.
//! [`Transfer`] puts the parts together, in whatever order they come; [`write()`] makes parts.
//!
//! ```
//! use countersign_protocol::uri::migration::{Transfer, parse, write};
//! use countersign_protocol::uri::otpauth;
//!
//! let (account, _) = otpauth::parse("otpauth://totp/GitHub:mara?secret=JBSWY3DPEHPK3PXPJBSWY3DPEE&issuer=GitHub")?;
//! let links = write(&[&account], 7).unwrap();
//! let mut transfer = Transfer::default();
//! transfer.add(parse(&links[0])?).unwrap();
//! assert!(transfer.is_whole());
//! assert_eq!(transfer.entries().next().unwrap().names(), ("GitHub", "mara"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod entry;
mod error;
mod transfer;
mod wire;
mod write;

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

pub use entry::{Entry, Refused};
pub use error::{CannotHold, EntryFault, MigrationError};
pub use transfer::{Added, Count, OtherTransfer, Transfer};
pub use write::{TRANSFER_HOLDS, TooMany, holds, write};

use crate::{Secret, limits};
use wire::{Damaged, Value, fields, int32, once};

/// What all parts of one transfer have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Drawn for each transfer; 0 where the writer draws none.
    pub id: i32,
    /// How many parts there are: 1 to 100.
    pub size: u32,
}

/// One part of a transfer.
#[derive(Debug, Clone)]
pub struct Part {
    /// Of which transfer.
    pub batch: Batch,
    /// Which part, counted from 0.
    pub index: u32,
    /// Its accounts, and what is refused of them.
    pub entries: Vec<Entry>,
    /// The message, by which the same part is known again.
    payload: Secret,
}

/// Reads one part.
///
/// # Errors
/// [`MigrationError`], where nothing of it can be taken. What is wrong with one account stands in its [`Entry`].
pub fn parse(text: &str) -> Result<Part, MigrationError> {
    if text.len() > limits::SCANNED_TEXT {
        return Err(MigrationError::TooLong(text.len()));
    }
    let payload = decoded(data(text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}'))?)?;
    message(payload)
}

/// The value of `data`, as it stands in the link.
fn data(text: &str) -> Result<&str, MigrationError> {
    let (scheme, rest) = text.split_once(':').ok_or(MigrationError::NotTransfer)?;
    let (host, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !scheme.eq_ignore_ascii_case("otpauth-migration") || !host.trim_matches('/').eq_ignore_ascii_case("offline") {
        return Err(MigrationError::NotTransfer);
    }
    let named = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut found = named.filter(|(name, _)| name.eq_ignore_ascii_case("data"));
    match (found.next(), found.next()) {
        (Some((_, value)), None) if !value.is_empty() => Ok(value),
        _ => Err(MigrationError::NoData),
    }
}

/// Takes off what links do to base64, and reads it: percent escapes, a blank where a plus sign was, the alphabet for
/// links, padding or none, line breaks.
fn decoded(raw: &str) -> Result<Secret, MigrationError> {
    let mut text = Zeroizing::new(Vec::with_capacity(raw.len()));
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let byte = match (byte, after) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                let digit = |byte: &u8| char::from(*byte).to_digit(16).ok_or(MigrationError::Base64);
                (digit(high)? * 16 + digit(low)?) as u8
            }
            _ => byte,
        };
        match byte {
            b'\r' | b'\n' | b'\t' => {}
            b' ' | b'-' => text.push(b'+'),
            b'_' => text.push(b'/'),
            byte => text.push(byte),
        }
    }
    let padded = text.len();
    while text.last() == Some(&b'=') {
        text.pop();
    }
    if padded > limits::MIGRATION_TEXT {
        return Err(MigrationError::TooLong(padded));
    }
    if padded - text.len() > 2 {
        return Err(MigrationError::Base64);
    }
    STANDARD_NO_PAD.decode(&*text).map(Secret::new).map_err(|_| MigrationError::Base64)
}

/// Reads the message. Fields that are not known are passed over, as a later version may have them.
fn message(payload: Secret) -> Result<Part, MigrationError> {
    let (mut size, mut index, mut id, mut version) = (None, None, None, None);
    let mut entries = Vec::new();
    // The message leaves its type to be read.
    for field in fields(payload.expose()) {
        match field? {
            (1, Value::Bytes(entry)) => {
                if entries.len() == limits::MIGRATION_ENTRIES {
                    return Err(MigrationError::TooManyAccounts);
                }
                entries.push(entry::read(entry));
            }
            (2, Value::Number(number)) => once(&mut version, int32(number)?)?,
            (3, Value::Number(number)) => once(&mut size, int32(number)?)?,
            (4, Value::Number(number)) => once(&mut index, int32(number)?)?,
            (5, Value::Number(number)) => once(&mut id, int32(number)?)?,
            (1..=5, _) => return Err(MigrationError::Damaged),
            _ => {}
        }
    }
    let (said, index) = (size.unwrap_or_default(), index.unwrap_or_default());
    // A writer that counts no parts has one.
    let counted = u32::try_from(said).ok().filter(|size| *size <= limits::MIGRATION_PARTS);
    let size = counted.ok_or(MigrationError::Parts(said))?.max(1);
    let place = u32::try_from(index).ok().filter(|place| *place < size).ok_or(MigrationError::Index(index))?;
    Ok(Part { batch: Batch { id: id.unwrap_or_default(), size }, index: place, entries, payload })
}

impl From<Damaged> for MigrationError {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}
