//! The story of the demo, told by itself: a person at a page, and the phone of the desk beside it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use countersign_strings::{fill, text};
use serde_json::Value;

use crate::program::{Program, built, run};
use crate::window::{Window, rest};

/// What the story is told with.
pub struct Scene {
    /// `https://localhost:PORT`.
    pub url: String,
    /// The person.
    pub name: String,
    /// Their password.
    pub password: String,
    /// Their voucher.
    pub voucher: String,
    /// A folder for the phone.
    pub home: PathBuf,
}

/// Hears each step and what was seen.
pub type Say<'a> = dyn FnMut(&str, &str) + 'a;

/// How long a person waits for something before it is a failure.
const PATIENCE: u32 = 60;

/// The phone of the desk: the built program, with its passphrase in a file that only this user reads.
pub struct Desk {
    home: PathBuf,
    said: RefCell<Vec<u8>>,
}

impl Desk {
    /// A phone with a fresh vault.
    pub fn new(home: &Path) -> Self {
        std::fs::create_dir_all(home).expect("the folder can be made");
        let desk = Self { home: home.to_owned(), said: RefCell::default() };
        std::fs::write(desk.passphrase(), "correct horse battery staple\n").expect("the passphrase can be written");
        desk.ask(&["init"], "");
        desk
    }

    fn passphrase(&self) -> PathBuf {
        self.home.join("passphrase")
    }

    /// A command whose descriptor 3 gives the passphrase: it never stands among the arguments.
    fn command(&self, words: &[&str]) -> Command {
        let mut through = Command::new("sh");
        through.args(["-c", "exec 3<\"$1\"; shift; exec \"$@\"", "sh"]).arg(self.passphrase());
        through.arg(built("countersign")).arg("--json").arg("--home").arg(self.home.join("phone"));
        through.args(["--passphrase-fd", "3"]).args(words);
        through.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").current_dir(&self.home);
        through
    }

    /// Runs a command to its end; what it printed as JSON.
    ///
    /// # Panics
    /// When it does not end well.
    pub fn ask(&self, words: &[&str], input: &str) -> Vec<Value> {
        let output = run(&mut self.command(words), input.as_bytes());
        self.said.borrow_mut().extend([output.stdout.as_slice(), &output.stderr].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "countersign {}: {}: {said}", words.join(" "), output.status);
        json_lines(&String::from_utf8_lossy(&output.stdout))
    }

    /// Everything that its commands printed, to both streams.
    pub fn said(&self) -> Vec<u8> {
        self.said.borrow().clone()
    }

    /// Starts a command that stays open.
    pub fn start(&self, words: &[&str], input: &str) -> Program {
        let mut program = Program::start(&mut self.command(words));
        program.write(input.as_bytes());
        program.close_stdin();
        program
    }
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Tells the whole story; the phone it was told with. `window` opens a fresh window; `say` hears each step and what was seen.
///
/// # Panics
/// When a step does not come to what it should; the panic says which.
pub fn tell<W: Window>(scene: &Scene, mut window: impl FnMut() -> W, say: &mut Say<'_>) -> Desk {
    let mut manage = window();
    manage.goto(&format!("{}/manageotp", scene.url));
    manage.submit("/login", &[("name", &scene.name), ("password", &scene.password)]);
    say(text("demo.step_sign_in"), &manage.heading());

    manage.goto(&format!("{}/manageotp/add?kind=countersign", scene.url));
    manage.submit("/manageotp/add", &[("name", "Desk"), ("voucher", &scene.voucher)]);
    let link = until(&mut manage, "the link under the QR", |page| page.words("#link"));
    say(text("demo.step_name"), text("demo.seen_qr"));

    let desk = Desk::new(&scene.home);
    say(text("demo.step_vault"), "countersign init");
    let enrol = desk.start(&["enrol", "--yes"], &format!("{}\n", link.trim()));
    let pending = enrol.stdout.line_with("\"digits\"");
    let pending: Value = serde_json::from_str(&pending).expect("one JSON line");
    let digits = pending["digits"].as_str().expect("digits are text").to_owned();
    say(
        text("demo.step_link"),
        &fill("demo.seen_at", &[("name", word(&pending, "name")), ("host", word(&pending, "host"))]),
    );

    until(&mut manage, "the field for the phone's digits", |page| page.has_form("/manageotp/confirm").then_some(()));
    manage.submit("/manageotp/confirm", &[("digits", &digits)]);
    enrol.stdout.line_with("\"active\"");
    desk.said.borrow_mut().extend([enrol.stdout.bytes(), enrol.stderr.bytes()].concat());
    say(text("demo.step_digits"), &manage.heading());

    let listed = desk.ask(&["list"], "");
    let code = desk.ask(&["code", &scene.name], "");
    let shown = code.iter().any(|line| line["code"].as_str().is_some_and(|code| code.len() >= 6));
    assert!(shown, "no live code; the phone lists {listed:?}");
    say(text("demo.step_code"), text("demo.seen_code"));

    let (mut login, digits) = sign_in_to_protected(scene, &scene.name, &mut window);
    say(text("demo.step_protected"), &fill("demo.seen_digits", &[("heading", &login.heading())]));

    let asks = waiting(&desk);
    let who = ["app", "account", "host"].map(|name| (name, word(&asks, name)));
    say(text("demo.step_asks"), &fill("demo.seen_asks", &who));
    desk.ask(&["approve"], &format!("{digits}\n"));
    say(text("demo.step_approve"), text("demo.seen_approved"));

    opens(&mut login);
    say(text("demo.step_opens"), &login.heading());
    desk
}

/// Signs a person in to the protected page as far as the six digits that it shows.
pub(crate) fn sign_in_to_protected<W: Window>(scene: &Scene, name: &str, mut window: impl FnMut() -> W) -> (W, String) {
    let mut login = window();
    login.goto(&format!("{}/demo", scene.url));
    login.submit("/login", &[("name", name), ("password", &scene.password)]);
    let figure = until(&mut login, "the six digits of the sign-in", |page| page.words(".figure"));
    let digits = figure.chars().filter(char::is_ascii_digit).collect();
    (login, digits)
}

/// Waits for the protected page.
pub(crate) fn opens<W: Window>(login: &mut W) {
    until(login, "the protected page", |page| {
        if page.path() != "/demo" && page.has_form("/login/finish") {
            page.submit("/login/finish", &[]);
        }
        (page.path() == "/demo").then_some(())
    });
}

fn word<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_default()
}

/// The approval that waits on the phone.
fn waiting(desk: &Desk) -> Value {
    for _ in 0..PATIENCE {
        let open = desk.ask(&["approvals", "--once"], "").into_iter().find(|line| line["state"] == "open");
        if let Some(open) = open {
            return open;
        }
        rest(Duration::from_millis(500));
    }
    panic!("nothing came to the phone");
}

pub(crate) fn until<W: Window, T>(window: &mut W, what: &str, mut seen: impl FnMut(&mut W) -> Option<T>) -> T {
    for _ in 0..PATIENCE {
        if let Some(found) = seen(window) {
            return found;
        }
        window.look_again(Duration::from_millis(500));
    }
    panic!("{what} did not come; the page says «{}» at {}", window.heading(), window.path());
}
