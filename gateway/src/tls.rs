//! The certificate and the TLS settings.
//!
//! Without PEM files of the operator the gateway has its [`own`].

pub(crate) mod own;

use std::path::Path;
use std::sync::Arc;

use countersign_strings::{fill, text};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::calendar::{DAY, day};
use crate::cause::Cause;
use crate::chain;
use crate::config::{Config, Tls};
use crate::file::{self, FileFault, Unfit};
use crate::limits;
use crate::port::Clock;
use crate::start::StartFault;
use crate::store::StoreFault;
use crate::value::Values;

/// Why there is no certificate to serve with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// A PEM file cannot be read, or does not hold what it should.
    #[error(transparent)]
    File(#[from] FileFault),
    /// The gateway could not make a certificate of its own, or not serve with it.
    #[error("the gateway's own certificate: {0}")]
    Own(Cause),
    /// What a certificate holds cannot be read.
    #[error("a certificate: {0}")]
    Certificate(Cause),
    /// The operator's key is not that of the certificate, or neither is of use.
    #[error("tls.key: {0}")]
    Pair(Cause),
    /// The operator's certificate has expired.
    #[error("tls.certificate: expired on {0}")]
    Expired(String),
}

/// What to serve with.
pub struct Served {
    /// For the TLS acceptor.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the SubjectPublicKeyInfo, when phones are to pin it: of the gateway's own certificate, and where the
    /// operator said so.
    pub pin: Option<[u8; 32]>,
    /// The same of the certificate that will be used next, where one is prepared.
    pub next_pin: Option<[u8; 32]>,
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: [u8; 32],
    /// The last moment of the certificate, in Unix seconds.
    pub until: i64,
}

/// Reads the operator's certificate, or the gateway's own, which the first start makes.
///
/// # Errors
/// [`TlsFault`] inside [`StartFault`].
pub fn load(
    config: &Config,
    origin: &str,
    values: &Values,
    chain: &dyn chain::Store,
    clock: &dyn Clock,
) -> Result<Served, StartFault> {
    let now = i64::try_from(clock.now()).unwrap_or(i64::MAX);
    let (chain, key, own) = match &config.tls {
        Tls::Files { certificate, key } => {
            let (chain, key) = from_files(certificate, key)?;
            (chain, key, false)
        }
        Tls::SelfSigned => {
            own::take_next(values, chain, clock.now())?;
            let (certificate, key) = own::load(config, origin, values, now)?;
            (vec![certificate], key, true)
        }
    };
    let leaf = chain.first().cloned().ok_or(StoreFault::Damaged("a certificate"))?;
    let until = until(&leaf)?;
    tell_expiry(until, now, own)?;
    if !config.is_pinned() && is_self_issued(&leaf) {
        tracing::warn!("{}", text("gateway.phones_refuse"));
    }
    Ok(Served {
        pin: config.is_pinned().then(|| spki(&leaf)).transpose()?,
        next_pin: next_pin(config)?,
        fingerprint: Sha256::digest(&leaf).into(),
        config: Arc::new(server_config(chain, key, own)?),
        until,
    })
}

/// Reads the operator's files as a start would, and until when their certificate is good; none where there are none.
///
/// # Errors
/// [`TlsFault`], as a start would end with.
pub fn check(config: &Config, clock: &dyn Clock) -> Result<Option<i64>, TlsFault> {
    next_pin(config)?;
    let Tls::Files { certificate, key } = &config.tls else { return Ok(None) };
    let (chain, key) = from_files(certificate, key)?;
    let until = chain.first().map(until).transpose()?;
    server_config(chain, key, false)?;
    if let Some(until) = until {
        expired(until, clock.now() as i64)?;
    }
    Ok(until)
}

/// The pin of the operator's next certificate.
fn next_pin(config: &Config) -> Result<Option<[u8; 32]>, TlsFault> {
    let Some(path) = &config.next_certificate else { return Ok(None) };
    let chain = certificates(path, "tls.next_certificate")?;
    chain.first().map(spki).transpose()
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    own: bool,
) -> Result<ServerConfig, TlsFault> {
    let fault = |why: rustls::Error| if own { TlsFault::Own(why.into()) } else { TlsFault::Pair(why.into()) };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(fault)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(fault)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn from_files(
    certificate: &Path,
    key: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsFault> {
    // The certificate is looked at first: it is what people mean when they say that TLS does not work.
    let chain = certificates(certificate, "tls.certificate")?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|why| FileFault::new("tls.key", key, why))?;
    Ok((chain, key))
}

fn certificates(path: &Path, key: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let chain = file::certificates(key, path)?;
    if chain.len() > limits::CHAIN || chain.iter().any(|one| one.len() > limits::CERTIFICATE_BYTES) {
        return Err(FileFault::new(key, path, Unfit::Chain).into());
    }
    Ok(chain)
}

/// The last second of a certificate.
fn until(leaf: &CertificateDer<'_>) -> Result<i64, TlsFault> {
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|why| TlsFault::Certificate(why.into()))?;
    Ok(certificate.validity().not_after.timestamp())
}

fn expired(until: i64, now: i64) -> Result<(), TlsFault> {
    if until < now { Err(TlsFault::Expired(day(until))) } else { Ok(()) }
}

/// Says in the log when the certificate ends. An expired one of the operator's stops the start.
fn tell_expiry(until: i64, now: i64, own: bool) -> Result<(), TlsFault> {
    if !own {
        expired(until, now)?;
    }
    let (day, left) = (day(until), (until - now) / DAY);
    if !own && left <= limits::CERTIFICATE_WARNING_DAYS {
        tracing::warn!(until = %day, days = left, "{}", fill("gateway.certificate_ends", &[("day", &day)]));
    } else {
        tracing::info!(until = %day, days = left, self_signed = own, "certificate");
    }
    Ok(())
}

/// Whether a certificate names itself as its authority: then no phone knows who vouches for it.
pub fn is_self_issued(leaf: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(leaf).is_ok_and(|(_, it)| it.issuer() == it.subject())
}

/// The operator's own certificate, the first of its file.
///
/// # Errors
/// [`TlsFault::File`].
pub fn leaf(certificate: &Path) -> Result<CertificateDer<'static>, TlsFault> {
    let first = certificates(certificate, "tls.certificate")?.into_iter().next();
    first.ok_or_else(|| FileFault::new("tls.certificate", certificate, Unfit::NoCertificate).into())
}

fn spki(leaf: &CertificateDer<'_>) -> Result<[u8; 32], TlsFault> {
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|why| TlsFault::Certificate(why.into()))?;
    Ok(Sha256::digest(certificate.public_key().raw).into())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "certificates of a test may be any")]
mod tests {
    use std::path::PathBuf;

    use rcgen::KeyPair;

    use super::own::parameters;
    use super::*;
    use crate::port::machine;
    use crate::{start, value};

    struct Fixed(u64);
    impl Clock for Fixed {
        fn now(&self) -> u64 {
            self.0
        }
        fn monotonic(&self) -> std::time::Duration {
            std::time::Duration::ZERO
        }
    }

    const NOW: u64 = 1_795_260_000;

    fn served(config: &Config, origin: &str, now: u64) -> Result<Served, StartFault> {
        let (store, seal) = start::unlock(config, &machine::adapters().random)?;
        let (values, keys) = (value::store::values(&store, &seal), chain::store::SqlStore(store));
        load(config, origin, &values, &keys, &Fixed(now))
    }

    #[test]
    fn the_own_certificate_is_kept_and_its_key_outlives_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::local(folder.path().join("data"));
        let first = served(&config, "https://localhost:1", NOW).unwrap();
        let second = served(&config, "https://localhost:2", NOW + 86_400).unwrap();
        assert_eq!(first.fingerprint, second.fingerprint);
        let renamed = served(&config, "https://gate.example.com", NOW).unwrap();
        assert_ne!(first.fingerprint, renamed.fingerprint);
        assert_eq!(first.pin, renamed.pin);
        let later = served(&config, "https://gate.example.com", NOW + 800 * 86_400).unwrap();
        assert!(later.until > renamed.until);
        assert_eq!(first.pin, later.pin);
    }

    /// The log, kept.
    #[derive(Clone, Default)]
    struct Written(Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_last_thirty_days_of_the_operators_certificate_are_warned_of() {
        let pair = KeyPair::generate().unwrap();
        let made = parameters(vec!["gate.example.com".into()], NOW as i64).unwrap().self_signed(&pair).unwrap();
        let said = |now: i64, own: bool| {
            let written = Written::default();
            let to = written.clone();
            let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone()).finish();
            let until = until(made.der()).unwrap();
            tracing::subscriber::with_default(log, || tell_expiry(until, now, own)).unwrap();
            let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
            (until, text)
        };
        let (until, text) = said(NOW as i64, false);
        assert!(text.contains("INFO") && !text.contains("WARN"), "{text}");
        let days = limits::CERTIFICATE_WARNING_DAYS;
        for (before, own, warned) in [
            ((days + 1) * DAY, false, false),
            ((days + 1) * DAY - 1, false, true),
            (days * DAY, false, true),
            (1, false, true),
            (days * DAY, true, false),
        ] {
            let (_, text) = said(until - before, own);
            assert_eq!((before, text.contains("WARN")), (before, warned), "{text}");
            assert_eq!(text.contains(&fill("gateway.certificate_ends", &[("day", &day(until))])), warned, "{text}");
        }
    }

    /// A certificate whose text is exactly so long, with its key.
    fn certificate_of(bytes: usize) -> (rcgen::Certificate, KeyPair) {
        let pair = KeyPair::generate().unwrap();
        let with = |filler: usize| {
            let mut made = parameters(vec!["gate.example.com".into()], NOW as i64).unwrap();
            made.serial_number = Some(vec![1; 16].into());
            made.custom_extensions =
                vec![rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![4; filler])];
            made.self_signed(&pair).unwrap()
        };
        let mut filler = bytes - 1_000;
        loop {
            let made = with(filler);
            match made.der().len() {
                length if length == bytes => return (made, pair),
                length => filler = filler + bytes - length,
            }
        }
    }

    #[test]
    fn a_certificate_may_be_as_long_as_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
        for (bytes, taken) in [
            (limits::CERTIFICATE_BYTES - 1, true),
            (limits::CERTIFICATE_BYTES, true),
            (limits::CERTIFICATE_BYTES + 1, false),
        ] {
            let (made, pair) = certificate_of(bytes);
            std::fs::write(&certificate, made.pem()).unwrap();
            std::fs::write(&key, pair.serialize_pem()).unwrap();
            assert_eq!((bytes, from_files(&certificate, &key).is_ok()), (bytes, taken));
        }
    }

    /// A certificate of the operator, and the files that it and its key are in.
    fn given(folder: &Path) -> (rcgen::Certificate, PathBuf, PathBuf) {
        let pair = KeyPair::generate().unwrap();
        let made = parameters(vec!["gate.example.com".into()], NOW as i64).unwrap().self_signed(&pair).unwrap();
        let (certificate, key) = (folder.join("c.pem"), folder.join("k.pem"));
        std::fs::write(&certificate, made.pem()).unwrap();
        std::fs::write(&key, pair.serialize_pem()).unwrap();
        (made, certificate, key)
    }

    #[test]
    fn a_chain_may_be_as_long_as_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let (made, certificate, key) = given(folder.path());
        for (length, taken) in [(limits::CHAIN - 1, true), (limits::CHAIN, true), (limits::CHAIN + 1, false)] {
            std::fs::write(&certificate, made.pem().repeat(length)).unwrap();
            let read = from_files(&certificate, &key);
            assert_eq!((length, read.map(|(chain, _)| chain.len()).ok()), (length, taken.then_some(length)));
        }
    }

    #[test]
    fn a_given_certificate_is_pinned_where_the_operator_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (made, certificate, key) = given(folder.path());
        let tls = Tls::Files { certificate: certificate.clone(), key };
        let config = Config { tls, tls_pin: true, ..Config::local(folder.path().join("data")) };
        let given = served(&config, "https://gate.example.com", NOW).unwrap();
        assert_eq!(given.pin, Some(spki(made.der()).unwrap()));
        assert!(is_self_issued(&leaf(&certificate).unwrap()));
    }

    #[test]
    fn given_files_are_served_without_a_pin_and_refused_when_expired() {
        let folder = tempfile::tempdir().unwrap();
        let (_, certificate, key) = given(folder.path());
        let tls = Tls::Files { certificate: certificate.clone(), key: key.clone() };
        let config = Config { tls, ..Config::local(folder.path().join("data")) };
        let given = served(&config, "https://gate.example.com", NOW).unwrap();
        assert_eq!((given.pin, day(given.until).as_str()), (None, "2029-02-23"));
        let expired = served(&config, "https://gate.example.com", NOW + 900 * 86_400);
        assert!(matches!(expired, Err(StartFault::Tls(TlsFault::Expired(_)))));
        std::fs::write(&key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        assert!(matches!(served(&config, "https://x", NOW), Err(StartFault::Tls(TlsFault::Pair(_)))));
        std::fs::write(&certificate, "nothing").unwrap();
        assert!(matches!(served(&config, "https://x", NOW), Err(StartFault::Tls(TlsFault::File(_)))));
    }
}
