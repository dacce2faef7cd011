//! Every sentence that people read, on pages and in the terminal, by key and language.
//!
//! The texts stand in `strings/en/*.toml`, one file a surface. Keys are `file.name`; `{name}` in a text is filled by the
//! caller. `tests/strings.rs` fails on a key that is used and not defined, or defined and not used.
//!
//! ```
//! assert_eq!(countersign_strings::fill("common.seconds", &[("n", "9")]), "9 s");
//! ```

use std::collections::BTreeMap;
use std::sync::OnceLock;

const ENGLISH: &[(&str, &str)] = &[
    ("common", include_str!("../en/common.toml")),
    ("cli", include_str!("../en/cli.toml")),
    ("accounts", include_str!("../en/accounts.toml")),
    ("tui", include_str!("../en/tui.toml")),
    ("demo", include_str!("../en/demo.toml")),
    ("qr", include_str!("../en/qr.toml")),
    ("scan", include_str!("../en/scan.toml")),
    ("icons", include_str!("../en/icons.toml")),
    ("token", include_str!("../en/token.toml")),
    ("error", include_str!("../en/error.toml")),
    ("gateway", include_str!("../en/gateway.toml")),
    ("login", include_str!("../en/login.toml")),
    ("manage", include_str!("../en/manage.toml")),
    ("xtask", include_str!("../en/xtask.toml")),
];

type Table = BTreeMap<String, String>;

fn english() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::new();
        for (file, source) in ENGLISH {
            let parsed: Table =
                toml::from_str(source).unwrap_or_else(|fault| panic!("strings/en/{file}.toml: {fault}"));
            table.extend(parsed.into_iter().map(|(name, text)| (format!("{file}.{name}"), text)));
        }
        table
    })
}

/// The English text of `key`, as it stands in the file.
///
/// # Panics
/// When the key is not defined; `tests/strings.rs` makes sure that this cannot be shipped.
pub fn text(key: &str) -> &'static str {
    english().get(key).map(String::as_str).unwrap_or_else(|| panic!("no text for {key}"))
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
    english().keys().map(String::as_str)
}

#[cfg(test)]
mod tests {
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
