//! `countersign list`: accounts and enrolments, no codes.

use countersign_core::app::{GatewayRow, GatewayState, Staleness};
use countersign_strings::text;
use serde_json::{Value, json};

use super::{Context, account};
use crate::fault::Fault;
use crate::words;

/// Prints one line for each; with `--json` one object.
pub fn run(context: &Context) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let accounts = desk.app.accounts()?;
    let damaged = desk.app.codes(desk.clock.now())?.damaged;
    let gateways = desk.app.gateways();
    let terminal = &context.terminal;
    if terminal.json() {
        let accounts: Vec<Value> = accounts.iter().map(|a| account::as_json(a)).collect();
        let gateways: Vec<Value> = gateways.iter().map(gateway_json).collect();
        terminal.result("", &json!({ "accounts": accounts, "damaged": damaged.len(), "gateways": gateways }));
        return Ok(());
    }
    let lines = accounts.iter().map(|a| (words::isolated(&account::line(a)), account::kind(a)));
    let damaged = damaged.iter().map(|d| {
        let name = d.label.as_ref().map_or_else(|| d.position.to_string(), account::line);
        (words::isolated(&name), text("tui.damaged").to_owned())
    });
    let gateways = gateways.iter().map(|g| (g.host.clone(), gateway_words(g)));
    let lines: Vec<(String, String)> = lines.chain(damaged).chain(gateways).collect();
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default().min(60);
    for (name, what) in &lines {
        terminal.result(&format!("{name:<width$}  {what}"), &Value::Null);
    }
    if lines.is_empty() {
        terminal.say(text("tui.empty"));
    }
    Ok(())
}

/// Where an enrolment stands: for a script, and in a word.
pub fn state(state: &GatewayState) -> (&'static str, &'static str) {
    match state {
        GatewayState::Asking => ("asking", text("tui.state_joining")),
        GatewayState::Pending { .. } => ("pending", text("tui.state_pending")),
        GatewayState::Active => ("active", text("tui.state_active")),
        GatewayState::Suspended => ("suspended", text("tui.state_suspended")),
        GatewayState::Gone(_) => ("gone", text("tui.state_gone")),
        GatewayState::KeysGone => ("keys_gone", text("tui.state_keys_gone")),
        GatewayState::Damaged => ("damaged", text("tui.damaged")),
    }
}

/// Whose account and how it stands; on a line of its own, why nothing can be approved there.
fn gateway_words(row: &GatewayRow) -> String {
    let stale = row.stale.map(|stale| format!("\n  {}", words::of_staleness(stale))).unwrap_or_default();
    format!("{}, {}{stale}", words::isolated(&row.acct), state(&row.state).1)
}

pub(super) fn gateway_json(row: &GatewayRow) -> Value {
    json!({
        "id": row.id.to_string(),
        "name": row.name,
        "host": row.host,
        "account": row.acct,
        "state": state(&row.state).0,
        "stale": row.stale.map(|stale| match stale {
            Staleness::Old => "old",
            Staleness::Clock => "clock",
            Staleness::Keys => "keys",
        }),
        "outdated": row.outdated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_where_nothing_can_be_approved_says_why() {
        let row = |stale| GatewayRow {
            id: countersign_core::protocol::jose::Id::from_bytes([1; 16]),
            name: "Example Works".into(),
            host: "gate.example.com".into(),
            acct: "mara".into(),
            state: GatewayState::Active,
            since: 1_795_260_000,
            clock_ahead: 0,
            stale,
            outdated: false,
        };
        for (stale, json, sentence) in [
            (None, Value::Null, None),
            (Some(Staleness::Old), json!("old"), Some("newer ones can't be fetched")),
            (Some(Staleness::Clock), json!("clock"), Some("Set the time to automatic.")),
            (Some(Staleness::Keys), json!("keys"), Some("enrol it anew.")),
        ] {
            let said = gateway_words(&row(stale));
            let mut lines = said.lines();
            assert_eq!(lines.next(), Some(format!("mara, {}", text("tui.state_active")).as_str()));
            match (lines.next(), sentence) {
                (None, None) => {}
                (said, sentence) => assert!(said.unwrap().contains(sentence.unwrap()), "{said:?}"),
            }
            assert_eq!(gateway_json(&row(stale))["stale"], json);
        }
    }
}
