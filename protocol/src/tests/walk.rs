//! Group `meta`, the steps between: links of rotation, recovery, and what a walk leads to.

use serde_json::{Value, json};

use super::{NOW, base_url, id, key, link, sample};
use crate::jose::{FormError, H32, Refused, Typ};
use crate::push::check::{self, Trusted};
use crate::push::walk::{Walk, walk};
use crate::push::{Message, MetadataReply};

const DAY: u64 = 86_400;

/// What the published walks start from: the published metadata with a recovery key, taken at enrolment.
pub(super) fn kept() -> Trusted {
    check::metadata_first(Message::parse(&sample("metadata with gr").text).unwrap(), &link(), NOW).unwrap()
}

/// An answer of texts.
fn reply(meta: &str, links: &[String], recovery: &[String]) -> Result<MetadataReply, FormError> {
    crate::json::parse(json!({"meta": meta, "links": links, "recovery": recovery}).to_string().as_bytes())
}

fn walked(kept: &Trusted, meta: &str, links: &[String], recovery: &[String]) -> Walk {
    walk(kept, reply(meta, links, recovery).unwrap())
}

fn text(name: &str) -> String {
    sample(name).text
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| text(name)).collect()
}

/// The published message, changed, signed by another key.
pub(super) fn by(signer: &str, name: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut payload = sample(name).payload;
    change(&mut payload);
    key(signer).jws(sample(name).typ, payload)
}

/// The rest is refused for that reason; what is kept is what it was.
fn refused(reason: Refused, meta: &str, links: &[String], recovery: &[String]) {
    let walk = walked(&kept(), meta, links, recovery);
    assert_eq!(walk.rest, Err(reason));
    assert_eq!((walk.steps, walk.trusted), (0, kept()));
}

const LINKS: [&str; 3] = ["link", "link, the second", "link, the third"];

#[test]
fn one_link() {
    let walk = walked(&kept(), &text("metadata after one link"), &texts(&LINKS[..1]), &[]);
    assert_eq!((walk.rest, walk.steps), (Ok(()), 0));
    assert!(walk.trusted.key(key("gk2").kid()).is_ok());
    assert_eq!(walk.trusted.key(key("gk").kid()).err(), Some(Refused::Key), "the old key is gone");
}

#[test]
fn three_links_bridge_skipped_rotations() {
    let walk = walked(&kept(), &text("metadata after three links"), &texts(&LINKS), &[]);
    assert_eq!(walk.rest, Ok(()));
    assert_eq!(walk.trusted.metadata().keys.to_vec(), [key("gk4").jwk]);
    assert_eq!(walk.trusted.metadata().seq, 4);
}

#[test]
fn twenty_links() {
    let names = ["gk", "gk2", "gk3", "gk4"];
    let links: Vec<String> = (0..20)
        .map(|at| {
            let (from, to) = (key(names[at % 4]), key(names[(at + 1) % 4]));
            from.jws(Typ::Link, json!({"iss": base_url(), "iat": NOW, "from": from.kid(), "to": to.jwk}))
        })
        .collect();
    let walk = walked(&kept(), &text("metadata after three links"), &links, &[]);
    assert_eq!(walk.rest, Ok(()));
}

#[test]
fn link_foreign() {
    let foreign = by("evil", "link", |link| link["from"] = key("evil").kid().to_string().into());
    refused(Refused::Key, &text("metadata after one link"), &[foreign], &[]);
    // Under a kid that is known, by another key.
    let header = key("gk").header(Typ::Link);
    let forged = key("evil").compact(header.as_bytes(), sample("link").payload_text.as_bytes());
    refused(Refused::Signature, &text("metadata after one link"), &[forged], &[]);
}

#[test]
fn link_from_mismatch() {
    refused(Refused::Signer, &text("metadata after one link"), &[by("gk2", "link", |_| {})], &[]);
    refused(Refused::Signer, &text("metadata after one link"), &[by("evil", "link", |_| {})], &[]);
}

#[test]
fn link_other_iss() {
    let other = by("gk", "link", |link| link["iss"] = "https://gate.example.org/push/v1".into());
    refused(Refused::Issuer, &text("metadata after one link"), &[other], &[]);
}

#[test]
fn links_gap() {
    refused(Refused::Key, &text("metadata after three links"), &texts(&[LINKS[0], LINKS[2]]), &[]);
}

#[test]
fn links_wrong_order() {
    refused(Refused::Key, &text("metadata after three links"), &texts(&[LINKS[2], LINKS[1], LINKS[0]]), &[]);
}

/// A key that was removed reaches nothing any more.
#[test]
fn link_by_removed_key() {
    let rotated = walked(&kept(), &text("metadata after one link"), &texts(&LINKS[..1]), &[]).trusted;
    let evil = by("gk", "link", |link| link["to"] = json!(key("evil").jwk));
    let meta = by("evil", "metadata after one link", |meta| {
        meta["keys"] = json!([key("evil").jwk]);
        meta["seq"] = 3.into();
    });
    let walk = walked(&rotated, &meta, &[evil], &[]);
    assert_eq!((walk.rest, walk.trusted), (Err(Refused::Key), rotated));
}

#[test]
fn link_unreached_skipped() {
    let rotated = walked(&kept(), &text("metadata after one link"), &texts(&LINKS[..1]), &[]).trusted;
    let walk = walked(&rotated, &text("metadata after three links"), &texts(&LINKS), &[]);
    assert_eq!(walk.rest, Ok(()), "the first link is behind this phone");
}

/// One member that is malformed refuses the whole answer before anything is looked at.
#[test]
fn one_malformed_part_refuses_all() {
    let good = (text("metadata after one link"), texts(&LINKS[..1]), texts(&["recovery"]));
    assert!(reply(&good.0, &good.1, &good.2).is_ok());
    assert!(reply(&good.0, &[text("result approved")], &[]).is_err());
    assert!(reply(&good.0, &good.1, &["a.b.c".to_owned()]).is_err());
    assert!(reply(&good.0, &good.1, &texts(&["link"])).is_err(), "a link is no metadata");
    assert!(reply(&text("link"), &[], &[]).is_err());
}

#[test]
fn one_recovery() {
    let walk = walked(&kept(), &text("metadata after one recovery"), &[], &texts(&["recovery"]));
    assert_eq!((walk.rest, walk.steps), (Ok(()), 1));
    let metadata = walk.trusted.metadata();
    assert_eq!((metadata.epoch, metadata.gr), (2, Some(key("gr2").kid())));
    assert_eq!(metadata.keys.to_vec(), [key("gk2").jwk]);
}

#[test]
fn two_recoveries() {
    let both = texts(&["recovery", "recovery, the second"]);
    let walk = walked(&kept(), &text("metadata after two recoveries"), &[], &both);
    assert_eq!((walk.rest, walk.steps, walk.trusted.metadata().epoch), (Ok(()), 2, 3));
}

/// Links are of this epoch alone: after a recovery they start from its keys.
#[test]
fn links_after_a_recovery() {
    let meta = by("gk3", "metadata after one recovery", |meta| {
        meta["keys"] = json!([key("gk3").jwk]);
        meta["seq"] = 2.into();
    });
    let walk = walked(&kept(), &meta, &texts(&[LINKS[1]]), &texts(&["recovery"]));
    assert_eq!(walk.rest, Ok(()));
    let stale = walked(&kept(), &meta, &texts(&[LINKS[0]]), &texts(&["recovery"]));
    assert_eq!(stale.rest, Err(Refused::Key), "the thief's key reaches nothing");
}

/// What a step sets, it sets for good: keys, epoch, seq and gr, and nothing else.
#[test]
fn steps_stay_when_the_rest_is_refused() {
    let walk = walked(&kept(), &text("metadata after two recoveries"), &[], &texts(&["recovery"]));
    assert_eq!((walk.rest, walk.steps), (Err(Refused::Key), 1));
    let (now, before) = (walk.trusted.metadata(), kept());
    assert_eq!((now.epoch, now.seq, now.gr), (2, 1, Some(key("gr2").kid())));
    assert_eq!(now.keys.to_vec(), [key("gk2").jwk]);
    let before = before.metadata();
    assert_eq!((now.exp, &now.name, &now.policy, &now.pins), (before.exp, &before.name, &before.policy, &before.pins));
    assert!(walk.trusted.is_stepped() && check::wants_refresh(&walk.trusted, NOW, 0));

    // It survives storage, and the next walk goes on from there.
    let stored = serde_json::to_vec(&walk.trusted).unwrap();
    let kept: Trusted = crate::json::parse(&stored).unwrap();
    assert_eq!(kept, walk.trusted);
    let next =
        walked(&kept, &text("metadata after two recoveries"), &[], &texts(&["recovery", "recovery, the second"]));
    assert_eq!((next.rest, next.steps, next.trusted.is_stepped()), (Ok(()), 1, false));
}

/// After a step the first metadata is taken whatever its `exp`; later ones at this `seq` need a later one.
#[test]
fn the_first_after_a_step_counts_whatever_its_exp() {
    let sooner = by("gk2", "metadata after one recovery", |meta| meta["exp"] = (NOW + DAY).into());
    let walk = walked(&kept(), &sooner, &[], &texts(&["recovery"]));
    assert_eq!((walk.rest, walk.trusted.metadata().exp), (Ok(()), NOW + DAY));
    let again = by("gk2", "metadata after one recovery", |meta| meta["exp"] = (NOW + DAY - 1).into());
    assert_eq!(walked(&walk.trusted, &again, &[], &[]).trusted.metadata().exp, NOW + DAY);
}

#[test]
fn gr_without_grk() {
    let without = by("gr", "recovery", |meta| super::drop_member(meta, "/grk"));
    refused(Refused::Signer, &text("metadata after one recovery"), &[], &[without]);
}

#[test]
fn grk_lies() {
    let lies = by("gr", "recovery", |meta| meta["grk"] = json!(key("gr2").jwk));
    refused(Refused::Signer, &text("metadata after one recovery"), &[], &[lies]);
    // By the thief's own key, under the kid of gr.
    let header = key("gr").header(Typ::Meta);
    let mut payload = sample("recovery").payload;
    let forged = key("evil").compact(header.as_bytes(), payload.to_string().as_bytes());
    refused(Refused::Signature, &text("metadata after one recovery"), &[], &[forged]);
    payload["grk"] = json!(key("evil").jwk);
    let forged = key("evil").compact(header.as_bytes(), payload.to_string().as_bytes());
    refused(Refused::Signer, &text("metadata after one recovery"), &[], &[forged]);
}

#[test]
fn recovery_without_gr() {
    let last = by("gr", "recovery", |meta| super::drop_member(meta, "/gr"));
    refused(Refused::NoRecoveryKey, &text("metadata after one recovery"), &[], &[last]);
    // And a phone that keeps none takes no step at all.
    let first = Message::parse(&text("metadata")).unwrap();
    let none = check::metadata_first(first, &link(), NOW).unwrap();
    let walk = walked(&none, &text("metadata after one recovery"), &[], &texts(&["recovery"]));
    assert_eq!((walk.rest, walk.steps, walk.trusted), (Err(Refused::Key), 0, none));
}

#[test]
fn recovery_foreign() {
    let foreign = by("evil", "recovery", |meta| meta["grk"] = json!(key("evil").jwk));
    refused(Refused::Key, &text("metadata after one recovery"), &[], &[foreign]);
    refused(Refused::Key, &text("metadata after one recovery"), &[], &texts(&["metadata after one recovery"]));
    let other = by("gr", "recovery", |meta| meta["iss"] = "https://gate.example.org/push/v1".into());
    refused(Refused::Issuer, &text("metadata after one recovery"), &[], &[other]);
}

/// The second is skipped where it stands, so the metadata after it is not reached; the first stays.
#[test]
fn recovery_wrong_order() {
    let turned = texts(&["recovery, the second", "recovery"]);
    let walk = walked(&kept(), &text("metadata after two recoveries"), &[], &turned);
    assert_eq!((walk.rest, walk.steps, walk.trusted.metadata().epoch), (Err(Refused::Key), 1, 2));
}

#[test]
fn same_epoch_by_gr() {
    let same = by("gr", "recovery", |meta| meta["epoch"] = 1.into());
    refused(Refused::Key, &same, &[], std::slice::from_ref(&same));
}

/// `grk` counts in steps of recovery alone.
#[test]
fn grk_elsewhere_is_ignored() {
    let meta = by("gk2", "metadata after one link", |meta| meta["grk"] = json!(key("evil").jwk));
    assert_eq!(walked(&kept(), &meta, &texts(&LINKS[..1]), &[]).rest, Ok(()));
}

#[test]
fn recovery_old_skipped() {
    let recovered = walked(&kept(), &text("metadata after one recovery"), &[], &texts(&["recovery"])).trusted;
    let both = texts(&["recovery", "recovery, the second"]);
    let walk = walked(&recovered, &text("metadata after two recoveries"), &[], &both);
    assert_eq!((walk.rest, walk.steps), (Ok(()), 1), "the first is behind this phone");
    let damaged = by("gr", "recovery", |meta| super::drop_member(meta, "/grk"));
    let walk = walked(&recovered, &text("metadata after one recovery"), &[], &[damaged]);
    assert_eq!((walk.rest, walk.steps), (Ok(()), 0), "what is skipped is not looked at");
}

/// A thief of `gk` raises `seq` as far as it goes; the recovery goes past him, with a lower one.
#[test]
fn thief_huge_seq_then_recovery() {
    let most = crate::limits::JSON_NUMBER;
    let huge = by("gk", "metadata with gr", |meta| meta["seq"] = most.into());
    let robbed = walked(&kept(), &huge, &[], &[]).trusted;
    assert_eq!(robbed.metadata().seq, most);
    let walk = walked(&robbed, &text("metadata after one recovery"), &[], &texts(&["recovery"]));
    assert_eq!((walk.rest, walk.trusted.metadata().seq), (Ok(()), 1));
    let back = walked(&walk.trusted, &huge, &[], &[]);
    assert_eq!(back.rest, Err(Refused::Key), "and he does not come back");
}

#[test]
fn roll_back() {
    let rotated = walked(&kept(), &text("metadata after one link"), &texts(&LINKS[..1]), &[]).trusted;
    let old = walked(&rotated, &text("metadata with gr"), &[], &[]);
    assert_eq!((old.rest, old.trusted), (Err(Refused::Key), rotated.clone()));
    let older = by("gk2", "metadata after one link", |meta| meta["seq"] = 1.into());
    assert_eq!(walked(&rotated, &older, &[], &[]).rest, Err(Refused::Sequence));
    let recovered = walked(&kept(), &text("metadata after one recovery"), &[], &texts(&["recovery"])).trusted;
    assert_eq!(walked(&recovered, &text("metadata after one link"), &[], &[]).rest, Err(Refused::Epoch));
}

/// The rules of the metadata itself hold at the end of a walk as without one.
#[test]
fn the_end_of_a_walk_obeys_the_rules() {
    let end = |change: fn(&mut Value)| {
        walked(&kept(), &by("gk2", "metadata after one link", change), &texts(&LINKS[..1]), &[]).rest
    };
    assert_eq!(end(|_| {}), Ok(()));
    assert_eq!(end(|meta| meta["keys"] = json!([key("gk3").jwk])), Err(Refused::Key), "signer not among its own");
    assert_eq!(end(|meta| meta["iss"] = "https://gate.example.org/push/v1".into()), Err(Refused::Issuer));
    assert_eq!(end(|meta| meta["exp"] = (NOW + 15 * DAY).into()), Err(Refused::Life));
    assert_eq!(end(|meta| meta["epoch"] = 2.into()), Err(Refused::Epoch));
    assert_eq!(end(|meta| meta["gr"] = key("gr2").kid().to_string().into()), Err(Refused::RecoveryKey));
    assert_eq!(end(|meta| super::drop_member(meta, "/gr")), Err(Refused::RecoveryKey));
}

/// Each published walk ends where it says; a phone of another make walks them too (`tests/peer`).
#[test]
fn published_walks() {
    let file = super::vectors!("walks");
    assert_eq!(file["kept"]["gr"].as_str().unwrap(), kept().metadata().gr.unwrap().to_string());
    for case in file["walks"].as_array().unwrap() {
        let reply = crate::json::parse(case["reply"].as_str().unwrap().as_bytes()).unwrap();
        let walk = walk(&kept(), reply);
        let (end, now) = (&case["end"], walk.trusted.metadata());
        let keys: Vec<String> = now.keys.iter().map(|key| key.thumbprint().to_string()).collect();
        let found = json!({"epoch": now.epoch, "seq": now.seq, "gr": now.gr, "keys": keys, "taken": walk.rest.is_ok()});
        assert_eq!(found, *end, "{}", case["name"]);
    }
}

/// The last signed time is of this epoch alone, and nothing more than a day ahead counts.
#[test]
fn last_signed_time() {
    let plain = walked(&kept(), &text("metadata after one link"), &texts(&LINKS[..1]), &[]);
    assert_eq!(plain.last_signed(NOW, NOW), NOW + 2);
    assert_eq!(plain.last_signed(NOW + 9, NOW), NOW + 9);
    let far = by("gk", "link", |link| link["iat"] = (NOW + DAY + 1).into());
    assert_eq!(walked(&kept(), &text("metadata after one link"), &[far], &[]).last_signed(NOW, NOW), NOW + 2);

    let stepped = walked(&kept(), &text("metadata after one recovery"), &[], &texts(&["recovery"]));
    assert_eq!(stepped.last_signed(NOW + DAY, NOW), NOW + 200, "that of the thief's epoch is forgotten");
    let refused = walked(&kept(), &text("metadata"), &[], &texts(&["recovery"]));
    assert_eq!((refused.rest, refused.last_signed(NOW + DAY, NOW)), (Err(Refused::Key), NOW + 200));
}

#[test]
fn half_life() {
    let kept = kept();
    let half = NOW + 1 + 7 * DAY;
    assert_eq!(kept.metadata().half_life(), half - 1 + (kept.metadata().exp - NOW - 14 * DAY) / 2);
    assert!(!check::wants_refresh(&kept, kept.metadata().half_life() - 1, 0));
    assert!(check::wants_refresh(&kept, kept.metadata().half_life(), 0));
    assert!(check::wants_refresh(&kept, 0, kept.metadata().half_life()), "by the later of both clocks");
}

/// What was stored before there were steps of recovery is read as it was.
#[test]
fn metadata_alone_is_read_from_storage() {
    let stored = serde_json::to_vec(kept().metadata()).unwrap();
    assert_eq!(crate::json::parse::<Trusted>(&stored), Ok(kept()));
    assert_eq!(serde_json::to_vec(&kept()).unwrap(), stored);
    assert_ne!(kept().metadata().gr, Some(H32::from_bytes([0; 32])));
    assert_ne!(id(1), id(2));
}
