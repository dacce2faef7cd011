//! What every driver writes with: it knows at each moment what the token may hold.

use countersign_protocol::Secret;

use super::apdu::Apdu;
use super::channel::{Channel, Response};
use super::request::KeyProfile;
use super::{Step, TokenError};
use crate::cancel::Cancel;
use crate::port::{Clock, Random};

/// What a burn takes from its shell.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// The time that is written into clocks.
    pub clock: &'a dyn Clock,
    /// Challenges, and keys that are used once.
    pub random: &'a dyn Random,
    /// Stops before the first write; after it, a burn goes on to its end.
    pub cancel: &'a Cancel,
}

/// What the place that is written holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Held {
    /// What it held before.
    Before,
    /// The seed of before under the new settings: its codes are right for neither.
    Mixed,
    /// Nothing: the old seed is gone, the new one is not there.
    Nothing,
    /// The new seed, with its settings; its title may be the old one.
    New,
}

/// A burn that did not come to its end, and what the token holds now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}; it may hold {holds:?}")]
pub struct Stop {
    /// Why.
    #[source]
    pub error: TokenError,
    /// What it may hold: one, when that is certain; two, when the answer to a write never came.
    pub holds: Vec<Held>,
}

impl Stop {
    /// The same for who began with a token that may have held these: what it held before is one of them.
    pub(super) fn after(mut self, left: &[Held]) -> Self {
        if let Some(at) = self.holds.iter().position(|held| *held == Held::Before) {
            self.holds.remove(at);
            let others = std::mem::take(&mut self.holds);
            self.holds.extend(left.iter().copied().filter(|held| !others.contains(held)));
            self.holds.extend(others);
        }
        self
    }

    /// Whether nothing was changed for certain.
    pub fn is_untouched(&self) -> bool {
        self.holds == [Held::Before]
    }
}

/// Sends commands, and remembers what was done.
pub(crate) struct Pen<'a, 'l> {
    pub(crate) channel: &'a mut Channel<'l>,
    pub(crate) tools: Tools<'a>,
    pub(crate) key: &'a KeyProfile,
    held: Held,
    mark: &'a mut dyn FnMut(Step),
}

impl<'a, 'l> Pen<'a, 'l> {
    pub(crate) fn new(
        channel: &'a mut Channel<'l>,
        tools: Tools<'a>,
        key: &'a KeyProfile,
        mark: &'a mut dyn FnMut(Step),
    ) -> Self {
        Self { channel, tools, key, held: Held::Before, mark }
    }

    /// Where it may still stop: nothing was written.
    pub(crate) fn check_cancel(&self) -> Result<(), Stop> {
        self.tools.cancel.check().map_err(|error| self.stop(error.into()))
    }

    /// The time, as tokens keep it.
    pub(crate) fn now(&self) -> Result<u32, Stop> {
        u32::try_from(self.tools.clock.now()).map_err(|_| self.stop(TokenError::Unable))
    }

    /// Asks for something; what the token holds stays as it is, whatever comes of it.
    pub(crate) fn exchange(&mut self, apdu: &Apdu) -> Result<Response, Stop> {
        self.channel.exchange(apdu).map_err(|error| self.stop(error))
    }

    /// As [`exchange`](Self::exchange), for what is either done or not.
    pub(crate) fn ask(&mut self, step: Step, apdu: &Apdu) -> Result<Secret, Stop> {
        let data = self.channel.ask(step, apdu).map_err(|error| self.stop(error))?;
        (self.mark)(step);
        Ok(data)
    }

    /// Writes something, after which the token holds `then`. Without an answer it may hold either.
    pub(crate) fn write(&mut self, step: Step, apdu: &Apdu, then: Held) -> Result<(), Stop> {
        self.write_or(step, apdu, then, TokenError::status)
    }

    /// The same, where a driver knows better what a status word means.
    pub(crate) fn write_or(
        &mut self,
        step: Step,
        apdu: &Apdu,
        then: Held,
        means: impl FnOnce(Step, super::StatusWord) -> TokenError,
    ) -> Result<(), Stop> {
        let outcome = self.channel.exchange(apdu);
        let error = match outcome {
            Ok(response) if response.status == super::StatusWord::OK => {
                self.held = then;
                (self.mark)(step);
                return Ok(());
            }
            Ok(response) if response.status.is_unsure() => TokenError::status(step, response.status),
            Ok(response) => means(step, response.status),
            Err(error) => error,
        };
        let mut stop = self.stop(error);
        if error.is_unsure() && then != self.held {
            stop.holds.push(then);
        }
        Err(stop)
    }

    /// What is true of the token now, with an error that changed nothing.
    pub(crate) fn stop(&self, error: TokenError) -> Stop {
        Stop { error, holds: vec![self.held] }
    }
}
