//! How the pages look: each in its states, light and dark, as golden pictures, and none with anything that axe-core calls
//! serious or critical or that breaks the Content-Security-Policy.

mod corners;
mod hall;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use countersign_gateway::approval::rule;
use countersign_tests::browser::{Browser, Find, Look, Page};
use countersign_tests::picture::{Picture, assert_golden};
use countersign_tests::source::root;
use countersign_tests::stage::BEGIN;
use serde_json::json;

use hall::{Hall, State};

/// The column of the pages.
const WIDTH: u32 = 420;
/// What a window at a desk is wide.
const DESK: u32 = 1024;
/// The pages that people are on most: these are looked at in each way.
const MAIN: [&str; 3] = ["wait", "list", "add-scan"];
/// One of each other form: a wrong field, a question, a large QR. Looked at in the ways that strain a page most.
const FORMS: [&str; 3] = ["login-wrong", "remove-last", "offline-shown"];

fn light() -> Look {
    Look { width: WIDTH, height: 320, now: Some(BEGIN), ..Look::default() }
}

/// The ways in which a state is looked at, with the ends of the pictures' names.
fn looks(name: &str) -> Vec<(&'static str, Look)> {
    let mut looks = vec![("light", light()), ("dark", Look { dark: true, ..light() })];
    if MAIN.contains(&name) || FORMS.contains(&name) {
        looks.push(("narrow", Look { width: 320, ..light() }));
        looks.push(("large", Look { text_scale: 2.0, ..light() }));
        looks.push(("rtl", Look { rtl: true, ..light() }));
    }
    if MAIN.contains(&name) {
        looks.push(("wide", Look { width: DESK, ..light() }));
        looks.push(("forced", Look { forced: true, ..light() }));
    }
    if name == "wait" {
        looks.push(("large-dark", Look { text_scale: 2.0, dark: true, ..light() }));
    }
    looks
}

#[test]
fn every_page_in_every_state_looks_as_it_did_and_is_accessible() {
    let hall = Hall::open(8443);
    let mut states = hall.sign_ins();
    states.extend(hall.devices());
    states.extend(hall.waiting());
    states.extend(hall.kinds());
    states.extend(hall.adding_corners());
    // So that «Send again» may be pressed at once, whatever the machine's speed.
    hall.stage.clock.advance(rule::RESEND_AFTER);
    let mut faults = look_at(&hall, &states);
    faults.extend(look_at(&hall, &hall.expired(&states)));
    faults.extend(look_at(&hall, &hall.too_late(&states)));
    faults.extend(look_at(&hall, &hall.turned_away()));
    faults.extend(look_at(&hall, &hall.codes_off()));
    faults.extend(look_at(&hall, &hall.rung_again()));
    faults.extend(look_at(&hall, &hall.has_to_wait()));
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn pages_of_answer_codes_and_of_waiting_look_as_they_did_and_are_accessible() {
    let hall = Hall::with(8445, |config| config.policy.offline = true);
    let states = hall.without_network();
    hall.stage.clock.advance(rule::RESEND_AFTER);
    let mut faults = look_at(&hall, &states);
    faults.extend(look_at(&hall, &hall.asked_otherwise()));
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn pages_of_other_settings_look_as_they_did_and_are_accessible() {
    let hall = Hall::with(8446, |config| config.policy.totp = false);
    let states = hall.without_codes();
    hall.stage.clock.advance(rule::RESEND_AFTER);
    let mut faults = look_at(&hall, &states);
    for (port, name, digits) in [(8448, "wait-few", 4), (8449, "wait-eight", 8)] {
        let hall = Hall::with(port, |config| config.approval.digits = digits);
        faults.extend(look_at(&hall, &hall.of_digits(name)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn a_sign_in_for_which_there_is_no_answer_code_says_why() {
    let label = "a".repeat(54);
    let url = format!("https://{label}.{label}.{label}.example");
    let hall = Hall::with(8447, |config| {
        config.policy.offline = true;
        config.public_url = Some(url.parse().expect("as long as one may be"));
        config.proxies = vec!["127.0.0.1".parse().expect("an address")];
    });
    let faults = look_at(&hall, &hall.without_answer_code());
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Looks at each, two at a time; what was wrong.
fn look_at(hall: &Hall, states: &[State]) -> Vec<String> {
    let (left, faults) = (Mutex::new(states.iter()), Mutex::new(Vec::new()));
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(state) = next() {
                    let found = visit(hall, state);
                    faults.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                }
            });
        }
    });
    faults.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn visit(hall: &Hall, state: &State) -> Vec<String> {
    let page = Browser::shared().open(&Look { scripts: state.scripts, ..light() });
    let mut faults = Vec::new();
    let mut check = |what: &str, act: &dyn Fn()| {
        if let Err(fault) = catch_unwind(AssertUnwindSafe(act)) {
            let words = fault.downcast_ref::<String>().cloned().unwrap_or_else(|| "a fault".to_owned());
            faults.push(format!("{} {what}: {words}", state.name));
        }
    };
    check("is reached", &|| reach(&page, hall, state));
    for (end, look) in looks(state.name) {
        check(end, &|| {
            page.look(&look);
            fits(&page);
            assert_golden(&format!("{}.{end}", state.name), &page.screenshot());
            // The same document in the same colours, or in the system's own: nothing else to be found.
            if !["wide", "forced"].contains(&end) {
                page.assert_accessible();
            }
        });
    }
    faults.extend(page.close().into_iter().map(|trouble| format!("{}: {trouble}", state.name)));
    faults
}

fn reach(page: &Page<'_>, hall: &Hall, state: &State) {
    page.set_cookies(&hall.base, &state.cookies);
    page.goto(&format!("{}{}", hall.base, state.path));
    if let Some(opened) = state.opened {
        page.click(Find::Css(opened));
    }
    for (field, typed) in &state.typed {
        page.fill(Find::Css(field), typed);
    }
    if !state.typed.is_empty() {
        page.press("Enter");
        page.wait_for(Find::Css(state.answered));
    }
    if let Some(button) = state.pressed {
        page.click(Find::Css(button));
        page.wait_for(Find::Css(state.answered));
    }
}

/// Nobody has to scroll sideways, and nothing hangs over the edge.
fn fits(page: &Page<'_>) {
    let wide = page.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert!(wide.as_f64().is_some_and(|wide| wide <= 0.0), "it is {wide} pixels too wide");
}

#[test]
fn names_are_shown_as_text() {
    const NAME: &str = "<img src=x onerror=alert(1)>";
    const MODEL: &str = "</p><script>alert(2)</script>";
    let hall = Hall::open(8444);
    let person = hall.stage.person("mara");
    let claims = json!({"dev": {"os": "android", "model": MODEL, "app": "\"><svg onload=alert(3)>"}});
    let phone = hall.add_phone(&person, "phone", NAME, &claims, true);
    let window = hall.full(&person, &phone, "/manageotp");
    let page = Browser::shared().open(&light());
    page.set_cookies(&hall.base, window.cookies());
    let did = phone.did.borrow().clone();
    for path in ["/manageotp".to_owned(), format!("/manageotp/{did}/remove"), format!("/manageotp?done={did}")] {
        assert_eq!(page.goto(&format!("{}{path}", hall.base)), 200, "{path}");
        let shown = page.text(Find::Css("main"));
        assert!(shown.contains(NAME) && shown.contains(MODEL), "{path}: {shown}");
        assert_eq!(page.count(Find::Css("main img, main script, main [onload], main [onerror]")), 0, "{path}");
    }
    page.goto(&format!("{}/manageotp/{did}/rename", hall.base));
    assert_eq!(page.value(Find::Css("#name")), NAME);
    assert_eq!(page.close(), Vec::<String>::new(), "nothing ran, nothing was refused");
}

#[test]
fn the_readme_shows_the_page_as_it_is() {
    let read = |path: &str| Picture::decode(&std::fs::read(root().join(path)).expect("a picture"));
    let golden = read("tests/golden/pages/wait.light.png");
    let shown = read("docs/pictures/login.png");
    assert_eq!(golden.difference(&shown), None, "copy tests/golden/pages/wait.light.png to docs/pictures/login.png");
}
