//! `countersign answer-code`: the eight digits for a sign-in whose QR was brought here, without any network.

use countersign_core::cancel::Cancel;
use countersign_strings::{fill, text};
use serde_json::json;

use super::Context;
use super::approvals::{as_json, described};
use crate::args::Read;
use crate::fault::Fault;
use crate::outside;
use crate::read::Found;

/// Reads the link or the picture, shows what it asks, and after the passphrase its code.
pub fn run(context: &Context, read: &Read) -> Result<(), Fault> {
    let terminal = &context.terminal;
    terminal.read_descriptor()?;
    let desk = context.desk()?;
    let Found::Offline(code, row) = super::read::from(context, &desk, read, text("cli.link_enrol"))? else {
        return Err(Fault::refused(text("qr.not_offline")));
    };
    terminal.say(&described(&row));
    if !read.yes && terminal.has_person() && !terminal.confirm(text("tui.offline_ask"))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    let digits = desk.app.answer_code(&code, &Cancel::default())?;
    let mut json = as_json(&row);
    json["code"] = json!(digits.to_string());
    terminal.result(&digits.grouped(), &json);
    terminal.say(&fill("tui.offline_type", &[("app", &outside::isolated(&row.app))]));
    Ok(())
}
