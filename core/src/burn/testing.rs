//! What the tests of the drivers share.

use std::sync::Mutex;
use std::time::Duration;

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Period};

use super::channel::Channel;
use super::driver::{self, Driver};
use super::operation::{Operated, Operation};
use super::pen::{Pen, Stop, Tools};
use super::plan::{Holding, Plan};
use super::request::{KeyProfile, Request};
use super::verify::Proof;
use super::{Credential, Family, Identity, LinkError, Moving, Seed, TokenDigits, TokenError, TokenLink};
use crate::cancel::Cancel;
use crate::error::PortError;
use crate::port::{Clock, Random};

/// The seed of RFC 6238.
pub(crate) const RFC_SEED: &[u8] = b"12345678901234567890";

/// Bytes from hexadecimal digits, blanks aside.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

pub(crate) fn seed(bytes: &[u8]) -> Seed {
    Seed::try_from(Secret::from_slice(bytes)).unwrap()
}

/// Of ACME, for bob: the seed of RFC 6238, six digits of SHA-1 each thirty seconds.
pub(crate) fn credential() -> Credential {
    Credential {
        serial: None,
        issuer: "ACME".into(),
        name: "bob".into(),
        seed: seed(RFC_SEED),
        moving: Moving::Time(Period::THIRTY),
        algorithm: Algorithm::Sha1,
        digits: TokenDigits::SIX,
    }
}

/// A link that answers what it was given, in turn, and the last for ever.
pub(crate) struct Script {
    answers: Vec<Vec<u8>>,
    pub(crate) sent: Vec<Vec<u8>>,
}

impl Script {
    pub(crate) fn new(answers: &[&str]) -> Self {
        Self { answers: answers.iter().map(|answer| hex(answer)).collect(), sent: vec![] }
    }
}

impl TokenLink for Script {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.sent.push(command.to_vec());
        let place = self.sent.len().min(self.answers.len()) - 1;
        Ok(self.answers[place].clone())
    }
}

struct At(u64);

impl Clock for At {
    fn now(&self) -> u64 {
        self.0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// Shows what it was told to, over and over.
struct Dice(Mutex<std::iter::Cycle<std::vec::IntoIter<u8>>>);

impl Random for Dice {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        let mut dice = self.0.lock().unwrap();
        out.iter_mut().for_each(|byte| *byte = dice.next().unwrap());
        Ok(())
    }
}

/// Plays a driver against a script of answers.
pub(crate) struct Player {
    link: Script,
    family: Family,
    clock: At,
    random: Dice,
    cancel: Cancel,
    driver: Option<Box<dyn Driver>>,
    plan: Option<Plan>,
}

impl Player {
    /// Of single-profile tokens, until it is told otherwise.
    pub(crate) fn answering(answers: &[&str]) -> Self {
        Self {
            link: Script::new(answers),
            family: Family::Single,
            clock: At(1_700_000_000),
            random: Dice(Mutex::new(vec![0x5a].into_iter().cycle())),
            cancel: Cancel::default(),
            driver: None,
            plan: None,
        }
    }

    pub(crate) fn of(self, family: Family) -> Self {
        Self { family, ..self }
    }

    pub(crate) fn at(self, now: u64) -> Self {
        Self { clock: At(now), ..self }
    }

    pub(crate) fn dice(self, shown: &[u8]) -> Self {
        Self { random: Dice(Mutex::new(Vec::from(shown).into_iter().cycle())), ..self }
    }

    fn play<T>(&mut self, scene: impl FnOnce(&mut dyn Driver, &mut Channel<'_>, Tools<'_>) -> T) -> T {
        let tools = Tools { clock: &self.clock, random: &self.random, cancel: &self.cancel };
        let mut channel = Channel::new(&mut self.link);
        if self.driver.is_none() {
            self.driver = driver::ask(self.family, &mut channel, tools).unwrap();
        }
        scene(&mut **self.driver.as_mut().unwrap(), &mut channel, tools)
    }

    pub(crate) fn survey(&mut self, request: &Request, key: &KeyProfile) -> Result<Holding, TokenError> {
        self.play(|driver, channel, tools| driver.survey(channel, request, key, tools))
    }

    pub(crate) fn burn(&mut self, request: Request, key: &KeyProfile) -> Result<(), Stop> {
        let holding = self.survey(&request, key).unwrap();
        let plan = Plan::new(&self.identity(), &holding, request).unwrap();
        self.plan = Some(plan.clone());
        self.play(|driver, channel, tools| driver.execute(Pen::new(channel, tools, key, &mut |_| ()), &plan))
    }

    pub(crate) fn verify(&mut self) -> Result<Proof, TokenError> {
        let plan = self.plan.clone().unwrap();
        self.play(|driver, channel, tools| driver.verify(channel, &plan, tools))
    }

    pub(crate) fn operate(&mut self, operation: &Operation, key: &KeyProfile) -> Result<Operated, Stop> {
        self.play(|driver, channel, tools| driver.operate(Pen::new(channel, tools, key, &mut |_| ()), operation))
    }

    pub(crate) fn identity(&self) -> Identity {
        self.driver.as_ref().unwrap().identity().clone()
    }

    pub(crate) fn sent(&self) -> Vec<Vec<u8>> {
        self.link.sent.clone()
    }
}
