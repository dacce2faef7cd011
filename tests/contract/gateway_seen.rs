//! What every store of what sign-ins showed must do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use countersign_gateway::origin::geo::Point;
use countersign_gateway::origin::seen::{LIFE, Seen, Store, Traces};
use countersign_gateway::origin::store::SqlStore;
use countersign_gateway::person::PersonId;
use countersign_gateway::store::StoreFault;

use super::{IVO, MARA, gateway_store_of_two, refuses};

const NOW: u64 = 1_795_260_000;
const COLOGNE: Point = Point { latitude: 50.94, longitude: 6.96 };
const TOKYO: Point = Point { latitude: 35.68, longitude: 139.69 };

/// In memory. The broken one remembers for good.
#[derive(Default)]
struct Memory {
    noted: Mutex<BTreeMap<PersonId, Vec<(Traces, u64)>>>,
    forgets_nothing: bool,
}

impl Store for Memory {
    fn seen(&self, person: PersonId) -> Result<Seen, StoreFault> {
        let noted = self.noted.lock().unwrap();
        let mut seen = Seen::default();
        for (traces, at) in noted.get(&person).into_iter().flatten() {
            seen.networks.insert(traces.network.clone());
            seen.browsers.extend(traces.browser.clone());
            seen.countries.extend(traces.country.clone());
            seen.last = traces.point.map(|point| (point, *at)).or(seen.last);
        }
        Ok(seen)
    }

    fn note(&self, person: PersonId, traces: Traces, now: u64) -> Result<(), StoreFault> {
        let mut noted = self.noted.lock().unwrap();
        noted.entry(person).or_default().push((traces, now));
        let kept = |at: u64| self.forgets_nothing || at + LIFE >= now;
        noted.values_mut().for_each(|all| all.retain(|(_, at)| kept(*at)));
        Ok(())
    }
}

fn traces(network: &str, browser: Option<&str>, country: Option<&str>, point: Option<Point>) -> Traces {
    Traces { network: network.into(), browser: browser.map(str::to_owned), country: country.map(str::to_owned), point }
}

fn set<const N: usize>(of: [&str; N]) -> BTreeSet<String> {
    of.map(str::to_owned).into()
}

fn contract(store: &dyn Store) {
    let seen = |person| store.seen(person).unwrap();
    assert_eq!(seen(MARA), Seen::default());
    store.note(MARA, traces("192.0.2.0/24", Some("Firefox"), Some("DE"), Some(COLOGNE)), NOW).unwrap();
    store.note(IVO, traces("203.0.113.0/24", None, None, None), NOW).unwrap();
    let first = Seen {
        networks: set(["192.0.2.0/24"]),
        browsers: set(["Firefox"]),
        countries: set(["DE"]),
        last: Some((COLOGNE, NOW)),
    };
    assert_eq!(seen(MARA), first);
    assert_eq!(seen(IVO), Seen { networks: set(["203.0.113.0/24"]), ..Seen::default() }, "of nobody else");

    store.note(MARA, traces("198.51.100.0/24", Some("Chrome"), None, None), NOW + 1).unwrap();
    let both = Seen {
        networks: set(["192.0.2.0/24", "198.51.100.0/24"]),
        browsers: set(["Chrome", "Firefox"]),
        ..first.clone()
    };
    assert_eq!(seen(MARA), both, "the last place stays where there is none");
    store.note(MARA, traces("192.0.2.0/24", Some("Firefox"), Some("JP"), Some(TOKYO)), NOW + 2).unwrap();
    assert_eq!(seen(MARA), Seen { countries: set(["DE", "JP"]), last: Some((TOKYO, NOW + 2)), ..both.clone() });

    // Whoever signs in, what is older is forgotten: here Germany, which was seen once; the network was seen again.
    let later = |seconds| store.note(IVO, traces("203.0.113.0/24", None, None, None), NOW + LIFE + seconds).unwrap();
    later(0);
    assert_eq!(seen(MARA).countries, set(["DE", "JP"]));
    later(1);
    assert_eq!((seen(MARA).countries, seen(MARA).networks), (set(["JP"]), both.networks));
    later(2);
    assert_eq!((seen(MARA).networks, seen(MARA).browsers), (set(["192.0.2.0/24"]), set(["Firefox"])));
    assert_eq!(seen(MARA).last, Some((TOKYO, NOW + 2)));
    later(3);
    assert_eq!(seen(MARA), Seen::default());
    assert_eq!(seen(IVO).networks, set(["203.0.113.0/24"]));
}

#[test]
fn sql() {
    let (_folder, store) = gateway_store_of_two();
    contract(&SqlStore(store));
}

#[test]
fn memory() {
    contract(&Memory::default());
}

#[test]
fn a_store_that_forgets_nothing_is_refused() {
    refuses(|| contract(&Memory { forgets_nothing: true, ..Memory::default() }));
}
