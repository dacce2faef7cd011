//! `serve` and `check-config`.

use std::fmt::Write;
use std::path::PathBuf;

use countersign_strings::{fill, text};
use tokio::signal::unix::{SignalKind, signal};

use super::{Ended, say};
use crate::attest::Attestations;
use crate::config::{Config, MasterKey, Tls};
use crate::icon::Icons;
use crate::origin::geo::Geo;
use crate::outgoing::client::further_roots;
use crate::port::machine;
use crate::seal::master;
use crate::start::{STORE, folder};
use crate::{Gateway, StartFault, calendar, log, tls};

/// Serves until SIGTERM or SIGINT.
pub(super) fn serve(config: Config) -> Result<(), Ended> {
    log::start(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Listened for before anybody is told that we serve.
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (digits, phones) = (config.approval.digits, what_phones_do(&config));
        let running = Gateway::start(config, machine::adapters()).await?;
        say(&fill("gateway.serving", &[("url", running.url())]))?;
        if !running.has_given_certificate() {
            say(&fill("gateway.self_signed", &[("fingerprint", &colons(&running.fingerprint()))]))?;
        }
        if let Some(until) = running.certificate_until() {
            say(&fill("gateway.certificate_until", &[("day", &calendar::day(until))]))?;
        }
        if running.wants_recovery_key() {
            say(text("gateway.keys_no_recovery"))?;
        }
        say(phones)?;
        if digits < 6 {
            say(text("gateway.few_digits"))?;
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        running.stop().await;
        say(text("gateway.stopped"))
    })
}

/// What phones will make of the certificate, in a plain sentence.
fn what_phones_do(config: &Config) -> &'static str {
    text(match &config.tls {
        _ if config.is_pinned() => "gateway.phones_pin",
        Tls::Files { certificate, .. } if tls::leaf(certificate).is_ok_and(|leaf| tls::is_self_issued(&leaf)) => {
            "gateway.phones_refuse"
        }
        _ => "gateway.phones_trust",
    })
}

/// A hash as browsers show it: pairs of capital hex digits with colons between.
fn colons(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// Reads the files that the settings name and the start would read, so that a gap in them is told now. When the operator's
/// certificate ends, in Unix seconds.
pub(super) fn files(config: &Config) -> Result<Option<i64>, StartFault> {
    folder::check(&config.data)?;
    master::check(&config.master_key, &config.data, !config.data.join(STORE).exists())?;
    let until = tls::check(config, &*machine::adapters().clock)?;
    Attestations::open(config)?;
    if let Some(path) = &config.outgoing.roots {
        further_roots(path)?;
    }
    Geo::open(&config.geo)?;
    Icons::open(config)?;
    Ok(until)
}

/// The settings in force, one a line, and what becomes of the certificate. No secret.
pub(super) fn settings(config: &Config, until: Option<i64>) -> String {
    let mut out = text("gateway.config_good").to_owned();
    let mut row = |name: &str, value: String| {
        // Writing into a String cannot fail.
        let _ = write!(out, "\n{name} = {value}");
    };
    let join = |items: Vec<String>| items.join(", ");
    row("data", config.data.display().to_string());
    row(
        "public_url",
        config.public_url.as_ref().map_or_else(|| text("gateway.config_localhost").into(), |it| it.as_str().into()),
    );
    row("hosts", join(config.hosts.clone()));
    row("listen", join(config.listen.iter().map(ToString::to_string).collect()));
    row("name", config.name.clone());
    row("sample_app", config.sample_app.to_string());
    row("proxies", join(config.proxies.iter().map(ToString::to_string).collect()));
    row(
        "tls",
        match &config.tls {
            Tls::SelfSigned => text("gateway.config_self_signed").into(),
            Tls::Files { certificate, .. } => certificate.display().to_string(),
        },
    );
    row("tls.pin", config.is_pinned().to_string());
    row(
        "tls.next_certificate",
        config.next_certificate.as_ref().map_or_else(String::new, |it| it.display().to_string()),
    );
    row(
        "master_key",
        match &config.master_key {
            MasterKey::File(path) => {
                path.clone().unwrap_or_else(|| config.data.join("master.key")).display().to_string()
            }
            MasterKey::Command(words) => words.first().cloned().unwrap_or_default(),
            MasterKey::Value(_) => text("gateway.from_environment").into(),
        },
    );
    row("log", format!("{}, {}", if config.log.json { "json" } else { "text" }, config.log.level));
    let approval = &config.approval;
    row("approval", format!("{} / {} / {} s", approval.digits, approval.tries, approval.life));
    row("approval.open", approval.open.to_string());
    row("approval.pushes", format!("{} / {}", approval.pushes, approval.pushes_alone));
    row("approval.wrong", format!("{} / {}", approval.wrong_digits, approval.wrong_codes));
    row("audit.days", config.audit_days.to_string());
    let policy = &config.policy;
    let (uv, level) =
        (if policy.biometrics_only { "bio" } else { "any" }, if policy.hardware { "tee" } else { "software" });
    row("policy", format!("{uv}, {level}, totp {}", policy.totp));
    row("policy.offline", policy.offline.to_string());
    row("policy.move", policy.moving.to_string());
    row("policy.attest", policy.attest.to_string());
    row("policy.push", policy.push.to_string());
    let shown = |path: &Option<PathBuf>| path.as_deref().map_or_else(String::new, |it| it.display().to_string());
    row("attest.android_roots", shown(&config.attest.android_roots));
    row("attest.android_revoked", shown(&config.attest.android_revoked));
    row("outgoing.allow", join(config.outgoing.allow.iter().map(ToString::to_string).collect()));
    row("outgoing.roots", shown(&config.outgoing.roots));
    row("webpush.sub", config.webpush_sub.clone().unwrap_or_default());
    row("geo.city", shown(&config.geo.city));
    row("geo.asn", shown(&config.geo.asn));
    row("client.manage.icon", shown(&config.icons.manage));
    row("client.sample.icon", shown(&config.icons.sample));
    let limits = &config.limits;
    row("limits", format!("{} / {}", limits.connections, limits.address_connections));
    out.push('\n');
    out.push_str(what_phones_do(config));
    if let Some(until) = until {
        out.push('\n');
        out.push_str(&fill("gateway.certificate_until", &[("day", &calendar::day(until))]));
    }
    out
}
