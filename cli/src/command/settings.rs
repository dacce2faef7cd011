//! `countersign settings`: what was chosen for this desk, and choosing it.

use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::Context;
use crate::args::Settings as Asked;
use crate::fault::Fault;
use crate::settings::{self, ALL, Settings};

/// Shows all settings or one, or changes one.
pub fn run(context: &Context, asked: &Asked) -> Result<(), Fault> {
    let (terminal, path) = (&context.terminal, context.home.settings());
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
    terminal.say(&fill("cli.settings_where", &[("path", &path.display().to_string())]));
    Ok(())
}
