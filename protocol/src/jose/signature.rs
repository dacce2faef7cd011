//! ES256 signatures: 64 bytes r‖s on the wire, DER out of keystores.

use super::FormError;

/// The order n of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3), big-endian.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Checks that r and s are both in 1…n−1.
pub(super) fn check(signature: &[u8; 64]) -> Result<(), FormError> {
    let in_range = |scalar: &[u8]| scalar.iter().any(|byte| *byte != 0) && *scalar < ORDER[..];
    if in_range(&signature[..32]) && in_range(&signature[32..]) { Ok(()) } else { Err(FormError::Signature) }
}

/// Turns a keystore's signature (DER, RFC 3279 section 2.2.3) into 64 bytes r‖s.
///
/// # Errors
/// [`FormError::Signature`] when it is not DER of two positive integers in 1…n−1, to the last byte.
pub fn signature_from_der(der: &[u8]) -> Result<[u8; 64], FormError> {
    let (body, rest) = element(der, 0x30)?;
    let (r, tail) = element(body, 0x02)?;
    let (s, end) = element(tail, 0x02)?;
    if !rest.is_empty() || !end.is_empty() {
        return Err(FormError::Signature);
    }
    let mut signature = [0; 64];
    put(r, &mut signature[..32])?;
    put(s, &mut signature[32..])?;
    check(&signature)?;
    Ok(signature)
}

/// Splits one DER element with a short length off the front. A P-256 signature never needs a long one.
fn element(der: &[u8], tag: u8) -> Result<(&[u8], &[u8]), FormError> {
    match der {
        [found, len, rest @ ..] if *found == tag && *len < 0x80 => {
            rest.split_at_checked(usize::from(*len)).ok_or(FormError::Signature)
        }
        _ => Err(FormError::Signature),
    }
}

/// Puts a DER integer, non-negative and in its shortest form, at the end of 32 bytes.
fn put(integer: &[u8], into: &mut [u8]) -> Result<(), FormError> {
    let magnitude = match integer {
        [0, high, ..] if *high >= 0x80 => &integer[1..],
        [0, _, ..] | [] | [0x80..=0xff, ..] => return Err(FormError::Signature),
        all => all,
    };
    let start = into.len().checked_sub(magnitude.len()).ok_or(FormError::Signature)?;
    into[start..].copy_from_slice(magnitude);
    Ok(())
}
