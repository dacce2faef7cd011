//! Runs a program to its end, with all it printed and a limit in time.

use crate::{Fallible, repo};
use countersign_strings::fill;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What a program left: how it ended, and both its streams in the order in which they came.
pub struct Ended {
    /// It ended by itself with status 0.
    pub ok: bool,
    /// It was ended because its time was over.
    pub late: bool,
    /// Standard output and standard error.
    pub output: String,
}

/// Cargo at the top of the repository. No incremental build under CI: it costs time and disk there and saves nothing.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(repo::root());
    if is_ci() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Fetches all that the lock file beside `manifest` names: a build leaves out what other platforms and tests are made of, and
/// cargo says nothing of a graph that is not all there. Where the network is away, who asks hears what is missing.
pub fn fetch(manifest: &Path) -> Fallible<()> {
    let mut fetch = cargo();
    fetch.args(["fetch", "--locked", "--quiet", "--manifest-path"]).arg(manifest);
    fetch.stdin(Stdio::null()).status().map(drop).map_err(|fault| not_started("cargo", &fault))
}

/// Whether this is an automatic run, which cannot be asked anything.
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Runs `command` and collects what it prints. It and all it started are ended when `limit` is over.
pub fn capture(command: &mut Command, limit: Duration) -> Fallible<Ended> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|fault| not_started(&name, &fault))?;
    let collected = Arc::new(Mutex::new(Vec::new()));
    let readers = [
        child.stdout.take().map(|stream| collect(stream, Arc::clone(&collected))),
        child.stderr.take().map(|stream| collect(stream, Arc::clone(&collected))),
    ];
    let (ok, late) = wait(&mut child, limit)?;
    for reader in readers.into_iter().flatten() {
        // A reader ends when the last holder of the pipe does; one that was left behind must not hold us up.
        let patience = Instant::now();
        while !reader.is_finished() && patience.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(10));
        }
    }
    let output = collected.lock().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    Ok(Ended { ok, late, output })
}

/// Runs `command` with our own terminal and waits for it.
pub fn show(command: &mut Command) -> Fallible<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|fault| not_started(&name, &fault))?;
    if status.success() {
        Ok(())
    } else {
        Err(fill("xtask.ended_with", &[("program", &name), ("status", &status.to_string())]))
    }
}

/// What is said of a program that does not start.
pub fn not_started(program: &str, why: &std::io::Error) -> String {
    fill("xtask.does_not_start", &[("program", program), ("why", &why.to_string())])
}

/// The first line a program prints, or nothing when it is not there.
pub fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// The same, of a program that looks at our own terminal.
pub fn first_line_of_terminal(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).stdin(Stdio::inherit()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

fn collect(mut stream: impl Read + Send + 'static, into: Arc<Mutex<Vec<u8>>>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut block = [0; 8192];
        while let Ok(read @ 1..) = stream.read(&mut block) {
            if let Ok(mut bytes) = into.lock() {
                bytes.extend_from_slice(&block[..read]);
            }
        }
    })
}

fn wait(child: &mut Child, limit: Duration) -> Fallible<(bool, bool)> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|fault| fault.to_string())? {
            return Ok((status.success(), false));
        }
        if start.elapsed() > limit {
            end_tree(child.id());
            let _gone = child.wait();
            return Ok((false, true));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Ends a process and what it started, children first found first ended.
fn end_tree(top: u32) {
    let mut found = vec![top];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        let list = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
        found.extend(list.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        next += 1;
    }
    let ids: Vec<String> = found.iter().map(u32::to_string).collect();
    let _ended = Command::new("kill").arg("-KILL").args(ids).stderr(Stdio::null()).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_and_the_end_are_told() {
        let ended = capture(&mut shell("echo out; echo err >&2; exit 3"), Duration::from_secs(10)).unwrap();
        assert!(!ended.ok && !ended.late);
        assert!(ended.output.contains("out") && ended.output.contains("err"));
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let start = Instant::now();
        let ended = capture(&mut shell("sleep 60 & sleep 60"), Duration::from_millis(200)).unwrap();
        assert!(ended.late && !ended.ok);
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
