//! What approvals, reports and clocks do to sessions (push-v1 section 10), over the whole system.

use countersign_gateway::approval::Push;
use countersign_gateway::enrol::changes::SuspendedWhy;
use countersign_gateway::limits;
use countersign_gateway::person::Person;
use countersign_gateway::session::Step;
use countersign_protocol::jose::Id;
use countersign_protocol::push::GoneWhy;
use countersign_tests::raw_phone::{RawPhone, sign};
use countersign_tests::stage::{Asked, BEGIN, Stage, caller, owner};

use super::last::{held, is_open, opened_by};
use super::two_phones;

#[test]
fn report_twice_after_consumed_ends_sessions_once() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.approval(&first, &asked.digits())), "approved");
    assert!(asked.consume());
    let before = opened_by(&stage, &alice, &asked);
    assert!(is_open(&stage, &before));
    assert_eq!(two.decide(&two.refusal(&second, "report")), "reported");
    assert!(!is_open(&stage, &before));
    let pause = || stage.try_begin(&alice, "another", true).expect("a page").1;
    assert_eq!(pause(), Push::Denied);
    stage.clock.advance(3_000);
    let step = Step { second: true, approval: Some(*asked.id.as_bytes()), ..Step::default() };
    let sessions = &stage.house().sessions;
    let again = sessions.begin(alice.id, &alice.name, step).expect("the store");
    assert!(again.is_none(), "nothing begins with it any more");
    let mut late = one.answer_claims(&first, "report");
    late["jti"] = countersign_tests::raw_phone::id_of("late").into();
    assert_eq!(one.decide(&sign("cs-answer+jwt", &late, &one.pk)), "reported", "late, and told the same");
    stage.clock.advance(601);
    assert_eq!(pause(), Push::Sent, "the second report did not make the pause longer");
}

#[test]
fn a_second_factor_is_not_fresh_after_the_wall_clock_stepped_back() {
    let (stage, alice, ..) = two_phones();
    let sessions = &stage.house().sessions;
    for step in [Step { second: true, manage: true, ..Step::default() }, Step { voucher: true, ..Step::default() }] {
        stage.clock.set_wall(BEGIN);
        let (cookie, session) = sessions.begin(alice.id, &alice.name, step).expect("the store").expect("it begins");
        assert!(session.may_change(&sessions.moment()));
        stage.clock.advance(600);
        assert!(!session.may_change(&sessions.moment()));
        // Before the moment of the factor, at it, and after it.
        for wall in [BEGIN - 1, BEGIN, BEGIN + 599] {
            stage.clock.set_wall(wall);
            let found = sessions.find(&cookie).expect("the store").expect("a small step ends nothing");
            assert!(!found.may_change(&sessions.moment()), "nobody knows how old it is, {wall}");
        }
        stage.clock.set_wall(BEGIN - 3_600);
        assert_eq!(sessions.find(&cookie).expect("the store"), None, "nor how old the session is");
    }
}

#[test]
fn an_idle_session_does_not_come_back_after_the_wall_clock_stepped_back() {
    for (seconds, every) in [(limits::SESSION_IDLE, limits::SESSION_IDLE), (limits::SESSION_LIFE, 600)] {
        let (stage, alice, ..) = two_phones();
        let sessions = &stage.house().sessions;
        let (cookie, _) =
            sessions.begin(alice.id, &alice.name, Step::default()).expect("the store").expect("it begins");
        for _ in 0..seconds / every - 1 {
            stage.clock.advance(every);
            assert!(sessions.find(&cookie).expect("the store").is_some());
        }
        stage.clock.advance(every);
        stage.clock.set_wall(BEGIN + seconds - every + 1);
        assert_eq!(sessions.find(&cookie).expect("the store"), None, "{seconds}");
    }
}

#[test]
fn report_ends_a_session_that_another_approval_raised() {
    let (stage, alice, one, two) = two_phones();
    let sessions = &stage.house().sessions;
    let by = |asked: &Asked| Step { second: true, approval: Some(*asked.id.as_bytes()), ..Step::default() };
    let first = stage.begin(&alice);
    let (yes, no) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.approval(&yes, &first.digits())), "approved");
    assert!(first.consume());
    let (_, session) = sessions.begin(alice.id, &alice.name, by(&first)).expect("the store").expect("it begins");
    stage.clock.advance(60);
    let second = stage.begin(&alice);
    assert_eq!(one.decide(&one.approval(&held(&one), &second.digits())), "approved");
    assert!(second.consume());
    let (cookie, _) = sessions.raise(&session, by(&second)).expect("the store").expect("it has not ended");
    assert!(sessions.find(&cookie).expect("the store").is_some());
    assert_eq!(two.decide(&two.refusal(&no, "report")), "reported");
    assert_eq!(sessions.find(&cookie).expect("the store"), None);
}

/// Between taking an approval and beginning the session of it.
#[test]
fn no_session_begins_by_a_phone_that_counts_no_more() {
    let leave = |stage: &Stage, alice: &Person, did: Id, removed: bool| {
        let (devices, by) = (&stage.house().devices, caller());
        if removed {
            assert!(devices.remove(owner(alice), did, GoneWhy::Person, &by).expect("the store").is_some());
        } else {
            let entry = by.entry(stage.house().clock.now(), "device.suspend", "lost").device(*did.as_bytes());
            let done = devices.changes().suspend(alice.id, did, SuspendedWhy::Lost, devices.moment(), entry);
            assert!(done.expect("the store").is_some());
        }
    };
    for removed in [false, true] {
        let (stage, alice, one, two) = two_phones();
        let sessions = &stage.house().sessions;
        let taken = |by: &RawPhone| {
            stage.clock.advance(60);
            let asked = stage.begin(&alice);
            assert_eq!(by.decide(&by.approval(&held(by), &asked.digits())), "approved");
            assert!(asked.consume());
            Step { second: true, approval: Some(*asked.id.as_bytes()), ..Step::default() }
        };
        let (theirs, mine) = (taken(&one), taken(&two));
        let plain = || sessions.begin(alice.id, &alice.name, Step::default()).expect("the store").expect("it begins").1;
        let (raised, other) = (plain(), plain());
        let kept = sessions.raise(&plain(), mine).expect("the store").expect("the other phone counts").1;
        leave(&stage, &alice, one.did.borrow().parse().expect("an id"), removed);
        assert!(sessions.begin(alice.id, &alice.name, theirs).expect("the store").is_none(), "{removed}");
        assert!(sessions.raise(&raised, theirs).expect("the store").is_none(), "{removed}");
        // But the other phone's does, and so does a step of a session that came from it.
        assert!(sessions.begin(alice.id, &alice.name, mine).expect("the store").is_some());
        assert!(sessions.raise(&other, mine).expect("the store").is_some());
        assert!(sessions.raise(&kept, Step { voucher: true, ..Step::default() }).expect("the store").is_some());
    }
}

/// Whoever suspends their own phone in a session that it opened goes on in it by another second factor.
#[test]
fn a_session_that_goes_on_without_its_phone_can_still_be_raised() {
    let (stage, alice, one, _) = two_phones();
    let (sessions, devices) = (&stage.house().sessions, &stage.house().devices);
    let asked = stage.begin(&alice);
    assert_eq!(one.decide(&one.approval(&held(&one), &asked.digits())), "approved");
    assert!(asked.consume());
    let step = Step { second: true, approval: Some(*asked.id.as_bytes()), ..Step::default() };
    let (_, session) = sessions.begin(alice.id, &alice.name, step).expect("the store").expect("it begins");
    let did: Id = one.did.borrow().parse().expect("an id");
    let entry = caller().entry(0, "device.suspend", "lost");
    let done = devices.changes().suspend_from(alice.id, did, SuspendedWhy::Lost, session.id, devices.moment(), entry);
    assert!(done.expect("the store").is_some());
    let raised = sessions.raise(&session, Step { voucher: true, ..Step::default() }).expect("the store");
    assert!(raised.is_some_and(|(cookie, _)| is_open(&stage, &cookie)));
}
