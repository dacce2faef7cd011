//! The keys of one enrolment: their names in the keystore, their thumbprints, and how they change (push-v1 section 11).

use countersign_protocol::jose::{H32, b64u};
use countersign_protocol::push::{KeyClass, KeysRequest, UserVerification};
use countersign_protocol::seal::SealKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Record;
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
    /// The key before and its thumbprint, while the new one serves without the gateway's signed word that it took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<(KeyName, H32)>,
}

impl KeyChange {
    /// Takes note that the gateway took the old key of this class at `at`, its time.
    pub(crate) fn note_old_key(&mut self, class: KeyClass, at: u64) {
        let by_old = self.class == class && self.before.is_none();
        self.unused |= by_old && at > self.asked.saturating_add(limits::KEYS_REPEATED);
    }

    /// The one of the two keys that does not serve now, if it is made: its name and thumbprint.
    pub(crate) fn other(&self) -> Option<(&KeyName, H32)> {
        let new = self.request.as_ref().map(|(_, kid)| (&self.name, *kid));
        self.before.as_ref().map(|(name, kid)| (name, *kid)).or(new)
    }
}

/// Which key serves while no signed word of the gateway says. Nothing here gives up a key: that is for
/// [`take_key`](Record::take_key) alone.
impl Record {
    /// All changes whose receipt did not come: the one under way first, then those that were given up for it.
    pub fn changes(&self) -> impl Iterator<Item = &KeyChange> {
        self.change.as_deref().into_iter().chain(&self.abandoned)
    }

    /// The change to the key of this name.
    pub fn change_to(&self, name: &KeyName) -> Option<&KeyChange> {
        self.changes().find(|change| change.name == *name)
    }

    fn changes_mut(&mut self) -> impl Iterator<Item = &mut KeyChange> {
        self.change.as_deref_mut().into_iter().chain(&mut self.abandoned)
    }

    /// Gives the change up for another one. Its key is kept: that the gateway refused it is not signed.
    pub(crate) fn abandon_change(&mut self) {
        self.abandoned.extend(self.change.take().map(|change| *change));
    }

    /// Has the other of the two keys of a change serve.
    pub(crate) fn exchange(&mut self, name: &KeyName) {
        let Some(change) = self.change_to(name) else { return };
        let (class, serves) = (change.class, change.before.is_some());
        self.restore(class);
        if !serves {
            self.serve(name);
        }
    }

    /// The gateway signed that it took this key: it is the key of its class. Every other key of the class was asked for by
    /// the same key before, so it was not taken. What is replaced goes when a call with the new one went well.
    pub(crate) fn take_key(&mut self, name: &KeyName) {
        let Some(class) = self.change_to(name).map(|change| change.class) else { return };
        self.restore(class);
        self.serve(name);
        let mut ended: Vec<KeyChange> =
            self.change.take_if(|change| change.class == class).map(|it| *it).into_iter().collect();
        ended.extend(self.abandoned.extract_if(.., |change| change.class == class));
        for change in ended {
            let gone = if change.name == *name { change.before.map(|(before, _)| before) } else { Some(change.name) };
            self.retired.extend(gone);
        }
    }

    /// Has the key serve that the gateway signed last.
    fn restore(&mut self, class: KeyClass) {
        let before = self.changes_mut().filter(|change| change.class == class).find_map(|change| change.before.take());
        let Some((name, kid)) = before else { return };
        self.keys.replace(class, name);
        if let Some(enrolled) = self.enrolled_mut() {
            enrolled.kids.replace(class, kid);
        }
    }

    /// Has the new key of a change serve, and keeps the one before.
    fn serve(&mut self, name: &KeyName) {
        let change = self.change_to(name).and_then(|change| Some((change.class, change.request.as_ref()?.1)));
        let Some((class, kid)) = change else { return };
        let Some(enrolled) = self.enrolled_mut() else { return };
        let old = enrolled.kids.of(class);
        enrolled.kids.replace(class, kid);
        let before = self.keys.replace(class, name.clone());
        if let Some(change) = self.changes_mut().find(|change| change.name == *name) {
            change.before = Some((before, old));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_key_that_is_taken_after_a_day_tells_that_the_new_one_was_not() {
        let asked = 1_795_260_000;
        let name = KeyName::new("prove", &countersign_protocol::jose::Id::from_bytes([1; 16]));
        for (class, after, unused) in [
            (KeyClass::Pk, limits::KEYS_REPEATED - 1, false),
            (KeyClass::Pk, limits::KEYS_REPEATED, false),
            (KeyClass::Pk, limits::KEYS_REPEATED + 1, true),
            (KeyClass::Ak, limits::KEYS_REPEATED + 1, false),
        ] {
            let name = name.clone();
            let mut change = KeyChange {
                class: KeyClass::Pk,
                name,
                began: asked,
                asked,
                request: None,
                refused: false,
                unused: false,
                before: None,
            };
            change.note_old_key(class, asked + after);
            assert_eq!(change.unused, unused, "{after}");
        }
    }
}
