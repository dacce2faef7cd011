//! What events do to the phone.

use countersign_core::protocol::push::Op;

use super::form::Form;
use super::model::{Account, AccountCode, Answered, Card, Details, Figures, Found, Gateway, GatewayState};
use super::state::{Effect, Event, Key, Page, Reading, Removal, Settings, State, Step};

const NOW: u64 = 1_795_260_000;

fn card(id: &str) -> Card {
    Card {
        id: id.into(),
        op: Op::Login,
        msg: None,
        app: "Payroll".into(),
        host: "gate.example.com".into(),
        gateway: "Works".into(),
        account: "mara".into(),
        account_differs: false,
        from: None,
        network: None,
        with: None,
        from_new: false,
        with_new: false,
        stated: false,
        digits: 6,
        until: NOW + 120,
        stale: None,
    }
}

fn open() -> State {
    State::new(false, Vec::new())
}

fn send(state: &mut State, events: impl IntoIterator<Item = Event>) -> Vec<Effect> {
    events.into_iter().flat_map(|event| state.at_once(event, NOW)).collect()
}

fn keys(text: &str) -> Vec<Event> {
    text.chars().map(|c| Event::Key(Key::Char(c))).collect()
}

fn press(state: &mut State, key: Key) -> Vec<Effect> {
    send(state, [Event::Key(key)])
}

#[test]
fn a_new_approval_rings_once_and_takes_the_screen() {
    let mut state = open();
    assert!(matches!(send(&mut state, [Event::Cards(vec![card("1")])])[..], [Effect::Bell]));
    assert!(send(&mut state, [Event::Cards(vec![card("1")])]).is_empty());
    assert_eq!(state.approval.as_ref().map(|a| a.card.id.as_str()), Some("1"));
    assert!(matches!(send(&mut state, [Event::Cards(vec![card("1"), card("2")])])[..], [Effect::Bell]));
    assert_eq!(state.approval.as_ref().map(|a| a.card.id.as_str()), Some("1"), "the second waits behind");
    assert_eq!(state.waiting(), 1);
}

#[test]
fn approving_takes_exactly_the_digits_of_the_page() {
    let mut state = open();
    send(&mut state, [Event::Cards(vec![card("1")])]);
    send(&mut state, keys("49a2"));
    assert!(press(&mut state, Key::Enter).is_empty(), "three digits are too few");
    send(&mut state, keys("0390"));
    let effects = press(&mut state, Key::Enter);
    let [Effect::Approve { id, digits }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((id.as_str(), digits.text()), ("1", "492039"));
    assert!(press(&mut state, Key::Enter).is_empty(), "it is sent once");
}

#[test]
fn digits_of_other_scripts_are_taken_as_what_they_mean() {
    let mut state = open();
    send(&mut state, [Event::Cards(vec![card("1")]), Event::Paste("٤٩٢ ０３９".to_owned().into())]);
    let effects = press(&mut state, Key::Enter);
    let [Effect::Approve { digits, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(digits.text(), "492039");
}

#[test]
fn no_asks_which_of_the_two_and_sends_nothing_before() {
    for (key, report) in [(Key::Char('1'), false), (Key::Char('2'), true)] {
        let mut state = open();
        send(&mut state, [Event::Cards(vec![card("1")])]);
        assert!(press(&mut state, Key::Char('n')).is_empty());
        let effects = press(&mut state, key);
        match &effects[..] {
            [Effect::Deny(id)] => assert!(!report && id == "1"),
            [Effect::Report(id)] => assert!(report && id == "1"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn keys_meant_for_something_else_never_answer_an_approval_that_pops_up() {
    let mut state = open();
    send(&mut state, [Event::Key(Key::Char('a')), Event::Cards(vec![card("1")])]);
    let effects = send(&mut state, keys("yqxl/"));
    assert!(effects.is_empty() && press(&mut state, Key::Enter).is_empty(), "{effects:?}");
    assert!(state.approval.is_some());
}

#[test]
fn wrong_digits_are_asked_again_and_a_result_ends_it() {
    let mut state = open();
    send(&mut state, [Event::Cards(vec![card("1"), card("2")])]);
    send(&mut state, keys("111111"));
    press(&mut state, Key::Enter);
    send(&mut state, [Event::Answered { id: "1".into(), how: Answered::Wrong("2 tries left".into()) }]);
    let step = state.approval.as_ref().map(|a| &a.step);
    assert!(matches!(step, Some(Step::Digits { field, fault: Some(_) }) if field.is_empty()));
    let over = Answered::Over { text: "Approved".into(), good: true };
    send(&mut state, [Event::Answered { id: "1".into(), how: over }, Event::Cards(vec![card("2")])]);
    assert_eq!(state.approval.as_ref().map(|a| a.card.id.as_str()), Some("1"), "the result stays until it is read");
    press(&mut state, Key::Enter);
    assert_eq!(state.approval.as_ref().map(|a| a.card.id.as_str()), Some("2"));
}

#[test]
fn an_approval_put_aside_comes_back_when_asked_for() {
    let mut state = open();
    send(&mut state, [Event::Cards(vec![card("1")]), Event::Key(Key::Esc)]);
    assert!(state.approval.is_none() && state.waiting() == 1);
    send(&mut state, [Event::Cards(vec![card("1")])]);
    assert!(state.approval.is_none(), "it does not come back by itself");
    press(&mut state, Key::Char('p'));
    assert!(state.approval.is_some());
}

#[test]
fn an_approval_that_went_away_can_still_be_refused() {
    let mut state = open();
    send(&mut state, [Event::Cards(vec![card("1")]), Event::Cards(vec![])]);
    assert!(matches!(state.approval.as_ref().map(|a| &a.step), Some(Step::Passed(_))));
    press(&mut state, Key::Char('n'));
    assert!(matches!(press(&mut state, Key::Char('2'))[..], [Effect::Report(_)]));
}

#[test]
fn what_cannot_be_approved_now_takes_a_no_alone_until_it_can() {
    let mut state = open();
    send(&mut state, [Event::Cards(vec![Card { stale: Some("Old."), ..card("1") }])]);
    send(&mut state, keys("123456"));
    assert!(press(&mut state, Key::Enter).is_empty());
    press(&mut state, Key::Char('n'));
    press(&mut state, Key::Esc);
    send(&mut state, [Event::Cards(vec![card("1")])]);
    send(&mut state, keys("123456"));
    assert!(matches!(press(&mut state, Key::Enter)[..], [Effect::Approve { .. }]));
    let mut refused = open();
    send(&mut refused, [Event::Cards(vec![Card { stale: Some("Old."), ..card("1") }]), Event::Key(Key::Char('n'))]);
    assert!(matches!(press(&mut refused, Key::Char('1'))[..], [Effect::Deny(_)]));
}

#[test]
fn an_expired_approval_is_not_sent() {
    let mut state = open();
    send(&mut state, [Event::Cards(vec![Card { until: NOW - 1, ..card("1") }])]);
    send(&mut state, keys("123456"));
    assert!(press(&mut state, Key::Enter).is_empty());
    assert!(matches!(state.approval.as_ref().map(|a| &a.step), Some(Step::Passed(_))));
}

#[test]
fn the_passphrase_goes_to_the_keystore_alone() {
    let mut state = open();
    send(&mut state, [Event::Cards(vec![card("1")])]);
    send(&mut state, keys("123456"));
    send(&mut state, [Event::Key(Key::Enter), Event::Asked { wrong: false }]);
    send(&mut state, keys("larch n 1"));
    let effects = press(&mut state, Key::Enter);
    let [Effect::Give(field)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(field.text(), "larch n 1");
    send(&mut state, [Event::Asked { wrong: true }]);
    assert!(matches!(press(&mut state, Key::Esc)[..], [Effect::Withhold]));
}

#[test]
fn approvals_work_while_the_vault_is_locked() {
    let mut state = State::new(true, Vec::new());
    send(&mut state, [Event::Cards(vec![card("1")])]);
    press(&mut state, Key::Char('n'));
    assert!(matches!(press(&mut state, Key::Char('1'))[..], [Effect::Deny(_)]));
    assert!(state.unlock.is_some());
}

#[test]
fn nothing_read_is_stored_before_yes() {
    let found = Found::Enrolment { host: "gate.example.com".into(), name: "Works".into() };
    let mut state = open();
    assert!(matches!(
        send(&mut state, [Event::Paste("countersign://enrol#1.e".to_owned().into())])[..],
        [Effect::Read(_)]
    ));
    send(&mut state, [Event::Read(Ok(found.clone()))]);
    assert!(press(&mut state, Key::Enter).is_empty(), "Enter is no yes");
    assert!(matches!(press(&mut state, Key::Char('n'))[..], [Effect::Drop]));
    send(&mut state, [Event::Read(Ok(found))]);
    assert!(matches!(press(&mut state, Key::Char('y'))[..], [Effect::Accept { blank: false }]));
}

#[test]
fn what_may_be_of_another_kind_is_asked_about_twice_and_a_plus_is_read_as_the_person_says() {
    let found = |doubtful, blank: Option<&str>| Found::Account {
        name: "Big+Bank".into(),
        kind: "6 digits, every 30 seconds".into(),
        remarks: Vec::new(),
        blank: blank.map(str::to_owned),
        doubtful,
    };
    let mut state = open();
    send(&mut state, [Event::Read(Ok(found(true, None)))]);
    assert!(press(&mut state, Key::Char('b')).is_empty(), "there is no + to be read");
    assert!(press(&mut state, Key::Char('y')).is_empty(), "one yes is not enough");
    assert!(matches!(press(&mut state, Key::Char('y'))[..], [Effect::Accept { blank: false }]));
    for (turns, read) in [(0, false), (1, true), (2, false)] {
        send(&mut state, [Event::Read(Ok(found(false, Some("Big Bank"))))]);
        (0..turns).for_each(|_| drop(press(&mut state, Key::Char('b'))));
        let effects = press(&mut state, Key::Char('y'));
        assert!(matches!(effects[..], [Effect::Accept { blank }] if blank == read), "{turns}: {effects:?}");
    }
}

#[test]
fn a_list_that_cannot_be_read_keeps_its_rows_and_is_read_again() {
    let row = Account::new("1".into(), "GitHub".into(), String::new(), AccountCode::Counted(None));
    let mut state = open();
    send(&mut state, [Event::Accounts(vec![row]), Event::NotRead("The disk failed.".into())]);
    assert_eq!(state.accounts.len(), 1, "nobody's accounts are gone");
    assert!(state.counts() && state.next_change().is_some_and(|again| (NOW + 1..NOW + 10).contains(&again)));
    send(&mut state, [Event::Accounts(Vec::new())]);
    assert_eq!((state.accounts.len(), state.next_change()), (0, None), "it was read, and there is none");
    send(&mut state, [Event::NotRead("Busy.".into()), Event::Locked(true), Event::NotRead("Busy.".into())]);
    assert_eq!(state.reading, Reading::Awaited, "a locked vault is not read");
    assert!(!state.counts());
}

#[test]
fn a_gateway_that_cannot_be_told_is_forgotten_only_after_another_yes() {
    let gateway = Gateway {
        id: "g".into(),
        name: "Works".into(),
        host: "gate.example.com".into(),
        account: "mara".into(),
        state: GatewayState::Active,
        stale: None,
        clock: None,
    };
    let mut state = open();
    send(&mut state, [Event::Gateways(vec![gateway]), Event::Key(Key::Char('x'))]);
    let asked = press(&mut state, Key::Char('y'));
    assert!(matches!(&asked[..], [Effect::Remove(Removal::Gateway { not_left: None, .. })]), "{asked:?}");
    let told = || Event::NotLeft { id: "g".into(), name: "gate.example.com".into(), why: "Busy.".into() };
    send(&mut state, [told()]);
    assert!(press(&mut state, Key::Char('n')).is_empty() && matches!(state.page, Page::List));
    send(&mut state, [told()]);
    let forgotten = press(&mut state, Key::Char('y'));
    assert!(matches!(&forgotten[..], [Effect::Remove(Removal::Gateway { not_left: Some(_), .. })]), "{forgotten:?}");
}

#[test]
fn an_enrolment_shows_its_digits_until_the_page_has_taken_them() {
    let gateway = |state| Gateway {
        id: "g".into(),
        name: "Works".into(),
        host: "gate.example.com".into(),
        account: "mara".into(),
        state,
        stale: None,
        clock: None,
    };
    let joined = || Event::Joined {
        gateway: "g".into(),
        digits: Figures::new("020569"),
        name: "Works".into(),
        host: "gate.example.com".into(),
    };
    for (ends, good) in [(GatewayState::Active, true), (GatewayState::Gone("Late.".into()), false)] {
        let mut state = open();
        send(&mut state, [joined(), Event::Gateways(vec![gateway(GatewayState::Pending(Figures::new("020569")))])]);
        assert!(matches!(state.page, Page::Digits { .. }));
        send(&mut state, [Event::Gateways(vec![gateway(ends)])]);
        assert!(matches!(state.page, Page::Message { good: g, .. } if g == good));
    }
}

#[test]
fn locking_takes_codes_and_search_off_the_screen() {
    let mut state = open();
    send(&mut state, [Event::Key(Key::Char('/'))]);
    assert!(matches!(send(&mut state, [Event::Key(Key::Esc), Event::Key(Key::Char('l'))])[..], [Effect::Lock]));
    assert!(state.accounts.is_empty() && state.search.is_none());
    send(&mut state, keys("a?"));
    send(&mut state, [Event::Locked(true)]);
    assert_eq!(state.unlock.as_ref().map(|unlock| unlock.field.text()), Some("a?"), "typing goes on");
}

#[test]
fn what_was_read_before_it_was_locked_is_not_shown_after() {
    let mut state = open();
    send(&mut state, [Event::Locked(true)]);
    let details = Details { name: "GitHub".into(), rows: Vec::new(), note: Figures::new("canary") };
    let set = Settings { lock_after: None, lock_on_leave: false, clipboard: 30 };
    let late = [
        Event::Details(Box::new(details)),
        Event::Form(Box::new(Form::edit("1".into(), "GitHub".into()))),
        Event::Groups(vec!["Work".into()]),
        Event::Bin(Vec::new()),
        Event::Did("Removed: GitHub".into()),
        Event::Settings(set),
    ];
    send(&mut state, late.into_iter().chain([Event::Locked(false)]));
    assert!(matches!(state.page, Page::List) && state.groups.is_empty());
    assert_eq!((state.undo, state.notice), (None, None));
}

#[test]
fn ctrl_c_ends_from_everywhere() {
    let mut state = State::new(true, Vec::new());
    send(&mut state, [Event::Cards(vec![card("1")]), Event::Asked { wrong: false }]);
    assert!(matches!(press(&mut state, Key::Stop)[..], [Effect::Quit]));
}

#[test]
fn the_note_scrolls_and_folds_on_its_page() {
    let mut state = State::new(false, vec!["one".into(), String::new(), "two".into()]);
    assert_eq!(state.short_note(), ["one"]);
    press(&mut state, Key::Char('i'));
    for (key, top) in [(Key::Down, 1), (Key::End, 2), (Key::Down, 2), (Key::Up, 1), (Key::Home, 0), (Key::Up, 0)] {
        press(&mut state, key);
        assert!(matches!(state.page, Page::Note { top: found } if found == top), "{key:?}");
    }
    press(&mut state, Key::Char('q'));
    assert!(matches!(state.page, Page::List), "q leaves the page, not the program");
    press(&mut state, Key::Char('i'));
    press(&mut state, Key::Char('f'));
    assert!(state.note_folded && matches!(state.page, Page::List));
    let mut without = open();
    press(&mut without, Key::Char('i'));
    assert!(matches!(without.page, Page::List), "there is no note");
}

#[test]
fn a_passphrase_is_changed_when_it_was_typed_twice_alike() {
    let mut state = open();
    let set = Settings { lock_after: None, lock_on_leave: false, clipboard: 30 };
    send(&mut state, [Event::Settings(set), Event::Key(Key::End), Event::Key(Key::Enter)]);
    send(&mut state, keys("elk"));
    press(&mut state, Key::Enter);
    assert!(press(&mut state, Key::Enter).is_empty(), "an empty one is none");
    send(&mut state, keys("new"));
    press(&mut state, Key::Enter);
    send(&mut state, keys("news"));
    assert!(press(&mut state, Key::Enter).is_empty());
    assert!(matches!(&state.page, Page::Passphrase(change) if change.fault.is_some() && change.at == 0));
    for part in ["elk", "new"] {
        send(&mut state, keys(part));
        press(&mut state, Key::Enter);
    }
    send(&mut state, keys("new"));
    let effects = press(&mut state, Key::Enter);
    assert!(matches!(&effects[..], [Effect::Change { old, new }] if old.text() == "elk" && new.text() == "new"));
    send(&mut state, [Event::NotChanged("That isn't the passphrase.".into())]);
    assert!(matches!(&state.page, Page::Passphrase(change) if change.fields[0].is_empty()));
    assert!(!format!("{state:?}").contains("elk"), "what was typed shows in Debug");
}

fn timed(id: &str) -> Account {
    let code =
        AccountCode::Timed { code: Figures::new("123456"), next: Figures::new("654321"), period: 30, until: NOW + 9 };
    Account::new(id.into(), id.into(), String::new(), code)
}

/// Keys that come faster than the vault is written: each finds what the one before it left.
#[test]
fn each_of_many_quick_keys_counts_in_its_order() {
    let mut state = open();
    let list = |order: &str| Event::Accounts(order.chars().map(|id| timed(&id.to_string())).collect());
    state.update(list("abcd"), NOW);
    let shifted = |effects: Vec<Effect>| match effects.as_slice() {
        [Effect::Shift { id, before }] => (id.clone(), before.clone()),
        other => panic!("{other:?}"),
    };
    let pressed = send_now(&mut state, "J");
    assert_eq!(shifted(pressed), ("a".into(), Some("c".into())));
    assert!(send_now(&mut state, "Jff").is_empty(), "the first is not done yet");
    state.update(list("bacd"), NOW);
    assert_eq!(shifted(state.update(Event::Settled, NOW)), ("a".into(), Some("d".into())), "past the one after it");
    state.update(list("bcad"), NOW);
    let marked = |effects: Vec<Effect>| match effects.as_slice() {
        [Effect::Mark { id, on, .. }] => (id.clone(), *on),
        other => panic!("{other:?}"),
    };
    assert_eq!(marked(state.update(Event::Settled, NOW)), ("a".into(), true));
    let favourite = Account { favourite: true, ..timed("a") };
    state.update(Event::Accounts(vec![timed("b"), timed("c"), favourite, timed("d")]), NOW);
    assert_eq!(marked(state.update(Event::Settled, NOW)), ("a".into(), false), "and back again");
    assert!(state.update(Event::Settled, NOW).is_empty());
    assert!(matches!(send_now(&mut state, "o")[..], [Effect::Sort(_)]), "nothing is waited for any more");
}

fn send_now(state: &mut State, text: &str) -> Vec<Effect> {
    keys(text).into_iter().flat_map(|event| state.update(event, NOW)).collect()
}

#[test]
fn what_waits_is_never_taken_by_what_comes_up_meanwhile() {
    let mut state = open();
    state.update(Event::Accounts(vec![timed("a"), timed("b")]), NOW);
    assert_eq!(send_now(&mut state, "fn1").len(), 1);
    state.update(Event::Cards(vec![card("1")]), NOW);
    assert!(state.update(Event::Settled, NOW).is_empty() && state.held.is_empty());
    assert!(matches!(state.approval.as_ref().map(|a| &a.step), Some(Step::Digits { .. })), "no «no» was said");
    let mut state = open();
    state.update(Event::Accounts(vec![timed("a")]), NOW);
    send_now(&mut state, "f");
    assert!(matches!(state.update(Event::Key(Key::Stop), NOW)[..], [Effect::Quit]), "the end is not waited for");
    state.update(Event::Locked(true), NOW);
    send_now(&mut state, "pass");
    assert_eq!(state.unlock.as_ref().map(|unlock| unlock.field.chars()), Some(4), "nor is a passphrase");
}

#[test]
fn so_many_keys_wait_and_no_more() {
    use crate::limits::HELD;
    for (typed, kept) in [(HELD - 1, HELD - 1), (HELD, HELD), (HELD + 1, HELD)] {
        let mut state = open();
        state.update(Event::Accounts(vec![timed("a")]), NOW);
        send_now(&mut state, "f");
        send_now(&mut state, &"j".repeat(typed));
        assert_eq!(state.held.len(), kept);
    }
}
