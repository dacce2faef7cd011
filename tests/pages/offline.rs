//! Signing in with a phone that has no network, adding a device by a question of its own, waiting after wrong digits.

use countersign_gateway::approval::record::{Offline, Row};
use countersign_gateway::approval::{Ask, Begin, Push};
use countersign_gateway::enrol::accept::open_answer_key;
use countersign_gateway::limits;
use countersign_gateway::person::Person;
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::answer_code;
use countersign_strings::{fill, text};
use countersign_tests::plain::Plain;
use countersign_tests::raw_phone::{RawPhone, payload};
use countersign_tests::stage::{Stage, caller};
use countersign_tests::window::with_tries;

use super::{approve, digits, finish, go, heading, path, sign_in, signed_in, with_phone_at, wrong};

const PAGE: &str = "/login/offline";

fn stage() -> Stage {
    Stage::with(|config| {
        config.sample_app = true;
        config.policy.offline = true;
    })
}

fn did(phone: &RawPhone) -> Id {
    phone.did.borrow().parse().expect("an id")
}

/// The open approval that this phone is asked for.
fn row(stage: &Stage, phone: &RawPhone) -> Row {
    let open = stage.house().approvals.open_challenges(did(phone)).expect("the store");
    open.first().expect("an open approval").approval.clone()
}

fn shown(stage: &Stage, phone: &RawPhone) -> Option<Offline> {
    stage.house().approvals.offered(&row(stage, phone)).expect("the store").map(|(offline, _)| offline)
}

/// The digits that the phone makes of what the page shows.
fn code(stage: &Stage, phone: &RawPhone) -> String {
    let device = stage.house().devices.store().device(did(phone)).expect("the store").expect("a device");
    let ok = open_answer_key(&stage.house().seal, &device.did, &device.ok.expect("a key")).expect("the seal");
    answer_code(&ok, &shown(stage, phone).expect("a QR").ch).to_string()
}

fn pick(window: &mut Plain, phone: &RawPhone) -> u16 {
    let origin = window.url().split("/login").next().expect("an origin").to_owned();
    let status = send(window, &origin, PAGE, phone);
    window.get(&format!("{origin}{PAGE}"));
    status
}

/// Sends what the button of a phone sends, with what the form `form` of this page names.
fn send(window: &mut Plain, origin: &str, form: &str, phone: &RawPhone) -> u16 {
    let mut fields = window.page().hidden_fields(form).expect("a form");
    fields.retain(|(name, _)| name != "device" && name != "from");
    fields.push(("device".into(), phone.did.borrow().clone()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    window.post_as(&format!("{origin}{PAGE}"), &fields, &[("origin", origin)])
}

fn waiting(stage: &Stage, person: &Person) -> Plain {
    let window = signed_in(stage, person, "/demo");
    assert_eq!(path(&window, stage), "/login/wait");
    window
}

#[test]
fn a_phone_without_a_network_signs_in_by_what_it_scans() {
    let (stage, alice, phone) = with_phone_at(stage());
    let mut window = waiting(&stage, &alice);
    assert!(window.page().source().contains(PAGE), "the page offers it");
    go(&mut window, &stage, PAGE);
    assert_eq!(heading(&window), text("login.offline_title"));
    assert!(window.page().has_form(PAGE) && !window.page().has_form("/login/code"), "first a phone is picked");
    assert_eq!(pick(&mut window, &phone), 303);
    assert!(window.page().has_form("/login/code") && window.page().words(".qr").is_some());
    let link = window.page().words("#link").expect("a link, for a phone without a camera");
    assert!(link.contains("/offline#1.") && link.ends_with(&shown(&stage, &phone).expect("a QR").jws), "{link}");
    assert!(!window.page().has_form(PAGE), "there is no other phone to pick");
    assert_eq!(phone.challenges().len(), 1);

    assert_eq!(window.post_form("/login/code", &[("code", "00000000")]), 403);
    assert_eq!(window.page().words(".fault"), Some(with_tries("login.offline_wrong", 2)));
    assert!(window.page().words(".qr").is_some(), "the same page, with the same code to scan");
    window.post_form("/login/code", &[("code", &code(&stage, &phone))]);
    assert_eq!((path(&window, &stage).as_str(), heading(&window).as_str()), ("/demo", text("login.sample")));
    go(&mut window, &stage, PAGE);
    assert_ne!(heading(&window), text("login.offline_title"), "nothing is open any more");
}

#[test]
fn another_phone_may_be_picked_and_only_the_last_one_counts() {
    let stage = stage();
    let alice = stage.person("alice");
    let (phone, second) = (stage.active_phone(&alice, "phone"), stage.active_phone(&alice, "second"));
    let mut window = waiting(&stage, &alice);
    go(&mut window, &stage, PAGE);
    assert_eq!(pick(&mut window, &phone), 303);
    let first = code(&stage, &phone);
    assert_eq!(pick(&mut window, &second), 303);
    assert_eq!(shown(&stage, &phone).map(|it| it.did), Some(did(&second)));
    assert_eq!(window.post_form("/login/code", &[("code", &first)]), 403);
    window.post_form("/login/code", &[("code", &code(&stage, &second))]);
    assert_eq!(path(&window, &stage), "/demo");
}

#[test]
fn with_little_time_left_it_begins_anew_and_nothing_lives_longer() {
    let (stage, alice, phone) = with_phone_at(stage());
    let mut window = waiting(&stage, &alice);
    let first = row(&stage, &phone);
    stage.clock.advance(60);
    go(&mut window, &stage, PAGE);
    pick(&mut window, &phone);
    assert_eq!(row(&stage, &phone).id, first.id, "a minute is enough");
    stage.clock.advance(1);
    pick_again(&mut window, &stage, &phone);
    let second = row(&stage, &phone);
    assert_ne!(second.id, first.id);
    assert_eq!((second.exp, second.push), (second.begun + 120, Push::Sent));
    let old = stage.house().approvals.store().get(first.id).expect("the store").expect("a row");
    assert_eq!((old.exp, old.stored), (first.exp, countersign_gateway::approval::State::Cancelled));
    window.post_form("/login/code", &[("code", &code(&stage, &phone))]);
    assert_eq!(path(&window, &stage), "/demo");
}

#[test]
fn what_begins_anew_asks_the_same() {
    let stage = stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let mut window = waiting(&stage, &alice);
    let cookie = countersign_protocol::jose::b64u::decode(window.cookie("__Host-countersign").expect("a cookie"));
    let binding = H32::sha256(&[&cookie.expect("base64url")]);
    let ask = Ask::Sign { msg: "Pay 100 to Bob".try_into().expect("shown text"), hold: 300 };
    let begin = Begin { ask: ask.clone(), binding, ..Stage::beginning(&alice, "browser") };
    stage.house().approvals.begin(&begin, &caller()).expect("the store");
    let first = row(&stage, &phone);
    stage.clock.advance(61);
    go(&mut window, &stage, PAGE);
    pick(&mut window, &phone);
    let second = row(&stage, &phone);
    assert_ne!(second.id, first.id);
    assert_eq!(Ask::of(&second.asks), Some(ask), "not a sign-in");
    let claims = payload(&phone.challenges()[0]);
    assert_eq!((claims["op"].as_str(), claims["msg"].as_str()), (Some("sign"), Some("Pay 100 to Bob")));
}

/// The page of the one phone that was picked has no button for it; a reload of the form sends the same again.
fn pick_again(window: &mut Plain, stage: &Stage, phone: &RawPhone) {
    assert_eq!(send(window, &stage.origin(), "/login/code", phone), 303);
    window.get(&format!("{}{PAGE}", stage.origin()));
}

#[test]
fn a_gateway_without_answer_codes_offers_none() {
    let stage = super::stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let mut window = waiting(&stage, &alice);
    assert!(!window.page().source().contains(PAGE));
    go(&mut window, &stage, PAGE);
    assert_eq!(path(&window, &stage), "/login/wait");
    assert_eq!(send(&mut window, &stage.origin(), "/login/cancel", &phone), 303);
    assert_eq!(stage.house().approvals.store().offline(row(&stage, &phone).id).expect("the store"), None);
}

#[test]
fn somebody_elses_phone_is_not_shown_anything() {
    let stage = stage();
    let (alice, bob) = (stage.person("alice"), stage.person("bob"));
    let (phone, bobs) = (stage.active_phone(&alice, "phone"), stage.active_phone(&bob, "bobs"));
    let mut window = waiting(&stage, &alice);
    go(&mut window, &stage, PAGE);
    assert_eq!(send(&mut window, &stage.origin(), PAGE, &bobs), 200);
    assert_eq!(shown(&stage, &phone), None);
}

#[test]
fn a_device_that_is_added_is_a_question_of_its_own() {
    let (stage, alice, phone) = with_phone_at(stage());
    let mut window = waiting(&stage, &alice);
    assert_eq!(payload(&phone.challenges()[0])["op"], "login");
    finish(&mut window, &stage, &phone);
    stage.clock.advance(601);

    go(&mut window, &stage, &format!("/manageotp/{}/remove", phone.did.borrow()));
    window.post_form("/login/fresh", &[]);
    assert_eq!(payload(&phone.challenges()[0])["op"], "login", "a device that goes is not added");
    go(&mut window, &stage, "/manageotp/add");
    assert_eq!(heading(&window), text("login.fresh"));
    window.post_form("/login/fresh", &[]);
    let held = phone.challenges();
    assert_eq!((held.len(), payload(&held[0])["op"].as_str()), (1, Some("enrol")), "the other question is over");
    assert_eq!(window.page().words(".to"), Some(fill("login.to_enrol_as", &[("person", "alice")])));
    finish(&mut window, &stage, &phone);
    assert_eq!(path(&window, &stage), "/manageotp/add");
    assert_eq!(heading(&window), text("manage.add"));
}

#[test]
fn the_time_to_wait_after_wrong_digits_is_said() {
    let (stage, alice, phone) = with_phone_at(stage());
    for _ in 0..2 {
        let asked = stage.begin(&alice);
        let held = phone.challenges().pop().expect("a challenge");
        for _ in 0..2 {
            phone.decide(&phone.approval(&held, &asked.wrong_digits()));
        }
        stage
            .house()
            .approvals
            .cancel(asked.id, countersign_tests::stage::hash("browser"), &caller())
            .expect("the store");
    }
    let mut window = Plain::new();
    sign_in(&mut window, &stage, &alice, "/demo");
    let words = window.page().source().to_owned();
    assert_eq!(path(&window, &stage), "/login");
    assert!(words.contains(r#"data-count="2""#), "{words}");
    let sentence = fill("login.no_push_wait", &[("time", "|")]);
    let (before, after) = sentence.split_once('|').expect("a time");
    assert!(words.contains(before) && words.contains(after) && words.contains(">2 seconds<"));
    stage.clock.advance(2);
    sign_in(&mut window, &stage, &alice, "/demo");
    assert_eq!(heading(&window), text("login.wait_title"));
}

#[test]
fn at_the_tenth_wrong_number_the_page_says_that_phones_are_not_asked() {
    let (stage, alice, phone) = with_phone_at(stage());
    let mut typed = 0;
    let window = loop {
        let mut window = Plain::new();
        sign_in(&mut window, &stage, &alice, "/demo");
        if path(&window, &stage) == "/login" {
            stage.clock.advance(64);
            continue;
        }
        let wrong = wrong(&digits(&window));
        let mut said = String::new();
        while said != "failed" {
            said = approve(&phone, &wrong);
            typed += 1;
        }
        go(&mut window, &stage, "/login/wait");
        if typed >= limits::WRONG_DIGITS {
            break window;
        }
        assert!(!window.page().source().contains(text("login.failed_off_text")), "{typed}");
    };
    assert_eq!(typed, limits::WRONG_DIGITS);
    assert!(window.page().source().contains(text("login.failed_off_text")), "{}", window.page().source());
    let again = signed_in(&stage, &alice, "/demo");
    let said = format!("{} {}", text("login.no_push_off"), text("login.do_code_first"));
    assert_eq!(again.page().words(".note"), Some(said));
}
