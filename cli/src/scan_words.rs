//! What was scanned or pasted, in words: what it is instead, what was mended, why it is not taken.

use countersign_core::protocol::otp::base32::Base32Error;
use countersign_core::protocol::otp::{Digits, OtpError, Timed};
use countersign_core::protocol::uri::otpauth::{Account, Field, Repair, UriError};
use countersign_core::qr::{Class, PictureError, ScanError};
use countersign_strings::{fill, text};

/// What a text is that is neither an account nor an enrolment, and what to do.
pub fn of_class(class: &Class) -> String {
    let words = match class {
        Class::WebPage { host } => return fill("qr.web_page", &[("host", host)]),
        Class::OwnApp(maker) => return fill("qr.own_app", &[("maker", maker)]),
        Class::TooLong { bytes } => return fill("qr.too_long", &[("n", &bytes.to_string())]),
        Class::Account => "qr.account",
        Class::Enrolment => "qr.enrolment",
        // There is no camera at the desk.
        Class::Login => return format!("{} {}", text("qr.login"), text("cli.login_here")),
        Class::Offline => "qr.offline",
        Class::Migration => "qr.migration",
        Class::Microsoft => "qr.microsoft",
        Class::Passkey => "qr.passkey",
        Class::PrivacyIdea => "qr.privacyidea",
        Class::Tiqr => "qr.tiqr",
        Class::Wifi => "qr.wifi",
        Class::Contact => "qr.contact",
        Class::Serial => "qr.serial",
        Class::Text => "qr.text",
        Class::Empty => "qr.empty",
    };
    text(words).to_owned()
}

/// Why a picture gave no code.
pub fn of_scan_error(error: ScanError) -> &'static str {
    text(match error {
        ScanError::Busy | ScanError::NoThread => "error.interrupted",
        ScanError::TimedOut => "qr.no_time",
        ScanError::Picture(fault) => of_picture(fault),
    })
}

fn of_picture(fault: PictureError) -> &'static str {
    match fault {
        PictureError::Format => "qr.picture_format",
        _ => "qr.picture_refused",
    }
}

/// What was mended in an account's link, or should be known of it.
pub fn of_repair(repair: &Repair) -> String {
    let words = match repair {
        Repair::TwoIssuers { kept, .. } => return fill("qr.two_issuers", &[("kept", kept)]),
        Repair::KeyShort { bits } => return fill("qr.key_short", &[("bits", &bits.to_string())]),
        Repair::Removed(field) => return fill("qr.removed", &[("field", name(*field))]),
        Repair::Glued(field) => return fill("qr.glued", &[("field", name(*field))]),
        Repair::EmptyParameter(field) => return fill("qr.empty_parameter", &[("field", name(*field))]),
        Repair::Fixed(field) => return fill("qr.fixed", &[("field", name(*field))]),
        Repair::Case | Repair::Slashes | Repair::LabelSlash | Repair::Hash | Repair::Percent => "qr.written_oddly",
        Repair::NotUtf8 => "qr.not_utf8",
        Repair::PlusIsBlank => "qr.plus_is_blank",
        Repair::PlusKept => "qr.plus_kept",
        Repair::KeyLowerCase | Repair::KeyBlanks | Repair::KeyPadding => "qr.key_written_oddly",
        Repair::KeyLooseEnd => "qr.key_loose_end",
        Repair::AlgorithmSpelling => "qr.algorithm_spelling",
        Repair::CounterMissing | Repair::CounterMinusOne => "qr.counter_missing",
        Repair::MaybeSteam => "qr.maybe_steam",
    };
    text(words).to_owned()
}

/// The remarks on one link, each once.
pub fn of_repairs(repairs: &[Repair]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for words in repairs.iter().map(of_repair) {
        if !out.contains(&words) {
            out.push(words);
        }
    }
    out
}

/// What is said of an account before it is asked about: a guess first, then what was mended.
pub fn remarks(repairs: &[Repair], guessed: bool) -> Vec<String> {
    let guess = guessed.then(|| text("qr.read_as_letters").to_owned());
    guess.into_iter().chain(of_repairs(repairs)).collect()
}

/// Why an account's link is not taken.
pub fn of_uri_error(error: &UriError) -> String {
    let words = match error {
        UriError::TooLong(bytes) => return fill("qr.too_long", &[("n", &bytes.to_string())]),
        UriError::Kind(kind) => return fill("qr.other_kind", &[("kind", &kind.to_string())]),
        UriError::Twice(field) => return fill("qr.twice", &[("field", name(*field))]),
        UriError::Algorithm(algorithm) => return fill("qr.other_algorithm", &[("algorithm", &algorithm.to_string())]),
        UriError::Number(field) => return fill("qr.number", &[("field", name(*field))]),
        UriError::NameTooLong(field, n) => {
            return fill("qr.name_too_long", &[("field", name(*field)), ("n", &n.to_string())]);
        }
        UriError::NotKeyUri | UriError::Type => "qr.not_key_uri",
        UriError::TooManyParameters => "qr.too_many_parameters",
        UriError::SecretMissing => "qr.secret_missing",
        UriError::Secret(Base32Error::LookAlike(_)) => "qr.secret_look_alike",
        UriError::Secret(_) => "qr.secret_wrong",
        UriError::UnknownAlgorithm => "qr.unknown_algorithm",
        UriError::Range(OtpError::SeedLength(_) | OtpError::SeedCheck | OtpError::SeedHex) => "qr.seed_wrong",
        UriError::Range(OtpError::Pin) => "qr.pin_wrong",
        UriError::Range(_) => "qr.range",
    };
    text(words).to_owned()
}

fn name(field: Field) -> &'static str {
    text(match field {
        Field::Secret => "qr.field_secret",
        Field::Issuer => "qr.field_issuer",
        Field::Algorithm => "qr.field_algorithm",
        Field::Digits => "qr.field_digits",
        Field::Period => "qr.field_period",
        Field::Counter => "qr.field_counter",
        Field::Image => "qr.field_image",
        Field::Encoder | Field::Steam => "qr.field_other",
        Field::Pin => "qr.field_pin",
        Field::Label => "qr.field_label",
    })
}

/// What kind of account it is: «6 digits, every 30 seconds».
pub fn of_kind(account: &Account) -> String {
    of_codes(account.timed(), account.digits)
}

/// How codes move on: with time, or with each use.
pub fn of_codes(timed: Option<Timed>, digits: Digits) -> String {
    let words = match timed {
        None => return fill("cli.kind_counted", &[("digits", &digits.get().to_string())]),
        Some(Timed::Totp(shape)) if shape.period.start() == 0 => {
            return self::timed(digits.get(), shape.period.seconds());
        }
        Some(Timed::Totp(shape)) => {
            let numbers = [u64::from(digits.get()), shape.period.seconds().into(), shape.period.start()];
            let [digits, period, start] = numbers.map(|number| number.to_string());
            return fill("cli.kind_started", &[("digits", &digits), ("period", &period), ("start", &start)]);
        }
        Some(Timed::Steam) => "cli.kind_steam",
        Some(Timed::Yandex) => "cli.kind_yandex",
        Some(Timed::MOtp) => "cli.kind_motp",
    };
    text(words).to_owned()
}

/// A code that time changes, of so many digits.
pub fn timed(digits: u8, period: u32) -> String {
    fill("cli.kind_timed", &[("digits", &digits.to_string()), ("period", &period.to_string())])
}

#[cfg(test)]
mod tests {
    use countersign_core::qr::classify;

    use super::*;

    /// How many classes there are. The match has no wildcard: a new class fails to compile here, and then wants a row below.
    const CLASSES: usize = 17;

    fn place(class: &Class) -> usize {
        match class {
            Class::Account => 0,
            Class::Enrolment => 1,
            Class::Login => 2,
            Class::Migration => 3,
            Class::Offline => 4,
            Class::TooLong { .. } => 5,
            Class::Microsoft => 6,
            Class::Passkey => 7,
            Class::PrivacyIdea => 8,
            Class::Tiqr => 9,
            Class::OwnApp(_) => 10,
            Class::Wifi => 11,
            Class::Contact => 12,
            Class::Serial => 13,
            Class::WebPage { .. } => 14,
            Class::Text => 15,
            Class::Empty => 16,
        }
    }

    /// A text of each class, and a part of its sentence that says what it is or what to do.
    fn table() -> [(String, &'static str); CLASSES + 3] {
        [
            ("otpauth://totp/a?secret=GEZDGNBV".to_owned(), "Add it instead"),
            ("https://gate.example.com/enrol#1.eyJ1Ijoi".to_owned(), "Enrol instead"),
            ("https://gate.example.com/approve#1.BAQE".to_owned(), "from the other screen with the camera"),
            ("https://gate.example.com/offline#1.e30.e30.AA".to_owned(), "Ask for its answer code instead"),
            ("otpauth-migration://offline?data=Cg".to_owned(), "Read all its parts"),
            ("phonefactor://activate_account?code=1".to_owned(), "Microsoft Authenticator"),
            ("FIDO:/0123".to_owned(), "signing in with a passkey"),
            ("pia://container/a".to_owned(), "privacyIDEA"),
            ("tiqrauth://a@b/c".to_owned(), "tiqr"),
            ("com-okta-authenticator:/x".to_owned(), "its own app (Okta)"),
            ("duo://x".to_owned(), "its own app (Duo)"),
            ("identityguard://x".to_owned(), "its own app (Entrust)"),
            ("WIFI:S:net;;".to_owned(), "Wi-Fi"),
            ("BEGIN:VCARD".to_owned(), "a contact"),
            ("1234567890".to_owned(), "a serial number"),
            ("https://example.com/x".to_owned(), "a web page, not to an account: example.com"),
            ("hello there".to_owned(), "some text"),
            (" \n".to_owned(), "nothing to read"),
            ("x".repeat(9 * 1024), "9216 bytes long"),
            ("https://m-1.duosecurity.com/activate/x".to_owned(), "its own app (Duo)"),
        ]
    }

    #[test]
    fn every_class_that_the_classifier_gives_has_its_sentence() {
        let mut seen = [false; CLASSES];
        for (text, part) in table() {
            let class = classify(&text);
            seen[place(&class)] = true;
            let words = of_class(&class);
            assert!(words.contains(part), "{text:.40}: {class:?}: {words}");
        }
        assert_eq!(seen, [true; CLASSES], "a class without a row");
    }
}
