//! `countersign history`: what was decided and told on this phone in the last 90 days.

use countersign_core::app::{PastEnd, PastRow};
use countersign_strings::text;
use serde_json::{Value, json};

use super::Context;
use super::approvals::{context_json, place};
use crate::fault::Fault;
use crate::{outside, when, words};

/// Prints one line for each, newest first, under the day that it ended on.
pub fn run(context: &Context) -> Result<(), Fault> {
    let rows = context.desk()?.app.history()?;
    let terminal = &context.terminal;
    if terminal.json() {
        rows.iter().for_each(|row| terminal.result("", &as_json(row)));
    } else {
        lines(&rows).iter().for_each(|line| terminal.result(line, &Value::Null));
    }
    if rows.is_empty() {
        terminal.say(text("tui.history_empty"));
    }
    Ok(())
}

/// All entries as lines, under the day that each ended on.
pub fn lines(rows: &[PastRow]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        let day = when::day(row.at);
        if !lines.contains(&day) {
            lines.push(day);
        }
        lines.push(format!("  {}", line(row)));
    }
    lines
}

/// One entry as a line: when, how it ended, who asked, as whom, from where and with what: all that was signed.
fn line(row: &PastRow) -> String {
    let what = match (&row.notice, &row.msg) {
        (Some(notice), _) => words::of_notice(notice),
        (None, Some(msg)) => format!("{}: {}", outside::isolated(&row.app), outside::isolated(msg)),
        (None, None) => outside::isolated(&row.app),
    };
    let mut parts =
        vec![format!("{}  {}", when::clock(row.at), words::of_end(row.end)), format!("{what} ({})", row.host)];
    parts.push(outside::isolated(&row.acct));
    let context = &row.context;
    let seen = [place(context), context.asn.clone(), context.ua.clone()];
    parts.extend(seen.into_iter().flatten().map(|text| outside::isolated(&text)));
    parts.join(" · ")
}

fn as_json(row: &PastRow) -> Value {
    json!({
        "id": row.id.to_string(),
        "op": row.op.as_str(),
        "info": row.notice.as_ref().map(|notice| notice.info.as_str()),
        "device": row.notice.as_ref().and_then(|notice| notice.device.as_ref()).map(|(os, model)| {
            json!({ "os": os.as_str(), "model": model })
        }),
        "message": row.msg,
        "app": row.app,
        "host": row.host,
        "gateway": row.gateway,
        "account": row.acct,
        "asked": row.asked,
        "ended": row.at,
        "how": how(row.end),
        "context": context_json(&row.context),
    })
}

fn how(end: PastEnd) -> String {
    match end {
        PastEnd::Decided(status) => status.as_str().to_owned(),
        PastEnd::Sent(res) => format!("sent_{}", res.as_str()),
        PastEnd::Ended(how) => how.as_str().to_owned(),
        PastEnd::Dismissed => "dismissed".to_owned(),
        PastEnd::CodeShown => "code_shown".to_owned(),
    }
}
