//! Sign-ins on the built programs: a gateway that serves, a page, and the phone on a pseudo-terminal.

use std::time::Duration;

use countersign_tests::patience::{read_at_last, until};
use countersign_tests::plain::Plain;
use countersign_tests::port::port;
use countersign_tests::program::{Program, command, run};
use countersign_tests::window::Window;
use serde_json::Value;

use super::terminal::on_terminal;
use super::{Desk, PASSPHRASE, is_unread, screen};

const PASSWORD: &str = "a rather long password 7";

/// A gateway that serves, with one person.
pub(super) struct Gateway {
    _program: Program,
    pub(super) url: String,
    voucher: String,
    _folder: tempfile::TempDir,
}

impl Gateway {
    fn start() -> Self {
        Self::with(&[])
    }

    /// The same with other settings.
    pub(super) fn with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = port();
        let data = folder.path().join("data");
        let gateway = || {
            let mut gateway = command("countersign-gateway", folder.path());
            gateway.arg("--data").arg(&data);
            gateway
        };
        let listen = format!("127.0.0.1:{port}");
        let serve = ["serve", "--sample-app", "true", "--listen", &listen];
        let program = Program::start(gateway().args(serve).args(settings));
        program.stdout.line_with("SHA-256");
        let added =
            run(gateway().args(["user", "add", "mara", "--password-stdin"]), format!("{PASSWORD}\n").as_bytes());
        let said = String::from_utf8_lossy(&added.stdout).into_owned();
        let voucher = said.split_whitespace().next_back().expect("a voucher").to_owned();
        Self { _program: program, url: format!("https://localhost:{port}"), voucher, _folder: folder }
    }

    /// A page on which mara signed in with her password, on her way to `path`.
    pub(super) fn page(&self, path: &str) -> Plain {
        let mut page = Plain::new();
        page.goto(&format!("{}{path}", self.url));
        page.submit("/login", &[("name", "mara"), ("password", PASSWORD)]);
        page
    }

    /// A page that offers an enrolment, and the link under its QR.
    fn offer(&self) -> (Plain, String) {
        let mut page = self.page("/manageotp");
        page.goto(&format!("{}/manageotp/add?kind=countersign", self.url));
        page.submit("/manageotp/add", &[("name", "Desk"), ("voucher", &self.voucher)]);
        let link = until("a link", || page.words("#link"));
        (page, link.trim().to_owned())
    }

    /// A phone that approves mara's sign-ins.
    pub(super) fn enrol(&self) -> Desk {
        let desk = Desk::new();
        let (page, link) = self.offer();
        enrolled(&desk, page, &[], &format!("{link}\n"));
        desk
    }
}

/// Enrols this phone with a code that `page` offers, and types its digits there.
fn enrolled(desk: &Desk, mut page: Plain, arguments: &[&str], input: &str) {
    let (mut enrol, digits) = read_at_last(|| {
        let mut command = command("countersign", desk.path());
        let enrol = command.args(["enrol", "--yes", "--json", "--passphrase-fd", "0"]).args(arguments);
        let mut enrol = Program::start(enrol);
        enrol.write(format!("{PASSPHRASE}\n{input}").as_bytes());
        if let Some(line) = enrol.stdout.find_line("\"digits\"") {
            return Some((enrol, line));
        }
        enrol.wait();
        assert!(is_unread(&enrol.stderr.text()), "{}", enrol.stderr.text());
        None
    });
    let pending: Value = serde_json::from_str(&digits).unwrap();
    assert_eq!(pending["account"], "mara");
    until("the field for the digits", || {
        page.look_again(Duration::from_millis(200));
        page.has_form("/manageotp/confirm").then_some(())
    });
    page.submit("/manageotp/confirm", &[("digits", pending["digits"].as_str().unwrap())]);
    assert!(enrol.wait().success(), "{}", enrol.stderr.text());
    assert!(enrol.stdout.text().contains("\"active\"") && enrol.stderr.text().contains("Continue only if"));
}

#[test]
fn a_no_sends_and_keeps_nothing_and_the_same_picture_enrols_after_a_yes() {
    let gateway = Gateway::start();
    let desk = Desk::new();
    let (mut page, link) = gateway.offer();
    let picture = desk.path().join("qr.png");
    std::fs::write(&picture, countersign_core::qr::Symbol::new(&link).unwrap().png(6)).unwrap();

    let mut asked = read_at_last(|| {
        let asked = on_terminal(&desk, "enrol --picture qr.png", &[]);
        asked.stdout.wait_until("a question", |text| text.contains("[y/N]") || is_unread(text));
        asked.stdout.text().contains("[y/N]").then_some(asked)
    });
    let host = gateway.url.trim_start_matches("https://").to_owned();
    assert!(asked.stdout.text().contains(&host), "{}", asked.stdout.text());
    asked.write(b"n\r");
    assert_eq!(asked.wait().code(), Some(1));
    let said = asked.stdout.text();
    assert!(said.contains("Nothing was changed.") && !said.contains("Passphrase"), "{said}");
    assert_eq!(desk.run(&["list", "--json"], "").json()["gateways"].as_array().map(Vec::len), Some(0));
    page.look_again(Duration::from_millis(300));
    assert!(!page.has_form("/manageotp/confirm"), "a phone has enrolled after a no");

    enrolled(&desk, page, &["--picture", picture.to_str().unwrap()], "");
    assert_eq!(desk.run(&["list", "--json"], "").json()["gateways"].as_array().map(Vec::len), Some(1));
}

/// The six digits of a page that waits for the phone.
pub(super) fn digits(page: &mut Plain) -> String {
    let figure = until("the digits of the sign-in", || page.words(".figure"));
    figure.chars().filter(char::is_ascii_digit).collect()
}

/// The id of the one sign-in that waits.
pub(super) fn waiting_id(desk: &Desk) -> String {
    let once = desk.run_plain(&["approvals", "--once", "--json"], "");
    assert_eq!(once.code, 0, "{}", once.stderr);
    let rows = once.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let open: Vec<Value> = rows.filter(|row| row["state"] == "open").collect();
    assert_eq!(open.len(), 1, "{}", once.stdout);
    open[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_script_approves_by_id_denies_and_is_told_when_the_gateway_is_down() {
    let gateway = Gateway::start();
    let desk = gateway.enrol();
    let mut page = gateway.page("/demo");
    let right = digits(&mut page);
    let id = waiting_id(&desk);
    let other = desk.run(&["approve", "no-such-id"], &format!("{right}\n"));
    assert_eq!((other.code, other.stderr.trim()), (1, "No sign-in waits."));
    let approved = desk.run(&["approve", &id, "--json"], &format!("{right}\n"));
    assert_eq!(approved.code, 0, "{}", approved.stderr);
    assert_eq!(approved.json()["state"], "approved");

    let mut page = gateway.page("/demo");
    digits(&mut page);
    let id = waiting_id(&desk);
    let denied = desk.run_plain(&["deny", &id, "--json"], "");
    assert_eq!(denied.code, 0, "{}", denied.stderr);
    assert_eq!(denied.json()["state"], "denied");
    page.look_again(Duration::from_millis(100));
    assert_ne!(page.path(), "/demo", "a denied sign-in went on");

    drop(gateway);
    let down = desk.run_plain(&["deny"], "");
    assert_eq!((down.code, down.stdout.as_str()), (2, ""), "a failure is no refusal: {}", down.stderr);
    assert!(!down.stderr.is_empty() && !down.stderr.contains("No sign-in waits."), "{}", down.stderr);
}

#[test]
fn every_passphrase_of_the_vault_approves_and_one_that_was_taken_back_does_not() {
    let gateway = Gateway::start();
    let desk = gateway.enrol();
    let asked = || digits(&mut gateway.page("/demo"));
    let approve = |passphrase: &str, right: &str| {
        let given = format!("{passphrase}\n{right}\n");
        desk.run_plain(&["approve", &waiting_id(&desk), "--json", "--passphrase-fd", "0"], &given)
    };
    let sheet = desk.run(&["slots", "recovery", "--json"], "").json();
    assert_eq!(desk.run(&["slots", "add"], "her own words\n").code, 0);
    for passphrase in ["her own words", PASSPHRASE] {
        let approved = approve(passphrase, &asked());
        assert_eq!((approved.code, &approved.json()["state"]), (0, &"approved".into()), "{}", approved.stderr);
    }
    let removed = ["slots", "remove", "1", "--yes", "--passphrase-fd", "0"];
    assert_eq!(desk.run_plain(&removed, "her own words\n").code, 0);
    let right = asked();
    let refused = approve(PASSPHRASE, &right);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{}", refused.stderr);
    assert_eq!(approve("her own words", &right).code, 0);

    // Forgotten, and given anew by the sheet: the keys stay.
    let lines: Vec<&str> = sheet["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let restore = ["slots", "restore", "--passphrase-fd", "0"];
    let restored = desk.run_plain(&restore, &format!("new words\n{}\n", lines.join("\n")));
    assert_eq!((restored.code, restored.stderr.lines().count()), (0, 1), "{}", restored.stderr);
    assert_eq!(approve("new words", &asked()).code, 0);
}

/// What was said of a sign-in, but for the time it has left, which goes on from one sign-in to the next.
fn timeless(said: &str) -> String {
    let (before, left) = said.split_once("6 digits, ").expect("the digits and their time");
    let (time, after) = left.split_once(" left\n").expect("a time that is left");
    assert!(time.ends_with(" seconds") || time.ends_with(" minutes"), "{said}");
    format!("{before}6 digits\n{after}")
}

#[test]
fn a_decoy_approves_as_the_vault_beneath_it_does() {
    let gateway = Gateway::start();
    let desk = gateway.enrol();
    let asked = || digits(&mut gateway.page("/demo"));
    let run = |arguments: &[&str], given: &str| {
        desk.run_plain(&[arguments, &["--json", "--passphrase-fd", "0"]].concat(), given)
    };
    let approve = |passphrase: &str| {
        let right = asked();
        run(&["approve", &waiting_id(&desk)], &format!("{passphrase}\n{right}\n"))
    };
    let made = run(&["slots", "decoy", "--yes"], &format!("{PASSPHRASE}\nheron gravel\n"));
    assert_eq!(made.code, 0, "{}", made.stderr);
    let answers = ["heron gravel", PASSPHRASE].map(|passphrase| {
        let approved = approve(passphrase);
        assert_eq!((approved.code, &approved.json()["state"]), (0, &"approved".into()), "{}", approved.stderr);
        timeless(&approved.stderr)
    });
    assert_eq!(answers[0], answers[1]);
    let ended = run(&["slots", "decoy", "--end", "--yes"], &format!("{PASSPHRASE}\n"));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(approve(PASSPHRASE).code, 0);
    assert_eq!(approve("heron gravel").code, 1);
}

#[test]
fn the_phone_shows_a_login_unasked_and_its_word_reaches_the_page() {
    let gateway = Gateway::start();
    let desk = gateway.enrol();
    let mut phone = on_terminal(&desk, "", &[]);
    // Still locked: approvals come all the same.
    screen::wait_for(&phone.stdout, "Your accounts are locked.");
    let mut page = gateway.page("/demo");
    let right = digits(&mut page);
    screen::wait_for(&phone.stdout, "Sample application");
    let host = gateway.url.trim_start_matches("https://");
    for shown in [host, "mara", "127.0.0.1", "Type the six digits"] {
        screen::wait_for(&phone.stdout, shown);
    }
    let wrong = if right == "111111" { "222222" } else { "111111" };
    for (typed, answer) in [(wrong, "2 tries left"), (right.as_str(), "Approved.")] {
        phone.write(format!("{typed}\r").as_bytes());
        screen::wait_for(&phone.stdout, "Approve with your passphrase.");
        phone.write(format!("{PASSPHRASE}\r").as_bytes());
        screen::wait_for(&phone.stdout, answer);
    }
    until("the protected page", || {
        page.look_again(Duration::from_millis(100));
        if page.path() != "/demo" && page.page().source().contains("/login/finish") {
            page.submit("/login/finish", &[]);
        }
        (page.path() == "/demo").then_some(())
    });
    phone.write(b"\x03");
    assert!(phone.wait().success());
    let drawn = phone.stdout.text();
    assert!(drawn.contains('\x07'), "no bell");
    assert!(!drawn.contains("larch"), "the passphrase was drawn");

    // A second sign-in: one terminal shows it unasked, another one reports it.
    let waiting = Program::start(command("countersign", desk.path()).args(["approvals", "--json"]));
    waiting.stderr.line_with("Waiting for sign-ins");
    let mut page = gateway.page("/demo");
    digits(&mut page);
    let shown: Value = serde_json::from_str(&waiting.stdout.line_with("\"open\"")).unwrap();
    assert_eq!((shown["account"].as_str(), shown["host"].as_str()), (Some("mara"), Some(host)));
    let reported = desk.run_plain(&["report", "--json"], "");
    assert_eq!(reported.code, 0, "{}", reported.stderr);
    assert_eq!(reported.json()["state"], "reported");
    waiting.stdout.line_with("\"reported\"");
    page.look_again(Duration::from_millis(100));
    assert_ne!(page.path(), "/demo", "a reported sign-in went on");
}

#[test]
fn gateways_devices_and_history_say_where_this_phone_stands_and_what_it_decided() {
    let gateway = Gateway::start();
    let desk = gateway.enrol();
    let host = gateway.url.trim_start_matches("https://").to_owned();
    let rows = desk.run_plain(&["gateways", "--json"], "");
    assert_eq!((rows.code, &rows.json()["host"]), (0, &Value::from(host.as_str())), "{}", rows.stderr);
    assert_eq!(rows.json()["state"], "active");
    let plain = desk.run_plain(&["gateways"], "");
    assert!(plain.stdout.contains(&host) && plain.stdout.contains("mara"), "{}", plain.stdout);

    let mut page = gateway.page("/demo");
    digits(&mut page);
    let id = waiting_id(&desk);
    assert_eq!(desk.run_plain(&["deny", &id], "").code, 0);
    let history = desk.run_plain(&["history", "--json"], "");
    assert_eq!(history.code, 0, "{}", history.stderr);
    let row = history.json();
    assert_eq!((&row["id"], &row["how"], &row["op"]), (&Value::from(id.as_str()), &"denied".into(), &"login".into()));
    assert_eq!(row["account"], "mara");
    assert!(desk.run_plain(&["history"], "").stdout.contains("refused"));

    let none = desk.run_plain(&["dismiss"], "");
    assert_eq!((none.code, none.stderr.trim()), (1, "There is no such notice."));
    let other = desk.run_plain(&["devices", "leave", "no-such-host", "--yes"], "");
    assert_eq!(other.code, 1);
    assert_eq!(desk.run_plain(&["devices", "leave", "--forget", "--yes"], "").code, 0);
    assert_eq!(desk.run_plain(&["gateways", "--json"], "").stdout, "");
}

#[test]
fn an_answer_code_is_only_for_a_page_that_waits_for_one() {
    let desk = Desk::new();
    let given = |link: &str| desk.run(&["answer-code"], &format!("{link}\n"));
    let account = given("otpauth://totp/GitHub:mara?secret=GEZDGNBVGY3TQOJQ");
    assert_eq!(account.code, 1);
    assert!(account.stderr.contains("not a sign-in that waits for an answer code"), "{}", account.stderr);
    let login = given("https://gate.example.com/approve#1.BAQEBAQEBAQEBAQEBAQEBAcHBwcHBwcHBwcHBwcHBwc");
    assert!(login.stderr.contains("scanned from the other screen with the camera"), "{}", login.stderr);
    let damaged = given("https://gate.example.com/offline#1.e30.e30.AA");
    assert_eq!((damaged.code, damaged.stdout.as_str()), (1, ""), "{}", damaged.stderr);
}
