//! Writing one token: the plan is shown, agreed to, carried out, taken up again where the link was lost, and compared.

use countersign_core::burn::ledger::Proof;
use countersign_core::burn::{
    Ending, Erases, Found, Halt, Held, Identity, Judgement, LedgerRow, LinkError, NotAgreed, Plan, PlanError, Progress,
    Record, Refusal, Request, Said, Stop, TokenError, TokenName, burn, conclude, resume,
};
use countersign_strings::{fill, text};

use super::args::Manner;
use super::compare;
use super::kept::Burns;
use super::profile;
use super::table::{At, NotMet, Table};
use crate::command::Context;
use crate::fault::Fault;
use crate::token_words;

/// How often the link may be lost in one burn: a token that lies badly would keep us for ever.
const LOSSES: u32 = 16;

/// A token that was written.
pub struct Done {
    /// What was planned, with the token's identity.
    pub plan: Plan,
    /// How it ended.
    pub ending: Ending,
}

/// Why a burn did not end well.
#[derive(Debug)]
enum End {
    /// Another token lies there.
    Other(Identity),
    /// What is in its place is not what was agreed to.
    Changed,
    Halt(Halt),
}

impl From<Halt> for End {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl From<PlanError> for End {
    fn from(error: PlanError) -> Self {
        Self::Halt(error.into())
    }
}

/// A burn that was agreed to, and did not come to its end.
#[derive(Debug)]
pub struct NotDone {
    /// Why, and what the token holds.
    pub fault: Fault,
    /// Whether nothing was changed for certain.
    pub is_untouched: bool,
    /// Whether the token did not take the key: then the next one is not tried with it either.
    pub is_wrong_key: bool,
}

impl From<Fault> for NotDone {
    fn from(fault: Fault) -> Self {
        Self { fault, is_untouched: false, is_wrong_key: false }
    }
}

impl From<NotMet> for NotDone {
    fn from(why: NotMet) -> Self {
        Fault::from(why).into()
    }
}

impl From<NotDone> for Fault {
    fn from(why: NotDone) -> Self {
        why.fault
    }
}

impl From<&Halt> for NotDone {
    fn from(halt: &Halt) -> Self {
        let is_untouched = match halt {
            Halt::Journal(_) | Halt::Plan(_) => true,
            Halt::Stopped(stop) => stop.is_untouched(),
            Halt::Unrecorded(ending, _) => *ending == Ending::NotWritten,
            Halt::NotKept(_) => false,
        };
        let is_wrong_key = matches!(
            halt,
            Halt::Stopped(Stop { error: TokenError::WrongKey { .. }, .. })
                | Halt::Plan(PlanError::Token(TokenError::WrongKey { .. }))
        );
        Self { fault: of_halt(halt), is_untouched, is_wrong_key }
    }
}

/// What a burn's halt is to a script.
fn of_halt(halt: &Halt) -> Fault {
    let words = token_words::of_halt(halt);
    let is_failure = match halt {
        Halt::Journal(_) | Halt::Unrecorded(..) => true,
        Halt::Stopped(stop) => is_failure(stop.error),
        Halt::NotKept(error) | Halt::Plan(PlanError::Token(error)) => is_failure(*error),
        Halt::Plan(PlanError::Refused(_)) => false,
    };
    let fault = if is_failure { Fault::failed(words) } else { Fault::refused(words) };
    fault.with_details(halt)
}

const fn is_failure(error: TokenError) -> bool {
    matches!(error, TokenError::Link(_) | TokenError::Port(_))
}

/// A burn that may be done, and what the ledger says it takes away.
pub struct Planned {
    /// What would be done.
    pub plan: Plan,
    /// What the ledger says is in the place.
    pub stands: Option<LedgerRow>,
}

/// Plans a burn for the token that lies there. Nothing is written, so that a link that was lost is simply opened again. What was
/// said beside the seed and has no place in such a token is refused, not dropped.
pub fn plan(table: &mut Table<'_>, request: &Request, said: Said) -> Result<Planned, NotMet> {
    let mut left = LOSSES;
    loop {
        match table.with(|found, at| plan_of(found, &at, request, said))? {
            Ok(plan) => {
                let stands = table.burns.standing(&plan)?;
                return Ok(Planned { plan, stands });
            }
            Err(why) => why.or_again(&mut left)?,
        }
    }
}

/// Plans it and, where `agrees` does, writes it over the same link: for where nobody is asked anything between.
pub fn plan_and_begin(
    table: &mut Table<'_>,
    request: &Request,
    said: Said,
    agrees: &mut dyn FnMut(&Planned, &dyn Burns) -> Result<(), Fault>,
) -> Result<(Planned, Begun), NotMet> {
    let mut left = LOSSES;
    loop {
        let begun = table.with(|found, at| -> Result<_, Fault> {
            let plan = match plan_of(found, &at, request, said) {
                Ok(plan) => plan,
                Err(why) => return Ok(Err(why)),
            };
            let planned = Planned { stands: at.burns.standing(&plan)?, plan };
            agrees(&planned, &*at.burns)?;
            let begun = Begun(written(found, at, &planned.plan));
            Ok(Ok((planned, begun)))
        })?;
        match begun? {
            Ok(begun) => return Ok(begun),
            Err(why) => why.or_again(&mut left)?,
        }
    }
}

fn plan_of(found: &mut Found<'_>, at: &At<'_>, request: &Request, said: Said) -> Result<Plan, NoPlan> {
    let identity = found.identity().clone();
    let planned = match Refusal::of(&identity, request, said) {
        Some(refusal) => Err(refusal.into()),
        None => found.plan(request.clone(), &at.key, at.tools),
    };
    planned.map_err(|error| {
        let is_absent = matches!(error, PlanError::Token(TokenError::Absent(_)));
        let places = if is_absent { profile::how_many(found, at.tools) } else { None };
        NoPlan { identity, error, place: places.map(|all| (request.profile, all)) }
    })
}

/// Why there is no plan for this token.
struct NoPlan {
    identity: Identity,
    error: PlanError,
    /// The profile that it has not, and how many it has.
    place: Option<(u8, usize)>,
}

impl NoPlan {
    /// That is the end, but for a link that was lost, which is opened again so many times.
    fn or_again(self, left: &mut u32) -> Result<(), NotMet> {
        if let Some((profile, all)) = self.place {
            return Err(profile::none_such(&self.identity, profile, all).into());
        }
        match self.error {
            PlanError::Refused(refusal) => {
                Err(Fault::refused(token_words::of_refused(&self.identity, &refusal)).into())
            }
            PlanError::Token(error) if is_link(error) && *left > 0 => {
                *left -= 1;
                Ok(())
            }
            PlanError::Token(error) => Err(NotMet::Token(error)),
        }
    }
}

/// What came of the first try to write what was planned.
pub struct Begun(Result<Ending, End>);

/// Asks whether the plan is to be carried out. What is in the place goes only where that was said, or a person says it now; so
/// does the seed of another person in a token that does not tell what it holds, where the ledger knows of it.
pub fn agree(context: &Context, planned: &Planned, manner: &Manner) -> Result<(), Fault> {
    let Planned { plan, stands } = planned;
    let own = &plan.request().credential.seed;
    let other = stands.as_ref().filter(|row| row.proof != Proof::Failed && !row.credential.seed.is_same_key(own));
    if (plan.erases().is_something() || other.is_some()) && manner.yes && !manner.replace {
        return Err(Fault::refused(text("token.taken")));
    }
    ask(context, plan, manner)
}

/// Asks for a yes, where it was not said before.
pub fn ask(context: &Context, plan: &Plan, manner: &Manner) -> Result<(), Fault> {
    let question = text(if matches!(plan.erases(), Erases::Nothing) { "token.write_ask" } else { "token.erase_ask" });
    if manner.yes || context.terminal.confirm(question)? {
        return Ok(());
    }
    Err(Fault::refused(text("cli.nothing_changed")))
}

/// Carries out a plan that was agreed to, and compares codes where the token cannot be read back.
pub fn carry_out(table: &mut Table<'_>, plan: Plan, manner: &Manner) -> Result<Done, NotDone> {
    let first = table.with(|found, at| begin(found, at, &plan))?;
    carry_on(table, plan, Begun(first), manner)
}

/// The same of a plan whose first try is over.
pub fn carry_on(table: &mut Table<'_>, plan: Plan, first: Begun, manner: &Manner) -> Result<Done, NotDone> {
    let ending = to_its_end(table, &plan, first.0)?;
    Ok(concluded(table, plan, ending, manner)?)
}

/// Plans to take up the burn that the journal knows of the token that lies there. Nothing is written.
pub fn plan_anew(table: &mut Table<'_>) -> Result<Planned, Fault> {
    let planned = table.with(|found, at| -> Result<_, Halt> {
        let Some(record) = open_burn(found, at.burns)? else { return Ok(None) };
        let request = Request { replace: true, ..record.request };
        Ok(Some(found.plan(request, &at.key, at.tools)?))
    })?;
    match planned {
        Ok(Some(plan)) => Ok(Planned { plan, stands: None }),
        Ok(None) => Err(Fault::refused(text("token.nothing_to_take_up"))),
        Err(halt) => Err(of_halt(&halt)),
    }
}

/// Takes up the burn that the journal knows of the token that lies there, where that was agreed to for all of a batch.
pub fn take_up(table: &mut Table<'_>, manner: &Manner) -> Result<Done, Fault> {
    let taken = table.with(|found, at| -> Result<_, Halt> {
        let Some(record) = open_burn(found, at.burns)? else { return Ok(None) };
        let plan = found.plan(Request { replace: true, ..record.request.clone() }, &at.key, at.tools)?;
        Ok(Some((plan, resumed(found, at, &record))))
    })?;
    match taken {
        Ok(Some((plan, outcome))) => {
            let ending = to_its_end(table, &plan, outcome)?;
            concluded(table, plan, ending, manner)
        }
        Ok(None) => Err(Fault::refused(text("token.nothing_to_take_up"))),
        Err(halt) => Err(of_halt(&halt)),
    }
}

/// Takes up the burn that was agreed to, of the same token.
pub fn take_up_planned(table: &mut Table<'_>, plan: Plan, manner: &Manner) -> Result<Done, Fault> {
    let outcome = table.with(|found, at| -> Result<_, End> {
        if !plan.identity().is_same_token(found.identity()) {
            return Err(End::Other(found.identity().clone()));
        }
        let record = open_burn(found, at.burns)?.ok_or(End::Changed)?;
        resumed(found, at, &record)
    })?;
    let ending = to_its_end(table, &plan, outcome)?;
    concluded(table, plan, ending, manner)
}

fn resumed(found: &mut Found<'_>, at: At<'_>, record: &Record) -> Result<Ending, End> {
    let At { tools, burns, key, interrupt } = at;
    Ok(interrupt.hold(|| resume(found, record, &key, tools, &mut *burns.journal()))?)
}

/// The burn of this token that is not proven. What was proven is left as it is: who wants it written anew burns it.
fn open_burn(found: &Found<'_>, burns: &mut dyn Burns) -> Result<Option<Record>, Halt> {
    let record = burns.journal().record(&TokenName::from(found.identity())).map_err(Halt::Journal)?;
    let is_open = |record: &Record| !matches!(record.progress, Progress::Ended(ending) if ending.is_proven());
    Ok(record.filter(is_open))
}

/// Writes, when it is the token of the plan and what is in its place is what was agreed to.
fn begin(found: &mut Found<'_>, at: At<'_>, plan: &Plan) -> Result<Ending, End> {
    let now = found.plan_agreed(plan, &at.key, at.tools).map_err(|why| match why {
        NotAgreed::Other => End::Other(found.identity().clone()),
        NotAgreed::Changed(_) => End::Changed,
        NotAgreed::Plan(error) => error.into(),
    })?;
    written(found, at, &now)
}

fn written(found: &mut Found<'_>, at: At<'_>, plan: &Plan) -> Result<Ending, End> {
    let At { tools, burns, key, interrupt } = at;
    Ok(interrupt.hold(|| burn(found, plan, &key, tools, &mut *burns.journal()))?)
}

/// Takes a burn up again as often as the link is lost, until it ends or cannot go on.
fn to_its_end(table: &mut Table<'_>, plan: &Plan, first: Result<Ending, End>) -> Result<Ending, NotDone> {
    let mut outcome = first;
    let mut holds = vec![Held::Before];
    for _ in 0..LOSSES {
        let error = match outcome {
            Ok(Ending::Written(Some(error))) if is_link(error) => {
                holds = vec![Held::New];
                error
            }
            Ok(ending) => return Ok(ending),
            Err(End::Halt(Halt::Stopped(stop))) if is_link(stop.error) => {
                holds = stop.holds;
                stop.error
            }
            // It could not be asked what it holds: that is what it was.
            Err(End::Halt(Halt::Plan(PlanError::Token(error)))) if is_link(error) => error,
            Err(End::Halt(halt)) => return Err((&halt).into()),
            Err(End::Changed) => return Err(untouched(text("token.changed"))),
            Err(End::Other(other)) => {
                let (other, this) = (token_words::of_identity(&other), token_words::of_identity(plan.identity()));
                return Err(untouched(&fill("token.other_there", &[("other", &other), ("this", &this)])));
            }
        };
        let values = [("holds", &*token_words::of_held(&holds)), ("why", &*token_words::of_error(error))];
        table.log.note(&fill("token.stopped", &values));
        table.context.terminal.say(&fill("token.lost", &values));
        outcome = match again(table, plan) {
            Ok(outcome) => outcome,
            // All was written, and nobody came back to prove it.
            Err(_) if holds == [Held::New] => return Ok(Ending::Written(Some(error))),
            // Whoever gives up is told what the token is left with.
            Err(why) => {
                let left = fill("token.left_so", &[("why", &why.words), ("holds", &token_words::of_held(&holds))]);
                let is_untouched = holds == [Held::Before];
                return Err(NotDone { fault: Fault { words: left, ..why }, is_untouched, is_wrong_key: false });
            }
        };
    }
    match outcome {
        Ok(ending) => Ok(ending),
        Err(End::Halt(halt)) => Err((&halt).into()),
        Err(End::Changed | End::Other(_)) => Err(untouched(text("token.changed"))),
    }
}

fn untouched(words: &str) -> NotDone {
    NotDone { fault: Fault::refused(words), is_untouched: true, is_wrong_key: false }
}

/// Whether the link failed, and not the token.
const fn is_link(error: TokenError) -> bool {
    matches!(error, TokenError::Link(LinkError::Lost | LinkError::Late))
}

/// Waits until the same token lies there again, and takes its burn up. Nothing is sent to another but the question what it is.
fn again(table: &mut Table<'_>, plan: &Plan) -> Result<Result<Ending, End>, Fault> {
    loop {
        let outcome = table.with(|found, at| -> Result<_, End> {
            if !plan.identity().is_same_token(found.identity()) {
                return Err(End::Other(found.identity().clone()));
            }
            let token = TokenName::from(plan.identity());
            let Some(record) = at.burns.journal().record(&token).map_err(Halt::Journal)? else {
                return begin(found, at, plan);
            };
            resumed(found, at, &record)
        });
        match outcome {
            Ok(Err(End::Other(other))) => {
                let (other, this) = (token_words::of_identity(&other), token_words::of_identity(plan.identity()));
                table.context.terminal.say(&fill("token.other_there", &[("other", &other), ("this", &this)]));
            }
            Ok(outcome) => return Ok(outcome),
            Err(NotMet::Declined(why)) => table.context.terminal.say(token_words::of_declined(why)),
            Err(NotMet::Other(identity)) => table.context.terminal.say(&token_words::of_other(&identity)),
            Err(NotMet::Token(error @ TokenError::Link(_))) => {
                // It moved while it was asked what it is: it may lie there by now.
                table.context.terminal.say(&token_words::of_error(error));
                continue;
            }
            Err(NotMet::Token(error)) => table.context.terminal.say(&token_words::of_error(error)),
            Err(NotMet::Fault(fault)) => return Err(fault),
        }
        table.next()?;
    }
}

/// Compares codes where nothing else proves the seed, and keeps what came of it.
fn concluded(table: &mut Table<'_>, plan: Plan, ending: Ending, manner: &Manner) -> Result<Done, Fault> {
    let ending = match ending {
        Ending::Written(_) => match compare::compare(table, &plan, compare::Wanted::of(manner))? {
            Some(judgement) => judged(table, &plan, judgement)?,
            None => ending,
        },
        ending => ending,
    };
    table.log.outcome(ending);
    Ok(Done { plan, ending })
}

/// Keeps what a person saw.
pub fn judged(table: &mut Table<'_>, plan: &Plan, judgement: Judgement) -> Result<Ending, Fault> {
    let token = TokenName::from(plan.identity());
    let ending = conclude(&mut *table.burns.journal(), &token, Some(judgement)).map_err(|halt| of_halt(&halt))?;
    if judgement == Judgement::WrongSeed {
        return Err(Fault::refused(text("token.not_this_seed")));
    }
    Ok(ending)
}
