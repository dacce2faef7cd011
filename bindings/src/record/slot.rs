//! The ways into the vault, and when it locks itself, mirrored.

use std::time::Duration;

use countersign_core::vault;

use super::Guard;

/// What opens a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SlotKind {
    /// A passphrase.
    Passphrase,
    /// The keystore, which asks for this.
    Keystore {
        /// What it asks for.
        asks: Guard,
    },
    /// A recovery sheet on paper.
    Sheet,
    /// A hardware key that answers a challenge.
    Hardware {
        /// The number that is printed on it, where it tells it.
        serial: Option<u32>,
        /// Whether a passphrase belongs to it.
        with_passphrase: bool,
    },
}

impl From<vault::SlotKind> for SlotKind {
    fn from(core: vault::SlotKind) -> Self {
        match core {
            vault::SlotKind::Passphrase(_) => Self::Passphrase,
            vault::SlotKind::Keystore(guard) => Self::Keystore { asks: guard.into() },
            vault::SlotKind::Sheet => Self::Sheet,
            vault::SlotKind::Hardware { serial, with_passphrase } => Self::Hardware { serial, with_passphrase },
        }
    }
}

/// One way into the vault.
#[derive(Clone, uniffi::Record)]
pub struct SlotRow {
    /// Its number.
    pub id: u32,
    /// What opens it.
    pub kind: SlotKind,
    /// The person's own name for it; may be empty.
    pub name: String,
    /// When it was made, in Unix time, where that is known.
    pub made: Option<u64>,
    /// When it opened the vault last, to the day, where that is known.
    pub used: Option<u64>,
}

impl From<vault::SlotRow> for SlotRow {
    fn from(core: vault::SlotRow) -> Self {
        let vault::SlotRow { id, kind, name, made, used } = core;
        Self { id: id.number(), kind: kind.into(), name, made, used }
    }
}

/// A recovery sheet, told once: to be printed, and kept nowhere.
#[derive(Clone, uniffi::Record)]
pub struct NewSheet {
    /// Its slot.
    pub id: u32,
    /// Its lines, check and all.
    pub lines: Vec<String>,
    /// What its QR holds.
    pub qr: String,
}

impl From<(vault::SlotId, vault::Sheet)> for NewSheet {
    fn from((id, sheet): (vault::SlotId, vault::Sheet)) -> Self {
        let lines = sheet.lines().iter().map(|line| line.as_str().to_owned()).collect();
        Self { id: id.number(), lines, qr: sheet.qr_text().as_str().to_owned() }
    }
}

/// When the vault locks itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct AutoLock {
    /// After so many seconds without a touch: 15 to 86400; none for never.
    pub after_s: Option<u64>,
    /// As soon as the person goes to another app.
    pub on_leave: bool,
    /// As soon as the screen goes off.
    pub on_screen_off: bool,
}

impl From<vault::AutoLock> for AutoLock {
    fn from(core: vault::AutoLock) -> Self {
        let vault::AutoLock { after, on_leave, on_screen_off } = core;
        Self { after_s: after.map(|after| after.as_secs()), on_leave, on_screen_off }
    }
}

impl From<AutoLock> for vault::AutoLock {
    fn from(shell: AutoLock) -> Self {
        let AutoLock { after_s, on_leave, on_screen_off } = shell;
        Self { after: after_s.map(Duration::from_secs), on_leave, on_screen_off }
    }
}
