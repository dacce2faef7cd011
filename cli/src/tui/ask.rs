//! The keystore's question on the screen: it waits on its own thread until the person has answered.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::Prompt;
use countersign_core::protocol::Secret;

use super::screen::Message;
use super::state::Event;
use crate::port::AskPassphrase;

/// Asks by an event, and is answered by [`ScreenAsk::answer`].
pub struct ScreenAsk {
    messages: Mutex<Sender<Message>>,
    /// One question at a time.
    turn: Mutex<()>,
    waiting: Mutex<Option<Sender<Option<Secret>>>>,
}

impl ScreenAsk {
    /// Sends its questions to the screen.
    pub fn new(messages: Sender<Message>) -> Self {
        Self { messages: Mutex::new(messages), turn: Mutex::new(()), waiting: Mutex::new(None) }
    }

    /// The person's answer; `None` is a no. Without a question it is dropped.
    pub fn answer(&self, passphrase: Option<Secret>) {
        if let Some(waiting) = lock(&self.waiting).take() {
            // Who asked may have been cancelled.
            let _ = waiting.send(passphrase);
        }
    }

    fn tell(&self, event: Event) {
        // Without a screen the answer never comes, and the program ends.
        let _ = lock(&self.messages).send(Message::Event(Box::new(event)));
    }
}

impl AskPassphrase for ScreenAsk {
    fn ask(&self, _: Option<&Prompt>, wrong: bool, cancel: &Cancel) -> Result<Secret, PortError> {
        let _turn = lock(&self.turn);
        let (send, answer) = channel();
        let stop = send.clone();
        let _stopped = cancel.on_cancel(move || {
            let _ = stop.send(None);
        });
        *lock(&self.waiting) = Some(send);
        self.tell(Event::Asked { wrong });
        let answer = answer.recv();
        lock(&self.waiting).take();
        self.tell(Event::AskOver);
        cancel.check()?;
        answer.ok().flatten().ok_or(PortError::UserRefused)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
