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

/// Which of `total` rounds this run makes: all of them, or a part, as `COUNTERSIGN_TORTURE_PART=2/10` says. What takes hours is made
/// in parts.
pub fn part(total: usize) -> std::ops::Range<usize> {
    let Ok(said) = std::env::var("COUNTERSIGN_TORTURE_PART") else { return 0..total };
    let (part, parts) = said.split_once('/').expect("a part, a stroke, how many parts");
    let [part, parts]: [usize; 2] = [part, parts].map(|number| number.parse().expect("a number"));
    assert!((1..=parts).contains(&part), "part {part} of {parts}");
    total * (part - 1) / parts..total * part / parts
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
