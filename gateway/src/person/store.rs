//! People in SQL.

use super::{Hashed, Person, PersonId, Store, voucher};
use crate::approval;
use crate::audit::{self, Caller, Entry};
use crate::enrol;
use crate::limits;
use crate::moment::Moment;
use crate::session;
use crate::store::{Connection, OptionalExtension, Row, StoreFault, int, named_params, params};

/// Whose devices those are whose person was removed. Nobody has its name, which is none.
const NOBODY: PersonId = PersonId([0; 16]);

/// People in the gateway's store.
pub struct SqlStore(pub crate::store::Store);

impl Store for SqlStore {
    fn add(&self, person: &Person, password: &Hashed, audit: &Entry) -> Result<(), StoreFault> {
        let (person, password, audit) = (person.clone(), password.clone(), audit.clone());
        self.0.write(move |connection| {
            connection.execute(
                "INSERT INTO person (id, name, password, disabled, created_at)
                 VALUES (:id, :name, :password, :disabled, :created_at)",
                named_params! {
                    ":id": person.id.0,
                    ":name": person.name,
                    ":password": password.as_str(),
                    ":disabled": person.disabled,
                    ":created_at": person.created_at as i64,
                },
            )?;
            audit::store::append(connection, &audit)
        })
    }

    fn by_name(&self, name: &str) -> Result<Option<(Person, Hashed)>, StoreFault> {
        self.0.read(|connection| {
            let found = connection.query_one("SELECT * FROM person WHERE name = ?1", [name], |row| {
                Ok((person(row)?, Hashed::from_stored(row.get("password")?)))
            });
            Ok(found.optional()?)
        })
    }

    fn by_id(&self, id: PersonId) -> Result<Option<Person>, StoreFault> {
        self.0.read(|connection| {
            let found = connection.query_one("SELECT * FROM person WHERE id = ?1", params![id.0], person);
            Ok(found.optional()?)
        })
    }

    fn all(&self) -> Result<Vec<Person>, StoreFault> {
        self.0.read(|connection| {
            let mut rows = connection.prepare("SELECT * FROM person WHERE id <> ?1 ORDER BY name")?;
            let found = rows.query_map(params![NOBODY.0], person)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    fn set_password(&self, person: PersonId, password: &Hashed, audit: &Entry) -> Result<(), StoreFault> {
        let (password, audit) = (password.clone(), audit.clone());
        self.0.write(move |connection| {
            let sql = "UPDATE person SET password = ?2 WHERE id = ?1";
            connection.execute(sql, params![person.0, password.as_str()])?;
            end_all(connection, person, &audit)?;
            audit::store::append(connection, &audit)
        })
    }

    fn set_disabled(&self, person: PersonId, disabled: bool, audit: &Entry) -> Result<(), StoreFault> {
        let audit = audit.clone();
        self.0.write(move |connection| {
            connection.execute("UPDATE person SET disabled = ?2 WHERE id = ?1", params![person.0, disabled])?;
            enrol::store::person_disabled(connection, &person, disabled, audit.at)?;
            if disabled {
                end_all(connection, person, &audit)?;
            } else {
                // The administrator says so: where only phones without a network made codes, no right one could.
                approval::store::right_code(connection, &person)?;
            }
            audit::store::append(connection, &audit)
        })
    }

    fn remove(&self, person: PersonId, audit: &Entry) -> Result<(), StoreFault> {
        let audit = audit.clone();
        self.0.write(move |connection| {
            connection.execute(
                "INSERT OR IGNORE INTO person (id, name, password, disabled, created_at) VALUES (?1, '', '', 1, 0)",
                params![NOBODY.0],
            )?;
            enrol::store::account_gone(connection, &person, &NOBODY, audit.at)?;
            approval::store::forget_person(connection, &person)?;
            // Whatever else is a person's names the person, and goes too.
            connection.execute("DELETE FROM person WHERE id = ?1", params![person.0])?;
            audit::store::append(connection, &audit)
        })
    }

    fn put_voucher(&self, person: PersonId, voucher: &voucher::Kept, audit: &Entry) -> Result<(), StoreFault> {
        let (voucher, audit) = (voucher.clone(), audit.clone());
        self.0.write(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO voucher (person, salt, hash, until, used_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    person.0,
                    voucher.salt,
                    voucher.hash,
                    voucher.until as i64,
                    voucher.used_at.map(|at| at as i64)
                ],
            )?;
            audit::store::append(connection, &audit)
        })
    }

    fn voucher(&self, person: PersonId) -> Result<Option<voucher::Kept>, StoreFault> {
        self.0.read(|connection| {
            let found = connection.query_one("SELECT * FROM voucher WHERE person = ?1", params![person.0], |row| {
                Ok(voucher::Kept {
                    salt: row.get("salt")?,
                    hash: row.get("hash")?,
                    until: row.get::<_, i64>("until")?.unsigned_abs(),
                    used_at: row.get::<_, Option<i64>>("used_at")?.map(i64::unsigned_abs),
                })
            });
            Ok(found.optional()?)
        })
    }

    fn use_voucher(&self, person: PersonId, hash: [u8; 32], now: u64, audit: &Entry) -> Result<bool, StoreFault> {
        let audit = audit.clone();
        let latest = now.saturating_add(limits::VOUCHER_LIFE + limits::VOUCHER_SLACK);
        self.0.write(move |connection| {
            let used = connection.execute(
                "UPDATE voucher SET used_at = :now
                 WHERE person = :person AND hash = :hash AND used_at IS NULL AND until > :now AND until <= :latest",
                named_params! { ":person": person.0, ":hash": hash, ":now": int(now), ":latest": int(latest) },
            )? == 1;
            if used {
                audit::store::append(connection, &audit)?;
            }
            Ok(used)
        })
    }
}

/// Ends a person's sessions and open questions.
fn end_all(connection: &Connection, person: PersonId, audit: &Entry) -> Result<(), StoreFault> {
    session::store::remove_person(connection, person)?;
    // The command line has no part in the gateway's run: the wall clock decides what is still pending.
    let at = Moment::outside(audit.at);
    let by = Caller { address: audit.address, transaction: audit.transaction.clone() };
    approval::store::cancel_all(connection, &person, &at, &by)?;
    Ok(())
}

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: PersonId(row.get("id")?),
        name: row.get("name")?,
        disabled: row.get("disabled")?,
        created_at: row.get::<_, i64>("created_at")?.unsigned_abs(),
    })
}
