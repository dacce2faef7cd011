//! What enrolment needs remembered, and the values that go in and out.

use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::push::{GoneWhy, KeyClass, Level, Os, UserVerification};

use super::changes::SuspendedWhy;
use crate::audit::Entry;
use crate::moment::{Deadline, Moment};
use crate::person::PersonId;
use crate::store::StoreFault;

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A Countersign: approvals, and codes where the policy gives them.
    Phone,
    /// Any authenticator: codes alone.
    App,
}

/// Where a device stands (`push-v1.md` §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceState {
    /// Waits for its digits or its first code.
    Pending,
    /// Counts.
    Active,
    /// Counts for nothing until somebody with another second factor says so.
    Suspended,
    /// Removed or refused, for good.
    Gone,
}

impl DeviceState {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Pending, "pending"), (Self::Active, "active"), (Self::Suspended, "suspended"), (Self::Gone, "gone")];

    /// The word in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }

    /// The state that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
    }
}

/// What a phone registered. Gone devices keep it for 400 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// System.
    pub os: Os,
    /// Model, as the phone says.
    pub model: String,
    /// Name and version of the app, as the phone says.
    pub app: String,
    /// Where the keys are, as the phone says.
    pub level: Level,
    /// How the person unlocks `ak`, as the phone says.
    pub uv: UserVerification,
    /// Approves.
    pub ak: Jwk,
    /// Proves, denies, reports.
    pub pk: Jwk,
    /// Receives sealed bodies: the point.
    pub seal: Jwk,
    /// Receives sealed bodies: the secret of RFC 8291.
    pub auth: Id,
    /// Where its bell hangs.
    pub endpoint: Option<String>,
    /// h of the enrolment request.
    pub eh: H32,
    /// Whether `level` and `uv` were proven by attestation; else they are what the phone says.
    pub attested: bool,
    /// The `ak` that the present one took the place of, until that is used.
    pub old_ak: Option<OldKey>,
    /// The `pk` that the present one took the place of, until that is used.
    pub old_pk: Option<OldKey>,
}

/// A key that counts until the one in its place is used, a day at most (`push-v1.md` §11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldKey {
    /// The key.
    pub key: Jwk,
    /// Until when.
    pub until: Deadline,
}

impl OldKey {
    /// Whether it still counts.
    pub fn counts(&self, at: &Moment) -> bool {
        self.until.lasts(at)
    }
}

/// Whether a key is the device's present one of its class, or the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// The present one.
    Present,
    /// The one before, which still counts.
    Old,
}

impl Phone {
    /// The key of this class that has this thumbprint and counts.
    pub fn key(&self, class: KeyClass, thumbprint: &H32, at: &Moment) -> Option<(&Jwk, Age)> {
        let (present, old) = match class {
            KeyClass::Ak => (&self.ak, &self.old_ak),
            KeyClass::Pk => (&self.pk, &self.old_pk),
        };
        if present.thumbprint() == *thumbprint {
            return Some((present, Age::Present));
        }
        let old = old.as_ref().filter(|old| old.counts(at) && old.key.thumbprint() == *thumbprint);
        old.map(|old| (&old.key, Age::Old))
    }

    /// Whether a key before the present one of this class still counts.
    pub fn has_old(&self, class: KeyClass, at: &Moment) -> bool {
        let old = if class == KeyClass::Ak { &self.old_ak } else { &self.old_pk };
        old.as_ref().is_some_and(|old| old.counts(at))
    }
}

/// A device as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `did`.
    pub did: Id,
    /// Whose.
    pub person: PersonId,
    /// What the person calls it.
    pub name: String,
    /// The state as written; [`Device::state`] tells it as of now.
    pub stored: DeviceState,
    /// Why it is gone.
    pub why: Option<GoneWhy>,
    /// The phone's part; an authenticator app has none.
    pub phone: Option<Phone>,
    /// When it was accepted or shown.
    pub added: u64,
    /// Until when it may be pending.
    pub until: Deadline,
    /// While pending: tries left.
    pub tries: u8,
    /// When it became active.
    pub activated: Option<u64>,
    /// Since when it is suspended, and why.
    pub suspended: Option<(u64, SuspendedWhy)>,
    /// When it proved anything last.
    pub used: Option<u64>,
    /// The sealed key of answer codes.
    pub ok: Option<Vec<u8>>,
    /// Its sealed seed.
    pub totp: Option<Vec<u8>>,
    /// The newest step whose code was taken.
    pub totp_step: Option<u64>,
}

impl Device {
    /// What it is.
    pub fn kind(&self) -> Kind {
        if self.phone.is_some() { Kind::Phone } else { Kind::App }
    }

    /// The state as it is now: one whose digits nobody typed in time is gone, written down or not.
    pub fn state(&self, at: &Moment) -> DeviceState {
        match self.stored {
            DeviceState::Pending if !self.until.lasts(at) => DeviceState::Gone,
            stored => stored,
        }
    }

    /// Why it is gone, when it is.
    pub fn gone_why(&self) -> GoneWhy {
        self.why.unwrap_or(GoneWhy::Refused)
    }
}

/// A one-time code as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// `e`: its public id.
    pub e: Id,
    /// For whom.
    pub person: PersonId,
    /// That person's name.
    pub person_name: String,
    /// The browser that shows it: hash of its cookie. An invitation's is a hash that no cookie has.
    pub session: H32,
    /// The phone that invites by it, where no page shows it.
    pub inviter: Option<Inviter>,
    /// What the new device is to be called.
    pub name: String,
    /// Sealed `c`.
    pub code: Vec<u8>,
    /// When it was made.
    pub made: u64,
    /// Until when it may be taken.
    pub x: Deadline,
    /// Whether and by what it was taken.
    pub taken: Option<Taken>,
    /// Another code took its place, or the page ended it.
    pub ended: bool,
}

/// The phone that invites another one (`push-v1.md` §11, move).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inviter {
    /// The phone.
    pub did: Id,
    /// Whether it goes when the new one is active.
    pub replaces: bool,
}

/// The request that took a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// h of the request.
    pub h: H32,
    /// The device.
    pub did: Id,
    /// The receipt as it travelled.
    pub receipt: String,
}

impl Code {
    /// Whether its time has passed.
    pub fn is_late(&self, at: &Moment) -> bool {
        !self.x.lasts(at)
    }
}

/// How taking a code ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// The device is pending.
    Done,
    /// The code is not open any more: look again.
    Changed,
    /// A key of the request is registered.
    KeyKnown,
    /// The person has five devices, or enrolled five today.
    Limit,
}

/// How typing digits, or a first code, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Active.
    Active,
    /// Wrong: so many tries left.
    Wrong(u8),
    /// That was the last try: refused.
    Refused,
    /// Not pending, or not this person's.
    NotPending,
}

/// A code in the place of one that a change of the gateway's keys ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The one that ended.
    pub old: Id,
    /// Its own id.
    pub e: Id,
    /// The code, sealed.
    pub code: Vec<u8>,
}

/// Remembers codes, devices and every key ever registered. All calls block.
pub trait Store: Send + Sync {
    /// Adds a code of a page and ends the person's other open ones of pages.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn add_code(&self, code: Code, audit: Entry) -> Result<(), StoreFault>;

    /// Ends the open codes that this browser shows to this person.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn end_codes(&self, person: PersonId, session: H32, audit: Entry) -> Result<(), StoreFault>;

    /// The code with this public id.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn code(&self, e: Id) -> Result<Option<Code>, StoreFault>;

    /// The newest code that this browser shows.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn code_of_browser(&self, session: H32) -> Result<Option<Code>, StoreFault>;

    /// Ends all open codes, as a change of the gateway's keys does.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn end_open_codes(&self) -> Result<(), StoreFault>;

    /// The codes that a change of keys ended and that a page may still show: the newest of each person who has no open one,
    /// unless it is late.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn stale_codes(&self, at: Moment) -> Result<Vec<Id>, StoreFault>;

    /// Puts new codes in the place of such ones, for the same page and with the same end. Where the page's person has an open
    /// code by now, that one stays alone.
    ///
    /// # Errors
    /// [`StoreFault`]; then none is replaced.
    fn replace_codes(&self, fresh: Vec<Replacement>, at: Moment) -> Result<(), StoreFault>;

    /// Whether any of these keys was ever registered, by whatever class.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn any_key_known(&self, thumbprints: [H32; 3]) -> Result<bool, StoreFault>;

    /// Takes the code: one compare-and-set from open to taken, the pending device and its keys in one transaction.
    ///
    /// # Errors
    /// [`StoreFault`]; then nothing is stored.
    fn accept(&self, e: Id, taken: Taken, device: Device, at: Moment, audit: Entry) -> Result<Accepted, StoreFault>;

    /// Adds a pending authenticator app, if the person may have another device. Earlier pending ones end.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn add_app(&self, device: Device, at: Moment, audit: Entry) -> Result<Accepted, StoreFault>;

    /// The device `did`.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn device(&self, did: Id) -> Result<Option<Device>, StoreFault>;

    /// The device that has, or ever had, a `pk` with this thumbprint.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn device_of_pk(&self, thumbprint: H32) -> Result<Option<Device>, StoreFault>;

    /// All devices of a person that are not gone, oldest first.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn devices(&self, person: PersonId) -> Result<Vec<Device>, StoreFault>;

    /// Pending to active when the digits, or the first code with its step, were right; the person's other phones are told.
    /// Else a try less. The last one refuses the device: its seed, bell and key of codes are forgotten, and the entry's
    /// outcome is then `refused`.
    ///
    /// # Errors
    /// [`StoreFault`]; then no try is taken.
    fn confirm(
        &self,
        person: PersonId,
        did: Id,
        right: bool,
        step: Option<u64>,
        at: Moment,
        audit: Entry,
    ) -> Result<Confirmed, StoreFault>;

    /// Ends a device: a pending one is refused, any other removed, and the person's other phones are told. Whether it was
    /// there and this person's. With a device that counted go the sessions it opened and the person's open codes, unless
    /// another takes its place. The approvals that ended are given back: what it approved and nobody took yet, and all that
    /// is pending when it was the last active phone.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn end(
        &self,
        person: PersonId,
        did: Id,
        why: GoneWhy,
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault>;

    /// The same out of the person's own session `acting`, which does not end, but may change no devices any more by what
    /// this device approved.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn end_from(
        &self,
        person: PersonId,
        did: Id,
        why: GoneWhy,
        acting: [u8; 32],
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault>;

    /// Gives a device another name. Whether it is there and this person's.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn rename(&self, person: PersonId, did: Id, name: String, audit: Entry) -> Result<bool, StoreFault>;

    /// Takes the code of `step` from this device's seed, once, with its audit row; a right code has the person's codes taken
    /// again, where wrong ones had put an end to that. Whether it was not taken before; else no row is written.
    ///
    /// # Errors
    /// [`StoreFault`]; then it is not taken.
    fn spend(&self, person: PersonId, did: Id, step: u64, at: Moment, audit: Entry) -> Result<bool, StoreFault>;

    /// Notes that a device proved itself.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn used(&self, did: Id, now: u64) -> Result<(), StoreFault>;

    /// Forgets where the bell of a device hangs, if it still hangs there: the push server said it is gone.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn forget_endpoint(&self, did: Id, endpoint: &str) -> Result<(), StoreFault>;

    /// Forgets codes an hour past their end, writes down refusals, drops keys after 400 days (thumbprints stay).
    ///
    /// # Errors
    /// [`StoreFault`].
    fn sweep(&self, at: Moment) -> Result<(), StoreFault>;
}
