//! The call that enrols: `enrol` with the proof of a key that nobody knows yet.

use countersign_protocol::push::{EnrolReply, EnrolRequest, Message, Proof};

use super::Phones;
use super::proof::Call;
use super::reply::Refusal;
use crate::audit::Caller;

impl Phones {
    /// The receipt for a request that is right in form. Blocks.
    ///
    /// # Errors
    /// [`Refusal`]; the code stays open then.
    pub fn enrol(
        &self,
        request: &EnrolRequest,
        proof: Message<Proof>,
        call: &Call,
        by: &Caller,
    ) -> Result<EnrolReply, Refusal> {
        let receipt = self.inner.devices.accept(request, by, |pk| self.prove_with(proof, pk, call))?;
        Ok(EnrolReply { receipt: self.lasting(&receipt)? })
    }
}
