//! `countersign edit`: changes one account or many alike, and says what was before and what is now.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use clap::Args;
use countersign_core::error::{InputError, Named, Rule};
use countersign_core::icons::PackIcon;
use countersign_core::limits::PICTURE_FILE;
use countersign_core::protocol::otp::Counter;
use countersign_core::vault::{self, Account, AccountId, DRAWN, GroupId, Icon, Picture, is_nameless};
use countersign_strings::{fill, text};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Context;
use super::account::{self, Alike};
use super::choose::{self, Filter, agreed};
use super::kept::{self, Groups};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::outside::isolated;

/// Takes an icon away.
const NO_ICON: &str = "none";
/// How many icons are named of several that may be meant.
const SHOWN: usize = 12;
/// Takes a note from standard input.
const FROM_STDIN: &str = "-";

/// Which accounts, and what is changed of them.
#[derive(Debug, Clone, Default, Args)]
pub struct Edit {
    /// Which.
    #[arg(value_name = "NAME", help = text("accounts.help_names"))]
    pub names: Vec<String>,
    /// Those of a group.
    #[arg(long = "in", value_name = "GROUP", help = text("accounts.help_group"))]
    pub inside: Option<String>,
    /// Those with a tag.
    #[arg(long, value_name = "TAG", help = text("accounts.help_tag"))]
    pub tagged: Option<String>,
    /// Those with these words.
    #[arg(long, value_name = "WORDS", help = text("accounts.help_search"))]
    pub search: Option<String>,
    /// Who issued it.
    #[arg(long, value_name = "TEXT", help = text("accounts.help_issuer"))]
    pub issuer: Option<String>,
    /// Whose it is.
    #[arg(long, value_name = "TEXT", help = text("accounts.help_account"))]
    pub account: Option<String>,
    /// A note.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help = text("accounts.help_note"))]
    pub note: Option<String>,
    /// Into groups.
    #[arg(long, value_name = "GROUP", help = text("accounts.help_join"))]
    pub group: Vec<String>,
    /// Out of groups.
    #[arg(long, value_name = "GROUP", help = text("accounts.help_leave"))]
    pub no_group: Vec<String>,
    /// Out of all groups.
    #[arg(long, conflicts_with = "no_group", help = text("accounts.help_leave_all"))]
    pub no_groups: bool,
    /// Gives tags.
    #[arg(long, value_name = "TAG", help = text("accounts.help_give_tag"))]
    pub tag: Vec<String>,
    /// Takes tags.
    #[arg(long, value_name = "TAG", help = text("accounts.help_untag"))]
    pub untag: Vec<String>,
    /// Among the favourites.
    #[arg(long, help = text("accounts.help_favourite"))]
    pub favourite: bool,
    /// Not among them.
    #[arg(long, conflicts_with = "favourite", help = text("accounts.help_no_favourite"))]
    pub no_favourite: bool,
    /// At the head of each list.
    #[arg(long, help = text("accounts.help_pin"))]
    pub pin: bool,
    /// Not there.
    #[arg(long, conflicts_with = "pin", help = text("accounts.help_no_pin"))]
    pub no_pin: bool,
    /// Its code hidden.
    #[arg(long, help = text("accounts.help_hide"))]
    pub hide: bool,
    /// Not hidden.
    #[arg(long, conflicts_with = "hide", help = text("accounts.help_show"))]
    pub show: bool,
    /// What is drawn beside it.
    #[arg(long, value_name = "ICON", help = text("accounts.help_icon"))]
    pub icon: Option<String>,
    /// The counter of its next code.
    #[arg(long, value_name = "N", allow_negative_numbers = true, help = text("accounts.help_counter"))]
    pub counter: Option<u64>,
    /// Without asking.
    #[arg(long, help = text("cli.help_yes"))]
    pub yes: bool,
}

/// Finds the accounts, asks where there are several, changes them in one step, and says what that did.
pub fn run(context: &Context, asked: &Edit) -> Result<(), Fault> {
    if !asked.changes() {
        return Err(Fault::refused(text("accounts.edit_what")));
    }
    let desk = context.open_desk()?;
    let groups = Groups::of(&desk.app)?;
    let chosen = choose::accounts(&desk, &asked.names, &asked.filter(), &groups)?;
    if chosen.len() > 1 {
        let values =
            [("n", &*chosen.len().to_string()), ("names", &*choose::lines(&chosen, &Alike::among(&desk.app)?))];
        context.terminal.say(&fill("accounts.edit_these", &values));
        agreed(context, asked.yes, text("accounts.edit_ask"))?;
    }
    if asked.counter.is_some() {
        counter_asked(context, asked, &chosen)?;
    }
    let edit = asked.edit(context, &desk, &groups)?;
    if edit.issuer.is_some() || edit.name.is_some() {
        let nameless = |account: &Arc<Account>| {
            let issuer = edit.issuer.as_deref().unwrap_or(&account.issuer);
            is_nameless(issuer, edit.name.as_deref().unwrap_or(&account.name))
        };
        if chosen.iter().any(nameless) {
            return Err(Fault::refused(text("tui.form_nameless")));
        }
    }
    let ids: Vec<AccountId> = chosen.iter().map(|account| account.id).collect();
    if desk.app.edit_accounts(&ids, &edit)? == 0 {
        context.terminal.result("", &json!({ "changed": [] }));
        context.terminal.say(text("accounts.edit_nothing"));
        return Ok(());
    }
    say(context, &desk, &groups, &ids)
}

/// A counter is set of one account, and after a question: what it was tells which codes were used.
fn counter_asked(context: &Context, asked: &Edit, chosen: &[Arc<Account>]) -> Result<(), Fault> {
    let [account] = chosen else { return Err(Fault::refused(text("accounts.counter_of_one"))) };
    let Some(now) = account::counter(account) else { return Err(Fault::refused(text("accounts.counter_none"))) };
    let values = [("now", &*now.to_string()), ("to", &*asked.counter.unwrap_or_default().to_string())];
    agreed(context, asked.yes, &fill("accounts.counter_ask", &values))
}

/// Says what the last change did, which was of these accounts.
pub fn say(context: &Context, desk: &Desk, groups: &Groups, ids: &[AccountId]) -> Result<(), Fault> {
    let changed = desk.app.last_change()?;
    let is_changed = |account: &Account| changed.iter().any(|one| one.now.id == account.id);
    let accounts: Vec<Arc<Account>> = desk
        .app
        .accounts()?
        .iter()
        .filter(|account| ids.contains(&account.id) && is_changed(account))
        .cloned()
        .collect();
    let json: Vec<Value> = accounts.iter().map(|account| kept::as_json(account, groups)).collect();
    context.terminal.result("", &json!({ "changed": json }));
    kept::told(&desk.app, &changed, groups, false)?.iter().for_each(|words| context.terminal.say(words));
    context.terminal.say(text("accounts.undo_how"));
    Ok(())
}

impl Edit {
    fn filter(&self) -> Filter {
        let (group, tag, search) = (self.inside.clone(), self.tagged.clone(), self.search.clone());
        Filter { group, tag, search, ..Filter::default() }
    }

    fn changes(&self) -> bool {
        let texts = [&self.issuer, &self.account, &self.note, &self.icon].iter().any(|text| text.is_some());
        let lists = [&self.group, &self.no_group, &self.tag, &self.untag].iter().any(|list| !list.is_empty());
        let words = [self.favourite, self.no_favourite, self.pin, self.no_pin, self.hide, self.show, self.no_groups];
        texts || lists || words.contains(&true) || self.counter.is_some()
    }

    fn edit(&self, context: &Context, desk: &Desk, groups: &Groups) -> Result<vault::Edit, Fault> {
        let range = InputError::Field { field: Named::Counter, rule: Rule::Range };
        let counter = self.counter.map(Counter::try_from).transpose().map_err(|_| Fault::from(range))?;
        let ids = |names: &[String]| -> Result<Vec<GroupId>, Fault> {
            names.iter().map(|name| groups.find(name).map(|group| group.id)).collect()
        };
        let leave =
            if self.no_groups { groups.all().iter().map(|group| group.id).collect() } else { ids(&self.no_group)? };
        let note = match self.note.as_deref() {
            Some(FROM_STDIN) => Some(typed_note(context)?),
            note => note.map(|note| Zeroizing::new(note.to_owned())),
        };
        Ok(vault::Edit {
            issuer: self.issuer.clone(),
            name: self.account.clone(),
            note: note.map(|note| note.to_string()),
            favourite: either(self.favourite, self.no_favourite),
            pinned: either(self.pin, self.no_pin),
            hidden: either(self.hide, self.show),
            icon: self.icon.as_deref().map(|name| icon(desk, name)).transpose()?,
            join: ids(&self.group)?,
            leave,
            tag: self.tag.iter().map(|tag| tag.trim_start_matches('#').to_owned()).collect(),
            untag: self.untag.iter().map(|name| choose::tag(&desk.app, name)).collect::<Result<_, _>>()?,
            counter,
        })
    }
}

fn either(yes: bool, no: bool) -> Option<bool> {
    (yes || no).then_some(yes)
}

/// A note of a person who does not want it on the command line: all lines of a pipe, or one that is typed.
fn typed_note(context: &Context) -> Result<Zeroizing<String>, Fault> {
    let mut note = Zeroizing::new(String::with_capacity(4096));
    while let Some(line) = context.terminal.next_line(text("accounts.note_ask"), false)? {
        if !note.is_empty() {
            note.push('\n');
        }
        note.push_str(&line);
        if context.terminal.is_typed() {
            break;
        }
    }
    Ok(note)
}

/// The icon that is meant: none, one of the set drawn for this project, the picture in a file, or an icon of a pack.
fn icon(desk: &Desk, name: &str) -> Result<Option<Icon>, Fault> {
    if name.eq_ignore_ascii_case(NO_ICON) {
        return Ok(None);
    }
    if let Some(drawn) = DRAWN.iter().find(|drawn| drawn.eq_ignore_ascii_case(name)) {
        return Ok(Some(Icon::Drawn((*drawn).to_owned())));
    }
    let mut file = Vec::new();
    let most = PICTURE_FILE as u64 + 1;
    let picture = match File::open(name).and_then(|opened| opened.take(most).read_to_end(&mut file)) {
        Ok(_) => Picture::from_file(&file)?,
        Err(_) => desk.app.pack_icon(&of_pack(desk, name)?)?,
    };
    Ok(Some(Icon::Picture(desk.app.keep_picture(&picture)?)))
}

/// The one icon of this name that the packs have, or the only one that the name finds.
fn of_pack(desk: &Desk, name: &str) -> Result<PackIcon, Fault> {
    // What is too long to be looked for is no icon's name.
    let found = desk.app.find_icons(name).unwrap_or_default();
    let exact: Vec<&PackIcon> = found.iter().filter(|icon| icon.name.to_lowercase() == name.to_lowercase()).collect();
    match (exact.as_slice(), found.as_slice()) {
        ([one], _) => Ok((*one).clone()),
        (_, [one]) => Ok(one.clone()),
        (_, []) => Err(Fault::refused(fill("accounts.no_such_icon", &[("names", &DRAWN.join(", "))]))),
        _ => {
            let names: Vec<String> = found.iter().take(SHOWN).map(|icon| isolated(&icon.name)).collect();
            Err(Fault::refused(fill("icons.several", &[("n", &found.len().to_string()), ("names", &names.join(", "))])))
        }
    }
}
