//! One driver a family: how it is asked what it is, what it holds, written, and read back.

pub(super) mod display;
pub(super) mod feitian;
pub(super) mod molto;
pub(super) mod oath;
pub(super) mod single;
pub(super) mod slim;
pub(super) mod token2;

use super::channel::Channel;
use super::error::unreadable;
use super::identity::{Family, Identity};
use super::operation::{Operated, Operation};
use super::pen::{Pen, Stop, Tools};
use super::plan::{Holding, Plan};
use super::request::{KeyProfile, Request};
use super::room::Room;
use super::tlv::Reader;
use super::verify::Proof;
use super::{Step, TokenError};

/// What a family can be told. One lives as long as a link to one token does.
pub(super) trait Driver {
    /// What it tells of itself.
    fn identity(&self) -> &Identity;

    /// Reads what is in the place that a request would write. Nothing is written; an access code is proven at most once.
    ///
    /// # Errors
    /// [`TokenError`].
    fn survey(
        &mut self,
        channel: &mut Channel<'_>,
        request: &Request,
        key: &KeyProfile,
        tools: Tools<'_>,
    ) -> Result<Holding, TokenError>;

    /// Reads how full it is; nothing of a family that does not tell. Nothing is written; an access code is proven at most
    /// once.
    ///
    /// # Errors
    /// [`TokenError`].
    fn room(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyProfile,
        tools: Tools<'_>,
    ) -> Result<Option<Room>, TokenError>;

    /// Writes. The key is proven at most once.
    ///
    /// # Errors
    /// [`Stop`], with what the token holds.
    fn execute(&mut self, pen: Pen<'_, '_>, plan: &Plan) -> Result<(), Stop>;

    /// Reads back what was written, as far as the family can.
    ///
    /// # Errors
    /// [`TokenError::NotKept`] when it is something else; [`TokenError`] when it could not be read.
    fn verify(&mut self, channel: &mut Channel<'_>, plan: &Plan, tools: Tools<'_>) -> Result<Proof, TokenError>;

    /// Does one of the things that are no burn.
    ///
    /// # Errors
    /// [`TokenError::Unable`] when the family or model cannot, with nothing sent; [`Stop`].
    fn operate(&mut self, pen: Pen<'_, '_>, operation: &Operation) -> Result<Operated, Stop>;
}

/// Whether an entry stands in the list that an applet tells: pieces of `tag`, each a byte of kind and hash, and a name.
fn listed(tag: u8, told: &[u8], name: &str) -> Result<Holding, TokenError> {
    let mut reader = Reader::new(told);
    let mut holding = Holding::Free;
    while let Some((found, value)) = reader.object().map_err(unreadable(Step::List))? {
        if found == tag && value.get(1..) == Some(name.as_bytes()) {
            holding = Holding::Entry;
        }
    }
    Ok(holding)
}

/// How many entries stand in such a list.
fn count(tag: u8, told: &[u8]) -> Result<usize, TokenError> {
    let (mut reader, mut count) = (Reader::new(told), 0);
    while let Some((found, _)) = reader.object().map_err(unreadable(Step::List))? {
        count += usize::from(found == tag);
    }
    Ok(count)
}

/// Asks a token whether it is of a family, in the way that the family is asked.
pub(super) fn ask(
    family: Family,
    channel: &mut Channel<'_>,
    tools: Tools<'_>,
) -> Result<Option<Box<dyn Driver>>, TokenError> {
    fn boxed(driver: Option<impl Driver + 'static>) -> Option<Box<dyn Driver>> {
        driver.map(|driver| Box::new(driver) as Box<dyn Driver>)
    }
    let now = tools.clock.now();
    Ok(match family {
        Family::Single => boxed(single::Single::identify(channel, now)?),
        Family::Molto2 => boxed(molto::Molto::identify(channel, now)?),
        Family::Oath(_) => boxed(oath::Oath::identify(channel)?),
        Family::Token2Otp => boxed(token2::Token2::identify(channel)?),
        Family::Feitian => boxed(feitian::Feitian::identify(channel)?),
    })
}
