//! One good message of each kind that a phone sends, ready to be broken and sent.

use countersign_gateway::person::Person;
use countersign_protocol::uri::EnrolLink;
use countersign_tests::raw_phone::{Key, RawPhone, RawRequest, h, sign, sign_raw};
use countersign_tests::stage::Stage;
use serde_json::{Value, json};

/// The kinds of JWS that a gateway takes from phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Enrol,
    Proof,
    Answer,
    Keys,
    Pop,
    Invite,
    Confirm,
}

impl Kind {
    pub const ALL: [Self; 7] =
        [Self::Enrol, Self::Proof, Self::Answer, Self::Keys, Self::Pop, Self::Invite, Self::Confirm];

    pub fn typ(self) -> &'static str {
        match self {
            Self::Enrol => "cs-enrol+jwt",
            Self::Proof => "cs-proof+jwt",
            Self::Answer => "cs-answer+jwt",
            Self::Keys => "cs-keys+jwt",
            Self::Pop => "cs-pop+jwt",
            Self::Invite => "cs-invite+jwt",
            Self::Confirm => "cs-confirm+jwt",
        }
    }

    /// The status of a message that is taken.
    pub fn taken(self) -> &'static str {
        match self {
            Self::Enrol | Self::Invite => "201",
            Self::Proof | Self::Answer | Self::Keys | Self::Pop => "200",
            Self::Confirm => "204",
        }
    }

    /// How long its JWS may be (push-v1 section 2).
    pub fn limit(self) -> usize {
        match self {
            Self::Enrol | Self::Keys => 40_960,
            Self::Proof => 2_048,
            Self::Answer => 8_192,
            Self::Pop | Self::Invite | Self::Confirm => 1_024,
        }
    }

    /// A claim of 16 bytes, or of 32 where it has none.
    pub fn id_claim(self) -> &'static str {
        if self == Self::Pop { "nh" } else { "jti" }
    }
}

/// A gateway, a phone and the claims of one good message.
pub struct Sender {
    pub kind: Kind,
    pub phone: RawPhone,
    pub claims: Value,
    link: EnrolLink,
    new: Key,
    keys: String,
    pub stage: Stage,
    _alice: Person,
}

impl Sender {
    pub fn new(kind: Kind) -> Self {
        let stage = Stage::with(|config| config.policy.moving = true);
        let alice = stage.person("alice");
        let (phone, mut link) = if kind == Kind::Enrol {
            (stage.raw_phone("sender"), stage.link(&alice, "browser"))
        } else {
            (stage.active_phone(&alice, "sender"), stage.link(&alice, "other browser"))
        };
        let new = Key::named("sender new");
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
            Kind::Keys | Kind::Pop => phone.keys_claims("ak", &new),
            Kind::Invite => phone.invite_claims(false),
            Kind::Confirm => {
                link = phone.invite(false);
                let digits = stage.raw_phone("successor").enrol(&link);
                phone.confirm_claims(&link.c.id().to_string(), &digits)
            }
        };
        let keys = sign("cs-keys+jwt", &claims, &phone.ak);
        let claims = match kind {
            Kind::Pop => json!({"iss": claims["iss"], "aud": claims["aud"], "nh": h(&keys).to_string()}),
            _ => claims,
        };
        Self { kind, phone, claims, link, new, keys, stage, _alice: alice }
    }

    /// The key that signs this message.
    pub fn key(&self) -> &Key {
        match self.kind {
            Kind::Proof => &self.phone.pk,
            Kind::Pop => &self.new,
            _ => &self.phone.ak,
        }
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
            Kind::Enrol => {
                let body = json!({"enrol": jws, "cm": self.link.c.cm(input.as_bytes()).to_string()});
                self.send_body("/enrol", &body.to_string().into_bytes())
            }
            _ => {
                let (path, body) = self.around(jws);
                self.send_body(path, &body.to_string().into_bytes())
            }
        }
    }

    /// The call that carries a message of this kind, and its body around any JSON value.
    fn around(&self, jws: &Value) -> (&'static str, Value) {
        match self.kind {
            Kind::Answer => ("/answer", json!({"answer": jws})),
            Kind::Keys => {
                // The word of the new key is for this very request.
                let text = jws.as_str().filter(|text| text.contains('.')).unwrap_or(&self.keys);
                let pop =
                    json!({"iss": *self.phone.did.borrow(), "aud": self.phone.wire.u(), "nh": h(text).to_string()});
                ("/keys", json!({"keys": jws, "pop": sign("cs-pop+jwt", &pop, &self.new)}))
            }
            Kind::Pop => ("/keys", json!({"keys": self.keys, "pop": jws})),
            Kind::Invite => ("/invite", json!({"invite": jws})),
            Kind::Confirm => ("/confirm", json!({"confirm": jws})),
            Kind::Enrol | Kind::Proof => unreachable!("they are sent in another way"),
        }
    }

    /// The body of a call that holds the good message; for a proof, that of the poll it proves.
    pub fn good_body(&self) -> (&'static str, Value) {
        match self.kind {
            Kind::Proof => ("/poll", self.phone.echo(0)),
            Kind::Enrol => ("/enrol", self.phone.enrol_body(&self.link.c, &self.claims)),
            _ => self.around(&self.good().into()),
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
