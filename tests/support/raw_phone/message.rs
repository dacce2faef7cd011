//! Keys with names, and messages that they sign: any claims, any header, any bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_protocol::jose::{H32, Jwk};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

/// base64url without padding.
pub fn b64u(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An identifier of sixteen equal bytes, `id(n)` of the published vectors.
pub fn id(n: u8) -> String {
    b64u(&[n; 16])
}

/// The first 16 bytes of SHA-256 of a label: an identifier that no two labels share.
pub fn id_of(label: &str) -> String {
    b64u(&H32::sha256(&[label.as_bytes()]).as_bytes()[..16])
}

/// A key of the published vectors, made from its name.
#[derive(Clone)]
pub struct Key {
    scalar: [u8; 32],
    signing: SigningKey,
}

impl Key {
    /// SHA-256("countersign vector key NAME") as a private key.
    pub fn named(name: &str) -> Self {
        let scalar = *H32::sha256(&[format!("countersign vector key {name}").as_bytes()]).as_bytes();
        Self { scalar, signing: SigningKey::from_slice(&scalar).expect("a hash is a valid scalar") }
    }

    /// The private scalar.
    pub fn scalar(&self) -> &[u8; 32] {
        &self.scalar
    }

    /// The public half.
    pub fn jwk(&self) -> Jwk {
        Jwk::from_sec1(self.signing.verifying_key().to_sec1_point(false).as_bytes()).expect("a public key")
    }

    /// The public half as JSON.
    pub fn jwk_json(&self) -> Value {
        serde_json::to_value(self.jwk()).expect("a JWK is JSON")
    }

    /// The RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> String {
        self.jwk().thumbprint().to_string()
    }

    /// Signs as r‖s, by RFC 6979.
    pub fn sign(&self, input: &[u8]) -> [u8; 64] {
        let signature: Signature = self.signing.sign(input);
        signature.to_bytes().into()
    }
}

/// The other signature that verifies: (r, n − s).
pub fn twin(jws: &str) -> String {
    let (input, signature) = jws.rsplit_once('.').expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let signature = Signature::from_slice(&bytes).expect("a signature");
    let (r, s) = (signature.r(), -*signature.s());
    let other = Signature::from_scalars(r.to_bytes(), s.to_bytes()).expect("n - s is in range");
    format!("{input}.{}", b64u(&other.to_bytes()))
}

/// Signs any header over any payload bytes.
pub fn sign_raw(header: &str, payload: &[u8], key: &Key) -> String {
    let input = format!("{}.{}", b64u(header.as_bytes()), b64u(payload));
    format!("{input}.{}", b64u(&key.sign(input.as_bytes())))
}

/// Signs claims as a well-formed JWS of the given `typ`.
pub fn sign(typ: &str, claims: &Value, key: &Key) -> String {
    let header = json!({"alg": "ES256", "kid": key.thumbprint(), "typ": typ}).to_string();
    sign_raw(&header, claims.to_string().as_bytes(), key)
}

/// The payload of a JWS, unverified.
pub fn payload(jws: &str) -> Value {
    let middle = jws.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle).expect("base64url")).expect("JSON")
}

/// h(JWS): SHA-256 of the signing input.
pub fn h(jws: &str) -> H32 {
    H32::sha256(&[jws.rsplit_once('.').expect("three parts").0.as_bytes()])
}
