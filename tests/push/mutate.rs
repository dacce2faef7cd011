//! P7 `push::mutate`: no changed byte is accepted, in what a gateway takes (here) and in what a phone takes ([`phone`]).
//!
//! Short form: the lowest bit of each byte. Long form (`cargo xtask torture push::mutate`): each bit, and each length.

mod phone;

use std::cell::Cell;

use countersign_protocol::jose::b64u;
use countersign_tests::raw_phone::RawRequest;
use countersign_tests::stage::Stage;
use serde_json::json;

use super::is_long;
use super::sender::{Kind, Sender};

/// Every change of one bit (short form: the lowest of each byte) and, in the long form, every shorter text.
fn changes(good: &[u8]) -> Vec<Vec<u8>> {
    let bits: &[u8] = if is_long() { &[1, 2, 4, 8, 16, 32, 64, 128] } else { &[1] };
    let mut all = Vec::new();
    for at in 0..good.len() {
        for bit in bits {
            let mut changed = good.to_vec();
            changed[at] ^= bit;
            all.push(changed);
        }
        if is_long() {
            all.push(good[..at].to_vec());
        }
    }
    all
}

/// How many changed messages were taken, out of how many; the unchanged one must be.
fn taken(good: &[u8], accepts: impl Fn(&[u8]) -> bool) -> (usize, usize) {
    let all = changes(good);
    (taken_of(&all, good, accepts), all.len())
}

/// How many of `changed` were taken; after them all the unchanged message still must be.
fn taken_of(changed: &[Vec<u8>], good: &[u8], accepts: impl Fn(&[u8]) -> bool) -> usize {
    let taken = changed.iter().filter(|changed| accepts(changed)).count();
    assert!(accepts(good), "the unchanged message is taken");
    taken
}

/// Lets a second pass after so many messages: a network may not ask more.
fn breathe(sender: &Sender, sent: &Cell<u32>, at_once: u32) {
    sent.set(sent.get() + 1);
    if sent.get().is_multiple_of(at_once) {
        sender.stage.clock.advance(1);
    }
}

fn is_taken(verdict: &str) -> bool {
    assert!(!verdict.starts_with("429"), "asked too fast: nothing is shown");
    verdict.starts_with('2')
}

#[test]
fn answer() {
    let sender = Sender::new(Kind::Answer);
    let good = json!({"answer": sender.good()}).to_string();
    let sent = Cell::new(0);
    let (taken, of) = taken(good.as_bytes(), |body| {
        breathe(&sender, &sent, 90);
        is_taken(&sender.send_body("/answer", body))
    });
    assert!(taken == 0 && of > 500, "{taken} of {of}");
}

/// Changed messages a gateway: four go in a second, and what a code or an invitation begins lives for ten minutes.
const PER_CODE: usize = 2_000;

/// Every change of the body around a message of this kind, with a proof that fits the changed body: what is tested is the
/// message itself.
fn changed_bodies(kind: Kind) {
    let (mut taken, mut tried, mut of) = (0, 0, usize::MAX);
    while tried < of {
        // A gateway, a phone and a code for each part: what is refused is never refused because the code is over.
        let sender = Sender::new(kind);
        let (path, good) = sender.good_body();
        let good = good.to_string();
        let all = changes(good.as_bytes());
        let part: Vec<Vec<u8>> = all.iter().skip(tried).take(PER_CODE).cloned().collect();
        let sent = Cell::new(0);
        taken += taken_of(&part, good.as_bytes(), |body| {
            breathe(&sender, &sent, 4);
            is_taken(&sender.send_body(path, body))
        });
        (tried, of) = (tried + PER_CODE, all.len());
    }
    assert!(taken == 0 && of > 400, "{kind:?}: {taken} of {of}");
}

#[test]
fn enrol_request() {
    changed_bodies(Kind::Enrol);
}

#[test]
fn keys_and_the_word_of_the_new_key() {
    changed_bodies(Kind::Keys);
}

#[test]
fn invite() {
    changed_bodies(Kind::Invite);
}

#[test]
fn confirm() {
    changed_bodies(Kind::Confirm);
}

#[test]
fn proof() {
    let sender = Sender::new(Kind::Proof);
    let (taken, of) = taken(sender.good().as_bytes(), |proof| {
        // What no header can carry does not reach the gateway.
        let Ok(text) = std::str::from_utf8(proof) else { return false };
        text.bytes().all(|byte| (0x21..0x7f).contains(&byte)) && is_taken(&sender.send(text))
    });
    assert!(taken == 0 && of > 300, "{taken} of {of}");
}

#[test]
fn request_body() {
    let stage = Stage::start();
    let phone = stage.active_phone(&stage.person("alice"), "body");
    let endpoint = json!({"endpoint": "https://push.example.com/up/one"}).to_string();
    for (method, path, good) in [("POST", "/poll", phone.echo(0).to_string()), ("PUT", "/push", endpoint)] {
        let sent = Cell::new(0_u32);
        let (taken, of) = taken(good.as_bytes(), |body| {
            sent.set(sent.get() + 1);
            if sent.get().is_multiple_of(4) {
                stage.clock.advance(1);
            }
            let proof = phone.proof(method, path, good.as_bytes());
            let request = RawRequest { method, ..RawRequest::post(path, body) };
            is_taken(&phone.wire.send(request.header("countersign-proof", &proof)).verdict())
        });
        assert!(taken == 0 && of > 40, "{path}: {taken} of {of}");
    }
}

/// The same message signed anew, where it is right in form.
fn signed_anew(sender: &Sender, jws: &[u8]) -> Option<String> {
    let mut parts = std::str::from_utf8(jws).ok()?.split('.').map(b64u::decode);
    let (Ok(header), Ok(payload)) = (parts.next()?, parts.next()?) else { return None };
    Some(sender.signed(std::str::from_utf8(&header).ok()?, &payload))
}

/// The broken variant: the real gateway behind a door that takes what is right in form for signed, so that it is one that
/// does not look at signatures.
#[test]
fn a_gateway_without_signatures_is_caught() {
    for kind in [Kind::Answer, Kind::Proof] {
        let (sender, sent) = (Sender::new(kind), Cell::new(0));
        let taken = changes(sender.good().as_bytes()).into_iter().filter(|jws| {
            breathe(&sender, &sent, 4);
            signed_anew(&sender, jws).is_some_and(|jws| is_taken(&sender.send(&jws)))
        });
        assert!(taken.count() > 0, "{kind:?}");
    }
}

/// Another: behind a door that makes the proof fit whatever body came, so that it is one that does not look at `bh`.
#[test]
fn a_gateway_that_does_not_compare_bodies_is_caught() {
    let stage = Stage::start();
    let phone = stage.active_phone(&stage.person("alice"), "body");
    let good = phone.echo(0).to_string();
    let sent = Cell::new(0_u32);
    let (taken, of) = taken(good.as_bytes(), |body| {
        sent.set(sent.get() + 1);
        if sent.get().is_multiple_of(4) {
            stage.clock.advance(1);
        }
        let proof = phone.proof("POST", "/poll", body);
        let request = RawRequest::post("/poll", body);
        is_taken(&phone.wire.send(request.header("countersign-proof", &proof)).verdict())
    });
    assert!(taken > 0, "none of {of}");
}
