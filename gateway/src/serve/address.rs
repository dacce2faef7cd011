//! How many connections each address has open, so that one of them does not take all places.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts open connections by address. Clones share the counts.
#[derive(Clone)]
pub(super) struct Addresses {
    most: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Addresses {
    /// Each address may have so many.
    pub(super) fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// Counts one more, for as long as the value lives. `None` when the address has as many as it may.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Entered> {
        let address = place(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Entered { addresses: self.clone(), address })
    }
}

/// A connection that is counted.
pub(super) struct Entered {
    addresses: Addresses,
    address: IpAddr,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.addresses.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: of IPv6 the /64 that one customer has, of IPv4 the address itself, mapped or not.
fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_places_and_gives_them_back() {
        let addresses = Addresses::new(2);
        let enter = |address: &str| addresses.enter(address.parse().unwrap());
        let (one, two) = (enter("192.0.2.7"), enter("::ffff:192.0.2.7"));
        assert!(one.is_some() && two.is_some() && enter("192.0.2.7").is_none());
        let (six, neighbour) = (enter("2001:db8::1"), enter("2001:db8::2"));
        assert!(six.is_some() && neighbour.is_some() && enter("2001:db8::3").is_none());
        assert!(enter("2001:db8:0:1::1").is_some() && enter("192.0.2.8").is_some());
        drop(two);
        assert!(enter("192.0.2.7").is_some());
        drop((one, six, neighbour));
        assert!(addresses.open.lock().unwrap().is_empty(), "nothing is kept of those that are gone");
    }
}
