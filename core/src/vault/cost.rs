//! What a passphrase slot costs to try: Argon2id (RFC 9106) within bounds.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use countersign_protocol::Secret;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{Error, InputError, Named, PortError, Rule};
use crate::limits;
use crate::port::Clock;

/// Bytes of the salt of a slot.
pub(super) const SALT: usize = 16;

/// How long one try of a passphrase should take on the person's own device.
const GOAL: Duration = Duration::from_millis(500);
/// What is timed to know how fast a device is: 16 MiB, one pass.
const PROBE_KIB: u32 = 16 * 1024;
/// How often: the shortest counts, since whatever else runs only ever makes it longer.
const PROBES: usize = 2;

/// Cost of one try of a passphrase, within the limits of the vault. A [`DeviceClass`] calibrates that of a new one on the
/// device itself; each slot keeps its own, and opens by that. It grows when an unlock shows that the device is twice as
/// fast, and never shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// What a shell runs on, as far as a passphrase's cost goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceClass {
    /// A phone with less than 2 GB of memory: 19 to 64 MiB.
    SmallPhone,
    /// A phone or a tablet: 46 to 256 MiB.
    Phone,
    /// A desktop or a laptop: 64 MiB to 1 GiB.
    Desktop,
}

impl DeviceClass {
    /// All of them, for tests.
    pub const ALL: [Self; 3] = [Self::SmallPhone, Self::Phone, Self::Desktop];

    /// What a new passphrase costs where nothing can be measured.
    pub const fn cost(self) -> KdfCost {
        let (memory_kib, passes) = match self {
            Self::SmallPhone => (32 * 1024, 3),
            Self::Phone => (64 * 1024, 3),
            Self::Desktop => (128 * 1024, 3),
        };
        KdfCost { memory_kib, passes, lanes: 1 }
    }

    /// The memory that a passphrase may cost on such a device, in KiB.
    const fn bounds(self) -> (u32, u32) {
        match self {
            Self::SmallPhone => (19 * 1024, 64 * 1024),
            Self::Phone => (46 * 1024, 256 * 1024),
            Self::Desktop => (64 * 1024, 1024 * 1024),
        }
    }

    /// What a new passphrase costs on this very device, so that a try takes half a second: by a clock that stands still, the
    /// start of its class. Takes two short derivations.
    ///
    /// # Errors
    /// [`PortError::Memory`].
    pub fn calibrate(self, clock: &dyn Clock) -> Result<KdfCost, Error> {
        let mut shortest = Duration::MAX;
        for _ in 0..PROBES {
            let begun = clock.monotonic();
            probe()?;
            shortest = shortest.min(clock.monotonic().saturating_sub(begun));
        }
        Ok(self.fitted(u64::from(PROBE_KIB), shortest))
    }

    /// What the slot of cost `stored` should cost, of which a try `took` so long here: more where the device is twice as fast as
    /// it was made for.
    pub(super) fn retuned(self, stored: KdfCost, took: Duration) -> Option<KdfCost> {
        if took.is_zero() || took > GOAL / 2 {
            return None;
        }
        let fitted = self.fitted(stored.work(), took);
        let grows = fitted.reaches(stored) && fitted.work() >= stored.work() + stored.work() / 2;
        grows.then_some(fitted)
    }

    /// The cost within this class that takes as long as it should, where `work` took `took`: memory first, passes where the
    /// class allows no more memory, or the device is too slow for the least.
    fn fitted(self, work: u64, took: Duration) -> KdfCost {
        const STEP: u64 = 1024;
        if took.is_zero() {
            return self.cost();
        }
        let wanted = u128::from(work) * GOAL.as_nanos() / took.as_nanos().max(1);
        let wanted = u64::try_from(wanted).unwrap_or(u64::MAX).min(*limits::VAULT_KDF_WORK.end());
        let (least, most) = self.bounds();
        let memory = (wanted / 3 / STEP * STEP).clamp(least.into(), most.into());
        // Below the memory that one pass is enough for, there are two at least.
        let fewest = limits::VAULT_KDF_WORK.start().div_ceil(memory);
        let passes = (wanted / memory).clamp(fewest, u64::from(*limits::VAULT_KDF_PASSES.end()));
        KdfCost::new(memory as u32, passes as u32, 1).unwrap_or(self.cost())
    }
}

/// One derivation of nothing, to be timed.
fn probe() -> Result<(), Error> {
    let params = Params::new(PROBE_KIB, 1, 1, Some(super::key::LEN)).map_err(|_| Error::Internal)?;
    let mut out = [0; super::key::LEN];
    fill(params, b"countersign", &[0; SALT], &mut out)
}

impl KdfCost {
    /// The least that a vault accepts: 19 MiB, 2 passes, 1 lane (OWASP).
    pub const LEAST: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

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

    /// Derives the key of a slot.
    pub(super) fn derive(self, passphrase: &Secret, salt: &[u8; SALT]) -> Result<Secret, Error> {
        let text = normalise(passphrase)?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(super::key::LEN));
        let params = params.map_err(|_| Error::Internal)?;
        let mut out = Zeroizing::new(vec![0; super::key::LEN]);
        fill(params, text.as_bytes(), salt, &mut out)?;
        Ok(Secret::new(std::mem::take(&mut *out)))
    }
}

/// Runs Argon2id. The memory is asked for first, so that too little of it is an error and not the end of the process, and
/// wiped after.
fn fill(params: Params, password: &[u8], salt: &[u8; SALT], out: &mut [u8]) -> Result<(), Error> {
    let mut memory: Vec<Block> = Vec::new();
    memory.try_reserve_exact(params.block_count()).map_err(|_| PortError::Memory)?;
    memory.resize(params.block_count(), Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let derived = argon2.hash_password_into_with_memory(password, salt, out, &mut memory);
    memory.iter_mut().for_each(|block| *block = Block::default());
    std::hint::black_box(&memory);
    derived.map_err(|_| Error::Internal)
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
        let classes = DeviceClass::ALL.map(DeviceClass::cost);
        for cost in classes {
            assert_eq!(KdfCost::new(cost.memory_kib(), cost.passes(), cost.lanes()), Ok(cost));
            assert!(cost.reaches(KdfCost::LEAST));
        }
        assert!(classes.is_sorted_by(|lower, higher| higher.reaches(*lower) && !lower.reaches(*higher)));
    }

    #[test]
    fn a_cost_grows_and_never_shrinks() {
        let phone = DeviceClass::Phone.cost();
        assert_eq!(KdfCost::LEAST.or_dearer(phone), phone);
        assert_eq!(phone.or_dearer(KdfCost::LEAST), phone);
    }

    /// From a device of a hundredth of the speed to one of a hundred times it.
    #[test]
    fn a_cost_is_fitted_to_the_device_within_the_bounds_of_its_class() {
        for class in DeviceClass::ALL {
            let (least, most) = class.bounds();
            let mut before: Option<KdfCost> = None;
            for micros in [900_000, 90_000, 30_000, 9_000, 3_000, 900, 90_u64] {
                let cost = class.fitted(PROBE_KIB.into(), Duration::from_micros(micros));
                assert!((least..=most).contains(&cost.memory_kib()), "{class:?} {micros}: {cost:?}");
                assert!(cost.reaches(KdfCost::LEAST) || cost.memory_kib() >= KdfCost::LEAST.memory_kib());
                assert!(before.is_none_or(|before| cost.reaches(before)), "a faster device pays more");
                // Where no bound is in the way it takes half a second, less at most one pass in three.
                let takes = cost.work() * micros / u64::from(PROBE_KIB) / 1000;
                let is_bound = cost.memory_kib() == least || cost.passes() == *limits::VAULT_KDF_PASSES.end();
                let is_bound = is_bound || cost.work() == *limits::VAULT_KDF_WORK.end();
                assert!(is_bound || (330..=500).contains(&takes), "{class:?} {micros}: {cost:?} takes {takes} ms");
                before = Some(cost);
            }
            assert_eq!(class.fitted(PROBE_KIB.into(), Duration::ZERO), class.cost(), "a clock that stands still");
        }
    }

    #[test]
    fn a_cost_is_tuned_only_upwards_and_only_where_the_device_is_twice_as_fast() {
        for class in DeviceClass::ALL {
            let stored = class.cost();
            let retuned = |millis| class.retuned(stored, Duration::from_millis(millis));
            assert_eq!([retuned(0), retuned(251), retuned(500), retuned(5_000)], [None; 4]);
            let dearer = retuned(100).unwrap();
            assert!(dearer.reaches(stored) && dearer.work() >= stored.work() * 3, "{dearer:?}");
            let again = Duration::from_millis(100 * dearer.work() / stored.work());
            assert_eq!(class.retuned(dearer, again), None, "it was right at once");
        }
        // A vault of a desktop on a phone: never less memory.
        let desktop = KdfCost::new(512 * 1024, 3, 1).unwrap();
        assert_eq!(DeviceClass::Phone.retuned(desktop, Duration::from_millis(1)), None);
    }

    #[test]
    fn a_device_is_timed_by_the_clock_that_is_given() {
        /// Each look at it is so many milliseconds after the one before.
        struct Steps(std::sync::atomic::AtomicU64, u64);
        impl Clock for Steps {
            fn now(&self) -> u64 {
                0
            }
            fn monotonic(&self) -> Duration {
                Duration::from_millis(self.0.fetch_add(self.1, std::sync::atomic::Ordering::SeqCst))
            }
        }
        let cost = |step| DeviceClass::Desktop.calibrate(&Steps(0.into(), step)).unwrap();
        assert_eq!(cost(0), DeviceClass::Desktop.cost());
        assert_eq!(cost(10), KdfCost::new(266 * 1024, 3, 1).unwrap());
        assert_eq!(cost(5_000).memory_kib(), 64 * 1024);
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
