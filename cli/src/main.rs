//! `countersign`: the phone of the desk.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(countersign_cli::run(std::env::args_os().collect()))
}
