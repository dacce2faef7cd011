//! Hardware tokens from the command line: what is refused before a token is touched, what a person who leaves is told, and what
//! is said once.

use std::fs;

use countersign_strings::{fill, text};

use super::Desk;
use super::terminal::on_terminal;
use super::token::{LINK, lines, table, token};

/// A file with so many rows.
fn file(desk: &Desk, rows: usize) -> String {
    let file = desk.path().join("seeds.csv");
    fs::write(&file, table(rows)).unwrap();
    file.display().to_string()
}

#[test]
fn a_person_who_leaves_at_the_digits_is_told_how_far_the_batch_is() {
    let desk = Desk::empty();
    file(&desk, 3);
    let mut program = on_terminal(&desk, "token batch seeds.csv --emulated miniOTP-2-i --yes", &[]);
    let asked = |n| move |text: &str| text.matches("(empty to skip)").count() == n;
    program.stdout.wait_until("digits", asked(1));
    program.write(b"\r");
    program.stdout.wait_until("the next token's digits", asked(2));
    program.write(b"\x03");
    let (status, said) = (program.wait(), program.stdout.text());
    assert_eq!(status.code(), Some(130), "{said}");
    let counts = [("proven", "0"), ("written", "2"), ("failed", "0"), ("left", "1")];
    for words in [text("token.stopped_by_person"), &fill("token.batch_done", &counts)] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_person_who_leaves_at_the_digits_of_one_token_is_told_that_it_is_not_proven() {
    let desk = Desk::empty();
    let mut program = on_terminal(&desk, "token burn --random --emulated miniOTP-2-i --yes --ledger out", &[]);
    program.stdout.wait_for("(empty to skip)");
    program.write(b"\x03");
    let (status, said) = (program.wait(), program.stdout.text());
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("Written, not proven") && said.contains(text("token.stopped_by_person")), "{said}");
    assert!(fs::read_to_string(desk.path().join("out")).unwrap().contains("written_not_proven"));
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_a_token_is_touched() {
    let desk = Desk::empty();
    let source = file(&desk, 2);
    let path = |name: &str| desk.path().join(name).display().to_string();
    fs::write(path("there"), "mine").unwrap();
    let no_folder = fill("token.no_folder", &[("folder", &path("nowhere"))]);
    let there = fill("token.ledger_there", &[("file", &path("there"))]);
    let no_file = fill("token.ledger_no_file", &[("file", "/proc/out")]);
    for (asked, words, code) in
        [(path("nowhere/out"), &no_folder, 1), (path("there"), &there, 1), ("/proc/out".to_owned(), &no_file, 2)]
    {
        for file in ["--ledger", "--log"] {
            for what in [&["batch", &source][..], &["burn"]] {
                let arguments = [what, &["--emulated", "miniOTP-2-i", "--yes", file, &asked]].concat();
                let refused = token(&desk, &arguments, &format!("{LINK}\n"));
                assert_eq!((refused.code, refused.stdout.as_str()), (code, ""), "{arguments:?}: {}", refused.stderr);
                assert!(refused.stderr.contains(words), "{arguments:?}: {}", refused.stderr);
                assert!(!refused.stderr.contains("COUNTERSIGN_LOG"), "{}", refused.stderr);
            }
        }
    }
    let log = path("log");
    let arguments = ["burn", "--emulated", "YubiKey", "--yes", "--ledger", &path("nowhere/out"), "--log", &log];
    assert_eq!(token(&desk, &arguments, &format!("{LINK}\n")).code, 1);
    assert!(!fs::exists(&log).unwrap(), "nothing was done that could be noted");
    assert_eq!(fs::read_to_string(path("there")).unwrap(), "mine");
}

#[test]
fn a_ledger_that_could_not_name_the_token_is_refused_before_it_is_written() {
    let desk = Desk::empty();
    let (out, log) = (desk.path().join("out").display().to_string(), desk.path().join("log").display().to_string());
    for (what, input) in
        [(&["burn"][..], format!("{LINK}\n")), (&["burn", "--random", "--account", "mara"], String::new())]
    {
        let on = ["--emulated", "Feitian", "--yes", "--ledger", &out, "--log", &log];
        let refused = token(&desk, &[what, &on].concat(), &input);
        assert_eq!(
            (refused.code, refused.stderr.contains(text("token.ledger_no_serial"))),
            (1, true),
            "{}",
            refused.stderr
        );
        assert!(!fs::exists(&out).unwrap());
        // PUT is 00 01.
        assert!(!fs::read_to_string(&log).unwrap().contains(" 00 01 "), "nothing was written");
        fs::remove_file(&log).unwrap();
    }
}

#[test]
fn numbers_that_a_server_takes_for_one_are_said_before_a_token_is_touched() {
    let desk = Desk::empty();
    let rows = "serial,secret_hex,issuer,name\n\
                AB12,3132333435363738393031323334353637383930,Mail,mara@example.com\n\
                ab12,3132333435363738393031323334353637383931,Mail,noor@example.com\n";
    for (form, first) in [("entra", ""), ("oath", ""), ("pskc-plain", ""), ("pskc", "birch violin larch\n")] {
        let out = desk.path().join(form).display().to_string();
        let log = format!("{out}.log");
        let on =
            ["batch", "--emulated", "YubiKey", "--yes", "--ledger", &out, "--form", form, "--clear", "--log", &log];
        let refused = token(&desk, &on, &format!("{first}{rows}"));
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{form}: {}", refused.stderr);
        for serial in ["AB12", "ab12"] {
            let words = fill("token.left_out", &[("serial", serial), ("why", text("token.left_alike_serial"))]);
            assert!(refused.stderr.contains(&words), "{form}: {}", refused.stderr);
        }
        assert!(refused.stderr.contains(text("token.ledger_nothing")), "{form}: {}", refused.stderr);
        assert!(!fs::exists(&out).unwrap());
        assert!(!fs::read_to_string(&log).unwrap().contains("bytes sent"), "{form}: nothing was asked of a token");
    }
}

#[test]
fn a_seed_that_is_drawn_here_goes_somewhere() {
    let desk = Desk::empty();
    let arguments = ["burn", "--random", "--emulated", "C301-i", "--yes"];
    let nowhere = token(&desk, &arguments, "");
    assert_eq!(
        (nowhere.code, nowhere.stderr.contains(text("token.batch_random_ledger"))),
        (1, true),
        "{}",
        nowhere.stderr
    );
    let path = desk.path().join("out").display().to_string();
    let kept = token(&desk, &[&arguments[..], &["--ledger", &path, "--form", "json", "--clear"]].concat(), "");
    assert_eq!(kept.code, 0, "{}", kept.stderr);
    assert!(kept.stderr.contains(&fill("token.ledger_written", &[("file", &path), ("n", "1")])), "{}", kept.stderr);
}

#[test]
fn keys_that_are_kept_are_not_for_emulated_tokens() {
    let desk = Desk::empty();
    for arguments in [
        &["burn", "--key", "shop", "--emulated", "Molto-2", "--yes", "--replace"][..],
        &["verify", "--key", "shop", "--emulated", "Molto-2"],
        &["key", "set", "--keep-as", "shop", "--emulated", "YubiKey", "--yes"],
    ] {
        let refused = token(&desk, arguments, &format!("{LINK}\n"));
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{arguments:?}: {}", refused.stderr);
        assert!(refused.stderr.contains(text("token.key_emulated")), "{arguments:?}: {}", refused.stderr);
    }
}

#[test]
fn what_is_the_same_of_every_token_of_a_batch_is_said_once() {
    let desk = Desk::empty();
    let source = file(&desk, 5);
    for model in ["C301-i", "Molto-2", "YubiKey"] {
        let burnt =
            token(&desk, &["batch", &source, "--issuer", "ACME", "--emulated", model, "--yes", "--replace"], "");
        assert_eq!((burnt.code, lines(&burnt).len()), (0, 6), "{model}: {}", burnt.stderr);
        let mut said: Vec<&str> = burnt.stderr.lines().map(str::trim).filter(|line| line.len() > 45).collect();
        let all = said.len();
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), all, "{model}: {}", burnt.stderr);
    }
}

#[test]
fn a_batch_of_nothing_says_so() {
    let desk = Desk::empty();
    for (source, words) in
        [("", "token.source_empty"), ("secret_hex,name\n", "token.source_empty"), ("\n\n", "token.source_empty")]
    {
        let refused = token(&desk, &["batch", "--emulated", "C301-i", "--yes"], source);
        assert_eq!((refused.code, refused.stderr.trim()), (1, text(words)), "{source:?}");
    }
}

#[test]
fn a_password_that_anybody_guesses_protects_no_ledger() {
    let desk = Desk::empty();
    let path = desk.path().join("out").display().to_string();
    let arguments = ["burn", "--emulated", "YubiKey", "--yes", "--ledger", &path, "--form", "pskc"];
    for (password, code) in [("", 1), ("pw", 1), ("1234567", 1), ("larch vi", 0)] {
        let done = token(&desk, &arguments, &format!("{password}\n{LINK}\n"));
        assert_eq!((done.code, fs::exists(&path).unwrap()), (code, code == 0), "{password}: {}", done.stderr);
        assert_eq!(
            done.stderr.contains(&fill("token.ledger_password_short", &[("n", "8")])),
            code == 1,
            "{}",
            done.stderr
        );
    }
}

#[test]
fn what_a_form_will_not_have_is_said_before_a_token_is_touched() {
    let desk = Desk::empty();
    let path = |name: &str| desk.path().join(name).display().to_string();
    let batch = |name: &str, source: &str| {
        let out = path(name);
        let arguments = ["batch", "--emulated", "Molto-2", "--yes", "--replace", "--issuer", "ACME"];
        token(
            &desk,
            &[&arguments[..], &["--ledger", &out, "--form", "entra", "--clear", "--unproven"]].concat(),
            source,
        )
    };
    // No spreadsheet is handed a formula, and no importer a name that is not the person's.
    let formula = batch("formula", &table(2).replace("person1", "=mara@example.com"));
    assert_eq!(formula.code, 0, "{}", formula.stderr);
    let why = fill("token.left_character", &[("column", text("token.column_name"))]);
    let told = fill("token.left_out", &[("serial", "line-2"), ("why", &why)]);
    let first = formula.stderr.find(&told).expect("it is told");
    assert!(first < formula.stderr.find("00000000000001").unwrap(), "{}", formula.stderr);
    let entra = fs::read_to_string(path("formula")).unwrap();
    assert!(!entra.contains("mara@") && entra.contains("person2"), "{entra}");
    let eight = table(2).replace("secret_hex,name", "secret_hex,name,digits").replace("person1", "person1,8");
    let none = batch("none", &eight.replace("person2", "person2,8"));
    assert_eq!((none.code, none.stdout.as_str()), (1, ""), "{}", none.stderr);
    assert!(
        none.stderr.contains(text("token.ledger_nothing")) && !fs::exists(path("none")).unwrap(),
        "{}",
        none.stderr
    );
}

#[test]
fn a_row_that_fits_no_token_here_keeps_no_other_from_being_written() {
    let desk = Desk::empty();
    let eight = table(3).replace("secret_hex,name", "secret_hex,name,digits").replace("person1", "person1,8");
    let source = eight.replace("person2", "person2,6").replace("person3", "person3,6");
    let burnt = token(&desk, &["batch", "--emulated", "C301-i", "--yes"], &source);
    let lines = lines(&burnt);
    assert_eq!((burnt.code, lines.len()), (1, 3), "{}", burnt.stderr);
    assert_eq!([&lines[0]["line"], &lines[1]["line"]], [3, 4], "{}", burnt.stdout);
    assert_eq!((&lines[2]["batch"]["written"], &lines[2]["batch"]["left"]), (&2.into(), &1.into()));
    assert!(burnt.stderr.contains("Line 2: "), "{}", burnt.stderr);
}

#[test]
fn a_ledger_of_what_is_proven_is_refused_where_nobody_can_prove_it() {
    let desk = Desk::empty();
    let path = |name: &str| desk.path().join(name).display().to_string();
    for form in ["entra", "oath", "pskc-plain"] {
        let batch = |model: &str, more: &[&str]| {
            let out = path(&format!("{form}-{model}-{}", more.len()));
            let arguments = [
                "batch",
                "--emulated",
                model,
                "--yes",
                "--issuer",
                "ACME",
                "--form",
                form,
                "--clear",
                "--ledger",
                &out,
            ];
            (token(&desk, &[&arguments[..], more].concat(), &table(2)), out)
        };
        let (refused, out) = batch("C301-i", &[]);
        assert_eq!(refused.code, 1, "{form}: {}", refused.stderr);
        assert!(refused.stderr.contains(text("token.ledger_nobody_proves")), "{form}: {}", refused.stderr);
        let told = lines(&refused);
        assert_eq!((told.len(), &told[0]["batch"]["left"]), (1, &2.into()), "nothing was written: {}", refused.stdout);
        assert!(!fs::exists(out).unwrap());
        for (model, more) in [("YubiKey", &[][..]), ("C301-i", &["--unproven"])] {
            let (written, out) = batch(model, more);
            assert_eq!(written.code, 0, "{form}, {model}: {}", written.stderr);
            assert!(fs::exists(out).unwrap());
        }
    }
}

#[test]
fn a_dry_run_has_a_line_for_a_faulty_row_too() {
    let desk = Desk::empty();
    let twice = table(2);
    let source = format!("{twice}{}\n", twice.lines().nth(1).unwrap());
    for (more, code, planned) in [(&[][..], 1, 0), (&["--skip-faulty"], 0, 2)] {
        let told = token(&desk, &[&["batch", "--emulated", "C301-i", "--dry-run"], more].concat(), &source);
        let lines = lines(&told);
        assert_eq!((told.code, lines.len()), (code, planned + 1), "{}", told.stderr);
        assert!(lines[0]["line"] == 4 && lines[0]["refused"].is_string(), "{}", told.stdout);
        assert!(lines[1..].iter().all(|line| line["plan"].is_object()), "{}", told.stdout);
    }
}

#[test]
fn a_passphrase_that_nothing_needs_is_no_seed() {
    let desk = Desk::empty();
    let arguments = ["burn", "--emulated", "YubiKey", "--dry-run", "--passphrase-fd", "0"];
    let planned = token(&desk, &arguments, &format!("GEZDGNBVGY3TQOJQ\n{LINK}\n"));
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    assert_eq!(lines(&planned)[0]["plan"]["account"]["name"], "mara", "{}", planned.stdout);
    let password =
        ["burn", "--emulated", "YubiKey", "--yes", "--form", "pskc", "--ledger", "out", "--passphrase-fd", "0"];
    let written = token(&desk, &password, &format!("larch violin\nseven letters\n{LINK}\n"));
    assert_eq!(written.code, 0, "{}", written.stderr);
    let read = |password: &str| {
        let arguments = ["batch", "out", "--unlock", "password", "--emulated", "YubiKey", "--dry-run"];
        token(&desk, &arguments, &format!("{password}\n")).code
    };
    assert_eq!((read("seven letters"), read("larch violin")), (0, 1));
}
