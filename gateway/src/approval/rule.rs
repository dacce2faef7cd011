//! What may happen to an approval: pure functions of what the store knows.
//!
//! Every store runs these inside its transaction and then changes the row by a guarded update; a rule that looked at an
//! older row therefore decides nothing.

use countersign_protocol::push::Status;

use super::record::{Attempt, Decision, Row, Standing};
use super::{Push, State};
use crate::moment::Moment;

/// Seconds past `exp` in which an answer is still taken.
pub const GRACE: u64 = countersign_protocol::limits::CHALLENGE_GRACE;
/// Seconds between approve and consume.
pub const HOLD: u64 = 30;
/// The most of them that a client may have for something to sign.
pub const SIGN_HOLD: u64 = 600;
/// With fewer seconds left a page begins anew before it shows a phone without a network what to answer.
pub const OFFLINE_LEAST: u64 = 60;
/// Seconds after consume in which a report still ends the sessions made from it.
pub const LATE_REPORT: u64 = 600;
/// Further bells of one push.
pub const RESENDS: u32 = 3;
/// Seconds between two bells of one push.
pub const RESEND_AFTER: u64 = 20;
/// Wrong digits in a row from which the next approval begins later.
pub const WRONG_DELAYED: u32 = 4;
/// Seconds that a denial turns push off for its client and network.
pub const PAUSE: u64 = 3600;
/// Seconds past `exp` that an answer is kept for repeats; also that of an answer to an unknown challenge.
pub const KEPT: u64 = 3600;

/// Digits, tries and life of an approval (`push-v1.md` §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How many digits the page shows: 2 to 8.
    pub digits: u8,
    /// Tries: 1 to 5; below six digits always one.
    pub tries: u8,
    /// Seconds that a phone may take: 30 to 600.
    pub life: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self::from(&crate::config::Approval::default())
    }
}

impl From<&crate::config::Approval> for Policy {
    fn from(set: &crate::config::Approval) -> Self {
        Self { digits: set.digits, tries: set.tries, life: set.life }
    }
}

impl Policy {
    /// The tries that an approval begins with.
    pub fn tries(&self) -> u8 {
        if self.digits < 6 { 1 } else { self.tries }
    }
}

/// What a person's approvals may come to before phones, or codes, are not asked any more (`push-v1.md` §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open approvals a person, of those that asked a phone: 1 to 3.
    pub open: u32,
    /// Pushes since the last success: 1 to 10.
    pub pushes: u32,
    /// The same where nobody stated a first factor: 1 to 10.
    pub pushes_alone: u32,
    /// Wrong digits in a row, over all approvals, at which push is off: 1 to 100.
    pub wrong: u32,
    /// Wrong codes in a row at which codes are off: 1 to 100.
    pub wrong_codes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self::from(&crate::config::Approval::default())
    }
}

impl From<&crate::config::Approval> for Limits {
    fn from(set: &crate::config::Approval) -> Self {
        let crate::config::Approval { open, pushes, pushes_alone, wrong_digits, wrong_codes, .. } = *set;
        Self { open, pushes, pushes_alone, wrong: wrong_digits, wrong_codes }
    }
}

/// What is known when an approval is to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// What earlier approvals left behind.
    pub standing: Standing,
    /// How many approvals of this person are open and asked a phone.
    pub open: u32,
    /// Whether somebody said no to this client from this network within the hour.
    pub paused: bool,
    /// How many active phones there are.
    pub phones: usize,
    /// Whether the one who begins it states a right first factor.
    pub first_factor: bool,
    /// How much there may be.
    pub limits: Limits,
}

/// Whether an approval may begin now, and whether phones are asked.
///
/// # Errors
/// The seconds to wait, after wrong digits in a row.
pub fn begin(before: &Before, now: u64) -> Result<Push, u64> {
    let limits = &before.limits;
    if let Some(seconds) = before.standing.wait(now, limits) {
        return Err(seconds);
    }
    let pushes = if before.first_factor { limits.pushes } else { limits.pushes_alone };
    Ok(if before.phones == 0 {
        Push::NoPhone
    } else if before.standing.wrong >= limits.wrong {
        Push::Off
    } else if before.open >= limits.open {
        Push::Open
    } else if before.paused {
        Push::Denied
    } else if before.standing.pushes >= pushes {
        Push::Limit
    } else {
        Push::Sent
    })
}

impl Standing {
    /// Seconds until the next approval may begin, when digits were wrong: 2^(n−3) from the 4th in a row. Once push is off,
    /// codes need no wait.
    pub fn wait(&self, now: u64, limits: &Limits) -> Option<u64> {
        if !(WRONG_DELAYED..limits.wrong).contains(&self.wrong) {
            return None;
        }
        let delay = 1_u64.checked_shl(self.wrong - 3).unwrap_or(u64::MAX);
        // A clock that was set back since must not lock anybody out for as long.
        let passed = now.checked_sub(self.wrong_at)?;
        delay.checked_sub(passed).filter(|left| *left > 0)
    }
}

impl Row {
    /// Whether the present state has not run out.
    pub fn lasts(&self, at: &Moment) -> bool {
        self.ends.lasts(at)
    }

    /// The state as it is now: what has run out is named as that, written down or not.
    pub fn state(&self, at: &Moment) -> State {
        match self.stored {
            State::Pending if !self.lasts(at) => State::Expired,
            State::Approved if !self.lasts(at) => State::Lapsed,
            stored => stored,
        }
    }
}

/// How one answer is to be told, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The word of the result.
    pub status: Status,
    /// Tries left, with [`Status::Wrong`] alone.
    pub left: Option<u8>,
    /// The change of the row.
    pub change: Change,
}

/// The change of the approval's row that a verdict asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// None.
    Nothing,
    /// Pending to approved.
    Approve,
    /// One try less; it stays pending.
    Wrong,
    /// One try less, and that was the last.
    Fail,
    /// Pending or approved to denied or reported.
    Refuse(State),
    /// The state stays; what was consumed within ten minutes loses the sessions made from it.
    LateReport,
    /// No approval: the phone reports a notice.
    Notice,
}

/// What the store knows about the one who answers and what was asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The device is active.
    pub active: bool,
    /// The device is pending.
    pub pending: bool,
    /// The answer's `jti` was used by another answer of this device.
    pub used: bool,
    /// The challenge `cj` of this device: whether the answer's `ch` is its hash, and its approval.
    pub challenge: Option<(bool, &'a Row)>,
    /// `cj` is a notice of this device: whether the answer's `ch` is its hash.
    pub notice: Option<bool>,
    /// The person's wrong digits in a row.
    pub wrong: u32,
    /// How many there may be.
    pub limits: Limits,
}

/// `push-v1.md` §7, the table: the first row that fits.
pub fn judge(attempt: &Attempt, asked: &Asked<'_>, at: &Moment) -> Verdict {
    let told = |status| Verdict { status, left: None, change: Change::Nothing };
    if asked.used || asked.challenge.is_some_and(|(same, _)| !same) || asked.notice == Some(false) {
        return told(Status::Mismatch);
    }
    if asked.notice.is_some() && !asked.pending && attempt.decision == Decision::Report {
        return Verdict { status: Status::Reported, left: None, change: Change::Notice };
    }
    let Some((_, row)) = asked.challenge.filter(|_| !asked.pending) else { return told(Status::Unknown) };
    match (row.state(at), attempt.decision) {
        (_, Decision::Approve { .. }) if !asked.active => told(Status::Unknown),
        (State::Pending, Decision::Approve { right: true, .. }) => {
            Verdict { status: Status::Approved, left: None, change: Change::Approve }
        }
        (State::Pending, Decision::Approve { .. }) => wrong(row.tries, asked.wrong, &asked.limits),
        (State::Pending | State::Approved, Decision::Deny) => {
            Verdict { status: Status::Denied, left: None, change: Change::Refuse(State::Denied) }
        }
        (State::Pending | State::Approved, Decision::Report) => {
            Verdict { status: Status::Reported, left: None, change: Change::Refuse(State::Reported) }
        }
        // A report once more, or late, is always told the same; what it does comes once (push-v1 §15).
        (State::Reported, Decision::Report) => told(Status::Reported),
        (_, Decision::Report) if row.reported.is_some() => told(Status::Reported),
        (_, Decision::Report) => Verdict { status: Status::Reported, left: None, change: Change::LateReport },
        (State::Expired, _) => told(Status::Expired),
        _ => told(Status::Closed),
    }
}

fn wrong(tries: u8, in_a_row: u32, limits: &Limits) -> Verdict {
    if tries <= 1 || in_a_row + 1 >= limits.wrong {
        Verdict { status: Status::Failed, left: None, change: Change::Fail }
    } else {
        Verdict { status: Status::Wrong, left: Some(tries - 1), change: Change::Wrong }
    }
}

/// How a poll names an approval that is not open any more (`push-v1.md` §8, `closed`).
pub fn closed_word(state: State) -> Option<Status> {
    Some(match state {
        State::Pending => return None,
        State::Approved | State::Consumed => Status::Approved,
        State::Denied => Status::Denied,
        State::Reported => Status::Reported,
        State::Failed => Status::Failed,
        State::Expired => Status::Expired,
        State::Lapsed | State::Cancelled => Status::Closed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Standing = Standing { pushes: 0, wrong: 0, wrong_at: 0, wrong_codes: 0 };

    fn before(standing: Standing) -> Before {
        Before { standing, open: 0, paused: false, phones: 1, first_factor: true, limits: Limits::default() }
    }

    #[test]
    fn pushes_end_at_the_fifth_and_at_the_second_without_a_first_factor() {
        for (pushes, first_factor, push) in
            [(4, true, Push::Sent), (5, true, Push::Limit), (1, false, Push::Sent), (2, false, Push::Limit)]
        {
            let known = Before { first_factor, ..before(Standing { pushes, ..NOTHING }) };
            assert_eq!(begin(&known, 100), Ok(push), "{pushes} {first_factor}");
        }
    }

    #[test]
    fn each_reason_against_a_push_is_named() {
        let known = before(NOTHING);
        assert_eq!(begin(&Before { phones: 0, ..known }, 0), Ok(Push::NoPhone));
        assert_eq!(begin(&Before { open: 1, ..known }, 0), Ok(Push::Open));
        assert_eq!(begin(&Before { paused: true, ..known }, 0), Ok(Push::Denied));
        assert_eq!(begin(&before(Standing { wrong: 10, ..NOTHING }), 0), Ok(Push::Off));
    }

    #[test]
    fn from_the_fourth_wrong_number_the_next_approval_waits() {
        for (wrong, delay) in [(4, 2), (5, 4), (6, 8), (7, 16), (8, 32), (9, 64)] {
            let standing = Standing { wrong, wrong_at: 1000, ..NOTHING };
            assert_eq!(begin(&before(standing), 1000), Err(delay), "{wrong}");
            assert_eq!(begin(&before(standing), 1000 + delay - 1), Err(1), "{wrong}");
            assert_eq!(begin(&before(standing), 1000 + delay), Ok(Push::Sent), "{wrong}");
            assert_eq!(begin(&before(standing), 999), Ok(Push::Sent), "a clock set back locks nobody out");
        }
        assert_eq!(Standing { wrong: 3, wrong_at: 1000, ..NOTHING }.wait(1000, &Limits::default()), None);
    }

    #[test]
    fn limits_may_be_set_otherwise() {
        let limits = Limits { open: 2, pushes: 1, pushes_alone: 3, wrong: 100, wrong_codes: 1 };
        let known = Before { limits, ..before(NOTHING) };
        assert_eq!([1, 2].map(|open| begin(&Before { open, ..known }, 0)), [Ok(Push::Sent), Ok(Push::Open)]);
        let pushes = |pushes, first_factor| {
            begin(&Before { first_factor, standing: Standing { pushes, ..NOTHING }, ..known }, 0)
        };
        assert_eq!([pushes(0, true), pushes(1, true)], [Ok(Push::Sent), Ok(Push::Limit)]);
        assert_eq!([pushes(2, false), pushes(3, false)], [Ok(Push::Sent), Ok(Push::Limit)]);
        let wrong = |wrong| Standing { wrong, ..NOTHING };
        assert_eq!(begin(&Before { standing: wrong(100), ..known }, 0), Ok(Push::Off));
        assert_eq!(
            [10, 66, 67, 99].map(|n| wrong(n).wait(0, &limits)),
            [Some(1 << 7), Some(1 << 63), Some(u64::MAX), Some(u64::MAX)]
        );
    }

    #[test]
    fn fewer_than_six_digits_are_one_try() {
        assert_eq!(Policy { digits: 5, ..Policy::default() }.tries(), 1);
        assert_eq!(Policy::default().tries(), 3);
    }
}
