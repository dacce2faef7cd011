//! What is derived from an enrolment code, and the digits that confirm an enrolment (push-v1
//! sections 5.1, 5.5 and 11).

use ring::hmac;

use super::Nonce;
use crate::Secret;
use crate::jose::{FormError, H32, Id};

/// `c`: the secret of an enrolment QR, 16 bytes. It never travels; what it makes does.
#[derive(Debug, Clone)]
pub struct EnrolCode(Secret);

impl EnrolCode {
    /// Takes 16 random bytes.
    ///
    /// # Errors
    /// [`FormError::Size`] for another number of bytes.
    pub fn new(secret: Secret) -> Result<Self, FormError> {
        if secret.len() == Id::LEN { Ok(Self(secret)) } else { Err(FormError::Size) }
    }

    /// The bytes, to be put in the QR or stored under seal.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// `e`: the name of the code, which may be known.
    pub fn id(&self) -> Id {
        let hash = H32::sha256(&[b"countersign-enrol-id-1\0", self.0.expose()]);
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        Id::from_bytes(id)
    }

    /// `cm`: binds a whole request to this code. `signing_input` is that of the enrol JWS.
    pub fn cm(&self, signing_input: &[u8]) -> H32 {
        self.mac(signing_input)
    }

    /// Whether `cm` is that of the request, compared in constant time.
    pub fn cm_fits(&self, signing_input: &[u8], cm: &H32) -> bool {
        self.cm(signing_input).ct_eq(cm)
    }

    /// `ac`: the challenge that a device gives its keystore to attest.
    pub fn attestation_challenge(&self) -> H32 {
        self.mac(b"countersign-attest-1")
    }

    fn mac(&self, message: &[u8]) -> H32 {
        // The code leaves its type to be the key of the MAC.
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hmac::sign(&key, message).as_ref());
        H32::from_bytes(bytes)
    }
}

/// `ac` for a new key of an enrolled device (section 11): the challenge that it gives its keystore to attest.
pub fn keys_attestation_challenge(did: &Id, nonce: &Nonce) -> H32 {
    H32::sha256(&[b"countersign-attest-keys-1\0", did.as_bytes(), nonce.as_str().as_bytes()])
}

/// The six digits that a device shows and a person types into the page.
///
/// `eh` is h of the enrol JWS, `did` the device's id.
pub fn confirmation_digits(eh: &H32, did: &Id) -> String {
    let hash = H32::sha256(&[b"countersign-confirm-1\0", eh.as_bytes(), did.as_bytes()]);
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    format!("{:06}", u64::from_be_bytes(first) % 1_000_000)
}
