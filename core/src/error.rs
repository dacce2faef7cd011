//! What can go wrong, grouped by who can act. Errors carry numbers and names, never input: they are
//! safe to log and to show.

mod name;

use countersign_protocol::jose::{FormError, Refused};
use countersign_protocol::push::{ClosedStatus, ErrorWhy, TriesLeft};
use thiserror::Error;

pub use name::{Named, Rule};

/// Why a call of the core did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The person can mend it: a wrong passphrase, a damaged QR code, wrong digits.
    #[error("input: {0}")]
    Input(#[from] InputError),
    /// The gateway answered, and refused, or answered what it must not.
    #[error("gateway: {0}")]
    Gateway(#[from] GatewayError),
    /// The platform failed: no network, keystore locked, disk full.
    #[error("platform: {0}")]
    Port(#[from] PortError),
    /// A fault of ours was caught; state was reloaded from disk and the app goes on.
    #[error("internal error")]
    Internal,
}

/// What the person gave cannot be taken; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InputError {
    /// A value in the named field breaks its rule (length, characters, range).
    #[error("field {field}: {rule}")]
    Field {
        /// The field.
        field: Named,
        /// The rule that was broken.
        rule: Rule,
    },
    /// Scanned or pasted text that is not in its form; the rule that it breaks.
    #[error("form: {0}")]
    Form(#[from] FormError),
    /// More than the limit allows; both numbers are in the limit's unit.
    #[error("{what}: {found} is more than {most}")]
    TooMuch {
        /// What there is too much of.
        what: Named,
        /// What was found.
        found: u64,
        /// The limit.
        most: u64,
    },
    /// No slot opens by this passphrase.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The vault is locked; unlock it first.
    #[error("vault locked")]
    VaultLocked,
    /// There is a vault already where one should be made.
    #[error("a vault exists already")]
    VaultExists,
    /// There is no vault where one should be opened.
    #[error("no vault here")]
    NoVault,
    /// The file is not a vault, or its header was changed.
    #[error("not a vault, or changed")]
    NotAVault,
    /// The header of this vault is damaged and no slot opens: not told apart from a wrong passphrase.
    #[error("vault header damaged")]
    HeaderDamaged,
    /// A newer program wrote this vault; it was left untouched.
    #[error("vault version {found}, this program knows up to {known}")]
    NewerVault {
        /// The version in the file.
        found: u32,
        /// The newest version that this program reads.
        known: u32,
    },
    /// The vault has no slot of this kind, or it is the last one, which stays.
    #[error("slot: {0}")]
    Slot(&'static str),
    /// The last slot of a passphrase stays.
    #[error("the last passphrase stays")]
    LastPassphrase,
    /// This line of a recovery sheet is mistyped or missing, counted from 1.
    #[error("line {0} of the sheet")]
    SheetLine(u8),
    /// This recovery sheet opens no slot of the vault.
    #[error("sheet of another vault, or taken back")]
    WrongSheet,
    /// The same account is there already, under this id.
    #[error("duplicate of account {0}")]
    Duplicate(u64),
    /// Another of its kind has this name already.
    #[error("the name is taken")]
    SameName,
    /// It came with an enrolment and never leaves this phone.
    #[error("bound to an enrolment")]
    Bound,
    /// No link says what this account is: its steps are counted from a moment of its own.
    #[error("no link can describe it")]
    NoLink,
    /// Parts of a transfer are missing, and nobody said to do without.
    #[error("{read} of {of} parts of a transfer")]
    Unfinished {
        /// Parts that were read.
        read: usize,
        /// Parts that there are.
        of: usize,
    },
    /// A sign-in that is for another phone, or at a gateway where this one is not enrolled.
    #[error("for another phone")]
    OtherPhone,
    /// No account, gateway or approval has this id (any longer).
    #[error("not found")]
    NotFound,
    /// This account cannot be read; the others can.
    #[error("account {0} is damaged")]
    Damaged(u64),
    /// A link or QR of a later version: the app asks to be updated.
    #[error("a link of a later version")]
    NewerLink,
    /// This approval has ended, and how.
    #[error("ended: {0}")]
    Ended(ClosedStatus),
    /// The login page shows another number of digits.
    #[error("{0} digits asked for")]
    DigitsAsked(u8),
    /// The same was decided elsewhere while the prompt stood.
    #[error("decided meanwhile")]
    DecidedMeanwhile,
    /// Cannot be done with a record of this kind: a next code of a TOTP account.
    #[error("wrong kind: {0}")]
    WrongKind(&'static str),
}

/// The gateway answered, and what it answered ends the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GatewayError {
    /// It refused with this HTTP status and no reason that we know.
    #[error("status {0}")]
    Status(u16),
    /// The code does not belong to this gateway: the person asks for a new one.
    #[error("code of another gateway")]
    ForeignCode,
    /// What it says is past its time by this phone's clock: the person checks the clock.
    #[error("past its time by this clock")]
    Clock,
    /// The enrolment code was used by another request: the person starts again and is warned.
    #[error("code used")]
    CodeUsed,
    /// The enrolment code is too old, or ended: the person starts again.
    #[error("code expired")]
    CodeExpired,
    /// The receipt is for another request: somebody else used the code. Nothing of the enrolment is kept.
    #[error("receipt of another request")]
    ForeignReceipt,
    /// Its policy does not allow this.
    #[error("policy: {0}")]
    Policy(ErrorWhy),
    /// These are not the digits that the new phone shows; so many tries are left.
    #[error("wrong digits")]
    WrongDigits(TriesLeft),
    /// It takes no answer codes: its policy says so.
    #[error("no answer codes")]
    NoAnswerCodes,
    /// It no longer serves this version of the protocol: the app asks to be updated.
    #[error("version no longer served")]
    Version,
    /// It does not know this device or its keys, and says so unsigned: nothing is removed.
    #[error("device refused")]
    DeviceRefused,
    /// It removed this device, and signed that it did.
    #[error("device removed")]
    Gone,
    /// Nothing is approved until it can be asked for newer metadata; denying and reporting work.
    #[error("metadata past its time")]
    MetadataExpired,
    /// Not now: overloaded, or something in between answered. Seconds to wait, if it said so.
    #[error("busy")]
    Busy(Option<u64>),
    /// Its answer is malformed; the rule that it broke.
    #[error("malformed answer: {0}")]
    Malformed(FormError),
    /// Its answer is right in form and not acceptable: foreign key, other receiver, older state.
    #[error("refused answer: {0}")]
    Refused(Refused),
}

/// The platform could not do it. Whatever was under way is as it was before the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PortError {
    /// Stopped by [`crate::cancel::Cancel`].
    #[error("cancelled")]
    Cancelled,
    /// The screen or activity that the call needed went away; the person tries again.
    #[error("interrupted")]
    Interrupted,
    /// This device has no such thing, or it is switched off.
    #[error("not available")]
    Unavailable,
    /// The device or its keystore is locked.
    #[error("locked")]
    Locked,
    /// No space is left on the disk.
    #[error("disk full")]
    DiskFull,
    /// The file or its folder may not be read or written: its rights, a file system that is only read, or something else
    /// has its place.
    #[error("access denied")]
    Denied,
    /// The disk failed.
    #[error("disk fault")]
    Disk,
    /// Another process keeps the file longer than we wait.
    #[error("file in use by another process")]
    Busy,
    /// There is not enough memory for what was asked.
    #[error("out of memory")]
    Memory,
    /// No way to the other side: no route, no name, connection lost.
    #[error("network")]
    Network,
    /// The other side took longer than the deadline.
    #[error("timeout")]
    Timeout,
    /// The other side is not who it must be: wrong pin, wrong certificate.
    #[error("tls")]
    Tls,
    /// The answer is larger than its limit.
    #[error("answer too large")]
    TooLarge,
    /// The person said no to the platform's prompt, or failed it.
    #[error("refused by the person")]
    UserRefused,
    /// The key does not exist any longer: the screen lock was removed, the app reinstalled.
    #[error("key gone")]
    KeyGone,
    /// The shell failed in a way that has no name here.
    #[error("failed")]
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_who_can_act() {
        let all: [(Error, &str); 4] = [
            (InputError::WrongPassphrase.into(), "input: wrong passphrase"),
            (GatewayError::Status(403).into(), "gateway: status 403"),
            (PortError::DiskFull.into(), "platform: disk full"),
            (Error::Internal, "internal error"),
        ];
        for (error, text) in all {
            assert_eq!(error.to_string(), text);
        }
    }
}
