//! Icon packs, mirrored.

use countersign_core::error::InputError;
use countersign_core::icons;

/// An icon pack that was loaded.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct IconPack {
    /// Which pack; the same in every version of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// How many of its icons can be chosen.
    pub icons: u64,
    /// How many cannot: they are neither PNG nor JPEG.
    pub left_out: u64,
}

impl From<icons::Pack> for IconPack {
    fn from(core: icons::Pack) -> Self {
        let icons::Pack { id, name, version, icons, left_out } = core;
        Self { id: id.to_string(), name, version, icons: icons as u64, left_out: left_out as u64 }
    }
}

/// One icon of a pack, as the app lists it. The name of its file in the pack says which.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PackIcon {
    /// Of which pack.
    pub pack: String,
    /// Which of its files.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Its category; may be empty.
    pub category: String,
}

impl From<icons::PackIcon> for PackIcon {
    fn from(core: icons::PackIcon) -> Self {
        let icons::PackIcon { pack, file, name, category, .. } = core;
        Self { pack: pack.to_string(), file, name, category }
    }
}

impl TryFrom<PackIcon> for icons::PackIcon {
    type Error = InputError;

    fn try_from(icon: PackIcon) -> Result<Self, InputError> {
        let PackIcon { pack, file, name: _, category: _ } = icon;
        Ok(Self::of_file(pack.parse().map_err(|_| InputError::NotFound)?, file))
    }
}

mirror! {
    /// How well an icon fits an issuer.
    IconFit = icons::Fit {
        /// One holds a part of the other.
        Part,
        /// One of its words stands in the issuer.
        Word,
        /// One of its words is the issuer.
        Whole,
    }
}

/// An icon that fits an issuer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FittingIcon {
    /// The icon.
    pub icon: PackIcon,
    /// How well.
    pub fit: IconFit,
}

impl From<(icons::Fit, icons::PackIcon)> for FittingIcon {
    fn from((fit, icon): (icons::Fit, icons::PackIcon)) -> Self {
        Self { icon: icon.into(), fit: fit.into() }
    }
}
