//! The pages by keyboard alone: every step is a key that is pressed where the focus is, and the focus can be seen.

use countersign_core::app::GatewayState;
use countersign_core::cancel::Cancel;
use countersign_core::vault::DeviceClass;
use countersign_gateway::enrol::DeviceState;
use countersign_protocol::Secret;
use countersign_strings::{fill, text};
use countersign_tests::browser::{Find, Page};
use countersign_tests::stage::PASSWORD;

use super::handset::Handset;
use super::seat::Seat;
use super::{devices, stage, told, voucher};

/// More steps than any page has places for the focus.
const STEPS: usize = 40;

/// Presses Tab until the focus is on what has this id, name or text.
fn walk_to(page: &Page<'_>, what: &str) {
    for _ in 0..STEPS {
        if page.focused() == what {
            let seen = "getComputedStyle(document.activeElement).outlineStyle";
            assert_ne!(page.evaluate(seen), "none", "who looks sees that the focus is on «{what}»");
            return;
        }
        page.press("Tab");
    }
    panic!("no way by Tab to «{what}» on {}", page.url());
}

/// Walks to a field and replaces what stands in it.
fn write(page: &Page<'_>, field: &str, words: &str) {
    walk_to(page, field);
    page.press("Control+a");
    page.type_text(words);
}

/// Walks to a link or button and presses Enter.
fn press(page: &Page<'_>, name: &str) {
    walk_to(page, name);
    page.press("Enter");
}

fn sign_in(page: &Page<'_>, address: &str) {
    page.goto(address);
    assert_eq!(page.focused(), "name", "the first field is ready to be typed in");
    write(page, "name", "alice");
    write(page, "password", PASSWORD);
    page.press("Enter");
}

#[test]
fn a_device_is_added_renamed_and_used_by_keyboard_alone() {
    let stage = stage();
    let (alice, phone) = (stage.person("alice"), Handset::of(&stage));
    phone
        .app
        .create_vault(&Secret::from_slice(b"correct horse battery"), DeviceClass::Phone, &Cancel::default())
        .unwrap();
    let voucher = voucher(&stage, &alice);
    let seat = Seat::new(true);
    let page = &seat.page;

    sign_in(page, &format!("{}/manageotp", stage.origin()));
    page.wait_for(Find::Css("#voucher"));
    write(page, "name", "My phone");
    write(page, "voucher", &voucher);
    press(page, text("manage.show_qr"));
    page.wait_for(Find::Css("#link"));
    // Who cannot scan walks to the link, to copy it.
    walk_to(page, "link");
    let enrolling = phone.enrol(&page.text(Find::Css("#link")));
    page.wait_for(Find::Css("#digits"));
    assert_eq!(page.focused(), "digits", "the digits can be typed at once");
    write(page, "digits", &enrolling.digits);
    page.press("Enter");
    page.wait_for(Find::Css(".notice"));
    assert_eq!(devices(&stage, &alice), [("My phone".to_owned(), DeviceState::Active)]);

    press(page, text("manage.rename"));
    page.wait_for(Find::Role("heading", text("manage.rename_title")));
    write(page, "name", "Kitchen phone");
    press(page, text("manage.save"));
    page.wait_for(Find::Text(&fill("manage.renamed", &[("name", "Kitchen phone")])));
    assert_eq!(devices(&stage, &alice), [("Kitchen phone".to_owned(), DeviceState::Active)]);
    press(page, text("common.sign_out"));
    page.wait_for(Find::Css("#password"));

    phone.poll();
    assert_eq!(phone.state(), GatewayState::Active);
    stage.clock.advance(30);
    sign_in(page, &format!("{}/demo", stage.origin()));
    page.wait_for(Find::Css("#code"));
    let live = phone.app.codes(stage.house().clock.now()).unwrap().rows[0].live.clone().expect("a code of the clock");
    write(page, "code", &live.code.to_string());
    page.press("Enter");
    page.wait_url("/demo");
    page.wait_for(Find::Role("heading", text("login.sample")));
    assert_eq!(told(&stage, "approval.code", "approved"), 1);
}
