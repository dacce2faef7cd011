//! Which profile of a token that has several: it is said, or the person chooses. With nobody there it is the first.

use countersign_core::burn::{Found, Identity, KeyProfile, LedgerRow, LinkError, Room, TokenError, TokenName, Tools};
use countersign_strings::{fill, text};

use super::table::{NotMet, Table};
use crate::fault::Fault;
use crate::outside::isolated;
use crate::token_words;

/// Which profiles are to be chosen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// All that the token has.
    All,
    /// Those that hold a seed.
    Taken,
}

/// The profile that was said, or that the person chooses of the token that lies there; none of one without profiles. `asks` says
/// whether anybody wants to be asked.
///
/// # Errors
/// [`NotMet`]; a [`Fault`] where none is chosen.
pub fn chosen(table: &mut Table<'_>, said: Option<u8>, asks: bool, from: From) -> Result<Option<u8>, NotMet> {
    if said.is_some() || !asks || !table.context.terminal.has_person() {
        return Ok(said);
    }
    let looked = table.with(|found, at| {
        let identity = found.identity().clone();
        let has_profiles = found.capabilities().profiles;
        (identity, if has_profiles { found.room(&KeyProfile::Vendor, at.tools) } else { Ok(None) })
    })?;
    let (identity, room) = match looked {
        (identity, Ok(Some(room))) => (identity, room),
        (_, Err(error @ TokenError::Link(LinkError::Lost | LinkError::Reader))) => return Err(NotMet::Token(error)),
        // What it doesn't tell nobody can choose from.
        _ => return Ok(None),
    };
    let ledger: Vec<LedgerRow> =
        table.burns.rows(&TokenName::from(&identity))?.into_iter().map(|line| line.row).collect();
    let profiles = profiles(&room, &ledger, from);
    if let [(only, _)] = profiles.as_slice() {
        return Ok(Some(*only));
    }
    let labels: Vec<String> = profiles.iter().map(|(_, label)| label.clone()).collect();
    table.context.terminal.say(&fill("token.profile_ask", &[("token", &token_words::of_identity(&identity))]));
    let at = table.context.terminal.choose(&labels)?;
    let chosen = at.and_then(|at| profiles.get(at)).map(|(number, _)| *number);
    chosen.map(Some).ok_or_else(|| Fault::refused(text("cli.nothing_chosen")).into())
}

/// How many profiles a token has, where it has any and tells.
pub fn how_many(found: &mut Found<'_>, tools: Tools<'_>) -> Option<usize> {
    found.capabilities().profiles.then(|| found.room(&KeyProfile::Vendor, tools).ok().flatten()?.all)?
}

/// That a token has no profile of this number; nothing where it has, or does not tell.
pub fn missing(found: &mut Found<'_>, profile: u8, tools: Tools<'_>) -> Option<Fault> {
    let all = how_many(found, tools)?;
    (usize::from(profile) >= all).then(|| none_such(found.identity(), profile, all))
}

/// That a token has no profile of this number, and which it has.
pub fn none_such(identity: &Identity, profile: u8, all: usize) -> Fault {
    let (token, n, last) = (token_words::of_identity(identity), profile.to_string(), all.saturating_sub(1).to_string());
    let values = [("token", &*token), ("n", &*n), ("all", &*all.to_string()), ("last", &*last)];
    Fault::refused(fill("token.no_profile", &values))
}

/// The profiles that can be chosen, each with what is in it as far as token and ledger tell.
fn profiles(room: &Room, ledger: &[LedgerRow], from: From) -> Vec<(u8, String)> {
    let all = room.all.and_then(|all| u8::try_from(all).ok()).unwrap_or_default();
    let title = |number: u8| room.profiles.iter().find(|(taken, _)| *taken == number).map(|(_, title)| title);
    let is_wanted = |number: &u8| title(*number).is_some() || from == From::All || room.profiles.is_empty();
    (0..all).filter(is_wanted).map(|number| (number, label(number, title(number), ledger))).collect()
}

/// A profile by its number, and what is in it.
fn label(number: u8, title: Option<&String>, ledger: &[LedgerRow]) -> String {
    let n = number.to_string();
    let Some(title) = title else { return fill("token.profile_free", &[("n", &n)]) };
    let row = ledger.iter().rfind(|row| row.profile == number);
    let owner = row.map(|row| token_words::of_owner(&row.credential)).filter(|owner| !owner.is_empty());
    let title = if title.is_empty() { text("token.profile_untitled").to_owned() } else { isolated(title) };
    match owner {
        Some(owner) => fill("token.profile_owned", &[("n", &n), ("title", &title), ("owner", &owner)]),
        None => fill("token.room_profile", &[("n", &n), ("title", &title)]),
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::burn::Family;
    use countersign_core::burn::ledger::Proof;
    use countersign_core::burn::source::{Choices, Kind, read};

    use super::*;

    fn row(profile: u8, issuer: &str) -> LedgerRow {
        let source = format!("serial,secret_hex,issuer\n42,3132333435363738393031323334353637383930,{issuer}\n");
        let credential = read(Kind::Table, source.as_bytes(), Choices::default()).unwrap().rows.remove(0).credential;
        LedgerRow {
            token: TokenName { family: Family::Molto2, serial: credential.serial.clone() },
            profile,
            manufacturer: String::new(),
            model: String::new(),
            credential,
            written_at: 0,
            proof: Proof::Written,
            ahead: None,
            batch: None,
        }
    }

    #[test]
    fn a_profile_says_what_is_in_it_as_far_as_token_and_ledger_tell() {
        let room = Room { taken: 2, all: Some(50), profiles: vec![(0, "Token2".into()), (7, String::new())] };
        let ledger = [row(7, "ACME"), row(7, "Mail"), row(3, "gone")];
        let all = profiles(&room, &ledger, From::All);
        assert_eq!(all.len(), 50);
        let label = |number: usize| all[number].1.clone();
        assert!(label(0).contains("Token2") && label(0).contains('0'), "{}", label(0));
        assert_eq!(label(3), fill("token.profile_free", &[("n", "3")]), "the token knows better than the ledger");
        assert!(label(7).contains("Mail") && !label(7).contains("ACME"), "the later row counts: {}", label(7));
        let taken: Vec<u8> = profiles(&room, &ledger, From::Taken).iter().map(|(number, _)| *number).collect();
        assert_eq!(taken, [0, 7]);
        let empty = Room { taken: 0, all: Some(50), profiles: vec![] };
        assert_eq!(profiles(&empty, &[], From::Taken).len(), 50, "what is in none of them may be set in any");
    }
}
