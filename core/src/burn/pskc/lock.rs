//! What opens an encrypted container: AES in CBC mode (XML Encryption), HMAC over what was encrypted, PBKDF2 from a password.

use std::num::NonZeroU32;

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use countersign_protocol::Secret;
use ring::{hmac, pbkdf2};
use zeroize::Zeroizing;

use super::last_part;
use super::xml::Element;
use crate::burn::source::{Column, Rule, SourceError, Unlock};
use crate::limits;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

type Block = [u8; 16];

/// Bytes of a base64 text, whatever blanks are in it.
pub(super) fn base64(text: &str, column: Column) -> Result<Secret, Rule> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(|c| !c.is_ascii_whitespace()));
    BASE64.decode(plain.as_bytes()).map(Secret::new).map_err(|_| Rule::Base64(column))
}

/// The same for writing. The text is wiped on drop.
pub(super) fn to_base64(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(general_purpose::STANDARD.encode(bytes))
}

/// How the values of a container are locked.
#[derive(Default)]
pub(super) struct Lock {
    way: Way,
    mac: Option<Mac>,
    /// Worked out once.
    key: Option<Secret>,
    mac_key: Option<Secret>,
}

#[derive(Default)]
enum Way {
    /// By a key that both sides agreed on; the container may leave that out.
    #[default]
    Agreed,
    Password(Derivation),
    /// To a certificate, or in a way that nobody here knows.
    Other,
}

struct Derivation {
    salt: Secret,
    rounds: u64,
    length: Option<usize>,
    function: pbkdf2::Algorithm,
}

struct Mac {
    algorithm: hmac::Algorithm,
    /// `None`: the key of the values serves.
    key: Option<Cipher>,
}

/// An encrypted value as it stands in the file.
struct Cipher {
    key_length: usize,
    /// The first block and the cipher text.
    bytes: Secret,
}

/// What stops one value, or all of them.
pub(super) enum Stop {
    /// This row.
    Row(Rule),
    /// The file.
    File(SourceError),
}

impl From<Rule> for Stop {
    fn from(rule: Rule) -> Self {
        Self::Row(rule)
    }
}

impl From<SourceError> for Stop {
    fn from(fault: SourceError) -> Self {
        Self::File(fault)
    }
}

impl Lock {
    /// Takes `EncryptionKey`.
    pub(super) fn set_key(&mut self, element: &Element) -> Result<(), SourceError> {
        self.way = match element.child("DerivedKey") {
            Some(derived) => Way::Password(Derivation::read(derived)?),
            None if element.child("X509Data").is_some() => Way::Other,
            None => Way::Agreed,
        };
        Ok(())
    }

    /// Takes `MACMethod`.
    pub(super) fn set_mac(&mut self, element: &Element) -> Result<(), SourceError> {
        let algorithm = match last_part(element.attribute("Algorithm").unwrap_or_default()) {
            "hmac-sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "hmac-sha256" => hmac::HMAC_SHA256,
            "hmac-sha384" => hmac::HMAC_SHA384,
            "hmac-sha512" => hmac::HMAC_SHA512,
            _ => return Err(SourceError::OtherMac),
        };
        let key = element.child("MACKey").map(Cipher::read).transpose().map_err(|_| SourceError::OtherMac)?;
        self.mac = Some(Mac { algorithm, key });
        Ok(())
    }

    /// Opens `EncryptedValue` after its check, which stands beside it.
    pub(super) fn open(&mut self, beside: &Element, value: &Element, unlock: Unlock<'_>) -> Result<Secret, Stop> {
        if matches!(self.way, Way::Other) {
            return Err(SourceError::OtherLock.into());
        }
        let cipher = Cipher::read(value)?;
        self.prepare(cipher.key_length, unlock)?;
        let (Some(key), Some(mac_key), Some(mac)) = (&self.key, &self.mac_key, &self.mac) else {
            return Err(Rule::MacMissing.into());
        };
        let said = beside.child("ValueMAC").ok_or(Rule::MacMissing)?;
        let said = base64(said.text(), Column::Secret)?;
        let mac_key = hmac::Key::new(mac.algorithm, mac_key.expose());
        hmac::verify(&mac_key, cipher.bytes.expose(), said.expose()).map_err(|_| Rule::MacWrong)?;
        Ok(cipher.open(key).ok_or(Rule::Padding)?)
    }

    /// Works out the keys, once.
    fn prepare(&mut self, length: usize, unlock: Unlock<'_>) -> Result<(), SourceError> {
        let known = self.key.take();
        let key = match known {
            Some(key) => key,
            None => self.way.key(length, unlock)?,
        };
        if key.len() != length {
            return Err(SourceError::KeyLength(key.len(), length));
        }
        if let (None, Some(mac)) = (&self.mac_key, &self.mac) {
            self.mac_key = Some(match &mac.key {
                Some(cipher) if cipher.key_length != key.len() => {
                    return Err(SourceError::KeyLength(key.len(), cipher.key_length));
                }
                Some(cipher) => cipher.open(&key).ok_or(SourceError::WrongKey)?,
                None => key.clone(),
            });
        }
        self.key = Some(key);
        Ok(())
    }
}

impl Way {
    fn key(&self, length: usize, unlock: Unlock<'_>) -> Result<Secret, SourceError> {
        match (self, unlock) {
            (Self::Agreed, Unlock::Key(key)) => Ok(key.clone()),
            (Self::Agreed, _) => Err(SourceError::KeyNeeded),
            (Self::Password(derivation), Unlock::Password(password)) => derivation.key(length, password),
            (Self::Password(_), _) => Err(SourceError::PasswordNeeded),
            (Self::Other, _) => Err(SourceError::OtherLock),
        }
    }
}

impl Derivation {
    fn read(element: &Element) -> Result<Self, SourceError> {
        let method = element.child("KeyDerivationMethod").ok_or(SourceError::Derivation)?;
        if last_part(method.attribute("Algorithm").unwrap_or_default()) != "pbkdf2" {
            return Err(SourceError::OtherLock);
        }
        let parameters = method.child("PBKDF2-params").ok_or(SourceError::Derivation)?;
        let text = |path: &[&str]| parameters.at(path).map(Element::text).filter(|text| !text.is_empty());
        let number = |name: &str| text(&[name]).map(|text| text.parse::<u64>().map_err(|_| SourceError::Derivation));
        let salt = text(&["Salt", "Specified"]).ok_or(SourceError::Derivation)?;
        let salt = base64(salt, Column::Secret).map_err(|_| SourceError::Derivation)?;
        let rounds = number("IterationCount").transpose()?.ok_or(SourceError::Derivation)?;
        if rounds == 0 || rounds > limits::PSKC_ROUNDS {
            return Err(SourceError::Rounds(rounds));
        }
        let length = number("KeyLength").transpose()?;
        let length = length.map(usize::try_from).transpose().map_err(|_| SourceError::Derivation)?;
        // python-pskc has it as text.
        let named = parameters.child("PRF").map(|function| function.attribute("Algorithm").unwrap_or(function.text()));
        let function = match named.map(last_part) {
            None | Some("hmac-sha1" | "hmacWithSHA1" | "") => pbkdf2::PBKDF2_HMAC_SHA1,
            Some("hmac-sha256" | "hmacWithSHA256") => pbkdf2::PBKDF2_HMAC_SHA256,
            Some("hmac-sha384" | "hmacWithSHA384") => pbkdf2::PBKDF2_HMAC_SHA384,
            Some("hmac-sha512" | "hmacWithSHA512") => pbkdf2::PBKDF2_HMAC_SHA512,
            Some(_) => return Err(SourceError::OtherLock),
        };
        Ok(Self { salt, rounds, length, function })
    }

    fn key(&self, length: usize, password: &Secret) -> Result<Secret, SourceError> {
        if self.length.is_some_and(|said| said != length) {
            return Err(SourceError::KeyLength(self.length.unwrap_or_default(), length));
        }
        derive(self.function, self.rounds, self.salt.expose(), password, length)
    }
}

/// PBKDF2 (RFC 8018).
pub(super) fn derive(
    function: pbkdf2::Algorithm,
    rounds: u64,
    salt: &[u8],
    password: &Secret,
    length: usize,
) -> Result<Secret, SourceError> {
    let many = u32::try_from(rounds).ok().and_then(NonZeroU32::new).ok_or(SourceError::Rounds(rounds))?;
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(function, many, salt, password.expose(), &mut key);
    Ok(Secret::new(std::mem::take(&mut *key)))
}

impl Cipher {
    /// Reads `EncryptionMethod` and `CipherData` of an element.
    fn read(element: &Element) -> Result<Self, Rule> {
        let method = element.child("EncryptionMethod").and_then(|method| method.attribute("Algorithm"));
        let key_length = match last_part(method.unwrap_or_default()) {
            "aes128-cbc" => 16,
            "aes192-cbc" => 24,
            "aes256-cbc" => 32,
            _ => return Err(Rule::Cipher),
        };
        let text = element.at(&["CipherData", "CipherValue"]).ok_or(Rule::Missing(Column::Secret))?;
        let bytes = base64(text.text(), Column::Secret)?;
        if bytes.len() < 32 || !bytes.len().is_multiple_of(16) {
            return Err(Rule::CipherText(bytes.len()));
        }
        Ok(Self { key_length, bytes })
    }

    /// Decrypts. The last byte says how many are padding (XML Encryption, 5.2); what they are, is not said.
    fn open(&self, key: &Secret) -> Option<Secret> {
        let (blocks, _) = self.bytes.expose().as_chunks::<16>();
        let mut plain = Zeroizing::new(Vec::with_capacity(self.bytes.len()));
        let cipher = Aes::new(key)?;
        for pair in blocks.windows(2) {
            let [before, block] = pair else { return None };
            let mut block = *block;
            cipher.decrypt(&mut block);
            plain.extend(block.iter().zip(before).map(|(one, other)| one ^ other));
        }
        let padding = usize::from(*plain.last()?);
        if !(1..=16).contains(&padding) || padding > plain.len() {
            return None;
        }
        let length = plain.len() - padding;
        plain.truncate(length);
        Some(Secret::new(std::mem::take(&mut *plain)))
    }
}

/// Encrypts with padding as PKCS #7 has it: the first block, then the cipher text.
pub(super) fn seal(key: &Secret, first: Block, plain: &[u8]) -> Option<Vec<u8>> {
    let cipher = Aes::new(key)?;
    let padding = 16 - plain.len() % 16;
    let mut padded = Zeroizing::new(Vec::with_capacity(plain.len() + padding));
    padded.extend_from_slice(plain);
    padded.resize(plain.len() + padding, u8::try_from(padding).ok()?);
    let (blocks, _) = padded.as_chunks::<16>();
    let mut out = first.to_vec();
    let mut before = first;
    for block in blocks {
        before.iter_mut().zip(block).for_each(|(one, other)| *one ^= other);
        cipher.encrypt(&mut before);
        out.extend_from_slice(&before);
    }
    Some(out)
}

/// HMAC-SHA1, as the readers of our containers expect it.
pub(super) fn check_value(key: &Secret, sealed: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.expose()), sealed)
}

enum Aes {
    Short(Box<Aes128>),
    Middle(Box<Aes192>),
    Long(Box<Aes256>),
}

impl Aes {
    /// `None` for a length that no key has.
    fn new(key: &Secret) -> Option<Self> {
        let key = key.expose();
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(Box::new).map(Self::Short),
            24 => Aes192::new_from_slice(key).ok().map(Box::new).map(Self::Middle),
            _ => Aes256::new_from_slice(key).ok().map(Box::new).map(Self::Long),
        }
    }

    fn decrypt(&self, block: &mut Block) {
        match self {
            Self::Short(aes) => aes.decrypt_block(block.into()),
            Self::Middle(aes) => aes.decrypt_block(block.into()),
            Self::Long(aes) => aes.decrypt_block(block.into()),
        }
    }

    fn encrypt(&self, block: &mut Block) {
        match self {
            Self::Short(aes) => aes.encrypt_block(block.into()),
            Self::Middle(aes) => aes.encrypt_block(block.into()),
            Self::Long(aes) => aes.encrypt_block(block.into()),
        }
    }
}
