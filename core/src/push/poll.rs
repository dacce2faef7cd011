//! What a poll asks and what its State brings (push-v1 section 8).
//!
//! A State is not signed: of it only verified challenges count, the rest moves the display. The next poll repeats the
//! last State, also what the phone could not take, so that nothing a gateway says makes a loop.

use countersign_protocol::jose::{FormError, H32, Id, Refused};
use countersign_protocol::push::{Challenge, DeviceState, Echo, Message, State, Via, check};

use super::meta::{self, Cause};
use crate::record::{Approval, LastState, Record, Stage};

/// The body of the next poll, which may wait for `wait` seconds.
///
/// # Errors
/// [`FormError::Range`] for more than 30 seconds.
pub fn echo(record: &Record, wait: u64) -> Result<Echo, FormError> {
    let shown = |id: &Id| record.approval(*id).is_some_and(|approval| approval.left.is_none());
    let first = || LastState {
        have: Vec::new(),
        device: record.enrolled().map_or(DeviceState::Pending, |enrolled| enrolled.device),
        meta: meta::version(&record.trusted),
        joining: None,
    };
    let LastState { have, device, meta, joining } = record.last.clone().unwrap_or_else(first);
    let seen: Vec<Id> = have.iter().copied().filter(shown).collect();
    Ok(Echo { wait: wait.try_into()?, have: have.try_into()?, seen: seen.try_into()?, device, meta, joining })
}

/// What a State changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// A challenge was taken, or one that was open is not any more.
    pub news: bool,
    /// A challenge was taken.
    pub challenges: bool,
    /// The gateway calls the device something else than before, or another phone joins by its invitation.
    pub device: bool,
    /// Why metadata should be fetched.
    pub causes: Vec<Cause>,
}

/// Takes a State into the record, which came by a poll or an event. `now` is the phone's clock.
pub fn take(record: &mut Record, state: &State, via: Via, now: u64) -> Taken {
    let mut taken = Taken::default();
    record.offset = offset(state.now, now);
    if let Stage::Enrolled(enrolled) = &mut record.stage {
        taken.device = enrolled.device != state.device;
        enrolled.device = state.device;
    }
    for text in state.challenges.iter() {
        let Ok(challenge) = Message::<Challenge>::parse(text) else { continue };
        if record.reopen(challenge.claims().jti, now) {
            (taken.news, taken.challenges) = (true, true);
            continue;
        }
        match take_challenge(record, challenge, via, now) {
            Ok(()) => (taken.news, taken.challenges) = (true, true),
            Err(Left::UnknownKey(kid)) => taken.causes.push(Cause::Kid(kid)),
            Err(Left::Alone) => {}
        }
    }
    for closed in state.closed.iter() {
        taken.news |= record.show_ended(closed.jti, closed.st, now);
    }
    if state.meta != meta::version(&record.trusted) {
        taken.causes.push(Cause::Version(state.meta));
    }
    let joining = state.joining.as_ref().map(|joining| joining.e);
    if let Some(invitation) = &mut record.invitation {
        // Of a phone that came by another invitation this one knows nothing.
        let own = invitation.code.as_ref().map(|code| code.e).filter(|_| !invitation.confirmed);
        let joins = state.joining.clone().filter(|joining| Some(joining.e) == own);
        taken.device |= invitation.joining != joins;
        invitation.joining = joins;
    }
    record.last = Some(LastState { have: state.held(), device: state.device, meta: state.meta, joining });
    taken
}

/// Takes one challenge, verified as push-v1 section 6 says.
///
/// # Errors
/// Why it was left alone; then nothing changed.
pub fn take_challenge(record: &mut Record, challenge: Message<Challenge>, via: Via, now: u64) -> Result<(), Left> {
    let did = record.enrolled().ok_or(Left::Alone)?.did;
    let gone = |jti: &Id| record.is_closed(*jti) || record.approval(*jti).is_some();
    let verified = check::challenge(challenge.clone(), &record.trusted, &did, record.gateway_time(now), gone);
    let verified = verified.map_err(|refused| match refused {
        Refused::Key => Left::UnknownKey(challenge.jws().kid()),
        _ => Left::Alone,
    })?;
    record.saw_signed(verified.claims().iat, now);
    record.approvals.push(Approval { challenge, taken: now, via, left: None, answers: Vec::new() });
    Ok(())
}

/// Why a challenge was left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Signed by a key that the phone does not know.
    UnknownKey(H32),
    /// Any other reason, also that it is here already.
    Alone,
}

/// Gateway's time minus the phone's.
fn offset(gateway: u64, phone: u64) -> i64 {
    let difference = i128::from(gateway) - i128::from(phone);
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}
