//! An account that is typed in or changed, and all that is known of one.

use countersign_core::vault::Icon;
use ratatui::style::Modifier;

use super::*;
use crate::tui::form::{Form, Item};
use crate::tui::model::Details;
use crate::tui::state::{Page, Spot};

/// The form of a new account, as far as a person is who has typed its key.
fn filled() -> State {
    let mut state = open([Event::Accounts(accounts()), key(Key::Char('t'))]);
    let mut send = |events: Vec<Event>| events.into_iter().for_each(|event| drop(state.at_once(event, NOW)));
    send(vec![key(Key::Down)]);
    send(typed("Northern Paper & Sons"));
    send(vec![key(Key::Tab)]);
    send(typed("mara"));
    send(vec![key(Key::Enter)]);
    send(typed("GEZD GNBV GY3T QOJQ"));
    state
}

#[test]
fn an_account_is_typed_in() {
    golden("form_add", &open([key(Key::Char('t'))]));
    let mut state = filled();
    golden("form_key", &state);
    assert!(!as_text(&picture(&state, (80, 24), Look::PLAIN)).contains("GEZD"), "the key is drawn");
    state.at_once(key(Key::Reveal), NOW);
    golden("form_key_shown", &state);
    state.at_once(key(Key::Esc), NOW);
    golden("form_leaving", &state);
    let saved = state.at_once(key(Key::Save), NOW);
    let [Effect::Save(form)] = saved.as_slice() else { panic!("{saved:?}") };
    assert_eq!((form.text(Item::Issuer), form.text(Item::Key)), ("Northern Paper & Sons", "GEZD GNBV GY3T QOJQ"));
    golden("form_saving", &state);
    assert!(state.at_once(key(Key::Save), NOW).is_empty(), "it is saved once");
    let why = text("tui.form_key_wrong").to_owned();
    state.at_once(Event::Saved(Err((why, Some(Item::Key)))), NOW);
    golden("form_refused", &state);
    state.at_once(key(Key::Save), NOW);
    state.at_once(Event::Saved(Ok(())), NOW);
    assert!(matches!(state.page, Page::List));
}

#[test]
fn a_kind_asks_for_what_it_needs() {
    let mut state = open([key(Key::Char('t'))]);
    let mut send = |events: Vec<Event>| events.into_iter().for_each(|event| drop(state.at_once(event, NOW)));
    send(vec![key(Key::Left), key(Key::Down), key(Key::Down), key(Key::Down)]);
    send(typed("00112233"));
    send(vec![key(Key::Down)]);
    send(typed("4711"));
    golden("form_motp", &state);
    let shown = as_text(&picture(&state, (80, 24), Look::PLAIN));
    assert!(!shown.contains("4711") && !shown.contains("0011"), "key and PIN are masked:\n{shown}");
    state.at_once(key(Key::BackTab), NOW);
    golden("form_motp_key", &state);
}

#[test]
fn an_account_is_changed() {
    let mut form = Form::edit("1".into(), "GitHub (mara@example.com)".into());
    form.put(Item::Issuer, "GitHub");
    form.put(Item::Name, "mara@example.com");
    form.put(Item::Note, "Recovery codes are in the safe.\nAsk Jo.");
    form.put(Item::Groups, "Work, Home");
    form.put(Item::Tags, "code");
    form.icon = Some(Icon::Drawn("bank".into()));
    form.mark(Item::Favourite, true);
    let mut state = open([Event::Accounts(accounts()), key(Key::Char('e'))]);
    state.at_once(Event::Form(Box::new(form)), NOW);
    golden("form_edit", &state);
    (0..3).for_each(|_| drop(state.at_once(key(Key::Left), NOW)));
    let buffer = picture(&state, (80, 24), Look::PLAIN);
    let under: Vec<&Cell> = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED)).collect();
    assert_eq!(under.iter().map(|cell| cell.symbol()).collect::<String>(), "H", "the place in the line is seen");
    let area = Rect::new(0, 0, 80, 24);
    let spots = draw(&state, NOW, Look::PLAIN, area, &mut Buffer::empty(area));
    let clicked = (0..24).find_map(|y| spots.at(20, y).filter(|spot| **spot == Spot::Item(Item::Save)).cloned());
    let saved = state.at_once(Event::Click(clicked.unwrap()), NOW);
    assert!(matches!(saved.as_slice(), [Effect::Save(_)]), "{saved:?}");
}

#[test]
fn all_that_is_known_of_an_account_has_a_page() {
    let details = Details {
        name: "GitHub (mara@example.com)".into(),
        rows: vec![
            (text("tui.about_kind"), scan_words::timed(6, 30)),
            (text("tui.about_algorithm"), "SHA1".into()),
            (text("tui.about_added"), when::minute(NOW - 90_000)),
            (text("tui.about_changed"), when::minute(NOW)),
            (text("tui.about_gateway"), "a-long-host.of-a-company.with-departments.example.com:8443".into()),
        ],
        note: Figures::new((1..60).map(|n| format!("Line {n} of the note.\n")).collect::<String>()),
    };
    let mut state = open([Event::Accounts(accounts())]);
    assert!(matches!(state.at_once(key(Key::Char('d')), NOW).as_slice(), [Effect::Details(id)] if id == "1"));
    state.at_once(Event::Details(Box::new(details)), NOW);
    golden("details", &state);
    state.at_once(key(Key::End), NOW);
    golden("details_end", &state);
    assert!(!format!("{state:?}").contains("of the note"), "a note may hold a secret");
    state.at_once(key(Key::Esc), NOW);
    assert!(matches!(state.page, Page::List));
}
