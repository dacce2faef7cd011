//! Key containers (PSKC, RFC 6030): read as others write them, written as others read them.
//!
//! Prefixes of names are passed over, since they differ from maker to maker: an element is known by its own name and by those
//! around it. Of an encrypted value the check is compared before anything is decrypted.

mod lock;
mod read;
mod write;
mod xml;

#[cfg(test)]
mod tests;

pub(crate) use read::read;
pub(crate) use write::{Item, write};
pub use write::{Protection, ROUNDS};

const NAMESPACE: &str = "urn:ietf:params:xml:ns:keyprov:pskc";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const ENCRYPTION: &str = "http://www.w3.org/2001/04/xmlenc#";
const ENCRYPTION_1_1: &str = "http://www.w3.org/2009/xmlenc11#";
const PKCS5: &str = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#";

/// A URI's last part: `aes128-cbc`, `hmac-sha1`, `totp`.
fn last_part(uri: &str) -> &str {
    uri.trim().rsplit(['#', ':', '/']).next().unwrap_or_default()
}
