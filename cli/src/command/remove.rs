//! `countersign remove NAME…`: asks, then puts accounts into the bin, where they lie for thirty days.

use clap::Args;
use countersign_core::vault::AccountId;
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::Context;
use super::account::Alike;
use super::choose::{self, Filter, agreed};
use super::kept::{self, Groups};
use crate::fault::Fault;

/// Which accounts.
#[derive(Debug, Clone, Default, Args)]
pub struct Remove {
    /// By their names.
    #[arg(value_name = "NAME", help = text("accounts.help_names"))]
    pub names: Vec<String>,
    /// By what they have in common.
    #[command(flatten)]
    pub filter: Filter,
    /// Without asking.
    #[arg(long, help = text("cli.help_yes"))]
    pub yes: bool,
}

/// Names what was found and asks, unless that is not wanted.
pub fn run(context: &Context, asked: &Remove) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let groups = Groups::of(&desk.app)?;
    let chosen = choose::accounts(&desk, &asked.names, &asked.filter, &groups)?;
    let alike = Alike::among(&desk.app)?;
    let line = alike.shown(&chosen[0]);
    let question = match chosen.len() {
        1 => fill("cli.remove_ask", &[("name", &line)]),
        n => fill("accounts.remove_ask", &[("n", &n.to_string()), ("names", &choose::lines(&chosen, &alike))]),
    };
    agreed(context, asked.yes, &question)?;
    let ids: Vec<AccountId> = chosen.iter().map(|account| account.id).collect();
    desk.app.delete_accounts(&ids)?;
    let json: Vec<Value> = chosen.iter().map(|account| kept::as_json(account, &groups)).collect();
    context.terminal.result("", &json!({ "removed": json }));
    let said = match chosen.len() {
        1 => fill("cli.removed", &[("name", &line)]),
        n => fill("accounts.removed", &[("n", &n.to_string())]),
    };
    context.terminal.say(&said);
    context.terminal.say(text("accounts.lies_in_the_bin"));
    Ok(())
}
