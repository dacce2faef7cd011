//! `answer::*`: what the gateway refuses of an answer, and how it counts (push-v1 section 7).

use countersign_gateway::approval::State;
use countersign_gateway::person::Person;
use countersign_tests::raw_phone::{RawPhone, h, id, payload, sign, twin};
use countersign_tests::stage::{Stage, caller};
use serde_json::{Value, json};

fn stage() -> (Stage, Person, RawPhone) {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "answer");
    (stage, alice, phone)
}

/// The one challenge that the phone holds.
fn challenge(phone: &RawPhone) -> String {
    let challenges = phone.challenges();
    assert_eq!(challenges.len(), 1, "one challenge");
    challenges[0].clone()
}

/// A phone that was told of a device, and what it was told.
fn noticed() -> (Stage, RawPhone, String) {
    let (stage, alice, phone) = stage();
    stage.active_phone(&alice, "another");
    let notice = phone.notices().pop().expect("a notice");
    (stage, phone, notice)
}

#[test]
fn info_approved() {
    let (_stage, phone, notice) = noticed();
    assert_eq!(phone.decide(&phone.approval(&notice, "000000")), "unknown");
    assert_eq!(phone.notices(), [notice], "it stays");
}

#[test]
fn info_denied() {
    let (_stage, phone, notice) = noticed();
    assert_eq!(phone.decide(&phone.refusal(&notice, "deny")), "unknown");
    assert_eq!(phone.decide(&phone.refusal(&notice, "report")), "reported", "a notice can only be reported");
}

/// Sends an approval whose claims were changed, signed by `ak`, and returns the verdict.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let mut claims = phone.answer_claims(&challenge(&phone), "approve");
    claims["nm"] = asked.digits().into();
    change(&mut claims);
    let verdict = phone.answer(&sign("cs-answer+jwt", &claims, &phone.ak)).verdict();
    assert_eq!(asked.state(), State::Pending, "nothing was decided and no try was taken");
    assert_eq!(phone.decide(&phone.approval(&challenge(&phone), &asked.digits())), "approved", "the control passes");
    verdict
}

/// An answer of another kind, signed by a key that may not give it.
fn by_key(res: &str, key: fn(&RawPhone) -> &countersign_tests::raw_phone::Key) {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let mut claims = phone.answer_claims(&challenge(&phone), res);
    if res == "approve" {
        claims["nm"] = asked.digits().into();
    }
    assert_eq!(phone.answer(&sign("cs-answer+jwt", &claims, key(&phone))).verdict(), "401 refused");
    assert_eq!(asked.state(), State::Pending);
}

#[test]
fn pk_approves() {
    by_key("approve", |phone| &phone.pk);
}

#[test]
fn ak_denies() {
    by_key("deny", |phone| &phone.ak);
}

#[test]
fn ak_reports() {
    by_key("report", |phone| &phone.ak);
}

#[test]
fn iss_other_device() {
    let (stage, alice, phone) = stage();
    let bob = stage.person("bob");
    let bobs = stage.active_phone(&bob, "bobs");
    let asked = stage.begin(&alice);
    let mut claims = phone.answer_claims(&challenge(&phone), "approve");
    claims["nm"] = asked.digits().into();
    claims["iss"] = bobs.did.borrow().clone().into();
    assert_eq!(phone.answer(&sign("cs-answer+jwt", &claims, &phone.ak)).verdict(), "401 refused");
    assert_eq!(asked.state(), State::Pending);
}

#[test]
fn aud_other() {
    assert_eq!(changed(|claims| claims["aud"] = "https://gate.example.com/push/v1".into()), "401 refused");
}

#[test]
fn nm_and_qs() {
    assert_eq!(changed(|claims| claims["qs"] = id(7).into()), "400 malformed");
}

#[test]
fn neither() {
    assert_eq!(changed(|claims| drop(claims.as_object_mut().unwrap().remove("nm"))), "400 malformed");
}

#[test]
fn deny_with_nm() {
    assert_eq!(changed(|claims| claims["res"] = "deny".into()), "400 malformed");
}

#[test]
fn why_with_approve() {
    assert_eq!(changed(|claims| claims["why"] = "not_me".into()), "400 malformed");
}

#[test]
fn nm_number() {
    assert_eq!(changed(|claims| claims["nm"] = 123_456.into()), "400 malformed");
}

#[test]
fn nm_9_digits() {
    assert_eq!(changed(|claims| claims["nm"] = "123456789".into()), "400 malformed");
}

#[test]
fn nm_full_width() {
    assert_eq!(changed(|claims| claims["nm"] = "１２３４５６".into()), "400 malformed");
}

#[test]
fn ch_other() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let mut claims = phone.answer_claims(&challenge(&phone), "approve");
    claims["nm"] = asked.digits().into();
    claims["ch"] = h("a.b.c").to_string().into();
    assert_eq!(phone.decide(&sign("cs-answer+jwt", &claims, &phone.ak)), "mismatch");
    assert_eq!(phone.decide(&phone.approval(&challenge(&phone), &asked.digits())), "approved", "nothing was counted");
}

#[test]
fn cj_unknown() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let mut claims = phone.answer_claims(&challenge(&phone), "approve");
    claims["nm"] = asked.digits().into();
    claims["cj"] = id(99).into();
    assert_eq!(phone.decide(&sign("cs-answer+jwt", &claims, &phone.ak)), "unknown");
    assert_eq!(asked.state(), State::Pending);
}

#[test]
fn cj_other_device() {
    let (stage, alice, phone) = stage();
    let second = stage.active_phone(&alice, "second");
    let asked = stage.begin(&alice);
    let (mine, other) = (challenge(&phone), challenge(&second));
    assert_ne!(payload(&mine)["jti"], payload(&other)["jti"]);
    assert_eq!(payload(&mine)["aid"], payload(&other)["aid"]);
    assert_eq!(phone.decide(&phone.approval(&other, &asked.digits())), "unknown");
    assert_eq!(asked.state(), State::Pending);
}

#[test]
fn offline_answered_online() {
    super::offline::answered_online();
}

#[test]
fn same_jti_other_body() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let held = challenge(&phone);
    let mut claims = phone.answer_claims(&held, "approve");
    claims["nm"] = asked.wrong_digits().into();
    assert_eq!(phone.decide(&sign("cs-answer+jwt", &claims, &phone.ak)), "wrong");
    claims["nm"] = asked.digits().into();
    assert_eq!(phone.decide(&sign("cs-answer+jwt", &claims, &phone.ak)), "mismatch");
    assert_eq!(asked.state(), State::Pending);
}

#[test]
fn pending_answers() {
    let (stage, alice, phone) = stage();
    let pending = stage.raw_phone("pending");
    pending.enrol(&stage.link(&alice, "browser"));
    let asked = stage.begin(&alice);
    assert_eq!(pending.decide(&pending.approval(&challenge(&phone), &asked.digits())), "unknown");
    assert_eq!(asked.state(), State::Pending);
}

fn set_disabled(stage: &Stage, disabled: bool) {
    stage.house().people.set_disabled("alice", disabled, &caller()).expect("the store");
}

/// Disabling a person suspends her phone and cancels what was open.
#[test]
fn suspended_approves() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let held = challenge(&phone);
    let (digits, qs) = (asked.digits(), asked.qs());
    set_disabled(&stage, true);
    assert_eq!(phone.poll(&phone.echo(0)).json()["device"], "suspended");
    assert!(phone.challenges().is_empty(), "a suspended phone is told of none");
    assert_eq!(phone.decide(&phone.approval(&held, &digits)), "unknown");
    assert_eq!(by_qr(&phone, &held, &qs), "unknown");
    // Its no is judged as any other, by the state that the approval is in.
    assert_eq!(phone.decide(&phone.refusal(&held, "deny")), "closed");
    assert_eq!(phone.decide(&phone.refusal(&held, "report")), "reported", "a report is always heard");
    assert_eq!(asked.state(), State::Cancelled);
    set_disabled(&stage, false);
    assert_eq!(phone.decide(&phone.approval(&held, &digits)), "closed", "what was cancelled does not come back");
    // Where the report came from, phones are not asked for an hour.
    stage.clock.advance(3_601);
    let asked = stage.begin(&alice);
    assert_eq!(phone.decide(&phone.approval(&challenge(&phone), &asked.digits())), "approved", "the control passes");
}

#[test]
fn suspended_reports_what_it_approved() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let held = challenge(&phone);
    assert_eq!(phone.decide(&phone.approval(&held, &asked.digits())), "approved");
    assert!(asked.consume());
    set_disabled(&stage, true);
    assert_eq!(phone.decide(&phone.approval(&held, &asked.digits())), "unknown");
    assert_eq!(phone.decide(&phone.refusal(&held, "deny")), "closed", "too late to deny");
    assert_eq!(phone.decide(&phone.refusal(&held, "report")), "reported");
}

#[test]
fn nm_5_digits() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let short = &asked.digits()[..5];
    let reply = phone.answer(&phone.approval(&challenge(&phone), short)).json();
    let result = payload(reply["result"].as_str().unwrap());
    assert_eq!(
        (&result["st"], &result["left"]),
        (&json!("wrong"), &json!(2)),
        "another count of digits is a wrong try"
    );
}

fn by_qr(phone: &RawPhone, challenge: &str, qs: &str) -> String {
    let mut claims = phone.answer_claims(challenge, "approve");
    claims["qs"] = qs.into();
    phone.decide(&sign("cs-answer+jwt", &claims, &phone.ak))
}

#[test]
fn qs_wrong() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    assert_eq!(by_qr(&phone, &challenge(&phone), &id(7)), "wrong");
    assert_eq!(by_qr(&phone, &challenge(&phone), &asked.qs()), "approved", "the control passes");
}

#[test]
fn qs_of_earlier() {
    let (stage, alice, phone) = stage();
    let earlier = stage.begin(&alice).qs();
    stage.clock.advance(126);
    let asked = stage.begin(&alice);
    assert_ne!(asked.qs(), earlier);
    assert_eq!(by_qr(&phone, &challenge(&phone), &earlier), "wrong");
}

#[test]
fn wrong_replayed_counts_once() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let wrong = phone.approval(&challenge(&phone), &asked.wrong_digits());
    let first = phone.answer(&wrong).body;
    for _ in 0..4 {
        assert_eq!(phone.answer(&wrong).body, first, "the same result, byte for byte");
    }
    assert_eq!(phone.decide(&phone.approval(&challenge(&phone), &asked.digits())), "approved");
}

#[test]
fn wrong_twin_counts_once() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let wrong = phone.approval(&challenge(&phone), &asked.wrong_digits());
    let first = phone.answer(&wrong).body;
    assert_eq!(phone.answer(&twin(&wrong)).body, first);
    let result = payload(phone.answer(&wrong).json()["result"].as_str().unwrap());
    assert_eq!(result["left"], 2);
    assert_eq!(phone.decide(&phone.approval(&challenge(&phone), &asked.digits())), "approved");
}

#[test]
fn third_on_other_device() {
    let (stage, alice, phone) = stage();
    let second = stage.active_phone(&alice, "second");
    let asked = stage.begin(&alice);
    let (mine, other) = (challenge(&phone), challenge(&second));
    assert_eq!(phone.decide(&phone.approval(&mine, &asked.wrong_digits())), "wrong");
    assert_eq!(second.decide(&second.approval(&other, &asked.wrong_digits())), "wrong");
    assert_eq!(phone.decide(&phone.approval(&mine, &asked.wrong_digits())), "failed", "tries are the approval's");
    assert_eq!(asked.state(), State::Failed);
}

#[test]
fn fourth_try() {
    let (_stage, phone, held, wrong, _) = failed();
    assert_eq!(phone.decide(&phone.approval(&held, &wrong)), "closed");
}

#[test]
fn right_after_failed() {
    let (_stage, phone, held, _, right) = failed();
    assert_eq!(phone.decide(&phone.approval(&held, &right)), "closed");
}

/// An approval whose three tries are used up: phone, challenge, wrong digits, right digits.
fn failed() -> (Stage, RawPhone, String, String, String) {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let held = challenge(&phone);
    let (wrong, right) = (asked.wrong_digits(), asked.digits());
    let results = [0, 1, 2].map(|_| phone.decide(&phone.approval(&held, &wrong)));
    assert_eq!(results, ["wrong", "wrong", "failed"]);
    assert!(phone.challenges().is_empty(), "a failed approval leaves the list");
    drop(asked);
    (stage, phone, held, wrong, right)
}

#[test]
fn tenth_in_a_row() {
    let (stage, alice, phone) = stage();
    let mut wrong = 0;
    while wrong < 10 {
        let (asked, _) = loop {
            // From the fourth wrong number on the next approval is put off; the page counts the seconds down.
            match stage.try_begin(&alice, "browser", true) {
                Ok(begun) => break begun,
                Err(seconds) => {
                    assert!((1..=64).contains(&seconds), "{seconds}");
                    stage.clock.advance(seconds);
                }
            }
        };
        let held = challenge(&phone);
        loop {
            let result = phone.decide(&phone.approval(&held, &asked.wrong_digits()));
            wrong += 1;
            if wrong == 10 {
                assert_eq!(result, "failed", "the tenth ends it though tries are left");
            }
            if result == "failed" {
                break;
            }
        }
    }
    stage.clock.advance(1000);
    let (_, push) = stage.try_begin(&alice, "browser", true).expect("the page still offers a code");
    assert_eq!(push, countersign_gateway::approval::Push::Off, "no push until another second factor");
    let told: Vec<Value> = phone.notices().iter().map(|held| payload(held)["info"].clone()).collect();
    assert_eq!(told, ["lockout"], "the phone is not asked, and told why");
}
