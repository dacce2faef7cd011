//! The loop of the full screen: messages in, state changed, picture drawn.

mod input;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use countersign_core::app::{ApprovalState, LockState};
use countersign_core::error::Error;
use countersign_core::port::Topic;
use countersign_core::protocol::jose::Id;
use countersign_strings::text;
use ratatui::DefaultTerminal;

use super::Start;
use super::ask::ScreenAsk;
use super::model::Figures;
use super::rows;
use super::state::{Effect, Event, Page, State};
use super::view::{self, Look, Spots};
use super::worker::Worker;
use crate::command::Context;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::poll::Pollers;
use crate::port::Ear;
use crate::port::clipboard::Copied;
use crate::words;

/// How often the picture is looked at while something counts down.
const TICK: Duration = Duration::from_millis(250);
/// Messages that are taken between two drawings: however many come, keys are read and the screen is drawn.
const AT_ONCE: usize = 64;

/// What reaches the loop.
pub enum Message {
    /// Something for the state.
    Event(Box<Event>),
    /// Something that `App` lists has changed.
    Changed(Topic),
    /// A poll ended.
    Heard(Id, Option<Error>),
    /// The left button of the mouse, by column and row.
    Clicked(u16, u16),
    /// The code of an account, for the clipboard that the terminal keeps.
    Copy {
        /// Whose code it is.
        id: String,
        /// The code.
        code: Figures,
    },
    /// What was asked for is done.
    Settled,
    /// The person went to another window.
    Left,
    /// The window has another size.
    Resized,
}

/// Fills the screen until the person ends it.
pub fn run(context: &Context, start: Start) -> Result<(), Fault> {
    let (messages, inbox) = channel();
    let ask = Arc::new(ScreenAsk::new(messages.clone()));
    let desk = super::open(context, start.fresh, ask.clone())?;
    desk.app.observe(Arc::new(Ear::new(messages.clone(), Message::Changed)));
    let heard = messages.clone();
    let heard = move |id, fault| {
        let _ = heard.send(Message::Heard(id, fault));
    };
    let mut pollers = Pollers::new(desk.app.clone(), Arc::new(heard));
    pollers.follow();
    let locked = desk.app.lock_state() != LockState::Open;
    let worker = Worker::new(desk.clone(), context.home.clone(), start.tokens, ask, messages.clone());
    let mut phone = Phone {
        state: State { sort: worker.sort(), ..State::new(locked, start.note) },
        desk,
        worker,
        pollers,
        trouble: BTreeMap::new(),
        sending: Vec::new(),
        spots: Spots::default(),
        look: if std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) { Look::PLAIN } else { Look::SIXTEEN },
    };
    input::listen(messages)?;
    let unusable = |_| Fault::failed(text("tui.no_screen"));
    let mut terminal = ratatui::try_init().map_err(unusable)?;
    let ran = input::take(&mut io::stdout()).and_then(|()| phone.run(&mut terminal, &inbox));
    // Whatever failed, the terminal is given back.
    let _ = input::give_back(&mut io::stdout());
    ratatui::restore();
    phone.worker.stop();
    phone.pollers.stop();
    // How often codes were used is written as it locks.
    phone.desk.app.lock();
    ran.map_err(unusable)
}

/// The phone on the screen.
struct Phone {
    state: State,
    desk: Desk,
    worker: Worker,
    pollers: Pollers,
    /// Gateways that can't be asked, and why.
    trouble: BTreeMap<Id, String>,
    /// Approvals whose answer is on its way without the screen waiting for it.
    sending: Vec<String>,
    look: Look,
    /// What of the picture that is seen can be clicked.
    spots: Spots,
}

impl Phone {
    fn run(&mut self, terminal: &mut DefaultTerminal, inbox: &Receiver<Message>) -> io::Result<()> {
        for topic in [Topic::Accounts, Topic::Gateways, Topic::Approvals] {
            self.read_again(topic);
        }
        loop {
            let now = self.desk.clock.now();
            if self.state.unlock.is_none() && self.state.next_change().is_some_and(|change| now >= change) {
                let accounts = self.worker.accounts(now);
                self.change(accounts);
            }
            terminal.draw(|frame| {
                let area = frame.area();
                view::settle(&mut self.state, area);
                self.spots = view::draw(&self.state, now, self.look, area, frame.buffer_mut());
            })?;
            // Nobody has touched a key for as long as the vault's rule says.
            self.desk.app.lock_if_due();
            let tick = self.state.counts().then_some(TICK);
            let first = match tick.into_iter().chain(self.desk.app.lock_due()).min() {
                Some(wait) => inbox.recv_timeout(wait),
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match first {
                Ok(message) => {
                    for message in std::iter::once(message).chain(inbox.try_iter().take(AT_ONCE)) {
                        if self.take(message) {
                            return Ok(());
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Takes one message; `true` ends the phone.
    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Event(event) => {
                if matches!(*event, Event::Key(_) | Event::Paste(_)) {
                    self.desk.app.touched();
                }
                return self.change(*event);
            }
            Message::Changed(topic) => self.read_again(topic),
            Message::Heard(id, fault) => self.heard(id, fault.as_ref()),
            Message::Clicked(column, row) => {
                self.desk.app.touched();
                if let Some(spot) = self.spots.at(column, row).cloned() {
                    return self.change(Event::Click(spot));
                }
            }
            Message::Copy { id, code } => {
                // A terminal that keeps no clipboard takes no notice.
                let _ = input::copy(&mut io::stdout(), code.as_str());
                return self.change(Event::Copied(Ok((id, Copied::ToTerminal.words()))));
            }
            Message::Settled => {
                // The next key finds what the one before it left.
                self.read_again(Topic::Accounts);
                return self.change(Event::Settled);
            }
            Message::Left => {
                self.desk.app.left();
            }
            Message::Resized => {}
        }
        false
    }

    fn change(&mut self, event: Event) -> bool {
        let effects = self.state.update(event, self.desk.clock.now());
        for effect in effects {
            match effect {
                Effect::Quit => return true,
                Effect::Bell => {
                    let mut out = io::stdout();
                    // A terminal without a bell rings none.
                    let _ = out.write_all(b"\x07").and_then(|()| out.flush());
                }
                effect => self.worker.work(effect),
            }
        }
        false
    }

    fn read_again(&mut self, topic: Topic) {
        let event = match topic {
            Topic::Accounts => {
                let groups = self.worker.groups();
                self.change(groups);
                self.worker.accounts(self.desk.clock.now())
            }
            Topic::Gateways => {
                self.pollers.follow();
                if let Page::Move(moving) = &self.state.page {
                    let joining = self.worker.joining(&moving.gateway);
                    self.change(joining);
                }
                Event::Gateways(rows::gateways(&self.desk.app.gateways()))
            }
            Topic::Lock => {
                if (self.desk.app.lock_state() == LockState::Open) == self.state.unlock.is_none() {
                    return;
                }
                if self.state.unlock.is_none() {
                    self.worker.forget_codes();
                }
                Event::Locked(self.state.unlock.is_none())
            }
            // No page shows tokens.
            Topic::Burn => return,
            Topic::Approvals => {
                self.tell_late_results();
                self.change(Event::Notices(rows::notices(&self.desk.app.notices())));
                Event::Cards(rows::cards(&self.desk.app.approvals()))
            }
        };
        self.change(event);
    }

    /// An answer that could not be sent at once is sent by a later poll: then its result is told.
    fn tell_late_results(&mut self) {
        let rows = self.desk.app.approvals();
        let shown = self.state.approval.as_ref().map(|approval| approval.card.id.clone());
        for row in &rows {
            let id = row.id.to_string();
            match row.state {
                ApprovalState::Sending(_) if shown.as_ref() != Some(&id) && !self.sending.contains(&id) => {
                    self.sending.push(id);
                }
                ApprovalState::Decided(st) if self.sending.contains(&id) => {
                    self.sending.retain(|other| *other != id);
                    self.change(Event::Notice(words::of_status(st)));
                }
                _ => {}
            }
        }
    }

    fn heard(&mut self, id: Id, fault: Option<&Error>) {
        match fault {
            Some(fault) => self.trouble.insert(id, words::of_error(fault)),
            None => self.trouble.remove(&id),
        };
        let words = self.trouble.values().next().cloned();
        if words != self.state.trouble {
            self.change(Event::Trouble(words));
        }
    }
}
