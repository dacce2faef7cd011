//! The Android app, by Maven: its rules and its words on a JVM, its screens and ports on the framework's own code.

use crate::suite::Result;
use crate::{Fallible, bindings, maven, texts};

/// `android/logic`, and how its Kotlin and that of the boundary is written.
pub fn logic() -> Fallible<Result> {
    write()?;
    // The boundary has a suite of its own.
    let mut done = maven::test(&["-pl", "logic", "-am", "-Dwithout.boundary"])?;
    done.add(maven::ktlint(&["bindings", "logic"])?);
    Ok(done)
}

/// `android/app`, on the library. With `accept`, what is drawn is taken for golden.
pub fn app(accept: bool) -> Fallible<Result> {
    write()?;
    let accept = format!("-Dcountersign.accept={}", u8::from(accept));
    maven::test(&["-Papp", "-pl", "testkit,app", "-am", &accept])
}

/// What of its sources is generated.
fn write() -> Fallible<()> {
    bindings::generate("kotlin")?;
    texts::write().map(drop)
}
