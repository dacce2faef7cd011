//! Codes that a change of the gateway's keys ended, in memory.

use countersign_gateway::enrol::record::{Code, Replacement};
use countersign_gateway::moment::Moment;
use countersign_gateway::person::PersonId;
use countersign_protocol::jose::Id;

use super::{All, is_open};

/// Ends what is open.
pub fn end(all: &mut All) {
    let All { codes, stale, .. } = all;
    for code in codes.iter_mut().filter(|code| is_open(code)) {
        code.ended = true;
        stale.push(code.e);
    }
}

/// The newest of each person who has no open one, unless it is late.
pub fn ended(all: &All, at: &Moment) -> Vec<Id> {
    let stale = || all.codes.iter().filter(|code| code.inviter.is_none() && all.stale.contains(&code.e));
    let is_newest = |code: &&Code| !stale().any(|other| other.person == code.person && age(other) > age(code));
    let waits = |code: &&Code| !code.is_late(at) && !has_open(all, code.person);
    stale().filter(is_newest).filter(waits).map(|code| code.e).collect()
}

/// Puts new codes in their place.
pub fn replace(all: &mut All, fresh: Vec<Replacement>, blindly: bool, at: &Moment) {
    for Replacement { old, e, code } in fresh {
        let Some(old) = all.codes.iter().find(|code| code.e == old).cloned() else { continue };
        if blindly || all.stale.contains(&old.e) && !has_open(all, old.person) {
            all.codes.push(Code { e, code, made: old.made.max(at.now), ended: false, ..old.clone() });
        }
        let All { codes, stale, .. } = &mut *all;
        let done = |code: &Code| code.person == old.person && age(code) <= age(&old);
        stale.retain(|e| !codes.iter().any(|code| code.e == *e && done(code)));
    }
}

fn has_open(all: &All, person: PersonId) -> bool {
    all.codes.iter().any(|code| code.person == person && code.inviter.is_none() && is_open(code))
}

fn age(code: &Code) -> (u64, [u8; 16]) {
    (code.made, *code.e.as_bytes())
}
