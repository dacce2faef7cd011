//! What is not sent.

use countersign_core::burn::{
    Credential, Declined, Ending, Erases, Family, Halt, Hints, KeyProfile, Met, Misfit, Note, PlanError, Refusal,
    Request, Serial, Stop, TokenError, burn, meet,
};
use countersign_core::burn::{JournalStore, MemoryJournal, Record, Step, TokenName};
use countersign_core::error::PortError;
use countersign_emulator::{Exchange, Key, Link, Silent, Single, Slim, Token};
use countersign_protocol::Secret;
use countersign_protocol::otp::Algorithm;

use super::drops::{Host, Product};
use super::stand::{Any, Case, Earth, RFC_SEED, Run, Wire, cases, met, request, seed, single};

/// Whether a command proves a key.
pub fn proves(exchange: &&Exchange) -> bool {
    matches!(exchange.command[..2], [0x80, 0xce] | [0x00, 0xa3])
}

/// Whether a command writes.
pub fn writes(exchange: &Exchange) -> bool {
    let header = &exchange.command[..4];
    matches!(header, [0x84, ..] | [0x80, 0xe6 | 0x56 | 0xd8, ..] | [0x80, 0xc5, 0x05, 0x02] | [0x00, 0x01..=0x09, ..])
}

/// A wrong key is proven once, and nothing is written: complaints, and of how many kinds of burns.
pub fn wrong_keys(host: &dyn Host) -> (usize, Vec<String>) {
    let has_key =
        |case: &Case| matches!(case.family, Family::Single | Family::Molto2) || case.name.contains("access code");
    let guarded: Vec<Case> = cases().into_iter().filter(has_key).collect();
    let count = guarded.len();
    (count, guarded.into_iter().filter_map(|case| wrong_key(host, case).err()).collect())
}

fn wrong_key(host: &dyn Host, mut case: Case) -> Result<(), String> {
    case.key = KeyProfile::Own(Secret::from_slice(b"sixteen bytes of"));
    let mut run = Run::new(&case);
    let before = run.contents();
    let outcome = host.burn(&mut run);
    let is_refused = match &outcome {
        Err(Halt::Stopped(stop)) => stop.is_untouched() && matches!(stop.error, TokenError::WrongKey { .. }),
        Err(Halt::Plan(PlanError::Token(error))) => matches!(error, TokenError::WrongKey { .. }),
        _ => false,
    };
    let sent = run.wire.0.exchanges();
    let (proofs, written) = (sent.iter().filter(proves).count(), sent.iter().any(writes));
    if is_refused && proofs == 1 && !written && run.contents() == before {
        return Ok(());
    }
    Err(format!("{}: {outcome:?} after {proofs} proofs, something written: {written}", case.name))
}

#[test]
fn a_wrong_key_is_proven_once() {
    assert_eq!(wrong_keys(&Product), (5, vec![]));
}

/// What is in a place goes only when that was agreed to.
pub fn careless(host: &dyn Host) -> Vec<String> {
    let refused = |mut case: Case| {
        case.request.replace = false;
        let mut run = Run::new(&case);
        let before = run.contents();
        let outcome = host.burn(&mut run);
        let is_refused = matches!(outcome, Err(Halt::Plan(PlanError::Refused(Refusal::Taken(_)))));
        let is_right = is_refused && run.contents() == before;
        (!is_right).then(|| format!("{}: {outcome:?}", case.name))
    };
    cases().into_iter().filter(|case| case.request.replace).filter_map(refused).collect()
}

#[test]
fn a_token_that_counts_keeps_its_tries() {
    let mut case = cases().into_iter().next().unwrap();
    case.token = |still| Any::Single(Single::new("86596220000001", still.clone()).locking_after(2));
    case.key = KeyProfile::Own(Secret::from_slice(&[0; 16]));
    let mut run = Run::new(&case);
    assert!(run.burn().is_err());
    let Any::Single(token) = run.wire.0.into_token() else { panic!("it is one") };
    assert!(!token.is_locked());
    case.key = KeyProfile::Vendor;
    let mut again = Run::new(&case);
    again.wire = Wire(Link::new(Any::Single(token)));
    assert_eq!(again.burn(), Ok(Ending::Written(None)));
}

#[test]
fn a_model_that_nobody_knows_is_left_alone_until_an_expert_insists() {
    let mut case = cases().into_iter().next().unwrap();
    case.token = |still| single("12345670000001", still);
    let mut run = Run::new(&case);
    assert_eq!(run.burn(), Err(Halt::Plan(PlanError::Refused(Refusal::UnknownModel))));
    assert_eq!(run.wire.0.exchanges().len(), 1);
    case.request.expert = true;
    let mut run = Run::new(&case);
    assert_eq!(run.burn(), Ok(Ending::Written(None)));
}

#[test]
fn what_a_token_cannot_hold_is_refused_with_nothing_sent() {
    let misfit = |change: &dyn Fn(&mut Credential)| {
        let mut request = request();
        change(&mut request.credential);
        request
    };
    let requests: [(Request, &[Family]); 3] = [
        (misfit(&|credential| credential.algorithm = Algorithm::Sha512), &[Family::Single, Family::Molto2]),
        (misfit(&|credential| credential.seed = seed(&[7; 128])), &[Family::Single, Family::Molto2, Family::Feitian]),
        (misfit(&|credential| credential.name = "n".repeat(200)), &[Family::Token2Otp, Family::Feitian]),
    ];
    for case in cases() {
        for (request, families) in requests.iter().filter(|(_, families)| families.contains(&case.family)) {
            let mut run = Run::new(&case);
            let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
            let refused = found.plan(request.clone(), &case.key, run.earth.tools());
            let Err(PlanError::Refused(Refusal::Misfits(misfits))) = refused else { panic!("{families:?}") };
            assert_eq!(misfits.len(), 1);
            assert!(!matches!(misfits[0], Misfit::Counter));
            let asked = if case.family == Family::Token2Otp { 3 } else { 1 };
            assert_eq!(run.wire.0.exchanges().len(), asked, "{}", case.name);
        }
    }
}

#[test]
fn what_is_there_is_named_before_it_goes() {
    assert_eq!(careless(&Product), [""; 0]);
    for case in cases().iter().filter(|case| case.request.replace) {
        let mut run = Run::new(case);
        let before = run.contents();
        let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
        let careful = Request { replace: false, ..case.request.clone() };
        let refused = found.plan(careful, &case.key, run.earth.tools());
        let Err(PlanError::Refused(Refusal::Taken(erases))) = refused else { panic!("{}", case.name) };
        let plan = found.plan(case.request.clone(), &case.key, run.earth.tools()).unwrap();
        assert_eq!(plan.erases(), &erases);
        match erases {
            Erases::Profile { number, title } => assert_eq!((number, title.as_str()), (7, "ACME")),
            Erases::Entry(name) => assert!(name.contains("ACME") && name.ends_with("bob"), "{name}"),
            other => panic!("{other:?}"),
        }
        assert!(!run.wire.0.exchanges().iter().any(writes), "{}", case.name);
        assert_eq!(run.contents(), before);
    }
}

#[test]
fn a_seed_of_another_serial_number_goes_into_no_token() {
    let mut case = cases().into_iter().next().unwrap();
    case.request.credential.serial = Serial::try_from("86596220000002").ok();
    let mut run = Run::new(&case);
    assert_eq!(run.burn(), Err(Halt::Plan(PlanError::Refused(Refusal::OtherSerial))));
    assert_eq!(run.wire.0.exchanges().len(), 1);
}

fn declined(token: impl Token, hints: Hints<'_>) -> (Declined, usize) {
    let earth = Earth::new();
    let mut wire = Wire(Link::new(token));
    let Ok(Met::Declined(declined)) = meet(&mut wire, hints, earth.tools()) else { panic!("it is declined") };
    (declined, wire.0.exchanges().len())
}

#[test]
fn tokens_that_cannot_be_written_are_declined_by_name() {
    let still = Earth::new().still;
    let none = Hints::default();
    assert_eq!(declined(Silent, none), (Declined::Silent, 1));
    assert_eq!(declined(Slim::new(RFC_SEED, 30, still.clone()), none), (Declined::Silent, 1));
    assert_eq!(declined(Key::fido_alone(still.clone()), none), (Declined::SecurityKey, 5));
    assert_eq!(declined(Single::new("86596230000001", still.clone()), none), (Declined::FactorySeeded, 1));
    let molto = Hints { reader: Some("TOKEN2 Molto2 00 00"), likely: None };
    assert_eq!(declined(Key::fido_alone(still), molto), (Declined::Unknown, 1));
}

#[test]
fn cancelling_before_the_first_write_writes_nothing() {
    for case in cases() {
        let mut run = Run::new(&case);
        let before = run.contents();
        run.earth.cancel.cancel();
        let Err(Halt::Stopped(Stop { error, .. })) = run.burn() else { panic!("{}", case.name) };
        assert_eq!(error, TokenError::Port(PortError::Cancelled));
        assert_eq!(run.contents(), before, "{}", case.name);
        assert!(!run.wire.0.exchanges().iter().any(writes), "{}", case.name);
    }
}

/// A journal whose disk is full at one of its writes.
struct Full(MemoryJournal, usize);

impl Full {
    fn write(&mut self) -> Result<(), PortError> {
        self.1 = self.1.checked_sub(1).ok_or(PortError::DiskFull)?;
        Ok(())
    }
}

impl JournalStore for Full {
    fn begin(&mut self, record: &Record) -> Result<(), PortError> {
        self.write()?;
        self.0.begin(record)
    }

    fn mark(&mut self, token: &TokenName, step: Step) {
        self.0.mark(token, step);
    }

    fn finish(&mut self, token: &TokenName, ending: Ending) -> Result<(), PortError> {
        self.write()?;
        self.0.finish(token, ending)
    }

    fn record(&self, token: &TokenName) -> Result<Option<Record>, PortError> {
        self.0.record(token)
    }
}

#[test]
fn what_cannot_be_recorded_is_not_written_and_an_end_that_was_not_recorded_is_found_again() {
    for case in cases() {
        let mut run = Run::new(&case);
        let before = run.contents();
        let mut found = met(&mut run.wire, case.family, &run.earth).unwrap();
        let plan = found.plan(case.request.clone(), &case.key, run.earth.tools()).unwrap();
        assert!(!format!("{plan:?}").contains("Secret(["), "a plan prints no seed");
        assert_eq!(plan.notes().contains(&Note::CounterMoves), case.name.contains("counter"));
        let mut journal = Full(MemoryJournal::default(), 0);
        let refused = burn(&mut found, &plan, &case.key, run.earth.tools(), &mut journal);
        assert_eq!(refused, Err(Halt::Journal(PortError::DiskFull)));
        journal.1 = 1;
        let unrecorded = burn(&mut found, &plan, &case.key, run.earth.tools(), &mut journal);
        assert_eq!(unrecorded, Err(Halt::Unrecorded(case.ending, PortError::DiskFull)), "{}", case.name);
        run.journal = journal.0;
        let writes_before = run.wire.0.exchanges().iter().filter(|exchange| writes(exchange)).count();
        assert_ne!(run.contents(), before);
        run.wire.0.come_back();
        assert_eq!(run.go_on(), Ok(case.ending), "{}", case.name);
        let again = run.wire.0.exchanges().iter().filter(|exchange| writes(exchange)).count() - writes_before;
        // Who can prove it over the link is not written again.
        let proves_itself = case.ending == Ending::ProvenByLink && !case.name.contains("counter");
        assert_eq!(again == 0, proves_itself, "{}", case.name);
    }
}
