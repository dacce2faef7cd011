//! P-256 public keys: as a JWK (RFC 7517) and as an uncompressed point (SEC 1).

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{FormError, H32, b64u};

/// A P-256 public key, on the curve. As JSON exactly `kty`, `crv`, `x`, `y`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Jwk {
    point: [u8; 65],
    thumbprint: H32,
}

impl Jwk {
    /// Reads an uncompressed point: 0x04, x, y (SEC 1 section 2.3.3).
    ///
    /// # Errors
    /// [`FormError::Key`] for any other form, and for a point that is not on the curve.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, FormError> {
        let point: [u8; 65] = bytes.try_into().map_err(|_| FormError::Key)?;
        if point[0] != 4 {
            return Err(FormError::Key);
        }
        p256::PublicKey::from_sec1_bytes(&point).map_err(|_| FormError::Key)?;
        let thumbprint = thumbprint(&b64u::encode(&point[1..33]), &b64u::encode(&point[33..]));
        Ok(Self { point, thumbprint })
    }

    /// The uncompressed point: 0x04, x, y.
    pub fn to_sec1(&self) -> [u8; 65] {
        self.point
    }

    /// The same, borrowed.
    pub fn as_sec1(&self) -> &[u8; 65] {
        &self.point
    }

    /// The RFC 7638 SHA-256 thumbprint, which is the `kid` of what this key signs.
    pub fn thumbprint(&self) -> H32 {
        self.thumbprint
    }
}

/// RFC 7638 section 3: the required members in lexicographic order, without blanks.
fn thumbprint(x: &str, y: &str) -> H32 {
    H32::sha256(&[format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes()])
}

/// Public halves are no secrets, but a line of a log wants the name alone.
impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwk({})", self.thumbprint)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Members {
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            x: b64u::encode(&self.point[1..33]),
            y: b64u::encode(&self.point[33..]),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(deserializer)?;
        Self::try_from(members).map_err(de::Error::custom)
    }
}

impl TryFrom<Members> for Jwk {
    type Error = FormError;
    fn try_from(members: Members) -> Result<Self, FormError> {
        if members.kty != "EC" || members.crv != "P-256" {
            return Err(FormError::OutsideSet);
        }
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&b64u::decode_array::<32>(&members.x)?);
        point[33..].copy_from_slice(&b64u::decode_array::<32>(&members.y)?);
        Self::from_sec1(&point)
    }
}

/// `p256dh`: a P-256 public key as base64url of its uncompressed point (87 characters).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct P256dh(pub Jwk);

impl Serialize for P256dh {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64u::encode(self.0.as_sec1()))
    }
}

impl<'de> Deserialize<'de> for P256dh {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let point = b64u::decode_array::<65>(&text).map_err(de::Error::custom)?;
        Jwk::from_sec1(&point).map(Self).map_err(de::Error::custom)
    }
}
