//! Group `jws`: every kind of message, in every shape but its own.

use serde_json::{Value, json};

use super::{No, Sample, every_kind, key};
use crate::jose::{FormError, Refused, Typ, b64u, signature_from_der};

fn each(check: impl Fn(&Sample)) {
    for sample in every_kind() {
        assert_eq!(sample.read(&sample.text), Ok(()), "control: {}", sample.typ.as_str());
        check(&sample);
    }
}

/// The message with another header, properly signed.
fn with_header(sample: &Sample, header: impl ToString) -> Result<(), No> {
    let text = sample.key.compact(header.to_string().as_bytes(), sample.payload_text.as_bytes());
    sample.read(&text)
}

fn header(sample: &Sample) -> Value {
    json!({"alg": "ES256", "kid": sample.key.kid(), "typ": sample.typ.as_str()})
}

/// The message with another signature part.
fn with_signature(sample: &Sample, signature: &str) -> Result<(), No> {
    let (input, _) = sample.text.rsplit_once('.').unwrap();
    sample.read(&format!("{input}.{signature}"))
}

#[test]
fn other_key() {
    let evil = key("evil");
    each(|sample| {
        assert_eq!(sample.read(&evil.jws(sample.typ, &sample.payload_text)), Err(No::Fact(Refused::Kid)));
    });
}

#[test]
fn kid_lies() {
    let evil = key("evil");
    each(|sample| {
        let text = evil.compact(header(sample).to_string().as_bytes(), sample.payload_text.as_bytes());
        assert_eq!(sample.read(&text), Err(No::Fact(Refused::Signature)));
    });
}

#[test]
fn typ_swapped() {
    each(|sample| {
        for other in Typ::ALL.into_iter().filter(|other| *other != sample.typ) {
            let text = sample.key.jws(other, &sample.payload_text);
            assert_eq!(sample.read(&text), Err(No::Form(FormError::Typ)), "{}", other.as_str());
        }
    });
}

fn typ_is(change: impl Fn(&str) -> String) {
    each(|sample| {
        let mut header = header(sample);
        header["typ"] = change(sample.typ.as_str()).into();
        assert_eq!(with_header(sample, header), Err(No::Form(FormError::Typ)));
    });
}

#[test]
fn typ_upper() {
    typ_is(str::to_ascii_uppercase);
}

#[test]
fn typ_application() {
    typ_is(|typ| format!("application/{typ}"));
}

fn alg_is(alg: &str) {
    each(|sample| {
        let mut header = header(sample);
        header["alg"] = alg.into();
        assert_eq!(with_header(sample, &header), Err(No::Form(FormError::Alg)));
        let header = b64u::encode(header.to_string().as_bytes());
        let unsigned = format!("{header}.{}.", b64u::encode(sample.payload_text.as_bytes()));
        assert_eq!(sample.read(&unsigned), Err(No::Form(FormError::Alg)));
    });
}

#[test]
fn alg_none() {
    alg_is("none");
    alg_is("None");
    alg_is("");
}

#[test]
fn alg_hs256() {
    alg_is("HS256");
}

#[test]
fn alg_es384() {
    alg_is("ES384");
    alg_is("es256");
}

fn header_is(change: impl Fn(&mut Value), reason: FormError) {
    each(|sample| {
        let mut header = header(sample);
        change(&mut header);
        assert_eq!(with_header(sample, header), Err(No::Form(reason)));
    });
}

#[test]
fn header_fourth() {
    header_is(|header| header["cty"] = "JWT".into(), FormError::Header);
    header_is(|header| header["unknown"] = 1.into(), FormError::Header);
}

#[test]
fn header_jwk() {
    header_is(|header| header["jwk"] = serde_json::to_value(key("evil").jwk).unwrap(), FormError::Header);
}

#[test]
fn header_crit() {
    header_is(|header| header["crit"] = json!(["exp"]), FormError::Header);
}

#[test]
fn header_twice() {
    each(|sample| {
        for member in [r#""alg":"ES256""#, r#""alg":"none""#, r#""\u0061lg":"none""#] {
            let twice = header(sample).to_string().replacen('{', &format!("{{{member},"), 1);
            assert_eq!(with_header(sample, twice), Err(No::Form(FormError::NameTwice)));
        }
    });
}

#[test]
fn header_no_kid() {
    let without = |header: &mut Value| {
        header.as_object_mut().unwrap().remove("kid");
    };
    header_is(without, FormError::Header);
    header_is(
        |header| {
            without(header);
            header["jku"] = "https://evil.example".into();
        },
        FormError::Header,
    );
}

#[test]
fn kid_array() {
    header_is(|header| header["kid"] = json!([header["kid"].clone()]), FormError::Header);
    header_is(|header| header["kid"] = "AAAA".into(), FormError::Size);
}

#[test]
fn sig_empty() {
    each(|sample| assert_eq!(with_signature(sample, ""), Err(No::Form(FormError::Signature))));
}

#[test]
fn sig_zero() {
    each(|sample| {
        let signature = sample.key.sign(b"");
        let (r, s) = signature.split_at(32);
        for zero in [[[0; 32], [0; 32]].concat(), [r, &[0; 32]].concat(), [&[0; 32], s].concat()] {
            assert_eq!(with_signature(sample, &b64u::encode(&zero)), Err(No::Form(FormError::Signature)));
        }
    });
}

const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

#[test]
fn sig_r_n() {
    let order = super::hex(ORDER);
    each(|sample| {
        let (r, s) = (&sample.key.sign(b"")[..32], &sample.key.sign(b"")[32..]);
        for parts in [[&order, s], [r, &order], [&[0xff; 32], s]] {
            let signature = b64u::encode(&parts.concat());
            assert_eq!(with_signature(sample, &signature), Err(No::Form(FormError::Signature)));
        }
        let mut least = order.clone();
        least[31] -= 1;
        let signature = b64u::encode(&[&least, s].concat());
        assert_eq!(with_signature(sample, &signature), Err(No::Fact(Refused::Signature)), "n-1 is in range");
    });
}

#[test]
fn sig_der() {
    each(|sample| {
        let (input, _) = sample.text.rsplit_once('.').unwrap();
        let raw = sample.key.sign(input.as_bytes());
        let signature = p256::ecdsa::Signature::from_slice(&raw).unwrap();
        let der = signature.to_der();
        assert_eq!(with_signature(sample, &b64u::encode(der.as_bytes())), Err(No::Form(FormError::Signature)));
        assert_eq!(signature_from_der(der.as_bytes()), Ok(raw));
    });
}

#[test]
fn sig_low_bits() {
    each(|sample| {
        let text = &sample.text;
        let last = text.chars().last().unwrap();
        let other = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = other.find(last).unwrap();
        let low = format!("{}{}", &text[..text.len() - 1], &other[at + 1..at + 2]);
        assert_eq!(sample.read(&low), Err(No::Form(FormError::Base64)));
    });
}

#[test]
fn four_parts() {
    each(|sample| {
        for text in [format!("{}.AAAA", sample.text), format!("{}.", sample.text), format!(".{}", sample.text)] {
            assert_eq!(sample.read(&text), Err(No::Form(FormError::Parts)));
        }
        let (input, _) = sample.text.rsplit_once('.').unwrap();
        assert_eq!(sample.read(input), Err(No::Form(FormError::Parts)), "two parts");
        assert_eq!(sample.read(""), Err(No::Form(FormError::Parts)));
    });
}

#[test]
fn json_serialisation() {
    each(|sample| {
        let parts: Vec<&str> = sample.text.split('.').collect();
        let flat = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
        assert_eq!(sample.read(&flat.to_string()), Err(No::Form(FormError::Parts)));
    });
}

/// The limits are those of the table in `limits.rs`; the last character that fits is taken.
#[test]
fn over_limit() {
    each(|sample| {
        let limit = sample.typ.limit();
        let padded = |extra: usize| sample.with(|payload| payload["zz"] = "x".repeat(extra).into());
        let room = (limit - padded(0).len()) * 3 / 4;
        let (fits, over) = (padded(room - 1), padded(room + 2));
        assert!(fits.len() <= limit && fits.len() > limit - 4 && over.len() > limit);
        assert_eq!(sample.read(&fits), Ok(()));
        assert_eq!(sample.read(&over), Err(No::Form(FormError::Large)));
        assert_eq!(sample.read(&"\u{0}".repeat(limit + 1)), Err(No::Form(FormError::Large)), "before other work");
    });
}

#[test]
fn payload_flip() {
    each(|sample| {
        let parts: Vec<&str> = sample.text.split('.').collect();
        let changed = sample.payload_text.replace("gate.example.com", "gate.example.con");
        assert_ne!(changed, sample.payload_text);
        let text = format!("{}.{}.{}", parts[0], b64u::encode(changed.as_bytes()), parts[2]);
        assert_eq!(sample.read(&text), Err(No::Fact(Refused::Signature)));
    });
}

/// Every member at any depth, as a JSON pointer, with its value.
fn members(value: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(object) => {
            for (name, member) in object {
                let pointer = format!("{at}/{name}");
                found.push((pointer.clone(), member.clone()));
                members(member, &pointer, found);
            }
        }
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(n, entry)| members(entry, &format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

fn each_member(check: impl Fn(&Sample, &str, &Value)) {
    each(|sample| {
        let mut found = Vec::new();
        members(&sample.payload, "", &mut found);
        assert!(found.len() >= 3);
        found.iter().for_each(|(pointer, value)| check(sample, pointer, value));
    });
}

#[test]
fn claim_missing() {
    let optional = ["/gr", "/grk", "/vapid", "/pins", "/push", "/ctx/ip", "/ctx/cc", "/ctx/city", "/ctx/asn"];
    each_member(|sample, pointer, _| {
        let text = sample.with(|payload| super::drop_member(payload, pointer));
        let is_optional = optional.contains(&pointer) || ["/ctx/ua", "/ctx/new"].contains(&pointer);
        let wanted = match (sample.typ, pointer) {
            (Typ::Answer, "/nm") | (Typ::Result, "/left") | (Typ::Keys, "/nonce" | "/att") => {
                Err(No::Form(FormError::Unexpected))
            }
            _ if is_optional => Ok(()),
            _ => Err(No::Form(FormError::Missing)),
        };
        assert_eq!(sample.read(&text), wanted, "{} without {pointer}", sample.typ.as_str());
    });
}

#[test]
fn claim_wrong_type() {
    each_member(|sample, pointer, value| {
        let mut wrong = vec![Value::Null, json!([]), json!([value]), json!({}), json!({"a": value})];
        if let Value::Object(object) = value {
            wrong.push(object.values().cloned().collect());
        }
        if !value.is_string() {
            wrong.push(value.to_string().into());
        }
        wrong.extend([json!(1), json!(true), json!("")].into_iter().filter(|other| !same_type(other, value)));
        for wrong in wrong {
            let text = sample.with(|payload| super::set(payload, pointer, wrong.clone()));
            let got = sample.read(&text);
            assert!(matches!(got, Err(No::Form(_))), "{}: {pointer} = {wrong}: {got:?}", sample.typ.as_str());
        }
    });
}

fn same_type(a: &Value, b: &Value) -> bool {
    core::mem::discriminant(a) == core::mem::discriminant(b)
}

#[test]
fn value_outside_set() {
    let sets = "uv level os attest op src res via st htm kty crv fmt class".split(' ').collect::<Vec<_>>();
    each_member(|sample, pointer, value| {
        let (_, name) = pointer.rsplit_once('/').unwrap();
        if !sets.contains(&name) && pointer != "/policy/push" {
            return;
        }
        let value = value.as_str().unwrap();
        let upper = value.to_uppercase();
        let changed = if upper == value { value.to_lowercase() } else { upper };
        for other in ["zzz", "", &format!("{value} "), &changed] {
            let text = sample.with(|payload| super::set(payload, pointer, other.into()));
            assert_eq!(sample.read(&text), Err(No::Form(FormError::OutsideSet)), "{pointer} = {other}");
        }
    });
}

#[test]
fn twin() {
    each(|sample| {
        assert_ne!(sample.twin, sample.text);
        assert_eq!(sample.read(&sample.twin), Ok(()));
    });
}

#[test]
fn unknown_name() {
    each(|sample| {
        for extra in [json!(1), json!("text\n\u{202e}"), json!([{"a": [true]}]), json!({"iss": {"iss": false}})] {
            assert_eq!(sample.read(&sample.with(|payload| payload["zz_unknown"] = extra)), Ok(()));
        }
    });
}

#[test]
fn blanks() {
    each(|sample| {
        let spaced = |value: &Value| format!("\r\n{}\t ", serde_json::to_string_pretty(value).unwrap());
        let text = sample.key.compact(spaced(&header(sample)).as_bytes(), spaced(&sample.payload).as_bytes());
        assert_eq!(sample.read(&text), Ok(()));
    });
}

#[test]
fn escaped() {
    each(|sample| {
        let escaped = |text: &str| text.replace('a', "\\u0061").replace('/', "\\/");
        let payload = escaped(&sample.payload_text).replace("f\\u0061lse", "false");
        let text = sample.key.compact(escaped(&header(sample).to_string()).as_bytes(), payload.as_bytes());
        assert_eq!(sample.read(&text), Ok(()));
    });
}

#[test]
fn name_order() {
    each(|sample| {
        let reversed = |value: &Value| {
            let members: Vec<String> =
                value.as_object().unwrap().iter().rev().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        };
        let text = sample.key.compact(reversed(&header(sample)).as_bytes(), reversed(&sample.payload).as_bytes());
        assert_eq!(sample.read(&text), Ok(()));
    });
}
