//! Every rule of `import-export.md` section 3, every refusal, and what others write.

use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

use super::wire::{put_bytes, put_message, put_number};
use super::*;
use crate::otp::{Algorithm, Counter, Digits, Period};
use crate::uri::otpauth::{Account, Field, Kind, OtherKind, Repair, UriError};

/// The sample of Google's own making that its readers carry in their tests: one account, `Hello!` and four bytes more.
const SAMPLE: &str =
    "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC";

fn message_of(fields: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    fields(&mut out);
    out
}

/// A good account with other fields after it.
fn entry_with(fields: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    message_of(|out| {
        put_bytes(1, &[7; 20], out);
        fields(out);
    })
}

/// A part of one account, with the batch's fields.
fn part(id: i32, size: u64, index: u64, seed: u8) -> String {
    let account = message_of(|out| put_bytes(1, &[seed; 20], out));
    link(&message_of(|out| {
        put_message(1, &account, out);
        put_number(3, size, out);
        put_number(4, index, out);
        put_number(5, i64::from(id) as u64, out);
    }))
}

fn link(message: &[u8]) -> String {
    let data = STANDARD.encode(message).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("otpauth-migration://offline?data={data}")
}

/// What one account is read as.
fn entry(message: &[u8]) -> Entry {
    let part = parse(&link(&message_of(|out| put_message(1, message, out)))).unwrap();
    assert_eq!(part.entries.len(), 1);
    part.entries.into_iter().next().unwrap()
}

#[track_caller]
fn taken(message: &[u8]) -> (Account, Vec<Repair>) {
    entry(message).account.unwrap_or_else(|refused| panic!("{refused:?}"))
}

#[track_caller]
fn refused(message: &[u8]) -> EntryFault {
    entry(message).account.map(drop).expect_err("it is refused").why
}

#[test]
fn the_sample_of_others_is_read() {
    let part = parse(SAMPLE).unwrap();
    assert_eq!((part.batch, part.index), (Batch { id: 0, size: 1 }, 0));
    let (account, repairs) = part.entries[0].account.as_ref().unwrap();
    assert_eq!((account.issuer.as_str(), account.name.as_str()), ("Example", "alice@google.com"));
    assert_eq!(account.secret.expose(), b"Hello!\xde\xad\xbe\xef");
    assert_eq!(account.kind, Kind::Totp { period: Period::THIRTY });
    assert_eq!((account.algorithm, account.digits), (Algorithm::Sha1, Digits::SIX));
    assert_eq!(repairs, &[Repair::KeyShort { bits: 80 }]);
}

#[test]
fn base64_is_read_in_every_dress() {
    // Chosen so that all special characters come up.
    let message = message_of(|out| {
        let account = entry_with(|out| put_bytes(2, b"\xc3\xbb\xef\xbf\xbd\xfb\xff\xfe?>~", out));
        put_message(1, &account, out);
    });
    let (standard, safe) = (STANDARD.encode(&message), URL_SAFE.encode(&message));
    assert!(standard.contains('+') && standard.contains('/') && standard.ends_with('='), "{standard}");
    let blanks = standard.replace('+', " ");
    let unpadded = safe.trim_end_matches('=');
    let percent: String = standard.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let broken = format!("{}\r\n{}", &standard[..20], &standard[20..]);
    let first = parse(&link(&message)).unwrap();
    for data in [&standard, &safe, &blanks, unpadded, &percent, &broken] {
        for text in [
            format!("otpauth-migration://offline?data={data}"),
            format!("\u{feff} OTPAUTH-MIGRATION://Offline/?x=1&DATA={data}&data2=\n"),
            format!("otpauth-migration:offline?data={data}"),
        ] {
            let part = parse(&text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert!(part.payload.ct_eq(first.payload.expose()), "{text}");
        }
    }
}

#[test]
fn what_is_no_transfer_is_refused() {
    for (text, fault) in [
        ("", MigrationError::NotTransfer),
        ("otpauth://totp/x?data=CgA", MigrationError::NotTransfer),
        ("otpauth-migration://online?data=CgA", MigrationError::NotTransfer),
        ("otpauth-migration://offline", MigrationError::NoData),
        ("otpauth-migration://offline?data=", MigrationError::NoData),
        ("otpauth-migration://offline?date=CgA", MigrationError::NoData),
        ("otpauth-migration://offline?data=CgA&data=CgA", MigrationError::NoData),
        ("otpauth-migration://offline?data=!", MigrationError::Base64),
        ("otpauth-migration://offline?data=C", MigrationError::Base64),
        ("otpauth-migration://offline?data=CgB", MigrationError::Base64),
        ("otpauth-migration://offline?data=CgA===", MigrationError::Base64),
        ("otpauth-migration://offline?data=Cg=A", MigrationError::Base64),
        ("otpauth-migration://offline?data=%C", MigrationError::Base64),
        ("otpauth-migration://offline?data=%zz", MigrationError::Base64),
        ("otpauth-migration://offline?data=Cg", MigrationError::Damaged),
        ("otpauth-migration://offline?data=CAE", MigrationError::Damaged),
        ("otpauth-migration://offline?data=GAEYAQ", MigrationError::Damaged),
        ("otpauth-migration://offline?data=GgA", MigrationError::Damaged),
    ] {
        assert_eq!(parse(text).map(drop), Err(fault), "{text}");
    }
}

#[test]
fn batches_hold_their_numbers() {
    let of = |size: i64, index: i64| {
        let message = message_of(|out| {
            put_number(3, size as u64, out);
            put_number(4, index as u64, out);
            put_number(2, 1, out);
        });
        parse(&link(&message)).map(|part| (part.batch.size, part.index))
    };
    for (size, index, read) in [(0, 0, (1, 0)), (1, 0, (1, 0)), (99, 98, (99, 98)), (100, 99, (100, 99))] {
        assert_eq!(of(size, index), Ok(read));
    }
    for size in [-1, 101, 100_000, i64::from(i32::MAX), i64::from(i32::MIN)] {
        assert_eq!(of(size, 0), Err(MigrationError::Parts(size as i32)));
    }
    for (size, index) in [(0, 1), (1, 1), (5, 5), (5, -1), (100, 100)] {
        assert_eq!(of(size, index), Err(MigrationError::Index(index as i32)));
    }
    assert_eq!(of(1 << 40, 0), Err(MigrationError::Damaged));
}

#[test]
fn limits_at_one_less_the_limit_one_more_and_a_thousand_times() {
    let accounts = |count: usize| {
        let account = message_of(|out| put_bytes(1, &[7; 16], out));
        link(&message_of(|out| (0..count).for_each(|_| put_message(1, &account, out))))
    };
    let most = limits::MIGRATION_ENTRIES;
    for (count, fault) in [(most - 1, None), (most, None), (most + 1, Some(MigrationError::TooManyAccounts))] {
        assert_eq!(parse(&accounts(count)).map(|part| part.entries.len()), fault.map_or(Ok(count), Err), "{count}");
    }
    assert!(matches!(parse(&accounts(most * 1000)), Err(MigrationError::TooLong(_))));

    // Four letters of base64 a step; the field is unknown and passed over.
    let most = limits::MIGRATION_TEXT;
    for (length, fits) in [(most - 4, true), (most, true), (most + 4, false), (most * 1000, false)] {
        let text = link(&message_of(|out| put_bytes(9, &vec![b'x'; length / 4 * 3 - 3], out)));
        assert_eq!(parse(&text).is_ok(), fits, "{length}");
    }
    let padded = format!("otpauth-migration://offline?x={}&data=GAE", "x".repeat(limits::SCANNED_TEXT - 40));
    assert!(parse(&padded).is_ok());
    assert!(matches!(parse(&format!("{padded}&xxx")), Err(MigrationError::TooLong(_))));

    let seed = |length: usize| message_of(|out| put_bytes(1, &vec![7; length], out));
    let most = *limits::SEED_BYTES.end();
    for (length, fits) in [(0, false), (1, true), (most - 1, true), (most, true), (most + 1, false), (most * 20, false)]
    {
        assert_eq!(entry(&seed(length)).account.is_ok(), fits, "{length}");
    }
    let name = |field, count: usize| entry_with(|out| put_bytes(field, "é".repeat(count).as_bytes(), out));
    let most = limits::URI_NAME;
    for (field, known) in [(2, Field::Label), (3, Field::Issuer)] {
        for count in [most - 1, most] {
            assert!(entry(&name(field, count)).account.is_ok(), "{count}");
        }
        for count in [most + 1, most * 5] {
            assert_eq!(refused(&name(field, count)), UriError::NameTooLong(known, count).into());
        }
    }
}

#[test]
fn names_are_put_in_their_places() {
    for (name, issuer, read) in [
        ("mara", "", ("", "mara")),
        ("mara", "GitHub", ("GitHub", "mara")),
        ("GitHub:mara", "GitHub", ("GitHub", "mara")),
        ("GitHub: mara", "GitHub", ("GitHub", "mara")),
        ("GitHub:mara", "", ("GitHub", "mara")),
        ("GitHub: mara", "", ("GitHub", "mara")),
        (":a:b", "", ("", "a:b")),
        ("Other:mara", "GitHub", ("GitHub", "Other:mara")),
        ("GitHub2:mara", "GitHub", ("GitHub", "GitHub2:mara")),
        ("A:B:mara", "A:B", ("A:B", "mara")),
        ("", "", ("", "")),
        ("", "GitHub", ("GitHub", "")),
    ] {
        let entry = entry(&entry_with(|out| {
            put_bytes(2, name.as_bytes(), out);
            put_bytes(3, issuer.as_bytes(), out);
        }));
        assert_eq!(entry.names(), read, "{name} of {issuer}");
        assert!(entry.account.is_ok_and(|(_, repairs)| repairs.is_empty()));
    }
    let (account, repairs) = taken(&entry_with(|out| {
        put_bytes(2, "ma\u{202e}ra".as_bytes(), out);
        put_bytes(3, b"Git\xffHub\0", out);
    }));
    assert_eq!((account.issuer.as_str(), account.name.as_str()), ("Git\u{fffd}Hub", "mara"));
    assert_eq!(repairs, [Repair::NotUtf8, Repair::Removed(Field::Issuer), Repair::Removed(Field::Label)]);
}

#[test]
fn settings() {
    let number = |field, value| entry_with(|out| put_number(field, value, out));
    for (value, algorithm) in [
        (0, Algorithm::Sha1),
        (1, Algorithm::Sha1),
        (2, Algorithm::Sha256),
        (3, Algorithm::Sha512),
        (4, Algorithm::Md5),
    ] {
        assert_eq!(taken(&number(4, value)).0.algorithm, algorithm);
    }
    assert_eq!(refused(&number(4, 5)), UriError::UnknownAlgorithm.into());
    for (value, digits) in [(0, Digits::SIX), (1, Digits::SIX), (2, Digits::EIGHT)] {
        assert_eq!(taken(&number(5, value)).0.digits, digits);
    }
    let steam = |digits| {
        let message = entry_with(|out| {
            put_bytes(3, b"Steam", out);
            put_number(5, digits, out);
        });
        taken(&message).1
    };
    assert_eq!([steam(0), steam(1)], [vec![Repair::MaybeSteam], vec![]]);
    for value in [0, 2] {
        assert_eq!(taken(&number(6, value)).0.kind, Kind::Totp { period: Period::THIRTY });
    }
    for (field, fault) in [(4, UriError::UnknownAlgorithm), (5, UriError::Number(Field::Digits)), (6, UriError::Type)] {
        for value in [5, 8, u64::MAX] {
            assert_eq!(refused(&number(field, value)), fault.into(), "{field}: {value}");
        }
    }
    let counter = |value| {
        entry_with(|out| {
            put_number(6, 1, out);
            put_number(7, value, out);
        })
    };
    for (value, read, told) in
        [(0, 0, &[][..]), (42, 42, &[]), ((1 << 63) - 1, (1 << 63) - 1, &[]), (u64::MAX, 0, &[Repair::CounterMinusOne])]
    {
        let (account, repairs) = taken(&counter(value));
        assert_eq!(account.kind, Kind::Hotp { counter: Counter::try_from(read).unwrap() });
        assert_eq!(repairs, told);
    }
    assert!(matches!(refused(&counter(1 << 63)), EntryFault::Setting(UriError::Range(_))));
    assert_eq!(refused(&message_of(|out| put_number(6, 2, out))), UriError::SecretMissing.into());
}

#[test]
fn one_bad_account_leaves_the_others() {
    let good = |name: &str| entry_with(|out| put_bytes(2, name.as_bytes(), out));
    let unheard = entry_with(|out| {
        put_bytes(2, b"ACME:old", out);
        put_number(4, 5, out);
    });
    let twice = entry_with(|out| put_bytes(1, b"another", out));
    let other_form = entry_with(|out| put_number(2, 5, out));
    let cut = &good("cut")[..15];
    let part = parse(&link(&message_of(|out| {
        for entry in [&good("a"), &unheard, &twice, &other_form, cut, &[], &good("b")] {
            put_message(1, entry, out);
        }
        // As a later version may have it.
        put_bytes(9, b"later", out);
        put_number(2, 2, out);
    })))
    .unwrap();
    let read: Vec<_> =
        part.entries.iter().map(|entry| entry.account.as_ref().map(drop).map_err(|why| why.why)).collect();
    let damaged = Err(EntryFault::Damaged);
    let unknown = Err(EntryFault::Setting(UriError::UnknownAlgorithm));
    let none = Err(EntryFault::Setting(UriError::SecretMissing));
    assert_eq!(read, [Ok(()), unknown, damaged, damaged, damaged, none, Ok(())]);
    assert_eq!(part.entries[1].names(), ("ACME", "old"));
}

#[test]
fn parts_come_in_any_order_and_more_than_once() {
    let parts: Vec<_> = (0..5).map(|index| parse(&part(-5, 5, index, index as u8)).unwrap()).collect();
    let mut transfer = Transfer::default();
    assert_eq!((transfer.count(), transfer.is_whole()), (Count { read: 0, of: 0 }, false));
    for (turn, index) in [3, 0, 4, 1].into_iter().enumerate() {
        assert_eq!(transfer.add(parts[index].clone()), Ok(Added::Accounts));
        assert_eq!(transfer.add(parts[index].clone()), Ok(Added::Nothing));
        assert_eq!((transfer.count(), transfer.is_whole()), (Count { read: turn + 1, of: 5 }, false));
    }
    assert_eq!(transfer.parts().collect::<Vec<_>>(), [true, true, false, true, true]);
    assert_eq!((transfer.entries().count(), transfer.expected()), (4, 5));
    transfer.add(parts[2].clone()).unwrap();
    assert!(transfer.is_whole());
    let seeds: Vec<u8> = transfer.entries().map(|entry| entry.account.as_ref().unwrap().0.secret.expose()[0]).collect();
    assert_eq!(seeds, [0, 1, 2, 3, 4], "in the order of the parts");
}

#[test]
fn a_part_of_another_transfer_is_refused_with_both_counts() {
    let add = |parts: &[String]| {
        let mut transfer = Transfer::default();
        let mut last = Ok(Added::Accounts);
        for part in parts {
            last = transfer.add(parse(part).unwrap());
        }
        (last, transfer.count())
    };
    let other = |ours: (usize, usize), part, of| {
        let ours = Count { read: ours.0, of: ours.1 };
        (Err(OtherTransfer { ours, part, of }), ours)
    };
    // Another number, another size, and the same part with other accounts.
    assert_eq!(add(&[part(7, 3, 0, 1), part(8, 3, 1, 1)]), other((1, 3), 2, 3));
    assert_eq!(add(&[part(7, 3, 0, 1), part(7, 4, 1, 1)]), other((1, 3), 2, 4));
    assert_eq!(add(&[part(7, 3, 0, 1), part(7, 3, 1, 1), part(7, 3, 1, 2)]), other((2, 3), 2, 3));
    // Without a number: by size, and by parts that were not seen.
    assert_eq!(add(&[part(0, 2, 0, 1), part(0, 2, 1, 1)]), (Ok(Added::Accounts), Count { read: 2, of: 2 }));
    assert_eq!(add(&[part(0, 2, 0, 1), part(0, 2, 0, 1)]), (Ok(Added::Nothing), Count { read: 1, of: 2 }));
    assert_eq!(add(&[part(0, 2, 0, 1), part(0, 2, 0, 2)]), other((1, 2), 1, 2));
    assert_eq!(add(&[part(0, 2, 0, 1), part(0, 3, 1, 2)]), other((1, 2), 2, 3));
    assert_eq!(add(&[part(0, 2, 0, 1), part(7, 2, 1, 1)]), other((1, 2), 2, 2));
}

#[test]
fn what_a_transfer_cannot_hold_is_said() {
    let account =
        |text: &str| crate::uri::otpauth::parse(&text.replace("{K}", "JBSWY3DPEHPK3PXPJBSWY3DPEE")).unwrap().0;
    for (uri, holds_it) in [
        ("otpauth://totp/x?secret={K}", Ok(())),
        ("otpauth://totp/x?secret={K}&digits=8&algorithm=SHA512", Ok(())),
        ("otpauth://hotp/x?secret={K}&counter=5", Ok(())),
        ("otpauth://totp/x?secret={K}&algorithm=MD5", Ok(())),
        ("otpauth://totp/x?secret={K}&algorithm=SHA224", Err(CannotHold::Algorithm(Algorithm::Sha224))),
        ("otpauth://hotp/x?secret={K}&algorithm=SHA384&counter=1", Err(CannotHold::Algorithm(Algorithm::Sha384))),
        ("otpauth://totp/x?secret={K}&period=60", Err(CannotHold::Period(60))),
        ("otpauth://totp/x?secret={K}&digits=7", Err(CannotHold::Digits(7))),
        ("otpauth://hotp/x?secret={K}&digits=5&counter=0", Err(CannotHold::Digits(5))),
        ("steam://{K}", Err(CannotHold::Kind(OtherKind::Steam))),
        ("otpauth://yaotp/x?secret={K}", Err(CannotHold::Kind(OtherKind::Yandex))),
        ("motp://x?secret=e3152afee62599c8", Err(CannotHold::Kind(OtherKind::MOtp))),
    ] {
        assert_eq!(holds(&account(uri)), holds_it, "{uri}");
    }
    let started = Kind::Totp { period: Period::THIRTY.counted_from(7).unwrap() };
    let started = Account { kind: started, ..account("otpauth://totp/x?secret={K}") };
    assert_eq!(holds(&started), Err(CannotHold::Start(7)));
}

#[test]
fn many_accounts_make_parts_that_codes_hold() {
    let (account, _) = crate::uri::otpauth::parse(
        "otpauth://totp/GitHub:mara@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=GitHub",
    )
    .unwrap();
    for (count, longest) in [(1, 440), (4, 440), (5, 440), (300, 440), (700, 1_100), (2_500, 2_900)] {
        let links = write(&vec![&account; count], -3).unwrap();
        assert!(links.len() <= 100 && links.iter().all(|link| link.len() <= longest), "{count}: {}", links.len());
        let mut transfer = Transfer::default();
        for link in links.iter().rev() {
            assert_eq!(transfer.add(parse(link).unwrap()), Ok(Added::Accounts), "{count}");
        }
        assert!(transfer.is_whole() && transfer.entries().count() == count, "{count}");
    }
    assert_eq!(write(&vec![&account; 10_000], 1), Err(TooMany(10_000)));
    assert_eq!(write(&[], 1), Ok(vec![]));
    // Bytes that all become escapes.
    let awkward = Account { secret: Secret::new(vec![0xff; 128]), ..account };
    assert!(write(&vec![&awkward; 400], 1).unwrap().iter().all(|link| link.len() <= 2_900));
}

#[test]
fn debug_shows_neither_keys_nor_names() {
    let text = format!("{:?}", parse(SAMPLE).unwrap());
    assert!(!text.contains("Example") && !text.contains("Hello") && !text.contains("72, 101"), "{text}");
    let refused = entry(&message_of(|out| put_bytes(2, b"canary", out)));
    assert!(!format!("{refused:?}").contains("canary"));
}

fn accounts() -> impl Strategy<Value = Vec<Account>> {
    let name = || {
        prop_oneof!["[a-zA-Z0-9@. ]{0,20}", "[A-C: ]{0,6}", any::<String>()].prop_map(|name| {
            let name: String = crate::uri::otpauth::clean(&name).text.chars().take(120).collect();
            crate::uri::otpauth::clean(&name).text
        })
    };
    let kind = prop_oneof![
        Just(Kind::Totp { period: Period::THIRTY }),
        (0..1_u64 << 63).prop_map(|counter| Kind::Hotp { counter: Counter::try_from(counter).unwrap() }),
    ];
    let seed = prop::collection::vec(any::<u8>(), 1..=128).prop_map(Secret::new);
    let algorithm = prop::sample::select(&[Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512, Algorithm::Md5][..]);
    let digits = prop::sample::select(&[Digits::SIX, Digits::EIGHT][..]);
    let account =
        (kind, name(), name(), seed, algorithm, digits).prop_map(|(kind, issuer, name, secret, algorithm, digits)| {
            Account { kind, issuer, name, secret, pin: None, algorithm, digits, image_host: None }
        });
    prop::collection::vec(account, 1..12)
}

fn same(one: &Account, other: &Account) -> bool {
    one.kind == other.kind
        && (&one.issuer, &one.name) == (&other.issuer, &other.name)
        && one.secret.ct_eq(other.secret.expose())
        && (one.algorithm, one.digits) == (other.algorithm, other.digits)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_in_any_order(accounts in accounts(), id in any::<i32>(), turn in any::<prop::sample::Index>()) {
        let links = write(&accounts.iter().collect::<Vec<_>>(), id).unwrap();
        let mut transfer = Transfer::default();
        let start = turn.index(links.len());
        for link in links.iter().cycle().skip(start).take(links.len()) {
            prop_assert_eq!(transfer.add(parse(link).unwrap()), Ok(Added::Accounts));
        }
        prop_assert!(transfer.is_whole());
        let read: Vec<_> = transfer.entries().map(|entry| entry.account.clone().unwrap()).collect();
        prop_assert_eq!(read.len(), accounts.len());
        for (written, (read, repairs)) in accounts.iter().zip(&read) {
            prop_assert!(same(written, read), "{:?} {:?}", (&written.issuer, &written.name), (&read.issuer, &read.name));
            prop_assert!(repairs.iter().all(|repair| matches!(repair, Repair::KeyShort { .. })), "{:?}", repairs);
        }
    }

    #[test]
    fn any_text_and_any_message_are_read_or_refused(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&text);
        let _ = parse(&format!("otpauth-migration://offline?data={text}"));
        let _ = parse(&link(&bytes));
        let _ = parse(&link(&message_of(|out| put_message(1, &bytes, out))));
    }

    #[test]
    fn a_damaged_part_holds_its_limits(accounts in accounts(), place in any::<prop::sample::Index>(), by in 1..=255_u8, cut in any::<bool>()) {
        let link_text = &write(&accounts.iter().collect::<Vec<_>>(), 7).unwrap()[0];
        let part = parse(link_text).unwrap();
        let mut bytes = part.payload.expose().to_vec();
        let place = place.index(bytes.len());
        if cut { bytes.truncate(place) } else { bytes[place] ^= by }
        if let Ok(part) = parse(&link(&bytes)) {
            prop_assert!(part.index < part.batch.size && part.batch.size <= limits::MIGRATION_PARTS);
            for entry in &part.entries {
                let (issuer, name) = entry.names();
                prop_assert!(issuer.chars().chain(name.chars()).all(|c| !crate::text::is_forbidden(c)));
                prop_assert!(issuer.chars().count() <= limits::URI_NAME && name.chars().count() <= limits::URI_NAME);
                if let Ok((account, _)) = &entry.account {
                    prop_assert!(limits::SEED_BYTES.contains(&account.secret.len()));
                }
            }
        }
    }
}
