//! Google's transfer by other hands, in both directions: PyPI's `otpa`, and Google's `protobuf` for the bytes.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Digits, Period};
use countersign_protocol::uri::migration::{Added, Transfer, parse, write};
use countersign_protocol::uri::otpauth::{self, Account, Kind};
use countersign_tests::program;
use serde_json::{Value, json};

/// Runs the peer with JSON on its standard input and reads JSON from its output.
fn ask(what: &str, question: &Value) -> Value {
    let mut child = Command::new(program::target().join("python-venv/bin/python"))
        .arg("-B")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("transfer/peer.py"))
        .arg(what)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cargo xtask setup installs it");
    child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{what}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Accounts of every setting that a transfer holds, with names and seeds that are awkward to write.
fn accounts() -> Vec<Account> {
    let names = [
        ("GitHub", "mara@example.com"),
        ("", "mara"),
        ("A & B: C", "50 % +/=?#"),
        ("日本", "ü 👩‍👩‍👧"),
        ("Bank", ""),
        ("Bank", "Bank"),
    ];
    let mut all = Vec::new();
    for (place, (issuer, name)) in names.into_iter().enumerate() {
        for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512, Algorithm::Md5] {
            for digits in [Digits::SIX, Digits::EIGHT] {
                for kind in [
                    Kind::Totp { period: Period::THIRTY },
                    Kind::Hotp { counter: Counter::ZERO },
                    Kind::Hotp { counter: Counter::try_from((1 << 63) - 1).unwrap() },
                ] {
                    let seed = (0..16 + all.len() % 49).map(|n| (n * 37 + all.len() * 151 + place) as u8).collect();
                    let base = otpauth::parse("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY").unwrap().0;
                    let (issuer, name) = (issuer.to_owned(), name.to_owned());
                    all.push(Account { kind, issuer, name, secret: Secret::new(seed), algorithm, digits, ..base });
                }
            }
        }
    }
    all
}

fn link_of(account: &Account) -> String {
    otpauth::write(account).to_string()
}

#[test]
fn others_read_what_we_write() {
    let accounts = accounts();
    let links: Vec<String> =
        write(&accounts.iter().collect::<Vec<_>>(), -12_345).unwrap().iter().map(|link| link.to_string()).collect();
    let answer = ask("read", &json!({ "links": links }));

    let parts = answer["protobuf"].as_array().unwrap();
    let mut read = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let numbers = [&part["version"], &part["batch_size"], &part["batch_index"], &part["batch_id"]];
        assert_eq!(numbers.map(|number| number.as_i64().unwrap()), [1, links.len() as i64, place as i64, -12_345]);
        read.extend(part["accounts"].as_array().unwrap());
    }
    assert_eq!((read.len(), accounts.len()), (144, 144));
    for (theirs, ours) in read.into_iter().zip(&accounts) {
        let hex: String = ours.secret.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        let algorithm = match ours.algorithm {
            Algorithm::Sha1 => 1,
            Algorithm::Sha256 => 2,
            Algorithm::Sha512 => 3,
            Algorithm::Md5 => 4,
            Algorithm::Sha224 | Algorithm::Sha384 => panic!("no transfer holds them"),
        };
        let (kind, counter) = match ours.kind {
            Kind::Hotp { counter } => (1, counter.get()),
            _ => (2, 0),
        };
        let digits = if ours.digits == Digits::EIGHT { 2 } else { 1 };
        let expected = json!({ "secret": hex, "name": ours.name, "issuer": ours.issuer, "algorithm": algorithm,
                               "digits": digits, "type": kind, "counter": counter });
        assert_eq!(*theirs, expected, "{}", ours.issuer);
    }
    // The links that the other program makes of it mean the same to us.
    let theirs = answer["otpa"].as_array().unwrap();
    for (theirs, ours) in theirs.iter().zip(&accounts) {
        let (theirs, _) = otpauth::parse(theirs.as_str().unwrap()).unwrap();
        assert_eq!(link_of(&theirs), link_of(ours));
    }
    assert_eq!(theirs.len(), 144);
}

#[test]
fn we_read_what_others_write() {
    let accounts = accounts();
    let links: Vec<String> = accounts.iter().map(link_of).collect();
    for (id, round) in [(0, 3), (7, 5), (i32::MAX, 11)] {
        let asked = &links[..90];
        let answer = ask("write", &json!({ "links": asked, "id": id }));
        for peer in ["otpa", "protobuf"] {
            let mut parts: Vec<_> =
                answer[peer].as_array().unwrap().iter().map(|link| parse(link.as_str().unwrap())).collect();
            assert_eq!(parts.len(), if peer == "otpa" { 30 } else { 6 });
            // In an order of their own.
            parts.sort_by_key(|part| part.as_ref().map_or(0, |part| part.index * round % 31));
            let mut transfer = Transfer::default();
            for part in parts {
                assert_eq!(transfer.add(part.unwrap()), Ok(Added::Accounts));
            }
            assert!(transfer.is_whole());
            let read: Vec<String> =
                transfer.entries().map(|entry| link_of(&entry.account.as_ref().unwrap().0)).collect();
            assert_eq!(read, asked, "{peer} with {id}");
        }
    }
    let kinds: BTreeSet<_> = links.iter().map(|link| &link[..14]).collect();
    assert_eq!(kinds.len(), 2, "both kinds were tried");
}
