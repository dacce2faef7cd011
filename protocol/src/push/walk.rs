//! How a device follows a gateway whose keys changed (push-v1 section 11, «D walks»): first the steps of recovery,
//! then the links of rotation, then the metadata itself.
//!
//! A pure function of what is kept and what was answered. Form was checked when the answer was read: one part that is
//! malformed refuses the whole of it.

use super::check::{Trusted, allowed_life, last_signed, same_issuer};
use super::{Link, Message, Metadata, MetadataReply};
use crate::jose::{H32, Jwk, Refused};

/// What a walk led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// What is trusted now. To be stored also when [`Walk::rest`] is refused: steps of recovery are for good.
    pub trusted: Trusted,
    /// How many steps of recovery were taken.
    pub steps: usize,
    /// Whether the metadata was taken, or why the rest was refused.
    pub rest: Result<(), Refused>,
    /// `iat` of what was verified of the epoch that is trusted now.
    signed: Vec<u64>,
}

impl Walk {
    /// The last signed time after this walk: that of another epoch does not count any more.
    pub fn last_signed(&self, before: u64, now: u64) -> u64 {
        let before = if self.steps > 0 { 0 } else { before };
        self.signed.iter().fold(before, |before, iat| last_signed(before, *iat, now))
    }
}

/// Walks from what is kept to what the gateway answered.
pub fn walk(kept: &Trusted, reply: MetadataReply) -> Walk {
    let mut walk = Walk { trusted: kept.clone(), steps: 0, rest: Ok(()), signed: Vec::new() };
    walk.rest = walk.follow(reply);
    walk
}

impl Walk {
    fn follow(&mut self, reply: MetadataReply) -> Result<(), Refused> {
        for step in reply.recovery.iter() {
            self.recover(step)?;
        }
        let mut reached = self.trusted.metadata().keys.to_vec();
        for step in reply.links.iter() {
            self.link(&mut reached, step)?;
        }
        let (trusted, iat) = next(&self.trusted, &reached, reply.meta)?;
        self.signed.push(iat);
        self.trusted = trusted;
        Ok(())
    }

    /// One entry of `recovery`: not of a higher epoch, or not by the kept recovery key, it is skipped.
    fn recover(&mut self, step: &Message<Metadata>) -> Result<(), Refused> {
        let (kept, claims) = (self.trusted.metadata(), step.claims());
        if claims.epoch <= kept.epoch || kept.gr != Some(step.jws().kid()) {
            return Ok(());
        }
        let by = claims.grk.clone().filter(|key| kept.gr == Some(key.thumbprint())).ok_or(Refused::Signer)?;
        let claims = step.clone().verify(&by)?.into_claims();
        same_issuer(&claims.iss, self.trusted.iss())?;
        if claims.gr.is_none() {
            return Err(Refused::NoRecoveryKey);
        }
        self.signed = vec![claims.iat];
        self.steps += 1;
        self.trusted.recover(claims);
        Ok(())
    }

    /// One entry of `links`: from a key that is not reached, it is skipped.
    fn link(&mut self, reached: &mut Vec<Jwk>, step: &Message<Link>) -> Result<(), Refused> {
        let Some(from) = find(reached, &step.claims().from) else { return Ok(()) };
        let claims = step.clone().verify(from).map_err(|refused| match refused {
            Refused::Kid => Refused::Signer,
            other => other,
        })?;
        let claims = claims.into_claims();
        same_issuer(&claims.iss, self.trusted.iss())?;
        self.signed.push(claims.iat);
        reached.push(claims.to);
        Ok(())
    }
}

fn find<'a>(keys: &'a [Jwk], thumbprint: &H32) -> Option<&'a Jwk> {
    keys.iter().find(|key| key.thumbprint() == *thumbprint)
}

/// Takes metadata by one of those keys, and gives its `iat`. At an equal `seq` the one with the later `exp` stays; the
/// first after a step of recovery is taken whatever its `exp`.
pub(super) fn next(kept: &Trusted, reached: &[Jwk], message: Message<Metadata>) -> Result<(Trusted, u64), Refused> {
    let key = find(reached, &message.jws().kid()).ok_or(Refused::Key)?;
    let metadata = message.verify(key)?.into_claims();
    let before = kept.metadata();
    same_issuer(&metadata.iss, &before.iss)?;
    allowed_life(&metadata)?;
    if metadata.key(&key.thumbprint()).is_none() {
        return Err(Refused::Key);
    }
    if metadata.epoch != before.epoch {
        return Err(Refused::Epoch);
    }
    if metadata.seq < before.seq {
        return Err(Refused::Sequence);
    }
    if metadata.gr != before.gr {
        return Err(Refused::RecoveryKey);
    }
    let iat = metadata.iat;
    let is_newer = kept.is_stepped() || metadata.seq > before.seq || metadata.exp > before.exp;
    Ok((if is_newer { Trusted::of(metadata) } else { kept.clone() }, iat))
}
