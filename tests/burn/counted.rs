//! A counter is never set back below codes that its token showed: who saw them would use them again, and servers refuse them.

use countersign_core::burn::{
    Dialect, Ending, Family, Halt, JournalStore as _, LinkError, MemoryJournal, Misfit, Moving, PlanError, Progress,
    Refusal, TokenError, TokenName,
};
use countersign_protocol::otp::Counter;

use super::refused::writes;
use super::stand::{Case, Run, cases, met};

fn at(n: u64) -> Counter {
    Counter::try_from(n).unwrap()
}

fn counted() -> Vec<Case> {
    let all: Vec<Case> =
        cases().into_iter().filter(|case| matches!(case.request.credential.moving, Moving::Counter(_))).collect();
    assert!(all.len() > 2);
    all
}

/// A burn that was proven.
fn burnt(case: &Case) -> (Run<'_>, TokenName) {
    let mut run = Run::new(case);
    assert_eq!(run.burn(), Ok(case.ending), "{}", case.name);
    let token = run.journal.records()[0].token.clone();
    (run, token)
}

#[test]
fn what_was_judged_wrong_and_holds_its_seed_is_read_and_not_written() {
    for case in counted() {
        let (mut run, token) = burnt(&case);
        // Somebody used fifteen codes, and typed one that was not looked for.
        let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
        let plan = found.plan_record(&run.journal.records()[0], &case.key, run.earth.tools()).unwrap();
        for _ in 0..15 {
            let _ = found.verify(&plan, run.earth.tools());
        }
        drop(found);
        run.journal.finish(&token, Ending::Failed).unwrap();
        let sent = run.wire.0.exchanges().len();
        // One code shows it, and a second one that it was no chance.
        assert_eq!(run.go_on(), Ok(Ending::CountedByLink(at(18))), "{}", case.name);
        assert!(!run.wire.0.exchanges()[sent..].iter().any(writes), "{}", case.name);
        assert_eq!(run.journal.records()[0].left().moving, Moving::Counter(at(18)));
    }
}

/// Its link was lost before it was read back, and it was handed out all the same.
#[test]
fn what_nobody_read_back_is_read_when_it_is_there_again_and_not_written() {
    for case in counted() {
        for used in [0, 5] {
            let (mut run, token) = burnt(&case);
            let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
            let plan = found.plan_record(&run.journal.records()[0], &case.key, run.earth.tools()).unwrap();
            for _ in 0..used {
                let _ = found.verify(&plan, run.earth.tools());
            }
            drop(found);
            let mut record = run.journal.records()[0].clone();
            record.request = case.request.clone();
            record.progress = Progress::Begun(vec![]);
            run.journal = MemoryJournal::default();
            run.journal.begin(&record).unwrap();
            run.journal.finish(&token, Ending::Written(Some(TokenError::Link(LinkError::Lost)))).unwrap();
            let sent = run.wire.0.exchanges().len();
            // The first one was used by the burn, and this one proves it.
            assert_eq!(run.go_on(), Ok(Ending::CountedByLink(at(used + 2))), "{}", case.name);
            assert!(!run.wire.0.exchanges()[sent..].iter().any(writes), "{}", case.name);
        }
    }
}

#[test]
fn what_is_written_anew_begins_where_it_was_seen_last_or_not_at_all() {
    for case in counted() {
        let (mut run, token) = burnt(&case);
        // It was seen at nine, and holds something else by now: what it has is before that.
        run.journal.finish(&token, Ending::CountedByLink(at(9))).unwrap();
        run.journal.finish(&token, Ending::Failed).unwrap();
        let sent = run.wire.0.exchanges().len();
        let anew = run.go_on();
        let is_written = run.wire.0.exchanges()[sent..].iter().any(writes);
        if case.family == Family::Oath(Dialect::YubiKey) {
            assert_eq!((anew, is_written), (Ok(Ending::CountedByLink(at(10))), true), "{}", case.name);
        } else {
            // Its counters begin at zero, and at nothing else.
            let refused = Refusal::Misfits(vec![Misfit::CounterStart(9)]);
            assert_eq!((anew, is_written), (Err(Halt::Plan(PlanError::Refused(refused))), false), "{}", case.name);
        }
    }
}
