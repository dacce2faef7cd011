//! Whom a connection believes: the three kinds of [`Trust`](crate::port::Trust) as verifiers for rustls.
//!
//! In all three the handshake's signature is verified by the key in the certificate. There is no switch that ignores
//! faults of TLS (`push-v1.md` section 4).

use std::fmt;
use std::sync::{Arc, OnceLock};

use countersign_protocol::jose::H32;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::error::PortError;
use crate::limits;
use crate::port::Clock;

/// The settings of one connection: ring, TLS 1.2 or 1.3, HTTP/1.1, nothing resumed, time from `clock`.
pub(super) fn config(verifier: Arc<dyn ServerCertVerifier>, clock: Arc<dyn Clock>) -> Result<ClientConfig, PortError> {
    let mut config = ClientConfig::builder_with_details(provider(), Arc::new(PhoneTime(clock)))
        .with_safe_default_protocol_versions()
        .map_err(|_| PortError::Unavailable)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// Believes who shows a leaf whose public key hashes to one of `pins`; its names, dates and issuer are not looked at.
pub(super) fn pinned(pins: &[H32]) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Verifier { believes: Believes::Pins(pins.to_vec()) })
}

/// Believes anyone who holds the key of the certificate shown. For metadata alone, which is signed itself.
pub(super) fn handshake_alone() -> Arc<dyn ServerCertVerifier> {
    Arc::new(Verifier { believes: Believes::Anyone })
}

/// Believes who has a certificate for the host's name from one of `roots`, valid now; none where no root can be read.
pub(super) fn platform(roots: &[Vec<u8>]) -> Option<Arc<dyn ServerCertVerifier>> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().map(|der| CertificateDer::from(der.as_slice()).into_owned()));
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider()).build().ok()?;
    Some(Arc::new(Verifier { believes: Believes::Platform(verifier) }))
}

fn provider() -> Arc<CryptoProvider> {
    static RING: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(RING.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())))
}

/// Refuses chains that are longer, and certificates that are larger, than any honest one.
fn sizes_fit(leaf: &CertificateDer<'_>, chain: &[CertificateDer<'_>]) -> Result<(), Error> {
    let most = std::iter::once(leaf).chain(chain).map(|certificate| certificate.len()).max();
    let fits = chain.len() < limits::CHAIN && most <= Some(limits::CERTIFICATE);
    if fits { Ok(()) } else { Err(CertificateError::BadEncoding.into()) }
}

/// Whose certificate is believed.
#[derive(Debug)]
enum Believes {
    /// One that the platform's roots vouch for: issuer, dates and names.
    Platform(Arc<WebPkiServerVerifier>),
    /// One with one of these keys.
    Pins(Vec<H32>),
    /// Any.
    Anyone,
}

/// Verifies the handshake by the key of the certificate, and of the certificate what is asked.
#[derive(Debug)]
struct Verifier {
    believes: Believes,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        sizes_fit(leaf, chain)?;
        match &self.believes {
            Believes::Platform(verifier) => verifier.verify_server_cert(leaf, chain, host, ocsp, now),
            Believes::Anyone => Ok(ServerCertVerified::assertion()),
            Believes::Pins(pins) => {
                // The parser that also hands the key to the signature check, so both speak of the same key.
                let key = ParsedCertificate::try_from(leaf)?.subject_public_key_info();
                let fits = pins.contains(&H32::sha256(&[key.as_ref()]));
                let refused = || CertificateError::ApplicationVerificationFailure.into();
                fits.then(ServerCertVerified::assertion).ok_or_else(refused)
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signed, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// The phone's clock as rustls asks for it.
struct PhoneTime(Arc<dyn Clock>);

impl TimeProvider for PhoneTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(self.0.now())))
    }
}

impl fmt::Debug for PhoneTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneTime")
    }
}

#[cfg(test)]
mod tests {
    use countersign_properties::parser;
    use countersign_protocol::jose::b64u;
    use proptest::prelude::*;

    use super::*;
    use crate::properties::damaged;

    /// A self-signed certificate of `localhost`, b64u.
    const CERTIFICATE: &str = "MIIBlDCCATugAwIBAgIUYgf95zgV0vbmL08GacKF-_Cm1ZkwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2\
        MTEyMjAyNTI0NVoYDzIxMjYxMDI5MDI1MjQ1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\
        AAS2wwXBa0C5BkQw7NwKscWuKph3YGlwu6zh88Qul8rsCbkkEhAyfPBly_b2GXpE5LqGiI7Ba6-eRE8eug5Ny9lTo2kwZzAdBgNV\
        HQ4EFgQUudvr678QNPQDAQC-Kx8iciKmDEQwHwYDVR0jBBgwFoAUudvr678QNPQDAQC-Kx8iciKmDEQwDwYDVR0TAQH_BAUwAwEB\
        _zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwIDRwAwRAIgFCLzfIa7urmktA1z3ia4VHMKtjZUwdsuGGvpM-K1FdUC\
        ICjzLL9Ykiu0YYnCQ7jZyxUSFxfS6qpF6vyf4b0_Bj8E";

    /// A certificate as a peer may show it: whole, with a byte changed, cut or longer.
    #[test]
    fn any_certificate_is_read_or_refused_and_only_the_pinned_key_is_believed() {
        let whole = b64u::decode(CERTIFICATE).unwrap();
        let of =
            |der: &[u8]| Some(ParsedCertificate::try_from(&CertificateDer::from(der)).ok()?.subject_public_key_info());
        let key = of(&whole).unwrap();
        let pinned = pinned(&[H32::sha256(&[key.as_ref()])]);
        let host = ServerName::try_from("localhost").unwrap();
        let believed = |verifier: &Arc<dyn ServerCertVerifier>, der: &[u8]| {
            let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
            verifier.verify_server_cert(&CertificateDer::from(der), &[], &host, &[], now).is_ok()
        };
        let input = (Just(whole.clone()), any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8)
            .prop_map(|(bytes, at, change, how)| damaged(bytes, at, change, how));
        parser(input, |der| {
            let found = of(der);
            assert_eq!(believed(&pinned, der), found.as_ref().is_some_and(|found| found.as_ref() == key.as_ref()));
            assert!(believed(&handshake_alone(), der), "whose metadata is signed needs no name");
            found.is_some()
        });
    }

    /// The platform's roots: what cannot be read takes none of the others away.
    #[test]
    fn any_root_is_read_or_left_out() {
        let whole = b64u::decode(CERTIFICATE).unwrap();
        let input = (Just(whole.clone()), any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8)
            .prop_map(|(bytes, at, change, how)| damaged(bytes, at, change, how));
        parser(input, |der| {
            assert!(platform(&[der.clone(), whole.clone()]).is_some());
            platform(std::slice::from_ref(der)).is_some()
        });
    }
}
