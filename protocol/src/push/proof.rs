//! A device's signature over one HTTP request (push-v1 section 4).

use serde::{Deserialize, Serialize};

use super::set::{closed_set, names};
use crate::jose::{Claims, FormError, H32, Id, Typ};
use crate::limits::{NONCE, PROOF_URL};

closed_set! {
    /// `htm`: the methods of this protocol.
    Method {
        /// GET.
        Get = "GET",
        /// POST.
        Post = "POST",
        /// PUT.
        Put = "PUT",
        /// DELETE.
        Delete = "DELETE",
    }
}

/// Claims of `cs-proof+jwt`, the one value of the header `Countersign-Proof`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The method.
    pub htm: Method,
    /// The URL: base URL and path.
    pub htu: String,
    /// SHA-256 of the body's bytes, of no body too.
    pub bh: H32,
    /// Drawn for this transmission.
    pub jti: Id,
    /// The gateway's newest nonce.
    pub nonce: Nonce,
    /// Phone time, which no gateway looks at.
    pub iat: u64,
}

impl Claims for Proof {
    const TYP: Typ = Typ::Proof;

    fn check(&self) -> Result<(), FormError> {
        if self.htu.len() <= PROOF_URL { Ok(()) } else { Err(FormError::Large) }
    }
}

/// A gateway's nonce: 1 to 128 characters `A-Za-z0-9_-`, never decoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(String);

impl Nonce {
    /// The text, as in the header `Countersign-Nonce`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Nonce {
    type Error = FormError;
    fn try_from(text: String) -> Result<Self, FormError> {
        let fits = (1..=NONCE).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if fits { Ok(Self(text)) } else { Err(FormError::Range) }
    }
}

impl TryFrom<&str> for Nonce {
    type Error = FormError;
    fn try_from(text: &str) -> Result<Self, FormError> {
        text.to_owned().try_into()
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        nonce.0
    }
}
