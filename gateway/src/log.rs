//! The log: one line an event on standard error, as text or JSON.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Log;

/// Starts the log of this process. Control characters in values are escaped, so that an event stays one line.
pub fn start(log: &Log) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second start in one process, as in tests, keeps the first.
    drop(if log.json { builder.json().flatten_event(true).finish().try_init() } else { builder.finish().try_init() });
}
