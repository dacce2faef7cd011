//! Group `keys`, as far as values tell: a changed key, and the move to another device. What a store must know
//! (`keys_second`, `confirm_thrice`) is the gateway's.

use serde_json::Value;

use super::{No, base_url, did, id, key, receiver, sample, trusted};
use crate::Secret;
use crate::jose::{FormError, H32, Jwk, Refused, Typ};
use crate::push::check;
use crate::push::{
    Confirm, Invite, InviteReceipt, KeyAttestation, KeyClass, Keys, KeysReceipt, KeysRequest, Message, Pop, PutPush,
    SealedInvite,
};

/// The published request and its pop, changed and signed by these keys, as a gateway takes them.
fn taken(signer: &str, change: impl FnOnce(&mut Value), by: &str, pop: impl FnOnce(&mut Value)) -> Result<(), No> {
    let mut payload = sample("keys ak").payload;
    change(&mut payload);
    let keys = Message::<Keys>::parse(&key(signer).jws(Typ::Keys, payload))?;
    let mut payload = sample("pop ak").payload;
    payload["nh"] = keys.h().to_string().into();
    pop(&mut payload);
    let pop = Message::<Pop>::parse(&key(by).jws(Typ::Pop, payload))?;
    check::keys(KeysRequest { keys, pop }, &did(), &base_url(), present)?;
    Ok(())
}

/// The keys that the device has.
fn present(class: KeyClass) -> Jwk {
    key(class.as_str()).jwk
}

fn fact(reason: Refused) -> Result<(), No> {
    Err(No::Fact(reason))
}

#[test]
fn control_published() {
    assert_eq!(taken("ak", |_| {}, "ak2", |_| {}), Ok(()));
    for name in ["ak", "pk", "ak, attested for android", "ak, attested for ios"] {
        let request = KeysRequest {
            keys: Message::parse(&sample(&format!("keys {name}")).text).unwrap(),
            pop: Message::parse(&sample(&format!("pop {name}")).text).unwrap(),
        };
        let verified = check::keys(request, &did(), &base_url(), present).unwrap();
        assert_eq!(verified.claims().class.as_str(), &name[..2]);
        let receipt = Message::<KeysReceipt>::parse(&sample(&format!("receipt for keys {name}")).text).unwrap();
        assert!(check::keys_receipt(receipt, &trusted(), &did(), &verified.h()).is_ok());
    }
}

#[test]
fn ak_by_pk() {
    assert_eq!(taken("pk", |_| {}, "ak2", |_| {}), fact(Refused::Kid));
}

#[test]
fn pk_by_ak() {
    assert_eq!(taken("ak", |keys| keys["class"] = "pk".into(), "ak2", |_| {}), fact(Refused::Kid));
}

#[test]
fn pop_by_old() {
    assert_eq!(taken("ak", |_| {}, "ak", |_| {}), fact(Refused::Kid));
    assert_eq!(taken("ak", |_| {}, "evil", |_| {}), fact(Refused::Kid));
}

#[test]
fn pop_of_other() {
    let other = |pop: &mut Value| pop["nh"] = H32::from_bytes([1; 32]).to_string().into();
    assert_eq!(taken("ak", |_| {}, "ak2", other), fact(Refused::OtherKeys));
    assert_eq!(taken("ak", |_| {}, "ak2", |pop| pop["iss"] = id(9).to_string().into()), fact(Refused::Issuer));
    assert_eq!(taken("ak", |_| {}, "ak2", |pop| pop["aud"] = "https://a.example".into()), fact(Refused::Audience));
}

#[test]
fn new_key_is_the_old_one() {
    let same = |keys: &mut Value| keys["jwk"] = serde_json::to_value(key("ak").jwk).unwrap();
    assert_eq!(taken("ak", same, "ak", |_| {}), fact(Refused::KnownKey));
}

#[test]
fn keys_iss_other() {
    assert_eq!(taken("ak", |keys| keys["iss"] = id(9).to_string().into(), "ak2", |_| {}), fact(Refused::Issuer));
    assert_eq!(taken("ak", |keys| keys["aud"] = "https://a.example".into(), "ak2", |_| {}), fact(Refused::Audience));
}

#[test]
fn keys_class_seal() {
    for class in ["seal", "", "AK", "ok"] {
        let refused = taken("ak", |keys| keys["class"] = class.into(), "ak2", |_| {});
        assert_eq!(refused, Err(No::Form(FormError::OutsideSet)), "{class}");
    }
}

fn attested(change: impl FnOnce(&mut Value)) -> Result<(), No> {
    let sample = sample("keys ak, attested for android");
    sample.read(&sample.with(change))
}

#[test]
fn attestation_and_nonce_stand_together() {
    assert_eq!(attested(|_| {}), Ok(()));
    assert_eq!(attested(|keys| super::drop_member(keys, "/nonce")), Err(No::Form(FormError::Unexpected)));
    assert_eq!(attested(|keys| super::drop_member(keys, "/att")), Err(No::Form(FormError::Unexpected)));
    assert_eq!(attested(|keys| keys["nonce"] = "".into()), Err(No::Form(FormError::Range)));
    assert_eq!(attested(|keys| keys["nonce"] = "a.b".into()), Err(No::Form(FormError::Range)));
}

#[test]
fn attestation_has_the_members_of_its_kind() {
    assert_eq!(attested(|keys| keys["att"]["fmt"] = "tpm".into()), Err(No::Form(FormError::OutsideSet)));
    assert_eq!(attested(|keys| keys["att"]["fmt"] = "apple-appattest".into()), Err(No::Form(FormError::Missing)));
    assert_eq!(attested(|keys| super::drop_member(keys, "/att/chain")), Err(No::Form(FormError::Missing)));
    for chain in [Vec::new(), vec!["MAMCAQE="; 9]] {
        assert_eq!(attested(|keys| keys["att"]["chain"] = chain.into()), Err(No::Form(FormError::Range)));
    }
    assert_eq!(attested(|keys| keys["att"]["chain"] = vec!["MAMCAQE="; 8].into()), Ok(()));
    for text in ["MAMCAQE", "MAMCAQF=", "MAMC AQE=", "MAMC-QE="] {
        assert_eq!(
            attested(|keys| keys["att"]["chain"] = vec![text].into()),
            Err(No::Form(FormError::Base64)),
            "{text}"
        );
    }
    let apple = sample("keys ak, attested for ios");
    let short = apple.with(|keys| keys["att"]["kid"] = "AAAA".into());
    assert_eq!(apple.read(&short), Err(No::Form(FormError::Size)));
    let read = Message::<Keys>::parse(&apple.text).unwrap().claims().att.clone();
    assert!(matches!(read, Some(KeyAttestation::AppleAppattest { kid, .. }) if kid.0 == [7; 32]));
}

fn keys_receipt(change: impl FnOnce(&mut Value)) -> Result<(), No> {
    let message = Message::<KeysReceipt>::parse(&sample("receipt for keys ak").with(change))?;
    let eh = Message::<Keys>::parse(&sample("keys ak").text).unwrap().h();
    check::keys_receipt(message, &trusted(), &did(), &eh)?;
    Ok(())
}

#[test]
fn receipt_for_keys() {
    assert_eq!(keys_receipt(|_| {}), Ok(()));
    assert_eq!(
        keys_receipt(|claims| claims["eh"] = H32::from_bytes([1; 32]).to_string().into()),
        fact(Refused::Request)
    );
    assert_eq!(keys_receipt(|claims| claims["aud"] = id(9).to_string().into()), fact(Refused::Audience));
    assert_eq!(keys_receipt(|claims| claims["iss"] = "https://a.example".into()), fact(Refused::Issuer));
    let by_evil = Message::parse(&key("evil").jws(Typ::Receipt, sample("receipt for keys ak").payload)).unwrap();
    let eh = H32::from_bytes([0; 32]);
    assert_eq!(check::keys_receipt(by_evil, &trusted(), &did(), &eh).err(), Some(Refused::Key));
}

/// The receipt of an enrolment or an invitation has more members; as one for keys none of them can be read.
#[test]
fn receipts_of_one_kind_are_no_others() {
    let read = |name: &str| Message::<InviteReceipt>::parse(&sample(name).text).err();
    assert_eq!(read("receipt for keys ak"), Some(FormError::Missing));
    let read = |name: &str| Message::<crate::push::Receipt>::parse(&sample(name).text).err();
    assert_eq!(read("receipt for keys ak"), Some(FormError::Missing));
    assert_eq!(read("receipt for invite"), Some(FormError::Missing));
}

fn invite_by(signer: &str, change: impl FnOnce(&mut Value)) -> Result<bool, No> {
    let mut payload = sample("invite").payload;
    change(&mut payload);
    let message = Message::<Invite>::parse(&key(signer).jws(Typ::Invite, payload))?;
    Ok(check::invite(message, &did(), &base_url(), &key("ak").jwk)?.claims().replace)
}

#[test]
fn invite_by_pk() {
    assert_eq!(invite_by("ak", |_| {}), Ok(false));
    assert_eq!(invite_by("ak", |invite| invite["replace"] = true.into()), Ok(true));
    assert_eq!(invite_by("pk", |_| {}), Err(No::Fact(Refused::Kid)));
    assert_eq!(invite_by("ak", |it| it["iss"] = id(9).to_string().into()), Err(No::Fact(Refused::Issuer)));
    assert_eq!(invite_by("ak", |it| it["aud"] = "https://a.example".into()), Err(No::Fact(Refused::Audience)));
    assert_eq!(invite_by("ak", |it| it["replace"] = 1.into()), Err(No::Form(FormError::Type)));
}

/// The receipt of the published invitation, changed, as the device takes it; then what is sealed in it.
fn invited(change: impl FnOnce(&mut Value)) -> Result<(), No> {
    let eh = Message::<Invite>::parse(&sample("invite").text).unwrap().h();
    let message = Message::<InviteReceipt>::parse(&sample("receipt for invite").with(change))?;
    let receipt = check::invite_receipt(message, &trusted(), &did(), &eh)?;
    let SealedInvite(link) = SealedInvite::open(&receiver(), &receipt.claims().sealed)?;
    assert_eq!(*link.to_https(), *super::link().to_https());
    check::invited(&link, &trusted())?;
    Ok(())
}

/// Puts another invitation under the seal.
fn sealed(change: impl FnOnce(&mut crate::uri::EnrolLink)) -> Result<(), Refused> {
    let mut link = super::link();
    change(&mut link);
    let sealed = SealedInvite(link).seal(receiver().public(), &super::private("as"), &[7; 16]).unwrap();
    let SealedInvite(link) = SealedInvite::open(&receiver(), &sealed).unwrap();
    check::invited(&link, &trusted())
}

#[test]
fn invite_foreign_eh() {
    assert_eq!(invited(|_| {}), Ok(()));
    let other = Message::<Invite>::parse(&sample("invite, to be replaced").text).unwrap().h();
    assert_eq!(invited(|claims| claims["eh"] = other.to_string().into()), fact(Refused::Request));
    assert_eq!(invited(|claims| claims["aud"] = id(9).to_string().into()), fact(Refused::Audience));
    assert_eq!(invited(|claims| claims["iss"] = "https://a.example".into()), fact(Refused::Issuer));
}

#[test]
fn invite_foreign_u() {
    assert_eq!(sealed(|_| {}), Ok(()));
    assert_eq!(sealed(|link| link.u = "https://evil.example/push/v1".parse().unwrap()), Err(Refused::Issuer));
    assert_eq!(sealed(|link| link.u = "https://gate.example.com/push/v2".parse().unwrap()), Err(Refused::Issuer));
}

#[test]
fn invite_foreign_k() {
    assert_eq!(sealed(|link| link.k = key("gk2").kid()), Err(Refused::Key));
    assert_eq!(sealed(|link| link.k = key("gr").kid()), Err(Refused::Key));
}

#[test]
fn sealed_invitation_that_is_none() {
    let seal = |plain: &[u8]| {
        let body = crate::seal::seal(receiver().public(), plain, &super::private("as"), &[7; 16]).unwrap();
        SealedInvite::open(&receiver(), &crate::push::Sealed(body)).err()
    };
    assert_eq!(seal(super::link().to_json().as_bytes()), None, "control");
    for plain in [&b"{}"[..], b"wake", b"", super::link().to_https().as_bytes(), br#"{"ok":"AA"}"#] {
        assert_eq!(seal(plain), Some(Refused::Sealed));
    }
    let other = crate::seal::Receiver::new(&super::private("evil"), receiver().public().auth).unwrap();
    let receipt = Message::<InviteReceipt>::parse(&sample("receipt for invite").text).unwrap();
    assert_eq!(SealedInvite::open(&other, &receipt.claims().sealed).err(), Some(Refused::Sealed));
    assert!(!format!("{:?}", SealedInvite(super::link())).contains("AAECAwQFBgcICQoLDA0ODw"));
}

fn confirm_by(signer: &str, change: impl FnOnce(&mut Value)) -> Result<(), No> {
    let mut payload = sample("confirm").payload;
    change(&mut payload);
    let message = Message::<Confirm>::parse(&key(signer).jws(Typ::Confirm, payload))?;
    check::confirm(message, &did(), &base_url(), &key("ak").jwk)?;
    Ok(())
}

#[test]
fn confirm_by_pk() {
    assert_eq!(confirm_by("ak", |_| {}), Ok(()));
    assert_eq!(confirm_by("pk", |_| {}), fact(Refused::Kid));
}

#[test]
fn confirm_other_device() {
    assert_eq!(confirm_by("ak", |confirm| confirm["iss"] = id(9).to_string().into()), fact(Refused::Issuer));
    assert_eq!(confirm_by("ak", |confirm| confirm["aud"] = "https://a.example".into()), fact(Refused::Audience));
}

#[test]
fn confirm_takes_six_digits() {
    for nm in ["12345", "1234567", "", "12345a", "１２３４５６", "123 456"] {
        assert_eq!(confirm_by("ak", |confirm| confirm["nm"] = nm.into()), Err(No::Form(FormError::Range)), "{nm}");
    }
    assert_eq!(confirm_by("ak", |confirm| confirm["nm"] = 123_456.into()), Err(No::Form(FormError::Type)));
    let message = Message::<Confirm>::parse(&sample("confirm").text).unwrap();
    assert!(!format!("{message:?}").contains("020569"));
}

#[test]
fn put_push_has_at_least_one() {
    let read = |text: &str| crate::json::parse::<PutPush>(text.as_bytes());
    assert_eq!(read("{}"), Err(FormError::Missing));
    assert_eq!(read(r#"{"endpoints":"https://push.example.com"}"#), Err(FormError::Missing));
    assert_eq!(read(r#"{"endpoint":null}"#), Err(FormError::Null));
    assert_eq!(read(r#"{"endpoint":5}"#), Err(FormError::Type));
    assert!(read(r#"{"endpoint":"http://here is form alone"}"#).is_ok());
    let seal = serde_json::to_string(receiver().public()).unwrap();
    assert!(read(&format!(r#"{{"seal":{seal}}}"#)).is_ok());
    assert_eq!(read(&format!(r#"{{"seal":{}}}"#, seal.replace("auth", "oath"))), Err(FormError::Missing));
}

#[test]
fn attestation_challenge_of_a_changed_key() {
    use crate::push::{Nonce, keys_attestation_challenge};
    let nonce = Nonce::try_from("AAAAAA").unwrap();
    let wanted = super::hex("332d9b374f2365e9655410209dadfe08da37b030b1ac2cc7008dc1659e33846c");
    assert_eq!(keys_attestation_challenge(&did(), &nonce).as_bytes().to_vec(), wanted);
    assert_ne!(keys_attestation_challenge(&id(1), &nonce).as_bytes().to_vec(), wanted);
    let longer = Nonce::try_from("AAAAAAA").unwrap();
    assert_ne!(keys_attestation_challenge(&did(), &longer).as_bytes().to_vec(), wanted);
}

#[test]
fn new_secrets_are_not_printed() {
    let ok = Secret::new((0..32).collect());
    let code = crate::push::answer_code(&ok, &H32::from_bytes([0; 32]));
    assert_eq!(format!("{code:?}"), "Code(..)");
}
