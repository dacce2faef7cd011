//! Which module may name which, and who may ask the machine for time, files and sockets.

use countersign_tests::source::{Source, sources};

/// Features of core. None names another; what two need sits beside them.
const FEATURES: [&str; 6] = ["qr", "vault", "device", "push", "icons", "burn"];

/// Subjects of the gateway. None answers for another's routes, and none reaches into another's store but by [`TOGETHER`].
const SUBJECTS: [&str; 15] = [
    "person", "session", "enrol", "approval", "chain", "notice", "push", "login", "audit", "attest", "webpush",
    "outgoing", "origin", "tls", "value",
];

/// What must change together stands in one transaction, so a store calls functions of these other stores in its own. By
/// file, or by folder where it ends in `/`.
const TOGETHER: &[(&str, &[&str])] = &[
    // A decision: is the device active, was the code's step used, whose session it ends, which notice it answers.
    ("gateway/src/approval/store", &["audit", "enrol", "notice", "session"]),
    // A device that is removed or suspended: its open challenges and its sessions end, the other phones are told.
    ("gateway/src/enrol/store", &["approval", "audit", "notice", "session"]),
    // A report on a notice suspends the device that it was about.
    ("gateway/src/notice/store", &["audit", "enrol"]),
    // A person who is disabled: devices, sessions and open approvals end.
    ("gateway/src/person/store", &["approval", "audit", "enrol", "session"]),
    // A new gateway key: open approvals of the old one end, notices are signed anew, all phones are told. The next
    // certificate's key lies among the gateway's own values.
    ("gateway/src/chain/store", &["approval", "audit", "enrol", "notice", "value"]),
];

/// What the machine gives, and the files that may take it. A path ends in `/` when it is a folder.
const MACHINE: &[(&str, &[&str])] = &[
    ("std::time::SystemTime", &["core/src/system.rs", "gateway/src/port/machine.rs", "xtask/src/"]),
    (
        "std::time::Instant",
        &[
            "cli/src/tui/",
            "core/src/net.rs",
            "core/src/qr/",
            "core/src/system.rs",
            "gateway/src/port/machine.rs",
            "gateway/src/serve/deadline.rs",
            "gateway/src/store/writer.rs",
            "xtask/src/",
        ],
    ),
    ("std::net", &["core/src/net.rs", "core/src/net/", "emulator/src/vpcd.rs", "gateway/src/", "xtask/src/"]),
    (
        "std::fs",
        &[
            "cli/src/",
            "core/src/device/",
            "core/src/file.rs",
            "core/src/icons/",
            "core/src/vault/",
            "gateway/src/",
            "prompt/src/",
            "protocol/src/tests/generate/",
            "xtask/src/",
        ],
    ),
    (
        "std::process::Command",
        &["cli/src/port/clipboard/", "cli/src/port/reader/", "emulator/src/tests/", "gateway/src/seal/", "xtask/src/"],
    ),
    (
        "std::env",
        &[
            "cli/src/",
            "emulator/src/tests/",
            "gateway/src/config",
            "gateway/src/command.rs",
            "gateway/src/main.rs",
            "protocol/src/tests/generate/",
            "xtask/src/",
        ],
    ),
    ("ring::rand::SystemRandom", &["cli/src/port/", "core/src/system.rs", "gateway/src/port/machine.rs"]),
];

/// Every arrow in `source` that points the wrong way, as `file: from -> to`.
fn faults(source: &Source) -> Vec<String> {
    let mut faults: Vec<String> = source.paths().into_iter().filter(|path| is_backwards(source, path)).collect();
    faults.sort();
    faults.dedup();
    faults.into_iter().map(|path| format!("{}: {path}", source.file)).collect()
}

fn is_backwards(source: &Source, path: &str) -> bool {
    let segments: Vec<&str> = path.split("::").collect();
    let own = source.module.first().map(String::as_str).unwrap_or_default();
    let layer = source.module.get(1).map(String::as_str).unwrap_or_default();
    let across_core = source.package == "core"
        && match (segments.first(), segments.get(1)) {
            (Some(&"crate"), Some(&to)) if FEATURES.contains(&own) => {
                to == "app" || FEATURES.contains(&to) && to != own
            }
            (Some(&"crate"), Some(&to)) => own != "app" && !own.is_empty() && (to == "app" || FEATURES.contains(&to)),
            _ => false,
        };
    let across_gateway = source.package == "gateway"
        && SUBJECTS.contains(&own)
        && match segments.as_slice() {
            ["crate", to, "route", ..] => SUBJECTS.contains(to) && *to != own,
            ["crate", to, "store", ..] => SUBJECTS.contains(to) && *to != own && !is_together(&source.file, to),
            ["axum" | "hyper", ..] => matches!(layer, "service" | "store"),
            _ => false,
        };
    // The phone in the terminal rests on what the commands say; no command draws it.
    let across_cli =
        source.package == "cli" && !matches!(own, "" | "tui") && matches!(segments.as_slice(), ["crate", "tui", ..]);
    let machine = MACHINE
        .iter()
        .any(|(thing, places)| is_within(path, thing) && !places.iter().any(|place| source.file.starts_with(place)));
    across_core || across_gateway || across_cli || machine
}

/// Whether the file may call the store of the subject `to` inside a transaction of its own.
fn is_together(file: &str, to: &str) -> bool {
    let own = |(from, _): &&(&str, &[&str])| {
        file.strip_prefix(from).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    };
    TOGETHER.iter().filter(own).any(|(_, others)| others.contains(&to))
}

/// `std::net` holds `std::net::TcpStream`, and not `std::network`.
fn is_within(path: &str, thing: &str) -> bool {
    path.strip_prefix(thing).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn modules_name_one_way() {
    let all = sources();
    assert!(all.len() > 20, "the sources were not found");
    let faults: Vec<String> = all.iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "arrows drawn backwards:\n{}", faults.join("\n"));
}

#[test]
fn an_arrow_drawn_backwards_is_caught() {
    let drawn = include_str!("../fixtures/architecture/backwards.rs");
    let found = faults(&Source::parse("core/src/device/record.rs", drawn));
    let expected = [
        "crate::app::App",
        "crate::push::poll",
        "crate::vault::Vault",
        "std::net::TcpStream::connect",
        "std::time::SystemTime",
        "std::time::SystemTime::now",
    ];
    assert_eq!(found, expected.map(|path| format!("core/src/device/record.rs: {path}")));
}

#[test]
fn a_look_into_another_subjects_table_is_caught() {
    let drawn = include_str!("../fixtures/architecture/subject.rs");
    let found = faults(&Source::parse("gateway/src/login/service.rs", drawn));
    assert_eq!(
        found,
        [
            "axum::extract::State",
            "crate::approval::store::Row",
            "crate::chain::store::listed_since",
            "crate::notice::store::tell",
            "crate::person::store::get",
            "crate::session::store::remove",
        ]
        .map(|path| format!("gateway/src/login/service.rs: {path}"))
    );
}

#[test]
fn a_command_that_names_the_phone_in_the_terminal_is_caught() {
    let drawn = "use crate::tui::view::columns;";
    let found = faults(&Source::parse("cli/src/command/list.rs", drawn));
    assert_eq!(found, ["cli/src/command/list.rs: crate::tui::view::columns"]);
    for own in ["cli/src/tui/screen.rs", "cli/src/lib.rs"] {
        assert_eq!(faults(&Source::parse(own, drawn)), Vec::<String>::new());
    }
}

#[test]
fn each_arrow_between_stores_is_one_that_is_drawn() {
    let all = sources();
    for (from, others) in TOGETHER {
        let own = |source: &&Source| {
            source.file.strip_prefix(from).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        let paths: Vec<String> = all.iter().filter(own).flat_map(Source::paths).collect();
        for to in *others {
            let start = format!("crate::{to}::store::");
            assert!(paths.iter().any(|path| path.starts_with(&start)), "{from} -> {to}: nobody needs it");
        }
    }
    // A store that is not named here has none.
    let drawn = include_str!("../fixtures/architecture/subject.rs");
    let found = faults(&Source::parse("gateway/src/session/store.rs", drawn));
    assert!(found.iter().any(|fault| fault.ends_with("crate::notice::store::tell")), "{found:?}");
}

#[test]
fn the_same_source_elsewhere_is_no_fault() {
    let drawn = include_str!("../fixtures/architecture/subject.rs");
    assert_eq!(faults(&Source::parse("gateway/src/command/user.rs", drawn)), Vec::<String>::new());
}
