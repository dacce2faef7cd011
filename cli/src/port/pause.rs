//! Waiting for a moment of the clock.

use std::thread;
use std::time::Duration;

use countersign_core::port::Clock;

/// How long it waits before it looks at the clock again, which may be set or have slept meanwhile.
const STEP: u64 = 1;

/// Waits until `clock` shows `unix`. `go_on` is asked every second: with `false` the wait ends.
pub fn until(clock: &dyn Clock, unix: u64, go_on: impl Fn() -> bool) {
    while go_on() {
        match unix.saturating_sub(clock.now()) {
            0 => return,
            left => sleep(Duration::from_secs(left.min(STEP))),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the adapter that waits")]
fn sleep(time: Duration) {
    thread::sleep(time);
}
