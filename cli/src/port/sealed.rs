//! What the keystore writes: a head that says under which key, then AES-256-GCM, then a sum.
//!
//! `"CSdesk1" ‖ guard (1) ‖ key id (8) ‖ body ‖ sum (8)`. The key id tells *another key* from *changed bytes*: those break
//! the sum, which is no secret and protects nothing; the tag inside the body does.

use countersign_core::error::PortError;
use countersign_core::port::Guard;
use countersign_core::protocol::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

const MAGIC: &[u8; 7] = b"CSdesk1";
const ID: usize = 8;
const SUM: usize = 8;

/// Eight bytes that name a key without telling anything of it.
pub type KeyId = [u8; ID];

/// Bytes of an AES key.
pub const KEY: usize = 32;

/// The first bytes of a SHA-256, under a label of its own.
pub fn key_id(label: &str, bytes: &[u8]) -> KeyId {
    let mut input = Zeroizing::new(label.as_bytes().to_vec());
    input.push(0);
    input.extend_from_slice(bytes);
    head(&input)
}

fn head<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    out
}

/// Puts head and sum around a sealed body.
pub fn pack(guard: Guard, id: &KeyId, body: &[u8]) -> Vec<u8> {
    let mut out = [MAGIC.as_slice(), &[tag(guard)], id, body].concat();
    out.extend_from_slice(&head::<SUM>(&out));
    out
}

/// The sealed body, when it was sealed under this guard and key.
///
/// # Errors
/// [`PortError::Failed`] where it was changed or sealed under the other guard, [`PortError::KeyGone`] where the key is
/// another one.
pub fn unpack<'a>(guard: Guard, id: &KeyId, sealed: &'a [u8]) -> Result<&'a [u8], PortError> {
    let (rest, sum) = sealed.split_last_chunk::<SUM>().ok_or(PortError::Failed)?;
    if head::<SUM>(rest) != *sum {
        return Err(PortError::Failed);
    }
    let rest = rest.strip_prefix(MAGIC).ok_or(PortError::Failed)?;
    let (found, rest) = rest.split_first().ok_or(PortError::Failed)?;
    if *found != tag(guard) {
        return Err(PortError::Failed);
    }
    let (found, body) = rest.split_first_chunk::<ID>().ok_or(PortError::Failed)?;
    if found == id { Ok(body) } else { Err(PortError::KeyGone) }
}

fn tag(guard: Guard) -> u8 {
    match guard {
        Guard::Device => b'd',
        Guard::User => b'u',
    }
}

/// Seals `plain` for `names`: nonce, cipher text, tag. A nonce is used once under a key.
///
/// # Errors
/// [`PortError::Failed`] when the key has another length.
pub fn seal(key: &[u8], nonce: [u8; NONCE_LEN], names: &[u8], plain: &[u8]) -> Result<Vec<u8>, PortError> {
    let mut sealed = Zeroizing::new(plain.to_vec());
    let tag = aes(key)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(names), &mut sealed)
        .map_err(|_| PortError::Failed)?;
    Ok([nonce.as_slice(), &sealed, tag.as_ref()].concat())
}

/// Opens what [`seal`] made for the same names.
///
/// # Errors
/// [`PortError::Failed`] where anything differs.
pub fn open(key: &[u8], names: &[u8], sealed: &[u8]) -> Result<Secret, PortError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(PortError::Failed)?;
    let mut plain = Zeroizing::new(rest.to_vec());
    let opened = aes(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(names), &mut plain)
        .map_err(|_| PortError::Failed)?;
    Ok(Secret::from_slice(opened))
}

fn aes(key: &[u8]) -> Result<LessSafeKey, PortError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| PortError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_is_told_from_changed_bytes() {
        let (here, there) = (key_id("a", b"1"), key_id("a", b"2"));
        let sealed = pack(Guard::Device, &here, b"body");
        assert_eq!(unpack(Guard::Device, &here, &sealed), Ok(b"body".as_slice()));
        assert_eq!(unpack(Guard::Device, &there, &sealed), Err(PortError::KeyGone));
        assert_eq!(unpack(Guard::User, &here, &sealed), Err(PortError::Failed));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(unpack(Guard::Device, &here, &changed), Err(PortError::Failed), "byte {at}");
            assert_eq!(unpack(Guard::Device, &here, &sealed[..at]), Err(PortError::Failed), "cut at {at}");
        }
    }

    #[test]
    fn what_is_sealed_opens_for_its_names_alone() {
        let sealed = seal(&[1; KEY], [2; NONCE_LEN], b"name", b"plain").unwrap();
        assert_eq!(open(&[1; KEY], b"name", &sealed).unwrap().expose(), b"plain");
        assert!(open(&[1; KEY], b"other", &sealed).is_err());
        assert!(open(&[3; KEY], b"name", &sealed).is_err());
    }
}
