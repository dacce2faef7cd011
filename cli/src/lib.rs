//! The desk shell: commands, the phone in the terminal, and the desk's ports.

pub mod tui;
