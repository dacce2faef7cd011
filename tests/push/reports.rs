//! Reports: heard whenever they come, each once, and without a change to what was decided.

use countersign_gateway::approval::State;
use countersign_tests::log::Memory;
use countersign_tests::raw_phone::{RawPhone, sign};
use countersign_tests::stage::{Asked, Stage, caller, hash};

use super::last::held;
use super::two_phones;

/// Section 15, row 7: whatever became of the question, whoever says that somebody else asked it is heard.
#[test]
fn report_of_what_is_over_is_heard_and_changes_no_state() {
    let report = |stage: &Stage, asked: &Asked<'_>, phone: &RawPhone, held: &str| {
        let before = asked.state();
        assert_eq!(phone.decide(&phone.refusal(held, "report")), "reported", "{before}");
        assert_eq!(asked.state(), before);
        stage.clock.advance(3_601);
        before
    };
    let (stage, alice, one, two) = two_phones();
    let begun = || {
        let asked = stage.begin(&alice);
        (held(&one), held(&two), asked)
    };
    let mut seen = Vec::new();
    let (first, second, asked) = begun();
    assert_eq!(one.decide(&one.refusal(&first, "deny")), "denied");
    seen.push(report(&stage, &asked, &two, &second));
    let (first, second, asked) = begun();
    for _ in 0..3 {
        one.decide(&one.approval(&first, &asked.wrong_digits()));
    }
    seen.push(report(&stage, &asked, &two, &second));
    let (first, _, asked) = begun();
    stage.clock.advance(126);
    seen.push(report(&stage, &asked, &one, &first));
    let (first, second, asked) = begun();
    assert_eq!(one.decide(&one.approval(&first, &asked.digits())), "approved");
    stage.clock.advance(31);
    seen.push(report(&stage, &asked, &two, &second));
    let (first, _, asked) = begun();
    stage.house().approvals.cancel(asked.id, hash("browser"), &caller()).expect("the store");
    seen.push(report(&stage, &asked, &one, &first));
    assert_eq!(seen, [State::Denied, State::Failed, State::Expired, State::Lapsed, State::Cancelled]);
}

/// Section 15, row 7: whoever reports once more, or later, is told the same; what it does comes once.
#[test]
fn report_twice_is_reported_twice() {
    let reports = |stage: &Stage| {
        let all = stage.house().audit.latest(None, 100).expect("the store");
        all.iter()
            .filter(|entry| entry.what == "approval.report")
            .map(|entry| entry.outcome.clone())
            .collect::<Vec<_>>()
    };
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.refusal(&first, "report")), "reported");
    let rev = || stage.house().approvals.store().get(asked.id).expect("the store").expect("a row").rev;
    let before = rev();
    assert_eq!(two.decide(&two.refusal(&second, "report")), "reported", "the other phone");
    let mut again = one.answer_claims(&first, "report");
    again["jti"] = countersign_tests::raw_phone::id_of("once more").into();
    assert_eq!(one.decide(&sign("cs-answer+jwt", &again, &one.pk)), "reported", "the same phone once more");
    stage.clock.advance(3_600);
    again["jti"] = countersign_tests::raw_phone::id_of("an hour later").into();
    assert_eq!(one.decide(&sign("cs-answer+jwt", &again, &one.pk)), "reported", "also after its exp");
    assert_eq!((rev(), asked.state()), (before, State::Reported), "the row was changed once");
    assert_eq!(reports(&stage), vec!["reported"; 4]);
    // But what was not reported stays what it is.
    assert_eq!(two.decide(&two.refusal(&second, "deny")), "closed");
}

#[test]
fn a_report_has_its_line_in_the_log() {
    let log = Memory::default();
    let stage = Stage::logging(|_| {}, &log.dispatch());
    let alice = stage.person("alice");
    let (one, _two) = (stage.active_phone(&alice, "one"), stage.active_phone(&alice, "two"));
    let _asked = stage.begin(&alice);
    assert_eq!(one.decide(&one.refusal(&held(&one), "report")), "reported");
    let of_notice = one.notices().pop().expect("a notice");
    assert_eq!(one.decide(&one.refusal(&of_notice, "report")), "reported");
    let said = log.text();
    for (what, outcome) in
        [("approval.report", "reported"), ("notice.report", "device_added"), ("device.suspend", "reported")]
    {
        let is_it = |line: &str| {
            ["audit", "person=\"alice\"", &format!("what={what} "), &format!("outcome={outcome} "), "address=127.0.0.1"]
                .iter()
                .all(|part| line.contains(part))
        };
        assert_eq!(said.lines().filter(|line| is_it(line)).count(), 1, "{what}: {said}");
    }
}
