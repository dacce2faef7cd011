//! Which addresses may be called.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use countersign_protocol::push::endpoint;

/// A network: `10.1.2.0/24`, `fd00::/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    length: u8,
}

/// What is written is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a network")]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    /// Bits behind the length must be zero: `10.1.2.3/24` says two things at once.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (base, length) = match text.split_once('/') {
            Some((base, length)) => (base, Some(length)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| NotANetwork)?;
        let length = match length {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
            None => width(base),
        };
        let network = Self { base, length };
        let fits = length <= width(base) && network.prefix(base) == bits(base);
        if fits { Ok(network) } else { Err(NotANetwork) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.length)
    }
}

impl Network {
    /// Whether the address is in it. An IPv4 network holds no IPv6 address, and the other way round.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.base.is_ipv4() && self.prefix(address) == bits(self.base)
    }

    /// The address with the bits behind the length cleared.
    fn prefix(&self, address: IpAddr) -> u128 {
        let behind = u32::from(width(address).saturating_sub(self.length));
        let cleared = bits(address).checked_shr(behind).unwrap_or(0);
        cleared.checked_shl(behind).unwrap_or(0)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Which addresses may be called: what is globally reachable, and the operator's networks.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    allowed: Vec<Network>,
}

impl Reach {
    /// Globally reachable addresses and these networks.
    pub fn new(allowed: Vec<Network>) -> Self {
        Self { allowed }
    }

    /// Whether the address may be called. An IPv4 address inside an IPv6 one is judged by itself.
    pub fn allows(&self, address: IpAddr) -> bool {
        let inner = endpoint::unwrapped(address);
        endpoint::is_global(inner) || self.allowed.iter().any(|network| network.contains(inner))
    }

    /// Whether an endpoint may be taken, as far as its text tells.
    pub fn takes(&self, endpoint: &str) -> bool {
        endpoint::check_with(endpoint, |address| self.allows(address)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_its_addresses_alone() {
        for (text, inside, outside) in [
            ("10.1.2.0/24", "10.1.2.255", "10.1.3.0"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("::/0", "fd00::1", "8.8.8.8"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"),
        ] {
            assert!(network(text).contains(inside.parse().unwrap()), "{inside} in {text}");
            assert!(!network(text).contains(outside.parse().unwrap()), "{outside} in {text}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.1.2.3/24", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "ten/8", "10.0.0.0/8/8"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
        assert_eq!(network("10.1.2.0/24").to_string(), "10.1.2.0/24");
        assert_eq!(network("::1").to_string(), "::1/128");
    }

    #[test]
    fn an_address_in_an_address_is_judged_by_the_inner_one() {
        let reach = Reach::new(vec![network("10.1.2.0/24")]);
        for good in ["10.1.2.7", "::ffff:10.1.2.7", "64:ff9b::a01:207", "2002:a01:207::1", "8.8.8.8", "2606:4700::1"] {
            assert!(reach.allows(good.parse().unwrap()), "{good}");
        }
        for bad in ["10.1.3.7", "::ffff:10.1.3.7", "127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fd00::1"]
        {
            assert!(!reach.allows(bad.parse().unwrap()), "{bad}");
        }
    }
}
