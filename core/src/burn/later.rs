//! What was written into tokens earlier, as the ledger says: read back, its settings taken for a clock, and seen to be forgotten.

use countersign_protocol::otp::{Algorithm, Period};

use super::TokenError;
use super::credential::{Credential, Moving, TokenDigits};
use super::identity::{Family, Identity};
use super::journal::Ending;
use super::kept::LedgerRow;
use super::ledger;
use super::meet::{Found, PlanError};
use super::pen::Tools;
use super::plan::Plan;
use super::request::KeyProfile;
use super::room::Room;

/// What came of reading back one row of the ledger.
#[derive(Debug, Clone)]
pub struct Reread {
    /// How it ended: [`Ending::Written`] where all is as it was written and the seed cannot be read.
    pub ending: Ending,
    /// For what a person's digits can be compared then.
    pub plan: Option<Plan>,
}

/// Reads back what a row of the ledger says is in this token. Nothing is written; of what a counter moves a code is used up.
///
/// # Errors
/// [`TokenError`] where the token could not be asked.
pub fn verify_row(
    found: &mut Found<'_>,
    row: &LedgerRow,
    key: &KeyProfile,
    tools: Tools<'_>,
) -> Result<Reread, TokenError> {
    let family = found.identity().family;
    // Whether it asks for a touch stands in no ledger, and some tell.
    for touch in [false, true] {
        let plan = match found.plan_row(row, touch, key, tools) {
            Ok(plan) => plan,
            Err(PlanError::Refused(_)) => continue,
            Err(PlanError::Token(error)) => return Err(error),
        };
        match found.verify_from(&plan, row.credential.moving, tools) {
            Ok(proof) => return Ok(Reread { ending: proof.ending(), plan: Some(plan) }),
            Err(TokenError::NotKept(_)) if family == Family::Token2Otp => {}
            Err(TokenError::NotKept(_)) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Reread { ending: Ending::Failed, plan: None })
}

/// Settings that are written together with a clock and cannot be read. What nobody knows is not made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// The hash.
    pub algorithm: Option<Algorithm>,
    /// How many digits a code has.
    pub digits: Option<TokenDigits>,
    /// How long a code lives.
    pub period: Option<Period>,
}

impl Settings {
    /// Of what was written.
    pub const fn of(credential: &Credential) -> Self {
        let period = match credential.moving {
            Moving::Time(period) => Some(period),
            Moving::Counter(_) => None,
        };
        Self { algorithm: Some(credential.algorithm), digits: Some(credential.digits), period }
    }

    /// What was said, and beside it what is known.
    #[must_use]
    pub fn or(self, known: Self) -> Self {
        Self {
            algorithm: self.algorithm.or(known.algorithm),
            digits: self.digits.or(known.digits),
            period: self.period.or(known.period),
        }
    }

    /// A credential with these settings; `None` where its hash or its period is not known.
    pub fn put_into(self, credential: Credential) -> Option<Credential> {
        let (algorithm, moving) = (self.algorithm?, Moving::Time(self.period?));
        Some(Credential { algorithm, moving, digits: self.digits.unwrap_or(credential.digits), ..credential })
    }
}

/// The row that tells the settings of a token with one seed: the last that did not fail, since what failed may have left others.
pub fn row_of_settings<'r>(rows: impl DoubleEndedIterator<Item = &'r LedgerRow>) -> Option<&'r LedgerRow> {
    rows.rev().find(|row| row.proof != ledger::Proof::Failed)
}

/// Whether a token that waited for its button has forgotten everything: it is the one that was asked, is as it was made, and was
/// not so before. What it was before may not be known.
pub fn has_forgotten(asked: &Identity, before: Option<&Room>, there: &Identity, now: Option<&Room>) -> bool {
    let is_other = |now: &Room| before.is_none_or(|before| before.is_as_made() || before != now);
    asked.is_same_token(there) && now.is_some_and(|now| now.is_as_made() && is_other(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::kept::LedgerRow;
    use crate::burn::testing::credential;
    use crate::burn::{Serial, TokenName};

    fn row(period: u64, proof: ledger::Proof) -> LedgerRow {
        let mut credential = credential();
        credential.moving = Moving::Time(Period::try_from(period).unwrap());
        LedgerRow {
            token: TokenName { family: Family::Single, serial: None },
            profile: 0,
            manufacturer: String::new(),
            model: String::new(),
            credential,
            written_at: 0,
            proof,
            ahead: None,
            batch: None,
        }
    }

    #[test]
    fn settings_are_as_said_else_as_known_and_none_is_made_up() {
        let period = |seconds: u64| Period::try_from(seconds).ok();
        let known = Settings::of(&row(60, ledger::Proof::Written).credential);
        assert_eq!(
            (known.algorithm, known.digits, known.period),
            (Some(Algorithm::Sha1), Some(TokenDigits::SIX), period(60))
        );
        let said = Settings { period: period(30), ..Settings::default() };
        assert_eq!(said.or(known), Settings { period: period(30), ..known });
        assert_eq!(said.or(Settings::default()), said);
        assert_eq!(known.put_into(credential()).unwrap().moving, Moving::Time(period(60).unwrap()));
        assert!(said.put_into(credential()).is_none(), "nobody knows its hash");
        let mut counted = credential();
        counted.moving = Moving::Counter(countersign_protocol::otp::Counter::ZERO);
        assert!(Settings::of(&counted).put_into(counted).is_none());
    }

    #[test]
    fn what_failed_tells_no_settings() {
        let rows = [row(30, ledger::Proof::ByCodes), row(60, ledger::Proof::Written), row(90, ledger::Proof::Failed)];
        let told = row_of_settings(rows.iter()).unwrap();
        assert_eq!(Settings::of(&told.credential).period, Period::try_from(60).ok());
        assert!(row_of_settings(rows[2..].iter()).is_none());
    }

    #[test]
    fn a_token_has_forgotten_where_it_is_empty_and_was_not() {
        let serial = |text: &str| Identity { serial: Serial::try_from(text).ok(), ..Identity::new(Family::Molto2) };
        let room = |titles: &[&str]| Room {
            taken: titles.len(),
            all: Some(100),
            profiles: titles.iter().zip(0..).map(|(title, number)| (number, (*title).to_owned())).collect(),
        };
        let (one, other, full, empty) = (serial("1"), serial("2"), room(&["Mail"]), room(&[]));
        assert!(has_forgotten(&one, Some(&full), &one, Some(&empty)));
        assert!(has_forgotten(&one, None, &one, Some(&empty)) && has_forgotten(&one, Some(&empty), &one, Some(&empty)));
        assert!(!has_forgotten(&one, Some(&full), &one, Some(&full)));
        assert!(!has_forgotten(&one, Some(&full), &other, Some(&empty)), "another token is empty");
        assert!(!has_forgotten(&one, Some(&full), &one, None), "nobody saw it");
    }
}
