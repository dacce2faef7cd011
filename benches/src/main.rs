//! Speed beside that of peers, in one run: `cargo xtask bench NAME`.
//!
//! Each bench runs its subjects in turn, round by round, and files medians, minima and ratios; see `docs/benchmarks.md`.

mod bare;
mod bell;
mod burn;
mod codes;
mod house;
mod jvm;
mod list;
mod peers;
mod push;
mod qr_read;
mod qr_rqrr;
mod qr_write;
mod report;
mod rounds;
mod size;
mod start;
mod uri;
mod vault;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [command, what] = &words[..] {
        match command.as_str() {
            "pass" => uri::pass(what),
            "serve" => push::serve(Path::new(what)),
            "ring" => bell::ring(Path::new(what)),
            _ => return benches(&words),
        }
        return ExitCode::SUCCESS;
    }
    benches(&words)
}

/// The benches of these names, in turn.
fn benches(words: &[String]) -> ExitCode {
    for word in words {
        match word.as_str() {
            "codes" => codes::bench(),
            "list" => list::bench(),
            "uri" => uri::bench(),
            "vault" => vault::bench(),
            "push" => push::bench(),
            "burn" => burn::bench(),
            "start" => start::bench(),
            "size" => size::bench(),
            "qr-read" if !qr_read::bench() => return ExitCode::FAILURE,
            "qr-read" => {}
            "qr-write" => qr_write::bench(),
            "rqrr" => qr_rqrr::serve(),
            other => {
                eprintln!(
                    "no bench is called {other}: codes, list, uri, vault, push, qr-read, qr-write, burn, start or size"
                );
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}
