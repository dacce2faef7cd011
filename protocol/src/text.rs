//! Text that is shown to people, and the other values that are (push-v1 section 2, «Shown text»).

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use unicode_normalization::char::is_combining_mark;

use crate::jose::FormError;
use crate::limits;

/// Shown text of 1 to `MAX` Unicode scalar values, without characters that hide, reorder or break
/// lines. It is never markup: whoever draws it escapes it, and isolates its direction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shown<const MAX: usize>(String);

/// `t32`.
pub type T32 = Shown<32>;
/// `t64`.
pub type T64 = Shown<64>;
/// `t128`.
pub type T128 = Shown<128>;
/// `t256`.
pub type T256 = Shown<256>;

impl<const MAX: usize> Shown<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Shown<MAX> {
    type Error = FormError;
    fn try_from(text: String) -> Result<Self, FormError> {
        // The count of bytes bounds the work; a scalar value has four of them at most.
        let fits = !text.is_empty() && text.len() <= 4 * MAX && text.chars().count() <= MAX;
        if fits && !text.chars().any(is_forbidden) { Ok(Self(text)) } else { Err(FormError::Text) }
    }
}

impl<const MAX: usize> TryFrom<&str> for Shown<MAX> {
    type Error = FormError;
    fn try_from(text: &str) -> Result<Self, FormError> {
        text.to_owned().try_into()
    }
}

impl<const MAX: usize> FromStr for Shown<MAX> {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        text.try_into()
    }
}

impl<const MAX: usize> From<Shown<MAX>> for String {
    fn from(text: Shown<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> fmt::Display for Shown<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether shown text must not hold this character.
pub fn is_forbidden(c: char) -> bool {
    matches!(
        c,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether this character is one combining mark too many on its letter. Asked of each character in turn, with a count that
/// begins at zero.
pub fn is_heaped(c: char, marks: &mut usize) -> bool {
    match c {
        // Joiners have no width, and part no marks.
        '\u{200c}' | '\u{200d}' => {}
        c if is_combining_mark(c) => *marks += 1,
        _ => *marks = 0,
    }
    is_combining_mark(c) && *marks > limits::COMBINING_MARKS
}

/// An address as it is shown: IPv4 in four decimal numbers, or IPv6 as RFC 5952 writes it, without
/// zone and never an IPv4-mapped one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShownIp(IpAddr);

impl ShownIp {
    /// The address.
    pub fn get(&self) -> IpAddr {
        self.0
    }
}

/// An IPv4-mapped address is taken as the IPv4 address it stands for.
impl From<IpAddr> for ShownIp {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl TryFrom<String> for ShownIp {
    type Error = FormError;
    fn try_from(text: String) -> Result<Self, FormError> {
        let address = canonical_ipv4(&text).map(IpAddr::V4).or_else(|| canonical_ipv6(&text).map(IpAddr::V6));
        address.filter(|address| address.to_canonical() == *address).map(Self).ok_or(FormError::Ip)
    }
}

impl From<ShownIp> for String {
    fn from(address: ShownIp) -> Self {
        address.to_string()
    }
}

impl fmt::Display for ShownIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads four decimal numbers without leading zeros.
pub(crate) fn canonical_ipv4(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok().filter(|address: &Ipv4Addr| address.to_string() == text)
}

/// Reads IPv6 only as RFC 5952 writes it.
pub(crate) fn canonical_ipv6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().filter(|address: &Ipv6Addr| address.to_string() == text)
}

/// `cc`: two letters A–Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl TryFrom<String> for Country {
    type Error = FormError;
    fn try_from(text: String) -> Result<Self, FormError> {
        let letters: [u8; 2] = text.as_bytes().try_into().map_err(|_| FormError::Text)?;
        if letters.iter().all(u8::is_ascii_uppercase) { Ok(Self(letters)) } else { Err(FormError::Text) }
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}
