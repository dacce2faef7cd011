use super::super::frame::Place;
use super::super::kind::Kind;
use super::super::tests::{Folder, hotp, issuers, secret, totp};
use super::super::{Edit, NewAccount};
use super::piece::{parse, write};
use super::*;
use crate::limits;

/// Locked and opened again, as two commands do one after the other.
fn anew(vault: &mut Vault) {
    vault.lock();
    vault.unlock(&secret("correct horse")).unwrap();
}

fn named(name: &str) -> Edit {
    Edit { name: Some(name.into()), ..Edit::default() }
}

#[test]
fn a_change_is_taken_back_after_the_vault_was_locked() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let note = "words ".repeat(400);
    let ids: Vec<AccountId> = [1, 2]
        .map(|n| NewAccount { note: note.clone(), ..totp(n) })
        .iter()
        .map(|new| vault.add(new).unwrap())
        .collect();
    assert!(!vault.can_undo(), "what is added is no change");
    let edit = Edit { note: Some("none".into()), pinned: Some(true), ..named("x") };
    vault.edit_all(&ids, &edit).unwrap();
    anew(&mut vault);
    let last = vault.last_change().unwrap();
    let names: Vec<_> = last.iter().map(|one| (one.before.name.as_str(), one.now.name.as_str())).collect();
    assert_eq!(names, [("mara1@example.com", "x"), ("mara2@example.com", "x")]);
    assert_eq!(last[0].note.as_ref().unwrap().as_str(), note);
    vault.undo().unwrap();
    anew(&mut vault);
    assert_eq!((vault.get(ids[1]).unwrap().details.pinned, vault.note(ids[1]).unwrap().as_str()), (false, &*note));
    assert_eq!((vault.can_undo(), vault.undo()), (false, Err(InputError::NotFound.into())));
    vault.delete_all(&ids).unwrap();
    anew(&mut vault);
    vault.undo().unwrap();
    assert_eq!(issuers(&mut vault), ["Issuer 1", "Issuer 2"]);
    assert!(vault.report().unwrap().damage.is_empty());
}

#[test]
fn a_code_that_was_used_since_is_no_change_and_keeps_its_count() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let ids = [vault.add(&hotp(7)).unwrap(), vault.add(&totp(1)).unwrap()];
    vault.edit_all(&ids, &named("x")).unwrap();
    vault.next_hotp(ids[0]).unwrap();
    vault.used(ids[1]).unwrap();
    anew(&mut vault);
    vault.undo().unwrap();
    let (counted, timed) = (vault.get(ids[0]).unwrap(), vault.get(ids[1]).unwrap());
    assert_ne!((counted.name.as_str(), timed.name.as_str()), ("x", "x"));
    assert_eq!((counted.uses, timed.uses), (1, 1));
    assert!(matches!(counted.kind, Kind::Hotp(counter) if counter.get() == 8), "no code is shown twice");
}

#[test]
fn the_last_change_is_the_one_that_is_taken_back_whoever_made_it() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let ids = [1, 2].map(|n| vault.add(&totp(n)).unwrap());
    vault.edit(ids[0], &named("x")).unwrap();
    let mut other = folder.open();
    other.unlock_with(&vault.key().unwrap()).unwrap();
    other.edit(ids[1], &named("y")).unwrap();
    vault.undo().unwrap();
    assert_eq!(
        (vault.get(ids[0]).unwrap().name.as_str(), vault.get(ids[1]).unwrap().name.as_str()),
        ("x", "mara2@example.com")
    );
    vault.delete(ids[0]).unwrap();
    vault.restore(&[ids[0]]).unwrap();
    assert_eq!(
        (vault.can_undo(), vault.undo()),
        (false, Err(InputError::NotFound.into())),
        "it was taken back already"
    );
}

#[test]
fn what_is_gone_for_good_is_not_kept_here_either() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let ids = [1, 2].map(|n| vault.add(&totp(n)).unwrap());
    let kept = |vault: &Vault| vault.unlocked().unwrap().store.reader().pieces(Place::Undo, ROWS).unwrap().len();
    vault.delete_all(&ids).unwrap();
    assert_eq!(kept(&vault), 1);
    vault.purge(&[ids[0]]).unwrap();
    assert_eq!((kept(&vault), vault.can_undo()), (0, false));
}

#[test]
fn what_an_account_had_and_is_gone_since_does_not_come_back_with_it() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&totp(1)).unwrap();
    let [home, work] = ["Home", "Work"].map(|name| vault.add_group(name).unwrap());
    vault.edit(id, &Edit { join: vec![home, work], ..Edit::default() }).unwrap();
    vault.edit(id, &Edit { leave: vec![home, work], ..Edit::default() }).unwrap();
    vault.discard_group(home).unwrap();
    vault.undo().unwrap();
    assert_eq!(vault.get(id).unwrap().details.groups, [work]);
}

#[test]
fn removed_groups_come_back_with_what_was_in_them() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let ids = [1, 2, 3].map(|n| vault.add(&totp(n)).unwrap());
    let [home, work, empty] = ["Home", "Work", "Empty"].map(|name| vault.add_group(name).unwrap());
    vault.rename_group(work, "Office").unwrap();
    vault.edit_all(&ids[..2], &Edit { join: vec![home, work], ..Edit::default() }).unwrap();
    vault.delete(ids[1]).unwrap();
    let before = vault.groups().unwrap();
    vault.delete_groups(&[work, home]).unwrap();
    anew(&mut vault);
    assert!(vault.can_undo());
    let names: Vec<String> = vault.removed_groups().unwrap().into_iter().map(|group| group.name).collect();
    assert_eq!((names, vault.last_change().unwrap().len()), (vec!["Home".to_owned(), "Office".to_owned()], 2));
    vault.undo().unwrap();
    anew(&mut vault);
    assert!(vault.report().unwrap().damage.is_empty());
    assert_eq!(vault.groups().unwrap(), before);
    assert_eq!(vault.get(ids[0]).unwrap().details.groups, [home, work]);
    vault.restore(&[ids[1]]).unwrap();
    assert_eq!(vault.get(ids[1]).unwrap().details.groups, [home, work], "of one in the bin too");
    vault.delete_group(empty).unwrap();
    vault.undo().unwrap();
    assert_eq!(vault.groups().unwrap(), before, "one that nothing was in");
}

#[test]
fn a_group_does_not_come_back_beside_one_of_its_name_or_after_its_accounts_were_changed() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&totp(1)).unwrap();
    let work = vault.add_group("Work").unwrap();
    vault.edit(id, &Edit { join: vec![work], ..Edit::default() }).unwrap();
    vault.delete_group(work).unwrap();
    let other = vault.add_group("WORK").unwrap();
    assert_eq!(vault.undo(), Err(InputError::SameName.into()));
    vault.discard_group(other).unwrap();
    assert_eq!(vault.discard_group(other), Err(InputError::NotFound.into()));
    vault.undo().unwrap();
    assert_eq!(vault.get(id).unwrap().details.groups, [work]);
    vault.delete_group(work).unwrap();
    vault.edit(id, &named("x")).unwrap();
    assert!(vault.removed_groups().unwrap().is_empty());
    vault.undo().unwrap();
    assert!(vault.groups().unwrap().is_empty(), "the last change was another one");
}

#[test]
fn what_cannot_be_read_is_nothing_to_take_back() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&totp(1)).unwrap();
    vault.edit(id, &named("x")).unwrap();
    let all = parse(&write(&[], &[])).unwrap();
    assert!(all.accounts.is_empty() && all.removed.is_empty());
    let open = vault.unlocked().unwrap();
    let (_, piece) = open.store.reader().pieces(Place::Undo, ROWS).unwrap().pop().unwrap();
    let (_, bytes) = open.keys.open(Place::Undo, ROWS.start, &piece).unwrap();
    let bytes = bytes.expose().to_vec();
    assert_eq!(parse(&bytes).map(|all| all.accounts.len()), Some(1));
    for length in 1..bytes.len() {
        assert!(parse(&bytes[..length]).is_none() || length == 1, "cut at {length}");
    }
    assert!(parse(&[&bytes[..], &[0]].concat()).is_none());
    assert!(keys_differ(open, &piece));
}

/// Whether a changed byte of the piece is seen.
fn keys_differ(open: &Unlocked, piece: &[u8]) -> bool {
    (0..piece.len()).all(|at| {
        let mut changed = piece.to_vec();
        changed[at] ^= 1;
        open.keys.open(Place::Undo, ROWS.start, &changed).is_none()
    })
}

#[test]
fn of_all_accounts_at_once_all_come_back() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let all: Vec<NewAccount> = (0..limits::BIN_MOST as u64).map(totp).collect();
    let ids: Vec<AccountId> = vault.add_all(&all).unwrap().into_iter().map(Result::unwrap).collect();
    vault.edit_all(&ids, &named("x")).unwrap();
    anew(&mut vault);
    vault.undo().unwrap();
    assert!(vault.accounts().unwrap().iter().all(|account| account.name != "x"));
}

#[test]
fn changes_are_taken_back_one_after_the_other_the_newest_first() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&totp(1)).unwrap();
    let [home, work] = ["Home", "Work"].map(|name| vault.add_group(name).unwrap());
    vault.edit(id, &Edit { join: vec![home, work], ..named("x") }).unwrap();
    let before = vault.groups().unwrap();
    vault.delete_group(home).unwrap();
    vault.delete_group(work).unwrap();
    let number = vault.last_step().unwrap().unwrap().number;
    anew(&mut vault);
    vault.undo_step(number).unwrap();
    assert_eq!(vault.undo_step(number), Err(InputError::NotFound.into()), "once");
    assert_eq!(vault.get(id).unwrap().details.groups, [work]);
    anew(&mut vault);
    vault.undo().unwrap();
    assert_eq!((vault.groups().unwrap(), vault.get(id).unwrap().details.groups.clone()), (before, vec![home, work]));
    vault.undo().unwrap();
    assert_eq!(vault.get(id).unwrap().name, "mara1@example.com");
    assert_eq!((vault.can_undo(), vault.undo()), (false, Err(InputError::NotFound.into())));
    assert!(vault.report().unwrap().damage.is_empty());
}

#[test]
fn so_many_changes_are_kept_and_no_more() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&totp(1)).unwrap();
    let more = limits::VAULT_STEPS + 3;
    (0..more).for_each(|n| vault.edit(id, &named(&format!("x{n}"))).unwrap());
    (0..limits::VAULT_STEPS).for_each(|_| vault.undo().unwrap());
    assert_eq!((vault.get(id).unwrap().name.as_str(), vault.can_undo()), ("x2", false));
}

#[test]
fn changes_of_much_push_older_ones_out_and_the_newest_stays() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let note = "words ".repeat(600);
    let all: Vec<NewAccount> = (0..150).map(|n| NewAccount { note: note.clone(), ..totp(n) }).collect();
    let ids: Vec<AccountId> = vault.add_all(&all).unwrap().into_iter().map(Result::unwrap).collect();
    for n in 0..4 {
        let text = format!("{n}{note}");
        vault.edit_all(&ids, &Edit { note: Some(text), ..Edit::default() }).unwrap();
    }
    let pieces = vault.unlocked().unwrap().store.reader().pieces(Place::Undo, ROWS).unwrap();
    let size: usize = pieces.iter().map(|(_, piece)| piece.len()).sum();
    assert!(pieces.len() == 1 && size < 2 * limits::VAULT_STEPS_BYTES, "{} of {size} bytes", pieces.len());
    vault.undo().unwrap();
    assert!(vault.note(ids[0]).unwrap().starts_with('2') && !vault.can_undo());
}

#[test]
fn what_hinders_a_change_is_named_and_when_it_is_gone_or_let_stand_the_next_is_taken_back() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&totp(1)).unwrap();
    let work = vault.add_group("Work").unwrap();
    vault.edit(id, &named("x")).unwrap();
    vault.delete_group(work).unwrap();
    let other = vault.add_group("WORK").unwrap();
    let step = vault.last_step().unwrap().unwrap();
    assert!(matches!(step.hindrance, Some(Hindrance::Name(group)) if group.name == "Work"));
    assert_eq!((vault.can_undo(), vault.undo()), (false, Err(InputError::SameName.into())));
    vault.rename_group(other, "Other").unwrap();
    vault.undo().unwrap();
    assert!(matches!(vault.last_step().unwrap().unwrap().hindrance, Some(Hindrance::Name(_))), "Other would be WORK");
    let number = vault.last_step().unwrap().unwrap().number;
    assert_eq!(vault.let_stand(number + 1), Err(InputError::NotFound.into()));
    vault.let_stand(number).unwrap();
    vault.undo().unwrap();
    assert_eq!(vault.get(id).unwrap().name, "mara1@example.com");
}

#[test]
fn an_account_that_was_changed_otherwise_or_added_anew_hinders_by_its_name() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&totp(1)).unwrap();
    vault.delete(id).unwrap();
    let anew = vault.add(&totp(1)).unwrap();
    let hindrance = vault.last_step().unwrap().unwrap().hindrance;
    assert!(matches!(hindrance, Some(Hindrance::Added(before, same)) if before.id == id && same == anew));
    assert_eq!(vault.undo(), Err(InputError::Duplicate(anew.0).into()));
    vault.delete(anew).unwrap();
    vault.restore(&[id]).unwrap();
    let hindrance = vault.last_step().unwrap().unwrap().hindrance;
    assert!(matches!(hindrance, Some(Hindrance::Added(before, same)) if before.id == anew && same == id));
    let number = vault.last_step().unwrap().unwrap().number;
    vault.let_stand(number).unwrap();
    let hindrance = vault.last_step().unwrap().unwrap().hindrance;
    assert!(
        matches!(hindrance, Some(Hindrance::Account(before)) if before.id == id),
        "it came out of the bin by itself"
    );
}

#[test]
fn groups_that_were_named_anew_or_moved_are_as_before() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let [home, work, old] = ["Home", "Work", "Old"].map(|name| vault.add_group(name).unwrap());
    let before = vault.groups().unwrap();
    assert_eq!(vault.rename_group(home, " Home "), Ok(false));
    assert_eq!((vault.move_group(old, None), vault.move_group(home, Some(work))), (Ok(false), Ok(false)));
    assert!(vault.last_step().unwrap().is_none(), "what is so already is no change");
    assert_eq!((vault.rename_group(home, "HOUSE"), vault.move_group(old, Some(home))), (Ok(true), Ok(true)));
    anew(&mut vault);
    assert_eq!(vault.last_step().unwrap().unwrap().regrouped.len(), 3, "each got another place");
    vault.undo().unwrap();
    let step = vault.last_step().unwrap().unwrap();
    assert_eq!((step.regrouped[0].0.name.as_str(), step.regrouped[0].1.name.as_str()), ("Home", "HOUSE"));
    vault.undo().unwrap();
    assert_eq!(vault.groups().unwrap(), before);
    assert!(vault.report().unwrap().damage.is_empty());
    vault.rename_group(home, "House").unwrap();
    vault.discard_group(home).unwrap();
    let hindrance = vault.last_step().unwrap().unwrap().hindrance;
    assert!(matches!(hindrance, Some(Hindrance::Group(group)) if group.name == "Home"));
}

#[test]
fn a_move_that_moves_nothing_is_no_change() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let [one, two] = [1, 2].map(|n| vault.add(&totp(n)).unwrap());
    for (id, before, moves) in [(two, None, false), (one, Some(two), false), (one, Some(one), false), (one, None, true)]
    {
        assert_eq!((vault.move_account(id, before), vault.can_undo()), (Ok(moves), moves), "{id}");
    }
}

/// A piece of the one row that there was before there were several is taken back as before.
#[test]
fn a_vault_of_one_step_is_still_read() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&totp(1)).unwrap();
    vault.edit(id, &named("x")).unwrap();
    let pieces = vault.unlocked().unwrap().store.reader().pieces(Place::Undo, 2..3).unwrap();
    assert_eq!(pieces.len(), 1, "where it stood");
    vault.edit(id, &named("y")).unwrap();
    anew(&mut vault);
    vault.undo().unwrap();
    vault.undo().unwrap();
    assert_eq!(vault.get(id).unwrap().name, "mara1@example.com");
}
