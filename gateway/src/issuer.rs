//! Who this gateway is to phones: its base URL, its name and the key that signs what it says.

use std::sync::{Arc, PoisonError, RwLock};

use countersign_protocol::jose::{Claims, FormError, H32, Jwk, SigningInput};
use countersign_protocol::push::BaseUrl;
use countersign_protocol::text::T64;

use crate::port::{PortFault, Signer};

/// Why something could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    /// The key failed.
    #[error(transparent)]
    Port(#[from] PortFault),
    /// The claims are not those of the schema, or too long.
    #[error("claims: {0}")]
    Form(#[from] FormError),
}

/// Signs what phones take from this gateway: receipts, challenges, results, gone. Clones sign with the same key, also
/// after a rotation.
#[derive(Clone)]
pub struct Issuer {
    u: BaseUrl,
    name: T64,
    present: Arc<RwLock<Present>>,
}

/// The key that signs now.
#[derive(Clone)]
struct Present {
    key: Jwk,
    signer: Arc<dyn Signer>,
}

impl Present {
    fn new(signer: Arc<dyn Signer>) -> Result<Self, SignFault> {
        Ok(Self { key: Jwk::from_sec1(&signer.public_key())?, signer })
    }
}

/// A signed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The JWS as it travels.
    pub jws: String,
    /// h of it.
    pub h: H32,
}

impl Issuer {
    /// An issuer whose base URL is `origin` and `/push/v1`.
    ///
    /// # Errors
    /// [`SignFault::Form`] when the origin or the name is not fit for phones, or the key is not on the curve.
    pub fn new(origin: &str, name: &str, signer: Arc<dyn Signer>) -> Result<Self, SignFault> {
        let u = format!("{origin}/push/v1").parse()?;
        Ok(Self { u, name: name.try_into()?, present: Arc::new(RwLock::new(Present::new(signer)?)) })
    }

    /// `u`: `iss` of what this gateway signs, `aud` of what is meant for it.
    pub fn u(&self) -> &BaseUrl {
        &self.u
    }

    /// The gateway's name.
    pub fn name(&self) -> &T64 {
        &self.name
    }

    /// The public half of the `gk` that signs now.
    pub fn key(&self) -> Jwk {
        self.present().key
    }

    /// Signs with another key from now on.
    ///
    /// # Errors
    /// [`SignFault::Form`] when the key is not on the curve.
    pub fn sign_with(&self, signer: Arc<dyn Signer>) -> Result<(), SignFault> {
        let next = Present::new(signer)?;
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    fn present(&self) -> Present {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs claims.
    ///
    /// # Errors
    /// [`SignFault`].
    pub fn sign<T: Claims>(&self, claims: &T) -> Result<Signed, SignFault> {
        let Present { key, signer } = self.present();
        let input = SigningInput::of(key.thumbprint(), claims)?;
        let signature = signer.sign(input.as_bytes())?;
        Ok(Signed { h: input.h(), jws: input.attach(signature) })
    }
}
