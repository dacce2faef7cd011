//! The gateway's side of the push protocol, version 1 (`push-v1.md` §4, §8, §11).
//!
//! Every other path under the base URL is 404 and not in the code. The order in which a call is checked is part of the
//! protocol; it stands in [`route`] (limits, form), [`proof`] (who, and that it is this request) and the call's own file.

pub mod answer;
pub mod device;
pub mod enrol;
pub mod events;
pub mod keys;
pub mod metadata;
pub mod moving;
pub mod nonce;
pub mod poll;
pub mod proof;
pub mod rate;
pub mod reply;
pub mod route;
pub mod state;

use std::sync::Arc;

use countersign_protocol::jose::{Claims, FormError};
use countersign_protocol::push::Message;

use self::reply::Refusal;
use crate::approval::Approvals;
use crate::enrol::Devices;
use crate::issuer::Issuer;
use crate::notice::Notices;
use crate::port::{Clock, PortFault, Random};
use crate::wake::Wakes;

/// The header that carries a proof.
pub const PROOF: &str = "countersign-proof";
/// The header that carries a nonce, on every answer.
pub const NONCE: &str = "countersign-nonce";

/// The services behind the calls of phones. Cloning shares everything.
#[derive(Clone)]
pub struct Phones {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: Issuer,
    metadata: metadata::Published,
    approvals: Approvals,
    devices: Devices,
    notices: Notices,
    nonces: nonce::Nonces,
    used: proof::UsedIds,
    polls: poll::Newest,
    streams: poll::Newest,
    rates: rate::Rates,
    wakes: Arc<Wakes>,
    clock: Arc<dyn Clock>,
}

/// What the calls rest on.
pub struct Parts {
    /// Signs.
    pub issuer: Issuer,
    /// What is published of this gateway.
    pub metadata: metadata::Published,
    /// The one path of approvals.
    pub approvals: Approvals,
    /// Devices and codes.
    pub devices: Devices,
    /// What phones are told beside sign-ins.
    pub notices: Notices,
    /// Who waits.
    pub wakes: Arc<Wakes>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Phones {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`PortFault::Random`].
    pub fn new(parts: Parts, random: &dyn Random) -> Result<Self, PortFault> {
        let Parts { issuer, metadata, approvals, devices, notices, wakes, clock } = parts;
        let inner = Inner {
            issuer,
            metadata,
            approvals,
            devices,
            notices,
            nonces: nonce::Nonces::new(random)?,
            used: proof::UsedIds::default(),
            polls: poll::Newest::default(),
            streams: poll::Newest::default(),
            rates: rate::Rates::default(),
            wakes,
            clock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What was signed for a phone, as it may travel now. A repeat is the same byte for byte as long as phones can check it;
    /// once the key that signed it has left the list none can, and the same claims are signed by the present one.
    ///
    /// # Errors
    /// [`Refusal::Busy`].
    fn lasting<T: Claims>(&self, stored: &str) -> Result<Message<T>, Refusal> {
        let busy = |fault: FormError| Refusal::Busy(fault.to_string());
        let message = Message::<T>::parse(stored).map_err(busy)?;
        if self.inner.metadata.lists(&message.jws().kid()) {
            return Ok(message);
        }
        let signed = self.inner.issuer.sign(message.claims()).map_err(|fault| Refusal::Busy(fault.to_string()))?;
        Message::parse(&signed.jws).map_err(busy)
    }

    /// A nonce of this moment, for the header of an answer.
    pub fn nonce(&self) -> String {
        self.inner.nonces.give(self.inner.clock.monotonic())
    }
}
