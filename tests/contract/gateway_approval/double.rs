//! Approvals in memory: the test double of `approval::Store`, and a broken variant that the contract suite must refuse.

mod change;

use std::collections::{HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use countersign_gateway::approval::record::{
    Attempt, Began, Challenged, CodeAttempt, CodeEnd, Hit, Judged, NewApproval, NewChallenge, Offline, Recorded,
    Resent, Row, Standing,
};
use countersign_gateway::approval::rule::{self, Asked, Before, Change, Limits, Verdict};
use countersign_gateway::approval::{Push, State, Store};
use countersign_gateway::audit::Caller;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::moment::{Deadline, Moment};
use countersign_gateway::person::PersonId;
use countersign_gateway::store::StoreFault;
use countersign_protocol::jose::{H32, Id};
use countersign_tests::program::PATIENCE;

use super::RACERS;
use change::{apply, approve};

/// What a broken store leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing: the store is right.
    None,
    /// The compare-and-set: the row is read, others may come in between, and it is written.
    CompareAndSet,
    /// The monotonic clock.
    Monotonic,
    /// That a denial is final: what a phone approved before it can still be taken.
    Denial,
}

/// Approvals in memory.
pub struct MemoryApprovals {
    sabotage: Sabotage,
    limits: Limits,
    all: Mutex<All>,
    /// Held for what is one transaction in SQL.
    alone: Mutex<()>,
    /// How many the broken variant let read before the first of them wrote.
    met: (Mutex<usize>, Condvar),
}

#[derive(Default)]
struct All {
    rows: HashMap<Id, Row>,
    order: Vec<Id>,
    challenges: HashMap<Id, (Id, NewChallenge)>,
    offline: HashMap<Id, Offline>,
    answers: HashMap<(Id, H32), (Id, String)>,
    standing: HashMap<PersonId, Standing>,
    paused: HashMap<(PersonId, String, String), u64>,
    devices: HashMap<Id, DeviceState>,
    steps: HashMap<Id, u64>,
    reported: Vec<Id>,
    disabled: HashSet<PersonId>,
}

impl MemoryApprovals {
    /// An empty store.
    pub fn new(sabotage: Sabotage) -> Self {
        Self {
            sabotage,
            limits: Limits::default(),
            all: Mutex::default(),
            alone: Mutex::default(),
            met: Default::default(),
        }
    }

    /// Forgets all that is held against people.
    pub fn forget_standing(&self) {
        let mut all = self.all();
        all.standing.clear();
        all.paused.clear();
    }

    /// Adds a device, or changes its state.
    pub fn set_device(&self, did: Id, state: DeviceState) {
        self.all().devices.insert(did, state);
    }

    /// Disables a person, or enables them again.
    pub fn set_disabled(&self, person: PersonId, disabled: bool) {
        let mut all = self.all();
        let _ = if disabled { all.disabled.insert(person) } else { all.disabled.remove(&person) };
    }

    /// The approvals whose sessions were ended by a late report.
    pub fn reported(&self) -> Vec<Id> {
        self.all().reported.clone()
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap()
    }

    /// Changes a row if it still is as it was read. The broken variant asks nobody.
    fn change(&self, read: &Row, guard: impl Fn(&Row) -> bool, change: impl FnOnce(&mut Row)) -> bool {
        if self.sabotage == Sabotage::CompareAndSet {
            self.meet();
        }
        let mut all = self.all();
        let Some(row) = all.rows.get_mut(&read.id) else { return false };
        if self.sabotage != Sabotage::CompareAndSet && !guard(row) {
            return false;
        }
        change(row);
        row.rev += 1;
        true
    }

    /// Waits until everybody of the first race has read, so that their writes are certain to overwrite one another.
    fn meet(&self) {
        let (met, all_met) = &self.met;
        let mut met = met.lock().unwrap();
        *met += 1;
        all_met.notify_all();
        let _met = all_met.wait_timeout_while(met, PATIENCE, |met| *met < RACERS).unwrap();
    }

    fn at(&self, at: Moment) -> Moment {
        if self.sabotage == Sabotage::Monotonic { Moment { run: -1, ..at } } else { at }
    }

    fn judged(&self, attempt: &Attempt, at: &Moment) -> (Judged, Option<Row>) {
        let all = self.all();
        let state = all.devices.get(&attempt.did).copied();
        let Some(state) = state.filter(|state| *state != DeviceState::Gone) else { return (Judged::Gone, None) };
        if let Some((_, result)) = all.answers.get(&(attempt.did, attempt.h)) {
            return (Judged::Repeat(result.clone()), None);
        }
        let used = all.answers.iter().any(|((did, _), (aj, _))| *did == attempt.did && *aj == attempt.aj);
        let asked = all.challenges.get(&attempt.cj).filter(|(_, challenge)| challenge.did == attempt.did);
        let found = asked.and_then(|(id, challenge)| all.rows.get(id).map(|row| (challenge.ch == attempt.ch, row)));
        let wrong = found.and_then(|(_, row)| all.standing.get(&row.person)).map_or(0, |standing| standing.wrong);
        let asked = Asked {
            active: state == DeviceState::Active,
            pending: state == DeviceState::Pending,
            used,
            challenge: found,
            notice: None,
            wrong,
            limits: self.limits,
        };
        (Judged::New(rule::judge(attempt, &asked, at)), found.map(|(_, row)| row.clone()))
    }
}

impl Store for MemoryApprovals {
    fn begin(&self, new: NewApproval, at: Moment, _: Caller) -> Result<Began, StoreFault> {
        let mut all = self.all();
        let same = |row: &&Row| {
            let whose = (row.binding, row.person, &row.client) == (new.binding, new.person, &new.client);
            whose && row.asks.is_same(&new.asks) && row.state(&at) == State::Pending
        };
        if let Some(row) = all.rows.values().find(same) {
            return Ok(Began::Same(row.id, row.push));
        }
        let mine = |row: &Row| row.binding == new.binding && row.state(&at) == State::Pending;
        let open = |row: &&Row| {
            row.person == new.person && row.push == Push::Sent && row.state(&at) == State::Pending && !mine(row)
        };
        let paused = all.paused.get(&(new.person, new.client.clone(), new.network.clone()));
        let active = |challenge: &&NewChallenge| all.devices.get(&challenge.did) == Some(&DeviceState::Active);
        let before = Before {
            standing: all.standing.get(&new.person).copied().unwrap_or_default(),
            open: u32::try_from(all.rows.values().filter(open).count()).unwrap(),
            paused: paused.is_some_and(|until| *until > at.now),
            phones: new.challenges.iter().filter(active).count(),
            first_factor: new.first_factor,
            limits: self.limits,
        };
        let push = match rule::begin(&before, at.now) {
            Ok(push) => push,
            Err(seconds) => return Ok(Began::Wait(seconds)),
        };
        let mut ended = Vec::new();
        for row in all.rows.values_mut().filter(|row| mine(row)) {
            (row.stored, row.rev) = (State::Cancelled, row.rev + 1);
            ended.push(row.id);
        }
        if push == Push::Sent {
            all.standing.entry(new.person).or_default().pushes += 1;
            for challenge in new.challenges {
                if all.devices.get(&challenge.did) == Some(&DeviceState::Active) {
                    all.challenges.insert(challenge.jti, (new.id, challenge));
                }
            }
        }
        let ends = new.exp + rule::GRACE;
        let row = Row {
            id: new.id,
            person: new.person,
            client: new.client,
            binding: new.binding,
            stored: State::Pending,
            rev: 1,
            push,
            shown: new.shown,
            tries: new.tries,
            begun: at.now,
            exp: new.exp,
            ends: Deadline::after(ends - at.now, &at),
            network: new.network,
            resends: 0,
            rung: at.now,
            delivered: false,
            decided: None,
            decided_by: None,
            means: None,
            consumed: None,
            reported: None,
            next: new.next,
            asks: new.asks,
        };
        all.order.push(row.id);
        all.rows.insert(row.id, row);
        Ok(Began::Open(push, ended))
    }

    fn get(&self, id: Id) -> Result<Option<Row>, StoreFault> {
        Ok(self.all().rows.get(&id).cloned())
    }

    fn of_browser(&self, binding: H32) -> Result<Option<Row>, StoreFault> {
        let all = self.all();
        let newest = all.order.iter().rev().filter_map(|id| all.rows.get(id)).find(|row| row.binding == binding);
        Ok(newest.cloned())
    }

    fn settle(&self, id: Id, at: Moment, _: Caller) -> Result<bool, StoreFault> {
        let at = self.at(at);
        let Some(row) = self.get(id)? else { return Ok(false) };
        let next = row.state(&at);
        Ok(next != row.stored && self.change(&row, |now| now.stored == row.stored, |row| row.stored = next))
    }

    fn judge(&self, attempt: Attempt, at: Moment) -> Result<Judged, StoreFault> {
        Ok(self.judged(&attempt, &self.at(at)).0)
    }

    fn record(
        &self,
        attempt: Attempt,
        judged: Verdict,
        result: String,
        at: Moment,
        _: Caller,
    ) -> Result<Recorded, StoreFault> {
        let whole = self.sabotage != Sabotage::CompareAndSet;
        let _alone = whole.then(|| self.alone.lock().unwrap_or_else(PoisonError::into_inner));
        let at = self.at(at);
        let row = match self.judged(&attempt, &at) {
            (Judged::Gone, _) => return Ok(Recorded::Gone),
            (Judged::Repeat(stored), _) => return Ok(Recorded::Repeat(stored)),
            (Judged::New(verdict), _) if verdict != judged => return Ok(Recorded::Changed),
            (Judged::New(_), row) => row,
        };
        let mut changed = Vec::new();
        if let Some(row) = row.filter(|_| judged.change != Change::Nothing) {
            let guard = |now: &Row| now.rev == row.rev && now.stored == row.stored;
            let done = self.change(&row, guard, |row| apply(row, &attempt, judged.change, &at));
            if !done {
                return Ok(Recorded::Changed);
            }
            let mut all = self.all();
            match judged.change {
                Change::Wrong | Change::Fail => {
                    let standing = all.standing.entry(row.person).or_default();
                    standing.wrong += 1;
                    standing.wrong_at = at.now;
                }
                Change::Refuse(_) | Change::LateReport => {
                    let place = (row.person, row.client.clone(), row.network.clone());
                    all.paused.insert(place, at.now + rule::PAUSE);
                    let in_time = |when: u64| at.now <= when + rule::LATE_REPORT;
                    if judged.change == Change::LateReport && row.consumed.is_some_and(in_time) {
                        all.reported.push(row.id);
                    }
                }
                Change::Approve if row.asks.at_once => succeed(&mut all, row.person),
                Change::Nothing | Change::Notice | Change::Approve => {}
            }
            changed.push(row.id);
        }
        let mut all = self.all();
        if let Some((_, stored)) = all.answers.get(&(attempt.did, attempt.h)) {
            return Ok(Recorded::Repeat(stored.clone()));
        }
        all.answers.insert((attempt.did, attempt.h), (attempt.aj, result));
        Ok(Recorded::Done(changed))
    }

    fn code(&self, attempt: CodeAttempt, at: Moment, _: Caller) -> Result<CodeEnd, StoreFault> {
        let _alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.at(at);
        loop {
            let row = self.get(attempt.id)?.filter(|row| row.binding == attempt.binding);
            let Some(row) = row.filter(|row| row.state(&at) == State::Pending) else { return Ok(CodeEnd::NotOpen) };
            let standing = self.standing(row.person)?;
            if standing.wrong_codes >= self.limits.wrong_codes {
                return Ok(CodeEnd::Off);
            }
            let right = attempt.hit.filter(|hit| {
                let mut all = self.all();
                let (did, step) = match hit {
                    Hit::Totp { did, step } => (did, step),
                    Hit::Answer { did, ch } => {
                        let shown = all.offline.get(&row.id).is_some_and(|it| it.did == *did && it.ch == *ch);
                        return shown && all.devices.get(did) == Some(&DeviceState::Active);
                    }
                };
                let fresh = all.steps.get(did).is_none_or(|last| last < step);
                if fresh {
                    all.steps.insert(*did, *step);
                }
                fresh
            });
            let last = row.tries <= 1 || standing.wrong_codes + 1 >= self.limits.wrong_codes;
            let guard = |now: &Row| now.rev == row.rev && now.stored == State::Pending;
            let changed = self.change(&row, guard, |row| match right {
                Some(hit) => approve(row, hit.did(), hit.means(), &at),
                None => {
                    row.tries = row.tries.saturating_sub(1);
                    row.stored = if last { State::Failed } else { State::Pending };
                }
            });
            if !changed {
                continue;
            }
            let mut all = self.all();
            let standing = all.standing.entry(row.person).or_default();
            return Ok(match right {
                Some(_) => {
                    standing.wrong_codes = 0;
                    if row.asks.at_once {
                        succeed(&mut all, row.person);
                    }
                    CodeEnd::Approved
                }
                None => {
                    standing.wrong_codes += 1;
                    if last { CodeEnd::Failed } else { CodeEnd::Wrong(row.tries - 1) }
                }
            });
        }
    }

    fn offer(&self, id: Id, binding: H32, offline: Offline, at: Moment, _: Caller) -> Result<bool, StoreFault> {
        let at = self.at(at);
        let mut all = self.all();
        let open = |row: &&Row| row.binding == binding && row.state(&at) == State::Pending;
        if all.rows.get(&id).filter(open).is_none() {
            return Ok(false);
        }
        all.offline.insert(id, offline);
        Ok(true)
    }

    fn offline(&self, id: Id) -> Result<Option<Offline>, StoreFault> {
        Ok(self.all().offline.get(&id).cloned())
    }

    fn resend(&self, id: Id, binding: H32, at: Moment, _: Caller) -> Result<Resent, StoreFault> {
        let Some(row) = self.get(id)?.filter(|row| row.binding == binding) else { return Ok(Resent::No) };
        if row.state(&at) != State::Pending || row.push != Push::Sent || row.resends >= rule::RESENDS {
            return Ok(Resent::No);
        }
        let wait = (row.rung + rule::RESEND_AFTER).saturating_sub(at.now);
        if wait > 0 {
            return Ok(Resent::Wait(wait));
        }
        let rung = self.change(
            &row,
            |now| now.resends == row.resends,
            |row| {
                row.resends += 1;
                row.rung = at.now;
            },
        );
        Ok(if rung { Resent::Rung } else { Resent::No })
    }

    fn cancel(&self, id: Id, binding: H32, at: Moment, _: Caller) -> Result<bool, StoreFault> {
        let Some(row) = self.get(id)?.filter(|row| row.binding == binding) else { return Ok(false) };
        let guard = |now: &Row| now.state(&at) == State::Pending;
        Ok(row.state(&at) == State::Pending && self.change(&row, guard, |row| row.stored = State::Cancelled))
    }

    fn cancel_all(&self, person: PersonId, at: Moment, by: Caller) -> Result<Vec<Id>, StoreFault> {
        let rows: Vec<Row> = self.all().rows.values().filter(|row| row.person == person).cloned().collect();
        let mut ended = Vec::new();
        for row in rows {
            if self.cancel(row.id, row.binding, at, by.clone())? {
                ended.push(row.id);
            }
        }
        Ok(ended)
    }

    fn consume(&self, id: Id, client: &str, binding: H32, at: Moment, _: Caller) -> Result<Option<Row>, StoreFault> {
        let at = self.at(at);
        let found = self.get(id)?.filter(|row| row.client == client && row.binding == binding);
        let forgives = self.sabotage == Sabotage::Denial;
        let guard = |now: &Row| now.state(&at) == State::Approved || forgives && now.stored == State::Denied;
        let Some(row) = found.filter(guard) else { return Ok(None) };
        if self.all().disabled.contains(&row.person) {
            return Ok(None);
        }
        let consumed = self.change(&row, guard, |row| {
            row.stored = State::Consumed;
            row.consumed = Some(at.now);
        });
        if !consumed {
            return Ok(None);
        }
        let mut all = self.all();
        succeed(&mut all, row.person);
        Ok(all.rows.get(&id).cloned())
    }

    fn open_challenges(&self, did: Id, at: Moment) -> Result<Vec<Challenged>, StoreFault> {
        let all = self.all();
        let mut open: Vec<Challenged> = all
            .challenges
            .values()
            .filter(|(_, challenge)| challenge.did == did)
            .filter_map(|(id, challenge)| all.rows.get(id).map(|row| challenged(challenge, row)))
            .filter(|asked| asked.approval.state(&at) == State::Pending)
            .collect();
        open.sort_by_key(|asked| (asked.approval.begun, asked.jti));
        Ok(open)
    }

    fn challenge(&self, did: Id, jti: Id) -> Result<Option<Challenged>, StoreFault> {
        let all = self.all();
        let found = all.challenges.get(&jti).filter(|(_, challenge)| challenge.did == did);
        Ok(found.and_then(|(id, challenge)| all.rows.get(id).map(|row| challenged(challenge, row))))
    }

    fn delivered(&self, did: Id, seen: Vec<Id>, at: Moment) -> Result<Vec<Id>, StoreFault> {
        let mut new = Vec::new();
        for jti in seen {
            let Some(asked) = self.challenge(did, jti)? else { continue };
            let guard = |now: &Row| !now.delivered && now.state(&at) == State::Pending;
            if guard(&asked.approval) && self.change(&asked.approval, guard, |row| row.delivered = true) {
                new.push(asked.approval.id);
            }
        }
        Ok(new)
    }

    fn standing(&self, person: PersonId) -> Result<Standing, StoreFault> {
        Ok(self.all().standing.get(&person).copied().unwrap_or_default())
    }

    fn reset(&self, person: PersonId) -> Result<(), StoreFault> {
        succeed(&mut self.all(), person);
        Ok(())
    }

    fn sweep(&self, before: u64, at: Moment) -> Result<(), StoreFault> {
        let at = self.at(at);
        for row in self.all().rows.values_mut() {
            row.stored = row.state(&at);
        }
        self.all().rows.retain(|_, row| row.begun >= before);
        Ok(())
    }
}

fn succeed(all: &mut All, person: PersonId) {
    let standing = all.standing.entry(person).or_default();
    *standing = Standing { wrong_codes: standing.wrong_codes, ..Standing::default() };
}

fn challenged(challenge: &NewChallenge, row: &Row) -> Challenged {
    Challenged { jti: challenge.jti, ch: challenge.ch, jws: challenge.jws.clone(), approval: row.clone() }
}
