//! Signing in.

use std::time::{Duration, Instant};

use countersign_gateway::approval::rule;
use countersign_protocol::Secret;
use countersign_strings::text;
use countersign_tests::plain::Plain;
use countersign_tests::raw_phone::{RawPhone, payload};
use countersign_tests::stage::{PASSWORD, Stage, caller};
use countersign_tests::window::with_tries;
use serde_json::Value;

use super::{approve, digits, finish, go, heading, path, post, sign_in, signed_in, stage, with_phone, wrong};

/// What the script of the waiting page is told, given the word that it has.
fn told(window: &mut Plain, stage: &Stage, word: &str) -> Value {
    assert_eq!(go(window, stage, &format!("/login/state?state={word}")), 200);
    serde_json::from_str(window.page().source()).expect("JSON")
}

#[test]
fn a_login_is_approved_on_the_phone_and_taken_once() {
    let (stage, alice, phone) = with_phone();
    let mut window = signed_in(&stage, &alice, "/demo");
    assert_eq!((path(&window, &stage).as_str(), heading(&window).as_str()), ("/login/wait", text("login.wait_title")));

    let challenge = payload(&phone.challenges()[0]);
    assert_eq!(
        (challenge["app"].as_str(), challenge["acct"].as_str()),
        (Some(text("login.sample_name")), Some("alice"))
    );
    assert_eq!(challenge["ctx"]["ip"], "127.0.0.1");
    assert_eq!(digits(&window).len(), 6);
    assert!(!challenge.to_string().contains(&digits(&window)), "the digits are not in it");

    assert_eq!(approve(&phone, &digits(&window)), "approved");
    go(&mut window, &stage, "/login/wait");
    assert_eq!(heading(&window), text("login.approved"));
    window.post_form("/login/finish", &[]);
    assert_eq!((path(&window, &stage).as_str(), heading(&window).as_str()), ("/demo", text("login.sample")));
    go(&mut window, &stage, "/demo");
    assert_eq!(heading(&window), text("login.sample"), "the session stays");
    go(&mut window, &stage, "/login/wait");
    assert_ne!(heading(&window), text("login.approved"), "there is nothing left to take");
}

#[test]
fn fewer_than_six_digits_are_said_to_be_few_and_have_one_try() {
    for (count, few) in [(5, true), (6, false)] {
        let stage = Stage::with(|config| (config.sample_app, config.approval.digits) = (true, count));
        let alice = stage.person("alice");
        let phone = stage.active_phone(&alice, "phone");
        let window = signed_in(&stage, &alice, "/demo");
        let shown = digits(&window);
        assert_eq!(shown.len(), usize::from(count));
        assert_eq!(window.page().source().contains(text("login.few_digits")), few, "{count}");
        assert_eq!(approve(&phone, &wrong(&shown)), if few { "failed" } else { "wrong" });
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "that the page is held is a matter of real time")]
fn the_held_request_tells_what_to_do() {
    let (stage, alice, phone) = with_phone();
    let mut window = signed_in(&stage, &alice, "/demo");
    let shown = digits(&window);
    let first = told(&mut window, &stage, "");
    assert_eq!((first["then"].as_str(), first["line"].as_str()), (Some("wait"), Some(text("login.line_sent"))));

    let word = first["state"].as_str().expect("a word").to_owned();
    let began = Instant::now();
    let (second, mut window) = std::thread::scope(|scope| {
        let stage = &stage;
        let held = scope.spawn(move || (told(&mut window, stage, &word), window));
        std::thread::park_timeout(Duration::from_millis(300));
        assert!(!held.is_finished(), "held while nothing changes");
        let wrong = wrong(&shown);
        assert_eq!(approve(&phone, &wrong), "wrong");
        held.join().expect("an answer")
    });
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(second["line"], with_tries("login.line_wrong", 2));
    assert_eq!(approve(&phone, &shown), "approved");
    let word = second["state"].as_str().expect("a word");
    assert_eq!(told(&mut window, &stage, word)["then"], "finish");
    assert_eq!(told(&mut Plain::new(), &stage, word)["then"], "load", "another browser is told nothing");
}

#[test]
fn a_report_ends_the_session_that_it_is_about() {
    let (stage, alice, phone) = with_phone();
    let mut window = signed_in(&stage, &alice, "/demo");
    let challenge = phone.challenges()[0].clone();
    finish(&mut window, &stage, &phone);
    assert_eq!(path(&window, &stage), "/demo");
    stage.clock.advance(rule::LATE_REPORT);
    assert_eq!(phone.decide(&phone.refusal(&challenge, "report")), "reported");
    go(&mut window, &stage, "/demo");
    assert_eq!(heading(&window), text("login.title"));
}

#[test]
fn only_the_browser_that_began_it_takes_it() {
    let (stage, alice, phone) = with_phone();
    let mut window = signed_in(&stage, &alice, "/demo");
    assert_eq!(approve(&phone, &digits(&window)), "approved");
    let mut other = Plain::new();
    go(&mut other, &stage, "/login/wait");
    assert_eq!(heading(&other), text("login.title"));
    sign_in(&mut other, &stage, &alice, "/demo");
    assert!(!other.page().has_form("/login/finish"), "its own is open");
    go(&mut window, &stage, "/login/wait");
    stage.clock.advance(rule::HOLD + 1);
    window.post_form("/login/finish", &[]);
    assert_eq!(heading(&window), text("login.expired"), "not taken in time");
}

#[test]
fn a_second_browser_is_told_that_one_is_open() {
    let (stage, alice, phone) = with_phone();
    let mut first = signed_in(&stage, &alice, "/demo");
    let second = signed_in(&stage, &alice, "/demo");
    let said = format!("{} {}", text("login.no_push_open"), text("login.do_code"));
    assert_eq!(second.page().words(".note"), Some(said));
    assert_eq!(phone.challenges().len(), 1);
    let shown = digits(&first);
    sign_in(&mut first, &stage, &alice, "/demo");
    assert_eq!(digits(&first), shown, "the same browser comes back to its own");
}

#[test]
fn wrong_tries_end_it() {
    let (stage, alice, phone) = with_phone();
    let mut window = signed_in(&stage, &alice, "/demo");
    let wrong = wrong(&digits(&window));
    assert_eq!(window.post_form("/login/code", &[("code", "000000")]), 403);
    assert_eq!(window.page().words(".fault").as_deref(), Some(with_tries("login.code_wrong", 2).as_str()));
    assert_eq!([approve(&phone, &wrong), approve(&phone, &wrong)], ["wrong", "failed"]);
    go(&mut window, &stage, "/login/wait");
    assert_eq!(heading(&window), text("login.failed"));
}

/// The outcomes of this kind in the audit, oldest first.
fn told_in_audit(stage: &Stage, what: &str) -> Vec<String> {
    let all = stage.house().audit.latest(None, 1_000).expect("the store");
    all.into_iter().rev().filter(|entry| entry.what == what).map(|entry| entry.outcome).collect()
}

#[test]
fn a_sign_in_that_has_to_wait_is_in_the_audit() {
    let (stage, _alice, _phone) = with_phone();
    let mut window = Plain::new();
    go(&mut window, &stage, "/login");
    let token = window.page().field("/login", "token").expect("a token");
    let statuses: Vec<u16> = (0..7)
        .map(|_| {
            let fields = [("token", token.as_str()), ("name", "alice"), ("password", "wrong")];
            post(&mut window, &stage, "/login", &fields)
        })
        .collect();
    assert_eq!(statuses, [403, 403, 403, 403, 403, 403, 429]);
    assert_eq!(told_in_audit(&stage, "signin.password"), [vec!["refused"; 6], vec!["wait"]].concat());
}

#[test]
fn after_many_wrong_passwords_the_page_stays_and_counts() {
    let stage = stage();
    stage.person("alice");
    let mut window = Plain::new();
    go(&mut window, &stage, "/demo");
    let typed = [("name", "alice"), ("password", "wrong")];
    let statuses: Vec<u16> = (0..7).map(|_| window.post_form("/login", &typed)).collect();
    assert_eq!(statuses.last(), Some(&429));
    assert_eq!(heading(&window), text("login.title"));
    let kept = ["name", "next"].map(|name| window.page().field("/login", name));
    assert_eq!(kept, [Some("alice".to_owned()), Some("/demo".to_owned())], "what was typed, and where it goes on");
    assert!(window.page().source().contains(r#"data-count="2""#), "{}", window.page().source());
    let said = text("login.throttled").split("{time}").next().expect("a beginning");
    assert!(fault_of(&window).starts_with(said), "{}", fault_of(&window));
}

#[test]
fn where_no_codes_are_taken_none_is_asked_for() {
    let stage = Stage::with(|config| {
        config.sample_app = true;
        config.policy.totp = false;
    });
    let alice = stage.person("alice");
    stage.active_phone(&alice, "phone");
    let mut window = Plain::new();
    go(&mut window, &stage, "/demo");
    assert!(window.page().source().contains(text("login.password_next_phone")));
    for _ in 0..countersign_gateway::limits::PUSHES {
        let mut window = signed_in(&stage, &alice, "/demo");
        assert_eq!(heading(&window), text("login.wait_title"));
        window.post_form("/login/cancel", &[]);
    }
    for (path, instead) in [("/demo", "login.do_admin"), ("/manageotp", "login.do_voucher")] {
        let mut window = signed_in(&stage, &alice, path);
        assert_eq!(heading(&window), text("login.not_asked"));
        let said = format!("{} {}", text("login.no_push_limit"), text(instead));
        assert_eq!(window.page().words(".note"), Some(said));
        assert!(!window.page().has_form("/login/code"));
        assert_eq!(window.page().has_form("/login/voucher"), path == "/manageotp");
        window.post_form("/login/cancel", &[]);
    }
}

#[test]
fn another_password_calls_off_what_the_older_one_asked() {
    let stage = stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let mut window = signed_in(&stage, &alice, "/demo");
    let (shown, challenge) = (digits(&window), phone.challenges()[0].clone());
    let new = Secret::from_slice(b"larch violin tundra");
    stage.house().people.set_password("alice", &new, &caller()).expect("the store");
    assert_eq!(phone.decide(&phone.approval(&challenge, &shown)), "closed");
    go(&mut window, &stage, "/login/wait");
    assert_eq!(heading(&window), text("login.cancelled"));
    assert_eq!(told_in_audit(&stage, "approval.end"), ["cancelled"]);
}

#[test]
fn an_approval_that_has_to_wait_is_in_the_audit() {
    let (stage, alice, phone) = with_phone();
    for tries in [3, 1] {
        let mut window = signed_in(&stage, &alice, "/demo");
        let wrong = wrong(&digits(&window));
        for _ in 0..tries {
            approve(&phone, &wrong);
        }
        go(&mut window, &stage, "/login/wait");
        if window.page().has_form("/login/cancel") {
            window.post_form("/login/cancel", &[]);
        }
    }
    let window = signed_in(&stage, &alice, "/demo");
    assert!(fault_of(&window).contains("Wait"), "{}", fault_of(&window));
    assert_eq!(told_in_audit(&stage, "approval.begin"), ["sent", "sent", "wait"]);
}

fn fault_of(window: &Plain) -> String {
    window.page().words(".fault").unwrap_or_default()
}

#[test]
fn what_nobody_looks_at_again_is_in_the_audit_all_the_same() {
    let (stage, alice, _phone) = with_phone();
    let pending = stage.raw_phone("pending");
    pending.enrol(&stage.link(&alice, "pending"));
    signed_in(&stage, &alice, "/demo");
    let second = signed_in(&stage, &alice, "/manageotp");
    assert_eq!(heading(&second), text("login.code_title"), "one is open already");
    let sweep = || {
        let house = stage.house();
        house.devices.store().sweep(house.devices.moment()).expect("the store");
        house.approvals.store().sweep(0, house.approvals.moment()).expect("the store");
    };
    sweep();
    assert_eq!(told_in_audit(&stage, "approval.end"), Vec::<String>::new());
    stage.clock.advance(601);
    sweep();
    sweep();
    assert_eq!(told_in_audit(&stage, "approval.end"), ["expired", "expired"], "each once");
    assert_eq!(told_in_audit(&stage, "enrol.confirm"), ["active", "expired"]);
    let all = stage.house().audit.latest(Some("alice"), 100).expect("the store");
    let ran_out = all.iter().find(|entry| entry.outcome == "expired" && entry.what == "enrol.confirm");
    assert!(ran_out.is_some_and(|entry| entry.device.is_some()), "with its person and its device");
}

/// Posts a form once more, with the cookie and the token of before: a button pressed twice.
fn twice(window: &mut Plain, stage: &Stage, action: &str, fields: &[(&str, &str)]) -> (u16, u16) {
    let (all, mut other) = (filled(window, action, fields), window.same_cookies());
    let first = post(window, stage, action, &all);
    (first, post(&mut other, stage, action, &all))
}

/// What the form on this page sends, with these fields filled in.
fn filled(window: &Plain, action: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = window.page().hidden_fields(action).expect("a form");
    all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all
}

#[test]
fn a_button_pressed_twice_does_its_thing_once() {
    let (stage, _alice, phone) = with_phone();
    let mut window = Plain::new();
    go(&mut window, &stage, "/demo");
    let typed = [("name", "alice"), ("password", PASSWORD)];
    assert_eq!(twice(&mut window, &stage, "/login", &typed), (303, 303));
    assert_eq!((phone.challenges().len(), told_in_audit(&stage, "approval.begin")), (1, vec!["sent".to_owned()]));

    go(&mut window, &stage, "/login/wait");
    stage.clock.advance(rule::RESEND_AFTER);
    assert_eq!(twice(&mut window, &stage, "/login/resend", &[]), (303, 303));
    assert_eq!(told_in_audit(&stage, "approval.resend"), ["rung"]);

    assert_eq!(approve(&phone, &digits(&window)), "approved");
    go(&mut window, &stage, "/login/wait");
    assert_eq!(twice(&mut window, &stage, "/login/finish", &[]), (303, 303));
    assert_eq!(
        (told_in_audit(&stage, "approval.consume").len(), told_in_audit(&stage, "signin.session").len()),
        (1, 1)
    );
    go(&mut window, &stage, "/demo");
    assert_eq!(heading(&window), text("login.sample"), "the first one's session stands");

    go(&mut window, &stage, "/manageotp");
    go(&mut window, &stage, "/manageotp/add");
    assert_eq!(twice(&mut window, &stage, "/login/fresh", &[]), (303, 303));
    assert_eq!(phone.challenges().len(), 1);
    go(&mut window, &stage, "/login/wait");
    assert_eq!(twice(&mut window, &stage, "/login/cancel", &[]), (303, 303));
    assert_eq!(told_in_audit(&stage, "approval.end"), ["cancelled"]);
}

#[test]
fn a_form_of_an_older_approval_touches_no_newer_one() {
    let stage = stage();
    let (alice, bob) = (stage.person("alice"), stage.person("bob"));
    let (phone, other) = (stage.active_phone(&alice, "phone"), stage.active_phone(&bob, "other"));
    // Two tabs of one browser: in the second one somebody else signs in.
    let first = signed_in(&stage, &alice, "/demo");
    let word = told(&mut first.same_cookies(), &stage, "")["state"].as_str().expect("a word").to_owned();
    let mut second = first.same_cookies();
    sign_in(&mut second, &stage, &bob, "/demo");
    assert_eq!(phone.challenges().len(), 0, "the first one is called off with it");
    assert_eq!(told_in_audit(&stage, "approval.end"), ["cancelled"]);
    let shown = told(&mut first.same_cookies(), &stage, &word);
    assert_ne!(shown["state"], word, "the first tab is told at once, and shows no digits of long ago");

    assert_eq!(approve(&other, &digits(&second)), "approved");
    for action in ["/login/finish", "/login/code", "/login/cancel", "/login/resend"] {
        let code: &[(&str, &str)] = if action == "/login/code" { &[("code", "000000")] } else { &[] };
        let sent = filled(&first, action, code);
        assert_eq!(post(&mut first.same_cookies(), &stage, action, &sent), 303, "{action}");
    }
    assert_eq!(told_in_audit(&stage, "approval.consume"), Vec::<String>::new());
    assert_eq!(told_in_audit(&stage, "approval.code"), Vec::<String>::new());
    go(&mut second, &stage, "/login/wait");
    second.post_form("/login/finish", &[]);
    assert_eq!(heading(&second), text("login.sample"), "it is there for the tab that shows it");
}

#[test]
fn finish_names_what_it_takes() {
    let (stage, alice, phone) = with_phone();
    let mut window = signed_in(&stage, &alice, "/demo");
    assert_eq!(approve(&phone, &digits(&window)), "approved");
    go(&mut window, &stage, "/login/wait");
    let kept = window.page().hidden_fields("/login/finish").expect("a form");
    for (name, value) in
        [("app", Some("manage")), ("app", None), ("approval", Some("AAAAAAAAAAAAAAAAAAAAAA")), ("approval", None)]
    {
        let fields = kept.iter().filter_map(|(kept, old)| match value {
            _ if kept != name => Some((kept.as_str(), old.as_str())),
            Some(value) => Some((name, value)),
            None => None,
        });
        let fields: Vec<(&str, &str)> = fields.collect();
        assert_eq!(post(&mut window, &stage, "/login/finish", &fields), 303);
        assert_eq!(told_in_audit(&stage, "approval.consume").len(), 0, "{name} {value:?}");
    }
    window.post_form("/login/finish", &[]);
    assert_eq!(path(&window, &stage), "/demo");
}

#[test]
fn somebody_else_in_the_same_browser_ends_the_session_before() {
    let stage = stage();
    let (alice, bob) = (stage.person("alice"), stage.person("bob"));
    let (phone, other) = (stage.active_phone(&alice, "phone"), stage.active_phone(&bob, "other"));
    let finish = |window: &mut Plain, phone: &RawPhone| {
        finish(window, &stage, phone);
        assert_eq!(heading(window), text("login.sample"));
    };
    let mut window = signed_in(&stage, &alice, "/demo");
    finish(&mut window, &phone);
    let mut before = window.same_cookies();
    // Bob sits down at a page of signing in that was opened before.
    let token = window.page().field("/logout", "token").expect("a token");
    let fields = [("token", token.as_str()), ("name", "bob"), ("password", PASSWORD), ("next", "/demo")];
    assert_eq!(post(&mut window, &stage, "/login", &fields), 303);
    go(&mut before, &stage, "/demo");
    assert_eq!(heading(&before), text("login.sample"), "a password alone takes nobody's session");
    go(&mut window, &stage, "/login/wait");
    finish(&mut window, &other);
    assert!(window.page().source().contains("bob") && !window.page().source().contains("alice"));
    go(&mut before, &stage, "/demo");
    assert_eq!(heading(&before), text("login.title"), "alice's is over");
}

#[test]
fn signing_out_calls_off_what_the_browser_still_asks() {
    let (stage, alice, phone) = with_phone();
    let mut window = signed_in(&stage, &alice, "/demo");
    finish(&mut window, &stage, &phone);
    go(&mut window, &stage, "/manageotp/add");
    window.post_form("/login/fresh", &[]);
    let (challenge, shown) = (phone.challenges()[0].clone(), digits(&window));
    let mut other = window.same_cookies();
    go(&mut other, &stage, "/manageotp");
    other.post_form("/logout", &[]);
    assert_eq!(phone.challenges(), Vec::<String>::new());
    assert_eq!(phone.decide(&phone.approval(&challenge, &shown)), "closed");
    window.post_form("/login/finish", &[]);
    go(&mut window, &stage, "/manageotp");
    assert_eq!(heading(&window), text("login.title"), "signed out is signed out");
}
