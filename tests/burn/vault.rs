//! Burns behind `App`: recorded in the vault, taken up after the program was killed, and in the ledger.

use std::sync::Arc;

use countersign_core::app::{App, Folders, LedgerLine};
use countersign_core::burn::ledger::{Form, Proof};
use countersign_core::burn::source::{Choices, Kind, read};
use countersign_core::burn::{
    BatchId, BatchLine, Ending, Family, Found, Halt, JournalStore as _, Judgement, KeyProfile, LinkError,
    MemoryJournal, Moving, Progress, Record, Request, Serial, TokenError, TokenName, resume,
};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, PortError};
use countersign_core::port::Topic;
use countersign_core::vault::DeviceClass;
use countersign_emulator::{Fault, Link};
use countersign_protocol::Secret;
use countersign_protocol::otp::Period;
use countersign_tests::contract;
use countersign_tests::double::{Doubles, RecordingObserver};

use super::stand::{Any, Case, Earth, NOW, Run, Wire, cases, hints, met, request, seed, single};

/// A phone whose program can be killed, and the earth around it.
struct Phone {
    folder: tempfile::TempDir,
    doubles: Doubles,
    earth: Earth,
}

fn passphrase() -> Secret {
    Secret::from_slice(b"correct horse")
}

impl Phone {
    fn new() -> (Self, App) {
        let phone = Self { folder: tempfile::tempdir().unwrap(), doubles: Doubles::new(6), earth: Earth::new() };
        phone.doubles.clock.set(NOW);
        let app = phone.open();
        app.create_vault(&passphrase(), DeviceClass::SmallPhone, &Cancel::default()).unwrap();
        (phone, app)
    }

    fn open(&self) -> App {
        let [private, shared] = ["private", "shared"].map(|name| self.folder.path().join(name));
        App::open(Folders { private, shared }, self.doubles.ports()).unwrap()
    }

    /// Another process after this one was killed.
    fn anew(&self, app: App) -> App {
        drop(app);
        let app = self.open();
        app.unlock(&passphrase(), &Cancel::default()).unwrap();
        assert!(app.vault_report().unwrap().damage.is_empty());
        app
    }

    fn wire(&self, case: &Case) -> Wire<Any> {
        Wire(Link::new((case.token)(&self.earth.still)))
    }

    fn burn(&self, app: &App, case: &Case, wire: &mut Wire<Any>, from: Option<BatchLine>) -> Result<Ending, Halt> {
        let mut found = met(wire, case.family, &self.earth)?;
        let plan = app.plan_burn(&mut found, case.request.clone(), &case.key, &Cancel::default())?;
        app.burn(&mut found, &plan, &case.key, from, &Cancel::default())
    }

    fn resume(&self, app: &App, case: &Case, wire: &mut Wire<Any>) -> Result<Option<Ending>, Halt> {
        let mut found = met(wire, case.family, &self.earth)?;
        app.resume_burn(&mut found, &case.key, &Cancel::default())
    }
}

/// What is on the link.
fn name(phone: &Phone, case: &Case, wire: &mut Wire<Any>) -> TokenName {
    TokenName::from(met(wire, case.family, &phone.earth).unwrap().identity())
}

fn proof_of(ending: Ending) -> Proof {
    Progress::Ended(ending).proof().unwrap()
}

/// The first case: a single-profile token, whose proof is a person's.
fn display() -> Case {
    cases().into_iter().next().unwrap()
}

#[test]
fn both_journals_keep_the_contract() {
    contract::journal(&mut MemoryJournal::default(), &request());
    let (phone, app) = Phone::new();
    contract::journal(&mut app.journal(None), &request());
    let app = phone.anew(app);
    assert!(!app.burns().unwrap().is_empty(), "what was kept is there in another process");
}

#[test]
fn a_burn_of_every_family_is_taken_up_by_another_process_and_stands_in_the_ledger_once() {
    let (phone, mut app) = Phone::new();
    for case in cases() {
        let commands = {
            let mut run = Run::new(&case);
            run.burn().unwrap();
            run.wire.0.exchanges().len()
        };
        let mut wire = phone.wire(&case);
        wire.0.fault(commands - 1, Fault::DropAfter);
        let outcome = phone.burn(&app, &case, &mut wire, None);
        app = phone.anew(app);
        let listed = app.burns().unwrap();
        assert_eq!(listed.len(), 1, "{}: {outcome:?}", case.name);
        if matches!(listed[0].progress, Progress::Begun(_)) {
            assert_eq!(app.ledger(None).unwrap()[0].row.proof, Proof::Failed, "{}", case.name);
        }
        wire.0.come_back();
        let token = name(&phone, &case, &mut wire);
        assert_eq!(phone.resume(&app, &case, &mut wire), Ok(Some(case.ending)), "{}", case.name);
        let ledger = app.ledger(None).unwrap();
        assert_eq!(ledger.len(), 1, "{}", case.name);
        assert_eq!((&ledger[0].row.token, ledger[0].row.proof), (&token, proof_of(case.ending)), "{}", case.name);
        assert!(ledger[0].row.credential.seed.is_same_key(&case.request.credential.seed));
        assert_eq!(phone.resume(&phone_of_nothing(&phone), &case, &mut wire), Err(Halt::Journal(PortError::Locked)));
        app.forget_burn(&token).unwrap();
        assert_eq!(app.ledger(None).unwrap().len(), 1, "the ledger stays");
        assert_eq!(app.forget_token(&token), Ok(1));
        assert_eq!(phone.resume(&app, &case, &mut wire), Ok(None), "nothing is known of it any more");
    }
}

/// The same files behind another process, which has not opened the vault.
fn phone_of_nothing(phone: &Phone) -> App {
    phone.open()
}

#[test]
fn a_locked_vault_burns_nothing() {
    let (phone, app) = Phone::new();
    app.lock();
    for case in cases() {
        let mut run = Run::new(&case);
        let before = run.contents();
        let refused = phone.burn(&app, &case, &mut run.wire, None);
        assert_eq!(refused, Err(Halt::Journal(PortError::Locked)), "{}", case.name);
        assert_eq!(run.contents(), before, "{}", case.name);
    }
}

#[test]
fn what_a_person_sees_is_recorded_and_other_digits_are_a_failure_of_their_own() {
    let (phone, app) = Phone::new();
    let watching = Arc::new(RecordingObserver::default());
    app.observe(watching.clone());
    let case = display();
    let mut wire = phone.wire(&case);
    let token = name(&phone, &case, &mut wire);
    assert_eq!(app.token_codes(&token).err(), Some(InputError::NotFound.into()));
    assert_eq!(phone.burn(&app, &case, &mut wire, None), Ok(Ending::Written(None)));
    assert!(watching.take().contains(&Topic::Burn));
    let proof = || app.ledger(None).unwrap()[0].row.proof;
    assert_eq!((app.conclude_burn(&token, None), proof()), (Ok((Ending::Written(None), None)), Proof::Written));
    let shown = |digits: &str| app.conclude_burn(&token, Some(&digits.parse().unwrap()));
    for slip in ["00000", "0000000", "00"] {
        assert_eq!((shown(slip), proof()), (Ok((Ending::Written(None), None)), Proof::Written), "{slip} is no code");
    }
    assert_eq!(shown("000000"), Ok((Ending::Failed, Some(Judgement::WrongSeed))));
    assert_eq!(proof(), Proof::Failed);
    assert!(matches!(app.burns().unwrap()[0].progress, Progress::Ended(Ending::Failed)));
    let off = case.request.credential.code_at(NOW + 90);
    assert_eq!(shown(&off), Ok((Ending::ClockOff(90), Some(Judgement::ClockOff(90)))));
    assert_eq!(proof(), Proof::Written, "what a server would refuse is not proven");
    let codes = app.token_codes(&token).unwrap().unwrap();
    assert_eq!(shown(&codes.now), Ok((Ending::ProvenByPerson, Some(Judgement::Match))));
    assert_eq!(proof(), Proof::ByCodes);
    assert_eq!(app.conclude_burn(&token, None), Ok((Ending::ProvenByPerson, None)), "who skips takes nothing back");
    let writes = wire.0.exchanges().len();
    assert_eq!(phone.resume(&app, &case, &mut wire), Ok(Some(Ending::ProvenByPerson)));
    assert_eq!(wire.0.exchanges().len(), writes + 1, "what is proven is not written again");
    shown("000000").unwrap();
    let writes = wire.0.exchanges().len();
    assert_eq!(phone.resume(&app, &case, &mut wire), Ok(Some(Ending::Written(None))), "what failed is written anew");
    assert!(wire.0.exchanges().len() > writes + 3);
}

#[test]
fn a_burn_that_writes_nothing_leaves_what_was_known_before() {
    let (phone, app) = Phone::new();
    let case = display();
    let mut wire = phone.wire(&case);
    let cancelled = Cancel::default();
    cancelled.cancel();
    let nothing = |app: &App, wire: &mut Wire<Any>| {
        let mut found = met(wire, case.family, &phone.earth).unwrap();
        let plan = app.plan_burn(&mut found, case.request.clone(), &case.key, &Cancel::default()).unwrap();
        app.burn(&mut found, &plan, &case.key, None, &cancelled).unwrap_err()
    };
    nothing(&app, &mut wire);
    assert!(matches!(app.burns().unwrap()[0].progress, Progress::Ended(Ending::NotWritten)));
    assert!(app.ledger(None).unwrap().is_empty());
    assert_eq!(phone.burn(&app, &case, &mut wire, None), Ok(Ending::Written(None)));
    nothing(&app, &mut wire);
    assert!(matches!(app.burns().unwrap()[0].progress, Progress::Ended(Ending::Written(None))));
    // Between settings and seed: it holds neither the old nor the new.
    let commands = wire.0.exchanges().len();
    wire.0.fault(commands + 5, Fault::DropBefore);
    assert!(phone.burn(&app, &case, &mut wire, None).is_err());
    wire.0.come_back();
    let open = |app: &App| matches!(app.burns().unwrap()[0].progress, Progress::Begun(_));
    assert!(open(&app));
    let mut found = met(&mut wire, case.family, &phone.earth).unwrap();
    assert!(app.resume_burn(&mut found, &case.key, &cancelled).is_err());
    assert!(open(&app), "a second try that wrote nothing does not say that nothing was written");
    assert_eq!(app.ledger(None).unwrap()[0].row.proof, Proof::Failed);
}

const SOURCE: &str = "serial,secret_hex,name\n,3132333435363738393031323334353637383930,a\n\
                      ,3132333435363738393031323334353637383931,b\n,3132333435363738393031323334353637383932,c\n";

/// A token that a row is burned into as it is.
fn for_row(mut case: Case, app: &App, batch: BatchId, serial: &str) -> (Case, BatchLine) {
    let batch_now = app.batch(batch).unwrap();
    let row = batch_now.row_for(&Serial::try_from(serial).unwrap()).unwrap();
    case.request.credential = row.credential.clone();
    (case, BatchLine { batch, line: row.line })
}

#[test]
fn a_batch_is_taken_up_after_a_kill_and_no_row_goes_to_two_tokens() {
    let (phone, mut app) = Phone::new();
    let rows = read(Kind::Table, SOURCE.as_bytes(), Choices::default()).unwrap().rows;
    let batch = app.keep_batch("May", &rows).unwrap();
    let serials = ["86596220000001", "86596220000002", "86596220000003"];
    let mut wires: Vec<Wire<Any>> =
        serials.iter().map(|serial| Wire(Link::new(single(serial, &phone.earth.still)))).collect();
    let (case, first) = for_row(display(), &app, batch, serials[0]);
    wires[0].0.fault(5, Fault::DropAfter);
    let lost = phone.burn(&app, &case, &mut wires[0], Some(first));
    assert!(matches!(&lost, Err(Halt::Stopped(stop)) if stop.error == TokenError::Link(LinkError::Lost)), "{lost:?}");
    wires[0].0.come_back();
    app = phone.anew(app);
    assert_eq!(app.batches().unwrap().iter().map(|row| (row.rows, row.done)).collect::<Vec<_>>(), [(3, 1)]);
    let (case, second) = for_row(display(), &app, batch, serials[1]);
    assert_ne!(first, second, "the row of the first token is its own, though its burn has not ended");
    let stolen = phone.burn(&app, &case, &mut wires[1], Some(first));
    assert_eq!(stolen, Err(Halt::Journal(PortError::Busy)));
    assert_eq!(phone.burn(&app, &case, &mut wires[1], Some(second)), Ok(Ending::Written(None)));
    let (mut third, line) = for_row(display(), &app, batch, serials[2]);
    third.key = KeyProfile::Own(Secret::from_slice(b"sixteen bytes of"));
    assert!(phone.burn(&app, &third, &mut wires[2], Some(line)).is_err());
    assert_eq!(app.batches().unwrap()[0].done, 2, "nothing was written: the row is free again");
    let (third, line) = for_row(display(), &app, batch, serials[2]);
    assert_eq!(phone.burn(&app, &third, &mut wires[2], Some(line)), Ok(Ending::Written(None)));
    {
        // By the core's own calls, with a journal that was told of no batch.
        let mut found = met(&mut wires[0], case.family, &phone.earth).unwrap();
        let mut journal = app.journal(None);
        let record = journal.record(&TokenName::from(found.identity())).unwrap().unwrap();
        let taken_up = resume(&mut found, &record, &KeyProfile::Vendor, phone.earth.tools(), &mut journal);
        assert_eq!(taken_up, Ok(Ending::Written(None)));
    }
    assert!(app.burns().unwrap().iter().any(|row| row.from == Some(first)));
    app = phone.anew(app);
    let ledger = app.ledger(Some(batch)).unwrap();
    let mut said: Vec<(String, String)> = ledger
        .iter()
        .map(|line| (line.row.token.serial.as_ref().unwrap().to_string(), line.row.credential.name.clone()))
        .collect();
    said.sort();
    assert_eq!(said, [("a", 0), ("b", 1), ("c", 2)].map(|(name, at)| (serials[at].to_owned(), name.to_owned())));
    let (written, without) = app.write_ledger(&ledger, &Form::Table { seeds: false }).unwrap();
    assert_eq!((without, written.left_out.len()), (0, 0));
    assert!(app.batch(batch).unwrap().left().next().is_none());
    app.give_back(first).unwrap();
    assert_eq!(app.batch(batch).unwrap().left().map(|row| row.line).collect::<Vec<_>>(), [first.line]);
    app.forget_batch(batch).unwrap();
    assert_eq!((app.batches().unwrap().len(), app.ledger(None).unwrap().len()), (0, 3));
    assert_eq!(app.forget_batch(batch), Err(InputError::NotFound.into()));
}

/// Whose seed a plan would take away is known where the ledger knows it: also of a token that does not tell what it holds.
#[test]
fn a_plan_names_the_row_of_the_ledger_that_it_takes_the_place_of() {
    let (phone, app) = Phone::new();
    for case in cases().into_iter().filter(|case| case.family != Family::Feitian) {
        let mut wire = phone.wire(&case);
        let ending = phone.burn(&app, &case, &mut wire, None);
        let mut other = case.request.clone();
        other.replace = true;
        other.credential.seed = seed(b"another seed, of 24 byte");
        if !matches!(case.family, Family::Oath(_) | Family::Token2Otp) {
            other.credential.name = "noor".into();
        }
        let standing = |wire: &mut Wire<Any>, request: &Request| {
            let mut found = met(wire, case.family, &phone.earth).unwrap();
            let plan = app.plan_burn(&mut found, request.clone(), &case.key, &Cancel::default()).unwrap();
            app.standing(&plan).unwrap()
        };
        let row = standing(&mut wire, &other).unwrap_or_else(|| panic!("{}", case.name));
        assert_eq!((row.credential.name.as_str(), row.written_at), ("bob", NOW), "{}", case.name);
        assert_eq!(Ok(row.proof), ending.map(proof_of), "{}", case.name);
        // Another place of the same token, and another token of the same kind, are free.
        let mut beside = other.clone();
        beside.credential.name = "noor".into();
        beside.profile = if case.family.has_profiles() { 8 } else { 0 };
        let is_free = case.family != Family::Single;
        assert_eq!(standing(&mut wire, &beside).is_none(), is_free, "{}", case.name);
        let plan = |found: &mut Found<'_>| app.plan_burn(found, other.clone(), &case.key, &Cancel::default()).unwrap();
        let token = name(&phone, &case, &mut wire);
        app.forget_token(&token).unwrap();
        let planned = plan(&mut met(&mut wire, case.family, &phone.earth).unwrap());
        assert!(app.standing(&planned).unwrap().is_none(), "{}: what is not known is not said", case.name);
        app.forget_burn(&token).unwrap();
    }
}

/// A YKOATH applet has the period in the name of an entry: the same person's codes of two periods are two entries, and two rows.
#[test]
fn entries_that_differ_by_their_period_alone_are_two_rows() {
    let (phone, app) = Phone::new();
    let mut case = cases().into_iter().find(|case| case.name == "yubikey").unwrap();
    let mut wire = phone.wire(&case);
    let every = |seconds| Moving::Time(Period::try_from(seconds).unwrap());
    case.request.replace = true;
    for seconds in [30, 60, 30] {
        case.request.credential.moving = every(seconds);
        assert_eq!(phone.burn(&app, &case, &mut wire, None), Ok(Ending::ProvenByLink), "{seconds}");
    }
    let rows = app.ledger(None).unwrap();
    let is_there = |seconds| rows.iter().any(|line: &LedgerLine| line.row.credential.moving == every(seconds));
    assert!(rows.len() == 2 && is_there(30) && is_there(60), "{rows:?}");
    assert_eq!(rows.iter().filter(|line| line.row.is_in_place_of(&case.request)).count(), 1);
}

/// Tokens that tell no serial number are one name in the journal, and more than one token.
#[test]
fn tokens_without_a_number_take_nothing_from_each_other() {
    let (phone, mut app) = Phone::new();
    let source = "serial,secret_hex,name\nF1,3132333435363738393031323334353637383930,\n\
                  F2,3132333435363738393031323334353637383931,\n";
    let rows = read(Kind::Table, source.as_bytes(), Choices::default()).unwrap().rows;
    let batch = app.keep_batch("May", &rows).unwrap();
    let token = TokenName { family: Family::Feitian, serial: None };
    let begun = |line: usize| {
        let credential = rows.iter().find(|row| row.line == line).unwrap().credential.clone();
        let (request, progress) = (Request { credential, ..request() }, Progress::Begun(vec![]));
        Record { token: token.clone(), request, model: None, began: NOW, ahead: None, progress }
    };
    let lines: Vec<usize> = rows.iter().map(|row| row.line).collect();
    for (n, ending) in [(0, Ending::ProvenByLink), (1, Ending::Written(None))] {
        let mut journal = app.journal(Some(BatchLine { batch, line: lines[n] }));
        journal.begin(&begun(lines[n])).unwrap();
        assert_eq!(app.ledger(Some(batch)).unwrap().len(), n + 1, "one that has begun stands there too");
        journal.finish(&token, ending).unwrap();
        assert_eq!(app.batches().unwrap()[0].done, n + 1, "the row of the token before stays its own");
    }
    // The second is taken up again, and lost on the way.
    app.journal(None).begin(&begun(lines[1])).unwrap();
    app = phone.anew(app);
    let proofs: Vec<Proof> = app.ledger(Some(batch)).unwrap().iter().map(|line| line.row.proof).collect();
    assert_eq!(proofs, [Proof::ByWire, Proof::Failed], "a row a token, and none twice");
    assert_eq!(app.batches().unwrap()[0].done, 2);
    // The first is burned anew: of the second it stays known that its burn did not end.
    app.journal(Some(BatchLine { batch, line: lines[0] })).begin(&begun(lines[0])).unwrap();
    app.journal(None).finish(&token, Ending::ProvenByLink).unwrap();
    let rows = app.ledger(Some(batch)).unwrap();
    let proofs: Vec<Proof> = rows.iter().map(|line| line.row.proof).collect();
    assert_eq!(proofs, [Proof::ByWire, Proof::Failed, Proof::ByWire], "each burn has a row");
    assert!(rows[2].row.credential.serial == rows[0].row.credential.serial && app.batches().unwrap()[0].done == 2);
}

#[test]
fn an_owners_keys_are_kept_by_name_and_never_shown() {
    let (phone, app) = Phone::new();
    let key = Secret::from_slice(b"sixteen canaries");
    app.add_token_key(" office ", Family::Single, &key).unwrap();
    app.add_token_key("a", Family::Molto2, &key).unwrap();
    assert_eq!(app.add_token_key("office", Family::Molto2, &key), Err(InputError::SameName.into()));
    assert!(matches!(app.add_token_key("", Family::Single, &key), Err(Error::Input(InputError::Field { .. }))));
    let app = phone.anew(app);
    let rows = app.token_keys().unwrap();
    let listed: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.family)).collect();
    assert_eq!(listed, [("a", Family::Molto2), ("office", Family::Single)]);
    let profile = app.token_key("office", Family::Single).unwrap();
    let other = app.token_key("office", Family::Molto2).err();
    assert_eq!(other, Some(InputError::WrongKind("family").into()), "a token would count it as a wrong try");
    assert!(!format!("{rows:?}{profile:?}").contains("canar"));
    assert!(matches!(profile, KeyProfile::Own(own) if own.ct_eq(key.expose())));
    app.remove_token_key("office").unwrap();
    assert_eq!(app.token_key("office", Family::Single).err(), Some(InputError::NotFound.into()));
    app.lock();
    assert_eq!(app.token_keys().unwrap_err(), InputError::VaultLocked.into());
}

#[test]
fn a_token_that_is_asked_for_first_is_met_through_the_app() {
    let (phone, app) = Phone::new();
    let case = display();
    let mut wire = phone.wire(&case);
    assert!(app.meet_token(&mut wire, hints(case.family), &Cancel::default()).is_ok());
    assert_eq!(wire.0.exchanges().len(), 1);
}
