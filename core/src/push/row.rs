//! What a screen shows of enrolments and approvals: rows made of a record and a moment, nothing to decide on.

use std::fmt;
use std::str::FromStr;

use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::{
    Challenge, ClosedStatus, DeviceState, GoneWhy, Info, Message, NewMark, Op, Os, Res, Src, Status, TriesLeft, Via,
};

use super::meta::{self, Staleness};
use crate::error::InputError;
use crate::record::{Approval, Decision, Record, Stage};

/// One approval on this phone: which enrolment, which challenge. As text `ENROLMENT.CHALLENGE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApprovalId {
    /// The phone's own id of the enrolment.
    pub gateway: Id,
    /// `jti` of the challenge.
    pub challenge: Id,
}

impl fmt::Display for ApprovalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.gateway, self.challenge)
    }
}

impl FromStr for ApprovalId {
    type Err = InputError;
    fn from_str(text: &str) -> Result<Self, InputError> {
        let (gateway, challenge) = text.split_once('.').ok_or(InputError::NotFound)?;
        let id = |text: &str| text.parse().map_err(|_| InputError::NotFound);
        Ok(Self { gateway: id(gateway)?, challenge: id(challenge)? })
    }
}

/// One enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRow {
    /// The phone's own id of it.
    pub id: Id,
    /// The gateway's name, as its metadata says.
    pub name: String,
    /// Host and port. Always shown beside the name.
    pub host: String,
    /// Whose account; empty until the receipt came.
    pub acct: String,
    /// How far it is.
    pub state: GatewayState,
    /// When it was begun, by the phone's clock.
    pub since: u64,
    /// How far the phone's clock is ahead of the gateway's, in seconds; negative when it is behind.
    pub clock_ahead: i64,
    /// Why nothing, or nothing new, can be approved at it now; denying and reporting work.
    pub stale: Option<Staleness>,
    /// The gateway said that it no longer serves this version: the app asks to be updated.
    pub outdated: bool,
}

/// How far an enrolment is, as a screen shows it. `Debug` hides the digits.
#[derive(Clone, PartialEq, Eq)]
pub enum GatewayState {
    /// The request was not answered yet.
    Asking,
    /// The six digits wait to be typed on the page, until this moment of the phone's clock.
    Pending {
        /// What to type on the page.
        digits: String,
        /// Until when.
        until: u64,
    },
    /// It works.
    Active,
    /// The gateway suspended it: only denying and reporting work.
    Suspended,
    /// The gateway removed it.
    Gone(GoneWhy),
    /// The keys of this phone are gone: it was restored or installed anew, or its screen lock was removed. It can be
    /// forgotten, and the phone enrolled again.
    KeysGone,
    /// Its file does not open: damaged, or of a phone that is gone. It can be forgotten.
    Damaged,
}

impl fmt::Debug for GatewayState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asking => f.write_str("Asking"),
            Self::Pending { until, .. } => f.debug_struct("Pending").field("until", until).finish_non_exhaustive(),
            Self::Active => f.write_str("Active"),
            Self::Suspended => f.write_str("Suspended"),
            Self::Gone(why) => f.debug_tuple("Gone").field(why).finish(),
            Self::KeysGone => f.write_str("KeysGone"),
            Self::Damaged => f.write_str("Damaged"),
        }
    }
}

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Which.
    pub id: ApprovalId,
    /// What is asked: a login, a text to sign, or another phone.
    pub op: Op,
    /// What is asked in words, with `sign` alone: to be shown whole.
    pub msg: Option<String>,
    /// The application, as the gateway registered it.
    pub app: String,
    /// SHA-256 of the application's icon, for [`App::icon`](crate::app::App::icon).
    pub ico: Option<H32>,
    /// The gateway's host and port. Always shown beside the application.
    pub host: String,
    /// The gateway's name, by its metadata.
    pub gateway: String,
    /// Whose account signs in.
    pub acct: String,
    /// It is another account than the one this phone was enrolled for: to be marked.
    pub acct_differs: bool,
    /// Where it comes from.
    pub context: ContextRow,
    /// How many digits the page shows.
    pub digits: u8,
    /// When it was asked, by the phone's clock.
    pub asked: u64,
    /// Until when it can be approved, by the phone's clock.
    pub expires: u64,
    /// How it stands.
    pub state: ApprovalState,
    /// What can be done now.
    pub can: Can,
    /// Why it cannot be approved, where that is not the approval's own matter: the gateway's metadata is past its time.
    pub stale: Option<Staleness>,
}

impl ApprovalRow {
    /// Whether it still asks, or its answer is on the way.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ApprovalState::Open(_) | ApprovalState::Sending(_))
    }
}

/// One notice: a gateway tells something, and asks nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// Which.
    pub id: ApprovalId,
    /// What it tells.
    pub text: NoticeText,
    /// The gateway's host and port. Always shown.
    pub host: String,
    /// The gateway's name, by its metadata.
    pub gateway: String,
    /// Whose account it is about.
    pub acct: String,
    /// It is another account than the one this phone was enrolled for: to be marked.
    pub acct_differs: bool,
    /// Where what it tells came from.
    pub context: ContextRow,
    /// When it was told, by the phone's clock.
    pub told: u64,
    /// How it stands: after a report, what the gateway made of that.
    pub state: ApprovalState,
    /// Whether it can be reported now: «that was not me».
    pub can_report: bool,
}

/// What a notice tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeText {
    /// What happened.
    pub info: Info,
    /// System and model of the device that it is about, where it is about one.
    pub device: Option<(Os, String)>,
}

/// Where a login comes from. All texts are shown, never interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextRow {
    /// Who states the rest: with [`Src::Rp`] the application, which the screen says.
    pub src: Src,
    /// Address.
    pub ip: Option<String>,
    /// Country, two letters.
    pub cc: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Network.
    pub asn: Option<String>,
    /// Program.
    pub ua: Option<String>,
    /// What has not been seen before.
    pub new: Vec<NewMark>,
}

/// How an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalState {
    /// It asks. After wrong digits: tries left.
    Open(Option<TriesLeft>),
    /// This phone decided, and does not know yet whether that arrived.
    Sending(Res),
    /// This phone decided, and this is what the gateway made of it.
    Decided(Status),
    /// It ended without this phone.
    Ended(ClosedStatus),
}

/// What can be done with an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Can {
    /// Approve with digits.
    pub approve: bool,
    /// Say no.
    pub deny: bool,
    /// Say that somebody else has the password.
    pub report: bool,
}

/// The row of an enrolment; none while its keys are being made.
pub fn gateway(record: &Record, now: u64) -> Option<GatewayRow> {
    let (acct, state) = match &record.stage {
        Stage::Preparing => return None,
        Stage::Requested(_) => (String::new(), GatewayState::Asking),
        Stage::Gone { why, acct, .. } => (acct.clone().unwrap_or_default(), GatewayState::Gone(*why)),
        Stage::Enrolled(enrolled) => {
            let state = match enrolled.device {
                DeviceState::Pending => {
                    GatewayState::Pending { digits: enrolled.digits.clone(), until: record.phone_time(enrolled.until) }
                }
                DeviceState::Active => GatewayState::Active,
                DeviceState::Suspended => GatewayState::Suspended,
            };
            (enrolled.acct.clone(), state)
        }
    };
    Some(GatewayRow {
        id: record.id,
        name: record.trusted.metadata().name.as_str().to_owned(),
        host: record.u.host().to_owned(),
        acct,
        state,
        since: record.began,
        clock_ahead: record.offset.saturating_neg(),
        stale: meta::trouble(record, now),
        outdated: false,
    })
}

/// The row of a file that does not open.
pub fn damaged(id: Id) -> GatewayRow {
    GatewayRow {
        id,
        name: String::new(),
        host: String::new(),
        acct: String::new(),
        state: GatewayState::Damaged,
        since: 0,
        clock_ahead: 0,
        stale: None,
        outdated: false,
    }
}

/// The rows of all approvals of one enrolment, in the order they came.
pub fn approvals(record: &Record, now: u64) -> impl Iterator<Item = ApprovalRow> + '_ {
    let asks = |a: &&Approval| a.challenge.claims().op != Op::Info;
    let offered = record.approvals.iter().filter(asks).filter(move |a| a.is_offered(now));
    offered.map(move |approval| row(record, approval, now))
}

/// The rows of all notices of one enrolment that were not put away. One that the gateway took back is not shown.
pub fn notices(record: &Record, now: u64) -> impl Iterator<Item = NoticeRow> + '_ {
    let tells = |a: &&Approval| a.challenge.claims().op == Op::Info && (a.left.is_none() || !a.answers.is_empty());
    let offered = record.approvals.iter().filter(tells).filter(move |a| a.is_offered(now));
    offered.filter_map(move |approval| notice(record, approval, now))
}

fn notice(record: &Record, approval: &Approval, now: u64) -> Option<NoticeRow> {
    let claims = approval.challenge.claims();
    let (acct, state) = (claims.acct.as_str().to_owned(), state(record, approval, now));
    Some(NoticeRow {
        id: ApprovalId { gateway: record.id, challenge: approval.jti() },
        text: notice_text(claims)?,
        host: record.u.host().to_owned(),
        gateway: record.trusted.metadata().name.as_str().to_owned(),
        acct_differs: record.enrolled().is_some_and(|enrolled| enrolled.acct != acct),
        acct,
        context: context(claims),
        told: record.phone_time(claims.iat),
        state,
        can_report: can(record, approval, state, now).report,
    })
}

pub(super) fn notice_text(claims: &Challenge) -> Option<NoticeText> {
    let device = claims.dev.as_ref().map(|device| (device.os, device.model.as_str().to_owned()));
    claims.info.map(|info| NoticeText { info, device })
}

/// The row of a challenge that was scanned for an answer code: nothing is sent for it.
pub(crate) fn offline(record: &Record, challenge: &Message<Challenge>, now: u64) -> ApprovalRow {
    let challenge = challenge.clone();
    let approval = Approval { challenge, taken: now, via: Via::Poll, left: None, answers: Vec::new() };
    let can = Can { approve: true, deny: false, report: false };
    ApprovalRow { can, ..row(record, &approval, now) }
}

fn row(record: &Record, approval: &Approval, now: u64) -> ApprovalRow {
    let claims = approval.challenge.claims();
    let acct = claims.acct.as_str().to_owned();
    let state = state(record, approval, now);
    ApprovalRow {
        id: ApprovalId { gateway: record.id, challenge: approval.jti() },
        op: claims.op,
        msg: claims.msg.as_ref().map(ToString::to_string),
        ico: claims.ico,
        app: claims.app.as_str().to_owned(),
        host: record.u.host().to_owned(),
        gateway: record.trusted.metadata().name.as_str().to_owned(),
        acct_differs: record.enrolled().is_some_and(|enrolled| enrolled.acct != acct),
        acct,
        context: context(claims),
        digits: claims.nm.get(),
        asked: record.phone_time(claims.iat),
        expires: record.phone_time(claims.exp),
        state,
        can: can(record, approval, state, now),
        stale: meta::staleness(record, now),
    }
}

pub(super) fn context(claims: &Challenge) -> ContextRow {
    let ctx = &claims.ctx;
    ContextRow {
        src: ctx.src,
        ip: ctx.ip.as_ref().map(ToString::to_string),
        cc: ctx.cc.as_ref().map(ToString::to_string),
        city: ctx.city.as_ref().map(ToString::to_string),
        asn: ctx.asn.as_ref().map(ToString::to_string),
        ua: ctx.ua.as_ref().map(ToString::to_string),
        new: ctx.new.as_ref().map(|new| new.to_vec()).unwrap_or_default(),
    }
}

pub(super) fn state(record: &Record, approval: &Approval, now: u64) -> ApprovalState {
    // What the gateway lists as ended in the word of this decision has arrived.
    let arrived = |decision: &&Decision| approval.left.is_some_and(|left| left.how == word_of(decision.res()));
    if let Some(decision) = approval.unsent(now).filter(|decision| !arrived(decision)) {
        return ApprovalState::Sending(decision.res());
    }
    let last = approval.answers.iter().rev().find_map(|decision| decision.result);
    match (last, approval.left) {
        (Some(verdict), None) if verdict.st == Status::Wrong && !is_late(record, approval, now) => {
            ApprovalState::Open(verdict.left)
        }
        (Some(verdict), _) if verdict.st != Status::Wrong => ApprovalState::Decided(verdict.st),
        (_, Some(left)) => ApprovalState::Ended(left.how),
        (_, None) if is_late(record, approval, now) => ApprovalState::Ended(ClosedStatus::Expired),
        (_, None) => ApprovalState::Open(None),
    }
}

/// How a challenge ends that this decision ended.
fn word_of(res: Res) -> ClosedStatus {
    match res {
        Res::Approve => ClosedStatus::Approved,
        Res::Deny => ClosedStatus::Denied,
        Res::Report => ClosedStatus::Reported,
    }
}

fn is_late(record: &Record, approval: &Approval, now: u64) -> bool {
    record.gateway_time(now) > approval.exp()
}

fn can(record: &Record, approval: &Approval, state: ApprovalState, now: u64) -> Can {
    let open = approval.left.is_none() && !is_late(record, approval, now);
    let decided = |st: &[Status]| matches!(state, ApprovalState::Decided(found) if st.contains(&found));
    let asks = approval.challenge.claims().op != Op::Info;
    // The gateway takes no approval of one that is suspended, and takes its denial.
    let counts = record.enrolled().is_none_or(|enrolled| enrolled.device != DeviceState::Suspended);
    Can {
        approve: asks && open && counts && !approval.is_refused() && meta::staleness(record, now).is_none(),
        deny: asks && !decided(&[Status::Denied, Status::Reported]),
        report: !decided(&[Status::Reported]),
    }
}

#[cfg(test)]
mod tests {
    use countersign_properties::{around, parser};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_approvals() {
        let id = || any::<[u8; 16]>().prop_map(|bytes| Id::from_bytes(bytes).to_string());
        let good = (id(), id()).prop_map(|(gateway, challenge)| format!("{gateway}.{challenge}"));
        parser(around(good), |text| match text.parse::<ApprovalId>() {
            Ok(id) => {
                assert_eq!(id.to_string(), *text);
                true
            }
            Err(_) => false,
        });
    }
}
