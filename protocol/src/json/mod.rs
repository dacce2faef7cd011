//! JSON as push-v1 section 2 allows it, and nothing else that JSON libraries forgive.
//!
//! One object in UTF-8 without BOM. Everywhere, unknown members included: no name twice (compared
//! after unescaping), no `null`, no lone surrogate, depth at most 5, numbers `0` or `[1-9][0-9]*` up
//! to 2^53 − 1. A struct is read from an object alone, a list from an array alone.

mod fit;
mod read;

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::jose::FormError;
use fit::Misfit;
pub(crate) use read::parse_value;

/// Reads one object as a value of `T`. Unknown members are ignored.
///
/// # Errors
/// The rule that is broken; [`FormError::Large`] beyond 64 KiB, before anything is read.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FormError> {
    from_value(parse_value(bytes)?)
}

/// Fits a value that is already read into a type.
pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, FormError> {
    T::deserialize(value).map_err(|Misfit(reason)| reason)
}

/// What was read. Text may be part of a secret, so all of it is wiped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Bool(bool),
    Number(u64),
    Text(Zeroizing<String>),
    List(Vec<Self>),
    Object(Members),
}

/// The members of an object, in the order they came.
pub(crate) type Members = Vec<(Zeroizing<String>, Value)>;

impl Value {
    /// The members, when it is an object.
    pub(crate) fn into_members(self) -> Option<Members> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The text, when it is text.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// A text member that is secret.
#[derive(serde::Deserialize)]
#[serde(from = "String")]
pub(crate) struct Wiped(pub(crate) Zeroizing<String>);

impl From<String> for Wiped {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}
