//! Every byte that the drivers of Token2's display tokens send, made once more by a hand that shares no line with them:
//! `emulator/src/tests/third_hand.py`, with SM4 by Python's `cryptography`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use countersign_core::burn::{DisplayTime, Family, KeyProfile, Moving, Request, TokenDigits};
use countersign_emulator::{Molto, Single};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Period};
use countersign_tests::{program, source};

use super::stand::{Any, Case, NOW, Run, cases, request, seed};

const SINGLE_KEY: [u8; 16] =
    [0x8a, 0xd2, 0x06, 0x88, 0x3c, 0xa3, 0x69, 0x48, 0x2a, 0xb2, 0x71, 0x82, 0xb6, 0xe8, 0x32, 0x24];
const OWN: &[u8; 16] = b"sixteen bytes of";
const MOLTO_KEY: &[u8] = b"TOKEN2MOLTO1-KEY";

/// One burn: what the third hand is told of it, and what the driver sent after the challenge.
struct Burn {
    told: String,
    sent: Vec<String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Burns on an emulated token, which draws the challenge.
fn burn(case: &Case, key: &[u8]) -> Burn {
    let mut run = Run::new(case);
    assert_eq!(run.burn(), Ok(case.ending));
    let sent = run.wire.0.exchanges();
    let challenge = sent.iter().find(|exchange| exchange.command[..2] == [0x80, 0x4b]).unwrap();
    let challenge = challenge.answer.as_ref().unwrap()[..8].to_vec();
    let is_made = |command: &&[u8]| matches!(command[..2], [0x80, 0xce] | [0x84, _]);
    let sent = sent.iter().map(|exchange| exchange.command.as_slice()).filter(is_made).map(hex).collect();
    let Request { credential, display, profile, .. } = &case.request;
    let Moving::Time(period) = credential.moving else { panic!("time moves it") };
    let algorithm = 1 + Algorithm::RFC_6238.iter().position(|it| *it == credential.algorithm).unwrap();
    let display = [DisplayTime::Fifteen, DisplayTime::Thirty, DisplayTime::Sixty, DisplayTime::TwoMinutes]
        .iter()
        .position(|it| it == display)
        .unwrap();
    let family = if case.family == Family::Single { "single" } else { "molto" };
    let told = format!(
        "{family} {} {} {NOW} {} {display} {algorithm} {} {} {profile} {}",
        hex(key),
        hex(&challenge),
        hex(credential.seed.expose()),
        credential.digits.get(),
        period.seconds(),
        hex(case.request.title.as_deref().unwrap_or("ACME").as_bytes()),
    );
    Burn { told, sent }
}

/// Requests of every setting, and of seeds of every length.
fn requests(shortest: usize) -> impl Iterator<Item = Request> {
    let displays = [DisplayTime::Fifteen, DisplayTime::Thirty, DisplayTime::Sixty, DisplayTime::TwoMinutes];
    (shortest..=63).map(move |length| {
        let mut request = request();
        request.credential.seed = seed(&(0..length).map(|at| (at * 31 + length) as u8).collect::<Vec<_>>());
        request.credential.algorithm = Algorithm::RFC_6238[length % 2];
        request.credential.moving = Moving::Time(Period::try_from([30, 60][length / 2 % 2]).unwrap());
        request.display = displays[length % 4];
        request
    })
}

fn burns() -> Vec<Burn> {
    let named = |name: &str| cases().into_iter().find(|case| case.name == name).unwrap();
    let mut burns = Vec::new();
    for request in requests(10) {
        let mut case = named("single, restricted");
        case.request = request;
        burns.push(burn(&case, &SINGLE_KEY));
        case.token = |still| Any::Single(Single::new("86596220000001", still.clone()).with_key(*OWN));
        case.key = KeyProfile::Own(Secret::from_slice(OWN));
        burns.push(burn(&case, OWN));
    }
    for (at, request) in requests(1).enumerate() {
        let mut case = named("molto, free profile");
        case.request = Request {
            profile: at as u8 + 1,
            title: Some(["A", "Grüße", "Grüße, Wel", "twelve bytes"][at % 4].into()),
            ..request
        };
        case.request.credential.digits = TokenDigits::try_from([4, 6, 8, 10][at % 4]).unwrap();
        burns.push(burn(&case, MOLTO_KEY));
        case.token = |still| {
            Any::Molto(Box::new(Molto::v2("1", still.clone()).with_customer_key("ein längerer Schlüssel".as_bytes())))
        };
        case.key = KeyProfile::Own(Secret::from_slice("ein längerer Schlüssel".as_bytes()));
        burns.push(burn(&case, "ein längerer Schlüssel".as_bytes()));
    }
    burns
}

#[test]
fn the_third_hand_makes_the_same_bytes() {
    let burns = burns();
    let script = source::root().join("emulator/src/tests/third_hand.py");
    let mut command = Command::new(program::target().join("python-venv/bin/python"));
    command.arg("-B").arg(script).arg("make").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let told: String = burns.iter().map(|burn| format!("{}\n", burn.told)).collect();
    let mut input = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || input.write_all(told.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let made: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!(made.len(), burns.len());
    for (burn, made) in burns.iter().zip(made) {
        assert_eq!(burn.sent, made, "{}", burn.told);
    }
    assert!(burns.len() > 200);
}
