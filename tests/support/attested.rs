//! Hardware that attests keys, for tests: roots, a device's certificate, and chains that say whatever a test wants.

use std::path::PathBuf;

use countersign_protocol::jose::Jwk;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, SerialNumber, SignatureAlgorithm, date_time_ymd,
};

/// `KeyDescription` of Android.
const DESCRIPTION: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 1, 17];

/// What hardware says of a key. The default is an approval key in a TEE, as `push-v1.md` asks for one.
#[derive(Debug, Clone)]
pub struct Says {
    /// Who attests: 0 software, 1 TEE, 2 StrongBox.
    pub attester: u8,
    /// Who keeps the key.
    pub keeper: u8,
    /// The challenge.
    pub challenge: Vec<u8>,
    /// What the hardware sees to, as DER of tagged values.
    pub hardware: Vec<Vec<u8>>,
    /// What software sees to.
    pub software: Vec<Vec<u8>>,
}

impl Says {
    /// A key made in hardware of this level that signs, and asks for the person where `user` says how.
    pub fn key(level: u8, challenge: &[u8], user: Option<u8>) -> Self {
        let mut rules = vec![purposes(&[2]), number(2, 3), number(702, 0)];
        rules.push(match user {
            Some(user) => number(504, user),
            None => flag(503),
        });
        let (hardware, software) = if level == 0 { (Vec::new(), rules) } else { (rules, Vec::new()) };
        Self { attester: level, keeper: level, challenge: challenge.to_vec(), hardware, software }
    }

    /// The extension's value.
    pub fn der(&self) -> Vec<u8> {
        let lists = [&self.software, &self.hardware].map(|list| tlv(&[0x30], &list.concat()));
        let parts = [
            tlv(&[2], &[1, 44]),
            tlv(&[10], &[self.attester]),
            tlv(&[2], &[1, 44]),
            tlv(&[10], &[self.keeper]),
            tlv(&[4], &self.challenge),
            tlv(&[4], &[]),
        ];
        tlv(&[0x30], &[parts.concat(), lists.concat()].concat())
    }
}

/// `purpose`: 2 signs, 7 attests other keys.
pub fn purposes(all: &[u8]) -> Vec<u8> {
    let set: Vec<u8> = all.iter().flat_map(|one| tlv(&[2], &[*one])).collect();
    tagged(1, &tlv(&[0x31], &set))
}

/// A tagged number.
pub fn number(tag: u32, value: u8) -> Vec<u8> {
    tagged(tag, &tlv(&[2], &[value]))
}

/// A tagged NULL.
pub fn flag(tag: u32) -> Vec<u8> {
    tagged(tag, &tlv(&[5], &[]))
}

fn tagged(tag: u32, content: &[u8]) -> Vec<u8> {
    match u8::try_from(tag) {
        Ok(small @ 0..=30) => tlv(&[0xa0 | small], content),
        _ => tlv(&[0xbf, 0x80 | (tag >> 7) as u8, (tag & 0x7f) as u8], content),
    }
}

fn tlv(tag: &[u8], content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let length = match length {
        0..=127 => vec![length as u8],
        128..=255 => vec![0x81, length as u8],
        _ => vec![0x82, (length >> 8) as u8, length as u8],
    };
    [tag, &length, content].concat()
}

/// A key of somebody else, to be certified.
struct Point(Vec<u8>);

impl PublicKeyData for Point {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

/// What a certificate of the chain above the leaf is like.
#[derive(Debug, Clone)]
pub struct Above {
    /// Whether it may sign others.
    pub is_authority: bool,
    /// Years between which it is valid.
    pub years: (i32, i32),
    /// A description of its own key, as an attested key would have.
    pub describes: Option<Vec<u8>>,
    /// Its serial number.
    pub serial: u64,
}

impl Default for Above {
    fn default() -> Self {
        Self { is_authority: true, years: (2020, 2040), describes: None, serial: 0x00c0_ffee }
    }
}

/// A maker of phones: its root and the certificate of one phone.
pub struct Maker {
    root: (CertificateParams, KeyPair),
    root_der: Vec<u8>,
    phone: (CertificateParams, KeyPair),
    phone_der: Vec<u8>,
    folder: tempfile::TempDir,
}

impl Default for Maker {
    fn default() -> Self {
        Self::with(&Above::default())
    }
}

impl Maker {
    /// A maker whose phones' certificates are like this.
    pub fn with(above: &Above) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = (params("Root of a maker", &Above { serial: 1, ..Above::default() }), pair());
        let made = root.0.self_signed(&root.1).expect("a root");
        std::fs::write(folder.path().join("roots.pem"), made.pem()).expect("a file");
        let phone = (params("A phone", above), pair());
        let phone_der = phone.0.signed_by(&phone.1, &Issuer::from_params(&root.0, &root.1)).expect("a certificate");
        Self { root_der: made.der().to_vec(), phone_der: phone_der.der().to_vec(), root, phone, folder }
    }

    /// The PEM file of the root.
    pub fn roots(&self) -> PathBuf {
        self.folder.path().join("roots.pem")
    }

    /// A chain for this key, leaf first, the root at its end.
    pub fn chain(&self, key: &Jwk, says: &Says) -> Vec<Vec<u8>> {
        self.chain_of(key, Some(says.der()))
    }

    /// A chain whose leaf describes its key in these bytes, or not at all.
    pub fn chain_of(&self, key: &Jwk, description: Option<Vec<u8>>) -> Vec<Vec<u8>> {
        let above = Above { is_authority: false, describes: description, serial: 2, ..Above::default() };
        let leaf = params("Android Keystore Key", &above);
        let by = Issuer::from_params(&self.phone.0, &self.phone.1);
        let leaf = leaf.signed_by(&Point(key.as_sec1().to_vec()), &by).expect("a certificate");
        vec![leaf.der().to_vec(), self.phone_der.clone(), self.root_der.clone()]
    }

    /// A chain one longer: a key that this phone attests signs for `key`, and says of it whatever it likes.
    pub fn chain_of_an_attested_key(&self, key: &Jwk, says: &Says, may_sign: bool) -> Vec<Vec<u8>> {
        let between = Above { is_authority: may_sign, describes: Some(says.der()), serial: 3, ..Above::default() };
        let (signer, params_of_signer) = (pair(), params("An app's key", &between));
        let by = Issuer::from_params(&self.phone.0, &self.phone.1);
        let middle = params_of_signer.signed_by(&signer, &by).expect("a certificate");
        let leaf = params("Android Keystore Key", &Above { is_authority: false, ..between });
        let by = Issuer::from_params(&params_of_signer, &signer);
        let leaf = leaf.signed_by(&Point(key.as_sec1().to_vec()), &by).expect("a certificate");
        vec![leaf.der().to_vec(), middle.der().to_vec(), self.phone_der.clone(), self.root_der.clone()]
    }

    /// The root's certificate made anew for the same key, long ago.
    pub fn expired_root(&self) -> Vec<u8> {
        let mut old = params("Root of a maker", &Above { years: (2001, 2002), ..Above::default() });
        old.serial_number = Some(SerialNumber::from(9));
        old.self_signed(&self.root.1).expect("a root").der().to_vec()
    }
}

#[expect(clippy::disallowed_methods, reason = "certificates of a test, whose keys nobody needs again")]
pub(crate) fn pair() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn params(name: &str, like: &Above) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(like.serial));
    (params.not_before, params.not_after) = (date_time_ymd(like.years.0, 1, 1), date_time_ymd(like.years.1, 1, 1));
    if like.is_authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    } else {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    }
    let describe = |der: &Vec<u8>| CustomExtension::from_oid_content(&DESCRIPTION, der.clone());
    params.custom_extensions = like.describes.iter().map(describe).collect();
    params
}
