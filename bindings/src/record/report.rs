//! What an unlock found wrong, mirrored.

use countersign_core::vault;

use super::DamagedRow;

/// One thing that was found damaged.
#[derive(Clone, uniffi::Enum)]
#[expect(clippy::large_enum_variant, reason = "few of them cross, and a box cannot")]
pub enum VaultDamage {
    /// The file's structure, which was built anew.
    Structure,
    /// The header, or one of its two copies.
    Header,
    /// The summary: it cannot be told whether accounts are missing.
    Summary,
    /// This account cannot be read.
    Account {
        /// The account.
        account: DamagedRow,
    },
    /// The note of this account cannot be read.
    Note {
        /// Which account.
        id: u64,
    },
    /// This account is an older version of itself.
    RolledBack {
        /// Which account.
        id: u64,
    },
    /// So many accounts are gone.
    Missing {
        /// The one that is gone, where it can be told.
        id: Option<u64>,
        /// How many are.
        count: u64,
    },
    /// This account was deleted and is there again.
    Surplus {
        /// Which account.
        id: u64,
    },
    /// A group, or the list of groups.
    Groups,
    /// An icon.
    Icons,
    /// What is kept of hardware tokens.
    Tokens,
    /// The accounts are not those that were last written, and it cannot be told which differ.
    Unexplained,
}

impl From<vault::Damage> for VaultDamage {
    fn from(core: vault::Damage) -> Self {
        match core {
            vault::Damage::Structure => Self::Structure,
            vault::Damage::Header => Self::Header,
            vault::Damage::Summary => Self::Summary,
            vault::Damage::Account(account) => Self::Account { account: (&*account).into() },
            vault::Damage::Note(id) => Self::Note { id: id.0 },
            vault::Damage::RolledBack(id) => Self::RolledBack { id: id.0 },
            vault::Damage::Missing { id, count } => Self::Missing { id: id.map(|id| id.0), count },
            vault::Damage::Surplus(id) => Self::Surplus { id: id.0 },
            vault::Damage::Groups => Self::Groups,
            vault::Damage::Icons => Self::Icons,
            vault::Damage::Tokens => Self::Tokens,
            vault::Damage::Unexplained => Self::Unexplained,
        }
    }
}

/// What the last unlock found wrong, and where it kept a copy of the file as it was.
#[derive(Clone, uniffi::Record)]
pub struct VaultReport {
    /// Each thing found; empty where all is well.
    pub damage: Vec<VaultDamage>,
    /// The copy of the damaged file; none where nothing was damaged or nothing mended.
    pub kept: Option<String>,
}

impl From<vault::Report> for VaultReport {
    fn from(core: vault::Report) -> Self {
        let vault::Report { damage, kept } = core;
        let kept = kept.map(|path| path.to_string_lossy().into_owned());
        Self { damage: damage.into_iter().map(VaultDamage::from).collect(), kept }
    }
}
