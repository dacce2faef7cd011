//! What the rows of a batch would do, before any token is written.

use countersign_core::burn::source::Row;
use countersign_core::burn::{Family, Holding, Identity, Plan, Refusal, Request, Said};
use countersign_strings::fill;
use serde_json::json;

use super::args::Manner;
use super::table::{NotMet, Table};
use super::{seed, told};
use crate::fault::Fault;
use crate::token_words;

/// Prints the plan of every row for tokens of the kind that lies there. Nothing is written.
pub fn dry_run(table: &mut Table<'_>, rows: &[Row], manner: &Manner) -> Result<(), Fault> {
    let specimen = table.with(|found, _| found.identity().clone())?;
    // What is in a token that nobody looked at is not known.
    let holding = if specimen.family == Family::Single { Holding::Hidden } else { Holding::Unknown };
    let terminal = &table.context.terminal;
    let mut refused = 0;
    for row in rows {
        let serial = row.credential.serial.clone();
        // Of a row without a number it is not known into which token it goes.
        let identity = Identity { serial, ahead: None, ..specimen.clone() };
        let request = request(row, manner);
        let misfits = Refusal::of(&identity, &request, said(row, manner));
        match misfits.map_or_else(|| Plan::new(&identity, &holding, request), Err) {
            Ok(plan) => {
                let stands = table.burns.standing(&plan)?;
                let words = of_line(row, &token_words::of_plan_ahead(&plan, stands.as_ref()));
                let json = json!({ "line": row.line, "plan": told::plan(&plan, stands.as_ref()) });
                terminal.result_row(&words, &json)?;
            }
            Err(refusal) => {
                refused += 1;
                let why = token_words::of_refused(&specimen, &refusal);
                terminal.result_row(&of_line(row, &why), &json!({ "line": row.line, "refused": why }))?;
            }
        }
    }
    fitting(refused)
}

/// Refuses rows that the kind of token that lies there cannot hold, each by its line: before the person is asked for a yes. What
/// is for another serial number may be for another kind.
pub fn fit<'r>(table: &mut Table<'_>, rows: impl Iterator<Item = &'r Row>, manner: &Manner) -> Result<(), Fault> {
    let specimen = match table.with(|found, _| found.identity().clone()) {
        Ok(specimen) => specimen,
        Err(NotMet::Fault(fault)) => return Err(fault),
        // It is said when its turn comes, and another one is laid there.
        Err(NotMet::Declined(_) | NotMet::Token(_) | NotMet::Other(_)) => return Ok(()),
    };
    let is_for_it = |row: &&Row| row.credential.serial.is_none() || row.credential.serial == specimen.serial;
    let mut refused = 0;
    for row in rows.filter(is_for_it) {
        if let Some(refusal) = Refusal::of(&specimen, &request(row, manner), said(row, manner)) {
            refused += 1;
            table.context.terminal.say(&of_line(row, &token_words::of_refused(&specimen, &refusal)));
        }
    }
    fitting(refused)
}

/// What is said of a row, by its line.
pub fn of_line(row: &Row, words: &str) -> String {
    fill("token.batch_line", &[("line", &row.line.to_string()), ("words", words)])
}

fn fitting(refused: usize) -> Result<(), Fault> {
    match refused {
        0 => Ok(()),
        n => Err(Fault::refused(fill("token.batch_misfits", &[("n", &n.to_string())]))),
    }
}

/// What a row asks for.
pub fn request(row: &Row, manner: &Manner) -> Request {
    let request = Request { profile: row.profile.unwrap_or_default(), ..Request::new(row.credential.clone()) };
    seed::with_manner(request, manner)
}

/// What a row and the command line say beside the seed.
pub const fn said(row: &Row, manner: &Manner) -> Said {
    Said { profile: row.profile, title: false, display: manner.display.is_some() }
}
