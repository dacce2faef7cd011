//! What Android's hardware says of a key: the extension 1.3.6.1.4.1.11129.2.1.17 (KeyMint's `KeyDescription`).

use countersign_protocol::jose::H32;
use countersign_protocol::push::{KeyClass, Level, UserVerification};
use subtle::ConstantTimeEq;

use super::der::{Der, Tag};
use super::{Stated, WhyNot};

/// The description of a key, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description<'a> {
    level: Level,
    challenge: &'a [u8],
    software: Authorizations,
    hardware: Authorizations,
}

/// What holds for the key, said by one side: software or hardware.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Authorizations {
    purposes: Vec<u64>,
    no_user: bool,
    user: Option<u64>,
    timeout: bool,
    on_body: bool,
    origin: Option<u64>,
}

/// `KM_PURPOSE_SIGN` and `KM_PURPOSE_VERIFY`.
const SIGN: u64 = 2;
const VERIFY: u64 = 3;
/// `KM_ORIGIN_GENERATED`.
const GENERATED: u64 = 0;
/// `HW_AUTH_PASSWORD` and `HW_AUTH_FINGERPRINT`.
const PASSWORD: u64 = 1;
const BIOMETRICS: u64 = 2;

/// Reads the extension's value.
///
/// # Errors
/// [`WhyNot::Description`].
pub fn read(value: &[u8]) -> Result<Description<'_>, WhyNot> {
    let mut outer = Der::new(value);
    let mut it = Der::new(outer.expect(Tag::Sequence)?);
    outer.end()?;
    it.number(Tag::Integer)?; // version of the attestation
    let attestation = level(it.number(Tag::Enumerated)?)?;
    it.number(Tag::Integer)?; // version of the keystore
    let keystore = level(it.number(Tag::Enumerated)?)?;
    let challenge = it.expect(Tag::Octets)?;
    it.expect(Tag::Octets)?; // unique id
    let software = Authorizations::read(it.expect(Tag::Sequence)?)?;
    let hardware = Authorizations::read(it.expect(Tag::Sequence)?)?;
    it.end()?;
    let level = if rank(attestation) <= rank(keystore) { attestation } else { keystore };
    Ok(Description { level, challenge, software, hardware })
}

/// By how much one level is better than another.
pub(super) fn rank(level: Level) -> u8 {
    match level {
        Level::Software => 0,
        Level::Tee | Level::Enclave => 1,
        Level::Strongbox => 2,
    }
}

fn level(number: u64) -> Result<Level, WhyNot> {
    match number {
        0 => Ok(Level::Software),
        1 => Ok(Level::Tee),
        2 => Ok(Level::Strongbox),
        _ => Err(WhyNot::Description),
    }
}

impl Authorizations {
    /// Tags in any order, as some hardware writes them, and none twice.
    fn read(content: &[u8]) -> Result<Self, WhyNot> {
        let mut it = Self::default();
        let (mut list, mut seen) = (Der::new(content), Vec::new());
        while !list.is_empty() {
            let (number, content) = list.context()?;
            if seen.contains(&number) {
                return Err(WhyNot::Description);
            }
            seen.push(number);
            let mut value = Der::new(content);
            match number {
                1 => it.purposes = numbers(value.expect(Tag::Set)?)?,
                503 => it.no_user = null(&mut value)?,
                504 => it.user = Some(value.number(Tag::Integer)?),
                505 => {
                    value.number(Tag::Integer)?;
                    it.timeout = true;
                }
                506 => it.on_body = null(&mut value)?,
                702 => it.origin = Some(value.number(Tag::Integer)?),
                _ => continue,
            }
            value.end()?;
        }
        Ok(it)
    }
}

fn null(value: &mut Der<'_>) -> Result<bool, WhyNot> {
    if value.expect(Tag::Null)?.is_empty() { Ok(true) } else { Err(WhyNot::Description) }
}

fn numbers(content: &[u8]) -> Result<Vec<u64>, WhyNot> {
    let (mut set, mut numbers) = (Der::new(content), Vec::new());
    while !set.is_empty() {
        numbers.push(set.number(Tag::Integer)?);
    }
    Ok(numbers)
}

impl Description<'_> {
    /// Whether this proves what the phone states; the level that it proves.
    ///
    /// # Errors
    /// [`WhyNot`].
    pub fn proves(&self, stated: &Stated<'_>, ac: &H32) -> Result<Level, WhyNot> {
        if !bool::from(self.challenge.ct_eq(ac.as_bytes())) {
            return Err(WhyNot::Challenge);
        }
        if stated.level == Level::Enclave || rank(self.level) < rank(stated.level) {
            return Err(WhyNot::Level);
        }
        // Of a key in hardware only what the hardware sees to counts.
        let sure = if self.level == Level::Software { &self.software } else { &self.hardware };
        if !sure.purposes.contains(&SIGN) || sure.purposes.iter().any(|it| ![SIGN, VERIFY].contains(it)) {
            return Err(WhyNot::Purpose);
        }
        if sure.origin != Some(GENERATED) {
            return Err(WhyNot::Origin);
        }
        if stated.class == KeyClass::Ak && !self.asks_each_time(sure, stated.uv) {
            return Err(WhyNot::User);
        }
        Ok(self.level)
    }

    fn asks_each_time(&self, sure: &Authorizations, uv: UserVerification) -> bool {
        let lax = |it: &Authorizations| it.no_user || it.timeout || it.on_body;
        let user = sure.user.unwrap_or(0);
        let asks = match uv {
            UserVerification::Bio => user & (PASSWORD | BIOMETRICS) == BIOMETRICS,
            UserVerification::Any => user & (PASSWORD | BIOMETRICS) != 0,
        };
        asks && !lax(&self.software) && !lax(&self.hardware)
    }
}
