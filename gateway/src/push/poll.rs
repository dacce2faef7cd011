//! The poll: what a device is to know, now or when it changes (`push-v1.md` §8).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_protocol::jose::Id;
use countersign_protocol::push::{Closed, ClosedStatus, DeviceState as Told, Echo, List, State, Status};

use super::Phones;
use super::reply::Refusal;
use crate::approval::record::Challenged;
use crate::approval::rule;
use crate::enrol::DeviceState;
use crate::house::House;
use crate::wake::{Ended, Topic};

/// Challenges a State holds at most.
const MOST: usize = 12;

/// Which poll of a device is the newest.
#[derive(Default)]
pub struct Polls(Mutex<HashMap<Id, u64>>);

impl Polls {
    /// Begins a poll; every older one of this device is not the newest any more.
    fn begin(&self, did: Id) -> u64 {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = newest.entry(did).or_default();
        *number += 1;
        *number
    }

    fn is_newest(&self, did: Id, number: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&did) == Some(&number)
    }

    /// Forgets a device whose newest poll has ended.
    fn end(&self, did: Id, number: u64) {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.get(&did) == Some(&number) {
            newest.remove(&did);
        }
    }
}

/// A State and until when it can hold without anybody doing anything.
struct Look {
    state: State,
    soonest: Option<u64>,
}

impl Phones {
    /// Answers a poll of a proven device: at once when what it holds differs, else when that changes or the wait is over.
    ///
    /// # Errors
    /// [`Refusal::Gone`] when the device goes meanwhile; [`Refusal::Busy`].
    pub async fn poll(&self, house: &Arc<House>, did: Id, echo: Echo) -> Result<State, Refusal> {
        let number = self.inner.polls.begin(did);
        self.inner.wakes.wake(Topic::Device(did));
        let held = self.hold(house, did, &echo, number).await;
        self.inner.polls.end(did, number);
        held
    }

    async fn hold(&self, house: &Arc<House>, did: Id, echo: &Echo, number: u64) -> Result<State, Refusal> {
        let seen: Vec<Id> = echo.seen.iter().copied().filter(|id| echo.have.contains(id)).collect();
        if !seen.is_empty() {
            let phones = self.clone();
            house.run(move |_| phones.inner.approvals.delivered(did, seen).map_err(Refusal::from)).await?;
        }
        let began = self.inner.clock.monotonic();
        let wait = Duration::from_secs(echo.wait.get().into());
        let mut left = wait;
        loop {
            let mut listening = self.inner.wakes.listen(Topic::Device(did));
            let Look { state, soonest } = self.look_aside(house, did, echo).await?;
            let over = left.is_zero() || !self.inner.polls.is_newest(did, number);
            if over || differs(echo, &state) {
                return Ok(state);
            }
            // Nothing wakes a poll when an approval runs out, so it looks again then.
            let slice = soonest.map_or(left, |end| left.min(Duration::from_secs(end.saturating_sub(state.now) + 1)));
            match listening.wait(slice, &*house.timer, house.stopping.begun()).await {
                Ended::Stop => left = Duration::ZERO,
                // The clock of a test may stand still; what was waited is over in any case.
                Ended::Time => left = left.saturating_sub(slice),
                Ended::Woken => {}
            }
            let passed = self.inner.clock.monotonic().saturating_sub(began);
            left = left.min(wait.saturating_sub(passed));
        }
    }

    async fn look_aside(&self, house: &Arc<House>, did: Id, echo: &Echo) -> Result<Look, Refusal> {
        let (phones, have) = (self.clone(), echo.have.to_vec());
        house.run(move |_| phones.look(did, &have)).await
    }

    fn look(&self, did: Id, have: &[Id]) -> Result<Look, Refusal> {
        let it = &*self.inner;
        let at = it.devices.moment();
        let device = it.devices.store().device(did)?.ok_or(Refusal::Refused("an unknown device"))?;
        let told = match device.state(&at) {
            DeviceState::Pending => Told::Pending,
            DeviceState::Active => Told::Active,
            DeviceState::Suspended => Told::Suspended,
            DeviceState::Gone => return Err(Refusal::Gone(did, device.gone_why())),
        };
        let open = it.approvals.store().open_challenges(did, at)?;
        let mut soonest = open.iter().map(|it| it.approval.ends).min();
        if told == Told::Pending {
            soonest = Some(device.until);
        }
        let closed = self.closed(did, have, &open)?;
        let shown = if told == Told::Active { open } else { Vec::new() };
        // Logins come first and there is nothing else yet; of more than twelve the oldest end first.
        let challenges = shown.into_iter().take(MOST).map(|it| it.jws).collect::<Vec<_>>();
        let state = State {
            now: at.now,
            device: told,
            meta: it.metadata.version(),
            challenges: List::try_from(challenges)?,
            closed: List::try_from(closed)?,
            joining: None,
        };
        Ok(Look { state, soonest })
    }

    /// What of `have` is not open any more, in words of §7.
    fn closed(&self, did: Id, have: &[Id], open: &[Challenged]) -> Result<Vec<Closed>, Refusal> {
        let at = self.inner.approvals.moment();
        let mut closed = Vec::new();
        for jti in have.iter().filter(|jti| open.iter().all(|it| it.jti != **jti)) {
            let st = match self.inner.approvals.store().challenge(did, *jti)? {
                None => Some(ClosedStatus::Unknown),
                Some(asked) => rule::closed_word(asked.approval.state(&at)).map(closed_status),
            };
            closed.extend(st.map(|st| Closed { jti: *jti, st }));
        }
        Ok(closed)
    }
}

/// Whether one of the four that a device repeats would differ in the answer.
fn differs(echo: &Echo, state: &State) -> bool {
    let mut have = echo.have.to_vec();
    let mut holds = state.held();
    have.sort_unstable();
    holds.sort_unstable();
    have != holds
        || echo.device != state.device
        || echo.meta != state.meta
        || echo.joining != state.joining.as_ref().map(|joining| joining.e)
}

fn closed_status(status: Status) -> ClosedStatus {
    match status {
        Status::Approved => ClosedStatus::Approved,
        Status::Denied => ClosedStatus::Denied,
        Status::Reported => ClosedStatus::Reported,
        Status::Failed => ClosedStatus::Failed,
        Status::Expired => ClosedStatus::Expired,
        Status::Wrong | Status::Closed | Status::Unknown | Status::Mismatch => ClosedStatus::Closed,
    }
}
