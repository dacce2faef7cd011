//! People who sign in, and the first factor that says they are who they say.
//!
//! The first factor is a trait, since a directory can answer as well as this store. Local passwords are Argon2id; a name
//! that nobody has costs the same time as one that somebody has.

pub mod common;
pub mod guard;
pub mod local;
pub mod name;
pub mod password;
pub mod store;
pub mod voucher;

use std::sync::Arc;

use countersign_protocol::Secret;

use crate::audit::{Caller, Entry};
use crate::limits;
use crate::port::{Clock, PortFault, Random};
use crate::seal::Seal;
use crate::store::StoreFault;
pub use guard::Guard;
pub use local::LocalPasswords;
pub use name::PersonName;
pub use password::{Hashed, Hasher, PasswordRefused};
pub use voucher::Voucher;

/// A person's id: 16 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId(pub [u8; 16]);

/// A person as stored, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: PersonId,
    /// The name typed at sign-in, in lower case.
    pub name: String,
    /// Disabled people cannot sign in and have no sessions.
    pub disabled: bool,
    /// When the person was added, in Unix seconds.
    pub created_at: u64,
}

/// Why something about a person could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonFault {
    /// Not a name: 1 to 64 letters, digits and `. _ - @ +`.
    #[error("not a name: 1 to 64 letters, digits and . _ - @ +")]
    Name,
    /// The password breaks a rule.
    #[error("password refused: {0}")]
    Password(#[from] PasswordRefused),
    /// Somebody has this name.
    #[error("the name is taken")]
    Taken,
    /// Nobody has this name.
    #[error("nobody has this name")]
    Unknown,
    /// Too many passwords are being checked. Try again in a moment.
    #[error("too many passwords are being checked")]
    Busy,
    /// Too many wrong passwords for this name: so many seconds to wait.
    #[error("too many wrong passwords for one name, {0} s to wait")]
    Wait(u64),
    /// The store failed.
    #[error(transparent)]
    Store(StoreFault),
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortFault),
}

impl From<StoreFault> for PersonFault {
    fn from(fault: StoreFault) -> Self {
        if fault == StoreFault::Taken { Self::Taken } else { Self::Store(fault) }
    }
}

/// Says whether a password is a person's. Blocks.
pub trait FirstFactor: Send + Sync {
    /// The person, or `None` for a wrong password, an unknown name and a disabled person alike, in the same time.
    ///
    /// # Errors
    /// [`PersonFault::Busy`] when too many are waiting, [`PersonFault::Store`].
    fn check(&self, name: &str, password: &Secret) -> Result<Option<Person>, PersonFault>;
}

/// Remembers people and their vouchers.
pub trait Store: Send + Sync {
    /// Adds a person together with its audit row.
    ///
    /// # Errors
    /// [`StoreFault::Taken`] when the name is.
    fn add(&self, person: &Person, password: &Hashed, audit: &Entry) -> Result<(), StoreFault>;

    /// The person with this name, and the password's hash.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn by_name(&self, name: &str) -> Result<Option<(Person, Hashed)>, StoreFault>;

    /// The person with this id.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn by_id(&self, id: PersonId) -> Result<Option<Person>, StoreFault>;

    /// All people by name.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn all(&self) -> Result<Vec<Person>, StoreFault>;

    /// Disables or enables; disabling ends all sessions in the same transaction.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn set_disabled(&self, person: PersonId, disabled: bool, audit: &Entry) -> Result<(), StoreFault>;

    /// Puts a voucher in the place of an older one.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn put_voucher(&self, person: PersonId, voucher: &voucher::Kept, audit: &Entry) -> Result<(), StoreFault>;

    /// The person's voucher, used or not.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn voucher(&self, person: PersonId) -> Result<Option<voucher::Kept>, StoreFault>;

    /// Marks the voucher with this hash as used, if it is unused and `now` is before its end. One statement decides: of
    /// two callers one gets `true`.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn use_voucher(&self, person: PersonId, hash: [u8; 32], now: u64, audit: &Entry) -> Result<bool, StoreFault>;
}

/// The rules about people. Blocks on the store and on the password hash.
#[derive(Clone)]
pub struct People {
    store: Arc<dyn Store>,
    first_factor: Arc<dyn FirstFactor>,
    hasher: Arc<Hasher>,
    guard: Arc<Guard>,
    vouchers: Arc<voucher::Key>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl People {
    /// People over a store, with local passwords as first factor.
    pub fn new(store: Arc<dyn Store>, seal: &Seal, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let hasher = Arc::new(Hasher::default());
        let first_factor = Arc::new(LocalPasswords::new(store.clone(), hasher.clone()));
        let vouchers = Arc::new(voucher::Key::new(&seal.derive("voucher")));
        let guard = Arc::new(Guard::new(clock.clone()));
        Self { store, first_factor, hasher, guard, vouchers, clock, random }
    }

    /// Adds a person and makes a voucher for the first device.
    ///
    /// # Errors
    /// [`PersonFault::Name`], [`PersonFault::Password`], [`PersonFault::Taken`] and what a port or the store may say.
    pub fn add(&self, name: &str, password: &Secret, caller: &Caller) -> Result<(Person, Voucher), PersonFault> {
        let name = PersonName::parse(name)?;
        password::accept(password, &name)?;
        let password = self.hasher.hash(password, self.random.bytes()?)?;
        let now = self.clock.now();
        let id = PersonId(self.random.bytes()?);
        let person = Person { id, name: name.into_string(), disabled: false, created_at: now };
        self.store.add(&person, &password, &caller.entry(now, "person.add", "done").person(&person.name))?;
        let voucher = self.give_voucher(&person, caller)?;
        Ok((person, voucher))
    }

    /// The person whose name and password these are; `None` for any refusal. The caller writes the audit row.
    ///
    /// # Errors
    /// [`PersonFault::Wait`] after many wrong ones, [`PersonFault::Busy`], [`PersonFault::Store`].
    pub fn sign_in(&self, name: &str, password: &Secret, caller: &Caller) -> Result<Option<Person>, PersonFault> {
        self.guard.begin(name, caller.address).map_err(PersonFault::Wait)?;
        let person = self.first_factor.check(name, password)?;
        if person.is_some() {
            self.guard.right(name, caller.address);
        }
        Ok(person)
    }

    /// The person with this name.
    ///
    /// # Errors
    /// [`PersonFault::Unknown`], [`PersonFault::Store`].
    pub fn named(&self, name: &str) -> Result<Person, PersonFault> {
        let name = PersonName::parse(name)?;
        self.store.by_name(name.as_str())?.map(|(person, _)| person).ok_or(PersonFault::Unknown)
    }

    /// The person with this id.
    ///
    /// # Errors
    /// [`PersonFault::Store`].
    pub fn by_id(&self, id: PersonId) -> Result<Option<Person>, PersonFault> {
        Ok(self.store.by_id(id)?)
    }

    /// All people by name.
    ///
    /// # Errors
    /// [`PersonFault::Store`].
    pub fn all(&self) -> Result<Vec<Person>, PersonFault> {
        Ok(self.store.all()?)
    }

    /// Makes a voucher, which ends an older one of this person. It is shown once and kept as a hash.
    ///
    /// # Errors
    /// [`PersonFault::Port`], [`PersonFault::Store`].
    pub fn give_voucher(&self, person: &Person, caller: &Caller) -> Result<Voucher, PersonFault> {
        let now = self.clock.now();
        let voucher = Voucher::generate(&*self.random)?;
        let kept = self.vouchers.keep(&voucher, person.id, self.random.bytes()?, now + limits::VOUCHER_LIFE);
        self.store.put_voucher(person.id, &kept, &caller.entry(now, "person.voucher", "given").person(&person.name))?;
        Ok(voucher)
    }

    /// Takes a typed voucher: `true` once, within its 24 hours.
    ///
    /// # Errors
    /// [`PersonFault::Store`].
    pub fn take_voucher(
        &self,
        person: PersonId,
        name: &str,
        typed: &str,
        caller: &Caller,
    ) -> Result<bool, PersonFault> {
        let now = self.clock.now();
        let Some(typed) = Voucher::parse(typed) else { return Ok(false) };
        let Some(kept) = self.store.voucher(person)? else { return Ok(false) };
        if !self.vouchers.fits(&typed, person, &kept) {
            return Ok(false);
        }
        let entry = caller.entry(now, "person.voucher", "used").person(name);
        Ok(self.store.use_voucher(person, kept.hash, now, &entry)?)
    }

    /// Disables or enables a person. Disabling ends all sessions.
    ///
    /// # Errors
    /// [`PersonFault::Unknown`], [`PersonFault::Store`].
    pub fn set_disabled(&self, name: &str, disabled: bool, caller: &Caller) -> Result<Person, PersonFault> {
        let person = self.named(name)?;
        let what = if disabled { "person.disable" } else { "person.enable" };
        let entry = caller.entry(self.clock.now(), what, "done").person(&person.name);
        self.store.set_disabled(person.id, disabled, &entry)?;
        Ok(Person { disabled, ..person })
    }
}
