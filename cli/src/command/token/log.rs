//! The log of what is done with tokens, which can be handed to whoever is asked for help: when, at which reader, with which token,
//! each command by its name, its first four bytes and its lengths, the status word of its answer, and what came of it. No seed, no
//! key, no code: of what follows the header of a command nothing is noted but which public applet it selects.

mod named;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::burn::{Ending, Identity, LinkError, TokenLink};
use countersign_core::port::Clock;
use countersign_strings::{fill, text};

use super::ledger::not_new;
use crate::fault::{End, Fault};
use crate::outside::isolated;
use crate::{new_file, token_words, when};

/// Where what is done is noted; nowhere, unless a file was named. All copies note into one file.
#[derive(Clone)]
pub struct Log {
    notes: Option<Arc<Mutex<Notes>>>,
    clock: Arc<dyn Clock>,
}

struct Notes {
    file: Box<dyn Write + Send>,
    /// The token that was named last.
    token: String,
}

impl Log {
    /// Into this file, which is new and its owner's alone.
    pub fn open(path: Option<&Path>, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let file = path.map(|path| new_file::made(path).map_err(|why| not_new(path, &why))).transpose()?;
        let log = Self::into(file.map(|file| Box::new(file) as Box<dyn Write + Send>), clock);
        let values = [("version", env!("CARGO_PKG_VERSION")), ("system", std::env::consts::OS)];
        log.note(&fill("token.log_begins", &values));
        Ok(log)
    }

    fn into(file: Option<Box<dyn Write + Send>>, clock: Arc<dyn Clock>) -> Self {
        Self { notes: file.map(|file| Arc::new(Mutex::new(Notes { file, token: String::new() }))), clock }
    }

    fn notes(&self) -> Option<MutexGuard<'_, Notes>> {
        Some(self.notes.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a line of names and numbers.
    pub fn note(&self, words: &str) {
        let Some(mut notes) = self.notes() else { return };
        let (now, words) = (when::second(self.clock.now()), words.lines().map(str::trim).collect::<Vec<_>>().join(" "));
        // A log that cannot be written stops no burn.
        let _full = writeln!(notes.file, "{now}  {words}").and_then(|()| notes.file.flush());
    }

    /// A link was opened on this reader.
    pub fn opened(&self, reader: &str) {
        self.note(&fill("token.log_reader", &[("name", &isolated(reader))]));
    }

    /// The token that lies there, unless it was named just before.
    pub fn token(&self, identity: &Identity) {
        let Some(mut notes) = self.notes() else { return };
        let family = token_words::of_family(identity.family);
        let mut words = fill("token.log_token", &[("family", family), ("token", &token_words::of_identity(identity))]);
        if let Some(version) = identity.version {
            let version = version.map(|part| part.to_string()).join(".");
            words = format!("{words} {}.", fill("token.version", &[("version", &version)]));
        }
        let is_news = notes.token != words;
        notes.token.clone_from(&words);
        drop(notes);
        let clock = identity.ahead.map(token_words::of_clock).unwrap_or_default();
        if is_news {
            self.note(format!("{words} {clock}").trim_end());
        }
    }

    /// What became of a token.
    pub fn outcome(&self, ending: Ending) {
        self.came_to(&token_words::of_ending(ending));
    }

    /// The same in words.
    pub fn came_to(&self, words: &str) {
        self.note(&fill("token.log_outcome", &[("words", words)]));
    }

    /// How the command ended.
    pub fn ended(&self, done: &Result<(), Fault>) {
        let fault = match done {
            Ok(()) => return self.note(text("token.log_ended")),
            Err(fault) => fault,
        };
        let how = text(match fault.end {
            End::Refused => "token.log_refused",
            End::ClockOff => "token.log_clock_off",
            End::Stopped => "token.log_stopped",
            _ => "token.log_failed",
        });
        let details = fault.details.as_ref().map(|details| format!(" ({details})")).unwrap_or_default();
        self.note(&format!("{how} {}{details}", fault.words));
    }
}

/// A link whose commands are noted.
pub struct Noted<'l> {
    /// The link itself.
    pub link: Box<dyn TokenLink + 'l>,
    /// Where they are noted.
    pub log: Log,
}

impl TokenLink for Noted<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let answer = self.link.transmit(command);
        if self.log.notes.is_some() {
            self.log.note(&exchange(command, &answer));
        }
        answer
    }
}

/// One command and its answer as they are noted.
fn exchange(command: &[u8], answer: &Result<Vec<u8>, LinkError>) -> String {
    let header = command.iter().take(4).map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ");
    let answer = match answer {
        Ok(answer) => match answer.split_last_chunk::<2>() {
            Some((data, status)) => named::status(*status, data.len()),
            None => fill("token.log_no_status", &[("n", &answer.len().to_string())]),
        },
        Err(lost) => token_words::of_error((*lost).into()),
    };
    let values = [
        ("header", &*header),
        ("name", &*named::command(command)),
        ("n", &*command.len().to_string()),
        ("answer", &*answer),
    ];
    fill("token.log_command", &values)
}

#[cfg(test)]
mod tests {
    use countersign_core::burn::Family;
    use countersign_core::system::SystemClock;
    use std::io;

    use super::*;

    /// A file in memory.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_command_is_noted_by_its_name_its_header_and_its_lengths_alone() {
        let command = [0x84, 0xc5, 0x01, 0x00, 0x03, 0xaa, 0xbb, 0xcc];
        let noted = exchange(&command, &Ok(vec![0x11, 0x22, 0x90, 0x00]));
        assert!(noted.starts_with("84 C5 01 00  WRITE SEED (") && noted.contains("8 bytes"), "{noted}");
        assert!(noted.contains("9000") && noted.contains(text("token.log_sw_done")) && noted.contains("2 bytes"));
        let all = [noted, exchange(&command, &Ok(vec![0x11])), exchange(&command, &Err(LinkError::Lost))];
        assert!(all[1].contains(&fill("token.log_no_status", &[("n", "1")])), "{}", all[1]);
        assert!(all[2].contains(text("token.link_lost")), "{}", all[2]);
        for noted in &all {
            assert!(!noted.to_uppercase().contains("AA BB") && !noted.contains("11 22") && !noted.contains("Lost"));
        }
        assert!(exchange(&[0x80], &Ok(vec![0x90, 0])).starts_with("80  "), "what is too short is noted as it is");
    }

    #[test]
    fn a_log_names_reader_token_and_outcome_with_the_time_in_front() {
        let kept = Kept::default();
        let log = Log::into(Some(Box::new(kept.clone())), Arc::new(SystemClock::new()));
        let identity = Identity {
            family: Family::Single,
            model: Some("C301-i"),
            serial: "86596100000001".try_into().ok(),
            ahead: Some(240),
            version: None,
            clock_takes_seed: true,
        };
        log.opened("Reader 00 00");
        log.token(&identity);
        log.token(&Identity { ahead: Some(241), ..identity });
        log.outcome(Ending::Written(None));
        log.ended(&Err(Fault::refused("one\ntwo")));
        let noted = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = noted.lines().collect();
        assert_eq!(lines.len(), 4, "a token is named once: {noted}");
        for (line, parts) in lines.iter().zip([
            &["Reader 00 00"][..],
            &["C301-i", "86596100000001", text("token.family_single"), "4 minutes"],
            &[text("token.written")],
            &["one two"],
        ]) {
            assert!(line.get(20..23) == Some("UTC") && parts.iter().all(|part| line.contains(part)), "{line}");
        }
    }
}
