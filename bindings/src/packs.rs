//! Icon packs, mirrored.

use countersign_core::error::InputError;
use countersign_core::vault::AccountId;

use crate::record::{FittingIcon, IconPack, PackIcon};
use crate::{Countersign, CountersignError};

#[uniffi::export]
impl Countersign {
    /// Keeps an icon pack in Aegis' form; another version of it is replaced.
    pub async fn add_icon_pack(&self, file: Vec<u8>) -> Result<IconPack, CountersignError> {
        self.blocking(move |app| Ok(app.add_icon_pack(&file)?.into())).await
    }

    /// The packs that are kept, by their names.
    pub async fn icon_packs(&self) -> Result<Vec<IconPack>, CountersignError> {
        self.blocking(|app| Ok(app.icon_packs()?.into_iter().map(IconPack::from).collect())).await
    }

    /// Removes a pack. Accounts keep what was chosen from it.
    pub async fn remove_icon_pack(&self, id: String) -> Result<(), CountersignError> {
        let id = id.parse().map_err(|_| InputError::NotFound)?;
        self.blocking(move |app| Ok(app.remove_icon_pack(id)?)).await
    }

    /// The icons that hold each word of `search` in name, category or issuers; all of them for none.
    pub async fn find_icons(&self, search: String) -> Result<Vec<PackIcon>, CountersignError> {
        self.blocking(move |app| Ok(app.find_icons(&search)?.into_iter().map(PackIcon::from).collect())).await
    }

    /// The icons that fit an issuer, the best first.
    pub async fn icons_for(&self, issuer: String) -> Result<Vec<FittingIcon>, CountersignError> {
        self.blocking(move |app| Ok(app.icons_for(&issuer)?.into_iter().map(FittingIcon::from).collect())).await
    }

    /// An icon of a pack, to be looked at: a PNG file.
    pub async fn pack_icon(&self, icon: PackIcon) -> Result<Vec<u8>, CountersignError> {
        let icon = icon.try_into()?;
        self.blocking(move |app| Ok(app.pack_icon(&icon)?.as_png().to_vec())).await
    }

    /// Gives accounts an icon of a pack, copied into the vault; its id there.
    pub async fn set_pack_icon(&self, ids: Vec<u64>, icon: PackIcon) -> Result<u64, CountersignError> {
        let (ids, icon): (Vec<_>, _) = (ids.into_iter().map(AccountId).collect(), icon.try_into()?);
        self.blocking(move |app| {
            let given = app.set_pack_icons(&[(icon, ids)])?.pop();
            Ok(given.ok_or(CountersignError::Internal)?.0)
        })
        .await
    }
}
