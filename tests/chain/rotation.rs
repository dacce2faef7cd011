//! Rotation: a phone finds the way by links, a key leaves the list in its time, nothing old comes back.

use countersign_gateway::chain::ChainFault;
use countersign_protocol::jose::Refused;
use countersign_tests::raw_phone::payload;
use countersign_tests::stage::Stage;

use super::{Follower, answer, forged, print};

/// Rotates and waits until the key before is not listed any more.
fn rotate_and_settle(stage: &Stage, times: usize) {
    for _ in 0..times {
        stage.rotate().unwrap();
        stage.clock.advance(60);
        stage.look_after_keys();
    }
}

#[test]
fn a_phone_follows_by_one_link() {
    let stage = Stage::start();
    let mut phone = Follower::enrolled(&stage);
    assert_eq!(phone.keys(), [print("gk")]);
    stage.rotate().unwrap();
    assert_eq!(phone.follow(&answer(&stage)), Ok(0));
    assert_eq!((phone.version(), phone.keys()), ((1, 2), vec![print("gk2"), print("gk")]));
    stage.clock.advance(60);
    stage.look_after_keys();
    assert_eq!(phone.follow(&answer(&stage)), Ok(0));
    assert_eq!((phone.version(), phone.keys()), ((1, 3), vec![print("gk2")]));
}

#[test]
fn skipped_rotations_are_bridged_up_to_twenty() {
    let stage = Stage::start();
    let early = Follower::enrolled(&stage);
    rotate_and_settle(&stage, 3);
    let mut phone = early.clone();
    assert_eq!(phone.follow(&answer(&stage)), Ok(0));
    assert_eq!(phone.keys(), [print("gk4")]);
    rotate_and_settle(&stage, 17);
    let mut phone = early.clone();
    assert_eq!(phone.follow(&answer(&stage)), Ok(0));
    assert_eq!(phone.keys(), [print("gk21")]);
    assert!(stage.house().chain.ring().unwrap().links_are_full(), "the next one is asked for in other words");
    // The twenty-first: whoever trusts the first key alone finds no way, and is to be enrolled anew.
    rotate_and_settle(&stage, 1);
    let mut lost = early;
    assert_eq!(lost.follow(&answer(&stage)), Err(Refused::Key));
    assert_eq!(lost.keys(), [print("gk")], "and trusts nobody new");
    assert_eq!(phone.follow(&answer(&stage)), Ok(0));
    assert_eq!(phone.keys(), [print("gk22")]);
}

#[test]
fn a_key_stays_listed_until_the_last_approval_that_it_signed_has_ended() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let mut follower = Follower::enrolled(&stage);
    let asked = stage.begin(&alice);
    let challenge = phone.challenges()[0].clone();
    stage.rotate().unwrap();
    stage.clock.advance(90);
    stage.look_after_keys();
    follower.follow(&answer(&stage)).unwrap();
    assert_eq!(follower.keys(), [print("gk2"), print("gk")], "the question is open");
    assert_eq!(phone.challenges(), std::slice::from_ref(&challenge), "and the same, byte for byte");

    // What answers it is signed by the new key.
    let reply = phone.answer(&phone.approval(&challenge, &asked.digits()));
    let result = reply.json()["result"].as_str().unwrap().to_owned();
    assert_eq!(payload(&result)["st"], "approved");
    assert_eq!(header_kid(&result), print("gk2").to_string());
    stage.look_after_keys();
    follower.follow(&answer(&stage)).unwrap();
    assert_eq!(follower.keys().len(), 2, "approved and not consumed is not ended");
    assert!(asked.consume());
    stage.look_after_keys();
    follower.follow(&answer(&stage)).unwrap();
    assert_eq!(follower.keys(), [print("gk2")]);
}

#[test]
fn a_removed_key_keeps_no_private_half() {
    let stage = Stage::start();
    rotate_and_settle(&stage, 2);
    let ring = stage.house().chain.ring().unwrap();
    let kept: Vec<bool> = ring.keys.iter().map(|key| key.private.is_some()).collect();
    assert_eq!(kept, [false, false, true]);
}

#[test]
fn a_fourth_key_waits_until_there_is_room() {
    let stage = Stage::start();
    stage.rotate().unwrap();
    stage.rotate().unwrap();
    assert_eq!(stage.rotate(), Err(ChainFault::Full));
    stage.clock.advance(60);
    // A command may find the room itself, also while no gateway runs.
    stage.rotate().unwrap();
    let mut phone = Follower::enrolled(&stage);
    assert_eq!(phone.follow(&answer(&stage)), Ok(0));
    assert_eq!(phone.keys(), [print("gk4"), print("gk3")], "it replaced the third a moment ago");
}

#[test]
fn roll_back() {
    let stage = Stage::start();
    let mut phone = Follower::enrolled(&stage);
    let old = answer(&stage);
    stage.rotate().unwrap();
    let both = answer(&stage);
    rotate_and_settle(&stage, 1);
    let newest = answer(&stage);
    phone.follow(&newest).unwrap();
    let (version, keys) = (phone.version(), phone.keys());
    assert_eq!(phone.follow(&old), Err(Refused::Key), "signed by a key that is trusted no more");
    assert!(phone.follow(&both).is_err());
    assert_eq!((phone.version(), phone.keys()), (version, keys));
    // The present key says of itself what was: a lower number.
    assert_eq!(phone.follow(&forged(&newest, "gk3", |meta| meta["seq"] = 1.into())), Err(Refused::Sequence));
}

#[test]
fn one_signing_at_half_life_raises_no_number() {
    let stage = Stage::start();
    let mut phone = Follower::enrolled(&stage);
    let first = answer(&stage);
    stage.clock.advance(7 * 86_400);
    let second = answer(&stage);
    assert_ne!(first, second);
    assert_eq!(phone.follow(&second), Ok(0));
    assert_eq!(phone.version(), (1, 1));
    let exp = phone.trusted.metadata().exp;
    assert_eq!(phone.follow(&first), Ok(0));
    assert_eq!(phone.trusted.metadata().exp, exp, "of two of one number the later holds");
}

fn header_kid(jws: &str) -> String {
    use base64::Engine as _;
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jws.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<serde_json::Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}
