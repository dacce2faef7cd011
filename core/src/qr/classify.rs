//! What a scanned or pasted text is.

use countersign_protocol::limits::SCANNED_TEXT;
use countersign_protocol::text::is_forbidden;

/// What a text is, by its form alone. Only the first four are taken further; the shells have a sentence for each other.
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
    /// A push account of Microsoft.
    Microsoft,
    /// A passkey on another device.
    Passkey,
    /// A container or push account of privacyIDEA.
    PrivacyIdea,
    /// tiqr, enrolment or login.
    Tiqr,
    /// An activation that only its own application takes; the name of its maker.
    OwnApp(&'static str),
    /// A wireless network.
    Wifi,
    /// A contact card.
    Contact,
    /// Digits alone: the serial number of a token.
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
const BEGINNINGS: [(&str, Class); 22] = [
    ("otpauth-migration", Class::Migration),
    ("steam", Class::Account),
    ("motp", Class::Account),
    ("phonefactor", Class::Microsoft),
    ("msauth", Class::Microsoft),
    ("microsoft-authenticator", Class::Microsoft),
    ("fido", Class::Passkey),
    ("pia", Class::PrivacyIdea),
    ("tiqrauth", Class::Tiqr),
    ("tiqrenroll", Class::Tiqr),
    ("com-okta-authenticator", Class::OwnApp("Okta")),
    ("duo", Class::OwnApp("Duo")),
    ("duo-mobile", Class::OwnApp("Duo")),
    ("igmobileotp", Class::OwnApp("Entrust")),
    ("identityguard", Class::OwnApp("Entrust")),
    ("wifi", Class::Wifi),
    ("dpp", Class::Wifi),
    ("mecard", Class::Contact),
    ("bizcard", Class::Contact),
    ("begin", Class::Contact),
    ("mailto", Class::Contact),
    ("tel", Class::Contact),
];

/// Hosts (and all under them) whose pages activate an application.
const ACTIVATION_HOSTS: [(&str, &str); 1] = [("duosecurity.com", "Duo")];

/// Says what a text is. Looks at its form only; whether a link or URI is right, its own parser says.
pub fn classify(text: &str) -> Class {
    if text.len() > SCANNED_TEXT {
        return Class::TooLong { bytes: text.len() };
    }
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Class::Empty;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Class::Serial;
    }
    let Some((scheme, rest)) = text.split_once(':') else { return page_without_scheme(text) };
    match scheme.to_ascii_lowercase().as_str() {
        "otpauth" => key_uri(rest),
        "countersign" if starts(rest.trim_start_matches('/'), "enrol#") => Class::Enrolment,
        "https" => ours(rest).unwrap_or_else(|| page(rest)),
        "http" => page(rest),
        "begin" if !starts(rest, "vcard") => Class::Text,
        scheme if scheme.starts_with("okta") => Class::OwnApp("Okta"),
        scheme => {
            let known = BEGINNINGS.iter().find(|(beginning, _)| *beginning == scheme);
            known.map_or(Class::Text, |(_, class)| class.clone())
        }
    }
}

/// privacyIDEA writes its push accounts as a type of Key URI.
fn key_uri(rest: &str) -> Class {
    if starts(rest.trim_start_matches('/'), "pipush/") { Class::PrivacyIdea } else { Class::Account }
}

/// A link of ours: `//HOST/enrol#…`, `//HOST/approve#…` or `//HOST/offline#…`, of whatever version; its parser asks for an update.
fn ours(rest: &str) -> Option<Class> {
    let (_, path) = rest.strip_prefix("//")?.split_once('/')?;
    let (page, fragment) = path.split_once('#')?;
    let version = fragment.split_once('.')?.0;
    let ours = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    match page {
        "enrol" if ours => Some(Class::Enrolment),
        "approve" if ours => Some(Class::Login),
        "offline" if ours => Some(Class::Offline),
        _ => None,
    }
}

/// A web page by what follows `https:`. The host is what a browser would go to: not what stands before an `@`.
fn page(rest: &str) -> Class {
    let authority = rest.trim_start_matches(['/', '\\']).split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
    let host: String = host.unwrap_or_default().chars().filter(|c| !is_forbidden(*c)).take(253).collect();
    let host = host.trim().to_ascii_lowercase();
    if host.is_empty() {
        return Class::Text;
    }
    let within = |parent: &str| host.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    match ACTIVATION_HOSTS.iter().find(|(parent, _)| within(parent)) {
        Some((_, maker)) => Class::OwnApp(maker),
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
    use proptest::prelude::*;

    use super::*;

    fn page_of(host: &str) -> Class {
        Class::WebPage { host: host.to_owned() }
    }

    #[test]
    fn ours_are_known_in_every_form() {
        for (text, class) in [
            ("otpauth://totp/GitHub:mara?secret=ME", Class::Account),
            ("OTPAUTH://TOTP/X?SECRET=ME", Class::Account),
            ("otpauth:broken", Class::Account),
            ("steam://JBSWY3DP", Class::Account),
            ("motp://issuer:user?secret=e3152afee62599c8", Class::Account),
            ("https://gate.example.com/enrol#1.eyJ1Ijoi", Class::Enrolment),
            ("https://gate.example.com:8443/enrol#2.x", Class::Enrolment),
            ("countersign://enrol#1.eyJ1Ijoi", Class::Enrolment),
            (" https://gate.example.com/approve#1.AAAA\n", Class::Login),
            ("https://gate.example.com/offline#1.e30.e30.AA", Class::Offline),
        ] {
            assert_eq!(classify(text), class, "{text}");
        }
    }

    #[test]
    fn others_are_named_as_what_they_are() {
        for (text, class) in [
            ("otpauth-migration://offline?data=CjEK", Class::Migration),
            ("phonefactor://activate_account?code=1&url=x", Class::Microsoft),
            ("FIDO:/13086400838107303667332719012595115747821895775708323", Class::Passkey),
            ("pia://container/SMPH0001?issuer=privacyIDEA", Class::PrivacyIdea),
            ("otpauth://pipush/PIPU0001?url=https%3A//pi", Class::PrivacyIdea),
            ("tiqrauth://mara@example.org/123", Class::Tiqr),
            ("tiqrenroll://https://example.org/tiqr?key=1", Class::Tiqr),
            ("okta-something-new://x", Class::OwnApp("Okta")),
            ("oktaverify://email/?t=1&f=2", Class::OwnApp("Okta")),
            ("duo://ABC-YXBpLTEuZHVvc2VjdXJpdHkuY29t", Class::OwnApp("Duo")),
            ("https://m-1234.duosecurity.com/activate/ABC", Class::OwnApp("Duo")),
            ("igmobileotp://?action=secactivate&enc=1", Class::OwnApp("Entrust")),
            ("WIFI:T:WPA;S:home;P:secret;;", Class::Wifi),
            ("MECARD:N:Mara;;", Class::Contact),
            ("BEGIN:VCARD\nVERSION:3.0", Class::Contact),
            ("begin:vevent", Class::Text),
            ("8655123412345", Class::Serial),
            ("", Class::Empty),
            (" \t\u{feff}\n", Class::Empty),
            ("hello", Class::Text),
            ("12:30", Class::Text),
            ("countersign://approve#1.AAAA", Class::Text),
            ("javascript:alert(1)", Class::Text),
            ("日本語", Class::Text),
        ] {
            assert_eq!(classify(text), class, "{text}");
        }
    }

    #[test]
    fn a_web_page_is_told_by_the_host_it_leads_to() {
        for (text, host) in [
            ("https://Example.com/a?b#c", "example.com"),
            ("http://example.com:8080", "example.com"),
            ("https:///example.com", "example.com"),
            ("https://github.com@evil.example/", "evil.example"),
            ("https://evil.example\\@github.com/", "evil.example"),
            ("https://[2001:db8::1]:443/x", "[2001:db8::1]"),
            ("https://ex\u{202e}ample.com/", "example.com"),
            ("https://notduosecurity.com/activate/x", "notduosecurity.com"),
            ("www.example.com/shop", "www.example.com"),
            ("https://gate.example.com/enrol", "gate.example.com"),
            ("https://gate.example.com/enrol#x.y", "gate.example.com"),
            ("https://gate.example.com/enrolled#1.x", "gate.example.com"),
            ("http://gate.example.com/enrol#1.x", "gate.example.com"),
        ] {
            assert_eq!(classify(text), page_of(host), "{text}");
        }
        for text in ["https://", "https:///", "https:", "www. is short for"] {
            assert_eq!(classify(text), Class::Text, "{text}");
        }
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
