//! `countersign show`: all that is kept of an account but its key.

use countersign_strings::text;
use serde_json::json;

use super::kept::{self, Groups};
use super::{Context, account};
use crate::fault::Fault;
use crate::measure::columns;
use crate::{outside, when, words};

/// Prints it, a line for each thing.
pub fn run(context: &Context, name: &str) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let groups = Groups::of(&desk.app)?;
    let found = account::find(&desk.app.accounts()?, name)?;
    let note = desk.app.note(found.id)?;
    let gateways = desk.app.gateways();
    let gateway = found.origin.and_then(|origin| gateways.iter().find(|gateway| gateway.id == origin));
    let mut json = kept::as_json(&found, &groups);
    json["note"] = json!(note.as_str());
    json["gateway"] = json!(gateway.map(|gateway| gateway.host.as_str()));

    let never = || text("accounts.never").to_owned();
    let mut rows = kept::fields(&found, Some(&note), &groups);
    rows.extend([
        (text("accounts.kind"), account::kind(&found)),
        (text("accounts.hash"), account::hash(&found).to_owned()),
        (text("error.field_counter"), account::counter(&found).map(|counter| counter.to_string()).unwrap_or_default()),
        (text("accounts.created"), when::minute(found.created)),
        (text("accounts.changed"), when::minute(found.changed)),
        (text("accounts.used"), if found.used == 0 { never() } else { when::minute(found.used) }),
        (text("accounts.uses"), found.uses.to_string()),
    ]);
    rows.extend(gateway.map(|gateway| (text("accounts.gateway"), words::host(gateway).to_owned())));
    let width = rows.iter().map(|(field, _)| columns(field)).max().unwrap_or_default();
    let shown = rows.iter().filter(|(_, value)| !value.is_empty());
    let lines = shown.map(|(field, value)| {
        let value = outside::few_marks(value).replace('\n', &format!("\n{}", " ".repeat(width + 2)));
        format!("{field}{}  {value}", " ".repeat(width - columns(field)))
    });
    context.terminal.result(&lines.collect::<Vec<_>>().join("\n"), &json);
    Ok(())
}
