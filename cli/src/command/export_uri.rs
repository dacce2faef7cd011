//! `countersign export-uri`: accounts leave, as links, as codes or as Google's transfer. The passphrase is asked for anew,
//! and what is shown is called a secret before it is.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use countersign_core::app::{Fresh, NotHeld};
use countersign_core::cancel::Cancel;
use countersign_core::qr::{Ground, Symbol};
use countersign_core::vault::{Account, Kind};
use countersign_strings::{fill, text};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Context;
use super::account::{self, Alike};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::{new_file, transfer_words, words};

/// Pixels of a module in a picture.
const PIXELS: usize = 6;

/// Which accounts, and in what form.
#[derive(Debug, Clone, Args)]
pub struct ExportUri {
    /// Which accounts.
    #[arg(value_name = "NAME", required_unless_present = "all", help = text("scan.export_names"))]
    pub names: Vec<String>,
    /// As Google's transfer.
    #[arg(long, help = text("scan.export_migration"))]
    pub migration: bool,
    /// Each account.
    #[arg(long, requires = "migration", conflicts_with = "names", help = text("scan.export_all"))]
    pub all: bool,
    /// As codes in the terminal.
    #[arg(long, conflicts_with = "png", help = text("scan.export_qr"))]
    pub qr: bool,
    /// As pictures of codes.
    #[arg(long, value_name = "FILE", help = text("scan.export_png"))]
    pub png: Option<PathBuf>,
    /// Without asking.
    #[arg(long, help = text("cli.help_yes"))]
    pub yes: bool,
}

/// One link, and what is in it.
struct Out {
    link: Zeroizing<String>,
    json: Value,
}

/// Asks for the passphrase, warns, asks, writes.
pub fn run(context: &Context, options: &ExportUri) -> Result<(), Fault> {
    let terminal = &context.terminal;
    terminal.read_descriptor()?;
    let desk = context.desk()?;
    // Also where something else would unlock the vault: who sits here must know it.
    let fresh = desk.app.prove(&terminal.passphrase(text("cli.passphrase"))?, &Cancel::default())?;
    words::of_report(&desk.app.vault_report()?).iter().for_each(|words| terminal.say(words));
    let chosen = chosen(&desk, options)?;
    let (outs, left) = if options.migration {
        transfer(&desk, &chosen, &fresh)?
    } else {
        let links = chosen.iter().map(|account| link(&desk, account, &fresh)).collect::<Result<_, _>>()?;
        (links, Vec::new())
    };
    let alike = Alike::among(&desk.app)?;
    for (account, why) in &left {
        let name = alike.shown(account);
        terminal.say(&fill("scan.export_left", &[("name", &name), ("why", &transfer_words::of_not_held(*why))]));
    }
    warn(context, (&chosen, &alike), chosen.len() - left.len(), options)?;
    write(context, options, &outs, left_json(&left))
}

fn chosen(desk: &Desk, options: &ExportUri) -> Result<Vec<Arc<Account>>, Fault> {
    let accounts = desk.app.accounts()?;
    if options.all {
        return Ok(accounts.to_vec());
    }
    options.names.iter().map(|name| account::find(&accounts, name)).collect()
}

fn link(desk: &Desk, account: &Account, fresh: &Fresh) -> Result<Out, Fault> {
    let link = desk.app.export_link(account.id, fresh)?;
    let json = json!({ "issuer": account.issuer, "name": account.name, "link": link.as_str() });
    Ok(Out { link, json })
}

type Left = Vec<(Arc<Account>, NotHeld)>;

fn transfer(desk: &Desk, chosen: &[Arc<Account>], fresh: &Fresh) -> Result<(Vec<Out>, Left), Fault> {
    let ids: Vec<_> = chosen.iter().map(|account| account.id).collect();
    let outgoing = desk.app.export_transfer(&ids, fresh)?;
    if outgoing.links.is_empty() {
        let reason = outgoing.left.first().map(|(_, why)| transfer_words::of_not_held(*why)).unwrap_or_default();
        return Err(Fault::refused(format!("{} {reason}", text("scan.export_none")).trim_end()));
    }
    let of = outgoing.links.len();
    let outs = (1..).zip(outgoing.links).map(|(part, link)| {
        let json = json!({ "part": part, "of": of, "link": link.as_str() });
        Out { link, json }
    });
    Ok((outs.collect(), outgoing.left))
}

fn warn(
    context: &Context,
    (chosen, alike): (&[Arc<Account>], &Alike),
    count: usize,
    options: &ExportUri,
) -> Result<(), Fault> {
    let terminal = &context.terminal;
    let warning = match chosen {
        [one] => fill("scan.export_warning", &[("name", &alike.shown(one))]),
        _ => fill("scan.export_warning_many", &[("n", &count.to_string())]),
    };
    terminal.say(&warning);
    let is_own = |account: &Arc<Account>| matches!(account.kind, Kind::Steam | Kind::Yandex | Kind::MOtp);
    if !options.migration && chosen.iter().any(is_own) {
        terminal.say(text("scan.export_readers"));
    }
    if options.yes || terminal.confirm(text("scan.export_ask"))? {
        return Ok(());
    }
    Err(Fault::refused(text("cli.nothing_changed")))
}

fn left_json(left: &[(Arc<Account>, NotHeld)]) -> Vec<Value> {
    let row = |(account, why): &(Arc<Account>, NotHeld)| json!({ "issuer": account.issuer, "name": account.name, "why": transfer_words::of_not_held(*why) });
    left.iter().map(row).collect()
}

fn write(context: &Context, options: &ExportUri, outs: &[Out], left: Vec<Value>) -> Result<(), Fault> {
    let terminal = &context.terminal;
    if let Some(path) = &options.png {
        let files = pictures(outs, path)?;
        terminal.result("", &json!({ "files": files, "left": left }));
        files.iter().for_each(|file| terminal.say(&fill("scan.export_wrote", &[("file", file)])));
        return Ok(());
    }
    if terminal.json() {
        let links: Vec<_> = outs.iter().map(|out| &out.json).collect();
        terminal.result("", &json!({ "links": links, "left": left }));
        return Ok(());
    }
    for (part, out) in (1..).zip(outs) {
        if !options.qr {
            terminal.result(&out.link, &Value::Null);
            continue;
        }
        let of = outs.len();
        let counted = |key| fill(key, &[("part", &part.to_string()), ("of", &of.to_string())]);
        terminal.result_line(&format!("\n{}", drawn(&symbol(&out.link)?)?), &Value::Null)?;
        if part < of && is_watched(context) {
            if !terminal.confirm(&counted("scan.export_next"))? {
                break;
            }
        } else if of > 1 {
            terminal.say(&counted("scan.export_part"));
        }
    }
    Ok(())
}

fn symbol(link: &str) -> Result<Symbol, Fault> {
    Symbol::new(link).map_err(|_| Fault::refused(text("scan.export_too_long")))
}

/// Is there a person before whom codes are drawn one after the other?
fn is_watched(context: &Context) -> bool {
    std::io::stdout().is_terminal() && context.terminal.has_person()
}

/// The code as lines, where it fits.
fn drawn(symbol: &Symbol) -> Result<String, Fault> {
    let lines = symbol.terminal(Ground::Dark);
    let wide = lines.lines().next().map_or(0, |line| line.chars().count());
    let room = crossterm::terminal::size().ok().filter(|_| std::io::stdout().is_terminal());
    match room {
        Some((columns, _)) if usize::from(columns) < wide => {
            Err(Fault::refused(fill("scan.export_too_wide", &[("n", &wide.to_string())])))
        }
        _ => Ok(lines),
    }
}

/// Writes a picture of each code: into `path`, or of several into `path-1`, `path-2` and so on.
fn pictures(outs: &[Out], path: &Path) -> Result<Vec<String>, Fault> {
    let symbols = outs.iter().map(|out| symbol(&out.link)).collect::<Result<Vec<_>, _>>()?;
    let several = symbols.len() > 1;
    let mut files = Vec::new();
    for (part, symbol) in (1..).zip(&symbols) {
        let file = if several { numbered(path, part) } else { path.to_owned() };
        let shown = file.display().to_string();
        new_file::written(&file, &Zeroizing::new(symbol.png(PIXELS)))
            .map_err(|why| Fault::failed(words::caused(fill("scan.export_no_file", &[("file", &shown)]), &why)))?;
        files.push(shown);
    }
    Ok(files)
}

fn numbered(path: &Path, part: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{part}{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_numbers_before_the_end_of_their_names() {
        assert_eq!(numbered(Path::new("/tmp/out.png"), 2), Path::new("/tmp/out-2.png"));
        assert_eq!(numbered(Path::new("out"), 1), Path::new("out-1"));
        assert_eq!(numbered(Path::new("a.b/my.out.png"), 3), Path::new("a.b/my.out-3.png"));
    }
}
