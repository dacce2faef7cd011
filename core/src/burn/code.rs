//! Codes that a token told over the link.

use countersign_protocol::Secret;
use zeroize::Zeroizing;

use super::credential::Moving;
use super::plan::Plan;
use super::verify::{FIXED, Proof, counter_after};
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

/// Whether these digits are those of a plan's seed at the fixed moment, or where its counter may stand.
pub(super) fn is_code_of(plan: &Plan, told: &[u8]) -> Result<Proof, TokenError> {
    let (credential, told) = (&plan.request.credential, Secret::from_slice(told));
    let proof = match credential.moving {
        Moving::Time(_) => told.ct_eq(credential.code_at(FIXED).as_bytes()).then_some(Proof::Code),
        Moving::Counter(_) => counter_after(credential, &told, plan.further).map(Proof::Counted),
    };
    proof.ok_or(TokenError::NotKept(Step::ReadBack))
}
