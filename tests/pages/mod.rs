//! The pages over real HTTP, without scripts: what each shows, whom it lets on, what it refuses.

mod headers;
mod login;
mod manage;
mod offline;
mod suspended;

use countersign_gateway::person::Person;
use countersign_protocol::otp::{Algorithm, Digits, Period, base32, totp};
use countersign_tests::plain::Plain;
use countersign_tests::raw_phone::RawPhone;
use countersign_tests::stage::{PASSWORD, Stage};

/// A gateway with the sample application.
fn stage() -> Stage {
    Stage::with(|config| config.sample_app = true)
}

/// A gateway, its one person, and a phone of hers that is active.
fn with_phone() -> (Stage, Person, RawPhone) {
    with_phone_at(stage())
}

fn with_phone_at(stage: Stage) -> (Stage, Person, RawPhone) {
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    (stage, alice, phone)
}

/// A browser that typed name and password on the way to `path`.
fn signed_in(stage: &Stage, person: &Person, path: &str) -> Plain {
    let mut window = Plain::new();
    sign_in(&mut window, stage, person, path);
    window
}

fn sign_in(window: &mut Plain, stage: &Stage, person: &Person, path: &str) {
    assert_eq!(window.get(&format!("{}{path}", stage.origin())), 200);
    window.post_form("/login", &[("name", &person.name), ("password", PASSWORD)]);
}

fn go(window: &mut Plain, stage: &Stage, path: &str) -> u16 {
    window.get(&format!("{}{path}", stage.origin()))
}

fn path(window: &Plain, stage: &Stage) -> String {
    window.url().trim_start_matches(&stage.origin()).to_owned()
}

fn heading(window: &Plain) -> String {
    window.page().words("h1").unwrap_or_default()
}

/// The digits that the page shows for the phone.
fn digits(window: &Plain) -> String {
    window.page().words(".figure").unwrap_or_default().chars().filter(char::is_ascii_digit).collect()
}

/// The phone's answer to its one open challenge.
fn approve(phone: &RawPhone, digits: &str) -> String {
    phone.decide(&phone.approval(&phone.challenges()[0], digits))
}

/// Approves what the browser asks, and takes it there.
fn finish(window: &mut Plain, stage: &Stage, phone: &RawPhone) {
    assert_eq!(approve(phone, &digits(window)), "approved");
    go(window, stage, "/login/wait");
    window.post_form("/login/finish", &[]);
}

/// As many digits, none of them right.
fn wrong(digits: &str) -> String {
    digits.chars().map(|c| if c == '9' { '0' } else { '9' }).collect()
}

/// Posts these fields from a page of the gateway's own, whatever form there is.
fn post(window: &mut Plain, stage: &Stage, path: &str, fields: &[(impl AsRef<str>, impl AsRef<str>)]) -> u16 {
    let origin = stage.origin();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    window.post_as(&format!("{origin}{path}"), &fields, &[("origin", &origin)])
}

/// The code that an authenticator shows for this key URI now.
fn code(stage: &Stage, uri: &str) -> String {
    let secret = uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret=")).expect("a secret");
    let seed = base32::decode_strict(secret).expect("base32");
    totp(&seed, stage.house().clock.now(), Algorithm::Sha1, Digits::SIX, Period::THIRTY).to_string()
}
