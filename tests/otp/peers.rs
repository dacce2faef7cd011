//! Codes of every kind against other implementations, each in a process of its own: `pyotp` and `oath` from PyPI, `otpauth`
//! from npm. What a peer refuses to do is not asked of it; what none of them knows is computed as it is described.

use std::path::PathBuf;
use std::process::Command;

use countersign_protocol::Secret;
use countersign_protocol::otp::ocra::{self, Hash, Suite};
use countersign_protocol::otp::{Algorithm, Counter, Digits, Period, Pin, Shape, Timed, hotp, motp, yandex};
use countersign_tests::program;
use serde_json::{Value, json};

/// One code: what a peer is asked, and what we say.
struct Case {
    asked: Value,
    ours: String,
}

fn seed(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 151 + length) as u8).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// TOTP: hashes × digits × periods, with starts, moments and seeds that turn.
fn totps() -> Vec<Case> {
    let starts = [0, 1, 1_000_000_000, 1_234_567];
    let times = [1_111_111_109, 1_800_000_000, 20_000_000_000, 1_000_000_000, 2_000_000_029];
    let seeds = [20, 32, 64, 14, 65, 128, 5, 1];
    let mut cases = Vec::new();
    for algorithm in Algorithm::ALL {
        for digits in 5..=10_u64 {
            for (turn, period) in [1, 10, 15, 30, 60, 90, 120, 3600, 86_400].into_iter().enumerate() {
                for time in times {
                    let place = cases.len() + turn;
                    let (start, seed) = (starts[place % 4], seed(seeds[place % 8]));
                    let shape = Shape {
                        algorithm,
                        digits: Digits::try_from(digits).unwrap(),
                        period: Period::try_from(period).unwrap().counted_from(start).unwrap(),
                    };
                    let ours = Timed::Totp(shape).code(&Secret::from_slice(&seed), time).to_string();
                    let asked = json!({"kind": "totp", "seed": hex(&seed), "algorithm": algorithm.as_str(),
                        "digits": digits, "period": period, "time": time, "start": start});
                    cases.push(Case { asked, ours });
                }
            }
        }
    }
    cases
}

fn hotps() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in Algorithm::ALL {
        for digits in 5..=10_u64 {
            for counter in [0, 1, 255, 256, 65_536, (1 << 32) - 1, 1 << 32, (1 << 53) - 1] {
                let seed = seed([20, 32, 64, 16][cases.len() % 4]);
                let made = Digits::try_from(digits).unwrap();
                let ours = hotp(&Secret::from_slice(&seed), Counter::try_from(counter).unwrap(), algorithm, made);
                let asked = json!({"kind": "hotp", "seed": hex(&seed), "algorithm": algorithm.as_str(),
                    "digits": digits, "counter": counter});
                cases.push(Case { asked, ours: ours.to_string() });
            }
        }
    }
    cases
}

/// Steam, mOTP and Yandex: seeds and PINs × moments.
fn others() -> Vec<Case> {
    let mut cases = Vec::new();
    for time in (0..400_u64).map(|n| n * n * 11_113 + n) {
        let digits = format!("{:016}", time * 7_919);
        let pin = &digits[16 - (4 + time as usize % 13)..];
        let mut case = |kind: &str, timed: Timed, seed: &[u8], key: Secret| {
            let asked = json!({"kind": kind, "seed": hex(seed), "pin": pin, "time": time});
            cases.push(Case { asked, ours: timed.code(&key, time).to_string() });
        };
        let long = seed([20, 32, 16, 64][time as usize % 4]);
        case("steam", Timed::Steam, &long, Secret::from_slice(&long));
        let short = seed([8, 16, 1, 128][time as usize % 4]);
        case("motp", Timed::MOtp, &short, motp::key(&Secret::from_slice(&short), &Pin::motp(pin).unwrap()));
        let sixteen: Vec<u8> = seed(16).iter().map(|byte| byte ^ time as u8).collect();
        case("yandex", Timed::Yandex, &sixteen, yandex::key(&Secret::from_slice(&sixteen), &Pin::yandex(pin).unwrap()));
    }
    cases
}

/// OCRA: what the examples of RFC 6287 leave out. Counter, question formats of every length, hashes of the PIN, session
/// information, steps of time, in every hash and length, one question and two.
fn ocras() -> Vec<Case> {
    let numeric =
        |length: usize, turn: usize| (0..length).map(|n| char::from(b'0' + ((n * 7 + turn) % 10) as u8)).collect();
    let letters = |length: usize, turn: usize| {
        let all = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        (0..length).map(|n| char::from(all[(n * 17 + turn) % all.len()])).collect()
    };
    let hexadecimal = |length: usize, turn: usize| -> String { hex(&seed(64))[turn % 7..][..length & !1].to_owned() };
    let mut cases = Vec::new();
    for turn in 0..600_usize {
        let algorithm = Hash::ALL[turn % 3];
        let (digits, longest) = (4 + turn % 7, 4 + turn % 61);
        let (format, question): (char, String) = match turn / 3 % 3 {
            0 => ('N', numeric(longest, turn)),
            1 => ('A', letters(longest, turn)),
            _ => ('H', hexadecimal(longest, turn)),
        };
        let mut parts = vec![format!("Q{format}{longest:02}")];
        let mut asked = json!({"kind": "ocra"});
        let counter = (turn % 2 == 0).then_some((turn as u64) << (turn % 50));
        if let Some(counter) = counter {
            parts.insert(0, "C".to_owned());
            asked["C"] = json!(counter);
        }
        let pin = (turn % 5 < 3).then(|| (Hash::ALL[turn % 5], format!("pin {turn}")));
        if let Some((hash, pin)) = &pin {
            parts.push(format!("P{hash}"));
            asked["P"] = json!(pin);
        }
        let session = (turn % 7 < 4).then(|| seed([1, 8, 64, 512][turn % 7]));
        if let Some(session) = &session {
            parts.push(format!("S{:03}", session.len()));
            asked["S"] = json!(hex(session));
        }
        let unix = (turn % 11 < 6).then_some(1_111_111_109 + turn as u64 * 86_399);
        if let Some(unix) = unix {
            parts.push(["T1S", "T59S", "T1M", "T59M", "T1H", "T48H"][turn % 11].to_owned());
            asked["T"] = json!(unix);
        }
        let text = format!("OCRA-1:HOTP-{algorithm}-{digits}:{}", parts.join("-"));
        let suite: Suite = text.parse().unwrap_or_else(|fault| panic!("{text}: {fault}"));
        // The peer refuses a part of a byte in its question, and makes one of an odd number of digits as we do.
        let questions = if turn % 13 == 0 { vec![question.clone(), question] } else { vec![question] };
        let key = seed([20, 32, 64][turn % 3]);
        let hash = pin.as_ref().map(|(hash, pin)| ocra::hash_pin(*hash, pin));
        let questions: Vec<&str> = questions.iter().map(String::as_str).collect();
        let input =
            ocra::Input { counter, questions: &questions, pin: hash.as_ref(), session: session.as_deref(), unix };
        let ours = suite.answer(&Secret::from_slice(&key), &input).unwrap().expose().to_owned();
        (asked["suite"], asked["seed"], asked["Q"]) = (json!(text), json!(hex(&key)), json!(questions));
        cases.push(Case { asked, ours });
    }
    cases
}

/// Asks a program for the codes of all cases at once, and compares.
fn compare(mut command: Command, cases: &[Case]) {
    let asked: Vec<&Value> = cases.iter().map(|case| &case.asked).collect();
    let output = program::run(&mut command, json!(asked).to_string().as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(theirs.len(), cases.len());
    let differing = cases.iter().zip(&theirs).filter(|(case, theirs)| case.ours != **theirs);
    let differing: Vec<String> =
        differing.map(|(case, theirs)| format!("{}: ours {}, theirs {theirs}", case.asked, case.ours)).collect();
    assert!(differing.is_empty(), "{} of {}: {}", differing.len(), cases.len(), differing[0]);
}

fn peer(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("otp/peer").join(file)
}

fn python() -> Command {
    let mut command = Command::new(program::target().join("python-venv/bin/python"));
    command.arg("-B").arg(peer("check.py"));
    command
}

fn node() -> Command {
    let mut command = Command::new("node");
    command.arg(peer("check.mjs"));
    command
}

#[test]
fn totp_and_hotp_agree_with_otpauth() {
    let known = |case: &Case| case.asked["algorithm"] != "MD5";
    let cases: Vec<Case> = totps().into_iter().chain(hotps()).filter(known).collect();
    assert_eq!(cases.len(), 5 * 6 * 9 * 5 + 5 * 6 * 8);
    compare(node(), &cases);
}

/// It takes six digits and more, periods to two minutes, and seeds of 112 bits and more; MD5, which it refuses, is computed
/// beside it.
#[test]
fn totp_and_hotp_agree_with_pyotp() {
    let taken = |case: &Case| {
        let number = |name: &str| case.asked[name].as_u64().unwrap_or_default();
        number("digits") >= 6 && number("period") <= 120 && case.asked["seed"].as_str().unwrap().len() >= 28
    };
    let cases: Vec<Case> = totps().into_iter().chain(hotps()).filter(taken).collect();
    for algorithm in Algorithm::ALL {
        let of_it = cases.iter().filter(|case| case.asked["algorithm"] == algorithm.as_str()).count();
        assert!(of_it > 150, "{algorithm}: {of_it}");
    }
    compare(python(), &cases);
}

#[test]
fn steam_agrees_with_pyotp_and_motp_and_yandex_with_their_descriptions() {
    let cases = others();
    assert_eq!(cases.len(), 1200);
    compare(python(), &cases);
}

#[test]
fn ocra_agrees_with_oath_in_what_the_rfcs_examples_leave_out() {
    let cases = ocras();
    let has = |part: &str| cases.iter().filter(|case| case.asked["suite"].as_str().unwrap().contains(part)).count();
    for part in [":C-", "QA64", "QN64", "QH64", "Q", "PSHA1", "PSHA256", "PSHA512", "-S512", "-T1S", "-T59M", "-T48H"] {
        assert!(has(part) > 0, "{part}");
    }
    compare(python(), &cases);
}
