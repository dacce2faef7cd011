//! The vault under what happens to files: kills, power cuts, failing disks, damaged bytes.
//!
//! Short forms run in every test run; `COUNTERSIGN_TORTURE=1` makes them long (`cargo xtask torture`).

mod bitflip;
mod crash;
pub mod disk;
pub mod duress;
mod erase;
mod errno;
mod list;
mod migrate;
mod reader;
mod remnant;
pub mod story;
pub mod trace;
mod vectors;

/// `short` in every run, `long` under torture.
pub fn effort(short: usize, long: usize) -> usize {
    if std::env::var_os("COUNTERSIGN_TORTURE").is_some() { long } else { short }
}

/// What all tests with a [`quick_folder`] have in it at once, in bytes, and more.
const ROOM: u64 = 512 << 20;

/// A folder for many short-lived files: in memory where there is such a place, and room in it. In a plain container it is
/// 64 MB, and a full one looks like a lost commit.
pub fn quick_folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let has_room = rustix::fs::statvfs(memory).is_ok_and(|it| it.f_bavail.saturating_mul(it.f_frsize) >= ROOM);
    tempfile::tempdir_in(if has_room { memory.to_owned() } else { std::env::temp_dir() }).unwrap()
}
