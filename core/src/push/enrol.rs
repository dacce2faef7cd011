//! Enrolment (push-v1 section 5): from the scanned code to the six digits.
//!
//! An offer is what a code says; reading one sends nothing. The request is made once, stored, and then sent as often as
//! it takes; a receipt counts only for that very request.

use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, Refused, SigningInput};
use countersign_protocol::json;
use countersign_protocol::push::check::{self, Trusted};
use countersign_protocol::push::{
    Dev, Enrol, EnrolKeys, EnrolReply, EnrolRequest, Level, Message, MetadataReply, Os, SealedReceipt,
    UserVerification, confirmation_digits,
};
use countersign_protocol::seal::{Receiver, SealKey};
use countersign_protocol::uri::{EnrolLink, LinkError};

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::attest;
use crate::error::{Error, GatewayError, InputError, Named, PortError, Rule};
use crate::port::{AttestedKey, Random, Trust};
use crate::record::{Kids, Request, Target};

/// An enrolment that somebody offers. Its host is to be shown, and the person asked, before anything is sent.
#[derive(Debug, Clone)]
pub struct EnrolOffer(EnrolLink);

impl EnrolOffer {
    /// The link, as [`EnrolOffer::read`] takes it: for a shell that shows the host and comes back with a yes.
    pub fn to_link(&self) -> Zeroizing<String> {
        self.0.to_https()
    }

    /// Reads the text of a QR or a link.
    ///
    /// # Errors
    /// [`InputError::NewerLink`] asks for an update of the app; [`InputError::Field`] for all that is not an
    /// enrolment of ours.
    pub fn read(text: &str) -> Result<Self, InputError> {
        EnrolLink::parse(text.trim()).map(Self).map_err(|fault| match fault {
            LinkError::Version => InputError::NewerLink,
            LinkError::Other => InputError::Field { field: Named::Enrolment, rule: Rule::Enrolment },
            LinkError::Host => InputError::Field { field: Named::Enrolment, rule: Rule::Host },
            LinkError::Form(rule) => InputError::Form(rule),
        })
    }

    /// Host and port of the gateway.
    pub fn host(&self) -> &str {
        self.0.u.host()
    }

    /// When the code ends, in gateway time: shown, never a reason to refuse.
    pub fn ends(&self) -> u64 {
        self.0.x
    }

    pub(crate) fn link(&self) -> &EnrolLink {
        &self.0
    }

    pub(crate) fn target(&self) -> Target {
        Target { u: self.0.u.clone(), x: self.0.x, p: self.0.p }
    }

    pub(crate) fn trust(&self) -> Trust {
        self.0.p.map_or(Trust::Platform, |pin| Trust::Pins(vec![pin]))
    }
}

impl From<EnrolLink> for EnrolOffer {
    fn from(link: EnrolLink) -> Self {
        Self(link)
    }
}

/// What the phone says of itself when it enrols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// Its system.
    pub os: Os,
    /// Its model, as the person knows it; 1 to 64 characters.
    pub model: String,
    /// The app and its version; 1 to 32 characters.
    pub app: String,
}

impl Phone {
    pub(crate) fn dev(&self) -> Result<Dev, InputError> {
        let rule = |field| move |_| InputError::Field { field, rule: Rule::ShownName };
        // What is shown is sent composed (section 2).
        let composed = |text: &str| text.nfc().collect::<String>();
        Ok(Dev {
            os: self.os,
            model: composed(&self.model).try_into().map_err(rule(Named::Model))?,
            app: composed(&self.app).try_into().map_err(rule(Named::App))?,
        })
    }
}

/// Takes a gateway's first metadata, in the order of section 5.2.
///
/// # Errors
/// [`GatewayError::ForeignCode`]: signed by another key than the code names. [`GatewayError::Clock`]: past its time by
/// more than a day. Else [`GatewayError::Refused`].
pub(crate) fn first(offer: &EnrolOffer, reply: MetadataReply, now: u64) -> Result<Trusted, GatewayError> {
    check::metadata_first(reply.meta, &offer.0, now).map_err(|refused| match refused {
        Refused::Key | Refused::Kid | Refused::Signature => GatewayError::ForeignCode,
        Refused::Expired => GatewayError::Clock,
        other => GatewayError::Refused(other),
    })
}

/// The keys of a new enrolment, made.
pub(crate) struct Made {
    pub(crate) ak: AttestedKey,
    pub(crate) pk: AttestedKey,
    pub(crate) seal: SealKey,
}

impl Made {
    pub(crate) fn kids(&self) -> Kids {
        Kids { ak: self.ak.jwk.thumbprint(), pk: self.pk.jwk.thumbprint() }
    }
}

/// What a new request says beside its keys.
pub(crate) struct Says {
    pub(crate) jti: Id,
    pub(crate) now: u64,
    pub(crate) uv: UserVerification,
    pub(crate) level: Level,
    pub(crate) dev: Dev,
}

/// What `ak` signs.
pub(crate) fn request(offer: &EnrolOffer, made: &Made, says: Says) -> Result<SigningInput, Error> {
    let EnrolLink { u, k, c, .. } = &offer.0;
    let Says { jti, now, uv, level, dev } = says;
    let keys = EnrolKeys { ak: made.ak.jwk.clone(), pk: made.pk.jwk.clone(), seal: made.seal.clone() };
    let att = attest::of_enrolment(made.ak.chain.clone(), made.pk.chain.clone());
    let enrol = Enrol { aud: u.clone(), gk: *k, e: c.id(), jti, iat: now, uv, level, keys, push: None, dev, att };
    SigningInput::of(made.ak.jwk.thumbprint(), &enrol).map_err(|_| Error::Internal)
}

/// The whole body, bound to the code.
pub(crate) fn body(offer: &EnrolOffer, input: &SigningInput, signature: [u8; 64]) -> Result<EnrolRequest, PortError> {
    let enrol = Message::parse(&input.attach(signature)).map_err(|_| PortError::Failed)?;
    Ok(EnrolRequest { enrol, cm: offer.0.c.cm(input.as_bytes()) })
}

/// What a receipt says and unseals.
pub(crate) struct Accepted {
    pub(crate) did: Id,
    pub(crate) acct: String,
    pub(crate) until: u64,
    pub(crate) iat: u64,
    pub(crate) digits: String,
    pub(crate) ok: Secret,
    pub(crate) totp: Option<Secret>,
}

/// Takes the receipt for `request`, opened by the receiving key whose bytes are `seal`.
///
/// # Errors
/// [`NotAccepted::UnknownKey`] where newer metadata may help. [`GatewayError::ForeignReceipt`]: it is not for this
/// request, so somebody else used the code. Any other receipt that is not acceptable is [`GatewayError::Refused`], and
/// what is none is [`GatewayError::Malformed`].
pub(crate) fn receipt(
    trusted: &Trusted,
    request: &Request,
    seal: &Secret,
    reply: &[u8],
) -> Result<Accepted, NotAccepted> {
    let reply: EnrolReply = json::parse(reply).map_err(GatewayError::Malformed)?;
    let (eh, kid) = (request.body.enrol.h(), reply.receipt.jws().kid());
    let receipt = check::receipt(reply.receipt, trusted, &eh).map_err(|refused| match refused {
        Refused::Key => NotAccepted::UnknownKey(kid),
        _ => GatewayError::ForeignReceipt.into(),
    })?;
    let claims = receipt.claims();
    let sealed = SealedReceipt::open(&receiver(seal)?, &claims.sealed);
    let sealed = sealed.map_err(GatewayError::Refused)?;
    Ok(Accepted {
        did: claims.aud,
        acct: claims.acct.as_str().to_owned(),
        until: claims.until,
        iat: claims.iat,
        digits: confirmation_digits(&eh, &claims.aud),
        ok: sealed.ok,
        totp: sealed.totp,
    })
}

/// Why a receipt was not taken.
pub(crate) enum NotAccepted {
    /// Signed by a key that the phone does not know (yet).
    UnknownKey(H32),
    /// Anything else.
    Fault(Error),
}

impl From<Error> for NotAccepted {
    fn from(fault: Error) -> Self {
        Self::Fault(fault)
    }
}

impl From<GatewayError> for NotAccepted {
    fn from(fault: GatewayError) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<NotAccepted> for Error {
    fn from(why: NotAccepted) -> Self {
        match why {
            NotAccepted::UnknownKey(_) => GatewayError::ForeignReceipt.into(),
            NotAccepted::Fault(fault) => fault,
        }
    }
}

/// Draws a receiving key: its 48 secret bytes (private key, authentication secret), and the public half.
pub(crate) fn draw_seal(random: &dyn Random) -> Result<(Secret, SealKey), Error> {
    loop {
        let bytes = random.secret(48)?;
        // One draw in 2^32 is not a private key.
        if let Ok(receiver) = receiver(&bytes) {
            let public = receiver.public().clone();
            return Ok((bytes, public));
        }
    }
}

/// The receiving key of its 48 bytes.
pub(crate) fn receiver(bytes: &Secret) -> Result<Receiver, Error> {
    let (key, auth) = bytes.expose().split_first_chunk::<32>().ok_or(PortError::Failed)?;
    let auth: [u8; 16] = auth.try_into().map_err(|_| PortError::Failed)?;
    Receiver::new(&Secret::from_slice(key), Id::from_bytes(auth)).map_err(|_| PortError::Failed.into())
}

#[cfg(test)]
mod tests {
    use countersign_properties::{around, parser};
    use countersign_protocol::jose::b64u;
    use proptest::prelude::*;

    use super::*;
    use crate::properties::hosts;

    #[test]
    fn names_of_the_phone_are_sent_composed() {
        let dev = |model: &str| Phone { os: Os::Linux, model: model.into(), app: "A\u{308}pp 1".into() }.dev();
        let sent = dev("Cafe\u{301}").unwrap();
        assert_eq!((sent.model.as_str(), sent.app.as_str()), ("Caf\u{e9}", "\u{c4}pp 1"));
        assert!(
            dev(&"e\u{301}".repeat(64)).is_ok() && dev(&"e\u{301}".repeat(65)).is_err(),
            "counted as they are sent"
        );
    }

    /// The offer names the host that the link stands on, so that nobody is asked about one and sent to another.
    #[test]
    fn offers_of_gateways() {
        let bytes = |n: usize| prop::collection::vec(any::<u8>(), n).prop_map(|bytes| b64u::encode(&bytes));
        let link = (hosts(), bytes(32), bytes(16), 1_700_000_000..1_900_000_000_u64).prop_map(|(host, k, c, x)| {
            let inside = format!(r#"{{"u":"https://{host}/push/v1","k":"{k}","c":"{c}","x":{x}}}"#);
            format!("https://{host}/enrol#1.{}", b64u::encode(inside.as_bytes()))
        });
        parser(around(link), |text| match EnrolOffer::read(text) {
            Ok(offer) => {
                assert!(text.trim().starts_with(&format!("https://{}/enrol#1.", offer.host())), "{text}");
                true
            }
            Err(_) => false,
        });
    }
}
