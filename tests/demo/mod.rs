//! `cargo xtask demo` as a newcomer meets it: the built program in a terminal, by pipes, and when it is killed.

mod place;
mod terminal;
mod unattended;
