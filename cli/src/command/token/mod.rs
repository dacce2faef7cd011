//! `countersign token`: hardware tokens are told, written, proven, and kept account of.

mod ahead;
mod applet;
pub mod args;
mod batch;
mod batches;
mod burn;
mod compare;
mod going;
mod kept;
mod key;
mod ledger;
mod list;
mod log;
mod operate;
mod profile;
mod rows;
pub(super) mod seat;
mod seed;
mod table;
mod told;
mod verify;
mod write;

use args::{KeyCommand, Screen, TokenCommand};
use countersign_core::burn::Operation;
pub(super) use log::Log;
pub(super) use table::of_error;

use super::Context;
use crate::fault::Fault;

/// Does what was asked for, and notes how it ended where that was asked for.
pub fn run(context: &Context, what: &TokenCommand) -> Result<(), Fault> {
    let done = does(context, what);
    if let Some(log) = context.token_log.get() {
        log.ended(&done);
    }
    done
}

fn does(context: &Context, what: &TokenCommand) -> Result<(), Fault> {
    match what {
        TokenCommand::List(on) => list::list(context, on),
        TokenCommand::Info(on) => list::info(context, on),
        TokenCommand::Burn(asked) => burn::run(context, asked),
        TokenCommand::Batch(asked) => batch::run(context, asked),
        TokenCommand::Verify(asked) => verify::run(context, asked),
        TokenCommand::Sync(asked) => operate::sync(context, asked),
        TokenCommand::Reset(on) => operate::run(context, on, &Operation::Reset, "token.reset_ask"),
        TokenCommand::Ledger(asked) => ledger::run(context, asked),
        TokenCommand::Screen { what: Screen::Lock, on } => {
            operate::run(context, on, &Operation::LockScreen, "token.screen_lock_ask")
        }
        TokenCommand::Screen { what: Screen::Unlock, on } => {
            operate::run(context, on, &Operation::UnlockScreen, "token.screen_unlock_ask")
        }
        TokenCommand::Delete(asked) => operate::delete(context, asked),
        TokenCommand::Key { what: KeyCommand::Set { keep_as, on } } => {
            operate::set_key(context, on, keep_as.as_deref())
        }
        TokenCommand::Key { what: KeyCommand::Remove(on) } => operate::remove_key(context, on),
        TokenCommand::Key { what: KeyCommand::List } => key::list(context),
        TokenCommand::Key { what: KeyCommand::Keep { name, family } } => key::keep(context, name, *family),
        TokenCommand::Key { what: KeyCommand::Forget { name, yes } } => key::forget(context, name, *yes),
    }
}
