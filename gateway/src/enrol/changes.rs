//! What becomes of a device after its enrolment, as the store remembers it: where it is pushed to, changes of its keys, the
//! phone that it invites in its place, suspension (`push-v1.md` §4, §10, §11).

use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::push::KeyClass;
use countersign_protocol::seal::SealKey;

use super::record::{Code, Device};
use crate::audit::Entry;
use crate::moment::Moment;
use crate::person::PersonId;
use crate::store::StoreFault;

/// Invitations a day and person.
pub const INVITATIONS: u32 = 5;
/// Changes of keys a day and device. Each tells the person's other phones.
pub const KEY_CHANGES: u32 = 10;
/// Seconds that an old key counts beside the new one, at most.
pub const OLD_KEY: u64 = 86_400;

/// Why a device is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuspendedWhy {
    /// Another phone of the person reported it.
    Reported,
    /// The person lost it.
    Lost,
    /// The administrator did it.
    Admin,
    /// The person is disabled: it ends with that.
    Disabled,
}

impl SuspendedWhy {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Reported, "reported"), (Self::Lost, "lost"), (Self::Admin, "admin"), (Self::Disabled, "disabled")];

    /// The word in the store and in the audit.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(why, _)| *why == self).map_or("", |(_, word)| word)
    }

    /// The reason that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(why, _)| *why)
    }
}

/// Where a device is pushed to from now on. What is absent stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPush {
    /// Its bell; `Some(None)` takes it down.
    pub endpoint: Option<Option<String>>,
    /// What it opens sealed bodies with.
    pub seal: Option<SealKey>,
}

/// How setting it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushSet {
    /// Done.
    Done,
    /// The seal's point is registered, and not as this device's present seal with the same secret.
    KeyKnown,
    /// The device is not active any more.
    NotActive,
}

/// A change of one key, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The device.
    pub did: Id,
    /// Which of its keys.
    pub class: KeyClass,
    /// h of the request.
    pub h: H32,
    /// The request's `jti`.
    pub jti: Id,
    /// The key that signed it, and counts until the new one is used.
    pub old: Jwk,
    /// The new one.
    pub new: Jwk,
    /// Whether an attestation proves it to be kept as well as the phone said.
    pub attested: bool,
    /// The receipt as it travels.
    pub receipt: String,
}

/// A change of a key as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// Which key.
    pub class: KeyClass,
    /// h of the request.
    pub h: H32,
    /// The request's `jti`.
    pub jti: Id,
    /// The key that signed it.
    pub old: Jwk,
    /// The receipt as it travelled.
    pub receipt: String,
    /// Whether it is the newest of its class: only then it is answered again.
    pub newest: bool,
}

/// How a change of a key ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChanged {
    /// Done; the other phones are told.
    Done,
    /// The new key was registered before.
    KeyKnown,
    /// The old key of an earlier change still counts, or the device is not active.
    NotNow,
    /// Ten changes of its keys today.
    Limit,
    /// The key that signed is not the device's any more, or the `jti` was used.
    Refused,
    /// The same request came before: look again.
    Repeat,
}

/// An invitation, to be stored together with its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// The device that invites.
    pub did: Id,
    /// h of the request.
    pub h: H32,
    /// The request's `jti`.
    pub jti: Id,
    /// Whether the device goes when the new one is active.
    pub replaces: bool,
    /// The receipt as it travels.
    pub receipt: String,
}

/// An invitation as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// h of the request.
    pub h: H32,
    /// The receipt as it travelled; none an hour past the end of its code.
    pub receipt: Option<String>,
}

/// How an invitation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invited {
    /// Done; the pending devices that an older invitation had brought are refused.
    Done(Vec<Id>),
    /// Five invitations today, or five devices.
    Limit,
    /// The same request, or another with its `jti`, came before, or the device is not active: look again.
    Changed,
}

/// Digits typed on a device for the one that it invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed {
    /// The device that invited.
    pub did: Id,
    /// h of the request.
    pub h: H32,
    /// The request's `jti`.
    pub jti: Id,
    /// Which invitation.
    pub e: Id,
    /// Whether the digits are those of the new device.
    pub right: bool,
}

/// How typing them ended. A repeat of the same request ends as it did, and does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// The new device is active, and the one that invited is gone if it is replaced.
    Done,
    /// The same request came before and was right.
    Again,
    /// Wrong: so many tries left.
    Wrong(u8),
    /// Too late, ended, or the last try.
    Ended,
    /// No invitation of this device that somebody enrolled with, or a used `jti`.
    Unknown,
    /// The device that invited is not active any more. Nothing was counted.
    NotActive,
}

/// Remembers what becomes of devices. All calls block; each is one transaction with its audit row.
pub trait Changes: Send + Sync {
    /// Sets where an active device is pushed to.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn set_push(&self, did: Id, set: SetPush, audit: Entry) -> Result<PushSet, StoreFault>;

    /// The changes of keys that this device's request `h`, or another with its `jti`, made before.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn key_change(&self, did: Id, h: H32, jti: Id) -> Result<Option<KeyChange>, StoreFault>;

    /// The key of this class that the newest change left, whether it counts or not.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn left_key(&self, did: Id, class: KeyClass) -> Result<Option<Jwk>, StoreFault>;

    /// Puts a new key in the place of the old one, which counts for a day at most beside it.
    ///
    /// # Errors
    /// [`StoreFault`]; then nothing is stored.
    fn change_key(&self, change: NewKey, at: Moment, audit: Entry) -> Result<KeyChanged, StoreFault>;

    /// Ends an old key: the new one was used. Whether it was there.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn end_old_key(&self, did: Id, class: KeyClass) -> Result<bool, StoreFault>;

    /// The invitation that this device's request with this `jti` made.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn invitation(&self, did: Id, jti: Id) -> Result<Option<Invitation>, StoreFault>;

    /// Adds an invitation and its code; the device's older ones end, and so does what enrolled by them and waits.
    ///
    /// # Errors
    /// [`StoreFault`]; then nothing is stored.
    fn invite(&self, new: NewInvitation, code: Code, at: Moment, audit: Entry) -> Result<Invited, StoreFault>;

    /// The newest pending device that enrolled by an invitation of this one, and the invitation's `e`.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn joining(&self, did: Id, at: Moment) -> Result<Option<(Id, Device)>, StoreFault>;

    /// How the digits of this request, or of another with its `jti`, went before; none when they are new.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn joined(&self, did: Id, h: H32, jti: Id) -> Result<Option<Joined>, StoreFault>;

    /// Takes digits for a pending device, as [`super::Store::confirm`] does for a page.
    ///
    /// # Errors
    /// [`StoreFault`]; then no try is taken.
    fn join(&self, typed: Typed, at: Moment, audit: Entry) -> Result<Joined, StoreFault>;

    /// Suspends an active device, or one that is suspended with its person alone and would come back with them. The sessions it
    /// opened end, as do the person's open codes. The approvals that ended: what it approved and nobody took, and all that is
    /// pending when it was the last phone; none when it was neither.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn suspend(
        &self,
        person: PersonId,
        did: Id,
        why: SuspendedWhy,
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault>;

    /// The same out of the person's own session `acting`, which does not end, but may change no devices any more by what
    /// this device approved.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn suspend_from(
        &self,
        person: PersonId,
        did: Id,
        why: SuspendedWhy,
        acting: [u8; 32],
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault>;

    /// Lets a suspended device of a person who is not disabled count again. Whether it was suspended.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn resume(&self, person: PersonId, did: Id, audit: Entry) -> Result<bool, StoreFault>;
}
