//! Accounts: what a person sees of them, gives them and changes of them.

use std::fmt;

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::otp::{Algorithm, Counter, Digits, Pin};
use countersign_protocol::text::{is_forbidden, is_heaped};
use countersign_protocol::uri::otpauth::{self, Repair};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::group::GroupId;
use super::icon::Icon;
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
    /// How the person keeps it.
    pub details: Details,
    /// How often its code was used.
    pub uses: u64,
    /// When it was used last, in Unix time of this device; 0 for never.
    pub used: u64,
    /// Since when it lies in the bin, if it does.
    pub deleted: Option<Deleted>,
}

/// How a person keeps an account.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// Among the favourites.
    pub favourite: bool,
    /// At the head of every list.
    pub pinned: bool,
    /// Its code is hidden until it is tapped.
    pub hidden: bool,
    /// What is drawn beside it; its initials where there is none.
    pub icon: Option<Icon>,
    /// The groups that it is in, ascending.
    pub groups: Vec<GroupId>,
    /// Its tags, in order of their letters.
    pub tags: Vec<String>,
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Details(..)")
    }
}

/// When an account went into the bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// In Unix time of this device.
    pub at: u64,
    /// On how many days the vault had been opened by then.
    pub(super) day: u64,
}

/// Whether neither issuer nor name has a character that can be read: no person gives an account such names, though other programs'
/// files have them.
pub fn is_nameless(issuer: &str, name: &str) -> bool {
    issuer.trim().is_empty() && name.trim().is_empty()
}

impl Account {
    /// The account as links write it, with the seed that belongs to it, and its PIN.
    pub fn with_seed(&self, secret: Secret, pin: Option<Pin>) -> otpauth::Account {
        let kind = match self.kind {
            Kind::Totp(period) => otpauth::Kind::Totp { period },
            Kind::Hotp(counter) => otpauth::Kind::Hotp { counter },
            Kind::Steam => otpauth::Kind::Steam,
            Kind::Yandex => otpauth::Kind::Yandex,
            Kind::MOtp => otpauth::Kind::MOtp,
        };
        let (issuer, name) = (self.issuer.clone(), self.name.clone());
        let (algorithm, digits) = (self.algorithm, self.digits);
        otpauth::Account { kind, issuer, name, secret, pin, algorithm, digits, image_host: None }
    }
}

/// Whether an account is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is not.
    No,
    /// Under this id, whatever its name is there.
    There(AccountId),
    /// Not in the vault; but the same stands before it among those that were asked about.
    Twice,
}

impl Drop for Account {
    fn drop(&mut self) {
        self.issuer.zeroize();
        self.name.zeroize();
        self.details.tags.zeroize();
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
    /// How the person keeps it.
    pub details: Details,
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
            details: Details::default(),
        }
    }
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewAccount(..)")
    }
}

/// What to change of one account or of many; `None`, or none, leaves it as it is.
#[derive(Clone, Default)]
pub struct Edit {
    /// Who issued it.
    pub issuer: Option<String>,
    /// For whom.
    pub name: Option<String>,
    /// The person's own words.
    pub note: Option<String>,
    /// Whether it is among the favourites.
    pub favourite: Option<bool>,
    /// Whether it stands at the head of every list.
    pub pinned: Option<bool>,
    /// Whether its code is hidden until it is tapped.
    pub hidden: Option<bool>,
    /// What is drawn beside it; `Some(None)` for its initials.
    pub icon: Option<Option<Icon>>,
    /// Groups to put it into.
    pub join: Vec<GroupId>,
    /// Groups to take it out of.
    pub leave: Vec<GroupId>,
    /// Tags to give it.
    pub tag: Vec<String>,
    /// Tags to take from it.
    pub untag: Vec<String>,
    /// The counter of its next code, of HOTP alone: a code that was shown may be shown again, which nobody but its owner wants.
    pub counter: Option<Counter>,
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

/// Takes a tag: a name of at least one letter, without spaces at its ends.
pub(super) fn tag(text: &str) -> Result<String, InputError> {
    short(Named::Tag, limits::TAG, text)
}

/// Takes a name of 1 to `most` letters, without spaces at its ends.
pub(super) fn short(field: Named, most: usize, text: &str) -> Result<String, InputError> {
    let text = name(field, text.trim())?;
    within(field, most, &text)?;
    if text.is_empty() { Err(InputError::Field { field, rule: Rule::Empty }) } else { Ok(text) }
}

impl Details {
    /// Takes what a person gave: each group and tag once, in order, and no more than fit beside the names.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] by what there is too much of.
    pub(super) fn settled(mut self) -> Result<Self, InputError> {
        self.groups.sort_unstable();
        self.groups.dedup();
        self.tags.sort_unstable();
        self.tags.dedup();
        let bytes = self.tags.iter().map(String::len).sum::<usize>();
        for (what, found, most) in [
            (Named::Groups, self.groups.len(), limits::ACCOUNT_GROUPS),
            (Named::Tags, self.tags.len(), limits::ACCOUNT_TAGS),
            (Named::TagBytes, bytes, limits::ACCOUNT_TAG_BYTES),
        ] {
            if found > most {
                return Err(InputError::TooMuch { what, found: found as u64, most: most as u64 });
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::otp::Period;

    use super::*;

    #[test]
    fn the_issuer_that_was_not_kept_goes_into_the_note() {
        let link = "otpauth://totp/Old%20name:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Microsoft";
        let (account, repairs) = otpauth::parse(link).unwrap();
        let account = NewAccount::scanned(&account, &repairs, None);
        assert_eq!((account.issuer.as_str(), account.note.as_str()), ("Microsoft", "Old name"));
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
    fn tags_and_groups_hold_their_limits() {
        assert_eq!(tag("  work ").unwrap(), "work");
        assert_eq!(tag("  "), Err(InputError::Field { field: Named::Tag, rule: Rule::Empty }));
        for (n, fits) in [(limits::TAG, true), (limits::TAG + 1, false)] {
            assert_eq!(tag(&"é".repeat(n)).is_ok(), fits, "{n}");
        }
        let tags = |n: usize, len: usize| Details {
            tags: (0..n).map(|n| format!("{n:0len$}")).collect(),
            ..Details::default()
        };
        let most = limits::ACCOUNT_TAGS;
        assert!(tags(most, 2).settled().is_ok());
        assert!(tags(most + 1, 2).settled().is_err());
        let bytes = limits::ACCOUNT_TAG_BYTES;
        assert!(tags(10, bytes / 10).settled().is_ok());
        assert!(tags(10, bytes / 10 + 1).settled().is_err());
        let groups = |n: usize| Details { groups: (0..n as u64).rev().map(GroupId).collect(), ..Details::default() };
        let most = limits::ACCOUNT_GROUPS;
        assert_eq!(groups(most).settled().unwrap().groups[1], GroupId(1));
        assert!(groups(most + 1).settled().is_err());
        let twice = Details { tags: vec!["b".into(), "a".into(), "b".into()], ..Details::default() };
        assert_eq!(twice.settled().unwrap().tags, ["a", "b"]);
    }

    #[test]
    fn nothing_of_an_account_is_printed() {
        let account = NewAccount {
            issuer: "Bank".into(),
            name: "mara".into(),
            note: "canary".into(),
            kind: Kind::Totp(Period::THIRTY),
            algorithm: Algorithm::Sha1,
            digits: Digits::SIX,
            secret: Secret::from_slice(b"canary"),
            pin: None,
            origin: None,
            details: Details { tags: vec!["canary".into()], ..Details::default() },
        };
        assert_eq!(format!("{account:?} {:?}", account.details), "NewAccount(..) Details(..)");
        assert_eq!(format!("{:?}", Edit { note: Some("canary".into()), ..Edit::default() }), "Edit(..)");
    }
}
