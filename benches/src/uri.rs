//! Key URIs.

use std::hint::black_box;
use std::process::Command;

use countersign_core::vault::NewAccount;
use countersign_protocol::uri::otpauth;
use url::Url;

use crate::report::{Goal, Table, file};
use crate::rounds::{Figure, run, subject};

/// Plain ones, ones with quirks, and refusals.
pub fn bench() {
    let tables = [Some(plain()), counted(), Some(imported()), Some(length())];
    file("uri", &tables.into_iter().flatten().collect::<Vec<_>>());
}

const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

fn plain_ones() -> Vec<String> {
    let uri = |n| {
        format!(
            "otpauth://totp/Example%20{n}:alice{n}@example.com?secret={SECRET}&issuer=Example%20{n}&algorithm=SHA1&digits=6&period=30"
        )
    };
    (0..2_000).map(uri).collect()
}

fn taken(uris: &[String]) -> usize {
    uris.iter().filter(|uri| otpauth::parse(uri).is_ok()).count()
}

fn pairs(uris: &[String]) -> usize {
    let read = |uri: &String| {
        Url::parse(uri).map_or(0, |url| url.query_pairs().map(|(name, value)| name.len() + value.len()).sum::<usize>())
    };
    uris.iter().map(read).sum()
}

/// One pass over the plain ones, for [`counted`]; any other word makes them and no more.
pub fn pass(which: &str) {
    let uris = plain_ones();
    match which {
        "ours" => drop(black_box(taken(&uris))),
        "url" => drop(black_box(pairs(&uris))),
        _ => {}
    }
}

/// The same by instructions, which no load of the machine changes; by valgrind, where there is one.
fn counted() -> Option<Table> {
    let instructions = |which: &str| {
        let program = std::env::current_exe().ok()?;
        let mut command = Command::new("valgrind");
        let output = command
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args(["pass", which])
            .output()
            .ok()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let number = said.lines().find_map(|line| line.split_once("refs:"))?.1.trim().replace(',', "");
        number.parse::<f64>().ok()
    };
    let made = instructions("none")?;
    let (ours, theirs) = ((instructions("ours")? - made) / 2e3, (instructions("url")? - made) / 2e3);
    let figure = |name, count| Figure { name, median: count, least: count, ratio: count / ours };
    let rows = vec![figure("countersign", ours), figure("url 2.5, parsed and its pairs read", theirs)];
    let goals = vec![Goal::most("plain ones to the url crate, by instructions, at most 0.6", ours / theirs, 0.6)];
    Some(Table { title: "The same, counted".into(), unit: "instructions a URI", rows, goals })
}

fn plain() -> Table {
    let secret = SECRET;
    let uris = plain_ones();
    let quirky: Vec<String> = (0..2_000)
        .map(|n| {
            format!(
                "OTPAUTH://TOTP/Example {n}: alice?secret={}&digits=&issuer=Example+{n}&foo=1",
                secret.to_lowercase()
            )
        })
        .collect();
    let bad: Vec<String> = (0..2_000)
        .map(|n| format!("otpauth://totp/Example:alice{n}?issuer=Example&digits=42&secret={secret}"))
        .collect();
    assert_eq!((taken(&uris), taken(&quirky), taken(&bad)), (2_000, 2_000, 0), "the inputs are what they are called");
    let rows = run(
        uris.len(),
        vec![
            subject("countersign", || taken(&uris)),
            subject("countersign, with four quirks mended", || taken(&quirky)),
            subject("countersign, refused", || taken(&bad)),
            subject("url 2.5, parsed and its pairs read", || pairs(&uris)),
            subject("totp-rs 6.0, from_url_unchecked", || {
                uris.iter().filter(|uri| totp_rs::Totp::from_url_unchecked(uri).is_ok()).count()
            }),
        ],
    );
    let goals = vec![
        Goal::most("plain ones to the url crate on the clock, at most 0.6", 1.0 / rows[3].ratio, 0.6),
        Goal::most("a refusal to an acceptance, at most 1", rows[2].ratio, 1.0),
    ];
    Table { title: "2,000 Key URIs".into(), unit: "ns a URI", rows, goals }
}

/// Ten thousand at once, as an import makes accounts of them; what their commit takes is the bench `vault`'s.
fn imported() -> Table {
    let uris: Vec<String> = plain_ones().into_iter().cycle().take(10_000).collect();
    let accounts = || {
        let scanned = |(account, repairs): (otpauth::Account, Vec<otpauth::Repair>)| {
            NewAccount::scanned(&account, &repairs, None)
        };
        uris.iter().filter_map(|uri| otpauth::parse(uri).ok().map(scanned)).collect::<Vec<_>>()
    };
    assert_eq!(accounts().len(), 10_000, "each of them");
    let rows = run(
        1,
        vec![
            subject("countersign: accounts to be added", accounts),
            subject("url 2.5, parsed and its pairs read", || pairs(&uris)),
        ],
    );
    let goals = vec![Goal::most("10,000 before their commit, in ms, at most 25", rows[0].least / 1e6, 25.0)];
    Table { title: "10,000 Key URIs imported, commit apart".into(), unit: "ns for all", rows, goals }
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
