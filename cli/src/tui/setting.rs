//! What is set: in the vault, and for this desk.

use std::path::Path;
use std::time::Duration;

use countersign_core::app::App;
use countersign_core::vault::{AutoLock, Sort};

use super::state::Settings;
use crate::fault::Fault;
use crate::settings;

/// What is set now; `file` has what is set for this desk.
///
/// # Errors
/// A [`Fault`] where the vault is locked, or the file can't be read.
pub fn read(app: &App, file: &Path) -> Result<Settings, Fault> {
    let rule = app.auto_lock()?;
    let clipboard = settings::Settings::read(file)?.settings.clipboard;
    Ok(Settings { lock_after: rule.after.map(|after| after.as_secs()), lock_on_leave: rule.on_leave, clipboard })
}

/// Sets what is another value than until now.
///
/// # Errors
/// A [`Fault`] for a value that can't be, and as [`read`].
pub fn write(app: &App, file: &Path, set: Settings) -> Result<(), Fault> {
    let now = read(app, file)?;
    if (set.lock_after, set.lock_on_leave) != (now.lock_after, now.lock_on_leave) {
        let after = set.lock_after.map(Duration::from_secs);
        app.set_auto_lock(AutoLock { after, on_leave: set.lock_on_leave, ..app.auto_lock()? })?;
    }
    if set.clipboard != now.clipboard {
        settings::Settings::write(file, "clipboard", Some(&set.clipboard.to_string()))?;
    }
    Ok(())
}

/// The order of lists; where that can't be read, the person's own. It is no reason to show none.
pub fn sort(file: &Path) -> Sort {
    settings::Settings::read(file).map_or_else(|_| Sort::default(), |read| read.settings.sort)
}

/// Keeps the order of lists.
///
/// # Errors
/// A [`Fault`] where the file can't be read or written.
pub fn keep_sort(file: &Path, sort: Sort) -> Result<(), Fault> {
    settings::Settings::write(file, "sort", Some(settings::name_of(sort))).map(drop)
}
