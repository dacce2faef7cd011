//! The vectors of this version of the protocol, made from its types. Each test makes its file again and compares; with
//! `COUNTERSIGN_ACCEPT=1` in the environment it writes the file instead. Entries that stand in a file and are not made
//! here stay, but every hash, signature and body in it is computed again.

mod messages;
mod ordered;
mod other;
mod walks;

use std::path::PathBuf;

pub(super) use messages::longest;
use ordered::Ordered;
use p256::ecdsa::Signature;

use super::key;
use crate::jose::{H32, Typ, b64u};

/// Makes the file of that name again.
fn file(name: &str, make: impl FnOnce(&mut Ordered)) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/vectors/push/{name}.json"));
    let stands = std::fs::read_to_string(&path).unwrap();
    let mut value: Ordered = serde_json::from_str(&stands).unwrap();
    make(&mut value);
    let made = value.to_text();
    if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
        std::fs::write(&path, made).unwrap();
        return;
    }
    for (at, (stands, made)) in stands.lines().zip(made.lines()).enumerate() {
        assert_eq!(stands, made, "{name}.json, line {}", at + 1);
    }
    assert_eq!(stands.len(), made.len(), "{name}.json");
}

/// The other signature that verifies: (r, n − s).
fn twin(signature: &[u8; 64]) -> [u8; 64] {
    let signature = Signature::from_slice(signature).unwrap();
    let (r, s) = (signature.r(), -*signature.s());
    Signature::from_scalars(r.to_bytes(), s.to_bytes()).unwrap().to_bytes().into()
}

/// Puts `h`, `jws` and `twin` of a message beside its `typ`, `key` and `payload`.
fn sign(message: &mut Ordered) {
    let typ = Typ::ALL.into_iter().find(|typ| typ.as_str() == message.text("typ")).unwrap();
    let key = key(message.text("key"));
    let input =
        format!("{}.{}", b64u::encode(key.header(typ).as_bytes()), b64u::encode(message.text("payload").as_bytes()));
    let signature = key.sign(input.as_bytes());
    message.set("h", H32::sha256(&[input.as_bytes()]).to_string());
    message.set("jws", format!("{input}.{}", b64u::encode(&signature)));
    message.set("twin", format!("{input}.{}", b64u::encode(&twin(&signature))));
}
