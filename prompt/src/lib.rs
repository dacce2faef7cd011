//! What both programs ask and say at a terminal: a line that a person types and nobody sees, and how a command is used.

pub mod usage;

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::SIGINT;
use zeroize::Zeroizing;

/// Asks `question` on the person's terminal and reads a line of at most `most` bytes; of a longer one the rest is dropped. The
/// echo is off before the question stands there, so that nothing of a hasty answer is shown. Ctrl-C gives the terminal
/// back and ends the program, as everywhere.
///
/// # Errors
/// Where there is no terminal, it is at its end, or what was typed is no text.
pub fn hidden(question: &str, most: usize) -> io::Result<Zeroizing<String>> {
    let tty = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let quiet = Quiet::begin(&tty)?;
    (&tty).write_all(question.as_bytes())?;
    let typed = read(&mut &tty, most);
    (&tty).write_all(b"\n")?;
    drop(quiet);
    if typed.as_ref().is_err_and(|fault| fault.kind() == ErrorKind::Interrupted) {
        // Also where the signal is ignored, as a script that started us in the background has it.
        signal_hook::low_level::emulate_default_handler(SIGINT)?;
    }
    typed
}

/// Reads up to Enter. Backspace, Ctrl-U and Ctrl-W take back what they always take back.
fn read(from: &mut impl Read, most: usize) -> io::Result<Zeroizing<String>> {
    // All of it at once: a buffer that grows leaves its old half behind.
    let mut line = Zeroizing::new(Vec::with_capacity(most));
    let mut byte = Zeroizing::new([0; 1]);
    loop {
        match from.read(&mut *byte) {
            Ok(0) if line.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(0) => break,
            Ok(_) => {}
            Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
            Err(fault) => return Err(fault),
        }
        match byte[0] {
            b'\n' | b'\r' => break,
            0x03 => return Err(ErrorKind::Interrupted.into()),
            0x04 if line.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            0x08 | 0x7f => pop(&mut line),
            0x15 => line.clear(),
            0x17 => {
                while line.last() == Some(&b' ') {
                    line.pop();
                }
                while line.last().is_some_and(|last| *last != b' ') {
                    line.pop();
                }
            }
            typed if typed >= 0x20 && line.len() < most => line.push(typed),
            _ => {}
        }
    }
    String::from_utf8(std::mem::take(&mut *line)).map(Zeroizing::new).map_err(|fault| {
        drop(Zeroizing::new(fault.into_bytes()));
        ErrorKind::InvalidData.into()
    })
}

/// Takes back one character, of however many bytes.
fn pop(line: &mut Vec<u8>) {
    while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
}

/// A terminal that shows nothing of what is typed. As it was before when this is dropped.
struct Quiet<'t> {
    tty: &'t File,
    before: Termios,
}

impl<'t> Quiet<'t> {
    fn begin(tty: &'t File) -> io::Result<Self> {
        let before = tcgetattr(tty)?;
        let mut quiet = before.clone();
        // Keys come one by one, Ctrl-C among them: else it would end us while the echo is off.
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(tty, OptionalActions::Now, &quiet)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // A terminal that went away needs nothing back.
        let _ = tcsetattr(self.tty, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(mut keys: &[u8]) -> Result<String, ErrorKind> {
        read(&mut keys, 64).map(|line| line.to_string()).map_err(|fault| fault.kind())
    }

    #[test]
    fn a_line_ends_at_enter_and_can_be_mended() {
        assert_eq!(typed(b"larch violin\rmore").unwrap(), "larch violin");
        assert_eq!(typed("lé\u{7f}arch\n".as_bytes()).unwrap(), "larch");
        assert_eq!(typed(b"wrong\x15larch two\x17violin\r").unwrap(), "larch violin");
        assert_eq!(typed(b"\x7f\x1b[Aa\r").unwrap(), "[Aa");
        assert_eq!(typed(b"\r").unwrap(), "");
        assert_eq!(typed(b"no end").unwrap(), "no end");
    }

    #[test]
    fn ctrl_c_ctrl_d_and_what_is_no_text_are_told_apart() {
        assert_eq!(typed(b"lar\x03ch\r"), Err(ErrorKind::Interrupted));
        assert_eq!(typed(b"\x04"), Err(ErrorKind::UnexpectedEof));
        assert_eq!(typed(b""), Err(ErrorKind::UnexpectedEof));
        assert_eq!(typed(b"\xff\r"), Err(ErrorKind::InvalidData));
    }

    #[test]
    fn what_is_too_long_ends_at_the_limit() {
        let long = [vec![b'x'; 200], b"\r".to_vec()].concat();
        assert_eq!(typed(&long).unwrap().len(), 64);
    }
}
