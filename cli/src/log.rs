//! The log of this phone, which people need when they ask for help: what a gateway says of its refusals stands here and
//! nowhere else. There is none unless `COUNTERSIGN_LOG` names a file.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Mutex;

use countersign_strings::fill;
use tracing::Dispatch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::fault::Fault;
use crate::words;

/// Ours alone: what libraries say may hold anything.
const WHAT: &str = "countersign_core=info,countersign_cli=info";

/// Starts the log, if one is asked for.
///
/// # Errors
/// A [`Fault`] where its file can't be written.
pub fn start(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), Fault> {
    let Some(path) = variable("COUNTERSIGN_LOG").filter(|path| !path.is_empty()) else { return Ok(()) };
    let path = Path::new(&path);
    let no_file = |fault: io::Error| {
        Fault::failed(words::caused(fill("cli.no_log", &[("path", &path.display().to_string())]), &fault))
    };
    // A second start in one process, as in tests, keeps the first.
    drop(log(open(path).map_err(no_file)?).try_init());
    Ok(())
}

/// For its owner alone, like all that this phone writes; what is there stays.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// One line an event; control characters in values are escaped.
fn log(file: File) -> Dispatch {
    let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(WHAT)).with_ansi(false);
    Dispatch::new(lines.with_writer(Mutex::new(file)).finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_written_in_one_line_and_what_libraries_say_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "before\n").unwrap();
        tracing::dispatcher::with_default(&log(open(&path).unwrap()), || {
            tracing::warn!(target: "countersign_core::push::call", text = ?"two\nlines", "a gateway refused");
            tracing::warn!(target: "hyper", "somebody's address");
        });
        let lines = std::fs::read_to_string(&path).unwrap();
        assert_eq!(lines.lines().count(), 2, "{lines}");
        assert!(lines.starts_with("before\n") && lines.contains(r#"text="two\nlines""#), "{lines}");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_alone_and_a_file_that_cannot_be_made_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let nowhere = folder.path().join("none/log");
        let fault = start(|name| (name == "COUNTERSIGN_LOG").then(|| nowhere.clone().into_os_string())).unwrap_err();
        assert!(fault.words.contains(&nowhere.display().to_string()), "{}", fault.words);
        assert_eq!(start(|_| None), Ok(()));
    }
}
