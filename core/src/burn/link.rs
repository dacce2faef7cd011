//! The one way to a token.

/// A link to one token: NFC, a card reader, an emulated token. Shells implement it.
pub trait TokenLink {
    /// Sends one command and waits for its answer, three seconds at most; a status word is part of the answer.
    ///
    /// # Errors
    /// [`LinkError`] when there is no answer. Then nobody knows whether the token did what it was told.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError>;
}

impl<L: TokenLink + ?Sized> TokenLink for &mut L {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        (**self).transmit(command)
    }
}

impl<L: TokenLink + ?Sized> TokenLink for Box<L> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        (**self).transmit(command)
    }
}

/// Why there is no answer. None of these is something that the token said: a token that moved is not a locked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The token is gone from the reader, or another was put there.
    #[error("the link to the token is lost")]
    Lost,
    /// It did not answer in time.
    #[error("the token did not answer in time")]
    Late,
    /// The person stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The reader itself failed, or another program holds it.
    #[error("the reader does not work")]
    Reader,
}
