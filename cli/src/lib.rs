//! The desk shell: commands, the phone in the terminal, and the desk's ports.

pub mod args;
pub mod command;
pub mod desk;
pub mod fault;
mod field_words;
mod front;
pub mod fuzzy;
pub mod home;
pub mod limits;
mod log;
mod measure;
mod menu;
mod new_file;
pub mod outside;
pub mod poll;
pub mod port;
pub mod prose;
pub mod read;
pub mod scan_words;
pub mod settings;
pub mod terminal;
pub mod token_words;
pub mod transfer_words;
pub mod tui;
pub mod when;
pub mod words;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use countersign_prompt::usage;
use countersign_strings::{fill, text};

use args::Arguments;
use fault::{End, Fault};
use port::clipboard;

/// Runs the program: 0 done, 1 refused, 2 failed.
pub fn run(arguments: Vec<OsString>) -> u8 {
    let run = |arguments| log::start(|name| std::env::var_os(name)).and_then(|()| command::run(arguments, tui::run));
    // No command: nobody but this program itself starts it so.
    if let [_, hold, seconds] = arguments.as_slice()
        && hold == clipboard::HOLD
    {
        return clipboard::hold(seconds).map_or(End::Failed.code(), |()| 0);
    }
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
    let matches = usage::worded(Arguments::command()).try_get_matches_from(args::keys_last(arguments));
    match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(parsed) => Ok(Some(parsed)),
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // A reader that went away has read enough.
            let _ = help.print();
            Ok(None)
        }
        Err(fault) => Err(Fault::failed(usage::words(&fault))),
    }
}
