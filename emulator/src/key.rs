//! Security keys: several applets in one case, chosen by SELECT, with long answers in parts.

use crate::apdu::{Answer, Command, Sw, bytes};
use crate::oath::Dialect;
use crate::token::{Screen, Token, Touch};
use crate::{Feitian, Oath, Slots, Token2Otp, World};

/// What an applet is handed with each command.
pub(crate) struct Around<'a> {
    pub(crate) world: &'a mut dyn World,
    pub(crate) touch: &'a mut Touch,
}

/// One of the programs in a key.
pub(crate) trait Applet: Send {
    /// Its names. A SELECT may give the beginning of one.
    fn aids(&self) -> &[&[u8]];

    fn select(&mut self, around: &mut Around<'_>) -> Answer;

    fn command(&mut self, command: &Command<'_>, around: &mut Around<'_>) -> Answer;

    /// The key leaves the reader, or another applet is chosen.
    fn leave(&mut self);

    /// The instruction that asks for the next part of a long answer.
    fn continues(&self) -> u8 {
        0xc0
    }

    /// How much of what is left goes into one part.
    fn part(&self, left: &[u8]) -> usize {
        left.len().min(256)
    }
}

/// A security key.
pub struct Key {
    world: Box<dyn World>,
    serial: String,
    touch: Touch,
    applets: Applets,
    chosen: Option<usize>,
    /// What of an answer was not asked for yet.
    left: Vec<u8>,
}

#[derive(Default)]
struct Applets {
    oath: Option<Oath>,
    token2: Option<Token2Otp>,
    feitian: Option<Feitian>,
    slots: Option<Slots>,
    fido: Option<Fido>,
}

impl Applets {
    fn each(&mut self) -> impl Iterator<Item = &mut dyn Applet> {
        fn seen(applet: Option<&mut impl Applet>) -> Option<&mut dyn Applet> {
            applet.map(|applet| applet as &mut dyn Applet)
        }
        let Self { oath, token2, feitian, slots, fido } = self;
        let all = [
            seen(oath.as_mut()),
            seen(token2.as_mut()),
            seen(feitian.as_mut()),
            seen(slots.as_mut()),
            seen(fido.as_mut()),
        ];
        all.into_iter().flatten()
    }
}

impl Key {
    /// A YubiKey of this firmware: YKOATH, the slots, FIDO.
    pub fn yubikey(version: [u8; 3], serial: u32, mut world: impl World + 'static) -> Self {
        let oath = Oath::new(Dialect::YubiKey(version), serial, &mut world);
        let applets = Applets { oath: Some(oath), slots: Some(Slots::new(version, serial)), ..fido(None) };
        Self::with(applets, &serial.to_string(), world)
    }

    /// A Java Card with ykneo-oath.
    pub fn ykneo(mut world: impl World + 'static) -> Self {
        let oath = Oath::new(Dialect::NeoOath, 0, &mut world);
        Self::with(Applets { oath: Some(oath), ..Applets::default() }, "", world)
    }

    /// A VivoKey Apex.
    pub fn apex(mut world: impl World + 'static) -> Self {
        let oath = Oath::new(Dialect::Apex, 0, &mut world);
        Self::with(Applets { oath: Some(oath), ..fido(None) }, "", world)
    }

    /// A Nitrokey 3.
    pub fn nitrokey(serial: u32, mut world: impl World + 'static) -> Self {
        let oath = Oath::new(Dialect::Nitrokey, serial, &mut world);
        Self::with(Applets { oath: Some(oath), ..fido(None) }, &format!("{serial:08X}"), world)
    }

    /// A FIDO key of Token2 with its OTP applet. Its own key is drawn from the world.
    pub fn token2(serial: &str, mut world: impl World + 'static) -> Self {
        let otp = Token2Otp::new(&mut world);
        Self::with(Applets { token2: Some(otp), ..fido(Some(serial)) }, serial, world)
    }

    /// A FIDO key of Feitian with its OTP applet.
    pub fn feitian(world: impl World + 'static) -> Self {
        Self::with(Applets { feitian: Some(Feitian::default()), ..fido(None) }, "", world)
    }

    /// A security key that makes no codes at all.
    pub fn fido_alone(world: impl World + 'static) -> Self {
        Self::with(fido(None), "", world)
    }

    fn with(applets: Applets, serial: &str, world: impl World + 'static) -> Self {
        Self {
            world: Box::new(world),
            serial: serial.to_owned(),
            touch: Touch::Tap,
            applets,
            chosen: None,
            left: Vec::new(),
        }
    }

    /// The same with Token2's OTP applet beside what it has, and a number that its FIDO applet tells.
    #[must_use]
    pub fn and_token2(mut self, serial: &str) -> Self {
        self.applets.token2 = Some(Token2Otp::new(&mut *self.world));
        self.applets.fido = Some(Fido { serial: Some(serial.to_owned()) });
        self
    }

    /// The same with Feitian's OTP applet beside what it has.
    #[must_use]
    pub fn and_feitian(mut self) -> Self {
        self.applets.feitian = Some(Feitian::default());
        self
    }

    /// The same, plugged in: who wants its touch must press.
    #[must_use]
    pub fn plugged_in(self) -> Self {
        Self { touch: Touch::Button(false), ..self }
    }

    /// Its YKOATH applet.
    pub fn oath(&mut self) -> Option<&mut Oath> {
        self.applets.oath.as_mut()
    }

    /// Its OTP applet of Token2.
    pub fn token2_otp(&mut self) -> Option<&mut Token2Otp> {
        self.applets.token2.as_mut()
    }

    /// Its OTP applet of Feitian.
    pub fn feitian_otp(&mut self) -> Option<&mut Feitian> {
        self.applets.feitian.as_mut()
    }

    /// Its slots for challenges.
    pub fn slots(&mut self) -> Option<&mut Slots> {
        self.applets.slots.as_mut()
    }

    fn is_dead(&self) -> bool {
        self.applets.token2.as_ref().is_some_and(Token2Otp::is_disabled_for_good)
    }

    fn answer(&mut self, frame: &[u8]) -> Vec<u8> {
        let command = match Command::parse(frame) {
            Ok(command) => command,
            Err(sw) => return bytes(Err(sw)),
        };
        let mut around = Around { world: &mut *self.world, touch: &mut self.touch };
        if let (0x00, 0xa4, 0x04) = (command.cla, command.ins, command.p1) {
            let named = |applet: &dyn Applet| applet.aids().iter().any(|aid| aid.starts_with(command.data));
            let Some(place) = self.applets.each().position(|applet| named(applet)).filter(|_| command.data.len() >= 5)
            else {
                return bytes(Err(Sw::FILE));
            };
            self.applets.each().for_each(Applet::leave);
            self.chosen = Some(place);
        }
        let Some(applet) = self.chosen.and_then(|place| self.applets.each().nth(place)) else {
            return bytes(Err(Sw::INSTRUCTION));
        };
        let answer = match (command.cla, command.ins, command.p1) {
            (0x00, 0xa4, 0x04) => applet.select(&mut around),
            (0x00, ins, 0) if ins == applet.continues() => match std::mem::take(&mut self.left) {
                left if left.is_empty() => Err(Sw::CONDITIONS),
                left => Ok(left),
            },
            _ => applet.command(&command, &mut around),
        };
        self.left.clear();
        let Ok(mut answer) = answer else { return bytes(answer) };
        let part = if command.extended { answer.len() } else { applet.part(&answer) };
        if part < answer.len() {
            self.left = answer.split_off(part);
            answer.extend([0x61, u8::try_from(self.left.len()).unwrap_or(0xff)]);
            answer
        } else {
            bytes(Ok(answer))
        }
    }
}

impl Token for Key {
    fn transmit(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        (!self.is_dead()).then(|| self.answer(frame))
    }

    fn leave(&mut self) {
        self.applets.each().for_each(Applet::leave);
        self.chosen = None;
        self.left.clear();
    }

    fn power_cycle(&mut self) {
        self.leave();
    }

    fn press(&mut self) {
        self.touch.press();
    }

    fn screen(&self) -> Screen {
        Screen::Dark
    }

    fn serial(&self) -> String {
        self.serial.clone()
    }
}

/// The FIDO applet, as far as it tells what is held to the reader.
struct Fido {
    /// Told by keys of Token2.
    serial: Option<String>,
}

fn fido(serial: Option<&str>) -> Applets {
    Applets { fido: Some(Fido { serial: serial.map(str::to_owned) }), ..Applets::default() }
}

impl Applet for Fido {
    fn aids(&self) -> &[&[u8]] {
        &[&[0xa0, 0x00, 0x00, 0x06, 0x47, 0x2f, 0x00, 0x01]]
    }

    fn select(&mut self, _: &mut Around<'_>) -> Answer {
        Ok(b"U2F_V2".to_vec())
    }

    /// The serial number, as hexadecimal digits of its own digits.
    fn command(&mut self, command: &Command<'_>, _: &mut Around<'_>) -> Answer {
        let serial =
            self.serial.as_ref().filter(|_| (command.cla, command.ins) == (0x80, 0x33)).ok_or(Sw::INSTRUCTION)?;
        if !command.data.starts_with(&[0xd1, 0x10]) || command.data.len() != 18 {
            return Err(Sw::DATA);
        }
        let digits: String = serial.bytes().map(|digit| format!("{digit:02x}")).collect();
        let mut answer = vec![0xd1, digits.len() as u8];
        answer.extend(digits.bytes());
        Ok(answer)
    }

    fn leave(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Still;
    use crate::tests::sent;

    #[test]
    fn applets_are_chosen_by_name_and_absent_ones_are_said_to_be() {
        let mut key = Key::yubikey([5, 4, 3], 7, Still::at(0));
        assert_eq!(sent(&mut key, "00A10000"), "6D00");
        assert_eq!(sent(&mut key, "80410000020211"), "6D00");
        assert_eq!(sent(&mut key, "00A4040008F00000014F747001"), "6A82");
        assert_eq!(sent(&mut key, "00A4040004A0000005"), "6A82");
        assert!(sent(&mut key, "00A4040007A0000005272101").starts_with("79030504037108"));
        assert_eq!(sent(&mut key, "00A1000000"), "9000");
        assert_eq!(sent(&mut key, "00A4040009D15600013283260101"), "6A82");
        assert_eq!(sent(&mut key, "00A1000000"), "9000");
        key.leave();
        assert_eq!(sent(&mut key, "00A1000000"), "6D00");
        let mut plain = Key::fido_alone(Still::at(0));
        assert_eq!(sent(&mut plain, "00A4040007A0000005272101"), "6A82");
        assert_eq!(sent(&mut plain, "00A4040008A0000006472F0001"), "5532465F56329000");
        assert_eq!(sent(&mut plain, "8033000012D11000000000000000000000000000000000"), "6D00");
    }

    #[test]
    fn keys_of_token2_tell_their_serial_number_twice_encoded() {
        let mut key = Key::token2("12", Still::at(0));
        sent(&mut key, "00A4040008A0000006472F0001");
        assert_eq!(sent(&mut key, "8033000012D11000000000000000000000000000000000"), "D104333133329000");
        assert_eq!(sent(&mut key, "8033000001D1"), "6A80");
    }
}
