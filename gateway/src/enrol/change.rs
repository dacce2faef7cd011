//! What an enrolled phone changes of itself: where it is pushed to, one of its keys, that it is there at all
//! (`push-v1.md` §4, §11).

use countersign_protocol::jose::{FormError, H32, Jwk, Refused};
use countersign_protocol::push::{
    KeyAttestation, KeyClass, Keys, KeysReceipt, PutPush, Verified, keys_attestation_challenge,
};

use super::changes::{Changes, KeyChange, KeyChanged, NewKey, PushSet, SetPush};
use super::devices::{Devices, EnrolFault};
use super::record::{Age, Device};
use crate::attest::Stated;
use crate::audit::Caller;
use crate::store::StoreFault;

/// Why a change is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeFault {
    /// 401; what it was is for the log.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// 403: not in this state of the device, or of its keys.
    #[error("not in this state")]
    State,
    /// 403: the endpoint.
    #[error("the endpoint")]
    Endpoint,
    /// 403: the attestation.
    #[error("the attestation")]
    Attest,
    /// 403: moves are not offered.
    #[error("moves are not offered")]
    Move,
    /// 403: too many invitations, devices or changes of keys.
    #[error("too many")]
    Limit,
    /// 403: wrong digits, so many tries left.
    #[error("wrong digits, {0} left")]
    Digits(u8),
    /// 410: too late, ended, or the last try.
    #[error("ended")]
    Ended,
    /// Anything else.
    #[error(transparent)]
    Fault(#[from] EnrolFault),
}

impl From<StoreFault> for ChangeFault {
    fn from(fault: StoreFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<Refused> for ChangeFault {
    fn from(fault: Refused) -> Self {
        Self::Refused(fault.as_str())
    }
}

impl From<FormError> for ChangeFault {
    fn from(fault: FormError) -> Self {
        Self::Fault(fault.into())
    }
}

impl Devices {
    /// What is remembered of changes.
    pub fn changes(&self) -> &dyn Changes {
        &*self.parts.changes
    }

    /// Sets where a phone is pushed to.
    ///
    /// # Errors
    /// [`ChangeFault::Refused`] for a seal that is not new, [`ChangeFault::Endpoint`], [`ChangeFault::State`].
    pub fn set_push(&self, device: &Device, put: PutPush, by: &Caller) -> Result<(), ChangeFault> {
        // A key that is known is 401, and comes before what is 403.
        if let (Some(seal), Some(phone)) = (&put.seal, &device.phone) {
            let present = phone.seal == seal.p256dh.0 && phone.auth.ct_eq(&seal.auth);
            if !present && self.is_known(&seal.p256dh.0)? {
                return Err(ChangeFault::Refused("a key is known"));
            }
        }
        if put.endpoint.as_deref().is_some_and(|endpoint| !self.parts.reach.takes(endpoint)) {
            return Err(ChangeFault::Endpoint);
        }
        let set = SetPush { endpoint: put.endpoint.map(Some), seal: put.seal };
        self.push_set(device, set, "set", by)
    }

    /// Takes a phone's bell down.
    ///
    /// # Errors
    /// [`ChangeFault::State`], [`ChangeFault::Fault`].
    pub fn drop_push(&self, device: &Device, by: &Caller) -> Result<(), ChangeFault> {
        self.push_set(device, SetPush { endpoint: Some(None), seal: None }, "dropped", by)
    }

    fn push_set(&self, device: &Device, set: SetPush, outcome: &'static str, by: &Caller) -> Result<(), ChangeFault> {
        let entry = by.entry(self.moment().now, "device.push", outcome).device(*device.did.as_bytes());
        match self.parts.changes.set_push(device.did, set, entry)? {
            PushSet::Done => Ok(()),
            PushSet::KeyKnown => Err(ChangeFault::Refused("a key is known")),
            PushSet::NotActive => Err(ChangeFault::State),
        }
    }

    /// The key by which a repeated change of keys may be proven or signed although it does not count any more: the one that
    /// the newest change of that class left.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn left_key(&self, device: &Device, class: KeyClass) -> Result<Option<Jwk>, EnrolFault> {
        Ok(self.parts.changes.left_key(device.did, class)?)
    }

    /// What this request, or another with its `jti`, changed before.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn changed_before(&self, keys: &Keys, h: H32) -> Result<Option<KeyChange>, EnrolFault> {
        Ok(self.parts.changes.key_change(keys.iss, h, keys.jti)?)
    }

    /// Notes that a key was used: the one before it counts no more.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn key_used(&self, device: &mut Device, class: KeyClass, age: Age) -> Result<(), EnrolFault> {
        let Some(phone) = &mut device.phone else { return Ok(()) };
        let old = if class == KeyClass::Ak { &mut phone.old_ak } else { &mut phone.old_pk };
        if age == Age::Present && old.take().is_some() {
            self.parts.changes.end_old_key(device.did, class)?;
        }
        Ok(())
    }

    /// Puts a new key in the place of an old one. `keys` was signed by `signer`, a key of its class that counts, and the new
    /// one gave its word for it. `nonce_counts` says whether the nonce that an attestation is bound to was given at most ten
    /// minutes ago. The receipt.
    ///
    /// # Errors
    /// [`ChangeFault`].
    pub fn change_key(
        &self,
        keys: &Verified<Keys>,
        signer: &Jwk,
        nonce_counts: bool,
        by: &Caller,
    ) -> Result<String, ChangeFault> {
        let at = self.moment();
        let (claims, issuer) = (keys.claims(), &self.parts.issuer);
        let receipt = KeysReceipt { iss: issuer.u().clone(), aud: claims.iss, iat: at.now, eh: keys.h() };
        let receipt = issuer.sign(&receipt).map_err(EnrolFault::from)?.jws;
        let change = NewKey {
            did: claims.iss,
            class: claims.class,
            h: keys.h(),
            jti: claims.jti,
            old: signer.clone(),
            new: claims.jwk.clone(),
            attested: false,
            receipt: receipt.clone(),
        };
        // A key that is known is 401, and comes before what is 403.
        if self.is_known(&claims.jwk)? {
            return Err(ChangeFault::Refused("a key is known"));
        }
        let change = NewKey { attested: self.attested(claims, nonce_counts)?, ..change };
        let entry = by.entry(at.now, "device.keys", claims.class.as_str()).device(*claims.iss.as_bytes());
        match self.parts.changes.change_key(change, at, entry)? {
            KeyChanged::Done => {
                self.announce_of(&claims.iss)?;
                Ok(receipt)
            }
            KeyChanged::KeyKnown => Err(ChangeFault::Refused("a key is known")),
            KeyChanged::NotNow => Err(ChangeFault::State),
            KeyChanged::Limit => Err(ChangeFault::Limit),
            KeyChanged::Refused => Err(ChangeFault::Refused("not a key of the device")),
            KeyChanged::Repeat => {
                let before = self.parts.changes.key_change(claims.iss, keys.h(), claims.jti)?;
                before.map(|it| it.receipt).ok_or(ChangeFault::Refused("changed since"))
            }
        }
    }

    /// Whether the new key is attested, as well as the phone said at its enrolment (`push-v1.md` §11).
    fn attested(&self, claims: &Keys, nonce_counts: bool) -> Result<bool, ChangeFault> {
        let attestations = &self.parts.attestations;
        let phone = self.parts.store.device(claims.iss)?.and_then(|device| device.phone);
        let proven = match (&claims.att, &claims.nonce, phone) {
            (None, ..) => attestations.none(),
            (Some(KeyAttestation::AndroidKey { chain }), Some(nonce), Some(phone)) if nonce_counts => {
                let chain: Vec<Vec<u8>> = chain.iter().map(|one| one.0.clone()).collect();
                let ac = keys_attestation_challenge(&claims.iss, nonce);
                let stated = Stated { key: &claims.jwk, class: claims.class, level: phone.level, uv: phone.uv };
                attestations.android_key(&chain, &stated, &ac, self.moment().now).map(Some)
            }
            (Some(_), ..) => return Err(ChangeFault::Attest),
        };
        proven.map(|proven| proven.is_some()).map_err(|why| {
            tracing::info!(%why, "attestation refused");
            ChangeFault::Attest
        })
    }

    fn is_known(&self, key: &Jwk) -> Result<bool, EnrolFault> {
        let thumbprint = key.thumbprint();
        Ok(self.parts.store.any_key_known([thumbprint; 3])?)
    }
}
