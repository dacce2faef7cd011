//! `countersign passphrase`: changes the passphrase of vault and keystore together.

use countersign_strings::text;
use serde_json::json;

use super::Context;
use crate::fault::Fault;

/// Asks for the old one and, twice, for the new one.
pub fn run(context: &Context) -> Result<(), Fault> {
    let desk = context.desk()?;
    let old = context.terminal.passphrase(text("cli.passphrase"))?;
    context.unlock(&desk, &old)?;
    let new = context.terminal.new_passphrase()?;
    desk.change_passphrase(&old, &new)?;
    context.terminal.result("", &json!({ "changed": true }));
    context.terminal.say(text("cli.passphrase_changed"));
    Ok(())
}
