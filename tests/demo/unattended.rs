//! The demo without a person: it plays its story by itself, says how it ended, and clears away after one that was killed.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Output};

use countersign_strings::{fill, text};
use countersign_tests::program::{Program, run};

use super::place::{Place, Welcome, runs};

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn kill(id: &str) {
    assert!(Command::new("kill").args(["-KILL", id]).status().unwrap().success());
}

#[test]
fn without_a_terminal_it_plays_its_story_and_says_what_it_lacks() {
    let place = Place::new();
    // Another demo that has it now may let it go before ours looks.
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 8443));
    let is_ours = taken.is_ok();
    let (stdout, stderr) = {
        let output = run(&mut place.unattended(&[]), b"");
        assert_eq!(output.status.code(), Some(0), "{:?}", said(&output));
        said(&output)
    };
    drop(taken);
    assert!(!(is_ours && stdout.contains("https://localhost:8443/")), "a port that is taken was not passed over");
    let lacks = fill("demo.without_browser", &[("missing", text("demo.missing_node"))]);
    for part in [&lacks, text("demo.step_opens"), text("demo.approved"), "Ended, and deleted: "] {
        assert!(stdout.contains(part), "{part:?} is missing in\n{stdout}\n{stderr}");
    }
    assert!(place.temporary().is_empty() && place.note().is_none());
}

#[test]
fn a_token_that_leaves_in_the_middle_is_written_and_proven() {
    let place = Place::new();
    let (stdout, stderr) = {
        let output = run(&mut place.unattended(&["burn"]), b"");
        assert_eq!(output.status.code(), Some(0), "{:?}", said(&output));
        said(&output)
    };
    assert!(stdout.contains(text("demo.burn_qr")) && stdout.contains('▀'), "{stdout}");
    assert!(stdout.contains("86596100000001") && stdout.contains("proven_by_codes"), "{stdout}");
    for part in [text("token.link_lost"), text("token.held_nothing"), text("token.digits_match")] {
        assert!(stderr.contains(part), "{part:?} is missing in\n{stderr}");
    }
    assert!(place.temporary().is_empty());
}

#[test]
fn where_there_is_no_python_the_script_says_so_and_plays_the_rest() {
    let place = Place::new();
    let output = run(&mut place.script_without_python(), b"");
    let (stdout, stderr) = said(&output);
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
    let folder = place.path().join("target/python-venv");
    let parts = fill("demo.python_parts", &[("folder", &folder.display().to_string())]);
    let lacks = fill("demo.no_python_parts", &[("why", text("xtask.no_python"))]);
    for part in [&parts, &lacks, text("demo.without_other"), text("demo.approved")] {
        assert!(stdout.contains(part), "{part:?} is missing in\n{stdout}\n{stderr}");
    }
    assert!(!folder.exists(), "nothing was installed");
}

#[test]
fn a_step_that_fails_ends_the_script_with_one() {
    let place = Place::new();
    let mut demo = Program::start(&mut place.unattended(&["--script"]));
    demo.stdout.line_with(text("demo.step_sign_in"));
    kill(&place.note().unwrap()["gateway"]["id"].to_string());
    assert_eq!(demo.wait().code(), Some(1));
    let stdout = demo.stdout.text();
    assert!(stdout.contains("failed: ") && !stdout.contains(text("demo.approved")), "{stdout}");
    assert!(place.temporary().is_empty() && place.note().is_none());
}

#[test]
fn what_a_killed_demo_left_is_cleared_away_by_the_next() {
    let place = Place::new();
    let mut demo = Program::start(&mut place.unattended(&["--script"]));
    let welcome = Welcome::of(&place, &demo.stdout);
    let note = place.note().unwrap();
    let gateway = note["gateway"]["id"].to_string();
    kill(&note["demo"]["id"].to_string());
    demo.kill();
    assert!(runs(&gateway) && place.temporary().len() == 1, "there is something to clear away");

    let lonely = run(&mut place.unattended(&["--phone", "2"]), b"");
    assert_eq!((lonely.status.code(), said(&lonely).1.contains(text("demo.no_demo"))), (Some(2), true));

    // A demo that gets no further: it clears away before it looks at the folder.
    let next = run(&mut place.unattended(&["--keep", "target"]), b"");
    assert_eq!(next.status.code(), Some(2));
    let folder = note["folder"].as_str().unwrap();
    assert!(said(&next).0.contains(&fill("demo.left_behind", &[("folder", folder)])), "{:?}", said(&next));
    assert!(!runs(&gateway) && !welcome.is_served(), "its gateway still runs");
    assert!(place.temporary().is_empty() && place.note().is_none());
}

#[test]
fn options_that_do_not_go_together_are_refused_in_words() {
    let place = Place::new();
    for (words, why) in [
        (&["--phone", "2", "--script"][..], text("demo.phone_alone")),
        (&["--keep", "x", "--phone", "2"], text("demo.phone_alone")),
        (&["--phone", "1"], text("demo.phone_number")),
        (&["--phone", "2"], text("demo.no_demo")),
    ] {
        let output = run(&mut place.unattended(words), b"");
        let (stdout, stderr) = said(&output);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {stdout}");
        assert!(stderr.contains(why), "{words:?}: {stderr}");
    }
    assert!(place.temporary().is_empty() && !place.path().join("x").exists());
}
