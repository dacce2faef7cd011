//! Arguments and environments of our programs and of everything that they start, looked at again and again while they run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_tests::window::rest;

/// Looks until it is ended.
pub struct Watch {
    seen: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    /// Looks at our programs and at all that they start.
    pub fn start() -> Self {
        Self::looking(|_| true)
    }

    /// Looks at what our programs start, and not at themselves.
    pub fn of_children() -> Self {
        Self::looking(|process| !is_our_program(process))
    }

    fn looking(at: fn(u32) -> bool) -> Self {
        let (seen, stop) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (seen, stop) = (seen.clone(), stop.clone());
            move || {
                while !stop.load(Ordering::SeqCst) {
                    look(&seen, at);
                    rest(Duration::from_millis(20));
                }
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }

    /// All that was seen, and how many different lists of arguments or environments that was.
    pub fn end(mut self) -> (Vec<u8>, usize) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
        let seen = self.seen.lock().unwrap();
        (seen.iter().flat_map(|bytes| [bytes.as_slice(), b"\n"].concat()).collect(), seen.len())
    }
}

fn look(seen: &Mutex<BTreeSet<Vec<u8>>>, at: fn(u32) -> bool) {
    let parents = parents();
    let is_ours = |process: &u32| {
        // A number may be given anew between two looks; then a chain of parents is no longer than there are processes.
        let line = std::iter::successors(Some(*process), |process| parents.get(process).copied());
        line.take(parents.len()).any(is_our_program) && at(*process)
    };
    for process in parents.keys().filter(|process| is_ours(process)) {
        for file in ["cmdline", "environ"] {
            if let Ok(bytes) = std::fs::read(format!("/proc/{process}/{file}")) {
                seen.lock().unwrap().insert(bytes);
            }
        }
    }
}

/// The parent of each process.
fn parents() -> BTreeMap<u32, u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let parent = |process: std::fs::DirEntry| {
        let id = process.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        // The name stands in brackets and may hold anything; state and parent follow.
        let (_, rest) = stat.rsplit_once(')')?;
        Some((id, rest.split_whitespace().nth(1)?.parse().ok()?))
    };
    processes.filter_map(parent).collect()
}

fn is_our_program(process: u32) -> bool {
    let exe = std::fs::read_link(Path::new("/proc").join(process.to_string()).join("exe"));
    exe.is_ok_and(|exe| exe.file_name().is_some_and(|name| name == "countersign" || name == "countersign-gateway"))
}
