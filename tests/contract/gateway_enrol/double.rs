//! Codes and devices in memory: the test double of `enrol::Store`, and a broken variant that the contract must refuse.

mod changes;
mod stale;

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use countersign_gateway::audit::Entry;
use countersign_gateway::enrol::changes::{Joined, Typed};
use countersign_gateway::enrol::record::{Accepted, Code, Confirmed, Device, DeviceState, Kind, Replacement, Taken};
use countersign_gateway::enrol::{DEVICES, ENROLMENTS, GONE_KEPT, KEPT, Store};
use countersign_gateway::moment::Moment;
use countersign_gateway::person::PersonId;
use countersign_gateway::store::StoreFault;
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::GoneWhy;
use countersign_tests::window::rest;

/// In memory. One broken one looks, lets others in, and then does what it saw; another replaces codes of pages whatever their
/// person did meanwhile.
#[derive(Default)]
pub struct Memory {
    looks_first: bool,
    replaces_blindly: bool,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    codes: Vec<Code>,
    stale: Vec<Id>,
    devices: Vec<Device>,
    gone: Vec<(Id, u64)>,
    keys: Vec<(H32, Id, bool)>,
    changes: Vec<changes::Changed>,
    invitations: Vec<changes::Invitation>,
    typed: Vec<(Typed, Joined)>,
    disabled: Vec<PersonId>,
}

impl Memory {
    /// The broken one.
    pub fn that_looks_first() -> Self {
        Self { looks_first: true, ..Self::default() }
    }

    /// The other.
    pub fn that_replaces_blindly() -> Self {
        Self { replaces_blindly: true, ..Self::default() }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap()
    }

    /// Runs `act` if `may` says so: at once, or in the broken variant after others had their turn.
    fn guarded<T>(&self, may: impl Fn(&All) -> Result<(), T>, act: impl FnOnce(&mut All) -> T) -> T {
        let mut all = self.all();
        if let Err(not) = may(&all) {
            return not;
        }
        if self.looks_first {
            drop(all);
            rest(Duration::from_millis(5));
            all = self.all();
        }
        act(&mut all)
    }
}

fn is_open(code: &Code) -> bool {
    !code.ended && code.taken.is_none()
}

fn has_room(all: &All, person: PersonId, leaves: Option<Id>, at: &Moment) -> bool {
    let mine = || all.devices.iter().filter(|device| device.person == person);
    let today = mine().filter(|device| device.added + 86_400 > at.now).count();
    has_place(all, person, leaves, 0, at) && today < ENROLMENTS as usize
}

fn has_place(all: &All, person: PersonId, leaves: Option<Id>, more: usize, at: &Moment) -> bool {
    let counts = |device: &&Device| {
        device.person == person && Some(device.did) != leaves && device.state(at) != DeviceState::Gone
    };
    all.devices.iter().filter(counts).count() - more < DEVICES as usize
}

fn leaving(code: &Code) -> Option<Id> {
    code.inviter.filter(|inviter| inviter.replaces).map(|inviter| inviter.did)
}

impl Store for Memory {
    fn add_code(&self, code: Code, _: Entry) -> Result<(), StoreFault> {
        let mut all = self.all();
        let of_page = |older: &&mut Code| older.person == code.person && older.inviter.is_none() && is_open(older);
        for older in all.codes.iter_mut().filter(of_page) {
            older.ended = true;
        }
        all.codes.push(code);
        Ok(())
    }

    fn end_codes(&self, person: PersonId, session: H32, _: Entry) -> Result<(), StoreFault> {
        for code in self.all().codes.iter_mut().filter(|it| it.person == person && it.session == session && is_open(it))
        {
            code.ended = true;
        }
        Ok(())
    }

    fn code(&self, e: Id) -> Result<Option<Code>, StoreFault> {
        Ok(self.all().codes.iter().find(|code| code.e == e).cloned())
    }

    fn code_of_browser(&self, session: H32) -> Result<Option<Code>, StoreFault> {
        Ok(self.all().codes.iter().rev().find(|code| code.session == session).cloned())
    }

    fn end_open_codes(&self) -> Result<(), StoreFault> {
        stale::end(&mut self.all());
        Ok(())
    }

    fn stale_codes(&self, at: Moment) -> Result<Vec<Id>, StoreFault> {
        Ok(stale::ended(&self.all(), &at))
    }

    fn replace_codes(&self, fresh: Vec<Replacement>, at: Moment) -> Result<(), StoreFault> {
        stale::replace(&mut self.all(), fresh, self.replaces_blindly, &at);
        Ok(())
    }

    fn any_key_known(&self, thumbprints: [H32; 3]) -> Result<bool, StoreFault> {
        Ok(self.all().keys.iter().any(|(known, ..)| thumbprints.contains(known)))
    }

    fn accept(&self, e: Id, taken: Taken, device: Device, at: Moment, _: Entry) -> Result<Accepted, StoreFault> {
        let phone = device.phone.clone().unwrap();
        let keys = [phone.ak.thumbprint(), phone.pk.thumbprint(), phone.seal.thumbprint()];
        let may = |all: &All| {
            if !all.codes.iter().any(|code| code.e == e && is_open(code) && !code.is_late(&at)) {
                Err(Accepted::Changed)
            } else if all.keys.iter().any(|(known, ..)| keys.contains(known)) {
                Err(Accepted::KeyKnown)
            } else if !has_room(all, device.person, all.codes.iter().find(|code| code.e == e).and_then(leaving), &at) {
                Err(Accepted::Limit)
            } else {
                Ok(())
            }
        };
        Ok(self.guarded(may, |all| {
            if let Some(code) = all.codes.iter_mut().find(|code| code.e == e) {
                code.taken = Some(taken);
            }
            all.keys.extend(keys.map(|key| (key, device.did, key == phone.pk.thumbprint())));
            all.devices.push(device.clone());
            Accepted::Done
        }))
    }

    fn add_app(&self, device: Device, at: Moment, _: Entry) -> Result<Accepted, StoreFault> {
        let mut all = self.all();
        let (person, pending) = (device.person, DeviceState::Pending);
        all.devices.retain(|it| it.person != person || it.kind() != Kind::App || it.stored != pending);
        if !has_room(&all, person, None, &at) {
            return Ok(Accepted::Limit);
        }
        all.devices.push(device);
        Ok(Accepted::Done)
    }

    fn device(&self, did: Id) -> Result<Option<Device>, StoreFault> {
        Ok(self.all().devices.iter().find(|device| device.did == did).cloned())
    }

    fn device_of_pk(&self, thumbprint: H32) -> Result<Option<Device>, StoreFault> {
        let all = self.all();
        let known = all.keys.iter().find(|(key, _, is_pk)| *key == thumbprint && *is_pk);
        Ok(known.and_then(|(_, did, _)| all.devices.iter().find(|device| device.did == *did).cloned()))
    }

    fn devices(&self, person: PersonId) -> Result<Vec<Device>, StoreFault> {
        let all = self.all();
        let there = |device: &&Device| device.person == person && device.stored != DeviceState::Gone;
        Ok(all.devices.iter().filter(there).cloned().collect())
    }

    fn confirm(
        &self,
        person: PersonId,
        did: Id,
        right: bool,
        step: Option<u64>,
        at: Moment,
        _: Entry,
    ) -> Result<Confirmed, StoreFault> {
        let pending = |it: &Device| it.did == did && it.person == person && it.state(&at) == DeviceState::Pending;
        let may = |all: &All| if all.devices.iter().any(pending) { Ok(()) } else { Err(Confirmed::NotPending) };
        Ok(self.guarded(may, |all| {
            let Some(device) = all.devices.iter_mut().find(|device| device.did == did) else {
                return Confirmed::NotPending;
            };
            device.totp_step = device.totp_step.max(step);
            if right {
                (device.stored, device.activated) = (DeviceState::Active, Some(at.now));
                let code = all.codes.iter().find(|code| code.taken.as_ref().is_some_and(|it| it.did == did));
                if let Some(old) = code.and_then(leaving) {
                    changes::end(all, old, GoneWhy::Replaced, &at);
                }
                return Confirmed::Active;
            }
            device.tries = device.tries.saturating_sub(1);
            if device.tries > 0 {
                return Confirmed::Wrong(device.tries);
            }
            changes::strip(device, GoneWhy::Refused);
            Confirmed::Refused
        }))
    }

    fn end(
        &self,
        person: PersonId,
        did: Id,
        why: GoneWhy,
        at: Moment,
        _: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault> {
        let mut all = self.all();
        let there = |it: &&mut Device| it.did == did && it.person == person && it.stored != DeviceState::Gone;
        let Some(before) = all.devices.iter_mut().find(there).map(|it| it.stored) else { return Ok(None) };
        changes::end(&mut all, did, why, &at);
        if before != DeviceState::Pending && why != GoneWhy::Replaced {
            changes::end_codes_of(&mut all, person);
        }
        Ok(Some(Vec::new()))
    }

    fn end_from(
        &self,
        person: PersonId,
        did: Id,
        why: GoneWhy,
        _: [u8; 32],
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault> {
        self.end(person, did, why, at, audit)
    }

    fn rename(&self, person: PersonId, did: Id, name: String, _: Entry) -> Result<bool, StoreFault> {
        let mut all = self.all();
        let there = |it: &&mut Device| it.did == did && it.person == person && it.stored != DeviceState::Gone;
        let found = all.devices.iter_mut().find(there);
        Ok(found.map(|device| device.name = name).is_some())
    }

    fn spend(&self, person: PersonId, did: Id, step: u64, _: Moment, _: Entry) -> Result<bool, StoreFault> {
        let fits = |it: &Device| {
            let fresh = it.totp_step.is_none_or(|last| last < step);
            it.did == did && it.person == person && it.stored == DeviceState::Active && it.totp.is_some() && fresh
        };
        let may = |all: &All| if all.devices.iter().any(fits) { Ok(()) } else { Err(false) };
        Ok(self.guarded(may, |all| {
            if let Some(device) = all.devices.iter_mut().find(|device| device.did == did) {
                device.totp_step = Some(step);
            }
            true
        }))
    }

    fn used(&self, did: Id, now: u64) -> Result<(), StoreFault> {
        if let Some(device) = self.all().devices.iter_mut().find(|device| device.did == did) {
            device.used = Some(now);
        }
        Ok(())
    }

    fn forget_endpoint(&self, did: Id, endpoint: &str) -> Result<(), StoreFault> {
        let mut all = self.all();
        let phone = all.devices.iter_mut().find(|device| device.did == did).and_then(|it| it.phone.as_mut());
        if let Some(phone) = phone.filter(|it| it.endpoint.as_deref() == Some(endpoint)) {
            phone.endpoint = None;
        }
        Ok(())
    }

    fn sweep(&self, at: Moment) -> Result<(), StoreFault> {
        let mut all = self.all();
        all.codes.retain(|code| code.x.at + KEPT >= at.now);
        all.invitations.iter_mut().filter(|it| it.x + KEPT < at.now).for_each(|it| it.receipt = None);
        let All { devices, gone, .. } = &mut *all;
        let forgotten = |did: Id| gone.iter().any(|(id, when)| *id == did && when + GONE_KEPT < at.now);
        devices.retain(|device| !forgotten(device.did));
        Ok(())
    }
}
