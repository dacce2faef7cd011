//! Token2's single-profile tokens of the second generation: seed and clock can be written, nothing read back but the
//! clock.

use zeroize::Zeroizing;

use super::Driver;
use super::display::{Info, Session, algorithm};
use crate::burn::apdu::{Apdu, StatusWord};
use crate::burn::channel::Channel;
use crate::burn::identity::{Family, Identity};
use crate::burn::operation::{Operated, Operation};
use crate::burn::pen::{Held, Pen, Stop, Tools};
use crate::burn::plan::{Holding, Plan};
use crate::burn::request::{KeyProfile, Request};
use crate::burn::room::Room;
use crate::burn::sm4::{self, Block, Cipher};
use crate::burn::verify::Proof;
use crate::burn::{Moving, Step, TokenError};

/// A kind of token that is sold, known by how its serial number begins.
struct Model {
    prefix: &'static str,
    name: &'static str,
    /// Whether a seed stays when the clock is set.
    keeps_seed: bool,
}

const MODELS: [Model; 8] = [
    Model { prefix: "8659600", name: "miniOTP-2-i", keeps_seed: true },
    Model { prefix: "8659612", name: "OTPC-P1-i", keeps_seed: true },
    Model { prefix: "8659632", name: "C302-i", keeps_seed: true },
    Model { prefix: "8659601", name: "miniOTP-3-i", keeps_seed: false },
    Model { prefix: "8659609", name: "miniOTP-3-i-NB", keeps_seed: false },
    Model { prefix: "8659610", name: "C301-i", keeps_seed: false },
    Model { prefix: "8659622", name: "OTPC-P2-i", keeps_seed: false },
    Model { prefix: "8659621", name: "OTPC-P2-i-NB", keeps_seed: false },
];

/// Tokens of the same house that the factory seeds.
const FACTORY_SEEDED: &str = "8659623";

/// The key of every token of the family. Its maker has published it.
const KEY: Block = [0x8a, 0xd2, 0x06, 0x88, 0x3c, 0xa3, 0x69, 0x48, 0x2a, 0xb2, 0x71, 0x82, 0xb6, 0xe8, 0x32, 0x24];

/// To how many bytes a short seed is extended by zeros: the form that was used longest on hardware.
const USUAL_SEED: usize = 20;

/// How far its clock may be from ours when it was just set, in seconds.
const CLOCK_NOISE: u64 = 2;

pub(in crate::burn) struct Single {
    identity: Identity,
}

impl Single {
    /// Asks for serial number and clock.
    pub(super) fn identify(channel: &mut Channel<'_>, now: u64) -> Result<Option<Self>, TokenError> {
        Ok(info(channel)?.map(|info| Self { identity: identity(&info, now) }))
    }
}

/// Whether a serial number is one of a token that the factory seeds.
pub(in crate::burn) fn is_factory_seeded(identity: &Identity) -> bool {
    let begins = |serial: &crate::burn::Serial| serial.as_str().starts_with(FACTORY_SEEDED);
    identity.family == Family::Single && identity.serial.as_ref().is_some_and(begins)
}

fn identity(info: &Info, now: u64) -> Identity {
    let model = MODELS.iter().find(|model| info.serial.as_str().starts_with(model.prefix));
    Identity {
        model: model.map(|model| model.name),
        serial: Some(info.serial.clone()),
        ahead: Some(info.ahead(now)),
        clock_takes_seed: model.is_none_or(|model| !model.keeps_seed),
        ..Identity::new(Family::Single)
    }
}

fn info(channel: &mut Channel<'_>) -> Result<Option<Info>, TokenError> {
    let response = channel.exchange(&Apdu::with([0x80, 0x41, 0x00, 0x00], &[0x02, 0x11])?)?;
    Ok(Some(response)
        .filter(|response| response.status == StatusWord::OK)
        .and_then(|told| Info::parse(told.data.expose())))
}

fn cipher(key: &KeyProfile) -> Result<Cipher, TokenError> {
    match key {
        KeyProfile::Vendor => Ok(Cipher::new(&KEY)),
        KeyProfile::Own(key) => sm4::key(key).map(|key| Cipher::new(&key)).ok_or(TokenError::KeyLength(key.len())),
    }
}

/// Everything at once: display, clock, hash, step.
fn config(request: &Request, now: u32) -> Result<[u8; 19], TokenError> {
    let step = match request.credential.moving {
        Moving::Time(period) => u8::try_from(period.seconds()).map_err(|_| TokenError::Unable)?,
        Moving::Counter(_) => return Err(TokenError::Unable),
    };
    let [a, b, c, d] = now.to_be_bytes();
    let hash = algorithm(request.credential.algorithm);
    #[rustfmt::skip]
    let config = [
        0x81, 0x11,
            0x1f, 1, request.display.byte(),
            0x0f, 4, a, b, c, d,
            0x86, 6,
                0x0a, 1, hash,
                0x0d, 1, step,
    ];
    Ok(config)
}

/// The seed as it is sent. HMAC pads keys with zeros, so a longer one with zeros at its end gives the same codes.
fn extended(seed: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut extended = Zeroizing::new(Vec::with_capacity(seed.len().max(USUAL_SEED)));
    extended.extend_from_slice(seed);
    extended.resize(seed.len().max(USUAL_SEED), 0);
    extended
}

fn session<'a, 'l>(pen: Pen<'a, 'l>) -> Result<Session<'a, 'l, super::display::Proven>, Stop> {
    let cipher = cipher(pen.key).map_err(|error| pen.stop(error))?;
    let draw = Apdu::with([0x80, 0x4b, 0x08, 0x00], &[0]).map_err(|error| pen.stop(error.into()))?;
    Session::new(pen, cipher).authenticate(&draw)
}

impl Driver for Single {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn survey(
        &mut self,
        _: &mut Channel<'_>,
        _: &Request,
        _: &KeyProfile,
        _: Tools<'_>,
    ) -> Result<Holding, TokenError> {
        Ok(Holding::Hidden)
    }

    fn room(&mut self, _: &mut Channel<'_>, _: &KeyProfile, _: Tools<'_>) -> Result<Option<Room>, TokenError> {
        Ok(None)
    }

    /// Challenge, proof, settings, seed: in this order alone, since settings take the seed away on most models.
    fn execute(&mut self, pen: Pen<'_, '_>, plan: &Plan) -> Result<(), Stop> {
        let session = session(pen)?;
        session.pen.check_cancel()?;
        let now = session.pen.now()?;
        let config = config(&plan.request, now).map_err(|error| session.pen.stop(error))?;
        let then = if self.identity.clock_takes_seed { Held::Nothing } else { Held::Mixed };
        let mut session = session.write_config([0x84, 0xd4, 0x00, 0x00], &config, then)?;
        session.write_seed([0x84, 0xc5, 0x01, 0x00], &extended(plan.request.credential.seed.expose()))
    }

    fn verify(&mut self, channel: &mut Channel<'_>, plan: &Plan, tools: Tools<'_>) -> Result<Proof, TokenError> {
        let info = info(channel)?.ok_or(TokenError::Unreadable(Step::ReadBack))?;
        if plan.identity.serial.as_ref() != Some(&info.serial) {
            return Err(TokenError::OtherToken);
        }
        if info.ahead(tools.clock.now()).unsigned_abs() > CLOCK_NOISE {
            return Err(TokenError::NotKept(Step::Config));
        }
        Ok(Proof::Settings)
    }

    fn operate(&mut self, pen: Pen<'_, '_>, operation: &Operation) -> Result<Operated, Stop> {
        let Operation::SyncClock(request) = operation else { return Err(pen.stop(TokenError::Unable)) };
        if self.identity.clock_takes_seed {
            return Err(pen.stop(TokenError::Unable));
        }
        let session = session(pen)?;
        let now = session.pen.now()?;
        let config = config(request, now).map_err(|error| session.pen.stop(error))?;
        session.write_config([0x84, 0xd4, 0x00, 0x00], &config, Held::Before)?;
        Ok(Operated::Done)
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::Secret;
    use countersign_protocol::otp::{Algorithm, Period};

    use super::*;
    use crate::burn::request::DisplayTime;
    use crate::burn::testing::{Player, RFC_SEED, credential, hex, seed};

    const CHALLENGE: &str = "11223344556677889000";
    const INFO: &str = "0000000E3836353936323230303030303031 0000 6553F100 9000";
    const AUTHENTICATE: &str = "80CE000010 8B7450F22721BC29985C2C460B65045D";

    /// What is sent for a request: settings and seed.
    fn sent(request: Request, now: u64) -> [Vec<u8>; 2] {
        let mut player = Player::answering(&[INFO, CHALLENGE, "9000", "9000", "9000"]).at(now);
        player.burn(request, &KeyProfile::Vendor).unwrap();
        let [_, _, _, config, seed] = player.sent().try_into().unwrap();
        [config, seed]
    }

    fn of(seed_bytes: &[u8]) -> Request {
        let mut request = Request::new(credential());
        request.credential.seed = seed(seed_bytes);
        request
    }

    #[test]
    fn the_worked_example() {
        let mut player = Player::answering(&[INFO, CHALLENGE, "9000", "9000", "9000", INFO]).at(1_700_000_000);
        assert_eq!(player.burn(of(RFC_SEED), &KeyProfile::Vendor), Ok(()));
        assert_eq!(player.verify(), Ok(Proof::Settings));
        let expected = [
            "80 41 00 00 02 02 11",
            "80 4B 08 00 01 00",
            AUTHENTICATE,
            "84 D4 00 00 17 81 11 1F 01 01 0F 04 65 53 F1 00 86 06 0A 01 01 0D 01 1E 4F FD C2 88",
            "84C5010024 5E5856092FD3228D4D33EEE3DAAC4B55CE37D18D332B7AC6A40E8661FA23042A F47B0153",
            "80 41 00 00 02 02 11",
        ];
        assert_eq!(player.sent(), expected.map(hex));
    }

    #[test]
    fn settings_are_those_that_are_published() {
        let cases = [
            (DisplayTime::Sixty, Algorithm::Sha256, 60, 0x6543_2100, "81111F01020F046543210086060A01020D013C 37A18BF9"),
            (
                DisplayTime::Thirty,
                Algorithm::Sha256,
                30,
                0x6553_f100,
                "81111F01010F046553F10086060A01020D011E C4F0EA41",
            ),
            (DisplayTime::Thirty, Algorithm::Sha1, 60, 0x6553_f100, "81111F01010F046553F10086060A01010D013C 9322D18E"),
        ];
        for (display, algorithm, step, now, expected) in cases {
            let mut request = of(RFC_SEED);
            (request.display, request.credential.algorithm) = (display, algorithm);
            request.credential.moving = Moving::Time(Period::try_from(step).unwrap());
            assert_eq!(sent(request, now)[0], hex(&format!("84D4000017{expected}")));
        }
    }

    #[test]
    fn seeds_are_those_that_are_published() {
        let up = |from: u8, to: u8| (from..=to).collect::<Vec<_>>();
        let cases: [(&[u8], &str); 7] = [
            (&up(1, 0x14), "24 6EEAD21474BBF3A0A2B4C18F489E543CF48725A71EE9C3A65963E88BE9405E3D 5F6EA0C1"),
            (
                &up(0x10, 0x2f),
                "34 B830899CFE9DE292CD26D3C7439215CE18503D57AC31735AFA60EBA20F64D6F7D219EFC9972FED9191DF027FD36A80B0 \
                 880D59FA",
            ),
            (
                b"12345678901234567890123456789012",
                "34 5E5856092FD3228D4D33EEE3DAAC4B555DE80AA99074AB9727640C64FF67D124D219EFC9972FED9191DF027FD36A80B0 \
                 F97FF0CA",
            ),
            (
                &up(0, 0x2f),
                "44 B766BFF098C4EB0D7F67AB23463F6F12B830899CFE9DE292CD26D3C7439215CE18503D57AC31735AFA60EBA20F64D6F7\
                 D219EFC9972FED9191DF027FD36A80B0 1577124A",
            ),
            (
                &up(1, 0x3f),
                "44 6EEAD21474BBF3A0A2B4C18F489E543C3CACF8FD7D5DB9140A77F2C9676B1FE2EB7381A096F8D022E71A077D736A041A\
                 FCF8A1F5249B0FA12F406589A1FC129E 108E3D34",
            ),
            (
                &hex("48656C6C6F21DEADBEEF"),
                "24 3162105FC9B67095C804B1D4FE05EFCF8BEA5767D1DF80AE794C819D4F7C843C D7C9E128",
            ),
            (RFC_SEED, "24 5E5856092FD3228D4D33EEE3DAAC4B55CE37D18D332B7AC6A40E8661FA23042A F47B0153"),
        ];
        for (seed, expected) in cases {
            assert_eq!(sent(of(seed), 0)[1], hex(&format!("84C50100{expected}")));
        }
    }

    #[test]
    fn seeds_that_no_plan_extends_are_sealed_as_they_are_published() {
        let cipher = Cipher::new(&KEY);
        let signed = |plain: &[u8]| {
            let body = cipher.seal(plain);
            let mac = cipher.mac(&[&[0x80, 0xc5, 1, 0, body.len() as u8], &*body].concat());
            [&[0x84, 0xc5, 1, 0, body.len() as u8 + 4], &*body, &mac].concat()
        };
        let sixteen = "84C5010024 5E5856092FD3228D4D33EEE3DAAC4B55D219EFC9972FED9191DF027FD36A80B0 442EE403";
        assert_eq!(signed(b"1234567890123456"), hex(sixteen));
        let ten = "84C5010014 E37E185346F9F5572F823CDF83FA4F9F BBE381DA";
        assert_eq!(signed(&hex("48656C6C6F21DEADBEEF")), hex(ten));
        // As it is sent: extended.
        assert_eq!(sent(of(b"1234567890123456"), 0)[1].len(), 5 + 32 + 4);
    }

    #[test]
    fn a_wrong_key_is_tried_once() {
        let mut player = Player::answering(&[INFO, CHALLENGE, "6983"]);
        let own = KeyProfile::Own(Secret::from_slice(&[0; 16]));
        let stop = player.burn(of(RFC_SEED), &own).unwrap_err();
        assert_eq!((stop.error, stop.is_untouched()), (TokenError::WrongKey { left: None }, true));
        assert_eq!(player.sent()[2..], [hex("80CE000010 765CF484A34711B3BF0FCAD098CC34B8")]);
        let mut player = Player::answering(&[INFO]);
        let short = KeyProfile::Own(Secret::from_slice(&[0; 15]));
        assert_eq!(player.burn(of(RFC_SEED), &short).unwrap_err().error, TokenError::KeyLength(15));
        assert_eq!(player.sent().len(), 1);
    }

    #[test]
    fn the_clock_alone_is_set_where_it_costs_no_seed() {
        let sync = Operation::SyncClock(of(RFC_SEED));
        let mut player = Player::answering(&[INFO]);
        assert_eq!(player.operate(&sync, &KeyProfile::Vendor).unwrap_err().error, TokenError::Unable);
        assert_eq!(player.sent().len(), 1);
        let unrestricted = INFO.replace("3836353936323230", "3836353936303030");
        let mut player = Player::answering(&[&unrestricted, CHALLENGE, "9000", "9000"]);
        assert_eq!(player.operate(&sync, &KeyProfile::Vendor), Ok(Operated::Done));
        assert_eq!((player.sent().len(), player.sent()[3][1]), (4, 0xd4));
    }
}
