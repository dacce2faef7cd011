//! The parts of one transfer, put together in whatever order they come.

use std::collections::BTreeMap;

use super::{Batch, Entry, Part};

/// A transfer under way: what was read of it.
#[derive(Debug, Clone, Default)]
pub struct Transfer {
    batch: Option<Batch>,
    parts: BTreeMap<u32, Part>,
}

/// What a part added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// Its accounts.
    Accounts,
    /// Nothing: it was read before.
    Nothing,
}

/// How much of a transfer was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Parts that were read.
    pub read: usize,
    /// Parts that there are.
    pub of: usize,
}

/// A part of another transfer than the one that is under way; nothing of it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("part {} of {} is of another transfer; of this one {} of {} are read", .part, .of, .ours.read, .ours.of)]
pub struct OtherTransfer {
    /// What was read of this one.
    pub ours: Count,
    /// Which part the other one is, counted from 1.
    pub part: usize,
    /// How many parts the other transfer has.
    pub of: usize,
}

impl Transfer {
    /// Adds a part. The first one says which transfer it is.
    ///
    /// Writers that draw no number for a transfer have 0: then parts of the same count belong together as long as they
    /// are different ones.
    ///
    /// # Errors
    /// [`OtherTransfer`], with nothing changed.
    pub fn add(&mut self, part: Part) -> Result<Added, OtherTransfer> {
        let same = self.parts.get(&part.index).map(|seen| seen.payload.ct_eq(part.payload.expose()));
        match (self.batch, same) {
            (Some(batch), _) if batch != part.batch => Err(self.other(&part)),
            (_, Some(true)) => Ok(Added::Nothing),
            (_, Some(false)) => Err(self.other(&part)),
            (_, None) => {
                self.batch = Some(part.batch);
                self.parts.insert(part.index, part);
                Ok(Added::Accounts)
            }
        }
    }

    fn other(&self, part: &Part) -> OtherTransfer {
        OtherTransfer { ours: self.count(), part: part.index as usize + 1, of: part.batch.size as usize }
    }

    /// How many parts were read, of how many; 0 of 0 before the first one.
    pub fn count(&self) -> Count {
        Count { read: self.parts.len(), of: self.batch.map_or(0, |batch| batch.size as usize) }
    }

    /// Whether each part was read, in their order.
    pub fn parts(&self) -> impl Iterator<Item = bool> {
        (0..self.batch.map_or(0, |batch| batch.size)).map(|index| self.parts.contains_key(&index))
    }

    /// Whether all parts were read.
    pub fn is_whole(&self) -> bool {
        let Count { read, of } = self.count();
        of > 0 && read == of
    }

    /// What was read, in the order of the parts.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.parts.values().flat_map(|part| &part.entries)
    }

    /// How many accounts the whole transfer has at most, if its parts are filled alike: what is not read yet is not known.
    pub fn expected(&self) -> usize {
        let Count { read, of } = self.count();
        let fullest = self.parts.values().map(|part| part.entries.len()).max().unwrap_or_default();
        self.entries().count() + (of - read) * fullest
    }
}
