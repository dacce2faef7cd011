//! Seeds of time-based codes: made here, sealed at rest, shown once as a key URI.

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::otp::{Algorithm, Digits, Period, Shape, Typed, base32, verify_totp};
use zeroize::Zeroizing;

use super::codes::OfferFault;
use super::devices::{Devices, EnrolFault, Owner, device_name};
use super::record::{Accepted, Device, DeviceState};
use super::{LIFE, TRIES};
use crate::audit::Caller;
use crate::moment::Deadline;
use crate::port::{PortFault, Random};
use crate::seal::{Seal, SealFault};

/// What the gateway issues: SHA1, six digits, 30 seconds, as every authenticator takes it.
pub const SHAPE: Shape = Shape { algorithm: Algorithm::Sha1, digits: Digits::SIX, period: Period::THIRTY };
/// Steps before and after the present one that are taken too.
const SKEW: u32 = 1;
/// The most characters that a receipt carries (push-v1 §5.4).
const URI_MOST: usize = countersign_protocol::limits::RECEIPT_TOTP;
const BYTES: usize = 20;
const PLACE: &str = "device.totp";

/// A seed of 160 bits.
pub struct Seed(Secret);

impl Seed {
    /// A fresh one.
    ///
    /// # Errors
    /// [`PortFault::Random`].
    pub fn generate(random: &dyn Random) -> Result<Self, PortFault> {
        Ok(Self(Secret::from_slice(&*Zeroizing::new(random.bytes::<BYTES>()?))))
    }

    /// Sealed for its device's row.
    ///
    /// # Errors
    /// [`SealFault::Port`].
    pub fn seal(&self, seal: &Seal, did: &Id) -> Result<Vec<u8>, SealFault> {
        seal.seal(PLACE, did.as_bytes(), &self.0)
    }

    /// Opened from its device's row.
    ///
    /// # Errors
    /// [`SealFault::Open`].
    pub fn open(seal: &Seal, did: &Id, sealed: &[u8]) -> Result<Self, SealFault> {
        seal.open(PLACE, did.as_bytes(), sealed).map(Self)
    }

    /// The key URI that an authenticator scans. Parameters are written out.
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        // Exposed to be put in the QR, which is what it is for.
        let secret = base32::encode(self.0.expose());
        let (issuer, account) = (escape(issuer), escape(account));
        let shape = "algorithm=SHA1&digits=6&period=30";
        // The issuer stands in both places that apps look at, while a receipt has room for it.
        let forms = [
            format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&{shape}", *secret),
            format!("otpauth://totp/{account}?secret={}&issuer={issuer}&{shape}", *secret),
            format!("otpauth://totp/{account}?secret={}&{shape}", *secret),
        ];
        let mut fitting = forms.map(Zeroizing::new).into_iter().skip_while(|form| form.len() > URI_MOST);
        fitting.next().unwrap_or_default()
    }
}

/// The step whose code was typed, within one step of now and newer than the last one taken.
pub fn step_of(seed: &Seed, typed: &Typed, now: u64, last: Option<u64>) -> Option<u64> {
    verify_totp(&seed.0, typed, now, SHAPE, SKEW, last)
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// An authenticator app that waits for its first code.
pub struct AppOffer {
    /// The device.
    pub did: Id,
    /// What it is to be called.
    pub name: String,
    /// The key URI.
    pub uri: Zeroizing<String>,
}

impl Devices {
    /// Makes a seed for an authenticator app, which is pending until its first right code.
    ///
    /// # Errors
    /// [`OfferFault`].
    pub fn offer_app(&self, owner: Owner<'_>, name: &str, by: &Caller) -> Result<AppOffer, OfferFault> {
        let name = device_name(name).ok_or(OfferFault::Name)?;
        let at = self.moment();
        let did = Id::from_bytes(self.parts.random.bytes().map_err(EnrolFault::from)?);
        let seed = Seed::generate(&*self.parts.random).map_err(EnrolFault::from)?;
        let device = Device {
            did,
            person: owner.id,
            name: name.as_str().to_owned(),
            stored: DeviceState::Pending,
            why: None,
            phone: None,
            added: at.now,
            until: Deadline::after(LIFE, &at),
            tries: TRIES,
            activated: None,
            suspended: None,
            used: None,
            ok: None,
            totp: Some(seed.seal(&self.parts.seal, &did).map_err(EnrolFault::from)?),
            totp_step: None,
        };
        let entry = by.entry(at.now, "enrol.app", "offered").person(owner.name).device(*did.as_bytes());
        match self.parts.store.add_app(device, at, entry).map_err(EnrolFault::from)? {
            Accepted::Done => {
                let uri = seed.uri(self.parts.issuer.name().as_str(), owner.name);
                Ok(AppOffer { did, name: name.into(), uri })
            }
            Accepted::Limit | Accepted::Changed | Accepted::KeyKnown => Err(OfferFault::Limit),
        }
    }

    /// The key URI of a pending app again, for the same page drawn anew.
    ///
    /// # Errors
    /// [`EnrolFault`].
    pub fn app_uri(&self, owner: Owner<'_>, device: &Device) -> Result<Option<Zeroizing<String>>, EnrolFault> {
        let Some(sealed) = device.totp.as_ref().filter(|_| device.stored == DeviceState::Pending) else {
            return Ok(None);
        };
        let seed = Seed::open(&self.parts.seal, &device.did, sealed)?;
        Ok(Some(seed.uri(self.parts.issuer.name().as_str(), owner.name)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::port::machine::MachineRandom;

    const DID: Id = Id::from_bytes([1; 16]);

    fn seed() -> Seed {
        Seed(Secret::from_slice(b"12345678901234567890"))
    }

    #[test]
    fn the_uri_says_everything_and_reads_back() {
        let uri = seed().uri("Demo shop", "mara@example.com");
        let expected = "otpauth://totp/Demo%20shop:mara%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                        &issuer=Demo%20shop&algorithm=SHA1&digits=6&period=30";
        assert_eq!(uri.as_str(), expected);
    }

    #[test]
    fn the_longest_names_fit_a_receipt() {
        let long = "\u{20000}".repeat(64);
        for (issuer, account) in [(long.as_str(), "mara"), ("Demo shop", &long), (&long, &long)] {
            let uri = seed().uri(issuer, account);
            assert!(uri.len() <= 1024 && uri.contains("?secret=GEZ"), "{}", uri.len());
        }
    }

    #[test]
    fn a_step_counts_once_and_its_neighbours_are_taken() {
        // RFC 6238, appendix B, cut to six digits: 287082 at 59 s, which is step 1.
        let typed: Typed = "287082".parse().unwrap();
        for (now, last, step) in
            [(59, None, Some(1)), (29, None, Some(1)), (89, None, Some(1)), (90, None, None), (59, Some(1), None)]
        {
            assert_eq!(step_of(&seed(), &typed, now, last), step, "{now} {last:?}");
        }
    }

    #[test]
    fn a_sealed_seed_opens_for_its_device_alone() {
        let seal = Seal::new(&[1; 32], Arc::new(MachineRandom::default()));
        let sealed = seed().seal(&seal, &DID).unwrap();
        assert!(Seed::open(&seal, &DID, &sealed).is_ok());
        assert!(Seed::open(&seal, &Id::from_bytes([2; 16]), &sealed).is_err());
    }
}
