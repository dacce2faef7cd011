//! Group `enrol_phone`: a hostile QR, a hostile receipt.

use serde_json::{Value, json};

use super::{No, base_url, key, link, receiver, sample, trusted};
use crate::Secret;
use crate::jose::{FormError, H32, Refused, b64u};
use crate::push::{EnrolCode, Message, Receipt, SealedReceipt, check};
use crate::seal::{self, Receiver};
use crate::uri::{EnrolLink, LinkError};

/// The link's JSON, changed, behind a host.
fn qr(host: &str, change: impl FnOnce(&mut Value)) -> Result<EnrolLink, LinkError> {
    let mut members = json!({"u": base_url(), "k": key("gk").kid(), "c": b64u::encode(&[7; 16]), "x": super::NOW});
    change(&mut members);
    EnrolLink::parse(&format!("https://{host}/enrol#1.{}", b64u::encode(members.to_string().as_bytes())))
}

fn u_refused(u: &str) {
    let error = qr("gate.example.com", |members| members["u"] = u.into()).err();
    assert_eq!(error, Some(LinkError::Form(FormError::BaseUrl)), "{u}");
}

#[test]
fn control_qr() {
    assert_eq!(qr("gate.example.com", |_| {}).unwrap().u, base_url());
    let unknown = qr("gate.example.com", |members| members["new"] = json!({"a": 1}));
    assert_eq!(unknown.unwrap().x, super::NOW);
}

#[test]
fn qr_http() {
    u_refused("http://gate.example.com/push/v1");
    let text = link().to_https().replacen("https", "http", 1);
    assert_eq!(EnrolLink::parse(&text).err(), Some(LinkError::Other));
}

#[test]
fn qr_slash() {
    u_refused("https://gate.example.com/push/v1/");
}

#[test]
fn qr_upper_host() {
    u_refused("https://Gate.example.com/push/v1");
    assert_eq!(qr("Gate.example.com", |_| {}).err(), Some(LinkError::Host));
}

#[test]
fn qr_user() {
    u_refused("https://user@gate.example.com/push/v1");
    assert_eq!(qr("user@gate.example.com", |_| {}).err(), Some(LinkError::Host));
}

#[test]
fn qr_query() {
    u_refused("https://gate.example.com/push/v1?a=b");
    let text = link().to_https().replacen("/enrol#", "/enrol?a#", 1);
    assert_eq!(EnrolLink::parse(&text).err(), Some(LinkError::Other));
}

#[test]
fn qr_port_443() {
    u_refused("https://gate.example.com:443/push/v1");
    assert_eq!(qr("gate.example.com:443", |_| {}).err(), Some(LinkError::Host));
}

#[test]
fn qr_dot_segment() {
    u_refused("https://gate.example.com/push/../v1");
    u_refused("https://gate.example.com/./v1");
}

#[test]
fn qr_host_differs() {
    for host in ["evil.example", "gate.example.com.evil.example", "gate.example.com:8443", ""] {
        assert_eq!(qr(host, |_| {}).err(), Some(LinkError::Host), "{host}");
    }
}

#[test]
fn qr_version_2() {
    for text in [link().to_https(), link().to_scheme()] {
        for version in ["2", "10", "0", "01"] {
            let text = text.replacen("#1.", &format!("#{version}."), 1);
            assert_eq!(EnrolLink::parse(&text).err(), Some(LinkError::Version));
        }
        for version in ["", "x", "-1", "1 "] {
            let text = text.replacen("#1.", &format!("#{version}."), 1);
            assert_eq!(EnrolLink::parse(&text).err(), Some(LinkError::Form(FormError::Link)));
        }
    }
}

#[test]
fn qr_members() {
    for name in ["u", "k", "c", "x"] {
        let without = qr("gate.example.com", |members| {
            members.as_object_mut().unwrap().remove(name);
        });
        assert_eq!(without.err(), Some(LinkError::Form(FormError::Missing)), "{name}");
    }
    let short = qr("gate.example.com", |members| members["c"] = b64u::encode(&[7; 15]).into());
    assert_eq!(short.err(), Some(LinkError::Form(FormError::Size)));
    let long = format!("{}{}", *link().to_https(), "A".repeat(crate::limits::SCANNED_TEXT));
    assert_eq!(EnrolLink::parse(&long).err(), Some(LinkError::Form(FormError::Large)));
}

#[test]
fn qr_k_foreign() {
    let foreign = EnrolLink { k: key("evil").kid(), ..link() };
    let metadata = Message::parse(&sample("metadata").text).unwrap();
    assert_eq!(check::metadata_first(metadata, &foreign, super::NOW), Err(Refused::Key));
}

#[test]
fn p_not_in_pins() {
    let pin = H32::sha256(&[b"a certificate key"]);
    let with_pin = |pin| EnrolLink { p: Some(pin), ..link() };
    let take = |name: &str, link: &EnrolLink| {
        check::metadata_first(Message::parse(&sample(name).text).unwrap(), link, super::NOW).err()
    };
    assert_eq!(take("metadata", &with_pin(pin)), Some(Refused::Pin), "no pins at all");
    assert_eq!(take("metadata with everything", &with_pin(H32::sha256(&[b"other"]))), Some(Refused::Pin));
    assert_eq!(take("metadata with everything", &with_pin(pin)), None, "control");
}

/// The published receipt, changed, as the device takes it.
fn receipt(change: impl FnOnce(&mut Value)) -> Result<Receipt, No> {
    let eh = sample_eh();
    let message = Message::parse(&sample("receipt").with(change))?;
    Ok(check::receipt(message, &trusted(), &eh)?.into_claims())
}

fn sample_eh() -> H32 {
    Message::<crate::push::Enrol>::parse(&sample("enrol").text).unwrap().h()
}

#[test]
fn control_receipt() {
    let receipt = receipt(|_| {}).unwrap();
    assert_eq!(receipt.aud, super::did());
    let sealed = SealedReceipt::open(&receiver(), &receipt.sealed).unwrap();
    assert!(sealed.ok.ct_eq(&(0..32).collect::<Vec<u8>>()));
    assert!(sealed.totp.unwrap().expose().starts_with(b"otpauth://totp/"));
}

#[test]
fn receipt_foreign_eh() {
    let foreign = receipt(|claims| claims["eh"] = b64u::encode(&[1; 32]).into());
    assert_eq!(foreign, Err(No::Fact(Refused::Request)));
}

#[test]
fn receipt_no_eh() {
    let without = receipt(|claims| super::drop_member(claims, "/eh"));
    assert_eq!(without, Err(No::Form(FormError::Missing)));
}

#[test]
fn receipt_other_iss() {
    let other = receipt(|claims| claims["iss"] = "https://gate.example.com/push/v2".into());
    assert_eq!(other, Err(No::Fact(Refused::Issuer)));
}

#[test]
fn receipt_by_another_key() {
    let sample = sample("receipt");
    for name in ["evil", "gk2", "gr", "ak"] {
        let message = Message::parse(&key(name).jws(sample.typ, &sample.payload_text)).unwrap();
        assert_eq!(check::receipt(message, &trusted(), &sample_eh()).err(), Some(Refused::Key));
    }
}

#[test]
fn receipt_did_15() {
    let short = receipt(|claims| claims["aud"] = b64u::encode(&[1; 15]).into());
    assert_eq!(short, Err(No::Form(FormError::Size)));
}

#[test]
fn receipt_sealed_flipped() {
    let receipt = receipt(|_| {}).unwrap();
    for at in 0..receipt.sealed.0.len() {
        let mut flipped = receipt.sealed.clone();
        flipped.0[at] ^= 1;
        assert_eq!(SealedReceipt::open(&receiver(), &flipped).err(), Some(Refused::Sealed), "byte {at}");
    }
}

#[test]
fn receipt_sealed_other_key() {
    let receipt = receipt(|_| {}).unwrap();
    let other = Receiver::new(&super::private("evil"), receiver().public().auth).unwrap();
    assert_eq!(SealedReceipt::open(&other, &receipt.sealed).err(), Some(Refused::Sealed));
}

/// A sealed part with that plain text.
fn opened(plain: &str) -> Option<Refused> {
    let body = seal::seal(receiver().public(), plain.as_bytes(), &super::private("as"), &[9; 16]).unwrap();
    SealedReceipt::open(&receiver(), &crate::push::Sealed(body)).err()
}

#[test]
fn receipt_ok_31() {
    let ok = |len| format!(r#"{{"ok":"{}"}}"#, b64u::encode(&vec![1; len]));
    assert_eq!(opened(&ok(32)), None, "control");
    assert_eq!(opened(&ok(31)), Some(Refused::Sealed));
    assert_eq!(opened(&ok(33)), Some(Refused::Sealed));
    assert_eq!(opened("{}"), Some(Refused::Sealed));
    assert_eq!(opened("wake"), Some(Refused::Sealed));
    let short = SealedReceipt { ok: Secret::new(vec![1; 31]), totp: None };
    let sealed = short.seal(receiver().public(), &super::private("as"), &[9; 16]);
    assert_eq!(sealed.err(), Some(FormError::Size), "nor is it sent");
}

#[test]
fn receipt_totp() {
    let totp = |text: &str| opened(&json!({"ok": b64u::encode(&[1; 32]), "totp": text}).to_string());
    assert_eq!(totp(&format!("otpauth://totp/{}", "a".repeat(1009))), None, "1024 bytes");
    for text in
        [&format!("otpauth://totp/{}", "a".repeat(1010)), "", "https://totp/", "otpauth://hotp/a", "otpauth://totp/ä"]
    {
        assert_eq!(totp(text), Some(Refused::Sealed), "{text}");
    }
}

#[test]
fn receipt_none_sealed() {
    assert_eq!(receipt(|claims| super::drop_member(claims, "/sealed")), Err(No::Form(FormError::Missing)));
    let empty = receipt(|claims| claims["sealed"] = "".into()).unwrap();
    assert_eq!(SealedReceipt::open(&receiver(), &empty.sealed).err(), Some(Refused::Sealed));
}

/// A receipt cannot say that a device is active: the name is unknown and nothing comes of it.
#[test]
fn receipt_active_lie() {
    let lied = receipt(|claims| claims["device"] = "active".into());
    assert_eq!(lied, receipt(|_| {}));
}

#[test]
fn sealed_receipt_comes_back() {
    for totp in [None, Some("otpauth://totp/a%20b?secret=AA&x=\"\\")] {
        let sent =
            SealedReceipt { ok: Secret::new(vec![5; 32]), totp: totp.map(|text| Secret::from_slice(text.as_bytes())) };
        let sealed = sent.seal(receiver().public(), &super::private("as"), &[9; 16]).unwrap();
        let got = SealedReceipt::open(&receiver(), &sealed).unwrap();
        assert!(got.ok.ct_eq(&[5; 32]));
        assert_eq!(got.totp.map(|totp| totp.expose().to_vec()).as_deref(), totp.map(str::as_bytes));
        assert_eq!(format!("{sent:?}").matches("Secret(..)").count(), 1 + usize::from(totp.is_some()));
    }
}

#[test]
fn the_secret_is_not_printed() {
    let link = EnrolLink { c: EnrolCode::new(Secret::from_slice(b"sixteen letters!")).unwrap(), ..link() };
    let printed = format!("{link:?} {link}");
    assert!(!printed.contains("sixteen") && !printed.contains(&b64u::encode(b"sixteen letters!")), "{printed}");
}
