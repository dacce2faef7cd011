//! The clipboard. A code lies there for a while and is then gone, and nothing that was copied since goes with it: it is held
//! by a child of ours, and on X11 and Wayland what is held ends with who holds it.
//!
//! Without a display the terminal is asked to keep it (OSC 52). Then it stays there: a terminal does not say what was copied
//! since, and so nothing is taken out of it again.

mod hold;
mod paste;

pub use hold::hold;
pub use paste::{Pasted, paste};

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_strings::{fill, text};

use crate::fault::Fault;

/// The command of the child that holds the clipboard; nobody else uses it.
pub const HOLD: &str = "hold-clipboard";

/// How long a display may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the child is told of this session: where its display is. Nothing else of the environment.
const KEPT: [&str; 7] =
    ["DISPLAY", "HOME", "LANG", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE"];

/// Where a code was copied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// The session's clipboard, for so many seconds.
    For(u32),
    /// The terminal's.
    ToTerminal,
}

impl Copied {
    /// What happens to it.
    pub fn words(self) -> String {
        match self {
            Self::For(seconds) => fill("cli.copied_for", &[("n", &seconds.to_string())]),
            Self::ToTerminal => text("cli.copied_to_terminal").to_owned(),
        }
    }
}

/// Copies a code for `seconds`. It is marked as a secret where the session knows such a mark.
///
/// # Errors
/// A [`Fault`] where there is neither a display nor a terminal.
pub fn copy(code: &str, seconds: u32) -> Result<Copied, Fault> {
    if let Some(copied) = copy_to_session(code, seconds) {
        return Ok(copied);
    }
    by_terminal(code).map_err(|_| Fault::refused(text("cli.no_clipboard")))?;
    Ok(Copied::ToTerminal)
}

/// Copies a code to the session alone, where it has a display that takes it.
pub fn copy_to_session(code: &str, seconds: u32) -> Option<Copied> {
    (has_display() && by_child(code, seconds).is_ok()).then_some(Copied::For(seconds))
}

/// Is there something to copy to? For what is spent when it is made, and so is not made in vain.
///
/// # Errors
/// As [`copy`].
pub fn check() -> Result<(), Fault> {
    if has_display() { Ok(()) } else { tty().map(drop).map_err(|_| Fault::refused(text("cli.no_clipboard"))) }
}

fn has_display() -> bool {
    ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Starts the child and waits until it has the clipboard. The code goes by a pipe, for others read arguments.
fn by_child(code: &str, seconds: u32) -> io::Result<()> {
    let mut command = Command::new(env::current_exe()?);
    command.args([HOLD, &seconds.to_string()]).env_clear().current_dir("/");
    command.envs(KEPT.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    match handed_over(&mut child, code) {
        Ok(()) => {
            // Who stays open, as the phone in the terminal does, is to leave no dead child behind.
            thread::spawn(move || child.wait());
            Ok(())
        }
        Err(fault) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(fault)
        }
    }
}

fn handed_over(child: &mut Child, code: &str) -> io::Result<()> {
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    child.stdin.take().ok_or_else(gone)?.write_all(code.as_bytes())?;
    let mut said = child.stdout.take().ok_or_else(gone)?;
    let (tell, told) = channel();
    // A display that does not answer is not waited for longer than a person would.
    thread::spawn(move || tell.send(said.read_exact(&mut [0])));
    told.recv_timeout(PATIENCE).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Asks the terminal to keep it.
fn by_terminal(code: &str) -> io::Result<()> {
    let mut tty = tty()?;
    tty.write_all(osc52(code).as_bytes())?;
    tty.flush()
}

fn tty() -> io::Result<File> {
    OpenOptions::new().write(true).open("/dev/tty")
}

/// The sequence that puts text into a terminal's clipboard (xterm's control sequences, OSC 52).
fn osc52(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_is_asked_in_its_own_words() {
        assert_eq!(osc52("287082"), "\x1b]52;c;Mjg3MDgy\x07");
    }

    #[test]
    fn what_happens_to_a_code_is_said() {
        assert!(Copied::For(30).words().contains("30"));
        assert_eq!(Copied::ToTerminal.words(), text("cli.copied_to_terminal"));
    }
}
