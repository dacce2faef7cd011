//! Approvals in SQLite. Each decision is one guarded `UPDATE`, its row count decides, the audit row goes with it.

mod begin;
mod decide;
pub mod keys;
mod read;

use countersign_protocol::jose::{H32, Id};

use self::decide::{apply, code, judge, keep, note_answer, succeed, what};
use self::read::{COLUMNS, challenged, challenged_row, get, offline, row, standing};
use super::record::{
    self, Attempt, Began, Challenged, CodeAttempt, CodeEnd, Judged, NewApproval, Offline, Recorded, Resent, Row,
    Standing,
};
use super::rule::{self, Change, Limits, Verdict};
use super::{Push, State};
use crate::audit::{self, Caller, Entry};
use crate::moment::{Moment, lasts};
use crate::notice;
use crate::person::PersonId;
use crate::store::{Connection, OptionalExtension, StoreFault, int, named_params, params};

/// Holds while a stored state has not run out. The same as [`Row::lasts`].
const LASTS: &str = lasts!("ends");
/// What a round forgets: answers, pauses and approvals from before `?1`.
pub(crate) const ROUND: [&str; 3] = [
    "DELETE FROM answer WHERE until < ?1",
    "DELETE FROM push_pause WHERE until < ?1",
    "DELETE FROM approval WHERE begun < ?1",
];

/// Approvals in the gateway's store.
#[derive(Clone)]
pub struct SqlStore {
    store: crate::store::Store,
    limits: Limits,
}

impl SqlStore {
    /// Over the gateway's store, with these limits.
    pub fn new(store: crate::store::Store, limits: Limits) -> Self {
        Self { store, limits }
    }
}

impl record::Store for SqlStore {
    fn begin(&self, new: NewApproval, at: Moment, by: Caller) -> Result<Began, StoreFault> {
        let limits = self.limits;
        self.store.write(move |tx| begin::begin(tx, &new, &limits, &at, &by))
    }

    fn get(&self, id: Id) -> Result<Option<Row>, StoreFault> {
        self.store.read(|tx| get(tx, &id))
    }

    fn of_browser(&self, binding: H32) -> Result<Option<Row>, StoreFault> {
        self.store.read(|tx| {
            let sql = format!("SELECT {COLUMNS} FROM approval WHERE binding = ?1 ORDER BY number DESC LIMIT 1");
            Ok(tx.prepare_cached(&sql)?.query_one([binding.as_bytes()], row).optional()?)
        })
    }

    fn settle(&self, id: Id, at: Moment, by: Caller) -> Result<bool, StoreFault> {
        self.store.write(move |tx| match get(tx, &id)? {
            Some(row) => settle(tx, &row, &at, &by),
            None => Ok(false),
        })
    }

    fn judge(&self, attempt: Attempt, at: Moment) -> Result<Judged, StoreFault> {
        self.store.read(|tx| judge(tx, &attempt, &self.limits, &at))
    }

    fn record(
        &self,
        attempt: Attempt,
        judged: Verdict,
        result: String,
        at: Moment,
        by: Caller,
    ) -> Result<Recorded, StoreFault> {
        let limits = self.limits;
        self.store.write(move |tx| match judge(tx, &attempt, &limits, &at)? {
            Judged::Gone => Ok(Recorded::Gone),
            Judged::Repeat(stored) => Ok(Recorded::Repeat(stored)),
            Judged::New(verdict) if verdict != judged => Ok(Recorded::Changed),
            Judged::New(verdict) => {
                let asked = challenged(tx, &attempt.did, &attempt.cj)?;
                if verdict.change == Change::Notice {
                    let notice = notice::store::get(tx, &attempt.did, &attempt.cj, &at)?;
                    keep(tx, &attempt, None, notice.as_ref(), &result, &at)?;
                    let reported = notice::store::report(tx, &attempt.did, &attempt.cj, &at, &by)?;
                    return Ok(Recorded::Done(reported.ended));
                }
                let changed = match asked.as_ref().filter(|_| verdict.change != Change::Nothing) {
                    Some(asked) if !apply(tx, &attempt, &asked.approval, verdict.change, &limits, &at)? => {
                        return Ok(Recorded::Changed);
                    }
                    Some(asked) => vec![asked.approval.id],
                    None => Vec::new(),
                };
                keep(tx, &attempt, asked.as_ref(), None, &result, &at)?;
                note_answer(tx, &attempt, asked.as_ref(), by.entry(at.now, what(&attempt), verdict.status.as_str()))?;
                Ok(Recorded::Done(changed))
            }
        })
    }

    fn code(&self, attempt: CodeAttempt, at: Moment, by: Caller) -> Result<CodeEnd, StoreFault> {
        let limits = self.limits;
        self.store.write(move |tx| code(tx, &attempt, &limits, &at, &by))
    }

    fn offer(&self, id: Id, binding: H32, offline: Offline, at: Moment, by: Caller) -> Result<bool, StoreFault> {
        self.store.write(move |tx| {
            let Some(row) = get(tx, &id)?.filter(|row| row.binding == binding) else { return Ok(false) };
            if row.state(&at) != State::Pending {
                return Ok(false);
            }
            let sql = "INSERT INTO offline_challenge (approval, did, jti, ch, jws) VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT DO UPDATE SET did = ?2, jti = ?3, ch = ?4, jws = ?5";
            let Offline { did, jti, ch, jws } = &offline;
            let values = params![id.as_bytes(), did.as_bytes(), jti.as_bytes(), ch.as_bytes(), jws];
            tx.prepare_cached(sql)?.execute(values)?;
            note(tx, &row.person, about(by.entry(at.now, "approval.offline", "shown"), &id, Some(did)))?;
            Ok(true)
        })
    }

    fn offline(&self, id: Id) -> Result<Option<Offline>, StoreFault> {
        self.store.read(|tx| offline(tx, &id))
    }

    fn resend(&self, id: Id, binding: H32, at: Moment, by: Caller) -> Result<Resent, StoreFault> {
        self.store.write(move |tx| {
            let Some(row) = get(tx, &id)?.filter(|row| row.binding == binding) else { return Ok(Resent::No) };
            if row.state(&at) != State::Pending || row.push != Push::Sent || row.resends >= rule::RESENDS {
                return Ok(Resent::No);
            }
            let wait = (row.rung + rule::RESEND_AFTER).saturating_sub(at.now);
            if wait > 0 {
                return Ok(Resent::Wait(wait.min(rule::RESEND_AFTER)));
            }
            let sql = "UPDATE approval SET resends = resends + 1, rung = :now, rev = rev + 1
                       WHERE id = :id AND state = 'pending' AND resends = :resends";
            let values = named_params! { ":now": int(at.now), ":id": id.as_bytes(), ":resends": row.resends };
            if tx.prepare_cached(sql)?.execute(values)? == 0 {
                return Ok(Resent::No);
            }
            note(tx, &row.person, by.entry(at.now, "approval.resend", "rung").approval(*id.as_bytes()))?;
            Ok(Resent::Rung)
        })
    }

    fn cancel(&self, id: Id, binding: H32, at: Moment, by: Caller) -> Result<bool, StoreFault> {
        self.store.write(move |tx| {
            let Some(row) = get(tx, &id)?.filter(|row| row.binding == binding) else { return Ok(false) };
            cancel(tx, &row, &at, &by)
        })
    }

    fn cancel_all(&self, person: PersonId, at: Moment, by: Caller) -> Result<Vec<Id>, StoreFault> {
        self.store.write(move |tx| cancel_all(tx, &person, &at, &by))
    }

    fn consume(&self, id: Id, client: &str, binding: H32, at: Moment, by: Caller) -> Result<Option<Row>, StoreFault> {
        let client = client.to_owned();
        self.store.write(move |tx| {
            let sql = format!(
                "UPDATE approval SET state = 'consumed', consumed = :now, rev = rev + 1
                 WHERE id = :id AND client = :client AND binding = :binding AND state = 'approved' AND {LASTS}
                   AND EXISTS (SELECT 1 FROM person WHERE person.id = approval.person AND disabled = 0)"
            );
            let values = named_params! {
                ":now": int(at.now), ":run": at.run, ":mono": at.mono,
                ":id": id.as_bytes(), ":client": client, ":binding": binding.as_bytes(),
            };
            if tx.prepare_cached(&sql)?.execute(values)? == 0 {
                return Ok(None);
            }
            let Some(row) = get(tx, &id)? else { return Err(StoreFault::Damaged("an approval vanished")) };
            succeed(tx, &row.person)?;
            note(
                tx,
                &row.person,
                about(by.entry(at.now, "approval.consume", "consumed"), &row.id, row.decided_by.as_ref()),
            )?;
            Ok(Some(row))
        })
    }

    fn open_challenges(&self, did: Id, at: Moment) -> Result<Vec<Challenged>, StoreFault> {
        self.store.read(|tx| {
            let sql = format!(
                "SELECT {COLUMNS}, jti, ch, jws FROM challenge JOIN approval ON approval.id = challenge.approval
                 WHERE did = :did AND state = 'pending' AND {LASTS} ORDER BY number"
            );
            let mut statement = tx.prepare_cached(&sql)?;
            let values = named_params! {
                ":did": did.as_bytes(), ":now": int(at.now), ":run": at.run, ":mono": at.mono,
            };
            Ok(statement.query_map(values, challenged_row)?.collect::<Result<_, _>>()?)
        })
    }

    fn challenge(&self, did: Id, jti: Id) -> Result<Option<Challenged>, StoreFault> {
        self.store.read(|tx| challenged(tx, &did, &jti))
    }

    fn delivered(&self, did: Id, seen: Vec<Id>, at: Moment) -> Result<Vec<Id>, StoreFault> {
        self.store.write(move |tx| {
            let mut new = Vec::new();
            for jti in seen {
                let sql = format!(
                    "UPDATE approval SET delivered = 1, rev = rev + 1
                     WHERE delivered = 0 AND state = 'pending' AND {LASTS}
                       AND id = (SELECT approval FROM challenge WHERE jti = :jti AND did = :did) RETURNING id"
                );
                let values = named_params! {
                    ":jti": jti.as_bytes(), ":did": did.as_bytes(),
                    ":now": int(at.now), ":run": at.run, ":mono": at.mono,
                };
                let id: Option<[u8; 16]> = tx.prepare_cached(&sql)?.query_one(values, |row| row.get(0)).optional()?;
                new.extend(id.map(Id::from_bytes));
            }
            Ok(new)
        })
    }

    fn standing(&self, person: PersonId) -> Result<Standing, StoreFault> {
        self.store.read(|tx| standing(tx, &person))
    }

    fn reset(&self, person: PersonId) -> Result<(), StoreFault> {
        self.store.write(move |tx| succeed(tx, &person))
    }

    fn sweep(&self, before: u64, at: Moment) -> Result<(), StoreFault> {
        self.store.write(move |tx| {
            settle_all(tx, &at)?;
            let [answers, pauses, approvals] = ROUND;
            tx.execute(answers, [int(at.now)])?;
            tx.execute(pauses, [int(at.now)])?;
            tx.execute(approvals, [int(before)])?;
            Ok(())
        })
    }
}

/// A right code was typed elsewhere than in answer to an approval, inside the transaction that takes it: codes of the person
/// are taken again.
///
/// # Errors
/// [`StoreFault`].
pub fn right_code(tx: &Connection, person: &PersonId) -> Result<(), StoreFault> {
    decide::right_code(tx, person)
}

/// Calls off what is pending of a person, inside a transaction of another subject.
///
/// # Errors
/// [`StoreFault`].
pub fn cancel_all(tx: &Connection, person: &PersonId, at: &Moment, by: &Caller) -> Result<Vec<Id>, StoreFault> {
    let sql = format!("SELECT {COLUMNS} FROM approval WHERE person = ?1 AND state = 'pending'");
    let open: Vec<Row> = tx.prepare_cached(&sql)?.query_map([person.0], row)?.collect::<Result<_, _>>()?;
    let mut ended = Vec::new();
    for row in open {
        if cancel(tx, &row, at, by)? {
            ended.push(row.id);
        }
    }
    Ok(ended)
}

/// Forgets what was asked of a person whose account is deleted, inside that transaction.
///
/// # Errors
/// [`StoreFault`].
pub fn forget_person(tx: &Connection, person: &PersonId) -> Result<(), StoreFault> {
    for table in ["approval", "standing", "push_pause"] {
        tx.execute(&format!("DELETE FROM {table} WHERE person = ?1"), [person.0])?;
    }
    Ok(())
}

/// Calls off what a device approved and nobody took yet, inside the transaction that takes the device out of use.
///
/// # Errors
/// [`StoreFault`].
pub fn cancel_of(tx: &Connection, did: &Id, at: &Moment, by: &Caller) -> Result<Vec<Id>, StoreFault> {
    let sql = format!("SELECT {COLUMNS} FROM approval WHERE decided_by = ?1 AND state = 'approved'");
    let held: Vec<Row> = tx.prepare_cached(&sql)?.query_map([did.as_bytes()], row)?.collect::<Result<_, _>>()?;
    let mut ended = Vec::new();
    for row in held {
        let update = format!(
            "UPDATE approval SET state = 'cancelled', rev = rev + 1 WHERE id = :id AND state = 'approved' AND {LASTS}"
        );
        let values = named_params! {
            ":id": row.id.as_bytes(), ":now": int(at.now), ":run": at.run, ":mono": at.mono,
        };
        if tx.prepare_cached(&update)?.execute(values)? == 1 {
            note(tx, &row.person, by.entry(at.now, "approval.end", "cancelled").approval(*row.id.as_bytes()))?;
            ended.push(row.id);
        }
    }
    Ok(ended)
}

fn cancel(tx: &Connection, row: &Row, at: &Moment, by: &Caller) -> Result<bool, StoreFault> {
    let update = format!(
        "UPDATE approval SET state = 'cancelled', rev = rev + 1 WHERE id = :id AND state = 'pending' AND {LASTS}"
    );
    let values = named_params! {
        ":id": row.id.as_bytes(), ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    let cancelled = tx.prepare_cached(&update)?.execute(values)? == 1;
    if cancelled {
        note(tx, &row.person, by.entry(at.now, "approval.end", "cancelled").approval(*row.id.as_bytes()))?;
    }
    Ok(cancelled)
}

/// Writes down that what ran out did, whether or not anybody looks at its page again.
/// Approvals whose state has ended and is still stored.
pub(crate) fn late() -> String {
    format!("SELECT {COLUMNS} FROM approval WHERE state IN ('pending', 'approved') AND NOT ({LASTS})")
}

fn settle_all(tx: &Connection, at: &Moment) -> Result<(), StoreFault> {
    let sql = late();
    let values = named_params! { ":now": int(at.now), ":run": at.run, ":mono": at.mono };
    let late: Vec<Row> = tx.prepare_cached(&sql)?.query_map(values, row)?.collect::<Result<_, _>>()?;
    late.iter().try_for_each(|row| settle(tx, row, at, &Caller::default()).map(drop))
}

fn settle(tx: &Connection, row: &Row, at: &Moment, by: &Caller) -> Result<bool, StoreFault> {
    let next = row.state(at);
    if next == row.stored || change_settled(tx, row, next, at)? == 0 {
        return Ok(false);
    }
    note(tx, &row.person, by.entry(at.now, "approval.end", next.as_str()).approval(*row.id.as_bytes()))?;
    Ok(true)
}

/// Guarded by what was read: a row that moved on since is left alone.
fn change_settled(tx: &Connection, row: &Row, next: State, at: &Moment) -> Result<usize, StoreFault> {
    let update =
        format!("UPDATE approval SET state = :next, rev = rev + 1 WHERE id = :id AND state = :state AND NOT ({LASTS})");
    let values = named_params! {
        ":next": next.as_str(), ":id": row.id.as_bytes(), ":state": row.stored.as_str(),
        ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    Ok(tx.prepare_cached(&update)?.execute(values)?)
}

/// Adds what an entry is about.
fn about(entry: Entry, approval: &Id, device: Option<&Id>) -> Entry {
    let entry = entry.approval(*approval.as_bytes());
    match device {
        Some(device) => entry.device(*device.as_bytes()),
        None => entry,
    }
}

/// Writes the entry with the person's name, in the transaction of what it tells.
fn note(tx: &Connection, person: &PersonId, entry: Entry) -> Result<(), StoreFault> {
    let name = "SELECT name FROM person WHERE id = ?1";
    let name: Option<String> = tx.prepare_cached(name)?.query_one([person.0], |row| row.get(0)).optional()?;
    audit::store::append(tx, &name.into_iter().fold(entry, Entry::person))
}
