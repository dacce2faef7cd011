//! What the gateway starts itself: the command that prints its master key gets neither its environment nor a secret.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use countersign_tests::program::{Program, command};

use super::search::{Canary, Place, found};
use super::watch::Watch;

/// Stands in the gateway's environment, as of an operator who keeps a token there.
const TOKEN: &str = "canary token of the operator 5527";

/// A master key. Each test has its own: a watch sees the programs of all of them.
fn key(first: u8) -> Vec<u8> {
    (first..first + 32).collect()
}

fn hex(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Serves with a master key that the script in `folder` prints, and says what the script was started with and what a watch
/// saw of it and of what it starts. `last` is what the script does before it prints.
fn served_by(folder: &Path, key: &[u8], last: &str) -> [Place; 2] {
    let (script, key) = (folder.join("print-key"), hex(key));
    let given = "cat /proc/$$/environ /proc/$$/cmdline > \"$0.given\"";
    std::fs::write(&script, format!("#!/bin/sh\n{given}\nsleep 0.3\n{last}\necho {key}\n")).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    let watch = Watch::of_children();
    let mut serve = command("countersign-gateway", folder);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.join("gateway"));
    serve.arg("--master-key-command").arg(&script);
    serve.env("OPERATORS_TOKEN", TOKEN).env("COUNTERSIGN_NAME", "Canary gate").env("LC_TIME", "C");
    let mut gateway = Program::start(&mut serve);
    gateway.stdout.line_with("https://");
    gateway.terminate();
    assert!(gateway.wait().success());
    let (seen, _) = watch.end();
    assert!(contains(&seen, b"sleep\x000.3"), "the watch sees what the gateway's children start");
    [Place::new("the script", std::fs::read(folder.join("print-key.given")).unwrap()), Place::new("children", seen)]
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn canaries(key: &[u8]) -> [Canary; 2] {
    [Canary::bytes("master key", key), Canary::text("the operator's token", TOKEN)]
}

#[test]
fn what_prints_the_master_key_is_given_a_path_and_a_home_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let places = served_by(folder.path(), &key(0x00), ":");
    assert_eq!(found(&canaries(&key(0x00)), &places), Vec::<String>::new());
    let given = &places[0].bytes;
    assert!(contains(given, b"PATH=/usr/bin:/bin") && contains(given, b"HOME=") && contains(given, b"LC_TIME=C"));
    assert!(!contains(given, b"COUNTERSIGN_"), "nor its settings: {}", String::from_utf8_lossy(given));
}

/// The broken variant: a command that hands the key on in arguments.
#[test]
fn a_key_in_the_arguments_of_a_child_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let places = served_by(folder.path(), &key(0x80), &format!("sh -c 'sleep 0.3' {}", hex(&key(0x80))));
    assert_eq!(found(&canaries(&key(0x80)), &places).len(), 1);
}
