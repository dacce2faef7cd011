//! Burning: writing seeds into hardware tokens, proving that each holds its own, and the ledger of what was done.
//!
//! A shell opens a link to a token; this module says what may be sent over it. What is to be written is a
//! [`Credential`]; which token it goes to is found out by asking the token.
//!
//! One burn: [`meet`] finds out what is on the reader, [`Found::plan`] says what would be written and what would be gone,
//! [`Found::execute`] writes, [`Found::verify`] reads back. Where a family cannot be read back, a person compares codes:
//! [`Comparison`], [`judge`].

mod apdu;
pub mod assign;
mod capability;
mod channel;
mod code;
mod credential;
mod driver;
mod error;
mod identity;
mod journal;
mod kept;
mod later;
pub mod ledger;
mod link;
mod meet;
mod name;
mod operation;
mod pen;
mod plan;
mod pskc;
mod request;
mod room;
mod slot;
mod sm4;
pub mod source;
#[cfg(test)]
mod testing;
pub mod tlv;
mod verify;

pub use apdu::{Apdu, StatusWord, TooLong};
pub use capability::{Capabilities, Label, Misfit, Periods, Said};
pub use channel::{Channel, Response, Rest};
pub use credential::{Credential, CredentialError, Moving, Seed, Serial, TokenDigits};
pub use driver::slim::{SlimFrame, SlimInfo, slim_code};
pub use error::{Step, TokenError};
pub use identity::{Declined, Dialect, Family, Identity};
pub use journal::{
    Ending, Halt, JournalStore, MemoryJournal, Progress, Record, TokenName, burn, conclude, holds, resume,
};
pub use kept::{BatchId, BatchLine, LedgerRow};
pub(crate) use kept::{KeptBurn, KeptRow, read_batch, read_key, write_batch, write_key};
pub use later::{Reread, Settings, has_forgotten, row_of_settings, verify_row};
pub use link::{LinkError, TokenLink};
pub use meet::{Found, Hints, Met, NotAgreed, PlanError, meet};
pub use operation::{Operated, Operation};
pub use pen::{Held, Stop, Tools};
pub use plan::{Erases, Holding, Note, Plan, Refusal};
pub use pskc::{Protection, ROUNDS};
pub use request::{DisplayTime, KeyProfile, Request};
pub use room::Room;
pub use slot::{HmacSlot, HmacSlots};
pub use verify::{Comparison, Judgement, Proof, judge};
