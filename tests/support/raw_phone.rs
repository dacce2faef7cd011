//! A phone that can send anything: messages are plain JSON values, so that each can be broken in any way.
//!
//! Keys follow the recipe of the published vectors: private key NAME is SHA-256 of "countersign vector key NAME".
//! Signatures are RFC 6979 by `p256`, so a message with the same claims is the same bytes each time.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::push::{EnrolCode, confirmation_digits};
use countersign_protocol::seal::Receiver;
use countersign_protocol::uri::EnrolLink;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

/// base64url without padding.
pub fn b64u(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An identifier of sixteen equal bytes, `id(n)` of the published vectors.
pub fn id(n: u8) -> String {
    b64u(&[n; 16])
}

/// The first 16 bytes of SHA-256 of a label: an identifier that no two labels share.
pub fn id_of(label: &str) -> String {
    b64u(&H32::sha256(&[label.as_bytes()]).as_bytes()[..16])
}

/// A key of the published vectors, made from its name.
#[derive(Clone)]
pub struct Key {
    scalar: [u8; 32],
    signing: SigningKey,
}

impl Key {
    /// SHA-256("countersign vector key NAME") as a private key.
    pub fn named(name: &str) -> Self {
        let scalar = *H32::sha256(&[format!("countersign vector key {name}").as_bytes()]).as_bytes();
        Self { scalar, signing: SigningKey::from_slice(&scalar).expect("a hash is a valid scalar") }
    }

    /// The private scalar.
    pub fn scalar(&self) -> &[u8; 32] {
        &self.scalar
    }

    /// The public half.
    pub fn jwk(&self) -> Jwk {
        Jwk::from_sec1(self.signing.verifying_key().to_sec1_point(false).as_bytes()).expect("a public key")
    }

    /// The public half as JSON.
    pub fn jwk_json(&self) -> Value {
        serde_json::to_value(self.jwk()).expect("a JWK is JSON")
    }

    /// The RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> String {
        self.jwk().thumbprint().to_string()
    }

    /// Signs as r‖s, by RFC 6979.
    pub fn sign(&self, input: &[u8]) -> [u8; 64] {
        let signature: Signature = self.signing.sign(input);
        signature.to_bytes().into()
    }
}

/// The other signature that verifies: (r, n − s).
pub fn twin(jws: &str) -> String {
    let (input, signature) = jws.rsplit_once('.').expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let signature = Signature::from_slice(&bytes).expect("a signature");
    let (r, s) = (signature.r(), -*signature.s());
    let other = Signature::from_scalars(r.to_bytes(), s.to_bytes()).expect("n - s is in range");
    format!("{input}.{}", b64u(&other.to_bytes()))
}

/// Signs any header over any payload bytes.
pub fn sign_raw(header: &str, payload: &[u8], key: &Key) -> String {
    let input = format!("{}.{}", b64u(header.as_bytes()), b64u(payload));
    format!("{input}.{}", b64u(&key.sign(input.as_bytes())))
}

/// Signs claims as a well-formed JWS of the given `typ`.
pub fn sign(typ: &str, claims: &Value, key: &Key) -> String {
    let header = json!({"alg": "ES256", "kid": key.thumbprint(), "typ": typ}).to_string();
    sign_raw(&header, claims.to_string().as_bytes(), key)
}

/// The payload of a JWS, unverified.
pub fn payload(jws: &str) -> Value {
    let middle = jws.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle).expect("base64url")).expect("JSON")
}

/// h(JWS): SHA-256 of the signing input.
pub fn h(jws: &str) -> H32 {
    H32::sha256(&[jws.rsplit_once('.').expect("three parts").0.as_bytes()])
}

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

/// Takes any certificate: these tests are about what is inside the connection.
#[derive(Debug)]
struct AnyCertificate(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &rustls::pki_types::CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &rustls::pki_types::CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A TLS client configuration on ring that takes any certificate.
pub fn any_certificate() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth()
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
        self.runtime.block_on(async {
            let response = self.begin(request).await;
            let status = response.status().as_u16();
            let headers = response
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect();
            let body = response.bytes().await.expect("a whole body").to_vec();
            RawReply { status, headers, body }
        })
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

/// The keys and names of one enrolment.
pub struct RawPhone {
    /// The connection.
    pub wire: Wire,
    /// Signs approvals and the enrolment.
    pub ak: Key,
    /// Signs proofs, denials and reports.
    pub pk: Key,
    /// Receives what is sealed.
    pub seal: Key,
    /// The identity that the receipt gave; sixteen zero bytes before.
    pub did: RefCell<String>,
    drawn: Cell<u64>,
    label: String,
}

impl RawPhone {
    /// A phone whose three keys are made from `label`.
    pub fn new(label: &str, u: &str, address: SocketAddr) -> Self {
        Self {
            wire: Wire::new(u, address),
            ak: Key::named(&format!("{label} ak")),
            pk: Key::named(&format!("{label} pk")),
            seal: Key::named(&format!("{label} seal")),
            did: RefCell::new(id(0)),
            drawn: Cell::new(0),
            label: label.to_owned(),
        }
    }

    /// A fresh identifier, the same in each run.
    pub fn fresh(&self) -> String {
        self.drawn.set(self.drawn.get() + 1);
        id_of(&format!("{} {}", self.label, self.drawn.get()))
    }

    /// Claims of a proof that fits this call.
    pub fn proof_claims(&self, method: &str, path: &str, body: &[u8]) -> Value {
        json!({"htm": method, "htu": format!("{}{path}", self.wire.u()), "bh": H32::sha256(&[body]).to_string(),
               "jti": self.fresh(), "nonce": self.wire.nonce(), "iat": 1_795_260_000u64})
    }

    /// A proof that fits this call.
    pub fn proof(&self, method: &str, path: &str, body: &[u8]) -> String {
        sign("cs-proof+jwt", &self.proof_claims(method, path, body), &self.pk)
    }

    /// A POST with a proof that fits it.
    pub fn proven(&self, path: &str, body: &Value) -> RawRequest {
        let body = body.to_string().into_bytes();
        let proof = self.proof("POST", path, &body);
        RawRequest::post(path, body).header("countersign-proof", &proof)
    }

    /// Claims of an enrolment that a gateway of the default policy takes.
    pub fn enrol_claims(&self, link: &EnrolLink) -> Value {
        let seal =
            Receiver::new(&Secret::from_slice(self.seal.scalar()), Id::from_bytes([0x30; 16])).expect("a scalar");
        json!({"aud": self.wire.u(), "gk": link.k.to_string(), "e": link.c.id().to_string(), "jti": self.fresh(),
               "iat": 1_795_260_000u64, "uv": "any", "level": "tee",
               "keys": {"ak": self.ak.jwk_json(), "pk": self.pk.jwk_json(), "seal": serde_json::to_value(seal.public()).expect("JSON")},
               "dev": {"os": "android", "model": "Pixel 9", "app": "Countersign 1.0"}})
    }

    /// The body of an enrolment: the request signed by `ak` and its MAC by the code.
    pub fn enrol_body(&self, code: &EnrolCode, claims: &Value) -> Value {
        let jws = sign("cs-enrol+jwt", claims, &self.ak);
        let cm = code.cm(jws.rsplit_once('.').expect("three parts").0.as_bytes());
        json!({"enrol": jws, "cm": cm.to_string()})
    }

    /// Enrols by this link and returns the six digits to type on the page.
    pub fn enrol(&self, link: &EnrolLink) -> String {
        self.enrol_with(link, &self.enrol_claims(link))
    }

    /// Enrols by this link with other claims and returns the six digits to type on the page.
    pub fn enrol_with(&self, link: &EnrolLink, claims: &Value) -> String {
        let body = self.enrol_body(&link.c, claims);
        let reply = self.call("/enrol", &body);
        assert_eq!(reply.status, 201, "{}", reply.verdict());
        let receipt = payload(reply.json()["receipt"].as_str().expect("a receipt"));
        let did = receipt["aud"].as_str().expect("aud").to_owned();
        *self.did.borrow_mut() = did.clone();
        let eh = h(body["enrol"].as_str().expect("a JWS"));
        confirmation_digits(&eh, &did.parse().expect("an id"))
    }

    /// A poll's Echo that holds nothing.
    pub fn echo(&self, wait: u64) -> Value {
        json!({"wait": wait, "have": [], "seen": [], "device": "active", "meta": [1, 1]})
    }

    /// Sends a proven POST; signs anew once when the nonce was too old, as every phone does.
    pub fn call(&self, path: &str, body: &Value) -> RawReply {
        let reply = self.wire.send(self.proven(path, body));
        if reply.verdict() == "401 nonce" { self.wire.send(self.proven(path, body)) } else { reply }
    }

    /// Polls with this Echo.
    pub fn poll(&self, echo: &Value) -> RawReply {
        self.call("/poll", echo)
    }

    /// What asks, of a poll that waits for nothing, as JWS texts.
    pub fn challenges(&self) -> Vec<String> {
        self.listed().into_iter().filter(|text| payload(text)["op"] != "info").collect()
    }

    /// What tells, of a poll that waits for nothing, as JWS texts.
    pub fn notices(&self) -> Vec<String> {
        self.listed().into_iter().filter(|text| payload(text)["op"] == "info").collect()
    }

    /// All of it.
    pub fn listed(&self) -> Vec<String> {
        let state = self.poll(&self.echo(0)).json();
        let texts = state["challenges"].as_array().cloned().unwrap_or_default();
        texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    }

    /// A call without a body, with a proof that fits it.
    pub fn bare(&self, method: &'static str, path: &str) -> RawRequest {
        let proof = self.proof(method, path, b"");
        RawRequest { method, ..RawRequest::get(path) }.header("countersign-proof", &proof)
    }

    /// A PUT with a proof that fits it.
    pub fn proven_put(&self, path: &str, body: &Value) -> RawRequest {
        let body = body.to_string().into_bytes();
        let proof = self.proof("PUT", path, &body);
        RawRequest::put(path, body).header("countersign-proof", &proof)
    }

    /// What every message of this phone says first.
    fn own_claims(&self) -> Value {
        json!({"iss": *self.did.borrow(), "aud": self.wire.u(), "jti": self.fresh(), "iat": 1_795_260_000u64})
    }

    /// Claims of a change of a key.
    pub fn keys_claims(&self, class: &str, new: &Key) -> Value {
        let mut claims = self.own_claims();
        claims["class"] = class.into();
        claims["jwk"] = new.jwk_json();
        claims
    }

    /// The body of a change of a key, signed by `old`, with the word of `new`.
    pub fn keys_body(&self, claims: &Value, old: &Key, new: &Key) -> Value {
        let keys = sign("cs-keys+jwt", claims, old);
        let pop = json!({"iss": claims["iss"], "aud": claims["aud"], "nh": h(&keys).to_string()});
        json!({"keys": keys, "pop": sign("cs-pop+jwt", &pop, new)})
    }

    /// Claims of an invitation.
    pub fn invite_claims(&self, replace: bool) -> Value {
        let mut claims = self.own_claims();
        claims["replace"] = replace.into();
        claims
    }

    /// Claims of a confirmation.
    pub fn confirm_claims(&self, e: &str, digits: &str) -> Value {
        let mut claims = self.own_claims();
        claims["e"] = e.into();
        claims["nm"] = digits.into();
        claims
    }

    /// Invites another phone; the link that it is to scan.
    pub fn invite(&self, replace: bool) -> EnrolLink {
        let body = json!({"invite": sign("cs-invite+jwt", &self.invite_claims(replace), &self.ak)});
        let reply = self.call("/invite", &body);
        assert_eq!(reply.status, 201, "{}", reply.verdict());
        self.opened(reply.json()["receipt"].as_str().expect("a receipt"))
    }

    /// The link in the receipt of an invitation.
    pub fn opened(&self, receipt: &str) -> EnrolLink {
        let sealed = payload(receipt)["sealed"].as_str().expect("a sealed part").to_owned();
        let sealed = URL_SAFE_NO_PAD.decode(sealed).expect("base64url");
        let receiver = Receiver::new(&Secret::from_slice(self.seal.scalar()), Id::from_bytes([0x30; 16]));
        let plain = countersign_protocol::seal::open(&receiver.expect("a scalar"), &sealed).expect("for this phone");
        let link = format!("countersign://enrol#1.{}", b64u(plain.expose()));
        EnrolLink::parse(&link).expect("the JSON of an enrolment link")
    }

    /// Types the digits of the phone that was invited.
    pub fn type_digits(&self, link: &EnrolLink, digits: &str) -> RawReply {
        let claims = self.confirm_claims(&link.c.id().to_string(), digits);
        self.call("/confirm", &json!({"confirm": sign("cs-confirm+jwt", &claims, &self.ak)}))
    }

    /// Claims of an answer to a challenge, without `nm` and `qs`.
    pub fn answer_claims(&self, challenge: &str, res: &str) -> Value {
        json!({"iss": *self.did.borrow(), "aud": self.wire.u(), "jti": self.fresh(), "iat": 1_795_260_000u64,
               "cj": payload(challenge)["jti"], "ch": h(challenge).to_string(), "res": res, "via": "poll"})
    }

    /// An approval by digits, signed by `ak`.
    pub fn approval(&self, challenge: &str, digits: &str) -> String {
        let mut claims = self.answer_claims(challenge, "approve");
        claims["nm"] = digits.into();
        sign("cs-answer+jwt", &claims, &self.ak)
    }

    /// A denial or a report, signed by `pk`.
    pub fn refusal(&self, challenge: &str, res: &str) -> String {
        sign("cs-answer+jwt", &self.answer_claims(challenge, res), &self.pk)
    }

    /// Sends an answer.
    pub fn answer(&self, jws: &str) -> RawReply {
        self.wire.send(RawRequest::post("/answer", json!({"answer": jws}).to_string()))
    }

    /// Sends an answer and returns `st` of its result.
    pub fn decide(&self, jws: &str) -> String {
        let reply = self.answer(jws);
        assert_eq!(reply.status, 200, "{}", reply.verdict());
        let result = payload(reply.json()["result"].as_str().expect("a result"));
        result["st"].as_str().expect("st").to_owned()
    }
}
