//! Every view in every state: they render, stay inside the CSP, and hold what they must.

use askama::Template;
use countersign_strings::{fill, text};

use super::frame::Frame;
use super::login::*;
use super::manage::*;
use super::qr::QrSvg;
use super::sentence::{Sentence, Value, tries_left};

fn frame(title: &str) -> Frame {
    Frame::signed_in(title, "alice@example.com", "tokentokentoken".into())
}

fn card(name: &str) -> DeviceCard {
    DeviceCard {
        id: "EBESExQVFhcYGRobHB0eHw".into(),
        name: name.into(),
        phone: true,
        codes: true,
        model: Some("Pixel 9, Android".into()),
        software: false,
        keys: Some(text("manage.keys_hardware")),
        added: "21 Nov 2026, 11:20 UTC".into(),
        used: Some("21 Nov 2026, 11:25 UTC".into()),
        state: CardState::Active,
    }
}

fn about() -> About {
    About { approval: "EBESExQVFhcYGRobHB0eHw".into(), app: "sample".into() }
}

fn to_as() -> Sentence {
    let values = [("app", Value::Name("Sample application")), ("person", Value::Name("alice@example.com"))];
    Sentence::fill("login.to_as", &values)
}

fn ends() -> Sentence {
    Sentence::fill("login.ends", &[("time", Value::Wait(120))])
}

fn waiting(push: bool) -> WaitView {
    let qr = QrSvg::new("https://localhost:8443/approve#1.BAQEBAQEBAQEBAQEBAQEBAcHBwcHBwcHBwcHBwcHBwc").unwrap();
    WaitView {
        frame: Frame::new(text(if push { "login.wait_title" } else { "login.code_title" })),
        to: to_as(),
        about: about(),
        few: push,
        voucher: !push,
        voucher_fault: (!push).then(|| text("login.voucher_wrong").into()),
        offline: push,
        push: push.then(|| PushView {
            digits: "492039".into(),
            qr,
            line: text("login.line_sent").into(),
            warn: false,
            resend_in: Some(20),
        }),
        no_push: (!push).then(|| text("login.no_phone").into()),
        code: true,
        code_off: false,
        code_fault: (!push).then(|| fill("login.code_wrong", &[("tries", "")])),
        state: "sent".into(),
        ends: ends(),
    }
}

fn offline(shown: bool) -> OfflineView {
    let phone = |name: &str| OfflinePhone { id: "EBESExQVFhcYGRobHB0eHw".into(), name: name.into() };
    OfflineView {
        frame: Frame::new(text("login.offline_title")),
        to: to_as(),
        about: about(),
        shown: shown.then(|| OfflineShown {
            scan: Sentence::fill("login.offline_scan", &[("phone", Value::Name("My phone"))]),
            link: format!("https://localhost:8443/offline#1.{}", "a".repeat(600)),
            qr: QrSvg::new(&format!("https://localhost:8443/offline#1.{}", "a".repeat(600))).unwrap(),
        }),
        phones: vec![phone("Tablet")],
        none: (!shown).then(|| text("login.offline_long").into()),
        code_fault: shown.then(|| text("login.offline_off").into()),
        state: "sent".into(),
        ends: ends(),
    }
}

fn adding(tab: Tab, step: AddStep, fault: Option<AddFault>) -> AddView {
    AddView { frame: frame(text("manage.add")), tab, codes: true, name: "My phone".into(), step, fault }
}

fn scan(tab: Tab, link: &str) -> AddStep {
    AddStep::Scan {
        qr: QrSvg::new(link).unwrap(),
        link: link.into(),
        until: Sentence::fill("manage.until", &[("time", Value::Time(1_795_260_600))]),
        state: if tab == Tab::Countersign { "open".into() } else { String::new() },
        device: "EBESExQVFhcYGRobHB0eHw".into(),
    }
}

fn digits() -> AddStep {
    AddStep::Digits {
        device: "EBESExQVFhcYGRobHB0eHw".into(),
        scanned: Sentence::fill("manage.scanned_by", &[("model", Value::Name("Desk <b>1</b>, Linux"))]),
        software: true,
        until: Sentence::fill("manage.digits_until", &[("time", Value::Time(1_795_260_600))]),
    }
}

const LINK: &str = "https://localhost:8443/enrol#1.eyJ1IjoiaHR0cHM6Ly9sb2NhbGhvc3Q6ODQ0My9wdXNoL3YxIiwiayI6Ik5WZ2VsdmFTREV5eTRaRFRDOWZ3QXRDS1JZLUs0eTNneFhqUGl2cnZfMzgiLCJjIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsIngiOjE3OTUyNjA2MDAsInAiOiJOelRMc1hoOHVEQ2NkLTZNTndYRjRXXzdub1dYRlpBZkhreFpzUkdDOVhzIn0";
const URI: &str = "otpauth://totp/Countersign:alice%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Countersign&algorithm=SHA1&digits=6&period=30";

/// All views by name.
fn views() -> Vec<(&'static str, String)> {
    let software =
        DeviceCard { software: true, keys: None, model: Some("Desk, Linux".into()), used: None, ..card("Desk") };
    let pending = DeviceCard { state: CardState::Pending, used: None, ..card("New phone") };
    let app = DeviceCard {
        phone: false,
        model: None,
        keys: None,
        state: CardState::Suspended,
        ..card("An authenticator with a long name")
    };
    let list = |devices, notice: Option<String>| ListView { frame: frame(text("manage.title")), devices, notice };
    let password = |fault: Option<&str>| PasswordView {
        frame: Frame::new(text("login.title")),
        next: "/demo".into(),
        to: Sentence::fill("login.to", &[("app", Value::Name("Sample application"))]),
        codes: fault.is_none(),
        name: if fault.is_some() { "alice".into() } else { String::new() },
        fault: fault.map(str::to_owned),
        later: None,
    };
    let ended = |title, said: &str, mark, again| EndedView {
        frame: Frame::new(text(title)),
        text: text(said).into(),
        mark,
        again,
        later: None,
    };
    let fresh = |fault: Option<&str>| FreshView {
        frame: frame(text("login.fresh")),
        next: "/manageotp/add".into(),
        enrol: fault.is_some(),
        fault: fault.map(str::to_owned),
    };
    let wait = || crate::login::pages::later(64);
    let test = |right| TestView { frame: frame(text("manage.test_title")), device: card("My phone"), right };
    let device_error = fill("manage.digits_wrong", &[("tries", &tries_left(2))]);
    vec![
        ("password", password(None).render()),
        ("password_fault", password(Some(text("login.wrong"))).render()),
        ("password_later", PasswordView { later: Some(wait()), ..password(None) }.render()),
        (
            "later",
            EndedView { later: Some(wait()), ..ended("login.failed", "login.failed_text", Mark::Warn, false) }.render(),
        ),
        ("offline_pick", offline(false).render()),
        ("offline_shown", offline(true).render()),
        ("wait", waiting(true).render()),
        ("wait_code", waiting(false).render()),
        (
            "approved",
            ApprovedView {
                frame: Frame::new(text("login.approved")),
                go: Sentence::fill("login.go_to", &[("app", Value::Name("Sample application"))]),
                about: about(),
            }
            .render(),
        ),
        ("reported", ended("login.reported", "login.reported_text", Mark::Alarm, false).render()),
        ("expired", ended("login.expired", "login.expired_text", Mark::Over, true).render()),
        ("fresh", fresh(None).render()),
        ("fresh_fault", fresh(Some(text("login.voucher_wrong"))).render()),
        (
            "sample",
            SampleView {
                frame: frame(text("login.sample")),
                person: "alice".into(),
                at: "21 Nov 2026, 11:25 UTC".into(),
            }
            .render(),
        ),
        ("list_empty", list(vec![], None).render()),
        ("list", list(vec![card("My phone"), software, pending, app], Some("Done: Desk is ready.".into())).render()),
        ("add_name", adding(Tab::Countersign, AddStep::Name { voucher: true }, None).render()),
        ("add_voucher", adding(Tab::Countersign, AddStep::Name { voucher: true }, Some(AddFault::Voucher)).render()),
        (
            "add_alone",
            AddView { codes: false, ..adding(Tab::Countersign, AddStep::Name { voucher: true }, None) }.render(),
        ),
        ("add_scan", adding(Tab::Countersign, scan(Tab::Countersign, LINK), None).render()),
        ("add_other", adding(Tab::Other, scan(Tab::Other, URI), None).render()),
        ("add_digits", adding(Tab::Countersign, digits(), Some(AddFault::Other(device_error))).render()),
        (
            "rename",
            RenameView {
                frame: frame(text("manage.rename_title")),
                device: card("My phone"),
                name: "My phone".into(),
                fault: None,
            }
            .render(),
        ),
        (
            "remove",
            RemoveView { frame: frame(text("manage.remove_title")), device: card("My phone"), last: true }.render(),
        ),
        ("test", test(None).render()),
        ("test_right", test(Some(true)).render()),
        ("test_wrong", test(Some(false)).render()),
    ]
    .into_iter()
    .map(|(name, html)| (name, html.unwrap()))
    .collect()
}

#[test]
fn no_view_has_an_inline_script_style_or_handler() {
    for (name, html) in views() {
        for never in ["<style", " style=", " onclick=", " onload=", "javascript:", "data:"] {
            assert!(!html.contains(never), "{name}: {never}");
        }
        assert_eq!(html.matches("<script").count(), 1, "{name}");
        assert!(html.contains(r#"<script src="/assets/app.js" defer></script>"#), "{name}");
    }
}

#[test]
fn every_form_posts_and_carries_the_token() {
    for (name, html) in views() {
        let forms = html.matches("<form").count();
        assert_eq!(html.matches(r#"method="post""#).count(), forms, "{name}");
        assert_eq!(html.matches(r#"name="token""#).count(), forms, "{name}");
    }
}

#[test]
fn every_field_has_its_label() {
    for (name, html) in views() {
        for field in html.split("<input id=\"").skip(1) {
            let id = field.split('"').next().unwrap();
            assert!(html.contains(&format!("<label for=\"{id}\"")), "{name}: {id}");
        }
    }
}

#[test]
fn where_no_codes_are_taken_no_authenticator_is_offered() {
    for (name, html) in views().into_iter().filter(|(name, _)| name.starts_with("add_")) {
        assert_eq!(html.contains("kind=other"), name != "add_alone", "{name}");
    }
}

#[test]
fn what_a_phone_says_is_text() {
    let (_, html) = views().into_iter().find(|(name, _)| *name == "add_digits").unwrap();
    assert!(html.contains("Desk &#60;b&#62;1&#60;/b&#62;, Linux") || html.contains("Desk &lt;b&gt;"), "{html}");
    assert!(!html.contains("<b>1</b>"));
}

#[test]
fn a_wait_is_said_in_words_and_counted_for_the_eye_alone() {
    let (_, html) = views().into_iter().find(|(name, _)| *name == "password_later").unwrap();
    let time = crate::calendar::span(64);
    assert!(html.contains(&format!(r#"<span class="hidden">{time}</span>"#)), "{html}");
    assert!(html.contains(r#"aria-hidden="true" data-count="64""#), "{html}");
    assert!(html.contains(text("login.later_over")));
}

#[test]
fn a_field_that_is_wrong_says_so_and_has_the_focus() {
    let page = |fault| adding(Tab::Countersign, AddStep::Name { voucher: true }, fault).render().unwrap();
    let field = |html: &str, id: &str| {
        let tag = html.split(&format!("<input id=\"{id}\"")).nth(1).unwrap().split('>').next().unwrap().to_owned();
        (tag.contains("autofocus"), tag.contains("aria-invalid"), tag.contains("=\"fault "))
    };
    let (right, wrong) = ((false, false, false), (true, true, true));
    let html = page(Some(AddFault::Voucher));
    assert_eq!((field(&html, "name"), field(&html, "voucher")), (right, wrong));
    let html = page(Some(AddFault::Name));
    assert_eq!((field(&html, "name"), field(&html, "voucher")), (wrong, right));
    let html = page(Some(AddFault::Other("Later.".into())));
    assert_eq!((field(&html, "name"), field(&html, "voucher")), ((true, false, false), right));
}

#[test]
fn digits_are_grouped_for_the_eye_and_spelled_for_the_ear() {
    let push = waiting(true).push.unwrap();
    assert_eq!((push.groups(), push.spelled().as_str()), (vec!["492", "039"], "4 9 2 0 3 9"));
    let four = PushView { digits: "4920".into(), ..push };
    assert_eq!(four.groups(), ["4920"]);
}
