//! What two phones and a browser do to a gateway, each step written down once its outcome is known to them.

use std::path::Path;

use countersign_gateway::person::Person;
use countersign_tests::raw_phone::{RawPhone, payload};
use countersign_tests::stage::{Asked, Stage};
use serde_json::{Value, json};

use super::ledger::Ledger;

/// How the gateway calls itself: the same, wherever it listens after it came back.
pub const PUBLIC: &str = "https://gate.example.com";

/// A gateway on this folder.
pub fn stage(data: &Path) -> Stage {
    Stage::with(|config| {
        config.data = data.to_owned();
        config.public_url = PUBLIC.parse().ok();
    })
}

/// Tells `rounds` rounds: each has a person of its own, two phones that enrol, four sign-ins and a change of the
/// gateway's key. In its middle the gateway stops and starts again.
pub fn tell(stage: &mut Stage, rounds: usize, ledger: &mut Ledger) {
    for round in 0..rounds {
        let person = stage.person(&format!("person{round}"));
        let (one, two) = (enrol(stage, &person, round, "one", ledger), enrol(stage, &person, round, "two", ledger));
        approved_and_taken(stage, &person, [&one, &two], ledger);
        stage.clock.advance(60);
        denied(stage, &person, [&one, &two], ledger);
        stage.clock.advance(3_601);
        stage.restart(100 + round as u64);
        denied_after_an_approval(stage, &person, [&one, &two], ledger);
        stage.clock.advance(3_601);
        reported(stage, &person, [&one, &two], ledger);
        stage.rotate().unwrap();
        ledger.told(stage, json!({"is": "rotated"}));
        stage.clock.advance(3_601);
    }
}

fn enrol(stage: &Stage, person: &Person, round: usize, label: &str, ledger: &mut Ledger) -> RawPhone {
    let label = format!("{label} {round}");
    let phone = stage.raw_phone(&label);
    let digits = phone.enrol(&stage.link(person, &label));
    let did = phone.did.borrow().clone();
    ledger.told(stage, json!({"is": "enrolled", "did": did}));
    stage.confirm(person, &phone, &digits);
    ledger.told(stage, json!({"is": "active", "did": did}));
    stage.clock.advance(1);
    phone
}

fn begin<'a>(
    stage: &'a Stage,
    person: &Person,
    phones: [&RawPhone; 2],
    ledger: &mut Ledger,
) -> (Asked<'a>, [String; 2]) {
    let asked = stage.begin(person);
    ledger.told(stage, json!({"is": "begun", "aid": asked.id.to_string()}));
    let held = phones.map(|phone| {
        let all = phone.challenges();
        all.into_iter().find(|it| payload(it)["aid"] == asked.id.to_string()).expect("a challenge")
    });
    (asked, held)
}

fn answer(stage: &Stage, asked: &Asked<'_>, phone: &RawPhone, jws: &str, expected: &str, ledger: &mut Ledger) {
    let reply = phone.answer(jws).json()["result"].clone();
    let st = payload(reply.as_str().expect("a result"))["st"].clone();
    assert_eq!(st, expected);
    let (did, aid) = (phone.did.borrow().clone(), asked.id.to_string());
    ledger.told(stage, json!({"is": "answer", "did": did, "aid": aid, "jws": jws, "reply": reply, "st": st}));
}

fn consume(stage: &Stage, asked: &Asked<'_>, expected: bool, ledger: &mut Ledger) {
    assert_eq!(asked.consume(), expected);
    let is = if expected { "taken" } else { "not taken" };
    ledger.told(stage, json!({"is": is, "aid": asked.id.to_string()}));
}

fn approved_and_taken(stage: &Stage, person: &Person, phones: [&RawPhone; 2], ledger: &mut Ledger) {
    let (asked, [first, second]) = begin(stage, person, phones, ledger);
    let [one, two] = phones;
    answer(stage, &asked, one, &one.approval(&first, &asked.wrong_digits()), "wrong", ledger);
    answer(stage, &asked, one, &one.approval(&first, &asked.digits()), "approved", ledger);
    consume(stage, &asked, true, ledger);
    answer(stage, &asked, two, &two.refusal(&second, "deny"), "closed", ledger);
    consume(stage, &asked, false, ledger);
}

fn denied(stage: &Stage, person: &Person, phones: [&RawPhone; 2], ledger: &mut Ledger) {
    let (asked, [first, second]) = begin(stage, person, phones, ledger);
    let [one, two] = phones;
    answer(stage, &asked, two, &two.refusal(&second, "deny"), "denied", ledger);
    answer(stage, &asked, one, &one.approval(&first, &asked.digits()), "closed", ledger);
    consume(stage, &asked, false, ledger);
}

fn denied_after_an_approval(stage: &Stage, person: &Person, phones: [&RawPhone; 2], ledger: &mut Ledger) {
    let (asked, [first, second]) = begin(stage, person, phones, ledger);
    let [one, two] = phones;
    answer(stage, &asked, two, &two.approval(&second, &asked.digits()), "approved", ledger);
    answer(stage, &asked, one, &one.refusal(&first, "deny"), "denied", ledger);
    consume(stage, &asked, false, ledger);
}

fn reported(stage: &Stage, person: &Person, phones: [&RawPhone; 2], ledger: &mut Ledger) {
    let (asked, [first, _]) = begin(stage, person, phones, ledger);
    let one = phones[0];
    answer(stage, &asked, one, &one.refusal(&first, "report"), "reported", ledger);
    consume(stage, &asked, false, ledger);
}

/// The text of a member.
pub fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry[name].as_str().expect("a text")
}
