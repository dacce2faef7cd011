//! Encrypted containers that other programs wrote: `python-pskc`, its program `csv2pskc`, and the exporter of privacyIDEA. They open
//! with their key or password and no other, and hold what those programs were given.

use std::process::Command;

use countersign_core::burn::ledger::Entry;
use countersign_core::burn::source::{Choices, Kind, Source, SourceError, Unlock, read};
use countersign_core::burn::{Moving, TokenDigits};
use countersign_core::protocol::Secret;
use countersign_core::protocol::otp::Algorithm;
use countersign_tests::program;
use serde_json::{Value, json};

use super::{KEY, PASSWORD, entries, hex, peer};

/// What a peer is told of an entry.
fn given(entry: &Entry) -> Value {
    let of = &entry.credential;
    let (kind, moving) = match of.moving {
        Moving::Time(period) => ("totp", u64::from(period.seconds())),
        Moving::Counter(counter) => ("hotp", counter.get()),
    };
    json!({
        "serial": entry.serial.as_str(), "manufacturer": &entry.manufacturer, "issuer": &of.issuer, "person": &of.name,
        "key": hex(of.seed.expose()), "type": kind, "hash": of.algorithm.as_str().to_lowercase(),
        "digits": of.digits.get(), "moving": moving,
    })
}

fn written_by(name: &str, entries: &[Entry], lock: &Value) -> String {
    let rows: Vec<Value> = entries.iter().map(given).collect();
    let mut case = json!({"peer": name, "write": rows});
    case.as_object_mut().unwrap().extend(lock.as_object().unwrap().clone());
    peer(&case).as_str().unwrap().to_owned()
}

fn opened(text: &str, unlock: Unlock<'_>) -> Result<Source, SourceError> {
    read(Kind::Pskc, text.as_bytes(), Choices { unlock, ..Choices::default() })
}

/// Opens with this and with nothing else.
fn opens(text: &str, unlock: Unlock<'_>) -> Source {
    let (key, password) = (Secret::from_slice(&[7; 16]), Secret::from_slice(b"another"));
    match unlock {
        Unlock::Key(right) => {
            let wrong = Secret::new(right.expose().iter().map(|byte| byte ^ 1).collect());
            assert_eq!(opened(text, Unlock::Key(&wrong)).err(), Some(SourceError::WrongKey));
            assert_eq!(opened(text, Unlock::Password(&password)).err(), Some(SourceError::KeyNeeded));
            assert_eq!(opened(text, Unlock::Nothing).err(), Some(SourceError::KeyNeeded));
        }
        Unlock::Password(_) => {
            assert_eq!(opened(text, Unlock::Password(&password)).err(), Some(SourceError::WrongKey));
            assert_eq!(opened(text, Unlock::Key(&key)).err(), Some(SourceError::PasswordNeeded));
            assert_eq!(opened(text, Unlock::Nothing).err(), Some(SourceError::PasswordNeeded));
        }
        Unlock::Nothing => {}
    }
    let source = opened(text, unlock).unwrap();
    assert!(source.faults.is_empty(), "{:?}", source.faults);
    source
}

/// Each row is the entry of its serial number, and gives its codes.
fn holds(source: &Source, entries: &[Entry], names: bool) {
    assert_eq!(source.rows.len(), entries.len());
    for entry in entries {
        let of_entry =
            |row: &&countersign_core::burn::source::Row| row.credential.serial.as_ref() == Some(&entry.serial);
        let row = source.rows.iter().find(of_entry).unwrap_or_else(|| panic!("{}", entry.serial));
        let (is, was) = (&row.credential, &entry.credential);
        assert!(is.seed.is_same_key(&was.seed), "{}", entry.serial);
        assert_eq!((is.moving, is.algorithm, is.digits), (was.moving, was.algorithm, was.digits), "{}", entry.serial);
        assert_eq!(is.code_at(1_800_000_000), was.code_at(1_800_000_000));
        assert_eq!(row.manufacturer, entry.manufacturer);
        if names {
            assert_eq!((&is.issuer, &is.name), (&was.issuer, &was.name));
        }
    }
}

#[test]
fn what_python_pskc_wrote_under_a_key_is_read() {
    let entries = entries();
    let own_fields = json!(["secret", "counter", "time_interval"]);
    for (cipher, length, fields) in [
        ("aes128-cbc", 16, json!(null)),
        ("aes192-cbc", 24, json!(null)),
        ("aes256-cbc", 32, json!(null)),
        ("aes128-cbc", 16, own_fields),
    ] {
        let key: Vec<u8> = (1..=length).collect();
        let text = written_by("python-pskc", &entries, &json!({"key": hex(&key), "cipher": cipher, "fields": fields}));
        holds(&opens(&text, Unlock::Key(&Secret::new(key))), &entries, true);
    }
}

#[test]
fn what_python_pskc_wrote_under_a_password_is_read() {
    let (entries, password) = (entries(), Secret::from_slice(PASSWORD.as_bytes()));
    for (cipher, function) in
        [("aes128-cbc", json!(null)), ("aes256-cbc", json!("hmac-sha256")), ("aes192-cbc", json!("hmac-sha512"))]
    {
        let lock = json!({"password": PASSWORD, "cipher": cipher, "prf": function});
        let text = written_by("python-pskc", &entries, &lock);
        holds(&opens(&text, Unlock::Password(&password)), &entries, true);
    }
}

/// Its exporter knows a key agreed on, and no password.
#[test]
fn what_privacyidea_exports_is_read_with_the_right_hash() {
    let entries = entries();
    let text = written_by("privacyidea", &entries, &json!({"key": hex(&KEY)}));
    holds(&opens(&text, Unlock::Key(&Secret::from_slice(&KEY))), &entries, false);
}

/// A table made into a container by a program that a person would use.
#[test]
fn what_csv2pskc_wrote_is_read() {
    let plain = |entry: &Entry| {
        let of = &entry.credential;
        of.algorithm == Algorithm::Sha1 && of.digits == TokenDigits::SIX && matches!(of.moving, Moving::Time(_))
    };
    let entries: Vec<Entry> = entries().into_iter().filter(plain).collect();
    assert!(entries.len() > 1);
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("tokens.csv");
    let row = |entry: &Entry| {
        let one = given(entry);
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        format!("{},{},{},{},6,totp\n", text("serial"), text("key"), text("manufacturer"), one["moving"])
    };
    let head = "serial,secret,manufacturer,time_interval,response_length,algorithm\n";
    std::fs::write(&table, format!("{head}{}", entries.iter().map(row).collect::<String>())).unwrap();
    let run = |arguments: &[&str]| {
        let code = "from pskc.scripts.csv2pskc import main; main()";
        let mut command = Command::new(program::target().join("python-venv/bin/python"));
        command.args(["-B", "-c", code]).args(arguments).arg(&table);
        let output = program::run(&mut command, b"");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let by_key = run(&["--secret", &hex(&KEY)]);
    holds(&opens(&by_key, Unlock::Key(&Secret::from_slice(&KEY))), &entries, false);
    let by_password = run(&["--password", "qwerty"]);
    holds(&opens(&by_password, Unlock::Password(&Secret::from_slice(b"qwerty"))), &entries, false);
    holds(&opens(&run(&[]), Unlock::Nothing), &entries, false);
}
