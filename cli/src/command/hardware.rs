//! A hardware key that opens the vault: `countersign slots hardware`, and `--hardware-key` before or behind any command.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use countersign_core::app::KeyFault;
use countersign_core::burn::{LinkError, TokenError, TokenLink};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError};
use countersign_core::port::{Clock, Random};
use countersign_core::protocol::Secret;
use countersign_core::system::{SystemClock, SystemRandom};
use countersign_core::vault::{DeviceClass, KeyPlace};
use countersign_strings::{fill, text};
use serde_json::json;

use super::Context;
use super::token::args::Where;
use super::token::{of_error, seat};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::outside::isolated;

/// How long a key is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `--hardware-key` says before the model of an emulated key.
const EMULATED: &str = "emulated:";

/// What is to open the vault.
#[derive(Debug, Clone, Args)]
pub struct Hardware {
    /// The person's own name for it.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, help = text("cli.help_slot_new_name"))]
    pub name: String,
    /// Which of the key's two places answers.
    #[arg(long, value_name = "1|2", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2), help = text("cli.help_hardware_place"))]
    pub place: u8,
    /// Without a passphrase beside it.
    #[arg(long, help = text("cli.help_hardware_alone"))]
    pub alone: bool,
    /// A part of the reader's name.
    #[arg(long, value_name = "READER", conflicts_with = "emulated", help = text("token.help_reader"))]
    pub reader: Option<String>,
    /// A key in memory in place of hardware.
    #[arg(long, value_name = "MODEL", help = text("token.help_emulated"))]
    pub emulated: Option<String>,
}

/// Lets a key open the vault, which is opened once more by what opened it before.
pub fn add(context: &Context, asked: &Hardware) -> Result<(), Fault> {
    let (desk, terminal) = (context.open_desk()?, &context.terminal);
    let beside = if asked.alone { None } else { Some(beside(context)?) };
    let place = if asked.place == 1 { KeyPlace::One } else { KeyPlace::Two };
    let on = Where { reader: asked.reader.clone(), emulated: asked.emulated.clone(), ..Where::default() };
    if on.emulated.is_some() {
        terminal.say(text("cli.hardware_emulated"));
    }
    let passphrase = beside.as_ref().map(|beside| (beside, DeviceClass::Desktop));
    let add =
        |link: &mut dyn TokenLink| desk.app.add_hardware_slot(link, place, passphrase, &asked.name, &Cancel::default());
    let id = with_key(context, &on, add)?.map_err(fault)?;
    terminal.result("", &json!({ "added": id.number() }));
    terminal.say(text(if asked.alone { "cli.hardware_added_alone" } else { "cli.hardware_added" }));
    Ok(())
}

/// A passphrase that belongs to the key, chosen anew.
fn beside(context: &Context) -> Result<Secret, Fault> {
    if !context.terminal.has_descriptor() {
        context.terminal.say(text("cli.hardware_choose"));
    }
    context.terminal.new_passphrase()
}

/// Unlocks by the key on the reader that `asked` is a part of the name of, with the passphrase that belongs to it.
pub fn unlock(context: &Context, desk: &Desk, asked: &str) -> Result<Vec<String>, Fault> {
    let slots = desk.app.hardware_slots()?;
    if slots.is_empty() {
        return Err(Fault::refused(text("cli.hardware_none")));
    }
    let wants_one = slots.iter().any(|(_, asked)| asked.with_passphrase);
    let beside = if wants_one { Some(context.terminal.passphrase(text("cli.hardware_passphrase"))?) } else { None };
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    let on = match asked.strip_prefix(EMULATED) {
        Some(model) => Where { emulated: named(model), ..Where::default() },
        None => Where { reader: named(asked), ..Where::default() },
    };
    with_key(context, &on, |link| unlock_over(desk, link, beside.as_ref()))?.map_err(|why| match why {
        // Nobody was asked for a passphrase: it was the key.
        KeyFault::Core(Error::Input(InputError::WrongPassphrase)) if is_alone(beside.as_ref()) => {
            Fault::refused(text("cli.hardware_other"))
        }
        why => fault(why),
    })?;
    desk.damage()
}

fn unlock_over(desk: &Desk, link: &mut dyn TokenLink, beside: Option<&Secret>) -> Result<(), KeyFault> {
    desk.app.unlock_by_hardware(link, beside, &Cancel::default())
}

/// Waits for a key and does something over the link to it. Nothing of it is noted anywhere: an answer opens its slot.
fn with_key<R>(context: &Context, on: &Where, does: impl FnOnce(&mut dyn TokenLink) -> R) -> Result<R, Fault> {
    let terminal = &context.terminal;
    let (clock, random): (Arc<dyn Clock>, Arc<dyn Random>) =
        (Arc::new(SystemClock::new()), Arc::new(SystemRandom::new()));
    let mut seat = seat::find(terminal, on, &clock, &random)?;
    let (name, end) = (isolated(&seat.name()), clock.monotonic().saturating_add(PATIENCE));
    let waits = || terminal.say(&fill("token.lay_one", &[("reader", &name)]));
    if !seat.wait(&|| clock.monotonic() <= end, &waits)? {
        return Err(Fault::refused(text("token.nobody_laid_one")));
    }
    if !seat.is_emulated() {
        terminal.say(text("cli.hardware_touch"));
    }
    let link = seat.link()?;
    let mut link = link.ok_or_else(|| of_error(TokenError::Link(LinkError::Lost)))?;
    Ok(does(&mut *link))
}

/// Whether the key is to open the vault by itself.
fn is_alone(beside: Option<&Secret>) -> bool {
    beside.is_none_or(|beside| beside.expose().is_empty())
}

fn fault(why: KeyFault) -> Fault {
    match why {
        KeyFault::Token(error @ TokenError::Absent(_)) => {
            Fault::refused(text("cli.hardware_absent")).with_details(&error)
        }
        KeyFault::Token(TokenError::Unable) => Fault::refused(text("cli.hardware_unable")),
        KeyFault::Token(error) => of_error(error),
        KeyFault::Core(Error::Input(InputError::Slot(_))) => Fault::refused(text("cli.hardware_other")),
        KeyFault::Core(error) => error.into(),
    }
}
