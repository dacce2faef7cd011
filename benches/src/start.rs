//! How long a program takes from its start to its end: `countersign code` beside `oathtool`.
//!
//! The key derivation is bought time, and is the same wherever a passphrase is asked: one is measured right after each code, and taken off,
//! since it takes a hundred times what is looked for, and drifts by more than that.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use countersign_core::system::{SystemClock, SystemRandom};
use countersign_core::vault::Vault;
use countersign_protocol::Secret;
use std::sync::Arc;

use crate::report::{Goal, Table, file, root};
use crate::rounds::{run, subject, timed};
use crate::{bell, house};

const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const PASSPHRASE: &str = "larch violin";

/// One code, by programs; a gateway; and a bell.
pub fn bench() {
    let program = countersign();
    let home = tempfile::tempdir().expect("a folder");
    let words = |words: &[&str], input: &str| {
        let mut command = Command::new(&program);
        command.args(words).args(["--passphrase-fd", "0", "--home"]).arg(home.path());
        whole(&mut command, &format!("{PASSPHRASE}\n{input}"))
    };
    words(&["init"], "");
    words(&["add", "--yes"], &format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub\n"));
    let (mut derive, mut again) = (derivation(home.path()), derivation(home.path()));
    let rows = run(
        1,
        vec![
            subject("countersign code", || words(&["code", "GitHub"], "")),
            timed("the key derivation in it, alone", &mut derive),
            subject("countersign --version", || whole(Command::new(&program).arg("--version"), "")),
            subject("oathtool", || whole(Command::new("oathtool").args(["--totp", "-b", SEED]), "")),
            subject("a program that does nothing", || whole(&mut Command::new("true"), "")),
            timed("countersign code, less a key derivation right after it", || {
                let start = Instant::now();
                words(&["code", "GitHub"], "");
                start.elapsed().saturating_sub(again())
            }),
        ],
    );
    let (beyond, theirs) = (rows[5].median / 1e6, rows[3].median / 1e6);
    let goals = vec![
        Goal::most(
            format!("beyond the key derivation, in ms, at most 1.5 × oathtool + 3 ms = {:.1}", 1.5 * theirs + 3.0),
            beyond,
            1.5 * theirs + 3.0,
        ),
        Goal::most("start and end without a vault to oathtool, at most 1.5", rows[2].median / rows[3].median, 1.5),
    ];
    let processes = Table { title: "A process from start to end".into(), unit: "ns", rows, goals };
    file("start", &[processes, house::table(), bell::table()]);
}

/// The program as it is shipped.
fn countersign() -> PathBuf {
    let target = root().join("target/bench/programs");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--locked", "--package", "countersign", "--target-dir"]).arg(&target);
    assert!(cargo.current_dir(root()).status().expect("cargo starts").success(), "countersign is built");
    target.join("release/countersign")
}

/// Runs it to its end.
fn whole(command: &mut Command, input: &str) -> usize {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    // What asks for nothing has the right to end before it was given anything.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?}");
    output.stdout.len()
}

/// Opens the vault of this folder by its passphrase, in this process: as good as all of it is the key derivation.
fn derivation(home: &Path) -> impl FnMut() -> Duration {
    let vault = Vault::open(&home.join("vault.sqlite"), Arc::new(SystemClock::new()), Arc::new(SystemRandom::new()));
    let lockbox = vault.expect("the vault opens").lockbox();
    move || {
        let start = Instant::now();
        lockbox.open(&Secret::from_slice(PASSPHRASE.as_bytes())).expect("the passphrase");
        start.elapsed()
    }
}
