//! Devices that are suspended, and how a person lets one count again.

use countersign_gateway::enrol::DeviceState;
use countersign_strings::{fill, text};
use countersign_tests::raw_phone::RawPhone;
use countersign_tests::stage::Stage;

use super::manage::with_second_factor;
use super::{approve, digits, go, heading, path, stage};

fn state(stage: &Stage, phone: &RawPhone) -> DeviceState {
    let did = phone.did.borrow().parse().unwrap();
    stage.house().devices.store().device(did).unwrap().unwrap().stored
}

fn page(phone: &RawPhone, what: &str) -> String {
    format!("/manageotp/{}/{what}", phone.did.borrow())
}

#[test]
fn a_lost_device_is_suspended_and_comes_back_by_another_one() {
    let stage = stage();
    let alice = stage.person("alice");
    let (one, two) = (stage.active_phone(&alice, "one"), stage.active_phone(&alice, "two"));
    let mut window = with_second_factor(&stage, &alice, &one);
    go(&mut window, &stage, &page(&two, "remove"));
    window.post_form(&page(&two, "suspend"), &[]);
    assert_eq!(window.page().words(".notice"), Some(fill("manage.now_suspended", &[("name", "Phone")])));
    assert!(window.page().source().contains(text("manage.suspended")));
    assert_eq!(state(&stage, &two), DeviceState::Suspended);

    // The second factor of this session came before: whoever holds it could be the one with the lost phone.
    go(&mut window, &stage, &page(&two, "resume"));
    assert_eq!(heading(&window), text("login.fresh"));
    stage.clock.advance(1);
    window.post_form("/login/fresh", &[]);
    assert_eq!(two.challenges(), Vec::<String>::new(), "a suspended phone is not asked");
    assert_eq!(approve(&one, &digits(&window)), "approved");
    go(&mut window, &stage, "/login/wait");
    window.post_form("/login/finish", &[]);
    assert_eq!((path(&window, &stage), heading(&window).as_str()), (page(&two, "resume"), text("manage.resume_title")));
    window.post_form(&page(&two, "resume"), &[]);
    assert_eq!(window.page().words(".notice"), Some(fill("manage.resumed", &[("name", "Phone")])));
    assert_eq!(state(&stage, &two), DeviceState::Active);
    go(&mut window, &stage, &page(&two, "resume"));
    assert_eq!(path(&window, &stage), "/manageotp", "nothing to resume");
}

#[test]
fn the_only_device_cannot_bring_itself_back() {
    let stage = stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let mut window = with_second_factor(&stage, &alice, &phone);
    go(&mut window, &stage, &page(&phone, "remove"));
    window.post_form(&page(&phone, "suspend"), &[]);
    assert_eq!(go(&mut window, &stage, &page(&phone, "resume")), 403);
    assert_eq!(window.page().words(".fault").as_deref(), Some(text("manage.resume_alone")));
    assert!(!window.page().has_form(&page(&phone, "resume")));
    assert_eq!(state(&stage, &phone), DeviceState::Suspended);
}

#[test]
fn a_reported_thief_cannot_bring_its_phone_back() {
    let stage = stage();
    let alice = stage.person("alice");
    let (own, thief) = (stage.active_phone(&alice, "own"), stage.active_phone(&alice, "thief"));
    let mut window = with_second_factor(&stage, &alice, &thief);
    let notice = own.notices().pop().unwrap();
    assert_eq!(own.decide(&own.refusal(&notice, "report")), "reported");
    go(&mut window, &stage, &page(&thief, "resume"));
    assert_eq!(heading(&window), text("login.fresh"), "only with a phone that counts");
    let token = window.page().field("/login/fresh", "token").expect("a token");
    let origin = stage.origin();
    let form = format!("{origin}{}", page(&thief, "resume"));
    window.post_as(&form, &[("token", &token)], &[("origin", &origin)]);
    assert_eq!(state(&stage, &thief), DeviceState::Suspended);
}
