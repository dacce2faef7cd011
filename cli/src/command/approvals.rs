//! `countersign approvals`: stays open and shows each new sign-in unasked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::channel;

use countersign_core::app::{ApprovalRow, ApprovalState};
use countersign_core::cancel::Cancel;
use countersign_core::error::Error;
use countersign_core::port::{Observer, Topic};
use countersign_core::protocol::push::{NewMark, Src};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::Context;
use crate::fault::Fault;
use crate::poll::{self, Pollers};
use crate::terminal::Terminal;
use crate::words;

/// Something that the loop looks at.
enum News {
    Changed(Topic),
    Heard(Option<Error>),
}

/// Hands what `App` says on to the loop.
struct Ear(std::sync::mpsc::Sender<News>);

impl Observer for Ear {
    fn changed(&self, topic: Topic) {
        // The loop is gone only when the command ends.
        let _ = self.0.send(News::Changed(topic));
    }
}

/// Shows what waits; stays for more unless `once`.
pub fn run(context: &Context, once: bool) -> Result<(), Fault> {
    let desk = context.desk()?;
    let terminal = &context.terminal;
    let mut shown = Shown::default();
    if once {
        poll::once(&desk.app, &Cancel::default())?;
        shown.update(terminal, &desk.app.approvals(), desk.clock.now())?;
        if shown.0.is_empty() {
            terminal.say(text("cli.none_waiting"));
        }
        return Ok(());
    }
    if desk.app.gateways().is_empty() {
        return Err(Fault::refused(text("cli.no_gateway")));
    }
    let (send, news) = channel();
    desk.app.observe(Arc::new(Ear(send.clone())));
    let heard = move |_, fault| {
        let _ = send.send(News::Heard(fault));
    };
    let mut pollers = Pollers::new(desk.app.clone(), Arc::new(heard));
    pollers.follow();
    terminal.say(text("cli.approvals_wait"));
    let mut said: Option<String> = None;
    shown.update(terminal, &desk.app.approvals(), desk.clock.now())?;
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
        shown.update(terminal, &desk.app.approvals(), desk.clock.now())?;
    }
    Ok(())
}

/// What was shown, and is not shown again.
#[derive(Default)]
struct Shown(BTreeMap<String, bool>);

impl Shown {
    fn update(&mut self, terminal: &Terminal, rows: &[ApprovalRow], now: u64) -> Result<(), Fault> {
        for row in rows {
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

/// An approval as a person reads it: who asks, where, as whom and from where.
pub fn card(row: &ApprovalRow, now: u64) -> String {
    let line = |label: &str, value: &str| format!("  {label:<10}{}\n", words::isolated(value));
    let mut out = format!("{} {}\n  {}\n", text("tui.sign_in_to"), words::isolated(&row.app), row.host);
    let mark = |is: bool, word: &'static str| if is { format!("  ({word})") } else { String::new() };
    let account = format!("{}{}", row.acct, mark(row.acct_differs, text("tui.other_account")));
    out.push_str(&line(text("tui.as"), &account));
    if let Some(from) = place(row) {
        out.push_str(&line(text("tui.from"), &format!("{from}{}", mark(is_new_place(row), text("tui.new")))));
    }
    if let Some(network) = &row.context.asn {
        out.push_str(&line(text("tui.network"), network));
    }
    if let Some(with) = &row.context.ua {
        out.push_str(&line(text("tui.with"), &format!("{with}{}", mark(is_new_program(row), text("tui.new")))));
    }
    if row.context.src == Src::Rp {
        out.push_str(&format!("  {}\n", fill("tui.stated", &[("app", &row.app)])));
    }
    if let Some(stale) = row.stale {
        out.push_str(&format!("  {}\n", words::of_staleness(stale)));
    }
    let left = row.expires.saturating_sub(now).to_string();
    out.push_str(&format!("  {}", fill("cli.card_digits", &[("n", &row.digits.to_string()), ("left", &left)])));
    out
}

/// The same, and the commands that answer it.
pub fn card_with_commands(row: &ApprovalRow, now: u64) -> String {
    let id = row.id.to_string();
    format!("{}\n{}", card(row, now), fill("cli.how_to_answer", &[("id", &id)]))
}

/// Place and address as one line.
pub fn place(row: &ApprovalRow) -> Option<String> {
    let context = &row.context;
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
    format!("{} ({}): {words}", words::isolated(&row.app), row.host)
}

fn as_json(row: &ApprovalRow) -> Value {
    let state = match row.state {
        ApprovalState::Open(_) => "open",
        ApprovalState::Sending(_) => "sending",
        ApprovalState::Decided(st) => st.as_str(),
        ApprovalState::Ended(how) => how.as_str(),
    };
    let context = &row.context;
    json!({
        "id": row.id.to_string(),
        "state": state,
        "app": row.app,
        "host": row.host,
        "gateway": row.gateway,
        "account": row.acct,
        "account_differs": row.acct_differs,
        "digits": row.digits,
        "expires": row.expires,
        "context": {
            "stated_by": context.src.as_str(),
            "ip": context.ip,
            "country": context.cc,
            "city": context.city,
            "network": context.asn,
            "with": context.ua,
            "new": context.new.iter().map(|mark| mark.as_str()).collect::<Vec<_>>(),
        },
    })
}
