//! The owner's own keys of hardware tokens, which the vault keeps by name: `countersign token key list`, `keep` and `forget`.

use countersign_core::burn::{Dialect, Family};
use countersign_core::error::InputError;
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::FamilyName;
use super::kept;
use super::table::own_key;
use crate::command::Context;
use crate::fault::Fault;
use crate::outside::isolated;
use crate::token_words;

/// Lists them by their names: a key itself is never shown.
pub fn list(context: &Context) -> Result<(), Fault> {
    let keys = kept::desk(context)?.app.token_keys()?;
    let rows: Vec<Value> =
        keys.iter().map(|key| json!({ "name": key.name, "family": token_words::family_name(key.family) })).collect();
    let line = |name: &str, family| {
        fill("token.key_row", &[("name", &isolated(name)), ("family", token_words::of_family(family))])
    };
    let lines: Vec<String> = keys.iter().map(|key| line(&key.name, key.family)).collect();
    context.terminal.result(&lines.join("\n"), &json!({ "keys": rows }));
    if keys.is_empty() {
        context.terminal.say(text("token.no_keys"));
    }
    Ok(())
}

/// Keeps a key, which is asked for; of a person twice.
pub fn keep(context: &Context, name: &str, family: FamilyName) -> Result<(), Fault> {
    let (terminal, family) = (&context.terminal, family_of(family));
    let desk = kept::desk(context)?;
    let key = own_key(family, &terminal.line(text("token.key_ask"), true)?)?;
    if terminal.is_typed() && !key.ct_eq(own_key(family, &terminal.line(text("cli.again"), true)?)?.expose()) {
        return Err(Fault::refused(text("token.keys_differ")));
    }
    desk.app.add_token_key(name, family, &key)?;
    terminal.result("", &json!({ "name": name.trim(), "family": token_words::family_name(family) }));
    terminal.say(&fill("token.key_kept", &[("name", &isolated(name.trim()))]));
    Ok(())
}

/// Forgets a key. Tokens that have it are not written any more by who does not know it.
pub fn forget(context: &Context, name: &str, yes: bool) -> Result<(), Fault> {
    let desk = kept::desk(context)?;
    let name = name.trim();
    if !desk.app.token_keys()?.iter().any(|key| key.name == name) {
        return Err(InputError::NotFound.into());
    }
    let question = fill("token.key_forget_ask", &[("name", &isolated(name))]);
    if !yes && !context.terminal.confirm(&question)? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    desk.app.remove_token_key(name)?;
    context.terminal.result("", &json!({ "forgotten": name }));
    context.terminal.say(&fill("token.key_forgotten", &[("name", &isolated(name))]));
    Ok(())
}

const fn family_of(name: FamilyName) -> Family {
    match name {
        FamilyName::Single => Family::Single,
        FamilyName::Molto2 => Family::Molto2,
        FamilyName::Yubikey => Family::Oath(Dialect::YubiKey),
        FamilyName::Ykneo => Family::Oath(Dialect::NeoOath),
        FamilyName::Apex => Family::Oath(Dialect::Apex),
        FamilyName::Nitrokey => Family::Oath(Dialect::Nitrokey),
    }
}
