//! What a burn would do: shown before the token is touched by a write.

use countersign_protocol::otp::{Algorithm, Counter};

use super::capability::{Capabilities, Misfit, Said};
use super::credential::Moving;
use super::identity::{Dialect, Family, Identity};
use super::journal::TokenName;
use super::kept::LedgerRow;
use super::name::Stored;
use super::request::Request;

/// What is in the place that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// The family does not tell.
    Hidden,
    /// Nothing.
    Free,
    /// A profile with a seed, under this title.
    Profile(String),
    /// An entry of the same name.
    Entry,
    /// Nobody looked: the token does not lie there yet.
    Unknown,
}

/// What a burn takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erases {
    /// Nothing.
    Nothing,
    /// Whatever the token holds: it has one seed, and does not tell whether.
    Whole,
    /// A profile's seed and title.
    Profile {
        /// Its number; 0 is the first.
        number: u8,
        /// Its title.
        title: String,
    },
    /// The entry of this name.
    Entry(String),
    /// Nobody knows before the token lies there.
    Unknown,
}

impl Erases {
    /// Whether something is known to go.
    pub const fn is_something(&self) -> bool {
        matches!(self, Self::Profile { .. } | Self::Entry(_))
    }
}

/// What else a person should know before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The seed is written with zeros at its end, to so many bytes: codes are the same.
    Extended(usize),
    /// In place of the seed its hash is written, as RFC 2104 does with long keys: codes are the same.
    Hashed,
    /// The token stores neither issuer nor name.
    NoLabel,
    /// Anyone may read the title without a key.
    PublicTitle,
    /// Whoever listens to the link can read the seed: the key of this family is published.
    Overheard,
    /// The display shows the old code until the token was off and on.
    SwitchOff,
    /// What is known of this family comes from one source.
    Experimental,
    /// The model is not known; the person insisted.
    UnknownModel,
    /// While the link is lost between two commands the token holds no seed at all.
    BlankBetween,
    /// The token asks for a touch while it is written.
    TouchToWrite,
    /// Proving that it holds the seed takes its first code: the token is one counter further then.
    CounterMoves,
}

/// Why nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token cannot hold what is asked for; everything that does not fit.
    #[error("the token cannot hold it: {0:?}")]
    Misfits(Vec<Misfit>),
    /// No model is known whose serial number begins like this one. An expert may insist.
    #[error("the model is not known")]
    UnknownModel,
    /// What is asked for belongs to another serial number.
    #[error("it belongs to another token")]
    OtherSerial,
    /// Something is in the place, and nobody agreed that it goes.
    #[error("the place is taken: {0:?}")]
    Taken(Erases),
}

impl Refusal {
    /// Everything that such a token cannot hold, what was said beside the seed among it; nothing where all fits.
    pub fn of(identity: &Identity, request: &Request, said: Said) -> Option<Self> {
        let capabilities = Capabilities::of(identity);
        let mut misfits = capabilities.misfits(identity.family, request);
        let misplaced = capabilities.misplaced(said);
        misfits.extend(misplaced.into_iter().filter(|misfit| !misfits.contains(misfit)).collect::<Vec<_>>());
        (!misfits.is_empty()).then_some(Self::Misfits(misfits))
    }
}

/// A burn that may be done. It is pure: made from what is known, without a command.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) identity: Identity,
    pub(super) request: Request,
    pub(super) stored: Stored,
    pub(super) erases: Erases,
    /// How many codes further than it says its counter may stand: none, where it was written just now.
    pub(super) further: u64,
    notes: Vec<Note>,
}

impl Plan {
    /// Plans a burn for a token of which this is known.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing was sent and nothing should be.
    pub fn new(identity: &Identity, holding: &Holding, request: Request) -> Result<Self, Refusal> {
        if let Some(refusal) = Refusal::of(identity, &request, Said::default()) {
            return Err(refusal);
        }
        if identity.family == Family::Single && identity.model.is_none() && !request.expert {
            return Err(Refusal::UnknownModel);
        }
        if request.credential.serial.is_some()
            && identity.serial.is_some()
            && request.credential.serial != identity.serial
        {
            return Err(Refusal::OtherSerial);
        }
        let stored = Stored::of(identity.family, &request).map_err(|misfit| Refusal::Misfits(vec![misfit]))?;
        let erases = match holding {
            Holding::Hidden => Erases::Whole,
            Holding::Free => Erases::Nothing,
            Holding::Profile(title) => Erases::Profile { number: request.profile, title: title.clone() },
            Holding::Entry => Erases::Entry(stored.shown()),
            Holding::Unknown => Erases::Unknown,
        };
        // Of a token with one place nobody can know whether it is free: that it may be taken is what it is shown for.
        if erases.is_something() && !request.replace {
            return Err(Refusal::Taken(erases));
        }
        let notes = notes(identity, &request);
        Ok(Self { identity: identity.clone(), request, stored, erases, further: 0, notes })
    }

    /// The same as it is read back later: its counter stands here by now, or up to so many codes further.
    pub(super) fn standing_at(&self, counter: Counter, further: u64) -> Self {
        let mut plan = self.clone();
        if let Moving::Counter(at) = &mut plan.request.credential.moving {
            *at = counter;
        }
        Self { further, ..plan }
    }

    /// The token.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What was asked for.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The profile that is written, of a token that has many.
    pub fn profile(&self) -> Option<u8> {
        self.identity.family.has_profiles().then_some(self.request.profile)
    }

    /// Whether this row of a ledger is in the place that is written.
    pub fn writes_over(&self, row: &LedgerRow) -> bool {
        row.token == TokenName::from(&self.identity) && row.is_in_place_of(&self.request)
    }

    /// What goes away.
    pub fn erases(&self) -> &Erases {
        &self.erases
    }

    /// The title or name that the token stores; empty where it stores none.
    pub fn label(&self) -> String {
        self.stored.shown()
    }

    /// What else a person should know.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

fn notes(identity: &Identity, request: &Request) -> Vec<Note> {
    let credential = &request.credential;
    let counts = matches!(credential.moving, Moving::Counter(_));
    let family = identity.family;
    let single = family == Family::Single;
    let extended = if single && credential.seed.len() < 20 { Some(Note::Extended(20)) } else { None };
    let oath = matches!(family, Family::Oath(_));
    let longest = if credential.algorithm == Algorithm::Sha512 { 128 } else { 64 };
    let all = [
        extended,
        (oath && credential.seed.len() < 14).then_some(Note::Extended(14)),
        (oath && credential.seed.len() > longest).then_some(Note::Hashed),
        single.then_some(Note::NoLabel),
        (family == Family::Molto2).then_some(Note::PublicTitle),
        single.then_some(Note::Overheard),
        single.then_some(Note::SwitchOff),
        (single && identity.clock_takes_seed).then_some(Note::BlankBetween),
        (single && identity.model.is_none()).then_some(Note::UnknownModel),
        family.is_experimental().then_some(Note::Experimental),
        matches!(family, Family::Token2Otp | Family::Oath(Dialect::Nitrokey)).then_some(Note::TouchToWrite),
        counts.then_some(Note::CounterMoves),
    ];
    all.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::Serial;
    use crate::burn::testing::{credential, seed};

    fn single(serial: &str, model: Option<&'static str>) -> Identity {
        let serial = Serial::try_from(serial).ok();
        Identity { serial, model, clock_takes_seed: true, ..Identity::new(Family::Single) }
    }

    #[test]
    fn a_plan_says_what_goes_and_what_to_know() {
        let identity = single("86596220000001", Some("OTPC-P2-i"));
        let mut request = Request::new(credential());
        request.credential.seed = seed(&[7; 10]);
        let plan = Plan::new(&identity, &Holding::Hidden, request).unwrap();
        assert_eq!((plan.erases(), plan.label().as_str()), (&Erases::Whole, ""));
        let known = [Note::Extended(20), Note::NoLabel, Note::Overheard, Note::SwitchOff, Note::BlankBetween];
        assert_eq!(plan.notes(), known);
        assert!(
            plan.identity().is_same_token(&identity)
                && !format!("{plan:?}").contains('7'.to_string().repeat(3).as_str())
        );
        let molto = Identity::new(Family::Molto2);
        let taken = Holding::Profile("Token2".into());
        let erases = Erases::Profile { number: 0, title: "Token2".into() };
        let mut request = Request::new(credential());
        assert_eq!(Plan::new(&molto, &taken, request.clone()).unwrap_err(), Refusal::Taken(erases.clone()));
        request.replace = true;
        let plan = Plan::new(&molto, &taken, request.clone()).unwrap();
        assert_eq!((plan.erases(), plan.label().as_str(), plan.notes()), (&erases, "ACME", &[Note::PublicTitle][..]));
        let oath = Identity::new(Family::Oath(Dialect::YubiKey));
        request.credential.seed = seed(&[7; 65]);
        let plan = Plan::new(&oath, &Holding::Entry, request).unwrap();
        assert_eq!((plan.erases(), plan.notes()), (&Erases::Entry("ACME:bob".into()), &[Note::Hashed][..]));
    }

    #[test]
    fn of_a_token_that_nobody_looked_at_it_is_not_said_that_nothing_goes() {
        for family in [Family::Molto2, Family::Oath(Dialect::YubiKey), Family::Token2Otp] {
            let plan = Plan::new(&Identity::new(family), &Holding::Unknown, Request::new(credential())).unwrap();
            assert_eq!(*plan.erases(), Erases::Unknown, "{family:?}");
            assert_eq!(plan.profile(), (family == Family::Molto2).then_some(0));
        }
    }

    #[test]
    fn strangers_and_other_peoples_tokens_are_refused() {
        let stranger = single("12345670000001", None);
        let mut request = Request::new(credential());
        let plan = |identity: &Identity, request: &Request| Plan::new(identity, &Holding::Hidden, request.clone());
        assert_eq!(plan(&stranger, &request).unwrap_err(), Refusal::UnknownModel);
        request.expert = true;
        assert!(plan(&stranger, &request).unwrap().notes().contains(&Note::UnknownModel));
        request.credential.serial = Serial::try_from("86596220000001").ok();
        assert_eq!(plan(&stranger, &request).unwrap_err(), Refusal::OtherSerial);
        assert!(plan(&single("86596220000001", Some("OTPC-P2-i")), &request).is_ok());
    }
}
