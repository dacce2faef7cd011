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

#[cfg(test)]
mod tests {
    use crate::store::{Connection, Store, StoreFault};
    use crate::{approval, enrol, notice};

    /// What SQLite reads from one end to the other for a statement.
    fn scanned(tx: &Connection, sql: &str) -> Result<Vec<String>, StoreFault> {
        let mut plan = tx.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let none = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps = plan.query_map(rusqlite::params_from_iter(none), |row| row.get("detail"))?;
        let steps: Vec<String> = steps.collect::<Result<_, _>>()?;
        assert!(!steps.is_empty(), "{sql}");
        // An index of what is open or pending is read whole: it holds nothing else.
        let few = ["device_pending", "approval_open"];
        let is_whole = |step: &String| step.starts_with("SCAN") && !few.iter().any(|index| step.ends_with(index));
        Ok(steps.into_iter().filter(is_whole).collect())
    }

    #[test]
    fn neither_a_round_nor_an_enrolment_reads_what_all_people_have() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s")).unwrap();
        let late = approval::store::late();
        let mut statements = vec![enrol::store::LATE, notice::store::ROUND, &late];
        statements.extend(enrol::store::ROUND.map(|(sql, _)| sql));
        statements.extend(approval::store::ROUND);
        // What goes with a person is found by the person.
        statements.push("DELETE FROM person WHERE id = ?1");
        for sql in statements {
            let scanned = store.read(|tx| scanned(tx, sql)).unwrap();
            assert!(scanned.is_empty(), "{scanned:?}: {sql}");
        }
        // What the check is worth: a table without an index for this is named.
        let whole = store.read(|tx| scanned(tx, "SELECT 1 FROM device WHERE added < ?1")).unwrap();
        assert_eq!(whole, ["SCAN device"]);
    }
}
