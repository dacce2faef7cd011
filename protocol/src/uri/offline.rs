//! The QR by which a phone without network takes a challenge: `https://HOST/offline#1.<challenge JWS>` (push-v1
//! section 12).

use super::enrol::{LinkError, versioned};
use crate::jose::FormError;
use crate::limits::{JWS_OFFLINE, SCANNED_TEXT};
use crate::push::{Challenge, Message};

/// What the QR says: a challenge, right in form, from the host that it names as its gateway. Whether to take it is
/// [`crate::push::check::offline_challenge`]'s to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineLink {
    /// The challenge, at most 900 characters.
    pub challenge: Message<Challenge>,
}

const PATH: &str = "/offline#";

impl OfflineLink {
    /// Takes a challenge to be shown.
    ///
    /// # Errors
    /// [`FormError::Large`] when it has more than 900 characters: then none is offered.
    pub fn new(challenge: Message<Challenge>) -> Result<Self, FormError> {
        if challenge.jws().text().len() > JWS_OFFLINE { Err(FormError::Large) } else { Ok(Self { challenge }) }
    }

    /// Reads the text of a QR.
    ///
    /// # Errors
    /// [`LinkError`]; [`LinkError::Host`] when the host is not that of the challenge's `iss`.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        if text.len() > SCANNED_TEXT {
            return Err(FormError::Large.into());
        }
        let rest = text.strip_prefix("https://").ok_or(LinkError::Other)?;
        let (host, fragment) = rest.split_once(PATH).ok_or(LinkError::Other)?;
        let jws = versioned(fragment)?;
        if jws.len() > JWS_OFFLINE {
            return Err(FormError::Large.into());
        }
        let challenge = Message::<Challenge>::parse(jws)?;
        if challenge.claims().iss.host() == host { Ok(Self { challenge }) } else { Err(LinkError::Host) }
    }

    /// Writes the text of the QR.
    pub fn to_text(&self) -> String {
        format!("https://{}{PATH}1.{}", self.challenge.claims().iss.host(), self.challenge.jws().text())
    }
}
