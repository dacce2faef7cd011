//! How the Kotlin is written: ktlint and detekt, without Gradle.

use std::path::PathBuf;
use std::process::Command;

use crate::budget::SUITE_LIMIT;
use crate::suite::Result;
use crate::{Fallible, child, maven, repo};

/// ktlint, as `.editorconfig` says, and detekt, as `detekt.yml` does.
pub fn written(folders: &[&str]) -> Fallible<Result> {
    let mut done = ktlint(folders)?;
    done.add(detekt(folders)?);
    Ok(done)
}

fn ktlint(folders: &[&str]) -> Fallible<Result> {
    let jar = maven::tool("com.pinterest.ktlint:ktlint-cli:1.8.0:jar:all", "ktlint-cli-1.8.0-all.jar")?;
    let mut java = Command::new("java");
    java.args(["--add-opens=java.base/java.lang=ALL-UNNAMED", "-jar"]).arg(jar);
    java.args(folders.iter().map(|folder| format!("{folder}/src/**/*.kt")));
    ran(java)
}

fn detekt(folders: &[&str]) -> Fallible<Result> {
    let jar = maven::tool("io.gitlab.arturbosch.detekt:detekt-cli:1.23.8:jar:all", "detekt-cli-1.23.8-all.jar")?;
    let input: Vec<String> = folders.iter().map(|folder| format!("{folder}/src")).collect();
    let mut java = Command::new("java");
    java.arg("-jar").arg(jar).args(["--build-upon-default-config", "--config", "detekt.yml"]);
    java.args(["--input", &input.join(",")]);
    ran(java)
}

fn ran(mut java: Command) -> Fallible<Result> {
    let ended = child::capture(java.current_dir(android()), SUITE_LIMIT)?;
    let passed = u32::from(ended.ok);
    Ok(Result::of(ended, passed, 1 - passed))
}

fn android() -> PathBuf {
    repo::root().join("android")
}
