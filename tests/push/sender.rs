//! One good message of each kind that a phone sends, ready to be broken and sent.

use countersign_gateway::person::Person;
use countersign_protocol::uri::EnrolLink;
use countersign_tests::raw_phone::{Key, RawPhone, RawRequest, sign_raw};
use countersign_tests::stage::Stage;
use serde_json::{Value, json};

/// The kinds of JWS that a gateway takes from phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Enrol,
    Proof,
    Answer,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Enrol, Self::Proof, Self::Answer];

    pub fn typ(self) -> &'static str {
        match self {
            Self::Enrol => "cs-enrol+jwt",
            Self::Proof => "cs-proof+jwt",
            Self::Answer => "cs-answer+jwt",
        }
    }

    /// The status of a message that is taken.
    pub fn taken(self) -> &'static str {
        if self == Self::Enrol { "201" } else { "200" }
    }

    /// How long its JWS may be (push-v1 section 2).
    pub fn limit(self) -> usize {
        match self {
            Self::Enrol => 40_960,
            Self::Proof => 2_048,
            Self::Answer => 8_192,
        }
    }
}

/// A gateway, a phone and the claims of one good message.
pub struct Sender {
    pub kind: Kind,
    pub phone: RawPhone,
    pub claims: Value,
    link: EnrolLink,
    pub stage: Stage,
    _alice: Person,
}

impl Sender {
    pub fn new(kind: Kind) -> Self {
        let stage = Stage::start();
        let alice = stage.person("alice");
        let (phone, link) = if kind == Kind::Enrol {
            (stage.raw_phone("sender"), stage.link(&alice, "browser"))
        } else {
            (stage.active_phone(&alice, "sender"), stage.link(&alice, "other browser"))
        };
        let claims = match kind {
            Kind::Enrol => phone.enrol_claims(&link),
            Kind::Proof => phone.proof_claims("POST", "/poll", phone.echo(0).to_string().as_bytes()),
            Kind::Answer => {
                let asked = stage.begin(&alice);
                let held = phone.challenges().pop().expect("a challenge");
                let mut claims = phone.answer_claims(&held, "approve");
                claims["nm"] = asked.digits().into();
                claims
            }
        };
        Self { kind, phone, claims, link, stage, _alice: alice }
    }

    /// The key that signs this message.
    pub fn key(&self) -> &Key {
        if self.kind == Kind::Proof { &self.phone.pk } else { &self.phone.ak }
    }

    /// The header that belongs to it.
    pub fn header(&self) -> Value {
        json!({"alg": "ES256", "kid": self.key().thumbprint(), "typ": self.kind.typ()})
    }

    /// The good message.
    pub fn good(&self) -> String {
        self.signed(&self.header().to_string(), self.claims.to_string().as_bytes())
    }

    /// Any header over any payload, signed by the right key.
    pub fn signed(&self, header: &str, payload: &[u8]) -> String {
        sign_raw(header, payload, self.key())
    }

    /// Sends this text as the message; all around it is right.
    pub fn send(&self, jws: &str) -> String {
        self.send_value(&jws.into())
    }

    /// The same with any JSON value in its place.
    pub fn send_value(&self, jws: &Value) -> String {
        let input = jws.as_str().and_then(|jws| jws.rsplit_once('.')).map_or("", |parts| parts.0);
        match self.kind {
            Kind::Proof => {
                let header = jws.as_str().map_or_else(|| jws.to_string(), str::to_owned);
                let request = RawRequest::post("/poll", self.phone.echo(0).to_string());
                self.phone.wire.send(request.header("countersign-proof", &header)).verdict()
            }
            Kind::Answer => self.send_body("/answer", &json!({"answer": jws}).to_string().into_bytes()),
            Kind::Enrol => {
                let body = json!({"enrol": jws, "cm": self.link.c.cm(input.as_bytes()).to_string()});
                self.send_body("/enrol", &body.to_string().into_bytes())
            }
        }
    }

    /// The body of a call that holds the good message; for a proof, that of the poll it proves.
    pub fn good_body(&self) -> (&'static str, Value) {
        match self.kind {
            Kind::Proof => ("/poll", self.phone.echo(0)),
            Kind::Answer => ("/answer", json!({"answer": self.good()})),
            Kind::Enrol => ("/enrol", self.phone.enrol_body(&self.link.c, &self.claims)),
        }
    }

    /// Sends these bytes as the body, with a proof that fits them where the call has one.
    pub fn send_body(&self, path: &str, body: &[u8]) -> String {
        let request = RawRequest::post(path, body);
        let request = if path == "/answer" {
            request
        } else {
            let proof = self.phone.proof("POST", path, body);
            request.header("countersign-proof", &proof)
        };
        self.phone.wire.send(request).verdict()
    }
}
