//! A gateway in memory that a test can make lie: it serves the calls of the walk rightly, and a [`Twist`] may change any
//! answer before the phone sees it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard};

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Clock, Http, Method, Request, Response, Trust};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::json as strict;
use countersign_protocol::push::{
    AnswerRequest, ConfirmRequest, Echo, EnrolCode, EnrolKeys, EnrolRequest, InviteRequest, KeyClass, KeysRequest,
    Message, Proof, PutPush, Res, SealedInvite, SealedReceipt, check, confirmation_digits, endpoint,
};
use countersign_protocol::seal::SealKey;
use countersign_protocol::uri::EnrolLink;
use countersign_tests::raw_phone::{Key, b64u, id_of, sign};
use serde_json::{Value, json};

use super::phone::TestClock;

/// What happens to an answer on its way: given the path, the request and the answer as it should be.
pub type Twist = Box<dyn FnMut(&str, &Request, &Cancel, Response) -> Result<Response, PortError> + Send>;

/// One gateway.
pub struct Gateway {
    pub u: String,
    pub gk: Key,
    pub clock: Arc<TestClock>,
    state: Mutex<State>,
    twist: Mutex<Option<Twist>>,
    feed: Mutex<Option<Feed>>,
    held: Mutex<Vec<(&'static str, u16, &'static str, bool)>>,
}

/// Parts of an event stream: called for each one, and none ends it.
pub type Feed = Box<dyn FnMut(&Gateway) -> Option<String> + Send>;

/// What it knows. Tests change it at will.
pub struct State {
    /// The claims of its metadata, signed anew for each answer.
    pub meta: Value,
    /// Who signs the metadata.
    pub signer: Key,
    /// What is served beside the metadata.
    pub links: Vec<String>,
    pub recovery: Vec<String>,
    pub code: [u8; 16],
    pub totp: Option<String>,
    pub devices: BTreeMap<Id, Device>,
    /// Whatever a State lists, in order.
    pub challenges: Vec<String>,
    pub closed: Vec<Value>,
    pub digits: String,
    pub tries: u64,
    /// What is added to the time that a State tells.
    pub ahead: u64,
    /// Icons, by the text of their hash.
    pub icons: BTreeMap<String, Vec<u8>>,
    /// What the login page's QR holds beside `aid`.
    pub qs: Id,
    /// The device that a State names as one that joins.
    pub joining: Option<Value>,
    /// The digits of the device that enrolled last.
    pub joins_with: String,
    /// Every request that came, with the path after `u`.
    pub log: Vec<(String, Request)>,
    /// Every Echo that came.
    pub echoes: Vec<Echo>,
    receipts: BTreeMap<H32, String>,
    /// The key that each change of keys replaced.
    replaced: BTreeMap<H32, Jwk>,
    results: BTreeMap<H32, String>,
    nonces: u64,
}

/// A device that enrolled.
pub struct Device {
    pub ak: Jwk,
    pub pk: Jwk,
    pub seal: SealKey,
    pub endpoint: Option<String>,
    pub state: &'static str,
    /// The key before the present one of its class, until the first call with that.
    pub old: Option<(KeyClass, Jwk)>,
    pub removed: bool,
}

impl Device {
    fn key(&self, class: KeyClass) -> &Jwk {
        if class == KeyClass::Ak { &self.ak } else { &self.pk }
    }

    /// The key of this class that has this thumbprint, if it counts. A call with the new one ends the old one.
    fn counts(&mut self, class: KeyClass, kid: H32) -> Option<Jwk> {
        if self.key(class).thumbprint() == kid {
            self.old.take_if(|(of, _)| *of == class);
            return Some(self.key(class).clone());
        }
        let (of, key) = self.old.as_ref()?;
        (*of == class && key.thumbprint() == kid).then(|| key.clone())
    }
}

impl Gateway {
    pub fn new(name: &str, clock: Arc<TestClock>) -> Arc<Self> {
        let (u, gk) = (format!("https://{name}/push/v1"), Key::named("gk"));
        let pins = json!([H32::sha256(&[b"tls key"])]);
        let meta = json!({
            "iss": u, "iat": clock.now(), "exp": clock.now() + 14 * 86_400, "epoch": 1, "seq": 3, "keys": [gk.jwk_json()],
            "name": "Example", "pins": pins,
            "policy": {"digits": 6, "uv": "any", "attest": "none", "level": "software", "push": "sealed", "totp": true,
                "offline": false, "move": false},
        });
        let state = State {
            meta,
            signer: gk.clone(),
            links: Vec::new(),
            recovery: Vec::new(),
            code: *b"0123456789abcdef",
            totp: None,
            devices: BTreeMap::new(),
            challenges: Vec::new(),
            closed: Vec::new(),
            digits: "049218".to_owned(),
            tries: 3,
            ahead: 0,
            icons: BTreeMap::new(),
            qs: id_of("qs").parse().unwrap(),
            joining: None,
            joins_with: String::new(),
            log: Vec::new(),
            echoes: Vec::new(),
            receipts: BTreeMap::new(),
            replaced: BTreeMap::new(),
            results: BTreeMap::new(),
            nonces: 0,
        };
        Arc::new(Self {
            u,
            gk,
            clock,
            state: Mutex::new(state),
            twist: Mutex::new(None),
            feed: Mutex::new(None),
            held: Mutex::default(),
        })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The text of its enrolment QR.
    pub fn link(&self) -> String {
        self.link_with(Some(H32::sha256(&[b"tls key"])))
    }

    pub fn link_with(&self, p: Option<H32>) -> String {
        let c = EnrolCode::new(Secret::from_slice(&self.state().code)).unwrap();
        let (u, k) = (self.u.parse().unwrap(), self.gk.jwk().thumbprint());
        EnrolLink { u, k, c, x: self.clock.now() + 600, p }.to_https().to_string()
    }

    /// Twists every answer from now on.
    pub fn twist(
        &self,
        twist: impl FnMut(&str, &Request, &Cancel, Response) -> Result<Response, PortError> + Send + 'static,
    ) {
        *self.twist.lock().unwrap() = Some(Box::new(twist));
    }

    /// Changes the body of answers to `path`, as JSON.
    pub fn twist_body(&self, path: &'static str, mut change: impl FnMut(&mut Value) + Send + 'static) {
        self.twist(move |seen, _, _, mut response| {
            if seen == path {
                let mut body = serde_json::from_slice(&response.body).unwrap();
                change(&mut body);
                response.body = body.to_string().into_bytes();
            }
            Ok(response)
        });
    }

    /// Serves events from now on.
    pub fn feed(&self, feed: impl FnMut(&Self) -> Option<String> + Send + 'static) {
        *self.feed.lock().unwrap() = Some(Box::new(feed));
    }

    /// The event that tells the present State.
    pub fn event(&self) -> String {
        let state = self.state();
        let device = state.devices.values().next_back().unwrap();
        format!("event: state\ndata: {}\n\n", state.shown(self.clock.now(), device.state))
    }

    /// The link from one key to the next.
    pub fn link_step(&self, from: &Key, to: &Key) -> String {
        let claims =
            json!({"iss": self.u, "iat": self.clock.now(), "from": from.jwk().thumbprint(), "to": to.jwk_json()});
        sign("cs-link+jwt", &claims, from)
    }

    /// Answers `path` so from now on, without looking at what was asked.
    pub fn hold(&self, path: &'static str, status: u16, body: &'static str) {
        self.held.lock().unwrap().push((path, status, body, false));
    }

    /// The same for the next request alone.
    pub fn hold_once(&self, path: &'static str, status: u16, body: &'static str) {
        self.held.lock().unwrap().push((path, status, body, true));
    }

    fn is_held(&self, seen: &str) -> bool {
        self.held.lock().unwrap().iter().any(|(path, ..)| *path == seen)
    }

    fn held(&self, seen: &str) -> Option<(u16, Value)> {
        let mut held = self.held.lock().unwrap();
        let at = held.iter().position(|(path, ..)| *path == seen)?;
        let (_, status, body, once) = held[at];
        if once {
            held.remove(at);
        }
        Some((status, serde_json::from_str(body).unwrap()))
    }

    pub fn untwist(&self) {
        self.held.lock().unwrap().clear();
        *self.twist.lock().unwrap() = None;
    }

    /// The one device that enrolled.
    pub fn did(&self) -> Id {
        *self.state().devices.keys().next_back().expect("a device")
    }

    /// The person typed the phone's digits.
    pub fn activate(&self) {
        self.state().devices.values_mut().for_each(|device| device.state = "active");
    }

    /// Claims of a challenge for the one device.
    pub fn claims(&self, label: &str) -> Value {
        let now = self.clock.now();
        json!({"iss": self.u, "aud": self.did(), "jti": id_of(label), "aid": id_of(&format!("{label} aid")), "iat": now,
            "exp": now + 120, "op": "login", "acct": "alice@example.com", "app": "Demo shop", "nm": 6,
            "ctx": {"src": "rp", "ip": "192.0.2.7", "cc": "DE", "city": "Köln", "asn": "Example Net",
                "ua": "Firefox on Linux", "new": ["ip"]}})
    }

    /// Opens a challenge and says its `jti`.
    pub fn challenge(&self, label: &str) -> Id {
        let jws = sign("cs-challenge+jwt", &self.claims(label), &self.gk);
        self.state().challenges.push(jws);
        id_of(label).parse().unwrap()
    }

    /// How often `path` was called.
    pub fn calls(&self, path: &str) -> usize {
        self.state().log.iter().filter(|(seen, _)| seen == path).count()
    }

    /// The bodies that were posted to `path`.
    pub fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        self.state().log.iter().filter(|(seen, _)| seen == path).map(|(_, request)| request.body.clone()).collect()
    }

    fn answer(&self, path: &str, request: &Request) -> Response {
        if let Some(hash) = path.strip_prefix("icon/").filter(|_| !self.is_held(path)) {
            return self.icon(path, hash, request);
        }
        let (status, body) = match (request.method, path) {
            _ if self.is_held(path) => self.held(path).unwrap(),
            (Method::Get, "metadata") => (200, self.metadata()),
            (Method::Post, "enrol") => self.enrol(request),
            (Method::Post, "poll") => self.poll(request),
            (Method::Post, "answer") => self.decide(request),
            (Method::Post, "keys") => self.keys(request),
            (Method::Post, "invite") => self.invite(request),
            (Method::Post, "confirm") => self.confirm(request),
            (Method::Put | Method::Delete, "push") => self.push(request),
            (Method::Delete, "device") => self.leave(request),
            (Method::Get, "events") if self.feed.lock().unwrap().is_some() => match self.prover(request, "events") {
                Ok(_) => (200, json!({})),
                Err(refusal) => refusal,
            },
            _ => (404, json!({"error": "malformed"})),
        };
        let mut state = self.state();
        state.nonces += 1;
        let headers = vec![("countersign-nonce".to_owned(), format!("nonce-{}", state.nonces))];
        let body = if status == 204 { Vec::new() } else { body.to_string().into_bytes() };
        Response { status, headers, body }
    }

    fn metadata(&self) -> Value {
        let state = self.state();
        json!({"meta": sign("cs-meta+jwt", &state.meta, &state.signer), "links": state.links, "recovery": state.recovery})
    }

    /// Whether the request's proof is right in all: by this key, of this request, with a nonce that was given.
    fn proven(&self, request: &Request, path: &str, pk: &Jwk) -> bool {
        let proofs: Vec<_> = request.headers.iter().filter(|(name, _)| name == "countersign-proof").collect();
        let [(_, text)] = proofs.as_slice() else { return false };
        let Ok(proof) = Message::<Proof>::parse(text).unwrap().verify(pk) else { return false };
        let nonce = proof.claims().nonce.as_str().strip_prefix("nonce-").and_then(|number| number.parse().ok());
        assert!(nonce.is_some_and(|number: u64| (1..=self.state().nonces).contains(&number)), "a nonce that was given");
        let htu = format!("{}/{path}", self.u);
        check::proof_fits(&proof, request.method, &htu, &H32::sha256(&[&request.body])).is_ok()
    }

    /// The device whose `pk` proves this request, or the refusal.
    fn prover(&self, request: &Request, path: &str) -> Result<Id, (u16, Value)> {
        self.prover_or(request, path, None)
    }

    fn prover_or(&self, request: &Request, path: &str, also: Option<&Jwk>) -> Result<Id, (u16, Value)> {
        let refused = || (401, json!({"error": "refused"}));
        let (_, proof) = request.headers.iter().find(|(name, _)| name == "countersign-proof").expect("a proof");
        let kid = Message::<Proof>::parse(proof).unwrap().jws().kid();
        let found = self.state().devices.iter_mut().find_map(|(did, device)| {
            let also = also.filter(|key| key.thumbprint() == kid).cloned();
            Some((*did, device.counts(KeyClass::Pk, kid).or(also)?, device.removed))
        });
        let (did, pk, removed) = found.ok_or_else(refused)?;
        if !self.proven(request, path, &pk) {
            return Err(refused());
        }
        let gone = json!({"iss": self.u, "aud": did, "iat": self.clock.now(), "why": "self"});
        let gone = || (410, json!({"error": "gone", "gone": sign("cs-gone+jwt", &gone, &self.gk)}));
        if removed { Err(gone()) } else { Ok(did) }
    }

    fn keys(&self, request: &Request) -> (u16, Value) {
        let body: KeysRequest = strict::parse(&request.body).unwrap();
        let (h, claims) = (body.keys.h(), body.keys.claims().clone());
        let repeated = self.state().receipts.get(&h).cloned();
        // A repeat may be proven by either key, also by one that no longer counts.
        let before = repeated.is_some().then(|| self.state().replaced.get(&h).cloned()).flatten();
        let did = match self.prover_or(request, "keys", before.as_ref()) {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        if let Some(receipt) = repeated {
            return (200, json!({"receipt": receipt}));
        }
        let mut state = self.state();
        let device = state.devices.get_mut(&did).unwrap();
        if device.state != "active" || device.old.as_ref().is_some_and(|(class, _)| *class == claims.class) {
            return (403, json!({"error": "policy", "why": "state"}));
        }
        let old = device.key(claims.class).clone();
        if check::keys(body, &did, &self.u.parse().unwrap(), |_| old.clone()).is_err() {
            return (401, json!({"error": "refused"}));
        }
        match claims.class {
            KeyClass::Ak => device.ak = claims.jwk,
            KeyClass::Pk => device.pk = claims.jwk,
        }
        device.old = Some((claims.class, old.clone()));
        let receipt = json!({"iss": self.u, "aud": did, "iat": self.clock.now(), "eh": h});
        let receipt = sign("cs-receipt+jwt", &receipt, &self.gk);
        state.replaced.insert(h, old);
        state.receipts.insert(h, receipt.clone());
        (200, json!({"receipt": receipt}))
    }

    fn icon(&self, path: &str, hash: &str, request: &Request) -> Response {
        let (status, body) = match (self.prover(request, path), self.state().icons.get(hash)) {
            (Ok(_), Some(icon)) => (200, icon.clone()),
            (Ok(_), None) => (404, br#"{"error":"malformed"}"#.to_vec()),
            (Err((status, body)), _) => (status, body.to_string().into_bytes()),
        };
        Response { status, headers: Vec::new(), body }
    }

    /// The link of an invitation by this code.
    pub fn invitation(&self, c: [u8; 16]) -> EnrolLink {
        let c = EnrolCode::new(Secret::from_slice(&c)).unwrap();
        let (u, k) = (self.u.parse().unwrap(), self.gk.jwk().thumbprint());
        EnrolLink { u, k, c, x: self.clock.now() + 600, p: Some(H32::sha256(&[b"tls key"])) }
    }

    /// The receipt for an invitation, as it should be but for what a test changes.
    pub fn invite_receipt(&self, did: Id, eh: H32, link: EnrolLink) -> Value {
        let seal = self.state().devices[&did].seal.clone();
        let sealed = SealedInvite(link).seal(&seal, &Secret::from_slice(Key::named("as").scalar()), &[9; 16]).unwrap();
        json!({"iss": self.u, "aud": did, "iat": self.clock.now(), "eh": eh, "sealed": b64u(&sealed.0)})
    }

    fn invite(&self, request: &Request) -> (u16, Value) {
        let did = match self.prover(request, "invite") {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        let body: InviteRequest = strict::parse(&request.body).unwrap();
        let h = body.invite.h();
        if let Some(receipt) = self.state().receipts.get(&h) {
            return (201, json!({"receipt": receipt}));
        }
        let ak = self.state().devices[&did].ak.clone();
        if check::invite(body.invite, &did, &self.u.parse().unwrap(), &ak).is_err() {
            return (401, json!({"error": "refused"}));
        }
        let code = id_of(&format!("invitation {h}")).parse::<Id>().unwrap();
        (self.state().code, self.state().joining, self.state().tries) = (*code.as_bytes(), None, 3);
        let receipt = self.invite_receipt(did, h, self.invitation(*code.as_bytes()));
        let receipt = sign("cs-receipt+jwt", &receipt, &self.gk);
        self.state().receipts.insert(h, receipt.clone());
        (201, json!({"receipt": receipt}))
    }

    fn confirm(&self, request: &Request) -> (u16, Value) {
        let did = match self.prover(request, "confirm") {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        let body: ConfirmRequest = strict::parse(&request.body).unwrap();
        let h = body.confirm.h();
        let mut state = self.state();
        let (ak, code) = (state.devices[&did].ak.clone(), EnrolCode::new(Secret::from_slice(&state.code)).unwrap());
        let claims = body.confirm.claims().clone();
        if check::confirm(body.confirm, &did, &self.u.parse().unwrap(), &ak).is_err() || claims.e != code.id() {
            return (401, json!({"error": "refused"}));
        }
        // Repeated after a refusal it gets the same error and takes no try.
        if let Some(refusal) = state.results.get(&h) {
            return (403, serde_json::from_str(refusal).unwrap());
        }
        if claims.nm.expose() == state.joins_with {
            state.devices.values_mut().for_each(|device| device.state = "active");
            state.joining = None;
            return (204, Value::Null);
        }
        state.tries -= 1;
        if state.tries == 0 {
            state.joining = None;
            return (410, json!({"error": "expired"}));
        }
        let refusal = json!({"error": "policy", "why": "digits", "left": state.tries});
        state.results.insert(h, refusal.to_string());
        (403, refusal)
    }

    fn push(&self, request: &Request) -> (u16, Value) {
        let did = match self.prover(request, "push") {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        let mut state = self.state();
        let device = state.devices.get_mut(&did).unwrap();
        if request.method == Method::Delete {
            device.endpoint = None;
            return (204, Value::Null);
        }
        let put: PutPush = strict::parse(&request.body).unwrap();
        if put.endpoint.as_deref().is_some_and(|text| endpoint::check(text).is_err()) {
            return (403, json!({"error": "policy", "why": "endpoint"}));
        }
        device.endpoint = put.endpoint.or(device.endpoint.take());
        device.seal = put.seal.unwrap_or_else(|| device.seal.clone());
        (204, Value::Null)
    }

    fn leave(&self, request: &Request) -> (u16, Value) {
        match self.prover(request, "device") {
            Ok(did) => {
                self.state().devices.get_mut(&did).unwrap().removed = true;
                (204, Value::Null)
            }
            Err(refusal) => refusal,
        }
    }

    fn enrol(&self, request: &Request) -> (u16, Value) {
        let body: EnrolRequest = strict::parse(&request.body).unwrap();
        let claims = body.enrol.claims().clone();
        let code = EnrolCode::new(Secret::from_slice(&self.state().code)).unwrap();
        if claims.e != code.id() || !code.cm_fits(body.enrol.jws().signing_input().as_bytes(), &body.cm) {
            return (401, json!({"error": "refused"}));
        }
        assert!(self.proven(request, "enrol", &claims.keys.pk), "a proof by the new pk");
        let h = body.enrol.h();
        body.enrol.verify(&claims.keys.ak).unwrap();
        if let Some(receipt) = self.state().receipts.get(&h) {
            return (201, json!({"receipt": receipt}));
        }
        let did: Id = id_of(&format!("device {h}")).parse().unwrap();
        let receipt = sign("cs-receipt+jwt", &self.receipt(did, h, &claims.keys.seal), &self.gk);
        let mut state = self.state();
        state.receipts.insert(h, receipt.clone());
        state.joins_with = confirmation_digits(&h, &did);
        if !state.devices.is_empty() {
            let dev = claims.dev;
            state.joining = Some(json!({"e": claims.e, "os": dev.os, "model": dev.model}));
        }
        let EnrolKeys { ak, pk, seal } = claims.keys;
        let device = Device { ak, pk, seal, endpoint: None, state: "pending", old: None, removed: false };
        state.devices.insert(did, device);
        (201, json!({"receipt": receipt}))
    }

    /// Claims of a receipt.
    pub fn receipt(&self, did: Id, eh: H32, seal: &SealKey) -> Value {
        let totp = self.state().totp.as_ref().map(|uri| Secret::from_slice(uri.as_bytes()));
        let secret = SealedReceipt { ok: Secret::from_slice(&[7; 32]), totp };
        let sealed = secret.seal(seal, &Secret::from_slice(Key::named("as").scalar()), &[9; 16]).unwrap();
        json!({"iss": self.u, "aud": did, "iat": self.clock.now(), "eh": eh, "acct": "alice@example.com",
            "name": "Example", "until": self.clock.now() + 600, "sealed": b64u(&sealed.0)})
    }

    fn poll(&self, request: &Request) -> (u16, Value) {
        let did = match self.prover(request, "poll") {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        let mut state = self.state();
        state.echoes.push(strict::parse(&request.body).unwrap());
        let device = state.devices[&did].state;
        (200, state.shown(self.clock.now(), device))
    }

    fn decide(&self, request: &Request) -> (u16, Value) {
        let body: AnswerRequest = strict::parse(&request.body).unwrap();
        let (h, claims) = (body.answer.h(), body.answer.claims().clone());
        let mut state = self.state();
        let Some(device) = state.devices.get_mut(&claims.iss) else { return (401, json!({"error": "refused"})) };
        let class = if claims.res == Res::Approve { KeyClass::Ak } else { KeyClass::Pk };
        let key = device.counts(class, body.answer.jws().kid());
        if key.is_none_or(|key| body.answer.verify(&key).is_err()) {
            return (401, json!({"error": "refused"}));
        }
        if let Some(result) = state.results.get(&h) {
            return (200, json!({"result": result}));
        }
        let st = match (claims.res, &claims.nm) {
            (Res::Deny, _) => "denied",
            (Res::Report, _) => "reported",
            (Res::Approve, Some(nm)) if nm.expose() == state.digits => "approved",
            (Res::Approve, None) if claims.qs == Some(state.qs) => "approved",
            _ if state.tries > 1 => "wrong",
            _ => "failed",
        };
        let mut result = json!({"iss": self.u, "aud": claims.iss, "iat": self.clock.now(), "aj": claims.jti,
            "cj": claims.cj, "st": st});
        if st == "wrong" {
            state.tries -= 1;
            result["left"] = json!(state.tries);
        }
        let result = sign("cs-result+jwt", &result, &self.gk);
        state.results.insert(h, result.clone());
        (200, json!({"result": result}))
    }
}

impl State {
    /// The keys that were replaced prove nothing any more, not even a repeat.
    pub fn forget_replaced(&mut self) {
        self.replaced.clear();
    }

    /// The State as it is told, with `now` as it lies.
    fn shown(&self, now: u64, device: &str) -> Value {
        let mut shown = json!({"now": now + self.ahead, "device": device,
            "meta": [self.meta["epoch"], self.meta["seq"]], "challenges": self.challenges, "closed": self.closed});
        if let Some(joining) = &self.joining {
            shown["joining"] = joining.clone();
        }
        shown
    }
}

/// The text with another character of the alphabet at `at`.
pub fn changed(text: &str, at: usize) -> String {
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

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
