//! Hardware tokens: the ledger, and what is done with the one that lies there.

use countersign_core::burn::{Ending, Held};

use super::*;
use crate::token_words;
use crate::tui::model::TokenRow;
use crate::tui::state::{Over, Page, Spot, Talk, TokenPage, TokenQuestion, TokenTask};

fn press(state: &mut State, pressed: Key) -> Vec<Effect> {
    state.at_once(key(pressed), NOW)
}

fn row(token: &str, owner: &str, proof: &str) -> TokenRow {
    TokenRow {
        token: token.into(),
        owner: owner.into(),
        when: when::minute(NOW - 90_000),
        day: when::day(NOW - 90_000),
        proof: text(proof).to_owned(),
        proven: proof == "token.proof_proven",
        details: vec![
            (text("tui.token_for"), owner.into()),
            (text("tui.token_written"), when::minute(NOW - 90_000)),
            (text("tui.token_state"), text(proof).into()),
        ],
    }
}

fn ledger() -> Vec<TokenRow> {
    vec![
        row("miniOTP-2-i 865520000001", "GitHub (mara@example.com)", "token.proof_proven"),
        row(
            "C301-i 865520000002",
            "Very long issuer of a company with many words (ivo@example.com)",
            "token.proof_written",
        ),
        row(
            "C301-i 865520000003",
            "Very long issuer of a company with many words (noor@example.com)",
            "token.proof_written",
        ),
        row("YubiKey 9012345", "", "token.proof_failed"),
    ]
}

/// The page with this ledger, over the list of codes.
fn page(rows: Vec<TokenRow>) -> State {
    let mut state = open([Event::Accounts(accounts())]);
    assert!(matches!(press(&mut state, Key::Char('T')).as_slice(), [Effect::Tokens]));
    state.at_once(Event::Tokens(rows), NOW);
    state
}

fn talk(state: &State) -> Option<&Talk> {
    match &state.page {
        Page::Tokens(TokenPage { talk, .. }) => talk.as_ref(),
        other => panic!("{other:?}"),
    }
}

fn said(state: &mut State, words: &[&str]) {
    words.iter().for_each(|words| drop(state.at_once(Event::TokenSaid((*words).to_owned()), NOW)));
}

const PLAN: &str = "miniOTP-2-i, serial 865520000001\n  To be written: 6 digits, every 30 seconds, SHA1; a seed of 20 \
                    bytes\n  For GitHub (mara@example.com)\n  What it holds will be erased; it doesn't tell whether it holds \
                    anything.";

#[test]
fn the_ledger_is_shown_and_what_can_be_done() {
    golden("tokens_empty", &page(vec![]));
    let mut state = page(ledger());
    golden("tokens", &state);
    press(&mut state, Key::Down);
    state.at_once(Event::Click(Spot::Line(2)), NOW);
    assert!(matches!(&state.page, Page::Tokens(page) if page.selected == 2));
    press(&mut state, Key::Esc);
    assert!(matches!(state.page, Page::List));
    let mut empty = open([]);
    press(&mut empty, Key::Char('T'));
    assert!(press(&mut empty, Key::Char('a')).is_empty(), "no account was chosen");
}

fn seen(state: &State, size: (u16, u16)) -> String {
    as_text(&picture(state, size, Look::PLAIN))
}

#[test]
fn every_row_tells_the_token_whose_it_is_and_since_when_at_any_width() {
    let state = page(ledger());
    for size in SIZES {
        let words = seen(&state, size).split_whitespace().collect::<Vec<_>>().join(" ");
        for row in ledger() {
            for part in [&row.token, &row.day, &row.proof, &row.owner] {
                assert!(words.contains(part.as_str()), "{size:?}: {part}\n{}", seen(&state, size));
            }
        }
    }
    let long = "one-issuer-of-many-words ".repeat(20);
    let cut = seen(&page(vec![row(&"9".repeat(60), &long, "token.proof_written")]), (40, 20));
    assert_eq!(cut.matches('…').count(), 2, "what is cut has a sign: {cut}");
}

#[test]
fn help_lists_the_keys_of_the_page_and_enter_opens_the_row() {
    let mut state = page(ledger());
    assert!(press(&mut state, Key::Char('?')).is_empty());
    golden("tokens_help", &state);
    let told = seen(&state, (200, 50));
    for key in ["w", "a", "p", "t", "v", "i", "c", "R"] {
        let is_told = told.lines().any(|line| line.trim_start().starts_with(&format!("{key} ")));
        assert!(is_told, "{key}: {told}");
    }
    assert!(press(&mut state, Key::Char('w')).is_empty() && talk(&state).is_none(), "it is only read");
    for _ in 0..40 {
        press(&mut state, Key::Down);
    }
    settle(&mut state, Rect::new(0, 0, 40, 20));
    assert!(
        seen(&state, (40, 20)).contains(text("tui.help_tokens").lines().last().unwrap().split_once("  ").unwrap().1)
    );
    press(&mut state, Key::Esc);
    press(&mut state, Key::Down);
    assert!(press(&mut state, Key::Enter).is_empty());
    golden("tokens_details", &state);
    press(&mut state, Key::Enter);
    assert!(matches!(&state.page, Page::Tokens(page) if page.sheet.is_none() && page.selected == 1));
    let mut empty = page(vec![]);
    assert!(press(&mut empty, Key::Enter).is_empty());
    assert!(matches!(&empty.page, Page::Tokens(page) if page.sheet.is_none()), "there is no row");
}

#[test]
fn a_profile_is_chosen_with_what_is_in_it_in_sight() {
    let mut state = page(vec![]);
    press(&mut state, Key::Char('w'));
    said(&mut state, &[&fill("token.profile_ask", &[("token", "Molto-2, serial 00000000000001")])]);
    let label = |n: u8| match n {
        0 => fill("token.room_profile", &[("n", "0"), ("title", "Token2")]),
        3 => fill(
            "token.profile_owned",
            &[("n", "3"), ("title", "Mail"), ("owner", "Very long issuer of a company (mara@example.com)")],
        ),
        n => fill("token.profile_free", &[("n", &n.to_string())]),
    };
    state.at_once(Event::TokenAsks(TokenQuestion::Choice((0..100).map(label).collect())), NOW);
    for _ in 0..3 {
        press(&mut state, Key::Down);
    }
    golden("tokens_profiles", &state);
    for size in SIZES {
        let words = seen(&state, size).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("Which profile?") && words.contains("(mara@example.com)"), "{words}");
    }
    press(&mut state, Key::End);
    assert!(seen(&state, (40, 20)).contains("▸Profile 99: free"));
    let chosen = press(&mut state, Key::Enter);
    assert!(matches!(chosen.as_slice(), [Effect::TokenAnswer(Some(field))] if field.text() == "99"));
}

#[test]
fn each_key_begins_what_it_says() {
    for (pressed, wanted) in [
        ('i', TokenTask::Info),
        ('w', TokenTask::WriteTyped),
        ('a', TokenTask::WriteAccount("1".into())),
        ('p', TokenTask::WritePicture),
        ('t', TokenTask::TakeUp),
        ('v', TokenTask::Prove),
        ('c', TokenTask::Clock),
        ('R', TokenTask::Reset),
    ] {
        let mut state = page(ledger());
        match press(&mut state, Key::Char(pressed)).as_slice() {
            [Effect::Token(task)] => assert_eq!(task, &wanted, "{pressed}"),
            other => panic!("{pressed}: {other:?}"),
        }
        assert!(press(&mut state, Key::Char(pressed)).is_empty(), "one thing at a time");
    }
}

#[test]
fn a_token_is_written_with_one_question_at_a_time() {
    let mut state = page(ledger());
    press(&mut state, Key::Char('a'));
    golden("tokens_begun", &state);
    state.at_once(Event::TokenAsks(TokenQuestion::Hidden(text("cli.passphrase").into())), NOW);
    typed("canary").into_iter().for_each(|event| drop(state.at_once(event, NOW)));
    golden("tokens_hidden", &state);
    match press(&mut state, Key::Enter).as_slice() {
        [Effect::TokenAnswer(Some(field))] => assert_eq!(field.text(), "canary"),
        other => panic!("{other:?}"),
    }
    said(&mut state, &[PLAN]);
    state.at_once(Event::TokenAsks(TokenQuestion::YesNo(text("token.erase_ask").into())), NOW);
    golden("tokens_plan", &state);
    assert!(press(&mut state, Key::Enter).is_empty(), "only y is a yes");
    let yes = press(&mut state, Key::Char('y'));
    assert!(matches!(yes.as_slice(), [Effect::TokenAnswer(Some(field))] if field.text() == "y"));
    let holds = token_words::of_held(&[Held::Nothing]);
    let lost = fill("token.lost", &[("holds", &holds), ("why", text("token.link_lost"))]);
    said(&mut state, &[&lost, text("token.compare_single")]);
    state.at_once(Event::TokenAsks(TokenQuestion::Line(text("token.digits_ask").into())), NOW);
    typed("492039").into_iter().for_each(|event| drop(state.at_once(event, NOW)));
    golden("tokens_digits", &state);
    press(&mut state, Key::Enter);
    said(&mut state, &[text("token.proven_by_person")]);
    state.at_once(Event::TokenOver(Over::Done, None), NOW);
    golden("tokens_done", &state);
    assert!(!format!("{state:?}").contains("canary"));
    assert!(matches!(press(&mut state, Key::Enter).as_slice(), [Effect::Tokens]));
    assert!(talk(&state).is_none());
}

#[test]
fn a_clock_that_is_off_is_neither_done_nor_not() {
    let mut state = page(ledger());
    press(&mut state, Key::Char('w'));
    said(&mut state, &[PLAN]);
    let words = token_words::of_ending(Ending::ClockOff(180));
    state.at_once(Event::TokenOver(Over::ClockOff, Some(words)), NOW);
    golden("tokens_clock_off", &state);
    for size in SIZES {
        let shown = seen(&state, size);
        let is_said = shown.contains(text("tui.clock_off")) && shown.contains("3 minutes fast");
        assert!(is_said && !shown.contains(text("tui.done")), "{shown}");
    }
}

#[test]
fn what_runs_is_stopped_and_says_why_it_failed() {
    let mut state = page(vec![]);
    press(&mut state, Key::Char('w'));
    said(&mut state, &[&fill("token.lay_one", &[("reader", "Reader 00 00")])]);
    assert!(matches!(press(&mut state, Key::Esc).as_slice(), [Effect::TokenStop]));
    state.at_once(Event::TokenOver(Over::NotDone, Some(text("token.stopped_by_person").into())), NOW);
    golden("tokens_stopped", &state);
    press(&mut state, Key::Esc);
    press(&mut state, Key::Char('i'));
    let readers =
        ["Reader of one maker 00 00: a token lies there", "Reader of another maker 01 00: nothing lies there"];
    let readers = readers.map(str::to_owned).to_vec();
    state.at_once(Event::TokenAsks(TokenQuestion::Choice(readers)), NOW);
    press(&mut state, Key::Down);
    golden("tokens_readers", &state);
    for size in SIZES {
        let words = seen(&state, size).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("a token lies there") && words.contains("nothing lies there"), "{words}");
    }
    let chosen = press(&mut state, Key::Enter);
    assert!(matches!(chosen.as_slice(), [Effect::TokenAnswer(Some(field))] if field.text() == "1"));
    assert!(matches!(press(&mut state, Key::Esc).as_slice(), [Effect::TokenStop]));
}

#[test]
fn who_locks_the_phone_answers_nothing_more() {
    let mut state = page(ledger());
    press(&mut state, Key::Char('w'));
    state.at_once(Event::Locked(true), NOW);
    let asked = state.at_once(Event::TokenAsks(TokenQuestion::Line("digits".into())), NOW);
    assert!(matches!(asked.as_slice(), [Effect::TokenAnswer(None)]));
    state.at_once(Event::TokenOver(Over::Done, None), NOW);
    assert!(state.unlock.is_some() && matches!(state.page, Page::List));
}
