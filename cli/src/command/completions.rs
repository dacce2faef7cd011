//! `countersign completions SHELL` and `countersign man DIR`: what a shell and `man` are told of this program.

mod values;

use std::fmt::Write as _;
use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory, ValueHint};
use clap_complete::Shell;
use clap_mangen::{Man, roff};
use countersign_core::protocol::otp::Algorithm;
use countersign_prompt::usage;
use countersign_strings::{fill, text};
use serde_json::json;

use super::by_hand::KINDS;
use crate::args::Arguments;
use crate::fault::Fault;
use crate::port::emulated::Model;
use crate::settings;
use crate::terminal::Terminal;

/// This program, as a person calls it.
const NAME: &str = "countersign";

/// Prints what this shell completes a command line by.
pub fn completions(terminal: &Terminal, shell: Shell) {
    let mut script = Vec::new();
    let mut program = hinted(usage::worded(Arguments::command()));
    clap_complete::generate(shell, &mut program, NAME, &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => script = values::of_bash(&script),
        Shell::Zsh => script = values::of_zsh(&script),
        Shell::Fish => script.push_str(&(places(&program) + &values::of_fish())),
        _ => {}
    }
    terminal.bytes(script.as_bytes());
}

/// What the generator leaves out for fish: what stands without an option. Files are offered where one is meant alone.
fn places(program: &Command) -> String {
    let mut lines = format!("complete -c {NAME} -f\n");
    for command in program.get_subcommands() {
        let using = format!("__fish_{NAME}_using_subcommand {}", command.get_name());
        put_places(command, &using, &mut lines);
        for below in command.get_subcommands() {
            put_places(below, &format!("{using}; and __fish_seen_subcommand_from {}", below.get_name()), &mut lines);
        }
    }
    lines
}

fn put_places(command: &Command, using: &str, lines: &mut String) {
    for place in command.get_positionals() {
        let values: Vec<String> = place.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        let mut using = using.to_owned();
        let offered = match place.get_value_hint() {
            _ if !values.is_empty() => {
                // Once one is there, it is not offered again.
                using += &format!("; and not __fish_seen_subcommand_from {}", values.join(" "));
                format!("-f -a '{}'", values.join(" "))
            }
            ValueHint::FilePath => "-F".to_owned(),
            ValueHint::DirPath => "-f -a '(__fish_complete_directories)'".to_owned(),
            _ => continue,
        };
        // Writing into a String does not fail.
        let _ = writeln!(lines, "complete -c {NAME} -n '{using}' {offered}");
    }
}

/// Files are offered where a file is meant, and nowhere else: names of accounts are not known to a shell.
fn hinted(command: Command) -> Command {
    let of = command.get_name().to_owned();
    let hinted_arg = |arg: Arg| {
        if let Some(values) = few(&of, arg.get_id().as_str()) {
            return arg.value_parser(PossibleValuesParser::new(values));
        }
        let names = arg.get_value_names().unwrap_or_default();
        let hint = match names.first().map(|name| name.as_str()) {
            Some("FILE" | "PICTURE" | "ICON") => ValueHint::FilePath,
            Some("DIR") => ValueHint::DirPath,
            _ => ValueHint::Other,
        };
        if arg.get_action().takes_values() { arg.value_hint(hint) } else { arg }
    };
    command.mut_args(hinted_arg).mut_subcommands(hinted)
}

/// The values of an option that has few, where it is read with more spellings than are offered.
fn few(command: &str, option: &str) -> Option<Vec<&'static str>> {
    match (command, option) {
        ("add", "kind") => Some(KINDS.to_vec()),
        ("add", "algorithm") => Some(Algorithm::ALL.map(Algorithm::as_str).to_vec()),
        (_, "algorithm") => Some(Algorithm::RFC_6238.map(Algorithm::as_str).to_vec()),
        (_, "emulated") => Some(Model::all().map(Model::name).collect()),
        ("settings", "name") => Some(settings::ALL.iter().map(|setting| setting.name).collect()),
        _ => None,
    }
}

/// Writes a page for the program and one for each command into `folder`.
pub fn man(terminal: &Terminal, folder: &Path) -> Result<(), Fault> {
    let place = folder.display().to_string();
    let failed = |_| Fault::failed(fill("cli.man_not_written", &[("folder", &place)]));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut program = usage::worded(Arguments::command());
    program.build();
    let mut pages = Vec::new();
    pages_of(&program, NAME.to_owned(), &mut pages);
    for (name, page) in &pages {
        std::fs::write(folder.join(format!("{name}.1")), page).map_err(failed)?;
    }
    let names: Vec<&String> = pages.iter().map(|(name, _)| name).collect();
    terminal.result("", &json!({ "folder": place, "pages": names }));
    terminal.say(&fill("cli.man_written", &[("n", &pages.len().to_string()), ("folder", &place)]));
    Ok(())
}

/// The page of a command, and those of its own commands.
fn pages_of(command: &Command, name: String, pages: &mut Vec<(String, Vec<u8>)>) {
    for below in command.get_subcommands() {
        pages_of(below, format!("{name}-{}", below.get_name()), pages);
    }
    let page = page(&command.clone().display_name(name.clone()));
    pages.push((name, page));
}

fn page(command: &Command) -> Vec<u8> {
    let man = Man::new(command.clone()).manual(text("common.product")).source(text("common.product"));
    let mut page = Vec::new();
    // Writing into memory does not fail.
    let _ = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| if command.has_subcommands() { man.render_subcommands_section(&mut page) } else { Ok(()) })
        .and_then(|()| of_program().to_writer(&mut page));
    page
}

/// What holds for every command: how it ends for a script, which variables it reads, where its files are.
fn of_program() -> roff::Roff {
    let mut roff = roff::Roff::default();
    for (heading, entries) in [
        (text("cli.man_exit"), text("cli.man_exits")),
        (text("cli.man_environment"), text("cli.man_variables")),
        (text("cli.man_files"), text("cli.man_file_list")),
    ] {
        roff.control("SH", [heading]);
        for entry in entries.lines() {
            let (name, words) = entry.split_once(": ").unwrap_or((entry, ""));
            roff.control("TP", []);
            roff.text([roff::bold(name)]);
            roff.text([roff::roman(words)]);
        }
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_offered_where_one_is_meant_and_nowhere_else() {
        let program = hinted(usage::worded(Arguments::command()));
        let hint = |command: &str, name: &str| {
            let command = program.find_subcommand(command).unwrap();
            command.get_arguments().find(|arg| arg.get_id() == name).unwrap().get_value_hint()
        };
        assert_eq!(hint("add", "picture"), ValueHint::FilePath);
        assert_eq!(hint("scan", "pictures"), ValueHint::FilePath);
        assert_eq!(hint("man", "folder"), ValueHint::DirPath);
        for (command, name) in [("code", "names"), ("list", "group"), ("edit", "note"), ("settings", "value")] {
            assert_eq!(hint(command, name), ValueHint::Other, "{command} {name}");
        }
    }

    #[test]
    fn every_command_has_a_page_and_every_page_tells_how_it_ends() {
        let mut program = usage::worded(Arguments::command());
        program.build();
        let mut pages = Vec::new();
        pages_of(&program, NAME.to_owned(), &mut pages);
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in ["countersign", "countersign-code", "countersign-devices-rotate", "countersign-settings"] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        for (name, page) in &pages {
            let page = String::from_utf8_lossy(page);
            for part in [text("cli.man_exit"), "COUNTERSIGN_HOME", "\\-\\-help"] {
                assert!(page.contains(part), "{name}: {part}");
            }
        }
    }
}
