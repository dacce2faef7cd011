//! The enrolment link, scanned or opened: `https://HOST/enrol#1.…` and `countersign://enrol#1.…`
//! (push-v1 section 5.1).

use core::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::Secret;
use crate::jose::{FormError, H32, b64u};
use crate::json::{self, Wiped};
use crate::limits::SCANNED_TEXT;
use crate::push::{BaseUrl, EnrolCode};

/// What an enrolment link says.
#[derive(Debug, Clone)]
pub struct EnrolLink {
    /// The gateway.
    pub u: BaseUrl,
    /// Thumbprint of the key that signs its metadata.
    pub k: H32,
    /// The secret, used once.
    pub c: EnrolCode,
    /// When the code ends: shown, never a reason to refuse.
    pub x: u64,
    /// SHA-256 of the TLS key (SubjectPublicKeyInfo), when it is pinned.
    pub p: Option<H32>,
}

/// Why a link is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No link of this kind at all.
    #[error("not a link of this kind")]
    Other,
    /// A link of a later version: the app is too old.
    #[error("a link of another version")]
    Version,
    /// A link of this kind, damaged or forged.
    #[error("link: {0}")]
    Form(#[from] FormError),
    /// The link's host is not that of the gateway inside it.
    #[error("link of another host")]
    Host,
}

const SCHEME_FORM: &str = "countersign://enrol#";
const PATH: &str = "/enrol#";

#[derive(Deserialize)]
struct Members {
    u: BaseUrl,
    k: H32,
    c: Wiped,
    x: u64,
    #[serde(default)]
    p: Option<H32>,
}

impl EnrolLink {
    /// Reads either form.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        if text.len() > SCANNED_TEXT {
            return Err(FormError::Large.into());
        }
        let (host, fragment) = match text.strip_prefix(SCHEME_FORM) {
            Some(fragment) => (None, fragment),
            None => {
                let rest = text.strip_prefix("https://").ok_or(LinkError::Other)?;
                let (host, fragment) = rest.split_once(PATH).ok_or(LinkError::Other)?;
                (Some(host), fragment)
            }
        };
        let link = Self::parse_json(&Zeroizing::new(b64u::decode(versioned(fragment)?)?))?;
        if host.is_some_and(|host| host != link.u.host()) { Err(LinkError::Host) } else { Ok(link) }
    }

    /// Reads the JSON inside: what a sealed invitation holds, too.
    pub(crate) fn parse_json(bytes: &[u8]) -> Result<Self, FormError> {
        let Members { u, k, c, x, p } = json::parse(bytes)?;
        let c = Zeroizing::new(b64u::decode_array::<16>(&c.0)?);
        Ok(Self { u, k, c: EnrolCode::new(Secret::from_slice(&*c))?, x, p })
    }

    /// The form of the QR: other cameras open a help page by it.
    pub fn to_https(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("https://{}{PATH}1.{}", self.u.host(), *self.payload()))
    }

    /// The form that opens the app.
    pub fn to_scheme(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{SCHEME_FORM}1.{}", *self.payload()))
    }

    fn payload(&self) -> Zeroizing<String> {
        Zeroizing::new(b64u::encode(self.to_json().as_bytes()))
    }

    /// Writes the JSON inside.
    pub(crate) fn to_json(&self) -> Zeroizing<String> {
        // The secret leaves its type to be put in the QR, which is what it is for.
        let c = Zeroizing::new(b64u::encode(self.c.secret().expose()));
        let pin = self.p.map(|pin| format!(r#","p":"{pin}""#)).unwrap_or_default();
        Zeroizing::new(format!(r#"{{"u":"{}","k":"{}","c":"{}","x":{}{pin}}}"#, self.u, self.k, *c, self.x))
    }
}

/// Takes `1.` off the front; another number is another version.
pub(super) fn versioned(fragment: &str) -> Result<&str, LinkError> {
    let (version, rest) = fragment.split_once('.').ok_or(FormError::Link)?;
    match version {
        "1" => Ok(rest),
        _ if !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()) => Err(LinkError::Version),
        _ => Err(FormError::Link.into()),
    }
}

impl fmt::Display for EnrolLink {
    /// The host alone: the rest is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "enrolment at {}", self.u.host())
    }
}
