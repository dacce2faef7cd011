//! `keys list`, `rotate`, `make-recovery`, `recover`: on the store, whether the gateway runs or not.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Jwk};
use countersign_protocol::push::BaseUrl;
use countersign_strings::{fill, text};
use serde::Serialize;

use super::{Ended, say, words};
use crate::audit::Caller;
use crate::calendar;
use crate::chain::offline::{self, FileFault};
use crate::chain::{self, Chain, Key, Ring, Vouched};
use crate::config::{Config, Tls};
use crate::limits::PIN_AHEAD;
use crate::moment::Moment;
use crate::port::{Adapters, Signer, machine};
use crate::push::metadata::policy;
use crate::start;
use crate::value::{self, Values};
use crate::webpush::vapid::{Vapid, VapidFault};

/// The keys of one data folder, and what a change of them needs.
struct Desk<'a> {
    config: &'a Config,
    adapters: Adapters,
    chain: Chain,
    by: Caller,
}

pub(super) fn run(matches: &ArgMatches, config: &Config) -> Result<(), Ended> {
    let adapters = machine::adapters();
    let (store, seal) = start::unlock(config, &adapters.random)?;
    let values = value::store::values(&store, &seal);
    let keys = chain::Parts {
        store: Arc::new(chain::store::SqlStore(store)),
        values: values.clone(),
        seal,
        signers: adapters.signers.clone(),
    };
    let chain = Chain::open(keys, adapters.clock.now())?;
    let by = Caller { address: None, transaction: "command-line".into() };
    let desk = Desk { config, adapters, chain, by };
    match matches.subcommand() {
        Some(("list", matches)) => desk.list(matches),
        Some(("rotate", matches)) if matches.get_flag("tls") => desk.rotate_certificate(matches),
        Some(("rotate", matches)) if matches.get_flag("vapid") => desk.rotate_bell(matches, &values),
        Some(("rotate", matches)) => desk.rotate(matches),
        Some(("make-recovery", matches)) => desk.make_recovery(matches),
        Some(("recover", matches)) => desk.recover(matches),
        // clap asks for one of them.
        _ => Err(Ended::Failed(String::new())),
    }
}

impl Desk<'_> {
    fn list(&self, matches: &ArgMatches) -> Result<(), Ended> {
        let listed = self.listed(&self.chain.ring()?)?;
        if matches.get_flag("json") { say_json(&listed) } else { say(&listed.words()) }
    }

    fn rotate(&self, matches: &ArgMatches) -> Result<(), Ended> {
        let question =
            if self.chain.ring()?.links_are_full() { "gateway.keys_rotate_far" } else { "gateway.keys_rotate" };
        sure(matches, text(question))?;
        let ring = self.chain.rotate(&self.u()?, self.moment()?, &self.by)?;
        let key = signing(&ring)?.jwk.thumbprint().to_string();
        self.done(matches, &ring, &fill("gateway.keys_rotated", &[("key", &key)]))
    }

    fn rotate_certificate(&self, matches: &ArgMatches) -> Result<(), Ended> {
        if self.config.tls != Tls::SelfSigned {
            return Err(Ended::Refused(text("gateway.keys_tls_files").into()));
        }
        let ring = self.chain.prepare_certificate(self.adapters.clock.now(), &self.by)?;
        let pin = ring.next_pin.map(|pin| pin.to_string()).unwrap_or_default();
        let days = (PIN_AHEAD / 86_400).to_string();
        self.done(matches, &ring, &fill("gateway.keys_tls_rotated", &[("pin", &pin), ("n", &days)]))
    }

    /// The key by which push servers know this gateway.
    fn rotate_bell(&self, matches: &ArgMatches, values: &Values) -> Result<(), Ended> {
        let now = self.adapters.clock.now();
        if Vapid::keeps_old(values, now).map_err(VapidFault::from)? {
            return Err(VapidFault::Kept.into());
        }
        sure(matches, text("gateway.keys_vapid"))?;
        Vapid::rotate(values, &*self.adapters.signers, now)?;
        self.done(matches, &self.chain.ring()?, text("gateway.keys_vapid_rotated"))
    }

    fn make_recovery(&self, matches: &ArgMatches) -> Result<(), Ended> {
        let anew = matches.get_flag("enrol-anew");
        self.chain.may_name_recovery(anew)?;
        if anew {
            sure(matches, text("gateway.keys_anew"))?;
        }
        let path = path(matches, "file").unwrap_or_default();
        let gr = self.write_recovery_key(&path)?;
        let ring = self.chain.name_recovery(gr, anew, self.adapters.clock.now(), &self.by)?;
        let values = [("path", path.display().to_string()), ("key", gr.to_string())];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.done(matches, &ring, &fill("gateway.keys_recovery_made", &values))
    }

    fn recover(&self, matches: &ArgMatches) -> Result<(), Ended> {
        let from = path(matches, "key").unwrap_or_default();
        let gr = self.adapters.signers.load(&offline::read(&from).map_err(|fault| told(&from, &fault))?);
        let gr = gr.map_err(|_| told(&from, &FileFault::Form))?;
        self.chain.check_recovery(&*gr)?;
        sure(matches, text("gateway.keys_recover"))?;
        let next = path(matches, "new-recovery").map(|to| self.write_recovery_key(&to)).transpose()?;
        let ring = self.chain.recover(gr, next, self.vouched()?, self.moment()?, &self.by)?;
        let key = signing(&ring)?.jwk.thumbprint().to_string();
        let said = fill("gateway.keys_recovered", &[("epoch", &ring.epoch.to_string()), ("key", &key)]);
        let advice = if next.is_some() { "gateway.keys_recovered_new" } else { "gateway.keys_recovered_same" };
        self.done(matches, &ring, &format!("{said}\n{}", text(advice)))
    }

    /// Makes a recovery key and writes it to a file; its thumbprint.
    fn write_recovery_key(&self, path: &Path) -> Result<H32, Ended> {
        let key: Secret = self.adapters.signers.generate()?;
        let signer: Arc<dyn Signer> = self.adapters.signers.load(&key)?;
        let gr = Jwk::from_sec1(&signer.public_key())?.thumbprint();
        let (u, made) = (self.u()?, calendar::moment(self.adapters.clock.now()));
        let words = fill(
            "gateway.keys_recovery_words",
            &[("name", &self.config.name), ("url", u.as_str()), ("key", &gr.to_string()), ("when", &made)],
        );
        offline::write(path, &words, &key).map_err(|fault| told(path, &fault))?;
        Ok(gr)
    }

    /// The base URL that phones know: the one last served, since a setting may have been given to `serve` alone.
    fn u(&self) -> Result<BaseUrl, Ended> {
        let served = self.chain.ring()?.u;
        let u = served.unwrap_or_else(|| format!("{}/push/v1", start::origin(self.config, &self.config.listen)));
        Ok(u.parse()?)
    }

    fn vouched(&self) -> Result<Vouched, Ended> {
        let name = self.config.name.as_str().try_into()?;
        Ok(Vouched { u: self.u()?, name, policy: policy(self.config)? })
    }

    /// A moment of no run of the gateway: what ends by the monotonic clock is judged by the wall clock alone.
    fn moment(&self) -> Result<Moment, Ended> {
        Ok(Moment { now: self.adapters.clock.now(), run: i64::from_be_bytes(self.adapters.random.bytes()?), mono: 0 })
    }

    fn done(&self, matches: &ArgMatches, ring: &Ring, words: &str) -> Result<(), Ended> {
        if matches.get_flag("json") { say_json(&self.listed(ring)?) } else { say(words) }
    }

    fn listed(&self, ring: &Ring) -> Result<Listed, Ended> {
        let next_from = ring.next_pin.and_then(|pin| ring.pin_listed_since(&pin)).map(|since| since + PIN_AHEAD);
        Ok(Listed {
            epoch: ring.epoch,
            seq: ring.seq,
            url: self.u()?.as_str().to_owned(),
            keys: ring.keys.iter().map(|key| ListedKey::of(ring, key)).collect(),
            recovery_key: ring.gr.map(|gr| gr.to_string()),
            recoveries: ring.recoveries.len(),
            next_certificate: ring.next_pin.map(|pin| NextCertificate { pin: pin.to_string(), from: next_from }),
        })
    }
}

fn signing(ring: &Ring) -> Result<&Key, Ended> {
    ring.signing().ok_or_else(|| Ended::Failed(String::new()))
}

/// What `keys list` tells; with `--json` as it stands here.
#[derive(Serialize)]
struct Listed {
    epoch: u64,
    seq: u64,
    url: String,
    keys: Vec<ListedKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_key: Option<String>,
    recoveries: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_certificate: Option<NextCertificate>,
}

#[derive(Serialize)]
struct NextCertificate {
    pin: String,
    /// Unix seconds; absent while no phone could learn of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u64>,
}

#[derive(Serialize)]
struct ListedKey {
    thumbprint: String,
    epoch: u64,
    state: &'static str,
    /// Unix seconds, since when it is in this state.
    since: u64,
}

impl ListedKey {
    fn of(ring: &Ring, key: &Key) -> Self {
        let is_signing = ring.signing().is_some_and(|it| it.number == key.number);
        let (state, since) = match (is_signing, key.removed, key.retired) {
            (true, ..) => ("signing", key.made),
            (false, Some(removed), _) => ("removed", removed),
            (false, None, retired) => ("listed", retired.unwrap_or(key.made)),
        };
        Self { thumbprint: key.jwk.thumbprint().to_string(), epoch: key.epoch, state, since }
    }

    fn words(&self) -> String {
        let words = match self.state {
            "signing" => "gateway.keys_signing",
            "listed" => "gateway.keys_listed",
            _ => "gateway.keys_removed",
        };
        fill(words, &[("key", &self.thumbprint), ("when", &calendar::moment(self.since))])
    }
}

impl Listed {
    fn words(&self) -> String {
        let (epoch, seq) = (self.epoch.to_string(), self.seq.to_string());
        let mut lines = vec![fill("gateway.keys_at", &[("url", &self.url), ("epoch", &epoch), ("seq", &seq)])];
        lines.extend(self.keys.iter().map(ListedKey::words));
        lines.push(match &self.recovery_key {
            Some(key) => fill("gateway.keys_recovery", &[("key", key)]),
            None => text("gateway.keys_no_recovery").to_owned(),
        });
        lines.extend(self.next_certificate.as_ref().map(|next| match next.from {
            Some(from) => {
                fill("gateway.keys_next_certificate", &[("pin", &next.pin), ("when", &calendar::moment(from))])
            }
            None => fill("gateway.keys_next_unlisted", &[("pin", &next.pin)]),
        }));
        lines.join("\n")
    }
}

fn say_json<T: Serialize>(value: &T) -> Result<(), Ended> {
    say(&serde_json::to_string(value).map_err(io::Error::from)?)
}

fn path(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(name).cloned()
}

fn told(path: &Path, fault: &FileFault) -> Ended {
    let path = path.display().to_string();
    match fault {
        FileFault::There => Ended::Refused(fill("gateway.keys_file_there", &[("path", &path)])),
        FileFault::Form => Ended::Refused(fill("gateway.keys_file_form", &[("path", &path)])),
        FileFault::Io(why) => {
            Ended::Failed(words::caused(fill("gateway.keys_file_fault", &[("path", &path)]), &why.into()))
        }
    }
}

/// Asks before what cannot be undone, unless `--yes` said so already. Without a terminal nobody can be asked.
fn sure(matches: &ArgMatches, question: &str) -> Result<(), Ended> {
    if matches.get_flag("yes") {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Ended::Refused(format!("{question}\n{}", text("gateway.keys_say_yes"))));
    }
    write!(io::stderr(), "{question} {} ", text("gateway.keys_sure"))?;
    let mut typed = String::new();
    io::stdin().lock().take(64).read_line(&mut typed)?;
    if matches!(typed.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Ended::Refused(text("gateway.keys_not_done").into()))
    }
}
