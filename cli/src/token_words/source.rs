//! Files that tokens are burned from: what is wrong with a row, what was repaired or assumed. Lines and rules, never content.

use countersign_core::burn::CredentialError;
use countersign_core::burn::source::{Column, Fault, Note, Rule, SourceError, XmlRule};
use countersign_core::protocol::uri::otpauth::UriError;
use countersign_strings::{fill, text};

use crate::scan_words;

/// What a value of a row is called.
pub fn of_column(column: Column) -> &'static str {
    text(match column {
        Column::Serial => "token.column_serial",
        Column::SecretBase32 | Column::SecretHex | Column::Secret => "token.column_secret",
        Column::Type => "token.column_type",
        Column::Algorithm => "token.column_algorithm",
        Column::Digits => "token.column_digits",
        Column::Period => "token.column_period",
        Column::Counter => "token.column_counter",
        Column::Issuer => "token.column_issuer",
        Column::Name => "token.column_name",
        Column::Manufacturer => "token.column_manufacturer",
        Column::Model => "token.column_model",
        Column::Profile => "token.column_profile",
        Column::WrittenAt => "token.column_written_at",
        Column::Proof => "token.column_proof",
        Column::ClockAhead => "token.column_clock_ahead",
    })
}

/// A row that cannot be burned, by its line.
pub fn of_fault(fault: &Fault) -> String {
    fill("token.row_refused", &[("line", &fault.line.to_string()), ("why", &of_rule(fault.rule))])
}

/// Why a row cannot be burned.
pub fn of_rule(rule: Rule) -> String {
    let numbered = |key: &'static str, n: String| fill(key, &[("n", &n)]);
    let named = |key: &'static str, column: Column| fill(key, &[("column", of_column(column))]);
    let words = match rule {
        Rule::Columns(n) => return numbered("token.rule_columns", n.to_string()),
        Rule::FieldLength(n) => return numbered("token.rule_field_length", n.to_string()),
        Rule::Missing(column) => return named("token.rule_missing", column),
        Rule::Number(column) => return named("token.rule_number", column),
        Rule::Base32(fault) => return scan_words::of_uri_error(&UriError::Secret(fault)),
        Rule::Hex(at) => return numbered("token.rule_hex", at.to_string()),
        Rule::Value(fault) => return of_credential(fault),
        Rule::Interval(n) => return numbered("token.rule_interval", n.to_string()),
        Rule::HashByLength(n) => return numbered("token.rule_hash_by_length", n.to_string()),
        Rule::Profile(n) => return numbered("token.rule_profile", n.to_string()),
        Rule::NameLength(column, n) => {
            return fill("token.rule_name_length", &[("column", of_column(column)), ("n", &n.to_string())]);
        }
        Rule::Uri(fault) => return scan_words::of_uri_error(&fault),
        Rule::SameSerial(line) => return numbered("token.rule_same_serial", line.to_string()),
        Rule::SameKey(line) => return numbered("token.rule_same_key", line.to_string()),
        Rule::Keys(n) => return numbered("token.rule_keys", n.to_string()),
        Rule::Base64(column) => return named("token.rule_base64", column),
        Rule::CipherText(n) => return numbered("token.rule_cipher_text", n.to_string()),
        Rule::Quote => "token.rule_quote",
        Rule::HexOdd => "token.rule_hex_odd",
        Rule::Ambiguous => "token.rule_ambiguous",
        Rule::TwoSeeds => "token.rule_two_seeds",
        Rule::Setting(_) => "token.rule_setting",
        Rule::Type => "token.rule_type",
        Rule::Algorithm => "token.rule_algorithm",
        Rule::SerialCut => "token.rule_serial_cut",
        Rule::OtherKind => "token.rule_other_kind",
        Rule::Cipher => "token.rule_cipher",
        Rule::MacMissing => "token.rule_mac_missing",
        Rule::MacWrong => "token.rule_mac_wrong",
        Rule::Padding => "token.rule_padding",
        Rule::Response => "token.rule_response",
    };
    text(words).to_owned()
}

fn of_credential(fault: CredentialError) -> String {
    let (key, n) = match fault {
        CredentialError::SeedLength(n) => ("token.rule_seed_length", n as u64),
        CredentialError::SeedZero => ("token.rule_seed_zero", 0),
        CredentialError::Digits(n) => ("token.rule_digits", n),
        CredentialError::SerialLength(n) => ("token.rule_serial_length", n as u64),
        CredentialError::SerialCharacter => ("token.rule_serial_character", 0),
    };
    fill(key, &[("n", &n.to_string())])
}

/// What was repaired or assumed in a row.
pub fn of_note(note: &Note) -> String {
    let words = match note {
        Note::Short { bits } => return fill("qr.key_short", &[("bits", &bits.to_string())]),
        Note::Link(repair) => return scan_words::of_repair(repair),
        Note::Assumed(column) => return fill("token.source_assumed", &[("column", of_column(*column))]),
        Note::Cleaned(column) => return fill("token.source_cleaned", &[("column", of_column(*column))]),
        Note::Base32(_) | Note::HexBlanks => "qr.key_written_oddly",
        Note::DigitsAlone => "token.source_digits_alone",
        Note::HashByLength => "token.source_hash_by_length",
        Note::SerialOfKey => "token.source_serial_of_key",
        Note::RealmPassedOver => "token.source_realm",
        Note::PolicyPassedOver => "token.source_policy",
        Note::ClockPassedOver => "token.source_clock",
    };
    text(words).to_owned()
}

/// Why a file was not read.
pub fn of_source_error(error: SourceError) -> String {
    let words = match error {
        SourceError::TooLong(n) => return fill("token.source_too_long", &[("n", &n.to_string())]),
        SourceError::HeaderMissing(column) => {
            return fill("token.source_header_missing", &[("column", of_column(column))]);
        }
        SourceError::HeaderTwice(column) => return fill("token.source_header_twice", &[("column", of_column(column))]),
        SourceError::Xml { line, rule } => {
            return fill("token.source_xml", &[("line", &line.to_string()), ("why", of_xml(rule))]);
        }
        SourceError::KeyLength(found, wanted) => {
            let values = [("found", &*found.to_string()), ("wanted", &*wanted.to_string())];
            return fill("token.source_key_length", &values);
        }
        SourceError::Rounds(n) => return fill("token.source_rounds", &[("n", &n.to_string())]),
        SourceError::TooManyRows => "token.source_too_many_rows",
        SourceError::NotText => "token.source_not_text",
        SourceError::Empty => "token.source_empty",
        SourceError::Header => "token.source_header",
        SourceError::NotPskc => "token.source_not_pskc",
        SourceError::KeyNeeded => "token.source_key_needed",
        SourceError::PasswordNeeded => "token.source_password_needed",
        SourceError::WrongKey => "token.source_wrong_key",
        SourceError::OtherLock | SourceError::OtherMac => "token.source_other_lock",
        SourceError::Derivation => "token.source_derivation",
    };
    text(words).to_owned()
}

fn of_xml(rule: XmlRule) -> &'static str {
    text(match rule {
        XmlRule::Form => "token.xml_form",
        XmlRule::DocumentType => "token.xml_document_type",
        XmlRule::Entity => "token.xml_entity",
        XmlRule::Encoding => "token.xml_encoding",
        XmlRule::Depth => "token.xml_depth",
        XmlRule::Parts => "token.xml_parts",
    })
}
