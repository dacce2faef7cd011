//! How a command ends when it does not end well: words for the person, and an exit code for scripts.

use countersign_core::error::{Error, InputError, PortError};

use crate::port::interrupt::STOPPED;
use crate::words;

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
    /// A token was written and holds its seed, and its clock is off. Exit code 1.
    ClockOff,
    /// The machine or the network failed. Exit code 2.
    Failed,
    /// The person stopped it by Ctrl-C, or the system did. Exit code 130, as where no words were left to say.
    Stopped,
}

impl End {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Refused | Self::ClockOff => 1,
            Self::Failed => 2,
            Self::Stopped => STOPPED,
        }
    }
}

impl Fault {
    /// A refusal in these words.
    pub fn refused(words: impl Into<String>) -> Self {
        Self { words: words.into(), details: None, end: End::Refused }
    }

    /// That a clock is off, in these words.
    pub fn clock_off(words: impl Into<String>) -> Self {
        Self { words: words.into(), details: None, end: End::ClockOff }
    }

    /// A failure in these words.
    pub fn failed(words: impl Into<String>) -> Self {
        Self { words: words.into(), details: None, end: End::Failed }
    }

    /// An end in these words by whoever stopped it.
    pub fn stopped(words: impl Into<String>) -> Self {
        Self { words: words.into(), details: None, end: End::Stopped }
    }

    /// The same with a technical line: names of kinds and numbers, for whoever is asked for help.
    #[must_use]
    pub fn with_details(self, of: &dyn std::error::Error) -> Self {
        Self { details: Some(of.to_string()), ..self }
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
        Self { words: words::of_error(&error), details: Some(details(&error)), end }
    }
}

/// Names of kinds and numbers, the same in every language, for whoever is asked for help.
fn details(error: &Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_end_with_one_and_failures_with_two() {
        let code = |error: Error| Fault::from(error).end.code();
        assert_eq!(code(InputError::WrongPassphrase.into()), 1);
        assert_eq!(code(PortError::UserRefused.into()), 1);
        assert_eq!(code(PortError::Network.into()), 2);
        assert_eq!(code(PortError::DiskFull.into()), 2);
        assert_eq!(code(Error::Internal), 2);
        assert_eq!(Fault::stopped("").end.code(), 130);
    }
}
