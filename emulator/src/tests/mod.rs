//! The published vectors against the emulated tokens, whole burns over a link, and a host made by another hand.

mod burns;
mod frames;
mod third_hand;
mod vectors;

use crate::Token;

/// The seed of RFC 6238.
pub(crate) const RFC_SEED: &[u8] = b"12345678901234567890";

/// Bytes from hexadecimal digits, blanks aside.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap());
    pairs.collect()
}

/// What a token answers to a frame, in hexadecimal digits.
pub(crate) fn sent(token: &mut impl Token, frame: &str) -> String {
    let answer = token.transmit(&hex(frame)).expect("it answers");
    answer.iter().map(|byte| format!("{byte:02X}")).collect()
}
