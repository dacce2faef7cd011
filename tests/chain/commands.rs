//! `countersign-gateway keys …`, the built program, beside a gateway that runs and without one.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use countersign_protocol::push::MetadataReply;
use countersign_strings::{fill, text};
use countersign_tests::port::port;
use countersign_tests::program::{PATIENCE, Program, command, run};
use countersign_tests::raw_phone::{RawRequest, Wire};
use countersign_tests::window::rest;
use serde_json::Value;

/// A data folder, and the commands on it.
pub(super) struct Desk {
    home: tempfile::TempDir,
    port: u16,
}

/// How a command ended.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), port: port() }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(super) fn command(&self, words: &str) -> std::process::Command {
        let mut command = command("countersign-gateway", self.home.path());
        command.args(words.split(' ')).args(["--data", "gateway", "--listen", &format!("127.0.0.1:{}", self.port)]);
        command
    }

    pub(super) fn say(&self, words: &str) -> Ended {
        let output = run(&mut self.command(words), b"");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// What `keys list --json` tells.
    pub(super) fn list(&self) -> Value {
        let ended = self.say("keys list --json");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    pub(super) fn serve(&self) -> Program {
        let program = Program::start(&mut self.command("serve"));
        program.stdout.line_with("https://localhost");
        program
    }

    pub(super) fn metadata(&self) -> MetadataReply {
        let u = format!("https://localhost:{}/push/v1", self.port);
        let reply = Wire::new(&u, ([127, 0, 0, 1], self.port).into()).send(RawRequest::get("/metadata"));
        countersign_protocol::json::parse(&reply.body).unwrap()
    }

    /// Waits until the metadata of a running gateway is as wanted.
    #[expect(clippy::disallowed_methods, reason = "a running program is watched in the machine's time")]
    pub(super) fn metadata_until(&self, wanted: impl Fn(&MetadataReply) -> bool) -> MetadataReply {
        let began = Instant::now();
        loop {
            let reply = self.metadata();
            if wanted(&reply) {
                return reply;
            }
            assert!(began.elapsed() < PATIENCE, "the gateway does not notice");
            // Metadata is given to a network so and so often a minute.
            rest(Duration::from_millis(300));
        }
    }
}

/// The thumbprint that signs, in what `keys list` tells.
pub(super) fn signing(list: &Value) -> String {
    let keys = list["keys"].as_array().unwrap();
    let mut signing = keys.iter().filter(|key| key["state"] == "signing");
    let key = signing.next().expect("a key signs");
    assert!(signing.next().is_none(), "one key signs");
    key["thumbprint"].as_str().unwrap().to_owned()
}

#[test]
fn a_key_is_rotated_where_no_gateway_runs() {
    let desk = Desk::new();
    let first = signing(&desk.list());
    let refused = desk.say("keys rotate");
    assert_eq!(refused.code, Some(1), "nobody can be asked");
    assert!(refused.stderr.contains(text("gateway.keys_say_yes")), "{}", refused.stderr);
    assert_eq!(signing(&desk.list()), first);

    let done = desk.say("keys rotate --yes");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let list = desk.list();
    let second = signing(&list);
    assert_ne!(first, second);
    assert_eq!(done.stdout.trim(), fill("gateway.keys_rotated", &[("key", &second)]));
    assert_eq!((list["keys"][0]["thumbprint"].as_str(), &list["keys"][0]["state"]), (Some(&*first), &"listed".into()));
    let said = desk.say("keys list").stdout;
    assert!(
        said.contains(&first) && said.contains(&second) && said.contains(text("gateway.keys_no_recovery")),
        "{said}"
    );
}

#[test]
fn at_a_terminal_it_is_asked_first_and_no_changes_nothing() {
    let desk = Desk::new();
    let first = signing(&desk.list());
    for (typed, code) in [("n", Some(1)), ("", Some(1)), ("y", Some(0))] {
        let rotate = desk.command("keys rotate");
        let words: Vec<&str> = rotate.get_args().filter_map(|word| word.to_str()).collect();
        let inside = format!("exec {} {}", rotate.get_program().display(), words.join(" "));
        let mut script = std::process::Command::new("script");
        script.args(["--quiet", "--return", "--command", &inside, "/dev/null"]).current_dir(desk.home.path());
        script.env_clear().env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").env("TERM", "xterm");
        let mut program = Program::start(&mut script);
        program.stdout.wait_for(text("gateway.keys_sure"));
        program.write(format!("{typed}\r").as_bytes());
        assert_eq!(program.wait().code(), code, "{}", program.stdout.text());
        assert_eq!(signing(&desk.list()) == first, code == Some(1), "typed {typed:?}");
    }
}

#[test]
fn a_running_gateway_notices_rotation_and_recovery() {
    let desk = Desk::new();
    assert_eq!(desk.say("keys make-recovery recovery.pem").code, Some(0));
    let _program = desk.serve();
    let before = desk.metadata();
    assert_eq!(desk.say("keys rotate --yes").code, Some(0));
    let rotated = desk.metadata_until(|reply| reply.meta.claims().seq > before.meta.claims().seq);
    assert_eq!((rotated.meta.claims().keys.len(), rotated.links.len()), (2, 1));
    assert_eq!(rotated.meta.jws().kid().to_string(), signing(&desk.list()));

    let done = desk.say("keys recover --key recovery.pem --new-recovery next.pem --yes");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let recovered = desk.metadata_until(|reply| reply.meta.claims().epoch == 2);
    assert_eq!((recovered.meta.claims().keys.len(), recovered.links.len(), recovered.recovery.len()), (1, 0, 1));
    assert_eq!(recovered.meta.claims().iss, before.meta.claims().iss);
    let (old, new) = (before.meta.claims().gr, recovered.meta.claims().gr);
    assert_eq!(Some(recovered.recovery[0].jws().kid()), old, "vouched for by the key that phones know");
    assert!(new.is_some() && new != old);
    assert_eq!(desk.say("keys recover --key recovery.pem --yes").code, Some(1), "the old one counts no more");
    assert_eq!(desk.say("keys recover --key next.pem --yes").code, Some(0));
}

#[test]
fn the_recovery_key_is_written_for_its_owner_and_stays_nowhere_else() {
    let desk = Desk::new();
    let done = desk.say("keys make-recovery recovery.pem");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let path = desk.file("recovery.pem");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let content = std::fs::read_to_string(&path).unwrap();
    let gr = desk.list()["recovery_key"].as_str().unwrap().to_owned();
    assert!(content.contains(&gr) && content.contains("localhost"), "whose it is stands above it");
    assert!(done.stdout.contains(&gr) && !done.stdout.contains("PRIVATE KEY"), "{}", done.stdout);

    // Neither the folder nor anything said holds the private half.
    let pem: String = content.lines().skip_while(|line| !line.starts_with("-----")).skip(1).take(3).collect();
    let der = countersign_gateway::chain::offline::read(&path).unwrap();
    for entry in std::fs::read_dir(desk.file("gateway")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(32).any(|part| part == &der.expose()[36..68]), "the private half is in the folder");
    }
    assert!(!done.stdout.contains(&pem[..40]) && !done.stderr.contains(&pem[..40]));

    let again = desk.say("keys make-recovery other.pem");
    assert_eq!((again.code, again.stderr.trim()), (Some(1), text("gateway.keys_has_recovery")));
    assert!(!desk.file("other.pem").exists());
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let desk = Desk::new();
    let before = desk.list();
    std::fs::write(desk.file("words.pem"), "words").unwrap();
    assert_eq!(desk.say("keys recover --key words.pem --yes").code, Some(1));
    assert_eq!(desk.say("keys recover --key nowhere.pem --yes").code, Some(2));
    let there = desk.say("keys make-recovery words.pem");
    assert_eq!(
        (there.code, there.stderr.trim()),
        (Some(1), &*fill("gateway.keys_file_there", &[("path", "words.pem")]))
    );
    assert_eq!(std::fs::read(desk.file("words.pem")).unwrap(), b"words");
    assert_eq!(desk.list(), before);

    // A key, but not this gateway's.
    let other = Desk::new();
    assert_eq!(other.say("keys make-recovery other.pem").code, Some(0));
    std::fs::copy(other.file("other.pem"), desk.file("other.pem")).unwrap();
    let none = desk.say("keys recover --key other.pem --yes");
    assert_eq!((none.code, none.stderr.trim()), (Some(1), text("gateway.keys_recover_none")));
    assert_eq!(desk.say("keys make-recovery own.pem").code, Some(0));
    let foreign = desk.say("keys recover --key other.pem --yes");
    assert_eq!((foreign.code, foreign.stderr.trim()), (Some(1), text("gateway.keys_recover_other")));
    assert_eq!(desk.list()["epoch"], 1);
}

#[test]
fn the_key_of_notifications_changes_at_the_next_start_and_not_twice_a_month() {
    let desk = Desk::new();
    let vapid = || {
        let mut program = desk.serve();
        let vapid = desk.metadata().meta.claims().vapid.clone().map(|key| key.0.thumbprint());
        program.terminate();
        program.wait();
        vapid.expect("a key")
    };
    let first = vapid();
    let done = desk.say("keys rotate --vapid --yes");
    assert_eq!((done.code, done.stdout.trim()), (Some(0), text("gateway.keys_vapid_rotated")));
    let second = vapid();
    assert_ne!(first, second);
    let again = desk.say("keys rotate --vapid --yes");
    assert_eq!((again.code, again.stderr.trim()), (Some(1), text("gateway.keys_vapid_kept")));
    assert_eq!(vapid(), second);
}

#[test]
fn the_start_offers_a_recovery_key_while_there_is_none() {
    let desk = Desk::new();
    let program = desk.serve();
    program.stdout.line_with(text("gateway.keys_no_recovery"));
    drop(program);
    assert_eq!(desk.say("keys make-recovery recovery.pem").code, Some(0));
    let mut program = desk.serve();
    program.terminate();
    program.wait();
    assert!(!program.stdout.text().contains(text("gateway.keys_no_recovery")));
}
