//! Copied codes: in the clipboard of a display, for a while and marked as secrets; in the terminal's where there is none.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign_core::qr::Symbol;
use countersign_strings::text;
use countersign_tests::patience::read_at_last;
use countersign_tests::program::{Program, built, command, run};

use super::terminal::on_terminal;
use super::{Desk, Ended, PASSPHRASE, SEED, is_unread};

/// A display that nobody sees.
struct Display {
    name: String,
    _server: Program,
}

impl Display {
    fn new() -> Self {
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "320x240x8"]);
        let server = Program::start(&mut server);
        server.stdout.wait_until("the number of the display", |said| said.ends_with('\n'));
        Self { name: format!(":{}", server.stdout.text().trim()), _server: server }
    }

    /// Runs `xclip` on it; what it printed, where it found something.
    fn xclip(&self, arguments: &[&str]) -> Option<String> {
        let mut xclip = Command::new("xclip");
        xclip.args(["-selection", "clipboard"]).args(arguments).env("DISPLAY", &self.name);
        let output = run(&mut xclip, b"");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn pasted(&self) -> Option<String> {
        self.xclip(&["-o"])
    }

    /// Copies something else, as another program does. It stays in the background and holds that.
    fn copy(&self, text: &str, folder: &Path) {
        let file = folder.join("copied");
        std::fs::write(&file, text).unwrap();
        let mut xclip = Command::new("xclip");
        xclip.args(["-selection", "clipboard", "-i"]).arg(file).env("DISPLAY", &self.name);
        assert!(xclip.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    }

    /// Starts what holds a code here, and waits until it does.
    fn hold(&self, code: &str, seconds: u32) -> Program {
        let mut hold = Command::new(built("countersign"));
        hold.args(["hold-clipboard", &seconds.to_string()]).env_clear().env("DISPLAY", &self.name);
        let mut hold = Program::start(&mut hold);
        hold.write(code.as_bytes());
        hold.close_stdin();
        hold.stdout.wait_until("word that it is held", |said| said == "\n");
        hold
    }
}

fn with_vpn() -> Desk {
    let desk = Desk::new();
    desk.add(&format!("otpauth://hotp/VPN:mara?secret={SEED}&issuer=VPN&counter=0"));
    desk
}

/// Runs a command with the passphrase, on a display or on none.
fn on(display: Option<&Display>, desk: &Desk, arguments: &[&str]) -> Ended {
    let mut command = command("countersign", desk.path());
    command.args(arguments).args(["--passphrase-fd", "0"]).env("CANARY", "shown nowhere");
    if let Some(display) = display {
        command.env("DISPLAY", &display.name);
    }
    Ended::of(&run(&mut command, format!("{PASSPHRASE}\n").as_bytes()))
}

/// What the kernel shows of the processes that hold a code on this display.
fn holders(display: &Display) -> Vec<String> {
    let read = |pid: &str, file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace('\0', " ");
    let pids = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let shown = pids.map(|pid| (text(read(&pid, "cmdline")), text(read(&pid, "environ"))));
    let here = format!("DISPLAY={} ", display.name);
    let ours = shown.filter(|(line, around)| line.contains("hold-clipboard") && around.contains(&here));
    ours.map(|(line, around)| format!("{line}\n{around}")).collect()
}

#[test]
fn a_code_is_copied_marked_and_seen_by_nobody_else() {
    let (display, desk) = (Display::new(), with_vpn());
    let copied = on(Some(&display), &desk, &["code", "vpn", "--copy"]);
    assert_eq!((copied.code, copied.stdout.as_str()), (0, ""), "{}", copied.stderr);
    assert!(copied.stderr.contains("leaves the clipboard after 30 seconds"), "{}", copied.stderr);
    assert_eq!(display.pasted().as_deref(), Some("755224"), "RFC 4226, appendix D");
    assert_eq!(display.xclip(&["-o", "-t", "x-kde-passwordManagerHint"]).as_deref(), Some("secret"));
    let holders = holders(&display);
    assert_eq!(holders.len(), 1, "{holders:?}");
    for never in ["755224", "CANARY", PASSPHRASE] {
        assert!(!holders[0].contains(never) && !copied.stderr.contains(never), "{never}");
    }
    let json = on(Some(&display), &desk, &["code", "vpn", "--copy", "--json"]).json();
    assert_eq!((&json["copied"], json.get("code")), (&serde_json::json!(true), None));
    assert_eq!(display.pasted().as_deref(), Some("287082"), "the later one has taken its place");
}

#[test]
fn it_leaves_the_clipboard_by_itself() {
    let display = Display::new();
    let mut hold = display.hold("287082", 1);
    assert_eq!(display.pasted().as_deref(), Some("287082"));
    assert!(hold.wait().success());
    assert_eq!(display.pasted(), None, "nothing is left");
}

#[test]
fn what_was_copied_since_stays() {
    let (display, folder) = (Display::new(), tempfile::tempdir().unwrap());
    let mut hold = display.hold("287082", 1);
    display.copy("a poem", folder.path());
    assert!(hold.wait().success());
    assert_eq!(display.pasted().as_deref(), Some("a poem"));
}

#[test]
fn who_closes_the_terminal_keeps_the_code() {
    let (display, desk) = (Display::new(), with_vpn());
    let mut program = on_terminal(&desk, "code vpn --copy", &[("DISPLAY", &display.name)]);
    program.stdout.wait_for("Passphrase:");
    program.write(format!("{PASSPHRASE}\r").as_bytes());
    assert!(program.wait().success(), "{}", program.stdout.text());
    drop(program);
    assert_eq!(display.pasted().as_deref(), Some("755224"));
}

#[test]
fn without_a_display_the_terminal_is_asked() {
    let desk = with_vpn();
    for display in ["", ":4711"] {
        let mut program = on_terminal(&desk, "code vpn --copy", &[("DISPLAY", display)]);
        program.stdout.wait_for("Passphrase:");
        program.write(format!("{PASSPHRASE}\r").as_bytes());
        assert!(program.wait().success(), "{}", program.stdout.text());
        let said = program.stdout.text();
        // 755224 and 287082 in base64.
        let code = if display.is_empty() { "NzU1MjI0" } else { "Mjg3MDgy" };
        assert!(said.contains(&format!("\x1b]52;c;{code}\x07")), "{said:?}");
        assert!(said.contains("Copied by the terminal."), "{said}");
    }
}

#[test]
fn with_neither_it_is_said_and_no_code_is_spent() {
    let desk = with_vpn();
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(built("countersign")).args(["code", "vpn", "--copy", "--passphrase-fd", "0"]);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path());
    command.env("XDG_DATA_HOME", desk.path().join("data"));
    let refused = Ended::of(&run(&mut command, format!("{PASSPHRASE}\n").as_bytes()));
    assert_eq!((refused.code, refused.stderr.trim()), (1, text("cli.no_clipboard")));
    assert_eq!(desk.run(&["code", "vpn"], "").stdout.trim_end(), "755224");
}

#[test]
fn what_holds_it_takes_a_code_and_nothing_else() {
    let display = Display::new();
    for input in [String::new(), "7".repeat(65), "\u{feff}".repeat(40)] {
        let mut hold = Command::new(built("countersign"));
        hold.args(["hold-clipboard", "600"]).env_clear().env("DISPLAY", &display.name);
        let ended = run(&mut hold, input.as_bytes());
        assert_eq!((ended.status.code(), ended.stdout.len()), (Some(2), 0));
    }
    let mut nowhere = Command::new(built("countersign"));
    nowhere.args(["hold-clipboard", "600"]).env_clear();
    assert_eq!(run(&mut nowhere, b"287082").status.code(), Some(2));
    assert_eq!(display.pasted(), None);
}

/// Copies a file of this kind, as another program does.
fn copy_file(display: &Display, kind: &str, file: &Path) {
    let mut xclip = Command::new("xclip");
    xclip.args(["-selection", "clipboard", "-t", kind, "-i"]).arg(file).env("DISPLAY", &display.name);
    assert!(xclip.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
}

/// A picture of the link's code; `large` ones are not compressed, and come over in parts.
fn picture(folder: &Path, link: &str, large: bool) -> PathBuf {
    let (symbol, scale, quiet) = (Symbol::new(link).unwrap(), if large { 24 } else { 4 }, 4);
    let side = (symbol.width() + 2 * quiet) * scale;
    let dark = |at: usize| (at / scale).wrapping_sub(quiet);
    let pixels: Vec<u8> =
        (0..side * side).map(|at| if symbol.is_dark(dark(at % side), dark(at / side)) { 0 } else { 255 }).collect();
    let file = folder.join("copied.png");
    let mut encoder = png::Encoder::new(std::fs::File::create(&file).unwrap(), side as u32, side as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    if large {
        encoder.set_compression(png::Compression::NoCompression);
    }
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().len() > 1_000_000, large);
    file
}

/// The same until the picture was read: a busy machine may not have had the time.
fn read_on(display: &Display, desk: &Desk, arguments: &[&str]) -> Ended {
    read_at_last(|| {
        let ended = on(Some(display), desk, arguments);
        (!is_unread(&ended.stdout) && !is_unread(&ended.stderr)).then_some(ended)
    })
}

#[test]
fn a_picture_or_a_link_that_was_copied_is_read() {
    let (display, desk) = (Display::new(), Desk::new());
    let link =
        |name: &str, last: char| format!("otpauth://totp/{name}:mara?secret={}{last}&issuer={name}", &SEED[..31]);
    copy_file(&display, "image/png", &picture(desk.path(), &link("Small", 'A'), false));
    let scanned = read_on(&display, &desk, &["scan", "--clipboard", "--yes", "--json"]);
    assert_eq!(scanned.code, 0, "{}", scanned.stderr);
    assert_eq!(scanned.json()["added"][0]["issuer"], "Small");
    copy_file(&display, "image/png", &picture(desk.path(), &link("Large", 'B'), true));
    let added = read_on(&display, &desk, &["add", "--clipboard", "--yes"]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    display.copy(&format!("{}\n{}\n", link("One", 'I'), link("Two", 'M')), desk.path());
    let scanned = on(Some(&display), &desk, &["scan", "--clipboard", "--take", "all", "--yes"]);
    assert_eq!(scanned.code, 0, "{}", scanned.stderr);
    assert!(display.pasted().is_some_and(|text| text.contains("One")), "it stays where it is");
    let listed = desk.run(&["list"], "").stdout;
    for name in ["Small", "Large", "One", "Two"] {
        assert!(listed.contains(name), "{name} is missing in {listed}");
    }
    for said in [&scanned.stderr, &scanned.stdout, &added.stderr] {
        assert!(!said.contains(&SEED[..8]), "{said}");
    }
}

#[test]
fn what_is_no_account_in_the_clipboard_is_named_and_where_nothing_is_it_is_said() {
    let (display, desk) = (Display::new(), Desk::new());
    let on = |arguments: &[&str]| {
        let ended = on(Some(&display), &desk, arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{arguments:?}");
        ended.stderr
    };
    assert!(on(&["scan", "--clipboard"]).contains(text("accounts.nothing_copied")));
    display.copy("https://example.com/offer", desk.path());
    assert!(on(&["scan", "--clipboard"]).contains("example.com"));
    assert!(on(&["add", "--clipboard"]).contains("example.com"));
    let broken = desk.path().join("broken.png");
    std::fs::write(&broken, "no picture").unwrap();
    copy_file(&display, "image/png", &broken);
    assert!(on(&["add", "--clipboard"]).contains(text("qr.picture_format")));
    display.copy(&"x".repeat(64 * 1024 + 1), desk.path());
    assert!(on(&["add", "--clipboard"]).contains(text("cli.long_line")));
    let nowhere = desk.run(&["scan", "--clipboard"], "");
    assert_eq!((nowhere.code, nowhere.stderr.trim()), (1, text("accounts.no_display")));
    assert_eq!(desk.run(&["scan", "--clipboard", "a.png"], "").code, 2);
}
