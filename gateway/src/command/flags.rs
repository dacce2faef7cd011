//! Arguments, and the settings that come out of file, environment and flags.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use countersign_strings::text;

use crate::config::{Config, ConfigFault, SETTINGS, Source};

/// The variable that names the file, where `--config` does not.
const CONFIG: &str = "COUNTERSIGN_CONFIG";

/// All arguments.
pub(super) fn command() -> Command {
    let name = || Arg::new("name-of-person").value_name("NAME").required(true).help(text("gateway.arg_name"));
    let stdin =
        || Arg::new("password-stdin").long("password-stdin").action(ArgAction::SetTrue).help(text("gateway.arg_stdin"));
    let typing = |verb: &'static str, about| Command::new(verb).about(text(about)).arg(name()).arg(stdin());
    let user = Command::new("user")
        .about(text("gateway.user"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(typing("add", "gateway.user_add"))
        .subcommand(Command::new("list").about(text("gateway.user_list")))
        .subcommand(typing("password", "gateway.user_password"))
        .subcommand(Command::new("voucher").about(text("gateway.user_voucher")).arg(name()))
        .subcommand(Command::new("disable").about(text("gateway.user_disable")).arg(name()))
        .subcommand(Command::new("enable").about(text("gateway.user_enable")).arg(name()))
        .subcommand(
            Command::new("remove")
                .about(text("gateway.user_remove"))
                .arg(name())
                .arg(Arg::new("yes").long("yes").action(ArgAction::SetTrue).help(text("gateway.arg_yes"))),
        );
    let which = || Arg::new("device").value_name("DEVICE").required(true).help(text("gateway.arg_device"));
    let act = |verb: &'static str, about| Command::new(verb).about(text(about)).arg(name()).arg(which());
    let device = Command::new("device")
        .about(text("gateway.device"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Command::new("list").about(text("gateway.device_list")).arg(name()))
        .subcommand(act("suspend", "gateway.device_suspend"))
        .subcommand(act("resume", "gateway.device_resume"))
        .subcommand(act("remove", "gateway.device_remove"));
    let config = Arg::new("config").long("config").value_name("FILE").value_parser(value_parser!(PathBuf));
    let command = Command::new("countersign-gateway")
        .about(text("gateway.about"))
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(config.global(true).help(text("gateway.arg_config")))
        .subcommand(Command::new("serve").about(text("gateway.serve")))
        .subcommand(Command::new("check-config").about(text("gateway.check_config")))
        .subcommand(
            Command::new("limits")
                .about(text("gateway.limits"))
                .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help(text("gateway.arg_json"))),
        )
        .subcommand(user)
        .subcommand(device)
        .subcommand(keys());
    SETTINGS.iter().filter(|setting| !setting.secret).fold(command, |command, setting| {
        let flag = Arg::new(setting.name).long(setting.flag).value_name("VALUE").action(ArgAction::Append).global(true);
        command.arg(flag.help(text(setting.help)).help_heading(text("gateway.settings")))
    })
}

fn keys() -> Command {
    let switch = |name: &'static str, help: &str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(text(help));
    let json = || switch("json", "gateway.arg_json");
    let yes = || switch("yes", "gateway.arg_yes");
    let file = |name: &'static str, help: &str| {
        Arg::new(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(text(help))
    };
    let rotate = Command::new("rotate").about(text("gateway.keys_cmd_rotate"));
    let make = Command::new("make-recovery").about(text("gateway.keys_cmd_make"));
    let recover = Command::new("recover").about(text("gateway.keys_cmd_recover"));
    Command::new("keys")
        .about(text("gateway.keys_cmd"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Command::new("list").about(text("gateway.keys_cmd_list")).arg(json()))
        .subcommand(
            rotate
                .arg(switch("tls", "gateway.arg_tls"))
                .arg(switch("vapid", "gateway.arg_vapid").conflicts_with("tls"))
                .arg(yes())
                .arg(json()),
        )
        .subcommand(
            make.arg(file("file", "gateway.arg_recovery").required(true))
                .arg(switch("enrol-anew", "gateway.arg_anew"))
                .arg(yes())
                .arg(json()),
        )
        .subcommand(
            recover
                .arg(file("key", "gateway.arg_recovery_key").long("key").required(true))
                .arg(file("new-recovery", "gateway.arg_new_recovery").long("new-recovery"))
                .arg(yes())
                .arg(json()),
        )
}

/// The settings: file, then environment, then flags.
pub(super) fn config(
    matches: &ArgMatches,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Config, ConfigFault> {
    // A variable that is not text is none of ours.
    let environment: Vec<(String, String)> =
        environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    let by_variable = environment.iter().find(|(name, _)| name == CONFIG).map(|(_, path)| PathBuf::from(path));
    let mut sources = Vec::new();
    if let Some(path) = matches.get_one::<PathBuf>("config").cloned().or(by_variable) {
        sources.push(Source::file(&path)?);
    }
    sources.push(Source::environment(environment.into_iter()));
    // A flag given to the subcommand is seen there, one before it is seen here; clap hands global ones down.
    let given = innermost(matches);
    let flags = SETTINGS.iter().filter(|setting| !setting.secret).filter_map(|setting| {
        let values = given.get_many::<String>(setting.name)?;
        Some((setting.name.to_owned(), values.cloned().collect()))
    });
    sources.push(Source::flags(flags));
    Config::from_sources(&sources)
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> ArgMatches {
        command().try_get_matches_from(line.split(' ')).unwrap()
    }

    #[test]
    fn the_arguments_hold_together() {
        command().debug_assert();
    }

    #[test]
    fn every_setting_is_a_flag_on_either_side_of_the_command() {
        let lines = [
            "gateway --log-level warn --listen 127.0.0.1:1 serve",
            "gateway serve --log-level warn --listen 127.0.0.1:1",
        ];
        for line in lines {
            let config = config(&parsed(line), std::iter::empty()).unwrap();
            assert_eq!((config.log.level.as_str(), config.listen.len()), ("warn", 1), "{line}");
        }
    }

    #[test]
    fn the_file_is_named_by_flag_or_variable_and_is_the_weakest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, "name = 'file'\n[approval]\nlife = 60\n").unwrap();
        let variables = [("COUNTERSIGN_CONFIG", path.as_os_str()), ("COUNTERSIGN_NAME", "variable".as_ref())];
        let environment = variables.map(|(name, value)| (OsString::from(name), value.to_owned())).into_iter();
        let config = config(&parsed("gateway check-config"), environment).unwrap();
        assert_eq!((config.name.as_str(), config.approval.life), ("variable", 60));
    }

    #[test]
    fn the_master_key_is_no_flag() {
        assert!(command().try_get_matches_from(["gateway", "serve", "--master-key-value", "x"]).is_err());
    }
}
