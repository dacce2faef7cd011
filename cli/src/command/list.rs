//! `countersign list`: accounts and enrolments, no codes.

use std::sync::Arc;

use clap::Args;
use countersign_core::app::{GatewayRow, GatewayState, Staleness};
use countersign_core::vault::Account;
use countersign_strings::text;
use serde_json::{Value, json};

use super::choose::Filter;
use super::kept::{self, Groups};
use super::{Context, account};
use crate::fault::Fault;
use crate::measure::columns;
use crate::settings::{self, SORTS};
use crate::{outside, prose, words};

/// Which accounts, and in which order.
#[derive(Debug, Clone, Default, Args)]
pub struct List {
    /// What they have in common.
    #[command(flatten)]
    pub filter: Filter,
    /// Their order.
    #[arg(long, value_name = "ORDER", value_parser = SORTS.map(|(name, _)| name), help = text("accounts.help_sort"))]
    pub sort: Option<String>,
}

/// Prints one line for each; with `--json` one object. What has no part in the filter is left out: enrolments, and what
/// cannot be read.
pub fn run(context: &Context, asked: &List) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let sort = match asked.sort.as_deref().and_then(settings::sort_of) {
        Some(sort) => sort,
        None => context.settings()?.sort,
    };
    let groups = Groups::of(&desk.app)?;
    let codes = asked.filter.view(&desk, &groups, sort)?;
    let all = asked.filter.is_empty();
    let damaged = if all { codes.damaged } else { Arc::new([]) };
    let clock_ahead = codes.clock_ahead;
    let accounts: Vec<&Arc<Account>> = codes.rows.iter().map(|row| &row.account).collect();
    let gateways = if all { desk.app.gateways() } else { Vec::new() };
    let terminal = &context.terminal;
    if terminal.json() {
        let accounts: Vec<Value> = accounts.iter().map(|a| kept::as_json(a, &groups)).collect();
        let gateways: Vec<Value> = gateways.iter().map(gateway_json).collect();
        let (damaged, accounts) = (damaged.len(), json!(accounts));
        let all = json!({ "accounts": accounts, "damaged": damaged, "gateways": gateways, "clock_ahead": clock_ahead });
        terminal.result("", &all);
        return Ok(());
    }
    let alike = account::Alike::among(&desk.app)?;
    let lines = accounts.iter().map(|a| {
        let name = alike.shown(a);
        let what = std::iter::once(account::kind(a)).chain(kept::marks(a, &groups));
        (name, what.collect::<Vec<_>>().join(" · "))
    });
    let damaged = damaged.iter().map(|d| {
        let name = d.label.as_ref().map_or_else(|| d.position.to_string(), account::line);
        (outside::isolated(&name), text("tui.damaged").to_owned())
    });
    let gateways = gateways.iter().map(|g| (words::host(g).to_owned(), gateway_words(g)));
    let lines: Vec<(String, String)> = lines.chain(damaged).chain(gateways).collect();
    let width = lines.iter().map(|(name, _)| columns(name)).max().unwrap_or_default().min(60);
    let most = prose::width_of_results();
    for (name, what) in &lines {
        terminal.result(&prose::row(name, width, what, most), &Value::Null);
    }
    if lines.is_empty() {
        terminal.say(text(if all { "tui.empty" } else { "accounts.none_fits" }));
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

/// Whose account and how it stands; on lines of their own, why nothing can be approved there, and a clock that is off.
fn gateway_words(row: &GatewayRow) -> String {
    let how =
        [Some(outside::isolated(&row.acct)).filter(|acct| !acct.is_empty()), Some(state(&row.state).1.to_owned())];
    let how = how.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let stale = row.stale.map(|stale| words::of_staleness(stale).to_owned());
    let remarks = stale.into_iter().chain(words::clock_of(row)).map(|remark| format!("\n  {remark}"));
    std::iter::once(how).chain(remarks).collect()
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
        "clock_ahead": row.clock_ahead,
    })
}

#[cfg(test)]
mod tests {
    use countersign_core::protocol::jose::Id;

    use super::*;

    fn row(state: GatewayState, stale: Option<Staleness>, clock_ahead: i64) -> GatewayRow {
        GatewayRow {
            id: Id::from_bytes([1; 16]),
            name: "Example Works".into(),
            host: "gate.example.com".into(),
            acct: "mara".into(),
            state,
            since: 1_795_260_000,
            clock_ahead,
            stale,
            outdated: false,
        }
    }

    #[test]
    fn a_gateway_where_nothing_can_be_approved_says_why() {
        for (stale, json, sentence) in [
            (None, Value::Null, None),
            (Some(Staleness::Old), json!("old"), Some("newer ones can't be fetched")),
            (Some(Staleness::Clock), json!("clock"), Some("Set the time to automatic.")),
            (Some(Staleness::Keys), json!("keys"), Some("Enrol this phone again.")),
        ] {
            let row = row(GatewayState::Active, stale, 0);
            let said = gateway_words(&row);
            let mut lines = said.lines();
            assert_eq!(lines.next(), Some(format!("mara, {}", text("tui.state_active")).as_str()));
            match (lines.next(), sentence) {
                (None, None) => {}
                (said, sentence) => assert!(said.unwrap().contains(sentence.unwrap()), "{said:?}"),
            }
            assert_eq!(gateway_json(&row)["stale"], json);
        }
    }

    #[test]
    fn a_clock_that_is_off_is_told_beside_the_gateway_and_one_that_is_right_is_not() {
        let fast = row(GatewayState::Active, None, 240);
        assert!(
            gateway_words(&fast).contains("\n  This machine's clock is 4 minutes fast."),
            "{}",
            gateway_words(&fast)
        );
        assert_eq!(gateway_json(&fast)["clock_ahead"], 240);
        for well in [row(GatewayState::Active, None, 3), row(GatewayState::KeysGone, None, 240)] {
            assert!(!gateway_words(&well).contains("clock"), "{}", gateway_words(&well));
        }
        let far = gateway_words(&row(GatewayState::Active, Some(Staleness::Clock), 240_000));
        assert!(far.contains("nothing can be approved") && !far.contains("Approvals work"), "{far}");
    }

    #[test]
    fn a_gateway_whose_file_does_not_open_has_a_name_to_be_called_by() {
        let row = GatewayRow { host: String::new(), acct: String::new(), ..row(GatewayState::Damaged, None, 0) };
        assert_eq!((words::host(&row), gateway_words(&row).as_str()), (text("tui.no_host"), text("tui.damaged")));
    }
}
