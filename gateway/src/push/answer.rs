//! An answer: from whom it is, then the one exit of `push-v1.md` §7.

use countersign_protocol::push::{AnswerReply, AnswerRequest, KeyClass, Message, check};

use super::Phones;
use super::proof::verify_with_nobody;
use super::reply::Refusal;
use crate::approval::service::Answered;
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
        let key = found.as_ref().and_then(|device| device.phone.as_ref()).map(|phone| match claims.res.key_class() {
            KeyClass::Ak => &phone.ak,
            KeyClass::Pk => &phone.pk,
        });
        let (Some(device), Some(key)) = (&found, key.filter(|key| key.thumbprint() == answer.jws().kid())) else {
            verify_with_nobody(answer.jws());
            return Err(Refusal::Refused("no such key of that device"));
        };
        let answer = answer.verify(key)?;
        check::answer_addressed(&answer, it.issuer.u())?;
        if device.state(&it.devices.moment()) == DeviceState::Gone {
            return Err(Refusal::Gone(device.did, device.gone_why()));
        }
        match it.approvals.answer(&answer, by)? {
            Answered::Gone => Err(Refusal::Gone(device.did, device.gone_why())),
            Answered::Result(result) => {
                let result = Message::parse(&result).map_err(|fault| Refusal::Busy(fault.to_string()))?;
                Ok(AnswerReply { result })
            }
        }
    }
}
