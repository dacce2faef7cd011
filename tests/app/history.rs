//! The history: 90 days, sealed.

use countersign_core::app::PastEnd;
use countersign_core::cancel::Cancel;
use countersign_protocol::push::{ClosedStatus, Status};
use serde_json::json;

use super::phone::{World, approve, enrolled, only, poll};

const DAY: u64 = 86_400;

/// Lets the one approval be decided or end, and leave its list.
fn later(world: &World, gateway: &super::gateway::Gateway) {
    gateway.state().challenges.clear();
    world.clock.pass(601);
    let exp = countersign_core::port::Clock::now(&*world.clock) + 14 * DAY;
    let mut state = gateway.state();
    state.meta["iat"] = json!(exp - 14 * DAY);
    state.meta["exp"] = json!(exp);
}

#[test]
fn what_was_decided_is_remembered_for_ninety_days_and_survives_the_process() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("yes");
    poll(&app, &enrolling).unwrap();
    let yes = only(&app);
    approve(&app, yes.id, "049218").unwrap();
    let row = app.history().unwrap().remove(0);
    assert_eq!((row.id, row.end, row.app.as_str()), (yes.id, PastEnd::Decided(Status::Approved), "Demo shop"));
    assert_eq!((row.context.city.as_deref(), row.asked), (Some("Köln"), yes.asked));

    later(&world, &gateway);
    poll(&app, &enrolling).unwrap();
    gateway.challenge("no");
    poll(&app, &enrolling).unwrap();
    app.deny(only(&app).id, &Cancel::default()).unwrap();
    later(&world, &gateway);
    gateway.challenge("late");
    poll(&app, &enrolling).unwrap();
    later(&world, &gateway);
    world.clock.pass(121);
    poll(&app, &enrolling).unwrap();
    assert!(app.approvals().is_empty());
    drop(app);
    let app = world.app();
    let ends: Vec<PastEnd> = app.history().unwrap().iter().map(|row| row.end).collect();
    assert_eq!(
        ends,
        [PastEnd::Ended(ClosedStatus::Expired), PastEnd::Decided(Status::Denied), PastEnd::Decided(Status::Approved)]
    );

    world.clock.pass(90 * DAY - 700);
    assert_eq!(app.history().unwrap().len(), 1, "the last one alone");
    world.clock.pass(701);
    assert!(app.history().unwrap().is_empty());
    drop(app);
    // What is too old does not stay on the disk either.
    let size = |world: &World| past_files(world).iter().map(|file| std::fs::metadata(file).unwrap().len()).sum::<u64>();
    let before = size(&world);
    let app = world.app();
    assert!(size(&world) < before && app.history().unwrap().is_empty());
}

fn past_files(world: &World) -> Vec<std::path::PathBuf> {
    world.files().into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "past")).collect()
}

#[test]
fn it_is_sealed_and_goes_with_its_enrolment() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("yes");
    poll(&app, &enrolling).unwrap();
    approve(&app, only(&app).id, "049218").unwrap();
    later(&world, &gateway);
    poll(&app, &enrolling).unwrap();
    let files = past_files(&world);
    assert_eq!(files.len(), 1);
    let bytes = std::fs::read(&files[0]).unwrap();
    for word in ["Demo shop", "alice", "Example Net", "eyJ"] {
        assert!(!String::from_utf8_lossy(&bytes).contains(word), "{word}");
    }
    app.forget(enrolling.id).unwrap();
    assert!(past_files(&world).is_empty() && app.history().unwrap().is_empty());
}

#[test]
fn a_damaged_history_stops_nothing_and_is_kept_aside() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    approve(&app, only(&app).id, "049218").unwrap();
    later(&world, &gateway);
    poll(&app, &enrolling).unwrap();
    let file = past_files(&world).remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    assert!(app.history().unwrap().is_empty());
    gateway.challenge("two");
    poll(&app, &enrolling).unwrap();
    app.deny(only(&app).id, &Cancel::default()).unwrap();
    later(&world, &gateway);
    poll(&app, &enrolling).unwrap();
    assert_eq!(app.history().unwrap().len(), 1);
    assert_eq!(std::fs::read(file.with_extension("past-damaged")).unwrap(), bytes);
}

#[test]
fn an_answer_that_never_arrived_says_so() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist(|path, _, _, good| match path {
        "answer" => Err(countersign_core::error::PortError::Network),
        _ => Ok(good),
    });
    assert!(app.deny(only(&app).id, &Cancel::default()).is_err());
    later(&world, &gateway);
    world.clock.pass(3601);
    poll(&app, &enrolling).unwrap();
    assert!(matches!(app.history().unwrap()[0].end, PastEnd::Sent(_)));
}
