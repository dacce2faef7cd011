//! What the ledger says of a token is true of it by now: where its counter stands, and how far its clock is off.

use std::fs;
use std::process::Output;

use countersign_emulator::{Link, MODELS, Single, Still};
use countersign_strings::text;
use countersign_tests::readers::{READER, Readers};
use serde_json::Value;
use tempfile::TempDir;

use super::token::{LINK, json, token, vault};
use super::{SEED_TEXT, now, oathtool, ykman, yubikey};

const ON: [&str; 4] = ["--reader", READER, "--wait", "20"];

fn at(readers: &Readers, home: &TempDir, arguments: &[&str], input: &str) -> Output {
    token(readers, home, &[arguments, &ON].concat(), input)
}

/// The one row that the ledger has.
fn row(readers: &Readers, home: &TempDir) -> Value {
    let kept = json(&token(readers, home, &["ledger"], ""));
    let [row] = kept["tokens"].as_array().unwrap().as_slice() else { panic!("{kept}") };
    row.clone()
}

#[test]
fn a_counter_in_the_ledger_is_the_one_that_the_next_code_is_made_from() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(yubikey());
    let link = format!("otpauth://hotp/VPN:mara?secret={SEED_TEXT}&issuer=VPN&counter=3");
    let burnt = json(&at(&readers, &home, &["burn", "--yes"], &format!("{link}\n")));
    assert_eq!((&burnt["ending"], &burnt["account"]["counter"]), (&"proven_by_link".into(), &3.into()));
    let counter = || row(&readers, &home)["account"]["counter"].as_u64().unwrap();
    let of = |counter: u64| oathtool(&["--hotp", "-c", &counter.to_string()]);
    // A server is told the code that comes next.
    let file = home.path().join("oath");
    let written = token(&readers, &home, &["ledger", file.to_str().unwrap(), "--form", "oath", "--clear"], "");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let oath = fs::read_to_string(&file).unwrap();
    assert_eq!((counter(), oath.lines().last().unwrap().rsplit(',').next().unwrap().trim()), (4, "4"), "{oath}");
    let shown = || ykman(&readers, &["oath", "accounts", "code", "--single", "VPN:mara"]).unwrap().trim().to_owned();
    assert_eq!(shown(), of(4));
    // Codes were used meanwhile: the token is proven all the same, and the ledger follows.
    let proven = |expected: u64| {
        let verified = json(&at(&readers, &home, &["verify"], ""));
        assert_eq!((&verified["proven"], counter()), (&true.into(), expected));
    };
    proven(6);
    proven(7);
    for _ in 0..12 {
        shown();
    }
    // Many more take a second code that follows on the first.
    proven(21);
    assert_eq!(shown(), of(21));
    // Of several entries each is asked, and each row follows.
    json(&at(&readers, &home, &["burn", "--yes"], &format!("{LINK}\n")));
    let verified = json(&at(&readers, &home, &["verify"], ""));
    let moved: Vec<&Value> =
        verified["entries"].as_array().unwrap().iter().map(|entry| &entry["account"]["counter"]).collect();
    assert_eq!(moved, [&Value::from(23), &Value::Null], "{verified}");
    assert_eq!(shown(), of(23));
    drop(key.take());
}

#[test]
fn a_clock_that_is_off_stands_in_the_ledger_until_it_is_right() {
    let (readers, home) = (Readers::start(), vault());
    let prefix = MODELS.iter().find(|model| !model.restricted).unwrap().prefix;
    let laid = readers.lay(Link::new(Single::new(&format!("{prefix}0000001"), Still::at(now()))));
    let code = |ahead: i64| {
        let moment = now().checked_add_signed(ahead).unwrap();
        oathtool(&["--totp", "-N", &format!("@{moment}")])
    };
    let compared = |command: &[&str], input: &str| {
        let told = at(&readers, &home, &[command, &["--compare"]].concat(), input);
        (told.status.code(), String::from_utf8_lossy(&told.stderr).into_owned())
    };
    let clock = || row(&readers, &home)["clock_ahead"].as_i64();
    // A period may end meanwhile.
    let is_about = |ahead: i64| clock().is_some_and(|told| (told - ahead).abs() <= 30);
    let burnt = compared(&["burn", "--yes"], &format!("{LINK}\n{}\n", code(120)));
    assert_eq!(burnt.0, Some(1), "its codes may be refused: {}", burnt.1);
    assert!(is_about(120), "{:?}", clock());
    let inventory = home.path().join("inventory");
    let file = ["ledger", inventory.to_str().unwrap(), "--form", "inventory"];
    json(&token(&readers, &home, &file, ""));
    let table = fs::read_to_string(&inventory).unwrap();
    assert!(table.contains(&format!(",{}\r\n", clock().unwrap())), "{table}");
    // Setting it clears that, and comparing says how it is by now.
    assert_eq!(json(&at(&readers, &home, &["sync", "--yes"], ""))["operated"], "done");
    assert_eq!((clock(), row(&readers, &home)["verified"].as_str()), (None, Some("written_not_proven")));
    let off = compared(&["verify"], &format!("{}\n", code(-150)));
    assert!(off.0 == Some(1) && is_about(-150), "{:?}: {}", clock(), off.1);
    let right = compared(&["verify"], &format!("{}\n", code(0)));
    assert_eq!((right.0, clock()), (Some(0), None), "{}", right.1);
    assert_eq!(row(&readers, &home)["verified"], "proven_by_codes");
    assert!(!right.1.contains(text("token.not_this_seed")));
    drop(laid.take());
}
