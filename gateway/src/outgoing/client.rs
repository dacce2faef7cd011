//! The guarded client: one request, to an address that was checked, within limits.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use countersign_protocol::push::endpoint::{self, Endpoint, Host};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Reach;
use crate::file::{self, FileFault, Unfit};
use crate::limits;
use crate::port::{Clock, Resolver, Timer};

/// Why a call brought no answer. It carries no part of the address called, which may be a secret by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingFault {
    /// The text is not an https address of the form that is called.
    #[error("not an address that is called")]
    Url,
    /// A name leads to an address that must not be called, or is written as one.
    #[error("it leads to {0}, which must not be called")]
    Forbidden(IpAddr),
    /// The name leads nowhere.
    #[error("the name leads nowhere")]
    Name,
    /// No connection.
    #[error("no connection")]
    Connect,
    /// The other side is not who it should be, or speaks no TLS.
    #[error("no TLS connection")]
    Tls,
    /// What came back is not HTTP, or broke off.
    #[error("no HTTP answer")]
    Http,
    /// It took too long.
    #[error("too slow")]
    Late,
}

/// What came back: at most [`limits::OUTGOING_BODY`] of the body, whatever was sent.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status; a redirect is one like any other.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// Whether more of it was sent than was read.
    pub is_cut: bool,
}

/// How long a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To connect to one address.
    pub connect: Duration,
    /// In all, with resolving, handshake and reading.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: limits::OUTGOING_CONNECT, total: limits::OUTGOING_TOTAL }
    }
}

/// What the client rests on.
pub struct Parts {
    /// Which addresses may be called.
    pub reach: Reach,
    /// PEM file with roots that are believed beside the platform's.
    pub roots: Option<PathBuf>,
    /// From names to addresses.
    pub resolver: Arc<dyn Resolver>,
    /// Waiting.
    pub timer: Arc<dyn Timer>,
    /// The time, for certificates.
    pub clock: Arc<dyn Clock>,
    /// How long a call may take.
    pub limits: Limits,
}

/// The one client for all outgoing calls. Cloning shares everything; nothing is kept between two calls.
#[derive(Clone)]
pub struct Outgoing {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    further: Vec<CertificateDer<'static>>,
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Outgoing {
    /// A client over its parts. Reads the file of further roots.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn new(parts: Parts) -> Result<Self, FileFault> {
        let further = parts.roots.as_deref().map(further_roots).transpose()?.unwrap_or_default();
        Ok(Self { inner: Arc::new(Inner { parts, further, tls: OnceLock::new() }) })
    }

    /// Which addresses may be called.
    pub fn reach(&self) -> &Reach {
        &self.inner.parts.reach
    }

    /// Posts a body and gives the answer, whatever its status.
    ///
    /// # Errors
    /// [`OutgoingFault`].
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, OutgoingFault> {
        let parts = &self.inner.parts;
        tokio::select! {
            biased;
            answer = self.exchange(url, headers, body) => answer,
            () = parts.timer.wait(parts.limits.total) => Err(OutgoingFault::Late),
        }
    }

    async fn exchange(&self, url: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, OutgoingFault> {
        let to = endpoint::parse(url).map_err(|_| OutgoingFault::Url)?;
        let request = request(&to, headers, body)?;
        let addresses = self.addresses(&to).await?;
        let stream = self.connect(&addresses, to.port).await?;
        let stream = self.secure(stream, &to).await?;
        send(stream, request).await
    }

    /// Resolves once and checks every address. One that must not be called spoils all: whoever owns the name chose it.
    async fn addresses(&self, to: &Endpoint<'_>) -> Result<Vec<IpAddr>, OutgoingFault> {
        let found = match to.host {
            Host::Address(address) => vec![address],
            Host::Name(name) => self.inner.parts.resolver.resolve(name).await.map_err(|_| OutgoingFault::Name)?,
        };
        match found.iter().find(|address| !self.reach().allows(**address)) {
            Some(forbidden) => Err(OutgoingFault::Forbidden(*forbidden)),
            None if found.is_empty() => Err(OutgoingFault::Name),
            None => Ok(found),
        }
    }

    /// Connects to the first of the checked addresses that answers.
    async fn connect(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, OutgoingFault> {
        let parts = &self.inner.parts;
        for address in addresses.iter().take(limits::OUTGOING_ADDRESSES) {
            let connected = tokio::select! {
                connected = TcpStream::connect(SocketAddr::new(*address, port)) => connected.ok(),
                () = parts.timer.wait(parts.limits.connect) => None,
            };
            if let Some(stream) = connected {
                // What is sent is small and written whole; waiting for more only delays it.
                drop(stream.set_nodelay(true));
                return Ok(stream);
            }
        }
        Err(OutgoingFault::Connect)
    }

    async fn secure(&self, stream: TcpStream, to: &Endpoint<'_>) -> Result<TlsStream<TcpStream>, OutgoingFault> {
        let name = match to.host {
            Host::Name(name) => ServerName::try_from(name.to_owned()).map_err(|_| OutgoingFault::Url)?,
            Host::Address(address) => ServerName::IpAddress(address.into()),
        };
        let config = self.inner.tls().ok_or(OutgoingFault::Tls)?;
        TlsConnector::from(config).connect(name, stream).await.map_err(|_| OutgoingFault::Tls)
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outgoing")
    }
}

impl Inner {
    /// Made at the first call: the platform's roots are many, and most gateways that start for a test call nobody.
    fn tls(&self) -> Option<Arc<ClientConfig>> {
        if let Some(made) = self.tls.get() {
            return Some(made.clone());
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.further.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let time = Arc::new(GatewayTime(self.parts.clock.clone()));
        let builder = ClientConfig::builder_with_details(provider, time).with_safe_default_protocol_versions().ok()?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Some(self.tls.get_or_init(|| Arc::new(config)).clone())
    }
}

/// The gateway's clock as rustls asks for it.
struct GatewayTime(Arc<dyn Clock>);

impl TimeProvider for GatewayTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.now())))
    }
}

impl fmt::Debug for GatewayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewayTime")
    }
}

/// The roots in a PEM file.
///
/// # Errors
/// [`FileFault`].
pub fn further_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileFault> {
    let key = "outgoing.roots";
    let found = file::certificates(key, path)?;
    let (taken, _) = RootCertStore::empty().add_parsable_certificates(found.iter().cloned());
    if taken < found.len() { Err(FileFault::new(key, path, Unfit::NoCertificate)) } else { Ok(found) }
}

fn request(to: &Endpoint<'_>, headers: HeaderMap, body: Vec<u8>) -> Result<Request<Full<Bytes>>, OutgoingFault> {
    let target = if to.target.starts_with('/') { to.target.to_owned() } else { format!("/{}", to.target) };
    let length = body.len();
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.parse().map_err(|_| OutgoingFault::Url)?;
    *request.headers_mut() = headers;
    let fixed = request.headers_mut();
    fixed.insert(HOST, HeaderValue::from_str(to.authority).map_err(|_| OutgoingFault::Url)?);
    fixed.insert(CONTENT_LENGTH, HeaderValue::from(length));
    fixed.insert(CONNECTION, HeaderValue::from_static("close"));
    fixed.insert(USER_AGENT, HeaderValue::from_static("countersign-gateway"));
    Ok(request)
}

async fn send(stream: TlsStream<TcpStream>, request: Request<Full<Bytes>>) -> Result<Answer, OutgoingFault> {
    let mut builder = hyper::client::conn::http1::Builder::new();
    builder.max_buf_size(limits::OUTGOING_HEADERS).max_headers(limits::OUTGOING_HEADER_COUNT);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|_| OutgoingFault::Http)?;
    // Ends with this function, however it ends.
    let mut driver = JoinSet::new();
    driver.spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(|_| OutgoingFault::Http)?;
    let (head, body) = response.into_parts();
    let (body, is_cut) = beginning(body).await?;
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, is_cut })
}

/// As much of the body as is read at all.
async fn beginning(mut body: Incoming) -> Result<(Vec<u8>, bool), OutgoingFault> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.map_err(|_| OutgoingFault::Http)?.into_data() else { continue };
        let room = limits::OUTGOING_BODY - read.len();
        read.extend_from_slice(&part[..part.len().min(room)]);
        if part.len() > room {
            return Ok((read, true));
        }
    }
    Ok((read, false))
}
