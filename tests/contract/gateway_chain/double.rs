//! The gateway's keys in memory: the test double of `chain::Store`, and broken variants that the contract must refuse.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use countersign_gateway::audit::{Caller, Entry};
use countersign_gateway::chain::record::{First, NewEpoch, NewKey, NextCertificate, Publication, Store};
use countersign_gateway::chain::ring::{Key, ListedPin, Recovery, Ring};
use countersign_gateway::moment::Moment;
use countersign_gateway::store::StoreFault;
use countersign_protocol::jose::{H32, Jws, Typ};

use super::{Place, print};

/// What a variant does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing.
    None,
    /// It makes a change whatever it was decided on.
    Version,
    /// It keeps the private halves of an older epoch's keys.
    Epoch,
    /// It takes keys out of the list that signed what is open.
    InUse,
}

/// In memory.
pub struct Memory {
    sabotage: Sabotage,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    ring: Option<Ring>,
    phones: u64,
    in_use: BTreeSet<H32>,
    overtaken: usize,
}

impl Memory {
    pub fn new(sabotage: Sabotage) -> Self {
        Self { sabotage, all: Mutex::default() }
    }

    /// The next so many changes find that somebody else made one meanwhile.
    pub fn overtake(&self, times: usize) {
        self.all().overtaken = times;
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap()
    }

    fn change(&self, seen: i64, may: impl Fn(&All) -> bool, change: impl FnOnce(&mut Ring)) -> Option<Ring> {
        let mut all = self.all();
        if all.overtaken > 0 {
            all.overtaken -= 1;
            all.ring.as_mut()?.version += 1;
        }
        let moved = all.ring.as_ref()?.version != seen && self.sabotage != Sabotage::Version;
        if moved || !may(&all) {
            return None;
        }
        let ring = all.ring.as_mut()?;
        change(ring);
        ring.version += 1;
        Some(ring.clone())
    }
}

fn add(ring: &mut Ring, new: NewKey) {
    let NewKey { jwk, private, link, made } = new;
    ring.keys.iter_mut().filter(|key| key.retired.is_none()).for_each(|key| key.retired = Some(made));
    let number = i64::try_from(ring.keys.len()).unwrap() + 1;
    let (epoch, private) = (ring.epoch, Some(private));
    ring.keys.push(Key { number, epoch, jwk, private, made, retired: None, removed: None, link });
}

fn remove(ring: &mut Ring, now: u64, which: impl Fn(&Key) -> bool) {
    for key in ring.keys.iter_mut().filter(|key| key.removed.is_none() && which(key)) {
        (key.private, key.removed, key.retired) = (None, Some(now), key.retired.or(Some(now)));
    }
}

impl Store for Memory {
    fn ring(&self) -> Result<Option<Ring>, StoreFault> {
        Ok(self.all().ring.clone())
    }

    fn version(&self) -> Result<i64, StoreFault> {
        Ok(self.all().ring.as_ref().map_or(0, |ring| ring.version))
    }

    fn phones(&self) -> Result<u64, StoreFault> {
        Ok(self.all().phones)
    }

    fn signers_of_open(&self, _: Moment) -> Result<BTreeSet<H32>, StoreFault> {
        Ok(self.all().in_use.clone())
    }

    fn begin(&self, first: First) -> Result<(), StoreFault> {
        self.all().ring.get_or_insert_with(|| {
            let First { epoch, seq, content, key } = first;
            let mut ring = Ring {
                version: 1,
                u: None,
                epoch,
                seq,
                content,
                gr: None,
                next_pin: None,
                keys: Vec::new(),
                recoveries: Vec::new(),
                pins: Vec::new(),
            };
            add(&mut ring, key);
            ring
        });
        Ok(())
    }

    fn publish(&self, seen: i64, what: Publication) -> Result<Option<Ring>, StoreFault> {
        let change = |ring: &mut Ring| {
            (ring.u, ring.seq, ring.content) = (Some(what.u), what.seq, Some(what.content));
            ring.pins.retain(|it| what.pins.contains(&it.pin));
            let is_new = |pin: &H32| ring.pins.iter().all(|it| it.pin != *pin);
            let new: Vec<ListedPin> =
                what.pins.into_iter().filter(is_new).map(|pin| ListedPin { pin, since: what.at }).collect();
            ring.pins.extend(new);
        };
        Ok(self.change(seen, |_| true, change))
    }

    fn rotate(&self, seen: i64, key: NewKey, _: Entry) -> Result<Option<Ring>, StoreFault> {
        Ok(self.change(seen, |_| true, |ring| add(ring, key)))
    }

    fn name_recovery(&self, seen: i64, gr: H32, anew: bool, _: Entry) -> Result<Option<Ring>, StoreFault> {
        Ok(self.change(seen, |all| anew || all.phones == 0, |ring| ring.gr = Some(gr)))
    }

    fn recover(&self, seen: i64, new: NewEpoch, at: Moment, _: Entry) -> Result<Option<Ring>, StoreFault> {
        let change = |ring: &mut Ring| {
            if self.sabotage != Sabotage::Epoch {
                remove(ring, at.now, |_| true);
            }
            let NewEpoch { epoch, seq, gr, jws, key } = new;
            (ring.epoch, ring.seq, ring.content, ring.gr) = (epoch, seq, None, Some(gr));
            let by = Jws::parse(&jws, Typ::Meta).unwrap().kid();
            ring.recoveries.push(Recovery { epoch, jws, by });
            add(ring, key);
        };
        Ok(self.change(seen, |_| true, change))
    }

    fn remove(&self, seen: i64, numbers: Vec<i64>, at: Moment, _: Entry) -> Result<Option<Ring>, StoreFault> {
        let is_used =
            |all: &All, key: &Key| numbers.contains(&key.number) && all.in_use.contains(&key.jwk.thumbprint());
        let may = |all: &All| {
            let mut keys = all.ring.iter().flat_map(|ring| &ring.keys);
            self.sabotage == Sabotage::InUse || !keys.any(|key| is_used(all, key))
        };
        Ok(self.change(seen, may, |ring| remove(ring, at.now, |key| numbers.contains(&key.number))))
    }

    fn cancel_unlisted(&self, _: Moment, _: Caller) -> Result<(), StoreFault> {
        Ok(())
    }

    fn prepare(&self, seen: i64, next: NextCertificate, _: Entry) -> Result<Option<Ring>, StoreFault> {
        Ok(self.change(seen, |_| true, |ring| ring.next_pin = Some(next.pin)))
    }
}

impl Place for Memory {
    fn store(&self) -> &dyn Store {
        self
    }

    fn enrol_phone(&self) {
        self.all().phones += 1;
    }

    fn ask(&self, signer: Option<&str>) {
        self.all().in_use = signer.map(print).into_iter().collect();
    }
}
