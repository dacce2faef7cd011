//! How accounts are kept: marks, order, groups, the bin, and what can be taken back.

use countersign_core::vault::Sort;

use super::list_tests::{groups, sorted};
use super::*;
use crate::tui::model::Binned;
use crate::tui::state::{Filter, GroupTask, Mark, Page, Spot};

/// The list with groups, tags and marks.
fn kept() -> State {
    open([groups(), Event::Accounts(sorted())])
}

fn press(state: &mut State, pressed: Key) -> Vec<Effect> {
    state.at_once(key(pressed), NOW)
}

fn press_all(state: &mut State, text: &str) -> Vec<Effect> {
    typed(text).into_iter().flat_map(|event| state.at_once(event, NOW)).collect()
}

#[test]
fn marks_are_set_and_taken_away() {
    let mut state = kept();
    for (pressed, row, wanted) in [
        ('f', 0, (Mark::Favourite, false)),
        ('P', 0, (Mark::Pinned, false)),
        ('H', 0, (Mark::Hidden, true)),
        ('f', 1, (Mark::Favourite, true)),
        ('P', 1, (Mark::Pinned, true)),
        ('H', 1, (Mark::Hidden, false)),
    ] {
        state.selected = row;
        match press(&mut state, Key::Char(pressed)).as_slice() {
            [Effect::Mark { id, mark, on }] => {
                assert_eq!((id.clone(), (*mark, *on)), ((row + 1).to_string(), wanted), "{pressed}");
            }
            other => panic!("{pressed}: {other:?}"),
        }
    }
    state.selected = 5;
    for pressed in "fPHed".chars() {
        assert!(press(&mut state, Key::Char(pressed)).is_empty(), "{pressed}: what can't be read is not changed");
    }
    golden("list_damaged_kept", &state);
    press(&mut state, Key::Char('x'));
    golden("remove_damaged", &state);
}

#[test]
fn what_was_done_is_said_and_taken_back_once() {
    let mut state = kept();
    assert!(
        matches!(press(&mut state, Key::Char('u')).as_slice(), [Effect::Undo]),
        "the vault knows more than the screen"
    );
    let none = text("tui.nothing_to_undo").to_owned();
    state.at_once(Event::Undone { said: none.clone(), next: None }, NOW);
    assert_eq!((state.notice.take(), &state.undo), (Some(none), &None));
    press(&mut state, Key::Char('x'));
    golden("remove_kept", &state);
    assert!(matches!(press(&mut state, Key::Char('y')).as_slice(), [Effect::Remove(Removal::Account { .. })]));
    let said = fill("cli.removed", &[("name", "GitHub (mara@example.com)")]);
    state.at_once(Event::Accounts(sorted().split_off(1)), NOW);
    state.at_once(Event::Did(said.clone()), NOW);
    golden("list_removed", &state);
    press(&mut state, Key::Down);
    golden("list_undo", &state);
    assert!(matches!(press(&mut state, Key::Char('u')).as_slice(), [Effect::Undo]));
    state.at_once(Event::Accounts(sorted()), NOW);
    let next = Some("the move of GitHub".to_owned());
    state.at_once(Event::Undone { said: "Taken back.".into(), next: next.clone() }, NOW);
    assert_eq!((state.notice.as_deref(), &state.undo), (Some("Taken back."), &next));
    state.at_once(Event::Undone { said: "Changed since.".into(), next: None }, NOW);
    assert_eq!((state.notice.as_deref(), state.undo.as_deref()), (Some("Changed since."), None));
    state.at_once(Event::Did(said), NOW);
    state.at_once(Event::Locked(true), NOW);
    assert_eq!(state.undo, None, "what was done is not told while it is locked");
}

#[test]
fn the_order_is_chosen_and_said() {
    let mut state = kept();
    for wanted in [Sort::Name, Sort::Use, Sort::Code, Sort::Manual] {
        assert!(matches!(press(&mut state, Key::Char('o')).as_slice(), [Effect::Sort(sort)] if *sort == wanted));
        if wanted == Sort::Use {
            golden("list_by_use", &state);
            assert!(press(&mut state, Key::Char('J')).is_empty());
            golden("list_own_order", &state);
        }
    }
}

#[test]
fn an_account_is_moved_past_the_one_it_stands_beside() {
    let mut state = kept();
    let moved = |state: &mut State, row: usize, pressed| {
        state.selected = row;
        match press(state, Key::Char(pressed)).as_slice() {
            [Effect::Shift { id, before }] => Some((id.clone(), before.clone())),
            [] => None,
            other => panic!("{other:?}"),
        }
    };
    let to = |id: &str, before: Option<&str>| Some((id.to_owned(), before.map(str::to_owned)));
    assert_eq!(moved(&mut state, 0, 'J'), None, "what is pinned stays among its like");
    assert_eq!(moved(&mut state, 1, 'K'), None);
    assert_eq!(moved(&mut state, 1, 'J'), to("2", Some("4")));
    assert_eq!(moved(&mut state, 2, 'K'), to("3", Some("2")));
    assert_eq!(moved(&mut state, 3, 'J'), to("4", None), "last of those that can be read");
    assert_eq!(moved(&mut state, 4, 'J'), None);
    assert_eq!(moved(&mut state, 5, 'K'), None, "what can't be read is not moved");
    state.filter = Filter::Tag("code".into());
    state.accounts[0].pinned = false;
    assert_eq!(moved(&mut state, 0, 'J'), to("1", Some("4")), "past the next that is seen");
    assert_eq!(moved(&mut state, 1, 'K'), to("3", Some("1")));
}

#[test]
fn groups_are_made_named_moved_and_deleted_after_a_question() {
    let mut state = open([]);
    press(&mut state, Key::Char('G'));
    golden("groups_none", &state);
    press(&mut state, Key::Char('n'));
    press_all(&mut state, "Wörk");
    golden("group_new", &state);
    let made = press(&mut state, Key::Enter);
    assert!(matches!(made.as_slice(), [Effect::Group(GroupTask::Add(name))] if name == "Wörk"), "{made:?}");
    state.at_once(Event::GroupRefused("There is one of that name.".into()), NOW);
    assert!(as_text(&picture(&state, (80, 24), Look::PLAIN)).contains("There is one of that name."));
    let mut state = kept();
    press(&mut state, Key::Char('G'));
    golden("groups", &state);
    press(&mut state, Key::Down);
    press(&mut state, Key::Char('r'));
    golden("group_rename", &state);
    press(&mut state, Key::Clear);
    assert!(press(&mut state, Key::Enter).is_empty(), "a group has a name");
    press_all(&mut state, "Firm");
    let named = press(&mut state, Key::Enter);
    assert!(
        matches!(named.as_slice(), [Effect::Group(GroupTask::Rename { from, to })] if from.starts_with("Company") && to == "Firm"),
        "{named:?}"
    );
    state.at_once(Event::Groups(["Work", "Home", "Club", "Firm"].map(str::to_owned).into()), NOW);
    assert!(matches!(&state.page, Page::Groups(page) if page.selected == 3), "it is chosen where it stands now");
    let up = press(&mut state, Key::Char('K'));
    assert!(
        matches!(up.as_slice(), [Effect::Group(GroupTask::Shift { name, before: Some(before) })] if name == "Firm" && before == "Club")
    );
    assert!(press(&mut state, Key::Char('J')).is_empty(), "there is none below the last");
    press(&mut state, Key::Home);
    let down = press(&mut state, Key::Char('J'));
    assert!(
        matches!(down.as_slice(), [Effect::Group(GroupTask::Shift { name, before: Some(before) })] if name == "Work" && before == "Club")
    );
    press(&mut state, Key::Char('x'));
    golden("group_delete", &state);
    assert!(press(&mut state, Key::Enter).is_empty(), "Enter is no yes");
    assert!(press(&mut state, Key::Char('n')).is_empty());
    press(&mut state, Key::Char('x'));
    let gone = press(&mut state, Key::Char('y'));
    assert!(matches!(gone.as_slice(), [Effect::Group(GroupTask::Delete(name))] if name == "Work"), "{gone:?}");
}

#[test]
fn an_account_is_put_into_groups_and_taken_out() {
    let mut state = kept();
    press(&mut state, Key::Char('G'));
    let put = |effects: Vec<Effect>| match effects.as_slice() {
        [Effect::Group(GroupTask::Put { id, group, inside })] => (id.clone(), group.clone(), *inside),
        other => panic!("{other:?}"),
    };
    assert_eq!(put(press(&mut state, Key::Char(' '))), ("1".into(), "Work".into(), false));
    assert!(state.at_once(Event::Click(Spot::Line(2)), NOW).is_empty(), "the first click chooses it");
    assert_eq!(put(state.at_once(Event::Click(Spot::Line(2)), NOW)), ("1".into(), "Home".into(), true));
    state.at_once(Event::Did(fill("tui.did_join", &[("name", "GitHub"), ("group", "Home")])), NOW);
    golden("groups_put", &state);
    assert!(matches!(press(&mut state, Key::Char('u')).as_slice(), [Effect::Undo]));
    press(&mut state, Key::Enter);
    assert_eq!((state.filter.clone(), state.rows().len()), (Filter::Group("Home".into()), 1));
    // Another program deletes it.
    state.at_once(Event::Groups(vec!["Work".into()]), NOW);
    assert_eq!(state.filter, Filter::All);
}

#[test]
fn what_was_removed_comes_back_or_goes_for_good_after_a_question() {
    let mut state = kept();
    assert!(matches!(press(&mut state, Key::Char('b')).as_slice(), [Effect::Bin]));
    state.at_once(Event::Bin(Vec::new()), NOW);
    golden("bin_empty", &state);
    let row = |id: &str, name: &str| Binned { id: id.into(), name: name.into(), until: when::day(NOW + 30 * 86_400) };
    let rows = || vec![row("7", "Old bank (mara)"), row("8", "בנק (mara)"), row("9", &"A very long name ".repeat(6))];
    state.at_once(Event::Bin(rows()), NOW);
    golden("bin", &state);
    press(&mut state, Key::Down);
    assert!(matches!(press(&mut state, Key::Enter).as_slice(), [Effect::Restore(id)] if id == "8"));
    state.at_once(Event::Bin(vec![rows().remove(0), rows().remove(2)]), NOW);
    state.at_once(Event::Notice(fill("tui.brought_back", &[("name", "בנק (mara)")])), NOW);
    golden("bin_restored", &state);
    press(&mut state, Key::Char('x'));
    golden("bin_ask", &state);
    assert!(press(&mut state, Key::Enter).is_empty(), "Enter is no yes");
    assert!(press(&mut state, Key::Char('n')).is_empty());
    press(&mut state, Key::Char('x'));
    assert!(matches!(press(&mut state, Key::Char('y')).as_slice(), [Effect::Purge(ids)] if ids[..] == ["9"]));
    press(&mut state, Key::Char('X'));
    golden("bin_ask_all", &state);
    assert!(matches!(press(&mut state, Key::Char('y')).as_slice(), [Effect::Purge(ids)] if ids[..] == ["7", "9"]));
    state.at_once(Event::Bin(Vec::new()), NOW);
    assert!(press(&mut state, Key::Char('x')).is_empty() && press(&mut state, Key::Char('X')).is_empty());
    press(&mut state, Key::Esc);
    assert!(matches!(state.page, Page::List));
}

#[test]
fn notes_are_looked_through_as_well() {
    let mut state = kept();
    press(&mut state, Key::Char('/'));
    let looked = press_all(&mut state, "safe");
    assert!(matches!(looked.last(), Some(Effect::Search(field)) if field.text() == "safe"), "{looked:?}");
    assert!(state.rows().is_empty());
    state.at_once(Event::Found { text: "saf".into(), ids: vec!["1".into()] }, NOW);
    assert!(state.rows().is_empty(), "that was looked for before");
    state.at_once(Event::Found { text: "safe".into(), ids: vec!["3".into()] }, NOW);
    assert_eq!(state.rows().iter().map(|row| row.id()).collect::<Vec<_>>(), ["3"]);
    press(&mut state, Key::Esc);
    assert_eq!((state.rows().len(), state.selected), (6, 2), "the one that was found stays chosen");
}
