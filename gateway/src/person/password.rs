//! Passwords: which are accepted, and how they are kept.
//!
//! The rules are those of NIST SP 800-63B-4 §3.1.1.2 and OWASP ASVS 5.0 §6.2: eight characters or more, no rule of
//! composition, no expiry, the commonest refused. They are hashed as typed with Argon2id, 19 MiB, two passes.

use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::available_parallelism;

use argon2::{Algorithm, Argon2, Params, Version};
use countersign_protocol::Secret;
use countersign_protocol::jose::b64u;
use subtle::ConstantTimeEq;

use super::common::is_common;
use super::{PersonFault, PersonName};
use crate::limits;

/// Argon2id's memory in KiB, passes and lanes: the first choice of OWASP's list for servers.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// A stored hash may ask for at most this much memory in KiB, so that a changed row cannot exhaust the machine.
const MOST_MEMORY: u32 = 1024 * 1024;

/// Which rule a password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// Fewer than eight characters.
    #[error("it has fewer than 8 characters")]
    Short,
    /// More than 1,024 bytes.
    #[error("it is longer than 1,024 bytes")]
    Long,
    /// Among those that everybody tries first.
    #[error("it is one of the commonest passwords")]
    Common,
    /// The person's own name, or the product's.
    #[error("it is the name itself")]
    Name,
}

/// Whether a new password keeps the rules.
///
/// # Errors
/// The first rule that it breaks.
pub fn accept(password: &Secret, name: &PersonName) -> Result<(), PasswordRefused> {
    // Exposed to count characters and to compare with the list; nothing is kept.
    let bytes = password.expose();
    if bytes.len() > limits::PASSWORD_BYTES {
        return Err(PasswordRefused::Long);
    }
    let text = String::from_utf8_lossy(bytes);
    if text.chars().count() < limits::PASSWORD_LEAST {
        return Err(PasswordRefused::Short);
    }
    let lower = text.to_lowercase();
    if [name.as_str(), "countersign"].contains(&lower.as_str()) {
        return Err(PasswordRefused::Name);
    }
    if is_common(&lower) { Err(PasswordRefused::Common) } else { Ok(()) }
}

/// A password's hash as stored: `argon2id$MEMORY$PASSES$LANES$SALT$HASH`, the last two as base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct Hashed(String);

impl Hashed {
    /// From the store. Whether it can be read is known when it is used.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The form that is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed(..)")
    }
}

/// Hashes and verifies, as many at once as there are processors; others wait up to two seconds.
pub struct Hasher {
    free: Mutex<usize>,
    freed: Condvar,
    cost: (u32, u32, u32),
}

impl Default for Hasher {
    fn default() -> Self {
        Self { free: Mutex::new(available_parallelism().map_or(1, usize::from)), freed: Condvar::new(), cost: COST }
    }
}

impl Hasher {
    /// The hash to store for a new password.
    ///
    /// # Errors
    /// [`PersonFault::Busy`].
    pub fn hash(&self, password: &Secret, salt: [u8; 16]) -> Result<Hashed, PersonFault> {
        let (memory, passes, lanes) = self.cost;
        let hash = self.derive(password, &salt, self.cost)?;
        let (salt, hash) = (b64u::encode(&salt), b64u::encode(&hash));
        Ok(Hashed(format!("argon2id${memory}${passes}${lanes}${salt}${hash}")))
    }

    /// Whether the password is the hashed one. With `None` it takes the same time and is `false`.
    ///
    /// # Errors
    /// [`PersonFault::Busy`].
    pub fn verify(&self, password: &Secret, hashed: Option<&Hashed>) -> Result<bool, PersonFault> {
        let parsed = hashed.and_then(parse);
        let known = parsed.is_some();
        let (cost, salt, expected) = parsed.unwrap_or((self.cost, [0; 16], [0; 32]));
        let found = self.derive(password, &salt, cost)?;
        Ok(bool::from(found.ct_eq(&expected)) && known)
    }

    fn derive(&self, password: &Secret, salt: &[u8; 16], cost: (u32, u32, u32)) -> Result<[u8; 32], PersonFault> {
        let _place = self.place()?;
        let params = Params::new(cost.0, cost.1, cost.2, Some(32)).map_err(|_| PersonFault::Busy)?;
        let mut out = [0; 32];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        // Exposed to the hash alone.
        argon2.hash_password_into(password.expose(), salt, &mut out).map_err(|_| PersonFault::Busy)?;
        Ok(out)
    }

    fn place(&self) -> Result<Place<'_>, PersonFault> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_timeout_while(free, limits::PASSWORD_QUEUE, |free| *free == 0);
        let (mut free, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(PersonFault::Busy);
        }
        *free -= 1;
        Ok(Place(self))
    }
}

struct Place<'a>(&'a Hasher);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

type Parsed = ((u32, u32, u32), [u8; 16], [u8; 32]);

fn parse(hashed: &Hashed) -> Option<Parsed> {
    let mut parts = hashed.0.split('$');
    let kind = parts.next()?;
    let mut number = || parts.next()?.parse::<u32>().ok();
    let cost = (number()?, number()?, number()?);
    let (salt, hash) = (b64u::decode_array(parts.next()?).ok()?, b64u::decode_array(parts.next()?).ok()?);
    let fits = kind == "argon2id" && cost.0 <= MOST_MEMORY && cost.1 <= 20 && cost.2 <= 16 && parts.next().is_none();
    fits.then_some((cost, salt, hash))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_properties::{around, parser};
    use proptest::prelude::*;

    use super::*;

    fn cheap(places: usize) -> Hasher {
        Hasher { free: Mutex::new(places), freed: Condvar::new(), cost: (8, 1, 1) }
    }

    fn secret(text: &str) -> Secret {
        Secret::from_slice(text.as_bytes())
    }

    #[test]
    fn a_password_fits_its_hash_alone() {
        let hasher = cheap(1);
        let hashed = hasher.hash(&secret("correct horse"), [7; 16]).unwrap();
        assert_eq!(hasher.verify(&secret("correct horse"), Some(&hashed)), Ok(true));
        assert_eq!(hasher.verify(&secret("Correct horse"), Some(&hashed)), Ok(false));
        assert_eq!(hasher.verify(&secret(""), Some(&hashed)), Ok(false));
        assert_eq!(hasher.verify(&secret("correct horse"), None), Ok(false));
    }

    #[test]
    fn a_password_has_so_many_characters_at_least() {
        let name = PersonName::parse("alice").unwrap();
        let least = limits::PASSWORD_LEAST;
        for (count, expected) in [(least - 1, Err(PasswordRefused::Short)), (least, Ok(())), (least + 1, Ok(()))] {
            for text in ["kq7vzh2wmx", "\u{df}\u{1f980}\u{e9}q\u{f1}z\u{fc}w\u{f8}x"] {
                let text: String = text.chars().take(count).collect();
                assert_eq!(accept(&secret(&text), &name), expected, "{text}");
            }
        }
    }

    #[test]
    fn the_real_cost_is_stored_with_the_hash() {
        let hashed = Hasher::default().hash(&secret("correct horse"), [7; 16]).unwrap();
        assert!(hashed.as_str().starts_with("argon2id$19456$2$1$"), "{}", hashed.as_str());
    }

    #[test]
    fn a_stored_hash_that_cannot_be_read_fits_nothing() {
        for text in ["", "argon2id$8$1$1$AA$AA", "argon2id$4294967295$1$1$BwcHBwcHBwcHBwcHBwcHBw$x", "bcrypt$1"] {
            let hashed = Hashed::from_stored(text.into());
            assert_eq!(cheap(1).verify(&secret(""), Some(&hashed)), Ok(false), "{text}");
        }
    }

    #[test]
    fn stored_hashes_are_read_as_they_were_written_or_refused() {
        let good = (8..=MOST_MEMORY, 1..=20_u32, 1..=16_u32, any::<[u8; 16]>(), any::<[u8; 32]>()).prop_map(
            |(memory, passes, lanes, salt, hash)| {
                format!("argon2id${memory}${passes}${lanes}${}${}", b64u::encode(&salt), b64u::encode(&hash))
            },
        );
        parser(around(good), |text| match parse(&Hashed::from_stored(text.clone())) {
            Some(((memory, passes, lanes), salt, hash)) => {
                assert!(memory <= MOST_MEMORY && passes <= 20 && lanes <= 16, "no stored text may ask for more work");
                let again =
                    format!("argon2id${memory}${passes}${lanes}${}${}", b64u::encode(&salt), b64u::encode(&hash));
                assert_eq!(parse(&Hashed::from_stored(again)), Some(((memory, passes, lanes), salt, hash)));
                true
            }
            None => false,
        });
    }

    #[test]
    fn who_finds_no_place_in_two_seconds_is_told_so() {
        assert_eq!(limits::PASSWORD_QUEUE.as_secs(), 2);
        let hasher = Arc::new(cheap(0));
        assert_eq!(hasher.verify(&secret("x"), None), Err(PersonFault::Busy));
        let waiting = hasher.clone();
        let thread = std::thread::spawn(move || waiting.verify(&secret("x"), None));
        drop(Place(&hasher));
        assert_eq!(thread.join().unwrap(), Ok(false));
    }

    #[test]
    fn the_rules_name_what_is_wrong() {
        let mara = PersonName::parse("mara@example.com").unwrap();
        let verdict = |text: &str| accept(&secret(text), &mara);
        assert_eq!(verdict("sh\u{f6}rt!!"), Err(PasswordRefused::Short));
        assert_eq!(verdict("Password1"), Err(PasswordRefused::Common));
        assert_eq!(verdict("Mara@Example.com"), Err(PasswordRefused::Name));
        assert_eq!(verdict("CounterSign"), Err(PasswordRefused::Name));
        assert_eq!(verdict(&"a1".repeat(513)), Err(PasswordRefused::Long));
        for good in ["tea and rain", "ohne Zahl und Zeichen", &"long ".repeat(200)] {
            assert_eq!(verdict(good), Ok(()), "{good}");
        }
    }
}
