//! What the list costs, as counts: a shell asks for it each second, and between two changes it must cost nothing.

use allocation_counter::measure;
use countersign_core::vault::Vault;

use super::{quick_folder, story};

const ROWS: u64 = 60;
const NOW: u64 = 1_795_260_000;

/// A vault of so many accounts, its names in memory as behind a list.
fn listed() -> (tempfile::TempDir, Vault) {
    let folder = quick_folder();
    let mut vault = story::create(folder.path(), 0x6C69_7374).unwrap();
    for n in 1..=ROWS {
        vault.add(&story::account(n)).unwrap();
    }
    vault.accounts().unwrap();
    (folder, vault)
}

fn allocations(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

#[test]
fn a_list_in_which_nothing_changes_allocates_nothing() {
    let (_folder, mut vault) = listed();
    let first = allocations(|| drop(vault.codes(NOW).unwrap()));
    assert!(first <= 3 * ROWS + 32, "{first} for {ROWS} rows");
    vault.codes(NOW + 1).unwrap();
    for later in 2..30 {
        let shown = vault.codes(NOW + later).unwrap();
        assert_eq!(allocations(|| drop(vault.codes(NOW + later).unwrap())), 0, "{later} s later");
        assert_eq!(shown.rows.len() as u64, ROWS);
    }
    let next = allocations(|| drop(vault.codes(NOW + 30).unwrap()));
    assert!(next <= 3 * ROWS + 32, "{next} for {ROWS} rows at the end of a period");
}
