//! The phone as a conversation, for a terminal that can do nothing but lines, and for pipes.

mod keeping;
mod moving;

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::app::{ApprovalRow, GatewayState, LockState};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Prompt, Topic};
use countersign_core::protocol::Secret;
use countersign_core::protocol::otp::Typed;
use countersign_core::vault::{Kind, NewAccount, Sort, View};
use countersign_strings::{fill, text};

use super::undoing::Known;
use super::{Start, setting};
use crate::command::account::Alike;
use crate::command::approvals::{card, described, notice};
use crate::command::there::{self, Became};
use crate::command::{Context, account, history};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::poll::{Pollers, once};
use crate::port::{AskPassphrase, Ear, Prefilled};
use crate::prose;
use crate::read::{self, Found};
use crate::terminal::{Terminal, chosen_passphrase, hidden_passphrase, normal, not_empty, stdin_line};
use crate::{outside, scan_words, words};

/// Talks until `quit`, or until the input ends.
pub fn run(context: &Context, start: Start) -> Result<(), Fault> {
    let ask = Arc::new(Prefilled::new(Arc::new(LineAsk(context.terminal.clone()))));
    let desk = super::open(context, start.fresh, ask.clone())?;
    let (terminal, settings) = (context.terminal.clone(), context.home.settings());
    let sort = setting::sort(&settings);
    let phone = Phone { desk, ask, terminal, settings, done: Cell::default(), sort: Cell::new(sort) };
    start.note.iter().for_each(|line| say(line));
    say(text("tui.plain_welcome"));
    let (changed, changes) = channel();
    phone.desk.app.observe(Arc::new(Ear::new(changed, |topic| topic)));
    let mut pollers = Pollers::new(phone.desk.app.clone(), Arc::new(|_, _| {}));
    pollers.follow();
    let (desk, mut seen) = (phone.desk.clone(), Vec::new());
    // Ends with the phone, whose observer holds the other end.
    let pollers = Arc::new(Mutex::new(pollers));
    let followed = pollers.clone();
    std::thread::spawn(move || {
        for topic in changes {
            if topic == Topic::Gateways {
                followed.lock().unwrap_or_else(PoisonError::into_inner).follow();
            }
            tell_new(&desk, &mut seen);
        }
    });
    let ended = phone.talk();
    pollers.lock().unwrap_or_else(PoisonError::into_inner).stop();
    // How often codes were used is written as it locks.
    phone.desk.app.lock();
    say(text("tui.plain_bye"));
    ended
}

/// Shows each waiting sign-in once, and how the enrolments stand when that changed.
fn tell_new(desk: &Desk, seen: &mut Vec<String>) {
    for row in desk.app.approvals().iter().filter(|row| row.can.approve) {
        let id = row.id.to_string();
        if !seen.contains(&id) {
            seen.push(id);
            say(&format!("\x07{}\n{}", text("tui.plain_new"), card(row, desk.clock.now())));
        }
    }
    for row in desk.app.notices() {
        let id = row.id.to_string();
        if !seen.contains(&id) {
            seen.push(id);
            say(&notice(&row));
        }
    }
    for row in desk.app.gateways() {
        let state = crate::command::state(&row.state);
        let stale = row.stale.map(words::of_staleness);
        let clock = words::clock_of(&row);
        let id = format!("{} {} {} {}", row.id, state.0, stale.unwrap_or_default(), clock.is_some());
        if !seen.contains(&id) {
            seen.push(id);
            say(&format!("{}: {}", words::host(&row), state.1));
            stale.iter().for_each(|stale| say(stale));
            clock.iter().for_each(|clock| say(clock));
            match row.state {
                GatewayState::Gone(why) => say(words::gone(why)),
                GatewayState::Damaged => say(text("error.gateway_damaged")),
                _ => {}
            }
        }
        moving::tell_joining(desk, &row, seen);
    }
}

/// Asks for the passphrase: hidden from a person, the next line from a pipe.
struct LineAsk(Arc<Terminal>);

impl AskPassphrase for LineAsk {
    fn ask(&self, prompt: Option<&Prompt>, wrong: bool, cancel: &Cancel) -> Result<Secret, PortError> {
        if io::stdin().is_terminal() {
            return self.0.ask(prompt, wrong, cancel);
        }
        if wrong {
            say(text("error.wrong_passphrase"));
        }
        cancel.check()?;
        say(text("tui.passphrase"));
        let line = stdin_line().ok().flatten().ok_or(PortError::UserRefused)?;
        Ok(normal(&line))
    }
}

/// The phone that talks.
struct Phone {
    desk: Desk,
    ask: Arc<Prefilled>,
    terminal: Arc<Terminal>,
    /// The file of the desk's settings.
    settings: PathBuf,
    /// What was done last, as it was told.
    done: Cell<Known>,
    sort: Cell<Sort>,
}

impl Phone {
    fn talk(&self) -> Result<(), Fault> {
        loop {
            prompt(&format!("{} ", text("tui.plain_prompt")));
            let Some(line) = stdin_line()? else { return Ok(()) };
            let (command, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            let done = match command {
                "" => Ok(()),
                "quit" | "q" | "exit" => return Ok(()),
                "help" | "?" => {
                    say(text("tui.plain_help"));
                    Ok(())
                }
                "codes" => self.codes(rest),
                "next" => self.next(rest),
                "remove" => self.remove(rest),
                "approvals" => self.approvals(),
                "approve" => self.approve(),
                "deny" => self.refuse(false),
                "report" => self.refuse(true),
                "dismiss" => self.dismiss(),
                "history" => self.history(),
                "move" => self.invite(rest),
                "confirm" => self.confirm(),
                "lock" => {
                    self.desk.app.lock();
                    Ok(())
                }
                "unlock" => self.unlock(),
                "passphrase" => self.change_passphrase(),
                _ => match self.keep(command, rest.trim()) {
                    Some(done) => done,
                    None if line.contains([':', '/']) => self.read(&line),
                    None => Err(Fault::refused(text("tui.plain_unknown"))),
                },
            };
            if let Err(fault) = done {
                say(&fault.words);
            }
        }
    }

    fn unlock(&self) -> Result<(), Fault> {
        if self.desk.app.lock_state() == LockState::Open {
            return Ok(());
        }
        let passphrase = self.ask.ask(None, false, &Cancel::default())?;
        let damage = self.desk.unlock(&passphrase)?;
        damage.iter().for_each(|words| say(words));
        if !damage.is_empty() && io::stdout().is_terminal() { self.desk.accept_damage() } else { Ok(()) }
    }

    /// From a person without echo, the new one twice; from a pipe the next two lines.
    fn change_passphrase(&self) -> Result<(), Fault> {
        let (old, new) = if io::stdin().is_terminal() {
            (hidden_passphrase(text("cli.passphrase"))?, chosen_passphrase()?)
        } else {
            let next = |question| {
                say(text(question));
                stdin_line()?.map(|line| normal(&line)).ok_or_else(|| Fault::refused(text("cli.nothing_on_stdin")))
            };
            (next("cli.passphrase")?, not_empty(next("cli.new_passphrase")?)?)
        };
        self.desk.change_passphrase(&old, &new)?;
        say(text("cli.passphrase_changed"));
        Ok(())
    }

    fn codes(&self, only: &str) -> Result<(), Fault> {
        self.unlock()?;
        self.list(&self.view(only)?)
    }

    fn list(&self, view: &View) -> Result<(), Fault> {
        let now = self.desk.clock.now();
        let (codes, alike) = (self.desk.app.view(view, now)?, Alike::among(&self.desk.app)?);
        for row in codes.rows.iter() {
            let name = alike.shown(&row.account);
            let details = &row.account.details;
            let marks = [(details.pinned, "tui.is_pinned"), (details.favourite, "tui.is_favourite")];
            let marks = marks.iter().filter(|(is, _)| *is).map(|(_, key)| format!(" · {}", text(key)));
            let name = format!("{name}{}", marks.collect::<String>());
            match &row.live {
                Some(_) if details.hidden => say(&format!("{}  {name}", text("tui.plain_hidden"))),
                Some(live) => {
                    let left = live.valid.end.saturating_sub(now).to_string();
                    say(&format!("{}  {}  {name}", live.code.grouped(), fill("common.seconds", &[("n", &left)])));
                }
                None => say(&format!("{}  {name}", text("tui.plain_counted"))),
            }
        }
        if codes.rows.is_empty() {
            say(text("tui.empty"));
        }
        Ok(())
    }

    fn next(&self, name: &str) -> Result<(), Fault> {
        self.unlock()?;
        let found = account::find(&self.desk.app.accounts()?, name)?;
        match found.kind {
            Kind::Hotp(_) => say(&self.desk.app.next_hotp(found.id)?.grouped()),
            Kind::Totp(_) | Kind::Steam | Kind::Yandex | Kind::MOtp => self.codes("")?,
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), Fault> {
        self.unlock()?;
        let found = account::find(&self.desk.app.accounts()?, name)?;
        let line = self.shown(&found)?;
        if self.yes(&fill("cli.remove_ask", &[("name", &line)]))? {
            self.desk.app.delete_account(found.id)?;
            self.did(fill("cli.removed", &[("name", &line)]));
        }
        Ok(())
    }

    fn approvals(&self) -> Result<(), Fault> {
        let asked = once(&self.desk.app, &Cancel::default());
        let rows = self.open();
        rows.iter().for_each(|row| say(&card(row, self.desk.clock.now())));
        if rows.is_empty() {
            asked?;
            say(text("tui.none_waiting"));
        }
        Ok(())
    }

    fn open(&self) -> Vec<ApprovalRow> {
        self.desk.app.approvals().into_iter().filter(|row| row.can.approve).collect()
    }

    fn oldest(&self) -> Result<ApprovalRow, Fault> {
        self.open().into_iter().next().ok_or_else(|| Fault::refused(text("tui.none_waiting")))
    }

    fn approve(&self) -> Result<(), Fault> {
        let row = self.oldest()?;
        let wanted = row.digits.to_string();
        say(&card(&row, self.desk.clock.now()));
        prompt(&format!("{} ", fill("cli.digits", &[("n", &wanted)])));
        let Some(line) = stdin_line()? else { return Ok(()) };
        let missing = || Fault::refused(fill("error.digits_asked", &[("n", &wanted)]));
        let typed: Typed = line.parse().map_err(|_| missing())?;
        let verdict = self.desk.app.approve(row.id, typed, &Cancel::default())?;
        say(&words::of_verdict(verdict).words);
        Ok(())
    }

    /// Of what is only told there is nothing to refuse; «that wasn't me» can be said of it all the same.
    fn refuse(&self, report: bool) -> Result<(), Fault> {
        let (app, cancel) = (&self.desk.app, Cancel::default());
        let told = app.notices().into_iter().find(|notice| notice.can_report);
        if let Some(notice) = told.filter(|_| report && self.open().is_empty()) {
            app.report(notice.id, &cancel)?;
            say(text("tui.notice_reported"));
            return Ok(());
        }
        let row = self.oldest()?;
        let verdict = if report { app.report(row.id, &cancel) } else { app.deny(row.id, &cancel) };
        say(&words::of_verdict(verdict?).words);
        Ok(())
    }

    fn dismiss(&self) -> Result<(), Fault> {
        let newest = self.desk.app.notices().into_iter().next();
        self.desk.app.dismiss(newest.ok_or_else(|| Fault::refused(text("tui.no_notice")))?.id)?;
        say(text("tui.notice_dismissed"));
        Ok(())
    }

    fn history(&self) -> Result<(), Fault> {
        let rows = self.desk.app.history()?;
        history::lines(&rows).iter().for_each(|line| say(line));
        if rows.is_empty() {
            say(text("tui.history_empty"));
        }
        Ok(())
    }

    /// Reads a link or the path of a picture, names it and asks.
    fn read(&self, line: &str) -> Result<(), Fault> {
        match read::field(&self.desk.app, line).map_err(Fault::refused)? {
            Found::Account { account, repairs, guessed } => {
                self.unlock()?;
                let name = read::line(&account);
                say(&format!("{}\n{}", outside::isolated(&name), scan_words::of_kind(&account)));
                scan_words::remarks_on_screen(&repairs, guessed).iter().for_each(|remark| say(remark));
                let new = NewAccount::scanned(&account, &repairs, None);
                there::foretold(&self.desk.app, &new).iter().for_each(|words| say(words));
                let blanks = read::with_blanks(&account, &repairs);
                let issuer = blanks.as_ref().map(|blanks| outside::isolated(&blanks.issuer));
                let account = match (blanks, issuer) {
                    (Some(blanks), Some(issuer)) if self.yes(&fill("cli.plus_blank_ask", &[("name", &issuer)]))? => {
                        blanks
                    }
                    _ => *account,
                };
                let twice = read::is_doubtful(&repairs);
                if self.yes(text("tui.add_title"))? && (!twice || self.yes(text("cli.steam_ask"))?) {
                    match there::add(&self.desk.app, &NewAccount::scanned(&account, &repairs, None))? {
                        Ok(_) => say(&fill("cli.added", &[("name", &outside::isolated(&read::line(&account)))])),
                        // It was told before.
                        Err(Became::Went(_)) => self.did(text("scan.counter_taken").to_owned()),
                        Err(Became::Stays(_)) => return Err(Fault::refused(text("scan.nothing_new"))),
                    }
                }
            }
            Found::Enrolment(offer, name) => {
                say(&format!("{} ({})", outside::isolated(&name), offer.host()));
                say(&fill("tui.enrol_ask", &[("host", offer.host())]));
                if self.yes(text("tui.enrol_title"))? {
                    let enrolling = self.desk.app.enrol(&offer, &Desk::phone(), &Cancel::default())?;
                    say(text("tui.type_on_page"));
                    say(&crate::measure::grouped(&enrolling.digits));
                }
            }
            Found::Offline(code, row) => {
                say(&described(&row));
                if self.yes(text("tui.offline_ask"))? {
                    say(&self.desk.app.answer_code(&code, &Cancel::default())?.grouped());
                    say(&fill("tui.offline_type", &[("app", &outside::isolated(&row.app))]));
                }
            }
        }
        Ok(())
    }

    fn yes(&self, question: &str) -> Result<bool, Fault> {
        prompt(&format!("{question} {} ", text("cli.yes_no")));
        let answer = stdin_line()?;
        Ok(answer.is_some_and(|answer| matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")))
    }
}

fn say(words: &str) {
    let mut out = io::stdout().lock();
    let words = prose::for_reader(words, out.is_terminal());
    // Nobody reads any more: the input ends soon as well.
    let _ = writeln!(out, "{words}").and_then(|()| out.flush());
}

fn prompt(words: &str) {
    let mut out = io::stdout().lock();
    let words = prose::for_reader(words, out.is_terminal());
    let _ = write!(out, "{words}").and_then(|()| out.flush());
}
