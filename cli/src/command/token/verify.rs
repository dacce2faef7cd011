//! `countersign token verify`: whether a token holds what was written. Nothing is written; of a counter the first code is used up.

use countersign_core::burn::{
    Ending, Identity, Judgement, Plan, PlanError, Proof, Refusal, Request, Said, TokenError, TokenName,
};
use countersign_core::error::PortError;
use countersign_strings::text;
use serde_json::{Value, json};

use super::args::Verify;
use super::compare::{self, Wanted};
use super::table::{Table, of_error};
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
        Ok((plan, proof, is_kept))
    })?;
    let (plan, proof, is_kept) = match read {
        Ok(read) => read,
        Err(End::Nothing) => return Err(Fault::refused(text("token.nothing_to_verify"))),
        Err(End::Refused(identity, refusal)) => {
            return Err(Fault::refused(token_words::of_refused(&identity, &refusal)));
        }
        Err(End::Token(error)) => return Err(of_error(error)),
        Err(End::Port(fault)) => return Err(fault.into()),
    };
    match proof {
        Proof::Code => told(context, &plan, Ending::ProvenByLink),
        Proof::Settings => {
            let ending = by_codes(&mut table, &plan, asked, is_kept)?;
            told(context, &plan, ending)
        }
    }
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

fn told(context: &Context, plan: &Plan, ending: Ending) -> Result<(), Fault> {
    let mut json = json!({ "token": told::identity(plan.identity()) });
    if let (Value::Object(json), Value::Object(ending)) = (&mut json, told::ending(ending)) {
        json.extend(ending);
    }
    context.terminal.result("", &json);
    context.terminal.say(&token_words::of_ending(ending));
    Ok(())
}
