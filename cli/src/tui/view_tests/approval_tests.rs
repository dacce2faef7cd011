//! Approvals, answer codes, and what is asked for them.

use countersign_core::app::{Staleness, Verdict};
use countersign_core::protocol::push::{Op, Status};

use super::*;
use crate::tui::model::Answered;
use crate::words;

/// A card that comes in alone.
fn asked(card: Card) -> State {
    open([Event::Cards(vec![card])])
}

#[test]
fn approval() {
    let cards = vec![card("1"), card("2")];
    let mut state = open([Event::Accounts(accounts()), Event::Cards(cards.clone())]);
    golden("approval", &state);
    typed("492").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    golden("approval_digits", &state);
    typed("039").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    state.at_once(key(Key::Enter), NOW);
    golden("approval_sending", &state);
    state.at_once(Event::Asked { wrong: true }, NOW);
    typed("larch").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    golden("approval_passphrase", &state);
    let verdict = |st, left: u64| words::of_verdict(Verdict { st, left: left.try_into().ok() }).words;
    let wrong = Answered::Wrong(verdict(Status::Wrong, 2));
    state.at_once(Event::Answered { id: "1".into(), how: wrong }, NOW);
    golden("approval_wrong", &state);
    state.at_once(key(Key::Char('n')), NOW);
    state.at_once(key(Key::Down), NOW);
    golden("approval_choice", &state);
    let text = verdict(Status::Reported, 0);
    state.at_once(Event::Answered { id: "1".into(), how: Answered::Over { text, good: true } }, NOW);
    golden("approval_over", &state);
    let mut gone = open([Event::Cards(cards)]);
    gone.at_once(Event::Cards(vec![]), NOW);
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
    typed("492039").into_iter().chain([key(Key::Enter)]).for_each(|event| drop(expired.at_once(event, NOW)));
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
fn the_digits_and_the_refusal_are_in_view_on_the_smallest_screen_with_everything_long() {
    let long = "word ".repeat(25);
    let card =
        Card { app: long.clone(), host: "h".repeat(190), with: Some(long.clone()), network: Some(long), ..card("1") };
    let mut state = open([Event::Cards(vec![card])]);
    typed("12").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    let text = as_text(&picture(&state, (40, 12), Look::PLAIN));
    assert!(text.contains("1 2 _") && text.contains("No, this isn't me"), "{text}");
}

#[test]
fn answer_code() {
    let mut state = open([Event::Read(Ok(Found::Offline(card("1"))))]);
    golden("offline_confirm", &state);
    assert!(matches!(state.at_once(key(Key::Char('y')), NOW).as_slice(), [Effect::Accept { blank: false }]));
    state.at_once(Event::Code { code: Figures::new("61087479"), app: "Payroll".into() }, NOW);
    golden("offline_code", &state);
}
