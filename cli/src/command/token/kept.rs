//! What is kept of burns: the journal, the moment of each burn, and the owner's own keys.
//!
//! This is the seam between the commands and what keeps it. An emulated token's burns last as long as the program.

use countersign_core::app::LedgerLine;
use countersign_core::burn::ledger::{Entry, Proof};
use countersign_core::burn::{
    BatchLine, Ending, Family, JournalStore, KeyProfile, LedgerRow, MemoryJournal, Plan, Progress, Record, Request,
    Step, TokenName,
};
use countersign_core::error::{Error, InputError, PortError};
use countersign_core::protocol::Secret;
use countersign_core::vault::KeptId;
use countersign_strings::text;

use crate::command::Context;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::token_words;

/// Keeps burns.
pub trait Burns {
    /// The journal, for one burn.
    fn journal(&mut self) -> Box<dyn JournalStore + '_>;

    /// The desk whose vault keeps them; none of emulated tokens.
    fn desk(&self) -> Option<&Desk>;

    /// From now on burns are for this row of a batch that is kept; or for none.
    fn for_row(&mut self, row: Option<BatchLine>);

    /// The ledger: a row for each token that was written and tells a serial number, in the order in which they came.
    ///
    /// # Errors
    /// A [`Fault`] where it cannot be read.
    fn entries(&self) -> Result<Vec<Entry>, Fault>;

    /// The owner's own key of this name, and the tokens that it is for.
    ///
    /// # Errors
    /// A [`Fault`] where there is none.
    fn key(&self, name: &str) -> Result<(Family, KeyProfile), Fault>;

    /// Keeps the owner's own key of such tokens under a name.
    ///
    /// # Errors
    /// A [`Fault`] for a name that is taken, or is none.
    fn keep_key(&mut self, name: &str, family: Family, key: &Secret) -> Result<(), Fault>;

    /// Whether a key may be kept under this name.
    ///
    /// # Errors
    /// As [`Burns::keep_key`].
    fn may_keep_key(&self, name: &str) -> Result<(), Fault>;

    /// What the ledger says is in the place that a plan writes.
    ///
    /// # Errors
    /// A [`Fault`] where it cannot be read.
    fn standing(&self, plan: &Plan) -> Result<Option<LedgerRow>, Fault>;

    /// What the ledger says of one token; of one without a serial number nothing, since it may be another one each time.
    ///
    /// # Errors
    /// A [`Fault`] where it cannot be read.
    fn rows(&self, token: &TokenName) -> Result<Vec<LedgerLine>, Fault>;

    /// Keeps what came of reading back what a row of the ledger says.
    ///
    /// # Errors
    /// A [`Fault`] where it cannot be written.
    fn read_back(&mut self, line: &LedgerLine, ending: Ending) -> Result<(), Fault>;

    /// A token holds what was written into it no more: the ledger says so no longer. How many of its rows are gone.
    ///
    /// # Errors
    /// A [`Fault`] where it cannot be written.
    fn erased(&mut self, token: &TokenName, what: &Erased<'_>) -> Result<usize, Fault>;
}

/// What a token forgot.
#[derive(Debug, Clone, Copy)]
pub enum Erased<'a> {
    /// All of it.
    Whole,
    /// The place that this request names: a profile, or the entry of a name.
    Place(&'a Request),
}

impl Erased<'_> {
    fn is(&self, row: &LedgerRow) -> bool {
        match self {
            Self::Whole => true,
            Self::Place(request) => row.is_in_place_of(request),
        }
    }
}

/// The desk whose vault keeps all of it.
pub fn desk(context: &Context) -> Result<Desk, Fault> {
    context.open_desk()
}

/// Opens what is kept: the vault, whose passphrase is asked for; of emulated tokens nothing outlasts the program.
pub fn open(context: &Context, is_emulated: bool) -> Result<Box<dyn Burns>, Fault> {
    if is_emulated {
        return Ok(Box::new(Passing::default()));
    }
    Ok(Box::new(InVault { desk: desk(context)?, row: None }))
}

/// The same where nobody has to be asked for a passphrase; else nothing is known.
pub fn open_unasked(context: &Context, is_emulated: bool) -> Result<Option<Box<dyn Burns>>, Fault> {
    if is_emulated {
        return Ok(None);
    }
    let desk = context.open_desk_unasked()?;
    Ok(desk.map(|desk| Box::new(InVault { desk, row: None }) as Box<dyn Burns>))
}

/// Burns in the vault.
struct InVault {
    desk: Desk,
    row: Option<BatchLine>,
}

impl Burns for InVault {
    fn journal(&mut self) -> Box<dyn JournalStore + '_> {
        Box::new(self.desk.app.journal(self.row))
    }

    fn desk(&self) -> Option<&Desk> {
        Some(&self.desk)
    }

    fn for_row(&mut self, row: Option<BatchLine>) {
        self.row = row;
    }

    fn entries(&self) -> Result<Vec<Entry>, Fault> {
        Ok(self.desk.app.ledger(None)?.iter().filter_map(|line| line.row.entry()).collect())
    }

    fn key(&self, name: &str) -> Result<(Family, KeyProfile), Fault> {
        let keys = self.desk.app.token_keys()?;
        let row = keys.into_iter().find(|row| row.name == name.trim()).ok_or(InputError::NotFound)?;
        Ok((row.family, self.desk.app.token_key(&row.name, row.family)?))
    }

    fn keep_key(&mut self, name: &str, family: Family, key: &Secret) -> Result<(), Fault> {
        Ok(self.desk.app.add_token_key(name, family, key)?)
    }

    fn may_keep_key(&self, name: &str) -> Result<(), Fault> {
        match self.desk.app.token_key(name, Family::Molto2) {
            Err(Error::Input(InputError::NotFound)) => Ok(()),
            Ok(_) | Err(Error::Input(InputError::WrongKind(_))) => Err(InputError::SameName.into()),
            Err(fault) => Err(fault.into()),
        }
    }

    fn standing(&self, plan: &Plan) -> Result<Option<LedgerRow>, Fault> {
        Ok(self.desk.app.standing(plan)?)
    }

    fn rows(&self, token: &TokenName) -> Result<Vec<LedgerLine>, Fault> {
        let lines = self.desk.app.ledger(None)?;
        Ok(lines.into_iter().filter(|line| line.row.token == *token && token.serial.is_some()).collect())
    }

    fn read_back(&mut self, line: &LedgerLine, ending: Ending) -> Result<(), Fault> {
        let mut journal = self.desk.app.journal(None);
        let last = journal.record(&line.row.token)?;
        if last.is_some_and(|last| line.row.is_in_place_of(&last.request)) {
            return Ok(journal.finish(&line.row.token, ending)?);
        }
        line.id.map_or(Ok(()), |id| Ok(self.desk.app.prove_ledger_row(id, ending)?))
    }

    fn erased(&mut self, token: &TokenName, what: &Erased<'_>) -> Result<usize, Fault> {
        let app = &self.desk.app;
        if let Erased::Whole = what {
            // One that did not end leaves a row of the ledger, so that it goes first. Of a place it may stand elsewhere.
            match app.forget_burn(token) {
                Ok(()) | Err(Error::Input(InputError::NotFound)) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        let lines = app.ledger(None)?;
        let is_gone = |line: &&LedgerLine| line.row.token == *token && what.is(&line.row);
        let gone: Vec<KeptId> = lines.iter().filter(is_gone).filter_map(|line| line.id).collect();
        gone.iter().try_for_each(|id| app.remove_ledger_row(*id))?;
        Ok(gone.len())
    }
}

/// Burns that are forgotten when the program ends.
#[derive(Default)]
pub struct Passing {
    journal: MemoryJournal,
}

impl Passing {
    /// A key that outlasts the program is no emulated token's: that has its maker's, as soon as the program ends.
    fn no_keys<R>() -> Result<R, Fault> {
        Err(Fault::refused(text("token.key_emulated")))
    }
}

impl Burns for Passing {
    fn journal(&mut self) -> Box<dyn JournalStore + '_> {
        Box::new(PassingJournal(&mut self.journal))
    }

    fn desk(&self) -> Option<&Desk> {
        None
    }

    fn for_row(&mut self, _: Option<BatchLine>) {}

    fn entries(&self) -> Result<Vec<Entry>, Fault> {
        let entry = |record: &Record| {
            Some(Entry {
                serial: record.token.serial.clone()?,
                profile: record.token.family.has_profiles().then_some(record.request.profile),
                manufacturer: token_words::maker(record.token.family).to_owned(),
                model: record.model.clone().unwrap_or_default(),
                credential: record.left(),
                written_at: record.began,
                proof: record.progress.proof()?,
                ahead: record.progress.ahead(),
            })
        };
        Ok(self.journal.records().iter().filter_map(entry).collect())
    }

    fn key(&self, _: &str) -> Result<(Family, KeyProfile), Fault> {
        Self::no_keys()
    }

    fn keep_key(&mut self, _: &str, _: Family, _: &Secret) -> Result<(), Fault> {
        Self::no_keys()
    }

    fn may_keep_key(&self, _: &str) -> Result<(), Fault> {
        Self::no_keys()
    }

    fn standing(&self, _: &Plan) -> Result<Option<LedgerRow>, Fault> {
        Ok(None)
    }

    fn rows(&self, _: &TokenName) -> Result<Vec<LedgerLine>, Fault> {
        Ok(vec![])
    }

    fn read_back(&mut self, _: &LedgerLine, _: Ending) -> Result<(), Fault> {
        Ok(())
    }

    fn erased(&mut self, _: &TokenName, _: &Erased<'_>) -> Result<usize, Fault> {
        Ok(0)
    }
}

/// The journal of such burns, lent for one of them.
struct PassingJournal<'p>(&'p mut MemoryJournal);

impl JournalStore for PassingJournal<'_> {
    fn begin(&mut self, record: &Record) -> Result<(), PortError> {
        self.0.begin(record)
    }

    fn mark(&mut self, token: &TokenName, step: Step) {
        self.0.mark(token, step);
    }

    fn finish(&mut self, token: &TokenName, ending: Ending) -> Result<(), PortError> {
        self.0.finish(token, ending)
    }

    fn record(&self, token: &TokenName) -> Result<Option<Record>, PortError> {
        self.0.record(token)
    }
}

/// What an end shows of the token; nothing, where nothing was written.
pub fn proof_of(ending: Ending) -> Option<Proof> {
    Progress::Ended(ending).proof()
}
