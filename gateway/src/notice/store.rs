//! Notices in SQL.

use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::{Info, Os};
use rusqlite::types::Type;

use super::record::{About, Event, NewText, Noticed, Reported, Standing, Store, Unsigned};
use super::{DOUBTED, KEPT, LIFE};
use crate::audit::{self, Caller, Entry};
use crate::enrol;
use crate::enrol::changes::SuspendedWhy;
use crate::moment::Moment;
use crate::person::PersonId;
use crate::store::{Connection, OptionalExtension, Row, StoreFault, int, named_params, params, time};

/// Notices in the gateway's store.
#[derive(Clone)]
pub struct SqlStore(pub crate::store::Store);

/// What a round forgets `?2` seconds after its time.
pub(crate) const ROUND: &str = "DELETE FROM notice WHERE exp < ?1 - ?2";

const NOTICED: &str = "SELECT jti, ch, jws, exp, reported, replaced, exp < ?2 AS is_over
    FROM notice_text JOIN notice USING (number) JOIN notice_told USING (number, did) WHERE did = ?1";

impl Store for SqlStore {
    fn tell(&self, event: Event, audit: Entry) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            tell(tx, &event)?;
            audit::store::append_for(tx, &event.person, audit)
        })
    }

    fn unsigned(&self, did: Id, most: usize, at: Moment) -> Result<Vec<Unsigned>, StoreFault> {
        self.0.read(|tx| {
            let sql = "SELECT notice.*, person.name AS person_name
                FROM notice_told JOIN notice USING (number) JOIN person ON person.id = notice.person
                WHERE did = ?1 AND reported IS NULL AND exp >= ?2 ORDER BY number DESC LIMIT ?3";
            let mut newest = tx.prepare(sql)?;
            let newest: Vec<Unsigned> = newest
                .query_map(params![did.as_bytes(), int(at.now), int(most as u64)], unsigned)?
                .collect::<Result<_, _>>()?;
            let has = "SELECT EXISTS (SELECT 1 FROM notice_text WHERE number = ?1 AND did = ?2 AND replaced = 0)";
            let mut has = tx.prepare(has)?;
            let mut left = Vec::new();
            for notice in newest {
                if !has.query_one(params![notice.number, did.as_bytes()], |row| row.get::<_, bool>(0))? {
                    left.push(notice);
                }
            }
            Ok(left)
        })
    }

    fn name(&self, number: i64, aid: Id) -> Result<Id, StoreFault> {
        self.0.write(move |tx| {
            let set = "UPDATE notice SET aid = ?2 WHERE number = ?1 AND aid IS NULL";
            tx.execute(set, params![number, aid.as_bytes()])?;
            Ok(Id::from_bytes(tx.query_one("SELECT aid FROM notice WHERE number = ?1", [number], |row| row.get(0))?))
        })
    }

    fn keep(&self, text: NewText) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            tx.execute(
                "INSERT OR IGNORE INTO notice_text (jti, number, did, kid, ch, jws) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    text.jti.as_bytes(),
                    text.number,
                    text.did.as_bytes(),
                    text.kid.as_bytes(),
                    text.ch.as_bytes(),
                    text.jws
                ],
            )?;
            Ok(())
        })
    }

    fn open(&self, did: Id, most: usize, at: Moment) -> Result<Vec<Noticed>, StoreFault> {
        self.0.read(|tx| {
            let sql =
                format!("{NOTICED} AND replaced = 0 AND reported IS NULL AND exp >= ?2 ORDER BY number DESC LIMIT ?3");
            let mut statement = tx.prepare(&sql)?;
            let found = statement.query_map(params![did.as_bytes(), int(at.now), int(most as u64)], noticed)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    fn unheard(&self, at: Moment) -> Result<Vec<Id>, StoreFault> {
        self.0.read(|tx| {
            let sql = "WITH newest AS (SELECT did, max(number) AS number FROM notice_told JOIN notice USING (number)
                                       WHERE reported IS NULL AND exp >= ?1 GROUP BY did)
                SELECT did FROM newest WHERE NOT EXISTS (SELECT 1 FROM notice_text
                  WHERE notice_text.number = newest.number AND notice_text.did = newest.did) ORDER BY did";
            let mut statement = tx.prepare(sql)?;
            let found = statement.query_map([int(at.now)], |row| Ok(Id::from_bytes(row.get(0)?)))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    fn get(&self, did: Id, jti: Id, at: Moment) -> Result<Option<Noticed>, StoreFault> {
        self.0.read(|tx| get(tx, &did, &jti, &at))
    }

    fn reissue(&self, listed: Vec<H32>) -> Result<(), StoreFault> {
        self.0.write(move |tx| reissue(tx, &listed))
    }

    fn sweep(&self, at: Moment) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            tx.execute(ROUND, params![int(at.now), int(KEPT)])?;
            Ok(())
        })
    }
}

/// Writes down what happened, inside the transaction of it. Whoever calls wakes the person's phones after the commit.
///
/// # Errors
/// [`StoreFault`].
pub fn tell(tx: &Connection, event: &Event) -> Result<(), StoreFault> {
    let told: Vec<[u8; 16]> = {
        // A suspended one sees them once it counts again: whoever suspended it may have done more.
        let sql = "SELECT did FROM device WHERE person = ?1 AND kind = 'phone' AND state IN ('active', 'suspended')
                     AND did IS NOT ?2 AND did IS NOT ?3 ORDER BY added, did";
        let none = |id: Option<Id>| id.map(|id| *id.as_bytes());
        let mut statement = tx.prepare(sql)?;
        let found =
            statement.query_map(params![event.person.0, none(event.except), none(event.about)], |row| row.get(0))?;
        found.collect::<Result<_, _>>()?
    };
    if told.is_empty() {
        return Ok(());
    }
    supersede(tx, event)?;
    let insert = "INSERT INTO notice (person, info, about, os, model, at, exp)
        VALUES (:person, :info, :about,
          (SELECT coalesce(os, 'linux') FROM device WHERE did = :about),
          (SELECT coalesce(model, name) FROM device WHERE did = :about), :at, :exp)";
    tx.execute(
        insert,
        named_params! {
            ":person": event.person.0, ":info": event.info.as_str(), ":about": event.about.map(|it| *it.as_bytes()),
            ":at": int(event.at), ":exp": int(event.at + LIFE),
        },
    )?;
    let number = tx.last_insert_rowid();
    let mut add = tx.prepare("INSERT INTO notice_told (number, did) VALUES (?1, ?2)")?;
    for did in told {
        add.execute(params![number, did])?;
    }
    Ok(())
}

/// Of changes of one device's keys each phone is told the newest alone: whoever holds that device can make any number of
/// them, and would fill the other phones. What nobody fetched goes; a text that a phone has is replaced, and its report
/// still does what it does.
fn supersede(tx: &Connection, event: &Event) -> Result<(), StoreFault> {
    let (Info::KeysChanged, Some(about)) = (event.info, event.about) else { return Ok(()) };
    let older = "SELECT number FROM notice WHERE person = ?1 AND info = 'keys_changed' AND about = ?2 AND exp >= ?3";
    let values = params![event.person.0, about.as_bytes(), int(event.at)];
    let unseen = format!(
        "DELETE FROM notice WHERE number IN ({older})
           AND NOT EXISTS (SELECT 1 FROM notice_text WHERE notice_text.number = notice.number)"
    );
    tx.execute(&unseen, values)?;
    let replace = format!(
        "UPDATE notice_text SET replaced = 1 WHERE replaced = 0 AND number IN ({older})
           AND NOT EXISTS (SELECT 1 FROM notice_told WHERE notice_told.number = notice_text.number
                             AND notice_told.did = notice_text.did AND reported IS NOT NULL)"
    );
    tx.execute(&replace, values)?;
    tx.execute(&format!("UPDATE notice SET exp = ?3 - 1 WHERE number IN ({older})"), values)?;
    Ok(())
}

/// The same for every person.
///
/// # Errors
/// [`StoreFault`].
pub fn tell_everybody(tx: &Connection, info: Info, at: u64) -> Result<(), StoreFault> {
    let people: Vec<[u8; 16]> = {
        let mut statement = tx.prepare("SELECT id FROM person")?;
        let found = statement.query_map([], |row| row.get(0))?;
        found.collect::<Result<_, _>>()?
    };
    let event = |person| Event { person: PersonId(person), info, about: None, except: None, at };
    people.into_iter().try_for_each(|person| tell(tx, &event(person)))
}

/// Puts open texts out of use that none of these keys signed, inside the transaction that takes a key out of use.
///
/// # Errors
/// [`StoreFault`].
pub fn reissue(tx: &Connection, listed: &[H32]) -> Result<(), StoreFault> {
    let kids: Vec<[u8; 32]> = {
        let mut statement = tx.prepare("SELECT DISTINCT kid FROM notice_text WHERE replaced = 0")?;
        let found = statement.query_map([], |row| row.get(0))?;
        found.collect::<Result<_, _>>()?
    };
    for kid in kids.into_iter().filter(|kid| !listed.contains(&H32::from_bytes(*kid))) {
        let open = "UPDATE notice_text SET replaced = 1 WHERE replaced = 0 AND kid = ?1
            AND NOT EXISTS (SELECT 1 FROM notice_told WHERE notice_told.number = notice_text.number
                              AND notice_told.did = notice_text.did AND reported IS NOT NULL)";
        tx.execute(open, [kid])?;
    }
    Ok(())
}

/// The notice of this phone whose text has this `jti`, inside a transaction of another subject.
///
/// # Errors
/// [`StoreFault`].
pub fn get(tx: &Connection, did: &Id, jti: &Id, at: &Moment) -> Result<Option<Noticed>, StoreFault> {
    let sql = format!("{NOTICED} AND jti = ?3");
    let values = params![did.as_bytes(), int(at.now), jti.as_bytes()];
    Ok(tx.prepare(&sql)?.query_one(values, noticed).optional()?)
}

/// A phone reports a notice, inside the transaction of its answer. The first report of a phone does something, any later
/// one nothing (`push-v1.md` §7, §10, §15).
///
/// # Errors
/// [`StoreFault`].
pub fn report(tx: &Connection, did: &Id, jti: &Id, at: &Moment, by: &Caller) -> Result<Reported, StoreFault> {
    let sql =
        "SELECT number, person, info, about FROM notice_text JOIN notice USING (number) WHERE jti = ?1 AND did = ?2";
    let found = tx.query_one(sql, params![jti.as_bytes(), did.as_bytes()], |row| {
        let about: Option<[u8; 16]> = row.get(3)?;
        Ok((row.get::<_, i64>(0)?, PersonId(row.get(1)?), word::<Info>(row, 2)?, about.map(Id::from_bytes)))
    });
    let Some((number, person, info, about)) = found.optional()? else { return Ok(Reported::default()) };
    let first = "UPDATE notice_told SET reported = ?3 WHERE number = ?1 AND did = ?2 AND reported IS NULL";
    if tx.execute(first, params![number, did.as_bytes(), int(at.now)])? == 0 {
        return Ok(Reported::default());
    }
    let entry = by.entry(at.now, "notice.report", info.as_str()).device(*did.as_bytes());
    audit::store::append_for(tx, &person, entry)?;
    let Some(about) = about else { return Ok(Reported::default()) };
    if !doubtful(tx, info, &about, at)? {
        return Ok(Reported::default());
    }
    let entry = by.entry(at.now, "device.suspend", SuspendedWhy::Reported.as_str()).device(*about.as_bytes());
    let ended = enrol::store::changes::suspend(tx, &person, &about, SuspendedWhy::Reported, None, at, entry)?;
    Ok(Reported { suspended: ended.is_some().then_some(about), ended: ended.unwrap_or_default() })
}

/// Whether a report of this notice suspends the device that it is about.
fn doubtful(tx: &Connection, info: Info, about: &Id, at: &Moment) -> Result<bool, StoreFault> {
    match info {
        Info::KeysChanged => Ok(true),
        Info::DeviceAdded => {
            let sql = "SELECT activated FROM device WHERE did = ?1";
            let activated: Option<Option<i64>> = tx.query_one(sql, [about.as_bytes()], |row| row.get(0)).optional()?;
            Ok(activated.flatten().is_some_and(|when| at.now <= time(when) + DOUBTED))
        }
        _ => Ok(false),
    }
}

fn unsigned(row: &Row<'_>) -> rusqlite::Result<Unsigned> {
    let os: Option<String> = row.get("os")?;
    let model: Option<String> = row.get("model")?;
    let os = os.map(|os| os.parse::<Os>().map_err(|_| damaged(0))).transpose()?;
    Ok(Unsigned {
        number: row.get("number")?,
        aid: row.get::<_, Option<[u8; 16]>>("aid")?.map(Id::from_bytes),
        person: row.get("person_name")?,
        info: row.get::<_, String>("info")?.parse().map_err(|_| damaged(0))?,
        about: os.zip(model).map(|(os, model)| About { os, model }),
        at: time(row.get("at")?),
        exp: time(row.get("exp")?),
    })
}

fn noticed(row: &Row<'_>) -> rusqlite::Result<Noticed> {
    let reported: Option<i64> = row.get("reported")?;
    let standing = match (reported, row.get("replaced")?, row.get("is_over")?) {
        (Some(_), ..) => Standing::Reported,
        (None, true, _) => Standing::Replaced,
        (None, false, true) => Standing::Expired,
        (None, false, false) => Standing::Open,
    };
    Ok(Noticed {
        jti: Id::from_bytes(row.get("jti")?),
        ch: H32::from_bytes(row.get("ch")?),
        jws: row.get("jws")?,
        exp: time(row.get("exp")?),
        standing,
    })
}

fn word<T: std::str::FromStr>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    row.get::<_, String>(index)?.parse().map_err(|_| damaged(index))
}

fn damaged(index: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(index, "word".into(), Type::Text)
}
