//! Burning: writing seeds into hardware tokens, proving that each holds its own, and the ledger of what was done.
//!
//! A shell opens a link to a token; this module says what may be sent over it. What is to be written is a
//! [`Credential`]; which token it goes to is found out by asking the token.

pub mod assign;
mod credential;
pub mod ledger;
mod pskc;
pub mod source;

pub use credential::{Credential, CredentialError, Moving, Seed, Serial, TokenDigits};
pub use pskc::{Protection, ROUNDS};
