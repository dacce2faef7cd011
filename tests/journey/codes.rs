//! Codes of an authenticator app: the first one makes it active, each one counts once.

use countersign_gateway::enrol::DeviceState;
use countersign_gateway::person::Person;
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Digits, Period, totp};
use countersign_protocol::uri::otpauth;
use countersign_strings::text;
use countersign_tests::browser::Find;
use countersign_tests::plain::Plain;
use countersign_tests::stage::Stage;
use countersign_tests::window::{Window, with_tries};

use super::enrol::scanned;
use super::seat::Seat;
use super::{devices, sign_in, stage, told, voucher, wrong};

/// The code of this moment, so many steps of thirty seconds away.
fn code(stage: &Stage, seed: &Secret, steps: i64) -> String {
    let at = stage.house().clock.now().saturating_add_signed(30 * steps);
    totp(seed, at, Algorithm::Sha1, Digits::SIX, Period::try_from(30).unwrap()).to_string()
}

/// A person whose one device is an authenticator app, added on the page.
fn with_app() -> (Stage, Person, Secret) {
    let stage = stage();
    let alice = stage.person("alice");
    let voucher = voucher(&stage, &alice);
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/manageotp");
    window.goto(&format!("{}/manageotp/add?kind=other", stage.origin()));
    window.submit("/manageotp/add", &[("name", "Old app"), ("voucher", &voucher)]);
    let seed = otpauth::parse(&window.words("#link").expect("a key URI")).unwrap().0.secret;
    window.submit("/manageotp/first-code", &[("code", &code(&stage, &seed, 0))]);
    assert_eq!(devices(&stage, &alice), [("Old app".to_owned(), DeviceState::Active)]);
    (stage, alice, seed)
}

#[test]
fn an_authenticator_becomes_active_with_its_first_right_code() {
    for scripts in [true, false] {
        let stage = stage();
        let alice = stage.person("alice");
        let voucher = voucher(&stage, &alice);
        let mut seat = Seat::new(scripts);
        sign_in(&mut seat.page, &stage, "/manageotp");
        seat.page.click(Find::Text(text("manage.tab_other")));
        seat.page.wait_url("kind=other");
        seat.page.submit("/manageotp/add", &[("name", "Old app"), ("voucher", &voucher)]);
        let uri = scanned(&seat);
        assert_eq!(uri, seat.page.text(Find::Css("#link")));
        let (account, repairs) = otpauth::parse(&uri).unwrap();
        assert_eq!((account.issuer.as_str(), account.name.as_str(), repairs.len()), ("Countersign", "alice", 0));
        let right = code(&stage, &account.secret, 0);
        seat.page.submit("/manageotp/first-code", &[("code", &wrong(&right))]);
        assert_eq!(seat.page.text(Find::Css(".fault")), text("manage.code_wrong"));
        assert_eq!(devices(&stage, &alice), [("Old app".to_owned(), DeviceState::Pending)]);
        seat.page.submit("/manageotp/first-code", &[("code", &right)]);
        assert_eq!(devices(&stage, &alice), [("Old app".to_owned(), DeviceState::Active)]);
        // No phone to ask: the page asks for a code, and the one just used is none.
        let mut login = Seat::new(scripts);
        sign_in(&mut login.page, &stage, "/demo");
        login.see(text("login.code_title"));
        assert!(login.page.text(Find::Css("main")).contains(text("login.no_phone")));
        login.page.submit("/login/code", &[("code", &right)]);
        assert_eq!(login.page.text(Find::Css(".fault")), with_tries("login.code_wrong", 2));
        stage.clock.advance(30);
        login.page.submit("/login/code", &[("code", &code(&stage, &account.secret, 0))]);
        login.page.wait_url("/demo");
    }
}

#[test]
fn a_code_is_accepted_once_and_refused_twice() {
    let (stage, _, seed) = with_app();
    stage.clock.advance(60);
    let right = code(&stage, &seed, 0);
    let mut first = Plain::new();
    sign_in(&mut first, &stage, "/demo");
    first.submit("/login/code", &[("code", &right)]);
    assert_eq!((first.path().as_str(), first.heading().as_str()), ("/demo", text("login.sample")));

    let mut second = Plain::new();
    sign_in(&mut second, &stage, "/demo");
    for left in [2, 1] {
        second.submit("/login/code", &[("code", &right)]);
        assert_eq!(second.page().words(".fault"), Some(with_tries("login.code_wrong", left)));
        assert_eq!(second.heading(), text("login.code_title"));
    }
    second.goto(&format!("{}/demo", stage.origin()));
    assert_eq!(second.path(), "/login", "it opened nothing");
    assert_eq!(told(&stage, "approval.code", "approved"), 1);
    assert_eq!(told(&stage, "approval.code", "wrong"), 2);
}

#[test]
fn a_code_of_an_earlier_step_and_one_of_far_away_are_refused() {
    let (stage, _, seed) = with_app();
    stage.clock.advance(300);
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/demo");
    for (steps, left) in [(-2, 2), (2, 1)] {
        window.submit("/login/code", &[("code", &code(&stage, &seed, steps))]);
        assert_eq!(window.page().words(".fault"), Some(with_tries("login.code_wrong", left)), "{steps}");
    }
    window.submit("/login/code", &[("code", &code(&stage, &seed, 1))]);
    assert_eq!(window.path(), "/demo", "one step ahead is taken");
    // After the one ahead, that of now is an earlier one.
    let mut other = Plain::new();
    sign_in(&mut other, &stage, "/demo");
    other.submit("/login/code", &[("code", &code(&stage, &seed, 0))]);
    assert_eq!(other.page().words(".fault"), Some(with_tries("login.code_wrong", 2)));
}

#[test]
fn three_wrong_codes_end_a_sign_in() {
    let (stage, _, seed) = with_app();
    stage.clock.advance(30);
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/demo");
    let right = code(&stage, &seed, 0);
    for _ in 0..3 {
        window.submit("/login/code", &[("code", &wrong(&right))]);
    }
    assert_eq!(window.heading(), text("login.failed"));
    assert!(!window.has_form("/login/code"));
}

#[test]
fn a_test_of_a_code_uses_it_up() {
    let (stage, alice, seed) = with_app();
    stage.clock.advance(30);
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/manageotp");
    window.submit("/login/code", &[("code", &code(&stage, &seed, 0))]);
    assert_eq!(window.path(), "/manageotp");
    let did = stage.house().devices.of(alice.id).unwrap()[0].0.did;
    let page = format!("/manageotp/{did}/test");
    window.goto(&format!("{}{page}", stage.origin()));
    stage.clock.advance(30);
    let right = code(&stage, &seed, 0);
    window.submit(&page, &[("code", &right)]);
    assert_eq!(window.page().words(".notice").as_deref(), Some(text("manage.test_right")));
    window.submit(&page, &[("code", &right)]);
    assert_eq!(window.page().words(".fault").as_deref(), Some(text("manage.test_wrong")));
}
