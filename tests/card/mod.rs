//! Emulated tokens behind a real smart-card stack: `pcscd` with virtual readers, and Yubico's `ykman`, which knows nothing of
//! ours, as the other end.

mod again;
mod batch;
mod beside;
mod hardware;
mod ledger;
mod molto;
mod swapped;
mod token;
mod verify;

use std::process::Command;

use countersign_cli::port::reader::frame::{self, Ask};
use countersign_core::port::Clock as _;
use countersign_core::system::SystemClock;
use countersign_emulator::{Key, Kind, Link, Still};
use countersign_protocol::otp::Algorithm;
use countersign_tests::patience::until;
use countersign_tests::program::{built, run};
use countersign_tests::readers::{READER, Readers};

/// RFC 4226, appendix D.
const SEED: &[u8] = b"12345678901234567890";
/// The same in base32.
const SEED_TEXT: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// What `ykman` says where the reader has not noticed yet what lies on it.
const NOT_YET: [&str; 2] = ["No smart card inserted", "No YubiKey found on external reader"];

/// `ykman` at these readers. It looks once; the reader takes a moment.
fn ykman(readers: &Readers, arguments: &[&str]) -> Result<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    until("the token on its reader", || {
        let said = run(readers.command("ykman").args(["--reader", READER]).args(arguments), b"");
        let fault = text(said.stderr);
        let result = if said.status.success() { Ok(text(said.stdout)) } else { Err(fault) };
        let is_early = |fault: &String| NOT_YET.iter().any(|word| fault.contains(word));
        Some(result).filter(|result| !result.as_ref().is_err_and(is_early))
    })
}

/// Waits until the service has noticed that its reader is empty: it looks a few times a second, and what comes back before is not
/// noticed by the virtual reader at all.
fn emptied(readers: &Readers) {
    let mut asked = Vec::new();
    frame::write(&mut asked, Ask::Seen.byte(), &[]).unwrap();
    until("an empty reader", || {
        let said = run(&mut readers.command(built("countersign-readers").to_str().unwrap()), &asked);
        let told = frame::hear(&mut &*said.stdout).unwrap().unwrap().unwrap();
        // Before each name stand whether a token lies there, and its length.
        let name = told.windows(READER.len()).position(|part| part == READER.as_bytes()).unwrap();
        (told[name - 3] == 0).then_some(())
    });
}

fn yubikey() -> Link<Key> {
    Link::new(Key::yubikey([5, 4, 3], 12_345_678, Still::at(1_700_000_000)))
}

fn now() -> u64 {
    SystemClock::default().now()
}

fn oathtool(arguments: &[&str]) -> String {
    let said = Command::new("oathtool").args(arguments).args(["--base32", SEED_TEXT]).output().unwrap();
    assert!(said.status.success(), "{arguments:?}");
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

#[test]
fn what_ykman_writes_an_emulated_key_holds_and_shows() {
    let readers = Readers::start();
    let key = readers.lay(yubikey());
    let told = ykman(&readers, &["info"]).unwrap();
    assert!(told.contains("Serial number: 12345678") && told.contains("Firmware version: 5.4.3"), "{told}");
    for link in [
        format!("otpauth://totp/ACME:bob?secret={SEED_TEXT}&issuer=ACME"),
        format!("otpauth://totp/ACME:slow?secret={SEED_TEXT}&issuer=ACME&algorithm=SHA256&digits=8&period=60"),
        format!("otpauth://hotp/VPN:mara?secret={SEED_TEXT}&issuer=VPN&counter=0"),
    ] {
        ykman(&readers, &["oath", "accounts", "uri", &link]).unwrap();
    }
    let code_of = |name: &str| {
        let said = ykman(&readers, &["oath", "accounts", "code", "--single", name]).unwrap();
        said.trim().to_owned()
    };
    // Who looks across the end of a period sees the one code or the other.
    for (name, arguments) in [("ACME:bob", &["--totp"][..]), ("ACME:slow", &["--totp=SHA256", "-d", "8", "-s", "60s"])]
    {
        let at = |unix: u64| oathtool(&[arguments, &["-N", &format!("@{unix}")]].concat());
        let before = at(now());
        let shown = code_of(name);
        assert!([before, at(now())].contains(&shown), "{name}: {shown}");
    }
    assert_eq!([code_of("VPN:mara"), code_of("VPN:mara")], ["755224", "287082"]);

    let mut link = key.take();
    let entries = link.token_mut().oath().unwrap().entries();
    let held: Vec<_> = entries
        .iter()
        .map(|entry| (String::from_utf8_lossy(&entry.name), entry.kind, entry.algorithm, entry.digits, entry.counter))
        .collect();
    let [first, second, third] = [
        ("ACME:bob".into(), Kind::Totp, Algorithm::Sha1, 6, 0),
        ("60/ACME:slow".into(), Kind::Totp, Algorithm::Sha256, 8, 0),
        ("VPN:mara".into(), Kind::Hotp, Algorithm::Sha1, 6, 2),
    ];
    assert_eq!(held, [first, second, third]);
    assert!(entries.iter().all(|entry| entry.seed.ct_eq(SEED)));
}

#[test]
fn a_key_with_an_access_code_opens_to_ykman_by_that_alone() {
    let readers = Readers::start();
    let key = readers.lay(yubikey());
    ykman(&readers, &["oath", "access", "change", "--new-password", "larch violin"]).unwrap();
    let list = |password: &str| ykman(&readers, &["oath", "accounts", "list", "--password", password]);
    assert_eq!(list("larch violin").as_deref(), Ok(""));
    assert!(list("birch violin").unwrap_err().contains("Authentication to the YubiKey failed"));
    let mut link = key.take();
    assert!(link.token_mut().oath().unwrap().is_guarded());
}

/// Thirty such names are more than one answer holds: the rest is asked for in parts.
#[test]
fn a_long_list_comes_over_in_parts() {
    const PUT: u8 = 0x01;
    let mut link = yubikey();
    let select = [0x00, 0xa4, 0x04, 0x00, 0x07, 0xa0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01];
    link.transmit(&select).unwrap();
    let name = |n: u8| format!("an issuer with a long name:person {n:02}");
    for n in 0..30 {
        let name = name(n);
        let named = [&[0x71, name.len() as u8], name.as_bytes()].concat();
        let keyed = [&[0x73, 22, 0x21, 6], SEED].concat();
        let data = [named, keyed].concat();
        let answer = link.transmit(&[&[0x00, PUT, 0x00, 0x00, data.len() as u8], &data[..]].concat()).unwrap();
        assert_eq!(answer, [0x90, 0x00]);
    }
    let readers = Readers::start();
    let key = readers.lay(link);
    let listed = ykman(&readers, &["oath", "accounts", "list"]).unwrap();
    assert_eq!(listed.lines().map(str::to_owned).collect::<Vec<_>>(), (0..30).map(name).collect::<Vec<_>>());
    drop(key.take());
}
