//! What a person proves by looking: digits off the display of an emulated token, at every clock that it may have.

use countersign_core::burn::{
    Comparison, Ending, JournalStore as _, Judgement, Moving, Progress, Request, TokenDigits, conclude, judge,
};
use countersign_emulator::{Screen, Single, Token as _, World as _};
use countersign_protocol::otp::{Algorithm, Period};

use super::stand::{Any, Case, Run, cases, request};

fn single() -> Case {
    cases().into_iter().next().unwrap()
}

/// What the token's display shows at this moment.
fn shown(run: &Run<'_>) -> String {
    match run.wire.0.token().screen() {
        Screen::Code { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

/// What comes of the digits that a person reads.
fn looked_at(run: &mut Run<'_>) -> (Judgement, Ending) {
    let typed = shown(run).parse().unwrap();
    let judgement = judge(&run.case.request.credential, &typed, run.earth.still.now());
    let token = run.journal.records()[0].token.clone();
    (judgement, conclude(&mut run.journal, &token, Some(judgement)).unwrap())
}

#[test]
fn the_display_shows_the_old_code_until_the_token_was_off_and_on() {
    let case = single();
    let mut run = Run::new(&case);
    assert_eq!(run.burn(), Ok(Ending::Written(None)));
    let (judgement, ending) = looked_at(&mut run);
    assert!(judgement == Judgement::WrongSeed && !ending.is_proven(), "{ending:?}");
    run.wire.0.token_mut().power_cycle();
    assert_eq!(looked_at(&mut run), (Judgement::Match, Ending::ProvenByPerson));
    let token = run.journal.records()[0].token.clone();
    let kept = run.journal.record(&token).unwrap().unwrap();
    assert_eq!(kept.progress, Progress::Ended(Ending::ProvenByPerson));
}

/// The three codes that are shown beside the display hold its own, at any second of a period and at its edges.
#[test]
fn the_codes_to_compare_hold_the_one_on_the_display() {
    let case = single();
    let mut run = Run::new(&case);
    run.burn().unwrap();
    run.wire.0.token_mut().power_cycle();
    for _ in 0..31 {
        let now = run.earth.still.now();
        let codes = Comparison::at(&case.request.credential, now).unwrap();
        assert_eq!(shown(&run), **codes.now, "at {now}");
        assert!((1..=30).contains(&codes.next_in));
        run.earth.still.pass(codes.next_in);
        assert_eq!(shown(&run), **codes.next, "when the next one begins");
        run.earth.still.pass(31 - codes.next_in);
    }
}

/// Window, drift and another seed, told apart by what tokens show whose clocks are off.
#[test]
fn a_clock_that_is_off_is_told_from_another_seed() {
    for seconds in [30, 60] {
        for steps in -13_i64..=13 {
            let mut case = single();
            case.request.credential.moving = Moving::Time(Period::try_from(seconds).unwrap());
            case.request.credential.algorithm = Algorithm::Sha256;
            let mut run = Run::new(&case);
            run.burn().unwrap();
            let Any::Single(token) = run.wire.0.token_mut() else { panic!("it is one") };
            token.disturb_clock(steps * i64::try_from(seconds).unwrap(), 0);
            token.power_cycle();
            let off = steps * i64::try_from(seconds).unwrap();
            let expected = match steps {
                -1..=1 => Judgement::Match,
                -10..=10 => Judgement::ClockOff(off),
                _ => Judgement::WrongSeed,
            };
            let (judgement, ending) = looked_at(&mut run);
            assert_eq!(judgement, expected, "{steps} steps of {seconds} s");
            assert_eq!(ending.is_proven(), expected == Judgement::Match, "only a match may be handed out");
        }
    }
}

#[test]
fn another_seed_or_another_hash_on_the_display_is_no_match_and_a_skipped_look_is_no_proof() {
    let case = single();
    let mut run = Run::new(&case);
    run.burn().unwrap();
    let token = run.journal.records()[0].token.clone();
    assert_eq!(conclude(&mut run.journal, &token, None), Ok(Ending::Written(None)), "written, not proven");
    let other = Single::new("86596220000001", run.earth.still.clone()).holding(b"another seed of a token");
    run.wire.0.swap_on_return(Any::Single(other));
    run.wire.0.come_back();
    let (judgement, ending) = looked_at(&mut run);
    assert!(judgement == Judgement::WrongSeed && !ending.is_proven());
}

/// A Molto-2 shows the profile that was burned, under its title, in as many digits as were asked for.
#[test]
fn a_profile_shows_title_and_code() {
    for digits in [4, 6, 8, 10] {
        let mut case = cases().into_iter().find(|case| case.name == "molto, free profile").unwrap();
        case.request = Request { title: Some("Grüße".into()), profile: 42, ..request() };
        case.request.credential.digits = TokenDigits::try_from(digits).unwrap();
        let mut run = Run::new(&case);
        run.burn().unwrap();
        let Any::Molto(token) = run.wire.0.token_mut() else { panic!("it is one") };
        token.turn_to(42);
        let now = run.earth.still.now();
        let code = case.request.credential.code_at(now).to_string();
        assert_eq!(code.len() as u64, digits);
        assert_eq!(run.wire.0.token().screen(), Screen::Code { title: Some("Grüße".into()), code });
        assert_eq!(looked_at(&mut run), (Judgement::Match, Ending::ProvenByPerson));
    }
}
