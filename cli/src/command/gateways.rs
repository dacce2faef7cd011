//! `countersign gateways` and `countersign devices`: where this phone is enrolled, how that stands, and its keys there.

use countersign_core::app::{GatewayRow, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError};
use countersign_core::protocol::push::KeyClass;
use countersign_strings::{fill, text};
use serde_json::json;

use super::{Context, list, moving};
use crate::args::DeviceCommand;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::terminal::Terminal;
use crate::{outside, when, words};

/// Lists the gateways, after asking each what is new.
pub fn gateways(context: &Context) -> Result<(), Fault> {
    let (desk, terminal) = (context.desk()?, &context.terminal);
    if let Err(fault) = crate::poll::once(&desk.app, &Cancel::default()) {
        // What is kept is shown all the same.
        terminal.say(&words::of_error(&fault));
    }
    let rows = desk.app.gateways();
    for row in &rows {
        terminal.result(&told(row), &list::gateway_json(row));
    }
    if rows.is_empty() {
        terminal.say(text("cli.no_gateway"));
    }
    Ok(())
}

/// One enrolment, in a few lines.
fn told(row: &GatewayRow) -> String {
    let state = super::state(&row.state);
    if row.host.is_empty() {
        // Its file does not open: nothing more is known of it.
        return [words::host(row), state.1]
            .into_iter()
            .map(str::to_owned)
            .chain(remarks(row))
            .collect::<Vec<_>>()
            .join("\n  ");
    }
    let mut lines = vec![format!("{} ({})", outside::isolated(&row.name), row.host)];
    let (account, since) = (outside::isolated(&row.acct), when::day(row.since));
    lines.push(fill("cli.gateway_line", &[("account", &account), ("state", state.1), ("since", &since)]));
    lines.extend(remarks(row));
    lines.join("\n  ")
}

/// What a person should know of it.
fn remarks(row: &GatewayRow) -> Vec<String> {
    let mut out = Vec::new();
    match &row.state {
        GatewayState::Pending { digits, .. } => {
            out.push(fill("cli.gateway_digits", &[("digits", &crate::measure::grouped(digits))]));
        }
        GatewayState::Gone(why) => out.push(words::gone(*why).to_owned()),
        GatewayState::KeysGone => out.push(text("error.key_gone").to_owned()),
        GatewayState::Damaged => out.push(text("error.gateway_damaged").to_owned()),
        GatewayState::Asking | GatewayState::Active | GatewayState::Suspended => {}
    }
    out.extend(row.stale.map(|stale| words::of_staleness(stale).to_owned()));
    out.extend(words::clock_of(row));
    if row.outdated {
        out.push(text("error.version").to_owned());
    }
    out
}

/// This phone as its gateways know it, and what can be done with that.
pub fn devices(context: &Context, what: Option<&DeviceCommand>) -> Result<(), Fault> {
    match what {
        None => list_devices(context),
        Some(DeviceCommand::Rotate { gateway }) => rotate(context, gateway.as_deref()),
        Some(DeviceCommand::Move { gateway, replace }) => moving::run(context, gateway.as_deref(), *replace),
        Some(DeviceCommand::Leave { gateway, forget, yes }) => leave(context, gateway.as_deref(), *forget, *yes),
    }
}

fn list_devices(context: &Context) -> Result<(), Fault> {
    let (desk, terminal) = (context.desk()?, &context.terminal);
    let rows = desk.app.gateways();
    for row in &rows {
        let bells = desk.app.push_endpoint(row.id).ok().and_then(|bells| bells.endpoint).is_some();
        let state = super::state(&row.state);
        let plain = fill(
            "cli.device_line",
            &[("host", words::host(row)), ("account", &outside::isolated(&row.acct)), ("state", state.1)],
        );
        let json = json!({
            "gateway": row.id.to_string(),
            "host": row.host,
            "account": row.acct,
            "state": state.0,
            "model": text("cli.model"),
            "keys": "software",
            "bells": bells,
        });
        terminal.result(&plain, &json);
    }
    if rows.is_empty() {
        terminal.say(text("cli.no_gateway"));
    }
    Ok(())
}

/// New keys for both uses; the passphrase is asked for by the old approval key and by the new one.
fn rotate(context: &Context, name: Option<&str>) -> Result<(), Fault> {
    let terminal = &context.terminal;
    terminal.read_descriptor()?;
    let desk = context.desk()?;
    let row = chosen(&desk, name)?;
    for class in [KeyClass::Pk, KeyClass::Ak] {
        desk.app.rotate_keys(row.id, class, &Cancel::default())?;
    }
    terminal.result("", &json!({ "gateway": row.id.to_string(), "state": "rotated" }));
    terminal.say(&fill("cli.keys_changed", &[("host", &row.host)]));
    Ok(())
}

fn leave(context: &Context, name: Option<&str>, forget: bool, yes: bool) -> Result<(), Fault> {
    let terminal = &context.terminal;
    let desk = context.desk()?;
    let row = chosen(&desk, name)?;
    if !yes && !terminal.confirm(&fill("cli.leave_ask", &[("host", words::host(&row))]))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    let left = if forget { desk.app.forget(row.id) } else { desk.app.leave(row.id, &Cancel::default()) };
    left.map_err(|fault| not_left(&fault))?;
    terminal.result("", &json!({ "gateway": row.id.to_string(), "state": "left" }));
    told_left(terminal, &row, forget);
    Ok(())
}

fn not_left(fault: &Error) -> Fault {
    let words = fill("cli.not_left", &[("why", &words::of_error(fault))]);
    Fault { words, ..Fault::from(fault.clone()) }
}

fn told_left(terminal: &Terminal, row: &GatewayRow, forget: bool) {
    let words = if forget { "cli.forgotten" } else { "cli.left" };
    terminal.say(&fill(words, &[("host", words::host(row))]));
}

/// The enrolment that a name means: a part of host, name or account, or the beginning of its id; without a name the only
/// one there is.
pub(crate) fn chosen(desk: &Desk, name: Option<&str>) -> Result<GatewayRow, Fault> {
    let rows = desk.app.gateways();
    if rows.is_empty() {
        return Err(Fault::refused(text("cli.no_gateway")));
    }
    let wanted = name.unwrap_or_default().to_lowercase();
    let fits = |row: &GatewayRow| {
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        has(&row.host) || has(&row.name) || has(&row.acct) || row.id.to_string().to_lowercase().starts_with(&wanted)
    };
    let mut fitting: Vec<GatewayRow> = rows.into_iter().filter(fits).collect();
    match (fitting.pop(), fitting.is_empty()) {
        (Some(row), true) => Ok(row),
        (Some(row), false) => {
            fitting.push(row);
            let lines: Vec<String> = fitting.iter().map(|row| format!("  {}  {}", row.id, told(row))).collect();
            Err(Fault::refused(format!("{}\n{}", text("cli.which_gateway"), lines.join("\n"))))
        }
        (None, _) => Err(InputError::NotFound.into()),
    }
}
