//! The program: `serve`, `check-config`, `limits`, `user …`, `device …`, `keys …`. Results go to stdout, words to stderr; exit 0
//! done, 1 refused, 2 failed.

mod device;
mod ended;
mod flags;
mod keys;
mod serve;
mod user;
mod words;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::ArgMatches;
use clap::error::ErrorKind;
use countersign_prompt::usage;
use countersign_protocol::limits as protocol;
use serde_json::json;

use crate::config::Config;
use crate::limits::TABLE;
use ended::Ended;

/// Runs the program on its arguments, the program's name first.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let matches = match usage::worded(flags::command()).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(help) if is_help(help.kind()) => {
            drop(help.print());
            return ExitCode::from(if help.use_stderr() { 2 } else { 0 });
        }
        Err(fault) => {
            drop(writeln!(io::stderr(), "{}", usage::words(&fault)));
            return ExitCode::from(2);
        }
    };
    if let Some(("limits", matches)) = matches.subcommand() {
        // Numbers of the program, whatever its settings.
        return limits(matches.get_flag("json")).map_or(ExitCode::from(2), |()| ExitCode::SUCCESS);
    }
    let done =
        flags::config(&matches, std::env::vars_os()).map_err(Ended::from).and_then(|config| dispatch(&matches, config));
    let (code, words) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Ended::Refused(words)) => (1, words),
        Err(Ended::Failed(words)) => (2, words),
    };
    drop(writeln!(io::stderr(), "{words}"));
    ExitCode::from(code)
}

fn is_help(kind: ErrorKind) -> bool {
    let missing = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    kind == missing || matches!(kind, ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
}

fn dispatch(matches: &ArgMatches, config: Config) -> Result<(), Ended> {
    match matches.subcommand() {
        Some(("serve", _)) => serve::serve(config),
        Some(("check-config", _)) => {
            let until = serve::files(&config)?;
            say(&serve::settings(&config, until))
        }
        Some(("keys", matches)) => keys::run(matches, &config),
        Some(("user", matches)) => user::run(matches, &config),
        Some(("device", matches)) => device::run(matches, &config),
        // clap asks for one of them.
        _ => Err(Ended::Failed(String::new())),
    }
}

/// Prints the tables of the packages that this program is made of.
fn limits(as_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for row in protocol::TABLE.iter().chain(TABLE) {
        if as_json {
            writeln!(out, "{}", json!({ "surface": row.surface, "most": row.most, "unit": row.unit }))?;
        } else {
            writeln!(out, "{:<58} {:>12} {}", row.surface, row.most, row.unit)?;
        }
    }
    Ok(())
}

fn say(words: &str) -> Result<(), Ended> {
    Ok(writeln!(io::stdout(), "{words}")?)
}
