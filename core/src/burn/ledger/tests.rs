use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Period};
use proptest::prelude::*;

use super::*;
use crate::burn::credential::{Seed, TokenDigits};

/// Counts on from where it is.
struct Counting(std::sync::atomic::AtomicU8);

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        out.iter_mut().for_each(|byte| *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        Ok(())
    }
}

fn random() -> Counting {
    Counting(7.into())
}

fn entry(serial: &str, key: &[u8]) -> Entry {
    let serial = Serial::try_from(serial).unwrap();
    let credential = Credential {
        serial: None,
        issuer: "Example".to_owned(),
        name: "mara@example.com".to_owned(),
        seed: Seed::try_from(Secret::from_slice(key)).unwrap(),
        moving: Moving::Time(Period::THIRTY),
        algorithm: Algorithm::Sha1,
        digits: TokenDigits::SIX,
    };
    let (manufacturer, model) = ("Token2".to_owned(), "C302".to_owned());
    let (written_at, proof) = (1_795_346_400, Proof::ByCodes);
    Entry { serial, profile: None, manufacturer, model, credential, written_at, proof, ahead: None }
}

fn with(serial: &str, key: &[u8], change: impl FnOnce(&mut Entry)) -> Entry {
    let mut entry = entry(serial, key);
    change(&mut entry);
    entry
}

fn period(seconds: u64) -> Moving {
    Moving::Time(Period::try_from(seconds).unwrap())
}

const TWENTY: &[u8] = b"12345678901234567890";
const THIRTY_TWO: &[u8] = b"12345678901234567890123456789012";

/// One of everything that some form cannot express.
fn all_kinds() -> Vec<Entry> {
    vec![
        entry("1", TWENTY),
        with("2", THIRTY_TWO, |it| it.credential.algorithm = Algorithm::Sha256),
        with("3", &[0x5a; 20], |it| it.credential.algorithm = Algorithm::Sha256),
        with("4", &[0x33; 32], |it| it.proof = Proof::Written),
        with("5", &[0x44; 64], |it| it.credential.algorithm = Algorithm::Sha512),
        with("6", &[0x55; 20], |it| it.credential.digits = TokenDigits::try_from(8).unwrap()),
        with("7", &[0x66; 20], |it| it.credential.moving = period(60)),
        with("8", &[0x77; 20], |it| it.credential.moving = Moving::Counter(Counter::try_from(5).unwrap())),
        with("9", &[0x88; 20], |it| it.proof = Proof::Failed),
        with("10", &[0x99; 64], |it| it.proof = Proof::ByWire),
        with("11", &[0xaa; 20], |it| it.credential.moving = Moving::Time(Period::THIRTY.counted_from(7).unwrap())),
        with("12", &[0xbb; 20], |it| it.credential.moving = period(90)),
        with("13", &[0xcc; 100], |_| {}),
        with("14,\"a\"", &[0xdd; 20], |it| it.credential.name = "=cmd|' /C calc'!A0".to_owned()),
        with("15", &[0xee; 20], |it| it.credential.name = "A & B <\"C\">, d'Été".to_owned()),
        with("16", &[0xef; 20], |it| (it.manufacturer, it.model, it.credential.issuer) = Default::default()),
        with("17", &[0xf1; 20], |it| it.credential.issuer = "'=1".to_owned()),
        with("18", &[0xf2; 20], |it| it.profile = Some(0)),
        with("18", &[0xf3; 20], |it| it.profile = Some(99)),
        with("19", &[0xf4; 20], |it| it.credential.name = "mara".to_owned()),
        with("19", &[0xf5; 20], |it| it.credential.name = "noor".to_owned()),
        with("20", &[0xf6; 20], |it| it.ahead = Some(-300)),
    ]
}

fn text(written: &Written) -> String {
    String::from_utf8(written.bytes.to_vec()).unwrap()
}

fn left_out(written: &Written) -> Vec<(&str, Why)> {
    written.left_out.iter().map(|left| (left.serial.as_str(), left.why)).collect()
}

fn forms() -> Vec<Form> {
    vec![
        Form::Entra,
        Form::Oath,
        Form::Pskc(Protection::Plain),
        Form::Pskc(Protection::Key(Secret::from_slice(&[9; 16]))),
        Form::Pskc(Protection::Password { password: Secret::from_slice(b"qwerty"), rounds: 1000 }),
        Form::Table { seeds: true },
        Form::Table { seeds: false },
        Form::Json { seeds: true },
        Form::Json { seeds: false },
    ]
}

#[test]
fn every_form_is_read_back_as_it_was_written() {
    let entries = all_kinds();
    for form in forms() {
        let written = write(&entries, &form, &random()).unwrap();
        assert_eq!(read_back(&written.bytes, &entries, &form), Ok(()), "{form:?}: {}", text(&written));
        assert!(written.left_out.len() < entries.len() - 3, "{form:?}");
    }
}

#[test]
fn a_clock_that_is_off_stands_in_our_own_forms_and_is_compared() {
    let (off, right) = ([with("1", TWENTY, |it| it.ahead = Some(-300))], [entry("1", TWENTY)]);
    for form in [Form::Table { seeds: false }, Form::Json { seeds: false }, Form::Table { seeds: true }] {
        let written = write(&off, &form, &random()).unwrap();
        assert!(text(&written).contains("clock_ahead") && text(&written).contains("-300"), "{form:?}");
        assert_eq!(read_back(&written.bytes, &right, &form), Err(BackError::Differs(1, Column::ClockAhead)));
    }
    let json = write(&right, &Form::Json { seeds: false }, &random()).unwrap();
    assert!(!text(&json).contains("clock_ahead"), "nothing is said of a clock that nobody saw to be off");
}

#[test]
fn entras_table_is_the_documented_one_and_leaves_out_by_name() {
    let written = write(&all_kinds(), &Form::Entra, &random()).unwrap();
    let text = text(&written);
    assert!(
        text.starts_with(
            "upn,serial number,secret key,time interval,manufacturer,model\r\n\
             mara@example.com,1,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,30,Token2,C302\r\n"
        ),
        "{text}"
    );
    assert_eq!(
        left_out(&written),
        [
            ("2", Why::Algorithm(Algorithm::Sha256)),
            ("3", Why::Algorithm(Algorithm::Sha256)),
            ("5", Why::Algorithm(Algorithm::Sha512)),
            ("6", Why::Digits(8)),
            ("8", Why::Counter),
            ("9", Why::Failed),
            ("11", Why::Start),
            ("12", Why::Period(90)),
            ("13", Why::Key(100)),
            ("14,\"a\"", Why::Character(Column::Name)),
            ("19", Why::SameSerial),
            ("19", Why::SameSerial),
        ]
    );
    assert_eq!(
        written.told,
        [
            Told::IssuerNotWritten(9),
            Told::NoPrincipalName(1),
            Told::NotProven(1),
            Told::ClockOff(1),
            Told::ProfileInSerial(2),
        ]
    );
}

#[test]
fn privacyideas_table_lengthens_keys_so_that_the_hash_is_right() {
    let written = write(&all_kinds(), &Form::Oath, &random()).unwrap();
    let text = text(&written);
    let line = |serial: &str| {
        let start = format!("{serial},");
        text.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
    };
    assert_eq!(line("1"), "3132333435363738393031323334353637383930,totp,6,30");
    assert_eq!(line("3"), format!("{}{},totp,6,30", "5a".repeat(20), "00".repeat(12)), "SHA-256 by 32 bytes");
    assert_eq!(line("4"), format!("{}00,totp,6,30", "33".repeat(32)), "SHA-1 by 33 bytes");
    assert_eq!(line("8"), format!("{},hotp,6,5", "77".repeat(20)));
    assert_eq!(
        left_out(&written),
        [
            ("9", Why::Failed),
            ("10", Why::Key(64)),
            ("11", Why::Start),
            ("14,\"a\"", Why::Character(Column::Serial)),
            ("19", Why::SameSerial),
            ("19", Why::SameSerial),
        ]
    );
    assert!(written.told.contains(&Told::KeyExtended(2)), "{:?}", written.told);
}

/// A Molto-2 has up to a hundred profiles: each is told from the others in every form.
#[test]
fn profiles_of_one_token_are_told_apart_in_every_form() {
    let entries = [0, 7].map(|at| with("42", &[at + 1; 20], |it| it.profile = Some(at)));
    for form in forms() {
        let written = write(&entries, &form, &random()).unwrap();
        assert_eq!((left_out(&written), read_back(&written.bytes, &entries, &form)), (vec![], Ok(())), "{form:?}");
        let other = [entries[0].clone(), Entry { profile: Some(8), ..entries[1].clone() }];
        let column = if form.is_for_servers() { Column::Serial } else { Column::Profile };
        assert_eq!(read_back(&written.bytes, &other, &form), Err(BackError::Differs(2, column)), "{form:?}");
    }
    let of = |form: &Form| text(&write(&entries, form, &random()).unwrap());
    let table = of(&Form::Table { seeds: false });
    assert!(table.starts_with("serial,algorithm,") && table.contains("name,profile,clock_ahead\r\n"), "{table}");
    assert!(table.contains("mara@example.com,0,\r\n") && table.contains("mara@example.com,7,\r\n"), "{table}");
    let json = inventory(of(&Form::Json { seeds: false }).as_bytes()).unwrap();
    let told: Vec<_> = json.iter().map(|token| (token.serial.as_str(), token.profile)).collect();
    assert_eq!(told, [("42", Some(0)), ("42", Some(7))]);
    // Servers keep one seed a serial number, and privacyIDEA takes letters, digits, `-` and `_` in one.
    assert!(of(&Form::Entra).contains(",42-0,") && of(&Form::Entra).contains(",42-7,"));
    assert!(of(&Form::Oath).starts_with("42-0,") && of(&Form::Oath).contains("\n42-7,"));
    let pskc = of(&Form::Pskc(Protection::Plain));
    assert!(pskc.contains("<SerialNo>42-0</SerialNo>") && pskc.contains("<Key Id=\"42-7\""), "{pskc}");
    let long = [with(&"4".repeat(64), TWENTY, |it| it.profile = Some(7))];
    assert_eq!(write(&long, &Form::Entra, &random()).unwrap_err(), LedgerError::Nothing);
    assert!(write(&long, &Form::Json { seeds: false }, &random()).is_ok());
}

/// Nobody proved it, and a server would take it as it is.
#[test]
fn servers_are_told_of_no_token_that_is_not_proven_unless_that_was_said() {
    let entries = vec![entry("1", TWENTY), with("2", THIRTY_TWO, |it| it.proof = Proof::Written)];
    for form in forms() {
        let (kept, left) = proven(entries.clone(), &form);
        let names = |left: &[LeftOut]| left.iter().map(|left| (left.serial.to_string(), left.why)).collect::<Vec<_>>();
        let expected = if form.is_for_servers() { vec![("2".to_owned(), Why::Unproven)] } else { vec![] };
        assert_eq!((kept.len() + left.len(), names(&left)), (2, expected), "{form:?}");
        let all = write(&entries, &form, &random()).unwrap();
        assert_eq!(all.told.contains(&Told::NotProven(1)), form.is_for_servers(), "who wants them all is told so");
    }
}

/// To prove it once more helps nobody: its clock is to be set.
#[test]
fn a_clock_that_is_off_is_told_from_a_token_that_nobody_proved() {
    let off = |it: &mut Entry| (it.proof, it.ahead) = (Proof::Written, Some(-180));
    let entries =
        vec![entry("1", TWENTY), with("2", THIRTY_TWO, off), with("3", TWENTY, |it| it.proof = Proof::Written)];
    for form in forms() {
        let (_, left) = proven(entries.clone(), &form);
        let why: Vec<Why> = left.iter().map(|left| left.why).collect();
        let is_for_servers = form.is_for_servers();
        assert_eq!(why, if is_for_servers { vec![Why::ClockOff(-180), Why::Unproven] } else { vec![] }, "{form:?}");
        let all = write(&entries, &form, &random()).unwrap();
        for told in [Told::ClockOff(1), Told::NotProven(1)] {
            assert_eq!(all.told.contains(&told), is_for_servers, "{form:?}: {told:?}");
        }
    }
}

#[test]
fn an_inventory_has_every_token_and_no_seed() {
    let entries = all_kinds();
    for (form, clear) in [(Form::Table { seeds: false }, false), (Form::Json { seeds: false }, false)] {
        let written = write(&entries, &form, &random()).unwrap();
        let text = text(&written).to_lowercase();
        assert!(!text.contains("secret") && !text.contains("gezdgnbv") && !text.contains("31323334"), "{text}");
        assert!(
            text.contains("failed") && text.contains("written_not_proven") && text.contains("2026-11-22t11:20:00z")
        );
        assert_eq!((left_out(&written), form.is_clear()), (vec![("11", Why::Start)], clear));
    }
    let clear: Vec<bool> = forms().iter().map(Form::is_clear).collect();
    assert_eq!(clear, [true, true, true, false, false, true, false, true, false]);
}

#[test]
fn an_encrypted_container_shows_no_seed_and_draws_anew_for_each() {
    let entries = all_kinds();
    let form = Form::Pskc(Protection::Key(Secret::from_slice(&[9; 16])));
    let written = write(&entries, &form, &random()).unwrap();
    let text = text(&written);
    assert!(!text.contains("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA") && text.contains("<Suite>SHA256</Suite>"));
    let mut ciphers: Vec<&str> = text.split("<xenc:CipherValue>").skip(1).filter_map(|rest| rest.get(..22)).collect();
    let count = ciphers.len();
    ciphers.sort_unstable();
    ciphers.dedup();
    assert_eq!(
        (ciphers.len(), count),
        (entries.len() - 4 + 1, entries.len() - 4 + 1),
        "a first block each, the check's too"
    );
    let other = Form::Pskc(Protection::Key(Secret::from_slice(&[8; 16])));
    let refused = read_back(&written.bytes, &entries, &other);
    assert_eq!(refused, Err(BackError::Unreadable(crate::burn::source::SourceError::WrongKey)));
}

#[test]
fn what_cannot_be_written_is_refused() {
    let refused = |entries: &[Entry], form: &Form| write(entries, form, &random()).unwrap_err();
    let one = [entry("1", TWENTY)];
    assert_eq!(refused(&[], &Form::Entra), LedgerError::Nothing);
    let failed = [with("1", TWENTY, |it| it.proof = Proof::Failed)];
    assert_eq!(refused(&failed, &Form::Pskc(Protection::Plain)), LedgerError::Nothing);
    let many = vec![entry("1", TWENTY); limits::BURN_ROWS + 1];
    assert_eq!(refused(&many, &Form::Entra), LedgerError::TooMany(limits::BURN_ROWS + 1));
    for length in [0, 15, 17, 32] {
        let form = Form::Pskc(Protection::Key(Secret::new(vec![1; length])));
        assert_eq!(refused(&one, &form), LedgerError::KeyLength(length));
    }
    for rounds in [0, u32::try_from(limits::PSKC_ROUNDS).unwrap() + 1] {
        let form = Form::Pskc(Protection::Password { password: Secret::from_slice(b"p"), rounds });
        assert_eq!(refused(&one, &form), LedgerError::Rounds(rounds));
    }
    let late = [with("1", TWENTY, |it| it.written_at = u64::MAX)];
    assert_eq!(refused(&late, &Form::Json { seeds: false }), LedgerError::Time);
}

/// Every byte of every form, changed: the file cannot be read, differs, or says the same.
#[test]
fn a_changed_file_does_not_pass_for_another_token() {
    let entries = [entry("1", TWENTY), with("2", THIRTY_TWO, |it| it.credential.algorithm = Algorithm::Sha256)];
    for form in forms().into_iter().filter(|form| !matches!(form, Form::Pskc(Protection::Password { .. }))) {
        let written = write(&entries, &form, &random()).unwrap();
        assert_eq!(read_back(&written.bytes, &entries, &form), Ok(()));
        assert!(read_back(&written.bytes[..written.bytes.len() / 2], &entries, &form).is_err());
        let fewer = read_back(&written.bytes, &entries[..1], &form).is_err();
        assert_eq!(fewer, !matches!(form, Form::Entra), "Entra's has one token either way: {form:?}");
        let other = [entries[0].clone(), with("2", &[1; 32], |it| it.credential.algorithm = Algorithm::Sha256)];
        let passes = read_back(&written.bytes, &other, &form).is_ok();
        assert_eq!(passes, !form.has_seeds() || matches!(form, Form::Entra), "{form:?}");
        let other = [entry("3", TWENTY), entries[1].clone()];
        assert_eq!(read_back(&written.bytes, &other, &form), Err(BackError::Differs(1, Column::Serial)), "{form:?}");
        let other = [with("1", &[2; 20], |_| {}), entries[1].clone()];
        assert_eq!(read_back(&written.bytes, &other, &form).is_ok(), !form.has_seeds(), "{form:?}");
    }
    let form = Form::Table { seeds: true };
    let written = write(&entries, &form, &random()).unwrap();
    let changed = text(&written).replace("proven_by_codes", "failed");
    assert_eq!(read_back(changed.as_bytes(), &entries, &form), Err(BackError::Differs(1, Column::Proof)));
}

/// The device id of a YubiKey is base64, of which privacyIDEA takes letters, digits, `-` and `_` alone.
#[test]
fn a_device_id_is_written_for_servers_as_they_take_it_and_as_it_is_in_our_own_files() {
    let entries = [entry("q+X/9A+b", TWENTY)];
    for form in forms() {
        let written = write(&entries, &form, &random()).unwrap();
        assert_eq!(read_back(&written.bytes, &entries, &form), Ok(()), "{form:?}");
        let is_told = written.told.contains(&Told::SerialForServers(1));
        assert_eq!(is_told, form.is_for_servers(), "{form:?}: {:?}", written.told);
        let (own, servers) = (text(&written).contains("q+X/9A+b"), text(&written).contains("q-X_9A-b"));
        assert_eq!((own, servers), (!form.is_for_servers(), form.is_for_servers()), "{form:?}");
    }
    let odd = ["a.b", "a b", "a:b", "#1", "ä"].map(|serial| entry(serial, TWENTY));
    for (entry, left) in
        odd.iter().zip(left_out(&write(&[&odd[..], &entries].concat(), &Form::Oath, &random()).unwrap()))
    {
        assert_eq!(left, (entry.serial.as_str(), Why::Character(Column::Serial)));
    }
}

/// What servers would take for one token is in none of their files; our own files have each as it is.
#[test]
fn serial_numbers_that_a_server_takes_for_one_are_named_and_left_out() {
    let alike = ["ab+1", "ab-1", "AB-1", "q/", "q_", "18-99", "other"].map(|serial| entry(serial, TWENTY));
    let entries = [&alike[..], &[with("18", &[0xf3; 20], |it| it.profile = Some(99))]].concat();
    for form in forms() {
        let written = write(&entries, &form, &random()).unwrap();
        assert_eq!(read_back(&written.bytes, &entries, &form), Ok(()), "{form:?}");
        let left: Vec<(&str, Why)> = left_out(&written);
        let named = ["ab+1", "ab-1", "AB-1", "q/", "q_", "18-99", "18"].map(|serial| (serial, Why::AlikeSerial));
        assert_eq!(left, if form.is_for_servers() { named.to_vec() } else { vec![] }, "{form:?}");
    }
    // One of them alone is as good as any.
    assert!(left_out(&write(&entries[..1], &Form::Entra, &random()).unwrap()).is_empty());
}

#[test]
fn a_file_that_has_the_old_word_for_a_proof_is_still_read() {
    let proven = [with("1", TWENTY, |entry| entry.proof = Proof::ByWire)];
    let written = text(&write(&proven, &Form::Json { seeds: false }, &random()).unwrap());
    assert!(written.contains("\"proven_by_link\""), "the word of everything else that is printed: {written}");
    let old = written.replace("proven_by_link", "proven_by_wire");
    assert_eq!(inventory(old.as_bytes()).unwrap()[0].proof, Proof::ByWire);
    assert!(inventory(old.replace("by_wire", "by_hand").as_bytes()).is_none());
}

#[test]
fn debug_shows_no_seed() {
    let entries = all_kinds();
    let shown = format!("{:?} {:?}", entries[0], Form::Pskc(Protection::Key(Secret::from_slice(TWENTY))));
    assert!(!shown.contains("12345") && !shown.contains("mara") && shown.contains("Credential(..)"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_written_is_read_back(
        key in prop::collection::vec(1_u8.., 1..=128),
        names in prop::array::uniform4("[a-zé&<>\"',=@ ]{0,12}"),
        serial in "[A-Z0-9#,'=-]{1,20}",
        (algorithm, digits, seconds, counts) in (0..3_usize, 4..=10_u64, 1..=86_400_u64, any::<bool>()),
        profile in prop::option::of(0..100_u8),
    ) {
        let [issuer, name, manufacturer, model] = names.map(|name| name.trim().to_owned());
        let entries = [with(&serial, &key, |it| {
            (it.manufacturer, it.model, it.profile) = (manufacturer, model, profile);
            (it.credential.issuer, it.credential.name) = (issuer, name);
            it.credential.algorithm = Algorithm::ALL[algorithm];
            it.credential.digits = TokenDigits::try_from(digits).unwrap();
            let counter = Moving::Counter(Counter::try_from(seconds).unwrap());
            it.credential.moving = if counts { counter } else { period(seconds) };
        })];
        for form in forms() {
            match write(&entries, &form, &random()) {
                Ok(written) => prop_assert_eq!(read_back(&written.bytes, &entries, &form), Ok(()), "{}", text(&written)),
                Err(fault) => prop_assert_eq!(fault, LedgerError::Nothing),
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_of_our_json_panic(text in "[{}\\[\\]\",:a-z0-9_]{0,80}") {
        let _ = inventory(text.as_bytes());
    }
}
