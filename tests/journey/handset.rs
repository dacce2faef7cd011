//! The phone of a journey: `App` on the real network, with a keystore in memory.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_core::app::{App, ApprovalRow, Enrolling, Folders, GatewayState, PollOutcome, Verdict};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, PortError};
use countersign_core::net::Net;
use countersign_core::port::{Clock, Http, Ports, Request, Response};
use countersign_core::system::{SystemClock, SystemRandom};
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::person::Person;
use countersign_gateway::port::Clock as _;
use countersign_protocol::jose::Id;
use countersign_protocol::push::Status;
use countersign_tests::stage::{Stage, StageClock, caller, owner};

use crate::app::phone::{Keys, me};

/// The gateway's clock in the phone's hand.
struct SameClock(Arc<StageClock>);

impl Clock for SameClock {
    fn now(&self) -> u64 {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

/// What somebody between phone and gateway does to an exchange.
pub enum Trick {
    /// The answer to this call is lost on its way; the gateway has acted.
    LoseAnswer(&'static str),
    /// The phone gets this instead; the gateway gets nothing.
    Instead(Response),
}

/// The real network, with somebody on the line who listens, and now and then meddles.
pub struct Between {
    net: Net,
    trick: Mutex<Option<Trick>>,
    heard: Mutex<Vec<(Request, Response)>>,
}

impl Between {
    /// Loses the answer to the next request whose address ends so.
    pub fn lose_answer_of(&self, call: &'static str) {
        self.next(Trick::LoseAnswer(call));
    }

    /// Meddles with the next exchange.
    pub fn next(&self, trick: Trick) {
        *self.trick.lock().unwrap() = Some(trick);
    }

    /// The last request whose address ends so, and the gateway's answer.
    pub fn last(&self, call: &str) -> (Request, Response) {
        let heard = self.heard.lock().unwrap();
        heard.iter().rev().find(|(request, _)| request.url.ends_with(call)).cloned().expect("such a request")
    }

    /// The bodies of all requests whose address ends so, in their order.
    pub fn bodies(&self, call: &str) -> Vec<Vec<u8>> {
        let heard = self.heard.lock().unwrap();
        heard
            .iter()
            .filter(|(request, _)| request.url.ends_with(call))
            .map(|(request, _)| request.body.clone())
            .collect()
    }

    /// How many requests went to addresses that end so.
    pub fn count(&self, call: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|(request, _)| request.url.ends_with(call)).count()
    }

    /// Sends a request once more, as somebody who recorded it.
    pub fn again(&self, request: &Request) -> Response {
        self.net.send(request.clone(), &Cancel::default()).unwrap()
    }
}

impl Http for Between {
    fn stream(
        &self,
        request: Request,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        self.net.stream(request, cancel, take)
    }

    fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError> {
        let trick = {
            let mut trick = self.trick.lock().unwrap();
            let waits = matches!(&*trick, Some(Trick::LoseAnswer(call)) if !request.url.ends_with(call));
            if waits { None } else { trick.take() }
        };
        if let Some(Trick::Instead(answer)) = trick {
            return Ok(answer);
        }
        let answer = self.net.send(request.clone(), cancel)?;
        // A stale nonce is no answer yet: the phone signs anew and asks again.
        let lost = trick.is_some() && answer.status != 401;
        if trick.is_some() && !lost {
            *self.trick.lock().unwrap() = trick;
        }
        self.heard.lock().unwrap().push((request, answer.clone()));
        if lost { Err(PortError::Network) } else { Ok(answer) }
    }
}

/// A phone.
pub struct Handset {
    /// The app.
    pub app: App,
    /// The line.
    pub line: Arc<Between>,
    /// The keystore.
    pub keys: Arc<Keys>,
    /// What the gateway calls it, where a stage made it active.
    pub did: Option<Id>,
    _folder: tempfile::TempDir,
}

impl Handset {
    /// A phone without any enrolment, by the stage's clock.
    pub fn of(stage: &Stage) -> Self {
        Self::by(Arc::new(SameClock(stage.clock.clone())))
    }

    /// A phone without any enrolment, by the machine's clock.
    pub fn of_this_machine() -> Self {
        Self::by(Arc::new(SystemClock::new()))
    }

    /// A phone without any enrolment, by a clock of its own.
    pub fn by(clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = Arc::new(Keys::default());
        let net = Net::new(Vec::new, Arc::clone(&clock));
        let line = Arc::new(Between { net, trick: Mutex::default(), heard: Mutex::default() });
        let ports = Ports { clock, random: Arc::new(SystemRandom::new()), keystore: keys.clone(), http: line.clone() };
        let folders = Folders { private: folder.path().join("private"), shared: folder.path().join("shared") };
        Self { app: App::open(folders, ports).unwrap(), line, keys, did: None, _folder: folder }
    }

    /// An active phone of this person, enrolled by link.
    pub fn active(stage: &Stage, person: &Person, name: &str) -> Self {
        Self::of(stage).activated(stage, person, name)
    }

    /// This phone, enrolled by link and active.
    pub fn activated(self, stage: &Stage, person: &Person, name: &str) -> Self {
        let mut phone = self;
        let before: Vec<Id> = stage.house().devices.of(person.id).unwrap().iter().map(|(it, _)| it.did).collect();
        let enrolling = phone.enrol(&stage.link(person, name).to_https());
        let all = stage.house().devices.of(person.id).unwrap();
        let did = all.iter().map(|(it, _)| it.did).find(|did| !before.contains(did)).expect("a new device");
        let end = stage.house().devices.confirm(owner(person), did, &enrolling.digits, &caller()).unwrap();
        assert_eq!(end, Confirmed::Active);
        phone.did = Some(did);
        phone.poll();
        assert_eq!(phone.state(), GatewayState::Active);
        phone
    }

    /// Enrols by the text of a QR or a link.
    pub fn enrol(&self, text: &str) -> Enrolling {
        let offer = self.app.enrol_offer(text).unwrap();
        self.app.enrol(&offer, &me(), &Cancel::default()).unwrap()
    }

    /// The phone's own id of its one enrolment.
    pub fn id(&self) -> Id {
        self.app.gateways()[0].id
    }

    /// How far its one enrolment is.
    pub fn state(&self) -> GatewayState {
        let mut rows = self.app.gateways();
        assert_eq!(rows.len(), 1, "one enrolment: {rows:?}");
        rows.remove(0).state
    }

    /// A poll that waits for nothing, whatever it comes to.
    pub fn try_poll(&self) -> PollOutcome {
        self.app.poll(self.id(), 0, &Cancel::default()).unwrap()
    }

    /// A poll that waits for nothing and must succeed; whether it brought anything.
    pub fn poll(&self) -> bool {
        let outcome = self.try_poll();
        assert_eq!(outcome.fault, None);
        outcome.news
    }

    /// The newest approval on the screen: an open one before those that ended.
    pub fn first(&self) -> ApprovalRow {
        self.app.approvals().into_iter().next().expect("an approval")
    }

    /// Approves the first one by these digits, which must be right.
    pub fn approve(&self, digits: &str) {
        assert_eq!(self.answer(digits).unwrap().st, Status::Approved);
    }

    /// Answers the first one by these digits.
    pub fn answer(&self, digits: &str) -> Result<Verdict, Error> {
        self.app.approve(self.first().id, digits.parse().unwrap(), &Cancel::default())
    }
}
