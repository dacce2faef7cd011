//! Properties of the Key URI parser over generated input.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        (1..=86_400_u64).prop_map(|seconds| Kind::Totp { period: Period::try_from(seconds).unwrap() }),
        Just(Kind::Totp { period: Period::THIRTY }),
        (0..1_u64 << 63).prop_map(|counter| Kind::Hotp { counter: Counter::try_from(counter).unwrap() }),
        Just(Kind::Steam),
        Just(Kind::Yandex),
        Just(Kind::MOtp),
    ]
}

/// Names as a vault holds them: cleaned; with colons, blanks, plus signs and characters of all planes.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9@. ]{0,20}", "[A-Za-z:+%&#?/= ]{0,12}", any::<String>()].prop_map(|name| {
        let name: String = clean(&name).text.chars().take(200).collect();
        clean(&name).text
    })
}

fn account() -> impl Strategy<Value = Account> {
    let seed = prop::collection::vec(any::<u8>(), 1..=128);
    let pin = prop::option::of("[0-9]{4,16}");
    let algorithm = prop::sample::select(&Algorithm::ALL[..]);
    let digits = (5..=10_u64).prop_map(|digits| Digits::try_from(digits).unwrap());
    (kind(), name(), name(), seed, algorithm, digits, pin).prop_map(
        |(kind, issuer, name, mut seed, algorithm, digits, pin)| {
            let (algorithm, digits) = kind.fixed().map_or((algorithm, digits), Timed::form);
            if kind == Kind::Yandex {
                seed.resize(16, 7);
            }
            let pin = pin.filter(|_| kind.fixed().is_some_and(Timed::has_pin)).map(|pin| Pin::yandex(&pin).unwrap());
            Account { kind, issuer, name, secret: Secret::new(seed), pin, algorithm, digits, image_host: None }
        },
    )
}

fn same(one: &Account, other: &Account) -> bool {
    one.kind == other.kind
        && one.issuer == other.issuer
        && one.name == other.name
        && one.secret.ct_eq(other.secret.expose())
        && one.pin.as_ref().map(Pin::expose) == other.pin.as_ref().map(Pin::expose)
        && (one.algorithm, one.digits) == (other.algorithm, other.digits)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(account in account()) {
        let uri = write(&account);
        let (read, repairs) = parse(&uri).map_err(|fault| TestCaseError::fail(format!("{}: {fault}", *uri)))?;
        prop_assert!(same(&account, &read), "{:?} {:?} {}", (&account.issuer, &account.name), (&read.issuer, &read.name), *uri);
        let mended = repairs.iter().filter(|repair| !matches!(repair, Repair::KeyShort { .. } | Repair::MaybeSteam));
        prop_assert_eq!(mended.count(), 0, "{:?} in {}", repairs, *uri);
        prop_assert_eq!(&*write(&read), &*uri);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), cut in any::<prop::sample::Index>()) {
        let _ = parse(&text);
        let _ = parse(&format!("otpauth://totp/{text}?secret=ME&issuer={text}&{text}"));
        let uri = format!("otpauth://hotp/%3A{text}?{text}=%&secret=ME");
        let end = (0..=cut.index(uri.len())).rev().find(|end| uri.is_char_boundary(*end)).unwrap_or(0);
        let _ = parse(&uri[..end]);
    }
}

/// A URI put together from what programs write, good and bad.
fn assembled() -> impl Strategy<Value = String> {
    let scheme =
        prop_oneof![8 => Just("otpauth://"), 1 => Just("OTPAUTH:///"), 1 => Just("otpauth:"), 1 => Just("steam://")];
    let kind = prop_oneof![6 => Just("totp"), 4 => Just("hotp"), 1 => Just("TOTP"), 1 => Just("yaotp"), 1 => Just("steam"), 1 => Just("")];
    let label = prop_oneof!["/[A-Za-z]{1,8}:[a-z]{0,8}", "/[A-Za-z%+ :#é]{0,12}", "(/[a-z]{0,3}%3A%20[a-z]{0,5})?"];
    let key = prop_oneof![8 => "[A-Z2-7]{26,40}", 3 => "[a-z2-7 -]{16,40}={0,6}", 1 => "[A-Z0-9]{0,10}", 1 => Just(String::new())];
    let parameter = prop_oneof![
        4 => "&issuer=[A-Za-z+% ]{0,10}",
        2 => "&period=[1-9][0-9]{0,3}",
        2 => "&digits=[5-9]",
        2 => "&algorithm=(SHA1|sha-256|HmacSHA512|MD5|sha384|SHA-224)",
        2 => "&counter=[0-9]{1,5}",
        1 => "&algorithm=(MD4|x)",
        1 => "&digits=-?[0-9]{0,3}",
        1 => "issuer=Xperiod=3",
        1 => "&pin=([0-9]{1,17}|GUZDGOI)",
        1 => "&encoder=steam",
        1 => "&(color|lock|image|x)=[a-z:/.]{0,20}",
    ];
    let parameters = prop::collection::vec(parameter, 0..4).prop_map(|all| all.concat());
    (scheme, kind, label, key, parameters)
        .prop_map(|(scheme, kind, label, key, parameters)| format!("{scheme}{kind}{label}?secret={key}{parameters}"))
}

#[test]
fn a_third_of_assembled_uris_is_taken_and_survives_writing() {
    let (taken, all) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 2000, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&assembled(), |uri| {
        all.set(all.get() + 1);
        if let Ok((account, _)) = parse(&uri) {
            taken.set(taken.get() + 1);
            let (again, _) = parse(&write(&account)).map_err(|fault| TestCaseError::fail(format!("{uri}: {fault}")))?;
            prop_assert!(same(&account, &again), "{}", uri);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    assert!(taken.get() * 3 >= all.get(), "{} of {} taken", taken.get(), all.get());
}
