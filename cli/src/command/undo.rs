//! `countersign undo`: takes back the last change of accounts, and says which.

use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::Context;
use super::choose::agreed;
use super::kept::{self, Groups};
use crate::fault::Fault;

/// Says what is taken back, asks where that is more than one account, and does it.
pub fn run(context: &Context, yes: bool) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let changed = desk.app.last_change()?;
    if changed.is_empty() {
        return Err(Fault::refused(text("accounts.nothing_to_undo")));
    }
    let groups = Groups::of(&desk.app)?;
    kept::told(&desk.app, &changed, &groups, true)?.iter().for_each(|words| context.terminal.say(words));
    if let more @ 2.. = changed.len() {
        agreed(context, yes, &fill("accounts.undo_ask", &[("n", &more.to_string())]))?;
    }
    desk.app.undo_change()?;
    let accounts = desk.app.accounts()?;
    let now = changed.iter().filter_map(|one| accounts.iter().find(|account| account.id == one.now.id));
    let json: Vec<Value> = now.map(|account| kept::as_json(account, &groups)).collect();
    context.terminal.result("", &json!({ "undone": json }));
    context.terminal.say(text("accounts.undone"));
    Ok(())
}
