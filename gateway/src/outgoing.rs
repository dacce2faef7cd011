//! Calls to addresses that others chose: the endpoints of phones, and whatever comes later of that kind.
//!
//! There is one client for all of them, and it is careful ([`client`]): https alone, a name is resolved once, every
//! address is checked against IANA's special-purpose registries and the operator's allow-list ([`reach`]), and the
//! connection goes to a checked address. It knows no proxy, follows no redirect, reads little and waits not long
//! (push-v1 §9).

pub mod client;
pub mod reach;

pub use client::{Answer, Limits, Outgoing, OutgoingFault, Parts};
pub use reach::{Network, Reach};
