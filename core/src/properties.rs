//! How parsers meet generated input: no panic, what is taken comes back the same, and at least a third of the input is
//! taken, so that the test looks at more than refusals. What each feature reads stands in its own tests.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::port::KeyName;

const CASES: u32 = 400;

/// Runs a parser over generated input. `taken` says whether it took it, and checks the round trip.
pub(crate) fn parser<S: Strategy>(strategy: S, taken: impl Fn(&S::Value) -> bool) {
    let (accepted, all) = (Cell::new(0_u32), Cell::new(0_u32));
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let done = runner.run(&strategy, |input| {
        all.set(all.get() + 1);
        accepted.set(accepted.get() + u32::from(taken(&input)));
        Ok(())
    });
    done.unwrap();
    assert!(all.get() >= CASES && accepted.get() * 3 >= all.get(), "only {} of {} taken", accepted.get(), all.get());
}

/// Good input, the same with one character in place of another or cut there, and anything at all.
pub(crate) fn around(good: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = String> {
    let what = prop_oneof![Just(':'), Just('/'), Just('#'), Just('@'), Just('\u{202e}'), any::<char>()];
    let damaged =
        (good.clone(), any::<prop::sample::Index>(), what, any::<bool>()).prop_map(|(text, at, what, cut)| {
            let mut chars: Vec<char> = text.chars().collect();
            if !chars.is_empty() {
                let at = at.index(chars.len());
                chars[at] = what;
                if cut {
                    chars.truncate(at);
                }
            }
            chars.into_iter().collect()
        });
    prop_oneof![4 => good, 3 => damaged, 1 => any::<String>()]
}

/// Written bytes left whole, with one of them changed, cut or with one more.
pub(crate) fn damaged(bytes: Vec<u8>, at: prop::sample::Index, change: u8, how: u8) -> Vec<u8> {
    let mut bytes = bytes;
    let at = at.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
    match how {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= change,
        2 => bytes.push(change),
        _ => {}
    }
    bytes
}

/// Hosts as links have them.
pub(crate) fn hosts() -> impl Strategy<Value = String> + Clone {
    "[a-z]{1,12}(\\.[a-z]{2,8}){1,3}(:[1-9][0-9]{0,3})?"
}

#[test]
fn names_of_keys() {
    parser(around("[A-Za-z0-9_-]{1,64}"), |text| match text.parse::<KeyName>() {
        Ok(name) => {
            assert!(name.as_str() == text && !text.contains(['/', '.']), "{text}");
            assert_eq!(String::from(name.clone()).parse::<KeyName>(), Ok(name));
            true
        }
        Err(_) => false,
    });
}
