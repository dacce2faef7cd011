//! The vault key and what is made of it: one key to seal, one for the sum, one for the header.

use std::fmt;

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::{hkdf, hmac};
use zeroize::Zeroizing;

use super::cost::{KdfCost, SALT};
use super::frame::{self, Place, Tag};
use crate::error::{Error, PortError};
use crate::port::Random;

/// Bytes of a vault key.
pub(super) const LEN: usize = 32;
/// Bytes of a nonce of AES-256-GCM.
pub(super) const NONCE: usize = 12;
/// Bytes of its tag.
pub(super) const TAG: usize = 16;

/// The random key of one vault, unwrapped from a slot. Whoever holds it can open the vault.
#[derive(Clone)]
pub struct VaultKey {
    pub(super) vault: Id,
    pub(super) secret: Secret,
    /// Of a hidden vault: what goes with it in the second place.
    pub(super) second: Option<Second>,
}

/// What the key of a hidden vault brings along.
#[derive(Clone)]
pub(super) struct Second {
    /// What its one passphrase costs, and with which salt.
    pub cost: KdfCost,
    pub salt: [u8; SALT],
    /// The secret of the vault that is shown in its place.
    pub shown: Secret,
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultKey").field("vault", &self.vault).finish_non_exhaustive()
    }
}

impl VaultKey {
    /// Draws the key of a new vault.
    pub(super) fn generate(random: &dyn Random) -> Result<Self, PortError> {
        Ok(Self { vault: random.id()?, secret: random.secret(LEN)?, second: None })
    }

    /// Whether this is the same key.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.vault == other.vault && self.secret.ct_eq(other.secret.expose())
    }

    /// Whether it is the key of a hidden vault.
    pub(super) const fn is_hidden(&self) -> bool {
        self.second.is_some()
    }

    /// Of a hidden vault, the key of the one that is shown in its place.
    pub(super) fn shown(&self) -> Option<Self> {
        let second = self.second.as_ref()?;
        Some(Self { vault: self.vault, secret: second.shown.clone(), second: None })
    }

    /// A key for one use.
    pub(super) fn derive(&self, info: &[u8]) -> Result<Secret, Error> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, self.vault.as_bytes());
        // The vault key leaves its type to be derived from.
        let pseudo_random = salt.extract(self.secret.expose());
        let mut out = Zeroizing::new(vec![0; LEN]);
        let info = [info];
        let okm = pseudo_random.expand(&info, hkdf::HKDF_SHA256).map_err(|_| Error::Internal)?;
        okm.fill(&mut out).map_err(|_| Error::Internal)?;
        Ok(Secret::new(std::mem::take(&mut *out)))
    }

    /// The keys that work while the vault is unlocked.
    pub(super) fn keys(&self) -> Result<Keys, Error> {
        Keys::derive(self)
    }
}

/// Where pieces are opened one after the other, and only looked at. Wiped when it is let go.
#[derive(Default)]
pub(super) struct Room(Zeroizing<Vec<u8>>);

impl Room {
    /// A copy of `bytes`, in the place of what was here.
    fn holding(&mut self, bytes: &[u8]) -> &mut [u8] {
        if self.0.capacity() < bytes.len() {
            // Made anew: what a growing buffer leaves behind is not wiped.
            self.0 = Zeroizing::new(Vec::with_capacity(bytes.len().next_power_of_two()));
        }
        self.0.clear();
        self.0.extend_from_slice(bytes);
        &mut self.0
    }
}

/// What is sealed with a piece and stands outside: the vault, then what is before the sealed bytes.
struct Associated {
    bytes: [u8; Self::MOST],
    length: usize,
}

impl Associated {
    const VAULT: usize = 16;
    const MOST: usize = Self::VAULT + frame::PREFIX_MOST;
}

impl AsRef<[u8]> for Associated {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Seals and opens under a key that is used for nothing else.
pub(super) struct Sealer(Box<LessSafeKey>);

impl Sealer {
    pub(super) fn new(key: &[u8]) -> Result<Self, Error> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::Internal)?;
        Ok(Self(Box::new(LessSafeKey::new(key))))
    }

    /// Appends nonce, cipher text and tag of `plain` to `out`, which has room for them.
    pub(super) fn seal(&self, aad: &[u8], plain: &[u8], out: &mut Vec<u8>, random: &dyn Random) -> Result<(), Error> {
        let nonce: [u8; NONCE] = random.array()?;
        out.reserve_exact(NONCE + plain.len() + TAG);
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut out[start..]);
        out.extend_from_slice(tag.map_err(|_| Error::Internal)?.as_ref());
        Ok(())
    }

    /// Opens nonce, cipher text and tag; the plain bytes never stand anywhere but in the result.
    pub(super) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Secret> {
        let (nonce, body) = sealed.split_at_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = Zeroizing::new(body.to_vec());
        let len = self.0.open_in_place(nonce, Aad::from(aad), &mut plain).ok()?.len();
        plain.truncate(len);
        Some(Secret::new(std::mem::take(&mut *plain)))
    }

    /// As [`Sealer::open`], for a look.
    fn open_in<'a>(&self, aad: &[u8], sealed: &[u8], room: &'a mut Room) -> Option<&'a [u8]> {
        let (nonce, body) = sealed.split_at_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        self.0.open_in_place(nonce, Aad::from(aad), room.holding(body)).ok().map(|plain| &*plain)
    }
}

impl Drop for Sealer {
    /// ring does not wipe its key schedules: a key of zeros is written over it in place.
    fn drop(&mut self) {
        if let Ok(zero) = UnboundKey::new(&AES_256_GCM, &[0; LEN]) {
            *self.0 = LessSafeKey::new(zero);
            std::hint::black_box(&self.0);
        }
    }
}

/// What an unlocked vault works with.
pub(super) struct Keys {
    vault: Id,
    rows: Sealer,
    book: Sealer,
    sum: Box<hmac::Key>,
    header: Box<hmac::Key>,
}

impl Keys {
    fn derive(key: &VaultKey) -> Result<Self, Error> {
        let mac = |key: Secret| Box::new(hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
        Ok(Self {
            vault: key.vault,
            rows: Sealer::new(key.derive(b"countersign vault 1 rows")?.expose())?,
            book: Sealer::new(key.derive(b"countersign vault 2 book")?.expose())?,
            sum: mac(key.derive(b"countersign vault 1 sum")?),
            header: mac(key.derive(b"countersign vault 1 header")?),
        })
    }

    /// Seals one piece of the vault for its place, row and version.
    pub(super) fn seal(&self, tag: Tag, plain: &[u8], random: &dyn Random) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(frame::PREFIX_MOST + NONCE + plain.len() + TAG);
        frame::write_prefix(tag, NONCE + plain.len() + TAG, &mut out);
        let aad = self.aad(&out);
        self.rows.seal(aad.as_ref(), plain, &mut out, random)?;
        Ok(out)
    }

    /// Opens a piece that stands at `place` in `row`: its version and its bytes. `None` when it was
    /// damaged, or belongs elsewhere.
    pub(super) fn open(&self, place: Place, row: u64, sealed: &[u8]) -> Option<(u64, Secret)> {
        let frame = frame::parse(sealed)?;
        let fits = frame.tag.place == place && frame.tag.row == row && frame.whole.len() == sealed.len();
        if fits { Some((frame.tag.version, self.open_frame(&frame)?)) } else { None }
    }

    /// Seals the book of the header.
    pub(super) fn seal_book(&self, plain: &[u8], random: &dyn Random) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(NONCE + plain.len() + TAG);
        self.book.seal(self.vault.as_bytes(), plain, &mut out, random)?;
        Ok(out)
    }

    /// Opens what [`Keys::seal_book`] made.
    pub(super) fn open_book(&self, sealed: &[u8]) -> Option<Secret> {
        self.book.open(self.vault.as_bytes(), sealed)
    }

    /// Opens a piece for whatever place and row it names.
    pub(super) fn open_frame(&self, frame: &frame::Frame<'_>) -> Option<Secret> {
        self.rows.open(self.aad(frame.prefix).as_ref(), frame.body)
    }

    /// As [`Keys::open_frame`], for a look.
    pub(super) fn open_in<'a>(&self, frame: &frame::Frame<'_>, room: &'a mut Room) -> Option<&'a [u8]> {
        self.rows.open_in(self.aad(frame.prefix).as_ref(), frame.body, room)
    }

    /// Associated data: vault, then place, row, version and length as they stand before the sealed bytes.
    fn aad(&self, prefix: &[u8]) -> Associated {
        let length = Associated::VAULT + prefix.len();
        let mut bytes = [0; Associated::MOST];
        bytes[..Associated::VAULT].copy_from_slice(self.vault.as_bytes());
        bytes[Associated::VAULT..length].copy_from_slice(prefix);
        Associated { bytes, length }
    }

    /// What one version of one row adds to the sum of its table. An account's has no place before it, as in format 1.
    pub(super) fn summand(&self, place: Place, row: u64, version: u64) -> hmac::Tag {
        let mut input = [0; 17];
        input[0] = place.byte();
        input[1..9].copy_from_slice(&row.to_be_bytes());
        input[9..].copy_from_slice(&version.to_be_bytes());
        hmac::sign(&self.sum, &input[usize::from(place == Place::Label)..])
    }

    /// What tells one account from another, without its seed: first half of a keyed hash.
    pub(super) fn identity(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.sum);
        context.update(b"identity");
        parts.iter().for_each(|part| context.update(part));
        let mut out = [0; 16];
        out.copy_from_slice(&context.sign().as_ref()[..16]);
        out
    }

    pub(super) fn header_mac(&self, bytes: &[u8]) -> hmac::Tag {
        hmac::sign(&self.header, bytes)
    }

    pub(super) fn header_fits(&self, bytes: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.header, bytes, mac).is_ok()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        for key in [&mut self.sum, &mut self.header] {
            **key = hmac::Key::new(hmac::HMAC_SHA256, &[0; LEN]);
            std::hint::black_box(&**key);
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}
