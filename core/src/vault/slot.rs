//! Slots: each wraps the vault key for one way of opening it.

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;

use super::cost::{KdfCost, SALT};
use super::hardware::{CHALLENGE, KeyPlace};
use super::key::{LEN, NONCE, Sealer, TAG, VaultKey};
use super::sheet::Sheet;
use crate::cancel::Cancel;
use crate::error::Error;
use crate::limits;
use crate::port::{Guard, Keystore, Random};

/// Bytes of the wrapped vault key: nonce, cipher text, tag.
pub(super) const SEALED: usize = NONCE + LEN + TAG;

/// Which slot of a vault; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub(super) u32);

impl SlotId {
    /// The slot of this number, if the vault has one.
    pub const fn of(number: u32) -> Self {
        Self(number)
    }

    /// Its number, by which people name it.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What opens a slot, as a person knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotKind {
    /// A passphrase, which costs this much to try.
    Passphrase(KdfCost),
    /// The platform's keystore, which asks for this.
    Keystore(Guard),
    /// A recovery sheet on paper.
    Sheet,
    /// A hardware key that answers a challenge.
    Hardware {
        /// The number that is printed on it; `None` for one that does not tell it.
        serial: Option<u32>,
        /// Whether a passphrase belongs to it. Without one whoever has the key and the file opens the vault.
        with_passphrase: bool,
    },
}

/// What opens a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Argon2id of a passphrase.
    Passphrase { cost: KdfCost, salt: [u8; SALT] },
    /// A random key that the platform's keystore has sealed.
    Keystore { guard: Guard, wrapped: Vec<u8> },
    /// The random key of a sheet on paper.
    Sheet,
    /// A hardware key's answer to this challenge, mixed with Argon2id of a passphrase where there is one.
    Hardware {
        place: KeyPlace,
        serial: Option<u32>,
        challenge: [u8; CHALLENGE],
        passphrase: Option<(KdfCost, [u8; SALT])>,
    },
}

impl Way {
    /// What trying a passphrase costs, where one belongs to it.
    pub(super) const fn cost(&self) -> Option<KdfCost> {
        match self {
            Self::Passphrase { cost, .. } | Self::Hardware { passphrase: Some((cost, _)), .. } => Some(*cost),
            Self::Keystore { .. } | Self::Sheet | Self::Hardware { passphrase: None, .. } => None,
        }
    }
}

/// A way, and the vault key sealed for it. Made by [`VaultKey`], kept in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub(super) id: SlotId,
    pub(super) way: Way,
    pub(super) sealed: [u8; SEALED],
}

impl VaultKey {
    /// Makes a slot that `passphrase` opens. Takes as long as `cost` says: call it without a lock.
    ///
    /// # Errors
    /// [`crate::error::InputError::Field`] for a passphrase outside its limits;
    /// [`crate::error::PortError::Memory`].
    pub fn passphrase_slot(&self, passphrase: &Secret, cost: KdfCost, random: &dyn Random) -> Result<Slot, Error> {
        // What opens a hidden vault costs what it did from the first: a change of it would tell that somebody uses it.
        let second = self.second.as_ref().map(|second| (second.cost, second.salt));
        let (cost, salt) = second.map_or_else(|| random.array().map(|salt| (cost, salt)), Ok)?;
        self.slot_by(&cost.derive(passphrase, &salt)?, cost, salt, random)
    }

    /// Makes a slot for the key that a passphrase gave.
    pub(super) fn slot_by(
        &self,
        derived: &Secret,
        cost: KdfCost,
        salt: [u8; SALT],
        random: &dyn Random,
    ) -> Result<Slot, Error> {
        self.slot(Way::Passphrase { cost, salt }, derived, random)
    }

    /// Makes a slot that the platform's keystore opens. May prompt: call it without a lock.
    ///
    /// # Errors
    /// What [`Keystore::wrap`] gives.
    pub fn keystore_slot(
        &self,
        keystore: &dyn Keystore,
        guard: Guard,
        random: &dyn Random,
        cancel: &Cancel,
    ) -> Result<Slot, Error> {
        let key = random.secret(LEN)?;
        let wrapped = keystore.wrap(guard, &key, cancel)?;
        if !(1..=limits::VAULT_WRAPPED).contains(&wrapped.len()) {
            return Err(crate::error::PortError::Failed.into());
        }
        self.slot(Way::Keystore { guard, wrapped }, &key, random)
    }

    /// Makes a slot that the sheet opens.
    ///
    /// # Errors
    /// [`crate::error::PortError::Unavailable`] without randomness.
    pub fn sheet_slot(&self, sheet: &Sheet, random: &dyn Random) -> Result<Slot, Error> {
        self.slot(Way::Sheet, &sheet.key(&self.vault)?, random)
    }

    /// Makes a slot of this way, which `key` opens.
    pub(super) fn slot(&self, way: Way, key: &Secret, random: &dyn Random) -> Result<Slot, Error> {
        let mut out = Vec::new();
        // The vault key leaves its type to be sealed.
        Sealer::new(key.expose())?.seal(&aad(&self.vault, &way), self.secret.expose(), &mut out, random)?;
        let sealed = out.try_into().map_err(|_| Error::Internal)?;
        Ok(Slot { id: SlotId(0), way, sealed })
    }
}

impl Slot {
    /// What opens it.
    pub(super) fn kind(&self) -> SlotKind {
        match &self.way {
            Way::Passphrase { cost, .. } => SlotKind::Passphrase(*cost),
            Way::Keystore { guard, .. } => SlotKind::Keystore(*guard),
            Way::Sheet => SlotKind::Sheet,
            Way::Hardware { serial, passphrase, .. } => {
                SlotKind::Hardware { serial: *serial, with_passphrase: passphrase.is_some() }
            }
        }
    }

    /// Tries a sheet; `None` when it is not this slot's.
    pub(super) fn open_sheet(&self, vault: &Id, sheet: &Sheet) -> Result<Option<VaultKey>, Error> {
        if self.way != Way::Sheet {
            return Ok(None);
        }
        self.open_by(vault, &sheet.key(vault)?)
    }

    /// Asks the keystore; `None` when what it gives back does not fit.
    pub(super) fn open_keystore(
        &self,
        vault: &Id,
        keystore: &dyn Keystore,
        cancel: &Cancel,
    ) -> Result<Option<VaultKey>, Error> {
        let Way::Keystore { guard, wrapped } = &self.way else { return Ok(None) };
        self.open_by(vault, &keystore.unwrap(*guard, wrapped, cancel)?)
    }

    /// Tries a key; `None` when it is not this slot's.
    pub(super) fn open_by(&self, vault: &Id, key: &Secret) -> Result<Option<VaultKey>, Error> {
        if key.len() != LEN {
            return Ok(None);
        }
        let secret = Sealer::new(key.expose())?.open(&aad(vault, &self.way), &self.sealed);
        Ok(secret.map(|secret| VaultKey { vault: *vault, secret, second: None }))
    }

    /// Writes everything but the header's own fields.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.0.to_be_bytes());
        write_way(&self.way, out);
        out.extend_from_slice(&self.sealed);
    }

    /// Reads what [`Slot::write`] wrote; `None` outside the limits.
    pub(super) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let id = SlotId(u32::from_be_bytes(take(bytes)?));
        let way = read_way(bytes)?;
        Some(Self { id, way, sealed: take(bytes)? })
    }
}

fn write_way(way: &Way, out: &mut Vec<u8>) {
    match way {
        Way::Passphrase { cost, salt } => {
            out.push(1);
            write_cost(*cost, out);
            out.extend_from_slice(salt);
        }
        Way::Keystore { guard, wrapped } => {
            out.push(2);
            out.push(match guard {
                Guard::Device => 1,
                Guard::User => 2,
            });
            out.extend_from_slice(&(wrapped.len() as u16).to_be_bytes());
            out.extend_from_slice(wrapped);
        }
        Way::Sheet => out.push(3),
        Way::Hardware { place, serial, challenge, passphrase } => {
            out.extend_from_slice(&[4, place.byte(), u8::from(serial.is_some())]);
            serial.iter().for_each(|serial| out.extend_from_slice(&serial.to_be_bytes()));
            out.extend_from_slice(challenge);
            out.push(u8::from(passphrase.is_some()));
            if let Some((cost, salt)) = passphrase {
                write_cost(*cost, out);
                out.extend_from_slice(salt);
            }
        }
    }
}

fn read_way(bytes: &mut &[u8]) -> Option<Way> {
    match take(bytes)? {
        [1] => Some(Way::Passphrase { cost: read_cost(bytes)?, salt: take(bytes)? }),
        [2] => {
            let guard = match take(bytes)? {
                [1] => Guard::Device,
                [2] => Guard::User,
                _ => return None,
            };
            let len = usize::from(u16::from_be_bytes(take(bytes)?));
            if !(1..=limits::VAULT_WRAPPED).contains(&len) {
                return None;
            }
            let (wrapped, rest) = bytes.split_at_checked(len)?;
            *bytes = rest;
            Some(Way::Keystore { guard, wrapped: wrapped.to_vec() })
        }
        [3] => Some(Way::Sheet),
        [4] => {
            let place = match take(bytes)? {
                [1] => KeyPlace::One,
                [2] => KeyPlace::Two,
                _ => return None,
            };
            let serial = if read_flag(bytes)? { Some(u32::from_be_bytes(take(bytes)?)) } else { None };
            let challenge = take(bytes)?;
            let passphrase = if read_flag(bytes)? { Some((read_cost(bytes)?, take(bytes)?)) } else { None };
            Some(Way::Hardware { place, serial, challenge, passphrase })
        }
        _ => None,
    }
}

fn read_flag(bytes: &mut &[u8]) -> Option<bool> {
    match take(bytes)? {
        [0] => Some(false),
        [1] => Some(true),
        _ => None,
    }
}

pub(super) fn write_cost(cost: KdfCost, out: &mut Vec<u8>) {
    for number in [cost.memory_kib(), cost.passes(), cost.lanes()] {
        out.extend_from_slice(&number.to_be_bytes());
    }
}

pub(super) fn read_cost(bytes: &mut &[u8]) -> Option<KdfCost> {
    let mut number = || take(bytes).map(u32::from_be_bytes);
    KdfCost::new(number()?, number()?, number()?).ok()
}

/// Takes `N` bytes off the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (front, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*front)
}

/// Associated data of the wrapped vault key: which vault, and everything public of the slot.
fn aad(vault: &Id, way: &Way) -> Vec<u8> {
    let mut out = b"countersign vault 1 slot".to_vec();
    out.extend_from_slice(vault.as_bytes());
    write_way(way, &mut out);
    out
}
