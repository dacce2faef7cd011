//! Card readers of this machine, where tokens are laid.
//!
//! They are spoken to by a program of their own, `countersign-readers`, which lies beside this one and alone is linked with the
//! system's library for PC/SC: where that is missing, everything else works. What it is asked and answers stands in [`frame`].
//! It is given a limit of time for each command, which PC/SC does not know; one that hangs is ended, and the next link has
//! another.

pub mod frame;

use std::env::{self, consts::EXE_SUFFIX};
use std::io;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use countersign_core::burn::{LinkError, TokenLink};
use frame::{Ask, Body, Told, Undone};

/// The program that is linked with the system's library.
const PROGRAM: &str = "countersign-readers";

/// How long a reader waits for its answer, and a link for another program's transaction to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a command waits for its answer: a security key that wants a touch waits for 15 seconds.
const TOUCH: Duration = Duration::from_secs(20);

/// Why a reader does not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReaderError {
    /// The program for readers is not there, or does not start, as where the system's library is missing.
    #[error("no program for readers")]
    NoProgram,
    /// No service of smart cards runs on this machine.
    #[error("no smart-card service")]
    NoService,
    /// The reader is not there, or no more.
    #[error("no such reader")]
    Gone,
    /// Nothing lies on it that is powered.
    #[error("no token")]
    Empty,
    /// Another program holds the token.
    #[error("another program holds the token")]
    Busy,
    /// The service failed in another way.
    #[error("smart-card service: {0}")]
    Failed(String),
}

/// A reader, and whether something lies on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The reader's name.
    pub name: String,
    /// Whether a token lies on it.
    pub has_token: bool,
}

/// The machine's readers.
pub struct Readers {
    program: Program,
}

impl Readers {
    /// Finds the service of smart cards.
    ///
    /// # Errors
    /// [`ReaderError::NoProgram`] and [`ReaderError::NoService`].
    pub fn open() -> Result<Self, ReaderError> {
        Ok(Self { program: Program::start()? })
    }

    /// All readers, in the order of the service.
    ///
    /// # Errors
    /// [`ReaderError`] of the service.
    pub fn seen(&mut self) -> Result<Vec<Seen>, ReaderError> {
        let body = self.program.ask(Ask::Seen, &[]).map_err(of_reader)?;
        seen(&body).ok_or_else(|| ReaderError::Failed("unreadable".to_owned()))
    }

    /// Waits until a token lies on this reader, or none does; `false` when `go_on` said no before.
    ///
    /// # Errors
    /// [`ReaderError::Gone`] when the reader itself went, unless that is what a token's leaving looks like there.
    pub fn wait(&mut self, reader: &str, there: bool, go_on: &dyn Fn() -> bool) -> Result<bool, ReaderError> {
        let ask = if there { Ask::Laid } else { Ask::Taken };
        while go_on() {
            match self.program.ask(ask, reader.as_bytes()).map_err(of_reader) {
                Ok(body) if *body == [1] => return Ok(true),
                Ok(_) => {}
                // A token that is its own reader takes it along.
                Err(ReaderError::Gone) if !there => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Opens a link to what lies on this reader: for itself alone to a Molto-2, shared to others, since a security key has
    /// other users. No other program speaks to the token as long as the link lives.
    ///
    /// # Errors
    /// [`ReaderError::Empty`] when nothing lies there, [`ReaderError::Busy`] when another program holds it.
    pub fn connect(&mut self, reader: &str) -> Result<CardLink<'_>, ReaderError> {
        match self.program.ask(Ask::Connect, reader.as_bytes()) {
            Ok(_) => Ok(CardLink { program: &mut self.program, broken: None }),
            // Another program's transaction does not end.
            Err(Undone::Link(LinkError::Late)) => Err(ReaderError::Busy),
            Err(undone) => Err(of_reader(undone)),
        }
    }
}

fn of_reader(undone: Undone) -> ReaderError {
    match undone {
        Undone::Reader(error) => error,
        Undone::Link(_) => ReaderError::Failed("no answer".to_owned()),
    }
}

fn seen(mut bytes: &[u8]) -> Option<Vec<Seen>> {
    let mut seen = Vec::new();
    while let Some(([has_token, high, low], rest)) = bytes.split_first_chunk() {
        let (name, rest) = rest.split_at_checked(u16::from_be_bytes([*high, *low]).into())?;
        seen.push(Seen { name: String::from_utf8_lossy(name).into_owned(), has_token: *has_token == 1 });
        bytes = rest;
    }
    bytes.is_empty().then_some(seen)
}

/// A link to a token on a reader. After an answer that did not come it stays broken: nobody could tell a late answer from
/// the next one's.
pub struct CardLink<'r> {
    program: &'r mut Program,
    broken: Option<LinkError>,
}

impl TokenLink for CardLink<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        let answer = self.program.ask(Ask::Transmit, command);
        let answer = answer.map(|mut body| std::mem::take(&mut *body)).map_err(|undone| match undone {
            Undone::Link(error) => error,
            Undone::Reader(_) => LinkError::Reader,
        });
        self.broken = answer.as_ref().err().copied();
        answer
    }
}

impl Drop for CardLink<'_> {
    /// Waits until the token is free for the next link.
    fn drop(&mut self) {
        let _it_left = self.program.ask(Ask::Leave, &[]);
    }
}

/// The program for readers. One that did not answer was ended, and is started again when it is asked next.
struct Program {
    running: Option<Running>,
}

/// It ends with the value, and links end with it.
struct Running {
    child: Child,
    asks: ChildStdin,
    told: Receiver<Told>,
}

impl Program {
    fn start() -> Result<Self, ReaderError> {
        Ok(Self { running: Some(Running::start()?) })
    }

    fn ask(&mut self, ask: Ask, body: &[u8]) -> Told {
        let running = match &mut self.running {
            Some(running) => running,
            // No link is left to be ended, and none to carry a command.
            None if ask == Ask::Leave => return Ok(Body::default()),
            None if ask == Ask::Transmit => return Err(Undone::Link(LinkError::Lost)),
            None => self.running.insert(Running::start().map_err(Undone::Reader)?),
        };
        let told = running.ask(ask, body);
        if matches!(told, Err(Undone::Link(LinkError::Late) | Undone::Reader(ReaderError::NoProgram))) {
            self.running = None;
        }
        told
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Running {
    fn start() -> Result<Self, ReaderError> {
        let mut running = Self::spawn().map_err(|_| ReaderError::NoProgram)?;
        match running.ask(Ask::Service, &[]) {
            Ok(_) => Ok(running),
            Err(Undone::Link(LinkError::Late)) => Err(ReaderError::NoService),
            Err(undone) => Err(of_reader(undone)),
        }
    }

    fn spawn() -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?.with_file_name(format!("{PROGRAM}{EXE_SUFFIX}")));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Ctrl-C is this program's to take: a token that is being written is not left in the middle.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (asks, mut answers) = (child.stdin.take(), child.stdout.take());
        let (tell, told) = channel();
        thread::spawn(move || {
            while let Some(Ok(Some(answer))) = answers.as_mut().map(frame::hear) {
                if tell.send(answer).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, asks: asks.ok_or(io::ErrorKind::BrokenPipe)?, told })
    }

    fn ask(&mut self, ask: Ask, body: &[u8]) -> Told {
        // One that ended hears nothing, and says nothing either.
        let _ended = frame::write(&mut self.asks, ask.byte(), body);
        let patience = if ask == Ask::Transmit { TOUCH } else { PATIENCE };
        self.told.recv_timeout(patience).unwrap_or_else(|why| match why {
            RecvTimeoutError::Timeout => Err(Undone::Link(LinkError::Late)),
            RecvTimeoutError::Disconnected => Err(Undone::Reader(ReaderError::NoProgram)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_come_with_their_names_and_whether_a_token_lies_there() {
        let one = Seen { name: "A".to_owned(), has_token: true };
        let other = Seen { name: String::new(), has_token: false };
        assert_eq!(seen(&[1, 0, 1, b'A', 0, 0, 0]), Some(vec![one, other]));
        assert_eq!(seen(&[]), Some(vec![]));
        for wrong in [&[1][..], &[1, 0, 2, b'A'], &[1, 0, 1, b'A', 0]] {
            assert_eq!(seen(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn where_no_program_for_readers_lies_beside_this_one_that_is_said() {
        // Tests are built into a folder of their own, beside which it does not lie.
        assert_eq!(Readers::open().err(), Some(ReaderError::NoProgram));
    }
}
