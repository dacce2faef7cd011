//! What templates may do with a value.

use countersign_strings::text;

/// The text of a key.
#[askama::filter_fn]
pub fn t(key: &str, _: &dyn askama::Values) -> askama::Result<&'static str> {
    Ok(text(key))
}
