//! A challenge: one question to one device (push-v1 section 6).

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{BaseUrl, Different, Info, NewMark, NumberLength, Op, Os, Src};
use crate::jose::{Claims, FormError, H32, Id, SigningInput, Typ};
use crate::limits::{CHALLENGE_LIFE, INFO_LIFE, JWS_OFFLINE};
use crate::text::{Country, ShownIp, T64, T128, T256};

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
    /// How many digits the login page shows; none for a notice alone.
    pub nm: DigitsAsked,
    /// Where the login comes from.
    pub ctx: Context,
    /// What is asked, in words: exactly with `sign`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<T256>,
    /// What is told: exactly with `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<Info>,
    /// The device that a notice is about: exactly with those that are about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev: Option<AboutDevice>,
}

impl Claims for Challenge {
    const TYP: Typ = Typ::Challenge;

    fn check(&self) -> Result<(), FormError> {
        let is_notice = self.op == Op::Info;
        goes_with(self.msg.is_some(), self.op == Op::Sign)?;
        goes_with(self.info.is_some(), is_notice)?;
        goes_with(self.dev.is_some(), self.info.is_some_and(Info::is_about_device))?;
        // Zero digits for anything but a notice would be a blind approval.
        if (self.nm == DigitsAsked::NONE) != is_notice {
            return Err(FormError::Range);
        }
        if is_notice && self.ico.is_some() {
            return Err(FormError::Unexpected);
        }
        let most = if is_notice { INFO_LIFE } else { CHALLENGE_LIFE };
        let life = self.exp.checked_sub(self.iat).filter(|life| (1..=most).contains(life));
        life.map(|_| ()).ok_or(FormError::Life)
    }
}

/// A member that must be there exactly when `wanted`.
fn goes_with(is_there: bool, wanted: bool) -> Result<(), FormError> {
    match (is_there, wanted) {
        (true, false) => Err(FormError::Unexpected),
        (false, true) => Err(FormError::Missing),
        _ => Ok(()),
    }
}

impl Challenge {
    /// What fits into a JWS by the key `kid`: as it is, else without `ua`, then `asn`, then `city` (section 6).
    /// `acct`, `app` and `msg` are never cut.
    ///
    /// # Errors
    /// [`FormError::Large`] when it is too long even then; else the rule of form that the claims break.
    pub fn fit(mut self, kid: H32) -> Result<Self, FormError> {
        let cuts: [fn(&mut Context) -> Option<T64>; 3] =
            [|ctx| ctx.ua.take(), |ctx| ctx.asn.take(), |ctx| ctx.city.take()];
        let mut cuts = cuts.into_iter();
        loop {
            match (SigningInput::of(kid, &self), cuts.next()) {
                (Err(FormError::Large), Some(cut)) => drop(cut(&mut self.ctx)),
                (fits, _) => return fits.map(|_| self),
            }
        }
    }

    /// The same question for an answer code (section 12): an id of its own, no icon, and of where it comes from only
    /// `src`, `ip` and `cc`.
    ///
    /// # Errors
    /// [`FormError::Large`] when the JWS by the key `kid` would be over 900 characters: then none is offered;
    /// [`FormError::Unexpected`] for a notice.
    pub fn for_answer_code(&self, jti: Id, kid: H32) -> Result<Self, FormError> {
        if self.op == Op::Info {
            return Err(FormError::Unexpected);
        }
        let ctx = Context { city: None, asn: None, ua: None, new: None, ..self.ctx.clone() };
        let cut = Self { jti, ico: None, ctx, ..self.clone() };
        if SigningInput::of(kid, &cut)?.jws_len() > JWS_OFFLINE { Err(FormError::Large) } else { Ok(cut) }
    }
}

/// `nm`: 0 for a notice, else 2 to 8 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct DigitsAsked(u8);

impl DigitsAsked {
    /// A notice asks for none.
    pub const NONE: Self = Self(0);

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u64> for DigitsAsked {
    type Error = FormError;
    fn try_from(number: u64) -> Result<Self, FormError> {
        if number == 0 { Ok(Self::NONE) } else { NumberLength::try_from(number).map(Self::from) }
    }
}

impl From<NumberLength> for DigitsAsked {
    fn from(length: NumberLength) -> Self {
        Self(length.get())
    }
}

impl From<DigitsAsked> for u64 {
    fn from(digits: DigitsAsked) -> Self {
        Self::from(digits.0)
    }
}

impl fmt::Display for DigitsAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The device that a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutDevice {
    /// Its system.
    pub os: Os,
    /// Its model.
    pub model: T64,
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
