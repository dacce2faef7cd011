//! What was seen of a person's sign-ins that succeeded, and what of another one is new.

use std::collections::BTreeSet;

use countersign_protocol::push::NewMark;

use super::geo::Point;
use crate::person::PersonId;
use crate::store::{OptionalExtension, Store, StoreFault, int, params, time};

/// Seconds that a trace is remembered.
const LIFE: u64 = 400 * 86_400;
/// Kilometres that are not worth a remark: looking up an address is no more exact.
const NEAR: f64 = 500.0;
/// Kilometres an hour that nobody travels.
const FAST: f64 = 900.0;

/// What one sign-in shows of where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Traces {
    /// The network of the address.
    pub network: String,
    /// The browser's name.
    pub browser: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// The place.
    pub point: Option<Point>,
}

/// What was seen before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seen {
    networks: BTreeSet<String>,
    browsers: BTreeSet<String>,
    countries: BTreeSet<String>,
    last: Option<(Point, u64)>,
}

impl Seen {
    /// What of these was not seen before. Nothing is new where nothing was seen.
    pub fn new_in(&self, traces: &Traces, now: u64) -> Vec<NewMark> {
        let is_new = |seen: &BTreeSet<String>, trace: Option<&String>| {
            !seen.is_empty() && trace.is_some_and(|trace| !seen.contains(trace))
        };
        let marks = [
            (NewMark::Ip, is_new(&self.networks, Some(&traces.network))),
            (NewMark::Ua, is_new(&self.browsers, traces.browser.as_ref())),
            (NewMark::Cc, is_new(&self.countries, traces.country.as_ref())),
            (NewMark::Far, self.is_far(traces.point, now)),
        ];
        marks.into_iter().filter_map(|(mark, is_new)| is_new.then_some(mark)).collect()
    }

    /// Whether nobody could have travelled there since the last one.
    fn is_far(&self, here: Option<Point>, now: u64) -> bool {
        let (Some((there, at)), Some(here)) = (self.last, here) else { return false };
        let kilometres = here.distance(there);
        // Seconds of four hundred days are exact as a float.
        let hours = now.saturating_sub(at) as f64 / 3600.0;
        kilometres > NEAR && kilometres > FAST * hours
    }
}

/// What was seen of a person. Blocks.
///
/// # Errors
/// [`StoreFault`].
pub fn seen(store: &Store, person: PersonId) -> Result<Seen, StoreFault> {
    store.read(|tx| {
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

/// Notes what a sign-in showed, and forgets what is older than 400 days. Blocks.
///
/// # Errors
/// [`StoreFault`].
pub fn note(store: &Store, person: PersonId, traces: Traces, now: u64) -> Result<(), StoreFault> {
    store.write(move |tx| {
        let add = "INSERT INTO seen_trace (person, kind, trace, at) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT DO UPDATE SET at = ?4";
        let kinds = [("ip", Some(&traces.network)), ("ua", traces.browser.as_ref()), ("cc", traces.country.as_ref())];
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_260_000;
    const PERSON: PersonId = PersonId([9; 16]);
    const COLOGNE: Point = Point { latitude: 50.94, longitude: 6.96 };
    const BONN: Point = Point { latitude: 50.73, longitude: 7.10 };
    const TOKYO: Point = Point { latitude: 35.68, longitude: 139.69 };

    fn traces(network: &str, browser: &str, country: &str, point: Point) -> Traces {
        Traces {
            network: network.into(),
            browser: Some(browser.into()),
            country: Some(country.into()),
            point: Some(point),
        }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        let add = "INSERT INTO person (id, name, password, created_at) VALUES (?1, 'mara', '', 0)";
        store.write(move |tx| Ok::<_, StoreFault>(tx.execute(add, [PERSON.0])?)).unwrap();
        (folder, store)
    }

    #[test]
    fn the_first_sign_in_has_nothing_new_and_each_difference_is_named() {
        let (_folder, store) = store();
        let home = traces("192.0.2.0/24", "Firefox on Linux", "DE", COLOGNE);
        assert_eq!(seen(&store, PERSON).unwrap().new_in(&home, NOW), []);
        note(&store, PERSON, home.clone(), NOW).unwrap();
        let known = seen(&store, PERSON).unwrap();
        assert_eq!(known.new_in(&home, NOW + 60), []);
        let abroad = traces("198.51.100.0/24", "Chrome on Windows", "JP", TOKYO);
        assert_eq!(known.new_in(&abroad, NOW + 60), NewMark::ALL);
        let elsewhere = Traces { network: "198.51.100.0/24".into(), ..home.clone() };
        assert_eq!(known.new_in(&elsewhere, NOW + 60), [NewMark::Ip]);
        let without = Traces { browser: None, country: None, point: None, ..home };
        assert_eq!(known.new_in(&without, NOW + 60), [], "what is not known is not new");
        assert_eq!(seen(&store, PersonId([8; 16])).unwrap(), Seen::default(), "of nobody else");
    }

    #[test]
    fn far_is_what_nobody_could_have_travelled_since() {
        let known = Seen { last: Some((COLOGNE, NOW)), ..Seen::default() };
        let mark = |point, after| known.new_in(&traces("n", "b", "c", point), NOW + after);
        assert_eq!(mark(TOKYO, 3600), [NewMark::Far]);
        assert_eq!(mark(TOKYO, 9 * 3600), [NewMark::Far]);
        assert_eq!(mark(TOKYO, 11 * 3600), [], "there are aeroplanes");
        assert_eq!(mark(BONN, 1), [], "the same town may be looked up as the next one");
    }

    #[test]
    fn a_trace_is_forgotten_in_time() {
        let (_folder, store) = store();
        note(&store, PERSON, traces("192.0.2.0/24", "Firefox on Linux", "DE", COLOGNE), NOW).unwrap();
        let later = NOW + LIFE + 1;
        note(&store, PERSON, traces("198.51.100.0/24", "Firefox on Linux", "DE", BONN), later).unwrap();
        let known = seen(&store, PERSON).unwrap();
        assert_eq!(known.networks, BTreeSet::from(["198.51.100.0/24".to_owned()]));
        assert_eq!(known.last, Some((BONN, later)));
    }
}
