//! The one path of an approval: begin, wait, answer, code, resend, cancel, consume.

use std::net::IpAddr;
use std::sync::Arc;

use countersign_protocol::jose::{FormError, H32, Id};
use countersign_protocol::push::Op;
use countersign_protocol::text::{T64, T128, T256};
use unicode_normalization::UnicodeNormalization;

use super::challenge::Question;
use super::record::{Asks, Began, Challenged, CodeAttempt, CodeEnd, Hit, NewApproval, Resent, Row};
use super::rule::{HOLD, Limits, SIGN_HOLD};
use super::shown::Shown;
use super::{Policy, Push, State, Store, network};
use crate::audit::Caller;
use crate::enrol::{self, Device, DeviceState, Kind};
use crate::failure::Failure;
use crate::icon::Icons;
use crate::issuer::{Issuer, SignFault};
use crate::moment::Moment;
use crate::notice::Notices;
use crate::origin::Origins;
use crate::person::PersonId;
use crate::port::{Clock, PortFault, Random};
use crate::seal::{Seal, SealFault};
use crate::store::StoreFault;
use crate::wake::{Listening, Topic, Wakes};
use crate::webpush::Bells;

/// Why an approval could not go on. None of it says anything about the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// No randomness.
    #[error(transparent)]
    Port(#[from] PortFault),
    /// What the row holds cannot be opened.
    #[error(transparent)]
    Seal(#[from] SealFault),
    /// A challenge or a result could not be signed.
    #[error(transparent)]
    Sign(#[from] SignFault),
    /// The row changed more often than one answer can be judged.
    #[error("an answer found another state at every try")]
    Restless,
}

impl From<FormError> for ApprovalFault {
    fn from(fault: FormError) -> Self {
        Self::Sign(fault.into())
    }
}

/// What is asked of a person (`push-v1.md` §6, `op`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// To sign in.
    Login,
    /// To add a device.
    Enrol,
    /// To agree to something, in words.
    Sign {
        /// The words: never cut.
        msg: T256,
        /// Seconds that the yes counts for the client, 600 at most.
        hold: u64,
    },
}

impl Ask {
    /// What an approval asks; none where its words are not known any more.
    pub fn of(asks: &Asks) -> Option<Self> {
        match asks.op {
            Op::Login => Some(Self::Login),
            Op::Enrol => Some(Self::Enrol),
            Op::Sign => Some(Self::Sign { msg: asks.msg()?, hold: asks.hold }),
            Op::Info => None,
        }
    }

    /// Its name on the wire.
    pub fn op(&self) -> Op {
        match self {
            Self::Login => Op::Login,
            Self::Enrol => Op::Enrol,
            Self::Sign { .. } => Op::Sign,
        }
    }

    /// The words, for something to agree to.
    pub fn msg(&self) -> Option<T256> {
        match self {
            // Senders send NFC; where that were too long, what was given stands (push-v1 §2).
            Self::Sign { msg, .. } => {
                Some(T256::try_from(msg.as_str().nfc().collect::<String>()).unwrap_or_else(|_| msg.clone()))
            }
            Self::Login | Self::Enrol => None,
        }
    }

    /// Seconds between approve and consume.
    fn hold(&self) -> u64 {
        match self {
            Self::Sign { hold, .. } => (*hold).min(SIGN_HOLD),
            Self::Login | Self::Enrol => HOLD,
        }
    }
}

/// What begins an approval.
#[derive(Debug, Clone)]
pub struct Begin {
    /// Who is asked.
    pub person: PersonId,
    /// The person's account, as phones show it.
    pub acct: T128,
    /// What begins it; only that consumes it.
    pub client: &'static str,
    /// The registered name of it, as phones show it.
    pub app: T64,
    /// Hash of the cookie of the browser that begins it.
    pub binding: H32,
    /// Whether a first factor was right.
    pub first_factor: bool,
    /// Where the browser is.
    pub ip: IpAddr,
    /// What it says it is.
    pub ua: Option<T64>,
    /// Where the page goes on afterwards.
    pub next: String,
    /// What is asked.
    pub ask: Ask,
    /// Whether the yes itself takes it, because an action follows at once and nobody comes for it.
    pub at_once: bool,
    /// Whether bells ring; phones that ask are told all the same.
    pub bell: bool,
}

/// How a beginning ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Open; whether phones were asked.
    Open(Id, Push),
    /// Digits were wrong too often: so many seconds to wait.
    Wait(u64),
}

/// Approvals. Cloning shares everything.
#[derive(Clone)]
pub struct Approvals {
    inner: Arc<Parts>,
}

/// What approvals rest on.
pub struct Parts {
    /// Remembers approvals.
    pub store: Arc<dyn Store>,
    /// Knows the phones.
    pub devices: Arc<dyn enrol::Store>,
    /// Signs challenges and results.
    pub issuer: Issuer,
    /// Tells phones that somebody was locked out.
    pub notices: Notices,
    /// Seals what the page shows.
    pub seal: Seal,
    /// Digits, tries, life.
    pub policy: Policy,
    /// How many there may be.
    pub limits: Limits,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Who waits.
    pub wakes: Arc<Wakes>,
    /// Bells of phones.
    pub bells: Bells,
    /// Icons of what asks.
    pub icons: Icons,
    /// Where sign-ins come from.
    pub origins: Origins,
    /// Whether answer codes are taken.
    pub offline: bool,
    /// A number that no other run of the gateway has.
    pub run: i64,
}

impl Approvals {
    /// Approvals over their parts.
    pub fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(parts) }
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.inner
    }

    /// This moment by both clocks.
    pub fn moment(&self) -> Moment {
        Moment::of(&*self.inner.clock, self.inner.run)
    }

    /// What is remembered.
    pub fn store(&self) -> &dyn Store {
        &*self.inner.store
    }

    /// How many approvals, pushes and wrong tries there may be.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Asks every active phone of the person, or says why not. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault`]; then nothing has begun.
    pub fn begin(&self, begin: &Begin, by: &Caller) -> Result<Begun, ApprovalFault> {
        let it = &*self.inner;
        let at = self.moment();
        let aid = Id::from_bytes(it.random.bytes()?);
        let shown = Shown::generate(it.policy.digits, &*it.random)?;
        let question = Question {
            aid,
            iat: at.now,
            exp: at.now + it.policy.life,
            acct: begin.acct.clone(),
            app: begin.app.clone(),
            ico: it.icons.of(begin.client),
            ask: begin.ask.clone(),
            digits: it.policy.digits,
            ip: begin.ip,
            ua: begin.ua.clone(),
            origin: it.origins.of(begin.person, begin.ip, begin.ua.as_ref(), at.now)?,
        };
        let phones = self.phones(begin.person, &at)?;
        let mut challenges = Vec::new();
        for phone in &phones {
            challenges.push(question.ask(&it.issuer, phone.did, Id::from_bytes(it.random.bytes()?))?);
        }
        let asked: Vec<String> = challenges.iter().map(|challenge| challenge.jws.clone()).collect();
        let new = NewApproval {
            id: aid,
            person: begin.person,
            client: begin.client.to_owned(),
            binding: begin.binding,
            shown: shown.seal(&it.seal, &aid)?,
            tries: it.policy.tries(),
            exp: question.exp,
            network: network(begin.ip),
            next: begin.next.clone(),
            asks: Asks {
                op: begin.ask.op(),
                hold: begin.ask.hold(),
                at_once: begin.at_once,
                question: question.text(&it.issuer)?,
            },
            first_factor: begin.first_factor,
            challenges,
        };
        Ok(match it.store.begin(new, at, by.clone())? {
            Began::Wait(seconds) => Begun::Wait(seconds),
            Began::Same(aid, push) => Begun::Open(aid, push),
            Began::Open(push, ended) => {
                self.ended(&ended)?;
                if push == Push::Sent {
                    for (phone, challenge) in phones.iter().zip(&asked) {
                        it.wakes.wake(Topic::Device(phone.did));
                        if begin.bell {
                            it.bells.ring(phone, challenge, question.exp);
                        }
                    }
                }
                Begun::Open(aid, push)
            }
        })
    }

    pub(super) fn phones(&self, person: PersonId, at: &Moment) -> Result<Vec<Device>, StoreFault> {
        let mut devices = self.inner.devices.devices(person)?;
        devices.retain(|it| it.kind() == Kind::Phone && it.state(at) == DeviceState::Active);
        Ok(devices)
    }

    /// The approval that this browser began last, as it stands now. What ran out is written down. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault::Store`].
    pub fn of_browser(&self, binding: H32) -> Result<Option<(Row, State)>, ApprovalFault> {
        let Some(row) = self.inner.store.of_browser(binding)? else { return Ok(None) };
        let at = self.moment();
        let state = row.state(&at);
        if state == row.stored {
            return Ok(Some((row, state)));
        }
        self.inner.store.settle(row.id, at, Caller::default())?;
        let row = self.inner.store.get(row.id)?;
        Ok(row.map(|row| {
            let state = row.state(&at);
            (row, state)
        }))
    }

    /// What the page of the browser that began it shows.
    ///
    /// # Errors
    /// [`ApprovalFault::Seal`].
    pub fn shown(&self, row: &Row) -> Result<Shown, ApprovalFault> {
        Ok(Shown::open(&self.inner.seal, &row.id, &row.shown)?)
    }

    /// Begins to listen for changes of an approval.
    pub fn listen(&self, id: Id) -> Listening {
        self.inner.wakes.listen(Topic::Approval(id))
    }

    /// Wakes the page that waits and the phones that show it.
    pub(super) fn tell(&self, id: Id) -> Result<(), StoreFault> {
        self.inner.wakes.wake(Topic::Approval(id));
        let Some(row) = self.inner.store.get(id)? else { return Ok(()) };
        for device in self.inner.devices.devices(row.person)? {
            self.inner.wakes.wake(Topic::Device(device.did));
        }
        Ok(())
    }

    /// Decides by a code that was typed where it began; `hit` is what makes this code. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault::Store`]; then no try was taken.
    pub fn code(&self, id: Id, binding: H32, hit: Option<Hit>, by: &Caller) -> Result<CodeEnd, ApprovalFault> {
        let end = self.inner.store.code(CodeAttempt { id, binding, hit }, self.moment(), by.clone())?;
        self.tell(id)?;
        if end == CodeEnd::Failed {
            self.tell_lockout(id)?;
        }
        Ok(end)
    }

    /// Rings the bells of a person's phones, where a wrong number or code just now was one too many in a row: the notice of
    /// it was stored together with the count.
    pub(super) fn tell_lockout(&self, id: Id) -> Result<(), StoreFault> {
        let it = &*self.inner;
        let Some(row) = it.store.get(id)? else { return Ok(()) };
        let standing = it.store.standing(row.person)?;
        if standing.wrong >= it.limits.wrong || standing.wrong_codes >= it.limits.wrong_codes {
            it.notices.announce(row.person)?;
        }
        Ok(())
    }

    /// Rings once more: the same challenge, the same digits. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault::Store`].
    pub fn resend(&self, id: Id, binding: H32, by: &Caller) -> Result<Resent, ApprovalFault> {
        let end = self.inner.store.resend(id, binding, self.moment(), by.clone())?;
        if end == Resent::Rung {
            self.tell(id)?;
            self.ring_again(id)?;
        }
        Ok(end)
    }

    /// The bells of every phone that still has the approval open.
    fn ring_again(&self, id: Id) -> Result<(), StoreFault> {
        let at = self.moment();
        let Some(row) = self.inner.store.get(id)? else { return Ok(()) };
        for phone in self.phones(row.person, &at)? {
            let open = self.inner.store.open_challenges(phone.did, at)?;
            for challenge in open.iter().filter(|it| it.approval.id == id) {
                self.inner.bells.ring(&phone, &challenge.jws, row.exp);
            }
        }
        Ok(())
    }

    /// Calls a pending approval off. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault::Store`].
    pub fn cancel(&self, id: Id, binding: H32, by: &Caller) -> Result<bool, ApprovalFault> {
        let cancelled = self.inner.store.cancel(id, binding, self.moment(), by.clone())?;
        if cancelled {
            self.tell(id)?;
        }
        Ok(cancelled)
    }

    /// Takes an approved one, once, where it began. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault::Store`]; then it is not consumed.
    pub fn consume(&self, id: Id, client: &str, binding: H32, by: &Caller) -> Result<Option<Row>, ApprovalFault> {
        let row = self.inner.store.consume(id, client, binding, self.moment(), by.clone())?;
        if let Some(row) = &row {
            self.tell(id)?;
            // What the next one shows as new; that this one is taken does not hang on it.
            if let Err(fault) = self.inner.origins.passed(row, self.moment().now) {
                tracing::warn!(%fault, "where a sign-in came from was not noted");
            }
        }
        Ok(row)
    }

    /// Tells pages and phones about approvals that another subject's transaction ended.
    ///
    /// # Errors
    /// [`ApprovalFault::Store`].
    pub fn ended(&self, ids: &[Id]) -> Result<(), ApprovalFault> {
        ids.iter().try_for_each(|id| self.tell(*id)).map_err(ApprovalFault::from)
    }

    /// The open challenges of a device. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault::Store`].
    pub fn open_challenges(&self, did: Id) -> Result<Vec<Challenged>, ApprovalFault> {
        Ok(self.inner.store.open_challenges(did, self.moment())?)
    }

    /// Notes what a device shows, and tells the pages. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault::Store`].
    pub fn delivered(&self, did: Id, seen: Vec<Id>) -> Result<(), ApprovalFault> {
        if !seen.is_empty() {
            let changed = self.inner.store.delivered(did, seen, self.moment())?;
            changed.into_iter().for_each(|id| self.inner.wakes.wake(Topic::Approval(id)));
        }
        Ok(())
    }
}

impl From<ApprovalFault> for Failure {
    fn from(fault: ApprovalFault) -> Self {
        match fault {
            ApprovalFault::Store(fault) => fault.into(),
            ApprovalFault::Restless => Self::busy(fault),
            other => Self::internal(other),
        }
    }
}
