//! Push, the phone's side of `push-v1.md`: enrol, poll, verify, answer.
//!
//! The rules are functions of a [`Record`](crate::record::Record) and of what arrived; [`call`] is the way to the
//! gateway. Nothing here stores or locks: `App` brings rules, store and ports together.

pub mod answer;
pub(crate) mod attest;
pub mod bell;
pub mod call;
pub mod enrol;
pub mod events;
pub mod history;
pub(crate) mod icon;
pub mod keys;
pub mod meta;
pub(crate) mod moving;
pub mod offline;
pub mod page;
pub mod poll;
pub mod row;
