//! The keys as values, and the rules about them.

use std::collections::BTreeSet;

use countersign_protocol::jose::{H32, Jwk};
use countersign_protocol::limits::{LINKS, META_KEYS, RECOVERY};

use crate::limits::PIN_AHEAD;

/// Seconds that a key stays listed after another took its place, whatever it signed: by then what was being signed in
/// that moment is stored, and can be looked for.
pub const SETTLE: u64 = 60;

/// A key that signs, or signed, for this gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Goes up from key to key.
    pub number: i64,
    /// The epoch that it belongs to.
    pub epoch: u64,
    /// The public half.
    pub jwk: Jwk,
    /// The private half, sealed. None: it signs nothing any more.
    pub private: Option<Vec<u8>>,
    /// Since when it is there, in Unix seconds, as all times here.
    pub made: u64,
    /// Since when another key signs in its place.
    pub retired: Option<u64>,
    /// Since when it is not listed.
    pub removed: Option<u64>,
    /// The link to it, signed by the key before. None for the first key of an epoch.
    pub link: Option<String>,
}

/// A recovery: metadata signed by the recovery key of the epoch before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The epoch that it begins.
    pub epoch: u64,
    /// As it travels.
    pub jws: String,
    /// Thumbprint of the recovery key that signed it.
    pub by: H32,
}

/// SHA-256 of the key of a certificate, as the metadata lists it for phones to pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedPin {
    /// The hash.
    pub pin: H32,
    /// Since when it is listed without a break.
    pub since: u64,
}

/// All keys, and where the metadata stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// Goes up with every change of anything here.
    pub version: i64,
    /// The base URL that phones know. None before the gateway first served.
    pub u: Option<String>,
    /// Raised by recovery alone.
    pub epoch: u64,
    /// Raised by every change of what is published.
    pub seq: u64,
    /// Hash of what was published under this `seq`.
    pub content: Option<H32>,
    /// Thumbprint of the recovery key.
    pub gr: Option<H32>,
    /// SHA-256 of the key of the self-signed certificate that will be used next, where one is prepared.
    pub next_pin: Option<H32>,
    /// Every key there ever was, oldest first.
    pub keys: Vec<Key>,
    /// Every recovery, oldest first.
    pub recoveries: Vec<Recovery>,
    /// The pins that the metadata lists.
    pub pins: Vec<ListedPin>,
}

impl Ring {
    /// The key that signs.
    pub fn signing(&self) -> Option<&Key> {
        self.listed().next()
    }

    /// The keys that metadata lists, the signing one first.
    pub fn listed(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().rev().filter(|key| key.removed.is_none() && key.epoch == self.epoch)
    }

    /// Whether a further key has room in the list.
    pub fn has_room(&self) -> bool {
        self.listed().count() < META_KEYS
    }

    /// The links that are served: of this epoch, oldest first, the newest twenty.
    pub fn links(&self) -> Vec<&str> {
        let of_epoch = self.keys.iter().filter(|key| key.epoch == self.epoch);
        newest(of_epoch.filter_map(|key| key.link.as_deref()).collect(), LINKS)
    }

    /// Whether the next rotation takes the oldest link out of what is served: then a phone that last called before it
    /// finds no way any more.
    pub fn links_are_full(&self) -> bool {
        self.links().len() == LINKS
    }

    /// The recoveries that are served, oldest first. Of more than ten those go first which a later one of the same
    /// recovery key makes needless, since a phone that trusts that key takes the later one as well.
    pub fn served_recoveries(&self) -> Vec<&str> {
        let mut served: Vec<&Recovery> = self.recoveries.iter().collect();
        while served.len() > RECOVERY {
            let needless = served.iter().zip(served.iter().skip(1)).position(|(one, next)| one.by == next.by);
            served.remove(needless.unwrap_or(0));
        }
        served.into_iter().map(|it| it.jws.as_str()).collect()
    }

    /// Since when a pin is listed without a break.
    pub fn pin_listed_since(&self, pin: &H32) -> Option<u64> {
        self.pins.iter().find(|it| it.pin == *pin).map(|it| it.since)
    }

    /// Whether phones that pin know other keys of the certificate than this one: others are listed for longer, and it not
    /// for [`PIN_AHEAD`].
    pub fn is_new_pin(&self, pin: &H32, now: u64) -> bool {
        let since = self.pin_listed_since(pin);
        let is_older = |other: &ListedPin| other.pin != *pin && since.is_none_or(|since| other.since < since);
        self.pins.iter().any(is_older) && since.is_none_or(|since| now < since.saturating_add(PIN_AHEAD))
    }

    /// The keys that need not be listed any more: another signs in their place, and nothing open is signed by them.
    pub fn ended(&self, in_use: &BTreeSet<H32>, now: u64) -> Vec<&Key> {
        let is_over = |key: &&Key| {
            let settled = key.retired.is_some_and(|retired| now >= retired.saturating_add(SETTLE));
            settled && !in_use.contains(&key.jwk.thumbprint())
        };
        self.listed().skip(1).filter(is_over).collect()
    }
}

fn newest<T>(mut all: Vec<T>, most: usize) -> Vec<T> {
    all.drain(..all.len().saturating_sub(most));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::SignerFactory;
    use crate::port::machine::RingSigners;

    fn jwk() -> Jwk {
        let factory = RingSigners::default();
        Jwk::from_sec1(&factory.load(&factory.generate().unwrap()).unwrap().public_key()).unwrap()
    }

    fn ring(keys: u64) -> Ring {
        let last = keys;
        let keys = (1..=keys).map(|n| Key {
            number: n as i64,
            epoch: 1,
            jwk: jwk(),
            private: Some(vec![1]),
            made: 100 * n,
            retired: (n < last).then_some(100 * (n + 1)),
            removed: None,
            link: (n > 1).then(|| format!("link {n}")),
        });
        Ring {
            version: 1,
            u: None,
            epoch: 1,
            seq: 1,
            content: None,
            gr: None,
            next_pin: None,
            keys: keys.collect(),
            recoveries: Vec::new(),
            pins: Vec::new(),
        }
    }

    #[test]
    fn a_key_leaves_the_list_when_all_that_it_signed_has_ended_and_a_minute_is_over() {
        let ring = ring(3);
        let print = |n: usize| ring.keys[n].jwk.thumbprint();
        let ended = |in_use: &[H32], now| {
            ring.ended(&in_use.iter().copied().collect(), now).iter().map(|it| it.number).collect::<Vec<_>>()
        };
        assert_eq!(ring.signing().unwrap().number, 3);
        assert!(!ring.has_room());
        // Retired at 200 and at 300.
        assert_eq!(ended(&[], 259), [0; 0]);
        assert_eq!(ended(&[], 260), [1]);
        assert_eq!(ended(&[], 359), [1]);
        assert_eq!(ended(&[], 360), [2, 1]);
        assert_eq!(ended(&[print(0)], 360), [2]);
        assert_eq!(ended(&[print(0), print(1), print(2)], 1_000), [0; 0]);
        assert_eq!(ended(&[], 1_000_000), [2, 1], "never the one that signs");
    }

    #[test]
    fn a_pin_is_new_to_phones_that_know_others_for_longer() {
        let pin = |n: u8| H32::from_bytes([n; 32]);
        let mut ring = ring(1);
        assert!(!ring.is_new_pin(&pin(1), 1_000), "phones know none yet");
        ring.pins = vec![ListedPin { pin: pin(1), since: 100 }, ListedPin { pin: pin(2), since: 200 }];
        assert_eq!([1, 2, 3].map(|n| ring.pin_listed_since(&pin(n))), [Some(100), Some(200), None]);
        assert_eq!([1, 2, 3].map(|n| ring.is_new_pin(&pin(n), 1_000)), [false, true, true]);
        assert_eq!([1, 2, 3].map(|n| ring.is_new_pin(&pin(n), 200 + PIN_AHEAD)), [false, false, true]);
        assert!(ring.is_new_pin(&pin(2), 199 + PIN_AHEAD));
    }

    #[test]
    fn twenty_links_of_this_epoch_are_served_oldest_first() {
        let mut ring = ring(22);
        let links = ring.links();
        assert_eq!((links.len(), links[0], links[19]), (20, "link 3", "link 22"));
        assert!(ring.links_are_full());
        ring.keys[1].epoch = 0;
        ring.epoch = 0;
        assert_eq!(ring.links(), ["link 2"]);
        assert!(!ring.links_are_full());
    }

    #[test]
    fn of_more_than_ten_recoveries_those_go_that_a_later_one_makes_needless() {
        let by = |n: u8| H32::from_bytes([n; 32]);
        let mut ring = ring(1);
        let step = |epoch: u64, signer: u8| Recovery { epoch, jws: epoch.to_string(), by: by(signer) };
        ring.recoveries = (2..=11).map(|epoch| step(epoch, epoch as u8)).collect();
        assert_eq!(ring.served_recoveries().len(), 10);
        ring.recoveries.push(step(12, 12));
        assert_eq!(ring.served_recoveries()[0], "3");
        // 5 and 6 are by one key: whoever takes 5 would take 6 as well.
        ring.recoveries[4].by = ring.recoveries[3].by;
        let served = ring.served_recoveries();
        assert_eq!((served.len(), served[0]), (10, "2"));
        assert!(!served.contains(&"5") && served.contains(&"6"));
    }
}
