//! What is over, and what gateways tell, mirrored.

use countersign_core::app;
use countersign_core::protocol::push;

use super::{ApprovalState, ClosedStatus, ContextRow, Op, Os, Res, Status};

/// One entry of the history.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PastRow {
    /// Which.
    pub id: String,
    /// What was asked, or that something was told.
    pub op: Op,
    /// What was told, with a notice alone.
    pub notice: Option<NoticeText>,
    /// What was asked in words, with `Sign` alone.
    pub msg: Option<String>,
    /// The application, as the gateway registered it.
    pub app: String,
    /// The gateway's host and port. Always shown beside the application.
    pub host: String,
    /// The gateway's name.
    pub gateway: String,
    /// Whose account.
    pub acct: String,
    /// Where it came from.
    pub context: ContextRow,
    /// When it was asked, by the phone's clock.
    pub asked: u64,
    /// When it ended, by the phone's clock.
    pub at: u64,
    /// How it ended.
    pub end: PastEnd,
}

impl From<app::PastRow> for PastRow {
    fn from(core: app::PastRow) -> Self {
        let app::PastRow { id, op, notice, msg, app, host, gateway, acct, context, asked, at, end } = core;
        Self {
            id: id.to_string(),
            op: op.into(),
            notice: notice.map(NoticeText::from),
            msg,
            app,
            host,
            gateway,
            acct,
            context: context.into(),
            asked,
            at,
            end: end.into(),
        }
    }
}

/// How an approval or a notice ended, as this phone knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PastEnd {
    /// This phone decided, and this is what the gateway made of it.
    Decided {
        /// What the gateway made of it.
        status: Status,
    },
    /// This phone decided, and never learned whether that arrived.
    Sent {
        /// What it decided.
        res: Res,
    },
    /// It ended without this phone.
    Ended {
        /// How.
        how: ClosedStatus,
    },
    /// A notice that the person put away.
    Dismissed,
    /// An answer code for it was shown here.
    CodeShown,
}

impl From<app::PastEnd> for PastEnd {
    fn from(core: app::PastEnd) -> Self {
        match core {
            app::PastEnd::Decided(status) => Self::Decided { status: status.into() },
            app::PastEnd::Sent(res) => Self::Sent { res: res.into() },
            app::PastEnd::Ended(how) => Self::Ended { how: how.into() },
            app::PastEnd::Dismissed => Self::Dismissed,
            app::PastEnd::CodeShown => Self::CodeShown,
        }
    }
}

/// One notice: a gateway tells something, and asks nothing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NoticeRow {
    /// Which.
    pub id: String,
    /// What it tells.
    pub text: NoticeText,
    /// The gateway's host and port. Always shown.
    pub host: String,
    /// The gateway's name.
    pub gateway: String,
    /// Whose account it is about.
    pub acct: String,
    /// It is another account than the one this phone was enrolled for: to be marked.
    pub acct_differs: bool,
    /// Where what it tells came from.
    pub context: ContextRow,
    /// When it was told, by the phone's clock.
    pub told: u64,
    /// How it stands: after a report, what the gateway made of that.
    pub state: ApprovalState,
    /// Whether it can be reported now.
    pub can_report: bool,
}

impl From<app::NoticeRow> for NoticeRow {
    fn from(core: app::NoticeRow) -> Self {
        let app::NoticeRow { id, text, host, gateway, acct, acct_differs, context, told, state, can_report } = core;
        Self {
            id: id.to_string(),
            text: text.into(),
            host,
            gateway,
            acct,
            acct_differs,
            context: context.into(),
            told,
            state: state.into(),
            can_report,
        }
    }
}

/// What a notice tells.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NoticeText {
    /// What happened.
    pub info: Info,
    /// The device that it is about, where it is about one.
    pub device: Option<NoticeDevice>,
}

impl From<app::NoticeText> for NoticeText {
    fn from(core: app::NoticeText) -> Self {
        let app::NoticeText { info, device } = core;
        Self { info: info.into(), device: device.map(|(os, model)| NoticeDevice { os: os.into(), model }) }
    }
}

/// The device that a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NoticeDevice {
    /// Its system.
    pub os: Os,
    /// Its model.
    pub model: String,
}

mirror! {
    /// What happened, as a notice tells it.
    Info = push::Info {
        /// A device was added.
        DeviceAdded,
        /// A device was removed.
        DeviceRemoved,
        /// A device changed a key.
        KeysChanged,
        /// The gateway was recovered.
        RecoveryUsed,
        /// Too many wrong tries.
        Lockout,
    }
}
