//! Approvals, where they come from and what becomes of them, mirrored.

use countersign_core::app;
use countersign_core::protocol::push;

use super::Staleness;

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ApprovalRow {
    /// Which.
    pub id: String,
    /// What is asked.
    pub op: Op,
    /// What is asked in words, with `Sign` alone: to be shown whole.
    pub msg: Option<String>,
    /// The application, as the gateway registered it.
    pub app: String,
    /// SHA-256 of the application's icon, in base64url.
    pub ico: Option<String>,
    /// The gateway's host and port. Always shown beside the application.
    pub host: String,
    /// The gateway's name.
    pub gateway: String,
    /// Whose account signs in.
    pub acct: String,
    /// It is another account than the one this phone was enrolled for: to be marked.
    pub acct_differs: bool,
    /// Where it comes from.
    pub context: ContextRow,
    /// How many digits the page shows.
    pub digits: u8,
    /// When it was asked, by the phone's clock.
    pub asked: u64,
    /// Until when it can be approved, by the phone's clock.
    pub expires: u64,
    /// How it stands.
    pub state: ApprovalState,
    /// Whether it can be approved now.
    pub can_approve: bool,
    /// Whether it can be denied now.
    pub can_deny: bool,
    /// Whether it can be reported now.
    pub can_report: bool,
    /// Why it cannot be approved, where that is the gateway's matter.
    pub stale: Option<Staleness>,
}

impl From<app::ApprovalRow> for ApprovalRow {
    fn from(core: app::ApprovalRow) -> Self {
        let app::ApprovalRow {
            id,
            op,
            msg,
            ico,
            app,
            host,
            gateway,
            acct,
            acct_differs,
            context,
            digits,
            asked,
            expires,
            state,
            can: app::Can { approve, deny, report },
            stale,
        } = core;
        Self {
            id: id.to_string(),
            op: op.into(),
            msg,
            ico: ico.map(|ico| ico.to_string()),
            app,
            host,
            gateway,
            acct,
            acct_differs,
            context: context.into(),
            digits,
            asked,
            expires,
            state: state.into(),
            can_approve: approve,
            can_deny: deny,
            can_report: report,
            stale: stale.map(Staleness::from),
        }
    }
}

mirror! {
    /// What is asked.
    Op = push::Op {
        /// To be signed in.
        Login,
        /// To sign a text.
        Sign,
        /// To add another phone.
        Enrol,
        /// Nothing: a notice.
        Info,
    }
}

/// Where a login comes from. All texts are shown, never interpreted.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContextRow {
    /// Who states the rest.
    pub src: Src,
    /// Address.
    pub ip: Option<String>,
    /// Country, two letters.
    pub cc: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Network.
    pub asn: Option<String>,
    /// Program.
    pub ua: Option<String>,
    /// What has not been seen before.
    pub new: Vec<NewMark>,
}

impl From<app::ContextRow> for ContextRow {
    fn from(core: app::ContextRow) -> Self {
        let app::ContextRow { src, ip, cc, city, asn, ua, new } = core;
        Self { src: src.into(), ip, cc, city, asn, ua, new: new.into_iter().map(NewMark::from).collect() }
    }
}

mirror! {
    /// Who states the context of a challenge.
    Src = push::Src {
        /// An application.
        Rp,
        /// A RADIUS client.
        Radius,
        /// The gateway itself.
        Direct,
    }
}

mirror! {
    /// What about a login is new for this person.
    NewMark = push::NewMark {
        /// The network.
        Ip,
        /// The browser.
        Ua,
        /// The country.
        Cc,
        /// A place that cannot be reached since the last login.
        Far,
    }
}

/// How an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ApprovalState {
    /// It asks.
    Open {
        /// After wrong digits: tries left.
        left: Option<u8>,
    },
    /// This phone decided, and does not know yet whether that arrived.
    Sending {
        /// What it decided.
        res: Res,
    },
    /// This phone decided, and this is what the gateway made of it.
    Decided {
        /// What the gateway made of it.
        status: Status,
    },
    /// It ended without this phone.
    Ended {
        /// How.
        how: ClosedStatus,
    },
}

impl From<app::ApprovalState> for ApprovalState {
    fn from(core: app::ApprovalState) -> Self {
        match core {
            app::ApprovalState::Open(left) => Self::Open { left: left.map(push::TriesLeft::get) },
            app::ApprovalState::Sending(res) => Self::Sending { res: res.into() },
            app::ApprovalState::Decided(status) => Self::Decided { status: status.into() },
            app::ApprovalState::Ended(how) => Self::Ended { how: how.into() },
        }
    }
}

mirror! {
    /// A decision.
    Res = push::Res {
        /// It was me.
        Approve,
        /// No.
        Deny,
        /// No, and somebody should know.
        Report,
    }
}

mirror! {
    /// How a challenge ended.
    ClosedStatus = push::ClosedStatus {
        /// Approved, and used perhaps.
        Approved,
        /// Denied.
        Denied,
        /// Reported.
        Reported,
        /// Too many wrong digits.
        Failed,
        /// Ended by somebody or something else.
        Closed,
        /// Too late.
        Expired,
        /// Never heard of.
        Unknown,
        /// A word that this version does not know.
        Other,
    }
}

/// A gateway's verified result for one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Verdict {
    /// The result.
    pub status: Status,
    /// Tries left, with `Wrong` alone.
    pub left: Option<u8>,
}

impl From<app::Verdict> for Verdict {
    fn from(core: app::Verdict) -> Self {
        let app::Verdict { st, left } = core;
        Self { status: st.into(), left: left.map(push::TriesLeft::get) }
    }
}

mirror! {
    /// What a gateway made of an answer.
    Status = push::Status {
        /// Approved.
        Approved,
        /// Denied.
        Denied,
        /// Reported.
        Reported,
        /// Wrong digits, tries left.
        Wrong,
        /// Wrong digits, the last try.
        Failed,
        /// Decided or ended before.
        Closed,
        /// Too late.
        Expired,
        /// No such challenge for this device.
        Unknown,
        /// Another answer under a used id, or an answer to another text.
        Mismatch,
    }
}
