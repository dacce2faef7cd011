//! P8: a burn is finished, or the person knows exactly what the token holds.

use std::time::Duration;

use countersign_core::burn::{Ending, Halt, Held, JournalStore as _, PlanError, Stop, TokenError, TokenName, holds};
use countersign_emulator::{Fault, Single};

use super::stand::{Any, Case, Contents, Run, cases, contents, met, single};

/// What an undisturbed burn finds, leaves, and how many commands it is.
fn undisturbed(case: &Case) -> (Contents, Contents, usize) {
    let mut run = Run::new(case);
    let before = run.contents();
    assert_eq!(run.burn(), Ok(case.ending), "{}", case.name);
    let after = run.contents();
    assert_ne!(before, after, "{}", case.name);
    (before, after, run.wire.0.exchanges().len())
}

/// What a burn that failed says of the token; nothing when it had not begun, or was written whole.
fn told(outcome: &Result<Ending, Halt>, what: &str) -> Option<Vec<Held>> {
    match outcome {
        Err(Halt::Stopped(Stop { holds, .. })) => Some(holds.clone()),
        Err(Halt::Plan(PlanError::Token(_))) => Some(vec![Held::Before]),
        Ok(Ending::Written(Some(_))) => Some(vec![Held::New]),
        Err(Halt::NotKept(_)) | Ok(_) => None,
        other => panic!("{what}: {other:?}"),
    }
}

/// One burn with one fault, then what a person does: brings the token back, and goes on.
fn disturbed(case: &Case, number: usize, fault: Fault, before: &Contents, after: &Contents) {
    let what = format!("{}, command {number}, {fault:?}", case.name);
    let mut run = Run::new(case);
    run.wire.0.fault(number, fault);
    let outcome = run.burn();
    let is = run.contents().held(before, after);
    if let Some(told) = told(&outcome, &what) {
        assert!(told.iter().any(|held| is.contains(held)), "{what}: told {told:?}, is {is:?}");
        assert!(told.len() <= 2, "{what}");
        run.wire.0.come_back();
        let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
        let record = run.journal.record(&TokenName::from(found.identity())).unwrap();
        if let Some(record) = record {
            // Who does not go on can still be told, and never less exactly.
            let now = holds(&mut found, &record, &told, &case.key, run.earth.tools()).unwrap();
            assert!(now.len() <= told.len() && !now.is_empty(), "{what}: {told:?}, then {now:?}");
            assert!(now.iter().any(|held| is.contains(held)), "{what}: {now:?}, is {is:?}");
        }
    }
    run.wire.0.come_back();
    assert_eq!(run.go_on(), Ok(case.ending), "{what}");
    assert_eq!(run.contents(), *after, "{what}");
}

/// Drops the link around every command of every burn; gives how many drops there were.
fn all(faults: &[Fault]) -> (usize, usize) {
    let (mut expected, mut done) = (0, 0);
    for case in cases() {
        let (before, after, commands) = undisturbed(&case);
        expected += commands * faults.len();
        for number in 1..=commands {
            for fault in faults {
                disturbed(&case, number, *fault, &before, &after);
                done += 1;
            }
        }
    }
    (expected, done)
}

#[test]
fn a_link_lost_before_or_after_any_command_of_any_family_is_made_good() {
    let (expected, done) = all(&[Fault::DropBefore, Fault::DropAfter]);
    println!("{done} drops, {expected} by the transcripts of undisturbed burns");
    assert_eq!(done, expected);
    assert!(done > 150);
}

#[test]
fn an_answer_that_is_cut_or_late_is_made_good() {
    let (expected, done) = all(&[Fault::Truncate, Fault::Slow(Duration::from_secs(20))]);
    assert_eq!(done, expected);
}

#[test]
fn another_token_that_comes_back_is_left_alone() {
    for case in cases() {
        let (_, _, commands) = undisturbed(&case);
        for number in 2..=commands {
            let mut run = Run::new(&case);
            run.wire.0.fault(number, Fault::DropAfter);
            let _ = run.burn();
            let Some(other) = other(&case, &run) else { continue };
            run.wire.0.swap_on_return(other);
            run.wire.0.come_back();
            let before = contents(run.wire.0.token_mut(), &case.request);
            let Some(record) = run.journal.records().first().cloned() else { continue };
            let sent = run.wire.0.exchanges().len();
            let Ok(mut found) = met(&mut run.wire, case.family, &run.earth) else { panic!("{}", case.name) };
            let refused =
                countersign_core::burn::resume(&mut found, &record, &case.key, run.earth.tools(), &mut run.journal);
            let Err(Halt::Stopped(Stop { error, .. })) = refused else { panic!("{}: {refused:?}", case.name) };
            assert_eq!(error, TokenError::OtherToken);
            assert_eq!(contents(run.wire.0.token_mut(), &case.request), before);
            // Only what asks who it is.
            assert!(run.wire.0.exchanges().len() - sent <= 3, "{}", case.name);
        }
    }
}

/// Another token of the same kind; none of a family that tells no number.
fn other(case: &Case, run: &Run<'_>) -> Option<Any> {
    use countersign_emulator::{Key, Molto};
    let still = run.earth.still.clone();
    Some(match case.name {
        "single, restricted" => single("86596220000002", &still),
        "single, unrestricted" => single("86596000000002", &still),
        name if name.starts_with("molto") => Any::Molto(Box::new(Molto::v2("00000000000043", still))),
        name if name.starts_with("nitrokey") => Any::Key(Box::new(Key::nitrokey(1, still))),
        name if name.starts_with("token2") => Any::Key(Box::new(Key::token2("86590000000002", still))),
        name if name.starts_with("yubikey") => Any::Key(Box::new(Key::yubikey([5, 7, 1], 8, still))),
        "ykneo-oath" => Any::Key(Box::new(Key::ykneo(still))),
        "apex" => Any::Key(Box::new(Key::apex(still))),
        _ => return None,
    })
}

#[test]
fn a_token_whose_clock_was_off_tells_whether_it_was_set() {
    let mut case = cases().into_iter().next().unwrap();
    case.token = |still| {
        let Any::Single(mut token) = single("86596220000001", still) else { panic!("it is one") };
        token.disturb_clock(-40, 0);
        Any::Single(token)
    };
    // Info, challenge, proof, settings: before them nothing is gone, after them the seed is.
    for (fault, held) in [(Fault::DropBefore, Held::Before), (Fault::DropAfter, Held::Nothing)] {
        let mut run = Run::new(&case);
        run.wire.0.fault(4, fault);
        let Err(Halt::Stopped(stop)) = run.burn() else { panic!("it stops") };
        assert_eq!(stop.holds, [Held::Before, Held::Nothing]);
        run.wire.0.come_back();
        let record = run.journal.records()[0].clone();
        let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
        let now = holds(&mut found, &record, &stop.holds, &case.key, run.earth.tools());
        assert_eq!(now, Ok(vec![held]));
    }
}

/// A saboteur: a host that writes the seed first leaves restricted tokens blank, and the tests above would see it.
#[test]
fn a_seed_before_the_settings_would_be_noticed() {
    let case = cases().into_iter().next().unwrap();
    let (before, after, _) = undisturbed(&case);
    let mut run = Run::new(&case);
    assert_eq!(run.burn(), Ok(case.ending));
    let frames: Vec<Vec<u8>> = run.wire.0.exchanges()[1..5].iter().map(|exchange| exchange.command.clone()).collect();
    let mut sabotaged = Run::new(&case);
    // The world is the same one, so that the challenge is, too.
    let [draw, proof, config, seed] = frames.try_into().unwrap();
    for frame in [draw, proof, seed, config] {
        assert!(sabotaged.wire.0.transmit(&frame).unwrap().ends_with(&[0x90, 0]));
    }
    assert_eq!(sabotaged.contents().held(&before, &after), [Held::Nothing]);
    let Any::Single(token) = sabotaged.wire.0.token() else { panic!("it is one") };
    assert!(Single::seed(token).is_none());
}
