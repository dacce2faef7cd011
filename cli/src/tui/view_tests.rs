//! Every screen as text, beside `cli/tests/golden/`. `COUNTERSIGN_ACCEPT=1` writes them anew: then look at each.

mod approval_tests;
mod form_tests;
mod gateway_tests;
mod keeping_tests;
mod list_tests;
mod page_tests;
mod token_tests;

use std::fs;
use std::path::Path;

use countersign_core::protocol::push::Op;
use countersign_strings::{fill, text};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::field::Field;
use super::model::{Account, AccountCode, Card, Figures, Found, Gateway, GatewayState, Notice, Tile};
use super::state::{Effect, Event, Key, Reading, Removal, State};
use super::view::{Look, draw, settle};
use crate::{scan_words, when};

pub(super) const NOW: u64 = 1_795_260_011;
pub(super) const SIZES: [(u16, u16); 3] = [(80, 24), (40, 20), (200, 50)];

pub(super) fn picture(state: &State, (width, height): (u16, u16), look: Look) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    draw(state, NOW, look, area, &mut buffer);
    buffer
}

pub(super) fn as_text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    buffer.content.chunks(width).map(|row| format!("{}\n", row_text(row).trim_end())).collect()
}

/// One row; the cell behind a wide character belongs to it and is left out.
fn row_text(row: &[Cell]) -> String {
    let mut out = String::new();
    let mut skip = 0;
    for cell in row {
        if skip == 0 {
            out.push_str(cell.symbol());
            skip = Span::raw(cell.symbol()).width().saturating_sub(1);
        } else {
            skip -= 1;
        }
    }
    out
}

/// Compares a state at each size with its golden text; colour must never change a character.
pub(super) fn golden(name: &str, state: &State) {
    golden_at(name, state, SIZES);
}

/// The same at sizes of its own.
pub(super) fn golden_at(name: &str, state: &State, sizes: impl IntoIterator<Item = (u16, u16)>) {
    for size in sizes {
        let mut settled = state.clone();
        settle(&mut settled, Rect::new(0, 0, size.0, size.1));
        let state = &settled;
        let text = as_text(&picture(state, size, Look::PLAIN));
        assert_eq!(text, as_text(&picture(state, size, Look::SIXTEEN)), "{name}: colour changed the text");
        let file = format!("{}/tests/golden/{name}_{}x{}.txt", env!("CARGO_MANIFEST_DIR"), size.0, size.1);
        if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
            fs::create_dir_all(Path::new(&file).parent().unwrap()).unwrap();
            fs::write(&file, &text).unwrap();
        }
        let want = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(text, want, "{file} differs");
    }
}

fn timed(id: &str, issuer: &str, name: &str, code: &str, until: u64) -> Account {
    let code = AccountCode::Timed { code: Figures::new(code), next: Figures::new("118402"), period: 30, until };
    let account = Account::new(id.into(), issuer.into(), name.into(), code);
    Account { kind: scan_words::timed(6, 30), tile: tile(if issuer.is_empty() { name } else { issuer }), ..account }
}

/// The first letters of its words, as the vault has them.
fn tile(title: &str) -> Tile {
    Tile { initials: title.split(' ').filter_map(|word| word.chars().next()).take(2).collect(), icon: None }
}

pub(super) fn accounts() -> Vec<Account> {
    let counted = |id: &str, issuer: &str, code| {
        let code = AccountCode::Counted(code);
        let account = Account::new(id.into(), issuer.into(), "mara@example.com".into(), code);
        Account { kind: fill("cli.kind_counted", &[("digits", "7")]), tile: tile(issuer), ..account }
    };
    vec![
        timed("1", "GitHub", "mara@example.com", "492039", NOW + 19),
        timed(
            "2",
            "Very long issuer of a company with many words",
            "a.very.long.name@subsidiary.example.com",
            "00110011",
            NOW + 4,
        ),
        counted("3", "AWS", None),
        counted("4", "VPN", Some(Figures::new("7734011"))),
        timed("5", "", "東京都庁 税務課", "000001", NOW + 30),
        Account::new("6".into(), "Old bank".into(), String::new(), AccountCode::Damaged),
    ]
}

pub(super) fn gateway(state: GatewayState) -> Gateway {
    Gateway {
        id: "g".into(),
        name: "Example Works".into(),
        host: "gate.example.com:8443".into(),
        account: "alice@example.com".into(),
        state,
        stale: None,
        clock: None,
    }
}

pub(super) fn card(id: &str) -> Card {
    Card {
        id: id.into(),
        op: Op::Login,
        msg: None,
        app: "Payroll".into(),
        host: "gate.example.com:8443".into(),
        gateway: "Example Works".into(),
        account: "mara@example.com".into(),
        account_differs: false,
        from: Some("Lyon, FR · 192.0.2.7".into()),
        network: Some("Example Net".into()),
        with: Some("Firefox on Linux".into()),
        from_new: true,
        with_new: false,
        stated: false,
        digits: 6,
        until: NOW + 98,
        stale: None,
    }
}

pub(super) fn notice(id: &str, reportable: bool) -> Notice {
    Notice {
        id: id.into(),
        text: fill("tui.notice_device_added", &[("model", "Pixel 9")]),
        name: "Example Works".into(),
        host: "gate.example.com:8443".into(),
        account: "mara@example.com".into(),
        told: format!("{} · Lyon, FR · 192.0.2.7", when::minute(NOW)),
        reportable,
    }
}

pub(super) fn open(events: impl IntoIterator<Item = Event>) -> State {
    let mut state = State::new(false, Vec::new());
    state.reading = Reading::Done;
    for event in events {
        state.at_once(event, NOW);
    }
    state
}

pub(super) fn typed(text: &str) -> Vec<Event> {
    text.chars().map(|c| Event::Key(Key::Char(c))).collect()
}

pub(super) fn key(key: Key) -> Event {
    Event::Key(key)
}

#[test]
fn the_right_end_of_a_host_is_on_every_screen_that_names_it() {
    let host = "accounts.bank.example.com.a-host-that-is-so-long-that-it-cannot-stand-on-one-line.evil.example";
    let card = Card { host: host.into(), ..card("1") };
    let found = Found::Enrolment { host: host.into(), name: String::new() };
    for state in [open([Event::Cards(vec![card])]), open([Event::Read(Ok(found))])] {
        for size in SIZES {
            assert!(as_text(&picture(&state, size, Look::PLAIN)).contains("evil.example"), "{size:?}");
        }
    }
}

#[test]
fn a_tiny_window_says_so_and_does_not_panic() {
    for width in 1..30 {
        for height in 1..10 {
            picture(&open([Event::Accounts(accounts()), Event::Cards(vec![card("1")])]), (width, height), Look::PLAIN);
            picture(&open([Event::Accounts(accounts())]), (width, height), Look::PLAIN);
        }
    }
}

#[test]
fn what_is_secret_does_not_show_in_debug() {
    let mut state = State::new(true, Vec::new());
    typed("canary").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    state.accounts = accounts();
    state.at_once(Event::Cards(vec![card("1")]), NOW);
    typed("876543").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    let mut field = Field::default();
    field.paste("876543");
    let effect = Effect::Approve { id: "1".into(), digits: field };
    let shown = format!("{state:?} {effect:?}");
    for secret in ["canary", "492039", "118402", "876543", "7734011"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    let removal = Removal::Gateway { id: "g".into(), name: "gate".into(), not_left: None };
    assert!(format!("{removal:?}").contains("gate"));
}
