//! Whole journeys: a person at the gateway's pages and the phone's app, over real HTTP, one test a behaviour.
//!
//! Where a browser is named it is Debian's Chromium; what concerns both kinds of people is walked with scripts and without.

mod answers;
mod camera;
mod clocks;
mod codes;
mod enrol;
mod handset;
mod keyboard;
mod keys;
mod killed;
mod lost;
mod moving;
mod pages;
mod password;
mod private_ca;
mod removed;
mod seat;
mod silent;
mod vouchers;

use countersign_gateway::config::Config;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::person::Person;
use countersign_tests::plain::Plain;
use countersign_tests::stage::{PASSWORD, Stage, caller};
use countersign_tests::window::Window;

use handset::Handset;

/// A gateway with the sample application.
fn stage() -> Stage {
    Stage::with(|config: &mut Config| config.sample_app = true)
}

/// A gateway, its one person, and a phone of hers that is active.
fn with_phone() -> (Stage, Person, Handset) {
    let stage = stage();
    let alice = stage.person("alice");
    let phone = Handset::active(&stage, &alice, "Phone");
    (stage, alice, phone)
}

/// Types name and password where `path` leads.
fn sign_in(window: &mut impl Window, stage: &Stage, path: &str) {
    window.goto(&format!("{}{path}", stage.origin()));
    window.submit("/login", &[("name", "alice"), ("password", PASSWORD)]);
}

/// The digits on the page.
fn digits(window: &mut impl Window) -> String {
    let figure = window.words(".figure").unwrap_or_else(|| panic!("no digits on «{}»", window.heading()));
    let digits: String = figure.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits.len(), 6, "{figure}");
    digits
}

/// As many digits, none of them right.
fn wrong(digits: &str) -> String {
    digits.chars().map(|c| if c == '9' { '0' } else { char::from(c as u8 + 1) }).collect()
}

/// A window that signed in at `path` with the phone's approval.
fn signed_in(stage: &Stage, phone: &Handset, path: &str) -> Plain {
    let mut window = Plain::new();
    sign_in(&mut window, stage, path);
    approve(&mut window, stage, phone);
    assert_eq!(window.path(), path);
    window
}

/// Approves what the window asks, and takes it.
fn approve(window: &mut Plain, stage: &Stage, phone: &Handset) {
    let digits = digits(window);
    phone.poll();
    phone.approve(&digits);
    window.goto(&format!("{}/login/wait", stage.origin()));
    window.submit("/login/finish", &[]);
}

/// The name of the devices that are there, with their states.
fn devices(stage: &Stage, person: &Person) -> Vec<(String, DeviceState)> {
    let all = stage.house().devices.of(person.id).expect("the store");
    all.into_iter().map(|(device, state)| (device.name, state)).collect()
}

/// How often the audit tells this of anybody.
fn told(stage: &Stage, what: &str, outcome: &str) -> usize {
    let all = stage.house().audit.latest(None, 10_000).expect("the store");
    all.iter().filter(|entry| entry.what == what && entry.outcome == outcome).count()
}

/// A fresh voucher of this person.
fn voucher(stage: &Stage, person: &Person) -> String {
    stage.house().people.give_voucher(person, &caller()).expect("the store").reveal()
}
