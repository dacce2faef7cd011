//! Attestation by Android hardware, against chains of makers that these tests made up.

use countersign_gateway::attest::{Attestations, Stated, WhyNot};
use countersign_gateway::config::Config;
use countersign_gateway::file::Unfit;
use countersign_gateway::limits;
use countersign_protocol::jose::H32;
use countersign_protocol::push::{Attest, KeyClass, Level, UserVerification};
use countersign_tests::attested::{Above, Maker, Says, flag, number, purposes};
use countersign_tests::raw_phone::Key;

const NOW: u64 = 1_795_260_000;
const AC: H32 = H32::from_bytes([7; 32]);
const TEE: u8 = 1;
const STRONGBOX: u8 = 2;
/// A fingerprint alone, or a fingerprint and the device's PIN.
const BIO: u8 = 2;
const BIO_OR_PIN: u8 = 3;

fn config(maker: &Maker) -> Config {
    let mut config = Config::local("unused");
    config.attest.android_roots = Some(maker.roots());
    config
}

/// What comes of a chain for the approval key of a phone that states this.
fn stated(maker: &Maker, chain: &[Vec<u8>], level: Level, uv: UserVerification) -> Result<Level, WhyNot> {
    let key = Key::named("ak").jwk();
    let attestations = Attestations::open(&config(maker)).unwrap();
    let stated = Stated { key: &key, class: KeyClass::Ak, level, uv };
    attestations.android_key(chain, &stated, &AC, NOW).map(|proven| proven.level)
}

fn as_tee(maker: &Maker, chain: &[Vec<u8>]) -> Result<Level, WhyNot> {
    stated(maker, chain, Level::Tee, UserVerification::Any)
}

fn good() -> Says {
    Says::key(TEE, AC.as_bytes(), Some(BIO_OR_PIN))
}

fn says(says: &Says) -> Result<Level, WhyNot> {
    let maker = Maker::default();
    as_tee(&maker, &maker.chain(&Key::named("ak").jwk(), says))
}

#[test]
fn a_key_is_where_the_hardware_says() {
    let maker = Maker::default();
    let key = Key::named("ak").jwk();
    let (tee, strongbox, software) = (Level::Tee, Level::Strongbox, Level::Software);
    for (hardware, states, expected) in [
        (0, software, Ok(software)),
        (0, tee, Err(WhyNot::Level)),
        (0, strongbox, Err(WhyNot::Level)),
        (TEE, software, Ok(tee)),
        (TEE, tee, Ok(tee)),
        (TEE, strongbox, Err(WhyNot::Level)),
        (STRONGBOX, tee, Ok(strongbox)),
        (STRONGBOX, strongbox, Ok(strongbox)),
        (STRONGBOX, Level::Enclave, Err(WhyNot::Level)),
    ] {
        let chain = maker.chain(&key, &Says::key(hardware, AC.as_bytes(), Some(BIO_OR_PIN)));
        assert_eq!(stated(&maker, &chain, states, UserVerification::Any), expected, "{hardware} {states}");
    }
}

#[test]
fn the_worse_of_attester_and_keeper_counts() {
    for (attester, keeper) in [(TEE, 0), (0, TEE)] {
        assert_eq!(says(&Says { attester, keeper, ..good() }), Err(WhyNot::Level), "{attester} {keeper}");
    }
}

#[test]
fn rules_that_software_keeps_are_none_of_a_key_in_hardware() {
    let software = Says::key(0, AC.as_bytes(), Some(BIO_OR_PIN));
    assert_eq!(says(&Says { attester: TEE, keeper: TEE, ..software }), Err(WhyNot::Purpose));
}

#[test]
fn another_challenge_or_key_is_refused() {
    for challenge in [&[8; 32][..], &[7; 31], &[]] {
        assert_eq!(says(&Says { challenge: challenge.to_vec(), ..good() }), Err(WhyNot::Challenge));
    }
    let maker = Maker::default();
    assert_eq!(as_tee(&maker, &maker.chain(&Key::named("evil").jwk(), &good())), Err(WhyNot::Key));
}

#[test]
fn the_approval_key_asks_each_time_and_as_stated() {
    let with = |rules: &[Vec<u8>], software: &[Vec<u8>]| {
        let mut hardware = vec![purposes(&[2]), number(702, 0)];
        hardware.extend(rules.iter().cloned());
        says(&Says { hardware, software: software.to_vec(), ..good() })
    };
    let user = number(504, BIO_OR_PIN);
    assert_eq!(with(std::slice::from_ref(&user), &[]), Ok(Level::Tee));
    assert_eq!(with(&[], &[]), Err(WhyNot::User), "no word about the person");
    assert_eq!(with(&[number(504, 0)], &[]), Err(WhyNot::User));
    assert_eq!(with(&[], std::slice::from_ref(&user)), Err(WhyNot::User), "said by software alone");
    for lax in [flag(503), number(505, 30), number(505, 0), flag(506)] {
        assert_eq!(with(&[user.clone(), lax.clone()], &[]), Err(WhyNot::User), "{lax:?}");
        assert_eq!(with(std::slice::from_ref(&user), std::slice::from_ref(&lax)), Err(WhyNot::User), "{lax:?}");
    }
    let maker = Maker::default();
    for (user, uv, expected) in [
        (BIO, UserVerification::Bio, Ok(Level::Tee)),
        (BIO, UserVerification::Any, Ok(Level::Tee)),
        (BIO_OR_PIN, UserVerification::Bio, Err(WhyNot::User)),
        (1, UserVerification::Any, Ok(Level::Tee)),
        (1, UserVerification::Bio, Err(WhyNot::User)),
    ] {
        let chain = maker.chain(&Key::named("ak").jwk(), &Says::key(TEE, AC.as_bytes(), Some(user)));
        assert_eq!(stated(&maker, &chain, Level::Tee, uv), expected, "{user} {uv}");
    }
}

#[test]
fn the_proof_key_need_not_ask() {
    let (maker, key) = (Maker::default(), Key::named("pk").jwk());
    let chain = maker.chain(&key, &Says::key(TEE, AC.as_bytes(), None));
    let attestations = Attestations::open(&config(&maker)).unwrap();
    let stated = |class| Stated { key: &key, class, level: Level::Tee, uv: UserVerification::Any };
    assert!(attestations.android_key(&chain, &stated(KeyClass::Pk), &AC, NOW).is_ok());
    assert_eq!(attestations.android_key(&chain, &stated(KeyClass::Ak), &AC, NOW), Err(WhyNot::User));
}

#[test]
fn a_key_that_does_more_or_came_from_outside_is_refused() {
    let with = |purposes: Vec<u8>, origin: &[Vec<u8>]| {
        let mut hardware = vec![purposes, number(504, BIO_OR_PIN)];
        hardware.extend(origin.iter().cloned());
        says(&Says { hardware, ..good() })
    };
    let made = [number(702, 0)];
    assert_eq!(with(purposes(&[2, 3]), &made), Ok(Level::Tee));
    for more in [&[2, 7][..], &[7], &[2, 0], &[3], &[]] {
        assert_eq!(with(purposes(more), &made), Err(WhyNot::Purpose), "{more:?}");
    }
    assert_eq!(with(purposes(&[2]), &[]), Err(WhyNot::Origin));
    assert_eq!(with(purposes(&[2]), &[number(702, 2)]), Err(WhyNot::Origin), "imported");
}

#[test]
fn a_description_has_one_reading() {
    let (maker, key) = (Maker::default(), Key::named("ak").jwk());
    let der = good().der();
    assert_eq!(as_tee(&maker, &maker.chain_of(&key, Some(der.clone()))), Ok(Level::Tee));
    assert_eq!(as_tee(&maker, &maker.chain_of(&key, None)), Err(WhyNot::Description));
    let twice = Says { hardware: [good().hardware, vec![number(702, 0)]].concat(), ..good() };
    assert_eq!(says(&twice), Err(WhyNot::Description), "a tag twice");
    let longer = [&der[..], &[5, 0]].concat();
    assert_eq!(as_tee(&maker, &maker.chain_of(&key, Some(longer))), Err(WhyNot::Description), "something behind it");
    for at in 0..der.len() {
        assert!(as_tee(&maker, &maker.chain_of(&key, Some(der[..at].to_vec()))).is_err(), "cut at {at}");
    }
    let unordered = Says { hardware: good().hardware.into_iter().rev().collect(), ..good() };
    assert_eq!(says(&unordered), Ok(Level::Tee), "some hardware writes tags in another order");
}

#[test]
fn each_changed_byte_of_a_chain_is_refused_or_says_the_same() {
    let (maker, key) = (Maker::default(), Key::named("ak").jwk());
    let chain = maker.chain(&key, &good());
    for link in 0..2 {
        for at in (0..chain[link].len()).step_by(3) {
            let mut changed = chain.clone();
            changed[link][at] ^= 0x11;
            assert!(as_tee(&maker, &changed).is_err(), "certificate {link}, byte {at}");
        }
    }
}

#[test]
fn a_chain_leads_to_a_configured_root() {
    let (maker, stranger, key) = (Maker::default(), Maker::default(), Key::named("ak").jwk());
    let chain = maker.chain(&key, &good());
    assert_eq!(as_tee(&maker, &chain), Ok(Level::Tee));
    assert_eq!(as_tee(&maker, &chain[..2]), Ok(Level::Tee), "the root itself may be left out");
    assert_eq!(as_tee(&stranger, &chain), Err(WhyNot::Root), "a maker of the same name with another key");
    assert_eq!(as_tee(&maker, &chain[..1]), Err(WhyNot::Root), "a gap");
    assert_eq!(as_tee(&maker, &[]), Err(WhyNot::Certificate));
    let foreign_middle = [chain[0].clone(), stranger.chain(&key, &good())[1].clone(), chain[2].clone()];
    assert!(as_tee(&maker, &foreign_middle).is_err());
    let swapped = [chain[1].clone(), chain[0].clone(), chain[2].clone()];
    assert_eq!(as_tee(&maker, &swapped), Err(WhyNot::Signature));
    let renewed = [&chain[..2], &[maker.expired_root()]].concat();
    assert_eq!(as_tee(&maker, &renewed), Ok(Level::Tee), "a root counts by its key, whatever dates it bears");
    let mut config = Config::local("unused");
    config.policy.attest = Attest::Want;
    let none = Attestations::open(&config).unwrap();
    let stated = Stated { key: &key, class: KeyClass::Ak, level: Level::Tee, uv: UserVerification::Any };
    assert_eq!(none.android_key(&chain, &stated, &AC, NOW), Err(WhyNot::Root), "without roots nothing is right");
}

#[test]
fn nine_certificates_are_too_many() {
    let (maker, key) = (Maker::default(), Key::named("ak").jwk());
    let chain = maker.chain(&key, &good());
    let long: Vec<Vec<u8>> = chain.iter().cycle().take(9).cloned().collect();
    assert_eq!(as_tee(&maker, &long), Err(WhyNot::Certificate));
    let huge = [vec![chain[0].clone(), vec![0x30; 16 * 1024 + 1]], chain[1..].to_vec()].concat();
    assert_eq!(as_tee(&maker, &huge), Err(WhyNot::Certificate));
}

#[test]
fn an_attested_key_signs_for_no_other() {
    let (maker, key) = (Maker::default(), Key::named("ak").jwk());
    assert_eq!(as_tee(&maker, &maker.chain_of_an_attested_key(&key, &good(), true)), Err(WhyNot::Depth));
    assert_eq!(as_tee(&maker, &maker.chain_of_an_attested_key(&key, &good(), false)), Err(WhyNot::Authority));
}

#[test]
fn certificates_are_valid_now_and_may_sign() {
    let key = Key::named("ak").jwk();
    for (above, expected) in [
        (Above { years: (2020, 2026), ..Above::default() }, Err(WhyNot::Time)),
        (Above { years: (2027, 2040), ..Above::default() }, Err(WhyNot::Time)),
        (Above { is_authority: false, ..Above::default() }, Err(WhyNot::Authority)),
        (Above::default(), Ok(Level::Tee)),
    ] {
        let maker = Maker::with(&above);
        assert_eq!(as_tee(&maker, &maker.chain(&key, &good())), expected, "{above:?}");
    }
}

#[test]
fn a_certificate_that_was_called_back_proves_nothing() {
    let (maker, key) = (Maker::default(), Key::named("ak").jwk());
    let chain = maker.chain(&key, &good());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("status.json");
    let with = |list: &str| {
        std::fs::write(&path, list).unwrap();
        let mut config = config(&maker);
        config.attest.android_revoked = Some(path.clone());
        let attestations = Attestations::open(&config).map_err(|fault| fault.why)?;
        let stated = Stated { key: &key, class: KeyClass::Ak, level: Level::Tee, uv: UserVerification::Any };
        Ok::<_, Unfit>(attestations.android_key(&chain, &stated, &AC, NOW).map(|proven| proven.level))
    };
    for status in ["REVOKED", "SUSPENDED"] {
        let list = format!(r#"{{"entries":{{"c0ffee":{{"status":"{status}","reason":"KEY_COMPROMISE"}}}}}}"#);
        assert_eq!(with(&list), Ok(Err(WhyNot::Revoked)));
    }
    assert_eq!(with(r#"{"entries":{"c0ffe":{"status":"REVOKED"}}}"#), Ok(Ok(Level::Tee)));
    assert!(with("{").is_err() && with(r#"{"entries":{"1":{"status":"FINE"}}}"#).is_err());
}

#[test]
fn the_list_of_what_was_called_back_has_a_largest_size() {
    let (maker, folder) = (Maker::default(), tempfile::tempdir().unwrap());
    let path = folder.path().join("status.json");
    let most = usize::try_from(limits::REVOKED_BYTES).unwrap();
    for (length, taken) in [(most - 1, true), (most, true), (most + 1, false)] {
        let mut list = br#"{"entries":{}}"#.to_vec();
        list.resize(length, b' ');
        std::fs::write(&path, list).unwrap();
        let mut config = config(&maker);
        config.attest.android_revoked = Some(path.clone());
        let why = Attestations::open(&config).err().map(|fault| fault.why);
        assert_eq!(why, (!taken).then_some(Unfit::Large(limits::REVOKED_BYTES)), "{length}");
    }
}

#[test]
fn the_files_are_read_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::local("unused");
    for (name, content) in [("absent.pem", None), ("empty.pem", Some("")), ("text.pem", Some("no certificate"))] {
        let path = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        config.attest.android_roots = Some(path);
        assert!(Attestations::open(&config).is_err_and(|fault| fault.path.ends_with(name)), "{name}");
    }
}
