//! Does what the screen wishes, each on a thread of its own, and tells how it went. What is done with accounts stands in a
//! module of its own.

mod account;
mod keeping;
mod tokens;

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use countersign_core::app::{ApprovalState, Verdict};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, Named, PortError, Rule};
use countersign_core::port::Topic;
use countersign_core::protocol::jose::Id;
use countersign_core::protocol::otp::Typed;
use countersign_core::vault::{Group, NewAccount, Sort, View};
use countersign_strings::{fill, text};

use self::account::account_id;
use self::tokens::TokenFront;
use super::ask::ScreenAsk;
use super::field::Field;
use super::model::{Answered, Figures};
use super::rows::{self, Counted};
use super::screen::Message;
use super::setting;
use super::state::{Effect, Event, Removal};
use super::undoing::{self, Known};
use crate::command::history;
use crate::command::there::{self, Became};
use crate::command::token::args::Where;
use crate::desk::Desk;
use crate::home::Home;
use crate::read::{self, Found};
use crate::terminal::normal;
use crate::words;

/// The phone behind the screen.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

struct Inner {
    desk: Desk,
    ask: Arc<ScreenAsk>,
    messages: Mutex<Sender<Message>>,
    /// What was read last, until the person has said yes or no.
    found: Mutex<Option<Found>>,
    counted: Mutex<Counted>,
    /// The groups as they were read last.
    groups: Mutex<Vec<Group>>,
    sort: Mutex<Sort>,
    /// What was done last, as it was told.
    done: Mutex<Known>,
    /// The file of the desk's settings.
    settings: PathBuf,
    home: Home,
    /// Where hardware tokens are laid.
    tokens: Where,
    /// What is done with one.
    token: Mutex<Option<Arc<TokenFront>>>,
    cancel: Cancel,
}

impl Worker {
    /// Works on `desk` and tells `messages`.
    pub fn new(desk: Desk, home: Home, tokens: Where, ask: Arc<ScreenAsk>, messages: Sender<Message>) -> Self {
        let (found, counted, groups, done, token) = Default::default();
        let settings = home.settings();
        let sort = Mutex::new(setting::sort(&settings));
        let (messages, cancel) = (Mutex::new(messages), Cancel::default());
        Self(Arc::new(Inner {
            desk,
            ask,
            messages,
            found,
            counted,
            groups,
            sort,
            done,
            settings,
            home,
            tokens,
            token,
            cancel,
        }))
    }

    /// The order of the list.
    pub fn sort(&self) -> Sort {
        *lock(&self.0.sort)
    }

    /// The list of codes now, or why there is none. For the loop of the screen alone: of two that read, the one that read
    /// first might be heard last.
    pub fn accounts(&self, now: u64) -> Event {
        let (app, sort) = (&self.0.desk.app, *lock(&self.0.sort));
        let codes = match sort {
            // It waits for nobody.
            Sort::Manual => app.codes(now),
            sort => app.view(&View { sort, ..View::default() }, now),
        };
        match codes {
            Ok(codes) => Event::Accounts(rows::accounts(&codes, &lock(&self.0.groups), &lock(&self.0.counted))),
            Err(Error::Input(InputError::VaultLocked)) => Event::Locked(true),
            Err(fault) => Event::NotRead(words::of_error(&fault)),
        }
    }

    /// The groups, in their order; without a vault that is open there is none.
    pub fn groups(&self) -> Event {
        let groups = self.0.desk.app.groups().unwrap_or_default();
        let names = groups.iter().map(|group| group.name.clone()).collect();
        *lock(&self.0.groups) = groups;
        Event::Groups(names)
    }

    /// The vault is locked: the codes that were asked for are gone with it.
    pub fn forget_codes(&self) {
        lock(&self.0.counted).clear();
        lock(&self.0.groups).clear();
        self.stop_token();
    }

    /// Has the loop read the list again.
    fn list_again(&self) {
        let _ = lock(&self.0.messages).send(Message::Changed(Topic::Accounts));
    }

    /// Stops what is under way.
    pub fn stop(&self) {
        self.0.cancel.cancel();
        self.0.ask.answer(None);
        self.end_token();
    }

    /// Does one wish. The ones that only concern the screen are not for it.
    pub fn work(&self, effect: Effect) {
        match effect {
            Effect::Give(passphrase) => self.0.ask.answer(Some(normal(passphrase.text()))),
            Effect::Withhold => self.0.ask.answer(None),
            Effect::Drop => drop(lock(&self.0.found).take()),
            Effect::TokenAnswer(answer) => self.answer_token(answer.as_ref()),
            Effect::TokenStop => self.stop_token(),
            Effect::Bell | Effect::Quit => {}
            effect => {
                let (worker, awaited) = (self.clone(), effect.is_awaited());
                thread::spawn(move || {
                    for event in worker.slow(effect) {
                        worker.tell(event);
                    }
                    if awaited {
                        let _ = lock(&worker.0.messages).send(Message::Settled);
                    }
                });
            }
        }
    }

    fn tell(&self, event: Event) {
        if matches!(event, Event::Did(_)) {
            *lock(&self.0.done) = undoing::last(&self.0.desk.app);
        }
        // The screen is gone only when the program ends.
        let _ = lock(&self.0.messages).send(Message::Event(Box::new(event)));
    }

    fn slow(&self, effect: Effect) -> Vec<Event> {
        match effect {
            Effect::Unlock(passphrase) => self.unlock(&passphrase),
            Effect::Lock => {
                self.forget_codes();
                self.0.desk.app.lock();
                vec![Event::Locked(true)]
            }
            Effect::Read(typed) => vec![self.read(&typed)],
            Effect::Accept { blank } => self.accept(blank),
            Effect::Next(id) => self.next(&id),
            Effect::Remove(Removal::Account { id, name, .. }) => vec![self.remove(&id, &name)],
            Effect::Remove(Removal::Gateway { id, name, not_left }) => vec![self.leave(&id, &name, not_left.is_some())],
            Effect::Copy { id, next } => self.copy(&id, next),
            Effect::Details(id) => vec![self.details(&id)],
            Effect::Edit(id) => vec![self.edit(&id)],
            Effect::Save(form) => self.save(&form),
            Effect::Search(typed) => self.search(&typed),
            Effect::Sort(sort) => self.sort_by(sort),
            Effect::Mark { id, mark, on } => vec![self.mark(&id, mark, on)],
            Effect::Shift { id, before } => vec![self.shift(&id, before.as_deref())],
            Effect::Used(id) => self.used(&id),
            Effect::Group(task) => self.group(&task),
            Effect::Undo => vec![self.undo()],
            Effect::Bin => vec![self.bin()],
            Effect::Restore(id) => self.restore(&id),
            Effect::Purge(ids) => self.purge(&ids),
            Effect::Settings => vec![self.settings()],
            Effect::Set(set) => vec![self.set(set)],
            Effect::Dismiss(id) => self.dismiss(&id),
            Effect::ReportNotice(id) => vec![self.report_notice(&id)],
            Effect::History => vec![self.history()],
            Effect::Tokens => vec![self.tokens()],
            Effect::Token(task) => self.token(&task),
            Effect::Move(gateway) => vec![self.invite(&gateway)],
            Effect::Confirm { gateway, digits } => vec![Event::Confirmed(self.confirm(&gateway, &digits))],
            Effect::Change { old, new } => vec![self.change(&old, &new)],
            Effect::Approve { id, digits } => self.answer(&id, Some(&digits), false),
            Effect::Deny(id) => self.answer(&id, None, false),
            Effect::Report(id) => self.answer(&id, None, true),
            Effect::Give(_) | Effect::Withhold | Effect::Drop | Effect::Bell | Effect::Quit => Vec::new(),
            Effect::TokenAnswer(_) | Effect::TokenStop => Vec::new(),
        }
    }

    fn now(&self) -> u64 {
        self.0.desk.clock.now()
    }

    fn unlock(&self, passphrase: &Field) -> Vec<Event> {
        match self.0.desk.unlock(&normal(passphrase.text())) {
            Ok(damage) => {
                self.list_again();
                let mut events = vec![Event::Locked(false)];
                if !damage.is_empty() {
                    events.push(Event::Failed(damage.join(" ")));
                    // It stands on the screen; where this is not kept, it stands there once more next time.
                    let _ = self.0.desk.accept_damage();
                }
                events
            }
            Err(fault) => vec![Event::UnlockFailed(fault.words)],
        }
    }

    fn change(&self, old: &Field, new: &Field) -> Event {
        match self.0.desk.change_passphrase(&normal(old.text()), &normal(new.text())) {
            Ok(()) => Event::Done(text("cli.passphrase_changed").to_owned()),
            Err(fault) => Event::NotChanged(fault.words),
        }
    }

    fn read(&self, typed: &Field) -> Event {
        let read = read::field(&self.0.desk.app, typed.text());
        Event::Read(read.map(|found| {
            let mut shown = rows::found(&found);
            rows::put_there(&self.0.desk.app, &found, &mut shown);
            *lock(&self.0.found) = Some(found);
            shown
        }))
    }

    fn accept(&self, blank: bool) -> Vec<Event> {
        let desk = &self.0.desk;
        let found = lock(&self.0.found).take();
        let done = match found {
            Some(Found::Account { account, repairs, .. }) => {
                let blanks = read::with_blanks(&account, &repairs).filter(|_| blank);
                let account = blanks.unwrap_or(*account);
                let added = there::add(&desk.app, &NewAccount::scanned(&account, &repairs, None));
                added.map(|added| match added {
                    Ok(_) => vec![Event::Done(fill("cli.added", &[("name", &read::line(&account))]))],
                    Err(Became::Went(words)) => vec![Event::Did(words)],
                    Err(Became::Stays(words)) => vec![Event::Failed(words)],
                })
            }
            Some(Found::Enrolment(offer, _)) => {
                desk.app.enrol(&offer, &Desk::phone(), &self.0.cancel).map(|enrolling| {
                    vec![Event::Joined {
                        gateway: enrolling.id.to_string(),
                        digits: Figures::new(enrolling.digits),
                        name: enrolling.gateway,
                        host: enrolling.host,
                    }]
                })
            }
            Some(Found::Offline(code, row)) => desk
                .app
                .answer_code(&code, &self.0.cancel)
                .map(|code| vec![Event::Code { code: Figures::new(code.to_string()), app: row.app.clone() }]),
            None => Ok(vec![]),
        };
        done.unwrap_or_else(|fault| vec![Event::Failed(words::of_error(&fault))])
    }

    fn dismiss(&self, id: &str) -> Vec<Event> {
        let done = id.parse().map_err(Error::from).and_then(|id| self.0.desk.app.dismiss(id));
        done.err().map(|fault| Event::Failed(words::of_error(&fault))).into_iter().collect()
    }

    fn report_notice(&self, id: &str) -> Event {
        let done = id.parse().map_err(Error::from).and_then(|id| self.0.desk.app.report(id, &self.0.cancel));
        match done {
            Ok(_) => Event::Done(text("tui.notice_reported").to_owned()),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    fn history(&self) -> Event {
        match self.0.desk.app.history() {
            Ok(rows) => Event::History(history::lines(&rows)),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    fn invite(&self, gateway: &str) -> Event {
        let id = gateway.parse().map_err(|_| Error::from(InputError::NotFound));
        match id.and_then(|id| self.0.desk.app.invite(id, false, &self.0.cancel)) {
            Ok(moving) => Event::Moving(rows::moving(&moving)),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    fn confirm(&self, gateway: &str, digits: &Field) -> Result<(), String> {
        let id = gateway.parse().map_err(|_| Error::from(InputError::NotFound));
        let typed = digits.text().parse::<Typed>().map_err(|_| Error::from(InputError::DigitsAsked(6)));
        let done = id.and_then(|id| self.0.desk.app.confirm(id, &typed?, &self.0.cancel));
        done.map_err(|fault| words::of_error(&fault))
    }

    /// Who waits for digits on the page of a move.
    pub fn joining(&self, gateway: &str) -> Event {
        let moving = gateway.parse().ok().and_then(|id| self.0.desk.app.moving(id).ok().flatten());
        Event::Joining(moving.as_ref().and_then(rows::joining))
    }

    /// Leaves a gateway; where it can't be told, the person is asked whether to forget it here alone.
    fn leave(&self, gateway: &str, name: &str, forget: bool) -> Event {
        let app = &self.0.desk.app;
        let id: Result<Id, Error> = gateway.parse().map_err(|_| InputError::NotFound.into());
        let done = id.and_then(|id| if forget { app.forget(id) } else { app.leave(id, &self.0.cancel) });
        let host = [("host", name)];
        match done {
            Ok(()) if forget => Event::Done(fill("cli.forgotten", &host)),
            Ok(()) => Event::Done(fill("cli.left", &host)),
            Err(fault @ (Error::Input(_) | Error::Port(PortError::Cancelled))) => {
                Event::Failed(words::of_error(&fault))
            }
            Err(fault) if forget => Event::Failed(words::of_error(&fault)),
            Err(fault) => {
                let why = words::of_error(&fault);
                Event::NotLeft { id: gateway.to_owned(), name: name.to_owned(), why }
            }
        }
    }

    fn answer(&self, id: &str, digits: Option<&Field>, report: bool) -> Vec<Event> {
        let how = match self.decide(id, digits, report) {
            Ok(verdict) => {
                let outcome = words::of_verdict(verdict);
                match outcome.again {
                    true => Answered::Wrong(outcome.words),
                    false => Answered::Over { text: outcome.words, good: outcome.good },
                }
            }
            Err(fault) if self.is_kept(id) => {
                let text = fill("tui.answer_kept", &[("why", &words::of_error(&fault))]);
                Answered::Over { text, good: false }
            }
            Err(fault @ Error::Input(InputError::Ended(_) | InputError::NotFound)) => {
                Answered::Over { text: words::of_error(&fault), good: false }
            }
            Err(Error::Port(PortError::UserRefused)) => Answered::Failed(text("tui.not_signed").to_owned()),
            Err(fault) => Answered::Failed(words::of_error(&fault)),
        };
        vec![Event::Answered { id: id.to_owned(), how }]
    }

    fn decide(&self, id: &str, digits: Option<&Field>, report: bool) -> Result<Verdict, Error> {
        let (app, cancel) = (&self.0.desk.app, &self.0.cancel);
        let id = id.parse()?;
        match digits {
            Some(digits) => {
                let rule = InputError::Field { field: Named::Digits, rule: Rule::Digits };
                let typed: Typed = digits.text().parse().map_err(|_| rule)?;
                app.approve(id, typed, cancel)
            }
            None if report => app.report(id, cancel),
            None => app.deny(id, cancel),
        }
    }

    /// Was the answer signed, and is it sent again as soon as that is possible?
    fn is_kept(&self, id: &str) -> bool {
        let rows = self.0.desk.app.approvals();
        rows.iter().any(|row| row.id.to_string() == id && matches!(row.state, ApprovalState::Sending(_)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
