//! Tokens in memory, for who has no hardware at hand: one lies there, and the next of its kind takes its place when asked.

use std::sync::Arc;

use countersign_core::burn::{LinkError, TokenLink};
use countersign_core::port::{Clock, Random};
use countersign_emulator::{Fault, Key, Link, Lost, MODELS, Molto, Screen, Silent, Single, Token, World};

/// What a Molto-2 is told by: the name of its reader.
const MOLTO_READER: &str = "Molto2 (emulated)";

/// Kinds beside the models of the single-profile family.
const KINDS: [(&str, Kind); 12] = [
    ("Molto-2", Kind::Molto),
    ("Molto-2-v1", Kind::FirstMolto),
    ("YubiKey", Kind::YubiKey),
    ("ykneo", Kind::Neo),
    ("Apex", Kind::Apex),
    ("Nitrokey", Kind::Nitrokey),
    ("Token2", Kind::Token2),
    ("Feitian", Kind::Feitian),
    ("several", Kind::Several),
    ("FIDO", Kind::Fido),
    ("unknown-serial", Kind::Unknown),
    ("silent", Kind::Silent),
];

/// A model of which there are emulated tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    name: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of the single-profile family, by the beginning of its number.
    Single(&'static str),
    /// Of this family, with a number that no model has.
    Unknown,
    Molto,
    FirstMolto,
    YubiKey,
    Neo,
    Apex,
    Nitrokey,
    Token2,
    Feitian,
    /// A security key with an applet of each family.
    Several,
    Fido,
    Silent,
}

impl Model {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let singles = MODELS.iter().map(|model| Self { name: model.name, kind: Kind::Single(model.prefix) });
        singles.chain(KINDS.iter().map(|(name, kind)| Self { name: *name, kind: *kind }))
    }

    /// The one of this name, whatever the case.
    pub fn find(name: &str) -> Option<Self> {
        Self::all().find(|model| model.name.eq_ignore_ascii_case(name.trim()))
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The `number`th token of this model, from 1.
    fn token(self, number: u32, around: Around) -> Any {
        match self.kind {
            Kind::Single(prefix) => Any::Single(Single::new(&format!("{prefix}{number:07}"), around)),
            Kind::Unknown => Any::Single(Single::new(&format!("8655000{number:07}"), around)),
            Kind::Molto => Any::Molto(Box::new(Molto::v2(&format!("{number:014}"), around))),
            Kind::FirstMolto => Any::Molto(Box::new(Molto::v1(&format!("{number:014}"), around))),
            Kind::YubiKey => Any::Key(Box::new(yubikey(10_000_000 + number, around))),
            Kind::Neo => Any::Key(Box::new(Key::ykneo(around))),
            Kind::Apex => Any::Key(Box::new(Key::apex(around))),
            Kind::Nitrokey => Any::Key(Box::new(Key::nitrokey(number, around))),
            Kind::Token2 => Any::Key(Box::new(Key::token2(&format!("8659{number:010}"), around))),
            Kind::Feitian => Any::Key(Box::new(Key::feitian(around))),
            Kind::Several => {
                let key = yubikey(20_000_000 + number, around).and_token2(&format!("8659{number:010}"));
                Any::Key(Box::new(key.and_feitian()))
            }
            Kind::Fido => Any::Key(Box::new(Key::fido_alone(around))),
            Kind::Silent => Any::Silent(Silent),
        }
    }
}

/// What the second place of every emulated YubiKey answers challenges by: anybody knows it.
const ANSWERS_BY: [u8; 20] = *b"known to all, secret";

fn yubikey(number: u32, around: Around) -> Key {
    let mut key = Key::yubikey([5, 4, 3], number, around);
    if let Some(slots) = key.slots() {
        slots.set(true, ANSWERS_BY, false);
    }
    key
}

/// Time and randomness of the desk, as an emulated token has them.
#[derive(Clone)]
struct Around {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl World for Around {
    fn now(&self) -> u64 {
        self.clock.now()
    }

    /// A machine without randomness gives zeros: such a token is weak, and none of it is real.
    fn dice(&mut self, bytes: &mut [u8]) {
        if self.random.fill(bytes).is_err() {
            bytes.fill(0);
        }
    }
}

enum Any {
    Single(Single),
    Molto(Box<Molto>),
    Key(Box<Key>),
    Silent(Silent),
}

impl Any {
    fn inner(&self) -> &dyn Token {
        match self {
            Self::Single(token) => token,
            Self::Molto(token) => &**token,
            Self::Key(token) => &**token,
            Self::Silent(token) => token,
        }
    }

    fn inner_mut(&mut self) -> &mut dyn Token {
        match self {
            Self::Single(token) => token,
            Self::Molto(token) => &mut **token,
            Self::Key(token) => &mut **token,
            Self::Silent(token) => token,
        }
    }
}

impl Token for Any {
    fn transmit(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        self.inner_mut().transmit(frame)
    }

    fn leave(&mut self) {
        self.inner_mut().leave();
    }

    fn power_cycle(&mut self) {
        self.inner_mut().power_cycle();
    }

    fn press(&mut self) {
        self.inner_mut().press();
    }

    fn screen(&self) -> Screen {
        self.inner().screen()
    }

    fn serial(&self) -> String {
        self.inner().serial()
    }
}

/// A reader with an emulated token on it.
pub struct Tray {
    model: Model,
    number: u32,
    around: Around,
    link: Link<Any>,
    /// The tokens after the first lose their links here too.
    loses: Vec<(u32, Loss)>,
}

/// When the link of an emulated token is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Before the token has its command of this number, from 1.
    Before(usize),
    /// After it did what it was told.
    After(usize),
}

impl Tray {
    /// The first token of a model. `loses` says of which token, from 1, the link is lost when; it comes back.
    pub fn new(model: Model, clock: Arc<dyn Clock>, random: Arc<dyn Random>, loses: Vec<(u32, Loss)>) -> Self {
        let around = Around { clock, random };
        let mut tray = Self { model, number: 1, link: Link::new(model.token(1, around.clone())), around, loses };
        tray.set_faults();
        tray
    }

    /// The reader's name.
    pub fn name(&self) -> &'static str {
        match self.model.kind {
            Kind::Molto | Kind::FirstMolto => MOLTO_READER,
            _ => self.model.name,
        }
    }

    fn set_faults(&mut self) {
        for (number, loss) in &self.loses {
            match loss {
                Loss::Before(at) if *number == self.number => self.link.fault(*at, Fault::DropBefore),
                Loss::After(at) if *number == self.number => self.link.fault(*at, Fault::DropAfter),
                Loss::Before(_) | Loss::After(_) => {}
            }
        }
    }

    /// Lays the same token there once more, if its link was lost.
    pub fn lay_again(&mut self) {
        self.link.come_back();
    }

    /// Lays the next token of the model there.
    pub fn lay_next(&mut self) {
        self.number += 1;
        self.link = Link::new(self.model.token(self.number, self.around.clone()));
        self.set_faults();
    }

    /// A link to the token.
    pub fn link(&mut self) -> Wire<'_> {
        self.link.reset();
        Wire(&mut self.link)
    }

    /// A finger on its button.
    pub fn press(&mut self) {
        self.link.token_mut().press();
    }

    /// What its display shows when it was off and on, with this profile in front: a code, where it has one.
    pub fn display(&mut self, profile: u8) -> Option<String> {
        let token = self.link.token_mut();
        token.power_cycle();
        if let Any::Molto(molto) = token {
            molto.turn_to(profile.into());
        }
        match token.screen() {
            Screen::Code { code, .. } => Some(code),
            Screen::Dark | Screen::Dashes | Screen::Asks(_) => None,
        }
    }
}

/// The link to an emulated token, as a driver has it.
pub struct Wire<'t>(&'t mut Link<Any>);

impl TokenLink for Wire<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.0.transmit(command).map_err(|lost| match lost {
            Lost::Gone => LinkError::Lost,
            Lost::Late => LinkError::Late,
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::burn::{Declined, Family, Hints, Met, Tools, meet};
    use countersign_core::cancel::Cancel;
    use countersign_core::system::{SystemClock, SystemRandom};

    use super::*;

    fn tray(name: &str, loses: Vec<(u32, Loss)>) -> Tray {
        Tray::new(Model::find(name).unwrap(), Arc::new(SystemClock::new()), Arc::new(SystemRandom::new()), loses)
    }

    fn met(tray: &mut Tray) -> Result<(Family, String), Declined> {
        let (clock, random, cancel) = (SystemClock::new(), SystemRandom::new(), Cancel::default());
        let reader = tray.name();
        let mut link = tray.link();
        let tools = Tools { clock: &clock, random: &random, cancel: &cancel };
        match meet(&mut link, Hints { reader: Some(reader), likely: None }, tools).unwrap() {
            Met::Token(found) => {
                let identity = found.identity();
                Ok((identity.family, identity.serial.as_ref().map(ToString::to_string).unwrap_or_default()))
            }
            Met::Declined(why) => Err(why),
        }
    }

    #[test]
    fn each_model_is_met_as_what_it_is() {
        for model in Model::all() {
            let met = met(&mut tray(&model.name().to_lowercase(), vec![]));
            match model.kind {
                Kind::Fido => assert_eq!(met, Err(Declined::SecurityKey)),
                Kind::Silent => assert_eq!(met, Err(Declined::Silent)),
                Kind::Single(prefix) => {
                    let (family, serial) = met.unwrap();
                    assert!(family == Family::Single && serial.starts_with(prefix), "{}: {serial}", model.name());
                }
                Kind::Molto | Kind::FirstMolto => assert_eq!(met.unwrap().0, Family::Molto2),
                Kind::Token2 => assert_eq!(met.unwrap(), (Family::Token2Otp, "86590000000001".to_owned())),
                _ => assert!(met.is_ok(), "{}", model.name()),
            }
        }
    }

    #[test]
    fn the_next_token_has_another_number_and_one_that_was_lost_comes_back() {
        let mut tray = tray("miniOTP-2-i", vec![(2, Loss::Before(1))]);
        let first = met(&mut tray).unwrap();
        assert_eq!(met(&mut tray).unwrap(), first, "it lies there still");
        tray.lay_next();
        assert_eq!(tray.link().transmit(&[0x80, 0x41, 0, 0, 2, 2, 0x11]), Err(LinkError::Lost));
        assert_eq!(
            tray.link().transmit(&[0x80, 0x41, 0, 0, 2, 2, 0x11]),
            Err(LinkError::Lost),
            "until it is laid again"
        );
        tray.lay_again();
        assert_ne!(met(&mut tray).unwrap().1, first.1);
    }
}
