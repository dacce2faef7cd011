//! What only one command needs never keeps another from starting: the program in a root with nothing but itself and its
//! libraries.

use std::path::Path;
use std::process::Command;

use countersign_strings::text;
use countersign_tests::program::{built, run};

use super::{Desk, Ended, PASSPHRASE, SEED};

/// The libraries that the program is loaded with.
fn libraries() -> Vec<String> {
    let output = run(Command::new("ldd").arg(built("countersign")), b"");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths = said.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    paths.map(str::to_owned).collect()
}

#[test]
fn no_library_of_a_desktop_is_needed() {
    let libraries = libraries();
    assert!(libraries.iter().any(|path| path.contains("libc.so")), "{libraries:?}");
    for stranger in ["X11", "xcb", "wayland", "dbus", "secret", "glib", "gtk", "ssl", "pcsc"] {
        assert!(!libraries.iter().any(|path| path.contains(stranger)), "{stranger}: {libraries:?}");
    }
}

/// The program with its libraries and nothing else in the root `desk`, as it is run there.
fn in_an_empty_root(desk: &Desk, arguments: &[&str]) -> Ended {
    let root = desk.path();
    std::fs::copy(built("countersign"), root.join("countersign")).unwrap();
    for library in libraries() {
        let place = root.join(library.trim_start_matches('/'));
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::copy(Path::new(&library), place).unwrap();
    }
    // Who is not root is root of a name space of its own.
    let is_root = run(Command::new("id").arg("-u"), b"").stdout == b"0\n";
    let mut chroot = if is_root { Command::new("chroot") } else { Command::new("unshare") };
    if !is_root {
        chroot.args(["--map-root-user", "chroot"]);
    }
    chroot.arg(root).arg("/countersign").args(arguments);
    chroot.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("XDG_DATA_HOME", "/data");
    // As in a session, whose display and bus are out of reach in there.
    chroot
        .env("DISPLAY", ":0")
        .env("WAYLAND_DISPLAY", "wayland-0")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/bus");
    Ended::of(&run(&mut chroot, format!("{PASSPHRASE}\n").as_bytes()))
}

#[test]
fn a_code_is_shown_in_an_empty_root() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://hotp/VPN:mara?secret={SEED}&issuer=VPN&counter=0"));
    let shown = in_an_empty_root(&desk, &["code", "vpn", "--passphrase-fd", "0"]);
    assert_eq!((shown.code, shown.stdout.trim_end()), (0, "755224"), "{}", shown.stderr);
}

#[test]
fn readers_that_cannot_be_reached_are_told_where_readers_are_asked_for() {
    let desk = Desk::empty();
    let listed = in_an_empty_root(&desk, &["token", "list"]);
    assert_eq!((listed.code, listed.stdout.as_str()), (2, ""));
    assert!(listed.stderr.starts_with(text("token.no_readers_program")), "{}", listed.stderr);
    let emulated = in_an_empty_root(&desk, &["token", "info", "--emulated", "C301-i"]);
    assert_eq!(emulated.code, 0, "{}", emulated.stderr);
}
