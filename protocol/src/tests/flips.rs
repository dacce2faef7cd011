//! Any bit changed in a challenge, an answer, a proof, a request body or a sealed part: nothing is
//! accepted (goal G1 of push-v1).

use super::{Sample, every_kind, link, receiver, sample, vectors};
use crate::json;
use crate::push::{EnrolRequest, Message, Receipt, SealedReceipt};

/// Every text that differs in one bit, as far as it is text at all.
fn flips(text: &str) -> impl Iterator<Item = String> + '_ {
    some_flips(text, 1)
}

/// One in `step` of them.
fn some_flips(text: &str, step: usize) -> impl Iterator<Item = String> + '_ {
    (0..text.len() * 8).step_by(step).filter_map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

fn none_is_accepted(sample: &Sample) {
    let mut tried = 0;
    for flipped in flips(&sample.text) {
        assert!(sample.read(&flipped).is_err(), "{flipped}");
        tried += 1;
    }
    assert!(tried >= sample.text.len() * 7);
}

#[test]
fn challenge() {
    none_is_accepted(&sample("challenge"));
}

#[test]
fn answer() {
    none_is_accepted(&sample("answer approve by digits"));
    none_is_accepted(&sample("answer deny"));
}

#[test]
fn proof() {
    none_is_accepted(&sample("proof POST poll"));
}

/// Whatever else is signed, the long ones too, with a change in every byte, each bit of a byte in turn.
#[test]
fn every_kind_of_message() {
    let receipts = ["receipt for keys ak", "receipt for invite"].map(sample);
    for sample in every_kind().into_iter().chain(receipts) {
        assert_eq!(sample.read(&sample.text), Ok(()), "control");
        for flipped in some_flips(&sample.text, 7) {
            assert!(sample.read(&flipped).is_err(), "{flipped}");
        }
    }
}

/// Of a request body: another `bh`, or not even the form; and if the proof did not stand before it,
/// the code and the key inside would still refuse what is changed.
#[test]
fn request_body() {
    let file = vectors!("messages");
    let case = file["proofs"].as_array().unwrap().iter().find(|proof| proof["name"] == "proof POST enrol").unwrap();
    let body = case["body"].as_str().unwrap();
    let original: EnrolRequest = json::parse(body.as_bytes()).unwrap();
    for flipped in flips(body) {
        let Ok(request) = json::parse::<EnrolRequest>(flipped.as_bytes()) else { continue };
        let input = request.enrol.jws().signing_input().as_bytes().to_vec();
        let taken = link().c.cm_fits(&input, &request.cm)
            && request.enrol.clone().verify(&original.enrol.claims().keys.ak).is_ok();
        assert!(!taken, "{flipped}");
    }
}

#[test]
fn sealed_part() {
    let receipt = Message::<Receipt>::parse(&sample("receipt").text).unwrap();
    let sealed = &receipt.claims().sealed;
    let receiver = receiver();
    assert!(SealedReceipt::open(&receiver, sealed).is_ok(), "control");
    for bit in 0..sealed.0.len() * 8 {
        let mut flipped = sealed.clone();
        flipped.0[bit / 8] ^= 1 << (bit % 8);
        assert!(SealedReceipt::open(&receiver, &flipped).is_err(), "bit {bit}");
    }
}
