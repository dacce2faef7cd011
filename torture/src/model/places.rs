use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::sync::{Condvar, Mutex};

use super::code::Hasher;

const PLACES: usize = 2;

/// Five want one of two places: never more than two have one, and everybody gets one in the end.
pub fn places_are_shared_and_none_is_lost() {
    let hasher = Arc::new(Hasher { free: Mutex::new(PLACES), freed: Condvar::new() });
    let inside = Arc::new(AtomicUsize::new(0));
    let all: Vec<_> = (0..5)
        .map(|_| {
            let (hasher, inside) = (hasher.clone(), inside.clone());
            shuttle::thread::spawn(move || {
                let place = hasher.place().unwrap();
                assert!(inside.fetch_add(1, Ordering::SeqCst) < PLACES, "too many at once");
                shuttle::thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
                drop(place);
            })
        })
        .collect();
    all.into_iter().for_each(|it| it.join().unwrap());
    assert_eq!(*hasher.free.lock().unwrap(), PLACES);
}

pub const MODELS: &[(&str, fn())] = &[("places are shared and none is lost", places_are_shared_and_none_is_lost)];
