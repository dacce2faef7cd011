//! The app's list of what other makers' parts are in it: it follows the lock file, for all kinds of phone.

use std::collections::BTreeSet;
use std::process::Stdio;

use crate::suite::Result;
use crate::{Fallible, child, repo};

/// A part and its licence a line, as the app shows them.
const LIST: &str = "android/app/src/main/res/raw/licences.txt";

/// What the app's core is built for.
const TARGETS: [&str; 3] = ["aarch64-linux-android", "armv7-linux-androideabi", "x86_64-linux-android"];

/// What comes from Maven. That it is all that does is a test of `android/apk`, which has it at hand.
const FROM_MAVEN: [&str; 3] =
    ["JNA\tApache-2.0 OR LGPL-2.1-or-later", "Kotlin\tApache-2.0", "kotlinx.coroutines\tApache-2.0"];

/// Compares the list with what is linked; one test.
pub fn check() -> Result {
    let faults = linked().and_then(|linked| {
        let list = std::fs::read_to_string(repo::root().join(LIST)).map_err(|fault| format!("{LIST}: {fault}"))?;
        Ok(compare(&linked, &list))
    });
    match faults.unwrap_or_else(|fault| vec![fault]) {
        none if none.is_empty() => Result { passed: 1, failed: 0, output: String::new() },
        faults => Result { passed: 0, failed: 1, output: faults.join("\n") },
    }
}

/// Lines that are wanted, of all kinds of phone.
fn linked() -> Fallible<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for target in TARGETS {
        all.extend(lines(&tree(target)?));
    }
    Ok(all)
}

fn tree(target: &str) -> Fallible<String> {
    let mut cargo = child::cargo();
    cargo.args(["tree", "--locked", "--offline", "--package", "countersign-bindings", "--edges", "normal"]);
    cargo.args(["--target", target, "--prefix", "none", "--format", "{p}\t{l}"]);
    let output = cargo.stdin(Stdio::null()).output().map_err(|fault| child::not_started("cargo", &fault))?;
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|fault| fault.to_string())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// `aes v0.8.4<tab>MIT/Apache-2.0 (*)` as the list has it. What is ours names its folder, and is left out.
fn lines(tree: &str) -> BTreeSet<String> {
    let parts = tree.lines().filter(|line| !line.contains("(/")).filter_map(|line| line.split_once('\t'));
    let parts = parts.filter_map(|(part, licence)| Some((part.split(' ').next()?, licence)));
    parts.map(|(name, licence)| format!("{name}\t{}", licence.trim_end_matches(" (*)").replace('/', " OR "))).collect()
}

fn compare(linked: &BTreeSet<String>, list: &str) -> Vec<String> {
    let wanted: BTreeSet<&str> = linked.iter().map(String::as_str).chain(FROM_MAVEN).collect();
    let listed: BTreeSet<&str> = list.lines().collect();
    let missing = wanted.difference(&listed).map(|line| format!("{LIST} lacks the line: {line}"));
    missing
        .chain(listed.difference(&wanted).map(|line| format!("{LIST} names what is not in the app: {line}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_without_its_line_and_a_line_without_its_part_are_named() {
        let tree = "countersign-core v0.1.0 (/work/core)\tMIT OR Apache-2.0\naes v0.8.4\tMIT/Apache-2.0\n\
                    ring v0.17.14\tApache-2.0 AND ISC (*)\nnew v1.0.0\tMIT\n";
        let list =
            [FROM_MAVEN.as_slice(), &["aes\tMIT OR Apache-2.0", "gone\tMIT", "ring\tApache-2.0 AND ISC"]].concat();
        let faults = compare(&lines(tree), &list.join("\n"));
        assert_eq!(
            faults,
            [format!("{LIST} lacks the line: new\tMIT"), format!("{LIST} names what is not in the app: gone\tMIT")]
        );
        let whole = [list.as_slice(), &["new\tMIT"]].concat().join("\n").replace("gone\tMIT\n", "");
        assert_eq!(compare(&lines(tree), &whole), Vec::<String>::new());
    }
}
