//! Hosts that burn wrongly, each in one way that somebody once did or could: what is held against the product finds each of
//! them out. A test that has never failed proves little.

use countersign_core::burn::{
    Ending, Halt, Held, JournalStore as _, KeyProfile, LinkError, Progress, Record, Step, Stop, TokenError, TokenLink,
    TokenName, burn, resume,
};
use countersign_emulator::Fault;

use super::drops::{Host, Product, all, strangers};
use super::refused::{careless, wrong_keys};
use super::stand::{Any, Case, Run, Wire, begin, cases, go_on, met};

/// Everything that is held against a host.
fn complaints(host: &dyn Host) -> Vec<String> {
    let drops = all(host, &[Fault::DropBefore, Fault::DropAfter]).complaints;
    [drops, strangers(host), liars(host), careless(host), wrong_keys(host).1].concat()
}

/// A token that keeps nothing is not said to be proven. The display of some says so, to who looks.
fn liars(host: &dyn Host) -> Vec<String> {
    let said = |case: &Case| {
        let mut run = Run::new(case);
        let token = (case.token)(&run.earth.still);
        run.wire = Wire(countersign_emulator::Link::new(Any::Forgetful(Box::new(token))));
        let ending = host.burn(&mut run);
        let is_proven = matches!(&ending, Ok(ending) if ending.is_proven());
        is_proven.then(|| format!("{}: it keeps nothing, and is said to be proven", case.name))
    };
    cases().iter().filter_map(said).collect()
}

#[test]
fn there_is_nothing_to_complain_of_in_the_product() {
    assert_eq!(complaints(&Product), [""; 0]);
}

/// What finds a saboteur out, by words of a complaint.
#[track_caller]
fn is_found_out(saboteur: &dyn Host, words: &str) {
    let complaints = complaints(saboteur);
    assert!(complaints.iter().any(|complaint| complaint.contains(words)), "{complaints:#?}");
}

/// Writes the seed before settings and clock, which take it away again on most models.
struct SeedFirst;

/// Holds settings back until the seed is written.
struct Turned<'l> {
    link: &'l mut dyn TokenLink,
    settings: Option<Vec<u8>>,
}

impl TokenLink for Turned<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        if command[..2] == [0x84, 0xd4] {
            self.settings = Some(command.to_vec());
            return Ok(vec![0x90, 0x00]);
        }
        let answer = self.link.transmit(command)?;
        match self.settings.take_if(|_| command[..2] == [0x84, 0xc5]) {
            Some(settings) => self.link.transmit(&settings),
            None => Ok(answer),
        }
    }
}

impl Host for SeedFirst {
    fn burn(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        let mut link = Turned { link: &mut run.wire, settings: None };
        begin(run.case, &run.earth, &mut link, &mut run.journal)
    }

    fn go_on(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        let mut link = Turned { link: &mut run.wire, settings: None };
        go_on(run.case, &run.earth, &mut link, &mut run.journal)
    }
}

#[test]
fn a_seed_before_the_settings_is_found_out() {
    is_found_out(&SeedFirst, "single, restricted: it does not hold the seed");
}

/// Believes the journal's marks, and does not ask the token.
struct TrustsMarks;

impl Host for TrustsMarks {
    fn go_on(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        let has_seed = |record: &&Record| match &record.progress {
            Progress::Begun(marks) => marks.iter().any(|step| matches!(step, Step::Seed | Step::Put)),
            Progress::Ended(_) => false,
        };
        let Some(token) = run.journal.records().iter().find(has_seed).map(|record| record.token.clone()) else {
            return run.go_on();
        };
        run.journal.finish(&token, run.case.ending).unwrap();
        Ok(run.case.ending)
    }
}

#[test]
fn trust_in_marks_is_found_out() {
    is_found_out(&TrustsMarks, "molto, free profile, command 7");
}

/// Says of a display token that it is proven, which nobody looked at.
struct HandsOut;

impl Host for HandsOut {
    fn burn(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        run.burn().map(|ending| if ending == Ending::Written(None) { Ending::ProvenByPerson } else { ending })
    }
}

#[test]
fn a_token_that_is_handed_out_without_a_match_is_found_out() {
    is_found_out(&HandsOut, "single, restricted: ends as Ok(ProvenByPerson)");
}

/// Takes the answer to the last write for the proof, and does not read back.
struct NeverLooks;

impl Host for NeverLooks {
    fn burn(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        let ending = run.burn();
        if matches!(ending, Err(Halt::NotKept(_))) { Ok(run.case.ending) } else { ending }
    }
}

#[test]
fn a_proof_that_nobody_read_is_found_out() {
    is_found_out(&NeverLooks, "yubikey: it keeps nothing, and is said to be proven");
}

/// Goes on with whatever token is there.
struct AnyToken;

impl Host for AnyToken {
    fn resume(&self, run: &mut Run<'_>, record: &Record) -> Result<Ending, Halt> {
        let mut found = met(&mut run.wire, run.case.family, &run.earth)?;
        let record = Record { token: TokenName::from(found.identity()), ..record.clone() };
        resume(&mut found, &record, &run.case.key, run.earth.tools(), &mut run.journal)
    }
}

#[test]
fn a_serial_number_that_is_not_compared_is_found_out() {
    is_found_out(&AnyToken, "single, restricted, command 2: Ok(Written(None))");
}

/// Says of every lost link that the token holds what it held before.
struct Soothes;

impl Host for Soothes {
    fn burn(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        run.burn().map_err(|halt| match halt {
            Halt::Stopped(stop) => Halt::Stopped(Stop { holds: vec![Held::Before], ..stop }),
            halt => halt,
        })
    }
}

#[test]
fn a_host_that_says_all_is_well_is_found_out() {
    is_found_out(&Soothes, "told [Before], is [Nothing]");
}

/// Keeps no record until all is written.
struct Forgets;

impl Host for Forgets {
    fn burn(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        let outcome = run.burn();
        if outcome.is_err() {
            run.journal = Default::default();
        }
        outcome
    }
}

#[test]
fn a_burn_that_was_not_recorded_is_found_out() {
    is_found_out(&Forgets, "Taken");
}

/// Tries the maker's key where the owner's is wrong.
struct TriesAnother;

impl Host for TriesAnother {
    fn burn(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        let outcome = run.burn();
        let is_wrong = |stop: &Stop| matches!(stop.error, TokenError::WrongKey { .. });
        if !matches!(&outcome, Err(Halt::Stopped(stop)) if is_wrong(stop)) {
            return outcome;
        }
        let mut found = met(&mut run.wire, run.case.family, &run.earth)?;
        let plan = found.plan(run.case.request.clone(), &KeyProfile::Vendor, run.earth.tools())?;
        burn(&mut found, &plan, &KeyProfile::Vendor, run.earth.tools(), &mut run.journal)
    }
}

#[test]
fn a_second_key_is_found_out() {
    is_found_out(&TriesAnother, "after 2 proofs");
}

/// Writes over what is there without having asked.
struct Careless;

impl Host for Careless {
    fn burn(&self, run: &mut Run<'_>) -> Result<Ending, Halt> {
        let mut found = met(&mut run.wire, run.case.family, &run.earth)?;
        let mut request = run.case.request.clone();
        request.replace = true;
        let plan = found.plan(request, &run.case.key, run.earth.tools())?;
        burn(&mut found, &plan, &run.case.key, run.earth.tools(), &mut run.journal)
    }
}

#[test]
fn what_goes_without_a_question_is_found_out() {
    is_found_out(&Careless, "yubikey, replaced: Ok(ProvenByLink)");
}
