//! Lists and small numbers whose range the schemas name.

use core::fmt;
use core::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::jose::FormError;
use crate::limits::POLL_WAIT;

/// A list of `MIN` to `MAX` entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T, const MIN: usize, const MAX: usize> TryFrom<Vec<T>> for List<T, MIN, MAX> {
    type Error = FormError;
    fn try_from(entries: Vec<T>) -> Result<Self, FormError> {
        if (MIN..=MAX).contains(&entries.len()) { Ok(Self(entries)) } else { Err(FormError::Range) }
    }
}

/// A list of `MIN` to `MAX` entries, no two the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Different<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T: PartialEq, const MIN: usize, const MAX: usize> TryFrom<Vec<T>> for Different<T, MIN, MAX> {
    type Error = FormError;
    fn try_from(entries: Vec<T>) -> Result<Self, FormError> {
        if !(MIN..=MAX).contains(&entries.len()) {
            return Err(FormError::Range);
        }
        let twice = entries.iter().enumerate().any(|(at, entry)| entries[..at].contains(entry));
        if twice { Err(FormError::EntryTwice) } else { Ok(Self(entries)) }
    }
}

macro_rules! list_traits {
    ($name:ident $(, $bound:ident)?) => {
        impl<T, const MIN: usize, const MAX: usize> Deref for $name<T, MIN, MAX> {
            type Target = [T];
            fn deref(&self) -> &[T] {
                &self.0
            }
        }

        impl<T: Serialize, const MIN: usize, const MAX: usize> Serialize for $name<T, MIN, MAX> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de, T: Deserialize<'de> $(+ $bound)?, const MIN: usize, const MAX: usize> Deserialize<'de>
            for $name<T, MIN, MAX>
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Vec::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
            }
        }
    };
}

list_traits!(List);
list_traits!(Different, PartialEq);

impl<T, const MAX: usize> Default for List<T, 0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Default for Different<T, 0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Within<const MIN: u8, const MAX: u8>(u8);

/// How many digits a person types for one approval: 2 to 8.
pub type NumberLength = Within<2, 8>;
/// How many tries are left: 1 to 4.
pub type TriesLeft = Within<1, 4>;
/// How long a poll may wait: 0 to 30 seconds.
pub type Wait = Within<0, { POLL_WAIT as u8 }>;

impl<const MIN: u8, const MAX: u8> Within<MIN, MAX> {
    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl<const MIN: u8, const MAX: u8> TryFrom<u64> for Within<MIN, MAX> {
    type Error = FormError;
    fn try_from(number: u64) -> Result<Self, FormError> {
        u8::try_from(number).ok().filter(|n| (MIN..=MAX).contains(n)).map(Self).ok_or(FormError::Range)
    }
}

impl<const MIN: u8, const MAX: u8> From<Within<MIN, MAX>> for u64 {
    fn from(number: Within<MIN, MAX>) -> Self {
        Self::from(number.0)
    }
}

impl<const MIN: u8, const MAX: u8> fmt::Display for Within<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
