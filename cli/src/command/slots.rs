//! `countersign slots`: what opens the vault.

use std::path::PathBuf;

use clap::Subcommand;
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, Named};
use countersign_core::vault::{DeviceClass, SHEET_LINES, Sheet, SlotId, SlotKind, SlotRow};
use countersign_strings::{fill, text};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::decoy::{self, Decoy};
use super::hardware::{self, Hardware};
use super::{Context, sheet};
use crate::fault::Fault;
use crate::outside::isolated;
use crate::when;

/// What can be done with them.
#[derive(Debug, Clone, Subcommand)]
pub enum SlotsCommand {
    /// Lists them.
    #[command(about = text("cli.about_slots_list"))]
    List,
    /// Adds a passphrase.
    #[command(about = text("cli.about_slots_add"))]
    Add {
        /// The person's own name for it.
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, help = text("cli.help_slot_new_name"))]
        name: String,
    },
    /// Names one.
    #[command(about = text("cli.about_slots_name"))]
    Name {
        /// Which.
        #[arg(value_name = "NUMBER", help = text("cli.help_slot"))]
        id: u32,
        /// Its name.
        #[arg(value_name = "NAME", default_value = "", hide_default_value = true, help = text("cli.help_slot_name"))]
        name: String,
    },
    /// Takes one back.
    #[command(about = text("cli.about_slots_remove"))]
    Remove {
        /// Which.
        #[arg(value_name = "NUMBER", help = text("cli.help_slot"))]
        id: u32,
        /// Without asking.
        #[arg(long, help = text("cli.help_yes"))]
        yes: bool,
    },
    /// Makes a recovery sheet.
    #[command(about = text("cli.about_slots_recovery"))]
    Recovery {
        /// The person's own name for it.
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, help = text("cli.help_slot_new_name"))]
        name: String,
        /// Where the page is written to.
        #[arg(long, value_name = "FILE", help = text("cli.help_page"))]
        page: Option<PathBuf>,
    },
    /// Opens the vault by a recovery sheet, for a new passphrase.
    #[command(about = text("cli.about_slots_restore"))]
    Restore,
    /// Lets a hardware key open the vault.
    #[command(about = text("cli.about_slots_hardware"))]
    Hardware(Hardware),
    /// Sets up a decoy, or ends it.
    #[command(about = text("cli.about_slots_decoy"))]
    Decoy(Decoy),
}

/// Does what was asked for; lists where nothing was.
pub fn run(context: &Context, what: Option<&SlotsCommand>) -> Result<(), Fault> {
    match what {
        None | Some(SlotsCommand::List) => list(context),
        Some(SlotsCommand::Add { name }) => add(context, name),
        Some(SlotsCommand::Name { id, name }) => rename(context, SlotId::of(*id), name),
        Some(SlotsCommand::Remove { id, yes }) => remove(context, SlotId::of(*id), *yes),
        Some(SlotsCommand::Recovery { name, page }) => sheet::make(context, name, page.as_deref()),
        Some(SlotsCommand::Restore) => restore(context),
        Some(SlotsCommand::Hardware(asked)) => hardware::add(context, asked),
        Some(SlotsCommand::Decoy(what)) => decoy::run(context, what),
    }
}

fn list(context: &Context) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let rows = desk.app.slots()?;
    let widest = rows.iter().map(|row| row.id.number().to_string().len()).max().unwrap_or_default();
    let lines: Vec<String> = rows.iter().map(|row| line(row, widest)).collect();
    let slots: Vec<Value> = rows.iter().map(as_json).collect();
    context.terminal.result(&lines.join("\n"), &json!({ "slots": slots }));
    Ok(())
}

fn add(context: &Context, name: &str) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let passphrase = context.terminal.new_passphrase()?;
    let id = match desk.app.add_passphrase(&passphrase, name, DeviceClass::Desktop, &Cancel::default()) {
        // Only the vault beneath a decoy takes one way alone; the decoy itself does as any other vault.
        Err(Error::Input(InputError::TooMuch { what: Named::Slots, most: 1, .. })) => {
            return Err(Fault::refused(text("cli.decoy_one_way")));
        }
        added => added?,
    };
    context.terminal.result("", &json!({ "added": id.number() }));
    context.terminal.say(text("cli.slot_added"));
    Ok(())
}

fn rename(context: &Context, id: SlotId, name: &str) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    desk.app.name_slot(id, name)?;
    context.terminal.result("", &json!({ "named": id.number() }));
    let words = if name.is_empty() {
        text("cli.slot_unnamed").to_owned()
    } else {
        fill("cli.slot_renamed", &[("name", &isolated(name))])
    };
    context.terminal.say(&words);
    Ok(())
}

fn remove(context: &Context, id: SlotId, yes: bool) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let rows = desk.app.slots()?;
    let row = rows.iter().find(|row| row.id == id).ok_or(InputError::NotFound)?;
    let name = what(row);
    if !yes && !context.terminal.confirm(&fill("cli.slot_remove_ask", &[("name", &name)]))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    desk.app.remove_slot(id)?;
    context.terminal.result("", &json!({ "removed": id.number() }));
    context.terminal.say(&fill("cli.slot_removed", &[("name", &name)]));
    Ok(())
}

/// Asks for the sheet's lines and a new passphrase. With a descriptor the passphrase comes first, as everywhere.
fn restore(context: &Context) -> Result<(), Fault> {
    let desk = context.desk()?;
    let terminal = &context.terminal;
    let given = if terminal.has_descriptor() { Some(terminal.new_passphrase()?) } else { None };
    let sheet = typed_sheet(context)?;
    desk.app.unlock_by_sheet(&sheet, &Cancel::default())?;
    let new = given.map_or_else(|| terminal.new_passphrase(), Ok)?;
    let has_keys = !desk.app.gateways().is_empty();
    let stay = desk.restore(&sheet, &new)?;
    terminal.result("", &json!({ "restored": true }));
    terminal.say(text("cli.sheet_restored"));
    if has_keys && !stay {
        terminal.say(text("cli.sheet_restored_keys"));
    }
    Ok(())
}

/// The sheet, line by line; a person is told of a mistyped one at once and types it again. The text of its QR is taken
/// whole.
fn typed_sheet(context: &Context) -> Result<Sheet, Fault> {
    let mut typed = Zeroizing::new(String::with_capacity(256));
    let mut number = 1;
    while number <= SHEET_LINES {
        let line = context.terminal.line(&fill("cli.sheet_ask", &[("n", &number.to_string())]), false)?;
        if let (1, Ok(sheet)) = (number, Sheet::read(&line)) {
            return Ok(sheet);
        }
        if Sheet::is_line(number, &line) {
            typed.push_str(&line);
            typed.push('\n');
            number += 1;
            continue;
        }
        let mistyped = InputError::SheetLine(number as u8);
        if !context.terminal.is_asked() {
            return Err(mistyped.into());
        }
        context.terminal.say(&crate::words::of_error(&mistyped.into()));
    }
    Ok(Sheet::read(&typed)?)
}

/// What a row is, by its own name where it has one.
fn what(row: &SlotRow) -> String {
    let kind = text(match row.kind {
        SlotKind::Passphrase(_) => "cli.slot_passphrase",
        SlotKind::Keystore(_) => "cli.slot_keystore",
        SlotKind::Sheet => "cli.slot_sheet",
        SlotKind::Hardware { with_passphrase: true, .. } => "cli.slot_hardware_with",
        SlotKind::Hardware { with_passphrase: false, .. } => "cli.slot_hardware",
    });
    if row.name.is_empty() {
        return kind.to_owned();
    }
    fill("cli.slot_named", &[("kind", kind), ("name", &isolated(&row.name))])
}

fn line(row: &SlotRow, widest: usize) -> String {
    let made = row.made.map(|made| fill("cli.slot_made", &[("day", &when::day(made))])).unwrap_or_default();
    let used = row.used.map(|used| fill("cli.slot_used", &[("day", &when::day(used))])).unwrap_or_default();
    let id = format!("{:>widest$}", row.id.number());
    fill("cli.slot_line", &[("id", &id), ("what", &what(row)), ("made", &made), ("used", &used)])
}

fn as_json(row: &SlotRow) -> Value {
    let kind = match row.kind {
        SlotKind::Passphrase(_) => "passphrase",
        SlotKind::Keystore(_) => "keystore",
        SlotKind::Sheet => "sheet",
        SlotKind::Hardware { with_passphrase: true, .. } => "hardware_key_and_passphrase",
        SlotKind::Hardware { with_passphrase: false, .. } => "hardware_key",
    };
    json!({ "id": row.id.number(), "kind": kind, "name": row.name, "made": row.made, "used": row.used })
}
