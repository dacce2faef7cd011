//! What is never written anywhere, such as the key of nonces, is known by drawing it: a gateway in this process draws from
//! a generator that remembers, and says all it does to a log that the test reads.

use countersign_tests::log::Memory;
use countersign_tests::raw_phone::RawRequest;
use countersign_tests::stage::Stage;

use super::search::{Canary, Place, files, found};

/// Bytes from which on a draw is a key: ids, salts and the numbers used once of a cipher are shorter.
const KEY: usize = 20;

/// A login with a wrong try, a code, a refusal of each kind of error; then everything is searched for each key drawn.
#[test]
fn no_key_that_is_drawn_is_told() {
    let log = Memory::default();
    let dispatch = log.dispatch();
    let _here = tracing::dispatcher::set_default(&dispatch);
    let stage = Stage::logging(|_| {}, &dispatch);
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "drawn");
    let mut told = Vec::new();
    {
        let asked = stage.begin(&alice);
        let held = phone.challenges().pop().expect("a challenge");
        assert_eq!(phone.decide(&phone.approval(&held, &asked.wrong_digits())), "wrong");
        assert_eq!(phone.decide(&phone.approval(&held, &asked.digits())), "approved");
        assert!(asked.consume());
    }
    let requests = [
        RawRequest::get("/metadata"),
        RawRequest::get("/nowhere"),
        RawRequest::post("/poll", "{}"),
        RawRequest::post("/poll", "{").header("countersign-proof", &phone.proof("POST", "/poll", b"{")),
        RawRequest::post("/poll", "{}").header("countersign-proof", "a.b.c"),
        RawRequest::post("/answer", r#"{"answer":"a.b.c"}"#),
        RawRequest::post("/enrol", vec![b' '; 64 * 1024]),
        phone.proven("/poll", &phone.echo(0)),
    ];
    for request in requests {
        let reply = phone.wire.send(request);
        told.extend(reply.body);
        told.extend(reply.headers.iter().flat_map(|(name, value)| format!("\n{name}: {value}").into_bytes()));
    }

    let drawn = stage.drawn();
    let canaries: Vec<Canary> =
        drawn.iter().filter(|bytes| bytes.len() >= KEY).map(|bytes| Canary::bytes("a key", bytes)).collect();
    // Master key, key of nonces, key of answer codes, the sender of the sealed receipt, the seed that came along.
    assert!(canaries.len() >= 5, "{} keys were drawn", canaries.len());
    let log = log.bytes();
    let lines = String::from_utf8_lossy(&log).lines().count();
    assert!(lines > 20, "the log says what is done: {lines} lines");
    let mut places = vec![Place::new("log", log), Place::new("answers", told)];
    places.extend(files(stage.data()));
    let stands = found(&canaries, &places);
    assert!(stands.len() == 1 && stands[0].contains("/master.key"), "the master key's own file alone: {stands:?}");
}

/// The broken variant: a gateway that tells one of its keys to the log.
#[test]
fn a_key_in_the_log_is_found() {
    let log = Memory::default();
    let dispatch = log.dispatch();
    let stage = Stage::logging(|_| {}, &dispatch);
    let key = stage.drawn().into_iter().find(|bytes| bytes.len() >= KEY).expect("a key was drawn");
    tracing::dispatcher::with_default(&dispatch, || tracing::trace!(?key, "a nonce was asked for"));
    let places = [Place::new("log", log.bytes())];
    assert_eq!(found(&[Canary::bytes("a key", &key)], &places).len(), 1);
}
