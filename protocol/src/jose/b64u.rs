//! base64url without padding (RFC 4648 section 5), one text for each value.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::FormError;

/// Writes bytes as base64url without padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url without padding.
///
/// # Errors
/// [`FormError::Base64`] on padding, blanks, another alphabet, an impossible length, or unused low
/// bits that are not zero.
pub fn decode(text: &str) -> Result<Vec<u8>, FormError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| FormError::Base64)
}

/// Reads base64url of exactly `N` bytes.
///
/// # Errors
/// [`FormError::Base64`] as [`decode`]; [`FormError::Size`] when it is another number of bytes.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], FormError> {
    if text.len() != (N * 4).div_ceil(3) {
        return Err(FormError::Size);
    }
    decode(text)?.try_into().map_err(|_| FormError::Size)
}
