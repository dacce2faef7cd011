//! Requests that are free of any rule, over a real connection.

use std::cell::RefCell;
use std::net::SocketAddr;

use serde_json::Value;

use crate::any_certificate::any_certificate;

/// An HTTP request, free of any rule.
#[derive(Debug, Clone)]
pub struct RawRequest {
    /// GET, POST, …
    pub method: &'static str,
    /// What follows the base URL, with its slash.
    pub path: String,
    /// Headers in order; a name may stand twice.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
}

impl RawRequest {
    /// A POST of JSON.
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".into(), "application/json".into())];
        Self { method: "POST", path: path.into(), headers, body: Some(body.into()) }
    }

    /// A GET without a body.
    pub fn get(path: &str) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: None }
    }

    /// A DELETE without a body.
    pub fn delete(path: &str) -> Self {
        Self { method: "DELETE", ..Self::get(path) }
    }

    /// A PUT of JSON.
    pub fn put(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { method: "PUT", ..Self::post(path, body) }
    }

    /// Adds one header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct RawReply {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl RawReply {
    /// What comes of this call.
    pub async fn of(call: reqwest::RequestBuilder) -> Self {
        Self::read(call.send().await.expect("the gateway answers")).await
    }

    async fn read(response: reqwest::Response) -> Self {
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let status = response.status().as_u16();
        Self { status, headers, body: response.bytes().await.expect("a whole body").to_vec() }
    }

    /// The body as JSON, `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Status and `error`, with `why` after a colon where there is one: what a refusal test compares.
    pub fn verdict(&self) -> String {
        let body = self.json();
        match (body["error"].as_str(), body["why"].as_str()) {
            (Some(error), Some(why)) => format!("{} {error}:{why}", self.status),
            (Some(error), None) => format!("{} {error}", self.status),
            (None, _) => self.status.to_string(),
        }
    }
}

/// A connection to one gateway, with the newest nonce it gave.
pub struct Wire {
    u: String,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    nonce: RefCell<String>,
    sent: RefCell<Vec<RawRequest>>,
}

impl Wire {
    /// A client for the gateway whose base URL is `u`; `address` is where it really listens.
    pub fn new(u: &str, address: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let host = u.trim_start_matches("https://").split(['/', ':']).next().expect("a host").to_owned();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(any_certificate())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // A connection a request: the gateway counts requests a connection a minute, and a stage's clock stands still.
            .pool_max_idle_per_host(0)
            .resolve(&host, address)
            .build()
            .expect("a client");
        Self { u: u.to_owned(), runtime, client, nonce: RefCell::default(), sent: RefCell::default() }
    }

    /// The base URL.
    pub fn u(&self) -> &str {
        &self.u
    }

    /// The newest nonce given.
    pub fn nonce(&self) -> String {
        if self.nonce.borrow().is_empty() {
            self.send(RawRequest::get("/metadata"));
        }
        self.nonce.borrow().clone()
    }

    /// Everything sent so far, in order: what somebody who listens could send again.
    pub fn recorded(&self) -> Vec<RawRequest> {
        self.sent.borrow().clone()
    }

    /// Sends a request as it is and returns what came back.
    pub fn send(&self, request: RawRequest) -> RawReply {
        self.sent.borrow_mut().push(request.clone());
        let reply = self.send_again(request);
        if let Some(nonce) = reply.header("countersign-nonce") {
            *self.nonce.borrow_mut() = nonce.to_owned();
        }
        reply
    }

    /// Begins a request whose answer goes on.
    pub fn stream(&self, request: RawRequest) -> RawStream<'_> {
        self.sent.borrow_mut().push(request.clone());
        let response = self.runtime.block_on(self.begin(request));
        if let Some(nonce) = response.headers().get("countersign-nonce") {
            *self.nonce.borrow_mut() = nonce.to_str().expect("text").to_owned();
        }
        RawStream { wire: self, status: response.status().as_u16(), response, read: String::new() }
    }

    async fn begin(&self, request: RawRequest) -> reqwest::Response {
        let method = request.method.parse().expect("a method");
        let mut builder = self.client.request(method, format!("{}{}", self.u, request.path));
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        builder.send().await.expect("the gateway answers")
    }

    /// Sends a recorded request as somebody else would: it is not recorded and its nonce is not taken.
    pub fn send_again(&self, request: RawRequest) -> RawReply {
        self.runtime.block_on(async { RawReply::read(self.begin(request).await).await })
    }
}

/// An answer that goes on: lines of events as they come.
pub struct RawStream<'a> {
    wire: &'a Wire,
    response: reqwest::Response,
    read: String,
    /// HTTP status.
    pub status: u16,
}

/// How long a test waits for a line, in seconds: far more than it takes.
const PATIENCE: u64 = 20;

impl RawStream<'_> {
    /// The media type.
    pub fn media(&self) -> String {
        let media = self.response.headers().get("content-type").map(|it| String::from_utf8_lossy(it.as_bytes()));
        media.unwrap_or_default().into_owned()
    }

    /// The next block of lines, without the empty one at its end; none when the gateway ended the stream.
    #[expect(clippy::disallowed_methods, reason = "a test that waits for what never comes must end")]
    pub fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(block);
            }
            let time = std::time::Duration::from_secs(PATIENCE);
            let chunk = self.wire.runtime.block_on(async { tokio::time::timeout(time, self.response.chunk()).await });
            let chunk = chunk.expect("a line in time").expect("a whole stream")?;
            self.read.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// The next State; comments before it are left out. None when the gateway ended the stream.
    pub fn state(&mut self) -> Option<Value> {
        loop {
            let block = self.block()?;
            if let Some(data) = block.strip_prefix("event: state\ndata: ") {
                return Some(serde_json::from_str(data).expect("a State on one line"));
            }
            assert!(block.starts_with(':'), "{block}");
        }
    }
}
