//! `countersign scan`: reads pictures or links, names what each is, asks, and stores all of it in one step.

mod found;
mod stored;

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::app::App;
use countersign_strings::{fill, text};

use super::Context;
use crate::fault::Fault;
use crate::port::clipboard::{self, Pasted};
use crate::{outside, read};
use found::Found;

/// What to read, and how much of it to take.
#[derive(Debug, Clone, Args)]
pub struct Scan {
    /// Pictures of codes; none: links.
    #[arg(value_name = "PICTURE", help = text("scan.help_pictures"))]
    pub pictures: Vec<PathBuf>,
    /// What was copied.
    #[arg(long, conflicts_with = "pictures", help = text("accounts.help_clipboard"))]
    pub clipboard: bool,
    /// Which of several to take.
    #[arg(long, value_name = "NUMBERS", value_parser = Take::parse, help = text("scan.help_take"))]
    pub take: Option<Take>,
    /// A transfer without all its parts.
    #[arg(long, help = text("scan.help_partly"))]
    pub partly: bool,
    /// Without asking.
    #[arg(long, help = text("cli.help_yes"))]
    pub yes: bool,
}

/// Which of several to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// Each of them.
    All,
    /// Those of these numbers, counted from 1.
    Numbers(Vec<usize>),
}

impl Take {
    fn parse(typed: &str) -> Result<Self, String> {
        if typed.trim().eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let numbers = typed.split([',', ' ']).filter(|number| !number.is_empty()).map(str::parse);
        match numbers.collect::<Result<Vec<usize>, _>>() {
            Ok(numbers) if !numbers.is_empty() && !numbers.contains(&0) => Ok(Self::Numbers(numbers)),
            _ => Err(text("scan.not_numbers").to_owned()),
        }
    }

    fn holds(&self, number: usize) -> bool {
        match self {
            Self::All => true,
            Self::Numbers(numbers) => numbers.contains(&number),
        }
    }
}

/// Reads everything that was named, shows it, asks, stores it.
pub fn run(context: &Context, options: &Scan) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let mut found = Found::default();
    match options.pictures.as_slice() {
        [] if options.clipboard => copied(context, &desk.app, &mut found)?,
        [] => links(context, &desk.app, &mut found)?,
        pictures => {
            for picture in pictures {
                let before = found.others.len();
                let codes = read::codes(&desk.app, picture).unwrap_or_else(|words| found.named(words));
                found.take_all(context, codes);
                if pictures.len() > 1 {
                    for other in &mut found.others[before..] {
                        other.words = of_picture(picture, &other.words);
                    }
                }
            }
        }
    }
    found.show(context, &desk, options)?;
    found.choose(context, options)?;
    found.settle(context, options)?;
    stored::store(context, &desk, found, options)
}

/// What is said of a picture, where there are several.
fn of_picture(picture: &Path, words: &str) -> String {
    fill("scan.of_picture", &[("file", &outside::isolated(&picture.display().to_string())), ("words", words)])
}

/// Links: all lines of a pipe; from a person one after the other.
fn links(context: &Context, app: &App, found: &mut Found) -> Result<(), Fault> {
    let mut question = text("cli.link_account");
    let is_typed = context.terminal.is_typed();
    for number in 1.. {
        let line = context.terminal.next_line(question, true)?.filter(|line| !line.trim().is_empty());
        let Some(line) = line else {
            found.has_lines = number > 2;
            return Ok(());
        };
        let (code, guessed) = read::scanned(app, &line);
        found.take(context, code, guessed, (!is_typed).then_some(number));
        if is_typed {
            // A transfer goes on; one link of another kind is all.
            if !found.has_transfer() || found.transfer.is_whole() {
                return Ok(());
            }
            question = text("scan.next_link");
        }
    }
    Ok(())
}

/// What was copied: a picture, or a link a line.
fn copied(context: &Context, app: &App, found: &mut Found) -> Result<(), Fault> {
    match clipboard::paste()? {
        Pasted::Picture(file) => {
            let codes = read::codes_of(app, file).unwrap_or_else(|words| found.named(words));
            found.take_all(context, codes);
        }
        Pasted::Text(text) => {
            let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
            for (number, line) in lines {
                let (code, guessed) = read::scanned(app, line.trim());
                found.take(context, code, guessed, Some(number));
            }
            found.has_lines = text.trim().lines().count() > 1;
        }
    }
    Ok(())
}

/// Issuer and name as one line.
fn line(issuer: &str, name: &str) -> String {
    let line = match (issuer, name) {
        ("", "") => text("scan.no_name").to_owned(),
        (issuer, "") => issuer.to_owned(),
        ("", name) => name.to_owned(),
        (issuer, name) => format!("{issuer} ({name})"),
    };
    outside::isolated(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(Take::parse(" ALL "), Ok(Take::All));
        for typed in ["1,3", "1 3", "1, 3", "1,,3,"] {
            assert_eq!(Take::parse(typed), Ok(Take::Numbers(vec![1, 3])), "{typed}");
        }
        for typed in ["", " ", "0", "1,0", "one", "-1", "1-3"] {
            assert!(Take::parse(typed).is_err(), "{typed}");
        }
    }
}
