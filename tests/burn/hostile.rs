//! Cards that want their host to stumble: it ends, soon, and says why.

use std::collections::BTreeSet;

use countersign_core::burn::Halt;
use countersign_core::limits;
use countersign_emulator::{Exchange, Fault, Hostile};
use countersign_tests::source::{files, root};

use super::stand::{Run, cases, further};

const ALL: [Hostile; 11] = [
    Hostile::EndlessMore,
    Hostile::EmptyMore,
    Hostile::EndlessLength,
    Hostile::HugeTlv,
    Hostile::NestedTlv,
    Hostile::EndlessPages,
    Hostile::Yes,
    Hostile::Oversized(limits::APDU_ANSWER + 1),
    Hostile::Oversized(70_000),
    Hostile::Empty,
    Hostile::HalfStatus,
];

/// What one command may cost.
const A_COMMAND: usize = 2 * limits::APDU_PARTS + 1;

#[test]
fn a_hostile_card_ends_within_bounds_at_every_command_of_every_family() {
    for case in cases() {
        let mut run = Run::new(&case);
        assert_eq!(run.burn(), Ok(case.ending));
        let commands = run.wire.0.exchanges().len();
        for number in 1..=commands {
            for hostile in ALL {
                let mut run = Run::new(&case);
                run.wire.0.fault(number, Fault::Hostile(hostile));
                let outcome = run.burn();
                let what = format!("{}, command {number}, {hostile:?}: {outcome:?}", case.name);
                // Nothing that it says proves anything.
                assert!(!outcome.as_ref().is_ok_and(|ending| ending.is_proven()), "{what}");
                let sent = run.wire.0.exchanges().len() - (number - 1);
                assert!(sent <= limits::TOKEN_PAGES + 8 + 2 * A_COMMAND, "{sent} {what}");
                let is_proof = |sent: &&Exchange| matches!(sent.command[..2], [0x80, 0xce] | [0x00, 0xa3]);
                assert!(run.wire.0.exchanges().iter().filter(is_proof).count() <= 1, "{what}");
                if let Err(Halt::Stopped(stop)) = &outcome {
                    assert!((1..=2).contains(&stop.holds.len()), "{what}");
                }
                // It is gone, and the token is taken up again.
                run.wire.0.come_back();
                let ended = run.go_on();
                assert!(further(&ended, case.ending).is_some_and(|codes| codes <= 1), "{what}, then {ended:?}");
            }
        }
    }
}

/// What the emulator can do to a link, some test here lets it do; and each hostile answer is among those above.
#[test]
fn every_fault_of_the_emulator_is_used() {
    let source = syn::parse_file(include_str!("../../emulator/src/link.rs")).unwrap();
    let variants = |name: &str| -> BTreeSet<String> {
        let found = source.items.iter().find_map(|item| match item {
            syn::Item::Enum(them) if them.ident == name => Some(&them.variants),
            _ => None,
        });
        found.unwrap().iter().map(|variant| variant.ident.to_string()).collect()
    };
    let tried = ALL.iter().map(|hostile| format!("{hostile:?}").split('(').next().unwrap_or_default().to_owned());
    assert_eq!(tried.collect::<BTreeSet<_>>(), variants("Hostile"));
    let tests: String =
        files(&root().join("tests/burn"), "rs").iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for fault in variants("Fault") {
        assert!(tests.contains(&format!("Fault::{fault}")), "{fault}");
    }
}
