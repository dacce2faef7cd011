//! The gateway's keys: rotation and recovery, as a phone follows them and as the operator makes them (push-v1 §11).

mod certificate;
mod commands;
mod killed;
mod open;
mod recovery;
mod repeats;
mod rotation;

use countersign_protocol::jose::{H32, Refused};
use countersign_protocol::push::MetadataReply;
use countersign_protocol::push::check::{self, Trusted};
use countersign_protocol::push::walk::{Walk, walk};
use countersign_protocol::uri::EnrolLink;
use countersign_tests::raw_phone::{RawRequest, Wire, sign};
use countersign_tests::stage::{BEGIN, Stage};
use serde_json::Value;

/// What a phone keeps of a gateway, and how it follows.
#[derive(Clone)]
struct Follower {
    trusted: Trusted,
}

impl Follower {
    /// What a phone trusts that enrolled by a code of now.
    fn enrolled(stage: &Stage) -> Self {
        Self::enrolled_as(stage, "follower")
    }

    fn enrolled_as(stage: &Stage, name: &str) -> Self {
        let link = stage.link(&stage.person(name), name);
        Self::by(&answer(stage), &link)
    }

    fn by(answer: &[u8], link: &EnrolLink) -> Self {
        let reply: MetadataReply = countersign_protocol::json::parse(answer).expect("well formed");
        Self { trusted: check::metadata_first(reply.meta, link, BEGIN).expect("taken") }
    }

    /// Walks to what was answered; what is trusted stays trusted in any case.
    fn follow(&mut self, answer: &[u8]) -> Result<usize, Refused> {
        let reply: MetadataReply = countersign_protocol::json::parse(answer).expect("well formed");
        let Walk { trusted, steps, rest, .. } = walk(&self.trusted, reply);
        self.trusted = trusted;
        rest.map(|()| steps)
    }

    fn version(&self) -> (u64, u64) {
        (self.trusted.metadata().epoch, self.trusted.metadata().seq)
    }

    /// Thumbprints of the keys that are trusted, as the gateway lists them.
    fn keys(&self) -> Vec<H32> {
        self.trusted.metadata().keys.iter().map(countersign_protocol::jose::Jwk::thumbprint).collect()
    }
}

/// The body of `GET u/metadata`.
fn answer(stage: &Stage) -> Vec<u8> {
    let reply = Wire::new(&stage.u(), stage.address()).send(RawRequest::get("/metadata"));
    assert_eq!(reply.status, 200);
    reply.body
}

/// The answer, with other claims in its `meta`, signed by another key.
fn forged(answer: &[u8], key: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut reply: Value = serde_json::from_slice(answer).unwrap();
    let mut claims = countersign_tests::raw_phone::payload(reply["meta"].as_str().unwrap());
    change(&mut claims);
    reply["meta"] = sign("cs-meta+jwt", &claims, &countersign_tests::raw_phone::Key::named(key)).into();
    reply.to_string().into_bytes()
}

/// Thumbprint of a key of the published vectors.
fn print(name: &str) -> H32 {
    countersign_tests::raw_phone::Key::named(name).jwk().thumbprint()
}
