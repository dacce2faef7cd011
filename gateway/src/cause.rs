//! What the operating system or a library says of a failure. It stands behind a sentence of ours, never in place of one.

use std::fmt;

/// The words of somebody else on why something failed. There is no way to make one of our own faults: those have a sentence
/// in `strings/` each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(String);

impl Cause {
    /// What the TOML reader says, without the line that it read: that may hold a secret.
    pub fn of_toml(fault: &toml::de::Error) -> Self {
        Self(fault.message().to_owned())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<F: Foreign> From<F> for Cause {
    fn from(fault: F) -> Self {
        Self(fault.to_string())
    }
}

/// A fault of the operating system or a library, whose words carry no secret.
pub trait Foreign: fmt::Display {}

impl<F: Foreign + ?Sized> Foreign for &F {}
impl Foreign for std::io::Error {}
impl Foreign for std::io::ErrorKind {}
impl Foreign for std::process::ExitStatus {}
impl Foreign for std::str::Utf8Error {}
impl Foreign for tokio::task::JoinError {}
impl Foreign for rcgen::Error {}
impl Foreign for rusqlite::Error {}
impl Foreign for rusqlite::ffi::Error {}
impl Foreign for rustls::Error {}
impl Foreign for rustls::pki_types::pem::Error {}
impl Foreign for serde_json::Error {}
impl Foreign for x509_parser::nom::Err<x509_parser::error::X509Error> {}
