//! How parsers meet generated input: no panic, what is taken comes back the same, and at least a third of the input is
//! taken, so that the test looks at more than refusals. Each package's own tests say what its parsers read.

pub mod table;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const CASES: u32 = 400;

/// Runs a parser over generated input. `taken` says whether it took it, and checks the round trip. Input of which less
/// than about 0.43 is taken in the long run fails the third now and then by chance alone: draw more of it whole.
///
/// # Panics
/// Where `taken` does, with the smallest such input, or where too little was taken.
pub fn parser<S: Strategy>(strategy: S, taken: impl Fn(&S::Value) -> bool) {
    let (accepted, all) = (Cell::new(0_u32), Cell::new(0_u32));
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&strategy, |input| {
        all.set(all.get() + 1);
        accepted.set(accepted.get() + u32::from(taken(&input)));
        Ok(())
    });
    if let Err(fault) = run {
        panic!("{fault}");
    }
    assert!(all.get() >= CASES && accepted.get() * 3 >= all.get(), "only {} of {} taken", accepted.get(), all.get());
}

/// Good input, the same with one damage, and anything at all.
pub fn around(good: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = String> {
    prop_oneof![4 => good.clone(), 3 => damaged(good), 1 => any::<String>()]
}

/// One small damage to a text: a character replaced, dropped, doubled, put in, or the end cut off.
fn damaged(good: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let mark = prop::sample::select("\"\\{.0:/#@ =;\u{202e}".chars().collect::<Vec<_>>());
    let what = prop_oneof![3 => mark, 1 => any::<char>()];
    (good, any::<prop::sample::Index>(), what, 0..5_u8).prop_map(|(text, at, what, how)| {
        let mut chars: Vec<char> = text.chars().collect();
        if chars.is_empty() {
            return what.to_string();
        }
        let at = at.index(chars.len());
        match how {
            0 => chars[at] = what,
            1 => {
                chars.remove(at);
            }
            2 => chars.insert(at, chars[at]),
            3 => chars.insert(at, what),
            _ => chars.truncate(at),
        }
        chars.into_iter().collect()
    })
}
