//! Two gateways on one folder: the second says so and leaves the first one alone.

use std::net::TcpListener;

use countersign_strings::fill;
use countersign_tests::program::{Program, command, run};

use super::Ended;

#[test]
fn a_second_gateway_on_one_folder_is_told_to_use_its_own() {
    // An address of its own, and the one that the first listens on: the folder is what is in the way both times.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for listen in ["127.0.0.1:0".to_owned(), taken.to_string()] {
        second_on_one_folder(&listen);
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
