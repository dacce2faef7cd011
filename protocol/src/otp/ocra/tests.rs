use super::*;

/// Columns: suite, bytes of the key, counter, questions, PIN, time, answer.
const RFC_6287: &str = include_str!("../../../../tests/vectors/rfc6287.txt");

fn key(len: usize) -> Secret {
    Secret::new(b"1234567890".iter().copied().cycle().take(len).collect())
}

fn given(column: &str) -> Option<&str> {
    Some(column).filter(|column| *column != "-")
}

#[test]
fn ocra_matches_rfc_6287() {
    let mut suites = std::collections::BTreeMap::new();
    for line in RFC_6287.lines().filter(|line| !line.starts_with('#')) {
        let [suite, len, counter, questions, pin, unix, wanted]: [&str; 7] =
            line.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
        let pin = given(pin).map(|pin| hash_pin(Hash::Sha1, pin));
        let input = Input {
            counter: given(counter).map(|counter| counter.parse().unwrap()),
            questions: &questions.split(',').collect::<Vec<_>>(),
            pin: pin.as_ref(),
            session: None,
            unix: given(unix).map(|unix| unix.parse().unwrap()),
        };
        let parsed: Suite = suite.parse().unwrap();
        assert_eq!(parsed.to_string(), suite);
        let key = key(len.parse().unwrap());
        assert_eq!(parsed.answer(&key, &input).unwrap().expose(), wanted, "{line}");
        assert_eq!(parsed.code(&key, &input).unwrap().to_string(), wanted, "{line}");
        *suites.entry(suite).or_insert(0) += 1;
    }
    assert_eq!((suites.len(), suites.values().sum::<i32>()), (9, 70));
}

#[test]
fn the_answer_codes_suite_is_what_its_text_says() {
    assert_eq!(Suite::ANSWER_CODE.as_str().parse(), Ok(Suite::ANSWER_CODE));
    let (key, question) = (key(32), core::array::from_fn(|at| 7 * at as u8));
    let text: String = question.iter().map(|byte| format!("{byte:02x}")).collect();
    let long = Suite::ANSWER_CODE.answer(&key, &Input { questions: &[&text], ..Input::default() }).unwrap();
    assert_eq!(Suite::answer_code(&key, &question).to_string(), long.expose());
}

fn suite(text: &str) -> Result<Suite, OcraError> {
    text.parse()
}

#[test]
fn suites_have_one_form() {
    for good in [
        "OCRA-1:HOTP-SHA1-4:QN04",
        "OCRA-1:HOTP-SHA1-10:QA64",
        "OCRA-1:HOTP-SHA1-0:QH40",
        "OCRA-1:HOTP-SHA512-8:C-QN08-PSHA512-S512-T48H",
        "OCRA-1:HOTP-SHA256-6:QN08-S064-T59S",
        "OCRA-1:HOTP-SHA256-6:Q-P-S-T",
    ] {
        assert_eq!(suite(good).unwrap().as_str(), good);
    }
    for bad in [
        "",
        "OCRA-1",
        "OCRA-1:HOTP-SHA1-6",
        "OCRA-1:HOTP-SHA1-6:",
        "OCRA-2:HOTP-SHA1-6:QN08",
        "OCRA-1:HOTP-MD5-6:QN08",
        "OCRA-1:HOTP-SHA1-3:QN08",
        "OCRA-1:HOTP-SHA1-11:QN08",
        "OCRA-1:HOTP-SHA1-100:QN08",
        "OCRA-1:HOTP-SHA1-:QN08",
        "OCRA-1:HOTP-SHA1-6:QN03",
        "OCRA-1:HOTP-SHA1-6:QN65",
        "OCRA-1:HOTP-SHA1-6:QN8",
        "OCRA-1:HOTP-SHA1-6:QN008",
        "OCRA-1:HOTP-SHA1-6:QX08",
        "OCRA-1:HOTP-SHA1-6:Qä8",
        "OCRA-1:HOTP-SHA1-6:C",
        "OCRA-1:HOTP-SHA1-6:QN08-C",
        "OCRA-1:HOTP-SHA1-6:C-C-QN08",
        "OCRA-1:HOTP-SHA1-6:QN08-T1M-PSHA1",
        "OCRA-1:HOTP-SHA1-6:QN08-PMD5",
        "OCRA-1:HOTP-SHA1-6:QN08-S64",
        "OCRA-1:HOTP-SHA1-6:QN08-S000",
        "OCRA-1:HOTP-SHA1-6:QN08-S513",
        "OCRA-1:HOTP-SHA1-6:QN08-T0S",
        "OCRA-1:HOTP-SHA1-6:QN08-T60S",
        "OCRA-1:HOTP-SHA1-6:QN08-T0H",
        "OCRA-1:HOTP-SHA1-6:QN08-T49H",
        "OCRA-1:HOTP-SHA1-6:QN08-T1D",
        "OCRA-1:HOTP-SHA1-6:QN08-T1é",
        "OCRA-1:HOTP-SHA1-6:QN08-",
        "OCRA-1:HOTP-SHA1-6:QN08-X",
        "ocra-1:HOTP-SHA1-6:QN08",
        "OCRA-1:HOTP-sha1-6:QN08",
        "OCRA-1:HOTP-SHA1-+6:QN08",
        "OCRA-1:HOTP-SHA1-6:QN+8",
        " OCRA-1:HOTP-SHA1-6:QN08",
    ] {
        assert_eq!(suite(bad), Err(OcraError::Suite), "{bad}");
    }
}

#[test]
fn nothing_more_and_nothing_less_than_the_suite_asks_for() {
    let all = suite("OCRA-1:HOTP-SHA1-6:C-QN08-PSHA1-S008-T1M").unwrap();
    let (key, pin) = (key(20), hash_pin(Hash::Sha1, "1234"));
    let whole =
        Input { counter: Some(0), questions: &["0"], pin: Some(&pin), session: Some(b"session"), unix: Some(0) };
    assert!(all.answer(&key, &whole).is_ok());
    let without: [fn(&mut Input<'_>); 4] =
        [|it| it.counter = None, |it| it.pin = None, |it| it.session = None, |it| it.unix = None];
    for without in without {
        let mut input = whole;
        without(&mut input);
        assert_eq!(all.answer(&key, &input).unwrap_err(), OcraError::Members);
    }
    let bare = suite("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
    assert_eq!(bare.answer(&key, &whole).unwrap_err(), OcraError::Members);

    let short = Secret::from_slice(b"1234");
    assert_eq!(all.answer(&key, &Input { pin: Some(&short), ..whole }).unwrap_err(), OcraError::Pin);
    let long = Input { session: Some(b"session 9"), ..whole };
    assert_eq!(all.answer(&key, &long).unwrap_err(), OcraError::Session);
}

#[test]
fn questions_have_the_characters_of_their_format() {
    let refused = |text: &str, questions: &[&str]| {
        let suite = suite(text).unwrap();
        suite.answer(&key(20), &Input { questions, ..Input::default() }).err()
    };
    let (n, a, h) = ("OCRA-1:HOTP-SHA1-6:QN08", "OCRA-1:HOTP-SHA1-6:QA08", "OCRA-1:HOTP-SHA1-6:QH08");
    for (suite, question) in [(n, "1234567a"), (a, "with blank"), (a, "a-b"), (h, "0x12"), (n, "١٢٣٤"), (a, "ä")] {
        assert_eq!(refused(suite, &[question]), Some(OcraError::Question), "{question}");
    }
    for suite in [n, a, h] {
        for questions in [&[][..], &[""], &["123456789"], &["1", ""], &["1", "2", "3"]] {
            assert_eq!(refused(suite, questions), Some(OcraError::Question), "{questions:?}");
        }
        assert_eq!(refused(suite, &["12345678", "87654321"]), None);
    }
}

#[test]
fn hex_stands_at_the_left() {
    let put = |digits: &str| {
        let mut bytes = [0; 4];
        put_hex(digits, &mut bytes);
        bytes
    };
    assert_eq!(put("ABC"), [0xab, 0xc0, 0, 0]);
    assert_eq!(put("00ff"), [0, 0xff, 0, 0]);
    let whole = suite("OCRA-1:HOTP-SHA1-6:QH64").unwrap();
    assert_eq!(whole.question(&["F".repeat(64).as_str(); 2]).unwrap()[..64], [0xff; 64]);
}

#[test]
fn decimal_numbers_of_any_length_are_turned_into_hex() {
    for number in [0_u128, 1, 9, 10, 15, 16, 255, 256, 12_345_678, 99_999_999, u128::MAX] {
        assert_eq!(decimal_to_hex(&number.to_string()), format!("{number:x}"));
        assert_eq!(decimal_to_hex(&format!("000{number}")), format!("{number:x}"));
    }
    assert_eq!(decimal_to_hex(&"9".repeat(128)).len(), 107);
}

#[test]
fn answers_of_every_length() {
    let answer = |digits: u8| {
        let suite = suite(&format!("OCRA-1:HOTP-SHA1-{digits}:QN08")).unwrap();
        suite.answer(&key(20), &Input { questions: &["00000000"], ..Input::default() }).unwrap().expose().to_owned()
    };
    for digits in 4..=10 {
        assert_eq!(answer(digits).len(), usize::from(digits));
    }
    assert_eq!(answer(0).len(), 40, "the whole hash");
    for digits in [0, 4] {
        let suite = suite(&format!("OCRA-1:HOTP-SHA1-{digits}:QN08")).unwrap();
        let code = suite.code(&key(20), &Input { questions: &["0"], ..Input::default() });
        assert_eq!(code.unwrap_err(), OcraError::Length);
    }
}

/// Session information is filled up from the left, as the RFC's own program does; time counts in whole steps.
#[test]
fn session_and_time() {
    let answer = |text: &str, session: Option<&[u8]>, unix| {
        let input = Input { questions: &["1"], session, unix, ..Input::default() };
        suite(text).unwrap().answer(&key(20), &input).unwrap().expose().to_owned()
    };
    let session = |bytes: &[u8]| answer("OCRA-1:HOTP-SHA1-8:QN08-S008", Some(bytes), None);
    assert_eq!(session(b"abc"), session(b"\0\0\0\0\0abc"));
    assert_ne!(session(b"abc"), session(b"abc\0\0\0\0\0"));
    let time = |unix| answer("OCRA-1:HOTP-SHA1-8:QN08-T2H", None, Some(unix));
    assert_eq!(time(7200), time(14_399));
    assert_ne!(time(7199), time(7200));
    assert_eq!(time(u64::MAX).len(), 8);
}

#[test]
fn answers_are_not_printed() {
    let input = Input { questions: &["00000000"], ..Input::default() };
    let answer = suite("OCRA-1:HOTP-SHA1-6:QN08").unwrap().answer(&key(20), &input).unwrap();
    assert_eq!(format!("{answer:?}"), "Answer(..)");
}
