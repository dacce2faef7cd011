//! `countersign add`: names what was read, asks, and stores it.

use countersign_core::error::{Error, InputError};
use countersign_core::vault::NewAccount;
use countersign_strings::{fill, text};
use serde_json::json;

use super::Context;
use crate::args::Read;
use crate::fault::Fault;
use crate::read::{self, Found};
use crate::{scan_words, words};

/// Reads a link or picture; a repair is told before the question.
pub fn run(context: &Context, read: &Read) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let found = super::read::from(context, &desk, read, text("cli.link_account"))?;
    let Found::Account { account, repairs, guessed } = found else {
        return Err(Fault::refused(text("qr.enrolment")));
    };
    if guessed && read.yes {
        return Err(Fault::refused(text("qr.secret_look_alike")));
    }
    let terminal = &context.terminal;
    let line = read::line(&account);
    let remarks = scan_words::remarks(&repairs, guessed);
    terminal.say(&format!("{}\n  {}", words::isolated(&line), scan_words::of_kind(&account)));
    remarks.iter().for_each(|remark| terminal.say(remark));
    if !read.yes && !terminal.confirm(text("tui.add_title"))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    let id = match desk.app.add_account(&NewAccount::scanned(&account, &repairs, None)) {
        Ok(id) => id,
        Err(Error::Input(InputError::Duplicate(_))) => return Err(Fault::refused(text("error.duplicate"))),
        Err(fault) => return Err(fault.into()),
    };
    let (issuer, name) = (&account.issuer, &account.name);
    terminal.result("", &json!({ "id": id.to_string(), "issuer": issuer, "name": name, "remarks": remarks }));
    terminal.say(&fill("cli.added", &[("name", &words::isolated(&line))]));
    Ok(())
}
