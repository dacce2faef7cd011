//! What a message must say to be taken: pure comparisons of verified values. When each is asked, and
//! in which order with what the store knows, is the caller's part (push-v1 sections 4, 5.3 and 7).

use serde::{Deserialize, Serialize};

use super::{
    Answer, BaseUrl, Challenge, Enrol, EnrolKeys, Gone, Message, Metadata, Method, Outcome, Proof, Receipt, Verified,
};
use crate::jose::{H32, Id, Jwk, Refused};
use crate::limits::{CLOCK_AHEAD, META_GRACE, META_LIFE};
use crate::uri::EnrolLink;

/// Metadata that was taken: the keys, policy and pins in force of one gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trusted(Metadata);

impl Trusted {
    /// What holds.
    pub fn metadata(&self) -> &Metadata {
        &self.0
    }

    /// The gateway.
    pub fn iss(&self) -> &BaseUrl {
        &self.0.iss
    }

    /// The key that signs for this gateway under that thumbprint.
    ///
    /// # Errors
    /// [`Refused::Key`] when there is none.
    pub fn key(&self, kid: H32) -> Result<&Jwk, Refused> {
        self.0.key(&kid).ok_or(Refused::Key)
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
    Ok(Trusted(metadata))
}

/// Later metadata, signed by a key that is kept (section 11). At an equal `seq` the one with the
/// later `exp` stays, so what is returned may be what was kept.
///
/// # Errors
/// Whatever does not fit; nothing changes then.
pub fn metadata_next(kept: &Trusted, message: Message<Metadata>) -> Result<Trusted, Refused> {
    let key = kept.key(message.jws().kid())?;
    let metadata = message.verify(key)?.into_claims();
    same_issuer(&metadata.iss, &kept.0.iss)?;
    allowed_life(&metadata)?;
    if metadata.key(&key.thumbprint()).is_none() {
        return Err(Refused::Key);
    }
    if metadata.epoch != kept.0.epoch {
        return Err(Refused::Epoch);
    }
    if metadata.seq < kept.0.seq {
        return Err(Refused::Sequence);
    }
    if metadata.gr != kept.0.gr {
        return Err(Refused::RecoveryKey);
    }
    let is_newer = metadata.seq > kept.0.seq || metadata.exp > kept.0.exp;
    Ok(if is_newer { Trusted(metadata) } else { kept.clone() })
}

/// Whether approving is offered while this metadata holds (section 11): not past its `exp`, by the
/// later of phone clock and last signed time. Denying and reporting always are.
pub fn may_approve(trusted: &Trusted, now: u64, last_signed: u64) -> bool {
    now.max(last_signed) <= trusted.0.exp
}

/// The last signed time after a JWS of this epoch with that `iat` was verified. One more than a day
/// ahead of the phone clock does not count.
pub fn last_signed(before: u64, iat: u64, now: u64) -> u64 {
    if iat > now.saturating_add(CLOCK_AHEAD) { before } else { before.max(iat) }
}

/// `iat` before `exp`, and 14 days between them at most.
fn allowed_life(metadata: &Metadata) -> Result<(), Refused> {
    let life = metadata.exp.checked_sub(metadata.iat).filter(|life| (1..=META_LIFE).contains(life));
    life.map(|_| ()).ok_or(Refused::Life)
}

/// A receipt for the device's own request, whose h is `eh` (section 5.4).
///
/// # Errors
/// Whatever does not fit: then the code was used elsewhere.
pub fn receipt(message: Message<Receipt>, trusted: &Trusted, eh: &H32) -> Result<Verified<Receipt>, Refused> {
    let receipt = message.clone().verify(trusted.key(message.jws().kid())?)?;
    same_issuer(&receipt.claims().iss, trusted.iss())?;
    if receipt.claims().eh == *eh { Ok(receipt) } else { Err(Refused::Request) }
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
    let key = trusted.key(message.jws().kid())?;
    let challenge = message.verify(key)?;
    let claims = challenge.claims();
    same_issuer(&claims.iss, trusted.iss())?;
    same_device(&claims.aud, did)?;
    if now > claims.exp {
        return Err(Refused::Expired);
    }
    if closed(&claims.jti) {
        return Err(Refused::Closed);
    }
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

/// Whether an answer is meant for this gateway (section 7).
///
/// # Errors
/// [`Refused::Audience`].
pub fn answer_addressed(answer: &Verified<Answer>, u: &BaseUrl) -> Result<(), Refused> {
    if answer.claims().aud == *u { Ok(()) } else { Err(Refused::Audience) }
}

fn same_issuer(iss: &BaseUrl, u: &BaseUrl) -> Result<(), Refused> {
    if iss == u { Ok(()) } else { Err(Refused::Issuer) }
}

fn same_device(aud: &Id, did: &Id) -> Result<(), Refused> {
    if aud == did { Ok(()) } else { Err(Refused::Audience) }
}
