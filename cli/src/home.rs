//! Where vault, keys and enrolments are kept.

use std::ffi::OsString;
use std::path::{Path, PathBuf, absolute};

use countersign_core::error::PortError;
use ring::digest::{SHA256, digest};

use countersign_core::file::make_folder;

/// The folder of this phone: rights 0700, all in it 0600.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    folder: PathBuf,
    vault: Option<PathBuf>,
}

impl Home {
    /// `--home`, or `COUNTERSIGN_HOME`, or `$XDG_DATA_HOME/countersign`, or `~/.local/share/countersign`; with the vault of
    /// `--vault` or `COUNTERSIGN_VAULT`. `None` where no folder is known.
    pub fn find(
        folder: Option<&Path>,
        vault: Option<&Path>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Option<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let data = || {
            // A relative XDG_DATA_HOME is invalid and ignored (XDG base directory specification).
            let xdg = set("XDG_DATA_HOME").filter(|path| path.is_absolute());
            xdg.or_else(|| set("HOME").map(|home| home.join(".local/share"))).map(|data| data.join("countersign"))
        };
        let folder = folder.map(Path::to_owned).or_else(|| set("COUNTERSIGN_HOME")).or_else(data)?;
        let vault = vault.map(Path::to_owned).or_else(|| set("COUNTERSIGN_VAULT"));
        // Without a working folder a relative path cannot be made whole, and is as good as it is.
        let vault = vault.map(|path| absolute(&path).unwrap_or(path));
        Some(Self { folder, vault })
    }

    /// Makes the folder where it is not there, for its owner alone.
    ///
    /// # Errors
    /// [`PortError::Disk`], [`PortError::DiskFull`].
    pub fn make(&self) -> Result<(), PortError> {
        make_folder(&self.shared())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Where the vault lies, as a person is told: its file, where one was named, else the folder.
    pub fn place(&self) -> &Path {
        self.vault.as_deref().unwrap_or(&self.folder)
    }

    /// The vault's file, where one was named.
    pub fn vault(&self) -> Option<&Path> {
        self.vault.as_deref()
    }

    /// Keys and enrolments. A vault that was named has its own, told apart by its path: they are not another vault's.
    pub fn shared(&self) -> PathBuf {
        let of_vault = |path: &Path| {
            let id = digest(&SHA256, path.as_os_str().as_encoded_bytes());
            let id: String = id.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            self.folder.join("vaults").join(id)
        };
        self.vault.as_deref().map_or_else(|| self.folder.clone(), of_vault)
    }

    /// The folder of the keystore.
    pub fn keys(&self) -> PathBuf {
        self.shared().join("keys")
    }

    /// The file of settings: one for all vaults.
    pub fn settings(&self) -> PathBuf {
        self.folder.join("settings.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(flag: Option<&str>, vault: Option<&str>, set: &[(&str, &str)]) -> Option<Home> {
        let variable = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v));
        Home::find(flag.map(Path::new), vault.map(Path::new), variable)
    }

    fn find(flag: Option<&str>, set: &[(&str, &str)]) -> Option<PathBuf> {
        home(flag, None, set).map(|home| home.path().to_owned())
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

    #[test]
    fn a_vault_that_is_named_has_keys_of_its_own() {
        let set = [("COUNTERSIGN_HOME", "/c"), ("COUNTERSIGN_VAULT", "/v/work.sqlite")];
        let (plain, named) = (home(None, None, &set[..1]).unwrap(), home(None, None, &set).unwrap());
        assert_eq!((plain.vault(), plain.shared()), (None, PathBuf::from("/c")));
        assert_eq!(named.vault(), Some(Path::new("/v/work.sqlite")));
        assert!(named.shared().starts_with("/c/vaults") && named.settings() == plain.settings());
        let other = home(None, Some("/v/other.sqlite"), &set).unwrap();
        assert_eq!(other.vault(), Some(Path::new("/v/other.sqlite")), "the flag goes before the environment");
        assert_ne!(other.shared(), named.shared());
    }
}
