//! Accounts: what a person sees of them, and how their label is written before it is sealed.

use std::fmt;

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::otp::{Algorithm, Digits, Pin};
use countersign_protocol::text::{is_forbidden, is_heaped};
use countersign_protocol::uri::otpauth::{self, Repair};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::frame::{read_varint, write_varint};
use super::kind::Kind;
use crate::error::{InputError, Named, Rule};
use crate::limits;

/// Which account of the vault. Never given twice, also not after the account is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An account without its seed and note. Its names are wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Which account.
    pub id: AccountId,
    /// Who issued it, as shown; may be empty.
    pub issuer: String,
    /// For whom, as shown; may be empty.
    pub name: String,
    /// How its codes move on.
    pub kind: Kind,
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How long a code is.
    pub digits: Digits,
    /// The enrolment that brought it, if one did: then it never enters an export.
    pub origin: Option<Id>,
    /// When it was added, in Unix time of this device.
    pub created: u64,
    /// When it was last changed; counters apart.
    pub changed: u64,
    /// Its place in the list: ascending, then by id.
    pub order: u64,
}

impl Drop for Account {
    fn drop(&mut self) {
        self.issuer.zeroize();
        self.name.zeroize();
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id).finish_non_exhaustive()
    }
}

/// An account to be added.
#[derive(Clone)]
pub struct NewAccount {
    /// Who issued it; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// The person's own words; may be empty.
    pub note: String,
    /// How its codes move on.
    pub kind: Kind,
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How long a code is.
    pub digits: Digits,
    /// The seed.
    pub secret: Secret,
    /// The PIN, of a kind that has one.
    pub pin: Option<Pin>,
    /// The enrolment that brought it, if one did.
    pub origin: Option<Id>,
}

impl NewAccount {
    /// The account of a link or QR, which `origin` brought. Of two issuers the one that was not kept goes into the note.
    pub fn scanned(account: &otpauth::Account, repairs: &[Repair], origin: Option<Id>) -> Self {
        let note = repairs.iter().find_map(|repair| match repair {
            Repair::TwoIssuers { other, .. } => Some(other.clone()),
            _ => None,
        });
        Self {
            issuer: account.issuer.clone(),
            name: account.name.clone(),
            note: note.unwrap_or_default(),
            kind: account.kind.into(),
            algorithm: account.algorithm,
            digits: account.digits,
            secret: account.secret.clone(),
            pin: account.pin.clone(),
            origin,
        }
    }
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewAccount(..)")
    }
}

/// What to change of an account; `None` leaves it as it is.
#[derive(Clone, Default)]
pub struct Edit {
    /// Who issued it.
    pub issuer: Option<String>,
    /// For whom.
    pub name: Option<String>,
    /// The person's own words.
    pub note: Option<String>,
    /// Its place in the list.
    pub order: Option<u64>,
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edit(..)")
    }
}

/// An account that cannot be read; the others can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedAccount {
    /// Which account.
    pub id: AccountId,
    /// Its place among the accounts as they were added, from 1.
    pub position: u64,
    /// Its issuer and name, where they could still be read.
    pub label: Option<Account>,
}

/// Takes a shown name: normal form C, nothing that hides or reorders text, no marks piled up.
pub(super) fn name(field: Named, text: &str) -> Result<String, InputError> {
    let text: String = text.nfc().collect();
    within(field, limits::ACCOUNT_NAME, &text)?;
    let mut marks = 0;
    if text.chars().any(is_forbidden) {
        Err(InputError::Field { field, rule: Rule::Shown })
    } else if text.chars().any(|c| is_heaped(c, &mut marks)) {
        Err(InputError::Field { field, rule: Rule::Marks })
    } else {
        Ok(text)
    }
}

/// Takes a note: normal form C, no control characters but line feed and tab.
pub(super) fn note(text: &str) -> Result<Zeroizing<String>, InputError> {
    let text = Zeroizing::new(text.nfc().collect::<String>());
    within(Named::Note, limits::ACCOUNT_NOTE, &text)?;
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(InputError::Field { field: Named::Note, rule: Rule::Control });
    }
    Ok(text)
}

fn within(what: Named, most: usize, text: &str) -> Result<(), InputError> {
    let found = text.chars().count();
    if found <= most {
        return Ok(());
    }
    Err(InputError::TooMuch { what, found: found as u64, most: most as u64 })
}

/// What the sealed label holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    pub account: Account,
    /// How many rows its note takes.
    pub note_parts: u64,
    /// Keyed hash of kind, seed, algorithm, digits and period.
    pub identity: [u8; 16],
}

/// The form of a label that this program writes.
const FORM: u8 = 1;

impl Label {
    /// The bytes that are sealed.
    pub fn write(&self) -> Zeroizing<Vec<u8>> {
        let account = &self.account;
        let names = account.issuer.len() + account.name.len();
        let mut out = Zeroizing::new(Vec::with_capacity(128 + names));
        let algorithm = match account.algorithm {
            Algorithm::Sha1 => 1,
            Algorithm::Sha256 => 2,
            Algorithm::Sha512 => 3,
        };
        out.extend_from_slice(&[FORM, account.kind.number(), algorithm, account.digits.get()]);
        out.extend_from_slice(&self.identity);
        account.kind.write(&mut out);
        for number in [account.created, account.changed, account.order, self.note_parts] {
            write_varint(number, &mut out);
        }
        out.push(u8::from(account.origin.is_some()));
        account.origin.iter().for_each(|id| out.extend_from_slice(id.as_bytes()));
        for text in [&account.issuer, &account.name] {
            write_varint(text.len() as u64, &mut out);
            out.extend_from_slice(text.as_bytes());
        }
        out
    }

    /// Reads what [`Label::write`] wrote, into values that are wiped.
    pub fn read(id: AccountId, bytes: &[u8]) -> Option<Self> {
        let (&[form, kind, algorithm, digits], mut rest) = bytes.split_first_chunk()?;
        if form != FORM {
            return None;
        }
        let (identity, after) = rest.split_first_chunk()?;
        rest = after;
        let kind = Kind::read(kind, &mut rest)?;
        let mut number = || read_varint(&mut rest);
        let (created, changed, order, note_parts) = (number()?, number()?, number()?, number()?);
        let algorithm = match algorithm {
            1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            _ => return None,
        };
        let digits = Digits::try_from(u64::from(digits)).ok()?;
        if kind.form(algorithm, digits) != (algorithm, digits) {
            return None;
        }
        let origin = match super::slot::take(&mut rest)? {
            [0] => None,
            [1] => Some(Id::from_bytes(super::slot::take(&mut rest)?)),
            _ => return None,
        };
        let issuer = read_text(&mut rest)?.to_owned();
        let name = read_text(&mut rest)?.to_owned();
        let account = Account { id, issuer, name, kind, algorithm, digits, origin, created, changed, order };
        rest.is_empty().then_some(Self { account, note_parts, identity: *identity })
    }
}

fn read_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let len = usize::try_from(read_varint(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;

    use super::super::kind::tests::kinds;
    use super::*;

    fn labels() -> impl Strategy<Value = Label> {
        let algorithm = (0..3usize).prop_map(|n| Algorithm::ALL[n]);
        let digits = (5..=10u64).prop_map(|n| Digits::try_from(n).unwrap());
        let origin = prop::option::of(any::<[u8; 16]>().prop_map(Id::from_bytes));
        let texts = ("\\PC{0,40}", "\\PC{0,40}");
        (kinds(), algorithm, digits, origin, texts, any::<[u64; 5]>(), any::<[u8; 16]>()).prop_map(
            |(kind, algorithm, digits, origin, (issuer, name), n, identity)| {
                let (algorithm, digits) = kind.form(algorithm, digits);
                let (id, created, changed, order) = (AccountId(n[0]), n[1], n[2], n[3]);
                let account = Account { id, issuer, name, kind, algorithm, digits, origin, created, changed, order };
                Label { account, note_parts: n[4], identity }
            },
        )
    }

    #[test]
    fn the_issuer_that_was_not_kept_goes_into_the_note() {
        let link = "otpauth://totp/Old%20name:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Microsoft";
        let (account, repairs) = otpauth::parse(link).unwrap();
        let account = NewAccount::scanned(&account, &repairs, None);
        assert_eq!((account.issuer.as_str(), account.note.as_str()), ("Microsoft", "Old name"));
    }

    proptest! {
        #[test]
        fn a_label_is_read_as_it_was_written(label in labels()) {
            let read = Label::read(label.account.id, &label.write());
            prop_assert!(read == Some(label));
        }
    }

    /// Written labels with one byte changed or the end cut, and one in two left whole.
    #[test]
    fn any_bytes_are_read_or_refused_and_a_third_is_read() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy = (labels(), any::<prop::sample::Index>(), 0..6u8);
        let (mut accepted, total) = (0, 2000);
        for _ in 0..total {
            let (label, index, damage) = strategy.new_tree(&mut runner).unwrap().current();
            let mut bytes = label.write().to_vec();
            let place = index.index(bytes.len());
            match damage {
                0 => bytes.truncate(place),
                1 => bytes[place] ^= 0x41,
                2 => bytes.push(0),
                _ => {}
            }
            if let Some(read) = Label::read(label.account.id, &bytes) {
                accepted += 1;
                assert!(read.write().as_slice() == bytes, "one value, one form");
            }
        }
        assert!(accepted * 3 >= total, "{accepted} of {total}");
    }

    #[test]
    fn names_hold_their_limits() {
        let most = limits::ACCOUNT_NAME;
        for n in [0, 1, most - 1, most] {
            assert!(name(Named::Issuer, &"é".repeat(n)).is_ok(), "{n}");
        }
        for n in [most + 1, most * 1000] {
            let found = n as u64;
            let error = InputError::TooMuch { what: Named::Issuer, found, most: most as u64 };
            assert_eq!(name(Named::Issuer, &"é".repeat(n)), Err(error));
        }
        assert!(name(Named::Issuer, "a\u{7}b").is_err());
        let marks = |n| format!("a{}", "\u{323}".repeat(n));
        assert!(name(Named::Name, &marks(limits::ACCOUNT_MARKS)).is_ok());
        assert!(name(Named::Name, &marks(limits::ACCOUNT_MARKS + 2)).is_err());
        assert_eq!(name(Named::Name, "cafe\u{301}").unwrap(), "caf\u{e9}");
    }

    #[test]
    fn notes_hold_their_limits() {
        let most = limits::ACCOUNT_NOTE;
        assert!(note(&"n".repeat(most)).is_ok() && note("two\nlines\tand tabs").is_ok());
        for n in [most + 1, most * 1000] {
            assert!(note(&"n".repeat(n)).is_err(), "{n}");
        }
        assert!(note("bell \u{7}").is_err());
    }

    #[test]
    fn nothing_of_an_account_is_printed() {
        let account = NewAccount {
            issuer: "Bank".into(),
            name: "mara".into(),
            note: "canary".into(),
            kind: Kind::MOtp,
            algorithm: Algorithm::Sha1,
            digits: Digits::SIX,
            secret: Secret::from_slice(b"canary"),
            pin: Some(Pin::motp("canary").unwrap()),
            origin: None,
        };
        assert_eq!(format!("{account:?}"), "NewAccount(..)");
        assert_eq!(format!("{:?}", Edit { note: Some("canary".into()), ..Edit::default() }), "Edit(..)");
    }
}
