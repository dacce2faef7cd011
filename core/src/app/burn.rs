//! Hardware tokens: burned with a record in the vault, taken up again, and proven.
//!
//! A shell opens the link and holds the token; nothing of the app is locked while a command is under way.

use countersign_protocol::otp::Typed;

use super::App;
use crate::burn::{
    self, BatchLine, Comparison, Ending, Found, Halt, Held, Hints, JournalStore, Judgement, KeptBurn, KeyProfile, Met,
    Plan, PlanError, Progress, Record, Request, Step, TokenError, TokenLink, TokenName, Tools,
};
use crate::cancel::Cancel;
use crate::error::{Error, InputError, PortError};
use crate::limits;
use crate::port::Topic;
use crate::vault::{Drawer, Keeping, KeptId, KeptOpen};

/// A burn as it is listed: what it was to hold is not in it.
#[derive(Debug, Clone)]
pub struct BurnRow {
    /// The token.
    pub token: TokenName,
    /// Its model, where it is known.
    pub model: Option<String>,
    /// The profile, of a token that has many.
    pub profile: u8,
    /// Who issued what it was to hold; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// When it began, in seconds since 1970.
    pub began: u64,
    /// How far it got.
    pub progress: Progress,
    /// The row of a batch that it is for.
    pub from: Option<BatchLine>,
}

/// The journal of burns in the unlocked vault. One is good for one burn.
pub struct VaultJournal<'a> {
    app: &'a App,
    from: Option<BatchLine>,
    /// What the record that was begun took the place of.
    before: Option<(TokenName, KeptBurn)>,
}

impl App {
    /// Finds out what is on the reader, with commands that change nothing.
    ///
    /// # Errors
    /// As [`burn::meet`].
    pub fn meet_token<'l>(
        &self,
        link: &'l mut dyn TokenLink,
        hints: Hints<'_>,
        cancel: &Cancel,
    ) -> Result<Met<'l>, TokenError> {
        burn::meet(link, hints, self.token_tools(cancel))
    }

    /// Says what a burn would write and take away. Nothing is written.
    ///
    /// # Errors
    /// As [`Found::plan`].
    pub fn plan_burn(
        &self,
        found: &mut Found<'_>,
        request: Request,
        key: &KeyProfile,
        cancel: &Cancel,
    ) -> Result<Plan, PlanError> {
        found.plan(request, key, self.token_tools(cancel))
    }

    /// Burns as planned: recorded in the unlocked vault before the first write and after the last, and in the ledger. For a
    /// row of a batch that is kept, the row is this token's from then on.
    ///
    /// # Errors
    /// [`Halt`]. With [`Halt::Journal`] nothing was sent: [`PortError::Locked`] while the vault is, [`PortError::DiskFull`]
    /// where there is no room, [`PortError::Busy`] where the row went to another token meanwhile.
    pub fn burn(
        &self,
        found: &mut Found<'_>,
        plan: &Plan,
        key: &KeyProfile,
        from: Option<BatchLine>,
        cancel: &Cancel,
    ) -> Result<Ending, Halt> {
        burn::burn(found, plan, key, self.token_tools(cancel), &mut self.journal(from))
    }

    /// Takes up the burn of the token that is on the reader again; nothing where the vault knows of none. One that was proven is
    /// left as it is: who wants it written anew burns it.
    ///
    /// # Errors
    /// As [`burn::resume`].
    pub fn resume_burn(
        &self,
        found: &mut Found<'_>,
        key: &KeyProfile,
        cancel: &Cancel,
    ) -> Result<Option<Ending>, Halt> {
        let token = TokenName::from(found.identity());
        let Some(kept) = self.kept_burn(&token).map_err(Halt::Journal)? else { return Ok(None) };
        if let Progress::Ended(ending) = kept.record.progress
            && ending.is_proven()
        {
            return Ok(Some(ending));
        }
        let mut journal = self.journal(kept.from);
        burn::resume(found, &kept.record, key, self.token_tools(cancel), &mut journal).map(Some)
    }

    /// Which of what the token may hold it can still hold, for who does not resume. Reads and writes nothing.
    ///
    /// # Errors
    /// As [`burn::holds`]; [`TokenError::Port`] where the vault has no record of it.
    pub fn token_holds(
        &self,
        found: &mut Found<'_>,
        possible: &[Held],
        key: &KeyProfile,
        cancel: &Cancel,
    ) -> Result<Vec<Held>, TokenError> {
        let token = TokenName::from(found.identity());
        let kept = self.kept_burn(&token)?.ok_or(PortError::Unavailable)?;
        burn::holds(found, &kept.record, possible, key, self.token_tools(cancel))
    }

    /// The codes that the display of a written token must show at this moment, for a person to compare; nothing for codes
    /// that a counter moves.
    ///
    /// # Errors
    /// [`InputError::NotFound`] where nothing was written into this token; [`InputError::VaultLocked`].
    pub fn token_codes(&self, token: &TokenName) -> Result<Option<Comparison>, Error> {
        let kept = self.written(token)?;
        Ok(Comparison::at(&kept.record.request.credential, self.ports.clock.now()))
    }

    /// Records what the display of a written token shows, or that nobody compared: then it stays as it was, written and not
    /// proven. Digits that are not the seed's end the burn as failed; fewer or more than a code has are taken for none.
    ///
    /// # Errors
    /// [`Halt::Journal`] where nothing was written into this token, or the vault is locked; [`Halt::Unrecorded`].
    pub fn conclude_burn(&self, token: &TokenName, shown: Option<&Typed>) -> Result<(Ending, Option<Judgement>), Halt> {
        let kept = self.written(token).map_err(|error| Halt::Journal(as_port(error)))?;
        let Progress::Ended(ending) = kept.record.progress else { return Err(Halt::Journal(PortError::Unavailable)) };
        // A slip of the hand is no code, and says nothing of the token.
        let whole = usize::from(kept.record.request.credential.digits.get());
        let Some(shown) = shown.filter(|shown| shown.len() == whole) else { return Ok((ending, None)) };
        let judgement = burn::judge(&kept.record.left(), shown, self.ports.clock.now());
        let ending = burn::conclude(&mut self.journal(kept.from), token, Some(judgement))?;
        Ok((ending, Some(judgement)))
    }

    /// All burns that the vault knows of, one a token, the oldest first.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn burns(&self) -> Result<Vec<BurnRow>, Error> {
        Ok(self.kept_burns()?.into_iter().map(BurnRow::from).collect())
    }

    /// Forgets the burn of a token, its seed among it. The ledger keeps what it says; of a burn that did not end it says that
    /// it failed.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn forget_burn(&self, token: &TokenName) -> Result<(), Error> {
        self.change_tokens(|rows| {
            let (id, mut kept) = find(rows, token)?.ok_or(InputError::NotFound)?;
            if matches!(kept.record.progress, Progress::Begun(_)) {
                enter(rows, &mut kept)?;
            }
            rows.remove(id)
        })
    }

    /// The journal of burns, for the row of a batch where there is one. It is good for one burn. A burn of the same seed into the
    /// same place of the token is the one that is there already, taken up again: it stays of the row that it was begun for.
    pub fn journal(&self, from: Option<BatchLine>) -> VaultJournal<'_> {
        VaultJournal { app: self, from, before: None }
    }

    /// How many rows kept of tokens cannot be read; which, nobody can tell.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn damaged_token_rows(&self) -> Result<usize, Error> {
        self.state()?.safe.vault()?.kept_damaged()
    }

    /// Removes rows kept of tokens that cannot be read: how many there were.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn remove_damaged_token_rows(&self) -> Result<usize, Error> {
        self.change_tokens(|rows| rows.remove_damaged())
    }

    /// What a burn takes from here.
    pub(super) fn token_tools<'a>(&'a self, cancel: &'a Cancel) -> Tools<'a> {
        Tools { clock: &*self.ports.clock, random: &*self.ports.random, cancel }
    }

    /// Changes what is kept of tokens, in one durable change, and tells who looks on.
    pub(super) fn change_tokens<T>(
        &self,
        work: impl FnOnce(&mut Keeping<'_, '_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let changed = self.state()?.safe.vault()?.change_kept(work);
        if changed.is_ok() {
            self.notify(Topic::Burn);
        }
        changed
    }

    /// The rows of a drawer, read.
    pub(super) fn token_rows<T>(
        &self,
        drawer: Drawer,
        read: impl Fn(&[u8], &[u8]) -> Option<T>,
    ) -> Result<Vec<(KeptId, T)>, Error> {
        let rows = self.state()?.safe.vault()?.kept(drawer)?;
        let read = |KeptOpen { id, name, body }: KeptOpen| -> Result<(KeptId, T), Error> {
            // What it holds leaves its type to be read.
            Ok((id, read(&name, body.expose()).ok_or(InputError::Damaged(id.0))?))
        };
        rows.into_iter().map(read).collect()
    }

    pub(super) fn kept_burns(&self) -> Result<Vec<KeptBurn>, Error> {
        let burns = self.token_rows(Drawer::Burns, |_, body| KeptBurn::read(body))?;
        Ok(burns.into_iter().map(|(_, kept)| kept).collect())
    }

    fn kept_burn(&self, token: &TokenName) -> Result<Option<KeptBurn>, PortError> {
        let found = self.state().and_then(|mut state| state.safe.vault()?.kept_as(Drawer::Burns, &token.bytes()));
        let Some((_, body)) = found.map_err(as_port)? else { return Ok(None) };
        KeptBurn::read(body.expose()).map(Some).ok_or(PortError::Failed)
    }

    /// The burn of a token into which all was written.
    fn written(&self, token: &TokenName) -> Result<KeptBurn, Error> {
        let kept = self.kept_burn(token)?.ok_or(InputError::NotFound)?;
        let is_written = !matches!(kept.record.progress, Progress::Begun(_) | Progress::Ended(Ending::NotWritten));
        if is_written { Ok(kept) } else { Err(InputError::NotFound.into()) }
    }
}

impl From<KeptBurn> for BurnRow {
    fn from(kept: KeptBurn) -> Self {
        let Record { token, request, model, began, progress, .. } = kept.record;
        let (issuer, name) = (request.credential.issuer, request.credential.name);
        Self { token, model, profile: request.profile, issuer, name, began, progress, from: kept.from }
    }
}

impl VaultJournal<'_> {
    fn change<T>(&self, work: impl FnOnce(&mut Keeping<'_, '_>) -> Result<T, Error>) -> Result<T, PortError> {
        self.app.touched();
        self.app.change_tokens(work).map_err(as_port)
    }
}

impl JournalStore for VaultJournal<'_> {
    fn begin(&mut self, record: &Record) -> Result<(), PortError> {
        let own = self.from;
        let before = self.change(|rows| {
            let before = find(rows, &record.token)?;
            // Taken up again it stays what it was for, and where it stands in the ledger.
            let same = before.as_ref().map(|(_, before)| before).filter(|before| before.is_of(record));
            let from = own.or(same.and_then(|same| same.from));
            let row = same.and_then(|same| same.row);
            let source =
                from.map(|line| super::batch::take(rows, line, &record.token)).transpose()?.unwrap_or_default();
            let kept = KeptBurn { record: record.clone(), source, from, row };
            if let Some((_, before)) = &before {
                replace(rows, before.clone(), &kept)?;
            } else {
                make_room(rows)?;
            }
            rows.put(Drawer::Burns, &record.token.bytes(), &kept.write())?;
            Ok(before.map(|(_, before)| before))
        })?;
        self.before = before.map(|before| (record.token.clone(), before));
        Ok(())
    }

    /// A mark is a hint and no more, since resuming asks the token: what a power cut takes is not missed.
    fn mark(&mut self, token: &TokenName, step: Step) {
        self.app.touched();
        let marked = self.app.state().and_then(|mut state| {
            state.safe.vault()?.change_kept_hastily(|rows| {
                let Some((id, mut kept)) = find(rows, token)? else { return Ok(()) };
                let Progress::Begun(steps) = &mut kept.record.progress else { return Ok(()) };
                steps.push(step);
                rows.set(id, &kept.write())
            })
        });
        if marked.is_ok() {
            self.app.notify(Topic::Burn);
        }
    }

    fn finish(&mut self, token: &TokenName, ending: Ending) -> Result<(), PortError> {
        let before = self.before.take().filter(|(of, kept)| of == token && kept.record.outlasts_nothing());
        self.change(|rows| {
            let (id, mut kept) = find(rows, token)?.ok_or(PortError::Unavailable)?;
            kept.record.end(ending);
            if ending != Ending::NotWritten {
                enter(rows, &mut kept)?;
                return rows.set(id, &kept.write());
            }
            let before = before.map(|(_, before)| before);
            let was = before.as_ref().and_then(|before| before.from);
            if kept.from != was {
                kept.from.map_or(Ok(()), |line| super::batch::give_back(rows, line, token))?;
                was.map_or(Ok(()), |line| super::batch::take(rows, line, token).map(drop))?;
            }
            rows.set(id, &before.unwrap_or(kept).write())
        })
    }

    fn record(&self, token: &TokenName) -> Result<Option<Record>, PortError> {
        Ok(self.app.kept_burn(token)?.map(|kept| kept.record))
    }
}

fn find(rows: &Keeping<'_, '_>, token: &TokenName) -> Result<Option<(KeptId, KeptBurn)>, Error> {
    let Some(id) = rows.find(Drawer::Burns, &token.bytes()) else { return Ok(None) };
    let kept = KeptBurn::read(rows.open(id)?.expose()).ok_or(InputError::Damaged(id.0))?;
    Ok(Some((id, kept)))
}

/// What a record says that another of the same token takes the place of: what it was for is not in the same place of the
/// token any more, and of another place the ledger keeps that it did not end. A token without a serial number may be another
/// one each time, and then takes nothing from the one before.
fn replace(rows: &mut Keeping<'_, '_>, mut before: KeptBurn, after: &KeptBurn) -> Result<(), Error> {
    let is_same = before.is_of(&after.record);
    let is_over = before.record.token.serial.is_some() && before.place() == after.place();
    if !is_same && !is_over {
        let is_open = matches!(before.record.progress, Progress::Begun(_));
        return if is_open { enter(rows, &mut before) } else { Ok(()) };
    }
    let line = before.from.filter(|line| after.from != Some(*line));
    line.map_or(Ok(()), |line| super::batch::give_back(rows, line, &before.record.token))
}

/// Enters a burn into the ledger, in the place of what was there. A token without a serial number cannot be told from another:
/// each of its burns has a row of its own.
fn enter(rows: &mut Keeping<'_, '_>, kept: &mut KeptBurn) -> Result<(), Error> {
    let Some(row) = kept.ledger_row() else { return Ok(()) };
    let (place, body) = (row.place(), row.write());
    let own = kept.row.map(KeptId).filter(|id| rows.ids(Drawer::Ledger).contains(id));
    let id = match own {
        Some(id) => rows.set(id, &body).map(|()| id)?,
        None if row.token.serial.is_some() => rows.put(Drawer::Ledger, &place, &body)?,
        None => rows.add(Drawer::Ledger, &place, &body)?,
    };
    kept.row = Some(id.0);
    Ok(())
}

/// Where there are too many records, the oldest that ended goes: the ledger has it.
fn make_room(rows: &mut Keeping<'_, '_>) -> Result<(), Error> {
    if rows.count(Drawer::Burns) < limits::BURN_ROWS {
        return Ok(());
    }
    for id in rows.ids(Drawer::Burns) {
        let kept = KeptBurn::read(rows.open(id)?.expose());
        if kept.is_some_and(|kept| matches!(kept.record.progress, Progress::Ended(_))) {
            return rows.remove(id);
        }
    }
    Ok(())
}

/// What a journal says of a fault: it knows platforms alone.
fn as_port(error: Error) -> PortError {
    match error {
        Error::Port(error) => error,
        Error::Input(InputError::VaultLocked) => PortError::Locked,
        Error::Input(InputError::NoVault) => PortError::Unavailable,
        Error::Input(InputError::TooMuch { .. }) => PortError::DiskFull,
        Error::Input(_) | Error::Gateway(_) | Error::Internal => PortError::Failed,
    }
}
