//! Bells under way: sent side by side within limits, tried again until they are worth nothing, ended by a stop.
//!
//! A push server that hangs holds up its own bells alone: its share of the places and of the calls is bounded, and nobody
//! who decides anything waits here. A phone holds up nobody either: it has one place for approvals and one for notices, and
//! a newer bell takes the older one's, as `Topic` has it on the push server too (RFC 8030 section 5.4).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use countersign_protocol::jose::Id;
use countersign_protocol::push::endpoint::{self, Endpoint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::Bell;
use super::body::{self, BodyFault};
use super::outcome::{self, Outcome};
use crate::approval::State;
use crate::enrol::DeviceState;
use crate::house::{House, Panicked};
use crate::limits;
use crate::notice::record::Standing;
use crate::outgoing::{Answer, OutgoingFault};
use crate::store::StoreFault;

/// Sends bells until the gateway stops; then calls under way may end, for a moment.
pub async fn run(house: Arc<House>) {
    let Some(mut waiting) = house.bells.waiting() else { return };
    let desk = Arc::new(Desk {
        house: house.clone(),
        calls: Semaphore::new(limits::BELL_CALLS),
        servers: Mutex::default(),
        ringing: Mutex::default(),
    });
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            bell = waiting.recv(), if under_way.len() < limits::BELLS => match bell {
                Some(bell) => desk.begin(bell, &mut under_way),
                None => break,
            },
            Some(_) = under_way.join_next() => {}
            () = house.stopping.begun() => break,
        }
    }
    let ended = async { while under_way.join_next().await.is_some() {} };
    tokio::select! {
        () = ended => {}
        () = house.timer.wait(limits::BELL_STOP_TIME) => tracing::warn!("bells were cut off by the stop"),
    }
}

struct Desk {
    house: Arc<House>,
    calls: Semaphore,
    servers: Mutex<HashMap<String, Arc<Server>>>,
    ringing: Mutex<HashMap<Place, Weak<Slot>>>,
}

/// Where one bell is under way at most: the phone, whether it is for a notice, the push server.
type Place = (Id, bool, String);

/// What is to ring in a place after the bell that is under way there.
#[derive(Default)]
struct Slot {
    next: Mutex<Option<Bell>>,
    newer: Notify,
}

impl Slot {
    fn next(&self) -> MutexGuard<'_, Option<Bell>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The share of one push server. Dropped with its last bell.
struct Server {
    places: Arc<Semaphore>,
    calls: Semaphore,
}

impl Desk {
    fn begin(self: &Arc<Self>, bell: Bell, under_way: &mut JoinSet<()>) {
        let Ok(to) = endpoint::parse(&bell.endpoint) else { return };
        let place: Place = (bell.did, bell.is_notice, to.authority.to_owned());
        let mut ringing = self.ringing();
        if let Some(slot) = ringing.get(&place).and_then(Weak::upgrade) {
            *slot.next() = Some(bell);
            return slot.newer.notify_one();
        }
        let server = self.server(to.authority);
        let Ok(permit) = server.places.clone().try_acquire_owned() else {
            let _span = bell.span.enter();
            return tracing::warn!(host = %to.authority, "too many bells ring there; this one does not");
        };
        let slot = Arc::new(Slot::default());
        ringing.insert(place.clone(), Arc::downgrade(&slot));
        under_way.spawn(self.clone().ring_on(bell, place, slot, server, permit));
    }

    /// Rings what is to ring in a place until nothing newer has come.
    async fn ring_on(
        self: Arc<Self>,
        bell: Bell,
        place: Place,
        slot: Arc<Slot>,
        server: Arc<Server>,
        _permit: OwnedSemaphorePermit,
    ) {
        let mut next = Some(bell);
        while let Some(bell) = next {
            self.ring(&bell, &server, &slot).instrument(bell.span.clone()).await;
            let mut ringing = self.ringing();
            next = slot.next().take();
            if next.is_none() {
                ringing.remove(&place);
            }
        }
    }

    fn ringing(&self) -> MutexGuard<'_, HashMap<Place, Weak<Slot>>> {
        self.ringing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn server(&self, authority: &str) -> Arc<Server> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.retain(|_, server| Arc::strong_count(server) > 1);
        let fresh = || {
            let places = Arc::new(Semaphore::new(limits::BELLS_A_SERVER));
            Arc::new(Server { places, calls: Semaphore::new(limits::BELL_CALLS_A_SERVER) })
        };
        servers.entry(authority.to_owned()).or_insert_with(fresh).clone()
    }

    /// Tries until it is rung, given up or worth nothing any more, or a newer one is to ring in its place.
    async fn ring(&self, bell: &Bell, server: &Server, slot: &Slot) {
        let Ok(to) = endpoint::parse(&bell.endpoint) else { return };
        let (house, host) = (&self.house, to.authority);
        let began = house.clock.monotonic();
        let (mut key, mut tries) = (0, 0_u32);
        loop {
            // The server's own share first, so that those who wait for a slow one hold no call of others. Neither is closed.
            let turn = (server.calls.acquire().await, self.calls.acquire().await);
            // Looked at when its turn has come, since it may have waited for that: the first time like every other.
            let left = bell.exp.saturating_sub(house.clock.now());
            if left == 0 {
                return tracing::info!(%host, tries, "bell given up: too late");
            }
            if !(self.still_hangs_there(bell).await && self.is_still_asked(bell).await) {
                return tracing::info!(%host, tries, "bell given up: nobody is to be rung any more");
            }
            tries = tries.saturating_add(1);
            let answer = match self.call(bell, &to, key, left).await {
                Ok(answer) => answer,
                Err(fault) => return tracing::error!(%host, tries, %fault, "no bell could be made"),
            };
            drop(turn);
            let milliseconds = house.clock.monotonic().saturating_sub(began).as_millis() as u64;
            let status = answer.as_ref().map_or(0, |it| it.status);
            let fault = answer.as_ref().err().map(ToString::to_string);
            match outcome::outcome(&answer) {
                Outcome::Rung => return tracing::info!(%host, status, tries, milliseconds, "bell rung"),
                Outcome::Gone => {
                    tracing::info!(%host, status, tries, milliseconds, device = %bell.did, "bell gone: forgotten");
                    return self.forget(bell).await;
                }
                Outcome::Key if key + 1 < house.bells.vapid().keys() => key += 1,
                Outcome::Key | Outcome::GivenUp => {
                    return tracing::warn!(%host, status, fault, tries, milliseconds, "bell given up");
                }
                Outcome::Later(asked) => {
                    tracing::info!(%host, status, fault, tries, milliseconds, asked, "bell not taken yet");
                    if !self.worth_waiting(bell, tries, asked, slot).await {
                        return;
                    }
                }
            }
        }
    }

    async fn call(
        &self,
        bell: &Bell,
        to: &Endpoint<'_>,
        key: usize,
        left: u64,
    ) -> Result<Result<Answer, OutgoingFault>, BodyFault> {
        let (house, bells) = (&self.house, &self.house.bells);
        let sealed = body::body(&bell.to, &bell.jws, bells.inner.mode, &*house.random)?;
        let authorization = bells.vapid().authorization(key, to, house.clock.now())?;
        let headers = body::headers(&authorization, left)?;
        Ok(bells.outgoing().post(&bell.endpoint, headers, sealed).await)
    }

    /// Waits for the next try. False when there is none: too late, the gateway stops, or a newer bell is to ring.
    async fn worth_waiting(&self, bell: &Bell, tries: u32, asked: Option<u64>, slot: &Slot) -> bool {
        let house = &self.house;
        let drawn = house.random.bytes::<1>().map_or(128, |[byte]| byte);
        let pause = outcome::pause(tries, asked, drawn);
        if house.clock.now().saturating_add(pause / 1_000) >= bell.exp {
            tracing::info!(tries, "bell given up: the next try would be too late");
            return false;
        }
        tokio::select! {
            () = house.timer.wait(Duration::from_millis(pause)) => true,
            () = house.stopping.begun() => false,
            () = slot.newer.notified() => slot.next().is_none(),
        }
    }

    /// Whether the phone is active, and has its bell there.
    async fn still_hangs_there(&self, bell: &Bell) -> bool {
        let did = bell.did;
        let found = self.house.run(move |house| Ok::<_, BellFault>(house.devices.store().device(did)?)).await;
        match found {
            Ok(device) => device.is_some_and(|device| {
                let hangs = device.phone.as_ref().and_then(|phone| phone.endpoint.as_deref());
                device.stored == DeviceState::Active && hangs == Some(bell.endpoint.as_str())
            }),
            Err(fault) => {
                tracing::warn!(%fault, "a device could not be looked up");
                true
            }
        }
    }

    /// Whether what it rings for is open. Of what nobody knows, the phone will say so.
    async fn is_still_asked(&self, bell: &Bell) -> bool {
        let (did, jti, is_notice) = (bell.did, bell.jti, bell.is_notice);
        let asked = self.house.run(move |house| {
            let at = house.approvals.moment();
            Ok::<_, BellFault>(if is_notice {
                let notice = house.notices.store().get(did, jti, at)?;
                notice.is_none_or(|notice| notice.standing == Standing::Open)
            } else {
                let asked = house.approvals.store().challenge(did, jti)?;
                asked.is_none_or(|asked| asked.approval.state(&at) == State::Pending)
            })
        });
        asked.await.unwrap_or_else(|fault| {
            tracing::warn!(%fault, "what a bell rings for could not be looked up");
            true
        })
    }

    async fn forget(&self, bell: &Bell) {
        let (did, endpoint) = (bell.did, bell.endpoint.clone());
        let done =
            self.house.run(move |house| Ok::<_, BellFault>(house.devices.store().forget_endpoint(did, &endpoint)?));
        if let Err(fault) = done.await {
            tracing::warn!(%fault, "a bell that is gone could not be forgotten");
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum BellFault {
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error(transparent)]
    Panicked(#[from] Panicked),
}
