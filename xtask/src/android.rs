//! The Android app, by Maven: its rules and its words on a JVM, its screens and ports on the framework's own code.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use countersign_strings::{fill, text};

use crate::suite::Result;
use crate::{Fallible, bindings, child, kotlin, lint, maven, repo, texts};

/// `android/logic`, and how all Kotlin is written.
pub fn logic() -> Fallible<Result> {
    write()?;
    // The boundary has a suite of its own.
    let mut done = maven::test(&["-pl", "logic", "-am", "-Dwithout.boundary"])?;
    done.add(kotlin::written(&["bindings", "logic", "testkit", "app", "apk"])?);
    Ok(done)
}

/// `android/app`, on the library, and what is made of it for phones; then Android Lint on it. With `accept`, what is drawn is taken for golden.
pub fn app(accept: bool) -> Fallible<Result> {
    write()?;
    bindings::contract()?;
    let accept = format!("-Dcountersign.accept={}", u8::from(accept));
    again()?;
    let mut done = maven::tested("package", &["-Papp,apk", "-pl", "testkit,app,apk", "-am", &accept])?;
    // It reads what was built.
    if done.failed == 0 {
        done.add(lint::app()?);
    }
    Ok(done)
}

/// The APK, built in a folder where nothing of it is. A test holds it against the other.
fn again() -> Fallible<()> {
    let folder = repo::target().join("again");
    let said = |fault: std::io::Error| format!("{}: {fault}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(said)?;
    }
    fs::create_dir_all(&folder).map_err(said)?;
    for generated in ["bindings", "strings"] {
        symlink(repo::target().join(generated), folder.join(generated)).map_err(said)?;
    }
    maven::package_into(&folder, &["-Papp,apk", "-pl", "apk", "-am", "-Dmaven.test.skip=true"])
}

/// `cargo xtask package android`: what people install, for all kinds of phone whose core lies in `android/native`.
pub fn package() -> Fallible<bool> {
    child::show(child::cargo().args(["build", "--locked", "-p", "countersign-bindings", "-p", "countersign-bindgen"]))?;
    write()?;
    maven::package_into(&repo::target(), &["-Papp,apk", "-pl", "apk", "-am", "-DskipTests"])?;
    println!("{}", repo::target().join("android/apk/countersign.apk").display());
    let missing: Vec<&str> = PHONES.into_iter().filter(|phone| !core_of(phone).is_file()).collect();
    for phone in &missing {
        let file = core_of(phone);
        let file = file.strip_prefix(repo::root()).unwrap_or(&file).display().to_string();
        println!("{}", fill("xtask.no_core", &[("phone", phone), ("file", &file)]));
    }
    if std::env::var_os("COUNTERSIGN_KEYSTORE").is_none() {
        println!("{}", text("xtask.key_of_one_day"));
    }
    Ok(true)
}

/// The kinds of phone, as Android calls them.
const PHONES: [&str; 3] = ["arm64-v8a", "armeabi-v7a", "x86_64"];

/// The core's library for a kind of phone, which is built with the NDK.
fn core_of(phone: &str) -> PathBuf {
    repo::root().join("android/native").join(phone).join("libcountersign_bindings.so")
}

/// What of its sources is generated.
fn write() -> Fallible<()> {
    bindings::generate("kotlin")?;
    texts::write().map(drop)
}
