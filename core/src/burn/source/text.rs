//! The bytes of a file as text.

use std::ops::Deref;

use zeroize::Zeroizing;

use super::SourceError;
use crate::limits;

/// Text that may hold seeds: lent by the file where it can be, and wiped where it was made anew.
pub(crate) enum Text<'a> {
    /// A part of the file.
    Lent(&'a str),
    /// Made anew.
    Own(Zeroizing<String>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Lent(text) => text,
            Self::Own(text) => text,
        }
    }
}

/// UTF-8 with a mark or without, UTF-16 with its mark.
///
/// # Errors
/// [`SourceError::TooLong`], [`SourceError::NotText`].
pub(crate) fn decode(bytes: &[u8]) -> Result<Text<'_>, SourceError> {
    if bytes.len() > limits::BURN_FILE {
        return Err(SourceError::TooLong(bytes.len()));
    }
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => narrow(rest),
        _ => narrow(bytes),
    }
}

fn narrow(bytes: &[u8]) -> Result<Text<'_>, SourceError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SourceError::NotText)?;
    if text.contains('\0') { Err(SourceError::NotText) } else { Ok(Text::Lent(text)) }
}

fn wide<'a>(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Text<'a>, SourceError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    // Three bytes of UTF-8 are the most that two of UTF-16 become: it never grows, and leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.ok().filter(|c| *c != '\0').ok_or(SourceError::NotText)?);
    }
    if rest.is_empty() { Ok(Text::Own(text)) } else { Err(SourceError::NotText) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<String, SourceError> {
        decode(bytes).map(|text| text.to_string())
    }

    #[test]
    fn marks_are_taken_off_and_what_is_no_text_is_refused() {
        assert_eq!(read("é,1".as_bytes()).as_deref(), Ok("é,1"));
        assert_eq!(read(b"\xef\xbb\xbfa").as_deref(), Ok("a"));
        assert_eq!(read(b"\xff\xfe\xe9\x00a\x00").as_deref(), Ok("éa"));
        assert_eq!(read(b"\xfe\xff\x00\xe9\xd8\x3d\xde\x00").as_deref(), Ok("é\u{1f600}"));
        for bytes in [&b"\xff"[..], b"\xff\xfe\xe9", b"\xff\xfe\x00\xd8", b"a\0b", b"\xfe\xff\0\0"] {
            assert_eq!(read(bytes), Err(SourceError::NotText), "{bytes:?}");
        }
        for (more, fits) in [(0, true), (1, false)] {
            assert_eq!(read(&vec![b' '; limits::BURN_FILE + more]).is_ok(), fits);
        }
    }
}
