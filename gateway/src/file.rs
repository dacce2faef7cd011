//! Files that the settings name: read up to a limit, or told with the setting, the path and what is wrong.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::cause::{Cause, Foreign};
use crate::limits;

/// A file that a setting names cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {path}: {why}")]
pub struct FileFault {
    /// The setting.
    pub key: &'static str,
    /// Its path.
    pub path: String,
    /// Why.
    pub why: Unfit,
}

impl FileFault {
    /// What is wrong with the file at `path`, which the setting `key` names.
    pub fn new(key: &'static str, path: &Path, why: impl Into<Unfit>) -> Self {
        Self { key, path: path.display().to_string(), why: why.into() }
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It cannot be read.
    Unread(Cause),
    /// It is larger than so many bytes.
    Large(u64),
    /// It holds no certificate in PEM form, or one that cannot be read.
    NoCertificate,
    /// It holds more certificates than a chain has, or too long a one.
    Chain,
    /// A line of it is not TOML.
    Toml {
        /// The line, from 1.
        line: usize,
        /// What the reader says.
        why: Cause,
    },
    /// It is no list of certificates that were called back.
    Revoked(Cause),
    /// It is no MMDB file.
    Mmdb,
    /// It has no cities or countries.
    Cities,
    /// It has no networks.
    Networks,
    /// It is no picture that is taken for an icon.
    Icon,
}

impl<F: Foreign> From<F> for Unfit {
    fn from(why: F) -> Self {
        Self::Unread(why.into())
    }
}

/// For the log; the operator is told in a sentence.
impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(why) | Self::Revoked(why) => write!(f, "{why}"),
            Self::Large(most) => write!(f, "larger than {most} bytes"),
            Self::NoCertificate => f.write_str("no certificate in PEM form, or one that cannot be read"),
            Self::Chain => f.write_str("too many certificates, or too long a one"),
            Self::Toml { line, why } => write!(f, "line {line}: {why}"),
            Self::Mmdb => f.write_str("no MMDB file"),
            Self::Cities => f.write_str("no cities or countries"),
            Self::Networks => f.write_str("no networks"),
            Self::Icon => f.write_str("not taken for an icon"),
        }
    }
}

/// All of a file of at most so many bytes. What has no size is read no further than that.
///
/// # Errors
/// [`Unfit::Unread`], [`Unfit::Large`].
pub fn read(key: &'static str, path: &Path, most: u64) -> Result<Vec<u8>, FileFault> {
    let file = File::open(path).map_err(|why| FileFault::new(key, path, why))?;
    read_open(file, most).map_err(|why| FileFault::new(key, path, why))
}

/// The same of a file that is open.
///
/// # Errors
/// As [`read`].
pub fn read_open(file: File, most: u64) -> Result<Vec<u8>, Unfit> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(Unfit::Large(most)) } else { Ok(bytes) }
}

/// The certificates of a PEM file, at least one.
///
/// # Errors
/// [`Unfit::Unread`], [`Unfit::Large`], [`Unfit::NoCertificate`].
pub fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, FileFault> {
    let pem = read(key, path, limits::PEM_BYTES)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|why| FileFault::new(key, path, why))?;
    if found.is_empty() { Err(FileFault::new(key, path, Unfit::NoCertificate)) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_read_of_files_up_to_their_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        #[expect(clippy::disallowed_methods, reason = "a certificate of a test may be any")]
        let pem = rcgen::generate_simple_self_signed(vec!["gate.example.com".to_owned()]).unwrap().cert.pem();
        for (bytes, taken) in [(limits::PEM_BYTES - 1, true), (limits::PEM_BYTES, true), (limits::PEM_BYTES + 1, false)]
        {
            let mut content = pem.as_bytes().to_vec();
            content.resize(usize::try_from(bytes).unwrap(), b'\n');
            std::fs::write(&path, content).unwrap();
            let why = certificates("outgoing.roots", &path).map(|found| found.len());
            let large = FileFault::new("outgoing.roots", &path, Unfit::Large(limits::PEM_BYTES));
            assert_eq!(why, if taken { Ok(1) } else { Err(large) }, "{bytes}");
        }
        let endless = certificates("outgoing.roots", Path::new("/dev/zero"));
        assert!(endless.is_err_and(|fault| fault.why == Unfit::Large(limits::PEM_BYTES)));
    }
}
