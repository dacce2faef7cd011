//! From format 1 to 2: at the first unlock, after a copy of the file, in one transaction.
//!
//! Format 1 had accounts alone, with their note in rows of its own and its keyed identity in the label. Labels of that
//! form are still read: a damaged file of format 1 is built anew from its pieces before they are sealed anew.

use std::path::Path;
use std::sync::Arc;

use countersign_protocol::jose::Id;
use countersign_protocol::otp::Digits;
use zeroize::Zeroizing;

use super::account::{Account, AccountId, Details};
use super::change::{After, Work};
use super::frame::read_varint;
use super::header::FORMAT;
use super::kind::Kind;
use super::label::{Label, Note, ORDER_STEP, read_algorithm, read_text};
use super::reserve;
use super::rows::{self, Rows};
use super::slot::{SEALED, Slot, Way, take};
use super::summary::Summary;
use super::unlock::{read_lockbox, summary_anew};
use super::{Unlocked, mend};
use crate::error::Error;
use crate::port::Random;

/// The form of a label of format 1.
const FIRST_FORM: u8 = 1;

impl Unlocked {
    /// Brings the file to this program's format, if it has another. Where that fails the file is as it was: it can be
    /// read, and the next change tries again.
    ///
    /// # Errors
    /// [`crate::error::PortError::Busy`] while another process has it open; [`crate::error::PortError`] of the disk.
    pub(super) fn raise(&mut self, path: &Path, now: u64, random: &dyn Random) -> Result<(), Error> {
        if self.current {
            return Ok(());
        }
        let Self { store, lock, key, keys, .. } = self;
        lock.alone(|| {
            let from = store.reader().version()?;
            if from < u32::from(FORMAT) {
                mend::keep_older(path, from)?;
            }
            let (header, _) = read_lockbox(path)?.0.chosen(key, keys)?;
            let change = store.begin()?;
            change.make_tables(from)?;
            if from < u32::from(FORMAT) {
                let is_passphrase = |slot: &&Slot| matches!(slot.way, Way::Passphrase { .. });
                let first = header.slots.iter().find(is_passphrase).map(|slot| slot.way.clone());
                let none = Way::Passphrase { cost: header.minimum, salt: random.array()? };
                let slot = Slot { id: reserve::ONLY, way: first.unwrap_or(none), sealed: [0; SEALED] };
                change.put_cells(&reserve::fresh(&header.vault, &slot, random)?)?;
            }
            // As they are now, under the lock.
            let rows = Rows::load(change.reader(), keys)?;
            let summary = rows::load_summary(change.reader(), keys)?;
            let summary = summary.unwrap_or_else(|| summary_anew(keys, &rows, &header, now));
            let summary = Summary { version: summary.version + 1, ..summary };
            change.put_header(&header.write(keys))?;
            let (after, sum_anew) = (After::default(), false);
            let mut work =
                Work { change: &change, keys, rows: &rows, header: &header, summary, random, after, sum_anew };
            for row in rows.good.values() {
                work.rewrite(row, (*row.account).clone(), None)?;
            }
            work.settle()?;
            Ok(change.commit()?)
        })?;
        // What is in memory is read again.
        (self.current, self.stale) = (true, true);
        Ok(())
    }
}

/// Reads a label of format 1.
///
/// ```text
/// 1 | kind u8 | algorithm u8 | digits u8 | identity 16 | period or counter | created | changed | order | parts of the note
/// | 0, or 1 and the enrolment 16 | issuer | name
/// ```
pub(super) fn read_first(id: AccountId, bytes: &[u8]) -> Option<Label> {
    let (&[form, kind, algorithm, digits], rest) = bytes.split_first_chunk()?;
    if form != FIRST_FORM {
        return None;
    }
    let (_identity, mut rest) = rest.split_first_chunk::<16>()?;
    let kind = Kind::read(kind, &mut rest)?;
    let mut number = || read_varint(&mut rest);
    let (created, changed, order, parts) = (number()?, number()?, number()?, number()?);
    let origin = match take(&mut rest)? {
        [0] => None,
        [1] => Some(Id::from_bytes(take(&mut rest)?)),
        _ => return None,
    };
    let issuer = read_text(&mut rest)?.to_owned();
    let name = read_text(&mut rest)?.to_owned();
    let account = Account {
        id,
        issuer,
        name,
        kind,
        algorithm: read_algorithm(algorithm)?,
        digits: Digits::try_from(u64::from(digits)).ok()?,
        origin,
        created,
        changed,
        // An order of format 1 had no room between two.
        order: order.saturating_mul(ORDER_STEP),
        details: Details::default(),
        uses: 0,
        used: 0,
        deleted: None,
    };
    let note = if parts == 0 { Note::Here(Zeroizing::default()) } else { Note::Apart(parts) };
    rest.is_empty().then_some(Label { account: Arc::new(account), note })
}
