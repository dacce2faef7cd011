//! Token2's Molto-2: fifty or a hundred profiles with titles, a key that can be changed, questions that its button answers.
//!
//! No applet is ever selected on it: it may hang until it is plugged in again.

use ring::digest;
use zeroize::Zeroizing;

use super::Driver;
use super::display::{Info, Proven, Session, algorithm};
use crate::burn::apdu::{Apdu, StatusWord};
use crate::burn::channel::Channel;
use crate::burn::error::unreadable;
use crate::burn::identity::{Family, Identity};
use crate::burn::operation::{Operated, Operation};
use crate::burn::pen::{Held, Pen, Stop, Tools};
use crate::burn::plan::{Erases, Holding, Plan};
use crate::burn::request::{KeyProfile, Request};
use crate::burn::room::Room;
use crate::burn::sm4::{Block, Cipher};
use crate::burn::tlv::Reader;
use crate::burn::verify::Proof;
use crate::burn::{Moving, Step, TokenError};
use crate::limits;

/// What the key of a new token is made of.
const CUSTOMER_KEY: &[u8] = b"TOKEN2MOLTO1-KEY";

pub(super) struct Molto {
    identity: Identity,
}

impl Molto {
    /// Asks for serial number and clock.
    pub(super) fn identify(channel: &mut Channel<'_>, now: u64) -> Result<Option<Self>, TokenError> {
        Ok(info(channel)?.map(|info| {
            let ahead = Some(info.ahead(now));
            Self {
                identity: Identity {
                    model: Some("Molto-2"),
                    serial: Some(info.serial),
                    ahead,
                    ..Identity::new(Family::Molto2)
                },
            }
        }))
    }
}

/// What it tells of itself.
fn info(channel: &mut Channel<'_>) -> Result<Option<Info>, TokenError> {
    let response = channel.exchange(&Apdu::new([0x80, 0x41, 0x00, 0x00]).expecting(0))?;
    let told = Some(response).filter(|response| response.status == StatusWord::OK);
    Ok(told.and_then(|told| Info::parse(told.data.expose())))
}

/// What anyone may read of a profile.
#[derive(Debug, PartialEq, Eq)]
struct Public {
    title: String,
    algorithm: u8,
    step: u8,
    digits: u8,
    has_seed: bool,
}

impl Public {
    fn read(channel: &mut Channel<'_>, profile: u8, step: Step) -> Result<Self, TokenError> {
        // No Le: the token answers `6F FB` to one.
        let response = channel.exchange(&Apdu::with([0x80, 0x41, 0x00, profile], &[0x70])?)?;
        if response.status == StatusWord::PARAMETERS {
            return Err(TokenError::Absent(step));
        }
        Self::parse(response.done(step)?.expose(), step)
    }

    fn parse(told: &[u8], step: Step) -> Result<Self, TokenError> {
        let outer = Reader::only(told, 0x95).map_err(unreadable(step))?;
        let block = Reader::only(outer, 0x70).map_err(unreadable(step))?;
        let Ok::<&[u8; 29], _>(block) = block.try_into() else { return Err(TokenError::Unreadable(step)) };
        let title = block[1..17].split(|byte| *byte == 0).next().unwrap_or_default();
        let [.., algorithm, period, digits, has_seed] = *block;
        Ok(Self {
            title: String::from_utf8_lossy(title).into_owned(),
            algorithm,
            step: period,
            digits,
            has_seed: has_seed != 0,
        })
    }
}

/// The key that a customer key stands for: nothing else of it is kept by the token.
fn derived(customer: &[u8]) -> Zeroizing<Block> {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, customer);
    Zeroizing::new(hash.as_ref().first_chunk().copied().unwrap_or_default())
}

fn session<'a, 'l>(pen: Pen<'a, 'l>) -> Result<Session<'a, 'l, Proven>, Stop> {
    let key = match pen.key {
        KeyProfile::Vendor => derived(CUSTOMER_KEY),
        KeyProfile::Own(key) if key.len() > limits::TOKEN_KEY => return Err(pen.stop(TokenError::KeyLength(key.len()))),
        KeyProfile::Own(key) => derived(key.expose()),
    };
    let draw = Apdu::new([0x80, 0x4b, 0x08, 0x00]).expecting(0);
    Session::new(pen, Cipher::new(&key)).authenticate(&draw)
}

/// Clock and all settings.
fn config(request: &Request, now: u32) -> Result<[u8; 22], TokenError> {
    let [a, b, c, d] = now.to_be_bytes();
    let credential = &request.credential;
    #[rustfmt::skip]
    let config = [
        0x81, 0x14,
            0x1f, 1, request.display.byte(),
            0x0f, 4, a, b, c, d,
            0x86, 9,
                0x0a, 1, algorithm(credential.algorithm),
                0x0b, 1, credential.digits.get(),
                0x0d, 1, period(request)?,
    ];
    Ok(config)
}

fn period(request: &Request) -> Result<u8, TokenError> {
    match request.credential.moving {
        Moving::Time(period) => u8::try_from(period.seconds()).map_err(|_| TokenError::Unable),
        Moving::Counter(_) => Err(TokenError::Unable),
    }
}

impl Driver for Molto {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn survey(
        &mut self,
        channel: &mut Channel<'_>,
        request: &Request,
        _: &KeyProfile,
        _: Tools<'_>,
    ) -> Result<Holding, TokenError> {
        let public = Public::read(channel, request.profile, Step::List)?;
        Ok(if public.has_seed { Holding::Profile(public.title) } else { Holding::Free })
    }

    /// Asks for every profile: the first version has fewer, and says so of the first that is not there.
    fn room(&mut self, channel: &mut Channel<'_>, _: &KeyProfile, _: Tools<'_>) -> Result<Option<Room>, TokenError> {
        let (mut all, mut profiles) = (0, Vec::new());
        for profile in 0..=limits::TOKEN_PROFILE {
            match Public::read(channel, profile, Step::List) {
                Ok(public) => profiles.extend(public.has_seed.then_some((profile, public.title))),
                Err(TokenError::Absent(_)) => break,
                Err(error) => return Err(error),
            }
            all += 1;
        }
        Ok(Some(Room { taken: profiles.len(), all: Some(all), profiles }))
    }

    /// What was there is deleted, then settings, seed, title: safe whether settings take a seed away or not.
    fn execute(&mut self, pen: Pen<'_, '_>, plan: &Plan) -> Result<(), Stop> {
        let profile = plan.request.profile;
        let mut session = session(pen)?;
        session.pen.check_cancel()?;
        let now = session.pen.now()?;
        let config = config(&plan.request, now).map_err(|error| session.pen.stop(error))?;
        if matches!(plan.erases, Erases::Profile { .. }) {
            delete(&mut session.pen, profile)?;
        }
        let mut session = session.write_config([0x84, 0xd4, 0x01, profile], &config, Held::Nothing)?;
        session.write_seed([0x84, 0xc5, 0x01, profile], plan.request.credential.seed.expose())?;
        session.write_title([0x84, 0xd5, 0x00, profile], plan.stored.one())
    }

    fn verify(&mut self, channel: &mut Channel<'_>, plan: &Plan, _: Tools<'_>) -> Result<Proof, TokenError> {
        let kept = Public::read(channel, plan.request.profile, Step::ReadBack)?;
        // Two of them may be alike in all but this, and no reader tells of a swap.
        let info = info(channel)?.ok_or(TokenError::Unreadable(Step::ReadBack))?;
        if plan.identity.serial.as_ref() != Some(&info.serial) {
            return Err(TokenError::OtherToken);
        }
        let credential = &plan.request.credential;
        let expected = Public {
            title: plan.stored.one().to_owned(),
            algorithm: algorithm(credential.algorithm),
            step: period(&plan.request)?,
            digits: credential.digits.get(),
            has_seed: true,
        };
        if kept == expected { Ok(Proof::Settings) } else { Err(TokenError::NotKept(Step::ReadBack)) }
    }

    fn operate(&mut self, mut pen: Pen<'_, '_>, operation: &Operation) -> Result<Operated, Stop> {
        match operation {
            Operation::SyncClock(request) => {
                let mut session = session(pen)?;
                let [a, b, c, d] = session.pen.now()?.to_be_bytes();
                let clock = [0x81, 6, 0x0f, 4, a, b, c, d];
                session.secured(Step::Clock, [0x84, 0xd4, 0x01, request.profile], &clock, Held::Before)?;
                Ok(Operated::Done)
            }
            Operation::Delete(request) => {
                let mut session = session(pen)?;
                delete(&mut session.pen, request.profile)
            }
            Operation::ChangeKey(customer) => {
                if customer.len() > limits::TOKEN_KEY {
                    return Err(pen.stop(TokenError::KeyLength(customer.len())));
                }
                let mut session = session(pen)?;
                let key = derived(customer.expose());
                let mut plain = Zeroizing::new([0; 17]);
                plain.iter_mut().skip(1).zip(&*key).for_each(|(to, from)| *to = *from);
                let status = session.asking([0x84, 0xd7, 0x00, 0x00], &*plain)?;
                answered(&session.pen, Step::ChangeKey, status)
            }
            Operation::LockScreen => screen(pen, &Apdu::new([0x80, 0xd8, 0x0c, 0x02]).expecting(0)),
            Operation::UnlockScreen => match Apdu::with([0x80, 0xd8, 0x0c, 0x02], &[1]) {
                Ok(apdu) => screen(pen, &apdu),
                Err(error) => Err(pen.stop(error.into())),
            },
            // No key is proven for it: whoever has the token in hand can.
            Operation::Reset => {
                let status = pen.exchange(&Apdu::new([0x80, 0x56, 0x00, 0x00]).expecting(0))?.status;
                answered(&pen, Step::Reset, status)
            }
            Operation::RemoveKey | Operation::Enable => Err(pen.stop(TokenError::Unable)),
        }
    }
}

/// Deletes a seed. Its title stays, as the token has it.
fn delete(pen: &mut Pen<'_, '_>, profile: u8) -> Result<Operated, Stop> {
    let mut was_empty = false;
    let deleted = pen.write_or(
        Step::Delete,
        &Apdu::new([0x80, 0xe6, 0x00, profile]).expecting(0),
        Held::Nothing,
        |step, status| {
            was_empty = status == StatusWord::RECORD;
            TokenError::status(step, status)
        },
    );
    if was_empty { Ok(Operated::WasEmpty) } else { deleted.map(|()| Operated::Done) }
}

fn screen(pen: Pen<'_, '_>, apdu: &Apdu) -> Result<Operated, Stop> {
    let mut session = session(pen)?;
    session.pen.write_or(Step::Screen, apdu, Held::Before, |step, status| match status {
        // Firmware before 2.1 has no lock.
        StatusWord::INSTRUCTION => TokenError::Unable,
        status => TokenError::status(step, status),
    })?;
    Ok(Operated::Done)
}

/// What came of a command that the button confirms.
fn answered(pen: &Pen<'_, '_>, step: Step, status: StatusWord) -> Result<Operated, Stop> {
    match status {
        StatusWord::OK => Ok(Operated::Done),
        StatusWord::BUTTON => Ok(Operated::AsksForButton),
        status => Err(pen.stop(TokenError::status(step, status))),
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::Secret;
    use countersign_protocol::otp::Algorithm;

    use super::*;
    use crate::burn::request::DisplayTime;
    use crate::burn::testing::{Player, RFC_SEED, credential, hex, seed};
    use crate::burn::{CredentialError, Seed};

    const INFO: &str = "0000000E3030303030303030303030303432 0000 6553F100 9000";
    const CHALLENGE: &str = "11223344556677889000";
    const AUTHENTICATE: &str = "80CE000010 550EC1328F963EB02972BB141E1CF521";
    const EMPTY: &str = "951F701D00 00000000000000000000000000000000 6553F100 00000000 01 1E 06 00 9000";
    const GOOGLE: &str = "951F701D20 476F6F676C6500000000000000000000 6553F100 6553F100 01 1E 06 01 9000";

    fn of(profile: u8, title: &str, seed_bytes: &[u8]) -> Request {
        let mut request = Request::new(credential());
        (request.profile, request.title, request.display) = (profile, Some(title.into()), DisplayTime::Sixty);
        request.credential.seed = seed(seed_bytes);
        request
    }

    fn player(answers: &[&str]) -> Player {
        Player::answering(&[&[INFO], answers].concat()).of(Family::Molto2).at(1_700_000_000)
    }

    #[test]
    fn a_profile_is_written_and_read_back() {
        let mut player = player(&[EMPTY, CHALLENGE, "9000", "9000", "9000", "9000", GOOGLE, INFO]);
        assert_eq!(player.burn(of(7, "Google", RFC_SEED), &KeyProfile::Vendor), Ok(()));
        assert_eq!(player.verify(), Ok(Proof::Settings));
        let expected = [
            "80 41 00 00 00",
            "80410007 01 70",
            "80 4B 08 00 00",
            AUTHENTICATE,
            "84D401071A 81141F01020F046553F10086090A01010B01060D011E 5FE6042A",
            "84C5010724 5D848C69EB8E884E7D20591FF89ADEFF31FD80354BF08248E60D457774BBF06E F534C738",
            "84D5000714 934363A4A0B27FE53AC3FBDBDC50A270 F086F8A0",
            "80410007 01 70",
            "80 41 00 00 00",
        ];
        assert_eq!(player.sent(), expected.map(hex));
    }

    #[test]
    fn one_that_is_alike_in_all_but_its_number_is_another() {
        let other = INFO.replace("3432 0000", "3433 0000");
        assert_ne!(other, INFO);
        let mut player = player(&[EMPTY, CHALLENGE, "9000", "9000", "9000", "9000", GOOGLE, &other]);
        player.burn(of(7, "Google", RFC_SEED), &KeyProfile::Vendor).unwrap();
        assert_eq!(player.verify(), Err(TokenError::OtherToken));
    }

    #[test]
    fn seeds_and_titles_are_those_that_are_published() {
        let cases: [(u8, &[u8], &str); 2] = [
            (
                0,
                b"1234567890123456",
                "84C5010024 5D848C69EB8E884E7D20591FF89ADEFF9D199F6663A6F7234F37AD5487AFF272 A8A84AEA",
            ),
            (
                99,
                b"12345678901234567890123456789012",
                "84C5016334 5D848C69EB8E884E7D20591FF89ADEFF381D65B0547F2F6AEDB2EE32AA2947E59D199F6663A6F7234F37AD5487AF\
                 F272 00555A61",
            ),
        ];
        for (profile, seed, expected) in cases {
            let mut player = player(&[EMPTY, CHALLENGE, "9000", "9000", "9000", "9000"]);
            player.burn(of(profile, "hello", seed), &KeyProfile::Vendor).unwrap();
            assert_eq!(player.sent()[5], hex(expected));
        }
        let mut player = player(&[EMPTY, CHALLENGE, "9000", "9000", "9000", "9000"]);
        player.burn(of(3, "hello", RFC_SEED), &KeyProfile::Vendor).unwrap();
        assert_eq!(player.sent()[6], hex("84D5000314 AA6492E824DF9E2BE60917D1226AE896 5AF94611"));
    }

    #[test]
    fn zeros_are_no_seed_and_would_be_sealed_as_they_are_published() {
        let zero = Seed::try_from(Secret::from_slice(&[0; 20]));
        assert_eq!(zero.unwrap_err(), CredentialError::SeedZero);
        let cipher = Cipher::new(&derived(CUSTOMER_KEY));
        let signed = |body: &[u8]| {
            let mac = cipher.mac(&[&[0x80, 0xc5, 1, 7, body.len() as u8], body].concat());
            [&[0x84, 0xc5, 1, 7, body.len() as u8 + 4], body, &mac].concat()
        };
        let padded = "84C5010724 14CC24B0CC984DA7612C0799D350E38C2C6DDD4F3D6531076ED6B99875607D58 CC52B85C";
        assert_eq!(signed(&cipher.seal(&[0; 20])), hex(padded));
        let clear = "84C5010724 14CC24B0CC984DA7612C0799D350E38C14CC24B0CC984DA7612C0799D350E38C BA3D8343";
        assert_eq!(signed(&[cipher.block(&[0; 16]); 2].concat()), hex(clear));
    }

    #[test]
    fn what_is_in_a_profile_goes_when_that_was_agreed() {
        let mut player = player(&[GOOGLE, CHALLENGE, "9000", "9000", "9000", "9000", "9000"]);
        let mut request = of(7, "Google", RFC_SEED);
        request.replace = true;
        player.burn(request, &KeyProfile::Vendor).unwrap();
        assert_eq!(player.sent()[4], hex("80E6000700"));
        assert_eq!(player.sent().len(), 8);
    }

    #[test]
    fn what_was_not_kept_is_noticed() {
        for (from, to) in [
            ("01 1E 06 01", "02 1E 06 01"),
            ("1E 06 01 9", "3C 06 01 9"),
            ("06 01 9", "08 01 9"),
            ("06 01 9", "06 00 9"),
            ("47", "48"),
        ] {
            let other = GOOGLE.replacen(from, to, 1);
            let mut player = player(&[EMPTY, CHALLENGE, "9000", "9000", "9000", "9000", &other, INFO]);
            player.burn(of(7, "Google", RFC_SEED), &KeyProfile::Vendor).unwrap();
            assert_eq!(player.verify(), Err(TokenError::NotKept(Step::ReadBack)), "{to}");
        }
        for wrong in ["951F701C20", "941F701D20", "951F711D20", "9520701D20"] {
            let told = hex(&GOOGLE.replace(' ', "").replace("951F701D20", wrong));
            assert!(Public::parse(&told[..told.len() - 2], Step::List).is_err(), "{wrong}");
        }
    }

    #[test]
    fn its_key_is_changed_and_its_button_asked_for() {
        let own = KeyProfile::Vendor;
        let change = Operation::ChangeKey(Secret::from_slice(&[0; 16]));
        let mut changed = player(&[CHALLENGE, "9000", "9060"]);
        assert_eq!(changed.operate(&change, &own), Ok(Operated::AsksForButton));
        let vector = "84D7000024 D42E83EC1BB82944A85FCE676BD0FD22E7577A25916244DCC4EC7412D665AF4B 67821C80";
        assert_eq!(changed.sent()[3], hex(vector));
        for (operation, expected, answers) in [
            (Operation::Reset, "80 56 00 00 00", &["9060"][..]),
            (Operation::LockScreen, "80 D8 0C 02 00", &[CHALLENGE, "9000", "9000"]),
            (Operation::UnlockScreen, "80 D8 0C 02 01 01", &[CHALLENGE, "9000", "9000"]),
            (Operation::Delete(of(7, "x", RFC_SEED)), "80 E6 00 07 00", &[CHALLENGE, "9000", "9000"]),
        ] {
            let mut player = player(answers);
            player.operate(&operation, &own).unwrap();
            assert_eq!(player.sent().last(), Some(&hex(expected)));
        }
        let mut empty = player(&[CHALLENGE, "9000", "6A83"]);
        assert_eq!(empty.operate(&Operation::Delete(of(7, "x", RFC_SEED)), &own), Ok(Operated::WasEmpty));
        let mut old = player(&[CHALLENGE, "9000", "6D00"]);
        assert_eq!(old.operate(&Operation::LockScreen, &own).unwrap_err().error, TokenError::Unable);
        let mut synced = player(&[CHALLENGE, "9000", "9000"]).at(0x6612_3456);
        synced.operate(&Operation::SyncClock(of(0, "x", RFC_SEED)), &own).unwrap();
        assert_eq!(synced.sent()[3], hex("84D401000C 81060F0466123456 42304790"));
    }

    #[test]
    fn customer_keys_have_any_length_and_tries_are_told() {
        assert_eq!(*derived(CUSTOMER_KEY), *hex("099250FDB017F442DA429ECBBEE17F79"));
        for length in [0, 5, 16, 40, limits::TOKEN_KEY] {
            let mut player = player(&[EMPTY, CHALLENGE, "63C7"]);
            let own = KeyProfile::Own(Secret::from_slice(&vec![b' '; length]));
            let stop = player.burn(of(1, "x", RFC_SEED), &own).unwrap_err();
            assert_eq!((stop.error, stop.is_untouched()), (TokenError::WrongKey { left: Some(7) }, true));
            assert_eq!(player.sent().len(), 4);
        }
        let long = limits::TOKEN_KEY + 1;
        let mut player = player(&[EMPTY]);
        let own = KeyProfile::Own(Secret::from_slice(&vec![1; long]));
        assert_eq!(player.burn(of(1, "x", RFC_SEED), &own).unwrap_err().error, TokenError::KeyLength(long));
        let mut none = self::player(&["6A86"]);
        let absent = none.survey(&of(100, "x", RFC_SEED), &KeyProfile::Vendor);
        assert_eq!(absent, Err(TokenError::Absent(Step::List)));
        assert_eq!(Algorithm::ALL.map(algorithm), [1, 2, 3, 0, 0, 0]);
    }
}
