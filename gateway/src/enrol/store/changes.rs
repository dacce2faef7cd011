//! Changes of devices in SQL: bells, keys, invitations, suspension.

use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::push::{Info, KeyClass};

use super::super::changes::{
    Changes, INVITATIONS, Invitation, Invited, Joined, KEY_CHANGES, KeyChange, KeyChanged, NewInvitation, NewKey,
    OLD_KEY, PushSet, SetPush, SuspendedWhy, Typed,
};
use super::super::record::{Code, Confirmed, Device, DeviceState, Inviter};
use super::read::{device, key, one_code, read};
use super::write::insert_code;
use super::{DAY, SqlStore, confirm, has_place, leaving, stopped, tell, undo};
use crate::audit::{self, Caller, Entry};
use crate::moment::{Moment, lasts};
use crate::person::PersonId;
use crate::store::{Connection, OptionalExtension, Row, StoreFault, int, named_params, params};

impl Changes for SqlStore {
    fn set_push(&self, did: Id, set: SetPush, audit: Entry) -> Result<PushSet, StoreFault> {
        self.0.write(move |tx| set_push(tx, &did, &set, audit))
    }

    fn key_change(&self, did: Id, h: H32, jti: Id) -> Result<Option<KeyChange>, StoreFault> {
        self.0.read(|tx| key_change(tx, &did, &h, &jti))
    }

    fn left_key(&self, did: Id, class: KeyClass) -> Result<Option<Jwk>, StoreFault> {
        self.0.read(|tx| {
            let sql = "SELECT old FROM key_change WHERE did = ?1 AND class = ?2 ORDER BY number DESC LIMIT 1";
            let found = tx.query_one(sql, params![did.as_bytes(), class.as_str()], |row| key(row, "old"));
            Ok(found.optional()?)
        })
    }

    fn change_key(&self, change: NewKey, at: Moment, audit: Entry) -> Result<KeyChanged, StoreFault> {
        self.0.write(move |tx| change_key(tx, &change, &at, audit))
    }

    fn end_old_key(&self, did: Id, class: KeyClass) -> Result<bool, StoreFault> {
        self.0.write(move |tx| {
            let old = columns(class);
            let sql = format!(
                "UPDATE device SET {old} = NULL, {old}_until = NULL, {old}_run = NULL, {old}_mono = NULL
                 WHERE did = ?1 AND {old} IS NOT NULL"
            );
            Ok(tx.execute(&sql, [did.as_bytes()])? == 1)
        })
    }

    fn invitation(&self, did: Id, jti: Id) -> Result<Option<Invitation>, StoreFault> {
        self.0.read(|tx| {
            let sql = "SELECT h, receipt FROM invitation WHERE did = ?1 AND jti = ?2";
            let found = tx.query_one(sql, params![did.as_bytes(), jti.as_bytes()], |row| {
                Ok(Invitation { h: H32::from_bytes(row.get(0)?), receipt: row.get(1)? })
            });
            Ok(found.optional()?)
        })
    }

    fn invite(&self, new: NewInvitation, code: Code, at: Moment, audit: Entry) -> Result<Invited, StoreFault> {
        self.0.write(move |tx| invite(tx, &new, &code, &at, audit))
    }

    fn joining(&self, did: Id, at: Moment) -> Result<Option<(Id, Device)>, StoreFault> {
        self.0.read(|tx| Ok(waiting(tx, &did, &at)?.pop()))
    }

    fn joined(&self, did: Id, h: H32, jti: Id) -> Result<Option<Joined>, StoreFault> {
        self.0.read(|tx| joined(tx, &did, &h, &jti))
    }

    fn join(&self, typed: Typed, at: Moment, audit: Entry) -> Result<Joined, StoreFault> {
        self.0.write(move |tx| join(tx, &typed, &at, audit))
    }

    fn suspend(
        &self,
        person: PersonId,
        did: Id,
        why: SuspendedWhy,
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault> {
        self.0.write(move |tx| suspend(tx, &person, &did, why, None, &at, audit))
    }

    fn suspend_from(
        &self,
        person: PersonId,
        did: Id,
        why: SuspendedWhy,
        acting: [u8; 32],
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault> {
        self.0.write(move |tx| suspend(tx, &person, &did, why, Some(acting), &at, audit))
    }

    fn resume(&self, person: PersonId, did: Id, audit: Entry) -> Result<bool, StoreFault> {
        self.0.write(move |tx| {
            let update = "UPDATE device SET state = 'active', suspended = NULL, suspended_why = NULL
                WHERE did = ?1 AND person = ?2 AND state = 'suspended'
                  AND EXISTS (SELECT 1 FROM person WHERE id = ?2 AND disabled = 0)";
            if tx.execute(update, params![did.as_bytes(), person.0])? == 0 {
                return Ok(false);
            }
            audit::store::append_for(tx, &person, audit)?;
            Ok(true)
        })
    }
}

/// Suspends an active device, inside a transaction of another subject too; also one that counts for nothing because its
/// person is disabled, which then does not come back with the person. What it did for whoever held it is taken back, but for
/// the session in which its person suspends it, `acting`.
///
/// # Errors
/// [`StoreFault`].
pub fn suspend(
    tx: &Connection,
    person: &PersonId,
    did: &Id,
    why: SuspendedWhy,
    acting: Option<[u8; 32]>,
    at: &Moment,
    audit: Entry,
) -> Result<Option<Vec<Id>>, StoreFault> {
    let update = "UPDATE device SET state = 'suspended', suspended = ?3, suspended_why = ?4
        WHERE did = ?1 AND person = ?2 AND (state = 'active' OR state = 'suspended' AND suspended_why = 'disabled')";
    if tx.execute(update, params![did.as_bytes(), person.0, int(at.now), why.as_str()])? == 0 {
        return Ok(None);
    }
    let by = Caller { address: audit.address, transaction: audit.transaction.clone() };
    audit::store::append_for(tx, person, audit)?;
    let undone = undo(tx, person, did, acting, at, &by)?;
    Ok(Some([undone, stopped(tx, person, did, at, &by)?].concat()))
}

/// The first of the four columns of an old key.
fn columns(class: KeyClass) -> &'static str {
    match class {
        KeyClass::Ak => "old_ak",
        KeyClass::Pk => "old_pk",
    }
}

fn is_known(tx: &Connection, key: &Jwk) -> Result<bool, StoreFault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM device_key WHERE thumbprint = ?1)";
    Ok(tx.query_one(sql, [key.thumbprint().as_bytes()], |row| row.get(0))?)
}

fn register(tx: &Connection, key: &Jwk, did: &Id, class: &str) -> Result<(), StoreFault> {
    let add = "INSERT INTO device_key (thumbprint, did, class) VALUES (?1, ?2, ?3)";
    tx.execute(add, params![key.thumbprint().as_bytes(), did.as_bytes(), class])?;
    Ok(())
}

fn set_push(tx: &Connection, did: &Id, set: &SetPush, audit: Entry) -> Result<PushSet, StoreFault> {
    let found = device(tx, did)?.filter(|device| device.stored == DeviceState::Active);
    let Some((person, phone)) = found.and_then(|device| device.phone.map(|phone| (device.person, phone))) else {
        return Ok(PushSet::NotActive);
    };
    if let Some(seal) = &set.seal {
        let point = &seal.p256dh.0;
        let present = phone.seal == *point && phone.auth.ct_eq(&seal.auth);
        if !present {
            if is_known(tx, point)? {
                return Ok(PushSet::KeyKnown);
            }
            register(tx, point, did, "seal")?;
            let update = "UPDATE device SET seal = ?2, auth = ?3 WHERE did = ?1";
            tx.execute(update, params![did.as_bytes(), point.to_sec1(), seal.auth.as_bytes()])?;
        }
    }
    if let Some(endpoint) = &set.endpoint {
        tx.execute("UPDATE device SET endpoint = ?2 WHERE did = ?1", params![did.as_bytes(), endpoint])?;
    }
    audit::store::append_for(tx, &person, audit)?;
    Ok(PushSet::Done)
}

fn key_change(tx: &Connection, did: &Id, h: &H32, jti: &Id) -> Result<Option<KeyChange>, StoreFault> {
    let sql = "SELECT *, number = (SELECT max(number) FROM key_change AS other
                 WHERE other.did = key_change.did AND other.class = key_change.class) AS newest
               FROM key_change WHERE did = ?1 AND (h = ?2 OR jti = ?3) ORDER BY h = ?2 DESC LIMIT 1";
    let values = params![did.as_bytes(), h.as_bytes(), jti.as_bytes()];
    Ok(tx.query_one(sql, values, read_key_change).optional()?)
}

fn read_key_change(row: &Row<'_>) -> rusqlite::Result<KeyChange> {
    let class: String = row.get("class")?;
    Ok(KeyChange {
        class: if class == KeyClass::Ak.as_str() { KeyClass::Ak } else { KeyClass::Pk },
        h: H32::from_bytes(row.get("h")?),
        jti: Id::from_bytes(row.get("jti")?),
        old: key(row, "old")?,
        receipt: row.get("receipt")?,
        newest: row.get("newest")?,
    })
}

fn change_key(tx: &Connection, change: &NewKey, at: &Moment, audit: Entry) -> Result<KeyChanged, StoreFault> {
    let NewKey { did, class, h, jti, old, new, attested, receipt } = change;
    if let Some(before) = key_change(tx, did, h, jti)? {
        return Ok(if before.h == *h { KeyChanged::Repeat } else { KeyChanged::Refused });
    }
    let found = device(tx, did)?;
    let Some((device, phone)) = found.and_then(|device| device.phone.clone().map(|phone| (device, phone))) else {
        return Ok(KeyChanged::Refused);
    };
    let Some((signer, _)) = phone.key(*class, &old.thumbprint(), at) else { return Ok(KeyChanged::Refused) };
    if is_known(tx, new)? {
        return Ok(KeyChanged::KeyKnown);
    }
    if device.stored != DeviceState::Active || phone.has_old(*class, at) {
        return Ok(KeyChanged::NotNow);
    }
    // What a clock that was ahead says was made later does not count for as long as it was ahead.
    let today = "SELECT count(*) FROM key_change WHERE did = ?1 AND made > ?2 AND made <= ?3";
    let day = params![did.as_bytes(), int(at.now.saturating_sub(DAY)), int(at.now)];
    let today: u32 = tx.query_one(today, day, |row| row.get(0))?;
    if today >= KEY_CHANGES {
        return Ok(KeyChanged::Limit);
    }
    let columns = columns(*class);
    let update = format!(
        "UPDATE device SET {class} = :new, {columns} = :old, {columns}_until = :until, {columns}_run = :run,
           {columns}_mono = :mono, attested = attested AND :attested WHERE did = :did"
    );
    tx.execute(
        &update,
        named_params! {
            ":did": did.as_bytes(), ":new": new.to_sec1(), ":old": signer.to_sec1(), ":until": int(at.now + OLD_KEY),
            ":run": at.run, ":mono": at.mono_after(OLD_KEY), ":attested": attested,
        },
    )?;
    register(tx, new, did, class.as_str())?;
    let add = "INSERT INTO key_change (did, class, h, jti, old, receipt, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    tx.execute(
        add,
        params![did.as_bytes(), class.as_str(), h.as_bytes(), jti.as_bytes(), signer.to_sec1(), receipt, int(at.now)],
    )?;
    audit::store::append_for(tx, &device.person, audit)?;
    tell(tx, &device.person, Info::KeysChanged, did, at)?;
    Ok(KeyChanged::Done)
}

fn invite(tx: &Connection, new: &NewInvitation, code: &Code, at: &Moment, audit: Entry) -> Result<Invited, StoreFault> {
    let used = "SELECT EXISTS (SELECT 1 FROM invitation WHERE did = ?1 AND (h = ?2 OR jti = ?3))";
    let values = params![new.did.as_bytes(), new.h.as_bytes(), new.jti.as_bytes()];
    let active = device(tx, &new.did)?.is_some_and(|device| device.stored == DeviceState::Active);
    if !active || tx.query_one(used, values, |row| row.get(0))? {
        return Ok(Invited::Changed);
    }
    // A newer invitation ends the older one first, so what waits by that does not take a place.
    let by = Caller { address: audit.address, transaction: audit.transaction.clone() };
    let refused: Vec<Id> = waiting(tx, &new.did, at)?.into_iter().map(|(_, device)| device.did).collect();
    let today = "SELECT count(*) FROM invitation WHERE person = ?1 AND made > ?2 AND made <= ?3";
    let day = params![code.person.0, int(at.now.saturating_sub(DAY)), int(at.now)];
    let today: u32 = tx.query_one(today, day, |row| row.get(0))?;
    if today >= INVITATIONS || !has_place(tx, &code.person, leaving(code.inviter), refused.len())? {
        return Ok(Invited::Limit);
    }
    tx.execute("UPDATE enrol_code SET state = 'ended' WHERE inviter = ?1 AND state = 'open'", [new.did.as_bytes()])?;
    for did in &refused {
        let why = countersign_protocol::push::GoneWhy::Refused;
        let entry = by.entry(at.now, "device.remove", why.as_str()).device(*did.as_bytes());
        super::end(tx, &code.person, did, why, None, at, entry)?;
    }
    insert_code(tx, code)?;
    let add = "INSERT INTO invitation (did, h, jti, person, made, x, receipt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    tx.execute(
        add,
        params![
            new.did.as_bytes(),
            new.h.as_bytes(),
            new.jti.as_bytes(),
            code.person.0,
            int(code.made),
            int(code.x.at),
            new.receipt
        ],
    )?;
    audit::store::append_for(tx, &code.person, audit)?;
    Ok(Invited::Done(refused))
}

/// The devices that enrolled by invitations of this one and wait for their digits, the newest last.
fn waiting(tx: &Connection, inviter: &Id, at: &Moment) -> Result<Vec<(Id, Device)>, StoreFault> {
    let sql = format!(
        "SELECT device.*, e FROM device JOIN enrol_code USING (did)
         WHERE inviter = :inviter AND device.state = 'pending' AND {} ORDER BY added",
        lasts!("device", "until")
    );
    let values = named_params! {
        ":inviter": inviter.as_bytes(), ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    let mut statement = tx.prepare(&sql)?;
    let found = statement.query_map(values, |row| Ok((Id::from_bytes(row.get("e")?), read(row)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn joined(tx: &Connection, did: &Id, h: &H32, jti: &Id) -> Result<Option<Joined>, StoreFault> {
    let before = "SELECT h, tries, done FROM joined WHERE did = ?1 AND (h = ?2 OR jti = ?3) ORDER BY h = ?2 DESC";
    let values = params![did.as_bytes(), h.as_bytes(), jti.as_bytes()];
    let before = tx.query_one(before, values, |row| {
        Ok((H32::from_bytes(row.get(0)?), row.get::<_, Option<u8>>(1)?, row.get::<_, bool>(2)?))
    });
    Ok(before.optional()?.map(|before| match before {
        (other, ..) if other != *h => Joined::Unknown,
        (_, _, true) => Joined::Again,
        (_, Some(left), _) => Joined::Wrong(left),
        (_, None, false) => Joined::Ended,
    }))
}

fn join(tx: &Connection, typed: &Typed, at: &Moment, audit: Entry) -> Result<Joined, StoreFault> {
    if let Some(before) = joined(tx, &typed.did, &typed.h, &typed.jti)? {
        return Ok(before);
    }
    let code = one_code(tx, "enrol_code.e = ?1", typed.e.as_bytes())?;
    let mine = code.filter(|code| matches!(code.inviter, Some(Inviter { did, .. }) if did == typed.did));
    let Some((person, taken)) = mine.and_then(|code| code.taken.map(|taken| (code.person, taken))) else {
        return Ok(Joined::Unknown);
    };
    // It was when the call was proven; somebody may have suspended it since.
    if device(tx, &typed.did)?.is_none_or(|device| device.stored != DeviceState::Active) {
        return Ok(Joined::NotActive);
    }
    let end = confirm(tx, &person, &taken.did, typed.right, None, at, audit.device(*taken.did.as_bytes()))?;
    let (joined, tries) = match end {
        Confirmed::Active => (Joined::Done, None),
        Confirmed::Wrong(left) => (Joined::Wrong(left), Some(left)),
        Confirmed::Refused | Confirmed::NotPending => (Joined::Ended, None),
    };
    let keep = "INSERT INTO joined (did, h, jti, e, tries, done) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.execute(
        keep,
        params![
            typed.did.as_bytes(),
            typed.h.as_bytes(),
            typed.jti.as_bytes(),
            typed.e.as_bytes(),
            tries,
            joined == Joined::Done
        ],
    )?;
    Ok(joined)
}
