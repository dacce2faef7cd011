//! Who may add, rename and remove a device (push-v1 section 5.6), through the pages.

use countersign_core::app::GatewayState;
use countersign_gateway::enrol::DeviceState;
use countersign_strings::text;
use countersign_tests::plain::Plain;
use countersign_tests::window::Window;

use super::handset::Handset;
use super::{approve, devices, sign_in, stage, told, voucher, with_phone};

/// Whether the page shows something that adds a device.
fn shows_a_code(window: &Plain) -> bool {
    let source = window.page().source();
    source.contains("class=\"qr\"") || source.contains("id=\"link\"") || source.contains("otpauth:")
}

#[test]
fn no_qr_is_shown_before_the_voucher() {
    let stage = stage();
    let alice = stage.person("alice");
    let voucher = voucher(&stage, &alice);
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/manageotp");
    assert_eq!(window.path(), "/manageotp/add", "a password alone leads nowhere else");
    for page in ["/manageotp", "/manageotp/add", "/manageotp/add?kind=other", "/demo"] {
        window.goto(&format!("{}{page}", stage.origin()));
        assert!(!shows_a_code(&window), "{page}");
    }
    for kind in ["countersign", "other"] {
        window.goto(&format!("{}/manageotp/add?kind={kind}", stage.origin()));
        for typed in ["", "0000-0000-0000", &voucher[..voucher.len() - 1]] {
            window.submit("/manageotp/add", &[("name", "Phone"), ("voucher", typed)]);
            assert_eq!(window.page().words(".fault").as_deref(), Some(text("login.voucher_wrong")), "{typed}");
            assert!(!shows_a_code(&window), "{kind} {typed}");
        }
    }
    assert_eq!(told(&stage, "person.voucher", "refused"), 6);
    assert_eq!(devices(&stage, &alice), [], "nor is anything waiting unseen");
    window.submit("/manageotp/add", &[("name", "Phone"), ("voucher", &voucher)]);
    assert!(shows_a_code(&window));
}

#[test]
fn a_voucher_counts_once_for_one_person_and_one_day() {
    let stage = stage();
    let alice = stage.person("alice");
    let bob = stage.person("bob");
    let begin = || {
        let mut window = Plain::new();
        sign_in(&mut window, &stage, "/manageotp");
        window
    };
    let refused = |typed: &str| {
        let mut window = begin();
        window.submit("/manageotp/add", &[("name", "Phone"), ("voucher", typed)]);
        assert_eq!(window.page().words(".fault").as_deref(), Some(text("login.voucher_wrong")));
        assert!(!shows_a_code(&window));
    };
    refused(&voucher(&stage, &bob));
    let late = voucher(&stage, &alice);
    stage.clock.advance(24 * 3600 + 1);
    refused(&late);
    let older = voucher(&stage, &alice);
    let right = voucher(&stage, &alice);
    refused(&older);
    // As people type it.
    let typed = right.to_lowercase().replace('-', " ");
    let mut window = begin();
    window.submit("/manageotp/add", &[("name", "Phone"), ("voucher", &typed)]);
    assert!(shows_a_code(&window));
    refused(&right);
    // A name that cannot be used does not use it up.
    let again = voucher(&stage, &alice);
    let mut window = begin();
    window.submit("/manageotp/add", &[("name", " "), ("voucher", &again)]);
    assert_eq!(window.page().words(".fault").as_deref(), Some(text("manage.name_wrong")));
    window.submit("/manageotp/add", &[("name", "Phone"), ("voucher", &again)]);
    assert!(shows_a_code(&window));
}

#[test]
fn a_form_with_a_voucher_that_is_sent_twice_loses_nothing() {
    let stage = stage();
    let alice = stage.person("alice");
    let voucher = voucher(&stage, &alice);
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/manageotp");
    let page = format!("{}/manageotp/add", stage.origin());
    let mut tabs = [window.same_cookies(), window.same_cookies()];
    for tab in &mut tabs {
        tab.goto(&page);
    }
    let [mut first, mut late] = tabs;
    let fields = [("name", "Phone"), ("voucher", voucher.as_str())];
    first.submit("/manageotp/add", &fields);
    assert!(shows_a_code(&first));
    // The answer to the first never reaches the window, which goes on with the cookie that it had.
    window.submit("/manageotp/add", &fields);
    assert!(shows_a_code(&window));
    assert_eq!(window.cookies(), first.cookies(), "one session");
    assert_eq!([told(&stage, "person.voucher", "used"), told(&stage, "person.voucher", "refused")], [1, 0]);
    // Another voucher with the old cookie is nothing, and so is the same one half a minute later.
    let mut other = late.same_cookies();
    stage.clock.advance(30);
    late.submit("/manageotp/add", &fields);
    assert_eq!(late.path(), "/login");
    other.goto(&page);
    assert_eq!(other.path(), "/login", "the old cookie opens nothing");
}

#[test]
fn a_voucher_of_ten_minutes_ago_adds_nothing() {
    let stage = stage();
    let alice = stage.person("alice");
    let voucher = voucher(&stage, &alice);
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/manageotp");
    window.submit("/manageotp/add", &[("name", "Phone"), ("voucher", &voucher)]);
    stage.clock.advance(601);
    for page in ["/manageotp/add", "/manageotp/add?kind=other"] {
        window.goto(&format!("{}{page}", stage.origin()));
        assert!(!shows_a_code(&window), "{page}");
    }
    window.submit("/manageotp/add", &[("name", "Phone"), ("voucher", &voucher)]);
    assert_eq!(window.page().words(".fault").as_deref(), Some(text("login.voucher_wrong")));
}

#[test]
fn a_pending_device_signs_nobody_in() {
    let stage = stage();
    let alice = stage.person("alice");
    let pending = Handset::of(&stage);
    let enrolling = pending.enrol(&stage.link(&alice, "browser").to_https());
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/demo");
    assert_eq!(window.path(), "/manageotp/add", "as without any device");
    window.goto(&format!("{}/login/wait", stage.origin()));
    assert_eq!(window.path(), "/login", "no approval was begun");
    pending.poll();
    assert!(pending.app.approvals().is_empty() && matches!(pending.state(), GatewayState::Pending { .. }));
    // Nor does a voucherless session confirm it, though it knows the digits.
    let did = stage.house().devices.of(alice.id).unwrap()[0].0.did.to_string();
    window.goto(&format!("{}/manageotp/add", stage.origin()));
    let token = window.page().field("/manageotp/add", "token").expect("a token");
    let fields = [("token", token.as_str()), ("device", &did), ("digits", &enrolling.digits)];
    let own = [("origin", stage.origin())];
    let own = own.each_ref().map(|(name, value)| (*name, value.as_str()));
    window.post_as(&format!("{}/manageotp/confirm", stage.origin()), &fields, &own);
    assert_eq!(devices(&stage, &alice)[0].1, DeviceState::Pending);
    // Beside an active phone it is not asked either.
    let active = Handset::active(&stage, &alice, "active");
    let mut login = Plain::new();
    sign_in(&mut login, &stage, "/demo");
    pending.poll();
    assert!(pending.app.approvals().is_empty());
    approve(&mut login, &stage, &active);
    assert_eq!(login.path(), "/demo");
}

#[test]
fn a_later_device_a_rename_and_a_removal_ask_a_second_factor_not_older_than_ten_minutes() {
    let (stage, alice, phone) = with_phone();
    let voucher = voucher(&stage, &alice);
    let did = stage.house().devices.of(alice.id).unwrap()[0].0.did.to_string();
    let (rename, remove) = (format!("/manageotp/{did}/rename"), format!("/manageotp/{did}/remove"));
    let at = |path: &str| format!("{}{path}", stage.origin());
    let own = stage.origin();
    let own = [("origin", own.as_str())];

    // A password alone, though there is a device: nothing but its confirmation.
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/manageotp");
    for path in ["/manageotp", "/manageotp/add", &rename, &remove] {
        window.goto(&at(path));
        assert_eq!(window.path(), "/login", "{path}");
    }
    window.goto(&at("/login/wait"));
    approve(&mut window, &stage, &phone);
    assert_eq!(window.path(), "/manageotp");

    stage.clock.advance(599);
    window.goto(&at(&rename));
    window.submit(&rename, &[("name", "Mine")]);
    assert_eq!(devices(&stage, &alice)[0].0, "Mine", "ten minutes are not over");
    window.goto(&at(&rename));
    let token = window.page().field(&rename, "token").expect("a token");
    stage.clock.advance(1);
    for path in ["/manageotp/add", "/manageotp/add?kind=other", &rename, &remove] {
        window.goto(&at(path));
        assert_eq!(window.heading(), text("login.fresh"), "{path}");
        assert!(!shows_a_code(&window), "{path}");
    }
    let posts: [(&str, &[(&str, &str)]); 4] = [
        (&rename, &[("name", "Theirs")]),
        (&remove, &[]),
        ("/manageotp/add", &[("kind", "countersign"), ("name", "Second"), ("voucher", &voucher)]),
        ("/manageotp/add", &[("kind", "other"), ("name", "Second"), ("voucher", &voucher)]),
    ];
    for (path, fields) in posts {
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("token", token.as_str())]).collect();
        window.post_as(&at(path), &fields, &own);
    }
    assert_eq!(devices(&stage, &alice), [("Mine".to_owned(), DeviceState::Active)], "nothing was changed by it");
    window.goto(&at("/manageotp"));
    assert_eq!(window.path(), "/manageotp", "looking is still allowed");

    // Confirmed anew, the page goes on where it was.
    window.goto(&at(&rename));
    window.submit("/login/fresh", &[]);
    approve(&mut window, &stage, &phone);
    assert_eq!((window.path(), window.heading().as_str()), (rename.clone(), text("manage.rename_title")));
    window.submit(&rename, &[("name", "Old")]);
    window.goto(&at("/manageotp/add"));
    assert_eq!(window.heading(), text("login.fresh"), "adding a device is a question of its own");
    window.submit("/login/fresh", &[]);
    approve(&mut window, &stage, &phone);
    assert_eq!(window.path(), "/manageotp/add");
    window.submit("/manageotp/add", &[("name", "New")]);
    assert!(shows_a_code(&window), "no voucher is asked for a later device");
    let second = Handset::of(&stage);
    let enrolling = second.enrol(&window.words("#link").expect("a link"));
    window.goto(&at("/manageotp/add"));
    window.submit("/manageotp/confirm", &[("digits", &enrolling.digits)]);
    assert_eq!(window.page().words(".notice").as_deref(), Some("Done: New is ready."));
    window.goto(&at(&remove));
    window.submit(&remove, &[]);
    assert_eq!(devices(&stage, &alice), [("New".to_owned(), DeviceState::Active)]);
}
