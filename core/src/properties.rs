//! Generated input that several features share. What each feature reads stands in its own tests.

use countersign_properties::{around, parser};
use proptest::prelude::*;

use crate::port::KeyName;

/// Written bytes left whole, with one of them changed, cut or with one more.
pub(crate) fn damaged(bytes: Vec<u8>, at: prop::sample::Index, change: u8, how: u8) -> Vec<u8> {
    let mut bytes = bytes;
    let at = at.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
    match how {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= change,
        2 => bytes.push(change),
        _ => {}
    }
    bytes
}

/// Hosts as links have them.
pub(crate) fn hosts() -> impl Strategy<Value = String> + Clone {
    "[a-z]{1,12}(\\.[a-z]{2,8}){1,3}(:[1-9][0-9]{0,3})?"
}

#[test]
fn names_of_keys() {
    parser(around("[A-Za-z0-9_-]{1,64}"), |text| match text.parse::<KeyName>() {
        Ok(name) => {
            assert!(name.as_str() == text && !text.contains(['/', '.']), "{text}");
            assert_eq!(String::from(name.clone()).parse::<KeyName>(), Ok(name));
            true
        }
        Err(_) => false,
    });
}
