//! Time of things that do the same work, round by round in turn, so that whatever else the machine does hits all of them.

use std::hint::black_box;
use std::time::Instant;

/// Rounds of each; odd, so that there is a middle one.
const ROUNDS: usize = 51;
/// Rounds that are not counted: caches and the clock of the core settle.
const WARM: usize = 3;

/// One thing that is timed: its name, and a call that does all the work of a round.
pub struct Subject<'a> {
    /// As the table has it.
    pub name: &'static str,
    /// Does `items` of it.
    pub work: Box<dyn FnMut() + 'a>,
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
pub fn subject<'a, T>(name: &'static str, mut work: impl FnMut() -> T + 'a) -> Subject<'a> {
    Subject { name, work: Box::new(move || { black_box(work()); }) }
}

/// Runs all of them in turn; a figure for each, in nanoseconds an item of the `items` that one call does.
pub fn run(items: usize, mut subjects: Vec<Subject<'_>>) -> Vec<Figure> {
    let mut times = vec![Vec::with_capacity(ROUNDS); subjects.len()];
    for round in 0..WARM + ROUNDS {
        for (subject, times) in subjects.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (subject.work)();
            let took = start.elapsed().as_secs_f64() * 1e9 / items as f64;
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
