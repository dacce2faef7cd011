//! Accounts as a transfer that Google Authenticator and others read.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::CannotHold;
use super::wire::{put_bytes, put_message, put_number};
use crate::limits;
use crate::otp::{Algorithm, Digits};
use crate::uri::otpauth::{Account, Kind, OtherKind};

/// Text of one part, in bytes, in the order in which they are tried: the first makes codes that stand in a terminal of 80
/// columns, the last is the largest that a code holds.
const SIZES: [usize; 3] = [440, 1_100, 2_900];
/// What stands before the data.
const HEAD: &str = "otpauth-migration://offline?data=";
/// The version that writers have.
const VERSION: u64 = 1;

/// One account, as its message is written.
type Message = Zeroizing<Vec<u8>>;

/// As many accounts as a transfer holds at most; of long ones fewer.
pub const TRANSFER_HOLDS: usize = limits::MIGRATION_PARTS as usize * limits::MIGRATION_ENTRIES;

/// More accounts than one transfer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} accounts are more than a transfer holds")]
pub struct TooMany(pub usize);

/// Whether a transfer can hold this account as it is.
///
/// # Errors
/// [`CannotHold`]: it has no place for another period than 30 seconds, for digits other than 6 and 8, for SHA-224 and SHA-384,
/// nor for other kinds.
pub fn holds(account: &Account) -> Result<(), CannotHold> {
    match account.kind {
        Kind::Totp { period } if period.seconds() != 30 => Err(CannotHold::Period(period.seconds())),
        Kind::Totp { period } if period.start() != 0 => Err(CannotHold::Start(period.start())),
        Kind::Totp { .. } | Kind::Hotp { .. } => match (account.digits, account.algorithm) {
            (Digits::SIX | Digits::EIGHT, Algorithm::Sha224 | Algorithm::Sha384) => {
                Err(CannotHold::Algorithm(account.algorithm))
            }
            (Digits::SIX | Digits::EIGHT, _) => Ok(()),
            (digits, _) => Err(CannotHold::Digits(digits.get())),
        },
        Kind::Steam => Err(CannotHold::Kind(OtherKind::Steam)),
        Kind::Yandex => Err(CannotHold::Kind(OtherKind::Yandex)),
        Kind::MOtp => Err(CannotHold::Kind(OtherKind::MOtp)),
    }
}

/// Writes accounts, of which [`holds`] says that they can be, as the links of one transfer. `id` is drawn for each.
///
/// # Errors
/// [`TooMany`], where a hundred of the largest codes do not hold them.
pub fn write(accounts: &[&Account], id: i32) -> Result<Vec<Zeroizing<String>>, TooMany> {
    let messages: Vec<_> = accounts.iter().map(|account| entry(account)).collect();
    let most = limits::MIGRATION_PARTS as usize;
    let tries = SIZES.iter().map(|size| cut(&messages, *size));
    let parts = tries.into_iter().find(|parts| parts.len() <= most).ok_or(TooMany(accounts.len()))?;
    let size = parts.len() as u64;
    Ok((0..).zip(&parts).map(|(index, part)| link(part, size, index, id)).collect())
}

/// Puts as many messages into each part as fit into its text, and at least one.
fn cut(messages: &[Message], text: usize) -> Vec<&[Message]> {
    let most = u64::from(limits::MIGRATION_PARTS);
    // The longest that the numbers of a batch can make it.
    let fits = |part: &[Message]| part.len() <= limits::MIGRATION_ENTRIES && link(part, most, most, -1).len() <= text;
    let mut parts = Vec::new();
    let mut rest = messages;
    while !rest.is_empty() {
        let more = (2..=rest.len()).take_while(|count| rest.get(..*count).is_some_and(fits)).last();
        let (part, after) = rest.split_at(more.unwrap_or(1));
        parts.push(part);
        rest = after;
    }
    parts
}

fn link(part: &[Message], size: u64, index: u64, id: i32) -> Zeroizing<String> {
    let mut message = Zeroizing::new(Vec::with_capacity(part.iter().map(|entry| entry.len() + 4).sum::<usize>() + 24));
    part.iter().for_each(|entry| put_message(1, entry, &mut message));
    put_number(2, VERSION, &mut message);
    put_number(3, size, &mut message);
    put_number(4, index, &mut message);
    // As protocol buffers have it, a negative number takes all 64 bits.
    put_number(5, i64::from(id) as u64, &mut message);
    let data = Zeroizing::new(STANDARD.encode(&*message));
    let mut link = Zeroizing::new(String::with_capacity(HEAD.len() + 3 * data.len()));
    link.push_str(HEAD);
    for c in data.chars() {
        if c.is_ascii_alphanumeric() {
            link.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(link, "%{:02X}", u32::from(c));
        }
    }
    link
}

fn entry(account: &Account) -> Message {
    let names = 2 * account.issuer.len() + account.name.len();
    let mut out = Zeroizing::new(Vec::with_capacity(account.secret.len() + names + 40));
    // The seed leaves its type as the text that was asked for.
    put_bytes(1, account.secret.expose(), &mut out);
    put_bytes(2, name(account).as_bytes(), &mut out);
    put_bytes(3, account.issuer.as_bytes(), &mut out);
    let algorithm = match account.algorithm {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
        Algorithm::Md5 => 4,
        // Refused before.
        Algorithm::Sha224 | Algorithm::Sha384 => 0,
    };
    put_number(4, algorithm, &mut out);
    put_number(5, if account.digits == Digits::EIGHT { 2 } else { 1 }, &mut out);
    match account.kind {
        Kind::Hotp { counter } => {
            put_number(6, 1, &mut out);
            put_number(7, counter.get(), &mut out);
        }
        // Any other kind was refused before.
        Kind::Totp { .. } | Kind::Steam | Kind::Yandex | Kind::MOtp => put_number(6, 2, &mut out),
    }
    out
}

/// The name, with the issuer before it where readers would else take a part of it for one.
fn name(account: &Account) -> String {
    let Account { issuer, name, .. } = account;
    let repeats = match issuer.as_str() {
        "" => name.contains(':'),
        issuer => name.strip_prefix(issuer).is_some_and(|rest| rest.starts_with(':')),
    };
    if repeats { format!("{issuer}:{name}") } else { name.clone() }
}
