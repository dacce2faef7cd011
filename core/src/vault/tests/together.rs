//! Two programs with one vault open: nothing is lost, and each sees what the other saved.

use super::*;

#[test]
fn two_programs_on_one_vault_lose_nothing() {
    let folder = Folder::new();
    let mut one = folder.create();
    let mut two = folder.open();
    two.unlock_with(&one.key().unwrap()).unwrap();
    let counted = one.add(&hotp(0)).unwrap();
    assert_eq!(two.next_hotp(counted).unwrap().to_string(), "755224");
    assert_eq!(one.next_hotp(counted).unwrap().to_string(), "287082");
    std::thread::scope(|scope| {
        for (vault, from) in [(&mut one, 1), (&mut two, 21)] {
            scope.spawn(move || (from..from + 20).for_each(|n| assert!(vault.add(&totp(n)).is_ok())));
        }
    });
    one.change_passphrase(&secret("correct horse"), &secret("new"), KdfCost::LEAST).unwrap();
    assert_eq!((issuers(&mut one).len(), issuers(&mut two).len()), (41, 41));
    two.lock();
    two.unlock(&secret("new")).unwrap();
    assert_eq!(*two.report().unwrap(), Report::default());
}

#[test]
fn a_passphrase_that_another_program_changed_counts_at_once() {
    let folder = Folder::new();
    let mut one = folder.create();
    let (old, new) = (secret("correct horse"), secret("new"));
    let mut locked = folder.open();
    let mut open = folder.open();
    open.unlock(&old).unwrap();
    one.change_passphrase(&old, &new, KdfCost::LEAST).unwrap();
    assert_eq!(locked.unlock(&old), Err(InputError::WrongPassphrase.into()));
    locked.unlock(&new).unwrap();
    assert_eq!(open.change_passphrase(&old, &old, KdfCost::LEAST), Err(InputError::WrongPassphrase.into()));
    open.change_passphrase(&new, &old, KdfCost::LEAST).unwrap();
}

#[test]
fn what_another_program_saves_while_one_reads_is_left_out_and_noticed_after() {
    fn count(store: &Store) -> usize {
        let mut rows = 0;
        store.reader().each_account(|_, _, _| rows += 1).unwrap();
        rows
    }
    let folder = Folder::new();
    let mut one = folder.create();
    one.add(&totp(1)).unwrap();
    let mut store = Store::open(&folder.path()).unwrap();
    let look = |store: &mut Store| {
        let before = count(store);
        one.add(&totp(2)).unwrap();
        Ok((before, count(store)))
    };
    let (foreign, seen) = store.at_one_moment(look).unwrap();
    assert_eq!((seen, count(&store)), ((1, 1), 2));
    assert_ne!(store.reader().foreign_changes().unwrap(), foreign);
    let (foreign, rows) = store.at_one_moment(|store| Ok(count(store))).unwrap();
    assert_eq!((rows, store.reader().foreign_changes().unwrap()), (2, foreign));
}

#[test]
fn an_account_and_its_seed_are_read_as_they_stood_together_whatever_another_program_saves() {
    let folder = Folder::new();
    let mut one = folder.create();
    let id = one.add(&totp(1)).unwrap();
    let (key, before) = (one.key().unwrap(), one.get(id).unwrap().issuer.clone());
    let mut other = folder.open();
    other.unlock_with(&key).unwrap();
    let rename = Edit { issuer: Some("another".to_owned()), ..Edit::default() };
    let seen = one.at_one_moment(|vault| {
        let first = vault.get(id)?;
        other.edit(id, &rename)?;
        assert!(vault.add(&totp(2)).is_err(), "nothing is changed within");
        Ok((first.issuer.clone(), vault.get(id)?.issuer.clone(), vault.seed(id)?))
    });
    let (first, second, seed) = seen.unwrap();
    assert_eq!((first == before, second == before), (true, true));
    assert_eq!(seed.expose(), totp(1).secret.expose());
    assert_eq!(one.get(id).unwrap().issuer, "another");
    one.add(&totp(2)).unwrap();
}

/// Without them another process that closes the vault may take itself for the last, and remove the log that is written here.
#[cfg(target_os = "linux")]
#[test]
fn what_another_program_saved_is_read_without_giving_up_the_locks_of_the_file() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = Folder::new();
    let key = folder.filled(1);
    let mut vault = folder.open();
    vault.unlock_with(&key).unwrap();
    let (own, file) = (std::process::id().to_string(), format!(":{}", fs::metadata(folder.path()).unwrap().ino()));
    let locks = || {
        let all = fs::read_to_string("/proc/locks").unwrap();
        let words = all.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        words.filter(|words| words.contains(&"POSIX") && words[4] == own && words[5].ends_with(&file)).count()
    };
    assert!(locks() > 0, "SQLite holds one as long as the vault is open");
    folder.sql("UPDATE header SET body = body");
    assert_eq!(vault.accounts().unwrap().len(), 1);
    assert!(locks() > 0, "it is still there after the file was looked at");
}
