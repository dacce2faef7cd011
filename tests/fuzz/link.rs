//! Texts that people scan and paste.

use countersign_core::qr::{Class, classify as class_of};
use countersign_protocol::jose::b64u;
use countersign_protocol::limits;
use countersign_protocol::otp::Pin;
use countersign_protocol::push::{BaseUrl, endpoint};
use countersign_protocol::text::is_forbidden;
use countersign_protocol::uri::migration::{self as transfer, Transfer};
use countersign_protocol::uri::{EnrolLink, LoginLink, OfflineLink, otpauth as key_uri};

use crate::as_text;

pub const OTPAUTH_WORDS: &[&str] = &[
    "otpauth://totp/",
    "otpauth://hotp/",
    "secret=",
    "issuer=",
    "digits=",
    "period=",
    "counter=",
    "algorithm=SHA256",
    "image=",
    "encoder=steam",
    "otpauth://yaotp/",
    "motp://",
    "steam://",
    "pin=",
    "%3A",
    "%20",
    "&",
    "GEZDGNBVGY3TQOJQ",
];

pub const CLASSIFY_WORDS: &[&str] = &[
    "otpauth://",
    "otpauth-migration://",
    "https://",
    "countersign://enrol#1.",
    "/approve#1.",
    "/offline#1.",
    "steam://",
    "motp://",
    "WIFI:",
    "FIDO:/",
    "BEGIN:VCARD",
    "www.",
    "pia://",
    "tiqrauth://",
];

pub const TRANSFER: &str = "otpauth-migration://offline?data=";

pub const LINK_WORDS: &[&str] =
    &["https://", "countersign://enrol#1.", "/enrol#1.", "/approve#1.", "/offline#1.", "[::1]", ":443", "xn--", "%2e"];

/// A Key URI: what is taken is within the limits, and is written as one that is read as the same, with nothing to mend.
pub fn otpauth(input: &[u8]) -> bool {
    let text = as_text(input);
    let Ok((account, _)) = key_uri::parse(text) else { return false };
    assert!(text.len() <= limits::URI_BYTES);
    assert!(limits::SEED_BYTES.contains(&account.secret.len()));
    assert!(limits::OTP_DIGITS.contains(&u64::from(account.digits.get())));
    for name in [&account.issuer, &account.name] {
        assert!(name.chars().count() <= limits::URI_NAME && !name.chars().any(is_forbidden));
    }
    assert!(!matches!(class_of(text), Class::Enrolment | Class::Login | Class::Offline | Class::WebPage { .. }));
    let written = key_uri::write(&account);
    // A name of 256 letters may be written longer than a link may be; what fits is read again.
    if written.len() <= limits::URI_BYTES {
        let (again, repairs) = key_uri::parse(&written).expect("what was written is read");
        assert!(again.secret.ct_eq(account.secret.expose()) && again.kind == account.kind);
        assert_eq!(again.pin.as_ref().map(Pin::expose), account.pin.as_ref().map(Pin::expose));
        assert_eq!((&again.issuer, &again.name), (&account.issuer, &account.name), "{repairs:?}");
        assert_eq!((again.algorithm, again.digits), (account.algorithm, account.digits));
        assert_eq!(*key_uri::write(&again), *written, "one account, one link");
    }
    true
}

/// The message inside a part of Google's transfer, or the whole link: what is taken is written as links that are read as the
/// same accounts, in any order.
pub fn migration(input: &[u8]) -> bool {
    let whole = transfer::parse(as_text(input)).is_ok();
    let link = format!("{TRANSFER}{}", b64u::encode(input));
    let Ok(part) = transfer::parse(&link) else { return whole };
    assert_eq!(class_of(&link), Class::Migration);
    assert!(part.index < part.batch.size && part.batch.size <= limits::MIGRATION_PARTS);
    assert!(part.entries.len() <= limits::MIGRATION_ENTRIES);
    for (issuer, name) in part.entries.iter().map(transfer::Entry::names) {
        assert!([issuer, name].iter().all(|text| text.chars().count() <= limits::URI_NAME));
        assert!(!issuer.chars().chain(name.chars()).any(is_forbidden));
    }
    let taken = part.entries.iter().filter_map(|entry| Some(&entry.account.as_ref().ok()?.0));
    let taken: Vec<_> = taken.filter(|account| transfer::holds(account).is_ok()).collect();
    let links = transfer::write(&taken, part.batch.id).expect("a part is less than a transfer");
    let mut again = Transfer::default();
    for link in links.iter().rev() {
        let part = transfer::parse(link).expect("what was written is read");
        again.add(part).expect("of the same transfer");
    }
    assert!(links.is_empty() || again.is_whole());
    let again: Vec<_> = again.entries().map(|entry| &entry.account.as_ref().expect("it was taken before").0).collect();
    assert_eq!(again.len(), taken.len());
    for (again, taken) in again.iter().zip(taken) {
        assert!(again.secret.ct_eq(taken.secret.expose()) && again.kind == taken.kind);
        assert_eq!((&again.issuer, &again.name, again.digits), (&taken.issuer, &taken.name, taken.digits));
    }
    true
}

/// Any scanned text: blanks around it change nothing, and a host is fit to be shown.
pub fn classify(input: &[u8]) -> bool {
    let text = as_text(input);
    let class = class_of(text);
    if text.len() > limits::SCANNED_TEXT {
        assert!(matches!(class, Class::TooLong { .. }));
        return false;
    }
    assert_eq!(class_of(text.trim()), class, "blanks at the ends");
    if let Class::WebPage { host } = &class {
        assert!(!host.is_empty() && host.chars().count() <= 253 && !host.chars().any(is_forbidden));
    }
    !matches!(class, Class::Text | Class::Empty)
}

/// The links of a gateway: each is read by one reader alone, and that is the one that the classifier names.
pub fn links(input: &[u8]) -> bool {
    let text = as_text(input);
    let class = class_of(text);
    let [mut enrol, mut login, mut offline] = [false; 3];
    if let Ok(link) = EnrolLink::parse(text) {
        enrol = true;
        for again in [link.to_https(), link.to_scheme()] {
            let again = EnrolLink::parse(&again).expect("what was written is read");
            assert_eq!(*again.to_https(), *link.to_https());
        }
        assert_eq!(class, Class::Enrolment);
    }
    if let Ok(link) = LoginLink::parse(text) {
        login = true;
        assert_eq!((&*link.to_text(), class.clone()), (&text.to_owned(), Class::Login));
    }
    if let Ok(link) = OfflineLink::parse(text) {
        offline = true;
        assert_eq!((link.to_text().as_str(), class), (text, Class::Offline));
    }
    assert!(u8::from(enrol) + u8::from(login) + u8::from(offline) <= 1);
    enrol || login || offline
}

/// Base URLs and push endpoints.
pub fn urls(input: &[u8]) -> bool {
    let text = as_text(input);
    let base = text.parse::<BaseUrl>().is_ok_and(|url| {
        assert_eq!(url.as_str(), text);
        assert!(text.len() <= limits::BASE_URL && text.starts_with(&format!("https://{}", url.host())));
        assert!(!url.host().is_empty() && !url.host().contains(['@', '#', '?', '/', '\\']));
        true
    });
    let is_endpoint = endpoint::check(text).is_ok();
    assert!(!is_endpoint || text.len() <= limits::ENDPOINT && text.starts_with("https://") && !text.contains('#'));
    base || is_endpoint
}
