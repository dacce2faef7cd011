//! The chain of certificates: from the one about the key up to a root that the operator configured (RFC 5280, as far as
//! hardware writes it).

use std::collections::HashMap;

use countersign_protocol::limits::ATTESTATION_CHAIN;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde::Deserialize;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION, Oid,
};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::WhyNot;
use super::der::{Der, Tag};
use crate::limits;

/// A root: its name and key. Its dates do not count, since whoever configured it believes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    name: Vec<u8>,
    key: Vec<u8>,
}

impl Root {
    /// The root in a certificate.
    pub fn read(der: &[u8]) -> Option<Self> {
        let Certificate { x509, .. } = Certificate::read(der).ok()?;
        Some(Self { name: x509.subject().as_raw().to_vec(), key: x509.public_key().raw.to_vec() })
    }
}

/// Certificates that were called back, by serial number, as Android's publisher lists them.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Revoked {
    entries: HashMap<String, Called>,
}

#[derive(Debug, Clone, Deserialize)]
struct Called {
    status: Status,
}

/// Both say that a chain with it proves nothing now.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Revoked,
    Suspended,
}

impl Revoked {
    /// Serial numbers stand there in lower-case hex without zeros in front.
    fn holds(&self, serial: &[u8]) -> bool {
        let hex: String = serial.iter().map(|byte| format!("{byte:02x}")).collect();
        let called = self.entries.get(hex.trim_start_matches('0'));
        called.is_some_and(|called| matches!(called.status, Status::Revoked | Status::Suspended))
    }
}

/// The certificate about the key, once its chain is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The key, as SEC 1 uncompressed point of P-256.
    pub point: Vec<u8>,
    /// The value of the extension that describes it.
    pub description: Vec<u8>,
}

/// Checks a chain, leaf first, and gives what its leaf says.
///
/// # Errors
/// [`WhyNot`].
pub fn leaf(chain: &[Vec<u8>], roots: &[Root], revoked: &Revoked, now: u64) -> Result<Leaf, WhyNot> {
    if chain.is_empty() || chain.len() > ATTESTATION_CHAIN {
        return Err(WhyNot::Certificate);
    }
    let chain: Vec<Certificate<'_>> = chain.iter().map(|der| Certificate::read(der)).collect::<Result<_, _>>()?;
    let (leaf, above) = chain.split_first().ok_or(WhyNot::Certificate)?;
    let is_root = |it: &Certificate<'_>| roots.iter().any(|root| root.key == it.x509.public_key().raw);
    // A root at the end stands there for itself; its own signature and dates say nothing more.
    let above = match above.split_last() {
        Some((last, rest)) if is_root(last) => rest,
        _ => above,
    };
    let below: Vec<&Certificate<'_>> = std::iter::once(leaf).chain(above).collect();
    for (number, pair) in below.windows(2).enumerate() {
        let (child, parent) = (pair[0], &pair[1].x509);
        if child.x509.issuer().as_raw() != parent.subject().as_raw() {
            return Err(WhyNot::Signature);
        }
        may_sign(parent, number)?;
        child.verify(parent.public_key())?;
    }
    let last = below.last().ok_or(WhyNot::Certificate)?;
    signed_by_a_root(last, roots)?;
    if below.iter().any(|it| !is_valid(&it.x509, now)) {
        return Err(WhyNot::Time);
    }
    if below.iter().any(|it| revoked.holds(it.x509.raw_serial())) {
        return Err(WhyNot::Revoked);
    }
    if above.iter().any(|it| descriptions(&it.x509).next().is_some()) {
        return Err(WhyNot::Depth);
    }
    let mut found = descriptions(&leaf.x509);
    let (Some(description), None) = (found.next(), found.next()) else { return Err(WhyNot::Description) };
    Ok(Leaf { point: point(&leaf.x509)?, description: description.to_vec() })
}

/// A certificate: what it says, and the three parts of what is signed. The parser of what it says is lenient about bytes
/// around it that no signature covers, so those are split off here, strictly.
struct Certificate<'a> {
    x509: X509Certificate<'a>,
    said: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    fn read(der: &'a [u8]) -> Result<Self, WhyNot> {
        if der.len() > limits::CERTIFICATE_BYTES {
            return Err(WhyNot::Certificate);
        }
        let Ok(([], x509)) = X509Certificate::from_der(der) else { return Err(WhyNot::Certificate) };
        Self::split(der, x509).map_err(|_| WhyNot::Certificate)
    }

    fn split(der: &'a [u8], x509: X509Certificate<'a>) -> Result<Self, WhyNot> {
        let mut outer = Der::new(der);
        let parts = outer.expect(Tag::Sequence)?;
        outer.end()?;
        let mut rest = Der::new(parts);
        rest.expect(Tag::Sequence)?;
        let (said, after) = parts.split_at(parts.len() - rest.left());
        let mut after = Der::new(after);
        let algorithm = after.expect(Tag::Sequence)?;
        let signature = after.expect(Tag::Bits)?.strip_prefix(&[0]).ok_or(WhyNot::Certificate)?;
        after.end()?;
        Ok(Self { x509, said, algorithm, signature })
    }

    fn verify(&self, key: &SubjectPublicKeyInfo<'_>) -> Result<(), WhyNot> {
        // What is signed names its algorithm, too.
        if self.x509.tbs_certificate.signature != self.x509.signature_algorithm {
            return Err(WhyNot::Signature);
        }
        let algorithm = algorithm(self.algorithm, key).ok_or(WhyNot::Signature)?;
        let key = UnparsedPublicKey::new(algorithm, &key.subject_public_key.data);
        key.verify(self.said, self.signature).map_err(|_| WhyNot::Signature)
    }
}

/// The values of the extension 1.3.6.1.4.1.11129.2.1.17.
fn descriptions<'a>(certificate: &'a X509Certificate<'_>) -> impl Iterator<Item = &'a [u8]> {
    let ours = |oid: &Oid<'_>| oid.iter().is_some_and(|it| it.eq([1, 3, 6, 1, 4, 1, 11129, 2, 1, 17]));
    certificate.extensions().iter().filter(move |it| ours(&it.oid)).map(|it| it.value)
}

fn is_valid(certificate: &X509Certificate<'_>, now: u64) -> bool {
    let (validity, now) = (certificate.validity(), i64::try_from(now).unwrap_or(i64::MAX));
    (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&now)
}

/// Whether a certificate may sign one that has `below` others under it.
fn may_sign(certificate: &X509Certificate<'_>, below: usize) -> Result<(), WhyNot> {
    let known = |it: &ParsedExtension<'_>| !matches!(it, ParsedExtension::UnsupportedExtension { .. });
    if certificate.extensions().iter().any(|it| it.critical && !known(it.parsed_extension())) {
        return Err(WhyNot::Certificate);
    }
    let constraints = certificate.basic_constraints().map_err(|_| WhyNot::Certificate)?;
    let usage = certificate.key_usage().map_err(|_| WhyNot::Certificate)?;
    let deep_enough = |most: Option<u32>| most.is_none_or(|most| below <= most as usize);
    let is_authority = constraints.is_some_and(|it| it.value.ca && deep_enough(it.value.path_len_constraint));
    let signs = usage.is_none_or(|it| it.value.key_cert_sign());
    if is_authority && signs { Ok(()) } else { Err(WhyNot::Authority) }
}

fn signed_by_a_root(certificate: &Certificate<'_>, roots: &[Root]) -> Result<(), WhyNot> {
    let named = roots.iter().filter(|root| root.name == certificate.x509.issuer().as_raw());
    let signs = |root: &Root| {
        let key = SubjectPublicKeyInfo::from_der(&root.key).ok().map(|(_, key)| key);
        key.is_some_and(|key| certificate.verify(&key).is_ok())
    };
    if named.into_iter().any(signs) { Ok(()) } else { Err(WhyNot::Root) }
}

/// The algorithms that are believed, as they are written: SHA-2 over P-256, P-384 and RSA of 2048 bits or more.
fn algorithm(written: &[u8], key: &SubjectPublicKeyInfo<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    const ECDSA: [u8; 9] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
    const RSA: [u8; 10] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    if key.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION {
        return match written.strip_prefix(&RSA)? {
            [11, 5, 0] => Some(&RSA_PKCS1_2048_8192_SHA256),
            [12, 5, 0] => Some(&RSA_PKCS1_2048_8192_SHA384),
            [13, 5, 0] => Some(&RSA_PKCS1_2048_8192_SHA512),
            _ => None,
        };
    }
    let curve = curve(key)?;
    match (curve == OID_EC_P256, curve == OID_NIST_EC_P384, written.strip_prefix(&ECDSA)?) {
        (true, _, [2]) => Some(&ECDSA_P256_SHA256_ASN1),
        (true, _, [3]) => Some(&ECDSA_P256_SHA384_ASN1),
        (_, true, [2]) => Some(&ECDSA_P384_SHA256_ASN1),
        (_, true, [3]) => Some(&ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}

fn curve<'a>(key: &'a SubjectPublicKeyInfo<'_>) -> Option<Oid<'a>> {
    let is_curve = key.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY;
    key.algorithm.parameters.as_ref().filter(|_| is_curve).and_then(|it| it.as_oid().ok())
}

fn point(leaf: &X509Certificate<'_>) -> Result<Vec<u8>, WhyNot> {
    let key = leaf.public_key();
    if curve(key) == Some(OID_EC_P256) && key.subject_public_key.unused_bits == 0 {
        Ok(key.subject_public_key.data.to_vec())
    } else {
        Err(WhyNot::Key)
    }
}
