//! What an answer changes in a row.

use countersign_gateway::approval::record::{Attempt, Decision, Row};
use countersign_gateway::approval::rule::Change;
use countersign_gateway::approval::{Means, State};
use countersign_gateway::moment::{Deadline, Moment};
use countersign_protocol::jose::Id;

pub(super) fn apply(row: &mut Row, attempt: &Attempt, change: Change, at: &Moment) {
    match change {
        Change::Nothing | Change::Notice => {}
        Change::LateReport => row.reported = Some(at.now),
        Change::Approve => {
            let Decision::Approve { means, .. } = attempt.decision else { return };
            approve(row, attempt.did, means, at);
        }
        Change::Wrong => row.tries -= 1,
        Change::Fail => {
            row.tries = row.tries.saturating_sub(1);
            (row.stored, row.decided, row.decided_by) = (State::Failed, Some(at.now), Some(attempt.did));
        }
        Change::Refuse(state) => {
            (row.stored, row.decided, row.decided_by) = (state, Some(at.now), Some(attempt.did));
        }
    }
}

pub(super) fn approve(row: &mut Row, did: Id, means: Means, at: &Moment) {
    (row.stored, row.decided, row.decided_by, row.means) = (State::Approved, Some(at.now), Some(did), Some(means));
    row.ends = Deadline::after(row.asks.hold, at);
    if row.asks.at_once {
        (row.stored, row.consumed) = (State::Consumed, Some(at.now));
    }
}
