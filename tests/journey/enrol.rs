//! From the QR on the screen to the protected page.

use countersign_core::app::{ApprovalState, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::vault::DeviceClass;
use countersign_gateway::enrol::DeviceState;
use countersign_protocol::Secret;
use countersign_protocol::push::Status;
use countersign_strings::text;
use countersign_tests::browser::Find;
use countersign_tests::patience::code_in;
use countersign_tests::window::{Window, with_tries};

use super::handset::Handset;
use super::seat::Seat;
use super::{devices, digits, sign_in, stage, told, voucher, wrong};

/// The one QR on the screen, as somebody reads it who cuts it out of a screenshot.
pub fn scanned(seat: &Seat) -> String {
    code_in(&seat.page.screenshot_of(Find::Css("svg.qr")))
}

fn session_cookie(seat: &Seat) -> serde_json::Value {
    let cookies = seat.page.cookies();
    cookies.into_iter().find(|cookie| cookie["name"] == "__Host-countersign").expect("the session's cookie")
}

fn enrols_and_signs_in(scripts: bool) {
    let stage = stage();
    let phone = Handset::of(&stage);
    phone
        .app
        .create_vault(&Secret::from_slice(b"correct horse battery"), DeviceClass::Phone, &Cancel::default())
        .unwrap();
    let alice = stage.person("alice");
    let voucher = voucher(&stage, &alice);

    let mut manage = Seat::new(scripts);
    sign_in(&mut manage.page, &stage, "/manageotp");
    manage.page.submit("/manageotp/add", &[("name", "My phone"), ("voucher", &voucher)]);
    let code = scanned(&manage);
    assert_eq!(code, manage.page.text(Find::Css("#link")), "the link beneath says the same");

    let host = stage.origin().replace("https://", "");
    assert_eq!(phone.app.enrol_offer(&code).unwrap().host(), host);
    assert_eq!(phone.line.count("metadata"), 0, "nothing is sent before the person agreed");
    let enrolling = phone.enrol(&code);
    assert_eq!((enrolling.host.as_str(), enrolling.acct.as_str()), (host.as_str(), "alice"));
    assert!(matches!(phone.state(), GatewayState::Pending { .. }));

    if !scripts {
        assert_eq!(manage.page.text(Find::Css("noscript a")), text("manage.look_again"));
        manage.page.click(Find::Css("noscript a"));
    }
    manage.page.wait_for(Find::Css("#digits"));
    assert_eq!(
        manage.page.value(Find::Css("#digits")),
        "",
        "the person types them: comparing is what people do not do"
    );
    let source = manage.page.source();
    assert!(!source.contains(&enrolling.digits), "the page does not know the digits");
    assert!(source.contains("desk, Linux") && source.contains(text("manage.software")), "it names what asks");
    manage.page.submit("/manageotp/confirm", &[("digits", &wrong(&enrolling.digits))]);
    assert_eq!(manage.page.text(Find::Css(".fault")), with_tries("manage.digits_wrong", 2));
    assert_eq!(devices(&stage, &alice), [("My phone".to_owned(), DeviceState::Pending)]);
    manage.page.submit("/manageotp/confirm", &[("digits", &enrolling.digits)]);
    assert_eq!(devices(&stage, &alice), [("My phone".to_owned(), DeviceState::Active)]);
    phone.poll();
    assert_eq!(phone.state(), GatewayState::Active);
    // The same scan brought the account of the codes.
    let now = stage.house().clock.now();
    let account = phone.app.codes(now).unwrap().rows[0].clone();
    assert_eq!((account.account.name.as_str(), account.account.issuer.as_str()), ("alice", "Countersign"));

    let mut login = Seat::new(scripts);
    sign_in(&mut login.page, &stage, "/demo");
    login.see(text("login.wait_title"));
    let before = session_cookie(&login);
    let shown = digits(&mut login.page);
    assert!(scanned(&login).starts_with(&format!("https://{host}/approve#1.")), "the QR beside the digits");
    phone.poll();
    let asked = phone.first();
    assert_eq!((asked.app.as_str(), asked.host.as_str(), asked.acct.as_str()), ("Sample application", &*host, "alice"));
    assert_eq!((asked.context.ip.as_deref(), asked.digits, asked.acct_differs), (Some("127.0.0.1"), 6, false));
    phone.approve(&shown);
    assert_eq!(phone.first().state, ApprovalState::Decided(Status::Approved));
    if !scripts {
        login.see(text("login.approved"));
        login.page.submit("/login/finish", &[]);
    }
    login.page.wait_url("/demo");
    login.see(text("login.sample"));
    assert!(login.page.text(Find::Css("main")).contains("alice"));
    let cookie = session_cookie(&login);
    assert_eq!((&cookie["secure"], &cookie["httpOnly"]), (&true.into(), &true.into()));
    assert_eq!(
        (&cookie["path"], &cookie["sameSite"], &cookie["domain"]),
        (&"/".into(), &"Lax".into(), &"localhost".into())
    );
    assert_ne!(cookie["value"], before["value"], "what was known before the password is worth nothing after it");
    assert_eq!(told(&stage, "approval.approve", "approved"), 1);

    // The code of the same phone opens another browser.
    let mut other = Seat::new(scripts);
    stage.clock.advance(30);
    sign_in(&mut other.page, &stage, "/demo");
    let live = phone.app.codes(stage.house().clock.now()).unwrap().rows[0].live.clone().expect("a code of the clock");
    other.page.submit("/login/code", &[("code", &live.code.to_string())]);
    other.page.wait_url("/demo");
}

#[test]
fn a_phone_enrols_from_a_qr_on_the_screen_and_opens_the_protected_page() {
    enrols_and_signs_in(true);
}

#[test]
fn a_phone_enrols_and_signs_in_on_pages_without_scripts() {
    enrols_and_signs_in(false);
}

#[test]
fn a_phone_that_is_not_mine_is_refused_on_the_page() {
    let stage = stage();
    let (alice, phone) = (stage.person("alice"), Handset::of(&stage));
    let voucher = voucher(&stage, &alice);
    let mut manage = Seat::new(true);
    sign_in(&mut manage.page, &stage, "/manageotp");
    manage.page.submit("/manageotp/add", &[("name", "My phone"), ("voucher", &voucher)]);
    phone.enrol(&scanned(&manage));
    manage.page.wait_for(Find::Css("#digits"));
    manage.page.submit("/manageotp/refuse", &[]);
    assert_eq!(manage.page.text(Find::Css(".fault")), text("manage.refused"));
    assert_eq!(devices(&stage, &alice), []);
    phone.try_poll();
    assert!(matches!(phone.state(), GatewayState::Gone(_)), "{:?}", phone.state());
}
