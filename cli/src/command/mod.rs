//! The commands, one file each.

pub(crate) mod account;
mod add;
mod answer;
mod answer_code;
pub(crate) mod approvals;
mod by_hand;
mod code;
mod enrol;
pub(crate) mod gateways;
pub(crate) mod history;
mod init;
mod limits;
mod list;
pub(crate) mod moving;
mod passphrase;
mod read;
mod remove;

use std::sync::Arc;

use countersign_core::protocol::Secret;
use countersign_strings::text;

use crate::args::{Arguments, Command, Tui};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::home::Home;
use crate::terminal::Terminal;

pub(crate) use list::state;

/// What every command is given.
pub struct Context {
    /// Where results, words and questions go.
    pub terminal: Arc<Terminal>,
    /// The folder of this phone.
    pub home: Home,
}

impl Context {
    /// The phone, if it has a vault.
    pub(crate) fn desk(&self) -> Result<Desk, Fault> {
        Desk::open_existing(&self.home, self.terminal.clone())
    }

    /// The phone with its vault open: the passphrase is asked for.
    pub(crate) fn open_desk(&self) -> Result<Desk, Fault> {
        let desk = self.desk()?;
        self.unlock(&desk, &self.terminal.passphrase(text("cli.passphrase"))?)?;
        Ok(desk)
    }

    /// Unlocks, and says what was found damaged: once to a person, and to a script, which may have nobody read it, each
    /// time.
    pub(crate) fn unlock(&self, desk: &Desk, passphrase: &Secret) -> Result<(), Fault> {
        let damage = desk.unlock(passphrase)?;
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
    let home = Home::find(common.home.as_deref(), |name| std::env::var_os(name));
    let terminal = Arc::new(Terminal::new(common.json, common.passphrase_fd));
    let context = Context { terminal, home: home.ok_or_else(|| Fault::refused(text("cli.no_home")))? };
    match arguments.command {
        None => phone(&context, &Tui::default()),
        Some(Command::Tui(options)) => phone(&context, &options),
        Some(Command::Init) => init::run(&context),
        Some(Command::Add(add)) => add::run(&context, &add),
        Some(Command::List) => list::run(&context),
        Some(Command::Code(named)) => code::run(&context, &named.name),
        Some(Command::Remove { named, yes }) => remove::run(&context, &named.name, yes),
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
        Some(Command::Move(options)) => moving::run(&context, &options),
        Some(Command::Passphrase) => passphrase::run(&context),
        Some(Command::Limits) => limits::run(&context),
    }
}
