//! Every quirk of `import-export.md` section 2, what is mended, and every refusal.

use super::*;
use crate::otp::OtpError;
use crate::otp::base32::Base32Error;

const KEY: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEE";
const TOTP_30: Kind = Kind::Totp { period: Period::THIRTY };

/// Parses `uri`, in which `{K}` stands for a good key.
fn read(uri: &str) -> Result<(Account, Vec<Repair>), UriError> {
    parse(&uri.replace("{K}", KEY))
}

#[track_caller]
fn taken(uri: &str, repairs: &[Repair]) -> Account {
    let (account, told) = read(uri).unwrap_or_else(|fault| panic!("{uri}: {fault}"));
    assert_eq!(told, repairs, "{uri}");
    account
}

#[track_caller]
fn names(uri: &str, repairs: &[Repair]) -> (String, String) {
    let account = taken(uri, repairs);
    (account.issuer, account.name)
}

#[track_caller]
fn refused(uri: &str) -> UriError {
    read(uri).err().unwrap_or_else(|| panic!("{uri}: taken"))
}

fn pair(issuer: &str, name: &str) -> (String, String) {
    (issuer.to_owned(), name.to_owned())
}

#[test]
fn the_plain_form_needs_no_repair() {
    let account = taken("otpauth://totp/GitHub:mara?secret={K}&issuer=GitHub", &[]);
    assert_eq!((account.issuer.as_str(), account.name.as_str(), account.kind), ("GitHub", "mara", TOTP_30));
    assert_eq!((account.algorithm, account.digits), (Algorithm::Sha1, Digits::SIX));
    assert_eq!(account.secret.len(), 16);
    let account = taken("otpauth://totp/x?secret={K}&algorithm=SHA512&digits=8&period=60", &[]);
    assert_eq!((account.algorithm, account.digits), (Algorithm::Sha512, Digits::EIGHT));
    assert_eq!(account.kind, Kind::Totp { period: Period::try_from(60).unwrap() });
    let account = taken("otpauth://hotp/x?secret={K}&counter=42", &[]);
    assert_eq!(account.kind, Kind::Hotp { counter: Counter::try_from(42).unwrap() });
}

#[test]
fn scheme_and_type() {
    taken("OTPAUTH://TOTP/x?secret={K}", &[Repair::Case]);
    taken("otpauth://Totp/x?secret={K}", &[Repair::Case]);
    taken("otpauth://totp/x?SECRET={K}&Issuer=y", &[Repair::Case]);
    for uri in ["otpauth:///totp/x?secret={K}", "otpauth:/totp/x?secret={K}", "otpauth:totp/x?secret={K}"] {
        assert_eq!(names(uri, &[Repair::Slashes]), pair("", "x"));
    }
    assert_eq!(names("\u{feff} otpauth://totp/x?secret={K}\r\n", &[]), pair("", "x"));
}

#[test]
fn what_is_no_account_is_refused() {
    assert_eq!(refused("otpauth-migration://offline?data=AA"), UriError::Kind(OtherKind::Migration));
    assert_eq!(refused("otpauth://ocra/x?secret={K}"), UriError::Type);
    assert_eq!(refused("otpauth://?secret={K}"), UriError::Type);
    assert_eq!(refused("otpauth://tötp/x?secret={K}"), UriError::Type);
    for uri in ["", "otpauth", "https://example.com/", "otpauths://totp/x?secret={K}", "://", "12345"] {
        assert_eq!(refused(uri), UriError::NotKeyUri, "{uri}");
    }
    taken("otpauth://totp/x?secret={K}&encoder=plain", &[]);
}

#[test]
fn steams_markers_are_trusted() {
    for (uri, repairs, pair) in [
        ("steam://{K}", &[][..], pair("Steam", "")),
        ("steam://{K}/", &[], pair("Steam", "")),
        ("STEAM:{K}", &[Repair::Case, Repair::Slashes], pair("Steam", "")),
        ("steam://{K}?issuer=Valve", &[], pair("Valve", "")),
        ("otpauth://steam/Steam:mara?secret={K}", &[], pair("Steam", "mara")),
        // As Aegis writes it.
        (
            "otpauth://steam/Valve:mara?period=30&digits=5&algorithm=SHA1&secret={K}&issuer=Valve",
            &[],
            pair("Valve", "mara"),
        ),
        ("otpauth://steammara?secret={K}", &[Repair::LabelSlash], pair("Steam", "mara")),
        // As Stratum writes it.
        ("otpauth://totp/x?secret={K}&encoder=steam", &[], pair("Steam", "x")),
        ("otpauth://totp/x?secret={K}&steam", &[], pair("Steam", "x")),
        ("otpauth://steam/x?secret={K}&issuer=", &[], pair("", "x")),
        ("otpauth://steam/x?secret={K}&digits=6", &[Repair::Fixed(Field::Digits)], pair("Steam", "x")),
        (
            "otpauth://steam/x?secret={K}&algorithm=sha256&period=60",
            &[Repair::Fixed(Field::Algorithm), Repair::Fixed(Field::Period)],
            pair("Steam", "x"),
        ),
    ] {
        let account = taken(uri, repairs);
        assert_eq!((account.kind, account.algorithm, account.digits), (Kind::Steam, Algorithm::Sha1, Digits::FIVE));
        assert_eq!((account.issuer, account.name), pair, "{uri}");
        assert_eq!((account.secret.len(), account.pin.is_none()), (16, true), "{uri}");
    }
    assert_eq!(refused("steam://"), UriError::SecretMissing);
    assert_eq!(refused("steam://not a key!"), UriError::Secret(Base32Error::Character(10)));
}

#[test]
fn yandex() {
    let seed = "6SB2IKNM6OBZPAVBVTOHDKS4FAAAAAAADFUTQMBTRY";
    let of = |rest: &str, repairs: &[Repair]| {
        let account = taken(&format!("otpauth://yaotp/{rest}"), repairs);
        assert_eq!((account.kind, account.algorithm, account.digits), (Kind::Yandex, Algorithm::Sha256, Digits::EIGHT));
        assert_eq!(account.secret.len(), 16, "{rest}");
        (account.issuer, account.name, account.pin.map(|pin| pin.expose().to_vec()))
    };
    let yandex = |pin: Option<&str>| ("Yandex".to_owned(), "mara".to_owned(), pin.map(|pin| pin.as_bytes().to_vec()));
    // As Yandex writes it, and as Aegis does.
    assert_eq!(of("mara?secret={K}&uid=1&track_id=2&pin_length=4", &[]), yandex(None));
    assert_eq!(
        of(&format!("Yandex:mara?period=30&digits=8&algorithm=SHA256&secret={seed}&pin=GUZDGOI"), &[]),
        yandex(Some("5239"))
    );
    assert_eq!(of("mara?secret={K}&pin=5239", &[]), yandex(Some("5239")));
    assert_eq!(of("mara?secret={K}&pin=", &[]), yandex(None));
    assert_eq!(of("mara?secret={K}&digits=6", &[Repair::Fixed(Field::Digits)]), yandex(None));
    assert_eq!(taken("otpauth://Yandex/mara?secret={K}", &[Repair::Case]).kind, Kind::Yandex);
    for pin in ["123", "12345678901234567", "GUZDG", "!", "GUZDGOI%00"] {
        let uri = format!("otpauth://yaotp/mara?secret={{K}}&pin={pin}");
        assert_eq!(refused(&uri), UriError::Range(OtpError::Pin), "{pin}");
    }
    assert_eq!(refused(&format!("otpauth://yaotp/x?secret=A{}", &seed[1..])), UriError::Range(OtpError::SeedCheck));
    assert_eq!(refused("otpauth://yaotp/x?secret=JBSWY3DP"), UriError::Range(OtpError::SeedLength(5)));
}

#[test]
fn motp() {
    let of = |uri: &str, repairs: &[Repair]| {
        let account = taken(uri, repairs);
        assert_eq!((account.kind, account.digits), (Kind::MOtp, Digits::SIX), "{uri}");
        assert_eq!(account.secret.expose(), [0xe3, 0x15, 0x2a, 0xfe, 0xe6, 0x25, 0x99, 0xc8], "{uri}");
        (account.issuer, account.name)
    };
    assert_eq!(of("motp://Desk:mara?secret=e3152afee62599c8", &[]), pair("Desk", "mara"));
    // As Aegis writes it.
    assert_eq!(of("motp:/Desk%3Amara?secret=e3152afee62599c8&issuer=Desk", &[]), pair("Desk", "mara"));
    assert_eq!(of("motp:///Desk:mara?secret=e3152afee62599c8", &[Repair::Slashes]), pair("Desk", "mara"));
    assert_eq!(of("MOTP://Desk:mara?secret=e3152afee62599c8", &[Repair::Case]), pair("Desk", "mara"));
    assert_eq!(of("motp://mara/?secret=E3152AFEE62599C8", &[Repair::Case]), pair("", "mara"));
    assert_eq!(of("otpauth://motp/Desk:mara?secret=4MKSV7XGEWM4Q&algorithm=MD5&period=10", &[]), pair("Desk", "mara"));
    let pin = |uri: &str| taken(uri, &[]).pin.map(|pin| pin.expose().to_vec());
    assert_eq!(pin("motp://x?secret=e3152afee62599c8"), None);
    assert_eq!(pin("motp://x?secret=e3152afee62599c8&pin=1234"), Some(b"1234".to_vec()));
    for secret in ["e3152afee62599c", "x315", "é315", &"ab".repeat(129)] {
        assert_eq!(refused(&format!("motp://x?secret={secret}")), UriError::Range(OtpError::SeedHex), "{secret}");
    }
    taken(&format!("motp://x?secret={}", "ab".repeat(128)), &[]);
    assert_eq!(refused("motp://x?secret="), UriError::SecretMissing);
    assert_eq!(refused("motp://x"), UriError::SecretMissing);
}

#[test]
fn labels() {
    assert_eq!(names("otpauth://totp/?secret={K}", &[]), pair("", ""));
    assert_eq!(names("otpauth://totp?secret={K}&issuer=ACME", &[]), pair("ACME", ""));
    assert_eq!(names("otpauth://totpACME:mara?secret={K}", &[Repair::LabelSlash]), pair("ACME", "mara"));
    assert_eq!(names("otpauth://totp/ACME: mara?secret={K}", &[]), pair("ACME", "mara"));
    assert_eq!(names("otpauth://totp/ACME:%20mara?secret={K}", &[]), pair("ACME", "mara"));
    assert_eq!(names("otpauth://totp/ACME%3A%20mara?secret={K}", &[]), pair("ACME", "mara"));
    assert_eq!(names("otpauth://totp/ACME%3amara?secret={K}", &[]), pair("ACME", "mara"));
    assert_eq!(names("otpauth://totp/Room #1:mara?secret={K}", &[Repair::Hash]), pair("Room #1", "mara"));
    assert_eq!(names("otpauth://totp/a/b?secret={K}", &[]), pair("", "a/b"));
    assert_eq!(names("otpauth://totp/100%?secret={K}", &[Repair::Percent]), pair("", "100%"));
    assert_eq!(names("otpauth://totp/%E6%97%A5%E6%9C%AC?secret={K}", &[]), pair("", "日本"));
    assert_eq!(names("otpauth://totp/日本:ü?secret={K}", &[]), pair("日本", "ü"));
    assert_eq!(names("otpauth://totp/caf%E9?secret={K}", &[Repair::NotUtf8]), pair("", "caf\u{fffd}"));
    assert_eq!(names("otpauth://totp/a+b?secret={K}", &[]), pair("", "a+b"));
}

#[test]
fn splitting_a_label() {
    // (a) An issuer with colons (beemdevelopment/Aegis#1701), however they are written.
    for label in ["A:B:mara", "A%3AB:mara", "A%3AB%3Amara", "A:B%3A mara"] {
        let uri = format!("otpauth://totp/{label}?secret={{K}}&issuer=A%3AB");
        assert_eq!(names(&uri, &[]), pair("A:B", "mara"), "{label}");
    }
    // (b) A literal colon before an escaped one; each side is decoded after the cut.
    assert_eq!(names("otpauth://totp/A%3AB:mara%3A2?secret={K}", &[]), pair("A:B", "mara:2"));
    // More colons than one: the first.
    assert_eq!(names("otpauth://totp/A:mara:2?secret={K}", &[]), pair("A", "mara:2"));
    // (c)
    assert_eq!(names("otpauth://totp/A%3Amara%3A2?secret={K}", &[]), pair("A", "mara:2"));
    // (d)
    assert_eq!(names("otpauth://totp/mara?secret={K}&issuer=A", &[]), pair("A", "mara"));
    assert_eq!(names("otpauth://totp/%3A?secret={K}", &[]), pair("", ""));
    // (e)
    let both = Repair::TwoIssuers { kept: "Microsoft".into(), other: "Contoso".into() };
    assert_eq!(names("otpauth://totp/Contoso:mara?secret={K}&issuer=Microsoft", &[both]), pair("Microsoft", "mara"));
    assert_eq!(names("otpauth://totp/Contoso:mara?secret={K}&issuer=", &[]), pair("Contoso", "mara"));
}

#[test]
fn plus_signs_in_the_issuer() {
    let kept = [Repair::PlusKept];
    let blank = [Repair::PlusIsBlank];
    assert_eq!(names("otpauth://totp/x?secret={K}&issuer=C+C", &kept), pair("C+C", "x"));
    assert_eq!(names("otpauth://totp/x?secret={K}&issuer=C%20+C", &[]), pair("C +C", "x"));
    assert_eq!(names("otpauth://totp/x?secret={K}&issuer=Big+Corp%3A", &blank), pair("Big Corp:", "x"));
    assert_eq!(names("otpauth://totp/x?secret={K}&issuer=a%2Bb+c", &blank), pair("a+b c", "x"));
    assert_eq!(names("otpauth://totp/Big%20Corp:x?secret={K}&issuer=Big+Corp", &blank), pair("Big Corp", "x"));
}

#[test]
fn a_missing_ampersand() {
    let account = taken("otpauth://totp/x?secret={K}&issuer=ACMEperiod=60", &[Repair::Glued(Field::Period)]);
    assert_eq!(account.issuer, "ACME");
    assert_eq!(account.kind, Kind::Totp { period: Period::try_from(60).unwrap() });
    let two = [Repair::Glued(Field::Issuer), Repair::Glued(Field::Digits)];
    let account = taken("otpauth://totp/x?secret={K}issuer=ACMEdigits=8", &two);
    assert_eq!((account.issuer.as_str(), account.digits), ("ACME", Digits::EIGHT));
    assert_eq!(names("otpauth://totp/x?secret={K}&issuer=a=b", &[]), pair("a=b", "x"));
    assert_eq!(refused("otpauth://totp/x?secret={K}&issuer=Xperiod=30&period=30"), UriError::Twice(Field::Period));
}

#[test]
fn keys() {
    let key = |uri: &str, repairs: &[Repair]| taken(uri, repairs).secret.expose().to_vec();
    let plain = key("otpauth://totp/x?secret={K}", &[]);
    for (text, repair) in [
        ("jbswy3dpehpk3pxpjbswy3dpee", Repair::KeyLowerCase),
        ("JBSW Y3DP EHPK 3PXP JBSW Y3DP EE", Repair::KeyBlanks),
        ("JBSW%20Y3DP%20EHPK%203PXP%20JBSWY3DPEE", Repair::KeyBlanks),
        ("JBSW+Y3DP+EHPK+3PXP+JBSW+Y3DP+EE", Repair::KeyBlanks),
        ("JBSW-Y3DP-EHPK-3PXP-JBSW-Y3DP-EE", Repair::KeyBlanks),
        ("JBSWY3DP\u{200b}EHPK3PXPJBSWY3DPEE", Repair::KeyBlanks),
        ("JBSWY3DPEHPK3PXPJBSWY3DPEE======", Repair::KeyPadding),
        ("JBSWY3DPEHPK3PXPJBSWY3DPEE%3D%3D%3D%3D%3D%3D", Repair::KeyPadding),
        ("JBSWY3DPEHPK3PXPJBSWY3DPEEA", Repair::KeyLooseEnd),
    ] {
        assert_eq!(key(&format!("otpauth://totp/x?secret={text}"), &[repair]), plain, "{text}");
    }
    key("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP", &[Repair::KeyShort { bits: 80 }]);
    key("otpauth://totp/x?secret=ME", &[Repair::KeyShort { bits: 8 }]);
    for text in ["", "secret=", "secret", "secret=%20", "issuer=x", "secret===="] {
        let fault = refused(&format!("otpauth://totp/x?{text}"));
        assert!(
            matches!(fault, UriError::SecretMissing | UriError::Secret(Base32Error::Character(_))),
            "{text}: {fault}"
        );
    }
    // 0, 1 and 8 are not guessed.
    assert_eq!(refused("otpauth://totp/x?secret=JBSWY0DP"), UriError::Secret(Base32Error::LookAlike(6)));
    assert_eq!(refused("otpauth://totp/x?secret=JBSW!"), UriError::Secret(Base32Error::Character(5)));
}

#[test]
fn algorithms() {
    for (spelling, algorithm) in [
        ("sha1", Algorithm::Sha1),
        ("SHA-1", Algorithm::Sha1),
        ("HmacSHA1", Algorithm::Sha1),
        ("Algorithm.sha1", Algorithm::Sha1),
        ("hmac-sha-256", Algorithm::Sha256),
        ("Algorithm.sha256", Algorithm::Sha256),
        ("HMACSHA512", Algorithm::Sha512),
        ("SHA%2D512", Algorithm::Sha512),
        ("md5", Algorithm::Md5),
        ("HmacMD5", Algorithm::Md5),
        ("sha224", Algorithm::Sha224),
        ("SHA-224", Algorithm::Sha224),
        ("HmacSHA384", Algorithm::Sha384),
        ("Algorithm.sha384", Algorithm::Sha384),
    ] {
        let account =
            taken(&format!("otpauth://totp/x?secret={{K}}&algorithm={spelling}"), &[Repair::AlgorithmSpelling]);
        assert_eq!(account.algorithm, algorithm, "{spelling}");
    }
    taken("otpauth://totp/x?secret={K}&algorithm=", &[Repair::EmptyParameter(Field::Algorithm)]);
    for algorithm in Algorithm::ALL {
        let account = taken(&format!("otpauth://totp/x?secret={{K}}&algorithm={algorithm}"), &[]);
        assert_eq!(account.algorithm, algorithm, "as it is written");
    }
    for name in ["SHA3", "SHA", "1", "SHA1SHA1", "sha 1 x"] {
        assert_eq!(refused(&format!("otpauth://totp/x?secret={{K}}&algorithm={name}")), UriError::UnknownAlgorithm);
    }
}

#[test]
fn numbers() {
    for digits in 5..=10_u64 {
        let account = taken(&format!("otpauth://totp/x?secret={{K}}&digits={digits}"), &[]);
        assert_eq!(u64::from(account.digits.get()), digits);
    }
    for digits in [0, 1, 4, 11, 200, 1 << 40] {
        let fault = refused(&format!("otpauth://totp/x?secret={{K}}&digits={digits}"));
        assert_eq!(fault, UriError::Range(OtpError::Digits(digits)));
    }
    for period in [1, 10, 15, 60, 90, 120, 86_400] {
        let account = taken(&format!("otpauth://totp/x?secret={{K}}&period={period}"), &[]);
        assert_eq!(account.kind, Kind::Totp { period: Period::try_from(period).unwrap() });
    }
    for period in [0, 86_401, 1 << 40] {
        let fault = refused(&format!("otpauth://totp/x?secret={{K}}&period={period}"));
        assert_eq!(fault, UriError::Range(OtpError::Period(period)));
    }
    for (text, field) in [
        ("period=-30", Field::Period),
        ("period=30s", Field::Period),
        ("period=+30", Field::Period),
        ("digits=six", Field::Digits),
        ("digits=6.0", Field::Digits),
        ("digits=99999999999999999999", Field::Digits),
    ] {
        assert_eq!(refused(&format!("otpauth://totp/x?secret={{K}}&{text}")), UriError::Number(field), "{text}");
    }
    taken("otpauth://totp/x?secret={K}&period=", &[Repair::EmptyParameter(Field::Period)]);
}

#[test]
fn counters() {
    let counter =
        |text: &str, repairs: &[Repair]| match taken(&format!("otpauth://hotp/x?secret={{K}}{text}"), repairs).kind {
            Kind::Hotp { counter } => counter.get(),
            other => panic!("{other:?}"),
        };
    assert_eq!(counter("&counter=0", &[]), 0);
    assert_eq!(counter("", &[Repair::CounterMissing]), 0);
    assert_eq!(counter("&counter=", &[Repair::EmptyParameter(Field::Counter), Repair::CounterMissing]), 0);
    assert_eq!(counter("&counter=-1", &[Repair::CounterMinusOne]), 0);
    assert_eq!(counter("&counter=9223372036854775807", &[]), (1 << 63) - 1);
    assert_eq!(refused("otpauth://hotp/x?secret={K}&counter=9223372036854775808"), UriError::Range(OtpError::Counter));
    assert_eq!(refused("otpauth://hotp/x?secret={K}&counter=-2"), UriError::Number(Field::Counter));
}

#[test]
fn a_logo_leaves_its_host_at_most() {
    let host = |image: &str| taken(&format!("otpauth://totp/x?secret={{K}}&{image}"), &[]).image_host;
    assert_eq!(host("image=https%3A%2F%2FExample.com%2Flogo.png").as_deref(), Some("example.com"));
    assert_eq!(host("appimage=http://u:p@cdn.example.com:8080/a?period=3").as_deref(), Some("cdn.example.com"));
    for none in
        ["image=", "image=logo.png", "image=javascript://x/", "image=https://", "image=https://ex\u{202e}ample/"]
    {
        assert_eq!(host(none), None, "{none}");
    }
}

#[test]
fn other_parameters_are_passed_over() {
    taken("otpauth://totp/x?secret={K}&color=FF0000&lock=true&icon=a&pin=ME&codeDisplay=%7B%7D&x&=&&y=z", &[]);
}

#[test]
fn hidden_characters_are_removed_and_told() {
    let told = [Repair::Removed(Field::Label), Repair::Removed(Field::Issuer)];
    let uri = "otpauth://totp/ma%E2%80%AEra%0A?secret={K}&issuer=Git%00Hub";
    let account = read(uri).unwrap();
    assert_eq!((account.0.issuer.as_str(), account.0.name.as_str()), ("GitHub", "mara"));
    assert!(told.iter().all(|repair| account.1.contains(repair)) && account.1.len() == 2, "{:?}", account.1);
}

#[test]
fn steam_as_issuer_is_told_unless_digits_say_otherwise() {
    taken("otpauth://totp/Steam:mara?secret={K}", &[Repair::MaybeSteam]);
    taken("otpauth://totp/mara?secret={K}&issuer=steam&digits=5", &[Repair::MaybeSteam]);
    taken("otpauth://totp/Steam:mara?secret={K}&digits=6", &[]);
}

#[test]
fn a_known_name_twice_is_refused() {
    for (twice, field) in [
        ("secret=ME", Field::Secret),
        ("SECRET=ME", Field::Secret),
        ("issuer=a&issuer=a", Field::Issuer),
        ("digits=6&digits=6", Field::Digits),
        ("image=&image=", Field::Image),
    ] {
        assert_eq!(refused(&format!("otpauth://totp/x?secret={{K}}&{twice}")), UriError::Twice(field), "{twice}");
    }
    taken("otpauth://totp/x?secret={K}&color=1&color=2", &[]);
}

#[test]
fn a_short_key_is_taken_and_told() {
    for (bytes, short) in [(limits::SEED_SHORT - 1, true), (limits::SEED_SHORT, false), (limits::SEED_SHORT + 1, false)]
    {
        let uri = format!("otpauth://totp/x?secret={}", *crate::otp::base32::encode(&vec![7; bytes]));
        let (_, repairs) = parse(&uri).unwrap();
        assert_eq!(repairs.contains(&Repair::KeyShort { bits: bytes * 8 }), short, "{bytes} bytes");
    }
}

#[test]
fn limits_at_one_less_the_limit_one_more_and_a_thousand_times() {
    let bytes = |length: usize| {
        let uri = format!("otpauth://totp/x?secret={KEY}&x=");
        format!("{uri}{}", "y".repeat(length - uri.len()))
    };
    let parameters = |count: usize| format!("otpauth://totp/x?secret={KEY}{}", "&x".repeat(count - 1));
    let label = |count: usize| format!("otpauth://totp/{}?secret={KEY}", "é".repeat(count));
    let issuer = |count: usize| format!("otpauth://totp/x?secret={KEY}&issuer={}", "é".repeat(count));
    let key = |count: usize| format!("otpauth://totp/x?secret={}", *crate::otp::base32::encode(&vec![7; count]));
    let before = |count: usize| format!("otpauth://totp/{}:x?secret={KEY}", "é".repeat(count));
    let behind = |count: usize| format!("otpauth://totp/x:{}?secret={KEY}&issuer=x", "é".repeat(count));
    let cases: [(&dyn Fn(usize) -> String, usize); 7] = [
        (&bytes, limits::URI_BYTES),
        (&parameters, limits::URI_PARAMETERS),
        (&label, limits::URI_NAME),
        (&before, limits::URI_NAME),
        (&behind, limits::URI_NAME),
        (&issuer, limits::URI_NAME),
        (&key, *limits::SEED_BYTES.end()),
    ];
    for (make, most) in cases {
        for (size, fits) in [(most - 1, true), (most, true), (most + 1, false), (most * 1000, false)] {
            let result = parse(&make(size));
            assert_eq!(result.is_ok(), fits, "{size} of {most}: {:?}", result.err());
        }
    }
}

#[test]
fn an_issuer_and_a_name_of_full_length_are_written_and_read() {
    let mut account = taken("otpauth://totp/x?secret={K}", &[]);
    (account.issuer, account.name) = ("i".repeat(limits::URI_NAME), "n".repeat(limits::URI_NAME));
    let (again, repairs) = parse(&write(&account)).unwrap();
    assert_eq!((&again.issuer, &again.name, repairs.len()), (&account.issuer, &account.name, 0));
}

#[test]
fn what_is_written() {
    let mut account = taken("otpauth://totp/x?secret={K}", &[]);
    assert_eq!(*write(&account), format!("otpauth://totp/x?secret={KEY}"));
    account.issuer = "A+B: 100% ü?&#/".into();
    account.name = "mara@example.com".into();
    account.digits = Digits::EIGHT;
    account.algorithm = Algorithm::Sha256;
    account.kind = Kind::Hotp { counter: Counter::ZERO };
    let issuer = "A%2BB%3A%20100%25%20%C3%BC%3F%26%23%2F";
    assert_eq!(
        *write(&account),
        format!(
            "otpauth://hotp/{issuer}:mara@example.com?secret={KEY}&issuer={issuer}&algorithm=SHA256&digits=8&counter=0"
        )
    );
    account.issuer.clear();
    account.name = "a:b".into();
    account.kind = TOTP_30;
    assert_eq!(*write(&account), format!("otpauth://totp/:a%3Ab?secret={KEY}&issuer=&algorithm=SHA256&digits=8"));
}

#[test]
fn steam_yandex_and_motp_are_written_as_aegis_does() {
    let written = |uri: &str| write(&read(uri).unwrap().0).to_string();
    assert_eq!(written("steam://{K}"), format!("otpauth://steam/Steam:?secret={KEY}&issuer=Steam"));
    assert_eq!(written("otpauth://steam/x?secret={K}&issuer="), format!("otpauth://steam/x?secret={KEY}&issuer="));
    let yandex = format!("otpauth://yaotp/Yandex:mara?secret={KEY}&issuer=Yandex&pin=GUZDGOI");
    assert_eq!(written("otpauth://yaotp/mara?secret={K}&pin=5239"), yandex);
    let motp = "motp://Desk:mara?secret=e3152afee62599c8&issuer=Desk&pin=GEZDGNA";
    assert_eq!(written("motp://Desk:mara?secret=e3152afee62599c8&pin=1234"), motp);
}

#[test]
fn debug_shows_neither_key_nor_names() {
    let account = taken("otpauth://totp/ACME:mara?secret={K}", &[]);
    assert_eq!(
        format!("{account:?}"),
        "Account { kind: Totp { period: Period { seconds: 30, start: 0 } }, algorithm: Sha1, digits: Digits(6), .. }"
    );
}
