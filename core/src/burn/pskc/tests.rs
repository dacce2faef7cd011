use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Period};
use proptest::prelude::*;

use super::read::read;
use crate::burn::assign::Batch;
use crate::burn::credential::{Moving, Serial};
use crate::burn::source::{Column, Note, Rule, Source, SourceError, Unlock, XmlRule};
use crate::limits;

macro_rules! figure {
    ($number:literal) => {
        include_str!(concat!("../../../../tests/vectors/rfc6030/figure", $number, ".xml"))
    };
}

const KEY: &[u8] = b"\x12\x34\x56\x78\x90\x12\x34\x56\x78\x90\x12\x34\x56\x78\x90\x12";

fn plain(text: &str) -> Result<Source, SourceError> {
    read(text, Unlock::Nothing)
}

fn failed(text: &str) -> SourceError {
    plain(text).unwrap_err()
}

/// Serial number, issuer, name, seed, digits: of each row.
fn told(source: &Source) -> Vec<(&str, &str, &str, &[u8], u8)> {
    source
        .rows
        .iter()
        .map(|row| {
            let of = &row.credential;
            let serial = of.serial.as_ref().map_or("", |serial| serial.as_str());
            (serial, of.issuer.as_str(), of.name.as_str(), of.seed.expose(), of.digits.get())
        })
        .collect()
}

fn rules(source: &Source) -> Vec<(usize, Rule)> {
    source.faults.iter().map(|fault| (fault.line, fault.rule)).collect()
}

const LONG: &[u8] = b"12345678901234567890";

#[test]
fn the_plain_figures_of_rfc_6030() {
    let source = plain(figure!(2)).unwrap();
    assert_eq!(told(&source), [("12345678", "Issuer-A", "", &b"1234"[..], 6)]);
    let assumed = |column| Note::Assumed(column);
    assert_eq!(
        source.rows[0].notes,
        [
            Note::SerialOfKey,
            Note::Short { bits: 32 },
            assumed(Column::Counter),
            assumed(Column::Algorithm),
            assumed(Column::Digits)
        ]
    );
    assert_eq!(source.rows[0].credential.moving, Moving::Counter(Counter::ZERO));

    let source = plain(figure!(3)).unwrap();
    assert_eq!(told(&source), [("987654321", "Issuer", "UID=jsmith,DC=example-bank,DC=net", LONG, 8)]);
    assert_eq!((source.rows[0].line, source.rows[0].manufacturer.as_str()), (5, "Manufacturer"));
    assert_eq!(source.rows[0].notes, [assumed(Column::Algorithm)]);
    assert_eq!(source.rows[0].credential.code_at(0).as_str(), "84755224", "RFC 4226, appendix D");

    assert_eq!(rules(&plain(figure!(4)).unwrap()), [(4, Rule::Missing(Column::Secret))]);

    let source = plain(figure!(5)).unwrap();
    assert_eq!(told(&source), [("987654321", "Issuer", "", LONG, 8)]);
    assert!(source.rows[0].notes.contains(&Note::PolicyPassedOver));
    assert_eq!(rules(&source), [(38, Rule::Type)], "a PIN is no key of codes");

    let source = plain(figure!(9)).unwrap();
    assert_eq!(told(&source), [("0755225266", "Example-Issuer", "", LONG, 6)]);
    assert!(source.signature_passed_over);
}

#[test]
fn figure_10_has_four_rows_of_one_key_and_one_serial_number_twice() {
    let source = plain(figure!(10)).unwrap();
    let serials: Vec<&str> = told(&source).into_iter().map(|row| row.0).collect();
    assert_eq!(serials, ["654321", "123456", "9999999", "9999999"]);
    let once = source.without_doubles();
    assert_eq!(told(&once), [("654321", "Issuer", "", LONG, 8)]);
    assert_eq!(rules(&once), [(31, Rule::SameKey(4)), (58, Rule::SameKey(4)), (85, Rule::SameKey(4))]);
}

#[test]
fn figure_6_opens_with_its_key_and_no_other() {
    let key = Secret::from_slice(KEY);
    let source = read(figure!(6), Unlock::Key(&key)).unwrap();
    assert_eq!(told(&source), [("987654321", "Issuer", "", LONG, 8)]);
    assert_eq!(failed(figure!(6)), SourceError::KeyNeeded);
    let password = Secret::from_slice(b"qwerty");
    assert_eq!(read(figure!(6), Unlock::Password(&password)).unwrap_err(), SourceError::KeyNeeded);
    for wrong in 0..=255 {
        let mut other = KEY.to_vec();
        other[15] = wrong;
        let opened = read(figure!(6), Unlock::Key(&Secret::new(other)));
        assert_eq!(opened.err(), (wrong != KEY[15]).then_some(SourceError::WrongKey), "{wrong}");
    }
    let long = Secret::from_slice(&[7; 32]);
    assert_eq!(read(figure!(6), Unlock::Key(&long)).unwrap_err(), SourceError::KeyLength(32, 16));
}

#[test]
fn figure_7_opens_with_its_password_and_no_other() {
    let password = |text: &str| Secret::from_slice(text.as_bytes());
    let source = read(figure!(7), Unlock::Password(&password("qwerty"))).unwrap();
    assert_eq!(told(&source), [("987654321", "Example-Issuer", "", LONG, 8)]);
    assert_eq!(failed(figure!(7)), SourceError::PasswordNeeded);
    assert_eq!(read(figure!(7), Unlock::Password(&password("Qwerty"))).unwrap_err(), SourceError::WrongKey);
    let key = Secret::from_slice(KEY);
    assert_eq!(read(figure!(7), Unlock::Key(&key)).unwrap_err(), SourceError::PasswordNeeded);
    let asks = |rounds: &str| {
        let text = figure!(7).replace("<IterationCount>1000<", &format!("<IterationCount>{rounds}<"));
        read(&text, Unlock::Password(&password("qwerty"))).unwrap_err()
    };
    assert_eq!(asks("0"), SourceError::Rounds(0));
    assert_eq!(asks(&(limits::PSKC_ROUNDS + 1).to_string()), SourceError::Rounds(limits::PSKC_ROUNDS + 1));
    assert_eq!(asks("many"), SourceError::Derivation);
}

/// Most programs write no line ends into XML.
#[test]
fn keys_on_one_line_have_a_name_each_and_each_goes_into_a_token_of_its_own() {
    let text = figure!(3);
    let (head, rest) = text.split_at(text.find("<KeyPackage>").unwrap());
    let (package, tail) = rest.split_at(rest.find("</KeyPackage>").unwrap() + "</KeyPackage>".len());
    let packages: String = (1..=3).map(|n| package.replace("987654321", &format!("98765432{n}"))).collect();
    let line = format!("{head}{packages}{tail}").replace(['\r', '\n'], " ");
    let source = plain(&line).unwrap();
    let lines: Vec<usize> = source.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [1, 2, 3]);
    let mut batch = Batch::new(source.rows);
    for (n, serial) in ["987654321", "987654322", "987654323"].into_iter().enumerate() {
        let serial = Serial::try_from(serial).unwrap();
        assert_eq!(batch.row_for(&serial).unwrap().line, n + 1);
        batch.burned(n + 1, &serial).unwrap();
    }
    assert_eq!(batch.left().count(), 0);
}

#[test]
fn figure_8_is_declined_by_name() {
    assert_eq!(failed(figure!(8)), SourceError::OtherLock);
}

/// Every letter of what is encrypted, and of its check: a change is found out before anything is decrypted.
#[test]
fn what_was_changed_is_not_opened() {
    let key = Secret::from_slice(KEY);
    for value in ["AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv", "Su+NvtQfmvfJzF6bmQiJqoLRExc="] {
        for at in 0..value.trim_end_matches('=').len() {
            let mut changed = value.to_owned();
            let other = if &value[at..=at] == "A" { "Q" } else { "A" };
            changed.replace_range(at..=at, other);
            let text = figure!(6).replace(value, &changed);
            assert_eq!(read(&text, Unlock::Key(&key)).unwrap_err(), SourceError::WrongKey, "{at} of {value}");
        }
    }
    let bare = figure!(6).replace("ValueMAC", "Extra");
    assert_eq!(rules(&read(&bare, Unlock::Key(&key)).unwrap()), [(20, Rule::MacMissing)]);
    let bare = figure!(6).replace("MACMethod", "Extra");
    assert_eq!(rules(&read(&bare, Unlock::Key(&key)).unwrap()), [(20, Rule::MacMissing)]);
    let other = figure!(6).replace("hmac-sha1", "hmac-md5");
    assert_eq!(read(&other, Unlock::Key(&key)).unwrap_err(), SourceError::OtherMac);
    let other = figure!(6).replacen("aes128-cbc", "kw-aes128", 2).replacen("kw-aes128", "aes128-cbc", 1);
    assert_eq!(rules(&read(&other, Unlock::Key(&key)).unwrap()), [(20, Rule::Cipher)]);
    let short = figure!(6)
        .replace("AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv", "AAECAwQFBgcICQoLDA0ODw==");
    assert_eq!(rules(&read(&short, Unlock::Key(&key)).unwrap()), [(20, Rule::CipherText(16))]);
}

fn container(inner: &str) -> String {
    format!(
        "<KeyContainer Version=\"1.0\" xmlns=\"{}\">\n<KeyPackage><DeviceInfo><SerialNo>1</SerialNo></DeviceInfo>{inner}</KeyPackage></KeyContainer>",
        super::NAMESPACE
    )
}

fn totp(parameters: &str, data: &str) -> String {
    container(&format!(
        "<Key Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:totp\"><AlgorithmParameters>{parameters}</AlgorithmParameters>\
         <Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>{data}</Data></Key>"
    ))
}

#[test]
fn the_spellings_of_the_hash_are_read_and_others_refused() {
    for (suite, algorithm) in [
        ("SHA256", Some(Algorithm::Sha256)),
        ("HMAC-SHA256", Some(Algorithm::Sha256)),
        ("HmacSHA512", Some(Algorithm::Sha512)),
        ("sha-1", Some(Algorithm::Sha1)),
        ("", Some(Algorithm::Sha1)),
        ("MD5", None),
        ("SHA384", None),
    ] {
        let source = plain(&totp(&format!("<Suite>{suite}</Suite>"), "")).unwrap();
        assert_eq!(source.rows.first().map(|row| row.credential.algorithm), algorithm, "{suite}");
        let notes = source.rows.first().map_or(&[][..], |row| &row.notes);
        assert_eq!(notes.contains(&Note::Assumed(Column::Algorithm)), suite.is_empty());
        assert_eq!(rules(&source).is_empty(), algorithm.is_some());
    }
}

/// As the exporter of privacyIDEA writes: names in small letters, the hash in an attribute.
#[test]
fn small_letters_and_a_hash_beside_the_text_are_read() {
    let suite = |suite: &str| {
        let text = totp(suite, "<TimeInterval><PlainValue>60</PlainValue></TimeInterval>");
        let source = plain(&text.replace("PlainValue", "plainvalue").replace("TimeInterval", "timeinterval")).unwrap();
        source.rows.first().map(|row| (row.credential.algorithm, row.credential.moving))
    };
    let minute = Moving::Time(Period::try_from(60).unwrap());
    assert_eq!(suite("<suite hashalgo=\"sha256\"></suite>"), Some((Algorithm::Sha256, minute)));
    assert_eq!(suite("<Suite hashalgo=\"sha256\">SHA512</Suite>"), Some((Algorithm::Sha512, minute)), "the standard's");
    assert_eq!(suite("<suite hashalgo=\"\"/>"), Some((Algorithm::Sha1, minute)));
    assert_eq!(suite("<suite hashalgo=\"md5\"/>"), None);
    let small = figure!(6).replace("KeyContainer", "keycontainer").replace("MACMethod", "macmethod");
    assert!(read(&small, Unlock::Key(&Secret::from_slice(KEY))).is_ok());
}

#[test]
fn settings_of_time_are_read_and_what_no_token_can_do_is_refused() {
    let source = plain(&totp(
        "<ResponseFormat Length=\"8\" Encoding=\"DECIMAL\"/>",
        "<Time><PlainValue>7</PlainValue></Time><TimeInterval><PlainValue>60</PlainValue></TimeInterval>",
    ));
    let row = &source.unwrap().rows[0];
    assert_eq!(row.credential.moving, Moving::Time(Period::try_from(60).unwrap()));
    assert!(row.notes.contains(&Note::ClockPassedOver));
    for (parameters, data, rule) in [
        ("<ResponseFormat Length=\"8\" Encoding=\"HEXADECIMAL\"/>", "", Rule::Response),
        ("<ResponseFormat Length=\"8\" Encoding=\"DECIMAL\" CheckDigits=\"true\"/>", "", Rule::Response),
        ("<ResponseFormat Length=\"six\"/>", "", Rule::Number(Column::Digits)),
        ("", "<TimeInterval><PlainValue>-3</PlainValue></TimeInterval>", Rule::Number(Column::Period)),
    ] {
        assert_eq!(rules(&plain(&totp(parameters, data)).unwrap()), [(2, rule)], "{parameters} {data}");
    }
    for (length, fits) in [(3, false), (4, true), (10, true), (11, false)] {
        let source = plain(&totp(&format!("<ResponseFormat Length=\"{length}\"/>"), "")).unwrap();
        assert_eq!(source.faults.is_empty(), fits, "{length}");
    }
    assert_eq!(rules(&plain(&container("")).unwrap()), [(2, Rule::Keys(0))]);
    assert_eq!(rules(&plain(&container("<Key/><Key/>")).unwrap()), [(2, Rule::Keys(2))]);
    let broken = totp("", "").replace("MTIz", "M*Iz");
    assert_eq!(rules(&plain(&broken).unwrap()), [(2, Rule::Base64(Column::Secret))]);
}

#[test]
fn xml_is_small_and_bounded() {
    let xml = |text: &str| match plain(text) {
        Err(SourceError::Xml { line, rule }) => (line, rule),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(xml("<!DOCTYPE a [<!ENTITY b \"c\">]><KeyContainer/>"), (1, XmlRule::DocumentType));
    assert_eq!(xml("\n<KeyContainer>\n&b;</KeyContainer>"), (3, XmlRule::Entity));
    assert_eq!(xml("<KeyContainer a=\"&b;\"/>"), (1, XmlRule::Entity));
    assert_eq!(xml("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><KeyContainer/>"), (1, XmlRule::Encoding));
    for text in
        ["<KeyContainer>", "<KeyContainer></KeyPackage>", "<KeyContainer/><KeyContainer/>", "<KeyContainer/>x", "x", ""]
    {
        assert_eq!(xml(text).1, XmlRule::Form, "{text}");
    }
    assert_eq!(failed("<a/>"), SourceError::NotPskc);
    assert_eq!(failed("<KeyContainer/>"), SourceError::Empty);
    let nested = |depth: usize| {
        let inner = depth - 1;
        format!("<KeyContainer>{}{}</KeyContainer>", "<a>".repeat(inner), "</a>".repeat(inner))
    };
    let most = limits::XML_DEPTH;
    assert_eq!(failed(&nested(most)), SourceError::Empty);
    for depth in [most + 1, most * 1000] {
        assert_eq!(xml(&nested(depth)).1, XmlRule::Depth);
    }
    let wide = |count: usize| format!("<KeyContainer><a>{}</a></KeyContainer>", "<b/>".repeat(count - 1));
    let most = limits::XML_ELEMENTS;
    assert_eq!(failed(&wide(most)), SourceError::Empty);
    for count in [most + 1, most * 1000] {
        assert_eq!(xml(&wide(count)).1, XmlRule::Parts);
    }
    let many = |count: usize| {
        let attributes: String = (0..count).map(|at| format!(" a{at}=\"\"")).collect();
        format!("<KeyContainer><a{attributes}/></KeyContainer>")
    };
    let most = limits::XML_ATTRIBUTES;
    assert_eq!(failed(&many(most)), SourceError::Empty);
    for count in [most + 1, most * 1000] {
        assert_eq!(xml(&many(count)).1, XmlRule::Parts);
    }
    let rows = |count: usize| format!("<KeyContainer>{}</KeyContainer>", "<KeyPackage/>".repeat(count));
    assert_eq!(plain(&rows(limits::BURN_ROWS)).unwrap().faults.len(), limits::BURN_ROWS);
    assert_eq!(failed(&rows(limits::BURN_ROWS + 1)), SourceError::TooManyRows);
}

#[test]
fn entities_and_sections_are_text() {
    let row = |issuer: &str| {
        let source = plain(
            &totp("", "").replace("<AlgorithmParameters>", &format!("<Issuer>{issuer}</Issuer><AlgorithmParameters>")),
        );
        source.unwrap().rows[0].credential.issuer.clone()
    };
    assert_eq!(row("A &amp; B &#x263A; <!-- not --><![CDATA[<C>]]>"), "A & B \u{263a} <C>");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[<>/=\"& a-zA-Z!?\\[\\]-]{0,80}") {
        let _ = plain(&text);
        let _ = plain(&totp(&text, &text));
    }
}
