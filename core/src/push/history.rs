//! What ended, to be remembered, and what is shown of it (push-v1 section 13).

use countersign_protocol::push::{Challenge, ClosedStatus, Message, Op};

use super::row::{self, ApprovalId, ApprovalState, ContextRow, NoticeText};
use crate::record::{Approval, Past, PastEnd, Record};

/// One entry of the history, as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRow {
    /// Which.
    pub id: ApprovalId,
    /// What was asked, or that something was told.
    pub op: Op,
    /// What was told, with a notice alone.
    pub notice: Option<NoticeText>,
    /// What was asked in words, with `sign` alone.
    pub msg: Option<String>,
    /// The application, as the gateway registered it.
    pub app: String,
    /// The gateway's host and port. Always shown beside the application.
    pub host: String,
    /// The gateway's name, by its metadata.
    pub gateway: String,
    /// Whose account.
    pub acct: String,
    /// Where it came from.
    pub context: ContextRow,
    /// When it was asked, by the phone's clock.
    pub asked: u64,
    /// When it ended, by the phone's clock.
    pub at: u64,
    /// How it ended.
    pub end: PastEnd,
}

/// What is remembered of an approval that leaves the screen.
pub(crate) fn past(record: &Record, approval: &Approval, now: u64) -> Past {
    let claims = approval.challenge.claims();
    let end = end(record, approval, now).unwrap_or(match claims.op {
        Op::Info => PastEnd::Dismissed,
        _ => PastEnd::Ended(ClosedStatus::Closed),
    });
    let made = approval.answers.last().map(|decision| decision.made);
    let at = made.or(approval.left.map(|left| left.at)).unwrap_or(now);
    Past { challenge: approval.challenge.clone(), asked: record.phone_time(claims.iat), at, end }
}

/// What is remembered of a challenge that an answer code was shown for.
pub(crate) fn code_shown(record: &Record, challenge: &Message<Challenge>, now: u64) -> Past {
    let asked = record.phone_time(challenge.claims().iat);
    Past { challenge: challenge.clone(), asked, at: now, end: PastEnd::CodeShown }
}

/// How it ended; none while it asks.
fn end(record: &Record, approval: &Approval, now: u64) -> Option<PastEnd> {
    match row::state(record, approval, now) {
        ApprovalState::Open(_) => None,
        ApprovalState::Sending(res) => Some(PastEnd::Sent(res)),
        ApprovalState::Decided(status) => Some(PastEnd::Decided(status)),
        ApprovalState::Ended(_) if approval.answers.last().is_some_and(|decision| decision.result.is_none()) => {
            approval.answers.last().map(|decision| PastEnd::Sent(decision.res()))
        }
        ApprovalState::Ended(how) => Some(PastEnd::Ended(how)),
    }
}

/// The rows of what is still on the list and asks no more.
pub(crate) fn ended(record: &Record, now: u64) -> impl Iterator<Item = PastRow> + '_ {
    let over = record.approvals.iter().filter(move |approval| end(record, approval, now).is_some());
    over.map(move |approval| row(record, &past(record, approval, now)))
}

/// The row of an entry.
pub(crate) fn row(record: &Record, past: &Past) -> PastRow {
    let claims = past.challenge.claims();
    PastRow {
        id: ApprovalId { gateway: record.id, challenge: past.jti() },
        op: claims.op,
        notice: row::notice_text(claims),
        msg: claims.msg.as_ref().map(ToString::to_string),
        app: claims.app.as_str().to_owned(),
        host: record.u.host().to_owned(),
        gateway: record.trusted.metadata().name.as_str().to_owned(),
        acct: claims.acct.as_str().to_owned(),
        context: row::context(claims),
        asked: past.asked,
        at: past.at,
        end: past.end,
    }
}
