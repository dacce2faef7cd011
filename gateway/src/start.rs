//! Starting and stopping: the data folder, the store, the listeners.
//!
//! ```no_run
//! # use countersign_gateway::{Gateway, config::Config, port::machine};
//! # async fn run() -> Result<(), countersign_gateway::StartFault> {
//! let gateway = Gateway::start(Config::local("data"), machine::adapters()).await?;
//! println!("{}", gateway.url());
//! gateway.stop().await;
//! # Ok(()) }
//! ```

pub mod folder;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::cause::Cause;
use crate::chain;
use crate::config::Config;
use crate::file::FileFault;
use crate::house::{Foundation, House};
use crate::issuer::SignFault;
use crate::port::{Adapters, PortFault, Random};
use crate::push::metadata::PublishFault;
use crate::seal::master::{self, MasterFault};
use crate::seal::{Seal, SealFault};
use crate::serve;
use crate::store::{Store, StoreFault};
use crate::sweep;
use crate::tls::{self, TlsFault};
use crate::value;
use crate::webpush::outbox;
use crate::webpush::vapid::VapidFault;
use folder::{Folder, FolderFault};

/// The store's file in the data folder.
pub(crate) const STORE: &str = "gateway.db";

/// Why the gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderFault),
    /// The master key.
    #[error(transparent)]
    Master(#[from] MasterFault),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A sealed value.
    #[error(transparent)]
    Seal(#[from] SealFault),
    /// A port.
    #[error(transparent)]
    Port(#[from] PortFault),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The gateway's name, address or key is not fit for phones.
    #[error(transparent)]
    Issuer(#[from] SignFault),
    /// The metadata.
    #[error(transparent)]
    Publish(#[from] PublishFault),
    /// The key by which push servers know this gateway.
    #[error(transparent)]
    Vapid(#[from] VapidFault),
    /// A file that a setting names.
    #[error(transparent)]
    File(#[from] FileFault),
    /// An address cannot be listened on.
    #[error("{address}: {why}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        why: std::io::Error,
    },
    /// A task for start-up ended badly.
    #[error("start-up ended: {0}")]
    Ended(Cause),
}

/// The gateway, ready to start.
pub struct Gateway;

/// A gateway that serves.
pub struct Running {
    house: Arc<House>,
    addresses: Vec<SocketAddr>,
    /// When the operator's certificate ends, in Unix seconds.
    until: Option<i64>,
    serving: JoinHandle<()>,
    ringing: JoinHandle<()>,
    /// What goes round by itself: none of it outlives a stop, or it would write into a folder that another gateway holds.
    tending: [JoinHandle<()>; 2],
    _folder: Folder,
}

impl Gateway {
    /// Makes or opens the data folder and serves until [`Running::stop`].
    ///
    /// # Errors
    /// [`StartFault`]; then nothing is served, and another gateway's folder or a newer store is untouched.
    pub async fn start(config: Config, adapters: Adapters) -> Result<Running, StartFault> {
        // The folder first: who starts a second gateway on it is told that, and not to give another address.
        let path = config.data.clone();
        let held = tokio::task::spawn_blocking(move || Folder::hold(&path)).await;
        let folder = held.map_err(|fault| StartFault::Ended(fault.into()))??;
        let listeners = listen(&config.listen).await?;
        let addresses: Vec<SocketAddr> = listeners.iter().filter_map(|it| it.local_addr().ok()).collect();
        let origin = origin(&config, &addresses);
        let opened = tokio::task::spawn_blocking(move || open(config, adapters, origin)).await;
        let (house, tls) = opened.map_err(|fault| StartFault::Ended(fault.into()))??;
        let until = house.has_given_certificate().then_some(tls.until);
        let serving = tokio::spawn(serve::serve(house.clone(), listeners, tls));
        let tending = [tokio::spawn(sweep::run(house.clone())), tokio::spawn(chain::tend::run(house.clone()))];
        let ringing = tokio::spawn(outbox::run(house.clone()));
        tracing::info!(origin = %house.origin, addresses = ?addresses, "serving");
        Ok(Running { house, addresses, until, serving, ringing, tending, _folder: folder })
    }
}

impl Running {
    /// `https://HOST[:PORT]`.
    pub fn url(&self) -> &str {
        &self.house.origin
    }

    /// The addresses listened on, in the order configured.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// SHA-256 of the certificate's SubjectPublicKeyInfo, when phones pin it.
    pub fn pin(&self) -> Option<[u8; 32]> {
        self.house.pin
    }

    /// Whether the operator gave the certificate; else the gateway made it itself, and browsers warn.
    pub fn has_given_certificate(&self) -> bool {
        self.house.has_given_certificate()
    }

    /// When the operator's certificate ends, in Unix seconds; none of one that the gateway makes itself, which it renews.
    pub fn certificate_until(&self) -> Option<i64> {
        self.until
    }

    /// SHA-256 of the certificate, as browsers show it.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.house.fingerprint
    }

    /// Whether there is no recovery key and no phone yet that would have to be enrolled anew for one.
    pub fn wants_recovery_key(&self) -> bool {
        self.house.chain.may_name_recovery(false).is_ok()
    }

    /// The gateway's parts, for tests and for the programs beside it.
    pub fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Stops accepting, answers held requests at once, lets the others end within ten seconds.
    pub async fn stop(self) {
        self.house.stopping.begin();
        if let Err(fault) = self.serving.await {
            tracing::error!(%fault, "serving ended badly");
        }
        if let Err(fault) = self.ringing.await {
            tracing::error!(%fault, "ringing ended badly");
        }
        for round in self.tending {
            if let Err(fault) = round.await {
                tracing::error!(%fault, "a round ended badly");
            }
        }
        tracing::info!("stopped");
    }
}

fn open(config: Config, adapters: Adapters, origin: String) -> Result<(Arc<House>, tls::Served), StartFault> {
    let (store, seal) = unlock(&config, &adapters.random)?;
    let values = value::store::values(&store, &seal);
    let keys = chain::store::SqlStore(store.clone());
    let tls = tls::load(&config, &origin, &values, &keys, &*adapters.clock)?;
    let on =
        Foundation { store, seal, values, origin, pin: tls.pin, next_pin: tls.next_pin, fingerprint: tls.fingerprint };
    let house = House::build(config, adapters, on)?;
    Ok((house, tls))
}

/// Opens store and seal without holding the folder: for `user …` beside a running gateway.
///
/// # Errors
/// [`StartFault`].
pub fn unlock(config: &Config, random: &Arc<dyn Random>) -> Result<(Store, Seal), StartFault> {
    folder::make(&config.data)?;
    let path = config.data.join(STORE);
    let is_new = !path.exists();
    let master = master::load(&config.master_key, &config.data, is_new, &**random)?;
    Ok((Store::open(&path)?, Seal::new(&master, random.clone())))
}

/// `https://HOST[:PORT]` of a gateway that listens on these addresses.
pub(crate) fn origin(config: &Config, addresses: &[SocketAddr]) -> String {
    let port = addresses.first().map_or(443, SocketAddr::port);
    match &config.public_url {
        Some(url) => url.as_str().to_owned(),
        None if port == 443 => "https://localhost".into(),
        None => format!("https://localhost:{port}"),
    }
}

async fn listen(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartFault> {
    let mut listeners = Vec::new();
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            // A machine without IPv6 still serves on its other loopback address.
            Err(why) if is_missing_loopback(address, &why) && addresses.len() > 1 => {
                tracing::warn!(%address, %why, "not listening there");
            }
            Err(why) => return Err(StartFault::Listen { address: *address, why }),
        }
    }
    Ok(listeners)
}

fn is_missing_loopback(address: &SocketAddr, why: &std::io::Error) -> bool {
    let missing = why.kind() == std::io::ErrorKind::AddrNotAvailable || why.raw_os_error() == Some(libc::EAFNOSUPPORT);
    missing && address.is_ipv6() && address.ip().is_loopback()
}
