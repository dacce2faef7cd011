//! The keyring of a session opens the vault: gnome-keyring, on a bus of its own.

use std::process::Command;

use countersign_strings::text;
use countersign_tests::program::{Program, built, run};

use super::{Desk, Ended, PASSPHRASE, SEED};

/// The rules of a bus that starts no service by itself: what answers is what the script has started.
const BUS: &str = r#"<busconfig>
<type>session</type>
<listen>unix:tmpdir=/tmp</listen>
<auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"#;

/// A session: a bus, and where there is one, a keyring that is open.
struct Session {
    bus: String,
    held: Program,
}

impl Drop for Session {
    fn drop(&mut self) {
        // Killed, it would leave its bus and its keyring behind; at the end of its input it takes them along.
        self.held.wait();
    }
}

impl Session {
    fn new(desk: &Desk, keyring: &str) -> Self {
        let script = format!("{keyring}; printf 'bus=%s\\n' \"$DBUS_SESSION_BUS_ADDRESS\"; exec cat");
        let rules = desk.path().join("bus.conf");
        std::fs::write(&rules, BUS).unwrap();
        let mut session = Command::new("dbus-run-session");
        session.arg("--config-file").arg(&rules).args(["--", "/bin/sh", "-c", &script]);
        session.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path()).env("XDG_DATA_DIRS", "/nowhere");
        session.env("XDG_RUNTIME_DIR", desk.path()).env("LANG", "C.UTF-8").current_dir(desk.path());
        let session = Program::start(&mut session);
        let line = session.stdout.line_with("bus=");
        Self { bus: line.trim_start_matches("bus=").to_owned(), held: session }
    }

    fn with_keyring(desk: &Desk) -> Self {
        // It comes to the bus in its own time.
        const ASK: &str = "dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
                           org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets";
        let begin = "printf door | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
        Self::new(desk, &format!("{begin}; until {ASK} | grep -q true; do sleep 0.1; done"))
    }

    /// Runs a command in this session, with `input` and without any terminal.
    fn run(&self, desk: &Desk, arguments: &[&str], input: &str) -> Ended {
        in_session(desk, &self.bus, arguments, input)
    }
}

fn in_session(desk: &Desk, bus: &str, arguments: &[&str], input: &str) -> Ended {
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(built("countersign")).args(arguments);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path());
    command.env("XDG_DATA_HOME", desk.path().join("data")).env("DBUS_SESSION_BUS_ADDRESS", bus);
    Ended::of(&run(&mut command, input.as_bytes()))
}

fn with_vpn() -> Desk {
    let desk = Desk::new();
    desk.add(&format!("otpauth://hotp/VPN:mara?secret={SEED}&issuer=VPN&counter=0"));
    desk
}

/// The passphrase by standard input.
const GIVEN: [&str; 2] = ["--passphrase-fd", "0"];

#[test]
fn it_opens_the_vault_until_it_is_told_not_to() {
    let desk = with_vpn();
    let session = Session::with_keyring(&desk);
    let passphrase = format!("{PASSPHRASE}\n");
    let asked = session.run(&desk, &["keyring", "--json"], "").json();
    assert_eq!((&asked["opens"], &asked["there"]), (&false.into(), &true.into()));
    assert_eq!(session.run(&desk, &["code", "vpn"], "").code, 1, "not before it was chosen");

    let on = session.run(&desk, &[&["keyring", "on"], &GIVEN[..]].concat(), &passphrase);
    assert_eq!((on.code, on.stderr.trim()), (0, text("cli.keyring_opens")));
    // RFC 4226, appendix D.
    for want in ["755224", "287082"] {
        let shown = session.run(&desk, &["code", "vpn"], "");
        assert_eq!((shown.code, shown.stdout.trim_end()), (0, want), "{}", shown.stderr);
    }
    let given = session.run(&desk, &[&["code", "vpn"], &GIVEN[..]].concat(), &passphrase);
    assert_eq!(given.stdout.trim_end(), "359152", "the passphrase opens it too: {}", given.stderr);
    let again = session.run(&desk, &[&["keyring", "on"], &GIVEN[..]].concat(), &passphrase);
    assert_eq!(again.code, 0, "twice is well: {}", again.stderr);
    assert_eq!(session.run(&desk, &["list"], "").code, 0);

    let off = session.run(&desk, &["keyring", "off"], "");
    assert_eq!((off.code, off.stderr.trim()), (0, text("cli.keyring_off")));
    assert_eq!(session.run(&desk, &["code", "vpn"], "").code, 1);
    assert_eq!(session.run(&desk, &["keyring", "--json"], "").json()["opens"], false);
}

/// Two desks at one vault, each with a key of its own in the keyring.
#[test]
fn off_takes_away_what_this_desk_made_and_nothing_else() {
    let desk = with_vpn();
    let session = Session::with_keyring(&desk);
    let passphrase = format!("{PASSPHRASE}\n");
    let (file, other) = (desk.path().join("data/countersign/vault.sqlite"), desk.path().join("other"));
    let elsewhere = ["--home", other.to_str().unwrap(), "--vault", file.to_str().unwrap()];
    let there = |words: &[&str], input: &str| session.run(&desk, &[words, &elsewhere[..]].concat(), input);
    let here = |words: &[&str], input: &str| session.run(&desk, words, input);
    assert_eq!(here(&["keyring", "on", "--passphrase-fd", "0"], &passphrase).code, 0);
    let on = there(&["keyring", "on", "--passphrase-fd", "0"], &passphrase);
    assert_eq!(on.code, 0, "{}", on.stderr);
    let slots = |said: Ended| said.json()["slots"].as_array().unwrap().len();
    assert_eq!(slots(here(&["slots", "--json"], "")), 3);
    assert_eq!(here(&["keyring", "off"], "").code, 0);
    assert_eq!(here(&["list"], "").code, 1);
    assert_eq!(slots(there(&["slots", "--json"], "")), 2, "the other desk's opens it still");
    assert_eq!(here(&["keyring", "off", "--passphrase-fd", "0"], &passphrase).code, 0, "twice is well");
    assert_eq!(there(&["list"], "").code, 0);
    assert_eq!(there(&["keyring", "off"], "").code, 0);
    assert_eq!(slots(here(&["slots", "--json", "--passphrase-fd", "0"], &passphrase)), 1);
}

#[test]
fn a_new_passphrase_leaves_the_keyring_as_it_is() {
    let desk = with_vpn();
    let session = Session::with_keyring(&desk);
    session.run(&desk, &[&["keyring", "on"], &GIVEN[..]].concat(), &format!("{PASSPHRASE}\n"));
    let changed = desk.run(&["passphrase"], "spruce\n");
    assert_eq!(changed.code, 0, "{}", changed.stderr);
    assert_eq!(session.run(&desk, &["list"], "").code, 0);
}

#[test]
fn where_the_keyring_is_gone_the_passphrase_opens() {
    let desk = with_vpn();
    let session = Session::with_keyring(&desk);
    session.run(&desk, &[&["keyring", "on"], &GIVEN[..]].concat(), &format!("{PASSPHRASE}\n"));
    drop(session);
    let other = Session::new(&desk, ":");
    let (nowhere, no_address) =
        (format!("unix:path={}", desk.path().join("none").display()), "tcp:host=::1".to_owned());
    for bus in [&other.bus, &nowhere, &no_address] {
        let refused = in_session(&desk, bus, &["list"], "");
        assert_eq!(refused.code, 1);
        assert!(refused.stderr.contains("didn't open the vault, so the passphrase is needed"), "{}", refused.stderr);
        assert!(refused.stderr.contains("--passphrase-fd"), "{}", refused.stderr);
        assert_eq!(in_session(&desk, bus, &["keyring", "--json"], "").json()["there"], false);
    }
    assert_eq!(desk.run(&["keyring", "off"], "").stderr.lines().next(), Some(text("cli.keyring_keeps")));
    let none = in_session(&desk, &nowhere, &[&["keyring", "on"], &GIVEN[..]].concat(), &format!("{PASSPHRASE}\n"));
    assert_eq!((none.code, none.stderr.trim()), (1, text("cli.keyring_none")));
}

#[test]
fn a_copy_of_the_folder_opens_by_no_keyring_but_this_persons() {
    let desk = with_vpn();
    let session = Session::with_keyring(&desk);
    session.run(&desk, &[&["keyring", "on"], &GIVEN[..]].concat(), &format!("{PASSPHRASE}\n"));
    assert_eq!(session.run(&desk, &["list"], "").code, 0);
    let thief = Desk::empty();
    let copied = Command::new("cp").arg("-r").args([desk.path().join("data"), thief.path().join("data")]).status();
    assert!(copied.unwrap().success());
    let theirs = Session::with_keyring(&thief);
    let refused = theirs.run(&thief, &["list"], "");
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("the passphrase is needed"), "{}", refused.stderr);
}
