//! The answer of a phone: judged, signed and recorded, the one exit of `push-v1.md` §7.

use countersign_protocol::jose::Id;
use countersign_protocol::push::{Answer, Number, Outcome, Res, Status, TriesLeft, Verified};

use super::Means;
use super::record::{Attempt, Decision, Judged, Recorded};
use super::rule::{Change, Verdict};
use super::service::{ApprovalFault, Approvals};
use crate::audit::Caller;
use crate::moment::Moment;
use crate::store::StoreFault;
use crate::wake::Topic;

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// The signed result.
    Result(String),
    /// The device is gone.
    Gone,
}

/// How often an answer is judged anew because the row changed between judging and recording.
const TURNS: usize = 16;

impl Approvals {
    /// Takes a verified answer and gives the signed result: the one exit of `push-v1.md` §7. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault`]; then nothing was counted, and the phone may repeat the same answer.
    pub fn answer(&self, answer: &Verified<Answer>, by: &Caller) -> Result<Answered, ApprovalFault> {
        let attempt = self.attempt(answer)?;
        let at = self.moment();
        for _ in 0..TURNS {
            let verdict = match self.parts().store.judge(attempt, at)? {
                Judged::Gone => return Ok(Answered::Gone),
                Judged::Repeat(result) => return Ok(Answered::Result(result)),
                Judged::New(verdict) => verdict,
            };
            let result = self.result(&attempt, verdict, &at)?;
            match self.parts().store.record(attempt, verdict, result.clone(), at, by.clone())? {
                Recorded::Gone => return Ok(Answered::Gone),
                Recorded::Repeat(stored) => return Ok(Answered::Result(stored)),
                Recorded::Changed => {}
                Recorded::Done(changed) => {
                    if verdict.status == Status::Reported && (verdict.change == Change::Notice || !changed.is_empty()) {
                        // Until there is a way to tell the administrator, the log does, beside the audit.
                        let what = if verdict.change == Change::Notice { "a notice" } else { "a sign-in" };
                        tracing::warn!(approval = ?changed, device = %attempt.did, what, "a person reported");
                    }
                    if verdict.change == Change::Notice {
                        self.tell_person_of(&attempt.did)?;
                    }
                    changed.iter().try_for_each(|id| self.tell(*id))?;
                    if verdict.change == Change::Fail {
                        changed.iter().try_for_each(|id| self.tell_lockout(*id))?;
                    }
                    return Ok(Answered::Result(result));
                }
            }
        }
        Err(ApprovalFault::Restless)
    }

    fn attempt(&self, answer: &Verified<Answer>) -> Result<Attempt, ApprovalFault> {
        let claims = answer.claims();
        let decision = match claims.res {
            Res::Deny => Decision::Deny,
            Res::Report => Decision::Report,
            Res::Approve => {
                let means = if claims.qs.is_some() { Means::Qr } else { Means::Digits };
                Decision::Approve { right: self.is_right(claims)?, means }
            }
        };
        Ok(Attempt { did: claims.iss, aj: claims.jti, h: answer.h(), cj: claims.cj, ch: claims.ch, decision })
    }

    fn is_right(&self, claims: &Answer) -> Result<bool, ApprovalFault> {
        let Some(asked) = self.parts().store.challenge(claims.iss, claims.cj)? else { return Ok(false) };
        let shown = self.shown(&asked.approval)?;
        let typed = |nm: &Number| shown.digits_match(nm);
        Ok(claims.nm.as_ref().is_some_and(typed) || claims.qs.as_ref().is_some_and(|qs| shown.qr_matches(qs)))
    }

    fn result(&self, attempt: &Attempt, verdict: Verdict, at: &Moment) -> Result<String, ApprovalFault> {
        let left = verdict.left.map(|left| TriesLeft::try_from(u64::from(left))).transpose()?;
        let claims = Outcome {
            iss: self.parts().issuer.u().clone(),
            aud: attempt.did,
            iat: at.now,
            aj: attempt.aj,
            cj: attempt.cj,
            st: verdict.status,
            left,
        };
        Ok(self.parts().issuer.sign(&claims)?.jws)
    }

    /// Wakes the phones of the person whose device this is.
    fn tell_person_of(&self, did: &Id) -> Result<(), StoreFault> {
        let Some(device) = self.parts().devices.device(*did)? else { return Ok(()) };
        for device in self.parts().devices.devices(device.person)? {
            self.parts().wakes.wake(Topic::Device(device.did));
        }
        Ok(())
    }
}
