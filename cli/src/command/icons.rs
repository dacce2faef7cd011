//! `countersign icons`: icon packs, and the icons of accounts that they know.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use countersign_core::icons::{Fit, Pack, PackIcon};
use countersign_core::limits::ICON_PACK;
use countersign_core::vault::{Account, AccountId};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::{Context, account};
use crate::fault::Fault;
use crate::outside::isolated;

/// What can be done with them.
#[derive(Debug, Clone, Subcommand)]
pub enum IconsCommand {
    /// Lists the packs.
    #[command(about = text("icons.about_list"))]
    List,
    /// Keeps a pack.
    #[command(about = text("icons.about_add"))]
    Add {
        /// Its file.
        #[arg(value_name = "FILE", help = text("icons.help_file"))]
        file: PathBuf,
    },
    /// Removes a pack.
    #[command(about = text("icons.about_remove"))]
    Remove {
        /// Which.
        #[arg(value_name = "PACK", help = text("icons.help_pack"))]
        pack: String,
    },
    /// Looks for icons.
    #[command(about = text("icons.about_find"))]
    Find {
        /// What to look for.
        #[arg(value_name = "WORDS", help = text("icons.help_search"))]
        words: Vec<String>,
    },
    /// Gives accounts the icons of their issuers.
    #[command(about = text("icons.about_match"))]
    Match {
        /// Without asking.
        #[arg(long, help = text("cli.help_yes"))]
        yes: bool,
    },
}

/// Does what was asked for; lists where nothing was.
pub fn run(context: &Context, what: Option<&IconsCommand>) -> Result<(), Fault> {
    match what {
        None | Some(IconsCommand::List) => list(context),
        Some(IconsCommand::Add { file }) => add(context, file),
        Some(IconsCommand::Remove { pack }) => remove(context, pack),
        Some(IconsCommand::Find { words }) => find(context, &words.join(" ")),
        Some(IconsCommand::Match { yes }) => match_all(context, *yes),
    }
}

/// Packs are no secret: nothing is unlocked for them.
fn list(context: &Context) -> Result<(), Fault> {
    let desk = context.desk()?;
    let packs = desk.app.icon_packs()?;
    let lines: Vec<String> = packs.iter().map(line).collect();
    let all: Vec<Value> = packs.iter().map(pack_json).collect();
    context.terminal.result(&lines.join("\n"), &json!({ "packs": all }));
    if packs.is_empty() {
        context.terminal.say(text("icons.none"));
    }
    Ok(())
}

fn add(context: &Context, path: &Path) -> Result<(), Fault> {
    let desk = context.desk()?;
    let unread = || Fault::refused(fill("icons.no_file", &[("file", &isolated(&path.display().to_string()))]));
    let mut bytes = Vec::new();
    // One byte more than is taken: core says that it is too much.
    let most = ICON_PACK as u64 + 1;
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(|_| unread())?;
    let pack = desk.app.add_icon_pack(&bytes)?;
    context.terminal.result("", &pack_json(&pack));
    context.terminal.say(&fill("icons.added", &[("line", &line(&pack))]));
    Ok(())
}

fn remove(context: &Context, named: &str) -> Result<(), Fault> {
    let desk = context.desk()?;
    let packs = desk.app.icon_packs()?;
    let is_meant = |pack: &&Pack| pack.id.to_string() == named || pack.name.to_lowercase() == named.to_lowercase();
    let pack = match packs.iter().filter(is_meant).collect::<Vec<_>>().as_slice() {
        [one] => *one,
        [] => return Err(Fault::refused(text("icons.no_such_pack"))),
        several => {
            let ids: Vec<String> = several.iter().map(|pack| pack.id.to_string()).collect();
            return Err(Fault::refused(fill("icons.several_packs", &[("ids", &ids.join(", "))])));
        }
    };
    desk.app.remove_icon_pack(pack.id)?;
    context.terminal.result("", &json!({ "removed": pack.id.to_string() }));
    context.terminal.say(&fill("icons.removed", &[("name", &isolated(&pack.name))]));
    Ok(())
}

fn find(context: &Context, search: &str) -> Result<(), Fault> {
    let desk = context.desk()?;
    let packs = desk.app.icon_packs()?;
    let of = |icon: &PackIcon| packs.iter().find(|pack| pack.id == icon.pack).map_or("", |pack| pack.name.as_str());
    let found = desk.app.find_icons(search)?;
    if found.is_empty() {
        return Err(Fault::refused(text(if packs.is_empty() { "icons.none" } else { "icons.none_found" })));
    }
    let line = |icon: &PackIcon| fill("icons.found", &[("name", &isolated(&icon.name)), ("of", &isolated(of(icon)))]);
    let lines: Vec<String> = found.iter().map(line).collect();
    let all: Vec<Value> = found.iter().map(icon_json).collect();
    context.terminal.result(&lines.join("\n"), &json!({ "icons": all }));
    Ok(())
}

/// An account gets the icon of its issuer's name alone, or of a word in it: what Aegis merely proposes is for people to choose.
fn match_all(context: &Context, yes: bool) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let mut matched: Vec<(Arc<Account>, PackIcon)> = Vec::new();
    for one in desk.app.accounts()?.iter().filter(|account| account.details.icon.is_none()) {
        let best = desk.app.icons_for(&one.issuer)?.into_iter().next().filter(|(fit, _)| *fit >= Fit::Word);
        matched.extend(best.map(|(_, icon)| (Arc::clone(one), icon)));
    }
    if matched.is_empty() {
        return Err(Fault::refused(text("icons.none_match")));
    }
    for (one, icon) in &matched {
        let names = [("account", isolated(&account::line(one))), ("icon", isolated(&icon.name))];
        context.terminal.say(&fill("icons.match_line", &names.each_ref().map(|(key, name)| (*key, name.as_str()))));
    }
    let n = matched.len().to_string();
    if !yes && !context.terminal.confirm(&fill("icons.match_ask", &[("n", &n)]))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    desk.app.set_pack_icons(&by_icon(&matched))?;
    context.terminal.result("", &json!({ "matched": matched.len() }));
    context.terminal.say(&fill("icons.matched", &[("n", &n)]));
    context.terminal.say(text("accounts.undo_how"));
    Ok(())
}

/// The accounts of each icon: it is read once for all of them.
fn by_icon(matched: &[(Arc<Account>, PackIcon)]) -> Vec<(PackIcon, Vec<AccountId>)> {
    let mut all: Vec<(PackIcon, Vec<AccountId>)> = Vec::new();
    for (account, icon) in matched {
        match all.iter_mut().find(|(other, _)| other == icon) {
            Some((_, ids)) => ids.push(account.id),
            None => all.push((icon.clone(), vec![account.id])),
        }
    }
    all
}

fn line(pack: &Pack) -> String {
    let numbers = [pack.version, pack.icons as u64, pack.left_out as u64].map(|number| number.to_string());
    let [version, n, left] = &numbers;
    let icons = if pack.icons == 1 { text("icons.one").to_owned() } else { fill("icons.count", &[("n", n)]) };
    let key = if pack.left_out == 0 { "icons.line" } else { "icons.line_left" };
    fill(key, &[("name", &isolated(&pack.name)), ("version", version), ("icons", &*icons), ("left", left)])
}

fn pack_json(pack: &Pack) -> Value {
    let Pack { id, name, version, icons, left_out } = pack;
    json!({ "id": id.to_string(), "name": name, "version": version, "icons": icons, "left_out": left_out })
}

fn icon_json(icon: &PackIcon) -> Value {
    json!({ "pack": icon.pack.to_string(), "file": icon.file, "name": icon.name, "category": icon.category })
}
