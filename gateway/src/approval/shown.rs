//! What the page shows and nothing else carries: the digits and the secret of the QR.

use std::fmt;

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::push::Number;
use countersign_protocol::uri::{LoginLink, QrSecret};
use zeroize::Zeroizing;

use crate::port::{PortFault, Random};
use crate::seal::{Seal, SealFault};

/// Digits and QR secret of one approval. Sealed at rest, printed nowhere, compared in constant time.
#[derive(Clone)]
pub struct Shown {
    digits: Zeroizing<String>,
    qs: Id,
}

const PLACE: &str = "approval.shown";

impl Shown {
    /// Draws `count` digits, each number equally likely, and a QR secret.
    ///
    /// # Errors
    /// [`PortFault::Random`].
    pub fn generate(count: u8, random: &dyn Random) -> Result<Self, PortFault> {
        let range = 10_u64.pow(count.into());
        // Numbers above the last whole range would make the low ones likelier: draw again.
        let fair = u64::MAX - u64::MAX % range;
        loop {
            let number = u64::from_be_bytes(random.bytes()?);
            if number < fair {
                let digits = Zeroizing::new(format!("{:0width$}", number % range, width = count.into()));
                return Ok(Self { digits, qs: Id::from_bytes(random.bytes()?) });
            }
        }
    }

    /// The digits, for the page alone.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The text of the QR on the page of the gateway at `host`.
    pub fn qr(&self, host: &str, aid: Id) -> Zeroizing<String> {
        LoginLink { host: host.to_owned(), aid, qs: QrSecret(self.qs) }.to_text()
    }

    /// Whether a person typed these digits. Another count of digits is wrong.
    pub fn digits_match(&self, typed: &Number) -> bool {
        Number::try_from(self.digits.as_str()).is_ok_and(|digits| digits.matches(typed))
    }

    /// Whether a camera read this secret.
    pub fn qr_matches(&self, read: &Id) -> bool {
        self.qs.ct_eq(read)
    }

    /// Sealed for the approval's row.
    ///
    /// # Errors
    /// [`SealFault::Port`].
    pub fn seal(&self, seal: &Seal, aid: &Id) -> Result<Vec<u8>, SealFault> {
        let plain = [self.qs.as_bytes().as_slice(), self.digits.as_bytes()].concat();
        seal.seal(PLACE, aid.as_bytes(), &Secret::new(plain))
    }

    /// Opened from the approval's row.
    ///
    /// # Errors
    /// [`SealFault::Open`].
    pub fn open(seal: &Seal, aid: &Id, sealed: &[u8]) -> Result<Self, SealFault> {
        let plain = seal.open(PLACE, aid.as_bytes(), sealed)?;
        // Exposed to be shown on the page and compared with an answer.
        let (qs, digits) = plain.expose().split_first_chunk::<16>().ok_or(SealFault::Open)?;
        let digits = std::str::from_utf8(digits).map_err(|_| SealFault::Open)?;
        Ok(Self { digits: Zeroizing::new(digits.to_owned()), qs: Id::from_bytes(*qs) })
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;
    use crate::port::machine::MachineRandom;

    /// Gives bytes of ones first, then zeros.
    struct OnesThenZeros(AtomicU8);

    impl Random for OnesThenZeros {
        fn fill(&self, into: &mut [u8]) -> Result<(), PortFault> {
            into.fill(if self.0.fetch_add(1, Ordering::SeqCst) == 0 { 0xff } else { 0 });
            Ok(())
        }
    }

    const AID: Id = Id::from_bytes([4; 16]);

    #[test]
    fn a_number_beyond_the_last_whole_range_is_drawn_again_and_zeros_lead() {
        let shown = Shown::generate(6, &OnesThenZeros(AtomicU8::new(0))).unwrap();
        assert_eq!(shown.digits(), "000000");
        assert_eq!(Shown::generate(8, &MachineRandom::default()).unwrap().digits().len(), 8);
    }

    #[test]
    fn only_the_same_digits_match() {
        let shown = Shown { digits: Zeroizing::new("042137".into()), qs: Id::from_bytes([7; 16]) };
        for (typed, right) in [("042137", true), ("042138", false), ("42137", false), ("0421370", false)] {
            assert_eq!(shown.digits_match(&typed.try_into().unwrap()), right, "{typed}");
        }
        assert!(shown.qr_matches(&Id::from_bytes([7; 16])) && !shown.qr_matches(&Id::from_bytes([8; 16])));
    }

    #[test]
    fn what_was_sealed_opens_for_its_approval_alone() {
        let seal = Seal::new(&[1; 32], Arc::new(MachineRandom::default()));
        let shown = Shown::generate(6, &MachineRandom::default()).unwrap();
        let sealed = shown.seal(&seal, &AID).unwrap();
        let opened = Shown::open(&seal, &AID, &sealed).unwrap();
        assert_eq!((opened.digits(), opened.qs), (shown.digits(), shown.qs));
        assert!(Shown::open(&seal, &Id::from_bytes([5; 16]), &sealed).is_err());
    }

    #[test]
    fn the_qr_is_that_of_the_vectors() {
        let shown = Shown { digits: Zeroizing::new("042137".into()), qs: Id::from_bytes([7; 16]) };
        let text = "https://gate.example.com/approve#1.BAQEBAQEBAQEBAQEBAQEBAcHBwcHBwcHBwcHBwcHBwc";
        assert_eq!(shown.qr("gate.example.com", AID).as_str(), text);
    }

    #[test]
    fn debug_shows_nothing() {
        let shown = Shown::generate(6, &MachineRandom::default()).unwrap();
        assert_eq!(format!("{shown:?}"), "Shown(..)");
    }
}
