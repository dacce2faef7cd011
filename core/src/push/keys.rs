//! A change of one of the device's signing keys (push-v1 section 11): asked by the old key, vouched for by the new one.

use countersign_protocol::jose::{H32, Id, Jwk, Refused, SigningInput};
use countersign_protocol::json;
use countersign_protocol::push::{KeyAttestation, KeyClass, Keys, KeysReply, KeysRequest, Message, Nonce, Pop, check};

use super::answer::Unverified;
use crate::error::{Error, PortError};
use crate::record::{Enrolled, Record};

/// What the platform wrote of the new key, with the gateway's nonce that it was asked to write it for.
pub(crate) type Attested = (Nonce, KeyAttestation);

/// What the old key signs. `jti` is fresh.
pub(crate) fn request(
    record: &Record,
    enrolled: &Enrolled,
    class: KeyClass,
    jwk: Jwk,
    attested: Option<Attested>,
    jti: Id,
    now: u64,
) -> Result<SigningInput, Error> {
    let (nonce, att) = attested.unzip();
    let keys = Keys { iss: enrolled.did, aud: record.u.clone(), jti, iat: now, class, jwk, nonce, att };
    SigningInput::of(enrolled.kids.of(class), &keys).map_err(|_| Error::Internal)
}

/// What the new key signs: that it means this request.
pub(crate) fn pop(record: &Record, enrolled: &Enrolled, keys: &Message<Keys>) -> Result<SigningInput, Error> {
    let pop = Pop { iss: enrolled.did, aud: record.u.clone(), nh: keys.h() };
    SigningInput::of(keys.claims().jwk.thumbprint(), &pop).map_err(|_| Error::Internal)
}

/// A signed message of what was signed.
pub(crate) fn signed<T: countersign_protocol::jose::Claims>(
    input: &SigningInput,
    signature: [u8; 64],
) -> Result<Message<T>, PortError> {
    Message::parse(&input.attach(signature)).map_err(|_| PortError::Failed)
}

/// Takes the receipt for this device's own request, and says when it was given.
///
/// # Errors
/// As of a result.
pub(crate) fn receipt(record: &Record, did: &Id, request: &KeysRequest, body: &[u8]) -> Result<u64, Unverified> {
    let reply: KeysReply = json::parse(body).map_err(Unverified::Malformed)?;
    let kid: H32 = reply.receipt.jws().kid();
    let receipt = check::keys_receipt(reply.receipt, &record.trusted, did, &request.keys.h());
    let receipt = receipt.map_err(|refused| match refused {
        Refused::Key => Unverified::UnknownKey(kid),
        other => Unverified::Refused(other),
    })?;
    Ok(receipt.claims().iat)
}
