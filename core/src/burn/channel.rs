//! One command and its whole answer, however many parts it comes in.

use countersign_protocol::Secret;
use zeroize::Zeroizing;

use super::apdu::{Apdu, StatusWord};
use super::link::TokenLink;
use super::{Step, TokenError};
use crate::limits;

/// What a token said in the end.
pub struct Response {
    /// What it says, without the status word.
    pub data: Secret,
    /// How it went.
    pub status: StatusWord,
}

impl Response {
    /// The data of an answer that says «done».
    ///
    /// # Errors
    /// [`TokenError::Status`].
    pub fn done(self, step: Step) -> Result<Secret, TokenError> {
        if self.status == StatusWord::OK { Ok(self.data) } else { Err(TokenError::status(step, self.status)) }
    }
}

/// Commands and answers over a link.
pub struct Channel<'l> {
    link: &'l mut dyn TokenLink,
    /// How the applet that was chosen is asked for the rest of an answer.
    rest: Rest,
}

/// The command that asks for more after `61 xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// `00 C0 00 00 xx` (ISO/IEC 7816-4).
    GetResponse,
    /// `00 A5 00 00`, as YKOATH has it.
    SendRemaining,
}

impl<'l> Channel<'l> {
    /// Over this link.
    pub fn new(link: &'l mut dyn TokenLink) -> Self {
        Self { link, rest: Rest::GetResponse }
    }

    /// Over the same link, with what was chosen on it not known.
    pub fn anew(&mut self) -> Channel<'_> {
        Channel::new(&mut *self.link)
    }

    /// From now on asks for the rest of an answer in this way.
    pub fn continuing(&mut self, rest: Rest) {
        self.rest = rest;
    }

    /// Sends a command, and asks for the rest of its answer as long as there is one.
    ///
    /// # Errors
    /// Of the link; an answer that is none, is too long, or has no end.
    pub fn exchange(&mut self, apdu: &Apdu) -> Result<Response, TokenError> {
        let mut data = Zeroizing::new(Vec::with_capacity(256));
        let mut command = apdu.clone();
        let mut was_told_length = false;
        let mut parts = 1;
        for _ in 0..=2 * limits::APDU_PARTS {
            let answer = Zeroizing::new(self.link.transmit(&command.bytes())?);
            if answer.len() > limits::APDU_ANSWER {
                return Err(TokenError::Oversized(answer.len()));
            }
            let Some((body, [high, low])) = answer.split_last_chunk() else { return Err(TokenError::NoStatus) };
            // What brought data is not repeated: it may be a proof that the token counts.
            if *high == 0x6c && body.is_empty() && !was_told_length && !command.has_data() {
                was_told_length = true;
                command = command.expecting(*low);
                continue;
            }
            grow(&mut data, body)?;
            if *high != 0x61 {
                let status = StatusWord(u16::from_be_bytes([*high, *low]));
                if !status.is_of_a_card() {
                    return Err(TokenError::OtherLayer(status));
                }
                return Ok(Response { data: Secret::new(std::mem::take(&mut *data)), status });
            }
            was_told_length = false;
            parts += usize::from(!body.is_empty());
            if parts > limits::APDU_PARTS {
                return Err(TokenError::Endless);
            }
            // An empty part comes from a reader with contacts, whatever the applet's own command is.
            command = match self.rest {
                Rest::SendRemaining if !body.is_empty() => Apdu::new([0x00, 0xa5, 0x00, 0x00]),
                _ => Apdu::new([0x00, 0xc0, 0x00, 0x00]).expecting(*low),
            };
        }
        Err(TokenError::Endless)
    }

    /// Sends a command that is either done or not.
    ///
    /// # Errors
    /// As [`exchange`](Self::exchange); every other status word.
    pub fn ask(&mut self, step: Step, apdu: &Apdu) -> Result<Secret, TokenError> {
        self.exchange(apdu)?.done(step)
    }
}

/// Appends a part, and wipes what it outgrows.
fn grow(data: &mut Zeroizing<Vec<u8>>, part: &[u8]) -> Result<(), TokenError> {
    let length = data.len() + part.len();
    if length > limits::APDU_WHOLE {
        return Err(TokenError::Endless);
    }
    if length > data.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * length));
        larger.extend_from_slice(data);
        *data = larger;
    }
    data.extend_from_slice(part);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::LinkError;

    /// Answers what it was given, in turn; the last for ever.
    struct Script(Vec<Vec<u8>>, Vec<Vec<u8>>);

    impl TokenLink for Script {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
            self.1.push(command.to_vec());
            let place = self.1.len().min(self.0.len()) - 1;
            Ok(self.0[place].clone())
        }
    }

    fn run(rest: Rest, answers: &[&[u8]]) -> (Result<Response, TokenError>, Vec<Vec<u8>>) {
        let mut link = Script(answers.iter().map(|answer| answer.to_vec()).collect(), vec![]);
        let mut channel = Channel::new(&mut link);
        channel.continuing(rest);
        let response = channel.exchange(&Apdu::new([0, 0xa1, 0, 0]));
        (response, link.1)
    }

    #[test]
    fn parts_are_fetched_and_lengths_corrected() {
        let (response, sent) = run(Rest::GetResponse, &[&[1, 0x61, 2], &[2, 3, 0x90, 0]]);
        let response = response.unwrap();
        assert_eq!((response.data.expose(), response.status), (&[1, 2, 3][..], StatusWord::OK));
        assert_eq!(sent, [vec![0, 0xa1, 0, 0], vec![0, 0xc0, 0, 0, 2]]);
        let (response, sent) = run(Rest::SendRemaining, &[&[1, 0x61, 2], &[0x6c, 2], &[2, 3, 0x90, 0]]);
        assert_eq!(response.unwrap().data.expose(), [1, 2, 3]);
        assert_eq!(sent[1..], [vec![0, 0xa5, 0, 0], vec![0, 0xa5, 0, 0, 2]]);
        let (response, sent) = run(Rest::SendRemaining, &[&[0x61, 3], &[1, 2, 3, 0x90, 0]]);
        assert_eq!(response.unwrap().data.expose(), [1, 2, 3]);
        assert_eq!(sent[1], [0, 0xc0, 0, 0, 3]);
        let (response, _) = run(Rest::GetResponse, &[&[0x6a, 0x84]]);
        assert_eq!(response.unwrap().done(Step::Put).err(), Some(TokenError::Full));
    }

    #[test]
    fn an_answer_has_so_many_parts_and_so_many_bytes_and_no_more() {
        let parts = |count: usize, length: usize| {
            let (more, last) =
                ([&vec![7; length][..], &[0x61, 0]].concat(), [&vec![7; length][..], &[0x90, 0]].concat());
            let mut answers = vec![&more[..]; count - 1];
            answers.push(&last);
            let (response, sent) = run(Rest::SendRemaining, &answers);
            (response.map(|response| response.data.len()), sent.len())
        };
        let most = limits::APDU_PARTS;
        assert_eq!(parts(most, 1), (Ok(most), most));
        assert_eq!(parts(most + 1, 1), (Err(TokenError::Endless), most));
        assert_eq!(parts(most, 256), (Ok(limits::APDU_WHOLE), most));
        // A reader with contacts fetches each by a part without data.
        let (empty, data, last) = ([0x61, 1], [7, 0x61, 0], [7, 0x90, 0]);
        let by_contacts: Vec<&[u8]> = (1..most).flat_map(|_| [&empty[..], &data]).chain([&empty[..], &last]).collect();
        let (response, sent) = run(Rest::SendRemaining, &by_contacts);
        assert_eq!((response.map(|response| response.data.len()), sent.len()), (Ok(most), 2 * most));
    }

    #[test]
    fn answers_without_end_end() {
        let most = 2 * limits::APDU_PARTS + 1;
        let whole = [&[0; 256][..], &[0x61, 0xff]].concat();
        let (response, sent) = run(Rest::SendRemaining, &[&whole]);
        assert_eq!((response.err(), sent.len()), (Some(TokenError::Endless), limits::APDU_PARTS));
        let (response, sent) = run(Rest::GetResponse, &[&[0x61, 0]]);
        assert_eq!((response.err(), sent.len()), (Some(TokenError::Endless), most));
        let (response, sent) = run(Rest::GetResponse, &[&[0x6c, 0x10]]);
        assert_eq!((response.unwrap().status, sent.len()), (StatusWord(0x6c10), 2));
        let mut long = vec![0; limits::APDU_ANSWER + 1];
        long[limits::APDU_ANSWER - 1] = 0x90;
        assert_eq!(run(Rest::GetResponse, &[&long]).0.err(), Some(TokenError::Oversized(long.len())));
        assert!(run(Rest::GetResponse, &[&long[1..]]).0.is_ok());
        let mut link = Script(vec![vec![0x6c, 0x10]], vec![]);
        let proof = Apdu::with([0x80, 0xce, 0, 0], &[7; 16]).unwrap();
        assert_eq!(Channel::new(&mut link).exchange(&proof).unwrap().status, StatusWord(0x6c10));
        assert_eq!(link.1.len(), 1);
        let other = run(Rest::GetResponse, &[&[0x01, 0x05]]).0.err();
        assert_eq!(other, Some(TokenError::OtherLayer(StatusWord(0x0105))));
        for short in [&[][..], &[0x90]] {
            assert_eq!(run(Rest::GetResponse, &[short]).0.err(), Some(TokenError::NoStatus));
        }
    }
}
