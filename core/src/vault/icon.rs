//! Icons: one of a small set drawn for this project, or a picture, kept once however many accounts show it.
//!
//! What is known of a picture is one sealed piece, `1 | 1 for PNG | hash 16 | length`; its bytes are pieces of their own,
//! of 2,800 bytes each.

use std::collections::BTreeMap;

use countersign_protocol::jose::H32;

use super::account::AccountId;
use super::change::Work;
use super::frame::{Place, Tag, read_varint, write_varint};
use super::key::Keys;
use super::label::{read_text, write_text};
use super::picture::Picture;
use super::rows::{PART, Rows, Single};
use super::slot::take;
use super::store::Reader;
use super::tile::DRAWN;
use super::{Unlocked, Vault};
use crate::error::{Error, InputError, Named};
use crate::limits;

/// Which picture of the vault. Never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IconId(pub u64);

/// What is drawn beside an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Icon {
    /// One of the set of this project, by name: see [`DRAWN`]. A later program may know more of them; a name that is not
    /// known is drawn as if there were none.
    Drawn(String),
    /// A picture that the person gave.
    Picture(IconId),
}

/// Rows that an icon has for the pieces of its picture: a power of two.
const PARTS_BITS: u32 = 9;
const FORM: u8 = 1;
/// What a picture is written in.
const PNG: u8 = 1;

impl Icon {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Drawn(name) => {
                out.push(1);
                write_text(name, out);
            }
            Self::Picture(id) => {
                out.push(2);
                write_varint(id.0, out);
            }
        }
    }

    pub(super) fn read(bytes: &mut &[u8]) -> Option<Self> {
        match take(bytes)? {
            [1] => Some(Self::Drawn(read_text(bytes)?.to_owned())),
            [2] => Some(Self::Picture(IconId(read_varint(bytes)?))),
            _ => None,
        }
    }
}

/// What is known of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IconLabel {
    hash: [u8; 16],
    length: u64,
}

impl IconLabel {
    fn of(picture: &Picture) -> Self {
        let bytes = picture.as_png();
        let mut hash = [0; 16];
        hash.copy_from_slice(&H32::sha256(&[bytes]).as_bytes()[..16]);
        Self { hash, length: bytes.len() as u64 }
    }

    fn write(&self) -> Vec<u8> {
        let mut out = vec![FORM, PNG];
        out.extend_from_slice(&self.hash);
        write_varint(self.length, &mut out);
        out
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[FORM, PNG])?;
        let (hash, length) = (take(&mut rest)?, read_varint(&mut rest)?);
        let fits = rest.is_empty() && (1..=limits::ICON_PICTURE).contains(&usize::try_from(length).ok()?);
        fits.then_some(Self { hash, length })
    }

    /// How many rows the picture takes.
    pub(super) const fn parts(&self) -> u64 {
        self.length.div_ceil(PART as u64)
    }
}

/// The icon that a piece of a picture belongs to, by its row.
pub(super) const fn of_part(row: u64) -> u64 {
    row >> PARTS_BITS
}

const fn rows_of(icon: u64) -> std::ops::Range<u64> {
    icon << PARTS_BITS..(icon + 1) << PARTS_BITS
}

impl Vault {
    /// Gives accounts pictures, each picture to those beside it, in one transaction: all of them or none. A picture is kept
    /// once, whichever accounts have it. Returns the pictures' ids, in their order.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for a picture, or all of them, over their limit; as [`Vault::edit_all`].
    pub fn set_pictures(&mut self, all: &[(Picture, Vec<AccountId>)]) -> Result<Vec<IconId>, Error> {
        let now = self.clock.now();
        self.change(|work| {
            let icons = all.iter().map(|(picture, _)| work.keep_picture(picture)).collect::<Result<Vec<_>, _>>()?;
            let wanted = icons.iter().zip(all).flat_map(|(icon, (_, ids))| ids.iter().map(|id| (*id, *icon)));
            let wanted: BTreeMap<AccountId, IconId> = wanted.collect();
            let ids: Vec<AccountId> = wanted.keys().copied().collect();
            work.change_all(&ids, |_, row| {
                let mut account = (*row.account).clone();
                account.details.icon = wanted.get(&account.id).copied().map(Icon::Picture);
                account.changed = now;
                Ok((account, None))
            })?;
            Ok(icons)
        })
    }

    /// Gives accounts a picture: as [`Vault::set_pictures`].
    ///
    /// # Errors
    /// As [`Vault::set_pictures`].
    pub fn set_picture(&mut self, ids: &[AccountId], picture: &Picture) -> Result<IconId, Error> {
        let all = self.set_pictures(&[(picture.clone(), ids.to_vec())])?;
        all.first().copied().ok_or(Error::Internal)
    }

    /// Keeps a picture that an edit gives to accounts next: it goes at an unlock where none shows it.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for a picture, or all of them, over their limit; [`crate::error::PortError`] of the disk.
    pub fn keep_picture(&mut self, picture: &Picture) -> Result<IconId, Error> {
        self.change(|work| work.keep_picture(picture))
    }

    /// A picture.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::Damaged`] where it cannot be read; [`InputError::VaultLocked`].
    pub fn picture(&mut self, id: IconId) -> Result<Picture, Error> {
        self.refresh()?;
        let open = self.unlocked()?;
        read_picture(id, &open.rows, &open.keys, open.store.reader())
    }

    /// Takes out what no account shows any more.
    pub(super) fn sweep_icons(&mut self) -> Result<(), Error> {
        let unused = self.unlocked()?.unused_icons();
        if unused.is_empty() {
            return Ok(());
        }
        self.change(|work| {
            unused.iter().try_for_each(|id| {
                work.change.delete(Place::Picture, rows_of(*id))?;
                work.remove_single(Place::Icon, *id)
            })
        })
    }
}

/// A picture, out of its pieces.
pub(super) fn read_picture(id: IconId, rows: &Rows, keys: &Keys, reader: Reader<'_>) -> Result<Picture, Error> {
    let label = rows.icons.good.get(&id.0).ok_or(InputError::NotFound)?.value;
    let damaged = InputError::Damaged(id.0);
    let first = rows_of(id.0).start;
    let parts = reader.pieces(Place::Picture, first..first + label.parts())?;
    let mut bytes = Vec::with_capacity(usize::try_from(label.length).unwrap_or_default());
    for (row, (at, piece)) in (first..).zip(&parts) {
        let (_, part) = keys.open(Place::Picture, *at, piece).filter(|_| *at == row).ok_or(damaged)?;
        bytes.extend_from_slice(part.expose());
    }
    let picture = Picture::kept(bytes);
    if IconLabel::of(&picture) == label { Ok(picture) } else { Err(damaged.into()) }
}

impl Unlocked {
    fn unused_icons(&self) -> Vec<u64> {
        if self.rows.icons.good.is_empty() {
            return vec![];
        }
        let shown = self.rows.good.values().filter_map(|row| match row.account.details.icon {
            Some(Icon::Picture(id)) => Some(id.0),
            _ => None,
        });
        let shown: std::collections::BTreeSet<u64> = shown.chain(self.icons_to_undo()).collect();
        // An account that cannot be read may show any of them.
        let all = self.rows.icons.good.keys().filter(|_| self.rows.bad.is_empty());
        all.filter(|id| !shown.contains(id)).copied().collect()
    }
}

impl Work<'_> {
    /// Whether this can be drawn.
    pub(super) fn has_icon(&self, icon: &Icon) -> Result<(), InputError> {
        let known = match icon {
            Icon::Drawn(name) => DRAWN.contains(&name.as_str()),
            Icon::Picture(id) => self.rows.icons.good.contains_key(&id.0),
        };
        if known { Ok(()) } else { Err(InputError::NotFound) }
    }

    pub(super) fn keep_picture(&mut self, picture: &Picture) -> Result<IconId, Error> {
        let label = IconLabel::of(picture);
        let whole = self.rows.icons.good.iter().filter(|(id, _)| !self.rows.torn.contains(id));
        let kept = self.after.icons.iter().filter_map(|(id, row)| Some((id, row.as_ref()?)));
        if let Some((same, _)) = whole.chain(kept.clone()).find(|(_, row)| row.value == label) {
            return Ok(IconId(*same));
        }
        let there = self.rows.icons.good.values().chain(kept.map(|(_, row)| row));
        let all = there.map(|row| row.value.length).sum::<u64>() + label.length;
        for (what, found, most) in
            [(Named::Picture, label.length, limits::ICON_PICTURE as u64), (Named::Pictures, all, limits::ICON_PICTURES)]
        {
            if found > most {
                return Err(InputError::TooMuch { what, found, most }.into());
            }
        }
        let id = self.new_id();
        for (row, part) in rows_of(id).zip(picture.as_png().chunks(PART)) {
            let tag = Tag { place: Place::Picture, row, version: 1 };
            self.change.put(Place::Picture, row, &self.keys.seal(tag, part, self.random)?)?;
        }
        self.put_single(Place::Icon, id, None, &label.write())?;
        self.after.icons.push((id, Some(Single { version: 1, value: label })));
        Ok(IconId(id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Edit;
    use super::super::tests::{Folder, secret, totp};
    use super::*;

    fn picture(n: u8, length: usize) -> Picture {
        Picture::kept((0..length).map(|at| (at % 251) as u8 ^ n).collect())
    }

    #[test]
    fn a_picture_is_kept_once_and_until_no_account_shows_it() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let ids = [1, 2].map(|n| vault.add(&totp(n)).unwrap());
        let one = vault.set_picture(&[ids[0]], &picture(1, 10_000)).unwrap();
        assert_eq!(vault.set_picture(&[ids[1]], &picture(1, 10_000)).unwrap(), one);
        let two = vault.set_picture(&[ids[1]], &picture(2, PART)).unwrap();
        assert_ne!(one, two);
        assert_eq!(vault.get(ids[1]).unwrap().details.icon, Some(Icon::Picture(two)));
        vault.edit(ids[0], &Edit { icon: Some(Some(Icon::Drawn("mail".into()))), ..Edit::default() }).unwrap();
        let unknown = Edit { icon: Some(Some(Icon::Drawn("unicorn".into()))), ..Edit::default() };
        assert_eq!(vault.edit(ids[0], &unknown), Err(InputError::NotFound.into()));
        vault.undo().unwrap();
        assert_eq!(vault.picture(one).unwrap(), picture(1, 10_000), "what is undone is there still");
        vault.edit(ids[0], &Edit { icon: Some(None), ..Edit::default() }).unwrap();
        let anew = |vault: &mut Vault| {
            vault.lock();
            vault.unlock(&secret("correct horse")).unwrap();
        };
        anew(&mut vault);
        assert_eq!(vault.picture(one).unwrap(), picture(1, 10_000), "what can be undone is there too");
        while let Some(step) = vault.last_step().unwrap() {
            vault.let_stand(step.number).unwrap();
        }
        anew(&mut vault);
        assert_eq!(vault.picture(one), Err(InputError::NotFound.into()));
        assert_eq!(vault.picture(two).unwrap(), picture(2, PART));
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
        assert!(vault.report().unwrap().damage.is_empty());
    }

    #[test]
    fn pictures_of_many_accounts_are_one_change() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let ids = [1, 2, 3].map(|n| vault.add(&totp(n)).unwrap());
        let all = [(picture(1, PART), vec![ids[0]]), (picture(2, 9), vec![ids[1]]), (picture(1, PART), vec![ids[2]])];
        let icons = vault.set_pictures(&all).unwrap();
        assert_eq!((icons[0], icons[0] == icons[1]), (icons[2], false), "what is alike is kept once");
        let shown = |vault: &mut Vault| ids.map(|id| vault.get(id).unwrap().details.icon.clone());
        let wanted = [0, 1, 0].map(|at| Some(Icon::Picture(icons[at])));
        assert_eq!(shown(&mut vault), wanted);
        let one_gone = [(picture(3, 9), vec![ids[0]]), (picture(4, 9), vec![AccountId(99)])];
        assert_eq!(vault.set_pictures(&one_gone), Err(InputError::NotFound.into()));
        assert_eq!(shown(&mut vault), wanted, "all of them or none");
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
        assert!(vault.report().unwrap().damage.is_empty());
        assert_eq!(vault.picture(icons[1]).unwrap(), picture(2, 9));
        assert_eq!(vault.last_change().unwrap().len(), 3);
        vault.undo().unwrap();
        assert_eq!((shown(&mut vault), vault.can_undo()), ([const { None }; 3], false));
    }

    #[test]
    fn pictures_hold_their_limits() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let id = vault.add(&totp(1)).unwrap();
        let most = limits::ICON_PICTURE;
        assert!(vault.set_picture(&[id], &picture(0, most)).is_ok());
        assert!(vault.set_picture(&[id], &picture(0, most + 1)).is_err());
        let all = usize::try_from(limits::ICON_PICTURES).unwrap() / most;
        (1..all).for_each(|n| assert!(vault.set_picture(&[id], &picture(n as u8, most)).is_ok(), "{n}"));
        let refused = InputError::TooMuch {
            what: Named::Pictures,
            found: limits::ICON_PICTURES + 1,
            most: limits::ICON_PICTURES,
        };
        assert_eq!(vault.set_picture(&[id], &picture(0, 1)), Err(refused.into()));
        assert!(
            IconLabel::read(&IconLabel { length: most as u64 + 1, ..IconLabel::of(&picture(0, 1)) }.write()).is_none()
        );
        assert!(rows_of(1).contains(&(rows_of(1).start + IconLabel::of(&picture(0, most)).parts() - 1)));
    }
}
