//! What operators and phones give the gateway.

use axum::body::Body;
use axum::extract::Request;
use countersign_gateway::attest::chain::{Revoked, Root, leaf};
use countersign_gateway::attest::description;
use countersign_gateway::config::{Config, ConfigFault, Source};
use countersign_gateway::limits;
use countersign_gateway::request::Fields;
use countersign_protocol::limits::ATTESTATION_CHAIN;
use futures_util::FutureExt as _;

use crate::as_text;

pub const CONFIG_WORDS: &[&str] = &[
    "public_url = 'https://gate.example'",
    "[approval]",
    "[policy]",
    "[limits]",
    "digits = ",
    "tries = ",
    "life = ",
    "true",
    "[[",
    "'''",
    "1979-05-27",
    "0x",
];

/// The root that the chains of the corpus lead to.
const ROOT: &[u8] = include_bytes!("root.der");
/// A moment at which they are valid.
const NOW: u64 = 1_795_260_000;

/// Certificates, each after its length in two bytes, leaf first.
pub fn x509_chain(input: &[u8]) -> bool {
    let (mut rest, mut chain) = (input, Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (certificate, after) = after.split_at(usize::from(u16::from_be_bytes(*length)).min(after.len()));
        chain.push(certificate.to_vec());
        rest = after;
    }
    for certificate in &chain {
        assert!(Root::read(certificate).is_none() || certificate.len() <= limits::CERTIFICATE_BYTES);
    }
    let roots = [Root::read(ROOT).expect("the root of the corpus")];
    let Ok(leaf) = leaf(&chain, &roots, &Revoked::default(), NOW) else { return false };
    assert!((1..=ATTESTATION_CHAIN).contains(&chain.len()) && leaf.point.len() == 65);
    let said = |part: &[u8]| chain[0].windows(part.len().max(1)).any(|window| window == part);
    assert!(said(&leaf.point) && said(&leaf.description), "what is told of the leaf stands in it");
    true
}

/// What hardware says of a key.
pub fn attestation(input: &[u8]) -> bool {
    description::read(input).is_ok()
}

/// The gateway's settings: what is taken is within its bounds, what is not has a remedy.
pub fn config_toml(input: &[u8]) -> bool {
    let Ok(source) = Source::toml("gateway.toml", as_text(input)) else { return false };
    match Config::from_sources(&[source]) {
        Ok(config) => {
            let approval = &config.approval;
            assert!((2..=8).contains(&approval.digits) && (1..=5).contains(&approval.tries));
            assert!((30..=600).contains(&approval.life) && (1..=3).contains(&approval.open));
            assert!(!config.listen.is_empty());
            true
        }
        Err(ConfigFault::Wrong(wrong)) => {
            assert!(!wrong.is_empty() && wrong.iter().all(|it| !it.remedy.is_empty()));
            false
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// The body of a form: each name once.
pub fn form_body(input: &[u8]) -> bool {
    let form = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(Body::from(input.to_vec())).expect("a request");
    // All of it is there, so that nothing is waited for.
    let Some(mut fields) = Fields::read(form).now_or_never().expect("an end") else { return false };
    let token = fields.get("token").to_owned();
    let taken = fields.take("token").unwrap_or_default();
    assert_eq!((taken, fields.get("token")), (token, ""), "a field is taken once");
    true
}
