use loom::sync::atomic::AtomicUsize;
use loom::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::code::Cancel;
use crate::loomed::Arc;

/// Who registers while another cancels is told exactly once, whoever comes first; and twice cancelled is once.
pub fn who_registers_is_told_once() {
    let (cancel, told) = (Cancel::default(), Arc::new(AtomicUsize::new(0)));
    let cancellers = [(); 2].map(|()| {
        let cancel = cancel.clone();
        loom::thread::spawn(move || cancel.cancel())
    });
    let count = told.clone();
    let guard = cancel.on_cancel(move || {
        count.fetch_add(1, SeqCst);
    });
    cancellers.into_iter().for_each(|it| it.join().unwrap());
    assert_eq!(told.load(SeqCst), 1);
    drop(guard);
}

/// Who is forgotten while another cancels is told at most once, and never after it was forgotten and looked.
pub fn who_is_forgotten_is_told_at_most_once() {
    let (cancel, told) = (Cancel::default(), Arc::new(AtomicUsize::new(0)));
    let count = told.clone();
    let guard = cancel.on_cancel(move || {
        count.fetch_add(1, SeqCst);
    });
    let canceller = {
        let cancel = cancel.clone();
        loom::thread::spawn(move || cancel.cancel())
    };
    drop(guard);
    canceller.join().unwrap();
    assert!(told.load(SeqCst) <= 1 && cancel.check().is_err());
}

/// What was done before cancelling is seen by who sees that it was cancelled.
pub fn what_was_done_before_is_seen() {
    let (cancel, before) = (Cancel::default(), Arc::new(AtomicUsize::new(0)));
    let canceller = {
        let (cancel, before) = (cancel.clone(), before.clone());
        loom::thread::spawn(move || {
            before.store(1, Relaxed);
            cancel.cancel();
        })
    };
    if cancel.is_cancelled() {
        assert_eq!(before.load(Relaxed), 1);
    }
    canceller.join().unwrap();
}

pub const MODELS: &[(&str, fn())] = &[
    ("who registers is told once", who_registers_is_told_once),
    ("who is forgotten is told at most once", who_is_forgotten_is_told_at_most_once),
    ("what was done before is seen", what_was_done_before_is_seen),
];
