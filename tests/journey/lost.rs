//! Somebody lost the only phone (push-v1 section 5.6): a voucher is the other second factor for looking after devices.

use countersign_core::app::GatewayState;
use countersign_gateway::enrol::DeviceState;
use countersign_strings::{fill, text};
use countersign_tests::plain::Plain;
use countersign_tests::window::Window;

use super::handset::Handset;
use super::{approve, devices, sign_in, signed_in, told, voucher, with_phone};

#[test]
fn a_lost_phone_is_removed_and_a_new_one_added_with_one_voucher() {
    let (stage, alice, lost) = with_phone();
    let voucher = voucher(&stage, &alice);
    let at = |path: &str| format!("{}{path}", stage.origin());

    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/manageotp");
    assert_eq!(window.heading(), text("login.wait_title"), "the lost phone is asked");
    window.submit("/login/voucher", &[("voucher", "0000-0000-0000")]);
    assert_eq!(window.page().words(".fault").as_deref(), Some(text("login.voucher_wrong")));
    assert_eq!(window.heading(), text("login.wait_title"));
    window.submit("/login/voucher", &[("voucher", &voucher)]);
    assert_eq!((window.path().as_str(), window.heading().as_str()), ("/manageotp", text("manage.title")));
    assert_eq!([told(&stage, "person.voucher", "refused"), told(&stage, "person.voucher", "used")], [1, 1]);
    assert_eq!(told(&stage, "approval.end", "cancelled"), 1, "the lost phone is not asked any more");
    lost.poll();
    assert!(lost.app.approvals().iter().all(|row| !matches!(row.state, countersign_core::app::ApprovalState::Open(_))));

    window.goto(&at("/demo"));
    assert_eq!(window.path(), "/login", "it signs in to nothing else");

    let did = lost.did.expect("an id");
    window.goto(&at(&format!("/manageotp/{did}/remove")));
    window.submit(&format!("/manageotp/{did}/remove"), &[]);
    assert_eq!(window.page().words(".notice"), Some(text("manage.removed").to_owned()));
    lost.try_poll();
    assert!(matches!(lost.state(), GatewayState::Gone(_)));

    window.goto(&at("/manageotp/add"));
    assert!(window.page().field("/manageotp/add", "voucher").is_none(), "the same voucher counts for ten minutes");
    window.submit("/manageotp/add", &[("name", "New phone")]);
    let new = Handset::of(&stage);
    let enrolling = new.enrol(&window.words("#link").expect("a link"));
    window.goto(&at("/manageotp/add"));
    window.submit("/manageotp/confirm", &[("digits", &enrolling.digits)]);
    assert_eq!(window.page().words(".notice"), Some(fill("manage.done", &[("name", "New phone")])));
    assert_eq!(devices(&stage, &alice), [("New phone".to_owned(), DeviceState::Active)]);
    new.poll();
    let mut login = Plain::new();
    sign_in(&mut login, &stage, "/demo");
    approve(&mut login, &stage, &new);
    assert_eq!(login.path(), "/demo");

    // Used up: neither here nor on the page that confirms who one is.
    let mut again = Plain::new();
    sign_in(&mut again, &stage, "/manageotp");
    again.submit("/login/voucher", &[("voucher", &voucher)]);
    assert_eq!(again.page().words(".fault").as_deref(), Some(text("login.voucher_wrong")));
}

#[test]
fn a_voucher_confirms_who_one_is_for_ten_minutes() {
    let (stage, alice, phone) = with_phone();
    let voucher = voucher(&stage, &alice);
    let mut window = signed_in(&stage, &phone, "/manageotp");
    stage.clock.advance(600);
    let did = phone.did.expect("an id");
    let rename = format!("/manageotp/{did}/rename");
    let page = format!("{}{rename}", stage.origin());
    window.goto(&page);
    assert_eq!(window.heading(), text("login.fresh"));
    window.submit("/login/fresh/voucher", &[("voucher", "0000-0000-0000")]);
    assert_eq!(window.page().words(".fault").as_deref(), Some(text("login.voucher_wrong")));
    let before = window.cookies().clone();
    // Sent twice, as after a double click: the answer to the first never reaches the window.
    let mut first = window.same_cookies();
    first.goto(&page);
    first.submit("/login/fresh/voucher", &[("voucher", &voucher)]);
    assert_eq!(first.path(), rename);
    window.submit("/login/fresh/voucher", &[("voucher", &voucher)]);
    assert_eq!((window.path(), window.heading().as_str()), (rename.clone(), text("manage.rename_title")));
    assert_eq!(told(&stage, "person.voucher", "used"), 1);
    assert_ne!(*window.cookies(), before, "the session has a new id");
    window.submit(&rename, &[("name", "Desk")]);
    assert_eq!(devices(&stage, &alice)[0].0, "Desk");
    stage.clock.advance(600);
    window.goto(&page);
    assert_eq!(window.heading(), text("login.fresh"));
    window.submit("/login/fresh/voucher", &[("voucher", &voucher)]);
    assert_eq!(window.page().words(".fault").as_deref(), Some(text("login.voucher_wrong")), "once");
}

#[test]
fn a_voucher_that_is_sent_twice_instead_of_the_phone_opens_the_devices() {
    let (stage, alice, _lost) = with_phone();
    let voucher = voucher(&stage, &alice);
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/manageotp");
    // The answer to the first never reaches the window, which goes on with the cookie that it had.
    let mut first = window.same_cookies();
    first.goto(&format!("{}/login/wait", stage.origin()));
    first.submit("/login/voucher", &[("voucher", &voucher)]);
    assert_eq!(first.path(), "/manageotp");
    window.submit("/login/voucher", &[("voucher", &voucher)]);
    assert_eq!((window.path().as_str(), window.heading().as_str()), ("/manageotp", text("manage.title")));
    assert_eq!(window.cookies(), first.cookies(), "one session");
    assert_eq!([told(&stage, "person.voucher", "used"), told(&stage, "person.voucher", "refused")], [1, 0]);
}

#[test]
fn a_voucher_stands_in_for_no_application_and_for_nobody_else() {
    let (stage, alice, _phone) = with_phone();
    let bob = stage.person("bob");
    let (hers, his) = (voucher(&stage, &alice), voucher(&stage, &bob));
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/demo");
    assert!(!window.has_form("/login/voucher"), "an application takes none");
    // A form made by hand gets no further: neither with what the page has nor with what it has not.
    let kept = window.page().hidden_fields("/login/finish").expect("a form");
    for app in ["sample", "manage"] {
        let fields = kept.iter().map(|(name, value)| (name.as_str(), if name == "app" { app } else { value.as_str() }));
        let fields: Vec<(&str, &str)> = fields.chain([("voucher", hers.as_str())]).collect();
        let origin = stage.origin();
        window.post_as(&format!("{origin}/login/voucher"), &fields, &[("origin", &origin)]);
        window.goto(&format!("{}/demo", stage.origin()));
        assert_eq!(window.path(), "/login", "{app}");
    }
    assert_eq!(told(&stage, "person.voucher", "used"), 0);
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/manageotp");
    window.submit("/login/voucher", &[("voucher", &his)]);
    assert_eq!(window.page().words(".fault").as_deref(), Some(text("login.voucher_wrong")));
    // When what was asked is over, so is what stands in for it.
    stage.clock.advance(126);
    window.submit("/login/voucher", &[("voucher", &hers)]);
    assert_eq!(window.heading(), text("login.expired"));
    assert_eq!(told(&stage, "person.voucher", "used"), 0);
}
