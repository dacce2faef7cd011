//! Every screen as text, beside `cli/tests/golden/`. `COUNTERSIGN_ACCEPT=1` writes them anew: then look at each.

use std::fs;
use std::path::Path;

use countersign_core::app::{Staleness, Verdict};
use countersign_core::error::{Error, GatewayError, InputError, PortError};
use countersign_core::protocol::push::{Op, Os, Status};
use countersign_core::qr::{Class, Ground, Symbol};
use countersign_strings::{fill, text};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::field::Field;
use super::model::{Account, AccountCode, Answered, Card, Figures, Found, Gateway, GatewayState, Notice};
use super::state::{Effect, Event, Key, Move, Page, Reading, Removal, State, Unlock};
use super::view::{Look, draw, settle};
use crate::{scan_words, when, words};

pub(super) const NOW: u64 = 1_795_260_011;
const SIZES: [(u16, u16); 3] = [(80, 24), (60, 20), (40, 20)];

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
    for size in SIZES {
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
    Account { id: id.into(), issuer: issuer.into(), name: name.into(), code }
}

pub(super) fn accounts() -> Vec<Account> {
    let counted = |id: &str, issuer: &str, code| Account {
        id: id.into(),
        issuer: issuer.into(),
        name: "mara@example.com".into(),
        code: AccountCode::Counted(code),
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
        Account { id: "6".into(), issuer: "Old bank".into(), name: String::new(), code: AccountCode::Damaged },
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

pub(super) fn open(events: impl IntoIterator<Item = Event>) -> State {
    let mut state = State::new(false, Vec::new());
    state.reading = Reading::Done;
    for event in events {
        state.update(event, NOW);
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
fn empty() {
    golden("empty", &open([]));
}

/// The note of the demo, as `cargo xtask demo` writes it.
fn demo_note() -> Vec<String> {
    let fingerprint = format!("   {}\n   {}", "AB:".repeat(16), ["CD"; 16].join(":"));
    let values = [
        ("url", "https://localhost:8443"),
        ("name", "alice"),
        ("password", "abcd-efgh-jkmn-pqrs"),
        ("voucher", "K7QF-2MNP-XW4D"),
        ("fingerprint", &fingerprint),
        ("log", "/tmp/countersign-demo-12345/gateway.log"),
    ];
    fill("demo.welcome", &values).lines().map(str::to_owned).collect()
}

#[test]
fn the_note_of_the_demo() {
    let mut state = State { reading: Reading::Done, ..State::new(false, demo_note()) };
    golden("demo_note", &state);
    let text = as_text(&picture(&state, (60, 20), Look::PLAIN));
    for line in state.short_note() {
        assert!(text.contains(line.trim()), "{line} is not in view:\n{text}");
    }
    assert!(text.contains("No accounts yet.") && text.contains("Or paste a link here."), "{text}");
    state.update(key(Key::Char('i')), NOW);
    golden("demo_note_whole", &state);
    state.update(key(Key::End), NOW);
    golden("demo_note_end", &state);
    state.update(key(Key::Esc), NOW);
    state.update(Event::Accounts(accounts()), NOW);
    golden("demo_note_list", &state);
    for step in [Key::Char('i'), Key::Char('f')] {
        state.update(key(step), NOW);
    }
    assert!(!as_text(&picture(&state, (80, 24), Look::PLAIN)).contains("Voucher"), "it was folded away");
    golden("demo_note_locked", &State::new(true, demo_note()));
}

#[test]
fn passphrase() {
    let mut state = open([key(Key::Char('c'))]);
    typed("old").into_iter().for_each(|e| drop(state.update(e, NOW)));
    for part in ["larch", "latch"] {
        state.update(key(Key::Enter), NOW);
        typed(part).into_iter().for_each(|e| drop(state.update(e, NOW)));
    }
    golden("passphrase", &state);
    assert!(state.update(key(Key::Enter), NOW).is_empty(), "two that differ change nothing");
    golden("passphrase_differ", &state);
}

#[test]
fn a_gateway_where_nothing_can_be_approved_says_why() {
    for stale in [Staleness::Old, Staleness::Clock, Staleness::Keys].map(words::of_staleness) {
        let row = Gateway { stale: Some(stale), ..gateway(GatewayState::Active) };
        let mut state = open([Event::Gateways(vec![row, gateway(GatewayState::Active)])]);
        let shown = |state: &State| {
            let text = as_text(&picture(state, (100, 30), Look::PLAIN));
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let beginning: String = stale.split(' ').take(3).collect::<Vec<_>>().join(" ");
        assert!(shown(&state).contains(&beginning), "{}", shown(&state));
        state.update(key(Key::Down), NOW);
        assert!(!shown(&state).contains(&beginning), "the other one is well");
    }
}

#[test]
fn list() {
    let gateways = vec![gateway(GatewayState::Active), gateway(GatewayState::Pending(Figures::new("020569")))];
    let mut state = open([Event::Accounts(accounts()), Event::Gateways(gateways)]);
    golden("list", &state);
    state.update(key(Key::Down), NOW);
    state.update(key(Key::Enter), NOW);
    golden("list_opened", &state);
    state.update(key(Key::Down), NOW);
    state.update(key(Key::Down), NOW);
    golden("list_counted", &state);
    state.update(key(Key::End), NOW);
    golden("list_gateway", &state);
    state.opened = false;
    state.update(key(Key::Char('/')), NOW);
    typed("mara").into_iter().for_each(|e| drop(state.update(e, NOW)));
    golden("list_search", &state);
    typed("zz").into_iter().for_each(|e| drop(state.update(e, NOW)));
    golden("list_nothing_found", &state);
}

#[test]
fn approval() {
    let cards = vec![card("1"), card("2")];
    let mut state = open([Event::Accounts(accounts()), Event::Cards(cards.clone())]);
    golden("approval", &state);
    typed("492").into_iter().for_each(|e| drop(state.update(e, NOW)));
    golden("approval_digits", &state);
    typed("039").into_iter().for_each(|e| drop(state.update(e, NOW)));
    state.update(key(Key::Enter), NOW);
    golden("approval_sending", &state);
    state.update(Event::Asked { wrong: true }, NOW);
    typed("larch").into_iter().for_each(|e| drop(state.update(e, NOW)));
    golden("approval_passphrase", &state);
    let verdict = |st, left: u64| words::of_verdict(Verdict { st, left: left.try_into().ok() }).words;
    let wrong = Answered::Wrong(verdict(Status::Wrong, 2));
    state.update(Event::Answered { id: "1".into(), how: wrong }, NOW);
    golden("approval_wrong", &state);
    state.update(key(Key::Char('n')), NOW);
    state.update(key(Key::Down), NOW);
    golden("approval_choice", &state);
    let text = verdict(Status::Reported, 0);
    state.update(Event::Answered { id: "1".into(), how: Answered::Over { text, good: true } }, NOW);
    golden("approval_over", &state);
    let mut gone = open([Event::Cards(cards)]);
    gone.update(Event::Cards(vec![]), NOW);
    golden("approval_withdrawn", &gone);
}

#[test]
fn approval_with_everything_long() {
    let long = Card {
        app: "The payroll and expenses application of the northern branches".into(),
        host: "login.a-rather-long-name-of-a-department.with-a-sub-department.example-company.co.example:65535".into(),
        account: "a.person.with.a.long.name@a-department.of-a-company.example.com".into(),
        account_differs: true,
        from: Some(
            "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, GB · 2001:db8:1111:2222:3333:4444:5555:6666"
                .into(),
        ),
        network: Some("A network operator with a long name, Ltd. and Sons".into()),
        with: Some("Some browser 128.0 on an operating system with a long name".into()),
        with_new: true,
        stated: true,
        digits: 8,
        ..card("1")
    };
    golden("approval_long", &open([Event::Cards(vec![long])]));
}

#[test]
fn pages() {
    let mut help = open([key(Key::Char('?'))]);
    golden("help", &help);
    help.update(key(Key::End), NOW);
    golden("help_end", &help);
    help.update(key(Key::Esc), NOW);
    let mut entry = open([key(Key::Char('a'))]);
    entry.update(
        Event::Paste("otpauth://totp/GitHub:mara?secret=GEZDGNBVGY3TQOJQ&issuer=GitHub".to_owned().into()),
        NOW,
    );
    golden("entry", &entry);
    assert!(!as_text(&picture(&entry, (80, 24), Look::PLAIN)).contains("GEZDG"), "a secret is drawn");
    entry.update(Event::Read(Err(scan_words::of_class(&Class::Wifi))), NOW);
    golden("entry_refused", &entry);
    let found = Found::Account {
        name: "GitHub (mara@example.com)".into(),
        kind: scan_words::timed(6, 30),
        remarks: vec![fill("qr.two_issuers", &[("kept", "GitHub")])],
        blank: None,
        doubtful: false,
    };
    golden("add_confirm", &open([Event::Read(Ok(found))]));
    let found = Found::Enrolment { host: "gate.example.com:8443".into(), name: "Example Works".into() };
    let mut enrol = open([Event::Read(Ok(found))]);
    golden("enrol_confirm", &enrol);
    enrol.update(key(Key::Char('y')), NOW);
    enrol.update(Event::Asked { wrong: false }, NOW);
    golden("enrol_passphrase", &enrol);
    enrol.update(Event::AskOver, NOW);
    let digits = Figures::new("020569");
    let joined = Event::Joined {
        gateway: "g".into(),
        digits,
        name: "Example Works".into(),
        host: "gate.example.com:8443".into(),
    };
    enrol.update(joined, NOW);
    golden("digits", &enrol);
    enrol.update(Event::Gateways(vec![gateway(GatewayState::Active)]), NOW);
    golden("joined", &enrol);
    golden("error", &open([Event::Failed(words::of_error(&PortError::Network.into()))]));
    let mut remove = open([Event::Accounts(accounts()), key(Key::Char('x'))]);
    golden("remove", &remove);
    remove.update(key(Key::Char('n')), NOW);
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

#[test]
fn sign() {
    let text = "Pay 1,250.00 € to Northern Paper Ltd, account DE02 1203 0000 0000 2020 51, reference 4711. ";
    let sign = Card { op: Op::Sign, msg: Some(text.repeat(3)), ..card("1") };
    golden("approval_sign", &open([Event::Cards(vec![sign.clone()])]));
    let smallest = as_text(&picture(&open([Event::Cards(vec![sign])]), (40, 20), Look::PLAIN));
    for part in ["gate.example.com:8443", "Payroll", "Pay 1,250.00 €", "4711.", "_ _ _", "this isn't me"] {
        assert!(smallest.contains(part), "the text is read whole, and whose it is: {smallest}");
    }
    let wide = Card { msg: Some("契".repeat(256)), ..card("1") };
    let cut = as_text(&picture(&open([Event::Cards(vec![wide])]), (40, 16), Look::PLAIN));
    assert!(cut.contains("Make this window larger.") && !cut.contains("_ _ _"), "{cut}");
}

#[test]
fn notices() {
    let mut state = open([Event::Accounts(accounts()), Event::Notices(vec![notice("1", true), notice("2", false)])]);
    golden("notice", &state);
    let put_away = state.update(key(Key::Enter), NOW);
    assert!(matches!(put_away.as_slice(), [Effect::Dismiss(id)] if id == "1"));
    golden("notice_plain", &state);
    state.update(key(Key::Char('n')), NOW);
    assert!(matches!(state.page, Page::Notice(_)), "there is nothing to report");
    state.update(key(Key::Esc), NOW);
    assert!(matches!(state.page, Page::List));
    state.update(key(Key::Char('p')), NOW);
    let reported = state.update(key(Key::Char('n')), NOW);
    assert!(matches!(reported.as_slice(), [Effect::ReportNotice(id)] if id == "1"));
}

#[test]
fn history() {
    let mut state = open([]);
    assert!(matches!(state.update(key(Key::Char('h')), NOW).as_slice(), [Effect::History]));
    state.update(Event::History(Vec::new()), NOW);
    golden("history_empty", &state);
    let line = |n: usize| {
        let end = text("tui.past_approved");
        let from = "mara@example.com · Lyon, FR · 192.0.2.7 · Example Net · Firefox on Linux";
        format!("  11:{n:02}  {end} · Payroll (gate.example.com:8443) · {from}")
    };
    let lines = std::iter::once(when::day(NOW)).chain((10..40).rev().map(line)).collect();
    state.update(Event::History(lines), NOW);
    golden("history", &state);
    for _ in 0..3 {
        state.update(key(Key::Down), NOW);
    }
    golden("history_scrolled", &state);
    state.update(key(Key::End), NOW);
    golden("history_end", &state);
}

#[test]
fn moving() {
    let mut state = open([Event::Gateways(vec![gateway(GatewayState::Active)]), key(Key::Char('m'))]);
    golden("move_ask", &state);
    assert!(matches!(state.update(key(Key::Char('y')), NOW).as_slice(), [Effect::Move(id)] if id == "g"));
    // As long as one is that carries a pin.
    let link = format!("https://gate.example.com:8443/enrol#1.eyJ1{}", "Ab3_".repeat(59));
    let symbol = Symbol::new(&link).unwrap().terminal(Ground::Dark);
    let shown = Move {
        gateway: "g".into(),
        name: "Example Works".into(),
        host: "gate.example.com:8443".into(),
        link: Figures::new(link),
        symbol: Figures::new(symbol),
        joining: None,
        field: Field::default(),
        busy: false,
        fault: None,
    };
    assert!(!format!("{shown:?}").contains("eyJ1"), "whoever reads the code can enrol");
    state.update(Event::Moving(shown.clone()), NOW);
    golden("move", &state);
    let high = as_text(&picture(&state, (80, 42), Look::PLAIN));
    assert!(
        high.contains('█') && high.contains(text("tui.move_waits")),
        "in a window that is as large as it said:\n{high}"
    );
    state.update(Event::Joining(Some(("Pixel 9".into(), Os::Android.name().into()))), NOW);
    typed("0972").into_iter().for_each(|e| drop(state.update(e, NOW)));
    golden("move_joining", &state);
    assert!(state.update(key(Key::Enter), NOW).is_empty(), "four digits are not six");
    typed("99").into_iter().for_each(|e| drop(state.update(e, NOW)));
    assert!(matches!(state.update(key(Key::Enter), NOW).as_slice(), [Effect::Confirm { .. }]));
    let wrong = GatewayError::WrongDigits(2_u64.try_into().unwrap());
    state.update(Event::Confirmed(Err(words::of_error(&wrong.into()))), NOW);
    golden("move_wrong", &state);
    state.update(Event::Confirmed(Ok(())), NOW);
    golden("moved", &state);
}

#[test]
fn answer_code() {
    let mut state = open([Event::Read(Ok(Found::Offline(card("1"))))]);
    golden("offline_confirm", &state);
    assert!(matches!(state.update(key(Key::Char('y')), NOW).as_slice(), [Effect::Accept { blank: false }]));
    state.update(Event::Code { code: Figures::new("61087479"), app: "Payroll".into() }, NOW);
    golden("offline_code", &state);
}

#[test]
fn unlock() {
    let mut state = State::new(true, Vec::new());
    typed("larch").into_iter().for_each(|e| drop(state.update(e, NOW)));
    golden("unlock", &state);
    state.unlock =
        Some(Unlock { fault: Some(words::of_error(&Error::from(InputError::WrongPassphrase))), ..Unlock::default() });
    golden("unlock_wrong", &state);
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
fn the_digits_and_the_refusal_are_in_view_on_the_smallest_screen_with_everything_long() {
    let long = "word ".repeat(25);
    let card =
        Card { app: long.clone(), host: "h".repeat(190), with: Some(long.clone()), network: Some(long), ..card("1") };
    let mut state = open([Event::Cards(vec![card])]);
    typed("12").into_iter().for_each(|e| drop(state.update(e, NOW)));
    let text = as_text(&picture(&state, (40, 12), Look::PLAIN));
    assert!(text.contains("1 2 _") && text.contains("No, this isn't me"), "{text}");
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
    typed("canary").into_iter().for_each(|e| drop(state.update(e, NOW)));
    state.accounts = accounts();
    state.update(Event::Cards(vec![card("1")]), NOW);
    typed("876543").into_iter().for_each(|e| drop(state.update(e, NOW)));
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
