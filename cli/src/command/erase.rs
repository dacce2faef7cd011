//! `countersign erase`: the end of the vault, after the words that were asked for.

use countersign_strings::{fill, text};
use serde_json::json;

use super::Context;
use crate::fault::Fault;

/// Asks for the words, and erases. The passphrase is not asked for: whoever can type here can delete the file too.
pub fn run(context: &Context) -> Result<(), Fault> {
    let desk = context.desk()?;
    let words = text("cli.erase_words");
    let typed = context.terminal.line(&fill("cli.erase_ask", &[("words", words)]), false)?;
    if typed.trim().to_lowercase() != words {
        return Err(Fault::refused(fill("cli.erase_refused", &[("words", words)])));
    }
    desk.app.erase_vault()?;
    context.terminal.result("", &json!({ "erased": true }));
    context.terminal.say(text("cli.erased"));
    Ok(())
}
