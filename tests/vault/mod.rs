//! The vault under what happens to files: kills, power cuts, failing disks, damaged bytes.
//!
//! Short forms run in every test run; `COUNTERSIGN_TORTURE=1` makes them long (`cargo xtask torture`).

mod bitflip;
mod crash;
pub mod disk;
mod errno;
mod remnant;
pub mod story;
pub mod trace;

/// `short` in every run, `long` under torture.
pub fn effort(short: usize, long: usize) -> usize {
    if std::env::var_os("COUNTERSIGN_TORTURE").is_some() { long } else { short }
}

/// A folder for many short-lived files: in memory where there is such a place.
pub fn quick_folder() -> tempfile::TempDir {
    let memory = std::path::PathBuf::from("/dev/shm");
    tempfile::tempdir_in(if memory.is_dir() { memory } else { std::env::temp_dir() }).unwrap()
}
