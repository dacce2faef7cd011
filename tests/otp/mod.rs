//! Codes against other programs, which know nothing of ours: Debian's `oathtool` here, others beside.

mod peers;

use std::io::Write;
use std::process::{Command, Stdio};

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Digits, List, Period, Shape, hotp, totp, verify_totp};

/// How many further codes each run of the program gives.
const WINDOW: u64 = 99;

/// Seeds of usual and unusual lengths: around the length of the hashes, and around the blocks of HMAC.
fn seeds() -> Vec<Vec<u8>> {
    let seed = |length: usize| (0..length).map(|place| (place * 151 + length) as u8).collect();
    [10, 16, 20, 32, 64, 65, 128].into_iter().map(seed).collect()
}

/// Runs the program with the seed on its standard input, and gives the codes that it prints.
fn oathtool(seed: &[u8], digits: u64, arguments: &[&str]) -> Vec<String> {
    let mut child = Command::new("oathtool")
        .args(arguments)
        .args(["-d", &digits.to_string(), "-w", &WINDOW.to_string(), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("oathtool is there: cargo xtask setup says how to install it");
    let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(child.stdin.take().expect("piped"), "{hex}").expect("it reads its seed");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "oathtool {arguments:?}: {}", output.status);
    let codes: Vec<_> = String::from_utf8(output.stdout).expect("digits").lines().map(str::to_owned).collect();
    assert_eq!(codes.len() as u64, WINDOW + 1, "oathtool {arguments:?}");
    codes
}

#[test]
fn totp_agrees_with_oathtool_over_a_grid() {
    let mut compared = 0;
    for (turn, seed) in seeds().into_iter().enumerate() {
        let secret = Secret::from_slice(&seed);
        // It knows no other.
        for algorithm in Algorithm::RFC_6238 {
            for digits in 6..=8 {
                // Periods and times turn with the seeds, so that all pairs come up without all triples.
                for place in 0..2 {
                    let period = [1, 15, 30, 60, 90, 3600, 86_400][(turn + 3 * place) % 7];
                    let start =
                        [0, 59, 1_111_111_109, 1_800_000_000, 4_294_967_290, 20_000_000_000][(turn + place) % 6];
                    // One in three is counted from another moment than the beginning of 1970.
                    let counted = if compared % 300 == 0 { start.min(1_234_567) } else { 0 };
                    let mode = format!("--totp={algorithm}");
                    let (now, step, since) = (format!("@{start}"), format!("{period}s"), format!("@{counted}"));
                    let theirs = oathtool(&seed, digits, &[&mode, "-N", &now, "-s", &step, "-S", &since]);
                    let shape = Shape {
                        algorithm,
                        digits: Digits::try_from(digits).expect("6 to 8"),
                        period: Period::try_from(period).and_then(|it| it.counted_from(counted)).expect("in range"),
                    };
                    compare(&secret, shape, start, &theirs);
                    compared += theirs.len();
                }
            }
        }
    }
    assert_eq!(compared, 7 * 3 * 3 * 2 * 100);
}

/// Holds our codes, our list's, and what we accept against theirs.
fn compare(seed: &Secret, shape: Shape, start: u64, theirs: &[String]) {
    let mut list = List::default();
    for (place, code) in theirs.iter().enumerate() {
        let unix = start + place as u64 * u64::from(shape.period.seconds());
        let ours = totp(seed, unix, shape.algorithm, shape.digits, shape.period);
        assert_eq!(ours.to_string(), *code, "{shape:?} at {unix}");
        list.refresh(unix, [Some((seed, shape))]);
        let row = list.rows()[0].as_ref().expect("a TOTP row");
        assert_eq!(row.code.to_string(), *code, "{shape:?} at {unix}");
        if let Some(next) = theirs.get(place + 1) {
            assert_eq!(row.next.to_string(), *next, "{shape:?} after {unix}");
        }
        let typed = code.parse().expect("digits");
        let accepted = verify_totp(seed, &typed, unix, shape, 0, None);
        assert_eq!(accepted, Some(shape.period.step(unix)), "{shape:?} at {unix}");
    }
}

#[test]
fn hotp_agrees_with_oathtool_over_a_grid() {
    let last = (1 << 63) - 1 - WINDOW;
    let mut compared = 0;
    for seed in seeds() {
        let secret = Secret::from_slice(&seed);
        for digits in 6..=8 {
            for start in [0, 1_000_000, u64::from(u32::MAX) - 50, last] {
                let theirs = oathtool(&seed, digits, &["-c", &start.to_string()]);
                for (counter, theirs) in (start..).zip(&theirs) {
                    let counter = Counter::try_from(counter).expect("below 2^63");
                    let digits = Digits::try_from(digits).expect("6 to 8");
                    assert_eq!(hotp(&secret, counter, Algorithm::Sha1, digits).to_string(), *theirs, "at {counter:?}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 7 * 3 * 4 * 100);
}
