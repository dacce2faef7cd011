//! What a running gateway does about its keys: it notices a change that a command made beside it, signs with the new key,
//! tells pages and phones, and takes keys out of the list that signed nothing that is still open.

use std::sync::Arc;
use std::time::Duration;

use super::service::ChainFault;
use crate::audit::Caller;
use crate::enrol::devices::EnrolFault;
use crate::enrol::stale::Which;
use crate::house::{House, Panicked};
use crate::person::PersonFault;
use crate::push::metadata::PublishFault;
use crate::store::StoreFault;

/// Time between two looks: how long a running gateway signs with the key before, after a command made another.
const EVERY: Duration = Duration::from_secs(1);

/// Why a look failed; the next one tries again.
#[derive(Debug, thiserror::Error)]
pub enum TendFault {
    /// The keys.
    #[error(transparent)]
    Chain(#[from] ChainFault),
    /// The metadata.
    #[error(transparent)]
    Publish(#[from] PublishFault),
    /// New codes in the place of ended ones.
    #[error(transparent)]
    Enrol(#[from] EnrolFault),
    /// The people whose phones are told.
    #[error(transparent)]
    People(#[from] PersonFault),
    /// The phones that are told.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A bug.
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

/// Looks until the gateway stops.
pub async fn run(house: Arc<House>) {
    // Codes that a command ended while no gateway ran.
    if let Err(fault) = house.run(|house| Ok::<_, TendFault>(house.devices.renew_codes(Which::Ended)?)).await {
        tracing::warn!(%fault, "codes could not be made anew");
    }
    loop {
        if let Err(fault) = house.run(look).await {
            tracing::warn!(%fault, "the keys could not be looked after");
        }
        tokio::select! {
            () = house.timer.wait(EVERY) => {}
            () = house.stopping.begun() => return,
        }
    }
}

/// One look. Blocks.
///
/// # Errors
/// [`TendFault`].
pub fn look(house: &House) -> Result<(), TendFault> {
    let by = Caller { address: None, transaction: "keys".into() };
    let at = house.approvals.moment();
    if house.published.lists_ended_keys() {
        house.chain.remove_ended(at, &by)?;
    }
    let Some(change) = house.published.refresh(at.now)? else { return Ok(()) };
    if change.epoch {
        house.chain.cancel_unlisted(at, &by)?;
        // The recovery stored a notice for everybody.
        house.people.all()?.iter().try_for_each(|person| house.notices.announce(person.id))?;
    }
    if change.codes {
        house.devices.renew_codes(Which::Open)?;
    }
    house.wakes.wake_all();
    Ok(())
}
