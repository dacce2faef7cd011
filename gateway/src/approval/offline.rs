//! Answer codes: what the page shows to a phone without a network, and the eight digits that the phone makes of it
//! (`push-v1.md` §12). Same row, same tries, same states as an answer that comes by the network.

use countersign_protocol::Secret;
use countersign_protocol::jose::{FormError, Id};
use countersign_protocol::otp::Typed;
use countersign_protocol::push::{Challenge, Message, answer_code_fits};
use countersign_protocol::uri::OfflineLink;

use super::record::{Hit, Offline, Row};
use super::service::{ApprovalFault, Approvals};
use crate::audit::Caller;
use crate::enrol::Device;
use crate::enrol::accept::open_answer_key;
use crate::person::PersonId;
use crate::store::StoreFault;

/// How picking a phone ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// The page shows this.
    Shown(Offline),
    /// The question is longer than a QR for phones may be: no answer code for this one.
    Long,
    /// The policy has none, the phone cannot, or the approval is not open in this browser.
    No,
}

impl Approvals {
    /// The phones of a person that could give an answer code: none where the policy has none. Blocks.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub fn offline_phones(&self, person: PersonId) -> Result<Vec<Device>, StoreFault> {
        if !self.parts().offline {
            return Ok(Vec::new());
        }
        let mut phones = self.phones(person, &self.moment())?;
        phones.retain(|phone| phone.ok.is_some());
        Ok(phones)
    }

    /// Signs what one phone is shown, under an id of its own; what another was shown counts no more. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault`].
    pub fn offer(&self, row: &Row, did: Id, by: &Caller) -> Result<Offered, ApprovalFault> {
        let it = self.parts();
        if self.offline_phones(row.person)?.iter().all(|phone| phone.did != did) {
            return Ok(Offered::No);
        }
        let Ok(question) = serde_json::from_str::<Challenge>(&row.asks.question) else { return Ok(Offered::Long) };
        let question = Challenge { aud: did, ..question };
        let jti = Id::from_bytes(it.random.bytes()?);
        let question = match question.for_answer_code(jti, it.issuer.key().thumbprint()) {
            Err(FormError::Large) => return Ok(Offered::Long),
            question => question?,
        };
        let signed = it.issuer.sign(&question)?;
        let offline = Offline { did, jti, ch: signed.h, jws: signed.jws };
        let stored = it.store.offer(row.id, row.binding, offline.clone(), self.moment(), by.clone())?;
        Ok(if stored { Offered::Shown(offline) } else { Offered::No })
    }

    /// What was shown last, with the text of its QR. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault::Store`].
    pub fn offered(&self, row: &Row) -> Result<Option<(Offline, String)>, ApprovalFault> {
        let stored = if self.parts().offline { self.store().offline(row.id)? } else { None };
        let Some(offline) = stored else { return Ok(None) };
        let challenge = Message::parse(&offline.jws).map_err(|_| StoreFault::Damaged("a challenge"))?;
        let text = OfflineLink::new(challenge)?.to_text();
        Ok(Some((offline, text)))
    }

    /// Whether what was typed is the answer code of the phone that was picked. Nothing is counted yet. Blocks.
    ///
    /// # Errors
    /// [`ApprovalFault`].
    pub fn answer_hit(&self, row: &Row, typed: &str) -> Result<Option<Hit>, ApprovalFault> {
        let it = self.parts();
        let stored = if it.offline { it.store.offline(row.id)? } else { None };
        let (Some(Offline { did, ch, .. }), Ok(typed)) = (stored, typed.parse::<Typed>()) else { return Ok(None) };
        let Some(ok) = self.answer_key(did)? else { return Ok(None) };
        Ok(answer_code_fits(&ok, &ch, &typed).then_some(Hit::Answer { did, ch }))
    }

    /// The key by which a phone makes answer codes.
    fn answer_key(&self, did: Id) -> Result<Option<Secret>, ApprovalFault> {
        let sealed = self.parts().devices.device(did)?.and_then(|device| device.ok);
        Ok(sealed.map(|sealed| open_answer_key(&self.parts().seal, &did, &sealed)).transpose()?)
    }
}
