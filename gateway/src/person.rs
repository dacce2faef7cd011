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

    /// Puts a password in the place of the older one; sessions and open questions, which rest on that, end in the same
    /// transaction.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn set_password(&self, person: PersonId, password: &Hashed, audit: &Entry) -> Result<(), StoreFault>;

    /// Disables or enables, in one transaction: disabling ends all sessions, enabling has codes taken again after too many
    /// wrong ones.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn set_disabled(&self, person: PersonId, disabled: bool, audit: &Entry) -> Result<(), StoreFault>;

    /// Forgets a person and all that is theirs. Their devices go, and are kept as nobody's, to be told so for 400 days.
    ///
    /// # Errors
    /// [`StoreFault`]; then nothing is forgotten.
    fn remove(&self, person: PersonId, audit: &Entry) -> Result<(), StoreFault>;

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

    /// Marks the voucher with this hash as used, if it is unused, `now` is before its end, and its whole life does not lie
    /// ahead by more than [`limits::VOUCHER_SLACK`]: then the wall clock was set back. One statement decides: of
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
        // What was not looked at is no wrong password.
        let checked = self.first_factor.check(name, password);
        let person = checked.inspect_err(|_| self.guard.take_back(name, caller.address))?;
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

    /// Gives a person another password, and ends what the older one opened: somebody else may know it.
    ///
    /// # Errors
    /// [`PersonFault::Unknown`], [`PersonFault::Password`], [`PersonFault::Store`].
    pub fn set_password(&self, name: &str, password: &Secret, caller: &Caller) -> Result<Person, PersonFault> {
        let person = self.named(name)?;
        password::accept(password, &PersonName::parse(name)?)?;
        let password = self.hasher.hash(password, self.random.bytes()?)?;
        let entry = caller.entry(self.clock.now(), "person.password", "done").person(&person.name);
        self.store.set_password(person.id, &password, &entry)?;
        Ok(person)
    }

    /// Disables or enables a person. Disabling ends all sessions; enabling has codes taken again after too many wrong ones.
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

    /// Removes a person: the name is free again, and their devices are told that the account is gone.
    ///
    /// # Errors
    /// [`PersonFault::Store`].
    pub fn remove(&self, person: &Person, caller: &Caller) -> Result<(), PersonFault> {
        let entry = caller.entry(self.clock.now(), "person.remove", "done").person(&person.name);
        Ok(self.store.remove(person.id, &entry)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::machine::MachineRandom;
    use crate::test_clock::TestClock;

    fn people() -> (tempfile::TempDir, Arc<TestClock>, People) {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::store::Store::open(&folder.path().join("s")).unwrap();
        let (clock, random) = (Arc::new(TestClock::default()), Arc::new(MachineRandom::default()));
        let seal = Seal::new(&[1; 32], random.clone());
        let people = People::new(Arc::new(store::SqlStore(store)), &seal, clock.clone(), random);
        (folder, clock, people)
    }

    fn secret(text: &str) -> Secret {
        Secret::from_slice(text.as_bytes())
    }

    #[test]
    fn a_password_signs_in_whom_it_belongs_to_and_nobody_who_is_disabled() {
        let (_folder, _, people) = people();
        let by = Caller::default();
        let (alice, _) = people.add("Alice", &secret("tea and rain"), &by).unwrap();
        let sign_in = |name, password| people.sign_in(name, &secret(password), &by);
        assert_eq!(sign_in(" ALICE ", "tea and rain"), Ok(Some(alice.clone())));
        for (name, password) in [("alice", "tea and sun"), ("bob", "tea and rain"), ("a b", "x"), ("alice", "")] {
            assert_eq!(sign_in(name, password), Ok(None), "{name}");
        }
        let long = "tea and rain".repeat(limits::PASSWORD_BYTES);
        assert_eq!(sign_in("alice", &long), Ok(None));
        people.set_disabled("alice", true, &by).unwrap();
        assert_eq!(sign_in("alice", "tea and rain"), Ok(None));
        people.set_disabled("alice", false, &by).unwrap();
        assert_eq!(sign_in("alice", "tea and rain"), Ok(Some(alice)));
    }

    #[test]
    fn another_password_takes_the_place_of_the_older_one() {
        let (_folder, _, people) = people();
        let by = Caller::default();
        let (alice, _) = people.add("alice", &secret("tea and rain"), &by).unwrap();
        assert_eq!(people.set_password("Alice ", &secret("rain and tea"), &by), Ok(alice.clone()));
        assert_eq!(people.sign_in("alice", &secret("tea and rain"), &by), Ok(None));
        assert_eq!(people.sign_in("alice", &secret("rain and tea"), &by), Ok(Some(alice)));
        let common = people.set_password("alice", &secret("password1"), &by);
        assert_eq!(common, Err(PersonFault::Password(PasswordRefused::Common)));
        assert_eq!(people.set_password("bob", &secret("rain and tea"), &by), Err(PersonFault::Unknown));
    }

    #[test]
    fn many_wrong_passwords_make_even_the_right_one_wait() {
        let (_folder, clock, people) = people();
        let by = Caller::default();
        let (alice, _) = people.add("alice", &secret("tea and rain"), &by).unwrap();
        for _ in 0..6 {
            assert_eq!(people.sign_in("alice", &secret("wrong"), &by), Ok(None));
        }
        assert_eq!(people.sign_in("alice", &secret("tea and rain"), &by), Err(PersonFault::Wait(2)));
        clock.advance(2);
        assert_eq!(people.sign_in("alice", &secret("tea and rain"), &by), Ok(Some(alice)));
    }

    /// Says that it has no time, or what another one says.
    struct Loaded(Arc<dyn FirstFactor>, std::sync::atomic::AtomicBool);

    impl FirstFactor for Loaded {
        fn check(&self, name: &str, password: &Secret) -> Result<Option<Person>, PersonFault> {
            if self.1.load(std::sync::atomic::Ordering::SeqCst) {
                return Err(PersonFault::Busy);
            }
            self.0.check(name, password)
        }
    }

    #[test]
    fn load_is_no_wrong_password() {
        let (_folder, _, mut people) = people();
        let by = Caller::default();
        let (alice, _) = people.add("alice", &secret("tea and rain"), &by).unwrap();
        let loaded = Arc::new(Loaded(people.first_factor.clone(), true.into()));
        people.first_factor = loaded.clone();
        for _ in 0..200 {
            assert_eq!(people.sign_in("alice", &secret("tea and rain"), &by), Err(PersonFault::Busy));
        }
        loaded.1.store(false, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(people.sign_in("alice", &secret("wrong"), &by), Ok(None));
        assert_eq!(people.sign_in("alice", &secret("tea and rain"), &by), Ok(Some(alice)));
    }

    #[test]
    fn a_voucher_is_of_no_use_under_a_wall_clock_that_was_set_back() {
        let (_folder, clock, people) = people();
        let by = Caller::default();
        let (alice, voucher) = people.add("alice", &secret("tea and rain"), &by).unwrap();
        clock.advance(2 * limits::VOUCHER_LIFE);
        clock.set_back(2 * limits::VOUCHER_LIFE + limits::VOUCHER_SLACK + 1);
        let take = || people.take_voucher(alice.id, &alice.name, &voucher.reveal(), &by);
        assert_eq!(take(), Ok(false), "it says it was made later than now");
        clock.advance(1);
        assert_eq!(take(), Ok(true), "two clocks may differ by a little");
    }

    #[test]
    fn a_voucher_is_taken_once_from_its_person_within_a_day() {
        let (_folder, clock, people) = people();
        let by = Caller::default();
        let (alice, first) = people.add("alice", &secret("tea and rain"), &by).unwrap();
        let (bob, _) = people.add("bob", &secret("tea and rain"), &by).unwrap();
        let take = |person: &Person, typed: &str| people.take_voucher(person.id, &person.name, typed, &by);
        assert_eq!(take(&bob, &first.reveal()), Ok(false), "somebody else's");
        assert_eq!(take(&alice, "0000-0000-0000"), Ok(false));
        assert_eq!(take(&alice, &first.reveal().to_lowercase()), Ok(true));
        assert_eq!(take(&alice, &first.reveal()), Ok(false), "once");
        let second = people.give_voucher(&alice, &by).unwrap();
        let third = people.give_voucher(&alice, &by).unwrap();
        assert_eq!(take(&alice, &second.reveal()), Ok(false), "a newer one ended it");
        clock.advance(limits::VOUCHER_LIFE);
        assert_eq!(take(&alice, &third.reveal()), Ok(false), "a day later");
    }

    #[test]
    fn a_name_is_somebody_s_once_and_a_poor_password_adds_nobody() {
        let (_folder, _, people) = people();
        let by = Caller::default();
        let refused = people.add("alice", &secret("password1"), &by).err();
        assert_eq!(refused, Some(PersonFault::Password(PasswordRefused::Common)));
        assert_eq!(people.all(), Ok(vec![]));
        people.add("alice", &secret("tea and rain"), &by).unwrap();
        assert_eq!(people.add("ALICE", &secret("tea and rain"), &by).err(), Some(PersonFault::Taken));
        assert_eq!(people.set_disabled("bob", true, &by).err(), Some(PersonFault::Unknown));
    }
}
