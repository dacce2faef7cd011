//! Ports for programs that bind them later, or again after they were killed.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Where they begin.
const FIRST: u32 = 15_000;
/// Where they end, if the system gives out none below that.
const END: u32 = 30_000;

/// A port of 127.0.0.1 on which nobody listens. The system gives it to no connection meanwhile: it lies below those that it
/// gives out by itself, which every other test's sockets are drawn from. Two test programs side by side begin far apart.
///
/// # Panics
/// When each is taken.
pub fn port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let many = given_out().clamp(FIRST + 1_000, END) - FIRST;
    let begin = std::process::id().wrapping_mul(7_919);
    let mut ports = (0..many).map(|_| FIRST + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % many);
    let free = ports.find_map(|port| {
        let port = u16::try_from(port).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(port)
    });
    free.expect("a port that is free")
}

/// The first port that the system gives out by itself.
fn given_out() -> u32 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(END)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_port_is_another_and_free_and_given_to_no_connection() {
        let ports: Vec<u16> = (0..50).map(|_| port()).collect();
        let listening: Vec<_> = ports.iter().map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port))).collect();
        assert!(listening.iter().filter(|it| it.is_ok()).count() > 45, "others may have taken one since");
        let unlike: std::collections::BTreeSet<_> = ports.iter().collect();
        assert_eq!(unlike.len(), ports.len());
        assert!(ports.iter().all(|port| u32::from(*port) < given_out().max(FIRST + 1_000)));
    }
}
