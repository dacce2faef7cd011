//! `countersign bin`: what was removed and can be had back, for thirty days.

use std::sync::Arc;

use clap::Subcommand;
use countersign_core::vault::{Account, AccountId, Binned};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::account::Alike;
use super::choose::{self, agreed};
use super::kept::{self, Groups};
use super::{Context, account};
use crate::fault::Fault;
use crate::{outside, when};

/// What can be done with it.
#[derive(Debug, Clone, Subcommand)]
pub enum BinCommand {
    /// Lists what lies there.
    #[command(about = text("accounts.about_bin_list"))]
    List,
    /// Takes accounts out again.
    #[command(about = text("accounts.about_bin_restore"))]
    Restore {
        /// Which.
        #[arg(value_name = "NAME", required_unless_present = "all", help = text("accounts.help_binned"))]
        names: Vec<String>,
        /// All of them.
        #[arg(long, conflicts_with = "names", help = text("accounts.help_bin_all"))]
        all: bool,
    },
    /// Takes accounts out for good.
    #[command(about = text("accounts.about_bin_delete"))]
    Delete {
        /// Which.
        #[arg(value_name = "NAME", required = true, help = text("accounts.help_binned"))]
        names: Vec<String>,
        /// Without asking.
        #[arg(long, help = text("cli.help_yes"))]
        yes: bool,
    },
    /// Takes all accounts out for good.
    #[command(about = text("accounts.about_bin_empty"))]
    Empty {
        /// Without asking.
        #[arg(long, help = text("cli.help_yes"))]
        yes: bool,
    },
}

/// Does what was asked for; lists where nothing was.
pub fn run(context: &Context, what: Option<&BinCommand>) -> Result<(), Fault> {
    match what {
        None | Some(BinCommand::List) => list(context),
        Some(BinCommand::Restore { names, .. }) => restore(context, names),
        Some(BinCommand::Delete { names, yes }) => delete(context, names, *yes),
        Some(BinCommand::Empty { yes }) => empty(context, *yes),
    }
}

fn list(context: &Context) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let (bin, groups) = (desk.app.bin()?, Groups::of(&desk.app)?);
    let rows: Vec<Value> = bin.iter().map(|binned| as_json(binned, &groups)).collect();
    let lines: Vec<String> = bin.iter().map(line).collect();
    context.terminal.result(&lines.join("\n"), &json!({ "bin": rows }));
    if bin.is_empty() {
        context.terminal.say(text("accounts.bin_is_empty"));
    }
    Ok(())
}

fn line(binned: &Binned) -> String {
    let name = outside::isolated(&account::line(&binned.account));
    let (id, day) = (binned.account.id.to_string(), when::day(binned.until));
    fill("accounts.bin_line", &[("name", &name), ("day", &day), ("id", &id)])
}

fn as_json(binned: &Binned, groups: &Groups) -> Value {
    let mut json = kept::as_json(&binned.account, groups);
    json["deleted"] = json!(binned.account.deleted.map(|deleted| deleted.at));
    json["until"] = json!(binned.until);
    json
}

/// The accounts in the bin that these names mean; all of them without a name.
fn chosen(bin: &[Binned], names: &[String]) -> Result<Vec<Arc<Account>>, Fault> {
    let all: Vec<Arc<Account>> = bin.iter().map(|binned| binned.account.clone()).collect();
    match (all.is_empty(), names.is_empty()) {
        (true, _) => Err(Fault::refused(text("accounts.bin_is_empty"))),
        (false, true) => Ok(all),
        (false, false) => choose::named(&all, names),
    }
}

fn restore(context: &Context, names: &[String]) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let chosen = chosen(&desk.app.bin()?, names)?;
    desk.app.restore_accounts(&ids(&chosen))?;
    let groups = Groups::of(&desk.app)?;
    let json: Vec<Value> = chosen.iter().map(|account| kept::as_json(account, &groups)).collect();
    context.terminal.result("", &json!({ "restored": json }));
    context.terminal.say(&fill("accounts.restored", &[("names", &choose::lines(&chosen, &Alike::among(&desk.app)?))]));
    Ok(())
}

fn delete(context: &Context, names: &[String], yes: bool) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let chosen = chosen(&desk.app.bin()?, names)?;
    agreed(
        context,
        yes,
        &fill(
            "accounts.delete_ask",
            &[("names", &choose::lines(&chosen, &Alike::of(chosen.iter().map(|account| &**account))))],
        ),
    )?;
    desk.app.purge_accounts(&ids(&chosen))?;
    gone(context, chosen.len())
}

fn empty(context: &Context, yes: bool) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let all = chosen(&desk.app.bin()?, &[])?;
    agreed(
        context,
        yes,
        &fill(
            "accounts.delete_ask",
            &[("names", &choose::lines(&all, &Alike::of(all.iter().map(|account| &**account))))],
        ),
    )?;
    // Those that were told, and none that another program put there meanwhile.
    desk.app.purge_accounts(&ids(&all))?;
    gone(context, all.len())
}

fn gone(context: &Context, count: usize) -> Result<(), Fault> {
    context.terminal.result("", &json!({ "deleted": count }));
    context.terminal.say(&fill("accounts.deleted", &[("n", &count.to_string())]));
    Ok(())
}

fn ids(accounts: &[Arc<Account>]) -> Vec<AccountId> {
    accounts.iter().map(|account| account.id).collect()
}
