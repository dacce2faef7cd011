//! The command line at a real reader: what it writes `ykman` reads, what `ykman` writes it reads, and a token that leaves in
//! the middle is taken up again.

use std::process::{Command, Output};

use countersign_emulator::{Fault, Key, Link, MODELS, Single, Still};
use countersign_strings::{fill, text};
use countersign_tests::patience::until;
use countersign_tests::program::{Program, built, run};
use countersign_tests::readers::{READER, Readers};
use serde_json::Value;
use tempfile::TempDir;

use super::again::begun;
use super::{SEED, SEED_TEXT, emptied, now, oathtool, ykman, yubikey};

/// The passphrase of the vault that keeps what was burned.
pub(super) const PASSPHRASE: &str = "larch violin";

pub(super) const LINK: &str = "otpauth://totp/ACME:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ACME";

/// `countersign token` at these readers, with a folder of its own.
fn command(readers: &Readers, home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = readers.command(built("countersign").to_str().unwrap());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("LANG", "C.UTF-8");
    command.args(["--json", "token"]).args(arguments);
    command
}

/// The same to its end.
pub(super) fn token(readers: &Readers, home: &TempDir, arguments: &[&str], input: &str) -> Output {
    let mut command = command(readers, home, arguments);
    if !["list", "info"].contains(&arguments[0]) {
        command.args(["--passphrase-fd", "0"]);
        return run(&mut command, format!("{PASSPHRASE}\n{input}").as_bytes());
    }
    run(&mut command, input.as_bytes())
}

/// The same while it runs, which opens the vault and waits for a token.
pub(super) fn waiting(readers: &Readers, home: &TempDir, arguments: &[&str], input: &str) -> Program {
    let on = ["--reader", READER, "--wait", "60", "--yes", "--no-compare", "--passphrase-fd", "0"];
    let mut program = Program::start(command(readers, home, arguments).args(on));
    program.write(format!("{PASSPHRASE}\n{input}").as_bytes());
    program.close_stdin();
    program.stderr.wait_for("Lay the token on the reader");
    program
}

/// Waits until the service has noticed that its reader is empty: it looks a few times a second, and what comes back before is not
/// noticed by the virtual reader at all.
pub(super) fn noticed(readers: &Readers, home: &TempDir) {
    until("an empty reader", || {
        let listed: Value = serde_json::from_slice(&token(readers, home, &["list"], "").stdout).ok()?;
        let rows = listed["readers"].as_array()?;
        rows.iter().any(|row| row["reader"] == READER && row["token"].is_null()).then_some(())
    });
    // A list also says so of a token that lies there and does not answer.
    emptied(readers);
}

/// A folder with a vault.
pub(super) fn vault() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(built("countersign"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("LANG", "C.UTF-8");
    let made = run(command.args(["init", "--passphrase-fd", "0"]), format!("{PASSPHRASE}\n").as_bytes());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    home
}

pub(super) fn json(output: &Output) -> Value {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    serde_json::from_str(stdout.lines().last().unwrap_or_default()).unwrap()
}

#[test]
fn what_is_written_here_ykman_lists_and_shows() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(yubikey());
    let arguments = ["burn", "--reader", READER, "--wait", "20", "--yes"];
    let burnt = json(&token(&readers, &home, &arguments, &format!("{LINK}\n")));
    assert_eq!((&burnt["ending"], &burnt["label"]), (&"proven_by_link".into(), &"ACME:mara".into()));
    assert_eq!(ykman(&readers, &["oath", "accounts", "list"]).unwrap().trim(), "ACME:mara");
    // Who looks across the end of a period sees the one code or the other.
    let at = |unix: u64| oathtool(&["--totp", "-N", &format!("@{unix}")]);
    let before = at(now());
    let shown = ykman(&readers, &["oath", "accounts", "code", "--single", "ACME:mara"]).unwrap();
    assert!([before, at(now())].contains(&shown.trim().to_owned()), "{shown}");
    let mut link = key.take();
    let entries = link.token_mut().oath().unwrap().entries();
    assert!(entries.len() == 1 && entries[0].seed.ct_eq(SEED));
}

#[test]
fn what_ykman_wrote_is_in_its_place_and_is_erased_only_where_that_was_said() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(yubikey());
    let other = "otpauth://totp/ACME:mara?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=ACME";
    ykman(&readers, &["oath", "accounts", "uri", other]).unwrap();
    let arguments = ["burn", "--reader", READER, "--wait", "20", "--yes"];
    let refused = token(&readers, &home, &arguments, &format!("{LINK}\n"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--replace"));
    let replaced = json(&token(&readers, &home, &[&arguments[..], &["--replace"]].concat(), &format!("{LINK}\n")));
    assert_eq!((&replaced["ending"], &replaced["erases"]["name"]), (&"proven_by_link".into(), &"ACME:mara".into()));
    let mut link = key.take();
    let entries = link.token_mut().oath().unwrap().entries();
    assert!(entries.len() == 1 && entries[0].seed.ct_eq(SEED));
}

#[test]
fn an_access_code_set_by_ykman_opens_the_key_here_too() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(yubikey());
    ykman(&readers, &["oath", "access", "change", "--new-password", "larch violin"]).unwrap();
    let arguments = ["burn", "--reader", READER, "--wait", "20", "--yes"];
    let closed = token(&readers, &home, &arguments, &format!("{LINK}\n"));
    assert_eq!(closed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&closed.stderr).contains(text("token.access_code")));
    let opened = [&arguments[..], &["--own-key"]].concat();
    let burnt = json(&token(&readers, &home, &opened, &format!("larch violin\n{LINK}\n")));
    assert_eq!(burnt["ending"], "proven_by_link");
    let listed = ykman(&readers, &["oath", "accounts", "list", "--password", "larch violin"]).unwrap();
    assert_eq!(listed.trim(), "ACME:mara");
    drop(key.take());
}

/// What the ledger says of a token is true of it, also after it forgot what was written.
#[test]
fn the_ledger_says_no_more_of_a_token_that_forgot_and_no_key_is_lost_to_a_name_that_is_taken() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(yubikey());
    let on = ["--reader", READER, "--wait", "20", "--yes"];
    let rows = || json(&token(&readers, &home, &["ledger"], ""))["tokens"].as_array().unwrap().len();
    let burn = || json(&token(&readers, &home, &[&["burn"], &on[..]].concat(), &format!("{LINK}\n")));
    let delete = [&["delete", "--issuer", "ACME", "--account", "mara"], &on[..]].concat();
    for forgets in [&delete[..], &[&["reset"], &on[..]].concat()] {
        assert_eq!((&burn()["ending"], rows()), (&"proven_by_link".into(), 1));
        assert_eq!(
            (&json(&token(&readers, &home, forgets, ""))["operated"], rows()),
            (&"done".into(), 0),
            "{forgets:?}"
        );
    }
    let keep = ["key", "keep", "shop", "--for", "yubikey"];
    json(&token(&readers, &home, &keep, "correct horse\n"));
    let taken = token(&readers, &home, &[&["key", "set", "--keep-as", "shop"], &on[..]].concat(), "larch violin\n");
    assert_eq!(taken.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&taken.stderr).contains(text("error.same_name")));
    assert_eq!(burn()["ending"], "proven_by_link", "the token has no access code");
    drop(key.take());
}

#[test]
fn a_token_is_waited_for_and_one_that_leaves_in_the_middle_is_taken_up_again() {
    let (readers, home) = (Readers::start(), vault());
    let mut program = waiting(&readers, &home, &["burn"], &format!("{LINK}\n"));
    // A meeting of one command, and of the burn challenge, proof and settings: the seed does not arrive.
    let model = MODELS.iter().find(|model| model.restricted).unwrap();
    let mut link = Link::new(Single::new(&format!("{}0000001", model.prefix), Still::at(now())));
    link.fault(5, Fault::DropBefore);
    let mut link = readers.lay(link).lost();
    program.stderr.wait_for(text("token.link_lost"));
    assert!(link.token().seed().is_none(), "the settings took the old seed away");
    noticed(&readers, &home);
    link.come_back();
    let token = readers.lay(link);
    assert!(program.wait().success(), "{}", program.stderr.text());
    let told: Value = serde_json::from_str(program.stdout.text().lines().last().unwrap()).unwrap();
    assert_eq!(told["ending"], "written_not_proven");
    assert!(token.take().token().seed().unwrap().ct_eq(SEED));
    // Another command knows of it: the vault kept it, with its seed.
    let path = home.path().join("ledger.csv").display().to_string();
    let kept = json(&self::token(&readers, &home, &["ledger", &path, "--form", "entra", "--clear", "--unproven"], ""));
    assert_eq!(kept["ledger"]["tokens"], 1);
    assert!(std::fs::read_to_string(&path).unwrap().contains(SEED_TEXT));
}

#[test]
fn a_batch_whose_program_is_killed_goes_on_by_its_name_and_no_row_goes_to_two_tokens() {
    let (readers, home) = (Readers::start(), vault());
    let file = home.path().join("seeds.csv");
    let other: Vec<u8> = (0..20).collect();
    let hex = |seed: &[u8]| seed.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    std::fs::write(&file, format!("secret_hex,name\n{},mara\n{},noor\n", hex(SEED), hex(&other))).unwrap();
    let file = file.display().to_string();
    let prefix = MODELS.iter().find(|model| model.restricted).unwrap().prefix;
    let single = |number: u32| Link::new(Single::new(&format!("{prefix}{number:07}"), Still::at(now())));

    let mut first = waiting(&readers, &home, &["batch", &file], "");
    let one = readers.lay(single(1));
    first.stdout.wait_for("\"line\":2");
    first.kill();
    let one = one.take();
    assert!(one.token().seed().unwrap().ct_eq(SEED));
    let kept = json(&token(&readers, &home, &["batch", "--list"], ""));
    assert_eq!((&kept["batches"][0]["name"], &kept["batches"][0]["done"]), (&"seeds.csv".into(), &1.into()));
    let other_file = home.path().join("other.csv").display().to_string();
    std::fs::write(&other_file, format!("secret_hex,name\n{},mara\n", hex(SEED))).unwrap();
    let anew = token(&readers, &home, &["batch", &other_file, "--reader", READER, "--yes"], "");
    let said = String::from_utf8_lossy(&anew.stderr).into_owned();
    assert!(anew.status.code() == Some(1) && said.contains(&fill("token.batch_faulty", &[("n", "1")])), "{said}");

    let path = home.path().join("ledger.csv").display().to_string();
    let resume = ["batch", "--resume", "seeds.csv", "--ledger", &path, "--form", "entra", "--clear", "--unproven"];
    let mut second = waiting(&readers, &home, &resume, "");
    let one = readers.lay(one);
    second.stderr.wait_for(&fill("token.assign_burned", &[("n", "2")]));
    drop(one.take());
    let two = readers.lay(single(2));
    assert!(second.wait().success(), "{}", second.stderr.text());
    assert!(two.take().token().seed().unwrap().ct_eq(&other));
    let ledger = std::fs::read_to_string(&path).unwrap();
    assert!(ledger.lines().count() == 3 && ledger.contains(SEED_TEXT), "{ledger}");
    let kept = json(&token(&readers, &home, &["batch", "--list"], ""));
    assert_eq!(kept["batches"], Value::Array(vec![]), "one that is done is not kept");
}

#[test]
fn a_burn_whose_program_is_killed_is_told_by_the_next_command_and_taken_up() {
    let (readers, home) = (Readers::start(), vault());
    let laid = readers.lay(begun(&readers, &home));
    let arguments = ["burn", "--resume", "--reader", READER, "--wait", "20", "--yes", "--no-compare"];
    let taken_up = token(&readers, &home, &arguments, "");
    let said = String::from_utf8_lossy(&taken_up.stderr).into_owned();
    assert!(said.contains("--resume") && said.contains("ACME"), "{said}");
    assert_eq!(json(&taken_up)["ending"], "written_not_proven");
    assert!(laid.take().token().seed().unwrap().ct_eq(SEED));
}

/// A token with a display does not tell what it holds, and the ledger knows.
#[test]
fn whose_seed_is_in_a_token_by_the_ledger_is_named_before_it_is_erased() {
    let (readers, home) = (Readers::start(), vault());
    let prefix = MODELS.iter().find(|model| model.restricted).unwrap().prefix;
    let laid = readers.lay(Link::new(Single::new(&format!("{prefix}0000001"), Still::at(now()))));
    let burn = |more: &[&str], link: &str| {
        let arguments = ["burn", "--reader", READER, "--wait", "20", "--yes", "--no-compare"];
        token(&readers, &home, &[&arguments[..], more].concat(), &format!("{link}\n"))
    };
    let other = "otpauth://totp/ACME:noor?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=ACME";
    let first = json(&burn(&[], LINK));
    assert_eq!((&first["ending"], first["stands"].is_null()), (&"written_not_proven".into(), true));
    assert_eq!(json(&burn(&["--dry-run"], other))["plan"]["stands"]["account"]["name"], "mara");
    let refused = burn(&[], other);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains("--replace") && said.contains("mara"), "{said}");
    assert_eq!(json(&burn(&[], LINK))["ending"], "written_not_proven", "the same seed once more takes nobody's away");
    assert_eq!(json(&burn(&["--replace"], other))["stands"]["account"]["name"], "mara");
    let kept = json(&token(&readers, &home, &["ledger"], ""));
    assert_eq!((kept["tokens"].as_array().unwrap().len(), &kept["tokens"][0]["account"]["name"]), (1, &"noor".into()));
    drop(laid.take());
}

#[test]
fn readers_are_listed_with_what_lies_on_them() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(Link::new(Key::fido_alone(Still::at(now()))));
    let told = token(&readers, &home, &["info", "--reader", READER, "--wait", "20"], "");
    // Before it the line that asks for a token, where the reader had not noticed it yet.
    assert_eq!(String::from_utf8_lossy(&told.stderr).lines().last(), Some(text("token.declined_security_key")));
    let listed = json(&token(&readers, &home, &["list"], ""));
    let rows = listed["readers"].as_array().unwrap();
    assert!(rows.len() >= 2, "{listed}");
    let laid = rows.iter().find(|row| row["reader"] == READER).unwrap();
    assert_eq!(laid["token"]["declined"], "security_key");
    drop(key.take());
    let none = token(&readers, &home, &["info", "--reader", "no such reader"], "");
    assert!(none.status.code() == Some(1) && String::from_utf8_lossy(&none.stderr).contains(READER));
}
