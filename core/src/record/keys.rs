//! The keys of one enrolment: their names in the keystore, their thumbprints, and how they change (push-v1 section 11).

use countersign_protocol::jose::{H32, b64u};
use countersign_protocol::push::{KeyClass, KeysRequest, UserVerification};
use countersign_protocol::seal::SealKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits;
use crate::port::KeyName;

/// Names of the two signing keys, on disk before the keys are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Signs approvals and the enrolment, with a user check each time.
    pub ak: KeyName,
    /// Signs proofs, denials and reports.
    pub pk: KeyName,
    /// The user check of `ak`, fixed when it is made.
    pub uv: UserVerification,
    /// How many keys were named after the first two, so that no name comes twice.
    #[serde(default)]
    pub more: u32,
}

impl Keys {
    /// The name of the key of this class.
    pub fn of(&self, class: KeyClass) -> &KeyName {
        match class {
            KeyClass::Ak => &self.ak,
            KeyClass::Pk => &self.pk,
        }
    }

    /// Puts another name in the place of the one of this class, which is returned.
    pub(crate) fn replace(&mut self, class: KeyClass, name: KeyName) -> KeyName {
        let place = match class {
            KeyClass::Ak => &mut self.ak,
            KeyClass::Pk => &mut self.pk,
        };
        std::mem::replace(place, name)
    }
}

/// Thumbprints of the two signing keys: `kid` of what they sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kids {
    /// Of the approval key.
    pub ak: H32,
    /// Of the proof key.
    pub pk: H32,
}

impl Kids {
    /// The thumbprint of the key of this class.
    pub fn of(&self, class: KeyClass) -> H32 {
        match class {
            KeyClass::Ak => self.ak,
            KeyClass::Pk => self.pk,
        }
    }

    pub(crate) fn replace(&mut self, class: KeyClass, kid: H32) {
        match class {
            KeyClass::Ak => self.ak = kid,
            KeyClass::Pk => self.pk = kid,
        }
    }
}

/// A change of one signing key, from its name to the gateway's receipt (push-v1 section 11, «Device keys»).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyChange {
    /// Which key.
    pub class: KeyClass,
    /// The new key's name, on disk before the key is made.
    pub name: KeyName,
    /// When it was begun, by the phone's clock.
    pub began: u64,
    /// The same in gateway time.
    pub asked: u64,
    /// What is posted, and the new key's thumbprint; none while the key is being made. Once it may have been sent it is
    /// repeated byte for byte: a gateway that took it stops taking the old key within a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<(KeysRequest, H32)>,
    /// The gateway refused it, unsigned: it is not repeated by itself any more.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub refused: bool,
    /// The gateway took the old key when it would not have done so any more, had it taken the new one.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub unused: bool,
}

impl KeyChange {
    /// Takes note that the gateway took the old key of this class at `at`, its time.
    pub(crate) fn note_old_key(&mut self, class: KeyClass, at: u64) {
        self.unused |= self.class == class && at > self.asked.saturating_add(limits::KEYS_REPEATED);
    }
}

/// A receiving key that the gateway may know already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextSeal {
    /// Its secret half.
    pub seal: Wrapped,
    /// What the gateway is told.
    pub public: SealKey,
    /// The gateway refused it, unsigned: it is not told again by itself.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub refused: bool,
}

/// A receiving key that the gateway does not use any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSeal {
    /// Its secret half.
    pub seal: Wrapped,
    /// When it was replaced, by the phone's clock.
    pub at: u64,
}

/// Bytes that only the keystore can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped(pub Vec<u8>);

impl Serialize for Wrapped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64u::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Wrapped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        b64u::decode(&String::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}
