//! The library of the apps, checked and linted for the two kinds of phone: what does not depend on their kits is found here,
//! a wrong `cfg`, a crate that does not know the system, a type of another width. Nothing is linked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use countersign_strings::fill;

use crate::budget::CARGO_LIMIT;
use crate::suite::Result;
use crate::{Fallible, child, repo};

const TARGETS: [&str; 2] = ["aarch64-linux-android", "aarch64-apple-ios"];
/// Rust's own library for a target is about 30 MB.
const FETCH_LIMIT: Duration = Duration::from_secs(3 * 60);

/// Neither kit is in an open registry, and a check needs no object of C: each is empty. What only the preprocessor is asked
/// is answered by this machine's own compiler; `-?` fails, for who answers it is taken for another make.
const COMPILER: &str = r#"#!/bin/sh
out=
before=
for word in "$@"; do
  case "$word" in
    -E) exec cc "$@" ;;
    '-?') exit 1 ;;
  esac
  [ "$before" = -o ] && out=$word
  before=$word
done
[ -z "$out" ] || : > "$out"
"#;
/// Says where the kit is, which is asked for before anything is compiled.
const KIT: &str = "#!/bin/sh\necho /nowhere\n";

/// A test for each target; one whose own library cannot be fetched is named, and counts as neither.
pub fn check() -> Fallible<Result> {
    let tools = stand_ins()?;
    let mut done = Result::default();
    for target in TARGETS {
        if !has_library(target) && !fetched(target)? {
            done.add(Result::skipped(&fill("xtask.no_target", &[("target", target)])));
            continue;
        }
        let ended = child::capture(&mut clippy(target, &tools), CARGO_LIMIT)?;
        let passed = u32::from(ended.ok);
        done.add(Result::of(ended, passed, 1 - passed));
    }
    Ok(done)
}

fn clippy(target: &str, tools: &Path) -> Command {
    let mut cargo = child::cargo();
    cargo.args(["clippy", "--locked", "--quiet", "-p", "countersign-bindings", "--lib", "--target", target]);
    cargo.args(["--", "-D", "warnings"]);
    let name = target.replace('-', "_");
    for tool in ["CC", "CXX"] {
        cargo.env(format!("{tool}_{name}"), tools.join("no-compiler"));
    }
    cargo.env(format!("AR_{name}"), "ar").env("SDKROOT", tools);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(tools.to_owned()).chain(std::env::split_paths(&path));
    if let Ok(path) = std::env::join_paths(path) {
        cargo.env("PATH", path);
    }
    cargo
}

/// Whether the toolchain has Rust's own library for it.
fn has_library(target: &str) -> bool {
    let folder = child::first_line("rustc", &["--print", "target-libdir", "--target", target]);
    folder.is_some_and(|folder| Path::new(&folder).is_dir())
}

/// Whether rustup brought it. A toolchain without rustup, and a server that is away, bring none.
fn fetched(target: &str) -> Fallible<bool> {
    if !repo::on_path("rustup") {
        return Ok(false);
    }
    let ended = child::capture(Command::new("rustup").args(["target", "add", target]), FETCH_LIMIT)?;
    Ok(ended.ok && has_library(target))
}

/// Where the stand-ins are.
fn stand_ins() -> Fallible<PathBuf> {
    let folder = repo::target().join("phones");
    fs::create_dir_all(&folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    for (name, text) in [("no-compiler", COMPILER), ("xcrun", KIT)] {
        let file = folder.join(name);
        let written = fs::write(&file, text);
        let written = written.and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o755)));
        written.map_err(|fault| format!("{}: {fault}", file.display()))?;
    }
    Ok(folder)
}
