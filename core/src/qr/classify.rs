//! What a scanned or pasted text is.

use countersign_protocol::limits::SCANNED_TEXT;
use countersign_protocol::text::is_forbidden;

/// What a text is, by its form alone. The first five are taken further; the shells have a sentence for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// A Key URI, also of Steam or Mobile-OTP, for `uri::otpauth`.
    Account,
    /// An enrolment link of a gateway, for `uri::EnrolLink`.
    Enrolment,
    /// A login QR, for `uri::LoginLink`; taken from the camera alone.
    Login,
    /// A sign-in that waits for an answer code, for `uri::OfflineLink`.
    Offline,
    /// Google's transfer of many accounts.
    Migration,
    /// A recovery sheet of ours.
    Sheet,
    /// A backup of ours, which is a file.
    Backup,
    /// A push account of Microsoft.
    Microsoft,
    /// A passkey on another device.
    Passkey,
    /// A push account, container or login of a protocol that is not ours yet; its name.
    OtherPush(&'static str),
    /// An activation that only its own application takes; the name of its maker.
    OwnApp(&'static str),
    /// A wireless network.
    Wifi,
    /// A contact card.
    Contact,
    /// A date for a calendar.
    Calendar,
    /// A phone number, to call or to write to.
    Phone,
    /// A mail address.
    Mail,
    /// A place on a map.
    Place,
    /// A SIM that a phone sets up.
    Sim,
    /// A payment.
    Payment,
    /// What a wallet takes: the way to a web page that wants it, or a proof of who somebody is.
    Wallet,
    /// A device of a smart home that is to be set up.
    Thing,
    /// The serial number of a token: digits alone, or behind a word that says so.
    Serial,
    /// A web page; its host, fit to be shown.
    WebPage {
        /// The host, in lower case where it is ASCII.
        host: String,
    },
    /// Some other text.
    Text,
    /// Nothing, or blanks.
    Empty,
    /// More than 8 KiB; nothing of it was looked at.
    TooLong {
        /// How much it is.
        bytes: usize,
    },
}

/// Schemes, and other beginnings that end in a colon, that settle it.
const BEGINNINGS: &[(&str, Class)] = &[
    ("otpauth-migration", Class::Migration),
    ("steam", Class::Account),
    ("motp", Class::Account),
    ("phonefactor", Class::Microsoft),
    ("msauth", Class::Microsoft),
    ("microsoft-authenticator", Class::Microsoft),
    ("fido", Class::Passkey),
    ("pia", Class::OtherPush(PRIVACYIDEA)),
    ("edumfa-push", Class::OtherPush("eduMFA")),
    ("tiqrauth", Class::OtherPush("tiqr")),
    ("tiqrenroll", Class::OtherPush("tiqr")),
    ("pushauth", Class::OtherPush("ForgeRock")),
    ("mfauth", Class::OtherPush("ForgeRock")),
    ("com-okta-authenticator", Class::OwnApp("Okta")),
    ("duo", Class::OwnApp("Duo")),
    ("duo-mobile", Class::OwnApp("Duo")),
    ("igmobileotp", Class::OwnApp("Entrust")),
    ("identityguard", Class::OwnApp("Entrust")),
    ("com.rsa.securid", Class::OwnApp("SecurID")),
    ("com.rsa.securid.iphone", Class::OwnApp("SecurID")),
    ("wifi", Class::Wifi),
    ("dpp", Class::Wifi),
    ("mecard", Class::Contact),
    ("bizcard", Class::Contact),
    ("tel", Class::Phone),
    ("sms", Class::Phone),
    ("smsto", Class::Phone),
    ("mailto", Class::Mail),
    ("matmsg", Class::Mail),
    ("geo", Class::Place),
    ("lpa", Class::Sim),
    ("bitcoin", Class::Payment),
    ("ethereum", Class::Payment),
    ("lightning", Class::Payment),
    ("upi", Class::Payment),
    ("wc", Class::Wallet),
    ("openid4vp", Class::Wallet),
    ("openid-credential-offer", Class::Wallet),
    ("eudi-openid4vp", Class::Wallet),
    ("mdoc", Class::Wallet),
    ("mt", Class::Thing),
    ("x-hm", Class::Thing),
];

/// What stands behind `begin:`.
const OBJECTS: [(&str, Class); 3] =
    [("vcard", Class::Contact), ("vevent", Class::Calendar), ("vcalendar", Class::Calendar)];

const PRIVACYIDEA: &str = "privacyIDEA";

/// What labels of tokens have before the number, the longest first.
const SERIALS: [&str; 6] = ["serial number", "serial no", "serialno", "serial", "s/n", "sn"];

/// How long a serial number behind such a word may be, in characters.
const SERIAL: usize = 64;

/// Characters that Matter's shortest text has behind its name.
const MATTER: usize = 19;

/// How payments by EMV begin: the version of their form, and one of its two uses.
const EMV: [&str; 2] = ["000201010211", "000201010212"];

/// Hosts (and all under them) whose pages, from this path on, are for an application of their own.
const ACTIVATION_HOSTS: [(&str, &str, &str); 2] = [("duosecurity.com", "", "Duo"), ("s.team", "/q/", "Steam")];

/// Says what a text is. Looks at its form only; whether a link or URI is right, its own parser says.
pub fn classify(text: &str) -> Class {
    if text.len() > SCANNED_TEXT {
        return Class::TooLong { bytes: text.len() };
    }
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Class::Empty;
    }
    if is_serial(text) {
        return Class::Serial;
    }
    if let Some(class) = by_first_line(text) {
        return class;
    }
    let Some((scheme, rest)) = text.split_once(':') else { return page_without_scheme(text) };
    match scheme.to_ascii_lowercase().as_str() {
        "otpauth" => key_uri(rest),
        "countersign" if starts(rest.trim_start_matches('/'), "enrol#") => Class::Enrolment,
        "https" => ours(rest).unwrap_or_else(|| page(rest)),
        "http" => page(rest),
        "begin" => object(rest),
        // Short beginnings, that a note may have as well.
        "lpa" if !rest.starts_with("1$") => Class::Text,
        "wc" if !rest.contains('@') => Class::Text,
        "mt" if rest.len() < MATTER || rest.contains(char::is_whitespace) => Class::Text,
        scheme if scheme.starts_with("okta") => Class::OwnApp("Okta"),
        scheme if scheme.strip_prefix("countersign-recovery-").is_some_and(is_number) => Class::Sheet,
        scheme => {
            let known = BEGINNINGS.iter().find(|(beginning, _)| *beginning == scheme);
            known.map_or(Class::Text, |(_, class)| class.clone())
        }
    }
}

/// What is known without a colon: a backup of ours, of whatever version, and payments as banks and shops write them.
fn by_first_line(text: &str) -> Option<Class> {
    if EMV.iter().any(|beginning| text.starts_with(beginning)) {
        return Some(Class::Payment);
    }
    let (first, _) = text.split_once('\n')?;
    match first.trim_end() {
        "BCD" | "SPC" => Some(Class::Payment),
        line => line.strip_prefix("countersign-backup ").filter(|version| is_number(version)).map(|_| Class::Backup),
    }
}

/// Digits alone, or one word with a digit in it behind `S/N`, `Serial No.:` and the like.
fn is_serial(text: &str) -> bool {
    if is_number(text) {
        return true;
    }
    let label = SERIALS.iter().find(|label| starts(text, label));
    let Some(rest) = label.and_then(|label| text.get(label.len()..)) else { return false };
    let number = rest.trim_start_matches([':', '.', '#', '=', ' ', '\t']);
    let is_word = number.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'+'));
    number.len() < rest.len() && number.len() <= SERIAL && is_word && number.contains(|c: char| c.is_ascii_digit())
}

fn object(rest: &str) -> Class {
    let known = OBJECTS.iter().find(|(name, _)| starts(rest, name));
    known.map_or(Class::Text, |(_, class)| class.clone())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// privacyIDEA writes its push accounts as a type of Key URI.
fn key_uri(rest: &str) -> Class {
    if starts(rest.trim_start_matches('/'), "pipush/") { Class::OtherPush(PRIVACYIDEA) } else { Class::Account }
}

/// A link of ours: `//HOST/enrol#…`, `//HOST/approve#…` or `//HOST/offline#…`, of whatever version; its parser asks for an update.
fn ours(rest: &str) -> Option<Class> {
    let (_, path) = rest.strip_prefix("//")?.split_once('/')?;
    let (page, fragment) = path.split_once('#')?;
    let version = fragment.split_once('.')?.0;
    match page {
        "enrol" if is_number(version) => Some(Class::Enrolment),
        "approve" if is_number(version) => Some(Class::Login),
        "offline" if is_number(version) => Some(Class::Offline),
        _ => None,
    }
}

/// A web page by what follows `https:`. The host is what a browser would go to: not what stands before an `@`.
fn page(rest: &str) -> Class {
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let path = &rest[authority.len()..];
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
    let host: String = host.unwrap_or_default().chars().filter(|c| !is_forbidden(*c)).take(253).collect();
    let host = host.trim().to_ascii_lowercase();
    if host.is_empty() {
        return Class::Text;
    }
    let within = |parent: &str| host.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    match ACTIVATION_HOSTS.iter().find(|(parent, start, _)| within(parent) && path.starts_with(start)) {
        Some((_, _, maker)) => Class::OwnApp(maker),
        None => Class::WebPage { host },
    }
}

/// `www.example.com`, as posters have it.
fn page_without_scheme(text: &str) -> Class {
    if starts(text, "www.") && !text.contains(char::is_whitespace) { page(text) } else { Class::Text }
}

fn starts(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests {
    use countersign_properties::table::{Row, table};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_text_of_the_table_is_what_it_says() {
        let rows = table(include_str!("../../../tests/vectors/scanned.txt"));
        for Row { class, text, .. } in &rows {
            assert_eq!(format!("{:?}", classify(text)), *class, "{text}");
        }
        assert!(rows.len() > 100, "{}", rows.len());
    }

    #[test]
    fn text_beyond_the_limit_is_not_looked_at() {
        for (bytes, fits) in [(SCANNED_TEXT - 1, true), (SCANNED_TEXT, true), (SCANNED_TEXT + 1, false)] {
            let class = classify(&"x".repeat(bytes));
            assert_eq!(class, if fits { Class::Text } else { Class::TooLong { bytes } });
        }
        let bytes = SCANNED_TEXT * 1000;
        assert_eq!(classify(&" ".repeat(bytes)), Class::TooLong { bytes });
    }

    proptest! {
        #[test]
        fn every_text_has_a_class(text in any::<String>()) {
            for beginning in ["", "https://", "otpauth:", "countersign:", "www."] {
                if let Class::WebPage { host } = classify(&format!("{beginning}{text}")) {
                    prop_assert!(!host.is_empty() && !host.chars().any(is_forbidden));
                }
            }
        }
    }
}
