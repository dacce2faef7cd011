//! A decoy: nobody without the hidden vault's passphrase can tell that there is one, and the hidden vault loses nothing.

mod damage;

use std::cell::Cell;

use super::*;
use crate::vault::frame::{self, Place};
use crate::vault::reserve::{self, CELLS, SECOND};
use crate::vault::{header, raw};

const MINE: &str = "correct horse";
const DECOY: &str = "battery staple";

fn decoy() -> Decoy {
    Decoy::prepare(&secret(MINE), &secret(DECOY), KdfCost::LEAST, &*random()).unwrap()
}

/// A vault of `count` accounts, of which the first `shown` stay in the decoy. Unlocked: the hidden one.
fn hidden(count: u64, shown: u64) -> (Folder, Vault) {
    let folder = Folder::new();
    let mut vault = folder.create();
    (1..=count).for_each(|n| assert!(vault.add(&totp(n)).is_ok()));
    let keep: Vec<AccountId> = (1..=shown).map(AccountId).collect();
    vault.hide(&decoy(), &keep).unwrap();
    (folder, vault)
}

fn key(vault: &Vault, passphrase: &str) -> VaultKey {
    vault.lockbox().open(&secret(passphrase)).unwrap()
}

fn digits(vault: &mut Vault) -> Vec<String> {
    let codes = vault.codes(59).unwrap();
    codes.rows.iter().map(|row| row.live.as_ref().unwrap().code.to_string()).collect()
}

#[test]
fn one_passphrase_shows_the_decoy_and_the_other_everything() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let work = vault.add_group("Work").unwrap();
    let picture = Picture::kept((0..9_000_u32).map(|n| n as u8).collect());
    for n in 1..=30 {
        let note = if n % 7 == 0 { "a long note ".repeat(200) } else { format!("note {n}") };
        let details = Details { groups: vec![work], ..Details::default() };
        vault.add(&NewAccount { note, details, ..totp(n) }).unwrap();
    }
    vault.set_picture(&[AccountId(8), AccountId(9)], &picture).unwrap();
    vault.delete(AccountId(31)).unwrap();
    let (all, codes) = (issuers(&mut vault), digits(&mut vault));
    let created = vault.get(AccountId(8)).unwrap().created;
    vault.hide(&decoy(), &[AccountId(8), AccountId(15), AccountId(8)]).unwrap();
    assert!(vault.is_hidden().unwrap());
    for _ in 0..2 {
        assert_eq!((issuers(&mut vault), digits(&mut vault)), (all.clone(), codes.clone()));
        assert_eq!(*vault.report().unwrap(), Report::default());
        assert_eq!(vault.note(AccountId(8)).unwrap().as_str(), "a long note ".repeat(200));
        assert_eq!((vault.groups().unwrap().len(), vault.bin().unwrap().len()), (1, 1));
        vault.lock();
        vault.unlock(&secret(MINE)).unwrap();
    }
    vault.restore(&[AccountId(31)]).unwrap();
    vault.lock();
    vault.unlock(&secret(DECOY)).unwrap();
    assert!(!vault.is_hidden().unwrap());
    assert_eq!(*vault.report().unwrap(), Report::default());
    let shown = vault.accounts().unwrap();
    let ids: Vec<u64> = shown.iter().map(|account| account.id.0).collect();
    assert_eq!((ids, shown[0].created), (vec![3, 4], created), "one after the other, after group and icon");
    assert_eq!(digits(&mut vault), [codes[6].clone(), codes[13].clone()]);
    assert_eq!(vault.note(AccountId(3)).unwrap().as_str(), "a long note ".repeat(200));
    let Some(Icon::Picture(icon)) = shown[0].details.icon else { panic!("its picture came along") };
    assert_eq!(vault.picture(icon).unwrap(), picture);
    assert_eq!(vault.groups().unwrap()[0].id, shown[1].details.groups[0]);
    vault.lock();
    assert_eq!(vault.unlock(&secret("something else")), Err(InputError::WrongPassphrase.into()));
    vault.unlock(&secret(MINE)).unwrap();
    assert_eq!(vault.accounts().unwrap().len(), 30, "what was changed beneath is there");
}

#[test]
fn what_is_saved_in_either_is_there_and_touches_the_other_nowhere() {
    let (folder, mut vault) = hidden(5, 2);
    let mut other = folder.open();
    other.unlock_with(&key(&other, DECOY)).unwrap();
    for n in 0..10 {
        vault.add(&totp(100 + n)).unwrap();
        other.add(&totp(200 + n)).unwrap();
        let id = vault.accounts().unwrap()[0].id;
        vault.edit(id, &Edit { note: Some("x".repeat(n as usize * 300)), ..Edit::default() }).unwrap();
        if n % 4 == 3 {
            vault.delete(id).unwrap();
        }
    }
    assert_eq!((vault.accounts().unwrap().len(), other.accounts().unwrap().len()), (13, 12));
    drop((vault, other));
    for (passphrase, count) in [(MINE, 13), (DECOY, 12)] {
        let mut vault = folder.open();
        vault.unlock(&secret(passphrase)).unwrap();
        assert_eq!((vault.accounts().unwrap().len(), vault.report().unwrap()), (count, &Report::default()));
    }
    assert_eq!(folder.kept(), Vec::<String>::new());
}

/// Two processes in the hidden vault: each sees what the other saved.
#[test]
fn two_may_have_the_hidden_vault_open() {
    let (folder, mut one) = hidden(2, 1);
    let mut two = folder.open();
    two.unlock_with(&key(&two, MINE)).unwrap();
    for n in 10..20 {
        one.add(&totp(n)).unwrap();
        two.add(&totp(n + 100)).unwrap();
    }
    assert_eq!((one.accounts().unwrap().len(), two.accounts().unwrap().len()), (22, 22));
}

/// The work of right, decoy and wrong is the same: each cost with each salt is derived once, and all of them always.
#[test]
fn every_passphrase_takes_the_same_derivations() {
    let count = |vault: &Vault, passphrase: &str| {
        let asked = Cell::new(0);
        let opened = vault.lockbox().open_timed(&secret(passphrase), &|| {
            asked.set(asked.get() + 1);
            Default::default()
        });
        (asked.get() / 2, opened.is_ok())
    };
    let (folder, mut vault) = hidden(3, 1);
    vault.lock();
    assert_eq!(["x", DECOY, MINE].map(|p| count(&vault, p)), [(1, false), (1, true), (1, true)]);
    let plain = Folder::new();
    let mut ordinary = plain.create();
    ordinary.lock();
    assert_eq!(["x", MINE].map(|p| count(&ordinary, p)), [(1, false), (1, true)]);
    // After a change of the decoy's passphrase, and with one more: as in every vault with as many.
    for (vault, own) in [(&mut vault, DECOY), (&mut ordinary, MINE)] {
        vault.unlock(&secret(own)).unwrap();
        vault.change_passphrase(&secret(own), &secret("new"), KdfCost::LEAST).unwrap();
        let slot = vault.key().unwrap().passphrase_slot(&secret("second"), KdfCost::LEAST, &*random()).unwrap();
        vault.add_slot(slot, "").unwrap();
        vault.lock();
        assert_eq!(["x", "new", "second"].map(|p| count(vault, p)), [(3, false), (3, true), (3, true)]);
    }
    assert_eq!(count(&vault, MINE), (3, true));
    drop(folder);
}

/// What an adversary may compare: a file without everything that is random in it.
fn face(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    let pieces: Vec<(usize, usize)> = (0..bytes.len())
        .filter_map(|at| frame::parse(&bytes[at..]).map(|frame| (at + frame.prefix.len(), frame.body.len())))
        .collect();
    for (start, length) in pieces {
        let is_cell = bytes[start - 9..].starts_with(&frame::MAGIC) && bytes[start - 6] == Place::Reserve.byte();
        let is_second = is_cell && SECOND.contains(&frame::parse(&bytes[start - 9..]).unwrap().tag.row);
        bytes[start + if is_second { 12 } else { 0 }..start + length].fill(0);
    }
    let headers: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&header::MAGIC)).collect();
    assert_eq!(headers.len(), 2);
    for at in headers {
        let copy = header::Copy::parse(&bytes[at..]).unwrap();
        let length = header::outline(&bytes[at..]).unwrap().0;
        assert_eq!((copy.header.slots.len(), copy.header.book.len()), (1, 256 + 28));
        // Vault, salt and sealed key, then book, MAC and checksum.
        bytes[at + 10..at + 26].fill(0);
        bytes[at + 68..at + 144].fill(0);
        bytes[at + 146..at + length].fill(0);
    }
    bytes
}

/// The same story twice: a vault with three accounts, and the same as a decoy with forty, what is kept of a token, and seventy
/// saves beneath it, some of which do not wait for the disk. Outside of what is random both files are the same, byte for byte.
#[test]
fn a_file_with_a_hidden_vault_has_the_same_bytes_as_one_without() {
    let clock = Arc::new(Hands::at(1_800_000_000));
    let (plain, with) = (Folder::new(), Folder::new());
    let passphrase = secret(DECOY);
    let mut ordinary = plain.create_at(clock.clone());
    ordinary.lock();
    let mut ordinary = Vault::create(
        &plain.folder.path().join("other.db"),
        &passphrase,
        KdfCost::LEAST,
        None,
        clock.clone(),
        random(),
    )
    .unwrap();
    let three: Vec<NewAccount> = (1..=3).map(totp).collect();
    ordinary.add_all(&three).unwrap();
    let mut vault = with.create_at(clock.clone());
    (1..=40).for_each(|n| assert!(vault.add(&totp(n)).is_ok()));
    let mark = |n: u64| Secret::new(vec![7; 40 + n as usize]);
    vault.change_kept(|rows| rows.put(Drawer::Burns, b"a token", &mark(0))).unwrap();
    vault.hide(&decoy(), &[AccountId(1), AccountId(2), AccountId(3)]).unwrap();
    for n in 0..17 {
        vault.change_kept_hastily(|rows| rows.put(Drawer::Burns, b"a token", &mark(n))).unwrap();
        vault.add(&totp(100 + n)).unwrap();
        vault.edit(AccountId(n + 4), &Edit { note: Some("note ".repeat(n as usize * 9)), ..Edit::default() }).unwrap();
        vault.delete(AccountId(n + 24)).unwrap();
    }
    vault.change_passphrase(&secret(MINE), &secret("mine anew"), KdfCost::LEAST).unwrap();
    vault.lock();
    // Each vault is used once more, and locked.
    for (vault, passphrase) in [(&mut ordinary, &passphrase), (&mut vault, &secret("mine anew"))] {
        vault.lock();
        let opened = vault.lockbox().open_timed(passphrase, &|| Default::default()).unwrap();
        vault.unlock_with(&opened.key).unwrap();
        vault.note_use(opened.slot);
        vault.lock();
    }
    assert!(vault.unlock(&secret("mine anew")).is_ok() && vault.is_hidden().unwrap());
    vault.lock();
    let (one, two) = (face(&plain.folder.path().join("other.db")), face(&with.path()));
    assert_eq!(one.len(), two.len());
    let differs: Vec<usize> = (0..one.len()).filter(|at| one[*at] != two[*at]).collect();
    assert!(differs.is_empty(), "{} bytes, the first at {:?}", differs.len(), &differs[..differs.len().min(20)]);
    let names = |folder: &Folder| {
        let names = fs::read_dir(folder.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.filter(|name| !name.to_string_lossy().starts_with("other")).collect();
        names.sort();
        names
    };
    assert_eq!(names(&plain), names(&with));
}

/// The bytes of unused and used cells look alike: each value about as often, on the whole and by its place.
#[test]
fn cells_in_use_look_as_random_as_the_others() {
    let (folder, mut vault) = hidden(400, 1);
    vault.lock();
    let bodies = |folder: &Folder| {
        let bytes = fs::read(folder.path()).unwrap();
        reserve::find_all(&bytes).filter(|(row, _)| !SECOND.contains(row)).map(|(_, cell)| cell).collect::<Vec<_>>()
    };
    let plain = Folder::new();
    drop(plain.create());
    for (used, cells) in [(true, bodies(&folder)), (false, bodies(&plain))] {
        assert_eq!(cells.len() as u64, CELLS.end - SECOND.end);
        let mut counts = [0_f64; 256];
        cells.iter().flat_map(|cell| &cell[cell.len() - 235..]).for_each(|byte| counts[usize::from(*byte)] += 1.0);
        let expected = counts.iter().sum::<f64>() / 256.0;
        let chi: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
        // 255 degrees of freedom: below 150 or above 390 once in a million times.
        assert!((150.0..390.0).contains(&chi), "{used}: {chi}");
    }
}

#[test]
fn only_one_passphrase_opens_what_is_hidden_and_each_changes_its_own() {
    let (folder, mut vault) = hidden(4, 1);
    let slots = vault.slots().unwrap();
    assert_eq!((slots.len(), slots[0].id), (1, reserve::ONLY));
    assert_eq!(vault.remove_slot(reserve::ONLY), Err(InputError::LastPassphrase.into()));
    let another = vault.key().unwrap().passphrase_slot(&secret("another"), KdfCost::LEAST, &*random()).unwrap();
    let refused = InputError::TooMuch { what: Named::Slots, found: 2, most: 1 };
    assert_eq!(vault.add_slot(another, ""), Err(refused.into()));
    let wrong = Err(InputError::WrongPassphrase.into());
    assert_eq!(vault.change_passphrase(&secret(DECOY), &secret("x"), KdfCost::LEAST), wrong);
    vault.change_passphrase(&secret(MINE), &secret("mine"), DeviceClass::Phone.cost()).unwrap();
    vault.change_passphrase(&secret("mine"), &secret("mine too"), KdfCost::LEAST).unwrap();
    vault.name_slot(reserve::ONLY, "the real one").unwrap();
    assert_eq!(vault.retuned(reserve::ONLY, std::time::Duration::from_millis(1)).unwrap(), None, "as dear as it was");
    vault.set_auto_lock(AutoLock { after: None, ..AutoLock::default() }).unwrap();
    vault.lock();
    vault.unlock(&secret(DECOY)).unwrap();
    assert_eq!((vault.slots().unwrap()[0].name.as_str(), vault.auto_lock().unwrap()), ("", AutoLock::default()));
    assert_eq!(vault.change_passphrase(&secret("mine too"), &secret("x"), KdfCost::LEAST), wrong);
    vault.change_passphrase(&secret(DECOY), &secret("decoy"), DeviceClass::Phone.cost()).unwrap();
    vault.lock();
    for gone in [MINE, "mine", DECOY, "x"] {
        assert_eq!(vault.unlock(&secret(gone)), wrong, "{gone}");
    }
    vault.unlock(&secret("mine too")).unwrap();
    assert_eq!((vault.accounts().unwrap().len(), vault.auto_lock().unwrap().after), (4, None));
    drop((vault, folder));
    let same = Decoy::prepare(&secret(MINE), &secret(MINE), KdfCost::LEAST, &*random());
    assert_eq!(same.unwrap_err(), InputError::Field { field: Named::Passphrase, rule: Rule::Other }.into());
}

/// The time of the file tells of a day on which something was saved: the shown vault's book has it too.
#[test]
fn a_day_on_which_the_hidden_vault_was_used_is_one_on_which_the_decoy_was() {
    let clock = Arc::new(Hands::at(1_800_000_000));
    let folder = Folder::new();
    let mut vault = folder.create_at(clock.clone());
    vault.hide(&decoy(), &[]).unwrap();
    vault.lock();
    let later = 1_800_000_000 + 10 * crate::limits::DAY;
    clock.set(later);
    vault.unlock(&secret(MINE)).unwrap();
    vault.add(&totp(1)).unwrap();
    vault.lock();
    vault.unlock(&secret(DECOY)).unwrap();
    assert_eq!(vault.slots().unwrap()[0].used, Some(later - later % crate::limits::DAY));
}

#[test]
fn the_end_of_a_decoy_makes_an_ordinary_vault_of_what_was_hidden() {
    let (folder, mut vault) = hidden(12, 3);
    vault.lock();
    vault.unlock(&secret(DECOY)).unwrap();
    let lifted = || Lifted::prepare(&secret(MINE), KdfCost::LEAST, &*random()).unwrap();
    assert_eq!(vault.lift(&lifted()), Err(InputError::Slot("no decoy").into()));
    vault.lock();
    vault.unlock(&secret(MINE)).unwrap();
    vault.lift(&lifted()).unwrap();
    assert!(!vault.is_hidden().unwrap());
    assert_eq!((vault.accounts().unwrap().len(), vault.report().unwrap()), (12, &Report::default()));
    vault.add(&totp(50)).unwrap();
    vault.lock();
    assert_eq!(vault.unlock(&secret(DECOY)), Err(InputError::WrongPassphrase.into()));
    vault.unlock(&secret(MINE)).unwrap();
    let slot = vault.key().unwrap().passphrase_slot(&secret("another"), KdfCost::LEAST, &*random()).unwrap();
    vault.add_slot(slot, "").unwrap();
    // Hidden once more, beneath another decoy, and that from beneath.
    vault.hide(&decoy(), &[]).unwrap();
    vault.hide(&decoy(), &[AccountId(1)]).unwrap();
    assert_eq!(vault.accounts().unwrap().len(), 13);
    vault.lock();
    vault.unlock(&secret(DECOY)).unwrap();
    assert_eq!(issuers(&mut vault), ["Issuer 1"]);
    drop((vault, folder));
}

#[test]
fn a_vault_that_cannot_be_hidden_stays_what_it_is() {
    let folder = Folder::new();
    let key = folder.filled(3);
    let mut vault = folder.open();
    vault.unlock_with(&key).unwrap();
    assert_eq!(vault.hide(&decoy(), &[AccountId(9)]), Err(InputError::NotFound.into()));
    // Another process has it open.
    let other = {
        let mut other = folder.open();
        other.unlock_with(&key).unwrap();
        other
    };
    assert_eq!(vault.hide(&decoy(), &[]), Err(PortError::Busy.into()));
    drop(other);
    assert_eq!((vault.is_hidden(), vault.accounts().unwrap().len()), (Ok(false), 3));
    vault.lock();
    folder
        .sql("UPDATE account SET seed = CAST(substr(seed, 1, 20) || x'FFFF' || substr(seed, 23) AS BLOB) WHERE id = 2");
    vault.unlock_with(&key).unwrap();
    assert_eq!(vault.hide(&decoy(), &[]), Err(InputError::Damaged(2).into()));
    assert_eq!((vault.is_hidden(), vault.accounts().unwrap().len()), (Ok(false), 2));
    vault.lock();
    assert!(vault.unlock(&secret(DECOY)).is_err() && vault.unlock(&secret(MINE)).is_ok());
}

/// What fits, and what is one too much, when it is hidden and afterwards: nothing is lost by it.
#[test]
fn a_hidden_vault_holds_its_limit() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let many: Vec<NewAccount> = (0..990).map(totp).collect();
    assert!(vault.add_all(&many).unwrap().iter().all(Result::is_ok));
    vault.hide(&decoy(), &[AccountId(1)]).unwrap();
    let mut count = 990;
    let refused = loop {
        match vault.add(&totp(count)) {
            Ok(_) => count += 1,
            Err(refused) => break refused,
        }
    };
    let most = crate::limits::VAULT_HIDDEN;
    assert_eq!(refused, InputError::TooMuch { what: Named::Hidden, found: most + 193, most }.into());
    assert_eq!(vault.accounts().unwrap().len() as u64, count);
    vault.lock();
    vault.unlock(&secret(MINE)).unwrap();
    assert_eq!((vault.accounts().unwrap().len() as u64, vault.report().unwrap()), (count, &Report::default()));
    // As a whole: what fits is hidden, and one more is refused before anything is written.
    let lifted = Lifted::prepare(&secret(MINE), KdfCost::LEAST, &*random()).unwrap();
    vault.lift(&lifted).unwrap();
    vault.add(&totp(count)).unwrap();
    let before = fs::read(folder.path()).unwrap();
    assert_eq!(vault.hide(&decoy(), &[]), Err(refused));
    assert!(vault.unlock(&secret(MINE)).is_ok() && fs::read(folder.path()).unwrap().len() == before.len());
    assert_eq!((vault.is_hidden(), vault.accounts().unwrap().len() as u64), (Ok(false), count + 1));
}

/// Whoever is full may still make room: then the last change cannot be taken back, and that is all.
#[test]
fn a_full_hidden_vault_can_be_emptied() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let mut count = 1_000;
    let many: Vec<NewAccount> = (0..count).map(totp).collect();
    assert!(vault.add_all(&many).unwrap().iter().all(Result::is_ok));
    vault.hide(&decoy(), &[]).unwrap();
    while vault.add(&totp(count)).is_ok() {
        count += 1;
    }
    vault.delete(AccountId(7)).unwrap();
    assert_eq!((vault.bin().unwrap().len(), vault.last_change().unwrap().len()), (1, 0));
    vault.lock();
    vault.unlock(&secret(MINE)).unwrap();
    assert_eq!((vault.accounts().unwrap().len() as u64, vault.report().unwrap()), (count - 1, &Report::default()));
    vault.purge(&[AccountId(7)]).unwrap();
    vault.purge(&[AccountId(8)]).unwrap_err();
    vault.delete(AccountId(8)).unwrap();
    assert_eq!((vault.bin().unwrap().len(), vault.last_change().unwrap().len()), (1, 1), "there is room again");
    vault.undo().unwrap();
    assert_eq!(vault.accounts().unwrap().len() as u64, count - 1);
}

/// What the desk's keys are sealed by stays as it is, locked or not, under whichever passphrase, and tells nothing.
#[test]
fn what_the_keystore_gets_is_the_same_under_both_passphrases_and_afterwards() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let of = |vault: &Vault, passphrase: &str| {
        let lockbox = vault.lockbox();
        lockbox.keystore_secret(&lockbox.open(&secret(passphrase)).unwrap()).unwrap()
    };
    let before = of(&vault, MINE);
    assert!(!before.ct_eq(vault.key().unwrap().derive(b"countersign vault 2 keystore").unwrap().expose()), "random");
    assert!(!before.ct_eq(of(&Folder::new().create(), MINE).expose()));
    let same = |vault: &Vault, passphrase: &str| assert!(of(vault, passphrase).ct_eq(before.expose()), "{passphrase}");
    vault.hide(&decoy(), &[]).unwrap();
    ["", "locked"].iter().for_each(|locked| {
        same(&vault, MINE);
        same(&vault, DECOY);
        locked.is_empty().then(|| vault.lock());
    });
    vault.unlock(&secret(DECOY)).unwrap();
    vault.change_passphrase(&secret(DECOY), &secret("decoy"), KdfCost::LEAST).unwrap();
    vault.lock();
    vault.unlock(&secret(MINE)).unwrap();
    vault.change_passphrase(&secret(MINE), &secret("mine"), KdfCost::LEAST).unwrap();
    ["mine", "decoy"].iter().for_each(|passphrase| same(&vault, passphrase));
    vault.lift(&Lifted::prepare(&secret("mine"), KdfCost::LEAST, &*random()).unwrap()).unwrap();
    same(&vault, "mine");
}

/// The last change of accounts is hidden with all the rest, and taken back beneath.
#[test]
fn the_last_change_before_is_taken_back_beneath_and_not_in_the_decoy() {
    let folder = Folder::new();
    let mut vault = folder.create();
    (1..=2).for_each(|n| assert!(vault.add(&totp(n)).is_ok()));
    vault.edit(AccountId(1), &Edit { name: Some("another".into()), ..Edit::default() }).unwrap();
    vault.hide(&decoy(), &[AccountId(1)]).unwrap();
    vault.lock();
    vault.unlock(&secret(DECOY)).unwrap();
    assert_eq!(vault.last_change().unwrap().len(), 0);
    vault.lock();
    vault.unlock(&secret(MINE)).unwrap();
    vault.undo().unwrap();
    assert_eq!(vault.get(AccountId(1)).unwrap().name, "mara1@example.com");
}

/// Of all changes that are kept none is in the decoy, and nothing outside of what is random tells how many there are.
#[test]
fn the_changes_that_can_be_taken_back_tell_nothing_and_come_back_beneath_one_after_the_other() {
    let name = |n: u64| Edit { name: Some(format!("name {n}")), ..Edit::default() };
    let [none, many] = [0, 25].map(|changes: u64| {
        let folder = Folder::new();
        let mut vault = folder.create();
        (1..=3).for_each(|n| assert!(vault.add(&totp(n)).is_ok()));
        (1..=changes).for_each(|n| vault.edit(AccountId(2 + n % 2), &name(n)).unwrap());
        (changes > 0).then(|| vault.delete(AccountId(3)).unwrap());
        vault.hide(&decoy(), &[AccountId(1)]).unwrap();
        vault.edit(AccountId(2), &name(99)).unwrap();
        for _ in 0..changes / 5 {
            vault.undo().unwrap();
        }
        vault.lock();
        (folder, vault)
    });
    assert!(face(&none.0.path()) == face(&many.0.path()), "slots, bytes and rows");
    let (folder, mut vault) = many;
    vault.unlock(&secret(DECOY)).unwrap();
    assert!(vault.last_step().unwrap().is_none(), "the decoy knows of none");
    let shown = vault.accounts().unwrap()[0].id;
    (1..=3).for_each(|n| vault.edit(shown, &name(n)).unwrap());
    vault.undo().unwrap();
    vault.lock();
    vault.unlock(&secret(MINE)).unwrap();
    // Twenty are kept, and five of them were taken back above: the last edit, the removal and three edits.
    let mut left = 0;
    while vault.can_undo() {
        vault.undo().unwrap();
        left += 1;
    }
    assert_eq!((left, vault.get(AccountId(3)).unwrap().deleted.is_none()), (15, true));
    assert_eq!(*vault.report().unwrap(), Report::default());
    drop(folder);
}
