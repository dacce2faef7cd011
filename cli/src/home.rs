//! Where vault, keys and enrolments are kept.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use countersign_core::error::PortError;

use countersign_core::file::make_folder;

/// The folder of this phone: rights 0700, all in it 0600.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// `--home`, or `COUNTERSIGN_HOME`, or `$XDG_DATA_HOME/countersign`, or `~/.local/share/countersign`.
    /// `None` where none of them is known.
    pub fn find(flag: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let data = || {
            // A relative XDG_DATA_HOME is invalid and ignored (XDG base directory specification).
            let xdg = set("XDG_DATA_HOME").filter(|path| path.is_absolute());
            xdg.or_else(|| set("HOME").map(|home| home.join(".local/share"))).map(|data| data.join("countersign"))
        };
        flag.map(Path::to_owned).or_else(|| set("COUNTERSIGN_HOME")).or_else(data).map(Self)
    }

    /// Makes the folder where it is not there, for its owner alone.
    ///
    /// # Errors
    /// [`PortError::Disk`], [`PortError::DiskFull`].
    pub fn make(&self) -> Result<(), PortError> {
        make_folder(&self.0)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is the app's alone: the vault.
    pub fn private(&self) -> PathBuf {
        self.0.clone()
    }

    /// What can be read while the vault is locked: the enrolments.
    pub fn shared(&self) -> PathBuf {
        self.0.clone()
    }

    /// The folder of the keystore.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(flag: Option<&str>, set: &[(&str, &str)]) -> Option<PathBuf> {
        let variable = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v));
        Home::find(flag.map(Path::new), variable).map(|home| home.path().to_owned())
    }

    #[test]
    fn the_flag_goes_before_the_environment_and_that_before_the_default() {
        let all = [("COUNTERSIGN_HOME", "/c"), ("XDG_DATA_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(find(Some("/f"), &all), Some("/f".into()));
        assert_eq!(find(None, &all), Some("/c".into()));
        assert_eq!(find(None, &all[1..]), Some("/x/countersign".into()));
        assert_eq!(find(None, &all[2..]), Some("/h/.local/share/countersign".into()));
        assert_eq!(
            find(None, &[("XDG_DATA_HOME", "relative"), ("HOME", "/h")]),
            Some("/h/.local/share/countersign".into())
        );
        assert_eq!(find(None, &[("COUNTERSIGN_HOME", "")]), None);
    }
}
