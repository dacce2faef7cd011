//! What was scanned or pasted, in words: what it is instead, what was mended, why it is not taken.

use countersign_core::protocol::otp::base32::Base32Error;
use countersign_core::protocol::otp::{Algorithm, Digits, OtpError, Timed};
use countersign_core::protocol::uri::otpauth::{Account, Field, Repair, UriError};
use countersign_core::qr::{Class, PictureError, ScanError};
use countersign_strings::{fill, text};

use crate::when;

/// What a text is that is neither an account nor an enrolment, and what to do.
pub fn of_class(class: &Class) -> String {
    let words = match class {
        Class::WebPage { host } => return fill("qr.web_page", &[("host", host)]),
        Class::OtherPush(kind) => return fill("qr.other_push", &[("kind", kind)]),
        Class::OwnApp(maker) => return fill("qr.own_app", &[("maker", maker)]),
        Class::TooLong { bytes } => return fill("qr.too_long", &[("n", &bytes.to_string())]),
        Class::Account => "qr.account",
        Class::Enrolment => "qr.enrolment",
        // There is no camera at the desk.
        Class::Login => return format!("{} {}", text("qr.login"), text("cli.login_here")),
        Class::Offline => "qr.offline",
        Class::Migration => "qr.migration",
        Class::Sheet => "qr.sheet",
        Class::Backup => "qr.backup",
        Class::Microsoft => "qr.microsoft",
        Class::Passkey => "qr.passkey",
        Class::Wifi => "qr.wifi",
        Class::Contact => "qr.contact",
        Class::Calendar => "qr.calendar",
        Class::Phone => "qr.phone",
        Class::Mail => "qr.mail",
        Class::Place => "qr.place",
        Class::Sim => "qr.sim",
        Class::Payment => "qr.payment",
        Class::Wallet => "qr.wallet",
        Class::Thing => "qr.thing",
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
        UriError::Number(field) => return fill("qr.number", &[("field", name(*field))]),
        UriError::NameTooLong(field, n) => {
            return fill("qr.name_too_long", &[("field", name(*field)), ("n", &n.to_string())]);
        }
        UriError::NotKeyUri | UriError::Type => "qr.not_key_uri",
        UriError::TooManyParameters => "qr.too_many_parameters",
        UriError::SecretMissing => "qr.secret_missing",
        UriError::Secret(Base32Error::LookAlike(_)) => "qr.secret_look_alike",
        UriError::Secret(Base32Error::TooLong) => "qr.secret_too_long",
        UriError::Secret(_) => "qr.secret_wrong",
        UriError::UnknownAlgorithm => "qr.unknown_algorithm",
        UriError::Range(OtpError::SeedLength(_) | OtpError::SeedCheck | OtpError::SeedHex) => "qr.seed_wrong",
        UriError::Range(OtpError::Pin) => "qr.pin_wrong",
        UriError::Range(OtpError::Digits(n)) => return fill("qr.range_digits", &[("n", &n.to_string())]),
        UriError::Range(OtpError::Period(n)) => return fill("qr.range_period", &[("n", &n.to_string())]),
        UriError::Range(OtpError::Counter) => "qr.range_counter",
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
    of_codes(account.timed(), account.algorithm, account.digits)
}

/// How codes move on: with time, or with each use; and by which hash, where that is not the usual one.
pub fn of_codes(timed: Option<Timed>, algorithm: Algorithm, digits: Digits) -> String {
    let hashed = |words: String| match algorithm {
        Algorithm::Sha1 => words,
        other => fill("cli.kind_hashed", &[("kind", &words), ("hash", other.as_str())]),
    };
    let words = match timed {
        None => return hashed(fill("cli.kind_counted", &[("digits", &digits.get().to_string())])),
        Some(Timed::Totp(shape)) if shape.period.start() == 0 => {
            return hashed(self::timed(digits.get(), shape.period.seconds()));
        }
        Some(Timed::Totp(shape)) => {
            let (kind, start) = (self::timed(digits.get(), shape.period.seconds()), shape.period.start().to_string());
            return hashed(fill("cli.kind_started", &[("kind", &kind), ("start", &start)]));
        }
        Some(Timed::Steam) => "cli.kind_steam",
        Some(Timed::Yandex) => "cli.kind_yandex",
        Some(Timed::MOtp) => "cli.kind_motp",
    };
    text(words).to_owned()
}

/// A code that time changes, of so many digits.
pub fn timed(digits: u8, period: u32) -> String {
    let key = if period == 1 { "cli.kind_timed_second" } else { "cli.kind_timed" };
    fill(key, &[("digits", &digits.to_string()), ("period", &period.to_string())])
}

/// The remarks as a screen shows them, where no command is typed.
pub fn remarks_on_screen(repairs: &[Repair], guessed: bool) -> Vec<String> {
    let on_screen =
        |words: String| if words == text("qr.maybe_steam") { text("tui.maybe_steam").to_owned() } else { words };
    remarks(repairs, guessed).into_iter().map(on_screen).collect()
}

/// That the moment from which its codes are counted is still to come, where it is.
pub fn of_start(timed: Option<Timed>, now: u64) -> Option<String> {
    let start = timed.map(|timed| timed.period().start()).filter(|start| *start > now)?;
    Some(fill("cli.start_to_come", &[("moment", &when::minute(start))]))
}

#[cfg(test)]
mod tests {
    use countersign_core::qr::classify;
    use countersign_properties::table::{Row, table};

    use super::*;

    #[test]
    fn a_hash_that_is_not_the_usual_one_is_named_and_a_second_is_one() {
        use countersign_core::protocol::uri::otpauth::parse;
        for (parameters, said) in [
            ("totp/a?period=30&algorithm=SHA1", "6 digits, every 30 seconds"),
            ("totp/a?period=1&algorithm=SHA512", "6 digits, every second, by SHA512"),
            ("hotp/a?counter=3&digits=8&algorithm=HmacSHA256", "8 digits, one code at a time, by SHA256"),
        ] {
            let link = format!("otpauth://{parameters}&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
            assert_eq!(of_kind(&parse(&link).unwrap().0), said);
        }
    }

    #[test]
    fn a_key_that_is_too_long_is_not_called_damaged() {
        use countersign_core::protocol::uri::otpauth::parse;
        let said = |letters: usize| {
            of_uri_error(&parse(&format!("otpauth://totp/a?secret={}", "A".repeat(letters))).unwrap_err())
        };
        assert!(said(207).contains("longer than 128 bytes"), "{}", said(207));
        assert!(said(400).contains("longer than 128 bytes"), "{}", said(400));
    }

    #[test]
    fn a_number_out_of_range_is_named() {
        use countersign_core::protocol::uri::otpauth::parse;
        for (parameter, said) in [
            ("digits=12", "12 digits; 5 to 10"),
            ("digits=4", "4 digits; 5 to 10"),
            ("period=0", "0 seconds; 1 to 86400"),
            ("period=86401", "86401 seconds; 1 to 86400"),
        ] {
            let link = format!("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&{parameter}");
            let words = of_uri_error(&parse(&link).unwrap_err());
            assert!(words.contains(said), "{parameter}: {words}");
        }
        let link = "otpauth://hotp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=9223372036854775808";
        assert_eq!(of_uri_error(&parse(link).unwrap_err()), text("qr.range_counter"));
    }

    #[test]
    fn every_class_has_its_sentence() {
        for Row { class, sentence, text } in table(include_str!("../../tests/vectors/scanned.txt")) {
            assert_eq!(of_class(&classify(&text)), sentence, "{class}: {text}");
        }
        let long = of_class(&classify(&"x".repeat(9 * 1024)));
        assert!(long.contains("9216 bytes long"), "{long}");
    }
}
