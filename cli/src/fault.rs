//! How a command ends when it does not end well: words for the person, and an exit code for scripts.

use countersign_core::error::{Error, GatewayError, InputError, PortError};
use countersign_strings::{fill, text};

/// Why a command did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What happened, what it means, what to do.
    pub words: String,
    /// The technical line, for whoever is asked for help.
    pub details: Option<String>,
    /// How it ends for a script.
    pub end: End,
}

/// How a command ends for a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was refused: by the gateway, by the person, by a rule. Exit code 1.
    Refused,
    /// The machine or the network failed. Exit code 2.
    Failed,
}

impl End {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Failed => 2,
        }
    }
}

impl Fault {
    /// A refusal in these words.
    pub fn refused(words: impl Into<String>) -> Self {
        Self { words: words.into(), details: None, end: End::Refused }
    }

    /// A failure in these words.
    pub fn failed(words: impl Into<String>) -> Self {
        Self { words: words.into(), details: None, end: End::Failed }
    }
}

impl From<PortError> for Fault {
    fn from(error: PortError) -> Self {
        Error::from(error).into()
    }
}

impl From<InputError> for Fault {
    fn from(error: InputError) -> Self {
        Error::from(error).into()
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let end = match error {
            Error::Input(_) | Error::Gateway(_) | Error::Port(PortError::UserRefused | PortError::Cancelled) => {
                End::Refused
            }
            Error::Port(_) | Error::Internal => End::Failed,
        };
        Self { words: sentence(&error), details: Some(error.to_string()), end }
    }
}

/// What a person reads of an error. An error carries no input, so neither does the sentence.
pub fn sentence(error: &Error) -> String {
    match error {
        Error::Input(fault) => input(fault),
        Error::Gateway(fault) => gateway(fault).to_owned(),
        Error::Port(fault) => port(*fault).to_owned(),
        Error::Internal => text("error.internal").to_owned(),
    }
}

fn input(fault: &InputError) -> String {
    let words = match fault {
        InputError::WrongPassphrase => "error.wrong_passphrase",
        InputError::NotFound => "error.not_found",
        _ => "error.input",
    };
    let _ = fill;
    text(words).to_owned()
}

fn gateway(fault: &GatewayError) -> &'static str {
    let _ = fault;
    text("error.gateway_refused")
}

fn port(fault: PortError) -> &'static str {
    text(match fault {
        PortError::DiskFull => "error.disk_full",
        _ => "error.failed",
    })
}
