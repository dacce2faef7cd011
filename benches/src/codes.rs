//! One TOTP code.

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Digits, Period, totp};
use ring::hmac;
use sha1::{Digest as _, Sha1};

use crate::peers::Peer;
use crate::report::{Goal, Table, file};
use crate::rounds::{run, subject};

pub(crate) const NOW: u64 = 1_795_260_000;

/// Codes of 2,000 seeds.
pub fn bench() {
    file("codes", &[one()]);
}

/// Seeds that no two share: SHA-1 of a number.
pub(crate) fn seeds(count: u64) -> Vec<[u8; 20]> {
    (0..count).map(|n| Sha1::digest(n.to_be_bytes()).into()).collect()
}

fn one() -> Table {
    let seeds = seeds(2_000);
    let secrets: Vec<Secret> = seeds.iter().map(|seed| Secret::from_slice(seed)).collect();
    let theirs: Vec<totp_rs::Totp> = seeds.iter().map(|seed| theirs(seed)).collect();
    let counter = (NOW / 30).to_be_bytes();
    // The other languages' own, each in a process that is held ready; a round of theirs is timed by themselves.
    let mut others: Vec<Peer> = Peer::all(seeds.len(), NOW);
    let mut subjects = vec![
        subject("countersign, to text", || {
            secrets
                .iter()
                .map(|seed| totp(seed, NOW, Algorithm::Sha1, Digits::SIX, Period::THIRTY).to_string().len())
                .sum::<usize>()
        }),
        subject("totp-rs 6.0, to text", || theirs.iter().map(|it| it.generate(NOW).to_string().len()).sum::<usize>()),
        subject("ring 0.17, HMAC alone, new key", || {
            let sign =
                |seed: &[u8; 20]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed), &counter);
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
    ];
    let last = totp(secrets.last().expect("seeds"), NOW, Algorithm::Sha1, Digits::SIX, Period::THIRTY).to_string();
    for peer in &mut others {
        assert_eq!(peer.round().1, last, "{}: another code", peer.name);
    }
    subjects.extend(others.iter_mut().map(Peer::subject));
    let rows = run(seeds.len(), subjects);
    let goals = vec![
        Goal::most("ours to bare ring, at most 0.4", 1.0 / rows[2].ratio, 0.4),
        Goal::most("ours to totp-rs, at most 1.15", 1.0 / rows[1].ratio, 1.15),
        Goal::most("ours to two SHA-1 blocks, at most 3.5", 1.0 / rows[3].ratio, 3.5),
    ];
    Table { title: "One code, 2,000 seeds of 20 bytes".into(), unit: "ns a code", rows, goals }
}

pub(crate) fn theirs(seed: &[u8; 20]) -> totp_rs::Totp {
    totp_rs::Builder::new().with_secret(seed.to_vec()).with_account_name("a").build().expect("settings of RFC 6238")
}
