//! What a text is, over generated ones.

use countersign_properties::{around, parser};
use proptest::prelude::*;

use super::*;
use crate::properties::hosts;

/// Texts as gateways, pages and other applications write them, with what each is.
fn scanned() -> impl Strategy<Value = (String, fn(&Class) -> bool)> + Clone {
    let ours = |page: &'static str, is: fn(&Class) -> bool| {
        (hosts(), "[0-9]{1,2}", "[A-Za-z0-9_-]{1,300}")
            .prop_map(move |(host, version, rest)| (format!("https://{host}/{page}#{version}.{rest}"), is))
    };
    let key = "(otpauth|OTPAUTH)://(totp|hotp)/[A-Za-z:%]{0,20}\\?secret=[A-Z2-7]{16,32}";
    let is_account: fn(&Class) -> bool = |class| matches!(class, Class::Account);
    let is_page: fn(&Class) -> bool = |class| matches!(class, Class::WebPage { .. });
    let is_serial: fn(&Class) -> bool = |class| matches!(class, Class::Serial);
    prop_oneof![
        3 => ours("enrol", |class| matches!(class, Class::Enrolment)),
        3 => ours("approve", |class| matches!(class, Class::Login)),
        3 => ours("offline", |class| matches!(class, Class::Offline)),
        3 => key.prop_map(move |text| (text, is_account)),
        2 => (hosts(), "(/[a-z]{0,8}){0,3}(\\?[a-z=&]{0,9})?")
            .prop_map(move |(host, path)| (format!("https://{host}{path}"), is_page)),
        1 => "[0-9]{1,40}".prop_map(move |text| (text, is_serial)),
    ]
}

/// What is written as one thing is known as that thing, also in the blanks that surround what was copied; what stands in
/// the place of a host is fit to be shown.
#[test]
fn scanned_texts() {
    let input = (scanned(), "[ \t\r\n\u{feff}]{0,3}", any::<bool>(), around(scanned().prop_map(|(text, _)| text)));
    parser(input, |((text, is), blank, whole, other)| {
        let class = classify(&format!("{blank}{text}{blank}"));
        assert!(is(&class), "{text} is {class:?}");
        let class = if *whole { class } else { classify(other) };
        if let Class::WebPage { host } = &class {
            assert!(!host.is_empty() && host.len() <= 4 * 253 && !host.chars().any(is_forbidden), "{host}");
        }
        assert_eq!(classify(other.trim()), classify(other), "blanks at the ends change nothing");
        matches!(class, Class::Account | Class::Enrolment | Class::Login | Class::WebPage { .. } | Class::Serial)
    });
}
