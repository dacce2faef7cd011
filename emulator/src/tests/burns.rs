//! Whole burns over a link: how many commands and bytes they are, and what a lost link leaves behind.

use super::{RFC_SEED, hex};
use crate::{Fault, Key, Link, Lost, Molto, Screen, Single, Still, Token};

const INFO: &str = "80410000020211";
const DRAW: &str = "804B08000100";
const AUTHENTICATE: &str = "80CE000010 8B7450F22721BC29985C2C460B65045D";
const CONFIG: &str = "84D4000017 81111F01010F046553F10086060A01010D011E 4FFDC288";
const SEED: &str = "84C5010024 5E5856092FD3228D4D33EEE3DAAC4B55CE37D18D332B7AC6A40E8661FA23042A F47B0153";
const BURN: [&str; 5] = [INFO, DRAW, AUTHENTICATE, CONFIG, SEED];

const MOLTO_DRAW: &str = "804B080000";
/// The seventh profile: what is in it, a burn, what is in it now.
const MOLTO_BURN: [&str; 7] = [
    "80410007 0170",
    MOLTO_DRAW,
    "80CE000010 550EC1328F963EB02972BB141E1CF521",
    "84C5010724 5D848C69EB8E884E7D20591FF89ADEFF31FD80354BF08248E60D457774BBF06E F534C738",
    "84D5000714 934363A4A0B27FE53AC3FBDBDC50A270 F086F8A0",
    "84D401071A 81141F01020F046553F10086090A01010B01060D011E 5FE6042A",
    "80410007 0170",
];

const OATH_BURN: [&str; 3] = [
    "00A4040007 A0000005272101",
    "0001000022 710841434D453A626F62 7316 2108 3132333435363738393031323334353637383930",
    "00A2000114 710841434D453A626F62 7408 0000000000000001 00",
];

fn token(world: &Still) -> Single {
    Single::new("86596220000001", world.clone()).holding(b"an old seed of a token")
}

/// Sends a script until something is not right. The token's challenge is always the same.
fn run<T: Token>(link: &mut Link<T>, world: &Still, script: &[&str]) -> Result<(), Lost> {
    for frame in script {
        if [DRAW, MOLTO_DRAW].contains(frame) {
            world.load(&hex("1122334455667788"));
        }
        let answer = link.transmit(&hex(frame))?;
        assert!(answer.ends_with(&[0x90, 0]), "{frame}: {answer:02x?}");
    }
    Ok(())
}

#[test]
fn a_burn_is_as_many_commands_and_bytes_as_it_must_be() {
    let seed_32 = "84C5010034 5E5856092FD3228D4D33EEE3DAAC4B555DE80AA99074AB9727640C64FF67D124\
                   D219EFC9972FED9191DF027FD36A80B0 F97FF0CA";
    let seed_63 = "84C5010044 6EEAD21474BBF3A0A2B4C18F489E543C3CACF8FD7D5DB9140A77F2C9676B1FE2\
                   EB7381A096F8D022E71A077D736A041AFCF8A1F5249B0FA12F406589A1FC129E 108E3D34";
    let read_back = |seed| [INFO, DRAW, AUTHENTICATE, CONFIG, seed, INFO];
    let cases: [(&[&str], usize, usize); 5] = [
        (&BURN, 5, 145),
        (&read_back(SEED), 6, 178),
        (&read_back(seed_32), 6, 194),
        (&read_back(seed_63), 6, 210),
        (&BURN[..4], 4, 102),
    ];
    for (script, commands, bytes) in cases {
        let world = Still::at(1_700_000_000);
        let mut link = Link::new(token(&world));
        run(&mut link, &world, script).unwrap();
        assert_eq!((link.exchanges().len(), link.bytes()), (commands, bytes));
    }
}

#[test]
fn a_write_to_token2s_applet_is_three_commands() {
    let mut key = Key::token2("1", Still::at(0));
    assert!(key.token2_otp().unwrap().set_key(&[0x11; 32]));
    let mut link = Link::new(key);
    let write = "80C5050270 D65A93977CAA3D1B081852FF57A79E465F1660577304BAEAD505DD3A48589CF3\
                 50185E895372DF6221EA3A137557E473FDDB6755F05BD507C3C533FCE9C91285\
                 FC557DC560D98BA644B101E158CE0D45389F319A4F138CA507AB4137479D99E0CAF3C4995FAB9AA27141C9746BFA9601";
    for frame in ["00A4040008F00000014F747001", "80C5010000", write] {
        assert!(link.transmit(&hex(frame)).unwrap().ends_with(&[0x90, 0]));
    }
    assert_eq!((link.exchanges().len(), link.bytes()), (3, 205));
    assert_eq!(link.token_mut().token2_otp().unwrap().entries()[0].seed.expose(), RFC_SEED);
}

#[test]
fn a_link_lost_anywhere_is_made_good_by_a_second_burn() {
    for number in 1..=BURN.len() {
        for fault in [Fault::DropBefore, Fault::DropAfter] {
            let world = Still::at(1_700_000_000);
            let mut link = Link::new(token(&world));
            link.fault(number, fault);
            assert_eq!(run(&mut link, &world, &BURN), Err(Lost::Gone));
            let config_done = number > 4 || number == 4 && fault == Fault::DropAfter;
            let seed_done = number == 5 && fault == Fault::DropAfter;
            let held = link.token().seed().map(|seed| seed.expose().to_vec());
            match (config_done, seed_done) {
                (false, _) => assert_eq!(held.as_deref(), Some(&b"an old seed of a token"[..])),
                (true, false) => assert_eq!(held, None, "it is blank"),
                (true, true) => assert_eq!(held.as_deref(), Some(RFC_SEED)),
            }
            link.come_back();
            run(&mut link, &world, &BURN).unwrap();
            link.token_mut().power_cycle();
            assert_eq!(link.token().screen(), Screen::Code { title: None, code: "921300".into() });
        }
    }
}

#[test]
fn a_molto_that_was_lost_anywhere_takes_the_burn_again() {
    for number in 0..=MOLTO_BURN.len() {
        for fault in [Fault::DropBefore, Fault::DropAfter] {
            let world = Still::at(1_700_000_000);
            let mut link = Link::new(Molto::v2("1", world.clone()));
            link.fault(number, fault);
            let lost = run(&mut link, &world, &MOLTO_BURN);
            assert_eq!(lost.is_err(), number > 0);
            let done = |command| number > command || number == command && fault == Fault::DropAfter || number == 0;
            let profile = link.token().profile(7).unwrap();
            assert_eq!((profile.seed.is_some(), profile.title.is_empty()), (done(4), !done(5)), "{number} {fault:?}");
            if number == 0 {
                assert_eq!(link.exchanges().len(), 7);
                continue;
            }
            link.come_back();
            run(&mut link, &world, &MOLTO_BURN).unwrap();
            link.token_mut().turn_to(7);
            let shown = Screen::Code { title: Some("Google".into()), code: "921300".into() };
            assert_eq!(link.token().screen(), shown);
        }
    }
}

#[test]
fn a_key_that_was_lost_anywhere_takes_the_burn_again() {
    for number in 1..=OATH_BURN.len() {
        for fault in [Fault::DropBefore, Fault::DropAfter] {
            let world = Still::at(0);
            let mut link = Link::new(Key::yubikey([5, 4, 3], 7, world.clone()));
            link.fault(number, fault);
            assert_eq!(run(&mut link, &world, &OATH_BURN), Err(Lost::Gone));
            assert_eq!(link.transmit(&hex(OATH_BURN[1])), Err(Lost::Gone));
            let stored = number == 3 || number == 2 && fault == Fault::DropAfter;
            assert_eq!(link.token_mut().oath().unwrap().entries().len(), usize::from(stored));
            link.come_back();
            assert_eq!(link.transmit(&hex(OATH_BURN[2])).unwrap(), [0x6d, 0x00], "no applet is chosen");
            run(&mut link, &world, &OATH_BURN).unwrap();
            let told = link.exchanges().last().unwrap().answer.clone().unwrap();
            assert_eq!(told, hex("76050841397EEA 9000"));
            assert_eq!(link.token_mut().oath().unwrap().entries().len(), 1);
        }
    }
}
