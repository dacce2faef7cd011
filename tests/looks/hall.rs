//! The states of the pages: people and phones are brought to each by plain HTTP, one request after the other, so that
//! whatever is drawn from the seeded randomness is the same in each run. The browser then only looks.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use countersign_gateway::approval::{State as Stands, rule};
use countersign_gateway::config::{Config, Tls};
use countersign_gateway::person::Person;
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Digits, Period, base32, totp};
use countersign_protocol::push::confirmation_digits;
use countersign_protocol::uri::EnrolLink;
use countersign_tests::plain::Plain;
use countersign_tests::raw_phone::{RawPhone, h, payload};
use countersign_tests::stage::{BEGIN, PASSWORD, Stage, caller, hash, owner};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use super::corners::{LOST, NO_VOUCHER};

/// How people and phones name this gateway.
pub const PUBLIC: &str = "https://gate.example.com";

/// A gateway that calls itself `gate.example.com` and is reached by an address of its own.
pub struct Hall {
    /// The gateway.
    pub stage: Stage,
    /// Where the browser finds it.
    pub base: String,
    _certificate: tempfile::TempDir,
}

/// A page in one state: who looks at it, where, and what they do there first.
pub struct State {
    /// The name of its pictures.
    pub name: &'static str,
    /// The browser's cookies.
    pub cookies: BTreeMap<String, String>,
    /// The path.
    pub path: String,
    /// What is opened first.
    pub opened: Option<&'static str>,
    /// What is typed, by selector, before the form is sent; nothing is sent when it is empty.
    pub typed: Vec<(&'static str, String)>,
    /// A button that is pressed instead.
    pub pressed: Option<&'static str>,
    /// What is there when the form was answered.
    pub answered: &'static str,
    /// Whether scripts run: a page whose script goes on at once is looked at without.
    pub scripts: bool,
}

impl State {
    /// The page at `path`, as this window sees it.
    pub fn new(name: &'static str, window: &Plain, path: &str) -> Self {
        Self {
            name,
            cookies: window.cookies().clone(),
            path: path.to_owned(),
            opened: None,
            typed: Vec::new(),
            pressed: None,
            answered: ".fault",
            scripts: true,
        }
    }

    /// The same, with this typed into it.
    pub fn typing(self, typed: &[(&'static str, &str)]) -> Self {
        Self { typed: typed.iter().map(|(field, text)| (*field, (*text).to_owned())).collect(), ..self }
    }
}

impl Hall {
    /// An empty one that listens at `port`.
    pub fn open(port: u16) -> Self {
        Self::with(port, |_| ())
    }

    /// The same with other settings.
    pub fn with(port: u16, change: impl FnOnce(&mut Config)) -> Self {
        // An address a process: no other process listens there.
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        let address = SocketAddr::from(([127, 64 | (high & 63), middle, low], port));
        let (folder, tls) = given_certificate();
        let stage = Stage::with(|config| {
            config.tls = tls;
            config.sample_app = true;
            config.public_url = PUBLIC.parse().ok();
            config.listen = vec![address];
            config.hosts = vec![address.to_string()];
            change(config);
        });
        Self { stage, base: format!("https://{address}"), _certificate: folder }
    }

    pub(super) fn go(&self, window: &mut Plain, path: &str) {
        let status = window.get(&format!("{}{path}", self.base));
        assert!(status < 400, "{path}: {status}\n{}", window.page().source());
    }

    /// A window of this person after the password, on the way to `path`.
    pub(super) fn signed_in(&self, person: &Person, path: &str) -> Plain {
        let mut window = Plain::from_origin(PUBLIC);
        self.sign_in(&mut window, person, path);
        window
    }

    fn sign_in(&self, window: &mut Plain, person: &Person, path: &str) {
        self.go(window, path);
        let status = window.post_form("/login", &[("name", &person.name), ("password", PASSWORD)]);
        assert_eq!(status, 200, "{}", window.page().source());
    }

    /// A window of this person after password and phone.
    pub fn full(&self, person: &Person, phone: &RawPhone, path: &str) -> Plain {
        let mut window = self.signed_in(person, path);
        self.finish(&mut window, phone);
        window
    }

    fn finish(&self, window: &mut Plain, phone: &RawPhone) {
        assert_eq!(phone.decide(&phone.approval(&phone.challenges()[0], &digits(window))), "approved");
        self.go(window, "/login/wait");
        assert_eq!(window.post_form("/login/finish", &[]), 200);
    }

    /// A person with an active phone.
    pub(super) fn with_phone(&self, name: &str) -> (Person, RawPhone) {
        let person = self.stage.person(name);
        let phone = self.add_phone(&person, name, "My phone", &json!({}), true);
        (person, phone)
    }

    /// Enrols a phone that says `claims` about itself; confirmed or left waiting.
    pub fn add_phone(&self, person: &Person, label: &str, name: &str, claims: &Value, confirm: bool) -> RawPhone {
        let (devices, browser) = (&self.stage.house().devices, hash(label));
        devices.offer(owner(person), browser, name, &caller()).expect("a code");
        let code = devices.offered(browser).expect("the store").expect("the code");
        let link = devices.link(&code).expect("the seal").expect("an open code");
        let phone = self.raw_phone(label);
        let digits = enrol(&phone, &link, claims);
        if confirm {
            self.stage.confirm(person, &phone, &digits);
        }
        phone
    }

    pub(super) fn raw_phone(&self, label: &str) -> RawPhone {
        self.stage.raw_phone(label)
    }

    /// Adds an authenticator app; its first code is used up. Its seed.
    pub(super) fn add_app(&self, person: &Person, name: &str) -> Secret {
        let devices = &self.stage.house().devices;
        let offer = devices.offer_app(owner(person), name, &caller()).expect("an app");
        let secret = offer.uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret=")).expect("a secret");
        let seed = base32::decode_strict(secret).expect("base32");
        let now = self.stage.house().clock.now();
        devices.first_code(owner(person), offer.did, &app_code(&seed, now), &caller()).expect("the store");
        seed
    }

    /// A new person, signed in by password, who gave name and voucher in the tab `kind`.
    pub(super) fn adding(&self, name: &str, kind: &str) -> Plain {
        let person = self.stage.person(name);
        let voucher = self.stage.house().people.give_voucher(&person, &caller()).expect("a voucher").reveal();
        let mut window = self.signed_in(&person, "/manageotp");
        self.go(&mut window, &format!("/manageotp/add?kind={kind}"));
        assert_eq!(window.post_form("/manageotp/add", &[("name", "My phone"), ("voucher", &voucher)]), 200);
        window
    }

    /// The enrolment link that this window shows.
    pub(super) fn link_on(&self, window: &Plain) -> EnrolLink {
        EnrolLink::parse(&window.page().words("#link").expect("a link")).expect("an enrolment link")
    }

    /// The states before and while signing in, and where each sign-in ends.
    pub fn sign_ins(&self) -> Vec<State> {
        let nobody = Plain::from_origin(PUBLIC);
        let mut states = vec![
            State::new("login", &nobody, "/demo"),
            State::new("login-wrong", &nobody, "/demo").typing(&[("#name", "mara"), ("#password", "not this")]),
        ];
        let waiting = |name: &'static str, person: &str, answer: &dyn Fn(&RawPhone, &str)| {
            let (person, phone) = self.with_phone(person);
            let window = self.signed_in(&person, "/demo");
            answer(&phone, &digits(&window));
            State::new(name, &window, "/login/wait")
        };
        let refuse = |phone: &RawPhone, word| phone.decide(&phone.refusal(&phone.challenges()[0], word));
        states.push(waiting("wait", "mara", &|_, _| ()));
        states.push(waiting("wait-code-wrong", "olga", &|_, _| ()).typing(&[("#code", "000000")]));
        let approved = waiting("approved", "quentin", &|phone, shown| {
            assert_eq!(phone.decide(&phone.approval(&phone.challenges()[0], shown)), "approved");
        });
        states.push(State { scripts: false, ..approved });
        states.push(waiting("denied", "rosa", &|phone, _| assert_eq!(refuse(phone, "deny"), "denied")));
        states.push(waiting("reported", "samir", &|phone, _| assert_eq!(refuse(phone, "report"), "reported")));
        states.push(waiting("failed", "tove", &|phone, shown| {
            let tried = || phone.decide(&phone.approval(&phone.challenges()[0], &wrong(shown)));
            assert_eq!([tried(), tried(), tried()], ["wrong", "wrong", "failed"]);
        }));

        // A browser that signed in before is told that the phone has it.
        let (noor, phone) = self.with_phone("noor");
        let mut window = self.full(&noor, &phone, "/demo");
        states.push(State::new("sample", &window, "/demo"));
        window = self.full(&noor, &phone, "/demo");
        window.post_form("/logout", &[]);
        self.sign_in(&mut window, &noor, "/demo");
        let jti = payload(&phone.challenges()[0])["jti"].clone();
        let mut echo = phone.echo(0);
        (echo["have"], echo["seen"]) = (json!([jti]), json!([jti]));
        assert_eq!(phone.poll(&echo).status, 200);
        states.push(State::new("wait-delivered", &window, "/login/wait"));

        let per = self.stage.person("per");
        self.add_app(&per, "Authenticator");
        states.push(State::new("code", &self.signed_in(&per, "/demo"), "/login/wait"));
        states
    }

    /// The states of looking after one's devices, and the pages that belong to nobody.
    pub fn devices(&self) -> Vec<State> {
        // On three days, so that the order is seen.
        let mara = self.stage.person("una");
        self.stage.clock.set_wall(BEGIN - 40 * 86_400);
        let phone = self.add_phone(&mara, "una phone", "My phone", &json!({}), true);
        let desk = json!({"level": "software", "dev": {"os": "linux", "model": "Desk", "app": "Countersign 1.0"}});
        self.stage.clock.set_wall(BEGIN - 9 * 86_400);
        self.add_phone(&mara, "una desk", "Desk", &desk, true);
        self.stage.clock.set_wall(BEGIN - 86_400);
        self.add_app(&mara, "Old authenticator");
        self.stage.clock.set_wall(BEGIN);
        let window = self.full(&mara, &phone, "/manageotp");
        self.add_phone(&mara, "una tablet", "Tablet in the kitchen", &json!({}), false);
        let page = |what: &str| format!("/manageotp/{}/{what}", phone.did.borrow());
        let mut states = vec![
            State::new("list", &window, "/manageotp"),
            State::new("rename", &window, &page("rename")),
            State::new("remove", &window, &page("remove")),
            State::new("test", &window, &page("test")),
            State::new("test-wrong", &window, &page("test")).typing(&[("#code", "000000")]),
        ];

        states.extend(self.suspended());

        let (vera, phone) = self.with_phone("vera");
        let mut window = self.full(&vera, &phone, "/manageotp");
        let remove = format!("/manageotp/{}/remove", phone.did.borrow());
        self.go(&mut window, &remove);
        window.post_form(&remove, &[]);
        states.push(State::new("list-empty", &window, "/manageotp"));

        let wim = self.stage.person("wim");
        states.push(State::new("add-name", &self.signed_in(&wim, "/manageotp"), "/manageotp/add"));
        states.push(State::new("add-scan", &self.adding("xenia", "countersign"), "/manageotp/add"));
        states.push(State::new("add-other", &self.adding("yann", "other"), "/manageotp/add?kind=other"));
        let scanned = |person: &str| {
            let window = self.adding(person, "countersign");
            enrol(&self.raw_phone(person), &self.link_on(&window), &json!({}));
            window
        };
        states.push(State::new("add-digits", &scanned("zoe"), "/manageotp/add"));
        let wrong = State::new("add-digits-wrong", &scanned("ada"), "/manageotp/add");
        states.push(wrong.typing(&[("#digits", "000000")]));
        let wrong = State::new("add-code-wrong", &self.adding("bela", "other"), "/manageotp/add?kind=other");
        states.push(wrong.typing(&[("#code", "000000")]));

        let nobody = Plain::from_origin(PUBLIC);
        states.push(State::new("help-enrol", &nobody, "/enrol"));
        states.push(State::new("help-approve", &nobody, "/approve"));
        states.push(State::new("error", &nobody, "/nowhere"));
        states
    }

    /// Who is not asked by phone, or not now, and why. The clock goes on: these are looked at last.
    pub fn turned_away(&self) -> Vec<State> {
        let mut states = Vec::new();
        let mut of = |name: &'static str, person: &Person| {
            states.push(State::new(name, &self.signed_in(person, "/demo"), "/login/wait"));
        };
        let (cleo, phone) = self.with_phone("cleo");
        self.mistype(&cleo, &phone, 10);
        of("code-off", &cleo);

        let (dora, _) = self.with_phone("dora");
        drop(self.signed_in(&dora, "/demo"));
        of("code-open", &dora);

        let (emil, phone) = self.with_phone("emil");
        drop(self.signed_in(&emil, "/demo"));
        assert_eq!(phone.decide(&phone.refusal(&phone.challenges()[0], "deny")), "denied");
        of("code-denied", &emil);

        let (fred, _) = self.with_phone("fred");
        for _ in 0..countersign_gateway::limits::PUSHES {
            assert_eq!(self.signed_in(&fred, "/demo").post_form("/login/cancel", &[]), 200);
        }
        of("code-limit", &fred);

        let (gita, _) = self.with_phone("gita");
        of("cancelled", &gita);
        self.stage.house().people.set_disabled("gita", true, &caller()).expect("the store");

        let nobody = Plain::from_origin(PUBLIC);
        let (hugo, phone) = self.with_phone("hugo");
        self.mistype(&hugo, &phone, 7);
        states.push(State::new("login-later", &nobody, "/demo").typing(&[("#name", "hugo"), ("#password", PASSWORD)]));

        let mut guessing = Plain::from_origin(PUBLIC);
        self.go(&mut guessing, "/login");
        let status = |window: &mut Plain| window.post_form("/login", &[("name", "iris"), ("password", "not this")]);
        while status(&mut guessing) != 429 {
            self.go(&mut guessing, "/login");
        }
        let throttled = State::new("login-throttled", &nobody, "/demo");
        states.push(throttled.typing(&[("#name", "iris"), ("#password", "not this")]));
        states
    }

    /// A phone that has no network: what its owner sees, in each step.
    pub fn without_network(&self) -> Vec<State> {
        let (mara, _) = self.with_phone("mara");
        let mut states = vec![State::new("wait-offline", &self.signed_in(&mara, "/demo"), "/login/wait")];
        let page = "/login/offline";
        let picking = |person: &str| {
            let (person, phone) = self.with_phone(person);
            self.add_phone(&person, &format!("{} tablet", person.name), "Tablet in the kitchen", &json!({}), true);
            let mut window = self.signed_in(&person, "/demo");
            self.go(&mut window, page);
            (window, phone)
        };
        states.push(State::new("offline-pick", &picking("nils").0, page));
        let shown = |person: &str| {
            let (mut window, phone) = picking(person);
            let mut fields = window.page().hidden_fields(page).expect("a form");
            fields.retain(|(name, _)| name != "device");
            fields.push(("device".into(), phone.did.borrow().clone()));
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let status = window.post_as(&format!("{}{page}", self.base), &fields, &[("origin", PUBLIC)]);
            assert_eq!(status, 303);
            window
        };
        states.push(State::new("offline-shown", &shown("olga"), page));
        states.push(State::new("offline-wrong", &shown("pavel"), page).typing(&[("#code", "00000000")]));
        states
    }

    /// Where there is nothing to scan: a person who has an authenticator app alone, and found the page all the same; and
    /// names of all kinds as long as they may be, so that what a phone would have to scan is larger than a QR of ours.
    pub fn without_answer_code(&self) -> Vec<State> {
        let page = "/login/offline";
        let window = |person: &Person| {
            let origin = self.stage.origin();
            let mut window = Plain::from_origin(&origin).forwarded_for("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff");
            self.sign_in(&mut window, person, "/demo");
            window
        };
        let quinn = self.stage.person("quinn");
        self.add_app(&quinn, "Authenticator");
        let none = State::new("offline-none", &window(&quinn), page);
        let (person, _) = self.with_phone(&"олександра".repeat(7).chars().take(64).collect::<String>());
        let long = State::new("offline-long", &window(&person), page);
        vec![none, State { pressed: Some("form[action='/login/offline'] button"), answered: ".note", ..long }]
    }

    /// A device that is to be added, and what stands there at the tenth wrong number. The clock goes on.
    pub fn asked_otherwise(&self) -> Vec<State> {
        let (rosa, phone) = self.with_phone("rosa");
        let mut window = self.full(&rosa, &phone, "/manageotp");
        self.stage.clock.advance(601);
        self.go(&mut window, "/manageotp/add");
        assert_eq!(window.post_form("/login/fresh", &[]), 200);
        let mut states = vec![State::new("wait-enrol", &window, "/login/wait")];

        let (samir, phone) = self.with_phone("samir");
        self.mistype(&samir, &phone, 9);
        self.stage.clock.advance(64);
        let window = self.signed_in(&samir, "/demo");
        let typed = wrong(&digits(&window));
        assert_eq!(phone.decide(&phone.approval(&phone.challenges()[0], &typed)), "failed");
        states.push(State::new("failed-off", &window, "/login/wait"));
        states
    }

    /// Types so many wrong digits, over as many sign-ins as that takes.
    pub(super) fn mistype(&self, person: &Person, phone: &RawPhone, times: u32) {
        let mut typed = 0;
        while typed < times {
            let asked = match self.stage.try_begin(person, "elsewhere", true) {
                Ok((asked, _)) => asked,
                Err(seconds) => {
                    self.stage.clock.advance(seconds);
                    continue;
                }
            };
            let held = phone.challenges().pop().expect("a challenge");
            while typed < times && asked.state() == Stands::Pending {
                phone.decide(&phone.approval(&held, &asked.wrong_digits()));
                typed += 1;
            }
            self.stage.house().approvals.cancel(asked.id, hash("elsewhere"), &caller()).expect("the store");
        }
    }

    /// A phone that another one reported, in the list, and the page that lets it count again.
    fn suspended(&self) -> Vec<State> {
        let (willem, phone) = self.with_phone("willem");
        let other = self.add_phone(&willem, "willem other", "Found phone", &json!({}), true);
        // A minute ago, so that what this person shows now is newer.
        self.stage.clock.set_wall(BEGIN - 60);
        assert_eq!(phone.decide(&phone.refusal(&phone.notices()[0], "report")), "reported");
        self.stage.clock.set_wall(BEGIN);
        let page = format!("/manageotp/{}/resume", other.did.borrow());
        let window = self.full(&willem, &phone, "/manageotp");
        vec![State::new("list-suspended", &window, "/manageotp"), State::new("resume", &window, &page)]
    }

    /// After the time of an approval: `wait` as it looks then.
    pub fn expired(&self, states: &[State]) -> Vec<State> {
        self.stage.clock.advance(130 - rule::RESEND_AFTER);
        vec![State { name: "expired", ..again(states, "wait") }]
    }

    /// After the time of an enrolment code and of a second factor.
    pub fn too_late(&self, states: &[State]) -> Vec<State> {
        self.stage.clock.advance(600);
        let fresh = State { name: "fresh", ..again(states, "remove") };
        let voucher = State { name: "fresh-voucher-wrong", opened: Some(LOST), ..again(states, "remove") };
        vec![State { name: "add-expired", ..again(states, "add-scan") }, fresh, voucher.typing(&[NO_VOUCHER])]
    }
}

/// A certificate of the operator: phones do not pin it, so the enrolment QR is the same in each run.
#[expect(clippy::disallowed_methods, reason = "a certificate of a test may be any")]
fn given_certificate() -> (tempfile::TempDir, Tls) {
    let folder = tempfile::tempdir().expect("a folder");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["gate.example.com".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    let (certificate_file, key_file) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate_file, certificate.pem()).expect("a file");
    std::fs::write(&key_file, key.serialize_pem()).expect("a file");
    (folder, Tls::Files { certificate: certificate_file, key: key_file })
}

/// The state of this name, to be looked at once more.
pub fn again(states: &[State], name: &str) -> State {
    let state = states.iter().find(|state| state.name == name).expect("a state of this name");
    State { cookies: state.cookies.clone(), path: state.path.clone(), typed: state.typed.clone(), ..*state }
}

/// The code of an authenticator app at this moment.
pub fn app_code(seed: &Secret, now: u64) -> String {
    totp(seed, now, Algorithm::Sha1, Digits::SIX, Period::THIRTY).to_string()
}

/// Other digits than these.
pub fn wrong(digits: &str) -> String {
    digits.chars().map(|c| if c == '9' { '0' } else { '9' }).collect()
}

/// The digits that a page shows for the phone.
pub fn digits(window: &Plain) -> String {
    window.page().words(".figure").unwrap_or_default().chars().filter(char::is_ascii_digit).collect()
}

/// Enrols by this link with some claims changed; the digits to type on the page.
pub fn enrol(phone: &RawPhone, link: &EnrolLink, changes: &Value) -> String {
    let mut claims = phone.enrol_claims(link);
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    let body = phone.enrol_body(&link.c, &claims);
    let reply = phone.call("/enrol", &body);
    assert_eq!(reply.status, 201, "{}", reply.verdict());
    let receipt = payload(reply.json()["receipt"].as_str().expect("a receipt"));
    let did = receipt["aud"].as_str().expect("aud").to_owned();
    phone.did.replace(did.clone());
    confirmation_digits(&h(body["enrol"].as_str().expect("a JWS")), &did.parse().expect("an id"))
}
