//! `countersign remove NAME`: asks, then removes an account.

use countersign_strings::{fill, text};
use serde_json::json;

use super::{Context, account};
use crate::fault::Fault;

/// Names what was found and asks, unless `yes`.
pub fn run(context: &Context, name: &str, yes: bool) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let found = account::find(&desk.app.accounts()?, name)?;
    let line = account::line(&found);
    if !yes && !context.terminal.confirm(&fill("cli.remove_ask", &[("name", &line)]))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    desk.app.delete_account(found.id)?;
    context.terminal.result("", &json!({ "removed": account::as_json(&found) }));
    context.terminal.say(&fill("cli.removed", &[("name", &line)]));
    Ok(())
}
