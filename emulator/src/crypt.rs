//! SM4 and AES in their modes, the MAC and the padding of Token2's tokens, HMAC.

use aes::Aes256;
use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use sm4::Sm4;
use sm4::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use subtle::ConstantTimeEq as _;

/// A block of SM4 and of AES.
pub(crate) type Block = [u8; 16];

/// The bytes in whole blocks, or nothing when they do not come in such.
fn blocks(bytes: &[u8]) -> Option<&[Block]> {
    let (blocks, rest) = bytes.as_chunks();
    rest.is_empty().then_some(blocks)
}

/// One block through SM4.
pub(crate) fn sm4(key: &Block, block: &Block) -> Block {
    let mut out = (*block).into();
    Sm4::new(&(*key).into()).encrypt_block(&mut out);
    out.into()
}

/// SM4-ECB backwards.
pub(crate) fn sm4_open(key: &Block, sealed: &[u8]) -> Option<Secret> {
    let cipher = Sm4::new(&(*key).into());
    let opened = blocks(sealed)?.iter().flat_map(|block| {
        let mut block = (*block).into();
        cipher.decrypt_block(&mut block);
        Block::from(block)
    });
    Some(Secret::new(opened.collect()))
}

/// The first four bytes of the last block of SM4-CBC over a message, which is padded only when it does not end at a
/// block's border.
pub(crate) fn mac(key: &Block, message: &[u8]) -> [u8; 4] {
    let mut message = message.to_vec();
    if !message.len().is_multiple_of(16) {
        message.push(0x80);
        message.resize(message.len().next_multiple_of(16), 0);
    }
    let last = blocks(&message).unwrap_or_default().iter().fold([0; 16], |before, block| sm4(key, &xor(before, block)));
    let [a, b, c, d, ..] = last;
    [a, b, c, d]
}

fn xor(mut one: Block, other: &Block) -> Block {
    one.iter_mut().zip(other).for_each(|(one, other)| *one ^= other);
    one
}

/// What stands before the padding of ISO/IEC 9797-1, method 2, which is in the last block in any case.
pub(crate) fn unpadded(padded: &[u8]) -> Option<&[u8]> {
    let zeros = padded.iter().rev().take_while(|byte| **byte == 0).count();
    let marked = padded.get(..padded.len() - zeros)?;
    if zeros > 15 { None } else { marked.strip_suffix(&[0x80]) }
}

/// AES-256-CBC backwards, with PKCS#7 taken off.
pub(crate) fn aes_open(key: &[u8; 32], iv: &Block, sealed: &[u8]) -> Option<Secret> {
    let cipher = Aes256::new(&(*key).into());
    let mut before = *iv;
    let mut opened = Vec::with_capacity(sealed.len());
    for block in blocks(sealed)? {
        let mut out = (*block).into();
        cipher.decrypt_block(&mut out);
        opened.extend(xor(out.into(), &before));
        before = *block;
    }
    let padding = *opened.last()?;
    let kept = opened.len().checked_sub(padding.into()).filter(|_| (1..=16).contains(&padding))?;
    if opened.get(kept..)?.iter().any(|byte| *byte != padding) {
        return None;
    }
    opened.truncate(kept);
    Some(Secret::new(opened))
}

/// AES-256-CBC, with PKCS#7: what a host does.
#[cfg(test)]
pub(crate) fn aes_seal(key: &[u8; 32], iv: &Block, plain: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new(&(*key).into());
    let padding = 16 - plain.len() % 16;
    let padded = [plain, &vec![padding as u8; padding]].concat();
    let mut before = *iv;
    let mut sealed = vec![];
    for block in blocks(&padded).unwrap() {
        let mut out = xor(before, block).into();
        cipher.encrypt_block(&mut out);
        before = out.into();
        sealed.extend(before);
    }
    sealed
}

/// HMAC with this hash.
pub(crate) fn hmac(algorithm: Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    fn with<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
        // HMAC takes a key of any length.
        let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }
    match algorithm {
        Algorithm::Sha1 => with::<Hmac<Sha1>>(key, message),
        Algorithm::Sha256 => with::<Hmac<Sha256>>(key, message),
        Algorithm::Sha512 => with::<Hmac<Sha512>>(key, message),
        // No token's.
        Algorithm::Sha224 | Algorithm::Sha384 | Algorithm::Md5 => Vec::new(),
    }
}

/// Whether two values are the same, in a time that tells nothing.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::hex;

    fn block(text: &str) -> Block {
        hex(text).try_into().unwrap()
    }

    #[test]
    fn sm4_gives_the_standards_own_answer() {
        let key = block("0123456789ABCDEFFEDCBA9876543210");
        let sealed = sm4(&key, &key);
        assert_eq!(sealed, block("681EDF34D206965E86B3E94F536E4246"));
        assert_eq!(sm4_open(&key, &sealed).unwrap().expose(), key);
        assert!(sm4_open(&key, &sealed[1..]).is_none());
    }

    #[test]
    fn the_mac_pads_only_where_it_must() {
        let molto = block("099250FDB017F442DA429ECBBEE17F79");
        let single = block("8AD206883CA369482AB27182B6E83224");
        let hello = b"hello world test!!";
        assert_eq!(mac(&molto, hello), *hex("2CF7C205"));
        assert_eq!(mac(&molto, &[0; 16]), *hex("14CC24B0"));
        assert_eq!(mac(&single, hello), *hex("70B31FB7"));
        assert_eq!(mac(&single, &[0; 16]), *hex("1EA029B8"));
    }

    #[test]
    fn padding_is_always_there_and_in_the_last_block() {
        assert_eq!(unpadded(&[1, 2, 0x80, 0, 0]), Some(&[1, 2][..]));
        assert_eq!(unpadded(&[1, 2, 0, 0x80]), Some(&[1, 2, 0][..]));
        assert_eq!(unpadded(&[0x80]), Some(&[][..]));
        let mut block = [0; 32];
        block[16] = 0x80;
        assert_eq!(unpadded(&block), Some(&[0; 16][..]));
        block.swap(15, 16);
        for wrong in [&[][..], &[0; 16], &[1; 16], &block] {
            assert_eq!(unpadded(wrong), None, "{wrong:02x?}");
        }
    }

    #[test]
    fn aes_takes_back_what_a_host_sealed_and_nothing_else() {
        let (key, iv) = ([7; 32], [9; 16]);
        for length in 0..40 {
            let plain = vec![length; length.into()];
            let mut sealed = aes_seal(&key, &iv, &plain);
            assert_eq!(aes_open(&key, &iv, &sealed).unwrap().expose(), plain);
            assert!(aes_open(&key, &iv, &sealed[1..]).is_none());
            let end = sealed.len() - 1;
            sealed[end] ^= 1;
            assert!(aes_open(&key, &iv, &sealed).is_none());
        }
        assert!(aes_open(&key, &iv, &[]).is_none());
    }

    #[test]
    fn hmac_of_rfc_2202_and_4231() {
        let what = b"what do ya want for nothing?";
        assert_eq!(hmac(Algorithm::Sha1, b"Jefe", what), hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
        let long = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac(Algorithm::Sha256, b"Jefe", what), hex(long));
        assert_eq!(hmac(Algorithm::Sha512, b"Jefe", what)[..4], *hex("164b7a7b"));
    }
}
