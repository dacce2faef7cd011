//! What unlocking says of a damaged or changed file, and what it does about it.

use super::*;

/// Changes the file by SQL, unlocks, and says what was found.
fn after(sql: &str) -> (Folder, Vault) {
    let folder = Folder::new();
    let key = folder.filled(5);
    folder.sql(sql);
    let mut vault = folder.open();
    vault.unlock_with(&key).unwrap();
    (folder, vault)
}

fn damaged_ids(vault: &Vault) -> Vec<u64> {
    vault.damaged().unwrap().iter().map(|damaged| damaged.id.0).collect()
}

#[test]
fn a_damaged_account_is_named_kept_and_can_be_deleted() {
    let (folder, mut vault) = after(
        "UPDATE account SET seed = CAST(substr(seed, 1, 20) || x'FFFF' || substr(seed, 23) AS BLOB) WHERE id = 2",
    );
    assert_eq!(damaged_ids(&vault), [2]);
    let damaged = vault.damaged().unwrap()[0].clone();
    assert_eq!((damaged.position, damaged.label.unwrap().issuer.as_str()), (2, "Issuer 2"));
    assert_eq!(issuers(&mut vault), ["Issuer 1", "Issuer 3", "Issuer 4", "Issuer 5"]);
    assert!(matches!(vault.seed(AccountId(2)), Err(Error::Input(InputError::Damaged(2)))));
    assert_eq!(vault.report().unwrap().damage.len(), 1);
    assert_eq!(folder.kept().len(), 1);
    // Found again it is the same damage, and no second copy is kept.
    let key = vault.key().unwrap();
    vault.add(&totp(9)).unwrap();
    vault.lock();
    vault.unlock_with(&key).unwrap();
    assert_eq!((damaged_ids(&vault), folder.kept().len()), (vec![2], 1));
    let again = vault.add(&totp(2)).unwrap();
    assert!(again.0 > 5, "the damaged one does not stand in the way");
    vault.delete(AccountId(2)).unwrap();
    vault.lock();
    vault.unlock_with(&key).unwrap();
    assert_eq!(*vault.report().unwrap(), Report::default());
}

/// Five accounts, of which the third has a note in two pieces: rows 48 and 49.
fn with_a_note() -> (Folder, VaultKey) {
    let folder = Folder::new();
    let mut vault = folder.create();
    for n in 1..=5 {
        let note = if n == 3 { "a word ".repeat(500) } else { String::new() };
        vault.add(&NewAccount { note, ..totp(n) }).unwrap();
    }
    let key = vault.key().unwrap();
    vault.lock();
    (folder, key)
}

/// Damage to a row's id and to its bytes: the piece opens nowhere, and stands where another account's note would be.
#[test]
fn a_damaged_piece_of_a_note_costs_no_account_but_its_own() {
    for (piece, stray) in [(48, 32), (48, 47), (49, 64), (49, 50)] {
        let (folder, key) = with_a_note();
        folder.sql(&format!(
            "UPDATE note SET id = {stray}, body = CAST(substr(body, 1, 40) || x'FFFFFF' || substr(body, 44) AS BLOB) WHERE id = {piece}"
        ));
        let mut vault = folder.open();
        vault.unlock_with(&key).unwrap();
        let which = format!("{piece} at {stray}");
        assert_eq!(vault.report().unwrap().damage, [Damage::Note(AccountId(3))], "{which}");
        assert_eq!(vault.note(AccountId(3)), Err(InputError::Damaged(3).into()), "{which}");
        for id in [1, 2, 4, 5] {
            assert_eq!(vault.note(AccountId(id)).unwrap().as_str(), "", "{which}: account {id}");
        }
        vault.edit(AccountId(2), &Edit { note: Some("mine".into()), ..Edit::default() }).unwrap();
        vault.edit(AccountId(3), &Edit { note: Some("again".into()), ..Edit::default() }).unwrap();
        vault.lock();
        vault.unlock_with(&key).unwrap();
        assert_eq!(*vault.report().unwrap(), Report::default(), "{which}");
        assert_eq!(vault.note(AccountId(2)).unwrap().as_str(), "mine", "{which}");
        assert_eq!(vault.note(AccountId(3)).unwrap().as_str(), "again", "{which}");
    }
}

/// A piece that a shorter note no longer has is there again: it opens, but it is of an older version.
#[test]
fn an_old_piece_behind_a_shorter_note_changes_nothing() {
    let (folder, key) = with_a_note();
    let old = folder.path().with_file_name("old.db");
    fs::copy(folder.path(), &old).unwrap();
    let mut vault = folder.open();
    vault.unlock_with(&key).unwrap();
    vault.edit(AccountId(3), &Edit { note: Some("short".into()), ..Edit::default() }).unwrap();
    vault.lock();
    folder.sql(&format!("ATTACH '{}' AS old; INSERT INTO note SELECT * FROM old.note WHERE id = 49", old.display()));
    vault.unlock_with(&key).unwrap();
    assert_eq!(*vault.report().unwrap(), Report::default());
    assert_eq!(vault.note(AccountId(3)).unwrap().as_str(), "short");
    vault.edit(AccountId(3), &Edit { name: Some("new".into()), ..Edit::default() }).unwrap();
    assert_eq!(vault.note(AccountId(3)).unwrap().as_str(), "short");
}

#[test]
fn rows_swapped_or_copied_are_noticed_and_put_right() {
    let all = ["Issuer 1", "Issuer 2", "Issuer 3", "Issuer 4", "Issuer 5"];
    let swap = "UPDATE account SET id = 9 WHERE id = 1; UPDATE account SET id = 1 WHERE id = 3; UPDATE account SET id = 3 WHERE id = 9";
    let copy = "INSERT INTO account SELECT 77, seed, label FROM account WHERE id = 4";
    for sql in [swap, copy] {
        let (folder, mut vault) = after(sql);
        assert_eq!(vault.report().unwrap().damage, [Damage::Structure]);
        assert_eq!(issuers(&mut vault), all);
        assert_eq!(folder.kept().len(), 1);
    }
    let (_folder, mut vault) = after("UPDATE account SET seed = (SELECT seed FROM account WHERE id = 4) WHERE id = 5");
    assert_eq!(damaged_ids(&vault), [5]);
    assert_eq!(issuers(&mut vault), all[..4]);
}

#[test]
fn a_deleted_row_is_noticed_and_told_once() {
    let (folder, mut vault) = after("DELETE FROM account WHERE id = 4");
    assert_eq!(vault.report().unwrap().damage, [Damage::Missing { id: Some(AccountId(4)), count: 1 }]);
    assert_eq!(folder.kept().len(), 1);
    let key = vault.key().unwrap();
    vault.add(&totp(8)).unwrap();
    vault.lock();
    vault.unlock_with(&key).unwrap();
    assert_eq!(vault.report().unwrap().damage.len(), 1, "it is told until it is accepted");
    vault.accept_damage().unwrap();
    vault.lock();
    vault.unlock_with(&key).unwrap();
    assert_eq!(*vault.report().unwrap(), Report::default());
}

#[test]
fn a_row_rolled_back_is_noticed_and_a_deleted_one_put_back_too() {
    let folder = Folder::new();
    let key = folder.filled(5);
    folder.sql("CREATE TEMP TABLE t AS SELECT 1; PRAGMA wal_checkpoint(TRUNCATE)");
    let old = folder.path().with_file_name("old.db");
    fs::copy(folder.path(), &old).unwrap();
    let mut vault = folder.open();
    vault.unlock_with(&key).unwrap();
    vault.edit(AccountId(3), &Edit { name: Some("new".into()), ..Edit::default() }).unwrap();
    vault.delete(AccountId(5)).unwrap();
    vault.empty_bin().unwrap();
    vault.lock();
    let now = fs::read(folder.path()).unwrap();
    let attach = format!("ATTACH '{}' AS old; ", old.display());
    for (sql, found) in [
        (
            "UPDATE account SET (seed, label) = (SELECT seed, label FROM old.account WHERE id = 3) WHERE id = 3",
            Damage::RolledBack(AccountId(3)),
        ),
        ("INSERT INTO account SELECT * FROM old.account WHERE id = 5", Damage::Surplus(AccountId(5))),
        ("UPDATE account SET seed = (SELECT seed FROM old.account WHERE id = 3) WHERE id = 3", Damage::Structure),
        ("UPDATE summary SET body = (SELECT body FROM old.summary)", Damage::Unexplained),
    ] {
        fs::write(folder.path(), &now).unwrap();
        folder.sql(&format!("{attach}{sql}"));
        let mut vault = folder.open();
        vault.unlock_with(&key).unwrap();
        let damage = vault.report().unwrap().damage.clone();
        if found == Damage::Structure {
            assert_eq!(damaged_ids(&vault), [3], "one column of a row cannot be rolled back alone");
        } else if found == Damage::Unexplained {
            assert!(!damage.is_empty(), "an old summary does not fit");
        } else {
            assert_eq!(damage, [found]);
        }
    }
}

#[test]
fn an_old_header_put_back_is_noticed() {
    let folder = Folder::new();
    let key = folder.filled(1);
    let old = folder.path().with_file_name("old.db");
    fs::copy(folder.path(), &old).unwrap();
    let mut vault = folder.open();
    vault.unlock_with(&key).unwrap();
    vault.change_passphrase(&secret("correct horse"), &secret("new"), KdfCost::LEAST).unwrap();
    vault.lock();
    folder.sql(&format!(
        "ATTACH '{}' AS old; DELETE FROM header; INSERT INTO header SELECT * FROM old.header",
        old.display()
    ));
    let mut vault = folder.open();
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!(vault.report().unwrap().damage, [Damage::Header]);
}

#[test]
fn a_lost_summary_is_told_and_made_anew() {
    let (_folder, mut vault) = after("DELETE FROM summary");
    assert_eq!(vault.report().unwrap().damage, [Damage::Summary]);
    let key = vault.key().unwrap();
    vault.add(&totp(6)).unwrap();
    vault.lock();
    vault.unlock_with(&key).unwrap();
    assert_eq!(*vault.report().unwrap(), Report::default());
    assert_eq!(issuers(&mut vault).len(), 6);
}

#[test]
fn a_broken_file_is_copied_aside_and_built_anew() {
    let folder = Folder::new();
    let key = folder.filled(30);
    let whole = fs::read(folder.path()).unwrap();
    let mut kept = 0;
    // The file's own header, the schema, a page's header.
    for at in [3, 17, 19, 57, 61, 100, 4000, 8192, 12_288] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xFF;
        fs::write(folder.path(), &bytes).unwrap();
        let mut vault = folder.open();
        vault.unlock_with(&key).unwrap();
        assert_eq!(issuers(&mut vault).len(), 30, "at {at}");
        let damage = vault.report().unwrap().damage.clone();
        assert_eq!(damage, [Damage::Structure], "at {at}");
        kept += 1;
        assert_eq!(folder.kept().len(), kept);
        vault.add(&totp(40)).unwrap();
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
        assert_eq!(*vault.report().unwrap(), Report::default(), "at {at}");
    }
}

#[test]
fn nobody_builds_a_file_anew_that_another_has_open() {
    let folder = Folder::new();
    let mut one = folder.create();
    one.add(&totp(1)).unwrap();
    one.checkpoint().unwrap();
    let key = one.key().unwrap();
    let mut bytes = fs::read(folder.path()).unwrap();
    bytes[3] ^= 1;
    fs::write(folder.path(), &bytes).unwrap();
    let mut two = folder.open();
    assert_eq!(two.unlock_with(&key), Err(PortError::Busy.into()));
    one.lock();
    two.unlock_with(&key).unwrap();
    assert_eq!(two.report().unwrap().damage, [Damage::Structure]);
}
