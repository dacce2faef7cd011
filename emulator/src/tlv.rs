//! Tag, length, value, with one byte of tag and lengths of ISO/IEC 7816-4: to 7F in one byte, then `81 xx`, `82 xx xx`.

use crate::apdu::Sw;

/// Appends one object.
pub(crate) fn put(to: &mut Vec<u8>, tag: u8, value: &[u8]) {
    to.push(tag);
    match value.len() {
        length @ 0..=0x7f => to.push(length as u8),
        length @ 0x80..=0xff => to.extend([0x81, length as u8]),
        length => {
            to.push(0x82);
            to.extend((length as u16).to_be_bytes());
        }
    }
    to.extend(value);
}

/// Takes one object with this tag off the front.
///
/// # Errors
/// [`Sw::DATA`] when another comes first, or it is longer than what there is.
pub(crate) fn take<'a>(from: &mut &'a [u8], tag: u8) -> Result<&'a [u8], Sw> {
    let (found, rest) = from.split_first().ok_or(Sw::DATA)?;
    if *found != tag {
        return Err(Sw::DATA);
    }
    let (length, rest) = length(rest)?;
    let (value, rest) = rest.split_at_checked(length).ok_or(Sw::DATA)?;
    *from = rest;
    Ok(value)
}

/// A length, and what comes after it.
pub(crate) fn length(from: &[u8]) -> Result<(usize, &[u8]), Sw> {
    match from {
        [length @ 0..=0x7f, rest @ ..] | [0x81, length, rest @ ..] => Ok(((*length).into(), rest)),
        [0x82, high, low, rest @ ..] => Ok((u16::from_be_bytes([*high, *low]).into(), rest)),
        _ => Err(Sw::DATA),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_come_back_as_they_were_put() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let value = vec![7; length];
            let mut bytes = vec![];
            put(&mut bytes, 0x71, &value);
            bytes.push(9);
            let mut left = &bytes[..];
            assert_eq!(take(&mut left, 0x71), Ok(&value[..]));
            assert_eq!(left, [9]);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for wrong in [&[][..], &[0x72, 0], &[0x71], &[0x71, 2, 1], &[0x71, 0x81], &[0x71, 0x80], &[0x71, 0x82, 1]] {
            assert_eq!(take(&mut { wrong }, 0x71), Err(Sw::DATA), "{wrong:02x?}");
        }
    }
}
