//! The push protocol over real connections: what each side refuses, by the names of `push-v1.md` section 14.

mod answer;
mod context;
mod device;
mod endpoint;
mod enrol;
mod events;
mod json;
mod jwk;
mod jws;
mod keys;
mod last;
mod limits;
mod mutate;
mod names;
mod notice;
mod offline;
mod proof;
mod replay;
mod sender;
mod text;

/// Whether the long forms are asked for (`cargo xtask torture`).
fn is_long() -> bool {
    std::env::var_os("COUNTERSIGN_TORTURE").is_some()
}
