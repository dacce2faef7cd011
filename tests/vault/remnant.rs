//! After the vault is locked no seed is left in the memory of the process.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};

use countersign_core::vault::{Kind, NewAccount};
use countersign_protocol::Secret;

use super::story;

const SEEDS: u64 = 60;
const LEN: usize = 20;
/// Canaries stand in memory only under this mask, so that looking for one does not make one.
const MASK: u8 = 0xA5;

/// Seed `n`, masked: bytes of a small generator.
fn masked(n: u64) -> [u8; LEN] {
    let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    std::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    })
}

fn seed(n: u64) -> Secret {
    let mut bytes = Vec::with_capacity(LEN);
    bytes.extend(masked(n).iter().map(|byte| byte ^ MASK));
    Secret::new(bytes)
}

/// How many seeds stand somewhere in the memory of this process.
fn remnants() -> usize {
    let mut found = vec![false; SEEDS as usize];
    // By their first two bytes, so that each place of memory is compared with few.
    let mut starts: Vec<Vec<usize>> = vec![vec![]; 1 << 16];
    let needles: Vec<[u8; LEN]> = (0..SEEDS).map(masked).collect();
    for (n, needle) in needles.iter().enumerate() {
        starts[usize::from(needle[0]) << 8 | usize::from(needle[1])].push(n);
    }
    let mut memory = fs::File::open("/proc/self/mem").unwrap();
    for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut bytes = vec![0; (to - from) as usize];
        if memory.seek(SeekFrom::Start(from)).is_err() || memory.read_exact(&mut bytes).is_err() {
            continue;
        }
        bytes.iter_mut().for_each(|byte| *byte ^= MASK);
        for at in 0..bytes.len().saturating_sub(LEN - 1) {
            for n in &starts[usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1])] {
                found[*n] |= bytes[at..at + LEN] == needles[*n];
            }
        }
    }
    found.into_iter().filter(|found| *found).count()
}

/// Works with a vault, locks it, and looks. A process of its own: other tests would stand in its memory.
#[test]
#[ignore = "started by the suite, in a process of its own"]
fn holder() {
    let folder = story::child_folder().expect("started by the suite");
    let mut vault = story::create(&folder, 1).unwrap();
    for n in 0..SEEDS {
        vault.add(&NewAccount { secret: seed(n), ..story::account(4 * n) }).unwrap();
    }
    vault.lock();
    vault.unlock(&story::passphrase()).unwrap();
    let accounts = vault.accounts().unwrap();
    assert!(accounts.iter().all(|account| matches!(account.kind, Kind::Totp(_))));
    assert_eq!(vault.codes(59).unwrap().rows.len(), SEEDS as usize);
    vault.codes(61).unwrap();
    let shown = vault.seed(accounts[0].id).unwrap();
    vault.note(accounts[1].id).unwrap();
    vault
        .edit(accounts[2].id, &countersign_core::vault::Edit { name: Some("x".into()), ..Default::default() })
        .unwrap();
    vault.delete(accounts[3].id).unwrap();
    assert!(remnants() >= 1, "a seed that is held is found");
    drop(shown);
    vault.lock();
    let kept = std::env::var_os("COUNTERSIGN_TEST_SABOTEUR").map(|_| seed(7));
    println!("remnants: {}", remnants());
    drop(kept);
}

fn left(saboteur: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let words = story::child("vault::remnant::holder");
    let mut command = std::process::Command::new(&words[0]);
    command.args(&words[1..]).env("COUNTERSIGN_TEST_FOLDER", folder.path());
    if saboteur {
        command.env("COUNTERSIGN_TEST_SABOTEUR", "1");
    }
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let line = printed.lines().find_map(|line| line.split("remnants: ").nth(1));
    line.unwrap_or_else(|| panic!("it says what it found: {printed}")).to_owned()
}

#[test]
fn no_seed_is_left_in_memory_after_lock() {
    assert_eq!(left(false), "0");
}

#[test]
fn a_program_that_keeps_a_seed_is_found_out() {
    assert_eq!(left(true), "1");
}
