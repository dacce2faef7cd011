//! What stands in front of the list: unlock, note, help, links, questions, history, passphrase.

use countersign_core::error::{Error, InputError, PortError};
use countersign_core::qr::Class;

use super::*;
use crate::tui::state::{Settings, Spot, Unlock};
use crate::words;

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
    // The demo's own window is smaller than most.
    let smaller = |name: &str, state: &State| golden_at(name, state, SIZES.into_iter().chain([(60, 20)]));
    let mut state = State { reading: Reading::Done, ..State::new(false, demo_note()) };
    smaller("demo_note", &state);
    let text = as_text(&picture(&state, (60, 20), Look::PLAIN));
    for line in state.short_note() {
        assert!(text.contains(line.trim()), "{line} is not in view:\n{text}");
    }
    assert!(text.contains("No accounts yet.") && text.contains("Or paste a link here."), "{text}");
    state.at_once(key(Key::Char('i')), NOW);
    smaller("demo_note_whole", &state);
    state.at_once(key(Key::End), NOW);
    smaller("demo_note_end", &state);
    state.at_once(key(Key::Esc), NOW);
    state.at_once(Event::Accounts(accounts()), NOW);
    smaller("demo_note_list", &state);
    for step in [Key::Char('i'), Key::Char('f')] {
        state.at_once(key(step), NOW);
    }
    assert!(!as_text(&picture(&state, (80, 24), Look::PLAIN)).contains("Voucher"), "it was folded away");
    smaller("demo_note_locked", &State::new(true, demo_note()));
}

#[test]
fn unlock() {
    let mut state = State::new(true, Vec::new());
    typed("larch").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    golden("unlock", &state);
    state.unlock =
        Some(Unlock { fault: Some(words::of_error(&Error::from(InputError::WrongPassphrase))), ..Unlock::default() });
    golden("unlock_wrong", &state);
}

#[test]
fn a_phone_that_is_locked_shows_what_needs_no_vault() {
    let mut busy = State::new(true, Vec::new());
    busy.unlock = Some(Unlock { busy: true, ..Unlock::default() });
    golden("unlocking", &busy);
    let mut joining = State::new(true, Vec::new());
    let (name, host) = ("Example Works".to_owned(), "gate.example.com:8443".to_owned());
    joining.at_once(Event::Joined { gateway: "g".into(), digits: Figures::new("020569"), name, host }, NOW);
    golden("digits_locked", &joining);
}

#[test]
fn passphrase() {
    let set = Settings { lock_after: None, lock_on_leave: false, clipboard: 30 };
    let mut state = open([Event::Settings(set), key(Key::End), key(Key::Enter)]);
    typed("old").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    for part in ["larch", "latch"] {
        state.at_once(key(Key::Enter), NOW);
        typed(part).into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    }
    golden("passphrase", &state);
    assert!(state.at_once(key(Key::Enter), NOW).is_empty(), "two that differ change nothing");
    golden("passphrase_differ", &state);
}

#[test]
fn pages() {
    let mut help = open([key(Key::Char('?'))]);
    golden("help", &help);
    help.at_once(key(Key::End), NOW);
    golden("help_end", &help);
    help.at_once(key(Key::Esc), NOW);
    let mut entry = open([key(Key::Char('a'))]);
    entry.at_once(
        Event::Paste("otpauth://totp/GitHub:mara?secret=GEZDGNBVGY3TQOJQ&issuer=GitHub".to_owned().into()),
        NOW,
    );
    golden("entry", &entry);
    assert!(!as_text(&picture(&entry, (80, 24), Look::PLAIN)).contains("GEZDG"), "a secret is drawn");
    entry.at_once(Event::Read(Err(scan_words::of_class(&Class::Wifi))), NOW);
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
    enrol.at_once(key(Key::Char('y')), NOW);
    enrol.at_once(Event::Asked { wrong: false }, NOW);
    golden("enrol_passphrase", &enrol);
    enrol.at_once(Event::AskOver, NOW);
    let digits = Figures::new("020569");
    let joined = Event::Joined {
        gateway: "g".into(),
        digits,
        name: "Example Works".into(),
        host: "gate.example.com:8443".into(),
    };
    enrol.at_once(joined, NOW);
    golden("digits", &enrol);
    enrol.at_once(Event::Gateways(vec![gateway(GatewayState::Active)]), NOW);
    golden("joined", &enrol);
    golden("error", &open([Event::Failed(words::of_error(&PortError::Network.into()))]));
    let mut remove = open([Event::Accounts(accounts()), key(Key::Char('x'))]);
    golden("remove", &remove);
    remove.at_once(key(Key::Char('n')), NOW);
}

#[test]
fn what_is_read_is_asked_about_as_it_needs() {
    let mut entry = open([key(Key::Char('g'))]);
    golden("entry_enrol", &entry);
    entry.at_once(Event::Read(Err(scan_words::of_class(&Class::Login))), NOW);
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
    plus.at_once(key(Key::Char('b')), NOW);
    golden("add_blank", &plus);
    let steam = found("tui.maybe_steam", None, true);
    golden("add_twice", &open([Event::Read(Ok(steam)), key(Key::Char('y'))]));
}

#[test]
fn history() {
    let mut state = open([]);
    assert!(matches!(state.at_once(key(Key::Char('h')), NOW).as_slice(), [Effect::History]));
    state.at_once(Event::History(Vec::new()), NOW);
    golden("history_empty", &state);
    let line = |n: usize| {
        let end = text("tui.past_approved");
        let from = "mara@example.com · Lyon, FR · 192.0.2.7 · Example Net · Firefox on Linux";
        format!("  11:{n:02}  {end} · Payroll (gate.example.com:8443) · {from}")
    };
    let lines = std::iter::once(when::day(NOW)).chain((10..40).rev().map(line)).collect();
    state.at_once(Event::History(lines), NOW);
    golden("history", &state);
    for _ in 0..3 {
        state.at_once(key(Key::Down), NOW);
    }
    golden("history_scrolled", &state);
    state.at_once(key(Key::End), NOW);
    golden("history_end", &state);
}

#[test]
fn settings() {
    let mut state = open([]);
    assert!(matches!(state.at_once(key(Key::Char('s')), NOW).as_slice(), [Effect::Settings]));
    let set = Settings { lock_after: Some(300), lock_on_leave: false, clipboard: 30 };
    state.at_once(Event::Settings(set), NOW);
    golden("settings", &state);
    let mut turned = |pressed: Key| match state.at_once(key(pressed), NOW).as_slice() {
        [Effect::Set(set)] => {
            let set = *set;
            state.at_once(Event::Settings(set), NOW);
            set
        }
        other => panic!("{other:?}"),
    };
    assert_eq!([turned(Key::Right), turned(Key::Left)].map(|set| set.lock_after), [Some(900), Some(300)]);
    let on = state.at_once(Event::Click(Spot::Line(1)), NOW);
    assert!(matches!(on.as_slice(), [Effect::Set(Settings { lock_on_leave: true, .. })]), "{on:?}");
    state.at_once(Event::Settings(Settings { clipboard: 45, lock_on_leave: true, lock_after: None }), NOW);
    state.at_once(key(Key::Down), NOW);
    golden("settings_clipboard", &state);
    state.at_once(key(Key::End), NOW);
    golden("settings_passphrase", &state);
}
