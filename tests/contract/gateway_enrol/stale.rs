//! Codes that a change of the gateway's keys ended.

use countersign_gateway::enrol::record::{Code, Inviter, Replacement};
use countersign_gateway::enrol::{GONE_KEPT, LIFE, Store};
use countersign_gateway::moment::{Deadline, Moment};
use countersign_protocol::jose::H32;

use super::{IVO, MARA, at, code, entry, id};

fn replacement(old: u8, e: u8) -> Replacement {
    Replacement { old: id(old), e: id(e), code: vec![e] }
}

pub fn codes_that_a_change_of_keys_ended_are_replaced(store: &dyn Store) {
    let begin = 500_000 + 4 * GONE_KEPT;
    let (when, later) = (at(begin), at(begin + 60));
    let stale = |when: Moment| {
        let mut found = store.stale_codes(when).unwrap();
        found.sort_by_key(|e| *e.as_bytes());
        found
    };
    let replace = |old, e| store.replace_codes(vec![replacement(old, e)], later).unwrap();
    let inviter = Some(Inviter { did: id(1), replaces: false });
    store.add_code(Code { inviter, ..code(119, IVO, when) }, entry()).unwrap();
    store.add_code(code(120, MARA, when), entry()).unwrap();
    store.add_code(code(121, IVO, when), entry()).unwrap();
    assert_eq!(stale(when), [], "open ones are left alone");
    store.end_open_codes().unwrap();
    assert!([119, 120, 121].iter().all(|e| store.code(id(*e)).unwrap().unwrap().ended));
    assert_eq!(stale(later), [id(120), id(121)], "a phone asks for another itself");
    let late = at(begin + LIFE + 1);
    assert_eq!((stale(late), stale(Moment { now: when.now, ..late })), (vec![], vec![]), "by either clock");

    store.add_code(code(122, IVO, later), entry()).unwrap();
    assert_eq!(stale(later), [id(120)], "who has an open one needs no other");
    replace(120, 123);
    replace(121, 124);
    let new = store.code_of_browser(H32::from_bytes([120; 32])).unwrap().unwrap();
    assert_eq!((new.e, new.person, new.made, new.x), (id(123), MARA, later.now, Deadline::after(LIFE, &when)));
    assert_eq!((new.code, new.ended), (vec![123], false));
    assert_eq!(store.code(id(124)).unwrap(), None, "asked for by himself after it was looked");
    assert!(!store.code(id(122)).unwrap().unwrap().ended);
    assert_eq!(stale(later), []);
    replace(120, 125);
    assert_eq!(store.code(id(125)).unwrap(), None, "once");

    store.end_open_codes().unwrap();
    assert_eq!(stale(later), [id(122), id(123)], "the newest of each");
    replace(123, 126);
    assert_eq!(stale(later), [id(122)]);
}
