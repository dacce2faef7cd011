//! `countersign slots decoy`: another passphrase that shows other accounts, set up and ended.

use std::sync::Arc;

use clap::Args;
use countersign_core::protocol::Secret;
use countersign_core::vault::{Account, AccountId};
use countersign_strings::{fill, text};
use serde_json::json;

use super::{Context, account, keyring};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::outside::isolated;

/// What stays to be seen, or the end of it.
#[derive(Debug, Clone, Args)]
pub struct Decoy {
    /// Which accounts the decoy shows.
    #[arg(long, value_name = "NAME", conflicts_with = "end", help = text("cli.help_decoy_keep"))]
    pub keep: Vec<String>,
    /// Ends it.
    #[arg(long, help = text("cli.help_decoy_end"))]
    pub end: bool,
    /// Without asking.
    #[arg(long, help = text("cli.help_yes"))]
    pub yes: bool,
}

/// Asks for the passphrase of today, says what comes of it, asks, and does it.
pub fn run(context: &Context, what: &Decoy) -> Result<(), Fault> {
    context.terminal.read_descriptor()?;
    let desk = context.desk()?;
    let passphrase = context.terminal.passphrase(text("cli.passphrase"))?;
    context.unlock(&desk, &passphrase)?;
    if what.end { end(context, &desk, &passphrase, what.yes) } else { set_up(context, &desk, &passphrase, what) }
}

fn set_up(context: &Context, desk: &Desk, passphrase: &Secret, what: &Decoy) -> Result<(), Fault> {
    let terminal = &context.terminal;
    if keyring::name(&context.home)?.is_some() {
        return Err(Fault::refused(text("cli.decoy_keyring")));
    }
    let accounts = desk.app.accounts()?;
    let keep: Vec<Arc<Account>> =
        what.keep.iter().map(|name| account::find(&accounts, name)).collect::<Result<_, _>>()?;
    let names: Vec<String> = keep.iter().map(|account| format!("  {}", isolated(&account::line(account)))).collect();
    let shown = if names.is_empty() { text("cli.decoy_shows_nothing").to_owned() } else { names.join("\n") };
    terminal.say(&fill("cli.decoy_about", &[("shown", &shown)]));
    if !what.yes && !terminal.confirm(text("cli.decoy_ask"))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    terminal.say(text("cli.decoy_choose"));
    let decoy = terminal.new_passphrase()?;
    let keep: Vec<AccountId> = keep.iter().map(|account| account.id).collect();
    desk.set_up_decoy(passphrase, &decoy, &keep)?;
    terminal.result("", &json!({ "decoy": true, "kept": keep.len() }));
    terminal.say(text("cli.decoy_made"));
    Ok(())
}

fn end(context: &Context, desk: &Desk, passphrase: &Secret, yes: bool) -> Result<(), Fault> {
    let terminal = &context.terminal;
    if !desk.app.has_decoy()? {
        return Err(Fault::refused(text("cli.decoy_none")));
    }
    if !yes && !terminal.confirm(text("cli.decoy_end_ask"))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    desk.end_decoy(passphrase)?;
    terminal.result("", &json!({ "decoy": false }));
    terminal.say(text("cli.decoy_ended"));
    Ok(())
}
