//! Key URIs.

use countersign_protocol::uri::otpauth;
use url::Url;

use crate::report::{Goal, Table, file};
use crate::rounds::{run, subject};

/// Plain ones, ones with quirks, and refusals.
pub fn bench() {
    file("uri", &[plain(), length()]);
}

fn plain() -> Table {
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let uris: Vec<String> = (0..2_000)
        .map(|n| format!("otpauth://totp/Example%20{n}:alice{n}@example.com?secret={secret}&issuer=Example%20{n}&algorithm=SHA1&digits=6&period=30"))
        .collect();
    let quirky: Vec<String> = (0..2_000)
        .map(|n| format!("OTPAUTH://TOTP/Example {n}: alice?secret={}&digits=&issuer=Example+{n}&foo=1", secret.to_lowercase()))
        .collect();
    let bad: Vec<String> = (0..2_000).map(|n| format!("otpauth://totp/Example:alice{n}?issuer=Example&digits=42&secret={secret}")).collect();
    let taken = |uris: &[String]| uris.iter().filter(|uri| otpauth::parse(uri).is_ok()).count();
    assert_eq!((taken(&uris), taken(&quirky), taken(&bad)), (2_000, 2_000, 0), "the inputs are what they are called");
    let rows = run(
        uris.len(),
        vec![
            subject("countersign", || taken(&uris)),
            subject("countersign, with four quirks mended", || taken(&quirky)),
            subject("countersign, refused", || taken(&bad)),
            subject("url 2.5, parsed and its pairs read", || {
                let read = |uri: &String| Url::parse(uri).map_or(0, |url| url.query_pairs().map(|(name, value)| name.len() + value.len()).sum::<usize>());
                uris.iter().map(read).sum::<usize>()
            }),
            subject("totp-rs 6.0, from_url_unchecked", || uris.iter().filter(|uri| totp_rs::Totp::from_url_unchecked(uri).is_ok()).count()),
        ],
    );
    let goals = vec![
        Goal::most("plain ones to the url crate, at most 0.6", 1.0 / rows[3].ratio, 0.6),
        Goal::most("a refusal to an acceptance, at most 1", rows[2].ratio, 1.0),
    ];
    Table { title: "2,000 Key URIs".into(), unit: "ns a URI", rows, goals }
}

fn length() -> Table {
    let long = |bytes: usize| {
        let head = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&x=";
        format!("{head}{}", "a".repeat(bytes - head.len()))
    };
    let (short, long) = (long(1_024), long(8_000));
    let rows = run(
        1,
        vec![
            subject("1 KB", || (0..16).filter(|_| otpauth::parse(&short).is_ok()).count()),
            subject("8 KB", || (0..16).filter(|_| otpauth::parse(&long).is_ok()).count()),
        ],
    );
    let goals = vec![Goal::most("8 KB, at most 30 µs", rows[1].least / 16e3, 30.0)];
    Table { title: "Length".into(), unit: "ns for sixteen", rows, goals }
}
