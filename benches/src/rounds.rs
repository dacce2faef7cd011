//! Time of things that do the same work, round by round in turn, so that whatever else the machine does hits all of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rounds of each; odd, so that there is a middle one.
const ROUNDS: usize = 51;
/// Rounds that are not counted: caches and the clock of the core settle.
const WARM: usize = 3;

/// One thing that is timed: its name, and a call that does all the work of a round.
pub struct Subject<'a> {
    /// As the table has it.
    pub name: &'static str,
    /// Does `items` of it, and says how long that took.
    work: Box<dyn FnMut() -> Duration + 'a>,
}

/// What came out for one of them.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Figure {
    /// As the table has it.
    pub name: &'static str,
    /// Nanoseconds an item in the middle round.
    pub median: f64,
    /// And in the fastest.
    pub least: f64,
    /// `least` over that of the first, which is ours.
    pub ratio: f64,
}

/// Names a piece of work. What it returns is kept from the optimiser.
pub fn subject<'a, T: 'a>(name: &'static str, work: impl FnMut() -> T + 'a) -> Subject<'a> {
    prepared(name, || (), work_on(work))
}

fn work_on<T>(mut work: impl FnMut() -> T) -> impl FnMut(&mut ()) -> T {
    move |()| work()
}

/// The same, on what `prepare` made for this round, which is not timed, nor is its end.
pub fn prepared<'a, P: 'a, T: 'a>(
    name: &'static str,
    mut prepare: impl FnMut() -> P + 'a,
    mut work: impl FnMut(&mut P) -> T + 'a,
) -> Subject<'a> {
    let round = move || {
        let mut ready = prepare();
        let start = Instant::now();
        let made = black_box(work(&mut ready));
        let took = start.elapsed();
        drop(made);
        took
    };
    Subject { name, work: Box::new(round) }
}

/// A peer in a process of its own, which times itself.
pub fn timed<'a>(name: &'static str, work: impl FnMut() -> Duration + 'a) -> Subject<'a> {
    Subject { name, work: Box::new(work) }
}

/// Runs all of them in turn; a figure for each, in nanoseconds an item of the `items` that one call does.
pub fn run(items: usize, mut subjects: Vec<Subject<'_>>) -> Vec<Figure> {
    let mut times = vec![Vec::with_capacity(ROUNDS); subjects.len()];
    for round in 0..WARM + ROUNDS {
        for (subject, times) in subjects.iter_mut().zip(&mut times) {
            let took = (subject.work)().as_secs_f64() * 1e9 / items as f64;
            if round >= WARM {
                times.push(took);
            }
        }
    }
    let mut figures: Vec<Figure> = Vec::new();
    for (subject, mut times) in subjects.into_iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let (median, least) = (times[ROUNDS / 2], times[0]);
        let own = figures.first().map_or(least, |first| first.least);
        figures.push(Figure { name: subject.name, median, least, ratio: least / own });
    }
    figures
}
