//! What is damaged, erased, or left over: neither vault loses what is not hit, and nothing of either stays.

use super::*;

/// A file that SQLite cannot read is built anew by either passphrase, and neither vault loses anything.
#[test]
fn a_broken_file_is_built_anew_by_either_passphrase() {
    for (first, then) in [(MINE, DECOY), (DECOY, MINE)] {
        let (folder, mut vault) = hidden(20, 5);
        vault.add(&totp(77)).unwrap();
        vault.lock();
        let mut bytes = fs::read(folder.path()).unwrap();
        bytes[20..60].fill(0xFF);
        bytes[4096 * 3..4096 * 3 + 8].fill(0xFF);
        fs::write(folder.path(), bytes).unwrap();
        let mut vault = folder.open();
        vault.unlock(&secret(first)).unwrap();
        assert_eq!(vault.report().unwrap().damage, [Damage::Structure]);
        vault.lock();
        for (passphrase, count) in [(first, None), (then, None), (MINE, Some(21)), (DECOY, Some(5))] {
            vault.unlock(&secret(passphrase)).unwrap();
            assert_eq!(*vault.report().unwrap(), Report::default(), "{passphrase}");
            count.into_iter().for_each(|count| assert_eq!(vault.accounts().unwrap().len(), count));
            vault.lock();
        }
    }
}

/// P3 beneath: a cell that is damaged costs at most the account that is in it, is noticed and named; one of the second place
/// costs nothing. In the decoy nobody can notice any of it.
#[test]
fn a_damaged_cell_costs_one_account_at_most_and_is_named() {
    let (folder, mut vault) = hidden(20, 2);
    let all = issuers(&mut vault);
    let (mine, shown) = (vault.key().unwrap(), key(&vault, DECOY));
    vault.lock();
    let whole = fs::read(folder.path()).unwrap();
    let cells: Vec<usize> = (0..whole.len())
        .filter(|at| frame::parse(&whole[*at..]).is_some_and(|frame| frame.tag.place == Place::Reserve))
        .collect();
    assert_eq!(cells.len() as u64, CELLS.end - CELLS.start);
    let (mut noticed, mut suffered) = (0, 0);
    // Those in use stand first; of the others a few.
    for (n, at) in cells.iter().enumerate().filter(|(n, _)| *n < 40 || n % 100 == 0) {
        for place in [0, 5, 9, 30, 100, 130, 243] {
            let mut bytes = whole.clone();
            bytes[at + place] ^= 0x11;
            fs::write(folder.path(), &bytes).unwrap();
            let mut vault = folder.open();
            if n < 2 {
                assert!(place == 243 || key(&vault, MINE).is_same(&mine), "either cell of the second place will do");
            }
            vault.unlock_with(&mine).unwrap();
            let report = vault.report().unwrap().clone();
            let left = issuers(&mut vault);
            let lost: Vec<usize> = (0..all.len()).filter(|n| !left.contains(&all[*n])).collect();
            assert!(lost.len() <= 1, "cell {n} + {place}: {lost:?}");
            let named: Vec<u64> = report
                .damage
                .iter()
                .filter_map(|damage| match damage {
                    Damage::Missing { id, count: 1 } => id.map(|id| id.0),
                    Damage::Account(account) => Some(account.id.0),
                    _ => None,
                })
                .collect();
            assert_eq!(lost.iter().map(|n| *n as u64 + 1).collect::<Vec<_>>(), named, "cell {n} + {place}: {report:?}");
            (noticed, suffered) = (noticed + usize::from(!report.damage.is_empty()), suffered + lost.len());
            vault.lock();
            let kept = report.kept.map(|kept| fs::remove_file(kept).unwrap());
            assert_eq!(kept.is_some(), !report.damage.is_empty());
            let mut vault = folder.open();
            vault.unlock_with(&shown).unwrap();
            assert_eq!((vault.accounts().unwrap().len(), vault.report().unwrap()), (2, &Report::default()));
        }
    }
    // Twenty accounts, header twice in three cells each, and summary.
    assert!(suffered == 20 * 7 && noticed >= 27 * 7, "{suffered}, {noticed}");
}

#[test]
fn an_erased_vault_leaves_nothing_of_either() {
    let (folder, mut vault) = hidden(5, 2);
    vault.lock();
    let linked = folder.folder.path().join("linked");
    fs::hard_link(folder.path(), &linked).unwrap();
    Vault::erase(&folder.path()).unwrap();
    assert!(fs::read(&linked).unwrap().iter().all(|byte| *byte == 0));
}

/// Nothing of the old file is left, nor of any copy of it: today's passphrase would open them.
#[test]
fn what_was_beside_the_vault_is_overwritten_when_it_is_hidden() {
    let folder = Folder::new();
    folder.filled(3);
    let mut vault = folder.open();
    vault.unlock(&secret(MINE)).unwrap();
    vault.checkpoint().unwrap();
    let beside = |suffix: &str| raw::beside(&folder.path(), suffix);
    let links = [("", "one"), (".damaged-0123456789ab", "two"), (".format-1", "three")];
    for (suffix, name) in links {
        if !suffix.is_empty() {
            fs::copy(folder.path(), beside(suffix)).unwrap();
        }
        fs::hard_link(beside(suffix), folder.folder.path().join(name)).unwrap();
    }
    vault.hide(&decoy(), &[]).unwrap();
    vault.lock();
    for (suffix, name) in links {
        assert!(suffix.is_empty() || !beside(suffix).exists(), "{suffix}");
        assert!(fs::read(folder.folder.path().join(name)).unwrap().iter().all(|byte| *byte == 0), "{name}");
    }
}
