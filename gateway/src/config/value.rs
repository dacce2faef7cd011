//! From texts to settings that cannot be wrong.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use countersign_protocol::Secret;
use countersign_protocol::push::{Attest, AttestationFormat, BaseUrl};
use countersign_strings::{fill, text};
use unicode_normalization::UnicodeNormalization;

use super::source::Given;
use super::{Approval, Config, MasterKey, SETTINGS, Tls, Wrong};
use crate::approval::rule;
use crate::limits;

/// `https://HOST[:PORT]`, as phones keep it: lower case, no port 443, no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let host = text.strip_prefix("https://").ok_or(())?;
        // Leaves room for `/push/v1` in the 200 bytes of a base URL.
        let fits = !host.contains('/') && text.len() <= 180 && BaseUrl::try_from(text.to_owned()).is_ok();
        if fits { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

struct Reader<'a> {
    given: &'a mut BTreeMap<&'static str, Given>,
    wrong: &'a mut Vec<Wrong>,
}

pub(super) fn config(given: &mut BTreeMap<&'static str, Given>, wrong: &mut Vec<Wrong>) -> Config {
    let mut read = Reader { given, wrong };
    let mut config = Config::local("countersign-data");
    config.listen = vec![SocketAddr::from(([127, 0, 0, 1], 8443)), SocketAddr::from((Ipv6Addr::LOCALHOST, 8443))];
    read.one("data", &mut config.data, "gateway.want_path", |text| (!text.is_empty()).then(|| text.into()));
    read.one("public_url", &mut config.public_url, "gateway.want_public_url", |text| text.parse().ok().map(Some));
    read.list("hosts", &mut config.hosts, "gateway.want_host", |text| {
        PublicUrl::from_str(&format!("https://{text}")).ok().map(|_| text.to_owned())
    });
    read.list("listen", &mut config.listen, "gateway.want_listen", |text| text.parse().ok());
    read.one("name", &mut config.name, "gateway.want_name", shown_name);
    read.one("sample_app", &mut config.sample_app, "gateway.want_bool", |text| text.parse().ok());
    read.list("proxies", &mut config.proxies, "gateway.want_address", |text| text.parse::<IpAddr>().ok());
    read.one("log.format", &mut config.log.json, "gateway.want_log_format", |text| match text {
        "json" => Some(true),
        "text" => Some(false),
        _ => None,
    });
    read.one("log.level", &mut config.log.level, "gateway.want_log_level", |text| {
        // The library cuts between bytes and panics in the middle of a character.
        (text.is_ascii() && tracing_subscriber::EnvFilter::try_new(text).is_ok()).then(|| text.to_owned())
    });
    // Looked at once more beside policy.offline.
    let life = read.given.get("approval.life").cloned();
    read.approval(&mut config.approval);
    read.one("policy.uv", &mut config.policy.biometrics_only, "gateway.want_policy_uv", |text| match text {
        "bio" => Some(true),
        "any" => Some(false),
        _ => None,
    });
    read.one("policy.level", &mut config.policy.hardware, "gateway.want_policy_level", |text| match text {
        "tee" => Some(true),
        "software" => Some(false),
        _ => None,
    });
    let policy = &mut config.policy;
    read.one("policy.totp", &mut policy.totp, "gateway.want_bool", |text| text.parse().ok());
    read.one("policy.offline", &mut policy.offline, "gateway.want_bool", |text| text.parse().ok());
    read.one("policy.move", &mut policy.moving, "gateway.want_bool", |text| text.parse().ok());
    // With less than a minute left the page begins anew for an answer code: it would never come to an end.
    if let (Some(given), true) = (life, policy.offline && config.approval.life < rule::OFFLINE_LEAST) {
        read.complain("approval.life", &given, "gateway.want_offline_life");
    }
    read.one("audit.days", &mut config.audit_days, "gateway.want_audit_days", |t| within(t, 1, 3_650));
    read.attestation(&mut config);
    read.one("policy.push", &mut config.policy.push, "gateway.want_policy_push", |text| text.parse().ok());
    read.list("outgoing.allow", &mut config.outgoing.allow, "gateway.want_networks", |text| text.parse().ok());
    read.one("outgoing.roots", &mut config.outgoing.roots, "gateway.want_path", path);
    read.one("webpush.sub", &mut config.webpush_sub, "gateway.want_webpush_sub", contact);
    read.one("limits.connections", &mut config.limits.connections, "gateway.want_connections", |t| {
        within(t, 64, 65_536)
    });
    read.one(
        "limits.address_connections",
        &mut config.limits.address_connections,
        "gateway.want_address_connections",
        |t| within(t, 8, 65_536),
    );
    read.one("geo.city", &mut config.geo.city, "gateway.want_path", path);
    read.one("geo.asn", &mut config.geo.asn, "gateway.want_path", path);
    read.one("client.manage.icon", &mut config.icons.manage, "gateway.want_path", path);
    read.one("client.sample.icon", &mut config.icons.sample, "gateway.want_path", path);
    config.tls = read.tls();
    read.one("tls.next_certificate", &mut config.next_certificate, "gateway.want_path", |text| {
        (!text.is_empty()).then(|| Some(text.into()))
    });
    config.tls_pin = read.tls_pin(&config.tls);
    config.master_key = read.master_key();
    config
}

fn path(text: &str) -> Option<Option<PathBuf>> {
    (!text.is_empty()).then(|| Some(PathBuf::from(text)))
}

/// RFC 8292 section 2.1: a `mailto:` or an `https:` URI.
fn contact(text: &str) -> Option<Option<String>> {
    let named = text.strip_prefix("mailto:").or_else(|| text.strip_prefix("https://")).is_some_and(|it| !it.is_empty());
    (named && text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Some(text.to_owned()))
}

fn within<T: FromStr + PartialOrd>(text: &str, least: T, most: T) -> Option<T> {
    text.parse().ok().filter(|n| (least..=most).contains(n))
}

fn shown_name(text: &str) -> Option<String> {
    // Senders send NFC (push-v1 §2).
    let text: String = text.nfc().collect();
    countersign_protocol::text::Shown::<64>::try_from(text.clone()).ok().map(|_| text)
}

impl Reader<'_> {
    fn one<T>(&mut self, name: &'static str, into: &mut T, want: &'static str, read: impl Fn(&str) -> Option<T>) {
        let Some(given) = self.given.remove(name) else { return };
        let value = match &given.values[..] {
            [value] => read(value),
            _ => None,
        };
        match value {
            Some(value) => *into = value,
            None => self.complain(name, &given, want),
        }
    }

    fn list<T>(&mut self, name: &'static str, into: &mut Vec<T>, want: &'static str, read: impl Fn(&str) -> Option<T>) {
        let Some(given) = self.given.remove(name) else { return };
        // A variable or one flag may hold several, with commas between.
        let texts = given.values.iter().flat_map(|value| value.split(',')).map(str::trim).filter(|it| !it.is_empty());
        match texts.map(read).collect::<Option<Vec<T>>>() {
            Some(values) => *into = values,
            None => self.complain(name, &given, want),
        }
        if name == "listen" && into.is_empty() {
            self.complain(name, &given, want);
        }
    }

    fn complain(&mut self, name: &'static str, given: &Given, want: &'static str) {
        let secret = SETTINGS.iter().any(|setting| setting.name == name && setting.secret);
        let value =
            if secret { text("gateway.config_hidden").into() } else { format!("«{}»", given.values.join(", ")) };
        let wrong = Wrong { key: given.key.clone(), from: given.from.clone(), value, remedy: text(want).into() };
        self.wrong.push(wrong);
    }

    /// Digits, tries and life of an approval, and how many there may be.
    fn approval(&mut self, into: &mut Approval) {
        let (least, most) = (limits::DIGITS_LEAST, limits::DIGITS_MOST);
        self.one("approval.digits", &mut into.digits, "gateway.want_approval_digits", |t| within(t, least, most));
        self.one("approval.tries", &mut into.tries, "gateway.want_approval_tries", |t| {
            within(t, 1, limits::TRIES_MOST)
        });
        let (least, most) = (limits::APPROVAL_LIFE_LEAST, limits::APPROVAL_LIFE_MOST);
        self.one("approval.life", &mut into.life, "gateway.want_approval_life", |t| within(t, least, most));
        for (name, into, want, most) in [
            ("approval.open", &mut into.open, "gateway.want_approval_open", limits::OPEN_APPROVALS_MOST),
            ("approval.pushes", &mut into.pushes, "gateway.want_approval_pushes", limits::PUSHES_MOST),
            ("approval.pushes_alone", &mut into.pushes_alone, "gateway.want_approval_pushes", limits::PUSHES_MOST),
            ("approval.wrong_digits", &mut into.wrong_digits, "gateway.want_approval_wrong", limits::WRONG_MOST),
            ("approval.wrong_codes", &mut into.wrong_codes, "gateway.want_approval_wrong", limits::WRONG_MOST),
        ] {
            self.one(name, into, want, |t| within(t, 1, most));
        }
        if into.digits < 6 {
            into.tries = 1;
        }
    }

    /// What is asked of phones, and whether it can be checked at all.
    fn attestation(&mut self, config: &mut Config) {
        let mut formats = vec![AttestationFormat::AndroidKey];
        self.list("attest.formats", &mut formats, "gateway.want_attest_formats", |text| match text.parse().ok()? {
            // Nothing here can check it, so it could only ever be refused.
            AttestationFormat::AppleAppattest => None,
            format => Some(format),
        });
        self.one("attest.android_roots", &mut config.attest.android_roots, "gateway.want_path", path);
        self.one("attest.android_revoked", &mut config.attest.android_revoked, "gateway.want_path", path);
        let rootless = config.attest.android_roots.is_none();
        self.one("policy.attest", &mut config.policy.attest, "gateway.want_policy_attest", |text| {
            text.parse().ok().filter(|wanted| *wanted != Attest::Need || !rootless)
        });
    }

    fn tls(&mut self) -> Tls {
        let (mut certificate, mut key) = (None, None);
        self.one("tls.certificate", &mut certificate, "gateway.want_path", path);
        self.one("tls.key", &mut key, "gateway.want_path", path);
        match (certificate, key) {
            (Some(certificate), Some(key)) => Tls::Files { certificate, key },
            (None, None) => Tls::SelfSigned,
            (certificate, _) => {
                let missing = if certificate.is_some() { "tls.key" } else { "tls.certificate" };
                self.wrong.push(Wrong {
                    key: missing.into(),
                    from: text("gateway.from_nowhere").into(),
                    value: text("gateway.config_missing").into(),
                    remedy: text("gateway.want_tls_both").into(),
                });
                Tls::SelfSigned
            }
        }
    }

    fn tls_pin(&mut self, tls: &Tls) -> bool {
        let off = self.given.get("tls.pin").filter(|given| given.values == ["false"] && *tls == Tls::SelfSigned);
        if let Some(given) = off {
            let (key, from) = (given.key.clone(), given.from.clone());
            let remedy = text("gateway.want_tls_pin").into();
            self.wrong.push(Wrong { key, from, value: "\u{ab}false\u{bb}".into(), remedy });
        }
        let mut pin = false;
        self.one("tls.pin", &mut pin, "gateway.want_bool", |text| text.parse().ok());
        pin
    }

    fn master_key(&mut self) -> MasterKey {
        let (mut file, mut command, mut value) = (None, Vec::new(), None);
        if let Some(given) = self.given.get_mut("master_key.command") {
            // In a file it is a list; in a variable or flag one text, with blanks between.
            if let [line] = &given.values[..] {
                given.values = line.split_whitespace().map(str::to_owned).collect();
            }
        }
        self.one("master_key.file", &mut file, "gateway.want_path", path);
        self.list("master_key.command", &mut command, "gateway.want_command", |text| Some(text.to_owned()));
        self.one("master_key.value", &mut value, "gateway.want_master_key", |text| {
            crate::seal::master::parse(text).map(|key| Some(Secret::from_slice(&*key)))
        });
        let ways = [file.is_some(), !command.is_empty(), value.is_some()].into_iter().filter(|it| *it).count();
        if ways > 1 {
            self.wrong.push(Wrong {
                key: "master_key".into(),
                from: fill("gateway.from_several", &[("n", &ways.to_string())]),
                value: text("gateway.config_hidden").into(),
                remedy: text("gateway.want_master_key_once").into(),
            });
        }
        match (value, command.is_empty()) {
            (Some(value), _) => MasterKey::Value(value),
            (None, false) => MasterKey::Command(command),
            (None, true) => MasterKey::File(file),
        }
    }
}

#[cfg(test)]
mod tests;
