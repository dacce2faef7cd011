//! Speed beside that of peers, in one run: `cargo xtask bench NAME`.
//!
//! Each bench runs its subjects in turn, round by round, and files medians, minima and ratios; see `docs/benchmarks.md`.

mod codes;
mod push;
mod qr_read;
mod qr_rqrr;
mod qr_write;
mod report;
mod rounds;
mod uri;
mod vault;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    for word in &words {
        match word.as_str() {
            "codes" => codes::bench(),
            "uri" => uri::bench(),
            "vault" => vault::bench(),
            "push" => push::bench(),
            "qr-read" => {
                if !qr_read::bench() {
                    return ExitCode::FAILURE;
                }
            }
            "qr-write" => qr_write::bench(),
            "serve" => push::serve(),
            "rqrr" => qr_rqrr::serve(),
            other => {
                eprintln!("no bench is called {other}: codes, uri, vault, push, qr-read or qr-write");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}
