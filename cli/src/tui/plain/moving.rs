//! A move to a new phone, line by line: its code is shown, and its digits are taken once it waits for them.

use std::io::{self, Write};

use countersign_core::app::GatewayRow;
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError};
use countersign_core::protocol::otp::Typed;
use countersign_strings::{fill, text};

use super::{Phone, prompt, say};
use crate::command::{gateways, moving};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::outside;
use crate::terminal::stdin_line;

/// Says once that a phone waits for its digits.
pub(super) fn tell_joining(desk: &Desk, row: &GatewayRow, seen: &mut Vec<String>) {
    let Ok(Some(moving)) = desk.app.moving(row.id) else { return };
    let Some(joining) = moving.joining else { return };
    let id = format!("{} joining {}", row.id, moving.until);
    if !seen.contains(&id) {
        seen.push(id);
        let model = outside::isolated(&joining.model);
        say(&fill("tui.plain_joining", &[("model", &model), ("os", joining.os.name())]));
    }
}

impl Phone {
    /// Asks about a move from the gateway that `name` means, or from the only one, and shows its code.
    pub(super) fn invite(&self, name: &str) -> Result<(), Fault> {
        let row = gateways::chosen(&self.desk, Some(name.trim()).filter(|name| !name.is_empty()))?;
        say(&fill("tui.move_ask", &[("host", &row.host)]));
        if !self.yes(text("tui.move_title"))? {
            return Ok(());
        }
        let moving = self.desk.app.invite(row.id, false, &Cancel::default())?;
        say(text("tui.move_scan"));
        // Not as prose: neither a QR nor a link survives being broken into lines.
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{}", moving::code(&moving)).and_then(|()| out.flush());
        drop(out);
        say(text("tui.move_waits"));
        Ok(())
    }

    /// Takes the digits of the new phone that waits.
    pub(super) fn confirm(&self) -> Result<(), Fault> {
        let app = &self.desk.app;
        let none = || Fault::refused(text("tui.move_none"));
        // Also one of which nothing is heard any more: the answer to its digits may have been lost.
        let moves = |row: &GatewayRow| app.moving(row.id).ok().flatten().is_some_and(|it| !it.confirmed);
        let row = app.gateways().into_iter().find(moves).ok_or_else(none)?;
        prompt(&format!("{} ", text("cli.move_digits")));
        let Some(line) = stdin_line()? else { return Ok(()) };
        let typed: Typed = line.parse().map_err(|_| Fault::refused(text("cli.move_not_digits")))?;
        match app.confirm(row.id, &typed, &Cancel::default()) {
            Err(Error::Input(InputError::NotFound)) => return Err(none()),
            confirmed => confirmed?,
        }
        say(&fill("tui.moved", &[("host", &row.host)]));
        Ok(())
    }
}
