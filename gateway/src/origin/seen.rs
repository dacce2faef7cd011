//! What was seen of a person's sign-ins that succeeded, and what of another one is new.

use std::collections::BTreeSet;

use countersign_protocol::push::NewMark;

use super::geo::Point;
use crate::person::PersonId;
use crate::store::StoreFault;

/// Seconds that a trace is remembered.
pub const LIFE: u64 = 400 * 86_400;
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
    /// Networks of addresses.
    pub networks: BTreeSet<String>,
    /// Names of browsers.
    pub browsers: BTreeSet<String>,
    /// Countries.
    pub countries: BTreeSet<String>,
    /// The place of the last one that had one, and when.
    pub last: Option<(Point, u64)>,
}

/// Remembers what people's sign-ins showed. All calls block.
pub trait Store: Send + Sync {
    /// What was seen of a person.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn seen(&self, person: PersonId) -> Result<Seen, StoreFault>;

    /// Notes what a sign-in showed, and forgets what was last seen more than [`LIFE`] before, of anybody.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn note(&self, person: PersonId, traces: Traces, now: u64) -> Result<(), StoreFault>;
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_260_000;
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

    #[test]
    fn the_first_sign_in_has_nothing_new_and_each_difference_is_named() {
        let home = traces("192.0.2.0/24", "Firefox on Linux", "DE", COLOGNE);
        assert_eq!(Seen::default().new_in(&home, NOW), []);
        let known = Seen {
            networks: BTreeSet::from([home.network.clone()]),
            browsers: BTreeSet::from_iter(home.browser.clone()),
            countries: BTreeSet::from_iter(home.country.clone()),
            last: Some((COLOGNE, NOW)),
        };
        assert_eq!(known.new_in(&home, NOW + 60), []);
        let abroad = traces("198.51.100.0/24", "Chrome on Windows", "JP", TOKYO);
        assert_eq!(known.new_in(&abroad, NOW + 60), NewMark::ALL);
        let elsewhere = Traces { network: "198.51.100.0/24".into(), ..home.clone() };
        assert_eq!(known.new_in(&elsewhere, NOW + 60), [NewMark::Ip]);
        let without = Traces { browser: None, country: None, point: None, ..home };
        assert_eq!(known.new_in(&without, NOW + 60), [], "what is not known is not new");
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
}
