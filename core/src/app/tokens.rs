//! What is in which hardware token, and the owner's own keys of them.

use countersign_protocol::Secret;
use countersign_protocol::text::is_forbidden;

use super::App;
use crate::burn::ledger::{Entry, Form, LedgerError, Proof, Written};
use crate::burn::{self, BatchId, Ending, Erases, Family, KeyProfile, LedgerRow, Plan, Progress, read_key, write_key};
#[cfg(doc)]
use crate::error::PortError;
use crate::error::{Error, InputError, Named, Rule};
use crate::limits;
use crate::vault::{Drawer, KeptId};

/// A row of the ledger, and what it is called by.
#[derive(Debug, Clone)]
pub struct LedgerLine {
    /// Which row; `None` of a burn that has not come to its end, and has none yet.
    pub id: Option<KeptId>,
    /// What it says.
    pub row: LedgerRow,
}

/// The owner's own key of hardware tokens, as it is listed: the key is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenKeyRow {
    /// The person's own name for it.
    pub name: String,
    /// The tokens that it is for.
    pub family: Family,
}

impl App {
    /// What is in which token, the oldest first; of one batch where that is said. A burn that did not come to its end stands in
    /// it as failed, in the place of what was there before: the token may hold anything.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn ledger(&self, batch: Option<BatchId>) -> Result<Vec<LedgerLine>, Error> {
        let rows = self.token_rows(Drawer::Ledger, |_, body| LedgerRow::read(body))?;
        let mut lines: Vec<LedgerLine> = rows.into_iter().map(|(id, row)| LedgerLine { id: Some(id), row }).collect();
        let open = self.kept_burns()?.into_iter().filter(|kept| matches!(kept.record.progress, Progress::Begun(_)));
        for kept in open {
            let Some(row) = kept.ledger_row() else { continue };
            let (place, own) = (row.place(), kept.row.map(KeptId));
            let is_there = |line: &&mut LedgerLine| {
                (own.is_some() && line.id == own) || (row.token.serial.is_some() && line.row.place() == place)
            };
            match lines.iter_mut().find(is_there) {
                Some(line) => line.row = row,
                None => lines.push(LedgerLine { id: None, row }),
            }
        }
        lines.retain(|line| batch.is_none() || line.row.batch == batch);
        Ok(lines)
    }

    /// What the ledger says is in the place that a plan writes, and would be gone; nothing where it knows of nothing there, or
    /// the token said that the place is free.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn standing(&self, plan: &Plan) -> Result<Option<LedgerRow>, Error> {
        // A token without a number may be another one each time.
        if plan.identity().serial.is_none() || *plan.erases() == Erases::Nothing {
            return Ok(None);
        }
        Ok(self.ledger(None)?.into_iter().map(|line| line.row).rfind(|row| plan.writes_over(row)))
    }

    /// Another token that holds the seed of a plan, as the ledger says: then either shows the other's codes. Nothing where none
    /// is known of.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn elsewhere(&self, plan: &Plan) -> Result<Option<LedgerRow>, Error> {
        let (token, own) = (burn::TokenName::from(plan.identity()), &plan.request().credential.seed);
        let is_other = |row: &LedgerRow| row.token != token || token.serial.is_none();
        let holds = |row: &LedgerRow| row.proof != Proof::Failed && row.credential.seed.is_same_key(own);
        Ok(self.ledger(None)?.into_iter().map(|line| line.row).rfind(|row| is_other(row) && holds(row)))
    }

    /// Writes rows of the ledger in a form; seeds are in most of them. Tokens without a serial number are not in it: how many.
    ///
    /// # Errors
    /// As [`burn::ledger::write`].
    pub fn write_ledger(&self, lines: &[LedgerLine], form: &Form) -> Result<(Written, usize), LedgerError> {
        let entries: Vec<Entry> = lines.iter().filter_map(|line| line.row.entry()).collect();
        let written = burn::ledger::write(&entries, form, &*self.ports.random)?;
        Ok((written, lines.len() - entries.len()))
    }

    /// Keeps of a row of the ledger what reading its token back showed.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn prove_ledger_row(&self, id: KeptId, ending: Ending) -> Result<(), Error> {
        self.change_tokens(|rows| {
            if !rows.ids(Drawer::Ledger).contains(&id) {
                return Err(InputError::NotFound.into());
            }
            let row = LedgerRow::read(rows.open(id)?.expose()).ok_or(InputError::Damaged(id.0))?;
            rows.set(id, &row.after(ending).write())
        })
    }

    /// Removes a row of the ledger, its seed among it.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn remove_ledger_row(&self, id: KeptId) -> Result<(), Error> {
        self.change_tokens(|rows| {
            if !rows.ids(Drawer::Ledger).contains(&id) {
                return Err(InputError::NotFound.into());
            }
            rows.remove(id)
        })
    }

    /// Removes all rows of the ledger of one token, as after it was reset: how many.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn forget_token(&self, token: &burn::TokenName) -> Result<usize, Error> {
        self.change_tokens(|rows| {
            let mut gone = 0;
            for id in rows.ids(Drawer::Ledger) {
                let row = LedgerRow::read(rows.open(id)?.expose()).ok_or(InputError::Damaged(id.0))?;
                if row.token == *token {
                    rows.remove(id)?;
                    gone += 1;
                }
            }
            Ok(gone)
        })
    }

    /// Keeps the owner's own key of tokens under a name. It is never shown again.
    ///
    /// # Errors
    /// [`InputError::SameName`]; [`InputError::Field`] and [`InputError::TooMuch`] for name or key;
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn add_token_key(&self, name: &str, family: Family, key: &Secret) -> Result<(), Error> {
        let name = name_of(name)?;
        if key.is_empty() {
            return Err(InputError::Field { field: Named::Secret, rule: Rule::Empty }.into());
        }
        if key.len() > limits::TOKEN_KEY {
            let (found, most) = (key.len() as u64, limits::TOKEN_KEY as u64);
            return Err(InputError::TooMuch { what: Named::Secret, found, most }.into());
        }
        self.change_tokens(|rows| {
            if rows.find(Drawer::TokenKeys, name.as_bytes()).is_some() {
                return Err(InputError::SameName.into());
            }
            rows.add(Drawer::TokenKeys, name.as_bytes(), &write_key(family, key)).map(drop)
        })
    }

    /// The owner's own keys by name.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn token_keys(&self) -> Result<Vec<TokenKeyRow>, Error> {
        let read = |name: &[u8], body: &[u8]| {
            let (family, _) = read_key(body)?;
            Some(TokenKeyRow { name: str::from_utf8(name).ok()?.to_owned(), family })
        };
        let mut keys: Vec<TokenKeyRow> =
            self.token_rows(Drawer::TokenKeys, read)?.into_iter().map(|(_, row)| row).collect();
        keys.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(keys)
    }

    /// The owner's own key of this name, to be proven to a token of this family and shown to nobody.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::WrongKind`] for a key of another family: a token counts wrong ones;
    /// [`InputError::VaultLocked`].
    pub fn token_key(&self, name: &str, family: Family) -> Result<KeyProfile, Error> {
        let found = self.state()?.safe.vault()?.kept_as(Drawer::TokenKeys, name_of(name)?.as_bytes())?;
        let (id, body) = found.ok_or(InputError::NotFound)?;
        let (own, key) = read_key(body.expose()).ok_or(InputError::Damaged(id.0))?;
        if family.takes_keys_of(own) { Ok(KeyProfile::Own(key)) } else { Err(InputError::WrongKind("family").into()) }
    }

    /// Removes the owner's own key of this name.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn remove_token_key(&self, name: &str) -> Result<(), Error> {
        let name = name_of(name)?;
        self.change_tokens(|rows| {
            let id = rows.find(Drawer::TokenKeys, name.as_bytes()).ok_or(InputError::NotFound)?;
            rows.remove(id)
        })
    }
}

/// Takes the name of a key or of a batch.
pub(super) fn name_of(text: &str) -> Result<String, InputError> {
    let name = text.trim();
    let broken = |rule| InputError::Field { field: Named::TokenName, rule };
    if name.is_empty() {
        return Err(broken(Rule::Empty));
    }
    if name.chars().any(is_forbidden) {
        return Err(broken(Rule::Control));
    }
    let found = name.chars().count();
    if found > limits::TOKEN_NAME {
        let (found, most) = (found as u64, limits::TOKEN_NAME as u64);
        return Err(InputError::TooMuch { what: Named::TokenName, found, most });
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_its_limit() {
        for (n, fits) in [(0, false), (1, true), (limits::TOKEN_NAME, true), (limits::TOKEN_NAME + 1, false)] {
            assert_eq!(name_of(&"é".repeat(n)).is_ok(), fits, "{n}");
        }
        assert_eq!(name_of(" May "), Ok("May".to_owned()));
        assert!(name_of("May\u{7}").is_err() && name_of(" ").is_err());
    }
}
