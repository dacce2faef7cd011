//! Approvals: one question to one person, from whatever began it to whoever consumes it.
//!
//! This is the one path (begin, wait, answer, code, resend, cancel, consume) that the login page uses now and that other
//! doors will use later. State, digits, tries and expiry are the approval's own and stand in one row, so two phones cannot
//! both decide. Each decision is one guarded update in one transaction with its audit row (`push-v1.md` §7, §10).
//!
//! - [`rule`] decides: pure functions of what the store knows
//! - [`record`] is what is remembered and the trait [`Store`]; [`store`] does it in SQL
//! - [`service`] tells the story: draws, seals, signs, calls the store, wakes who waits; [`answer`] is its part of what phones
//!   answer

pub mod answer;
pub mod challenge;
pub mod offline;
pub mod record;
pub mod rule;
pub mod service;
pub mod shown;
pub mod store;

use std::fmt;
use std::net::IpAddr;

pub use record::Store;
pub use rule::Policy;
pub use service::{Approvals, Ask, Begin};
pub use shown::Shown;

/// Where an approval stands (`push-v1.md` §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has decided. «Open» everywhere.
    Pending,
    /// A phone or a code said yes; it counts only once consumed.
    Approved,
    /// Taken by the one that began it.
    Consumed,
    /// A phone said no.
    Denied,
    /// A phone said that somebody else is at work.
    Reported,
    /// The tries are used up.
    Failed,
    /// Nobody answered in time.
    Expired,
    /// Approved and not consumed in time.
    Lapsed,
    /// Called off by the page, the person's end, or the last phone's.
    Cancelled,
}

impl State {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Pending, "pending"),
        (Self::Approved, "approved"),
        (Self::Consumed, "consumed"),
        (Self::Denied, "denied"),
        (Self::Reported, "reported"),
        (Self::Failed, "failed"),
        (Self::Expired, "expired"),
        (Self::Lapsed, "lapsed"),
        (Self::Cancelled, "cancelled"),
    ];

    /// The word in the store, in the audit and on the wire of pages.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }

    /// The state that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
    }

    /// Whether nothing changes it any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Approved)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the phones were asked, or why not. Without a push the code field is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Push {
    /// Every active phone has a challenge.
    Sent,
    /// The person has no active phone.
    NoPhone,
    /// One approval of this person is open already.
    Open,
    /// Somebody said no to this client from this network within the hour.
    Denied,
    /// Too many pushes since the last success.
    Limit,
    /// Ten wrong numbers in a row: off until another second factor.
    Off,
}

impl Push {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Sent, "sent"),
        (Self::NoPhone, "no_phone"),
        (Self::Open, "open"),
        (Self::Denied, "denied"),
        (Self::Limit, "limit"),
        (Self::Off, "off"),
    ];

    /// The word in the store and in texts.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(push, _)| *push == self).map_or("", |(_, word)| word)
    }

    /// The value that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(push, _)| *push)
    }
}

/// What decided an approval; from it the gateway derives how strong a login was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Means {
    /// Digits typed on the phone.
    Digits,
    /// The page's QR scanned by the phone's camera.
    Qr,
    /// A time-based code typed where the approval began.
    Code,
    /// The answer code of a phone without a network, typed there.
    Answer,
}

impl Means {
    const ALL: [Self; 4] = [Self::Digits, Self::Qr, Self::Code, Self::Answer];

    /// The word in the store and in the audit.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Qr => "qr",
            Self::Code => "code",
            Self::Answer => "answer_code",
        }
    }

    /// The value that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|means| means.as_str() == word)
    }
}

/// The network that an address stands in: IPv4 /24, IPv6 /48. An IPv4 address mapped into IPv6 counts as IPv4.
///
/// ```
/// # use countersign_gateway::approval::network;
/// assert_eq!(network("192.0.2.77".parse().unwrap()), "192.0.2.0/24");
/// assert_eq!(network("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1::/48");
/// ```
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_as_what_they_name() {
        for (state, word) in State::ALL {
            assert_eq!((State::from_word(word), state.as_str()), (Some(state), word));
        }
        for (push, word) in Push::ALL {
            assert_eq!((Push::from_word(word), push.as_str()), (Some(push), word));
        }
        for means in Means::ALL {
            assert_eq!(Means::from_word(means.as_str()), Some(means));
        }
        assert_eq!((State::from_word("open"), Push::from_word(""), Means::from_word("push")), (None, None, None));
    }

    #[test]
    fn a_mapped_address_stands_in_its_own_network() {
        assert_eq!(network("::ffff:198.51.100.9".parse().unwrap()), "198.51.100.0/24");
        assert_ne!(network("198.51.101.9".parse().unwrap()), network("198.51.100.9".parse().unwrap()));
    }
}
