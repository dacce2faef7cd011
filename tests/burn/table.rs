//! What a family can hold, value by value, through to the token: what fits is burned and shown or answered again, of what does
//! not fit no byte of a write is sent. The figures are those of the table in `docs/tokens.md`, written down once more here.

use countersign_core::burn::{
    Dialect, Ending, Family, Halt, Misfit, Moving, PlanError, Refusal, Request, Seed, TokenDigits,
};
use countersign_emulator::{Key, Screen, Still, Token as _, World as _};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Period};

use super::refused::writes;
use super::stand::{Any, Case, Run, cases, request};

/// One value in one cell.
struct Value {
    column: &'static str,
    named: String,
    request: Request,
    fits: bool,
}

/// The columns of one family.
struct Row {
    /// The case of `stand` that is burned.
    case: &'static str,
    /// Whether another token than the case's is burned.
    token: Option<fn(&Still) -> Any>,
    counters: &'static [u64],
    algorithms: &'static [Algorithm],
    digits: &'static [u64],
    periods: &'static [u64],
    seeds: &'static [usize],
    /// Issuer and name that just fit, and that just do not.
    labels: &'static [(&'static str, usize, bool)],
}

const TWO: &[Algorithm] = &[Algorithm::Sha1, Algorithm::Sha256];
const ANY_PERIOD: &[u64] = &[1, 30, 45, 60, 65_535, 65_536];
const ANY_SEED: &[usize] = &[1, 9, 10, 63, 64, 65, 128];

const ROWS: [Row; 6] = [
    Row {
        case: "single, restricted",
        token: None,
        counters: &[],
        algorithms: TWO,
        digits: &[6],
        periods: &[30, 60],
        seeds: &[10, 63],
        labels: &[("ACME", 200, true), ("Grüße", 1, true)],
    },
    Row {
        case: "molto, free profile",
        token: None,
        counters: &[],
        algorithms: TWO,
        digits: &[4, 6, 8, 10],
        periods: &[30, 60],
        seeds: &[1, 9, 10, 63],
        labels: &[
            ("twelve bytes", 9, true),
            ("thirteen byte", 9, false),
            ("Grüße, Wel", 9, true),
            ("Grüße, Welt", 9, false),
        ],
    },
    Row {
        case: "yubikey",
        token: Some(|still| Any::Key(Box::new(Key::yubikey([4, 3, 0], 7, still.clone())))),
        counters: &[0, 1],
        algorithms: TWO,
        digits: &[6, 7, 8],
        periods: ANY_PERIOD,
        seeds: ANY_SEED,
        labels: &[("ACME", 59, true), ("ACME", 60, false), ("Grüße", 56, true), ("Grüße", 57, false)],
    },
    Row {
        case: "yubikey",
        token: Some(|still| Any::Key(Box::new(Key::yubikey([4, 3, 1], 7, still.clone())))),
        counters: &[0, 1],
        algorithms: &Algorithm::RFC_6238,
        digits: &[6, 7, 8],
        periods: ANY_PERIOD,
        seeds: ANY_SEED,
        labels: &[("ACME", 59, true), ("ACME", 60, false)],
    },
    Row {
        case: "token2",
        token: None,
        counters: &[0],
        algorithms: TWO,
        digits: &[4, 5, 6, 7, 8, 9, 10],
        periods: &[1, 30, 45, 60, 65_535],
        seeds: &[1, 9, 10, 63, 64],
        labels: &[("ACME", 64, true), ("ACME", 65, false), ("Grüße", 1, false)],
    },
    Row {
        case: "feitian",
        token: None,
        counters: &[0],
        algorithms: TWO,
        digits: &[6, 8],
        periods: &[30, 60],
        seeds: &[1, 9, 10, 63, 64],
        // With «30:» in front and «_#_» between.
        labels: &[("ACME", 54, true), ("ACME", 55, false)],
    },
];

const COUNTERS: [u64; 3] = [0, 1, 1 << 32];
const DIGITS: [u64; 7] = [4, 5, 6, 7, 8, 9, 10];

impl Row {
    fn case(&self) -> Case {
        let mut case = cases().into_iter().find(|case| case.name == self.case).unwrap();
        case.token = self.token.unwrap_or(case.token);
        case
    }

    /// Every value that is tried of every column.
    fn values(&self) -> Vec<Value> {
        let mut values = Vec::new();
        let mut put = |column, named: String, fits, change: &dyn Fn(&mut Request)| {
            let mut request = request();
            change(&mut request);
            values.push(Value { column, named, request, fits });
        };
        put("type", "totp".into(), true, &|_| ());
        for at in COUNTERS {
            put("type", format!("hotp from {at}"), self.counters.contains(&at), &|request| {
                request.credential.moving = Moving::Counter(Counter::try_from(at).unwrap());
            });
        }
        for algorithm in Algorithm::ALL {
            put("algorithm", format!("{algorithm:?}"), self.algorithms.contains(&algorithm), &|request| {
                request.credential.algorithm = algorithm;
            });
        }
        for digits in DIGITS {
            put("digits", digits.to_string(), self.digits.contains(&digits), &|request| {
                request.credential.digits = TokenDigits::try_from(digits).unwrap();
            });
        }
        for seconds in ANY_PERIOD {
            put("period", seconds.to_string(), self.periods.contains(seconds), &|request| {
                request.credential.moving = Moving::Time(Period::try_from(*seconds).unwrap());
            });
        }
        for length in ANY_SEED {
            put("secret", length.to_string(), self.seeds.contains(length), &|request| {
                request.credential.seed = Seed::try_from(Secret::new(vec![7; *length])).unwrap();
            });
        }
        for (issuer, length, fits) in self.labels {
            put("label", format!("{issuer} and {length}"), *fits, &|request| {
                request.credential.issuer = (*issuer).to_owned();
                request.credential.name = "n".repeat(*length);
            });
        }
        values
    }
}

/// Burned, and its code is the seed's: the link says so, or the display.
fn is_held(case: &Case) {
    let mut run = Run::new(case);
    let ending = match (case.ending, case.request.credential.moving) {
        // The code that proved it was used.
        (Ending::ProvenByLink, Moving::Counter(counter)) => Ending::CountedByLink(counter.next().unwrap()),
        (ending, _) => ending,
    };
    assert_eq!(run.burn(), Ok(ending), "{}", case.name);
    if ending.is_proven() {
        return;
    }
    run.wire.0.token_mut().power_cycle();
    if let Any::Molto(token) = run.wire.0.token_mut() {
        token.turn_to(case.request.profile.into());
    }
    let Screen::Code { title, code } = run.wire.0.token().screen() else { panic!("{}: no code", case.name) };
    assert_eq!(code, *case.request.credential.code_at(run.earth.still.now()));
    assert_eq!(title, (case.family == Family::Molto2).then(|| case.request.credential.issuer.clone()));
}

/// Refused for one reason, with nothing sent but what asks who it is.
fn is_refused(case: &Case) -> Misfit {
    let mut run = Run::new(case);
    let before = run.contents();
    let refused = run.burn();
    let Err(Halt::Plan(PlanError::Refused(Refusal::Misfits(misfits)))) = refused else { panic!("{refused:?}") };
    let asked = if case.family == Family::Token2Otp { 3 } else { 1 };
    assert_eq!(run.wire.0.exchanges().len(), asked);
    assert!(!run.wire.0.exchanges().iter().any(writes) && run.contents() == before && misfits.len() == 1);
    misfits[0]
}

#[test]
fn every_cell_of_the_table_holds() {
    let mut cells = std::collections::BTreeSet::new();
    let (mut held, mut refused) = (0, 0);
    for row in &ROWS {
        for value in row.values() {
            let mut case = row.case();
            case.request = Request { profile: case.request.profile, ..value.request };
            let what = format!("{}, {}: {}", case.name, value.column, value.named);
            cells.insert((row.case, value.column));
            if value.fits {
                is_held(&case);
                held += 1;
            } else {
                let misfit = is_refused(&case);
                let is_of_column = match value.column {
                    "type" => matches!(misfit, Misfit::Counter | Misfit::CounterStart(_)),
                    "algorithm" => matches!(misfit, Misfit::Algorithm(_)),
                    "digits" => matches!(misfit, Misfit::Digits(_)),
                    "period" => matches!(misfit, Misfit::Period(_)),
                    "secret" => matches!(misfit, Misfit::Seed(_)),
                    _ => matches!(misfit, Misfit::Name(_) | Misfit::Characters),
                };
                assert!(is_of_column, "{what}: {misfit:?}");
                refused += 1;
            }
        }
    }
    println!("{} cells, {held} values held, {refused} refused", cells.len());
    assert_eq!(cells.len(), 5 * 6, "five families, six columns");
    assert!(held > 90 && refused > 60, "{held} and {refused}");
}

/// What is told of a YubiKey's firmware decides about SHA-512; of its relatives, nothing does.
#[test]
fn relatives_of_a_yubikey_hold_no_long_hash() {
    for name in ["ykneo-oath", "apex", "nitrokey"] {
        let mut case = cases().into_iter().find(|case| case.name == name).unwrap();
        assert!(matches!(case.family, Family::Oath(Dialect::YubiKey)), "it is asked for as one");
        case.request.credential.algorithm = Algorithm::Sha512;
        assert_eq!(is_refused(&case), Misfit::Algorithm(Algorithm::Sha512));
    }
}
