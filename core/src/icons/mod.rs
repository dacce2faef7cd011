//! Icon packs in Aegis' documented form. A pack is kept as the archive that it came as, under a name made of its id, beside
//! the vault and not in it: nothing in it is secret. An icon that is chosen is copied into the vault.

mod archive;
mod pack;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, InputError, Named, PortError};
use crate::file;
use crate::limits;

pub use pack::{Fit, Pack, PackIcon, PackId};

/// What the name of a pack's file ends in.
const ENDING: &str = "zip";

/// What a pack is, and which of its icons can be chosen, without keeping it.
///
/// # Errors
/// [`InputError::TooMuch`] over a limit; [`InputError::Field`] for what is no pack, or has no icon that can be drawn.
pub fn look(pack: &[u8]) -> Result<(Pack, Vec<PackIcon>), InputError> {
    pack::read(pack)
}

/// The file of one of its icons.
///
/// # Errors
/// [`InputError::NotFound`]; [`InputError::TooMuch`]; [`InputError::Field`] where it is damaged.
pub fn look_at(pack: &[u8], icon: &PackIcon) -> Result<Vec<u8>, InputError> {
    pack::picture(pack, &icon.file)
}

/// The packs in a folder, which is made with the first of them.
pub(crate) struct Packs {
    folder: PathBuf,
}

impl Packs {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Keeps a pack. Another version of it is replaced.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] over a limit; [`InputError::Field`] for what is no pack; [`PortError`] of the disk.
    pub(crate) fn add(&self, bytes: &[u8]) -> Result<Pack, Error> {
        let (pack, _) = pack::read(bytes)?;
        file::make_folder(&self.folder)?;
        let _alone = file::alone(&self.folder)?;
        let others = self.ids()?.into_iter().filter(|id| *id != pack.id).count();
        let most = limits::ICON_PACKS;
        if others >= most {
            let (found, most) = (others as u64 + 1, most as u64);
            return Err(InputError::TooMuch { what: Named::IconPacks, found, most }.into());
        }
        file::replace(&self.path(pack.id), bytes)?;
        Ok(pack)
    }

    /// All packs, by their names. One whose file was damaged is not among them.
    ///
    /// # Errors
    /// [`PortError`] of the disk.
    pub(crate) fn all(&self) -> Result<Vec<(Pack, Vec<PackIcon>)>, Error> {
        let mut packs = Vec::new();
        for id in self.ids()? {
            let read = file::read(&self.path(id), limits::ICON_PACK as u64)?.map(|bytes| pack::read(&bytes));
            packs.extend(read.and_then(Result::ok).filter(|(pack, _)| pack.id == id));
        }
        packs.sort_by(|(one, _), (other, _)| (&one.name, one.id).cmp(&(&other.name, other.id)));
        Ok(packs)
    }

    /// Removes a pack. Icons that were chosen stay.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`PortError`] of the disk.
    pub(crate) fn remove(&self, id: PackId) -> Result<(), Error> {
        if !self.ids()?.contains(&id) {
            return Err(InputError::NotFound.into());
        }
        let _alone = file::alone(&self.folder)?;
        Ok(file::remove(&self.path(id))?)
    }

    /// The icons that hold each word of `search`, whatever the case, in the order of their packs; all of them for none.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for a long search; [`PortError`] of the disk.
    pub(crate) fn find(&self, search: &str) -> Result<Vec<PackIcon>, Error> {
        let (found, most) = (search.chars().count(), limits::SEARCH);
        if found > most {
            let (found, most) = (found as u64, most as u64);
            return Err(InputError::TooMuch { what: Named::Search, found, most }.into());
        }
        let search = search.to_lowercase();
        let words: Vec<&str> = search.split_whitespace().collect();
        let all = self.all()?.into_iter().flat_map(|(_, icons)| icons);
        Ok(all.filter(|icon| icon.has(&words)).collect())
    }

    /// The icons that fit an issuer, the best first.
    ///
    /// # Errors
    /// [`PortError`] of the disk.
    pub(crate) fn fitting(&self, issuer: &str) -> Result<Vec<(Fit, PackIcon)>, Error> {
        let all = self.all()?.into_iter().flat_map(|(_, icons)| icons);
        let mut found: Vec<_> = all.filter_map(|icon| Some((icon.fits(issuer)?, icon))).collect();
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        Ok(found)
    }

    /// The file of an icon.
    ///
    /// # Errors
    /// [`InputError::NotFound`], also where its pack was removed; [`InputError::TooMuch`]; [`InputError::Field`] for a pack
    /// that was damaged; [`PortError`] of the disk.
    pub(crate) fn picture(&self, icon: &PackIcon) -> Result<Vec<u8>, Error> {
        let bytes = file::read(&self.path(icon.pack), limits::ICON_PACK as u64)?.ok_or(InputError::NotFound)?;
        Ok(pack::picture(&bytes, &icon.file)?)
    }

    fn path(&self, id: PackId) -> PathBuf {
        self.folder.join(format!("{id}.{ENDING}"))
    }

    fn ids(&self) -> Result<Vec<PackId>, PortError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|_| PortError::Disk)?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let path = entry.map_err(|_| PortError::Disk)?.path();
            let is_pack = path.extension().is_some_and(|ending| ending == ENDING);
            ids.extend(path.file_stem().filter(|_| is_pack).and_then(|stem| stem.to_str()?.parse::<PackId>().ok()));
        }
        Ok(ids)
    }
}
