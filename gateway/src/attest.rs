//! What proves where a phone keeps its keys (push-v1 §5.3).
//!
//! A phone may bring, for each signing key, a chain of certificates that its hardware wrote when it made the key. Checked
//! are the chain up to a root that the operator configured ([`chain`]), that it is about this very key and this very
//! request, and what the hardware says of the key ([`description`]): where it is, that it was made there, and that the
//! approval key asks for the person at each use. What is proven stands in [`Proven`]; without it level and user check are
//! what the phone says.

pub mod chain;
mod der;
pub mod description;

use std::path::Path;
use std::sync::Arc;

use countersign_protocol::jose::{H32, Jwk};
use countersign_protocol::push::{Attest, Attestation, Enrol, KeyClass, Level, UserVerification};

use crate::config::Config;
use crate::file::{self, FileFault, Unfit};
use crate::limits;
use chain::{Revoked, Root};

/// Why an attestation is not taken. For the log: the phone learns `attest` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// The policy needs one, and there is none.
    #[error("none, and the policy needs one")]
    Missing,
    /// Of a kind that cannot be checked here.
    #[error("of a kind that cannot be checked here")]
    Kind,
    /// Not a certificate, or not one of the form that hardware writes.
    #[error("a certificate cannot be read")]
    Certificate,
    /// A certificate is not signed by the next one.
    #[error("a certificate is not signed by the next one")]
    Signature,
    /// A certificate that signs another one may not.
    #[error("a certificate may not sign others")]
    Authority,
    /// Not the leaf alone describes a key: the chain was made longer by a key that is attested itself.
    #[error("a key that is attested signed for another one")]
    Depth,
    /// A certificate is not valid at this time.
    #[error("a certificate is not valid now")]
    Time,
    /// The chain leads to no configured root.
    #[error("it leads to no configured root")]
    Root,
    /// A certificate was called back.
    #[error("a certificate was called back")]
    Revoked,
    /// The certificate is about another key.
    #[error("about another key")]
    Key,
    /// The description of the key is missing, or not of its form.
    #[error("the description of the key cannot be read")]
    Description,
    /// Made for another request.
    #[error("made for another request")]
    Challenge,
    /// The key is kept less well than the phone says.
    #[error("the key is kept less well than stated")]
    Level,
    /// The key may be used for more than signing.
    #[error("the key may do more than sign")]
    Purpose,
    /// The key was not made where it is kept.
    #[error("the key was brought in from outside")]
    Origin,
    /// The approval key does not ask for the person at each use, or not in the way stated.
    #[error("the key does not ask for the person as stated")]
    User,
}

/// What was proven of a device's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// Where they are at least; never less than the phone states.
    pub level: Level,
}

/// What a phone states of one key, for its attestation to prove.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    /// The key.
    pub key: &'a Jwk,
    /// Which of the two.
    pub class: KeyClass,
    /// Where it is kept.
    pub level: Level,
    /// What must unlock it, if it is the approval key.
    pub uv: UserVerification,
}

/// Checks attestations. Cloning shares everything.
#[derive(Clone)]
pub struct Attestations {
    inner: Arc<Inner>,
}

struct Inner {
    wanted: Attest,
    roots: Vec<Root>,
    revoked: Revoked,
}

impl Attestations {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn open(config: &Config) -> Result<Self, FileFault> {
        let roots = config.attest.android_roots.as_deref().map(read_roots).transpose()?.unwrap_or_default();
        let revoked = config.attest.android_revoked.as_deref().map(read_revoked).transpose()?.unwrap_or_default();
        Ok(Self { inner: Arc::new(Inner { wanted: config.policy.attest, roots, revoked }) })
    }

    /// Checks what an enrolment brings for both keys. `ac` is what the request's code asks to be attested. Nothing is
    /// proven by a request that brings nothing.
    ///
    /// # Errors
    /// [`WhyNot`]; a wrong attestation is refused whatever the policy.
    pub fn enrol(&self, claims: &Enrol, ac: &H32, now: u64) -> Result<Option<Proven>, WhyNot> {
        match &claims.att {
            None => self.none(),
            Some(Attestation::AppleAppattest { .. }) => Err(WhyNot::Kind),
            Some(Attestation::AndroidKey { ak, pk }) => {
                let stated = |class, key| Stated { key, class, level: claims.level, uv: claims.uv };
                let ders = |chain: &[countersign_protocol::push::B64]| -> Vec<Vec<u8>> {
                    chain.iter().map(|one| one.0.clone()).collect()
                };
                let one = self.android_key(&ders(ak), &stated(KeyClass::Ak, &claims.keys.ak), ac, now)?;
                let two = self.android_key(&ders(pk), &stated(KeyClass::Pk, &claims.keys.pk), ac, now)?;
                Ok(Some(if description::rank(one.level) <= description::rank(two.level) { one } else { two }))
            }
        }
    }

    /// What it means that there is no attestation.
    ///
    /// # Errors
    /// [`WhyNot::Missing`] under the policy `need`.
    pub fn none(&self) -> Result<Option<Proven>, WhyNot> {
        if self.inner.wanted == Attest::Need { Err(WhyNot::Missing) } else { Ok(None) }
    }

    /// Checks the chain of one key, leaf first, in DER.
    ///
    /// # Errors
    /// [`WhyNot`].
    pub fn android_key(&self, chain: &[Vec<u8>], stated: &Stated<'_>, ac: &H32, now: u64) -> Result<Proven, WhyNot> {
        let leaf = chain::leaf(chain, &self.inner.roots, &self.inner.revoked, now)?;
        if leaf.point != stated.key.as_sec1() {
            return Err(WhyNot::Key);
        }
        let level = description::read(&leaf.description)?.proves(stated, ac)?;
        Ok(Proven { level })
    }
}

pub(crate) fn read_roots(path: &Path) -> Result<Vec<Root>, FileFault> {
    let key = "attest.android_roots";
    let found = file::certificates(key, path)?;
    let roots: Option<Vec<Root>> = found.iter().map(|der| Root::read(der)).collect();
    roots.ok_or_else(|| FileFault::new(key, path, Unfit::NoCertificate))
}

fn read_revoked(path: &Path) -> Result<Revoked, FileFault> {
    let key = "attest.android_revoked";
    let bytes = file::read(key, path, limits::REVOKED_BYTES)?;
    serde_json::from_slice(&bytes).map_err(|why| FileFault::new(key, path, Unfit::Revoked(why.into())))
}
