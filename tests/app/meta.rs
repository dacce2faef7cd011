//! Metadata on the phone, of one key: what is taken later, and what never is.

mod walk;

use std::sync::Arc;

use countersign_core::app::{App, Enrolling, Scanned, Staleness};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError};
use countersign_core::port::Trust;
use countersign_core::vault::{DeviceClass, NewAccount};
use countersign_protocol::Secret;
use countersign_protocol::jose::H32;
use countersign_protocol::otp::{Period, totp};
use countersign_tests::raw_phone::{Key, sign};
use serde_json::{Value, json};

use super::gateway::Gateway;
use super::phone::{World, approve, enrol, enrolled, only, poll};

/// Serves changed metadata that also names the key `gk2`, and says whether the phone then trusts `gk2`.
fn takes(change: impl FnOnce(&mut Value, &mut Key)) -> bool {
    let (_world, gateway, app, enrolling) = enrolled();
    serve(&gateway, &app, &enrolling, change)
}

fn serve(gateway: &Arc<Gateway>, app: &App, enrolling: &Enrolling, change: impl FnOnce(&mut Value, &mut Key)) -> bool {
    {
        let mut state = gateway.state();
        state.meta["seq"] = json!(4);
        state.meta["keys"] = json!([gateway.gk.jwk_json(), Key::named("gk2").jwk_json()]);
        let mut signer = gateway.gk.clone();
        change(&mut state.meta, &mut signer);
        state.signer = signer;
    }
    let claims = gateway.claims("by gk2");
    let jws = sign("cs-challenge+jwt", &claims, &Key::named("gk2"));
    gateway.state().challenges.push(jws);
    // Whatever the metadata is, the poll itself goes well.
    poll(app, enrolling).unwrap();
    assert!(gateway.calls("metadata") > 1, "the phone asked");
    !app.approvals().is_empty()
}

#[test]
fn a_key_that_is_added_is_trusted() {
    assert!(takes(|_, _| {}));
}

/// Each refusal: metadata that differs from the good one in this alone.
macro_rules! refused {
    ($($name:ident: |$meta:ident, $signer:ident| $change:expr;)*) => {$(
        #[test]
        fn $name() {
            assert!(!takes(|$meta, $signer| { $change; let _ = ($meta, $signer); }));
        }
    )*};
}

refused! {
    meta_lists_k_other_signer: |meta, signer| *signer = Key::named("evil");
    meta_signer_unlisted: |meta, signer| meta["keys"] = json!([Key::named("gk2").jwk_json()]);
    meta_other_iss: |meta, signer| meta["iss"] = json!("https://other.example.com/push/v1");
    meta_life_15d: |meta, signer| meta["exp"] = json!(meta["iat"].as_u64().unwrap() + 14 * 86_400 + 1);
    meta_exp_before_iat: |meta, signer| meta["exp"] = json!(meta["iat"].as_u64().unwrap() - 1);
    meta_keys_0: |meta, signer| meta["keys"] = json!([]);
    meta_keys_4: |meta, signer| meta["keys"] = json!(["gk", "gk2", "gk3", "gk4"].map(|name| Key::named(name).jwk_json()));
    meta_keys_double: |meta, signer| meta["keys"] = json!(["gk", "gk2", "gk"].map(|name| Key::named(name).jwk_json()));
    seq_lower: |meta, signer| meta["seq"] = json!(2);
    epoch_lower: |meta, signer| meta["epoch"] = json!(0);
    epoch_up_by_gk: |meta, signer| meta["epoch"] = json!(2);
    gr_added_by_gk: |meta, signer| meta["gr"] = json!(Key::named("gr").thumbprint());
    same_epoch_by_gr: |meta, signer| *signer = Key::named("gr");
}

/// The same, where the enrolment named a recovery key.
fn takes_with_gr(change: impl FnOnce(&mut Value, &mut Key)) -> bool {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    gateway.state().meta["gr"] = json!(Key::named("gr").thumbprint());
    let app = world.app();
    let enrolling = enrol(&app, &gateway).unwrap();
    gateway.activate();
    serve(&gateway, &app, &enrolling, change)
}

#[test]
fn gr_changed_by_gk() {
    assert!(takes_with_gr(|_, _| {}));
    assert!(!takes_with_gr(|meta, _| meta["gr"] = json!(Key::named("gr2").thumbprint())));
}

#[test]
fn gr_dropped_by_gk() {
    assert!(!takes_with_gr(|meta, _| {
        meta.as_object_mut().unwrap().remove("gr");
    }));
}

#[test]
fn roll_back() {
    let (_world, gateway, app, enrolling) = enrolled();
    let old = gateway.state().meta.clone();
    assert!(serve(&gateway, &app, &enrolling, |_, _| {}));
    gateway.state().meta = old;
    gateway.state().challenges = vec![sign("cs-challenge+jwt", &gateway.claims("second"), &Key::named("gk2"))];
    poll(&app, &enrolling).unwrap();
    assert_eq!(app.approvals().len(), 2, "the newer metadata still holds");
}

#[test]
fn a_key_that_is_removed_signs_nothing_any_more() {
    let (_world, gateway, app, enrolling) = enrolled();
    assert!(serve(&gateway, &app, &enrolling, |_, _| {}));
    let row = only(&app);
    {
        let mut state = gateway.state();
        state.meta["seq"] = json!(5);
        state.meta["keys"] = json!([gateway.gk.jwk_json()]);
    }
    poll(&app, &enrolling).unwrap();
    let error = approve(&app, row.id, "049218").unwrap_err();
    assert_eq!(error, GatewayError::Refused(countersign_protocol::jose::Refused::Key).into());
}

#[test]
fn pins_that_changed_are_learned_from_signed_metadata_alone() {
    let (world, gateway, app, enrolling) = enrolled();
    // The gateway got another TLS key without telling before: no pin fits any more.
    gateway.state().meta["seq"] = json!(4);
    let trusts = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = trusts.clone();
    gateway.twist(move |path, request, _, response| {
        seen.lock().unwrap().push((path.to_owned(), request.trust.clone()));
        let fits = request.trust == Trust::MetadataOnly && path == "metadata";
        if fits { Ok(response) } else { Err(countersign_core::error::PortError::Tls) }
    });
    assert_eq!(poll(&app, &enrolling).unwrap_err(), Error::Port(countersign_core::error::PortError::Tls));
    let alone =
        trusts.lock().unwrap().iter().filter(|(_, trust)| *trust == Trust::MetadataOnly).cloned().collect::<Vec<_>>();
    assert_eq!(alone, [("metadata".to_owned(), Trust::MetadataOnly)], "nothing else goes over such a connection");
    // Until a minute has passed it is not asked again for the same cause.
    assert!(poll(&app, &enrolling).is_err());
    assert_eq!(trusts.lock().unwrap().iter().filter(|(_, trust)| *trust == Trust::MetadataOnly).count(), 1);
    world.clock.pass(61);
    gateway.untwist();
    assert!(poll(&app, &enrolling).is_ok());
}

#[test]
fn metadata_is_fetched_at_half_life_and_approving_ends_with_its_life() {
    let (world, gateway, app, enrolling) = enrolled();
    let before = gateway.calls("metadata");
    world.clock.pass(6 * 86_400);
    poll(&app, &enrolling).unwrap();
    assert_eq!(gateway.calls("metadata"), before);
    world.clock.pass(86_400);
    poll(&app, &enrolling).unwrap();
    assert_eq!(gateway.calls("metadata"), before + 1, "at half of its life");
    world.clock.pass(7 * 86_400 + 1);
    gateway.challenge("late");
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert!(!row.can.approve && row.can.deny && row.can.report);
    // It was fetched just now, by the poll, and is past: that is for the person to mend.
    assert_eq!((app.gateways()[0].stale, row.stale), (Some(Staleness::Clock), Some(Staleness::Clock)));
    assert_eq!(approve(&app, row.id, "049218").unwrap_err(), GatewayError::Clock.into());
    assert_eq!(gateway.calls("answer"), 0);
    assert!(app.deny(row.id, &Cancel::default()).is_ok());
}

#[test]
fn old_metadata_that_cannot_be_fetched_anew_is_another_matter_than_the_clock() {
    let (world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    world.clock.pass(14 * 86_400 + 1);
    gateway.challenge("one");
    gateway.twist(
        |path, _, _, good| {
            if path == "metadata" { Err(countersign_core::error::PortError::Network) } else { Ok(good) }
        },
    );
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert_eq!((app.gateways()[0].stale, row.stale), (Some(Staleness::Old), Some(Staleness::Old)));
    assert_eq!(approve(&app, row.id, "049218").unwrap_err(), GatewayError::MetadataExpired.into());
    // With newer metadata it is well again.
    gateway.untwist();
    world.clock.pass(61);
    {
        let mut state = gateway.state();
        let now = countersign_core::port::Clock::now(&*world.clock);
        (state.meta["iat"], state.meta["exp"]) = (json!(now), json!(now + 14 * 86_400));
    }
    assert!(approve(&app, row.id, "049218").is_ok());
    assert_eq!(app.gateways()[0].stale, None);
}

/// A phone whose clock was set to `wrong`, at a gateway that goes on as before. Gives the world, and a challenge's row.
fn with_wrong_clock(wrong: u64) -> (World, Arc<Gateway>, App, Enrolling) {
    let (world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    let challenge = sign("cs-challenge+jwt", &gateway.claims("one"), &gateway.gk);
    gateway.state().challenges = vec![challenge];
    gateway.twist_body("poll", |state| state["now"] = json!(super::phone::NOW + 5));
    world.clock.set(wrong);
    world.clock.pass(0);
    (world, gateway, app, enrolling)
}

/// Codes are those of this clock, whatever the gateway's says; that it is off is told with them.
#[test]
fn a_known_drift_is_told_with_the_codes_and_never_moves_them() {
    let now = super::phone::NOW + 245;
    let (_world, _gateway, app, enrolling) = with_wrong_clock(now);
    let (pass, never) = (Secret::from_slice(b"larch violin"), Cancel::default());
    app.create_vault(&pass, DeviceClass::Phone, &never).unwrap();
    let link = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let Scanned::Account { account, repairs } = app.scan_text(link) else { panic!("an account") };
    app.add_account(&NewAccount::scanned(&account, &repairs, None)).unwrap();
    let shown = || app.codes(now).map(|codes| (codes.rows[0].live.clone().unwrap(), codes.clock_ahead)).unwrap();
    let (before, ahead) = shown();
    assert_eq!(ahead, Some(0), "the last State came before the clock was set");
    poll(&app, &enrolling).unwrap();
    let (after, ahead) = shown();
    assert_eq!(ahead, Some(240));
    let own = totp(&account.secret, now, account.algorithm, account.digits, Period::THIRTY).to_string();
    assert_eq!((before.code.to_string(), after.code.to_string()), (own.clone(), own));
    assert_eq!((before.valid.clone(), before.valid.contains(&now)), (after.valid, true));
}

#[test]
fn a_clock_ten_years_fast_denies_and_says_what_to_mend() {
    let ten_years = 10 * 365 * 86_400;
    let (world, gateway, app, enrolling) = with_wrong_clock(super::phone::NOW + ten_years);
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert_eq!((row.stale, row.can.approve, row.can.deny, row.can.report), (Some(Staleness::Clock), false, true, true));
    let shown = app.gateways().remove(0);
    assert_eq!((shown.stale, shown.clock_ahead), (Some(Staleness::Clock), i64::try_from(ten_years).unwrap() - 5));
    assert_eq!(approve(&app, row.id, "049218").unwrap_err(), GatewayError::Clock.into());
    // The clock is mended: nothing of it stays behind, on the screen or on disk.
    world.clock.set(super::phone::NOW + 5);
    assert_eq!(app.gateways()[0].stale, None);
    poll(&app, &enrolling).unwrap();
    assert_eq!(approve(&app, row.id, "049218").unwrap().st.as_str(), "approved");
    gateway.challenge("two");
    world.clock.set(super::phone::NOW + ten_years);
    gateway.twist_body("poll", |state| state["now"] = json!(super::phone::NOW + 6));
    poll(&app, &enrolling).unwrap();
    let second = app.approvals().into_iter().find(|row| row.can.deny && row.is_open()).unwrap();
    assert_eq!(app.deny(second.id, &Cancel::default()).unwrap().st.as_str(), "denied");
}

#[test]
fn a_clock_ten_years_slow_works_in_all() {
    let (_world, _gateway, app, enrolling) = with_wrong_clock(super::phone::NOW - 10 * 365 * 86_400);
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert_eq!((row.stale, row.can.approve), (None, true));
    assert_eq!(approve(&app, row.id, "049218").unwrap().st.as_str(), "approved");
}

#[test]
fn a_pin_that_metadata_drops_leaves_the_platforms_trust() {
    let (world, gateway, app, enrolling) = enrolled();
    {
        let mut state = gateway.state();
        state.meta["seq"] = json!(4);
        state.meta.as_object_mut().unwrap().remove("pins");
    }
    poll(&app, &enrolling).unwrap();
    let last = |gateway: &Gateway| gateway.state().log.last().unwrap().1.trust.clone();
    assert_eq!(last(&gateway), Trust::Pins(vec![H32::sha256(&[b"tls key"])]));
    world.clock.pass(1);
    // The double shows the pinned key alone, so a call that asks the platform fails: which is the point.
    assert_eq!(poll(&app, &enrolling).unwrap_err(), Error::Port(countersign_core::error::PortError::Tls));
}

/// A step of rotation from a key that the phone never knew: well formed, and passed over.
fn link_passed_over(_: &Value) -> Value {
    let (evil, u) = (Key::named("evil"), "https://gate.example.com/push/v1");
    let claims = json!({"iss": u, "iat": 1, "from": evil.thumbprint(), "to": evil.jwk_json()});
    sign("cs-link+jwt", &claims, &evil).into()
}

#[test]
fn links_21() {
    too_many("links", 21, link_passed_over);
}

/// Metadata of the epoch that is kept is no step of recovery: passed over.
#[test]
fn recovery_11() {
    too_many("recovery", 11, |body| body["meta"].clone());
}

/// The whole answer is refused, good metadata included.
fn too_many(list: &'static str, count: usize, entry: fn(&Value) -> Value) {
    let with = |count: usize| {
        let (_world, gateway, app, enrolling) = enrolled();
        gateway.twist_body("metadata", move |body| body[list] = vec![entry(body); count].into());
        serve(&gateway, &app, &enrolling, |_, _| {})
    };
    assert!(!with(count));
    assert!(with(count - 1));
}

#[test]
fn pin_foreign() {
    super::net::pin_foreign();
}

#[test]
fn certificate_copied() {
    super::net::certificate_copied();
}

#[test]
fn tls_expired_without_pin() {
    super::net::tls_expired_without_pin();
}

#[test]
fn pinned_self_signed() {
    super::net::pinned_self_signed();
}
