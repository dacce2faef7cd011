//! A hardware key that opens the accounts, at a real reader: its applet for challenges lies behind `pcscd`.

use std::process::{Command, Output};

use countersign_emulator::{Fault, Key, Link, Still, Token as _};
use countersign_strings::text;
use countersign_tests::program::{Program, built, run};
use countersign_tests::readers::{READER, Readers};
use tempfile::TempDir;

use super::emptied;
use super::token::{PASSPHRASE, json, vault};
use crate::cli::pane::Pane;

/// RFC 4226, appendix D: a code of it is another each time, and tells how often the accounts were opened.
const LINK: &str = "otpauth://hotp/VPN:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=VPN&counter=0";
/// The passphrase that belongs to the key.
const BESIDE: &str = "short";
/// What the keys answer by.
const ONE: [u8; 20] = *b"a key's own secret..";
const OTHER: [u8; 20] = *b"another key's secret";

/// A key of this number, whose second place answers by this.
fn key(serial: u32, secret: [u8; 20]) -> Link<Key> {
    let mut key = Key::yubikey([5, 4, 3], serial, Still::at(1_700_000_000));
    key.slots().unwrap().set(true, secret, false);
    Link::new(key)
}

fn command(readers: &Readers, home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = readers.command(built("countersign").to_str().unwrap());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("LANG", "C.UTF-8");
    command.args(arguments);
    command
}

/// `countersign` at these readers, with these lines in place of what it would ask for.
fn at(readers: &Readers, home: &TempDir, arguments: &[&str], lines: &str) -> Output {
    run(command(readers, home, arguments).args(["--passphrase-fd", "0"]), lines.as_bytes())
}

/// A folder with a vault, one account in it, and a key that opens it together with a passphrase.
fn opened_by_a_key(readers: &Readers) -> TempDir {
    let home = vault();
    let added = at(readers, &home, &["add", "--yes"], &format!("{PASSPHRASE}\n{LINK}\n"));
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let key = readers.lay(key(7, ONE));
    let both = format!("{PASSPHRASE}\n{BESIDE}\n");
    let arguments = ["slots", "hardware", "--reader", READER, "--name", "at my belt", "--json"];
    assert_eq!(json(&at(readers, &home, &arguments, &both))["added"], 2);
    drop(key.take());
    emptied(readers);
    home
}

/// What `code` says with the key on the reader: the code, or all that it says in its place.
fn code(readers: &Readers, home: &TempDir, beside: &str) -> Result<String, String> {
    let option = format!("--hardware-key={READER}");
    let said = at(readers, home, &[&option, "code", "VPN"], &format!("{beside}\n"));
    told(&said)
}

fn told(said: &Output) -> Result<String, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if said.status.success() { Ok(text(&said.stdout)) } else { Err(text(&said.stderr)) }
}

/// It is refused, in these words.
fn is_refused(said: Result<String, String>, key: &'static str) {
    let words = said.unwrap_err();
    assert!(words.contains(text(key)), "{words}");
}

#[test]
fn a_key_on_a_real_reader_opens_the_accounts_and_another_does_not() {
    let readers = Readers::start();
    let home = opened_by_a_key(&readers);
    let mine = readers.lay(key(7, ONE));
    assert_eq!(code(&readers, &home, BESIDE), Ok("755224".into()));
    let unnamed = at(&readers, &home, &["--hardware-key", "code", "VPN"], &format!("{BESIDE}\n"));
    assert_eq!(told(&unnamed), Ok("287082".into()), "the only reader on which something lies");
    is_refused(code(&readers, &home, "shorter"), "error.wrong_passphrase");
    let without = at(&readers, &home, &["code", "VPN"], &format!("{BESIDE}\n"));
    is_refused(told(&without), "error.wrong_passphrase");
    drop(mine.take());
    emptied(&readers);

    let mut unset = Key::yubikey([5, 4, 3], 7, Still::at(0));
    unset.slots().unwrap().set(false, ONE, false);
    let nitrokey = Link::new(Key::nitrokey(7, Still::at(0)));
    let others = [
        (key(8, OTHER), "cli.hardware_other"),
        (key(8, ONE), "cli.hardware_other"),
        // Set up anew: it might as well be the passphrase.
        (key(7, OTHER), "error.wrong_passphrase"),
        (Link::new(unset), "cli.hardware_absent"),
        (nitrokey, "cli.hardware_unable"),
    ];
    for (other, words) in others {
        let laid = readers.lay(other);
        is_refused(code(&readers, &home, BESIDE), words);
        drop(laid.take());
        emptied(&readers);
    }
    let mine = readers.lay(key(7, ONE));
    assert_eq!(code(&readers, &home, BESIDE), Ok("359152".into()), "of those refused none had a code");
    drop(mine.take());
}

#[test]
fn a_key_that_is_pulled_out_is_lost_in_plain_words_and_one_that_is_not_there_is_waited_for() {
    let readers = Readers::start();
    let home = opened_by_a_key(&readers);
    // The applet, its number, the challenge.
    for (number, fault) in
        [(1, Fault::DropBefore), (2, Fault::DropAfter), (3, Fault::DropBefore), (3, Fault::DropAfter)]
    {
        let mut link = key(7, ONE);
        link.fault(number, fault);
        let laid = readers.lay(link);
        is_refused(code(&readers, &home, BESIDE), "token.link_lost");
        drop(laid.lost());
        emptied(&readers);
    }
    let option = format!("--hardware-key={READER}");
    let mut program =
        Program::start(command(&readers, &home, &[&option, "code", "VPN"]).args(["--passphrase-fd", "0"]));
    program.write(format!("{BESIDE}\n").as_bytes());
    program.close_stdin();
    program.stderr.wait_for("Lay the token on the reader");
    let mine = readers.lay(key(7, ONE));
    assert!(program.wait().success(), "{}", program.stderr.text());
    assert_eq!(program.stdout.text().trim(), "755224");
    drop(mine.take());
}

#[test]
fn a_key_alone_asks_for_nothing_but_its_touch() {
    let readers = Readers::start();
    let home = opened_by_a_key(&readers);
    let touched = |presses: bool, secret: [u8; 20]| {
        let mut key = Key::yubikey([5, 4, 3], 9, Still::at(0)).plugged_in();
        key.slots().unwrap().set(true, secret, true);
        if presses {
            key.press();
        }
        readers.lay(Link::new(key))
    };
    let add = |presses: bool| {
        let laid = touched(presses, OTHER);
        let arguments = ["slots", "hardware", "--reader", READER, "--alone", "--json"];
        let said = at(&readers, &home, &arguments, &format!("{PASSPHRASE}\n"));
        drop(laid.take());
        emptied(&readers);
        said
    };
    is_refused(told(&add(false)), "token.not_touched");
    assert_eq!(json(&add(true))["added"], 3);
    let open = |presses: bool, secret: [u8; 20]| {
        let laid = touched(presses, secret);
        // The other key's slot wants a passphrase: whoever has this one gives none.
        let said = code(&readers, &home, "");
        drop(laid.take());
        emptied(&readers);
        said
    };
    is_refused(open(false, OTHER), "token.not_touched");
    assert_eq!(open(true, OTHER), Ok("755224".into()));
    is_refused(open(true, ONE), "cli.hardware_other");
}

#[test]
fn the_phone_in_the_terminal_opens_by_the_key() {
    let readers = Readers::start();
    let home = opened_by_a_key(&readers);
    let phone = readers.command("env");
    let mut line = vec![phone.get_program().to_string_lossy().into_owned()];
    line.extend(phone.get_args().map(|word| word.to_string_lossy().into_owned()));
    let inside = format!(
        "{} -i PATH=/usr/bin:/bin HOME={} LANG=C.UTF-8 TERM=screen {} tui '--hardware-key={READER}'; sleep 60",
        line.join(" "),
        home.path().display(),
        built("countersign").display()
    );
    let pane = Pane::open(home.path(), (80, 24), &inside);
    pane.wait_for(text("cli.hardware_passphrase"));
    pane.write("shorter");
    pane.press("Enter");
    pane.wait_for("Lay the token on the reader");
    let other = readers.lay(key(8, OTHER));
    pane.wait_for(text("cli.hardware_other"));
    assert!(!pane.text().contains("VPN"), "{}", pane.text());
    drop(other.take());
    drop(pane);
    emptied(&readers);

    let pane = Pane::open(home.path(), (100, 24), &inside);
    pane.wait_for(text("cli.hardware_passphrase"));
    pane.write(BESIDE);
    pane.press("Enter");
    pane.wait_for("Lay the token on the reader");
    let mine = readers.lay(key(7, ONE));
    pane.wait_for("▸VPN");
    assert!(!pane.text().contains(BESIDE), "{}", pane.text());
    pane.press("Enter");
    pane.wait_for("755 224");
    // Once locked, the screen asks for the passphrase of the vault.
    pane.write("l");
    pane.wait_for("Your accounts are locked.");
    drop(mine.take());
}
