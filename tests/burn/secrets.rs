//! P9 at burns: seeds, keys and codes stand in nothing that is printed on the way, whatever fails, and in no ledger that is
//! written without them.

use std::fmt::Write as _;

use countersign_core::burn::ledger::{Entry, Form, Proof, write};
use countersign_core::burn::{Apdu, Judgement, Operation, Protection, Serial, conclude, holds};
use countersign_emulator::Fault;
use countersign_protocol::Secret;
use countersign_tests::double::SeededRandom;
use countersign_tests::log::Memory;

use super::stand::{CODE, Case, NOW, RFC_SEED, Run, cases, met};
use crate::leak::search::{Canary, Place, found};

/// What is secret in these burns. `CODE` is an owner's key.
fn canaries(case: &Case) -> Vec<Canary> {
    let credential = &case.request.credential;
    let mut all = vec![Canary::bytes("seed", RFC_SEED), Canary::bytes("owner's key", CODE)];
    let moments = [0, 59, 1_111_111_109, NOW - 30, NOW, NOW + 30];
    let codes = moments.map(|at| Canary::digits("code", &credential.code_at(at)));
    all.extend(codes);
    all
}

/// Everything that a burn with one fault could have said of itself.
fn said(case: &Case, number: usize, fault: Fault) -> String {
    let mut said = String::new();
    let mut run = Run::new(case);
    run.wire.0.fault(number, fault);
    let mut say = |what: &dyn std::fmt::Debug| writeln!(said, "{what:?} {what:#?}").unwrap();
    let outcome = run.burn();
    if let Err(halt) = &outcome {
        say(&halt.to_string());
        let source = std::error::Error::source(halt).map(ToString::to_string);
        say(&source);
    }
    say(&outcome);
    say(&run.journal);
    say(&case.request);
    say(&case.key);
    say(&Operation::ChangeKey(Secret::from_slice(CODE)));
    say(&Operation::Delete(case.request.clone()));
    run.wire.0.come_back();
    if let Ok(mut found) = met(&mut run.wire, case.family, &run.earth) {
        say(found.identity());
        say(&found.capabilities());
        let plan = found.plan(case.request.clone(), &case.key, run.earth.tools());
        say(&plan);
        for record in run.journal.records() {
            say(&holds(&mut found, record, &[], &case.key, run.earth.tools()));
        }
    }
    let token = run.journal.records().first().map(|record| record.token.clone());
    if let Some(token) = token {
        say(&conclude(&mut run.journal, &token, Some(Judgement::WrongSeed)));
    }
    for exchange in run.wire.0.exchanges().iter().filter(|exchange| exchange.command.len() > 5) {
        let header = exchange.command[..4].try_into().unwrap();
        say(&Apdu::with(header, &exchange.command[5..]).unwrap());
    }
    said
}

#[test]
fn nothing_that_a_burn_prints_holds_a_seed_a_key_or_a_code() {
    let log = Memory::default();
    let mut places = Vec::new();
    tracing::dispatcher::with_default(&log.dispatch(), || {
        for case in cases() {
            let mut run = Run::new(&case);
            run.burn().unwrap();
            for number in 1..=run.wire.0.exchanges().len() {
                for fault in [Fault::DropBefore, Fault::DropAfter, Fault::Truncate] {
                    places.push((case.name, said(&case, number, fault)));
                }
            }
        }
    });
    assert!(places.iter().any(|(_, said)| said.contains("Seed(..)") || said.contains("Secret(..)")), "it is looked at");
    for case in cases() {
        let of_case = places.iter().filter(|(name, _)| *name == case.name);
        let mut of_case: Vec<Place> =
            of_case.map(|(name, said)| Place::new(*name, said.clone().into_bytes())).collect();
        of_case.push(Place::new("the log", log.bytes()));
        assert_eq!(found(&canaries(&case), &of_case), [""; 0]);
    }
}

/// A ledger without seeds holds none; one that is encrypted holds none in clear; and the search finds them where they stand.
#[test]
fn a_ledger_without_seeds_holds_none() {
    let case = &cases()[0];
    let entry = Entry {
        serial: Serial::try_from("86596220000001").unwrap(),
        profile: None,
        manufacturer: "Token2".into(),
        model: "OTPC-P2-i".into(),
        credential: case.request.credential.clone(),
        written_at: NOW,
        proof: Proof::ByCodes,
        ahead: None,
    };
    let key = Protection::Key(Secret::from_slice(b"sixteen letters!"));
    let password = Protection::Password { password: Secret::from_slice(CODE), rounds: 1_000 };
    let forms = [
        (Form::Table { seeds: false }, false),
        (Form::Json { seeds: false }, false),
        (Form::Pskc(key), false),
        (Form::Pskc(password), false),
        (Form::Table { seeds: true }, true),
        (Form::Json { seeds: true }, true),
        (Form::Oath, true),
        (Form::Entra, true),
        (Form::Pskc(Protection::Plain), true),
    ];
    for (form, has_seed) in forms {
        assert!(has_seed || !form.is_clear());
        let written = write(std::slice::from_ref(&entry), &form, &SeededRandom::new(9)).unwrap();
        assert!(written.left_out.is_empty());
        let places = [Place::new(format!("{form:?}"), written.bytes.to_vec())];
        let seen = found(&[Canary::bytes("seed", RFC_SEED), Canary::bytes("owner's key", CODE)], &places);
        assert_eq!(!seen.is_empty(), has_seed, "{form:?}: {seen:?}");
    }
}
