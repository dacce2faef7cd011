//! Approvals in SQLite. Each decision is one guarded `UPDATE`, its row count decides, the audit row goes with it.

use rusqlite::ToSql;
use rusqlite::types::Type;

use countersign_protocol::jose::{H32, Id};

use super::record::{
    self, Attempt, Began, Challenged, CodeAttempt, CodeEnd, Decision, Judged, NewApproval, Recorded, Resent, Row,
    Standing,
};
use super::rule::{self, Asked, Before, Change, Verdict};
use super::{Means, Moment, Push, State};
use crate::audit::{self, Caller, Entry};
use crate::enrol::{self, DeviceState};
use crate::person::PersonId;
use crate::session;
use crate::store::{Connection, OptionalExtension, Row as Line, StoreFault, int, named_params, params, time};

/// Holds while a stored state has not run out. The same as [`Row::lasts`].
const LASTS: &str = ":now <= ends AND (run <> :run OR :mono <= mono_end)";
const COLUMNS: &str = "approval.id, approval.person, client, binding, approval.state, rev, push, shown, tries, begun, exp, \
                       ends, run, mono_end, network, resends, rung, delivered, decided, decided_by, means, consumed, reported, next";
/// What approving sets, by phone or by code.
const APPROVED: &str = "state = 'approved', decided = :now, decided_by = :did, ends = :now + :hold, run = :run, \
                        mono_end = :mono + :hold * 1000";

/// Approvals in the gateway's store.
#[derive(Clone)]
pub struct SqlStore(pub crate::store::Store);

impl record::Store for SqlStore {
    fn begin(&self, new: NewApproval, at: Moment, by: Caller) -> Result<Began, StoreFault> {
        self.0.write(move |tx| {
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
                 WHERE id = :id AND client = :client AND binding = :binding AND state = 'approved' AND {LASTS}"
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

fn judge(tx: &Connection, attempt: &Attempt, at: &Moment) -> Result<Judged, StoreFault> {
    let device = enrol::store::state_of(tx, &attempt.did, at)?;
    let Some(device) = device.filter(|state| *state != DeviceState::Gone) else { return Ok(Judged::Gone) };
    let stored = "SELECT result FROM answer WHERE did = ?1 AND h = ?2";
    let values = params![attempt.did.as_bytes(), attempt.h.as_bytes()];
    if let Some(result) = tx.prepare(stored)?.query_one(values, |row| row.get(0)).optional()? {
        return Ok(Judged::Repeat(result));
    }
    let used = "SELECT EXISTS (SELECT 1 FROM answer WHERE did = ?1 AND aj = ?2)";
    let values = params![attempt.did.as_bytes(), attempt.aj.as_bytes()];
    let used = tx.prepare(used)?.query_one(values, |row| row.get(0))?;
    let challenge = challenged(tx, &attempt.did, &attempt.cj)?;
    let wrong = match &challenge {
        Some(challenge) => standing(tx, &challenge.approval.person)?.wrong,
        None => 0,
    };
    let asked = Asked {
        active: device == DeviceState::Active,
        pending: device == DeviceState::Pending,
        used,
        challenge: challenge.as_ref().map(|it| (it.ch == attempt.ch, &it.approval)),
        wrong,
    };
    Ok(Judged::New(rule::judge(attempt, &asked, at)))
}

/// Makes the change by a guarded update. False when the row was not as judged; then nothing changed.
fn apply(tx: &Connection, attempt: &Attempt, row: &Row, change: Change, at: &Moment) -> Result<bool, StoreFault> {
    let open = "state = 'pending'";
    let means = match attempt.decision {
        Decision::Approve { means, .. } => Some(means.as_str()),
        Decision::Deny | Decision::Report => None,
    };
    let (set, guard) = match change {
        Change::Nothing => return Ok(true),
        Change::LateReport => return late_report(tx, row, at),
        Change::Approve => (format!("{APPROVED}, means = :means"), open),
        Change::Wrong => ("tries = tries - 1".to_owned(), "state = 'pending' AND tries > 1"),
        Change::Fail => {
            ("state = 'failed', tries = max(tries - 1, 0), decided = :now, decided_by = :did".to_owned(), open)
        }
        Change::Refuse(state) => {
            (format!("state = '{state}', decided = :now, decided_by = :did"), "state IN ('pending', 'approved')")
        }
    };
    if !change_row(tx, row, &set, guard, Some(&attempt.did), means, at)? {
        return Ok(false);
    }
    match change {
        Change::Wrong | Change::Fail => count_wrong(tx, &row.person, at)?,
        Change::Refuse(_) => pause(tx, row, at)?,
        _ => {}
    }
    Ok(true)
}

/// The one statement that changes a row: guarded by `guard` and by the state's end. Whether it changed.
fn change_row(
    tx: &Connection,
    row: &Row,
    set: &str,
    guard: &str,
    did: Option<&Id>,
    means: Option<&str>,
    at: &Moment,
) -> Result<bool, StoreFault> {
    let update = format!("UPDATE approval SET rev = rev + 1, {set} WHERE id = :id AND {guard} AND {LASTS}");
    let mut statement = tx.prepare(&update)?;
    let did = did.map(|did| did.as_bytes().as_slice());
    let (id, now, hold) = (row.id.as_bytes().as_slice(), int(at.now), int(rule::HOLD));
    let values: [(&str, &dyn ToSql); 7] = [
        (":id", &id),
        (":now", &now),
        (":run", &at.run),
        (":mono", &at.mono),
        (":did", &did),
        (":means", &means),
        (":hold", &hold),
    ];
    for (name, value) in values {
        // Not every change names every value.
        if let Some(index) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(index, value)?;
        }
    }
    Ok(statement.raw_execute()? == 1)
}

/// The first report after consuming ends the sessions; a second one changes nothing and is told the same.
fn late_report(tx: &Connection, row: &Row, at: &Moment) -> Result<bool, StoreFault> {
    let update = "UPDATE approval SET reported = ?2 WHERE id = ?1 AND state = 'consumed' AND reported IS NULL";
    if tx.prepare(update)?.execute(params![row.id.as_bytes(), int(at.now)])? == 1 {
        session::store::remove_approval(tx, *row.id.as_bytes())?;
        pause(tx, row, at)?;
    }
    Ok(true)
}

fn count_wrong(tx: &Connection, person: &PersonId, at: &Moment) -> Result<(), StoreFault> {
    let count = "INSERT INTO standing (person, wrong, wrong_at) VALUES (?1, 1, ?2)
                 ON CONFLICT DO UPDATE SET wrong = wrong + 1, wrong_at = ?2";
    tx.prepare(count)?.execute(params![person.0, int(at.now)])?;
    Ok(())
}

fn pause(tx: &Connection, row: &Row, at: &Moment) -> Result<(), StoreFault> {
    let pause = "INSERT INTO push_pause (person, client, network, until) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET until = ?4";
    let values = params![row.person.0, row.client, row.network, int(at.now + rule::PAUSE)];
    tx.prepare(pause)?.execute(values)?;
    Ok(())
}

fn keep(
    tx: &Connection,
    attempt: &Attempt,
    asked: Option<&Challenged>,
    result: &str,
    at: &Moment,
) -> Result<(), StoreFault> {
    let until = asked.map_or(at.now, |asked| asked.approval.exp.max(at.now)) + rule::KEPT;
    let insert = "INSERT INTO answer (did, h, aj, result, until) VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.prepare(insert)?.execute(params![
        attempt.did.as_bytes(),
        attempt.h.as_bytes(),
        attempt.aj.as_bytes(),
        result,
        int(until)
    ])?;
    Ok(())
}

fn what(attempt: &Attempt) -> &'static str {
    match attempt.decision {
        Decision::Approve { .. } => "approval.approve",
        Decision::Deny => "approval.deny",
        Decision::Report => "approval.report",
    }
}

fn note_answer(tx: &Connection, attempt: &Attempt, asked: Option<&Challenged>, entry: Entry) -> Result<(), StoreFault> {
    match asked {
        Some(asked) => note(tx, &asked.approval.person, about(entry, &asked.approval.id, Some(&attempt.did))),
        None => audit::store::append(tx, &entry.device(*attempt.did.as_bytes())),
    }
}

fn code(tx: &Connection, attempt: &CodeAttempt, at: &Moment, by: &Caller) -> Result<CodeEnd, StoreFault> {
    let row = get(tx, &attempt.id)?.filter(|row| row.binding == attempt.binding);
    let Some(row) = row.filter(|row| row.state(at) == State::Pending) else { return Ok(CodeEnd::NotOpen) };
    let standing = standing(tx, &row.person)?;
    if standing.wrong_codes >= rule::WRONG_CODES {
        return Ok(CodeEnd::Off);
    }
    let hit = match attempt.hit {
        Some((did, step)) if enrol::store::spend_step(tx, &did, &row.person, step, at.now)? => Some(did),
        _ => None,
    };
    let last = row.tries <= 1 || standing.wrong_codes + 1 >= rule::WRONG_CODES;
    let change = match hit {
        Some(_) => format!("{APPROVED}, means = 'code'"),
        None if last => "state = 'failed', tries = max(tries - 1, 0), decided = :now".to_owned(),
        None => "tries = tries - 1".to_owned(),
    };
    if !change_row(tx, &row, &change, "state = 'pending'", hit.as_ref(), None, at)? {
        return Err(StoreFault::Damaged("an approval changed under its writer"));
    }
    let count = match hit {
        Some(_) => "UPDATE standing SET wrong_codes = 0 WHERE person = ?1",
        None => {
            "INSERT INTO standing (person, wrong_codes) VALUES (?1, 1)
             ON CONFLICT DO UPDATE SET wrong_codes = wrong_codes + 1"
        }
    };
    tx.prepare(count)?.execute([row.person.0])?;
    let (end, outcome) = match hit {
        Some(_) => (CodeEnd::Approved, "approved"),
        None if last => (CodeEnd::Failed, "failed"),
        None => (CodeEnd::Wrong(row.tries - 1), "wrong"),
    };
    note(tx, &row.person, about(by.entry(at.now, "approval.code", outcome), &row.id, hit.as_ref()))?;
    Ok(end)
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

fn get(tx: &Connection, id: &Id) -> Result<Option<Row>, StoreFault> {
    let sql = format!("SELECT {COLUMNS} FROM approval WHERE id = ?1");
    Ok(tx.prepare(&sql)?.query_one([id.as_bytes()], row).optional()?)
}

fn challenged(tx: &Connection, did: &Id, jti: &Id) -> Result<Option<Challenged>, StoreFault> {
    let sql = format!(
        "SELECT {COLUMNS}, jti, ch, jws FROM challenge JOIN approval ON approval.id = challenge.approval
         WHERE jti = ?1 AND did = ?2"
    );
    Ok(tx.prepare(&sql)?.query_one([jti.as_bytes(), did.as_bytes()], challenged_row).optional()?)
}

fn standing(tx: &Connection, person: &PersonId) -> Result<Standing, StoreFault> {
    let sql = "SELECT pushes, wrong, wrong_at, wrong_codes FROM standing WHERE person = ?1";
    let found = tx.prepare(sql)?.query_one([person.0], |row| {
        let wrong_at: i64 = row.get(2)?;
        Ok(Standing { pushes: row.get(0)?, wrong: row.get(1)?, wrong_at: time(wrong_at), wrong_codes: row.get(3)? })
    });
    Ok(found.optional()?.unwrap_or_default())
}

fn row(line: &Line<'_>) -> rusqlite::Result<Row> {
    let word = |index: usize| line.get::<_, String>(index);
    let moment = |index: usize| line.get::<_, i64>(index).map(time);
    let maybe = |index: usize| line.get::<_, Option<i64>>(index).map(|at| at.map(time));
    Ok(Row {
        id: Id::from_bytes(line.get(0)?),
        person: PersonId(line.get(1)?),
        client: line.get(2)?,
        binding: H32::from_bytes(line.get(3)?),
        stored: State::from_word(&word(4)?).ok_or_else(|| damaged(4))?,
        rev: moment(5)?,
        push: Push::from_word(&word(6)?).ok_or_else(|| damaged(6))?,
        shown: line.get(7)?,
        tries: line.get(8)?,
        begun: moment(9)?,
        exp: moment(10)?,
        ends: moment(11)?,
        run: line.get(12)?,
        mono_end: line.get(13)?,
        network: line.get(14)?,
        resends: line.get(15)?,
        rung: moment(16)?,
        delivered: line.get(17)?,
        decided: maybe(18)?,
        decided_by: line.get::<_, Option<[u8; 16]>>(19)?.map(Id::from_bytes),
        means: line.get::<_, Option<String>>(20)?.as_deref().and_then(Means::from_word),
        consumed: maybe(21)?,
        reported: maybe(22)?,
        next: line.get(23)?,
    })
}

fn challenged_row(line: &Line<'_>) -> rusqlite::Result<Challenged> {
    Ok(Challenged {
        approval: row(line)?,
        jti: Id::from_bytes(line.get(24)?),
        ch: H32::from_bytes(line.get(25)?),
        jws: line.get(26)?,
    })
}

fn damaged(index: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(index, "word".into(), Type::Text)
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
