//! To a new phone, by the old one: two phones at a gateway. Whoever has the old one can say that it was not them.

use countersign_core::app::{App, GatewayState, Moving, NoticeRow};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, PortError};
use countersign_gateway::config::Config;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::person::Person;
use countersign_protocol::push::{GoneWhy, Info, KeyClass, Status};
use countersign_strings::text;
use countersign_tests::plain::Plain;
use countersign_tests::stage::Stage;
use countersign_tests::window::Window;

use super::handset::Handset;
use super::{approve, devices, digits, sign_in, signed_in, told, wrong};

/// A gateway that lets phones move, its one person, and her phone.
fn with_old_phone() -> (Stage, Person, Handset) {
    let stage = Stage::with(|config: &mut Config| (config.sample_app, config.policy.moving) = (true, true));
    let alice = stage.person("alice");
    let phone = Handset::active(&stage, &alice, "Phone");
    (stage, alice, phone)
}

fn invite(phone: &Handset, replace: bool) -> Result<Moving, Error> {
    phone.app.invite(phone.id(), replace, &Cancel::default())
}

fn confirm(phone: &Handset, digits: &str) -> Result<(), Error> {
    phone.app.confirm(phone.id(), &digits.parse().unwrap(), &Cancel::default())
}

/// A new phone by this invitation, and the digits that it shows.
fn new_phone(stage: &Stage, moving: &Moving) -> (Handset, String) {
    let new = Handset::of(stage);
    let enrolling = new.enrol(&moving.link);
    (new, enrolling.digits.clone())
}

/// Moves, and leaves both phones as they are told.
fn moved(stage: &Stage, old: &Handset, replace: bool) -> Handset {
    let (new, shown) = new_phone(stage, &invite(old, replace).unwrap());
    confirm(old, &shown).unwrap();
    new.poll();
    assert_eq!(new.state(), GatewayState::Active);
    new
}

/// The one notice of this kind on a phone.
fn notice(app: &App, info: Info) -> NoticeRow {
    let mut all: Vec<_> = app.notices().into_iter().filter(|row| row.text.info == info).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Her devices and how they stand, by name.
fn states(stage: &Stage, person: &Person) -> Vec<(String, DeviceState)> {
    let mut all = devices(stage, person);
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn named((name, state): (&str, DeviceState)) -> (String, DeviceState) {
    (name.to_owned(), state)
}

#[test]
fn the_new_phone_shows_six_digits_which_are_typed_on_the_old_one() {
    let (stage, alice, old) = with_old_phone();
    let moving = invite(&old, false).unwrap();
    assert_eq!(format!("https://{}", moving.host), stage.origin());
    let (new, shown) = new_phone(&stage, &moving);
    assert!(matches!(new.state(), GatewayState::Pending { .. }));
    old.poll();
    let joining = old.app.moving(old.id()).unwrap().unwrap().joining.unwrap();
    assert_eq!((joining.model.as_str(), joining.os.as_str()), ("desk", "linux"));
    // It cannot approve until then, and a digit that is wrong does not help it.
    let mut page = Plain::new();
    sign_in(&mut page, &stage, "/demo");
    new.try_poll();
    assert!(new.app.approvals().is_empty());
    let refused = confirm(&old, &wrong(&shown)).unwrap_err();
    assert!(matches!(refused, Error::Gateway(GatewayError::WrongDigits(left)) if left.get() == 2), "{refused}");
    confirm(&old, &shown).unwrap();
    assert!(old.app.moving(old.id()).unwrap().unwrap().confirmed);
    new.poll();
    assert_eq!(new.state(), GatewayState::Active);
    assert_eq!(states(&stage, &alice), [("Phone", DeviceState::Active), ("desk", DeviceState::Active)].map(named));

    page.goto(&format!("{}/login/wait", stage.origin()));
    page.submit("/login/cancel", &[]);
    for phone in [&new, &old] {
        assert_eq!(signed_in(&stage, phone, "/demo").path(), "/demo");
    }
    assert_eq!([told(&stage, "enrol.invite", "made"), told(&stage, "enrol.confirm", "wrong")], [1, 1]);
}

#[test]
fn that_was_not_me_on_the_old_phone_puts_the_new_one_out_and_leaves_the_old_one() {
    let (stage, alice, old) = with_old_phone();
    let new = moved(&stage, &old, false);
    let mut theirs = signed_in(&stage, &new, "/demo");
    assert_eq!(theirs.path(), "/demo");
    let mut hers = signed_in(&stage, &old, "/demo");

    old.poll();
    let told_of = notice(&old.app, Info::DeviceAdded);
    assert!(told_of.can_report);
    assert_eq!(told_of.text.device.as_ref().map(|(_, model)| model.as_str()), Some("desk"));
    assert!(new.app.notices().is_empty(), "of itself it is told nothing");
    assert_eq!(old.app.report(told_of.id, &Cancel::default()).unwrap().st, Status::Reported);
    assert_eq!(states(&stage, &alice), [("Phone", DeviceState::Active), ("desk", DeviceState::Suspended)].map(named));
    new.poll();
    assert_eq!(new.state(), GatewayState::Suspended);
    theirs.goto(&format!("{}/demo", stage.origin()));
    assert_eq!(theirs.path(), "/login", "what it opened is shut");
    hers.goto(&format!("{}/demo", stage.origin()));
    assert_eq!(hers.path(), "/demo", "what the old one opened is not");

    let mut page = Plain::new();
    sign_in(&mut page, &stage, "/demo");
    new.poll();
    assert!(new.app.approvals().iter().all(|row| !row.can.approve), "it is not asked any more");
    approve(&mut page, &stage, &old);
    assert_eq!(page.path(), "/demo");
}

#[test]
fn a_replaced_phone_is_gone_and_a_third_one_can_still_say_that_it_was_not_me() {
    let (stage, alice, old) = with_old_phone();
    let third = Handset::active(&stage, &alice, "Third");
    let new = moved(&stage, &old, true);
    old.try_poll();
    assert_eq!(old.state(), GatewayState::Gone(GoneWhy::Replaced));
    assert!(old.keys.names().is_empty() && old.app.notices().is_empty(), "it has no say any more");
    third.poll();
    notice(&third.app, Info::DeviceRemoved);
    let added = notice(&third.app, Info::DeviceAdded);
    assert_eq!(third.app.report(added.id, &Cancel::default()).unwrap().st, Status::Reported);
    new.poll();
    assert_eq!(new.state(), GatewayState::Suspended);
    assert_eq!(signed_in(&stage, &third, "/demo").path(), "/demo");
}

#[test]
fn an_invitation_and_a_confirmation_whose_answers_are_lost_are_repeated_byte_for_byte() {
    for replace in [false, true] {
        let (stage, _, old) = with_old_phone();
        old.line.lose_answer_of("/invite");
        assert_eq!(invite(&old, replace).unwrap_err(), PortError::Network.into());
        let prompts = old.keys.prompts.lock().unwrap().len();
        let moving = invite(&old, replace).unwrap();
        assert_eq!(old.keys.prompts.lock().unwrap().len(), prompts, "nobody is asked again");
        let sent = old.line.bodies("/invite");
        assert!(sent.len() >= 2 && sent.iter().all(|body| *body == sent[0]));

        let (new, shown) = new_phone(&stage, &moving);
        old.poll();
        old.line.lose_answer_of("/confirm");
        assert_eq!(confirm(&old, &shown).unwrap_err(), PortError::Network.into());
        // Meanwhile the app polls by itself: nobody waits any more, or this phone is gone.
        old.try_poll();
        confirm(&old, &shown).unwrap();
        new.poll();
        assert_eq!(new.state(), GatewayState::Active);
        let left = if replace { GatewayState::Gone(GoneWhy::Replaced) } else { GatewayState::Active };
        assert_eq!(old.state(), left);
        let sent = old.line.bodies("/confirm");
        assert!(sent.iter().all(|body| *body == sent[0]), "signed once");
        assert_eq!(told(&stage, "enrol.invite", "made"), 1);
        assert_eq!(told(&stage, "enrol.confirm", "active"), 2, "on the page and on the old phone, each once");
    }
}

#[test]
fn a_change_of_keys_whose_receipt_is_lost_is_finished_by_the_next_poll() {
    let (stage, _, phone) = with_old_phone();
    for class in [KeyClass::Pk, KeyClass::Ak] {
        phone.line.lose_answer_of("/keys");
        let lost = phone.app.rotate_keys(phone.id(), class, &Cancel::default()).unwrap_err();
        assert_eq!(lost, PortError::Network.into());
        let prompts = phone.keys.prompts.lock().unwrap().len();
        phone.poll();
        assert_eq!(phone.keys.prompts.lock().unwrap().len(), prompts, "nobody is asked again");
        let sent = phone.line.bodies("/keys");
        assert_eq!(sent[sent.len() - 1], sent[sent.len() - 2]);
        assert_eq!(told(&stage, "device.keys", class.as_str()), 1);
        assert_eq!(signed_in(&stage, &phone, "/demo").path(), "/demo");
    }
    phone.poll();
    assert_eq!(phone.keys.names().len(), 2, "the old ones are gone");
    let mut page = Plain::new();
    sign_in(&mut page, &stage, "/demo");
    assert_eq!(digits(&mut page).len(), 6);
    phone.poll();
    assert_eq!(phone.app.deny(phone.first().id, &Cancel::default()).unwrap().st, Status::Denied);
    page.goto(&format!("{}/login/wait", stage.origin()));
    assert_eq!(page.heading(), text("login.denied"));
}
