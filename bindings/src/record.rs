//! What `App` shows and takes, mirrored. Each record is taken apart without `..`: a new field in core does not compile
//! until somebody decided here whether shells see it.

use countersign_core::port;

mod account;
mod approval;
mod burn;
mod enrolment;
mod gateway;
mod hardware;
mod key;
mod ledger;
mod list;
mod pack;
mod past;
mod report;
mod scanned;
pub(crate) mod seed;
mod slot;
mod token;
mod transfer;

pub use account::{
    AccountEdit, AccountKind, AccountRow, Algorithm, CodeRow, Codes, DamagedRow, DeviceClass, LiveCode, LockState,
    NewAccount,
};
pub use approval::{ApprovalRow, ApprovalState, ClosedStatus, ContextRow, NewMark, Op, Res, Src, Status, Verdict};
pub use burn::{
    BurnEnding, BurnProgress, BurnRow, BurnSettings, Concluded, DisplayTime, Erases, Held, Judgement, PlanNote,
    PlanRow, TokenCodes,
};
pub use enrolment::{Bell, DamagedEnrolment, FileDamage, JoiningRow, KeyClass, MoveRow, Note, PushEndpoint, Told};
pub use gateway::{EnrolOffer, Enrolling, GatewayRow, GatewayState, GoneWhy, Os, Phone, PollOutcome, Staleness};
pub use hardware::{HardwareSlot, KeyPlace};
pub use key::{AttestedKey, Guard, Level, Prompt, Purpose, UserVerification};
pub use ledger::{
    BatchLine, BatchRow, LedgerFile, LedgerForm, LedgerRow, LeftOutToken, LeftOutWhy, Protection, Shortfall,
    TokenColumn, TokenKeyRow, TokenProof,
};
pub use list::{
    AccountDetails, AccountIcon, AccountQuery, AddOutcome, BinnedRow, ChangedRow, CodesWindow, GroupRow, IconChange,
    Sort, StepRow, TagRow,
};
pub use pack::{FittingIcon, IconFit, IconPack, PackIcon};
pub use past::{Info, NoticeDevice, NoticeRow, NoticeText, PastEnd, PastRow};
pub use report::{VaultDamage, VaultReport};
pub use scanned::{Frame, QrSymbol, Repair, Rotation, Scanned, ScannedClass};
pub use seed::{FileKey, SeedFileKind, SeedReading, SeedRow, TokenMoving, TokenSettings};
pub use slot::{AutoLock, NewSheet, SlotKind, SlotRow};
pub use token::{
    DeclinedToken, TokenCapabilities, TokenFamily, TokenIdentity, TokenLabel, TokenName, TokenPeriods, TokenRoom,
    TokenSeen, TokenStep, UsedProfile,
};
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
