//! `countersign approve`, `deny` and `report`: one answer to one sign-in.

use countersign_core::app::{App, ApprovalId, ApprovalRow, NoticeRow, Verdict};
use countersign_core::cancel::Cancel;
use countersign_core::protocol::otp::Typed;
use countersign_strings::{fill, text};
use serde_json::json;

use super::Context;
use super::approvals::{card, card_with_commands};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::poll;
use crate::terminal::Terminal;
use crate::words;

/// Shows the sign-in, asks for its digits and, through the keystore, for the passphrase.
pub fn approve(context: &Context, id: Option<&str>) -> Result<(), Fault> {
    let terminal = &context.terminal;
    terminal.read_descriptor()?;
    let (desk, row) = found(context, id, |row| row.can.approve)?;
    terminal.say(&card(&row, desk.clock.now()));
    let digits = terminal.line(&fill("cli.digits", &[("n", &row.digits.to_string())]), false)?;
    let typed: Typed = digits.parse().map_err(|_| not_digits(&row))?;
    if typed.len() != usize::from(row.digits) {
        return Err(not_digits(&row));
    }
    let verdict = desk.app.approve(row.id, typed, &Cancel::default())?;
    told(terminal, &row, verdict)
}

fn not_digits(row: &ApprovalRow) -> Fault {
    Fault::refused(fill("error.digits_asked", &[("n", &row.digits.to_string())]))
}

/// Refuses a sign-in; with `report` also says that someone else has the password.
pub fn refuse(context: &Context, id: Option<&str>, report: bool) -> Result<(), Fault> {
    if let Some(id) = id.filter(|_| report)
        && let Some(done) = report_notice(context, id)?
    {
        return Ok(done);
    }
    let (desk, row) = found(context, id, |row| if report { row.can.report } else { row.can.deny })?;
    let cancel = Cancel::default();
    let verdict = if report { desk.app.report(row.id, &cancel) } else { desk.app.deny(row.id, &cancel) };
    told(&context.terminal, &row, verdict?)
}

/// «That was not me»: reports the notice that `id` names, if there is one.
fn report_notice(context: &Context, id: &str) -> Result<Option<()>, Fault> {
    let desk = context.desk()?;
    let notices = desk.app.notices();
    let Some(row) = notices.iter().find(|row| row.can_report && names(row.id, id)) else { return Ok(None) };
    let verdict = desk.app.report(row.id, &Cancel::default())?;
    context.terminal.result("", &json!({ "id": row.id.to_string(), "state": verdict.st.as_str() }));
    context.terminal.say(text("tui.notice_reported"));
    Ok(Some(()))
}

/// Puts a notice away: the one that `id` names, or the only one.
pub fn dismiss(context: &Context, id: Option<&str>) -> Result<(), Fault> {
    let desk = context.desk()?;
    // What was put away elsewhere, or is new, is known to the gateways alone; without them the kept ones are named.
    let asked = poll::once(&desk.app, &Cancel::default());
    let row = only_notice(&desk.app, id);
    if row.is_none() {
        asked?;
    }
    let row = row.ok_or_else(|| Fault::refused(text("tui.no_notice")))?;
    desk.app.dismiss(row.id)?;
    context.terminal.result("", &json!({ "id": row.id.to_string(), "state": "dismissed" }));
    context.terminal.say(text("tui.notice_dismissed"));
    Ok(())
}

fn only_notice(app: &App, id: Option<&str>) -> Option<NoticeRow> {
    let mut rows = app.notices();
    rows.retain(|row| id.is_none_or(|id| names(row.id, id)));
    rows.pop().filter(|_| rows.is_empty())
}

/// The sign-in that `id` names: its key, or the beginning of one half of it; none names the only one that waits.
fn found(
    context: &Context,
    id: Option<&str>,
    can: impl Fn(&ApprovalRow) -> bool,
) -> Result<(Desk, ApprovalRow), Fault> {
    let desk = context.desk()?;
    // What waits is known only to the gateways; without them, what was taken before can still be answered later.
    let asked = poll::once(&desk.app, &Cancel::default());
    let rows: Vec<ApprovalRow> = desk.app.approvals().into_iter().filter(can).collect();
    let mut fitting: Vec<ApprovalRow> = match id {
        Some(id) => rows.into_iter().filter(|row| is_named(row, id)).collect(),
        None => rows.into_iter().filter(ApprovalRow::is_open).collect(),
    };
    match (fitting.pop(), fitting.is_empty()) {
        (Some(row), true) => Ok((desk, row)),
        (Some(row), false) => {
            fitting.push(row);
            let cards: Vec<String> = fitting.iter().map(|row| card_with_commands(row, desk.clock.now())).collect();
            Err(Fault::refused(format!("{}\n\n{}", text("cli.which_one"), cards.join("\n\n"))))
        }
        (None, _) => {
            asked?;
            Err(Fault::refused(text("cli.none_waiting")))
        }
    }
}

fn is_named(row: &ApprovalRow, id: &str) -> bool {
    names(row.id, id)
}

fn names(row: ApprovalId, id: &str) -> bool {
    let halves = [row.to_string(), row.challenge.to_string()];
    !id.is_empty() && halves.iter().any(|half| half.starts_with(id))
}

fn told(terminal: &Terminal, row: &ApprovalRow, verdict: Verdict) -> Result<(), Fault> {
    let outcome = words::of_verdict(verdict);
    let left = verdict.left.map(|left| left.get());
    terminal.result("", &json!({ "id": row.id.to_string(), "state": verdict.st.as_str(), "left": left }));
    if outcome.good {
        terminal.say(&outcome.words);
        Ok(())
    } else {
        Err(Fault::refused(outcome.words))
    }
}
