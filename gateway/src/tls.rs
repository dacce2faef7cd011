//! The certificate and the TLS settings.
//!
//! Without PEM files of the operator the gateway makes a key and a certificate that it signs itself, once. Phones pin the
//! key by the enrolment QR; browsers warn, which the operator is told.

use std::path::Path;
use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::jose::H32;
use countersign_strings::{fill, text};
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PublicKeyData, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::calendar::{DAY, civil, day};
use crate::cause::Cause;
use crate::chain;
use crate::config::{Config, Tls};
use crate::file::{self, FileFault, Unfit};
use crate::house;
use crate::limits;
use crate::port::Clock;
use crate::seal::Seal;
use crate::start::StartFault;
use crate::store::{Store, StoreFault};

/// The name of the next self-signed certificate's key among the gateway's own values; the key is sealed.
pub(crate) const NEXT_KEY: &str = "tls.next.key";
/// The name of its pin.
pub(crate) const NEXT_PIN: &str = "tls.next.pin";
/// The name of the present one's key.
const KEY: &str = "tls.key";
/// Life of a certificate that the gateway made.
const SELF_SIGNED_DAYS: i64 = 825;

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
    store: &Store,
    seal: &Seal,
    clock: &dyn Clock,
) -> Result<Served, StartFault> {
    let now = i64::try_from(clock.now()).unwrap_or(i64::MAX);
    let (chain, key, own) = match &config.tls {
        Tls::Files { certificate, key } => {
            let (chain, key) = from_files(certificate, key)?;
            (chain, key, false)
        }
        Tls::SelfSigned => {
            take_next(store, seal, clock.now())?;
            let (certificate, key) = self_signed(config, origin, store, seal, now)?;
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

/// A fresh key for a self-signed certificate, and its pin.
///
/// # Errors
/// [`TlsFault::Own`].
#[expect(clippy::disallowed_methods, reason = "rcgen draws the key of the certificate itself")]
pub(crate) fn generate() -> Result<(Secret, [u8; 32]), TlsFault> {
    let pair = KeyPair::generate().map_err(|why| TlsFault::Own(why.into()))?;
    let pin = Sha256::digest(pair.subject_public_key_info()).into();
    Ok((Secret::new(pair.serialize_der()), pin))
}

/// Begins to use the next self-signed key, once it was listed for 14 days: every phone that calls has read it by then.
fn take_next(store: &Store, seal: &Seal, now: u64) -> Result<(), StartFault> {
    let seal = seal.clone();
    store.write(move |tx| {
        let (Some(sealed), Some(pin)) = (house::value_in(tx, NEXT_KEY)?, house::value_in(tx, NEXT_PIN)?) else {
            return Ok(());
        };
        let pin = pin.try_into().map_err(|_| StoreFault::Damaged("a pin"))?;
        let listed = chain::store::listed_since(tx, &H32::from_bytes(pin))?;
        if listed.is_none_or(|since| now < since.saturating_add(limits::PIN_AHEAD)) {
            return Ok(());
        }
        let key = seal.open(house::PLACE, NEXT_KEY.as_bytes(), &sealed)?;
        house::put_in(tx, KEY, &seal.seal(house::PLACE, KEY.as_bytes(), &key)?)?;
        house::forget_in(tx, &[NEXT_KEY, NEXT_PIN, "tls.certificate", "tls.names"])?;
        tracing::info!("the next certificate's key is used from now on");
        Ok::<_, StartFault>(())
    })
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

/// The stored key and certificate; the certificate is made anew for other names or when it ends, the key never, since
/// phones have pinned it.
fn self_signed(
    config: &Config,
    origin: &str,
    store: &Store,
    seal: &Seal,
    now: i64,
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), StartFault> {
    let fault = |why: rcgen::Error| TlsFault::Own(why.into());
    let key = house::secret_once(store, seal, KEY, || Ok(generate()?.0))?;
    // Exposed to the TLS library alone.
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.expose().to_vec()));
    let names = names(config, origin);
    let listed = names.join(" ").into_bytes();
    if let (Some(kept), Some(kept_names)) = (house::value(store, "tls.certificate")?, house::value(store, "tls.names")?)
    {
        let kept = CertificateDer::from(kept);
        let until = X509Certificate::from_der(&kept).map_or(0, |(_, it)| it.validity().not_after.timestamp());
        if kept_names == listed && until - now > limits::CERTIFICATE_WARNING_DAYS * DAY {
            return Ok((kept, key));
        }
    }
    let pair = KeyPair::try_from(&key).map_err(fault)?;
    let made = parameters(names, now).map_err(fault)?.self_signed(&pair).map_err(fault)?;
    house::put(store, "tls.certificate", made.der().to_vec())?;
    house::put(store, "tls.names", listed)?;
    Ok((made.der().clone(), key))
}

fn names(config: &Config, origin: &str) -> Vec<String> {
    let host = |text: &str| {
        let bare = text.strip_prefix('[').and_then(|it| it.split_once(']')).map(|(address, _)| address);
        bare.or_else(|| text.split(':').next()).unwrap_or(text).to_owned()
    };
    let mut names = vec![host(origin.trim_start_matches("https://"))];
    names.extend(config.hosts.iter().map(|it| host(it)));
    if names.iter().any(|name| name == "localhost") {
        names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
    }
    names.dedup();
    names
}

fn parameters(names: Vec<String>, now: i64) -> Result<CertificateParams, rcgen::Error> {
    let subject = names.first().cloned().unwrap_or_default();
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name.push(DnType::CommonName, subject);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let moment = |days: i64| {
        let (year, month, day) = civil(now / DAY + days);
        date_time_ymd(year, month, day)
    };
    (parameters.not_before, parameters.not_after) = (moment(-1), moment(SELF_SIGNED_DAYS));
    Ok(parameters)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "certificates of a test may be any")]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::port::machine;
    use crate::start;

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
        load(config, origin, &store, &seal, &Fixed(now))
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
