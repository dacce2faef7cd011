//! Codes that a token told over the link.

use countersign_protocol::Secret;
use zeroize::Zeroizing;

use super::credential::Credential;
use super::verify::{FIXED, Proof};
use super::{Step, TokenError};
use crate::limits;

/// The digits of a response that was cut to four bytes: how many digits, then the bytes, whose top bit does not count
/// (RFC 4226, 5.3).
pub(super) fn digits(told: &[u8]) -> Option<Zeroizing<String>> {
    let [digits, rest @ ..] = told else { return None };
    let number = u32::from_be_bytes(rest.try_into().ok()?) & 0x7fff_ffff;
    let power = 10_u64.checked_pow((*digits).into()).filter(|_| limits::TOKEN_DIGITS.contains(&u64::from(*digits)))?;
    Some(Zeroizing::new(format!("{:0width$}", u64::from(number) % power, width = usize::from(*digits))))
}

/// Whether these digits are those of a seed at the fixed moment, or at its first counter.
pub(super) fn is_code_of(credential: &Credential, told: &[u8]) -> Result<Proof, TokenError> {
    let code = credential.code_at(FIXED);
    if Secret::from_slice(told).ct_eq(code.as_bytes()) {
        Ok(Proof::Code)
    } else {
        Err(TokenError::NotKept(Step::ReadBack))
    }
}
