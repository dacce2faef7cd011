// What is explored: parts of the product's own sources, with the standard library's threads and locks exchanged for those
// of loom or shuttle, and broken variants of the same. Read by `build.rs`, and by a test that says when a source has moved
// on and this has not.

/// A source under other primitives.
pub struct Variant {
    /// The name of the file that is made.
    pub name: &'static str,
    source: &'static str,
    /// The first and the last words of what is taken of it; empty for its start, and its end before its tests.
    part: (&'static str, &'static str),
    /// What is exchanged; each must be found.
    swaps: &'static [(&'static str, &'static str)],
}

const CANCEL: &str = "core/src/cancel.rs";
const DECODE: &str = "core/src/qr/decode.rs";
const WAKE: &str = "gateway/src/wake.rs";
const STORE: &str = "gateway/src/store.rs";
const WRITER: &str = "gateway/src/store/writer.rs";
const OUTBOX: &str = "gateway/src/webpush/outbox.rs";
const PASSWORD: &str = "gateway/src/person/password.rs";
const PROOF: &str = "gateway/src/push/proof.rs";

const WHOLE: (&str, &str) = ("", "");
const OCCUPIED: (&str, &str) = ("struct Occupied(", "");
const PLACES: (&str, &str) = ("    fn place(&self)", "type Parsed");
const USED: (&str, &str) = ("#[derive(Default)]\npub struct UsedIds", "/// The one proof of a request");
const FAULT: (&str, &str) =
    ("#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]\npub enum StoreFault", "/// The open store.");

const LOOM: (&str, &str) = ("std::sync::", "crate::loomed::");
const SHUTTLE: (&str, &str) = ("std::sync::", "crate::shuttled::");
const VISIBLE: (&str, &str) = (
    "struct Occupied(Arc<AtomicBool>);",
    "use crate::loomed::Arc;\nuse crate::loomed::atomic::{AtomicBool, Ordering};\npub struct Occupied(Arc<AtomicBool>);",
);
const TAKEN: (&str, &str) = ("    fn take(", "    pub fn take(");
/// Swept at every opportunity.
const SWEPT: (&str, &str) = ("const SWEEP: usize = 1024;", "const SWEEP: usize = 1;");
const SWEPT_IDS: (&str, &str) = ("used.len() >= SWEEP", "used.len() >= 1");
/// What a file has from above its part.
const IDS: (&str, &str) = (
    "#[derive(Default)]\npub struct UsedIds",
    "use crate::shuttled::{Mutex, PoisonError};\nuse countersign_protocol::jose::{H32, Id};\nuse std::collections::HashMap;\nuse std::time::Duration;\n\n#[derive(Default)]\npub struct UsedIds",
);
/// The shares of push servers, without the ringing.
const SHARES: (&str, &str) = ("    fn server(&self, authority: &str)", "    /// Tries until it is rung");
const DESK: (&str, &str) = (
    "    fn server(&self, authority: &str)",
    "use crate::shuttled::{Arc, Mutex, PoisonError};\nuse super::super::limits;\nuse std::collections::HashMap;\nuse tokio::sync::Semaphore;\n\npub struct Server {\n    pub places: Arc<Semaphore>,\n    pub calls: Semaphore,\n}\n\n#[derive(Default)]\npub struct Desk {\n    pub servers: Mutex<HashMap<String, Arc<Server>>>,\n}\n\nimpl Desk {\n    pub fn server(&self, authority: &str)",
);
const DESK_END: (&str, &str) = ("or_insert_with(fresh).clone()\n    }\n", "or_insert_with(fresh).clone()\n    }\n}\n");
/// The places of the password hash, without the hash.
const HASHER: (&str, &str) = (
    "    fn place(&self)",
    "use crate::shuttled::{Condvar, Mutex, PoisonError};\nuse super::super::{limits, PersonFault};\n\npub struct Hasher {\n    pub free: Mutex<usize>,\n    pub freed: Condvar,\n}\n\nimpl Hasher {\n    pub fn place(&self)",
);
const PLACE: (&str, &str) = ("struct Place<", "pub struct Place<");
const THREAD: (&str, &str) = ("std::thread::", "shuttle::thread::");
/// A disk takes its time: others run while something is written.
const SLOW_COMMIT: (&str, &str) = (
    "connection.execute(\"COMMIT\", []).map(drop).map_err(|fault| {",
    "shuttle::thread::yield_now();\n    connection.execute(\"COMMIT\", []).map(drop).map_err(|fault| {",
);
const SLOW_JOB: (&str, &str) = (
    "    connection.execute(\"RELEASE job\", [])",
    "    shuttle::thread::yield_now();\n    connection.execute(\"RELEASE job\", [])",
);
const MOMENT: (&str, &str) =
    ("use std::time::{Duration, Instant};", "use std::time::Duration;\n\nuse crate::moment::Instant;");

pub const VARIANTS: &[Variant] = &[
    Variant { name: "cancel", source: CANCEL, part: WHOLE, swaps: &[LOOM] },
    Variant {
        name: "cancel_looks_before_it_locks",
        source: CANCEL,
        part: WHOLE,
        swaps: &[
            LOOM,
            (
                "        let mut waiting = self.waiting();\n        if self.is_cancelled() {\n            drop(waiting);\n",
                "        if self.is_cancelled() {\n",
            ),
            (
                "        let id = waiting.next;",
                "        let mut waiting = self.waiting();\n        let id = waiting.next;",
            ),
        ],
    },
    Variant {
        name: "cancel_relaxed",
        source: CANCEL,
        part: WHOLE,
        swaps: &[LOOM, ("store(true, Ordering::Release)", "store(true, Ordering::Relaxed)")],
    },
    Variant { name: "occupied", source: DECODE, part: OCCUPIED, swaps: &[VISIBLE, TAKEN] },
    Variant {
        name: "occupied_looks_before_it_takes",
        source: DECODE,
        part: OCCUPIED,
        swaps: &[
            VISIBLE,
            TAKEN,
            (
                "busy.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok();",
                "!busy.load(Ordering::Acquire);\n        busy.store(true, Ordering::Release);",
            ),
        ],
    },
    Variant {
        name: "occupied_relaxed",
        source: DECODE,
        part: OCCUPIED,
        swaps: &[VISIBLE, TAKEN, ("store(false, Ordering::Release)", "store(false, Ordering::Relaxed)")],
    },
    Variant { name: "wake", source: WAKE, part: WHOLE, swaps: &[LOOM, ("tokio::sync::watch", "crate::watch"), SWEPT] },
    Variant {
        name: "wake_one_waiter_a_topic",
        source: WAKE,
        part: WHOLE,
        swaps: &[
            LOOM,
            ("tokio::sync::watch", "crate::watch"),
            SWEPT,
            ("entry.upgrade().unwrap_or_else(", "None.unwrap_or_else("),
        ],
    },
    Variant {
        name: "wake_sweeps_who_waits",
        source: WAKE,
        part: WHOLE,
        swaps: &[
            LOOM,
            ("tokio::sync::watch", "crate::watch"),
            SWEPT,
            ("retain(|_, sender| sender.strong_count() > 0)", "retain(|_, sender| sender.strong_count() > 1)"),
        ],
    },
    Variant { name: "fault", source: STORE, part: FAULT, swaps: &[] },
    Variant { name: "writer", source: WRITER, part: WHOLE, swaps: &[SHUTTLE, THREAD, MOMENT, SLOW_COMMIT, SLOW_JOB] },
    Variant {
        name: "writer_answers_before_it_commits",
        source: WRITER,
        part: WHOLE,
        swaps: &[
            SHUTTLE,
            THREAD,
            MOMENT,
            SLOW_COMMIT,
            SLOW_JOB,
            (
                "    let committed = commit(connection);\n    for reply in replies {\n        reply(committed.clone());\n    }",
                "    replies.into_iter().for_each(|reply| reply(Ok(())));\n    drop(commit(connection));",
            ),
        ],
    },
    Variant {
        name: "writer_keeps_what_failed",
        source: WRITER,
        part: WHOLE,
        swaps: &[SHUTTLE, THREAD, MOMENT, SLOW_COMMIT, SLOW_JOB, ("ROLLBACK TO job; RELEASE job", "RELEASE job")],
    },
    Variant { name: "servers", source: OUTBOX, part: SHARES, swaps: &[DESK, DESK_END] },
    Variant {
        name: "servers_forgotten",
        source: OUTBOX,
        part: SHARES,
        swaps: &[DESK, DESK_END, ("Arc::strong_count(server) > 1", "Arc::strong_count(server) > 2")],
    },
    Variant { name: "places", source: PASSWORD, part: PLACES, swaps: &[HASHER, PLACE] },
    Variant {
        name: "places_given_back_in_silence",
        source: PASSWORD,
        part: PLACES,
        swaps: &[HASHER, PLACE, ("        self.0.freed.notify_one();\n", "")],
    },
    Variant { name: "used", source: PROOF, part: USED, swaps: &[IDS, SWEPT_IDS] },
    Variant {
        name: "used_looks_before_it_notes",
        source: PROOF,
        part: USED,
        swaps: &[
            IDS,
            SWEPT_IDS,
            (
                "        match used.get(&(key, jti)) {\n            Some(end) if *end >= now => false,",
                "        let seen = used.get(&(key, jti)).copied();\n        drop(used);\n        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);\n        match seen {\n            Some(end) if end >= now => false,",
            ),
        ],
    },
];

/// The text of every variant, by its name, from the sources below `root`.
///
/// # Errors
/// The variant whose source has moved on, and what was not found there.
pub fn make(root: &std::path::Path) -> Result<Vec<(&'static str, String)>, String> {
    VARIANTS.iter().map(|variant| Ok((variant.name, variant.text(root)?))).collect()
}

impl Variant {
    fn text(&self, root: &std::path::Path) -> Result<String, String> {
        let missing = |what: &str| format!("{}: {} holds no {what:?} any more", self.name, self.source);
        let whole =
            std::fs::read_to_string(root.join(self.source)).map_err(|fault| format!("{}: {fault}", self.source))?;
        let whole = whole.split("#[cfg(test)]").next().unwrap_or_default();
        let (first, last) = self.part;
        let text = &whole[whole.find(first).ok_or_else(|| missing(first))?..];
        let end = if last.is_empty() { text.len() } else { text.find(last).ok_or_else(|| missing(last))? };
        // What describes a file cannot stand where a file is included.
        let lines = text[..end].lines().filter(|line| !line.starts_with("//!"));
        let mut text = lines.fold(String::new(), |text, line| text + line + "\n");
        for (from, to) in self.swaps {
            if !text.contains(from) {
                return Err(missing(from));
            }
            text = text.replace(from, to);
        }
        Ok(text)
    }
}
