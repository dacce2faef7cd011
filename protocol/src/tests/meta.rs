//! Group `meta`: metadata of one signer, first and later.

use serde_json::{Value, json};

use super::{NOW, No, key, link, sample, trusted, trusted_two_keys};
use crate::jose::{FormError, Refused, Typ};
use crate::push::{Message, Metadata, MetadataReply, check};

const DAY: u64 = 86_400;

fn first(text: &str) -> Result<(), No> {
    check::metadata_first(Message::parse(text)?, &link(), NOW)?;
    Ok(())
}

fn first_with(change: impl FnOnce(&mut Value)) -> Result<(), No> {
    first(&sample("metadata").with(change))
}

/// Later metadata signed by `signer`, and what the device keeps afterwards.
fn next_by(signer: &str, kept: &check::Trusted, change: impl FnOnce(&mut Value)) -> Result<check::Trusted, No> {
    let mut payload = sample("metadata").payload;
    change(&mut payload);
    Ok(check::metadata_next(kept, Message::parse(&key(signer).jws(Typ::Meta, payload))?)?)
}

fn next(change: impl FnOnce(&mut Value)) -> Result<check::Trusted, No> {
    next_by("gk", &trusted(), change)
}

/// Both roads: at enrolment and later.
fn both(reason: Refused, change: impl Fn(&mut Value)) {
    assert_eq!(first_with(&change), Err(No::Fact(reason)));
    assert_eq!(next(&change), Err(No::Fact(reason)));
}

fn form(reason: FormError, change: impl Fn(&mut Value)) {
    assert_eq!(first_with(&change), Err(No::Form(reason)));
    assert_eq!(next(&change), Err(No::Form(reason)));
}

#[test]
fn control() {
    assert_eq!(first(&sample("metadata").text), Ok(()));
    assert_eq!(first(&sample("metadata with everything").text), Ok(()));
    let taken = next(|meta| meta["seq"] = 2.into()).unwrap();
    assert_eq!(taken.metadata().seq, 2);
    assert_eq!(next(|meta| meta["iat"] = (NOW - 5).into()), Err(No::Fact(Refused::Life)));
}

/// The key of the QR is listed, but another one signs.
#[test]
fn meta_lists_k_other_signer() {
    let mut payload = sample("metadata").payload;
    payload["keys"] = json!([key("gk").jwk, key("gk2").jwk]);
    assert_eq!(first(&key("gk2").jws(Typ::Meta, &payload)), Err(No::Fact(Refused::Key)));
    let header = key("gk").header(Typ::Meta);
    let forged = key("gk2").compact(header.as_bytes(), payload.to_string().as_bytes());
    assert_eq!(first(&forged), Err(No::Fact(Refused::Signature)));
}

#[test]
fn meta_signer_unlisted() {
    both(Refused::Key, |meta| meta["keys"] = json!([key("gk2").jwk]));
    let kept = trusted_two_keys();
    let unlisted = next_by("gk2", &kept, |meta| meta["seq"] = 2.into());
    assert_eq!(unlisted, Err(No::Fact(Refused::Key)), "kept, but not among the new ones");
}

#[test]
fn meta_other_iss() {
    both(Refused::Issuer, |meta| meta["iss"] = "https://gate.example.com/push/v2".into());
}

#[test]
fn meta_life_15d() {
    both(Refused::Life, |meta| meta["exp"] = (NOW + 15 * DAY).into());
    both(Refused::Life, |meta| meta["exp"] = (NOW + 14 * DAY + 1).into());
}

#[test]
fn meta_exp_before_iat() {
    both(Refused::Life, |meta| meta["exp"] = (NOW - 1).into());
    both(Refused::Life, |meta| meta["exp"] = NOW.into());
}

#[test]
fn meta_expired_at_enrolment() {
    let message = || Message::<Metadata>::parse(&sample("metadata").text).unwrap();
    let end = NOW + 14 * DAY;
    assert!(check::metadata_first(message(), &link(), end + DAY).is_ok(), "a day of grace");
    assert_eq!(check::metadata_first(message(), &link(), end + DAY + 1), Err(Refused::Expired));
}

#[test]
fn meta_keys_0() {
    form(FormError::Range, |meta| meta["keys"] = json!([]));
}

#[test]
fn meta_keys_4() {
    form(FormError::Range, |meta| meta["keys"] = ["gk", "gk2", "gk3", "gk4"].map(|name| json!(key(name).jwk)).into());
    assert!(
        next(|meta| {
            meta["keys"] = json!([key("gk").jwk, key("gk2").jwk, key("gk3").jwk]);
            meta["seq"] = 2.into();
        })
        .is_ok()
    );
}

#[test]
fn meta_keys_double() {
    form(FormError::EntryTwice, |meta| meta["keys"] = json!([key("gk").jwk, key("gk").jwk]));
}

#[test]
fn meta_pins() {
    let pin = |n: u8| super::H32::from_bytes([n; 32]);
    form(FormError::Range, |meta| meta["pins"] = json!([]));
    form(FormError::EntryTwice, |meta| meta["pins"] = json!([pin(1), pin(1)]));
    form(FormError::Range, |meta| meta["pins"] = json!([pin(1), pin(2), pin(3), pin(4), pin(5)]));
    let four = next(|meta| {
        meta["pins"] = json!([pin(1), pin(2), pin(3), pin(4)]);
        meta["seq"] = 2.into();
    });
    assert!(four.is_ok());
}

#[test]
fn seq_lower() {
    let kept = next(|meta| meta["seq"] = 5.into()).unwrap();
    let lower = next_by("gk", &kept, |meta| meta["seq"] = 4.into());
    assert_eq!(lower, Err(No::Fact(Refused::Sequence)));
}

/// At an equal `seq` the later `exp` stays.
#[test]
fn seq_equal() {
    let kept = next(|meta| {
        meta["exp"] = (NOW + DAY).into();
        meta["seq"] = 5.into();
    })
    .unwrap();
    let signed_again = |exp: u64, name: &str| {
        next_by("gk", &kept, |meta| {
            meta["seq"] = 5.into();
            meta["exp"] = exp.into();
            meta["name"] = name.into();
        })
    };
    assert_eq!(signed_again(NOW + 2 * DAY, "later").unwrap().metadata().name.as_str(), "later");
    assert_eq!(signed_again(NOW + DAY, "same"), Ok(kept.clone()));
    assert_eq!(signed_again(NOW + 60, "earlier"), Ok(kept.clone()));
}

#[test]
fn epoch_lower() {
    assert_eq!(next(|meta| meta["epoch"] = 0.into()), Err(No::Fact(Refused::Epoch)));
}

#[test]
fn epoch_up_by_gk() {
    assert_eq!(next(|meta| meta["epoch"] = 2.into()), Err(No::Fact(Refused::Epoch)));
}

fn with_gr() -> check::Trusted {
    let text = sample("metadata").with(|meta| meta["gr"] = key("gr").kid().to_string().into());
    check::metadata_first(Message::parse(&text).unwrap(), &link(), NOW).unwrap()
}

#[test]
fn gr_changed_by_gk() {
    let changed = next_by("gk", &with_gr(), |meta| {
        meta["gr"] = key("gr2").kid().to_string().into();
        meta["seq"] = 2.into();
    });
    assert_eq!(changed, Err(No::Fact(Refused::RecoveryKey)));
}

#[test]
fn gr_added_by_gk() {
    let added = next(|meta| {
        meta["gr"] = key("gr").kid().to_string().into();
        meta["seq"] = 2.into();
    });
    assert_eq!(added, Err(No::Fact(Refused::RecoveryKey)));
}

#[test]
fn gr_dropped_by_gk() {
    assert_eq!(next_by("gk", &with_gr(), |meta| meta["seq"] = 2.into()), Err(No::Fact(Refused::RecoveryKey)));
}

/// The recovery key is none of the keys: here it signs nothing.
#[test]
fn same_epoch_by_gr() {
    let by_gr = next_by("gr", &with_gr(), |meta| {
        meta["gr"] = key("gr").kid().to_string().into();
        meta["grk"] = json!(key("gr").jwk);
        meta["seq"] = 2.into();
    });
    assert_eq!(by_gr, Err(No::Fact(Refused::Key)));
}

#[test]
fn roll_back() {
    let old = sample("metadata").text;
    let kept = next(|meta| meta["seq"] = 2.into()).unwrap();
    assert_eq!(check::metadata_next(&kept, Message::parse(&old).unwrap()), Err(Refused::Sequence));
}

#[test]
fn rotation_ends_the_old_key() {
    let kept = trusted_two_keys();
    let rotated = next_by("gk2", &kept, |meta| {
        meta["keys"] = json!([key("gk2").jwk]);
        meta["seq"] = 2.into();
    })
    .unwrap();
    assert_eq!(rotated.key(key("gk").kid()).err(), Some(Refused::Key));
    assert_eq!(rotated.key(key("gk2").kid()), Ok(&key("gk2").jwk));
}

#[test]
fn kept_metadata_survives_storage() {
    let kept = trusted_two_keys();
    let stored = serde_json::to_vec(&kept).unwrap();
    assert_eq!(crate::json::parse::<check::Trusted>(&stored), Ok(kept));
}

fn reply(links: usize, recovery: usize) -> Result<MetadataReply, FormError> {
    let text = sample("metadata").text;
    let link = json!({"iss": super::base_url(), "iat": NOW, "from": key("gk").kid(), "to": key("gk2").jwk});
    let link = key("gk").jws(Typ::Link, link);
    let reply = json!({"meta": text, "links": vec![link; links], "recovery": vec![&text; recovery]});
    crate::json::parse(reply.to_string().as_bytes())
}

#[test]
fn links_21() {
    assert!(reply(20, 0).is_ok());
    assert_eq!(reply(21, 0), Err(FormError::Range));
}

#[test]
fn recovery_11() {
    assert!(reply(0, 10).is_ok());
    assert_eq!(reply(0, 11), Err(FormError::Range));
}

#[test]
fn reply_needs_all_its_members() {
    let whole = serde_json::to_value(reply(0, 0).unwrap()).unwrap();
    for name in ["meta", "links", "recovery"] {
        let mut without = whole.clone();
        super::drop_member(&mut without, &format!("/{name}"));
        let read = crate::json::parse::<MetadataReply>(without.to_string().as_bytes());
        assert_eq!(read, Err(FormError::Missing), "{name}");
    }
}
