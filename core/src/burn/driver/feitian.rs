//! The OTP applet of Feitian's FIDO keys: much like YKOATH, with other numbers. One open client is all that is known of it.

use super::{Driver, count, listed};
use crate::burn::apdu::{Apdu, StatusWord};
use crate::burn::channel::{Channel, Response};
use crate::burn::code::{digits, is_code_of};
use crate::burn::error::unreadable;
use crate::burn::identity::{Family, Identity};
use crate::burn::name::Stored;
use crate::burn::operation::{Operated, Operation};
use crate::burn::pen::{Held, Pen, Stop, Tools};
use crate::burn::plan::{Holding, Plan};
use crate::burn::request::{KeyProfile, Request};
use crate::burn::room::Room;
use crate::burn::tlv::{Reader, Writer};
use crate::burn::verify::{FIXED, Proof};
use crate::burn::{Moving, Step, TokenError};

const AID: &[u8] = &[0xd1, 0x56, 0x00, 0x01, 0x32, 0x83, 0x26, 0x01, 0x01];
/// The slot that is meant when nobody says otherwise.
const SLOT: u8 = 0xf0;

const NAME: u8 = 0x51;
const LIST: u8 = 0x52;
const KEY: u8 = 0x53;
const CHALLENGE: u8 = 0x54;
const TOUCH: [u8; 3] = [0x5c, 1, 1];
const TRUNCATED: u8 = 0x76;

pub(super) struct Feitian {
    identity: Identity,
}

impl Feitian {
    /// Selects the applet. It tells no serial number.
    pub(super) fn identify(channel: &mut Channel<'_>) -> Result<Option<Self>, TokenError> {
        let response = channel.exchange(&Apdu::with([0x00, 0xa4, 0x04, 0x00], AID)?)?;
        let identity = Identity { model: Some("ePass FIDO"), ..Identity::new(Family::Feitian) };
        Ok((response.status == StatusWord::OK).then_some(Self { identity }))
    }
}

fn means(step: Step, status: StatusWord) -> TokenError {
    match status {
        StatusWord::REFERENCE => TokenError::NotTouched(step),
        StatusWord::SECURITY => TokenError::AccessCode,
        status => TokenError::status(step, status),
    }
}

/// What PUT carries. Hash and kind are two bytes, and the length that is told counts them as one.
fn entry(request: &Request, name: &str) -> Writer {
    let credential = &request.credential;
    let kind = if matches!(credential.moving, Moving::Counter(_)) { 0x10 } else { 0x20 };
    let seed = credential.seed.expose();
    // At most 66: one byte of length is enough.
    let told = 2 + seed.len() as u8;
    let head = [KEY, told, super::display::algorithm(credential.algorithm), kind, credential.digits.get()];
    let entry = Writer::new().raw(&head).raw(seed).put(NAME, &[name.as_bytes()]);
    if request.touch { entry.raw(&TOUCH) } else { entry }
}

/// The list of its entries.
fn list(channel: &mut Channel<'_>) -> Result<Response, TokenError> {
    let mut response = channel.exchange(&Apdu::new([0x00, 0x17, 0x00, SLOT]).expecting(0))?;
    if response.status == StatusWord::LENGTH {
        // Older firmware wants neither a slot nor an Le.
        response = channel.exchange(&Apdu::new([0x00, 0x17, 0x00, 0x00]))?;
    }
    if response.status == StatusWord::OK { Ok(response) } else { Err(means(Step::List, response.status)) }
}

impl Driver for Feitian {
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
        let Ok(stored) = Stored::of(Family::Feitian, request) else { return Ok(Holding::Free) };
        listed(LIST, list(channel)?.data.expose(), stored.one())
    }

    /// How many it could hold is not known.
    fn room(&mut self, channel: &mut Channel<'_>, _: &KeyProfile, _: Tools<'_>) -> Result<Option<Room>, TokenError> {
        let taken = count(LIST, list(channel)?.data.expose())?;
        Ok(Some(Room::of_entries(taken, None)))
    }

    fn execute(&mut self, mut pen: Pen<'_, '_>, plan: &Plan) -> Result<(), Stop> {
        pen.check_cancel()?;
        let entry = entry(&plan.request, plan.stored.one());
        let put = Apdu::with([0x00, 0x09, 0x00, SLOT], entry.bytes()).map_err(|error| pen.stop(error.into()))?;
        pen.write_or(Step::Put, &put, Held::New, means)
    }

    fn verify(&mut self, channel: &mut Channel<'_>, plan: &Plan, _: Tools<'_>) -> Result<Proof, TokenError> {
        let credential = &plan.request.credential;
        let challenge = match credential.moving {
            Moving::Time(period) => Writer::new().put(CHALLENGE, &[&period.step(FIXED).to_be_bytes()]),
            Moving::Counter(_) => Writer::new().put(CHALLENGE, &[]),
        };
        let data = challenge.put(NAME, &[plan.stored.one().as_bytes()]);
        let response = channel.exchange(&Apdu::with([0x00, 0xa2, 0x01, SLOT], data.bytes())?)?;
        match response.status {
            StatusWord::OK => {}
            StatusWord::DATA => return Err(TokenError::NotKept(Step::ReadBack)),
            status => return Err(means(Step::ReadBack, status)),
        }
        let told = Reader::only(response.data.expose(), TRUNCATED).map_err(unreadable(Step::ReadBack))?;
        let code = digits(told).ok_or(TokenError::Unreadable(Step::ReadBack))?;
        is_code_of(plan, code.as_bytes())
    }

    fn operate(&mut self, mut pen: Pen<'_, '_>, operation: &Operation) -> Result<Operated, Stop> {
        let Operation::Delete(request) = operation else { return Err(pen.stop(TokenError::Unable)) };
        let stored = Stored::of(Family::Feitian, request).map_err(|_| pen.stop(TokenError::Unable))?;
        let data = Writer::new().put(NAME, &[stored.one().as_bytes()]);
        let delete = Apdu::with([0x00, 0x08, 0x00, SLOT], data.bytes()).map_err(|error| pen.stop(error.into()))?;
        let mut was_empty = false;
        let deleted = pen.write_or(Step::Delete, &delete, Held::Nothing, |step, status| {
            was_empty = status == StatusWord::DATA;
            means(step, status)
        });
        if was_empty { Ok(Operated::WasEmpty) } else { deleted.map(|()| Operated::Done) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::testing::{Player, credential, hex};

    const PUT: &str = "000900F028 5316012006 3132333435363738393031323334353637383930 510D33303A41434D455F235F626F62";

    fn player(answers: &[&str]) -> Player {
        Player::answering(answers).of(Family::Feitian)
    }

    #[test]
    fn the_worked_example() {
        let mut player = player(&["9000", "9000", "9000", "760506 00013F8C 9000"]);
        assert_eq!(player.burn(Request::new(credential()), &KeyProfile::Vendor), Ok(()));
        assert_eq!(player.verify(), Ok(Proof::Code));
        let fixed = "00A201F019 5408 00000000023523EC 510D33303A41434D455F235F626F62";
        let expected = ["00A4040009D15600013283260101", "001700F000", PUT, fixed];
        assert_eq!(player.sent(), expected.map(hex));
        // The answer of the vector, at 59 s, is the code of RFC 6238 in six digits.
        assert_eq!(*digits(&hex("0641397EEA")).unwrap(), "287082");
        assert_eq!(*credential().code_at(59), "287082");
    }

    #[test]
    fn older_firmware_lists_without_a_length() {
        let listed = "520E21 33303A41434D455F235F626F62 9000";
        let mut old = player(&["9000", "6700", listed]);
        assert_eq!(old.survey(&Request::new(credential()), &KeyProfile::Vendor), Ok(Holding::Entry));
        assert_eq!(old.sent()[2], hex("00170000"));
        let mut guarded = player(&["9000", "6982"]);
        let refused = guarded.survey(&Request::new(credential()), &KeyProfile::Vendor);
        assert_eq!(refused, Err(TokenError::AccessCode));
    }

    #[test]
    fn touches_and_deletes() {
        let mut request = Request::new(credential());
        request.touch = true;
        assert!(entry(&request, "30:x").bytes().ends_with(&hex("510433303A78 5C0101")));
        let mut touched = player(&["9000", "9000", "6984"]);
        let stop = touched.burn(request.clone(), &KeyProfile::Vendor).unwrap_err();
        assert_eq!((stop.error, stop.is_untouched()), (TokenError::NotTouched(Step::Put), true));
        for (answer, outcome) in [("9000", Operated::Done), ("6A80", Operated::WasEmpty)] {
            let mut player = player(&["9000", answer]);
            assert_eq!(player.operate(&Operation::Delete(request.clone()), &KeyProfile::Vendor), Ok(outcome));
            assert_eq!(player.sent()[1], hex("000800F00F 510D33303A41434D455F235F626F62"));
        }
    }
}
