//! The states that people meet less often, each as text like those of `view_tests`.

use countersign_core::app::Staleness;
use countersign_core::error::PortError;
use countersign_core::protocol::push::{GoneWhy, Op};
use countersign_strings::{fill, text};
use ratatui::layout::Rect;

use super::model::{Card, Figures, Found, Gateway, GatewayState, Notice};
use super::state::{Event, Key, State, Unlock};
use super::view::Look;
use super::view_tests::{NOW, accounts, as_text, card, gateway, golden, key, notice, open, picture, typed};
use crate::{scan_words, words};

/// A card that comes in alone.
fn asked(card: Card) -> State {
    open([Event::Cards(vec![card])])
}

#[test]
fn an_approval_says_who_vouches_for_what_it_shows() {
    golden("approval_stated", &asked(Card { stated: true, ..card("1") }));
    golden("approval_differs", &asked(Card { account_differs: true, account: "root".into(), ..card("1") }));
    golden("approval_enrol", &asked(Card { op: Op::Enrol, with_new: true, ..card("1") }));
    let stale = words::of_staleness(Staleness::Old);
    golden("approval_stale", &asked(Card { stale: Some(stale), ..card("1") }));
}

#[test]
fn an_approval_whose_time_is_over_says_so() {
    let late = Card { until: NOW, ..card("1") };
    golden("approval_late", &asked(late));
    let mut expired = asked(Card { until: NOW - 1, ..card("1") });
    typed("492039").into_iter().chain([key(Key::Enter)]).for_each(|event| drop(expired.update(event, NOW)));
    golden("approval_expired", &expired);
}

/// What is left out on a low screen is what is known already, and that something is missing is said.
#[test]
fn a_low_screen_keeps_what_is_new_and_says_that_something_is_missing() {
    let full = Card { from_new: false, with_new: true, stated: true, ..card("1") };
    let shown = |height| as_text(&picture(&asked(full.clone()), (40, height), Look::PLAIN));
    for height in [24, 20, 16] {
        let text = shown(height);
        for part in ["Example Net", "Firefox on Linux  new", "did not see it"] {
            assert!(text.contains(part), "{part} at {height}:\n{text}");
        }
        assert!(!text.contains("Make this window larger."), "{height}:\n{text}");
    }
    let low = shown(13);
    for part in ["gate.example.com:8443", "Payroll", "Firefox on Linux  new", "Make this window larger.", "_ _ _"] {
        assert!(low.contains(part), "{part}:\n{low}");
    }
    assert!(!low.contains("Example Net"), "{low}");
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
    golden("approval_rtl", &asked(hebrew));
    let mut piled = accounts();
    piled[0].issuer = format!("Gi{}tHub", "\u{323}".repeat(63));
    piled[3].issuer = "בנק".into();
    golden("list_names", &open([Event::Accounts(piled)]));
}

#[test]
fn a_list_that_cannot_be_read_is_not_an_empty_one() {
    let why = || Event::NotRead(words::of_error(&PortError::Disk.into()));
    golden("list_unread", &open([Event::Accounts(accounts()), why()]));
    let mut late = open([Event::Accounts(accounts()), why()]);
    late.accounts.truncate(2);
    let text = as_text(&{
        let mut buffer = ratatui::buffer::Buffer::empty(Rect::new(0, 0, 80, 24));
        super::view::draw(&late, NOW + 10, Look::PLAIN, *buffer.area(), &mut buffer);
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
    (0..3).for_each(|_| drop(damaged.update(key(Key::Up), NOW)));
    golden("list_counted_new", &damaged);
}

#[test]
fn a_gateway_says_how_it_stands() {
    let states = [
        ("joining", GatewayState::Joining),
        ("suspended", GatewayState::Suspended),
        ("ended", GatewayState::Gone(words::gone(GoneWhy::Admin).to_owned())),
        ("keys_gone", GatewayState::KeysGone),
        ("damaged", GatewayState::Damaged),
    ];
    for (name, state) in states {
        let row = match state {
            GatewayState::Damaged => Gateway {
                name: String::new(),
                host: text("tui.no_host").into(),
                account: String::new(),
                ..gateway(state)
            },
            state => gateway(state),
        };
        golden(&format!("gateway_{name}"), &open([Event::Gateways(vec![row]), key(Key::Enter)]));
    }
    let stale = Some(words::of_staleness(Staleness::Old));
    let row = Gateway { stale, ..gateway(GatewayState::Active) };
    golden("gateway_stale", &open([Event::Gateways(vec![row]), key(Key::Enter)]));
    let row = Gateway { clock: words::of_clock(240), ..gateway(GatewayState::Active) };
    golden("gateway_clock", &open([Event::Accounts(accounts()), Event::Gateways(vec![row]), key(Key::End)]));
}

#[test]
fn leaving_a_gateway_asks_and_asks_again_where_it_cannot_be_told() {
    let mut state = open([Event::Gateways(vec![gateway(GatewayState::Active)]), key(Key::Char('x'))]);
    golden("leave", &state);
    let why = words::of_error(&PortError::Network.into());
    state.update(Event::NotLeft { id: "g".into(), name: "gate.example.com:8443".into(), why }, NOW);
    golden("leave_not", &state);
}

#[test]
fn what_is_read_is_asked_about_as_it_needs() {
    let mut entry = open([key(Key::Char('e'))]);
    golden("entry_enrol", &entry);
    entry.update(Event::Read(Err(scan_words::of_class(&countersign_core::qr::Class::Login))), NOW);
    golden("entry_login", &entry);
    let found = |remark: &str, blank: Option<&str>, doubtful| Found::Account {
        name: "Big+Bank (mara@example.com)".into(),
        kind: scan_words::timed(6, 30),
        remarks: vec![text(remark).to_owned()],
        blank: blank.map(str::to_owned),
        doubtful,
    };
    let blank = Some("Big Bank (mara@example.com)");
    let mut plus = open([Event::Read(Ok(found("qr.plus_kept", blank, false)))]);
    golden("add_plus", &plus);
    plus.update(key(Key::Char('b')), NOW);
    golden("add_blank", &plus);
    let steam = found("qr.maybe_steam", None, true);
    golden("add_twice", &open([Event::Read(Ok(steam)), key(Key::Char('y'))]));
}

#[test]
fn a_phone_that_is_locked_shows_what_needs_no_vault() {
    let mut busy = State::new(true, Vec::new());
    busy.unlock = Some(Unlock { busy: true, ..Unlock::default() });
    golden("unlocking", &busy);
    let mut joining = State::new(true, Vec::new());
    let (name, host) = ("Example Works".to_owned(), "gate.example.com:8443".to_owned());
    joining.update(Event::Joined { gateway: "g".into(), digits: Figures::new("020569"), name, host }, NOW);
    golden("digits_locked", &joining);
}

#[test]
fn each_notice_says_what_happened() {
    let model = [("model", "Pixel 9")];
    for (name, said) in [
        ("removed", fill("tui.notice_device_removed", &model)),
        ("keys", fill("tui.notice_keys_changed", &model)),
        ("recovery", text("tui.notice_recovery_used").to_owned()),
        ("lockout", text("tui.notice_lockout").to_owned()),
    ] {
        let told = Notice { text: said, ..notice("1", name == "keys") };
        golden(&format!("notice_{name}"), &open([Event::Notices(vec![told])]));
    }
    golden("notice_reported", &open([Event::Done(text("tui.notice_reported").to_owned())]));
}
