//! `countersign groups`: what accounts are put into.

use clap::Subcommand;
use countersign_core::vault::{Group, GroupId};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::Context;
use super::choose::agreed;
use super::kept::Groups;
use super::place::{Place, before};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::measure::columns;
use crate::outside;

/// What can be done with them.
#[derive(Debug, Clone, Subcommand)]
pub enum GroupsCommand {
    /// Lists them.
    #[command(about = text("accounts.about_groups_list"))]
    List,
    /// Makes groups.
    #[command(about = text("accounts.about_groups_add"))]
    Add {
        /// Their names.
        #[arg(value_name = "NAME", required = true, help = text("accounts.help_new_groups"))]
        names: Vec<String>,
    },
    /// Names one anew.
    #[command(about = text("accounts.about_groups_rename"))]
    Rename {
        /// Which.
        #[arg(value_name = "GROUP", help = text("accounts.help_which_group"))]
        group: String,
        /// Its name.
        #[arg(value_name = "NAME", help = text("accounts.help_new_name"))]
        name: String,
    },
    /// Puts one elsewhere.
    #[command(about = text("accounts.about_groups_move"))]
    Move {
        /// Which.
        #[arg(value_name = "GROUP", help = text("accounts.help_which_group"))]
        group: String,
        /// Where to.
        #[command(flatten)]
        place: Place,
    },
    /// Removes groups; their accounts stay.
    #[command(about = text("accounts.about_groups_remove"))]
    Remove {
        /// Which.
        #[arg(value_name = "GROUP", required = true, help = text("accounts.help_which_group"))]
        groups: Vec<String>,
        /// Without asking.
        #[arg(long, help = text("cli.help_yes"))]
        yes: bool,
    },
}

/// Does what was asked for; lists where nothing was.
pub fn run(context: &Context, what: Option<&GroupsCommand>) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let groups = Groups::of(&desk.app)?;
    match what {
        None | Some(GroupsCommand::List) => list(context, &desk, &groups),
        Some(GroupsCommand::Add { names }) => add(context, &desk, &groups, names),
        Some(GroupsCommand::Rename { group, name }) => rename(context, &desk, groups.find(group)?, name),
        Some(GroupsCommand::Move { group, place }) => put(context, &desk, &groups, groups.find(group)?, place),
        Some(GroupsCommand::Remove { groups: names, yes }) => remove(context, &desk, &groups, names, *yes),
    }
}

fn list(context: &Context, desk: &Desk, groups: &Groups) -> Result<(), Fault> {
    let accounts = desk.app.accounts()?;
    let count = |id: &GroupId| accounts.iter().filter(|account| account.details.groups.contains(id)).count();
    let rows: Vec<(&Group, usize)> = groups.all().iter().map(|group| (group, count(&group.id))).collect();
    let json: Vec<Value> = rows.iter().map(|(group, count)| as_json(group, *count)).collect();
    let names: Vec<String> = rows.iter().map(|(group, _)| outside::isolated(&group.name)).collect();
    let width = names.iter().map(|name| columns(name)).max().unwrap_or_default().min(60);
    let lines = names.iter().zip(&rows).map(|(name, (_, count))| {
        format!("{name}{}  {}", " ".repeat(width.saturating_sub(columns(name))), accounts_of(*count))
    });
    context.terminal.result(&lines.collect::<Vec<_>>().join("\n"), &json!({ "groups": json }));
    if rows.is_empty() {
        context.terminal.say(text("accounts.no_groups"));
    }
    Ok(())
}

fn as_json(group: &Group, accounts: usize) -> Value {
    json!({ "id": group.id.to_string(), "name": group.name, "accounts": accounts })
}

/// «1 account», «5 accounts».
pub fn accounts_of(count: usize) -> String {
    match count {
        1 => text("accounts.one").to_owned(),
        count => fill("accounts.count", &[("n", &count.to_string())]),
    }
}

fn add(context: &Context, desk: &Desk, groups: &Groups, names: &[String]) -> Result<(), Fault> {
    let mut made = Vec::new();
    for name in names {
        let id = desk.app.add_group(name)?;
        let words = match groups.all().iter().find(|group| group.id == id) {
            Some(there) => fill("accounts.group_there", &[("name", &outside::isolated(&there.name))]),
            None => fill("accounts.group_made", &[("name", &outside::isolated(name.trim()))]),
        };
        context.terminal.say(&words);
        made.push(id);
    }
    let groups = Groups::of(&desk.app)?;
    let json: Vec<Value> = groups
        .all()
        .iter()
        .filter(|group| made.contains(&group.id))
        .map(|group| json!({ "id": group.id.to_string(), "name": group.name }))
        .collect();
    context.terminal.result("", &json!({ "groups": json }));
    Ok(())
}

fn rename(context: &Context, desk: &Desk, group: &Group, name: &str) -> Result<(), Fault> {
    let changed = desk.app.rename_group(group.id, name)?;
    context.terminal.result("", &json!({ "id": group.id.to_string(), "name": name.trim() }));
    if !changed {
        context.terminal.say(text("accounts.edit_nothing"));
        return Ok(());
    }
    let (before, after) = (outside::isolated(&group.name), outside::isolated(name.trim()));
    let values = [("field", text("accounts.group")), ("before", &*before), ("after", &*after)];
    context.terminal.say(&fill("accounts.difference", &values));
    context.terminal.say(text("accounts.undo_how"));
    Ok(())
}

fn put(context: &Context, desk: &Desk, groups: &Groups, group: &Group, place: &Place) -> Result<(), Fault> {
    let others: Vec<GroupId> = groups.all().iter().map(|group| group.id).filter(|id| *id != group.id).collect();
    let to = before(&others, place, |name| groups.find(name).map(|group| group.id))?;
    if !desk.app.move_group(group.id, to)? {
        context.terminal.say(text("accounts.edit_nothing"));
    }
    list(context, desk, &Groups::of(&desk.app)?)
}

fn remove(context: &Context, desk: &Desk, groups: &Groups, names: &[String], yes: bool) -> Result<(), Fault> {
    let mut chosen = names.iter().map(|name| groups.find(name)).collect::<Result<Vec<&Group>, _>>()?;
    let accounts = desk.app.accounts()?;
    let is_in = |group: &&Group| accounts.iter().any(|account| account.details.groups.contains(&group.id));
    if chosen.iter().any(is_in) {
        let names: Vec<String> = chosen.iter().map(|group| outside::isolated(&group.name)).collect();
        agreed(context, yes, &fill("accounts.group_remove_ask", &[("names", &names.join(", "))]))?;
    }
    // One may have been named twice.
    chosen.sort_by_key(|group| group.id);
    chosen.dedup_by_key(|group| group.id);
    let ids: Vec<GroupId> = chosen.iter().map(|group| group.id).collect();
    desk.app.delete_groups(&ids)?;
    for group in &chosen {
        context.terminal.say(&fill("accounts.group_removed", &[("name", &outside::isolated(&group.name))]));
    }
    context.terminal.say(text("accounts.undo_how"));
    let json: Vec<Value> = chosen.iter().map(|group| json!(group.name)).collect();
    context.terminal.result("", &json!({ "removed": json }));
    Ok(())
}
