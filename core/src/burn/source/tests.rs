use countersign_protocol::Secret;
use countersign_protocol::otp::base32::Base32Error;
use countersign_protocol::otp::{Algorithm, Counter, OtpError, Period};
use countersign_protocol::uri::otpauth::{Repair, UriError};
use proptest::prelude::*;

use super::*;
use crate::burn::credential::{CredentialError, Moving, Seed, TokenDigits};
use crate::error::PortError;
use crate::limits;
use crate::port::Random;

const SEED: &[u8] = b"12345678901234567890";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const HEX: &str = "3132333435363738393031323334353637383930";

fn read_as(kind: Kind, text: &str) -> Source {
    read(kind, text.as_bytes(), Choices::default()).unwrap()
}

fn failed(kind: Kind, text: &str) -> SourceError {
    read(kind, text.as_bytes(), Choices::default()).unwrap_err()
}

fn rules(source: &Source) -> Vec<(usize, Rule)> {
    source.faults.iter().map(|fault| (fault.line, fault.rule)).collect()
}

/// The only row: line, serial number, seed, what moves it on, hash, digits.
fn only(source: &Source) -> (usize, &str, &[u8], Moving, Algorithm, u8) {
    assert_eq!((source.rows.len(), rules(source)), (1, vec![]));
    settings(&source.rows[0])
}

fn settings(row: &Row) -> (usize, &str, &[u8], Moving, Algorithm, u8) {
    let of = &row.credential;
    let serial = of.serial.as_ref().map_or("", |serial| serial.as_str());
    (row.line, serial, of.seed.expose(), of.moving, of.algorithm, of.digits.get())
}

fn every(seconds: u64) -> Moving {
    Moving::Time(Period::try_from(seconds).unwrap())
}

fn counting(from: u64) -> Moving {
    Moving::Counter(Counter::try_from(from).unwrap())
}

#[test]
fn a_typed_seed_that_reads_in_two_ways_asks() {
    let one = |text: &str| match typed(text).unwrap() {
        Typed::One { seed, notes } => (seed.expose().to_vec(), notes),
        Typed::Either { .. } => panic!("{text} asks"),
    };
    assert_eq!(one(BASE32), (SEED.to_vec(), vec![]));
    assert_eq!(one(HEX), (SEED.to_vec(), vec![Note::DigitsAlone]));
    assert_eq!(one("0xDE AD-be:ef"), (vec![0xde, 0xad, 0xbe, 0xef], vec![Note::HexBlanks]));
    assert!(matches!(&one(" gezd gnbv ").1[..], [Note::Base32(repairs)] if repairs.lower_case && repairs.blanks));
    for text in ["ABCDEF234567ABCD", "2234567ABCDEF2234567ABCDEF", "deadbeef", "22"] {
        let Typed::Either { base32, hex } = typed(text).unwrap() else { panic!("{text} does not ask") };
        assert!(!base32.is_same_key(&hex));
        assert_eq!(hex.len(), text.len() / 2);
    }
    let refused = |text: &str| typed(text).unwrap_err();
    assert_eq!(refused(""), Rule::Base32(Base32Error::Empty));
    assert_eq!(refused("GEZDGNB1"), Rule::Base32(Base32Error::LookAlike(8)));
    assert_eq!(refused("ABC10"), Rule::HexOdd);
    assert_eq!(refused("GEZD*"), Rule::Base32(Base32Error::Character(5)));
    assert_eq!(refused("0000"), Rule::Value(CredentialError::SeedZero));
    for (bytes, fits) in [(128, true), (129, false), (128_000, false)] {
        assert_eq!(typed(&"1f".repeat(bytes)).is_ok(), fits);
    }
}

#[test]
fn a_link_is_a_row_and_other_kinds_of_accounts_are_declined() {
    let row = link(&format!("otpauth://totp/GitHub:mara?secret={BASE32}&algorithm=SHA256&digits=8&period=60")).unwrap();
    assert_eq!(settings(&row), (1, "", SEED, every(60), Algorithm::Sha256, 8));
    assert_eq!((row.credential.issuer.as_str(), row.credential.name.as_str(), row.notes.len()), ("GitHub", "mara", 0));
    let row = link(&format!("otpauth://hotp/mara?secret={}&counter=7", BASE32.to_lowercase())).unwrap();
    assert_eq!((row.credential.moving, &row.notes[..]), (counting(7), &[Note::Link(Repair::KeyLowerCase)][..]));
    let refused = |text: &str| link(text).unwrap_err();
    assert_eq!(refused("phonefactor://activate"), Rule::Uri(UriError::NotKeyUri));
    assert_eq!(refused(&format!("steam://{BASE32}")), Rule::OtherKind);

    let source = read_as(Kind::Links, &format!("otpauth://totp/a?secret={BASE32}\r\n\r\nFIDO:/1\r\n"));
    assert_eq!((source.rows.len(), source.rows[0].line), (1, 1));
    assert_eq!(rules(&source), [(3, Rule::Uri(UriError::NotKeyUri))]);
}

/// Counts on from where it is.
struct Counting(std::sync::atomic::AtomicU8);

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        out.iter_mut().for_each(|byte| *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        Ok(())
    }
}

#[test]
fn random_seeds_are_as_long_as_their_hash() {
    let draw = Counting(1.into());
    for (algorithm, length) in [(Algorithm::Sha1, 20), (Algorithm::Sha256, 32), (Algorithm::Sha512, 64)] {
        let settings = Settings { moving: every(60), algorithm, digits: TokenDigits::SIX };
        let rows = random(3, settings, &draw).unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 2, 3]);
        for row in &rows {
            assert_eq!((row.credential.seed.len(), row.credential.moving, row.notes.len()), (length, every(60), 0));
        }
        assert!(!rows[0].credential.seed.is_same_key(&rows[1].credential.seed));
    }
}

#[test]
fn a_table_is_read_by_its_header() {
    let text = format!(
        "\u{feff}serial,secret_base32,secret_hex,algorithm,digits,period,model,written_at,verified\r\n\
         86596220000001,{BASE32},,SHA256,8,60,C302,2026-11-22T10:00:00Z,proven\r\n"
    );
    let source = read_as(Kind::Table, &text);
    assert_eq!(only(&source), (2, "86596220000001", SEED, every(60), Algorithm::Sha256, 8));
    assert_eq!((source.rows[0].model.as_str(), source.rows[0].notes.len(), source.passed_over.len()), ("C302", 0, 0));

    let source = read_as(Kind::Table, &format!("Colour;Seed HEX;Serial Number;Counter\nred;{HEX};7;3\n"));
    assert_eq!(only(&source), (2, "7", SEED, counting(3), Algorithm::Sha1, 6));
    assert_eq!(source.passed_over, [1]);
    let assumed: Vec<&Note> = source.rows[0].notes.iter().filter(|note| matches!(note, Note::Assumed(_))).collect();
    assert_eq!(assumed, [&Note::Assumed(Column::Algorithm), &Note::Assumed(Column::Digits)]);

    let both = format!("secret_hex,secret_base32,issuer,name\n{HEX},{BASE32},'=1+1,\"a\u{202e}b, c\"\n");
    let source = read_as(Kind::Table, &both);
    assert_eq!((source.rows[0].credential.issuer.as_str(), source.rows[0].credential.name.as_str()), ("=1+1", "ab, c"));
    assert!(source.rows[0].notes.contains(&Note::Cleaned(Column::Name)));
}

#[test]
fn each_bad_row_of_a_table_is_named_by_its_line_and_rule() {
    let text = format!(
        "serial,secret_base32,secret_hex,type,algorithm,digits,period,counter,model\n\
         1,{BASE32},{HEX}00,totp,,,,,\n\
         2,,,,,,,,\n\
         3,{BASE32},3131,,,,,,\n\
         4,{BASE32},,steam,,,,,\n\
         5,{BASE32},,,MD5,,,,\n\
         6,{BASE32},,,,11,,,\n\
         7,{BASE32},,,,,0,,\n\
         8,{BASE32},,,,,half,,\n\
         9,{BASE32},,hotp,,,,9223372036854775808,\n\
         8.66E+13,{BASE32},,,,,,,\n\
         11,{BASE32},31g1,,,,,,\n\
         12,\"{BASE32}\"x,,,,,,,\n\
         13,{BASE32},,,,,,,,,\n\
         14,,000000,,,,,,\n\
         15,{BASE32},,,,,,,{}\n\
         \"a\nb\",{BASE32},,,,,,,\n\
         \n\
         17,{BASE32},,,,+6,,,\n",
        "m".repeat(limits::TOKEN_MODEL + 1)
    );
    let source = read_as(Kind::Table, &text);
    assert_eq!(source.rows.len(), 1, "two keys that give the same codes are one");
    assert_eq!(
        rules(&source),
        [
            (3, Rule::Missing(Column::Secret)),
            (4, Rule::TwoSeeds),
            (5, Rule::Type),
            (6, Rule::Algorithm),
            (7, Rule::Value(CredentialError::Digits(11))),
            (8, Rule::Setting(OtpError::Period(0))),
            (9, Rule::Number(Column::Period)),
            (10, Rule::Setting(OtpError::Counter)),
            (11, Rule::SerialCut),
            (12, Rule::Hex(3)),
            (13, Rule::Quote),
            (14, Rule::Columns(11)),
            (15, Rule::Value(CredentialError::SeedZero)),
            (16, Rule::NameLength(Column::Model, limits::TOKEN_MODEL + 1)),
            (17, Rule::Value(CredentialError::SerialCharacter)),
            (20, Rule::Number(Column::Digits)),
        ]
    );
}

#[test]
fn a_seed_of_an_unnamed_kind_asks_in_a_table_too() {
    let text = "serial,secret\n1,ABCDEF234567ABCD\n2,GEZDGNBVGY3TQOJQ\n";
    let source = read_as(Kind::Table, text);
    assert_eq!((source.rows.len(), rules(&source)), (1, vec![(2, Rule::Ambiguous)]));
    for (reading, length) in [(Reading::Hex, 8), (Reading::Base32, 10)] {
        let choices = Choices { reading: Some(reading), ..Choices::default() };
        let source = read(Kind::Table, text.as_bytes(), choices).unwrap();
        assert_eq!((source.rows[0].credential.seed.len(), source.rows.len()), (length, 2));
    }
}

#[test]
fn a_header_without_a_seed_or_with_one_twice_is_refused() {
    assert_eq!(failed(Kind::Table, "serial,model\n1,2\n"), SourceError::HeaderMissing(Column::Secret));
    assert_eq!(failed(Kind::Table, "serial,seed,Serial Number\n"), SourceError::HeaderTwice(Column::Serial));
    assert_eq!(failed(Kind::Table, "serial,seed\n"), SourceError::Empty);
    assert_eq!(failed(Kind::Table, ""), SourceError::Empty);
    assert_eq!(failed(Kind::Table, "\"a"), SourceError::Header);
}

#[test]
fn entras_table_needs_its_header_to_the_letter() {
    let row = "Helga@contoso.com,1234567,2234567ABCDEF2234567ABCDEF,60,Contoso,HardwareKey\r\n";
    for header in ["time interval", "timeinterval"] {
        let text = format!("upn,serial number,secret key,{header},manufacturer,model\r\n{row}");
        let source = read_as(Kind::Entra, &text);
        let (line, serial, seed, moving, algorithm, digits) = only(&source);
        assert_eq!(
            (line, serial, seed.len(), moving, algorithm, digits),
            (2, "1234567", 16, every(60), Algorithm::Sha1, 6)
        );
        let row = &source.rows[0];
        assert_eq!((row.manufacturer.as_str(), row.model.as_str()), ("Contoso", "HardwareKey"));
        assert!(
            row.credential.name == "Helga@contoso.com" && row.notes.iter().all(|note| matches!(note, Note::Base32(_)))
        );
    }
    for header in ["upn,serial,secret key,time interval,manufacturer,model", "upn,serial number,secret key", ""] {
        let refused = failed(Kind::Entra, &format!("{header}\n{row}"));
        assert_eq!(refused, SourceError::Header);
    }
    let text = format!(
        "upn,serial number,secret key,time interval,manufacturer,model\na,1,{BASE32},45,b,c\na,2,,30,b,c\na,,{BASE32},30,b,c\na,3,{BASE32},30,b\n"
    );
    assert_eq!(
        rules(&read_as(Kind::Entra, &text)),
        [
            (2, Rule::Interval(45)),
            (3, Rule::Missing(Column::Secret)),
            (4, Rule::Value(CredentialError::SerialLength(0))),
            (5, Rule::Columns(5)),
        ]
    );
}

#[test]
fn privacyideas_table_tells_the_hash_by_the_length_of_the_key() {
    let of = |bytes: usize| "5a".repeat(bytes);
    let text = format!(
        "# a comment, \"with a mark\n a1 , {} , TOTP , 8 , 60\na2,{},totp\na3,{},hotp,6,12\na4,{}\na5,{},totp\na6,{},ocra,x\na7\na8,zz,totp\n,{},totp\n",
        of(20),
        of(32),
        of(64),
        of(33),
        of(28),
        of(20),
        of(20)
    );
    let source = read_as(Kind::Oath, &text);
    let told: Vec<(usize, &str, Moving, Algorithm, u8)> =
        source.rows.iter().map(settings).map(|it| (it.0, it.1, it.3, it.4, it.5)).collect();
    assert_eq!(
        told,
        [
            (2, "a1", every(60), Algorithm::Sha1, 8),
            (3, "a2", every(30), Algorithm::Sha256, 6),
            (4, "a3", counting(12), Algorithm::Sha512, 6),
            (5, "a4", counting(0), Algorithm::Sha1, 6),
        ]
    );
    assert!(source.rows[3].notes.contains(&Note::Assumed(Column::Type)));
    assert!(source.rows.iter().all(|row| row.notes.contains(&Note::HashByLength)));
    assert_eq!(
        rules(&source),
        [
            (6, Rule::HashByLength(28)),
            (7, Rule::Type),
            (8, Rule::Missing(Column::SecretHex)),
            (9, Rule::Hex(1)),
            (10, Rule::Missing(Column::Serial)),
        ]
    );
    let source = read_as(Kind::Oath, &format!("# version: 2\nmara,res,realm,s1,{HEX},totp,6,30\n,,,s2,{HEX},totp\n"));
    assert_eq!((source.rows.len(), rules(&source)), (2, vec![]));
    assert_eq!((source.rows[0].credential.name.as_str(), settings(&source.rows[0]).1), ("mara", "s1"));
    let passed_over: Vec<bool> = source.rows.iter().map(|row| row.notes.contains(&Note::RealmPassedOver)).collect();
    assert_eq!(passed_over, [true, false]);
}

#[test]
fn both_files_for_molto_2_name_profiles() {
    let text = format!(
        "profile,seed,title,algorithm,digits,period\n0,{BASE32},\"Mail, new\",SHA1,6,30\n99,{HEX}ff,VPN,sha256,10,60\n100,{BASE32},x,,,\n1,,x,,,\n2,{BASE32},x,,3,\n"
    );
    let source = read_as(Kind::Molto, &text);
    let told: Vec<(Option<u8>, &str, Moving, Algorithm, u8)> = source
        .rows
        .iter()
        .map(|row| {
            let (_, _, _, moving, algorithm, digits) = settings(row);
            (row.profile, row.credential.name.as_str(), moving, algorithm, digits)
        })
        .collect();
    let wanted =
        [(Some(0), "Mail, new", every(30), Algorithm::Sha1, 6), (Some(99), "VPN", every(60), Algorithm::Sha256, 10)];
    assert_eq!(told, wanted);
    assert_eq!(
        rules(&source),
        [(4, Rule::Profile(100)), (5, Rule::Missing(Column::Secret)), (6, Rule::Value(CredentialError::Digits(3)))]
    );
    assert_eq!(limits::TOKEN_PROFILE, 99);
    let text = format!(
        "Slot Seed Algorithm OTPLength TimeStep yes yes Title\n0 {BASE32} SHA1 6 30 yes yes Mail new\n7\t{HEX}ff  SHA256 8 60s yes no VPN\n8 {BASE32} SHA1\n"
    );
    let source = read_as(Kind::MoltoText, &text);
    let told: Vec<(Option<u8>, &str, u8)> = source
        .rows
        .iter()
        .map(|row| (row.profile, row.credential.name.as_str(), row.credential.digits.get()))
        .collect();
    assert_eq!(told, [(Some(0), "Mail new", 6), (Some(7), "VPN", 8)]);
    assert_eq!(rules(&source), [(4, Rule::Missing(Column::Digits))]);
}

#[test]
fn doubles_are_named_by_the_line_that_stands_first() {
    let text = format!(
        "serial,secret_hex,profile\na,{HEX},\na,{HEX}ff,\nb,{HEX},\nc,{HEX}00,\nd,{HEX}01,0\nd,{HEX}02,1\nd,{HEX}03,1\n,{HEX}04,\n,{HEX}05,\n"
    );
    let source = read_as(Kind::Table, &text).without_doubles();
    let lines: Vec<usize> = source.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 6, 7, 9, 10]);
    assert_eq!(
        rules(&source),
        [(3, Rule::SameSerial(2)), (4, Rule::SameKey(2)), (5, Rule::SameKey(2)), (8, Rule::SameSerial(7))]
    );
}

#[test]
fn files_are_known_by_their_looks() {
    let of = |text: &str| Kind::of(text.as_bytes()).unwrap();
    assert_eq!(of("\u{feff}\n <?xml version=\"1.0\"?>"), Some(Kind::Pskc));
    assert_eq!(of("\nOTPAUTH://totp/a?secret=GE"), Some(Kind::Links));
    assert_eq!(of("upn,serial number,secret key,timeinterval,manufacturer,model\n"), Some(Kind::Entra));
    assert_eq!(of("upn;serial number;secret key;time interval\n"), Some(Kind::Table));
    assert_eq!(of("Profile, Seed, Title, Algorithm"), Some(Kind::Molto));
    assert_eq!(of("serial,secret_hex\n"), Some(Kind::Table));
    assert_eq!(of("# version: 2\n"), Some(Kind::Oath));
    assert_eq!(of(&format!("a1,{HEX},totp,6,30")), Some(Kind::Oath));
    assert_eq!(of(&format!("u,r,e,a1,{HEX},hotp")), Some(Kind::Oath));
    assert_eq!(of(&format!("a1,{HEX}")), Some(Kind::Oath));
    assert_eq!(of(&format!("7,{HEX},Mail,SHA1,6,30")), Some(Kind::Molto));
    assert_eq!(of(&format!("7 {HEX} SHA1 6 30 yes yes Mail")), Some(Kind::MoltoText));
    for text in ["", "hello", "a,b,c", "1,2,3,4,5"] {
        assert_eq!(of(text), None, "{text}");
    }
    assert_eq!(Kind::of(b"\xff"), Err(SourceError::NotText));
}

#[test]
fn rows_are_bounded() {
    let rows = |count: usize| format!("serial,secret\n{}", "1,22\n".repeat(count));
    assert_eq!(read_as(Kind::Table, &rows(limits::BURN_ROWS)).faults.len(), limits::BURN_ROWS);
    for count in [limits::BURN_ROWS + 1, limits::BURN_ROWS * 100] {
        assert_eq!(failed(Kind::Table, &rows(count)), SourceError::TooManyRows);
        assert_eq!(failed(Kind::Oath, &"1,22\n".repeat(count)), SourceError::TooManyRows);
        assert_eq!(failed(Kind::Links, &"x\n".repeat(count)), SourceError::TooManyRows);
    }
}

/// What is told of a file holds nothing of it.
#[test]
fn neither_faults_nor_rows_show_what_is_in_them() {
    let text = format!("serial,secret_base32,model\ncanary,{BASE32},canary\ncanary,{BASE32}canary1,canary\n");
    let shown = format!("{:?}", read_as(Kind::Table, &text));
    assert!(!shown.contains("canary") && !shown.contains("GEZD") && !shown.contains("1234"), "{shown}");
    assert!(shown.contains("LookAlike"), "{shown}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[a-f0-9,;\"\n\r #]{0,80}") {
        for kind in Kind::ALL {
            let _ = read(kind, &bytes, Choices::default());
            let _ = read(kind, text.as_bytes(), Choices::default());
            let _ = read(kind, format!("serial,secret\n{text}").as_bytes(), Choices::default());
        }
        let _ = (Kind::of(&bytes), typed(&text), link(&text));
    }

    #[test]
    fn every_seed_is_read_as_it_was_written(bytes in prop::collection::vec(any::<u8>(), 1..=128)) {
        prop_assume!(bytes.iter().any(|byte| *byte != 0));
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let base32 = countersign_protocol::otp::base32::encode(&bytes);
        let source = read_as(Kind::Table, &format!("serial,secret_hex,secret_base32\n1,{hex},{}\n", *base32));
        let read: &Seed = &source.rows[0].credential.seed;
        prop_assert!(read.is_same_key(&Seed::try_from(Secret::new(bytes)).unwrap()));
    }
}
