//! Calls of a phone about itself: where it is pushed to, and that it leaves.

use countersign_protocol::push::{Message, Proof, PutPush};

use super::Phones;
use super::proof::Call;
use super::reply::Refusal;
use crate::audit::Caller;
use crate::enrol::DeviceState;

/// States in which a device may do everything.
pub(super) const ACTIVE: [DeviceState; 1] = [DeviceState::Active];
/// All states in which a device is there.
pub(super) const ANY: [DeviceState; 3] = [DeviceState::Pending, DeviceState::Active, DeviceState::Suspended];

impl Phones {
    /// Sets endpoint and seal, or one of them. Blocks.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing is changed.
    pub fn put_push(&self, put: PutPush, proof: Message<Proof>, call: &Call, by: &Caller) -> Result<(), Refusal> {
        let (device, _) = self.prove(proof, call, &ACTIVE)?;
        self.inner.devices.set_push(&device, put, by)?;
        self.changed(&device.did);
        Ok(())
    }

    /// Takes the endpoint down. Blocks.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn delete_push(&self, proof: Message<Proof>, call: &Call, by: &Caller) -> Result<(), Refusal> {
        let (device, _) = self.prove(proof, call, &ACTIVE)?;
        self.inner.devices.drop_push(&device, by)?;
        self.changed(&device.did);
        Ok(())
    }

    /// Removes the device that asks for it. Blocks.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn delete_device(&self, proof: Message<Proof>, call: &Call, by: &Caller) -> Result<(), Refusal> {
        let (device, _) = self.prove(proof, call, &ANY)?;
        let ended = self.inner.devices.leave(&device, by)?;
        Ok(self.inner.approvals.ended(&ended)?)
    }
}
