//! What was told to phones and browsers: a file beside the store, each entry written after its outcome was known.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use countersign_gateway::port::Clock as _;
use countersign_protocol::jose::Id;
use countersign_tests::raw_phone::h;
use countersign_tests::stage::Stage;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

use super::story::text;

/// Its name in the folder.
pub const NAME: &str = "acknowledged";

/// The file, being written.
pub struct Ledger(File);

impl Ledger {
    /// An empty one in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self(File::create(folder.join(NAME)).unwrap())
    }

    /// Writes down what somebody was told, with the gateway's time. One write an entry: the suite finds them in the trace.
    pub fn told(&mut self, stage: &Stage, mut entry: Value) {
        entry["now"] = stage.clock.now().into();
        self.0.write_all(entry.to_string().as_bytes()).unwrap();
    }
}

/// Whether the store holds what `entry` says somebody was told.
pub fn holds(store: &Connection, entry: &Value) -> bool {
    let id = |name: &str| *text(entry, name).parse::<Id>().unwrap().as_bytes();
    let state = |sql: &str, id: [u8; 16]| -> Option<String> {
        store.query_row(sql, params![id], |row| row.get(0)).optional().unwrap()
    };
    let device = || state("SELECT state FROM device WHERE did = ?1", id("did"));
    let approval = || state("SELECT state FROM approval WHERE id = ?1", id("aid"));
    match text(entry, "is") {
        "enrolled" => device().is_some(),
        "active" => device().is_some_and(|state| state == "active"),
        "begun" | "not taken" => {
            approval().is_some_and(|state| state != "consumed" || text(entry, "is") == "not taken")
        }
        "taken" => approval().is_some_and(|state| state == "consumed"),
        "answer" => {
            let sql = "SELECT result FROM answer WHERE did = ?1 AND h = ?2";
            let found = store.query_row(sql, params![id("did"), h(text(entry, "jws")).as_bytes()], |row| row.get(0));
            let found: Option<String> = found.optional().unwrap();
            let is = approval();
            let fits = match text(entry, "st") {
                "approved" => is.as_deref() == Some("approved"),
                "denied" => is.as_deref() == Some("denied"),
                "reported" => is.as_deref() == Some("reported"),
                "wrong" => is.as_deref() == Some("pending"),
                _ => is.is_some_and(|is| ["consumed", "denied"].contains(&is.as_str())),
            };
            fits && found.as_deref() == entry["reply"].as_str()
        }
        _ => true,
    }
}
