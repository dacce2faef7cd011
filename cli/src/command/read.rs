//! What `add` and `enrol` read: a picture, or a link by standard input or a hidden prompt.

use super::Context;
use crate::args::Read;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::read::{self, Found};

/// Reads what was named; `question` is what a person is asked.
pub fn from(context: &Context, desk: &Desk, read: &Read, question: &str) -> Result<Found, Fault> {
    let found = match &read.picture {
        None if read.clipboard => read::clipboard(&desk.app),
        Some(path) => read::picture(&desk.app, path),
        None => read::link(&desk.app, &context.terminal.line(question, true)?),
    };
    found.map_err(Fault::refused)
}
