//! Known browsers in SQL.

use countersign_protocol::jose::H32;

use super::known::{LIFE, Store};
use crate::person::PersonId;
use crate::store::{StoreFault, int, params};

/// Known browsers in the gateway's store.
pub struct SqlStore(pub crate::store::Store);

impl Store for SqlStore {
    fn is_known(&self, cookie: H32, person: PersonId, now: u64) -> Result<bool, StoreFault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM known_browser WHERE cookie = ?1 AND person = ?2 AND at + ?4 > ?3)";
        let values = params![cookie.as_bytes(), person.0, int(now), int(LIFE)];
        self.0.read(|tx| Ok(tx.query_one(sql, values, |row| row.get(0))?))
    }

    fn note(&self, cookie: H32, person: PersonId, now: u64) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            let add =
                "INSERT INTO known_browser (cookie, person, at) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at = ?3";
            tx.execute(add, params![cookie.as_bytes(), person.0, int(now)])?;
            tx.execute("DELETE FROM known_browser WHERE at + ?2 <= ?1", params![int(now), int(LIFE)])?;
            Ok(())
        })
    }
}
