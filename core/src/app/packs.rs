//! Icon packs: loaded once, looked through, and copied from into the vault.

use super::App;
use crate::error::Error;
#[cfg(doc)]
use crate::error::{InputError, PortError};
use crate::icons::{Fit, Pack, PackIcon, PackId};
use crate::vault::{AccountId, IconId, Picture};

impl App {
    /// Keeps an icon pack in Aegis' form; another version of it is replaced. Of its icons those in PNG or JPEG can be
    /// chosen.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] over a limit; [`InputError::Field`] for what is no pack, or has no icon that can be drawn;
    /// [`PortError`] of the disk.
    pub fn add_icon_pack(&self, file: &[u8]) -> Result<Pack, Error> {
        self.packs.add(file)
    }

    /// The packs that are kept, by their names.
    ///
    /// # Errors
    /// [`PortError`] of the disk.
    pub fn icon_packs(&self) -> Result<Vec<Pack>, Error> {
        Ok(self.packs.all()?.into_iter().map(|(pack, _)| pack).collect())
    }

    /// Removes a pack. Accounts keep what was chosen from it.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`PortError`] of the disk.
    pub fn remove_icon_pack(&self, id: PackId) -> Result<(), Error> {
        self.packs.remove(id)
    }

    /// The icons of all packs that hold each word of `search` in name, category or issuers; all of them for none.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for a long search; [`PortError`] of the disk.
    pub fn find_icons(&self, search: &str) -> Result<Vec<PackIcon>, Error> {
        self.packs.find(search)
    }

    /// The icons that fit an issuer as the packs say, the best first.
    ///
    /// # Errors
    /// [`PortError`] of the disk.
    pub fn icons_for(&self, issuer: &str) -> Result<Vec<(Fit, PackIcon)>, Error> {
        self.packs.fitting(issuer)
    }

    /// An icon of a pack, to be looked at before it is chosen.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; as [`Picture::from_file`]; [`PortError`] of the disk.
    pub fn pack_icon(&self, icon: &PackIcon) -> Result<Picture, Error> {
        Ok(Picture::from_file(&self.packs.picture(icon)?)?)
    }

    /// Gives accounts icons of packs, each icon to those beside it, in one transaction that one step takes back. They are
    /// copied into the vault, and stay there without the packs. Returns their ids, in their order.
    ///
    /// # Errors
    /// As [`App::pack_icon`] and [`App::set_picture`].
    pub fn set_pack_icons(&self, all: &[(PackIcon, Vec<AccountId>)]) -> Result<Vec<IconId>, Error> {
        let pictures = all.iter().map(|(icon, ids)| Ok((self.pack_icon(icon)?, ids.clone())));
        let pictures = pictures.collect::<Result<Vec<_>, Error>>()?;
        self.change_accounts(|vault| vault.set_pictures(&pictures))
    }
}
