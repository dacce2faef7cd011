//! Devices of people: codes that enrol a phone, authenticator apps, and the pages that manage both.
//!
//! A phone scans a one-time code, sends its keys, and is pending until the person types the phone's six digits into the
//! page (`push-v1.md` §5). An authenticator app scans a plain key URI and is pending until its first right code. Whoever
//! starts that has said yes to adding a device, on a phone or by its code, or shown a voucher, within ten minutes (§5.6).
//!
//! - [`record`] is what is remembered and the trait [`Store`]; [`store`] does it in SQL
//! - [`accept`] takes the phone's request, in the order of §5.3; [`codes`] makes the code that it answers
//! - [`devices`] confirms, renames, suspends, removes and checks codes
//! - [`changes`] is what is remembered of enrolled phones that change; [`change`] is their keys and bells, [`moving`] the
//!   way to a new phone
//! - [`route`] is `/manageotp`, `adding` and `suspended` its pages of adding and of suspension, [`pages`] what they draw

pub mod accept;
mod adding;
pub mod change;
pub mod changes;
pub mod codes;
pub mod devices;
pub mod moving;
pub mod pages;
pub mod record;
pub mod route;
pub mod stale;

pub mod store;
mod suspended;
pub mod totp;

pub use devices::Devices;
pub use record::{Device, DeviceState, Kind, Store};

/// Devices a person: pending, active and suspended ones together.
pub const DEVICES: u32 = 5;
/// Enrolments accepted a day and person.
pub const ENROLMENTS: u32 = 5;
/// Life of an enrolment code, and of a pending device after acceptance, in seconds.
pub const LIFE: u64 = 600;
/// Wrong digits until a pending device is refused.
pub const TRIES: u8 = 3;
/// Seconds past its end that a code is remembered for repeats.
pub const KEPT: u64 = 3600;
/// Days that the keys of a gone device are kept, so that it can be told.
pub const GONE_KEPT: u64 = 400 * 86_400;
