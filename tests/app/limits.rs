//! How long the phone keeps at something, a second before the end of its time and a second after it.

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::limits::{ANSWER_REPEATED, OFFERED_AFTER};

use super::phone::{enrolled, only, poll};

/// Does the phone send an answer again that did not arrive so long ago?
fn repeats(after: u64) -> bool {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist(|path, _, _, good| if path == "answer" { Err(PortError::Network) } else { Ok(good) });
    assert!(app.deny(only(&app).id, &Cancel::default()).is_err());
    gateway.untwist();
    let sent = gateway.calls("answer");
    world.clock.pass(after);
    poll(&app, &enrolling).unwrap();
    gateway.calls("answer") > sent
}

#[test]
fn an_answer_is_repeated_for_an_hour() {
    let told = [ANSWER_REPEATED - 1, ANSWER_REPEATED, ANSWER_REPEATED + 1].map(repeats);
    assert_eq!(told, [true, true, false]);
}

/// Does what ended by itself so long ago, untold, still stand on the screen?
fn stands(after: u64) -> bool {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.state().challenges.clear();
    let row = only(&app);
    world.clock.pass(row.expires - row.asked + after);
    poll(&app, &enrolling).unwrap();
    !app.approvals().is_empty()
}

#[test]
fn what_ended_is_offered_ten_minutes_more() {
    assert_eq!([OFFERED_AFTER - 1, OFFERED_AFTER, OFFERED_AFTER + 1].map(stands), [true, true, false]);
}
