//! Every limit of every package's table is tried by name somewhere: a limit that no test names is one that nobody holds.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_tests::source::{files, root};

/// Packages that have a table, each in `src/limits.rs`.
const PACKAGES: [&str; 4] = ["protocol", "core", "gateway", "cli"];

/// Limits that a test tries by their number, and where.
const BY_NUMBER: &[(&str, &str, &str)] = &[
    ("JWS_META JWS_ENROL JWS_RECEIPT JWS_CHALLENGE JWS_RESULT JWS_GONE", "protocol/src/tests/jws.rs", "over_limit"),
    (
        "JWS_ANSWER JWS_PROOF JWS_LINK JWS_KEYS JWS_POP JWS_INVITE JWS_CONFIRM",
        "protocol/src/tests/jws.rs",
        "over_limit",
    ),
    ("PROOF_URL", "protocol/src/tests/proof.rs", "htu_261"),
    ("NONCE", "protocol/src/tests/proof.rs", "nonce_129"),
    ("POLL_WAIT", "protocol/src/tests/proof.rs", "wait_31"),
    ("RECEIPT_TOTP", "protocol/src/tests/enrol_phone.rs", "receipt_totp"),
    ("CHALLENGES", "protocol/src/tests/reply.rs", "state_limits"),
    ("LINKS", "protocol/src/tests/meta.rs", "links_21"),
    ("RECOVERY", "protocol/src/tests/meta.rs", "recovery_11"),
    ("META_KEYS", "protocol/src/tests/meta.rs", "meta_keys_4"),
    ("META_PINS", "protocol/src/tests/meta.rs", "meta_pins"),
    ("META_LIFE", "protocol/src/tests/meta.rs", "meta_life_15d"),
    ("META_GRACE", "protocol/src/tests/meta.rs", "meta_expired_at_enrolment"),
    ("CLOCK_AHEAD", "protocol/src/tests/challenge.rs", "metadata_expired_approve"),
    ("CHALLENGE_LIFE", "protocol/src/tests/challenge.rs", "life_601"),
    ("INFO_LIFE", "protocol/src/tests/challenge.rs", "info_31_days"),
    ("OFFLINE_LEEWAY", "protocol/src/tests/offline.rs", "code_late"),
    ("JWS_OFFLINE", "protocol/src/tests/offline.rs", "jws_901"),
    ("SEALED_SMALL SEALED_LARGE", "protocol/src/tests/seal.rs", "too_long_a_text_is_not_sealed"),
    ("ATTESTATION_CHAIN", "protocol/src/tests/keys.rs", "attestation_has_the_members_of_its_kind"),
    ("COMBINING_MARKS", "protocol/src/uri/otpauth/name.rs", "four_marks_on_a_letter_stay"),
    ("BELL_PAUSE", "tests/app/seal.rs", "a_bell_polls_once_in_five_seconds"),
    ("EVENT_STREAM", "tests/app/events.rs", "a_gateway_that_never_ends_a_stream_is_left_after_twenty_minutes"),
    ("HISTORY_KEPT", "tests/app/history.rs", "what_was_decided_is_remembered_for_ninety_days_and_survives_the_process"),
    ("INBOX_MOST", "tests/app/seal.rs", "a_full_inbox_takes_no_more_and_an_extension_without_a_phone_says_so"),
    ("RETRY_MOST", "tests/app/events.rs", "a_stream_that_ends_at_once_is_opened_again_later_and_later"),
    ("RETRY_AFTER_MOST", "tests/app/reply.rs", "retry_after_year"),
    ("VAULT_KDF_PASSES VAULT_KDF_LANES VAULT_KDF_WORK", "core/src/vault/cost.rs", "costs_hold_their_limits"),
    (
        "PICTURE_HARD_STOP",
        "core/src/qr/decode.rs",
        "a_search_without_end_is_given_up_and_keeps_the_decoder_busy_until_it_ends",
    ),
    (
        "PIN_AHEAD",
        "tests/chain/certificate.rs",
        "a_next_key_is_listed_at_once_and_used_at_the_first_start_after_fourteen_days",
    ),
    ("COPIED", "tests/cli/clipboard.rs", "what_holds_it_takes_a_code_and_nothing_else"),
    ("OUTGOING_BODY", "tests/push/endpoint.rs", "no_more_than_four_kibibytes_are_read"),
    ("OUTGOING_CONNECT OUTGOING_TOTAL", "tests/push/endpoint.rs", "who_does_not_answer_is_left"),
];

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a source")
}

/// Tests, and the file that they stand in with its imports.
struct Tests {
    file: String,
    /// Where they begin.
    from: usize,
}

impl Tests {
    /// Whether they take a limit from a table.
    fn name(&self, limit: &str) -> bool {
        names(&self.file, limit) && is_word_of(&self.file[self.from..], limit)
    }
}

/// The tests of a package: its modules of tests, in files of their own or at the foot of others.
fn tests_of(package: &str) -> Vec<Tests> {
    let all = files(&root().join(package).join("src"), "rs");
    let mark = "#[cfg(test)]";
    let mut own: BTreeSet<String> = BTreeSet::new();
    for text in all.iter().map(|path| text(path)) {
        let marked = text.split(mark).skip(1);
        let named = marked.filter_map(|rest| rest.trim_start().strip_prefix("mod ")?.split_once(';'));
        own.extend(named.map(|(name, _)| name.to_owned()).filter(|name| !name.contains(['{', ' ', '\n'])));
    }
    let is_own = |path: &Path| {
        path.components().any(|part| own.contains(part.as_os_str().to_string_lossy().trim_end_matches(".rs")))
    };
    let tests = |path: &std::path::PathBuf| {
        let text = text(path);
        let is_own = is_own(path.strip_prefix(root()).expect("within"));
        let from = if is_own { Some(0) } else { text.find(mark) };
        from.map(|from| Tests { file: text, from })
    };
    all.iter().filter(|path| !path.ends_with("src/limits.rs")).filter_map(tests).collect()
}

/// Whether `text` takes this limit from a table: `limits::NAME`, or an import of it from there.
fn names(text: &str, name: &str) -> bool {
    let is_name = |text: &str| is_word_of(text, name);
    text.split("limits::").skip(1).any(|rest| match rest.strip_prefix('{') {
        Some(list) => is_name(list.split('}').next().unwrap_or_default()),
        None => rest.starts_with(name) && is_name(&rest[..(name.len() + 1).min(rest.len())]),
    })
}

fn is_word_of(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|it| it == word)
}

/// The limits of a table.
fn table(package: &str) -> Vec<String> {
    let source = text(&root().join(package).join("src/limits.rs"));
    let named = source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    named.filter(|name| *name != "TABLE").map(str::to_owned).collect()
}

#[test]
fn each_limit_is_named_by_a_test() {
    let journeys = files(&root().join("tests"), "rs");
    let journeys: Vec<Tests> = journeys.iter().map(|path| Tests { file: text(path), from: 0 }).collect();
    let by_number: BTreeSet<&str> = BY_NUMBER.iter().flat_map(|(limits, ..)| limits.split(' ')).collect();
    let mut missing = Vec::new();
    for package in PACKAGES {
        let own = tests_of(package);
        let limits = table(package);
        assert!(limits.len() > 5, "{package}: {limits:?}");
        let is_tried = |name: &&String| {
            by_number.contains(name.as_str()) || journeys.iter().chain(&own).any(|tests| tests.name(name))
        };
        missing.extend(limits.iter().filter(|name| !is_tried(name)).map(|name| format!("{package}: {name}")));
    }
    assert!(missing.is_empty(), "no test names\n{}", missing.join("\n"));
}

#[test]
fn what_is_tried_by_its_number_is_a_limit_and_its_test_is_there() {
    let all: BTreeSet<String> = PACKAGES.into_iter().flat_map(table).collect();
    for (limits, file, test) in BY_NUMBER {
        assert!(text(&root().join(file)).contains(&format!("fn {test}()")), "{file}: {test}");
        for limit in limits.split(' ') {
            assert!(all.contains(limit), "{limit}");
        }
    }
}

#[test]
fn a_name_counts_only_where_it_is_taken_from_a_table() {
    for (text, counts) in [
        ("limits::BODY", true),
        ("limits::BODY_ENROL", false),
        ("use x::limits::{A, BODY};", true),
        ("use x::limits::{A, FORM_BODY};", false),
        ("const BODY: usize = 3;", false),
    ] {
        assert_eq!(names(text, "BODY"), counts, "{text}");
    }
}
