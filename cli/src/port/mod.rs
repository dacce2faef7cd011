//! The desk's ports: files, a keystore in software and the session's keyring, the question for the passphrase, the clipboard,
//! what hears of changes, and where hardware tokens are laid.
//!
//! Clock, randomness and network are those that `countersign-core` has for machines like this one.

pub mod clipboard;
mod device_key;
mod ear;
pub mod emulated;
pub mod interrupt;
mod keyring;
mod keystore;
pub mod pause;
pub mod reader;
mod sealed;
mod user_key;

pub use device_key::DeviceKey;
pub use ear::Ear;
pub use keyring::{Keyring, KeyringName};
pub use keystore::{AskPassphrase, DeskKeystore, Prefilled};
pub use user_key::{Cost, Unlocked, UserKey};

use countersign_core::error::PortError;

/// The roots that this machine trusts, as DER.
///
/// # Errors
/// [`PortError::Unavailable`] when the machine has none that can be read: then only pinned gateways are reached.
pub fn platform_roots() -> Result<Vec<Vec<u8>>, PortError> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(PortError::Unavailable);
    }
    Ok(found.certs.into_iter().map(|cert| cert.to_vec()).collect())
}
