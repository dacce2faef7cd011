//! What is done to a token beside burning it: clock, delete, reset, the screen's lock, another key.

use countersign_core::burn::{
    Credential, Family, Identity, Operated, Operation, Request, Seed, Stop, TokenError, TokenName,
};
use countersign_core::protocol::Secret;
use countersign_strings::{fill, text};
use serde_json::json;

use super::args::{Delete, Operate, Shape, SyncClock};
use super::kept::Erased;
use super::seed;
use super::table::{Table, of_error, own_key};
use super::told;
use crate::command::Context;
use crate::fault::Fault;
use crate::outside::isolated;
use crate::token_words;

/// Does one thing to the token that lies there, after a question.
pub fn run(context: &Context, on: &Operate, operation: &Operation, question: &'static str) -> Result<(), Fault> {
    let mut table = Table::open(context, &on.on, &on.key)?;
    let identity = asked(&mut table, on, question, &[])?;
    let operated = operate(&mut table, &identity, operation)?;
    if matches!((operation, operated), (Operation::Reset, Operated::Done)) {
        table.burns.erased(&TokenName::from(&identity), &Erased::Whole)?;
    }
    told(&table, &identity, operated);
    Ok(())
}

/// Sets the clock, where that takes no seed away.
pub fn sync(context: &Context, asked_for: &SyncClock) -> Result<(), Fault> {
    let on = &asked_for.operate;
    let mut table = Table::open(context, &on.on, &on.key)?;
    let request = Request {
        profile: asked_for.profile,
        display: asked_for.display.map_or_else(Default::default, seed::display),
        ..Request::new(without_seed(&asked_for.shape, "", "")?)
    };
    let settings = token_words::of_settings(&request.credential);
    let identity = asked(&mut table, on, "token.sync_ask", &[("settings", &settings)])?;
    if identity.clock_takes_seed {
        return Err(Fault::refused(text("token.clock_takes_seed")));
    }
    let operated = operate(&mut table, &identity, &Operation::SyncClock(request))?;
    told(&table, &identity, operated);
    Ok(())
}

/// Deletes one profile or entry.
pub fn delete(context: &Context, asked_for: &Delete) -> Result<(), Fault> {
    let on = &asked_for.operate;
    let mut table = Table::open(context, &on.on, &on.key)?;
    let (issuer, account) = (asked_for.issuer.as_deref(), asked_for.account.as_deref());
    let (issuer, account) = (issuer.unwrap_or_default(), account.unwrap_or_default());
    let credential = without_seed(&asked_for.shape, issuer, account)?;
    let name = isolated(&crate::command::account::names(issuer, account));
    let number = asked_for.profile.to_string();
    let values = [("n", &*number), ("name", &*name)];
    let question = if name.is_empty() { "token.delete_profile_ask" } else { "token.delete_entry_ask" };
    // What was named otherwise than this token names it is not what is meant.
    match table.with(|found, _| found.identity().family)? {
        Family::Molto2 if !name.is_empty() => return Err(Fault::refused(text("token.delete_by_profile"))),
        Family::Oath(_) | Family::Token2Otp | Family::Feitian if name.is_empty() || asked_for.profile != 0 => {
            return Err(Fault::refused(text("token.delete_by_name")));
        }
        _ => {}
    }
    let identity = asked(&mut table, on, question, &values)?;
    let request = Request { profile: asked_for.profile, ..Request::new(credential) };
    let operated = operate(&mut table, &identity, &Operation::Delete(request))?;
    if operated == Operated::Done {
        table
            .burns
            .erased(&TokenName::from(&identity), &Erased::Place { profile: asked_for.profile, issuer, account })?;
    }
    told(&table, &identity, operated);
    Ok(())
}

/// Gives the token another key, which is asked for twice by a person.
pub fn set_key(context: &Context, on: &Operate, keep_as: Option<&str>) -> Result<(), Fault> {
    let mut table = Table::open(context, &on.on, &on.key)?;
    // Before the token has a key that is kept nowhere.
    keep_as.map_or(Ok(()), |name| table.burns.may_keep_key(name))?;
    let identity = asked(&mut table, on, "token.key_set_ask", &[])?;
    let new = new_key(context, &identity)?;
    let operated = operate(&mut table, &identity, &Operation::ChangeKey(new.clone()))?;
    told(&table, &identity, operated);
    // A token that waits for its button has the old key until then: the new one is kept when it was pressed.
    if operated == Operated::AsksForButton && !table.seat.is_emulated() && !on.yes {
        let has_changed = context.terminal.confirm(text("token.button_done_ask"))?;
        if !has_changed {
            return Err(Fault::refused(text("token.key_stays")));
        }
    }
    keep_as.map_or(Ok(()), |name| table.burns.keep_key(name, identity.family, &new))
}

/// Takes the access code away.
pub fn remove_key(context: &Context, on: &Operate) -> Result<(), Fault> {
    let mut table = Table::open(context, &on.on, &on.key)?;
    let identity = asked(&mut table, on, "token.key_remove_ask", &[])?;
    let operated = operate(&mut table, &identity, &Operation::RemoveKey)?;
    told(&table, &identity, operated);
    Ok(())
}

fn new_key(context: &Context, identity: &Identity) -> Result<Secret, Fault> {
    let terminal = &context.terminal;
    let first = own_key(identity.family, &terminal.line(text("token.new_key_ask"), true)?)?;
    if terminal.is_typed() {
        let again = own_key(identity.family, &terminal.line(text("cli.again"), true)?)?;
        if !first.ct_eq(again.expose()) {
            return Err(Fault::refused(text("token.keys_differ")));
        }
    }
    Ok(first)
}

/// Names the token and asks whether it is meant.
fn asked(
    table: &mut Table<'_>,
    on: &Operate,
    question: &'static str,
    values: &[(&str, &str)],
) -> Result<Identity, Fault> {
    let identity = table.with(|found, _| found.identity().clone())?;
    let terminal = &table.context.terminal;
    terminal.say(&token_words::of_identity(&identity));
    if on.yes || terminal.confirm(&fill(question, values))? {
        return Ok(identity);
    }
    Err(Fault::refused(text("cli.nothing_changed")))
}

/// Does it to the token that was named, and to no other.
fn operate(table: &mut Table<'_>, identity: &Identity, operation: &Operation) -> Result<Operated, Fault> {
    let done = table.with(|found, at| -> Result<_, Stop> {
        if !identity.is_same_token(found.identity()) {
            return Err(Stop { error: TokenError::OtherToken, holds: vec![] });
        }
        at.interrupt.hold(|| found.operate(operation, &at.key, at.tools))
    })?;
    let operated = done.map_err(|stop| {
        let fault = of_error(stop.error);
        let is_sure = stop.holds.len() <= 1;
        let unsure = || format!("{} {}", fault.words, text("token.operated_unsure"));
        Fault { words: if is_sure { fault.words.clone() } else { unsure() }, ..fault.clone() }
    })?;
    table.log.note(&format!("{operated:?}"));
    if operated == Operated::AsksForButton {
        table.context.terminal.say(text("token.press_button"));
        table.seat.press();
    }
    Ok(operated)
}

fn told(table: &Table<'_>, identity: &Identity, operated: Operated) {
    let (name, words) = match operated {
        Operated::Done => ("done", text("token.operated")),
        Operated::AsksForButton => ("asks_for_button", ""),
        Operated::WasEmpty => ("was_empty", text("token.was_empty")),
    };
    let terminal = &table.context.terminal;
    terminal.result("", &json!({ "token": told::identity(identity), "operated": name }));
    if !words.is_empty() {
        terminal.say(words);
    }
}

/// Settings and name, where no seed is written. The seed of it is one that nothing looks at.
fn without_seed(shape: &Shape, issuer: &str, account: &str) -> Result<Credential, Fault> {
    let settings = seed::settings(shape)?;
    let none = Seed::try_from(Secret::from_slice(&[1; 20])).map_err(|_| Fault::failed(text("error.internal")))?;
    Ok(Credential {
        serial: None,
        issuer: issuer.to_owned(),
        name: account.to_owned(),
        seed: none,
        moving: settings.moving,
        algorithm: settings.algorithm,
        digits: settings.digits,
    })
}
