//! `countersign init`: a new vault.

use countersign_strings::{fill, text};
use serde_json::json;

use super::Context;
use crate::desk::{self, Desk};
use crate::fault::Fault;

/// Makes the vault; the passphrase is asked for twice.
pub fn run(context: &Context) -> Result<(), Fault> {
    desk::no_folder(&context.home)?;
    let desk = Desk::open(&context.home, context.terminal.clone())?;
    if desk.has_vault() {
        return Err(countersign_core::error::InputError::VaultExists.into());
    }
    desk.create(&context.terminal.new_passphrase()?)?;
    let folder = context.home.place().display().to_string();
    context.terminal.result("", &json!({ "created": true, "home": folder }));
    context.terminal.say(&fill("cli.init_done", &[("folder", &folder)]));
    context.terminal.say(text("cli.init_software"));
    Ok(())
}
