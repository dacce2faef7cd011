//! The files of a batch, read by programs that know nothing of ours: Debian's `pskctool`, `python-pskc`, and the importer of
//! privacyIDEA, each with the right hash for each token; and files that such programs wrote, read here.

mod theirs;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::burn::ledger::{Entry, Form, Proof, Written, read_back, write};
use countersign_core::burn::{Credential, Moving, Protection, Seed, Serial, TokenDigits};
use countersign_core::protocol::Secret;
use countersign_core::protocol::otp::{Algorithm, Counter, Digits, Period, hotp, totp};
use countersign_tests::double::SeededRandom;
use countersign_tests::program;
use serde_json::{Value, json};

/// Keys of usual and unusual lengths for each hash, digits, periods, and a counter.
fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for (turn, length) in [20, 32, 16, 33, 28, 48, 63, 10].into_iter().enumerate() {
        for algorithm in Algorithm::RFC_6238 {
            let number = entries.len();
            let key: Vec<u8> = (0..length).map(|at| (at * 7 + number + 1) as u8).collect();
            let serial = Serial::try_from(format!("8659622{number:07}").as_str()).unwrap();
            let moving = match (turn + number) % 3 {
                0 => Moving::Counter(Counter::try_from(number as u64).unwrap()),
                1 => Moving::Time(Period::try_from(60).unwrap()),
                _ => Moving::Time(Period::THIRTY),
            };
            let credential = Credential {
                serial: Some(serial.clone()),
                issuer: "Müller & <Söhne>".to_owned(),
                name: format!("person{number}@example.com"),
                seed: Seed::try_from(Secret::new(key)).unwrap(),
                moving,
                algorithm,
                digits: TokenDigits::try_from([6, 8][number % 2]).unwrap(),
            };
            let (manufacturer, model) = ("Token2".to_owned(), "C302 \"i\"".to_owned());
            entries.push(Entry {
                serial,
                profile: None,
                manufacturer,
                model,
                credential,
                written_at: 1_795_346_400,
                proof: Proof::ByCodes,
                ahead: None,
            });
        }
    }
    entries
}

const KEY: [u8; 16] = *b"sixteen letters!";
const PASSWORD: &str = "qwerty & ümlaut";

fn forms() -> [(Form, Value); 3] {
    let password = Secret::from_slice(PASSWORD.as_bytes());
    [
        (Form::Pskc(Protection::Plain), json!({})),
        (Form::Pskc(Protection::Key(Secret::from_slice(&KEY))), json!({"key": hex(&KEY)})),
        (Form::Pskc(Protection::Password { password, rounds: 1000 }), json!({"password": PASSWORD})),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn written(entries: &[Entry], form: &Form) -> (Written, String) {
    let written = write(entries, form, &SeededRandom::new(7)).unwrap();
    assert_eq!(read_back(&written.bytes, entries, form), Ok(()));
    let text = String::from_utf8(written.bytes.to_vec()).unwrap();
    (written, text)
}

/// What a peer reads: by serial number.
fn asked(peer: &str, form: &str, text: &str, unlock: &Value) -> BTreeMap<String, Value> {
    let mut case = json!({"peer": peer, "form": form, "text": text});
    case.as_object_mut().unwrap().extend(unlock.as_object().unwrap().clone());
    serde_json::from_value(self::peer(&case)).unwrap()
}

/// What the program of the peers answers.
fn peer(case: &Value) -> Value {
    let mut command = Command::new(program::target().join("python-venv/bin/python"));
    command.arg("-B").arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("burn_files/peer/check.py"));
    let output = program::run(&mut command, case.to_string().as_bytes());
    assert!(output.status.success(), "{}: {}", case["peer"], String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A token gives the codes that it was given: its key may be longer by zeros, all else is the same.
fn agrees(entry: &Entry, read: &Value) {
    let Credential { seed, moving, algorithm, digits, .. } = &entry.credential;
    let key = read["key"].as_str().unwrap();
    let bytes: Vec<u8> =
        (0..key.len() / 2).map(|at| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).unwrap()).collect();
    assert!(Seed::try_from(Secret::from_slice(&bytes)).unwrap().is_same_key(seed), "{read}");
    let (kind, factor) = match moving {
        Moving::Time(period) => ("totp", u64::from(period.seconds())),
        Moving::Counter(counter) => ("hotp", counter.get()),
    };
    assert_eq!(read["type"], kind);
    assert_eq!(read["hash"], algorithm.as_str().to_lowercase());
    assert_eq!((read["digits"].as_u64(), read["moving"].as_u64()), (Some(u64::from(digits.get())), Some(factor)));
    // What the peer has gives the token's code.
    let named: Algorithm = read["hash"].as_str().unwrap().to_uppercase().parse().unwrap();
    let (secret, length) = (Secret::new(bytes), Digits::try_from(u64::from(digits.get())).unwrap());
    let code = match moving {
        Moving::Time(period) => totp(&secret, 1_800_000_000, named, length, *period),
        Moving::Counter(counter) => hotp(&secret, *counter, named, length),
    };
    assert_eq!(code.to_string(), *entry.credential.code_at(1_800_000_000));
}

#[test]
fn privacyidea_reads_our_containers_with_the_right_hash() {
    let entries = entries();
    for (form, unlock) in forms() {
        let (_, text) = written(&entries, &form);
        let read = asked("privacyidea", "pskc", &text, &unlock);
        assert_eq!(read.len(), entries.len());
        entries.iter().for_each(|entry| agrees(entry, &read[entry.serial.as_str()]));
    }
}

#[test]
fn privacyidea_reads_our_oath_table_with_the_right_hash() {
    let entries = entries();
    let (written, text) = written(&entries, &Form::Oath);
    let read = asked("privacyidea", "oath", &text, &json!({}));
    assert_eq!(read.len() + written.left_out.len(), entries.len());
    let left_out = |entry: &&Entry| written.left_out.iter().any(|left| left.serial == entry.serial);
    let kept: Vec<&Entry> = entries.iter().filter(|entry| !left_out(entry)).collect();
    assert!(kept.len() >= 20, "{:?}", written.left_out);
    kept.into_iter().for_each(|entry| agrees(entry, &read[entry.serial.as_str()]));

    // Without the zeros it takes another hash, and says nothing.
    let second = &entries[4];
    assert_eq!((second.credential.algorithm, second.credential.seed.len()), (Algorithm::Sha256, 32));
    let bare = format!("x,{},totp,6,30\n", hex(&second.credential.seed.expose()[..20]));
    assert_eq!(asked("privacyidea", "oath", &bare, &json!({}))["x"]["hash"], "sha1");
}

#[test]
fn python_pskc_reads_our_containers_and_finds_their_checks_right() {
    let entries = entries();
    for (form, unlock) in forms() {
        let (_, text) = written(&entries, &form);
        let read = asked("python-pskc", "pskc", &text, &unlock);
        assert_eq!(read.len(), entries.len());
        for entry in &entries {
            let of = &read[entry.serial.as_str()];
            agrees(entry, of);
            assert_eq!(of["checked"], true, "the check of {}", entry.serial);
            let said = ["issuer", "model", "person"].map(|name| of[name].as_str().unwrap());
            assert_eq!(said, [&entry.credential.issuer, &entry.model, &entry.credential.name].map(String::as_str));
        }
    }
}

/// Debian's reads what is plain, and holds all against the schema of the standard.
#[test]
fn pskctool_reads_our_containers_and_finds_them_valid() {
    let entries = entries();
    for (form, unlock) in forms() {
        let (_, text) = written(&entries, &form);
        let run = |argument: &str| {
            let output = program::run(Command::new("pskctool").arg(argument), text.as_bytes());
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(run("--validate").trim(), "OK");
        let told = run("--info");
        for entry in &entries {
            let serial = format!("SerialNo: {}\n", entry.serial);
            let of = told.split("KeyPackage").find(|part| part.contains(&serial)).unwrap_or_else(|| panic!("{told}"));
            if unlock.as_object().unwrap().is_empty() {
                let key = STANDARD.encode(entry.credential.seed.expose());
                assert!(of.contains(&format!("Key Secret (base64): {key}\n")), "{of}");
            } else {
                assert!(!of.contains("Key Secret"), "{of}");
            }
            assert!(of.contains(&format!("Response Format Length: {}", entry.credential.digits.get())), "{of}");
        }
    }
}
