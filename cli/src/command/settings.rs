//! `countersign settings`: what was chosen for this desk, and choosing it.

use countersign_core::error::{InputError, Named, Rule};
use countersign_core::vault::AutoLock;
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::Context;
use crate::args::Settings as Asked;
use crate::fault::Fault;
use crate::settings::{self, ALL, Settings};

/// The setting that is kept in the vault, and so is asked for by itself.
const LOCK: &str = "lock";

/// When the vault locks itself: as `countersign lock` has it.
fn lock(context: &Context, asked: &Asked) -> Result<(), Fault> {
    let usual = AutoLock::default().after.map_or(0, |after| after.as_secs());
    let after = match asked.value.as_deref() {
        Some(typed) => Some(
            typed
                .trim()
                .parse()
                .map_err(|_| Fault::from(InputError::Field { field: Named::AutoLock, rule: Rule::Range }))?,
        ),
        None => asked.usual.then_some(usual),
    };
    super::lock::run(context, after)
}

/// Shows all settings or one, or changes one.
pub fn run(context: &Context, asked: &Asked) -> Result<(), Fault> {
    let (terminal, path) = (&context.terminal, context.home.settings());
    if asked.name.as_deref() == Some(LOCK) {
        return lock(context, asked);
    }
    if asked.value.is_some() || asked.usual {
        let name = asked.name.as_deref().unwrap_or_default();
        let settings = Settings::write(&path, name, asked.value.as_deref())?;
        let setting = settings::find(name)?;
        terminal.result("", &json!({ "name": setting.name, "value": setting.json(&settings) }));
        terminal.say(&settings::changed(&setting, &settings));
        return Ok(());
    }
    let settings = context.settings()?;
    if let Some(name) = &asked.name {
        let setting = settings::find(name)?;
        let json = json!({ "name": setting.name, "value": setting.json(&settings) });
        terminal.result(&setting.shown(&settings), &json);
        return Ok(());
    }
    let all: serde_json::Map<String, Value> =
        ALL.iter().map(|setting| (setting.name.to_owned(), setting.json(&settings))).collect();
    if terminal.json() {
        terminal.result("", &Value::Object(all));
        return Ok(());
    }
    for setting in &ALL {
        let line = format!("{:<12} {:<8} {}", setting.name, setting.shown(&settings), text(setting.about));
        terminal.result(&line, &Value::Null);
    }
    terminal.say(&fill("accounts.settings_lock", &[("name", LOCK)]));
    terminal.say(&fill("cli.settings_where", &[("path", &path.display().to_string())]));
    Ok(())
}
