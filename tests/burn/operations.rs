//! What is no burn, over links that fail: deleting, clocks, keys, screens, forgetting everything. It is done, or the person
//! knows what the token holds, and doing it again does it.

use countersign_core::burn::{Family, Found, Halt, Held, KeyProfile, Operated, Operation, PlanError, Stop, TokenError};
use countersign_emulator::{Fault, Token as _};
use countersign_protocol::Secret;

use super::stand::{Case, Contents, Run, cases, met};

/// One thing that is done to a token that holds a seed.
struct Deed {
    name: &'static str,
    operation: fn(&Case) -> Operation,
    /// Whether the family can.
    able: fn(&Case) -> bool,
}

const OATH: fn(&Case) -> bool = |case| matches!(case.family, Family::Oath(_));

const DEEDS: [Deed; 7] = [
    Deed {
        name: "clock",
        operation: |case| Operation::SyncClock(case.request.clone()),
        able: |case| case.name == "single, unrestricted" || case.family == Family::Molto2,
    },
    Deed {
        name: "delete",
        operation: |case| Operation::Delete(case.request.clone()),
        able: |case| case.family != Family::Single,
    },
    Deed {
        name: "another key",
        operation: |_| Operation::ChangeKey(Secret::from_slice(b"another key")),
        able: |case| case.family == Family::Molto2 || (OATH(case) && !case.name.starts_with("nitrokey")),
    },
    Deed {
        name: "no key",
        operation: |_| Operation::RemoveKey,
        able: |case| OATH(case) && !case.name.starts_with("nitrokey"),
    },
    Deed { name: "lock the screen", operation: |_| Operation::LockScreen, able: |case| case.family == Family::Molto2 },
    Deed {
        name: "unlock the screen",
        operation: |_| Operation::UnlockScreen,
        able: |case| case.family == Family::Molto2,
    },
    Deed {
        name: "forget everything",
        operation: |_| Operation::Reset,
        able: |case| OATH(case) || matches!(case.family, Family::Token2Otp | Family::Molto2),
    },
];

/// A token into which something was burned.
fn burnt(case: &Case) -> (Run<'_>, Contents) {
    let mut run = Run::new(case);
    assert_eq!(run.burn(), Ok(case.ending), "{}", case.name);
    run.wire.0.come_back();
    let contents = run.contents();
    (run, contents)
}

fn act(run: &mut Run<'_>, deed: &Deed, key: &KeyProfile) -> Result<Operated, Halt> {
    let mut found: Found<'_> = met(&mut run.wire, run.case.family, &run.earth)?;
    Ok(found.operate(&(deed.operation)(run.case), key, run.earth.tools())?)
}

/// Done once more by who brings the token back: by its new key where it has one by now, and with a finger on its button where
/// it asks for that.
fn act_again(run: &mut Run<'_>, deed: &Deed) -> Result<Operated, Halt> {
    let done = act(run, deed, &run.case.key).or_else(|halt| {
        let error = match &halt {
            Halt::Stopped(stop) => stop.error,
            Halt::Plan(PlanError::Token(error)) => *error,
            _ => return Err(halt),
        };
        let has_new = matches!(error, TokenError::AccessCode | TokenError::WrongKey { .. });
        if !has_new || deed.name != "another key" {
            return Err(halt);
        }
        act(run, deed, &KeyProfile::Own(Secret::from_slice(b"another key")))
    });
    run.wire.0.token_mut().press();
    done
}

const FAULTS: [Fault; 4] =
    [Fault::DropBefore, Fault::DropAfter, Fault::Truncate, Fault::Slow(std::time::Duration::from_secs(20))];

/// One deed with one fault, and once more without.
fn disturbed(case: &Case, deed: &Deed, number: usize, fault: Fault, after: &Contents) {
    let what = format!("{}, {}, command {number}, {fault:?}", case.name, deed.name);
    let (mut run, before) = burnt(case);
    run.wire.0.fault(run.wire.0.exchanges().len() + number, fault);
    let outcome = act(&mut run, deed, &case.key);
    let now = run.contents();
    let is = if now.seed.is_none() { Held::Nothing } else { Held::Before };
    assert!(now.seed.is_none() || now == before, "{what}: {now:?}");
    match outcome {
        Err(Halt::Stopped(Stop { holds, .. })) => assert!(holds.contains(&is) && holds.len() <= 2, "{what}: {holds:?}"),
        Err(Halt::Plan(PlanError::Token(_))) => assert_eq!(is, Held::Before, "{what}"),
        Ok(_) => {}
        other => panic!("{what}: {other:?}"),
    }
    run.wire.0.come_back();
    let again = act_again(&mut run, deed);
    assert!(again.is_ok(), "{what}: {again:?}");
    assert_eq!(run.contents(), *after, "{what}");
}

#[test]
fn whatever_is_done_to_a_token_is_done_in_the_end() {
    let (mut expected, mut done) = (0, 0);
    for case in cases() {
        for deed in DEEDS.iter().filter(|deed| (deed.able)(&case)) {
            let (mut run, _) = burnt(&case);
            let sent = run.wire.0.exchanges().len();
            assert!(act_again(&mut run, deed).is_ok(), "{}, {}", case.name, deed.name);
            let commands = run.wire.0.exchanges().len() - sent;
            let after = run.contents();
            expected += commands * FAULTS.len();
            for (number, fault) in (1..=commands).flat_map(|number| FAULTS.map(|fault| (number, fault))) {
                disturbed(&case, deed, number, fault, &after);
                done += 1;
            }
        }
    }
    println!("{done} faults, {expected} by the transcripts of what was not disturbed");
    assert!(done == expected && done > 500, "{done}");
}

#[test]
fn what_a_family_cannot_do_is_not_sent() {
    for case in cases() {
        for deed in DEEDS.iter().filter(|deed| !(deed.able)(&case)) {
            let (mut run, before) = burnt(&case);
            let sent = run.wire.0.exchanges().len();
            let meeting = if case.family == Family::Token2Otp { 3 } else { 1 };
            let refused = act(&mut run, deed, &case.key);
            let unable = Stop { error: TokenError::Unable, holds: vec![Held::Before] };
            assert_eq!(refused, Err(Halt::Stopped(unable)), "{}, {}", case.name, deed.name);
            assert_eq!(run.wire.0.exchanges().len() - sent, meeting, "{}, {}", case.name, deed.name);
            assert_eq!(run.contents(), before);
        }
    }
}
