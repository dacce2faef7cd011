//! `countersign tui`: a full-screen phone.
//!
//! [`state`] says what there is, [`update`] what an event does to it, [`view`] how it is drawn; none of them knows a
//! thread or a terminal. [`screen`] and [`worker`] own both. Where the terminal can do nothing but lines, [`plain`] is
//! the same phone as a conversation.

mod ask;
pub mod field;
pub mod form;
pub mod model;
mod plain;
mod rows;
mod saving;
mod screen;
mod setting;
pub mod state;
mod undoing;
pub mod update;
pub mod view;
mod worker;

#[cfg(test)]
mod update_tests;
#[cfg(test)]
mod view_tests;

use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::sync::Arc;

use countersign_strings::text;

use crate::args::Tui;
use crate::command::Context;
use crate::command::token::args::Where;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::limits;
use crate::port::AskPassphrase;

/// Opens the phone, and makes its vault before where `options` say so.
///
/// # Errors
/// A [`Fault`] where there is no vault, or the terminal can't be used.
pub fn run(context: &Context, options: &Tui) -> Result<(), Fault> {
    let note = options.note_file.as_deref().map_or(Ok(Vec::new()), read_note)?;
    let start = Start { fresh: options.fresh, note, tokens: options.tokens.clone() };
    if can_fill_a_screen() { screen::run(context, start) } else { plain::run(context, start) }
}

/// How the phone starts.
struct Start {
    /// Make a vault where there is none.
    fresh: bool,
    /// Lines to be shown above the list.
    note: Vec<String>,
    /// Where hardware tokens are laid.
    tokens: Where,
}

/// Opens the phone; makes its vault before, or opens it, where the passphrase is given by the caller.
fn open(context: &Context, fresh: bool, ask: Arc<dyn AskPassphrase>) -> Result<Desk, Fault> {
    let terminal = &context.terminal;
    if !fresh {
        let desk = Desk::open_existing(&context.home, ask)?;
        if !context.unlock_by_hardware(&desk)? && terminal.has_descriptor() {
            context.unlock(&desk, &terminal.passphrase("")?)?;
        }
        return Ok(desk);
    }
    let desk = Desk::open(&context.home, ask)?;
    if desk.has_vault() {
        context.unlock(&desk, &terminal.passphrase(text("cli.passphrase"))?)?;
        return Ok(desk);
    }
    if !terminal.has_descriptor() {
        terminal.say(text("cli.fresh"));
    }
    let passphrase = terminal.new_passphrase()?;
    desk.create(&passphrase)?;
    Ok(desk)
}

fn can_fill_a_screen() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    !dumb && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The lines of a note. Control characters in it are left out.
fn read_note(path: &Path) -> Result<Vec<String>, Fault> {
    let mut note = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(limits::NOTE_FILE + 1).read_to_string(&mut note));
    read.ok()
        .filter(|read| *read as u64 <= limits::NOTE_FILE)
        .ok_or_else(|| Fault::failed(text("tui.note_unreadable")))?;
    let clean = |line: &str| line.trim_end().chars().filter(|c| !c.is_control()).collect();
    Ok(note.trim_end().lines().skip_while(|line| line.trim().is_empty()).map(clean).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_taken_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("note");
        for (bytes, taken) in [(limits::NOTE_FILE - 1, true), (limits::NOTE_FILE, true), (limits::NOTE_FILE + 1, false)]
        {
            std::fs::write(&path, "x".repeat(bytes as usize)).unwrap();
            let lines = read_note(&path).map(|lines| lines.concat().len() as u64);
            assert_eq!((bytes, lines.ok()), (bytes, taken.then_some(bytes)));
        }
    }
}
