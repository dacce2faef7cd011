//! What each fuzz target does with its bytes, and what it is held against: never a panic, what is taken comes back the
//! same, two ways to read say the same, and time and memory are bounded.
//!
//! The same bodies serve `cargo xtask fuzz` (in `fuzz/`, a workspace of its own) and `journeys/fuzzed`, which replays every
//! corpus file in each run of the tests.
#![allow(clippy::expect_used, reason = "a target says by a panic that it found something")]

mod burn;
mod card;
mod code;
mod gateway;
mod link;
mod message;
mod picture;
mod seeds;
mod vault;

pub use seeds::seeds;

use rustix::time::{ClockId, clock_gettime};

/// One target.
pub struct Target {
    /// As `cargo xtask fuzz` and the corpus' folder call it.
    pub name: &'static str,
    /// Reads the bytes; whether they were taken. Panics where an answer is wrong.
    pub run: fn(&[u8]) -> bool,
    /// What one input may cost.
    pub bound: Bound,
    /// Texts that the format is made of, for the fuzzer to put in.
    pub words: &'static [&'static str],
}

/// What one input may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// 64 times its bytes and 1 MB of memory; 25 ms, of which ten times as much is the hard stop here.
    Text,
    /// What its reader has: a picture is as large as it declares and is searched on a thread with a hard stop, a vault is a
    /// file.
    Own,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    text("otpauth", link::otpauth, link::OTPAUTH_WORDS),
    text("migration", link::migration, &[link::TRANSFER]),
    text("classify", link::classify, link::CLASSIFY_WORDS),
    text("links", link::links, link::LINK_WORDS),
    text("urls", link::urls, link::LINK_WORDS),
    text("base32", code::base32, &["=", " ", "-", "0", "1", "8"]),
    text("ocra", code::ocra, code::OCRA_WORDS),
    text("typed", code::typed, &[" ", "-", "\u{200b}", "٠", "９"]),
    text("json", message::json, message::JSON_WORDS),
    text("jws", message::jws, &["eyJhbGciOiJFUzI1NiIsImtpZCI6I", "LCJ0eXAiOiJjcy", "."]),
    text("jwk", message::jwk, &["\"kty\":\"EC\"", "\"crv\":\"P-256\"", "\"x\":", "\"y\":"]),
    text("challenge", message::challenge, message::CLAIM_WORDS),
    text("answer", message::answer, message::CLAIM_WORDS),
    text("proof", message::proof, message::CLAIM_WORDS),
    text("metadata", message::metadata, message::CLAIM_WORDS),
    text("message", message::message, message::CLAIM_WORDS),
    text("state_json", message::state, message::STATE_WORDS),
    text("body", message::body, message::CLAIM_WORDS),
    text("events", message::events, &["event: state", "data: ", "\r\n", "\n\n", ": "]),
    text("sealed", message::sealed, &[]),
    text("x509_chain", gateway::x509_chain, &[]),
    text("attestation", gateway::attestation, &[]),
    text("config_toml", gateway::config_toml, gateway::CONFIG_WORDS),
    text("form_body", gateway::form_body, &["token=", "&", "=", "%20", "+", "%f0%9f%92%a9"]),
    text("burn_table", burn::table, burn::TABLE_WORDS),
    text("burn_seed", burn::seed, &["GEZDGNBV", "31323334", "0x", " ", "-", ":", "="]),
    text("burn_ledger", burn::ledger, burn::LEDGER_WORDS),
    text("pskc_xml", burn::pskc, burn::PSKC_WORDS),
    text("apdu_response", card::response, card::WORDS),
    text("tlv", card::objects, card::WORDS),
    text("hostile_card", card::hostile, card::WORDS),
    own("vault_header", vault::header),
    own("vault_row", vault::row),
    own("vault_file", vault::file),
    own("qr_luma", picture::luma),
    formed("png", picture::file, picture::PNG_WORDS),
    formed("jpeg", picture::file, picture::JPEG_WORDS),
    formed("icon_pack", picture::icon_pack, picture::ICON_PACK_WORDS),
];

const fn text(name: &'static str, run: fn(&[u8]) -> bool, words: &'static [&'static str]) -> Target {
    Target { name, run, bound: Bound::Text, words }
}

const fn own(name: &'static str, run: fn(&[u8]) -> bool) -> Target {
    formed(name, run, &[])
}

const fn formed(name: &'static str, run: fn(&[u8]) -> bool, words: &'static [&'static str]) -> Target {
    Target { name, run, bound: Bound::Own, words }
}

/// Beside 64 times the input.
const MEMORY: u64 = 1 << 20;
/// Nanoseconds of the processor: ten times what a refusal may take.
const TIME: i128 = 250_000_000;

impl Target {
    /// The target of this name.
    ///
    /// # Panics
    /// When there is none.
    pub fn named(name: &str) -> &'static Self {
        TARGETS.iter().find(|target| target.name == name).expect("a target of this name")
    }

    /// Reads `input` within its bounds; whether it was taken.
    ///
    /// # Panics
    /// Where the target does, or a bound is passed.
    pub fn check(&self, input: &[u8]) -> bool {
        let mut taken = false;
        let start = processor();
        let used = allocation_counter::measure(|| taken = (self.run)(input)).bytes_max;
        let took = processor() - start;
        if self.bound == Bound::Text {
            let most = 64 * input.len() as u64 + MEMORY;
            assert!(used <= most, "{}: {used} bytes of memory for {} bytes", self.name, input.len());
            assert!(took <= TIME, "{}: {} ms for {} bytes", self.name, took / 1_000_000, input.len());
        }
        taken
    }
}

/// Nanoseconds that this thread had a processor: whatever else the machine does is not in them.
fn processor() -> i128 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

/// The input as text, for targets that read nothing else.
fn as_text(input: &[u8]) -> &str {
    let whole = |fault: std::str::Utf8Error| std::str::from_utf8(&input[..fault.valid_up_to()]);
    std::str::from_utf8(input).or_else(whole).unwrap_or_default()
}
