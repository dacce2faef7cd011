//! Every sentence that people read, on pages and in the terminal, by key and language.
//!
//! The texts stand in `strings/en/*.toml`, one file a surface. Keys are `file.name`; `{name}` in a text is filled by the
//! caller. `tests/strings.rs` fails on a key that is used and not defined, or defined and not used. What the phone says is
//! in German as well, in `strings/de`: see [`phone`].
//!
//! ```
//! assert_eq!(countersign_strings::fill("common.seconds", &[("n", "9")]), "9 s");
//! ```

pub mod phone;

// `ENGLISH`: keys with their texts, in the order of the keys. Made by `build.rs`, so that no program reads files of texts as it starts.
include!(concat!(env!("OUT_DIR"), "/english.rs"));

/// The English text of `key`, as it stands in the file.
///
/// # Panics
/// When the key is not defined; `tests/strings.rs` makes sure that this cannot be shipped.
pub fn text(key: &str) -> &'static str {
    let place = ENGLISH.binary_search_by_key(&key, |(key, _)| key).unwrap_or_else(|_| panic!("no text for {key}"));
    ENGLISH[place].1
}

/// The English text of `key` with each `{name}` replaced by its value. Values are not scanned for further names.
///
/// # Panics
/// When the key is not defined, or the text names a value that is not given.
pub fn fill(key: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text(key);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').unwrap_or_else(|| panic!("{key}: a brace is not closed"));
        let value = values.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("{key}: no value for {name}"));
        out.push_str(before);
        out.push_str(value.1);
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// All keys, in order. For the test that holds code and texts together.
pub fn keys() -> impl Iterator<Item = &'static str> {
    ENGLISH.iter().map(|(key, _)| *key)
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_stand_in_the_order_of_their_keys_each_once() {
        assert!(super::ENGLISH.len() > 500 && super::ENGLISH.is_sorted_by(|one, next| one.0 < next.0));
        assert!(super::keys().all(|key| !super::text(key).is_empty()));
    }

    #[test]
    fn a_value_with_braces_is_not_filled_again() {
        assert_eq!(super::fill("common.seconds", &[("n", "{n}")]), "{n} s");
    }

    #[test]
    #[should_panic(expected = "no value for n")]
    fn a_missing_value_is_a_fault_of_the_caller() {
        super::fill("common.seconds", &[]);
    }
}
