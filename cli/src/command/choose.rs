//! Which accounts a command is about: those of a name, or those that have something in common.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;
use countersign_core::app::App;
use countersign_core::vault::{Account, CodeRow, Codes, Sort, View};
use countersign_strings::{fill, text};

use super::Context;
use super::account::{self, Alike};
use super::kept::Groups;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::outside;

/// How many names a question tells.
const NAMED: usize = 20;

/// What accounts have in common.
#[derive(Debug, Clone, Default, Args)]
pub struct Filter {
    /// A group.
    #[arg(long, value_name = "GROUP", help = text("accounts.help_group"))]
    pub group: Option<String>,
    /// A tag.
    #[arg(long, value_name = "TAG", help = text("accounts.help_tag"))]
    pub tag: Option<String>,
    /// Words in names and notes.
    #[arg(long, value_name = "WORDS", help = text("accounts.help_search"))]
    pub search: Option<String>,
    /// To be favourites.
    #[arg(long, help = text("accounts.help_favourites"))]
    pub favourites: bool,
    /// To be hidden.
    #[arg(long, help = text("accounts.help_hidden"))]
    pub hidden: bool,
}

impl Filter {
    /// Does it let all accounts through?
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self { group: None, tag: None, search: None, favourites: false, hidden: false })
    }

    /// The accounts that it lets through, with their codes, in this order.
    pub fn view(&self, desk: &Desk, groups: &Groups, sort: Sort) -> Result<Codes, Fault> {
        let group = self.group.as_deref().map(|name| groups.find(name)).transpose()?.map(|group| group.id);
        let tag = self.tag.as_deref().map(|name| tag(&desk.app, name)).transpose()?;
        let search = self.search.clone().unwrap_or_default();
        let view = View { search, group, tag, favourites: self.favourites, sort };
        let codes = desk.app.view(&view, desk.clock.now())?;
        if !self.hidden {
            return Ok(codes);
        }
        let rows: Vec<CodeRow> = codes.rows.iter().filter(|row| row.account.details.hidden).cloned().collect();
        Ok(Codes { rows: rows.into(), ..codes })
    }
}

/// The tag of this name, whatever the case.
pub fn tag(app: &App, name: &str) -> Result<String, Fault> {
    let wanted = name.trim().trim_start_matches('#').to_lowercase();
    let tags: Vec<String> = app.tags()?.into_iter().map(|(tag, _)| tag).collect();
    if let Some(tag) = tags.iter().find(|tag| tag.to_lowercase() == wanted) {
        return Ok(tag.clone());
    }
    let names: Vec<String> = tags.iter().map(|tag| format!("  {}", outside::isolated(tag))).collect();
    let words = match names.as_slice() {
        [] => text("accounts.no_tags").to_owned(),
        names => fill("accounts.no_such_tag", &[("names", &names.join("\n"))]),
    };
    Err(Fault::refused(words))
}

/// The accounts that these names mean, each once; without names those that the filter lets through. Names are looked for
/// among those alone.
pub fn accounts(desk: &Desk, names: &[String], filter: &Filter, groups: &Groups) -> Result<Vec<Arc<Account>>, Fault> {
    if names.is_empty() && filter.is_empty() {
        return Err(Fault::refused(text("accounts.which")));
    }
    let rows = filter.view(desk, groups, Sort::Manual)?.rows;
    let all: Vec<Arc<Account>> = rows.iter().map(|row| row.account.clone()).collect();
    let found = if names.is_empty() { all } else { named(&all, names)? };
    if found.is_empty() { Err(Fault::refused(text("accounts.none_fits"))) } else { Ok(found) }
}

/// The accounts that these names mean, each once, in the order of the names.
pub fn named(all: &[Arc<Account>], names: &[String]) -> Result<Vec<Arc<Account>>, Fault> {
    let mut seen = BTreeSet::new();
    let found = names.iter().map(|name| account::find(all, name)).collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().filter(|account| seen.insert(account.id)).collect())
}

/// Their names, for a question: the first of many, with a number each where names don't say which is meant.
pub fn lines(accounts: &[Arc<Account>], alike: &Alike) -> String {
    let names = accounts.iter().take(NAMED).map(|account| format!("  {}", alike.shown(account)));
    let more = accounts.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("  {}", fill("accounts.and_more", &[("n", &more.to_string())])));
    names.chain(more).collect::<Vec<_>>().join("\n")
}

/// Asks unless `yes`: what is refused changes nothing.
pub fn agreed(context: &Context, yes: bool, question: &str) -> Result<(), Fault> {
    if yes || context.terminal.confirm(question)? {
        return Ok(());
    }
    Err(Fault::refused(text("cli.nothing_changed")))
}
