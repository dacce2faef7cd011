//! `countersign limits`: what is taken at most, as the code has it.

use countersign_core::limits as core;
use countersign_core::protocol::limits as protocol;
use serde_json::json;

use crate::fault::Fault;
use crate::limits as desk;
use crate::terminal::Terminal;

/// Prints the tables of the packages that this program is made of.
pub fn run(terminal: &Terminal) -> Result<(), Fault> {
    for row in protocol::TABLE.iter().chain(core::TABLE).chain(desk::TABLE) {
        let plain = format!("{:<58} {:>12} {}", row.surface, row.most, row.unit);
        terminal.result(&plain, &json!({ "surface": row.surface, "most": row.most, "unit": row.unit }));
    }
    Ok(())
}
