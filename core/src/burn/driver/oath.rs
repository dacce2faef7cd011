//! The YKOATH applet and its relatives: entries by name, codes for challenges, an access code.

use countersign_protocol::Secret;
use countersign_protocol::jose::b64u;
use countersign_protocol::otp::Algorithm;
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

use super::{Driver, count, listed};
use crate::burn::apdu::{Apdu, StatusWord};
use crate::burn::channel::{Channel, Rest};
use crate::burn::code::{digits, is_code_of};
use crate::burn::credential::{Credential, Serial};
use crate::burn::error::unreadable;
use crate::burn::identity::{Dialect, Family, Identity};
use crate::burn::name::Stored;
use crate::burn::operation::{Operated, Operation};
use crate::burn::pen::{Held, Pen, Stop, Tools};
use crate::burn::plan::{Erases, Holding, Plan};
use crate::burn::request::{KeyProfile, Request};
use crate::burn::room::Room;
use crate::burn::tlv::{Reader, Writer};
use crate::burn::verify::{FIXED, Proof};
use crate::burn::{Moving, Step, TokenError};
use crate::limits;

const AID: &[u8] = &[0xa0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01];

const NAME: u8 = 0x71;
const LIST: u8 = 0x72;
const KEY: u8 = 0x73;
const CHALLENGE: u8 = 0x74;
const RESPONSE: u8 = 0x75;
const TRUNCATED: u8 = 0x76;
const VERSION: u8 = 0x79;
const COUNTER: u8 = 0x7a;
const PIN_TRIES: u8 = 0x82;
const SERIAL: u8 = 0x8f;

/// The property that asks for a touch. It has no length byte.
const TOUCH: [u8; 2] = [0x78, 0x02];
/// Below this, keys get zeros at their end.
const SHORTEST_KEY: usize = 14;
/// Rounds that a password goes through.
const ROUNDS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

pub(super) struct Oath {
    identity: Identity,
    dialect: Dialect,
    salt: Vec<u8>,
    /// What an access code is proven for, where there is one.
    challenge: Option<Vec<u8>>,
}

impl Oath {
    /// Selects the applet. There is no Le: some keys answer badly to one.
    pub(super) fn identify(channel: &mut Channel<'_>) -> Result<Option<Self>, TokenError> {
        let response = channel.exchange(&Apdu::with([0x00, 0xa4, 0x04, 0x00], AID)?)?;
        if response.status != StatusWord::OK {
            return Ok(None);
        }
        channel.continuing(Rest::SendRemaining);
        Self::parse(response.data.expose()).map(Some)
    }

    fn parse(told: &[u8]) -> Result<Self, TokenError> {
        let (mut version, mut salt, mut challenge, mut number) = (None::<[u8; 3]>, Vec::new(), None, None);
        let mut has_pin = false;
        let mut reader = Reader::new(told);
        while let Some((tag, value)) = reader.object().map_err(unreadable(Step::Select))? {
            match tag {
                VERSION => version = value.try_into().ok(),
                NAME => salt = value.to_vec(),
                CHALLENGE => challenge = Some(value.to_vec()),
                SERIAL => number = Some(value.iter().map(|byte| format!("{byte:02X}")).collect::<String>()),
                PIN_TRIES => has_pin = true,
                _ => {}
            }
        }
        // A Nitrokey tells its software's version, from which nothing about a YubiKey's functions follows.
        let dialect = match version {
            _ if number.is_some() || has_pin => Dialect::Nitrokey,
            Some([0, ..]) => Dialect::Apex,
            Some([1, ..]) => Dialect::NeoOath,
            _ => Dialect::YubiKey,
        };
        let serial = number.or_else(|| (!salt.is_empty()).then(|| device_id(&salt)));
        let identity = Identity {
            model: Some(match dialect {
                Dialect::YubiKey => "YubiKey",
                Dialect::NeoOath => "ykneo-oath",
                Dialect::Apex => "Apex",
                Dialect::Nitrokey => "Nitrokey 3",
            }),
            serial: serial.as_deref().and_then(|serial| Serial::try_from(serial).ok()),
            version,
            ..Identity::new(Family::Oath(dialect))
        };
        Ok(Self { identity, dialect, salt, challenge })
    }

    /// Proves the access code, where there is one that was not proven yet. There is one attempt.
    fn validate(&mut self, channel: &mut Channel<'_>, key: &KeyProfile, tools: Tools<'_>) -> Result<(), TokenError> {
        let Some(challenge) = self.challenge.take() else { return Ok(()) };
        let KeyProfile::Own(code) = key else {
            self.challenge = Some(challenge);
            return Err(TokenError::AccessCode);
        };
        let key = access_key(code, &self.salt)?;
        let own = tools.random.array::<8>()?;
        let proof = Writer::new().put(RESPONSE, &[&sha1(&key, &challenge)]).put(CHALLENGE, &[&own]);
        let response = channel.exchange(&Apdu::with([0x00, 0xa3, 0x00, 0x00], proof.bytes())?)?;
        if matches!(response.status, StatusWord::DATA | StatusWord::REFERENCE) {
            return Err(TokenError::WrongKey { left: None });
        }
        let answer = response.done(Step::Validate)?;
        let answer = Reader::only(answer.expose(), RESPONSE).map_err(unreadable(Step::Validate))?;
        // Who does not know the code either is not the token that it was set on.
        if Secret::new(sha1(&key, &own)).ct_eq(answer) { Ok(()) } else { Err(TokenError::OtherToken) }
    }

    /// What a status word means to this dialect.
    fn means(&self, step: Step, status: StatusWord) -> TokenError {
        match (self.dialect, status) {
            (Dialect::Nitrokey, StatusWord::SECURITY) | (_, StatusWord::CONDITIONS) => TokenError::NotTouched(step),
            (_, StatusWord::SECURITY) => TokenError::AccessCode,
            (_, StatusWord::REFERENCE | StatusWord::FILE) => TokenError::Absent(step),
            _ => TokenError::status(step, status),
        }
    }

    /// The list of its entries.
    fn list(&mut self, channel: &mut Channel<'_>, key: &KeyProfile, tools: Tools<'_>) -> Result<Secret, TokenError> {
        self.validate(channel, key, tools)?;
        let response = channel.exchange(&Apdu::new([0x00, 0xa1, 0x00, 0x00]).expecting(0))?;
        if response.status == StatusWord::SECURITY {
            return Err(TokenError::AccessCode);
        }
        response.done(Step::List)
    }

    fn delete(&self, pen: &mut Pen<'_, '_>, name: &str) -> Result<(), Stop> {
        let data = Writer::new().put(NAME, &[name.as_bytes()]);
        let apdu = Apdu::with([0x00, 0x02, 0x00, 0x00], data.bytes()).map_err(|error| pen.stop(error.into()))?;
        pen.write_or(Step::Delete, &apdu, Held::Nothing, |step, status| self.means(step, status))
    }

    fn set_code(&self, pen: &mut Pen<'_, '_>, code: Option<&Secret>) -> Result<Operated, Stop> {
        if self.dialect == Dialect::Nitrokey {
            return Err(pen.stop(TokenError::Unable));
        }
        let data = match code {
            None => Writer::new().put(KEY, &[]),
            Some(code) => {
                let key = access_key(code, &self.salt).map_err(|error| pen.stop(error))?;
                let challenge = pen.tools.random.array::<8>().map_err(|error| pen.stop(error.into()))?;
                Writer::new()
                    .put(KEY, &[&[0x21], &*key])
                    .put(CHALLENGE, &[&challenge])
                    .put(RESPONSE, &[&sha1(&key, &challenge)])
            }
        };
        let apdu = Apdu::with([0x00, 0x03, 0x00, 0x00], data.bytes()).map_err(|error| pen.stop(error.into()))?;
        pen.write_or(Step::ChangeKey, &apdu, Held::Before, |step, status| self.means(step, status))?;
        Ok(Operated::Done)
    }
}

/// What Yubico's programs call a device by: sixteen bytes of a hash of its salt, in base64 without padding.
fn device_id(salt: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, salt);
    let id = b64u::encode(hash.as_ref().get(..16).unwrap_or_default());
    id.replace('-', "+").replace('_', "/")
}

fn sha1(key: &[u8; 16], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), message).as_ref().to_vec()
}

/// The key that an access code is made into.
fn access_key(code: &Secret, salt: &[u8]) -> Result<Zeroizing<[u8; 16]>, TokenError> {
    if code.len() > limits::TOKEN_KEY {
        return Err(TokenError::KeyLength(code.len()));
    }
    let mut key = Zeroizing::new([0; 16]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, ROUNDS, salt, code.expose(), &mut *key);
    Ok(key)
}

/// A seed as it is stored: hashed when it is longer than the hash's block, with zeros at its end when it is short. Its
/// codes are the same.
fn prepared(credential: &Credential) -> Zeroizing<Vec<u8>> {
    let seed = credential.seed.expose();
    let (block, algorithm) = match credential.algorithm {
        Algorithm::Sha1 => (64, &digest::SHA1_FOR_LEGACY_USE_ONLY),
        Algorithm::Sha256 => (64, &digest::SHA256),
        // No plan holds what comes after it.
        Algorithm::Sha512 | Algorithm::Sha224 | Algorithm::Sha384 | Algorithm::Md5 => (128, &digest::SHA512),
    };
    let mut key = Zeroizing::new(Vec::with_capacity(128));
    if seed.len() > block {
        key.extend_from_slice(digest::digest(algorithm, seed).as_ref());
    } else {
        key.extend_from_slice(seed);
    }
    let length = key.len().max(SHORTEST_KEY);
    key.resize(length, 0);
    key
}

/// What PUT carries.
fn entry(request: &Request, name: &str) -> Result<Writer, TokenError> {
    let credential = &request.credential;
    let algorithm = super::display::algorithm(credential.algorithm);
    let (kind, counter) = match credential.moving {
        Moving::Time(_) => (0x20, 0),
        Moving::Counter(counter) => (0x10, u32::try_from(counter.get()).map_err(|_| TokenError::Unable)?),
    };
    let head = [kind | algorithm, credential.digits.get()];
    let entry = Writer::new().put(NAME, &[name.as_bytes()]).put(KEY, &[&head, &prepared(credential)]);
    let entry = if request.touch { entry.raw(&TOUCH) } else { entry };
    Ok(if counter > 0 { entry.put(COUNTER, &[&counter.to_be_bytes()]) } else { entry })
}

impl Driver for Oath {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn survey(
        &mut self,
        channel: &mut Channel<'_>,
        request: &Request,
        key: &KeyProfile,
        tools: Tools<'_>,
    ) -> Result<Holding, TokenError> {
        let Ok(stored) = Stored::of(self.identity.family, request) else { return Ok(Holding::Free) };
        listed(LIST, self.list(channel, key, tools)?.expose(), stored.one())
    }

    fn room(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyProfile,
        tools: Tools<'_>,
    ) -> Result<Option<Room>, TokenError> {
        let taken = count(LIST, self.list(channel, key, tools)?.expose())?;
        let version = self.identity.version.filter(|_| self.dialect == Dialect::YubiKey);
        // As Yubico's documents say.
        let all = version.map(|version| if version >= [5, 7, 0] { 64 } else { 32 });
        Ok(Some(Room::of_entries(taken, all)))
    }

    fn execute(&mut self, mut pen: Pen<'_, '_>, plan: &Plan) -> Result<(), Stop> {
        pen.check_cancel()?;
        let (tools, key) = (pen.tools, pen.key);
        self.validate(pen.channel, key, tools).map_err(|error| pen.stop(error))?;
        let name = plan.stored.one();
        let entry = entry(&plan.request, name).map_err(|error| pen.stop(error))?;
        let put = Apdu::with([0x00, 0x01, 0x00, 0x00], entry.bytes()).map_err(|error| pen.stop(error.into()))?;
        // A Nitrokey takes no entry over another; all others do.
        if self.dialect == Dialect::Nitrokey && matches!(plan.erases, Erases::Entry(_)) {
            self.delete(&mut pen, name)?;
        }
        pen.write_or(Step::Put, &put, Held::New, |step, status| self.means(step, status))
    }

    fn verify(&mut self, channel: &mut Channel<'_>, plan: &Plan, _: Tools<'_>) -> Result<Proof, TokenError> {
        let credential = &plan.request.credential;
        let name = Writer::new().put(NAME, &[plan.stored.one().as_bytes()]);
        let data = match credential.moving {
            Moving::Time(period) => name.put(CHALLENGE, &[&period.step(FIXED).to_be_bytes()]),
            Moving::Counter(_) => name.put(CHALLENGE, &[]),
        };
        let response = channel.exchange(&Apdu::with([0x00, 0xa2, 0x00, 0x01], data.bytes())?.expecting(0))?;
        if response.status != StatusWord::OK {
            return Err(match self.means(Step::ReadBack, response.status) {
                TokenError::Absent(step) => TokenError::NotKept(step),
                error => error,
            });
        }
        let told = Reader::only(response.data.expose(), TRUNCATED).map_err(unreadable(Step::ReadBack))?;
        let code = digits(told).ok_or(TokenError::Unreadable(Step::ReadBack))?;
        is_code_of(plan, code.as_bytes())
    }

    fn operate(&mut self, mut pen: Pen<'_, '_>, operation: &Operation) -> Result<Operated, Stop> {
        let is_nitrokey = self.dialect == Dialect::Nitrokey;
        let able = match operation {
            Operation::Delete(_) | Operation::Reset => true,
            Operation::ChangeKey(_) | Operation::RemoveKey => !is_nitrokey,
            _ => false,
        };
        if !able {
            return Err(pen.stop(TokenError::Unable));
        }
        // All but Apex let anyone forget everything: that is the way out for who forgot the access code.
        if !matches!(operation, Operation::Reset) || self.dialect == Dialect::Apex {
            let (tools, key) = (pen.tools, pen.key);
            self.validate(pen.channel, key, tools).map_err(|error| pen.stop(error))?;
        }
        match operation {
            Operation::Delete(request) => {
                let stored = Stored::of(self.identity.family, request).map_err(|_| pen.stop(TokenError::Unable))?;
                match self.delete(&mut pen, stored.one()) {
                    Err(Stop { error: TokenError::Absent(_), .. }) => Ok(Operated::WasEmpty),
                    done => done.map(|()| Operated::Done),
                }
            }
            Operation::ChangeKey(code) => self.set_code(&mut pen, Some(code)),
            Operation::RemoveKey => self.set_code(&mut pen, None),
            _ => {
                let reset = Apdu::new([0x00, 0x04, 0xde, 0xad]);
                pen.write_or(Step::Reset, &reset, Held::Nothing, |step, status| self.means(step, status))?;
                Ok(Operated::Done)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::otp::{Counter, Period};

    use super::*;
    use crate::burn::TokenDigits;
    use crate::burn::testing::{Player, RFC_SEED, credential, hex, seed};

    const NEO: &str = "7903010002 71086C5544797A91115D 9000";
    const GUARDED: &str = "7903050403 71080001020304050607 7408A1A2A3A4A5A6A7A8 7B0101 9000";
    const NITROKEY: &str = "7903040D00 71086C5544797A91115D 8F0400BC614E 9000";
    const PUT: &str = "0001000022 710841434D453A626F62 7316 2108 3132333435363738393031323334353637383930";

    fn of_eight() -> Request {
        let mut request = Request::new(credential());
        request.credential.digits = TokenDigits::try_from(8).unwrap();
        request
    }

    fn player(answers: &[&str]) -> Player {
        Player::answering(answers).of(Family::Oath(Dialect::YubiKey))
    }

    /// The answer to CALCULATE for the fixed moment.
    fn told(request: &Request) -> String {
        let code = request.credential.code_at(FIXED);
        format!("7605{:02X}{:08X}9000", request.credential.digits.get(), code.parse::<u32>().unwrap())
    }

    #[test]
    fn the_worked_example() {
        let request = of_eight();
        let mut player = player(&[NEO, "9000", "9000", &told(&request)]);
        assert_eq!(player.burn(request, &KeyProfile::Vendor), Ok(()));
        assert_eq!(player.verify(), Ok(Proof::Code));
        let fixed = "00A2000114 710841434D453A626F62 7408 000000000235 23EC 00";
        let expected = ["00A4040007 A0000005272101", "00A1000000", PUT, fixed];
        assert_eq!(player.sent(), expected.map(hex));
        // RFC 6238: the code of 1111111109 s, and the masked and the unmasked answer of the worked example.
        assert_eq!(*of_eight().credential.code_at(FIXED), "07081804");
        assert_eq!(*digits(&hex("0841397EEA")).unwrap(), "94287082");
        assert_eq!(*digits(&hex("08C1397EEA")).unwrap(), "94287082");
        assert_eq!(*digits(&hex("081A049871")).unwrap(), "36508785");
    }

    #[test]
    fn an_access_code_is_proven_once_and_both_ways() {
        let own = KeyProfile::Own(Secret::from_slice(b"password"));
        let validated = "7514 61C696AC8DE072D8351A52BF77172D0E24B90A10 9000";
        let dice = hex("1122334455667788");
        let request = of_eight();
        let mut guarded = player(&[GUARDED, validated, "9000", "9000", &told(&request)]).dice(&dice);
        assert_eq!(guarded.burn(request, &own), Ok(()));
        assert_eq!(guarded.verify(), Ok(Proof::Code));
        let validate = "00A3000020 7514 A20C47E28348BFC734310E3113DCA3ACBDCCC03A 7408 1122334455667788";
        assert_eq!((&guarded.sent()[1], guarded.sent().len()), (&hex(validate), 5));
        for wrong in ["6A80", "6984"] {
            let mut refused = player(&[GUARDED, wrong]).dice(&dice);
            let stop = refused.survey(&of_eight(), &own);
            assert_eq!((stop, refused.sent().len()), (Err(TokenError::WrongKey { left: None }), 2));
        }
        let mut liar = player(&[GUARDED, &validated.replace("7514 61", "7514 62")]).dice(&dice);
        assert_eq!(liar.survey(&of_eight(), &own), Err(TokenError::OtherToken));
        let mut none = player(&[GUARDED]);
        assert_eq!(none.survey(&of_eight(), &KeyProfile::Vendor), Err(TokenError::AccessCode));
        assert_eq!(none.sent().len(), 1);
        let long = Secret::from_slice(&vec![b'x'; limits::TOKEN_KEY + 1]);
        assert_eq!(access_key(&long, &[]).err(), Some(TokenError::KeyLength(limits::TOKEN_KEY + 1)));
    }

    #[test]
    fn access_codes_are_set_and_taken_away() {
        let select = "7903050403 71080001020304050607 9000";
        let code = Operation::ChangeKey(Secret::from_slice(b"password"));
        let mut player_ = player(&[select, "9000"]).dice(&hex("1122334455667788"));
        assert_eq!(player_.operate(&code, &KeyProfile::Vendor), Ok(Operated::Done));
        let set = "0003000033 731121 B033C030BC2241260787F3AD66DF63E4 7408 1122334455667788 \
                   7514 61C696AC8DE072D8351A52BF77172D0E24B90A10";
        assert_eq!(player_.sent()[1], hex(set));
        for (operation, expected, answer, outcome) in [
            (Operation::RemoveKey, "0003000002 7300", "9000", Operated::Done),
            (Operation::Reset, "0004DEAD", "9000", Operated::Done),
            (Operation::Delete(of_eight()), "000200000A 710841434D453A626F62", "9000", Operated::Done),
            (Operation::Delete(of_eight()), "000200000A 710841434D453A626F62", "6984", Operated::WasEmpty),
        ] {
            let mut player = player(&[select, answer]);
            assert_eq!(player.operate(&operation, &KeyProfile::Vendor), Ok(outcome));
            assert_eq!(player.sent()[1], hex(expected));
        }
        let mut nitrokey = player(&[NITROKEY]);
        assert_eq!(nitrokey.operate(&code, &KeyProfile::Vendor).unwrap_err().error, TokenError::Unable);
        assert_eq!(nitrokey.sent().len(), 1);
    }

    #[test]
    fn relatives_are_told_apart() {
        let of = |told: &str| {
            let told = hex(told);
            Oath::parse(&told[..told.len() - 2]).unwrap()
        };
        assert_eq!((of(NEO).dialect, of(GUARDED).dialect), (Dialect::NeoOath, Dialect::YubiKey));
        assert_eq!(of(NITROKEY).dialect, Dialect::Nitrokey);
        assert_eq!(of(NITROKEY).identity.serial.unwrap().as_str(), "00BC614E");
        assert_eq!(of("7903000102 71086C5544797A91115D 9000").dialect, Dialect::Apex);
        assert_eq!(of("7903040D00 820108 9000").dialect, Dialect::Nitrokey);
        // SHA-256 of the salt, its first sixteen bytes in base64.
        assert_eq!(of(GUARDED).identity.serial.unwrap().as_str(), device_id(&[0, 1, 2, 3, 4, 5, 6, 7]));
        assert_eq!(device_id(&[0, 1, 2, 3, 4, 5, 6, 7]).len(), 22);
        assert!(Oath::parse(&hex("790305")).is_err());
    }

    #[test]
    fn entries_of_every_kind() {
        let made = |change: &dyn Fn(&mut Request)| {
            let mut request = of_eight();
            change(&mut request);
            let name = Stored::of(Family::Oath(Dialect::YubiKey), &request).unwrap();
            entry(&request, name.one()).unwrap().bytes().to_vec()
        };
        let plain = hex(&PUT[10..]);
        assert_eq!(made(&|_| ()), plain);
        assert_eq!(made(&|request| request.touch = true), [&*plain, &[0x78, 2]].concat());
        let counted = made(&|request| request.credential.moving = Moving::Counter(Counter::try_from(7).unwrap()));
        assert!(counted.ends_with(&hex("7A0400000007")) && counted[12] == 0x11);
        let slow = made(&|request| request.credential.moving = Moving::Time(Period::try_from(60).unwrap()));
        assert!(slow.starts_with(&hex("710B 36302F 41434D45")));
        let short = made(&|request| request.credential.seed = seed(&[7]));
        assert_eq!(short[10..], hex("7310 2108 07 00000000000000000000000000"));
        let long = made(&|request| request.credential.seed = seed(&[7; 65]));
        assert_eq!((long[11], long.len()), (22, 10 + 2 + 22));
        let longest = made(&|request| {
            (request.credential.seed, request.credential.algorithm) = (seed(&[7; 128]), Algorithm::Sha512);
        });
        assert_eq!(longest[10..13], [0x73, 0x81, 130]);
        assert_eq!(prepared(&credential())[..], *RFC_SEED);
    }

    #[test]
    fn what_was_not_kept_or_not_touched_is_noticed() {
        for (answer, error) in [
            ("76050800000001 9000", TokenError::NotKept(Step::ReadBack)),
            ("7605060006C0B8 9000", TokenError::NotKept(Step::ReadBack)),
            ("6984", TokenError::NotKept(Step::ReadBack)),
            ("6985", TokenError::NotTouched(Step::ReadBack)),
            ("760408000000 9000", TokenError::Unreadable(Step::ReadBack)),
            ("76051E00000001 9000", TokenError::Unreadable(Step::ReadBack)),
        ] {
            let mut player = player(&[NEO, "9000", "9000", answer]);
            player.burn(of_eight(), &KeyProfile::Vendor).unwrap();
            assert_eq!(player.verify(), Err(error), "{answer}");
        }
        let mut full = player(&[NEO, "9000", "6A84"]);
        let stop = full.burn(of_eight(), &KeyProfile::Vendor).unwrap_err();
        assert_eq!((stop.error, stop.is_untouched()), (TokenError::Full, true));
        let mut memory = player(&[NEO, "9000", "6581"]);
        let stop = memory.burn(of_eight(), &KeyProfile::Vendor).unwrap_err();
        assert_eq!(stop.holds, [Held::Before, Held::New]);
    }

    #[test]
    fn a_nitrokey_deletes_before_it_writes() {
        let listed = "720921 41434D453A626F62 9000";
        let mut request = of_eight();
        request.replace = true;
        let mut nitrokey = player(&[NITROKEY, listed, "9000", "9000"]);
        nitrokey.burn(request.clone(), &KeyProfile::Vendor).unwrap();
        assert_eq!(nitrokey.sent()[2..], [hex("000200000A 710841434D453A626F62"), hex(PUT)]);
        let mut untouched = player(&[NITROKEY, listed, "9000", "6982"]);
        let stop = untouched.burn(request, &KeyProfile::Vendor).unwrap_err();
        assert_eq!((stop.error, stop.holds), (TokenError::NotTouched(Step::Put), vec![Held::Nothing]));
    }
}
