//! What carries frames between a host and a token, and fails where it is told to.

mod contact;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::token::Token;

use contact::Contact;

/// How long a host waits for one answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The token is gone from the reader.
    #[error("the link to the token is lost")]
    Gone,
    /// It did not answer in time.
    #[error("the token did not answer in time")]
    Late,
}

/// What happens to one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The link is lost before the token had the command.
    DropBefore,
    /// The token did what it was told, and the link was lost before its answer.
    DropAfter,
    /// The answer is one byte short.
    Truncate,
    /// The answer takes so long.
    Slow(Duration),
    /// Another token [that waits](Link::swap_on_return) lies there before the command comes, and the link tells nobody. The first
    /// one comes back at the next return.
    Swap,
    /// From here on, something else answers.
    Hostile(Hostile),
}

/// What something answers that wants its host to stumble. The token no longer hears anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hostile {
    /// 256 bytes, and `61 FF`: there is always more.
    EndlessMore,
    /// `61 00` and no data at all, each time.
    EmptyMore,
    /// `6C 10`: ask again, each time.
    EndlessLength,
    /// An object that says it is 65,535 bytes long, in an answer of eight.
    HugeTlv,
    /// Objects within objects, each longer than the one around it.
    NestedTlv,
    /// A page of a list, and there is always one more.
    EndlessPages,
    /// Yes to everything, and no data.
    Yes,
    /// So many bytes in one answer.
    Oversized(usize),
    /// No bytes, not even a status word.
    Empty,
    /// Half a status word.
    HalfStatus,
}

impl Hostile {
    fn answer(self) -> Vec<u8> {
        match self {
            Self::EndlessMore => [&[0; 256][..], &[0x61, 0xff]].concat(),
            Self::EmptyMore => vec![0x61, 0x00],
            Self::EndlessLength => vec![0x6c, 0x10],
            Self::HugeTlv => vec![0x71, 0x82, 0xff, 0xff, 0x41, 0x42, 0x90, 0x00],
            Self::NestedTlv => vec![0x95, 0x04, 0x70, 0x7f, 0x71, 0x7f, 0x90, 0x00],
            Self::EndlessPages => vec![0x81, 0xc1, 0, 30, 6, 1, 1, b'a', 1, b'b', 0x90, 0x00],
            Self::Yes => vec![0x90, 0x00],
            Self::Oversized(length) => [vec![0x41; length.saturating_sub(2)], vec![0x90, 0x00]].concat(),
            Self::Empty => Vec::new(),
            Self::HalfStatus => vec![0x90],
        }
    }
}

/// One command, and what the host had back.
pub struct Exchange {
    /// As it was sent.
    pub command: Vec<u8>,
    /// As it arrived.
    pub answer: Result<Vec<u8>, Lost>,
}

/// A link to one token. Commands are counted from one, over all connections.
pub struct Link<T> {
    token: T,
    /// What comes to the reader next time in its place.
    other: Option<T>,
    faults: BTreeMap<usize, Fault>,
    hostile: Option<Hostile>,
    is_lost: bool,
    contact: Option<Contact>,
    exchanges: Vec<Exchange>,
    pass: Box<dyn FnMut(Duration) + Send>,
}

impl<T: Token> Link<T> {
    /// A token on the reader.
    pub fn new(token: T) -> Self {
        Self {
            token,
            other: None,
            faults: BTreeMap::new(),
            hostile: None,
            is_lost: false,
            contact: None,
            exchanges: Vec::new(),
            pass: Box::new(|_| ()),
        }
    }

    /// The same on a reader with contacts, T=0: answers to data are fetched by GET RESPONSE, a wrong Le is told by `6C xx`,
    /// and no command is extended.
    #[must_use]
    pub fn with_contacts(self) -> Self {
        Self { contact: Some(Contact::default()), ..self }
    }

    /// The same, with a way to let time pass while an answer is slow.
    #[must_use]
    pub fn passing(self, pass: impl FnMut(Duration) + Send + 'static) -> Self {
        Self { pass: Box::new(pass), ..self }
    }

    /// Lets something happen to the command of this number.
    pub fn fault(&mut self, number: usize, fault: Fault) {
        self.faults.insert(number, fault);
    }

    /// Puts another token on the reader at the next return.
    pub fn swap_on_return(&mut self, other: T) {
        self.other = Some(other);
    }

    /// Lays another token there, and gives the first one back.
    pub fn lay(&mut self, other: T) -> T {
        self.reset();
        std::mem::replace(&mut self.token, other)
    }

    /// The token.
    pub fn token(&self) -> &T {
        &self.token
    }

    /// The token, for who presses its button.
    pub fn token_mut(&mut self) -> &mut T {
        &mut self.token
    }

    /// Gives the token back.
    pub fn into_token(self) -> T {
        self.token
    }

    /// Everything that went over the link.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// How many bytes went over it, both ways.
    pub fn bytes(&self) -> usize {
        let answer = |exchange: &Exchange| exchange.answer.as_ref().map_or(0, Vec::len);
        self.exchanges.iter().map(|exchange| exchange.command.len() + answer(exchange)).sum()
    }

    /// One command, and its answer.
    ///
    /// # Errors
    /// [`Lost`], until the token [comes back](Self::come_back).
    pub fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, Lost> {
        let number = self.exchanges.len() + 1;
        let answer = self.carry(command, number);
        self.exchanges.push(Exchange { command: command.to_vec(), answer: answer.clone() });
        answer
    }

    fn carry(&mut self, command: &[u8], number: usize) -> Result<Vec<u8>, Lost> {
        if self.is_lost {
            return Err(Lost::Gone);
        }
        let fault = self.faults.remove(&number);
        if let Some(Fault::Hostile(hostile)) = fault {
            self.hostile = Some(hostile);
        }
        if let Some(hostile) = self.hostile {
            return Ok(hostile.answer());
        }
        match fault {
            Some(Fault::DropBefore) => return Err(self.lose()),
            Some(Fault::Swap) => {
                let other = self.other.take();
                self.other = other.map(|other| self.lay(other));
            }
            _ => {}
        }
        let answer = match &mut self.contact {
            Some(contact) => contact.transmit(&mut self.token, command),
            None => self.token.transmit(command),
        };
        match fault {
            Some(Fault::DropAfter) => return Err(self.lose()),
            Some(Fault::Slow(wait)) => {
                (self.pass)(wait.min(PATIENCE));
                if wait > PATIENCE {
                    return Err(Lost::Late);
                }
            }
            _ => {}
        }
        let mut answer = answer.ok_or_else(|| {
            (self.pass)(PATIENCE);
            Lost::Late
        })?;
        if fault == Some(Fault::Truncate) {
            answer.pop();
        }
        Ok(answer)
    }

    fn lose(&mut self) -> Lost {
        self.is_lost = true;
        self.reset();
        Lost::Gone
    }

    /// Ends the session, as a reader does that switches its field off.
    pub fn reset(&mut self) {
        self.token.leave();
        self.contact = self.contact.as_ref().map(|_| Contact::default());
    }

    /// The token is put on the reader again, or [another in its place](Self::swap_on_return). Whoever was hostile is gone.
    pub fn come_back(&mut self) {
        self.reset();
        self.is_lost = false;
        self.hostile = None;
        if let Some(other) = self.other.take() {
            self.token = other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{RFC_SEED, hex};
    use crate::{Single, Still, World as _};

    const INFO: &str = "80410000020211";
    const DRAW: &str = "804B080000";

    fn link() -> Link<Single> {
        Link::new(Single::new("86596000000001", Still::at(0)).holding(RFC_SEED))
    }

    #[test]
    fn a_lost_link_stays_lost_until_the_token_comes_back() {
        let mut link = link();
        link.fault(2, Fault::DropBefore);
        link.fault(5, Fault::DropAfter);
        assert!(link.transmit(&hex(INFO)).is_ok());
        assert_eq!(link.transmit(&hex(INFO)), Err(Lost::Gone));
        assert_eq!(link.transmit(&hex(INFO)), Err(Lost::Gone));
        link.come_back();
        assert!(link.transmit(&hex(INFO)).is_ok());
        assert_eq!(link.transmit(&hex(INFO)), Err(Lost::Gone));
        link.swap_on_return(Single::new("86596000000002", Still::at(0)));
        link.come_back();
        assert_eq!(link.transmit(&hex(INFO)).unwrap()[17], b'2');
        assert_eq!(link.exchanges().len(), 6);
        assert_eq!(link.bytes(), 6 * 7 + 3 * 26);
    }

    #[test]
    fn another_token_may_lie_there_without_a_word_until_the_first_comes_back() {
        let number = |link: &mut Link<Single>| link.transmit(&hex(INFO)).unwrap()[17];
        let mut link = link();
        link.swap_on_return(Single::new("86596000000002", Still::at(0)));
        link.fault(2, Fault::Swap);
        assert_eq!([number(&mut link), number(&mut link), number(&mut link)], [b'1', b'2', b'2']);
        link.come_back();
        assert_eq!(number(&mut link), b'1');
        let first = link.lay(Single::new("86596000000003", Still::at(0)));
        assert_eq!((first.serial().as_str(), number(&mut link)), ("86596000000001", b'3'));
    }

    #[test]
    fn before_means_not_done_and_after_means_done() {
        for (fault, done) in [(Fault::DropBefore, false), (Fault::DropAfter, true)] {
            let mut link = Link::new(crate::Key::yubikey([5, 4, 3], 1, Still::at(0)));
            link.fault(2, fault);
            assert!(link.transmit(&hex("00A4040007A0000005272101")).is_ok());
            let put = "0001000015 710141 7310 2106 00112233445566778899AABBCCDD";
            assert_eq!(link.transmit(&hex(put)), Err(Lost::Gone));
            assert_eq!(link.token_mut().oath().unwrap().entries().len(), usize::from(done));
        }
    }

    #[test]
    fn answers_are_cut_late_or_never() {
        let world = Still::at(0);
        let passed = world.clone();
        let token = Single::new("86596000000001", world.clone());
        let mut link = Link::new(token).passing(move |wait| passed.pass(wait.as_secs()));
        link.fault(1, Fault::Truncate);
        link.fault(2, Fault::Slow(Duration::from_secs(2)));
        link.fault(3, Fault::Slow(Duration::from_secs(20)));
        assert_eq!(link.transmit(&hex(INFO)).unwrap().len(), 25);
        assert_eq!((link.transmit(&hex(INFO)).unwrap().len(), world.now()), (26, 2));
        assert_eq!((link.transmit(&hex(DRAW)), world.now()), (Err(Lost::Late), 5));
        link.token_mut().press();
        assert_eq!((link.transmit(&hex(DRAW)), world.now()), (Err(Lost::Late), 8));
    }

    #[test]
    fn something_hostile_answers_until_it_is_taken_away() {
        let all = [
            (Hostile::EndlessMore, 258),
            (Hostile::EmptyMore, 2),
            (Hostile::EndlessLength, 2),
            (Hostile::HugeTlv, 8),
            (Hostile::NestedTlv, 8),
            (Hostile::EndlessPages, 12),
            (Hostile::Yes, 2),
            (Hostile::Oversized(70_000), 70_000),
            (Hostile::Empty, 0),
            (Hostile::HalfStatus, 1),
        ];
        for (hostile, length) in all {
            let mut link = link();
            link.fault(2, Fault::Hostile(hostile));
            assert_eq!(link.transmit(&hex(INFO)).unwrap().len(), 26);
            for _ in 0..50 {
                assert_eq!(link.transmit(&hex(INFO)).unwrap().len(), length, "{hostile:?}");
            }
            link.come_back();
            assert_eq!(link.transmit(&hex(INFO)).unwrap().len(), 26);
        }
    }

    #[test]
    fn with_contacts_answers_are_fetched() {
        let mut link = link().with_contacts();
        assert_eq!(link.transmit(&hex(INFO)).unwrap(), [0x61, 24]);
        let info = link.transmit(&hex("00C0000018")).unwrap();
        assert_eq!(info.len(), 26);
        assert_eq!(link.transmit(&hex("00C0000018")).unwrap(), [0x69, 0x85]);
        assert_eq!(link.transmit(&hex(DRAW)).unwrap(), [0x6c, 8]);
        let drawn = link.transmit(&hex("804B080008")).unwrap();
        assert_eq!((drawn.len(), &drawn[8..]), (10, &[0x90, 0][..]));
        assert_eq!(link.transmit(&hex("80CE000010 00000000000000000000000000000000")).unwrap(), [0x69, 0x83]);
        assert_eq!(link.transmit(&hex("80410000000002 0211")).unwrap(), [0x67, 0]);
        assert_eq!(link.transmit(&hex(INFO)).unwrap(), [0x61, 24]);
        link.reset();
        assert_eq!(link.transmit(&hex("00C0000018")).unwrap(), [0x69, 0x85]);
    }
}
