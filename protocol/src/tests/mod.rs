//! The vectors and the refusals of push-v1 section 14, one module a group, and what they share.
//!
//! Messages are signed here by the vector keys with RFC 6979 (by p256; the product signs elsewhere).

mod answer;
mod challenge;
mod codec;
mod endpoint;
mod enrol_phone;
mod flips;
mod generate;
mod json;
mod jwk;
mod jws;
mod keys;
mod meta;
mod offline;
mod proof;
pub(crate) mod properties;
mod published;
mod reply;
mod seal;
mod text;
mod walk;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use crate::jose::{FormError, H32, Id, Jwk, Refused, Typ, b64u};
use crate::push::{
    Answer, BaseUrl, Challenge, Confirm, Enrol, EnrolCode, Gone, Invite, InviteReceipt, Keys, KeysReceipt, Link,
    Message, Metadata, Outcome, Pop, Proof, Receipt, check,
};
use crate::seal::Receiver;
use crate::uri::EnrolLink;
use crate::{Secret, jose};

/// The moment of all vectors.
pub(crate) const NOW: u64 = 1_795_260_000;

/// One of the vector files.
macro_rules! vectors {
    ($name:literal) => {
        serde_json::from_str::<serde_json::Value>(include_str!(concat!("../../../tests/vectors/push/", $name, ".json")))
            .unwrap()
    };
}
pub(crate) use vectors;

pub(crate) fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The `id` of section 14: 16 equal bytes.
pub(crate) fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

pub(crate) fn did() -> Id {
    let mut bytes = [0; 16];
    (0x10..=0x1f).zip(&mut bytes).for_each(|(value, byte)| *byte = value);
    Id::from_bytes(bytes)
}

/// A vector key: its private half is SHA-256("countersign vector key NAME").
pub(crate) struct Key {
    signing: SigningKey,
    pub(crate) jwk: Jwk,
}

pub(crate) fn private(name: &str) -> Secret {
    Secret::from_slice(H32::sha256(&[format!("countersign vector key {name}").as_bytes()]).as_bytes())
}

pub(crate) fn key(name: &str) -> Key {
    let secret = p256::SecretKey::from_slice(private(name).expose()).unwrap();
    Key { jwk: Jwk::from_sec1(&secret.public_key().to_sec1_bytes()).unwrap(), signing: secret.into() }
}

impl Key {
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.signing.sign(message);
        signature.to_bytes().into()
    }

    pub(crate) fn kid(&self) -> H32 {
        self.jwk.thumbprint()
    }

    /// Signs any header over any payload.
    pub(crate) fn compact(&self, header: &[u8], payload: &[u8]) -> String {
        let input = format!("{}.{}", b64u::encode(header), b64u::encode(payload));
        format!("{input}.{}", b64u::encode(&self.sign(input.as_bytes())))
    }

    pub(crate) fn header(&self, typ: Typ) -> String {
        format!(r#"{{"alg":"ES256","kid":"{}","typ":"{}"}}"#, self.kid(), typ.as_str())
    }

    /// Signs a payload as it stands.
    pub(crate) fn jws(&self, typ: Typ, payload: impl ToString) -> String {
        self.compact(self.header(typ).as_bytes(), payload.to_string().as_bytes())
    }
}

/// Why something was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum No {
    Form(FormError),
    Fact(Refused),
}

impl From<FormError> for No {
    fn from(error: FormError) -> Self {
        Self::Form(error)
    }
}

impl From<Refused> for No {
    fn from(error: Refused) -> Self {
        Self::Fact(error)
    }
}

/// Reads a message with those claims and verifies it with that key.
pub(crate) fn one<T: jose::Claims>(text: &str, key: &Jwk) -> Result<(), No> {
    Message::<T>::parse(text)?.verify(key)?;
    Ok(())
}

/// Reads a message of that kind and verifies it with that key; a receipt as one for an enrolment.
pub(crate) fn read(typ: Typ, text: &str, key: &Jwk) -> Result<(), No> {
    match typ {
        Typ::Meta => one::<Metadata>(text, key),
        Typ::Enrol => one::<Enrol>(text, key),
        Typ::Receipt => one::<Receipt>(text, key),
        Typ::Challenge => one::<Challenge>(text, key),
        Typ::Answer => one::<Answer>(text, key),
        Typ::Result => one::<Outcome>(text, key),
        Typ::Gone => one::<Gone>(text, key),
        Typ::Proof => one::<Proof>(text, key),
        Typ::Link => one::<Link>(text, key),
        Typ::Keys => one::<Keys>(text, key),
        Typ::Pop => one::<Pop>(text, key),
        Typ::Invite => one::<Invite>(text, key),
        Typ::Confirm => one::<Confirm>(text, key),
    }
}

/// The published message of that name: who signs it, and its payload.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) typ: Typ,
    pub(crate) key: Key,
    pub(crate) payload: Value,
    pub(crate) payload_text: String,
    pub(crate) text: String,
    pub(crate) twin: String,
}

impl Sample {
    pub(crate) fn of(message: &Value) -> Self {
        let text = |member: &str| message[member].as_str().unwrap().to_owned();
        Self {
            name: text("name"),
            typ: Typ::ALL.into_iter().find(|typ| typ.as_str() == message["typ"]).unwrap(),
            key: key(&text("key")),
            payload: serde_json::from_str(&text("payload")).unwrap(),
            payload_text: text("payload"),
            text: text("jws"),
            twin: text("twin"),
        }
    }

    /// The same claims changed, signed again.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut payload = self.payload.clone();
        change(&mut payload);
        self.key.jws(self.typ, payload)
    }

    /// Reads a text as this kind of message by this key.
    pub(crate) fn read(&self, text: &str) -> Result<(), No> {
        match self.name.split(' ').take(3).collect::<Vec<_>>()[..] {
            ["receipt", "for", "keys"] => one::<KeysReceipt>(text, &self.key.jwk),
            ["receipt", "for", _] => one::<InviteReceipt>(text, &self.key.jwk),
            _ => read(self.typ, text, &self.key.jwk),
        }
    }
}

pub(crate) fn sample(name: &str) -> Sample {
    let file = vectors!("messages");
    let mut all = file["messages"].as_array().unwrap().iter().chain(file["proofs"].as_array().unwrap());
    Sample::of(all.find(|message| message["name"] == name).unwrap())
}

/// One full message of every kind.
pub(crate) fn every_kind() -> Vec<Sample> {
    let names = [
        "metadata with everything",
        "enrol",
        "receipt",
        "challenge",
        "answer approve by digits",
        "result wrong, 2 left",
        "gone admin",
        "proof POST poll",
        "link",
        "keys ak, attested for android",
        "pop ak",
        "invite",
        "confirm",
    ];
    let samples: Vec<Sample> = names.into_iter().map(sample).collect();
    assert!(samples.iter().map(|sample| sample.typ).eq(Typ::ALL));
    samples
}

/// Sets a member, made on the way if need be.
pub(crate) fn set(value: &mut Value, pointer: &str, to: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Array(entries) => entries[name.parse::<usize>().unwrap()] = to,
        object => object[name] = to,
    }
}

/// Takes a member away.
pub(crate) fn drop_member(value: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
}

pub(crate) fn base_url() -> BaseUrl {
    "https://gate.example.com/push/v1".parse().unwrap()
}

pub(crate) fn link() -> EnrolLink {
    let c = EnrolCode::new(Secret::new((0..16).collect())).unwrap();
    EnrolLink { u: base_url(), k: key("gk").kid(), c, x: NOW + 600, p: None }
}

/// The device's receiver of the vectors.
pub(crate) fn receiver() -> Receiver {
    let mut auth = [0; 16];
    (0x30..=0x3f).zip(&mut auth).for_each(|(value, byte)| *byte = value);
    Receiver::new(&private("seal"), Id::from_bytes(auth)).unwrap()
}

/// What the device keeps of the gateway: the published metadata, taken at enrolment.
pub(crate) fn trusted() -> check::Trusted {
    check::metadata_first(Message::parse(&sample("metadata").text).unwrap(), &link(), NOW).unwrap()
}

/// Metadata of a second key beside the first.
pub(crate) fn trusted_two_keys() -> check::Trusted {
    let text = sample("metadata").with(|payload| {
        payload["keys"] = json!([key("gk").jwk, key("gk2").jwk]);
    });
    check::metadata_first(Message::parse(&text).unwrap(), &link(), NOW).unwrap()
}
