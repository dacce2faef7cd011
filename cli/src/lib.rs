//! The desk shell: commands, the phone in the terminal, and the desk's ports.

pub mod args;
pub mod command;
pub mod desk;
pub mod fault;
mod field_words;
pub mod home;
pub mod limits;
mod log;
pub mod outside;
pub mod poll;
pub mod port;
pub mod prose;
pub mod read;
pub mod scan_words;
pub mod terminal;
pub mod tui;
pub mod when;
pub mod words;

use std::ffi::OsString;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use countersign_strings::{fill, text};

use args::Arguments;
use fault::{End, Fault};

/// Runs the program: 0 done, 1 refused, 2 failed.
pub fn run(arguments: Vec<OsString>) -> u8 {
    let run = |arguments| log::start(|name| std::env::var_os(name)).and_then(|()| command::run(arguments));
    let ended = parse(arguments).and_then(|parsed| parsed.map_or(Ok(()), run));
    let Err(fault) = ended else { return 0 };
    let terminal = terminal::Terminal::new(false, None);
    terminal.say(&fault.words);
    if let Some(details) = fault.details.filter(|_| fault.end == End::Failed) {
        terminal.say(&fill("cli.details", &[("details", &details)]));
    }
    fault.end.code()
}

/// Reads the command line; `None` when help or version was asked for, and given.
fn parse(arguments: Vec<OsString>) -> Result<Option<Arguments>, Fault> {
    // Before anything else looks at it: an error message would repeat the argument.
    if args::carries_secret(&arguments) {
        return Err(Fault::refused(text("cli.secret_argument")));
    }
    match Arguments::try_parse_from(args::keys_last(arguments)) {
        Ok(parsed) => Ok(Some(parsed)),
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // A reader that went away has read enough.
            let _ = help.print();
            Ok(None)
        }
        Err(usage) => Err(Fault::failed(without_values(usage).to_string().trim_end())),
    }
}

/// The same error without what was typed, but for the name of an option: a value may be a key that was meant for a prompt.
fn without_values(mut usage: clap::Error) -> clap::Error {
    let is_option = |value: &ContextValue| match value {
        ContextValue::String(typed) => is_option_name(typed),
        _ => true,
    };
    let typed = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue];
    for kind in typed {
        if usage.get(kind).is_some_and(|typed| !is_option(typed)) {
            usage.insert(kind, ContextValue::String("…".to_owned()));
            // It is made of what was typed.
            usage.remove(ContextKind::Suggested);
        }
    }
    usage
}

/// `--name`, or what stands in its place in usage: `<NAME>`, `--home <DIR>`.
fn is_option_name(typed: &str) -> bool {
    typed.starts_with(['-', '<', '[']) && typed.chars().all(|c| c.is_ascii_alphabetic() || "-<>[]. ".contains(c))
}
