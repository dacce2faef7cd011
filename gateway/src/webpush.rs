//! Bells: Web Push to the endpoints of phones (RFC 8030, 8291, 8292; push-v1 §9).
//!
//! A bell says that something waits; the phone asks for it by itself, and asks without a bell too. So a bell is never
//! waited for and never stored: [`Bells::ring`] returns at once, [`outbox`] sends, and a bell that is lost costs a person
//! the moment it takes to open the app. [`body`] is what travels, [`vapid`] says who we are, [`outcome`] reads the answer.

pub mod body;
pub mod outbox;
pub mod outcome;
pub mod vapid;

use std::sync::{Arc, Mutex, PoisonError};

use countersign_protocol::jose::Id;
use countersign_protocol::jose::P256dh;
use countersign_protocol::push::{Challenge, Message, Op, PushMode};
use countersign_protocol::seal::SealKey;
use tokio::sync::mpsc;
use tracing::Span;

use crate::enrol::Device;
use crate::limits;
use crate::outgoing::Outgoing;
use vapid::Vapid;

/// One bell to ring. It has no `Debug`: an endpoint is a secret, and so may be what is sealed.
#[derive(Clone)]
pub(crate) struct Bell {
    did: Id,
    endpoint: String,
    to: SealKey,
    jws: String,
    /// `jti` of what it rings for.
    jti: Id,
    /// Whether that is a notice; else it is an approval.
    is_notice: bool,
    /// The last second in which it is worth ringing.
    exp: u64,
    /// The request that rang it: its transaction id stands in the log.
    span: Span,
}

/// Rings the bells of phones. Cloning shares everything.
#[derive(Clone)]
pub struct Bells {
    inner: Arc<Inner>,
}

struct Inner {
    queue: mpsc::Sender<Bell>,
    /// Taken once, by the outbox.
    waiting: Mutex<Option<mpsc::Receiver<Bell>>>,
    outgoing: Outgoing,
    vapid: Vapid,
    mode: PushMode,
}

impl Bells {
    /// Bells that ring by this client, as this application server, with this kind of body.
    pub fn new(outgoing: Outgoing, vapid: Vapid, mode: PushMode) -> Self {
        let (queue, waiting) = mpsc::channel(limits::BELLS);
        Self { inner: Arc::new(Inner { queue, waiting: Mutex::new(Some(waiting)), outgoing, vapid, mode }) }
    }

    /// Rings the bell of a device for a challenge, until `exp` at the latest. Returns at once; a device without a bell is
    /// left out, and so is a bell when too many ring already. Call it after the challenge is stored.
    pub fn ring(&self, device: &Device, challenge: &str, exp: u64) {
        let Some(phone) = &device.phone else { return };
        let Some(endpoint) = &phone.endpoint else { return };
        let asked = match Message::<Challenge>::parse(challenge) {
            Ok(asked) => asked,
            Err(fault) => {
                return tracing::error!(device = %device.did, %fault, "no bell rings for what is no challenge");
            }
        };
        let to = SealKey { p256dh: P256dh(phone.seal.clone()), auth: phone.auth };
        let bell = Bell {
            did: device.did,
            endpoint: endpoint.clone(),
            to,
            jws: challenge.to_owned(),
            jti: asked.claims().jti,
            is_notice: asked.claims().op == Op::Info,
            exp,
            span: Span::current(),
        };
        if self.inner.queue.try_send(bell).is_err() {
            tracing::warn!(device = %device.did, "too many bells ring; this one does not");
        }
    }

    /// The client for all outgoing calls.
    pub fn outgoing(&self) -> &Outgoing {
        &self.inner.outgoing
    }

    /// The keys by which push servers know us.
    pub fn vapid(&self) -> &Vapid {
        &self.inner.vapid
    }

    fn waiting(&self) -> Option<mpsc::Receiver<Bell>> {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
