use loom::sync::atomic::Ordering::Relaxed;
use loom::sync::atomic::{AtomicBool, AtomicUsize};

use super::code::Occupied;
use crate::loomed::Arc;

/// One at a time has it, and whoever has it next sees all that the one before did.
pub fn one_has_it_at_a_time() {
    let busy = Arc::new(AtomicBool::new(false));
    let (inside, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let work = move || {
        let Some(held) = Occupied::take(&busy) else { return 0 };
        assert_eq!(inside.fetch_add(1, Relaxed), 0, "two have it");
        done.store(done.load(Relaxed) + 1, Relaxed);
        inside.fetch_sub(1, Relaxed);
        let all = done.load(Relaxed);
        drop(held);
        all
    };
    let others = [(); 2].map(|()| loom::thread::spawn(work.clone()));
    let mut all: Vec<usize> = others.into_iter().map(|it| it.join().unwrap()).collect();
    all.push(work());
    all.retain(|n| *n > 0);
    all.sort_unstable();
    let turns: Vec<usize> = (1..=all.len()).collect();
    assert_eq!(all, turns, "somebody did not see what the one before did");
}

pub const MODELS: &[(&str, fn())] = &[("one has it at a time", one_has_it_at_a_time)];
