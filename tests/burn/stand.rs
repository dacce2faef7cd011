//! A token of each family on an emulated link, what is to be burnt into it, and what is in it.

use std::time::Duration;

use countersign_core::burn::{
    Credential, Dialect, Ending, Family, Found, Halt, Held, Hints, JournalStore, KeyProfile, LinkError, MemoryJournal,
    Met, Moving, Operation, PlanError, Request, Seed, TokenDigits, TokenError, TokenLink, TokenName, Tools, burn, meet,
    resume,
};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Clock, Random};
use countersign_emulator::{Key, Link, Lost, Molto, Screen, Single, Still, Token, Token2Otp, World};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Period};

pub const NOW: u64 = 1_700_000_000;
pub const RFC_SEED: &[u8] = b"12345678901234567890";
const OLD_SEED: &[u8] = b"an old seed of a token";
pub const CODE: &[u8] = b"correct horse";

/// The clock and the dice of a world.
pub struct Earth {
    pub still: Still,
    pub cancel: Cancel,
}

impl Earth {
    pub fn new() -> Self {
        Self { still: Still::at(NOW), cancel: Cancel::default() }
    }

    pub fn tools(&self) -> Tools<'_> {
        Tools { clock: self, random: self, cancel: &self.cancel }
    }
}

impl Clock for Earth {
    fn now(&self) -> u64 {
        World::now(&self.still)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Random for Earth {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        self.still.clone().dice(out);
        Ok(())
    }
}

/// An emulated link, as a shell would hand it over.
pub struct Wire<T>(pub Link<T>);

impl<T: Token> TokenLink for Wire<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.0.transmit(command).map_err(|lost| match lost {
            Lost::Gone => LinkError::Lost,
            Lost::Late => LinkError::Late,
        })
    }
}

/// A token of any family.
pub enum Any {
    Single(Single),
    Molto(Box<Molto>),
    Key(Box<Key>),
    /// One that says yes to every seed it is given, and keeps none.
    Forgetful(Box<Self>),
}

/// Whether a command brings a seed.
fn brings_seed(frame: &[u8]) -> bool {
    matches!(frame, [0x84, 0xc5, ..] | [0x00, 0x01 | 0x09, ..] | [0x80, 0xc5, 0x05, 0x02, ..])
}

impl Any {
    fn inner(&mut self) -> &mut dyn Token {
        match self {
            Self::Forgetful(token) => token.inner(),
            Self::Single(token) => token,
            Self::Molto(token) => &mut **token,
            Self::Key(token) => &mut **token,
        }
    }

    /// Token2's applet, where it has one.
    pub fn token2_otp(&mut self) -> Option<&mut Token2Otp> {
        if let Self::Key(key) = self { key.token2_otp() } else { None }
    }

    fn seen(&self) -> &dyn Token {
        match self {
            Self::Forgetful(token) => token.seen(),
            Self::Single(token) => token,
            Self::Molto(token) => &**token,
            Self::Key(token) => &**token,
        }
    }
}

impl Token for Any {
    fn transmit(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        if matches!(self, Self::Forgetful(_)) && brings_seed(frame) {
            return Some(vec![0x90, 0x00]);
        }
        self.inner().transmit(frame)
    }

    fn leave(&mut self) {
        self.inner().leave();
    }

    fn power_cycle(&mut self) {
        self.inner().power_cycle();
    }

    fn press(&mut self) {
        self.inner().press();
    }

    fn screen(&self) -> Screen {
        self.seen().screen()
    }

    fn serial(&self) -> String {
        self.seen().serial()
    }
}

/// What is in the place that is burnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    pub seed: Option<Vec<u8>>,
    settings: String,
    title: String,
    counter: Option<u64>,
    /// Everything else on the token.
    others: usize,
}

/// How many codes further than an undisturbed burn this one ended; nothing where it ended otherwise. What a counter moves loses a
/// code with each answer that is lost, and says where it stands.
pub fn further(ended: &Result<Ending, Halt>, undisturbed: Ending) -> Option<u64> {
    match (ended, undisturbed) {
        (Ok(Ending::CountedByLink(at)), Ending::CountedByLink(least)) => at.get().checked_sub(least.get()),
        (ended, undisturbed) => (*ended == Ok(undisturbed)).then_some(0),
    }
}

impl Contents {
    /// The same, so many codes further.
    pub fn after_codes(&self, codes: u64) -> Self {
        Self { counter: self.counter.map(|counter| counter + codes), ..self.clone() }
    }

    /// What it is called, given what was there before and what an undisturbed burn leaves.
    pub fn held(&self, before: &Self, after: &Self) -> Vec<Held> {
        let mut held = Vec::new();
        if self == before {
            held.push(Held::Before);
        }
        if (&self.seed, &self.settings) == (&after.seed, &after.settings) {
            held.push(Held::New);
        }
        if self.seed.is_none() {
            held.push(Held::Nothing);
        }
        if self.seed.is_some() && self.seed == before.seed && self.settings == after.settings {
            held.push(Held::Mixed);
        }
        held
    }
}

/// One kind of burn.
pub struct Case {
    pub name: &'static str,
    pub family: Family,
    pub token: fn(&Still) -> Any,
    pub key: KeyProfile,
    pub request: Request,
    /// How an undisturbed burn ends.
    pub ending: Ending,
}

pub fn request() -> Request {
    Request::new(Credential {
        serial: None,
        issuer: "ACME".into(),
        name: "bob".into(),
        seed: seed(RFC_SEED),
        moving: Moving::Time(Period::THIRTY),
        algorithm: Algorithm::Sha1,
        digits: TokenDigits::SIX,
    })
}

/// The same for this family: of a token with profiles for one in the middle.
fn of_family(family: Family, request: Request) -> Request {
    Request { profile: if family.has_profiles() { 7 } else { 0 }, ..request }
}

pub fn seed(bytes: &[u8]) -> Seed {
    Seed::try_from(Secret::from_slice(bytes)).unwrap()
}

/// The entry that is there before, in tests that replace one.
fn old_request(family: Family) -> Request {
    let mut old = of_family(family, request());
    old.credential.seed = seed(OLD_SEED);
    old
}

/// The same token, with something burnt into it before.
fn holding(mut token: Any, family: Family, still: &Still) -> Any {
    let earth = Earth { still: still.clone(), cancel: Cancel::default() };
    let mut wire = Wire(Link::new(token));
    let Ok(Met::Token(mut found)) = meet(&mut wire, hints(family), earth.tools()) else { panic!("it is met") };
    let plan = found.plan(old_request(family), &KeyProfile::Vendor, earth.tools()).unwrap();
    found.execute(&plan, &KeyProfile::Vendor, earth.tools(), &mut |_| ()).unwrap();
    token = wire.0.into_token();
    token.leave();
    token
}

/// The same key, with an access code.
fn guarded(mut token: Any, still: &Still) -> Any {
    let earth = Earth { still: still.clone(), cancel: Cancel::default() };
    let mut wire = Wire(Link::new(token));
    let Ok(Met::Token(mut found)) = meet(&mut wire, hints(OATH), earth.tools()) else { panic!("it is met") };
    let code = Operation::ChangeKey(Secret::from_slice(CODE));
    found.operate(&code, &KeyProfile::Vendor, earth.tools()).unwrap();
    token = wire.0.into_token();
    token.leave();
    token
}

pub fn hints(family: Family) -> Hints<'static> {
    Hints { reader: None, likely: Some(family) }
}

pub const OATH: Family = Family::Oath(Dialect::YubiKey);

fn yubikey(still: &Still) -> Any {
    Any::Key(Box::new(Key::yubikey([5, 7, 1], 7, still.clone())))
}

fn nitrokey(still: &Still) -> Any {
    Any::Key(Box::new(Key::nitrokey(0x00bc_614e, still.clone())))
}

fn token2(still: &Still) -> Any {
    Any::Key(Box::new(Key::token2("86590000000001", still.clone())))
}

fn feitian(still: &Still) -> Any {
    Any::Key(Box::new(Key::feitian(still.clone())))
}

fn molto(still: &Still) -> Any {
    Any::Molto(Box::new(Molto::v2("00000000000042", still.clone())))
}

pub fn single(serial: &str, still: &Still) -> Any {
    Any::Single(Single::new(serial, still.clone()).holding(OLD_SEED))
}

/// Every family, each in its own ways.
pub fn cases() -> Vec<Case> {
    let replace = || Request { replace: true, ..request() };
    let counted = || {
        let mut request = request();
        request.credential.moving = Moving::Counter(Counter::ZERO);
        request
    };
    let hashed = || {
        let mut request = request();
        request.credential.algorithm = Algorithm::Sha256;
        request
    };
    let (vendor, own) = (KeyProfile::Vendor, KeyProfile::Own(Secret::from_slice(CODE)));
    let by_hand = Ending::Written(None);
    let by_link = Ending::ProvenByLink;
    // Its first code proved it.
    let by_counter = Ending::CountedByLink(Counter::try_from(1).unwrap());
    let case = |name, family, token, request, key: &KeyProfile, ending| Case {
        name,
        family,
        token,
        request: of_family(family, request),
        key: key.clone(),
        ending,
    };
    vec![
        case(
            "single, restricted",
            Family::Single,
            |still| single("86596220000001", still),
            request(),
            &vendor,
            by_hand,
        ),
        case(
            "single, unrestricted",
            Family::Single,
            |still| single("86596000000001", still),
            hashed(),
            &vendor,
            by_hand,
        ),
        case("molto, free profile", Family::Molto2, molto, request(), &vendor, by_hand),
        case(
            "molto, taken profile",
            Family::Molto2,
            |still| holding(molto(still), Family::Molto2, still),
            replace(),
            &vendor,
            by_hand,
        ),
        case("yubikey", OATH, yubikey, request(), &vendor, by_link),
        case("yubikey, replaced", OATH, |still| holding(yubikey(still), OATH, still), replace(), &vendor, by_link),
        case("yubikey, access code", OATH, |still| guarded(yubikey(still), still), request(), &own, by_link),
        case("yubikey, counter", OATH, yubikey, counted(), &vendor, by_counter),
        case("ykneo-oath", OATH, |still| Any::Key(Box::new(Key::ykneo(still.clone()))), request(), &vendor, by_link),
        case("apex", OATH, |still| Any::Key(Box::new(Key::apex(still.clone()))), request(), &vendor, by_link),
        case("nitrokey", OATH, nitrokey, request(), &vendor, by_link),
        case("nitrokey, replaced", OATH, |still| holding(nitrokey(still), OATH, still), replace(), &vendor, by_link),
        case("token2", Family::Token2Otp, token2, request(), &vendor, by_link),
        case(
            "token2, replaced",
            Family::Token2Otp,
            |still| holding(token2(still), Family::Token2Otp, still),
            replace(),
            &vendor,
            by_link,
        ),
        case("token2, counter", Family::Token2Otp, token2, counted(), &vendor, by_counter),
        case("feitian", Family::Feitian, feitian, request(), &vendor, by_link),
        case(
            "feitian, replaced",
            Family::Feitian,
            |still| holding(feitian(still), Family::Feitian, still),
            replace(),
            &vendor,
            by_link,
        ),
        case("feitian, counter", Family::Feitian, feitian, counted(), &vendor, by_counter),
    ]
}

/// One token on one link, with a journal beside it.
pub struct Run<'a> {
    pub case: &'a Case,
    pub earth: Earth,
    pub wire: Wire<Any>,
    pub journal: MemoryJournal,
}

impl<'a> Run<'a> {
    pub fn new(case: &'a Case) -> Self {
        let earth = Earth::new();
        let wire = Wire(Link::new((case.token)(&earth.still)));
        Self { case, earth, wire, journal: MemoryJournal::default() }
    }

    /// A burn from the start: meet, plan, burn.
    pub fn burn(&mut self) -> Result<Ending, Halt> {
        begin(self.case, &self.earth, &mut self.wire, &mut self.journal)
    }

    /// Whatever there is to do when the token is on the reader again.
    pub fn go_on(&mut self) -> Result<Ending, Halt> {
        go_on(self.case, &self.earth, &mut self.wire, &mut self.journal)
    }

    pub fn contents(&mut self) -> Contents {
        contents(self.wire.0.token_mut(), &self.case.request)
    }
}

/// Meets, plans, burns.
pub fn begin(
    case: &Case,
    earth: &Earth,
    link: &mut dyn TokenLink,
    journal: &mut dyn JournalStore,
) -> Result<Ending, Halt> {
    let mut found = met(link, case.family, earth)?;
    let plan = found.plan(case.request.clone(), &case.key, earth.tools()).map_err(Halt::Plan)?;
    burn(&mut found, &plan, &case.key, earth.tools(), journal)
}

/// Meets, and takes up what the journal knows of; else begins.
pub fn go_on(
    case: &Case,
    earth: &Earth,
    link: &mut dyn TokenLink,
    journal: &mut dyn JournalStore,
) -> Result<Ending, Halt> {
    let mut found = met(link, case.family, earth)?;
    if let Some(record) = journal.record(&TokenName::from(found.identity())).unwrap() {
        return resume(&mut found, &record, &case.key, earth.tools(), journal);
    }
    drop(found);
    begin(case, earth, link, journal)
}

/// The token that is on the link.
pub fn met<'l>(link: &'l mut dyn TokenLink, family: Family, earth: &Earth) -> Result<Found<'l>, Halt> {
    match meet(link, hints(family), earth.tools()) {
        Ok(Met::Token(found)) => Ok(found),
        Ok(Met::Declined(_)) => Err(Halt::Plan(PlanError::Token(TokenError::Unable))),
        Err(error) => Err(Halt::Plan(PlanError::Token(error))),
    }
}

/// What is in the place of a request.
pub fn contents(token: &mut Any, request: &Request) -> Contents {
    match token {
        Any::Forgetful(token) => contents(token, request),
        Any::Single(token) => Contents {
            seed: token.seed().map(|seed| seed.expose().to_vec()),
            settings: format!("{:?}", token.settings()),
            title: String::new(),
            counter: None,
            others: 0,
        },
        Any::Molto(token) => {
            let profile = token.profile(request.profile.into()).unwrap();
            Contents {
                seed: profile.seed.as_ref().map(|seed| seed.expose().to_vec()),
                settings: format!("{:?}", (profile.algorithm, profile.digits, profile.step, profile.timeout)),
                title: profile.title.clone(),
                counter: None,
                others: (0..100).filter(|number| token.profile(*number).unwrap().seed.is_some()).count(),
            }
        }
        Any::Key(key) => of_key(key),
    }
}

/// Keys have one entry in these tests.
fn of_key(key: &mut Key) -> Contents {
    let none = Contents { seed: None, settings: String::new(), title: String::new(), counter: None, others: 0 };
    if let Some(oath) = key.oath() {
        oath.entries().first().map_or(none, |entry| Contents {
            seed: Some(entry.seed.expose().to_vec()),
            settings: format!("{:?}", (entry.kind, entry.algorithm, entry.digits, entry.touch)),
            title: String::from_utf8_lossy(&entry.name).into_owned(),
            counter: Some(entry.counter.into()),
            others: oath.entries().len() - 1,
        })
    } else if let Some(otp) = key.token2_otp() {
        otp.entries().first().map_or(none, |entry| Contents {
            seed: Some(entry.seed.expose().to_vec()),
            settings: format!("{:?}", (entry.is_hotp, entry.algorithm, entry.step, entry.digits, entry.button)),
            title: format!("{:?}", (&entry.app, &entry.account)),
            counter: Some(entry.counter),
            others: otp.entries().len() - 1,
        })
    } else {
        let feitian = key.feitian_otp().expect("it is one of three");
        let Some(name) = feitian.names().next().map(<[u8]>::to_vec) else { return none };
        let seed = feitian.seed(&name).map(|seed| seed.expose().to_vec());
        Contents { seed, title: format!("{name:?}"), others: feitian.names().count() - 1, ..none }
    }
}
