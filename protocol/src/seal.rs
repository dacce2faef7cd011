//! Sealed bodies: RFC 8291 over RFC 8188 (`aes128gcm`), one record, in two sizes only.
//!
//! Sealing hides what is said; it proves nothing about who said it.

use core::fmt;

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Secret;
use crate::jose::{FormError, Id, Jwk, P256dh, Refused};
use crate::limits::{SEALED_LARGE, SEALED_SMALL};

/// Salt, record size, length of the key, key (RFC 8188 section 2.1, RFC 8291 section 4).
const HEADER: usize = 16 + 4 + 1 + 65;
const RECORD_SIZE: u32 = 4096;
const TAG: usize = 16;
/// The mark that ends the text of the last record (RFC 8188 section 2).
const LAST: u8 = 2;

/// How long a body is whose text, mark and padding have that size: 1126 and 2150 bytes.
pub const fn body_len(size: usize) -> usize {
    HEADER + size + TAG
}

/// `seal`: where a device wants sealed bodies sent to. The public half, with the secret both share.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealKey {
    /// The device's point.
    pub p256dh: P256dh,
    /// The authentication secret of RFC 8291 section 3.2.
    pub auth: Id,
}

impl SealKey {
    /// The thumbprint by which a gateway knows this key again.
    pub fn thumbprint(&self) -> crate::jose::H32 {
        self.p256dh.0.thumbprint()
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({})", self.thumbprint())
    }
}

/// The half of a device that opens sealed bodies.
pub struct Receiver {
    secret: p256::SecretKey,
    public: SealKey,
}

impl Receiver {
    /// Takes 32 random bytes as private key, and the authentication secret.
    ///
    /// # Errors
    /// [`FormError::Key`] when the 32 bytes are not a private key (one in 2^32 is not): draw again.
    pub fn new(secret: &Secret, auth: Id) -> Result<Self, FormError> {
        let (secret, point) = key_pair(secret)?;
        Ok(Self { secret, public: SealKey { p256dh: P256dh(point), auth } })
    }

    /// What the gateway is given.
    pub fn public(&self) -> &SealKey {
        &self.public
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiver({})", self.public.thumbprint())
    }
}

/// Seals a text for one device, in the smaller of 1126 and 2150 bytes that fits.
///
/// `sender` is a private key drawn for this body alone (32 random bytes), `salt` is random.
///
/// # Errors
/// [`FormError::Large`] beyond 2047 bytes of text; [`FormError::Key`] when `sender` is not a private
/// key: draw again.
pub fn seal(to: &SealKey, plain: &[u8], sender: &Secret, salt: &[u8; 16]) -> Result<Vec<u8>, FormError> {
    let size = [SEALED_SMALL, SEALED_LARGE].into_iter().find(|size| plain.len() < *size).ok_or(FormError::Large)?;
    seal_to_size(to, plain, sender, salt, size)
}

/// Seals a text that is shorter than `size`, padded to it.
pub(crate) fn seal_to_size(
    to: &SealKey,
    plain: &[u8],
    sender: &Secret,
    salt: &[u8; 16],
    size: usize,
) -> Result<Vec<u8>, FormError> {
    let (secret, point) = key_pair(sender)?;
    let (key, nonce) = record_key(&shared(&secret, &to.p256dh.0)?, to, &point, salt).ok_or(FormError::Key)?;

    let mut text = Zeroizing::new(vec![0; size]);
    text[..plain.len()].copy_from_slice(plain);
    text[plain.len()] = LAST;
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut text).map_err(|_| FormError::Key)?;

    let mut body = Vec::with_capacity(HEADER + size + TAG);
    body.extend_from_slice(salt);
    body.extend_from_slice(&RECORD_SIZE.to_be_bytes());
    body.push(65);
    body.extend_from_slice(point.as_sec1());
    body.extend_from_slice(&text);
    body.extend_from_slice(tag.as_ref());
    Ok(body)
}

/// Opens a sealed body.
///
/// # Errors
/// [`Refused::Sealed`] for any other size than 1126 and 2150 bytes, another record size, a second
/// record, a key off the curve, another receiver, and any changed bit.
pub fn open(receiver: &Receiver, body: &[u8]) -> Result<Secret, Refused> {
    let sizes = [SEALED_SMALL, SEALED_LARGE].map(body_len);
    if !sizes.contains(&body.len()) {
        return Err(Refused::Sealed);
    }
    open_any_size(receiver, body).ok_or(Refused::Sealed)
}

/// Opens a body of one record of any length.
pub(crate) fn open_any_size(receiver: &Receiver, body: &[u8]) -> Option<Secret> {
    let (header, record) = body.split_at_checked(HEADER)?;
    let (salt, fields) = header.split_first_chunk::<16>()?;
    let (record_size, key_id) = fields.split_first_chunk::<4>()?;
    let (key_length, key) = key_id.split_first()?;
    if u32::from_be_bytes(*record_size) != RECORD_SIZE || *key_length != 65 {
        return None;
    }
    let sender = Jwk::from_sec1(key).ok()?;
    let shared = shared(&receiver.secret, &sender).ok()?;
    let (key, nonce) = record_key(&shared, &receiver.public, &sender, salt)?;
    let mut text = Zeroizing::new(record.to_vec());
    let padded = key.open_in_place(nonce, Aad::empty(), &mut text).ok()?;
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    (padded[end] == LAST).then(|| Secret::from_slice(&padded[..end]))
}

/// A private key and its public half.
fn key_pair(secret: &Secret) -> Result<(p256::SecretKey, Jwk), FormError> {
    // The bytes leave the type to become the scalar, which wipes itself.
    let secret = p256::SecretKey::from_slice(secret.expose()).map_err(|_| FormError::Key)?;
    let point = Jwk::from_sec1(&secret.public_key().to_sec1_bytes())?;
    Ok((secret, point))
}

fn shared(secret: &p256::SecretKey, public: &Jwk) -> Result<p256::ecdh::SharedSecret, FormError> {
    let public = p256::PublicKey::from_sec1_bytes(public.as_sec1()).map_err(|_| FormError::Key)?;
    Ok(secret.diffie_hellman(&public))
}

/// RFC 8291 section 3.4: the key and the nonce of the only record.
fn record_key(
    shared: &p256::ecdh::SharedSecret,
    to: &SealKey,
    sender: &Jwk,
    salt: &[u8; 16],
) -> Option<(LessSafeKey, Nonce)> {
    let prk_key = Salt::new(HKDF_SHA256, to.auth.as_bytes()).extract(shared.raw_secret_bytes());
    let info = [b"WebPush: info\0", &to.p256dh.0.as_sec1()[..], &sender.as_sec1()[..]];
    let ikm = expand::<32>(&prk_key, &info)?;
    let prk = Salt::new(HKDF_SHA256, salt).extract(&*ikm);
    let key = expand::<16>(&prk, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = expand::<NONCE_LEN>(&prk, &[b"Content-Encoding: nonce\0"])?;
    let key = UnboundKey::new(&AES_128_GCM, &*key).ok()?;
    Some((LessSafeKey::new(key), Nonce::assume_unique_for_key(*nonce)))
}

/// HKDF-Expand (RFC 5869 section 2.3) of `N` bytes.
fn expand<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Option<Zeroizing<[u8; N]>> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut bytes = Zeroizing::new([0; N]);
    prk.expand(info, Length(N)).ok()?.fill(&mut *bytes).ok()?;
    Some(bytes)
}
