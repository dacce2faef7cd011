//! The commands, one file each.

pub(crate) mod account;
mod add;
mod answer;
mod answer_code;
pub(crate) mod approvals;
pub mod bin;
mod by_hand;
mod choose;
pub mod code;
mod completions;
pub(crate) mod decoy;
pub mod edit;
mod enrol;
mod erase;
pub(crate) mod export_uri;
pub(crate) mod gateways;
pub mod groups;
pub(crate) mod hardware;
pub(crate) mod history;
pub(crate) mod icons;
mod init;
pub(crate) mod kept;
mod keyring;
mod limits;
pub mod list;
mod lock;
pub(crate) mod moving;
mod passphrase;
mod pick;
pub mod place;
mod read;
pub mod remove;
pub(crate) mod scan;
mod settings;
mod sheet;
mod show;
pub(crate) mod slots;
pub(crate) mod step;
pub mod there;
pub mod token;
mod undo;

use std::sync::{Arc, OnceLock};

use countersign_core::protocol::Secret;
use countersign_strings::{fill, text};

use crate::args::{Arguments, Command, Tui};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::home::Home;
use crate::settings::Settings;
use crate::terminal::Terminal;

pub(crate) use list::state;

/// What every command is given.
pub struct Context {
    /// Where results, words and questions go.
    pub terminal: Arc<Terminal>,
    /// The folder of this phone.
    pub home: Home,
    /// The reader of the hardware key that is to open the vault, where one is.
    pub key: Option<String>,
    /// Where what is done with tokens is noted, once that is asked for.
    pub(in crate::command) token_log: OnceLock<token::Log>,
    /// The phone, where a screen has opened it already.
    opened: Option<Desk>,
}

impl Context {
    /// For a command behind a screen that has opened the phone.
    pub(crate) fn of_opened(terminal: Terminal, home: Home, desk: Desk) -> Self {
        Self { terminal: Arc::new(terminal), home, key: None, token_log: OnceLock::new(), opened: Some(desk) }
    }

    /// The phone, if it has a vault.
    pub(crate) fn desk(&self) -> Result<Desk, Fault> {
        if let Some(desk) = &self.opened {
            return Ok(desk.clone());
        }
        Desk::open_existing(&self.home, self.terminal.clone())
    }

    /// The phone with its vault open: the passphrase is asked for.
    pub(crate) fn open_desk(&self) -> Result<Desk, Fault> {
        let desk = self.desk()?;
        if self.opened.is_some() {
            return Ok(desk);
        }
        if !self.unlock_by_hardware(&desk)? && !self.unlock_by_keyring(&desk)? {
            self.unlock(&desk, &self.terminal.passphrase(text("cli.passphrase"))?)?;
        }
        Ok(desk)
    }

    /// The phone with its vault open, where nobody is asked for a passphrase: one was given, a key opens it, or the keyring does.
    pub(crate) fn open_desk_unasked(&self) -> Result<Option<Desk>, Fault> {
        let Ok(desk) = self.desk() else { return Ok(None) };
        if self.opened.is_none() && self.terminal.has_descriptor() {
            return self.open_desk().map(Some);
        }
        let is_open = self.opened.is_some() || self.unlock_by_hardware(&desk)? || self.unlock_by_keyring(&desk)?;
        Ok(is_open.then_some(desk))
    }

    /// Unlocks by a hardware key, where the person has asked for that. Whether it did.
    pub(crate) fn unlock_by_hardware(&self, desk: &Desk) -> Result<bool, Fault> {
        let Some(key) = &self.key else { return Ok(false) };
        let damage = hardware::unlock(self, desk, key)?;
        self.told(desk, &damage).map(|()| true)
    }

    /// Unlocks by the session's keyring, where the person has chosen so and gives no passphrase all the same. Whether it did:
    /// why it did not is said.
    pub(crate) fn unlock_by_keyring(&self, desk: &Desk) -> Result<bool, Fault> {
        if self.terminal.has_descriptor() {
            return Ok(false);
        }
        let Some(name) = keyring::name(&self.home)? else { return Ok(false) };
        match desk.unlock_by(&desk.keyring(name)) {
            Ok(damage) => self.told(desk, &damage).map(|()| true),
            Err(fault) => {
                self.terminal.say(&fill("cli.keyring_did_not_open", &[("why", &fault.words)]));
                Ok(false)
            }
        }
    }

    /// What was chosen for this desk; what is not understood is said.
    pub(crate) fn settings(&self) -> Result<Settings, Fault> {
        let read = Settings::read(&self.home.settings())?;
        read.remarks.iter().for_each(|words| self.terminal.say(words));
        Ok(read.settings)
    }

    /// Unlocks, and says what was found damaged: once to a person, and to a script, which may have nobody read it, each
    /// time.
    pub(crate) fn unlock(&self, desk: &Desk, passphrase: &Secret) -> Result<(), Fault> {
        let damage = desk.unlock(passphrase)?;
        self.told(desk, &damage)
    }

    fn told(&self, desk: &Desk, damage: &[String]) -> Result<(), Fault> {
        damage.iter().for_each(|words| self.terminal.say(words));
        if !damage.is_empty() && self.terminal.is_read() { desk.accept_damage() } else { Ok(()) }
    }
}

/// Runs the command that was asked for; `phone` opens the phone in the terminal.
///
/// # Errors
/// A [`Fault`] with the words and the exit code that it ends in.
pub fn run(arguments: Arguments, phone: impl FnOnce(&Context, &Tui) -> Result<(), Fault>) -> Result<(), Fault> {
    let common = arguments.common;
    let terminal = Arc::new(Terminal::new(common.json, common.passphrase_fd));
    // What needs no home, and is to work without one.
    match &arguments.command {
        Some(Command::Completions { shell }) => {
            completions::completions(&terminal, *shell);
            return terminal.settled();
        }
        Some(Command::Man { folder }) => return completions::man(&terminal, folder).and_then(|()| terminal.settled()),
        Some(Command::Limits) => return limits::run(&terminal).and_then(|()| terminal.settled()),
        _ => {}
    }
    let home = Home::find(common.home.as_deref(), common.vault.as_deref(), |name| std::env::var_os(name));
    let home = home.ok_or_else(|| Fault::refused(text("cli.no_home")))?;
    let context = Context { terminal, home, key: common.hardware_key, token_log: OnceLock::new(), opened: None };
    let done = match arguments.command {
        None => phone(&context, &Tui::default()),
        Some(Command::Tui(options)) => phone(&context, &options),
        Some(Command::Init) => init::run(&context),
        Some(Command::Add(add)) => add::run(&context, &add),
        Some(Command::List(asked)) => list::run(&context, &asked),
        Some(Command::Code(asked)) => code::run(&context, &asked),
        Some(Command::Pick(asked)) => pick::run(&context, &asked),
        Some(Command::Show { name }) => show::run(&context, &name),
        Some(Command::Edit(asked)) => edit::run(&context, &asked),
        Some(Command::Move(asked)) => place::run(&context, &asked),
        Some(Command::Groups { what }) => groups::run(&context, what.as_ref()),
        Some(Command::Remove(asked)) => remove::run(&context, &asked),
        Some(Command::Bin { what }) => bin::run(&context, what.as_ref()),
        Some(Command::Undo { yes, skip }) => undo::run(&context, yes, skip),
        Some(Command::Enrol(read)) => enrol::run(&context, &read),
        Some(Command::Approvals { once }) => approvals::run(&context, once),
        Some(Command::Approve(which)) => answer::approve(&context, which.id.as_deref()),
        Some(Command::Deny(which)) => answer::refuse(&context, which.id.as_deref(), false),
        Some(Command::Report(which)) => answer::refuse(&context, which.id.as_deref(), true),
        Some(Command::Dismiss(which)) => answer::dismiss(&context, which.id.as_deref()),
        Some(Command::AnswerCode(read)) => answer_code::run(&context, &read),
        Some(Command::History) => history::run(&context),
        Some(Command::Gateways) => gateways::gateways(&context),
        Some(Command::Devices { what }) => gateways::devices(&context, what.as_ref()),
        Some(Command::Passphrase) => passphrase::run(&context),
        Some(Command::Icons { what }) => icons::run(&context, what.as_ref()),
        Some(Command::Keyring { what }) => keyring::run(&context, what),
        Some(Command::Settings(asked)) => settings::run(&context, &asked),
        Some(Command::Slots { what }) => slots::run(&context, what.as_ref()),
        Some(Command::Token { what }) => token::run(&context, &what),
        Some(Command::Lock { after }) => lock::run(&context, after),
        Some(Command::Erase) => erase::run(&context),
        Some(Command::Scan(options)) => scan::run(&context, &options),
        Some(Command::ExportUri(options)) => export_uri::run(&context, &options),
        Some(Command::Completions { .. } | Command::Man { .. } | Command::Limits) => Ok(()),
    };
    done.and_then(|()| context.terminal.settled())
}
