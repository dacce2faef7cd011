//! A key that answers challenges, against the emulated applet.

use countersign_core::burn::{HmacSlot, HmacSlots, LinkError, TokenError};
use countersign_emulator::{Fault, Hostile, Key, Link};
use ring::hmac;

use super::stand::{Earth, Wire};

const SECRET: [u8; 20] = [0x0b; 20];

fn expected(challenge: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &SECRET), challenge).as_ref().to_vec()
}

#[test]
fn challenges_of_every_length_are_answered() {
    let mut key = Key::yubikey([5, 4, 3], 12_345_678, Earth::new().still);
    key.slots().unwrap().set(true, SECRET, false);
    let mut wire = Wire(Link::new(key));
    let mut slots = HmacSlots::open(&mut wire).unwrap();
    assert_eq!((slots.version(), slots.serial()), ([5, 4, 3], Ok(12_345_678)));
    for length in 1..64 {
        for last in [0, 1, 0xff] {
            let mut challenge = vec![7; length];
            challenge[length - 1] = last;
            let response = slots.respond(HmacSlot::Two, &challenge).unwrap();
            assert_eq!(response.expose(), expected(&challenge), "{length} {last}");
        }
    }
    let absent = slots.respond(HmacSlot::One, &[1]).err().unwrap();
    assert!(matches!(absent, TokenError::Absent(_)));
}

#[test]
fn touches_lost_links_and_liars() {
    let mut key = Key::yubikey([5, 4, 3], 7, Earth::new().still).plugged_in();
    key.slots().unwrap().set(false, SECRET, true);
    let mut wire = Wire(Link::new(key));
    let untouched = HmacSlots::open(&mut wire).unwrap().respond(HmacSlot::One, &[1, 2]).err();
    assert!(matches!(untouched, Some(TokenError::NotTouched(_))));
    countersign_emulator::Token::press(wire.0.token_mut());
    let response = HmacSlots::open(&mut wire).unwrap().respond(HmacSlot::One, &[1, 2]).unwrap();
    assert_eq!(response.expose(), expected(&[1, 2]));
    let next = wire.0.exchanges().len() + 2;
    wire.0.fault(next, Fault::DropAfter);
    let lost = HmacSlots::open(&mut wire).unwrap().respond(HmacSlot::One, &[1]).err();
    assert_eq!(lost, Some(TokenError::Link(LinkError::Lost)));
    wire.0.come_back();
    for hostile in [Hostile::EndlessMore, Hostile::Empty, Hostile::HugeTlv, Hostile::Oversized(300)] {
        let next = wire.0.exchanges().len() + 2;
        wire.0.fault(next, Fault::Hostile(hostile));
        assert!(HmacSlots::open(&mut wire).unwrap().respond(HmacSlot::One, &[1]).is_err(), "{hostile:?}");
        wire.0.come_back();
    }
    let mut none = Wire(Link::new(Key::apex(Earth::new().still)));
    assert_eq!(HmacSlots::open(&mut none).err(), Some(TokenError::Unable));
}
