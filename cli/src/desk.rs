//! The phone of this machine: `App` on the desk's ports.

use std::path::Path;
use std::sync::Arc;

use countersign_core::app::{App, Folders, LockState, Phone};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, PortError};
use countersign_core::net::Net;
use countersign_core::port::{Clock, Keystore, Ports, Random};
use countersign_core::protocol::Secret;
use countersign_core::protocol::push::Os;
use countersign_core::system::{SystemClock, SystemRandom};
use countersign_core::vault::{AccountId, DeviceClass, Sheet};
use countersign_strings::text;

use crate::fault::Fault;
use crate::home::Home;
use crate::port::{AskPassphrase, Cost, DeskKeystore, Keyring, KeyringName, platform_roots};
use crate::words;

/// `App`, and what of its ports a shell needs besides.
#[derive(Clone)]
pub struct Desk {
    /// The phone's rules.
    pub app: Arc<App>,
    /// Time, for what is drawn.
    pub clock: Arc<dyn Clock>,
    keystore: Arc<DeskKeystore>,
    random: Arc<dyn Random>,
    /// May the vault have come from elsewhere, without the key behind its passphrase?
    guest: bool,
}

impl Desk {
    /// Opens the phone in `home`. `ask` is how its keystore asks for the passphrase.
    ///
    /// # Errors
    /// A [`Fault`] where a folder cannot be used or a file is damaged.
    pub fn open(home: &Home, ask: Arc<dyn AskPassphrase>) -> Result<Self, Fault> {
        home.make()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let random: Arc<dyn Random> = Arc::new(SystemRandom::new());
        let keystore = Arc::new(DeskKeystore::open(&home.keys(), random.clone(), ask, Cost::DESK)?);
        // Without roots only pinned gateways are reached; the others then fail with a word of their own.
        let http = Arc::new(Net::new(|| platform_roots().unwrap_or_default(), clock.clone()));
        let ports = Ports { clock: clock.clone(), random: random.clone(), keystore: keystore.clone(), http };
        let folders = Folders { private: home.path().to_owned(), shared: home.shared() };
        let app = match home.vault() {
            Some(file) => App::open_vault(file.to_owned(), &folders.shared, ports)?,
            None => App::open(folders, ports)?,
        };
        let app = Arc::new(app);
        let vault = Arc::downgrade(&app);
        keystore.ask_vault(move |passphrase| {
            let app = vault.upgrade().ok_or(PortError::Interrupted)?;
            match app.keystore_secret_by(passphrase) {
                Ok(secret) => Ok(Some(secret)),
                Err(Error::Port(fault)) => Err(fault),
                Err(Error::Input(InputError::WrongPassphrase)) => Ok(None),
                Err(_) => Err(PortError::Failed),
            }
        });
        Ok(Self { app, clock, keystore, random, guest: home.vault().is_some() })
    }

    /// Opens the phone in `home`, if there is a vault.
    ///
    /// # Errors
    /// A [`Fault`] that says how to make one, where there is none.
    pub fn open_existing(home: &Home, ask: Arc<dyn AskPassphrase>) -> Result<Self, Fault> {
        let none = || Fault::refused(text("cli.no_vault_yet"));
        // Looking makes nothing.
        no_folder(home)?;
        if !home.vault().map_or(home.path().is_dir(), Path::is_file) {
            return Err(none());
        }
        let desk = Self::open(home, ask)?;
        if desk.has_vault() { Ok(desk) } else { Err(none()) }
    }

    /// Is there a vault?
    pub fn has_vault(&self) -> bool {
        self.app.lock_state() != LockState::NoVault
    }

    /// Makes the vault, and the key behind its passphrase.
    ///
    /// # Errors
    /// A [`Fault`] where there is a vault already, or the disk fails.
    pub fn create(&self, passphrase: &Secret) -> Result<(), Fault> {
        if self.has_vault() {
            return Err(InputError::VaultExists.into());
        }
        // The key first: a vault is only ever there with it.
        self.keystore.create(passphrase)?;
        self.app.create_vault(passphrase, DeviceClass::Desktop, &Cancel::default())?;
        self.bind(passphrase)
    }

    /// Has the key that approves open by whatever opens the unlocked vault.
    fn bind(&self, passphrase: &Secret) -> Result<(), Fault> {
        if !self.keystore.is_bound()? {
            self.keystore.bind(passphrase, &self.app.keystore_secret()?)?;
        }
        Ok(())
    }

    /// Unlocks the vault. Gives what was found damaged, in sentences:
    /// they are told again until [`Desk::accept_damage`].
    ///
    /// # Errors
    /// A [`Fault`] where the passphrase is wrong or the vault can't be opened.
    pub fn unlock(&self, passphrase: &Secret) -> Result<Vec<String>, Fault> {
        self.app.unlock(passphrase, &Cancel::default())?;
        if self.guest {
            self.keystore.make_missing(passphrase)?;
        }
        self.bind(passphrase)?;
        self.damage()
    }

    /// Unlocks the vault by a keystore that it has a slot of, without the passphrase. Gives what [`Desk::unlock`] gives.
    ///
    /// # Errors
    /// A [`Fault`] where there is no such slot, or the keystore does not give its key.
    pub fn unlock_by(&self, keystore: &dyn Keystore) -> Result<Vec<String>, Fault> {
        self.app.unlock_by(keystore, &Cancel::default())?;
        self.damage()
    }

    /// The session's keyring, as a keystore that has this vault's key under `name`.
    pub fn keyring(&self, name: KeyringName) -> Keyring {
        Keyring::new(Arc::clone(&self.random), name, text("cli.keyring_label").to_owned())
    }

    /// A name for the key of this vault in the session's keyring.
    ///
    /// # Errors
    /// A [`Fault`] without randomness.
    pub fn new_keyring(&self) -> Result<KeyringName, Fault> {
        Ok(KeyringName::generate(&*self.random)?)
    }

    /// What was found damaged in the unlocked vault, in sentences.
    ///
    /// # Errors
    /// A [`Fault`] where the vault is locked.
    pub fn damage(&self) -> Result<Vec<String>, Fault> {
        Ok(words::of_report(&self.app.vault_report()?))
    }

    /// Keeps in mind that a person has read what was found damaged: it is not told again.
    ///
    /// # Errors
    /// A [`Fault`] where the disk fails.
    pub fn accept_damage(&self) -> Result<(), Fault> {
        Ok(self.app.accept_damage()?)
    }

    /// Changes the passphrase of the unlocked vault, and with it of the keystore. Killed at any moment, the old one opens both
    /// or the new one.
    ///
    /// # Errors
    /// A [`Fault`] where `old` is wrong, or the disk fails; then the old one stays.
    pub fn change_passphrase(&self, old: &Secret, new: &Secret) -> Result<(), Fault> {
        self.bind(old)?;
        Ok(self.app.change_passphrase(old, new, DeviceClass::Desktop, &Cancel::default())?)
    }

    /// Hides the vault beneath a decoy. Either passphrase approves. Killed at any moment, there is the vault as it was, or the
    /// decoy and the vault beneath.
    ///
    /// # Errors
    /// A [`Fault`] where `passphrase` is wrong, or as [`App::set_up_decoy`]; then nothing has changed.
    pub fn set_up_decoy(&self, passphrase: &Secret, decoy: &Secret, keep: &[AccountId]) -> Result<(), Fault> {
        if self.app.has_decoy()? {
            return Err(Fault::refused(text("cli.decoy_there")));
        }
        // A key that another passphrase alone opens would tell: the decoy's does not.
        self.bind(passphrase)?;
        if !self.keystore.is_bound()? {
            return Err(Fault::refused(text("cli.decoy_first")));
        }
        Ok(self.app.set_up_decoy(passphrase, decoy, keep, DeviceClass::Desktop, &Cancel::default())?)
    }

    /// Ends the decoy: the hidden vault is an ordinary one.
    ///
    /// # Errors
    /// As [`App::end_decoy`]; then nothing has changed.
    pub fn end_decoy(&self, passphrase: &Secret) -> Result<(), Fault> {
        Ok(self.app.end_decoy(passphrase, DeviceClass::Desktop, &Cancel::default())?)
    }

    /// Puts a new passphrase in the place of a forgotten one, in the vault that the sheet has unlocked. Whether the keys that
    /// approve stay: where no later program than version 1 of their file ever opened the vault they go with the old
    /// passphrase, new ones take their place, and approvals need a new enrolment.
    ///
    /// # Errors
    /// A [`Fault`] where the sheet is another vault's, or the disk fails; then the sheet still opens the vault.
    pub fn restore(&self, sheet: &Sheet, new: &Secret) -> Result<bool, Fault> {
        self.app.replace_passphrase(sheet, new, DeviceClass::Desktop, &Cancel::default())?;
        if self.keystore.is_bound()? {
            return Ok(true);
        }
        self.keystore.create(new)?;
        self.bind(new)?;
        Ok(false)
    }

    /// What this phone says of itself when it enrols.
    pub fn phone() -> Phone {
        let os = match std::env::consts::OS {
            "macos" => Os::Macos,
            "windows" => Os::Windows,
            _ => Os::Linux,
        };
        Phone { os, model: text("cli.model").to_owned(), app: format!("countersign {}", env!("CARGO_PKG_VERSION")) }
    }
}

/// What was named as the vault's file must not be something else, such as a folder.
///
/// # Errors
/// A [`Fault`] where it is.
pub fn no_folder(home: &Home) -> Result<(), Fault> {
    let is_else = home.vault().is_some_and(|path| path.exists() && !path.is_file());
    if is_else { Err(InputError::NotAVault.into()) } else { Ok(()) }
}
