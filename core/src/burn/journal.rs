//! A burn that survives a lost link, a crash and a restart: recorded before the first write and after the last.
//!
//! Between the two, marks are appended without waiting for the disk. Resuming trusts the token and not the marks: whatever
//! they say, the whole burn is done again, unless the token itself proves that it holds the seed.

use countersign_protocol::otp::Counter;

use super::credential::{Credential, Moving, Serial};
use super::identity::{Dialect, Family, Identity};
use super::meet::{Found, NotAgreed, PlanError};
use super::pen::{Held, Stop, Tools};
use super::plan::{Erases, Holding, Plan, Refusal};
use super::request::{KeyProfile, Request};
use super::verify::Judgement;
use super::{Step, TokenError};
use crate::error::PortError;

/// What a token is called in the journal: a token that tells no serial number cannot be told from another of its family.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenName {
    /// Its family.
    pub family: Family,
    /// Its serial number.
    pub serial: Option<Serial>,
}

impl From<&Identity> for TokenName {
    fn from(identity: &Identity) -> Self {
        Self { family: identity.family, serial: identity.serial.clone() }
    }
}

/// How a burn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The token proved over the link that it holds the seed.
    ProvenByLink,
    /// A person compared codes.
    ProvenByPerson,
    /// The token proved over the link that it holds the seed, by a code of its counter: the next is made from this one.
    CountedByLink(Counter),
    /// A person compared a code of its counter: the next is made from this one.
    CountedByPerson(Counter),
    /// A person compared codes: the seed is right, and the token's clock is ahead by so many seconds.
    ClockOff(i64),
    /// Written, not proven: each write was answered, and nobody compared codes yet. With an error, reading back failed.
    Written(Option<TokenError>),
    /// A person compared codes, and the display showed others: it holds another seed, or other settings.
    Failed,
    /// Nothing was written.
    NotWritten,
}

impl Ending {
    /// Whether the token may be handed out.
    pub fn is_proven(self) -> bool {
        matches!(self, Self::ProvenByLink | Self::ProvenByPerson | Self::CountedByLink(_) | Self::CountedByPerson(_))
    }

    /// How many seconds the token's clock is ahead, or behind if negative, where a person saw that it is off.
    pub const fn ahead(self) -> Option<i64> {
        if let Self::ClockOff(ahead) = self { Some(ahead) } else { None }
    }

    /// What the token holds after it: what was written, with the counter that its next code is made from.
    pub fn leaves(self, written: &Credential) -> Credential {
        let mut left = written.clone();
        if let (Self::CountedByLink(next) | Self::CountedByPerson(next), Moving::Counter(counter)) =
            (self, &mut left.moving)
        {
            *counter = next;
        }
        left
    }
}

/// How far a burn got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It began. These steps were answered, as far as it was noted.
    Begun(Vec<Step>),
    /// It came to an end.
    Ended(Ending),
}

/// One burn in the journal.
#[derive(Debug, Clone)]
pub struct Record {
    /// The token.
    pub token: TokenName,
    /// What it was to hold, its seed among it: a store encrypts it.
    pub request: Request,
    /// The token's model, where it is known.
    pub model: Option<String>,
    /// When it began, in seconds since 1970.
    pub began: u64,
    /// How far the token's clock was ahead before, where it tells the time: from it follows later whether a setting arrived.
    pub ahead: Option<i64>,
    /// How far it got.
    pub progress: Progress,
}

/// Where records are kept. One a token: a new one takes the place of the one before.
pub trait JournalStore {
    /// Keeps a record; returns when it would survive a power cut. Nothing is written to a token before.
    ///
    /// # Errors
    /// [`PortError`]; then nothing is written.
    fn begin(&mut self, record: &Record) -> Result<(), PortError>;

    /// Notes a step, without waiting for the disk. It may be lost.
    fn mark(&mut self, token: &TokenName, step: Step);

    /// Keeps how it ended; returns when it would survive a power cut. Where nothing was written, the record that
    /// [`begin`](Self::begin) of this very store took the place of counts again: what was written before is there still.
    ///
    /// # Errors
    /// [`PortError`].
    fn finish(&mut self, token: &TokenName, ending: Ending) -> Result<(), PortError>;

    /// The record of a token.
    ///
    /// # Errors
    /// [`PortError`].
    fn record(&self, token: &TokenName) -> Result<Option<Record>, PortError>;
}

/// Why a burn did not end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// It could not be recorded. Nothing was sent.
    #[error("journal: {0}")]
    Journal(PortError),
    /// It ended like this, and that could not be recorded: the journal says that it only began.
    #[error("journal, after {0:?}: {1}")]
    Unrecorded(Ending, PortError),
    /// It stopped on the way. The record stays open unless nothing was written.
    #[error(transparent)]
    Stopped(#[from] Stop),
    /// All was written, and the token holds something else. The record stays open.
    #[error("{0}")]
    NotKept(TokenError),
    /// Resuming found something that no plan can be made for.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl From<NotAgreed> for Halt {
    fn from(why: NotAgreed) -> Self {
        match why {
            NotAgreed::Other => Stop { error: TokenError::OtherToken, holds: vec![Held::Before] }.into(),
            NotAgreed::Changed(erases) => PlanError::from(Refusal::Taken(erases)).into(),
            NotAgreed::Plan(error) => error.into(),
        }
    }
}

/// Burns as planned: recorded, written, read back.
///
/// # Errors
/// [`Halt`].
pub fn burn(
    found: &mut Found<'_>,
    plan: &Plan,
    key: &KeyProfile,
    tools: Tools<'_>,
    store: &mut dyn JournalStore,
) -> Result<Ending, Halt> {
    let token = TokenName::from(&plan.identity);
    let record = Record {
        token: token.clone(),
        request: plan.request.clone(),
        model: plan.identity.model.map(str::to_owned),
        began: tools.clock.now(),
        ahead: plan.identity.ahead,
        progress: Progress::Begun(Vec::new()),
    };
    store.begin(&record).map_err(Halt::Journal)?;
    let written = found.execute(plan, key, tools, &mut |step| store.mark(&token, step));
    if let Err(stop) = written {
        if stop.is_untouched() {
            store.finish(&token, Ending::NotWritten).map_err(|error| Halt::Unrecorded(Ending::NotWritten, error))?;
        }
        return Err(stop.into());
    }
    read_back(found, plan, tools, store)
}

/// Reads back what was written, and records what came of it.
fn read_back(
    found: &mut Found<'_>,
    plan: &Plan,
    tools: Tools<'_>,
    store: &mut dyn JournalStore,
) -> Result<Ending, Halt> {
    let ending = match found.verify(plan, tools) {
        Ok(proof) => proof.ending(),
        Err(error @ (TokenError::NotKept(_) | TokenError::OtherToken)) => return Err(Halt::NotKept(error)),
        Err(error) => Ending::Written(Some(error)),
    };
    finish(store, &TokenName::from(&plan.identity), ending)
}

fn finish(store: &mut dyn JournalStore, token: &TokenName, ending: Ending) -> Result<Ending, Halt> {
    store.finish(token, ending).map_err(|error| Halt::Unrecorded(ending, error))?;
    Ok(ending)
}

/// Takes up a burn that the journal knows of, when its token is on the reader again. What was agreed to then is agreed to
/// now: what is in its place may be the half of it. One that was written is read back, and written again only when it
/// holds something else. A counter that was proven is left where it stands, and none is set back below where it was seen.
///
/// # Errors
/// [`Halt`], where a [`Stop`] that comes before the first write says what the earlier try may have left, since that is what
/// the token holds; [`TokenError::OtherToken`] for another token, with nothing sent to it.
pub fn resume(
    found: &mut Found<'_>,
    record: &Record,
    key: &KeyProfile,
    tools: Tools<'_>,
    store: &mut dyn JournalStore,
) -> Result<Ending, Halt> {
    if record.token != TokenName::from(found.identity()) {
        return Err(Stop { error: TokenError::OtherToken, holds: vec![Held::Before] }.into());
    }
    // A counter that was proven is not moved by being written once more.
    if let Progress::Ended(ending @ (Ending::CountedByLink(_) | Ending::CountedByPerson(_))) = record.progress {
        return Ok(ending);
    }
    // What was judged wrong may be right and further than it was looked for, and of what nobody read back codes may have been used
    // since: a counter is not set back below codes that it showed.
    let is_unsure = matches!(record.progress, Progress::Ended(Ending::Failed | Ending::Written(_)));
    if is_unsure && let Some(ending) = record.still_counts(found, key, tools)? {
        return finish(store, &record.token, ending);
    }
    let request = Request { replace: true, credential: record.left(), ..record.request.clone() };
    let plan = found.plan(request, key, tools)?;
    // What a counter moves loses a code by being read.
    let is_timed = matches!(plan.request.credential.moving, Moving::Time(_));
    if is_timed && matches!(record.progress, Progress::Ended(Ending::Written(_))) {
        match read_back(found, &plan, tools, store) {
            // Whoever answered then was not this token, or it was written since: it is written again.
            Err(Halt::NotKept(_)) => {}
            ending => return ending,
        }
    }
    let is_there = is_timed && matches!(plan.erases, Erases::Entry(_));
    if is_there && found.verify(&plan, tools).is_ok_and(|proof| proof.ending().is_proven()) {
        return finish(store, &record.token, Ending::ProvenByLink);
    }
    let left = record.may_hold(found.identity());
    burn(found, &plan, key, tools, store).map_err(|halt| match halt {
        Halt::Stopped(stop) => stop.after(&left).into(),
        halt => halt,
    })
}

/// Records what a person saw on the display; nothing when they skipped it: then it stays written and not proven. Other codes
/// than the seed's are an end of their own: what somebody looked at and is wrong is not what nobody looked at.
///
/// # Errors
/// [`Halt`].
pub fn conclude(store: &mut dyn JournalStore, token: &TokenName, judgement: Option<Judgement>) -> Result<Ending, Halt> {
    let ending = judgement.map_or(Ending::Written(None), Judgement::ending);
    finish(store, token, ending)
}

/// Which of what a token may hold it can still hold, now that it is on the reader again: reads and writes nothing. Who does
/// not resume is told this.
///
/// # Errors
/// [`TokenError`].
pub fn holds(
    found: &mut Found<'_>,
    record: &Record,
    possible: &[Held],
    key: &KeyProfile,
    tools: Tools<'_>,
) -> Result<Vec<Held>, TokenError> {
    if record.token != TokenName::from(found.identity()) {
        return Err(TokenError::OtherToken);
    }
    let but = |held: Held| possible.iter().copied().filter(|other| *other != held).collect::<Vec<_>>();
    let request = Request { replace: true, ..record.request.clone() };
    match found.identity().family {
        Family::Single => Ok(match (record.ahead, found.identity().ahead) {
            // Its clock was off before, so that it tells whether it was set.
            (Some(before), Some(now)) if before.abs() > NOTICED => {
                if now.abs() <= NOTICED {
                    but(Held::Before)
                } else {
                    vec![Held::Before]
                }
            }
            _ => possible.to_vec(),
        }),
        Family::Molto2 => match found.plan(request, key, tools) {
            Ok(plan) if *plan.erases() == Erases::Nothing => Ok(vec![Held::Nothing]),
            Ok(_) => Ok(but(Held::Nothing)),
            Err(PlanError::Token(error)) => Err(error),
            Err(PlanError::Refused(_)) => Ok(possible.to_vec()),
        },
        _ if matches!(request.credential.moving, Moving::Counter(_)) => Ok(possible.to_vec()),
        _ => {
            let Ok(plan) = Plan::new(found.identity(), &Holding::Free, request.clone()) else {
                return Ok(possible.to_vec());
            };
            // Selects, and proves the access code, where that is needed before a code is asked for.
            found.plan(request, key, tools).map_err(|error| match error {
                PlanError::Token(error) => error,
                PlanError::Refused(_) => TokenError::Unable,
            })?;
            match found.verify(&plan, tools) {
                Ok(_) => Ok(vec![Held::New]),
                Err(TokenError::NotKept(_)) => Ok(but(Held::New)),
                Err(error) => Err(error),
            }
        }
    }
}

/// From how many seconds on a clock that is off cannot be taken for one that was just set.
const NOTICED: i64 = 5;

impl Record {
    /// What the token holds, as far as this tells: what was written, with the counter that its next code is made from.
    pub fn left(&self) -> Credential {
        match self.progress {
            Progress::Ended(ending) => ending.leaves(&self.request.credential),
            Progress::Begun(_) => self.request.credential.clone(),
        }
    }

    /// Comes to this end. A counter stays where it was seen last, whatever is seen of the token later.
    pub(crate) fn end(&mut self, ending: Ending) {
        self.request.credential = self.left();
        self.progress = Progress::Ended(ending);
    }

    /// How it ends where the token does hold it and its counter stands further than was thought; nothing for what time moves.
    fn still_counts(
        &self,
        found: &mut Found<'_>,
        key: &KeyProfile,
        tools: Tools<'_>,
    ) -> Result<Option<Ending>, PlanError> {
        let stands = self.left().moving;
        if matches!(stands, Moving::Time(_)) {
            return Ok(None);
        }
        let plan = found.plan_record(self, key, tools)?;
        match found.verify_from(&plan, stands, tools) {
            Ok(proof) => Ok(Some(proof.ending()).filter(|ending| ending.is_proven())),
            Err(TokenError::NotKept(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What the token may hold as far as this tells. Its marks are facts, though the last ones may be missing.
    fn may_hold(&self, identity: &Identity) -> Vec<Held> {
        let marks = match &self.progress {
            Progress::Begun(marks) => marks,
            Progress::Ended(Ending::NotWritten) => return vec![Held::Before],
            // All was answered, and the display showed other digits.
            Progress::Ended(Ending::Failed) => return vec![Held::Before, Held::New],
            Progress::Ended(_) => return vec![Held::New],
        };
        let between = match identity.family {
            Family::Single if !identity.clock_takes_seed => Some(Held::Mixed),
            Family::Single | Family::Molto2 | Family::Oath(Dialect::Nitrokey) => Some(Held::Nothing),
            _ => None,
        };
        let has = |steps: [Step; 2]| marks.iter().any(|mark| steps.contains(mark));
        let (is_new, is_between) = (has([Step::Seed, Step::Put]), has([Step::Config, Step::Delete]));
        let before = (!is_new && !is_between).then_some(Held::Before);
        before.into_iter().chain(between.filter(|_| !is_new)).chain([Held::New]).collect()
    }

    /// Whether a later burn that wrote nothing leaves it as true as it was: something was written, or may have been.
    pub(crate) fn outlasts_nothing(&self) -> bool {
        self.progress != Progress::Ended(Ending::NotWritten)
    }
}

/// A journal that lives as long as its process: for demonstrations, and for tests.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    records: Vec<Record>,
    /// What the last record that was begun took the place of.
    before: Option<Record>,
}

impl MemoryJournal {
    fn of(&mut self, token: &TokenName) -> Option<&mut Record> {
        self.records.iter_mut().find(|record| record.token == *token)
    }

    /// All records, in the order in which their tokens came first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

impl JournalStore for MemoryJournal {
    fn begin(&mut self, record: &Record) -> Result<(), PortError> {
        self.before = match self.of(&record.token) {
            Some(place) => Some(std::mem::replace(place, record.clone())),
            None => {
                self.records.push(record.clone());
                None
            }
        };
        Ok(())
    }

    fn mark(&mut self, token: &TokenName, step: Step) {
        if let Some(Record { progress: Progress::Begun(marks), .. }) = self.of(token) {
            marks.push(step);
        }
    }

    fn finish(&mut self, token: &TokenName, ending: Ending) -> Result<(), PortError> {
        let before = self.before.take().filter(|before| before.token == *token && before.outlasts_nothing());
        let record = self.of(token).ok_or(PortError::Unavailable)?;
        match before.filter(|_| ending == Ending::NotWritten) {
            Some(before) => *record = before,
            None => record.end(ending),
        }
        Ok(())
    }

    fn record(&self, token: &TokenName) -> Result<Option<Record>, PortError> {
        Ok(self.records.iter().find(|record| record.token == *token).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::testing::credential;

    fn name(serial: &str) -> TokenName {
        TokenName { family: Family::Single, serial: Serial::try_from(serial).ok() }
    }

    #[test]
    fn what_an_earlier_try_may_have_left_follows_from_its_marks_and_its_end() {
        let held = |family, takes_seed, progress: &Progress| {
            let request = Request::new(credential());
            let (token, progress) = (name("1"), progress.clone());
            let record = Record { token, request, model: None, began: 0, ahead: None, progress };
            record.may_hold(&Identity { clock_takes_seed: takes_seed, ..Identity::new(family) })
        };
        let begun = |steps: &[Step]| Progress::Begun(steps.to_vec());
        let (none, config) = (begun(&[Step::Challenge]), begun(&[Step::Authenticate, Step::Config]));
        let (nothing, mixed, new) = (Held::Nothing, Held::Mixed, Held::New);
        assert_eq!(held(Family::Single, true, &none), [Held::Before, nothing, new]);
        assert_eq!(held(Family::Single, true, &config), [nothing, new]);
        assert_eq!(held(Family::Single, false, &config), [mixed, new]);
        assert_eq!(held(Family::Molto2, false, &begun(&[Step::Delete])), [nothing, new]);
        assert_eq!(held(Family::Molto2, false, &begun(&[Step::Config, Step::Seed])), [new]);
        assert_eq!(held(Family::Oath(Dialect::Nitrokey), false, &none), [Held::Before, nothing, new]);
        assert_eq!(held(Family::Feitian, false, &none), [Held::Before, new]);
        assert_eq!(held(Family::Token2Otp, false, &begun(&[Step::Put])), [new]);
        let ended = |ending| held(Family::Single, true, &Progress::Ended(ending));
        assert_eq!(ended(Ending::NotWritten), [Held::Before]);
        assert_eq!(ended(Ending::Failed), [Held::Before, new]);
        assert_eq!((ended(Ending::Written(None)), ended(Ending::ClockOff(60))), (vec![new], vec![new]));
    }

    #[test]
    fn what_a_counter_proved_leaves_it_where_the_next_code_is_made_from() {
        let at = |n: u64| Counter::try_from(n).unwrap();
        let mut request = Request::new(credential());
        request.credential.moving = Moving::Counter(at(7));
        let left = |ending, request: &Request| ending_of(ending, request.clone()).left().moving;
        for ending in [Ending::CountedByLink(at(9)), Ending::CountedByPerson(at(9))] {
            assert!(ending.is_proven());
            assert_eq!(left(ending, &request), Moving::Counter(at(9)));
            assert_eq!(left(ending, &Request::new(credential())), credential().moving);
        }
        assert_eq!(left(Ending::Written(None), &request), Moving::Counter(at(7)));
    }

    #[test]
    fn a_counter_stays_where_it_was_seen_last() {
        let at = |n: u64| Moving::Counter(Counter::try_from(n).unwrap());
        let mut journal = MemoryJournal::default();
        let mut record = ending_of(Ending::Written(None), Request::new(credential()));
        record.request.credential.moving = at(7);
        journal.begin(&record).unwrap();
        for (ending, stands) in [
            (Ending::CountedByLink(Counter::try_from(9).unwrap()), at(9)),
            (Ending::Failed, at(9)),
            (Ending::CountedByPerson(Counter::try_from(12).unwrap()), at(12)),
            (Ending::Written(None), at(12)),
            (Ending::Failed, at(12)),
        ] {
            journal.finish(&name("1"), ending).unwrap();
            assert_eq!(journal.record(&name("1")).unwrap().unwrap().left().moving, stands, "{ending:?}");
        }
    }

    fn ending_of(ending: Ending, request: Request) -> Record {
        let progress = Progress::Ended(ending);
        Record { token: name("1"), request, model: None, began: 0, ahead: None, progress }
    }

    #[test]
    fn a_journal_has_one_record_a_token_and_keeps_how_it_ended() {
        let mut journal = MemoryJournal::default();
        let begun = |serial| Record {
            token: name(serial),
            request: Request::new(credential()),
            model: None,
            began: 1_700_000_000,
            ahead: None,
            progress: Progress::Begun(vec![]),
        };
        journal.begin(&begun("1")).unwrap();
        journal.begin(&begun("2")).unwrap();
        journal.mark(&name("1"), Step::Config);
        let kept = journal.record(&name("1")).unwrap().unwrap();
        assert_eq!(kept.progress, Progress::Begun(vec![Step::Config]));
        for (judgement, ending) in [
            (None, Ending::Written(None)),
            (Some(Judgement::WrongSeed), Ending::Failed),
            (Some(Judgement::ClockOff(-60)), Ending::ClockOff(-60)),
            (Some(Judgement::Match), Ending::ProvenByPerson),
        ] {
            assert_eq!(conclude(&mut journal, &name("1"), judgement), Ok(ending));
            assert_eq!(ending.is_proven(), judgement == Some(Judgement::Match));
        }
        journal.mark(&name("1"), Step::Seed);
        journal.begin(&begun("2")).unwrap();
        let all: Vec<_> = journal.records().iter().map(|record| record.progress.clone()).collect();
        assert_eq!(all, [Progress::Ended(Ending::ProvenByPerson), Progress::Begun(vec![])]);
        assert!(journal.record(&name("3")).unwrap().is_none());
        let lost = conclude(&mut journal, &name("3"), None);
        assert_eq!(lost, Err(Halt::Unrecorded(Ending::Written(None), PortError::Unavailable)));
        assert!(!format!("{:?}", journal.records()).contains("1234"), "no seed is printed");
    }
}
