//! `cargo xtask`: set-up, demo and tests of this repository.
//!
//! ```text
//! cargo xtask demo [--script] [--phone N] [--keep DIR]
//! cargo xtask test [--only NAME]… [--list] [--quick] [--accept]
//! cargo xtask torture NAME
//! cargo xtask setup
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool at the desk: what it says goes to the terminal")]
#![expect(clippy::disallowed_methods, reason = "it measures suites and waits for children; nothing of it is shipped")]

mod budget;
mod child;
mod demo;
mod deps;
mod licence;
mod repo;
mod run;
mod setup;
mod suite;
mod torture;

use std::process::ExitCode;

/// Names the compiler found and the one wanted; ends here when it is too old.
fn compiler() -> Fallible<()> {
    setup::rust_version().map(|line| println!("{line}"))
}

/// What goes wrong here is told to the person at the terminal, so a sentence is all an error is.
type Fallible<T> = Result<T, String>;

const HELP: &str = "\
cargo xtask demo             a gateway and a phone in this terminal; nothing is installed
           demo --script     the same story without a terminal; exits 0 when the login was approved
           demo --phone 2    a second phone of the demo that runs
           demo --keep DIR   keep the demo's folder
cargo xtask test             every suite, as CI runs them
           test --list       the names of the suites
           test --only NAME  one suite (may be given again); journeys take NAME::part too
           test --quick      formatting, unit tests, architecture: the inner loop
           test --accept     take the pages as drawn now for the golden pictures
cargo xtask torture NAME     the long form of a promise (P1, P7 …) or of the tests whose name holds NAME
cargo xtask setup            install what the tests need, after asking
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["setup"] => compiler().and_then(|()| setup::all()).map(|()| true),
        ["test", options @ ..] => compiler().and_then(|()| run::Options::parse(options)).and_then(run::test),
        ["demo", options @ ..] => {
            compiler().and_then(|()| demo::Options::parse(options)).and_then(|options| demo::run(&options))
        }
        ["torture", name] => compiler().and_then(|()| torture::run(name)),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(true)
        }
        other => Err(format!("unknown: {}\n\n{HELP}", other.join(" "))),
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
