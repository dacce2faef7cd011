//! Devices that are suspended, and how a person lets one count again.

use countersign_gateway::enrol::DeviceState;
use countersign_gateway::enrol::changes::SuspendedWhy;
use countersign_protocol::jose::Id;
use countersign_protocol::push::GoneWhy;
use countersign_protocol::uri::EnrolLink;
use countersign_strings::{fill, text};
use countersign_tests::plain::Plain;
use countersign_tests::raw_phone::RawPhone;
use countersign_tests::stage::{Stage, caller, owner};

use super::manage::{may_add, with_second_factor};
use super::{approve, digits, finish, go, heading, path, post, signed_in, stage, with_phone};

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
    finish(&mut window, &stage, &one);
    assert_eq!((path(&window, &stage), heading(&window).as_str()), (page(&two, "resume"), text("manage.resume_title")));
    window.post_form(&page(&two, "resume"), &[]);
    assert_eq!(window.page().words(".notice"), Some(fill("manage.resumed", &[("name", "Phone")])));
    assert_eq!(state(&stage, &two), DeviceState::Active);
    go(&mut window, &stage, &page(&two, "resume"));
    assert_eq!(path(&window, &stage), "/manageotp", "nothing to resume");
}

#[test]
fn the_only_device_cannot_bring_itself_back() {
    let (stage, alice, phone) = with_phone();
    let mut window = with_second_factor(&stage, &alice, &phone);
    go(&mut window, &stage, &page(&phone, "remove"));
    assert!(window.page().source().contains(text("manage.remove_last")));
    window.post_form(&page(&phone, "suspend"), &[]);
    assert_eq!(path(&window, &stage), format!("/manageotp?suspended={}", phone.did.borrow()));
    assert_eq!(heading(&window), text("manage.title"), "the list is still seen");
    let changes = ["resume", "rename", "remove"].map(|change| page(&phone, change));
    for change in &changes {
        go(&mut window, &stage, change);
        assert_eq!(heading(&window), text("login.fresh"), "{change}");
    }
    let token = window.page().field("/login/fresh", "token").expect("a token");
    for change in &changes {
        let fields = [("token", token.as_str()), ("name", "Theirs")];
        post(&mut window, &stage, change, &fields);
    }
    let listed = stage.house().devices.of(alice.id).unwrap();
    let listed: Vec<_> = listed.iter().map(|(device, _)| (device.name.as_str(), device.stored)).collect();
    assert_eq!(listed, [("Phone", DeviceState::Suspended)]);

    // What an administrator hands over is another second factor.
    stage.clock.advance(1);
    go(&mut window, &stage, &changes[0]);
    let voucher = stage.house().people.give_voucher(&alice, &caller()).unwrap().reveal();
    window.post_form("/login/fresh/voucher", &[("voucher", &voucher)]);
    assert_eq!(path(&window, &stage), changes[0]);
    window.post_form(&changes[0], &[]);
    assert_eq!(state(&stage, &phone), DeviceState::Active);
}

#[test]
fn a_voucher_from_before_does_not_bring_the_only_device_back() {
    let (stage, alice, phone) = with_phone();
    let mut window = with_second_factor(&stage, &alice, &phone);
    stage.clock.advance(600);
    go(&mut window, &stage, &page(&phone, "remove"));
    let voucher = stage.house().people.give_voucher(&alice, &caller()).unwrap().reveal();
    window.post_form("/login/fresh/voucher", &[("voucher", &voucher)]);
    window.post_form(&page(&phone, "suspend"), &[]);
    assert_eq!(go(&mut window, &stage, &page(&phone, "resume")), 403);
    assert_eq!(window.page().words(".fault").as_deref(), Some(text("manage.resume_alone")));
    assert!(!window.page().has_form(&page(&phone, "resume")));
    assert_eq!(state(&stage, &phone), DeviceState::Suspended);
}

/// Whether this browser has no session.
fn is_signed_out(window: &mut Plain, stage: &Stage) -> bool {
    ["/demo", "/manageotp", "/manageotp/add"].iter().all(|page| {
        go(window, stage, page);
        path(window, stage).starts_with("/login")
    })
}

fn did(phone: &RawPhone) -> Id {
    phone.did.borrow().parse().unwrap()
}

#[test]
fn whoever_ends_a_phone_ends_what_it_opened_elsewhere() {
    for how in ["suspended", "removed", "by itself"] {
        let stage = stage();
        let alice = stage.person("alice");
        let (own, other) = (stage.active_phone(&alice, "own"), stage.active_phone(&alice, "other"));
        let mut by_own = with_second_factor(&stage, &alice, &own);
        let mut by_other = with_second_factor(&stage, &alice, &other);
        let mut waiting = signed_in(&stage, &alice, "/demo");
        assert_eq!(approve(&other, &digits(&waiting)), "approved");
        let devices = &stage.house().devices;
        let ended = match how {
            "suspended" => devices.suspend(owner(&alice), did(&other), SuspendedWhy::Admin, &caller()).unwrap(),
            "removed" => devices.remove(owner(&alice), did(&other), GoneWhy::Admin, &caller()).unwrap(),
            _ => {
                let before = devices.store().device(did(&other)).unwrap().unwrap();
                Some(devices.leave(&before, &caller()).unwrap())
            }
        };
        assert_eq!(ended.map(|all| all.len()), Some(1), "{how}: a yes that nobody took is called off");
        assert!(is_signed_out(&mut by_other, &stage), "{how}");
        go(&mut by_own, &stage, "/manageotp");
        assert_eq!(heading(&by_own), text("manage.title"), "{how}: of another phone");
        go(&mut waiting, &stage, "/login/wait");
        assert!(!waiting.page().has_form("/login/finish"), "{how}");
        assert!(is_signed_out(&mut waiting, &stage), "{how}");
    }
}

#[test]
fn removing_the_phone_one_signed_in_with_leaves_the_list_and_no_more() {
    let stage = stage();
    let alice = stage.person("alice");
    let (one, two) = (stage.active_phone(&alice, "one"), stage.active_phone(&alice, "two"));
    let mut window = with_second_factor(&stage, &alice, &one);
    let mut elsewhere = with_second_factor(&stage, &alice, &one);
    go(&mut window, &stage, &page(&one, "remove"));
    window.post_form(&page(&one, "remove"), &[]);
    assert_eq!(heading(&window), text("manage.title"));
    for change in [page(&two, "remove"), "/manageotp/add".to_owned()] {
        go(&mut window, &stage, &change);
        assert_eq!(heading(&window), text("login.fresh"), "{change}");
    }
    assert!(is_signed_out(&mut elsewhere, &stage));
}

#[test]
fn a_reported_thief_cannot_bring_its_phone_back() {
    let stage = stage();
    let alice = stage.person("alice");
    let (own, thief) = (stage.active_phone(&alice, "own"), stage.active_phone(&alice, "thief"));
    let mut window = with_second_factor(&stage, &alice, &thief);
    // What it prepared: a phone that waits for its digits, and a code that nobody has scanned yet.
    may_add(&mut window, &stage, &thief);
    let token = window.page().field("/manageotp/add", "token").expect("a token");
    window.post_form("/manageotp/add", &[("name", "Second")]);
    let second = stage.raw_phone("second");
    let shown = second.enrol(&EnrolLink::parse(&window.page().words("#link").expect("a link")).expect("a link"));
    let open = stage.link(&alice, "another browser of the thief");

    let notice = own.notices().pop().unwrap();
    assert_eq!(own.decide(&own.refusal(&notice, "report")), "reported");
    assert!(is_signed_out(&mut window, &stage));
    let second_did = second.did.borrow().clone();
    for form in [page(&thief, "resume"), "/manageotp/add".into(), "/manageotp/confirm".into()] {
        let fields = [("token", token.as_str()), ("name", "Third"), ("device", &second_did), ("digits", &shown)];
        post(&mut window, &stage, &form, &fields);
    }
    assert_eq!((state(&stage, &thief), state(&stage, &second)), (DeviceState::Suspended, DeviceState::Pending));
    assert!(is_signed_out(&mut window, &stage));
    let third = stage.raw_phone("third");
    let body = third.enrol_body(&open.c, &third.enrol_claims(&open));
    assert_eq!(third.call("/enrol", &body).verdict(), "410 expired");
    let codes = stage.house().audit.latest(Some("alice"), 100).unwrap();
    assert_eq!(codes.iter().filter(|entry| entry.what == "device.suspend").count(), 1);
}
