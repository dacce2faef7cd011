//! What a person has chosen for this desk: a small file beside the vault, which may also be written by hand.

use std::ops::RangeInclusive;
use std::path::Path;

use countersign_core::error::PortError;
use countersign_core::file;
use countersign_core::vault::Sort;
use countersign_strings::{fill, text};
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::limits;

type Table = Map<String, Value>;

/// The settings: what was chosen, and where nothing was, what is usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a copied code stays in the clipboard, in seconds.
    pub clipboard: u32,
    /// The order of lists.
    pub sort: Sort,
}

/// The orders of lists, as they are named.
pub const SORTS: [(&str, Sort); 4] =
    [("order", Sort::Manual), ("name", Sort::Name), ("use", Sort::Use), ("code", Sort::Code)];

/// The order of this name.
pub fn sort_of(name: &str) -> Option<Sort> {
    SORTS.iter().find(|(known, _)| *known == name).map(|(_, sort)| *sort)
}

/// The name of an order.
pub fn name_of(sort: Sort) -> &'static str {
    SORTS.iter().find(|(_, known)| *known == sort).map_or("order", |(name, _)| name)
}

impl Default for Settings {
    fn default() -> Self {
        Self { clipboard: 30, sort: Sort::Manual }
    }
}

/// One setting as `countersign settings` names it.
pub struct Setting {
    /// Its name, on the command line and in the file.
    pub name: &'static str,
    /// The key of the sentence that says what it is.
    pub about: &'static str,
    kind: Kind,
}

enum Kind {
    Seconds { range: RangeInclusive<u32>, of: fn(&mut Settings) -> &mut u32 },
    Sort { of: fn(&mut Settings) -> &mut Sort },
}

/// Every setting.
pub const ALL: [Setting; 2] = [
    Setting {
        name: "clipboard",
        about: "cli.setting_clipboard",
        kind: Kind::Seconds { range: limits::COPIED_FOR, of: |settings| &mut settings.clipboard },
    },
    Setting { name: "sort", about: "accounts.setting_sort", kind: Kind::Sort { of: |settings| &mut settings.sort } },
];

/// What a file holds: the settings that are known, and the names of what is not.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The settings.
    pub settings: Settings,
    /// What is told, in sentences: a setting that is not known, a value that can't be.
    pub remarks: Vec<String>,
}

impl Settings {
    /// Reads the file. What is not understood is told and left as it is usual.
    ///
    /// # Errors
    /// A [`Fault`] where the file can't be read, or is no settings file at all.
    pub fn read(path: &Path) -> Result<Read, Fault> {
        let damaged = || Fault::failed(fill("cli.settings_damaged", &[("path", &path.display().to_string())]));
        let Some(bytes) = file::read(path, limits::SETTINGS_FILE).map_err(|fault| match fault {
            PortError::TooLarge => damaged(),
            fault => fault.into(),
        })?
        else {
            return Ok(Read::default());
        };
        let table: Table = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        Ok(Self::of(&table))
    }

    fn of(table: &Table) -> Read {
        let mut read = Read::default();
        for (name, value) in table {
            let Ok(setting) = find(name) else {
                read.remarks.push(fill("cli.setting_not_known", &[("name", &shown(name))]));
                continue;
            };
            let value = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if let Err(fault) = setting.put(&mut read.settings, &value) {
                read.remarks.push(fault.words);
            }
        }
        read
    }

    /// Writes one setting into the file, and leaves all others as they are; `None`: as is usual.
    ///
    /// # Errors
    /// A [`Fault`] where there is no such setting, it can't have this value, or the disk fails.
    pub fn write(path: &Path, name: &str, value: Option<&str>) -> Result<Self, Fault> {
        let setting = find(name)?;
        let mut settings = Self::read(path)?.settings;
        let fresh = setting.shown(&Self::default());
        setting.put(&mut settings, value.unwrap_or(&fresh))?;
        let bytes = file::read(path, limits::SETTINGS_FILE)?.unwrap_or_default();
        let mut table: Table = serde_json::from_slice(&bytes).unwrap_or_default();
        match value {
            Some(_) => table.insert(setting.name.to_owned(), setting.json(&settings)),
            None => table.remove(setting.name),
        };
        let folder = path.parent().ok_or(PortError::Disk)?;
        file::make_folder(folder)?;
        let text = serde_json::to_string_pretty(&table).map_err(|_| PortError::Failed)?;
        file::replace(path, format!("{text}\n").as_bytes())?;
        Ok(settings)
    }
}

impl Setting {
    /// Its value as a person reads and types it.
    pub fn shown(&self, settings: &Settings) -> String {
        match &self.kind {
            Kind::Seconds { of, .. } => of(&mut settings.clone()).to_string(),
            Kind::Sort { of } => name_of(*of(&mut settings.clone())).to_owned(),
        }
    }

    /// Its value for the file and for scripts.
    pub fn json(&self, settings: &Settings) -> Value {
        match &self.kind {
            Kind::Seconds { of, .. } => (*of(&mut settings.clone())).into(),
            Kind::Sort { .. } => self.shown(settings).into(),
        }
    }

    fn put(&self, settings: &mut Settings, typed: &str) -> Result<(), Fault> {
        match &self.kind {
            Kind::Seconds { range, of } => {
                let seconds = typed.trim().parse().ok().filter(|seconds| range.contains(seconds));
                let (least, most) = (range.start().to_string(), range.end().to_string());
                let named = [("name", self.name), ("least", &least), ("most", &most)];
                *of(settings) = seconds.ok_or_else(|| Fault::refused(fill("cli.setting_seconds", &named)))?;
            }
            Kind::Sort { of } => {
                let names = SORTS.map(|(name, _)| name).join(", ");
                let values = [("name", self.name), ("names", &*names)];
                let sort = sort_of(typed.trim().to_lowercase().as_str());
                *of(settings) = sort.ok_or_else(|| Fault::refused(fill("accounts.setting_one_of", &values)))?;
            }
        }
        Ok(())
    }
}

/// The setting of this name.
///
/// # Errors
/// A [`Fault`] that names those that there are.
pub fn find(name: &str) -> Result<Setting, Fault> {
    let names = || ALL.iter().map(|setting| setting.name).collect::<Vec<_>>().join(", ");
    let none = || Fault::refused(fill("cli.no_such_setting", &[("names", &names())]));
    ALL.into_iter().find(|setting| setting.name == name).ok_or_else(none)
}

/// A name out of a file that anybody may have written, fit for a line.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// What `countersign settings` says of one that it has changed.
pub fn changed(setting: &Setting, settings: &Settings) -> String {
    fill("cli.setting_changed", &[("about", text(setting.about)), ("value", &setting.shown(settings))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Read, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, text).unwrap();
        Settings::read(&path)
    }

    #[test]
    fn a_setting_stays_and_the_rest_of_the_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/settings.json");
        assert_eq!(Settings::read(&path), Ok(Read::default()));
        assert_eq!(Settings::write(&path, "clipboard", Some("45")).unwrap().clipboard, 45);
        std::fs::write(&path, r#"{"clipboard": 45, "later": "yes"}"#).unwrap();
        Settings::write(&path, "clipboard", Some("60")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\n  \"clipboard\": 60,\n  \"later\": \"yes\"\n}\n");
        assert_eq!(Settings::write(&path, "clipboard", None).unwrap(), Settings::default());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\n  \"later\": \"yes\"\n}\n");
    }

    #[test]
    fn values_hold_their_limits() {
        let (least, most) = limits::COPIED_FOR.into_inner();
        for (value, taken) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
            let read = read(&format!(r#"{{"clipboard": {value}}}"#)).unwrap();
            assert_eq!((read.settings.clipboard == value, read.remarks.len()), (taken, usize::from(!taken)), "{value}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        for typed in ["", "soon", "-1", "4294967296"] {
            assert!(Settings::write(&path, "clipboard", Some(typed)).is_err(), "{typed}");
        }
        assert!(Settings::write(&path, "colour", Some("1")).unwrap_err().words.contains("clipboard"));
        assert!(!path.exists(), "what is refused is not written");
    }

    #[test]
    fn an_order_is_one_of_those_that_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        for (name, sort) in SORTS {
            assert_eq!(Settings::write(&path, "sort", Some(name)).unwrap().sort, sort);
            assert_eq!(Settings::read(&path).unwrap().settings.sort, sort, "{name}");
        }
        let refused = Settings::write(&path, "sort", Some("colour")).unwrap_err().words;
        assert!(refused.contains("order, name, use, code"), "{refused}");
        assert_eq!(SORTS.map(|(_, sort)| sort), Sort::ALL);
    }

    #[test]
    fn what_is_not_known_is_told_and_what_is_no_settings_file_refused() {
        let known = read(r#"{"clipboard": "45", "la\u0007ter": 1}"#).unwrap();
        assert_eq!((known.settings.clipboard, known.remarks.len()), (45, 1));
        assert!(known.remarks[0].contains("later") && !known.remarks[0].contains('\u{7}'), "{:?}", known.remarks);
        assert!(read("clipboard").is_err() && read("[]").is_err());
        for (bytes, fits) in [(limits::SETTINGS_FILE, true), (limits::SETTINGS_FILE + 1, false)] {
            let text = format!("{{}}{}", " ".repeat(bytes as usize - 2));
            assert_eq!(read(&text).is_ok(), fits, "{bytes}");
        }
    }
}
