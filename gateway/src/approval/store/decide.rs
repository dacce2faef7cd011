//! The decisions: judged by the rules, made by one guarded `UPDATE` whose row count decides.

use countersign_protocol::jose::Id;
use countersign_protocol::push::Info;
use rusqlite::ToSql;

use super::read::{challenged, get, offline, standing};
use super::{LASTS, about, note};
use crate::approval::State;
use crate::approval::record::{Attempt, Challenged, CodeAttempt, CodeEnd, Decision, Hit, Judged, Row};
use crate::approval::rule::{self, Asked, Change, Limits};
use crate::audit::{Caller, Entry};
use crate::enrol::{self, DeviceState};
use crate::moment::Moment;
use crate::notice::{self, record::Noticed};
use crate::person::PersonId;
use crate::session;
use crate::store::{Connection, OptionalExtension, StoreFault, int, params};

/// What approving sets, by phone or by code.
const APPROVED: &str = "state = 'approved', decided = :now, decided_by = :did, means = :means, ends = :now + hold, \
                        run = :run, mono_end = :mono + hold * 1000";
/// The same where the yes itself takes it.
const TAKEN: &str = "state = 'consumed', decided = :now, decided_by = :did, means = :means, consumed = :now";

fn approved(row: &Row) -> String {
    if row.asks.at_once { TAKEN } else { APPROVED }.to_owned()
}

pub(super) fn judge(tx: &Connection, attempt: &Attempt, limits: &Limits, at: &Moment) -> Result<Judged, StoreFault> {
    let device = enrol::store::state_of(tx, &attempt.did, at)?;
    let Some(device) = device.filter(|state| *state != DeviceState::Gone) else { return Ok(Judged::Gone) };
    let stored = "SELECT result FROM answer WHERE did = ?1 AND h = ?2";
    let values = params![attempt.did.as_bytes(), attempt.h.as_bytes()];
    if let Some(result) = tx.prepare_cached(stored)?.query_one(values, |row| row.get(0)).optional()? {
        return Ok(Judged::Repeat(result));
    }
    let used = "SELECT EXISTS (SELECT 1 FROM answer WHERE did = ?1 AND aj = ?2)";
    let values = params![attempt.did.as_bytes(), attempt.aj.as_bytes()];
    let used = tx.prepare_cached(used)?.query_one(values, |row| row.get(0))?;
    let challenge = challenged(tx, &attempt.did, &attempt.cj)?;
    let wrong = match &challenge {
        Some(challenge) => standing(tx, &challenge.approval.person)?.wrong,
        None => 0,
    };
    let notice = notice::store::get(tx, &attempt.did, &attempt.cj, at)?;
    let asked = Asked {
        active: device == DeviceState::Active,
        pending: device == DeviceState::Pending,
        used,
        challenge: challenge.as_ref().map(|it| (it.ch == attempt.ch, &it.approval)),
        notice: notice.map(|notice| notice.ch == attempt.ch),
        wrong,
        limits: *limits,
    };
    Ok(Judged::New(rule::judge(attempt, &asked, at)))
}

/// Makes the change by a guarded update. False when the row was not as judged; then nothing changed.
pub(super) fn apply(
    tx: &Connection,
    attempt: &Attempt,
    row: &Row,
    change: Change,
    limits: &Limits,
    at: &Moment,
) -> Result<bool, StoreFault> {
    let open = "state = 'pending'";
    let means = match attempt.decision {
        Decision::Approve { means, .. } => Some(means.as_str()),
        Decision::Deny | Decision::Report => None,
    };
    let (set, guard) = match change {
        Change::Nothing | Change::Notice => return Ok(true),
        Change::LateReport => return late_report(tx, row, at),
        Change::Approve => (approved(row), open),
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
        Change::Wrong | Change::Fail => count_wrong(tx, &row.person, limits, at)?,
        Change::Refuse(_) => pause(tx, row, at)?,
        Change::Approve if row.asks.at_once => succeed(tx, &row.person)?,
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
    let mut statement = tx.prepare_cached(&update)?;
    let did = did.map(|did| did.as_bytes().as_slice());
    let (id, now) = (row.id.as_bytes().as_slice(), int(at.now));
    let values: [(&str, &dyn ToSql); 6] =
        [(":id", &id), (":now", &now), (":run", &at.run), (":mono", &at.mono), (":did", &did), (":means", &means)];
    for (name, value) in values {
        // Not every change names every value.
        if let Some(index) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(index, value)?;
        }
    }
    Ok(statement.raw_execute()? == 1)
}

/// The first report of what is over. Within ten minutes of consuming it ends the sessions that were made from it.
fn late_report(tx: &Connection, row: &Row, at: &Moment) -> Result<bool, StoreFault> {
    let update = "UPDATE approval SET reported = ?2 WHERE id = ?1 AND reported IS NULL";
    if tx.prepare_cached(update)?.execute(params![row.id.as_bytes(), int(at.now)])? == 1 {
        if row.consumed.is_some_and(|when| at.now <= when + rule::LATE_REPORT) {
            session::store::remove_approval(tx, *row.id.as_bytes())?;
        }
        pause(tx, row, at)?;
    }
    Ok(true)
}

/// A success, or another second factor: pushes and wrong digits in a row start anew (push-v1 §10, §15).
pub(super) fn succeed(tx: &Connection, person: &PersonId) -> Result<(), StoreFault> {
    let reset = "UPDATE standing SET pushes = 0, wrong = 0, wrong_at = 0 WHERE person = ?1";
    tx.prepare_cached(reset)?.execute([person.0])?;
    Ok(())
}

/// A right code: wrong ones in a row start anew (push-v1 §10).
pub(super) fn right_code(tx: &Connection, person: &PersonId) -> Result<(), StoreFault> {
    tx.prepare_cached("UPDATE standing SET wrong_codes = 0 WHERE person = ?1")?.execute([person.0])?;
    Ok(())
}

fn count_wrong(tx: &Connection, person: &PersonId, limits: &Limits, at: &Moment) -> Result<(), StoreFault> {
    let count = "INSERT INTO standing (person, wrong, wrong_at) VALUES (?1, 1, ?2)
                 ON CONFLICT DO UPDATE SET wrong = wrong + 1, wrong_at = ?2 RETURNING wrong";
    let wrong: u32 = tx.prepare_cached(count)?.query_one(params![person.0, int(at.now)], |line| line.get(0))?;
    if wrong == limits.wrong { tell_lockout(tx, person, at) } else { Ok(()) }
}

/// The phones are told that no digits, or no codes, are taken any more: somebody has been guessing.
fn tell_lockout(tx: &Connection, person: &PersonId, at: &Moment) -> Result<(), StoreFault> {
    let info = Info::Lockout;
    notice::store::tell(tx, &notice::record::Event { person: *person, info, about: None, except: None, at: at.now })
}

fn pause(tx: &Connection, row: &Row, at: &Moment) -> Result<(), StoreFault> {
    let pause = "INSERT INTO push_pause (person, client, network, until) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET until = ?4";
    let values = params![row.person.0, row.client, row.network, int(at.now + rule::PAUSE)];
    tx.prepare_cached(pause)?.execute(values)?;
    Ok(())
}

pub(super) fn keep(
    tx: &Connection,
    attempt: &Attempt,
    asked: Option<&Challenged>,
    notice: Option<&Noticed>,
    result: &str,
    at: &Moment,
) -> Result<(), StoreFault> {
    let until = match notice {
        Some(notice) => notice.exp.max(at.now),
        None => asked.map_or(at.now, |asked| asked.approval.exp.max(at.now)) + rule::KEPT,
    };
    let insert = "INSERT INTO answer (did, h, aj, result, until) VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.prepare_cached(insert)?.execute(params![
        attempt.did.as_bytes(),
        attempt.h.as_bytes(),
        attempt.aj.as_bytes(),
        result,
        int(until)
    ])?;
    Ok(())
}

pub(super) fn what(attempt: &Attempt) -> &'static str {
    match attempt.decision {
        Decision::Approve { .. } => "approval.approve",
        Decision::Deny => "approval.deny",
        Decision::Report => "approval.report",
    }
}

pub(super) fn note_answer(
    tx: &Connection,
    attempt: &Attempt,
    asked: Option<&Challenged>,
    entry: Entry,
) -> Result<(), StoreFault> {
    match asked {
        Some(asked) => note(tx, &asked.approval.person, about(entry, &asked.approval.id, Some(&attempt.did))),
        // About nothing that anybody asked: it changed nothing, and there may be any number of them.
        None => {
            tracing::info!(device = %attempt.did, what = %entry.what, outcome = %entry.outcome, "an answer to nothing");
            Ok(())
        }
    }
}

pub(super) fn code(
    tx: &Connection,
    attempt: &CodeAttempt,
    limits: &Limits,
    at: &Moment,
    by: &Caller,
) -> Result<CodeEnd, StoreFault> {
    let row = get(tx, &attempt.id)?.filter(|row| row.binding == attempt.binding);
    let Some(row) = row.filter(|row| row.state(at) == State::Pending) else { return Ok(CodeEnd::NotOpen) };
    let standing = standing(tx, &row.person)?;
    if standing.wrong_codes >= limits.wrong_codes {
        return Ok(CodeEnd::Off);
    }
    let hit = match attempt.hit {
        Some(hit) if counts(tx, &row, &hit, at)? => Some(hit),
        _ => None,
    };
    let did = hit.map(|hit| hit.did());
    let last = row.tries <= 1 || standing.wrong_codes + 1 >= limits.wrong_codes;
    let change = match hit {
        Some(_) => approved(&row),
        None if last => "state = 'failed', tries = max(tries - 1, 0), decided = :now".to_owned(),
        None => "tries = tries - 1".to_owned(),
    };
    let means = hit.map(|hit| hit.means().as_str());
    if !change_row(tx, &row, &change, "state = 'pending'", did.as_ref(), means, at)? {
        return Err(StoreFault::Damaged("an approval changed under its writer"));
    }
    match hit {
        Some(_) => right_code(tx, &row.person)?,
        None => {
            let count = "INSERT INTO standing (person, wrong_codes) VALUES (?1, 1)
                         ON CONFLICT DO UPDATE SET wrong_codes = wrong_codes + 1";
            tx.prepare_cached(count)?.execute([row.person.0])?;
        }
    }
    if hit.is_some() && row.asks.at_once {
        succeed(tx, &row.person)?;
    }
    if hit.is_none() && standing.wrong_codes + 1 == limits.wrong_codes {
        tell_lockout(tx, &row.person, at)?;
    }
    let (end, outcome) = match hit {
        Some(_) => (CodeEnd::Approved, "approved"),
        None if last => (CodeEnd::Failed, "failed"),
        None => (CodeEnd::Wrong(row.tries - 1), "wrong"),
    };
    note(tx, &row.person, about(by.entry(at.now, "approval.code", outcome), &row.id, did.as_ref()))?;
    Ok(end)
}

/// Whether a code counts: a step that was not used, or the answer of the device that was shown this very challenge.
fn counts(tx: &Connection, row: &Row, hit: &Hit, at: &Moment) -> Result<bool, StoreFault> {
    match hit {
        Hit::Totp { did, step } => enrol::store::spend_step(tx, did, &row.person, *step, at.now),
        Hit::Answer { did, ch } => {
            let shown = offline(tx, &row.id)?.is_some_and(|it| it.did == *did && it.ch == *ch);
            Ok(shown && enrol::store::state_of(tx, did, at)? == Some(DeviceState::Active))
        }
    }
}
