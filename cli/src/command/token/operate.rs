//! What is done to a token beside burning it: clock, delete, reset, the screen's lock, another key.

use std::sync::Arc;

use countersign_core::app::LedgerLine;
use countersign_core::burn::{
    self, Credential, Ending, Family, Identity, KeyProfile, Operated, Operation, Refusal, Request, Room, Said, Seed,
    Settings, Stop, TokenError, TokenName, row_of_settings,
};
use countersign_core::protocol::Secret;
use countersign_strings::{fill, text};
use serde_json::json;

use super::args::{Delete, Operate, Shape, SyncClock};
use super::kept::Erased;
use super::table::{At, Table, of_error, own_key};
use super::told;
use super::{profile, seed};
use crate::command::Context;
use crate::fault::Fault;
use crate::outside::isolated;
use crate::port::pause;
use crate::token_words;

/// How often a token that waits for its button is looked at where nobody can be asked: once a second.
const LOOKS: u64 = 30;

/// Does one thing to the token that lies there, after a question.
pub fn run(context: &Context, on: &Operate, operation: &Operation, question: &'static str) -> Result<(), Fault> {
    let mut table = Table::open(context, &on.on, &on.key)?;
    let identity = able(&mut table, operation)?;
    asked(&table, &identity, on, question, &[])?;
    let before = if matches!(operation, Operation::Reset) { room(&mut table)? } else { None };
    let operated = match operate(&mut table, &identity, operation)? {
        Operated::AsksForButton if has_forgotten(&mut table, &identity, before.as_ref(), on)? => Operated::Done,
        operated => operated,
    };
    let mut gone = 0;
    if matches!(operation, Operation::Reset) {
        if operated == Operated::Done {
            gone = table.burns.erased(&TokenName::from(&identity), &Erased::Whole)?;
        } else {
            context.terminal.say(text("token.not_forgotten"));
        }
    }
    told(&table, &identity, operation, operated);
    forgot(gone).iter().for_each(|words| context.terminal.say(words));
    Ok(())
}

/// That so many rows of the ledger are gone; nothing where none is.
fn forgot(rows: usize) -> Option<String> {
    match rows {
        0 => None,
        1 => Some(text("token.ledger_forgot_one").to_owned()),
        n => Some(fill("token.ledger_forgot", &[("n", &n.to_string())])),
    }
}

/// How full a token with profiles is; nothing of another.
fn room(table: &mut Table<'_>) -> Result<Option<Room>, Fault> {
    Ok(table.with(|found, At { tools, .. }| {
        let has_profiles = found.capabilities().profiles;
        if has_profiles { found.room(&KeyProfile::Vendor, tools).ok().flatten() } else { None }
    })?)
}

/// Whether a token that waits for its button has forgotten everything: it is looked at, since nobody else knows. Who is there is
/// asked first; else it is looked at for a while, over one link, since it doesn't bear being opened over and over.
fn has_forgotten(
    table: &mut Table<'_>,
    identity: &Identity,
    before: Option<&Room>,
    on: &Operate,
) -> Result<bool, Fault> {
    let terminal = &table.context.terminal;
    let is_emulated = table.seat.is_emulated();
    if !is_emulated && !on.yes && !terminal.confirm(text("token.button_done_ask"))? {
        return Ok(false);
    }
    let looks = if is_emulated || !on.yes { 1 } else { on.on.wait.unwrap_or(LOOKS) };
    let clock = Arc::clone(&table.clock);
    Ok(table.with(|found, At { tools, interrupt, .. }| {
        (0..looks).any(|look| {
            if look > 0 {
                pause::until(&*clock, clock.now().saturating_add(1), || !interrupt.was_asked());
            }
            // By its maker's key: it forgot any other.
            let now = found.room(&KeyProfile::Vendor, tools).ok().flatten();
            burn::has_forgotten(identity, before, found.identity(), now.as_ref())
        })
    })?)
}

/// Sets the clock, where that takes no seed away.
pub fn sync(context: &Context, asked_for: &SyncClock) -> Result<(), Fault> {
    let on = &asked_for.operate;
    let mut table = Table::open(context, &on.on, &on.key)?;
    let mut request = Request {
        profile: asked_for.profile.unwrap_or_default(),
        display: asked_for.display.map_or_else(Default::default, seed::display),
        ..Request::new(without_seed(&asked_for.shape, "", "")?)
    };
    let identity = able(&mut table, &Operation::SyncClock(request.clone()))?;
    let question = if identity.family == Family::Molto2 {
        // Its clock is set alone, and with the settings nothing happens.
        if seed::is_set(&asked_for.shape) || asked_for.display.is_some() {
            return Err(Fault::refused(text("token.sync_clock_alone")));
        }
        profile_is_there(&mut table, asked_for.profile)?;
        let chosen = profile::chosen(&mut table, asked_for.profile, !on.yes, profile::From::Taken)?;
        request.profile = chosen.unwrap_or_default();
        "token.sync_profile_ask"
    } else {
        fits(&identity, &request, Said { profile: asked_for.profile, ..Said::default() })?;
        request = with_its_settings(&mut table, &identity, asked_for, request)?;
        "token.sync_ask"
    };
    let (settings, number) = (token_words::of_settings(&request.credential), request.profile.to_string());
    let values = [("settings", &*settings), ("n", &*number)];
    asked(&table, &identity, on, question, &values)?;
    let operation = Operation::SyncClock(request.clone());
    let operated = operate(&mut table, &identity, &operation)?;
    if operated == Operated::Done {
        clock_is_set(&mut table, &identity, &request)?;
    }
    told(&table, &identity, &operation, operated);
    Ok(())
}

/// The settings that the token has, which are written together with its clock and cannot be read: as said, else as the ledger
/// knows them. Of those that nobody knows none is made up.
fn with_its_settings(
    table: &mut Table<'_>,
    identity: &Identity,
    asked_for: &SyncClock,
    request: Request,
) -> Result<Request, Fault> {
    let token = TokenName::from(identity);
    let rows = table.burns.rows(&token)?;
    let known = row_of_settings(rows.iter().map(|line| &line.row));
    let settings = said(&asked_for.shape, &request.credential)
        .or(known.map(|row| Settings::of(&row.credential)).unwrap_or_default());
    let missing = [("--algorithm", settings.algorithm.is_none()), ("--period", settings.period.is_none())];
    let missing: Vec<&str> = missing.into_iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| name).collect();
    let credential = settings.put_into(request.credential.clone());
    let refused = || Fault::refused(fill("token.sync_settings", &[("settings", &missing.join(", "))]));
    let credential = credential.ok_or_else(refused)?;
    let display = match (asked_for.display, known) {
        (None, Some(_)) => table.burns.journal().record(&token)?.map(|record| record.request.display),
        _ => None,
    };
    Ok(Request { credential, display: display.unwrap_or(request.display), ..request })
}

/// What was said, as it was read.
fn said(shape: &Shape, read: &Credential) -> Settings {
    let read = Settings::of(read);
    Settings {
        algorithm: read.algorithm.filter(|_| shape.algorithm.is_some()),
        digits: read.digits.filter(|_| shape.digits.is_some()),
        period: read.period.filter(|_| shape.period.is_some()),
    }
}

/// A clock that was set is not off any more, and the ledger says so no longer.
fn clock_is_set(table: &mut Table<'_>, identity: &Identity, request: &Request) -> Result<(), Fault> {
    let rows = table.burns.rows(&TokenName::from(identity))?;
    let is_off = |line: &&LedgerLine| line.row.ahead.is_some() && line.row.is_in_place_of(request);
    rows.iter().filter(is_off).try_for_each(|line| table.burns.read_back(line, Ending::Written(None)))
}

/// Deletes one profile or entry.
pub fn delete(context: &Context, asked_for: &Delete) -> Result<(), Fault> {
    let on = &asked_for.operate;
    let mut table = Table::open(context, &on.on, &on.key)?;
    let (issuer, account) = (asked_for.issuer.as_deref(), asked_for.account.as_deref());
    let (issuer, account) = (issuer.unwrap_or_default(), account.unwrap_or_default());
    let credential = without_seed(&asked_for.shape, issuer, account)?;
    let name = isolated(&crate::command::account::names(issuer, account));
    let profile = asked_for.profile.unwrap_or_default();
    let request = Request { profile, ..Request::new(credential) };
    let operation = Operation::Delete(request.clone());
    let identity = able(&mut table, &operation)?;
    let number = profile.to_string();
    let values = [("n", &*number), ("name", &*name)];
    let question = if name.is_empty() { "token.delete_profile_ask" } else { "token.delete_entry_ask" };
    // What was named otherwise than this token names it is not what is meant.
    if identity.family == Family::Molto2 {
        if !name.is_empty() || seed::is_set(&asked_for.shape) || asked_for.profile.is_none() {
            return Err(Fault::refused(text("token.delete_by_profile")));
        }
        profile_is_there(&mut table, asked_for.profile)?;
    } else if name.is_empty() || asked_for.profile.is_some() {
        return Err(Fault::refused(text("token.delete_by_name")));
    } else {
        fits(&identity, &request, Said::default())?;
    }
    asked(&table, &identity, on, question, &values)?;
    let operated = operate(&mut table, &identity, &operation)?;
    if operated == Operated::Done {
        table.burns.erased(&TokenName::from(&identity), &Erased::Place(&request))?;
    }
    told(&table, &identity, &operation, operated);
    Ok(())
}

/// Gives the token another key, which is asked for twice by a person.
pub fn set_key(context: &Context, on: &Operate, keep_as: Option<&str>) -> Result<(), Fault> {
    let mut table = Table::open(context, &on.on, &on.key)?;
    // Before the token has a key that is kept nowhere.
    keep_as.map_or(Ok(()), |name| table.burns.may_keep_key(name))?;
    let identity = able(&mut table, &Operation::ChangeKey(Secret::from_slice(&[])))?;
    asked(&table, &identity, on, "token.key_set_ask", &[])?;
    let new = new_key(context, &identity)?;
    let operation = Operation::ChangeKey(new.clone());
    let operated = operate(&mut table, &identity, &operation)?;
    told(&table, &identity, &operation, operated);
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
    let identity = able(&mut table, &Operation::RemoveKey)?;
    asked(&table, &identity, on, "token.key_remove_ask", &[])?;
    let operated = operate(&mut table, &identity, &Operation::RemoveKey)?;
    told(&table, &identity, &Operation::RemoveKey, operated);
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

/// The token that lies there, where its family and model can be told to do so: nobody is asked for a yes that is worth nothing.
fn able(table: &mut Table<'_>, operation: &Operation) -> Result<Identity, Fault> {
    let identity = table.with(|found, _| found.identity().clone())?;
    if operation.is_for(&identity) {
        return Ok(identity);
    }
    Err(Fault::refused(token_words::of_unable(&identity, operation)))
}

/// Refuses a profile that the token has not: nobody is asked for a yes that is worth nothing.
fn profile_is_there(table: &mut Table<'_>, profile: Option<u8>) -> Result<(), Fault> {
    let Some(profile) = profile else { return Ok(()) };
    table.with(|found, at| profile::missing(found, profile, at.tools))?.map_or(Ok(()), Err)
}

/// Refuses settings and a name that such a token cannot have.
fn fits(identity: &Identity, request: &Request, said: Said) -> Result<(), Fault> {
    match Refusal::of(identity, request, said) {
        Some(refusal) => Err(Fault::refused(token_words::of_refused(identity, &refusal))),
        None => Ok(()),
    }
}

/// Names the token and asks whether it is meant.
fn asked(
    table: &Table<'_>,
    identity: &Identity,
    on: &Operate,
    question: &'static str,
    values: &[(&str, &str)],
) -> Result<(), Fault> {
    let terminal = &table.context.terminal;
    terminal.say(&token_words::of_identity(identity));
    if on.yes || terminal.confirm(&fill(question, values))? {
        return Ok(());
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
    if operated == Operated::AsksForButton {
        table.context.terminal.say(text("token.press_button"));
        table.seat.press();
    }
    Ok(operated)
}

fn told(table: &Table<'_>, identity: &Identity, operation: &Operation, operated: Operated) {
    let (name, words) = match operated {
        Operated::Done => ("done", did(identity, operation)),
        Operated::AsksForButton => ("asks_for_button", String::new()),
        Operated::WasEmpty => ("was_empty", text("token.was_empty").to_owned()),
    };
    let terminal = &table.context.terminal;
    terminal.result("", &json!({ "token": told::identity(identity), "operated": name }));
    table.log.came_to(if words.is_empty() { text("token.press_button") } else { &words });
    if !words.is_empty() {
        terminal.say(&words);
    }
}

/// What was done, to which token.
fn did(identity: &Identity, operation: &Operation) -> String {
    let key = match operation {
        Operation::SyncClock(_) => "token.did_clock",
        Operation::Delete(_) => "token.did_delete",
        Operation::Reset => "token.did_reset",
        Operation::LockScreen => "token.did_lock",
        Operation::UnlockScreen => "token.did_unlock",
        Operation::ChangeKey(_) => "token.did_key",
        Operation::RemoveKey => "token.did_key_remove",
        Operation::Enable => "token.did_enable",
    };
    fill(key, &[("token", &token_words::of_identity(identity))])
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

#[cfg(test)]
mod tests {
    use countersign_core::protocol::otp::Period;

    use super::*;

    #[test]
    fn one_row_that_is_gone_is_one() {
        assert_eq!(forgot(0), None);
        assert!(forgot(1).is_some_and(|words| !words.contains("rows")));
        assert!(forgot(7).is_some_and(|words| words.contains("7 rows")));
    }

    #[test]
    fn only_what_was_said_counts_as_said() {
        let shape = Shape { period: Some(60), ..Shape::default() };
        let read = without_seed(&shape, "", "").unwrap();
        let period = Period::try_from(60).ok();
        assert_eq!(said(&shape, &read), Settings { period, ..Settings::default() });
        assert_eq!(said(&Shape::default(), &read), Settings::default());
        let all = Shape { algorithm: Some("sha256".into()), digits: Some(8), ..shape };
        let read = without_seed(&all, "", "").unwrap();
        assert_eq!(said(&all, &read), Settings::of(&read));
    }
}
