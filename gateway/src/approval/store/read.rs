//! Rows to values.

use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::Op;
use rusqlite::types::Type;

use crate::approval::record::{Asks, Challenged, Offline, Row, Standing};
use crate::approval::{Means, Push, State};
use crate::moment::Deadline;
use crate::person::PersonId;
use crate::store::{Connection, OptionalExtension, Row as Line, StoreFault, time};

/// All columns of an approval, in the order that [`row`] reads.
pub(super) const COLUMNS: &str = "approval.id, approval.person, client, binding, approval.state, rev, push, shown, tries, begun, exp, \
                       ends, run, mono_end, network, resends, rung, delivered, decided, decided_by, means, consumed, reported, next, \
                       approval.op, hold, at_once, question";

pub(super) fn get(tx: &Connection, id: &Id) -> Result<Option<Row>, StoreFault> {
    let sql = format!("SELECT {COLUMNS} FROM approval WHERE id = ?1");
    Ok(tx.prepare_cached(&sql)?.query_one([id.as_bytes()], row).optional()?)
}

pub(super) fn challenged(tx: &Connection, did: &Id, jti: &Id) -> Result<Option<Challenged>, StoreFault> {
    let sql = format!(
        "SELECT {COLUMNS}, jti, ch, jws FROM challenge JOIN approval ON approval.id = challenge.approval
         WHERE jti = ?1 AND did = ?2"
    );
    Ok(tx.prepare_cached(&sql)?.query_one([jti.as_bytes(), did.as_bytes()], challenged_row).optional()?)
}

pub(super) fn offline(tx: &Connection, id: &Id) -> Result<Option<Offline>, StoreFault> {
    let sql = "SELECT did, jti, ch, jws FROM offline_challenge WHERE approval = ?1";
    let found = tx.prepare_cached(sql)?.query_one([id.as_bytes()], |line| {
        let (did, jti, ch) = (line.get(0)?, line.get(1)?, line.get(2)?);
        Ok(Offline { did: Id::from_bytes(did), jti: Id::from_bytes(jti), ch: H32::from_bytes(ch), jws: line.get(3)? })
    });
    Ok(found.optional()?)
}

pub(super) fn standing(tx: &Connection, person: &PersonId) -> Result<Standing, StoreFault> {
    let sql = "SELECT pushes, wrong, wrong_at, wrong_codes FROM standing WHERE person = ?1";
    let found = tx.prepare_cached(sql)?.query_one([person.0], |row| {
        let wrong_at: i64 = row.get(2)?;
        Ok(Standing { pushes: row.get(0)?, wrong: row.get(1)?, wrong_at: time(wrong_at), wrong_codes: row.get(3)? })
    });
    Ok(found.optional()?.unwrap_or_default())
}

pub(super) fn row(line: &Line<'_>) -> rusqlite::Result<Row> {
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
        ends: Deadline { at: moment(11)?, run: line.get(12)?, mono: line.get(13)? },
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
        asks: Asks {
            op: word(24)?.parse::<Op>().map_err(|_| damaged(24))?,
            hold: moment(25)?,
            at_once: line.get(26)?,
            question: line.get(27)?,
        },
    })
}

pub(super) fn challenged_row(line: &Line<'_>) -> rusqlite::Result<Challenged> {
    Ok(Challenged {
        approval: row(line)?,
        jti: Id::from_bytes(line.get(28)?),
        ch: H32::from_bytes(line.get(29)?),
        jws: line.get(30)?,
    })
}

fn damaged(index: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(index, "word".into(), Type::Text)
}
