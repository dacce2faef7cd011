//! Approvals in SQLite. Each decision is one guarded `UPDATE`, its row count decides, the audit row goes with it.

mod decide;
pub mod keys;
mod read;

use countersign_protocol::jose::{H32, Id};

use self::decide::{apply, code, judge, keep, note_answer, what};
use self::read::{COLUMNS, challenged, challenged_row, get, row, standing};
use super::record::{
    self, Attempt, Began, Challenged, CodeAttempt, CodeEnd, Judged, NewApproval, Recorded, Resent, Row, Standing,
};
use super::rule::{self, Before, Change, Verdict};
use super::{Moment, Push, State};
use crate::audit::{self, Caller, Entry};
use crate::enrol::{self, DeviceState};
use crate::person::PersonId;
use crate::store::{Connection, OptionalExtension, StoreFault, int, named_params, params};

/// Holds while a stored state has not run out. The same as [`Row::lasts`].
const LASTS: &str = ":now <= ends AND (run <> :run OR :mono <= mono_end)";

/// Approvals in the gateway's store.
#[derive(Clone)]
pub struct SqlStore(pub crate::store::Store);

impl record::Store for SqlStore {
    fn begin(&self, new: NewApproval, at: Moment, by: Caller) -> Result<Began, StoreFault> {
        self.0.write(move |tx| {
            if let Some((id, push)) = same(tx, &new, &at)? {
                return Ok(Began::Same(id, push));
            }
            let before = before(tx, &new, &at)?;
            let push = match rule::begin(&before, at.now) {
                Ok(push) => push,
                Err(seconds) => {
                    note(tx, &new.person, by.entry(at.now, "approval.begin", "wait"))?;
                    return Ok(Began::Wait(seconds));
                }
            };
            insert(tx, &new, push, &at)?;
            note(tx, &new.person, by.entry(at.now, "approval.begin", push.as_str()).approval(*new.id.as_bytes()))?;
            Ok(Began::Open(push))
        })
    }

    fn get(&self, id: Id) -> Result<Option<Row>, StoreFault> {
        self.0.read(|tx| get(tx, &id))
    }

    fn of_browser(&self, binding: H32) -> Result<Option<Row>, StoreFault> {
        self.0.read(|tx| {
            let sql = format!("SELECT {COLUMNS} FROM approval WHERE binding = ?1 ORDER BY number DESC LIMIT 1");
            Ok(tx.prepare(&sql)?.query_one([binding.as_bytes()], row).optional()?)
        })
    }

    fn settle(&self, id: Id, at: Moment, by: Caller) -> Result<bool, StoreFault> {
        self.0.write(move |tx| {
            let Some(row) = get(tx, &id)? else { return Ok(false) };
            let next = row.state(&at);
            if next == row.stored || change_settled(tx, &row, next, &at)? == 0 {
                return Ok(false);
            }
            note(tx, &row.person, by.entry(at.now, "approval.end", next.as_str()).approval(*id.as_bytes()))?;
            Ok(true)
        })
    }

    fn judge(&self, attempt: Attempt, at: Moment) -> Result<Judged, StoreFault> {
        self.0.read(|tx| judge(tx, &attempt, &at))
    }

    fn record(
        &self,
        attempt: Attempt,
        judged: Verdict,
        result: String,
        at: Moment,
        by: Caller,
    ) -> Result<Recorded, StoreFault> {
        self.0.write(move |tx| match judge(tx, &attempt, &at)? {
            Judged::Gone => Ok(Recorded::Gone),
            Judged::Repeat(stored) => Ok(Recorded::Repeat(stored)),
            Judged::New(verdict) if verdict != judged => Ok(Recorded::Changed),
            Judged::New(verdict) => {
                let asked = challenged(tx, &attempt.did, &attempt.cj)?;
                let changed = match asked.as_ref().filter(|_| verdict.change != Change::Nothing) {
                    Some(asked) if !apply(tx, &attempt, &asked.approval, verdict.change, &at)? => {
                        return Ok(Recorded::Changed);
                    }
                    Some(asked) => Some(asked.approval.id),
                    None => None,
                };
                keep(tx, &attempt, asked.as_ref(), &result, &at)?;
                note_answer(tx, &attempt, asked.as_ref(), by.entry(at.now, what(&attempt), verdict.status.as_str()))?;
                Ok(Recorded::Done(changed))
            }
        })
    }

    fn code(&self, attempt: CodeAttempt, at: Moment, by: Caller) -> Result<CodeEnd, StoreFault> {
        self.0.write(move |tx| code(tx, &attempt, &at, &by))
    }

    fn resend(&self, id: Id, binding: H32, at: Moment, by: Caller) -> Result<Resent, StoreFault> {
        self.0.write(move |tx| {
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
            if tx.prepare(sql)?.execute(values)? == 0 {
                return Ok(Resent::No);
            }
            note(tx, &row.person, by.entry(at.now, "approval.resend", "rung").approval(*id.as_bytes()))?;
            Ok(Resent::Rung)
        })
    }

    fn cancel(&self, id: Id, binding: H32, at: Moment, by: Caller) -> Result<bool, StoreFault> {
        self.0.write(move |tx| {
            let Some(row) = get(tx, &id)?.filter(|row| row.binding == binding) else { return Ok(false) };
            cancel(tx, &row, &at, &by)
        })
    }

    fn cancel_all(&self, person: PersonId, at: Moment, by: Caller) -> Result<Vec<Id>, StoreFault> {
        self.0.write(move |tx| cancel_all(tx, &person, &at, &by))
    }

    fn consume(&self, id: Id, client: &str, binding: H32, at: Moment, by: Caller) -> Result<Option<Row>, StoreFault> {
        let client = client.to_owned();
        self.0.write(move |tx| {
            let sql = format!(
                "UPDATE approval SET state = 'consumed', consumed = :now, rev = rev + 1
                 WHERE id = :id AND client = :client AND binding = :binding AND state = 'approved' AND {LASTS}
                   AND EXISTS (SELECT 1 FROM person WHERE person.id = approval.person AND disabled = 0)"
            );
            let values = named_params! {
                ":now": int(at.now), ":run": at.run, ":mono": at.mono,
                ":id": id.as_bytes(), ":client": client, ":binding": binding.as_bytes(),
            };
            if tx.prepare(&sql)?.execute(values)? == 0 {
                return Ok(None);
            }
            let Some(row) = get(tx, &id)? else { return Err(StoreFault::Damaged("an approval vanished")) };
            // A success: pushes and wrong digits in a row start anew (push-v1 §10, §15).
            let reset = "UPDATE standing SET pushes = 0, wrong = 0, wrong_at = 0 WHERE person = ?1";
            tx.prepare(reset)?.execute([row.person.0])?;
            note(
                tx,
                &row.person,
                about(by.entry(at.now, "approval.consume", "consumed"), &row.id, row.decided_by.as_ref()),
            )?;
            Ok(Some(row))
        })
    }

    fn open_challenges(&self, did: Id, at: Moment) -> Result<Vec<Challenged>, StoreFault> {
        self.0.read(|tx| {
            let sql = format!(
                "SELECT {COLUMNS}, jti, ch, jws FROM challenge JOIN approval ON approval.id = challenge.approval
                 WHERE did = :did AND state = 'pending' AND {LASTS} ORDER BY number"
            );
            let mut statement = tx.prepare(&sql)?;
            let values = named_params! {
                ":did": did.as_bytes(), ":now": int(at.now), ":run": at.run, ":mono": at.mono,
            };
            Ok(statement.query_map(values, challenged_row)?.collect::<Result<_, _>>()?)
        })
    }

    fn challenge(&self, did: Id, jti: Id) -> Result<Option<Challenged>, StoreFault> {
        self.0.read(|tx| challenged(tx, &did, &jti))
    }

    fn delivered(&self, did: Id, seen: Vec<Id>, at: Moment) -> Result<Vec<Id>, StoreFault> {
        self.0.write(move |tx| {
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
                let id: Option<[u8; 16]> = tx.prepare(&sql)?.query_one(values, |row| row.get(0)).optional()?;
                new.extend(id.map(Id::from_bytes));
            }
            Ok(new)
        })
    }

    fn standing(&self, person: PersonId) -> Result<Standing, StoreFault> {
        self.0.read(|tx| standing(tx, &person))
    }

    fn reset(&self, person: PersonId) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            tx.prepare("DELETE FROM standing WHERE person = ?1")?.execute([person.0])?;
            tx.prepare("DELETE FROM push_pause WHERE person = ?1")?.execute([person.0])?;
            Ok(())
        })
    }

    fn sweep(&self, before: u64, at: Moment) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            tx.execute("DELETE FROM answer WHERE until < ?1", [int(at.now)])?;
            tx.execute("DELETE FROM push_pause WHERE until < ?1", [int(at.now)])?;
            tx.execute("DELETE FROM approval WHERE begun < ?1", [int(before)])?;
            Ok(())
        })
    }
}

/// Calls off what is pending of a person, inside a transaction of another subject.
///
/// # Errors
/// [`StoreFault`].
pub fn cancel_all(tx: &Connection, person: &PersonId, at: &Moment, by: &Caller) -> Result<Vec<Id>, StoreFault> {
    let sql = format!("SELECT {COLUMNS} FROM approval WHERE person = ?1 AND state = 'pending'");
    let open: Vec<Row> = tx.prepare(&sql)?.query_map([person.0], row)?.collect::<Result<_, _>>()?;
    let mut ended = Vec::new();
    for row in open {
        if cancel(tx, &row, at, by)? {
            ended.push(row.id);
        }
    }
    Ok(ended)
}

/// What this browser began already for the same person and client, and is open: of a form sent twice.
fn same(tx: &Connection, new: &NewApproval, at: &Moment) -> Result<Option<(Id, Push)>, StoreFault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM approval WHERE binding = :binding AND person = :person AND client = :client
           AND state = 'pending' AND {LASTS} ORDER BY number DESC LIMIT 1"
    );
    let values = named_params! {
        ":binding": new.binding.as_bytes(), ":person": new.person.0, ":client": new.client,
        ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    Ok(tx.prepare(&sql)?.query_one(values, row).optional()?.map(|row| (row.id, row.push)))
}

fn before(tx: &Connection, new: &NewApproval, at: &Moment) -> Result<Before, StoreFault> {
    let open = format!(
        "SELECT count(*) FROM approval WHERE person = :person AND state = 'pending' AND push = 'sent' AND {LASTS}"
    );
    let values = named_params! {
        ":person": new.person.0, ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    let open: u32 = tx.prepare(&open)?.query_one(values, |row| row.get(0))?;
    let paused =
        "SELECT EXISTS (SELECT 1 FROM push_pause WHERE person = ?1 AND client = ?2 AND network = ?3 AND until > ?4)";
    let values = params![new.person.0, new.client, new.network, int(at.now)];
    let paused = tx.prepare(paused)?.query_one(values, |row| row.get(0))?;
    // A phone that was removed or suspended since its challenge was signed is not asked.
    let mut phones = 0;
    for challenge in &new.challenges {
        phones += usize::from(enrol::store::state_of(tx, &challenge.did, at)? == Some(DeviceState::Active));
    }
    Ok(Before { standing: standing(tx, &new.person)?, open, paused, phones, first_factor: new.first_factor })
}

fn insert(tx: &Connection, new: &NewApproval, push: Push, at: &Moment) -> Result<(), StoreFault> {
    let ends = new.exp + rule::GRACE;
    let statement =
        "INSERT INTO approval (id, number, person, client, binding, state, push, shown, tries, begun, exp, ends, run,
                       mono_end, network, next, rung)
                     VALUES (:id, (SELECT coalesce(max(number), 0) + 1 FROM approval), :person, :client, :binding, 'pending', :push, :shown, :tries, :now, :exp, :ends, :run,
                       :mono_end, :network, :next, :now)";
    tx.prepare(statement)?.execute(named_params! {
        ":id": new.id.as_bytes(), ":person": new.person.0, ":client": new.client,
        ":binding": new.binding.as_bytes(), ":push": push.as_str(), ":shown": new.shown, ":tries": new.tries,
        ":now": int(at.now), ":exp": int(new.exp), ":ends": int(ends), ":run": at.run,
        ":mono_end": at.mono_after(ends.saturating_sub(at.now)), ":network": new.network, ":next": new.next,
    })?;
    if push != Push::Sent {
        return Ok(());
    }
    for challenge in &new.challenges {
        if enrol::store::state_of(tx, &challenge.did, at)? == Some(DeviceState::Active) {
            tx.prepare("INSERT INTO challenge (jti, did, approval, ch, jws) VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(
                params![
                    challenge.jti.as_bytes(),
                    challenge.did.as_bytes(),
                    new.id.as_bytes(),
                    challenge.ch.as_bytes(),
                    challenge.jws
                ],
            )?;
        }
    }
    let pushed = "INSERT INTO standing (person, pushes) VALUES (?1, 1) ON CONFLICT DO UPDATE SET pushes = pushes + 1";
    tx.prepare(pushed)?.execute([new.person.0])?;
    Ok(())
}

fn cancel(tx: &Connection, row: &Row, at: &Moment, by: &Caller) -> Result<bool, StoreFault> {
    let update = format!(
        "UPDATE approval SET state = 'cancelled', rev = rev + 1 WHERE id = :id AND state = 'pending' AND {LASTS}"
    );
    let values = named_params! {
        ":id": row.id.as_bytes(), ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    let cancelled = tx.prepare(&update)?.execute(values)? == 1;
    if cancelled {
        note(tx, &row.person, by.entry(at.now, "approval.end", "cancelled").approval(*row.id.as_bytes()))?;
    }
    Ok(cancelled)
}

/// Guarded by what was read: a row that moved on since is left alone.
fn change_settled(tx: &Connection, row: &Row, next: State, at: &Moment) -> Result<usize, StoreFault> {
    let update =
        format!("UPDATE approval SET state = :next, rev = rev + 1 WHERE id = :id AND state = :state AND NOT ({LASTS})");
    let values = named_params! {
        ":next": next.as_str(), ":id": row.id.as_bytes(), ":state": row.stored.as_str(),
        ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    Ok(tx.prepare(&update)?.execute(values)?)
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
    let name: Option<String> = tx.prepare(name)?.query_one([person.0], |row| row.get(0)).optional()?;
    audit::store::append(tx, &name.into_iter().fold(entry, Entry::person))
}
