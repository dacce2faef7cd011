//! Another token of the same family lies on the reader when what was written is read back: it is noticed and left alone, it proves
//! nothing, and the burn stays open until the first one is back.

use countersign_core::burn::{
    Ending, Erases, Family, Halt, Held, JournalStore as _, NotAgreed, Record, Request, Stop, TokenError, TokenName,
};
use countersign_emulator::Fault;

use super::drops::{Host, Product, other};
use super::refused::writes;
use super::stand::{Any, Case, Contents, Run, cases, contents, met};

/// The number of the command that begins to read back: the one after the last write.
fn reads_back(case: &Case) -> (usize, Contents) {
    let mut run = Run::new(case);
    assert_eq!(run.burn(), Ok(case.ending), "{}", case.name);
    let last = run.wire.0.exchanges().iter().rposition(writes).unwrap();
    (last + 2, run.contents())
}

/// What the journal has of the one token that was to be written.
fn open_record(run: &Run<'_>) -> Record {
    let [record] = run.journal.records() else { panic!("{}: one burn", run.case.name) };
    record.clone()
}

/// The token that lies there is another: that is said, and it is sent nothing but the question what it is.
fn is_left_alone(run: &mut Run<'_>, record: &Record) {
    let what = run.case.name;
    let before = contents(run.wire.0.token_mut(), &run.case.request);
    let sent = run.wire.0.exchanges().len();
    assert_ne!(record.token, TokenName::from(met(&mut run.wire, run.case.family, &run.earth).unwrap().identity()));
    let refused = Product.resume(run, record);
    let untouched = Stop { error: TokenError::OtherToken, holds: vec![Held::Before] };
    assert_eq!(refused, Err(Halt::Stopped(untouched)), "{what}");
    assert!(!run.wire.0.exchanges()[sent..].iter().any(writes), "{what}");
    assert_eq!(contents(run.wire.0.token_mut(), &run.case.request), before, "{what}");
    assert_eq!(run.journal.record(&record.token).unwrap().map(|kept| kept.progress), Some(record.progress.clone()));
}

fn with_others() -> Vec<(Case, Any)> {
    let both = |case: Case| {
        let another = other(&case, &Run::new(&case));
        another.map(|another| (case, another))
    };
    let all: Vec<_> = cases().into_iter().filter_map(both).collect();
    assert!(all.len() > 12, "all families but one tell a number");
    all
}

#[test]
fn a_link_that_was_lost_before_it_was_read_back_is_another_tokens_when_it_is_there_again() {
    for (case, another) in with_others() {
        let (number, after) = reads_back(&case);
        let mut run = Run::new(&case);
        run.wire.0.fault(number, Fault::DropBefore);
        let lost = TokenError::Link(countersign_core::burn::LinkError::Lost);
        assert_eq!(run.burn(), Ok(Ending::Written(Some(lost))), "{}", case.name);
        let record = open_record(&run);
        let first = run.wire.0.lay(another);
        run.wire.0.come_back();
        is_left_alone(&mut run, &record);
        run.wire.0.lay(first);
        assert_eq!(run.go_on(), Ok(case.ending), "{}", case.name);
        assert_eq!(run.contents(), after, "{}", case.name);
    }
}

/// Whether its family is asked for its number once more when it is read back.
fn tells_number(case: &Case) -> bool {
    matches!(case.family, Family::Single | Family::Molto2)
}

/// No reader should let that pass unsaid. One that does finds the program awake.
#[test]
fn a_swap_that_no_reader_tells_proves_nothing() {
    for (case, another) in with_others() {
        let (number, after) = reads_back(&case);
        let mut run = Run::new(&case);
        run.wire.0.swap_on_return(another);
        run.wire.0.fault(number, Fault::Swap);
        let outcome = run.burn();
        // A token that tells its number is told by it; of the others, the applet was not chosen, or does not have the entry.
        let is_noticed = match &outcome {
            Err(Halt::NotKept(error)) => tells_number(&case) == (*error == TokenError::OtherToken),
            Ok(Ending::Written(why)) => why.is_some(),
            _ => false,
        };
        assert!(is_noticed, "{}: {outcome:?}", case.name);
        assert!(!run.wire.0.exchanges()[number - 1..].iter().any(writes), "{}", case.name);
        let record = open_record(&run);
        is_left_alone(&mut run, &record);
        run.wire.0.come_back();
        assert_eq!(run.go_on(), Ok(case.ending), "{}", case.name);
        assert_eq!(run.contents(), after, "{}", case.name);
    }
}

/// Two tokens that were burned alike in all but the seed: the same title, the same settings.
#[test]
fn a_molto_2_that_is_alike_in_all_but_its_number_is_another() {
    let case = cases().into_iter().find(|case| case.name == "molto, free profile").unwrap();
    let (number, _) = reads_back(&case);
    let mut twin = Run::new(&case);
    twin.wire.0.lay(other(&case, &twin).unwrap());
    assert_eq!(twin.burn(), Ok(case.ending));
    let mut run = Run::new(&case);
    run.wire.0.swap_on_return(twin.wire.0.into_token());
    run.wire.0.fault(number, Fault::Swap);
    assert_eq!(run.burn(), Err(Halt::NotKept(TokenError::OtherToken)));
    let record = open_record(&run);
    is_left_alone(&mut run, &record);
}

/// What was agreed to while the token lay there is done to that token, as long as its place holds what was agreed to go.
#[test]
fn what_was_agreed_to_holds_for_the_same_token_and_for_what_was_in_its_place() {
    for (case, another) in with_others() {
        let what = case.name;
        let request = Request { replace: true, ..case.request.clone() };
        let mut run = Run::new(&case);
        let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
        let plan = found.plan(request, &case.key, run.earth.tools()).unwrap();
        drop(found);
        let agreed = |run: &mut Run<'_>| {
            let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
            found.plan_agreed(&plan, &case.key, run.earth.tools()).map(|now| now.erases().clone())
        };
        assert_eq!(agreed(&mut run), Ok(plan.erases().clone()), "{what}");
        let first = run.wire.0.lay(another);
        assert_eq!(agreed(&mut run), Err(NotAgreed::Other), "{what}");
        run.wire.0.lay(first);
        assert_eq!(run.burn(), Ok(case.ending), "{what}");
        // What was free is taken by now; what was taken, or is never told, is as it was.
        let is_told = plan.erases() == &Erases::Nothing;
        let by_now = agreed(&mut run);
        assert_eq!(matches!(by_now, Err(NotAgreed::Changed(_))), is_told, "{what}: {by_now:?}");
    }
}
