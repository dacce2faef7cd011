//! Where the master key comes from.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign_protocol::Secret;
use countersign_protocol::jose::b64u;
use zeroize::Zeroizing;

use crate::cause::Cause;
use crate::config::{MasterKey, passed_on};
use crate::port::{PortFault, Random};

/// More than any form of the key is long.
const MOST: u64 = 256;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterFault {
    /// The file cannot be read or made.
    #[error("{path}: {why}")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// Others than the owner may read the file.
    #[error("{0}: others may read this file")]
    Open(PathBuf),
    /// The command did not run, or did not end well.
    #[error("the master key's command failed: {program}: {why}")]
    Command {
        /// The program.
        program: String,
        /// Why, or how it ended.
        why: Cause,
    },
    /// Not 32 bytes as 43 characters of base64url or 64 hex digits.
    #[error("the master key is not 32 bytes as base64url or hex")]
    Form,
    /// The store holds sealed values, but the key's file is gone.
    #[error("{0}: no such file, though the store was sealed by its key")]
    Missing(PathBuf),
    /// No randomness for a new key.
    #[error(transparent)]
    Port(#[from] PortFault),
}

/// Reads the master key; makes its file when there is none and the store is new.
///
/// # Errors
/// [`MasterFault`].
pub fn load(
    from: &MasterKey,
    data: &Path,
    store_is_new: bool,
    random: &dyn Random,
) -> Result<Zeroizing<[u8; 32]>, MasterFault> {
    match from {
        // Exposed to become the sealing key.
        MasterKey::Value(key) => key.expose().try_into().map(Zeroizing::new).map_err(|_| MasterFault::Form),
        MasterKey::Command(words) => from_command(words),
        MasterKey::File(path) => {
            let path = path.clone().unwrap_or_else(|| data.join("master.key"));
            match read(&path) {
                Err(MasterFault::File { why, .. }) if why.kind() == std::io::ErrorKind::NotFound => {
                    if !store_is_new {
                        return Err(MasterFault::Missing(path));
                    }
                    make(&path, random)
                }
                other => other,
            }
        }
    }
}

/// Looks whether the file that is to hold the key holds one, as a start would. One that a first start makes may be missing.
///
/// # Errors
/// [`MasterFault`], as a start would end with.
pub fn check(from: &MasterKey, data: &Path, store_is_new: bool) -> Result<(), MasterFault> {
    let MasterKey::File(path) = from else { return Ok(()) };
    let path = path.clone().unwrap_or_else(|| data.join("master.key"));
    match read(&path) {
        Err(MasterFault::File { why, .. }) if why.kind() == std::io::ErrorKind::NotFound => {
            if store_is_new {
                Ok(())
            } else {
                Err(MasterFault::Missing(path))
            }
        }
        other => other.map(drop),
    }
}

/// The key in a text: 43 characters of base64url or 64 hex digits.
pub fn parse(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let text = text.trim();
    if let Ok(key) = b64u::decode_array::<32>(text) {
        return Some(Zeroizing::new(key));
    }
    let mut key = Zeroizing::new([0; 32]);
    if text.len() != 64 || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(key)
}

fn read(path: &Path) -> Result<Zeroizing<[u8; 32]>, MasterFault> {
    let fault = |why| MasterFault::File { path: path.to_owned(), why };
    let file = File::open(path).map_err(fault)?;
    if file.metadata().map_err(fault)?.mode() & 0o077 != 0 {
        return Err(MasterFault::Open(path.to_owned()));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MOST).read_to_string(&mut text).map_err(fault)?;
    parse(&text).ok_or(MasterFault::Form)
}

/// Writes beside, syncs, renames, syncs the folder: after a crash there is the whole key or none.
fn make(path: &Path, random: &dyn Random) -> Result<Zeroizing<[u8; 32]>, MasterFault> {
    let fault = |why| MasterFault::File { path: path.to_owned(), why };
    let key = Zeroizing::new(random.bytes::<32>()?);
    let beside = path.with_extension("new");
    drop(fs::remove_file(&beside));
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&beside).map_err(fault)?;
    let text = Zeroizing::new(format!("{}\n", b64u::encode(&*key)));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    fs::rename(&beside, path).map_err(fault)?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)?;
    }
    Ok(key)
}

fn from_command(words: &[String]) -> Result<Zeroizing<[u8; 32]>, MasterFault> {
    let (program, arguments) = words.split_first().ok_or(MasterFault::Form)?;
    let fault = |why: Cause| MasterFault::Command { program: program.clone(), why };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(passed_on());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = command.output().map_err(|why| fault(why.into()))?;
    let printed = Secret::new(output.stdout);
    if !output.status.success() {
        return Err(fault(output.status.into()));
    }
    // Exposed to be parsed.
    let text = std::str::from_utf8(printed.expose()).map_err(|_| MasterFault::Form)?;
    parse(text.lines().next().unwrap_or_default()).ok_or(MasterFault::Form)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use countersign_properties::{around, parser};
    use proptest::prelude::*;

    use super::*;
    use crate::port::machine::MachineRandom;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        let key = parse(HEX).unwrap();
        assert_eq!(key[31], 0x1f);
        assert_eq!(parse(&b64u::encode(&*key)).unwrap(), key);
        for bad in ["", "abc", &HEX[1..], &format!("{HEX}00"), &HEX.replace('0', "g")] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn any_text_is_a_key_or_none_and_a_third_is_one() {
        let key = any::<[u8; 32]>().prop_map(|key| b64u::encode(&key));
        let hex = any::<[u8; 32]>().prop_map(|key| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        parser(around(prop_oneof![key, hex, "[0-9A-Fa-f]{64}"]), |text| match parse(text) {
            Some(key) => {
                assert_eq!(parse(&b64u::encode(&*key)).unwrap(), key);
                assert_eq!(parse(&format!(" {text}\n")).unwrap(), key, "a line's end is no part of it");
                true
            }
            None => false,
        });
    }

    #[test]
    fn the_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let from = MasterKey::File(None);
        let random = MachineRandom::default();
        let first = load(&from, folder.path(), true, &random).unwrap();
        let path = folder.path().join("master.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load(&from, folder.path(), false, &random).unwrap(), first);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, HEX).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = load(&MasterKey::File(None), folder.path(), true, &MachineRandom::default());
        assert!(matches!(refused, Err(MasterFault::Open(_))));
    }

    #[test]
    fn a_lost_key_is_not_replaced_under_a_store_that_it_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let refused = load(&MasterKey::File(None), folder.path(), false, &MachineRandom::default());
        assert!(matches!(refused, Err(MasterFault::Missing(_))));
        assert!(!folder.path().join("master.key").exists());
    }

    #[test]
    fn a_command_prints_the_key() {
        let words = |line: &str| MasterKey::Command(line.split(' ').map(str::to_owned).collect());
        let random = MachineRandom::default();
        let key = load(&words(&format!("echo {HEX}")), Path::new("."), true, &random).unwrap();
        assert_eq!(key, parse(HEX).unwrap());
        for bad in ["false", "/nonexistent/program", "echo short"] {
            assert!(load(&words(bad), Path::new("."), true, &random).is_err(), "{bad}");
        }
    }
}
