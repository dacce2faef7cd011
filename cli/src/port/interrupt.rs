//! What a person means by Ctrl-C: an end at once, but for the moments in which a token is written, which are finished first.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

/// How a program ends that was stopped by Ctrl-C.
pub const STOPPED: u8 = 130;

/// How long a wait is at most before it looks whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Whether to stop.
#[derive(Debug, Clone)]
pub struct Interrupt {
    /// Whether it ends at once.
    at_once: Arc<AtomicBool>,
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens from now on; what is not held ends at once.
    ///
    /// # Errors
    /// Where the system takes no such wish.
    pub fn listen() -> io::Result<Self> {
        let interrupt = Self { at_once: Arc::new(AtomicBool::new(true)), asked: Arc::new(AtomicBool::new(false)) };
        for signal in [SIGINT, SIGTERM] {
            register_conditional_shutdown(signal, STOPPED.into(), Arc::clone(&interrupt.at_once))?;
            register(signal, Arc::clone(&interrupt.asked))?;
        }
        Ok(interrupt)
    }

    /// Listens to nobody but [`Interrupt::ask`].
    pub fn quiet() -> Self {
        Self { at_once: Arc::new(AtomicBool::new(true)), asked: Arc::default() }
    }

    /// Asks to stop, as soon as nothing is held.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Whether something is done to its end just now.
    pub fn holds(&self) -> bool {
        !self.at_once.load(Ordering::SeqCst)
    }

    /// Does something to its end, whatever is asked meanwhile.
    pub fn hold<R>(&self, does: impl FnOnce() -> R) -> R {
        let before = self.at_once.swap(false, Ordering::SeqCst);
        let done = does();
        self.at_once.store(before, Ordering::SeqCst);
        done
    }

    /// Whether it was asked to stop while something was held.
    pub fn was_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits for something that may never come, such as an answer; `None` when it was asked to stop before. What waits is left
    /// to the end of the program then.
    pub fn unless_asked<R: Send + 'static>(&self, waits: impl FnOnce() -> R + Send + 'static) -> Option<R> {
        let (tell, told) = channel();
        // Whoever stopped hears it no more.
        thread::spawn(move || tell.send(waits()));
        while !self.was_asked() {
            match told.recv_timeout(LOOK) {
                Ok(come) => return Some(come),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_comes_or_is_left_where_somebody_stops() {
        let interrupt = Interrupt::quiet();
        assert_eq!(interrupt.unless_asked(|| 7), Some(7));
        interrupt.ask();
        let never = channel::<()>();
        assert_eq!(interrupt.unless_asked(move || never.1.recv()), None);
    }
}
