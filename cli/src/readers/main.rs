//! `countersign-readers`: card readers by PC/SC, for `countersign token`, which starts it and speaks to it through a pipe.
//!
//! It alone is linked with the system's library. A link holds a transaction as long as it lives, so that no other program's
//! commands come in between. It ends with its standard input.

use std::ffi::CString;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use countersign_cli::port::reader::ReaderError;
use countersign_cli::port::reader::frame::{self, Ask, Body, Told, Undone};
use countersign_core::burn::LinkError;
use pcsc::{
    Card, Context, Disposition, Error, MAX_BUFFER_SIZE_EXTENDED, Protocols, ReaderState, Scope, ShareMode, State,
};
use zeroize::Zeroizing;

/// How long one look at a reader lasts.
const LOOK: Duration = Duration::from_millis(250);

/// What a Molto-2's reader is called: the token is the reader.
const MOLTO: &[u8] = b"Molto2";

fn main() -> ExitCode {
    match serve(&mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody hears it any more, or it was none of ours.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Answers what is asked, to the end.
fn serve(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut service = None;
    while let Some((kind, body)) = frame::read(from)? {
        let ask = Ask::of(kind).ok_or(io::ErrorKind::InvalidData)?;
        let told = match established(&mut service) {
            Err(error) => Err(undone(error)),
            Ok(_) if ask == Ask::Service => Ok(Body::default()),
            Ok(context) => match (ask, name(&body)) {
                (Ask::Seen, _) => seen(context).map_err(undone),
                (Ask::Laid | Ask::Taken, Ok(reader)) => look(context, reader, ask == Ask::Laid),
                (Ask::Connect, Ok(reader)) => match connect(context, &reader) {
                    Ok(card) => {
                        link(card, from, to)?;
                        continue;
                    }
                    Err(error) => Err(undone(error)),
                },
                (Ask::Laid | Ask::Taken | Ask::Connect, Err(undone)) => Err(undone),
                (Ask::Transmit, _) => Err(Undone::Link(LinkError::Lost)),
                (Ask::Leave | Ask::Service, _) => Ok(Body::default()),
            },
        };
        frame::tell(to, &told)?;
    }
    Ok(())
}

/// The service, which is asked for once; again, where it was not there.
fn established(service: &mut Option<Context>) -> Result<&Context, Error> {
    if service.as_ref().is_none_or(|context| context.is_valid().is_err()) {
        *service = Some(Context::establish(Scope::User)?);
    }
    service.as_ref().ok_or(Error::NoService)
}

/// A name as the service takes it; one with a zero in it is no reader's.
fn name(reader: &[u8]) -> Result<CString, Undone> {
    CString::new(reader).map_err(|_| Undone::Reader(ReaderError::Gone))
}

fn seen(context: &Context) -> Result<Body, Error> {
    let names = match context.list_readers_owned() {
        Err(Error::NoReadersAvailable) => Vec::new(),
        names => names?,
    };
    let mut states: Vec<ReaderState> = names.into_iter().map(|name| ReaderState::new(name, State::UNAWARE)).collect();
    if !states.is_empty() {
        match context.get_status_change(Duration::ZERO, &mut states) {
            Ok(()) | Err(Error::Timeout) => {}
            Err(error) => return Err(error),
        }
    }
    let mut body = Body::default();
    for state in &states {
        let name = state.name().to_bytes();
        // PC/SC's names have at most 128 bytes.
        let Ok(length) = u16::try_from(name.len()) else { continue };
        body.push(u8::from(state.event_state().contains(State::PRESENT)));
        body.extend(length.to_be_bytes());
        body.extend(name);
    }
    Ok(body)
}

/// Looks at a reader: at once, and for a moment longer when it is not as it is to be. Whether it is.
fn look(context: &Context, reader: CString, there: bool) -> Told {
    let mut states = [ReaderState::new(reader, State::UNAWARE)];
    for _ in 0..2 {
        match context.get_status_change(LOOK, &mut states) {
            Ok(()) | Err(Error::Timeout) => {}
            Err(error) => return Err(undone(error)),
        }
        let [state] = &mut states;
        let seen = state.event_state();
        if seen.intersects(State::UNKNOWN | State::UNAVAILABLE) {
            return Err(Undone::Reader(ReaderError::Gone));
        }
        let is_there = seen.contains(State::PRESENT) && !seen.contains(State::MUTE);
        if is_there == there {
            return Ok(Body::new(vec![1]));
        }
        state.sync_current_state();
    }
    Ok(Body::new(vec![0]))
}

fn connect(context: &Context, reader: &CString) -> Result<Card, Error> {
    let is_molto = reader.as_bytes().windows(MOLTO.len()).any(|part| part == MOLTO);
    let mode = if is_molto { ShareMode::Exclusive } else { ShareMode::Shared };
    context.connect(reader, mode, Protocols::ANY)
}

/// Whether a card holds what is to be forgotten.
#[derive(Clone, Copy)]
enum Spoken {
    /// Nothing was said to it.
    Not,
    To,
    /// It answered no more.
    Lost,
}

/// A link to a card, until it is left, or who asked is gone. Then a card that was spoken to is reset: what was proven to it is forgotten.
/// One that was lost is not there to be reset, and one that nothing was said to may have left unnoticed: a service that tries it all
/// the same may not notice the next one.
fn link(mut card: Card, from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut spoken = Spoken::Not;
    let is_left = carry(&mut card, &mut spoken, from, to);
    let _it_left = card.disconnect(match spoken {
        Spoken::To => Disposition::ResetCard,
        Spoken::Not | Spoken::Lost => Disposition::LeaveCard,
    });
    if is_left? { frame::tell(to, &Ok(Body::default())) } else { Ok(()) }
}

/// Carries commands within one transaction: whether the link was left, and waits for that to be done.
fn carry(card: &mut Card, spoken: &mut Spoken, from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let transaction = match card.transaction() {
        Ok(transaction) => transaction,
        Err(error) => {
            frame::tell(to, &Err(undone(error)))?;
            return Ok(false);
        }
    };
    frame::tell(to, &Ok(Body::default()))?;
    let mut buffer = Zeroizing::new(vec![0; MAX_BUFFER_SIZE_EXTENDED]);
    while let Some((kind, body)) = frame::read(from)? {
        match Ask::of(kind) {
            Some(Ask::Transmit) => {
                let answer = transaction.transmit(&body, &mut buffer).map_err(link_error).and_then(whole);
                *spoken = match (*spoken, &answer) {
                    (Spoken::Lost, _) | (_, Err(_)) => Spoken::Lost,
                    (_, Ok(_)) => Spoken::To,
                };
                frame::tell(to, &answer.map_err(Undone::Link))?;
            }
            Some(Ask::Leave) => return Ok(true),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(false)
}

/// An answer. One without a status word is none: some readers tell so that the token left in the middle.
fn whole(bytes: &[u8]) -> Result<Body, LinkError> {
    if bytes.len() < 2 { Err(LinkError::Lost) } else { Ok(Body::new(bytes.to_vec())) }
}

/// What a fault of the service means to who wants a reader.
fn undone(error: Error) -> Undone {
    Undone::Reader(match error {
        Error::NoService | Error::ServiceStopped => ReaderError::NoService,
        Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable => ReaderError::Gone,
        Error::NoSmartcard | Error::RemovedCard | Error::UnpoweredCard | Error::UnresponsiveCard => ReaderError::Empty,
        Error::SharingViolation => ReaderError::Busy,
        other => ReaderError::Failed(other.to_string()),
    })
}

/// What a fault of the service means of the link. A token that moved off the reader in the middle of a command is told as one
/// that was not reached, by some readers.
fn link_error(error: Error) -> LinkError {
    match error {
        Error::RemovedCard
        | Error::NoSmartcard
        | Error::ResetCard
        | Error::UnpoweredCard
        | Error::UnresponsiveCard
        | Error::UnknownReader
        | Error::ReaderUnavailable
        | Error::NotTransacted
        | Error::CommError
        | Error::CommDataLost => LinkError::Lost,
        Error::Timeout | Error::WaitedTooLong => LinkError::Late,
        Error::Cancelled | Error::SystemCancelled | Error::CancelledByUser => LinkError::Cancelled,
        _ => LinkError::Reader,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_left_is_lost_and_a_reader_that_fails_is_not() {
        for error in [Error::RemovedCard, Error::NoSmartcard, Error::ResetCard, Error::NotTransacted, Error::CommError]
        {
            assert_eq!(link_error(error), LinkError::Lost, "{error:?}");
        }
        assert_eq!(link_error(Error::Timeout), LinkError::Late);
        assert_eq!(link_error(Error::SystemCancelled), LinkError::Cancelled);
        for error in [Error::InternalError, Error::SharingViolation, Error::InvalidParameter, Error::NoService] {
            assert_eq!(link_error(error), LinkError::Reader, "{error:?}");
        }
    }

    #[test]
    fn an_answer_without_a_status_word_is_a_token_that_left() {
        assert_eq!((whole(&[]), whole(&[0x90])), (Err(LinkError::Lost), Err(LinkError::Lost)));
        assert_eq!(whole(&[0x90, 0]), Ok(Body::new(vec![0x90, 0])));
    }

    #[test]
    fn faults_of_the_service_say_who_can_act() {
        let told = |error| match undone(error) {
            Undone::Reader(told) => told,
            Undone::Link(error) => panic!("{error:?}"),
        };
        assert_eq!(told(Error::NoService), ReaderError::NoService);
        assert_eq!(told(Error::NoReadersAvailable), ReaderError::Gone);
        assert_eq!(told(Error::NoSmartcard), ReaderError::Empty);
        assert_eq!(told(Error::SharingViolation), ReaderError::Busy);
        assert_eq!(told(Error::NoMemory), ReaderError::Failed(Error::NoMemory.to_string()));
    }

    #[test]
    fn no_reader_has_a_zero_in_its_name() {
        assert_eq!(name(b"a\0b"), Err(Undone::Reader(ReaderError::Gone)));
        assert_eq!(name(b"Reader 00 00").unwrap().to_bytes(), b"Reader 00 00");
    }

    #[test]
    fn what_is_none_of_ours_ends_it() {
        assert!(serve(&mut &[9, 0, 0, 0, 0][..], &mut Vec::new()).is_err());
        assert!(serve(&mut &[][..], &mut Vec::new()).is_ok());
    }
}
