//! Frames that no host should send: whatever comes, a token answers with a status word or not at all, and lives on.

use super::hex;
use crate::{Key, Molto, Single, Slim, Still, Token, World};

/// Beginnings that get somewhere in one family or another.
const BEGINNINGS: [&str; 24] = [
    "80410000020211",
    "804100070170",
    "804B080000",
    "80CE000010",
    "84D4000017 81111F01010F046553F10086060A01010D011E 4FFDC288",
    "84C5010024",
    "80E6000700",
    "8056000000",
    "84D7000024",
    "00A4040007 A0000005272101",
    "00A4040007 A0000005272001",
    "00A4040008 F00000014F747001",
    "00A4040009 D15600013283260101",
    "0001000022 710841434D453A626F62 7316 2108 3132333435363738393031323334353637383930",
    "00A2000114 710841434D453A626F62 7408 0000000000000001 00",
    "00A400010A 7408 0000000000000001",
    "0003000033 7311 21",
    "00A3000020 7514",
    "80C5050270",
    "80C505000903 000000006553F100",
    "000900F028 5316012006",
    "00A201F019 5408 0000000000000001 510D33303A41434D455F235F626F62",
    "0001300040",
    "860A1200001E0360AA2A14FB",
];

fn tokens() -> Vec<Box<dyn Token>> {
    let world = Still::at(1_700_000_000);
    vec![
        Box::new(Single::new("86596220000001", world.clone()).locking_after(3)),
        Box::new(Molto::v1("1", world.clone())),
        Box::new(Key::yubikey([5, 7, 1], 7, world.clone())),
        Box::new(Key::ykneo(world.clone())),
        Box::new(Key::apex(world.clone())),
        Box::new(Key::nitrokey(7, world.clone()).plugged_in()),
        Box::new(Key::token2("1", world.clone()).plugged_in()),
        Box::new(Key::feitian(world.clone())),
        Box::new(Slim::new(b"seed", 30, world)),
    ]
}

/// A beginning, bent in a few places, with more or less behind it.
fn bent(dice: &mut Still) -> Vec<u8> {
    let mut thrown = [0; 48];
    dice.dice(&mut thrown);
    let [which, cut, more, places, rest @ ..] = thrown;
    let mut frame = hex(BEGINNINGS[usize::from(which) % BEGINNINGS.len()]);
    for pair in rest.chunks_exact(2).take(usize::from(places % 4)) {
        let place = usize::from(pair[0]) % frame.len();
        frame[place] ^= pair[1];
    }
    if cut % 4 == 0 {
        frame.truncate(usize::from(cut) % frame.len());
    }
    if more % 3 == 0 {
        frame.extend(rest.iter().cycle().take(more.into()));
        // With a length that fits, it gets further.
        if let Some(length) = frame.len().checked_sub(5).and_then(|length| u8::try_from(length).ok()) {
            frame[4] = length;
        }
    }
    frame
}

#[test]
fn no_frame_brings_a_token_down() {
    let mut dice = Still::at(1);
    for token in &mut tokens() {
        let (mut answered, mut silent) = (0, 0);
        for round in 0..4_000 {
            let frame = bent(&mut dice);
            match token.transmit(&frame) {
                Some(answer) => {
                    answered += 1;
                    assert!(answer.len() >= 2, "{frame:02x?}");
                    // Hosts that want more in one part say so by an extended command.
                    let extended = frame.len() > 6 && frame[4] == 0;
                    assert!(extended || answer.len() <= 258, "{frame:02x?}");
                }
                None => silent += 1,
            }
            match round % 16 {
                3 => token.press(),
                7 => token.leave(),
                11 => token.power_cycle(),
                _ => drop(token.screen()),
            }
        }
        assert!(answered > 0 && answered + silent == 4_000);
    }
}
