//! `countersign-gateway`: see `--help`.

fn main() -> std::process::ExitCode {
    countersign_gateway::command::run(std::env::args_os())
}
