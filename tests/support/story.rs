//! The story of the demo, told by itself: a person at a page, and the phone of the desk beside it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

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

/// How long a person waits for something before it is a failure.
const PATIENCE: u32 = 60;

/// The phone of the desk: the built program, with its passphrase in a file that only this user reads.
pub struct Desk {
    home: PathBuf,
}

impl Desk {
    /// A phone with a fresh vault.
    pub fn new(home: &Path) -> Self {
        std::fs::create_dir_all(home).expect("the folder can be made");
        let desk = Self { home: home.to_owned() };
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
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "countersign {}: {}: {said}", words.join(" "), output.status);
        json_lines(&String::from_utf8_lossy(&output.stdout))
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

/// Tells the whole story. `window` opens a fresh window; `say` hears each step and what was seen.
///
/// # Panics
/// When a step does not come to what it should; the panic says which.
pub fn tell<W: Window>(scene: &Scene, mut window: impl FnMut() -> W, say: &mut dyn FnMut(&str, &str)) {
    let mut manage = window();
    manage.goto(&format!("{}/manageotp", scene.url));
    manage.submit("/login", &[("name", &scene.name), ("password", &scene.password)]);
    say("sign in to add a phone", &manage.heading());

    manage.goto(&format!("{}/manageotp/add?kind=countersign", scene.url));
    manage.submit("/manageotp/add", &[("name", "Desk"), ("voucher", &scene.voucher)]);
    let link = until(&mut manage, "the link under the QR", |page| page.words("#link"));
    say("name the phone, give the voucher", "a QR and its link");

    let desk = Desk::new(&scene.home);
    say("make a vault on the phone", "countersign init");
    let enrol = desk.start(&["enrol", "--yes"], &format!("{}\n", link.trim()));
    let pending = enrol.stdout.line_with("\"digits\"");
    let pending: Value = serde_json::from_str(&pending).expect("one JSON line");
    let digits = pending["digits"].as_str().expect("digits are text").to_owned();
    say("give the link to the phone", &format!("{} at {}", pending["name"], pending["host"]));

    until(&mut manage, "the field for the phone's digits", |page| page.has_form("/manageotp/confirm").then_some(()));
    manage.submit("/manageotp/confirm", &[("digits", &digits)]);
    enrol.stdout.line_with("\"active\"");
    say("type the phone's six digits on the page", &manage.heading());

    let listed = desk.ask(&["list"], "");
    let code = desk.ask(&["code", &scene.name], "");
    let shown = code.iter().any(|line| line["code"].as_str().is_some_and(|code| code.len() >= 6));
    assert!(shown, "no live code; the phone lists {listed:?}");
    say("look at the live code", "six digits, counting down");

    let mut login = window();
    login.goto(&format!("{}/demo", scene.url));
    login.submit("/login", &[("name", &scene.name), ("password", &scene.password)]);
    let figure = until(&mut login, "the six digits of the sign-in", |page| page.words(".figure"));
    let digits: String = figure.chars().filter(char::is_ascii_digit).collect();
    say("sign in to the protected page", &format!("«{}», six digits", login.heading()));

    let asks = waiting(&desk);
    say("the phone asks", &format!("{} for {} at {}", asks["app"], asks["account"], asks["host"]));
    desk.ask(&["approve"], &format!("{digits}\n"));
    say("type the page's digits on the phone", "approved");

    until(&mut login, "the protected page", |page| {
        if page.path() != "/demo" && page.has_form("/login/finish") {
            page.submit("/login/finish", &[]);
        }
        (page.path() == "/demo").then_some(())
    });
    say("the page opens", &login.heading());
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

fn until<W: Window, T>(window: &mut W, what: &str, mut seen: impl FnMut(&mut W) -> Option<T>) -> T {
    for _ in 0..PATIENCE {
        if let Some(found) = seen(window) {
            return found;
        }
        window.look_again(Duration::from_millis(500));
    }
    panic!("{what} did not come; the page says «{}» at {}", window.heading(), window.path());
}
