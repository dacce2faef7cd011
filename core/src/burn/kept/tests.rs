//! What is kept comes back as it was, and nothing else does.

use countersign_protocol::otp::{Algorithm, Counter, Period};
use proptest::prelude::*;

use super::bytes::{LINKS, PORTS, STEPS};
use super::*;
use crate::burn::apdu::{StatusWord, TooLong};
use crate::burn::credential::{Moving, TokenDigits};
use crate::burn::testing::{credential, hex, seed};
use crate::burn::{Step, TokenError};

fn serials() -> impl Strategy<Value = Option<Serial>> {
    prop::option::of("[0-9A-Za-z]{1,64}".prop_map(|text| Serial::try_from(text.as_str()).unwrap()))
}

fn movings() -> impl Strategy<Value = Moving> {
    let times = (1..=86_400_u64, 0..253_402_300_800_u64).prop_map(|(seconds, start)| {
        let period = Period::try_from(seconds).unwrap();
        Moving::Time(period.counted_from(start).unwrap_or(period))
    });
    let counters = any::<u32>().prop_map(|n| Moving::Counter(Counter::try_from(u64::from(n)).unwrap()));
    prop_oneof![times, counters]
}

fn credentials() -> impl Strategy<Value = Credential> {
    let algorithm = prop::sample::select(&Algorithm::RFC_6238[..]);
    let seeds = prop::collection::vec(1..=255_u8, 1..=128).prop_map(|bytes| seed(&bytes));
    (serials(), "\\PC{0,40}", "\\PC{0,40}", seeds, movings(), algorithm, 4..=10_u64).prop_map(
        |(serial, issuer, name, seed, moving, algorithm, digits)| {
            let digits = TokenDigits::try_from(digits).unwrap();
            Credential { serial, issuer, name, seed, moving, algorithm, digits }
        },
    )
}

fn errors() -> Vec<TokenError> {
    let mut all = vec![
        TokenError::WrongKey { left: None },
        TokenError::WrongKey { left: Some(0) },
        TokenError::WrongKey { left: Some(255) },
        TokenError::AccessCode,
        TokenError::Pin,
        TokenError::Off,
        TokenError::Full,
        TokenError::NoStatus,
        TokenError::Oversized(70_000),
        TokenError::Endless,
        TokenError::OtherLayer(StatusWord(0x6f01)),
        TokenError::TooLong(TooLong(0)),
        TokenError::OtherToken,
        TokenError::KeyLength(usize::MAX),
        TokenError::Unable,
    ];
    all.extend(LINKS.map(TokenError::Link));
    all.extend(PORTS.map(TokenError::Port));
    for step in STEPS {
        let status = StatusWord(0xffff);
        all.extend([TokenError::Status { step, status }, TokenError::NotTouched(step), TokenError::Absent(step)]);
        all.extend([TokenError::Unreadable(step), TokenError::NotKept(step)]);
    }
    all
}

fn progresses() -> impl Strategy<Value = Progress> {
    let mut endings = vec![
        Ending::ProvenByLink,
        Ending::ProvenByPerson,
        Ending::ClockOff(-300),
        Ending::ClockOff(i64::MAX),
        Ending::Written(None),
        Ending::Failed,
        Ending::NotWritten,
        Ending::CountedByLink(Counter::ZERO),
        Ending::CountedByPerson(Counter::try_from(77).unwrap()),
    ];
    endings.extend(errors().into_iter().map(|error| Ending::Written(Some(error))));
    let begun = prop::collection::vec(prop::sample::select(&STEPS[..]), 0..12).prop_map(Progress::Begun);
    prop_oneof![begun, prop::sample::select(endings).prop_map(Progress::Ended)]
}

fn burns() -> impl Strategy<Value = KeptBurn> {
    let token =
        (prop::sample::select(&FAMILIES[..]), serials()).prop_map(|(family, serial)| TokenName { family, serial });
    let display = prop::sample::select(&DISPLAYS[..]);
    let asked = (credentials(), 0..100_u8, prop::option::of("\\PC{0,20}"), display, any::<[bool; 3]>()).prop_map(
        |(credential, profile, title, display, [touch, replace, expert])| Request {
            credential,
            profile,
            title,
            display,
            touch,
            replace,
            expert,
        },
    );
    let from = prop::option::of((any::<u64>(), 0..usize::MAX))
        .prop_map(|from| from.map(|(batch, line)| BatchLine { batch: BatchId(batch), line }));
    let rest = (prop::option::of("\\PC{0,20}"), any::<u64>(), prop::option::of(any::<i64>()), progresses());
    (token, asked, rest, ("\\PC{0,9}", "\\PC{0,9}"), from, prop::option::of(any::<u64>())).prop_map(
        |(token, request, (model, began, ahead, progress), source, from, row)| KeptBurn {
            record: Record { token, request, model, began, ahead, progress },
            source,
            from,
            row,
        },
    )
}

fn rows() -> impl Strategy<Value = KeptRow> {
    (prop::option::of(0..100_u8), "\\PC{0,20}", "\\PC{0,20}", credentials(), serials()).prop_map(
        |(profile, manufacturer, model, credential, token)| KeptRow {
            row: Row { line: 7, profile, manufacturer, model, credential, notes: vec![] },
            token,
        },
    )
}

/// One value, one form; cut anywhere, or longer, it is none.
fn is_one_form<T>(written: &Secret, read: impl Fn(&[u8]) -> Option<T>, write: impl Fn(&T) -> Secret) {
    let bytes = written.expose();
    assert_eq!(write(&read(bytes).unwrap()).expose(), bytes);
    (0..bytes.len()).for_each(|length| assert!(read(&bytes[..length]).is_none(), "cut at {length}"));
    assert!(read(&[bytes, &[0]].concat()).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_burn_is_read_as_it_was_written(burn in burns()) {
        is_one_form(&burn.write(), KeptBurn::read, KeptBurn::write);
        let again = KeptBurn::read(burn.write().expose()).unwrap();
        prop_assert_eq!(&again.record.token, &burn.record.token);
        prop_assert_eq!(&again.record.progress, &burn.record.progress);
        prop_assert!(again.record.request.credential.seed.secret().ct_eq(burn.record.request.credential.seed.expose()));
        prop_assert_eq!((again.from, again.row, again.source), (burn.from, burn.row, burn.source));
    }

    #[test]
    fn a_row_of_the_ledger_is_read_as_it_was_written(burn in burns(), proof in 0..4_usize, ahead in any::<Option<i64>>()) {
        let mut burn = burn;
        burn.record.progress = Progress::Begun(vec![]);
        let row = LedgerRow { proof: ledger::Proof::ALL[proof], ahead, ..burn.ledger_row().unwrap() };
        is_one_form(&row.write(), LedgerRow::read, LedgerRow::write);
        let again = LedgerRow::read(row.write().expose()).unwrap();
        prop_assert_eq!((again.place(), again.ahead), (burn.place(), ahead));
    }

    #[test]
    fn a_row_of_a_batch_is_read_as_it_was_written(row in rows()) {
        is_one_form(&row.write(), |bytes| KeptRow::read(7, bytes), KeptRow::write);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [&[FORM][..], &bytes].concat();
        let _ = (KeptBurn::read(&bytes), LedgerRow::read(&bytes), KeptRow::read(1, &bytes), read_batch(&bytes));
    }
}

#[test]
fn every_end_and_every_error_comes_back() {
    for error in errors() {
        let mut out = Out::of(&[], 0);
        out.error(error);
        let mut read = In(&out.0);
        assert_eq!((read.error(), read.is_empty()), (Some(error), true));
    }
}

#[test]
fn keys_batches_and_names_come_back() {
    let key = Secret::from_slice(b"sixteen bytes of");
    for family in FAMILIES {
        let (read, again) = read_key(write_key(family, &key).expose()).unwrap();
        assert!(read == family && again.ct_eq(key.expose()));
    }
    assert_eq!(read_batch(write_batch("May", 7).expose()), Some(("May".to_owned(), 7)));
    let line = BatchLine { batch: BatchId(3), line: 500 };
    assert_eq!(BatchLine::read(&line.bytes()), Some(line));
    assert_eq!(BatchLine::read(&line.bytes()[1..]), None);
}

#[test]
fn the_ledger_says_proven_of_what_was_proven_alone() {
    let said = |ending| Progress::Ended(ending).proof();
    assert_eq!(Progress::Begun(vec![Step::Put]).proof(), Some(ledger::Proof::Failed));
    assert_eq!(said(Ending::Failed), Some(ledger::Proof::Failed));
    assert_eq!(said(Ending::NotWritten), None);
    for ending in [Ending::Written(None), Ending::Written(Some(TokenError::Unable)), Ending::ClockOff(90)] {
        assert_eq!(said(ending), Some(ledger::Proof::Written));
    }
    assert_eq!(said(Ending::ProvenByLink), Some(ledger::Proof::ByWire));
    assert_eq!(said(Ending::ProvenByPerson), Some(ledger::Proof::ByCodes));
    assert_eq!(said(Ending::CountedByLink(Counter::ZERO)), Some(ledger::Proof::ByWire));
    assert_eq!(said(Ending::CountedByPerson(Counter::ZERO)), Some(ledger::Proof::ByCodes));
}

/// A row of the ledger as it was written before it could say that a clock is off.
const OLD_ROW: &str = "01010000000e38363539363130303030303030310000000006546f6b656e3200000006433330312d69000000006553f10003 \
    000000000441434d45000000046d617261143132333435363738393031323334353637383930010000001e00000000000000 \
    00010600";

#[test]
fn an_old_row_of_the_ledger_is_read_and_takes_a_clock() {
    let bytes = hex(OLD_ROW);
    let row = LedgerRow::read(&bytes).unwrap();
    assert_eq!((&*row.credential.name, row.proof, row.ahead), ("mara", ledger::Proof::Written, None));
    assert_eq!(row.write().expose(), bytes, "it is still written so");
    let off = row.after(Ending::ClockOff(-300)).write();
    assert_eq!(off.expose(), [&[2], &bytes[1..], &(-300_i64).to_be_bytes()].concat());
    let off = LedgerRow::read(off.expose()).unwrap();
    assert_eq!((off.ahead, off.entry().unwrap().ahead), (Some(-300), Some(-300)));
    let again = off.clone().after(Ending::NotWritten);
    assert_eq!(again.ahead, Some(-300), "nothing was seen");
    let set = off.after(Ending::ProvenByPerson);
    assert_eq!((set.ahead, set.proof), (None, ledger::Proof::ByCodes));
}

#[test]
fn a_row_of_a_counter_says_the_one_that_the_next_code_is_made_from() {
    let at = |n: u64| Counter::try_from(n).unwrap();
    let mut request = Request::new(credential());
    request.credential.moving = Moving::Counter(at(0));
    let token = TokenName { family: Family::Oath(Dialect::YubiKey), serial: None };
    let progress = Progress::Ended(Ending::CountedByLink(at(1)));
    let record = Record { token, request, model: None, began: 0, ahead: None, progress };
    let row = KeptBurn { record, source: Default::default(), from: None, row: None }.ledger_row().unwrap();
    assert_eq!((row.credential.moving, row.proof), (Moving::Counter(at(1)), ledger::Proof::ByWire));
    let row = row.after(Ending::CountedByPerson(at(5)));
    assert_eq!((row.credential.moving, row.proof), (Moving::Counter(at(5)), ledger::Proof::ByCodes));
    assert_eq!(row.after(Ending::Failed).credential.moving, Moving::Counter(at(5)));
}
