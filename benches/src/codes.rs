//! One TOTP code, and a list of ten thousand.

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Digits, List, Period, Shape, totp};
use ring::hmac;
use sha1::{Digest as _, Sha1};

use crate::report::{Goal, Table, file};
use crate::rounds::{run, subject};

const NOW: u64 = 1_795_260_000;

/// Codes of 2,000 seeds, and the list.
pub fn bench() {
    file("codes", &[one(), list()]);
}

/// Seeds that no two share: SHA-1 of a number.
fn seeds(count: u64) -> Vec<[u8; 20]> {
    (0..count).map(|n| Sha1::digest(n.to_be_bytes()).into()).collect()
}

fn one() -> Table {
    let seeds = seeds(2_000);
    let secrets: Vec<Secret> = seeds.iter().map(|seed| Secret::from_slice(seed)).collect();
    let theirs: Vec<totp_rs::Totp> = seeds.iter().map(|seed| theirs(seed)).collect();
    let counter = (NOW / 30).to_be_bytes();
    let rows = run(
        seeds.len(),
        vec![
            subject("countersign, to text", || {
                secrets.iter().map(|seed| totp(seed, NOW, Algorithm::Sha1, Digits::SIX, Period::THIRTY).to_string().len()).sum::<usize>()
            }),
            subject("totp-rs 6.0, to text", || theirs.iter().map(|it| it.generate(NOW).to_string().len()).sum::<usize>()),
            subject("ring 0.17, HMAC alone, new key", || {
                let sign = |seed: &[u8; 20]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed), &counter);
                seeds.iter().map(|seed| usize::from(sign(seed).as_ref()[0])).sum::<usize>()
            }),
            subject("floor: two SHA-1 blocks", || {
                let mut blocks = [0; 119];
                let mut hash = |seed: &[u8; 20]| {
                    blocks[..20].copy_from_slice(seed);
                    usize::from(Sha1::digest(blocks)[0])
                };
                seeds.iter().map(&mut hash).sum::<usize>()
            }),
        ],
    );
    let goals = vec![
        Goal::most("ours to bare ring, at most 0.4", 1.0 / rows[2].ratio, 0.4),
        Goal::most("ours to totp-rs, at most 1.15", 1.0 / rows[1].ratio, 1.15),
        Goal::most("ours to two SHA-1 blocks, at most 3.5", 1.0 / rows[3].ratio, 3.5),
    ];
    Table { title: "One code, 2,000 seeds of 20 bytes".into(), unit: "ns a code", rows, goals }
}

fn theirs(seed: &[u8; 20]) -> totp_rs::Totp {
    totp_rs::Builder::new().with_secret(seed.to_vec()).with_account_name("a").build().expect("settings of RFC 6238")
}

fn list() -> Table {
    let seeds = seeds(10_000);
    let periods = [30, 30, 30, 30, 30, 30, 30, 30, 30, 60];
    let shapes: Vec<(Secret, Shape)> = seeds
        .iter()
        .zip(periods.iter().cycle())
        .map(|(seed, period)| (Secret::from_slice(seed), Shape { period: Period::try_from(*period).expect("a period"), ..Shape::default() }))
        .collect();
    let rows_of = || shapes.iter().map(|(seed, shape)| Some((seed, *shape)));
    let theirs: Vec<totp_rs::Totp> = seeds.iter().map(|seed| theirs(seed)).collect();
    let mut kept = List::default();
    kept.refresh(NOW, rows_of());
    let (mut moving, mut now) = (List::default(), NOW);
    moving.refresh(now, rows_of());
    let rows = run(
        1,
        vec![
            subject("a bare loop over totp-rs", || theirs.iter().map(|it| it.generate(NOW).to_string().len()).sum::<usize>()),
            subject("the first call: code and next code", || {
                let mut list = List::default();
                list.refresh(NOW, rows_of());
                list.rows().len()
            }),
            subject("across the end of a period", || {
                now += 30;
                moving.refresh(now, rows_of())
            }),
            subject("a second later", || kept.refresh(NOW + 1, rows_of())),
        ],
    );
    let goals = vec![
        Goal::most("the first call to the loop, at most 2.3", rows[1].ratio, 2.3),
        Goal::most("a period's end to the loop, at most 1.3", rows[2].ratio, 1.3),
        Goal::most("a second later, at most 50 µs", rows[3].least / 1e3, 50.0),
    ];
    Table { title: "A list of 10,000 accounts".into(), unit: "ns for all; «ours» is the loop of the peer here", rows, goals }
}
