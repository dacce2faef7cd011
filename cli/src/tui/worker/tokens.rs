//! Hardware tokens: the commands run behind the screen, which shows what they say and asks what they ask.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_core::app::LedgerLine;
use countersign_core::burn::LedgerRow;
use countersign_core::burn::ledger::Proof;
use countersign_strings::{fill, text};
use zeroize::Zeroizing;

use super::{Message, Worker, lock};
use crate::command::Context;
use crate::command::account::NUMBER;
use crate::command::token;
use crate::command::token::args::{Burn, Operate, SyncClock, TokenCommand, Verify, Where, Writing};
use crate::desk::Desk;
use crate::fault::{End, Fault};
use crate::front::{Front, Question};
use crate::outside::isolated;
use crate::port::interrupt::Interrupt;
use crate::port::pause;
use crate::terminal::Terminal;
use crate::tui::field::Field;
use crate::tui::model::TokenRow;
use crate::tui::state::{Event, Over, TokenQuestion, TokenTask};
use crate::{token_words, when, words};

/// How long what may not be cut off is waited for at most, as the program ends.
const LAST_WRITE: Duration = Duration::from_secs(10);

/// The screen that the commands of tokens speak to, for one of them.
pub struct TokenFront {
    messages: Mutex<Sender<Message>>,
    desk: Desk,
    /// Who waits for an answer.
    waiting: Mutex<Option<Sender<Option<Zeroizing<String>>>>>,
    interrupt: Interrupt,
}

impl TokenFront {
    fn tell(&self, event: Event) {
        // Whoever lays tokens on a reader is there, though no key is touched.
        self.desk.app.touched();
        // The screen is gone only when the program ends.
        let _ = lock(&self.messages).send(Message::Event(Box::new(event)));
    }

    fn answer(&self, answer: Option<Zeroizing<String>>) {
        if let Some(waiting) = lock(&self.waiting).take() {
            // Who asked may have ended.
            let _ = waiting.send(answer);
        }
    }

    fn stop(&self) {
        self.interrupt.ask();
        self.answer(None);
    }
}

impl Front for TokenFront {
    fn say(&self, words: &str) {
        self.tell(Event::TokenSaid(words.to_owned()));
    }

    fn ask(&self, question: Question) -> Option<Zeroizing<String>> {
        if self.interrupt.was_asked() {
            return None;
        }
        let (send, answer) = channel();
        *lock(&self.waiting) = Some(send);
        self.tell(Event::TokenAsks(match question {
            Question::YesNo(words) => TokenQuestion::YesNo(words),
            Question::Line(words) => TokenQuestion::Line(words),
            Question::Hidden(words) => TokenQuestion::Hidden(words),
            Question::Choice(names) => TokenQuestion::Choice(names),
        }));
        answer.recv().ok().flatten()
    }

    fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }
}

impl Worker {
    /// The ledger, the last written first.
    pub(super) fn tokens(&self) -> Event {
        match self.0.desk.app.ledger(None) {
            Ok(lines) => Event::Tokens(lines.iter().rev().map(row).collect()),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    /// Does something with the token that lies there, until that has come to its end.
    pub(super) fn token(&self, task: &TokenTask) -> Vec<Event> {
        let front = Arc::new(TokenFront {
            messages: Mutex::new(lock(&self.0.messages).clone()),
            desk: self.0.desk.clone(),
            waiting: Mutex::default(),
            interrupt: Interrupt::quiet(),
        });
        *lock(&self.0.token) = Some(front.clone());
        let terminal = Terminal::of_front(front);
        let done = command(task, &self.0.tokens, &terminal).and_then(|command| {
            token::run(&Context::of_opened(terminal, self.0.home.clone(), self.0.desk.clone()), &command)
        });
        lock(&self.0.token).take();
        vec![over(done)]
    }

    /// The person's answer; `None` where there is none.
    pub(super) fn answer_token(&self, answer: Option<&Field>) {
        let front = lock(&self.0.token).clone();
        if let Some(front) = front {
            front.answer(answer.map(|field| Zeroizing::new(field.text().to_owned())));
        }
    }

    /// Stops what is done with a token, but for what may not be cut off.
    pub(super) fn stop_token(&self) {
        let front = lock(&self.0.token).clone();
        if let Some(front) = front {
            front.stop();
        }
    }

    /// Stops it, and waits until nothing is left that may not be cut off.
    pub(super) fn end_token(&self) {
        let front = lock(&self.0.token).clone();
        let Some(front) = front else { return };
        front.stop();
        let clock = &*self.0.desk.clock;
        let end = clock.monotonic().saturating_add(LAST_WRITE);
        pause::until(clock, u64::MAX, || front.interrupt.holds() && clock.monotonic() < end);
    }
}

/// How it came to its end.
fn over(done: Result<(), Fault>) -> Event {
    match done {
        Ok(()) => Event::TokenOver(Over::Done, None),
        Err(Fault { end: End::ClockOff, words, .. }) => Event::TokenOver(Over::ClockOff, Some(words)),
        Err(fault) => Event::TokenOver(Over::NotDone, Some(fault.words)),
    }
}

/// The command of a task; what it takes beside its questions is asked first.
fn command(task: &TokenTask, on: &Where, terminal: &Terminal) -> Result<TokenCommand, Fault> {
    let burn = |burn: Burn| {
        TokenCommand::Burn(Box::new(Burn { writing: Writing { on: on.clone(), ..Writing::default() }, ..burn }))
    };
    let operate = || Operate { on: on.clone(), ..Operate::default() };
    Ok(match task {
        TokenTask::Info => TokenCommand::Info(on.clone()),
        TokenTask::WriteTyped => burn(Burn::default()),
        TokenTask::WriteAccount(id) => burn(Burn { name: Some(format!("{NUMBER}{id}")), ..Burn::default() }),
        TokenTask::WritePicture => {
            let path = terminal.line(text("tui.token_picture"), false)?;
            burn(Burn { picture: Some(path.trim().into()), ..Burn::default() })
        }
        TokenTask::TakeUp => burn(Burn { resume: true, ..Burn::default() }),
        TokenTask::Prove => TokenCommand::Verify(Verify { on: on.clone(), ..Verify::default() }),
        TokenTask::Clock => TokenCommand::Sync(SyncClock { operate: operate(), ..SyncClock::default() }),
        TokenTask::Reset => TokenCommand::Reset(operate()),
    })
}

fn row(line: &LedgerLine) -> TokenRow {
    let row = &line.row;
    let serial = row.token.serial.as_ref().or(row.credential.serial.as_ref());
    let model = if row.model.is_empty() { &row.manufacturer } else { &row.model };
    let profile = row.token.family.has_profiles().then_some(row.profile);
    let model = token_words::of_place(&isolated(model), profile);
    let parts = [model, serial.map(|serial| isolated(serial.as_str())).unwrap_or_default()];
    TokenRow {
        token: parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" "),
        owner: token_words::of_owner(&row.credential),
        when: when::minute(row.written_at),
        day: when::day(row.written_at),
        proof: token_words::of_proof(row.proof).to_owned(),
        proven: matches!(row.proof, Proof::ByWire | Proof::ByCodes),
        details: details(row),
    }
}

/// All that the ledger says of a token but its seed.
fn details(row: &LedgerRow) -> Vec<(&'static str, String)> {
    let serial = row.token.serial.as_ref().or(row.credential.serial.as_ref());
    let profile = row.token.family.has_profiles().then(|| row.profile.to_string());
    let told = [
        ("tui.token_serial", serial.map(|serial| isolated(serial.as_str()))),
        ("tui.token_profile", profile),
        ("tui.token_for", Some(token_words::of_owner(&row.credential)).filter(|owner| !owner.is_empty())),
        ("tui.token_codes", Some(token_words::of_settings(&row.credential))),
        ("tui.token_seed", Some(fill("tui.token_seed_bytes", &[("n", &row.credential.seed.len().to_string())]))),
        ("tui.token_written", Some(when::minute(row.written_at))),
        ("tui.token_state", Some(token_words::of_proof_by(row.proof).to_owned())),
    ];
    told.into_iter().filter_map(|(label, value)| Some((text(label), value?))).collect()
}

#[cfg(test)]
mod tests {
    use countersign_core::burn::source::{Choices, Kind, read};
    use countersign_core::burn::{Family, TokenName};

    use super::*;

    #[test]
    fn profiles_of_one_token_are_told_apart() {
        let source = b"serial,secret_hex\n42,3132333435363738393031323334353637383930\n";
        let credential = read(Kind::Table, source, Choices::default()).unwrap().rows.remove(0).credential;
        let line = |family, profile| LedgerLine {
            id: None,
            row: LedgerRow {
                token: TokenName { family, serial: credential.serial.clone() },
                profile,
                manufacturer: "Token2".into(),
                model: "Molto-2".into(),
                credential: credential.clone(),
                written_at: 0,
                proof: Proof::Written,
                ahead: None,
                batch: None,
            },
        };
        let tokens = [0, 7].map(|profile| row(&line(Family::Molto2, profile)).token);
        assert!(tokens[0] != tokens[1] && tokens[1].contains('7') && tokens[1].contains("42"), "{tokens:?}");
        let told = |family| row(&line(family, 7)).details.into_iter().map(|(label, _)| label).collect::<Vec<_>>();
        assert!(told(Family::Molto2).contains(&text("tui.token_profile")));
        assert!(!told(Family::Single).contains(&text("tui.token_profile")));
        let said = format!("{:?}", row(&line(Family::Molto2, 7)).details);
        assert!(!said.contains("3132") && !said.contains("GEZD"), "the seed stays where it is: {said}");
        assert_eq!(row(&line(Family::Single, 0)).token, "Molto-2 42", "a token of one place has no number of it");
    }
}
