//! Bells, keys and moves of enrolments, mirrored.

use countersign_core::app;
use countersign_core::protocol::jose::Id;
use countersign_core::protocol::push;

use super::Os;

/// What a bell means.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Bell {
    /// An approval asks. It is on the list, verified; poll its gateway as well, so that it learns of it.
    Asks {
        /// Which approval.
        approval: String,
    },
    /// A gateway has something: poll it.
    Poll {
        /// Which gateway.
        gateway: String,
    },
    /// A sign-in may be waiting, and nothing else is known: poll every gateway.
    Waiting,
}

impl From<app::Bell> for Bell {
    fn from(core: app::Bell) -> Self {
        match core {
            app::Bell::Asks(id) => Self::Asks { approval: id.to_string() },
            app::Bell::Poll(gateway) => Self::Poll { gateway: gateway.to_string() },
            app::Bell::Waiting => Self::Waiting,
        }
    }
}

/// What a notification may say while the app is not there: verified, and neither digits nor anything to answer with.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Note {
    /// An application asks whether somebody signs in.
    Asks {
        /// The application, as the gateway registered it.
        app: String,
        /// The gateway's host and port, to be shown beside it.
        host: String,
        /// City, where the gateway knows it.
        city: Option<String>,
        /// Country, two letters.
        cc: Option<String>,
    },
    /// A gateway tells something; nothing is asked.
    Tells {
        /// The gateway's host and port.
        host: String,
    },
    /// A sign-in is waiting, and that is all.
    Waiting,
}

impl From<app::Note> for Note {
    fn from(core: app::Note) -> Self {
        match core {
            app::Note::Asks { app, host, city, cc } => Self::Asks { app, host, city, cc },
            app::Note::Tells { host } => Self::Tells { host },
            app::Note::Waiting => Self::Waiting,
        }
    }
}

/// Where the bells of an enrolment go. It has no `Debug`: whoever knows the endpoint can ring.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PushEndpoint {
    /// The endpoint that was set last; none when there is none.
    pub endpoint: Option<String>,
    /// How far the gateway knows it.
    pub told: Told,
    /// The key to subscribe with, where the gateway has one: an uncompressed point in base64url (RFC 8292).
    pub vapid: Option<String>,
    /// The subscription is for another sending key: subscribe anew with `vapid`, and set what comes of it.
    pub subscribe_anew: bool,
}

impl From<app::PushEndpoint> for PushEndpoint {
    fn from(core: app::PushEndpoint) -> Self {
        let app::PushEndpoint { endpoint, told, vapid, subscribe_anew } = core;
        Self { endpoint, told: told.into(), vapid, subscribe_anew }
    }
}

mirror! {
    /// How far a gateway knows what it is told.
    Told = app::Told {
        /// Not yet; it is told at the next poll.
        Waiting,
        /// It has it.
        Told,
        /// It refused it: it is not told again by itself.
        Refused,
    }
}

mirror! {
    /// The two classes of this phone's signing keys.
    KeyClass = push::KeyClass {
        /// Asks for the person at every use: approves and enrols.
        Ak,
        /// Works without a prompt: denies and proves.
        Pk,
    }
}

/// An enrolment whose file does not open.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DamagedEnrolment {
    /// Which, for `forget`.
    pub id: String,
    /// Why it was left alone.
    pub damage: FileDamage,
}

impl From<(Id, app::Damage)> for DamagedEnrolment {
    fn from((id, damage): (Id, app::Damage)) -> Self {
        Self { id: id.to_string(), damage: damage.into() }
    }
}

mirror! {
    /// Why a file was left alone.
    FileDamage = app::Damage {
        /// It could not be read, or is larger than any record.
        Unreadable,
        /// Changed, cut, of another phone, or under another name.
        Foreign,
        /// It opened, but a newer version wrote it, or it is not a record.
        Unknown,
    }
}

/// A move to another phone. It has no `Debug`: whoever reads its link can enrol.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct MoveRow {
    /// The phone's own id of the enrolment.
    pub gateway: String,
    /// The gateway's name.
    pub name: String,
    /// Host and port of the gateway.
    pub host: String,
    /// The text of the code that the new phone scans.
    pub link: Vec<u8>,
    /// Until when the new phone can enrol by it, by this phone's clock.
    pub until: u64,
    /// Whether this phone is removed when the new one is active.
    pub replace: bool,
    /// The phone that enrolled by it: its digits are typed here, if it is the person's own.
    pub joining: Option<JoiningRow>,
    /// The gateway took the digits: the new phone is active.
    pub confirmed: bool,
}

impl From<app::Moving> for MoveRow {
    fn from(core: app::Moving) -> Self {
        let app::Moving { gateway, name, host, link, until, replace, joining, confirmed } = core;
        Self {
            gateway: gateway.to_string(),
            name,
            host,
            link: link.as_bytes().to_vec(),
            until,
            replace,
            joining: joining.map(JoiningRow::from),
            confirmed,
        }
    }
}

/// A phone that waits for its digits.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct JoiningRow {
    /// Its system.
    pub os: Os,
    /// Its model.
    pub model: String,
}

impl From<app::JoiningRow> for JoiningRow {
    fn from(core: app::JoiningRow) -> Self {
        let app::JoiningRow { os, model } = core;
        Self { os: os.into(), model }
    }
}
