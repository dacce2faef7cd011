//! What a phone's hardware writes of its keys, from the keystore to a gateway that believes one maker (push-v1 5.3 and 11).

use countersign_core::error::GatewayError;
use countersign_protocol::push::{Attest, ErrorWhy};
use countersign_tests::attested::Maker;

use super::*;

/// A gateway that believes `maker`, and the phone of somebody whose keys `phones` attests.
fn asking(maker: &Maker, attest: Attest, phones: Option<Maker>) -> (Stage, World, App) {
    let stage = Stage::with(|config| {
        config.attest.android_roots = Some(maker.roots());
        config.policy.attest = attest;
    });
    let world = World::new();
    *world.keys.maker.lock().unwrap() = phones;
    let app = open(&world);
    (stage, world, app)
}

impl Scene {
    fn is_attested(&self) -> bool {
        let device = self.stage.house().devices.store().device(self.did()).unwrap().unwrap();
        device.phone.unwrap().attested
    }
}

#[test]
fn a_gateway_that_asks_is_told_by_the_hardware_also_of_later_keys() {
    for attest in [Attest::Want, Attest::Need] {
        let maker = Maker::default();
        let (stage, world, app) = asking(&maker, attest, None);
        *world.keys.maker.lock().unwrap() = Some(maker);
        let scene = Scene::enrolling(stage, world, app).activated();
        assert!(scene.is_attested(), "{attest}");
        for class in [KeyClass::Ak, KeyClass::Pk] {
            // Whatever nonce the phone had is too old by now.
            scene.pass(3_600);
            scene.app.rotate_keys(scene.enrolling.id, class, &Cancel::default()).unwrap();
            scene.approves();
            assert!(scene.is_attested(), "{attest}");
        }
        assert_eq!(scene.world.keys.challenges.lock().unwrap().len(), 4);
    }
}

#[test]
fn a_gateway_that_does_not_ask_is_told_nothing() {
    let maker = Maker::default();
    let (stage, world, app) = asking(&maker, Attest::None, None);
    *world.keys.maker.lock().unwrap() = Some(maker);
    let scene = Scene::enrolling(stage, world, app).activated();
    scene.app.rotate_keys(scene.enrolling.id, KeyClass::Pk, &Cancel::default()).unwrap();
    assert!(!scene.is_attested());
    assert!(scene.world.keys.challenges.lock().unwrap().is_empty(), "no key was made with a challenge");
}

#[test]
fn a_phone_that_cannot_prove_its_keys_is_refused_where_that_is_needed() {
    for phones in [Some(Maker::default()), None] {
        let (stage, world, app) = asking(&Maker::default(), Attest::Need, phones);
        let offer = app.enrol_offer(&stage.link(&stage.person("alice"), "browser").to_https()).unwrap();
        let refused = app.enrol(&offer, &me(), &Cancel::default());
        assert_eq!(refused.unwrap_err(), GatewayError::Policy(ErrorWhy::Attest).into());
        drop(world);
    }
    let (stage, world, app) = asking(&Maker::default(), Attest::Want, None);
    assert!(!Scene::enrolling(stage, world, app).activated().is_attested(), "and let in where it is a wish");
}
