//! A phone that can send anything: messages are plain JSON values, so that each can be broken in any way.
//!
//! Keys follow the recipe of the published vectors: private key NAME is SHA-256 of "countersign vector key NAME".
//! Signatures are RFC 6979 by `p256`, so a message with the same claims is the same bytes each time.

mod message;
mod wire;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::{EnrolCode, confirmation_digits};
use countersign_protocol::seal::Receiver;
use countersign_protocol::uri::EnrolLink;
use serde_json::{Value, json};

pub use crate::any_certificate::any_certificate;
pub use message::{Key, b64u, h, id, id_of, payload, sign, sign_raw, twin};
pub use wire::{RawReply, RawRequest, RawStream, Wire};

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
