//! The ways into a vault, and its end.

use super::*;
use crate::error::Rule;
use crate::limits;

/// A clock that a test sets.
struct Set(Mutex<u64>);

impl Clock for Set {
    fn now(&self) -> u64 {
        *self.0.lock().unwrap()
    }
    fn monotonic(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

fn kinds(vault: &mut Vault) -> Vec<SlotKind> {
    vault.slots().unwrap().iter().map(|row| row.kind).collect()
}

#[test]
fn slots_have_names_that_only_the_open_vault_tells() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let first = vault.slots().unwrap()[0].id;
    let sheet = Sheet::generate(&*random()).unwrap();
    let slot = vault.key().unwrap().sheet_slot(&sheet, &*random()).unwrap();
    let paper = vault.add_slot(slot, "in the drawer").unwrap();
    vault.name_slot(first, "by heart").unwrap();
    let rows = vault.slots().unwrap();
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["by heart", "in the drawer"]);
    assert!(rows.iter().all(|row| row.made.is_some() && row.used.is_none()));
    assert!(!format!("{rows:?}").contains("drawer"));
    vault.lock();
    assert_eq!(vault.slots().unwrap_err(), InputError::VaultLocked.into());
    for file in fs::read_dir(folder.folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"drawer" || part == b"heart\0"), "names are sealed");
    }
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!(vault.slots().unwrap(), rows);
    assert_eq!(*vault.report().unwrap(), Report::default());
    vault.name_slot(paper, "").unwrap();
    assert_eq!(vault.slots().unwrap()[1].name, "");
    assert_eq!(vault.name_slot(SlotId::of(77), "x"), Err(InputError::NotFound.into()));
}

#[test]
fn a_slots_name_holds_its_limit() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.slots().unwrap()[0].id;
    let most = limits::SLOT_NAME;
    for (count, taken) in [(0, true), (most - 1, true), (most, true), (most + 1, false), (most * 1000, false)] {
        assert_eq!(vault.name_slot(id, &"é".repeat(count)).is_ok(), taken, "{count}");
    }
    assert!(vault.name_slot(id, "two\nlines").is_err());
    assert_eq!(vault.slots().unwrap()[0].name.chars().count(), most);
}

#[test]
fn a_sheet_opens_its_vault_until_it_is_taken_back() {
    let (folder, other) = (Folder::new(), Folder::new());
    let mut vault = folder.create();
    let sheet = Sheet::generate(&*random()).unwrap();
    assert_eq!(vault.lockbox().open_sheet(&sheet).unwrap_err(), InputError::WrongSheet.into(), "no such slot yet");
    let slot = vault.key().unwrap().sheet_slot(&sheet, &*random()).unwrap();
    let id = vault.add_slot(slot, "").unwrap();
    vault.add(&totp(1)).unwrap();
    vault.lock();
    let opened = vault.lockbox().open_sheet(&Sheet::read(&sheet.qr_text()).unwrap()).unwrap();
    assert_eq!(opened.slot, id);
    vault.unlock_with(&opened.key).unwrap();
    assert_eq!(issuers(&mut vault), ["Issuer 1"]);
    assert_eq!(other.create().lockbox().open_sheet(&sheet).unwrap_err(), InputError::WrongSheet.into());
    assert!(vault.lockbox().open(&secret("another")).is_err(), "a sheet's slot takes no passphrase");
    vault.remove_slot(id).unwrap();
    vault.lock();
    assert_eq!(vault.lockbox().open_sheet(&sheet).unwrap_err(), InputError::WrongSheet.into());
    vault.unlock(&secret("correct horse")).unwrap();
}

#[test]
fn the_last_passphrase_stays_whatever_else_opens() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let first = vault.slots().unwrap()[0].id;
    assert_eq!(vault.remove_slot(first), Err(InputError::LastPassphrase.into()));
    vault.add_keystore_slot(&Wraps::default(), Guard::User, &Cancel::default()).unwrap();
    let key = vault.key().unwrap();
    let sheet = Sheet::generate(&*random()).unwrap();
    vault.add_slot(key.sheet_slot(&sheet, &*random()).unwrap(), "").unwrap();
    assert_eq!(vault.remove_slot(first), Err(InputError::LastPassphrase.into()));
    let second = key.passphrase_slot(&secret("second"), KdfCost::LEAST, &*random()).unwrap();
    let second = vault.add_slot(second, "").unwrap();
    let cheap = VaultKey::passphrase_slot(&key, &secret("cheap"), KdfCost::new(38 * 1024, 1, 1).unwrap(), &*random());
    vault.add_slot(cheap.unwrap(), "").unwrap();
    for passphrase in ["correct horse", "second", "cheap"] {
        assert!(vault.lockbox().open(&secret(passphrase)).is_ok(), "{passphrase}");
    }
    vault.remove_slot(first).unwrap();
    assert_eq!(vault.lockbox().open(&secret("correct horse")).unwrap_err(), InputError::WrongPassphrase.into());
    assert_eq!(vault.lockbox().open_timed(&secret("second"), &|| Default::default()).unwrap().slot, second);
}

#[test]
fn a_change_of_one_passphrase_leaves_the_other_and_a_sheet_replaces_all() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let key = vault.key().unwrap();
    let second = key.passphrase_slot(&secret("second"), KdfCost::LEAST, &*random()).unwrap();
    let second = vault.add_slot(second, "hers").unwrap();
    let dearer = KdfCost::new(20 * 1024, 2, 1).unwrap();
    vault.change_passphrase(&secret("second"), &secret("third"), dearer).unwrap();
    let rows = vault.slots().unwrap();
    assert_eq!((rows[1].id, rows[1].name.as_str(), rows[1].kind), (second, "hers", SlotKind::Passphrase(dearer)));
    assert_eq!(vault.cost(KdfCost::LEAST).unwrap(), KdfCost::LEAST, "the first is as cheap as it was");
    for (passphrase, opens) in [("correct horse", true), ("second", false), ("third", true)] {
        assert_eq!(vault.lockbox().open(&secret(passphrase)).is_ok(), opens, "{passphrase}");
    }
    vault.change_passphrase(&secret("correct horse"), &secret("first"), dearer).unwrap();
    assert_eq!(vault.cost(KdfCost::LEAST).unwrap(), dearer, "all reach it now");
    let cheap = key.passphrase_slot(&secret("cheap"), KdfCost::LEAST, &*random()).unwrap();
    let refused = InputError::Field { field: Named::KeyDerivation, rule: Rule::KdfLeast };
    assert_eq!(vault.add_slot(cheap, ""), Err(refused.into()));
    vault.replace_passphrase(key.passphrase_slot(&secret("anew"), dearer, &*random()).unwrap()).unwrap();
    assert_eq!(kinds(&mut vault), [SlotKind::Passphrase(dearer)]);
    vault.lock();
    vault.unlock(&secret("anew")).unwrap();
    assert_eq!(*vault.report().unwrap(), Report::default());
}

#[test]
fn a_cost_that_grows_keeps_slot_name_and_passphrase() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.slots().unwrap()[0].id;
    vault.name_slot(id, "by heart").unwrap();
    let before = vault.slots().unwrap();
    assert_eq!(vault.retuned(id, std::time::Duration::from_millis(400)).unwrap(), None);
    let dearer = vault.retuned(id, std::time::Duration::from_millis(40)).unwrap().unwrap();
    let slot = vault.key().unwrap().passphrase_slot(&secret("correct horse"), KdfCost::LEAST, &*random()).unwrap();
    let stale = KdfCost::new(21 * 1024, 2, 1).unwrap();
    assert_eq!(vault.retune(id, stale, slot), Err(InputError::NotFound.into()), "it is another one by now");
    // As dear as it should be would take half a second; a little dearer shows the same.
    assert!(dearer.reaches(KdfCost::new(46 * 1024, 1, 1).unwrap()));
    let slot = vault.key().unwrap().passphrase_slot(&secret("correct horse"), stale, &*random()).unwrap();
    vault.retune(id, KdfCost::LEAST, slot).unwrap();
    let after = vault.slots().unwrap();
    assert_eq!(after[0].kind, SlotKind::Passphrase(stale));
    assert_eq!((after[0].id, &after[0].name, after[0].made), (id, &before[0].name, before[0].made));
    vault.lock();
    vault.unlock(&secret("correct horse")).unwrap();
    let cheap = vault.key().unwrap().passphrase_slot(&secret("x"), KdfCost::LEAST, &*random()).unwrap();
    assert!(vault.retune(id, stale, cheap).is_err(), "it never shrinks");
}

#[test]
fn what_opened_is_written_down_once_a_day_and_the_passphrase_is_asked_for_again() {
    let folder = Folder::new();
    let day = limits::DAY;
    let clock = Arc::new(Set(Mutex::new(1_000 * day + 500)));
    let cost = KdfCost::LEAST;
    let mut vault =
        Vault::create(&folder.path(), &secret("correct horse"), cost, None, clock.clone(), random()).unwrap();
    let passphrase = vault.slots().unwrap()[0].id;
    let keystore = vault.add_keystore_slot(&Wraps::default(), Guard::User, &Cancel::default()).unwrap();
    let key = vault.key().unwrap();
    let mut on_day = |days: u64, by: SlotId| {
        vault.lock();
        *clock.0.lock().unwrap() = (1_000 + days) * day + 500;
        vault.unlock_with(&key).unwrap();
        vault.note_use(by);
        let due = vault.is_passphrase_due().unwrap();
        let revision = vault.unlocked().unwrap().header.revision;
        (due, revision)
    };
    assert_eq!((1..7).map(|n| on_day(n, keystore).0).collect::<Vec<_>>(), [false; 6]);
    assert!(on_day(7, keystore).0, "a week without the passphrase");
    assert!(!on_day(8, passphrase).0, "it was just typed");
    let (due, revision) = on_day(8, keystore);
    assert!(!due, "and it was written down");
    assert_eq!(on_day(8, keystore).1, revision + 1, "the day's first use of the keystore");
    assert_eq!(on_day(8, keystore).1, revision + 1, "the second one writes nothing");
    assert!(!on_day(21, keystore).0 && on_day(22, keystore).0, "now after two weeks");
    vault.lock();
    vault.unlock(&secret("correct horse")).unwrap();
    let used: Vec<_> = vault.slots().unwrap().iter().map(|row| row.used).collect();
    assert_eq!(used, [Some(1_008 * day), Some(1_022 * day)], "to the day");
    vault.remove_slot(keystore).unwrap();
    *clock.0.lock().unwrap() = 5_000 * day;
    assert!(!vault.is_passphrase_due().unwrap(), "nothing else opens it");
}

#[test]
fn a_copy_in_an_older_format_goes_when_what_opens_it_goes_and_not_before() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let key = vault.key().unwrap();
    let older = raw::beside(&folder.path(), ".format-1");
    let sheet = Sheet::generate(&*random()).unwrap();
    fs::write(&older, b"as it was").unwrap();
    let id = vault.add_slot(key.sheet_slot(&sheet, &*random()).unwrap(), "").unwrap();
    vault.name_slot(id, "drawer").unwrap();
    vault.set_auto_lock(AutoLock::default()).unwrap();
    let same = key.passphrase_slot(&secret("correct horse"), KdfCost::LEAST, &*random()).unwrap();
    vault.retune(SlotId::of(1), KdfCost::LEAST, same).unwrap();
    vault.note_use(id);
    vault.lock();
    assert!(older.exists());
    vault.unlock_with(&key).unwrap();
    vault.change_passphrase(&secret("correct horse"), &secret("new"), KdfCost::LEAST).unwrap();
    assert!(!older.exists());
    fs::write(&older, b"as it was").unwrap();
    vault.remove_slot(id).unwrap();
    assert!(!older.exists());
}

#[test]
fn the_rule_of_locking_is_kept_in_the_vault() {
    let folder = Folder::new();
    let mut vault = folder.create();
    assert_eq!(vault.auto_lock().unwrap(), AutoLock::default());
    let rule = AutoLock { after: None, on_leave: true, on_screen_off: false };
    vault.set_auto_lock(rule).unwrap();
    let beyond = AutoLock { after: Some(std::time::Duration::from_secs(*limits::AUTO_LOCK.end() + 1)), ..rule };
    let refused = InputError::Field { field: Named::AutoLock, rule: Rule::Range };
    assert_eq!(vault.set_auto_lock(beyond), Err(refused.into()));
    vault.lock();
    assert!(vault.auto_lock().is_err());
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!(vault.auto_lock().unwrap(), rule);
}

#[test]
fn a_damaged_book_costs_names_and_no_way_in() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.slots().unwrap()[0].id;
    vault.name_slot(id, "by heart").unwrap();
    vault.lock();
    // The last bytes before MAC and checksum are the book's, in both copies.
    folder.sql(
        "UPDATE header SET body = CAST(substr(body, 1, length(body) - 50) || x'0000' || substr(body, -48) AS BLOB)",
    );
    let mut vault = folder.open();
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!(vault.report().unwrap().damage, [Damage::Header]);
    assert_eq!(vault.slots().unwrap()[0].name, "");
    vault.name_slot(id, "again").unwrap();
    vault.lock();
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!((vault.slots().unwrap()[0].name.as_str(), vault.report().unwrap()), ("again", &Report::default()));
}

/// Everything that stands in the folder.
fn bytes_of(folder: &Path) -> Vec<u8> {
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.collect::<Vec<_>>().concat()
}

#[test]
fn an_erased_vault_leaves_no_file_and_no_sealed_byte() {
    let folder = Folder::new();
    folder.filled(3);
    // A damaged copy beside it, a half-made file, and a log that is full.
    folder.sql("UPDATE account SET seed = zeroblob(length(seed)) WHERE id = 2");
    let mut vault = folder.open();
    vault.unlock(&secret("correct horse")).unwrap();
    vault.add(&totp(9)).unwrap();
    assert_eq!(folder.kept().len(), 1);
    fs::write(raw::beside(&folder.path(), ".building"), b"half of a CSVH").unwrap();
    fs::write(folder.folder.path().join("other"), b"mine").unwrap();
    // Links to the same bytes outlive the names, and show what was overwritten.
    let kept = tempfile::tempdir_in(folder.folder.path().parent().unwrap()).unwrap();
    for entry in fs::read_dir(folder.folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::hard_link(entry.path(), kept.path().join(entry.file_name())).unwrap();
    }
    let sealed = |folder: &Path| bytes_of(folder).windows(3).any(|part| part == frame::MAGIC);
    assert!(sealed(kept.path()));
    // Another program has it open meanwhile.
    Vault::erase(&folder.path()).unwrap();
    assert!(!Vault::exists(&folder.path()));
    let names: Vec<_> = fs::read_dir(folder.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["other"]);
    assert_eq!(bytes_of(kept.path()).iter().filter(|byte| **byte != 0).count(), b"mine".len(), "only zeros are left");
    assert_eq!(open(&folder.path()).unwrap_err(), InputError::NoVault.into());
    drop(vault);
    assert_eq!(open(&folder.path()).unwrap_err(), InputError::NoVault.into(), "who had it open brings nothing back");
    let mut anew = folder.create();
    assert_eq!(anew.accounts().unwrap().len(), 0);
}

#[test]
fn an_erasure_that_was_begun_is_ended_by_whoever_comes_next() {
    let folder = Folder::new();
    folder.filled(1);
    fs::write(raw::beside(&folder.path(), ".erasing"), b"").unwrap();
    assert!(!Vault::exists(&folder.path()));
    assert_eq!(open(&folder.path()).unwrap_err(), InputError::NoVault.into());
    assert_eq!(fs::read_dir(folder.folder.path()).unwrap().count(), 0);
}
