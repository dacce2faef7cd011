//! Group `text`: shown text, at every place it stands.

use super::{No, Sample, every_kind, sample, set, vectors};
use crate::jose::FormError;
use crate::text::{ShownIp, T32, T64, T128, T256};

/// Every member that holds shown text, with the longest it may be.
const PLACES: &[(&str, &str, usize)] = &[
    ("metadata", "/name", 64),
    ("enrol", "/dev/model", 64),
    ("enrol", "/dev/app", 32),
    ("receipt", "/acct", 128),
    ("receipt", "/name", 64),
    ("challenge", "/acct", 128),
    ("challenge", "/app", 64),
    ("challenge", "/ctx/city", 64),
    ("challenge", "/ctx/asn", 64),
    ("challenge", "/ctx/ua", 64),
    ("challenge sign", "/msg", 256),
    ("challenge info device_added", "/dev/model", 64),
];

fn place(check: impl Fn(&Sample, &str, usize)) {
    PLACES.iter().for_each(|(name, pointer, max)| check(&sample(name), pointer, *max));
}

fn put(sample: &Sample, pointer: &str, text: &str) -> Result<(), No> {
    sample.read(&sample.with(|payload| set(payload, pointer, text.into())))
}

fn refused(texts: &[&str]) {
    place(|sample, pointer, _| {
        for text in texts {
            assert_eq!(put(sample, pointer, text), Err(No::Form(FormError::Text)), "{pointer} {text:?}");
            // Escaped in JSON it is the same text.
            let marked = sample.with(|payload| set(payload, pointer, "MARK".into()));
            let payload = crate::jose::b64u::decode(marked.split('.').nth(1).unwrap()).unwrap();
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let payload = String::from_utf8(payload).unwrap().replace("MARK", &escaped);
            assert_eq!(sample.read(&sample.key.jws(sample.typ, payload)), Err(No::Form(FormError::Text)));
        }
    });
}

fn taken(text: &str) {
    place(|sample, pointer, _| assert_eq!(put(sample, pointer, text), Ok(()), "{pointer} {text:?}"));
}

#[test]
fn bidi() {
    refused(&["a\u{202e}b", "\u{2066}a", "a\u{2069}", "\u{200f}", "a\u{61c}"]);
}

#[test]
fn newline() {
    refused(&["a\nb", "a\r", "\u{2028}a", "a\u{2029}b"]);
}

#[test]
fn c1() {
    refused(&["a\u{85}b", "\u{80}", "\u{9f}", "a\u{7f}", "\0", "a\u{1b}[2J"]);
}

#[test]
fn soft_hyphen() {
    refused(&["pass\u{ad}word"]);
}

#[test]
fn zero_width() {
    refused(&["a\u{200b}b", "\u{feff}a", "a\u{2060}"]);
}

#[test]
fn tag_chars() {
    refused(&["a\u{e0041}", "\u{e0001}\u{e007f}"]);
}

#[test]
fn empty() {
    refused(&[""]);
}

#[test]
fn too_long() {
    place(|sample, pointer, max| {
        for scalar in ["a", "ä"] {
            assert_eq!(put(sample, pointer, &scalar.repeat(max)), Ok(()), "{pointer}");
            let longer = scalar.repeat(max + 1);
            assert_eq!(put(sample, pointer, &longer), Err(No::Form(FormError::Text)), "{pointer}");
        }
    });
}

#[test]
fn zwj() {
    taken("👩\u{200d}💻");
}

#[test]
fn astral_64() {
    place(|sample, pointer, max| assert_eq!(put(sample, pointer, &"𝕏".repeat(max.min(64))), Ok(()), "{pointer}"));
}

#[test]
fn markup_shown_as_text() {
    taken("<b>&amp;</b>\"'");
}

#[test]
fn every_kind_with_shown_text_is_in_the_table() {
    let with_text = every_kind()
        .into_iter()
        .filter(|sample| ["name", "acct", "app", "dev"].iter().any(|name| sample.payload.get(name).is_some()));
    assert_eq!(with_text.count(), 4);
}

#[test]
fn published_texts() {
    let file = vectors!("text");
    let reads = |max: u64, text: &str| match max {
        32 => T32::try_from(text).map(String::from),
        64 => T64::try_from(text).map(String::from),
        128 => T128::try_from(text).map(String::from),
        _ => T256::try_from(text).map(String::from),
    };
    for (list, good) in [("good", true), ("bad", false)] {
        for case in file[list].as_array().unwrap() {
            let text = case["text"].as_str().unwrap();
            let read = reads(case["max"].as_u64().unwrap(), text);
            assert_eq!(read, if good { Ok(text.to_owned()) } else { Err(FormError::Text) }, "{}", case["name"]);
        }
    }
}

#[test]
fn published_addresses() {
    let file = vectors!("ip");
    for text in file["good"].as_array().unwrap() {
        let text = text.as_str().unwrap();
        assert_eq!(ShownIp::try_from(text.to_owned()).map(String::from).as_deref(), Ok(text));
    }
    for case in file["bad"].as_array().unwrap() {
        let read = ShownIp::try_from(case["text"].as_str().unwrap().to_owned());
        assert_eq!(read, Err(FormError::Ip), "{}", case["name"]);
    }
}
