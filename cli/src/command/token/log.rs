//! The log of a burn, which can be handed to whoever is asked for help: what was done, and of each command its four first bytes,
//! how long it was, and the status word of its answer. No seed, no key, no code, no command that carries one: what follows the
//! header of a command is never looked at.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use countersign_core::burn::{LinkError, TokenLink};
use countersign_core::port::Clock;

use super::ledger::not_new;
use crate::fault::Fault;

/// Where what is done is noted; nowhere, unless a file was named.
pub struct Log {
    file: Option<Box<dyn Write>>,
    clock: Arc<dyn Clock>,
}

impl Log {
    /// Into this file, which is new and its owner's alone.
    pub fn open(path: Option<&Path>, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let file = path.map(|path| new_file(path).map_err(|why| not_new(path, &why))).transpose()?;
        Ok(Self { file: file.map(|file| Box::new(file) as Box<dyn Write>), clock })
    }

    /// Notes a line of names and numbers.
    pub fn note(&mut self, line: &str) {
        let now = self.clock.now();
        if let Some(file) = &mut self.file {
            // A log that cannot be written stops no burn.
            let _full = writeln!(file, "{now} {line}").and_then(|()| file.flush());
        }
    }
}

/// A new file for its owner alone.
pub fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A link whose commands are noted.
pub struct Noted<'l> {
    /// The link itself.
    pub link: Box<dyn TokenLink + 'l>,
    /// Where they are noted.
    pub log: &'l mut Log,
}

impl TokenLink for Noted<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let answer = self.link.transmit(command);
        self.log.note(&exchange(command, &answer));
        answer
    }
}

/// One command and its answer as they are noted.
fn exchange(command: &[u8], answer: &Result<Vec<u8>, LinkError>) -> String {
    let header: Vec<String> = command.iter().take(4).map(|byte| format!("{byte:02X}")).collect();
    let sent = format!("{} +{}", header.join(" "), command.len().saturating_sub(4));
    match answer {
        Ok(answer) => match answer.split_last_chunk::<2>() {
            Some((data, [one, two])) => format!("{sent} -> {one:02X}{two:02X} +{}", data.len()),
            None => format!("{sent} -> +{}", answer.len()),
        },
        Err(lost) => format!("{sent} -> {lost:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_noted_by_its_header_and_its_lengths_alone() {
        let command = [0x84, 0xc5, 0x01, 0x00, 0x03, 0xaa, 0xbb, 0xcc];
        assert_eq!(exchange(&command, &Ok(vec![0x11, 0x22, 0x90, 0x00])), "84 C5 01 00 +4 -> 9000 +2");
        assert_eq!(exchange(&command, &Ok(vec![0x11])), "84 C5 01 00 +4 -> +1");
        assert_eq!(exchange(&command, &Err(LinkError::Lost)), "84 C5 01 00 +4 -> Lost");
        assert_eq!(exchange(&[0x80], &Ok(vec![0x90, 0])), "80 +0 -> 9000 +0");
    }
}
