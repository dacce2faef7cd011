//! The phone for shells in other languages. [`Countersign`] is the one object that lives as long as the app; all else
//! crosses by value. No rule lives here: each method is a call of `countersign_core::app::App`.
//!
//! What may touch disk, network, keystore or a prompt is `async` and blocks a thread that this crate owns; what only reads
//! memory is not, and is cheap enough for a main thread. A panic in
//! either is thrown as `Internal`, so both can throw: where a language lets a call say that it never does, as Swift, a panic
//! in one that says so ends the app.

#[macro_use]
mod mirror;

mod accounts;
mod approvals;
mod error;
mod gateways;
mod inbox;
mod ledger;
mod packs;
mod port;
mod record;
mod scan;
mod seeds;
mod slots;
mod tokens;
mod transfer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::app::{App, ApprovalId, EnrolOffer as CoreOffer, Folders};
use countersign_core::error::{InputError, Named, Rule};
use countersign_core::net::Net;
use countersign_core::port::Ports;
use countersign_core::protocol::Secret;
use countersign_core::protocol::jose::Id;
use countersign_core::protocol::otp::Typed;
use countersign_core::system::SystemRandom;
use countersign_core::vault::{self, AccountId};
use tokio::runtime::{Builder, Runtime};

use crate::port::clock_of;

pub use approvals::{OfflineCode, PageCode};
pub use error::{
    BurnFault, CountersignError, GatewayFault, InputFault, LinkError, LinkFault, Misfit, PortFault, RowFault,
    SeedFault, ShellError, TokenFault,
};
pub use inbox::Inbox;
pub use ledger::{BatchEntry, BatchSeed};
pub use port::{CancelHandle, Clock, ClockPort, Keystore, KeystorePort, Link, Observer, ObserverPort, TokenLinkPort};
pub use record::*;
pub use scan::qr_of;
pub use seeds::{SeedFile, SeedFileFault, TokenSeed, seed_file_kind, seed_of_link, typed_seed};
pub use tokens::{BurnPlan, Operated, TokenAt, TokenKey, TokenOperation};
pub use transfer::{FreshUnlock, Transfer, TransferPart};

uniffi::setup_scaffolding!();

/// A parked poll holds one thread, and approving must never wait for one.
const BLOCKING_THREADS: usize = 32;

/// The phone.
#[derive(uniffi::Object)]
pub struct Countersign {
    app: Arc<App>,
    /// None only while it is being dropped.
    runtime: Option<Runtime>,
}

#[uniffi::export]
impl Countersign {
    /// Opens what is on disk, or begins anew: `private_folder` is the app's own, `shared_folder` the one that its
    /// extensions read too, `roots` the platform's certificates in DER. Without a `clock` the machine's is taken.
    #[uniffi::constructor]
    pub fn open(
        private_folder: String,
        shared_folder: String,
        roots: Vec<Vec<u8>>,
        keystore: Arc<dyn KeystorePort>,
        clock: Option<Arc<dyn ClockPort>>,
    ) -> Result<Arc<Self>, CountersignError> {
        let clock = clock_of(clock);
        let ports = Ports {
            http: Arc::new(Net::new(move || roots, Arc::clone(&clock))),
            clock,
            random: Arc::new(SystemRandom::new()),
            keystore: Arc::new(Keystore::new(keystore)?),
        };
        let folders = Folders { private: PathBuf::from(private_folder), shared: PathBuf::from(shared_folder) };
        let app = Arc::new(App::open(folders, ports)?);
        let runtime = Builder::new_current_thread().max_blocking_threads(BLOCKING_THREADS).build();
        Ok(Arc::new(Self { app, runtime: Some(runtime.map_err(|_| CountersignError::Internal)?) }))
    }

    /// Has `observer` told of every change from now on.
    pub fn observe(&self, observer: Arc<dyn ObserverPort>) -> Result<(), CountersignError> {
        caught(|| {
            self.app.observe(Arc::new(Observer::new(observer)));
            Ok(())
        })
    }

    /// Whether accounts can be read.
    pub fn lock_state(&self) -> Result<LockState, CountersignError> {
        caught(|| Ok(self.app.lock_state().into()))
    }

    /// Makes the vault and leaves it unlocked. Takes a key derivation, which costs what fits the class of device.
    pub async fn create_vault(
        &self,
        passphrase: Vec<u8>,
        device: DeviceClass,
        cancel: Arc<CancelHandle>,
    ) -> Result<(), CountersignError> {
        let passphrase = Secret::new(passphrase);
        self.blocking(move |app| Ok(app.create_vault(&passphrase, device.into(), &cancel.token())?)).await
    }

    /// Unlocks by passphrase. Takes a key derivation.
    pub async fn unlock(&self, passphrase: Vec<u8>, cancel: Arc<CancelHandle>) -> Result<(), CountersignError> {
        let passphrase = Secret::new(passphrase);
        self.blocking(move |app| Ok(app.unlock(&passphrase, &cancel.token())?)).await
    }

    /// Unlocks by the keystore, which may ask for the person.
    pub async fn unlock_by_keystore(&self, cancel: Arc<CancelHandle>) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.unlock_by_keystore(&cancel.token())?)).await
    }

    /// Lets the keystore unlock the vault, asking for the person each time.
    pub async fn add_keystore_slot(&self, cancel: Arc<CancelHandle>) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.add_keystore_slot(&cancel.token()).map(|_slot| ())?)).await
    }

    /// Locks the vault: seeds and names leave memory. Approvals go on.
    pub async fn lock(&self) -> Result<(), CountersignError> {
        self.blocking(move |app| {
            app.lock();
            Ok(())
        })
        .await
    }

    /// Changes the passphrase of the unlocked vault. Takes two key derivations.
    pub async fn change_passphrase(
        &self,
        old: Vec<u8>,
        new: Vec<u8>,
        device: DeviceClass,
        cancel: Arc<CancelHandle>,
    ) -> Result<(), CountersignError> {
        let (old, new) = (Secret::new(old), Secret::new(new));
        self.blocking(move |app| Ok(app.change_passphrase(&old, &new, device.into(), &cancel.token())?)).await
    }

    /// The list with its codes at `now`, in Unix time.
    pub fn codes(&self, now: u64) -> Result<Codes, CountersignError> {
        caught(|| Ok(self.app.codes(now)?.into()))
    }

    /// The accounts whose issuer, name and note hold each word of `text` between them.
    pub fn search(&self, text: String) -> Result<Vec<AccountRow>, CountersignError> {
        caught(|| Ok(self.app.search(&text)?.iter().map(|account| AccountRow::from(&**account)).collect()))
    }

    /// The person's own words on an account.
    pub async fn note(&self, id: u64) -> Result<String, CountersignError> {
        self.blocking(move |app| Ok(app.note(AccountId(id))?.to_string())).await
    }

    /// Adds an account; its id.
    pub async fn add_account(&self, account: NewAccount) -> Result<u64, CountersignError> {
        let account = vault::NewAccount::try_from(account)?;
        self.blocking(move |app| Ok(app.add_account(&account)?.0)).await
    }

    /// Changes an account.
    pub async fn edit_account(&self, id: u64, edit: AccountEdit) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.edit_account(AccountId(id), &edit.into())?)).await
    }

    /// Deletes an account: into the bin.
    pub async fn delete_account(&self, id: u64) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.delete_account(AccountId(id))?)).await
    }

    /// The next code of a HOTP account. Its counter has moved on, on disk, before the code is shown.
    pub async fn next_hotp(&self, id: u64) -> Result<String, CountersignError> {
        self.blocking(move |app| Ok(app.next_hotp(AccountId(id))?.to_string())).await
    }

    /// Writes the vault's log back, as before the app is suspended.
    pub async fn checkpoint(&self) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.checkpoint()?)).await
    }

    /// What the last unlock found wrong.
    pub fn vault_report(&self) -> Result<VaultReport, CountersignError> {
        caught(|| Ok(self.app.vault_report()?.into()))
    }

    /// The person has read what was found damaged: it is not told again.
    pub async fn accept_damage(&self) -> Result<(), CountersignError> {
        self.blocking(|app| Ok(app.accept_damage()?)).await
    }

    /// All enrolments that a screen lists.
    pub fn gateways(&self) -> Result<Vec<GatewayRow>, CountersignError> {
        caught(|| Ok(self.app.gateways().into_iter().map(GatewayRow::from).collect()))
    }

    /// All approvals that a screen offers, open ones first.
    pub fn approvals(&self) -> Result<Vec<ApprovalRow>, CountersignError> {
        caught(|| Ok(self.app.approvals().into_iter().map(ApprovalRow::from).collect()))
    }

    /// Reads an enrolment link. Nothing is sent: its host is shown, and the person asked.
    pub fn enrol_offer(&self, link: Vec<u8>) -> Result<EnrolOffer, CountersignError> {
        caught(|| Ok(EnrolOffer::from(&offer(&self.app, &link)?)))
    }

    /// The gateway's name, proven by the link, to be shown beside the host before the person agrees. Waits for the gateway.
    pub async fn enrol_name(&self, link: Vec<u8>, cancel: Arc<CancelHandle>) -> Result<String, CountersignError> {
        self.blocking(move |app| Ok(app.enrol_name(&offer(app, &link)?, &cancel.token())?)).await
    }

    /// Enrols, after the person agreed to the link's host. Waits for the gateway and the keystore.
    pub async fn enrol(
        &self,
        link: Vec<u8>,
        phone: Phone,
        cancel: Arc<CancelHandle>,
    ) -> Result<Enrolling, CountersignError> {
        self.blocking(move |app| Ok(app.enrol(&offer(app, &link)?, &phone.into(), &cancel.token())?.into())).await
    }

    /// Asks a gateway for what is new, waiting for it `wait_s` seconds at most.
    pub async fn poll(
        &self,
        gateway: String,
        wait_s: u64,
        cancel: Arc<CancelHandle>,
    ) -> Result<PollOutcome, CountersignError> {
        self.blocking(move |app| Ok(app.poll(enrolment(&gateway)?, wait_s, &cancel.token())?.into())).await
    }

    /// Approves a login by the digits that its page shows. Waits for the keystore's prompt and the gateway.
    pub async fn approve(
        &self,
        id: String,
        typed: String,
        cancel: Arc<CancelHandle>,
    ) -> Result<Verdict, CountersignError> {
        self.blocking(move |app| Ok(app.approve(approval(&id)?, digits(&typed)?, &cancel.token())?.into())).await
    }

    /// Says no to a login. Waits for the gateway.
    pub async fn deny(&self, id: String, cancel: Arc<CancelHandle>) -> Result<Verdict, CountersignError> {
        self.blocking(move |app| Ok(app.deny(approval(&id)?, &cancel.token())?.into())).await
    }

    /// Says no, and that somebody else has the password. Waits for the gateway.
    pub async fn report(&self, id: String, cancel: Arc<CancelHandle>) -> Result<Verdict, CountersignError> {
        self.blocking(move |app| Ok(app.report(approval(&id)?, &cancel.token())?.into())).await
    }

    /// Removes an enrolment from this phone, with its keys.
    pub async fn forget(&self, gateway: String) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.forget(enrolment(&gateway)?)?)).await
    }
}

impl Countersign {
    /// Runs what blocks on a thread of ours, whoever waits for it.
    async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(&App) -> Result<T, CountersignError> + Send + 'static,
    ) -> Result<T, CountersignError> {
        let result = Arc::new(Mutex::new(None));
        let place = Arc::clone(&result);
        let call = move |app: &App| {
            let made = call(app);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        };
        self.run(Box::new(call)).await?;
        let made = result.lock().unwrap_or_else(PoisonError::into_inner).take();
        made.unwrap_or(Err(CountersignError::Internal))
    }

    /// One task for all calls, whatever they do and return: a runtime's task has some kilobytes of code for each kind.
    async fn run(&self, call: Box<dyn FnOnce(&App) + Send>) -> Result<(), CountersignError> {
        let app = Arc::clone(&self.app);
        let runtime = self.runtime.as_ref().ok_or(CountersignError::Internal)?;
        runtime.spawn_blocking(move || call(&app)).await.map_err(|_| CountersignError::Internal)
    }
}

impl Drop for Countersign {
    /// A call that still blocks must not hold up the shell's thread that lets go of the phone.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes a panic in `call`, which runs on the shell's own thread, a fault of ours that is thrown.
fn caught<T>(call: impl FnOnce() -> Result<T, CountersignError>) -> Result<T, CountersignError> {
    // What it left half done, core's own locks know.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(Err(CountersignError::Internal))
}

fn offer(app: &App, link: &[u8]) -> Result<CoreOffer, CountersignError> {
    let text =
        std::str::from_utf8(link).map_err(|_| InputError::Field { field: Named::Enrolment, rule: Rule::Utf8 })?;
    Ok(app.enrol_offer(text)?)
}

/// What was scanned, pasted or typed as text.
fn text(bytes: &[u8]) -> Result<&str, CountersignError> {
    std::str::from_utf8(bytes).map_err(|_| InputError::Field { field: Named::Link, rule: Rule::Utf8 }.into())
}

fn enrolment(id: &str) -> Result<Id, CountersignError> {
    id.parse().map_err(|_| InputError::NotFound.into())
}

fn approval(id: &str) -> Result<ApprovalId, CountersignError> {
    Ok(id.parse()?)
}

fn digits(typed: &str) -> Result<Typed, CountersignError> {
    typed.parse().map_err(|_| InputError::Field { field: Named::Digits, rule: Rule::Digits }.into())
}
