//! The settings: a TOML file, then the environment, then flags, the later the stronger.
//!
//! Every setting stands once in [`SETTINGS`]. Its name in the file is `log.level`, in the environment
//! `COUNTERSIGN_LOG_LEVEL`, as a flag `--log-level`. A name that is not there is an error, in all three places. A wrong
//! value is told with its name, where it came from, the value unless it is secret, and what to write instead.

mod source;
mod value;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use countersign_protocol::push::{Attest, PushMode};

use crate::file::FileFault;
use crate::limits;
use crate::outgoing::Network;

pub use source::Source;
pub(crate) use source::passed_on;
pub use value::PublicUrl;

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{from}: {key} = {value}: {remedy}")]
pub struct Wrong {
    /// The setting, as it is called in its place.
    pub key: String,
    /// Where it stands: the file's path, «environment» or «flag».
    pub from: String,
    /// The value as given; a secret one is never repeated.
    pub value: String,
    /// What to write instead.
    pub remedy: String,
}

/// The file could not be taken, or one or more settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFault {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileFault),
    /// All settings that cannot be used.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Wrong>),
}

/// A setting: its name in the file, and what its value looks like.
pub struct Setting {
    /// The name, `table.key` or `key`.
    pub name: &'static str,
    /// The same as a flag, without the hyphens before it.
    pub flag: &'static str,
    /// The key of the sentence that says what it is for.
    pub help: &'static str,
    /// Whether its value must not be repeated in words to the operator.
    pub secret: bool,
}

const fn setting(name: &'static str, flag: &'static str, help: &'static str) -> Setting {
    Setting { name, flag, help, secret: false }
}

/// All settings.
pub const SETTINGS: &[Setting] = &[
    setting("data", "data", "gateway.set_data"),
    setting("public_url", "public-url", "gateway.set_public_url"),
    setting("hosts", "hosts", "gateway.set_hosts"),
    setting("listen", "listen", "gateway.set_listen"),
    setting("name", "name", "gateway.set_name"),
    setting("sample_app", "sample-app", "gateway.set_sample_app"),
    setting("proxies", "proxies", "gateway.set_proxies"),
    setting("tls.certificate", "tls-certificate", "gateway.set_tls_certificate"),
    setting("tls.key", "tls-key", "gateway.set_tls_key"),
    setting("tls.next_certificate", "tls-next-certificate", "gateway.set_tls_next"),
    setting("tls.pin", "tls-pin", "gateway.set_tls_pin"),
    setting("master_key.file", "master-key-file", "gateway.set_master_key_file"),
    setting("master_key.command", "master-key-command", "gateway.set_master_key_command"),
    Setting { name: "master_key.value", flag: "", help: "gateway.set_master_key_value", secret: true },
    setting("limits.connections", "limits-connections", "gateway.set_connections"),
    setting("limits.address_connections", "limits-address-connections", "gateway.set_address_connections"),
    setting("log.format", "log-format", "gateway.set_log_format"),
    setting("log.level", "log-level", "gateway.set_log_level"),
    setting("approval.digits", "approval-digits", "gateway.set_approval_digits"),
    setting("approval.tries", "approval-tries", "gateway.set_approval_tries"),
    setting("approval.life", "approval-life", "gateway.set_approval_life"),
    setting("approval.open", "approval-open", "gateway.set_approval_open"),
    setting("approval.pushes", "approval-pushes", "gateway.set_approval_pushes"),
    setting("approval.pushes_alone", "approval-pushes-alone", "gateway.set_approval_pushes_alone"),
    setting("approval.wrong_digits", "approval-wrong-digits", "gateway.set_approval_wrong_digits"),
    setting("approval.wrong_codes", "approval-wrong-codes", "gateway.set_approval_wrong_codes"),
    setting("audit.days", "audit-days", "gateway.set_audit_days"),
    setting("policy.uv", "policy-uv", "gateway.set_policy_uv"),
    setting("policy.level", "policy-level", "gateway.set_policy_level"),
    setting("policy.totp", "policy-totp", "gateway.set_policy_totp"),
    setting("policy.offline", "policy-offline", "gateway.set_policy_offline"),
    setting("policy.move", "policy-move", "gateway.set_policy_move"),
    setting("policy.attest", "policy-attest", "gateway.set_policy_attest"),
    setting("policy.push", "policy-push", "gateway.set_policy_push"),
    setting("attest.formats", "attest-formats", "gateway.set_attest_formats"),
    setting("attest.android_roots", "attest-android-roots", "gateway.set_attest_android_roots"),
    setting("attest.android_revoked", "attest-android-revoked", "gateway.set_attest_android_revoked"),
    setting("outgoing.allow", "outgoing-allow", "gateway.set_outgoing_allow"),
    setting("outgoing.roots", "outgoing-roots", "gateway.set_outgoing_roots"),
    setting("webpush.sub", "webpush-sub", "gateway.set_webpush_sub"),
    setting("geo.city", "geo-city", "gateway.set_geo_city"),
    setting("geo.asn", "geo-asn", "gateway.set_geo_asn"),
    setting("client.manage.icon", "client-manage-icon", "gateway.set_icon_manage"),
    setting("client.sample.icon", "client-sample-icon", "gateway.set_icon_sample"),
];

/// The settings of one gateway, each checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder, made with rights 0700 when it is not there.
    pub data: PathBuf,
    /// How people and phones reach the gateway; `None`: `https://localhost` with the first listener's port.
    pub public_url: Option<PublicUrl>,
    /// Further names that the `Host` header may have.
    pub hosts: Vec<String>,
    /// Where to listen.
    pub listen: Vec<SocketAddr>,
    /// The gateway's name, as phones and pages show it: 1 to 64 characters.
    pub name: String,
    /// Whether the sample application `/demo` is there.
    pub sample_app: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// The certificate.
    pub tls: Tls,
    /// The operator's next certificate, listed for phones before it is used.
    pub next_certificate: Option<PathBuf>,
    /// Whether phones pin the key of a certificate that the operator gave, and then ask nobody else about it. The one that
    /// the gateway makes itself is always pinned.
    pub tls_pin: bool,
    /// Where the master key comes from.
    pub master_key: MasterKey,
    /// How much is served at once.
    pub limits: Limits,
    /// The log.
    pub log: Log,
    /// Approvals.
    pub approval: Approval,
    /// Days that the audit is kept: 1 to 3650.
    pub audit_days: u32,
    /// What phones must keep to.
    pub policy: Policy,
    /// What attestations are checked against.
    pub attest: Attestation,
    /// Calls to others.
    pub outgoing: Outgoing,
    /// Whom operators of push servers may write to: `mailto:` or `https://`; `None`: the gateway's own address.
    pub webpush_sub: Option<String>,
    /// Where sign-ins come from.
    pub geo: Geo,
    /// Icons that phones show.
    pub icons: Icons,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// The gateway makes one at its first start and keeps it; phones pin its key.
    SelfSigned,
    /// PEM files of the operator.
    Files {
        /// The chain, the gateway's own certificate first.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

/// Where the master key comes from.
#[derive(Clone)]
pub enum MasterKey {
    /// A file that is made, with rights 0600, when it is not there; `None`: `master.key` in the data folder.
    File(Option<PathBuf>),
    /// The first line that this command prints. No shell.
    Command(Vec<String>),
    /// The environment.
    Value(countersign_protocol::Secret),
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Command(_) => "Command",
            Self::Value(_) => "Value(..)",
        })
    }
}

/// How much is served at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open connections: 64 to 65,536.
    pub connections: usize,
    /// Open connections of one address: 8 to 65,536.
    pub address_connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: limits::CONNECTIONS, address_connections: limits::ADDRESS_CONNECTIONS }
    }
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// JSON, one object a line, instead of text.
    pub json: bool,
    /// The least level, or a filter such as `info,countersign_gateway::store=debug`.
    pub level: String,
}

/// Approvals (push-v1 §10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Digits to type: 2 to 8. Below six an approval has one try and is not 63B-4.
    pub digits: u8,
    /// Tries: 1 to 5.
    pub tries: u8,
    /// Life in seconds: 30 to 600.
    pub life: u64,
    /// Open approvals a person, of those that asked a phone: 1 to 3.
    pub open: u32,
    /// Pushes to a person since the last success: 1 to 10.
    pub pushes: u32,
    /// The same where nobody stated a first factor: 1 to 10.
    pub pushes_alone: u32,
    /// Wrong digits in a row at which push is off: 1 to 100.
    pub wrong_digits: u32,
    /// Wrong codes in a row at which codes are off: 1 to 100.
    pub wrong_codes: u32,
}

impl Default for Approval {
    fn default() -> Self {
        Self {
            digits: limits::DIGITS,
            tries: limits::TRIES,
            life: limits::APPROVAL_LIFE,
            open: limits::OPEN_APPROVALS,
            pushes: limits::PUSHES,
            pushes_alone: limits::PUSHES_ALONE,
            wrong_digits: limits::WRONG_DIGITS,
            wrong_codes: limits::WRONG_CODES,
        }
    }
}

/// What phones must keep to (push-v1 §11 `Policy`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Biometrics alone; else device PIN as well.
    pub biometrics_only: bool,
    /// Keys must be in hardware; else software is taken and shown as such.
    pub hardware: bool,
    /// Whether one-time codes are offered beside push.
    pub totp: bool,
    /// Whether a phone without a network may show an answer code.
    pub offline: bool,
    /// Whether a phone may invite the phone that takes its place.
    pub moving: bool,
    /// Whether a phone must prove where its keys are.
    pub attest: Attest,
    /// What a notification carries: the sealed question, or only a call to ask.
    pub push: PushMode,
}

/// What attestations are checked against (push-v1 §5.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attestation {
    /// PEM file with the roots of Android key attestation; without it no attestation can be right.
    pub android_roots: Option<PathBuf>,
    /// JSON file with the certificates that were called back, as their publisher writes it.
    pub android_revoked: Option<PathBuf>,
}

/// Calls to addresses that others chose (push-v1 §9).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outgoing {
    /// Networks that may be called although they are not globally reachable.
    pub allow: Vec<Network>,
    /// PEM file with roots that are believed beside the platform's.
    pub roots: Option<PathBuf>,
}

/// Files of places, in the format of MaxMind (MMDB).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Geo {
    /// City and country of an address.
    pub city: Option<PathBuf>,
    /// The network that an address belongs to.
    pub asn: Option<PathBuf>,
}

/// PNG files of what asks, by client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Icons {
    /// A person's own devices.
    pub manage: Option<PathBuf>,
    /// The sample application; `None`: its own.
    pub sample: Option<PathBuf>,
}

impl Config {
    /// Whether phones trust this gateway by its certificate's key alone.
    pub fn is_pinned(&self) -> bool {
        self.tls_pin || self.tls == Tls::SelfSigned
    }

    /// The settings of a gateway that keeps everything in `data`, listens on a free port of 127.0.0.1 and calls itself
    /// `https://localhost`. What tests start from.
    pub fn local(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            public_url: None,
            hosts: Vec::new(),
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            name: "Countersign".into(),
            sample_app: false,
            proxies: Vec::new(),
            tls: Tls::SelfSigned,
            next_certificate: None,
            tls_pin: false,
            master_key: MasterKey::File(None),
            limits: Limits::default(),
            log: Log { json: false, level: "info".into() },
            approval: Approval::default(),
            audit_days: 400,
            policy: Policy {
                biometrics_only: false,
                hardware: false,
                totp: true,
                offline: false,
                moving: false,
                attest: Attest::None,
                push: PushMode::Sealed,
            },
            attest: Attestation::default(),
            outgoing: Outgoing::default(),
            webpush_sub: None,
            geo: Geo::default(),
            icons: Icons::default(),
        }
    }

    /// Reads the settings from their sources, the weakest first.
    ///
    /// # Errors
    /// [`ConfigFault::Wrong`] with every setting that cannot be used.
    pub fn from_sources(sources: &[Source]) -> Result<Self, ConfigFault> {
        let mut wrong = Vec::new();
        let mut given = source::merge(sources, &mut wrong);
        let config = value::config(&mut given, &mut wrong);
        if wrong.is_empty() { Ok(config) } else { Err(ConfigFault::Wrong(wrong)) }
    }
}
