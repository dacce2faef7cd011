//! `cargo xtask`: set-up, demo and tests of this repository.
//!
//! ```text
//! cargo xtask demo [--script] [--phone N] [--keep DIR]
//! cargo xtask test [--only NAME]… [--list] [--quick] [--accept]
//! cargo xtask torture NAME [PART/PARTS]
//! cargo xtask bench NAME
//! cargo xtask fuzz [NAME] [--minutes N]
//! cargo xtask bindings
//! cargo xtask strings
//! cargo xtask package android
//! cargo xtask setup
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool at the desk: what it says goes to the terminal")]
#![expect(clippy::disallowed_methods, reason = "it measures suites and waits for children; nothing of it is shipped")]

mod android;
mod bench;
mod bindings;
mod budget;
mod child;
mod demo;
mod deps;
mod fuzz;
mod kotlin;
mod licence;
mod lint;
mod maven;
mod notices;
mod phones;
mod repo;
mod run;
mod setup;
mod suite;
mod swift;
mod texts;
mod torture;

use std::process::ExitCode;

use countersign_strings::{fill, text};

/// Names the compiler found and the one wanted; ends here when it is too old.
fn compiler() -> Fallible<()> {
    setup::rust_version().map(|line| println!("{line}"))
}

/// What goes wrong here is told to the person at the terminal, so a sentence is all an error is.
type Fallible<T> = Result<T, String>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["setup"] => compiler().and_then(|()| setup::all()).map(|()| true),
        ["test", options @ ..] => compiler().and_then(|()| run::Options::parse(options)).and_then(run::test),
        ["demo", options @ ..] => {
            compiler().and_then(|()| demo::Options::parse(options)).and_then(|options| demo::run(&options))
        }
        ["bindings"] => compiler().and_then(|()| bindings::run()),
        ["strings"] => texts::run(),
        ["package", "android"] => compiler().and_then(|()| android::package()),
        ["bench", name] => compiler().and_then(|()| bench::run(name)),
        ["fuzz", options @ ..] => {
            compiler().and_then(|()| fuzz::Options::parse(options)).and_then(|options| fuzz::run(&options))
        }
        ["torture", name] => compiler().and_then(|()| torture::run(name, None)),
        ["torture", name, part] => compiler().and_then(|()| torture::run(name, Some(part))),
        [] | ["help" | "--help" | "-h"] => {
            println!("{}", text("xtask.help"));
            Ok(true)
        }
        other => Err(format!("{}\n\n{}", fill("xtask.unknown", &[("words", &other.join(" "))]), text("xtask.help"))),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(fault) => {
            eprintln!("xtask: {fault}");
            ExitCode::from(2)
        }
    }
}
