//! What a command reads and writes: results to stdout, words to stderr, questions to the terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, PortError};
use countersign_core::file;
use countersign_core::port::Prompt;
use countersign_core::protocol::Secret;
use countersign_strings::{fill, text};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::front::{Front, Question};
use crate::menu::{self, Chosen};
use crate::port::AskPassphrase;
use crate::port::interrupt::Interrupt;
use crate::{limits, outside, prose};

/// The terminal, or what stands in its place.
pub struct Terminal {
    json: bool,
    descriptor: Option<Mutex<Descriptor>>,
    /// The screen that a command runs behind.
    front: Option<Arc<dyn Front>>,
    lost: OnceLock<PortError>,
}

impl Terminal {
    /// As the command line asks.
    pub fn new(json: bool, passphrase_fd: Option<u32>) -> Self {
        let descriptor = passphrase_fd.map(|number| Mutex::new(Descriptor { number, lines: None, first: None }));
        Self { json, descriptor, front: None, lost: OnceLock::new() }
    }

    /// A screen in its place.
    pub fn of_front(front: Arc<dyn Front>) -> Self {
        Self { json: false, descriptor: None, front: Some(front), lost: OnceLock::new() }
    }

    /// Whether the person behind a screen stopped what runs; `None` at a terminal, where a signal says so.
    pub fn interrupt(&self) -> Option<Interrupt> {
        self.front.as_ref().map(|front| front.interrupt())
    }

    /// Are results to be JSON?
    pub fn json(&self) -> bool {
        self.json
    }

    /// Writes a result: as JSON on one line, or as `plain`. A reader that went away is no fault; that nothing can be
    /// written is one, which [`Terminal::settled`] gives once the command is done.
    pub fn result(&self, plain: &str, json: &Value) {
        if let Some(front) = &self.front {
            if !plain.is_empty() {
                front.say(plain);
            }
            return;
        }
        let mut line = if self.json { json.to_string() } else { plain.to_owned() };
        if !line.is_empty() {
            line.push('\n');
            self.bytes(line.as_bytes());
        }
    }

    /// The same of a result that is a file.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(fault) if fault.kind() != ErrorKind::BrokenPipe => drop(self.lost.set(file::named(&fault))),
            _ => {}
        }
    }

    fn lost(why: PortError) -> Fault {
        Fault { details: Some(Error::from(why).to_string()), ..Fault::failed(text("cli.result_lost")) }
    }

    /// Whether every result reached whoever reads it, as far as anybody does.
    ///
    /// # Errors
    /// A [`Fault`] where one could not be written.
    pub fn settled(&self) -> Result<(), Fault> {
        self.lost.get().map_or(Ok(()), |why| Err(Self::lost(*why)))
    }

    /// Writes a result of a command that stays open.
    ///
    /// # Errors
    /// A [`Fault`] when nobody reads it any more, or it can't be written.
    pub fn result_line(&self, plain: &str, json: &Value) -> Result<(), Fault> {
        self.result_row(&format!("{plain}\n"), json)
    }

    /// The same without an empty line behind it.
    ///
    /// # Errors
    /// As [`Terminal::result_line`].
    pub fn result_row(&self, plain: &str, json: &Value) -> Result<(), Fault> {
        if let Some(front) = &self.front {
            front.say(plain);
            return Ok(());
        }
        let line = if self.json { json.to_string() } else { plain.to_owned() };
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|fault| match fault.kind() {
            ErrorKind::BrokenPipe => Fault::failed(text("cli.nobody_reads")),
            _ => Self::lost(file::named(&fault)),
        })
    }

    /// Says words: to stderr, since they are no result.
    pub fn say(&self, words: &str) {
        if let Some(front) = &self.front {
            return front.say(words);
        }
        let mut err = io::stderr().lock();
        let words = prose::for_reader(words, err.is_terminal());
        let _ = writeln!(err, "{words}");
    }

    /// Are words seen by a person?
    pub fn is_read(&self) -> bool {
        self.front.is_some() || io::stderr().is_terminal()
    }

    /// Is the passphrase given by a descriptor?
    pub fn has_descriptor(&self) -> bool {
        self.descriptor.is_some()
    }

    /// Does a person answer, and not a pipe?
    pub fn is_asked(&self) -> bool {
        self.front.is_some() || io::stdin().is_terminal()
    }

    /// Is there a person who can be asked?
    pub fn has_person(&self) -> bool {
        self.is_asked() || person().is_ok()
    }

    /// Asks a question that `y` answers with yes; anything else is no. With nobody there it is refused, for the caller
    /// offers `--yes`.
    ///
    /// # Errors
    /// A [`Fault`] that says to add `--yes`.
    pub fn confirm(&self, question: &str) -> Result<bool, Fault> {
        if let Some(front) = &self.front {
            return Ok(front.ask(Question::YesNo(question.to_owned())).is_some_and(|answer| answer.as_str() == "y"));
        }
        let answer = self.answer(&format!("{question} {}", text("cli.yes_no")))?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks a question that a person answers with a short line, also when stdin is a pipe.
    ///
    /// # Errors
    /// A [`Fault`] that says to add `--yes`, where nobody is there.
    pub fn answer(&self, question: &str) -> Result<String, Fault> {
        if let Some(front) = &self.front {
            let answer = front.ask(Question::Line(question.to_owned())).ok_or_else(stopped)?;
            return Ok(answer.to_string());
        }
        let Ok(person) = person() else { return Err(Fault::refused(text("cli.say_yes"))) };
        self.ask_line(&format!("{question} "));
        let mut answer = String::new();
        BufReader::new(person).take(256).read_line(&mut answer).map_err(|_| PortError::Failed)?;
        Ok(answer)
    }

    /// Reads one line: from a pipe as it is, from a person after `question` without echo where `hidden`.
    ///
    /// # Errors
    /// A [`Fault`] where nothing can be read.
    pub fn line(&self, question: &str, hidden: bool) -> Result<Zeroizing<String>, Fault> {
        self.next_line(question, hidden)?.ok_or_else(|| match self.front {
            Some(_) => stopped(),
            None => Fault::refused(text("cli.nothing_on_stdin")),
        })
    }

    /// The same where several may come: `None` at the end of a pipe.
    ///
    /// # Errors
    /// A [`Fault`] where nothing can be read.
    pub fn next_line(&self, question: &str, hidden: bool) -> Result<Option<Zeroizing<String>>, Fault> {
        if let Some(front) = &self.front {
            let asked = if hidden { Question::Hidden } else { Question::Line };
            return Ok(front.ask(asked(question.to_owned())));
        }
        if io::stdin().is_terminal() {
            if hidden {
                return hidden_line(question).map(Some);
            }
            self.ask_line(&format!("{question} "));
        }
        stdin_line()
    }

    /// The same of a line that is shown, where whoever stops what runs is not kept by the question: then `None`, too.
    ///
    /// # Errors
    /// A [`Fault`] where nothing can be read.
    pub fn next_line_unless(&self, question: &str, interrupt: &Interrupt) -> Result<Option<Zeroizing<String>>, Fault> {
        if self.front.is_some() {
            return self.next_line(question, false);
        }
        if io::stdin().is_terminal() {
            self.ask_line(&format!("{question} "));
        }
        interrupt.unless_asked(stdin_line).unwrap_or_else(|| {
            // The answer's line has no end.
            self.say("");
            Ok(None)
        })
    }

    /// Does a person type what is read, line by line?
    pub fn is_typed(&self) -> bool {
        self.is_asked()
    }

    /// Lets the person choose one of `names`, and gives its place; `None` when they chose nothing.
    ///
    /// # Errors
    /// A [`Fault`] where nobody can be asked.
    pub fn choose(&self, names: &[String]) -> Result<Option<usize>, Fault> {
        if let Some(front) = &self.front {
            let answer = front.ask(Question::Choice(names.to_vec()));
            return Ok(answer.and_then(|answer| answer.parse().ok()));
        }
        match menu::choose(names, "")? {
            Chosen::Print(at) | Chosen::Copy(at) => Ok(Some(at)),
            Chosen::Nothing => Ok(None),
        }
    }

    fn ask_line(&self, question: &str) {
        let mut err = io::stderr().lock();
        let question = prose::for_reader(question, err.is_terminal());
        let _ = write!(err, "{question}").and_then(|()| err.flush());
    }

    /// The vault passphrase: from the descriptor, the same each time, or from a person without echo.
    ///
    /// # Errors
    /// A [`Fault`] where there is neither.
    pub fn passphrase(&self, question: &str) -> Result<Secret, Fault> {
        if let Some(front) = &self.front {
            let typed = front.ask(Question::Hidden(question.to_owned())).ok_or_else(stopped)?;
            return Ok(normal(&typed));
        }
        match &self.descriptor {
            Some(descriptor) => lock(descriptor).first(),
            None => hidden_passphrase(question),
        }
    }

    /// Reads the passphrase of the descriptor now, where there is one: when that is standard input, the passphrase is
    /// always its first line, whatever else a command asks for before.
    ///
    /// # Errors
    /// A [`Fault`] where there is nothing to read.
    pub fn read_descriptor(&self) -> Result<(), Fault> {
        self.descriptor.as_ref().map_or(Ok(()), |descriptor| lock(descriptor).first().map(drop))
    }

    /// A new passphrase: from a person twice, from a descriptor once. Where the old one was read from the descriptor
    /// before, the new one is the next line.
    ///
    /// # Errors
    /// A [`Fault`] where it is empty, too long, or the two differ.
    pub fn new_passphrase(&self) -> Result<Secret, Fault> {
        match &self.descriptor {
            Some(descriptor) => not_empty(lock(descriptor).next_line()?),
            None => chosen_passphrase(),
        }
    }
}

fn stopped() -> Fault {
    Fault::refused(text("cli.stopped"))
}

/// The passphrase, from a person without echo.
///
/// # Errors
/// A [`Fault`] where there is no terminal.
pub fn hidden_passphrase(question: &str) -> Result<Secret, Fault> {
    Ok(normal(&hidden_line(question)?))
}

/// A new passphrase, from a person twice.
///
/// # Errors
/// A [`Fault`] where it is empty, or the two differ.
pub fn chosen_passphrase() -> Result<Secret, Fault> {
    let typed = not_empty(hidden_passphrase(text("cli.new_passphrase"))?)?;
    if typed.ct_eq(hidden_passphrase(text("cli.again"))?.expose()) {
        Ok(typed)
    } else {
        Err(Fault::refused(text("cli.passphrases_differ")))
    }
}

/// The passphrase, unless nothing was typed.
///
/// # Errors
/// A [`Fault`] where it is empty.
pub fn not_empty(passphrase: Secret) -> Result<Secret, Fault> {
    if passphrase.is_empty() { Err(Fault::refused(text("cli.passphrase_empty"))) } else { Ok(passphrase) }
}

fn lock(descriptor: &Mutex<Descriptor>) -> MutexGuard<'_, Descriptor> {
    descriptor.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The keystore asks the same way.
impl AskPassphrase for Terminal {
    fn ask(&self, prompt: Option<&Prompt>, wrong: bool, cancel: &Cancel) -> Result<Secret, PortError> {
        cancel.check()?;
        if wrong {
            self.say(text("error.wrong_passphrase"));
            if self.descriptor.is_some() {
                // The same answer would come again.
                return Err(PortError::UserRefused);
            }
        }
        let question = match prompt {
            Some(prompt) if !prompt.app.is_empty() => {
                fill("cli.passphrase_for", &[("app", &outside::isolated(&prompt.app)), ("host", &prompt.host)])
            }
            _ => text("cli.passphrase").to_owned(),
        };
        self.passphrase(&question).map_err(|_| PortError::UserRefused)
    }
}

/// The passphrase as the vault takes it: NFC.
pub fn normal(typed: &str) -> Secret {
    let mut composed = Zeroizing::new(String::with_capacity(typed.len() * 3));
    composed.extend(typed.nfc());
    Secret::from_slice(composed.as_bytes())
}

/// The terminal of the person, also when stdin is a pipe.
fn person() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

fn hidden_line(question: &str) -> Result<Zeroizing<String>, Fault> {
    countersign_prompt::hidden(&format!("{} ", prose::for_reader(question, true)), limits::LINE)
        .map_err(|_| Fault::refused(text("cli.no_terminal")))
}

/// Where `--passphrase-fd` leads.
struct Descriptor {
    number: u32,
    lines: Option<Box<dyn BufRead + Send>>,
    first: Option<Secret>,
}

impl Descriptor {
    fn first(&mut self) -> Result<Secret, Fault> {
        if let Some(first) = &self.first {
            return Ok(first.clone());
        }
        self.next_line()
    }

    /// The next line. Descriptor 0 is stdin, of which other lines may follow; another one is opened by its name, for
    /// taking over a bare number is not safe.
    fn next_line(&mut self) -> Result<Secret, Fault> {
        let missing = || Fault::refused(text("cli.no_passphrase_fd"));
        let line = if self.number == 0 {
            stdin_line()?.ok_or_else(missing)?
        } else {
            if self.lines.is_none() {
                let file = File::open(format!("/dev/fd/{}", self.number)).map_err(|_| missing())?;
                self.lines = Some(Box::new(BufReader::new(file)));
            }
            let lines = self.lines.as_mut().ok_or_else(missing)?;
            read_line(lines)?.ok_or_else(missing)?
        };
        let secret = normal(&line);
        if self.first.is_none() {
            self.first = Some(secret.clone());
        }
        Ok(secret)
    }
}

/// The next line of stdin; `None` at its end.
pub fn stdin_line() -> Result<Option<Zeroizing<String>>, Fault> {
    read_line(&mut io::stdin().lock())
}

/// The next line without its end; `None` at the end of the file.
fn read_line(from: &mut dyn BufRead) -> Result<Option<Zeroizing<String>>, Fault> {
    // Room for most lines at once, so that no half of a secret stays behind in a buffer that was too small.
    let mut line = Zeroizing::new(String::with_capacity(4096));
    // Room for the line's end; what is longer is refused and not cut, or a passphrase would be another one.
    let most = limits::LINE as u64 + 2;
    let read = from.take(most).read_line(&mut line).map_err(|_| Fault::refused(text("cli.unreadable_line")))?;
    if read == 0 {
        return Ok(None);
    }
    let end = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(end);
    if line.len() > limits::LINE { Err(Fault::refused(text("cli.long_line"))) } else { Ok(Some(line)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_composed() {
        assert_eq!(normal("e\u{301}").expose(), "é".as_bytes());
    }

    #[test]
    fn lines_lose_their_ends_only() {
        let mut from = io::Cursor::new(b" one \r\ntwo".to_vec());
        assert_eq!(read_line(&mut from).unwrap().unwrap().as_str(), " one ");
        assert_eq!(read_line(&mut from).unwrap().unwrap().as_str(), "two");
        assert!(read_line(&mut from).unwrap().is_none());
    }

    #[test]
    fn a_line_is_taken_whole_or_not_at_all() {
        for (length, end, taken) in [
            (limits::LINE - 1, "\n", true),
            (limits::LINE, "\r\n", true),
            (limits::LINE, "", true),
            (limits::LINE + 1, "\n", false),
            (limits::LINE * 2, "", false),
        ] {
            let read = read_line(&mut io::Cursor::new(format!("{}{end}", "x".repeat(length)).into_bytes()));
            match read {
                Ok(Some(line)) => assert!(taken && line.len() == length, "{length}"),
                Err(fault) => assert!(!taken && fault.words == text("cli.long_line"), "{length}"),
                Ok(None) => panic!("there is a line"),
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_descriptor_gives_one_passphrase_and_then_the_new_one() {
        use std::os::fd::AsRawFd;
        let (read, mut write) = io::pipe().unwrap();
        write.write_all(b"old\nnew\n").unwrap();
        drop(write);
        let terminal = Terminal::new(false, u32::try_from(read.as_raw_fd()).ok());
        assert_eq!(terminal.passphrase("").unwrap().expose(), b"old");
        assert_eq!(terminal.passphrase("").unwrap().expose(), b"old");
        assert_eq!(terminal.new_passphrase().unwrap().expose(), b"new");
        assert!(terminal.new_passphrase().is_err());
    }
}
