//! The note by which another terminal finds the demo that runs, and the next demo what a killed one left.

use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::folder::{self, Folder};
use super::process::Process;
use crate::{Fallible, repo};

/// How long the gateway of a killed demo may take to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// Our own note. It goes when this is dropped.
pub struct Running {
    place: PathBuf,
    demo: Option<Process>,
}

impl Running {
    /// Says that this demo begins in `folder`. Other terminals find it once its gateway serves.
    pub fn begin(folder: &Folder) -> Fallible<Self> {
        let running = Self { place: place(), demo: Process::of(std::process::id()) };
        running.write(folder, None)?;
        Ok(running)
    }

    /// Says that the gateway with this process id serves.
    pub fn serves(&self, folder: &Folder, gateway: u32) -> Fallible<()> {
        self.write(folder, Process::of(gateway))
    }

    fn write(&self, folder: &Folder, gateway: Option<Process>) -> Fallible<()> {
        let as_json = |process: &Option<Process>| process.as_ref().map(Process::to_json);
        let note = json!({
            "folder": folder.path(), "kept": folder.is_kept(), "demo": as_json(&self.demo), "gateway": as_json(&gateway),
        });
        folder::write_private(&self.place, &note.to_string())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Another demo may have written its own meanwhile: that one stays.
        if Note::read(&self.place).is_some_and(|note| note.demo == self.demo) {
            let _gone = std::fs::remove_file(&self.place);
        }
    }
}

/// The folder of the demo that runs in another terminal.
pub fn find() -> Fallible<PathBuf> {
    let note = Note::read(&place()).filter(|note| note.is_alive() && note.gateway.is_some());
    note.map(|note| note.folder).filter(|folder| folder.is_dir()).ok_or_else(|| text("demo.no_demo").to_owned())
}

/// Ends the gateway and deletes the folder of a demo that was killed, and says so.
pub fn tidy() {
    let place = place();
    let Some(note) = Note::read(&place).filter(|note| !note.is_alive()) else { return };
    if let Some(gateway) = &note.gateway {
        gateway.end(PATIENCE);
    }
    let path = note.folder.display().to_string();
    if note.is_ours_to_delete() && std::fs::remove_dir_all(&note.folder).is_ok() {
        println!("{}", fill("demo.left_behind", &[("folder", &path)]));
    }
    let _gone = std::fs::remove_file(place);
}

fn place() -> PathBuf {
    repo::target().join("demo.json")
}

/// What the note says.
struct Note {
    folder: PathBuf,
    kept: bool,
    demo: Option<Process>,
    gateway: Option<Process>,
}

impl Note {
    fn read(place: &Path) -> Option<Self> {
        let note: Value = serde_json::from_str(&std::fs::read_to_string(place).ok()?).ok()?;
        Some(Self {
            folder: PathBuf::from(note["folder"].as_str()?),
            kept: note["kept"].as_bool().unwrap_or(true),
            demo: Process::from_json(&note["demo"]),
            gateway: Process::from_json(&note["gateway"]),
        })
    }

    fn is_alive(&self) -> bool {
        self.demo.as_ref().is_some_and(Process::runs)
    }

    /// A folder that a demo made for itself, and nothing else that a note may name.
    fn is_ours_to_delete(&self) -> bool {
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        !self.kept && name.starts_with(folder::PREFIX) && self.folder.is_dir()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Option<Note> {
        let place = std::env::temp_dir().join(format!("countersign-note-{}", std::process::id()));
        folder::write_private(&place, text).unwrap();
        let note = Note::read(&place);
        std::fs::remove_file(place).unwrap();
        note
    }

    #[test]
    fn a_note_that_is_no_note_is_passed_over() {
        let here = std::env::temp_dir();
        let old = note(&json!({ "folder": here }).to_string()).unwrap();
        assert!(!old.is_alive() && !old.is_ours_to_delete(), "only what a demo made for itself is deleted");
        for text in ["", "{}", "[1]", "{\"folder\": 7}"] {
            assert!(note(text).is_none(), "{text}");
        }
    }
}
