//! Hardware tokens from the command line, emulated: written, proven, compared, lost and taken up again, and kept account of.

use std::fs;
use std::process::Command;

use countersign_core::burn::ledger::inventory;
use countersign_core::burn::source::{Choices, Kind, Unlock, read};
use countersign_core::port::Clock as _;
use countersign_core::protocol::Secret;
use countersign_core::protocol::otp::{Algorithm, Digits, Period, totp};
use countersign_core::system::SystemClock;
use countersign_strings::{fill, text};
use countersign_tests::program::{built, run};
use serde_json::Value;

use super::{Desk, Ended, SEED};

/// The seed of RFC 6238 as bytes.
const BYTES: &[u8] = b"12345678901234567890";
/// The same in hexadecimal digits.
const HEX: &str = "3132333435363738393031323334353637383930";

pub(super) const LINK: &str = "otpauth://totp/ACME:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ACME";

/// Models whose seed can be written, each with how its burn ends where nobody compares codes.
pub(super) const MODELS: [(&str, &str); 10] = [
    ("miniOTP-2-i", "written_not_proven"),
    ("C301-i", "written_not_proven"),
    ("Molto-2", "written_not_proven"),
    ("Molto-2-v1", "written_not_proven"),
    ("YubiKey", "proven_by_link"),
    ("ykneo", "proven_by_link"),
    ("Apex", "proven_by_link"),
    ("Nitrokey", "proven_by_link"),
    ("Token2", "proven_by_link"),
    ("Feitian", "proven_by_link"),
];

/// `token` with these arguments, as JSON, where nobody can be asked: `setsid` takes the terminal away, should the test have one.
pub(super) fn token(desk: &Desk, arguments: &[&str], input: &str) -> Ended {
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(built("countersign")).args(["--json", "token"]).args(arguments);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path()).current_dir(desk.path());
    command.env("XDG_DATA_HOME", desk.path().join("data"));
    Ended::of(&run(&mut command, input.as_bytes()))
}

fn code_now() -> String {
    code_in(0)
}

/// The code of a clock that is so many seconds fast.
pub(super) fn code_in(seconds: u64) -> String {
    let then = SystemClock::new().now() + seconds;
    totp(&Secret::from_slice(BYTES), then, Algorithm::Sha1, Digits::SIX, Period::THIRTY).to_string()
}

pub(super) fn holds_no_seed(text: &str) {
    for seed in [SEED, HEX, &HEX.to_uppercase(), "12345678901234567890"] {
        assert!(!text.contains(seed), "{text}");
    }
}

pub(super) fn lines(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn each_model_says_what_it_is_and_a_name_that_is_none_lists_them() {
    let desk = Desk::empty();
    for (model, _) in MODELS {
        let told = token(&desk, &["info", "--emulated", model], "");
        assert_eq!(told.code, 0, "{model}: {}", told.stderr);
        let json = told.json();
        assert!(json["token"]["family"].is_string() && json["holds"]["digits"].is_array(), "{json}");
    }
    let single = token(&desk, &["info", "--emulated", "c301-I"], "").json();
    assert_eq!((&single["token"]["model"], &single["token"]["serial"]), (&"C301-i".into(), &"86596100000001".into()));
    let none = token(&desk, &["info", "--emulated", "abacus"], "");
    assert!(
        none.code == 1 && none.stderr.contains("miniOTP-3-i-NB") && none.stderr.contains("YubiKey"),
        "{}",
        none.stderr
    );
    for (model, key) in [("FIDO", "token.declined_security_key"), ("silent", "token.declined_silent")] {
        let told = token(&desk, &["info", "--emulated", model], "");
        assert_eq!((told.code, told.stderr.trim()), (1, text(key)), "{model}");
    }
}

#[test]
fn every_family_is_written_and_proven_as_far_as_it_can_be() {
    let desk = Desk::empty();
    for (model, ending) in MODELS {
        let burnt = token(&desk, &["burn", "--emulated", model, "--yes", "--replace"], &format!("{LINK}\n"));
        assert_eq!(burnt.code, 0, "{model}: {}", burnt.stderr);
        let json = burnt.json();
        assert_eq!(json["ending"], ending, "{model}");
        assert_eq!(json["account"]["issuer"], "ACME");
        holds_no_seed(&burnt.stdout);
        holds_no_seed(&burnt.stderr);
    }
}

#[test]
fn a_lost_link_is_taken_up_wherever_it_was_lost() {
    let desk = Desk::empty();
    for (model, ending) in
        [("C301-i", "written_not_proven"), ("Molto-2", "written_not_proven"), ("YubiKey", "proven_by_link")]
    {
        let mut lost = 0;
        for at in 1..=16 {
            for loss in [at.to_string(), format!("+{at}")] {
                let arguments = ["burn", "--emulated", model, "--lose", &loss, "--yes", "--replace"];
                let burnt = token(&desk, &arguments, &format!("{LINK}\n"));
                assert_eq!(burnt.code, 0, "{model}, {loss}: {}", burnt.stderr);
                assert_eq!(burnt.json()["ending"], ending, "{model}, {loss}");
                lost += usize::from(burnt.stderr.contains(text("token.link_lost")));
            }
        }
        assert!(lost > 0, "{model}: the link was lost in the middle of a burn at least once");
    }
}

#[test]
fn digits_that_a_person_types_are_judged() {
    let desk = Desk::empty();
    let arguments = ["burn", "--emulated", "miniOTP-3-i", "--yes", "--compare"];
    let right = token(&desk, &arguments, &format!("{LINK}\n{}\n", code_now()));
    assert_eq!((right.code, &right.json()["ending"]), (0, &"proven_by_codes".into()), "{}", right.stderr);
    // What its display shows is told, since nobody else can look at it.
    let shown = fill("token.emulated_shows", &[("code", &code_now())]);
    assert!(right.stderr.contains(&shown) || right.stderr.contains("The emulated token shows"), "{}", right.stderr);

    let skipped = token(&desk, &arguments, &format!("{LINK}\n\n"));
    assert_eq!((skipped.code, &skipped.json()["ending"]), (0, &"written_not_proven".into()));

    let wrong = if code_now() == "000000" { "000001" } else { "000000" };
    let never = token(&desk, &arguments, &format!("{LINK}\n{wrong}\n{wrong}\n{wrong}\n"));
    assert_eq!(never.code, 1);
    assert!(never.stderr.contains(text("token.digits_wrong")), "{}", never.stderr);
    assert!(never.stderr.contains(text("token.not_this_seed")), "{}", never.stderr);
    // A slip of the hand is asked again, as often as it comes, and says nothing of the token.
    let slips = token(&desk, &arguments, &format!("{LINK}\n12345\nabcdef\n1234567\n12345\n{}\n", code_now()));
    assert_eq!((slips.code, &slips.json()["ending"]), (0, &"proven_by_codes".into()), "{}", slips.stderr);
    assert_eq!(slips.stderr.matches(&fill("token.digits_form", &[("n", "6")])).count(), 4, "{}", slips.stderr);
    let skipped = token(&desk, &arguments, &format!("{LINK}\n12345\n\n"));
    assert_eq!((skipped.code, &skipped.json()["ending"]), (0, &"written_not_proven".into()), "{}", skipped.stderr);
    // Whoever saw other digits once and then skips, or leaves, has seen them.
    for left in [format!("{wrong}\n\n"), format!("{wrong}\n")] {
        let left = token(&desk, &arguments, &format!("{LINK}\n{left}"));
        assert_eq!(left.code, 1, "{}", left.stderr);
        assert!(left.stderr.contains(text("token.not_this_seed")), "{}", left.stderr);
    }

    let late = code_in(120);
    let off = token(&desk, &arguments, &format!("{LINK}\n{late}\n"));
    assert_eq!((off.code, &off.json()["ending"]), (1, &"clock_off".into()), "its codes may be refused: {}", off.stderr);
    let rows = desk.path().join("seeds.csv");
    fs::write(&rows, format!("secret_base32,name\n{SEED},mara\n")).unwrap();
    let batch = ["batch", rows.to_str().unwrap(), "--emulated", "miniOTP-3-i", "--yes", "--compare"];
    let batch = token(&desk, &batch, &format!("{late}\n"));
    let told = lines(&batch);
    assert_eq!((batch.code, &told[0]["ending"]), (1, &"clock_off".into()), "{}", batch.stderr);
    assert!(batch.stderr.contains(&fill("token.batch_clocks_off", &[("n", "1")])), "{}", batch.stderr);
}

#[test]
fn nothing_is_written_without_a_yes_or_where_it_does_not_fit() {
    let desk = Desk::empty();
    let link = format!("{LINK}\n");
    let unasked = token(&desk, &["burn", "--emulated", "YubiKey"], &link);
    assert_eq!((unasked.code, unasked.stdout.as_str()), (1, ""), "{}", unasked.stderr);

    let eight = format!("{LINK}&digits=8&algorithm=SHA512&period=45\n");
    let misfit = token(&desk, &["burn", "--emulated", "C301-i", "--yes"], &eight);
    assert_eq!(misfit.code, 1);
    for words in [
        fill("token.misfit_digits", &[("n", "8")]),
        fill("token.misfit_algorithm", &[("hash", "SHA512")]),
        fill("token.misfit_period", &[("n", "45")]),
    ] {
        assert!(misfit.stderr.contains(&words), "{}", misfit.stderr);
    }
    let unknown = token(&desk, &["burn", "--emulated", "unknown-serial", "--yes"], &link);
    assert_eq!((unknown.code, unknown.stderr.contains(text("token.unknown_model"))), (1, true), "{}", unknown.stderr);
    let expert = token(&desk, &["burn", "--emulated", "unknown-serial", "--yes", "--expert"], &link);
    assert_eq!(expert.code, 0, "{}", expert.stderr);
    assert!(expert.json()["notes"].as_array().unwrap().contains(&"unknown_model".into()));
}

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let desk = Desk::empty();
    let plan = token(&desk, &["burn", "--emulated", "C301-i", "--dry-run"], &format!("{LINK}\n"));
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    let json = plan.json();
    assert_eq!(json["plan"]["erases"]["what"], "whole");
    assert!(json["ending"].is_null());
    let words = desk.run_plain(&["token", "burn", "--emulated", "C301-i", "--dry-run"], &format!("{LINK}\n"));
    assert!(words.stdout.contains("C301-i") && words.stdout.contains(text("token.erases_whole")), "{}", words.stdout);
    holds_no_seed(&words.stdout);
}

#[test]
fn a_seed_that_reads_in_two_ways_is_asked_about() {
    let desk = Desk::empty();
    let both = "ABCDEF2345ABCDEF2345ABCDEF2345AB\n";
    let arguments = ["burn", "--emulated", "miniOTP-2-i", "--yes"];
    let asked = token(&desk, &arguments, both);
    assert_eq!((asked.code, asked.stderr.contains(text("token.rule_ambiguous"))), (1, true), "{}", asked.stderr);
    for (reading, bytes) in [("base32", 20), ("hex", 16)] {
        let burnt = token(&desk, &[&arguments[..], &["--reading", reading]].concat(), both);
        assert_eq!((burnt.code, &burnt.json()["account"]["seed_bytes"]), (0, &bytes.into()), "{}", burnt.stderr);
    }
    let number = token(&desk, &arguments, "86596000000001001234\n");
    assert_eq!((number.code, number.stderr.trim()), (1, text("token.digits_alone")));
    let said = token(&desk, &[&arguments[..], &["--reading", "hex"]].concat(), "86596000000001001234\n");
    assert_eq!((said.code, &said.json()["account"]["seed_bytes"]), (0, &10.into()), "{}", said.stderr);
    let push = token(&desk, &arguments, "phonefactor://activate_account?code=1\n");
    assert_eq!((push.code, push.stderr.contains(text("qr.microsoft"))), (1, true), "{}", push.stderr);
}

#[test]
fn an_account_of_the_vault_is_written_after_the_passphrase() {
    let desk = Desk::new();
    desk.add(LINK);
    let burnt = desk.run(&["--json", "token", "burn", "ACME", "--emulated", "YubiKey", "--yes"], "");
    assert_eq!(burnt.code, 0, "{}", burnt.stderr);
    let json = burnt.json();
    assert_eq!((&json["ending"], &json["label"]), (&"proven_by_link".into(), &"ACME:mara".into()));
    let wrong = desk.run_plain(
        &["token", "burn", "ACME", "--emulated", "YubiKey", "--yes", "--passphrase-fd", "0"],
        "not the passphrase\n",
    );
    assert_eq!((wrong.code, wrong.stderr.trim()), (1, text("error.wrong_passphrase")));
}

#[test]
fn a_ledger_is_its_owners_alone_and_seeds_in_it_are_a_choice() {
    let desk = Desk::empty();
    let file = |name: &str| desk.path().join(name).display().to_string();
    let burn = |form: &str, name: &str, more: &[&str], input: &str| {
        let path = file(name);
        let arguments = ["burn", "--emulated", "YubiKey", "--yes", "--ledger", &path, "--form", form];
        token(&desk, &[&arguments[..], more].concat(), &format!("{input}{LINK}\n"))
    };
    let kept = burn("inventory-json", "inventory", &[], "");
    assert_eq!(kept.code, 0, "{}", kept.stderr);
    let bytes = fs::read(file("inventory")).unwrap();
    holds_no_seed(&String::from_utf8_lossy(&bytes));
    let tokens = inventory(&bytes).unwrap();
    assert_eq!((tokens.len(), tokens[0].manufacturer.as_str()), (1, "Yubico"));

    let unsaid = burn("entra", "entra", &[], "");
    assert_eq!((unsaid.code, unsaid.stderr.trim()), (1, text("token.ledger_clear")));
    assert!(!fs::exists(file("entra")).unwrap(), "and nothing was burnt for it");
    assert_eq!(burn("entra", "entra", &["--clear"], "").code, 0);
    let entra = read(Kind::Entra, &fs::read(file("entra")).unwrap(), Choices::default()).unwrap();
    assert_eq!(entra.rows[0].credential.seed.expose(), BYTES);

    let sealed = burn("pskc-key", "sealed", &[], "00112233445566778899aabbccddeeff\n");
    assert_eq!(sealed.code, 0, "{}", sealed.stderr);
    let bytes = fs::read(file("sealed")).unwrap();
    holds_no_seed(&String::from_utf8_lossy(&bytes));
    let key: Vec<u8> = (0..16).map(|n| n * 0x11).collect();
    let key = Secret::new(key);
    let opened = read(Kind::Pskc, &bytes, Choices { reading: None, unlock: Unlock::Key(&key) }).unwrap();
    assert_eq!(opened.rows[0].credential.seed.expose(), BYTES);

    let there = burn("inventory", "inventory", &[], "");
    assert_eq!(there.code, 1, "what is there stays");
    #[cfg(unix)]
    for name in ["inventory", "entra", "sealed"] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(file(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

/// A table of so many rows with seeds that differ.
pub(super) fn table(rows: usize) -> String {
    let row = |n: usize| format!("secret{n:034}");
    let hex = |text: String| text.bytes().take(20).map(|byte| format!("{byte:02x}")).collect::<String>();
    let rows: Vec<String> = (1..=rows).map(|n| format!("{},person{n}", hex(row(n).chars().rev().collect()))).collect();
    format!("secret_hex,name\n{}\n", rows.join("\n"))
}

#[test]
fn a_batch_goes_through_a_pipe_and_ends_in_a_ledger() {
    let desk = Desk::empty();
    let path = desk.path().join("ledger").display().to_string();
    let arguments = ["batch", "--emulated", "miniOTP-2-i", "--yes", "--lose", "3:5", "--lose", "7:+6"];
    let ledger = ["--ledger", &path, "--form", "json", "--clear"];
    let burnt = token(&desk, &[&arguments[..], &ledger].concat(), &table(9));
    assert_eq!(burnt.code, 0, "{}", burnt.stderr);
    let lines = lines(&burnt);
    assert_eq!(lines.len(), 10, "a line a token, and one for all: {}", burnt.stdout);
    let mut serials: Vec<&str> = lines.iter().filter_map(|line| line["token"]["serial"].as_str()).collect();
    serials.dedup();
    assert_eq!(serials.len(), 9, "each token once");
    assert_eq!((&lines[9]["batch"]["written"], &lines[9]["batch"]["left"]), (&9.into(), &0.into()));
    let tokens = inventory(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(tokens.len(), 9);
    let names: Vec<String> = tokens.into_iter().map(|token| token.credential.unwrap().name).collect();
    assert_eq!(names, (1..=9).map(|n| format!("person{n}")).collect::<Vec<_>>());
}

#[test]
fn a_dry_run_of_a_batch_prints_every_plan() {
    let desk = Desk::empty();
    let planned = token(&desk, &["batch", "--emulated", "C301-i", "--dry-run"], &table(5));
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    let lines = lines(&planned);
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().all(|line| line["plan"]["erases"]["what"] == "whole"), "{}", planned.stdout);
    let eight = table(2).replace("secret_hex,name", "secret_hex,name,digits").replace("person1", "person1,8");
    let eight = eight.replace("person2", "person2,6");
    let misfit = token(&desk, &["batch", "--emulated", "C301-i", "--dry-run"], &eight);
    assert_eq!(misfit.code, 1, "{}", misfit.stdout);
    let told = self::lines(&misfit);
    assert!(told[0]["refused"].is_string() && told[1]["plan"].is_object(), "{}", misfit.stdout);
}

#[test]
fn a_faulty_row_stops_a_batch_before_any_token_unless_it_may_be_left_out() {
    let desk = Desk::empty();
    let twice = table(2);
    let first = twice.lines().nth(1).unwrap();
    let source = format!("{twice}{first}\n");
    let arguments = ["batch", "--emulated", "YubiKey", "--yes"];
    let refused = token(&desk, &arguments, &source);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(refused.stderr.contains(&fill("token.rule_same_key", &[("n", "2")])), "{}", refused.stderr);
    holds_no_seed(&refused.stderr);
    let left = token(&desk, &[&arguments[..], &["--skip-faulty"]].concat(), &source);
    assert_eq!(left.code, 0, "{}", left.stderr);
    assert_eq!(lines(&left).len(), 3);
}

#[test]
fn a_row_for_a_token_that_never_comes_is_left_and_emulated_batches_are_not_kept() {
    let desk = Desk::new();
    let file = desk.path().join("seeds.csv");
    let rows: Vec<String> = table(3).lines().skip(1).map(str::to_owned).collect();
    let source = format!("serial,secret_hex,name\n,{}\n,{}\n86596009999999,{}\n", rows[0], rows[1], rows[2]);
    fs::write(&file, source).unwrap();
    let file = file.display().to_string();
    let ended = token(&desk, &["batch", &file, "--emulated", "miniOTP-2-i", "--yes"], "");
    assert_eq!((ended.code, lines(&ended).len()), (1, 3), "{}", ended.stderr);
    assert_eq!((&lines(&ended)[2]["batch"]["written"], &lines(&ended)[2]["batch"]["left"]), (&2.into(), &1.into()));
    let none = token(&desk, &["batch", "--resume", "--emulated", "miniOTP-2-i", "--yes"], "");
    assert_eq!((none.code, none.stderr.trim()), (1, text("token.batch_emulated")));
    let listed = desk.run(&["token", "batch", "--list"], "");
    assert_eq!((listed.code, listed.stderr.trim()), (0, text("token.no_batches")));
    let unknown = desk.run(&["token", "batch", "--forget", "May", "--yes"], "");
    assert_eq!((unknown.code, unknown.stderr.trim()), (1, text("token.no_batches")));
}

#[test]
fn a_token_that_shows_other_codes_keeps_its_row_and_the_batch_says_so() {
    let desk = Desk::empty();
    let file = desk.path().join("seeds.csv");
    fs::write(&file, table(2)).unwrap();
    let file = file.display().to_string();
    let wrong = "000000\n".repeat(3);
    let path = desk.path().join("ledger").display().to_string();
    let arguments = ["batch", &file, "--emulated", "miniOTP-2-i", "--yes", "--compare", "--ledger", &path];
    // Three wrong tries for the first, and nobody compares the second.
    let ended = token(&desk, &arguments, &format!("{wrong}\n"));
    let told = lines(&ended);
    let counts = &told.last().unwrap()["batch"];
    assert_eq!(
        (ended.code, &counts["failed"], &counts["written"], &counts["left"]),
        (1, &1.into(), &1.into(), &0.into())
    );
    assert!(ended.stderr.contains(text("token.not_this_seed")), "{}", ended.stderr);
    assert!(ended.stderr.contains(&fill("token.batch_failed", &[("n", "1")])), "{}", ended.stderr);
    let ledger = fs::read_to_string(&path).unwrap();
    assert!(ledger.contains("failed") && ledger.contains("written_not_proven"), "{ledger}");
}

#[test]
fn random_seeds_go_somewhere_and_each_is_another() {
    let desk = Desk::empty();
    let nowhere = token(&desk, &["batch", "--random", "3", "--emulated", "YubiKey", "--yes"], "");
    assert_eq!((nowhere.code, nowhere.stderr.contains(text("token.batch_random_ledger"))), (1, true));
    let path = desk.path().join("ledger").display().to_string();
    let arguments = ["batch", "--random", "3", "--emulated", "miniOTP-2-i", "--algorithm", "SHA256", "--yes"];
    let ledger = ["--ledger", &path, "--form", "json", "--clear"];
    let burnt = token(&desk, &[&arguments[..], &ledger].concat(), "");
    assert_eq!(burnt.code, 0, "{}", burnt.stderr);
    let tokens = inventory(&fs::read(&path).unwrap()).unwrap();
    let mut seeds: Vec<Vec<u8>> =
        tokens.into_iter().map(|token| token.credential.unwrap().seed.expose().to_vec()).collect();
    assert!(seeds.iter().all(|seed| seed.len() == 32));
    seeds.sort();
    seeds.dedup();
    assert_eq!(seeds.len(), 3);
}

#[test]
fn what_is_done_beside_burning_is_done_where_a_token_can() {
    let desk = Desk::empty();
    for (arguments, operated) in [
        (&["sync", "--emulated", "miniOTP-2-i", "--algorithm", "sha256", "--period", "60", "--yes"][..], "done"),
        (&["sync", "--emulated", "Molto-2", "--profile", "3", "--yes"], "done"),
        (&["screen", "lock", "--emulated", "Molto-2", "--yes"], "done"),
        (&["screen", "unlock", "--emulated", "Molto-2", "--yes"], "done"),
        (&["reset", "--emulated", "Molto-2", "--yes"], "done"),
        (&["reset", "--emulated", "YubiKey", "--yes"], "done"),
        (&["delete", "--emulated", "Molto-2", "--profile", "9", "--yes"], "was_empty"),
    ] {
        let done = token(&desk, arguments, "");
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
        assert_eq!(done.json()["operated"], operated, "{arguments:?}");
    }
    for (arguments, words) in [
        (
            &["delete", "--emulated", "Molto-2", "--issuer", "ACME", "--account", "mara", "--yes"][..],
            text("token.delete_by_profile"),
        ),
        (&["delete", "--emulated", "YubiKey", "--yes"], text("token.delete_by_name")),
        (
            &["delete", "--emulated", "YubiKey", "--issuer", "ACME", "--profile", "2", "--yes"],
            text("token.delete_by_name"),
        ),
    ] {
        let refused = token(&desk, arguments, "");
        assert_eq!((refused.code, refused.stderr.contains(words)), (1, true), "{arguments:?}");
    }
}

#[test]
fn another_key_is_read_from_a_pipe_and_a_wrong_one_is_tried_once() {
    let desk = Desk::empty();
    let set = token(&desk, &["key", "set", "--emulated", "YubiKey", "--yes"], "correct horse\n");
    assert_eq!((set.code, &set.json()["operated"]), (0, &"done".into()), "{}", set.stderr);
    for model in ["YubiKey", "Molto-2"] {
        let empty = token(&desk, &["key", "set", "--emulated", model, "--yes"], "\n");
        assert_eq!((empty.code, empty.stderr.contains(text("token.key_empty"))), (1, true), "{}", empty.stderr);
    }
    let arguments = ["burn", "--emulated", "Molto-2", "--own-key", "--yes", "--replace"];
    let wrong = token(&desk, &arguments, &format!("not its key\n{LINK}\n"));
    assert_eq!(wrong.code, 1, "{}", wrong.stderr);
    assert!(wrong.stderr.contains(text("token.wrong_key")) || wrong.stderr.contains("one try"), "{}", wrong.stderr);
    let letters =
        token(&desk, &["burn", "--emulated", "C301-i", "--own-key", "--yes"], &format!("sixteen letters!\n{LINK}\n"));
    assert_eq!((letters.code, letters.stderr.contains(text("token.key_hex"))), (1, true), "{}", letters.stderr);
}

#[test]
fn keys_are_kept_by_name_and_never_shown() {
    let desk = Desk::new();
    let kept = desk.run(&["--json", "token", "key", "keep", "shop", "--for", "molto2"], "a customer key\n");
    assert_eq!((kept.code, &kept.json()["family"]), (0, &"token2_molto2".into()), "{}", kept.stderr);
    let again = desk.run(&["token", "key", "keep", "shop", "--for", "molto2"], "another\n");
    assert_eq!((again.code, again.stderr.trim()), (1, text("error.same_name")));
    let listed = desk.run(&["--json", "token", "key", "list"], "");
    assert_eq!(listed.json()["keys"][0]["name"], "shop");
    assert!(!listed.stdout.contains("a customer key") && !kept.stdout.contains("a customer key"));
    assert_eq!(desk.run(&["token", "key", "forget", "shop", "--yes"], "").code, 0);
    let gone = desk.run(&["token", "key", "forget", "shop", "--yes"], "");
    assert_eq!((gone.code, gone.stderr.trim()), (1, text("error.not_found")));
}
