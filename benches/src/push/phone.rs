//! A phone that does as little as it may: one kept connection, signatures by ring.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::push::confirmation_digits;
use countersign_protocol::seal::Receiver;
use countersign_protocol::uri::EnrolLink;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};

// A load program asks the gateway on its own machine: which certificate it shows is not what is measured.
#[path = "../../../tests/support/any_certificate.rs"]
mod any_certificate;

use any_certificate::any_certificate;

/// Requests before a fresh connection: a gateway takes a hundred a minute on one.
const REQUESTS: u32 = 90;

/// One enrolled phone.
pub struct Phone {
    address: SocketAddr,
    /// Where it calls from: another network each, as the gateway limits networks.
    from: u32,
    random: SystemRandom,
    ak: EcdsaKeyPair,
    pk: EcdsaKeyPair,
    u: String,
    did: String,
    nonce: String,
    line: Option<(BufReader<StreamOwned<ClientConnection, TcpStream>>, u32)>,
}

impl Phone {
    /// A phone with fresh keys.
    pub fn new(address: SocketAddr, number: usize) -> Self {
        let random = SystemRandom::new();
        let key = || {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("its key")
        };
        let (ak, pk) = (key(), key());
        let from = u32::try_from(number).expect("few") << 16;
        Self { address, from, random, ak, pk, u: String::new(), did: String::new(), nonce: String::new(), line: None }
    }

    /// Asks the gateway what it is.
    pub fn metadata(&mut self, u: &str) {
        self.u = u.to_owned();
        self.call("GET", "metadata", None, false);
    }

    /// Waits for nothing: panics unless the gateway says that it can write.
    pub fn ready(&mut self) {
        let host = self.u.trim_start_matches("https://").split('/').next().expect("a host");
        let request = format!("GET /readyz HTTP/1.1\r\nhost: {host}\r\n\r\n");
        assert_eq!(self.send(request.as_bytes()).0, 200);
    }

    /// Enrols; the six digits.
    pub fn enrol(&mut self, link: &EnrolLink) -> String {
        self.metadata(&link.u.to_string());
        let secret = Secret::from_slice(H32::sha256(&[self.ak.public_key().as_ref()]).as_bytes());
        let receiver = Receiver::new(&secret, Id::from_bytes([0x30; 16])).expect("a scalar");
        let claims = json!({"aud": self.u, "gk": link.k.to_string(), "e": link.c.id().to_string(), "jti": self.fresh(),
            "iat": 1_795_260_000u64, "uv": "any", "level": "software", "keys": {"ak": jwk(&self.ak), "pk": jwk(&self.pk),
            "seal": serde_json::to_value(receiver.public()).expect("JSON")},
            "dev": {"os": "linux", "model": "Bench", "app": "bench"}});
        let jws = self.sign("cs-enrol+jwt", &claims, true);
        let input = jws.rsplit_once('.').expect("three parts").0.to_owned();
        let body = json!({"enrol": jws, "cm": link.c.cm(input.as_bytes()).to_string()});
        let receipt = payload(self.call("POST", "enrol", Some(&body), true)["receipt"].as_str().expect("a receipt"));
        self.did = receipt["aud"].as_str().expect("aud").to_owned();
        confirmation_digits(&H32::sha256(&[input.as_bytes()]), &self.did.parse().expect("an id"))
    }

    /// Fetches what is asked and approves it.
    pub fn approve(&mut self, digits: &str) {
        let echo = json!({"wait": 0, "have": [], "seen": [], "device": "active", "meta": [1, 1]});
        let state = self.call("POST", "poll", Some(&echo), true);
        let challenge = state["challenges"][0].as_str().expect("a challenge");
        let input = challenge.rsplit_once('.').expect("three parts").0;
        let claims = json!({"iss": self.did, "aud": self.u, "jti": self.fresh(), "iat": 1_795_260_000u64,
            "cj": payload(challenge)["jti"], "ch": H32::sha256(&[input.as_bytes()]).to_string(), "res": "approve", "nm": digits, "via": "poll"});
        let answer = self.sign("cs-answer+jwt", &claims, true);
        let result = self.call("POST", "answer", Some(&json!({"answer": answer})), false);
        assert_eq!(payload(result["result"].as_str().expect("a result"))["st"], "approved");
    }

    fn fresh(&self) -> String {
        let mut id = [0; 16];
        self.random.fill(&mut id).expect("randomness");
        URL_SAFE_NO_PAD.encode(id)
    }

    fn sign(&self, typ: &str, claims: &Value, approves: bool) -> String {
        let key = if approves { &self.ak } else { &self.pk };
        let kid = Jwk::from_sec1(key.public_key().as_ref()).expect("a point").thumbprint();
        let header = json!({"alg": "ES256", "kid": kid.to_string(), "typ": typ}).to_string();
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = key.sign(&self.random, input.as_bytes()).expect("signed");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn call(&mut self, method: &str, path: &str, body: Option<&Value>, proven: bool) -> Value {
        let body = body.map(Value::to_string).unwrap_or_default();
        for _ in 0..2 {
            let url = format!("{}/{path}", self.u);
            let host = self.u.trim_start_matches("https://").split('/').next().expect("a host").to_owned();
            let mut request =
                format!("{method} /push/v1/{path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n", body.len());
            if !body.is_empty() {
                request += "content-type: application/json\r\n";
            }
            if proven {
                let claims = json!({"htm": method, "htu": url, "bh": H32::sha256(&[body.as_bytes()]).to_string(),
                    "jti": self.fresh(), "nonce": self.nonce, "iat": 1_795_260_000u64});
                request += &format!("countersign-proof: {}\r\n", self.sign("cs-proof+jwt", &claims, false));
            }
            let (status, reply) = self.send(format!("{request}\r\n{body}").as_bytes());
            if status < 300 {
                return reply;
            }
            assert_eq!((status, reply["error"].as_str()), (401, Some("nonce")), "{reply}");
        }
        panic!("a nonce for ever");
    }

    fn send(&mut self, request: &[u8]) -> (u16, Value) {
        let (mut line, count) = match self.line.take() {
            Some((line, count)) if count < REQUESTS => (line, count + 1),
            _ => (self.connect(), 1),
        };
        line.get_mut().write_all(request).and_then(|()| line.get_mut().flush()).expect("sent");
        let (mut status, mut length, mut head) = (0, 0, String::new());
        loop {
            head.clear();
            line.read_line(&mut head).expect("an answer");
            let text = head.trim_end();
            if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().expect("a status");
            } else if text.is_empty() {
                break;
            } else if let Some((name, value)) = text.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().expect("a length"),
                    "countersign-nonce" => self.nonce = value.to_owned(),
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        line.read_exact(&mut body).expect("a whole body");
        self.line = Some((line, count));
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    fn connect(&mut self) -> BufReader<StreamOwned<ClientConnection, TcpStream>> {
        self.from += 0x100;
        let from = SocketAddr::from((Ipv4Addr::from(0x7f00_0001 + self.from), 0));
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        socket.bind(&from.into()).and_then(|()| socket.connect(&self.address.into())).expect("connected");
        socket.set_tcp_nodelay(true).expect("no delay");
        let name = "localhost".try_into().expect("a name");
        let client = ClientConnection::new(Arc::new(any_certificate()), name).expect("a client");
        BufReader::new(StreamOwned::new(client, socket.into()))
    }
}

fn jwk(key: &EcdsaKeyPair) -> Value {
    serde_json::to_value(Jwk::from_sec1(key.public_key().as_ref()).expect("a point")).expect("JSON")
}

fn payload(jws: &str) -> Value {
    let middle = jws.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle).expect("base64url")).expect("JSON")
}
