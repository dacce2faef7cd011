//! A reader with contacts, T=0 (ISO/IEC 7816-3): data go one way in one command.

use crate::apdu::{Command, Sw, bytes};
use crate::token::Token;

/// What the card still has to give.
#[derive(Default)]
pub(super) struct Contact {
    /// Left of an answer to a command that brought data.
    left: Vec<u8>,
    /// The answer to a command that said a wrong length: its header, and the data.
    again: Option<([u8; 4], Vec<u8>)>,
}

impl Contact {
    pub(super) fn transmit(&mut self, token: &mut impl Token, frame: &[u8]) -> Option<Vec<u8>> {
        let Ok(command) = Command::parse(frame) else { return token.transmit(frame) };
        if command.extended {
            return Some(bytes(Err(Sw::LENGTH)));
        }
        let left = std::mem::take(&mut self.left);
        if (command.cla, command.ins) == (0x00, 0xc0) {
            return Some(self.fetch(left, command.le.unwrap_or(256)));
        }
        let header = [command.cla, command.ins, command.p1, command.p2];
        let kept = self.again.take().filter(|(asked, _)| *asked == header).map(|(_, data)| data);
        let data = match kept {
            Some(data) => data,
            None => {
                let mut answer = token.transmit(frame)?;
                let status = answer.split_off(answer.len().saturating_sub(2));
                if answer.is_empty() || status != [0x90, 0x00] {
                    return Some([answer, status].concat());
                }
                answer
            }
        };
        match command.le {
            // Le cannot be sent along with data.
            _ if !command.data.is_empty() => {
                let more = vec![0x61, data.len() as u8];
                self.left = data;
                Some(more)
            }
            Some(le) if le == data.len() => Some(bytes(Ok(data))),
            _ => {
                let length = data.len() as u8;
                self.again = Some((header, data));
                Some(vec![0x6c, length])
            }
        }
    }

    fn fetch(&mut self, mut left: Vec<u8>, wanted: usize) -> Vec<u8> {
        if left.is_empty() {
            return bytes(Err(Sw::CONDITIONS));
        }
        let rest = left.split_off(wanted.min(left.len()));
        if rest.is_empty() {
            return bytes(Ok(left));
        }
        left.extend([0x61, rest.len() as u8]);
        self.left = rest;
        left
    }
}
