//! From a value to a type, by serde: what a library would forgive is refused here too.

use core::fmt;
use std::vec;

use serde::de::{self, IntoDeserializer, Visitor};
use zeroize::Zeroizing;

use super::Value;
use crate::jose::FormError;

/// Why a value does not fit a type: serde's errors, without what was read.
#[derive(Debug)]
pub(crate) struct Misfit(pub(super) FormError);

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(FormError::by_name(&message.to_string()).unwrap_or(FormError::Schema))
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self(FormError::Type)
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self(FormError::Range)
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self(FormError::Range)
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self(FormError::OutsideSet)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self(FormError::Unexpected)
    }

    fn missing_field(_: &'static str) -> Self {
        Self(FormError::Missing)
    }
}

impl IntoDeserializer<'_, Misfit> for Value {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Value {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(number) => visitor.visit_u64(number),
            Self::Text(text) => visitor.visit_str(&text),
            Self::List(entries) => {
                let mut entries = de::value::SeqDeserializer::new(entries.into_iter());
                let value = visitor.visit_seq(&mut entries)?;
                entries.end()?;
                Ok(value)
            }
            Self::Object(members) => visitor.visit_map(Entries { members: members.into_iter(), value: None }),
        }
    }

    /// Derived structs would take a list as well; here they do not.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if matches!(self, Self::Object(_)) { self.deserialize_any(visitor) } else { Err(Misfit(FormError::Type)) }
    }

    /// There is no `null`: a member that is there has a value.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    /// A case of a set is text, never an object with one member.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let text = self.as_str().ok_or(Misfit(FormError::Type))?;
        visitor.visit_enum(IntoDeserializer::<Misfit>::into_deserializer(text))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct identifier
    }
}

struct Entries {
    members: vec::IntoIter<(Zeroizing<String>, Value)>,
    value: Option<Value>,
}

impl<'de> de::MapAccess<'de> for Entries {
    type Error = Misfit;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(name.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(self.value.take().ok_or(Misfit(FormError::Schema))?)
    }
}
