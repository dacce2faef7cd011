//! A phone whose clock is ten years off, at a gateway whose clock is right.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign_core::app::Staleness;
use countersign_core::cancel::Cancel;
use countersign_core::error::GatewayError;
use countersign_core::port::Clock;
use countersign_gateway::person::Person;
use countersign_gateway::port::Clock as _;
use countersign_protocol::push::{KeyClass, Status};
use countersign_tests::plain::Plain;
use countersign_tests::stage::{Stage, StageClock};
use countersign_tests::window::Window;

use super::handset::Handset;
use super::{digits, sign_in, signed_in, stage};
use crate::app::phone::me;

const TEN_YEARS: i64 = 10 * 365 * 86_400;

/// The gateway's clock, and so many seconds more.
struct Off {
    clock: Arc<StageClock>,
    by: AtomicI64,
}

impl Off {
    fn of(stage: &Stage, by: i64) -> Arc<Self> {
        Arc::new(Self { clock: stage.clock.clone(), by: by.into() })
    }

    fn set(&self, by: i64) {
        self.by.store(by, Ordering::SeqCst);
    }
}

impl Clock for Off {
    fn now(&self) -> u64 {
        self.clock.now().saturating_add_signed(self.by.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

/// A sign-in that waits on the phone's screen; its digits.
fn asked(stage: &Stage, phone: &Handset) -> (Plain, String) {
    let mut page = Plain::new();
    sign_in(&mut page, stage, "/demo");
    let digits = digits(&mut page);
    phone.poll();
    (page, digits)
}

#[test]
fn a_phone_ten_years_slow_enrols_approves_denies_and_changes_its_keys() {
    let stage = stage();
    let alice = stage.person("alice");
    let clock = Off::of(&stage, -TEN_YEARS);
    let phone = Handset::by(clock).activated(&stage, &alice, "Phone");
    assert_eq!(phone.app.gateways()[0].clock_ahead, -TEN_YEARS);
    assert_eq!(signed_in(&stage, &phone, "/demo").path(), "/demo");
    for class in [KeyClass::Pk, KeyClass::Ak] {
        phone.app.rotate_keys(phone.id(), class, &Cancel::default()).unwrap();
        phone.poll();
    }
    let (_page, shown) = asked(&stage, &phone);
    phone.approve(&shown);
    stage.clock.advance(31);
    let (_page, _) = asked(&stage, &phone);
    assert_eq!(phone.app.deny(phone.first().id, &Cancel::default()).unwrap().st, Status::Denied);
}

#[test]
fn a_phone_ten_years_fast_does_not_enrol_and_says_why() {
    let stage = stage();
    let alice = stage.person("alice");
    let clock = Off::of(&stage, TEN_YEARS);
    let phone = Handset::by(clock.clone());
    let link = stage.link(&alice, "browser").to_https();
    let enrol = || {
        let offer = phone.app.enrol_offer(&link).unwrap();
        phone.app.enrol(&offer, &me(), &Cancel::default())
    };
    assert_eq!(enrol().unwrap_err(), GatewayError::Clock.into());
    assert_eq!(phone.line.count("/enrol"), 0, "nothing was sent");
    assert!(phone.app.gateways().is_empty() && phone.keys.names().is_empty());
    clock.set(0);
    enrol().unwrap();
}

/// A phone whose clock jumps ahead after it enrolled, and a sign-in that it sees then.
fn jumped(stage: &Stage, alice: &Person) -> (Handset, Arc<Off>, Plain, String) {
    let clock = Off::of(stage, 0);
    let phone = Handset::by(clock.clone()).activated(stage, alice, "Phone");
    clock.set(TEN_YEARS);
    let (page, shown) = asked(stage, &phone);
    (phone, clock, page, shown)
}

#[test]
fn a_clock_that_jumps_ten_years_ahead_keeps_from_approving_and_from_nothing_else() {
    let stage = stage();
    let alice = stage.person("alice");
    let (phone, clock, mut page, shown) = jumped(&stage, &alice);
    let row = phone.first();
    assert_eq!((row.stale, row.can.approve, row.can.deny, row.can.report), (Some(Staleness::Clock), false, true, true));
    assert_eq!(phone.app.gateways()[0].clock_ahead, TEN_YEARS);
    assert_eq!(phone.answer(&shown).unwrap_err(), GatewayError::Clock.into());
    assert_eq!(phone.line.count("/answer"), 0, "nothing was signed");
    // Mended, the same sign-in is approved.
    clock.set(0);
    phone.poll();
    phone.approve(&shown);
    page.goto(&format!("{}/login/wait", stage.origin()));
    page.submit("/login/finish", &[]);
    assert_eq!(page.path(), "/demo");
}

#[test]
fn a_clock_ten_years_ahead_refuses_and_reports() {
    for report in [false, true] {
        let stage = stage();
        let alice = stage.person("alice");
        let (phone, _clock, _page, _) = jumped(&stage, &alice);
        let (id, never) = (phone.first().id, Cancel::default());
        let said = if report { phone.app.report(id, &never) } else { phone.app.deny(id, &never) };
        assert_eq!(said.unwrap().st, if report { Status::Reported } else { Status::Denied });
    }
}
