//! Token2's single-profile tokens of the second generation, over NFC: seed and clock can be written, nothing read back but
//! the clock.
//!
//! The order of its checks is that of the vendor's open firmware core: lengths, the MAC, who is authenticated, the command.

use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;

use crate::apdu::{Answer, Command, Sw, bytes};
use crate::crypt::{self, Block};
use crate::quartz::Quartz;
use crate::session::{self, Session};
use crate::token::{Screen, Token};
use crate::{World, code};

/// A kind of token that is sold, known by how its serial number begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The first seven digits of the serial number.
    pub prefix: &'static str,
    /// What is printed on it.
    pub name: &'static str,
    /// Whether setting the clock takes the seed away.
    pub restricted: bool,
}

/// Every model of the family.
pub const MODELS: [Model; 8] = [
    Model { prefix: "8659600", name: "miniOTP-2-i", restricted: false },
    Model { prefix: "8659612", name: "OTPC-P1-i", restricted: false },
    Model { prefix: "8659632", name: "C302-i", restricted: false },
    Model { prefix: "8659601", name: "miniOTP-3-i", restricted: true },
    Model { prefix: "8659609", name: "miniOTP-3-i-NB", restricted: true },
    Model { prefix: "8659610", name: "C301-i", restricted: true },
    Model { prefix: "8659622", name: "OTPC-P2-i", restricted: true },
    Model { prefix: "8659621", name: "OTPC-P2-i-NB", restricted: true },
];

/// The key of every token of the family; the vendor has published it.
const KEY: Block = [0x8a, 0xd2, 0x06, 0x88, 0x3c, 0xa3, 0x69, 0x48, 0x2a, 0xb2, 0x71, 0x82, 0xb6, 0xe8, 0x32, 0x24];

/// One token.
pub struct Single {
    world: Box<dyn World>,
    serial: String,
    key: Block,
    restricted: bool,
    on: bool,
    session: Session,
    lock: Option<Lock>,
    stored: Content,
    /// What the display still works with: it takes over what is stored when it is switched on.
    shown: Content,
}

/// What survives being switched off.
#[derive(Clone)]
struct Content {
    /// How long the display stays on, as a number from 0 to 3; the token does not look at it.
    timeout: u8,
    algorithm: u8,
    /// In seconds; the token does not look at it either.
    step: u8,
    seed: Option<Secret>,
    clock: Quartz,
}

/// How tokens sold before 2025 count wrong keys.
#[derive(Clone, Copy)]
struct Lock {
    tries: u8,
    left: u8,
}

impl Single {
    /// A token that is switched on, holds no seed, and has the right time. What it does follows from its serial number;
    /// one of no known model takes the seed away with the clock, as most do.
    pub fn new(serial: &str, world: impl World + 'static) -> Self {
        let model = MODELS.iter().find(|model| serial.starts_with(model.prefix));
        let clock = Quartz::right(world.now());
        let stored = Content { timeout: 1, algorithm: 1, step: 30, seed: None, clock };
        Self {
            world: Box::new(world),
            serial: serial.to_owned(),
            key: KEY,
            restricted: model.is_none_or(|model| model.restricted),
            on: true,
            session: Session::default(),
            lock: None,
            shown: stored.clone(),
            stored,
        }
    }

    /// The same, from another house, with another key.
    #[must_use]
    pub fn with_key(self, key: [u8; 16]) -> Self {
        Self { key, ..self }
    }

    /// The same, of the time when wrong keys were counted: after so many it is locked for good.
    #[must_use]
    pub fn locking_after(self, tries: u8) -> Self {
        Self { lock: Some(Lock { tries, left: tries }), ..self }
    }

    /// The same, with a seed from the factory: SHA-1, 30 seconds.
    #[must_use]
    pub fn holding(mut self, seed: &[u8]) -> Self {
        self.stored.seed = Some(Secret::from_slice(seed));
        self.shown = self.stored.clone();
        self
    }

    /// Puts its clock out by seconds, and lets it run fast by millionths.
    pub fn disturb_clock(&mut self, seconds: i64, drift: i64) {
        let now = self.world.now();
        self.stored.clock.disturb(now, seconds, drift);
        self.shown.clock.disturb(now, seconds, drift);
    }

    /// The seed that is stored, which no command tells.
    pub fn seed(&self) -> Option<&Secret> {
        self.stored.seed.as_ref()
    }

    /// What is stored of hash, step in seconds and display time, each as on the wire.
    pub fn settings(&self) -> (u8, u8, u8) {
        (self.stored.algorithm, self.stored.step, self.stored.timeout)
    }

    /// Whether it is locked for good.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some_and(|lock| lock.left == 0)
    }

    fn answer(&mut self, frame: &[u8]) -> Answer {
        let command = Command::parse(frame)?;
        if command.extended {
            return Err(Sw::LENGTH);
        }
        match (command.cla, command.ins) {
            (0x80, 0x41) => Ok(session::info(&self.serial, self.stored.clock.read(self.world.now()) as u32)),
            (0x80, 0x4b) if command.p1 == 8 => Ok(self.session.draw(&mut *self.world)),
            (0x80, 0xce) => self.authenticate(command.data),
            (0x80, _) => Err(Sw::INSTRUCTION),
            (0x84, _) => self.secured(&command),
            _ => Err(Sw::CLASS),
        }
    }

    fn authenticate(&mut self, response: &[u8]) -> Answer {
        if self.is_locked() {
            return Err(Sw::BLOCKED);
        }
        if self.session.prove(&self.key, response)? {
            self.lock = self.lock.map(|lock| Lock { left: lock.tries, ..lock });
            Ok(Vec::new())
        } else {
            self.lock = self.lock.map(|lock| Lock { left: lock.left.saturating_sub(1), ..lock });
            Err(Sw::BLOCKED)
        }
    }

    fn secured(&mut self, command: &Command<'_>) -> Answer {
        let (body, mac) = command.data.split_last_chunk::<4>().ok_or(Sw::LENGTH)?;
        // The class is 80 and the length that of the body, whatever was on the wire.
        let mut message = vec![0x80, command.ins, command.p1, command.p2, body.len() as u8];
        message.extend(body);
        if !crypt::same(&crypt::mac(&self.key, &message), mac) {
            return Err(Sw::BLOCKED);
        }
        let write = match (command.ins, command.p1) {
            (0xc5, 1) => Self::write_seed,
            (0xd4, _) => Self::write_config,
            _ => return Err(Sw::INSTRUCTION),
        };
        if !self.session.is_proven() {
            return Err(Sw::BLOCKED);
        }
        write(self, body)
    }

    fn write_seed(&mut self, sealed: &[u8]) -> Answer {
        if !(16..=64).contains(&sealed.len()) {
            return Err(Sw::DATA);
        }
        let opened = crypt::sm4_open(&self.key, sealed).ok_or(Sw::DATA)?;
        let seed = crypt::unpadded(opened.expose()).ok_or(Sw::DATA)?;
        self.stored.seed = (!seed.is_empty()).then(|| Secret::from_slice(seed));
        Ok(Vec::new())
    }

    /// Everything at once, in this order and no other. What the values mean is not looked at.
    fn write_config(&mut self, config: &[u8]) -> Answer {
        let &[0x81, 0x11, 0x1f, 1, timeout, 0x0f, 4, a, b, c, d, 0x86, 6, 0x0a, 1, algorithm, 0x0d, 1, step] = config
        else {
            return Err(Sw::DATA);
        };
        let stored = &mut self.stored;
        (stored.timeout, stored.algorithm, stored.step) = (timeout, algorithm, step);
        stored.clock.set(self.world.now(), u32::from_be_bytes([a, b, c, d]).into());
        if self.restricted {
            stored.seed = None;
        }
        Ok(Vec::new())
    }
}

impl Token for Single {
    fn transmit(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        self.on.then(|| bytes(self.answer(frame)))
    }

    fn leave(&mut self) {
        self.session = Session::default();
    }

    fn power_cycle(&mut self) {
        self.leave();
        self.on = true;
        self.shown = self.stored.clone();
    }

    /// Switches it off, or on again.
    fn press(&mut self) {
        if self.on {
            self.leave();
            self.on = false;
        } else {
            self.power_cycle();
        }
    }

    fn screen(&self) -> Screen {
        if !self.on {
            return Screen::Dark;
        }
        let Content { algorithm, step, seed, clock, .. } = &self.shown;
        let hash = code::algorithm(*algorithm).filter(|hash| *hash != Algorithm::Sha512);
        let code = seed
            .as_ref()
            .zip(hash)
            .and_then(|(seed, hash)| code::of_time(seed, hash, 6, u32::from(*step), clock.read(self.world.now())));
        code.map_or(Screen::Dashes, |code| Screen::Code { title: None, code })
    }

    fn serial(&self) -> String {
        self.serial.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Still;
    use crate::tests::{RFC_SEED, hex, sent};

    const CHALLENGE: &str = "1122334455667788";
    const AUTHENTICATE: &str = "80CE000010 8B7450F22721BC29985C2C460B65045D";
    const CONFIG: &str = "84D4000017 81111F01010F046553F10086060A01010D011E 4FFDC288";
    const SEED: &str = "84C5010024 5E5856092FD3228D4D33EEE3DAAC4B55CE37D18D332B7AC6A40E8661FA23042A F47B0153";

    fn token(serial: &str) -> (Single, Still) {
        let world = Still::at(1_700_000_000);
        (Single::new(serial, world.clone()), world)
    }

    fn authenticated(serial: &str) -> (Single, Still) {
        let (mut token, world) = token(serial);
        world.load(&hex(CHALLENGE));
        assert_eq!(sent(&mut token, "804B080000"), format!("{CHALLENGE}9000"));
        assert_eq!(sent(&mut token, AUTHENTICATE), "9000");
        (token, world)
    }

    fn code(token: &Single) -> String {
        match token.screen() {
            Screen::Code { code, .. } => code,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_worked_example() {
        let (mut token, world) = token("86596220000001");
        let info = "0000000E383635393632323030303030303100006553F1009000";
        assert_eq!(sent(&mut token, "80410000020211"), info);
        assert_eq!(sent(&mut token, "8041000000"), info);
        world.load(&hex(CHALLENGE));
        assert_eq!(sent(&mut token, "804B08000100"), "11223344556677889000");
        for frame in [AUTHENTICATE, CONFIG, SEED] {
            assert_eq!(sent(&mut token, frame), "9000", "{frame}");
        }
        assert_eq!(token.screen(), Screen::Dashes);
        token.power_cycle();
        assert_eq!(code(&token), "921300");
        world.pass(30);
        assert_eq!(code(&token), "732303");
    }

    #[test]
    fn the_clock_takes_the_seed_of_restricted_models_alone() {
        for model in MODELS {
            let (mut token, _) = authenticated(&format!("{}0000001", model.prefix));
            assert_eq!(sent(&mut token, SEED), "9000");
            assert!(token.seed().is_some());
            assert_eq!(sent(&mut token, CONFIG), "9000");
            assert_eq!(token.seed().is_none(), model.restricted, "{}", model.name);
        }
        let (mut stranger, _) = authenticated("12345670000001");
        assert_eq!((sent(&mut stranger, SEED), sent(&mut stranger, CONFIG)), ("9000".into(), "9000".into()));
        assert!(stranger.seed().is_none());
    }

    #[test]
    fn the_old_code_stays_until_it_is_switched_off_and_on() {
        let (mut token, world) = authenticated("86596220000001");
        token = token.holding(&hex("48656C6C6F21DEADBEEF"));
        assert_eq!(code(&token), "324550");
        assert_eq!((sent(&mut token, CONFIG), sent(&mut token, SEED)), ("9000".into(), "9000".into()));
        assert_eq!(code(&token), "324550");
        token.leave();
        assert_eq!(code(&token), "324550");
        token.press();
        assert_eq!((token.screen(), token.transmit(&hex("8041000000"))), (Screen::Dark, None));
        token.press();
        assert_eq!(code(&token), "921300");
        token.disturb_clock(-30, 0);
        assert_eq!(code(&token), "276857");
        world.pass(30);
        assert_eq!(code(&token), "921300");
    }

    #[test]
    fn a_challenge_counts_once_and_ends_what_was_authenticated() {
        let (mut token, world) = token("86596000000001");
        assert_eq!(sent(&mut token, AUTHENTICATE), "6A80");
        world.load(&hex(CHALLENGE));
        sent(&mut token, "804B080000");
        let wrong = "80CE000010 765CF484A34711B3BF0FCAD098CC34B8";
        assert_eq!(sent(&mut token, wrong), "6983");
        assert_eq!(sent(&mut token, AUTHENTICATE), "6A80");
        let (mut token, _) = authenticated("86596000000001");
        assert_eq!(sent(&mut token, AUTHENTICATE), "6A80");
        assert_eq!(sent(&mut token, SEED), "9000");
        sent(&mut token, "804B080000");
        assert_eq!(sent(&mut token, SEED), "6983");
        let (mut token, _) = authenticated("86596000000001");
        token.leave();
        assert_eq!(sent(&mut token, SEED), "6983");
    }

    #[test]
    fn old_ones_lock_for_good() {
        let (token, world) = token("86596000000001");
        let mut token = token.locking_after(2);
        let wrong = "80CE000010 765CF484A34711B3BF0FCAD098CC34B8";
        let attempt = |token: &mut Single, frame| {
            world.load(&hex(CHALLENGE));
            sent(token, "804B080000");
            sent(token, frame)
        };
        assert_eq!(attempt(&mut token, wrong), "6983");
        assert_eq!(attempt(&mut token, AUTHENTICATE), "9000");
        assert_eq!((attempt(&mut token, wrong), token.is_locked()), ("6983".into(), false));
        assert_eq!((attempt(&mut token, wrong), token.is_locked()), ("6983".into(), true));
        assert_eq!(attempt(&mut token, AUTHENTICATE), "6983");
        token.power_cycle();
        assert_eq!(attempt(&mut token, AUTHENTICATE), "6983");
    }

    #[test]
    fn the_mac_comes_before_the_command() {
        let (mut token, _) = authenticated("86596220000001");
        assert_eq!(sent(&mut token, "84FF000004 00000000"), "6983");
        assert_eq!(sent(&mut token, &SEED.replace("0153", "0154")), "6983");
        assert_eq!(sent(&mut token, "84C5010003 000000"), "6700");
        assert_eq!(sent(&mut token, &SEED.replace("84C5", "80C5")), "6D00");
        assert_eq!(sent(&mut token, &SEED.replace("84C5", "90C5")), "6E00");
        assert_eq!(sent(&mut token, &SEED.replace("010024", "010000000024")), "6700");
        assert_eq!(sent(&mut token, SEED), "9000");
        assert_eq!(token.seed().unwrap().expose(), RFC_SEED);
    }
}
