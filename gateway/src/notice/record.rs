//! What notices need remembered, and the values that go in and out.

use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::{Info, Os};

use crate::audit::Entry;
use crate::moment::Moment;
use crate::person::PersonId;
use crate::store::StoreFault;

/// Something that a person's phones are to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Whose phones.
    pub person: PersonId,
    /// What happened.
    pub info: Info,
    /// The device that it is about.
    pub about: Option<Id>,
    /// A phone that needs no telling, because it did it.
    pub except: Option<Id>,
    /// When, in Unix seconds.
    pub at: u64,
}

/// What is said of the device that a notice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its system.
    pub os: Os,
    /// Its model.
    pub model: String,
}

/// An open notice of one phone that has no signed text yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The notice.
    pub number: i64,
    /// `aid`, once another phone fetched it.
    pub aid: Option<Id>,
    /// The person's name: the account on phones.
    pub person: String,
    /// What happened.
    pub info: Info,
    /// The device that it is about.
    pub about: Option<About>,
    /// When it happened.
    pub at: u64,
    /// Its last second.
    pub exp: u64,
}

/// A signed text, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewText {
    /// The notice.
    pub number: i64,
    /// The phone.
    pub did: Id,
    /// `jti`.
    pub jti: Id,
    /// Thumbprint of the key that signed it.
    pub kid: H32,
    /// h of the text.
    pub ch: H32,
    /// The text.
    pub jws: String,
}

/// Where the text of a notice stands on one phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is listed, or waits for room.
    Open,
    /// This phone reported it.
    Reported,
    /// A newer text took its place.
    Replaced,
    /// Its time is over.
    Expired,
}

/// A signed notice of one phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noticed {
    /// `jti`.
    pub jti: Id,
    /// h of the text.
    pub ch: H32,
    /// The text as it travels.
    pub jws: String,
    /// Its last second.
    pub exp: u64,
    /// Where it stands.
    pub standing: Standing,
}

/// What a report of a notice did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reported {
    /// The device that was suspended by it.
    pub suspended: Option<Id>,
    /// Approvals that ended with that.
    pub ended: Vec<Id>,
}

/// Remembers notices. All calls block.
pub trait Store: Send + Sync {
    /// Writes down what happened, for every active or suspended phone of the person but one. Nothing is stored where there is
    /// none.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn tell(&self, event: Event, audit: Entry) -> Result<(), StoreFault>;

    /// The newest `most` open notices of a phone that are not signed.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn unsigned(&self, did: Id, most: usize, at: Moment) -> Result<Vec<Unsigned>, StoreFault>;

    /// Gives a notice its `aid`; the one that it has afterwards, which is another where another phone was faster.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn name(&self, number: i64, aid: Id) -> Result<Id, StoreFault>;

    /// Keeps a text, unless there is one already.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn keep(&self, text: NewText) -> Result<(), StoreFault>;

    /// The newest `most` open and signed notices of a phone, newest first.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn open(&self, did: Id, most: usize, at: Moment) -> Result<Vec<Noticed>, StoreFault>;

    /// Phones whose newest open notice never had a text: neither did a bell ring for it, nor did the phone come for it.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn unheard(&self, at: Moment) -> Result<Vec<Id>, StoreFault>;

    /// The notice of this phone whose text has this `jti`.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn get(&self, did: Id, jti: Id, at: Moment) -> Result<Option<Noticed>, StoreFault>;

    /// Puts open texts out of use that none of these keys signed: new ones are signed when phones come for them.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn reissue(&self, listed: Vec<H32>) -> Result<(), StoreFault>;

    /// Forgets notices two months past their end.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn sweep(&self, at: Moment) -> Result<(), StoreFault>;
}
