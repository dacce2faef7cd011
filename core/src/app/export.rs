//! Accounts leave: as the link of one, or as Google's transfer of many. Whoever sees either can make the codes, so both
//! want the passphrase anew; and what came with an enrolment never leaves.

use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::uri::migration::{self, CannotHold};
use countersign_protocol::uri::otpauth;
use zeroize::Zeroizing;

use super::App;
use crate::cancel::Cancel;
use crate::error::{Error, InputError, Named};
use crate::vault::{Account, AccountId, Kind};

/// That the passphrase was typed just now. Good until the vault is locked.
#[derive(Debug)]
pub struct Fresh {
    locks: u64,
}

/// Accounts as the links of one transfer.
pub struct Outgoing {
    /// The links, in their order: each holds seeds.
    pub links: Vec<Zeroizing<String>>,
    /// What is in them.
    pub held: Vec<Arc<Account>>,
    /// What is not, and why.
    pub left: Vec<(Arc<Account>, NotHeld)>,
}

/// Why an account is not in a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotHeld {
    /// The transfer has no place for what it is.
    Form(CannotHold),
    /// It may not leave, or cannot be read.
    Account(InputError),
}

impl App {
    /// Takes the passphrase for what wants it anew, and unlocks the vault if it is locked. Takes a key derivation.
    ///
    /// # Errors
    /// [`InputError::WrongPassphrase`], also for one that opens something else than what is unlocked; what an unlock gives.
    pub fn prove(&self, passphrase: &Secret, cancel: &Cancel) -> Result<Fresh, Error> {
        let (lockbox, locks) = self.lockbox()?;
        let opened = lockbox.open_timed(passphrase, &|| self.ports.clock.monotonic())?;
        cancel.check()?;
        let open = match self.state()?.safe.vault()?.key() {
            Ok(open) => Some(open),
            Err(Error::Input(InputError::VaultLocked)) => None,
            Err(fault) => return Err(fault),
        };
        match open {
            Some(open) if !open.is_same(&opened.key) => return Err(InputError::WrongPassphrase.into()),
            Some(_) => {}
            None => self.unlock_with(&opened, locks)?,
        }
        Ok(Fresh { locks })
    }

    /// The link of an account, as every program reads it that knows its kind.
    ///
    /// # Errors
    /// [`InputError::Bound`] for one that came with an enrolment; [`InputError::NoLink`] for one that no link can describe;
    /// [`InputError::VaultLocked`] also when it was locked since `fresh`; [`InputError::NotFound`], [`InputError::Damaged`].
    pub fn export_link(&self, id: AccountId, fresh: &Fresh) -> Result<Zeroizing<String>, Error> {
        let (account, out) = self.outgoing(id, fresh)?;
        match account.kind {
            // It would make other codes there.
            Kind::Totp(period) if period.start() != 0 => Err(InputError::NoLink.into()),
            _ => Ok(otpauth::write(&out)),
        }
    }

    /// Accounts as Google's transfer. What it cannot hold is left out by name, and so is what may not leave.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for more than a transfer holds; as [`App::export_link`] for the vault as a whole.
    pub fn export_transfer(&self, ids: &[AccountId], fresh: &Fresh) -> Result<Outgoing, Error> {
        let (mut held, mut left, mut written) = (Vec::new(), Vec::new(), Vec::new());
        for id in ids {
            let account = self.state()?.safe.vault()?.get(*id);
            let (account, out) = match (account, self.outgoing(*id, fresh)) {
                (_, Ok(found)) => found,
                (Ok(account), Err(Error::Input(why @ (InputError::Bound | InputError::Damaged(_))))) => {
                    left.push((account, NotHeld::Account(why)));
                    continue;
                }
                (_, Err(fault)) => return Err(fault),
            };
            match migration::holds(&out) {
                Ok(()) => {
                    held.push(account);
                    written.push(out);
                }
                Err(why) => left.push((account, NotHeld::Form(why))),
            }
        }
        let batch = i32::from_be_bytes(self.ports.random.array()?);
        let links = migration::write(&written.iter().collect::<Vec<_>>(), batch);
        let links = links.map_err(|too_many| {
            let most = migration::TRANSFER_HOLDS as u64;
            InputError::TooMuch { what: Named::Accounts, found: too_many.0 as u64, most }
        })?;
        Ok(Outgoing { links, held, left })
    }

    fn outgoing(&self, id: AccountId, fresh: &Fresh) -> Result<(Arc<Account>, otpauth::Account), Error> {
        let mut state = self.state()?;
        if state.locks != fresh.locks {
            return Err(InputError::VaultLocked.into());
        }
        state.safe.vault()?.at_one_moment(|vault| {
            let account = vault.get(id)?;
            if account.origin.is_some() {
                return Err(InputError::Bound.into());
            }
            let (seed, pin) = vault.seed_and_pin(id)?;
            let out = account.with_seed(seed, pin);
            Ok((account, out))
        })
    }
}
