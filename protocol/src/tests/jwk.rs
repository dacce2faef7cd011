//! Group `jwk`: keys inside messages.

use serde_json::{Value, json};

use super::{No, key, sample, set};
use crate::jose::{FormError, b64u};

fn refused(change: impl Fn(&mut Value), reason: FormError) {
    for (name, pointer) in
        [("metadata", "/keys/0"), ("metadata with everything", "/grk"), ("enrol", "/keys/ak"), ("enrol", "/keys/pk")]
    {
        let sample = sample(name);
        let text = sample.with(|payload| change(payload.pointer_mut(pointer).unwrap()));
        assert_eq!(sample.read(&text), Err(No::Form(reason)), "{name} {pointer}");
    }
}

/// The same for a point as base64url.
fn point_refused(point: &[u8], reason: FormError) {
    for (name, pointer) in [("metadata with everything", "/vapid"), ("enrol", "/keys/seal/p256dh")] {
        let sample = sample(name);
        let text = sample.with(|payload| set(payload, pointer, b64u::encode(point).into()));
        assert_eq!(sample.read(&text), Err(No::Form(reason)), "{name} {pointer}");
    }
}

#[test]
fn off_curve() {
    refused(|jwk| jwk["y"] = jwk["x"].clone(), FormError::Key);
    refused(|jwk| jwk["x"] = b64u::encode(&[0xff; 32]).into(), FormError::Key);
    let mut point = key("as").jwk.to_sec1();
    point[64] ^= 1;
    point_refused(&point, FormError::Key);
}

#[test]
fn extra_member() {
    refused(|jwk| jwk["use"] = "sig".into(), FormError::Unexpected);
    refused(|jwk| jwk["kid"] = "a".into(), FormError::Unexpected);
}

#[test]
fn private_d() {
    refused(|jwk| jwk["d"] = b64u::encode(&[1; 32]).into(), FormError::Unexpected);
}

#[test]
fn short_x() {
    refused(|jwk| jwk["x"] = b64u::encode(&[1; 31]).into(), FormError::Size);
    refused(|jwk| jwk["y"] = b64u::encode(&[1; 33]).into(), FormError::Size);
    refused(|jwk| jwk["x"] = format!("{}=", jwk["x"].as_str().unwrap()).into(), FormError::Size);
}

#[test]
fn compressed_point() {
    let full = key("as").jwk.to_sec1();
    point_refused(&[&[2 + (full[64] & 1)], &full[1..33]].concat(), FormError::Size);
    point_refused(&[&[6 + (full[64] & 1)], &full[1..]].concat(), FormError::Key);
    point_refused(&[0], FormError::Size);
    refused(
        |jwk| {
            jwk.as_object_mut().unwrap().remove("y");
        },
        FormError::Missing,
    );
}

#[test]
fn other_curve() {
    refused(|jwk| jwk["crv"] = "P-384".into(), FormError::OutsideSet);
    refused(|jwk| *jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": jwk["x"]}), FormError::Missing);
}
