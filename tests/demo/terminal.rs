//! The demo in a terminal: what is seen, and that every end of it leaves nothing behind.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use countersign_tests::plain::Plain;
use countersign_tests::program::{Program, run};
use countersign_tests::window::Window;

use super::place::{PASSPHRASE, Place, Welcome, choose_passphrase, has};
use crate::cli::screen;

const SMALL: (usize, usize) = (60, 20);
const USUAL: (usize, usize) = (80, 24);

fn wait_for(demo: &Program, size: (usize, usize), part: &str) {
    demo.stdout.wait_until(part, |text| screen::of_size(text, size).contains(part));
}

/// It ended well, said so, and left nothing.
fn assert_gone(demo: &mut Program, place: &Place, welcome: &Welcome) {
    demo.stdout.wait_for("ended with 0");
    demo.wait();
    let text = demo.stdout.text();
    assert!(text.contains("Ended, and deleted: "), "{text}");
    assert_eq!(place.temporary(), Vec::<std::path::PathBuf>::new());
    assert!(place.note().is_none(), "the note by which it is found is left");
    assert!(!welcome.is_served(), "the gateway still runs");
}

/// Looks at the page until it has what is wanted.
fn until<T>(page: &mut Plain, what: &str, mut seen: impl FnMut(&mut Plain) -> Option<T>) -> T {
    for _ in 0..300 {
        if let Some(found) = seen(page) {
            return found;
        }
        page.look_again(Duration::from_millis(200));
    }
    panic!("{what} did not come; the page says «{}»", page.heading());
}

/// Six digits in two groups on a line of the screen.
fn grouped_digits(screen: &str) -> Option<String> {
    let groups = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let is_group = |word: &String| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut lines = screen.lines().map(groups).filter(|words| words.len() == 2 && words.iter().all(is_group));
    lines.next().map(|words| words.concat())
}

#[test]
fn a_newcomer_enrols_and_approves_as_the_read_me_says() {
    // So low that digits are drawn as text and not as large figures.
    const LOW: (usize, usize) = (60, 13);
    let place = Place::new();
    let mut demo = place.in_terminal(LOW, "", &[]);
    let welcome = Welcome::of(&place, &demo.stdout);
    choose_passphrase(&mut demo);
    wait_for(&demo, LOW, "i  all of this");

    let url = format!("https://localhost:{}", welcome.port);
    let sign_in = |to: &str| {
        let mut page = Plain::new();
        page.goto(&format!("{url}{to}"));
        page.submit("/login", &[("name", "alice"), ("password", &welcome.password)]);
        page
    };
    let mut page = sign_in("/manageotp");
    page.goto(&format!("{url}/manageotp/add?kind=countersign"));
    page.submit("/manageotp/add", &[("name", "Desk"), ("voucher", &welcome.voucher)]);
    let link = until(&mut page, "the link under the QR", |page| page.words("#link"));

    demo.write(format!("\x1b[200~{}\x1b[201~", link.trim()).as_bytes());
    wait_for(&demo, LOW, "Enrol this phone?");
    wait_for(&demo, LOW, &format!("localhost:{}", welcome.port));
    demo.write(b"y");
    wait_for(&demo, LOW, "Your passphrase unlocks");
    demo.write(format!("{PASSPHRASE}\r").as_bytes());
    wait_for(&demo, LOW, "Type these six digits");
    let digits = grouped_digits(&screen::of_size(&demo.stdout.text(), LOW)).expect("six digits on the screen");
    until(&mut page, "the field for the phone's digits", |page| page.has_form("/manageotp/confirm").then_some(()));
    page.submit("/manageotp/confirm", &[("digits", &digits)]);
    wait_for(&demo, LOW, "This phone now approves");
    demo.write(b"\r");
    wait_for(&demo, LOW, "Countersign demo");

    let mut page = sign_in("/demo");
    let figure = until(&mut page, "the six digits of the sign-in", |page| page.words(".figure"));
    wait_for(&demo, LOW, "Sample application");
    let digits: String = figure.chars().filter(char::is_ascii_digit).collect();
    demo.write(format!("{digits}\r").as_bytes());
    wait_for(&demo, LOW, "Approve with your passphrase.");
    demo.write(format!("{PASSPHRASE}\r").as_bytes());
    wait_for(&demo, LOW, "Approved.");
    until(&mut page, "the protected page", |page| {
        if page.path() != "/demo" && page.has_form("/login/finish") {
            page.submit("/login/finish", &[]);
        }
        (page.path() == "/demo").then_some(())
    });
    demo.write(b"\rq");
    assert_gone(&mut demo, &place, &welcome);
    assert!(!demo.stdout.text().contains(PASSPHRASE), "the passphrase was shown");
}

#[test]
fn it_welcomes_on_a_small_screen_and_q_ends_gateway_and_phone() {
    let place = Place::new();
    let mut demo = place.in_terminal(SMALL, "", &[]);
    let welcome = Welcome::of(&place, &demo.stdout);
    for address in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
        if has(address) {
            assert_eq!(welcome.served_at(address), welcome.fingerprint, "at {address}");
        }
    }
    assert_eq!(place.temporary().len(), 1);
    choose_passphrase(&mut demo);
    wait_for(&demo, SMALL, "No accounts yet.");
    let shown = screen::of_size(&demo.stdout.text(), SMALL);
    for part in
        ["/manageotp", "Name      alice", "Password  ", "Voucher   ", "/demo", "i  all of this", "Or paste a link"]
    {
        assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
    }
    demo.write(b"i");
    wait_for(&demo, SMALL, "The browser will warn");
    wait_for(&demo, SMALL, &welcome.fingerprint[..48]);
    demo.write(b"q");
    wait_for(&demo, SMALL, "No accounts yet.");
    demo.write(b"q");
    assert_gone(&mut demo, &place, &welcome);
    // A folder's name is as long as it is; all else fits.
    let text = demo.stdout.text();
    let before = text.split("\x1b[?1049h").next().unwrap().lines().filter(|line| !line.contains("gateway.log"));
    let wide: Vec<&str> = before.filter(|line| line.trim_end().chars().count() > SMALL.0).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn ctrl_c_at_the_first_question_ends_all_and_gives_the_terminal_back() {
    let place = Place::new();
    let mut demo = place.in_terminal(USUAL, "", &[]);
    let welcome = Welcome::of(&place, &demo.stdout);
    demo.stdout.wait_for("New passphrase:");
    demo.write(b"\x03");
    assert_gone(&mut demo, &place, &welcome);
    let left = demo.stdout.text();
    let settings = left.split("ended with 0").nth(1).unwrap();
    assert!(settings.contains(" echo ") && settings.contains(" icanon "), "{settings}");
}

#[test]
fn ctrl_c_on_the_screen_ends_all_and_no_color_draws_none() {
    let place = Place::new();
    let mut demo = place.in_terminal(USUAL, "", &[("NO_COLOR", "1")]);
    let welcome = Welcome::of(&place, &demo.stdout);
    choose_passphrase(&mut demo);
    wait_for(&demo, USUAL, "No accounts yet.");
    let drawn = demo.stdout.text();
    for colour in ["\x1b[38;", "\x1b[48;", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"] {
        assert!(!drawn.contains(colour), "{colour:?} was drawn");
    }
    demo.write(b"\x03");
    assert_gone(&mut demo, &place, &welcome);
}

#[test]
fn a_dumb_terminal_gets_the_welcome_and_the_phone_in_lines() {
    let place = Place::new();
    let mut demo = place.in_terminal(USUAL, "", &[("TERM", "dumb")]);
    let welcome = Welcome::of(&place, &demo.stdout);
    choose_passphrase(&mut demo);
    demo.stdout.wait_for("line by line");
    demo.write(b"codes\r");
    demo.stdout.wait_for("No accounts yet.");
    demo.write(b"quit\r");
    assert_gone(&mut demo, &place, &welcome);
    let text = demo.stdout.text();
    assert!(text.contains("Goodbye.") && !text.contains("\x1b["), "{text:?}");
}

#[test]
fn a_signal_to_the_demo_alone_ends_all() {
    let place = Place::new();
    let mut demo = place.in_terminal(USUAL, "", &[]);
    let welcome = Welcome::of(&place, &demo.stdout);
    choose_passphrase(&mut demo);
    wait_for(&demo, USUAL, "No accounts yet.");
    let id = place.note().unwrap()["demo"]["id"].to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_gone(&mut demo, &place, &welcome);
}

#[test]
fn a_second_terminal_is_a_second_phone_and_a_kept_folder_stays() {
    let place = Place::new();
    let kept = place.path().join("kept");
    let mut demo = place.in_terminal(USUAL, "--keep kept", &[]);
    let welcome = Welcome::of(&place, &demo.stdout);
    choose_passphrase(&mut demo);
    wait_for(&demo, USUAL, "No accounts yet.");

    let mut second = place.in_terminal(USUAL, "--phone 2", &[]);
    choose_passphrase(&mut second);
    wait_for(&second, USUAL, &format!("https://localhost:{}/manageotp", welcome.port));
    second.write(b"q");
    second.stdout.wait_for("ended with 0");
    assert!(welcome.is_served() && !second.stdout.text().contains("Ended, and"), "the second phone ended the demo");

    demo.write(b"q");
    demo.stdout.wait_for("ended with 0");
    assert!(demo.stdout.text().contains("Ended, and kept: "), "{}", demo.stdout.text());
    assert!(!welcome.is_served() && place.note().is_none());
    for part in ["gateway", "gateway.log", "phone-1", "phone-2"] {
        assert!(kept.join(part).exists(), "{part} was not kept");
    }
    let again = run(&mut place.unattended(&["--keep", "kept"]), b"");
    assert_eq!(again.status.code(), Some(2), "a folder that holds something is not taken");
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
}
