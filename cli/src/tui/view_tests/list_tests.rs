//! The list, what it is narrowed to, and the chosen row beside it.

use countersign_core::error::PortError;

use super::*;
use crate::tui::state::{Filter, Spot};
use crate::words;

#[test]
fn empty() {
    golden("empty", &open([]));
}

#[test]
fn list() {
    let gateways = vec![gateway(GatewayState::Active), gateway(GatewayState::Pending(Figures::new("020569")))];
    let mut state = open([Event::Accounts(accounts()), Event::Gateways(gateways)]);
    golden("list", &state);
    state.at_once(key(Key::Down), NOW);
    state.at_once(key(Key::Enter), NOW);
    golden("list_opened", &state);
    state.at_once(key(Key::Down), NOW);
    state.at_once(key(Key::Down), NOW);
    golden("list_counted", &state);
    state.at_once(key(Key::End), NOW);
    golden("list_gateway", &state);
    state.opened = false;
    state.at_once(key(Key::Char('/')), NOW);
    typed("mara").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    golden("list_search", &state);
    typed("zz").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    golden("list_nothing_found", &state);
}

#[test]
fn names_that_run_from_right_to_left_stay_by_themselves_and_marks_do_not_pile_up() {
    let hebrew = Card {
        app: "שכר ומשכורת".into(),
        gateway: "המפעל".into(),
        account: "מרה@example.com".into(),
        from: Some("חיפה, IL · 192.0.2.7".into()),
        ..card("1")
    };
    golden("approval_rtl", &open([Event::Cards(vec![hebrew])]));
    let mut piled = accounts();
    piled[0].issuer = format!("Gi{}tHub", "\u{323}".repeat(63));
    piled[3].issuer = "בנק".into();
    golden("list_names", &open([Event::Accounts(piled)]));
}

#[test]
fn accounts_of_one_name_are_told_apart_by_their_number() {
    let mut alike = accounts();
    for (place, number) in [(0, "@1"), (1, "@2"), (2, "@3")] {
        alike[place].number = Some(number.into());
    }
    (alike[2].issuer, alike[2].name) = (alike[0].issuer.clone(), alike[0].name.clone());
    alike[4].name = String::new();
    alike[4].number = Some("@5".into());
    let mut state = open([Event::Accounts(alike)]);
    golden("list_alike", &state);
    state.at_once(key(Key::Char('x')), NOW);
    golden("remove_alike", &state);
}

#[test]
fn a_list_that_cannot_be_read_is_not_an_empty_one() {
    let why = || Event::NotRead(words::of_error(&PortError::Disk.into()));
    golden("list_unread", &open([Event::Accounts(accounts()), why()]));
    let mut late = open([Event::Accounts(accounts()), why()]);
    late.accounts.truncate(2);
    let text = as_text(&{
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        draw(&late, NOW + 10, Look::PLAIN, *buffer.area(), &mut buffer);
        buffer
    });
    assert!(text.contains("expired") && !text.contains("0011 0011"), "a code that is over is not shown:\n{text}");
    let empty = as_text(&picture(&open([why()]), (80, 24), Look::PLAIN));
    assert!(!empty.contains("No accounts yet.") && empty.contains("can't be read now"), "{empty}");
    let before = as_text(&picture(&State::new(false, Vec::new()), (80, 24), Look::PLAIN));
    assert!(!before.contains("No accounts yet."), "it was not looked yet:\n{before}");
}

#[test]
fn the_list_tells_what_waits_and_what_is_wrong() {
    let network = words::of_error(&PortError::Network.into());
    golden("list_trouble", &open([Event::Accounts(accounts()), Event::Trouble(Some(network))]));
    let aside = [Event::Accounts(accounts()), Event::Cards(vec![card("1")]), key(Key::Esc)];
    golden("list_waits", &open(aside));
    let mut damaged = open([Event::Accounts(accounts()), key(Key::End), key(Key::Enter)]);
    golden("list_damaged", &damaged);
    (0..3).for_each(|_| drop(damaged.at_once(key(Key::Up), NOW)));
    golden("list_counted_new", &damaged);
}

/// The groups of those, in an order of the person's own, and one that is empty.
pub(super) fn groups() -> Event {
    Event::Groups(["Work", LONG, "Home", "Club"].map(str::to_owned).into())
}

const LONG: &str = "Company with a rather long name of its own";

/// Accounts in groups, with tags and marks; the second is hidden.
pub(super) fn sorted() -> Vec<Account> {
    let mut accounts = accounts();
    let put = |account: &mut Account, groups: &[&str], tags: &[&str]| {
        account.groups = groups.iter().map(|group| (*group).to_owned()).collect();
        account.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    };
    put(&mut accounts[0], &["Work"], &["code"]);
    put(&mut accounts[1], &["Work", LONG], &[]);
    put(&mut accounts[2], &["Home"], &["cloud", "code"]);
    (accounts[0].favourite, accounts[0].pinned, accounts[1].hidden) = (true, true, true);
    accounts
}

#[test]
fn the_list_is_narrowed_to_a_group_and_back() {
    let gateways = Event::Gateways(vec![gateway(GatewayState::Active)]);
    let mut state = open([groups(), Event::Accounts(sorted()), gateways]);
    golden("list_groups", &state);
    for _ in 0..3 {
        state.at_once(key(Key::Right), NOW);
    }
    golden("list_group_long", &state);
    assert!(state.rows().iter().all(|row| row.id() == "2"), "its accounts alone, and no gateway");
    state.at_once(key(Key::Left), NOW);
    assert_eq!(state.filter, Filter::Group("Work".into()));
    golden("list_group", &state);
    for _ in 0..2 {
        state.at_once(key(Key::Left), NOW);
    }
    assert_eq!(state.filter, Filter::All);
    state.at_once(Event::Click(Spot::Filter(Filter::Group("Club".into()))), NOW);
    golden("list_group_empty", &state);
}

#[test]
fn a_hidden_code_is_seen_for_ten_seconds_after_enter() {
    let mut state = open([Event::Accounts(sorted()), key(Key::Down)]);
    golden("list_hidden", &state);
    let shows = |state: &State, now: u64| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        draw(state, now, Look::PLAIN, *buffer.area(), &mut buffer);
        as_text(&buffer).contains("0011 0011")
    };
    assert!(!shows(&state, NOW));
    state.accounts[1].code = match state.accounts[1].code.clone() {
        AccountCode::Timed { code, next, period, .. } => AccountCode::Timed { code, next, period, until: NOW + 30 },
        other => other,
    };
    state.at_once(key(Key::Enter), NOW);
    golden("list_revealed", &state);
    assert!(state.counts() && shows(&state, NOW + crate::limits::REVEALED - 1));
    assert!(!shows(&state, NOW + crate::limits::REVEALED));
    state.at_once(key(Key::Up), NOW);
    state.at_once(Event::Locked(true), NOW);
    assert!(state.revealed.is_none());
}

#[test]
fn that_a_code_was_copied_is_said_in_its_place() {
    let mut state = open([Event::Accounts(sorted())]);
    let copied = state.at_once(key(Key::Char('c')), NOW);
    assert!(matches!(copied.as_slice(), [Effect::Copy { id, next: false }] if id == "1"));
    state.at_once(Event::Copied(Ok(("1".into(), fill("cli.copied_for", &[("n", "30")])))), NOW);
    golden("list_copied", &state);
    let shown = |now| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        draw(&state, now, Look::PLAIN, *buffer.area(), &mut buffer);
        as_text(&buffer).contains(text("tui.copied"))
    };
    assert!(shown(NOW + crate::limits::COPIED_SHOWN - 1) && !shown(NOW + crate::limits::COPIED_SHOWN));
}

#[test]
fn what_is_drawn_can_be_clicked() {
    let mut state = open([groups(), Event::Accounts(sorted()), Event::Gateways(vec![gateway(GatewayState::Active)])]);
    for (width, height) in SIZES {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let spots = draw(&state, NOW, Look::PLAIN, area, &mut buffer);
        let lines: Vec<String> = as_text(&buffer).lines().map(str::to_owned).collect();
        let at = |part: &str| {
            let y = lines.iter().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {lines:#?}"));
            let before = &lines[y][..lines[y].find(part).unwrap()];
            spots.at(Span::raw(before).width() as u16, y as u16).cloned()
        };
        assert_eq!(at("AWS"), Some(Spot::Row(2)), "{width}");
        assert_eq!(at("gate.example.com"), Some(Spot::Row(6)), "{width}");
        assert_eq!(at("Favourites"), Some(Spot::Filter(Filter::Favourites)), "{width}");
        assert_eq!(at("c copy"), Some(Spot::Key(Key::Char('c'))), "{width}");
        assert_eq!(spots.at(0, 0), None, "{width}");
    }
    assert!(state.at_once(Event::Click(Spot::Row(2)), NOW).is_empty());
    assert_eq!((state.selected, state.opened), (2, false));
    let opened = state.at_once(Event::Click(Spot::Row(2)), NOW);
    assert!(matches!(opened.as_slice(), [Effect::Next(id)] if id == "3"), "the second click opens it: {opened:?}");
    state.at_once(Event::Click(Spot::Filter(Filter::Favourites)), NOW);
    assert_eq!((state.rows().len(), state.selected), (1, 0));
    state.at_once(Event::Cards(vec![card("1")]), NOW);
    state.at_once(Event::Click(Spot::Filter(Filter::All)), NOW);
    assert_eq!(state.filter, Filter::Favourites, "what is behind an approval is not clicked");
}
