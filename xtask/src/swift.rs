//! The Swift half of the bindings: `ios/`, built and tested by the Swift that Debian 13 packages, unpacked into the target
//! folder and used from there by `chroot`. Debian 12's C library is too old for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::budget::SUITE_LIMIT;
use crate::suite::Result;
use crate::{Fallible, child, repo};
use countersign_strings::{fill, text};

/// What is unpacked: the compiler, what it links with, OpenSSL for the keystore of the tests, and the shell that starts it.
const PACKAGES: &str = "swiftlang,libc6-dev,libstdc++-14-dev,libgcc-14-dev,libssl-dev,dash,bash,coreutils,sed,grep,git,\
                        ca-certificates,tzdata,base-files";
const RELEASE: &str = "trixie";
/// What is asked of this machine alone.
const LOCAL_LIMIT: Duration = Duration::from_secs(30);
/// Half a gigabyte is fetched, on however slow a line.
const FETCH_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Runs `ios/Tests` on what `generated` holds and on the library in `debug`; skipped, in words, where it cannot be.
pub fn test(generated: &[(&str, PathBuf)]) -> Fallible<Result> {
    if let Some(why) = missing() {
        return Ok(Result::skipped(&why));
    }
    let root = match root()? {
        Ok(root) => root,
        Err(why) => return Ok(Result::skipped(&why)),
    };
    let package = lay_out(generated)?;
    let mut swift = Command::new("unshare");
    swift.args(["--net", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "swift"]);
    swift.arg(root).arg(package).arg(repo::target().join("debug"));
    let ended = child::capture(&mut swift, SUITE_LIMIT)?;
    let (passed, failed) = counts(&ended.output);
    Ok(Result::of(ended, passed, failed))
}

/// All mounts are in a namespace of their own and end with it; the network is empty too, so that nothing is fetched. `/proc`
/// tells the compiler where its own libraries are. Version 6.0.3 misses a symbol that nobody calls: hence the linker's word.
const INSIDE: &str = r#"set -e
mkdir -p "$1/proc" "$1/dev" "$1/tmp" "$1/root" "$1/package" "$1/rust"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --bind "$2" "$1/package"
mount --bind "$3" "$1/rust"
exec env -i HOME=/root PATH=/usr/libexec/swift/bin:/usr/bin:/bin:/usr/sbin LANG=C.UTF-8 TERM=dumb chroot "$1" sh -c \
  'cd /package && exec swift test --disable-swift-testing -Xlinker --allow-shlib-undefined'"#;

/// Why this machine cannot run it, where it cannot.
fn missing() -> Option<String> {
    let is_packaged = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
    if !is_packaged {
        return Some(text("xtask.swift_no_machine").to_owned());
    }
    if child::first_line("id", &["-u"]).as_deref() != Some("0") {
        return Some(text("xtask.swift_no_root").to_owned());
    }
    if child::first_line("unshare", &["--net", "--mount", "--propagation", "private", "true"]).is_none() {
        return Some(text("xtask.swift_no_namespace").to_owned());
    }
    if !repo::on_path("mmdebstrap") {
        return Some(text("xtask.swift_no_unpacker").to_owned());
    }
    mirror().is_none().then(|| text("xtask.swift_no_mirror").to_owned())
}

/// Where this machine has its Debian packages from: what is unpacked comes from there too.
fn mirror() -> Option<String> {
    let mut asked = Command::new("apt-get");
    asked.args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]);
    let ended = child::capture(&mut asked, LOCAL_LIMIT).ok()?;
    let all = ended.output.lines().map(str::trim);
    all.filter(|line| line.contains("://") && !line.contains("security")).map(str::to_owned).next()
}

/// Where the compiler is, unpacked when it is not there yet; or in words why it cannot be had. No script of a package runs.
fn root() -> Fallible<std::result::Result<PathBuf, String>> {
    let root = repo::target().join("swift-root");
    let stamp = root.join("stamp");
    let wanted = format!("{RELEASE} {PACKAGES}");
    if fs::read_to_string(&stamp).is_ok_and(|seen| seen == wanted) {
        return Ok(Ok(root));
    }
    let Some(mirror) = mirror() else { return Ok(Err(text("xtask.swift_no_mirror").to_owned())) };
    let _half = fs::remove_dir_all(&root);
    let mut unpack = Command::new("mmdebstrap");
    unpack.args(["--mode=root", "--variant=extract", "--format=directory"]);
    unpack.args(["--aptopt=APT::Install-Recommends \"false\"", "--aptopt=Acquire::Retries \"3\""]);
    unpack.arg(format!("--include={PACKAGES}")).arg(RELEASE).arg(&root).arg(mirror);
    let ended = child::capture(&mut unpack, FETCH_LIMIT)?;
    if !ended.ok {
        let why = ended.output.lines().rfind(|line| line.contains("E: ")).unwrap_or("mmdebstrap failed");
        return Ok(Err(fill("xtask.swift_no_compiler", &[("why", why.trim())])));
    }
    fs::write(&stamp, wanted).map_err(|fault| format!("{}: {fault}", stamp.display()))?;
    Ok(Ok(root))
}

/// The package with what is generated in it, in the target folder.
fn lay_out(generated: &[(&str, PathBuf)]) -> Fallible<PathBuf> {
    let package = repo::target().join("swift");
    for part in ["Sources", "Tests"] {
        let _earlier = fs::remove_dir_all(package.join(part));
    }
    let ios = repo::root().join("ios");
    copy(&ios.join("Package.swift"), &package.join("Package.swift"))?;
    for part in ["Sources/Crypto", "Sources/CountersignBindings", "Tests/BoundaryTests"] {
        let entries = fs::read_dir(ios.join(part)).map_err(|fault| format!("ios/{part}: {fault}"))?;
        for entry in entries.flatten() {
            copy(&entry.path(), &package.join(part).join(entry.file_name()))?;
        }
    }
    for (module, folder) in generated {
        // Both in one module: the generator writes no import of one into the other.
        let source = format!("{module}.swift");
        copy(&folder.join(&source), &package.join("Sources/CountersignBindings").join(&source))?;
        let headers = package.join(format!("Sources/{module}FFI"));
        copy(&folder.join(format!("{module}FFI.h")), &headers.join(format!("{module}FFI.h")))?;
        copy(&folder.join(format!("{module}FFI.modulemap")), &headers.join("module.modulemap"))?;
    }
    Ok(package)
}

fn copy(from: &Path, to: &Path) -> Fallible<()> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    fs::copy(from, to).map(drop).map_err(|fault| format!("{}: {fault}", from.display()))
}

/// Of `Executed 5 tests, with 1 failure (0 unexpected) in …`: the last is the sum of all.
fn counts(output: &str) -> (u32, u32) {
    let sum = output.lines().filter_map(|line| line.trim().strip_prefix("Executed ")).next_back().unwrap_or_default();
    let number = |text: &str| text.split(' ').next().and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
    let failed = sum.split_once(" with ").map_or(0, |(_, rest)| number(rest));
    // One test may fail more than once.
    (number(sum).saturating_sub(failed), failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sum_counts() {
        let output = "Test Suite 'ContractTests' passed\n\t Executed 11 tests, with 0 failures (0 unexpected) in 1 (1) seconds\n\
                      Test Suite 'All tests' failed\n\t Executed 23 tests, with 1 failure (0 unexpected) in 2 (2) seconds\n";
        assert_eq!(counts(output), (22, 1));
        assert_eq!(counts("error: fatalError"), (0, 0));
    }

    #[test]
    fn what_cannot_run_is_neither_passed_nor_failed_and_says_why() {
        let skipped = Result::skipped("no chroot here");
        assert_eq!((skipped.passed, skipped.failed), (0, 0));
        assert_eq!(skipped.output, "skipped: no chroot here\n");
    }
}
