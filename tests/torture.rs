//! What explores threads (`cargo xtask torture threads`) is no part of the tests, and yet it is made from the product's own
//! sources: here they are held against what it exchanges in them, so that neither moves on alone.

use countersign_tests::source::root;

#[allow(dead_code, reason = "a build script's, of which a test calls one function")]
#[path = "../torture/variants.rs"]
mod variants;

#[allow(dead_code, reason = "a build script's, of which a test calls one function")]
#[path = "../torture/phone.rs"]
mod phone;

#[test]
fn the_sources_are_as_what_explores_threads_expects_them() {
    let made = variants::make(&root()).expect("each exchange is found");
    let of =
        |name: &str| made.iter().find(|(found, _)| *found == name).map(|(_, text)| text.as_str()).expect("a variant");
    for (name, text) in &made {
        assert!(!text.contains("std::sync::") && !text.contains("#[cfg(test)]"), "{name}");
        syn::parse_file(text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
    for (name, text) in &made {
        let whole = made.iter().find(|(other, _)| other != name && name.starts_with(other)).map(|(other, _)| other);
        assert!(whole.is_none_or(|whole| of(whole) != text), "{name} is broken in nothing");
    }
    let phone = phone::phone(&root()).expect("each exchange is found");
    let locks = |text: &&(String, String)| text.1.contains("crate::threads::");
    assert!(phone.len() > 50 && phone.iter().filter(locks).count() > 5);
    let mut rust = phone.iter().filter(|(name, _)| name.ends_with(".rs"));
    assert!(rust.all(|(_, text)| syn::parse_file(text).is_ok()));
}
