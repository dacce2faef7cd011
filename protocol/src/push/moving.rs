//! A device invites its successor and confirms it (push-v1 section 11, «Move»).

use serde::{Deserialize, Serialize};

use super::{BaseUrl, Message, Number, Sealed};
use crate::Secret;
use crate::jose::{Claims, FormError, H32, Id, Refused, Typ};
use crate::seal::{self, Receiver, SealKey};
use crate::uri::EnrolLink;

/// Claims of `cs-invite+jwt`, signed by `ak`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The device.
    pub iss: Id,
    /// The gateway.
    pub aud: BaseUrl,
    /// Drawn for this request.
    pub jti: Id,
    /// Phone time.
    pub iat: u64,
    /// Whether this device is removed when the new one is active.
    pub replace: bool,
}

impl Claims for Invite {
    const TYP: Typ = Typ::Invite;

    fn check(&self) -> Result<(), FormError> {
        Ok(())
    }
}

/// Claims of `cs-confirm+jwt`, signed by `ak`: the digits that the new device shows, typed on this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// The device.
    pub iss: Id,
    /// The gateway.
    pub aud: BaseUrl,
    /// Drawn for this request.
    pub jti: Id,
    /// Phone time.
    pub iat: u64,
    /// Which invitation.
    pub e: Id,
    /// Six digits, as [`super::confirmation_digits`] writes them.
    pub nm: Number,
}

impl Claims for Confirm {
    const TYP: Typ = Typ::Confirm;

    fn check(&self) -> Result<(), FormError> {
        // Only their count is looked at.
        if self.nm.expose().len() == 6 { Ok(()) } else { Err(FormError::Range) }
    }
}

/// The body of `POST u/invite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRequest {
    /// The request, signed by `ak`.
    pub invite: Message<Invite>,
}

/// The answer to `POST u/invite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteReply {
    /// The receipt.
    pub receipt: Message<InviteReceipt>,
}

/// The body of `POST u/confirm`, which is answered without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmRequest {
    /// The digits, signed by `ak`.
    pub confirm: Message<Confirm>,
}

/// Claims of `cs-receipt+jwt`, as it answers an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteReceipt {
    /// The gateway.
    pub iss: BaseUrl,
    /// The device.
    pub aud: Id,
    /// Gateway time.
    pub iat: u64,
    /// h of the request that this answers.
    pub eh: H32,
    /// [`SealedInvite`], for the device's `seal`.
    pub sealed: Sealed,
}

impl Claims for InviteReceipt {
    const TYP: Typ = Typ::Receipt;

    fn check(&self) -> Result<(), FormError> {
        Ok(())
    }
}

/// The invitation itself, which the device shows as a QR: the JSON of an enrolment link.
#[derive(Debug, Clone)]
pub struct SealedInvite(pub EnrolLink);

impl SealedInvite {
    /// Opens the sealed part of a receipt. Whether it is an invitation of this gateway is
    /// [`super::check::invited`]'s to say.
    ///
    /// # Errors
    /// [`Refused::Sealed`] when it does not open, or holds something else.
    pub fn open(receiver: &Receiver, sealed: &Sealed) -> Result<Self, Refused> {
        let plain = seal::open(receiver, &sealed.0)?;
        // Read here, into a secret again.
        EnrolLink::parse_json(plain.expose()).map(Self).map_err(|_| Refused::Sealed)
    }

    /// Seals it for a device. `sender` and `salt` are drawn for this body alone.
    ///
    /// # Errors
    /// As [`seal::seal`].
    pub fn seal(&self, to: &SealKey, sender: &Secret, salt: &[u8; 16]) -> Result<Sealed, FormError> {
        seal::seal(to, self.0.to_json().as_bytes(), sender, salt).map(Sealed)
    }
}
