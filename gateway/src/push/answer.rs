//! An answer: from whom it is, then the one exit of `push-v1.md` §7.

use countersign_protocol::push::{AnswerReply, AnswerRequest, check};

use super::reply::Refusal;
use super::{Phones, proof, rate};
use crate::approval::answer::Answered;
use crate::audit::Caller;
use crate::enrol::DeviceState;

impl Phones {
    /// The signed result of an answer that is right in form. Blocks.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn answer(&self, request: AnswerRequest, by: &Caller) -> Result<AnswerReply, Refusal> {
        let it = &*self.inner;
        let answer = request.answer;
        let claims = answer.claims();
        let found = it.devices.store().device(claims.iss)?;
        let (class, kid, at) = (claims.res.key_class(), answer.jws().kid(), it.devices.moment());
        let found = found.and_then(|device| {
            let (key, age) = device.phone.as_ref()?.key(class, &kid, &at)?;
            let (key, age) = (key.clone(), age);
            Some((key, (device, age)))
        });
        let (answer, (mut device, age)) = proof::verify(answer, found)?;
        check::answer_addressed(&answer, it.issuer.u())?;
        if device.state(&at) == DeviceState::Gone {
            return Err(Refusal::Gone(device.did, device.gone_why()));
        }
        self.within("answer", &device.did, rate::PHONE_ANSWER)?;
        it.devices.key_used(&mut device, class, age)?;
        match it.approvals.answer(&answer, by)? {
            Answered::Gone => Err(Refusal::Gone(device.did, device.gone_why())),
            Answered::Result(result) => Ok(AnswerReply { result: self.lasting(&result)? }),
        }
    }
}
