//! `countersign undo`: takes back the last change of accounts, and says which.

use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::Context;
use super::choose::agreed;
use super::groups::accounts_of;
use super::kept::{self, Groups};
use crate::fault::Fault;
use crate::outside;

/// Says what is taken back, asks where that is more than one account, and does it.
pub fn run(context: &Context, yes: bool) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let (changed, removed) = (desk.app.last_change()?, desk.app.removed_groups()?);
    if changed.is_empty() && removed.is_empty() {
        return Err(Fault::refused(text("accounts.nothing_to_undo")));
    }
    if removed.is_empty() {
        let groups = Groups::of(&desk.app)?;
        kept::told(&desk.app, &changed, &groups, true)?.iter().for_each(|words| context.terminal.say(words));
    }
    for group in &removed {
        let members = changed.iter().filter(|one| one.before.details.groups.contains(&group.id)).count();
        let values = [("name", &*outside::isolated(&group.name)), ("accounts", &accounts_of(members))];
        context.terminal.say(&fill("accounts.group_back", &values));
    }
    if let more @ 2.. = changed.len() {
        agreed(context, yes, &fill("accounts.undo_ask", &[("n", &more.to_string())]))?;
    }
    desk.app.undo_change()?;
    let (accounts, groups) = (desk.app.accounts()?, Groups::of(&desk.app)?);
    let now = changed.iter().filter_map(|one| accounts.iter().find(|account| account.id == one.now.id));
    let json: Vec<Value> = now.map(|account| kept::as_json(account, &groups)).collect();
    let back: Vec<Value> = removed.iter().map(|group| json!(group.name)).collect();
    context.terminal.result("", &json!({ "undone": json, "groups": back }));
    context.terminal.say(text("accounts.undone"));
    Ok(())
}
