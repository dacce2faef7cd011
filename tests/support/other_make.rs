//! The last act of the demo's story: a phone of another make (`tests/peer/phone.py`) at a gateway whose key was changed,
//! that was killed, and that began anew with its recovery key.

use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_strings::{fill, text};
use serde_json::{Value, json};

use crate::program::{Program, command, run};
use crate::story::{Say, Scene, sign_in_to_protected, until};
use crate::window::Window;

/// The person with the other phone.
const NAME: &str = "bob";

/// The gateway's program, for a story in which it is killed and comes back.
pub struct Served {
    /// Its process.
    pub process: u32,
    /// Its data folder.
    pub data: PathBuf,
    /// Where it listens.
    pub listen: Vec<String>,
    /// A Python that has `cryptography`.
    pub python: PathBuf,
}

impl Served {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = command("countersign-gateway", self.data.parent().expect("the data lies in a folder"));
        command.arg("--data").arg(&self.data).args(words);
        command
    }

    fn said(&self, words: &[&str], input: &str) -> String {
        let output = run(&mut self.command(words), input.as_bytes());
        assert!(output.status.success(), "{}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn recovery_key(&self) -> PathBuf {
        self.data.with_file_name("recovery.pem")
    }

    /// Makes the recovery key, before the first phone is enrolled.
    ///
    /// # Panics
    /// When the command fails.
    pub fn make_recovery_key(&self, say: &mut Say<'_>) {
        self.said(&["keys", "make-recovery", path(&self.recovery_key())], "");
        say(text("demo.step_recovery_key"), text("demo.seen_recovery_key"));
    }

    fn add_person(&self, password: &str) -> String {
        let said = self.said(&["user", "add", NAME, "--password-stdin"], &format!("{password}\n"));
        said.split_whitespace().next_back().expect("a voucher").to_owned()
    }

    /// A change of key, a kill, and a recovery of what lies there; then it serves again.
    fn struck(&self, say: &mut Say<'_>) -> Program {
        self.said(&["keys", "rotate", "--yes"], "");
        say(text("demo.step_rotate"), text("demo.seen_rotate"));
        let killed = Command::new("kill").args(["-KILL", &self.process.to_string()]).status();
        assert!(killed.is_ok_and(|it| it.success()), "the gateway can be killed");
        self.said(&["keys", "recover", "--key", path(&self.recovery_key()), "--yes"], "");
        let keys: Value = serde_json::from_str(&self.said(&["keys", "list", "--json"], "")).expect("JSON");
        assert_eq!(keys["epoch"], 2, "{keys}");
        let mut serve = self.command(&["serve", "--sample-app", "true", "--name", "Countersign demo"]);
        serve.args(self.listen.iter().flat_map(|address| ["--listen", address]));
        let program = Program::start(&mut serve);
        program.stdout.line_with("https://");
        say(text("demo.step_recover"), text("demo.seen_recover"));
        program
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a folder of ours")
}

/// The Python program, told one line and answering one.
struct Phone {
    program: Program,
    told: usize,
}

impl Phone {
    fn start(python: &Path) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer/phone.py");
        let mut command = Command::new(python);
        command.args(["-B", "-u"]).arg(file).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        Self { program: Program::start(&mut command), told: 0 }
    }

    fn ask(&mut self, words: &Value) -> Value {
        self.program.write(format!("{words}\n").as_bytes());
        self.told += 1;
        let told = self.told;
        self.program.stdout.wait_until("an answer of the other phone", |text| text.matches('\n').count() >= told);
        let text = self.program.stdout.text();
        let line = text.lines().nth(told - 1).unwrap_or_default();
        let seen: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(seen.get("refused").is_none(), "the other phone refused: {}", seen["refused"]);
        seen
    }
}

/// Tells it, in a fresh window; the gateway that serves then is the one returned.
///
/// # Panics
/// When a step does not come to what it should; the panic says which.
pub fn tell<W: Window>(scene: &Scene, served: &Served, window: impl Fn() -> W, say: &mut Say<'_>) -> Program {
    let voucher = served.add_person(&scene.password);
    let mut manage = window();
    manage.goto(&format!("{}/manageotp", scene.url));
    manage.submit("/login", &[("name", NAME), ("password", &scene.password)]);
    manage.goto(&format!("{}/manageotp/add?kind=countersign", scene.url));
    manage.submit("/manageotp/add", &[("name", "Other make"), ("voucher", &voucher)]);
    let link = until(&mut manage, "the link under the QR", |page| page.words("#link"));
    let mut phone = Phone::start(&served.python);
    let pending = phone.ask(&json!({"do": "enrol", "link": link.trim()}));
    until(&mut manage, "the field for the phone's digits", |page| page.has_form("/manageotp/confirm").then_some(()));
    manage.submit("/manageotp/confirm", &[("digits", pending["digits"].as_str().expect("digits"))]);
    assert_eq!(phone.ask(&json!({"do": "poll"}))["device"], "active");
    say(
        text("demo.step_other"),
        &fill("demo.seen_other", &[("name", pending["gateway"].as_str().unwrap_or_default())]),
    );

    let program = served.struck(say);
    let (mut login, digits) = sign_in_to_protected(scene, NAME, &window);
    let asked = phone.ask(&json!({"do": "poll", "wait": 10}));
    let card = &asked["open"][0];
    assert_eq!((&card["op"], &card["acct"]), (&json!("login"), &json!(NAME)), "{asked}");
    let approved = phone.ask(&json!({"do": "answer", "jti": card["jti"], "res": "approve", "nm": digits}));
    assert_eq!(approved["st"], "approved");
    say(text("demo.step_other_approves"), text("demo.seen_approved"));
    crate::story::opens(&mut login);
    say(text("demo.step_opens"), &login.heading());
    program
}
