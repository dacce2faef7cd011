//! The OTP applet on Token2's FIDO keys and cards: what is written is sealed under a key that both sides agree on, and codes
//! can be read back for any time.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use countersign_protocol::otp::Algorithm;
use p256::ecdh::diffie_hellman;
use p256::{PublicKey, SecretKey};
use ring::digest;
use zeroize::Zeroizing;

use super::Driver;
use crate::burn::apdu::{Apdu, StatusWord};
use crate::burn::channel::Channel;
use crate::burn::code::is_code_of;
use crate::burn::credential::Serial;
use crate::burn::error::unreadable;
use crate::burn::identity::{Family, Identity};
use crate::burn::name::Stored;
use crate::burn::operation::{Operated, Operation};
use crate::burn::pen::{Held, Pen, Stop, Tools};
use crate::burn::plan::{Holding, Plan};
use crate::burn::request::{KeyProfile, Request};
use crate::burn::room::Room;
use crate::burn::tlv::Reader;
use crate::burn::verify::{FIXED, Proof};
use crate::burn::{Moving, Step, TokenError};
use crate::limits;

const AID: &[u8] = &[0xf0, 0x00, 0x00, 0x01, 0x4f, 0x74, 0x70, 0x01];
/// The FIDO applet beside it, which tells the serial number.
pub(in crate::burn) const FIDO: &[u8] = &[0xa0, 0x00, 0x00, 0x06, 0x47, 0x2f, 0x00, 0x01];
/// The same for every write of every key: that each has a key of its own is what keeps them apart.
const IV: [u8; 16] = [0x9d, 0xd8, 0x91, 0x8e, 0x34, 0xf3, 0xcc, 0xab, 0x08, 0xcb, 0x75, 0x18, 0xf7, 0x19, 0x38, 0xf1];
/// The longest plain text of a write: settings, two names and a seed, each with its length.
const PLAIN: usize = 6 + 65 + 65 + 65;

pub(super) struct Token2 {
    identity: Identity,
    /// Whether the OTP applet is the one that was selected last.
    is_selected: bool,
}

impl Token2 {
    /// Selects the applet, then the one beside it that tells the serial number.
    pub(super) fn identify(channel: &mut Channel<'_>) -> Result<Option<Self>, TokenError> {
        if select(channel, AID)? != StatusWord::OK {
            return Ok(None);
        }
        let identity =
            Identity { model: Some("Token2 FIDO"), serial: serial(channel)?, ..Identity::new(Family::Token2Otp) };
        Ok(Some(Self { identity, is_selected: false }))
    }

    fn select(&mut self, channel: &mut Channel<'_>) -> Result<(), TokenError> {
        if !self.is_selected {
            match select(channel, AID)? {
                StatusWord::OK => self.is_selected = true,
                status => return Err(TokenError::status(Step::Select, status)),
            }
        }
        Ok(())
    }

    /// The key that the next write is sealed for.
    fn agree(&mut self, channel: &mut Channel<'_>) -> Result<PublicKey, TokenError> {
        self.select(channel)?;
        let response = channel.exchange(&Apdu::new([0x80, 0xc5, 0x01, 0x00]).expecting(0))?;
        if response.status == StatusWord::FUNCTION {
            return Err(closed(channel)?);
        }
        let point = response.done(Step::Agree)?;
        let whole = [&[4], point.expose()].concat();
        PublicKey::from_sec1_bytes(&whole).map_err(|_| TokenError::Unreadable(Step::Agree))
    }

    /// Reads all pages, which moves no counter and asks for no button.
    fn entries(&mut self, channel: &mut Channel<'_>, each: &mut dyn FnMut(&Told<'_>)) -> Result<(), TokenError> {
        self.select(channel)?;
        let mut ask = Apdu::with([0x80, 0xc5, 0x05, 0x00], &[&[3][..], &FIXED.to_be_bytes()].concat())?;
        for _ in 0..limits::TOKEN_PAGES {
            let response = channel.exchange(&ask)?;
            match response.status {
                StatusWord::OK => {}
                StatusWord::RECORD | StatusWord::DATA => return Ok(()),
                StatusWord::FUNCTION => return Err(closed(channel)?),
                status => return Err(means(Step::List, status)),
            }
            let mut page = response.data.expose();
            let has_more = page.first().is_some_and(|first| first & 0x80 != 0);
            while !page.is_empty() {
                each(&Told::take(&mut page, false).ok_or(TokenError::Unreadable(Step::List))?);
            }
            if !has_more {
                return Ok(());
            }
            ask = Apdu::with([0x80, 0xc5, 0x05, 0x01], &FIXED.to_be_bytes())?;
        }
        Err(TokenError::Endless)
    }

    /// Seals something for the key, and sends it.
    fn write(&mut self, pen: &mut Pen<'_, '_>, step: Step, plain: &[u8], then: Held) -> Result<(), Stop> {
        let sealed = (|| {
            let theirs = self.agree(pen.channel)?;
            let own = ephemeral(pen.tools)?;
            Ok(Apdu::with([0x80, 0xc5, 0x05, 0x02], &sealed(&own, &theirs, plain))?)
        })();
        let sealed = sealed.map_err(|error| pen.stop(error))?;
        pen.check_cancel()?;
        pen.write_or(step, &sealed, then, means)
    }
}

fn select(channel: &mut Channel<'_>, aid: &[u8]) -> Result<StatusWord, TokenError> {
    Ok(channel.exchange(&Apdu::with([0x00, 0xa4, 0x04, 0x00], aid)?)?.status)
}

/// The number that the FIDO applet tells: an object of hexadecimal digits of digits.
fn serial(channel: &mut Channel<'_>) -> Result<Option<Serial>, TokenError> {
    if select(channel, FIDO)? != StatusWord::OK {
        return Ok(None);
    }
    let mut ask = [0; 18];
    (ask[0], ask[1]) = (0xd1, 0x10);
    let response = channel.exchange(&Apdu::with([0x80, 0x33, 0x00, 0x00], &ask)?)?;
    if response.status != StatusWord::OK {
        return Ok(None);
    }
    let told = Reader::only(response.data.expose(), 0xd1).map_err(unreadable(Step::Info))?;
    let (pairs, odd) = told.as_chunks::<2>();
    let digit = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    let decoded: Option<Vec<u8>> = pairs.iter().map(digit).collect();
    let text = decoded.filter(|_| odd.is_empty()).and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| Serial::try_from(&*text).ok()).map(Some).ok_or(TokenError::Unreadable(Step::Info))
}

/// Why the applet gives no key: a PIN closes it, or it is off.
fn closed(channel: &mut Channel<'_>) -> Result<TokenError, TokenError> {
    let response = channel.exchange(&Apdu::with([0x80, 0xc5, 0x05, 0x04], &[0; 4])?)?;
    let has_pin = response.status == StatusWord::OK && response.data.expose().get(2).is_some_and(|length| *length > 0);
    Ok(if has_pin { TokenError::Pin } else { TokenError::Off })
}

fn means(step: Step, status: StatusWord) -> TokenError {
    match status {
        StatusWord::CONDITIONS | StatusWord::SECURITY | StatusWord::BLOCKED => TokenError::Pin,
        StatusWord::RECORD => TokenError::Absent(step),
        status => TokenError::status(step, status),
    }
}

/// A key that is used once.
fn ephemeral(tools: Tools<'_>) -> Result<SecretKey, TokenError> {
    // Of 2^32 draws all but one are a key.
    for _ in 0..4 {
        let scalar = Zeroizing::new(tools.random.array::<32>()?);
        if let Ok(key) = SecretKey::from_slice(&*scalar) {
            return Ok(key);
        }
    }
    Err(TokenError::Port(crate::error::PortError::Unavailable))
}

/// Our point, and the plain text under what both agree on: AES-256-CBC with PKCS#7 under a hash of the shared secret.
fn sealed(own: &SecretKey, theirs: &PublicKey, plain: &[u8]) -> Vec<u8> {
    let shared = diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine());
    let key = digest::digest(&digest::SHA256, shared.raw_secret_bytes());
    let mut padded = Zeroizing::new(Vec::with_capacity(PLAIN + 16));
    padded.extend_from_slice(plain);
    let padding = 16 - plain.len() % 16;
    padded.resize(plain.len() + padding, padding as u8);
    let mut sealed = own.public_key().to_sec1_bytes().get(1..).unwrap_or_default().to_vec();
    let Ok(cipher) = Aes256::new_from_slice(key.as_ref()) else { return Vec::new() };
    let mut before = IV;
    for block in padded.as_chunks::<16>().0 {
        before.iter_mut().zip(block).for_each(|(before, byte)| *before ^= byte);
        let mut out = before.into();
        cipher.encrypt_block(&mut out);
        before = out.into();
        sealed.extend(before);
    }
    sealed
}

/// Kind, hash, step, digits, button.
fn head(request: &Request) -> Result<[u8; 6], TokenError> {
    let credential = &request.credential;
    let (kind, seconds) = match credential.moving {
        Moving::Time(period) => (1, u16::try_from(period.seconds()).map_err(|_| TokenError::Unable)?),
        Moving::Counter(_) => (0, 0),
    };
    let hash = match credential.algorithm {
        Algorithm::Sha1 => 0xc1,
        Algorithm::Sha256 => 0xc2,
        Algorithm::Sha512 | Algorithm::Sha224 | Algorithm::Sha384 | Algorithm::Md5 => return Err(TokenError::Unable),
    };
    let [high, low] = seconds.to_be_bytes();
    Ok([kind, hash, high, low, credential.digits.get(), u8::from(request.touch)])
}

/// Pieces with a byte of length before each. All plans have pieces that fit.
fn counted(to: &mut Zeroizing<Vec<u8>>, pieces: &[&[u8]]) {
    for piece in pieces {
        to.push(piece.len() as u8);
        to.extend_from_slice(piece);
    }
}

fn names(stored: &Stored) -> (&str, &str) {
    match stored {
        Stored::Two(app, account) => (app, account),
        _ => ("", ""),
    }
}

/// An entry as it is told.
struct Told<'a> {
    head: [u8; 6],
    app: &'a [u8],
    account: &'a [u8],
    code: Option<&'a [u8]>,
}

impl<'a> Told<'a> {
    /// Takes one entry off the front. In lists, only those that time moves and no button guards come with a code.
    fn take(from: &mut &'a [u8], always_code: bool) -> Option<Self> {
        let (head, rest) = from.split_first_chunk::<6>()?;
        *from = rest;
        let (app, account) = (piece(from)?, piece(from)?);
        let has_code = always_code || (head[0] & 0x7f == 1 && head[5] == 0);
        let code = if has_code { Some(piece(from)?) } else { None };
        Some(Self { head: *head, app, account, code })
    }
}

fn piece<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_first()?;
    let (piece, rest) = rest.split_at_checked((*length).into())?;
    *from = rest;
    Some(piece)
}

impl Driver for Token2 {
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
        let Ok(stored) = Stored::of(Family::Token2Otp, request) else { return Ok(Holding::Free) };
        let (app, account) = names(&stored);
        let mut holding = Holding::Free;
        self.entries(channel, &mut |told| {
            if (told.app, told.account) == (app.as_bytes(), account.as_bytes()) {
                holding = Holding::Entry;
            }
        })?;
        Ok(holding)
    }

    /// How many it could hold it does not tell.
    fn room(&mut self, channel: &mut Channel<'_>, _: &KeyProfile, _: Tools<'_>) -> Result<Option<Room>, TokenError> {
        let mut taken = 0;
        self.entries(channel, &mut |_| taken += 1)?;
        Ok(Some(Room::of_entries(taken, None)))
    }

    fn execute(&mut self, mut pen: Pen<'_, '_>, plan: &Plan) -> Result<(), Stop> {
        pen.check_cancel()?;
        let (app, account) = names(&plan.stored);
        let head = head(&plan.request).map_err(|error| pen.stop(error))?;
        let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN));
        plain.extend_from_slice(&head);
        counted(&mut plain, &[app.as_bytes(), account.as_bytes(), plan.request.credential.seed.expose()]);
        self.write(&mut pen, Step::Put, &plain, Held::New)
    }

    fn verify(&mut self, channel: &mut Channel<'_>, plan: &Plan, _: Tools<'_>) -> Result<Proof, TokenError> {
        self.select(channel)?;
        let (app, account) = names(&plan.stored);
        let mut ask = Zeroizing::new(vec![1]);
        ask.extend_from_slice(&FIXED.to_be_bytes());
        counted(&mut ask, &[app.as_bytes(), account.as_bytes()]);
        let response = channel.exchange(&Apdu::with([0x80, 0xc5, 0x05, 0x00], &ask)?)?;
        if matches!(response.status, StatusWord::RECORD | StatusWord::DATA) {
            return Err(TokenError::NotKept(Step::ReadBack));
        }
        if response.status != StatusWord::OK {
            return Err(means(Step::ReadBack, response.status));
        }
        let mut told = response.data.expose();
        let entry = Told::take(&mut told, true).filter(|_| told.is_empty());
        let entry = entry.ok_or(TokenError::Unreadable(Step::ReadBack))?;
        let is_same =
            entry.head == head(&plan.request)? && (entry.app, entry.account) == (app.as_bytes(), account.as_bytes());
        let code = entry.code.filter(|_| is_same).ok_or(TokenError::NotKept(Step::ReadBack))?;
        is_code_of(plan, code)
    }

    fn operate(&mut self, mut pen: Pen<'_, '_>, operation: &Operation) -> Result<Operated, Stop> {
        match operation {
            Operation::Delete(request) => {
                let stored = Stored::of(Family::Token2Otp, request).map_err(|_| pen.stop(TokenError::Unable))?;
                let (app, account) = names(&stored);
                let mut plain = Zeroizing::new(vec![0; 6]);
                counted(&mut plain, &[app.as_bytes(), account.as_bytes(), &[]]);
                match self.write(&mut pen, Step::Delete, &plain, Held::Nothing) {
                    Err(Stop { error: TokenError::Absent(_), .. }) => Ok(Operated::WasEmpty),
                    done => done.map(|()| Operated::Done),
                }
            }
            Operation::Reset => {
                self.select(pen.channel).map_err(|error| pen.stop(error))?;
                let reset = Apdu::new([0x80, 0xc5, 0x05, 0x02]);
                pen.write_or(Step::Reset, &reset, Held::Nothing, means)?;
                Ok(Operated::Done)
            }
            Operation::Enable => {
                self.select(pen.channel).map_err(|error| pen.stop(error))?;
                let enable = Apdu::with([0x80, 0xc5, 0x02, 0x05], &[1]).map_err(|error| pen.stop(error.into()))?;
                pen.write_or(Step::Config, &enable, Held::Before, means)?;
                Ok(Operated::Done)
            }
            _ => Err(pen.stop(TokenError::Unable)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::testing::{Player, credential, hex, seed};

    const DEVICE: &str = "0217E617F0B6443928278F96999E69A23A4F2C152BDF6D6CDF66E5B80282D4ED\
                          194A7DEBCB97712D2DDA3CA85AA8765A56F45FC758599652F2897C65306E5794 9000";
    const HOST: &str = "D65A93977CAA3D1B081852FF57A79E465F1660577304BAEAD505DD3A48589CF3\
                        50185E895372DF6221EA3A137557E473FDDB6755F05BD507C3C533FCE9C91285";
    const SEALED: &str = "FC557DC560D98BA644B101E158CE0D45389F319A4F138CA507AB4137479D99E0\
                          CAF3C4995FAB9AA27141C9746BFA9601";
    const SELECT: &str = "00A4040008 F00000014F747001";
    const SERIAL: &str = "D104 33313332 9000";

    fn player(answers: &[&str]) -> Player {
        let known = [&["9000", "553246 9000", SERIAL][..], answers].concat();
        Player::answering(&known).of(Family::Token2Otp).dice(&[0x22; 32])
    }

    fn told(code: &str) -> String {
        let code: String = code.bytes().map(|digit| format!("{digit:02X}")).collect();
        format!("01C1001E0600 0441434D45 03626F62 {:02X}{code} 9000", code.len() / 2)
    }

    #[test]
    fn the_worked_example() {
        let mut player = player(&["9000", "6A83", DEVICE, "9000", &told("081804")]);
        assert_eq!(player.burn(Request::new(credential()), &KeyProfile::Vendor), Ok(()));
        assert_eq!(player.verify(), Ok(Proof::Code));
        let expected = [
            SELECT,
            "00A4040008 A0000006472F0001",
            "8033000012 D110 00000000000000000000000000000000",
            SELECT,
            "80C5050009 03 00000000423A35C5",
            "80C5010000",
            &format!("80C5050270 {HOST}{SEALED}"),
            "80C5050012 01 00000000423A35C5 0441434D45 03626F62",
        ];
        assert_eq!(player.sent(), expected.map(hex));
        assert_eq!(player.identity().serial.unwrap().as_str(), "12");
    }

    #[test]
    fn lists_are_read_page_by_page() {
        let other = "01C1001E0600 0441434D45 03626F63 06313233343536";
        let button = "01C1001E0601 0141 0162";
        let counter = "00C100000600 0141 0163";
        let own = "01C1001E0600 0441434D45 03626F62 06313233343536";
        let first = format!("81{} {button} {counter} 9000", &other[2..]);
        let mut taken = player(&["9000", &first, &format!("{own} 9000")]);
        let request = Request::new(credential());
        assert_eq!(taken.survey(&request, &KeyProfile::Vendor), Ok(Holding::Entry));
        assert_eq!(taken.sent()[5], hex("80C5050108 00000000423A35C5"));
        let mut endless = player(&["9000", &first]);
        assert_eq!(endless.survey(&request, &KeyProfile::Vendor), Err(TokenError::Endless));
        assert_eq!(endless.sent().len(), 4 + limits::TOKEN_PAGES);
        let mut cut = player(&["9000", "01C1001E0600 0441434D45 03626F62 9000"]);
        assert_eq!(cut.survey(&request, &KeyProfile::Vendor), Err(TokenError::Unreadable(Step::List)));
    }

    #[test]
    fn a_pin_and_a_switch_are_told_apart() {
        let request = Request::new(credential());
        for (answers, error) in [
            (&["9000", "6985"][..], TokenError::Pin),
            (&["9000", "6A81", "0108063F 9000"], TokenError::Pin),
            (&["9000", "6A81", "0008003F 9000"], TokenError::Off),
            (&["9000", "6A81", "6A86"], TokenError::Off),
            (&["9000", "0105"], TokenError::OtherLayer(StatusWord(0x0105))),
        ] {
            assert_eq!(player(answers).survey(&request, &KeyProfile::Vendor), Err(error));
        }
        let mut enabled = player(&["9000", "9000"]);
        assert_eq!(enabled.operate(&Operation::Enable, &KeyProfile::Vendor), Ok(Operated::Done));
        assert_eq!(enabled.sent()[4], hex("80C502050101"));
    }

    #[test]
    fn deleting_erasing_and_buttons() {
        let request = Request::new(credential());
        let delete = Operation::Delete(request.clone());
        for (answer, outcome) in [("9000", Operated::Done), ("6A83", Operated::WasEmpty)] {
            let mut player = player(&["9000", DEVICE, answer]);
            assert_eq!(player.operate(&delete, &KeyProfile::Vendor), Ok(outcome));
        }
        let own = SecretKey::from_slice(&[0x22; 32]).unwrap();
        let theirs = SecretKey::from_slice(&[0x11; 32]).unwrap().public_key();
        let gone = sealed(&own, &theirs, &hex("000000000000 0441434D45 03626F62 00"));
        let mut deleted = player(&["9000", DEVICE, "9000"]);
        deleted.operate(&delete, &KeyProfile::Vendor).unwrap();
        assert_eq!(deleted.sent()[5][5..], gone);
        let mut erased = player(&["9000", "9000"]);
        assert_eq!(erased.operate(&Operation::Reset, &KeyProfile::Vendor), Ok(Operated::Done));
        assert_eq!(erased.sent()[4], hex("80C50502"));
        let mut untouched = player(&["9000", "6A83", DEVICE, "6FF9"]);
        let stop = untouched.burn(request, &KeyProfile::Vendor).unwrap_err();
        assert_eq!((stop.error, stop.is_untouched()), (TokenError::NotTouched(Step::Put), true));
    }

    #[test]
    fn the_longest_entry_goes_out_extended_and_is_the_longest_command() {
        let mut request = Request::new(credential());
        (request.credential.issuer, request.credential.name) = ("a".repeat(64), "b".repeat(64));
        request.credential.seed = seed(&[7; 64]);
        let mut player = player(&["9000", "6A83", DEVICE, "9000"]);
        player.burn(request, &KeyProfile::Vendor).unwrap();
        let sent = &player.sent()[6];
        assert_eq!((sent.len(), &sent[4..7]), (7 + limits::APDU_DATA, &[0, 1, 0x10][..]));
    }

    #[test]
    fn what_was_not_kept_is_noticed() {
        for wrong in
            [told("081805"), told("081804").replace("C1001E", "C1003C"), told("081804").replace("626F62", "626F63")]
        {
            let mut player = player(&["9000", "6A83", DEVICE, "9000", &wrong]);
            player.burn(Request::new(credential()), &KeyProfile::Vendor).unwrap();
            assert_eq!(player.verify(), Err(TokenError::NotKept(Step::ReadBack)), "{wrong}");
        }
    }
}
