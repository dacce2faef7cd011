//! What was seen of sign-ins, in SQL.

use super::geo::Point;
use super::seen::{LIFE, Seen, Store, Traces};
use crate::person::PersonId;
use crate::store::{OptionalExtension, StoreFault, int, params, time};

/// What was seen, in the gateway's store.
pub struct SqlStore(pub crate::store::Store);

impl Store for SqlStore {
    fn seen(&self, person: PersonId) -> Result<Seen, StoreFault> {
        self.0.read(|tx| {
            let mut seen = Seen::default();
            let mut traces = tx.prepare("SELECT kind, trace FROM seen_trace WHERE person = ?1")?;
            let mut rows = traces.query([person.0])?;
            while let Some(row) = rows.next()? {
                let kind: String = row.get(0)?;
                let into = match kind.as_str() {
                    "ip" => &mut seen.networks,
                    "ua" => &mut seen.browsers,
                    _ => &mut seen.countries,
                };
                into.insert(row.get(1)?);
            }
            let last = "SELECT latitude, longitude, at FROM seen_place WHERE person = ?1";
            let last = tx.prepare(last)?.query_one([person.0], |row| {
                let at: i64 = row.get(2)?;
                Ok((Point { latitude: row.get(0)?, longitude: row.get(1)? }, time(at)))
            });
            seen.last = last.optional()?;
            Ok(seen)
        })
    }

    fn note(&self, person: PersonId, traces: Traces, now: u64) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            let add = "INSERT INTO seen_trace (person, kind, trace, at) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT DO UPDATE SET at = ?4";
            let kinds =
                [("ip", Some(&traces.network)), ("ua", traces.browser.as_ref()), ("cc", traces.country.as_ref())];
            for (kind, trace) in kinds.into_iter().filter_map(|(kind, trace)| trace.map(|trace| (kind, trace))) {
                tx.prepare(add)?.execute(params![person.0, kind, trace, int(now)])?;
            }
            if let Some(Point { latitude, longitude }) = traces.point {
                let place = "INSERT INTO seen_place (person, latitude, longitude, at) VALUES (?1, ?2, ?3, ?4)
                             ON CONFLICT DO UPDATE SET latitude = ?2, longitude = ?3, at = ?4";
                tx.prepare(place)?.execute(params![person.0, latitude, longitude, int(now)])?;
            }
            let old = int(now.saturating_sub(LIFE));
            tx.execute("DELETE FROM seen_trace WHERE at < ?1", [old])?;
            tx.execute("DELETE FROM seen_place WHERE at < ?1", [old])?;
            Ok(())
        })
    }
}
