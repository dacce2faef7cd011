//! Codes and devices in SQL.

pub mod changes;
mod read;
pub mod stale;
mod write;

use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::{GoneWhy, Info};

use self::read::{device, one_code, read};
use self::write::{insert, insert_code};
use super::record::{Accepted, Code, Confirmed, Device, DeviceState, Inviter, Replacement, Store, Taken};
use super::{DEVICES, ENROLMENTS, GONE_KEPT, KEPT};
use crate::approval;
use crate::audit::{self, Caller, Entry};
use crate::moment::{Moment, lasts};
use crate::notice::{self, record::Event};
use crate::person::PersonId;
use crate::session;
use crate::store::{Connection, OptionalExtension, StoreFault, int, named_params, params, time};

/// Holds while a pending device may still be confirmed. The same as [`Device::state`].
const LASTS: &str = lasts!("until");
const DAY: u64 = 86_400;
/// Refuses what was not confirmed in time. Run by each enrolment, so it reads what is pending and nothing else.
pub(crate) const LATE: &str = concat!(
    "UPDATE device SET state = 'gone', why = 'refused', gone = :now WHERE state = 'pending' AND NOT (",
    lasts!("until"),
    ") RETURNING did, (SELECT name FROM person WHERE person.id = device.person)"
);
/// What a round forgets `?2` seconds after its time, with those seconds.
pub(crate) const ROUND: [(&str, u64); 3] = [
    ("DELETE FROM enrol_code WHERE x < ?1 - ?2", KEPT),
    ("UPDATE invitation SET receipt = NULL WHERE receipt IS NOT NULL AND x < ?1 - ?2", KEPT),
    ("DELETE FROM device WHERE state = 'gone' AND gone < ?1 - ?2", GONE_KEPT),
];

/// Codes and devices in the gateway's store.
#[derive(Clone)]
pub struct SqlStore(pub crate::store::Store);

impl Store for SqlStore {
    fn add_code(&self, code: Code, audit: Entry) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            let older =
                "UPDATE enrol_code SET state = 'ended' WHERE person = ?1 AND state = 'open' AND inviter IS NULL";
            tx.execute(older, [code.person.0])?;
            insert_code(tx, &code)?;
            audit::store::append(tx, &audit)
        })
    }

    fn end_codes(&self, person: PersonId, session: H32, audit: Entry) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            let end = "UPDATE enrol_code SET state = 'ended' WHERE person = ?1 AND session = ?2 AND state = 'open'";
            if tx.execute(end, params![person.0, session.as_bytes()])? > 0 {
                audit::store::append(tx, &audit)?;
            }
            Ok(())
        })
    }

    fn code(&self, e: Id) -> Result<Option<Code>, StoreFault> {
        self.0.read(|tx| one_code(tx, "enrol_code.e = ?1", e.as_bytes()))
    }

    fn code_of_browser(&self, session: H32) -> Result<Option<Code>, StoreFault> {
        self.0
            .read(|tx| one_code(tx, "session = ?1 ORDER BY made DESC, state = 'open' DESC LIMIT 1", session.as_bytes()))
    }

    fn end_open_codes(&self) -> Result<(), StoreFault> {
        self.0.write(stale::end)
    }

    fn stale_codes(&self, at: Moment) -> Result<Vec<Id>, StoreFault> {
        self.0.read(|tx| stale::ended(tx, &at))
    }

    fn replace_codes(&self, fresh: Vec<Replacement>, at: Moment) -> Result<(), StoreFault> {
        self.0.write(move |tx| stale::replace(tx, &fresh, &at))
    }

    fn any_key_known(&self, thumbprints: [H32; 3]) -> Result<bool, StoreFault> {
        self.0.read(|tx| any_key_known(tx, &thumbprints))
    }

    fn accept(&self, e: Id, taken: Taken, device: Device, at: Moment, audit: Entry) -> Result<Accepted, StoreFault> {
        self.0.write(move |tx| {
            let Some(phone) = &device.phone else { return Err(StoreFault::Damaged("a phone without keys")) };
            let code = one_code(tx, "enrol_code.e = ?1 AND enrol_code.state = 'open'", e.as_bytes())?;
            let Some(code) = code else { return Ok(Accepted::Changed) };
            if any_key_known(tx, &[phone.ak.thumbprint(), phone.pk.thumbprint(), phone.seal.thumbprint()])? {
                return Ok(Accepted::KeyKnown);
            }
            refuse_late(tx, &at)?;
            if !has_room(tx, &device.person, leaving(code.inviter), &at)? {
                return Ok(Accepted::Limit);
            }
            let set = concat!(
                "UPDATE enrol_code SET state = 'taken', h = :h, did = :did, receipt = :receipt
                 WHERE e = :e AND state = 'open' AND ",
                lasts!("x")
            );
            let changed = tx.execute(
                set,
                named_params! {
                    ":e": e.as_bytes(), ":h": taken.h.as_bytes(), ":did": taken.did.as_bytes(),
                    ":receipt": taken.receipt, ":now": int(at.now), ":run": at.run, ":mono": at.mono,
                },
            )?;
            if changed == 0 {
                return Ok(Accepted::Changed);
            }
            insert(tx, &device)?;
            for (key, class) in [(&phone.ak, "ak"), (&phone.pk, "pk"), (&phone.seal, "seal")] {
                let add = "INSERT INTO device_key (thumbprint, did, class) VALUES (?1, ?2, ?3)";
                tx.execute(add, params![key.thumbprint().as_bytes(), device.did.as_bytes(), class])?;
            }
            audit::store::append(tx, &audit)?;
            Ok(Accepted::Done)
        })
    }

    fn add_app(&self, device: Device, at: Moment, audit: Entry) -> Result<Accepted, StoreFault> {
        self.0.write(move |tx| {
            // An app that was shown and never gave a code has no keys to remember.
            tx.execute(
                "DELETE FROM device WHERE person = ?1 AND kind = 'app' AND state = 'pending'",
                [device.person.0],
            )?;
            refuse_late(tx, &at)?;
            if !has_room(tx, &device.person, None, &at)? {
                return Ok(Accepted::Limit);
            }
            insert(tx, &device)?;
            audit::store::append(tx, &audit)?;
            Ok(Accepted::Done)
        })
    }

    fn device(&self, did: Id) -> Result<Option<Device>, StoreFault> {
        self.0.read(|tx| device(tx, &did))
    }

    fn device_of_pk(&self, thumbprint: H32) -> Result<Option<Device>, StoreFault> {
        self.0.read(|tx| {
            let sql = "SELECT device.* FROM device JOIN device_key ON device_key.did = device.did
                       WHERE thumbprint = ?1 AND class = 'pk'";
            Ok(tx.prepare_cached(sql)?.query_one([thumbprint.as_bytes()], read).optional()?)
        })
    }

    fn devices(&self, person: PersonId) -> Result<Vec<Device>, StoreFault> {
        self.0.read(|tx| {
            let sql = "SELECT * FROM device WHERE person = ?1 AND state <> 'gone' ORDER BY added, did";
            let mut statement = tx.prepare_cached(sql)?;
            Ok(statement.query_map([person.0], read)?.collect::<Result<_, _>>()?)
        })
    }

    fn confirm(
        &self,
        person: PersonId,
        did: Id,
        right: bool,
        step: Option<u64>,
        at: Moment,
        audit: Entry,
    ) -> Result<Confirmed, StoreFault> {
        self.0.write(move |tx| confirm(tx, &person, &did, right, step, &at, audit))
    }

    fn end(
        &self,
        person: PersonId,
        did: Id,
        why: GoneWhy,
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault> {
        self.0.write(move |tx| end(tx, &person, &did, why, None, &at, audit))
    }

    fn end_from(
        &self,
        person: PersonId,
        did: Id,
        why: GoneWhy,
        acting: [u8; 32],
        at: Moment,
        audit: Entry,
    ) -> Result<Option<Vec<Id>>, StoreFault> {
        self.0.write(move |tx| end(tx, &person, &did, why, Some(acting), &at, audit))
    }

    fn rename(&self, person: PersonId, did: Id, name: String, audit: Entry) -> Result<bool, StoreFault> {
        self.0.write(move |tx| {
            let update = "UPDATE device SET name = ?3 WHERE did = ?1 AND person = ?2 AND state <> 'gone'";
            if tx.execute(update, params![did.as_bytes(), person.0, name])? == 0 {
                return Ok(false);
            }
            audit::store::append(tx, &audit)?;
            Ok(true)
        })
    }

    fn spend(&self, person: PersonId, did: Id, step: u64, at: Moment, audit: Entry) -> Result<bool, StoreFault> {
        self.0.write(move |tx| {
            let spent = spend_step(tx, &did, &person, step, at.now)?;
            if spent {
                approval::store::right_code(tx, &person)?;
                audit::store::append(tx, &audit)?;
            }
            Ok(spent)
        })
    }

    fn used(&self, did: Id, now: u64) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            tx.execute("UPDATE device SET used = ?2 WHERE did = ?1", params![did.as_bytes(), int(now)])?;
            Ok(())
        })
    }

    fn forget_endpoint(&self, did: Id, endpoint: &str) -> Result<(), StoreFault> {
        let endpoint = endpoint.to_owned();
        self.0.write(move |tx| {
            let update = "UPDATE device SET endpoint = NULL WHERE did = ?1 AND endpoint = ?2";
            tx.execute(update, params![did.as_bytes(), endpoint])?;
            Ok(())
        })
    }

    fn sweep(&self, at: Moment) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            refuse_late(tx, &at)?;
            for (forget, kept) in ROUND {
                tx.execute(forget, params![int(at.now), int(kept)])?;
            }
            Ok(())
        })
    }
}

/// The state of a device as of now, inside a transaction of another subject.
///
/// # Errors
/// [`StoreFault`].
pub fn state_of(tx: &Connection, did: &Id, at: &Moment) -> Result<Option<DeviceState>, StoreFault> {
    Ok(device(tx, did)?.map(|device| device.state(at)))
}

/// Takes the code of `step`, once, inside a transaction of another subject. The device must be active and the person's.
///
/// # Errors
/// [`StoreFault`].
pub fn spend_step(tx: &Connection, did: &Id, person: &PersonId, step: u64, now: u64) -> Result<bool, StoreFault> {
    let update = "UPDATE device SET totp_step = ?3, used = ?4
                  WHERE did = ?1 AND person = ?2 AND state = 'active' AND totp IS NOT NULL AND totp_step < ?3";
    Ok(tx.prepare_cached(update)?.execute(params![did.as_bytes(), person.0, int(step), int(now)])? == 1)
}

/// A person is disabled or enabled, inside that transaction: active devices count for nothing while the person does not,
/// and again when the person does within 30 days.
///
/// # Errors
/// [`StoreFault`].
pub fn person_disabled(tx: &Connection, person: &PersonId, disabled: bool, now: u64) -> Result<(), StoreFault> {
    let update = if disabled {
        "UPDATE device SET state = 'suspended', suspended = ?2, suspended_why = 'disabled'
         WHERE person = ?1 AND state = 'active'"
    } else {
        "UPDATE device SET state = 'active', suspended = NULL, suspended_why = NULL
         WHERE person = ?1 AND state = 'suspended' AND suspended_why = 'disabled' AND suspended >= ?2 - 30 * 86400"
    };
    tx.execute(update, params![person.0, int(now)])?;
    if disabled {
        tx.execute("UPDATE enrol_code SET state = 'ended' WHERE person = ?1 AND state = 'open'", [person.0])?;
    }
    Ok(())
}

/// A person's account is deleted, inside that transaction: all devices go, and belong to `nobody` from now on, so that they
/// can be told.
///
/// # Errors
/// [`StoreFault`].
pub fn account_gone(tx: &Connection, person: &PersonId, nobody: &PersonId, now: u64) -> Result<(), StoreFault> {
    let gone =
        "UPDATE device SET state = 'gone', gone = ?2, why = CASE WHEN state = 'pending' THEN 'refused' ELSE ?3 END
                WHERE person = ?1 AND state <> 'gone' RETURNING did";
    let values = params![person.0, int(now), GoneWhy::Account.as_str()];
    let went: Vec<[u8; 16]> = tx.prepare(gone)?.query_map(values, |row| row.get(0))?.collect::<Result<_, _>>()?;
    went.into_iter().try_for_each(|did| strip(tx, &Id::from_bytes(did)))?;
    tx.execute("UPDATE device SET person = ?2 WHERE person = ?1", params![person.0, nobody.0])?;
    tx.execute("UPDATE invitation SET person = ?2 WHERE person = ?1", params![person.0, nobody.0])?;
    // A phone that never saw its receipt repeats its request, and is told as well.
    let taken = "UPDATE enrol_code SET person = ?2, name = '' WHERE person = ?1 AND state = 'taken'";
    tx.execute(taken, params![person.0, nobody.0])?;
    Ok(())
}

/// How many phones are enrolled, of all people.
///
/// # Errors
/// [`StoreFault`].
pub fn phones(tx: &Connection) -> Result<u64, StoreFault> {
    let phones = "SELECT count(*) FROM device WHERE kind = 'phone' AND state <> 'gone'";
    Ok(time(tx.query_one(phones, [], |row| row.get(0))?))
}

/// See [`Store::confirm`]; also for digits that were typed on the phone that invited.
fn confirm(
    tx: &Connection,
    person: &PersonId,
    did: &Id,
    right: bool,
    step: Option<u64>,
    at: &Moment,
    audit: Entry,
) -> Result<Confirmed, StoreFault> {
    let set = if right {
        "state = 'active', activated = :now, totp_step = max(totp_step, :step)"
    } else {
        "tries = tries - 1, state = CASE WHEN tries <= 1 THEN 'gone' ELSE 'pending' END,
         why = CASE WHEN tries <= 1 THEN 'refused' END, gone = CASE WHEN tries <= 1 THEN :now END,
         totp_step = max(totp_step, :step)"
    };
    let update = format!(
        "UPDATE device SET {set} WHERE did = :did AND person = :person AND state = 'pending' AND tries > 0
         AND {LASTS} RETURNING state, tries"
    );
    let values = named_params! {
        ":did": did.as_bytes(), ":person": person.0, ":step": step.map_or(-1, int),
        ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    let after = tx.query_one(&update, values, |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).optional()?;
    let end = match after {
        None => return Ok(Confirmed::NotPending),
        Some((state, _)) if state == "active" => Confirmed::Active,
        Some((state, left)) if state == "pending" => Confirmed::Wrong(left),
        Some(_) => Confirmed::Refused,
    };
    if end == Confirmed::Refused {
        strip(tx, did)?;
    }
    let outcome = if end == Confirmed::Refused { "refused".into() } else { audit.outcome.clone() };
    let by = Caller { address: audit.address, transaction: audit.transaction.clone() };
    audit::store::append_for(tx, person, Entry { outcome, ..audit })?;
    if end == Confirmed::Active {
        if step.is_some() {
            approval::store::right_code(tx, person)?;
        }
        tell(tx, person, Info::DeviceAdded, did, at)?;
        replace(tx, person, did, at, &by)?;
    }
    Ok(end)
}

/// Removes the phone in whose place this one was invited.
fn replace(tx: &Connection, person: &PersonId, did: &Id, at: &Moment, by: &Caller) -> Result<(), StoreFault> {
    let invited = one_code(tx, "enrol_code.did = ?1", did.as_bytes())?.and_then(|code| code.inviter);
    if let Some(inviter) = invited.filter(|inviter| inviter.replaces) {
        let why = GoneWhy::Replaced;
        let entry = by.entry(at.now, "device.remove", why.as_str()).device(*inviter.did.as_bytes());
        end(tx, person, &inviter.did, why, None, at, entry)?;
    }
    Ok(())
}

/// See [`Store::end`] and [`Store::end_from`].
fn end(
    tx: &Connection,
    person: &PersonId,
    did: &Id,
    why: GoneWhy,
    acting: Option<[u8; 32]>,
    at: &Moment,
    audit: Entry,
) -> Result<Option<Vec<Id>>, StoreFault> {
    let before = device(tx, did)?.filter(|it| it.person == *person && it.stored != DeviceState::Gone);
    let Some(before) = before else { return Ok(None) };
    let update = "UPDATE device SET state = 'gone', gone = ?3,
                    why = CASE WHEN state = 'pending' THEN 'refused' ELSE ?2 END
                  WHERE did = ?1";
    tx.execute(update, params![did.as_bytes(), why.as_str(), int(at.now)])?;
    let by = Caller { address: audit.address, transaction: audit.transaction.clone() };
    audit::store::append_for(tx, person, audit)?;
    if before.stored != DeviceState::Pending {
        tell(tx, person, Info::DeviceRemoved, did, at)?;
    }
    strip(tx, did)?;
    // Whoever moves to a new phone has both in hand: nothing that the old one did is in doubt.
    let undone = match (before.stored, why) {
        (DeviceState::Pending, _) | (_, GoneWhy::Replaced) => Vec::new(),
        _ => undo(tx, person, did, acting, at, &by)?,
    };
    Ok(Some([undone, stopped(tx, person, did, at, &by)?].concat()))
}

/// Of a device that is gone, keys and id stay, to tell it so; what described it, and its secrets, do not (`push-v1.md` §13).
fn strip(tx: &Connection, did: &Id) -> Result<(), StoreFault> {
    let strip =
        "UPDATE device SET name = '', os = NULL, model = NULL, app = NULL, level = NULL, uv = NULL, auth = NULL,
                   endpoint = NULL, eh = NULL, activated = NULL, used = NULL, suspended = NULL, suspended_why = NULL,
                   ok = NULL, totp = NULL, attested = 0 WHERE did = ?1 AND state = 'gone'";
    tx.execute(strip, [did.as_bytes()])?;
    Ok(())
}

/// Takes back what a device that no longer counts did for whoever held it: its sessions end, what it approved and nobody
/// took yet is called off, and no enrolment code of the person stays open. The approvals that ended.
fn undo(
    tx: &Connection,
    person: &PersonId,
    did: &Id,
    acting: Option<[u8; 32]>,
    at: &Moment,
    by: &Caller,
) -> Result<Vec<Id>, StoreFault> {
    session::store::remove_device(tx, did, acting)?;
    tx.execute("UPDATE enrol_code SET state = 'ended' WHERE person = ?1 AND state = 'open'", [person.0])?;
    approval::store::cancel_of(tx, did, at, by)
}

/// After a device stopped counting: its invitations end and, when it was the last active phone, what is pending.
fn stopped(tx: &Connection, person: &PersonId, did: &Id, at: &Moment, by: &Caller) -> Result<Vec<Id>, StoreFault> {
    tx.execute("UPDATE enrol_code SET state = 'ended' WHERE inviter = ?1 AND state = 'open'", [did.as_bytes()])?;
    let left = "SELECT EXISTS (SELECT 1 FROM device WHERE person = ?1 AND kind = 'phone' AND state = 'active')";
    if tx.query_one(left, [person.0], |row| row.get(0))? {
        return Ok(Vec::new());
    }
    approval::store::cancel_all(tx, person, at, by)
}

fn tell(tx: &Connection, person: &PersonId, info: Info, about: &Id, at: &Moment) -> Result<(), StoreFault> {
    let event = Event { person: *person, info, about: Some(*about), except: None, at: at.now };
    notice::store::tell(tx, &event)
}

/// The device that does not count towards the limit, because it goes when the new one is active.
fn leaving(inviter: Option<Inviter>) -> Option<Id> {
    inviter.filter(|inviter| inviter.replaces).map(|inviter| inviter.did)
}

/// Refuses what waited for its digits or first code for too long, each with its audit row.
fn refuse_late(tx: &Connection, at: &Moment) -> Result<(), StoreFault> {
    let values = named_params! { ":now": int(at.now), ":run": at.run, ":mono": at.mono };
    let mut statement = tx.prepare_cached(LATE)?;
    let refused = statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let refused: Vec<([u8; 16], Option<String>)> = refused.collect::<Result<_, _>>()?;
    for (did, name) in refused {
        strip(tx, &Id::from_bytes(did))?;
        let entry = Caller::default().entry(at.now, "enrol.confirm", "expired").device(did);
        audit::store::append(tx, &name.into_iter().fold(entry, Entry::person))?;
    }
    Ok(())
}

fn has_room(tx: &Connection, person: &PersonId, leaves: Option<Id>, at: &Moment) -> Result<bool, StoreFault> {
    let today = "SELECT count(*) FROM device WHERE person = ?1 AND added > ?2";
    let today: u32 = tx.query_one(today, params![person.0, int(at.now.saturating_sub(DAY))], |row| row.get(0))?;
    Ok(has_place(tx, person, leaves, 0)? && today < ENROLMENTS)
}

/// Whether the person may have another device beside those there are, but the one that leaves and so many more.
fn has_place(tx: &Connection, person: &PersonId, leaves: Option<Id>, more: usize) -> Result<bool, StoreFault> {
    let sql = "SELECT count(*) FROM device WHERE person = ?1 AND state <> 'gone' AND did IS NOT ?2";
    let leaves = leaves.map(|did| *did.as_bytes());
    let devices: u32 = tx.query_one(sql, params![person.0, leaves], |row| row.get(0))?;
    Ok((devices as usize).saturating_sub(more) < DEVICES as usize)
}

fn any_key_known(tx: &Connection, thumbprints: &[H32; 3]) -> Result<bool, StoreFault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM device_key WHERE thumbprint IN (?1, ?2, ?3))";
    let [ak, pk, seal] = thumbprints;
    Ok(tx.prepare_cached(sql)?.query_one(params![ak.as_bytes(), pk.as_bytes(), seal.as_bytes()], |row| row.get(0))?)
}
