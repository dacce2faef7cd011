//! Group `endpoint`, as far as the text tells.

use super::vectors;
use crate::jose::Refused;
use crate::push::endpoint::check;

/// Every published endpoint of that name is refused, and there is one.
fn refused(name: &str) {
    let file = vectors!("endpoint");
    let cases: Vec<&str> = file["bad"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["name"] == name)
        .map(|case| case["text"].as_str().unwrap())
        .collect();
    assert!(!cases.is_empty(), "{name}");
    for text in cases {
        assert_eq!(check(text), Err(Refused::Endpoint), "{text}");
    }
}

macro_rules! groups {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            refused(stringify!($name));
        }
    )* };
}

groups! {
    http user fragment bytes_1001 loopback_v4 loopback_v6 mapped_v6 nat64 six_to_four localhost ten_net cgnat
    link_local metadata_service zero multicast unique_local decimal short_form
}

#[test]
fn published_endpoints() {
    let file = vectors!("endpoint");
    for text in file["good"].as_array().unwrap() {
        assert_eq!(check(text.as_str().unwrap()), Ok(()), "{text}");
    }
    for case in file["bad"].as_array().unwrap() {
        assert_eq!(check(case["text"].as_str().unwrap()), Err(Refused::Endpoint), "{case}");
    }
}
