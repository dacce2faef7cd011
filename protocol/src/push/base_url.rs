//! `u`, the base URL of a gateway: its name in every message, compared byte for byte.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::jose::FormError;
use crate::limits::BASE_URL;
use crate::text::{canonical_ipv4, canonical_ipv6};

/// A base URL: `https://` host [`:` port] path, at most 200 bytes. Never normalised: what is not
/// already in the one form is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl(String);

const SCHEME: &str = "https://";

impl BaseUrl {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// HOST: host and port as written.
    pub fn host(&self) -> &str {
        let rest = &self.0[SCHEME.len()..];
        &rest[..rest.find('/').unwrap_or(rest.len())]
    }

    /// The URL of a call, as in `htu`: `join("poll")`.
    pub fn join(&self, call: &str) -> String {
        format!("{}/{call}", self.0)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = FormError;
    fn try_from(text: String) -> Result<Self, FormError> {
        if is_base_url(&text) { Ok(Self(text)) } else { Err(FormError::BaseUrl) }
    }
}

impl FromStr for BaseUrl {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        text.to_owned().try_into()
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_base_url(text: &str) -> bool {
    if text.len() > BASE_URL {
        return false;
    }
    let Some(rest) = text.strip_prefix(SCHEME) else { return false };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
        Some(at) => (&authority[..at], Some(&authority[at + 1..])),
        None => (authority, None),
    };
    is_host(host) && port.is_none_or(|port| port != "443" && is_port(port)) && is_path(path)
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return canonical_ipv6(inner).is_some();
    }
    if ends_in_number(host) {
        return canonical_ipv4(host).is_some();
    }
    host.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

/// Whether the last label is a number, decimal or hexadecimal: such a host is an address or nothing.
pub(super) fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let is_decimal = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    is_decimal || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// 1 to 65535, without leading zero.
pub(super) fn is_port(port: &str) -> bool {
    (1..=5).contains(&port.len())
        && !port.starts_with('0')
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok()
}

fn is_path(path: &str) -> bool {
    path.is_empty()
        || path.split('/').skip(1).all(|segment| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_so_many_bytes_and_no_more() {
        for (bytes, taken) in [(BASE_URL - 1, true), (BASE_URL, true), (BASE_URL + 1, false)] {
            let (host, end) = ("https://gate.example.com/", "/push/v1");
            let url = format!("{host}{}{end}", "a".repeat(bytes - host.len() - end.len()));
            assert_eq!((url.len(), url.parse::<BaseUrl>().is_ok()), (bytes, taken));
        }
    }
}
