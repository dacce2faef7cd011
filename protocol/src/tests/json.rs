//! Group `json`: what the strict reader refuses, in bodies, headers and payloads.

use serde_json::json;

use super::{No, every_kind, hex, vectors};
use crate::jose::{FormError, b64u};
use crate::json::parse;
use crate::limits::JSON_DEPTH;

#[derive(serde::Deserialize)]
struct Nothing {}

/// A member that must not be: refused in a body, in the header and in the payload of every kind.
fn member(member: &str, reason: FormError) {
    let refused = Some(reason);
    assert_eq!(parse::<Nothing>(format!("{{\"zz\":0,{member}}}").as_bytes()).err(), refused, "{member}");
    for sample in every_kind() {
        let splice = |object: &str| format!("{},{member}}}", object.strip_suffix('}').unwrap());
        let header = sample.key.header(sample.typ);
        let text = sample.key.compact(splice(&header).as_bytes(), sample.payload_text.as_bytes());
        assert_eq!(sample.read(&text), Err(No::Form(reason)), "header of {}", sample.typ.as_str());
        let text = sample.key.compact(header.as_bytes(), splice(&sample.payload_text).as_bytes());
        assert_eq!(sample.read(&text), Err(No::Form(reason)), "payload of {}", sample.typ.as_str());
    }
}

/// A change to the whole text, refused at the same three places.
fn whole(change: impl Fn(&[u8]) -> Vec<u8>, reason: FormError) {
    assert_eq!(parse::<Nothing>(&change(b"{\"zz\":0}")).err(), Some(reason));
    for sample in every_kind() {
        let (header, payload) = (sample.key.header(sample.typ).into_bytes(), sample.payload_text.as_bytes());
        let texts = [sample.key.compact(&change(&header), payload), sample.key.compact(&header, &change(payload))];
        for text in texts {
            assert_eq!(sample.read(&text), Err(No::Form(reason)), "{}", sample.typ.as_str());
        }
    }
}

/// A change to the base64url of a part.
fn part(change: impl Fn(&str) -> String) {
    for sample in every_kind() {
        let parts: Vec<&str> = sample.text.split('.').collect();
        for at in 0..3 {
            let mut changed: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            changed[at] = change(parts[at]);
            let got = sample.read(&changed.join("."));
            assert!(matches!(got, Err(No::Form(FormError::Base64 | FormError::Signature))), "part {at}: {got:?}");
        }
    }
}

#[test]
fn name_twice() {
    member(r#""a":1,"a":1"#, FormError::NameTwice);
}

#[test]
fn name_twice_escaped() {
    member(r#""a":1,"\u0061":1"#, FormError::NameTwice);
}

#[test]
fn name_twice_nested() {
    member(r#""x":[{"a":1,"b":{},"a":1}]"#, FormError::NameTwice);
}

#[test]
fn null_unknown() {
    member(r#""a":null"#, FormError::Null);
    member(r#""a":[{"b":null}]"#, FormError::Null);
}

#[test]
fn float() {
    member(r#""a":1.0"#, FormError::Number);
    member(r#""a":[0.5]"#, FormError::Number);
}

#[test]
fn exponent() {
    member(r#""a":1e2"#, FormError::Number);
    member(r#""a":1E+2"#, FormError::Number);
}

#[test]
fn minus_zero() {
    member(r#""a":-0"#, FormError::Number);
}

#[test]
fn negative() {
    member(r#""a":-1"#, FormError::Number);
}

#[test]
fn int_2_53() {
    member(r#""a":9007199254740992"#, FormError::Number);
    assert!(parse::<Nothing>(br#"{"a":9007199254740991}"#).is_ok());
}

#[test]
fn depth_6() {
    member(r#""a":{"a":{"a":{"a":{"a":{}}}}}"#, FormError::Depth);
    member(r#""a":[[[[[]]]]]"#, FormError::Depth);
}

#[test]
fn depth_5() {
    let nested = |depth: usize| format!("{}{{}}{}", "{\"a\":".repeat(depth - 1), "}".repeat(depth - 1));
    for (depth, refused) in [(JSON_DEPTH - 1, None), (JSON_DEPTH, None), (JSON_DEPTH + 1, Some(FormError::Depth))] {
        assert_eq!(parse::<Nothing>(nested(depth).as_bytes()).err(), refused, "{depth}");
    }
}

#[test]
fn depth_is_bounded_before_the_stack_is() {
    let deep = format!("{{\"a\":{}", "[".repeat(60_000));
    assert_eq!(parse::<Nothing>(deep.as_bytes()).err(), Some(FormError::Depth));
}

#[test]
fn two_objects() {
    whole(|object| [object, b"{}"].concat(), FormError::Json);
}

#[test]
fn array() {
    whole(|object| [b"[", object, b"]"].concat(), FormError::NotObject);
}

#[test]
fn bom() {
    whole(|object| [b"\xef\xbb\xbf", object].concat(), FormError::Json);
}

#[test]
fn bad_utf8() {
    whole(|object| [b"{\"u\":\"\xff\",", &object[1..]].concat(), FormError::Utf8);
}

#[test]
fn surrogate() {
    member(r#""a":"\ud800""#, FormError::Surrogate);
    member(r#""a":"\udc00\ud800""#, FormError::Surrogate);
    member(r#""\ud83e":1"#, FormError::Surrogate);
}

#[test]
fn padding() {
    part(|part| format!("{part}="));
    part(|part| format!("{part}=="));
}

#[test]
fn low_bits() {
    // One byte more takes two characters; the second of them has four bits that must be zero.
    part(|part| {
        let len = b64u::decode(part).unwrap().len();
        let bytes = if len % 3 == 1 { b64u::decode(part).unwrap() } else { vec![1; len / 3 * 3 + 1] };
        let text = b64u::encode(&bytes);
        format!("{}{}", &text[..text.len() - 1], if text.ends_with('w') { 'x' } else { 'R' })
    });
}

#[test]
fn blank() {
    part(|part| format!("{part} "));
    part(|part| format!("{}\n{}", &part[..4], &part[4..]));
}

#[test]
fn other_alphabet() {
    part(|part| format!("+{}", &part[1..]));
    part(|part| format!("{}/", &part[1..]));
}

#[test]
fn large() {
    let text = json!({"a": "x".repeat(crate::limits::JSON_BYTES)}).to_string();
    assert_eq!(parse::<Nothing>(text.as_bytes()).err(), Some(FormError::Large));
}

#[test]
fn published_texts() {
    let file = vectors!("json");
    for case in file["good"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        assert!(parse::<Nothing>(text.as_bytes()).is_ok(), "{}", case["name"]);
        assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "control: {}", case["name"]);
    }
    for case in file["bad"].as_array().unwrap() {
        let bytes = match case["text"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => hex(case["hex"].as_str().unwrap()),
        };
        assert!(parse::<Nothing>(&bytes).is_err(), "{}", case["name"]);
    }
}
