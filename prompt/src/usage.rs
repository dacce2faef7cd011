//! A command line in the words of the texts: its help, and why it was not understood.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Error};
use countersign_strings::{fill, text};

/// Where options stand that are not a command's own.
const BEHIND: usize = 1000;

/// The command, with every word of its help from the texts; its subcommands too.
pub fn worded(command: Command) -> Command {
    let template = format!("{{about-with-newline}}\n{}\n\n{{all-args}}", fill("common.usage", &[("usage", "{usage}")]));
    let flag = |name: &'static str, short, action, help| {
        Arg::new(name)
            .short(short)
            .long(name)
            .action(action)
            .help(text(help))
            .help_heading(text("common.usage_options"))
            .display_order(BEHIND + 1)
    };
    let has_version = command.get_version().is_some();
    let command = command
        .help_template(template)
        .subcommand_help_heading(text("common.usage_commands"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .mut_args(headed)
        .arg(flag("help", 'h', ArgAction::Help, "common.usage_help"))
        .mut_subcommands(worded);
    if has_version { command.arg(flag("version", 'V', ArgAction::Version, "common.usage_version")) } else { command }
}

/// An argument beneath a heading. What every command takes stands behind what is this one's.
fn headed(arg: Arg) -> Arg {
    let arg = if arg.is_global_set() { arg.display_order(BEHIND) } else { arg };
    let heading = match arg.get_help_heading() {
        Some(_) => return arg,
        None if arg.is_positional() => "common.usage_arguments",
        None => "common.usage_options",
    };
    arg.help_heading(text(heading))
}

/// Why a command line was not understood, and how it is used. What was typed is not repeated, but for the name of an option:
/// a value may be a key that was meant for a prompt.
pub fn words(fault: &Error) -> String {
    let name = named(fault, ContextKind::InvalidArg);
    let with = |key: &str, name: String| fill(key, &[("name", &name)]);
    let sentence = match (fault.kind(), name) {
        (ErrorKind::UnknownArgument, Some(name)) => with("common.usage_unknown", name),
        (ErrorKind::UnknownArgument, None) => text("common.usage_too_much").to_owned(),
        (ErrorKind::InvalidSubcommand, _) => text("common.usage_no_command").to_owned(),
        (ErrorKind::MissingSubcommand, _) => text("common.usage_which_command").to_owned(),
        (ErrorKind::MissingRequiredArgument, Some(names)) => with("common.usage_missing", names),
        (ErrorKind::ArgumentConflict, Some(name)) => match named(fault, ContextKind::PriorArg) {
            Some(other) if other != name => fill("common.usage_conflict", &[("name", &name), ("other", &other)]),
            _ => with("common.usage_twice", name),
        },
        (ErrorKind::InvalidValue, Some(name)) if lacks_value(fault) => with("common.usage_needs_value", name),
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(name)) => with("common.usage_value", name),
        (ErrorKind::InvalidUtf8, _) => text("common.usage_utf8").to_owned(),
        _ => text("common.usage_not_understood").to_owned(),
    };
    let takes = taken(fault).map(|names| format!(" {}", fill("common.usage_takes", &[("names", &names)])));
    let meant =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand].into_iter().find_map(|it| suggested(fault, it));
    let meant = meant.map(|name| format!(" {}", with("common.usage_meant", name))).unwrap_or_default();
    let usage = usage(fault).map(|usage| format!("\n\n{usage}")).unwrap_or_default();
    let takes = takes.unwrap_or_default();
    format!("{sentence}{takes}{meant}{usage}\n{}", text("common.usage_more"))
}

/// The names of options and places that a fault is about.
fn named(fault: &Error, kind: ContextKind) -> Option<String> {
    let names = match fault.get(kind)? {
        ContextValue::String(name) => vec![name.clone()],
        ContextValue::Strings(names) => names.clone(),
        _ => return None,
    };
    names.iter().all(|name| is_name(name)).then(|| names.join(", "))
}

/// The values that are taken, where those have names.
fn taken(fault: &Error) -> Option<String> {
    match fault.get(ContextKind::ValidValue)? {
        ContextValue::Strings(names) if !names.is_empty() => Some(names.join(", ")),
        _ => None,
    }
}

/// `--name`, or what stands in its place in usage: `<NAME>`, `--home <DIR>`.
fn is_name(typed: &str) -> bool {
    typed.starts_with(['-', '<', '[']) && typed.chars().all(|c| c.is_ascii_alphabetic() || "-<>[]|. ".contains(c))
}

fn lacks_value(fault: &Error) -> bool {
    matches!(fault.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if value.is_empty())
}

/// What may have been meant. These are names of ours.
fn suggested(fault: &Error, kind: ContextKind) -> Option<String> {
    match fault.get(kind)? {
        ContextValue::String(name) => Some(name.clone()),
        ContextValue::Strings(names) => names.first().cloned(),
        _ => None,
    }
}

/// How it is used: clap's line without its own word before it.
fn usage(fault: &Error) -> Option<String> {
    let ContextValue::StyledStr(line) = fault.get(ContextKind::Usage)? else { return None };
    let line = line.to_string();
    let usage = line.trim().strip_prefix("Usage: ")?;
    Some(fill("common.usage", &[("usage", usage)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let list = Command::new("list").about("All of them").arg(Arg::new("place").value_name("PLACE").required(true));
        let one = Arg::new("one").long("one").action(ArgAction::SetTrue);
        let two = Arg::new("two").long("two").action(ArgAction::SetTrue).conflicts_with("one");
        let number = Arg::new("number").long("number").value_name("N").value_parser(clap::value_parser!(u8));
        worded(
            Command::new("tool")
                .version("1")
                .about("A tool")
                .args([one, two, number])
                .subcommand(list)
                .subcommand_required(true),
        )
    }

    #[test]
    fn what_every_command_takes_stands_behind_what_is_this_ones() {
        let all = Arg::new("all").long("all").global(true).action(ArgAction::SetTrue);
        let list = Command::new("list").args(["one", "two"].map(|name| Arg::new(name).long(name)));
        let tool = Command::new("tool").args([all]).subcommand(list);
        let help = worded(tool).try_get_matches_from(["tool", "list", "--help"]).unwrap_err().to_string();
        let at = |name: &str| help.find(name).unwrap_or_else(|| panic!("{name}: {help}"));
        assert!(at("--one") < at("--two") && at("--two") < at("--all") && at("--all") < at("--help"), "{help}");
    }

    fn said(line: &[&str]) -> String {
        words(&command().try_get_matches_from([&["tool"], line].concat()).unwrap_err())
    }

    #[test]
    fn help_is_of_the_texts() {
        let help = command().render_help().to_string();
        for key in ["common.usage_commands", "common.usage_options", "common.usage_help", "common.usage_version"] {
            assert!(help.contains(text(key)), "{key}: {help}");
        }
        assert!(help.starts_with("A tool\n\nUsage: tool [OPTIONS] <COMMAND>\n\n"), "{help}");
        assert!(!help.contains("Print help") && !help.contains("Print version"), "{help}");
        let list = command().try_get_matches_from(["tool", "list", "--help"]).unwrap_err().to_string();
        assert!(list.contains(text("common.usage_arguments")) && list.contains(text("common.usage_help")), "{list}");
        assert!(!list.contains(text("common.usage_version")) && !list.contains("Print help"), "{list}");
    }

    #[test]
    fn each_fault_is_a_sentence_and_the_usage() {
        let name = |key: &str, name: &str| fill(key, &[("name", name)]);
        let conflict = fill("common.usage_conflict", &[("name", "--one"), ("other", "--two")]);
        for (line, sentence) in [
            (vec!["--three", "list", "here"], name("common.usage_unknown", "--three")),
            (vec!["list", "here", "there"], text("common.usage_too_much").to_owned()),
            (vec!["lisp"], format!("{} {}", text("common.usage_no_command"), name("common.usage_meant", "list"))),
            (vec!["--one"], text("common.usage_which_command").to_owned()),
            (vec!["list"], name("common.usage_missing", "<PLACE>")),
            (vec!["--one", "--two", "list", "here"], conflict),
            (vec!["--one", "--one", "list", "here"], name("common.usage_twice", "--one")),
            (vec!["--number"], name("common.usage_needs_value", "--number <N>")),
            (vec!["--number", "x", "list", "here"], name("common.usage_value", "--number <N>")),
        ] {
            let said = said(&line);
            let (first, rest) = said.split_once('\n').unwrap_or((&said, ""));
            assert!(first.starts_with(&sentence), "{line:?}: {said}");
            assert!(rest.starts_with("\nUsage: tool") || rest == text("common.usage_more"), "{line:?}: {said}");
            assert!(rest.ends_with(text("common.usage_more")), "{line:?}: {said}");
            assert!(!said.contains("error:") && !said.contains("For more information"), "{said}");
        }
    }

    #[test]
    fn what_was_typed_is_not_repeated() {
        for line in [
            vec!["GEZDGNBV"],
            vec!["list", "here", "GEZDGNBV"],
            vec!["--number", "GEZDGNBV"],
            vec!["--number=GEZDGNBV"],
        ] {
            assert!(!said(&line).contains("GEZDGNBV"), "{line:?}");
        }
    }
}
