//! `final::*`: what is decided stays decided (push-v1 section 10), over the whole system.

use countersign_gateway::approval::{Ask, Begin, Push, State};
use countersign_gateway::person::{self, Person, Store as _};
use countersign_gateway::session::{Cookie, Step};
use countersign_tests::plain::Plain;
use countersign_tests::raw_phone::{RawPhone, payload, sign};
use countersign_tests::stage::{Asked, BEGIN, PASSWORD, Stage, caller, hash};

use super::two_phones;

pub(super) fn held(phone: &RawPhone) -> String {
    phone.challenges().pop().expect("a challenge")
}

#[test]
fn approve_twice_two_devices() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.approval(&first, &asked.digits())), "approved");
    assert_eq!(two.decide(&two.approval(&second, &asked.digits())), "closed");
    assert!(asked.consume());
}

#[test]
fn approve_after_deny() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.refusal(&first, "deny")), "denied");
    assert_eq!(two.decide(&two.approval(&second, &asked.digits())), "closed");
    assert_eq!(asked.state(), State::Denied);
    assert!(!asked.consume());
}

#[test]
fn approve_by_qr_after_deny() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.refusal(&first, "deny")), "denied");
    let mut claims = two.answer_claims(&second, "approve");
    claims["qs"] = asked.qs().into();
    assert_eq!(two.decide(&sign("cs-answer+jwt", &claims, &two.ak)), "closed");
    assert!(!asked.consume());
}

#[test]
fn deny_after_approve() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.approval(&first, &asked.digits())), "approved");
    assert_eq!(two.decide(&two.refusal(&second, "deny")), "denied", "a no beats a yes that nobody took yet");
    assert!(!asked.consume());
}

#[test]
fn report_after_approve() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.approval(&first, &asked.digits())), "approved");
    assert_eq!(two.decide(&two.refusal(&second, "report")), "reported");
    assert_eq!(asked.state(), State::Reported);
    assert!(!asked.consume());
}

#[test]
fn deny_past_exp() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    stage.clock.advance(115);
    assert_eq!(one.decide(&one.approval(&first, &asked.digits())), "approved");
    stage.clock.advance(15);
    assert_eq!(two.decide(&two.refusal(&second, "deny")), "denied", "approved, past exp, not consumed: a no counts");
}

#[test]
fn deny_of_an_expired_one() {
    let (stage, alice, one, _) = two_phones();
    let asked = stage.begin(&alice);
    let first = held(&one);
    stage.clock.advance(126);
    assert_eq!(one.decide(&one.refusal(&first, "deny")), "expired");
    assert_eq!(asked.state(), State::Expired);
}

#[test]
fn report_after_consumed() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.approval(&first, &asked.digits())), "approved");
    assert!(asked.consume());
    let cookie = opened_by(&stage, &alice, &asked);
    assert_eq!(two.decide(&two.refusal(&second, "deny")), "closed", "too late to deny");
    stage.clock.advance(599);
    assert!(is_open(&stage, &cookie));
    assert_eq!(two.decide(&two.refusal(&second, "report")), "reported");
    assert!(!is_open(&stage, &cookie));
    assert_eq!(asked.state(), State::Consumed, "the state stays, the sessions end");
}

/// A session that came from this approval.
pub(super) fn opened_by(stage: &Stage, person: &Person, asked: &Asked<'_>) -> Cookie {
    let step = Step { second: true, approval: Some(*asked.id.as_bytes()), ..Step::default() };
    stage.house().sessions.begin(person.id, &person.name, step).expect("the store").expect("it begins").0
}

pub(super) fn is_open(stage: &Stage, cookie: &Cookie) -> bool {
    stage.house().sessions.find(cookie).expect("the store").is_some()
}

#[test]
fn report_after_10_min() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (first, second) = (held(&one), held(&two));
    assert_eq!(one.decide(&one.approval(&first, &asked.digits())), "approved");
    assert!(asked.consume());
    let cookie = opened_by(&stage, &alice, &asked);
    stage.clock.advance(601);
    assert_eq!(two.decide(&two.refusal(&second, "report")), "reported", "section 15: it is always heard");
    assert!(is_open(&stage, &cookie), "and does not end what was opened so long ago");
    assert_eq!(asked.state(), State::Consumed);
    let all = stage.house().audit.latest(Some("alice"), 5).expect("the store");
    assert!(all.iter().any(|entry| entry.what == "approval.report" && entry.outcome == "reported"), "{all:?}");
    assert_eq!(stage.try_begin(&alice, "browser", true).expect("a page").1, Push::Denied, "where it came from waits");
}

#[test]
fn approve_past_exp_5() {
    for (after, expected) in [(125, "approved"), (126, "expired")] {
        let (stage, alice, one, _) = two_phones();
        let asked = stage.begin(&alice);
        let first = held(&one);
        stage.clock.advance(after);
        assert_eq!((after, one.decide(&one.approval(&first, &asked.digits())).as_str()), (after, expected));
    }
}

#[test]
fn approve_after_the_wall_clock_stepped_back() {
    let (stage, alice, one, _) = two_phones();
    let asked = stage.begin(&alice);
    let first = held(&one);
    stage.clock.advance(126);
    stage.clock.set_wall(BEGIN);
    assert_eq!(one.decide(&one.approval(&first, &asked.digits())), "expired", "a step back never revives");
}

#[test]
fn begun_twice_in_one_browser_is_one() {
    let (stage, alice, one, _) = two_phones();
    let first = stage.begin(&alice);
    let again = stage.begin(&alice);
    assert_eq!((again.id, again.digits()), (first.id, first.digits()), "the page keeps its digits");
    assert_eq!(one.challenges().len(), 1);
}

/// One yes is for one text: another one, or for longer, is another question, and the first is called off.
#[test]
fn two_texts_to_sign_in_one_browser_are_two() {
    let (stage, alice, one, _) = two_phones();
    let begun = |msg: &str, hold| {
        let ask = Ask::Sign { msg: msg.try_into().expect("shown text"), hold };
        stage.begin_as(&Begin { ask, ..Stage::beginning(&alice, "browser") }, "browser").expect("an approval").0
    };
    let first = begun("Pay 100 to Bob", 60);
    assert_eq!(begun("Pay 100 to Bob", 60).id, first.id, "a form sent twice");
    let second = begun("Pay 900 to Eve", 60);
    assert_ne!((second.id, second.digits()), (first.id, first.digits()));
    assert_eq!(first.state(), State::Cancelled);
    assert_eq!(payload(&held(&one))["msg"], "Pay 900 to Eve", "the phone shows what would be signed");
    assert_ne!(begun("Pay 900 to Eve", 600).id, second.id);
    assert_eq!(one.challenges().len(), 1);
}

#[test]
fn disabled_within_the_hold_takes_nothing() {
    let (stage, alice, one, _) = two_phones();
    let asked = stage.begin(&alice);
    assert_eq!(one.decide(&one.approval(&held(&one), &asked.digits())), "approved");
    let entry = caller().entry(stage.house().clock.now(), "person.disable", "done");
    person::store::SqlStore(stage.house().store.clone()).set_disabled(alice.id, true, &entry).expect("the store");
    assert!(!asked.consume());
}

#[test]
fn consume_other_browser() {
    let (stage, alice, one, _) = two_phones();
    let asked = stage.begin(&alice);
    assert_eq!(one.decide(&one.approval(&held(&one), &asked.digits())), "approved");
    assert!(!asked.consume_as("sample", "other browser"));
    assert!(asked.consume(), "the browser that began it still can");
}

#[test]
fn consume_other_client() {
    let (stage, alice, one, _) = two_phones();
    let asked = stage.begin(&alice);
    assert_eq!(one.decide(&one.approval(&held(&one), &asked.digits())), "approved");
    assert!(!asked.consume_as("other", "browser"));
    assert!(asked.consume());
}

#[test]
fn consume_twice() {
    let (stage, alice, one, _) = two_phones();
    let asked = stage.begin(&alice);
    assert!(!asked.consume(), "pending is not approved");
    assert_eq!(one.decide(&one.approval(&held(&one), &asked.digits())), "approved");
    assert!(asked.consume());
    assert!(!asked.consume());
}

#[test]
fn consume_after_hold() {
    for (after, taken) in [(30, true), (31, false)] {
        let (stage, alice, one, _) = two_phones();
        let asked = stage.begin(&alice);
        assert_eq!(one.decide(&one.approval(&held(&one), &asked.digits())), "approved");
        stage.clock.advance(after);
        assert_eq!((after, asked.consume()), (after, taken));
    }
}

/// Where an action follows at once, the yes itself takes it: there is nothing left to deny, or to take again.
#[test]
fn action_consumed_then_deny() {
    let (stage, alice, one, two) = two_phones();
    let msg = "Pay 100 to Bob".to_owned().try_into().expect("shown text");
    let ask = Ask::Sign { msg, hold: 0 };
    let begin = Begin { ask, at_once: true, ..Stage::beginning(&alice, "browser") };
    let (asked, push) = stage.begin_as(&begin, "browser").expect("an approval");
    assert_eq!(push, Push::Sent);
    let (yes, no) = (held(&one), held(&two));
    let claims = payload(&yes);
    assert_eq!((claims["op"].as_str(), claims["msg"].as_str()), (Some("sign"), Some("Pay 100 to Bob")));
    assert_eq!(one.decide(&one.approval(&yes, &asked.digits())), "approved");
    assert_eq!(asked.state(), State::Consumed);
    assert_eq!(two.decide(&two.refusal(&no, "deny")), "closed");
    assert!(!asked.consume());
    assert_eq!(two.decide(&two.refusal(&no, "report")), "reported", "a report is still heard");
}

#[test]
fn signed_words_count_as_long_as_the_client_asked() {
    let (stage, alice, one, _) = two_phones();
    for (hold, after, taken) in [(600, 600, true), (600, 601, false), (9_999, 601, false)] {
        let msg = "Open the gate".to_owned().try_into().expect("shown text");
        let begin = Begin { ask: Ask::Sign { msg, hold }, ..Stage::beginning(&alice, "browser") };
        let (asked, _) = stage.begin_as(&begin, "browser").expect("an approval");
        assert_eq!(one.decide(&one.approval(&held(&one), &asked.digits())), "approved");
        stage.clock.advance(after);
        assert_eq!((hold, after, asked.consume()), (hold, after, taken));
    }
}

#[test]
fn second_open() {
    let (stage, alice, one, _) = two_phones();
    let first = stage.begin(&alice);
    let (_, push) = stage.try_begin(&alice, "other browser", true).expect("a page");
    assert_eq!(push, Push::Open);
    assert_eq!(one.challenges().len(), 1, "the phone is not asked twice");
    assert_eq!(first.state(), State::Pending, "nor is the first one ended by it");
}

#[test]
fn sixth_push() {
    let (stage, alice, one, _) = two_phones();
    for _ in 0..5 {
        stage.begin(&alice);
        stage.clock.advance(126);
    }
    let (_, push) = stage.try_begin(&alice, "browser", true).expect("a page");
    assert_eq!(push, Push::Limit);
    assert!(one.challenges().is_empty());
}

/// A control: a success starts the count anew.
#[test]
fn sixth_push_after_a_success_passes() {
    let (stage, alice, one, _) = two_phones();
    for _ in 0..4 {
        stage.begin(&alice);
        stage.clock.advance(126);
    }
    let asked = stage.begin(&alice);
    assert_eq!(one.decide(&one.approval(&held(&one), &asked.digits())), "approved");
    assert!(asked.consume());
    stage.begin(&alice);
}

#[test]
fn third_push_without_first_factor() {
    let (stage, alice, _, _) = two_phones();
    for expected in [Push::Sent, Push::Sent, Push::Limit] {
        let (_, push) = stage.try_begin(&alice, "browser", false).expect("a page");
        assert_eq!(push, expected);
        stage.clock.advance(126);
    }
}

#[test]
fn denied_client_and_network_get_no_push_for_an_hour() {
    let (stage, alice, one, _) = two_phones();
    stage.begin(&alice);
    assert_eq!(one.decide(&one.refusal(&held(&one), "deny")), "denied");
    stage.clock.advance(3_599);
    assert_eq!(stage.try_begin(&alice, "browser", true).expect("a page").1, Push::Denied);
    stage.clock.advance(2);
    assert_eq!(stage.try_begin(&alice, "third", true).expect("a page").1, Push::Sent);
}

#[test]
fn push_before_first_factor() {
    // Nothing reaches the phone before the first factor is right. `pages` shows the same with the app itself.
    let (stage, alice, one, _) = two_phones();
    let mut window = Plain::new();
    assert_eq!(window.get(&format!("{}/login?next=/manageotp", stage.origin())), 200);
    for (name, password) in [("alice", "not the password"), ("alice", ""), ("nobody", PASSWORD)] {
        assert_eq!(window.post_form("/login", &[("name", name), ("password", password)]), 403, "{name}");
        assert!(one.challenges().is_empty());
    }
    window.post_form("/login", &[("name", &alice.name), ("password", PASSWORD)]);
    assert_eq!(one.challenges().len(), 1, "the control");
}

/// One phone approves while the other denies, and the browser takes what it can at once: a thousand times, each over HTTP.
#[test]
fn deny_races_approve() {
    const ROUNDS: usize = 1_000;
    let mut outcomes = std::collections::BTreeMap::new();
    let (stage, alice, mut one, mut two) = two_phones();
    let house = stage.house().clone();
    for round in 0..ROUNDS {
        // A second a round, so that neither nonces nor the limits of a network stand still.
        stage.clock.advance(1);
        house.approvals.store().reset(alice.id).expect("the store");
        // From a network of its own: where somebody said no, the phones are not asked for an hour.
        let ip = [10, (round / 250) as u8, (round % 250) as u8, 1].into();
        let begin = Begin { ip, ..Stage::beginning(&alice, "browser") };
        let (asked, push) = stage.begin_as(&begin, "browser").expect("an approval");
        assert_eq!(push, Push::Sent);
        let challenge = |phone: &RawPhone| {
            let did = phone.did.borrow().parse().expect("an id");
            house.approvals.open_challenges(did).expect("the store")[0].jws.clone()
        };
        let yes = one.approval(&challenge(&one), &asked.digits());
        let no = two.refusal(&challenge(&two), "deny");
        let (start, id) = (std::sync::Barrier::new(2), asked.id);
        let (approved, denied, taken);
        ((one, approved, taken), (two, denied)) = std::thread::scope(|scope| {
            let approving = scope.spawn(|| {
                let phone = one;
                start.wait();
                let said = phone.decide(&yes);
                let taken = house.approvals.consume(id, "sample", hash("browser"), &caller()).expect("the store");
                (phone, said, taken.is_some())
            });
            let denying = scope.spawn(|| {
                let phone = two;
                start.wait();
                let said = phone.decide(&no);
                (phone, said)
            });
            (approving.join().expect("the first phone"), denying.join().expect("the second phone"))
        });
        let ended = (approved.as_str(), denied.as_str(), taken, asked.state());
        let allowed = [
            ("closed", "denied", false, State::Denied),
            ("approved", "denied", false, State::Denied),
            ("approved", "closed", true, State::Consumed),
        ];
        assert!(allowed.contains(&ended), "round {round}: {ended:?}");
        *outcomes.entry((approved, denied)).or_insert(0) += 1;
    }
    assert!(outcomes.len() >= 2, "they did race: {outcomes:?}");
}
