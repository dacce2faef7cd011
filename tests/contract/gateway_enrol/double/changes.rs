//! What becomes of devices, in memory.

use countersign_gateway::audit::Entry;
use countersign_gateway::enrol::Store;
use countersign_gateway::enrol::changes::{
    self, Changes, INVITATIONS, Invited, Joined, KEY_CHANGES, KeyChange, KeyChanged, NewInvitation, NewKey, OLD_KEY,
    PushSet, SetPush, SuspendedWhy, Typed,
};
use countersign_gateway::enrol::record::{Code, Confirmed, Device, DeviceState, OldKey};
use countersign_gateway::moment::{Deadline, Moment};
use countersign_gateway::person::PersonId;
use countersign_gateway::store::StoreFault;
use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::push::{GoneWhy, KeyClass, Level, Os, UserVerification};

use super::{All, Memory, has_place, is_open, leaving};

/// A change of a key.
pub struct Changed(NewKey, u64);

/// An invitation.
pub struct Invitation {
    did: Id,
    h: H32,
    jti: Id,
    person: PersonId,
    made: u64,
    pub x: u64,
    pub receipt: Option<String>,
}

/// Ends a device that is there.
pub fn end(all: &mut All, did: Id, why: GoneWhy, at: &Moment) {
    let Some(device) = all.devices.iter_mut().find(|it| it.did == did) else { return };
    strip(device, if device.stored == DeviceState::Pending { GoneWhy::Refused } else { why });
    all.gone.push((did, at.now));
    end_codes(all, did);
}

/// A device goes: its id, its keys and why are kept.
pub fn strip(device: &mut Device, why: GoneWhy) {
    (device.stored, device.why) = (DeviceState::Gone, Some(why));
    (device.name, device.ok, device.totp) = (String::new(), None, None);
    (device.activated, device.used, device.suspended) = (None, None, None);
    if let Some(phone) = &mut device.phone {
        (phone.os, phone.level, phone.uv) = (Os::Linux, Level::Software, UserVerification::Any);
        (phone.model, phone.app, phone.endpoint) = (String::new(), String::new(), None);
        (phone.auth, phone.eh, phone.attested) = (Id::from_bytes([0; 16]), H32::from_bytes([0; 32]), false);
    }
}

/// Ends the open codes of a person.
pub fn end_codes_of(all: &mut All, person: PersonId) {
    all.codes.iter_mut().filter(|code| code.person == person && is_open(code)).for_each(|code| code.ended = true);
}

fn end_codes(all: &mut All, inviter: Id) {
    let of = |code: &&mut Code| code.inviter.is_some_and(|it| it.did == inviter) && is_open(code);
    all.codes.iter_mut().filter(of).for_each(|code| code.ended = true);
}

fn active(all: &mut All, did: Id) -> Option<&mut Device> {
    all.devices.iter_mut().find(|it| it.did == did && it.stored == DeviceState::Active)
}

fn waiting(all: &All, did: Id, at: &Moment) -> Vec<(Id, Device)> {
    let invited = all.codes.iter().filter(|code| code.inviter.is_some_and(|it| it.did == did));
    let taken = invited.filter_map(|code| code.taken.as_ref().map(|taken| (code.e, taken.did)));
    let device = |(e, new)| all.devices.iter().find(|it| it.did == new).map(|it| (e, it.clone()));
    taken.filter_map(device).filter(|(_, it)| it.state(at) == DeviceState::Pending).collect()
}

fn change(all: &All, did: Id, h: H32, jti: Id) -> Option<KeyChange> {
    let mine = || all.changes.iter().map(|it| &it.0).filter(|it| it.did == did);
    let found = mine().find(|it| it.h == h).or_else(|| mine().find(|it| it.jti == jti))?;
    let newest = mine().rev().find(|it| it.class == found.class).is_some_and(|it| it.h == found.h);
    let NewKey { class, h, jti, old, receipt, .. } = found.clone();
    Some(KeyChange { class, h, jti, old, receipt, newest })
}

impl Changes for Memory {
    fn set_push(&self, did: Id, set: SetPush, _: Entry) -> Result<PushSet, StoreFault> {
        let mut all = self.all();
        let known: Vec<H32> = all.keys.iter().map(|(key, ..)| *key).collect();
        let Some(phone) = active(&mut all, did).and_then(|device| device.phone.as_mut()) else {
            return Ok(PushSet::NotActive);
        };
        let mut added = None;
        if let Some(seal) = set.seal
            && (&phone.seal, &phone.auth) != (&seal.p256dh.0, &seal.auth)
        {
            if known.contains(&seal.p256dh.0.thumbprint()) {
                return Ok(PushSet::KeyKnown);
            }
            added = Some(seal.p256dh.0.thumbprint());
            (phone.seal, phone.auth) = (seal.p256dh.0, seal.auth);
        }
        if let Some(endpoint) = set.endpoint {
            phone.endpoint = endpoint;
        }
        all.keys.extend(added.map(|key| (key, did, false)));
        Ok(PushSet::Done)
    }

    fn key_change(&self, did: Id, h: H32, jti: Id) -> Result<Option<KeyChange>, StoreFault> {
        Ok(change(&self.all(), did, h, jti))
    }

    fn left_key(&self, did: Id, class: KeyClass) -> Result<Option<Jwk>, StoreFault> {
        let all = self.all();
        let mut newest = all.changes.iter().rev().map(|it| &it.0);
        Ok(newest.find(|it| it.did == did && it.class == class).map(|it| it.old.clone()))
    }

    fn change_key(&self, new: NewKey, at: Moment, _: Entry) -> Result<KeyChanged, StoreFault> {
        let may = |all: &All| {
            if let Some(before) = change(all, new.did, new.h, new.jti) {
                return Err(if before.h == new.h { KeyChanged::Repeat } else { KeyChanged::Refused });
            }
            let device = all.devices.iter().find(|it| it.did == new.did);
            let Some((device, phone)) = device.and_then(|it| it.phone.as_ref().map(|phone| (it, phone))) else {
                return Err(KeyChanged::Refused);
            };
            if phone.key(new.class, &new.old.thumbprint(), &at).is_none() {
                Err(KeyChanged::Refused)
            } else if all.keys.iter().any(|(key, ..)| *key == new.new.thumbprint()) {
                Err(KeyChanged::KeyKnown)
            } else if device.stored != DeviceState::Active || phone.has_old(new.class, &at) {
                Err(KeyChanged::NotNow)
            } else if all.changes.iter().filter(|it| it.0.did == new.did && is_today(it.1, &at)).count()
                >= KEY_CHANGES as usize
            {
                Err(KeyChanged::Limit)
            } else {
                Ok(())
            }
        };
        Ok(self.guarded(may, |all| {
            let phone = all.devices.iter_mut().find(|it| it.did == new.did).and_then(|it| it.phone.as_mut());
            let Some(phone) = phone else { return KeyChanged::Refused };
            let old = OldKey { key: new.old.clone(), until: Deadline::after(OLD_KEY, &at) };
            match new.class {
                KeyClass::Ak => (phone.ak, phone.old_ak) = (new.new.clone(), Some(old)),
                KeyClass::Pk => (phone.pk, phone.old_pk) = (new.new.clone(), Some(old)),
            }
            all.keys.push((new.new.thumbprint(), new.did, new.class == KeyClass::Pk));
            all.changes.push(Changed(new.clone(), at.now));
            KeyChanged::Done
        }))
    }

    fn end_old_key(&self, did: Id, class: KeyClass) -> Result<bool, StoreFault> {
        let mut all = self.all();
        let phone = all.devices.iter_mut().find(|it| it.did == did).and_then(|it| it.phone.as_mut());
        let old = phone.map(|phone| if class == KeyClass::Ak { &mut phone.old_ak } else { &mut phone.old_pk });
        Ok(old.is_some_and(|old| old.take().is_some()))
    }

    fn invitation(&self, did: Id, jti: Id) -> Result<Option<changes::Invitation>, StoreFault> {
        let all = self.all();
        let found = all.invitations.iter().find(|it| it.did == did && it.jti == jti);
        Ok(found.map(|it| changes::Invitation { h: it.h, receipt: it.receipt.clone() }))
    }

    fn invite(&self, new: NewInvitation, code: Code, at: Moment, _: Entry) -> Result<Invited, StoreFault> {
        let refused = |all: &All| waiting(all, new.did, &at).into_iter().map(|(_, it)| it.did).collect::<Vec<_>>();
        let may = |all: &All| {
            let used = all.invitations.iter().any(|it| it.did == new.did && (it.h == new.h || it.jti == new.jti));
            let active = all.devices.iter().any(|it| it.did == new.did && it.stored == DeviceState::Active);
            let mine = all.invitations.iter().filter(|it| it.person == code.person);
            if used || !active {
                Err(Invited::Changed)
            } else if mine.filter(|it| is_today(it.made, &at)).count() >= INVITATIONS as usize
                || !has_place(all, code.person, leaving(&code), refused(all).len(), &at)
            {
                Err(Invited::Limit)
            } else {
                Ok(())
            }
        };
        Ok(self.guarded(may, |all| {
            let ended = refused(all);
            ended.iter().for_each(|did| end(all, *did, GoneWhy::Refused, &at));
            end_codes(all, new.did);
            all.codes.push(code.clone());
            let NewInvitation { did, h, jti, receipt, .. } = new.clone();
            let (person, made, x) = (code.person, code.made, code.x.at);
            all.invitations.push(Invitation { did, h, jti, person, made, x, receipt: Some(receipt) });
            Invited::Done(ended)
        }))
    }

    fn joining(&self, did: Id, at: Moment) -> Result<Option<(Id, Device)>, StoreFault> {
        Ok(waiting(&self.all(), did, &at).pop())
    }

    fn joined(&self, did: Id, h: H32, jti: Id) -> Result<Option<Joined>, StoreFault> {
        let all = self.all();
        let mine = |it: &&(Typed, Joined)| it.0.did == did;
        if let Some((_, joined)) = all.typed.iter().filter(mine).find(|it| it.0.h == h) {
            return Ok(Some(if *joined == Joined::Done { Joined::Again } else { joined.clone() }));
        }
        Ok(all.typed.iter().filter(mine).any(|it| it.0.jti == jti).then_some(Joined::Unknown))
    }

    fn join(&self, typed: Typed, at: Moment, audit: Entry) -> Result<Joined, StoreFault> {
        if let Some(before) = self.joined(typed.did, typed.h, typed.jti)? {
            return Ok(before);
        }
        let taken = {
            let all = self.all();
            let code = all.codes.iter().find(|code| code.e == typed.e);
            let code = code.filter(|code| code.inviter.is_some_and(|it| it.did == typed.did));
            code.and_then(|code| code.taken.as_ref().map(|taken| (code.person, taken.did)))
        };
        let Some((person, new)) = taken else { return Ok(Joined::Unknown) };
        if active(&mut self.all(), typed.did).is_none() {
            return Ok(Joined::NotActive);
        }
        let joined = match self.confirm(person, new, typed.right, None, at, audit)? {
            Confirmed::Active => Joined::Done,
            Confirmed::Wrong(left) => Joined::Wrong(left),
            Confirmed::Refused | Confirmed::NotPending => Joined::Ended,
        };
        self.all().typed.push((typed, joined.clone()));
        Ok(joined)
    }

    fn suspend(
        &self,
        person: PersonId,
        did: Id,
        why: SuspendedWhy,
        at: Moment,
        _: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault> {
        let mut all = self.all();
        let with_person = |it: &Device| matches!(it.suspended, Some((_, SuspendedWhy::Disabled)));
        let counts = |it: &&mut Device| it.stored == DeviceState::Active || with_person(it);
        let mut mine = all.devices.iter_mut().filter(|it| it.did == did && it.person == person);
        let Some(device) = mine.find(counts) else { return Ok(None) };
        (device.stored, device.suspended) = (DeviceState::Suspended, Some((at.now, why)));
        end_codes_of(&mut all, person);
        Ok(Some(Vec::new()))
    }

    fn suspend_from(
        &self,
        person: PersonId,
        did: Id,
        why: SuspendedWhy,
        _: [u8; 32],
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault> {
        self.suspend(person, did, why, at, audit)
    }

    fn resume(&self, person: PersonId, did: Id, _: Entry) -> Result<bool, StoreFault> {
        let mut all = self.all();
        if all.disabled.contains(&person) {
            return Ok(false);
        }
        let suspended = |it: &&mut Device| it.did == did && it.person == person && it.stored == DeviceState::Suspended;
        let Some(device) = all.devices.iter_mut().find(suspended) else { return Ok(false) };
        (device.stored, device.suspended) = (DeviceState::Active, None);
        Ok(true)
    }
}

/// Within the last day, and not in what a clock that is ahead calls today.
fn is_today(made: u64, at: &Moment) -> bool {
    made + 86_400 > at.now && made <= at.now
}
