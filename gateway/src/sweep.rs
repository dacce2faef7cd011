//! What is done now and then, and at the start. Forgetting what nobody needs any more: answers kept for repeats, old
//! approvals, codes, keys of devices long gone, and what the audit has kept for as long as the operator says. Ringing for what
//! phones were told by a command, which has no bells.

use std::sync::Arc;
use std::time::Duration;

use crate::house::{House, Panicked};
use crate::store::StoreFault;

/// Time between two rounds.
const EVERY: Duration = Duration::from_secs(600);
const DAY: u64 = 86_400;
/// Seconds that an approval is kept after it began; the audit keeps what happened.
const APPROVALS: u64 = DAY;

/// Why a round failed; the next one tries again.
#[derive(Debug, thiserror::Error)]
enum SweepFault {
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

/// Goes round until the gateway stops.
pub async fn run(house: Arc<House>) {
    loop {
        if let Err(fault) = house.run(round).await {
            tracing::warn!(%fault, "sweeping failed");
        }
        tokio::select! {
            () = house.timer.wait(EVERY) => {}
            () = house.stopping.begun() => return,
        }
    }
}

fn round(house: &House) -> Result<(), SweepFault> {
    let at = house.approvals.moment();
    house.devices.store().sweep(at)?;
    house.notices.store().sweep(at)?;
    house.audit.forget(at.now, u64::from(house.config.audit_days) * DAY)?;
    house.approvals.store().sweep(at.now.saturating_sub(APPROVALS), at)?;
    Ok(house.notices.announce_unheard()?)
}
