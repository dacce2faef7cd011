//! Seeds, suites and digits as people and other programs write them.

use countersign_protocol::otp::ocra::{Input, Suite};
use countersign_protocol::otp::{Typed, base32 as seed};
use countersign_protocol::{Secret, limits};

use crate::as_text;

pub const OCRA_WORDS: &[&str] =
    &["OCRA-1:", "HOTP-SHA1-6:", "HOTP-SHA512-8:", "C-", "QN08", "QA10", "QH40", "-PSHA1", "-S064", "-T1M", "-T30S"];

/// Base32: what the strict reader takes, the kind one takes as the same, and with nothing to mend.
pub fn base32(input: &[u8]) -> bool {
    let text = as_text(input);
    let kind = seed::decode(text);
    match (seed::decode_strict(text), &kind) {
        (Ok(strict), Ok((kind, repairs))) => {
            assert!(repairs.is_none() && strict.ct_eq(kind.expose()));
            assert_eq!(*seed::encode(strict.expose()), text);
        }
        (Ok(_), Err(fault)) => panic!("strict takes what is refused: {fault}"),
        (Err(_), _) => {}
    }
    let Ok((bytes, _)) = kind else { return false };
    assert!(limits::SEED_BYTES.contains(&bytes.len()));
    let again = seed::decode_strict(&seed::encode(bytes.expose())).expect("what was written is read");
    assert!(again.ct_eq(bytes.expose()));
    true
}

/// The first line is a suite, the second a question.
pub fn ocra(input: &[u8]) -> bool {
    let (suite, question) = as_text(input).split_once('\n').unwrap_or((as_text(input), "1234"));
    let Ok(read) = suite.parse::<Suite>() else { return false };
    assert_eq!(read.as_str(), suite);
    let key = Secret::from_slice(b"12345678901234567890");
    let questions = [question];
    let input = Input { questions: &questions, ..Input::default() };
    if let (Ok(answer), Ok(code)) = (read.answer(&key, &input), read.code(&key, &input)) {
        assert_eq!(answer.expose(), code.to_string());
    }
    true
}

/// Digits that a person typed: 2 to 10, in ASCII, and read as themselves.
pub fn typed(input: &[u8]) -> bool {
    let Ok(typed) = as_text(input).parse::<Typed>() else { return false };
    let digits = typed.expose();
    assert!((2..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(digits.parse::<Typed>().expect("digits").expose(), digits);
    true
}
