//! What `App` shows and takes, mirrored. Each record is taken apart without `..`: a new field in core does not compile
//! until somebody decided here whether shells see it.

use countersign_core::port;

/// A set of names that both sides know, each way. A new name in core does not compile until it is here.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident = $core:path { $($(#[$vdoc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl From<$core> for $name {
            fn from(core: $core) -> Self {
                use $core as Core;
                match core { $(Core::$variant => Self::$variant,)* }
            }
        }

        impl From<$name> for $core {
            fn from(name: $name) -> Self {
                use $core as Core;
                match name { $($name::$variant => Core::$variant,)* }
            }
        }
    };
}

mod account;
mod approval;
mod gateway;
mod key;
mod list;
mod pack;
mod report;
mod scanned;
mod slot;
mod transfer;

pub use account::{
    AccountEdit, AccountKind, AccountRow, Algorithm, CodeRow, Codes, DamagedRow, DeviceClass, LiveCode, LockState,
    NewAccount,
};
pub use approval::{ApprovalRow, ApprovalState, ClosedStatus, ContextRow, NewMark, Op, Res, Src, Status, Verdict};
pub use gateway::{EnrolOffer, Enrolling, GatewayRow, GatewayState, GoneWhy, Os, Phone, PollOutcome, Staleness};
pub use key::{Guard, Level, Prompt, Purpose, UserVerification};
pub use list::{
    AccountDetails, AccountIcon, Added, BinnedRow, ChangedRow, CodesWindow, GroupRow, IconChange, Sort, TagRow, View,
};
pub use pack::{FittingIcon, IconFit, IconPack, PackIcon};
pub use report::{VaultDamage, VaultReport};
pub use scanned::{Frame, Repair, Rotation, Scanned, ScannedClass};
pub use slot::{AutoLock, NewSheet, SlotKind, SlotRow};
pub use transfer::{
    Known, LeftOut, NotHeld, OutgoingTransfer, TransferAdded, TransferProgress, TransferRow, TransferState,
};

mirror! {
    /// What changed. The shell reads what it shows.
    Topic = port::Topic {
        /// The list of accounts.
        Accounts,
        /// Open approvals or their history.
        Approvals,
        /// Enrolments.
        Gateways,
        /// The vault was locked or unlocked.
        Lock,
        /// Burns, the ledger, keys and batches of hardware tokens.
        Burn,
    }
}
