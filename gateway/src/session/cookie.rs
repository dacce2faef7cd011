//! The cookie that holds a session: 128 random bits behind the `__Host-` prefix, and the form token bound to them.

use std::fmt;

use countersign_protocol::jose::b64u;
use ring::hmac;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::port::{PortFault, Random};

/// The name of the cookie. The prefix makes browsers demand `Secure`, `Path=/` and no `Domain`.
pub const NAME: &str = "__Host-countersign";

/// What the browser holds. Before the password it is there as well, so that the sign-in form has a token to go with.
#[derive(Clone, Copy)]
pub struct Cookie([u8; 16]);

impl Cookie {
    /// A fresh one.
    ///
    /// # Errors
    /// [`PortFault::Random`].
    pub fn generate(random: &dyn Random) -> Result<Self, PortFault> {
        Ok(Self(random.bytes()?))
    }

    /// Reads it from the `Cookie` headers' text; `None` when it is missing, malformed or there twice.
    pub fn read<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value);
        let value = values.next()?;
        if values.next().is_some() {
            return None;
        }
        b64u::decode_array(value).ok().map(Self)
    }

    /// The `Set-Cookie` header that gives it to the browser, until the browser closes.
    pub fn set(&self) -> String {
        format!("{NAME}={}; Path=/; Secure; HttpOnly; SameSite=Lax", b64u::encode(&self.0))
    }

    /// The `Set-Cookie` header that takes it away.
    pub fn clear() -> String {
        format!("{NAME}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
    }

    /// SHA-256 of it: what the store keeps.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(..)")
    }
}

/// Makes and checks the anti-forgery token of forms: an HMAC over the cookie, so that it needs no memory.
pub struct FormKey(hmac::Key);

impl FormKey {
    /// From 32 bytes that only this gateway knows.
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The token for forms of this cookie's browser.
    pub fn token(&self, cookie: &Cookie) -> String {
        b64u::encode(&self.bytes(cookie))
    }

    /// Whether `token` is the one for this cookie. Constant time.
    pub fn fits(&self, cookie: &Cookie, token: &str) -> bool {
        let given: [u8; 16] = b64u::decode_array(token).unwrap_or_default();
        self.bytes(cookie).ct_eq(&given).into()
    }

    fn bytes(&self, cookie: &Cookie) -> [u8; 16] {
        let mut out = [0; 16];
        let mac = hmac::sign(&self.0, &cookie.0);
        for (to, from) in out.iter_mut().zip(mac.as_ref()) {
            *to = *from;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: Cookie = Cookie([1; 16]);

    #[test]
    fn what_was_set_is_read_back() {
        let set = COOKIE.set();
        let pair = set.split(';').next().unwrap();
        let header = format!("other=1; {pair}");
        assert_eq!(Cookie::read([header.as_str()].into_iter()).unwrap().hash(), COOKIE.hash());
        assert_eq!(set, "__Host-countersign=AQEBAQEBAQEBAQEBAQEBAQ; Path=/; Secure; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn a_cookie_that_is_there_twice_or_malformed_is_none() {
        for header in
            ["", "a=b", "__Host-countersign=", "__Host-countersign=AQEB", "countersign=AQEBAQEBAQEBAQEBAQEBAQ"]
        {
            assert!(Cookie::read([header].into_iter()).is_none(), "{header}");
        }
        let twice = COOKIE.set();
        let pair = twice.split(';').next().unwrap();
        assert!(Cookie::read([pair, pair].into_iter()).is_none());
    }

    #[test]
    fn a_token_fits_its_cookie_and_key_alone() {
        let (key, other) = (FormKey::new(&[7; 32]), FormKey::new(&[8; 32]));
        let token = key.token(&COOKIE);
        assert!(key.fits(&COOKIE, &token));
        assert!(!key.fits(&Cookie([2; 16]), &token));
        assert!(!other.fits(&COOKIE, &token));
        assert!(!key.fits(&COOKIE, ""));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{COOKIE:?}"), "Cookie(..)");
    }
}
