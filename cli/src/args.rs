//! The command line. It never takes a secret: those come by prompt, standard input or a file descriptor.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use countersign_core::app::ApprovalId;
use countersign_strings::text;

use crate::command::bin::BinCommand;
use crate::command::code::Code;
use crate::command::edit::Edit;
use crate::command::export_uri::ExportUri;
use crate::command::groups::GroupsCommand;
use crate::command::icons::IconsCommand;
use crate::command::list::List;
use crate::command::place::Move;
use crate::command::remove::Remove;
use crate::command::scan::Scan;
use crate::command::slots::SlotsCommand;
use crate::command::token::args::{TokenCommand, Where};

/// What was asked for.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, about = text("cli.about"), disable_help_subcommand = true)]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub common: Common,
    /// The command; none opens the phone.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The folder of vault and keys.
    #[arg(long, global = true, value_name = "DIR", help = text("cli.help_home"))]
    pub home: Option<PathBuf>,
    /// The vault, where it is not that of the folder.
    #[arg(long, global = true, value_name = "FILE", help = text("cli.help_vault"))]
    pub vault: Option<PathBuf>,
    /// Results as JSON.
    #[arg(long, global = true, help = text("cli.help_json"))]
    pub json: bool,
    /// Where the passphrase is read from.
    #[arg(long, global = true, value_name = "N", help = text("cli.help_passphrase_fd"))]
    pub passphrase_fd: Option<u32>,
    /// The reader with the hardware key that opens the vault.
    #[arg(long, global = true, value_name = "READER", num_args = 0..=1, require_equals = true, default_missing_value = "", help = text("cli.help_hardware_key"))]
    pub hardware_key: Option<String>,
}

/// One command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes the vault.
    #[command(about = text("cli.about_init"))]
    Init,
    /// Adds an account.
    #[command(about = text("cli.about_add"))]
    Add(Add),
    /// Reads pictures or links of one account or many.
    #[command(about = text("scan.about"))]
    Scan(Scan),
    /// Writes accounts as links or codes.
    #[command(about = text("scan.export_about"))]
    ExportUri(ExportUri),
    /// Lists accounts and enrolments.
    #[command(about = text("cli.about_list"))]
    List(List),
    /// Shows one code or several.
    #[command(about = text("cli.about_code"))]
    Code(Code),
    /// A menu of accounts that narrows with each letter.
    #[command(about = text("cli.about_pick"))]
    Pick(Pick),
    /// Shows all that is kept of an account but its key.
    #[command(about = text("accounts.about_show"))]
    Show {
        /// Which.
        #[arg(value_name = "NAME", help = text("cli.help_name"))]
        name: String,
    },
    /// Changes accounts.
    #[command(about = text("accounts.about_edit"))]
    Edit(Box<Edit>),
    /// Puts an account elsewhere in the list.
    #[command(about = text("accounts.about_move"))]
    Move(Move),
    /// What accounts are put into.
    #[command(about = text("accounts.about_groups"))]
    Groups {
        /// What to do; nothing: list.
        #[command(subcommand)]
        what: Option<GroupsCommand>,
    },
    /// Removes accounts.
    #[command(about = text("cli.about_remove"))]
    Remove(Remove),
    /// What was removed.
    #[command(about = text("accounts.about_bin"))]
    Bin {
        /// What to do; nothing: list.
        #[command(subcommand)]
        what: Option<BinCommand>,
    },
    /// Takes back the last change.
    #[command(about = text("accounts.about_undo"))]
    Undo {
        /// Without asking.
        #[arg(long, help = text("cli.help_yes"))]
        yes: bool,
        /// Lets it stand.
        #[arg(long, conflicts_with = "yes", help = text("accounts.help_skip"))]
        skip: bool,
    },
    /// Enrols this phone at a gateway.
    #[command(about = text("cli.about_enrol"))]
    Enrol(Read),
    /// Waits for approvals.
    #[command(about = text("cli.about_approvals"))]
    Approvals {
        /// Looks once instead of staying.
        #[arg(long, help = text("cli.help_once"))]
        once: bool,
    },
    /// Approves a login.
    #[command(about = text("cli.about_approve"))]
    Approve(Which),
    /// Refuses a login.
    #[command(about = text("cli.about_deny"))]
    Deny(Which),
    /// Refuses a login and tells the administrator.
    #[command(about = text("cli.about_report"))]
    Report(Which),
    /// Puts a notice away.
    #[command(about = text("cli.about_dismiss"))]
    Dismiss(Which),
    /// The eight digits for a sign-in, without any network.
    #[command(about = text("cli.about_answer_code"))]
    AnswerCode(Read),
    /// What was decided and told in the last 90 days.
    #[command(about = text("cli.about_history"))]
    History,
    /// Where this phone is enrolled.
    #[command(about = text("cli.about_gateways"))]
    Gateways,
    /// This phone as its gateways know it.
    #[command(about = text("cli.about_devices"))]
    Devices {
        /// What to do; nothing: list.
        #[command(subcommand)]
        what: Option<DeviceCommand>,
    },
    /// Changes the passphrase.
    #[command(about = text("cli.about_passphrase"))]
    Passphrase,
    /// Icon packs.
    #[command(about = text("icons.about"))]
    Icons {
        /// What to do; nothing: list them.
        #[command(subcommand)]
        what: Option<IconsCommand>,
    },
    /// Whether the session's keyring opens the vault.
    #[command(about = text("cli.about_keyring"))]
    Keyring {
        /// What to do; nothing: say how it is.
        #[command(subcommand)]
        what: Option<KeyringCommand>,
    },
    /// What was chosen for this desk.
    #[command(about = text("cli.about_settings"))]
    Settings(Settings),
    /// What a shell completes a command line by.
    #[command(about = text("cli.about_completions"))]
    Completions {
        /// Which shell.
        #[arg(value_name = "SHELL", help = text("cli.help_shell"))]
        shell: Shell,
    },
    /// Pages for `man`.
    #[command(about = text("cli.about_man"))]
    Man {
        /// Where to.
        #[arg(value_name = "DIR", help = text("cli.help_man_folder"))]
        folder: PathBuf,
    },
    /// What opens the vault.
    #[command(about = text("cli.about_slots"))]
    Slots {
        /// What to do; nothing: list.
        #[command(subcommand)]
        what: Option<SlotsCommand>,
    },
    /// Hardware tokens.
    #[command(about = text("token.about"))]
    Token {
        /// What to do with them.
        #[command(subcommand)]
        what: TokenCommand,
    },
    /// When the phone in the terminal locks itself.
    #[command(about = text("cli.about_lock"))]
    Lock {
        /// Seconds; 0 for never.
        #[arg(long, value_name = "SECONDS", help = text("cli.help_lock_after"))]
        after: Option<u64>,
    },
    /// Erases all accounts.
    #[command(about = text("cli.about_erase"))]
    Erase,
    /// The phone in the terminal.
    #[command(about = text("cli.about_tui"))]
    Tui(Tui),
    /// Prints the limits.
    #[command(about = text("cli.about_limits"))]
    Limits,
}

/// Whether the keyring opens the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum KeyringCommand {
    /// It does from now on.
    #[command(about = text("cli.about_keyring_on"))]
    On,
    /// It does no more.
    #[command(about = text("cli.about_keyring_off"))]
    Off,
}

/// What the menu begins with.
#[derive(Debug, Clone, Args)]
pub struct Pick {
    /// What is typed already.
    #[arg(value_name = "WORDS", help = text("cli.help_pick_words"))]
    pub words: Vec<String>,
    /// Into the clipboard instead of on standard output.
    #[arg(long, short = 'c', help = text("cli.help_copy"))]
    pub copy: bool,
}

/// Which setting, and what it is to be.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Which; none: all are shown.
    #[arg(value_name = "NAME", help = text("cli.help_setting"))]
    pub name: Option<String>,
    /// What it is to be.
    #[arg(value_name = "VALUE", help = text("cli.help_setting_value"))]
    pub value: Option<String>,
    /// As is usual.
    #[arg(long, requires = "name", conflicts_with = "value", help = text("cli.help_setting_usual"))]
    pub usual: bool,
}

/// What can be done with this phone at a gateway.
#[derive(Debug, Clone, Subcommand)]
pub enum DeviceCommand {
    /// Makes new keys.
    #[command(about = text("cli.about_rotate"))]
    Rotate {
        /// Which gateway.
        #[arg(value_name = "GATEWAY", help = text("cli.help_gateway"))]
        gateway: Option<String>,
    },
    /// Moves to another phone.
    #[command(about = text("cli.about_move"))]
    Move {
        /// Which gateway.
        #[arg(value_name = "GATEWAY", help = text("cli.help_gateway"))]
        gateway: Option<String>,
        /// This phone is removed when the new one is active.
        #[arg(long, help = text("cli.help_replace"))]
        replace: bool,
    },
    /// Removes this phone from a gateway.
    #[command(about = text("cli.about_leave"))]
    Leave {
        /// Which gateway.
        #[arg(value_name = "GATEWAY", help = text("cli.help_gateway"))]
        gateway: Option<String>,
        /// Here alone: the gateway is not told.
        #[arg(long, help = text("cli.help_forget"))]
        forget: bool,
        /// Without asking.
        #[arg(long, help = text("cli.help_yes"))]
        yes: bool,
    },
}

/// How `add` gets its account: from what is read, or typed in by hand.
#[derive(Debug, Clone, Args)]
pub struct Add {
    /// What is read, and whether it is asked about.
    #[command(flatten)]
    pub read: Read,
    /// What is typed in by hand.
    #[command(flatten)]
    pub typed: Typed,
}

/// An account typed in by hand; key and PIN are asked for.
#[derive(Debug, Clone, Default, Args)]
pub struct Typed {
    /// Its kind.
    #[arg(long, value_name = "KIND", conflicts_with_all = ["picture", "clipboard"], help = text("cli.help_kind"))]
    pub kind: Option<String>,
    /// Who issued it.
    #[arg(long, requires = "kind", value_name = "TEXT", help = text("cli.help_issuer"))]
    pub issuer: Option<String>,
    /// Whose it is.
    #[arg(long, requires = "kind", value_name = "TEXT", help = text("cli.help_account"))]
    pub account: Option<String>,
    /// The hash under HMAC.
    #[arg(long, requires = "kind", value_name = "NAME", help = text("cli.help_algorithm_add"))]
    pub algorithm: Option<String>,
    /// How long a code is.
    #[arg(long, requires = "kind", value_name = "N", allow_negative_numbers = true, help = text("cli.help_digits"))]
    pub digits: Option<u64>,
    /// How long a code lives.
    #[arg(long, requires = "kind", value_name = "SECONDS", allow_negative_numbers = true, help = text("cli.help_period"))]
    pub period: Option<u64>,
    /// From when periods are counted.
    #[arg(long, requires = "kind", value_name = "SECONDS", allow_negative_numbers = true, help = text("cli.help_start"))]
    pub start: Option<u64>,
    /// The counter of the next code.
    #[arg(long, requires = "kind", value_name = "N", allow_negative_numbers = true, help = text("cli.help_counter"))]
    pub counter: Option<u64>,
}

/// How `add` and `enrol` get what they read.
#[derive(Debug, Clone, Args)]
pub struct Read {
    /// A picture of the QR.
    #[arg(long, value_name = "FILE", help = text("cli.help_picture"))]
    pub picture: Option<PathBuf>,
    /// What was copied.
    #[arg(long, conflicts_with = "picture", help = text("accounts.help_clipboard"))]
    pub clipboard: bool,
    /// Without asking.
    #[arg(long, help = text("cli.help_yes"))]
    pub yes: bool,
}

/// An approval.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// Its key; none: the only one that waits.
    #[arg(value_name = "ID", help = text("cli.help_id"))]
    pub id: Option<String>,
}

/// How the phone in the terminal starts.
#[derive(Debug, Clone, Default, Args)]
pub struct Tui {
    /// Makes a vault where there is none.
    #[arg(long, help = text("cli.help_fresh"))]
    pub fresh: bool,
    /// A text to be shown above the list.
    #[arg(long, value_name = "FILE", help = text("cli.help_note_file"))]
    pub note_file: Option<PathBuf>,
    /// Where hardware tokens are laid.
    #[command(flatten)]
    pub tokens: Where,
}

/// Beginnings of what holds a secret: it may not stand on a command line, where other people of this machine read it.
const SECRETS: [&str; 7] =
    ["otpauth:", "otpauth-migration:", "steam://", "motp://", "/enrol#", "countersign://", "/approve#"];

/// Does one of these arguments carry a secret?
pub fn carries_secret(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| {
        let text = argument.to_string_lossy().to_lowercase();
        SECRETS.iter().any(|secret| text.contains(secret))
    })
}

/// The same arguments, with a key that begins with a hyphen (one in 64 does) at their end behind `--`: it is no option, not
/// even where its next letter is the name of one.
pub fn keys_last(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let is_key = |argument: &mut OsString| {
        argument.to_str().is_some_and(|text| text.starts_with('-') && text.parse::<ApprovalId>().is_ok())
    };
    if arguments.iter().all(|argument| argument != "--") {
        let keys: Vec<OsString> = arguments.extract_if(.., is_key).collect();
        if !keys.is_empty() {
            arguments.push("--".into());
            arguments.extend(keys);
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use countersign_core::protocol::jose::Id;

    use super::*;

    #[test]
    fn a_key_that_begins_like_an_option_is_none() {
        for (start, begins) in [([0xfa, 0x10], "-h"), ([0xf9, 0x50], "-V"), ([0xfb, 0xef], "--"), ([0, 0], "A")] {
            let mut bytes = [7; 16];
            bytes[..2].copy_from_slice(&start);
            let id = ApprovalId { gateway: Id::from_bytes(bytes), challenge: Id::from_bytes([0xff; 16]) }.to_string();
            assert!(id.starts_with(begins), "{id}");
            for line in [
                vec!["countersign", "approve", &id],
                vec!["countersign", "approve", &id, "--json"],
                vec!["countersign", "--json", "approve", "--", &id],
            ] {
                let has_json = line.contains(&"--json");
                let parsed = Arguments::try_parse_from(keys_last(line.iter().map(OsString::from).collect())).unwrap();
                assert_eq!(parsed.common.json, has_json, "{line:?}");
                assert!(matches!(parsed.command, Some(Command::Approve(Which { id: Some(named) })) if named == id));
            }
        }
        assert!(
            Arguments::try_parse_from(keys_last(vec!["countersign".into(), "approve".into(), "-x".into()])).is_err()
        );
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn links_on_the_command_line_are_seen() {
        let seen = |text: &str| carries_secret(&["countersign".into(), "add".into(), text.into()]);
        for secret in [
            "otpauth://totp/a?secret=GEZDGNBV",
            "OTPAUTH://totp/a",
            "--uri=otpauth://hotp/a",
            "https://gate.example.com/enrol#1.eyJ1Ijoi",
            "countersign://enrol#1.e",
            "https://gate.example.com/approve#1.AA",
            "steam://GEZDGNBVGY3TQOJQ",
            "motp://desk:mara?secret=00112233",
        ] {
            assert!(seen(secret), "{secret}");
        }
        for plain in ["GitHub", "https://example.com/", "--picture=enrol.png"] {
            assert!(!seen(plain), "{plain}");
        }
    }
}
