//! A certificate of the operator that no public authority vouches for: phones have the platform's trust alone, so they refuse
//! it, unless its key is pinned.

use countersign_core::app::GatewayState;
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, PortError};
use countersign_gateway::config::Tls;
use countersign_tests::plain::Plain;
use countersign_tests::stage::Stage;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::handset::Handset;
use super::{approve, sign_in};
use crate::app::phone::me;

/// PEM files of a certificate for `localhost` that an authority of the house's own signed.
#[expect(clippy::disallowed_methods, reason = "an authority that stands for the operator's own")]
fn private_ca() -> (tempfile::TempDir, Tls) {
    let folder = tempfile::tempdir().unwrap();
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "An authority of the house");
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    let (certificate, key_file) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, leaf.pem() + &authority_pem).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    (folder, Tls::Files { certificate, key: key_file })
}

#[test]
fn with_a_pin_a_phone_enrols_and_signs_in() {
    let (_files, tls) = private_ca();
    let stage = Stage::with(|config| {
        (config.tls, config.tls_pin, config.sample_app) = (tls, true, true);
    });
    assert!(stage.running().has_given_certificate(), "browsers are told to keep to TLS as with any given one");
    let alice = stage.person("alice");
    assert!(stage.link(&alice, "browser").p.is_some(), "the code carries the pin");
    let phone = Handset::active(&stage, &alice, "Phone");
    let mut window = Plain::new();
    sign_in(&mut window, &stage, "/demo");
    approve(&mut window, &stage, &phone);
    assert_eq!(phone.state(), GatewayState::Active);
}

#[test]
fn without_a_pin_a_phone_refuses_it() {
    let (_files, tls) = private_ca();
    let stage = Stage::with(|config| config.tls = tls);
    let alice = stage.person("alice");
    let link = stage.link(&alice, "browser");
    assert!(link.p.is_none());
    let phone = Handset::of(&stage);
    let offer = phone.app.enrol_offer(&link.to_https()).unwrap();
    let refused = phone.app.enrol(&offer, &me(), &Cancel::default());
    assert!(matches!(refused, Err(Error::Port(PortError::Tls))), "{:?}", refused.err());
    assert_eq!(stage.house().devices.of(alice.id).unwrap().len(), 0);
}
