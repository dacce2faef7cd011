//! What every store of notices must do.

use std::sync::{Mutex, MutexGuard};

use countersign_gateway::audit::{Caller, Entry};
use countersign_gateway::moment::Moment;
use countersign_gateway::notice::record::{Event, NewText, Noticed, Standing, Unsigned};
use countersign_gateway::notice::{KEPT, LIFE, Store, store::SqlStore};
use countersign_gateway::person::PersonId;
use countersign_gateway::store::{self, StoreFault, params};
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::Info;

use super::{IVO, MARA, gateway_store_of_two, refuses};

const NOW: u64 = 1_795_260_000;
/// Mara's active phones; number 4 is pending.
const PHONES: [u8; 3] = [1, 2, 3];

fn id(number: u8) -> Id {
    Id::from_bytes([number; 16])
}

fn at(seconds: u64) -> Moment {
    Moment { now: NOW + seconds, run: 1, mono: 0 }
}

fn entry() -> Entry {
    Caller::default().entry(NOW, "test", "done")
}

fn tell(store: &dyn Store, person: PersonId, except: Option<u8>, seconds: u64) {
    let event = Event { person, info: Info::Lockout, about: None, except: except.map(id), at: NOW + seconds };
    store.tell(event, entry()).unwrap();
}

fn text(notice: &Unsigned, did: u8, jti: u8) -> NewText {
    NewText {
        number: notice.number,
        did: id(did),
        jti: id(jti),
        kid: H32::from_bytes([1; 32]),
        ch: H32::from_bytes([jti; 32]),
        jws: format!("text {jti}"),
    }
}

fn unsigned(store: &dyn Store, did: u8, seconds: u64) -> Vec<Unsigned> {
    store.unsigned(id(did), 12, at(seconds)).unwrap()
}

fn open(store: &dyn Store, did: u8, seconds: u64) -> Vec<Id> {
    store.open(id(did), 12, at(seconds)).unwrap().into_iter().map(|notice| notice.jti).collect()
}

fn contract(store: &dyn Store) {
    tell(store, IVO, None, 0);
    tell(store, MARA, Some(3), 1);
    let waiting = [1, 2, 3, 4].map(|did| unsigned(store, did, 1).len());
    assert_eq!(waiting, [1, 1, 0, 0], "active phones of the person, but one");
    let first = unsigned(store, 1, 1).remove(0);
    assert_eq!((first.aid, first.person.as_str(), first.at, first.exp), (None, "mara", NOW + 1, NOW + 1 + LIFE));
    assert_eq!([store.name(first.number, id(70)), store.name(first.number, id(71))], [Ok(id(70)), Ok(id(70))], "once");
    assert_eq!(unsigned(store, 2, 1)[0].aid, Some(id(70)), "the same for all phones");
    assert_eq!(open(store, 1, 1), []);
    let unheard = |seconds: u64| store.unheard(at(seconds)).unwrap();
    assert_eq!((unheard(1), unheard(2 + LIFE)), (vec![id(1), id(2)], vec![]));
    store.keep(text(&first, 1, 10)).unwrap();
    store.keep(text(&first, 1, 11)).unwrap();
    assert_eq!((unsigned(store, 1, 1).len(), open(store, 1, 1)), (0, vec![id(10)]), "the first text stays");
    assert_eq!(open(store, 2, 1), [], "another phone's is its own");

    tell(store, MARA, None, 2);
    let second = unsigned(store, 1, 2).remove(0);
    assert_eq!(unheard(2), [1, 2, 3].map(id), "the newest alone is asked about");
    store.keep(text(&second, 1, 12)).unwrap();
    assert_eq!(unheard(2), [2, 3].map(id));
    assert_eq!(open(store, 1, 2), [id(12), id(10)], "the newest first");
    assert_eq!(store.open(id(1), 1, at(2)).unwrap().len(), 1);
    let get = |jti: u8, seconds: u64| store.get(id(1), id(jti), at(seconds)).unwrap().map(|notice| notice.standing);
    assert_eq!([get(10, 2), get(99, 2)], [Some(Standing::Open), None]);
    assert_eq!(store.get(id(2), id(10), at(2)), Ok(None), "another phone's");
    assert_eq!([get(10, 1 + LIFE), get(10, 2 + LIFE)], [Some(Standing::Open), Some(Standing::Expired)]);
    assert_eq!(open(store, 1, 2 + LIFE), [id(12)]);

    store.reissue(vec![H32::from_bytes([1; 32])]).unwrap();
    assert_eq!(open(store, 1, 2), [id(12), id(10)], "their key is listed");
    store.reissue(vec![H32::from_bytes([2; 32])]).unwrap();
    assert_eq!((open(store, 1, 2), get(10, 2)), (vec![], Some(Standing::Replaced)));
    assert_eq!(unsigned(store, 1, 2).len(), 2);
    assert_eq!(unheard(2), [2, 3].map(id), "what is signed anew was heard of before");
    store.keep(text(&first, 1, 13)).unwrap();
    assert_eq!(open(store, 1, 2), [id(13)]);

    store.sweep(at(1 + LIFE + KEPT)).unwrap();
    assert!(get(13, 2).is_some());
    store.sweep(at(2 + LIFE + KEPT)).unwrap();
    assert_eq!([get(13, 2), get(12, 2).map(|_| Standing::Open)], [None, Some(Standing::Open)]);
}

fn sql() -> (tempfile::TempDir, SqlStore) {
    let (folder, store) = gateway_store_of_two();
    for (number, state) in PHONES.map(|number| (number, "active")).into_iter().chain([(4, "pending")]) {
        let add = "INSERT INTO device (did, person, kind, name, state, added, until, run, mono_end, tries)
                   VALUES (?1, ?2, 'phone', 'Phone', ?3, 0, 0, 0, 0, 3)";
        let values = move |row: &store::Connection| row.execute(add, params![[number; 16], MARA.0, state]);
        store.write(move |row| values(row).map_err(StoreFault::from)).unwrap();
    }
    (folder, SqlStore(store))
}

/// Notices in memory. The broken one signs again what was signed.
#[derive(Default)]
struct Memory {
    signs_again: bool,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    events: Vec<(Event, Option<Id>, Vec<Id>)>,
    texts: Vec<(NewText, bool)>,
}

impl Memory {
    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap()
    }
}

impl All {
    fn event(&self, number: i64) -> Option<&(Event, Option<Id>, Vec<Id>)> {
        self.events.get(usize::try_from(number).unwrap())
    }

    fn noticed(&self, text: &NewText, replaced: bool, at: &Moment) -> Option<Noticed> {
        let exp = self.event(text.number)?.0.at + LIFE;
        let standing = match (replaced, exp < at.now) {
            (true, _) => Standing::Replaced,
            (false, true) => Standing::Expired,
            (false, false) => Standing::Open,
        };
        Some(Noticed { jti: text.jti, ch: text.ch, jws: text.jws.clone(), exp, standing })
    }
}

impl Store for Memory {
    fn tell(&self, event: Event, _: Entry) -> Result<(), StoreFault> {
        let told = if event.person == MARA { PHONES.map(id).to_vec() } else { Vec::new() };
        let told = told.into_iter().filter(|did| Some(*did) != event.except).collect();
        self.all().events.push((event, None, told));
        Ok(())
    }

    fn unsigned(&self, did: Id, most: usize, at: Moment) -> Result<Vec<Unsigned>, StoreFault> {
        let all = self.all();
        let mut open = Vec::new();
        for (number, (event, aid, told)) in all.events.iter().enumerate().rev() {
            let number = i64::try_from(number).unwrap();
            let signed = all.texts.iter().any(|(text, replaced)| text.number == number && text.did == did && !replaced);
            if told.contains(&did) && event.at + LIFE >= at.now {
                let (person, exp) = ("mara".to_owned(), event.at + LIFE);
                let notice = Unsigned { number, aid: *aid, person, info: event.info, about: None, at: event.at, exp };
                open.push((notice, signed));
            }
        }
        open.truncate(most);
        Ok(open.into_iter().filter(|(_, signed)| !signed).map(|(notice, _)| notice).collect())
    }

    fn name(&self, number: i64, aid: Id) -> Result<Id, StoreFault> {
        let mut all = self.all();
        Ok(*all.events[usize::try_from(number).unwrap()].1.get_or_insert(aid))
    }

    fn keep(&self, text: NewText) -> Result<(), StoreFault> {
        let mut all = self.all();
        let same = |it: &(NewText, bool)| it.0.number == text.number && it.0.did == text.did && !it.1;
        if self.signs_again || !all.texts.iter().any(same) {
            all.texts.retain(|it| !same(it));
            all.texts.push((text, false));
        }
        Ok(())
    }

    fn open(&self, did: Id, most: usize, at: Moment) -> Result<Vec<Noticed>, StoreFault> {
        let all = self.all();
        let mut mine: Vec<&(NewText, bool)> = all.texts.iter().filter(|(text, _)| text.did == did).collect();
        mine.sort_by_key(|(text, _)| -text.number);
        let found = mine.into_iter().filter_map(|(text, replaced)| all.noticed(text, *replaced, &at));
        Ok(found.filter(|notice| notice.standing == Standing::Open).take(most).collect())
    }

    fn unheard(&self, at: Moment) -> Result<Vec<Id>, StoreFault> {
        let all = self.all();
        let newest = |did: &Id| {
            let mut told = all.events.iter().enumerate().rev();
            told.find(|(_, (event, _, told))| told.contains(did) && event.at + LIFE >= at.now).map(|(number, _)| number)
        };
        let has_text = |did: &Id, number: usize| {
            all.texts.iter().any(|(text, _)| text.did == *did && usize::try_from(text.number) == Ok(number))
        };
        let is_unheard = |did: &Id| newest(did).is_some_and(|number| !has_text(did, number));
        Ok(PHONES.map(id).into_iter().filter(is_unheard).collect())
    }

    fn get(&self, did: Id, jti: Id, at: Moment) -> Result<Option<Noticed>, StoreFault> {
        let all = self.all();
        let found = all.texts.iter().find(|(text, _)| text.did == did && text.jti == jti);
        Ok(found.and_then(|(text, replaced)| all.noticed(text, *replaced, &at)))
    }

    fn reissue(&self, listed: Vec<H32>) -> Result<(), StoreFault> {
        self.all().texts.iter_mut().for_each(|(text, replaced)| *replaced |= !listed.contains(&text.kid));
        Ok(())
    }

    fn sweep(&self, at: Moment) -> Result<(), StoreFault> {
        let mut all = self.all();
        let All { events, texts } = &mut *all;
        let kept = |number: i64| events[usize::try_from(number).unwrap()].0.at + LIFE + KEPT >= at.now;
        texts.retain(|(text, _)| kept(text.number));
        Ok(())
    }
}

#[test]
fn the_real_one_keeps_the_contract() {
    let (_folder, store) = sql();
    contract(&store);
}

#[test]
fn the_double_keeps_the_contract() {
    contract(&Memory::default());
}

#[test]
fn a_store_that_signs_again_is_refused() {
    refuses(|| contract(&Memory { signs_again: true, ..Memory::default() }));
}
