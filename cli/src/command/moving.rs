//! `countersign devices move`: the old phone shows a code, and takes the digits of the new one that enrolled by it.

use countersign_core::app::{GatewayRow, JoiningRow, Moving};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, PortError};
use countersign_core::protocol::otp::Typed;
use countersign_core::qr::{Ground, Symbol};
use countersign_strings::{fill, text};
use serde_json::json;

use super::{Context, gateways};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::{outside, poll, words};

/// Invites, shows, waits for the new phone, and confirms it.
pub fn run(context: &Context, gateway: Option<&str>, replace: bool) -> Result<(), Fault> {
    let terminal = &context.terminal;
    terminal.read_descriptor()?;
    let desk = context.desk()?;
    let row = gateways::chosen(&desk, gateway)?;
    let moving = desk.app.invite(row.id, replace, &Cancel::default())?;
    show(context, &moving)?;
    let joining = wait(&desk, &row)?;
    let model = outside::isolated(&joining.model);
    let json = json!({ "gateway": row.id.to_string(), "state": "joining", "os": joining.os.as_str(), "model": model });
    terminal.result_line("", &json)?;
    terminal.say(&fill("tui.move_joining", &[("model", &model), ("os", joining.os.name())]));
    if replace {
        terminal.say(text("tui.move_replaces"));
    }
    confirm(context, &desk, &row)?;
    terminal.result("", &json!({ "gateway": row.id.to_string(), "state": "moved" }));
    let words = if replace { "tui.moved_replace" } else { "tui.moved" };
    terminal.say(&fill(words, &[("host", &row.host)]));
    Ok(())
}

fn show(context: &Context, moving: &Moving) -> Result<(), Fault> {
    let terminal = &context.terminal;
    let json = json!({
        "gateway": moving.gateway.to_string(),
        "state": "invited",
        "link": moving.link.as_str(),
        "until": moving.until,
        "replace": moving.replace,
    });
    terminal.say(&format!("{} ({})", outside::isolated(&moving.name), moving.host));
    terminal.say(text("tui.move_scan"));
    terminal.result_line(&code(moving), &json)?;
    terminal.say(text("tui.move_waits"));
    Ok(())
}

/// What the new phone scans, and its link for one without a camera.
pub fn code(moving: &Moving) -> String {
    // A link of this protocol always fits.
    let symbol = Symbol::new(&moving.link).map(|symbol| symbol.terminal(Ground::Dark)).unwrap_or_default();
    format!("\n{symbol}\n{}", moving.link.as_str())
}

/// Polls until the new phone has enrolled.
fn wait(desk: &Desk, row: &GatewayRow) -> Result<JoiningRow, Fault> {
    poll::until(&desk.app, || {
        let moving = desk.app.moving(row.id)?.ok_or(Error::from(GatewayError::CodeExpired))?;
        if moving.joining.is_none() && desk.clock.now() > moving.until {
            return Err(Error::from(GatewayError::CodeExpired).into());
        }
        Ok(moving.joining)
    })
}

/// Asks for the digits of the new phone until they are right, or no try is left.
fn confirm(context: &Context, desk: &Desk, row: &GatewayRow) -> Result<(), Fault> {
    let terminal = &context.terminal;
    loop {
        let line = terminal.line(text("cli.move_digits"), false)?;
        let Ok(typed) = line.parse::<Typed>() else {
            terminal.say(text("cli.move_not_digits"));
            continue;
        };
        match desk.app.confirm(row.id, &typed, &Cancel::default()) {
            Ok(()) => return Ok(()),
            // What was lost on its way is typed again: it is the same request, and costs no try.
            Err(
                again @ (Error::Gateway(GatewayError::WrongDigits(_))
                | Error::Input(_)
                | Error::Port(PortError::Network | PortError::Timeout)),
            ) => terminal.say(&words::of_error(&again)),
            Err(fault) => return Err(fault.into()),
        }
    }
}
