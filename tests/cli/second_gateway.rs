//! Two gateways on one folder: the second says so and leaves the first one alone.

use countersign_strings::fill;
use countersign_tests::port::port;
use countersign_tests::program::{Program, command, run};

use super::Ended;

#[test]
fn a_second_gateway_on_one_folder_is_told_to_use_its_own() {
    // An address of its own, and the one that the first listens on: the folder is what is in the way both times.
    for port in [0, port()] {
        second_on_one_folder(&format!("127.0.0.1:{port}"));
    }
}

fn second_on_one_folder(listen: &str) {
    let home = tempfile::tempdir().unwrap();
    let serve = || {
        let mut command = command("countersign-gateway", home.path());
        command.args(["serve", "--listen", listen, "--data"]).arg(home.path().join("gateway"));
        command
    };
    let mut first = Program::start(&mut serve());
    first.stdout.line_with("https://");
    let second = Ended::of(&run(&mut serve(), b""));
    let path = home.path().join("gateway").display().to_string();
    let words = fill("gateway.start_held", &[("path", &path)]);
    assert_eq!((second.code, second.stderr.trim()), (2, words.as_str()), "{}", second.stdout);
    assert!(!second.stdout.contains("https://"), "it serves nothing: {}", second.stdout);
    assert!(first.is_running());
}
