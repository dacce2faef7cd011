//! A gateway in memory that a test can make lie: it serves the calls of the walk rightly, and a [`Twist`] may change any
//! answer before the phone sees it.

mod serve;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Clock, Request, Response};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::push::{Echo, EnrolCode, KeyClass};
use countersign_protocol::seal::SealKey;
use countersign_protocol::uri::EnrolLink;
use countersign_tests::raw_phone::{Key, id_of, sign};
use serde_json::{Value, json};

use super::phone::TestClock;

pub use wire::Wire;

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
