//! The demo's folder: for this user alone, and gone at the end unless it is to be kept.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use countersign_strings::fill;

use crate::Fallible;

/// How the name of a folder that a demo makes for itself begins.
pub const PREFIX: &str = "countersign-demo-";

/// A folder that is deleted when it is dropped, whatever happened before.
pub struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    /// Makes a folder of our own among temporary ones, or takes `keep`, which is made when it is not there.
    pub fn make(keep: Option<&Path>) -> Fallible<Self> {
        let path = match keep {
            Some(path) => std::path::absolute(path).map_err(|fault| fault.to_string())?,
            None => std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id())),
        };
        if keep.is_some() && fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(fill("demo.not_empty", &[("folder", &path.display().to_string())]));
        }
        let made = DirBuilder::new().mode(0o700).recursive(keep.is_some()).create(&path);
        made.map_err(|fault| format!("{}: {fault}", path.display()))?;
        Ok(Self { path, kept: keep.is_some() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it stays when the demo ends.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Deletes it, or leaves it, and says so.
    pub fn end(self) -> Fallible<()> {
        if self.kept {
            println!("{}", fill("demo.kept", &[("folder", &self.path.display().to_string())]));
            return Ok(());
        }
        fs::remove_dir_all(&self.path).map_err(|fault| format!("{}: {fault}", self.path.display()))?;
        println!("{}", fill("demo.deleted", &[("folder", &self.path.display().to_string())]));
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            // It is gone already when all went well.
            let _gone = fs::remove_dir_all(&self.path);
        }
    }
}

/// Writes a file that only this user reads.
pub fn write_private(path: &Path, text: &str) -> Fallible<()> {
    let fault = |fault: std::io::Error| format!("{}: {fault}", path.display());
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.map_err(fault)?.write_all(text.as_bytes()).map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_folder_is_ours_alone_and_gone_afterwards() {
        let folder = Folder::make(None).unwrap();
        let path = folder.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        write_private(&path.join("x"), "y").unwrap();
        assert_eq!(fs::metadata(path.join("x")).unwrap().permissions().mode() & 0o777, 0o600);
        folder.end().unwrap();
        assert!(!path.exists());
    }
}
