//! One-time codes that enrol a phone (`push-v1.md` §5.1): made for one browser, sealed at rest, worth ten minutes.

use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::EnrolCode;
use countersign_protocol::uri::EnrolLink;
use zeroize::Zeroizing;

use super::devices::{Devices, EnrolFault, Owner, device_name};
use super::record::Code;
use super::{DEVICES, LIFE};
use crate::audit::Caller;
use crate::moment::Deadline;
use crate::seal::{Seal, SealFault};
use crate::wake::{Listening, Topic};

/// Where a code is sealed for.
const PLACE: &str = "enrol.code";

/// Why a new device cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferFault {
    /// The name is empty, too long, or holds what may not be shown.
    #[error("the device's name")]
    Name,
    /// The person has five devices, or enrolled five today.
    #[error("no room for another device")]
    Limit,
    /// Anything else.
    #[error(transparent)]
    Fault(#[from] EnrolFault),
}

impl Devices {
    /// Makes a code for the browser whose cookie has this hash; the person's older one ends. The caller has checked
    /// §5.6: a yes to adding a device, or a voucher, not older than ten minutes.
    ///
    /// # Errors
    /// [`OfferFault`].
    pub fn offer(&self, owner: Owner<'_>, browser: H32, name: &str, by: &Caller) -> Result<(), OfferFault> {
        let name = device_name(name).ok_or(OfferFault::Name)?;
        if self.of(owner.id)?.len() >= DEVICES as usize {
            return Err(OfferFault::Limit);
        }
        self.add_code(owner, browser, name.into(), by).map_err(OfferFault::from)
    }

    fn add_code(&self, owner: Owner<'_>, browser: H32, name: String, by: &Caller) -> Result<(), EnrolFault> {
        let at = self.moment();
        let (code, sealed) = self.fresh_code()?;
        let row = Code {
            e: code.id(),
            person: owner.id,
            person_name: owner.name.to_owned(),
            session: browser,
            inviter: None,
            name,
            code: sealed,
            made: at.now,
            x: Deadline::after(LIFE, &at),
            taken: None,
            ended: false,
        };
        let entry = by.entry(at.now, "enrol.code", "made").person(owner.name);
        Ok(self.parts.store.add_code(row, entry)?)
    }

    /// A code that nobody has yet, and how it is kept.
    pub(super) fn fresh_code(&self) -> Result<(EnrolCode, Vec<u8>), EnrolFault> {
        let secret = Secret::from_slice(&*Zeroizing::new(self.parts.random.bytes::<16>()?));
        let code = EnrolCode::new(secret)?;
        let sealed = self.parts.seal.seal(PLACE, code.id().as_bytes(), code.secret())?;
        Ok((code, sealed))
    }

    /// The code that this browser shows, as long as it is open, taken and waiting for digits, or just late.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn offered(&self, browser: H32) -> Result<Option<Code>, EnrolFault> {
        Ok(self.parts.store.code_of_browser(browser)?.filter(|code| !code.ended))
    }

    /// Ends the open code that this browser shows.
    ///
    /// # Errors
    /// [`EnrolFault::Store`].
    pub fn withdraw(&self, owner: Owner<'_>, browser: H32, by: &Caller) -> Result<(), EnrolFault> {
        let entry = by.entry(self.parts.clock.now(), "enrol.code", "ended").person(owner.name);
        Ok(self.parts.store.end_codes(owner.id, browser, entry)?)
    }

    /// Begins to listen for whatever happens to a code.
    pub fn listen(&self, e: Id) -> Listening {
        self.parts.wakes.listen(Topic::Code(e))
    }

    /// The link of an open code: the text of its QR. None when it is not open any more.
    ///
    /// # Errors
    /// [`EnrolFault::Seal`].
    pub fn link(&self, code: &Code) -> Result<Option<EnrolLink>, EnrolFault> {
        if code.ended || code.taken.is_some() || code.is_late(&self.moment()) {
            return Ok(None);
        }
        let c = open(&self.parts.seal, &code.e, &code.code)?;
        let issuer = &self.parts.issuer;
        let p = self.parts.pin.map(H32::from_bytes);
        Ok(Some(EnrolLink { u: issuer.u().clone(), k: issuer.key().thumbprint(), c, x: code.x.at, p }))
    }
}

/// A sealed code of nobody: what is done with it costs what is done with one that is stored (`push-v1.md` §4).
pub(super) struct NobodysCode {
    e: Id,
    sealed: Vec<u8>,
}

impl NobodysCode {
    pub(super) fn new(seal: &Seal) -> Result<Self, SealFault> {
        let e = Id::from_bytes([0; 16]);
        Ok(Self { e, sealed: seal.seal(PLACE, e.as_bytes(), &Secret::new(vec![0; 16]))? })
    }

    /// Opens it, as a stored one is opened.
    pub(super) fn open(&self, seal: &Seal) -> Result<EnrolCode, SealFault> {
        open(seal, &self.e, &self.sealed)
    }
}

/// Opens a code from its row.
pub(super) fn open(seal: &Seal, e: &Id, sealed: &[u8]) -> Result<EnrolCode, SealFault> {
    EnrolCode::new(seal.open(PLACE, e.as_bytes(), sealed)?).map_err(|_| SealFault::Open)
}
