//! `countersign pick`: a menu of accounts that narrows with each letter; what is chosen is printed or copied.

use std::sync::Arc;

use countersign_core::vault::{Account, View};
use countersign_strings::text;

use super::account::Alike;
use super::{Context, code};
use crate::args::Pick;
use crate::fault::Fault;
use crate::menu::{self, Chosen};

/// Opens the menu; what is typed narrows it.
pub fn run(context: &Context, asked: &Pick) -> Result<(), Fault> {
    if !context.terminal.has_person() {
        return Err(Fault::refused(text("cli.pick_needs_terminal")));
    }
    let desk = context.open_desk()?;
    let view = View { sort: context.settings()?.sort, ..View::default() };
    let codes = desk.app.view(&view, desk.clock.now())?;
    let accounts: Vec<&Arc<Account>> = codes.rows.iter().map(|row| &row.account).collect();
    if accounts.is_empty() {
        return Err(Fault::refused(text("tui.empty")));
    }
    let alike = Alike::among(&desk.app)?;
    let names: Vec<String> = accounts.iter().map(|account| alike.shown(account)).collect();
    let typed = asked.words.join(" ");
    let (at, copy) = match menu::choose(&names, &typed)? {
        Chosen::Print(at) => (at, asked.copy),
        Chosen::Copy(at) => (at, true),
        Chosen::Nothing => return Err(Fault::refused(text("cli.nothing_chosen"))),
    };
    let chosen = accounts.get(at).ok_or_else(|| Fault::refused(text("cli.no_such_account")))?;
    code::give(context, &desk, chosen, false, copy)
}
