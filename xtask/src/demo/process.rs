//! A process, known by its id and by the moment it began: the id alone may be another's by now.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Fallible, child};

/// A process that ran when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    id: u32,
    began: String,
}

impl Process {
    /// The one that runs under this id now.
    pub fn of(id: u32) -> Option<Self> {
        Some(Self { id, began: began(id)? })
    }

    /// As [`Process::to_json`] wrote it.
    pub fn from_json(value: &Value) -> Option<Self> {
        let id = value["id"].as_u64().and_then(|id| u32::try_from(id).ok())?;
        Some(Self { id, began: value["began"].as_str()?.to_owned() })
    }

    /// For a file that outlives this program.
    pub fn to_json(&self) -> Value {
        json!({ "id": self.id, "began": self.began })
    }

    /// Whether it is the one that still runs under its id.
    pub fn runs(&self) -> bool {
        Self::of(self.id).as_ref() == Some(self)
    }

    /// Asks it to stop, and ends it when it has not within `patience`. One that does not run is left alone.
    pub fn end(&self, patience: Duration) {
        const LOOK: Duration = Duration::from_millis(50);
        let mut left = patience;
        if self.runs() {
            signal("-TERM", self.id);
        }
        while self.runs() && left > LOOK {
            std::thread::sleep(LOOK);
            left -= LOOK;
        }
        if self.runs() {
            signal("-KILL", self.id);
        }
    }
}

/// Waits until `child` ends, and asks it to once `stopped` is set; how it ended.
pub fn wait(child: &mut Child, stopped: &AtomicBool) -> Fallible<ExitStatus> {
    let mut asked = false;
    loop {
        if let Some(status) = child.try_wait().map_err(|fault| fault.to_string())? {
            return Ok(status);
        }
        if !asked && stopped.load(Ordering::Relaxed) {
            asked = true;
            signal("-TERM", child.id());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends a signal; who has ended meanwhile needs none.
pub fn signal(name: &str, id: u32) {
    let _ended = Command::new("kill").arg(name).arg(id.to_string()).stderr(Stdio::null()).status();
}

/// When the process of this id began, as far as the system tells; nothing when it has ended.
fn began(id: u32) -> Option<String> {
    if !Path::new("/proc/self/stat").is_file() {
        return child::first_line("ps", &["-o", "lstart=", "-p", &id.to_string()]).filter(|line| !line.is_empty());
    }
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in brackets may hold blanks and brackets; after it come the state and, as the 20th, the beginning.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let began = fields.nth(18)?;
    (!matches!(state, "Z" | "X")).then(|| began.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").spawn().unwrap()
    }

    #[test]
    fn a_process_is_known_again_and_ended_once() {
        let mut child = sleeper();
        let process = Process::of(child.id()).unwrap();
        assert_eq!(Process::from_json(&process.to_json()), Some(process.clone()));
        assert!(process.runs());
        process.end(Duration::from_secs(5));
        assert!(!process.runs(), "one that nobody has waited for yet has ended too");
        child.wait().unwrap();
    }

    #[test]
    fn another_process_with_the_same_id_is_left_alone() {
        let mut child = sleeper();
        let other = Process { id: child.id(), began: "1".to_owned() };
        assert!(!other.runs());
        other.end(Duration::from_secs(5));
        assert!(matches!(child.try_wait(), Ok(None)), "it was ended");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn who_waits_is_stopped() {
        let mut child = sleeper();
        assert!(!wait(&mut child, &AtomicBool::new(true)).unwrap().success());
    }
}
