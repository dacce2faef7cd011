//! The way to it.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Http, Request, Response, Trust};
use countersign_protocol::jose::H32;

use super::Gateway;

/// The network: every gateway there is, by its base URL.
#[derive(Default)]
pub struct Wire(Mutex<Vec<Arc<Gateway>>>);

impl Wire {
    pub fn add(&self, gateway: &Arc<Gateway>) {
        self.0.lock().unwrap().push(Arc::clone(gateway));
    }
}

impl Http for Wire {
    fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError> {
        self.exchange(request, cancel).map(|(_, response)| response)
    }

    fn stream(
        &self,
        request: Request,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        let (gateway, response) = self.exchange(request, cancel)?;
        if response.status != 200 {
            return Ok(response);
        }
        loop {
            cancel.check()?;
            // Taken out: a part may lead to another request.
            let mut feed = gateway.feed.lock().unwrap().take().expect("events are served");
            let part = feed(&gateway);
            gateway.feed.lock().unwrap().get_or_insert(feed);
            match part {
                Some(part) if take(part.as_bytes()).is_continue() => {}
                Some(_) | None => return Ok(Response { body: Vec::new(), ..response }),
            }
        }
    }
}

impl Wire {
    fn exchange(&self, request: Request, cancel: &Cancel) -> Result<(Arc<Gateway>, Response), PortError> {
        cancel.check()?;
        let gateways = self.0.lock().unwrap().clone();
        let here = gateways.iter().find_map(|gateway| {
            let path = request.url.strip_prefix(&gateway.u)?.strip_prefix('/')?;
            Some((Arc::clone(gateway), path.to_owned()))
        });
        let (gateway, path) = here.ok_or(PortError::Network)?;
        // The one TLS key that its metadata names.
        if request.trust != Trust::MetadataOnly && request.trust != Trust::Pins(vec![H32::sha256(&[b"tls key"])]) {
            return Err(PortError::Tls);
        }
        gateway.state().log.push((path.clone(), request.clone()));
        let response = gateway.answer(&path, &request);
        // Taken out, so that a twist may wait while others go on.
        let twist = gateway.twist.lock().unwrap().take();
        let Some(mut twist) = twist else { return Ok((gateway, response)) };
        let twisted = twist(&path, &request, cancel, response);
        gateway.twist.lock().unwrap().get_or_insert(twist);
        twisted.map(|response| (gateway, response))
    }
}
