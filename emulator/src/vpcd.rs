//! A link behind the virtual smart-card reader of vsmartcard: a card that connects to the reader's port.
//!
//! Each message is a length of two bytes, then so many bytes. One byte to the card is about power and reset, more are a
//! command APDU; the card answers to commands, and to the question for its ATR.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

use crate::link::Link;
use crate::token::{ATR, Token};

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const TELL_ATR: u8 = 4;

/// Why a card no longer serves its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The reader hung up.
    ReaderGone,
    /// The token was lost from the reader: [`Link::come_back`], and serve again.
    TokenGone,
}

/// Connects to a reader, and serves it.
///
/// # Errors
/// When nobody listens there, or the connection breaks in the middle of a message.
pub fn connect<T: Token>(reader: impl ToSocketAddrs, link: &mut Link<T>) -> io::Result<End> {
    let stream = TcpStream::connect(reader)?;
    stream.set_nodelay(true)?;
    serve(stream, link)
}

/// Serves a reader until one of the two is gone.
///
/// # Errors
/// When the connection breaks in the middle of a message.
pub fn serve<T: Token>(mut reader: impl Read + Write, link: &mut Link<T>) -> io::Result<End> {
    while let Some(message) = heard(&mut reader)? {
        match *message {
            [] | [POWER_ON] => {}
            [POWER_OFF | RESET] => link.reset(),
            [TELL_ATR] => say(&mut reader, &ATR)?,
            [_] => {}
            _ => match link.transmit(&message) {
                Ok(answer) => say(&mut reader, &answer)?,
                Err(_) => {
                    // When a connection ends while a command waits for its answer, the virtual reader closes its socket outside
                    // of its lock, and on a busy machine by then that of the next token. So the command has half a status word,
                    // and the connection ends when the reader looks whether the token is there.
                    say(&mut reader, &[0x90])?;
                    let _looked = heard(&mut reader)?;
                    return Ok(End::TokenGone);
                }
            },
        }
    }
    Ok(End::ReaderGone)
}

/// One message, or nothing where the connection ended.
fn heard(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 2];
    if let Err(why) = reader.read_exact(&mut length) {
        let hung_up = matches!(why.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset);
        return if hung_up { Ok(None) } else { Err(why) };
    }
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    reader.read_exact(&mut message)?;
    Ok(Some(message))
}

/// Sends one message, cut to what a length can say.
fn say(reader: &mut impl Write, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    let message = &message[..length.into()];
    reader.write_all(&[&length.to_be_bytes(), message].concat())?;
    reader.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::hex;
    use crate::{Fault, Hostile, Single, Still};

    /// What a reader says, and what it heard.
    struct Reader {
        says: io::Cursor<Vec<u8>>,
        heard: Vec<u8>,
    }

    impl Read for Reader {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.says.read(into)
        }
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.heard.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn serve_all(says: &str, link: &mut Link<Single>) -> (io::Result<End>, Vec<u8>) {
        let mut reader = Reader { says: io::Cursor::new(hex(says)), heard: vec![] };
        let end = serve(&mut reader, link);
        (end, reader.heard)
    }

    #[test]
    fn it_tells_its_atr_and_answers_commands() {
        let mut link = Link::new(Single::new("1", Still::at(0)));
        let says = "000101 000104 0000 000109 0005 8041000000 000102";
        let (end, heard) = serve_all(says, &mut link);
        assert_eq!(end.unwrap(), End::ReaderGone);
        assert_eq!(heard, hex("0005 3B80800101 000D 00000001 31 0000 00000000 9000"));
        let cut = serve_all("0005 80410000", &mut link).0;
        assert_eq!(cut.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_reset_ends_the_session_and_a_fault_takes_the_card_away() {
        let mut link = Link::new(Single::new("86596000000001", Still::at(0)));
        let authenticate = "0015 80CE000010 00000000000000000000000000000000";
        let (_, heard) = serve_all(&format!("0005 804B080000 000102 {authenticate}"), &mut link);
        assert!(heard.ends_with(&hex("0002 6A80")), "the challenge was forgotten");
        link.fault(3, Fault::DropAfter);
        let (end, heard) = serve_all("0005 804B080000", &mut link);
        assert_eq!((end.unwrap(), heard), (End::TokenGone, vec![0, 1, 0x90]), "an answer without a status word");
        link.come_back();
        link.fault(4, Fault::Hostile(Hostile::Oversized(70_000)));
        let (end, heard) = serve_all("0005 804B080000", &mut link);
        assert_eq!((end.unwrap(), heard.len()), (End::ReaderGone, 2 + 65_535));
    }
}
