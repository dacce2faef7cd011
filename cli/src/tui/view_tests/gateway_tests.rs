//! Enrolments, what gateways tell, moves to a new phone.

use countersign_core::app::Staleness;
use countersign_core::error::{GatewayError, PortError};
use countersign_core::protocol::push::{GoneWhy, Os};
use countersign_core::qr::{Ground, Symbol};

use super::*;
use crate::tui::state::{Move, Page};
use crate::words;

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
        state.at_once(key(Key::Down), NOW);
        assert!(!shown(&state).contains(&beginning), "the other one is well");
    }
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
    state.at_once(Event::NotLeft { id: "g".into(), name: "gate.example.com:8443".into(), why }, NOW);
    golden("leave_not", &state);
}

#[test]
fn notices() {
    let mut state = open([Event::Accounts(accounts()), Event::Notices(vec![notice("1", true), notice("2", false)])]);
    golden("notice", &state);
    let put_away = state.at_once(key(Key::Enter), NOW);
    assert!(matches!(put_away.as_slice(), [Effect::Dismiss(id)] if id == "1"));
    golden("notice_plain", &state);
    state.at_once(key(Key::Char('n')), NOW);
    assert!(matches!(state.page, Page::Notice(_)), "there is nothing to report");
    state.at_once(key(Key::Esc), NOW);
    assert!(matches!(state.page, Page::List));
    state.at_once(key(Key::Char('p')), NOW);
    let reported = state.at_once(key(Key::Char('n')), NOW);
    assert!(matches!(reported.as_slice(), [Effect::ReportNotice(id)] if id == "1"));
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

#[test]
fn moving() {
    let mut state = open([Event::Gateways(vec![gateway(GatewayState::Active)]), key(Key::Char('m'))]);
    golden("move_ask", &state);
    assert!(matches!(state.at_once(key(Key::Char('y')), NOW).as_slice(), [Effect::Move(id)] if id == "g"));
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
    state.at_once(Event::Moving(shown.clone()), NOW);
    golden("move", &state);
    let high = as_text(&picture(&state, (80, 42), Look::PLAIN));
    assert!(
        high.contains('█') && high.contains(text("tui.move_waits")),
        "in a window that is as large as it said:\n{high}"
    );
    state.at_once(Event::Joining(Some(("Pixel 9".into(), Os::Android.name().into()))), NOW);
    typed("0972").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    golden("move_joining", &state);
    assert!(state.at_once(key(Key::Enter), NOW).is_empty(), "four digits are not six");
    typed("99").into_iter().for_each(|e| drop(state.at_once(e, NOW)));
    assert!(matches!(state.at_once(key(Key::Enter), NOW).as_slice(), [Effect::Confirm { .. }]));
    let wrong = GatewayError::WrongDigits(2_u64.try_into().unwrap());
    state.at_once(Event::Confirmed(Err(words::of_error(&wrong.into()))), NOW);
    golden("move_wrong", &state);
    state.at_once(Event::Confirmed(Ok(())), NOW);
    golden("moved", &state);
}
