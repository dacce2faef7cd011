//! The network as every shell has it: [`Net`] is the [`Http`] port on reqwest and rustls with ring.
//!
//! HTTP/1.1 only; no redirects, cookies, proxies, content coding, kept connections or repeats: each [`Request`] is one
//! transmission, because each has its own proof (`push-v1.md` section 4). An answer of more than
//! `Request::most` bytes is refused while it is read. [`trust`] says whom a connection believes.

mod trust;

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, redirect, retry};
use rustls::client::danger::ServerCertVerifier;

use crate::cancel::Cancel;
use crate::error::PortError;
use crate::port::{Clock, Http, Method, Request, Response, Trust};

/// The network adapter. One a process is enough; it keeps nothing between two requests.
pub struct Net {
    clock: Arc<dyn Clock>,
    platform: LazyLock<Platform, Box<dyn FnOnce() -> Platform + Send>>,
}

/// Who checks certificates by the platform's roots; nobody, where there are none.
type Platform = Option<Arc<dyn ServerCertVerifier>>;

impl Net {
    /// A network that believes `roots` (certificates in DER, as the shell gets them from its platform) where an enrolment
    /// brought no pin. They are asked for by the first request that needs them: a platform may have hundreds of files of them.
    /// Roots that cannot be read are left out; without any, [`Trust::Platform`] is refused.
    pub fn new(roots: impl FnOnce() -> Vec<Vec<u8>> + Send + 'static, clock: Arc<dyn Clock>) -> Self {
        Self { platform: LazyLock::new(Box::new(move || trust::platform(&roots()))), clock }
    }

    fn client(&self, trust: &Trust) -> Result<Client, PortError> {
        let verifier = match trust {
            Trust::Pins(pins) => trust::pinned(pins),
            Trust::Platform => (*self.platform).clone().ok_or(PortError::Tls)?,
            Trust::MetadataOnly => trust::handshake_alone(),
        };
        Client::builder()
            .tls_backend_preconfigured(trust::config(verifier, Arc::clone(&self.clock))?)
            .https_only(true)
            .http1_only()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|_| PortError::Unavailable)
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Net")
    }
}

impl Http for Net {
    fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError> {
        cancel.check()?;
        let client = self.client(&request.trust)?;
        let (runtime, deadline, most) = (Runtime::new()?, request.deadline, request.most);
        let whole = async { read(head(client, request).await?, most).await };
        runtime.wait(first_of(whole, deadline, cancel))
    }

    fn stream(
        &self,
        request: Request,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        cancel.check()?;
        let client = self.client(&request.trust)?;
        let (runtime, deadline, most) = (Runtime::new()?, request.deadline, request.most);
        let mut answer = runtime.wait(first_of(head(client, request), deadline, cancel))?;
        if answer.status() != reqwest::StatusCode::OK {
            return runtime.wait(first_of(read(answer, most), deadline, cancel));
        }
        let response = Response { status: 200, headers: headers_of(&answer), body: Vec::new() };
        loop {
            let next = async { answer.chunk().await.map_err(|fault| cause(&fault)) };
            // Outside of the runtime: what takes the part may wait for a request of its own.
            match runtime.wait(first_of(next, deadline, cancel))? {
                Some(part) if take(&part).is_continue() => {}
                Some(_) | None => return Ok(response),
            }
        }
    }
}

/// A runtime of its own a call: a cancelled or late one is dropped with everything it had in flight.
struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    fn new() -> Result<Self, PortError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(|_| PortError::Unavailable)
    }

    fn wait<T>(&self, outcome: impl Future<Output = Result<T, PortError>>) -> Result<T, PortError> {
        self.0.as_ref().ok_or(PortError::Unavailable)?.block_on(outcome)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Name resolution may still block a thread; it is left to end by itself.
            runtime.shutdown_background();
        }
    }
}

/// The exchange, or why it was ended before: cancelled or past its deadline.
async fn first_of<T>(
    exchange: impl Future<Output = Result<T, PortError>>,
    deadline: Duration,
    cancel: &Cancel,
) -> Result<T, PortError> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let _registered = cancel.on_cancel(move || {
        let _ = tell.send(());
    });
    #[expect(clippy::disallowed_methods, reason = "an adapter: the one place where a request's deadline is waited for")]
    let late = tokio::time::sleep(deadline);
    tokio::select! {
        biased;
        Ok(()) = told => Err(PortError::Cancelled),
        outcome = exchange => outcome,
        () = late => Err(PortError::Timeout),
    }
}

/// Sends the request and waits for the head of its answer.
async fn head(client: Client, request: Request) -> Result<reqwest::Response, PortError> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| PortError::Failed)?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| PortError::Failed)?);
    }
    let mut sent = client.request(method, &request.url).headers(headers);
    if !request.body.is_empty() {
        sent = sent.body(request.body);
    }
    sent.send().await.map_err(|fault| cause(&fault))
}

/// Reads an answer to its end, `most` bytes of body at most.
async fn read(mut answer: reqwest::Response, most: usize) -> Result<Response, PortError> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|fault| cause(&fault))? {
        if body.len() + part.len() > most {
            return Err(PortError::TooLarge);
        }
        body.extend_from_slice(&part);
    }
    Ok(Response { status: answer.status().as_u16(), headers: headers_of(&answer), body })
}

fn headers_of(answer: &reqwest::Response) -> Vec<(String, String)> {
    let text =
        |(name, value): (&HeaderName, &HeaderValue)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()));
    answer.headers().iter().filter_map(text).collect()
}

/// What went wrong, as far as a person can act on it: the certificate, or the way there. Nothing of the request is kept.
fn cause(fault: &reqwest::Error) -> PortError {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(fault);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return PortError::Tls;
        }
        // An I/O error hides what it wraps from `source`, and may wrap another one.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    PortError::Network
}
