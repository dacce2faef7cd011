//! Hardware keys that open the vault, mirrored.

use countersign_core::vault;

mirror! {
    /// Which of the two places of a hardware key answers.
    KeyPlace = vault::KeyPlace {
        /// The first, of a short touch.
        One,
        /// The second, of a long touch.
        Two,
    }
}

/// A hardware key that opens the vault, locked or not.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HardwareSlot {
    /// The number of its slot.
    pub id: u32,
    /// Which of its places answers.
    pub place: KeyPlace,
    /// The number that is printed on it; none of one that does not tell it.
    pub serial: Option<u32>,
    /// Whether a passphrase belongs to it.
    pub with_passphrase: bool,
}

impl From<(vault::SlotId, vault::Challenge)> for HardwareSlot {
    fn from((id, core): (vault::SlotId, vault::Challenge)) -> Self {
        let vault::Challenge { place, serial, with_passphrase, bytes: _ } = core;
        Self { id: id.number(), place: place.into(), serial, with_passphrase }
    }
}
