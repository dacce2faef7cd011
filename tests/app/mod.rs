//! The phone's app against doubles: a gateway that lies, a keystore and a clock that a test sets. Tests named after a
//! refusal of `push-v1.md` section 14 stand in a module of its group's name.

mod accounts;
mod bad_wire;
mod challenge;
mod crash;
mod enrol_phone;
mod events;
mod files;
pub mod gateway;
mod history;
mod keys;
mod leave;
mod life;
mod limits;
mod locking;
mod meta;
mod moving;
mod net;
mod notices;
mod offline;
mod page;
pub mod phone;
mod real;
mod relay;
mod reply;
mod restored;
pub mod seal;
mod slots;
mod torn;
mod transfer;
mod two;
mod unsigned;
