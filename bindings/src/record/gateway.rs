//! Enrolments and polls, mirrored.

use countersign_core::app;
use countersign_core::protocol::push;

mirror! {
    /// The system a device runs on.
    Os = push::Os {
        /// Android.
        Android,
        /// iOS.
        Ios,
        /// Linux.
        Linux,
        /// macOS.
        Macos,
        /// Windows.
        Windows,
    }
}

/// What the phone says of itself when it enrols.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Phone {
    /// Its system.
    pub os: Os,
    /// Its model, as the person knows it; 1 to 64 characters.
    pub model: String,
    /// The app and its version; 1 to 32 characters.
    pub app: String,
}

impl From<Phone> for app::Phone {
    fn from(phone: Phone) -> Self {
        let Phone { os, model, app } = phone;
        Self { os: os.into(), model, app }
    }
}

/// An enrolment that somebody offers. The person is asked before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct EnrolOffer {
    /// Host and port of the gateway.
    pub host: String,
    /// When the code ends, in gateway time.
    pub ends: u64,
}

impl From<&app::EnrolOffer> for EnrolOffer {
    fn from(core: &app::EnrolOffer) -> Self {
        Self { host: core.host().to_owned(), ends: core.ends() }
    }
}

/// An enrolment that waits for its digits. It has no `Debug`: no log shall hold them.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Enrolling {
    /// The phone's own id of the enrolment.
    pub id: String,
    /// The gateway's name.
    pub gateway: String,
    /// Host and port of the gateway.
    pub host: String,
    /// Whose account it is.
    pub acct: String,
    /// Six digits to type on the page.
    pub digits: String,
    /// Until when, by the phone's clock.
    pub until: u64,
}

impl From<app::Enrolling> for Enrolling {
    fn from(core: app::Enrolling) -> Self {
        let app::Enrolling { id, gateway, host, acct, digits, until } = core;
        Self { id: id.to_string(), gateway, host, acct, digits, until }
    }
}

/// One enrolment.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct GatewayRow {
    /// The phone's own id of it.
    pub id: String,
    /// The gateway's name.
    pub name: String,
    /// Host and port. Always shown beside the name.
    pub host: String,
    /// Whose account; empty until the receipt came.
    pub acct: String,
    /// How far it is.
    pub state: GatewayState,
    /// When it was begun, by the phone's clock.
    pub since: u64,
    /// How far the phone's clock is ahead of the gateway's, in seconds.
    pub clock_ahead: i64,
    /// Why nothing, or nothing new, can be approved at it now; denying and reporting work.
    pub stale: Option<Staleness>,
    /// The gateway said that it no longer serves this version: the app asks to be updated.
    pub outdated: bool,
}

impl From<app::GatewayRow> for GatewayRow {
    fn from(core: app::GatewayRow) -> Self {
        let app::GatewayRow { id, name, host, acct, state, since, clock_ahead, stale, outdated } = core;
        Self {
            id: id.to_string(),
            name,
            host,
            acct,
            state: state.into(),
            since,
            clock_ahead,
            stale: stale.map(Staleness::from),
            outdated,
        }
    }
}

/// How far an enrolment is.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum GatewayState {
    /// The request was not answered yet.
    Asking,
    /// The six digits wait to be typed on the page.
    Pending {
        /// What to type on the page.
        digits: String,
        /// Until when, by the phone's clock.
        until: u64,
    },
    /// It works.
    Active,
    /// Only denying and reporting work.
    Suspended,
    /// The gateway removed it.
    Gone {
        /// Why.
        why: GoneWhy,
    },
    /// The keys of this phone are gone. It can be forgotten, and the phone enrolled again.
    KeysGone,
    /// Its file does not open. It can be forgotten.
    Damaged,
}

impl From<app::GatewayState> for GatewayState {
    fn from(core: app::GatewayState) -> Self {
        match core {
            app::GatewayState::Asking => Self::Asking,
            app::GatewayState::Pending { digits, until } => Self::Pending { digits, until },
            app::GatewayState::Active => Self::Active,
            app::GatewayState::Suspended => Self::Suspended,
            app::GatewayState::Gone(why) => Self::Gone { why: why.into() },
            app::GatewayState::KeysGone => Self::KeysGone,
            app::GatewayState::Damaged => Self::Damaged,
        }
    }
}

mirror! {
    /// Why a device was removed.
    GoneWhy = push::GoneWhy {
        /// Removed on the device.
        Itself,
        /// Removed by the person.
        Person,
        /// Removed by an administrator.
        Admin,
        /// Replaced by another device.
        Replaced,
        /// Its enrolment was refused.
        Refused,
        /// Its account was deleted.
        Account,
        /// A word that this version does not know.
        Other,
    }
}

/// Why nothing can be approved at a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Staleness {
    /// What is known of it is out of date, and newer could not be had.
    Old,
    /// The person checks this phone's clock.
    Clock,
    /// The gateway's key changed too often since this phone last called: the person enrols it anew.
    Keys,
}

impl From<app::Staleness> for Staleness {
    fn from(core: app::Staleness) -> Self {
        match core {
            app::Staleness::Old => Self::Old,
            app::Staleness::Clock => Self::Clock,
            app::Staleness::Keys => Self::Keys,
        }
    }
}

/// What a poll came to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PollOutcome {
    /// Something that the phone shows has changed.
    pub news: bool,
    /// Milliseconds to wait before the next poll; none: this enrolment is not to be polled any more.
    pub next_in_ms: Option<u64>,
    /// Why it brought nothing, in words for a log.
    pub fault: Option<String>,
}

impl From<app::PollOutcome> for PollOutcome {
    fn from(core: app::PollOutcome) -> Self {
        let app::PollOutcome { news, next_in, fault } = core;
        let next_in_ms = next_in.map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        Self { news, next_in_ms, fault: fault.map(|fault| fault.to_string()) }
    }
}
