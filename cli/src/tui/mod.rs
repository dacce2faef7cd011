//! `countersign tui`: a full-screen phone.
//!
//! [`state`] says what there is, [`update`](self::update) what an event does to it, [`view`] how it is drawn; none of
//! them knows a thread or a terminal. [`run`] and its workers own both. Where the terminal can do nothing but lines,
//! [`plain`] is the same phone as a conversation.

pub mod field;
pub mod model;
pub mod state;
pub mod update;
pub mod view;

#[cfg(test)]
mod view_tests;
