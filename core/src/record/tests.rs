use countersign_properties::parser;
use countersign_protocol::Secret;
use countersign_protocol::push::UserVerification;
use proptest::prelude::*;

use super::*;
use crate::properties::damaged;

const NOW: u64 = 1_795_260_000;

/// Metadata of one key (RFC 7515 A.3).
fn trusted() -> Trusted {
    let text = r#"{"iss":"https://gate.example.com/push/v1","iat":1795260000,"exp":1795269999,"epoch":1,"seq":3,
        "keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}],
        "name":"Example","policy":{"digits":6,"uv":"any","attest":"none","level":"software","push":"sealed",
            "totp":true,"offline":false,"move":false}}"#;
    serde_json::from_str(text).unwrap()
}

fn record() -> Record {
    let id = Id::from_bytes([1; 16]);
    let keys =
        Keys { ak: KeyName::new("approve", &id), pk: KeyName::new("prove", &id), uv: UserVerification::Any, more: 0 };
    let u = "https://gate.example.com/push/v1".parse().unwrap();
    Record::new(id, NOW, Target { u, x: NOW + 600, p: None }, keys, trusted())
}

fn enrolled() -> Record {
    let kids = Kids { ak: H32::from_bytes([2; 32]), pk: H32::from_bytes([3; 32]) };
    let wrapped = || Wrapped(vec![1, 2, 3]);
    let enrolled = Enrolled {
        did: Id::from_bytes([4; 16]),
        kids,
        acct: "alice@example.com".to_owned(),
        until: NOW + 600,
        digits: "731846".to_owned(),
        device: DeviceState::Pending,
        seal: wrapped(),
        next_seal: None,
        old_seal: Some(OldSeal { seal: wrapped(), at: NOW }),
        bells: Some(Bells {
            endpoint: Some("https://push.example.com/secret".to_owned()),
            vapid: None,
            told: Told::Told,
        }),
        ok: wrapped(),
        totp: Uri::of(&Secret::from_slice(b"otpauth://totp/a?secret=GEZDGNBV")),
    };
    Record { stage: Stage::Enrolled(Box::new(enrolled)), ..record() }
}

#[test]
fn what_is_written_is_read_again() {
    for record in [record(), enrolled()] {
        let bytes = record.to_bytes().unwrap();
        assert_eq!(Record::from_bytes(&bytes).unwrap().to_bytes().unwrap(), bytes);
    }
}

/// Written records left whole or damaged, as an older version of this program or a broken disk may leave them.
#[test]
fn any_bytes_are_read_or_refused_and_a_third_is_read() {
    let written = (any::<i64>(), any::<u64>(), any::<bool>()).prop_map(|(offset, signed, whole)| {
        let record = if whole { enrolled() } else { record() };
        Record { offset, signed, ..record }.to_bytes().unwrap().to_vec()
    });
    let input = (written, any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8)
        .prop_map(|(bytes, at, change, how)| damaged(bytes, at, change, how));
    parser(input, |bytes| match Record::from_bytes(bytes) {
        Ok(record) => {
            let again = record.to_bytes().unwrap();
            assert_eq!(Record::from_bytes(&again).unwrap().to_bytes().unwrap(), again);
            true
        }
        Err(_) => false,
    });
}

#[test]
fn a_record_of_another_version_is_left_alone() {
    let later = Record { version: VERSION + 1, ..record() };
    assert!(Record::from_bytes(&later.to_bytes().unwrap()).is_err());
    assert!(Record::from_bytes(b"{}").is_err());
}

#[test]
fn debug_shows_neither_digits_nor_seeds() {
    let text = format!("{:?}", enrolled());
    assert!(!text.contains("731846") && !text.contains("GEZDGNBV"), "{text}");
    let bells = enrolled().enrolled().and_then(|enrolled| enrolled.bells.clone());
    assert!(!format!("{bells:?}").contains("push.example.com"));
}

#[test]
fn a_record_of_the_first_release_is_read() {
    let mut old: serde_json::Value = serde_json::from_slice(&enrolled().to_bytes().unwrap()).unwrap();
    for name in ["change", "abandoned", "retired", "clock_doubted", "keys_lost"] {
        old.as_object_mut().unwrap().remove(name);
    }
    old["keys"].as_object_mut().unwrap().remove("more");
    for name in ["next_seal", "old_seal", "bells"] {
        old["stage"]["Enrolled"].as_object_mut().unwrap().remove(name);
    }
    let record = Record::from_bytes(old.to_string().as_bytes()).unwrap();
    assert!(record.change.is_none() && record.keys.more == 0 && record.enrolled().unwrap().bells.is_none());
}

#[test]
fn an_old_receiving_key_is_kept_a_day() {
    let mut record = enrolled();
    let seals = |record: &Record, now| record.enrolled().unwrap().seals(now).count();
    record.tidy(NOW + limits::SEAL_KEPT);
    assert_eq!(seals(&record, NOW + limits::SEAL_KEPT), 2);
    assert_eq!(seals(&record, NOW + limits::SEAL_KEPT + 1), 1);
    record.tidy(NOW + limits::SEAL_KEPT + 1);
    assert!(record.enrolled().unwrap().old_seal.is_none());
}

#[test]
fn a_gateways_time_that_jumps_stays_a_time() {
    let mut record = record();
    for offset in [i64::MIN, -1, 0, 1, i64::MAX] {
        record.offset = offset;
        let there = record.gateway_time(NOW);
        assert!(if offset < 0 { there < NOW } else { there >= NOW }, "{offset}");
    }
    record.offset = 60;
    assert_eq!(record.phone_time(record.gateway_time(NOW)), NOW);
}

#[test]
fn a_waver_of_the_clock_is_not_worth_a_write() {
    let old = enrolled();
    let with = |offset| Record { offset, ..old.clone() };
    assert!(with(2).is_as_good_as(&old) && with(-2).is_as_good_as(&old));
    assert!(!with(3).is_as_good_as(&old));
    assert!(!Record { x: 1, ..old.clone() }.is_as_good_as(&old));
}

#[test]
fn closed_challenges_are_remembered_forty_days_and_so_many() {
    let mut record = record();
    let jti = |n: u64| Id::from_bytes(u128::from(n).to_be_bytes());
    record.closed = (0..5000).map(|n| ClosedId { jti: jti(n), at: NOW }).collect();
    record.tidy(NOW);
    assert_eq!(record.closed.len(), limits::CLOSED_MOST);
    assert!(record.is_closed(jti(4999)) && !record.is_closed(jti(0)), "the oldest go first");
    record.tidy(NOW + limits::CLOSED_KEPT);
    assert!(record.is_closed(jti(4999)));
    record.tidy(NOW + limits::CLOSED_KEPT + 1);
    assert!(record.closed.is_empty());
}

#[test]
fn what_was_noted_while_the_clock_was_ahead_goes_in_its_time() {
    let ten_years = 10 * 365 * limits::DAY;
    let mut record = enrolled();
    let seal = record.enrolled().unwrap().seal.clone();
    record.enrolled_mut().unwrap().old_seal = Some(OldSeal { seal, at: NOW + ten_years });
    record.tidy(NOW);
    assert!(record.enrolled().unwrap().old_seal.is_some());
    record.tidy(NOW + limits::SEAL_KEPT + 1);
    assert!(record.enrolled().unwrap().old_seal.is_none(), "a day, not ten years");
}
