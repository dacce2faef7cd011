//! Recovery: a stolen key is thrown out for good, whatever its thief said before and says after.

use countersign_gateway::approval::State;
use countersign_gateway::chain::ChainFault;
use countersign_protocol::jose::Refused;
use countersign_tests::raw_phone::Key;
use countersign_tests::stage::Stage;
use serde_json::json;

use super::{Follower, answer, forged, print};

/// A gateway with a recovery key, and a phone that enrolled while it had one.
fn stage() -> (Stage, Follower) {
    let stage = Stage::start();
    stage.name_recovery("gr").unwrap();
    let phone = Follower::enrolled(&stage);
    assert_eq!(phone.trusted.metadata().gr, Some(print("gr")));
    (stage, phone)
}

#[test]
fn thief_huge_seq_then_recovery() {
    let (stage, mut phone) = stage();
    // The thief of gk makes the phone believe in a key of his own, at the highest number there is.
    let stolen = forged(&answer(&stage), "gk", |meta| {
        meta["seq"] = json!((1_u64 << 53) - 1);
        meta["keys"] = json!([Key::named("gk").jwk_json(), Key::named("evil").jwk_json()]);
    });
    assert_eq!(phone.follow(&stolen), Ok(0));
    assert_eq!(phone.keys(), [print("gk"), print("evil")]);
    assert_eq!(phone.follow(&answer(&stage)), Err(Refused::Sequence), "the gateway itself is locked out");

    stage.recover("gr", None).unwrap();
    assert_eq!(phone.follow(&answer(&stage)), Ok(1));
    assert_eq!((phone.version(), phone.keys()), ((2, 2), vec![print("gk2")]));
    // What the thief says now, with either key, in either epoch.
    for (key, epoch) in [("gk", 1), ("gk", 2), ("evil", 2), ("evil", 3)] {
        let again = forged(&answer(&stage), key, |meta| {
            meta["epoch"] = epoch.into();
            meta["seq"] = 1_000.into();
            meta["keys"] = json!([Key::named(key).jwk_json()]);
        });
        assert!(phone.follow(&again).is_err(), "{key} in epoch {epoch}");
        assert_eq!(phone.keys(), [print("gk2")]);
    }
}

#[test]
fn a_thief_cannot_take_the_recovery_key_away() {
    let (stage, mut phone) = stage();
    for gr in [json!(print("evil").to_string()), json!(null)] {
        let stolen = forged(&answer(&stage), "gk", |meta| {
            meta["seq"] = 1_000.into();
            match gr.is_null() {
                true => drop(meta.as_object_mut().unwrap().remove("gr")),
                false => meta["gr"] = gr,
            }
        });
        assert_eq!(phone.follow(&stolen), Err(Refused::RecoveryKey));
    }
    stage.recover("gr", None).unwrap();
    assert_eq!(phone.follow(&answer(&stage)), Ok(1));
}

#[test]
fn only_the_recovery_key_recovers() {
    let (stage, _phone) = stage();
    assert_eq!(stage.recover("evil", None).unwrap_err(), ChainFault::OtherRecovery);
    assert_eq!(stage.recover("gk", None).unwrap_err(), ChainFault::OtherRecovery);
    let without = Stage::start();
    assert_eq!(without.recover("gr", None).unwrap_err(), ChainFault::NoRecovery);
    assert_eq!(without.house().chain.ring().unwrap().epoch, 1);
}

#[test]
fn two_recoveries_with_a_new_recovery_key_between_are_followed_in_one_walk() {
    let (stage, mut phone) = stage();
    stage.recover("gr", Some("gr2")).unwrap();
    let mut second = Follower::enrolled_as(&stage, "second");
    assert_eq!(stage.recover("gr", None).unwrap_err(), ChainFault::OtherRecovery, "it was replaced");
    stage.rotate().unwrap();
    stage.recover("gr2", None).unwrap();
    stage.rotate().unwrap();
    assert_eq!(phone.follow(&answer(&stage)), Ok(2));
    assert_eq!((phone.version().0, phone.trusted.metadata().gr), (3, Some(print("gr2"))));
    assert_eq!(second.follow(&answer(&stage)), Ok(1), "what it has behind it is skipped");
    assert_eq!(second.keys(), phone.keys());
    assert_eq!(phone.follow(&answer(&stage)), Ok(0));
}

#[test]
fn a_phone_of_before_the_recovery_key_is_to_be_enrolled_anew() {
    let stage = Stage::start();
    let mut phone = Follower::enrolled(&stage);
    let alice = stage.person("alice");
    stage.active_phone(&alice, "phone");
    assert_eq!(stage.name_recovery("gr").unwrap_err(), ChainFault::Enrolled(1), "said before it is done");
    // Done all the same, that phone takes nothing more.
    let gr = Key::named("gr").jwk().thumbprint();
    stage.house().chain.name_recovery(gr, true, 0, &countersign_tests::stage::caller()).unwrap();
    stage.look_after_keys();
    assert_eq!(phone.follow(&answer(&stage)), Err(Refused::RecoveryKey));
}

#[test]
fn a_recovery_ends_all_that_is_open_at_once() {
    let (stage, mut follower) = stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let asked = stage.begin(&alice);
    let challenge = phone.challenges()[0].clone();
    let link = stage.link(&alice, "browser");

    stage.recover("gr", None).unwrap();
    assert_eq!(asked.state(), State::Cancelled);
    assert!(!asked.consume());
    let state = phone.poll(&{
        let mut echo = phone.echo(0);
        echo["have"] = json!([countersign_tests::raw_phone::payload(&challenge)["jti"]]);
        echo
    });
    assert_eq!(state.json()["closed"][0]["st"], "closed");
    assert_eq!(state.json()["meta"], json!([2, 2]));
    // The phone verified the question before; its answer comes late, and the result is signed by the new key.
    follower.follow(&answer(&stage)).unwrap();
    assert_eq!(phone.decide(&phone.approval(&challenge, &asked.digits())), "closed");
    let other = stage.raw_phone("other");
    let late = other.call("/enrol", &other.enrol_body(&link.c, &other.enrol_claims(&link)));
    assert_eq!(late.verdict(), "410 expired");
    // And it goes on with the new key.
    let asked = stage.begin(&alice);
    let challenge = phone.challenges()[0].clone();
    assert_eq!(phone.decide(&phone.approval(&challenge, &asked.digits())), "approved");
}

#[test]
fn what_was_signed_by_the_old_key_while_it_was_thrown_out_is_called_off() {
    let (stage, _follower) = stage();
    let alice = stage.person("alice");
    stage.active_phone(&alice, "phone");
    // The command has recovered, the gateway has not looked yet: it still signs with the stolen key.
    stage.recover_unnoticed("gr", None).unwrap();
    let asked = stage.begin(&alice);
    assert_eq!(asked.state(), State::Pending);
    stage.look_after_keys();
    assert_eq!(asked.state(), State::Cancelled);
}
