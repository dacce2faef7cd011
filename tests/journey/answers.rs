//! Every way in which a sign-in ends, on the page and on the phone, with scripts and without.

use std::sync::Arc;
use std::time::Duration;

use countersign_core::app::ApprovalState;
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError};
use countersign_gateway::person::Person;
use countersign_protocol::push::{ClosedStatus, Status};
use countersign_strings::text;
use countersign_tests::browser::Find;
use countersign_tests::hand_timer::HandTimer;
use countersign_tests::stage::Stage;
use countersign_tests::window::{Window, with_tries};

use super::handset::Handset;
use super::seat::Seat;
use super::{digits, sign_in, told, with_phone, wrong};

/// A sign-in that waits, its digits on the page and its question on the phone; once with scripts and once without.
fn each(test: impl Fn(&Stage, &Person, &Handset, Seat, &str)) {
    for scripts in [true, false] {
        let (stage, alice, phone) = with_phone();
        let mut seat = Seat::new(scripts);
        sign_in(&mut seat.page, &stage, "/demo");
        seat.see(text("login.wait_title"));
        let digits = digits(&mut seat.page);
        assert!(phone.poll());
        assert_eq!(phone.first().state, ApprovalState::Open(None));
        test(&stage, &alice, &phone, seat, &digits);
    }
}

#[test]
fn a_denial_is_shown_as_one_and_offers_no_way_to_hurry() {
    each(|stage, _, phone, mut seat, _| {
        let verdict = phone.app.deny(phone.first().id, &Cancel::default()).unwrap();
        assert_eq!(verdict.st, Status::Denied);
        seat.see(text("login.denied"));
        assert!(seat.offers_no_way_on());
        assert!(seat.page.text(Find::Css("main")).contains(text("login.denied_text")));
        assert_eq!(phone.first().state, ApprovalState::Decided(Status::Denied));
        assert_eq!(told(stage, "approval.deny", "denied"), 1);
        // From the same network the phone is not asked again.
        let mut again = Seat::new(seat.scripts);
        sign_in(&mut again.page, stage, "/demo");
        again.see(text("login.code_title"));
        assert!(again.page.text(Find::Css("main")).contains(text("login.no_push_denied")));
        assert!(!phone.poll(), "nothing rings");
    });
}

#[test]
fn a_report_is_told_to_the_audit_and_ends_the_sign_in() {
    each(|stage, _, phone, mut seat, digits| {
        assert_eq!(phone.app.report(phone.first().id, &Cancel::default()).unwrap().st, Status::Reported);
        seat.see(text("login.reported"));
        assert!(seat.offers_no_way_on());
        assert_eq!(phone.first().state, ApprovalState::Decided(Status::Reported));
        let rows = stage.house().audit.latest(Some("alice"), 100).unwrap();
        let row = rows.iter().find(|entry| entry.what == "approval.report").expect("an audit row");
        assert_eq!(row.outcome, "reported");
        assert!(row.approval.is_some() && row.device.is_some() && row.address.is_some());
        assert!(phone.answer(digits).is_err(), "what was reported is not approved");
    });
}

#[test]
fn wrong_digits_count_on_page_and_phone_until_the_limit() {
    each(|stage, _, phone, mut seat, digits| {
        for left in [2, 1] {
            let verdict = phone.answer(&wrong(digits)).unwrap();
            assert_eq!((verdict.st, verdict.left.map(|left| left.get())), (Status::Wrong, Some(left)));
            assert!(matches!(phone.first().state, ApprovalState::Open(Some(tries)) if tries.get() == left));
            seat.see_line(&with_tries("login.line_wrong", left));
        }
        assert_eq!(phone.answer(&wrong(digits)).unwrap().st, Status::Failed);
        seat.see(text("login.failed"));
        assert_eq!(phone.first().state, ApprovalState::Decided(Status::Failed));
        assert!(
            matches!(phone.answer(digits), Err(Error::Input(InputError::Ended(_)))),
            "the right ones come too late"
        );
        assert_eq!(told(stage, "approval.approve", "failed"), 1);
        assert_eq!(told(stage, "approval.approve", "wrong"), 2);
    });
}

#[test]
fn nobody_answers_in_time() {
    each(|stage, _, phone, mut seat, digits| {
        stage.clock.advance(126);
        seat.page.reload();
        seat.see(text("login.expired"));
        assert!(phone.answer(digits).is_err());
        phone.poll();
        assert_eq!(phone.first().state, ApprovalState::Ended(ClosedStatus::Expired));
        assert!(!seat.offers_no_way_on(), "to try again is offered");
    });
}

#[test]
fn a_page_that_waits_says_by_itself_that_nobody_answered() {
    const HELD: Duration = Duration::from_secs(25);
    /// What is left of the 125 seconds then. The clock runs ahead a little, so that nothing else waits as long.
    const LAST: Duration = Duration::from_secs(19);
    let timer = Arc::new(HandTimer::default());
    let stage = Stage::with_timer(|config| config.sample_app = true, timer.clone());
    let alice = stage.person("alice");
    let phone = Handset::active(&stage, &alice, "Phone");
    let mut seat = Seat::new(true);
    sign_in(&mut seat.page, &stage, "/demo");
    seat.see(text("login.wait_title"));
    assert!(phone.poll());
    timer.until_waiting(HELD, 1);
    stage.clock.advance(7);
    for slice in [HELD, HELD, HELD, HELD, LAST] {
        timer.until_waiting(slice, 1);
        stage.clock.advance(slice.as_secs());
        timer.pass(slice);
    }
    seat.see(text("login.expired"));
    assert!(!seat.offers_no_way_on(), "to try again is offered");
    phone.poll();
    assert_eq!(phone.first().state, ApprovalState::Ended(ClosedStatus::Expired));
}

#[test]
fn it_rings_again_in_place_after_twenty_seconds_three_times() {
    each(|stage, _, phone, mut seat, shown| {
        let button = Find::Css("form[action='/login/resend'] button");
        let bells = || told(stage, "approval.resend", "rung");
        if seat.scripts {
            assert_eq!(seat.page.evaluate("document.querySelector('[data-after]').disabled"), true);
        } else {
            seat.page.submit("/login/resend", &[]);
            assert_eq!(bells(), 0, "too early");
        }
        for bell in 1..=3 {
            stage.clock.advance(20);
            seat.page.reload();
            assert_eq!(seat.page.count(button), 1, "bell {bell}");
            seat.page.submit("/login/resend", &[]);
            assert_eq!(
                (seat.page.path().as_str(), digits(&mut seat.page).as_str()),
                ("/login/wait", shown),
                "in place"
            );
            seat.see_line(text("login.resent"));
            assert_eq!(bells(), bell);
        }
        stage.clock.advance(20);
        seat.page.reload();
        assert_eq!(seat.page.count(button), 0, "no fourth");
        assert!(!phone.poll(), "it is the same question as before");
        phone.approve(shown);
    });
}

#[test]
fn a_sign_in_is_called_off_on_the_page() {
    each(|_, _, phone, mut seat, digits| {
        seat.page.submit("/login/cancel", &[]);
        seat.page.wait_url("/login");
        seat.see(text("login.title"));
        // The phone did not hear of it yet, and its answer comes too late.
        assert_eq!(phone.answer(digits).unwrap().st, Status::Closed);
        phone.poll();
        assert_eq!(phone.first().state, ApprovalState::Decided(Status::Closed));
    });
    each(|_, _, phone, mut seat, digits| {
        seat.page.submit("/login/cancel", &[]);
        phone.poll();
        assert_eq!(phone.first().state, ApprovalState::Ended(ClosedStatus::Closed));
        assert!(matches!(phone.answer(digits), Err(Error::Input(InputError::Ended(_)))));
    });
}

#[test]
fn that_the_phone_has_it_is_told_only_to_a_browser_that_signed_in_before() {
    each(|stage, _, phone, mut seat, digits| {
        // The second poll tells the gateway what is shown.
        phone.poll();
        seat.page.reload();
        seat.see_line(text("login.line_sent"));
        phone.approve(digits);
        seat.see(if seat.scripts { text("login.sample") } else { text("login.approved") });
        if !seat.scripts {
            seat.page.submit("/login/finish", &[]);
        }
        seat.see(text("login.sample"));
        seat.page.submit("/logout", &[]);

        sign_in(&mut seat.page, stage, "/demo");
        seat.see_line(text("login.line_sent"));
        phone.poll();
        seat.see_line(text("login.line_sent"));
        phone.poll();
        seat.see_line(text("login.line_delivered"));
    });
}
