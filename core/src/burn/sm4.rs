//! SM4 (GB/T 32907-2016) as Token2's display tokens use it: block by block, a MAC, and a padding.

use countersign_protocol::Secret;
use sm4::Sm4;
use sm4::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use zeroize::Zeroizing;

/// A block, and a key.
pub(crate) type Block = [u8; 16];

/// A key made ready. It is wiped on drop.
pub(crate) struct Cipher(Sm4);

impl Cipher {
    pub(crate) fn new(key: &Block) -> Self {
        Self(Sm4::new(key.into()))
    }

    /// One block.
    pub(crate) fn block(&self, block: &Block) -> Block {
        let mut block = (*block).into();
        self.0.encrypt_block(&mut block);
        block.into()
    }

    /// Pads, and encrypts block by block. What comes out is no secret to who has the key, and none to others.
    pub(crate) fn seal(&self, plain: &[u8]) -> Vec<u8> {
        padded(plain).as_chunks().0.iter().flat_map(|block| self.block(block)).collect()
    }

    /// What proves that one knows the key, for a challenge of eight bytes.
    pub(crate) fn answer(&self, challenge: &[u8; 8]) -> Block {
        let mut block = [0; 16];
        block.iter_mut().zip(challenge).for_each(|(to, from)| *to = *from);
        self.block(&block)
    }

    /// The first four bytes of the last block of CBC over a message from a start of zeros. Padding is added where the
    /// message does not end at a block's border, and only there.
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; 4] {
        let padding = padded(message);
        let whole = if message.len().is_multiple_of(16) { message } else { &**padding };
        let last = whole.as_chunks().0.iter().fold([0; 16], |mut before: Block, block: &Block| {
            before.iter_mut().zip(block).for_each(|(before, byte)| *before ^= byte);
            self.block(&before)
        });
        let [a, b, c, d, ..] = last;
        [a, b, c, d]
    }
}

/// With the padding of ISO/IEC 9797-1, method 2, which is always there: `80`, then zeros to a block's border.
fn padded(plain: &[u8]) -> Zeroizing<Vec<u8>> {
    let whole = (plain.len() + 1).next_multiple_of(16);
    let mut padded = Zeroizing::new(Vec::with_capacity(whole));
    padded.extend_from_slice(plain);
    padded.push(0x80);
    padded.resize(whole, 0);
    padded
}

/// A key of 16 bytes from as many, or none.
pub(crate) fn key(secret: &Secret) -> Option<Zeroizing<Block>> {
    secret.expose().try_into().ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::testing::hex;

    fn cipher(key: &str) -> Cipher {
        Cipher::new(&hex(key).try_into().unwrap())
    }

    #[test]
    fn it_gives_the_standards_own_answer() {
        let key: Block = hex("0123456789ABCDEFFEDCBA9876543210").try_into().unwrap();
        assert_eq!(Cipher::new(&key).block(&key), *hex("681EDF34D206965E86B3E94F536E4246"));
    }

    /// The older tool's settings have the customer key of a Molto-2 so. We read no such file: whoever has one types the key.
    #[test]
    fn the_customer_key_of_an_older_tools_settings_is_a_block_under_its_constant() {
        use sm4::cipher::BlockCipherDecrypt as _;
        let constant = cipher("612922F379D3E14B2908BC6FE5981F87");
        let sealed: Block = hex("5F576BC2A23FE018B89B8B1BEABAB163").try_into().unwrap();
        let mut opened = sealed.into();
        constant.0.decrypt_block(&mut opened);
        assert_eq!(&opened[..], b"Passw0rd-Molto22");
        assert_eq!(constant.block(b"Passw0rd-Molto22"), sealed);
    }

    #[test]
    fn the_mac_pads_only_where_it_must() {
        let (molto, single) = (cipher("099250FDB017F442DA429ECBBEE17F79"), cipher("8AD206883CA369482AB27182B6E83224"));
        let hello = b"hello world test!!";
        assert_eq!(molto.mac(hello), *hex("2CF7C205"));
        assert_eq!(molto.mac(&[0; 16]), *hex("14CC24B0"));
        assert_eq!(single.mac(hello), *hex("70B31FB7"));
        assert_eq!(single.mac(&[0; 16]), *hex("1EA029B8"));
    }

    #[test]
    fn padding_is_always_there() {
        for (length, whole) in [(0, 16), (1, 16), (15, 16), (16, 32), (20, 32), (32, 48), (48, 64), (63, 64)] {
            let padded = padded(&vec![7; length]);
            assert_eq!((padded.len(), padded[length]), (whole, 0x80));
            assert!(padded[length + 1..].iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn a_key_has_sixteen_bytes() {
        assert!(key(&Secret::from_slice(&[1; 16])).is_some());
        assert!(key(&Secret::from_slice(&[1; 15])).is_none() && key(&Secret::from_slice(&[1; 17])).is_none());
    }
}
