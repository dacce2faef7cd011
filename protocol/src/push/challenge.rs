//! A challenge: one question to one device (push-v1 section 6).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{BaseUrl, Different, NewMark, NumberLength, Op, Src};
use crate::jose::{Claims, FormError, H32, Id, Typ};
use crate::limits::CHALLENGE_LIFE;
use crate::text::{Country, ShownIp, T64, T128};

/// Claims of `cs-challenge+jwt`. The digits are not in it: they travel by the person's eyes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// The gateway.
    pub iss: BaseUrl,
    /// The device.
    pub aud: Id,
    /// Of this device alone.
    pub jti: Id,
    /// The approval: the same on all devices.
    pub aid: Id,
    /// Gateway time.
    pub iat: u64,
    /// When the asking ends.
    pub exp: u64,
    /// What is asked.
    pub op: Op,
    /// The person's account.
    pub acct: T128,
    /// The registered name of the application that asks.
    pub app: T64,
    /// SHA-256 of the application's icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ico: Option<H32>,
    /// How many digits the login page shows.
    pub nm: NumberLength,
    /// Where the login comes from.
    pub ctx: Context,
    /// Belongs to other questions than a login.
    #[serde(default, skip_serializing)]
    pub msg: Absent,
    /// Belongs to notices.
    #[serde(default, skip_serializing)]
    pub info: Absent,
    /// Belongs to notices about a device.
    #[serde(default, skip_serializing)]
    pub dev: Absent,
}

impl Claims for Challenge {
    const TYP: Typ = Typ::Challenge;

    fn check(&self) -> Result<(), FormError> {
        let life = self.exp.checked_sub(self.iat).filter(|life| (1..=CHALLENGE_LIFE).contains(life));
        life.map(|_| ()).ok_or(FormError::Life)
    }
}

/// Where a login comes from. All of it is shown, none of it is proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Who says so.
    pub src: Src,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<ShownIp>,
    /// The country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cc: Option<Country>,
    /// The city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<T64>,
    /// The network's owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asn: Option<T64>,
    /// The browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ua: Option<T64>,
    /// What of it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Different<NewMark, 1, 4>>,
}

/// A member that a message of this kind does not have: any value refuses the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Absent;

impl Serialize for Absent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Absent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::IgnoredAny::deserialize(deserializer)?;
        Err(de::Error::custom(FormError::Unexpected))
    }
}
