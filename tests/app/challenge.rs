//! Challenges on the phone: the whole one is refused when anything about it is not right.

use countersign_core::app::{App, ApprovalState, Scanned};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::limits::ICONS_MOST;
use countersign_protocol::jose::H32;
use countersign_tests::patience::read_at_last;
use countersign_tests::raw_phone::{Key, sign};
use serde_json::{Value, json};

use super::gateway::changed;
use super::phone::{approve, enrolled, only, poll};

/// Whether a challenge that differs from a good one in `change` alone is shown.
fn shows(change: impl FnOnce(&mut Value, &mut Key)) -> bool {
    let (_world, gateway, app, enrolling) = enrolled();
    let (mut claims, mut signer) = (gateway.claims("one"), gateway.gk.clone());
    change(&mut claims, &mut signer);
    gateway.state().challenges = vec![sign("cs-challenge+jwt", &claims, &signer)];
    poll(&app, &enrolling).unwrap();
    // Whatever is refused is not shown as seen either.
    poll(&app, &enrolling).unwrap();
    let seen = !gateway.state().echoes.last().unwrap().seen.is_empty();
    assert_eq!(seen, !app.approvals().is_empty());
    seen
}

#[test]
fn a_good_one_is_shown() {
    assert!(shows(|_, _| {}));
}

#[test]
fn every_changed_character_is_noticed() {
    let (_world, gateway, app, enrolling) = enrolled();
    let jws = sign("cs-challenge+jwt", &gateway.claims("one"), &gateway.gk);
    let places: Vec<usize> = (0..jws.len()).collect();
    // A dozen in each State.
    for places in places.chunks(12) {
        gateway.state().challenges = places.iter().map(|at| changed(&jws, *at)).collect();
        poll(&app, &enrolling).unwrap();
        assert!(app.approvals().is_empty(), "one of {places:?}");
    }
    gateway.state().challenges = vec![jws];
    poll(&app, &enrolling).unwrap();
    only(&app);
}

macro_rules! refused {
    ($($name:ident: |$claims:ident, $signer:ident| $change:expr;)*) => {$(
        #[test]
        fn $name() {
            assert!(!shows(|$claims, $signer| { $change; let _ = ($claims, $signer); }));
        }
    )*};
}

refused! {
    aud_other: |claims, signer| claims["aud"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    iss_other: |claims, signer| claims["iss"] = json!("https://other.example.com/push/v1");
    by_removed_key: |claims, signer| *signer = Key::named("gk2");
    by_gr: |claims, signer| *signer = Key::named("gr");
    expired: |claims, signer| {
        claims["exp"] = json!(claims["iat"].as_u64().unwrap() - 1);
        claims["iat"] = json!(claims["iat"].as_u64().unwrap() - 100);
    };
    life_601: |claims, signer| claims["exp"] = json!(claims["iat"].as_u64().unwrap() + 601);
    exp_before_iat: |claims, signer| claims["iat"] = json!(claims["exp"].as_u64().unwrap() + 1);
    nm_0_login: |claims, signer| claims["nm"] = json!(0);
    nm_1: |claims, signer| claims["nm"] = json!(1);
    nm_9: |claims, signer| claims["nm"] = json!(9);
    nm_string: |claims, signer| claims["nm"] = json!("6");
    msg_on_login: |claims, signer| claims["msg"] = json!("Pay 100");
    info_on_login: |claims, signer| claims["info"] = json!("device_added");
    sign_without_msg: |claims, signer| claims["op"] = json!("sign");
    info_31_days: |claims, signer| {
        claims["op"] = json!("info");
        claims["info"] = json!("lockout");
        claims["nm"] = json!(0);
        claims["exp"] = json!(claims["iat"].as_u64().unwrap() + 31 * 86_400);
    };
    msg_257: |claims, signer| {
        claims["op"] = json!("sign");
        claims["msg"] = json!("m".repeat(257));
    };
    info_unknown: |claims, signer| {
        claims["op"] = json!("info");
        claims["info"] = json!("moon");
        claims["nm"] = json!(0);
    };
    dev_missing: |claims, signer| {
        claims["op"] = json!("info");
        claims["info"] = json!("device_added");
        claims["nm"] = json!(0);
    };
    op_unknown: |claims, signer| claims["op"] = json!("transfer");
    src_unknown: |claims, signer| claims["ctx"]["src"] = json!("moon");
    new_unknown: |claims, signer| claims["ctx"]["new"] = json!(["moon"]);
    no_ctx: |claims, signer| { claims.as_object_mut().unwrap().remove("ctx"); };
    ip_not_canonical: |claims, signer| claims["ctx"]["ip"] = json!("192.0.2.07");
    ip_mapped: |claims, signer| claims["ctx"]["ip"] = json!("::ffff:192.0.2.7");
    cc_lower: |claims, signer| claims["ctx"]["cc"] = json!("de");
    over_4096: |claims, signer| claims["padding"] = json!("p".repeat(3000));
}

#[test]
fn closed_again() {
    let (world, gateway, app, enrolling) = enrolled();
    let jti = gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    {
        let mut state = gateway.state();
        state.closed = vec![json!({"jti": jti, "st": "denied"})];
        state.challenges.clear();
    }
    poll(&app, &enrolling).unwrap();
    assert!(!only(&app).can.approve);
    gateway.state().closed.clear();
    world.clock.pass(601);
    // The same id again, signed anew and in time: at once, and 39 days later.
    for days in [0, 39] {
        world.clock.pass(days * 86_400);
        gateway.state().challenges = vec![sign("cs-challenge+jwt", &gateway.claims("one"), &gateway.gk)];
        let mut meta = gateway.state().meta.clone();
        meta["iat"] = json!(countersign_core::port::Clock::now(&*world.clock));
        meta["exp"] = json!(countersign_core::port::Clock::now(&*world.clock) + 86_400);
        gateway.state().meta = meta;
        poll(&app, &enrolling).unwrap();
        assert!(app.approvals().is_empty(), "after {days} days");
    }
}

#[test]
fn what_is_shown_is_what_was_signed() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert_eq!(
        (row.app.as_str(), row.host.as_str(), row.acct.as_str()),
        ("Demo shop", "gate.example.com", "alice@example.com")
    );
    assert_eq!((row.digits, row.acct_differs, row.state), (6, false, ApprovalState::Open(None)));
    assert_eq!(row.context.city.as_deref(), Some("Köln"));
    assert_eq!(row.context.ip.as_deref(), Some("192.0.2.7"));
}

#[test]
fn another_account_is_marked() {
    let (_world, gateway, app, enrolling) = enrolled();
    let mut claims = gateway.claims("one");
    claims["acct"] = json!("root@example.com");
    gateway.state().challenges = vec![sign("cs-challenge+jwt", &claims, &gateway.gk)];
    poll(&app, &enrolling).unwrap();
    assert!(only(&app).acct_differs);
}

#[test]
fn digits_in_unknown_name_shown() {
    // A gateway that sends digits along under a name nobody knows: they reach no screen.
    let (_world, gateway, app, enrolling) = enrolled();
    let mut claims = gateway.claims("one");
    claims["digits"] = json!("731846");
    gateway.state().challenges = vec![sign("cs-challenge+jwt", &claims, &gateway.gk)];
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert!(!format!("{row:?}").contains("731846"));
    assert_eq!(approve(&app, row.id, "04921").unwrap_err(), countersign_core::error::InputError::DigitsAsked(6).into());
}

#[test]
fn metadata_expired_approve() {
    let (world, gateway, app, enrolling) = enrolled();
    // The gateway cannot be asked for newer metadata.
    world.clock.pass(14 * 86_400 + 1);
    gateway.challenge("one");
    gateway.twist(|path, _, _, response| if path == "metadata" { Err(PortError::Network) } else { Ok(response) });
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert!(!row.can.approve);
    let error = approve(&app, row.id, "049218").unwrap_err();
    assert_eq!(error, countersign_core::error::GatewayError::MetadataExpired.into());
    assert_eq!(app.deny(row.id, &Cancel::default()).unwrap().st.as_str(), "denied");
}

/// The login page's QR, `qs` included, of section 14.
const LOGIN: &str = "https://gate.example.com/approve#1.BAQEBAQEBAQEBAQEBAQEBAcHBwcHBwcHBwcHBwcHBwc";

#[test]
fn qs_by_link() {
    // A link, a share and the clipboard all come as text: it is named as what it is, and what it holds is not read.
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    assert!(matches!(app.scan_text(LOGIN), Scanned::Login));
    assert!(matches!(app.scan_text(&format!("  {LOGIN}\n")), Scanned::Login));
    assert_eq!(gateway.calls("answer"), 0);
    assert_eq!(only(&app).state, ApprovalState::Open(None));
}

#[test]
fn qs_by_clipboard() {
    qs_by_link();
}

#[test]
fn qs_by_picture() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let found = read(&app, LOGIN);
    assert!(matches!(found.as_slice(), [Scanned::Login]));
    assert_eq!(gateway.calls("answer"), 0);
}

/// What a picture of this QR holds.
fn read(app: &App, text: &str) -> Vec<Scanned> {
    read_at_last(|| app.scan_picture(picture(text)).ok().filter(|found| !found.is_empty()))
}

/// A PNG of a QR, eight pixels a module.
fn picture(text: &str) -> Vec<u8> {
    let code = qrcode::QrCode::new(text).unwrap();
    let (modules, colors) = (code.width(), code.to_colors());
    let side = (modules + 8) * 8;
    let dark = |at: usize| (at / 8).checked_sub(4).filter(|module| *module < modules);
    let pixels: Vec<u8> = (0..side * side)
        .map(|at| match (dark(at % side), dark(at / side)) {
            (Some(x), Some(y)) if colors[y * modules + x] == qrcode::Color::Dark => 0,
            _ => 255,
        })
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side as u32, side as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

#[test]
fn a_scanned_enrolment_is_offered_and_an_account_read() {
    let (_world, gateway, app, _) = enrolled();
    let calls = gateway.state().log.len();
    let found = read(&app, &gateway.link());
    let [Scanned::Enrolment(offer)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(offer.host(), "gate.example.com");
    assert_eq!(gateway.state().log.len(), calls);
    let uri = "otpauth://totp/Shop:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Shop";
    assert!(matches!(app.scan_text(uri), Scanned::Account { .. }));
    assert!(matches!(app.scan_text("otpauth://totp/Shop?secret=!"), Scanned::Unreadable(_)));
    assert!(matches!(app.scan_text(&gateway.link().replace("#1.", "#2.")), Scanned::Refused(_)));
    assert!(matches!(app.scan_text("https://example.com/"), Scanned::Other(_)));
}

/// An icon of these sides.
fn icon(side: u32) -> Vec<u8> {
    shaded(side, 9)
}

fn shaded(side: u32, shade: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&vec![shade; (side * side) as usize]).unwrap();
    file
}

/// What the phone shows for a challenge that names `named`, where the gateway serves `served` for it; and whether it asks
/// again.
fn shown_icon(named: &[u8], served: &[u8]) -> (Option<Vec<u8>>, usize) {
    let (world, gateway, app, enrolling) = enrolled();
    let hash = H32::sha256(&[named]);
    let mut claims = gateway.claims("one");
    claims["ico"] = json!(hash);
    gateway.state().challenges = vec![sign("cs-challenge+jwt", &claims, &gateway.gk)];
    gateway.state().icons.insert(hash.to_string(), served.to_vec());
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert!(row.can.approve, "the card is shown all the same");
    let shown = app.icon(row.id.gateway, &row.ico.unwrap(), &Cancel::default()).unwrap();
    drop(app);
    let again = world.app().icon(row.id.gateway, &row.ico.unwrap(), &Cancel::default()).unwrap();
    assert_eq!(again, shown);
    (shown, gateway.calls(&format!("icon/{hash}")))
}

#[test]
fn an_icon_is_fetched_once_and_kept_by_hash() {
    assert_eq!(shown_icon(&icon(128), &icon(128)), (Some(icon(128)), 1));
}

#[test]
fn so_many_icons_are_kept_and_then_those_before_go() {
    let (world, gateway, app, enrolling) = enrolled();
    let icons: Vec<Vec<u8>> = (0..=ICONS_MOST).map(|n| shaded(128, n as u8)).collect();
    let hash = |n: usize| H32::sha256(&[&icons[n]]);
    gateway.state().icons = (0..icons.len()).map(|n| (hash(n).to_string(), icons[n].clone())).collect();
    let calls = |n: usize| gateway.calls(&format!("icon/{}", hash(n)));
    let shown = |app: &App, n: usize| app.icon(enrolling.id, &hash(n), &Cancel::default()).unwrap();
    for (n, icon) in icons.iter().enumerate().take(ICONS_MOST) {
        assert_eq!(shown(&app, n).as_ref(), Some(icon));
    }
    drop(app);
    let app = world.app();
    for n in 0..ICONS_MOST {
        assert_eq!((shown(&app, n).is_some(), calls(n)), (true, 1), "{n} of {ICONS_MOST} is kept");
    }
    assert!(shown(&app, ICONS_MOST).is_some());
    assert_eq!((shown(&app, ICONS_MOST).is_some(), calls(ICONS_MOST)), (true, 1), "the newest is kept");
    assert_eq!((shown(&app, 0).is_some(), calls(0)), (true, 2), "those before went");
}

#[test]
fn icon_wrong_hash() {
    assert_eq!(shown_icon(b"another", &icon(128)), (None, 2));
}

#[test]
fn icon_not_png() {
    for other in [icon(64), b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), icon(128)[..60].to_vec()] {
        assert_eq!(shown_icon(&other, &other), (None, 2));
    }
}

#[test]
fn an_icon_that_the_gateway_does_not_have_is_none_and_asked_for_once() {
    let (world, gateway, app, enrolling) = enrolled();
    let hash = H32::sha256(&[b"?"]);
    let path = format!("icon/{hash}");
    for _ in 0..3 {
        assert_eq!(app.icon(enrolling.id, &hash, &Cancel::default()).unwrap(), None);
    }
    assert_eq!(gateway.calls(&path), 1);
    // A fault of the network is not its word, and after a restart it may have one.
    drop(app);
    let app = world.app();
    gateway.twist(|path, _, _, good| if path.starts_with("icon/") { Err(PortError::Network) } else { Ok(good) });
    for _ in 0..2 {
        assert_eq!(app.icon(enrolling.id, &hash, &Cancel::default()).unwrap_err(), PortError::Network.into());
    }
    assert_eq!(gateway.calls(&path), 3);
}
