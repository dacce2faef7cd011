//! What phones of a desk do at a gateway that serves: a move, new keys, answer codes. And what they cannot do: they have no
//! camera.

use std::time::Duration;

use countersign_strings::{fill, text};
use countersign_tests::browser::{Browser, Find, Look};
use countersign_tests::patience::{code_in, until};
use countersign_tests::plain::Plain;
use countersign_tests::program::{Program, command};
use countersign_tests::window::Window;
use serde_json::Value;

use super::push::{Gateway, digits, waiting_id};
use super::terminal::on_terminal;
use super::{Desk, PASSPHRASE, screen};

fn gateway() -> Gateway {
    Gateway::with(&["--policy-move", "true", "--policy-offline", "true"])
}

fn started(desk: &Desk, arguments: &[&str], input: &str) -> Program {
    let mut command = command("countersign", desk.path());
    let mut program = Program::start(command.args(arguments).args(["--json", "--passphrase-fd", "0"]));
    program.write(format!("{PASSPHRASE}\n{input}").as_bytes());
    program
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

/// Lines of JSON that a command printed to its end.
fn rows(desk: &Desk, arguments: &[&str]) -> Vec<Value> {
    let ended = desk.run_plain(&[arguments, &["--json"]].concat(), "");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stdout.lines().map(json).collect()
}

/// `countersign devices move` on the old phone, `countersign enrol` on the new one; wrong digits are typed first. What the old one
/// said to its person.
fn moved(old: &Desk, new: &Desk, arguments: &[&str]) -> String {
    let mut moving = started(old, &[&["devices", "move"], arguments].concat(), "");
    let invited = json(&moving.stdout.line_with("\"invited\""));
    assert_eq!(invited["replace"], arguments.contains(&"--replace"));
    let mut enrol = started(new, &["enrol", "--yes"], &format!("{}\n", invited["link"].as_str().unwrap()));
    let pending = json(&enrol.stdout.line_with("\"digits\""));
    let shown = pending["digits"].as_str().unwrap();
    let joining = json(&moving.stdout.line_with("\"joining\""));
    assert_eq!(joining["model"], text("cli.model"));
    let wrong = if shown == "111111" { "222222" } else { "111111" };
    moving.write(format!("{wrong}\n").as_bytes());
    moving.stderr.line_with(&fill("error.wrong_move", &[("n", "2")]));
    moving.write(format!("{shown}\n").as_bytes());
    assert!(moving.wait().success(), "{}", moving.stderr.text());
    assert!(moving.stdout.text().contains("\"moved\""));
    assert!(enrol.wait().success(), "{}", enrol.stderr.text());
    moving.stderr.text()
}

fn state(desk: &Desk) -> String {
    rows(desk, &["gateways"])[0]["state"].as_str().unwrap().to_owned()
}

/// The page of a sign-in that this phone approves opens.
fn approves(gateway: &Gateway, desk: &Desk) {
    let mut page = gateway.page("/demo");
    let shown = digits(&mut page);
    let id = waiting_id(desk);
    let approved = desk.run(&["approve", &id, "--json"], &format!("{shown}\n"));
    assert_eq!(approved.code, 0, "{}", approved.stderr);
    opens(&mut page);
}

fn opens(page: &mut Plain) {
    until("the protected page", || {
        page.look_again(Duration::from_millis(100));
        if page.path() != "/demo" && page.has_form("/login/finish") {
            page.submit("/login/finish", &[]);
        }
        (page.path() == "/demo").then_some(())
    });
}

#[test]
fn a_move_brings_a_second_phone_and_that_was_not_me_puts_it_out_again() {
    let gateway = gateway();
    let (old, new) = (gateway.enrol(), Desk::of_its_own());
    let said = moved(&old, &new, &[]);
    let host = gateway.url.trim_start_matches("https://");
    assert!(said.contains(&fill("tui.moved", &[("host", host)])), "{said}");
    assert_eq!([state(&old), state(&new)], ["active", "active"]);
    approves(&gateway, &new);

    let told = rows(&old, &["approvals", "--once"]);
    let notice = told.iter().find(|row| row["info"] == "device_added").expect("a notice");
    let reported = old.run_plain(&["report", notice["id"].as_str().unwrap()], "");
    assert_eq!(reported.code, 0, "{}", reported.stderr);
    assert_eq!([state(&old), state(&new)], ["active", "suspended"]);
    approves(&gateway, &old);
    let refused = new.run(&["devices", "move"], "");
    assert_eq!((refused.code, refused.stderr.contains(text("error.policy_state"))), (1, true), "{}", refused.stderr);
}

#[test]
fn a_move_that_replaces_says_that_this_phone_has_no_say_any_more() {
    let gateway = gateway();
    let (old, new) = (gateway.enrol(), Desk::of_its_own());
    let said = moved(&old, &new, &["--replace"]);
    assert!(said.contains(text("tui.move_replaces")), "before the digits are typed: {said}");
    let host = gateway.url.trim_start_matches("https://");
    assert!(said.contains(&fill("tui.moved_replace", &[("host", host)])), "{said}");
    assert_eq!([state(&old), state(&new)], ["gone", "active"]);
    approves(&gateway, &new);
    let again = old.run(&["devices", "move"], "");
    assert_eq!(again.code, 1, "{}", again.stderr);
}

#[test]
fn new_keys_approve_and_refuse_as_the_old_ones_did() {
    let gateway = gateway();
    let desk = gateway.enrol();
    for _ in 0..2 {
        let changed = desk.run(&["devices", "rotate", "--json"], "");
        assert_eq!((changed.code, &changed.json()["state"]), (0, &"rotated".into()), "{}", changed.stderr);
        let host = gateway.url.trim_start_matches("https://");
        assert!(changed.stderr.contains(&fill("cli.keys_changed", &[("host", host)])));
        approves(&gateway, &desk);
    }
    let mut page = gateway.page("/demo");
    digits(&mut page);
    let denied = desk.run_plain(&["deny", &waiting_id(&desk)], "");
    assert_eq!(denied.code, 0, "{}", denied.stderr);
    page.look_again(Duration::from_millis(100));
    assert_eq!(page.heading(), text("login.denied"));
}

/// The QR of a page as a picture file, and its text.
fn qr(gateway: &Gateway, page: &Plain, path: &str) -> (Vec<u8>, String) {
    let screen = Browser::shared().open(&Look::default());
    screen.set_cookies(&gateway.url, page.cookies());
    screen.goto(&format!("{}{path}", gateway.url));
    let picture = screen.screenshot_of(Find::Css("svg.qr"));
    let link = code_in(&picture);
    (picture, link)
}

/// A sign-in that waits for the answer code of the one phone.
fn picked(gateway: &Gateway) -> Plain {
    let mut page = gateway.page("/demo");
    digits(&mut page);
    page.goto(&format!("{}/login/offline", gateway.url));
    page.submit("/login/offline", &[]);
    assert!(page.has_form("/login/code"), "{}", page.page().source());
    page
}

/// What the page says of a first wrong code.
fn two_left() -> String {
    fill("login.offline_wrong", &[("tries", &fill("common.tries_left", &[("n", "2")]))])
}

#[test]
fn an_answer_code_from_a_picture_signs_in_once() {
    let gateway = gateway();
    let desk = gateway.enrol();
    let mut page = picked(&gateway);
    let (picture, link) = qr(&gateway, &page, "/login/offline");
    std::fs::write(desk.path().join("qr.png"), picture).unwrap();
    let shown = desk.read(&["answer-code", "--picture", "qr.png", "--yes", "--json"], "");
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let code = shown.json()["code"].as_str().unwrap().to_owned();
    assert_eq!((code.len(), &shown.json()["account"]), (8, &"mara".into()));
    let by_link = desk.run(&["answer-code", "--yes", "--json"], &format!("{link}\n"));
    assert_eq!(by_link.json()["code"].as_str(), Some(code.as_str()), "the same by its link");

    let other = if code == "11111111" { "22222222" } else { "11111111" };
    page.submit("/login/code", &[("code", other)]);
    assert_eq!(page.page().words(".fault"), Some(two_left()), "counted");
    page.submit("/login/code", &[("code", &code)]);
    assert_eq!(page.path(), "/demo");

    let mut second = picked(&gateway);
    second.submit("/login/code", &[("code", &code)]);
    assert_eq!(second.page().words(".fault"), Some(two_left()), "used");
    let history = rows(&desk, &["history"]);
    assert_eq!(history.iter().filter(|row| row["how"] == "code_shown").count(), 1);
}

#[test]
fn a_login_s_qr_is_for_cameras_and_a_desk_says_so_however_it_comes() {
    let gateway = gateway();
    let desk = gateway.enrol();
    let mut page = gateway.page("/demo");
    let shown = digits(&mut page);
    let (picture, link) = qr(&gateway, &page, "/login/wait");
    assert!(link.contains("/approve#1."));
    std::fs::write(desk.path().join("qr.png"), picture).unwrap();
    let sentence = text("qr.login");
    for command in ["add", "enrol", "answer-code"] {
        let by_link = desk.run(&[command, "--yes"], &format!("{link}\n"));
        assert_eq!((by_link.code, by_link.stderr.contains(sentence)), (1, true), "{command}: {}", by_link.stderr);
        let by_picture = desk.read(&[command, "--yes", "--picture", "qr.png"], "");
        assert_eq!((by_picture.code, by_picture.stderr.contains(sentence)), (1, true), "{}", by_picture.stderr);
        assert!(!by_link.stderr.contains("#1.") && by_link.stdout.is_empty(), "it is not repeated");
    }
    let line_by_line = desk.read(&["tui"], &format!("{link}\nqr.png\n./qr.png\nquit\n"));
    assert_eq!(line_by_line.stdout.matches("with the camera").count(), 2, "{}", line_by_line.stdout);

    // From the clipboard, on the full screen, where the sign-in itself is put aside first.
    let mut phone = on_terminal(&desk, "", &[]);
    screen::wait_for(&phone.stdout, "Type the six digits");
    phone.write(b"\x1b");
    screen::wait_for(&phone.stdout, "Your accounts are locked.");
    phone.write(format!("{PASSPHRASE}\r").as_bytes());
    screen::wait_for(&phone.stdout, "? keys ·");
    phone.write(format!("\x1b[200~{link}\x1b[201~").as_bytes());
    screen::wait_for(&phone.stdout, "For your safety this one must be scanned");
    phone.write(b"\x03");
    phone.wait();

    // Nothing of all this was an answer.
    page.look_again(Duration::from_millis(100));
    assert_eq!(digits(&mut page), shown);
    let id = waiting_id(&desk);
    assert_eq!(desk.run_plain(&["deny", &id], "").code, 0);
}

#[test]
fn line_by_line_a_phone_moves_shows_its_history_and_reports_the_new_one() {
    let gateway = gateway();
    let (old, new) = (gateway.enrol(), Desk::of_its_own());
    approves(&gateway, &old);
    let mut command = command("countersign", old.path());
    let mut talk = Program::start(command.args(["tui", "--passphrase-fd", "0"]));
    talk.write(format!("{PASSPHRASE}\nhistory\n").as_bytes());
    talk.stdout.wait_for("✓ approved");
    talk.write(format!("confirm\nmove\ny\n{PASSPHRASE}\n").as_bytes());
    talk.stdout.wait_for(text("tui.move_none"));
    talk.stdout.wait_for("/enrol#1.");
    let link = talk.stdout.line_with("/enrol#1.");
    let mut enrol = started(&new, &["enrol", "--yes"], &format!("{}\n", link.trim()));
    let pending = json(&enrol.stdout.line_with("\"digits\""));
    let shown = pending["digits"].as_str().unwrap();
    talk.stdout.wait_for("A phone wants to join");
    let wrong = if shown == "111111" { "222222" } else { "111111" };
    for (typed, answer) in [(wrong, "2 tries left"), (shown, "approves sign-ins at")] {
        talk.write(format!("confirm\n{typed}\n{PASSPHRASE}\n").as_bytes());
        talk.stdout.wait_for(answer);
    }
    assert!(enrol.wait().success(), "{}", enrol.stderr.text());
    talk.stdout.wait_for("Another phone can now approve in your name");
    talk.write(b"report\n");
    talk.stdout.wait_for(text("tui.notice_reported"));
    assert_eq!(state(&new), "suspended");
    talk.write(b"quit\n");
    assert!(talk.wait().success());
}
