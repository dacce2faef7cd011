//! What is no burn, with a link that fails: deleting, clocks, keys, screens, switching on, forgetting everything. It is done, or
//! the person knows what the token holds, and doing it again does it.

use std::collections::BTreeSet;

use countersign_core::burn::{Family, Found, Halt, Held, KeyProfile, Operated, Operation, PlanError, Stop, TokenError};
use countersign_emulator::{Fault, Screen, Token as _};
use countersign_protocol::Secret;

use super::refused::writes;
use super::stand::{Any, Case, Contents, NOW, Run, cases, met};

/// One thing that is done to a token that holds a seed.
struct Deed {
    name: &'static str,
    operation: fn(&Case) -> Operation,
    /// Whether the family can.
    able: fn(&Case) -> bool,
    /// Makes the token one to which it is not done yet.
    undo: fn(&mut Run<'_>),
    /// Whether it is done.
    is_done: fn(&mut Run<'_>) -> bool,
}

const OATH: fn(&Case) -> bool = |case| matches!(case.family, Family::Oath(_));

/// The key that it is given.
const OTHER: &[u8] = b"another key";

const DEEDS: [Deed; 8] = [
    Deed {
        name: "clock",
        operation: |case| Operation::SyncClock(case.request.clone()),
        able: |case| case.name == "single, unrestricted" || case.family == Family::Molto2,
        undo: |run| match run.wire.0.token_mut() {
            Any::Single(token) => token.disturb_clock(-90, 0),
            Any::Molto(token) => token.disturb_clock(-90),
            _ => {}
        },
        is_done: |run| shown(run).is_some_and(|code| code == *run.case.request.credential.code_at(NOW)),
    },
    Deed {
        name: "delete",
        operation: |case| Operation::Delete(case.request.clone()),
        able: |case| case.family != Family::Single,
        undo: |_| (),
        is_done: |run| run.contents().seed.is_none(),
    },
    Deed {
        name: "another key",
        operation: |_| Operation::ChangeKey(Secret::from_slice(OTHER)),
        able: |case| case.family == Family::Molto2 || (OATH(case) && !case.name.starts_with("nitrokey")),
        undo: |_| (),
        // Where none is set, any is taken.
        is_done: |run| takes(run, &KeyProfile::Own(Secret::from_slice(OTHER))) && !takes(run, &KeyProfile::Vendor),
    },
    Deed {
        name: "no key",
        operation: |_| Operation::RemoveKey,
        able: |case| OATH(case) && !case.name.starts_with("nitrokey"),
        undo: |_| (),
        is_done: |run| takes(run, &KeyProfile::Vendor),
    },
    Deed {
        name: "lock the screen",
        operation: |_| Operation::LockScreen,
        able: |case| case.family == Family::Molto2,
        undo: |_| (),
        is_done: |run| run.wire.0.token().screen() == Screen::Dark,
    },
    Deed {
        name: "unlock the screen",
        operation: |_| Operation::UnlockScreen,
        able: |case| case.family == Family::Molto2,
        undo: |run| assert_eq!(operated(run, &Operation::LockScreen, &run.case.key), Ok(Operated::Done)),
        is_done: |run| run.wire.0.token().screen() != Screen::Dark,
    },
    Deed {
        name: "forget everything",
        operation: |_| Operation::Reset,
        able: |case| OATH(case) || matches!(case.family, Family::Token2Otp | Family::Molto2),
        undo: |_| (),
        is_done: |run| run.contents().seed.is_none() && takes(run, &KeyProfile::Vendor),
    },
    Deed {
        name: "switch on",
        operation: |_| Operation::Enable,
        able: |case| case.family == Family::Token2Otp,
        undo: |run| {
            if let Some(otp) = run.wire.0.token_mut().token2_otp() {
                otp.disable();
            }
        },
        is_done: |run| run.wire.0.token_mut().token2_otp().is_some_and(|otp| otp.is_enabled()),
    },
];

/// What a display shows of the place that is burnt, switched off and on.
fn shown(run: &mut Run<'_>) -> Option<String> {
    let profile = run.case.request.profile.into();
    let token = run.wire.0.token_mut();
    if let Any::Molto(molto) = token {
        molto.turn_to(profile);
    }
    token.power_cycle();
    if let Screen::Code { code, .. } = token.screen() { Some(code) } else { None }
}

/// Whether a token does what it wants a key for, given this one. Of what it holds nothing is changed.
fn takes(run: &mut Run<'_>, key: &KeyProfile) -> bool {
    let mut request = run.case.request.clone();
    let operation = if run.case.family == Family::Molto2 {
        Operation::SyncClock(request)
    } else {
        request.credential.name = "nobody".into();
        Operation::Delete(request)
    };
    operated(run, &operation, key).is_ok()
}

/// A token into which something was burned.
fn burnt(case: &Case) -> (Run<'_>, Contents) {
    let mut run = Run::new(case);
    assert_eq!(run.burn(), Ok(case.ending), "{}", case.name);
    run.wire.0.come_back();
    let contents = run.contents();
    (run, contents)
}

/// The same, to which a deed is not done yet.
fn undone<'a>(case: &'a Case, deed: &Deed) -> (Run<'a>, Contents) {
    let (mut run, contents) = burnt(case);
    (deed.undo)(&mut run);
    assert!(!(deed.is_done)(&mut run) || deed.name == "no key", "{}, {}", case.name, deed.name);
    run.wire.0.come_back();
    (run, contents)
}

fn act(run: &mut Run<'_>, deed: &Deed, key: &KeyProfile) -> Result<Operated, Halt> {
    operated(run, &(deed.operation)(run.case), key)
}

fn operated(run: &mut Run<'_>, operation: &Operation, key: &KeyProfile) -> Result<Operated, Halt> {
    let mut found: Found<'_> = met(&mut run.wire, run.case.family, &run.earth)?;
    Ok(found.operate(operation, key, run.earth.tools())?)
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
        act(run, deed, &KeyProfile::Own(Secret::from_slice(OTHER)))
    });
    run.wire.0.token_mut().press();
    done
}

const FAULTS: [Fault; 4] =
    [Fault::DropBefore, Fault::DropAfter, Fault::Truncate, Fault::Slow(std::time::Duration::from_secs(20))];

/// One deed with one fault, and once more without.
fn disturbed(case: &Case, deed: &Deed, number: usize, fault: Fault, after: &Contents) {
    let what = format!("{}, {}, command {number}, {fault:?}", case.name, deed.name);
    let (mut run, before) = undone(case, deed);
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
    assert!((deed.is_done)(&mut run), "{what}");
}

#[test]
fn whatever_is_done_to_a_token_is_done_in_the_end() {
    let (mut expected, mut done) = (0, 0);
    for case in cases() {
        for deed in DEEDS.iter().filter(|deed| (deed.able)(&case)) {
            let (mut run, _) = undone(&case, deed);
            let sent = run.wire.0.exchanges().len();
            assert!(act_again(&mut run, deed).is_ok(), "{}, {}", case.name, deed.name);
            let commands = run.wire.0.exchanges().len() - sent;
            let after = run.contents();
            assert!((deed.is_done)(&mut run), "{}, {}", case.name, deed.name);
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

/// Each operation that there is stands in the list, and some family can.
#[test]
fn every_operation_is_taken() {
    let source = syn::parse_file(include_str!("../../core/src/burn/operation.rs")).unwrap();
    let operations = source.items.iter().find_map(|item| match item {
        syn::Item::Enum(them) if them.ident == "Operation" => Some(&them.variants),
        _ => None,
    });
    let known: BTreeSet<String> = operations.unwrap().iter().map(|variant| variant.ident.to_string()).collect();
    let all = cases();
    let by_one = DEEDS.iter().filter_map(|deed| all.iter().find(|case| (deed.able)(case)).map(|case| (deed, case)));
    let taken = by_one.map(|(deed, case)| format!("{:?}", (deed.operation)(case)));
    let taken: BTreeSet<String> = taken.map(|said| said.split('(').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(taken, known);
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
            let found = met(&mut run.wire, case.family, &run.earth).unwrap();
            assert!(!(deed.operation)(&case).is_for(found.identity()), "{}, {}: known before", case.name, deed.name);
        }
    }
}

#[test]
fn what_a_family_can_do_is_known_before_it_is_told() {
    for case in cases() {
        for deed in DEEDS.iter().filter(|deed| (deed.able)(&case)) {
            let mut run = Run::new(&case);
            let found = met(&mut run.wire, case.family, &run.earth).unwrap();
            assert!((deed.operation)(&case).is_for(found.identity()), "{}, {}", case.name, deed.name);
        }
    }
}

/// How full a token is, read without writing; a Molto-2 whose button was pressed shows that it forgot.
#[test]
fn a_token_tells_how_full_it_is_and_that_it_forgot() {
    for case in cases() {
        let (mut run, before) = burnt(&case);
        let sent = run.wire.0.exchanges().len();
        let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
        let room = found.room(&case.key, run.earth.tools()).unwrap();
        let all = match (case.family, case.name) {
            (Family::Single, _) => {
                assert_eq!(room, None);
                continue;
            }
            (Family::Molto2, _) => Some(100),
            (Family::Oath(_), name) if name.starts_with("yubikey") => Some(64),
            _ => None,
        };
        let room = room.unwrap();
        // A Molto-2 comes with a profile of its maker's.
        let profiles: &[(u8, &str)] = if case.family == Family::Molto2 { &[(0, "Token2"), (7, "ACME")] } else { &[] };
        let taken = profiles.len().max(1);
        assert_eq!((room.taken, room.all, room.free()), (taken, all, all.map(|all| all - taken)), "{}", case.name);
        let told: Vec<(u8, &str)> = room.profiles.iter().map(|(number, title)| (*number, &**title)).collect();
        assert_eq!((&*told, room.is_as_made()), (profiles, profiles.is_empty()), "{}", case.name);
        assert!(!run.wire.0.exchanges()[sent..].iter().any(writes) && run.contents() == before, "{}", case.name);
    }
    let molto = cases().into_iter().find(|case| case.name == "molto, free profile").unwrap();
    let (mut run, _) = burnt(&molto);
    let is_as_made = |run: &mut Run<'_>| {
        let mut found = met(&mut run.wire, molto.family, &run.earth).unwrap();
        found.room(&molto.key, run.earth.tools()).unwrap().unwrap().is_as_made()
    };
    let reset = DEEDS.iter().find(|deed| deed.name == "forget everything").unwrap();
    assert_eq!(act(&mut run, reset, &molto.key), Ok(Operated::AsksForButton));
    assert!(!is_as_made(&mut run), "nobody pressed its button");
    run.wire.0.token_mut().press();
    assert!(is_as_made(&mut run));
}

/// An access code closes the list too: nothing is told, and nothing is tried.
#[test]
fn a_closed_key_does_not_tell_how_full_it_is() {
    let case = cases().into_iter().find(|case| case.name == "yubikey, access code").unwrap();
    let mut run = Run::new(&case);
    let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
    assert_eq!(found.room(&KeyProfile::Vendor, run.earth.tools()), Err(TokenError::AccessCode));
    assert_eq!(run.wire.0.exchanges().len(), 1);
}
