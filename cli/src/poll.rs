//! Listens to every gateway for news, or keeps asking it, each on a thread of its own, with the pauses that `App` names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use countersign_core::app::{App, GatewayState, PollOutcome};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, PortError};
use countersign_core::protocol::jose::Id;

use crate::fault::Fault;

/// How long a poll waits at the gateway, in seconds.
const WAIT: u64 = 25;

/// The pause after a fault that says nothing of pauses.
const PAUSE: Duration = Duration::from_secs(2);

/// How long [`until`] waits at most before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Hears after each call how it went: no fault, or the one that it ended in.
pub type Heard = Arc<dyn Fn(Id, Option<Error>) + Send + Sync>;

/// The threads that listen and poll.
pub struct Pollers {
    app: Arc<App>,
    heard: Heard,
    threads: BTreeMap<Id, (Cancel, JoinHandle<()>)>,
}

impl Pollers {
    /// Polls nobody yet.
    pub fn new(app: Arc<App>, heard: Heard) -> Self {
        Self { app, heard, threads: BTreeMap::new() }
    }

    /// Starts a thread for each enrolment that has none, and stops those of enrolments that ended.
    pub fn follow(&mut self) {
        let rows = self.app.gateways();
        let wanted: Vec<Id> = rows.iter().filter(|row| is_live(&row.state)).map(|row| row.id).collect();
        let idle: Vec<Id> = self
            .threads
            .iter()
            .filter(|(id, (_, thread))| !wanted.contains(id) || thread.is_finished())
            .map(|(id, _)| *id)
            .collect();
        for id in idle {
            if let Some((cancel, _)) = self.threads.remove(&id) {
                cancel.cancel();
            }
        }
        for id in wanted {
            self.threads.entry(id).or_insert_with(|| {
                let (cancel, app, heard) = (Cancel::default(), self.app.clone(), self.heard.clone());
                let inside = cancel.clone();
                (cancel, thread::spawn(move || run(&app, id, &heard, &inside)))
            });
        }
    }

    /// Stops all threads and waits for them.
    pub fn stop(&mut self) {
        let threads = std::mem::take(&mut self.threads);
        threads.values().for_each(|(cancel, _)| cancel.cancel());
        for (_, thread) in threads.into_values() {
            // A thread that panicked was polling only; what it kept is on disk.
            let _ = thread.join();
        }
    }
}

impl Drop for Pollers {
    fn drop(&mut self) {
        self.threads.values().for_each(|(cancel, _)| cancel.cancel());
    }
}

fn is_live(state: &GatewayState) -> bool {
    !matches!(state, GatewayState::Gone(_) | GatewayState::KeysGone | GatewayState::Damaged)
}

fn run(app: &App, id: Id, heard: &Heard, cancel: &Cancel) {
    let (wake, woken) = channel();
    let _stop = cancel.on_cancel(move || {
        // The receiver is gone only when this thread is.
        let _ = wake.send(());
    });
    let mut ask = Ask::Look;
    loop {
        let asked = match ask {
            Ask::Look => app.poll(id, 0, cancel),
            Ask::Listen => app.events(id, cancel),
            Ask::Wait => app.poll(id, WAIT, cancel),
        };
        let pause = match asked {
            Ok(outcome) => {
                let Some((next, pause)) = ask.next(&outcome) else {
                    return heard(id, outcome.fault);
                };
                heard(id, outcome.fault);
                ask = next;
                pause
            }
            Err(Error::Port(PortError::Cancelled) | Error::Input(_)) => return,
            Err(Error::Port(PortError::Busy)) => PAUSE,
            Err(fault) => {
                heard(id, Some(fault));
                ask = Ask::Look;
                PAUSE
            }
        };
        if was_woken(&woken, pause) || cancel.is_cancelled() {
            return;
        }
    }
}

/// How a gateway is asked next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// A poll that does not wait: whether there is a way to the gateway is known at once, and not when a stream ends.
    Look,
    /// A stream of events, which lasts a quarter of an hour; `App` polls where the gateway has none.
    Listen,
    /// A poll that waits, where a stream was cut: a gateway tells one program of this phone at a time.
    Wait,
}

impl Ask {
    /// What follows, and after which pause; nothing when the gateway is not to be asked any more.
    fn next(self, outcome: &PollOutcome) -> Option<(Self, Duration)> {
        let pause = outcome.next_in?;
        Some(match self {
            _ if outcome.fault.is_some() => (Self::Look, pause),
            Self::Listen if !outcome.news && !pause.is_zero() => (Self::Wait, Duration::ZERO),
            Self::Look | Self::Listen | Self::Wait => (Self::Listen, pause),
        })
    }
}

/// Waits, unless cancelled before.
fn was_woken(woken: &Receiver<()>, pause: Duration) -> bool {
    woken.recv_timeout(pause) != Err(RecvTimeoutError::Timeout)
}

/// Listens and polls until `look` finds what it looks for.
///
/// # Errors
/// Those of `look`.
pub fn until<T>(app: &Arc<App>, mut look: impl FnMut() -> Result<Option<T>, Fault>) -> Result<T, Fault> {
    let (send, heard) = channel();
    let heard_of = move |_, _| {
        // The command ended meanwhile.
        let _ = send.send(());
    };
    let mut pollers = Pollers::new(app.clone(), Arc::new(heard_of));
    pollers.follow();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        // Looks again when something was heard; a poller that ended says nothing more.
        if heard.recv_timeout(LOOK_AGAIN).is_err() {
            pollers.follow();
        }
    }
}

/// Asks every gateway once, without waiting there. Gives the first fault, when none could be asked.
///
/// # Errors
/// The fault of the last gateway, when all failed.
pub fn once(app: &App, cancel: &Cancel) -> Result<(), Error> {
    let mut fault = None;
    let mut answered = false;
    for row in app.gateways().iter().filter(|row| is_live(&row.state)) {
        match app.poll(row.id, 0, cancel) {
            Ok(outcome) => match outcome.fault {
                None => answered = true,
                found => fault = found,
            },
            Err(Error::Port(PortError::Cancelled)) => return Err(PortError::Cancelled.into()),
            // Another poll of this process is under way: it brings the same.
            Err(Error::Port(PortError::Busy)) => answered = true,
            Err(found) => fault = Some(found),
        }
    }
    match fault {
        Some(fault) if !answered => Err(fault),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;
    const SOON: Duration = Duration::from_secs(3);

    fn outcome(news: bool, next_in: Option<Duration>, fault: Option<PortError>) -> PollOutcome {
        PollOutcome { news, next_in, fault: fault.map(Error::from) }
    }

    #[test]
    fn it_looks_first_then_listens_and_polls_where_the_stream_is_cut() {
        let well = outcome(false, Some(NOW), None);
        assert_eq!(Ask::Look.next(&well), Some((Ask::Listen, NOW)));
        assert_eq!(Ask::Listen.next(&well), Some((Ask::Listen, NOW)), "the stream has ended in its time");
        assert_eq!(Ask::Listen.next(&outcome(false, Some(SOON), None)), Some((Ask::Wait, NOW)), "it was cut");
        assert_eq!(Ask::Listen.next(&outcome(true, Some(NOW), None)), Some((Ask::Listen, NOW)));
        assert_eq!(Ask::Wait.next(&well), Some((Ask::Listen, NOW)));
    }

    #[test]
    fn after_a_fault_it_waits_and_looks_and_when_all_is_over_it_ends() {
        for ask in [Ask::Look, Ask::Listen, Ask::Wait] {
            let fault = outcome(false, Some(SOON), Some(PortError::Network));
            assert_eq!(ask.next(&fault), Some((Ask::Look, SOON)), "{ask:?}");
            assert_eq!(ask.next(&outcome(true, None, None)), None, "{ask:?}");
        }
    }
}
