//! The rules about devices: who has which, digits typed, names, removal, codes.

use std::sync::Arc;

use countersign_protocol::jose::Id;
use countersign_protocol::otp::Typed;
use countersign_protocol::push::{GoneWhy, LeastLevel, UserVerification, confirmation_digits};
use countersign_protocol::text::T64;
use subtle::ConstantTimeEq;

use super::changes::{Changes, SuspendedWhy};
use super::codes::NobodysCode;
use super::record::{Confirmed, Device, DeviceState, Kind, Store};
use super::totp::{self, Seed};
use crate::attest::Attestations;
use crate::audit::{Caller, Entry};
use crate::failure::Failure;
use crate::issuer::{Issuer, SignFault};
use crate::moment::Moment;
use crate::notice::Notices;
use crate::outgoing::Reach;
use crate::person::PersonId;
use crate::port::{Clock, PortFault, Random};
use crate::seal::{Seal, SealFault};
use crate::store::StoreFault;
use crate::wake::{Topic, Wakes};

/// Why something about devices could not be done. None of it says anything about the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// No randomness.
    #[error(transparent)]
    Port(#[from] PortFault),
    /// A sealed value cannot be opened.
    #[error(transparent)]
    Seal(#[from] SealFault),
    /// A receipt could not be signed.
    #[error(transparent)]
    Sign(#[from] SignFault),
}

impl From<countersign_protocol::jose::FormError> for EnrolFault {
    fn from(fault: countersign_protocol::jose::FormError) -> Self {
        Self::Sign(fault.into())
    }
}

impl From<EnrolFault> for Failure {
    fn from(fault: EnrolFault) -> Self {
        match fault {
            EnrolFault::Store(fault) => fault.into(),
            other => Self::internal(other),
        }
    }
}

/// What phones must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What must unlock `ak`.
    pub uv: UserVerification,
    /// Where keys must be at least.
    pub level: LeastLevel,
    /// Whether codes are offered beside push.
    pub totp: bool,
    /// Whether a phone may invite another one.
    pub moving: bool,
}

/// The parts that the rules rest on.
pub struct Parts {
    /// Remembers codes and devices.
    pub store: Arc<dyn Store>,
    /// Remembers what becomes of devices.
    pub changes: Arc<dyn Changes>,
    /// Tells the person's other phones.
    pub notices: Notices,
    /// Signs receipts.
    pub issuer: Issuer,
    /// Seals codes and seeds.
    pub seal: Seal,
    /// What phones must keep to.
    pub policy: Policy,
    /// Checks what proves where keys are.
    pub attestations: Attestations,
    /// Where bells may hang.
    pub reach: Reach,
    /// SHA-256 of the certificate's key, when phones are to pin it.
    pub pin: Option<[u8; 32]>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Who waits.
    pub wakes: Arc<Wakes>,
    /// A number that no other run of the gateway has.
    pub run: i64,
}

/// Devices of people. Cloning shares everything. All calls block.
#[derive(Clone)]
pub struct Devices {
    pub(super) parts: Arc<Parts>,
    /// Looked at in the place of a code that is not there.
    pub(super) nobodys: Arc<NobodysCode>,
}

/// A person as these rules need one.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The id.
    pub id: PersonId,
    /// The name: the account's name on phones.
    pub name: &'a str,
}

/// What a store says of a device that was taken out of use: the approvals that ended with it, or none when it was not there.
type Ended = Result<Option<Vec<Id>>, StoreFault>;

impl Devices {
    /// Devices over their parts.
    ///
    /// # Errors
    /// [`SealFault`].
    pub fn new(parts: Parts) -> Result<Self, SealFault> {
        let nobodys = NobodysCode::new(&parts.seal)?;
        Ok(Self { parts: Arc::new(parts), nobodys: Arc::new(nobodys) })
    }

    /// This moment by both clocks.
    pub fn moment(&self) -> Moment {
        Moment::of(&*self.parts.clock, self.parts.run)
    }

    /// What is remembered.
    pub fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    /// The devices of a person that are pending, active or suspended now.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn of(&self, person: PersonId) -> Result<Vec<(Device, DeviceState)>, EnrolFault> {
        let at = self.moment();
        let all = self.parts.store.devices(person)?.into_iter().map(|device| {
            let state = device.state(&at);
            (device, state)
        });
        Ok(all.filter(|(_, state)| *state != DeviceState::Gone).collect())
    }

    /// Whether the person has any active device.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn has_active(&self, person: PersonId) -> Result<bool, EnrolFault> {
        Ok(self.of(person)?.iter().any(|(_, state)| *state == DeviceState::Active))
    }

    /// Takes the digits that a person read from a pending phone.
    ///
    /// # Errors
    /// [`EnrolFault::Store`]; then no try was taken.
    pub fn confirm(&self, owner: Owner<'_>, did: Id, typed: &str, by: &Caller) -> Result<Confirmed, EnrolFault> {
        let Some(phone) = self.owned(owner.id, did)?.and_then(|device| device.phone) else {
            return Ok(Confirmed::NotPending);
        };
        let digits = confirmation_digits(&phone.eh, &did);
        // Exposed to be compared with the digits of this one request, which are worth nothing elsewhere.
        let right = typed.parse::<Typed>().is_ok_and(|typed| typed.expose().as_bytes().ct_eq(digits.as_bytes()).into());
        self.end_pending(owner, did, right, None, by)
    }

    /// Takes the first code of an authenticator app, which makes it active.
    ///
    /// # Errors
    /// [`EnrolFault`]; then no try was taken.
    pub fn first_code(&self, owner: Owner<'_>, did: Id, typed: &str, by: &Caller) -> Result<Confirmed, EnrolFault> {
        let taken = |device: &Device| device.kind() == Kind::App && self.parts.policy.totp;
        let Some(device) = self.owned(owner.id, did)?.filter(taken) else {
            return Ok(Confirmed::NotPending);
        };
        let step = self.step_of(&device, typed)?;
        self.end_pending(owner, did, step.is_some(), step, by)
    }

    fn end_pending(
        &self,
        owner: Owner<'_>,
        did: Id,
        right: bool,
        step: Option<u64>,
        by: &Caller,
    ) -> Result<Confirmed, EnrolFault> {
        let at = self.moment();
        let outcome = if right { "active" } else { "wrong" };
        let entry = by.entry(at.now, "enrol.confirm", outcome).person(owner.name).device(*did.as_bytes());
        let end = self.parts.store.confirm(owner.id, did, right, step, at, entry)?;
        self.parts.wakes.wake(Topic::Device(did));
        if end == Confirmed::Active {
            self.parts.notices.announce(owner.id)?;
        }
        Ok(end)
    }

    /// Tries a code of an active device. It counts as used; whether it was right. A right one has its audit row, one that is
    /// not right is written down by the caller.
    ///
    /// # Errors
    /// [`EnrolFault`]; then no code is used.
    pub fn test_code(&self, owner: Owner<'_>, did: Id, typed: &str, by: &Caller) -> Result<bool, EnrolFault> {
        let Some(device) = self.owned(owner.id, did)?.filter(|_| self.parts.policy.totp) else { return Ok(false) };
        let Some(step) = self.step_of(&device, typed)? else { return Ok(false) };
        let at = self.moment();
        let entry = by.entry(at.now, "device.test", "right").person(owner.name).device(*did.as_bytes());
        Ok(self.parts.store.spend(owner.id, did, step, at, entry)?)
    }

    /// The active device whose seed makes this code now, and the step. Nothing is taken yet.
    ///
    /// # Errors
    /// [`EnrolFault`].
    pub fn code_hit(&self, person: PersonId, typed: &str) -> Result<Option<(Id, u64)>, EnrolFault> {
        let mut hit = None;
        if self.parts.policy.totp {
            for (device, state) in self.of(person)? {
                let step = if state == DeviceState::Active { self.step_of(&device, typed)? } else { None };
                hit = hit.or(step.map(|step| (device.did, step)));
            }
        }
        Ok(hit)
    }

    fn step_of(&self, device: &Device, typed: &str) -> Result<Option<u64>, EnrolFault> {
        let (Some(sealed), Ok(typed)) = (&device.totp, typed.parse::<Typed>()) else { return Ok(None) };
        let seed = Seed::open(&self.parts.seal, &device.did, sealed)?;
        Ok(totp::step_of(&seed, &typed, self.parts.clock.now(), device.totp_step))
    }

    /// Gives a device another name. False when it is not this person's or the name may not be shown.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn rename(&self, owner: Owner<'_>, did: Id, name: &str, by: &Caller) -> Result<bool, EnrolFault> {
        let Some(name) = device_name(name) else { return Ok(false) };
        let entry = by.entry(self.parts.clock.now(), "device.rename", "done");
        let entry = entry.person(owner.name).device(*did.as_bytes());
        Ok(self.parts.store.rename(owner.id, did, name.into(), entry)?)
    }

    /// Removes a device for its person, who does that in the session `acting`. The approvals that this ended, or none when it
    /// was not there.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn remove_from(
        &self,
        owner: Owner<'_>,
        did: Id,
        acting: [u8; 32],
        by: &Caller,
    ) -> Result<Option<Vec<Id>>, EnrolFault> {
        let why = GoneWhy::Person;
        self.gone(owner.id, did, why, by, |store, at, entry| store.end_from(owner.id, did, why, acting, at, entry))
    }

    /// Removes a device, or refuses a pending one. The approvals that this ended, or none when it was not there.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn remove(&self, owner: Owner<'_>, did: Id, why: GoneWhy, by: &Caller) -> Result<Option<Vec<Id>>, EnrolFault> {
        self.end(owner.id, did, why, by)
    }

    fn end(&self, person: PersonId, did: Id, why: GoneWhy, by: &Caller) -> Result<Option<Vec<Id>>, EnrolFault> {
        self.gone(person, did, why, by, |store, at, entry| store.end(person, did, why, at, entry))
    }

    /// Stores that a device goes, and tells it and the person's other phones.
    fn gone(
        &self,
        person: PersonId,
        did: Id,
        why: GoneWhy,
        by: &Caller,
        end: impl FnOnce(&dyn Store, Moment, Entry) -> Ended,
    ) -> Result<Option<Vec<Id>>, EnrolFault> {
        let at = self.moment();
        let entry = by.entry(at.now, "device.remove", why.as_str()).device(*did.as_bytes());
        let ended = end(self.store(), at, entry)?;
        self.parts.wakes.wake(Topic::Device(did));
        self.parts.notices.announce(person)?;
        Ok(ended)
    }

    /// Removes a phone that says so itself. The approvals that this ended.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn leave(&self, device: &Device, by: &Caller) -> Result<Vec<Id>, EnrolFault> {
        Ok(self.end(device.person, device.did, GoneWhy::Itself, by)?.unwrap_or_default())
    }

    /// Suspends an active device. The approvals that this ended, or none when it was not active or not this person's.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn suspend(
        &self,
        owner: Owner<'_>,
        did: Id,
        why: SuspendedWhy,
        by: &Caller,
    ) -> Result<Option<Vec<Id>>, EnrolFault> {
        self.suspended(did, why, by, |changes, at, entry| changes.suspend(owner.id, did, why, at, entry))
    }

    /// Suspends a device that its person lost, who says so in the session `acting`. The approvals that this ended, or none
    /// when it was not active or not this person's.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn suspend_from(
        &self,
        owner: Owner<'_>,
        did: Id,
        acting: [u8; 32],
        by: &Caller,
    ) -> Result<Option<Vec<Id>>, EnrolFault> {
        let why = SuspendedWhy::Lost;
        self.suspended(did, why, by, |changes, at, entry| changes.suspend_from(owner.id, did, why, acting, at, entry))
    }

    /// Stores that a device is suspended, and tells it.
    fn suspended(
        &self,
        did: Id,
        why: SuspendedWhy,
        by: &Caller,
        suspend: impl FnOnce(&dyn Changes, Moment, Entry) -> Ended,
    ) -> Result<Option<Vec<Id>>, EnrolFault> {
        let at = self.moment();
        let entry = by.entry(at.now, "device.suspend", why.as_str()).device(*did.as_bytes());
        let ended = suspend(&*self.parts.changes, at, entry)?;
        self.parts.wakes.wake(Topic::Device(did));
        Ok(ended)
    }

    /// Lets a suspended device count again. The caller has checked that the person showed another second factor since it was
    /// suspended. Whether it was.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn resume(&self, owner: Owner<'_>, did: Id, by: &Caller) -> Result<bool, EnrolFault> {
        let entry = by.entry(self.moment().now, "device.resume", "done").device(*did.as_bytes());
        let resumed = self.parts.changes.resume(owner.id, did, entry)?;
        self.parts.wakes.wake(Topic::Device(did));
        Ok(resumed)
    }

    /// Wakes the phones of the person whose device this is.
    pub(super) fn announce_of(&self, did: &Id) -> Result<(), EnrolFault> {
        if let Some(device) = self.parts.store.device(*did)? {
            self.parts.notices.announce(device.person)?;
        }
        Ok(())
    }

    /// The device, if it is this person's.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn owned(&self, person: PersonId, did: Id) -> Result<Option<Device>, EnrolFault> {
        Ok(self.parts.store.device(did)?.filter(|device| device.person == person))
    }
}

/// A name that a person gave a device: 1 to 64 characters that may be shown, blanks around it cut.
pub fn device_name(typed: &str) -> Option<T64> {
    use unicode_normalization::UnicodeNormalization;
    T64::try_from(typed.trim().nfc().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_composed_and_bounded() {
        assert_eq!(device_name("  Cafe\u{301} ").map(String::from), Some("Caf\u{e9}".into()));
        assert_eq!(device_name(" "), None);
        assert_eq!(device_name(&"x".repeat(65)), None);
        assert_eq!(device_name("a\u{202e}b"), None);
    }
}
