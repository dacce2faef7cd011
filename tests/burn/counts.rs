//! As many commands and bytes as a burn must be, and no more.

use countersign_core::burn::{Ending, Family, Hints, KeyProfile, Met, Operation, Request, meet};
use countersign_emulator::{Exchange, Fault, Key, Link};
use countersign_protocol::Secret;

use super::stand::{Any, CODE, Case, Earth, OATH, Run, Wire, cases, hints, request, seed};

/// Commands, and bytes both ways, of some of what went over the link.
fn sum<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>) -> (usize, usize) {
    exchanges.into_iter().fold((0, 0), |(commands, bytes), exchange| {
        (commands + 1, bytes + exchange.command.len() + exchange.answer.as_ref().map_or(0, Vec::len))
    })
}

fn named(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

/// A burn without faults.
fn burnt(case: &Case) -> Run<'_> {
    let mut run = Run::new(case);
    assert_eq!(run.burn(), Ok(case.ending));
    run
}

#[test]
fn a_single_profile_token_is_five_commands_and_one_to_read_back() {
    for (length, bytes) in [(20, 178), (32, 194), (63, 210)] {
        let mut case = named("single, restricted");
        case.request.credential.seed = seed(&vec![7; length]);
        let run = burnt(&case);
        assert_eq!(sum(run.wire.0.exchanges()), (6, bytes));
        if length == 20 {
            assert_eq!(sum(&run.wire.0.exchanges()[..5]), (5, 145));
        }
    }
    let case = named("single, unrestricted");
    let mut run = Run::new(&case);
    let mut found = super::stand::met(&mut run.wire, case.family, &run.earth).unwrap();
    found.operate(&Operation::SyncClock(request()), &case.key, run.earth.tools()).unwrap();
    assert_eq!(sum(run.wire.0.exchanges()), (4, 102));
}

#[test]
fn a_molto_is_asked_who_it_is_and_then_eight_commands() {
    let case = named("molto, free profile");
    let run = burnt(&case);
    let kinds: Vec<_> = run.wire.0.exchanges().iter().map(|exchange| exchange.command[1]).collect();
    // Who it is; block, challenge, proof, settings, seed, title, block, and whether it is the same one still: the seven of the
    // script, one before them that tells who lies there, and one behind, since a token that was swapped before the second look
    // would be taken for this one (`swapped.rs`).
    assert_eq!(kinds, [0x41, 0x41, 0x4b, 0xce, 0xd4, 0xc5, 0xd5, 0x41, 0x41]);
    let case = named("molto, taken profile");
    assert_eq!(burnt(&case).wire.0.exchanges().len(), 10);
}

#[test]
fn a_yubikey_is_three_commands_and_a_list_that_says_what_would_be_gone() {
    let mut case = named("yubikey");
    // The figures are of a name of 38 bytes.
    case.request.credential.name = "n".repeat(33);
    let run = burnt(&case);
    let (lists, others): (Vec<_>, Vec<_>) =
        run.wire.0.exchanges().iter().partition(|exchange| exchange.command[1] == 0xa1);
    assert_eq!((sum(lists).0, sum(others)), (1, (3, 165)));
    let mut case = named("yubikey, access code");
    case.request.credential.name = "n".repeat(33);
    let run = burnt(&case);
    let others = run.wire.0.exchanges().iter().filter(|exchange| exchange.command[1] != 0xa1);
    // Three more than computed: SELECT tells the algorithm of the access code.
    assert_eq!(sum(others), (4, 236 + 3));
}

/// The applet is chosen before.
#[test]
fn a_list_of_sixty_four_entries_is_six_commands() {
    let earth = Earth::new();
    let mut wire = Wire(Link::new(Any::Key(Box::new(Key::yubikey([5, 7, 1], 7, earth.still.clone())))));
    // The figures are of names of 17 bytes up to the ninth, and of 18 from there.
    for number in 1..=64 {
        let Ok(Met::Token(mut found)) = meet(&mut wire, hints(OATH), earth.tools()) else { panic!("it is met") };
        let mut one = request();
        one.credential.name = format!("some.person{number}");
        let plan = found.plan(one, &KeyProfile::Vendor, earth.tools()).unwrap();
        found.execute(&plan, &KeyProfile::Vendor, earth.tools(), &mut |_| ()).unwrap();
    }
    let before = wire.0.exchanges().len();
    let Ok(Met::Token(mut found)) = meet(&mut wire, hints(OATH), earth.tools()) else { panic!("it is met") };
    assert!(found.plan(request(), &KeyProfile::Vendor, earth.tools()).is_ok());
    let (select, list) = wire.0.exchanges()[before..].split_first().unwrap();
    // One more than computed: LIST has the length of its answer behind it, as whatever brings nothing and fetches something.
    assert_eq!((sum([select]), sum(list)), ((1, 29), (6, 1_371 + 1)));
}

#[test]
fn token2s_applet_is_three_commands_and_one_to_read_back() {
    let case = named("token2");
    let run = burnt(&case);
    let exchanges = run.wire.0.exchanges();
    // Its name and number; the applet again, and its pages; then the burn.
    assert_eq!(exchanges.len(), 3 + 2 + 3);
    let select = &exchanges[3];
    assert_eq!(sum([select, &exchanges[5], &exchanges[6]]), (3, 205));
}

/// Beside the families above: their commands and bytes, which the bench holds against its own.
#[test]
fn a_molto_a_nitrokey_and_a_feitian_key_take_so_many_bytes() {
    let taken = ["molto, free profile", "nitrokey", "feitian"].map(|name| {
        let mut case = named(name);
        case.request.credential.name = "person 7".into();
        sum(burnt(&case).wire.0.exchanges())
    });
    assert_eq!(taken, [(9, 285), (4, 128), (4, 119)]);
}

#[test]
fn finding_out_is_one_command_for_who_is_expected_and_four_for_anyone() {
    let earth = Earth::new();
    let count = |token: Any, hints: Hints<'_>| {
        let mut wire = Wire(Link::new(token));
        let met = meet(&mut wire, hints, earth.tools()).map(|met| matches!(met, Met::Token(_)));
        (met, wire.0.exchanges().len())
    };
    for case in cases() {
        let (met, commands) = count((case.token)(&earth.still), hints(case.family));
        // Token2's keys tell their number in an applet of its own.
        assert_eq!((met, commands), (Ok(true), if case.family == Family::Token2Otp { 3 } else { 1 }), "{}", case.name);
        if case.family == Family::Molto2 {
            continue;
        }
        let (met, commands) = count((case.token)(&earth.still), Hints::default());
        let most = if case.family == Family::Token2Otp { 5 } else { 4 };
        assert!(met == Ok(true) && commands <= most, "{}: {commands}", case.name);
    }
    let molto = named("molto, free profile");
    let reader = Hints { reader: Some("TOKEN2 Molto2 [CCID Interface] 00 00"), likely: None };
    assert_eq!(count((molto.token)(&earth.still), reader), (Ok(true), 1));
    let alone = Any::Key(Box::new(Key::fido_alone(earth.still.clone())));
    assert_eq!(count(alone, Hints::default()), (Ok(false), 5));
}

#[test]
fn a_reader_with_contacts_carries_every_burn() {
    for case in cases() {
        let mut run = Run::new(&case);
        let earth = Earth::new();
        run.wire = Wire(Link::new((case.token)(&earth.still)).with_contacts());
        run.earth = earth;
        assert_eq!(run.burn(), Ok(case.ending), "{}", case.name);
    }
}

#[test]
fn a_slow_answer_is_waited_for_and_keys_of_any_length_are_proven_once() {
    let mut case = named("molto, free profile");
    case.key = KeyProfile::Own(Secret::from_slice(CODE));
    case.token = |still| {
        let token = countersign_emulator::Molto::v1("1", still.clone()).with_customer_key(CODE);
        Any::Molto(Box::new(token))
    };
    let mut run = Run::new(&case);
    run.wire.0.fault(4, Fault::Slow(std::time::Duration::from_secs(2)));
    assert_eq!(run.burn(), Ok(Ending::Written(None)));
    let request = Request { profile: 50, ..request() };
    let mut found = super::stand::met(&mut run.wire, case.family, &run.earth).unwrap();
    assert!(found.plan(request, &case.key, run.earth.tools()).is_err(), "there are fifty");
}
