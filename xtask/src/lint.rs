//! Android Lint on the app, without Gradle and without an SDK: what it reads of one is the framework that the app is compiled
//! against. The levels of the framework's calls are in the SDK alone, so `NewApi` finds nothing; the tests on the oldest level do.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::budget::SUITE_LIMIT;
use crate::suite::Result;
use crate::{Fallible, child, maven, repo};

/// What the app is compiled against, as `android/pom.xml` has it.
const LEVEL: &str = "36";

/// Reads what Maven built of the app, as `android/lint.xml` says; any finding is a failure.
pub fn app() -> Fallible<Result> {
    let home = repo::target().join("android/lint");
    let _was_there = fs::remove_dir_all(&home);
    let jars = read(&repo::target().join("android/app/classpath"))?;
    let (framework, libraries): (Vec<&str>, Vec<&str>) =
        jars.trim().split(':').partition(|jar| jar.contains("/android-all-"));
    let [framework] = framework[..] else { return Err(format!("not one framework in {jars}")) };
    let sdk = sdk(&home, Path::new(framework))?;
    let project = home.join("project.xml");
    write(&project, &described(&home, &libraries)?)?;
    let mut java = Command::new("java");
    java.args(["-Xmx2g", "-cp", &maven::class_path("android/lint/pom.xml", &home.join("classpath"))?]);
    java.args(["com.android.tools.lint.Main", "--offline", "--exitcode", "-Werror", "--nolines", "--quiet"]);
    java.arg("--project").arg(project).arg("--sdk-home").arg(sdk);
    java.arg("--config").arg(repo::root().join("android/lint.xml"));
    let ended = child::capture(java.current_dir(repo::root()), SUITE_LIMIT)?;
    let passed = u32::from(ended.ok);
    Ok(Result::of(ended, passed, 1 - passed))
}

/// As much of an SDK as is looked at.
fn sdk(home: &Path, framework: &Path) -> Fallible<PathBuf> {
    let sdk = home.join("sdk");
    let platform = sdk.join("platforms").join(format!("android-{LEVEL}"));
    fs::create_dir_all(&platform).map_err(|fault| format!("{}: {fault}", platform.display()))?;
    symlink(framework, platform.join("android.jar")).map_err(|fault| format!("{}: {fault}", platform.display()))?;
    write(&platform.join("source.properties"), &format!("Pkg.Revision=1\nAndroidVersion.ApiLevel={LEVEL}\n"))?;
    write(&platform.join("build.prop"), &format!("ro.build.version.sdk={LEVEL}\n"))?;
    Ok(sdk)
}

/// What the app is made of. Sources are named one by one: of a folder none is read.
fn described(home: &Path, libraries: &[&str]) -> Fallible<String> {
    let (app, target) = (repo::root().join("android/app/src/main"), repo::target());
    let cache = home.join("cache");
    fs::create_dir_all(&cache).map_err(|fault| format!("{}: {fault}", cache.display()))?;
    let mut sources = Vec::new();
    for folder in [app.join("kotlin"), target.join("strings/app"), target.join("android/app/resources/java")] {
        sources.extend(files(&folder)?);
    }
    let element =
        |name: &str, attribute: &str, path: &Path| format!("    <{name} {attribute}=\"{}\"/>\n", path.display());
    let lines = [
        element("manifest", "file", &app.join("AndroidManifest.xml")),
        element("resource", "dir", &app.join("res")),
        element("resource", "dir", &target.join("strings/res")),
        sources.iter().map(|file| element("src", "file", file)).collect(),
        libraries.iter().map(|jar| element("classpath", "jar", Path::new(jar))).collect(),
    ];
    Ok(format!(
        "<project>\n  <root dir=\"{}\"/>\n  <cache dir=\"{}\"/>\n  <module name=\"app\" android=\"true\" \
         library=\"false\" compile-sdk-version=\"{LEVEL}\" desugar=\"none\">\n{}  </module>\n</project>\n",
        repo::root().display(),
        cache.display(),
        lines.concat(),
    ))
}

/// All files beneath `folder`.
fn files(folder: &Path) -> Fallible<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    let mut found = Vec::new();
    for path in entries.filter_map(std::result::Result::ok).map(|entry| entry.path()) {
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

fn read(file: &Path) -> Fallible<String> {
    fs::read_to_string(file).map_err(|fault| format!("{}: {fault}", file.display()))
}

fn write(file: &Path, text: &str) -> Fallible<()> {
    fs::write(file, text).map_err(|fault| format!("{}: {fault}", file.display()))
}
