//! A Molto-2 at a real reader: each of its profiles is proven by name, and it forgets everything once its button was pressed.

use countersign_emulator::{Link, Molto, Screen, Still, Token};
use countersign_strings::{fill, text};
use countersign_tests::readers::Readers;
use serde_json::Value;
use tempfile::TempDir;

use super::token::{LINK, json, token, vault};
use super::{now, oathtool};

/// Such a token is its own reader, and is known by the name of that.
const NAME: &str = "TOKEN2 Molto2";
const READER: &str = "TOKEN2 Molto2 00 00";

const ON: [&str; 4] = ["--reader", READER, "--wait", "20"];

/// Whose button a person presses as soon as the token was looked at once more.
struct Pressed {
    token: Molto,
    asks: bool,
}

impl Token for Pressed {
    fn transmit(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        if std::mem::take(&mut self.asks) {
            self.token.press();
        }
        self.asks = matches!(frame, [0x80, 0x56, ..]);
        self.token.transmit(frame)
    }

    fn leave(&mut self) {
        self.token.leave();
    }

    fn power_cycle(&mut self) {
        self.token.power_cycle();
    }

    fn press(&mut self) {
        self.token.press();
    }

    fn screen(&self) -> Screen {
        self.token.screen()
    }

    fn serial(&self) -> String {
        self.token.serial()
    }
}

fn molto() -> Link<Pressed> {
    Link::new(Pressed { token: Molto::v2("00000000000042", Still::at(now())), asks: false })
}

fn burn(readers: &Readers, home: &TempDir, profile: &str, name: &str) {
    let arguments = [&["burn", "--yes", "--no-compare", "--profile", profile], &ON[..]].concat();
    let burnt = json(&token(readers, home, &arguments, &format!("{}\n", LINK.replace("mara", name))));
    assert_eq!(burnt["ending"], "written_not_proven");
}

#[test]
fn every_profile_that_the_ledger_knows_is_proven_by_name() {
    let (readers, home) = (Readers::start_as(NAME), vault());
    let laid = readers.lay(molto());
    burn(&readers, &home, "3", "mara");
    burn(&readers, &home, "7", "noor");
    let verify = |more: &[&str], input: &str| {
        let told = token(&readers, &home, &[&["verify"], more, &ON[..]].concat(), input);
        let (said, result) = (String::from_utf8_lossy(&told.stderr).into_owned(), told.stdout.clone());
        (told.status.code(), said, serde_json::from_slice::<Value>(&result).unwrap_or_default())
    };
    let proofs = || {
        let kept = json(&token(&readers, &home, &["ledger"], ""));
        let rows = kept["tokens"].as_array().unwrap().iter();
        rows.map(|row| row["verified"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // Nobody looks at it: all is as it was written, and that proves nothing, and takes nothing back.
    let (code, said, told) = verify(&[], "");
    let entries = told["entries"].as_array().unwrap();
    assert_eq!((code, entries.len(), &told["proven"]), (Some(1), 2, &false.into()), "{said}");
    assert_eq!([&entries[0]["profile"], &entries[1]["profile"]], [3, 7]);
    let owner = fill("token.model_profile", &[("model", "ACME (mara)"), ("n", "3")]);
    let tells = |said: &str, key: &str, n: &str| {
        let (words, place) =
            (fill(key, &[("name", ""), ("clock", "")]), fill("token.model_profile", &[("model", ""), ("n", n)]));
        said.lines().any(|line| line.ends_with(words.trim()) && line.contains(place.trim()))
    };
    assert!(tells(&said, "token.entry_unproven", "3") && tells(&said, "token.entry_unproven", "7"), "{owner}: {said}");
    let code_now = || oathtool(&["--totp"]);
    let wrong = if code_now() == "000000" { "000001" } else { "000000" };
    let (code, said, _) = verify(&["--compare"], &format!("{}\n{wrong}\n{wrong}\n{wrong}\n", code_now()));
    assert_eq!((code, proofs()), (Some(1), vec!["proven_by_codes".to_owned(), "failed".into()]), "{said}");
    assert!(tells(&said, "token.entry_proven", "3") && tells(&said, "token.entry_other", "7"), "{said}");
    // One that is asked about is asked alone, whichever was burned last.
    for profile in ["7", "3"] {
        let (code, said, _) = verify(&["--compare", "--profile", profile], &format!("{}\n", code_now()));
        assert_eq!(code, Some(0), "{profile}: {said}");
    }
    assert_eq!(proofs(), ["proven_by_codes", "proven_by_codes"]);
    assert_eq!(verify(&["--profile", "9"], "").1.lines().last(), Some(text("token.nothing_to_verify")));
    drop(laid.take());
}

#[test]
fn everything_is_forgotten_once_the_button_was_pressed() {
    let (readers, home) = (Readers::start_as(NAME), vault());
    let laid = readers.lay(molto());
    burn(&readers, &home, "3", "mara");
    let reset = token(&readers, &home, &[&["reset", "--yes"], &ON[..]].concat(), "");
    assert_eq!(json(&reset)["operated"], "done");
    let said = String::from_utf8_lossy(&reset.stderr).into_owned();
    assert!(said.contains(text("token.press_button")), "{said}");
    assert!(said.contains(text("token.ledger_forgot_one")), "{said}");
    assert!(json(&token(&readers, &home, &["ledger"], ""))["tokens"].as_array().unwrap().is_empty());
    assert!(laid.take().token().token.profile(3).unwrap().seed.is_none());
}
