//! `countersign token verify`: whether a token holds what was written. Nothing is written; of a counter the first code is used up.

use countersign_core::app::LedgerLine;
use countersign_core::burn::{
    Credential, Ending, Family, Found, Identity, Judgement, LedgerRow, Moving, Plan, PlanError, Proof, Refusal,
    Request, Said, TokenError, TokenName,
};
use countersign_core::error::PortError;
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::Verify;
use super::compare::{self, Wanted};
use super::table::{At, Table, of_error, stopped};
use super::{seed, told, write};
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

/// What was read back.
enum Read {
    /// What was asked about, or burned last.
    One { plan: Box<Plan>, proof: Proof, is_kept: bool },
    /// Every entry that the ledger says is in the token.
    Entries(Identity, Vec<(Credential, Ending)>),
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
    let read = table.with(|found, at| -> Result<_, End> {
        let token = TokenName::from(found.identity());
        let record = at.burns.journal().record(&token).map_err(End::Port)?;
        let is_kept = named.is_none();
        let identity = found.identity().clone();
        let said = Said { profile: asked.profile, ..Said::default() };
        let misplaced = found.capabilities().misplaced(said);
        if !misplaced.is_empty() {
            return Err(End::Refused(identity, Refusal::Misfits(misplaced)));
        }
        if is_kept && asked.profile.is_none() && found.capabilities().reads_codes {
            let rows = at.burns.rows(&token).map_err(End::Fault)?;
            if rows.len() > 1 {
                return Ok(Read::Entries(identity, entries(found, at, &rows)?));
            }
        }
        // What was burned last may be in another profile than the one that is asked about.
        let record = record.filter(|record| asked.profile.is_none_or(|profile| record.request.profile == profile));
        let kept = record.map(|record| Request { replace: true, expert: true, ..record.request });
        let request = named.or(kept).ok_or(End::Nothing)?;
        let plan = found.plan(request, &at.key, at.tools).map_err(|error| match error {
            PlanError::Refused(refusal) => End::Refused(identity, refusal),
            PlanError::Token(error) => End::Token(error),
        })?;
        let proof = found.verify(&plan, at.tools);
        if is_kept && matches!(proof, Err(TokenError::NotKept(_))) {
            // Whatever it holds, it is not what the ledger says.
            at.burns.journal().finish(&token, Ending::Failed).map_err(End::Port)?;
        }
        let proof = proof.map_err(End::Token)?;
        if is_kept && proof == Proof::Code {
            at.burns.journal().finish(&token, Ending::ProvenByLink).map_err(End::Port)?;
        }
        Ok(Read::One { plan: Box::new(plan), proof, is_kept })
    })?;
    let (plan, proof, is_kept) = match read {
        Ok(Read::One { plan, proof, is_kept }) => (*plan, proof, is_kept),
        Ok(Read::Entries(identity, entries)) => return told_each(context, &identity, &entries),
        Err(End::Nothing) => return Err(Fault::refused(text("token.nothing_to_verify"))),
        Err(End::Refused(identity, refusal)) => {
            return Err(Fault::refused(token_words::of_refused(&identity, &refusal)));
        }
        Err(End::Token(error)) => return Err(of_error(error)),
        Err(End::Port(fault)) => return Err(fault.into()),
        Err(End::Fault(fault)) => return Err(fault),
    };
    match proof {
        Proof::Code => told(&table, &plan, Ending::ProvenByLink),
        Proof::Settings => {
            let ending = by_codes(&mut table, &plan, asked, is_kept)?;
            told(&table, &plan, ending)
        }
    }
}

/// Reads back each entry that the ledger says is in this token, and keeps what came of it.
fn entries(found: &mut Found<'_>, at: At<'_>, rows: &[LedgerLine]) -> Result<Vec<(Credential, Ending)>, End> {
    let mut entries = Vec::new();
    for line in rows {
        let LedgerRow { credential, proof, .. } = &line.row;
        // A code that a counter moves is used up by asking: what is proven is not asked again.
        let ending = if matches!(credential.moving, Moving::Counter(_)) && proof.is_proven() {
            Ending::ProvenByLink
        } else {
            let ending = entry(found, &at, credential)?;
            at.burns.read_back(line, ending).map_err(End::Fault)?;
            ending
        };
        entries.push((credential.clone(), ending));
    }
    Ok(entries)
}

/// Reads back one entry. Whether it asks for a touch stands in no ledger, and some tell.
fn entry(found: &mut Found<'_>, at: &At<'_>, credential: &Credential) -> Result<Ending, End> {
    for touch in [false, true] {
        let request = Request { touch, replace: true, expert: true, ..Request::new(credential.clone()) };
        let plan = match found.plan(request, &at.key, at.tools) {
            Ok(plan) => plan,
            Err(PlanError::Refused(_)) => continue,
            Err(PlanError::Token(error)) => return Err(End::Token(error)),
        };
        match found.verify(&plan, at.tools) {
            Ok(Proof::Code) => return Ok(Ending::ProvenByLink),
            Ok(Proof::Settings) => return Ok(Ending::Written(None)),
            Err(TokenError::NotKept(_)) if plan.identity().family == Family::Token2Otp => {}
            Err(TokenError::NotKept(_)) => return Ok(Ending::Failed),
            Err(error) => return Err(End::Token(error)),
        }
    }
    Ok(Ending::Failed)
}

/// Names each entry, and whether it is proven.
fn told_each(context: &Context, identity: &Identity, entries: &[(Credential, Ending)]) -> Result<(), Fault> {
    let terminal = &context.terminal;
    let as_json = |(credential, ending): &(Credential, Ending)| {
        let (account, name) = (told::credential(credential), told::name(*ending));
        json!({ "account": account, "ending": name, "proven": ending.is_proven() })
    };
    let rows: Vec<Value> = entries.iter().map(as_json).collect();
    let all_proven = entries.iter().all(|(_, ending)| ending.is_proven());
    terminal.result("", &json!({ "token": told::identity(identity), "proven": all_proven, "entries": rows }));
    for (credential, ending) in entries {
        let owner = token_words::of_owner(credential);
        let owner = if owner.is_empty() { text("token.owner_none") } else { &owner };
        let key = if ending.is_proven() { "token.entry_proven" } else { "token.entry_other" };
        terminal.say(&fill(key, &[("name", owner)]));
    }
    if all_proven {
        return Ok(());
    }
    Err(Fault::refused(text("token.entries_not_proven")))
}

/// A person types what the display shows.
fn by_codes(table: &mut Table<'_>, plan: &Plan, asked: &Verify, is_kept: bool) -> Result<Ending, Fault> {
    let wanted = if asked.compare { Wanted::Always } else { Wanted::OfPerson };
    let Some(judgement) = compare::compare(table, plan, wanted)? else { return Ok(Ending::Written(None)) };
    if is_kept {
        return write::judged(table, plan, judgement);
    }
    match judgement {
        Judgement::Match => Ok(Ending::ProvenByPerson),
        Judgement::ClockOff(ahead) => Ok(Ending::ClockOff(ahead)),
        Judgement::WrongSeed => Err(Fault::refused(text("token.not_this_seed"))),
    }
}

/// Says what came of it. What was not proven does not end well, for a script that asked for proof.
fn told(table: &Table<'_>, plan: &Plan, ending: Ending) -> Result<(), Fault> {
    let terminal = &table.context.terminal;
    let mut json = json!({ "token": told::identity(plan.identity()) });
    if let (Value::Object(json), Value::Object(ending)) = (&mut json, told::ending(ending)) {
        json.extend(ending);
    }
    terminal.result("", &json);
    let words = token_words::of_ending(ending);
    if !ending.is_proven() && !table.interrupt.was_asked() {
        return Err(Fault::refused(words));
    }
    terminal.say(&words);
    if ending.is_proven() { Ok(()) } else { Err(stopped()) }
}
