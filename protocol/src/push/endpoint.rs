//! Where a gateway may push to, as far as the text tells (push-v1 section 9). A name that leads to
//! a forbidden address is refused when connecting.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::base_url::{ends_in_number, is_port};
use crate::jose::Refused;
use crate::limits::ENDPOINT;
use crate::text::{canonical_ipv4, canonical_ipv6};

/// An endpoint whose form is checked, in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint<'a> {
    /// Host and port as written: what `Host` says.
    pub authority: &'a str,
    /// The host.
    pub host: Host<'a>,
    /// The port, 443 where none is written.
    pub port: u16,
    /// Path and query as written; may be empty, or begin with `?`.
    pub target: &'a str,
}

/// Where an endpoint leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name, to be resolved.
    Name(&'a str),
    /// An address in canonical form.
    Address(IpAddr),
}

/// Checks an endpoint: `https`, at most 1000 bytes, no user, no fragment, and a host that is a name
/// or an address in canonical form that is globally reachable.
///
/// # Errors
/// [`Refused::Endpoint`].
pub fn check(text: &str) -> Result<(), Refused> {
    check_with(text, is_global)
}

/// [`check`] for a gateway that may also reach other addresses: `may_reach` says which.
///
/// # Errors
/// [`Refused::Endpoint`].
pub fn check_with(text: &str, may_reach: impl Fn(IpAddr) -> bool) -> Result<(), Refused> {
    let is_reachable = match parse(text)?.host {
        Host::Address(address) => may_reach(address),
        Host::Name(name) if is_localhost(name) => {
            may_reach(Ipv4Addr::LOCALHOST.into()) || may_reach(Ipv6Addr::LOCALHOST.into())
        }
        Host::Name(_) => true,
    };
    if is_reachable { Ok(()) } else { Err(Refused::Endpoint) }
}

/// Reads an endpoint. Whether its address may be reached is not asked.
///
/// # Errors
/// [`Refused::Endpoint`] for any fault of form.
pub fn parse(text: &str) -> Result<Endpoint<'_>, Refused> {
    read(text).ok_or(Refused::Endpoint)
}

fn read(text: &str) -> Option<Endpoint<'_>> {
    // A browser's parser would drop or turn some of what is refused here: one reading, no other.
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte);
    if text.len() > ENDPOINT || !text.bytes().all(plain) {
        return None;
    }
    let rest = text.strip_prefix("https://")?;
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
        Some(at) => (&authority[..at], &authority[at + 1..]),
        None => (authority, "443"),
    };
    let port = if is_port(port) { port.parse().ok()? } else { return None };
    Some(Endpoint { authority, host: read_host(host)?, port, target })
}

fn read_host(host: &str) -> Option<Host<'_>> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return canonical_ipv6(inner).map(|address| Host::Address(address.into()));
    }
    if ends_in_number(host) {
        return canonical_ipv4(host).map(|address| Host::Address(address.into()));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    (host.len() <= 253 && host.split('.').all(is_label)).then_some(Host::Name(host))
}

fn is_localhost(name: &str) -> bool {
    name.rsplit('.').next().unwrap_or(name).eq_ignore_ascii_case("localhost")
}

/// Whether IANA's special-purpose address registries call the address globally reachable.
///
/// IPv4 inside IPv6 (`::ffff:0:0/96`, `64:ff9b::/96`, `2002::/16`) is unwrapped first; multicast is
/// not reachable, nor is what has not been given out as global unicast.
pub fn is_global(address: IpAddr) -> bool {
    match unwrapped(address) {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

/// The IPv4 address inside an IPv6 one (`::ffff:0:0/96`, `64:ff9b::/96`, `2002::/16`), else the address itself.
pub fn unwrapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(outer) => embedded_v4(outer).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let join = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => join(g, h),
        [0x2002, high, low, ..] => join(high, low),
        _ => None,
    }
}

/// IANA IPv4 Special-Purpose Address Registry, and multicast (RFC 5771).
fn is_global_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0, 0..=8 | 11..=255]
            | [192, 0, 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18..=19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// IANA IPv6 Special-Purpose Address Registry, within global unicast (RFC 4291 section 2.4).
fn is_global_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // 2001::/23, IETF protocol assignments: none but those the registry excepts.
        [0x2001, 1, 0, 0, 0, 0, 0, 1..=3] | [0x2001, 3 | 0x20..=0x3f, ..] | [0x2001, 4, 0x112, ..] => true,
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}
