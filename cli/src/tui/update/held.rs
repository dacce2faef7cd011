//! What a person does while something that they asked for is not done yet: it waits, in its order, so that each key finds
//! what the one before it left.

use crate::limits;
use crate::tui::state::{Effect, Event, Page, State};

impl State {
    /// Takes an event, or holds it until what was asked for before is done.
    pub(super) fn take_or_hold(&mut self, event: Event, now: u64, out: &mut Vec<Effect>) {
        match event {
            Event::Settled => self.settled(now, out),
            event if self.awaited > 0 && is_of_person(&event) && !self.is_interrupted() => {
                if self.held.len() < limits::HELD {
                    self.held.push_back(event);
                }
            }
            event => self.take(event, now, out),
        }
    }

    /// One thing that was asked for is done, and what is shown is what it left.
    fn settled(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.awaited = self.awaited.saturating_sub(1);
        while self.awaited == 0 {
            if self.is_interrupted() {
                // It was not meant for what came up meanwhile.
                self.held.clear();
            }
            let Some(event) = self.held.pop_front() else { return };
            self.take(event, now, out);
        }
    }

    fn take(&mut self, event: Event, now: u64, out: &mut Vec<Effect>) {
        let before = out.len();
        self.apply(event, now, out);
        self.awaited += out[before..].iter().filter(|effect| effect.is_awaited()).count();
    }

    /// Is there something in front that nobody asked for?
    fn is_interrupted(&self) -> bool {
        let in_front = self.approval.is_some() || self.ask.is_some() || self.unlock.is_some();
        in_front || matches!(self.page, Page::Notice(_))
    }
}

const fn is_of_person(event: &Event) -> bool {
    matches!(event, Event::Key(_) | Event::Click(_) | Event::Paste(_))
}

impl Effect {
    /// Is it done at once, without a network or a question, and changes what the next key means? Then the runner says so by
    /// [`Event::Settled`].
    pub const fn is_awaited(&self) -> bool {
        matches!(
            self,
            Self::Next(_)
                | Self::Copy { .. }
                | Self::Details(_)
                | Self::Edit(_)
                | Self::Sort(_)
                | Self::Mark { .. }
                | Self::Shift { .. }
                | Self::Group(_)
                | Self::Undo
                | Self::Bin
                | Self::Restore(_)
                | Self::Purge(_)
                | Self::Settings
                | Self::Set(_)
        )
    }
}

#[cfg(test)]
impl State {
    /// Takes one event where all that is asked for is done at once.
    pub fn at_once(&mut self, event: Event, now: u64) -> Vec<Effect> {
        let mut all = self.update(event, now);
        while self.awaited > 0 {
            all.extend(self.update(Event::Settled, now));
        }
        all
    }
}
