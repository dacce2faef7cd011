//! `countersign keyring`: whether the session's keyring opens the vault, beside the passphrase.

use std::path::PathBuf;

use countersign_core::cancel::Cancel;
use countersign_core::file;
use countersign_strings::text;
use serde_json::json;

use super::Context;
use crate::args::KeyringCommand;
use crate::fault::Fault;
use crate::home::Home;
use crate::limits;
use crate::port::{Keyring, KeyringName};

/// Says how it is, or changes it.
pub fn run(context: &Context, what: Option<KeyringCommand>) -> Result<(), Fault> {
    match what {
        None => shown(context),
        Some(KeyringCommand::On) => on(context),
        Some(KeyringCommand::Off) => off(context),
    }
}

/// Under which name the keyring has this vault's key, where it has one.
pub fn name(home: &Home) -> Result<Option<KeyringName>, Fault> {
    let Some(bytes) = file::read(&place(home), limits::KEY_FILE)? else { return Ok(None) };
    // What is no name opens nothing, and the passphrase does.
    Ok(std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok()))
}

fn place(home: &Home) -> PathBuf {
    home.keys().join("keyring")
}

fn shown(context: &Context) -> Result<(), Fault> {
    context.desk()?;
    let (opens, there) = (name(&context.home)?.is_some(), Keyring::is_there());
    let words = match (opens, there) {
        (true, true) => "cli.keyring_opens",
        (true, false) => "cli.keyring_gone",
        (false, true) => "cli.keyring_could",
        (false, false) => "cli.keyring_none",
    };
    context.terminal.result(text(words), &json!({ "opens": opens, "there": there }));
    Ok(())
}

/// First the name is on disk, then the key in the keyring, then the slot in the vault: what a killed process leaves is found
/// and taken away by `off`.
fn on(context: &Context) -> Result<(), Fault> {
    let terminal = &context.terminal;
    terminal.read_descriptor()?;
    let desk = context.desk()?;
    if !Keyring::is_there() {
        return Err(Fault::refused(text("cli.keyring_none")));
    }
    context.unlock(&desk, &terminal.passphrase(text("cli.passphrase"))?)?;
    if let Some(before) = name(&context.home)? {
        let before = desk.keyring(before);
        desk.app.remove_keystore_slots(&|wrapped| before.made(wrapped))?;
        before.forget()?;
    }
    let name = desk.new_keyring()?;
    file::replace(&place(&context.home), name.to_string().as_bytes())?;
    if let Err(fault) = desk.app.add_slot_of(&desk.keyring(name), &Cancel::default()) {
        // What is left of it opens nothing.
        let _ = desk.keyring(name).forget();
        file::remove(&place(&context.home))?;
        return Err(fault.into());
    }
    terminal.result("", &json!({ "opens": true }));
    terminal.say(text("cli.keyring_opens"));
    Ok(())
}

/// The vault's slot goes first: without it no key opens anything. Slots of other keystores, and of other desks, stay.
fn off(context: &Context) -> Result<(), Fault> {
    let terminal = &context.terminal;
    let desk = context.open_desk()?;
    if let Some(name) = name(&context.home)? {
        let keyring = desk.keyring(name);
        desk.app.remove_keystore_slots(&|wrapped| keyring.made(wrapped))?;
        if keyring.forget().is_err() {
            terminal.say(text("cli.keyring_keeps"));
        }
        file::remove(&place(&context.home))?;
    }
    terminal.result("", &json!({ "opens": false }));
    terminal.say(text("cli.keyring_off"));
    Ok(())
}
