//! Two processes of one phone, as two terminals are: each has an app of its own on the same files.

use std::sync::Arc;
use std::thread;

use countersign_core::app::{App, ApprovalState};
use countersign_core::cancel::Cancel;
use countersign_core::port::{Ports, Topic};
use countersign_protocol::push::Status;
use countersign_tests::double::RecordingObserver;
use serde_json::json;

use super::phone::{World, enrol, enrolled, poll};

/// As many as a gateway may ask at once.
const CHALLENGES: usize = countersign_protocol::limits::CHALLENGES;

#[test]
fn what_two_decide_at_once_is_all_kept() {
    let (world, gateway, app, enrolling) = enrolled();
    for n in 0..CHALLENGES {
        gateway.challenge(&format!("at once {n}"));
    }
    poll(&app, &enrolling).unwrap();
    let other = world.app();
    let ids: Vec<_> = app.approvals().iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), CHALLENGES);
    let (one_half, other_half) = ids.split_at(CHALLENGES / 2);
    let deny = |app: &App, ids: &[_]| {
        for id in ids {
            assert_eq!(app.deny(*id, &Cancel::default()).unwrap().st, Status::Denied);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| deny(&other, other_half));
        deny(&app, one_half);
    });
    for row in world.app().approvals() {
        assert_eq!(row.state, ApprovalState::Decided(Status::Denied), "what one recorded, the other wrote over");
    }
    assert_eq!(gateway.calls("answer"), CHALLENGES);
}

#[test]
fn what_the_other_decided_is_told_to_who_watches() {
    let (world, gateway, app, enrolling) = enrolled();
    let jti = gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let watching = Arc::new(RecordingObserver::default());
    app.observe(watching.clone());
    let other = world.app();
    other.deny(other.approvals()[0].id, &Cancel::default()).unwrap();
    {
        let mut state = gateway.state();
        state.challenges.clear();
        state.closed = vec![json!({"jti": jti, "st": "denied"})];
    }
    // The gateway tells nothing that the record does not hold already.
    poll(&app, &enrolling).unwrap();
    assert!(watching.take().contains(&Topic::Approvals), "nobody else tells it");
    assert_eq!(app.approvals()[0].state, ApprovalState::Decided(Status::Denied));
}

#[test]
fn one_that_starts_takes_nothing_that_the_other_is_writing() {
    let (world, gateway, app, enrolling) = enrolled();
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for n in 0..40 {
                gateway.state().challenges.clear();
                gateway.challenge(&format!("while it starts {n}"));
                poll(&app, &enrolling).unwrap();
            }
        });
        while !writing.is_finished() {
            assert!(world.app().damaged_enrolments().is_empty());
        }
    });
}

#[test]
fn of_two_that_start_for_the_first_time_both_have_the_same_store() {
    for _ in 0..10 {
        let world = World::new();
        let gateway = world.gateway("gate.example.com");
        let [one, other] =
            thread::scope(|scope| [(); 2].map(|()| scope.spawn(|| world.app())).map(|it| it.join().unwrap()));
        enrol(&one, &gateway).unwrap();
        drop(other);
        assert_eq!((world.app().gateways().len(), world.app().damaged_enrolments().len()), (1, 0));
        drop(one);
    }
}

/// One starts, and has looked at records and keys by halves, when the other enrols.
#[test]
fn one_that_starts_deletes_no_key_that_the_other_just_made() {
    let world = Arc::new(World::new());
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    world.keys.during_next_list({
        let gateway = gateway.clone();
        move || drop(enrol(&app, &gateway).unwrap())
    });
    let (random, keystore) = (world.random.clone(), world.keys.clone());
    let starts = world.app_with(Ports { clock: world.clock.clone(), random, keystore, http: world.wire.clone() });
    assert_eq!(world.keys.names().len(), 2, "the keys of the new enrolment");
    assert_eq!(starts.gateways().len(), 1);
}
