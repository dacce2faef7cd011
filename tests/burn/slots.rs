//! A key that answers challenges, against the emulated applet.

use countersign_core::app::{App, Folders, KeyFault, LockState};
use countersign_core::burn::{HmacSlot, HmacSlots, LinkError, TokenError};
use countersign_core::cancel::Cancel;
use countersign_core::error::InputError;
use countersign_core::vault::{DeviceClass, KeyPlace, SlotKind};
use countersign_emulator::{Fault, Hostile, Key, Link};
use countersign_protocol::Secret;
use countersign_tests::double::Doubles;
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

fn secret(text: &str) -> Secret {
    Secret::from_slice(text.as_bytes())
}

/// A key of this number, whose second slot answers.
fn wire(serial: u32, touch: bool) -> Wire<Key> {
    let mut key = Key::yubikey([5, 4, 3], serial, Earth::new().still).plugged_in();
    let mut own = SECRET;
    own[0] = serial as u8;
    key.slots().unwrap().set(true, own, touch);
    Wire(Link::new(key))
}

#[test]
fn a_vault_is_unlocked_by_a_hardware_key_with_a_passphrase_and_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (private, shared) = (folder.path().join("private"), folder.path().join("shared"));
    let app = App::open(Folders { private, shared }, Doubles::new(6).ports()).unwrap();
    let (none, class) = (Cancel::default(), DeviceClass::SmallPhone);
    assert_eq!(app.hardware_slots().unwrap_err(), InputError::NoVault.into());
    app.create_vault(&secret("correct horse"), class, &none).unwrap();
    let (mut mine, mut spare, mut other) = (wire(7, false), wire(8, true), wire(9, false));
    let short = secret("short");
    app.add_hardware_slot(&mut mine, KeyPlace::Two, Some((&short, class)), "at my belt", &none).unwrap();
    let untouched = app.add_hardware_slot(&mut spare, KeyPlace::Two, None, "", &none);
    assert!(matches!(untouched, Err(KeyFault::Token(TokenError::NotTouched(_)))), "{untouched:?}");
    countersign_emulator::Token::press(spare.0.token_mut());
    let alone = app.add_hardware_slot(&mut spare, KeyPlace::Two, None, "", &none).unwrap();
    let empty = app.add_hardware_slot(&mut mine, KeyPlace::One, None, "", &none);
    assert!(matches!(empty, Err(KeyFault::Token(TokenError::Absent(_)))), "{empty:?}");
    let kinds: Vec<SlotKind> = app.slots().unwrap().iter().map(|row| row.kind).skip(1).collect();
    let kind = |serial, with_passphrase| SlotKind::Hardware { serial: Some(serial), with_passphrase };
    assert_eq!(kinds, [kind(7, true), kind(8, false)]);
    app.lock();
    let asked = app.hardware_slots().unwrap();
    assert_eq!(
        asked.iter().map(|(_, asked)| (asked.serial, asked.with_passphrase)).collect::<Vec<_>>(),
        [(Some(7), true), (Some(8), false)]
    );
    let no_slot = KeyFault::Core(InputError::Slot("no hardware key opens").into());
    let unlock = |wire: &mut Wire<Key>, passphrase: Option<&str>| {
        app.lock();
        let typed = passphrase.map(secret);
        let done = app.unlock_by_hardware(wire, typed.as_ref(), &none);
        assert_eq!(done.is_ok(), app.lock_state() == LockState::Open);
        done
    };
    assert_eq!(unlock(&mut mine, Some("short")), Ok(()));
    assert_eq!(unlock(&mut mine, None), Err(no_slot.clone()));
    let wrong = KeyFault::Core(InputError::WrongPassphrase.into());
    assert_eq!(unlock(&mut mine, Some("shorter")), Err(wrong));
    assert_eq!(unlock(&mut other, Some("short")), Err(no_slot.clone()));
    assert!(matches!(unlock(&mut spare, None), Err(KeyFault::Token(TokenError::NotTouched(_)))));
    countersign_emulator::Token::press(spare.0.token_mut());
    assert_eq!(unlock(&mut spare, None), Ok(()));
    let next = mine.0.exchanges().len() + 3;
    mine.0.fault(next, Fault::DropAfter);
    assert_eq!(unlock(&mut mine, Some("short")), Err(KeyFault::Token(TokenError::Link(LinkError::Lost))));
    mine.0.come_back();
    app.unlock(&secret("correct horse"), &none).unwrap();
    app.remove_slot(alone).unwrap();
    countersign_emulator::Token::press(spare.0.token_mut());
    assert_eq!(unlock(&mut spare, None), Err(no_slot), "it was taken back");
    assert!(app.unlock(&secret("short"), &none).is_err(), "a passphrase beside a key opens nothing alone");
}
