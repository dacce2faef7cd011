//! Finding out what was put on the reader, with commands that change nothing.

use countersign_protocol::otp::Counter;

use super::apdu::{Apdu, StatusWord};
use super::capability::Capabilities;
use super::channel::Channel;
use super::credential::{Credential, Moving};
use super::driver::{self, Driver};
use super::identity::{Declined, Family, Identity};
use super::journal::Record;
use super::kept::LedgerRow;
use super::link::{LinkError, TokenLink};
use super::name::Stored;
use super::operation::{Operated, Operation};
use super::pen::{Held, Pen, Stop, Tools};
use super::plan::{Erases, Holding, Plan, Refusal};
use super::request::{KeyProfile, Request};
use super::room::Room;
use super::verify::{FAR, NEAR, Proof};
use super::{Step, TokenError};

/// What is known before anything was asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The reader's name.
    pub reader: Option<&'a str>,
    /// The family that is likely, because the last token was of it: asked for first.
    pub likely: Option<Family>,
}

/// What was met.
pub enum Met<'l> {
    /// A token that can be written.
    Token(Found<'l>),
    /// One that cannot, and why.
    Declined(Declined),
}

/// A token on a link, of a known family. It lives as long as the link does: whoever loses the link meets the token again,
/// and is told when it is another.
pub struct Found<'l> {
    channel: Channel<'l>,
    driver: Box<dyn Driver>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The token cannot hold it, or should not.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be read what the token holds.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Why what was agreed to is not done. Nothing was sent that writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAgreed {
    /// Another token lies there.
    #[error("another token")]
    Other,
    /// What is in its place by now is not what was agreed to go.
    #[error("the place holds {0:?} by now")]
    Changed(Erases),
    /// There is no plan any more.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// Finds out what is on the reader: one command where the family was guessed right, four at most for one that can be
/// written, and a fifth that tells a security key without an OTP function.
///
/// # Errors
/// [`TokenError`] of the link, or of a token that answers to a name of a family and then not in its way.
pub fn meet<'l>(link: &'l mut dyn TokenLink, hints: Hints<'_>, tools: Tools<'_>) -> Result<Met<'l>, TokenError> {
    let mut channel = Channel::new(link);
    // A Molto-2 may hang when it is asked for applets, and nothing else is on such a reader.
    let is_molto = hints.reader.is_some_and(|name| name.contains("Molto2")) || hints.likely == Some(Family::Molto2);
    let rest =
        Family::ASKED.into_iter().filter(|family| hints.likely.is_none_or(|likely| !likely.is_asked_as(*family)));
    let order: Vec<Family> =
        if is_molto { vec![Family::Molto2] } else { hints.likely.into_iter().chain(rest).collect() };
    for (place, family) in order.into_iter().enumerate() {
        let driver = match driver::ask(family, &mut channel, tools) {
            Err(TokenError::Link(LinkError::Late)) if place == 0 => return Ok(Met::Declined(Declined::Silent)),
            driver => driver?,
        };
        if let Some(driver) = driver {
            return Ok(if driver::single::is_factory_seeded(driver.identity()) {
                Met::Declined(Declined::FactorySeeded)
            } else {
                Met::Token(Found { channel, driver })
            });
        }
    }
    if is_molto {
        return Ok(Met::Declined(Declined::Unknown));
    }
    let fido = channel.exchange(&Apdu::with([0x00, 0xa4, 0x04, 0x00], driver::token2::FIDO)?)?;
    Ok(Met::Declined(if fido.status == StatusWord::OK { Declined::SecurityKey } else { Declined::Unknown }))
}

impl Found<'_> {
    /// What it told of itself.
    pub fn identity(&self) -> &Identity {
        self.driver.identity()
    }

    /// What else of this security key can be written: the applets that are asked for after its own, which answered. Nothing is
    /// changed, and its own is the one that is spoken to afterwards.
    ///
    /// # Errors
    /// As [`meet`].
    pub fn others(&mut self, tools: Tools<'_>) -> Result<Vec<Identity>, TokenError> {
        let first = self.identity().family;
        let mut others = Vec::new();
        if matches!(first, Family::Single | Family::Molto2) {
            return Ok(others);
        }
        let after = Family::ASKED.into_iter().skip_while(|family| !first.is_asked_as(*family)).skip(1);
        for family in after {
            others
                .extend(driver::ask(family, &mut self.channel.anew(), tools)?.map(|driver| driver.identity().clone()));
        }
        // Token2's applet is selected before each use, and after Feitian's none is asked for.
        if matches!(first, Family::Oath(_)) {
            self.driver = driver::ask(first, &mut self.channel, tools)?.ok_or(TokenError::OtherToken)?;
        }
        Ok(others)
    }

    /// What it can hold.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities::of(self.identity())
    }

    /// Reads how full it is; nothing of a family that does not tell. Of a token with profiles that is a command for each.
    ///
    /// # Errors
    /// [`TokenError::AccessCode`] where one closes it and none was given; [`TokenError`].
    pub fn room(&mut self, key: &KeyProfile, tools: Tools<'_>) -> Result<Option<Room>, TokenError> {
        self.driver.room(&mut self.channel, key, tools)
    }

    /// Plans a burn: reads what is in its place, and writes nothing. What the token cannot hold is refused before anything
    /// is sent.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn plan(&mut self, request: Request, key: &KeyProfile, tools: Tools<'_>) -> Result<Plan, PlanError> {
        Plan::new(self.identity(), &Holding::Free, request.clone())?;
        let holding = self.driver.survey(&mut self.channel, &request, key, tools)?;
        Ok(Plan::new(self.identity(), &holding, request)?)
    }

    /// Plans anew what was agreed to, perhaps while the token was away: for the same token, and where what is in its place is
    /// what was agreed to go.
    ///
    /// # Errors
    /// [`NotAgreed`].
    pub fn plan_agreed(&mut self, plan: &Plan, key: &KeyProfile, tools: Tools<'_>) -> Result<Plan, NotAgreed> {
        if !plan.identity.is_same_token(self.identity()) {
            return Err(NotAgreed::Other);
        }
        let now = self.plan(plan.request.clone(), key, tools)?;
        if now.erases == plan.erases { Ok(now) } else { Err(NotAgreed::Changed(now.erases)) }
    }

    /// Writes what was planned. `mark` is told of each step that was answered.
    ///
    /// # Errors
    /// [`Stop`], with what the token holds. [`TokenError::OtherToken`] when the plan was made for another; then nothing was
    /// sent.
    pub fn execute(
        &mut self,
        plan: &Plan,
        key: &KeyProfile,
        tools: Tools<'_>,
        mark: &mut dyn FnMut(Step),
    ) -> Result<(), Stop> {
        if !plan.identity.is_same_token(self.identity()) {
            return Err(Stop { error: TokenError::OtherToken, holds: vec![Held::Before] });
        }
        self.driver.execute(Pen::new(&mut self.channel, tools, key, mark), plan)
    }

    /// Plans to read back what a row of the ledger says is in this token, and writes nothing. Where its counter stands is said when
    /// it is read ([`verify_from`](Self::verify_from)); what a profile is called stands in no ledger, and is as the token says.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn plan_row(
        &mut self,
        row: &LedgerRow,
        touch: bool,
        key: &KeyProfile,
        tools: Tools<'_>,
    ) -> Result<Plan, PlanError> {
        let (profile, title) = (row.profile, Some("-".to_owned()).filter(|_| row.token.family.has_profiles()));
        let credential = Credential { serial: None, ..row.credential.clone() };
        let mut request = Request { profile, title, touch, replace: true, expert: true, ..Request::new(credential) };
        if let Moving::Counter(counter) = &mut request.credential.moving {
            *counter = Counter::ZERO;
        }
        let mut plan = self.plan(request, key, tools)?;
        if let Erases::Profile { title, .. } = &plan.erases {
            plan.stored = Stored::One(title.clone());
        }
        Ok(plan)
    }

    /// Plans to read back what the journal says was burned into this token, and writes nothing. Its counter stands where it was
    /// seen last.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn plan_record(&mut self, record: &Record, key: &KeyProfile, tools: Tools<'_>) -> Result<Plan, PlanError> {
        let mut request = Request { replace: true, expert: true, ..record.request.clone() };
        let Moving::Counter(stands) = record.left().moving else { return self.plan(request, key, tools) };
        // Where it may begin is asked of what is written, not of what was.
        request.credential.moving = Moving::Counter(Counter::ZERO);
        Ok(self.plan(request, key, tools)?.standing_at(stands, 0))
    }

    /// Reads back what was written earlier. Of what a counter moves codes were used since: up to ten are passed over, and many
    /// more where a second code follows on the first. Each is used up by it.
    ///
    /// # Errors
    /// As [`Found::verify`].
    pub fn verify_from(&mut self, plan: &Plan, stands: Moving, tools: Tools<'_>) -> Result<Proof, TokenError> {
        let Moving::Counter(stands) = stands else {
            return match self.verify(plan, tools) {
                // A clock that was right when it was set may be off by now, and says nothing of the seed.
                Err(TokenError::NotKept(Step::Config)) => Ok(Proof::Settings),
                read => read,
            };
        };
        match self.verify(&plan.standing_at(stands, FAR), tools)? {
            Proof::Counted(next) if next.get() > stands.get() + 1 + NEAR => {
                self.verify(&plan.standing_at(next, 0), tools)
            }
            proof => Ok(proof),
        }
    }

    /// Reads back what was written, as far as the family can. A code that a counter moves is used up by it.
    ///
    /// # Errors
    /// [`TokenError::NotKept`] when it holds something else; [`TokenError`] when it could not be read.
    pub fn verify(&mut self, plan: &Plan, tools: Tools<'_>) -> Result<Proof, TokenError> {
        self.driver.verify(&mut self.channel, plan, tools)
    }

    /// Does one of the things that are no burn.
    ///
    /// # Errors
    /// [`TokenError::Unable`] when the family or model cannot, with nothing sent; [`Stop`].
    pub fn operate(&mut self, operation: &Operation, key: &KeyProfile, tools: Tools<'_>) -> Result<Operated, Stop> {
        self.driver.operate(Pen::new(&mut self.channel, tools, key, &mut |_| ()), operation)
    }
}
