//! What `App` shows and takes, mirrored. Each record is taken apart without `..`: a new field in core does not compile
//! until somebody decided here whether shells see it.

use countersign_core::app;
use countersign_core::port;
use countersign_core::protocol::push;

/// A set of names that both sides know, each way. A new name in core does not compile until it is here.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident = $core:path { $($(#[$vdoc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl From<$core> for $name {
            fn from(core: $core) -> Self {
                use $core as Core;
                match core { $(Core::$variant => Self::$variant,)* }
            }
        }

        impl From<$name> for $core {
            fn from(name: $name) -> Self {
                use $core as Core;
                match name { $($name::$variant => Core::$variant,)* }
            }
        }
    };
}

mod account;

pub use account::{
    AccountEdit, AccountKind, AccountRow, Algorithm, CodeRow, Codes, DamagedRow, LiveCode, LockState, NewAccount,
};

mirror! {
    /// Where a device keeps its signing keys.
    Level = push::Level {
        /// A chip of its own.
        Strongbox,
        /// A trusted execution environment.
        Tee,
        /// Apple's Secure Enclave.
        Enclave,
        /// A file.
        Software,
    }
}

mirror! {
    /// What unlocks an approval key.
    UserVerification = push::UserVerification {
        /// Biometrics, or the code of the device.
        Any,
        /// Biometrics alone.
        Bio,
    }
}

mirror! {
    /// Which key of the platform seals a small secret.
    Guard = port::Guard {
        /// Usable after the first unlock of the device, without a prompt.
        Device,
        /// Asks for the person at each use.
        User,
    }
}

mirror! {
    /// What changed. The shell reads what it shows.
    Topic = port::Topic {
        /// The list of accounts.
        Accounts,
        /// Open approvals or their history.
        Approvals,
        /// Enrolments.
        Gateways,
        /// The vault was locked or unlocked.
        Lock,
    }
}

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

/// What a signing key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Purpose {
    /// Signs approvals, asks for the person at each use.
    Approve {
        /// What unlocks it.
        verification: UserVerification,
    },
    /// Signs denials and proofs; works without a prompt.
    Prove,
}

impl From<port::Purpose> for Purpose {
    fn from(purpose: port::Purpose) -> Self {
        match purpose {
            port::Purpose::Approve(verification) => Self::Approve { verification: verification.into() },
            port::Purpose::Prove => Self::Prove,
        }
    }
}

/// What the platform's prompt names while it asks for the person. The shell words the sentence.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Prompt {
    /// The application that the person signs in to.
    pub app: String,
    /// The gateway's host.
    pub host: String,
    /// The account that signs in.
    pub account: String,
}

impl From<port::Prompt> for Prompt {
    fn from(core: port::Prompt) -> Self {
        let port::Prompt { app, host, account } = core;
        Self { app, host, account }
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

impl From<app::ContextRow> for ContextRow {
    fn from(core: app::ContextRow) -> Self {
        let app::ContextRow { src, ip, cc, city, asn, ua, new } = core;
        Self { src: src.into(), ip, cc, city, asn, ua, new: new.into_iter().map(NewMark::from).collect() }
    }
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
