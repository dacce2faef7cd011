//! `countersign token verify`: whether a token holds what was written. Nothing is written; of a counter a code is used up.

use countersign_core::app::LedgerLine;
use countersign_core::burn::{
    Ending, Found, Identity, LedgerRow, Moving, Plan, PlanError, Proof, Record, Refusal, Request, Reread, Said,
    TokenError, TokenName, verify_row,
};
use countersign_core::error::PortError;
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::Verify;
use super::compare::{self, Wanted};
use super::table::{At, Table, of_error, stopped};
use super::{profile, seed, told, write};
use crate::command::Context;
use crate::fault::Fault;
use crate::token_words;

/// Why nothing was read back.
enum End {
    Nothing,
    Refused(Identity, Refusal),
    Token(TokenError),
    Port(PortError),
    Fault(Fault),
}

/// What came of asking for one place, or why it could not be asked.
type Asked = Result<Reread, TokenError>;

/// What was read back.
enum Read {
    /// What was asked about, or burned last; with its row of the ledger where that is not the journal's to keep.
    One { plan: Box<Plan>, proof: Proof, is_kept: bool, line: Option<Box<LedgerLine>> },
    /// Every place that the ledger knows of.
    Each(Identity, Vec<(LedgerLine, Asked)>),
}

/// Reads back by the link where the token can; else digits are compared.
pub fn run(context: &Context, asked: &Verify) -> Result<(), Fault> {
    let mut table = Table::open(context, &asked.on, &asked.key)?;
    let named = match &asked.name {
        Some(name) => {
            let row = seed::of_account(context, table.burns.desk(), name)?;
            Some(Request { profile: asked.profile.unwrap_or_default(), replace: true, ..Request::new(row.credential) })
        }
        None => None,
    };
    let (plan, proof, is_kept, line) = match table.with(|found, mut at| read(found, &mut at, asked, named))? {
        Ok(Read::One { plan, proof, is_kept, line }) => (*plan, proof, is_kept, line),
        Ok(Read::Each(identity, read)) => return each(&mut table, asked, &identity, read),
        Err(End::Nothing) => return Err(Fault::refused(text("token.nothing_to_verify"))),
        Err(End::Refused(identity, refusal)) => {
            return Err(Fault::refused(token_words::of_refused(&identity, &refusal)));
        }
        Err(End::Token(error)) => return Err(of_error(error)),
        Err(End::Port(fault)) => return Err(fault.into()),
        Err(End::Fault(fault)) => return Err(fault),
    };
    let mut ending = proof.ending();
    if !ending.is_proven() {
        ending = by_codes(&mut table, &plan, asked, is_kept)?;
    }
    if let Some(line) = line.filter(|_| ending.is_proven()) {
        // Its seed is this one, and its counter is further now.
        table.burns.read_back(&line, ending)?;
    }
    told(&table, &plan, ending)
}

/// Asks the token that lies there, in whatever way fits what is asked and what is known.
fn read(found: &mut Found<'_>, at: &mut At<'_>, asked: &Verify, named: Option<Request>) -> Result<Read, End> {
    let identity = found.identity().clone();
    let misplaced = found.capabilities().misplaced(Said { profile: asked.profile, ..Said::default() });
    if !misplaced.is_empty() {
        return Err(End::Refused(identity, Refusal::Misfits(misplaced)));
    }
    let token = TokenName::from(&identity);
    let mut rows = at.burns.rows(&token).map_err(End::Fault)?;
    if let Some(request) = named {
        let own = &request.credential.seed;
        let is_counted = |row: &LedgerRow| matches!(row.credential.moving, Moving::Counter(_));
        let is_it = |row: &LedgerRow| row.is_in_place_of(&request) && row.credential.seed.is_same_key(own);
        let line = rows.into_iter().find(|line| is_counted(&line.row) && is_it(&line.row));
        return one(found, at, request, line);
    }
    let is_asked = |profile: u8| asked.profile.is_none_or(|asked| asked == profile);
    rows.retain(|line| is_asked(line.row.profile));
    // What was burned last may be in another profile than the one that is asked about.
    let record = at.burns.journal().record(&token).map_err(End::Port)?;
    let record = record.filter(|record| is_asked(record.request.profile));
    match record {
        Some(record) if rows.iter().all(|line| line.row.is_in_place_of(&record.request)) => last(found, at, &record),
        None if rows.is_empty() => {
            let none = asked.profile.and_then(|number| profile::missing(found, number, at.tools));
            Err(none.map_or(End::Nothing, End::Fault))
        }
        _ => Ok(Read::Each(identity, all(found, at, rows)?)),
    }
}

/// Reads back each place of the ledger. One that cannot be asked is no reason to leave the others, unless the token left or
/// takes no key: then those that come after it are not asked either.
fn all(found: &mut Found<'_>, at: &mut At<'_>, rows: Vec<LedgerLine>) -> Result<Vec<(LedgerLine, Asked)>, End> {
    let (mut read, mut end): (Vec<(LedgerLine, Asked)>, _) = (Vec::new(), None);
    for line in rows {
        let asked = end.map_or_else(|| reread(found, at, &line), |error| Ok(Err(error)))?;
        if let Err(error) = asked
            && is_of_all(error)
        {
            if read.is_empty() {
                return Err(End::Token(error));
            }
            end = Some(error);
        }
        read.push((line, asked));
    }
    Ok(read)
}

/// Whether what came of one place would come of every other: the token is gone, or closed. A key is tried once.
const fn is_of_all(error: TokenError) -> bool {
    use TokenError as E;
    matches!(
        error,
        E::Link(_)
            | E::Port(_)
            | E::WrongKey { .. }
            | E::AccessCode
            | E::Pin
            | E::Off
            | E::OtherToken
            | E::KeyLength(_)
    )
}

/// Reads back an account that was named. A counter of which the ledger knows in this token stands where its row says.
fn one(found: &mut Found<'_>, at: &mut At<'_>, request: Request, line: Option<LedgerLine>) -> Result<Read, End> {
    let number = request.profile;
    let stands = line.as_ref().map_or(request.credential.moving, |line| line.row.credential.moving);
    let planned = match &line {
        Some(line) => found.plan_row(&line.row, request.touch, &at.key, at.tools),
        None => found.plan(request, &at.key, at.tools),
    };
    let plan = match planned {
        Ok(plan) => plan,
        Err(error @ PlanError::Token(TokenError::Absent(_))) => {
            let none = profile::missing(found, number, at.tools);
            return Err(none.map_or_else(|| not_planned(found, error), End::Fault));
        }
        Err(error) => return Err(not_planned(found, error)),
    };
    let proof = found.verify_from(&plan, stands, at.tools).map_err(End::Token)?;
    Ok(Read::One { plan: Box::new(plan), proof, is_kept: false, line: line.map(Box::new) })
}

/// Reads back what was burned last, and keeps what that shows.
fn last(found: &mut Found<'_>, at: &mut At<'_>, record: &Record) -> Result<Read, End> {
    let plan = found.plan_record(record, &at.key, at.tools).map_err(|error| not_planned(found, error))?;
    let proof = found.verify_from(&plan, record.left().moving, at.tools);
    let mut keep = |ending| at.burns.journal().finish(&record.token, ending).map_err(End::Port);
    match proof {
        Ok(proof) => {
            let ending = proof.ending();
            if ending.is_proven() {
                keep(ending)?;
            }
            Ok(Read::One { plan: Box::new(plan), proof, is_kept: true, line: None })
        }
        Err(error) => {
            if matches!(error, TokenError::NotKept(_)) {
                // Whatever it holds, it is not what the ledger says.
                keep(Ending::Failed)?;
            }
            Err(End::Token(error))
        }
    }
}

/// Reads back a place of the ledger, and keeps what that shows; where a person is to compare, that is kept then.
fn reread(found: &mut Found<'_>, at: &mut At<'_>, line: &LedgerLine) -> Result<Asked, End> {
    let asked = verify_row(found, &line.row, &at.key, at.tools);
    if let Ok(Reread { ending, .. }) = &asked
        && !matches!(ending, Ending::Written(_))
    {
        at.burns.read_back(line, *ending).map_err(End::Fault)?;
    }
    Ok(asked)
}

fn not_planned(found: &Found<'_>, error: PlanError) -> End {
    match error {
        PlanError::Refused(refusal) => End::Refused(found.identity().clone(), refusal),
        PlanError::Token(error) => End::Token(error),
    }
}

/// Compares the codes of each place that cannot be read, and names each, and whether it is proven.
fn each(
    table: &mut Table<'_>,
    asked: &Verify,
    identity: &Identity,
    read: Vec<(LedgerLine, Asked)>,
) -> Result<(), Fault> {
    let mut ended = Vec::new();
    for (line, asked_for) in read {
        let ending = match asked_for.map(|Reread { ending, plan }| (ending, plan)) {
            Ok((ending @ Ending::Written(_), Some(plan))) => {
                let judgement = compare::compare(table, &plan, wanted(asked))?;
                let judged = judgement.map_or(ending, |judgement| judgement.ending());
                if judgement.is_some() {
                    table.burns.read_back(&line, judged)?;
                }
                Ok(judged)
            }
            Ok((ending, _)) => Ok(ending),
            Err(error) => Err(error),
        };
        ended.push((line, ending));
    }
    told_each(table.context, identity, &ended)
}

/// One place, and how it ended, or why it could not be asked.
type Ended = (LedgerLine, Result<Ending, TokenError>);

fn told_each(context: &Context, identity: &Identity, entries: &[Ended]) -> Result<(), Fault> {
    let terminal = &context.terminal;
    let rows: Vec<Value> = entries.iter().map(as_json).collect();
    let of = |is: fn(&Result<Ending, TokenError>) -> bool| entries.iter().filter(|(_, ended)| is(ended)).count();
    let is_proven = |ended: &Result<Ending, TokenError>| ended.is_ok_and(Ending::is_proven);
    let (proven, unasked, all) = (of(is_proven), of(Result::is_err), entries.len());
    terminal.result("", &json!({ "token": told::identity(identity), "proven": proven == all, "entries": rows }));
    for (line, ended) in entries {
        let words = of_entry(line, *ended);
        if let Some(log) = context.token_log.get() {
            log.came_to(&words);
        }
        terminal.say(&words);
    }
    let counts = [proven, all, all - proven - unasked, unasked].map(|count| count.to_string());
    let [proven_of, of_all, not, unasked] = &counts;
    let values = [("proven", &**proven_of), ("all", &**of_all), ("not", &**not), ("unasked", &**unasked)];
    terminal.say(&fill("token.entries_count", &values));
    if proven == all {
        return Ok(());
    }
    Err(Fault::refused(text("token.entries_not_proven")))
}

fn as_json((line, ended): &Ended) -> Value {
    let credential = ended.map_or_else(|_| line.row.credential.clone(), |ending| ending.leaves(&line.row.credential));
    let name = ended.map_or("not_asked", told::name);
    let (proven, ahead) = (ended.is_ok_and(Ending::is_proven), ended.ok().and_then(Ending::ahead));
    let (account, profile) = (told::credential(&credential), profile_of(line));
    json!({ "account": account, "profile": profile, "ending": name, "proven": proven, "clock_ahead": ahead })
}

fn profile_of(line: &LedgerLine) -> Option<u8> {
    line.row.token.family.has_profiles().then_some(line.row.profile)
}

/// One place, and what came of it.
fn of_entry(line: &LedgerLine, ended: Result<Ending, TokenError>) -> String {
    let owner = token_words::of_owner(&line.row.credential);
    let owner = if owner.is_empty() { text("token.owner_none") } else { &owner };
    let name = token_words::of_place(owner, profile_of(line));
    let ending = match ended {
        Ok(ending) => ending,
        Err(error) => {
            return fill("token.entry_not_asked", &[("name", &name), ("why", &token_words::of_error(error))]);
        }
    };
    let clock = ending.ahead().map(token_words::of_clock).unwrap_or_default();
    let key = match ending {
        Ending::ClockOff(_) => "token.entry_clock_off",
        Ending::Written(_) => "token.entry_unproven",
        ending if ending.is_proven() => "token.entry_proven",
        _ => "token.entry_other",
    };
    fill(key, &[("name", &name), ("clock", &clock)])
}

const fn wanted(asked: &Verify) -> Wanted {
    if asked.compare { Wanted::Always } else { Wanted::OfPerson }
}

/// A person types what the display shows.
fn by_codes(table: &mut Table<'_>, plan: &Plan, asked: &Verify, is_kept: bool) -> Result<Ending, Fault> {
    let Some(judgement) = compare::compare(table, plan, wanted(asked))? else { return Ok(Ending::Written(None)) };
    if is_kept {
        return write::judged(table, plan, judgement);
    }
    match judgement.ending() {
        Ending::Failed => Err(Fault::refused(text("token.not_this_seed"))),
        ending => Ok(ending),
    }
}

/// Says what came of it. What was not proven does not end well, for a script that asked for proof.
fn told(table: &Table<'_>, plan: &Plan, ending: Ending) -> Result<(), Fault> {
    table.log.outcome(ending);
    let terminal = &table.context.terminal;
    let mut json = json!({ "token": told::identity(plan.identity()) });
    if let (Value::Object(json), Value::Object(ending)) = (&mut json, told::ending(ending)) {
        json.extend(ending);
    }
    terminal.result("", &json);
    let words = token_words::of_ending(ending);
    if matches!(ending, Ending::ClockOff(_)) {
        return Err(Fault::clock_off(words));
    }
    if !ending.is_proven() && !table.interrupt.was_asked() {
        return Err(Fault::refused(words));
    }
    terminal.say(&words);
    if ending.is_proven() { Ok(()) } else { Err(stopped()) }
}
