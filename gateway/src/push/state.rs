//! What a device is to know at this moment (`push-v1.md` §8), for polls and events alike.

use std::sync::Arc;

use countersign_protocol::jose::Id;
use countersign_protocol::push::{
    Closed, ClosedStatus, DeviceState as Told, Joining, List, MetaVersion, State, Status,
};
use countersign_protocol::text::T64;

use super::Phones;
use super::reply::Refusal;
use crate::approval::record::Challenged;
use crate::approval::rule;
use crate::enrol::DeviceState;
use crate::house::House;
use crate::moment::Moment;
use crate::notice::record::Standing;

/// Challenges a State holds at most.
const MOST: usize = countersign_protocol::limits::CHALLENGES;

/// What a device holds, as its last State told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// `jti` of the challenges, sorted.
    pub have: Vec<Id>,
    /// Its own state.
    pub device: Told,
    /// Which metadata.
    pub meta: MetaVersion,
    /// `e` of the device that joins.
    pub joining: Option<Id>,
}

impl Held {
    /// What a device holds that was told this.
    pub fn of(state: &State) -> Self {
        let mut have = state.held();
        have.sort_unstable();
        Self { have, device: state.device, meta: state.meta, joining: state.joining.as_ref().map(|it| it.e) }
    }
}

/// A State and until when it can hold without anybody doing anything.
pub struct Look {
    /// The State.
    pub state: State,
    /// The last second of what ends first.
    pub soonest: Option<u64>,
}

impl Phones {
    /// What the device is to know now; `have` is what it holds. Off the threads that serve connections.
    ///
    /// # Errors
    /// [`Refusal::Gone`], [`Refusal::Busy`].
    pub async fn look_aside(&self, house: &Arc<House>, did: Id, have: Vec<Id>) -> Result<Look, Refusal> {
        let phones = self.clone();
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
        let mut ends: Vec<u64> = open.iter().map(|it| it.approval.ends.at).collect();
        let closed = self.closed(did, have, &open, &at)?;
        let (mut challenges, mut joining) = (Vec::new(), None);
        match told {
            Told::Pending => ends = vec![device.until.at],
            Told::Suspended => {}
            Told::Active => {
                // Logins first, of more than twelve the oldest; then the newest notices.
                challenges = open.into_iter().take(MOST).map(|it| it.jws).collect();
                for notice in it.notices.open(did, MOST - challenges.len(), at)? {
                    ends.push(notice.exp);
                    challenges.push(notice.jws);
                }
                if let Some((e, new)) = it.devices.changes().joining(did, at)? {
                    ends.push(new.until.at);
                    joining = new.phone.map(|phone| joining_device(e, phone)).transpose()?;
                }
            }
        }
        let state = State {
            now: at.now,
            device: told,
            meta: it.metadata.version(),
            challenges: List::try_from(challenges)?,
            closed: List::try_from(closed)?,
            joining,
        };
        Ok(Look { state, soonest: ends.into_iter().min() })
    }

    /// What of `have` is not open any more, in words of §7.
    fn closed(&self, did: Id, have: &[Id], open: &[Challenged], at: &Moment) -> Result<Vec<Closed>, Refusal> {
        let mut closed = Vec::new();
        for jti in have.iter().filter(|jti| open.iter().all(|it| it.jti != **jti)) {
            let st = match self.inner.approvals.store().challenge(did, *jti)? {
                Some(asked) => rule::closed_word(asked.approval.state(at)).map(closed_status),
                None => match self.inner.notices.store().get(did, *jti, *at)? {
                    Some(notice) => closed_notice(notice.standing),
                    None => Some(ClosedStatus::Unknown),
                },
            };
            closed.extend(st.map(|st| Closed { jti: *jti, st }));
        }
        Ok(closed)
    }
}

fn joining_device(e: Id, phone: crate::enrol::record::Phone) -> Result<Joining, Refusal> {
    Ok(Joining { e, os: phone.os, model: T64::try_from(phone.model)? })
}

/// A notice that only made room for newer ones is not closed.
fn closed_notice(standing: Standing) -> Option<ClosedStatus> {
    match standing {
        Standing::Open => None,
        Standing::Reported => Some(ClosedStatus::Reported),
        Standing::Replaced => Some(ClosedStatus::Closed),
        Standing::Expired => Some(ClosedStatus::Expired),
    }
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
