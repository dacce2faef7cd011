//! The answer code (push-v1 section 12): a challenge that was scanned, since this phone has no network.

use countersign_protocol::jose::Refused;
use countersign_protocol::push::{Challenge, ClosedStatus, Message, check};
use countersign_protocol::uri::{LinkError, OfflineLink};

use super::meta;
use crate::error::{Error, GatewayError, InputError, Named, Rule};
use crate::record::Record;

/// A challenge that somebody scanned or pasted, from the page that waits for its code. Right in form; nothing is known
/// yet of who signed it.
#[derive(Debug, Clone)]
pub struct OfflineCode(OfflineLink);

impl OfflineCode {
    /// Reads the text of a QR or link.
    ///
    /// # Errors
    /// [`InputError::NewerLink`] asks for an update of the app; [`InputError::Field`] for all that is not ours.
    pub fn read(text: &str) -> Result<Self, InputError> {
        OfflineLink::parse(text.trim()).map(Self).map_err(of_link)
    }

    /// Host and port of the gateway that it names.
    pub fn host(&self) -> &str {
        self.0.challenge.claims().iss.host()
    }

    pub(crate) fn challenge(&self) -> &Message<Challenge> {
        &self.0.challenge
    }

    /// Whether it is for this enrolment.
    pub(crate) fn is_for(&self, record: &Record) -> bool {
        let claims = self.0.challenge.claims();
        record.u == claims.iss && record.enrolled().is_some_and(|enrolled| enrolled.did == claims.aud)
    }
}

/// What a faulty link of ours is to a person.
pub(crate) fn of_link(fault: LinkError) -> InputError {
    match fault {
        LinkError::Version => InputError::NewerLink,
        LinkError::Other => InputError::Field { field: Named::Link, rule: Rule::LinkKind },
        LinkError::Host => InputError::Field { field: Named::Link, rule: Rule::Host },
        LinkError::Form(rule) => InputError::Form(rule),
    }
}

/// Verifies a scanned challenge: as a polled one, but ten minutes early or late, and only where answer codes are offered.
///
/// # Errors
/// [`GatewayError::NoAnswerCodes`], [`InputError::Ended`]; [`GatewayError::MetadataExpired`] or [`GatewayError::Clock`]
/// when nothing can be approved at this gateway now; else [`GatewayError::Refused`].
pub(crate) fn verify(record: &Record, challenge: &Message<Challenge>, now: u64) -> Result<(), Error> {
    let did = record.enrolled().ok_or(InputError::OtherPhone)?.did;
    let closed = |jti: &_| record.is_closed(*jti);
    let verified = check::offline_challenge(challenge.clone(), &record.trusted, &did, record.gateway_time(now), closed);
    verified.map_err(|refused| match refused {
        Refused::Offline => Error::from(GatewayError::NoAnswerCodes),
        Refused::Expired => InputError::Ended(ClosedStatus::Expired).into(),
        Refused::Closed => InputError::Ended(ClosedStatus::Closed).into(),
        other => GatewayError::Refused(other).into(),
    })?;
    Ok(meta::may_approve(record, now)?)
}
