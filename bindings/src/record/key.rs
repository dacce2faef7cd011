//! Keys of the platform and the prompt before them, mirrored.

use countersign_core::port;
use countersign_core::protocol::push;

mirror! {
    /// Where a device keeps its signing keys.
    Level = push::Level {
        /// A chip of its own.
        Strongbox,
        /// A trusted execution environment.
        Tee,
        /// Apple's Secure Enclave.
        Enclave,
        /// A file.
        Software,
    }
}

mirror! {
    /// What unlocks an approval key.
    UserVerification = push::UserVerification {
        /// Biometrics, or the code of the device.
        Any,
        /// Biometrics alone.
        Bio,
    }
}

mirror! {
    /// Which key of the platform seals a small secret.
    Guard = port::Guard {
        /// Usable after the first unlock of the device, without a prompt.
        Device,
        /// Asks for the person at each use.
        User,
    }
}

/// What a signing key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Purpose {
    /// Signs approvals, asks for the person at each use.
    Approve {
        /// What unlocks it.
        verification: UserVerification,
    },
    /// Signs denials and proofs; works without a prompt.
    Prove,
}

impl From<port::Purpose> for Purpose {
    fn from(purpose: port::Purpose) -> Self {
        match purpose {
            port::Purpose::Approve(verification) => Self::Approve { verification: verification.into() },
            port::Purpose::Prove => Self::Prove,
        }
    }
}

/// A key that was just made, with what its platform wrote of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AttestedKey {
    /// The public key: 65 bytes (SEC 1, uncompressed).
    pub key: Vec<u8>,
    /// Certificates in DER, that of the key first; empty where the platform writes none.
    pub chain: Vec<Vec<u8>>,
}

/// What the platform's prompt names while it asks for the person. The shell words the sentence.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Prompt {
    /// The application that the person signs in to.
    pub app: String,
    /// The gateway's host.
    pub host: String,
    /// The account that signs in.
    pub account: String,
}

impl From<port::Prompt> for Prompt {
    fn from(core: port::Prompt) -> Self {
        let port::Prompt { app, host, account } = core;
        Self { app, host, account }
    }
}
