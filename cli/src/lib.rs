//! The desk shell: commands, the phone in the terminal, and the desk's ports.

pub mod args;
pub mod fault;
pub mod home;
pub mod port;
pub mod terminal;
pub mod tui;
