//! Everything that a handler may need, put together once at start.

use std::sync::Arc;

use countersign_protocol::jose::{H32, P256dh};
use countersign_strings::text;

use crate::approval::{self, Approvals};
use crate::attest::Attestations;
use crate::audit;
use crate::chain::{self, Chain};
use crate::config::{Config, Tls};
use crate::enrol::{self, Devices};
use crate::health::Ready;
use crate::icon::Icons;
use crate::issuer::Issuer;
use crate::login;
use crate::notice::{self, Notices};
use crate::origin::{self, Origins};
use crate::outgoing::{self, Outgoing, Reach};
use crate::person::{self, People};
use crate::port::{Adapters, Clock, Random, Timer};
use crate::push::metadata::{self, About, PublishFault, Published, policy};
use crate::push::{self, Phones};
use crate::seal::Seal;
use crate::session::cookie::FormKey;
use crate::session::{self, Sessions};
use crate::start::StartFault;
use crate::stop::Stopping;
use crate::store::{Store, StoreFault};
use crate::value::Values;
use crate::wake::Wakes;
use crate::webpush::Bells;
use crate::webpush::vapid::Vapid;

/// The gateway's parts. Handlers get it as `State<Arc<House>>`.
pub struct House {
    /// The settings.
    pub config: Config,
    /// `https://HOST[:PORT]` as people and phones know it, without a slash at the end.
    pub origin: String,
    /// SHA-256 of the certificate's SubjectPublicKeyInfo, when phones are to pin it.
    pub pin: Option<[u8; 32]>,
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: [u8; 32],
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Waiting.
    pub timer: Arc<dyn Timer>,
    /// The store that all subjects share.
    pub store: Store,
    /// Secrets at rest.
    pub seal: Seal,
    /// What the gateway keeps of itself.
    pub values: Values,
    /// The keys that sign for this gateway.
    pub chain: Chain,
    /// What is published of this gateway, first of all those keys.
    pub published: Published,
    /// Form tokens.
    pub forms: FormKey,
    /// People and their first factor.
    pub people: People,
    /// Browsers signed in.
    pub sessions: Sessions,
    /// Browsers that signed in before.
    pub known: Arc<dyn login::known::Store>,
    /// What happened.
    pub audit: Arc<dyn audit::Store>,
    /// The one path of approvals.
    pub approvals: Approvals,
    /// Devices of people, and what enrols them.
    pub devices: Devices,
    /// What phones are told beside sign-ins.
    pub notices: Notices,
    /// The calls of phones.
    pub phones: Phones,
    /// Icons of what asks.
    pub icons: Icons,
    /// Who waits.
    pub wakes: Arc<Wakes>,
    /// Rings the bells of phones.
    pub bells: Bells,
    /// How the store was found last, for `/readyz`.
    pub ready: Ready,
    /// Told when the gateway stops: held requests answer at once.
    pub stopping: Stopping,
}

/// What [`House::build`] needs beside settings and ports.
pub struct Foundation {
    /// The opened store.
    pub store: Store,
    /// Secrets at rest.
    pub seal: Seal,
    /// See [`House::values`].
    pub values: Values,
    /// See [`House::origin`].
    pub origin: String,
    /// See [`House::pin`].
    pub pin: Option<[u8; 32]>,
    /// The same of the certificate that will be used next, so that phones know it before.
    pub next_pin: Option<[u8; 32]>,
    /// See [`House::fingerprint`].
    pub fingerprint: [u8; 32],
}

impl House {
    /// Whether the certificate is one that the operator gave: then browsers are told to insist on TLS.
    pub fn has_given_certificate(&self) -> bool {
        self.config.tls != Tls::SelfSigned
    }

    /// Puts the parts together; makes the first key at the first start.
    ///
    /// # Errors
    /// [`StartFault`], when a stored key cannot be opened or the store fails.
    pub fn build(config: Config, adapters: Adapters, on: Foundation) -> Result<Arc<Self>, StartFault> {
        let Adapters { clock, random, timer, signers, resolver } = adapters;
        let Foundation { store, seal, values, origin, pin, next_pin, fingerprint } = on;
        let outgoing = Outgoing::new(outgoing::Parts {
            reach: Reach::new(config.outgoing.allow.clone()),
            roots: config.outgoing.roots.clone(),
            resolver,
            timer: timer.clone(),
            clock: clock.clone(),
            limits: outgoing::Limits::default(),
        })?;
        let sub = config.webpush_sub.clone().unwrap_or_else(|| origin.clone());
        let vapid = Vapid::open(&values, &*signers, sub, clock.now())?;
        let bells = Bells::new(outgoing, vapid, config.policy.push);
        let attestations = Attestations::open(&config)?;
        let icons = Icons::open(&config)?;
        let origins = Origins::open(&config.geo, Arc::new(origin::store::SqlStore(store.clone())))?;
        let keys = chain::Parts {
            store: Arc::new(chain::store::SqlStore(store.clone())),
            values: values.clone(),
            seal: seal.clone(),
            signers,
        };
        let chain = Chain::open(keys, clock.now()).map_err(PublishFault::from)?;
        let people =
            People::new(Arc::new(person::store::SqlStore(store.clone())), &seal, clock.clone(), random.clone());
        let run = i64::from_be_bytes(random.bytes()?);
        let sessions =
            Sessions::new(Arc::new(session::store::SqlStore(store.clone())), clock.clone(), random.clone(), run);
        let vapid = bells.vapid().public_key().clone();
        let (issuer, published) = published(&config, &origin, &chain, vapid, [pin, next_pin], clock.now())?;
        let wakes = Arc::new(Wakes::default());
        let on = Ground {
            store: &store,
            seal: &seal,
            clock: &clock,
            random: &random,
            pin,
            wakes: &wakes,
            bells: &bells,
            attestations,
            run,
            icons: &icons,
            origins,
        };
        let (approvals, devices, notices, phones) = push_side(&config, issuer, published.clone(), &on)?;
        Ok(Arc::new(Self {
            approvals,
            devices,
            notices,
            phones,
            bells: bells.clone(),
            icons: icons.clone(),
            origin,
            pin,
            fingerprint,
            chain,
            published,
            wakes,
            forms: FormKey::new(&seal.derive("form")),
            people,
            sessions,
            known: Arc::new(login::store::SqlStore(store.clone())),
            audit: Arc::new(audit::store::SqlStore(store.clone())),
            ready: Ready::default(),
            stopping: Stopping::default(),
            config,
            clock,
            random,
            timer,
            store,
            seal,
            values,
        }))
    }

    /// Runs a service off the threads that serve connections. Services block; handlers call them through this.
    ///
    /// # Errors
    /// The service's own; a panic in it is 500 and the gateway goes on.
    pub async fn run<T, E>(
        self: &Arc<Self>,
        service: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Panicked> + Send + 'static,
    {
        let house = self.clone();
        let span = tracing::Span::current();
        let done = tokio::task::spawn_blocking(move || span.in_scope(|| service(&house))).await;
        done.unwrap_or_else(|_| Err(Panicked.into()))
    }
}

/// What the parts behind the push protocol share with the rest.
struct Ground<'a> {
    store: &'a Store,
    seal: &'a Seal,
    clock: &'a Arc<dyn Clock>,
    random: &'a Arc<dyn Random>,
    pin: Option<[u8; 32]>,
    wakes: &'a Arc<Wakes>,
    bells: &'a Bells,
    attestations: Attestations,
    run: i64,
    icons: &'a Icons,
    origins: Origins,
}

/// The issuer, which signs with the newest key, and the metadata that names it.
fn published(
    config: &Config,
    origin: &str,
    chain: &Chain,
    vapid: P256dh,
    pins: [Option<[u8; 32]>; 2],
    now: u64,
) -> Result<(Issuer, Published), StartFault> {
    let ring = chain.ring().map_err(PublishFault::from)?;
    let signing = ring.signing().ok_or(StoreFault::Damaged("no key signs"))?;
    let issuer = Issuer::new(origin, &config.name, chain.signer(signing).map_err(PublishFault::from)?)?;
    if let [Some(pin), _] = pins
        && ring.is_new_pin(&H32::from_bytes(pin), now)
    {
        tracing::warn!("{}", text("gateway.pin_new"));
    }
    let about = About {
        name: issuer.name().clone(),
        vapid: Some(vapid),
        pins: metadata::pins(pins),
        policy: policy(config).map_err(PublishFault::from)?,
    };
    let published = Published::open(chain.clone(), about, issuer.clone(), now)?;
    Ok((issuer, published))
}

fn push_side(
    config: &Config,
    issuer: Issuer,
    metadata: Published,
    on: &Ground<'_>,
) -> Result<(Approvals, Devices, Notices, Phones), StartFault> {
    let wakes = on.wakes.clone();
    let run = on.run;
    let enrolled: Arc<dyn enrol::Store> = Arc::new(enrol::store::SqlStore(on.store.clone()));
    let notices = Notices::new(notice::service::Parts {
        store: Arc::new(notice::store::SqlStore(on.store.clone())),
        devices: enrolled.clone(),
        issuer: issuer.clone(),
        random: on.random.clone(),
        wakes: wakes.clone(),
        bells: on.bells.clone(),
        clock: on.clock.clone(),
    });
    let devices = Devices::new(enrol::devices::Parts {
        store: enrolled.clone(),
        changes: Arc::new(enrol::store::SqlStore(on.store.clone())),
        notices: notices.clone(),
        issuer: issuer.clone(),
        seal: on.seal.clone(),
        policy: metadata.device_policy(),
        attestations: on.attestations.clone(),
        reach: on.bells.outgoing().reach().clone(),
        pin: on.pin,
        clock: on.clock.clone(),
        random: on.random.clone(),
        wakes: wakes.clone(),
        run,
    })?;
    let limits = approval::rule::Limits::from(&config.approval);
    let approvals = Approvals::new(approval::service::Parts {
        store: Arc::new(approval::store::SqlStore::new(on.store.clone(), limits)),
        devices: enrolled,
        notices: notices.clone(),
        limits,
        issuer: issuer.clone(),
        seal: on.seal.clone(),
        policy: approval::Policy::from(&config.approval),
        bells: on.bells.clone(),
        icons: on.icons.clone(),
        origins: on.origins.clone(),
        offline: config.policy.offline,
        clock: on.clock.clone(),
        random: on.random.clone(),
        wakes: wakes.clone(),
        run,
    });
    let parts = push::Parts {
        issuer,
        metadata,
        approvals: approvals.clone(),
        devices: devices.clone(),
        notices: notices.clone(),
        wakes,
        clock: on.clock.clone(),
    };
    let phones = Phones::new(parts, &**on.random)?;
    Ok((approvals, devices, notices, phones))
}

/// A service panicked: a bug, told as 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a service panicked")]
pub struct Panicked;
