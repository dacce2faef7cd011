//! What people and browsers type and send, against generated input.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use countersign_properties::{around, parser};
use countersign_protocol::jose::b64u;
use proptest::prelude::*;

use crate::attest::read_roots;
use crate::config::{Config, ConfigFault, PublicUrl, SETTINGS, Source};
use crate::limits;
use crate::login::known;
use crate::outgoing::Network;
use crate::outgoing::client::further_roots;
use crate::person::{PersonName, Voucher};
use crate::port::machine::MachineClock;
use crate::serve::outermost::{FORWARDED, reported};
use crate::session::Cookie;
use crate::tls;

#[test]
fn vouchers() {
    parser(around("([0-9A-TV-Za-tv-z]{4}[- ]?){3}"), |typed| match Voucher::parse(typed) {
        Some(voucher) => {
            let shown = voucher.reveal();
            assert_eq!(shown.len(), 14);
            assert_eq!(Voucher::parse(&shown).unwrap().reveal(), shown);
            true
        }
        None => false,
    });
}

#[test]
fn names_of_people() {
    parser(around("[A-Za-z0-9\u{c0}-\u{24f}._@+-]{1,64}"), |typed| match PersonName::parse(typed) {
        Ok(name) => {
            assert!((1..=limits::NAME_CHARS).contains(&name.as_str().chars().count()));
            assert_eq!(PersonName::parse(name.as_str()).as_ref(), Ok(&name), "the stored form is read as itself");
            true
        }
        Err(_) => false,
    });
}

#[test]
fn cookies() {
    let own = any::<[u8; 16]>().prop_map(|bytes| {
        let value = b64u::encode(&bytes);
        format!("{}={value}", crate::session::cookie::NAME)
    });
    let others = || prop::collection::vec("[a-z]{1,8}=[!-:<-~]{0,12}", 0..3);
    let header = (others(), own, others()).prop_map(|(before, own, after)| {
        let pairs: Vec<String> = before.into_iter().chain([own]).chain(after).collect();
        pairs.join("; ")
    });
    parser(around(header), |header| match Cookie::read([header.as_str()].into_iter()) {
        Some(cookie) => {
            let set = cookie.set();
            let pair = set.split(';').next().unwrap();
            assert!(header.contains(pair), "what was read stands there");
            assert_eq!(Cookie::read([pair].into_iter()).unwrap().hash(), cookie.hash());
            assert!(Cookie::read([header.as_str(), pair].into_iter()).is_none(), "twice is none");
            true
        }
        None => false,
    });
}

#[test]
fn marks_of_known_browsers() {
    let mark = any::<[u8; 16]>().prop_map(|bytes| b64u::encode(&bytes));
    let header = mark.prop_map(|mark| format!("__Host-countersign-known={mark}; a=b"));
    parser(around(header), |header| {
        let read = |header: &str| {
            let value = HeaderValue::from_str(header).ok()?;
            known::read(&HeaderMap::from_iter([(COOKIE, value)]))
        };
        let Some(mark) = read(header) else { return false };
        assert_eq!(read(&format!("x=y; {header}")), Some(mark));
        assert_eq!(read(&format!("{header}; {header}")), None, "twice is none");
        true
    });
}

#[test]
fn public_urls() {
    parser(around("https://[a-z][a-z0-9]{0,20}\\.example(:[1-9][0-9]{3})?"), |text| match text.parse::<PublicUrl>() {
        Ok(url) => {
            assert_eq!(url.as_str(), text);
            true
        }
        Err(()) => false,
    });
}

#[test]
fn reported_addresses() {
    let list = prop::collection::vec(any::<IpAddr>(), 1..4)
        .prop_map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    let read = |list: &str| {
        let value = HeaderValue::from_str(list).ok()?;
        reported(&HeaderMap::from_iter([(HeaderName::from_static(FORWARDED), value)]))
    };
    parser(around(list), |list| {
        let Some(address) = read(list) else { return false };
        assert_eq!((read(&address.to_string()), address.to_canonical()), (Some(address), address));
        assert_eq!(read(&format!("203.0.113.9, {list}")), Some(address), "what stands before it anyone may have sent");
        true
    });
}

/// A certificate and its key, as PEM files hold them.
#[expect(clippy::disallowed_methods, reason = "a test's certificate has a key by the machine's randomness")]
fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["gate.example".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn pem(der: &[u8]) -> String {
    let text = b64u::encode(der).replace('-', "+").replace('_', "/");
    let text = format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4));
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// The certificate and the key of an operator, one of the two whole.
#[test]
fn pem_files() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = ["c.pem", "k.pem"].map(|name| folder.path().join(name));
    let given = [("tls.certificate", &certificate), ("tls.key", &key)];
    let given = given.map(|(name, path)| (name.to_owned(), vec![path.display().to_string()]));
    let config = Config::from_sources(&[Source::flags(given.into_iter())]).unwrap();
    let (good, its_key) = pair();
    let of_key = around(Just(its_key.clone())).prop_map({
        let good = good.clone();
        move |key| (good.clone(), key)
    });
    let of_certificate = around(Just(good)).prop_map(move |certificate| (certificate, its_key.clone()));
    parser(prop_oneof![of_key, of_certificate], |(certificate_text, key_text)| {
        std::fs::write(&certificate, certificate_text).unwrap();
        std::fs::write(&key, key_text).unwrap();
        let Ok(until) = tls::check(&config, &MachineClock::default()) else { return false };
        std::fs::write(&certificate, pem(&tls::leaf(&certificate).unwrap())).unwrap();
        assert_eq!(tls::check(&config, &MachineClock::default()).ok(), Some(until), "what was read is read again");
        true
    });
}

/// Further roots for calls to others, and those of attestation.
#[test]
fn files_of_roots() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    let roots: Vec<String> = (0..3).map(|_| pair().0).collect();
    let file = prop::sample::subsequence(roots, 1..=3).prop_map(|roots| roots.concat());
    let written = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let further = further_roots(&path).ok();
        (further, read_roots(&path).is_ok())
    };
    parser(around(file), |text| {
        let (further, attests) = written(text);
        let Some(further) = further else { return false };
        let again: String = further.iter().map(|root| pem(root)).collect();
        let (read, attests_again) = written(&again);
        assert_eq!((read, attests_again), (Some(further), attests), "what was read is read again");
        attests
    });
}

/// A value that this setting takes.
fn good_value(name: &str) -> BoxedStrategy<String> {
    match name {
        "public_url" => "https://[a-z]{1,20}\\.example".boxed(),
        "hosts" => "[a-z]{1,20}\\.example".boxed(),
        "listen" => any::<std::net::SocketAddr>().prop_map(|it| it.to_string()).boxed(),
        "proxies" => any::<IpAddr>().prop_map(|it| it.to_string()).boxed(),
        "sample_app" | "policy.totp" | "policy.offline" | "policy.move" => {
            any::<bool>().prop_map(|it| it.to_string()).boxed()
        }
        "master_key.value" => "[0-9a-f]{64}".boxed(),
        "log.format" => "json|text".boxed(),
        "log.level" => "trace|debug|info|warn|error".boxed(),
        "approval.digits" => (2..=8_u8).prop_map(|it| it.to_string()).boxed(),
        "approval.tries" => (1..=5_u8).prop_map(|it| it.to_string()).boxed(),
        "approval.life" => (30..=600_u64).prop_map(|it| it.to_string()).boxed(),
        "approval.open" => (1..=3_u32).prop_map(|it| it.to_string()).boxed(),
        "approval.pushes" | "approval.pushes_alone" => (1..=10_u32).prop_map(|it| it.to_string()).boxed(),
        "approval.wrong_digits" | "approval.wrong_codes" => (1..=100_u32).prop_map(|it| it.to_string()).boxed(),
        "audit.days" => (1..=3_650_u32).prop_map(|it| it.to_string()).boxed(),
        "limits.connections" => (64..=65_536_u32).prop_map(|it| it.to_string()).boxed(),
        "limits.address_connections" => (8..=65_536_u32).prop_map(|it| it.to_string()).boxed(),
        "policy.uv" => "any|bio".boxed(),
        "policy.level" => "tee|software".boxed(),
        // `need` alone would want roots beside it.
        "policy.attest" => "none|want".boxed(),
        "policy.push" => "sealed|wake".boxed(),
        "attest.formats" => "android-key".boxed(),
        "outgoing.allow" => any::<IpAddr>().prop_map(|it| it.to_string()).boxed(),
        "webpush.sub" => "(mailto:|https://)[a-z@.]{1,40}".boxed(),
        _ => "[a-z/]{1,40}".boxed(),
    }
}

#[test]
fn networks() {
    let four = (any::<u32>(), 0..=32_u32).prop_map(|(bits, length)| {
        let base = u32::try_from(u64::from(bits) >> (32 - length) << (32 - length)).unwrap();
        format!("{}/{length}", Ipv4Addr::from_bits(base))
    });
    let six = (any::<u128>(), 1..=128_u32).prop_map(|(bits, length)| {
        format!("{}/{length}", Ipv6Addr::from_bits(bits >> (128 - length) << (128 - length)))
    });
    let address = any::<IpAddr>().prop_map(|it| it.to_string());
    parser(around(prop_oneof![four, six, address]), |text| match text.parse::<Network>() {
        Ok(network) => {
            assert_eq!(network.to_string().parse(), Ok(network), "the written form is read as itself");
            let base: IpAddr = text.split('/').next().unwrap().parse().unwrap();
            assert!(network.contains(base));
            true
        }
        Err(_) => false,
    });
}

#[test]
fn settings_files() {
    let name = prop::sample::select(vec!["name", "data", "public_url"]);
    let line = (name, "[a-z]{1,20}").prop_map(|(name, value)| match name {
        "public_url" => format!("public_url = 'https://{value}.example'"),
        _ => format!("{name} = '{value}'"),
    });
    let file = (line, 2..=8_u8).prop_map(|(line, digits)| format!("{line}\n[approval]\ndigits = {digits}\n"));
    parser(around(file), |text| {
        let Ok(source) = Source::toml("gateway.toml", text) else { return false };
        match Config::from_sources(&[source]) {
            Ok(config) => {
                assert!((2..=8).contains(&config.approval.digits));
                true
            }
            Err(ConfigFault::Wrong(wrong)) => {
                assert!(!wrong.is_empty() && wrong.iter().all(|it| !it.remedy.is_empty()));
                false
            }
            Err(other) => panic!("{other:?}"),
        }
    });
}

#[test]
fn settings() {
    for setting in SETTINGS {
        // One half of a certificate is wrong however it is written.
        if setting.name.starts_with("tls.") {
            continue;
        }
        parser(around(good_value(setting.name)), |value| {
            let source = if setting.secret {
                let variable = format!("COUNTERSIGN_{}", setting.name.replace('.', "_").to_uppercase());
                Source::environment([(variable, value.clone())].into_iter())
            } else {
                Source::flags([(setting.name.to_owned(), vec![value.clone()])].into_iter())
            };
            match Config::from_sources(&[source]) {
                Ok(config) => {
                    let approval = &config.approval;
                    assert!((2..=8).contains(&approval.digits) && (1..=5).contains(&approval.tries));
                    assert!((30..=600).contains(&approval.life) && !config.listen.is_empty());
                    assert!((1..=3).contains(&approval.open));
                    assert!([approval.pushes, approval.pushes_alone].iter().all(|it| (1..=10).contains(it)));
                    assert!([approval.wrong_digits, approval.wrong_codes].iter().all(|it| (1..=100).contains(it)));
                    true
                }
                Err(ConfigFault::Wrong(wrong)) => {
                    assert!(!wrong.is_empty() && wrong.iter().all(|it| !it.remedy.is_empty()), "{}", setting.name);
                    assert!(!setting.secret || value.len() < 20 || !format!("{wrong:?}").contains(value.as_str()));
                    false
                }
                Err(other) => panic!("{other:?}"),
            }
        });
    }
}
