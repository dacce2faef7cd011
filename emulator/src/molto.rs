//! Token2's Molto-2, over USB: fifty or a hundred profiles with titles, a key that can be changed, and questions that its
//! button answers.

use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;
use sha1::{Digest as _, Sha1};

use crate::apdu::{Answer, Command, Sw, bytes};
use crate::crypt::{self, Block};
use crate::quartz::Quartz;
use crate::session::{self, Session};
use crate::token::{Question, Screen, Token};
use crate::{World, code};

mod profile;

pub use profile::Profile;

/// What the key of a new token is made of.
const CUSTOMER_KEY: &[u8] = b"TOKEN2MOLTO1-KEY";
/// How often a wrong key is taken in a row.
const TRIES: u8 = 8;

/// One token.
pub struct Molto {
    world: Box<dyn World>,
    serial: String,
    profiles: Vec<Profile>,
    key: Block,
    tries: u8,
    /// Whether tries that are left are told as `63 0x` in place of `63 Cx`.
    plain_tries: bool,
    /// Whether its firmware is older than 2.1, which came with the lock of the screen.
    old: bool,
    guarded_delete: bool,
    refuses_overwrite: bool,
    session: Session,
    asks: Option<Asked>,
    screen_locked: bool,
    /// The profile on the screen.
    turned_to: usize,
    clock: Quartz,
    wedged: bool,
}

/// What the button would confirm.
enum Asked {
    Key(Block),
    Reset,
}

impl Molto {
    /// A Molto-2 of the first version: fifty profiles.
    pub fn v1(serial: &str, world: impl World + 'static) -> Self {
        Self::new(serial, 50, world)
    }

    /// A Molto2v2: a hundred profiles.
    pub fn v2(serial: &str, world: impl World + 'static) -> Self {
        Self::new(serial, 100, world)
    }

    fn new(serial: &str, profiles: usize, world: impl World + 'static) -> Self {
        let clock = Quartz::right(world.now());
        Self {
            serial: serial.to_owned(),
            profiles: factory(profiles, &clock),
            key: derived(CUSTOMER_KEY),
            tries: TRIES,
            plain_tries: false,
            old: false,
            guarded_delete: false,
            refuses_overwrite: false,
            session: Session::default(),
            asks: None,
            screen_locked: false,
            turned_to: 0,
            clock,
            wedged: false,
            world: Box::new(world),
        }
    }

    /// The same, with another customer key; of any length.
    #[must_use]
    pub fn with_customer_key(self, key: &[u8]) -> Self {
        Self { key: derived(key), ..self }
    }

    /// The same, with firmware from before 2.1: its screen cannot be locked.
    #[must_use]
    pub fn with_old_firmware(self) -> Self {
        Self { old: true, ..self }
    }

    /// The same, as the vendor's document has it: seeds are deleted by who is authenticated, and tries that are left are
    /// told as they are. Hardware was seen to do neither.
    #[must_use]
    pub fn by_the_book(self) -> Self {
        Self { guarded_delete: true, plain_tries: true, ..self }
    }

    /// The same, but a profile that holds a seed takes no other. What hardware does is not documented.
    #[must_use]
    pub fn refusing_overwrite(self) -> Self {
        Self { refuses_overwrite: true, ..self }
    }

    /// One profile, if there are so many.
    pub fn profile(&self, number: usize) -> Option<&Profile> {
        self.profiles.get(number)
    }

    /// Puts its clocks out by seconds.
    pub fn disturb_clock(&mut self, seconds: i64) {
        let now = self.world.now();
        self.clock.disturb(now, seconds, 0);
        self.profiles.iter_mut().for_each(|profile| profile.disturb_clock(now, seconds));
    }

    /// Turns the screen to a profile.
    pub fn turn_to(&mut self, number: usize) {
        self.turned_to = number;
    }

    /// Whether a SELECT hung it up: until it is plugged in again, it answers nothing.
    pub fn is_wedged(&self) -> bool {
        self.wedged
    }

    /// How many wrong keys it still takes.
    pub fn tries_left(&self) -> u8 {
        self.tries
    }

    /// Says no to what it asks.
    pub fn decline(&mut self) {
        self.asks = None;
    }

    fn answer(&mut self, command: &Command<'_>) -> Answer {
        if command.extended {
            return Err(Sw::LENGTH);
        }
        match (command.cla, command.ins, command.p1, command.data) {
            (0x80, 0x41, 0, []) if command.p2 == 0 => {
                Ok(session::info(&self.serial, self.clock.read(self.world.now()) as u32))
            }
            (0x80, 0x41, 0, [0x70]) => self.public(command),
            (0x80, 0x4b, 8, [] | [0]) => Ok(self.session.draw(&mut *self.world)),
            (0x80, 0xce, 0, response) => self.authenticate(response),
            (0x80, 0xe6, 0, []) => self.delete(command.p2),
            (0x80, 0x56, 0, []) => self.ask(Asked::Reset),
            (0x80, 0xd8, 0x0c, state) if command.p2 == 2 => self.lock_screen(state),
            (0x80, 0x41 | 0x4b | 0xe6 | 0x56 | 0xd8, ..) => Err(Sw::DATA),
            (0x80, ..) => Err(Sw::INSTRUCTION),
            (0x84, ..) => self.secured(command),
            _ => Err(Sw::CLASS),
        }
    }

    fn public(&self, command: &Command<'_>) -> Answer {
        if command.le.is_some() {
            return Err(Sw::LE);
        }
        let profile = self.profiles.get(usize::from(command.p2)).ok_or(Sw::PARAMETERS)?;
        Ok(profile.public(self.world.now()))
    }

    fn authenticate(&mut self, response: &[u8]) -> Answer {
        if self.tries == 0 {
            return Err(Sw::BLOCKED);
        }
        if self.session.prove(&self.key, response)? {
            self.tries = TRIES;
            return Ok(Vec::new());
        }
        self.tries -= 1;
        let mark = if self.plain_tries { 0 } else { 0xc0 };
        Err(Sw(0x6300 | mark | u16::from(self.tries)))
    }

    fn delete(&mut self, number: u8) -> Answer {
        if self.guarded_delete && !self.session.is_proven() {
            return Err(Sw::SECURITY);
        }
        let profile = self.profiles.get_mut(usize::from(number)).ok_or(Sw::PARAMETERS)?;
        profile.seed.take().map(|_| Vec::new()).ok_or(Sw::RECORD)
    }

    fn lock_screen(&mut self, state: &[u8]) -> Answer {
        if self.old {
            return Err(Sw::INSTRUCTION);
        }
        if !self.session.is_proven() {
            return Err(Sw::SECURITY);
        }
        self.screen_locked = match state {
            [] => true,
            [1] => false,
            _ => return Err(Sw::DATA),
        };
        Ok(Vec::new())
    }

    fn ask(&mut self, asked: Asked) -> Answer {
        self.asks = Some(asked);
        Err(Sw::WAITING)
    }

    fn secured(&mut self, command: &Command<'_>) -> Answer {
        let (body, mac) = command.data.split_last_chunk::<4>().ok_or(Sw::LENGTH)?;
        let mut message = vec![0x80, command.ins, command.p1, command.p2, body.len() as u8];
        message.extend(body);
        if !crypt::same(&crypt::mac(&self.key, &message), mac) || !self.session.is_proven() {
            return Err(Sw::BLOCKED);
        }
        let now = self.world.now();
        if (command.ins, command.p()) == (0xd7, [0, 0]) {
            let opened = crypt::sm4_open(&self.key, body).ok_or(Sw::DATA)?;
            return match crypt::unpadded(opened.expose()) {
                Some([0, key @ ..]) => self.ask(Asked::Key(key.try_into().map_err(|_| Sw::DATA)?)),
                _ => Err(Sw::DATA),
            };
        }
        let profile = self.profiles.get_mut(usize::from(command.p2)).ok_or(Sw::PARAMETERS)?;
        match (command.ins, command.p1) {
            (0xc5, 1) if self.refuses_overwrite && profile.seed.is_some() => Err(Sw::CONDITIONS),
            (0xc5, 1) => profile.write_seed(&self.key, body),
            (0xd5, 0) => profile.write_title(&self.key, body),
            (0xd4, 1) => {
                let clock = profile.write_config(body, now)?;
                self.clock.set(now, clock);
                Ok(Vec::new())
            }
            _ => Err(Sw::INSTRUCTION),
        }
    }
}

/// What a factory puts into a token: a sample in the first profile, nothing in the others.
fn factory(profiles: usize, clock: &Quartz) -> Vec<Profile> {
    let mut profiles = vec![Profile::empty(clock.clone()); profiles];
    if let Some(first) = profiles.first_mut() {
        first.title = "Token2".to_owned();
        first.seed = Some(Secret::from_slice(b"12345678901234567890"));
    }
    profiles
}

/// The key that a customer key stands for; only this is stored.
fn derived(customer: &[u8]) -> Block {
    let hash: [u8; 20] = Sha1::digest(customer).into();
    hash.first_chunk().copied().unwrap_or_default()
}

impl Token for Molto {
    fn transmit(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        if matches!(frame, [0x00, 0xa4, ..]) {
            self.wedged = true;
        }
        let answer = |token: &mut Self| Command::parse(frame).and_then(|command| token.answer(&command));
        (!self.wedged).then(|| bytes(answer(self)))
    }

    fn leave(&mut self) {
        self.session = Session::default();
    }

    fn power_cycle(&mut self) {
        self.leave();
        self.decline();
        self.wedged = false;
    }

    /// Says yes to what it asks.
    fn press(&mut self) {
        match self.asks.take() {
            Some(Asked::Key(key)) => {
                self.key = key;
                self.leave();
            }
            Some(Asked::Reset) => {
                self.profiles = factory(self.profiles.len(), &self.clock);
                self.key = derived(CUSTOMER_KEY);
                self.tries = TRIES;
                self.screen_locked = false;
                self.leave();
            }
            None => {}
        }
    }

    fn screen(&self) -> Screen {
        match self.asks {
            Some(Asked::Key(_)) => Screen::Asks(Question::ChangeKey),
            Some(Asked::Reset) => Screen::Asks(Question::FactoryReset),
            None if self.screen_locked => Screen::Dark,
            None => self.profile(self.turned_to).map_or(Screen::Dark, |profile| profile.screen(self.world.now())),
        }
    }

    fn serial(&self) -> String {
        self.serial.clone()
    }
}

/// The code of a profile, which has no SHA-512.
fn shown(seed: &Secret, algorithm: u8, digits: u8, step: u8, unix: u64) -> Option<String> {
    let hash = code::algorithm(algorithm).filter(|hash| *hash != Algorithm::Sha512)?;
    code::of_time(seed, hash, digits, step.into(), unix)
}
