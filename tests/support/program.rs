//! Built programs, started as a person starts them: found beside the test executable, ended when dropped.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a program may take for one step before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The target folder, from where this executable lies: `target/debug/deps/…` for tests, `target/debug/…` for programs.
pub fn target() -> PathBuf {
    let here = std::env::current_exe().expect("a program knows its own path");
    let profile = here.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
    profile.and_then(std::path::Path::parent).expect("it lies in target/debug").to_owned()
}

/// The built program `name`.
///
/// # Panics
/// When it was not built: `cargo xtask test` builds programs before it runs tests.
pub fn built(name: &str) -> PathBuf {
    let path = target().join("debug").join(name);
    assert!(path.is_file(), "{} is missing; `cargo build --workspace` makes it", path.display());
    path
}

/// A command that starts the built program `name` with an environment of its own: nothing but a search path, a home in
/// `home` and English.
pub fn command(name: &str, home: &std::path::Path) -> Command {
    let mut command = Command::new(built(name));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("XDG_DATA_HOME", home.join("data"));
    command.env("LANG", "C.UTF-8").env("TMPDIR", home).current_dir(home);
    command
}

/// A program that runs. Dropping it ends it.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    /// What it printed to standard output.
    pub stdout: Printed,
    /// What it printed to standard error.
    pub stderr: Printed,
}

impl Program {
    /// Starts `command` with all three streams in our hands.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_owned();
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|fault| panic!("{} does not start: {fault}", name.display()));
        let stdout = Printed::collect(child.stdout.take().expect("piped"));
        let stderr = Printed::collect(child.stderr.take().expect("piped"));
        Self { stdin: child.stdin.take(), child, stdout, stderr }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to its standard input.
    ///
    /// # Panics
    /// When it has ended or `close_stdin` came before.
    pub fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("standard input is open");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).expect("the program reads");
    }

    /// Ends its standard input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Asks it to stop, as an operator does.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Asks it to stop, as a person does by Ctrl-C.
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(&mut self) {
        let _may_have_ended = self.child.kill();
        let _status = self.child.wait();
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(signal).arg(self.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal} failed");
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it still runs after [`PATIENCE`]; both outputs are told.
    pub fn wait(&mut self) -> ExitStatus {
        self.close_stdin();
        // The streams end with the program, so their end is what is waited for.
        let ended = self.stdout.wait_end(PATIENCE) && self.stderr.wait_end(PATIENCE);
        if !ended {
            self.kill();
            panic!("it did not end\nstdout:\n{}\nstderr:\n{}", self.stdout.text(), self.stderr.text());
        }
        self.child.wait().expect("a child can be waited for")
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs `command` to its end with `input` on standard input.
///
/// # Panics
/// When it does not start or does not end.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut program = Program::start(command);
    if let Some(stdin) = program.stdin.as_mut() {
        // A program that reads nothing has the right to end before we have written.
        let _read = stdin.write_all(input);
    }
    let status = program.wait();
    Output { status, stdout: program.stdout.bytes(), stderr: program.stderr.bytes() }
}

/// What came out of one stream so far.
#[derive(Clone)]
pub struct Printed(Arc<(Mutex<Stream>, Condvar)>);

#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    ended: bool,
}

impl Printed {
    fn collect(mut from: impl Read + Send + 'static) -> Self {
        let printed = Self(Arc::default());
        let held = printed.clone();
        let _reader: JoinHandle<()> = std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(read @ 1..) = from.read(&mut block) {
                held.stream().bytes.extend_from_slice(&block[..read]);
                held.0.1.notify_all();
            }
            held.stream().ended = true;
            held.0.1.notify_all();
        });
        printed
    }

    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of it.
    pub fn bytes(&self) -> Vec<u8> {
        self.stream().bytes.clone()
    }

    /// All of it, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stream().bytes).into_owned()
    }

    /// The first full line that holds `part`, as soon as there is one.
    ///
    /// # Panics
    /// When none came within [`PATIENCE`], or the stream ended without one.
    pub fn line_with(&self, part: &str) -> String {
        self.find_line(part).unwrap_or_else(|| panic!("no line with {part:?} in:\n{}", self.text()))
    }

    /// As [`Printed::line_with`]; nothing when none came within [`PATIENCE`], or the stream ended without one.
    pub fn find_line(&self, part: &str) -> Option<String> {
        let found = |stream: &Stream| {
            let text = String::from_utf8_lossy(&stream.bytes).into_owned();
            let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n') || stream.ended);
            whole.map(str::trim_end).find(|line| line.contains(part)).map(str::to_owned)
        };
        let waiting = |stream: &mut Stream| found(stream).is_none() && !stream.ended;
        let (stream, _) =
            self.0.1.wait_timeout_while(self.stream(), PATIENCE, waiting).unwrap_or_else(PoisonError::into_inner);
        found(&stream)
    }

    /// Waits until `part` was printed, be the line ended or not.
    ///
    /// # Panics
    /// As [`Printed::wait_until`].
    pub fn wait_for(&self, part: &str) {
        self.wait_until(part, |text| text.contains(part));
    }

    /// Waits until all that was printed is `good`; `what` names that when it never is.
    ///
    /// # Panics
    /// When it is not within [`PATIENCE`], or the stream ended before.
    pub fn wait_until(&self, what: &str, good: impl Fn(&str) -> bool) {
        let found = |stream: &Stream| good(&String::from_utf8_lossy(&stream.bytes));
        let waiting = |stream: &mut Stream| !found(stream) && !stream.ended;
        let (stream, _) =
            self.0.1.wait_timeout_while(self.stream(), PATIENCE, waiting).unwrap_or_else(PoisonError::into_inner);
        assert!(found(&stream), "no {what:?} in:\n{}", String::from_utf8_lossy(&stream.bytes));
    }

    /// Waits until all that was printed is `good`, or the stream ended without it; whether it is.
    pub fn found(&self, mut good: impl FnMut(&str) -> bool) -> bool {
        let mut is_good = false;
        let waiting = |stream: &mut Stream| {
            is_good = good(&String::from_utf8_lossy(&stream.bytes));
            !is_good && !stream.ended
        };
        drop(self.0.1.wait_timeout_while(self.stream(), PATIENCE, waiting).unwrap_or_else(PoisonError::into_inner));
        is_good
    }

    /// Waits until the stream ends, at most so long; whether it has.
    pub fn wait_end(&self, patience: Duration) -> bool {
        let (stream, _) = self
            .0
            .1
            .wait_timeout_while(self.stream(), patience, |stream| !stream.ended)
            .unwrap_or_else(PoisonError::into_inner);
        stream.ended
    }
}
