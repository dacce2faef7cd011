//! What tokens answer over a link that nobody vouches for: bytes play the card.

use std::cell::RefCell;
use std::time::Duration;

use countersign_core::burn::tlv::{Reader, Writer};
use countersign_core::burn::{
    Apdu, Channel, Credential, Dialect, Ending, Family, Found, Halt, Held, Hints, JournalStore as _, KeyProfile,
    LinkError, MemoryJournal, Met, Moving, Operation, Request, Rest, Seed, Stop, TokenDigits, TokenError, TokenLink,
    TokenName, Tools, burn, holds, meet,
};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::limits;
use countersign_core::port::{Clock, Random};
use countersign_emulator::{Key, Link, Lost, Molto, Single, Still, Token};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Period};

/// Beginnings and ends of answers, as tokens give them.
pub const WORDS: &[&str] = &["a\0", "l\x10", "g\0", "y\x03\x05", "q\x08", "u\x14", "v\x05\x06", "r\t!", "p\x1d"];

const SEED: &[u8] = b"12345678901234567890";
const CODE: &[u8] = b"correct horse";
/// The digits of the seed at the moment, and at the counter, that drivers prove it by; six and eight of them.
const CODES: [&str; 4] = ["081804", "07081804", "755224", "84755224"];
/// What one exchange may cost in commands.
const A_COMMAND: usize = 2 * limits::APDU_PARTS + 1;
/// What meeting, planning, burning and looking again may cost, in exchanges: pages of a list twice, and a dozen each.
const EXCHANGES: usize = 2 * limits::TOKEN_PAGES + 48;

/// One command, and what the card said to it.
struct Said<'a> {
    command: Vec<u8>,
    answer: Option<&'a [u8]>,
}

/// A card that answers what it was told to, in turn: a byte of length, or 255 and two of them, then so many bytes. Then it is
/// gone, or begins again, or says the last for ever.
struct Card<'a, 'l> {
    answers: Vec<&'a [u8]>,
    end: End,
    log: &'l RefCell<Vec<Said<'a>>>,
}

#[derive(Clone, Copy)]
enum End {
    Gone,
    Again,
    TheLast,
}

impl<'a, 'l> Card<'a, 'l> {
    fn new(mut input: &'a [u8], end: u8, log: &'l RefCell<Vec<Said<'a>>>) -> Self {
        let mut answers = Vec::new();
        while let Some((length, rest)) = input.split_first() {
            let (length, rest) = match (length, rest) {
                (255, [high, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
                (length, rest) => (usize::from(*length), rest),
            };
            let (answer, rest) = rest.split_at(length.min(rest.len()));
            answers.push(answer);
            input = rest;
        }
        let end = [End::Gone, End::Again, End::TheLast, End::Gone][usize::from(end & 3)];
        Self { answers, end, log }
    }
}

impl TokenLink for Card<'_, '_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let mut log = self.log.borrow_mut();
        assert!(log.len() < EXCHANGES * A_COMMAND, "there is always one more command");
        let (count, at) = (self.answers.len(), log.len());
        let at = match self.end {
            End::Gone => at,
            End::Again => at.checked_rem(count).unwrap_or_default(),
            End::TheLast => at.min(count.saturating_sub(1)),
        };
        let answer = self.answers.get(at).copied();
        log.push(Said { command: command.to_vec(), answer });
        answer.map(<[u8]>::to_vec).ok_or(LinkError::Lost)
    }
}

/// As a card with bytes for answers is written.
fn played(first: [u8; 2], answers: &[Vec<u8>]) -> Vec<u8> {
    let one = |answer: &Vec<u8>| match u8::try_from(answer.len()) {
        Ok(length) if length < 255 => [&[length], &answer[..]].concat(),
        _ => [&[255], &(answer.len() as u16).to_be_bytes()[..], answer].concat(),
    };
    first.into_iter().chain(answers.iter().flat_map(one)).collect()
}

/// One command and its whole answer, however many parts it comes in: what is taken is what the card said, part after part.
pub fn response(input: &[u8]) -> bool {
    let [first, end, rest @ ..] = input else { return false };
    let log = RefCell::new(Vec::new());
    let mut card = Card::new(rest, *end, &log);
    let mut channel = Channel::new(&mut card);
    channel.continuing(if first & 1 == 0 { Rest::GetResponse } else { Rest::SendRemaining });
    let data: &[u8] = if first & 2 == 0 { &[] } else { &[7; 16] };
    let apdu = Apdu::with([0, 0xa2, 0, 1], data).expect("it is short");
    let outcome = channel.exchange(&apdu);
    let log = log.into_inner();
    assert!(log.len() <= A_COMMAND, "{} commands", log.len());
    let (begin, others) = log.split_first().expect("one is sent");
    assert_eq!(begin.command, **apdu.bytes());
    for other in others {
        let again = data.is_empty() && other.command[..4] == begin.command[..4];
        let is_rest = matches!(other.command[..], [0, 0xc0, 0, 0, _] | [0, 0xa5, 0, 0] | [0, 0xa5, 0, 0, _]);
        assert!(again || is_rest, "what brought data is not said twice: {:02x?}", other.command);
    }
    let Ok(response) = outcome else { return false };
    let mut whole = Vec::new();
    let mut last = 0;
    for said in &log {
        let (body, status) = said.answer.and_then(<[u8]>::split_last_chunk::<2>).expect("a status word");
        whole.extend_from_slice(body);
        last = u16::from_be_bytes(*status);
    }
    assert_eq!((response.data.expose(), response.status.0), (&whole[..], last));
    assert!(whole.len() <= limits::APDU_WHOLE && last >> 8 != 0x61 && (last >> 12 == 6 || last >> 8 == 0x90));
    true
}

/// Objects: what is read to its end is written as what reads the same, and lies within the bytes that were there.
pub fn objects(input: &[u8]) -> bool {
    let Some(objects) = all(input) else { return false };
    let inside: usize = objects.iter().map(|(_, value)| value.len() + 2).sum();
    assert!(inside <= input.len());
    let written = objects.iter().fold(Writer::new(), |writer, (tag, value)| writer.put(*tag, &[value]));
    assert!(written.bytes().len() <= input.len(), "it is written with the shortest lengths");
    assert_eq!(all(written.bytes()).as_ref(), Some(&objects));
    if let Some((tag, value)) = objects.first() {
        let only = Reader::only(input, *tag);
        assert_eq!(only.ok(), (objects.len() == 1).then_some(*value));
        assert!(Reader::only(input, tag ^ 1).is_err());
    }
    !objects.is_empty()
}

fn all(input: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut reader = Reader::new(input);
    let mut objects = Vec::new();
    while let Some(object) = reader.object().ok()? {
        objects.push(object);
    }
    assert!(reader.is_empty());
    Some(objects)
}

const FAMILIES: [Family; 5] =
    [Family::Single, Family::Molto2, Family::Oath(Dialect::YubiKey), Family::Token2Otp, Family::Feitian];

/// What is asked for, by the bits of a byte.
struct Wish {
    family: Family,
    key: KeyProfile,
    request: Request,
    operation: Operation,
}

impl Wish {
    fn new([first, second]: [u8; 2]) -> Self {
        let family = FAMILIES[usize::from(first >> 2) % FAMILIES.len()];
        let credential = Credential {
            serial: None,
            issuer: "ACME".into(),
            name: "bob".into(),
            seed: Seed::try_from(Secret::from_slice(SEED)).expect("a seed"),
            moving: if second & 1 == 0 { Moving::Time(Period::THIRTY) } else { Moving::Counter(Counter::ZERO) },
            algorithm: Algorithm::Sha1,
            digits: TokenDigits::try_from(if second & 2 == 0 { 6 } else { 8 }).expect("digits"),
        };
        let mut request = Request::new(credential);
        (request.replace, request.expert, request.touch) = (second & 4 != 0, true, second & 8 != 0);
        let operation = match second >> 4 & 7 {
            0 => Operation::SyncClock(request.clone()),
            1 => Operation::Delete(request.clone()),
            2 => Operation::ChangeKey(Secret::from_slice(CODE)),
            3 => Operation::RemoveKey,
            4 => Operation::LockScreen,
            5 => Operation::UnlockScreen,
            6 => Operation::Reset,
            _ => Operation::Enable,
        };
        let key = if second & 128 == 0 { KeyProfile::Vendor } else { KeyProfile::Own(Secret::from_slice(CODE)) };
        Self { family, key, request, operation }
    }
}

/// Whether a command changes what a token holds.
fn writes(said: &Said<'_>) -> bool {
    matches!(said.command[..4], [0x84, ..] | [0x80, 0xe6 | 0x56 | 0xd8, ..] | [0x80, 0xc5, 0x05, 0x02] | [0, 1..=9, ..])
}

/// Whether a command proves a key or an access code.
fn proves(said: &Said<'_>) -> bool {
    matches!(said.command[..2], [0x80, 0xce] | [0x00, 0xa3])
}

/// A card against every driver: met, planned for, burned, looked at again, and one more thing done to it. It ends; nothing is
/// written before it was planned, or to who was not proven a key; the seed is not told in clear where it is sealed; and no
/// seed is said to be proven whose code was not answered.
pub fn hostile(input: &[u8]) -> bool {
    let [first, second, answers @ ..] = input else { return false };
    let wish = Wish::new([*first, *second]);
    let log = RefCell::new(Vec::new());
    let mut card = Card::new(answers, *first, &log);
    let (world, cancel) = (Stopped, Cancel::default());
    let tools = Tools { clock: &world, random: &world, cancel: &cancel };
    let likely = (first & 128 == 0).then_some(wish.family);
    let hints = Hints { reader: None, likely };
    let Ok(Met::Token(mut found)) = meet(&mut card, hints, tools) else {
        assert!(!log.borrow().iter().any(|said| writes(said) || proves(said)));
        return false;
    };
    let family = found.identity().family;
    let ending = play(&mut found, &wish, tools, &log);
    let _ = found.operate(&wish.operation, &wish.key, tools);
    let log = log.into_inner();
    if matches!(family, Family::Single | Family::Molto2 | Family::Token2Otp) {
        let tells = |said: &Said<'_>| said.command.windows(SEED.len()).any(|part| part == SEED);
        assert!(!log.iter().any(tells), "{family:?} is told the seed in clear");
    }
    if ending.is_some_and(Ending::is_proven) {
        assert!(tells_code(&log), "{family:?} is said to be proven, and told no code");
    }
    ending.is_some()
}

/// One burn, from the plan to its end.
fn play(found: &mut Found<'_>, wish: &Wish, tools: Tools<'_>, log: &RefCell<Vec<Said<'_>>>) -> Option<Ending> {
    let planned = found.plan(wish.request.clone(), &wish.key, tools);
    let before = log.borrow().len();
    assert!(!log.borrow().iter().any(writes), "a plan writes nothing");
    let plan = planned.ok()?;
    let mut journal = MemoryJournal::default();
    let outcome = burn(found, &plan, &wish.key, tools, &mut journal);
    let record = journal.record(&TokenName::from(plan.identity())).expect("a journal").expect("it was begun");
    {
        let log = log.borrow();
        let proofs: Vec<usize> = (0..log.len()).filter(|at| proves(&log[*at])).collect();
        assert!(proofs.len() <= 1, "a key is proven once an action, and was at {proofs:?}");
        if let Some(first) = log.iter().position(writes) {
            assert!(first >= before, "it is planned first");
            let is_display = matches!(plan.identity().family, Family::Single | Family::Molto2);
            assert!(!is_display || proofs.first().is_some_and(|at| *at < first), "written to who was proven nothing");
            assert!(proofs.iter().all(|at| status(&log[*at..]) == Some([0x90, 0])), "written in spite of a refusal");
        }
    }
    let all = [Held::Before, Held::Mixed, Held::Nothing, Held::New];
    if let Ok(told) = holds(found, &record, &all, &wish.key, tools) {
        assert!(!told.is_empty() && told.iter().all(|held| all.contains(held)));
    }
    match outcome {
        Ok(ending) => Some(ending),
        Err(Halt::Stopped(Stop { holds, error })) => {
            assert!((1..=2).contains(&holds.len()), "{holds:?}");
            assert!(!matches!(error, TokenError::OtherToken) || holds == [Held::Before]);
            None
        }
        Err(_) => None,
    }
}

/// How it went in the end, whatever the parts of the answer to the first of these.
fn status(log: &[Said<'_>]) -> Option<[u8; 2]> {
    let statuses = log.iter().map(|said| said.answer?.last_chunk::<2>().copied());
    statuses.flatten().find(|[high, _]| *high != 0x61)
}

/// Whether answers hold the code that proves the seed: as digits, or cut to four bytes.
fn tells_code(log: &[Said<'_>]) -> bool {
    let answers = log.iter().filter_map(|said| said.answer?.split_last_chunk::<2>());
    let answer: Vec<u8> = answers.flat_map(|(body, _)| body.iter().copied()).collect();
    let cut = |part: &[u8]| {
        let number = u32::from_be_bytes(part.try_into().unwrap_or_default()) & 0x7fff_ffff;
        [(number % 1_000_000, 6), (number % 100_000_000, 8)].map(|(number, width)| format!("{number:0width$}"))
    };
    let digits = |code: &&str| answer.windows(code.len()).any(|part| part == code.as_bytes());
    let is_one = |part: &[u8]| cut(part).iter().any(|code| CODES.contains(&code.as_str()));
    CODES.iter().any(digits) || answer.windows(4).any(is_one)
}

/// Time that stands still, and dice that always fall the same way.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> u64 {
        1_700_000_000
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Random for Stopped {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        out.fill(0x5a);
        Ok(())
    }
}

/// An emulated token whose answers are kept.
struct Recorded<T>(Link<T>);

impl<T: Token> TokenLink for Recorded<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.0.transmit(command).map_err(|lost| match lost {
            Lost::Gone => LinkError::Lost,
            Lost::Late => LinkError::Late,
        })
    }
}

/// Every family as its emulated token answers to a burn and what comes after.
pub fn hostile_seeds() -> Vec<(String, Vec<u8>)> {
    let still = || Still::at(Stopped.now());
    let tokens: [(&str, u8, u8, Box<dyn Token>); 9] = [
        ("single", 0, 0, Box::new(Single::new("86596220000001", still()))),
        ("single unrestricted", 0, 0, Box::new(Single::new("86596000000001", still()))),
        ("molto", 1, 0x10, Box::new(Molto::v2("00000000000042", still()))),
        ("molto key", 1, 0xa0, Box::new(Molto::v1("42", still()).with_customer_key(CODE))),
        ("yubikey", 2, 0x20, Box::new(Key::yubikey([5, 7, 1], 7, still()))),
        ("yubikey counter", 2, 0x61, Box::new(Key::yubikey([5, 4, 3], 7, still()))),
        ("nitrokey", 2, 0x12, Box::new(Key::nitrokey(7, still()))),
        ("token2", 3, 0x10, Box::new(Key::token2("86590000000001", still()))),
        ("feitian", 4, 0x10, Box::new(Key::feitian(still()))),
    ];
    let answered = |(name, family, second, token): (&str, u8, u8, Box<dyn Token>)| {
        let first = [family << 2, second];
        (name.to_owned(), played(first, &answers(token, &Wish::new(first))))
    };
    tokens.into_iter().map(answered).collect()
}

/// All that a token answers, until it does not any more.
fn answers(token: Box<dyn Token>, wish: &Wish) -> Vec<Vec<u8>> {
    let cancel = Cancel::default();
    let tools = Tools { clock: &Stopped, random: &Stopped, cancel: &cancel };
    let mut link = Recorded(Link::new(token));
    let Ok(Met::Token(mut found)) = meet(&mut link, Hints { reader: None, likely: Some(wish.family) }, tools) else {
        panic!("an emulated token is met");
    };
    if let Ok(plan) = found.plan(wish.request.clone(), &wish.key, tools) {
        let mut journal = MemoryJournal::default();
        let ended = burn(&mut found, &plan, &wish.key, tools, &mut journal);
        assert!(ended.is_ok(), "{ended:?}");
        let record = journal.record(&TokenName::from(plan.identity())).expect("a journal").expect("a record");
        let all = [Held::Before, Held::New];
        let _ = holds(&mut found, &record, &all, &wish.key, tools);
    }
    let _ = found.operate(&wish.operation, &wish.key, tools);
    drop(found);
    link.0.exchanges().iter().filter_map(|exchange| exchange.answer.clone().ok()).collect()
}

/// Answers in one part and in many, lengths that are corrected, refusals, and what no card says.
pub fn response_seeds() -> Vec<(String, Vec<u8>)> {
    let long = [&[0x71; 256][..], &[0x61, 0xff]].concat();
    type Case<'a> = (&'a str, [u8; 2], &'a [&'a [u8]]);
    let cases: [Case<'_>; 8] = [
        ("whole", [0, 0], &[&[1, 2, 3, 0x90, 0]]),
        ("parts", [0, 0], &[&long, &[9; 30], &[1, 0x90, 0]]),
        ("remaining", [1, 0], &[&long, &long, &[1, 0x90, 0]]),
        ("contacts", [1, 0], &[&[0x61, 3], &[1, 2, 3, 0x90, 0]]),
        ("length", [0, 0], &[&[0x6c, 5], &[1, 2, 3, 4, 5, 0x90, 0]]),
        ("proof", [2, 0], &[&[0x6c, 5], &[0x90, 0]]),
        ("refused", [2, 0], &[&[0x69, 0x82]]),
        ("endless", [0, 2], &[&[0x61, 0]]),
    ];
    let one = |(name, first, answers): Case<'_>| {
        let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
        (name.to_owned(), played(first, &answers))
    };
    cases.into_iter().map(one).collect()
}

/// What tokens tell in objects, and objects of every form of length.
pub fn object_seeds() -> Vec<(String, Vec<u8>)> {
    let lengths = [0, 1, 0x7f, 0x80, 0xff, 0x100];
    let each = lengths
        .map(|length| (format!("length {length}"), Writer::new().put(0x71, &[&vec![7; length]]).bytes().to_vec()));
    let names = ["yubikey", "nitrokey", "molto", "feitian"];
    let told =
        hostile_seeds().into_iter().filter(|(name, _)| names.contains(&name.as_str())).flat_map(|(name, input)| {
            let (log, mut answers) = (RefCell::new(Vec::new()), Vec::new());
            for answer in Card::new(&input[2..], 0, &log).answers {
                let body = answer.len().checked_sub(2).map(|end| answer[..end].to_vec()).unwrap_or_default();
                if !body.is_empty() && all(&body).is_some() && !answers.contains(&body) {
                    answers.push(body);
                }
            }
            answers.into_iter().enumerate().map(move |(at, body)| (format!("{name} {at}"), body)).collect::<Vec<_>>()
        });
    each.into_iter().chain(told).collect()
}
