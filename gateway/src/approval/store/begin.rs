//! Beginning: what this browser has open already, what the rules say, and the new row with its challenges.

use countersign_protocol::jose::Id;

use super::read::{COLUMNS, row, standing};
use super::{LASTS, cancel, note};
use crate::approval::Push;
use crate::approval::record::{Began, NewApproval, Row};
use crate::approval::rule::{self, Before, Limits};
use crate::audit::Caller;
use crate::enrol::{self, DeviceState};
use crate::moment::Moment;
use crate::store::{Connection, OptionalExtension, StoreFault, int, named_params, params};

pub(super) fn begin(
    tx: &Connection,
    new: &NewApproval,
    limits: &Limits,
    at: &Moment,
    by: &Caller,
) -> Result<Began, StoreFault> {
    if let Some((id, push)) = same(tx, new, at)? {
        return Ok(Began::Same(id, push));
    }
    let push = match rule::begin(&before(tx, new, limits, at)?, at.now) {
        Ok(push) => push,
        Err(seconds) => {
            note(tx, &new.person, by.entry(at.now, "approval.begin", "wait"))?;
            return Ok(Began::Wait(seconds));
        }
    };
    let ended = end_others(tx, new, at, by)?;
    insert(tx, new, push, at)?;
    note(tx, &new.person, by.entry(at.now, "approval.begin", push.as_str()).approval(*new.id.as_bytes()))?;
    Ok(Began::Open(push, ended))
}

/// A browser has one approval: what it began for somebody or something else is called off with this beginning.
fn end_others(tx: &Connection, new: &NewApproval, at: &Moment, by: &Caller) -> Result<Vec<Id>, StoreFault> {
    let sql = format!("SELECT {COLUMNS} FROM approval WHERE binding = ?1 AND state = 'pending'");
    let open: Vec<Row> =
        tx.prepare_cached(&sql)?.query_map([new.binding.as_bytes()], row)?.collect::<Result<_, _>>()?;
    let mut ended = Vec::new();
    for row in open {
        if cancel(tx, &row, at, by)? {
            ended.push(row.id);
        }
    }
    Ok(ended)
}

/// What this browser began already to ask the same of the same person for the same client, and is open: of a form sent
/// twice.
fn same(tx: &Connection, new: &NewApproval, at: &Moment) -> Result<Option<(Id, Push)>, StoreFault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM approval WHERE binding = :binding AND person = :person AND client = :client
           AND state = 'pending' AND {LASTS} ORDER BY number DESC LIMIT 1"
    );
    let values = named_params! {
        ":binding": new.binding.as_bytes(), ":person": new.person.0, ":client": new.client,
        ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    let open = tx.prepare_cached(&sql)?.query_one(values, row).optional()?;
    Ok(open.filter(|row| row.asks.is_same(&new.asks)).map(|row| (row.id, row.push)))
}

/// What counts against a new one. What this very browser has open is called off with it, so it is not counted.
fn before(tx: &Connection, new: &NewApproval, limits: &Limits, at: &Moment) -> Result<Before, StoreFault> {
    let open = format!(
        "SELECT count(*) FROM approval WHERE person = :person AND state = 'pending' AND push = 'sent'
           AND binding <> :binding AND {LASTS}"
    );
    let values = named_params! {
        ":person": new.person.0, ":binding": new.binding.as_bytes(), ":now": int(at.now), ":run": at.run, ":mono": at.mono,
    };
    let open: u32 = tx.prepare_cached(&open)?.query_one(values, |row| row.get(0))?;
    let paused =
        "SELECT EXISTS (SELECT 1 FROM push_pause WHERE person = ?1 AND client = ?2 AND network = ?3 AND until > ?4)";
    let values = params![new.person.0, new.client, new.network, int(at.now)];
    let paused = tx.prepare_cached(paused)?.query_one(values, |row| row.get(0))?;
    // A phone that was removed or suspended since its challenge was signed is not asked.
    let mut phones = 0;
    for challenge in &new.challenges {
        phones += usize::from(enrol::store::state_of(tx, &challenge.did, at)? == Some(DeviceState::Active));
    }
    let (standing, first_factor) = (standing(tx, &new.person)?, new.first_factor);
    Ok(Before { standing, open, paused, phones, first_factor, limits: *limits })
}

fn insert(tx: &Connection, new: &NewApproval, push: Push, at: &Moment) -> Result<(), StoreFault> {
    let ends = new.exp + rule::GRACE;
    let statement =
        "INSERT INTO approval (id, number, person, client, binding, state, push, shown, tries, begun, exp, ends, run,
                       mono_end, network, next, rung, op, hold, at_once, question)
                     VALUES (:id, (SELECT coalesce(max(number), 0) + 1 FROM approval), :person, :client, :binding, 'pending', :push, :shown, :tries, :now, :exp, :ends, :run,
                       :mono_end, :network, :next, :now, :op, :hold, :at_once, :question)";
    tx.prepare_cached(statement)?.execute(named_params! {
        ":id": new.id.as_bytes(), ":person": new.person.0, ":client": new.client,
        ":binding": new.binding.as_bytes(), ":push": push.as_str(), ":shown": new.shown, ":tries": new.tries,
        ":now": int(at.now), ":exp": int(new.exp), ":ends": int(ends), ":run": at.run,
        ":mono_end": at.mono_after(ends.saturating_sub(at.now)), ":network": new.network, ":next": new.next,
        ":op": new.asks.op.as_str(), ":hold": int(new.asks.hold), ":at_once": new.asks.at_once,
        ":question": new.asks.question,
    })?;
    if push != Push::Sent {
        return Ok(());
    }
    for challenge in &new.challenges {
        if enrol::store::state_of(tx, &challenge.did, at)? == Some(DeviceState::Active) {
            tx.prepare_cached("INSERT INTO challenge (jti, did, approval, ch, jws) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![
                    challenge.jti.as_bytes(),
                    challenge.did.as_bytes(),
                    new.id.as_bytes(),
                    challenge.ch.as_bytes(),
                    challenge.jws
                ])?;
        }
    }
    let pushed = "INSERT INTO standing (person, pushes) VALUES (?1, 1) ON CONFLICT DO UPDATE SET pushes = pushes + 1";
    tx.prepare_cached(pushed)?.execute([new.person.0])?;
    Ok(())
}
