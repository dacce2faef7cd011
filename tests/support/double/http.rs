//! A network that answers from a script, or from a function that plays the gateway.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Http, Request, Response};

use super::lock;

/// What one request comes to.
#[derive(Debug, Clone)]
pub enum Exchange {
    /// This answer.
    Answer(Response),
    /// This error, before anything was sent.
    Fault(PortError),
    /// The request was sent and acted on; its answer is lost.
    Lost(PortError),
    /// Nothing, until it is cancelled or its deadline has passed on the machine's clock.
    Hang,
    /// A 200 whose body begins with this and then does not go on, as by `Hang`.
    Drip(Vec<u8>),
}

impl Exchange {
    /// An answer in JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Answer(Response { status, headers, body: body.to_string().into_bytes() })
    }
}

type Player = dyn Fn(&Request) -> Exchange + Send + Sync;

/// Answers in the order of its script, then by its player, and keeps every request.
#[derive(Default)]
pub struct ScriptedHttp {
    script: Mutex<VecDeque<Exchange>>,
    player: Mutex<Option<Arc<Player>>>,
    sent: Mutex<Vec<Request>>,
}

impl ScriptedHttp {
    /// Puts an exchange at the end of the script.
    pub fn then(&self, exchange: Exchange) -> &Self {
        lock(&self.script).push_back(exchange);
        self
    }

    /// Plays the gateway where the script is at its end.
    pub fn play(&self, player: impl Fn(&Request) -> Exchange + Send + Sync + 'static) {
        *lock(&self.player) = Some(Arc::new(player));
    }

    /// Every request that was sent since the last call, in order.
    pub fn take_sent(&self) -> Vec<Request> {
        std::mem::take(&mut lock(&self.sent))
    }

    fn exchange(&self, request: Request, cancel: &Cancel) -> Result<Exchange, PortError> {
        cancel.check()?;
        if !request.url.starts_with("https://") {
            return Err(PortError::Failed);
        }
        let exchange = self.next(&request);
        if !matches!(exchange, Exchange::Fault(_)) {
            lock(&self.sent).push(request);
        }
        Ok(exchange)
    }

    fn next(&self, request: &Request) -> Exchange {
        if let Some(exchange) = lock(&self.script).pop_front() {
            return exchange;
        }
        // The player may take long, or send something itself: it runs without a lock.
        let player = lock(&self.player).clone();
        player.map_or(Exchange::Fault(PortError::Network), |player| player(request))
    }
}

impl Http for ScriptedHttp {
    fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError> {
        let (most, deadline) = (request.most, request.deadline);
        match self.exchange(request, cancel)? {
            Exchange::Answer(response) if response.body.len() > most => Err(PortError::TooLarge),
            Exchange::Answer(response) => Ok(response),
            Exchange::Fault(error) | Exchange::Lost(error) => Err(error),
            Exchange::Hang | Exchange::Drip(_) => Err(wait_for(cancel, deadline)),
        }
    }

    fn stream(
        &self,
        request: Request,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        let (most, deadline) = (request.most, request.deadline);
        let (response, ends) = match self.exchange(request, cancel)? {
            Exchange::Answer(response) if response.status == 200 => (response, true),
            Exchange::Drip(body) => (Response { status: 200, headers: Vec::new(), body }, false),
            Exchange::Answer(response) if response.body.len() > most => return Err(PortError::TooLarge),
            Exchange::Answer(response) => return Ok(response),
            Exchange::Fault(error) | Exchange::Lost(error) => return Err(error),
            Exchange::Hang => return Err(wait_for(cancel, deadline)),
        };
        let stopped = take(&response.body).is_break();
        let head = Response { body: Vec::new(), ..response };
        if ends || stopped { Ok(head) } else { Err(wait_for(cancel, deadline)) }
    }
}

fn wait_for(cancel: &Cancel, deadline: Duration) -> PortError {
    let bell = Arc::new((Mutex::new(false), Condvar::new()));
    let rung = bell.clone();
    let _guard = cancel.on_cancel(move || {
        *lock(&rung.0) = true;
        rung.1.notify_all();
    });
    let waited = bell.1.wait_timeout_while(lock(&bell.0), deadline, |rung| !*rung);
    let (rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
    if *rung { PortError::Cancelled } else { PortError::Timeout }
}
