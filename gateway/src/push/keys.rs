//! A phone changes one of its keys (`push-v1.md` §11). A repeat gets the same receipt, and may be proven by a key that the
//! change itself took out of use.

use std::time::Duration;

use countersign_protocol::push::{KeyClass, KeysReply, KeysRequest, Message, Proof, check};

use super::Phones;
use super::device::ACTIVE;
use super::proof::Call;
use super::reply::Refusal;
use crate::audit::Caller;

/// How long ago the nonce of an attestation may have been given.
const ATTESTED: Duration = Duration::from_secs(600);

impl Phones {
    /// The receipt for a change that is right in form. Blocks.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing is changed.
    pub fn keys(
        &self,
        request: KeysRequest,
        proof: Message<Proof>,
        call: &Call,
        by: &Caller,
    ) -> Result<KeysReply, Refusal> {
        let it = &*self.inner;
        let (claims, h) = (request.keys.claims(), request.keys.h());
        let before = it.devices.changed_before(claims, h)?;
        let repeated = before.as_ref().filter(|before| before.h == h && before.newest);
        // Beside the keys that count, a repeat may stand under those that the newest changes left.
        let (mut device, _) = self.prove_also(proof, call, &ACTIVE, |device| match repeated {
            Some(_) => Ok(it.devices.left_key(device, KeyClass::Pk)?),
            None => Ok(None),
        })?;
        let also = repeated.map(|before| &before.old);
        let (signer, age) = self.signer(&request.keys, &claims.iss, claims.class, &device, also)?;
        let keys = check::keys(request, &device.did, it.issuer.u(), |_| signer.clone())?;
        it.devices.key_used(&mut device, keys.claims().class, age)?;
        let receipt = match before {
            Some(before) if before.h == h && before.newest => before.receipt,
            Some(_) => return Err(Refusal::Refused("a used jti, or an earlier change")),
            None => {
                let nonce = keys.claims().nonce.as_ref();
                let age = nonce.and_then(|nonce| it.nonces.age(nonce.as_str(), it.clock.monotonic()));
                let nonce_counts = age.is_some_and(|age| age <= ATTESTED);
                let receipt = it.devices.change_key(&keys, &signer, nonce_counts, by)?;
                self.changed(&device.did);
                receipt
            }
        };
        Ok(KeysReply { receipt: self.lasting(&receipt)? })
    }
}
