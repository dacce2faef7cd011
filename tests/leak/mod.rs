//! P9 `leak::canary`: secrets never in logs, errors, files, arguments or environments.
//!
//! The demo's story is played by the built programs with secrets that the test knows, the log at trace. Then everything
//! that either program wrote is searched for each of them: raw, in hex, base32 and base64. So is what the desk says and
//! leaves when its disk fails; the long form (`cargo xtask torture P9`) lets each call fail.

mod children;
mod drawn;
mod errors;
mod keys;
pub mod search;
mod watch;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_protocol::otp::base32;
use countersign_protocol::uri::EnrolLink;
use countersign_tests::plain::Plain;
use countersign_tests::program::{self, Program, command};
use countersign_tests::story::{Desk, Scene, tell};
use countersign_tests::window::{Window, rest};
use search::{Canary, Place, found};
use watch::Watch;

const PASSWORD: &str = "canary password of alice 7731";
const WRONG_PASSWORD: &str = "canary wrong password 4415";
const WRONG_CODE: &str = "canary wrong code 2283";
const WRONG_VOUCHER: &str = "canary wrong voucher 8842";
const WRONG_TOKEN: &str = "canary wrong token 7719";
const FIELD: &str = "canary field that no form has 3317";
const PASSPHRASE: &str = "correct horse battery staple";
const SEED: &[u8; 20] = b"canary seed 20 bytes";

/// Remembers the secrets that a page shows on purpose: link and digits.
struct Listening {
    plain: Plain,
    heard: Arc<Mutex<Vec<(String, String)>>>,
}

impl Window for Listening {
    fn goto(&mut self, url: &str) -> u16 {
        self.plain.goto(url)
    }

    fn submit(&mut self, action: &str, fields: &[(&str, &str)]) {
        let hidden = self.plain.page().hidden_fields(action).unwrap_or_default();
        let tokens =
            hidden.into_iter().filter(|(name, _)| name == "token").map(|(_, value)| ("token".to_owned(), value));
        self.heard.lock().unwrap().extend(tokens);
        self.plain.submit(action, fields);
        // Every cookie that this browser ever had: the sessions, and the mark of a browser that is known.
        let cookies = self.plain.cookies().values().map(|value| ("cookie".to_owned(), value.clone()));
        self.heard.lock().unwrap().extend(cookies.filter(|(_, value)| value.len() >= 16));
    }

    fn has_form(&mut self, action: &str) -> bool {
        self.plain.has_form(action)
    }

    fn words(&mut self, which: &str) -> Option<String> {
        let words = self.plain.words(which);
        if let Some(words) = &words {
            self.heard.lock().unwrap().push((which.to_owned(), words.trim().to_owned()));
        }
        words
    }

    fn heading(&mut self) -> String {
        self.plain.heading()
    }

    fn path(&mut self) -> String {
        self.plain.path()
    }

    fn look_again(&mut self, pause: Duration) {
        self.plain.look_again(pause);
    }
}

/// Starts the built gateway and waits until it serves; its address.
fn gateway(folder: &Path) -> (Program, String) {
    let mut serve = command("countersign-gateway", folder);
    serve.args(["serve", "--sample-app", "true", "--listen", "127.0.0.1:0", "--log-level", "trace"]);
    serve.arg("--data").arg(folder.join("gateway"));
    let gateway = Program::start(&mut serve);
    let line = gateway.stdout.line_with("https://");
    let url = line.split_whitespace().find(|word| word.starts_with("https://")).unwrap().to_owned();
    (gateway, url)
}

fn add_alice(folder: &Path) -> String {
    let mut add = command("countersign-gateway", folder);
    add.args(["user", "add", "alice", "--password-stdin"]).arg("--data").arg(folder.join("gateway"));
    let output = program::run(&mut add, format!("{PASSWORD}\n").as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!said.contains(PASSWORD));
    said.split_whitespace().next_back().unwrap().to_owned()
}

/// What went wrong on purpose, and what was answered: pages and bodies that must not repeat what they were given. With
/// it the digits that were given.
fn provoke(url: &str, enrolled: &Desk, desk: &Desk) -> (Vec<u8>, Vec<Canary>) {
    let mut answers = Vec::new();
    let mut plain = Plain::new();
    plain.goto(&format!("{url}/manageotp"));
    plain.post_form("/login", &[("name", "alice"), ("password", WRONG_PASSWORD), ("more", FIELD)]);
    answers.extend(plain.page().source().bytes());
    let unasked = [("token", WRONG_TOKEN), ("name", "alice"), ("password", WRONG_PASSWORD)];
    assert_eq!(plain.post_as(&format!("{url}/login"), &unasked, &[("origin", url)]), 403);

    // The right password, and then nothing that is right: digits on the phone, a code and a voucher on the page.
    plain.post_form("/login", &[("name", "alice"), ("password", PASSWORD)]);
    let shown = plain.page().words(".figure").expect("the digits of the sign-in");
    let wrong: String =
        shown.chars().filter_map(|c| c.to_digit(10)).map(|c| char::from(b'0' + (c as u8 + 1) % 10)).collect();
    let asked = (0..60).any(|_| {
        let open = enrolled.ask(&["approvals", "--once"], "").iter().any(|line| line["state"] == "open");
        if !open {
            rest(Duration::from_millis(500));
        }
        open
    });
    assert!(asked, "the sign-in came to the phone");
    let mut approve = enrolled.start(&["approve"], &format!("{wrong}\n"));
    assert!(!approve.wait().success(), "wrong digits are refused");
    answers.extend(approve.stdout.bytes());
    answers.extend(approve.stderr.bytes());
    for (form, field, value) in [("/login/code", "code", WRONG_CODE), ("/login/voucher", "voucher", WRONG_VOUCHER)] {
        plain.post_form(form, &[(field, value)]);
        assert!(plain.page().words(".fault").is_some(), "{form}: {}", plain.page().source());
        answers.extend(plain.page().source().bytes());
    }
    let given = vec![Canary::digits("digits of the login", &shown), Canary::digits("wrong digits", &wrong)];

    let secret = base32::encode(SEED);
    for link in [
        format!("otpauth://totp/Canary:me?secret={}&digits=99", secret.as_str()),
        format!("otpauth://totp/Canary:me?secret={}&period=0", secret.as_str()),
        format!("otpauth://what/Canary:me?secret={}", secret.as_str()),
    ] {
        let mut add = desk.start(&["add", "--yes"], &format!("{link}\n"));
        assert!(!add.wait().success(), "a faulty link is refused");
        answers.extend(add.stdout.bytes());
        answers.extend(add.stderr.bytes());
    }
    (answers, given)
}

/// The live codes and the digits of an enrolment that a phone printed.
fn printed(said: &[u8]) -> Vec<Canary> {
    let text = String::from_utf8_lossy(said);
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let names = [("live code", "code"), ("digits of the enrolment", "digits")];
    let of = |line: serde_json::Value| {
        names.map(|(name, field)| Some(Canary::digits(name, line[field].as_str().filter(|text| text.len() >= 6)?)))
    };
    lines.flat_map(of).flatten().collect()
}

#[test]
fn canary() {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::start();
    let (mut gateway, url) = gateway(folder.path());
    let voucher = add_alice(folder.path());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let home = folder.path().join("desk");
    let scene = Scene {
        url: url.clone(),
        name: "alice".into(),
        password: PASSWORD.into(),
        voucher: voucher.clone(),
        home: home.clone(),
    };
    let first = tell(&scene, || Listening { plain: Plain::new(), heard: heard.clone() }, &mut |_, _| {});
    let second = Desk::new(&folder.path().join("second"));
    second.ask(&["add", "--yes"], &format!("otpauth://totp/Canary:me?secret={}\n", base32::encode(SEED).as_str()));
    second.ask(&["code", "Canary"], "");
    let (answers, given) = provoke(&url, &first, &second);

    let mut canaries = vec![
        Canary::text("password", PASSWORD),
        Canary::text("wrong password", WRONG_PASSWORD),
        Canary::text("passphrase", PASSPHRASE),
        Canary::text("voucher", &voucher),
        Canary::bytes("seed", SEED),
        Canary::text("wrong code", WRONG_CODE),
        Canary::text("wrong voucher", WRONG_VOUCHER),
        Canary::text("wrong token", WRONG_TOKEN),
        Canary::text("field that no form has", FIELD),
    ];
    canaries.extend(given);
    canaries.extend([&first, &second].into_iter().flat_map(|desk| printed(&desk.said())));
    for (which, words) in heard.lock().unwrap().iter() {
        if which == "#link" {
            let link = EnrolLink::parse(words).unwrap();
            canaries.push(Canary::bytes("enrolment code", link.c.secret().expose()));
        } else if which == "cookie" {
            canaries.push(Canary::text("cookie", words));
        } else if which == "token" {
            canaries.push(Canary::text("form token", words));
        } else if which == ".figure" {
            canaries.push(Canary::digits("digits of the login", words));
        }
    }
    assert!(canaries.len() >= 7, "link and digits were seen");

    let (started_with, different) = watch.end();
    assert!(different > 4, "the programs were seen running: {different}");
    // What is open is searched as well: the write-ahead log, and what lies in the folders while both run.
    let mut places = vec![
        Place::new("gateway's standard output", gateway.stdout.bytes()),
        Place::new("gateway's log", gateway.stderr.bytes()),
        Place::new("arguments and environments", started_with),
        Place::new("answers to what is wrong", answers),
    ];
    for part in [folder.path().join("gateway"), home.join("phone"), folder.path().join("second/phone")] {
        assert!(search::files(&part).len() > 1, "{} holds files", part.display());
    }
    // Everything below: what programs keep, and what they leave in the folder for temporary files. The test's own
    // file with the passphrase is the one exception.
    places.extend(search::files(folder.path()).into_iter().filter(|place| !place.is_called("passphrase")));
    let (typed, mut canaries): (Vec<Canary>, Vec<Canary>) = canaries.into_iter().partition(Canary::is_digits);
    for name in ["digits of the login", "wrong digits", "digits of the enrolment", "live code"] {
        assert!(typed.iter().any(|canary| canary.is(name)), "{name} are looked for");
    }
    assert!(canaries.iter().any(|canary| canary.is("form token")), "tokens were seen");
    let requests = String::from_utf8_lossy(&places[1].bytes).matches("answered").count();
    assert!(requests > 20, "the log tells of each request: {requests}");

    gateway.terminate();
    assert!(gateway.wait().success());
    places.push(Place::new("the whole log", gateway.stderr.bytes()));
    let keys = keys::of_gateway(&folder.path().join("gateway"));
    canaries.extend(keys);
    canaries.extend(keys::of_phone(&home.join("phone"), PASSPHRASE));
    for name in KEYS {
        assert!(canaries.iter().any(|canary| canary.is(name)), "{name} is looked for");
    }
    // A phone prints its codes and the digits to type; never a key, a passphrase or a link.
    let said = [first.said(), second.said()].map(|said| Place::new("the phones' output", said));
    assert_eq!(found(&canaries, &said), Vec::<String>::new());
    canaries.extend(typed);
    let stands = found(&canaries, &places);
    let kept: Vec<&String> = stands.iter().filter(|line| KEPT_AT.iter().any(|place| line.contains(place))).collect();
    assert_eq!(kept.len(), 2, "each key file holds its key, so the search sees files: {kept:?}");
    let leaks: Vec<&String> = stands.iter().filter(|line| !kept.contains(line)).collect();
    assert!(leaks.is_empty(), "{leaks:?}");
}

#[test]
fn canary_in_each_error_path() {
    let made = errors::Made::new();
    assert_eq!(made.with_too_much(), Vec::<String>::new());
    let (faults, ended, leaks) = made.with_failing_disk(crate::vault::effort(7, 1));
    println!("{faults} faults, of which {ended} ended the command");
    assert_eq!(leaks, Vec::<String>::new());
    assert!(ended > 0 && faults >= crate::vault::effort(4, 40), "{ended} of {faults}");
}

/// Where a key stands in the clear, behind the rights of its file alone: the master key, and each desk's own.
const KEPT_AT: [&str; 2] = ["/gateway/master.key, ", "/keys/device.key, "];

/// What only its owner can open, and what opens it.
const KEYS: [&str; 12] = [
    "master key",
    "key of form tokens",
    "key of vouchers",
    "gateway's own key",
    "ok",
    "seed of an enrolment",
    "enrolment code",
    "key of this device",
    "ak",
    "pk",
    "seal",
    "ok on the phone",
];

/// The suite's broken variant: programs that let each secret out in some form, each of which must be found.
#[test]
fn a_leak_in_any_form_is_found() {
    let canaries =
        [Canary::bytes("seed", SEED), Canary::digits("digits", "492 039"), Canary::text("password", PASSWORD)];
    for (name, text) in search::forms(SEED) {
        let places = [Place::new("log", [b"DEBUG seed=".as_slice(), &text, b"\n"].concat())];
        assert_eq!(found(&canaries, &places).len(), 1, "{name}");
    }
    // A key in a PEM file stands in the middle of something longer.
    let key: Vec<u8> = (0x80..0xa0).collect();
    for before in 0..5 {
        let longer = [&vec![7; before][..], &key, b"end"].concat();
        for (name, text) in search::forms(&longer) {
            let places = [Place::new("log", [b"pem:".as_slice(), &text].concat())];
            assert_eq!(found(&[Canary::bytes("key", &key)], &places).len(), 1, "{name}, behind {before} bytes");
        }
    }
    for line in ["digits=492039 ok", "«492039»", "typed 492 039"] {
        assert_eq!(found(&canaries, &[Place::new("log", line.into())]).len(), 1, "{line}");
    }
    let leaky = [Place::new("database", PASSWORD.into())];
    assert_eq!(found(&canaries, &leaky).len(), 1);
    // As SQLite keeps a text beside numbers: among bytes that are none.
    let leaky = [Place::new("database", [&[0, 0x19, 3][..], b"492039", &[0xff, 1]].concat())];
    assert_eq!(found(&canaries, &leaky).len(), 1, "digits in a file");
    let clean = [Place::new("log", b"2026-11-21T18:00:00.492039Z port=4920391".to_vec())];
    assert_eq!(found(&canaries, &clean), Vec::<String>::new(), "a moment's fraction and a longer number are no digits");
}
