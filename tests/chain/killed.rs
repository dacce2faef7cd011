//! `keys rotate` and `keys recover`, killed at any moment: all of it was done, or nothing.

use std::time::Duration;

use countersign_protocol::push::check::{self, Trusted};
use countersign_protocol::push::walk::walk;
use countersign_protocol::uri::EnrolLink;
use countersign_tests::program::{PATIENCE, Program};
use serde_json::Value;

use super::commands::{Desk, signing};

/// How often each command is killed. Each begins a program, which takes most of the time.
const TIMES: u32 = 12;

/// Begins a command and kills it after so long.
fn killed(desk: &Desk, words: &str, after: Duration) {
    let mut program = Program::start(&mut desk.command(words));
    program.stdout.wait_end(after);
    program.kill();
}

/// Every key but the last is listed with its private half or removed without; links are as many as rotations.
fn is_whole(list: &Value) -> (u64, usize, String) {
    let epoch = list["epoch"].as_u64().unwrap();
    let of_epoch = list["keys"].as_array().unwrap().iter().filter(|key| key["epoch"] == epoch).count();
    assert_eq!(list["recoveries"].as_u64().unwrap() + 1, epoch);
    for key in list["keys"].as_array().unwrap() {
        assert!(key["epoch"] == epoch || key["state"] == "removed", "{list}");
    }
    (epoch, of_epoch, signing(list))
}

#[test]
fn killed_at_any_moment_a_change_is_whole_or_was_not() {
    let desk = Desk::new();
    assert_eq!(desk.say("keys make-recovery recovery.pem").code, Some(0));
    let trusted = first_trust(&desk);
    let whole = time_of(&desk);
    let mut changed = 0;
    for round in 0..TIMES {
        // From before its beginning to after its end; the last comes to its end however much the machine does by then.
        let after = if round + 1 == TIMES { PATIENCE } else { whole * (round + 1) * 3 / (TIMES * 2) };
        for words in ["keys rotate --yes", "keys recover --key recovery.pem --yes"] {
            let before = is_whole(&desk.list());
            killed(&desk, words, after);
            let now = is_whole(&desk.list());
            changed += u32::from(before != now);
            match words.contains("recover") {
                true => assert!(now == before || (now.0, now.1) == (before.0 + 1, 1), "{before:?} {now:?}"),
                false => assert!(now == before || (now.0, now.1) == (before.0, before.1 + 1), "{before:?} {now:?}"),
            }
            assert_eq!(now.2 == before.2, now == before, "a change has a key of its own");
        }
    }
    assert!(changed > 0, "some were killed too late to undo");
    // Whatever came of it, the gateway serves it and a phone of the beginning follows to the key that signs.
    let _program = desk.serve();
    let reply = desk.metadata();
    let walked = walk(&trusted, reply);
    assert_eq!(walked.rest, Ok(()));
    assert_eq!(walked.trusted.metadata().keys[0].thumbprint().to_string(), signing(&desk.list()));
}

/// What a phone trusts that enrolled at the beginning.
fn first_trust(desk: &Desk) -> Trusted {
    let mut program = desk.serve();
    let reply = desk.metadata();
    let claims = reply.meta.claims();
    let code = countersign_protocol::push::EnrolCode::new(countersign_protocol::Secret::new(vec![1; 16])).unwrap();
    let link = EnrolLink { u: claims.iss.clone(), k: reply.meta.jws().kid(), c: code, x: claims.exp, p: None };
    let trusted = check::metadata_first(reply.meta.clone(), &link, claims.iat).unwrap();
    program.terminate();
    program.wait();
    trusted
}

/// How long a change takes that nobody kills.
#[expect(clippy::disallowed_methods, reason = "a running program is killed in the machine's time")]
fn time_of(desk: &Desk) -> Duration {
    let began = std::time::Instant::now();
    assert_eq!(desk.say("keys rotate --yes").code, Some(0));
    began.elapsed()
}
