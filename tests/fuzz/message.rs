//! What phone and gateway send each other.

use std::fmt::Debug;
use std::sync::OnceLock;

use countersign_core::push::events::Reader;
use countersign_protocol::Secret;
use countersign_protocol::jose::{Claims, H32, Id, Jwk, Jws, SigningInput, Typ, b64u};
use countersign_protocol::json::parse;
use countersign_protocol::limits::{CHALLENGES, JSON_BYTES, JSON_DEPTH, JSON_NUMBER, SEALED_LARGE};
use countersign_protocol::push::{
    Answer, AnswerReply, AnswerRequest, Challenge, Confirm, ConfirmRequest, Echo, Enrol, EnrolReply, EnrolRequest,
    ErrorBody, Gone, Invite, InviteReply, InviteRequest, Keys, KeysReply, KeysRequest, Link, Message, Metadata,
    MetadataReply, Outcome, Pop, Proof, PutPush, Receipt, Sealed, SealedInvite, SealedReceipt, State, unverified_jti,
};
use countersign_protocol::seal::{self, Receiver};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::as_text;

pub const JSON_WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"a\":",
    "null",
    "true",
    "9007199254740991",
    "9007199254740992",
    "\\u0000",
    "\\ud800",
    "-0",
    "1e1",
];

pub const CLAIM_WORDS: &[&str] = &[
    "\"iss\":\"https://gate.example.com/push/v1\"",
    "\"iat\":",
    "\"exp\":",
    "\"jti\":",
    "\"epoch\":",
    "\"seq\":",
    "\"keys\":[",
    "\"pins\":[",
    "\"did\":",
    "\"op\":\"login\"",
    "\"op\":\"sign\"",
    "\"op\":\"enrol\"",
    "\"op\":\"info\"",
    "\"ctx\":{",
    "\"nm\":",
    "\"res\":\"approve\"",
    "\"res\":\"deny\"",
    "\"res\":\"report\"",
    "\"why\":",
    "\"htm\":\"POST\"",
    "\"htu\":",
    "\"bh\":",
    "\"nonce\":",
    "\"uv\":\"bio\"",
    "9007199254740991",
    "AAAAAAAAAAAAAAAAAAAAAA",
];

pub const STATE_WORDS: &[&str] = &[
    "\"now\":",
    "\"device\":\"active\"",
    "\"meta\":[1,1]",
    "\"challenges\":[",
    "\"closed\":[",
    "\"joining\":{",
    "\"st\":\"denied\"",
    "\"jti\":",
    "\"model\":",
];

/// The strict reader: what it takes, the library reads as the same value, and it is within the limits.
pub fn json(input: &[u8]) -> bool {
    let Ok(strict) = parse::<Value>(input) else { return false };
    assert!(input.len() <= JSON_BYTES && depth(&strict) <= JSON_DEPTH && fits(&strict));
    assert_eq!(serde_json::from_slice::<Value>(input).expect("the library is the milder one"), strict);
    let written = serde_json::to_vec(&strict).expect("JSON");
    // A quotation mark of one byte may be written in six; what fits is read again.
    assert!(written.len() > JSON_BYTES || parse::<Value>(&written) == Ok(strict));
    true
}

fn depth(value: &Value) -> usize {
    let below = |deepest: Option<usize>| 1 + deepest.unwrap_or(0);
    match value {
        Value::Array(entries) => below(entries.iter().map(depth).max()),
        Value::Object(members) => below(members.values().map(depth).max()),
        _ => 0,
    }
}

fn fits(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Number(number) => number.as_u64().is_some_and(|number| number <= JSON_NUMBER),
        Value::Array(entries) => entries.iter().all(fits),
        Value::Object(members) => members.values().all(fits),
        Value::Bool(_) | Value::String(_) => true,
    }
}

/// A compact JWS: of one kind at most, and given back as it came.
pub fn jws(input: &[u8]) -> bool {
    let text = as_text(input);
    let kinds = Typ::ALL.into_iter().filter_map(|typ| Some((typ, Jws::parse(text, typ).ok()?)));
    let kinds: Vec<(Typ, Jws)> = kinds.collect();
    assert!(kinds.len() <= 1, "a message of two kinds");
    for (typ, jws) in &kinds {
        let mut parts = text.split('.').skip(1);
        assert!(text.len() <= typ.limit() && jws.text() == text && text.starts_with(jws.signing_input()));
        assert_eq!(parts.next(), Some(b64u::encode(jws.payload()).as_str()));
        assert_eq!(jws.h(), H32::sha256(&[jws.signing_input().as_bytes()]));
        assert!(jws.verify(stranger()).is_err(), "nobody signed it");
    }
    !kinds.is_empty()
}

/// A public key, which is on its curve and is written as it was.
pub fn jwk(input: &[u8]) -> bool {
    let Ok(key) = parse::<Jwk>(input) else { return false };
    let again = Jwk::from_sec1(&key.to_sec1()).expect("the point is on the curve");
    assert_eq!((again.clone(), again.thumbprint()), (key.clone(), key.thumbprint()));
    let written = serde_json::to_vec(&key).expect("JSON");
    assert_eq!(parse::<Jwk>(&written), Ok(key));
    true
}

pub fn challenge(input: &[u8]) -> bool {
    claims::<Challenge>(input)
}

pub fn answer(input: &[u8]) -> bool {
    claims::<Answer>(input)
}

pub fn proof(input: &[u8]) -> bool {
    claims::<Proof>(input)
}

pub fn metadata(input: &[u8]) -> bool {
    claims::<Metadata>(input)
}

/// The first byte says which of the other messages the rest is.
pub fn message(input: &[u8]) -> bool {
    let Some((which, payload)) = input.split_first() else { return false };
    const KINDS: [fn(&[u8]) -> bool; 9] = [
        claims::<Enrol>,
        claims::<Receipt>,
        claims::<Outcome>,
        claims::<Gone>,
        claims::<Link>,
        claims::<Keys>,
        claims::<Pop>,
        claims::<Invite>,
        claims::<Confirm>,
    ];
    KINDS[usize::from(*which) % KINDS.len()](payload)
}

/// A payload under a right header and some signature: what is taken is written as claims that are taken again, and the
/// milder library reads the same.
fn claims<T: Claims + PartialEq + Debug>(payload: &[u8]) -> bool {
    let (kid, signature) = (stranger().thumbprint(), [1; 64]);
    let header = format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"{}"}}"#, T::TYP.as_str());
    let parts = [header.as_bytes(), payload, &signature].map(b64u::encode);
    let text = parts.join(".");
    let Ok(message) = Message::<T>::parse(&text) else { return false };
    assert!(text.len() <= T::TYP.limit());
    let again = SigningInput::of(kid, message.claims()).expect("what was taken is within the limit").attach(signature);
    assert_eq!(Message::<T>::parse(&again).expect("what was written is read").claims(), message.claims());
    let mild: T = serde_json::from_slice(payload).expect("the library is the milder one");
    assert_eq!(&mild, message.claims());
    assert!(message.verify(stranger()).is_err(), "nobody signed it");
    true
}

/// The answer to a poll.
pub fn state(input: &[u8]) -> bool {
    let Ok(state) = parse::<State>(input) else { return false };
    assert!(state.held().len() <= CHALLENGES);
    for challenge in state.challenges.iter() {
        let read = Message::<Challenge>::parse(challenge);
        assert!(read.is_err() || unverified_jti(challenge).is_some(), "a challenge that is read has an id");
    }
    comes_back(&state);
    true
}

/// The first byte says which body of a call the rest is.
pub fn body(input: &[u8]) -> bool {
    let Some((which, body)) = input.split_first() else { return false };
    const KINDS: [fn(&[u8]) -> bool; 13] = [
        read::<Echo>,
        read::<EnrolRequest>,
        read::<EnrolReply>,
        read::<AnswerRequest>,
        read::<AnswerReply>,
        read::<KeysRequest>,
        read::<KeysReply>,
        read::<InviteRequest>,
        read::<InviteReply>,
        read::<ConfirmRequest>,
        read::<PutPush>,
        read::<ErrorBody>,
        metadata_reply,
    ];
    KINDS[usize::from(*which) % KINDS.len()](body)
}

fn read<T: Serialize + DeserializeOwned + PartialEq + Debug>(body: &[u8]) -> bool {
    let Ok(value) = parse::<T>(body) else { return false };
    comes_back(&value);
    true
}

fn metadata_reply(body: &[u8]) -> bool {
    parse::<MetadataReply>(body).is_ok()
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let written = serde_json::to_vec(value).expect("JSON");
    assert!(written.len() > JSON_BYTES || parse::<T>(&written).as_ref() == Ok(value), "what was written is read");
}

/// A stream of events, cut by its first byte: wherever it is cut, it says the same.
pub fn events(input: &[u8]) -> bool {
    let Some((cut, stream)) = input.split_first() else { return false };
    let whole = Reader::default().take(stream);
    let mut reader = Reader::default();
    let parts: Result<Vec<Vec<State>>, _> =
        stream.chunks(usize::from(*cut).max(1)).map(|part| reader.take(part)).collect();
    let parts = parts.map(|states| states.concat());
    assert_eq!(whole, parts);
    whole.is_ok_and(|states| !states.is_empty())
}

/// A sealed body, opened; and the same bytes as what is sealed: they come back, and no changed byte does.
pub fn sealed(input: &[u8]) -> bool {
    let receiver = receiver();
    let opened = seal::open(receiver, input);
    if let Ok(plain) = &opened {
        assert!(plain.len() < SEALED_LARGE);
    }
    let sender = private("as");
    match seal::seal(receiver.public(), input, &sender, &[7; 16]) {
        Ok(mut body) => {
            assert_eq!(seal::open(receiver, &body).expect("what was sealed is opened").expose(), input);
            let sealed = Sealed(body.clone());
            let _ = (SealedReceipt::open(receiver, &sealed), SealedInvite::open(receiver, &sealed));
            let at = input.iter().fold(0, |sum: usize, byte| sum * 31 % 65_521 + usize::from(*byte)) % body.len();
            body[at] ^= 1;
            assert!(seal::open(receiver, &body).is_err(), "byte {at} was changed");
        }
        Err(_) => assert!(input.len() >= SEALED_LARGE),
    }
    opened.is_ok()
}

/// The private half of a vector key.
pub(crate) fn private(name: &str) -> Secret {
    Secret::from_slice(H32::sha256(&[format!("countersign vector key {name}").as_bytes()]).as_bytes())
}

/// The receiver of the vectors.
fn receiver() -> &'static Receiver {
    static RECEIVER: OnceLock<Receiver> = OnceLock::new();
    let auth: [u8; 16] = std::array::from_fn(|at| 0x30 + at as u8);
    RECEIVER.get_or_init(|| Receiver::new(&private("seal"), Id::from_bytes(auth)).expect("a key"))
}

/// The public key of the receiver: it signed nothing.
fn stranger() -> &'static Jwk {
    &receiver().public().p256dh.0
}
