//! The reserve: cells of one size that every vault file has, random from its first moment. Where a decoy was set up they hold
//! the hidden vault; for everybody without its key a cell of that is random bytes like all the others.
//!
//! ```text
//! cell:         prefix of a piece, version 0 | 235 bytes
//! second place: cost 12 | salt 16 | check 16 | sealed key 60 | sealed key of the shown vault 60 | random  (the first two, alike)
//! others:       nonce 12 | cipher text | tag 16 of: table u8 | id u64 | part u16 | parts u16 | length u8 | bytes | zeros
//! ```
//!
//! The second place is a passphrase slot like those of the header, for a key that is random where there is no hidden vault.
//! It keeps cost and salt from the making of the file on: what is dearer or has another salt than at first is in use.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id};

use super::cost::{KdfCost, SALT};
use super::frame::{self, Place, Tag};
use super::key::{NONCE, Sealer, Second, TAG, VaultKey};
use super::slot::{SEALED, Slot, SlotId, Way, read_cost, take, write_cost};
use crate::error::{Error, InputError, Named, PortError};
use crate::limits;
use crate::port::Random;

/// Rows of the table: all numbers that take two bytes in a piece, so that every cell is as long.
pub(super) const CELLS: Range<u64> = 128..128 + limits::VAULT_CELLS;
/// The cells of the second place.
pub(super) const SECOND: Range<u64> = 128..130;
/// Bytes of a cell after its prefix.
const SIZE: usize = 235;
/// Bytes before those that a cell keeps.
const HEAD: usize = 14;
/// Bytes that a cell keeps: most accounts take one.
const ROOM: usize = SIZE - NONCE - TAG - HEAD;
/// The number of the hidden vault's slot in its own header, where there is one alone.
pub(super) const ONLY: SlotId = SlotId(1);
const CHECK: usize = 16;

/// What an entry is known by: table and id.
pub(super) type Name = (u8, u64);
/// What is kept in the cells.
pub(super) type Entries = BTreeMap<Name, Vec<u8>>;
/// A cell: its row, and all of its bytes.
pub(super) type Cell = (u64, Vec<u8>);

/// The reserve of a new file: random, with a second place that nothing opens, as dear as `slot`.
///
/// # Errors
/// [`PortError::Unavailable`] without randomness; [`Error::Internal`] for a slot of no passphrase.
pub(super) fn fresh(vault: &Id, slot: &Slot, random: &dyn Random) -> Result<Vec<Cell>, Error> {
    let unused = SecondPlace { slot: Slot { sealed: random.array()?, ..slot.clone() }, shown: random.array()? };
    let second = unused.cells(vault, random)?;
    let others = (SECOND.end..CELLS.end).map(|row| blank(row, random));
    Ok(second.into_iter().map(Ok).chain(others).collect::<Result<_, PortError>>()?)
}

/// A cell of which nobody has the key.
pub(super) fn blank(row: u64, random: &dyn Random) -> Result<Cell, PortError> {
    let body: [u8; SIZE] = random.array()?;
    Ok((row, [prefix(row), body.to_vec()].concat()))
}

/// The cells that stand in these bytes, wherever they begin.
pub(super) fn find_all(bytes: &[u8]) -> impl Iterator<Item = Cell> {
    let whole = frame::find_all(bytes).filter(|frame| body(frame.tag.row, frame.whole).is_some());
    whole.map(|frame| (frame.tag.row, frame.whole.to_vec()))
}

/// Where in these bytes something stands that may be a second place, and how long it is.
pub(super) fn second_in(bytes: &[u8]) -> Vec<(usize, usize)> {
    let places = SECOND.flat_map(|row| {
        let prefix = prefix(row);
        let starts = bytes.windows(prefix.len()).enumerate().filter(move |(_, window)| *window == prefix);
        starts.map(|(start, window)| (start, (window.len() + SIZE).min(bytes.len() - start)))
    });
    places.collect()
}

/// Takes the cells that were found, and random ones for those that are lost.
pub(super) fn whole(mut found: BTreeMap<u64, Vec<u8>>, random: &dyn Random) -> Result<Vec<Cell>, PortError> {
    CELLS.map(|row| found.remove(&row).map_or_else(|| blank(row, random), |cell| Ok((row, cell)))).collect()
}

/// What stands in the second place, whether it opens anything or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecondPlace {
    /// The way into the hidden vault.
    pub slot: Slot,
    /// The key of the shown vault, sealed under that of the hidden one.
    shown: [u8; SEALED],
}

impl SecondPlace {
    /// The second place of `vault` in this cell; `None` where that was damaged.
    pub fn read((row, cell): &Cell, vault: &Id) -> Option<Self> {
        let mut rest = body(*row, cell)?;
        let (cost, salt): (KdfCost, [u8; SALT]) = (read_cost(&mut rest)?, take(&mut rest)?);
        let is_whole = take(&mut rest)? == check(vault, cost, &salt);
        let (sealed, shown) = (take(&mut rest)?, take(&mut rest)?);
        is_whole.then_some(Self { slot: Slot { id: ONLY, way: Way::Passphrase { cost, salt }, sealed }, shown })
    }

    /// Cost and salt, which stay as they are from the making of the file on.
    pub const fn work(&self) -> Option<(KdfCost, [u8; SALT])> {
        if let Way::Passphrase { cost, salt } = self.slot.way { Some((cost, salt)) } else { None }
    }

    /// Tries the key that a passphrase gave; `None` where it is another's, or the cell was damaged.
    pub fn open(&self, vault: &Id, derived: &Secret) -> Result<Option<VaultKey>, Error> {
        let Some((key, (cost, salt))) = self.slot.open_by(vault, derived)?.zip(self.work()) else { return Ok(None) };
        let second = self.shown(&key)?.map(|shown| Second { cost, salt, shown });
        Ok(second.map(|second| VaultKey { second: Some(second), ..key }))
    }

    /// The secret of the shown vault, where `key` is what it is sealed under.
    fn shown(&self, key: &VaultKey) -> Result<Option<Secret>, Error> {
        Ok(over(key)?.open(key.vault.as_bytes(), &self.shown))
    }

    fn seal(key: &VaultKey, slot: Slot, random: &dyn Random) -> Result<Self, Error> {
        let second = key.second.as_ref().ok_or(Error::Internal)?;
        let mut out = vec![];
        // The key leaves its type to be sealed.
        over(key)?.seal(key.vault.as_bytes(), second.shown.expose(), &mut out, random)?;
        Ok(Self { slot, shown: out.try_into().map_err(|_| Error::Internal)? })
    }

    /// Both cells of it.
    fn cells(&self, vault: &Id, random: &dyn Random) -> Result<Vec<Cell>, Error> {
        let (cost, salt) = self.work().ok_or(Error::Internal)?;
        let mut bytes = vec![];
        write_cost(cost, &mut bytes);
        bytes.extend_from_slice(&salt);
        bytes.extend_from_slice(&check(vault, cost, &salt));
        bytes.extend_from_slice(&self.slot.sealed);
        bytes.extend_from_slice(&self.shown);
        let mut cells = SECOND.map(|row| blank(row, random)).collect::<Result<Vec<_>, _>>()?;
        for (row, cell) in &mut cells {
            let start = prefix(*row).len();
            cell[start..start + bytes.len()].copy_from_slice(&bytes);
        }
        Ok(cells)
    }
}

/// What seals the shown vault's key under the hidden one's.
fn over(key: &VaultKey) -> Result<Sealer, Error> {
    // The key leaves its type to seal by it.
    Sealer::new(key.derive(b"countersign vault 2 shown")?.expose())
}

fn check(vault: &Id, cost: KdfCost, salt: &[u8; SALT]) -> [u8; CHECK] {
    let mut bytes = vec![];
    write_cost(cost, &mut bytes);
    let hash = H32::sha256(&[b"countersign vault 2 second", vault.as_bytes(), &bytes, salt]);
    let mut out = [0; CHECK];
    out.copy_from_slice(&hash.as_bytes()[..CHECK]);
    out
}

fn prefix(row: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(frame::PREFIX_MOST + SIZE);
    frame::write_prefix(Tag { place: Place::Reserve, row, version: 0 }, SIZE, &mut out);
    out
}

/// What stands behind the prefix of cell `row`, where it is one.
fn body(row: u64, cell: &[u8]) -> Option<&[u8]> {
    let body = cell.strip_prefix(&prefix(row)[..]).filter(|_| CELLS.contains(&row))?;
    (body.len() == SIZE).then_some(body)
}

/// The cells as the hidden vault's key sees them.
pub(super) struct Cells {
    key: VaultKey,
    sealer: Sealer,
    random: Arc<dyn Random>,
    kept: BTreeMap<Name, Kept>,
    free: BTreeSet<u64>,
    /// What stands in the cells of the second place, as far as it opens.
    second: Vec<SecondPlace>,
}

/// An entry, and the cells that it is in.
#[derive(Clone)]
struct Kept {
    bytes: Vec<u8>,
    cells: Vec<u64>,
}

/// What an opened cell holds of an entry.
struct Part {
    row: u64,
    /// Of how many parts it is one.
    parts: u16,
    bytes: Vec<u8>,
}

/// What a change makes of the cells.
pub(super) struct Plan {
    /// The cells that are written.
    pub writes: BTreeMap<u64, Vec<u8>>,
    kept: BTreeMap<Name, Kept>,
    free: BTreeSet<u64>,
    /// What the second place holds from then on, where that changes.
    second: Option<SecondPlace>,
}

impl Cells {
    /// Cells of which none is in use.
    pub fn empty(key: &VaultKey, random: Arc<dyn Random>) -> Result<Self, Error> {
        let sealer = Sealer::new(key.derive(b"countersign vault 2 reserve")?.expose())?;
        let free = (SECOND.end..CELLS.end).collect();
        Ok(Self { key: key.clone(), sealer, random, kept: BTreeMap::new(), free, second: vec![] })
    }

    /// Takes in what the cells hold. A cell that does not open is free: whether it was damaged the vault's summary tells.
    pub fn load(&mut self, cells: &[Cell]) {
        let mut found: BTreeMap<Name, BTreeMap<u16, Part>> = BTreeMap::new();
        for (row, cell) in cells {
            if let Some((name, part, opened)) = self.open(*row, cell) {
                found.entry(name).or_default().entry(part).or_insert(opened);
            }
        }
        self.kept = found.into_iter().map(|(name, parts)| (name, Kept::of(&parts))).collect();
        let taken: BTreeSet<u64> = self.kept.values().flat_map(|kept| kept.cells.iter().copied()).collect();
        self.free = (SECOND.end..CELLS.end).filter(|row| !taken.contains(row)).collect();
        let second = cells.iter().filter(|(row, _)| SECOND.contains(row));
        let opens = |place: &SecondPlace| matches!(place.shown(&self.key), Ok(Some(_)));
        self.second = second.filter_map(|cell| SecondPlace::read(cell, &self.key.vault)).filter(opens).collect();
    }

    /// What is kept. Where a part of an entry is damaged there are zeros in its place.
    pub fn entries(&self) -> impl Iterator<Item = (Name, &[u8])> {
        self.kept.iter().map(|(name, kept)| (*name, &kept.bytes[..]))
    }

    /// Whether both cells of the second place are whole and hold `slot`.
    pub fn has_second(&self, slot: &Slot) -> bool {
        self.second.len() == 2 && self.second.iter().all(|found| is_same(&found.slot, slot))
    }

    /// What the second place holds.
    pub fn second(&self) -> Option<&SecondPlace> {
        self.second.first()
    }

    /// What is to be written so that the cells hold `entries`, and the second place `slot`. What is gone is overwritten.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for more than there is room for; [`PortError::Unavailable`] without randomness.
    pub fn plan(&self, entries: Entries, slot: Slot) -> Result<Plan, Error> {
        if !fits(&entries) {
            let (found, most) = ((needed(&entries) * ROOM) as u64, limits::VAULT_HIDDEN);
            return Err(InputError::TooMuch { what: Named::Hidden, found, most }.into());
        }
        let mut plan = Plan { writes: BTreeMap::new(), kept: BTreeMap::new(), free: self.free.clone(), second: None };
        for (_, gone) in self.kept.iter().filter(|(name, _)| !entries.contains_key(name)) {
            gone.cells.iter().try_for_each(|row| self.give_back(&mut plan, *row))?;
        }
        let (same, changed): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|(name, bytes)| self.kept.get(name).is_some_and(|kept| kept.bytes == *bytes && kept.fits()));
        plan.kept.extend(same.into_iter().filter_map(|(name, _)| Some((name, self.kept.get(&name)?.clone()))));
        let mut waiting = vec![];
        for (name, bytes) in changed {
            let mut cells = self.kept.get(&name).map(|kept| kept.cells.clone()).unwrap_or_default();
            while cells.len() > cells_of(&bytes) {
                cells.pop().into_iter().try_for_each(|row| self.give_back(&mut plan, row))?;
            }
            waiting.push((name, Kept { bytes, cells }));
        }
        for (name, mut kept) in waiting {
            while kept.cells.len() < cells_of(&kept.bytes) {
                kept.cells.push(plan.free.pop_first().ok_or(Error::Internal)?);
            }
            self.write(&mut plan, name, &kept)?;
            plan.kept.insert(name, kept);
        }
        if !self.has_second(&slot) {
            let second = SecondPlace::seal(&self.key, slot, &*self.random)?;
            plan.writes.extend(second.cells(&self.key.vault, &*self.random)?);
            plan.second = Some(second);
        }
        Ok(plan)
    }

    /// The plan was carried out.
    pub fn settle(&mut self, plan: Plan) {
        (self.kept, self.free) = (plan.kept, plan.free);
        if let Some(second) = plan.second {
            self.second = vec![second.clone(), second];
        }
    }

    fn give_back(&self, plan: &mut Plan, row: u64) -> Result<(), PortError> {
        plan.writes.extend([blank(row, &*self.random)?]);
        plan.free.insert(row);
        Ok(())
    }

    fn write(&self, plan: &mut Plan, (table, id): Name, kept: &Kept) -> Result<(), Error> {
        let parts = kept.cells.len() as u16;
        let mut chunks = kept.bytes.chunks(ROOM);
        for (part, row) in (0_u16..).zip(&kept.cells) {
            let chunk = chunks.next().unwrap_or_default();
            let mut plain = Vec::with_capacity(HEAD + ROOM);
            plain.push(table);
            plain.extend_from_slice(&id.to_be_bytes());
            plain.extend_from_slice(&part.to_be_bytes());
            plain.extend_from_slice(&parts.to_be_bytes());
            plain.push(chunk.len() as u8);
            plain.extend_from_slice(chunk);
            plain.resize(HEAD + ROOM, 0);
            let mut out = prefix(*row);
            let associated = self.associated(*row);
            self.sealer.seal(&associated, &plain, &mut out, &*self.random)?;
            plan.writes.insert(*row, out);
        }
        Ok(())
    }

    fn open(&self, row: u64, cell: &[u8]) -> Option<(Name, u16, Part)> {
        let plain = self.sealer.open(&self.associated(row), body(row, cell)?)?;
        let mut rest = plain.expose();
        let [table] = take(&mut rest)?;
        let id = u64::from_be_bytes(take(&mut rest)?);
        let (part, parts) = (u16::from_be_bytes(take(&mut rest)?), u16::from_be_bytes(take(&mut rest)?));
        let [length] = take(&mut rest)?;
        let bytes = rest.get(..usize::from(length))?.to_vec();
        Some(((table, id), part, Part { row, parts, bytes }))
    }

    fn associated(&self, row: u64) -> Vec<u8> {
        [&self.key.vault.as_bytes()[..], &prefix(row)].concat()
    }
}

impl Kept {
    /// The entry of these parts, with zeros for those that are lost.
    fn of(parts: &BTreeMap<u16, Part>) -> Self {
        let count = parts.values().map(|part| part.parts).max().unwrap_or_default();
        let lost = vec![0; ROOM];
        let bytes = (0..count).flat_map(|part| parts.get(&part).map_or(&lost, |part| &part.bytes).iter().copied());
        Self { bytes: bytes.collect(), cells: parts.values().map(|part| part.row).collect() }
    }

    /// Whether it has as many cells as it takes: none was lost.
    fn fits(&self) -> bool {
        self.cells.len() == cells_of(&self.bytes)
    }
}

/// Whether there are cells enough for these.
pub(super) fn fits(entries: &Entries) -> bool {
    needed(entries) as u64 <= CELLS.end - SECOND.end
}

fn needed(entries: &Entries) -> usize {
    entries.values().map(|bytes| cells_of(bytes)).sum()
}

fn cells_of(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(ROOM).max(1)
}

fn is_same(one: &Slot, other: &Slot) -> bool {
    (&one.way, one.sealed) == (&other.way, other.sealed)
}
