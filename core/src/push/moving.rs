//! Moving to another phone (push-v1 section 11): the old phone invites the new one, and confirms its digits.

use countersign_protocol::jose::{H32, Id, Refused, SigningInput};
use countersign_protocol::json;
use countersign_protocol::otp::Typed;
use countersign_protocol::push::{Confirm, Invite, InviteReply, InviteRequest, Number, SealedInvite, check};
use countersign_protocol::seal::Receiver;

use super::answer::Unverified;
use crate::error::{Error, InputError};
use crate::record::{Enrolled, InviteCode, Record, Uri};

/// How many digits a new phone shows.
pub const DIGITS: u8 = 6;

/// What `ak` signs to invite. `jti` is fresh.
pub(crate) fn invite(
    record: &Record,
    enrolled: &Enrolled,
    replace: bool,
    jti: Id,
    now: u64,
) -> Result<SigningInput, Error> {
    let invite = Invite { iss: enrolled.did, aud: record.u.clone(), jti, iat: now, replace };
    SigningInput::of(enrolled.kids.ak, &invite).map_err(|_| Error::Internal)
}

/// What `ak` signs to confirm the digits of the new phone. `jti` is fresh.
///
/// # Errors
/// [`InputError::DigitsAsked`] when they are not six.
pub(crate) fn confirm(
    record: &Record,
    enrolled: &Enrolled,
    e: Id,
    typed: &Typed,
    jti: Id,
    now: u64,
) -> Result<SigningInput, Error> {
    if typed.len() != usize::from(DIGITS) {
        return Err(InputError::DigitsAsked(DIGITS).into());
    }
    // The digits leave their type to be signed: that is what they were typed for.
    let nm = Number::try_from(typed.expose()).map_err(|_| InputError::DigitsAsked(DIGITS))?;
    let confirm = Confirm { iss: enrolled.did, aud: record.u.clone(), jti, iat: now, e, nm };
    SigningInput::of(enrolled.kids.ak, &confirm).map_err(|_| Error::Internal)
}

/// Takes the receipt for this device's own invitation: what it unseals must lead to this very gateway and one of its
/// kept keys. Gives the code, and when the receipt was given.
///
/// # Errors
/// As of a result; then nothing is shown.
pub(crate) fn receipt(
    record: &Record,
    did: &Id,
    request: &InviteRequest,
    seals: &[Receiver],
    body: &[u8],
) -> Result<(InviteCode, u64), Unverified> {
    let reply: InviteReply = json::parse(body).map_err(Unverified::Malformed)?;
    let kid: H32 = reply.receipt.jws().kid();
    let refused = |refused| match refused {
        Refused::Key => Unverified::UnknownKey(kid),
        other => Unverified::Refused(other),
    };
    let receipt = check::invite_receipt(reply.receipt, &record.trusted, did, &request.invite.h()).map_err(refused)?;
    let sealed = &receipt.claims().sealed;
    let opened = seals.iter().find_map(|seal| SealedInvite::open(seal, sealed).ok());
    let SealedInvite(link) = opened.ok_or(Unverified::Refused(Refused::Sealed))?;
    check::invited(&link, &record.trusted).map_err(Unverified::Refused)?;
    let code = InviteCode { e: link.c.id(), x: link.x, link: Uri(link.to_https()) };
    Ok((code, receipt.claims().iat))
}
