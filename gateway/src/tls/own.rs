//! The gateway's own certificate, which it signs itself: made once, where the operator gave none. Phones pin its key by the
//! enrolment QR; browsers warn, which the operator is told.

use countersign_protocol::Secret;
use countersign_protocol::jose::H32;
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PublicKeyData, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::TlsFault;
use crate::calendar::{DAY, civil};
use crate::chain;
use crate::config::Config;
use crate::limits;
use crate::start::StartFault;
use crate::store::StoreFault;
use crate::value::{Change, Values};

/// The name of the next certificate's key among the gateway's own values; the key is sealed.
pub(crate) const NEXT_KEY: &str = "tls.next.key";
/// The name of its pin.
pub(crate) const NEXT_PIN: &str = "tls.next.pin";
/// The name of the present one's key.
const KEY: &str = "tls.key";
/// The name of the present certificate.
const CERTIFICATE: &str = "tls.certificate";
/// The name of the hosts that it is for.
const NAMES: &str = "tls.names";
/// Life of a certificate that the gateway made.
const SELF_SIGNED_DAYS: i64 = 825;

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

/// Begins to use the next key, once it was listed for 14 days: every phone that calls has read it by then.
///
/// # Errors
/// [`StartFault`]; then the present one stays.
pub(super) fn take_next(values: &Values, chain: &dyn chain::Store, now: u64) -> Result<(), StartFault> {
    let (Some(sealed), Some(pin)) = (values.get(NEXT_KEY)?, values.get(NEXT_PIN)?) else { return Ok(()) };
    let pin = H32::from_bytes(pin.try_into().map_err(|_| StoreFault::Damaged("a pin"))?);
    let listed = chain.ring()?.and_then(|ring| ring.pin_listed_since(&pin));
    if listed.is_none_or(|since| now < since.saturating_add(limits::PIN_AHEAD)) {
        return Ok(());
    }
    let key = values.open(NEXT_KEY, &sealed)?;
    let change = Change {
        put: vec![(KEY, values.seal(KEY, &key)?)],
        seen: vec![(NEXT_KEY, Some(sealed))],
        forget: vec![NEXT_KEY, NEXT_PIN, CERTIFICATE, NAMES],
    };
    if values.change(change)? {
        tracing::info!("the next certificate's key is used from now on");
    }
    Ok(())
}

/// The stored key and certificate; the certificate is made anew for other names or when it ends, the key never, since
/// phones have pinned it.
///
/// # Errors
/// [`StartFault`].
pub(super) fn load(
    config: &Config,
    origin: &str,
    values: &Values,
    now: i64,
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), StartFault> {
    let fault = |why: rcgen::Error| TlsFault::Own(why.into());
    let key = values.secret_once(KEY, || Ok::<_, StartFault>(generate()?.0))?;
    // Exposed to the TLS library alone.
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.expose().to_vec()));
    let names = names(config, origin);
    let listed = names.join(" ").into_bytes();
    if let (Some(kept), Some(kept_names)) = (values.get(CERTIFICATE)?, values.get(NAMES)?) {
        let kept = CertificateDer::from(kept);
        let until = X509Certificate::from_der(&kept).map_or(0, |(_, it)| it.validity().not_after.timestamp());
        if kept_names == listed && until - now > limits::CERTIFICATE_WARNING_DAYS * DAY {
            return Ok((kept, key));
        }
    }
    let pair = KeyPair::try_from(&key).map_err(fault)?;
    let made = parameters(names, now).map_err(fault)?.self_signed(&pair).map_err(fault)?;
    values.put(vec![(CERTIFICATE, made.der().to_vec()), (NAMES, listed)])?;
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

pub(super) fn parameters(names: Vec<String>, now: i64) -> Result<CertificateParams, rcgen::Error> {
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
