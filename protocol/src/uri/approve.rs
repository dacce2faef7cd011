//! The QR of a login page: `https://HOST/approve#1.…` (push-v1 section 6). For the app's own camera
//! alone: never take it from a link, a picture, a share or the clipboard.

use zeroize::Zeroizing;

use super::enrol::{LinkError, versioned};
use crate::jose::{FormError, Id, b64u};
use crate::limits::SCANNED_TEXT;
use crate::push::BaseUrl;

/// What a login page's QR says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginLink {
    /// HOST of the gateway.
    pub host: String,
    /// The approval.
    pub aid: Id,
    /// The secret that shows the camera saw the page.
    pub qs: QrSecret,
}

/// `qs`: what only the login page shows. Printed nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QrSecret(pub Id);

impl core::fmt::Debug for QrSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("QrSecret(..)")
    }
}

const PATH: &str = "/approve#";

impl LoginLink {
    /// Reads the text of a QR.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        if text.len() > SCANNED_TEXT {
            return Err(FormError::Large.into());
        }
        let rest = text.strip_prefix("https://").ok_or(LinkError::Other)?;
        let (host, fragment) = rest.split_once(PATH).ok_or(LinkError::Other)?;
        // HOST is host and port as in a base URL, and nothing before `/approve`.
        let url: BaseUrl = format!("https://{host}").parse().map_err(|_| FormError::Link)?;
        if url.host() != host {
            return Err(FormError::Link.into());
        }
        let bytes = Zeroizing::new(b64u::decode_array::<32>(versioned(fragment)?)?);
        let mut halves = [[0; 16]; 2];
        halves[0].copy_from_slice(&bytes[..16]);
        halves[1].copy_from_slice(&bytes[16..]);
        let [aid, qs] = halves.map(Id::from_bytes);
        Ok(Self { host: host.to_owned(), aid, qs: QrSecret(qs) })
    }

    /// Writes the text of the QR.
    pub fn to_text(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new([self.aid.as_bytes().as_slice(), self.qs.0.as_bytes()].concat());
        Zeroizing::new(format!("https://{}{PATH}1.{}", self.host, b64u::encode(&bytes)))
    }
}
