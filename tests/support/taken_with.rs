//! What the golden pictures were taken with, in a file beside them: another browser or other fonts draw them a little otherwise.

use crate::browser::Browser;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A sentence for whoever sees a picture that differs, where it was taken with another browser or other fonts than these.
pub fn others() -> Option<String> {
    let kept = std::fs::read_to_string(file()).unwrap_or_default();
    between(kept.trim(), here())
}

/// Notes what pictures are taken with from now on.
///
/// # Panics
/// When the file cannot be written.
pub fn note() {
    if others().is_some() {
        std::fs::write(file(), format!("{}\n", here())).expect("the folder of golden pictures can be written");
    }
}

fn between(kept: &str, here: &str) -> Option<String> {
    (kept != here).then(|| format!("The pictures were taken with {kept}; here is {here}. "))
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/pages/taken-with.txt")
}

/// `Chromium 143.0.7499.40, fonts-noto-core 20201225-2`.
fn here() -> &'static str {
    static HERE: OnceLock<String> = OnceLock::new();
    HERE.get_or_init(|| {
        let fonts = Command::new("dpkg-query").args(["-W", "-f=${Version}", "fonts-noto-core"]).output();
        let fonts = fonts.ok().filter(|output| output.status.success());
        let fonts =
            fonts.map_or_else(|| "of unknown version".into(), |it| String::from_utf8_lossy(&it.stdout).into_owned());
        format!("Chromium {}, fonts-noto-core {fonts}", Browser::shared().version())
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn another_browser_is_named_and_the_same_one_is_not() {
        assert_eq!(super::between("Chromium 1", "Chromium 1"), None);
        let said = super::between("Chromium 1", "Chromium 2").unwrap();
        assert!(said.contains("taken with Chromium 1; here is Chromium 2"), "{said}");
    }
}
