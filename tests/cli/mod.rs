//! The built `countersign`, used as a person and a script use it.

mod accounts;
mod alone;
mod applet;
mod arguments;
mod batch;
mod check_config;
mod choices;
mod clipboard;
mod device;
mod disk;
mod icons;
mod keyring;
pub(crate) mod pane;
mod phones;
mod pick;
mod push;
mod scan;
pub(crate) mod screen;
mod second_gateway;
mod shells;
mod slots;
mod terminal;
mod tmux;
mod token;
mod token_log;
mod token_told;
mod two;
mod user;
mod user_remove;
mod vault;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use countersign_core::file::{make_folder, replace};
use countersign_strings::text;
use countersign_tests::patience::read_at_last;
use countersign_tests::program::{command, run};
use serde_json::Value;

/// The passphrase of every vault here.
const PASSPHRASE: &str = "larch violin";

/// RFC 4226 appendix D and RFC 6238 appendix B, in base32.
const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// A phone of the desk with a folder of its own.
struct Desk(tempfile::TempDir);

/// How a command ended.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Desk {
    /// A folder without a vault.
    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with an empty vault: a copy of one that `init` made, once for all tests, for making one takes its time.
    fn new() -> Self {
        static MADE: OnceLock<Copied> = OnceLock::new();
        let desk = Self::empty();
        MADE.get_or_init(|| Copied::of(&Self::of_its_own().path().join("data"))).write(&desk.path().join("data"));
        desk
    }

    /// A folder with an empty vault whose keys no other one has: for tests in which two of them meet.
    fn of_its_own() -> Self {
        let desk = Self::empty();
        assert_eq!(desk.run(&["init"], "").code, 0);
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a command with the passphrase on standard input, and `input` after it.
    fn run(&self, arguments: &[&str], input: &str) -> Ended {
        let all: Vec<&str> = arguments.iter().copied().chain(["--passphrase-fd", "0"]).collect();
        self.run_plain(&all, &format!("{PASSPHRASE}\n{input}"))
    }

    /// Runs a command that reads a picture, until it has.
    fn read(&self, arguments: &[&str], input: &str) -> Ended {
        read_at_last(|| {
            let ended = self.run(arguments, input);
            (!is_unread(&ended.stdout) && !is_unread(&ended.stderr)).then_some(ended)
        })
    }

    /// Runs a command with this standard input and nothing else.
    fn run_plain(&self, arguments: &[&str], input: &str) -> Ended {
        let output = run(command("countersign", self.path()).args(arguments), input.as_bytes());
        Ended::of(&output)
    }

    /// Adds an account by its link.
    fn add(&self, link: &str) {
        let added = self.run(&["add", "--yes"], &format!("{link}\n"));
        assert_eq!(added.code, 0, "{}", added.stderr);
    }

    /// Adds accounts by their links, in one command.
    fn add_all(&self, links: impl IntoIterator<Item = String>) {
        let links: Vec<String> = links.into_iter().collect();
        let added = self.run(&["scan", "--yes", "--take", "all", "--json"], &format!("{}\n", links.join("\n")));
        let count = if added.code == 0 { added.json()["added"].as_array().map(Vec::len) } else { None };
        assert_eq!(count, Some(links.len()), "{}", added.stderr);
    }
}

/// A folder in memory: its files with their paths in it.
struct Copied(Vec<(PathBuf, Vec<u8>)>);

impl Copied {
    fn of(folder: &Path) -> Self {
        let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap()));
                }
            }
        }
        Self(files)
    }

    /// Writes it anew, with the rights that the program gives.
    fn write(&self, folder: &Path) {
        for (path, bytes) in &self.0 {
            let path = folder.join(path);
            make_folder(path.parent().unwrap()).unwrap();
            replace(&path, bytes).unwrap();
        }
    }
}

/// Whether a search had not the time to find the code that a picture has.
fn is_unread(said: &str) -> bool {
    ["qr.none_found", "qr.no_time", "error.interrupted"].iter().any(|key| said.contains(text(key)))
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().expect("it was not killed");
        Self { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|fault| panic!("{fault}: {}", self.stdout))
    }
}
