//! `threads`: the product's own locks, queues and wake lists under every order of threads that matters (loom), or under
//! many that are drawn (shuttle); and each broken variant, which must be caught.
//!
//! `threads [NAME]` explores what holds `NAME`. It prints one line each, and ends with 1 when anything is not as it must be.

mod app;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What sources take for `std::sync` under loom. Counting what is shared is not what is explored.
mod loomed {
    pub use loom::sync::{Mutex, MutexGuard, atomic};
    pub use std::sync::{Arc, PoisonError, Weak};
}

/// What sources take for `std::sync` under shuttle.
mod shuttled {
    pub use shuttle::sync::{Arc, Condvar, Mutex, mpsc};
    pub use std::sync::PoisonError;
}

mod error {
    /// Of the core's, what cancelling knows.
    #[derive(Debug, PartialEq, Eq)]
    pub enum PortError {
        Cancelled,
    }
}

mod port {
    use std::future::{Future, pending};
    use std::pin::Pin;
    use std::time::Duration;

    /// The gateway's waiting, of which nothing ends here: whoever is not woken hangs, and that is noticed.
    pub trait Timer: Send + Sync {
        fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
    }

    pub struct Never;

    impl Timer for Never {
        fn wait(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(pending())
        }
    }
}

mod limits {
    /// Under shuttle no wait ends by its time: whoever is not woken hangs, and that is noticed.
    pub const PASSWORD_QUEUE: std::time::Duration = std::time::Duration::MAX;
    pub const BELLS_A_SERVER: usize = 2;
    pub const BELL_CALLS_A_SERVER: usize = 1;
}

/// Of the gateway's, what a place can be refused by.
#[derive(Debug)]
pub enum PersonFault {
    Busy,
}

mod moment {
    use shuttle::rand::Rng;
    use std::ops::Add;
    use std::time::Duration;

    /// A moment that is over, or not, as it is drawn.
    #[derive(PartialEq, PartialOrd)]
    pub struct Instant(u32);

    impl Instant {
        pub fn now() -> Self {
            Self(shuttle::rand::thread_rng().gen_range(0..4))
        }
    }

    impl Add<Duration> for Instant {
        type Output = Self;
        fn add(self, _: Duration) -> Self {
            Self(3)
        }
    }
}

macro_rules! variant {
    ($name:ident, $model:literal) => {
        #[allow(dead_code, reason = "a part of a source, and of what a model looks at")]
        mod $name {
            pub mod code {
                include!(concat!(env!("OUT_DIR"), "/", stringify!($name), ".rs"));
            }
            pub mod model {
                include!($model);
            }
            #[allow(unused_imports, reason = "a source names it from above itself")]
            use super::fault::{Connection, StoreFault};
        }
    };
}

#[allow(dead_code, reason = "all faults of the gateway's store, of which the writer gives some")]
mod fault {
    /// What the gateway keeps of a fault of the system or of a library.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Cause(String);

    impl std::fmt::Display for Cause {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(&self.0)
        }
    }

    macro_rules! caused {
        ($($fault:ty),*) => {
            $(impl From<$fault> for Cause {
                fn from(fault: $fault) -> Self {
                    Self(fault.to_string())
                }
            })*
        };
    }
    caused!(rusqlite::Error, rusqlite::ffi::Error, std::io::ErrorKind);

    pub use rusqlite::Connection;

    include!(concat!(env!("OUT_DIR"), "/fault.rs"));
}
variant!(cancel, "model/cancel.rs");
variant!(cancel_looks_before_it_locks, "model/cancel.rs");
variant!(cancel_relaxed, "model/cancel.rs");
variant!(occupied, "model/occupied.rs");
variant!(occupied_looks_before_it_takes, "model/occupied.rs");
variant!(occupied_relaxed, "model/occupied.rs");
variant!(wake, "model/wake.rs");
variant!(wake_one_waiter_a_topic, "model/wake.rs");
variant!(wake_sweeps_who_waits, "model/wake.rs");
variant!(writer, "model/writer.rs");
variant!(writer_answers_before_it_commits, "model/writer.rs");
variant!(writer_keeps_what_failed, "model/writer.rs");
variant!(servers, "model/servers.rs");
variant!(servers_forgotten, "model/servers.rs");
variant!(places, "model/places.rs");
variant!(places_given_back_in_silence, "model/places.rs");
variant!(used, "model/used.rs");
variant!(used_looks_before_it_notes, "model/used.rs");

type Models = &'static [(&'static str, fn())];

/// How a model is explored.
#[derive(Clone, Copy)]
enum By {
    /// Every order that can make a difference; where a number stands, with so many switches at most from a thread that
    /// could have gone on.
    Loom(Option<usize>),
    /// As many orders, half of them drawn, half by priorities that change three times.
    Shuttle(usize),
}

struct Subject {
    name: &'static str,
    by: By,
    models: Models,
    broken: &'static [(&'static str, Models)],
}

const SUBJECTS: &[Subject] = &[
    Subject {
        name: "cancel",
        by: By::Loom(None),
        models: cancel::model::MODELS,
        broken: &[
            ("looks before it locks", cancel_looks_before_it_locks::model::MODELS),
            ("relaxed", cancel_relaxed::model::MODELS),
        ],
    },
    Subject {
        name: "occupied",
        by: By::Loom(None),
        models: occupied::model::MODELS,
        broken: &[
            ("looks before it takes", occupied_looks_before_it_takes::model::MODELS),
            ("relaxed", occupied_relaxed::model::MODELS),
        ],
    },
    Subject {
        name: "wake",
        by: By::Loom(Some(3)),
        models: wake::model::MODELS,
        broken: &[
            ("one waiter a topic", wake_one_waiter_a_topic::model::MODELS),
            ("sweeps who waits", wake_sweeps_who_waits::model::MODELS),
        ],
    },
    Subject {
        name: "writer",
        by: By::Shuttle(10_000),
        models: writer::model::MODELS,
        broken: &[
            ("answers before it commits", writer_answers_before_it_commits::model::MODELS),
            ("keeps what failed", writer_keeps_what_failed::model::MODELS),
        ],
    },
    Subject {
        name: "servers",
        by: By::Shuttle(100_000),
        models: servers::model::MODELS,
        broken: &[("forgets who still rings", servers_forgotten::model::MODELS)],
    },
    Subject {
        name: "places",
        by: By::Shuttle(100_000),
        models: places::model::MODELS,
        broken: &[("given back in silence", places_given_back_in_silence::model::MODELS)],
    },
    Subject {
        name: "used",
        by: By::Shuttle(100_000),
        models: used::model::MODELS,
        broken: &[("looks before it notes", used_looks_before_it_notes::model::MODELS)],
    },
    Subject {
        name: "app",
        by: By::Shuttle(4_000),
        models: app::MODELS,
        broken: &[("holds its lock across a port", app::BROKEN_MODELS)],
    },
];

fn main() -> std::process::ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    // What is caught would be printed at length otherwise.
    std::panic::set_hook(Box::new(|_| {}));
    let mut failed = 0;
    for subject in SUBJECTS.iter().filter(|subject| subject.name.contains(&wanted)) {
        for (name, model) in subject.models {
            failed += u32::from(!explored(subject, name, *model));
        }
        for (how, models) in subject.broken {
            let caught = models.iter().find(|(_, model)| explore(subject.by, *model).1.is_err());
            match caught {
                Some((name, _)) => println!("{}, broken ({how}): caught by «{name}»", subject.name),
                None => println!("{}, broken ({how}): NOT CAUGHT", subject.name),
            }
            failed += u32::from(caught.is_none());
        }
    }
    std::process::ExitCode::from(u8::from(failed > 0))
}

fn explored(subject: &Subject, name: &str, model: fn()) -> bool {
    let begun = Instant::now();
    let (orders, end) = explore(subject.by, model);
    let by = match subject.by {
        By::Loom(None) => "loom, every order".to_owned(),
        By::Loom(Some(most)) => format!("loom, every order with {most} forced switches"),
        By::Shuttle(_) => "shuttle, orders drawn".to_owned(),
    };
    match &end {
        Ok(()) => {
            println!("{}, {name}: holds in {orders} ({by}; {:.1} s)", subject.name, begun.elapsed().as_secs_f32())
        }
        Err(why) => println!("{}, {name}: FAILED in order {orders} ({by}): {why}", subject.name),
    }
    end.is_ok()
}

/// How many orders were tried, and what went wrong in the last.
fn explore(by: By, model: fn()) -> (usize, Result<(), String>) {
    let orders = StdArc::new(AtomicUsize::new(0));
    let count = orders.clone();
    let one = move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    };
    let end = catch_unwind(AssertUnwindSafe(|| match by {
        By::Loom(most) => {
            let mut builder = loom::model::Builder::new();
            builder.max_branches = 100_000;
            builder.preemption_bound = most;
            builder.check(one);
        }
        By::Shuttle(most) => {
            let mut config = shuttle::Config::new();
            config.stack_size = 1 << 20;
            config.silence_warnings = true;
            config.failure_persistence = shuttle::FailurePersistence::None;
            let drawn = shuttle::scheduler::RandomScheduler::new(most / 2);
            shuttle::Runner::new(drawn, config.clone()).run(one.clone());
            let by_priority = shuttle::scheduler::PctScheduler::new(3, most / 2);
            shuttle::Runner::new(by_priority, config).run(one);
        }
    }));
    let end = end.map_err(|fault| {
        let text = fault.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| fault.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
    });
    (orders.load(Ordering::Relaxed), end)
}
