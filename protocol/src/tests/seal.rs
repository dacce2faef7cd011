//! Group `seal`, and the sealed bodies of the vectors.

use super::{hex, key, private, receiver, vectors};
use crate::Secret;
use crate::jose::{FormError, Id, Refused, Typ, b64u};
use crate::push::{Message, PushMode, Pushed, WAKE, check};
use crate::seal::{Receiver, open, seal};

const SALT: [u8; 16] = [0x40; 16];

fn body() -> Vec<u8> {
    seal(receiver().public(), b"plain text", &private("as"), &SALT).unwrap()
}

fn refused(body: &[u8]) {
    assert_eq!(open(&receiver(), body).err(), Some(Refused::Sealed));
}

#[test]
fn control() {
    assert!(open(&receiver(), &body()).unwrap().ct_eq(b"plain text"));
}

#[test]
fn published_bodies() {
    let file = vectors!("sealed");
    for case in file["sealed"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str().unwrap();
        let receiver = Receiver::new(&private(text("receiver")), id_of(text("auth"))).unwrap();
        let (plain, salt) = (text("plain").as_bytes(), hex(text("salt")).try_into().unwrap());
        let body = seal(receiver.public(), plain, &private(text("sender")), &salt).unwrap();
        assert_eq!(body, hex(text("body")), "{}", case["name"]);
        assert_eq!(body.len(), if plain.len() < 1024 { 1126 } else { 2150 });
        assert!(open(&receiver, &body).unwrap().ct_eq(plain));
    }
}

fn id_of(text: &str) -> Id {
    Id::from_bytes(hex(text).try_into().unwrap())
}

/// RFC 8291 section 5: the same keys come out; as a body of this protocol it has the wrong size.
#[test]
fn rfc_8291_section_5() {
    let file = vectors!("sealed");
    let case = &file["rfc8291_5"];
    let bytes = |name: &str| b64u::decode(case[name].as_str().unwrap()).unwrap();
    let secret = Secret::new(bytes("receiver"));
    let receiver = Receiver::new(&secret, Id::from_bytes(bytes("auth").try_into().unwrap())).unwrap();
    assert_eq!(receiver.public().p256dh.0.as_sec1().to_vec(), bytes("receiver_public"));
    let opened = crate::seal::open_any_size(&receiver, &bytes("body")).unwrap();
    assert!(opened.ct_eq(case["plain"].as_str().unwrap().as_bytes()));
    assert_eq!(open(&receiver, &bytes("body")).err(), Some(Refused::Sealed));

    let ours =
        seal(receiver.public(), opened.expose(), &Secret::new(bytes("sender")), &bytes("salt").try_into().unwrap());
    assert_eq!(ours.unwrap()[..86], bytes("body")[..86], "the same header");
}

#[test]
fn flipped() {
    let body = body();
    for at in 0..body.len() {
        let mut flipped = body.clone();
        flipped[at] ^= 0x80;
        refused(&flipped);
    }
}

#[test]
fn other_key() {
    let other = Receiver::new(&private("evil"), receiver().public().auth).unwrap();
    assert_eq!(open(&other, &body()).err(), Some(Refused::Sealed));
}

#[test]
fn other_auth() {
    let other = Receiver::new(&private("seal"), Id::from_bytes([0; 16])).unwrap();
    assert_eq!(open(&other, &body()).err(), Some(Refused::Sealed));
}

#[test]
fn unsealed() {
    refused(b"plain text");
    refused(&[b"plain text".as_slice(), &[0; 1116]].concat());
}

#[test]
fn size_1000() {
    refused(&crate::seal::seal_to_size(receiver().public(), b"plain text", &private("as"), &SALT, 1000).unwrap());
    refused(&crate::seal::seal_to_size(receiver().public(), b"plain text", &private("as"), &SALT, 4096).unwrap());
}

#[test]
fn unpadded() {
    let body = crate::seal::seal_to_size(receiver().public(), b"plain text", &private("as"), &SALT, 11).unwrap();
    assert!(crate::seal::open_any_size(&receiver(), &body).unwrap().ct_eq(b"plain text"), "control");
    refused(&body);
}

#[test]
fn rs_other() {
    for size in [0_u32, 17, 1040, 1041, 4095, 4097, u32::MAX] {
        let mut body = body();
        body[16..20].copy_from_slice(&size.to_be_bytes());
        refused(&body);
    }
}

#[test]
fn two_records() {
    refused(&[body(), body()[86..].to_vec()].concat());
    let mut longer = body();
    longer.extend_from_slice(&[0; 1024]);
    refused(&longer);
}

#[test]
fn as_off_curve() {
    let mut body = body();
    let mut point = key("as").jwk.to_sec1();
    point[64] ^= 1;
    body[21..86].copy_from_slice(&point);
    refused(&body);
    body[21..86].copy_from_slice(&[0; 65]);
    refused(&body);
}

#[test]
fn empty() {
    refused(b"");
    refused(&[0; 86]);
}

#[test]
fn garbage() {
    for size in [1126, 2150] {
        refused(&vec![0; size]);
        refused(&(0..size).map(|n| (n * 7 % 251) as u8).collect::<Vec<u8>>());
    }
}

/// A body that opens and holds something else than a challenge or `wake`.
#[test]
fn other_text() {
    let file = vectors!("sealed");
    let refused = file["refused"].as_array().unwrap();
    assert!(refused.len() >= 7);
    for case in refused {
        let body = hex(case["body"].as_str().unwrap());
        let plain = open(&receiver(), &body).unwrap();
        assert!(plain.ct_eq(case["plain"].as_str().unwrap().as_bytes()), "control: it opens");
        assert_eq!(Pushed::open(&receiver(), &body).err(), Some(Refused::Sealed), "{}", case["name"]);
    }
}

fn pushed(text: &str) -> Result<Pushed, Refused> {
    Pushed::open(&receiver(), &seal(receiver().public(), text.as_bytes(), &private("as"), &SALT).unwrap())
}

#[test]
fn control_pushed() {
    assert_eq!(pushed("wake"), Ok(Pushed::Wake));
    let text = super::sample("challenge").text;
    assert_eq!(pushed(&text), Ok(Pushed::Challenge(Box::new(Message::parse(&text).unwrap()))));
}

/// What a relay seals itself is right in form, and by no key that counts: nothing of it is shown.
#[test]
fn forged_inside() {
    let forged = key("evil").jws(Typ::Challenge, super::sample("challenge").payload_text);
    let Ok(Pushed::Challenge(message)) = pushed(&forged) else { panic!("it opens") };
    let taken = check::challenge(*message, &super::trusted(), &super::did(), super::NOW, |_| false);
    assert_eq!(taken.err(), Some(Refused::Key));
}

#[test]
fn what_is_pushed_for_a_challenge() {
    let long = "x".repeat(2048);
    assert_eq!(Pushed::plain("a.b.c", PushMode::Sealed), "a.b.c");
    assert_eq!(Pushed::plain("a.b.c", PushMode::Wake), WAKE);
    assert_eq!(Pushed::plain(&long[1..], PushMode::Sealed), &long[1..]);
    assert_eq!(Pushed::plain(&long, PushMode::Sealed), WAKE);
}

#[test]
fn too_long_a_text_is_not_sealed() {
    let sealed = |len: usize| seal(receiver().public(), &vec![7; len], &private("as"), &SALT).map(|body| body.len());
    assert_eq!([sealed(0), sealed(1023), sealed(1024), sealed(2047)], [Ok(1126), Ok(1126), Ok(2150), Ok(2150)]);
    assert_eq!(sealed(2048), Err(FormError::Large));
}

#[test]
fn not_every_32_bytes_are_a_key() {
    let receiver = |bytes: [u8; 32]| Receiver::new(&Secret::from_slice(&bytes), Id::from_bytes([0; 16]));
    assert_eq!([[0; 32], [0xff; 32]].map(|bytes| receiver(bytes).err()), [Some(FormError::Key); 2]);
    assert!(receiver([1; 32]).is_ok());
    let sealed = seal(super::receiver().public(), b"", &Secret::new(vec![0; 32]), &SALT);
    assert_eq!(sealed.err(), Some(FormError::Key));
}

#[test]
fn prints_no_secret() {
    let printed = format!("{:?} {:?}", receiver(), receiver().public());
    assert_eq!(printed.matches(&receiver().public().thumbprint().to_string()).count(), 2);
    assert!(!printed.contains(&receiver().public().auth.to_string()));
}
