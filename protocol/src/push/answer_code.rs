//! Eight digits that answer a challenge where the phone has no network (push-v1 section 12).

use crate::Secret;
use crate::jose::H32;
use crate::otp::ocra::Suite;
use crate::otp::{Code, Typed};

/// The answer code of a challenge: `ok` is the key both sides share since the enrolment, `h` the hash of the challenge
/// that was scanned. RFC 6287, `OCRA-1:HOTP-SHA256-8:QH64`.
pub fn answer_code(ok: &Secret, h: &H32) -> Code {
    Suite::answer_code(ok, h.as_bytes())
}

/// Whether a person typed the answer code of that challenge. Compared in constant time.
pub fn answer_code_fits(ok: &Secret, h: &H32, typed: &Typed) -> bool {
    typed.matches(&answer_code(ok, h))
}
