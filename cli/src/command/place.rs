//! `countersign move NAME --first`: where an account stands in the list; and where a group stands among the others.

use clap::Args;
use countersign_core::vault::AccountId;
use countersign_strings::text;
use serde_json::json;

use super::kept::Groups;
use super::{Context, account, edit};
use crate::fault::Fault;

/// Which account, and where to.
#[derive(Debug, Clone, Args)]
pub struct Move {
    /// Which.
    #[arg(value_name = "NAME", help = text("cli.help_name"))]
    pub name: Option<String>,
    /// Where to.
    #[command(flatten)]
    pub place: Place,
}

/// A place in a list.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub struct Place {
    /// At its head.
    #[arg(long, help = text("accounts.help_first"))]
    pub first: bool,
    /// At its end.
    #[arg(long, help = text("accounts.help_last"))]
    pub last: bool,
    /// Before another.
    #[arg(long, value_name = "OTHER", help = text("accounts.help_before"))]
    pub before: Option<String>,
    /// After another.
    #[arg(long, value_name = "OTHER", help = text("accounts.help_after"))]
    pub after: Option<String>,
}

/// Puts an account elsewhere in the order of the list.
pub fn run(context: &Context, asked: &Move) -> Result<(), Fault> {
    let where_to = || Fault::refused(text("accounts.move_where"));
    let name = asked.name.as_deref().filter(|_| !asked.place.is_nowhere()).ok_or_else(where_to)?;
    let desk = context.open_desk()?;
    let accounts = desk.app.accounts()?;
    let found = account::find(&accounts, name)?;
    let mut others: Vec<_> = accounts.iter().filter(|account| account.id != found.id).collect();
    // Pinned ones are shown first; the order is one of all.
    others.sort_by_key(|account| (account.order, account.id));
    let others: Vec<AccountId> = others.iter().map(|account| account.id).collect();
    let to = before(&others, &asked.place, |name| account::find(&accounts, name).map(|other| other.id))?;
    if desk.app.move_account(found.id, to)? {
        return edit::say(context, &desk, &Groups::of(&desk.app)?, &[found.id]);
    }
    context.terminal.result("", &json!({ "changed": [] }));
    context.terminal.say(text("accounts.edit_nothing"));
    Ok(())
}

impl Place {
    const fn is_nowhere(&self) -> bool {
        matches!(self, Self { first: false, last: false, before: None, after: None })
    }
}

/// Before which of the `others` this place is; `None`: behind all of them.
pub fn before<T: Copy + PartialEq>(
    others: &[T],
    place: &Place,
    find: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let at = |other: T| {
        let itself = || Fault::refused(text("accounts.move_itself"));
        others.iter().position(|id| *id == other).ok_or_else(itself)
    };
    Ok(match place {
        Place { before: Some(name), .. } => Some(others[at(find(name)?)?]),
        Place { after: Some(name), .. } => others.get(at(find(name)?)? + 1).copied(),
        Place { first: true, .. } => others.first().copied(),
        Place { last: true, .. } => None,
        _ => return Err(Fault::refused(text("accounts.move_where"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_before_one_of_the_others_or_behind_them_all() {
        let find = |name: &str| name.parse::<u8>().map_err(|_| Fault::refused("none"));
        let to = |place: Place| before(&[1, 2, 3], &place, find);
        assert_eq!(to(Place { first: true, ..Place::default() }), Ok(Some(1)));
        assert_eq!(to(Place { last: true, ..Place::default() }), Ok(None));
        assert_eq!(to(Place { before: Some("2".into()), ..Place::default() }), Ok(Some(2)));
        assert_eq!(to(Place { after: Some("2".into()), ..Place::default() }), Ok(Some(3)));
        assert_eq!(to(Place { after: Some("3".into()), ..Place::default() }), Ok(None));
        let itself = to(Place { after: Some("9".into()), ..Place::default() }).unwrap_err();
        assert_eq!(itself.words, text("accounts.move_itself"));
        assert!(to(Place { before: Some("x".into()), ..Place::default() }).is_err() && to(Place::default()).is_err());
        assert_eq!(before(&[], &Place { first: true, ..Place::default() }, find), Ok(None), "alone");
    }
}
