//! P8: a burn is finished, or the person knows exactly what the token holds.
//!
//! What is held against the product is held against [`Host`]s of any make, and gives complaints: `saboteurs` has hosts that
//! deserve some. `cargo xtask torture P8` lets a second fault follow on each first one, on readers with contacts too.

use std::time::Duration;

use countersign_core::burn::{
    Ending, Halt, Held, JournalStore as _, PlanError, Record, Stop, TokenError, TokenName, holds, resume,
};
use countersign_emulator::{Fault, Key, Link, Molto};

use super::stand::{Any, Case, Contents, RFC_SEED, Run, Wire, cases, contents, further, met, single};
use crate::vault::{effort, part};

/// Who burns.
pub trait Host {
    /// A burn from the start.
    fn burn(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        run.burn()
    }

    /// Whatever there is to do when the token is on the reader again.
    fn go_on(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        run.go_on()
    }

    /// Takes up this very burn with the token that is on the reader.
    fn resume(&self, run: &mut Run<'_>, record: &Record) -> Result<Ending, Halt> {
        let mut found = met(&mut run.wire, run.case.family, &run.earth)?;
        resume(&mut found, record, &run.case.key, run.earth.tools(), &mut run.journal)
    }
}

/// The product.
pub struct Product;

impl Host for Product {}

/// A complaint, unless it holds.
macro_rules! hold {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err(format!($($why)+));
        }
    };
}

/// An undisturbed burn: what it finds, what it leaves, and how many commands it is.
pub struct Undisturbed {
    before: Contents,
    after: Contents,
    pub commands: usize,
}

pub fn undisturbed(host: &dyn Host, case: &Case) -> Result<Undisturbed, String> {
    let mut run = Run::new(case);
    let before = run.contents();
    let outcome = host.burn(&mut run);
    hold!(outcome == Ok(case.ending), "{}: ends as {outcome:?}", case.name);
    let after = run.contents();
    hold!(before != after, "{}: nothing was written", case.name);
    hold!(after.seed.as_deref() == Some(RFC_SEED), "{}: it does not hold the seed", case.name);
    Ok(Undisturbed { before, after, commands: run.wire.0.exchanges().len() })
}

/// What a burn that failed says of the token; nothing when it was written whole, or holds something else. Who could not even ask
/// what there is knows what they were told `before`.
fn told(outcome: &Result<Ending, Halt>, before: Option<Vec<Held>>, what: &str) -> Result<Option<Vec<Held>>, String> {
    Ok(match outcome {
        Err(Halt::Stopped(Stop { holds, .. })) => Some(holds.clone()),
        Err(Halt::Plan(PlanError::Token(_))) => before,
        Ok(Ending::Written(Some(_))) => Some(vec![Held::New]),
        Err(Halt::NotKept(_)) | Ok(_) => None,
        other => return Err(format!("{what}: {other:?}")),
    })
}

/// One burn with one fault, then what a person does: brings the token back, and goes on. With a second fault on the way they do
/// so once more. Whether the first fault came about, and the second.
fn disturbed(
    host: &dyn Host,
    (case, is): (&Case, &Undisturbed),
    (number, fault): (usize, Fault),
    second: Option<(usize, Fault)>,
    contacts: bool,
) -> Result<(bool, bool), String> {
    let what = format!("{}, command {number}, {fault:?}, then {second:?}", case.name);
    let mut run = Run::new(case);
    if contacts {
        run.wire = Wire(Link::new(run.wire.0.into_token()).with_contacts());
    }
    run.wire.0.fault(number, fault);
    let outcome = host.burn(&mut run);
    let came = run.wire.0.exchanges().len() >= number;
    let told = exact(&mut run, is, &outcome, Some(vec![Held::Before]), &what)?;
    run.wire.0.come_back();
    let mut came_again = false;
    if let Some((after, fault)) = second {
        let number = run.wire.0.exchanges().len() + after;
        run.wire.0.fault(number, fault);
        let outcome = host.go_on(&mut run);
        came_again = run.wire.0.exchanges().len() >= number;
        exact(&mut run, is, &outcome, told, &what)?;
        // Whoever did not come so far is not disturbed later.
        run.wire.0.fault(number, Fault::Slow(Duration::ZERO));
        run.wire.0.come_back();
    }
    let ended = host.go_on(&mut run);
    let codes = further(&ended, case.ending);
    let faults = 1 + u64::from(second.is_some());
    hold!(codes.is_some_and(|codes| codes <= faults), "{what}: ends as {ended:?}");
    let now = run.contents();
    hold!(now == is.after.after_codes(codes.unwrap_or_default()), "{what}: holds {now:?}");
    Ok((came, came_again))
}

/// What was said of the token is true, of two at most, and of three when a second try began not knowing; and who asks is told no
/// less when it is back. Returns what the person knows now.
fn exact(
    run: &mut Run<'_>,
    undisturbed: &Undisturbed,
    outcome: &Result<Ending, Halt>,
    before: Option<Vec<Held>>,
    what: &str,
) -> Result<Option<Vec<Held>>, String> {
    let is = run.contents().held(&undisturbed.before, &undisturbed.after);
    let most = if before.as_deref() == Some(&[Held::Before]) { 2 } else { 3 };
    let Some(told) = told(outcome, before, what)? else { return Ok(None) };
    hold!(told.len() <= most && told.iter().any(|held| is.contains(held)), "{what}: told {told:?}, is {is:?}");
    run.wire.0.come_back();
    let mut found = met(&mut run.wire, run.case.family, &run.earth).unwrap();
    let record = run.journal.record(&TokenName::from(found.identity())).unwrap();
    let Some(record) = record else { return Ok(Some(told)) };
    // Who does not go on can still be told, and never less exactly.
    let now = holds(&mut found, &record, &told, &run.case.key, run.earth.tools());
    let now = now.map_err(|error| format!("{what}: {error:?}"))?;
    hold!(now.len() <= told.len() && !now.is_empty(), "{what}: {told:?}, then {now:?}");
    hold!(now.iter().any(|held| is.contains(held)), "{what}: {now:?}, is {is:?}");
    Ok(Some(told))
}

/// What there was, and what there is to complain of.
#[derive(Default)]
pub struct Tally {
    /// As many as the transcripts of undisturbed burns say.
    expected: usize,
    done: usize,
    pub complaints: Vec<String>,
}

/// Lets each fault happen to every command of every burn.
pub fn all(host: &dyn Host, faults: &[Fault]) -> Tally {
    let mut tally = Tally::default();
    for case in cases() {
        match undisturbed(host, &case) {
            Ok(is) => one_after_another(host, &case, &is, faults, &mut tally),
            Err(complaint) => tally.complaints.push(complaint),
        }
    }
    tally
}

fn one_after_another(host: &dyn Host, case: &Case, is: &Undisturbed, faults: &[Fault], tally: &mut Tally) {
    tally.expected += is.commands * faults.len();
    for number in 1..=is.commands {
        for fault in faults {
            match disturbed(host, (case, is), (number, *fault), None, false) {
                Ok((came, _)) => tally.done += usize::from(came),
                Err(complaint) => tally.complaints.push(complaint),
            }
        }
    }
}

/// Another token that comes back is left alone, whenever the first one went.
pub fn strangers(host: &dyn Host) -> Vec<String> {
    cases().iter().flat_map(|case| stranger(host, case).err()).collect()
}

fn stranger(host: &dyn Host, case: &Case) -> Result<(), String> {
    for number in 2..=undisturbed(host, case)?.commands {
        let mut run = Run::new(case);
        run.wire.0.fault(number, Fault::DropAfter);
        let _ = host.burn(&mut run);
        let (Some(other), Some(record)) = (other(case, &run), run.journal.records().first().cloned()) else { continue };
        run.wire.0.swap_on_return(other);
        run.wire.0.come_back();
        let before = contents(run.wire.0.token_mut(), &case.request);
        let sent = run.wire.0.exchanges().len();
        let refused = host.resume(&mut run, &record);
        let is_other = matches!(&refused, Err(Halt::Stopped(Stop { error: TokenError::OtherToken, .. })));
        hold!(is_other, "{}, command {number}: {refused:?}", case.name);
        hold!(contents(run.wire.0.token_mut(), &case.request) == before, "{}: another was written", case.name);
        // Only what asks who it is.
        hold!(run.wire.0.exchanges().len() - sent <= 3, "{}", case.name);
    }
    Ok(())
}

/// Another token of the same kind; none of a family that tells no number.
pub fn other(case: &Case, run: &Run<'_>) -> Option<Any> {
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
fn a_link_lost_before_or_after_any_command_of_any_family_is_made_good() {
    let tally = all(&Product, &[Fault::DropBefore, Fault::DropAfter]);
    println!("{} drops, {} by the transcripts of undisturbed burns", tally.done, tally.expected);
    assert_eq!(tally.complaints, [""; 0]);
    assert_eq!(tally.done, tally.expected);
    assert!(tally.done > 150);
}

#[test]
fn an_answer_that_is_cut_or_late_is_made_good() {
    let tally = all(&Product, &[Fault::Truncate, Fault::Slow(Duration::from_secs(20))]);
    assert_eq!((tally.done, tally.complaints), (tally.expected, vec![]));
}

const EVERY: [Fault; 5] = [
    Fault::DropBefore,
    Fault::DropAfter,
    Fault::Truncate,
    Fault::Slow(Duration::from_secs(2)),
    Fault::Slow(Duration::from_secs(20)),
];

/// A link that is lost once more, while the burn is taken up: in the long form every fault after every fault, on readers with
/// contacts too.
#[test]
fn a_second_fault_is_made_good_as_well() {
    let kinds = effort(1, EVERY.len());
    let (first, second) = (&[&[Fault::DropAfter], &EVERY[..]][usize::from(kinds > 1)], &EVERY[..kinds]);
    let (mut came, mut complaints) = (0, Vec::new());
    for contacts in [false, true].into_iter().take(effort(1, 2)) {
        let all = cases();
        for case in &all[part(all.len())] {
            let Ok(is) = undisturbed(&Product, case) else { panic!("{}", case.name) };
            for number in 1..=is.commands {
                for (fault, again) in first.iter().flat_map(|first| second.iter().map(move |again| (*first, *again))) {
                    for after in 1..=is.commands + 2 {
                        match disturbed(&Product, (case, &is), (number, fault), Some((after, again)), contacts) {
                            Ok((_, again)) => came += usize::from(again),
                            Err(complaint) => complaints.push(complaint),
                        }
                    }
                }
            }
        }
    }
    println!("{came} second faults, {} complaints", complaints.len());
    assert!(complaints.is_empty() && came > 400, "{came}; {complaints:#?}");
}

#[test]
fn another_token_that_comes_back_is_left_alone() {
    assert_eq!(strangers(&Product), [""; 0]);
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
