//! What a passphrase slot costs to try: Argon2id (RFC 9106) within bounds.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use countersign_protocol::Secret;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{Error, InputError, Named, PortError, Rule};
use crate::limits;

/// Bytes of the salt of a slot.
pub(super) const SALT: usize = 16;

/// Cost of one try of a passphrase, within the limits of the vault. A [`DeviceClass`] says where a new one starts; each
/// slot keeps its own, and opens by that. Nothing is measured yet: a start that is the same for every device of a class is
/// all there is until costs are calibrated at creation and tuned at an unlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// What a shell runs on, as far as a passphrase's cost goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceClass {
    /// A phone or a tablet: 64 MiB, 3 passes.
    Phone,
    /// A desktop or a laptop: 128 MiB, 3 passes.
    Desktop,
}

impl DeviceClass {
    /// The cost of a new passphrase on such a device.
    pub const fn cost(self) -> KdfCost {
        match self {
            Self::Phone => KdfCost::PHONE,
            Self::Desktop => KdfCost::DESKTOP,
        }
    }
}

impl KdfCost {
    /// The least that a vault accepts: 19 MiB, 2 passes, 1 lane (OWASP).
    pub const LEAST: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// Where a phone starts: 64 MiB, 3 passes, 1 lane.
    const PHONE: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// Where a desktop starts: 128 MiB, 3 passes, 1 lane.
    const DESKTOP: Self = Self { memory_kib: 128 * 1024, passes: 3, lanes: 1 };

    /// A cost of `memory_kib` KiB, `passes` over it, in `lanes` lanes.
    ///
    /// # Errors
    /// [`InputError::Field`] outside the limits, before any work.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, InputError> {
        let work = u64::from(memory_kib) * u64::from(passes);
        let rule = if !limits::VAULT_KDF_MEMORY.contains(&memory_kib) {
            Rule::KdfMemory
        } else if !limits::VAULT_KDF_PASSES.contains(&passes) {
            Rule::KdfPasses
        } else if !limits::VAULT_KDF_LANES.contains(&lanes) {
            Rule::KdfLanes
        } else if !limits::VAULT_KDF_WORK.contains(&work) {
            Rule::KdfWork
        } else {
            return Ok(Self { memory_kib, passes, lanes });
        };
        Err(InputError::Field { field: Named::KeyDerivation, rule })
    }

    /// Memory in KiB.
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes.
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    /// Whether this costs at least as much memory and work as `least`.
    pub(super) fn reaches(self, least: Self) -> bool {
        self.memory_kib >= least.memory_kib && self.work() >= least.work()
    }

    /// The dearer of the two: a vault's cost grows, it never shrinks.
    pub(super) fn or_dearer(self, other: Self) -> Self {
        if self.reaches(other) { self } else { other }
    }

    fn work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// Derives the key of a slot. The memory is asked for first, so that too little of it is an error
    /// and not the end of the process, and wiped after.
    pub(super) fn derive(self, passphrase: &Secret, salt: &[u8; SALT]) -> Result<Secret, Error> {
        let text = normalise(passphrase)?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(super::key::LEN));
        let params = params.map_err(|_| Error::Internal)?;
        let mut memory: Vec<Block> = Vec::new();
        memory.try_reserve_exact(params.block_count()).map_err(|_| PortError::Memory)?;
        memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut out = Zeroizing::new(vec![0; super::key::LEN]);
        let derived = argon2.hash_password_into_with_memory(text.as_bytes(), salt, &mut out, &mut memory);
        memory.iter_mut().for_each(|block| *block = Block::default());
        std::hint::black_box(&memory);
        derived.map_err(|_| Error::Internal)?;
        Ok(Secret::new(std::mem::take(&mut *out)))
    }
}

/// Passphrase in Unicode's normal form C: the same keys on another keyboard give the same bytes.
///
/// # Errors
/// [`InputError::Field`] when empty, over 1,024 bytes as typed, or not UTF-8.
fn normalise(passphrase: &Secret) -> Result<Zeroizing<String>, InputError> {
    let refused = |rule| InputError::Field { field: Named::Passphrase, rule };
    // Exposed to be hashed: text is what normal forms are defined on.
    let bytes = passphrase.expose();
    if !limits::VAULT_PASSPHRASE.contains(&bytes.len()) {
        return Err(refused(Rule::PassphraseLength));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| refused(Rule::Utf8))?;
    // Normal form C is at most three times as long (Unicode FAQ): no copy is left behind by growing.
    let mut out = Zeroizing::new(String::with_capacity(3 * bytes.len()));
    for character in text.nfc() {
        if out.len() + character.len_utf8() > out.capacity() {
            out.zeroize();
            return Err(refused(Rule::Ordinary));
        }
        out.push(character);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_hold_their_limits() {
        let (least, most) = (*limits::VAULT_KDF_MEMORY.start(), *limits::VAULT_KDF_MEMORY.end());
        assert!(KdfCost::new(least, 2, 1).is_ok());
        assert!(KdfCost::new(most, 8, 16).is_ok());
        let outside = [
            (least - 1, 2, 1),
            (most + 1, 2, 1),
            (least, 0, 1),
            (least, 1, 1),
            (least, 21, 1),
            (least, 2, 0),
            (least, 2, 17),
            (most, 9, 1),
            (u32::MAX, u32::MAX, u32::MAX),
        ];
        for (memory, passes, lanes) in outside {
            assert!(KdfCost::new(memory, passes, lanes).is_err(), "{memory} {passes} {lanes}");
        }
    }

    #[test]
    fn a_class_starts_within_the_limits_and_a_desktop_higher() {
        let classes = [DeviceClass::Phone, DeviceClass::Desktop].map(DeviceClass::cost);
        for cost in classes {
            assert_eq!(KdfCost::new(cost.memory_kib(), cost.passes(), cost.lanes()), Ok(cost));
            assert!(cost.reaches(KdfCost::LEAST));
        }
        assert!(classes[1].reaches(classes[0]) && !classes[0].reaches(classes[1]));
    }

    #[test]
    fn a_cost_grows_and_never_shrinks() {
        assert_eq!(KdfCost::LEAST.or_dearer(KdfCost::PHONE), KdfCost::PHONE);
        assert_eq!(KdfCost::PHONE.or_dearer(KdfCost::LEAST), KdfCost::PHONE);
    }

    #[test]
    fn passphrases_are_compared_in_normal_form_c() {
        let salt = [7; SALT];
        let derive = |text: &str| KdfCost::LEAST.derive(&Secret::from_slice(text.as_bytes()), &salt).unwrap();
        assert!(derive("caf\u{e9}").ct_eq(derive("cafe\u{301}").expose()));
        assert!(!derive("caf\u{e9}").ct_eq(derive("cafe").expose()));
    }

    #[test]
    fn passphrases_hold_their_limits() {
        let most = *limits::VAULT_PASSPHRASE.end();
        let long = |n: usize| Secret::new(vec![b'a'; n]);
        for n in [1, most - 1, most] {
            assert!(normalise(&long(n)).is_ok());
        }
        for n in [0, most + 1, most * 1000] {
            assert!(normalise(&long(n)).is_err());
        }
        assert!(normalise(&Secret::from_slice(&[0xFF])).is_err());
        let widest = Secret::from_slice("\u{1D160}".repeat(256).as_bytes());
        assert!(normalise(&widest).is_ok());
    }
}
