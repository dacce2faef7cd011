//! Speed beside that of peers, in one run: `cargo xtask bench NAME`.
//!
//! Each bench runs its subjects in turn, round by round, and files medians, minima and ratios; see `docs/benchmarks.md`.

mod bare;
mod burn;
mod codes;
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

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [command, which] = &words[..]
        && command == "pass"
    {
        uri::pass(which);
        return ExitCode::SUCCESS;
    }
    for word in &words {
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
            "serve" => push::serve(),
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
