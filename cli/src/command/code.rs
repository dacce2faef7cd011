//! `countersign code NAME`: one code on stdout. It copies nothing.

use countersign_core::vault::Kind;
use countersign_strings::{fill, text};
use serde_json::json;

use super::{Context, account};
use crate::fault::Fault;
use crate::{outside, words};

/// Shows the code of now; a counted account moves on, on disk, before its code is shown.
pub fn run(context: &Context, name: &str) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let found = account::find(&desk.app.accounts()?, name)?;
    let terminal = &context.terminal;
    let line = outside::isolated(&account::line(&found));
    let mut json = account::as_json(&found);
    if let Kind::Hotp(_) = found.kind {
        let code = desk.app.next_hotp(found.id)?.to_string();
        json["code"] = json!(code);
        terminal.result(&code, &json);
        terminal.say(&fill("cli.code_once", &[("name", &line)]));
        return Ok(());
    }
    let now = desk.clock.now();
    let codes = desk.app.codes(now)?;
    let live = codes.rows.iter().find(|row| row.account.id == found.id).and_then(|row| row.live.clone());
    let live = live.ok_or_else(|| Fault::refused(text("error.damaged")))?;
    let code = live.code.to_string();
    json["code"] = json!(code);
    json["until"] = json!(live.valid.end);
    json["clock_ahead"] = json!(codes.clock_ahead);
    terminal.result(&code, &json);
    let time = words::time(live.valid.end.saturating_sub(now));
    terminal.say(&fill("cli.code_for", &[("name", &line), ("time", &time)]));
    if let Some(off) = codes.clock_ahead.and_then(words::of_clock) {
        terminal.say(&off);
    }
    Ok(())
}
