//! What a message must say to be taken: pure comparisons of verified values. When each is asked, and
//! in which order with what the store knows, is the caller's part (push-v1 sections 4, 5.3 and 7).

use serde::{Deserialize, Serialize};

use super::{
    Answer, BaseUrl, Challenge, Confirm, Enrol, EnrolKeys, Gone, Invite, InviteReceipt, KeyClass, Keys, KeysReceipt,
    KeysRequest, Message, Metadata, Method, Op, Outcome, Proof, Receipt, Verified, walk,
};
use crate::jose::{Claims, H32, Id, Jwk, Refused};
use crate::limits::{CLOCK_AHEAD, META_GRACE, META_LIFE, OFFLINE_LEEWAY};
use crate::uri::EnrolLink;

/// Metadata that was taken: the keys, policy and pins in force of one gateway.
///
/// After a step of recovery keys, epoch, `seq` and `gr` are those of the step, all else what was taken before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    #[serde(flatten)]
    metadata: Metadata,
    /// Whether a step of recovery was taken and no metadata since.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    stepped: bool,
}

impl Trusted {
    /// Takes metadata whose checks are done.
    pub(super) fn of(metadata: Metadata) -> Self {
        Self { metadata, stepped: false }
    }

    /// Takes a step of recovery whose checks are done.
    pub(super) fn recover(&mut self, step: Metadata) {
        let Metadata { keys, epoch, seq, gr, .. } = step;
        self.metadata = Metadata { keys, epoch, seq, gr, ..self.metadata.clone() };
        self.stepped = true;
    }

    /// Whether a step of recovery was taken and no metadata since: then the next counts whatever its `exp`.
    pub fn is_stepped(&self) -> bool {
        self.stepped
    }

    /// What holds.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The gateway.
    pub fn iss(&self) -> &BaseUrl {
        &self.metadata.iss
    }

    /// The key that signs for this gateway under that thumbprint.
    ///
    /// # Errors
    /// [`Refused::Key`] when there is none.
    pub fn key(&self, kid: H32) -> Result<&Jwk, Refused> {
        self.metadata.key(&kid).ok_or(Refused::Key)
    }
}

/// The first metadata of a gateway, at enrolment (section 5.2). `now` is phone time.
///
/// # Errors
/// [`Refused::Key`]: the code does not belong to this gateway. [`Refused::Expired`]: check the
/// clock. Else whatever does not fit.
pub fn metadata_first(message: Message<Metadata>, link: &EnrolLink, now: u64) -> Result<Trusted, Refused> {
    let kid = message.jws().kid();
    if kid != link.k {
        return Err(Refused::Key);
    }
    let key = message.claims().key(&kid).ok_or(Refused::Key)?.clone();
    let metadata = message.verify(&key)?.into_claims();
    same_issuer(&metadata.iss, &link.u)?;
    allowed_life(&metadata)?;
    if let Some(pin) = link.p
        && !metadata.pins.as_ref().is_some_and(|pins| pins.contains(&pin))
    {
        return Err(Refused::Pin);
    }
    if metadata.exp.saturating_add(META_GRACE) < now {
        return Err(Refused::Expired);
    }
    Ok(Trusted::of(metadata))
}

/// Later metadata, signed by a key that is kept: a [`walk`](super::walk::walk) without links and recovery. At an equal
/// `seq` the one with the later `exp` stays, so what is returned may be what was kept.
///
/// # Errors
/// Whatever does not fit; nothing changes then.
pub fn metadata_next(kept: &Trusted, message: Message<Metadata>) -> Result<Trusted, Refused> {
    walk::next(kept, &kept.metadata.keys, message).map(|(trusted, _)| trusted)
}

/// Whether approving is offered while this metadata holds (section 11): not past its `exp`, by the
/// later of phone clock and last signed time. Denying and reporting always are.
pub fn may_approve(trusted: &Trusted, now: u64, last_signed: u64) -> bool {
    now.max(last_signed) <= trusted.metadata.exp
}

/// Whether metadata should be fetched again: half of its life is over by the later of phone clock and last signed
/// time, or a step of recovery was taken and nothing since.
pub fn wants_refresh(trusted: &Trusted, now: u64, last_signed: u64) -> bool {
    trusted.stepped || now.max(last_signed) >= trusted.metadata.half_life()
}

/// The last signed time after a JWS of this epoch with that `iat` was verified. One more than a day
/// ahead of the phone clock does not count.
pub fn last_signed(before: u64, iat: u64, now: u64) -> u64 {
    if iat > now.saturating_add(CLOCK_AHEAD) { before } else { before.max(iat) }
}

/// `iat` before `exp`, and 14 days between them at most.
pub(super) fn allowed_life(metadata: &Metadata) -> Result<(), Refused> {
    let life = metadata.exp.checked_sub(metadata.iat).filter(|life| (1..=META_LIFE).contains(life));
    life.map(|_| ()).ok_or(Refused::Life)
}

/// A receipt for the device's own request, whose h is `eh` (section 5.4).
///
/// # Errors
/// Whatever does not fit: then the code was used elsewhere.
pub fn receipt(message: Message<Receipt>, trusted: &Trusted, eh: &H32) -> Result<Verified<Receipt>, Refused> {
    receipt_for(message, trusted, eh, |receipt| (&receipt.iss, &receipt.eh))
}

/// The receipt for the device's own change of a key, whose h is `eh` (sections 5.4 and 11).
///
/// # Errors
/// Whatever does not fit: then nothing changes.
pub fn keys_receipt(
    message: Message<KeysReceipt>,
    trusted: &Trusted,
    did: &Id,
    eh: &H32,
) -> Result<Verified<KeysReceipt>, Refused> {
    let receipt = receipt_for(message, trusted, eh, |receipt| (&receipt.iss, &receipt.eh))?;
    same_device(&receipt.claims().aud, did)?;
    Ok(receipt)
}

/// The receipt for the device's own invitation, whose h is `eh` (sections 5.4 and 11). What is sealed in it is for
/// [`invited`].
///
/// # Errors
/// Whatever does not fit: then nothing is shown.
pub fn invite_receipt(
    message: Message<InviteReceipt>,
    trusted: &Trusted,
    did: &Id,
    eh: &H32,
) -> Result<Verified<InviteReceipt>, Refused> {
    let receipt = receipt_for(message, trusted, eh, |receipt| (&receipt.iss, &receipt.eh))?;
    same_device(&receipt.claims().aud, did)?;
    Ok(receipt)
}

fn receipt_for<T: Claims>(
    message: Message<T>,
    trusted: &Trusted,
    eh: &H32,
    members: impl FnOnce(&T) -> (&BaseUrl, &H32),
) -> Result<Verified<T>, Refused> {
    let key = trusted.key(message.jws().kid())?;
    let receipt = message.verify(key)?;
    let (iss, of) = members(receipt.claims());
    same_issuer(iss, trusted.iss())?;
    if of == eh { Ok(receipt) } else { Err(Refused::Request) }
}

/// Whether an invitation leads to this gateway and a key of it (section 11): then the device shows it.
///
/// # Errors
/// [`Refused::Issuer`] or [`Refused::Key`].
pub fn invited(invitation: &EnrolLink, trusted: &Trusted) -> Result<(), Refused> {
    same_issuer(&invitation.u, trusted.iss())?;
    trusted.key(invitation.k).map(|_| ())
}

/// A challenge to the device `did` (section 6). `now` is gateway time; `closed` tells whether a
/// `jti` was closed before.
///
/// # Errors
/// Whatever does not fit: then nothing of it is shown.
pub fn challenge(
    message: Message<Challenge>,
    trusted: &Trusted,
    did: &Id,
    now: u64,
    closed: impl FnOnce(&Id) -> bool,
) -> Result<Verified<Challenge>, Refused> {
    let challenge = own_challenge(message, trusted, did)?;
    let claims = challenge.claims();
    if now > claims.exp {
        return Err(Refused::Expired);
    }
    if closed(&claims.jti) {
        return Err(Refused::Closed);
    }
    Ok(challenge)
}

/// A challenge that was scanned for an answer code (section 12): as [`challenge`], but ten minutes early or late by
/// gateway time, and only where the policy offers answer codes.
///
/// # Errors
/// Whatever does not fit: then no code is shown.
pub fn offline_challenge(
    message: Message<Challenge>,
    trusted: &Trusted,
    did: &Id,
    now: u64,
    closed: impl FnOnce(&Id) -> bool,
) -> Result<Verified<Challenge>, Refused> {
    let challenge = own_challenge(message, trusted, did)?;
    let claims = challenge.claims();
    if claims.op == Op::Info {
        return Err(Refused::Notice);
    }
    if !trusted.metadata.policy.offline {
        return Err(Refused::Offline);
    }
    let early = now.saturating_add(OFFLINE_LEEWAY) < claims.iat;
    if early || now > claims.exp.saturating_add(OFFLINE_LEEWAY) {
        return Err(Refused::Expired);
    }
    if closed(&claims.jti) {
        return Err(Refused::Closed);
    }
    Ok(challenge)
}

fn own_challenge(message: Message<Challenge>, trusted: &Trusted, did: &Id) -> Result<Verified<Challenge>, Refused> {
    let key = trusted.key(message.jws().kid())?;
    let challenge = message.verify(key)?;
    same_issuer(&challenge.claims().iss, trusted.iss())?;
    same_device(&challenge.claims().aud, did)?;
    Ok(challenge)
}

/// The result of the device's own answer (section 7).
///
/// # Errors
/// Whatever does not fit: then the answer stays unanswered.
pub fn outcome(message: Message<Outcome>, trusted: &Trusted, answer: &Answer) -> Result<Verified<Outcome>, Refused> {
    let key = trusted.key(message.jws().kid())?;
    let outcome = message.verify(key)?;
    let claims = outcome.claims();
    same_issuer(&claims.iss, trusted.iss())?;
    same_device(&claims.aud, &answer.iss)?;
    if claims.aj != answer.jti || claims.cj != answer.cj {
        return Err(Refused::OtherAnswer);
    }
    Ok(outcome)
}

/// The gateway's word that the device `did` is removed (section 4).
///
/// # Errors
/// Whatever does not fit: then nothing is removed.
pub fn gone(message: Message<Gone>, trusted: &Trusted, did: &Id) -> Result<Verified<Gone>, Refused> {
    let key = trusted.key(message.jws().kid())?;
    let gone = message.verify(key)?;
    same_issuer(&gone.claims().iss, trusted.iss())?;
    same_device(&gone.claims().aud, did)?;
    Ok(gone)
}

/// Whether a proof is of this request: `htm`, `htu` byte for byte, `bh` (section 4).
///
/// # Errors
/// [`Refused::Method`], [`Refused::Url`] or [`Refused::Body`].
pub fn proof_fits(proof: &Verified<Proof>, method: Method, htu: &str, bh: &H32) -> Result<(), Refused> {
    let claims = proof.claims();
    if claims.htm != method {
        return Err(Refused::Method);
    }
    if claims.htu != htu {
        return Err(Refused::Url);
    }
    if claims.bh == *bh { Ok(()) } else { Err(Refused::Body) }
}

/// Whether an enrolment is meant for this gateway and this key of it (section 5.3).
///
/// # Errors
/// [`Refused::Audience`] or [`Refused::GatewayKey`].
pub fn enrol_addressed(enrol: &Verified<Enrol>, u: &BaseUrl, gk: &H32) -> Result<(), Refused> {
    if enrol.claims().aud != *u {
        return Err(Refused::Audience);
    }
    if enrol.claims().gk == *gk { Ok(()) } else { Err(Refused::GatewayKey) }
}

/// Whether the three keys of an enrolment differ from each other (section 3).
///
/// # Errors
/// [`Refused::SameKeys`].
pub fn keys_differ(keys: &EnrolKeys) -> Result<(), Refused> {
    let [ak, pk, seal] = [keys.ak.thumbprint(), keys.pk.thumbprint(), keys.seal.thumbprint()];
    if ak != pk && ak != seal && pk != seal { Ok(()) } else { Err(Refused::SameKeys) }
}

/// A device's request to change its key `old`, and the new key's word for it (section 11): signed by both, meant by
/// this device for this gateway. `old` is the key of the class that the request names.
///
/// # Errors
/// Whatever does not fit.
pub fn keys(
    request: KeysRequest,
    did: &Id,
    u: &BaseUrl,
    old: impl FnOnce(KeyClass) -> Jwk,
) -> Result<Verified<Keys>, Refused> {
    let KeysRequest { keys, pop } = request;
    let old = old(keys.claims().class);
    let keys = keys.verify(&old)?;
    let pop = pop.verify(&keys.claims().jwk)?;
    from_device(&keys.claims().iss, &keys.claims().aud, did, u)?;
    from_device(&pop.claims().iss, &pop.claims().aud, did, u)?;
    if pop.claims().nh != keys.h() {
        return Err(Refused::OtherKeys);
    }
    if keys.claims().jwk == old { Err(Refused::KnownKey) } else { Ok(keys) }
}

/// A device's request to invite its successor, by its `ak` (section 11).
///
/// # Errors
/// Whatever does not fit.
pub fn invite(message: Message<Invite>, did: &Id, u: &BaseUrl, ak: &Jwk) -> Result<Verified<Invite>, Refused> {
    let invite = message.verify(ak)?;
    from_device(&invite.claims().iss, &invite.claims().aud, did, u)?;
    Ok(invite)
}

/// A device's word for its successor, by its `ak` (section 11).
///
/// # Errors
/// Whatever does not fit.
pub fn confirm(message: Message<Confirm>, did: &Id, u: &BaseUrl, ak: &Jwk) -> Result<Verified<Confirm>, Refused> {
    let confirm = message.verify(ak)?;
    from_device(&confirm.claims().iss, &confirm.claims().aud, did, u)?;
    Ok(confirm)
}

/// Whether an answer is meant for this gateway (section 7).
///
/// # Errors
/// [`Refused::Audience`].
pub fn answer_addressed(answer: &Verified<Answer>, u: &BaseUrl) -> Result<(), Refused> {
    if answer.claims().aud == *u { Ok(()) } else { Err(Refused::Audience) }
}

pub(super) fn same_issuer(iss: &BaseUrl, u: &BaseUrl) -> Result<(), Refused> {
    if iss == u { Ok(()) } else { Err(Refused::Issuer) }
}

fn same_device(aud: &Id, did: &Id) -> Result<(), Refused> {
    if aud == did { Ok(()) } else { Err(Refused::Audience) }
}

/// Whether the device `did` says this, to the gateway `u`.
fn from_device(iss: &Id, aud: &BaseUrl, did: &Id, u: &BaseUrl) -> Result<(), Refused> {
    if iss != did {
        return Err(Refused::Issuer);
    }
    if aud == u { Ok(()) } else { Err(Refused::Audience) }
}
