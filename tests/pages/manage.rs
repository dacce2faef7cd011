//! Looking after one's devices.

use countersign_gateway::audit::Entry;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::person::Person;
use countersign_gateway::store::StoreFault;
use countersign_protocol::uri::EnrolLink;
use countersign_strings::{fill, text};
use countersign_tests::plain::Plain;
use countersign_tests::raw_phone::{RawPhone, payload};
use countersign_tests::stage::{Stage, caller};
use countersign_tests::window::with_tries;

use super::{code, finish, go, heading, path, post, signed_in, stage, with_phone, wrong};

fn voucher(stage: &Stage, person: &Person) -> String {
    stage.house().people.give_voucher(person, &caller()).expect("a voucher").reveal()
}

/// A browser whose person showed a phone just now.
pub fn with_second_factor(stage: &Stage, person: &Person, phone: &RawPhone) -> Plain {
    let mut window = signed_in(stage, person, "/manageotp");
    finish(&mut window, stage, phone);
    assert_eq!((path(&window, stage).as_str(), heading(&window).as_str()), ("/manageotp", text("manage.title")));
    window
}

/// Has the person's phone say yes to adding a device; the page then is the one that adds it.
pub fn may_add(window: &mut Plain, stage: &Stage, phone: &RawPhone) {
    go(window, stage, "/manageotp/add");
    assert_eq!(heading(window), text("login.fresh"));
    window.post_form("/login/fresh", &[]);
    assert_eq!(payload(&phone.challenges()[0])["op"], "enrol");
    finish(window, stage, phone);
    assert_eq!((path(window, stage).as_str(), heading(window).as_str()), ("/manageotp/add", text("manage.add")));
}

/// The id of the one device.
fn app_of(stage: &Stage, person: &Person) -> countersign_protocol::jose::Id {
    stage.house().devices.of(person.id).expect("the store")[0].0.did
}

/// Adds an authenticator app to somebody who has none; its key URI. Its first code is used up.
pub fn add_app(stage: &Stage, person: &Person) -> String {
    let owner = countersign_tests::stage::owner(person);
    let offer = stage.house().devices.offer_app(owner, "App", &caller()).expect("an app");
    let typed = code(stage, &offer.uri);
    stage.house().devices.first_code(owner, offer.did, &typed, &caller()).expect("the store");
    offer.uri.to_string()
}

fn fault(window: &Plain) -> String {
    window.page().words(".fault").unwrap_or_default()
}

#[test]
fn the_first_device_needs_the_voucher_before_the_qr() {
    let stage = stage();
    let alice = stage.person("alice");
    let voucher = voucher(&stage, &alice);
    let mut window = signed_in(&stage, &alice, "/manageotp");
    assert_eq!((path(&window, &stage).as_str(), heading(&window).as_str()), ("/manageotp/add", text("manage.add")));
    for other in ["/manageotp", "/demo"] {
        go(&mut window, &stage, other);
        assert!(["/manageotp/add", "/login?next=/demo"].contains(&path(&window, &stage).as_str()), "{other}");
    }
    go(&mut window, &stage, "/manageotp/add");
    assert_eq!(window.post_form("/manageotp/add", &[("name", "Phone"), ("voucher", "0000-0000-0000")]), 403);
    assert_eq!((fault(&window).as_str(), window.page().words("#link")), (text("login.voucher_wrong"), None));
    assert_eq!(window.post_form("/manageotp/add", &[("name", " "), ("voucher", &voucher)]), 403);
    assert_eq!(fault(&window), text("manage.name_wrong"), "and the voucher is not used up");
    assert_eq!(window.post_form("/manageotp/add", &[("name", "Phone"), ("voucher", &voucher)]), 200);
    let link = window.page().words("#link").expect("a link");

    let phone = stage.raw_phone("phone");
    let shown = phone.enrol(&EnrolLink::parse(&link).expect("an enrolment link"));
    assert_eq!(go(&mut window, &stage, "/manageotp/add/state?state=open"), 200);
    assert!(window.page().source().contains("\"then\":\"load\""), "{}", window.page().source());
    go(&mut window, &stage, "/manageotp/add");
    assert!(window.page().has_form("/manageotp/confirm"));
    assert!(!window.page().source().contains(&shown), "the digits come from the phone alone");

    // Whoever has only a pending device still has none.
    let other = signed_in(&stage, &alice, "/demo");
    assert_eq!(path(&other, &stage), "/manageotp/add");

    let wrong = wrong(&shown);
    assert_eq!(window.post_form("/manageotp/confirm", &[("digits", &wrong)]), 403);
    assert_eq!(fault(&window), with_tries("manage.digits_wrong", 2));
    window.post_form("/manageotp/confirm", &[("digits", &shown)]);
    assert_eq!(heading(&window), text("manage.title"), "within its ten minutes the voucher opens the list");
    assert_eq!(window.page().words(".notice"), Some(fill("manage.done", &[("name", "Phone")])));
    go(&mut window, &stage, "/demo");
    assert_eq!(path(&window, &stage), "/login?next=/demo", "and nothing else");
    stage.clock.advance(600);
    go(&mut window, &stage, "/manageotp");
    assert_eq!(heading(&window), text("login.fresh"), "afterwards it asks for the phone");

    let mut again = signed_in(&stage, &alice, "/manageotp");
    assert_eq!(heading(&again), text("login.wait_title"));
    finish(&mut again, &stage, &phone);
    let list = again.page().source();
    assert!(list.contains("Phone") && list.contains(text("manage.kind_both")), "{list}");
}

#[test]
fn a_code_that_expired_took_the_voucher_with_it_and_the_page_says_so() {
    let stage = stage();
    let alice = stage.person("alice");
    let mut window = signed_in(&stage, &alice, "/manageotp");
    let first = voucher(&stage, &alice);
    assert_eq!(window.post_form("/manageotp/add", &[("name", "Mine"), ("voucher", &first)]), 200);
    stage.clock.advance(601);
    go(&mut window, &stage, "/manageotp/add");
    assert_eq!(fault(&window), text("manage.code_expired_voucher"));
    assert_eq!(window.page().field("/manageotp/add", "name").as_deref(), Some("Mine"), "not to be typed again");
    assert_eq!(window.post_form("/manageotp/add", &[("name", "Mine"), ("voucher", &first)]), 403);
    assert_eq!(fault(&window), text("login.voucher_wrong"));
    let second = voucher(&stage, &alice);
    assert_eq!(window.post_form("/manageotp/add", &[("name", "Mine"), ("voucher", &second)]), 200);
    assert!(window.page().words("#link").is_some());
}

#[test]
fn digits_wrong_three_times_refuse_the_phone() {
    let stage = stage();
    let alice = stage.person("alice");
    let first = stage.active_phone(&alice, "first");
    let mut window = with_second_factor(&stage, &alice, &first);
    may_add(&mut window, &stage, &first);
    let second = enrolled(&mut window, &stage, "second");
    for left in [2, 1] {
        assert_eq!(window.post_form("/manageotp/confirm", &[("digits", "000000")]), 403);
        assert_eq!(fault(&window), with_tries("manage.digits_wrong", left));
    }
    assert_eq!(window.post_form("/manageotp/confirm", &[("digits", "000000")]), 403);
    assert_eq!(fault(&window), text("manage.digits_refused"));
    let all = stage.house().audit.latest(None, 100).expect("the store");
    let of_second = |entry: &&Entry| entry.what == "enrol.confirm" && entry.outcome != "active";
    let mut outcomes: Vec<_> = all.iter().filter(of_second).map(|entry| entry.outcome.as_str()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["refused", "wrong", "wrong"]);
    assert_eq!(second.poll(&second.echo(0)).verdict(), "410 gone");
}

#[test]
fn a_session_of_long_ago_takes_no_try_of_a_device_added_elsewhere() {
    let stage = stage();
    let alice = stage.person("alice");
    let first = stage.active_phone(&alice, "first");
    let mut stale = with_second_factor(&stage, &alice, &first);
    stage.clock.advance(600);
    let mut window = with_second_factor(&stage, &alice, &first);
    may_add(&mut window, &stage, &first);
    stage.clock.advance(300);
    go(&mut window, &stage, "/manageotp/add");
    assert_eq!(window.post_form("/manageotp/add", &[("name", "Second")]), 200);
    let second = stage.raw_phone("second");
    let link = EnrolLink::parse(&window.page().words("#link").expect("a link")).expect("an enrolment link");
    let shown = second.enrol(&link);
    go(&mut window, &stage, "/manageotp/add");

    go(&mut stale, &stage, "/manageotp");
    let token = stale.page().field("/logout", "token").expect("a token");
    let did = second.did.borrow().clone();
    for form in ["confirm", "confirm", "confirm", "first-code", "refuse"] {
        let fields = [("token", token.as_str()), ("device", &did), ("digits", "000000"), ("code", "000000")];
        let status = post(&mut stale, &stage, &format!("/manageotp/{form}"), &fields);
        assert_eq!(status, 303, "{form}: to the page that asks for a second factor");
    }
    let device = stage.house().devices.owned(alice.id, did.parse().expect("an id")).expect("the store");
    assert_eq!(device.map(|it| (it.stored, it.tries)), Some((DeviceState::Pending, 3)));

    // The browser that began it may end it, though ten minutes are over meanwhile.
    stage.clock.advance(400);
    window.post_form("/manageotp/confirm", &[("digits", &shown)]);
    assert_eq!(window.page().words(".notice"), Some(fill("manage.done", &[("name", "Second")])));
}

#[test]
fn each_phone_says_where_its_keys_are() {
    let stage = stage();
    let alice = stage.person("alice");
    let first = stage.active_phone(&alice, "tee");
    for level in ["software", "enclave", "strongbox"] {
        let link = stage.link(&alice, level);
        let phone = stage.raw_phone(level);
        let mut claims = phone.enrol_claims(&link);
        claims["level"] = level.into();
        assert_eq!(phone.call("/enrol", &phone.enrol_body(&link.c, &claims)).status, 201, "{level}");
    }
    let mut window = with_second_factor(&stage, &alice, &first);
    let keys = |window: &Plain| {
        let list = window.page().source();
        let said = |key| list.matches(&format!("<dd>{}</dd>", text(key))).count();
        assert_eq!(list.matches(text("manage.software_means")).count(), 1, "the tag says it, once: {list}");
        ["manage.keys_hardware", "manage.keys_hardware_said", "manage.keys_chip", "manage.keys_chip_said"].map(said)
    };
    assert_eq!(keys(&window), [0, 2, 0, 1], "nothing was proven");
    let proven =
        stage.house().store.write(|row| Ok::<_, StoreFault>(row.execute("UPDATE device SET attested = 1", [])?));
    proven.expect("the store");
    go(&mut window, &stage, "/manageotp");
    assert_eq!(keys(&window), [2, 0, 1, 0]);
}

/// A phone that scanned the page's code; the page then asks for its digits.
fn enrolled(window: &mut Plain, stage: &Stage, label: &str) -> RawPhone {
    go(window, stage, "/manageotp/add?kind=countersign");
    assert_eq!(window.post_form("/manageotp/add", &[("name", label)]), 200);
    let phone = stage.raw_phone(label);
    phone.enrol(&EnrolLink::parse(&window.page().words("#link").expect("a link")).expect("an enrolment link"));
    go(window, stage, "/manageotp/add");
    phone
}

#[test]
fn an_authenticator_counts_from_its_first_right_code() {
    let stage = stage();
    let alice = stage.person("alice");
    let voucher = voucher(&stage, &alice);
    let mut window = signed_in(&stage, &alice, "/manageotp");
    go(&mut window, &stage, "/manageotp/add?kind=other");
    window.post_form("/manageotp/add", &[("name", "App"), ("voucher", &voucher)]);
    let uri = window.page().words("#link").expect("a key URI");
    assert!(uri.starts_with("otpauth://totp/"), "{uri}");
    assert_eq!(window.post_form("/manageotp/first-code", &[("code", "000000")]), 403);
    assert_eq!(fault(&window), text("manage.code_wrong"));
    let typed = code(&stage, &uri);
    window.post_form("/manageotp/first-code", &[("code", &typed)]);
    assert_eq!(heading(&window), text("manage.title"), "the voucher is not ten minutes old");
    stage.clock.advance(600);
    go(&mut window, &stage, "/manageotp");
    assert_eq!(heading(&window), text("login.fresh"));
    let typed = code(&stage, &uri);
    stage
        .house()
        .devices
        .test_code(countersign_tests::stage::owner(&alice), app_of(&stage, &alice), &typed, &caller())
        .expect("the store");
    window.post_form("/login/fresh", &[]);
    assert_eq!(heading(&window), text("login.code_title"));
    assert_eq!(window.post_form("/login/code", &[("code", &typed)]), 403, "that code was used");
    stage.clock.advance(30);
    window.post_form("/login/code", &[("code", &code(&stage, &uri))]);
    assert_eq!(path(&window, &stage).split('?').next(), Some("/manageotp"));

    let did = stage.house().devices.of(alice.id).expect("the store")[0].0.did;
    stage.clock.advance(30);
    go(&mut window, &stage, &format!("/manageotp/{did}/test"));
    let form = format!("/manageotp/{did}/test");
    let typed = code(&stage, &uri);
    assert_eq!(window.post_form(&form, &[("code", &typed)]), 200);
    assert!(window.page().source().contains(text("manage.test_right")));
    assert_eq!(window.post_form(&form, &[("code", &typed)]), 403, "once");
    let all = stage.house().audit.latest(Some("alice"), 100).expect("the store");
    let tested = all.iter().filter(|entry| entry.what == "device.test" && entry.device == Some(*did.as_bytes()));
    assert_eq!(
        tested.map(|entry| entry.outcome.as_str()).collect::<Vec<_>>(),
        ["wrong", "right", "right"],
        "newest first"
    );
}

#[test]
fn where_codes_are_off_no_authenticator_is_offered_or_taken() {
    let stage = Stage::with(|config| config.policy.totp = false);
    let alice = stage.person("alice");
    let voucher = voucher(&stage, &alice);
    let mut window = signed_in(&stage, &alice, "/manageotp");
    for page in ["/manageotp/add", "/manageotp/add?kind=other"] {
        go(&mut window, &stage, page);
        let source = window.page().source();
        assert!(!source.contains("kind=other") && !source.contains(text("manage.tab_other")), "{page}");
        assert!(source.contains("value=\"countersign\""), "{page}");
    }
    // A form made by hand gets what the page offers.
    let token = window.page().field("/manageotp/add", "token").expect("a token");
    let fields = [("token", token.as_str()), ("kind", "other"), ("name", "App"), ("voucher", &voucher)];
    post(&mut window, &stage, "/manageotp/add", &fields);
    go(&mut window, &stage, "/manageotp/add?kind=other");
    assert!(window.page().words("#link").is_some_and(|link| link.starts_with("https://")), "no otpauth link");
    assert_eq!(stage.house().devices.of(alice.id).expect("the store").len(), 0);
}

#[test]
fn where_codes_were_switched_off_none_is_tested() {
    let mut stage = stage();
    let alice = stage.person("alice");
    let uri = add_app(&stage, &alice);
    let phone = stage.active_phone(&alice, "phone");
    let did = phone.did.borrow().clone();
    let mut window = with_second_factor(&stage, &alice, &phone);
    let form = format!("/manageotp/{did}/test");
    assert!(window.page().source().contains(&form) && window.page().source().contains(text("manage.kind_both")));
    go(&mut window, &stage, &form);
    let token = window.page().field(&form, "token").expect("a token");
    stage.restart_with(8, |config| config.policy.totp = false);
    go(&mut window, &stage, "/manageotp");
    let source = window.page().source();
    assert!(source.contains(&did) && !source.contains("/test\"") && !source.contains(text("manage.kind_both")));
    go(&mut window, &stage, &form);
    assert_eq!(path(&window, &stage), "/manageotp");
    // A form made by hand tries nothing.
    stage.clock.advance(30);
    let typed = code(&stage, &uri);
    post(&mut window, &stage, &form, &[("token", &token), ("code", &typed)]);
    let by = caller();
    let owner = countersign_tests::stage::owner(&alice);
    let app = stage.house().devices.of(alice.id).expect("the store")[0].0.did;
    assert!(!stage.house().devices.test_code(owner, app, &typed, &by).expect("the store"));
    let all = stage.house().audit.latest(Some("alice"), 100).expect("the store");
    assert!(all.iter().all(|entry| entry.what != "device.test"), "nothing was tried");
}

#[test]
fn a_yes_to_an_application_changes_no_devices() {
    let (stage, alice, phone) = with_phone();
    let did = phone.did.borrow().clone();
    let mut window = signed_in(&stage, &alice, "/demo");
    finish(&mut window, &stage, &phone);
    assert_eq!(path(&window, &stage), "/demo");
    go(&mut window, &stage, "/manageotp");
    assert_eq!(heading(&window), text("manage.title"), "looking is allowed");
    let changes = [format!("/manageotp/{did}/rename"), format!("/manageotp/{did}/remove"), "/manageotp/add".to_owned()];
    for change in &changes {
        go(&mut window, &stage, change);
        assert_eq!(heading(&window), text("login.fresh"), "{change}");
    }
    let token = window.page().field("/login/fresh", "token").expect("a token");
    for change in &changes {
        let fields = [("token", token.as_str()), ("name", "Theirs"), ("kind", "countersign")];
        post(&mut window, &stage, change, &fields);
    }
    let all = stage.house().devices.of(alice.id).expect("the store");
    assert_eq!(all.iter().map(|(it, _)| it.name.as_str()).collect::<Vec<_>>(), ["Phone"]);
    assert!(stage.house().devices.offered(countersign_tests::stage::hash("any")).expect("the store").is_none());

    // Asked for as what it is, it counts.
    go(&mut window, &stage, &changes[0]);
    window.post_form("/login/fresh", &[]);
    let asked = payload(&phone.challenges()[0]);
    assert_eq!(asked["app"].as_str(), Some(text("login.manage_name")), "the phone says what for");
    finish(&mut window, &stage, &phone);
    assert_eq!(path(&window, &stage), changes[0]);
}

#[test]
fn a_later_device_is_added_by_a_yes_to_that_alone() {
    let stage = stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let mut window = with_second_factor(&stage, &alice, &phone);
    let did = phone.did.borrow().clone();
    go(&mut window, &stage, &format!("/manageotp/{did}/rename"));
    assert_eq!(heading(&window), text("manage.rename_title"), "the yes to looking after devices counts for that");
    let token = window.page().field(&format!("/manageotp/{did}/rename"), "token").expect("a token");
    let origin = stage.origin();
    for kind in ["countersign", "other"] {
        go(&mut window, &stage, &format!("/manageotp/add?kind={kind}"));
        assert_eq!(heading(&window), text("login.fresh"), "{kind}");
        assert!(window.page().source().contains(text("login.fresh_enrol")), "{kind}");
        // A form made by hand gets no further.
        let fields = [("token", token.as_str()), ("name", "Theirs"), ("kind", kind), ("voucher", "")];
        assert_eq!(window.post_as(&format!("{origin}/manageotp/add"), &fields, &[("origin", &origin)]), 200);
    }
    assert_eq!(stage.house().devices.of(alice.id).expect("the store").len(), 1);
    let codes = stage.house().audit.latest(Some("alice"), 100).expect("the store");
    assert!(codes.iter().filter(|entry| entry.what == "enrol.code").count() == 1, "the first phone's alone: {codes:?}");

    go(&mut window, &stage, "/manageotp/add");
    may_add(&mut window, &stage, &phone);
    stage.clock.advance(599);
    assert_eq!(window.post_form("/manageotp/add", &[("name", "Second")]), 200);
    assert!(window.page().words("#link").is_some(), "no voucher is asked");
    stage.clock.advance(1);
    go(&mut window, &stage, "/manageotp/add");
    assert_eq!(heading(&window), text("login.fresh"), "ten minutes are over");

    // Whoever signs in on the way there is asked once, and for that.
    let mut other = signed_in(&stage, &alice, "/manageotp/add");
    assert_eq!(payload(&phone.challenges()[0])["op"], "enrol");
    finish(&mut other, &stage, &phone);
    assert_eq!((path(&other, &stage).as_str(), heading(&other).as_str()), ("/manageotp/add", text("manage.add")));
}

#[test]
fn ten_wrong_codes_in_a_row_end_with_a_right_one() {
    let stage = stage();
    let alice = stage.person("alice");
    let uri = add_app(&stage, &alice);
    stage.clock.advance(30);
    let page = format!("/manageotp/{}/test", app_of(&stage, &alice));
    for _ in 0..3 {
        let mut window = signed_in(&stage, &alice, "/manageotp");
        for _ in 0..3 {
            window.post_form("/login/code", &[("code", "000000")]);
        }
    }
    let [mut window, mut last] = [0, 1].map(|_| signed_in(&stage, &alice, "/manageotp"));
    last.post_form("/login/code", &[("code", "000000")]);
    assert_eq!(window.post_form("/login/code", &[("code", &code(&stage, &uri))]), 403);
    assert_eq!(fault(&window), text("login.code_off"));
    // A voucher is another second factor, and no right code: it opens the page where one is typed.
    let given = voucher(&stage, &alice);
    window.post_form("/login/voucher", &[("voucher", &given)]);
    assert_eq!(heading(&window), text("manage.title"));
    let mut still = signed_in(&stage, &alice, "/manageotp");
    assert!(!still.page().has_form("/login/code"), "where none is taken none is asked for");
    assert!(still.page().words(".card").is_some_and(|all| all.contains(text("login.code_off"))));
    go(&mut window, &stage, &page);
    assert_eq!(window.post_form(&page, &[("code", &code(&stage, &uri))]), 200);
    stage.clock.advance(30);
    go(&mut still, &stage, "/login/wait");
    still.post_form("/login/code", &[("code", &code(&stage, &uri))]);
    assert_eq!(path(&still, &stage), "/manageotp", "codes count again");
}

/// Where codes come from phones without a network alone, no right one could be typed: the administrator says so.
#[test]
fn whoever_is_enabled_anew_may_type_codes_again() {
    let stage = stage();
    let alice = stage.person("alice");
    add_app(&stage, &alice);
    for _ in 0..4 {
        let mut window = signed_in(&stage, &alice, "/manageotp");
        while window.page().has_form("/login/code") {
            window.post_form("/login/code", &[("code", "000000")]);
        }
    }
    let wrong = || stage.house().approvals.store().standing(alice.id).expect("the store").wrong_codes;
    assert_eq!(wrong(), 10);
    stage.house().people.set_disabled("alice", false, &caller()).expect("the store");
    assert_eq!(wrong(), 0);
}

#[test]
fn nobody_reaches_the_device_of_somebody_else() {
    let stage = stage();
    let (alice, bob) = (stage.person("alice"), stage.person("bob"));
    let (phone, other) = (stage.active_phone(&alice, "phone"), stage.active_phone(&bob, "other"));
    let mut window = with_second_factor(&stage, &alice, &phone);
    let did = other.did.borrow().clone();
    for page in ["rename", "remove", "test"] {
        assert_eq!(go(&mut window, &stage, &format!("/manageotp/{did}/{page}")), 404, "{page}");
    }
    assert_eq!(other.poll(&other.echo(0)).status, 200);
}

#[test]
fn a_disabled_person_is_out_and_comes_back_with_the_same_phone() {
    let (stage, alice, phone) = with_phone();
    let mut window = with_second_factor(&stage, &alice, &phone);
    let asked = stage.begin(&alice);
    let challenge = phone.challenges()[0].clone();
    stage.house().people.set_disabled("alice", true, &caller()).expect("the store");
    go(&mut window, &stage, "/manageotp");
    assert_eq!(heading(&window), text("login.title"));
    assert_eq!(asked.state().as_str(), "cancelled");
    assert_eq!(phone.poll(&phone.echo(0)).json()["device"], "suspended");
    assert_eq!(phone.decide(&phone.approval(&challenge, &asked.digits())), "unknown");
    stage.house().people.set_disabled("alice", false, &caller()).expect("the store");
    assert_eq!(phone.poll(&phone.echo(0)).json()["device"], "active");
}
