//! What the applets are asked, byte for byte, and where they differ.

use super::*;
use crate::tests::{hex, sent};
use crate::{Key, Still, Token};

const SELECT: &str = "00A4040007A0000005272101";
const PUT: &str = "0001000022 710841434D453A626F62 7316 2108 3132333435363738393031323334353637383930";
const TOUCHED_PUT: &str = "0001000024 710841434D453A626F62 7316 2108 3132333435363738393031323334353637383930 7802";
const AT_59: &str = "00A2000114 710841434D453A626F62 7408 0000000000000001 00";
const DELETE: &str = "000200000A 710841434D453A626F62";
const RESET: &str = "0004DEAD";
const SET_CODE: &str = "0003000033 7311 21B033C030BC2241260787F3AD66DF63E4 7408 1122334455667788 \
                        7514 61C696AC8DE072D8351A52BF77172D0E24B90A10";
const VALIDATE: &str = "00A3000020 7514 A20C47E28348BFC734310E3113DCA3ACBDCCC03A 7408 1122334455667788";

fn yubikey() -> (Key, Still) {
    let world = Still::at(0);
    let mut key = Key::yubikey([5, 4, 3], 7, world.clone());
    sent(&mut key, SELECT);
    (key, world)
}

fn all() -> Vec<(Dialect, Key)> {
    let world = Still::at(0);
    let keys = [
        Key::yubikey([5, 7, 0], 7, world.clone()),
        Key::ykneo(world.clone()),
        Key::apex(world.clone()),
        Key::nitrokey(7, world),
    ];
    let selected = |mut key: Key| {
        sent(&mut key, SELECT);
        (key.oath().unwrap().dialect, key)
    };
    keys.into_iter().map(selected).collect()
}

/// PUT of an entry with a name of this length.
fn named(length: usize, number: usize) -> String {
    let name: String = format!("{number:0length$}").bytes().map(|byte| format!("{byte:02X}")).collect();
    let body = format!("71{length:02X}{name}731621063132333435363738393031323334353637383930");
    format!("00010000{:02X}{body}", body.len() / 2)
}

#[test]
fn what_ykman_and_ykneo_oath_said_to_each_other() {
    let mut key = Key::ykneo(Still::at(0));
    key.oath().unwrap().set_salt(hex("6C5544797A91115D").try_into().unwrap());
    assert_eq!(sent(&mut key, SELECT), "790301000271086C5544797A91115D9000");
    assert_eq!(sent(&mut key, &format!("{SELECT}00")), "790301000271086C5544797A91115D9000");
    assert_eq!(sent(&mut key, PUT), "9000");
    assert_eq!(sent(&mut key, "00A1000000"), "72092141434D453A626F629000");
    let all = sent(&mut key, "00A400010A740800000000 03911D85");
    assert_eq!(all, "710841434D453A626F627605081A0498719000");
    assert_eq!(sent(&mut key, AT_59), "760508 41397EEA 9000".replace(' ', ""));
    key.oath().unwrap().stop_masking();
    assert_eq!(sent(&mut key, AT_59), "760508 C1397EEA 9000".replace(' ', ""));
}

#[test]
fn an_access_code_guards_it() {
    let (mut key, world) = yubikey();
    key.oath().unwrap().set_salt(hex("0001020304050607").try_into().unwrap());
    assert_eq!(sent(&mut key, PUT), "9000");
    assert_eq!(sent(&mut key, &SET_CODE.replace("90A10", "90A11")), "6A80");
    assert_eq!(sent(&mut key, SET_CODE), "9000");
    assert_eq!(sent(&mut key, AT_59), "76050841397EEA9000");
    world.load(&hex("A1A2A3A4A5A6A7A8"));
    assert_eq!(sent(&mut key, SELECT), "7903050403710800010203040506077408A1A2A3A4A5A6A7A87B01019000");
    for closed in [PUT, AT_59, DELETE, "00A1000000", SET_CODE, "00A400010A7408000000000000 0001"] {
        assert_eq!(sent(&mut key, closed), "6982", "{closed}");
    }
    assert_eq!(sent(&mut key, &VALIDATE.replace("C03A", "C03B")), "6A80");
    assert_eq!(sent(&mut key, VALIDATE), "751461C696AC8DE072D8351A52BF77172D0E24B90A109000");
    assert_eq!(sent(&mut key, AT_59), "76050841397EEA9000");
    key.leave();
    sent(&mut key, SELECT);
    assert_eq!(sent(&mut key, AT_59), "6982");
    assert_eq!(sent(&mut key, RESET), "9000");
    assert!(!key.oath().unwrap().is_guarded() && key.oath().unwrap().entries().is_empty());

    let (mut key, world) = yubikey();
    key.oath().unwrap().set_salt([0, 1, 2, 3, 4, 5, 6, 7]);
    sent(&mut key, SET_CODE);
    world.load(&hex("A1A2A3A4A5A6A7A8"));
    sent(&mut key, SELECT);
    sent(&mut key, VALIDATE);
    assert_eq!(sent(&mut key, "0003000002 7300"), "9000");
    assert!(!key.oath().unwrap().is_guarded());
}

#[test]
fn dialects_differ_as_the_table_says() {
    for (dialect, mut key) in all() {
        let yubikey = dialect == Dialect::YubiKey([5, 7, 0]);
        let nitrokey = dialect == Dialect::Nitrokey;
        let say = |key: &mut Key, frame: &str| sent(key, frame);
        let sha512 = PUT.replace("7316 21", "7316 23");
        assert_eq!(say(&mut key, &sha512), if yubikey { "9000" } else { "6A80" }, "{dialect:?}");
        say(&mut key, DELETE);
        let touch = say(&mut key, TOUCHED_PUT);
        assert_eq!(touch, if yubikey || nitrokey { "9000" } else { "6A80" }, "{dialect:?}");
        say(&mut key, DELETE);
        assert_eq!(say(&mut key, PUT), "9000", "{dialect:?}");
        assert_eq!(say(&mut key, PUT), if nitrokey { "6983" } else { "9000" }, "{dialect:?}");
        let rename = "0005000014 710841434D453A626F62 710841434D453A626F63";
        let can = yubikey || dialect == Dialect::Apex;
        assert_eq!(say(&mut key, rename), if can { "9000" } else { "6D00" }, "{dialect:?}");
        let gone = say(&mut key, "0002000003 710158");
        assert_eq!(gone, if nitrokey { "6A82" } else { "6984" }, "{dialect:?}");
        if nitrokey {
            assert_eq!(say(&mut key, SET_CODE), "6D00");
            assert_eq!(say(&mut key, "00A400010A74080000000000000001"), "6D00");
        } else {
            assert_eq!(say(&mut key, SET_CODE), "9000", "{dialect:?}");
            let after = say(&mut key, "00A1000000");
            assert_eq!(after == "6982", dialect == Dialect::NeoOath, "{dialect:?}");
            say(&mut key, SELECT);
            let wrong = say(&mut key, VALIDATE);
            assert_eq!(wrong, if dialect == Dialect::Apex { "6984" } else { "6A80" });
            assert_eq!(say(&mut key, RESET), if dialect == Dialect::Apex { "6982" } else { "9000" }, "{dialect:?}");
        }
    }
    let mut apex = Key::apex(Still::at(0));
    assert!(sent(&mut apex, "00A404000CA0000007470061FC54D50101").ends_with("9000"));
    let mut neo = Key::ykneo(Still::at(0));
    sent(&mut neo, SELECT);
    assert_eq!(sent(&mut neo, &PUT.replace("0022 7108", "0023 718108")), "6A80");
    let (mut key, _) = yubikey();
    assert_eq!(sent(&mut key, &PUT.replace("0022 7108", "0023 718108")), "9000");
}

#[test]
fn long_answers_come_in_parts() {
    for (dialect, mut key) in all() {
        let mut stored = 0;
        while sent(&mut key, &named(17, stored)) == "9000" {
            stored += 1;
        }
        let full = if dialect == Dialect::Nitrokey {
            50
        } else if stored == 64 {
            64
        } else {
            128
        };
        assert_eq!(stored, full, "{dialect:?}");
        let mut answer = hex(&sent(&mut key, "00A1000000"));
        if stored == 128 {
            // Beyond the buffer of these two.
            assert_eq!(answer, [0x6a, 0x84]);
            continue;
        }
        let (mut whole, mut parts): (Vec<u8>, usize) = (vec![], 1);
        while let Some((0x61, _)) = answer.split_last_chunk::<2>().map(|(_, sw)| (sw[0], sw[1])) {
            whole.extend(&answer[..answer.len() - 2]);
            answer = hex(&sent(&mut key, "00A50000"));
            parts += 1;
        }
        whole.extend(answer.strip_suffix(&[0x90, 0]).unwrap());
        assert_eq!(whole.len(), stored * 20, "{dialect:?}");
        assert_eq!(parts, 5, "{dialect:?}");
        assert_eq!(sent(&mut key, "00A50000"), "6985");
        sent(&mut key, "00A1000000");
        sent(&mut key, DELETE);
        assert_eq!(sent(&mut key, "00A50000"), "6985", "another command ends the answer before");
    }
}

#[test]
fn touch_counters_and_only_upwards() {
    let (key, _) = yubikey();
    let mut key = key.plugged_in();
    assert_eq!(sent(&mut key, TOUCHED_PUT), "9000");
    assert_eq!(sent(&mut key, AT_59), "6985");
    key.press();
    assert_eq!(sent(&mut key, AT_59), "76050841397EEA9000");
    assert_eq!(sent(&mut key, AT_59), "6985");
    assert_eq!(sent(&mut key, "00A400010A74080000000000000001"), "710841434D453A626F627C01089000");

    let hotp = PUT.replace("0022", "0028").replace("7316 2108", "7316 1106") + "7A04 00000001";
    assert_eq!(sent(&mut key, &hotp), "9000");
    let next = "00A200010C 710841434D453A626F62 7400 00";
    assert_eq!(sent(&mut key, next), "76050641397EEA9000");
    assert_eq!(sent(&mut key, next), "760506082FEF309000");
    assert_eq!(key.oath().unwrap().entries()[0].counter, 3);
    assert_eq!(sent(&mut key, "00A400010A74080000000000000001"), "710841434D453A626F627701069000");

    assert_eq!(sent(&mut key, &TOUCHED_PUT.replace("7802", "7801")), "9000");
    let full = AT_59.replace("A20001", "A20000");
    assert!(sent(&mut key, &full).starts_with("751508"));
    assert_eq!(sent(&mut key, AT_59), "6A80");
    assert_eq!(sent(&mut key, &AT_59.replace("01 00", "02 00")), "760508082FEF309000");
}

#[test]
fn what_does_not_fit_is_refused() {
    let (mut key, _) = yubikey();
    let key_of = |seed: usize| {
        let body = format!("710141 73{:02X}2106{}", seed + 2, "11".repeat(seed)).replace(' ', "");
        format!("00010000{:02X}{body}", body.len() / 2)
    };
    assert_eq!((sent(&mut key, &key_of(13)), sent(&mut key, &key_of(65))), ("6A80".into(), "6A80".into()));
    assert_eq!((sent(&mut key, &key_of(14)), sent(&mut key, &key_of(64))), ("9000".into(), "9000".into()));
    assert_eq!((sent(&mut key, &named(65, 1)), sent(&mut key, &named(64, 1))), ("6A80".into(), "9000".into()));
    for (from, to) in [("2108", "2109"), ("2108", "2105"), ("2108", "3108"), ("2108", "2408"), ("7108", "7109")] {
        assert_eq!(sent(&mut key, &PUT.replace(from, to)), "6A80", "{to}");
    }
    assert_eq!(sent(&mut key, &TOUCHED_PUT.replace("7802", "7804")), "6A80");
    assert_eq!(sent(&mut key, "0004DEAE"), "6A86");
    assert_eq!(sent(&mut key, "8001000000"), "6E00");
}

#[test]
fn nitrokey_has_a_pin_and_asks_for_touches() {
    let mut key = Key::nitrokey(0x1234_5678, Still::at(0)).plugged_in();
    let selected = sent(&mut key, SELECT);
    assert!(selected.starts_with("7903040D007108") && selected.ends_with("8F04123456789000"), "{selected}");
    assert_eq!(sent(&mut key, PUT), "6982");
    key.press();
    assert_eq!(sent(&mut key, PUT), "9000");
    assert_eq!(sent(&mut key, "00B2000006 8004 31323334"), "6982", "no PIN is set");
    key.press();
    assert_eq!(sent(&mut key, "00B4000006 8004 31323334"), "9000");
    assert_eq!(sent(&mut key, SELECT), "7903040D008201088F04123456789000");
    key.press();
    assert_eq!(sent(&mut key, "00B2000006 8004 31323335"), "6300");
    assert_eq!(sent(&mut key, SELECT), "7903040D008201078F04123456789000");

    let sealed = TOUCHED_PUT.replace("62 7316", "63 7316").replace("7802", "7804");
    assert_eq!(sent(&mut key, &sealed), "6982");
    let verify = |key: &mut Key| {
        key.press();
        assert_eq!(sent(key, "00B2000006 8004 31323334"), "9000");
    };
    verify(&mut key);
    key.press();
    assert_eq!(sent(&mut key, &sealed), "9000");
    assert_eq!(sent(&mut key, "00A1000000"), "72092141434D453A626F629000");
    let of_sealed = AT_59.replace("62 7408", "63 7408");
    assert_eq!(sent(&mut key, &of_sealed), "6A82");
    verify(&mut key);
    assert_eq!(sent(&mut key, &of_sealed), "76050841397EEA9000");
    assert_eq!(sent(&mut key, &of_sealed), "6A82", "a PIN counts once");
    verify(&mut key);
    let long = sent(&mut key, "00A1000001 01");
    assert_eq!(long, "720A2141434D453A626F6200720A2141434D453A626F63049000");
    key.press();
    assert_eq!(sent(&mut key, "00B7000014 710841434D453A626F62 710841434D453A626F64"), "9000");
    assert_eq!(sent(&mut key, RESET), "6982");
    key.press();
    assert_eq!(sent(&mut key, RESET), "9000");
    assert!(!key.oath().unwrap().is_guarded());
}
