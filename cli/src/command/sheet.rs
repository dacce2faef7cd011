//! The recovery sheet on paper: as text, and as a page to print.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use countersign_core::qr::Symbol;
use countersign_core::vault::{Sheet, SlotId};
use countersign_strings::{fill, text};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Context;
use crate::fault::Fault;
use crate::{prose, when};

/// Columns of a sheet that is printed as text.
const PAPER: usize = 72;
/// The page around the words; nothing is loaded from elsewhere.
const PAGE: &str = include_str!("sheet.html");

/// Makes a sheet and tells it once: on standard output, or as a page in a new file for its owner alone.
pub fn make(context: &Context, name: &str, page: Option<&Path>) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let unwritten = |_| Fault::refused(text("cli.sheet_not_written"));
    // The file first: a sheet that cannot be told is not made.
    let file = page.map(|path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)).transpose();
    let file = file.map_err(unwritten)?;
    let (id, sheet) = desk.app.add_sheet(name).inspect_err(|_| forget(page))?;
    let day = when::day(desk.clock.now());
    let (Some(mut file), Some(path)) = (file, page) else {
        // One that nobody got is none: it would open the vault, and lie nowhere.
        if context.terminal.result_row(&as_text(id, &sheet, &day), &as_json(id, &sheet)).is_err() {
            desk.app.remove_slot(id)?;
            return Err(Fault::failed(text("cli.sheet_not_told")));
        }
        context.terminal.say(text("cli.sheet_once"));
        return Ok(());
    };
    if write(&mut file, &as_page(id, &sheet, &day)).is_err() {
        forget(page);
        desk.app.remove_slot(id)?;
        return Err(Fault::failed(text("cli.sheet_not_written")));
    }
    context.terminal.result("", &json!({ "added": id.number(), "page": path.display().to_string() }));
    context.terminal.say(&fill("cli.sheet_written", &[("file", &path.display().to_string())]));
    Ok(())
}

fn write(file: &mut File, page: &str) -> std::io::Result<()> {
    file.write_all(page.as_bytes())?;
    file.sync_all()
}

/// Takes away a file of ours that holds nothing.
fn forget(page: Option<&Path>) {
    if let Some(path) = page {
        let _ = std::fs::remove_file(path);
    }
}

fn as_json(id: SlotId, sheet: &Sheet) -> Value {
    let lines: Vec<String> = sheet.lines().iter().map(|line| line.to_string()).collect();
    json!({ "added": id.number(), "lines": lines, "qr": sheet.qr_text().as_str() })
}

fn as_text(id: SlotId, sheet: &Sheet, day: &str) -> Zeroizing<String> {
    let number = id.number().to_string();
    let made = fill("cli.sheet_made", &[("day", day), ("id", &number)]);
    let mut out = Zeroizing::new(format!("{}\n{made}\n\n", text("cli.sheet_title")));
    for (n, line) in (1..).zip(sheet.lines()) {
        let label = fill("cli.sheet_line", &[("n", &n.to_string())]);
        out.push_str(&Zeroizing::new(format!("  {label}:  {}\n", line.as_str())));
    }
    let back = fill("cli.sheet_back", &[("id", &number)]);
    for words in [text("cli.sheet_what"), text("cli.sheet_how"), &back] {
        out.push('\n');
        out.push_str(&prose::wrapped(words, PAPER));
        out.push('\n');
    }
    out
}

fn as_page(id: SlotId, sheet: &Sheet, day: &str) -> Zeroizing<String> {
    let number = id.number().to_string();
    let mut rows = Zeroizing::new(String::with_capacity(512));
    for (n, line) in (1..).zip(sheet.lines()) {
        let label = fill("cli.sheet_line", &[("n", &n.to_string())]);
        rows.push_str(&Zeroizing::new(format!("<tr><th>{}</th><td>{}</td></tr>", escaped(&label), line.as_str())));
    }
    // Four lines are far from the most that a symbol holds.
    let picture = Zeroizing::new(Symbol::new(&sheet.qr_text()).map(|symbol| symbol.svg()).unwrap_or_default());
    let parts: [(&str, &str); 8] = [
        ("{title}", &escaped(text("cli.sheet_title"))),
        ("{made}", &escaped(&fill("cli.sheet_made", &[("day", day), ("id", &number)]))),
        ("{what}", &escaped(text("cli.sheet_what"))),
        ("{how}", &escaped(text("cli.sheet_how"))),
        ("{back}", &escaped(&fill("cli.sheet_back", &[("id", &number)]))),
        ("{qr}", &escaped(text("cli.sheet_qr"))),
        ("{rows}", &rows),
        ("{picture}", &picture),
    ];
    let mut page = Zeroizing::new(String::with_capacity(PAGE.len() + rows.len() + picture.len() + 4096));
    let mut rest = PAGE;
    while let Some((at, (name, value))) =
        parts.iter().filter_map(|part| Some((rest.find(part.0)?, part))).min_by_key(|(at, _)| *at)
    {
        page.push_str(&rest[..at]);
        page.push_str(value);
        rest = &rest[at + name.len()..];
    }
    page.push_str(rest);
    page
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use countersign_core::port::Random;
    use countersign_core::system::SystemRandom;

    use super::*;

    fn sheet() -> Sheet {
        let random: &dyn Random = &SystemRandom::new();
        Sheet::generate(random).unwrap()
    }

    #[test]
    fn a_page_has_all_lines_and_words_and_loads_nothing() {
        let sheet = sheet();
        let page = as_page(SlotId::of(3), &sheet, "22 Nov 2026");
        assert!(sheet.lines().iter().all(|line| page.contains(line.as_str())));
        assert!(page.contains(text("cli.sheet_title")) && page.contains("22 Nov 2026") && page.contains("<svg"));
        assert!(!page.contains("{") || !["{title}", "{rows}", "{picture}"].iter().any(|name| page.contains(name)));
        let elsewhere = ["src=", "href=", "url(", "@import", "<script"];
        assert!(!elsewhere.iter().any(|way| page.contains(way)), "nothing comes from elsewhere");
        assert!(page.contains("@page"), "one page of paper");
    }

    #[test]
    fn the_text_that_is_printed_opens_what_it_was_printed_for() {
        let sheet = sheet();
        let told = as_text(SlotId::of(3), &sheet, "22 Nov 2026");
        let typed: Vec<&str> = told.lines().filter(|line| line.trim_start().starts_with("Line ")).collect();
        let read = Sheet::read(&typed.join("\n")).unwrap();
        assert_eq!(*read.qr_text(), *sheet.qr_text());
    }
}
