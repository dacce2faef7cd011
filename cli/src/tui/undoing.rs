//! Taking back what was done last, one change after the other: what the person was told of at once, what another program did
//! or what was done before a lock after it was said.

use countersign_core::app::App;
use countersign_core::error::{Error, InputError};
use countersign_core::vault::Step;
use countersign_strings::{fill, text};

use crate::command::step;
use crate::words;

/// A change that the person was told of: its number, and whether something hindered it.
pub type Known = Option<(u64, bool)>;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What is said.
    pub said: String,
    /// What is taken back next, where it was said, in words.
    pub next: Option<String>,
    /// The same, by its number.
    pub known: Known,
}

/// By what the person asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By a key.
    Key,
    /// By a word.
    Word,
}

/// The last change, of which the person is told now.
pub fn last(app: &App) -> Known {
    app.last_step().ok().flatten().as_ref().map(known)
}

/// Takes back the change that is `told`, or lets it stand where it was told that it can't be; of any other it only says what
/// it was.
pub fn undo(app: &App, told: Known, by: By) -> Undone {
    step_back(app, told, by).unwrap_or_else(|fault| {
        let said = match fault {
            Error::Input(InputError::NotFound) => text("tui.undo_late").to_owned(),
            fault => words::of_error(&fault),
        };
        Undone { said, next: None, known: None }
    })
}

fn step_back(app: &App, told: Known, by: By) -> Result<Undone, Error> {
    let Some(last) = app.last_step()? else {
        return Ok(Undone { said: text("tui.nothing_to_undo").to_owned(), next: None, known: None });
    };
    let (what, why) = (step::what(&last), step::hindrance(app, &last));
    if told != Some(known(&last)) {
        let said = match (&why, by) {
            (None, By::Key) => fill("tui.undo_offer", &[("what", &what)]),
            (None, By::Word) => fill("tui.plain_undo_offer", &[("what", &what)]),
            (Some(why), By::Key) => fill("tui.undo_hindered", &[("what", &what), ("why", why)]),
            (Some(why), By::Word) => fill("tui.plain_undo_hindered", &[("what", &what), ("why", why)]),
        };
        return Ok(Undone { said, next: Some(what), known: Some(known(&last)) });
    }
    let said = if why.is_none() {
        app.undo_step(last.number)?;
        fill("tui.undone", &[("what", &what)])
    } else {
        app.let_stand(last.number)?;
        fill("tui.undo_stands", &[("what", &what)])
    };
    let Some(next) = app.last_step()?.filter(|next| next.hindrance.is_none()) else {
        return Ok(Undone { said, next: None, known: None });
    };
    let what = step::what(&next);
    let key = if by == By::Key { "tui.undo_next" } else { "tui.plain_undo_next" };
    Ok(Undone { said: fill(key, &[("said", &said), ("what", &what)]), next: Some(what), known: Some(known(&next)) })
}

const fn known(step: &Step) -> (u64, bool) {
    (step.number, step.hindrance.is_some())
}
