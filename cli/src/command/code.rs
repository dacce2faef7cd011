//! `countersign code NAME`: one code on stdout, or in the clipboard.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use countersign_core::protocol::otp::Live;
use countersign_core::vault::{Account, Kind};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::account::Alike;
use super::choose::{self, Filter};
use super::kept::Groups;
use super::{Context, account};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::port::{clipboard, pause};
use crate::{outside, scan_words, words};

/// Which codes, and how they are given.
#[derive(Debug, Clone, Default, Args)]
pub struct Code {
    /// Of which accounts.
    #[arg(value_name = "NAME", help = text("accounts.help_names"))]
    pub names: Vec<String>,
    /// Of those that have something in common.
    #[command(flatten)]
    pub filter: Filter,
    /// Of all.
    #[arg(long, conflicts_with = "names", help = text("accounts.help_all"))]
    pub all: bool,
    /// Into the clipboard instead of on standard output.
    #[arg(long, short = 'c', help = text("cli.help_copy"))]
    pub copy: bool,
    /// The one after it.
    #[arg(long, short = 'n', help = text("cli.help_next"))]
    pub next: bool,
    /// Each new one as well.
    #[arg(long, short = 'w', conflicts_with_all = ["copy", "next"], help = text("cli.help_watch"))]
    pub watch: bool,
}

/// Shows the code of now, or the one after it; with `--watch` each new one as well. Of several accounts one a line.
pub fn run(context: &Context, asked: &Code) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let ([name], true) = (asked.names.as_slice(), asked.filter.is_empty()) else {
        return many(context, &desk, asked);
    };
    let found = account::find(&desk.app.accounts()?, name)?;
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
    let line = Alike::among(&desk.app)?.shown(found);
    let mut json = account::as_json(found);
    let (mut off, mut to_come) = (None, None);
    let (code, said) = if is_counted(found) {
        (desk.app.next_hotp(found.id)?, fill("cli.code_once", &[("name", &line)]))
    } else {
        let now = desk.clock.now();
        let (live, clock_ahead) = live(desk, found, now)?;
        // What a script asks for every minute is not what a person uses. And it is no more than what a list is sorted by.
        let _ = if copy || terminal.is_read() { desk.app.used(found.id) } else { Ok(()) };
        let until = live.valid.end;
        off = clock_ahead;
        to_come = scan_words::of_start(found.kind.timed(found.algorithm, found.digits), now);
        put_times(&mut json, &live, next);
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
    off.and_then(words::of_clock).into_iter().chain(to_come).for_each(|words| terminal.say(&words));
    Ok(())
}

/// Shows the codes of several accounts, each with its name. What shows a code once is left out, and said to be; so is what is
/// hidden and was not asked for.
fn many(context: &Context, desk: &Desk, asked: &Code) -> Result<(), Fault> {
    if asked.copy || asked.watch {
        return Err(Fault::refused(text("accounts.one_alone")));
    }
    let groups = Groups::of(&desk.app)?;
    let chosen = if asked.all && asked.filter.is_empty() {
        desk.app.accounts()?.to_vec()
    } else {
        choose::accounts(desk, &asked.names, &asked.filter, &groups)?
    };
    let terminal = &context.terminal;
    let codes = desk.app.codes(desk.clock.now())?;
    let by_id: BTreeMap<_, _> = codes.rows.iter().map(|row| (row.account.id, &row.live)).collect();
    let alike = Alike::among(&desk.app)?;
    let (mut rows, mut left): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    let mut leave = |line: &str, mut json: Value, (word, why): (&str, &str)| {
        json["why"] = json!(word);
        left.push(json);
        terminal.say(&fill("scan.export_left", &[("name", line), ("why", text(why))]));
    };
    for account in &chosen {
        let line = alike.shown(account);
        if account.details.hidden && asked.names.is_empty() && !asked.filter.hidden {
            leave(&line, account::as_json(account), ("hidden", "accounts.left_hidden"));
            continue;
        }
        let Some(live) = by_id.get(&account.id).and_then(|live| live.as_ref()) else {
            let damaged = ("damaged", "error.damaged");
            let why = if is_counted(account) { ("counted", "accounts.left_counted") } else { damaged };
            leave(&line, account::as_json(account), why);
            continue;
        };
        let code = if asked.next { &live.next } else { &live.code }.to_string();
        if !terminal.json() {
            terminal.result(&format!("{code:<10}  {line}"), &Value::Null);
            continue;
        }
        let mut json = account::as_json(account);
        json["code"] = json!(code);
        put_times(&mut json, live, asked.next);
        if !asked.next {
            json["next"] = json!(live.next.to_string());
        }
        rows.push(json);
    }
    let whole = asked.all && asked.filter.is_empty();
    for damaged in codes.damaged.iter().filter(|_| whole) {
        let line = damaged.label.as_ref().map_or_else(|| damaged.position.to_string(), account::line);
        let json = damaged.label.as_ref().map_or_else(|| json!({ "id": damaged.id.to_string() }), account::as_json);
        leave(&outside::isolated(&line), json, ("damaged", "error.damaged"));
    }
    if terminal.json() {
        terminal.result("", &json!({ "codes": rows, "left": left, "clock_ahead": codes.clock_ahead }));
    }
    if let Some(off) = codes.clock_ahead.and_then(words::of_clock) {
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
    terminal.say(&fill("cli.watching", &[("name", &Alike::among(&desk.app)?.shown(found))]));
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

/// Until when the code is the one of now; of the next one also from when on.
fn put_times(json: &mut Value, live: &Live, next: bool) {
    if next {
        let valid = live.next_valid();
        json["from"] = json!(valid.start);
        json["until"] = json!(valid.end);
    } else {
        json["until"] = json!(live.valid.end);
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
