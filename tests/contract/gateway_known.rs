//! What every store of known browsers must do.

use std::collections::BTreeMap;
use std::sync::Mutex;

use countersign_gateway::login::known::{LIFE, Store};
use countersign_gateway::login::store::SqlStore;
use countersign_gateway::person::PersonId;
use countersign_gateway::store::StoreFault;
use countersign_protocol::jose::H32;

use super::{IVO, MARA, gateway_store_of_two, refuses};

const NOW: u64 = 1_795_260_000;

/// In memory. The broken one knows a browser whoever asks.
#[derive(Default)]
struct Memory {
    noted: Mutex<BTreeMap<(H32, PersonId), u64>>,
    forgets_who: bool,
}

impl Store for Memory {
    fn is_known(&self, cookie: H32, person: PersonId, now: u64) -> Result<bool, StoreFault> {
        let noted = self.noted.lock().unwrap();
        let of = |it: &(H32, PersonId)| it.0 == cookie && (self.forgets_who || it.1 == person);
        Ok(noted.iter().any(|(it, at)| of(it) && at + LIFE > now))
    }

    fn note(&self, cookie: H32, person: PersonId, now: u64) -> Result<(), StoreFault> {
        let mut noted = self.noted.lock().unwrap();
        noted.insert((cookie, person), now);
        noted.retain(|_, at| *at + LIFE > now);
        Ok(())
    }
}

fn contract(store: &dyn Store) {
    let (desk, phone) = (H32::from_bytes([1; 32]), H32::from_bytes([2; 32]));
    let known = |cookie, person, now| store.is_known(cookie, person, now).unwrap();
    assert!(!known(desk, MARA, NOW));
    store.note(desk, MARA, NOW).unwrap();
    assert!(known(desk, MARA, NOW) && !known(phone, MARA, NOW) && !known(desk, IVO, NOW));
    store.note(desk, IVO, NOW + 1).unwrap();
    assert!(known(desk, MARA, NOW + 1) && known(desk, IVO, NOW + 1), "two people at one desk");
    assert!(known(desk, MARA, NOW + LIFE - 1) && !known(desk, MARA, NOW + LIFE));
    store.note(desk, MARA, NOW + 2).unwrap();
    assert!(known(desk, MARA, NOW + LIFE + 1), "from the last time on");
    store.note(phone, MARA, NOW + 1 + LIFE).unwrap();
    assert!(!known(desk, IVO, NOW + 1), "forgotten when another was noted");
    assert!(known(desk, MARA, NOW + 1 + LIFE) && known(phone, MARA, NOW + 1 + LIFE));
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
fn a_store_that_forgets_who_signed_in_is_refused() {
    refuses(|| contract(&Memory { forgets_who: true, ..Memory::default() }));
}
