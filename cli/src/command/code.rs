//! `countersign code NAME`: one code on stdout, or in the clipboard.

use std::sync::Arc;

use countersign_core::protocol::otp::Live;
use countersign_core::vault::{Account, Kind};
use countersign_strings::{fill, text};
use serde_json::json;

use super::{Context, account};
use crate::args::Code;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::port::{clipboard, pause};
use crate::{outside, words};

/// Shows the code of now, or the one after it; with `--watch` each new one as well.
pub fn run(context: &Context, asked: &Code) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let found = account::find(&desk.app.accounts()?, &asked.name)?;
    if asked.next && is_counted(&found) {
        return Err(Fault::refused(text("cli.counted_has_no_next")));
    }
    if asked.watch {
        return watch(context, &desk, &found);
    }
    give(context, &desk, &found, asked.next, asked.copy)
}

/// Shows or copies one code. A counted account moves on, on disk, before its code is shown.
pub fn give(context: &Context, desk: &Desk, found: &Arc<Account>, next: bool, copy: bool) -> Result<(), Fault> {
    let terminal = &context.terminal;
    if copy {
        clipboard::check()?;
    }
    let line = outside::isolated(&account::line(found));
    let mut json = account::as_json(found);
    let mut off = None;
    let (code, said) = if is_counted(found) {
        (desk.app.next_hotp(found.id)?, fill("cli.code_once", &[("name", &line)]))
    } else {
        let now = desk.clock.now();
        let (live, clock_ahead) = live(desk, found, now)?;
        let until = live.valid.end;
        off = clock_ahead;
        json["until"] = json!(until);
        json["clock_ahead"] = json!(clock_ahead);
        let left = words::time(until.saturating_sub(now));
        if next {
            (live.next, fill("cli.code_next", &[("name", &line), ("time", &left)]))
        } else {
            if !copy {
                json["next"] = json!(live.next.to_string());
            }
            (live.code, fill("cli.code_for", &[("name", &line), ("time", &left)]))
        }
    };
    let code = code.to_string();
    if copy {
        let copied = clipboard::copy(&code, context.settings()?.clipboard)?;
        json["copied"] = json!(true);
        terminal.result("", &json);
        terminal.say(&said);
        terminal.say(&copied.words());
    } else {
        json["code"] = json!(code);
        terminal.result(&code, &json);
        terminal.say(&said);
    }
    if let Some(off) = off.and_then(words::of_clock) {
        terminal.say(&off);
    }
    Ok(())
}

/// Shows the code of now and each that follows, until nobody reads any more.
fn watch(context: &Context, desk: &Desk, found: &Arc<Account>) -> Result<(), Fault> {
    if is_counted(found) {
        return Err(Fault::refused(text("cli.counted_stands_still")));
    }
    let terminal = &context.terminal;
    terminal.say(&fill("cli.watching", &[("name", &outside::isolated(&account::line(found)))]));
    loop {
        let (live, _) = live(desk, found, desk.clock.now())?;
        let (code, next) = (live.code.to_string(), live.next.to_string());
        let mut json = account::as_json(found);
        json["code"] = json!(code);
        json["next"] = json!(next);
        json["until"] = json!(live.valid.end);
        terminal.result_row(&code, &json)?;
        pause::until(&*desk.clock, live.valid.end, || true);
    }
}

fn is_counted(account: &Account) -> bool {
    matches!(account.kind, Kind::Hotp(_))
}

/// What the account shows at `now`, and how far this clock is ahead where a gateway has told.
fn live(desk: &Desk, found: &Arc<Account>, now: u64) -> Result<(Live, Option<i64>), Fault> {
    let codes = desk.app.codes(now)?;
    let live = codes.rows.iter().find(|row| row.account.id == found.id).and_then(|row| row.live.clone());
    Ok((live.ok_or_else(|| Fault::refused(text("error.damaged")))?, codes.clock_ahead))
}
