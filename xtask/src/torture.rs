//! `cargo xtask torture NAME`: the long form of the promises' tests.

use crate::{Fallible, child, repo, run, suite};

/// Builds, then runs every journey whose name holds `name` with `COUNTERSIGN_TORTURE=1`, output shown as it comes.
pub fn run(name: &str) -> Fallible<bool> {
    let built = run::build(&["countersign-tests", "countersign", "countersign-gateway"])?;
    let executable = built.journeys_executable()?;
    let mut command = suite::in_package(&executable, &repo::root().join("tests"));
    command.args([name, "--nocapture", "--test-threads", "1"]).env("COUNTERSIGN_TORTURE", "1");
    child::show(&mut command).map(|()| true)
}
