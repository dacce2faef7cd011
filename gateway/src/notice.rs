//! Notices: what the phones of a person are told beside sign-ins (`push-v1.md` §6, `info`): a device was added or removed,
//! its keys changed, a recovery code was used, somebody was locked out.
//!
//! What happened is one row, written in the transaction of the thing itself; it is signed when a phone comes for it, so a
//! crash loses none and a change of the gateway's key costs nothing. A phone can only report a notice. A report of an added
//! device, within a week, or of one with changed keys suspends that device; every report is told to the administrator.
//!
//! - [`record`] is what is remembered and the trait [`Store`]; [`store`] does it in SQL
//! - [`service`] signs, lists, and wakes whoever waits

pub mod record;
pub mod service;
pub mod store;

pub use record::Store;
pub use service::Notices;

/// Seconds that a notice is listed.
pub const LIFE: u64 = countersign_protocol::limits::INFO_LIFE;
/// Seconds after its end in which a report is still answered as one.
pub const KEPT: u64 = 60 * 86_400;
/// Seconds after its activation in which a report of an added device suspends it.
pub const DOUBTED: u64 = 7 * 86_400;
