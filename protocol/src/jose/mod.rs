//! The parts of JOSE that this protocol uses, and no others: base64url, P-256 keys, compact ES256.

pub mod b64u;
mod error;
mod id;
mod jwk;
mod jws;
mod signature;

pub use error::{FormError, Refused};
pub use id::{H32, Id};
pub use jwk::{Jwk, P256dh};
pub use jws::{Claims, Jws, SigningInput, Typ};
pub use signature::signature_from_der;
