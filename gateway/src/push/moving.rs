//! A phone invites its successor, and types its digits (`push-v1.md` §11, move).

use countersign_protocol::push::{ConfirmRequest, InviteReply, InviteRequest, KeyClass, Message, Proof, check};

use super::Phones;
use super::device::ACTIVE;
use super::proof::Call;
use super::reply::Refusal;
use crate::audit::Caller;

impl Phones {
    /// The receipt of an invitation. Blocks.
    ///
    /// # Errors
    /// [`Refusal`]; then nobody is invited.
    pub fn invite(
        &self,
        request: InviteRequest,
        proof: Message<Proof>,
        call: &Call,
        by: &Caller,
    ) -> Result<InviteReply, Refusal> {
        let (mut device, _) = self.prove(proof, call, &ACTIVE)?;
        let (invite, u) = (request.invite, self.inner.issuer.u());
        let (ak, age) = self.signer(&invite, &invite.claims().iss, KeyClass::Ak, &device, None)?;
        let invite = check::invite(invite, &device.did, u, &ak)?;
        self.inner.devices.key_used(&mut device, KeyClass::Ak, age)?;
        let receipt = self.inner.devices.invite(&device, &invite, by)?;
        Ok(InviteReply { receipt: self.lasting(&receipt)? })
    }

    /// Takes the digits of the phone that was invited. Blocks.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn confirm(
        &self,
        request: ConfirmRequest,
        proof: Message<Proof>,
        call: &Call,
        by: &Caller,
    ) -> Result<(), Refusal> {
        let (mut device, _) = self.prove(proof, call, &ACTIVE)?;
        let (confirm, u) = (request.confirm, self.inner.issuer.u());
        let (ak, age) = self.signer(&confirm, &confirm.claims().iss, KeyClass::Ak, &device, None)?;
        let confirm = check::confirm(confirm, &device.did, u, &ak)?;
        self.inner.devices.key_used(&mut device, KeyClass::Ak, age)?;
        Ok(self.inner.devices.join(&device, &confirm, by)?)
    }
}
