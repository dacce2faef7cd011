//! Hardware tokens of a shell that opens a link for each time a token is held to it: what it needs beside the burn itself.

use super::App;
#[cfg(doc)]
use crate::burn::Refusal;
use crate::burn::source::{self, Row, Settings};
use crate::burn::{
    BatchLine, Ending, Found, Halt, Identity, KeyProfile, Operated, Operation, Plan, Room, Stop, TokenError,
};
use crate::cancel::Cancel;
use crate::error::Error;
#[cfg(doc)]
use crate::error::PortError;

impl App {
    /// Burns as planned, where the token was taken away after the plan was made: what lies there now must be the same token,
    /// and what is in its place what was agreed to.
    ///
    /// # Errors
    /// As [`App::burn`]. [`TokenError::OtherToken`] for another token, and [`Refusal::Taken`] for what is in its place by
    /// now; then nothing was sent that writes.
    pub fn burn_agreed(
        &self,
        found: &mut Found<'_>,
        plan: &Plan,
        key: &KeyProfile,
        from: Option<BatchLine>,
        cancel: &Cancel,
    ) -> Result<Ending, Halt> {
        let now = found.plan_agreed(plan, key, self.token_tools(cancel))?;
        self.burn(found, &now, key, from, cancel)
    }

    /// Draws a seed for each of `count` tokens.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] where there is no randomness.
    pub fn draw_seeds(&self, count: usize, settings: Settings) -> Result<Vec<Row>, Error> {
        Ok(source::random(count, settings, &*self.ports.random)?)
    }

    /// Reads how full a token is.
    ///
    /// # Errors
    /// As [`Found::room`].
    pub fn token_room(
        &self,
        found: &mut Found<'_>,
        key: &KeyProfile,
        cancel: &Cancel,
    ) -> Result<Option<Room>, TokenError> {
        found.room(key, self.token_tools(cancel))
    }

    /// What else of a security key can be written beside the applet that answered first.
    ///
    /// # Errors
    /// As [`Found::others`].
    pub fn other_applets(&self, found: &mut Found<'_>, cancel: &Cancel) -> Result<Vec<Identity>, TokenError> {
        found.others(self.token_tools(cancel))
    }

    /// Does to a token one of the things that are no burn.
    ///
    /// # Errors
    /// As [`Found::operate`].
    pub fn operate_token(
        &self,
        found: &mut Found<'_>,
        operation: &Operation,
        key: &KeyProfile,
        cancel: &Cancel,
    ) -> Result<Operated, Stop> {
        found.operate(operation, key, self.token_tools(cancel))
    }
}
