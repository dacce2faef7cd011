//! `countersign add`: names what was read, asks, and stores it.

use countersign_core::error::{Error, InputError};
use countersign_core::protocol::uri::otpauth::{Account, Repair};
use countersign_core::vault::NewAccount;
use countersign_strings::{fill, text};
use serde_json::json;

use super::Context;
use crate::args::Read;
use crate::fault::Fault;
use crate::read::{self, Found};
use crate::{outside, scan_words};

/// Reads a link or picture; a repair is told before the question.
pub fn run(context: &Context, read: &Read) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let found = super::read::from(context, &desk, read, text("cli.link_account"))?;
    let Found::Account { account, repairs, guessed } = found else {
        return Err(Fault::refused(text("qr.enrolment")));
    };
    if guessed && read.yes {
        return Err(Fault::refused(text("qr.secret_look_alike")));
    }
    if read::is_doubtful(&repairs) && read.yes {
        return Err(Fault::refused(text("qr.maybe_steam")));
    }
    let terminal = &context.terminal;
    let line = read::line(&account);
    let remarks = scan_words::remarks(&repairs, guessed);
    terminal.say(&format!("{}\n  {}", outside::isolated(&line), scan_words::of_kind(&account)));
    remarks.iter().for_each(|remark| terminal.say(remark));
    let account = if read.yes { *account } else { asked(context, *account, &repairs)? };
    let line = read::line(&account);
    let id = match desk.app.add_account(&NewAccount::scanned(&account, &repairs, None)) {
        Ok(id) => id,
        Err(Error::Input(InputError::Duplicate(_))) => return Err(Fault::refused(text("error.duplicate"))),
        Err(fault) => return Err(fault.into()),
    };
    let (issuer, name) = (&account.issuer, &account.name);
    terminal.result("", &json!({ "id": id.to_string(), "issuer": issuer, "name": name, "remarks": remarks }));
    terminal.say(&fill("cli.added", &[("name", &outside::isolated(&line))]));
    Ok(())
}

/// The account as the person wants it: a + that may stand for a blank is asked about, and what may be of another kind a
/// second time.
fn asked(context: &Context, account: Account, repairs: &[Repair]) -> Result<Account, Fault> {
    let terminal = &context.terminal;
    let sure = |question: &str| match terminal.confirm(question)? {
        true => Ok(()),
        false => Err(Fault::refused(text("cli.nothing_changed"))),
    };
    let account = match read::with_blanks(&account, repairs) {
        Some(blanks) if terminal.confirm(&plus_question(&blanks))? => blanks,
        _ => account,
    };
    sure(text("tui.add_title"))?;
    if read::is_doubtful(repairs) {
        sure(text("cli.steam_ask"))?;
    }
    Ok(account)
}

fn plus_question(blanks: &Account) -> String {
    fill("cli.plus_blank_ask", &[("name", &outside::isolated(&blanks.issuer))])
}
