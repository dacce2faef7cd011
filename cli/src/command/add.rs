//! `countersign add`: names what was read, asks, and stores it.

use std::sync::Arc;

use countersign_core::error::{Error, InputError};
use countersign_core::protocol::uri::otpauth::{self, Repair};
use countersign_core::vault::{Account, AccountId, NewAccount, is_nameless};
use countersign_strings::{fill, text};
use serde_json::json;

use super::{Context, account, by_hand, there};
use crate::args::Add;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::read::{self, Found};
use crate::{outside, scan_words};

/// Takes what was typed in by hand, or reads a link or picture; a repair is told before the question.
pub fn run(context: &Context, add: &Add) -> Result<(), Fault> {
    let (desk, read) = (context.open_desk()?, &add.read);
    if let Some(kind) = &add.typed.kind {
        let (account, mut remarks) = by_hand::account(&context.terminal, kind, &add.typed)?;
        let timed = account.kind.timed(account.algorithm, account.digits);
        let about = scan_words::of_codes(timed, account.algorithm, account.digits);
        remarks.extend(scan_words::of_start(timed, desk.clock.now()));
        tell(context, &account, &about, &remarks);
        if !read.yes {
            sure(context, text("tui.add_title"))?;
        }
        return store(context, &desk, &account, &remarks);
    }
    let found = super::read::from(context, &desk, read, text("cli.link_account"))?;
    let Found::Account { account, repairs, guessed } = found else {
        return Err(Fault::refused(text("qr.enrolment")));
    };
    if guessed && read.yes {
        return Err(Fault::refused(text("qr.secret_look_alike")));
    }
    if read::is_doubtful(&repairs) && read.yes {
        return Err(Fault::refused(text("qr.steam_unasked")));
    }
    let mut remarks = scan_words::remarks(&repairs, guessed);
    remarks.extend(scan_words::of_start(account.timed(), desk.clock.now()));
    tell(context, &NewAccount::scanned(&account, &repairs, None), &scan_words::of_kind(&account), &remarks);
    let account = if read.yes { *account } else { asked(context, *account, &repairs)? };
    let mut new = NewAccount::scanned(&account, &repairs, None);
    if new.kind.has_pin() && new.pin.is_none() {
        new.pin = Some(by_hand::pin(&context.terminal, new.kind)?);
    }
    store(context, &desk, &new, &remarks)
}

/// Names the account, says what kind it is and what should be known of it.
fn tell(context: &Context, account: &NewAccount, about: &str, remarks: &[String]) {
    let line = named(account);
    context.terminal.say(&format!("{}\n  {about}", outside::isolated(&line)));
    remarks.iter().for_each(|remark| context.terminal.say(remark));
}

fn store(context: &Context, desk: &Desk, account: &NewAccount, remarks: &[String]) -> Result<(), Fault> {
    let were = desk.app.accounts()?;
    let id = match desk.app.add_account(account) {
        Ok(id) => id,
        Err(Error::Input(InputError::Duplicate(id))) => return is_there(context, desk, account, &were, AccountId(id)),
        Err(fault) => return Err(fault.into()),
    };
    let (issuer, name) = (&account.issuer, &account.name);
    let json = json!({ "id": id.to_string(), "issuer": issuer, "name": name, "remarks": remarks });
    context.terminal.result("", &json);
    let line = outside::isolated(&named(account));
    let number = if is_nameless(issuer, name) { format!(", {}{id}", account::NUMBER) } else { String::new() };
    context.terminal.say(&fill("cli.added", &[("name", &format!("{line}{number}"))]));
    Ok(())
}

/// Issuer and name as one line, or that it has neither.
fn named(account: &NewAccount) -> String {
    if is_nameless(&account.issuer, &account.name) {
        return text("scan.no_name").to_owned();
    }
    account::names(&account.issuer, &account.name)
}

/// Names the account that is kept in place of this one, and says what became of its counter: one that went ahead is no refusal.
fn is_there(
    context: &Context,
    desk: &Desk,
    account: &NewAccount,
    were: &[Arc<Account>],
    id: AccountId,
) -> Result<(), Fault> {
    let are = desk.app.accounts()?;
    let kept = there::of(&are, id);
    context.terminal.result("", &json!({ "there": kept.map(there::as_json) }));
    let became = there::became(were, &are, id, account.kind);
    let has_moved = matches!(became, there::Became::Went(_));
    let words = became.words();
    if !has_moved {
        return Err(Fault::refused(words));
    }
    context.terminal.say(&words);
    Ok(())
}

fn sure(context: &Context, question: &str) -> Result<(), Fault> {
    match context.terminal.confirm(question)? {
        true => Ok(()),
        false => Err(Fault::refused(text("cli.nothing_changed"))),
    }
}

/// The account as the person wants it: a + that may stand for a blank is asked about, and what may be of another kind a
/// second time.
fn asked(context: &Context, account: otpauth::Account, repairs: &[Repair]) -> Result<otpauth::Account, Fault> {
    sure(context, text("tui.add_title"))?;
    in_detail(context, account, repairs)
}

/// What else is asked of an account that is to be added: how a + of its issuer is meant, and whether one that may be of
/// another kind is meant at all.
pub fn in_detail(context: &Context, account: otpauth::Account, repairs: &[Repair]) -> Result<otpauth::Account, Fault> {
    let terminal = &context.terminal;
    let account = match read::with_blanks(&account, repairs) {
        Some(blanks) if terminal.confirm(&plus_question(&blanks))? => blanks,
        _ => account,
    };
    if read::is_doubtful(repairs) {
        sure(context, text("cli.steam_ask"))?;
    }
    Ok(account)
}

fn plus_question(blanks: &otpauth::Account) -> String {
    fill("cli.plus_blank_ask", &[("name", &outside::isolated(&blanks.issuer))])
}
