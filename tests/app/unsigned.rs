//! What a gateway says without a signature, in a state: an end that may be taken back, an answer that has arrived.

use countersign_core::app::ApprovalState;
use countersign_core::cancel::Cancel;
use countersign_core::error::{InputError, PortError};
use countersign_protocol::push::{ClosedStatus, Res, Status};
use serde_json::json;

use super::phone::{approve, enrolled, only, poll};

#[test]
fn what_a_state_ended_unsigned_is_open_again_where_a_later_one_lists_it() {
    let (world, gateway, app, enrolling) = enrolled();
    let jti = gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist_body("poll", move |state| {
        state["challenges"] = json!([]);
        state["closed"] = json!([{"jti": jti, "st": "denied"}]);
    });
    poll(&app, &enrolling).unwrap();
    assert_eq!(only(&app).state, ApprovalState::Ended(ClosedStatus::Denied));
    // On disk too it is no more than what was told.
    drop(app);
    let app = world.app();
    gateway.untwist();
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert_eq!((row.state, row.can.approve), (ApprovalState::Open(None), true));
    assert_eq!(approve(&app, row.id, "049218").unwrap().st, Status::Approved);
    // What the gateway signed stays, whatever a State lists.
    gateway.twist_body("poll", move |state| state["closed"] = json!([{"jti": jti, "st": "expired"}]));
    poll(&app, &enrolling).unwrap();
    assert_eq!(only(&app).state, ApprovalState::Decided(Status::Approved));
}

#[test]
fn who_said_no_approves_no_more_and_the_no_is_sent() {
    for report in [false, true] {
        let (_world, gateway, app, enrolling) = enrolled();
        gateway.challenge("one");
        poll(&app, &enrolling).unwrap();
        let id = only(&app).id;
        gateway.twist(|path, _, _, good| if path == "answer" { Err(PortError::Network) } else { Ok(good) });
        if report {
            assert!(app.report(id, &Cancel::default()).is_err());
            // A denial says no more than that.
            assert!(app.deny(id, &Cancel::default()).is_err());
        } else {
            assert!(app.deny(id, &Cancel::default()).is_err());
        }
        assert!(!only(&app).can.approve);
        assert_eq!(approve(&app, id, "049218").unwrap_err(), InputError::DecidedMeanwhile.into());
        gateway.untwist();
        poll(&app, &enrolling).unwrap();
        let st = if report { Status::Reported } else { Status::Denied };
        assert_eq!(only(&app).state, ApprovalState::Decided(st));
    }
}

#[test]
fn an_answer_that_the_gateway_lists_by_its_word_has_arrived() {
    for (st, shown) in
        [("reported", ApprovalState::Ended(ClosedStatus::Reported)), ("approved", ApprovalState::Sending(Res::Report))]
    {
        let (_world, gateway, app, enrolling) = enrolled();
        let jti = gateway.challenge("one");
        poll(&app, &enrolling).unwrap();
        // Its result never comes.
        gateway.twist(|path, _, _, good| if path == "answer" { Err(PortError::Network) } else { Ok(good) });
        assert!(app.report(only(&app).id, &Cancel::default()).is_err());
        assert_eq!(only(&app).state, ApprovalState::Sending(Res::Report));
        gateway.state().challenges.clear();
        gateway.state().closed = vec![json!({"jti": jti, "st": st})];
        poll(&app, &enrolling).unwrap();
        assert_eq!(only(&app).state, shown);
    }
}
