//! `countersign approvals`: stays open and shows each new sign-in unasked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::channel;

use countersign_core::app::App;
use countersign_core::app::{ApprovalRow, ApprovalState, ContextRow, NoticeRow};
use countersign_core::cancel::Cancel;
use countersign_core::error::Error;
use countersign_core::port::Topic;
use countersign_core::protocol::push::{NewMark, Src};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::Context;
use crate::fault::Fault;
use crate::poll::{self, Pollers};
use crate::port::Ear;
use crate::terminal::Terminal;
use crate::{outside, when, words};

/// Something that the loop looks at.
enum News {
    Changed(Topic),
    Heard(Option<Error>),
}

/// Shows what waits; stays for more unless `once`.
pub fn run(context: &Context, once: bool) -> Result<(), Fault> {
    let desk = context.desk()?;
    let terminal = &context.terminal;
    let mut shown = Shown::default();
    if once {
        poll::once(&desk.app, &Cancel::default())?;
        shown.update(terminal, &desk.app, desk.clock.now())?;
        if shown.0.is_empty() {
            terminal.say(text("cli.none_waiting"));
        }
        return Ok(());
    }
    if desk.app.gateways().is_empty() {
        return Err(Fault::refused(text("cli.no_gateway")));
    }
    let (send, news) = channel();
    desk.app.observe(Arc::new(Ear::new(send.clone(), News::Changed)));
    let heard = move |_, fault| {
        let _ = send.send(News::Heard(fault));
    };
    let mut pollers = Pollers::new(desk.app.clone(), Arc::new(heard));
    pollers.follow();
    terminal.say(text("cli.approvals_wait"));
    let mut said: Option<String> = None;
    shown.update(terminal, &desk.app, desk.clock.now())?;
    for news in news {
        match news {
            News::Changed(Topic::Gateways) => pollers.follow(),
            News::Changed(_) => {}
            News::Heard(fault) => {
                // The same trouble is said once, and once more after it was over.
                let words = fault.as_ref().map(words::of_error);
                if let Some(words) = words.as_ref().filter(|words| said.as_ref() != Some(*words)) {
                    terminal.say(words);
                }
                said = words;
            }
        }
        shown.update(terminal, &desk.app, desk.clock.now())?;
    }
    Ok(())
}

/// What was shown, and is not shown again.
#[derive(Default)]
struct Shown(BTreeMap<String, bool>);

impl Shown {
    fn update(&mut self, terminal: &Terminal, app: &App, now: u64) -> Result<(), Fault> {
        for row in &app.notices() {
            let id = row.id.to_string();
            if matches!(row.state, ApprovalState::Open(_)) && self.0.insert(id, false).is_none() {
                terminal.result_line(&notice_with_commands(row), &notice_json(row))?;
            }
        }
        for row in &app.approvals() {
            let (id, open) = (row.id.to_string(), matches!(row.state, ApprovalState::Open(_)));
            match self.0.get(&id) {
                None if open => terminal.result_line(&card_with_commands(row, now), &as_json(row))?,
                Some(true) if !row.is_open() => terminal.result_line(&over(row), &as_json(row))?,
                _ => {}
            }
            if open || self.0.contains_key(&id) {
                self.0.insert(id, row.is_open());
            }
        }
        Ok(())
    }
}

/// An approval as a person reads it: what is asked, how many digits are wanted and how long there is.
pub fn card(row: &ApprovalRow, now: u64) -> String {
    let time = words::time(row.expires.saturating_sub(now));
    let digits = fill("cli.card_digits", &[("n", &row.digits.to_string()), ("time", &time)]);
    format!("{}\n  {digits}", described(row))
}

/// Who asks for what, where, as whom and from where.
pub fn described(row: &ApprovalRow) -> String {
    let line = |label: &str, value: &str| format!("  {label:<10}{}\n", outside::isolated(value));
    let (app, gateway) = (outside::isolated(&row.app), outside::isolated(&row.gateway));
    let mut out = format!("{} {app}\n  {} ({gateway})\n", words::heading(row.op), row.host);
    if let Some(msg) = &row.msg {
        out.push_str(&format!("\n  {}\n\n", outside::isolated(msg)));
    }
    let mark = |is: bool, word: &'static str| if is { format!("  ({word})") } else { String::new() };
    let account = format!("{}{}", row.acct, mark(row.acct_differs, text("tui.other_account")));
    out.push_str(&line(text("tui.as"), &account));
    if let Some(from) = place(&row.context) {
        out.push_str(&line(text("tui.from"), &format!("{from}{}", mark(is_new_place(row), text("tui.new")))));
    }
    if let Some(network) = &row.context.asn {
        out.push_str(&line(text("tui.network"), network));
    }
    if let Some(with) = &row.context.ua {
        out.push_str(&line(text("tui.with"), &format!("{with}{}", mark(is_new_program(row), text("tui.new")))));
    }
    if row.context.src == Src::Rp {
        out.push_str(&format!("  {}\n", fill("tui.stated", &[("app", &app)])));
    }
    if let Some(stale) = row.stale {
        out.push_str(&format!("  {}\n", words::of_staleness(stale)));
    }
    out.truncate(out.trim_end().len());
    out
}

/// A notice as a person reads it, and the commands for it.
fn notice_with_commands(row: &NoticeRow) -> String {
    let id = row.id.to_string();
    let how = if row.can_report { "cli.how_to_notice" } else { "cli.how_to_dismiss" };
    format!("{}\n{}", notice(row), fill(how, &[("id", &id)]))
}

/// A notice as a person reads it: what happened, at whom, when, from where.
pub fn notice(row: &NoticeRow) -> String {
    let mut out = format!("{}\n  {} ({})", words::of_notice(&row.text), outside::isolated(&row.gateway), row.host);
    let from = place(&row.context).map(|from| format!(" · {}", outside::isolated(&from))).unwrap_or_default();
    out.push_str(&format!("\n  {} · {}{from}", outside::isolated(&row.acct), when::minute(row.told)));
    out
}

fn notice_json(row: &NoticeRow) -> Value {
    let device = row.text.device.as_ref();
    json!({
        "id": row.id.to_string(),
        "state": "notice",
        "info": row.text.info.as_str(),
        "device": device.map(|(os, model)| json!({ "os": os.as_str(), "model": model })),
        "host": row.host,
        "gateway": row.gateway,
        "account": row.acct,
        "account_differs": row.acct_differs,
        "told": row.told,
        "context": context_json(&row.context),
    })
}

/// The same, and the commands that answer it.
pub fn card_with_commands(row: &ApprovalRow, now: u64) -> String {
    let id = row.id.to_string();
    format!("{}\n{}", card(row, now), fill("cli.how_to_answer", &[("id", &id)]))
}

/// Place and address as one line.
pub fn place(context: &ContextRow) -> Option<String> {
    let place: Vec<&str> = [&context.city, &context.cc].into_iter().flatten().map(String::as_str).collect();
    let place = Some(place.join(", ")).filter(|place| !place.is_empty());
    let parts: Vec<String> = [place, context.ip.clone()].into_iter().flatten().collect();
    Some(parts.join(" · ")).filter(|from| !from.is_empty())
}

/// Is where it comes from marked as new?
pub fn is_new_place(row: &ApprovalRow) -> bool {
    row.context.new.iter().any(|mark| matches!(mark, NewMark::Ip | NewMark::Cc | NewMark::Far))
}

/// Is the browser marked as new?
pub fn is_new_program(row: &ApprovalRow) -> bool {
    row.context.new.contains(&NewMark::Ua)
}

fn over(row: &ApprovalRow) -> String {
    let words = match row.state {
        ApprovalState::Ended(how) => words::ended(how).to_owned(),
        ApprovalState::Decided(st) => words::of_status(st),
        ApprovalState::Open(_) | ApprovalState::Sending(_) => String::new(),
    };
    format!("{} ({}): {words}", outside::isolated(&row.app), row.host)
}

/// An approval for a script.
pub fn as_json(row: &ApprovalRow) -> Value {
    let state = match row.state {
        ApprovalState::Open(_) => "open",
        ApprovalState::Sending(_) => "sending",
        ApprovalState::Decided(st) => st.as_str(),
        ApprovalState::Ended(how) => how.as_str(),
    };
    json!({
        "id": row.id.to_string(),
        "state": state,
        "op": row.op.as_str(),
        "message": row.msg,
        "app": row.app,
        "host": row.host,
        "gateway": row.gateway,
        "account": row.acct,
        "account_differs": row.acct_differs,
        "digits": row.digits,
        "expires": row.expires,
        "context": context_json(&row.context),
    })
}

/// Where it comes from, for a script.
pub fn context_json(context: &ContextRow) -> Value {
    json!({
        "stated_by": context.src.as_str(),
        "ip": context.ip,
        "country": context.cc,
        "city": context.city,
        "network": context.asn,
        "with": context.ua,
        "new": context.new.iter().map(|mark| mark.as_str()).collect::<Vec<_>>(),
    })
}
