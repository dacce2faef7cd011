//! The small encodings: base64url, base URLs, signatures out of keystores, sets of names.

use super::{hex, vectors};
use crate::jose::{FormError, H32, Id, b64u, signature_from_der};
use crate::push::{BaseUrl, GoneWhy, LeastLevel, Level, Os, UserVerification};

#[test]
fn published_b64u() {
    let file = vectors!("b64u");
    for case in file["good"].as_array().unwrap() {
        let (text, bytes) = (case["text"].as_str().unwrap(), hex(case["hex"].as_str().unwrap()));
        assert_eq!(b64u::encode(&bytes), text);
        assert_eq!(b64u::decode(text), Ok(bytes));
    }
    for case in file["bad"].as_array().unwrap() {
        assert_eq!(b64u::decode(case["text"].as_str().unwrap()), Err(FormError::Base64), "{}", case["name"]);
    }
}

#[test]
fn arrays_have_one_length() {
    assert_eq!(b64u::decode_array::<16>(&b64u::encode(&[7; 16])), Ok([7; 16]));
    for len in [0, 15, 17, 32] {
        assert_eq!(b64u::decode_array::<16>(&b64u::encode(&vec![7; len])), Err(FormError::Size));
    }
    assert_eq!("AAAAAAAAAAAAAAAAAAAAAB".parse::<Id>(), Err(FormError::Base64), "low bits");
}

#[test]
fn published_base_urls() {
    let file = vectors!("base_url");
    for case in file["good"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let url: BaseUrl = text.parse().unwrap();
        assert_eq!((url.as_str(), url.host()), (text, case["host"].as_str().unwrap()));
        assert_eq!(url.join("poll"), format!("{text}/poll"));
    }
    for case in file["bad"].as_array().unwrap() {
        let read = case["text"].as_str().unwrap().parse::<BaseUrl>();
        assert_eq!(read, Err(FormError::BaseUrl), "{case}");
    }
}

#[test]
fn published_der_signatures() {
    let file = vectors!("primitives");
    for case in file["der"]["good"].as_array().unwrap() {
        let signature = signature_from_der(&hex(case["der"].as_str().unwrap())).unwrap();
        assert_eq!(signature.to_vec(), hex(case["signature"].as_str().unwrap()), "{}", case["name"]);
    }
    for case in file["der"]["bad"].as_array().unwrap() {
        let read = signature_from_der(&hex(case["der"].as_str().unwrap()));
        assert_eq!(read, Err(FormError::Signature), "{}", case["name"]);
    }
}

#[test]
fn names_of_sets_are_read_back() {
    for os in Os::ALL {
        assert_eq!(os.as_str().parse(), Ok(*os));
    }
    assert_eq!("plan9".parse::<Os>(), Err(FormError::OutsideSet));
    assert_eq!("plan9".parse::<GoneWhy>(), Ok(GoneWhy::Other));
    assert_eq!("self".parse::<GoneWhy>(), Ok(GoneWhy::Itself));
}

#[test]
fn levels_are_ordered_as_section_3_says() {
    assert!(Level::ALL.iter().all(|level| level.meets(LeastLevel::Software)));
    let hardware: Vec<_> = Level::ALL.iter().filter(|level| level.meets(LeastLevel::Tee)).collect();
    assert_eq!(hardware, [&Level::Strongbox, &Level::Tee, &Level::Enclave]);
    let (any, bio) = (UserVerification::Any, UserVerification::Bio);
    assert_eq!([any.meets(any), bio.meets(any), bio.meets(bio), any.meets(bio)], [true, true, true, false]);
}

#[test]
fn hashes_join_their_parts() {
    assert_eq!(H32::sha256(&[b"a", b"", b"bc"]), H32::sha256(&[b"abc"]));
    assert!(H32::sha256(&[b"a"]).ct_eq(&H32::sha256(&[b"a"])));
    assert!(!H32::sha256(&[b"a"]).ct_eq(&H32::sha256(&[b"b"])));
}

/// A reason carries a name and nothing else, and no two share one.
#[test]
fn reasons_have_names_of_their_own() {
    use std::collections::HashSet;
    let forms: HashSet<_> = FormError::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(forms.len(), FormError::ALL.len());
    let facts: HashSet<_> = crate::jose::Refused::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(facts.len(), crate::jose::Refused::ALL.len());
}

#[test]
fn the_table_of_limits_names_each_kind_of_message() {
    for typ in crate::jose::Typ::ALL {
        let row = crate::limits::TABLE.iter().find(|row| row.surface == typ.as_str()).unwrap();
        assert_eq!(row.most, typ.limit() as u64);
    }
}
