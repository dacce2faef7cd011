//! What the chain needs remembered, and the changes that go in.

use std::collections::BTreeSet;

use countersign_protocol::jose::{H32, Jwk};

use super::ring::Ring;
use crate::audit::{Caller, Entry};
use crate::moment::Moment;
use crate::store::StoreFault;

/// A key that has no number yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The public half.
    pub jwk: Jwk,
    /// The private half, sealed.
    pub private: Vec<u8>,
    /// The link to it, signed by the key before. None for the first key of an epoch.
    pub link: Option<String>,
    /// Since when it is there, in Unix seconds, as all times here.
    pub made: u64,
}

/// How a chain begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// The epoch: 1, or what an older gateway had.
    pub epoch: u64,
    /// The `seq` that was published last; 0 when nothing was.
    pub seq: u64,
    /// Hash of what was published under it.
    pub content: Option<H32>,
    /// The key that signs.
    pub key: NewKey,
}

/// What is published from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The base URL.
    pub u: String,
    /// The `seq`.
    pub seq: u64,
    /// Hash of it.
    pub content: H32,
    /// The pins in it.
    pub pins: Vec<H32>,
    /// Since when those are listed that were not.
    pub at: u64,
}

/// A new epoch, vouched for by the recovery key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEpoch {
    /// Its number.
    pub epoch: u64,
    /// The `seq` of the metadata that begins it.
    pub seq: u64,
    /// Thumbprint of the recovery key from now on.
    pub gr: H32,
    /// That metadata, signed by the recovery key of before.
    pub jws: String,
    /// The key that signs.
    pub key: NewKey,
}

/// The key of the self-signed certificate that will be used next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextCertificate {
    /// The key, sealed among the gateway's own values.
    pub key: Vec<u8>,
    /// Its pin.
    pub pin: H32,
}

/// Remembers the chain. All calls block.
///
/// A change is one transaction with its audit row and all that hangs on it. It is made only while the chain has the version
/// `seen` that it was decided on, and gives the chain as it is then; none says that something moved meanwhile, and that
/// nothing was changed: look, and decide anew.
pub trait Store: Send + Sync {
    /// All of it; none before it began.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn ring(&self) -> Result<Option<Ring>, StoreFault>;

    /// The number that goes up with every change; 0 before it began.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn version(&self) -> Result<i64, StoreFault>;

    /// How many phones are enrolled, of all people.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn phones(&self) -> Result<u64, StoreFault>;

    /// The keys that signed what is pending, or approved and neither consumed nor lapsed.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn signers_of_open(&self, at: Moment) -> Result<BTreeSet<H32>, StoreFault>;

    /// Begins the chain, unless it began; what an older gateway kept in its place is forgotten.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn begin(&self, first: First) -> Result<(), StoreFault>;

    /// Notes what is published, and since when each pin in it is listed without a break.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn publish(&self, seen: i64, what: Publication) -> Result<Option<Ring>, StoreFault>;

    /// Adds a key of this epoch, which signs from now on; those before stay listed. Open codes end.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn rotate(&self, seen: i64, key: NewKey, audit: Entry) -> Result<Option<Ring>, StoreFault>;

    /// Names the recovery key. Unless `anew`, nothing is changed where a phone is enrolled by now. Open codes end.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn name_recovery(&self, seen: i64, gr: H32, anew: bool, audit: Entry) -> Result<Option<Ring>, StoreFault>;

    /// Begins an epoch: no older key is listed any more, and their private halves are forgotten. Open codes and all pending
    /// approvals end, and everybody's phones are told.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn recover(&self, seen: i64, new: NewEpoch, at: Moment, audit: Entry) -> Result<Option<Ring>, StoreFault>;

    /// Takes keys out of the list and forgets their private halves; notices that they signed are signed anew when fetched.
    /// Nothing is changed where one of them signed what is open by now.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn remove(&self, seen: i64, numbers: Vec<i64>, at: Moment, audit: Entry) -> Result<Option<Ring>, StoreFault>;

    /// Cancels what is pending and was signed by a key that is not listed, and has such notices signed anew.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn cancel_unlisted(&self, at: Moment, by: Caller) -> Result<(), StoreFault>;

    /// Stores the key of the next certificate; from now on its pin is the ring's.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn prepare(&self, seen: i64, next: NextCertificate, audit: Entry) -> Result<Option<Ring>, StoreFault>;
}
