//! Every value of the table in push-v1 section 14 that concerns these messages, and every published
//! message written again from its claims.

use serde_json::Value;

use super::{Sample, base_url, did, hex, id, key, link, sample, vectors};
use crate::jose::{Claims, FormError, H32, Id, Jwk, Jws, SigningInput, Typ, b64u};
use crate::push::{
    Answer, Challenge, Confirm, Enrol, EnrolRequest, Gone, Invite, InviteReceipt, Keys, KeysReceipt, Link, Message,
    Metadata, Outcome, Pop, Proof, Receipt, confirmation_digits,
};
use crate::uri::{EnrolLink, LoginLink, QrSecret};

fn h32(text: &str) -> H32 {
    text.parse().unwrap()
}

fn enrol() -> Message<Enrol> {
    Message::parse(&sample("enrol").text).unwrap()
}

#[test]
fn table_what_the_code_makes() {
    let code = link().c;
    assert_eq!(code.id().to_string(), "1phM9WAcccBJeXs0LM_O6g");
    let ac = hex("a57275e122d1945b6255f80dd671bd3d5b860f4e33627e1b0775f94fabd0bf74");
    assert_eq!(code.attestation_challenge().as_bytes().to_vec(), ac);

    let file = vectors!("primitives");
    let a3 = file["rfc7515_a_3"]["signing_input"].as_str().unwrap().as_bytes();
    assert_eq!(code.cm(a3), h32("A6Uo1smqUOdi01HXJgS7CPVo-4hkTSW0187Bqt-hpmA"));
    let cm = h32("vsWEUP_iFIBU1S_P98wxaPLT8ofHKGlga8D90DRjDSE");
    let enrol = enrol();
    assert_eq!(code.cm(enrol.jws().signing_input().as_bytes()), cm);
    assert!(code.cm_fits(enrol.jws().signing_input().as_bytes(), &cm));
    assert!(!code.cm_fits(a3, &cm));
}

#[test]
fn table_thumbprints() {
    let file = vectors!("primitives");
    let rfc7638 = &file["rfc7638_3_1"];
    let json = rfc7638["json"].as_str().unwrap();
    assert_eq!(H32::sha256(&[json.as_bytes()]), h32("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    assert_eq!(key("gk").kid(), h32("NVgelvaSDEyy4ZDTC9fwAtCKRY-K4y3gxXjPivrv_38"));
}

#[test]
fn table_hashes() {
    let file = vectors!("primitives");
    let a3 = &file["rfc7515_a_3"];
    let hash = H32::sha256(&[a3["signing_input"].as_str().unwrap().as_bytes()]);
    assert_eq!(hash, h32("IcZzaPQ2V39Ef4BRYsoTuA0Eaj_kZyR-ZepHeqdQ-i4"));

    let enrol = enrol();
    assert_eq!(enrol.h(), h32("XxB-8hzaZAh0BkBKmcIMPbWXZ2DG2td00ZkuebODgHU"));
    assert_eq!(enrol.jws().signing_input().len(), 1089);
    let challenge = Message::<Challenge>::parse(&sample("challenge").text).unwrap();
    assert_eq!(challenge.h(), h32("Qlx0vfDUfPj-Em3hA9VHnvVqaj-cz3QkUhPVjMSG5cY"));

    assert_eq!(H32::sha256(&[]), h32("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"));
    let id9 = id(9);
    let echo = format!(r#"{{"wait":30,"have":["{id9}"],"seen":["{id9}"],"device":"active","meta":[1,3]}}"#);
    assert_eq!(H32::sha256(&[echo.as_bytes()]), h32("eCAaJ-0UutKznre9cvGIdKqcGE3apbzdsy_nWJAX5v8"));
    let read: crate::push::Echo = crate::json::parse(echo.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), echo);
}

#[test]
fn table_confirmation_digits() {
    let (zero_h, zero_id) = (H32::from_bytes([0; 32]), Id::from_bytes([0; 16]));
    assert_eq!(confirmation_digits(&zero_h, &zero_id), "216027");
    assert_ne!(confirmation_digits(&zero_h, &zero_id), "348566", "the bytes are hashed, not their characters");
    let eh = enrol().h();
    assert_eq!(confirmation_digits(&eh, &did()), "097307");
    assert_ne!(confirmation_digits(&eh, &did()), "436550");
    let mut last = [0; 16];
    last[15] = 0x18;
    assert_eq!(confirmation_digits(&eh, &Id::from_bytes(last)), "020569");
}

#[test]
fn table_login_qr() {
    let link = LoginLink { host: "gate.example.com".to_owned(), aid: id(4), qs: QrSecret(id(7)) };
    let text = "https://gate.example.com/approve#1.BAQEBAQEBAQEBAQEBAQEBAcHBwcHBwcHBwcHBwcHBwc";
    assert_eq!(*link.to_text(), text);
    assert_eq!(LoginLink::parse(text), Ok(link));
}

#[test]
fn published_code() {
    let file = vectors!("code");
    let code = link().c;
    assert_eq!(code.secret().expose().to_vec(), hex(file["c"].as_str().unwrap()));
    assert_eq!(code.id().to_string(), file["e"].as_str().unwrap());
    for case in file["cm"].as_array().unwrap() {
        let input = case["signing_input"].as_str().unwrap().as_bytes();
        assert_eq!(code.cm(input).to_string(), case["cm"].as_str().unwrap());
    }
    for case in file["digits"].as_array().unwrap() {
        let (eh, did) = (h32(case["eh"].as_str().unwrap()), case["did"].as_str().unwrap().parse().unwrap());
        assert_eq!(confirmation_digits(&eh, &did), case["digits"].as_str().unwrap());
    }
}

#[test]
fn published_keys() {
    let file = vectors!("keys");
    let keys = file["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 12);
    for case in keys {
        let name = case["name"].as_str().unwrap();
        assert_eq!(super::private(name).expose().to_vec(), hex(case["private"].as_str().unwrap()));
        let jwk: Jwk = crate::json::parse(case["jwk"].to_string().as_bytes()).unwrap();
        assert_eq!(jwk, key(name).jwk);
        assert_eq!(jwk.thumbprint().to_string(), case["thumbprint"].as_str().unwrap());
        assert_eq!(b64u::encode(&jwk.to_sec1()), case["p256dh"].as_str().unwrap());
    }
}

#[test]
fn published_links() {
    let file = vectors!("links");
    for case in file["enrol"].as_array().unwrap() {
        let (https, scheme) = (case["https"].as_str().unwrap(), case["scheme"].as_str().unwrap());
        for text in [https, scheme] {
            let link = EnrolLink::parse(text).unwrap();
            assert_eq!((link.to_https().as_str(), link.to_scheme().as_str()), (https, scheme));
            let members = &case["members"];
            assert_eq!(link.u.as_str(), members["u"].as_str().unwrap());
            assert_eq!(link.k.to_string(), members["k"].as_str().unwrap());
            assert_eq!(b64u::encode(link.c.secret().expose()), members["c"].as_str().unwrap());
            assert_eq!(Some(link.x), members["x"].as_u64());
            assert_eq!(link.p.map(|pin| pin.to_string()).as_deref(), members["p"].as_str());
        }
    }
    for case in file["approve"].as_array().unwrap() {
        let link = LoginLink::parse(case["text"].as_str().unwrap()).unwrap();
        assert_eq!(link.host, case["host"].as_str().unwrap());
        assert_eq!(link.aid.to_string(), case["aid"].as_str().unwrap());
        assert_eq!(link.qs.0.to_string(), case["qs"].as_str().unwrap());
        assert!(!format!("{link:?}").contains(&link.qs.0.to_string()));
    }
    for case in file["bad_approve"].as_array().unwrap() {
        assert!(LoginLink::parse(case["text"].as_str().unwrap()).is_err(), "{}", case["name"]);
    }
}

/// Writes the claims of a text again: the same characters, the same hash, the same signature.
fn again<T: Claims>(case: &Value, sample: &Sample) {
    let message = Message::<T>::parse(&sample.text).unwrap();
    let input = SigningInput::of(sample.key.kid(), message.claims());
    // A word of an open set that is not known is never sent.
    if case["name"] != "gone, a word of later" {
        let input = input.unwrap();
        assert_eq!(input.as_str(), message.jws().signing_input(), "{}", case["name"]);
        assert_eq!(input.h().to_string(), case["h"].as_str().unwrap());
        assert_eq!(input.attach(sample.key.sign(input.as_bytes())), sample.text, "{}", case["name"]);
    }
    assert_eq!(message.jws().payload(), sample.payload_text.as_bytes());
    assert_eq!(Message::<T>::parse(&sample.twin).unwrap().h(), message.h(), "the twin has the same hash");
}

#[test]
fn published_messages() {
    let file = vectors!("messages");
    let (messages, proofs) = (file["messages"].as_array().unwrap(), file["proofs"].as_array().unwrap());
    for case in messages.iter().chain(proofs) {
        let sample = Sample::of(case);
        for text in [&sample.text, &sample.twin] {
            assert_eq!(sample.read(text), Ok(()), "{}", case["name"]);
            assert!(text.len() <= sample.typ.limit());
        }
        match sample.typ {
            Typ::Meta => again::<Metadata>(case, &sample),
            Typ::Enrol => again::<Enrol>(case, &sample),
            Typ::Receipt if sample.name.starts_with("receipt for keys") => again::<KeysReceipt>(case, &sample),
            Typ::Receipt if sample.name.starts_with("receipt for invite") => again::<InviteReceipt>(case, &sample),
            Typ::Receipt => again::<Receipt>(case, &sample),
            Typ::Challenge => again::<Challenge>(case, &sample),
            Typ::Answer => again::<Answer>(case, &sample),
            Typ::Result => again::<Outcome>(case, &sample),
            Typ::Gone => again::<Gone>(case, &sample),
            Typ::Proof => again::<Proof>(case, &sample),
            Typ::Link => again::<Link>(case, &sample),
            Typ::Keys => again::<Keys>(case, &sample),
            Typ::Pop => again::<Pop>(case, &sample),
            Typ::Invite => again::<Invite>(case, &sample),
            Typ::Confirm => again::<Confirm>(case, &sample),
        }
    }
    for case in proofs {
        let proof = Message::<Proof>::parse(case["jws"].as_str().unwrap()).unwrap();
        assert_eq!(proof.claims().htu, case["url"].as_str().unwrap());
        assert_eq!(proof.claims().bh, H32::sha256(&[case["body"].as_str().unwrap().as_bytes()]));
        assert_eq!(proof.claims().bh.to_string(), case["bh"].as_str().unwrap());
    }
}

/// An enrolment body is what the code binds: the request is checked against it as a gateway does.
#[test]
fn published_enrolment() {
    let file = vectors!("messages");
    let body = file["proofs"].as_array().unwrap().iter().find(|proof| proof["name"] == "proof POST enrol").unwrap();
    let request: EnrolRequest = crate::json::parse(body["body"].as_str().unwrap().as_bytes()).unwrap();
    assert!(link().c.cm_fits(request.enrol.jws().signing_input().as_bytes(), &request.cm));
    let keys = request.enrol.claims().keys.clone();
    assert_eq!(crate::push::check::keys_differ(&keys), Ok(()));
    let enrol = request.enrol.verify(&keys.ak).unwrap();
    assert_eq!(crate::push::check::enrol_addressed(&enrol, &base_url(), &key("gk").kid()), Ok(()));
}

/// RFC 7515 A.3: the signature verifies, and as a message of this protocol it is refused.
#[test]
fn rfc_7515_a_3() {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    let file = vectors!("primitives");
    let a3 = &file["rfc7515_a_3"];
    let jwk: Jwk = crate::json::parse(a3["jwk"].to_string().as_bytes()).unwrap();
    let (input, signature) = (a3["signing_input"].as_str().unwrap(), a3["signature"].as_str().unwrap());
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, jwk.to_sec1())
        .verify(input.as_bytes(), &b64u::decode(signature).unwrap())
        .unwrap();
    for typ in Typ::ALL {
        assert_eq!(Jws::parse(&format!("{input}.{signature}"), typ), Err(FormError::Header));
    }
}

/// RFC 6979 A.2.5: what the vectors here are signed with is what the standard says.
#[test]
fn rfc_6979_a_2_5() {
    use p256::ecdsa::signature::Signer as _;
    let file = vectors!("primitives");
    let case = &file["rfc6979_a_2_5"];
    let secret = p256::SecretKey::from_slice(&hex(case["private"].as_str().unwrap())).unwrap();
    let key = p256::ecdsa::SigningKey::from(secret);
    for case in case["signatures"].as_array().unwrap() {
        let signature: p256::ecdsa::Signature = key.sign(case["message"].as_str().unwrap().as_bytes());
        let expected = [hex(case["r"].as_str().unwrap()), hex(case["s"].as_str().unwrap())].concat();
        assert_eq!(signature.to_bytes().to_vec(), expected);
    }
}

/// A message over its limit, or one that the other side would refuse, is not made in the first place.
#[test]
fn what_would_be_refused_is_not_signed() {
    let answer = Message::<Answer>::parse(&sample("answer deny").text).unwrap().claims().clone();
    let approve = Answer { res: crate::push::Res::Approve, ..answer.clone() };
    assert_eq!(SigningInput::of(key("ak").kid(), &approve), Err(FormError::Unexpected));
    let late = Answer { iat: 1 << 53, ..answer };
    assert_eq!(SigningInput::of(key("pk").kid(), &late), Err(FormError::Number));
    let proof = Message::<Proof>::parse(&sample("proof POST poll").text).unwrap().claims().clone();
    let long = Proof { htu: "x".repeat(3000), ..proof };
    assert_eq!(SigningInput::of(key("pk").kid(), &long), Err(FormError::Large));
}
