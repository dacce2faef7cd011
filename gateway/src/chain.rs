//! The chain of keys that sign for this gateway: rotation and recovery (`push-v1.md` §3, §11).
//!
//! One key signs. A rotation makes the next one, and the key before signs a *link* to it, so that a phone which was away
//! finds the way. The key before stays listed until the last sign-in that it signed has ended, then its private half is
//! forgotten. A recovery begins a new *epoch*: a key that never was on this machine, the recovery key, vouches for it, and
//! nothing that an older key says counts any more.
//!
//! The commands `keys …` change the store, whether the gateway runs or not; one that runs looks every second whether a
//! number in it has changed ([decision 0012](../../docs/decisions/0012-keys-change-in-the-store.md)).
//!
//! - [`ring`] is the keys as they are remembered, and their rules; [`record`] the changes and the trait [`Store`], which
//!   [`store`] does in SQL
//! - [`service`] makes keys and signs links and recoveries; each change is one transaction on what it was decided on
//! - [`offline`] is the recovery key's file
//! - [`tend`] is what a running gateway does about it

pub mod offline;
pub mod record;
pub mod ring;
pub mod service;
pub mod store;
pub mod tend;

pub use record::Store;
pub use ring::{Key, Ring};
pub use service::{Chain, ChainFault, Parts, Vouched};
