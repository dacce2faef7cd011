//! The recovery key's file: PKCS #8 in PEM, for its owner alone, to be printed and put into a safe.
//!
//! The gateway keeps the key's thumbprint and nothing else of it. The file is written and synced before the store names
//! the key, so that no gateway ever names a recovery key that nobody has. It may lie on a stick, so nothing is asked of the
//! file system but a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use countersign_protocol::Secret;
use countersign_protocol::jose::b64u;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

/// More than such a file is long, in bytes.
const MOST: u64 = 16 * 1024;
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Why a recovery key's file was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// There is a file already; it is not written over.
    #[error("the file is there already")]
    There,
    /// It holds no private key in PEM form.
    #[error("no private key in PEM form")]
    Form,
    /// Anything else.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes a key, under words for whoever finds it on paper.
///
/// # Errors
/// [`FileFault::There`], [`FileFault::Io`]; then no file of ours stays.
pub fn write(path: &Path, words: &str, key: &Secret) -> Result<(), FileFault> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = made.map_err(|fault| match fault.kind() {
        io::ErrorKind::AlreadyExists => FileFault::There,
        _ => FileFault::Io(fault),
    })?;
    fill(file, path, &pem(words, key)).map_err(|fault| {
        let _nothing_stays = fs::remove_file(path);
        FileFault::Io(fault)
    })
}

fn fill(mut file: File, path: &Path, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

/// Reads what [`write()`] wrote, or any other PKCS #8 key in PEM form.
///
/// # Errors
/// [`FileFault::Form`], [`FileFault::Io`].
pub fn read(path: &Path) -> Result<Secret, FileFault> {
    let mut text = Zeroizing::new(Vec::new());
    File::open(path)?.take(MOST).read_to_end(&mut text)?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(&text).map_err(|_| FileFault::Form)?;
    Ok(Secret::from_slice(key.secret_pkcs8_der()))
}

/// RFC 7468: lines of 64 characters of base64 with padding; what stands before the first line is for people.
fn pem(words: &str, key: &Secret) -> Zeroizing<String> {
    // Exposed to be written for the operator, who alone keeps it.
    let mut base64 = Zeroizing::new(b64u::encode(key.expose()));
    while !base64.len().is_multiple_of(4) {
        base64.push('=');
    }
    let mut text = Zeroizing::new(format!("{words}\n\n{BEGIN}\n"));
    for (at, c) in base64.chars().enumerate() {
        if at > 0 && at.is_multiple_of(64) {
            text.push('\n');
        }
        text.push(match c {
            '-' => '+',
            '_' => '/',
            c => c,
        });
    }
    text.push_str(&format!("\n{END}\n"));
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::port::SignerFactory;
    use crate::port::machine::RingSigners;

    #[test]
    fn a_key_comes_back_from_its_file_and_the_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recovery.pem");
        let factory = RingSigners::default();
        let key = factory.generate().unwrap();
        write(&path, "Recovery key\nKeep it in a safe.", &key).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let back = read(&path).unwrap();
        assert_eq!(factory.load(&back).unwrap().public_key(), factory.load(&key).unwrap().public_key());
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("Recovery key\nKeep it in a safe.\n\n-----BEGIN PRIVATE KEY-----\n"));
        assert!(text.lines().all(|line| line.len() <= 64));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside it");
    }

    #[test]
    fn every_length_and_byte_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        for length in [1, 2, 3, 47, 48, 49, 138] {
            let path = folder.path().join(length.to_string());
            let bytes: Vec<u8> = (0..length).map(|n| (n * 37 + 251) as u8).collect();
            write(&path, "", &Secret::from_slice(&bytes)).unwrap();
            assert_eq!(read(&path).unwrap().expose(), bytes);
        }
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recovery.pem");
        fs::write(&path, "mine").unwrap();
        assert!(matches!(write(&path, "", &Secret::from_slice(b"key")), Err(FileFault::There)));
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        // Not even one that a link names and that is not there.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).unwrap();
        assert!(matches!(write(&link, "", &Secret::from_slice(b"key")), Err(FileFault::There)));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recovery.pem");
        for content in ["", "words", "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n"] {
            fs::write(&path, content).unwrap();
            assert!(matches!(read(&path), Err(FileFault::Form)), "{content}");
        }
        assert!(matches!(read(&folder.path().join("none")), Err(FileFault::Io(_))));
    }
}
