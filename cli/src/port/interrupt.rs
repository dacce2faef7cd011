//! What a person means by Ctrl-C: an end at once, but for the moments in which a token is written, which are finished first.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

/// How a program ends that was stopped by Ctrl-C.
const STOPPED: i32 = 130;

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
            register_conditional_shutdown(signal, STOPPED, Arc::clone(&interrupt.at_once))?;
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
}
